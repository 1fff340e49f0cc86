/* diff.c - `sluice diff OLD NEW`: who gains and who loses what
 *
 * Happy path: load both policies, and the droplets if a file of them is given; print a sentence for each difference. A bad
 * policy or inventory ends it with a sentence and exit code 2.
 */
#include <stdio.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/inventory.h"
#include "policy/diff.h"

#define OUTPUT_MAX ((size_t)64 << 20)

struct options {
	const char *files[2], *inventory;
	bool fail_on_gain, all;
};

static int help(FILE *to)
{
	fputs("usage: sluice diff [--inventory DROPLETS.json] [--fail-on-gain] [--all] OLD NEW\n\n"
	      "Says who may more (+) and who may less (-) under the new policy file: everybody, "
	      "every\naction, droplet and channel is compared, in each class of times that the "
	      "files tell apart.\nA step or a limit that goes or loosens is a gain too.\n\n"
	      "  --inventory F   the droplets: DigitalOcean's list, a list of {id, name, tags, "
	      "...},"
	      " or\n                  a line each; without it, one of each kind that the files "
	      "tell apart\n"
	      "  --fail-on-gain  exit 1 when anybody gains anything, or when that is not proven\n"
	      "  --all           name everybody, instead of \"and 12 more\"\n\n"
	      "One of the files may be \"-\", the standard input:\n"
	      "  git show HEAD:policy.yaml | sluice diff - policy.yaml\n\n"
	      "exit: 0 compared, 1 with --fail-on-gain, 2 wrong use or a bad policy\n",
	      to);
	return to == stdout ? 0 : 2;
}

static int read_options(int argc, char **argv, struct options *o)
{
	unsigned n = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--fail-on-gain") == 0) {
			o->fail_on_gain = true;
		} else if (strcmp(argv[i], "--all") == 0) {
			o->all = true;
		} else if (strcmp(argv[i], "--inventory") == 0) {
			if (i + 1 == argc || o->inventory != NULL) {
				fprintf(stderr, "sluice diff: \"--inventory\" %s\n\n",
					o->inventory != NULL ? "stands twice" : "needs a value");
				return -1;
			}
			o->inventory = argv[++i];
		} else if ((argv[i][0] == '-' && argv[i][1] != '\0') || n == 2) {
			fprintf(stderr, "sluice diff: \"%s\" %s\n\n", argv[i], ask_stray(argv[i]));
			return -1;
		} else {
			o->files[n++] = argv[i];
		}
	}
	if (n < 2) {
		fputs("sluice diff: which two files?\n\n", stderr);
		return -1;
	}
	return 0;
}

static int compare(const struct options *o, const struct policy *old, const struct policy *new)
{
	struct policy_diff_over over = {.all_names = o->all};
	struct inventory inventory = {0};
	struct policy_diff diff;
	struct err err = {0};
	struct strbuf out;
	bool full;

	if (o->inventory != NULL) {
		if (inventory_load(o->inventory, &inventory, &err) < 0) {
			fprintf(stderr, "sluice diff: %s\n", err.msg);
			return 2;
		}
		over.inventory = inventory.droplets;
		over.n_inventory = inventory.n;
	}
	strbuf_init(&out, OUTPUT_MAX);
	policy_diff(old, new, &over, &out, &diff);
	full = out.full;
	(void)fwrite(out.buf, 1, out.len, stdout);
	strbuf_done(&out);
	inventory_done(&inventory);
	if (full) {
		fputs("sluice diff: there is more than can be printed\n", stderr);
		return 2;
	}
	if (diff.gains + diff.losses == 0) {
		puts(diff.proven ? "no change of rights" : "no change of rights found");
	} else {
		printf("%u gain%s, %u loss%s\n", diff.gains, diff.gains == 1 ? "" : "s",
		       diff.losses, diff.losses == 1 ? "" : "es");
	}
	if (!diff.proven) {
		puts(diff.too_many_times
			     ? "not proven: hours, turns and groups meet in more ways than were "
			       "tried"
			     : "not proven: the files name more combinations than were tried; "
			       "give the droplets with --inventory");
	}
	return o->fail_on_gain && (diff.gains > 0 || !diff.proven) ? 1 : 0;
}

int diff_main(int argc, char **argv)
{
	struct options o = {.inventory = NULL};
	struct policy *old;
	struct policy *new;
	int rc = 2;

	if (cli_wants_help(argc, argv)) {
		return help(stdout);
	}
	if (read_options(argc, argv, &o) < 0) {
		return help(stderr);
	}
	if (input_twice((const char *const[]){o.files[0], o.files[1], o.inventory}, 3)) {
		fputs("sluice diff: " INPUT_TWICE "\n", stderr);
		return 2;
	}
	old = ask_load(o.files[0]);
	new = ask_load(o.files[1]);
	if (old != NULL && new != NULL) {
		rc = compare(&o, old, new);
	}
	policy_unref(old);
	policy_unref(new);
	if (fflush(stdout) != 0) {
		fputs("sluice diff: the differences could not be written\n", stderr);
		return 2;
	}
	return rc;
}
