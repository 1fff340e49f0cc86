/* ask.c - what the commands that ask a policy file share: loading it, one question's flags */
#include "cli/ask.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/names.h"

struct policy *ask_load(const char *path)
{
	struct policy_report report;
	struct policy *policy = policy_load(path, true, &report);
	struct strbuf out;

	if (policy == NULL) {
		strbuf_init(&out, (size_t)1 << 20);
		policy_report_print(&report, path, &out);
		(void)fwrite(out.buf, 1, out.len, stderr);
		strbuf_done(&out);
	}
	policy_report_done(&report);
	return policy;
}

static const char **place_for(struct ask *ask, const char *command, const char *word)
{
	const struct {
		const char *word;
		const char **place;
		const char *only; /* the one command that takes it; NULL: all */
	} rows[] = {
		{"--policy", &ask->policy, NULL}, {"--as", &ask->as, NULL},
		{"--in", &ask->in, NULL},         {"--droplet", &ask->droplet, NULL},
		{"--at", &ask->at, NULL},         {"--batch", &ask->batch, "can"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].word, word) == 0 &&
		    (rows[i].only == NULL || strcmp(rows[i].only, command) == 0)) {
			return rows[i].place;
		}
	}
	return NULL;
}

const char *ask_stray(const char *word)
{
	return word[0] == '-' && word[1] != '\0' ? "is no option" : "is one word too many";
}

static int complain(const char *command, const char *word, const char *what)
{
	fprintf(stderr, "sluice %s: \"%s\" %s\n\n", command, word, what);
	return -1;
}

int ask_options(const char *command, int argc, char **argv, struct ask *ret_ask)
{
	struct ask ask = {.policy = NULL};

	for (int i = 1; i < argc; i++) {
		const char **place = place_for(&ask, command, argv[i]);

		if (place == NULL && (argv[i][0] == '-' || ask.verb != NULL)) {
			return complain(command, argv[i], ask_stray(argv[i]));
		}
		if (place == NULL) {
			ask.verb = argv[i];
		} else if (*place != NULL) {
			return complain(command, argv[i], "stands twice");
		} else if (i + 1 == argc) {
			return complain(command, argv[i], "needs a value");
		} else {
			*place = argv[++i];
		}
	}
	ask.policy = ask.policy != NULL ? ask.policy : "policy.yaml";
	*ret_ask = ask;
	return 0;
}

/* "reboot" of "droplet.power.reboot" */
static bool is_end_of(const char *name, const char *text)
{
	size_t all = strlen(name);
	size_t len = strlen(text);

	return len > 0 && all > len && name[all - len - 1] == '.' &&
	       strcmp(name + all - len, text) == 0;
}

/* "droplet.reboot" of "droplet.power.reboot" */
static bool leaves_out_the_middle(const char *name, const char *text)
{
	const char *dot = strchr(text, '.');
	size_t head = dot != NULL ? (size_t)(dot - text) + 1 : 0;

	return head > 0 && strncmp(name, text, head) == 0 && is_end_of(name, dot + 1);
}

static int no_such_verb(const char *text, struct err *err)
{
	const char *best = NULL;
	size_t distance = 4;

	for (int v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		const char *name = verb_info((enum verb)v)->name;
		size_t d = is_end_of(name, text) || leaves_out_the_middle(name, text)
				   ? 0
				   : names_distance(text, name, 3);

		if (d < distance) {
			distance = d;
			best = name;
		}
	}
	if (strchr(text, '*') != NULL) {
		return err_set(err, ERR_USAGE,
			       "\"%.60s\" is a pattern; ask about one action, as droplet.show",
			       text);
	}
	return err_set(err, ERR_USAGE, "no action \"%.60s\"%s%s%s", text,
		       best != NULL ? "; did you mean \"" : "", best != NULL ? best : "",
		       best != NULL ? "\"?" : "");
}

int ask_question(const struct ask *ask, const struct policy *policy, struct arena *arena,
		 struct droplet *ret_droplet, struct policy_question *ret_question, struct err *err)
{
	/* as for a test in the file: nothing was started, nothing is spent */
	struct policy_question q = {.at_ms = clock_wall_ms(),
				    .verb = verb_by_name(ask->verb),
				    .counts_known = true,
				    .cost_known = true};

	if (q.verb == VERB_NONE) {
		return no_such_verb(ask->verb, err);
	}
	if (question_person(policy, ask->as != NULL ? ask->as : "stranger", arena, &q.asker, err) <
		    0 ||
	    question_channel(policy, ask->in, arena, &q.asker, err) < 0 ||
	    (ask->droplet != NULL && question_droplet(ask->droplet, arena, ret_droplet, err) < 0)) {
		return -1;
	}
	if (ask->at != NULL && clock_parse(ask->at, &q.at_ms) < 0) {
		return err_set(err, ERR_USAGE,
			       "--at is a time like 2026-01-13T03:00:00Z, not \"%.40s\"", ask->at);
	}
	q.droplet = ask->droplet != NULL ? ret_droplet : NULL;
	*ret_question = q;
	return 0;
}
