/* check.c - `sluice check`: what is wrong with a policy file, with line, column and the line itself
 *
 * Needs no token and no network. Exit 0: clean, or warnings only; 1: warnings, with --strict; 2: errors, or wrong use.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/inventory.h"
#include "cli/program.h"
#include "cli/token_scopes.h"
#include "policy/policy.h"

#define OUTPUT_MAX ((size_t)1 << 20)

struct options {
	const char *path, *inventory, *scopes;
	bool strict, json;
};

static int help(FILE *to)
{
	fputs("usage: sluice check [--strict] [--json] [--inventory DROPLETS.json]\n"
	      "                    [--token-scopes SCOPES] FILE\n"
	      "       sluice check --codes\n\n"
	      "Prints what is wrong with a policy file, or \"ok\".\n\n"
	      "  --strict       warnings make the exit code 1\n"
	      "  --json         one JSON object, for editors\n"
	      "  --inventory F  warnings over these droplets (DigitalOcean's list, or a list of\n"
	      "                 {id, name, tags, ...}); without, over one of each kind that the "
	      "file\n"
	      "                 tells apart\n"
	      "  --token-scopes F  warnings where a token has scopes that the policy does not "
	      "need. F\n"
	      "                 has a line for each token, as \"sluice scopes\" prints them:\n"
	      "                 change droplet:read droplet:update\n"
	      "  --codes        lists what can be found, and ends\n\n"
	      "One of the files may be \"-\", the standard input.\n\n"
	      "exit: 0 clean, 1 warnings with --strict, 2 errors\n",
	      to);
	return to == stdout ? 0 : 2;
}

static int list_codes(void)
{
	const struct policy_code *code;

	for (size_t i = 0; (code = policy_code(i)) != NULL; i++) {
		printf("%s  %s\n", code->code, code->meaning);
	}
	return fflush(stdout) == 0 ? 0 : 2;
}

/* What the lints look at beside the file. */
static int load_over(const struct options *o, struct inventory *inventory,
		     struct token_scopes *scopes, struct policy_lint_over *ret)
{
	struct err err = {0};

	*ret = (struct policy_lint_over){.now_ms = clock_wall_ms()};
	if ((o->inventory != NULL && inventory_load(o->inventory, inventory, &err) < 0) ||
	    (o->scopes != NULL && token_scopes_load(o->scopes, scopes, &err) < 0)) {
		fprintf(stderr, "sluice check: %s\n", err.msg);
		return -1;
	}
	ret->inventory = o->inventory != NULL ? inventory->droplets : NULL;
	ret->n_inventory = inventory->n;
	ret->scopes = scopes->list;
	ret->n_scopes = scopes->n;
	return 0;
}

static int check(const struct options *o)
{
	struct policy_lint_over over;
	struct inventory inventory = {.n = 0};
	struct token_scopes scopes = {.n = 0};
	struct policy_report report;
	struct config *config;
	struct policy *policy;
	struct strbuf out;
	int rc = 0;

	if (load_over(o, &inventory, &scopes, &over) < 0) {
		inventory_done(&inventory);
		return 2;
	}
	policy = policy_check_file(o->path, &over, &report);
	strbuf_init(&out, OUTPUT_MAX);
	if (o->json) {
		policy_report_json(&report, o->path, &out);
	} else {
		policy_report_print(&report, o->path, &out);
	}
	(void)fwrite(out.buf, 1, out.len, stdout);
	if (report.unproven && !o->json) {
		puts(o->inventory != NULL
			     ? "not proven: droplets may be tagged, renamed and moved in more ways "
			       "than were tried (W107)"
			     : "not proven: the file names more combinations than were tried; "
			       "--inventory also finds lines without effect");
	}
	config = config_new(); /* with values that are none, the bot would not start */
	if (policy == NULL || program_use_settings(config, policy) < 0) {
		rc = 2;
	} else if (o->strict && report.n_warnings > 0) {
		rc = 1;
	}
	config_free(config);
	strbuf_done(&out);
	policy_report_done(&report);
	policy_unref(policy);
	inventory_done(&inventory);
	token_scopes_done(&scopes);
	if (fflush(stdout) != 0) {
		fputs("sluice check: the findings could not be written\n", stderr);
		return 2;
	}
	return rc;
}

/* The option's place, NULL when there is none of that name. */
static const char **place_for(struct options *o, const char *word)
{
	return strcmp(word, "--inventory") == 0      ? &o->inventory
	       : strcmp(word, "--token-scopes") == 0 ? &o->scopes
						     : NULL;
}

static int read_options(int argc, char **argv, struct options *o)
{
	for (int i = 1; i < argc; i++) {
		const char **place = place_for(o, argv[i]);

		if (strcmp(argv[i], "--strict") == 0) {
			o->strict = true;
		} else if (strcmp(argv[i], "--json") == 0) {
			o->json = true;
		} else if (place != NULL && (*place != NULL || i + 1 == argc)) {
			fprintf(stderr, "sluice check: \"%s\" %s\n\n", argv[i],
				*place != NULL ? "stands twice" : "needs a value");
			return -1;
		} else if (place != NULL) {
			*place = argv[++i];
		} else if ((argv[i][0] == '-' && argv[i][1] != '\0') || o->path != NULL) {
			fprintf(stderr, "sluice check: \"%s\" %s\n\n", argv[i], ask_stray(argv[i]));
			return -1;
		} else {
			o->path = argv[i];
		}
	}
	if (o->path == NULL) {
		fputs("sluice check: which file?\n\n", stderr);
		return -1;
	}
	return 0;
}

int check_main(int argc, char **argv)
{
	struct options o = {.path = NULL};

	if (cli_wants_help(argc, argv)) {
		return help(stdout);
	}
	if (argc == 2 && strcmp(argv[1], "--codes") == 0) {
		return list_codes();
	}
	if (read_options(argc, argv, &o) < 0) {
		return help(stderr);
	}
	if (input_twice((const char *const[]){o.path, o.inventory, o.scopes}, 3)) {
		fputs("sluice check: " INPUT_TWICE "\n", stderr);
		return 2;
	}
	return check(&o);
}
