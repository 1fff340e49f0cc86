/* print.c - `sluice scopes` and `sluice schema`: what a policy's tokens need, and what a policy file may hold */
#include <stdio.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "policy/schema.h"
#include "policy/scopes.h"

#define OUTPUT_MAX ((size_t)1 << 20)

static int help_scopes(FILE *to)
{
	fputs("usage: sluice scopes [FILE]\n\n"
	      "Prints for each account and each of its tokens the smallest set of DigitalOcean's "
	      "custom\nscopes that this policy needs, to be ticked when the token is made.\n"
	      "FILE is policy.yaml unless told; \"-\" is the standard input.\n\n"
	      "exit: 0 printed, 2 wrong use or a bad policy\n",
	      to);
	return to == stdout ? 0 : 2;
}

static int help_schema(FILE *to)
{
	fputs("usage: sluice schema > policy.schema.json\n\n"
	      "Prints the JSON Schema of the policy file, for editors:\n"
	      "  # yaml-language-server: $schema=./policy.schema.json\n",
	      to);
	return to == stdout ? 0 : 2;
}

static int print(struct strbuf *out)
{
	(void)fwrite(out->buf, 1, out->len, stdout);
	strbuf_done(out);
	if (fflush(stdout) != 0) {
		fputs("sluice: the answer could not be written\n", stderr);
		return 2;
	}
	return 0;
}

/* FILE, or as why and can take it --policy FILE; NULL with a sentence. */
static const char *scopes_file(int argc, char **argv)
{
	bool flag = argc > 1 && strcmp(argv[1], "--policy") == 0;
	int at = flag ? 2 : 1;

	if (flag && argc == 2) {
		fputs("sluice scopes: \"--policy\" needs a value\n\n", stderr);
		return NULL;
	}
	if (argc > at + 1 || (argc > at && !flag && argv[1][0] == '-' && argv[1][1] != '\0')) {
		const char *stray = argv[argc > at + 1 ? at + 1 : at];

		fprintf(stderr, "sluice scopes: \"%s\" %s\n\n", stray, ask_stray(stray));
		return NULL;
	}
	return argc > at ? argv[at] : "policy.yaml";
}

int scopes_main(int argc, char **argv)
{
	const char *path;
	struct policy *policy;
	struct strbuf out;

	if (cli_wants_help(argc, argv)) {
		return help_scopes(stdout);
	}
	path = scopes_file(argc, argv);
	if (path == NULL) {
		return help_scopes(stderr);
	}
	policy = ask_load(path);
	if (policy == NULL) {
		return 2;
	}
	strbuf_init(&out, OUTPUT_MAX);
	policy_scopes(policy, &out);
	policy_unref(policy);
	return print(&out);
}

int schema_main(int argc, char **argv)
{
	struct strbuf out;

	if (cli_wants_help(argc, argv)) {
		return help_schema(stdout);
	}
	if (argc != 1) {
		fprintf(stderr, "sluice schema: \"%s\" %s\n\n", argv[1], ask_stray(argv[1]));
		return help_schema(stderr);
	}
	strbuf_init(&out, OUTPUT_MAX);
	policy_schema(&out);
	return print(&out);
}
