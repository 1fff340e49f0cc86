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
	const struct beside_look *look = &turn->beside;

	for (size_t i = 0; look->texts != NULL && i < look->n; i++) {
		if (look->droplets[i]->id == droplet->id &&
		    strcmp(look->droplets[i]->account, droplet->account) == 0) {
			return look->texts[i];
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
	return turn->beside.texts != NULL ? texts : NULL;
}

static void failed(struct turn *turn, const struct err *err)
{
	log_line(LOG_WARN, "ocean.read", "why", err->msg, NULL);
	turn_say(turn, true, words_failed(&turn->arena, true, turn->person != NULL, err, false));
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
	build_line(&build, "%s to be shown.", turn->beside.droplets[turn->beside.at]->name);
	build_line(&build, "Remove some of it before.");
	turn_say(turn, true, build_end(&build));
	turn_end(turn);
	return false;
}

static void came(struct ocean_call *call, const struct err *err)
{
	struct turn *turn = call->data;
	struct beside_look *look = &turn->beside;

	look->calling = NULL;
	if (look->dropped) {
		turn_end(turn);
		return;
	}
	if (err != NULL) {
		failed(turn, err);
		return;
	}
	look->texts[look->at] =
		beside_write(look->shown[look->at], call->associated, call->n_things, &turn->arena);
	if (shows_all(turn, look->texts[look->at])) {
		look->at++;
		next(turn);
	}
}

static void next(struct turn *turn)
{
	struct beside_look *look = &turn->beside;
	struct app_account *account;

	if (look->at == look->n) {
		turn_targets_again(turn);
		return;
	}
	account = account_find(turn->app, look->droplets[look->at]->account);
	if (account == NULL) { /* a reload took the account away meanwhile */
		struct err gone = {0};

		(void)err_set(&gone, ERR_CONFIG, "its account is not set up any more");
		failed(turn, &gone);
		return;
	}
	memset(&look->call, 0, sizeof(look->call));
	look->call.verb = OCEAN_ASSOCIATED;
	look->call.droplet_id = look->droplets[look->at]->id;
	look->call.max_tier = TIER_READ;
	look->call.interactive = true;
	look->call.done = came;
	look->call.data = turn;
	look->calling = account->ocean;
	ocean_start(account->ocean, &look->call);
}

bool beside_start(struct turn *turn, const struct droplet *const *droplets,
		  const struct droplet *const *shown, size_t n)
{
	struct beside_look *look = &turn->beside;
	struct build build;

	if (n > FETCH_MOST) {
		build_init(&build, &turn->arena, TONE_WARN);
		build_line(&build, "*Nothing ran:* that is %zu droplets.", n);
		build_line(&build, "At most %d at once, so that", FETCH_MOST);
		build_line(&build, "each is shown before.");
		turn_say(turn, true, build_end(&build));
		return false;
	}
	look->droplets = droplets;
	look->shown = shown;
	look->n = n;
	look->at = 0;
	look->texts = arena_array(&turn->arena, n + 1, sizeof(*look->texts));
	next(turn);
	return true;
}

bool beside_drop(struct turn *turn)
{
	struct beside_look *look = &turn->beside;

	if (look->calling == NULL) {
		return false;
	}
	look->dropped = true; /* the call's end ends the turn */
	ocean_cancel(look->calling, &look->call);
	return true;
}
