/* main.c - the program: picks the subcommand by its row */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/names.h"
#include "cli/cli.h"

/*
 * libcurl brings GnuTLS with it, for protocols that we never speak (LDAP, RTMP), and GnuTLS sets itself up when it is loaded:
 * half a megabyte and a tenth of our start. Where a program has a function of this name GnuTLS waits until somebody asks.
 */
int _gnutls_global_init_skip(void);

__attribute__((used, visibility("default"))) int _gnutls_global_init_skip(void)
{
	return 1;
}

static const struct subcommand rows[] = {
	{"run", run_main, "connect and work, until SIGTERM"},
	{"demo", demo_main, "try it here, with a simulated DigitalOcean"},
	{"init", init_main, "ask a few questions, and write a small policy"},
	{"doctor", doctor_main, "look at everything that a bot needs, and say what to mend"},
	{"check", check_main, "check a policy file"},
	{"can", can_main, "ask a policy file one question, or many"},
	{"why", why_main, "say which lines decide, and what would be enough"},
	{"who-can", who_can_main, "list everybody who may do something"},
	{"diff", diff_main, "say who gains and who loses what between two policy files"},
	{"scopes", scopes_main, "print the token scopes that a policy needs"},
	{"schema", schema_main, "print the JSON Schema of the policy file"},
	{"fmt", fmt_main, "tidy a policy file"},
	{"audit", audit_main, "print the audit log, or verify its chain"},
	{"code", code_main, "one-time codes: enrol a person, try a code, let a locked person out"},
	{"sign-in", sign_in_main, "sign in to DigitalOcean by OAuth, instead of a token"},
	{"sign-out", sign_out_main, "revoke such a sign-in, and remove its file"},
	{"slack", slack_main, "the manifest of the app that Slack needs for the bot"},
};

static void usage(FILE *to)
{
	fputs("usage: sluice COMMAND [--help] ...\n\n", to);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		fprintf(to, "  %-8s %s\n", rows[i].name, rows[i].help);
	}
}

static const struct subcommand *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(name, rows[i].name) == 0) {
			return &rows[i];
		}
	}
	return NULL;
}

static int help_on(const struct subcommand *row)
{
	char *words[] = {(char *)row->name, (char *)"--help", NULL};

	return row->run(2, words);
}

int main(int argc, char **argv)
{
	const struct subcommand *row;

	if (argc < 2) {
		usage(stderr);
		return 2;
	}
	if (strcmp(argv[1], "help") == 0 && argc > 2 && (row = find(argv[2])) != NULL) {
		return help_on(row);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("sluice " SLUICE_VERSION);
		return 0;
	}
	row = find(argv[1]);
	if (row != NULL) {
		/* wherever it stands: who asks for help in the middle of a line is not told that the line is wrong */
		return cli_wants_help(argc - 1, argv + 1) ? help_on(row)
							  : row->run(argc - 1, argv + 1);
	}
	fprintf(stderr, "sluice: no command \"%s\"", argv[1]);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (names_distance(argv[1], rows[i].name, 2) <= 2) {
			fprintf(stderr, "; did you mean \"%s\"?", rows[i].name);
			break;
		}
	}
	fputs("\n\n", stderr);
	usage(stderr);
	return 2;
}
