/* metrics.c - one row a metric, and Prometheus' text format 0.0.4
 *
 * The store counts on its worker thread, so the values are atomic; nothing orders them with each other.
 */
#include "metrics/metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

enum kind { COUNTER, GAUGE, HISTOGRAM };

struct row {
	enum kind kind;
	const char *name;
	const char *label; /* the one label, whole; "" for none */
	const char *help;
};

#define STALL_PART "sluice_loop_stall_max_part_microseconds"
#define STALL_PART_HELP "What that longest time was spent on; the rest of it on sockets and files."

/* Rows that share a name stand together: HELP and TYPE come once. */
static const struct row rows[METRIC_COUNT] = {
	[METRIC_EVENTS] = {COUNTER, "sluice_events_total", "", "Chat events taken in."},
	[METRIC_EVENTS_REPEATED] = {COUNTER, "sluice_events_repeated_total", "",
				    "Deliveries of chat events that were known already."},
	[METRIC_DECISIONS_ALLOW] = {COUNTER, "sluice_decisions_total", "{verdict=\"allow\"}",
				    "Decisions of the policy."},
	[METRIC_DECISIONS_DENY] = {COUNTER, "sluice_decisions_total", "{verdict=\"deny\"}",
				   "Decisions of the policy."},
	[METRIC_OCEAN_REQUESTS] = {COUNTER, "sluice_digitalocean_requests_total", "",
				   "Requests sent to DigitalOcean."},
	[METRIC_OCEAN_ERRORS] = {COUNTER, "sluice_digitalocean_errors_total", "",
				 "Requests to DigitalOcean that failed."},
	[METRIC_OCEAN_REMAINING] = {GAUGE, "sluice_digitalocean_requests_remaining", "",
				    "Rate budget left, as DigitalOcean's headers say."},
	[METRIC_JOBS_OPEN] = {GAUGE, "sluice_jobs_open", "", "Jobs that have not ended."},
	[METRIC_CHAT_UP] = {GAUGE, "sluice_chat_up", "", "1 while the chat network is connected."},
	[METRIC_CHAT_RECONNECTS] = {COUNTER, "sluice_chat_reconnects_total", "",
				    "Connections to the chat network after the first."},
	[METRIC_STORE_COMMITS] = {COUNTER, "sluice_store_commits_total", "",
				  "Transactions committed."},
	[METRIC_STORE_ERRORS] = {COUNTER, "sluice_store_errors_total", "",
				 "Transactions that failed."},
	[METRIC_STORE_BYTES] = {GAUGE, "sluice_store_bytes", "", "Bytes of the database in use."},
	[METRIC_STORE_LIMIT_BYTES] = {GAUGE, "sluice_store_limit_bytes", "",
				      "Bytes that the database may have."},
	[METRIC_STORE_BROKEN] = {GAUGE, "sluice_store_broken", "",
				 "1 when the check of the database found damage."},
	[METRIC_AUDIT_FILE_BYTES] = {GAUGE, "sluice_audit_files_bytes", "",
				     "Bytes of the closed files of the audit log."},
	[METRIC_DENIALS_COUNTED] =
		{COUNTER, "sluice_denials_counted_total", "",
		 "Repeated denials that were counted and have no row of their own."},
	[METRIC_AUDIT_MISSING] = {COUNTER, "sluice_audit_rows_missing_total", "",
				  "Audit rows of reads that could not be written."},
	[METRIC_LOOP_STALL_MAX_US] = {GAUGE, "sluice_loop_stall_max_microseconds", "",
				      "Longest time the event loop kept others waiting since the "
				      "last scrape."},
	[METRIC_LOOP_STALL_TIMERS_US] = {GAUGE, STALL_PART, "{part=\"timers\"}", STALL_PART_HELP},
	[METRIC_LOOP_STALL_TASKS_US] = {GAUGE, STALL_PART, "{part=\"tasks\"}", STALL_PART_HELP},
	[METRIC_LOOP_STALL_WORKS_US] = {GAUGE, STALL_PART, "{part=\"works\"}", STALL_PART_HELP},
	[METRIC_POLICY_RELOADS] = {COUNTER, "sluice_policy_reloads_total", "{result=\"loaded\"}",
				   "Times that the policy file was another one when it was read."},
	[METRIC_POLICY_REFUSED] = {COUNTER, "sluice_policy_reloads_total", "{result=\"refused\"}",
				   "Times that the policy file was another one when it was read."},
	[METRIC_POLICY_STALE] = {GAUGE, "sluice_policy_file_refused", "",
				 "1 while the policy file is wrong and an older policy decides."},
	[METRIC_POLICY_LOADED_S] = {GAUGE, "sluice_policy_loaded_timestamp_seconds", "",
				    "When the policy that decides was loaded."},
	[METRIC_COMMAND_US] = {HISTOGRAM, "sluice_command_microseconds", "",
			       "From a message's arrival to its request on the way."},
};

#define N_BUCKETS 12

/* 1 ms is the promise; around it the buckets are close. */
static const int64_t bounds[N_BUCKETS] = {50,   100,   200,   500,   1000,   2000,
					  5000, 10000, 20000, 50000, 100000, 1000000};

static _Atomic int64_t values[METRIC_COUNT]; /* of a histogram: how many */
static _Atomic int64_t buckets[N_BUCKETS];   /* not cumulative; there is one histogram */
static _Atomic int64_t sum;

void metrics_add(enum metric metric, int64_t n)
{
	assert((unsigned)metric < METRIC_COUNT && rows[metric].kind != HISTOGRAM);
	atomic_fetch_add_explicit(&values[metric], n, memory_order_relaxed);
}

void metrics_set(enum metric metric, int64_t value)
{
	assert((unsigned)metric < METRIC_COUNT && rows[metric].kind == GAUGE);
	atomic_store_explicit(&values[metric], value, memory_order_relaxed);
}

void metrics_observe(enum metric metric, int64_t value)
{
	assert(metric == METRIC_COMMAND_US);
	for (size_t i = 0; i < N_BUCKETS; i++) {
		if (value <= bounds[i]) {
			atomic_fetch_add_explicit(&buckets[i], 1, memory_order_relaxed);
			break;
		}
	}
	atomic_fetch_add_explicit(&sum, value, memory_order_relaxed);
	atomic_fetch_add_explicit(&values[metric], 1, memory_order_relaxed);
}

int64_t metrics_get(enum metric metric)
{
	assert((unsigned)metric < METRIC_COUNT);
	return atomic_load_explicit(&values[metric], memory_order_relaxed);
}

static void print_histogram(struct strbuf *out, const struct row *row, int64_t count)
{
	int64_t below = 0;

	for (size_t i = 0; i < N_BUCKETS; i++) {
		below += atomic_load_explicit(&buckets[i], memory_order_relaxed);
		(void)strbuf_addf(out, "%s_bucket{le=\"%" PRId64 "\"} %" PRId64 "\n", row->name,
				  bounds[i], below);
	}
	(void)strbuf_addf(out, "%s_bucket{le=\"+Inf\"} %" PRId64 "\n", row->name, count);
	(void)strbuf_addf(out, "%s_sum %" PRId64 "\n%s_count %" PRId64 "\n", row->name,
			  atomic_load_explicit(&sum, memory_order_relaxed), row->name, count);
}

void metrics_print(struct strbuf *out)
{
	static const char *const types[] = {
		[COUNTER] = "counter", [GAUGE] = "gauge", [HISTOGRAM] = "histogram"};
	const char *before = "";

	for (size_t i = 0; i < METRIC_COUNT; i++) {
		const struct row *row = &rows[i];
		int64_t value = metrics_get((enum metric)i);

		if (strcmp(row->name, before) != 0) {
			(void)strbuf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help,
					  row->name, types[row->kind]);
			before = row->name;
		}
		if (row->kind == HISTOGRAM) {
			print_histogram(out, row, value);
		} else {
			(void)strbuf_addf(out, "%s%s %" PRId64 "\n", row->name, row->label, value);
		}
	}
}
