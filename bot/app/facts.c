/* facts.c - what a change must know of DigitalOcean's before it is decided: prices of sizes, whose backup or image it is
 *
 * Happy path: rights allow the change; the sizes of each account are there from the hour, or asked for; the price joins the
 * arguments, so that policy, card and log have it; the gate decides, and what cannot be is refused before anything runs.
 * Failure modes: the sizes do not come: the price is not known, which a limit on cost denies, and DigitalOcean itself judges the
 * size. The backups do not come: nothing runs, because whose disk that is is not known. The end of the program: the call is
 * canceled, and turn_drop_all tells the asker.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/create.h"
#include "app/image.h"
#include "app/unsave.h"
#include "base/attr.h"
#include "base/log.h"

static void next(struct turn *turn);

/* ---- sizes --------------------------------------------------------------------------------- */

static struct prices *prices_of(const struct turn *turn, const struct droplet *droplet)
{
	struct app_account *account = account_find(turn->app, droplet->account);

	return account != NULL ? &account->prices : NULL;
}

static unsigned price_now(const struct prices *prices, const struct droplet *droplet)
{
	const struct ocean_size *is = prices_find(prices, droplet->size);

	return droplet->price_monthly_cents > 0 ? droplet->price_monthly_cents
	       : is != NULL                     ? is->price_monthly_cents
						: 0;
}

/* Of the droplet that it makes dearest; one whose price is not known leaves it all unknown. */
static void set_price(struct turn *turn)
{
	struct job_args *args = &turn->parse.args;
	int64_t most = INT64_MIN;
	unsigned from = 0, to = 0;

	for (size_t i = 0; i < turn->targets.n; i++) {
		const struct droplet *droplet = turn->targets.droplets[i];
		const struct prices *prices = prices_of(turn, droplet);
		const struct ocean_size *size =
			prices != NULL ? prices_find(prices, args->size) : NULL;
		unsigned now = size != NULL ? price_now(prices, droplet) : 0;

		if (now == 0 || size->price_monthly_cents == 0) {
			return;
		}
		if ((int64_t)size->price_monthly_cents - now > most) {
			most = (int64_t)size->price_monthly_cents - now;
			from = now;
			to = size->price_monthly_cents;
		}
	}
	job_args_set_price(args, from, to);
}

static bool is_in(const struct ocean_words *words, const char *word)
{
	for (size_t i = 0; i < words->n; i++) {
		if (strcmp(words->words[i], word) == 0) {
			return true;
		}
	}
	return false;
}

/* NULL: nothing is known against it. */
static const char *size_lacks(const struct turn *turn, const struct droplet *droplet,
			      struct arena *arena)
{
	const struct gate *gate = turn->app->gate;
	const char *slug = turn->parse.args.size;
	const struct prices *prices = prices_of(turn, droplet);
	const struct ocean_size *size = prices != NULL ? prices_find(prices, slug) : NULL;

	if (prices == NULL || prices->n == 0) {
		return NULL;
	}
	if (size == NULL) {
		return arena_printf(arena, "There is no size %s.", slug);
	}
	if (!size->available ||
	    (droplet->region != NULL && !is_in(&size->regions, droplet->region))) {
		return arena_printf(arena, "%s is not to be had in %s now.", slug,
				    droplet->region != NULL &&
						    gate_shows(gate, &turn->who, "region")
					    ? droplet->region
					    : "its region");
	}
	if (size->disk_gb > 0 && size->disk_gb < droplet->disk_gb) {
		return gate_shows(gate, &turn->who, "size")
			       ? arena_printf(arena,
					      "%s has a disk of %u GB, and %s one of %u GB. A "
					      "disk cannot shrink.",
					      slug, size->disk_gb, droplet->name, droplet->disk_gb)
			       : "Its disk is smaller, and a disk cannot shrink.";
	}
	return NULL;
}

/* The first of them for which it cannot be had. */
static void look_for_lack(struct turn *turn)
{
	struct facts *facts = &turn->facts;

	for (size_t i = 0; i < turn->targets.n && facts->lack == NULL; i++) {
		facts->lacking = turn->targets.droplets[i];
		facts->lack = size_lacks(turn, facts->lacking, &turn->arena);
	}
}

static enum verb lister_of(enum job_arg arg)
{
	switch (arg) {
	case ARG_SIZE:
		return VERB_SIZE_LIST;
	case ARG_REGION:
		return VERB_REGION_LIST;
	case ARG_IMAGE:
		return VERB_IMAGE_LIST;
	case ARG_KEYS:
		return VERB_KEY_LIST;
	case ARG_PROJECT:
		return VERB_PROJECT_LIST;
	default:
		return VERB_NONE;
	}
}

const char *facts_list(struct turn *turn, enum job_arg arg)
{
	enum verb verb = lister_of(arg);
	size_t n;
	const struct command *rows = command_rows(&n);

	if (verb == VERB_NONE || !gate_could(turn->app->gate, &turn->who, verb)) {
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		if (rows[i].verb == verb) {
			return rows[i].phrases[0];
		}
	}
	return NULL;
}

static bool refuse_size(struct turn *turn, const struct gate_decision *decision,
			struct store_txn *txn)
{
	const struct facts *facts = &turn->facts;
	const struct prices *prices;
	const char *meant = NULL, *said = NULL;

	if (facts->lack == NULL) {
		return false;
	}
	prices = prices_of(turn, facts->lacking);
	if (prices_find(prices, turn->parse.args.size) == NULL) {
		meant = prices_near(prices, turn->parse.args.size);
		said = meant != NULL ? turn_said_with(turn, ARG_SIZE, meant)
				     : facts_list(turn, ARG_SIZE);
	}
	turn_refused(turn, facts->lacking->id, decision,
		     "nothing ran: that size cannot be had for it", txn);
	turn_say(turn, true,
		 words_impossible(&turn->arena, turn->app->buttons, facts->lack, meant, said));
	return true;
}

/* ---- backups and snapshots ------------------------------------------------------------------- */

static void find_saved(struct turn *turn, const struct ocean_call *call)
{
	uint64_t id = strtoull(turn->parse.args.backup, NULL, 10);

	for (size_t i = 0; i < call->n_things; i++) {
		turn->facts.found = turn->facts.found || (id != 0 && call->saved[i].id == id);
	}
}

static bool refuse_saved(struct turn *turn, const struct gate_decision *decision,
			 struct store_txn *txn)
{
	const struct droplet *droplet = turn->targets.droplets[0];

	if (turn->facts.found) {
		return false;
	}
	if (turn->facts.err.kind != ERR_NONE) {
		turn_refused(turn, droplet->id, decision,
			     "nothing ran: its backups could not be listed", txn);
		turn_say(turn, true,
			 words_failed(&turn->arena, true, true, &turn->facts.err, false));
		return true;
	}
	turn_refused(turn, droplet->id, decision, "nothing ran: that is no backup of it", txn);
	turn_say(turn, true,
		 words_impossible(&turn->arena, turn->app->buttons,
				  arena_printf(&turn->arena, "%s is no backup or snapshot of %s.",
					       turn->parse.args.backup, droplet->name),
				  NULL, NULL));
	return true;
}

/* ---- asked for ----------------------------------------------------------------------------- */

static void came(struct ocean_call *call, const struct err *err)
{
	struct turn *turn = call->data;
	struct facts *facts = &turn->facts;

	facts->calling = NULL;
	if (facts->dropped) {
		turn_end(turn);
		return;
	}
	if (err != NULL) {
		log_line(LOG_WARN, "ocean.facts", "why", err->msg, NULL);
	}
	if (turn->parse.row->knows == KNOWS_NEW) {
		create_took(turn, call, err);
	} else if (turn->parse.row->knows == KNOWS_SNAPSHOT) {
		unsave_took(turn, call, err);
	} else if (turn->parse.row->knows == KNOWS_IMAGE) {
		image_took(turn, call, err);
	} else if (err != NULL) {
		err_copy(&facts->err, err);
	} else if (turn->parse.row->knows == KNOWS_SIZES) {
		prices_keep(prices_of(turn, turn->targets.droplets[facts->at]), call->sizes,
			    call->n_things);
	} else {
		find_saved(turn, call);
	}
	facts->at++;
	next(turn);
}

bool facts_ask(struct turn *turn, const char *name, const struct ocean_call *what)
{
	struct facts *facts = &turn->facts;
	struct app_account *account = account_find(turn->app, name);

	if (account == NULL) {
		(void)err_set(&facts->err, ERR_CONFIG, "its account is not set up any more");
		return false;
	}
	facts->call = *what;
	facts->call.max_tier = TIER_READ;
	facts->call.interactive = true;
	facts->call.done = came;
	facts->call.data = turn;
	facts->calling = account->ocean;
	ocean_start(account->ocean, &facts->call);
	return true;
}

static bool ask(struct turn *turn, const struct droplet *droplet, enum ocean_verb verb)
{
	const struct ocean_call call = {.verb = verb, .droplet_id = droplet->id};

	return facts_ask(turn, droplet->account, &call);
}

/* The next account whose prices are old. */
static bool ask_sizes(struct turn *turn)
{
	struct facts *facts = &turn->facts;

	for (; facts->err.kind == ERR_NONE && facts->at < turn->targets.n; facts->at++) {
		const struct droplet *droplet = turn->targets.droplets[facts->at];
		const struct prices *prices = prices_of(turn, droplet);

		if (prices != NULL && !prices_fresh(prices) && ask(turn, droplet, OCEAN_SIZES)) {
			return true;
		}
	}
	return false;
}

static bool ask_saved(struct turn *turn)
{
	static const enum ocean_verb lists[] = {OCEAN_DROPLET_BACKUPS, OCEAN_DROPLET_SNAPSHOTS};
	struct facts *facts = &turn->facts;

	return !facts->found && facts->err.kind == ERR_NONE && facts->at < ARRAY_LEN(lists) &&
	       ask(turn, turn->targets.droplets[0], lists[facts->at]);
}

static bool ask_more(struct turn *turn)
{
	switch (turn->parse.row->knows) {
	case KNOWS_NOTHING:
		return false;
	case KNOWS_SIZES:
		return ask_sizes(turn);
	case KNOWS_SAVED:
		return ask_saved(turn);
	case KNOWS_IMAGE:
		return image_ask(turn);
	case KNOWS_SNAPSHOT:
		return unsave_ask(turn);
	case KNOWS_NEW:
		return create_ask(turn);
	}
	return false;
}

static void next(struct turn *turn)
{
	if (ask_more(turn)) {
		return;
	}
	if (turn->parse.row->knows == KNOWS_SIZES) {
		set_price(turn);
		look_for_lack(turn);
	} else if (turn->parse.row->knows == KNOWS_NEW) {
		create_known(turn);
	}
	turn->facts.then(turn);
}

/* By rights alone: who may not learns nothing, and costs no call. */
static bool may(struct turn *turn)
{
	const struct gate_targets *targets = &turn->targets;
	const struct droplet *const *asked =
		job_args_droplets(&turn->parse.args, targets->droplets, targets->n, &turn->arena);

	for (size_t i = 0; i < targets->n; i++) {
		if (!gate_allows(turn->app->gate, &turn->who, turn->parse.row->verb, asked[i])) {
			return false;
		}
	}
	return targets->n > 0;
}

/* What is to be made has its rights by what is looked up, and so has what is kept. */
static bool is_of_targets(const struct command *row)
{
	return row->knows == KNOWS_SIZES || row->knows == KNOWS_SAVED || row->knows == KNOWS_IMAGE;
}

bool facts_start(struct turn *turn, void (*then)(struct turn *))
{
	if (turn->parse.row->knows == KNOWS_NOTHING ||
	    (is_of_targets(turn->parse.row) && !may(turn))) {
		return false;
	}
	turn->facts.then = then;
	next(turn);
	return true;
}

bool facts_drop(struct turn *turn)
{
	struct facts *facts = &turn->facts;

	if (facts->calling == NULL) {
		return false;
	}
	facts->dropped = true; /* the call's end ends the turn */
	ocean_cancel(facts->calling, &facts->call);
	return true;
}

int64_t facts_cost(const struct turn *turn)
{
	return turn->facts.lack != NULL ? 0 : job_args_cost(&turn->parse.args);
}

bool facts_refuse(struct turn *turn, const struct gate_decision *decision, struct store_txn *txn)
{
	switch (turn->parse.row->knows) {
	case KNOWS_NOTHING:
		return false;
	case KNOWS_SIZES:
		return refuse_size(turn, decision, txn);
	case KNOWS_SAVED:
		return refuse_saved(turn, decision, txn);
	case KNOWS_IMAGE:
		return image_refuse(turn, decision, txn);
	case KNOWS_SNAPSHOT: /* which one is known before anything is decided */
		return false;
	case KNOWS_NEW:
		return create_refuse(turn, decision, txn);
	}
	return false;
}
