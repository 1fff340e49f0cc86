/* turn.c - the life of a turn: taken in, answered, ended; also all of them at once, at the end of the program */
#include "app/turn.h"

#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "metrics/metrics.h"

void turn_end(struct turn *turn)
{
	timer_stop(&turn->limit);
	form_end(turn);
	inbox_end(turn);
	groups_forget(&turn->groups);
	list_remove(&turn->link);
	turn->app->n_turns--;
	ocean_snapshot_unref(turn->snapshot);
	arena_done(&turn->arena);
	free(turn);
}

void turn_say(struct turn *turn, bool privately, const struct message *message)
{
	const char *to = privately && !turn->place.direct ? turn->who.user : NULL;

	if (form_says(turn, message)) {
		return;
	}
	post_once(turn->from->queue, &turn->place, to, turn->message, message);
}

/* The end of the program: nothing of them is on disk yet, so they are told, or they would wait for ever. */
void turn_drop_all(struct app *app)
{
	LIST_FOREACH_SAFE(it, next, &app->turns)
	{
		struct turn *turn = LIST_ENTRY(it, struct turn, link);

		if (turn->waiting) {
			account_cancel(&turn->want);
			if (gate_could(app->gate, &turn->who, turn->parse.row->verb)) {
				turn_say(turn, true, words_stopping(&turn->arena));
			}
		}
		if (turn->waits_for_self) {
			turn_say(turn, true, words_stopping(&turn->arena));
		}
		if (fetch_drop(turn) || facts_drop(turn) || beside_drop(turn)) {
			turn_say(turn, true, words_stopping(&turn->arena));
		} else {
			turn_end(turn);
		}
	}
}

/* The audit row is on disk, or it is missing: a read has been answered by then. */
void turn_audited(void *data, const struct err *err)
{
	(void)data;
	if (err != NULL) {
		metrics_add(METRIC_AUDIT_MISSING, 1);
		log_line(LOG_ERROR, "audit.missing", "why", err->msg, NULL);
	}
}

/* What no rule decided stands in the log all the same: never what was typed, only that it was tried. */
void turn_note(struct turn *turn, const char *kind, const char *verb, const char *why)
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
	store_commit(txn, turn_audited, NULL);
}

void turn_refused(struct turn *turn, uint64_t droplet_id, const struct gate_decision *decision,
		  const char *why, struct store_txn *txn)
{
	struct audit_row row = {
		.at_ms = clock_wall_ms(),
		.kind = "job",
		.id = decision->id,
		.person = turn->person,
		.network = turn->who.network,
		.user_workspace = turn->who.user_workspace,
		.user = turn->who.user,
		.workspace = turn->who.workspace,
		.channel = turn->who.direct ? "direct" : turn->who.channel,
		.channel_name = gate_channel(turn->app->gate, &turn->who),
		.verb = verb_info(turn->parse.row->verb)->name,
		.droplets = &droplet_id,
		.n_droplets = droplet_id != 0,
		.names = turn->parse.words,
		.n_names = droplet_id == 0 ? turn->parse.n_words : 0,
		.state = "refused",
		.outcome = why,
	};

	audit_add(txn, &row);
}

struct turn *turn_new(struct app_chat *from, const struct event *event)
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
	turn->person = arena_strdup(arena, gate_person(from->app->gate, &turn->who));
	turn->message = arena_strdup(arena, event->message);
	turn->key = arena_printf(arena, "%s/%s/%s", turn->place.network, turn->place.workspace,
				 event->id);
	turn->event_id =
		turn->key + strlen(turn->place.network) + strlen(turn->place.workspace) + 2;
	turn->age_ms = event->sent_ms > 0 ? clock_wall_ms() - event->sent_ms : 0;
	turn->opens = arena_strdup(arena, event->opens);
	turn->fills = event->kind == EVENT_FORM && from->chat->ops->answer != NULL;
	turn->addressed = event->addressed || event->place.direct;
	list_init(&turn->groups.looks);
	list_append(&from->app->turns, &turn->link);
	from->app->n_turns++;
	limit_watch(turn);
	return turn;
}
