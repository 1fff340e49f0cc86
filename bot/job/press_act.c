/* press_act.c - a press is judged by the policy of now, and carried out in one transaction
 *
 * Happy path: the consent, its audit row and the moves of all jobs that wait are one commit; then the card asks for the next
 * thing, or the jobs go to their turn.
 * Failure modes: the requester may not any more (denied, nothing ran); the policy asks for something else now (what was given
 * is void, asked again); not theirs to give (refused, in the log); the commit fails (all as before, said so).
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "job/press.h"
#include "job/report.h"

/* ---- after the commit ------------------------------------------------------------------------ */

void press_unpark(struct request *request, bool looked)
{
	for (size_t i = 0; i < request->n_jobs; i++) {
		struct job *job = &request->jobs[i];

		if (job->parked) {
			job->parked = false;
			if (looked) {
				job_run(job);
			} else {
				job_run_later(job, "DigitalOcean could not be asked.");
			}
		}
	}
}

static void take_back(struct press *press)
{
	struct request *request = press->request;

	request->row.reason = press->reason_before;
	request->row.terms = press->terms_before;
	request->n_consents = press->consents_before;
}

static void go_on(struct press *press, struct commit *commit)
{
	struct request *request = press->request;

	if (job_state_final(commit->to)) {
		card_show(request);
	} else if (commit->to == JOB_READY) {
		timer_stop(&request->wait);
		timer_start(&request->tick, TICK_MS);
		card_show(request);
		for (size_t i = 0; i < request->n_jobs; i++) {
			if (request->jobs[i].row.state == JOB_READY &&
			    request->jobs[i].row.ready_ms == commit->at_ms) {
				job_go(&request->jobs[i]);
			}
		}
	} else { /* asked for more, or in line */
		bool announces = press->missing.kind != request->asking.kind || press->note != NULL;

		ask_set(request, &press->missing, press->note);
		ask_show(request, announces);
	}
}

/* Not canceled after all. */
static void thaw(struct request *request)
{
	for (size_t i = 0; i < request->n_jobs; i++) {
		struct job *job = &request->jobs[i];

		if (job->frozen) {
			job->frozen = false;
			job_run(job);
		}
	}
}

static void landed(struct commit *commit, const struct err *err)
{
	struct press *press = commit->press;
	struct request *request = commit->request;

	if (err != NULL) {
		jobs_not_moved(commit);
		thaw(request);
		take_back(press);
		press->message = NULL;
		if (err->kind != ERR_CONFLICT) {
			press_say(press, TONE_BAD, "Nothing changed: it could not be written down.",
				  err->msg);
		}
		press_unpark(request, false);
		if (press->what.act == JOB_ACT_NONE) {
			press_recheck_later(request);
		}
		press_end(press);
		return;
	}
	jobs_moved(commit);
	if (press->what.act != JOB_ACT_NONE && press_is_here(press)) {
		press->message = NULL; /* the card tells */
	}
	if (press->code_given) {
		engine_code_given(press->engine, request->row.person, commit->at_ms);
	}
	(void)snprintf(request->policy_checked, sizeof(request->policy_checked), "%s",
		       press->policy_id);
	go_on(press, commit);
	press_unpark(request, true);
	press_end(press);
}

void press_move(struct press *press, enum job_state to, int64_t deadline_ms, const char *outcome,
		struct store_txn *txn)
{
	struct commit *commit = commit_new(press->request, landed);

	commit->press = press;
	if (press->what.event_key != NULL) {
		store_txn_seen(txn, press->what.event_key, clock_wall_ms());
	}
	jobs_move(press->request, to, deadline_ms, outcome, txn, commit);
}

/* Nobody pressed: a restart, a policy that changed before a READY job's turn, or the head of the line. */
static void look_only(struct press *press, const struct gate_decision *decision,
		      struct store_txn *txn)
{
	struct request *request = press->request;
	struct consent_missing missing = request_missing(request, decision);

	(void)snprintf(request->policy_checked, sizeof(request->policy_checked), "%s",
		       press->policy_id);
	if (request_queued(request)) {
		if (missing.kind != DUTY_NONE) {
			press->note = "The policy or its tags changed meanwhile.";
		}
		press_proceed(press, decision, txn);
		return;
	}
	store_txn_drop(txn);
	if (!request_waits(request)) {
		press_unpark(request, true);
		press_end(press);
		return;
	}
	if (missing.kind == DUTY_NONE) {
		missing.kind = DUTY_CONFIRM; /* nothing runs by itself: is it still wanted? */
	}
	if (ask_state(missing.kind) != request_state(request)) {
		press_proceed(press, decision, store_txn_new(press->engine->options.store));
		return;
	}
	ask_set(request, &missing, NULL);
	ask_show(request, false);
	press_unpark(request, true);
	press_end(press);
}

static void voided(struct press *press, const struct gate_decision *decision, struct store_txn *txn)
{
	struct request *request = press->request;

	store_txn_void(txn, request->row.id);
	request->n_consents = 0;
	press->note = request_missing(request, decision).kind == DUTY_APPROVALS
			      ? "The policy changed: please approve again"
			      : "The policy changed: please confirm again";
	press_say(press, TONE_WARN, press->note, NULL);
	if (press->what.act != JOB_ACT_NONE) {
		press_audit(txn, press, false, "policy-changed");
	}
	press_proceed(press, decision, txn);
}

static void not_allowed(struct press *press, const char *why, struct store_txn *txn)
{
	if (!request_rests(press->request)) { /* each READY job is told by its own turn */
		store_txn_drop(txn);
		press_unpark(press->request, true);
		press_end(press);
		return;
	}
	press_say(press, TONE_BAD, why, NULL);
	press_move(press, JOB_DENIED, 0, why, txn);
}

static void reviewed(struct review *review, const struct err *err)
{
	struct press *press = review->data;
	struct request *request = press->request;
	const struct gate_decision *decision = &review->decision;
	struct gate_who who = request_who(request);
	char terms[CONSENT_DIGEST_SIZE];
	const char *why = NULL;
	struct store_txn *txn;

	if (err != NULL) {
		press_not_reviewed(press, err);
		return;
	}
	if (request->moving) { /* its time is just ending */
		timer_start(&press->begin, 20);
		return;
	}
	if (press->what.act != JOB_ACT_NONE && !request_waits(request)) {
		press_handle(press); /* it went on meanwhile: said there */
		return;
	}
	txn = store_txn_new(press->engine->options.store);
	(void)snprintf(press->policy_id, sizeof(press->policy_id), "%s",
		       gate_policy_id(press->engine->options.gate));
	if (!review_decide(review, txn, &why)) {
		not_allowed(press, why, txn);
		return;
	}
	consent_terms(press->engine->options.gate, &who, decision, terms);
	if (strcmp(terms, request->row.terms) != 0) {
		request->row.terms = arena_strdup(&request->arena, terms);
		if (request->n_consents > 0) {
			voided(press, decision, txn);
			return;
		}
	}
	if (press->what.act == JOB_ACT_NONE) {
		look_only(press, decision, txn);
	} else {
		press_give(press, decision, txn);
	}
}

/* ---- before the look ------------------------------------------------------------------------- */

const char *press_over_words(struct press *press)
{
	const struct request *request = press->request;
	const struct job *job = &request->jobs[0];

	if (job_state_final((enum job_state)job->row.state)) {
		return arena_printf(&press->arena, "It is over: %.*s",
				    (int)strcspn(job->outcome, "\n"), job->outcome);
	}
	return request_queued(request) ? "It has all that it needs, and waits in line."
				       : "It has all that it needs, and has begun.";
}

/* True when it is refused or answered without asking DigitalOcean. */
static bool is_settled(struct press *press)
{
	struct request *request = press->request;
	const struct job_press *what = &press->what;
	bool mine = press_is_mine(press);
	bool own_act = what->act == JOB_ACT_CONFIRM || what->act == JOB_ACT_CODE ||
		       what->act == JOB_ACT_REASON;

	if (what->seal != NULL && strncmp(what->seal, request->row.digest, 8) != 0) {
		press_refuse(press, "stale-press", "That button has expired. Nothing ran.", NULL);
	} else if (own_act && !mine) {
		press_refuse(
			press, "not-the-requester",
			arena_printf(&press->arena, "Only %s can do that.", press_who_asked(press)),
			"Nothing changed.");
	} else if ((what->act == JOB_ACT_CODE || what->act == JOB_ACT_REASON) &&
		   what->text == NULL && request_waits(request)) {
		press_refuse(press, "no-form", "The form could not be opened. Nothing changed.",
			     what->act == JOB_ACT_CODE ? "Send me your code in a direct message."
						       : "Answer with: because ...");
	} else if (what->act == JOB_ACT_APPROVE && mine) {
		press_refuse(press, "own-request", "You cannot approve what you asked for.",
			     "Somebody else has to.");
	} else if (what->act == JOB_ACT_CANCEL || (what->act == JOB_ACT_REFUSE && mine)) {
		press_cancel(press);
	} else if (!request_waits(request)) {
		press_refuse(press, "over", press_over_words(press), NULL);
	} else if (request_deadline_ms(request) <= clock_wall_ms()) {
		press_refuse(press, "expired", "Expired. Nothing ran.", NULL);
	} else {
		return false;
	}
	return true;
}

void press_handle(struct press *press)
{
	const struct request *request = press->request;

	press->reason_before = request->row.reason;
	press->terms_before = request->row.terms;
	press->consents_before = request->n_consents;
	if (request->moving) { /* its time is just ending */
		timer_start(&press->begin, 20);
		return;
	}
	if (press->what.act != JOB_ACT_NONE && is_settled(press)) {
		return;
	}
	review_free(press->review);
	press->review = review_start(press->request, reviewed, press);
	if (press->review == NULL) {
		press_not_reviewed(press, NULL);
	}
}
