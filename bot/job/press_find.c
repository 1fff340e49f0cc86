/* press_find.c - which request is meant: by its id, or the one that waits for this person; of one that is over, how it ended
 *
 * Failure modes: none or several (said); one that this person may not learn of here (the words for what does not exist).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/press.h"

/* ---- whose it is ----------------------------------------------------------------------------- */

static bool same(const char *a, const char *b)
{
	return a != NULL && b != NULL && *a != '\0' && strcmp(a, b) == 0;
}

static bool is_mine(const struct request *request, const char *person)
{
	return same(request->row.person, person);
}

static bool is_in(const struct request *request, const struct gate_who *who)
{
	const struct store_request *row = &request->row;

	return strcmp(row->network, who->network) == 0 &&
	       strcmp(row->workspace, who->workspace) == 0 &&
	       strcmp(row->channel, who->channel) == 0 && row->direct == who->direct;
}

bool press_is_mine(const struct press *press)
{
	return is_mine(press->request, press->person);
}

bool press_is_here(const struct press *press)
{
	return is_in(press->request, &press->what.who);
}

bool request_asks(const struct request *request, const char *person)
{
	for (size_t i = 0; i < request->asking.n_approvers; i++) {
		if (same(request->asking.approvers[i].person, person)) {
			return true;
		}
	}
	return false;
}

/* Does it wait for that act of this very person? */
static bool waits_for(const struct request *request, const char *person, enum job_act act)
{
	enum duty_kind kind = request->asking.kind;
	bool mine = is_mine(request, person);

	switch (act) {
	case JOB_ACT_CONFIRM:
	case JOB_ACT_CODE:
		return mine && request_waits(request) &&
		       (kind == DUTY_CONFIRM || kind == DUTY_CODE);
	case JOB_ACT_REASON:
		return mine && request_waits(request) && kind == DUTY_REASON;
	case JOB_ACT_APPROVE:
	case JOB_ACT_REFUSE:
		return request_waits(request) && request_asks(request, person);
	case JOB_ACT_CANCEL:
		return mine;
	case JOB_ACT_NONE:
	case JOB_ACT_COUNT:
		break;
	}
	return false;
}

/* ---- which request --------------------------------------------------------------------------- */

struct choice {
	struct request *strict, *strict_here, *loose;
	size_t n_strict, n_strict_here, n_loose;
};

static struct choice choose(const struct job_engine *engine, const struct gate_who *who,
			    const char *person, enum job_act act)
{
	struct choice choice = {0};

	LIST_FOREACH(it, &engine->requests)
	{
		struct request *request = LIST_ENTRY(it, struct request, link);

		if (waits_for(request, person, act)) {
			choice.strict = request;
			choice.n_strict++;
			if (is_in(request, who)) {
				choice.strict_here = request;
				choice.n_strict_here++;
			}
		} else if (request_waits(request) &&
			   (is_in(request, who) || is_mine(request, person))) {
			choice.loose = request;
			choice.n_loose++;
		}
	}
	return choice;
}

bool job_waits(const struct job_engine *engine, const struct gate_who *who, const char *person,
	       enum job_act act)
{
	struct choice choice = choose(engine, who, person, act);

	return person != NULL && (choice.n_strict > 0 || choice.n_loose > 0);
}

/* The one that is meant without being named; NULL: none or several, and that is said. */
struct request *press_find_only(struct press *press)
{
	struct choice choice =
		choose(press->engine, &press->what.who, press->person, press->what.act);

	if (choice.n_strict == 1) {
		return choice.strict;
	}
	if (choice.n_strict_here == 1) {
		return choice.strict_here;
	}
	if (choice.n_strict > 1) {
		press_say(press, TONE_WARN,
			  arena_printf(&press->arena, "%zu requests wait for you: which one?",
				       choice.n_strict),
			  "Nothing changed. Say `pending`.");
		return NULL;
	}
	if (choice.n_loose == 1) {
		return choice.loose;
	}
	press_say(press, TONE_PLAIN, "Nothing waits for you.", NULL);
	return NULL;
}

/* May this person learn of it here? */
static bool may_know(const struct press *press, const struct request *request)
{
	struct gate *gate = press->engine->options.gate;

	return is_mine(request, press->person) || is_in(request, &press->what.who) ||
	       request_asks(request, press->person) ||
	       gate_could(gate, &press->what.who, VERB_JOB_CANCEL);
}

struct request *press_find_named(const struct press *press)
{
	const char *id = press->what.request;
	size_t len = strlen(id);
	struct request *found = NULL;

	LIST_FOREACH(it, &press->engine->requests)
	{
		struct request *request = LIST_ENTRY(it, struct request, link);

		if (len >= 4 && strncmp(request->row.id, id, len) == 0 &&
		    may_know(press, request)) {
			if (found != NULL) {
				return NULL;
			}
			found = request;
		}
	}
	return found;
}

/* ---- of a request that is over --------------------------------------------------------------- */

struct past {
	struct press *press;
	char person[80];
	char outcome[400];
	bool found, here;
};

static int past_request(const struct store_request *row, void *data)
{
	struct past *past = data;
	const struct gate_who *who = &past->press->what.who;

	past->found = true;
	(void)snprintf(past->person, sizeof(past->person), "%s", row->person);
	past->here = strcmp(row->network, who->network) == 0 &&
		     strcmp(row->workspace, who->workspace) == 0 &&
		     strcmp(row->channel, who->channel) == 0;
	return 0;
}

static int past_job(const struct store_job *row, void *data)
{
	struct past *past = data;

	(void)snprintf(past->outcome, sizeof(past->outcome), "%.*s",
		       (int)strcspn(row->outcome, "\n"), row->outcome);
	return 1;
}

/* On the worker. */
static void look_back(struct store *store, void *data)
{
	struct past *past = data;
	const char *id = past->press->what.request;
	struct err err = {0};

	if (store_find_request(store, id, past_request, past, &err) == 0 && past->found) {
		(void)store_each_job(store, id, past_job, past, &err);
	}
}

static void looked_back(void *data, const struct err *err)
{
	struct past *past = data;
	struct press *press = past->press;
	bool known = past->found && (past->here || same(past->person, press->person));

	(void)err;
	press->flying = false;
	if (press->engine == NULL) {
		press_free(press);
	} else if (known) {
		press_say(press, TONE_PLAIN,
			  past->outcome[0] != '\0'
				  ? arena_printf(&press->arena, "It is over: %s", past->outcome)
				  : "It is over.",
			  NULL);
		press_note(press, store_txn_new(press->engine->options.store), "over");
	} else {
		press_refuse(press, "no-such-request",
			     press->what.seal != NULL
				     ? "Expired. Nothing ran."
				     : arena_printf(&press->arena, "No request \"%.20s\" here.",
						    press->what.request),
			     press->what.seal != NULL ? NULL : "Nothing changed.");
	}
	free(past);
}

void press_look_back(struct press *press)
{
	struct past *past = mem_alloc(sizeof(*past));

	past->press = press;
	press->flying = true;
	store_ask(press->engine->options.store, look_back, looked_back, past);
}

/* ---- buttons --------------------------------------------------------------------------------- */

/* "q.a.8c21abcd.0f3e12aa": act, request, and how the digest begins. */
static const char letters[JOB_ACT_COUNT] = {
	[JOB_ACT_CONFIRM] = 'c', [JOB_ACT_APPROVE] = 'a', [JOB_ACT_REFUSE] = 'd',
	[JOB_ACT_CANCEL] = 'x',  [JOB_ACT_CODE] = 'k', /* these two open a form */
	[JOB_ACT_REASON] = 'r',
};

const char *press_button(const struct store_request *row, enum job_act act, struct arena *arena)
{
	return arena_printf(arena, "q.%c.%s.%.8s", letters[act], row->id, row->digest);
}

bool job_button_parse(const char *button, char buf[JOB_BUTTON_SIZE], struct job_press *press)
{
	size_t len = button != NULL ? strlen(button) : 0;
	char *dot;

	if (len < 6 || len >= JOB_BUTTON_SIZE || strncmp(button, "q.", 2) != 0 ||
	    button[3] != '.') {
		return false;
	}
	memcpy(buf, button + 4, len - 3);
	dot = strchr(buf, '.');
	if (dot == NULL) {
		return false;
	}
	for (int act = JOB_ACT_NONE + 1; act < JOB_ACT_COUNT; act++) {
		if (letters[act] != '\0' && letters[act] == button[2]) {
			*dot = '\0';
			press->act = (enum job_act)act;
			press->request = buf;
			press->seal = dot + 1;
			return true;
		}
	}
	return false;
}
