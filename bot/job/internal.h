/* internal.h - what the files of this room share; nobody else includes it
 *
 *   engine.c  requests, jobs, waits, calls           start.c   a new request
 *   move.c    the one mover, and its commits           move_all.c  all jobs that wait, together
 *   run.c     READY: ask the gate again, send          look.c    UNSURE: was it done?
 *   watch.c   WATCHING: to the real end                resume.c  after a restart
 *   kinds.c   the kinds of steps, a kind_*.c each: how each is sent, looked for and watched (kinds.h)
 *   ask.c     what is asked of people, and for how long  review.c  the gate, for all that has not been sent
 *   press*.c  an act of a person: found, judged, carried out
 *   card.c    the message that is edited               report*.c  its words
 *   queue.c   who waits in line for a droplet          locks*.c  droplets that one person keeps
 *   steps.c   plans of several steps                   args.c    what a verb was given beside droplets
 */
#ifndef JOB_INTERNAL_H
#define JOB_INTERNAL_H

#include "base/arena.h"
#include "base/list.h"
#include "chat/event.h"
#include "job/args.h"
#include "job/consent.h"
#include "job/fresh.h"
#include "job/job.h"
#include "job/report.h"
#include "job/states.h"
#include "job/steps.h"
#include "ocean/pace.h"

#define READY_MS 60000            /* how long a job may wait for its turn */
#define QUEUE_MS (10 * 60 * 1000) /* how long in line for a droplet that another job holds */
#define LIMIT_MS 120000 /* how long for DigitalOcean's rate limit: it is one of a minute */
#define BUSY_MS 120000  /* how long for a droplet that has another event */
#define LOOK_MS 45000   /* how long to look for an action whose answer was lost */
#define LOOK_LEAST_MS 10000
#define STATUS_MS 60000 /* how long a droplet may take after its action ended */
#define LOOK_SKEW_MS \
	5000         /* its started_at and its Date have whole seconds, and answers take time */
#define TICK_MS 2000 /* between two looks of the progress bar */
#define TICK_WAITING_MS 15000 /* while people are waited for: minutes are shown */
#define PING_AFTER_MS 15000
#define JOINED_MOST 8 /* of one request */
#define STALE_CARD_MS \
	(24 * 60 * 60 * 1000LL) /* a card that could not be shown for so long never is */

struct request;
struct job;

struct job_engine {
	struct job_options options;
	struct list requests;          /* struct request */
	struct list commits;           /* struct commit, under way */
	struct list calls;             /* struct call, under way */
	struct list locks, lock_turns; /* locks.c */
	struct lock_look *lock_look;   /* locks_gone.c; NULL: none is looked at */
	struct list presses;           /* struct press, of no request (yet) */
	struct list retellings;        /* resume.c */
	struct timer turn;             /* queue.c */
	size_t n_requests;
	struct code_time {
		char *person;
		int64_t at_ms;
	} * codes; /* when each gave a right code last */
	size_t n_codes;
};

/* A row of the audit log that is not on disk yet: a move, as it was. */
struct unsaved {
	enum job_state state;
	int64_t at_ms;
	uint64_t action_id;
	char *outcome;
	const struct commit *flight; /* on its way to the disk with this one; NULL: with none */
};

/* Where a thing stands that a step ties a droplet to. */
struct link_seen {
	char key[256];      /* what it is asked for by: the tag, UUID or address */
	unsigned n_found;   /* that are called so */
	bool tied;          /* to the job's droplet */
	uint64_t elsewhere; /* another one that it is tied to; 0: none */
	char from[96];      /* its name, where it is moved from there; "": no */
	void (*then)(struct job *, const struct err *);
};

struct job {
	struct request *request;
	struct store_job row; /* as it is now; the store has it once its commit is called back */
	char outcome[1000];   /* row.outcome */
	char steps[STEPS_TEXT];
	bool held; /* the store has it as open */
	struct unsaved *unsaved;
	size_t n_unsaved;
	unsigned n_saves; /* commits of it under way */

	struct timer timer;
	void (*next)(struct job *); /* when the timer fires */
	unsigned tries;             /* of what the state waits for */
	int64_t until_ms;           /* clock_mono_ms: its end */
	int64_t busy_since_ms;      /* clock_mono_ms of the first refusal as busy; 0: none */
	int64_t kept_since_ms;      /* by DigitalOcean's rate limit; 0: it was not */
	enum tier
		max_tier; /* of the last decision; none after a restart, until the gate is asked again before the next act */
	char policy_id[17];                /* that made it */
	char found[120];                   /* proof.c: lines for a good outcome */
	struct link_seen link;             /* kind_link.c, of the last look */
	uint64_t last_action_id;           /* of an earlier step: never taken for this one's */
	enum ocean_action_status answered; /* of the action, by the answer to the change */
	struct call *call;
	struct fresh fresh;
	bool wanting;
	bool frozen;     /* about to be canceled: it does nothing by itself */
	bool moving;     /* one of those that a commit under way moves together */
	char *user_data; /* kind_create.c: what is sent with it; NULL: nothing */
	bool parked;     /* READY, until the whole request was looked at under the policy of now */
};

/* What the card asks for now. */
struct asking {
	enum duty_kind kind; /* DUTY_NONE: nothing, or it is not known yet */
	unsigned n, n_given;
	int64_t within_ms;
	const struct gate_approver *approvers; /* who could give it, and has not */
	size_t n_approvers;
	const char *given; /* "chen, dora"; NULL: nobody yet */
	const char *note;  /* a sentence before all else; NULL: none */
};

/* The handle of a card outlives its request: post_close brings one more word. */
struct card_link {
	struct request *request; /* NULL: gone */
	struct post_card *card;  /* NULL: taken away, the chat is being closed */
	bool closed;
};

/* Somebody who asked for the same meanwhile (joined.c). */
struct joined {
	bool used;
	int64_t at_ms; /* wall */
	struct store_request
		row; /* network, workspace, channel, thread, direct, user_workspace, user; the rest says nothing */
};

struct request {
	struct list link;
	struct job_engine *engine;
	struct arena arena;
	struct store_request row;
	char card_id[CHAT_ID_MAX + 1]; /* row.card */
	const struct plan *plan;
	struct job_args args; /* row.arguments */
	bool args_known;      /* this version can read them */
	struct job *jobs;
	size_t n_jobs;
	struct card_link *card;
	const struct message *refusal; /* start.c: why there is no job; in the arena */
	bool told;                     /* the last card was delivered, or never can be */
	bool undelivered;
	bool resumed;       /* an earlier process may have told some of it */
	unsigned n_commits; /* under way */
	bool row_due;       /* the card's id could not be written: it goes with the next move */
	struct timer tick;
	struct timer save;
	unsigned save_tries;
	/* until it is on disk */
	void (*started)(void *data, const struct err *err);
	void *started_data;
	/* ask.c */
	struct store_consent *consents;
	size_t n_consents;
	struct asking asking;
	struct arena ask_arena; /* its strings */
	struct timer wait;      /* the end of what people are waited for */
	struct timer recheck;
	struct list presses;         /* struct press, one after the other */
	bool moving;                 /* a commit that moves jobs together is under way */
	char policy_checked[17];     /* the policy under which the terms were compared last */
	char again[CHAT_ID_MAX + 1]; /* the button that says it all again; "" until it is made */
	bool again_queues;           /* and waits in line then */
	char look[CHAT_ID_MAX + 1],
		fallback[CHAT_ID_MAX + 1]; /* card.c: what may be said after its end */
	/* queue.c: its place, as the card says it */
	char line_behind[20];
	size_t line_before;
	/* start.c: why it came second */
	enum report_second second;
	enum report_told second_told;
	char busy_request[20];
	const char *busy_name;
	unsigned joined_slot; /* there, once it is written; JOINED_MOST: it did not join */
	struct joined joined[JOINED_MOST];
};

struct commit {
	struct list link;
	struct job_engine *engine; /* NULL: freed meanwhile */
	struct request *request;
	struct job *job;
	bool open;
	bool row; /* with the request's */
	void (*done)(struct commit *, const struct err *);
	void (*then)(struct job *, const struct err *);
	/* jobs_move */
	enum job_state to;
	int64_t at_ms, deadline_ms;
	char *outcome;
	struct press *press;
};

/* A look at all of a request that has not been sent: fresh droplets, and the gate. */
struct review {
	struct request *request;
	struct review_want *wants; /* one an account */
	size_t n_wants, n_open;
	struct err err;
	bool failed;
	bool gone; /* one of the droplets is not there any more */
	struct arena arena;
	const struct droplet **droplets;
	size_t n_droplets;
	struct gate_decision decision; /* review_decide */
	void (*then)(struct review *, const struct err *);
	void *data;
};

struct call {
	char key[256]; /* of the call */
	struct ocean_call call;
	struct list link;
	struct ocean *ocean;
	struct job *job; /* NULL: nobody waits any more */
	void (*then)(struct job *, const struct ocean_call *, const struct err *);
};

/* engine.c */
struct request *request_new(struct job_engine *engine, const struct store_request *row,
			    const struct plan *plan, size_t n_jobs);
void request_add(struct request *request); /* from here it counts as open */
void request_free(struct request *request);
void request_save(struct timer *timer); /* what is not on disk yet */
void engine_count(struct job_engine *engine);
void job_init(struct job *job, struct request *request, const struct store_job *row);
struct store_job job_row(const struct job *job);
struct store_request request_row(const struct request *request);

/* move.c */
void engine_commit(struct job_engine *engine, struct store_txn *txn, struct commit *commit);
struct commit *commit_new(struct request *request,
			  void (*done)(struct commit *, const struct err *));

/* Is a move of one of its jobs on its way to the disk? */
bool request_landing(const struct request *request);

/* The sentence of the row: the newest remark, or the outcome. */
void job_say(struct job *job, const char *fmt, ...) ATTR_PRINTF(2, 3);

/*
 * The one mover: state and audit row in one transaction (the caller's, or a new one), then `then` from
 * the loop. err: it is not on disk, but kept and tried again; only SUBMITTING is taken back to READY, because what
 * is not written must not leave.
 */
void job_move(struct job *job, enum job_state to, struct store_txn *txn,
	      void (*then)(struct job *, const struct err *));
void job_audit(struct store_txn *txn, const struct request *request, const struct job *job,
	       const struct unsaved *move);
/* Ends the step under way with the outcome said before, and the job, where no step leads back from it. */
void job_end(struct job *job, enum job_state to, struct store_txn *txn);
void job_over(struct job *job, enum job_state to,
	      struct store_txn *txn); /* the job, whatever step */

/* After ms, `next`. False: it would be after the job's until_ms, and nothing was started. */
bool job_wait(struct job *job, int64_t ms, void (*next)(struct job *));
void job_call(struct job *job, const struct ocean_call *what,
	      void (*then)(struct job *, const struct ocean_call *, const struct err *));
/* Nobody waits for its answer any more; never of a change that was sent. */
void job_call_drop(struct job *job);
const struct plan_step *job_step(const struct job *job); /* NULL: the plan has no such step */

/* Everything that a request still needs after its jobs have ended; may free it. */
void request_settle(struct request *request);

/* Waits for people, or rests at all: for people or in line. The jobs of a request that rest move together. */
bool job_waits_for_people(const struct job *job);
bool job_rests(const struct job *job);
bool request_waits(const struct request *request);
bool request_rests(const struct request *request);
int64_t request_deadline_ms(const struct request *request);  /* of those that rest; wall */
enum job_state request_state(const struct request *request); /* of the first that waits */
/*
 * All that rest or are frozen move, with what else is in txn, in one commit; memory follows in commit->done by jobs_moved, or nothing has
 * changed (jobs_not_moved). outcome NULL: none.
 */
void jobs_move(struct request *request, enum job_state to, int64_t deadline_ms, const char *outcome,
	       struct store_txn *txn, struct commit *commit);
void jobs_moved(struct commit *commit);
void jobs_not_moved(struct commit *commit);

/* resume.c: the engine goes away; what the worker reads for it ends by itself */
void retellings_drop(struct job_engine *engine);

/* ask.c */
struct consent_missing request_missing(const struct request *request,
				       const struct gate_decision *decision);
enum job_state ask_state(enum duty_kind missing);
int64_t ask_deadline_ms(const struct request *request, const struct gate_decision *decision,
			enum duty_kind missing);
/* From here the card asks for it; note: a sentence before it, NULL: none. */
void ask_set(struct request *request, const struct consent_missing *missing, const char *note);
void ask_show(struct request *request, bool announce); /* the card, the deadline; who is asked */
void ask_begin(struct request *request); /* the same for a card that has just been opened */
void ask_wait(struct timer *timer);      /* the deadline is over */
void ask_add(struct request *request, const struct store_consent *consent);
int64_t engine_code_ms(const struct job_engine *engine, const char *person);
void engine_code_given(struct job_engine *engine, const char *person, int64_t at_ms);
const char *ask_again_button(struct request *request, bool queues); /* "": none */
/* The command, as it can be said again by whoever reads it. */
const char *request_said_again(const struct request *request, bool queues, struct arena *arena);

/* review.c */
struct review *review_start(struct request *request,
			    void (*then)(struct review *, const struct err *), void *data);
/* The decision for all its droplets, with its audit row; false: denied, and *ret_why says it in words. */
bool review_decide(struct review *review, struct store_txn *txn, const char **ret_why);
void review_free(struct review *review); /* NULL is fine; before `then`: it is never called */

/* press.c, press_act.c, press_cancel.c */
struct press {
	struct list link;
	struct job_engine *engine; /* NULL: freed meanwhile */
	struct request *request;   /* NULL: none (yet) */
	struct arena arena;
	struct job_press what;
	const char *person; /* by the policy of now; NULL: stranger */
	struct timer begin;
	struct review *review;
	void (*answer)(void *data, const struct message *message);
	void *data;
	const struct message *message; /* what will be answered; NULL: nothing */
	bool flying;                   /* the store has it */
	bool code_given;
	char policy_id[17];             /* that judged it */
	struct consent_missing missing; /* what will be asked then */
	const char *note;
	const char *because; /* of an approver: "taken.primary"; NULL: by right */
	/* taken back when the commit fails */
	const char *reason_before, *terms_before;
	size_t consents_before;
};
void press_recheck(
	struct request *request); /* nobody pressed: is all as it was, or is it its turn? */
void presses_drop(struct list *presses);

/* card.c */
const char *card_title(const struct request *request, struct arena *arena);
bool card_forms(const struct request *request); /* its network opens forms */
const struct message *card_ask_code(const struct request *request, struct arena *arena);
const struct message *card_ask_approvers(const struct request *request, struct arena *arena);
void card_open(struct request *request);
void card_show(struct request *request); /* the newest form */
void card_end(struct request *request);  /* the last form; the ping */
void card_drop(struct request *request);
struct post_queue *card_queue(const struct request *request);
struct chat_place card_place(const struct request *request);

/* run.c, look.c, watch.c */
struct gate_who request_who(const struct request *request); /* to ask the gate again */
void job_run(struct job *job);
void job_run_prepared(struct job *job); /* goes on from step_ops.prepare */
void job_look(struct job *job);
void job_watch(struct job *job);
void job_go(struct job *job); /* READY since just now */
void job_run_later(struct job *job, const char *why);

/*
 * run.c: what the gate is asked about: the droplet of the list; as it would be, where it is to be made; where what is kept of it
 * is meant and it is gone itself, one of which nothing is known. NULL: there is none.
 */
const struct droplet *job_subject(const struct job *job, const struct ocean_snapshot *snapshot,
				  struct arena *arena);

/* proof.c: what is looked at after the action of the step at hand, and whether it is as promised; job->found says more of it */
struct ocean_call proof_call(const struct job *job);
bool proof_holds(struct job *job, const struct ocean_call *call);
/* "web-1 is not called web-9."; NULL: it cannot be told. */
const char *proof_lack(const struct job *job, const struct ocean_call *call, struct arena *arena);

/* steps.c */
const char *job_past(const struct job *job, struct arena *arena); /* of its step: "switched off" */
void steps_done(struct job *job); /* the step under way was: to the next, or the end */
/* Is the droplet what the step would make of it? */
bool step_is_so_already(const struct plan_step *step, const struct droplet *droplet);
/* Steps that are not needed are passed over. True: none is left, steps_finish. */
bool steps_skip(struct job *job, const struct droplet *droplet);
void steps_finish(struct job *job, struct store_txn *txn);
void steps_not_needed(struct job *job, struct store_txn *txn); /* the step at hand, of several */
void steps_note_live(struct job *job, const struct droplet *droplet); /* about to be sent */
/* The step under way ended badly. True: another one undoes the first, and the job goes on. */
bool steps_end(struct job *job, enum job_state to, struct store_txn *txn);

/* queue.c */
bool request_queued(const struct request *request); /* in line, and waits for nobody's word */
struct queue_place {
	const struct job *behind; /* runs, or is the first in line; NULL: nothing is in its way */
	size_t n_before;          /* requests in line before it */
	const struct job *full;   /* of its own jobs: too many wait for that droplet already */
};
/* Of one that is in line, or would come last. */
struct queue_place queue_place(const struct request *request);
/* One in line that wants the same of the same droplets; NULL: none. */
const struct request *queue_twin(const struct request *request);
void queue_kick(struct job_engine *engine); /* a droplet may be free: whose turn is it? */
void queue_turn(struct timer *timer);
/* The open job of a droplet; NULL: none. */
const struct job *engine_holder(const struct job_engine *engine, const char *account,
				uint64_t droplet_id);

#endif
