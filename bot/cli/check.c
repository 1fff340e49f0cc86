/* check.c - `sluice check`: what is wrong with a policy file, with line, column and the line itself
 *
 * Needs no token and no network. Exit 0: clean, or warnings only; 1: warnings, with --strict; 2: errors, or wrong use.
 */
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "cli/cli.h"
#include "policy/policy.h"

#define OUTPUT_MAX ((size_t)1 << 20)

static int help(FILE *to)
{
	fputs("usage: sluice check [--strict] FILE\n\n"
	      "Prints what is wrong with a policy file, or \"ok\".\n\n"
	      "  --strict  warnings make the exit code 1\n\n"
	      "exit: 0 clean, 1 warnings with --strict, 2 errors\n",
	      to);
	return to == stdout ? 0 : 2;
}

static int check(const char *path, bool strict)
{
	struct policy_report report;
	struct policy *policy = policy_load(path, true, &report);
	struct strbuf out;
	int rc = 0;

	strbuf_init(&out, OUTPUT_MAX);
	policy_report_print(&report, path, &out);
	(void)fwrite(out.buf, 1, out.len, stdout);
	if (policy == NULL) {
		rc = 2;
	} else if (strict && report.n_warnings > 0) {
		rc = 1;
	}
	strbuf_done(&out);
	policy_report_done(&report);
	policy_unref(policy);
	if (fflush(stdout) != 0) {
		fputs("sluice check: the findings could not be written\n", stderr);
		return 2;
	}
	return rc;
}

int check_main(int argc, char **argv)
{
	const char *path = NULL;
	bool strict = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			return help(stdout);
		}
		if (strcmp(argv[i], "--strict") == 0) {
			strict = true;
		} else if (argv[i][0] == '-' || path != NULL) {
			fprintf(stderr, "sluice check: \"%s\" is one word too many\n\n", argv[i]);
			return help(stderr);
		} else {
			path = argv[i];
		}
	}
	if (path == NULL) {
		fputs("sluice check: which file?\n\n", stderr);
		return help(stderr);
	}
	return check(path, strict);
}
