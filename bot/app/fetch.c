/* fetch.c - what a read asks DigitalOcean for besides the list of droplets: one after the other, all into one answer
 *
 * Happy path: the gate has allowed; for each droplet (or, for a verb about none, each account) the row's call is made, and the
 * row's handler adds what came to the answer while the results live. A row that gathers makes several at once, keeps what each
 * brought, and its handler runs when the last has come. Failure modes: one call fails (its sentence stands in the answer, in its
 * place, and the rest goes on; a row that can do without says nothing of it); they take too long for such a row (canceled, the
 * answer goes without them); more droplets than are asked for at once (said, nothing is asked); the end of the
 * program (the call is canceled, and turn_drop_all tells the asker).
 */
#include <string.h>

#include "app/turn.h"
#include "base/clock.h"
#include "base/log.h"

static void next(struct turn *turn);

static struct ocean *ocean_of(const struct turn *turn, size_t i)
{
	const struct fetch *fetch = &turn->fetch;
	struct app_account *account = fetch->n_droplets > 0
					      ? account_find(turn->app, fetch->droplets[i]->account)
					      : &turn->app->accounts[i];

	return account != NULL ? account->ocean : NULL;
}

static size_t droplets_of(const struct turn *turn, const char *account)
{
	size_t n, has = 0;
	const struct droplet *all = ocean_snapshot_all(turn->snapshot, &n);

	for (size_t i = 0; i < n; i++) {
		has += all[i].account == NULL || strcmp(all[i].account, account) == 0;
	}
	return has;
}

/* The row's answer, of what came. */
static void add_answer(struct turn *turn)
{
	struct fetch *fetch = &turn->fetch;
	bool gathers = turn->parse.row->gather != NULL;
	const struct ocean *ocean = ocean_of(turn, fetch->at); /* NULL: a reload took it away */
	struct command_fetched fetched = {
		.call = gathers ? NULL : &fetch->calls[0],
		.calls = fetch->calls,
		.failed = fetch->gone_wrong,
		.n_calls = fetch->n_calls,
		.account = turn->app->n_accounts > 1 && fetch->n_droplets == 0 && ocean != NULL
				   ? ocean->name
				   : NULL,
		.n_droplets = ocean != NULL ? droplets_of(turn, ocean->name) : 0,
		.seen = fetch->seen,
		.n_seen = fetch->n_seen,
		.now_ms = clock_wall_ms(),
	};
	struct command_call call = turn_call(turn);

	if (fetch->n_droplets > 0) {
		call.droplets = &fetch->shown[fetch->at];
		call.whole = &fetch->droplets[fetch->at];
		call.n_droplets = 1;
		call.locks = turn_locks(turn, call.whole, 1);
	}
	call.n_visible = fetch->n_droplets;
	call.fetched = &fetched;
	call.row->answer(&call, &fetch->build);
}

/* Is it nothing without what failed? Some of several calls are worth an answer, and so is a row that can do without. */
static bool has_failed(const struct turn *turn)
{
	const struct fetch *fetch = &turn->fetch;
	const struct command_gather *gather = turn->parse.row->gather;
	bool all = true;

	for (size_t i = 0; i < fetch->n_calls; i++) {
		all = all && fetch->gone_wrong[i];
	}
	return all && (gather == NULL || gather->verb == VERB_NONE);
}

static void add(struct turn *turn)
{
	struct fetch *fetch = &turn->fetch;
	bool failed = has_failed(turn);

	if (!failed) {
		add_answer(turn);
	} else {
		build_line(&fetch->build, "DigitalOcean could not be asked.");
	}
	if (failed && turn->person != NULL) {
		/* names of accounts and tokens are nothing for a stranger */
		build_line(&fetch->build, "%s", words_sentence(&turn->arena, fetch->err.msg));
	}
	fetch->failed = fetch->failed || failed;
}

static void came(struct ocean_call *call, const struct err *err)
{
	struct turn *turn = call->data;
	struct fetch *fetch = &turn->fetch;
	const struct command_gather *gather = turn->parse.row->gather;
	size_t i = (size_t)(call - fetch->calls);

	fetch->running[i] = false;
	fetch->gone_wrong[i] = err != NULL;
	fetch->n_running--;
	if (err != NULL && fetch->err.msg[0] == '\0') {
		fetch->err = *err;
	}
	if (err != NULL && err->kind != ERR_CANCELED) {
		log_line(LOG_WARN, "ocean.read", "why", err->msg, NULL);
	} else if (err == NULL && gather != NULL) {
		gather->keep(call, &turn->arena);
	}
	if (fetch->n_running > 0) {
		return;
	}
	timer_stop(&fetch->patience);
	if (fetch->dropped) {
		turn_end(turn);
		return;
	}
	add(turn);
	fetch->at++;
	next(turn);
}

static void finish(struct turn *turn)
{
	struct fetch *fetch = &turn->fetch;

	fetch->build.message.tone = fetch->failed ? TONE_BAD : TONE_PLAIN;
	turn_say(turn, gate_reads_privately(turn->app->gate, &turn->who), build_end(&fetch->build));
	turn_end(turn);
}

static void cancel(struct fetch *fetch)
{
	for (size_t i = 0; i < fetch->n_calls; i++) {
		if (fetch->running[i]) {
			ocean_cancel(fetch->asked, &fetch->calls[i]);
		}
	}
}

/* Those who ask wait no longer: what is there is the answer. */
static void hurry(struct timer *timer)
{
	log_line(LOG_WARN, "ocean.read", "why", "it took too long, the answer goes without", NULL);
	cancel(timer->data);
}

static void prepare(struct turn *turn)
{
	struct fetch *fetch = &turn->fetch;
	const struct command *row = turn->parse.row;
	struct command_call call = turn_call(turn);

	memset(fetch->calls, 0, sizeof(fetch->calls));
	memset(&fetch->err, 0, sizeof(fetch->err));
	fetch->n_calls = 1;
	if (row->gather != NULL) {
		fetch->n_calls = row->gather->calls(&call, clock_wall_ms(), fetch->calls);
	} else {
		fetch->calls[0].verb = row->fetch;
		fetch->calls[0].images = row->images;
	}
	for (size_t i = 0; i < fetch->n_calls; i++) {
		fetch->calls[i].max_tier = TIER_READ;
		fetch->calls[i].interactive = true;
		fetch->calls[i].droplet_id =
			fetch->n_droplets > 0 ? fetch->droplets[fetch->at]->id : 0;
		fetch->calls[i].done = came;
		fetch->calls[i].data = turn;
		fetch->running[i] = true;
	}
	fetch->n_running = fetch->n_calls;
}

/* A reload took the account away meanwhile. */
static void no_account(struct turn *turn)
{
	struct fetch *fetch = &turn->fetch;

	(void)err_set(&fetch->err, ERR_CONFIG, "its account is not set up any more");
	log_line(LOG_WARN, "ocean.read", "why", fetch->err.msg, NULL);
	for (size_t i = 0; i < fetch->n_calls; i++) {
		fetch->running[i] = false;
		fetch->gone_wrong[i] = true;
	}
	fetch->n_running = 0;
	add(turn);
	fetch->at++;
	next(turn);
}

static void next(struct turn *turn)
{
	struct fetch *fetch = &turn->fetch;
	const struct command_gather *gather = turn->parse.row->gather;

	if (fetch->at == fetch->n) {
		finish(turn);
		return;
	}
	prepare(turn);
	fetch->asked = ocean_of(turn, fetch->at);
	if (fetch->asked == NULL) {
		no_account(turn);
		return;
	}
	if (gather != NULL && gather->patience_ms > 0) {
		timer_start(&fetch->patience, gather->patience_ms);
	}
	for (size_t i = 0; i < fetch->n_calls; i++) {
		ocean_start(fetch->asked, &fetch->calls[i]);
	}
}

bool fetch_wants(struct turn *turn, const struct droplet *const *droplets, size_t n)
{
	const struct command *row = turn->parse.row;

	if (row->gather == NULL) {
		return row->fetch != OCEAN_NONE;
	}
	return row->gather->verb == VERB_NONE ||
	       (n == 1 && gate_allows(turn->app->gate, &turn->who, row->gather->verb, droplets[0]));
}

bool fetch_start(struct turn *turn, const struct droplet *const *droplets,
		 const struct droplet *const *shown, size_t n)
{
	struct fetch *fetch = &turn->fetch;

	if (n > FETCH_MOST) {
		struct build build;

		build_init(&build, &turn->arena, TONE_WARN);
		build_line(&build, "That is %zu droplets.", n);
		build_line(&build, "Please ask for at most %d at once.", FETCH_MOST);
		turn_say(turn, true, build_end(&build));
		return false;
	}
	build_init(&fetch->build, &turn->arena, TONE_PLAIN);
	timer_init(&fetch->patience, turn->app->loop, hurry, fetch);
	fetch->droplets = droplets;
	fetch->shown = shown;
	fetch->n_droplets = n;
	fetch->seen = gate_filter(turn->app->gate, &turn->who, VERB_DROPLET_SHOW, turn->snapshot,
				  &turn->arena, &fetch->n_seen);
	fetch->n = n > 0 ? n : turn->app->n_accounts;
	next(turn);
	return true;
}

bool fetch_drop(struct turn *turn)
{
	struct fetch *fetch = &turn->fetch;

	if (fetch->n_running == 0) {
		return false;
	}
	fetch->dropped =
		true; /* the last call's end ends the turn: until then its memory is DigitalOcean's */
	cancel(fetch);
	return true;
}
