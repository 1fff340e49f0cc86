/* denials.c - one who is denied again and again gets one row a minute, with a count; strangers a share of the log
 *
 * The first denial of somebody's verb in a minute is a row at once. The same again is counted with it; what was counted is one
 * row when the minute is over. Whoever shouts for hours writes one row a minute, and all strangers together no more than one
 * row in ten of the log, beyond the first thousand: what is more shows in the metric alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/turn.h"
#include "audit/audit.h"
#include "base/clock.h"
#include "base/mem.h"
#include "metrics/metrics.h"

#define DENIALS_MAX 256
#define MINUTE_MS 60000
#define STRANGERS_FREE 1000
#define STRANGERS_SHARE 10
#define STRANGERS_CURSOR "audit/strangers"

struct denial {
	struct arena arena;
	struct gate_who who;
	const char *person, *channel_name, *verb;
	char id[20];
	int64_t since_ms; /* clock_mono_ms */
	int64_t count;    /* since the last row */
};

struct denials {
	struct map open;
	int64_t strangers; /* rows of theirs in the whole log */
};

struct denials *denials_new(void)
{
	struct denials *denials = mem_alloc(sizeof(*denials));

	map_init(&denials->open);
	return denials;
}

void denials_load(struct app *app)
{
	char text[24];

	if (store_get_cursor(app->store, STRANGERS_CURSOR, text, sizeof(text), NULL) == 0) {
		app->denials->strangers = strtoll(text, NULL, 10);
	}
}

static void denial_free(void *data)
{
	struct denial *denial = data;

	if (denial != NULL) {
		arena_done(&denial->arena);
		free(denial);
	}
}

void denials_free(struct denials *denials)
{
	if (denials != NULL) {
		map_done(&denials->open, denial_free);
		free(denials);
	}
}

/* May a stranger have one row more? Then it is noted in the same transaction. */
static bool take_share(struct app *app, struct store_txn *txn)
{
	struct denials *denials = app->denials;
	char text[24];

	if (denials->strangers >= STRANGERS_FREE + upkeep_log_rows(app->upkeep) / STRANGERS_SHARE) {
		return false;
	}
	denials->strangers++;
	(void)snprintf(text, sizeof(text), "%lld", (long long)denials->strangers);
	store_txn_cursor(txn, STRANGERS_CURSOR, text);
	return true;
}

/* The row of what was counted; the minute begins anew. */
static void write_count(struct app *app, struct denial *denial)
{
	struct store_txn *txn = store_txn_new(app->store);
	struct audit_row row = {
		.at_ms = clock_wall_ms(),
		.kind = "decision",
		.id = denial->id,
		.person = denial->person,
		.network = denial->who.network,
		.user_workspace = denial->who.user_workspace,
		.user = denial->who.user,
		.workspace = denial->who.workspace,
		.channel = denial->who.direct ? "direct" : denial->who.channel,
		.channel_name = denial->channel_name,
		.verb = denial->verb,
		.verdict = "deny",
		.count = denial->count,
		.policy_id = gate_policy_id(app->gate),
		.outcome = "denied again",
	};

	denial->since_ms = clock_mono_ms();
	denial->count = 0;
	if (denial->person == NULL && !take_share(app, txn)) {
		store_txn_drop(txn);
		return;
	}
	audit_add(txn, &row);
	store_commit(txn, turn_audited, NULL);
}

void denials_flush(struct app *app, bool all)
{
	struct map *open = &app->denials->open;
	int64_t now_ms = clock_mono_ms();
	const char *key;
	void *value;

	for (size_t i = 0; map_next(open, &i, &key, &value);) {
		struct denial *denial = value;

		if (!all && now_ms - denial->since_ms < MINUTE_MS) {
			continue;
		}
		if (denial->count > 0) {
			write_count(app, denial);
		} else {
			(void)map_remove(open, key);
			denial_free(denial);
		}
	}
}

/* NULL: there are too many to keep apart just now. */
static struct denial *begin(struct denials *denials, const struct turn *turn, const char *key,
			    const struct gate_decision *decision)
{
	struct denial *denial;
	struct arena *arena;

	if (map_size(&denials->open) >= DENIALS_MAX) {
		return NULL;
	}
	denial = mem_alloc(sizeof(*denial));
	arena = &denial->arena;
	denial->who.network = arena_strdup(arena, turn->who.network);
	denial->who.user_workspace = arena_strdup(arena, turn->who.user_workspace);
	denial->who.user = arena_strdup(arena, turn->who.user);
	denial->who.workspace = arena_strdup(arena, turn->who.workspace);
	denial->who.channel = arena_strdup(arena, turn->who.channel);
	denial->who.direct = turn->who.direct;
	denial->person = arena_strdup(arena, turn->person);
	denial->channel_name = arena_strdup(arena, gate_channel(turn->app->gate, &turn->who));
	denial->verb = verb_info(turn->parse.row->verb)->name;
	(void)snprintf(denial->id, sizeof(denial->id), "%s", decision->id);
	denial->since_ms = clock_mono_ms();
	(void)map_put(&denials->open, key, denial);
	return denial;
}

/* True: it is counted with an earlier one. */
static bool count_with(struct app *app, struct denial *denial, struct gate_decision *decision)
{
	bool over = clock_mono_ms() - denial->since_ms >= MINUTE_MS;

	if (over && denial->count == 0) {
		/* a row of its own, and a minute of its own */
		(void)snprintf(denial->id, sizeof(denial->id), "%s", decision->id);
		denial->since_ms = clock_mono_ms();
		return false;
	}
	denial->count++;
	metrics_add(METRIC_DENIALS_COUNTED, 1);
	(void)snprintf(decision->id, sizeof(decision->id), "%s", denial->id);
	if (over) {
		write_count(app, denial);
	}
	return true;
}

void turn_denied(struct turn *turn, struct gate_decision *decision, struct store_txn *txn)
{
	struct app *app = turn->app;
	struct denials *denials = app->denials;
	const char *key = arena_printf(&turn->arena, "%s\n%s\n%s\n%s\n%d", turn->who.network,
				       turn->who.user_workspace, turn->who.user,
				       turn->who.channel != NULL ? turn->who.channel : "",
				       (int)turn->parse.row->verb);
	struct denial *denial = map_get(&denials->open, key);

	if (denial != NULL && count_with(app, denial, decision)) {
		store_txn_drop(txn);
		return;
	}
	if (denial == NULL) {
		denials_flush(app, false);
		denial = begin(denials, turn, key, decision);
	}
	if (turn->person == NULL && (denial == NULL || !take_share(app, txn))) {
		metrics_add(METRIC_DENIALS_COUNTED, 1);
		store_txn_drop(txn);
		return;
	}
	store_commit(txn, turn_audited, NULL);
}
