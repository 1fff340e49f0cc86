/* fetch.c - what a read asks DigitalOcean for besides the list of droplets: one call after the other, all into one answer
 *
 * Happy path: the gate has allowed; for each droplet (or, for a verb about none, each account) the row's call is made, and the
 * row's handler adds what came to the answer while the results live. Failure modes: one call fails (its sentence stands in the
 * answer, in its place, and the rest goes on); more droplets than are asked for at once (said, nothing is asked); the end of the
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

static void add(struct turn *turn, const struct ocean_call *call, const struct err *err)
{
	struct fetch *fetch = &turn->fetch;
	struct command_fetched fetched = {
		.call = call,
		.account = turn->app->n_accounts > 1 && fetch->n_droplets == 0
				   ? turn->app->accounts[fetch->at].ocean->name
				   : NULL,
		.n_droplets = droplets_of(turn, ocean_of(turn, fetch->at)->name),
		.seen = fetch->seen,
		.n_seen = fetch->n_seen,
		.now_ms = clock_wall_ms(),
	};
	struct command_call command = {
		.row = turn->parse.row,
		.words = turn->parse.words,
		.n_words = turn->parse.n_words,
		.gate = turn->app->gate,
		.who = &turn->who,
		.arena = &turn->arena,
		.droplets = fetch->n_droplets > 0 ? &fetch->shown[fetch->at] : NULL,
		.whole = fetch->n_droplets > 0 ? &fetch->droplets[fetch->at] : NULL,
		.n_droplets = fetch->n_droplets > 0 ? 1 : 0,
		.n_visible = fetch->n_droplets,
		.fetched = &fetched,
	};

	if (err != NULL) {
		log_line(LOG_WARN, "ocean.read", "why", err->msg, NULL);
	}
	if (err != NULL && turn->person == NULL) {
		/* names of accounts and tokens are nothing for a stranger */
		build_line(&fetch->build, "DigitalOcean could not be asked.");
	} else if (err != NULL) {
		build_line(&fetch->build, "DigitalOcean could not be asked.");
		build_line(&fetch->build, "%s", words_sentence(&turn->arena, err->msg));
	} else {
		command.row->answer(&command, &fetch->build);
	}
	fetch->failed = fetch->failed || err != NULL;
}

static void came(struct ocean_call *call, const struct err *err)
{
	struct turn *turn = call->data;

	turn->fetch.calling = NULL;
	if (turn->fetch.dropped) {
		turn_end(turn);
		return;
	}
	add(turn, call, err);
	turn->fetch.at++;
	next(turn);
}

static void finish(struct turn *turn)
{
	struct fetch *fetch = &turn->fetch;

	fetch->build.message.tone = fetch->failed ? TONE_BAD : TONE_PLAIN;
	turn_say(turn, gate_reads_privately(turn->app->gate, &turn->who), build_end(&fetch->build));
	turn_end(turn);
}

static void next(struct turn *turn)
{
	struct fetch *fetch = &turn->fetch;
	struct ocean *ocean;

	if (fetch->at == fetch->n) {
		finish(turn);
		return;
	}
	ocean = ocean_of(turn, fetch->at);
	memset(&fetch->call, 0, sizeof(fetch->call));
	fetch->call.verb = turn->parse.row->fetch;
	fetch->call.images = turn->parse.row->images;
	fetch->call.max_tier = TIER_READ;
	fetch->call.interactive = true;
	fetch->call.done = came;
	fetch->call.data = turn;
	if (fetch->n_droplets > 0) {
		fetch->call.droplet_id = fetch->droplets[fetch->at]->id;
	}
	if (ocean == NULL) { /* a reload took the account away meanwhile */
		struct err gone = {0};

		(void)err_set(&gone, ERR_CONFIG, "its account is not set up any more");
		came(&fetch->call, &gone);
		return;
	}
	fetch->calling = ocean;
	ocean_start(ocean, &fetch->call);
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

	if (fetch->calling == NULL) {
		return false;
	}
	fetch->dropped =
		true; /* the call's end ends the turn: until then its memory is DigitalOcean's */
	ocean_cancel(fetch->calling, &fetch->call);
	return true;
}
