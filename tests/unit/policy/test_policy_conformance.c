/* test_policy_conformance.c - every answer of the conformance set, reasons included, when the set is there
 *
 * The expected answers come from two other engines; this test counts what it compared and fails when that is fewer than the
 * file holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "cli/question.h"
#include "policy/decide.h"

static char folder[512];

static FILE *open_file(const char *name)
{
	char path[600];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "re");
	assert_non_null(file);
	return file;
}

static struct policy *load(void)
{
	struct policy_report report;
	struct policy *policy;
	char path[600];

	(void)snprintf(path, sizeof(path), "%s/conformance.policy.yaml", folder);
	policy = policy_load(path, true, &report);
	assert_int_equal(report.n_errors, 0);
	policy_report_done(&report);
	assert_non_null(policy);
	return policy;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const struct policy_rule *const *)a)->name,
		      (*(const struct policy_rule *const *)b)->name);
}

/* "17<TAB>allow<TAB>a1,a2" as the expected file has it. */
static void answer(const struct policy *policy, const char *line, char *ret, size_t size)
{
	struct err err = {0};
	struct json *json = json_parse(line, strlen(line), &err);
	struct arena arena = {0};
	struct decision decision;
	struct question q;
	size_t len;

	assert_non_null(json);
	if (question_json(policy, json, &arena, &q, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	policy_decide(&q.policy, &decision);
	assert_true(decision.n_rules <= DECISION_RULES_MAX);
	qsort(decision.rules, decision.n_rules, sizeof(decision.rules[0]), by_name);
	len = (size_t)snprintf(ret, size, "%lld\t%s\t", (long long)q.id_number,
			       decision.verdict == ALLOW ? "allow" : "deny");
	for (size_t i = 0; i < decision.n_rules; i++) {
		len += (size_t)snprintf(ret + len, size - len, "%s%s", i > 0 ? "," : "",
					decision.rules[i]->name);
	}
	arena_done(&arena);
	json_free(json);
}

static size_t count_lines(const char *name)
{
	FILE *file = open_file(name);
	size_t n = 0;

	for (int c; (c = getc(file)) != EOF;) {
		n += c == '\n';
	}
	(void)fclose(file);
	return n;
}

static void every_answer_is_the_expected_one(void **state)
{
	static char question[65536];
	char expected[1024];
	char got[1024];
	struct policy *policy = load();
	FILE *questions = open_file("conformance.requests.jsonl");
	FILE *answers = open_file("conformance.expected.tsv");
	size_t compared = 0;

	(void)state;
	while (fgets(question, sizeof(question), questions) != NULL &&
	       fgets(expected, sizeof(expected), answers) != NULL) {
		question[strcspn(question, "\n")] = '\0';
		expected[strcspn(expected, "\n")] = '\0';
		answer(policy, question, got, sizeof(got));
		assert_string_equal(got, expected);
		compared++;
	}
	assert_true(compared > 0);
	assert_int_equal(compared, count_lines("conformance.requests.jsonl"));
	assert_int_equal(compared, count_lines("conformance.expected.tsv"));
	printf("compared %zu answers\n", compared);
	(void)fclose(questions);
	(void)fclose(answers);
	policy_unref(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_answer_is_the_expected_one)};
	const char *shared = getenv("SLUICE_SHARED");

	(void)snprintf(folder, sizeof(folder), "%s/policy",
		       shared != NULL ? shared : SOURCE_DIR "/../shared");
	if (access(folder, R_OK) != 0) {
		printf("skipped: no conformance set at %s\n", folder);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
