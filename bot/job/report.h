/* report.h - rows to words: the card, the short message at the end, and why nothing was started (pure) */
#ifndef JOB_REPORT_H
#define JOB_REPORT_H

#include "base/strbuf.h"
#include "chat/message.h"
#include "job/plan.h"
#include "store/store.h"

struct report {
	const struct store_request *request;
	const struct plan *plan;
	const struct store_job *jobs;
	size_t n_jobs;
	int64_t now_ms; /* wall */
};

/* The message that is edited. */
const struct message *report_card(const struct report *report, struct arena *arena);

/* The new message for an outcome that came late: mentions the person who asked. */
const struct message *report_ping(const struct report *report, struct arena *arena);

/* Of somebody else's request, for the one who came second. */
struct report_busy {
	const char *droplet_name;
	const struct store_request *holder; /* NULL: it has ended meanwhile */
	bool anonymous; /* the channel shows chosen facts only: who works for whom is none of them */
	const struct plan *plan;
	int64_t now_ms;
};
const struct message *report_busy(const struct report_busy *busy, struct arena *arena);

/* Nothing was started; why is a sentence of struct err. */
const struct message *report_refused(const char *why, struct arena *arena);

/* "41 s", "3 min 5 s" */
const char *report_time(int64_t ms, struct arena *arena);

/* "rebooted", from the plan's "Rebooted". */
const char *report_past(const struct plan *plan, struct arena *arena);

#endif
