/* answer.c - the list of droplets has come: targets, the gate's decision, and the answer or the jobs
 *
 * Happy path: resolve among what the asker may see, ask the gate for all targets together, then answer (a read) or hand the
 * decided request to the jobs (a change). A denial and what cannot be resolved are said to the asker alone.
 */
#include <string.h>

#include "app/audit_ask.h"
#include "app/create.h"
#include "app/unsave.h"
#include "audit/audit.h"
#include "base/clock.h"
#include "base/log.h"
#include "metrics/metrics.h"

static void started(void *data, const struct err *err)
{
	(void)data;
	if (err != NULL && err->kind == ERR_CONFLICT) {
		metrics_add(METRIC_EVENTS_REPEATED, 1);
	}
}

static void start_job(struct turn *turn, const struct gate_decision *decision,
		      const struct gate_targets *targets, struct store_txn *txn)
{
	struct job_ask ask = {
		.event_key = turn->key,
		.who = turn->who,
		.person = turn->person,
		.thread = turn->place.thread,
		.answers = turn->message,
		.words = turn->parse.row->phrases[0],
		.args = &turn->parse.args,
		.reason = turn->parse.reason,
		.queues = turn->parse.queues,
		.plan = turn->parse.row->plan,
		.decision = decision,
		.droplets = targets->droplets,
		.n_droplets = targets->n,
		.beside = beside_of(turn, targets),
		.txn = txn,
	};

	job_args_fill(&turn->parse.args, turn->parse.row->plan->verb, targets->droplets[0],
		      clock_wall_ms());
	store_txn_seen(txn, turn->key, clock_wall_ms());
	inbox_leave(turn, txn);
	job_start(turn->app->engine, &ask, started, NULL);
}

/* As this channel may see them. */
static const struct droplet *const *redacted(struct turn *turn,
					     const struct droplet *const *droplets, size_t n)
{
	const struct droplet **shown = arena_array(&turn->arena, n + 1, sizeof(*shown));

	for (size_t i = 0; i < n; i++) {
		shown[i] = gate_redact(turn->app->gate, &turn->who, droplets[i], &turn->arena);
	}
	return shown;
}

const char *const *turn_locks(struct turn *turn, const struct droplet *const *droplets, size_t n)
{
	const char **words = arena_array(&turn->arena, n + 1, sizeof(*words));

	for (size_t i = 0; i < n; i++) {
		words[i] = job_lock_words(turn->app->engine, droplets[i], &turn->who, &turn->arena);
	}
	return words;
}

static const char *say_button(const char *text, void *data)
{
	return buttons_add(((struct app *)data)->buttons, text);
}

struct command_call turn_call(struct turn *turn)
{
	return (struct command_call){
		.row = turn->parse.row,
		.words = turn->parse.words,
		.n_words = turn->parse.n_words,
		.args = &turn->parse.args,
		.gate = turn->app->gate,
		.who = &turn->who,
		.arena = &turn->arena,
		.say_button = say_button,
		.say_data = turn->app,
	};
}

void turn_answer(struct turn *turn, const struct droplet *const *droplets, size_t n)
{
	struct app *app = turn->app;
	struct command_call call = turn_call(turn);
	struct build build;

	call.droplets = redacted(turn, droplets, n);
	call.whole = droplets;
	call.n_droplets = n;
	call.locks = turn_locks(turn, droplets, n);
	call.n_visible = n;
	build_init(&build, &turn->arena, TONE_PLAIN);
	call.row->answer(&call, &build);
	turn_say(turn, gate_reads_privately(app->gate, &turn->who), build_end(&build));
}

/* True when the turn goes on and ends by itself. */
static bool on_list(struct turn *turn, const struct ocean_snapshot *snapshot)
{
	struct app *app = turn->app;
	struct store_txn *txn = store_txn_new(app->store);
	struct gate_decision decision;
	bool goes_on = false;
	size_t n;
	enum verb verb = turn->parse.row->verb;
	/* what is about no droplet may still speak of those that they see */
	bool about = verb_info(verb)->about_droplet;
	const struct droplet **seen =
		gate_filter(app->gate, &turn->who, about ? verb : VERB_DROPLET_SHOW, snapshot,
			    &turn->arena, &n);

	gate_decide(app->gate, &turn->who, verb, seen, about ? n : 0, NULL, txn, &turn->arena,
		    &decision);
	if (!about && decision.verdict != ALLOW) {
		turn_say(turn, true,
			 words_denied(&turn->arena, turn->parse.row, &decision, NULL, 0));
	} else if (decision.verdict == ALLOW && decision.n_duties > 0) {
		turn_say(turn, true, words_steps(&turn->arena, &decision));
	} else if (fetch_wants(turn, NULL, 0)) {
		goes_on = fetch_start(turn, NULL, NULL, 0);
	} else {
		turn_answer(turn, seen, n);
	}
	store_note(txn, turn_audited, NULL);
	return goes_on;
}

const char *turn_said_again(struct turn *turn)
{
	const char *said = turn->parse.row->phrases[0];

	for (size_t i = 0; i < turn->parse.n_words; i++) {
		said = arena_printf(&turn->arena, "%s %s", said, turn->parse.words[i]);
	}
	said = arena_printf(&turn->arena, "%s%s", said,
			    job_args_words(&turn->parse.args, &turn->arena));
	if (turn->parse.queues) {
		said = arena_printf(&turn->arena, "%s queue", said);
	}
	if (turn->parse.reason != NULL) {
		said = arena_printf(&turn->arena, "%s because %s", said, turn->parse.reason);
	}
	return said;
}

const char *turn_said_with(struct turn *turn, enum job_arg arg, const char *word)
{
	struct job_args as_said = turn->parse.args;
	struct err err = {0};
	const char *said = NULL;

	if (job_arg_set(&turn->parse.args, arg, word, &err) == 0) {
		said = turn_said_again(turn);
	}
	turn->parse.args = as_said;
	return said;
}

/* How long ago it was said, by the network's word and our own waiting since. */
int64_t turn_said_ago_ms(const struct turn *turn)
{
	return turn->age_ms + clock_mono_ms() - turn->began_ms;
}

static void known(struct turn *turn);

/* The targets are known, and all else that a decision needs. True when the turn goes on and ends by itself. */
static bool decide(struct turn *turn)
{
	struct app *app = turn->app;
	const struct command *row = turn->parse.row;
	const struct gate_targets *targets = &turn->targets;
	struct gate_decision decision;
	struct store_txn *txn = store_txn_new(app->store);

	gate_decide_cost(
		app->gate, &turn->who, row->verb,
		job_args_droplets(&turn->parse.args, targets->droplets, targets->n, &turn->arena),
		targets->n, facts_cost(turn), NULL, txn, &turn->arena, &decision);
	if (decision.verdict == ALLOW && decision.n_duties > 0 && row->plan == NULL) {
		turn_say(turn, true, words_steps(&turn->arena, &decision));
		store_commit(txn, turn_audited, NULL);
	} else if (decision.verdict != ALLOW) {
		turn_denied(turn, &decision, txn);
		turn_say(turn, true,
			 words_denied(&turn->arena, row, &decision,
				      redacted(turn, targets->droplets, targets->n), targets->n));
	} else if (row->plan != NULL &&
		   turn_said_ago_ms(turn) > TURN_STALE_MS) { /* the list took so long */
		turn_say(turn, true,
			 words_stale(&turn->arena, app->buttons, &turn->who, turn_said_again(turn),
				     turn_said_ago_ms(turn)));
		store_commit(txn, turn_audited, NULL);
	} else if (row->plan != NULL && self_is_awaited(turn, known)) {
		store_txn_drop(txn); /* decided again then */
		return true;
	} else if (row->plan != NULL && (self_refuses(turn, targets, &decision, txn) ||
					 facts_refuse(turn, &decision, txn))) {
		store_commit(txn, turn_audited, NULL);
	} else if (row->plan != NULL && beside_is_due(turn, targets)) {
		store_txn_drop(txn); /* decided again once that is known, and written then */
		return beside_start(turn, targets->droplets,
				    redacted(turn, targets->droplets, targets->n), targets->n);
	} else if (row->plan != NULL) {
		self_announce(turn, targets);
		start_job(turn, &decision, targets, txn);
	} else if (own_is_lock(row)) {
		inbox_leave(turn, txn);
		own_lock(turn, targets, txn);
		return true;
	} else if (fetch_wants(turn, targets->droplets, targets->n)) {
		store_note(txn, turn_audited, NULL);
		return fetch_start(turn, targets->droplets,
				   redacted(turn, targets->droplets, targets->n), targets->n);
	} else {
		turn_answer(turn, targets->droplets, targets->n);
		store_note(txn, turn_audited, NULL);
	}
	return false;
}

static void known(struct turn *turn)
{
	if (!decide(turn)) {
		turn_end(turn);
	}
}

/* True when the turn goes on and ends by itself. */
static bool on_targets(struct turn *turn, const struct ocean_snapshot *snapshot)
{
	struct app *app = turn->app;
	const struct command *row = turn->parse.row;
	struct gate_targets *targets = &turn->targets;
	struct err err = {0};

	if (gate_resolve(app->gate, &turn->who, turn->parse.words, turn->parse.n_words, snapshot,
			 &turn->arena, targets, &err) < 0) {
		/* chatter such as "start the meeting" names nothing that is here, or like it; a tag is no talk */
		bool selector = turn->parse.n_words > 0 &&
				strncasecmp(turn->parse.words[0], "tag:", 4) == 0;

		/* and "metrics web-1 foo" is none either: the first is here */
		bool begun = targets->n_good > 0 && turn->parse.n_words == 2 && row->plan == NULL;

		if (turn->addressed || targets->n_hints > 0 || selector || begun) {
			turn_note(turn, "decision", verb_info(row->verb)->name,
				  err.kind == ERR_NOTFOUND ? "no-such-droplet" : "not-clear");
			turn_say(turn, true,
				 words_unresolved(&turn->arena, app->buttons, &turn->parse, targets,
						  redacted(turn, targets->hints, targets->n_hints),
						  &err));
		}
		return false;
	}
	if (row->one && targets->n > 1) { /* a tag that several have */
		turn_note(turn, "decision", verb_info(row->verb)->name, "not-clear");
		turn_say(turn, true, words_only_one(&turn->arena, row, targets->n));
		return false;
	}
	return facts_start(turn, known) || decide(turn);
}

/* Which one it is, or that nobody can tell. */
static void snapshot_known(struct turn *turn)
{
	if (!unsave_targets(turn) || !decide(turn)) {
		turn_end(turn);
	}
}

/* The same for what is to be made. */
static bool on_new(struct turn *turn)
{
	return create_targets(turn) && (facts_start(turn, known) || decide(turn));
}

void turn_targets_again(struct turn *turn)
{
	if (!on_targets(turn, turn->snapshot)) {
		turn_end(turn);
	}
}

bool turn_has_its_ids(struct account_want *want, const struct ocean_snapshot *snapshot)
{
	struct turn *turn = want->data;
	struct gate_targets targets;
	struct err err = {0};

	for (size_t i = 0; i < turn->parse.n_words; i++) {
		if (turn->parse.words[i][0] !=
		    '#') { /* a name, a tag, or a number that may be a name */
			return false;
		}
	}
	/* one that is hidden from them is none: they get the words that they get for an id that no account has */
	return turn->parse.n_words > 0 &&
	       gate_resolve(turn->app->gate, &turn->who, turn->parse.words, turn->parse.n_words,
			    snapshot, &turn->arena, &targets, &err) == 0;
}

void turn_droplets(struct account_want *want, struct ocean_snapshot *snapshot,
		   const struct err *err)
{
	struct turn *turn = want->data;
	const struct command *row = turn->parse.row;

	bool goes_on = false;

	turn->waiting = false;
	turn->snapshot = snapshot;
	if (row->own == OWN_PENDING) {
		own_pending(turn, snapshot);
	} else if (err != NULL) {
		log_line(LOG_WARN, "ocean.list", "why", err->msg, NULL);
		turn_say(turn, true,
			 words_failed(&turn->arena, row->plan != NULL, turn->person != NULL, err,
				      row->takes == TAKES_TARGETS && turn->app->n_accounts > 1));
	} else if (row->own == OWN_AUDIT) {
		goes_on = audit_ask_run(turn, snapshot);
	} else if (row->takes == TAKES_NEW) {
		goes_on = on_new(turn);
	} else if (row->takes == TAKES_SAVED) {
		goes_on = facts_start(turn, snapshot_known);
	} else if (row->takes == TAKES_TARGETS) {
		goes_on = on_targets(turn, snapshot);
	} else {
		goes_on = on_list(turn, snapshot);
	}
	if (!goes_on) {
		turn_end(turn);
	}
}
