/* why.c - `sluice why` and `sluice who-can`: the lines that decide a question, the nearest miss, and who may
 *
 * Happy path: load the policy, read the question, print the explanation. A bad policy or question ends it with a sentence
 * and exit code 2.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "policy/explain.h"

#define OUTPUT_MAX ((size_t)1 << 20)

static int help_why(FILE *to)
{
	fputs("usage: sluice why [--policy FILE] --as WHO --in WHERE ACTION [--droplet D] [--at "
	      "TIME]\n\n"
	      "Says why a question is answered yes or no: the lines that decide, with their "
	      "text,\nand for a no what would have been enough. Words as in `sluice can "
	      "--help`.\n\n"
	      "exit: 0 yes, 1 no, 2 wrong use or a bad policy\n",
	      to);
	return to == stdout ? 0 : 2;
}

static int help_who(FILE *to)
{
	fputs("usage: sluice who-can [--policy FILE] --in WHERE ACTION [--droplet D] [--at "
	      "TIME]\n\n"
	      "Lists everybody who may do it there, a name a line; \"strangers\" where people who "
	      "are\nnot listed may, too. Words as in `sluice can --help`.\n\n"
	      "exit: 0 somebody may, 1 nobody, 2 wrong use or a bad policy\n",
	      to);
	return to == stdout ? 0 : 2;
}

static int explain(const struct policy_question *question)
{
	const struct explain_as as = {.lines = true};
	struct strbuf out;
	enum verdict verdict;

	strbuf_init(&out, OUTPUT_MAX);
	verdict = policy_explain(question, &as, &out);
	(void)fwrite(out.buf, 1, out.len, stdout);
	strbuf_done(&out);
	return verdict == ALLOW ? 0 : 1;
}

static int list_people(const struct policy_question *question)
{
	size_t most = policy_people(question->asker.policy);
	const char **names = mem_array(most + 1, sizeof(*names));
	bool strangers;
	size_t n = policy_who_may(question, names, most, &strangers);

	for (size_t i = 0; i < n; i++) {
		puts(names[i]);
	}
	if (strangers) {
		puts("strangers");
	}
	if (n == 0 && !strangers) {
		puts("nobody");
	}
	free(names);
	return n > 0 || strangers ? 0 : 1;
}

static int run(const char *command, const struct ask *ask,
	       int (*answer)(const struct policy_question *))
{
	struct policy *policy = ask_load(ask->policy);
	struct arena arena = {0};
	struct policy_question question;
	struct droplet droplet;
	struct err err = {0};
	int rc = 2;

	if (policy == NULL) {
		return 2;
	}
	if (ask_question(ask, policy, &arena, &droplet, &question, &err) < 0) {
		fprintf(stderr, "sluice %s: %s\n", command, err.msg);
	} else {
		rc = answer(&question);
	}
	arena_done(&arena);
	policy_unref(policy);
	if (fflush(stdout) != 0) {
		fprintf(stderr, "sluice %s: the answer could not be written\n", command);
		return 2;
	}
	return rc;
}

int why_main(int argc, char **argv)
{
	struct ask ask;

	if (cli_wants_help(argc, argv)) {
		return help_why(stdout);
	}
	if (ask_options("why", argc, argv, &ask) < 0) {
		return help_why(stderr);
	}
	if (ask.as == NULL || ask.in == NULL || ask.verb == NULL) {
		fputs("sluice why: who, where and which action?\n\n", stderr);
		return help_why(stderr);
	}
	return run("why", &ask, explain);
}

int who_can_main(int argc, char **argv)
{
	struct ask ask;

	if (cli_wants_help(argc, argv)) {
		return help_who(stdout);
	}
	if (ask_options("who-can", argc, argv, &ask) < 0) {
		return help_who(stderr);
	}
	if (ask.as != NULL || ask.in == NULL || ask.verb == NULL) {
		fputs("sluice who-can: where and which action? (--as is for why)\n\n", stderr);
		return help_who(stderr);
	}
	return run("who-can", &ask, list_people);
}
