/* press.c - somebody pressed or typed an act: which request is meant, and may it be theirs at all?
 *
 * Happy path: the request is found in memory, the presses of one request are handled one after the other (so the first that
 * is on disk wins), all is looked at afresh (review.c) and judged (press_act.c), and the presser is answered.
 * Failure modes: it is over, or somebody else's: said, and in the log. A repeated delivery: silence. DigitalOcean or the
 * disk does not answer: nothing has changed, said so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/mem.h"
#include "job/internal.h"
#include "job/press.h"

#define RECHECK_MS 30000

/* ---- the life of a press --------------------------------------------------------------------- */

void press_free(struct press *press)
{
	list_remove(&press->link);
	timer_stop(&press->begin);
	review_free(press->review);
	arena_done(&press->arena);
	free(press);
}

/* The end of the program: nobody is answered any more. */
void presses_drop(struct list *presses)
{
	LIST_FOREACH_SAFE(it, next, presses)
	{
		struct press *press = LIST_ENTRY(it, struct press, link);

		if (press->flying) {
			list_remove(&press->link);
			timer_stop(&press->begin);
			press->engine = NULL; /* what is under way frees it */
		} else {
			press_free(press);
		}
	}
}

static void next_press(struct request *request)
{
	if (list_empty(&request->presses)) {
		request_settle(request);
	} else {
		/* from the loop: the one before is still on the stack */
		timer_start(&LIST_ENTRY(request->presses.next, struct press, link)->begin, 0);
	}
}

void press_end(struct press *press)
{
	struct request *request = press->request;

	if (press->answer != NULL) {
		press->answer(press->data, press->message);
	}
	press_free(press);
	if (request != NULL) {
		queue_kick(request->engine); /* its turn may have come meanwhile */
		next_press(request);
	}
}

void press_say(struct press *press, enum tone tone, const char *first, const char *second)
{
	struct build build;

	build_init(&build, &press->arena, tone);
	build_line(&build, "%s", first);
	if (second != NULL) {
		build_line(&build, "%s", second);
	}
	press->message = build_end(&build);
}

static const char *act_name(enum job_act act)
{
	static const char *const names[JOB_ACT_COUNT] = {
		[JOB_ACT_NONE] = "none",       [JOB_ACT_CONFIRM] = "confirm",
		[JOB_ACT_APPROVE] = "approve", [JOB_ACT_REFUSE] = "deny",
		[JOB_ACT_CANCEL] = "cancel",   [JOB_ACT_CODE] = "code",
		[JOB_ACT_REASON] = "reason",
	};

	return names[act];
}

void press_audit(struct store_txn *txn, const struct press *press, bool allowed, const char *why)
{
	const struct request *request = press->request;
	const struct gate *gate = press->engine->options.gate;
	const struct gate_who *who = &press->what.who;
	const char *approvers[DECISION_DUTIES_MAX * 4];
	const char *rule = why != NULL ? why : press->because;
	struct audit_row row = {
		.at_ms = clock_wall_ms(),
		.kind = "press",
		.id = request != NULL ? request->row.id : NULL,
		.person = press->person,
		.network = who->network,
		.user_workspace = who->user_workspace,
		.user = who->user,
		.workspace = who->workspace,
		.channel = who->direct ? "direct" : who->channel,
		.channel_name = gate_channel(gate, who),
		.verb = request != NULL ? request->row.verb : NULL,
		.verdict = allowed ? "allow" : "deny",
		.rules = &rule,
		.n_rules = rule != NULL ? 1 : 0,
		.policy_id = gate_policy_id(gate),
		.state = act_name(press->what.act),
		.approvers = approvers,
	};

	for (size_t i = 0; request != NULL && i < request->n_consents; i++) {
		if (request->consents[i].kind == CONSENT_APPROVE &&
		    row.n_approvers < ARRAY_LEN(approvers)) {
			approvers[row.n_approvers++] = request->consents[i].person;
		}
	}
	audit_add(txn, &row);
}

static void noted(void *data, const struct err *err)
{
	struct press *press = data;

	press->flying = false;
	if (press->engine == NULL) {
		press_free(press);
		return;
	}
	if (err != NULL && err->kind == ERR_CONFLICT) {
		press->message = NULL; /* a repeated delivery */
	}
	press_end(press);
}

void press_note(struct press *press, struct store_txn *txn, const char *why)
{
	store_txn_seen(txn, press->what.event_key, clock_wall_ms());
	press_audit(txn, press, false, why);
	press->flying = true;
	store_commit(txn, noted, press);
}

void press_refuse(struct press *press, const char *why, const char *first, const char *second)
{
	press_say(press, TONE_BAD, first, second);
	press_note(press, store_txn_new(press->engine->options.store), why);
}

/* ---- its turn -------------------------------------------------------------------------------- */

/* Where others read along a code is worth nothing any more, whatever it was for. */
static void burn(struct press *press)
{
	const struct job_options *options = &press->engine->options;
	struct store_txn *txn = store_txn_new(options->store);

	if (options->codes != NULL && press->what.text != NULL) {
		codes_burn(options->codes, press->person,
			   gate_person_code(options->gate, press->person), press->what.text,
			   clock_wall_ms(), txn);
	}
	press_say(press, TONE_BAD, "Burnt: others could read that code.",
		  "Send a fresh one in a direct message.");
	press_note(press, txn, "code-in-a-channel");
}

/* Letters alone are no code, nor a slip in one. A digit may be of one, and so may what is not ASCII: other scripts have digits too. */
static bool could_be_code(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((*text >= '0' && *text <= '9') || (unsigned char)*text > 0x7f) {
			return true;
		}
	}
	return false;
}

static void no_code(struct press *press)
{
	press_say(press, TONE_WARN, "That is no code: a code is six digits.",
		  "Send it in a direct message, not here.");
	press_note(press, store_txn_new(press->engine->options.store), "not-a-code");
}

static void begin(struct timer *timer)
{
	struct press *press = timer->data;
	struct gate *gate = press->engine->options.gate;
	struct request *request;

	if (press->request != NULL) {
		press_handle(press);
		return;
	}
	press->person = arena_strdup(&press->arena, gate_person(gate, &press->what.who));
	if (press->person == NULL ||
	    (!press->what.who.direct && gate_channel(gate, &press->what.who) == NULL)) {
		press->message = NULL;
		press_note(press, store_txn_new(press->engine->options.store), "stranger");
		return;
	}
	if (press->what.act == JOB_ACT_CODE && press->what.text != NULL && !press->what.unseen &&
	    !press->what.who.direct) {
		if (could_be_code(press->what.text)) {
			burn(press);
		} else {
			no_code(press);
		}
		return;
	}
	request = press->what.request != NULL ? press_find_named(press) : press_find_only(press);
	if (request == NULL && press->what.request != NULL) {
		press_look_back(press);
	} else if (request == NULL) {
		press_note(press, store_txn_new(press->engine->options.store), "nothing-waits");
	} else {
		bool first = list_empty(&request->presses);

		list_remove(&press->link);
		list_append(&request->presses, &press->link);
		press->request = request;
		if (first) {
			press_handle(press);
		}
	}
}

static struct press *press_new(struct job_engine *engine)
{
	struct press *press = mem_alloc(sizeof(*press));

	list_init(&press->link);
	press->engine = engine;
	timer_init(&press->begin, engine->options.loop, begin, press);
	return press;
}

void job_press(struct job_engine *engine, const struct job_press *what,
	       void (*answer)(void *data, const struct message *message), void *data)
{
	struct press *press = press_new(engine);
	struct job_press *to = &press->what;
	struct arena *arena = &press->arena;

	*to = *what;
	to->event_key = arena_strdup(arena, what->event_key);
	to->who.network = arena_strdup(arena, what->who.network);
	to->who.user_workspace = arena_strdup(arena, what->who.user_workspace);
	to->who.user = arena_strdup(arena, what->who.user);
	to->who.workspace = arena_strdup(arena, what->who.workspace);
	to->who.channel = arena_strdup(arena, what->who.channel);
	to->request = arena_strdup(arena, what->request);
	to->seal = arena_strdup(arena, what->seal);
	to->text = arena_strdup(arena, what->text);
	press->answer = answer;
	press->data = data;
	list_append(&engine->presses, &press->link);
	timer_start(&press->begin, 0);
}

void press_recheck(struct request *request)
{
	struct press *press = press_new(request->engine);
	bool first = list_empty(&request->presses);

	press->request = request;
	list_append(&request->presses, &press->link);
	if (first) {
		timer_start(&press->begin, 0);
	}
}

void press_recheck_later(struct request *request)
{
	if (request_rests(request)) {
		timer_start(&request->recheck, RECHECK_MS);
	}
}

/* DigitalOcean was not asked: nothing is known, so nothing changes. */
void press_not_reviewed(struct press *press, const struct err *err)
{
	struct request *request = press->request;

	if (press->what.act != JOB_ACT_NONE) {
		press_say(press, TONE_BAD, "Nothing changed: DigitalOcean could not be asked.",
			  "Please press again in a moment.");
	} else {
		press_recheck_later(request);
	}
	(void)err;
	press_unpark(request, false);
	press_end(press);
}
