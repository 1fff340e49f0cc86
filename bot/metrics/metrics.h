/* metrics.h - a table of counters, gauges and histograms, as Prometheus text
 *
 * One row a metric (metrics.c); names and help come from it. Labels are a closed set in the row.
 */
#ifndef METRICS_METRICS_H
#define METRICS_METRICS_H

#include <stdint.h>

#include "base/strbuf.h"

enum metric {
	METRIC_EVENTS,               /* counter: chat events taken in */
	METRIC_EVENTS_REPEATED,      /* counter: deliveries that were known already */
	METRIC_DECISIONS_ALLOW,      /* counter */
	METRIC_DECISIONS_DENY,       /* counter */
	METRIC_OCEAN_REQUESTS,       /* counter: requests sent to DigitalOcean */
	METRIC_OCEAN_ERRORS,         /* counter */
	METRIC_OCEAN_REMAINING,      /* gauge: rate budget left by its own headers */
	METRIC_JOBS_OPEN,            /* gauge */
	METRIC_CHAT_UP,              /* gauge: 1 connected */
	METRIC_CHAT_RECONNECTS,      /* counter */
	METRIC_STORE_COMMITS,        /* counter */
	METRIC_STORE_ERRORS,         /* counter */
	METRIC_STORE_BYTES,          /* gauge: of the database, in use */
	METRIC_STORE_LIMIT_BYTES,    /* gauge */
	METRIC_STORE_BROKEN,         /* gauge: 1 when its check found damage */
	METRIC_AUDIT_FILE_BYTES,     /* gauge: of the closed files */
	METRIC_DENIALS_COUNTED,      /* counter: repeated denials that have no row of their own */
	METRIC_AUDIT_MISSING,        /* counter: rows of reads that could not be written */
	METRIC_LOOP_STALL_MAX_US,    /* gauge: the longest stall since the last scrape */
	METRIC_LOOP_STALL_TIMERS_US, /* gauges: what that turn spent its time on */
	METRIC_LOOP_STALL_TASKS_US,
	METRIC_LOOP_STALL_WORKS_US,
	METRIC_POLICY_RELOADS,  /* counter: policy files swapped in */
	METRIC_POLICY_REFUSED,  /* counter: policy files that were wrong */
	METRIC_POLICY_STALE,    /* gauge: 1 while the file is wrong and an older policy decides */
	METRIC_POLICY_LOADED_S, /* gauge: when the policy in force was loaded, Unix time */
	METRIC_COMMAND_US,      /* histogram: arrival of a message to the request on its way */
	METRIC_COUNT,
};

void metrics_add(enum metric metric, int64_t n);
void metrics_set(enum metric metric, int64_t value);
void metrics_observe(enum metric metric, int64_t value); /* histogram */
int64_t metrics_get(enum metric metric);                 /* for tests */

void metrics_print(struct strbuf *out); /* Prometheus text format 0.0.4 */

#endif
