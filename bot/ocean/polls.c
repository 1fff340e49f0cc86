/* polls.c - who waits for the end of an action: asked about one by one while they are few, by the account's list when they are many
 *
 * Happy path: a call that looks at an action and for which nobody waits at a screen is held a moment when there were many of
 * them lately; then one page of the account's newest actions answers all that stand on it. docs/budget.md has the arithmetic.
 *
 * Failure modes: an action is older than the pages that are read: it is asked about by its number, as ever. The page fails: all
 * who were to be answered by it fail with it, and look again in their own time.
 */
#include <stdlib.h>

#include "base/attr.h"
#include "base/clock.h"
#include "ocean/client.h"

#define LATELY_MS 10000
#define GATHER_MS 2000 /* how long they are held at least */
#define PAGE_EVERY_MS \
	1500        /* and for each page that the last round took: at most 40 pages a minute */
#define PLENTY 1000 /* where so many could leave at once, each is asked about as it comes */
#define FEW 3       /* so few are asked about one by one all the same */
#define PAGE 200

static void release(struct flight *flight)
{
	list_remove(&flight->poll_link);
	flight->in_round = false;
	task_post(&flight->turn);
}

static size_t count(const struct polls *polls, bool in_round)
{
	size_t n = 0;

	LIST_FOREACH(it, &polls->waiting)
	{
		n += !in_round || LIST_ENTRY(it, struct flight, poll_link)->in_round;
	}
	return n;
}

static void release_round(struct polls *polls, bool in_round)
{
	LIST_FOREACH_SAFE(it, next, &polls->waiting)
	{
		struct flight *flight = LIST_ENTRY(it, struct flight, poll_link);

		if (!in_round || flight->in_round) {
			release(flight);
		}
	}
}

static void gather(struct polls *polls)
{
	int64_t ms = PAGE_EVERY_MS * (int64_t)polls->pages_taken;

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
	release_round(polls, true);
	if (!list_empty(&polls->waiting)) {
		gather(polls);
	}
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
	uint64_t oldest = call->n_actions > 0 ? call->actions[call->n_actions - 1].id : 0;
	bool left = false;

	LIST_FOREACH_SAFE(it, next, &polls->waiting)
	{
		struct flight *flight = LIST_ENTRY(it, struct flight, poll_link);
		const struct ocean_action *found = NULL;

		if (!flight->in_round) {
			continue;
		}
		if (err == NULL && call->n_actions > 0) {
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

static void on_gathered(struct timer *timer)
{
	struct polls *polls = timer->data;

	polls->gathering = false;
	if (count(polls, false) <= FEW) {
		release_round(polls, false);
		return;
	}
	LIST_FOREACH(it, &polls->waiting)
	{
		LIST_ENTRY(it, struct flight, poll_link)->in_round = true;
	}
	polls->asking = true;
	polls->pages_most = 2 + (unsigned)(count(polls, true) / (PAGE / 2));
	ask(polls, 1);
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
	bool many = polls->n_asked >= ARRAY_LEN(polls->asked_ms) && now - before < LATELY_MS &&
		    !ocean_spare(&polls->client->ocean, PLENTY);

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
