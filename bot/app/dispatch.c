/* dispatch.c - one event on its way to a command: the spine of the program
 *
 * Happy path: event -> (known place? new delivery?) -> grammar -> may they at all? -> list of droplets -> targets -> gate ->
 * answer, or the jobs. What ends early: silence (place not listed, a stranger who may nothing, chatter that is no command),
 * or one sentence. DigitalOcean is not asked before the gate said that the verb is possible for this person here.
 *
 * A turn is one event under way; it owns its arena and its transaction until these are handed on.
 */
#include <stdlib.h>
#include <string.h>

#include "app/internal.h"
#include "audit/audit.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "metrics/metrics.h"

#define TURNS_MAX 512 /* commands that wait at once */
#define TURNS_A_PERSON_MAX 100
#define STALE_MS 60000 /* a change that was said longer ago is asked again */

struct turn {
	struct list link;
	struct app *app;
	struct app_chat *from;
	struct arena arena;
	struct chat_place place;
	struct gate_who who;
	const char *person;
	const char *message; /* id of what was said */
	const char *key;
	bool addressed;
	int64_t age_ms;
	int64_t began_us;
	int64_t began_ms; /* clock_mono_ms */
	struct command_parse parse;
	struct account_want want;
	bool waiting;
};

static void turn_end(struct turn *turn)
{
	list_remove(&turn->link);
	turn->app->n_turns--;
	arena_done(&turn->arena);
	free(turn);
}

static void say(struct turn *turn, bool privately, const struct message *message)
{
	const char *to = privately && !turn->place.direct ? turn->who.user : NULL;

	post_once(turn->from->queue, &turn->place, to, turn->message, message);
}

/* The end of the program: nothing of them is on disk yet, so they are told, or they would wait for ever. */
void dispatch_drop_all(struct app *app)
{
	LIST_FOREACH_SAFE(it, next, &app->turns)
	{
		struct turn *turn = LIST_ENTRY(it, struct turn, link);

		if (turn->waiting) {
			account_cancel(&turn->want);
			if (gate_could(app->gate, &turn->who, turn->parse.row->verb)) {
				say(turn, true, words_stopping(&turn->arena));
			}
		}
		turn_end(turn);
	}
}

/* The audit row is on disk, or it is missing: a read has been answered by then. */
void dispatch_audited(void *data, const struct err *err)
{
	(void)data;
	if (err != NULL) {
		metrics_add(METRIC_AUDIT_MISSING, 1);
		log_line(LOG_ERROR, "audit.missing", "why", err->msg, NULL);
	}
}

/* What no rule decided stands in the log all the same: never what was typed, only that it was tried. */
static void note(struct turn *turn, const char *kind, const char *verb, const char *why)
{
	const struct gate *gate = turn->app->gate;
	struct store_txn *txn = store_txn_new(turn->app->store);
	struct audit_row row = {
		.at_ms = clock_wall_ms(),
		.kind = kind,
		.person = turn->person,
		.network = turn->who.network,
		.user_workspace = turn->who.user_workspace,
		.user = turn->who.user,
		.workspace = turn->who.workspace,
		.channel = turn->who.direct ? "direct" : turn->who.channel,
		.channel_name = gate_channel(gate, &turn->who),
		.verb = verb,
		.verdict = "deny",
		.rules = &why,
		.n_rules = why != NULL ? 1 : 0,
		.policy_id = policy_id(gate_policy(gate)),
	};

	audit_add(txn, &row);
	store_commit(txn, dispatch_audited, NULL);
}

static struct turn *turn_new(struct app_chat *from, const struct event *event)
{
	struct turn *turn = mem_alloc(sizeof(*turn));
	struct arena *arena = &turn->arena;

	turn->app = from->app;
	turn->from = from;
	turn->began_us = clock_work_us();
	turn->began_ms = clock_mono_ms();
	turn->place.network = arena_strdup(arena, event->place.network);
	turn->place.workspace = arena_strdup(arena, event->place.workspace);
	turn->place.channel = arena_strdup(arena, event->place.channel);
	turn->place.thread = arena_strdup(arena, event->place.thread);
	turn->place.direct = event->place.direct;
	turn->who.network = turn->place.network;
	turn->who.user_workspace = arena_strdup(arena, event->who.workspace);
	turn->who.user = arena_strdup(arena, event->who.user);
	turn->who.workspace = turn->place.workspace;
	turn->who.channel = turn->place.channel;
	turn->who.direct = event->place.direct;
	turn->message = arena_strdup(arena, event->message);
	turn->key = arena_printf(arena, "%s/%s/%s", turn->place.network, turn->place.workspace,
				 event->id);
	turn->age_ms = event->sent_ms > 0 ? clock_wall_ms() - event->sent_ms : 0;
	turn->addressed = event->addressed || event->place.direct;
	list_append(&from->app->turns, &turn->link);
	from->app->n_turns++;
	return turn;
}

/* ---- after the list of droplets ---------------------------------------------------------- */

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
		.plan = turn->parse.row->plan,
		.decision = decision,
		.droplets = targets->droplets,
		.n_droplets = targets->n,
		.txn = txn,
	};

	store_txn_seen(txn, turn->key, clock_wall_ms());
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

static void answer_read(struct turn *turn, const struct droplet *const *droplets, size_t n)
{
	struct app *app = turn->app;
	struct command_call call = {
		.row = turn->parse.row,
		.words = turn->parse.words,
		.n_words = turn->parse.n_words,
		.gate = app->gate,
		.who = &turn->who,
		.arena = &turn->arena,
		.droplets = redacted(turn, droplets, n),
		.whole = droplets,
		.n_droplets = n,
		.n_visible = n,
	};
	struct build build;

	build_init(&build, &turn->arena, TONE_PLAIN);
	call.row->answer(&call, &build);
	say(turn, gate_reads_privately(app->gate, &turn->who), build_end(&build));
}

static void on_list(struct turn *turn, const struct ocean_snapshot *snapshot)
{
	struct app *app = turn->app;
	struct store_txn *txn = store_txn_new(app->store);
	struct gate_decision decision;
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
		say(turn, true, words_denied(&turn->arena, turn->parse.row, &decision, NULL, 0));
	} else if (decision.verdict == ALLOW && decision.n_duties > 0) {
		say(turn, true, words_needs(&turn->arena, &decision));
	} else {
		answer_read(turn, seen, n);
	}
	store_commit(txn, dispatch_audited, NULL);
}

static const char *said_again(struct turn *turn)
{
	const char *said = turn->parse.row->phrases[0];

	for (size_t i = 0; i < turn->parse.n_words; i++) {
		said = arena_printf(&turn->arena, "%s %s", said, turn->parse.words[i]);
	}
	return said;
}

/* How long ago it was said, by the network's word and our own waiting since. */
static int64_t said_ago_ms(const struct turn *turn)
{
	return turn->age_ms + clock_mono_ms() - turn->began_ms;
}

static void on_targets(struct turn *turn, const struct ocean_snapshot *snapshot)
{
	struct app *app = turn->app;
	const struct command *row = turn->parse.row;
	struct gate_targets targets;
	struct gate_decision decision;
	struct store_txn *txn;
	struct err err = {0};

	if (gate_resolve(app->gate, &turn->who, turn->parse.words, turn->parse.n_words, snapshot,
			 &turn->arena, &targets, &err) < 0) {
		/* chatter such as "start the meeting" names nothing that is here, or like it */
		bool selector =
			turn->parse.n_words == 1 && err.kind == ERR_LIMIT; /* a tag of many */

		if (turn->addressed || targets.n_hints > 0 || selector) {
			note(turn, "decision", verb_info(row->verb)->name,
			     err.kind == ERR_NOTFOUND ? "no-such-droplet" : "not-clear");
			say(turn, true,
			    words_unresolved(&turn->arena, app->buttons, row, &targets,
					     redacted(turn, targets.hints, targets.n_hints), &err));
		}
		return;
	}
	txn = store_txn_new(app->store);
	gate_decide(app->gate, &turn->who, row->verb, targets.droplets, targets.n, NULL, txn,
		    &turn->arena, &decision);
	if (decision.verdict == ALLOW && decision.n_duties > 0) {
		/* this version cannot ask for what the policy requires */
		say(turn, true, words_needs(&turn->arena, &decision));
		store_commit(txn, dispatch_audited, NULL);
	} else if (decision.verdict != ALLOW) {
		say(turn, true,
		    words_denied(&turn->arena, row, &decision,
				 redacted(turn, targets.droplets, targets.n), targets.n));
		store_commit(txn, dispatch_audited, NULL);
	} else if (row->plan != NULL && said_ago_ms(turn) > STALE_MS) { /* the list took so long */
		say(turn, true,
		    words_stale(&turn->arena, app->buttons, said_again(turn), said_ago_ms(turn)));
		store_commit(txn, dispatch_audited, NULL);
	} else if (row->plan != NULL) {
		start_job(turn, &decision, &targets, txn);
	} else {
		answer_read(turn, targets.droplets, targets.n);
		store_commit(txn, dispatch_audited, NULL);
	}
}

static void on_droplets(struct account_want *want, struct ocean_snapshot *snapshot,
			const struct err *err)
{
	struct turn *turn = want->data;
	const struct command *row = turn->parse.row;

	turn->waiting = false;
	if (err != NULL) {
		log_line(LOG_WARN, "ocean.list", "why", err->msg, NULL);
		say(turn, true,
		    words_failed(&turn->arena, row->plan != NULL, turn->person != NULL, err));
	} else if (row->takes == TAKES_TARGETS) {
		on_targets(turn, snapshot);
	} else {
		on_list(turn, snapshot);
	}
	ocean_snapshot_unref(snapshot);
	turn_end(turn);
}

/* ---- before it --------------------------------------------------------------------------- */

static void deny_outright(struct turn *turn)
{
	struct app *app = turn->app;
	struct store_txn *txn = store_txn_new(app->store);
	struct gate_decision decision;

	gate_decide(app->gate, &turn->who, turn->parse.row->verb, NULL, 0, NULL, txn, &turn->arena,
		    &decision);
	decision.verdict = DENY;
	say(turn, true, words_denied(&turn->arena, turn->parse.row, &decision, NULL, 0));
	store_commit(txn, dispatch_audited, NULL);
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

/* True when the turn goes on and will be ended by on_droplets. */
static bool run_command(struct turn *turn)
{
	struct app *app = turn->app;
	const struct command *row = turn->parse.row;
	bool could;

	if (row->verb == VERB_NONE) {
		answer_read(turn, NULL, 0);
		return false;
	}
	could = gate_could(app->gate, &turn->who, row->verb);
	if (!could && !may_look_up(turn)) {
		if (turn->addressed) {
			deny_outright(turn);
		}
		return false;
	}
	if (row->plan == NULL && row->answer == NULL) {
		say(turn, true, words_not_built(&turn->arena, row));
		return false;
	}
	if (could && row->plan != NULL && turn->age_ms > STALE_MS) {
		say(turn, true,
		    words_stale(&turn->arena, app->buttons, said_again(turn), turn->age_ms));
		return false;
	}
	if (is_crowded(turn)) {
		say(turn, true, words_crowded(&turn->arena, app->n_turns - 1));
		return false;
	}
	turn->waiting = true;
	turn->want.done = on_droplets;
	turn->want.data = turn;
	account_want(app, &turn->want, could && row->plan != NULL ? 0 : OCEAN_FRESH_READ_MS,
		     TIER_READ);
	metrics_observe(METRIC_COMMAND_US, clock_work_us() - turn->began_us);
	return true;
}

static bool may_row(const struct command *row, void *data)
{
	struct turn *turn = data;

	return (row->plan != NULL || row->answer != NULL) &&
	       (row->verb == VERB_NONE || gate_could(turn->app->gate, &turn->who, row->verb));
}

/* May this person do anything at all here? A stranger who may not is met with silence. */
static bool may_anything(struct turn *turn)
{
	size_t n;
	const struct command *rows = command_rows(&n);

	for (size_t i = 0; i < n; i++) {
		if (rows[i].verb != VERB_NONE && may_row(&rows[i], turn)) {
			return true;
		}
	}
	return false;
}

static void not_known(struct turn *turn)
{
	const char *said = turn->parse.said;
	const char *nearest = command_nearest(said, may_row, turn);
	const char *rest = said;

	note(turn, "unknown-command", NULL, NULL);
	if (nearest != NULL) {
		for (const char *p = nearest; p != NULL; p = strchr(p + 1, ' ')) {
			rest += strspn(rest, " /!");
			rest += strcspn(rest, " ");
		}
		rest += strspn(rest, " ");
	}
	say(turn, true, words_unknown(&turn->arena, turn->app->buttons, said, nearest, rest));
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
static bool is_chatter(const struct turn *turn, enum command_fit fit)
{
	if (turn->addressed) {
		return false;
	}
	if (fit == FIT_NONE || turn->parse.row == NULL) { /* no command, or too long for one */
		return true;
	}
	switch (turn->parse.row->takes) {
	case TAKES_TARGETS: /* its names decide, once the droplets are known */
		return false;
	case TAKES_FILTERS:
		return fit == FIT_USAGE;
	case TAKES_NOTHING:
		return turn->parse.n_words > 0;
	case TAKES_TOPIC: /* "help reboot", not "help me with this" */
		return turn->parse.n_words > 0 && !is_topic(turn);
	case TAKES_REST:
		return true;
	}
	return true;
}

/* help and whoami are answered to everybody in a direct message, a few a minute. */
static bool is_open_question(struct turn *turn, enum command_fit fit)
{
	return fit == FIT_COMMAND && turn->parse.row->verb == VERB_NONE && turn->place.direct &&
	       recent_may_answer(turn->app->recent, turn->who.user);
}

/*
 * A command of somebody who is not answered is a denial like any other, and stands in the log; a few a minute from one,
 * so that a stranger cannot fill the disk.
 */
static void deny_silently(struct turn *turn, enum command_fit fit)
{
	const struct command *row = turn->parse.row;
	const char *key = arena_printf(&turn->arena, "denied %s/%s/%s", turn->who.network,
				       turn->who.user_workspace, turn->who.user);
	struct gate_decision decision;
	struct store_txn *txn;

	if (fit != FIT_COMMAND || row->verb == VERB_NONE || !turn->addressed ||
	    !recent_may_answer(turn->app->recent, key)) {
		return;
	}
	txn = store_txn_new(turn->app->store);
	gate_decide(turn->app->gate, &turn->who, row->verb, NULL, 0, NULL, txn, &turn->arena,
		    &decision);
	store_commit(txn, dispatch_audited, NULL);
}

static bool turn_run(struct turn *turn, const char *text)
{
	struct app *app = turn->app;
	const char *const own_names[] = {app->own_name, NULL};
	const char *channel = gate_channel(app->gate, &turn->who);
	struct err err = {0};
	enum command_fit fit = command_parse(text, own_names, &turn->arena, &turn->parse, &err);

	turn->addressed = turn->addressed || turn->parse.prefixed;
	turn->person = arena_strdup(&turn->arena, gate_person(app->gate, &turn->who));
	if (channel == NULL) {
		if (is_open_question(turn, fit)) {
			return run_command(turn);
		}
		if (turn->person != NULL && turn->addressed) {
			deny_silently(turn, fit);
			say(turn, true, words_not_set_up(&turn->arena, &turn->place));
		}
		return false;
	}
	if (turn->person == NULL && !may_anything(turn)) {
		if (is_open_question(turn, fit)) {
			return run_command(turn);
		}
		deny_silently(turn, fit);
		return false;
	}
	if (is_chatter(turn, fit)) {
		return false;
	}
	switch (fit) {
	case FIT_NONE:
		not_known(turn);
		return false;
	case FIT_USAGE:
		say(turn, true, words_usage(&turn->arena, &err));
		return false;
	case FIT_COMMAND:
		return run_command(turn);
	}
	return false;
}

void dispatch_event(struct app_chat *from, const struct event *event)
{
	struct app *app = from->app;
	const char *text = event->text;
	struct turn *turn;

	metrics_add(METRIC_EVENTS, 1);
	if (app->closing || event->by_bot || event->edited) {
		return;
	}
	turn = turn_new(from, event);
	if (recent_repeated(app->recent, turn->key)) {
		metrics_add(METRIC_EVENTS_REPEATED, 1);
		turn_end(turn);
		return;
	}
	if (event->kind == EVENT_PRESS) {
		turn->addressed = true;
		text = buttons_text(app->buttons, event->button);
		if (text == NULL && may_anything(turn)) {
			turn->person =
				arena_strdup(&turn->arena, gate_person(app->gate, &turn->who));
			note(turn, "stale-press", NULL, NULL);
			say(turn, true, words_expired_button(&turn->arena));
		}
	}
	if (text == NULL || !turn_run(turn, text)) {
		turn_end(turn);
	}
}
