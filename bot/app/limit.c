/* limit.c - a command that DigitalOcean's rate limit keeps back: whoever waits hears it instead of silence
 *
 * Happy path: nothing is said, the answer comes before the first look. Only what reads is watched: a change that has begun has its
 * card. Nothing is said to whom the command could not be allowed here anyway.
 */
#include "app/turn.h"

#define LOOK_MS 3000  /* silence that one bears */
#define WORTH_MS 2000 /* less to wait than this needs no words */

static int64_t wait_of(const struct ocean *ocean, int64_t most)
{
	int64_t wait = ocean_wait_ms(ocean, TIER_READ, true);

	return wait > most ? wait : most;
}

/* How long what it waits for at DigitalOcean is kept back; 0: it is not, or it waits for something else. */
static int64_t kept_back_ms(const struct turn *turn)
{
	const struct app *app = turn->app;
	int64_t wait = 0;

	if (turn->fetch.n_running > 0) {
		return wait_of(turn->fetch.asked, 0);
	}
	if (turn->facts.calling != NULL) {
		return wait_of(turn->facts.calling, 0);
	}
	if (turn->beside.calling != NULL) {
		return wait_of(turn->beside.calling, 0);
	}
	for (size_t i = 0; turn->waiting && i < app->n_accounts; i++) {
		wait = turn->want.snapshots[i] == NULL ? wait_of(app->accounts[i].ocean, wait)
						       : wait;
	}
	return wait;
}

static void look(struct timer *timer)
{
	struct turn *turn = timer->data;
	const struct command *row = turn->parse.row;
	int64_t wait = kept_back_ms(turn);

	if (row == NULL || wait < WORTH_MS) {
		timer_start(timer, LOOK_MS);
	} else if (gate_could(turn->app->gate, &turn->who, row->verb)) {
		turn_say(turn, true, words_limited(&turn->arena, row->plan != NULL, wait));
	}
}

void limit_watch(struct turn *turn)
{
	timer_init(&turn->limit, turn->app->loop, look, turn);
	timer_start(&turn->limit, LOOK_MS);
}
