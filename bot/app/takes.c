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
#include "app/takes.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define TAKE_MS (2 * 3600 * (int64_t)1000) /* how long a turn lasts that was taken */
#define CODE_MS (10 * 60 * (int64_t)1000)  /* how long a code is waited for */
#define LOOK_MS 60000                      /* a wall clock may jump: looked at so often */
#define RETRY_MS 15000

/* A row of the store. Its strings are in its arena. */
struct take {
	struct list link;
	struct arena arena;
	struct store_take row;
	enum take_end end; /* NOT: it stands */
	bool flying;       /* its end is on its way to the disk */
};

struct takes {
	struct app *app;
	struct list all;
	struct timer timer;
};

/* One commit on its way. */
struct step {
	struct takes *takes;
	struct turn *turn; /* NULL: nobody waits for an answer; not looked at once the app closes */
	struct take *take;
	struct store_take row; /* TAKEN: what the row becomes */
	enum take_news news;   /* TAKEN */
	const struct message *refused;
	void (*done)(struct step *step);
	void (*failed)(struct step *step); /* NULL: nothing to put back */
};

static bool is_pending(const struct take *take)
{
	return take->row.from_ms == 0;
}

static bool is_whose(const struct take *take, const char *person)
{
	return person != NULL && strcmp(take->row.person, person) == 0;
}

/* ---- what the gate is told ------------------------------------------------------------------- */

static void tell_gate(struct takes *takes)
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

		if (!is_pending(take) && take->end == TAKE_NOT_OVER) {
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

static struct take *add(struct takes *takes, const struct store_take *row)
{
	struct take *take = mem_alloc(sizeof(*take));

	store_take_keep(&take->arena, &take->row, row);
	list_append(&takes->all, &take->link);
	return take;
}

static void forget(struct take *take)
{
	list_remove(&take->link);
	arena_done(&take->arena);
	free(take);
}

/* ---- the log --------------------------------------------------------------------------------- */

static void audit(struct takes *takes, const struct store_take *row, const char *state,
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
static void tell_directly(struct takes *takes, const struct store_take *row,
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
static void announce_to(struct takes *takes, const struct store_take *row, struct turn *turn,
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

static void landed(void *data, const struct err *err)
{
	struct step *step = data;
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

static struct step *step_new(struct takes *takes, struct turn *turn, struct take *take,
			     void (*done)(struct step *), void (*failed)(struct step *))
{
	struct step *step = mem_alloc(sizeof(*step));

	*step = (struct step){
		.takes = takes, .turn = turn, .take = take, .done = done, .failed = failed};
	return step;
}

static void stay(struct step *step)
{
	step->take->flying = false;
}

/* Refused: that stands in the log, and then it is said. */
static void say_refused(struct step *step)
{
	if (step->turn != NULL) {
		turn_say(step->turn, true, step->refused);
	}
}

static void commit_refusal(struct turn *turn, struct store_txn *txn, const struct message *message)
{
	struct step *step = step_new(turn->app->takes, turn, NULL, say_refused, NULL);

	step->refused = message;
	store_txn_seen(txn, turn->key, clock_wall_ms());
	store_commit(txn, landed, step);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void ended(struct step *step)
{
	struct takes *takes = step->takes;
	struct take *take = step->take;
	struct arena arena = {0};
	const struct message *message =
		take_words_end(&arena, &take->row, take->end, is_pending(take));

	if (takes->app->closing) {
		/* the queues are gone */
	} else if (is_pending(take) && step->turn != NULL) {
		turn_say(step->turn, true, message);
	} else if (is_pending(take)) {
		tell_directly(takes, &take->row, message);
	} else {
		announce_to(takes, &take->row, step->turn, message);
	}
	arena_done(&arena);
	forget(take);
}

static void end(struct take *take, enum take_end how, struct turn *turn, struct takes *takes)
{
	static const char *const states[] = {"taken", "over", "returned", "revoked"};
	struct store_txn *txn = store_txn_new(takes->app->store);

	take->end = how;
	take->flying = true;
	if (turn != NULL) {
		store_txn_seen(txn, turn->key, clock_wall_ms());
	}
	store_txn_untake(txn, take->row.id);
	audit(takes, &take->row, is_pending(take) && how == TAKE_OVER ? "expired" : states[how],
	      NULL, txn);
	tell_gate(takes);
	store_commit(txn, landed, step_new(takes, turn, take, ended, stay));
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
			end(take, take->end, NULL, takes);
		} else if (!gate_takes(takes->app->gate, take->row.person, take->row.rota)) {
			end(take, TAKE_REVOKED, NULL, takes);
		} else if (now_ms >= take->row.until_ms) {
			end(take, TAKE_OVER, NULL, takes);
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

/* ---- the ask --------------------------------------------------------------------------------- */

static void asked(struct step *step)
{
	struct takes *takes = step->takes;
	struct take *take = step->take;
	struct arena arena = {0};

	take->flying = false;
	if (step->turn != NULL) {
		if (!take->row.direct) {
			turn_say(step->turn, true, take_words_ask(&arena, &take->row, true));
		}
		tell_directly(takes, &take->row, take_words_ask(&arena, &take->row, false));
	}
	/* one ask of a person for a rota is enough: the newest */
	LIST_FOREACH_SAFE(it, next, &takes->all)
	{
		struct take *other = LIST_ENTRY(it, struct take, link);

		if (other != take && is_pending(other) && !other->flying &&
		    is_whose(other, take->row.person) &&
		    strcmp(other->row.rota, take->row.rota) == 0) {
			forget(other);
		}
	}
	arena_done(&arena);
}

static void not_asked(struct step *step)
{
	forget(step->take);
}

static void ask(struct turn *turn, const char *rota, const char *reason)
{
	struct takes *takes = turn->app->takes;
	struct store_txn *txn = store_txn_new(turn->app->store);
	struct gate_decision decision;
	struct store_take row = {
		.rota = rota,
		.person = turn->person,
		.reason = reason,
		.network = turn->who.network,
		.workspace = turn->who.workspace,
		.channel = turn->who.channel,
		.thread = turn->place.thread,
		.user_workspace = turn->who.user_workspace,
		.user = turn->who.user,
		.direct = turn->who.direct,
		.asked_ms = clock_wall_ms(),
		.until_ms = clock_wall_ms() + CODE_MS,
	};
	struct take *take;

	gate_decide_take(turn->app->gate, &turn->who, rota, NULL, txn, &turn->arena, &decision);
	memcpy(row.id, decision.id, sizeof(row.id));
	if (decision.verdict != ALLOW) {
		commit_refusal(turn, txn,
			       words_denied(&turn->arena, turn->parse.row, &decision, NULL, 0));
		return;
	}
	if (gate_person_code(turn->app->gate, turn->person) == NULL) {
		audit(takes, &row, "refused", "no-code", txn);
		commit_refusal(turn, txn, take_words_no_code(&turn->arena, turn->person));
		return;
	}
	LIST_FOREACH(it, &takes->all)
	{
		const struct take *other = LIST_ENTRY(it, struct take, link);

		if (is_pending(other) && is_whose(other, row.person) &&
		    strcmp(other->row.rota, rota) == 0) {
			store_txn_untake(txn, other->row.id);
		}
	}
	store_txn_seen(txn, turn->key, clock_wall_ms());
	store_txn_take(txn, &row);
	take = add(takes, &row);
	take->flying = true;
	store_commit(txn, landed, step_new(takes, turn, take, asked, not_asked));
}

/* ---- the code -------------------------------------------------------------------------------- */

/* The newest that waits for that person's code. */
static struct take *pending_of(const struct takes *takes, const char *person)
{
	struct take *found = NULL;

	LIST_FOREACH(it, &takes->all)
	{
		struct take *take = LIST_ENTRY(it, struct take, link);

		if (is_pending(take) && !take->flying && take->end == TAKE_NOT_OVER &&
		    is_whose(take, person) && clock_wall_ms() < take->row.until_ms) {
			found = take;
		}
	}
	return found;
}

/* The one that they have; NULL: none. */
static struct take *taken_by(const struct takes *takes, const char *person, const char *rota)
{
	LIST_FOREACH(it, &takes->all)
	{
		struct take *take = LIST_ENTRY(it, struct take, link);

		if (!is_pending(take) && take->end == TAKE_NOT_OVER && is_whose(take, person) &&
		    (rota == NULL || strcmp(take->row.rota, rota) == 0)) {
			return take;
		}
	}
	return NULL;
}

bool takes_wait(const struct app *app, const char *person)
{
	return pending_of(app->takes, person) != NULL;
}

static void taken(struct step *step)
{
	struct takes *takes = step->takes;
	struct take *take = step->take;
	struct take *before = taken_by(takes, take->row.person, take->row.rota);
	struct arena arena = {0};

	if (before != NULL && !before->flying) {
		forget(before);
	}
	take->flying = false;
	take->row.from_ms = step->row.from_ms;
	take->row.until_ms = step->row.until_ms;
	tell_gate(takes);
	if (!takes->app->closing) {
		announce_to(takes, &take->row, step->turn,
			    take_words_taken(&arena, gate_policy(takes->app->gate), &take->row,
					     step->news));
	}
	arena_done(&arena);
}

void takes_code(struct turn *turn, const char *digits)
{
	struct app *app = turn->app;
	struct takes *takes = app->takes;
	struct take *take = pending_of(takes, turn->person);
	struct store_txn *txn = store_txn_new(app->store);
	struct gate_who who = turn->who;
	struct gate_decision decision;
	struct take *before;
	struct step *step;
	struct job_code code;

	who.network = take->row.network; /* where it was asked: there it must be allowed still */
	who.workspace = take->row.workspace;
	who.channel = take->row.channel;
	who.direct = take->row.direct;
	who.user_workspace = take->row.user_workspace;
	who.user = take->row.user;
	gate_decide_take(app->gate, &who, take->row.rota, take->row.id, txn, &turn->arena,
			 &decision);
	job_try_code(app->engine, turn->person, digits, txn, &turn->arena, &code);
	if (decision.verdict != ALLOW) {
		commit_refusal(turn, txn,
			       words_denied(&turn->arena, turn->parse.row, &decision, NULL, 0));
		return;
	}
	if (!code.right) {
		audit(takes, &take->row, "refused", code.why, txn);
		commit_refusal(turn, txn, take_words_wrong(&turn->arena, &code));
		return;
	}
	before = taken_by(takes, turn->person, take->row.rota);
	step = step_new(takes, turn, take, taken, stay);
	step->row = take->row;
	step->row.from_ms = clock_wall_ms();
	step->row.until_ms = step->row.from_ms + TAKE_MS;
	step->news = before != NULL ? TAKE_AGAIN : TAKE_NEW;
	take->flying = true;
	if (before != NULL) {
		store_txn_untake(txn, before->row.id);
	}
	store_txn_seen(txn, turn->key, clock_wall_ms());
	store_txn_take(txn, &step->row);
	audit(takes, &step->row, before != NULL ? "extended" : "taken", NULL, txn);
	store_commit(txn, landed, step);
}

/* ---- what is said ---------------------------------------------------------------------------- */

/* "primary" of "oncall take primary because ..."; the rest is the reason where no "because" stands. NULL: none is named. */
static const char *take_rota(struct turn *turn)
{
	const struct policy *policy = gate_policy(turn->app->gate);
	struct command_parse *parse = &turn->parse;
	const char *name;

	for (size_t i = 0; parse->n_words > 0 && (name = policy_rota(policy, i)) != NULL; i++) {
		if (strcasecmp(name, parse->words[0]) == 0) {
			parse->words++;
			parse->n_words--;
			return arena_strdup(&turn->arena, name);
		}
	}
	return NULL;
}

/* Where no "because" was said the words are the reason. NULL: none. */
static const char *take_reason(struct turn *turn)
{
	struct command_parse *parse = &turn->parse;
	const char *text = "";
	size_t len;

	if (parse->reason != NULL || parse->n_words == 0) {
		return parse->reason;
	}
	for (size_t i = 0; i < parse->n_words; i++) {
		text = arena_printf(&turn->arena, "%s%s%s", text, i > 0 ? " " : "",
				    parse->words[i]);
	}
	len = strlen(text);
	if (len > COMMAND_REASON_MAX) {
		len = COMMAND_REASON_MAX;
		while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80) {
			len--;
		}
	}
	parse->n_words = 0;
	return arena_strndup(&turn->arena, text, len);
}

static bool refuse(struct turn *turn, const char *rota)
{
	struct store_txn *txn = store_txn_new(turn->app->store);
	struct gate_decision decision;

	gate_decide_take(turn->app->gate, &turn->who, rota, NULL, txn, &turn->arena, &decision);
	commit_refusal(turn, txn, words_denied(&turn->arena, turn->parse.row, &decision, NULL, 0));
	return true;
}

static bool run_take(struct turn *turn)
{
	struct app *app = turn->app;
	const char *const *rotas;
	size_t n = gate_may_take(app->gate, &turn->who, &turn->arena, &rotas);
	const char *rota = take_rota(turn);
	const char *reason = take_reason(turn);

	if (rota == NULL && turn->parse.n_words > 0) { /* a name that is no rota's, and a reason */
		return refuse(turn, NULL);
	}
	if (n == 0 || (rota != NULL && !gate_takes(app->gate, turn->person, rota))) {
		return refuse(turn, rota);
	}
	if (reason == NULL) {
		turn_say(turn, true, take_words_why(&turn->arena, rota));
		return false;
	}
	if (rota == NULL && n > 1) {
		turn_say(turn, true,
			 take_words_which(&turn->arena, app->buttons, rotas, n, reason));
		return false;
	}
	ask(turn, rota != NULL ? rota : rotas[0], reason);
	return true;
}

/* The turn that was taken, or else the ask that waits for a code. */
static bool run_return(struct turn *turn)
{
	struct takes *takes = turn->app->takes;
	const char *rota = take_rota(turn);
	struct take *take = taken_by(takes, turn->person, rota);

	if (take == NULL && rota == NULL) {
		take = pending_of(takes, turn->person);
	}
	if (take == NULL || take->flying || turn->parse.n_words > 0) {
		turn_say(turn, true, take_words_none(&turn->arena));
		return false;
	}
	end(take, TAKE_RETURNED, turn, takes);
	return true;
}

bool takes_is(const struct command *row)
{
	return row->own == OWN_TAKE || row->own == OWN_RETURN;
}

bool takes_is_meant(const struct turn *turn)
{
	return turn->parse.row->own == OWN_TAKE ? turn->parse.reason != NULL
						: turn->parse.n_words <= 1;
}

bool takes_run(struct turn *turn)
{
	struct app *app = turn->app;

	if (turn->person == NULL && recent_may_answer(app->recent, turn->who.user)) {
		turn_note(turn, "decision", GATE_TAKE, "stranger");
	}
	if (!command_may_staff(app->gate, &turn->who)) {
		turn_say(turn, true, take_words_not_here(&turn->arena));
		return false;
	}
	if (turn->age_ms > TURN_STALE_MS) {
		turn_say(turn, true,
			 words_stale(&turn->arena, app->buttons, turn_said_again(turn),
				     turn->age_ms));
		return false;
	}
	return turn->parse.row->own == OWN_TAKE ? run_take(turn) : run_return(turn);
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
	(void)add(data, row);
	return 0;
}

int takes_load(struct app *app, struct err *err)
{
	struct takes *takes = app->takes;

	if (store_each_take(app->store, take_up, takes, err) < 0) {
		return -1;
	}
	tell_gate(takes);
	/* whether the last program came to say so is not known: who has a turn is said again */
	LIST_FOREACH(it, &takes->all)
	{
		const struct take *take = LIST_ENTRY(it, struct take, link);
		struct arena arena = {0};

		if (!is_pending(take) && clock_wall_ms() < take->row.until_ms &&
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
		forget(LIST_ENTRY(takes->all.next, struct take, link));
	}
	free(takes);
}
