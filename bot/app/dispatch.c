/* dispatch.c - one event on its way to a command: the spine of the program
 *
 * Happy path: event -> (known place? new delivery?) -> grammar -> may they at all? -> list of droplets -> targets -> gate ->
 * answer, or the jobs. What ends early: silence (place not listed, a stranger who may nothing, chatter that is no command),
 * or one sentence. DigitalOcean is not asked before the gate said that the verb is possible for this person here.
 */
#include <stdlib.h>
#include <string.h>

#include "app/reload.h"
#include "app/takes.h"
#include "audit/audit.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "command/form.h"
#include "metrics/metrics.h"

#define TURNS_MAX 512 /* commands that wait at once */
#define TURNS_A_PERSON_MAX 256

static void deny_outright(struct turn *turn)
{
	struct app *app = turn->app;
	struct store_txn *txn = store_txn_new(app->store);
	struct gate_decision decision;

	gate_decide(app->gate, &turn->who, turn->parse.row->verb, NULL, 0, NULL, txn, &turn->arena,
		    &decision);
	decision.verdict = DENY;
	turn_denied(turn, &decision, txn);
	turn_say(turn, true, words_denied(&turn->arena, turn->parse.row, &decision, NULL, 0));
}

/*
 * A verb that cannot be theirs is looked up all the same when they may see droplets here: so the denial can say where it
 * would be allowed, and chatter that names no droplet stays unanswered.
 */
static bool may_look_up(struct turn *turn)
{
	return turn->parse.row->takes == TAKES_TARGETS &&
	       gate_could(turn->app->gate, &turn->who, VERB_DROPLET_SHOW);
}

/* Reading on is a must (pings), so what is taken in has a bound: for one person, so that nobody crowds out the rest, and for all. */
static bool is_crowded(const struct turn *turn)
{
	const struct app *app = turn->app;
	size_t n = 0;

	LIST_FOREACH(it, &app->turns)
	{
		const struct gate_who *who = &LIST_ENTRY(it, struct turn, link)->who;

		n += strcmp(who->user, turn->who.user) == 0 &&
		     strcmp(who->user_workspace, turn->who.user_workspace) == 0 &&
		     strcmp(who->network, turn->who.network) == 0;
	}
	return n > TURNS_A_PERSON_MAX || app->n_turns > TURNS_MAX;
}

static void list_droplets(struct turn *turn)
{
	account_want(turn->app, &turn->want, turn->max_age_ms, TIER_READ);
}

static void answer_and_end(struct turn *turn)
{
	turn_answer(turn, NULL, 0);
	turn_end(turn);
}

/* True when the turn goes on: turn_droplets or answer_and_end ends it, which may be over already. */
static bool run_command(struct turn *turn)
{
	struct app *app = turn->app;
	const struct command *row = turn->parse.row;
	bool could;

	if (own_is_act(row)) {
		return own_run(turn);
	}
	if (takes_is(row)) {
		return takes_run(turn);
	}
	if (row->takes == TAKES_TOPIC &&
	    !is_crowded(turn)) { /* what they may hangs on groups too */
		turn_ask_groups(turn, false, answer_and_end);
		return true;
	}
	if (row->verb == VERB_NONE) {
		turn_answer(turn, NULL, 0);
		return false;
	}
	could = gate_could(app->gate, &turn->who, row->verb);
	if (!could && !may_look_up(turn)) {
		if (turn->addressed) {
			deny_outright(turn);
		}
		return false;
	}
	if (could && row->own == OWN_RELOAD) {
		return reload_asked(turn);
	}
	if (could && row->plan != NULL && turn->age_ms > TURN_STALE_MS) {
		turn_say(turn, true,
			 words_stale(&turn->arena, app->buttons, &turn->who, turn_said_again(turn),
				     turn->age_ms));
		return false;
	}
	if (is_crowded(turn)) {
		turn_say(turn, true, words_crowded(&turn->arena, app->n_turns - 1));
		return false;
	}
	if (row->plan != NULL || own_is_lock(row)) {
		inbox_take(turn, turn_said_again(turn));
	}
	turn->waiting = true;
	turn->want.done = turn_droplets;
	turn->want.enough = row->takes == TAKES_TARGETS ? turn_has_its_ids : NULL;
	turn->want.data = turn;
	turn->max_age_ms = could && row->plan != NULL ? 0 : app->list_age_ms;
	turn_ask_groups(turn, row->plan != NULL || own_is_lock(row), list_droplets);
	metrics_observe(METRIC_COMMAND_US, clock_work_us() - turn->began_us);
	return true;
}

static bool may_row(const struct command *row, void *data)
{
	struct turn *turn = data;

	return row->verb == VERB_NONE || gate_could(turn->app->gate, &turn->who, row->verb);
}

/* May this person do anything at all here? could: gate_could, or gate_could_as_said once the network was asked. */
static bool may_anything(struct turn *turn,
			 bool (*could)(struct gate *, const struct gate_who *, enum verb))
{
	size_t n;
	const struct command *rows = command_rows(&n);

	for (size_t i = 0; i < n; i++) {
		if (rows[i].verb != VERB_NONE && could(turn->app->gate, &turn->who, rows[i].verb)) {
			return true;
		}
	}
	return false;
}

static void let_in_asked(struct turn *turn)
{
	if (!turn->let_in(turn, may_anything(turn, gate_could_as_said))) {
		turn_end(turn);
	}
}

/*
 * The one door for strangers: who may nothing here is met with silence. Where that hangs on a group which the network alone
 * knows, it is asked first. `then` goes on from there, perhaps at once; its value says whether the turn does.
 */
static bool let_in(struct turn *turn, bool (*then)(struct turn *, bool may))
{
	if (turn->person != NULL) {
		return then(turn, gate_channel(turn->app->gate, &turn->who) != NULL);
	}
	if (!may_anything(turn, gate_could) || is_crowded(turn)) {
		return then(turn, false);
	}
	turn->let_in = then;
	turn_ask_groups(turn, false, let_in_asked);
	return true;
}

static void not_known(struct turn *turn)
{
	const char *said = turn->parse.said;

	turn_note(turn, "unknown-command", NULL, NULL);
	turn_say(turn, true,
		 words_unknown(&turn->arena, turn->app->buttons, said,
			       command_meant(said, may_row, turn, &turn->arena)));
}

static bool is_topic(const struct turn *turn)
{
	struct arena arena = {0};
	struct command_parse topic;
	bool is;

	(void)command_parse(turn->parse.words[0], NULL, &arena, &topic, NULL);
	is = topic.row != NULL && turn->parse.n_words <= 3;
	arena_done(&arena);
	return is;
}

/* Chatter in a channel is answered only where it can be nothing but a command. */
static bool is_chatter(const struct turn *turn)
{
	enum command_fit fit = turn->fit;

	if (turn->addressed) {
		return false;
	}
	if (fit == FIT_NONE || turn->parse.row == NULL) { /* no command, or too long for one */
		return true;
	}
	if (own_is_act(turn->parse.row)) {
		return !own_is_meant(turn);
	}
	if (takes_is(turn->parse.row)) {
		return !takes_is_meant(turn);
	}
	if (turn->parse.row->own == OWN_AUDIT) { /* "audit web-1", not "audit the books again" */
		return turn->parse.n_words > 2;
	}
	switch (turn->parse.row->takes) {
	case TAKES_TARGETS: /* its names decide, once the droplets are known */
		return fit == FIT_USAGE && command_overfull(&turn->parse);
	case TAKES_SAVED: /* "snapshot delete 17", not a sentence about it */
		return fit == FIT_USAGE || turn->parse.n_words > 3;
	case TAKES_NEW: /* "create web-9 region ...", not "create a ticket" */
		return fit == FIT_USAGE && !command_new_is_meant(&turn->parse);
	case TAKES_FILTERS:
		return fit == FIT_USAGE;
	case TAKES_GLOB: /* "sizes s-*", not "sizes matter" */
		return turn->parse.n_words > 1 ||
		       (turn->parse.n_words == 1 && strchr(turn->parse.words[0], '*') == NULL);
	case TAKES_NOTHING:
	case TAKES_ID:
		return turn->parse.n_words > 0;
	case TAKES_TOPIC: /* "help reboot", not "help me with this" */
		return turn->parse.n_words > 0 && !is_topic(turn);
	case TAKES_REST:
		return true;
	}
	return true;
}

/* help and whoami are answered to everybody in a direct message, a few a minute. */
static bool is_open_question(struct turn *turn)
{
	return turn->fit == FIT_COMMAND && turn->parse.row->verb == VERB_NONE &&
	       !own_is_act(turn->parse.row) && turn->place.direct &&
	       recent_may_answer(turn->app->recent, turn->who.user);
}

/* A command of somebody who is not answered is a denial like any other, and stands in the log. */
static void deny_silently(struct turn *turn)
{
	const struct command *row = turn->parse.row;
	struct gate_decision decision;
	struct store_txn *txn;

	if (turn->fit == FIT_COMMAND && row->verb != VERB_NONE && turn->addressed) {
		txn = store_txn_new(turn->app->store);
		gate_decide(turn->app->gate, &turn->who, row->verb, NULL, 0, NULL, txn,
			    &turn->arena, &decision);
		turn_denied(turn, &decision, txn);
	}
}

/* How a command is said is told to whom it is for; to anybody else it is denied, as if it had been said well. */
static void say_usage(struct turn *turn)
{
	const struct command *row = turn->parse.row;

	if (row == NULL || row->verb == VERB_NONE ||
	    gate_could(turn->app->gate, &turn->who, row->verb)) {
		turn_say(turn, true,
			 words_usage_form(&turn->arena, &turn->misused, form_row_button(turn)));
	} else if (turn->addressed && row->verb != VERB_NONE) {
		deny_outright(turn);
	}
}

static bool turn_go(struct turn *turn, bool may)
{
	if (!may) {
		if (is_open_question(turn)) {
			return run_command(turn);
		}
		deny_silently(turn);
		return false;
	}
	switch (turn->fit) {
	case FIT_NONE:
		not_known(turn);
		return false;
	case FIT_USAGE:
		if (!form_open_row(turn)) {
			say_usage(turn);
		}
		return false;
	case FIT_COMMAND:
		return run_command(turn);
	}
	return false;
}

/* In a channel that is not set up: help and whoami to anybody, what waits for an answer, and a word to our own people. */
static bool go_unlisted(struct turn *turn)
{
	if (is_open_question(turn)) {
		return run_command(turn);
	}
	if (turn->person != NULL && turn->place.direct && turn->fit == FIT_COMMAND &&
	    own_is_act(turn->parse.row)) { /* what waits is answered anywhere */
		return run_command(turn);
	}
	if (turn->person != NULL && turn->addressed) {
		deny_silently(turn);
		turn_say(turn, true, words_not_set_up(&turn->arena, &turn->place));
	}
	return false;
}

static bool turn_run(struct turn *turn, const char *text)
{
	struct app *app = turn->app;
	const char *const own_names[] = {app->own_name, NULL};

	if (turn->place.direct &&
	    codes_like(text)) { /* a card asked for it: nothing else is said */
		text = arena_printf(&turn->arena, "code %s", text);
	}
	turn->fit = command_parse(text, own_names, &turn->arena, &turn->parse, &turn->misused);
	turn->addressed = turn->addressed || turn->parse.prefixed;
	if (gate_channel(app->gate, &turn->who) == NULL) {
		return go_unlisted(turn);
	}
	return !is_chatter(turn) && let_in(turn, turn_go);
}

/* The log has a bound too. */
static bool press_may_be_noted(struct turn *turn)
{
	return recent_may_answer(turn->app->recent,
				 arena_printf(&turn->arena, "pressed %s/%s/%s", turn->who.network,
					      turn->who.user_workspace, turn->who.user));
}

/* A button of a card. True when the turn goes on. */
static bool run_press(struct turn *turn, const struct event *event, struct job_press *press)
{
	struct app *app = turn->app;

	if (turn->person == NULL) {
		if (press_may_be_noted(turn)) {
			turn_note(turn, "press", NULL, "stranger");
		}
		return false;
	}
	if (gate_channel(app->gate, &turn->who) == NULL && !turn->place.direct) {
		turn_say(turn, true, words_not_set_up(&turn->arena, &turn->place));
		return false;
	}
	if (form_open(turn, event, press)) {
		return false;
	}
	inbox_take(turn, NULL);
	own_press(turn, press);
	return true;
}

static bool pressed_of_another(struct turn *turn, bool may)
{
	if (may) {
		turn_note(turn, "press", NULL, "not-the-requester");
		turn_say(turn, true, words_others_button(&turn->arena));
	} else if (press_may_be_noted(turn)) {
		turn_note(turn, "press", NULL, "stranger");
	}
	return false;
}

static bool pressed_too_late(struct turn *turn, bool may)
{
	if (may) {
		turn_note(turn, "stale-press", NULL, NULL);
		turn_say(turn, true, words_expired_button(&turn->arena));
	}
	return false;
}

/* A button that says something for whoever presses it. True when the turn goes on. */
static bool run_button(struct turn *turn, const char *button)
{
	struct app *app = turn->app;
	const char *text = buttons_text(app->buttons, button);

	turn->addressed = true;
	if (text != NULL && buttons_may(app->buttons, button, &turn->who)) {
		return turn_run(turn, text);
	}
	return let_in(turn, text != NULL ? pressed_of_another : pressed_too_late);
}

/* A sentence that was filled in. */
static bool run_form(struct turn *turn, const struct event *event)
{
	const char *text = form_row_text(turn, event);

	turn->addressed = true;
	return text != NULL && turn_run(turn, text);
}

static void take_in(struct app_chat *from, const struct event *event)
{
	struct app *app = from->app;
	char buf[JOB_BUTTON_SIZE];
	struct job_press press = {.act = JOB_ACT_NONE};
	struct turn *turn;

	if (event->kind == EVENT_SEARCH) {
		if (!app->closing) {
			choices_search(from, event);
		}
		return;
	}
	metrics_add(METRIC_EVENTS, 1);
	if (app->closing || event->by_bot || event->edited) {
		return;
	}
	turn = turn_new(from, event);
	if (recent_repeated(app->recent, turn->key)) {
		metrics_add(METRIC_EVENTS_REPEATED, 1);
		job_tell_again(app->engine, &turn->place, turn->message);
		turn_end(turn);
		return;
	}
	if (event->kind == EVENT_PRESS && job_button_parse(event->button, buf, &press)) {
		if (!run_press(turn, event, &press)) {
			turn_end(turn);
		}
		return;
	}
	if (event->kind == EVENT_FORM && job_button_parse(event->button, buf, &press)) {
		if (!form_sent(turn, event, &press) || !run_press(turn, event, &press)) {
			turn_end(turn);
		}
		return;
	}
	if (!(event->kind == EVENT_FORM    ? run_form(turn, event)
	      : event->kind == EVENT_PRESS ? run_button(turn, event->button)
					   : turn_run(turn, event->text))) {
		turn_end(turn);
	}
}

void dispatch_event(struct app_chat *from, const struct event *event)
{
	from->taken = false;
	take_in(from, event);
	/* what has no row in the inbox needs none: it is answered, or changes nothing */
	if (!from->taken && from->chat->ops->settled != NULL) {
		from->chat->ops->settled(from->chat, event->id, true);
	}
}
