/* press_give.c - the acts themselves: a confirmation, a code, a reason, an approval, a no; and what follows from them
 *
 * Each adds its row and its audit row to the transaction, and all jobs that wait move with it. What is not theirs to give is
 * refused, and that stands in the log.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "job/locks.h"
#include "job/press.h"

const char *press_who_asked(const struct press *press)
{
	const struct store_request *row = &press->request->row;
	const struct gate *gate = press->engine->options.gate;

	return gate_shows(gate, &press->what.who, "who") && row->person[0] != '\0'
		       ? row->person
		       : "the one who asked";
}

static const char *what_of(struct press *press)
{
	const struct request *request = press->request;

	if (request->n_jobs == 1) {
		return arena_printf(&press->arena, "%s of %s", report_noun(request->plan),
				    request->jobs[0].row.droplet_name);
	}
	return arena_printf(&press->arena, "%s of %zu droplets", report_noun(request->plan),
			    request->n_jobs);
}

/* ---- what it changes ------------------------------------------------------------------------- */

/* The duty lives in the policy, which may be another one by the time it is asked for. */
static void keep_missing(struct press *press, const struct consent_missing *missing)
{
	struct duty *duty;

	press->missing = *missing;
	if (missing->duty != NULL) {
		duty = arena_alloc(&press->arena, sizeof(*duty));
		*duty = *missing->duty;
		duty->rule = arena_strdup(&press->arena, duty->rule);
		duty->group = arena_strdup(&press->arena, duty->group);
		press->missing.duty = duty;
	}
}

static const struct store_lock *locked(const struct request *request)
{
	for (size_t i = 0; i < request->n_jobs; i++) {
		const struct store_job *row = &request->jobs[i].row;
		const struct store_lock *lock =
			lock_find(request->engine, row->account, row->droplet_id);

		if (job_rests(&request->jobs[i]) && lock_bars(lock, request->row.person)) {
			return lock;
		}
	}
	return NULL;
}

/* Another one has a droplet of it: it waits in line, if that was wanted. */
static void get_in_line(struct press *press, const struct queue_place *place, struct store_txn *txn)
{
	struct request *request = press->request;
	const char *name = place->behind->row.droplet_name;

	if (request_queued(request)) { /* it is in line already */
		store_txn_drop(txn);
		press_end(press);
	} else if (!request->row.queues) {
		(void)ask_again_button(request, true);
		request->again_queues = true;
		press_move(press, JOB_CANCELED, 0,
			   arena_printf(
				   &press->arena, "Nothing ran: %s is taken.\n%s of it %s already.",
				   name, report_noun(place->behind->request->plan),
				   place->behind->row.state == JOB_QUEUED ? "waits" : "is running"),
			   txn);
	} else if (place->full != NULL) {
		press_move(
			press, JOB_CANCELED, 0,
			arena_printf(&press->arena,
				     "Nothing ran: too many wait for\n%s. Please ask again later.",
				     place->full->row.droplet_name),
			txn);
	} else {
		press_move(press, JOB_QUEUED, clock_wall_ms() + QUEUE_MS, NULL, txn);
	}
}

/* All was given: to its turn, where nobody is in the way of any of it. */
static void go_ahead(struct press *press, int64_t deadline_ms, struct store_txn *txn)
{
	struct request *request = press->request;
	struct queue_place place = queue_place(request);
	const struct store_lock *lock = locked(request);

	if (lock != NULL) {
		press_move(press, JOB_DENIED, 0, lock_denial(request, lock, &press->arena), txn);
	} else if (place.behind != NULL) {
		get_in_line(press, &place, txn);
	} else if (request_queued(request) && request_deadline_ms(request) <= clock_wall_ms()) {
		store_txn_drop(txn); /* too late: its end is on its way */
		press_end(press);
	} else {
		press_move(press, JOB_READY, deadline_ms, NULL, txn);
	}
}

/* All that was asked for has been given, or the next thing is asked. */
void press_proceed(struct press *press, const struct gate_decision *decision, struct store_txn *txn)
{
	struct request *request = press->request;
	struct consent_missing missing = request_missing(request, decision);
	bool nobody = press->what.act == JOB_ACT_NONE && !request_queued(request);

	if (missing.kind == DUTY_NONE && (nobody || press->note != NULL)) {
		missing.kind =
			DUTY_CONFIRM; /* nobody said so under this policy: is it still wanted? */
	}
	keep_missing(press, &missing);
	if (missing.kind == DUTY_NONE) {
		go_ahead(press, ask_deadline_ms(request, decision, missing.kind), txn);
	} else if (nobody && press->note == NULL && request_waits(request)) {
		/* nobody did anything: the time goes on */
		press_move(press, ask_state(missing.kind), request_deadline_ms(request), NULL, txn);
	} else {
		press_move(press, ask_state(missing.kind),
			   ask_deadline_ms(request, decision, missing.kind), NULL, txn);
	}
}

static void add_consent(struct press *press, enum consent_kind kind, struct store_txn *txn)
{
	struct request *request = press->request;
	const struct gate_who *who = &press->what.who;
	struct store_consent consent = {
		.request = request->row.id,
		.kind = (int)kind,
		.person = press->person,
		.network = who->network,
		.user_workspace = who->user_workspace,
		.user = who->user,
		.digest = request->row.digest,
		.policy_id = press->policy_id,
		.at_ms = clock_wall_ms(),
	};

	store_txn_consent(txn, &consent);
	ask_add(request, &consent);
	press_audit(txn, press, true, NULL);
}

/* ---- refusals, after the look ---------------------------------------------------------------- */

void press_deny(struct press *press, struct store_txn *txn, const char *why, const char *first,
		const char *second)
{
	press_say(press, TONE_BAD, first, second);
	press_note(press, txn, why);
}

static const char *still_asked(const struct press *press, enum duty_kind kind)
{
	(void)press;
	switch (kind) {
	case DUTY_REASON:
		return "It still needs a reason: because ...";
	case DUTY_CODE:
		return "It needs a code: send it to me directly.";
	case DUTY_CONFIRM:
		return "It still needs a confirmation.";
	case DUTY_APPROVALS:
		return "It waits for an approval by somebody else.";
	case DUTY_NONE:
		break;
	}
	return "It has all that it needs.";
}

static void not_now(struct press *press, struct store_txn *txn, enum duty_kind kind)
{
	press_deny(press, txn, "not-asked-for", still_asked(press, kind), NULL);
}

/* ---- the acts -------------------------------------------------------------------------------- */

static void act_confirm(struct press *press, const struct gate_decision *decision,
			enum duty_kind missing, struct store_txn *txn)
{
	if (missing != DUTY_CONFIRM && missing != DUTY_NONE) {
		not_now(press, txn, missing);
		return;
	}
	add_consent(press, CONSENT_CONFIRM, txn);
	press_say(press, TONE_GOOD, arena_printf(&press->arena, "Confirmed: %s.", what_of(press)),
		  NULL);
	press_proceed(press, decision, txn);
}

static void act_code(struct press *press, const struct gate_decision *decision,
		     enum duty_kind missing, struct store_txn *txn)
{
	struct job_code code;

	if (missing != DUTY_CODE && missing != DUTY_CONFIRM) {
		not_now(press, txn, missing);
		return;
	}
	job_try_code(press->engine, press->person, press->what.text, txn, &press->arena, &code);
	if (!code.right) {
		press_deny(press, txn, code.why, code.words,
			   code.more != NULL ? code.more : "Nothing ran.");
		return;
	}
	press->code_given = true;
	add_consent(press, CONSENT_CODE, txn);
	press_say(press, TONE_GOOD, arena_printf(&press->arena, "Confirmed: %s.", what_of(press)),
		  NULL);
	press_proceed(press, decision, txn);
}

static void act_reason(struct press *press, const struct gate_decision *decision,
		       enum duty_kind missing, struct store_txn *txn)
{
	if (missing != DUTY_REASON || press->what.text == NULL || *press->what.text == '\0') {
		not_now(press, txn, missing);
		return;
	}
	press->request->row.reason = arena_strdup(&press->request->arena, press->what.text);
	press_audit(txn, press, true, NULL);
	press_say(press, TONE_GOOD, "Thank you.", NULL);
	press_proceed(press, decision, txn);
}

/* Of any of the lines that ask for approvals; when it is by a turn that they took alone, the log says so. */
static bool is_approver(struct press *press, const struct gate_decision *decision)
{
	const struct gate *gate = press->engine->options.gate;
	bool is = false;

	press->because = NULL;
	for (size_t i = 0; i < decision->n_duties; i++) {
		const struct duty *duty = &decision->duties[i];
		const char *const *taken;
		size_t n;

		if (duty->kind != DUTY_APPROVALS ||
		    !gate_member(gate, press->person, duty->group)) {
			continue;
		}
		is = true;
		taken = gate_taken_names(gate, press->person, duty->group, &press->arena, &n);
		press->because = n > 0 ? taken[0] : NULL;
		if (n == 0) {
			break;
		}
	}
	return is;
}

static bool has_approved(const struct press *press)
{
	const struct request *request = press->request;

	for (size_t i = 0; i < request->n_consents; i++) {
		if (request->consents[i].kind == CONSENT_APPROVE &&
		    strcmp(request->consents[i].person, press->person) == 0) {
			return true;
		}
	}
	return false;
}

static bool may_answer(struct press *press, const struct gate_decision *decision,
		       enum duty_kind missing, struct store_txn *txn)
{
	if (!is_approver(press, decision)) {
		press_deny(press, txn, "not-an-approver",
			   "You cannot approve this. Nothing changed.", NULL);
		return false;
	}
	if (missing != DUTY_APPROVALS) {
		not_now(press, txn, missing);
		return false;
	}
	return true;
}

static void act_approve(struct press *press, const struct gate_decision *decision,
			enum duty_kind missing, struct store_txn *txn)
{
	if (!may_answer(press, decision, missing, txn)) {
		return;
	}
	if (has_approved(press)) {
		press_deny(press, txn, "approved-already", "You have approved it already.",
			   "It waits for somebody else.");
		return;
	}
	add_consent(press, CONSENT_APPROVE, txn);
	press_say(press, TONE_GOOD,
		  arena_printf(&press->arena, "Approved: %s, for %s.", what_of(press),
			       press_who_asked(press)),
		  NULL);
	press_proceed(press, decision, txn);
}

/* "Ana", for the start of a sentence; nobody's name where the card's channel shows none. */
static const char *by_whom(struct press *press)
{
	struct gate_who who = request_who(press->request);
	char *name;

	if (!gate_shows(press->engine->options.gate, &who, "who")) {
		return "Somebody";
	}
	name = arena_strdup(&press->arena, press->person);
	if (name[0] >= 'a' && name[0] <= 'z') {
		name[0] = (char)(name[0] - 'a' + 'A');
	}
	return name;
}

static void act_refuse(struct press *press, const struct gate_decision *decision,
		       enum duty_kind missing, struct store_txn *txn)
{
	if (!may_answer(press, decision, missing, txn)) {
		return;
	}
	press_audit(txn, press, true, NULL);
	press_say(press, TONE_PLAIN, arena_printf(&press->arena, "Denied: %s.", what_of(press)),
		  "Nothing ran.");
	press_move(press, JOB_CANCELED, 0,
		   arena_printf(&press->arena, "%s said no. Nothing ran.", by_whom(press)), txn);
}

void press_give(struct press *press, const struct gate_decision *decision, struct store_txn *txn)
{
	enum duty_kind missing = request_missing(press->request, decision).kind;

	switch (press->what.act) {
	case JOB_ACT_CONFIRM:
		act_confirm(press, decision, missing, txn);
		return;
	case JOB_ACT_CODE:
		act_code(press, decision, missing, txn);
		return;
	case JOB_ACT_REASON:
		act_reason(press, decision, missing, txn);
		return;
	case JOB_ACT_APPROVE:
		act_approve(press, decision, missing, txn);
		return;
	case JOB_ACT_REFUSE:
		act_refuse(press, decision, missing, txn);
		return;
	case JOB_ACT_NONE:
	case JOB_ACT_CANCEL:
	case JOB_ACT_COUNT:
		break;
	}
	press_deny(press, txn, "no-such-act", "That button has expired. Nothing ran.", NULL);
}
