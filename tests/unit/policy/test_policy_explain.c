/* test_policy_explain.c - explain and decide never disagree: over random questions of the conformance set, and by example */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/question.h"
#include "policy/explain.h"
#include "policy/snapshot.h"

static char folder[512];
static uint64_t seed = 7;

static unsigned random_below(unsigned n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(seed >> 33) % n;
}

static bool has_line(const char *text, const struct policy_rule *rule)
{
	char what[200];
	const char *name = strncmp(rule->name, "ceiling.", 8) == 0 ? rule->name + 8 : rule->name;

	(void)snprintf(what, sizeof(what), " %s, line %u\n", name, rule->line);
	return strstr(text, what) != NULL;
}

/* One question asked both ways, and of the list of people. */
static enum verdict hold_together(const struct policy_question *q, bool people)
{
	const struct explain_as as = {.lines = true};
	struct decision decision;
	struct strbuf text;
	enum verdict verdict;

	strbuf_init(&text, (size_t)1 << 20);
	policy_decide(q, &decision);
	verdict = policy_explain(q, &as, &text);
	assert_int_equal(verdict, decision.verdict);
	assert_true(strncmp(text.buf, verdict == ALLOW ? "yes:" : "no:", 3) == 0);
	for (size_t i = 0; i < decision.n_rules; i++) {
		if (decision.rules[i]->line > 0 && !has_line(text.buf, decision.rules[i])) {
			fail_msg("%s is not in: %s", decision.rules[i]->name, text.buf);
		}
	}
	if (people) {
		const struct policy *p = q->asker.policy;
		const char **names = calloc(p->n_people + 1, sizeof(*names));
		const char *me = policy_person_name(&q->asker);
		bool strangers;
		bool found = false;
		size_t n = policy_who_may(q, names, p->n_people + 1, &strangers);

		for (size_t i = 0; me != NULL && i < n; i++) {
			found = found || strcmp(names[i], me) == 0;
		}
		assert_int_equal(me != NULL ? found : strangers, verdict == ALLOW);
		free(names);
	}
	strbuf_done(&text);
	return verdict;
}

static void ask_line(const struct policy *policy, const char *line, unsigned counts[2])
{
	struct err err = {0};
	struct json *json = json_parse(line, strlen(line), &err);
	struct arena arena = {0};
	struct question q;

	assert_non_null(json);
	assert_int_equal(question_json(policy, json, &arena, &q, &err), 0);
	counts[hold_together(&q.policy, random_below(50) == 0)]++;
	for (unsigned i = 0; i < 4; i++) {
		q.policy.asker.person = random_below(policy->n_people + 1);
		q.policy.asker.channel = random_below(policy->n_channels + 1);
		q.policy.verb = (enum verb)random_below(VERB_COUNT);
		q.droplet.known = i > 1 ? random_below(DROPLET_KNOWS_ALL + 1) : q.droplet.known;
		counts[hold_together(&q.policy, random_below(50) == 0)]++;
	}
	arena_done(&arena);
	json_free(json);
}

static void explain_is_decide_over_the_conformance_set(void **state)
{
	static char line[65536];
	struct policy_report report;
	struct policy *policy;
	unsigned counts[2] = {0, 0};
	char path[600];
	FILE *file;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/conformance.policy.yaml", folder);
	policy = policy_load(path, true, &report);
	policy_report_done(&report);
	assert_non_null(policy);
	(void)snprintf(path, sizeof(path), "%s/conformance.requests.jsonl", folder);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		ask_line(policy, line, counts);
	}
	(void)fclose(file);
	policy_unref(policy);
	assert_true(counts[ALLOW] > 200);
	assert_true(counts[DENY] > 2000);
	printf("%u allowed, %u denied\n", counts[ALLOW], counts[DENY]);
}

static struct policy *example(void)
{
	struct policy_report report;
	struct policy *policy = policy_load(SOURCE_DIR "/policy.yaml.example", true, &report);

	policy_report_done(&report);
	assert_non_null(policy);
	return policy;
}

static void says(const struct policy *policy, const char *person, const char *channel,
		 enum verb verb, const char *droplet, bool you, const char *part)
{
	const struct explain_as as = {.you = you, .lines = !you};
	struct policy_question q = {.asker = {policy, policy_person_number(policy, person),
					      policy_channel_number(policy, channel)},
				    .verb = verb};
	struct arena arena = {0};
	struct droplet d;
	struct strbuf text;

	assert_int_equal(question_droplet(droplet, &arena, &d, NULL), 0);
	q.droplet = &d;
	strbuf_init(&text, 10000);
	(void)policy_explain(&q, &as, &text);
	if (strstr(text.buf, part) == NULL) {
		fail_msg("\"%s\" is not in:\n%s", part, text.buf);
	}
	if (you) {
		assert_null(strstr(text.buf, ", line "));
	}
	strbuf_done(&text);
	arena_done(&arena);
}

static void the_nearest_miss_is_said(void **state)
{
	struct policy *p = example();

	(void)state;
	says(p, "ana", "zenith", VERB_DROPLET_POWER_REBOOT, "name=z-1,tags=client:zenith", true,
	     "you may, but not from this channel: #ops");
	says(p, "dora", "ops", VERB_DROPLET_POWER_REBOOT, "name=web-1,tags=prod", false,
	     "dora may droplet.list, droplet.show");
	says(p, "dora", "ops", VERB_DROPLET_POWER_REBOOT, "name=web-1,tags=prod", false,
	     "tag staging or dev-* except tag protected; this is none of them");
	says(p, "dora", "dev", VERB_DROPLET_POWER_REBOOT, "name=web-1", false, "is not known");
	says(p, "ana", "ops", VERB_DROPLET_DESTROY, "name=db,tags=protected,project=shop", false,
	     "A `never` line stands against it.\n  never protected-stays, line ");
	says(p, "ana", "ops", VERB_DROPLET_DESTROY, "name=db,tags=protected,project=shop", false,
	     "{name: protected-stays, who: everyone");
	policy_unref(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nearest_miss_is_said),
		cmocka_unit_test(explain_is_decide_over_the_conformance_set),
	};
	const char *shared = getenv("SLUICE_SHARED");

	(void)snprintf(folder, sizeof(folder), "%s/policy",
		       shared != NULL ? shared : SOURCE_DIR "/../shared");
	if (access(folder, R_OK) != 0) {
		const struct CMUnitTest some[] = {cmocka_unit_test(the_nearest_miss_is_said)};
		int rc = cmocka_run_group_tests(some, NULL, NULL);

		printf("skipped: the conformance set is not at %s\n", folder);
		return rc != 0 ? rc : 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
