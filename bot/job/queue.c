/* queue.c - requests that wait in line for droplets which others hold: one order, and all of a request or nothing
 *
 * Happy path: whenever a droplet is given back, the line is walked from its head. A request whose droplets are all free, and
 * wanted by nobody before it, is looked at whole (press_recheck: gate, locks, consents) and then takes its place. Who waits
 * holds nothing, and there is one order for all droplets, so no two can wait for each other.
 *
 * Failure modes: DigitalOcean or the disk does not answer at its turn: it stays in line, and is looked at again while there is
 * time. Its time is over: EXPIRED (ask.c), and the next one's turn. The process ends: rows keep the order.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "job/internal.h"

#define QUEUE_MOST 5 /* in line for one droplet */

bool request_queued(const struct request *request)
{
	bool queued = false;

	for (size_t i = 0; i < request->n_jobs; i++) {
		if (job_waits_for_people(&request->jobs[i])) {
			return false;
		}
		queued = queued || request->jobs[i].row.state == JOB_QUEUED;
	}
	return queued;
}

/* The open job of a droplet: in memory, or in the store where its end is not written yet. */
const struct job *engine_holder(const struct job_engine *engine, const char *account,
				uint64_t droplet_id)
{
	if (droplet_id == 0) { /* one that is to be made is nobody's yet */
		return NULL;
	}
	LIST_FOREACH(it, &engine->requests)
	{
		const struct request *request = LIST_ENTRY(it, struct request, link);

		for (size_t i = 0; i < request->n_jobs; i++) {
			const struct job *job = &request->jobs[i];

			if ((job->row.open || job->held) && job->row.droplet_id == droplet_id &&
			    strcmp(job->row.account, account) == 0) {
				return job;
			}
		}
	}
	return NULL;
}

/* Since when it is in line; who is in none comes after all who are. */
static int64_t since_ms(const struct request *request)
{
	for (size_t i = 0; i < request->n_jobs; i++) {
		if (request->jobs[i].row.state == JOB_QUEUED) {
			return request->jobs[i].row.updated_ms;
		}
	}
	return INT64_MAX;
}

/* The same after a restart: nothing but rows decides. */
static bool is_before(const struct request *a, const struct request *b)
{
	int64_t a_ms = since_ms(a);
	int64_t b_ms = since_ms(b);

	if (a == b || a_ms == INT64_MAX) {
		return false;
	}
	if (a_ms != b_ms) {
		return a_ms < b_ms;
	}
	if (a->row.created_ms != b->row.created_ms) {
		return a->row.created_ms < b->row.created_ms;
	}
	return strcmp(a->row.id, b->row.id) < 0;
}

static const struct job *in_line_for(const struct request *request, const struct job *job)
{
	for (size_t i = 0; i < request->n_jobs; i++) {
		const struct job *one = &request->jobs[i];

		if (one->row.state == JOB_QUEUED && job->row.droplet_id != 0 &&
		    one->row.droplet_id == job->row.droplet_id &&
		    strcmp(one->row.account, job->row.account) == 0) {
			return one;
		}
	}
	return NULL;
}

static bool wants(const struct job *job)
{
	return job_rests(job) || job->row.state == JOB_ASKED;
}

/* Those before it, each once: the first of them, and how many. */
static size_t count_before(const struct request *request, const struct job **ret_first)
{
	const struct request *first = NULL;
	size_t n = 0;

	LIST_FOREACH(it, &request->engine->requests)
	{
		const struct request *other = LIST_ENTRY(it, struct request, link);
		const struct job *shared = NULL;

		for (size_t i = 0; is_before(other, request) && i < request->n_jobs; i++) {
			if (shared == NULL && wants(&request->jobs[i])) {
				shared = in_line_for(other, &request->jobs[i]);
			}
		}
		if (shared != NULL) {
			n++;
			if (first == NULL || is_before(other, first)) {
				first = other;
				*ret_first = shared;
			}
		}
	}
	return n;
}

static size_t count_in_line(const struct request *request, const struct job *job)
{
	size_t n = 0;

	LIST_FOREACH(it, &request->engine->requests)
	{
		const struct request *other = LIST_ENTRY(it, struct request, link);

		n += other != request && in_line_for(other, job) != NULL;
	}
	return n;
}

struct queue_place queue_place(const struct request *request)
{
	struct queue_place place = {.full = NULL};
	const struct job *first = NULL;

	place.n_before = count_before(request, &first);
	for (size_t i = 0; i < request->n_jobs; i++) {
		const struct job *job = &request->jobs[i];
		const struct job *holder =
			wants(job) ? engine_holder(request->engine, job->row.account,
						   job->row.droplet_id)
				   : NULL;

		if (holder != NULL && holder->request != request && place.behind == NULL) {
			place.behind = holder;
		}
		if (wants(job) && count_in_line(request, job) >= QUEUE_MOST) {
			place.full = job;
		}
	}
	place.behind = place.behind != NULL ? place.behind : first;
	return place;
}

const struct request *queue_twin(const struct request *request)
{
	LIST_FOREACH(it, &request->engine->requests)
	{
		const struct request *other = LIST_ENTRY(it, struct request, link);
		size_t n = 0;

		if (other == request || !request_queued(other) ||
		    other->n_jobs != request->n_jobs ||
		    strcmp(other->row.verb, request->row.verb) != 0 ||
		    strcmp(other->row.arguments, request->row.arguments) != 0) {
			continue;
		}
		while (n < request->n_jobs && in_line_for(other, &request->jobs[n]) != NULL) {
			n++;
		}
		if (n == request->n_jobs) {
			return other;
		}
	}
	return NULL;
}

/* ---- the next ------------------------------------------------------------------------------ */

/* In time, and nobody is at it: neither a press nor a look that is to be made again. */
static bool is_ready_for_its_turn(const struct request *request)
{
	return !request->moving && list_empty(&request->presses) &&
	       !timer_running(&request->recheck) && request_deadline_ms(request) > clock_wall_ms();
}

/* Its place is another one than its card says. */
static bool has_moved(struct request *request, const struct queue_place *place)
{
	const char *behind = place->behind != NULL ? place->behind->row.id : "";
	bool moved = strcmp(request->line_behind, behind) != 0 ||
		     request->line_before != place->n_before;

	(void)snprintf(request->line_behind, sizeof(request->line_behind), "%s", behind);
	request->line_before = place->n_before;
	return moved;
}

void queue_turn(struct timer *timer)
{
	struct job_engine *engine = timer->data;

	LIST_FOREACH(it, &engine->requests)
	{
		struct request *request = LIST_ENTRY(it, struct request, link);

		struct queue_place place;

		if (!request_queued(request) || request->started != NULL) {
			continue;
		}
		place = queue_place(request);
		if (has_moved(request, &place)) {
			card_show(request);
		}
		if (place.behind == NULL && is_ready_for_its_turn(request)) {
			press_recheck(request); /* from the loop: the list stays as it is */
		}
	}
}

void queue_kick(struct job_engine *engine)
{
	if (!timer_running(&engine->turn)) {
		timer_start(&engine->turn, 0);
	}
}
