/* self.c - the droplet on which this program runs: what it could not come back from is refused, the rest is announced
 *
 * Whoever switches that droplet off switches off the one who would switch it on again. A reboot brings the program back,
 * and job/resume.c tells the outcome then. Right after the start it may not be known yet which droplet that is; what is
 * plainly not for it goes on, what could strand the bot waits for the answer (some seconds at most: cli/own.c).
 */
#include "app/turn.h"

static const struct droplet *self_among(const struct app *app, const struct gate_targets *targets)
{
	for (size_t i = 0; i < targets->n && app->own_droplet != 0; i++) {
		if (targets->droplets[i]->id == app->own_droplet) {
			return targets->droplets[i];
		}
	}
	return NULL;
}

bool self_is_awaited(struct turn *turn, void (*then)(struct turn *))
{
	turn->waits_for_self = turn->app->own_droplet_awaited && turn->parse.row->plan->strands;
	turn->then = turn->waits_for_self ? then : turn->then;
	return turn->waits_for_self;
}

void app_own_droplet(struct app *app, uint64_t id)
{
	app->own_droplet = id;
	app->own_droplet_awaited = false;
	LIST_FOREACH_SAFE(it, next, &app->turns)
	{
		struct turn *turn = LIST_ENTRY(it, struct turn, link);

		if (turn->waits_for_self) {
			turn->waits_for_self = false;
			turn->then(turn);
		}
	}
}

static const struct message *words_refused(struct turn *turn, const struct droplet *self)
{
	struct build build;

	build_init(&build, &turn->arena, TONE_BAD);
	build_line(&build, "*Refused:* I run on %s.", self->name);
	build_line(&build, "That stops me too, and nobody here");
	build_line(&build, "could bring it back. Nothing ran.");
	build_line(&build, "Use DigitalOcean's control panel.");
	return build_end(&build);
}

bool self_refuses(struct turn *turn, const struct gate_targets *targets,
		  const struct gate_decision *decision, struct store_txn *txn)
{
	const struct droplet *self = self_among(turn->app, targets);

	if (self == NULL || !turn->parse.row->plan->strands) {
		return false;
	}
	turn_refused(turn, self->id, decision, "nothing ran: the bot runs on it", txn);
	turn_say(turn, false, words_refused(turn, self));
	return true;
}

void self_announce(struct turn *turn, const struct gate_targets *targets)
{
	const struct droplet *self = self_among(turn->app, targets);
	struct build build;

	if (self == NULL || !turn->parse.row->plan->interrupts) {
		return;
	}
	build_init(&build, &turn->arena, TONE_WARN);
	build_line(&build, "I run on %s.", self->name);
	build_line(&build, "Once it restarts I am silent;");
	build_line(&build, "when I am back I tell how it went.");
	turn_say(turn, false, build_end(&build));
}
