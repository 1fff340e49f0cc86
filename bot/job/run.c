/* run.c - READY: a fresh look at the droplet, the gate once more, and only then the request
 *
 * Happy path: list (fresh), gate_decide, SUBMITTING on disk, the request leaves, WATCHING with its action on disk.
 *
 * What DigitalOcean's rate limit keeps back waits here, where it is written that nothing has left: a restart then sends it.
 *
 * Failure modes, by what is known: it did not leave, or was refused because the droplet is busy (READY, and again while
 * there is time); it was refused (FAILED, nothing ran); nobody knows (UNSURE, and look). The disk refuses SUBMITTING:
 * nothing leaves.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "job/internal.h"
#include "job/kinds.h"
#include "job/locks.h"

#define LIMIT_WORTH_MS 2000 /* less to wait than this needs no words */

static void expire(struct job *job, const char *why)
{
	job_say(job, "Nothing ran: %s waited too long.\n%s\nStill wanted?", job->row.droplet_name,
		why);
	(void)ask_again_button(job->request, job->request->row.queues);
	job_end(job, JOB_EXPIRED, NULL);
}

static const char *not_yet(const struct job *job)
{
	return job->row.step == 0 ? "Nothing has run yet, I try again."
				  : "The next step has not run yet.";
}

/* Waits for another try; when its time is over, says why nothing ran. */
static void try_later(struct job *job, const char *why)
{
	if (clock_mono_ms() >= job->until_ms ||
	    !job_wait(job, ocean_pace_poll_ms(job->tries++), job_run)) {
		expire(job, why);
		return;
	}
	job_say(job, "%s\n%s", not_yet(job), why);
	card_show(job->request);
}

void job_run_later(struct job *job, const char *why)
{
	try_later(job, why);
}

void job_go(struct job *job)
{
	job->until_ms = clock_mono_ms() + READY_MS;
	job->kept_since_ms = 0;
	job->tries = 0;
	job_run(job);
}

/* ---- after the request ------------------------------------------------------------------------ */

/* It is a fact, whether it is on disk or not: the first look at it does not wait for the commit. */
static void watching(struct job *job, const struct err *err)
{
	(void)err;
	card_show(job->request);
	request_settle(job->request); /* its end may be on disk by now */
}

static void unsure(struct job *job, const struct err *err)
{
	(void)err;
	card_show(job->request);
	job_look(job);
}

static void ready_again(struct job *job, const struct err *err)
{
	char why[240];
	(void)err;

	(void)strncpy(why,
		      strchr(job->outcome, '\n') != NULL ? strchr(job->outcome, '\n') + 1
							 : job->outcome,
		      sizeof(why) - 1);
	why[sizeof(why) - 1] = '\0';
	try_later(job, why);
}

/* It provably did not run: back to READY while there is time. */
static void back_to_ready(struct job *job, const char *why)
{
	job->row.sent_ms = 0;
	job->row.deadline_ms = clock_wall_ms() + (job->until_ms - clock_mono_ms());
	job_say(job, "%s\n%s", not_yet(job), why);
	job_move(job, JOB_READY, NULL, ready_again);
}

static void fail(struct job *job, const struct err *err)
{
	const struct step_ops *ops = step_ops(job_step(job));

	if (err->remote_status == 0) {
		job->row.sent_ms = 0; /* it never left */
	}
	if (ops->refused != NULL && ops->refused(job, err)) {
		return;
	}
	job_say(job, "Nothing ran: %s was not touched.\n%s", job->row.droplet_name, err->msg);
	job_end(job, JOB_FAILED, NULL);
}

/* 422: another event runs on it. Nothing ran, and it may pass. */
static void on_busy(struct job *job, const struct err *err)
{
	int64_t now_ms = clock_mono_ms();

	if (job->busy_since_ms == 0) {
		job->busy_since_ms = now_ms;
		job->tries = 0;
	}
	job->until_ms = job->busy_since_ms + BUSY_MS;
	if (now_ms >= job->until_ms) {
		job_say(job,
			"Nothing ran: %s was busy with another event for %lld s.\n%s\n"
			"Please ask again later.",
			job->row.droplet_name, (long long)(BUSY_MS / 1000), err->msg);
		job_end(job, JOB_FAILED, NULL);
		return;
	}
	back_to_ready(job, "The droplet is busy with another event; I wait for its end.");
}

static void on_unknown(struct job *job)
{
	job->row.deadline_ms = clock_wall_ms() + LOOK_MS;
	job_say(job, "%s", "");
	job_move(job, JOB_UNSURE, NULL, unsure);
}

static void on_error(struct job *job, const struct err *err)
{
	switch (err->kind) {
	case ERR_NETWORK:
	case ERR_CANCELED: /* the account was closed before it left */
		back_to_ready(job, err->msg);
		return;
	case ERR_LIMIT:
		/* 429 did not run; a reply that was too long to read did */
		if (err->remote_status == 429 || err->remote_status == 0) {
			back_to_ready(job, err->msg);
		} else {
			on_unknown(job);
		}
		return;
	case ERR_CONFLICT:
		on_busy(job, err);
		return;
	case ERR_REMOTE:
		if (err->remote_status >= 400 && err->remote_status < 500) {
			fail(job, err);
		} else {
			on_unknown(job);
		}
		return;
	case ERR_DENIED:
	case ERR_NOTFOUND:
	case ERR_USAGE:
	case ERR_CONFIG:
		fail(job, err);
		return;
	case ERR_NONE:
	case ERR_TIMEOUT:
	case ERR_UNKNOWN:
	case ERR_STORE:
		on_unknown(job);
		return;
	}
	on_unknown(job);
}

static void acted(struct job *job, const struct ocean_call *call, const struct err *err)
{
	struct job_engine *engine = job->request->engine;
	struct ocean_index *index = engine->options.index(job->row.account, engine->options.data);

	if (index != NULL) {
		ocean_index_spoil(index); /* whatever came back, the list may be old */
	}
	if (err != NULL) {
		on_error(job, err);
		return;
	}
	if (!step_ops(job_step(job))->taken(job, call)) {
		on_unknown(job);
		return;
	}
	job->row.deadline_ms = clock_wall_ms() + job_step(job)->deadline_ms;
	job_say(job, "%s", "");
	job_move(job, JOB_WATCHING, NULL, watching);
	job_watch(job);
}

/* ---- before it ------------------------------------------------------------------------------- */

static void submitted(struct job *job, const struct err *err)
{
	struct ocean_call call = {.droplet_id = job->row.droplet_id, .max_tier = job->max_tier};
	const struct gate *gate = job->request->engine->options.gate;

	card_show(job->request);
	if (err != NULL) {
		try_later(job,
			  err->msg); /* it is READY again: what is not written does not leave */
		return;
	}
	/* the disk took its time: what was decided before may not hold any more */
	if (strcmp(job->policy_id, gate_policy_id(gate)) != 0) {
		back_to_ready(job, "The policy was just changed: it is asked again.");
		return;
	}
	if (clock_wall_ms() - job->row.sent_ms > READY_MS) {
		back_to_ready(job, "Writing it down took too long.");
		return;
	}
	step_ops(job_step(job))->fill(job, &call);
	job_call(job, &call, acted);
}

static void submit(struct job *job, struct store_txn *txn)
{
	job->row.sent_ms = clock_wall_ms();
	job->row.action_id = 0;
	job->answered = OCEAN_IN_PROGRESS;
	job->row.deadline_ms = job->row.sent_ms + LOOK_MS;
	job_say(job, "%s", "");
	job_move(job, JOB_SUBMITTING, txn, submitted);
}

/* It is what was asked for: DigitalOcean would refuse, in words that say to switch it off first. An event under way may change it. */
static bool is_so_already(const struct job *job, const struct droplet *droplet)
{
	return job->request->plan->n_steps == 1 && step_is_so_already(job_step(job), droplet) &&
	       !droplet->locked;
}

/* The step at hand, if it is needed. */
static void begin_step(struct job *job, const struct droplet *droplet,
		       const struct ocean_snapshot *snapshot, struct store_txn *txn)
{
	const struct step_ops *ops = step_ops(job_step(job));
	const char *size = job->request->args.size;

	if (!job->request->plan->makes && *size != '\0' && job->row.step == 0 &&
	    !job->request->args.disk && droplet->size != NULL && strcmp(droplet->size, size) == 0) {
		job_say(job, "Nothing ran: %s is a %s already.", job->row.droplet_name, size);
		job_end(job, JOB_FAILED, txn);
	} else if (is_so_already(job, droplet)) {
		job_say(job, "Nothing ran: %s is %s already.", job->row.droplet_name,
			droplet->status == DROPLET_ACTIVE ? "on" : "off");
		job_end(job, JOB_FAILED, txn);
	} else if (ops->bars != NULL && ops->bars(job, snapshot, txn)) {
		return;
	} else if (job->request->plan->n_steps > 1 && steps_skip(job, droplet)) {
		steps_finish(job, txn);
	} else {
		steps_note_live(job, droplet);
		submit(job, txn);
	}
}

static void deny(struct job *job, const struct gate_decision *decision, struct store_txn *txn)
{
	if (decision->limit != NULL) {
		job_say(job, "Nothing ran: %s", decision->limit);
		job_end(job, JOB_DENIED, txn);
		return;
	}
	job_say(job,
		"Nothing ran: you may not %s %s any more.\n"
		"The policy or its tags changed since you asked.",
		job->request->plan->infinitive, job->row.droplet_name);
	job_end(job, JOB_DENIED, txn);
}

/*
 * Queued, approved or resumed, it may have been taken on before it was known on which droplet this program runs. Only the first
 * step is asked: a step that follows finishes what has begun, and may be what brings the droplet back.
 */
static bool could_strand(const struct job *job, uint64_t *ret_own, bool *ret_awaited)
{
	const struct job_options *options = &job->request->engine->options;

	if (!job->request->plan->strands || job->row.step > 0 || options->own_droplet == NULL) {
		return false;
	}
	*ret_own = options->own_droplet(ret_awaited, options->data);
	return true;
}

static bool own_awaited(const struct job *job)
{
	bool awaited = false;
	uint64_t own;

	return could_strand(job, &own, &awaited) && awaited;
}

static bool own_bars(struct job *job, struct store_txn *txn)
{
	bool awaited;
	uint64_t own;

	if (!could_strand(job, &own, &awaited) || own == 0 || own != job->row.droplet_id) {
		return false;
	}
	job_say(job,
		"Nothing ran: I run on %s.\n"
		"That stops me too, and nobody here could bring it back.\n"
		"Use DigitalOcean's control panel.",
		job->row.droplet_name);
	job_end(job, JOB_DENIED, txn);
	return true;
}

static void not_here(struct job *job, struct store_txn *txn)
{
	job_say(job, "Nothing ran: no droplet %s here.", job->row.droplet_name);
	job_end(job, JOB_DENIED, txn);
}

struct gate_who request_who(const struct request *request)
{
	const struct store_request *row = &request->row;

	return (struct gate_who){row->network,   row->user_workspace, row->user,
				 row->workspace, row->channel,        row->direct};
}

static void asked_again(struct job *job, const struct err *err)
{
	(void)err; /* what is not on disk is asked again after a restart all the same */
	ask_show(job->request, true);
}

/* Something is asked for that was not given, or does not count any more. */
static void ask_again(struct job *job, const struct gate_decision *decision,
		      const struct consent_missing *missing, struct store_txn *txn)
{
	job->row.deadline_ms = ask_deadline_ms(job->request, decision, missing->kind);
	job->row.ready_ms = 0;
	job_say(job, "%s", "");
	ask_set(job->request, missing, "The policy or its tags changed meanwhile.");
	job_move(job, ask_state(missing->kind), txn, asked_again);
}

static void decided(struct job *job, const struct droplet *droplet,
		    const struct ocean_snapshot *snapshot, const struct gate_decision *decision,
		    struct store_txn *txn, struct arena *arena)
{
	const struct store_lock *lock = job_lock_of(job->request->engine, droplet);
	struct consent_missing missing = request_missing(job->request, decision);

	if (decision->verdict != ALLOW) {
		deny(job, decision, txn);
	} else if (lock_bars(lock, job->request->row.person)) {
		job_say(job, "%s", lock_denial(job->request, lock, arena));
		job_end(job, JOB_DENIED, txn);
	} else if (missing.kind == DUTY_NONE && own_bars(job, txn)) {
		return;
	} else if (missing.kind == DUTY_NONE) {
		begin_step(job, droplet, snapshot, txn);
	} else if (job->row.step > 0) { /* half done it does not give its droplet to others */
		job_say(job,
			"Nothing ran: the policy asks for more now.\nIt changed since you asked.");
		job_end(job, JOB_DENIED, txn);
	} else {
		ask_again(job, decision, &missing, txn);
	}
}

const struct droplet *job_subject(const struct job *job, const struct ocean_snapshot *snapshot,
				  struct arena *arena)
{
	const struct request *request = job->request;
	const struct droplet *droplet;
	struct droplet *gone;

	if (request->plan->makes) {
		return request->args_known ? job_args_future(&request->args, job->row.account,
							     job->row.droplet_name, arena)
					   : NULL;
	}
	droplet = ocean_snapshot_by_id(snapshot, job->row.droplet_id);
	if (droplet != NULL || !request->plan->saved) {
		return droplet;
	}
	gone = arena_alloc(arena, sizeof(*gone));
	*gone = (struct droplet){.id = job->row.droplet_id,
				 .account = job->row.account,
				 .known = DROPLET_KNOWS_ACCOUNT};
	return gone;
}

static void ask_gate(struct job *job, const struct ocean_snapshot *snapshot)
{
	struct job_engine *engine = job->request->engine;
	const struct store_request *row = &job->request->row;
	struct gate_who who = request_who(job->request);
	struct store_txn *txn = store_txn_new(engine->options.store);
	const struct droplet *droplet;
	struct gate_decision decision;
	struct arena arena;

	arena_init(&arena);
	droplet = job_subject(job, snapshot, &arena);
	if (droplet == NULL) {
		not_here(job, txn);
		arena_done(&arena);
		return;
	}
	decision.verdict = ALLOW;
	if (!job->request->plan->makes) { /* what is not there yet, nobody can see */
		gate_decide(engine->options.gate, &who, VERB_DROPLET_SHOW, &droplet, 1, row->id,
			    NULL, &arena, &decision);
	}
	if (decision.verdict !=
	    ALLOW) { /* to this person it is not there: decided again, for the log */
		gate_decide(engine->options.gate, &who, VERB_DROPLET_SHOW, &droplet, 1, row->id,
			    txn, &arena, &decision);
		not_here(job, txn);
		arena_done(&arena);
		return;
	}
	gate_decide_cost(engine->options.gate, &who, job->request->plan->verb,
			 job_args_droplets(&job->request->args, &droplet, 1, &arena), 1,
			 job_args_cost(&job->request->args), row->id, txn, &arena, &decision);
	job->max_tier = decision.max_tier;
	(void)snprintf(job->policy_id, sizeof(job->policy_id), "%s", decision.policy_id);
	decided(job, droplet, snapshot, &decision, txn, &arena);
	arena_done(&arena);
}

static void on_list(struct ocean_want *want, struct ocean_snapshot *snapshot, const struct err *err)
{
	struct job *job = want->data;

	job->wanting = false;
	if (err != NULL) {
		try_later(job, err->msg);
		return;
	}
	if (job->request->n_consents > 0 &&
	    strcmp(job->request->policy_checked,
		   gate_policy_id(job->request->engine->options.gate)) != 0) {
		/* what was given was given under another policy: does all of it still stand? */
		ocean_snapshot_unref(snapshot);
		job->parked = true;
		press_recheck(job->request);
		return;
	}
	locks_check(job->request->engine, job->row.account, snapshot);
	ask_gate(job, snapshot);
	ocean_snapshot_unref(snapshot);
}

/* It waits for DigitalOcean's rate limit; or it has ended, because that takes too long. */
static bool kept_back(struct job *job)
{
	const struct job_options *options = &job->request->engine->options;
	const struct ocean *ocean = options->ocean(job->row.account, options->data);
	enum tier tier = verb_info(job->request->plan->verb)->tier;
	int64_t wait_ms = ocean != NULL ? ocean_wait_ms(ocean, tier, false) : 0;

	if (wait_ms <= 0) {
		return false;
	}
	if (job->kept_since_ms == 0) {
		job->kept_since_ms = clock_mono_ms();
		job->until_ms = job->kept_since_ms + LIMIT_MS;
	}
	if (!job_wait(job, wait_ms, job_run)) {
		expire(job, "DigitalOcean's rate limit kept it back.");
	} else if (wait_ms >= LIMIT_WORTH_MS) {
		job_say(job, "%s\nDigitalOcean's rate limit holds it for %lld s.", not_yet(job),
			(long long)((wait_ms + 999) / 1000));
		card_show(job->request);
	}
	return true;
}

void job_run(struct job *job)
{
	struct job_engine *engine = job->request->engine;
	struct ocean_index *index = engine->options.index(job->row.account, engine->options.data);

	if (index == NULL || job_step(job) == NULL || !job->request->args_known) {
		expire(job, index == NULL ? "Its account is not set up any more."
					  : "This version cannot do it.");
		return;
	}
	if (clock_mono_ms() > job->until_ms) {
		expire(job, "I could not begin in time.");
		return;
	}
	if (own_awaited(job)) {
		try_later(job, "I do not know yet on which droplet I run.");
		return;
	}
	if (kept_back(job)) {
		return;
	}
	if (step_ops(job_step(job))->prepare != NULL) {
		step_ops(job_step(job))->prepare(job);
	} else {
		job_run_prepared(job);
	}
}

void job_run_prepared(struct job *job)
{
	struct job_engine *engine = job->request->engine;
	struct ocean_index *index = engine->options.index(job->row.account, engine->options.data);
	struct gate_who who = request_who(job->request);

	if (index == NULL) { /* taken out of the policy meanwhile */
		expire(job, "Its account is not set up any more.");
		return;
	}
	job->fresh.want.max_age_ms = 0;
	job->fresh.want.max_tier = TIER_READ;
	job->fresh.want.interactive = false;
	job->fresh.want.done = on_list;
	job->fresh.want.data = job;
	job->wanting = true;
	fresh_start(&job->fresh, &engine->options, index, &who);
}
