/* announce.c - a channel hears what was done to its droplets from elsewhere
 *
 * Happy path: a job's good end is on disk -> the list of droplets, at most a minute old for tags and the like -> for each
 * channel the gate says whether it hears of this one -> a post in each of its places.
 *
 * Failure modes: the list does not come: nobody hears of it; who asked has been told by the job's own card.
 */
#include "app/announce.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "job/report.h"

#define LIST_AGE_MS 3000

/* One that waits for the list. */
struct announcement {
	struct list link;
	struct app *app;
	struct ocean_want want;
	uint64_t droplet_id;
	const struct plan *plan;
	int64_t took_ms;
	char *network, *workspace, *channel; /* where it was asked */
	bool direct;
};

static void forget(struct announcement *a)
{
	list_remove(&a->link);
	free(a->network);
	free(a->workspace);
	free(a->channel);
	free(a);
}

/* ---- words --------------------------------------------------------------------------------- */

static const char *time_text(struct arena *arena, int64_t ms)
{
	long long s = (long long)((ms + 500) / 1000);

	return s < 120 ? arena_printf(arena, "%lld s", s)
		       : arena_printf(arena, "%lld min", (s + 30) / 60);
}

static const struct message *words(struct arena *arena, const struct announcement *a,
				   const struct droplet *shown)
{
	const char *name = shown->name != NULL ? shown->name : "A server";
	bool back = a->plan->verb == VERB_DROPLET_POWER_REBOOT ||
		    a->plan->verb == VERB_DROPLET_POWER_CYCLE;
	struct build build;

	build_init(&build, arena, TONE_PLAIN);
	if (back) {
		build_line(&build, "%s restarted, back after %s.", name,
			   time_text(arena, a->took_ms));
	} else {
		build_line(&build, "%s %s, after %s.", name, report_past(a->plan, arena),
			   time_text(arena, a->took_ms));
	}
	return build_end(&build);
}

/* ---- who hears it -------------------------------------------------------------------------- */

static bool is_where_asked(const struct announcement *a, const struct policy_channel *c)
{
	return !a->direct && strcmp(a->network, c->network) == 0 &&
	       strcmp(a->workspace, c->workspace) == 0 && strcmp(a->channel, c->channel) == 0;
}

static void tell_place(struct announcement *a, const struct policy_channel *c,
		       const struct droplet *droplet)
{
	struct app *app = a->app;
	struct post_queue *queue = app_queue(app, c->network, c->workspace);
	struct chat_place place = {
		.network = c->network, .workspace = c->workspace, .channel = c->channel};
	struct gate_who there = {
		.network = c->network, .workspace = c->workspace, .channel = c->channel};
	struct arena arena = {0};

	if (queue != NULL) {
		post_once(queue, &place, NULL, NULL,
			  words(&arena, a, gate_redact(app->gate, &there, droplet, &arena)));
	}
	arena_done(&arena);
}

static void tell_all(struct announcement *a, const struct droplet *droplet)
{
	const struct policy_channel *channels;
	size_t n = policy_channels(gate_policy(a->app->gate), &channels);

	for (size_t i = 0; i < n; i++) {
		const struct policy_channel *c = &channels[i];

		if (c->channel != NULL && !is_where_asked(a, c) &&
		    gate_announces(a->app->gate, c->name, a->plan->verb, droplet)) {
			tell_place(a, c, droplet);
		}
	}
}

static void listed(struct ocean_want *want, struct ocean_snapshot *snapshot, const struct err *err)
{
	struct announcement *a = want->data;
	const struct droplet *droplet =
		snapshot != NULL ? ocean_snapshot_by_id(snapshot, a->droplet_id) : NULL;

	if (err != NULL) {
		log_line(LOG_WARN, "announce", "why", err->msg, NULL);
	} else if (droplet != NULL) {
		tell_all(a, droplet);
	}
	ocean_snapshot_unref(snapshot);
	forget(a);
}

void announce_job(struct app *app, const struct store_request *request, const struct store_job *job,
		  const struct plan *plan)
{
	struct app_account *account = account_find(app, job->account);
	struct announcement *a;
	int64_t from_ms = job->ready_ms > 0 ? job->ready_ms : request->created_ms;

	if (app->closing || account == NULL || !gate_announces_any(app->gate, plan->verb)) {
		return;
	}
	a = mem_alloc(sizeof(*a));
	a->app = app;
	a->droplet_id = job->droplet_id;
	a->plan = plan;
	a->took_ms = clock_wall_ms() > from_ms ? clock_wall_ms() - from_ms : 0;
	a->network = mem_strdup(request->network);
	a->workspace = mem_strdup(request->workspace);
	a->channel = mem_strdup(request->channel);
	a->direct = request->direct;
	a->want = (struct ocean_want){
		.max_age_ms = LIST_AGE_MS, .max_tier = TIER_READ, .done = listed, .data = a};
	list_append(&app->announcements, &a->link);
	ocean_index_want(account->index, &a->want);
}

void announce_drop_all(struct app *app)
{
	LIST_FOREACH_SAFE(it, next, &app->announcements)
	{
		struct announcement *a = LIST_ENTRY(it, struct announcement, link);

		ocean_index_cancel(&a->want);
		forget(a);
	}
}
