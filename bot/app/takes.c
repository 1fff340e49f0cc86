/* takes.c - break glass: who may (`may_take`) takes a turn on call, with a reason and a code, for two hours, said aloud
 *
 * Happy path: `oncall take because ...` -> the gate says that they may, the ask is written -> the person is asked for a code
 * where nobody reads along -> the code is right: one commit with the turn and its audit row -> from then on the gate counts
 * it in every question, ops and the place where it was asked are told -> its end is written and told the same way.
 *
 * Failure modes: nothing is taken before the commit. No code comes: the ask ends. The policy no longer names the person: the
 * turn counts for nothing from that moment (policy/turns.c), and its end is told. The end cannot be written: it counts for
 * nothing all the same, and is written later. The bot was down meanwhile: the rows are gone through at the start.
 */
#include "app/take.h"

#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define LOOK_MS 60000 /* a wall clock may jump: looked at so often */
#define RETRY_MS 15000

/* ---- what the gate is told ------------------------------------------------------------------- */

void takes_tell_gate(struct takes *takes)
{
	struct arena arena = {0};
	struct policy_taken *taken;
	size_t most = 0;
	size_t n = 0;

	LIST_FOREACH(it, &takes->all)
	{
		most++;
	}
	taken = arena_array(&arena, most + 1, sizeof(*taken));
	LIST_FOREACH(it, &takes->all)
	{
		const struct take *take = LIST_ENTRY(it, struct take, link);

		if (!take_is_pending(take) && take->end == TAKE_NOT_OVER) {
			taken[n++] = (struct policy_taken){take->row.rota, take->row.person,
							   take->row.from_ms, take->row.until_ms};
		}
	}
	gate_set_taken(takes->app->gate, taken, n);
	arena_done(&arena);
}

static void set_timer(struct takes *takes)
{
	int64_t now_ms = clock_wall_ms();
	int64_t wait_ms = LOOK_MS;
	bool any = false;

	LIST_FOREACH(it, &takes->all)
	{
		const struct take *take = LIST_ENTRY(it, struct take, link);
		int64_t left_ms =
			take->end != TAKE_NOT_OVER ? RETRY_MS : take->row.until_ms - now_ms;

		any = true;
		wait_ms = left_ms < wait_ms ? left_ms : wait_ms;
	}
	if (any && !takes->app->closing) {
		timer_start(&takes->timer, wait_ms > 0 ? wait_ms : 0);
	} else {
		timer_stop(&takes->timer);
	}
}

struct take *take_add(struct takes *takes, const struct store_take *row)
{
	struct take *take = mem_alloc(sizeof(*take));

	store_take_keep(&take->arena, &take->row, row);
	list_append(&takes->all, &take->link);
	return take;
}

void take_forget(struct take *take)
{
	list_remove(&take->link);
	arena_done(&take->arena);
	free(take);
}

/* ---- the log --------------------------------------------------------------------------------- */

void take_audit(struct takes *takes, const struct store_take *row, const char *state,
		const char *why, struct store_txn *txn)
{
	struct gate *gate = takes->app->gate;
	struct arena arena = {0};
	char until[CLOCK_TEXT_SIZE];
	const char *rule = why != NULL ? why : arena_printf(&arena, "may_take.%s", row->rota);
	struct gate_who who = {row->network,   row->user_workspace, row->user,
			       row->workspace, row->channel,        row->direct};
	struct audit_row line = {
		.at_ms = clock_wall_ms(),
		.kind = "oncall",
		.id = row->id,
		.person = row->person,
		.network = row->network,
		.user_workspace = row->user_workspace,
		.user = row->user,
		.workspace = row->workspace,
		.channel = row->direct ? "direct" : row->channel,
		.channel_name = gate_channel(gate, &who),
		.verb = GATE_TAKE,
		.verdict = why != NULL ? "deny" : NULL,
		.rules = &rule,
		.n_rules = 1,
		.policy_id = gate_policy_id(gate),
		.state = state,
		.outcome = arena_printf(&arena, "%s until %s: %s", row->rota,
					clock_format(row->until_ms, until, sizeof(until)),
					row->reason),
	};

	audit_add(txn, &line);
	arena_done(&arena);
}

/* ---- telling --------------------------------------------------------------------------------- */

static struct chat_place place_of(const struct store_take *row)
{
	return (struct chat_place){
		.network = row->network,
		.workspace = row->workspace,
		.channel = row->channel,
		.thread = *row->thread != '\0' ? row->thread : NULL,
		.direct = row->direct,
	};
}

/* Where it was asked, unless that is the keepers' channel: there it is told anyhow. False: not, or not there. */
static bool tell_place(struct takes *takes, const struct store_take *row,
		       const struct message *message)
{
	struct app *app = takes->app;
	const char *ops = policy_setting(gate_policy(app->gate), "ops");
	struct gate_who who = {row->network,   row->user_workspace, row->user,
			       row->workspace, row->channel,        row->direct};
	const char *here = gate_channel(app->gate, &who);
	struct post_queue *queue = app_queue(app, row->network, row->workspace);
	struct chat_place place = place_of(row);

	if (queue == NULL || here == NULL || (ops != NULL && strcmp(ops, here) == 0) ||
	    !gate_shows(app->gate, &who, "who")) {
		return false;
	}
	post_once(queue, &place, NULL, NULL, message);
	return true;
}

/* To the person alone. */
void take_tell_directly(struct takes *takes, const struct store_take *row,
			const struct message *message)
{
	struct post_queue *queue = app_queue(takes->app, row->network, row->workspace);
	struct chat_place place = place_of(row);

	if (queue != NULL) {
		if (!row->direct) {
			place.channel = row->user;
			place.thread = NULL;
			place.direct = true;
		}
		post_once(queue, &place, NULL, NULL, message);
	}
}

static bool announce(struct takes *takes, const struct store_take *row,
		     const struct message *message)
{
	keepers_post(takes->app, gate_policy(takes->app->gate), message);
	return tell_place(takes, row, message);
}

/* Announced; who did it hears of it too, wherever they are. */
void take_announce_to(struct takes *takes, const struct store_take *row, struct turn *turn,
		      const struct message *message)
{
	struct gate *gate = takes->app->gate;
	const char *ops = policy_setting(gate_policy(gate), "ops");
	bool told = announce(takes, row, message);
	const char *here = turn != NULL ? gate_channel(gate, &turn->who) : NULL;

	if (turn == NULL || (here != NULL && ops != NULL && strcmp(here, ops) == 0) ||
	    (told && strcmp(turn->who.network, row->network) == 0 &&
	     strcmp(turn->who.workspace, row->workspace) == 0 &&
	     strcmp(turn->who.channel, row->channel) == 0)) {
		return;
	}
	turn_say(turn, true, message);
}

/* ---- commits --------------------------------------------------------------------------------- */

void take_landed(void *data, const struct err *err)
{
	struct take_step *step = data;
	struct takes *takes = step->takes;
	bool closing = takes->app->closing;

	if (closing) {
		step->turn = NULL; /* gone with all the others */
	}
	if (err == NULL) {
		step->done(step);
	} else {
		if (step->failed != NULL) {
			step->failed(step);
		}
		if (step->turn != NULL && err->kind != ERR_CONFLICT) {
			turn_say(step->turn, true, take_words_not_written(&step->turn->arena, err));
		}
	}
	if (step->turn != NULL) {
		turn_end(step->turn);
	}
	if (!closing) {
		set_timer(takes);
	}
	free(step);
}

struct take_step *take_step_new(struct takes *takes, struct turn *turn, struct take *take,
				void (*done)(struct take_step *),
				void (*failed)(struct take_step *))
{
	struct take_step *step = mem_alloc(sizeof(*step));

	*step = (struct take_step){
		.takes = takes, .turn = turn, .take = take, .done = done, .failed = failed};
	return step;
}

void take_stay(struct take_step *step)
{
	step->take->flying = false;
}

/* Refused: that stands in the log, and then it is said. */
static void say_refused(struct take_step *step)
{
	if (step->turn != NULL) {
		turn_say(step->turn, true, step->refused);
	}
}

void take_refuse(struct turn *turn, struct store_txn *txn, const struct message *message)
{
	struct take_step *step = take_step_new(turn->app->takes, turn, NULL, say_refused, NULL);

	step->refused = message;
	store_txn_seen(txn, turn->key, clock_wall_ms());
	store_commit(txn, take_landed, step);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void ended(struct take_step *step)
{
	struct takes *takes = step->takes;
	struct take *take = step->take;
	struct arena arena = {0};
	const struct message *message =
		take_words_end(&arena, &take->row, take->end, take_is_pending(take));

	if (takes->app->closing) {
		/* the queues are gone */
	} else if (take_is_pending(take) && step->turn != NULL) {
		turn_say(step->turn, true, message);
	} else if (take_is_pending(take)) {
		take_tell_directly(takes, &take->row, message);
	} else {
		take_announce_to(takes, &take->row, step->turn, message);
	}
	arena_done(&arena);
	take_forget(take);
}

void take_finish(struct take *take, enum take_end how, struct turn *turn, struct takes *takes)
{
	static const char *const states[] = {"taken", "over", "returned", "revoked"};
	struct store_txn *txn = store_txn_new(takes->app->store);

	take->end = how;
	take->flying = true;
	if (turn != NULL) {
		store_txn_seen(txn, turn->key, clock_wall_ms());
	}
	store_txn_untake(txn, take->row.id);
	take_audit(takes, &take->row,
		   take_is_pending(take) && how == TAKE_OVER ? "expired" : states[how], NULL, txn);
	takes_tell_gate(takes);
	store_commit(txn, take_landed, take_step_new(takes, turn, take, ended, take_stay));
}

static void look(struct takes *takes)
{
	int64_t now_ms = clock_wall_ms();

	LIST_FOREACH_SAFE(it, next, &takes->all)
	{
		struct take *take = LIST_ENTRY(it, struct take, link);

		if (take->flying) {
			continue;
		}
		if (take->end != TAKE_NOT_OVER) {
			take_finish(take, take->end, NULL, takes);
		} else if (!gate_takes(takes->app->gate, take->row.person, take->row.rota)) {
			take_finish(take, TAKE_REVOKED, NULL, takes);
		} else if (now_ms >= take->row.until_ms) {
			take_finish(take, TAKE_OVER, NULL, takes);
		}
	}
	set_timer(takes);
}

static void on_timer(struct timer *timer)
{
	look(timer->data);
}

void takes_policy_changed(struct app *app)
{
	look(app->takes);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct takes *takes_new(struct app *app)
{
	struct takes *takes = mem_alloc(sizeof(*takes));

	takes->app = app;
	list_init(&takes->all);
	timer_init(&takes->timer, app->loop, on_timer, takes);
	return takes;
}

static int take_up(const struct store_take *row, void *data)
{
	(void)take_add(data, row);
	return 0;
}

int takes_load(struct app *app, struct err *err)
{
	struct takes *takes = app->takes;

	if (store_each_take(app->store, take_up, takes, err) < 0) {
		return -1;
	}
	takes_tell_gate(takes);
	/* whether the last program came to say so is not known: who has a turn is said again */
	LIST_FOREACH(it, &takes->all)
	{
		const struct take *take = LIST_ENTRY(it, struct take, link);
		struct arena arena = {0};

		if (!take_is_pending(take) && clock_wall_ms() < take->row.until_ms &&
		    gate_takes(app->gate, take->row.person, take->row.rota)) {
			(void)announce(takes, &take->row,
				       take_words_taken(&arena, gate_policy(app->gate), &take->row,
							TAKE_STILL));
		}
		arena_done(&arena);
	}
	if (!list_empty(&takes->all)) {
		timer_start(&takes->timer, 0);
	}
	return 0;
}

void takes_stop(struct app *app)
{
	timer_stop(&app->takes->timer);
}

void takes_free(struct takes *takes)
{
	while (!list_empty(&takes->all)) {
		take_forget(LIST_ENTRY(takes->all.next, struct take, link));
	}
	free(takes);
}
