/* bench_ocean.c - a big account: its list over a socket, names out of the cache, and what ten thousand droplets weigh
 *
 * usage: bench_ocean URL DROPLETS ROUNDS [MORE_URL MORE]
 *
 * The room `ocean` is the program's own, on the real loop; the account is sluice-sim's behind a socket of this machine
 * (run.sh starts it). list_ms is the middle of ROUNDS lists from the call to its end, pages included, and page_ms of one page alone;
 * complete_us is the middle time in which all names that begin so are found in the kept list, gate and all (list for one person
 * who may see everything); rss_kib is what MORE droplets add to the process, kept as they are kept while the program runs.
 * One line of name=value.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "gate/gate.h"
#include "loop/loop.h"
#include "metrics/metrics.h"
#include "ocean/index.h"
#include "policy/policy.h"
#include "policy/report.h"

#define ROUNDS_MAX 1000
#define COMPLETIONS 200

struct bench {
	struct loop *loop;
	struct ocean *ocean;
	struct ocean_index *index;
	struct ocean_want want;
	struct ocean_snapshot *snapshot;
	struct err err;
	bool over;
};

static double now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double middle(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_size);
	return values[n / 2];
}

static void on_want(struct ocean_want *want, struct ocean_snapshot *snapshot, const struct err *err)
{
	struct bench *bench = want->data;

	bench->snapshot = snapshot;
	bench->over = true;
	err_copy(&bench->err, err);
}

static bool is_over(void *data)
{
	return ((struct bench *)data)->over;
}

static void bench_open(struct bench *bench, const char *url)
{
	const struct ocean_options options = {
		.name = "main", .url = url, .tokens = {[TIER_READ] = "env:SLUICE_BENCH_TOKEN"}};
	struct err err = {0};

	bench->loop = loop_new(&err);
	bench->ocean = bench->loop != NULL ? ocean_http_open(bench->loop, &options, &err) : NULL;
	if (bench->ocean == NULL) {
		fprintf(stderr, "%s\n", err.msg);
		exit(1);
	}
	bench->index = ocean_index_new(bench->loop, bench->ocean);
}

static void bench_close(struct bench *bench)
{
	ocean_snapshot_unref(bench->snapshot);
	ocean_index_free(bench->index);
	ocean_close(bench->ocean);
	loop_free(bench->loop);
}

/* A new list, and how many there are. */
static size_t list(struct bench *bench)
{
	size_t n;

	ocean_snapshot_unref(bench->snapshot);
	bench->snapshot = NULL;
	bench->over = false;
	bench->want = (struct ocean_want){
		.max_tier = TIER_READ, .interactive = true, .done = on_want, .data = bench};
	ocean_index_want(bench->index, &bench->want);
	if (!loop_run_until(bench->loop, is_over, bench, 120000) || bench->snapshot == NULL) {
		fprintf(stderr, "no list: %s\n", bench->err.msg);
		exit(1);
	}
	(void)ocean_snapshot_all(bench->snapshot, &n);
	return n;
}

static double list_ms(struct bench *bench, size_t want, unsigned rounds)
{
	static double took[ROUNDS_MAX];

	(void)list(bench); /* the connection, the proof of tags */
	for (unsigned i = 0; i < rounds; i++) {
		double began = now_ms();

		if (list(bench) != want) {
			fprintf(stderr, "the list has not %zu droplets\n", want);
			exit(1);
		}
		took[i] = now_ms() - began;
	}
	return middle(took, rounds);
}

/* What a network asks for while a name is being typed: who may see it, and how it begins. */
static double complete_us(struct bench *bench)
{
	static const char *const begins[] = {"web-", "db-00", "w", "app-1"};
	static double took[COMPLETIONS];
	const struct gate_who who = {"console", "terminal", "ana", "terminal", "ops", false};
	struct policy_report report = {0};
	struct policy *policy = policy_load("tests/bench/ocean.policy.yaml", true, &report);
	struct gate *gate = policy != NULL ? gate_new(policy) : NULL;
	size_t found = 0;

	if (gate == NULL) {
		fprintf(stderr, "the bench's policy cannot be read\n");
		exit(1);
	}
	for (size_t i = 0; i < COMPLETIONS; i++) {
		const char *begin = begins[i % (sizeof(begins) / sizeof(begins[0]))];
		struct arena arena = {0};
		double began = now_ms();
		size_t n;
		const struct droplet **seen =
			gate_filter(gate, &who, VERB_DROPLET_SHOW, bench->snapshot, &arena, &n);

		for (size_t k = 0; k < n; k++) {
			found += strncasecmp(seen[k]->name, begin, strlen(begin)) == 0;
		}
		took[i] = (now_ms() - began) * 1e3;
		arena_done(&arena);
	}
	gate_free(gate);
	policy_unref(policy);
	policy_report_done(&report);
	return found > 0 ? middle(took, COMPLETIONS) : -1;
}

static long rss_kib(void)
{
	char line[256];
	long kib = -1;
	FILE *file = fopen("/proc/self/status", "r");

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "VmRSS: %ld", &kib) == 1) {
			break;
		}
	}
	if (file != NULL) {
		(void)fclose(file);
	}
	return kib;
}

/* In a process of its own: what a list of so many leaves behind. */
static long more_kib(const char *url, const char *few_url, size_t want)
{
	int ends[2];
	long kib = -1;
	pid_t child;

	if (pipe(ends) < 0) {
		return -1;
	}
	child = fork();
	if (child == 0) {
		struct bench few = {0}, more = {0};
		long before;

		bench_open(&few, few_url); /* what any list needs once */
		(void)list(&few);
		before = rss_kib();
		bench_open(&more, url);
		if (list(&more) != want) {
			_exit(1);
		}
		kib = rss_kib() - before;
		_exit(write(ends[1], &kib, sizeof(kib)) == sizeof(kib) ? 0 : 1);
	}
	(void)close(ends[1]);
	if (read(ends[0], &kib, sizeof(kib)) != sizeof(kib)) {
		kib = -1;
	}
	(void)close(ends[0]);
	(void)waitpid(child, NULL, 0);
	return kib;
}

int main(int argc, char **argv)
{
	struct bench bench = {0};
	size_t n = argc > 3 ? strtoul(argv[2], NULL, 10) : 0;
	unsigned rounds = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
	size_t n_more = argc > 5 ? strtoul(argv[5], NULL, 10) : 0;
	long kib = 0;
	int64_t requests;
	double ms;

	if (n == 0 || rounds == 0 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: %s URL DROPLETS ROUNDS [MORE_URL MORE]\n", argv[0]);
		return 2;
	}
	(void)setenv("SLUICE_BENCH_TOKEN", "sim-token-all", 0);
	log_configure(LOG_ERROR, false);
	if (n_more > 0) { /* before this process has kept anything */
		kib = more_kib(argv[4], argv[1], n_more);
	}
	bench_open(&bench, argv[1]);
	requests = metrics_get(METRIC_OCEAN_REQUESTS);
	ms = list_ms(&bench, n, rounds);
	requests = (metrics_get(METRIC_OCEAN_REQUESTS) - requests) / (rounds + 1);
	printf("droplets=%zu list_ms=%.1f requests=%lld complete_us=%.0f", n, ms,
	       (long long)requests, complete_us(&bench));
	if (n_more > 0) {
		printf(" more=%zu more_kib=%ld", n_more, kib);
	}
	printf("\n");
	bench_close(&bench);
	return kib < 0 ? 1 : 0;
}
