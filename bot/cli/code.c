/* code.c - `sluice code`: one-time codes from the terminal: enrol a person, try a code, let a locked person out
 *
 * Happy path: the place of the person's secret comes from the policy file, or from --file; what happens then is
 * enroll.c's, or one question.
 * Failure modes: wrong words, no such place, an unreadable secret or state file: one sentence and exit code 2. Exit code
 * 1: the code does not fit.
 */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/code.h"
#include "code/code.h"
#include "config/config.h"
#include "store/store.h"

struct words {
	struct config *config;
	const char *person, *file;
	bool replace, force;
	bool state_given;
};

struct command {
	const char *name;
	int (*run)(const struct words *words);
};

static int help(FILE *to)
{
	fputs("usage: sluice code enroll PERSON [--policy FILE] [--file PATH] [--replace]\n"
	      "       sluice code check PERSON [--policy FILE] [--file PATH]\n"
	      "       sluice code unlock PERSON [--policy FILE] [--state FILE]\n\n"
	      "One-time codes (TOTP) of a person, for `require: {confirm: code}`.\n\n"
	      "  enroll   makes a secret, writes it where the policy says (people: PERSON: code), "
	      "shows it\n"
	      "           as a QR code, and asks for one code of the app that took it\n"
	      "  check    asks for one code and says whether it fits; uses nothing up\n"
	      "  unlock   lets a person out who is locked after wrong codes, also while the bot "
	      "runs\n\n"
	      "  --file PATH   where the secret is, instead of what the policy says\n"
	      "  --replace     enroll: in place of the secret that is there; the old one ends\n"
	      "  --force       enroll: show the secret also where no terminal is\n\n"
	      "exit: 0 done, 1 the code does not fit, 2 wrong use or an error\n",
	      to);
	return to == stdout ? 0 : 2;
}

static int fail(const struct err *err)
{
	fprintf(stderr, "sluice code: %s\n", err->msg);
	return 2;
}

bool code_ask(const char *question, char *buf, size_t size)
{
	printf("%s ", question);
	(void)fflush(stdout);
	if (fgets(buf, (int)size, stdin) == NULL) {
		(void)putchar('\n');
		return false;
	}
	buf[strcspn(buf, "\r\n")] = '\0';
	return true;
}

/* ---- the place of the secret ---------------------------------------------------------------- */

static int spec_of_file(const char *file, struct strbuf *spec, struct err *err)
{
	char folder[4096] = "";

	if (*file != '/' && getcwd(folder, sizeof(folder)) == NULL) {
		return err_set(err, ERR_CONFIG, "cannot tell where \"%.120s\" is", file);
	}
	return strbuf_addf(spec, "file:%s%s%s", folder, *file != '/' ? "/" : "", file);
}

static int spec_of_policy(const struct words *words, struct strbuf *spec, struct err *err)
{
	const char *path = config_text(words->config, CONFIG_POLICY);
	struct policy *policy = ask_load(path);
	const char *place;
	int rc;

	if (policy == NULL) {
		return err_set(err, ERR_CONFIG, "\"%.120s\" is no policy that can be used", path);
	}
	place = policy_person_code(policy, words->person);
	if (place == NULL) {
		rc = err_set(err, ERR_NOTFOUND,
			     "\"%.80s\" names no place for the code of \"%.40s\": write it there "
			     "(people: %.40s: {code: \"file:/PATH\"}), or give --file",
			     path, words->person, words->person);
	} else {
		rc = strbuf_adds(spec, place);
	}
	policy_unref(policy);
	return rc;
}

static int find_spec(const struct words *words, struct strbuf *ret_spec, struct err *err)
{
	return words->file != NULL ? spec_of_file(words->file, ret_spec, err)
				   : spec_of_policy(words, ret_spec, err);
}

/* ---- the three ------------------------------------------------------------------------------ */

static int run_enroll(const struct words *words)
{
	struct code_words enroll = {
		.person = words->person, .replace = words->replace, .force = words->force};
	struct err err = {0};
	struct strbuf spec;
	int rc;

	strbuf_init(&spec, 8192);
	if (find_spec(words, &spec, &err) < 0) {
		rc = fail(&err);
	} else {
		enroll.spec = spec.buf;
		rc = code_enroll(&enroll);
	}
	strbuf_done(&spec);
	return rc;
}

static int run_check(const struct words *words)
{
	struct err err = {0};
	struct strbuf spec;
	char typed[64];
	bool fits = false;
	int rc = 2;

	strbuf_init(&spec, 8192);
	/* an unreadable secret is told before anything is asked */
	if (find_spec(words, &spec, &err) < 0 || codes_fit(spec.buf, "", 0, &fits, &err) < 0) {
		rc = fail(&err);
	} else if (!code_ask("Code:", typed, sizeof(typed))) {
		fputs("sluice code: no code was typed\n", stderr);
	} else if (codes_fit(spec.buf, typed, clock_wall_ms(), &fits, &err) < 0) {
		rc = fail(&err);
	} else {
		puts(fits ? "Right. It was not used up." : "Wrong: it does not fit now.");
		rc = fits ? 0 : 1;
	}
	strbuf_done(&spec);
	return rc;
}

/* The policy's `settings: {state: ...}`, where neither a flag nor a variable said it. */
static int use_state_of_policy(const struct words *words, struct err *err)
{
	const char *path = config_text(words->config, CONFIG_POLICY);
	struct policy *policy;
	const char *state;
	int rc = 0;

	if (words->state_given || access(path, F_OK) < 0) {
		return 0;
	}
	policy = ask_load(path);
	if (policy == NULL) {
		return err_set(err, ERR_CONFIG, "\"%.120s\" is no policy that can be used", path);
	}
	state = policy_setting(policy, "state");
	if (state != NULL) {
		rc = config_file(words->config, "state", state, err);
	}
	policy_unref(policy);
	return rc;
}

static int run_unlock(const struct words *words)
{
	char until[CLOCK_TEXT_SIZE];
	struct store *store;
	struct err err = {0};
	int64_t until_ms = 0;
	const char *state;
	int rc;

	if (use_state_of_policy(words, &err) < 0) {
		return fail(&err);
	}
	state = config_text(words->config, CONFIG_STATE);
	store = store_sqlite_open_reader(state, &err);
	if (store == NULL) {
		return fail(&err);
	}
	rc = codes_locked(store, words->person, clock_wall_ms(), &until_ms, &err);
	store_close(store);
	if (rc == 0 && until_ms == 0) {
		printf("%s is not locked. Nothing was done.\n", words->person);
		return 0;
	}
	if (rc < 0 || codes_leave_unlock(state, words->person, &err) < 0) {
		return fail(&err);
	}
	printf("%s is let in again at the next code (was locked until %s).\n", words->person,
	       clock_format(until_ms, until, sizeof(until)));
	return 0;
}

/* ---- words ---------------------------------------------------------------------------------- */

static const struct command commands[] = {
	{"enroll", run_enroll}, {"check", run_check}, {"unlock", run_unlock}};

/* --policy and --state are the program's settings. The number of words taken, 0: it is neither; -1. */
static int take_setting(struct words *words, int n, char **argv, struct err *err)
{
	char name[] = "code";
	char *some[] = {name, argv[0], n > 1 ? argv[1] : NULL, NULL};
	bool whole = strcmp(argv[0], "--policy") == 0 || strcmp(argv[0], "--state") == 0;
	bool joined = strncmp(argv[0], "--policy=", 9) == 0 || strncmp(argv[0], "--state=", 8) == 0;
	int n_some = whole && n > 1 ? 3 : 2;
	int rest = 0;

	if (!whole && !joined) {
		return 0;
	}
	if (config_flags(words->config, n_some, some, &rest, err) < 0) {
		return -1;
	}
	words->state_given = words->state_given || strncmp(argv[0], "--state", 7) == 0;
	return n_some - 1;
}

static int read_words(int argc, char **argv, struct words *words, struct err *err)
{
	for (int i = 2; i < argc; i++) {
		int taken = take_setting(words, argc - i, argv + i, err);

		if (taken < 0) {
			return -1;
		}
		if (taken > 0) {
			i += taken - 1;
		} else if (strcmp(argv[i], "--replace") == 0) {
			words->replace = true;
		} else if (strcmp(argv[i], "--force") == 0) {
			words->force = true;
		} else if (strcmp(argv[i], "--file") == 0 && i + 1 < argc) {
			words->file = argv[++i];
		} else if (argv[i][0] == '-' || words->person != NULL) {
			return err_set(err, ERR_USAGE, "\"%.60s\" %s", argv[i], ask_stray(argv[i]));
		} else {
			words->person = argv[i];
		}
	}
	return words->person != NULL ? 0
				     : err_set(err, ERR_USAGE, "whose code? a person is missing");
}

int code_main(int argc, char **argv)
{
	struct words words = {.config = config_new()};
	const struct command *command = NULL;
	struct err err = {0};
	int rc;

	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(commands); i++) {
		if (strcmp(argv[1], commands[i].name) == 0) {
			command = &commands[i];
		}
	}
	if (cli_wants_help(argc, argv)) {
		rc = help(stdout);
	} else if (command == NULL) {
		rc = help(stderr);
	} else if (config_environment(words.config, &err) < 0 ||
		   read_words(argc, argv, &words, &err) < 0) {
		rc = fail(&err);
	} else {
		/* no core, and nobody looks into the process */
		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		rc = command->run(&words);
	}
	config_free(words.config);
	return rc;
}
