/* job.h - what was asked for is done once, watched to its real end, and told in one message
 *
 * A request is one sentence of one person; it has one job for each of its droplets and one card (a message that is edited).
 * Each move of a job is one store transaction: state, audit row, and the card that must be shown. What leaves the
 * bot leaves after that transaction's commit. After a restart every open request goes on from its row.
 *
 * States and who may follow whom: job/states.h.
 */
#ifndef JOB_JOB_H
#define JOB_JOB_H

#include "chat/post.h"
#include "gate/gate.h"
#include "job/plan.h"
#include "ocean/index.h"
#include "store/store.h"

struct job_engine;

struct job_options {
	struct loop *loop;
	struct store *store;
	struct gate *gate;
	struct ocean *(*ocean)(const char *account,
			       void *data); /* NULL: no such account any more */
	struct ocean_index *(*index)(const char *account, void *data);
	struct post_queue *(*queue)(const char *network, const char *workspace,
				    void *data); /* NULL: that chat is not configured */
	const struct plan *(*plan)(enum verb verb,
				   void *data); /* the row's plan; NULL: no such verb any more */
	void *data;
};

struct job_engine *job_engine_new(const struct job_options *options);

/* Takes up every open request of the store. Call once the chats have been started. */
int job_resume(struct job_engine *engine, struct err *err);

/* Cancels timers, calls and cards; the rows stay, and the next start goes on. NULL is fine. */
void job_engine_free(struct job_engine *engine);

/* A decided command. Everything is borrowed for the call. */
struct job_ask {
	const char *event_key; /* of the delivery: "network/workspace/id" */
	struct gate_who who;
	const char *person;  /* NULL: stranger */
	const char *thread;  /* NULL: none */
	const char *answers; /* id of the message that asked; NULL: none */
	const char *words;   /* the row's words */
	const struct plan *plan;
	const struct gate_decision *decision;
	const struct droplet *const *droplets;
	size_t n_droplets;
	struct store_txn *
		txn; /* holds the event's key and the decision's audit row; the engine adds its own and commits */
};

/*
 * Takes a decided request on. From here the engine owns the txn and talks to the person: queued, running, outcome. A droplet
 * that has an open job already: nothing is started on any, the person is told who started what and when.
 * done: exactly once, from the loop, when the request is on disk (err NULL), was a repeated delivery (ERR_CONFLICT with nothing
 * to tell), or could not be written (ERR_STORE: the person is told that nothing was done).
 */
void job_start(struct job_engine *engine, const struct job_ask *ask,
	       void (*done)(void *data, const struct err *err), void *data);

/* How many requests are open; 0 when idle. */
size_t job_open_requests(const struct job_engine *engine);

#endif
