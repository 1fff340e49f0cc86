/* takes_ask.c - a turn on call is asked for, its code is given, it is given back: what people say about it
 *
 * Happy path and failure modes: takes.c.
 */
#include <string.h>
#include <strings.h>

#include "app/take.h"
#include "base/clock.h"

#define TAKE_MS (2 * 3600 * (int64_t)1000) /* how long a turn lasts that was taken */
#define CODE_MS (10 * 60 * (int64_t)1000)  /* how long a code is waited for */

/* ---- the ask --------------------------------------------------------------------------------- */

static void asked(struct take_step *step)
{
	struct takes *takes = step->takes;
	struct take *take = step->take;
	struct arena arena = {0};

	take->flying = false;
	if (step->turn != NULL) {
		if (!take->row.direct) {
			turn_say(step->turn, true, take_words_ask(&arena, &take->row, true));
		}
		take_tell_directly(takes, &take->row, take_words_ask(&arena, &take->row, false));
	}
	/* one ask of a person for a rota is enough: the newest */
	LIST_FOREACH_SAFE(it, next, &takes->all)
	{
		struct take *other = LIST_ENTRY(it, struct take, link);

		if (other != take && take_is_pending(other) && !other->flying &&
		    take_is_whose(other, take->row.person) &&
		    strcmp(other->row.rota, take->row.rota) == 0) {
			take_forget(other);
		}
	}
	arena_done(&arena);
}

static void not_asked(struct take_step *step)
{
	take_forget(step->take);
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
		take_refuse(turn, txn,
			    words_denied(&turn->arena, turn->parse.row, &decision, NULL, 0));
		return;
	}
	if (gate_person_code(turn->app->gate, turn->person) == NULL) {
		take_audit(takes, &row, "refused", "no-code", txn);
		take_refuse(turn, txn, take_words_no_code(&turn->arena, turn->person));
		return;
	}
	LIST_FOREACH(it, &takes->all)
	{
		const struct take *other = LIST_ENTRY(it, struct take, link);

		if (take_is_pending(other) && take_is_whose(other, row.person) &&
		    strcmp(other->row.rota, rota) == 0) {
			store_txn_untake(txn, other->row.id);
		}
	}
	store_txn_seen(txn, turn->key, clock_wall_ms());
	store_txn_take(txn, &row);
	take = take_add(takes, &row);
	take->flying = true;
	store_commit(txn, take_landed, take_step_new(takes, turn, take, asked, not_asked));
}

/* ---- the code -------------------------------------------------------------------------------- */

/* The newest that waits for that person's code. */
static struct take *pending_of(const struct takes *takes, const char *person)
{
	struct take *found = NULL;

	LIST_FOREACH(it, &takes->all)
	{
		struct take *take = LIST_ENTRY(it, struct take, link);

		if (take_is_pending(take) && !take->flying && take->end == TAKE_NOT_OVER &&
		    take_is_whose(take, person) && clock_wall_ms() < take->row.until_ms) {
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

		if (!take_is_pending(take) && take->end == TAKE_NOT_OVER &&
		    take_is_whose(take, person) &&
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

static void taken(struct take_step *step)
{
	struct takes *takes = step->takes;
	struct take *take = step->take;
	struct take *before = taken_by(takes, take->row.person, take->row.rota);
	struct arena arena = {0};

	if (before != NULL && !before->flying) {
		take_forget(before);
	}
	take->flying = false;
	take->row.from_ms = step->row.from_ms;
	take->row.until_ms = step->row.until_ms;
	takes_tell_gate(takes);
	if (!takes->app->closing) {
		take_announce_to(takes, &take->row, step->turn,
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
	struct take_step *step;
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
		take_refuse(turn, txn,
			    words_denied(&turn->arena, turn->parse.row, &decision, NULL, 0));
		return;
	}
	if (!code.right) {
		take_audit(takes, &take->row, "refused", code.why, txn);
		take_refuse(turn, txn, take_words_wrong(&turn->arena, &code));
		return;
	}
	before = taken_by(takes, turn->person, take->row.rota);
	step = take_step_new(takes, turn, take, taken, take_stay);
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
	take_audit(takes, &step->row, before != NULL ? "extended" : "taken", NULL, txn);
	store_commit(txn, take_landed, step);
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
	take_refuse(turn, txn, words_denied(&turn->arena, turn->parse.row, &decision, NULL, 0));
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
	take_finish(take, TAKE_RETURNED, turn, takes);
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
			 words_stale(&turn->arena, app->buttons, &turn->who, turn_said_again(turn),
				     turn->age_ms));
		return false;
	}
	return turn->parse.row->own == OWN_TAKE ? run_take(turn) : run_return(turn);
}
