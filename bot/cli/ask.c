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

static const char **place_for(struct ask *ask, const char *word)
{
	const struct {
		const char *word;
		const char **place;
	} rows[] = {
		{"--policy", &ask->policy},   {"--as", &ask->as}, {"--in", &ask->in},
		{"--droplet", &ask->droplet}, {"--at", &ask->at},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].word, word) == 0) {
			return rows[i].place;
		}
	}
	return NULL;
}

int ask_options(const char *command, int argc, char **argv, struct ask *ret_ask)
{
	struct ask ask = {.policy = "policy.yaml"};

	for (int i = 1; i < argc; i++) {
		const char **place = place_for(&ask, argv[i]);

		if (place == NULL && (argv[i][0] == '-' || ask.verb != NULL)) {
			fprintf(stderr, "sluice %s: \"%s\" is one word too many\n\n", command,
				argv[i]);
			return -1;
		}
		if (place == NULL) {
			ask.verb = argv[i];
		} else if (i + 1 == argc) {
			fprintf(stderr, "sluice %s: %s needs a value\n\n", command, argv[i]);
			return -1;
		} else {
			*place = argv[++i];
		}
	}
	*ret_ask = ask;
	return 0;
}

static int no_such_verb(const char *text, struct err *err)
{
	const char *best = NULL;
	size_t distance = 4;

	for (int v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		size_t d = names_distance(text, verb_info((enum verb)v)->name, 3);

		if (d < distance) {
			distance = d;
			best = verb_info((enum verb)v)->name;
		}
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
		return err_set(err, ERR_USAGE, "--at is a time like 2026-01-13T03:00:00Z");
	}
	q.droplet = ask->droplet != NULL ? ret_droplet : NULL;
	*ret_question = q;
	return 0;
}
