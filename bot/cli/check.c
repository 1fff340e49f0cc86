/* check.c - `sluice check`: what is wrong with a policy file, with line, column and the line itself
 *
 * Needs no token and no network. Exit 0: clean, or warnings only; 1: warnings, with --strict; 2: errors, or wrong use.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/cli.h"
#include "cli/inventory.h"
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
		puts("not proven: the file names more combinations than were tried; --inventory "
		     "also "
		     "finds lines without effect");
	}
	if (policy == NULL) {
		rc = 2;
	} else if (o->strict && report.n_warnings > 0) {
		rc = 1;
	}
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

int check_main(int argc, char **argv)
{
	struct options o = {.path = NULL};

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			return help(stdout);
		}
		if (strcmp(argv[i], "--strict") == 0) {
			o.strict = true;
		} else if (strcmp(argv[i], "--json") == 0) {
			o.json = true;
		} else if (strcmp(argv[i], "--inventory") == 0 && i + 1 < argc) {
			o.inventory = argv[++i];
		} else if (strcmp(argv[i], "--token-scopes") == 0 && i + 1 < argc) {
			o.scopes = argv[++i];
		} else if (strcmp(argv[i], "--codes") == 0 && argc == 2) {
			return list_codes();
		} else if (argv[i][0] == '-' || o.path != NULL) {
			fprintf(stderr, "sluice check: \"%s\" is one word too many\n\n", argv[i]);
			return help(stderr);
		} else {
			o.path = argv[i];
		}
	}
	if (o.path == NULL) {
		fputs("sluice check: which file?\n\n", stderr);
		return help(stderr);
	}
	return check(&o);
}
