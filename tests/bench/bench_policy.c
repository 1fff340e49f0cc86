/* bench_policy.c - how quick the policy is: loading, one decision, a list filtered
 *
 * usage: bench_policy FOLDER    (with conformance.policy.yaml and conformance.requests.jsonl)
 * Prints names and numbers; judging them is the reader's, a shared machine is no clock.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "cli/question.h"

#define QUESTIONS_MAX 8192
#define LOADS 20
#define ROUNDS 200
#define TIMED 400000

static struct arena arena;
static struct question questions[QUESTIONS_MAX];
static size_t n_questions;

static double now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_number(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static struct policy *load(const char *folder, double *ret_ms)
{
	struct policy *policy = NULL;
	double times[LOADS];
	char path[1024];

	(void)snprintf(path, sizeof(path), "%s/conformance.policy.yaml", folder);
	for (int i = 0; i < LOADS; i++) {
		struct policy_report report;
		double start = now_us();

		policy_unref(policy);
		policy = policy_load(path, true, &report);
		times[i] = (now_us() - start) / 1e3;
		policy_report_done(&report);
	}
	qsort(times, LOADS, sizeof(times[0]), by_number);
	*ret_ms = times[LOADS / 2];
	return policy;
}

/* The JSON trees stay, the questions borrow from them. */
static int read_questions(const struct policy *policy, const char *folder)
{
	static char line[65536];
	char path[1024];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/conformance.requests.jsonl", folder);
	file = fopen(path, "re");
	while (file != NULL && n_questions < QUESTIONS_MAX &&
	       fgets(line, sizeof(line), file) != NULL) {
		struct err err = {0};
		struct json *json = json_parse(line, strcspn(line, "\n"), &err);

		if (json == NULL ||
		    question_json(policy, json, &arena, &questions[n_questions], &err) < 0) {
			fprintf(stderr, "%s\n", err.msg);
			return -1;
		}
		n_questions++;
	}
	if (file != NULL) {
		(void)fclose(file);
	}
	return n_questions > 0 ? 0 : -1;
}

static double decisions_per_s(void)
{
	struct decision decision;
	double start = now_us();
	size_t n = 0;

	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < n_questions; i++, n++) {
			policy_decide(&questions[i].policy, &decision);
		}
	}
	return (double)n / (now_us() - start) * 1e6;
}

static double p99_us(void)
{
	double *times = mem_array(TIMED, sizeof(*times));
	struct decision decision;
	double p99;

	for (size_t i = 0; i < TIMED; i++) {
		double start = now_us();

		policy_decide(&questions[i % n_questions].policy, &decision);
		times[i] = now_us() - start;
	}
	qsort(times, TIMED, sizeof(*times), by_number);
	p99 = times[TIMED / 100 * 99];
	free(times);
	return p99;
}

/* One person's look at 2,000 droplets in one channel. */
static double list_ms(void)
{
	struct decision decision;
	double start = now_us();

	for (size_t i = 0; i < 2000; i++) {
		struct policy_question q = questions[i % n_questions].policy;

		q.asker = questions[2].policy.asker;
		q.verb = VERB_DROPLET_SHOW;
		policy_decide(&q, &decision);
	}
	return (now_us() - start) / 1e3;
}

int main(int argc, char **argv)
{
	struct policy *policy;
	double load_ms;

	if (argc != 2) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	policy = load(argv[1], &load_ms);
	if (policy == NULL || read_questions(policy, argv[1]) < 0) {
		fprintf(stderr, "%s: no policy and questions in %s\n", argv[0], argv[1]);
		return 2;
	}
	printf("questions %zu\n", n_questions);
	printf("decisions_per_s %.0f\n", decisions_per_s());
	printf("p99_us %.2f\n", p99_us());
	printf("load_ms %.2f\n", load_ms);
	printf("list_2000_ms %.2f\n", list_ms());
	return 0;
}
