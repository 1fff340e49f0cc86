/* demo.c - `sluice demo`: the whole product in a terminal, on a simulated DigitalOcean
 *
 * Happy path: start sluice-sim (it stands beside this program) on a free loopback port, open the program with the example
 * policy, a database in a temporary folder and the terminal as chat, and let one be anybody: /as PERSON, /in CHANNEL.
 * These two words exist only here, so the demo must never reach a real account: it takes no address and no token, uses
 * the simulator's own, and refuses to start where it is given another.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/example_policy.h"
#include "cli/program.h"

#define SIM_START_MS 5000
#define SIM_TOKEN "sim-token-all"

struct demo {
	struct program *program;
	pid_t sim;
	int sim_stdin; /* the simulator ends when this closes */
	char url[64];
	char folder[64];
	int script; /* what to say; -1: this terminal */
};

static int help(void)
{
	fputs("usage: sluice demo [--script FILE]\n\n"
	      "The example policy, a simulated DigitalOcean with a dozen droplets, and this "
	      "terminal as\n"
	      "the chat. /as bob and /in ops say who you are and where. --script reads what to say "
	      "from\n"
	      "a file and prints what the chat would show.\n",
	      stdout);
	return 0;
}

/* ---- the simulator ----------------------------------------------------------------------- */

static int sim_path(char *path, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	if (len <= 0) {
		return -1;
	}
	path[len] = '\0';
	slash = strrchr(path, '/');
	if (slash == NULL || (size_t)(slash - path) + sizeof("/sluice-sim") > size) {
		return -1;
	}
	memcpy(slash, "/sluice-sim", sizeof("/sluice-sim"));
	return access(path, X_OK);
}

/* Reads "listening on URL" from the simulator's output. */
static int read_url(struct demo *demo, int fd)
{
	char line[256] = "";
	size_t len = 0;

	while (len + 1 < sizeof(line) && strchr(line, '\n') == NULL) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		ssize_t n;

		if (poll(&ready, 1, SIM_START_MS) <= 0 ||
		    (n = read(fd, line + len, sizeof(line) - 1 - len)) <= 0) {
			return -1;
		}
		len += (size_t)n;
		line[len] = '\0';
	}
	return sscanf(line, "listening on %63s", demo->url) == 1 ? 0 : -1;
}

static int start_sim(struct demo *demo)
{
	char path[4096];
	char *argv[] = {path,
			(char *)"--listen",
			(char *)"127.0.0.1:0",
			(char *)"--speed",
			(char *)"4",
			(char *)"--exit-with-stdin",
			NULL};
	posix_spawn_file_actions_t actions;
	int in[2];
	int out[2];
	int rc;

	if (sim_path(path, sizeof(path)) < 0) {
		fputs("sluice: sluice-sim does not stand beside this program; build it with ./dev "
		      "build\n",
		      stderr);
		return -1;
	}
	if (pipe2(in, O_CLOEXEC) < 0) {
		return -1;
	}
	if (pipe2(out, O_CLOEXEC) < 0) {
		(void)close(in[0]);
		(void)close(in[1]);
		return -1;
	}
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	rc = posix_spawn(&demo->sim, path, &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(in[0]);
	(void)close(out[1]);
	demo->sim_stdin = in[1];
	rc = rc == 0 ? read_url(demo, out[0]) : -1;
	(void)close(out[0]);
	if (rc < 0) {
		fputs("sluice: the simulator did not start\n", stderr);
	}
	return rc;
}

static void stop_sim(struct demo *demo)
{
	if (demo->sim > 0) {
		(void)close(demo->sim_stdin);
		(void)kill(demo->sim, SIGTERM);
		(void)waitpid(demo->sim, NULL, 0);
	}
}

/* ---- a script ---------------------------------------------------------------------------- */

static int open_script(struct demo *demo, const char *path)
{
	demo->script = open(path, O_RDONLY | O_CLOEXEC);
	if (demo->script < 0) {
		fprintf(stderr, "sluice: cannot read the script \"%s\": %s\n", path,
			strerror(errno));
		return -1;
	}
	return 0;
}

/* ---- refusals ---------------------------------------------------------------------------- */

static int refuse_environment(void)
{
	static const char *const settings[] = {"SLUICE_OCEAN_URL", "SLUICE_POLICY",
					       "SLUICE_XMPP_URL"};

	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		const char *value = getenv(settings[i]);

		if (value != NULL && *value != '\0') {
			fprintf(stderr,
				"sluice: the demo takes no other address, account or policy; unset "
				"%s\n",
				settings[i]);
			return -1;
		}
	}
	for (char **entry = environ; *entry != NULL; entry++) {
		const char *value = strchr(*entry, '=');

		if (value != NULL && strncmp(value + 1, "do", 2) == 0 &&
		    strncmp(value + 4, "_v1_", 4) ==
			    0) { /* dop_, doo_, dor_: digitalocean's tokens */
			fprintf(stderr,
				"sluice: the demo refuses to run beside a real token; unset %.*s\n",
				(int)(value - *entry), *entry);
			return -1;
		}
	}
	return 0;
}

static int parse_arguments(struct demo *demo, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--script") == 0 && i + 1 < argc) {
			if (open_script(demo, argv[++i]) < 0) {
				return -1;
			}
		} else if (strncmp(argv[i], "--ocean-url", 11) == 0 ||
			   strncmp(argv[i], "--policy", 8) == 0) {
			fprintf(stderr,
				"sluice: the demo starts its own simulator and takes no %s; use "
				"sluice run\n",
				argv[i]);
			return -1;
		} else {
			fprintf(stderr, "sluice: no argument \"%s\"; see sluice demo --help\n",
				argv[i]);
			return -1;
		}
	}
	return refuse_environment();
}

/* ---- the whole --------------------------------------------------------------------------- */

static struct policy *example_policy(void)
{
	struct policy_report report = {0};
	struct policy *policy =
		policy_compile("policy.yaml.example", (const char *)example_policy_text,
			       example_policy_len, &report);

	policy_report_done(&report);
	return policy;
}

static int configure(struct demo *demo, struct config *config)
{
	char state[96];
	char url[96];
	char *flags[] = {(char *)"demo",
			 (char *)"--state",
			 state,
			 (char *)"--ocean-url",
			 url,
			 (char *)"--console",
			 (char *)"--console-as",
			 (char *)"bob",
			 (char *)"--console-in",
			 (char *)"ops",
			 (char *)"--console-workspace",
			 (char *)"terminal",
			 (char *)"--own-droplet",
			 (char *)"none",
			 (char *)"--log",
			 (char *)"error",
			 NULL};
	struct err err = {0};
	int rest;

	(void)snprintf(state, sizeof(state), "%s/sluice.db", demo->folder);
	(void)snprintf(url, sizeof(url), "%s", demo->url);
	if (config_flags(config, (int)ARRAY_LEN(flags) - 1, flags, &rest, &err) < 0) {
		fprintf(stderr, "sluice: %s\n", err.msg);
		return -1;
	}
	return 0;
}

static void remove_folder(const struct demo *demo)
{
	static const char *const files[] = {"sluice.db", "sluice.db-wal", "sluice.db-shm",
					    "sluice.db.lock"};
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", demo->folder, files[i]);
		(void)unlink(path);
	}
	(void)rmdir(demo->folder);
}

static void greet(void)
{
	puts("Sluice, with a simulated DigitalOcean of a dozen droplets.\n"
	     "You are bob in #ops. Try:\n"
	     "  list\n"
	     "  reboot shop-web-1\n"
	     "  /in zenith     a client's channel\n"
	     "  /as stranger   somebody nobody knows\n"
	     "  /as dora       then: reboot shop-web-1\n"
	     "  help           Ctrl-D ends it\n");
	(void)fflush(stdout);
}

static int run_demo(struct demo *demo, struct config *config, struct policy *policy)
{
	struct program_options options = {
		.config = config,
		.policy = policy,
		.only_token = "env:SLUICE_DEMO_TOKEN",
		.free_speech = true,
		.in_fd = demo->script >= 0 ? demo->script : STDIN_FILENO,
		.paced = demo->script >= 0,
	};
	int rc;

	(void)setenv("SLUICE_DEMO_TOKEN", SIM_TOKEN, 1);
	demo->program = program_open(&options);
	if (demo->program == NULL) {
		return 1;
	}
	if (demo->script < 0) {
		greet();
	}
	rc = program_run(demo->program);
	program_free(demo->program);
	return rc;
}

int demo_main(int argc, char **argv)
{
	struct demo demo = {.folder = "/tmp/sluice-demo-XXXXXX", .script = -1};
	struct config *config = NULL;
	struct policy *policy = NULL;
	int rc = 2;

	if (cli_wants_help(argc, argv)) {
		return help();
	}
	if (parse_arguments(&demo, argc, argv) < 0) {
		return 2;
	}
	if (mkdtemp(demo.folder) == NULL) {
		fprintf(stderr, "sluice: no temporary folder: %s\n", strerror(errno));
		return 1;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	config = config_new();
	policy = example_policy();
	if (policy != NULL && start_sim(&demo) == 0 && configure(&demo, config) == 0) {
		rc = run_demo(&demo, config, policy);
	}
	stop_sim(&demo);
	remove_folder(&demo);
	policy_unref(policy);
	config_free(config);
	if (demo.script >= 0) {
		(void)close(demo.script);
	}
	return rc;
}
