/* bench_policy.c - how quick the policy is: loading, one decision, a list filtered, a full diff; and how large
 *
 * usage: bench_policy FOLDER    (with conformance.policy.yaml and conformance.requests.jsonl)
 * Prints names and numbers; judging them is the reader's, a shared machine is no clock.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/inventory.h"
#include "cli/question.h"
#include "ocean/index.h"
#include "policy/diff.h"

#define QUESTIONS_MAX 8192
#define LOADS 20
#define LISTS 21
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

/* One person's look at 2,000 droplets in one channel: the middle of several, the machine does other things too. */
static double list_ms(void)
{
	struct decision decision;
	double times[LISTS];

	for (size_t k = 0; k < LISTS; k++) {
		double start = now_us();

		for (size_t i = 0; i < 2000; i++) {
			struct policy_question q = questions[i % n_questions].policy;

			q.asker = questions[2].policy.asker;
			q.verb = VERB_DROPLET_SHOW;
			policy_decide(&q, &decision);
		}
		times[k] = (now_us() - start) / 1e3;
	}
	qsort(times, LISTS, sizeof(times[0]), by_number);
	return times[LISTS / 2];
}

/* ---- a full diff -------------------------------------------------------------------------- */

/* The same policy with the group of each n-th allow line exchanged for the next. */
static struct policy *changed(const char *folder, unsigned nth)
{
	static char text[1 << 20];
	struct policy_report report;
	struct policy *policy;
	char path[1024];
	FILE *file;
	size_t len;
	bool allow = false;
	unsigned lines = 0;

	(void)snprintf(path, sizeof(path), "%s/conformance.policy.yaml", folder);
	file = fopen(path, "re");
	if (file == NULL) {
		return NULL;
	}
	len = fread(text, 1, sizeof(text) - 1, file);
	(void)fclose(file);
	text[len] = '\0';
	for (char *at = text; *at != '\0'; at++) {
		if (at > text && at[-1] == '\n' && *at != ' ') {
			allow = strncmp(at, "allow:", 6) == 0;
		}
		if (allow && strncmp(at, "who: [g", 7) == 0 && lines++ % nth == 0) {
			unsigned n = (unsigned)(at[7] - '0') * 10 + (unsigned)(at[8] - '0');

			n = n % 50 + 1;
			at[7] = (char)('0' + n / 10);
			at[8] = (char)('0' + n % 10);
		}
	}
	policy = policy_compile("changed", text, len, &report);
	policy_report_done(&report);
	return policy;
}

static int inventory(const char *folder, struct inventory *ret)
{
	struct err err = {0};
	char path[1024];

	(void)snprintf(path, sizeof(path), "%s/conformance.requests.jsonl", folder);
	if (inventory_load(path, ret, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return -1;
	}
	return 0;
}

static double diff_ms(const char *folder, const struct policy *policy, unsigned nth,
		      struct policy_diff *ret_diff)
{
	struct policy *other = changed(folder, nth);
	struct inventory droplets;
	struct strbuf out;
	double start;

	if (other == NULL || inventory(folder, &droplets) < 0) {
		return -1;
	}
	strbuf_init(&out, (size_t)256 << 20);
	start = now_us();
	policy_diff(policy, other, &(struct policy_diff_over){droplets.droplets, droplets.n, false},
		    &out, ret_diff);
	start = (now_us() - start) / 1e3;
	strbuf_done(&out);
	inventory_done(&droplets);
	policy_unref(other);
	return start;
}

/* ---- memory ------------------------------------------------------------------------------- */

static long resident_kib(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	(void)malloc_trim(0);
	if (file != NULL) {
		if (fscanf(file, "%*ld %ld", &pages) != 1) {
			pages = 0;
		}
		(void)fclose(file);
	}
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* What the policy and an index of its 2,000 droplets keep resident, by growth, in a process that has done nothing else. */
static long grown_kib(const char *folder)
{
	struct policy_report report;
	struct inventory droplets;
	char path[1024];
	long before = resident_kib();
	long grown;

	(void)snprintf(path, sizeof(path), "%s/conformance.policy.yaml", folder);
	if (policy_load(path, true, &report) == NULL) {
		return -1;
	}
	policy_report_done(&report);
	grown = resident_kib() - before;
	if (inventory(folder, &droplets) < 0) {
		return -1;
	}
	before = resident_kib();
	if (ocean_snapshot_new(droplets.droplets, droplets.n) == NULL) {
		return -1;
	}
	return grown + resident_kib() - before;
}

static long rss_kib(const char *folder)
{
	long grown = -1;
	int ends[2];
	pid_t child;

	if (pipe(ends) < 0) {
		return -1;
	}
	child = fork();
	if (child == 0) {
		grown = grown_kib(folder);
		_exit(write(ends[1], &grown, sizeof(grown)) == (ssize_t)sizeof(grown) ? 0 : 1);
	}
	if (child < 0 || read(ends[0], &grown, sizeof(grown)) != (ssize_t)sizeof(grown)) {
		grown = -1;
	}
	(void)waitpid(child, NULL, 0);
	return grown;
}

int main(int argc, char **argv)
{
	struct policy_diff diff = {0};
	struct policy_diff all = {0};
	struct policy *policy;
	double load_ms;
	double full_ms; /* a tenth of the allow lines is another */
	double all_ms;  /* all of them */
	long rss;

	if (argc != 2) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	rss = rss_kib(argv[1]);
	policy = load(argv[1], &load_ms);
	if (policy == NULL || read_questions(policy, argv[1]) < 0) {
		fprintf(stderr, "%s: no policy and questions in %s\n", argv[0], argv[1]);
		return 2;
	}
	all_ms = diff_ms(argv[1], policy, 1, &all);
	full_ms = diff_ms(argv[1], policy, 10, &diff);
	if (full_ms < 0 || all_ms < 0 || rss < 0) {
		fprintf(stderr, "%s: the diff or the memory could not be measured\n", argv[0]);
		return 2;
	}
	printf("decisions_per_s=%.0f p99_us=%.2f load_ms=%.2f list_ms=%.2f diff_ms=%.0f\n",
	       decisions_per_s(), p99_us(), load_ms, list_ms(), full_ms);
	printf("rss_kib=%ld questions=%zu diff_sentences=%u diff_all_ms=%.0f "
	       "diff_all_sentences=%u\n",
	       rss, n_questions, diff.gains + diff.losses, all_ms, all.gains + all.losses);
	return 0;
}
