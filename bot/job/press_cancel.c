/* press_cancel.c - a request is called off before it is sent
 *
 * Happy path: jobs whose turn had come are held still, all that is unsent moves to CANCELED in one commit, then it is said.
 * Failure modes: not theirs (refused, in the log); it was sent already (too late); the commit fails (all goes on as before).
 */
#include <string.h>

#include "job/press.h"

static bool is_unsent(const struct job *job)
{
	return job_rests(job) || (job->row.state == JOB_READY && job->row.step == 0);
}

/* Whoever asked; or whoever may end other people's jobs here. */
static bool may_cancel(struct press *press, struct store_txn *txn)
{
	struct gate_decision decision;

	if (press_is_mine(press)) {
		return true;
	}
	gate_decide(press->engine->options.gate, &press->what.who, VERB_JOB_CANCEL, NULL, 0, NULL,
		    txn, &press->arena, &decision);
	return decision.verdict == ALLOW && decision.n_duties == 0;
}

/* From now on they do nothing by themselves. */
static void hold_still(struct request *request)
{
	for (size_t i = 0; i < request->n_jobs; i++) {
		struct job *job = &request->jobs[i];

		if (is_unsent(job) && !job_rests(job)) {
			timer_stop(&job->timer);
			if (job->wanting) {
				fresh_cancel(&job->fresh);
				job->wanting = false;
			}
			job_call_drop(job); /* a look before it is sent */
			job->frozen = true;
			job->parked = false;
		}
	}
}

static const char *outcome(struct press *press)
{
	struct gate_who who = request_who(press->request);

	return press_is_mine(press) || !gate_shows(press->engine->options.gate, &who, "who")
		       ? "Canceled. Nothing ran."
		       : arena_printf(&press->arena, "Canceled by %s. Nothing ran.", press->person);
}

static void cancel(struct press *press, struct store_txn *txn, size_t n_sent)
{
	struct request *request = press->request;

	press_audit(txn, press, true, NULL);
	press_say(press, TONE_PLAIN, "Canceled.",
		  n_sent > 0 ? arena_printf(&press->arena, "But %zu of %zu was sent already.",
					    n_sent, request->n_jobs)
			     : "Nothing ran.");
	hold_still(request);
	press_move(press, JOB_CANCELED, 0, outcome(press), txn);
}

void press_cancel(struct press *press)
{
	struct request *request = press->request;
	struct store_txn *txn = store_txn_new(press->engine->options.store);
	size_t n_unsent = 0;
	size_t n_final = 0;
	bool writing = false;

	for (size_t i = 0; i < request->n_jobs; i++) {
		const struct job *job = &request->jobs[i];

		n_unsent += is_unsent(job);
		n_final += job_state_final((enum job_state)job->row.state);
		writing = writing || (is_unsent(job) && job->n_saves > 0);
	}
	if (!may_cancel(press, txn)) {
		press_deny(press, txn, "not-the-requester",
			   "You cannot cancel what others asked for.", "Nothing changed.");
	} else if (n_final == request->n_jobs) {
		press_deny(press, txn, "over", press_over_words(press), NULL);
	} else if (n_unsent == 0) {
		press_deny(press, txn, "too-late", "Too late: it was sent.", NULL);
	} else if (writing) { /* what follows from that commit comes first */
		store_txn_drop(txn);
		timer_start(&press->begin, 20);
	} else {
		cancel(press, txn, request->n_jobs - n_unsent - n_final);
	}
}
