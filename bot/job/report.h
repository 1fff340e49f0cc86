/* report.h - rows to words: the card, the short message at the end, and why nothing was started (pure) */
#ifndef JOB_REPORT_H
#define JOB_REPORT_H

#include "base/strbuf.h"
#include "chat/build.h"
#include "gate/gate.h"
#include "job/plan.h"
#include "store/store.h"

/* What people are asked for. */
struct report_ask {
	enum duty_kind kind; /* DUTY_NONE: nothing */
	unsigned n, n_given;
	int64_t until_ms;         /* wall */
	const char *const *names; /* who could give it, and has not */
	size_t n_names;
	const char *const *ids; /* of those who can be mentioned there */
	size_t n_ids;
	const char *given; /* "chen, dora"; NULL: nobody */
	const char *note;  /* a sentence before all else; NULL: none */
	bool shows_who;    /* the channel may learn the names of staff */
};

/* Its place in line. */
struct report_queue {
	const char
		*behind; /* "reboot": what runs, or waits first in line; NULL: its turn has come */
	const char *by;  /* whose; NULL: nobody's name may be said there */
	const char *droplet_name; /* that is taken */
	size_t n_before;
	int64_t until_ms; /* wall */
};

struct report {
	const struct store_request *request;
	const struct plan *plan;
	const struct store_job *jobs;
	size_t n_jobs;
	int64_t now_ms;                   /* wall */
	const struct report_ask *ask;     /* NULL: nothing is asked */
	const char *again;                /* a button that says it all again; NULL or "": none */
	const struct report_queue *queue; /* NULL: it does not wait in line */
	bool again_queues;                /* it was taken: said again, it waits in line */
	bool hides_cost;                  /* the channel may not know it */
	bool forms;                       /* a button can ask for a code or a reason */
	/* buttons of one droplet's end: its plan's look, and its plan's fallback; NULL or "": none */
	const char *look;
	const char *fallback, *fallback_label;
	const char *const *also; /* report_ping: ids of others who are told with the requester */
	size_t n_also;
};

/* When its turn came: people may have been waited for before. Wall. */
int64_t report_began_ms(const struct store_request *request, const struct store_job *job);

/* The message that is edited. */
const struct message *report_card(const struct report *report, struct arena *arena);

/* The new message for an outcome that came late: mentions the person who asked. */
const struct message *report_ping(const struct report *report, struct arena *arena);

/* report_ask.c: the card while something is asked; and the new messages that ring for it */
void report_question(const struct report *report, struct build *build, struct arena *arena);
const struct message *report_ask_code(const struct report *report, struct arena *arena);
const struct message *report_ask_approvers(const struct report *report, struct arena *arena);
const char *report_within(int64_t ms, struct arena *arena); /* "within 29 min" */

/* "Reboot web-1", "Reboot 3 droplets" */
const char *report_title(const struct report *report, struct arena *arena);

/* report_queue.c: the card while it waits in line; "2nd in line" */
void report_line(const struct report *report, struct build *build, struct arena *arena);
const char *report_place(const struct report_queue *queue, struct arena *arena);

enum report_second {
	SECOND_NONE = 0,
	SECOND_TO_RUNNING, /* a droplet has an open job */
	SECOND_TO_WAITING, /* it is free, but others wait in line for it */
	SECOND_TO_TWIN,    /* the very same waits in line already */
	SECOND_TO_MANY,    /* the line is full */
};

/* Of somebody else's request, for the one who came second. */
/* Does whoever came second hear of the end? */
enum report_told {
	TOLD_NOT = 0, /* they want another thing */
	TOLD_HERE,
	TOLD_TOO_MANY,
};

struct report_busy {
	enum report_second second;
	const char *droplet_name;
	const struct store_request *holder; /* NULL: it has ended meanwhile */
	bool anonymous; /* the channel shows chosen facts only: who works for whom is none of them */
	const struct plan *plan;
	int64_t now_ms;
	enum report_told told;
	const char *queue_words;  /* what to type to wait for it; NULL: too long to be shown */
	const char *queue_button; /* says that; NULL or "": none */
};
const struct message *report_busy(const struct report_busy *busy, struct arena *arena);

/* Nothing was started; why is a sentence of struct err. */
const struct message *report_refused(const char *why, struct arena *arena);

/* "41 s", "3 min 5 s" */
const char *report_time(int64_t ms, struct arena *arena);

/* report_steps.c: a line for each step of a plan of several; "step 2 of 3, "; " to s-2vcpu-2gb"; is it for good? */
void report_steps(const struct report *report, const struct store_job *job, struct build *build,
		  struct arena *arena);
const char *report_step_word(const struct report *report, const struct store_job *job,
			     struct arena *arena);
const char *report_change(const struct report *report, struct arena *arena);
void report_detail(const struct report *report, struct build *build, struct arena *arena);
/* "No way back", and what is lost. */
void report_loss(const struct report *report, struct build *build, struct arena *arena);
bool report_no_way_back(const struct report *report);

/* "on", "off" */
const char *report_status(enum droplet_status status);

const char *report_noun(const struct plan *plan); /* "reboot" */

/* "rebooted", from the plan's "Rebooted". */
const char *report_past(const struct plan *plan, struct arena *arena);

#endif
