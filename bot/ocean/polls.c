/* polls.c - who waits for the end of an action: asked about one by one while they are few, by the account's list when they are many
 *
 * Happy path: a call that looks at an action and for which nobody waits at a screen is held a moment when there were many of
 * them lately; then one page of the account's newest actions answers all that stand on it. docs/budget.md has the arithmetic.
 *
 * Failure modes: an action is on no page that was read (it is older, or the list lags): it is asked about by its number, in its turn,
 * so that the looks stay as few as the pages are. The list is not newest first, as it was ever seen: for ten minutes no page
 * is read, and all are asked about by their numbers, in turn. The page fails: all who were to be answered by it fail with it, and
 * look again in their own time.
 */
#include <stdlib.h>

#include "base/attr.h"
#include "base/clock.h"
#include "ocean/client.h"

#define LATELY_MS 10000
#define GATHER_MS 2000 /* how long they are held at least */
#define LOOK_EVERY_MS \
	1500 /* and for each page and each single look of the last round: at most 40 a minute */
#define ALONE_MOST 4 /* single looks a round */
#define NO_ORDER_MS (10 * 60 * 1000)
#define FEW 3 /* so few are asked about one by one all the same */
#define PAGE 200

static void release(struct flight *flight)
{
	list_remove(&flight->poll_link);
	flight->in_round = false;
	task_post(&flight->turn);
}

static size_t count(const struct polls *polls)
{
	size_t n = 0;

	LIST_FOREACH(it, &polls->waiting)
	{
		n++;
	}
	return n;
}

static void release_all(struct polls *polls)
{
	LIST_FOREACH_SAFE(it, next, &polls->waiting)
	{
		release(LIST_ENTRY(it, struct flight, poll_link));
	}
}

static void gather(struct polls *polls)
{
	int64_t ms = LOOK_EVERY_MS * (int64_t)(polls->pages_taken + polls->alone_taken);

	timer_start(&polls->timer, ms > GATHER_MS ? ms : GATHER_MS);
	polls->gathering = true;
}

static void ask(struct polls *polls, unsigned page)
{
	polls->call.page = page;
	ocean_start(&polls->client->ocean, &polls->call);
}

static void end_round(struct polls *polls)
{
	polls->asking = false;
	polls->pages_taken = polls->call.page;
	LIST_FOREACH(it, &polls->waiting)
	{
		struct flight *flight = LIST_ENTRY(it, struct flight, poll_link);

		flight->alone = flight->alone || flight->in_round;
		flight->in_round = false;
	}
	if (!list_empty(&polls->waiting)) {
		gather(polls);
	}
}

/*
 * A page is sorted by whoever read it (answer.c); which page an action is on is DigitalOcean's. Newest first: what is waited for is not
 * newer than all of the first page, but for what the list does not have yet; and no page is newer than the one before.
 */
static bool is_in_order(const struct polls *polls, const struct ocean_call *call)
{
	uint64_t newest = call->n_actions > 0 ? call->actions[0].id : 0;
	size_t n = 0, n_newer = 0;

	if (call->page > 1) {
		return newest <= polls->newest;
	}
	LIST_FOREACH(it, &polls->waiting)
	{
		const struct flight *flight = LIST_ENTRY(it, struct flight, poll_link);

		n += flight->in_round;
		n_newer += flight->in_round && flight->call->action_id > newest;
	}
	return 2 * n_newer <= n;
}

static int by_id(const void *key, const void *element)
{
	uint64_t id = *(const uint64_t *)key;
	uint64_t at = ((const struct ocean_action *)element)->id;

	return id > at ? -1 : id < at; /* newest first */
}

/* Answers whom it can; is anybody left who may stand on a later page? */
static bool take_page(struct polls *polls, const struct ocean_call *call, const struct err *err)
{
	bool in_order = err == NULL && is_in_order(polls, call);
	uint64_t oldest =
		in_order && call->n_actions > 0 ? call->actions[call->n_actions - 1].id : 0;
	bool left = false;

	if (err == NULL && !in_order) {
		polls->no_order_until_ms = clock_mono_ms() + NO_ORDER_MS;
	} else if (in_order && call->n_actions > 0) {
		polls->newest = call->actions[0].id;
	}

	LIST_FOREACH_SAFE(it, next, &polls->waiting)
	{
		struct flight *flight = LIST_ENTRY(it, struct flight, poll_link);
		const struct ocean_action *found = NULL;

		if (!flight->in_round) {
			continue;
		}
		if (in_order && call->n_actions > 0) {
			found = bsearch(&flight->call->action_id, call->actions, call->n_actions,
					sizeof(*found), by_id);
		}
		if (err != NULL) {
			flight->failed = true;
			err_copy(&flight->err, err);
			release(flight);
		} else if (found != NULL) {
			flight->polled = true;
			flight->action = *found;
			flight->call->ahead_ms = call->ahead_ms;
			release(flight);
		} else {
			left = left || flight->call->action_id < oldest;
		}
	}
	return left && call->n_actions == PAGE;
}

static void page_done(struct ocean_call *call, const struct err *err)
{
	struct polls *polls = call->data;
	bool more = take_page(polls, call, err);

	if (polls->client->pool == NULL) { /* it is being closed */
		return;
	}
	if (more && call->page < polls->pages_most) {
		ask(polls, call->page + 1);
	} else {
		end_round(polls);
	}
}

/* Those who are asked about by their numbers, in their turn. */
static unsigned release_alone(struct polls *polls, bool all)
{
	unsigned n = 0;

	LIST_FOREACH_SAFE(it, next, &polls->waiting)
	{
		struct flight *flight = LIST_ENTRY(it, struct flight, poll_link);

		if ((all || flight->alone) && n < ALONE_MOST) {
			release(flight);
			n++;
		}
	}
	return n;
}

static void on_gathered(struct timer *timer)
{
	struct polls *polls = timer->data;
	bool no_order = clock_mono_ms() < polls->no_order_until_ms;
	size_t n = 0;

	polls->gathering = false;
	if (count(polls) <= FEW) {
		release_all(polls);
		return;
	}
	polls->pages_taken = 0;
	polls->alone_taken = release_alone(polls, no_order);
	LIST_FOREACH(it, &polls->waiting)
	{
		struct flight *flight = LIST_ENTRY(it, struct flight, poll_link);

		flight->in_round = !flight->alone && !no_order;
		n += flight->in_round;
	}
	if (n > 0) {
		polls->asking = true;
		polls->pages_most = 2 + (unsigned)(n / (PAGE / 2));
		ask(polls, 1);
	} else if (!list_empty(&polls->waiting)) {
		gather(polls);
	}
}

void polls_init(struct client *client)
{
	struct polls *polls = &client->polls;

	polls->client = client;
	list_init(&polls->waiting);
	timer_init(&polls->timer, client->loop, on_gathered, polls);
	polls->call.verb = OCEAN_ACTIONS;
	polls->call.max_tier = TIER_READ;
	polls->call.done = page_done;
	polls->call.data = polls;
	polls->pages_taken = 1;
}

void polls_stop(struct client *client)
{
	timer_stop(&client->polls.timer);
}

void polls_add(struct flight *flight)
{
	struct polls *polls = &flight->client->polls;
	int64_t now = clock_mono_ms();
	int64_t before = polls->asked_ms[polls->next];
	bool many = polls->n_asked >= ARRAY_LEN(polls->asked_ms) && now - before < LATELY_MS;

	polls->asked_ms[polls->next] = now;
	polls->next = (polls->next + 1) % ARRAY_LEN(polls->asked_ms);
	polls->n_asked += polls->n_asked < ARRAY_LEN(polls->asked_ms);
	list_append(&polls->waiting, &flight->poll_link);
	if (!many && !polls->asking && !polls->gathering) {
		release(flight);
	} else if (!polls->asking && !polls->gathering) {
		gather(polls);
	}
}
