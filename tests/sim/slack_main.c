/* slack_main.c - sluice-sim slack: the simulated Slack as a program
 *
 * Happy path: listen, print "listening on http://127.0.0.1:PORT" as the first line, serve until SIGTERM. What it cannot do
 * it says on standard error: exit 2 for arguments, 1 for the rest.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/slack_server.h"

static const char usage[] =
	"usage: sluice-sim slack [options]\n"
	"A stateful Slack on a socket: Web API below /api/, Socket Mode, and the words below "
	"/_sim/\n"
	"(tests/sim/slack_control.c) that steer it, from this machine alone.\n"
	"  --port N             default 0: any free port of 127.0.0.1\n"
	"  --set KEY=NUMBER     a setting, such as ack_ms=500 (tests/sim/slack.c has all)\n"
	"  --tls-cert FILE --tls-key FILE   speak TLS, as https://localhost:PORT\n"
	"  --exit-with-stdin    end when standard input closes\n"
	"Tokens: " SLACK_APP_TOKEN " and " SLACK_BOT_TOKEN "\n";

enum option_id {
	OPT_PORT = 1000,
	OPT_SET,
	OPT_TLS_CERT,
	OPT_TLS_KEY,
	OPT_EXIT_WITH_STDIN,
	OPT_HELP
};

static const struct option long_options[] = {
	{"port", required_argument, NULL, OPT_PORT},
	{"set", required_argument, NULL, OPT_SET},
	{"tls-cert", required_argument, NULL, OPT_TLS_CERT},
	{"tls-key", required_argument, NULL, OPT_TLS_KEY},
	{"exit-with-stdin", no_argument, NULL, OPT_EXIT_WITH_STDIN},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

static int read_number(const char *text, long most, long *ret)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n < 0 || n > most) {
		fprintf(stderr, "sluice-sim: '%s' is no number from 0 to %ld\n", text, most);
		return -1;
	}
	*ret = n;
	return 0;
}

static int set(struct slack *slack, const char *text)
{
	const char *equals = strchr(text, '=');
	char key[64];
	long value;

	if (equals == NULL) {
		equals = text + strlen(text);
	}
	(void)snprintf(key, sizeof(key), "%.*s", (int)(equals - text), text);
	if (*equals == '\0' || json_object_get(slack->settings, key) == NULL) {
		fprintf(stderr, "sluice-sim: --set cannot be '%s'\n", text);
		return -1;
	}
	if (read_number(equals + 1, 1000000000, &value) < 0) {
		return -1;
	}
	json_object_set_new(slack->settings, key, json_integer(value));
	return 0;
}

/* 0: go on; else the exit code plus one */
static int parse(struct slack *slack, struct sim_server_options *options, int argc, char **argv)
{
	int id;
	long port;

	while ((id = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (id) {
		case OPT_PORT:
			if (read_number(optarg, 65535, &port) < 0) {
				return 3;
			}
			options->port = (unsigned)port;
			break;
		case OPT_SET:
			if (set(slack, optarg) < 0) {
				return 3;
			}
			break;
		case OPT_TLS_CERT:
			options->tls_cert = optarg;
			break;
		case OPT_TLS_KEY:
			options->tls_key = optarg;
			break;
		case OPT_EXIT_WITH_STDIN:
			options->exit_with_stdin = true;
			break;
		case OPT_HELP:
			fputs(usage, stdout);
			return 1;
		default:
			fputs("try: sluice-sim slack --help\n", stderr);
			return 3;
		}
	}
	if (optind < argc || (options->tls_cert == NULL) != (options->tls_key == NULL)) {
		fputs("sluice-sim: slack takes options only; --tls-cert and --tls-key need each "
		      "other\n",
		      stderr);
		return 3;
	}
	return 0;
}

int slack_main(int argc, char **argv)
{
	struct slack *slack = slack_new();
	struct sim_server_options options = {.host = "127.0.0.1"};
	struct slack_server *server;
	struct err err;
	int rc = parse(slack, &options, argc, argv);

	if (rc != 0) {
		slack_free(slack);
		return rc - 1;
	}
	server = slack_server_open(slack, &options, &err);
	if (server == NULL) {
		fprintf(stderr, "sluice-sim: %s\n", err.msg);
		slack_free(slack);
		return 1;
	}
	printf("listening on %s\n", slack->base);
	(void)fflush(stdout);
	slack_server_run(server);
	slack_server_free(server);
	slack_free(slack);
	return 0;
}
