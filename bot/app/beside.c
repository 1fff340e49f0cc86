/* beside.c - what belongs to the droplets of a change is looked at before anybody is asked about it
 *
 * Happy path: the gate has allowed; DigitalOcean is asked about each droplet, one after the other, and the targets are resolved
 * and decided afresh with what came. Failure modes: one call fails (nothing is started, said so); more droplets than can be
 * shown at once (said, nothing is asked); the end of the program (the call is canceled, and turn_drop_all tells the asker).
 */
#include <string.h>

#include "app/turn.h"
#include "base/log.h"
#include "job/beside.h"

static void next(struct turn *turn);

static const char *found(const struct turn *turn, const struct droplet *droplet)
{
	const struct fetch *fetch = &turn->fetch;

	for (size_t i = 0; turn->beside != NULL && i < fetch->n; i++) {
		if (fetch->droplets[i]->id == droplet->id &&
		    strcmp(fetch->droplets[i]->account, droplet->account) == 0) {
			return turn->beside[i];
		}
	}
	return NULL;
}

bool beside_is_due(const struct turn *turn, const struct gate_targets *targets)
{
	for (size_t i = 0; i < targets->n && turn->parse.row->plan->looks_beside; i++) {
		if (found(turn, targets->droplets[i]) == NULL) {
			return true;
		}
	}
	return false;
}

const char *const *beside_of(struct turn *turn, const struct gate_targets *targets)
{
	const char **texts = arena_array(&turn->arena, targets->n + 1, sizeof(*texts));

	for (size_t i = 0; i < targets->n; i++) {
		texts[i] = found(turn, targets->droplets[i]);
	}
	return turn->beside != NULL ? texts : NULL;
}

static void failed(struct turn *turn, const struct err *err)
{
	log_line(LOG_WARN, "ocean.read", "why", err->msg, NULL);
	turn_say(turn, true, words_failed(&turn->arena, true, turn->person != NULL, err));
	turn_end(turn);
}

/* What goes too must have been shown whole. */
static bool shows_all(struct turn *turn, const char *text)
{
	struct beside beside;
	struct build build;

	if (!turn->parse.row->plan->beside_goes ||
	    (beside_read(text, &turn->arena, &beside) && beside.n_more == 0)) {
		return true;
	}
	build_init(&build, &turn->arena, TONE_BAD);
	build_line(&build, "*Nothing ran:* too much belongs to");
	build_line(&build, "%s to be shown.", turn->fetch.droplets[turn->fetch.at]->name);
	build_line(&build, "Remove some of it before.");
	turn_say(turn, true, build_end(&build));
	turn_end(turn);
	return false;
}

static void came(struct ocean_call *call, const struct err *err)
{
	struct turn *turn = call->data;
	struct fetch *fetch = &turn->fetch;

	fetch->calling = NULL;
	if (fetch->dropped) {
		turn_end(turn);
		return;
	}
	if (err != NULL) {
		failed(turn, err);
		return;
	}
	turn->beside[fetch->at] = beside_write(fetch->shown[fetch->at], call->associated,
					       call->n_things, &turn->arena);
	if (shows_all(turn, turn->beside[fetch->at])) {
		fetch->at++;
		next(turn);
	}
}

static void next(struct turn *turn)
{
	struct fetch *fetch = &turn->fetch;
	struct app_account *account;

	if (fetch->at == fetch->n) {
		turn_targets_again(turn);
		return;
	}
	account = account_find(turn->app, fetch->droplets[fetch->at]->account);
	if (account == NULL) { /* a reload took the account away meanwhile */
		struct err gone = {0};

		(void)err_set(&gone, ERR_CONFIG, "its account is not set up any more");
		failed(turn, &gone);
		return;
	}
	memset(&fetch->call, 0, sizeof(fetch->call));
	fetch->call.verb = OCEAN_ASSOCIATED;
	fetch->call.droplet_id = fetch->droplets[fetch->at]->id;
	fetch->call.max_tier = TIER_READ;
	fetch->call.interactive = true;
	fetch->call.done = came;
	fetch->call.data = turn;
	fetch->calling = account->ocean;
	ocean_start(account->ocean, &fetch->call);
}

bool beside_start(struct turn *turn, const struct droplet *const *droplets,
		  const struct droplet *const *shown, size_t n)
{
	struct fetch *fetch = &turn->fetch;
	struct build build;

	if (n > FETCH_MOST) {
		build_init(&build, &turn->arena, TONE_WARN);
		build_line(&build, "*Nothing ran:* that is %zu droplets.", n);
		build_line(&build, "At most %d at once, so that", FETCH_MOST);
		build_line(&build, "each is shown before.");
		turn_say(turn, true, build_end(&build));
		return false;
	}
	fetch->droplets = droplets;
	fetch->shown = shown;
	fetch->n = n;
	fetch->at = 0;
	turn->beside = arena_array(&turn->arena, n + 1, sizeof(*turn->beside));
	next(turn);
	return true;
}
