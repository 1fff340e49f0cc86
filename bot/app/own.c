/* own.c - what people do about requests that wait: typed or pressed, carried out by the jobs, answered when it is on disk
 *
 * Happy path: the act goes to job_press; its card tells what comes of it, and what is for the presser alone is said here.
 * Failure modes: a stranger (silence, and a row in the log). The program ends meanwhile: the card tells after the restart.
 */
#include "app/takes.h"

#define PENDING_TURNS_MAX \
	100 /* commands under way; beyond it nobody waits for a list to see what others do */

static enum job_act act_of(enum command_own own)
{
	switch (own) {
	case OWN_CONFIRM:
		return JOB_ACT_CONFIRM;
	case OWN_APPROVE:
		return JOB_ACT_APPROVE;
	case OWN_REFUSE:
		return JOB_ACT_REFUSE;
	case OWN_CANCEL:
		return JOB_ACT_CANCEL;
	case OWN_CODE:
		return JOB_ACT_CODE;
	case OWN_REASON:
		return JOB_ACT_REASON;
	case OWN_NONE:
	case OWN_PENDING:
	case OWN_LOCK:
	case OWN_UNLOCK:
	case OWN_STEAL:
	case OWN_AUDIT:
	case OWN_TAKE:
	case OWN_RETURN:
	case OWN_RELOAD:
		break;
	}
	return JOB_ACT_NONE;
}

bool own_is_act(const struct command *row)
{
	return act_of(row->own) != JOB_ACT_NONE || row->own == OWN_PENDING;
}

static void answered(void *data, const struct message *message)
{
	struct turn *turn = data;

	if (message != NULL) {
		turn_say(turn, true, message);
	}
	turn_end(turn);
}

static void press_now(struct turn *turn)
{
	job_press(turn->app->engine, turn->press, answered, turn);
}

/* Rights that hang on a group of the network are looked at anew, so the network is asked first. */
void own_press(struct turn *turn, const struct job_press *press)
{
	struct arena *arena = &turn->arena;

	turn->press = arena_alloc(arena, sizeof(*turn->press));
	*turn->press = *press;
	turn->press->request = arena_strdup(arena, press->request);
	turn->press->seal = arena_strdup(arena, press->seal);
	turn->press->text = arena_strdup(arena, press->text);
	turn->press->event_key = turn->key;
	turn->press->who = turn->who;
	turn->press->person = turn->person;
	turn->press->thread = turn->place.thread;
	turn->press->message = turn->message;
	turn_ask_groups(turn, true, press_now);
}

/* "123 456" is two words to the grammar, and one code. */
static const char *joined(struct turn *turn)
{
	const char *text = "";

	for (size_t i = 0; i < turn->parse.n_words; i++) {
		text = arena_printf(&turn->arena, "%s%s", text, turn->parse.words[i]);
	}
	return text;
}

bool own_is_meant(const struct turn *turn)
{
	const struct command_parse *parse = &turn->parse;
	enum job_act act = act_of(parse->row->own);

	if (act == JOB_ACT_NONE) {
		return parse->n_words == 0;
	}
	if (act != JOB_ACT_REASON && parse->n_words > 1) {
		return false;
	}
	/* a code that others can read is burnt, whatever it was meant for */
	return act == JOB_ACT_CODE ? parse->n_words > 0 && codes_like(parse->words[0])
				   : job_waits(turn->app->engine, &turn->who, turn->person, act);
}

/* failed: what is about droplets could not be looked at. */
static void say_pending(struct turn *turn, const struct job_pending_view *view, bool failed)
{
	struct build build;

	build_init(&build, &turn->arena, TONE_PLAIN);
	job_pending(turn->app->engine, &turn->who, turn->person, view, &build);
	if (failed) {
		build_line(&build, "DigitalOcean could not be asked: locks, and what");
		build_line(&build, "others wait for, are not known now.");
	}
	turn_say(turn, true, build_end(&build));
}

void own_pending(struct turn *turn, const struct ocean_snapshot *snapshot)
{
	struct gate *gate = turn->app->gate;
	struct job_pending_view view = {.visible = NULL};
	struct gate_decision decision;
	struct store_txn *txn;

	if (snapshot != NULL) {
		view.visible = gate_filter(gate, &turn->who, VERB_DROPLET_SHOW, snapshot,
					   &turn->arena, &view.n_visible);
	}
	if (snapshot != NULL && gate_could(gate, &turn->who, VERB_JOB_LIST)) {
		txn = store_txn_new(turn->app->store);
		gate_decide(gate, &turn->who, VERB_JOB_LIST, NULL, 0, NULL, txn, &turn->arena,
			    &decision);
		store_commit(txn, turn_audited, NULL);
		view.others = decision.verdict == ALLOW && decision.n_duties == 0 &&
			      gate_shows(gate, &turn->who, "name");
	}
	say_pending(turn, &view, snapshot == NULL);
}

/*
 * What others wait for is shown to whoever may job.list here, and locks to everybody, of droplets that they may see: those must
 * be known first.
 */
static bool run_pending(struct turn *turn)
{
	struct app *app = turn->app;
	bool needed = gate_could(app->gate, &turn->who, VERB_JOB_LIST) ||
		      (job_has_locks(app->engine) &&
		       gate_could(app->gate, &turn->who, VERB_DROPLET_SHOW));

	if (app->n_turns > PENDING_TURNS_MAX || !needed) {
		say_pending(turn, &(struct job_pending_view){.visible = NULL}, false);
		return false;
	}
	turn->waiting = true;
	turn->want.done = turn_droplets;
	turn->want.data = turn;
	account_want(app, &turn->want, app->list_age_ms, TIER_READ);
	return true;
}

bool own_is_lock(const struct command *row)
{
	return row->own == OWN_LOCK || row->own == OWN_UNLOCK || row->own == OWN_STEAL;
}

/* Everybody there reads whose it is. */
static void locked(void *data, const struct message *message)
{
	struct turn *turn = data;

	if (message != NULL) {
		turn_say(turn, false, message);
	}
	turn_end(turn);
}

void own_lock(struct turn *turn, const struct gate_targets *targets, struct store_txn *txn)
{
	struct job_lock_ask ask = {
		.event_key = turn->key,
		.who = turn->who,
		.person = turn->person,
		.droplets = targets->droplets,
		.n_droplets = targets->n,
		.reason = turn->parse.reason,
		.act = turn->parse.row->own == OWN_LOCK     ? JOB_LOCK
		       : turn->parse.row->own == OWN_UNLOCK ? JOB_UNLOCK
							    : JOB_LOCK_STEAL,
		.txn = txn,
	};

	job_lock(turn->app->engine, &ask, locked, turn);
}

bool own_run(struct turn *turn)
{
	const struct command_parse *parse = &turn->parse;
	struct job_press press = {.act = act_of(parse->row->own)};

	if (turn->person == NULL) {
		turn_note(turn, "press", NULL, "stranger");
		return false;
	}
	if (parse->row->own == OWN_PENDING) {
		return run_pending(turn);
	}
	if (press.act == JOB_ACT_CODE) {
		press.text = joined(turn);
		if (turn->place.direct && takes_wait(turn->app, turn->person)) {
			takes_code(turn, press.text);
			return true;
		}
	} else if (press.act == JOB_ACT_REASON) {
		press.text = parse->reason;
	} else if (parse->n_words > 0) {
		press.request = parse->words[0];
	}
	inbox_take(turn, NULL);
	own_press(turn, &press);
	return true;
}
