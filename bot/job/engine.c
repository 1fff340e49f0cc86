/* engine.c - open requests and jobs in memory, their waits and their calls to DigitalOcean
 *
 * Failure modes: the engine is freed with commits and calls under way: these outlive it and free themselves. An account
 * was taken out of the policy: a call to it was never sent.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "job/internal.h"
#include "job/locks.h"
#include "metrics/metrics.h"

struct job_engine *job_engine_new(const struct job_options *options)
{
	struct job_engine *engine = mem_alloc(sizeof(*engine));

	engine->options = *options;
	list_init(&engine->requests);
	list_init(&engine->commits);
	list_init(&engine->calls);
	list_init(&engine->locks);
	list_init(&engine->lock_turns);
	list_init(&engine->presses);
	list_init(&engine->retellings);
	timer_init(&engine->turn, engine->options.loop, queue_turn, engine);
	return engine;
}

size_t job_open_requests(const struct job_engine *engine)
{
	return engine->n_requests;
}

void engine_count(struct job_engine *engine)
{
	int64_t n = 0;

	LIST_FOREACH(it, &engine->requests)
	{
		const struct request *request = LIST_ENTRY(it, struct request, link);

		for (size_t i = 0; i < request->n_jobs; i++) {
			n += !job_state_final((enum job_state)request->jobs[i].row.state);
		}
	}
	metrics_set(METRIC_JOBS_OPEN, n);
}

/* ---- requests ------------------------------------------------------------------------------ */

static const char *keep(struct request *request, const char *text)
{
	return arena_strdup(&request->arena, text != NULL ? text : "");
}

static void tick(struct timer *timer)
{
	struct request *request = timer->data;

	card_show(request);
	timer_start(timer, request_rests(request) ? TICK_WAITING_MS : TICK_MS);
}

static void recheck(struct timer *timer)
{
	press_recheck(timer->data);
}

struct request *request_new(struct job_engine *engine, const struct store_request *row,
			    const struct plan *plan, size_t n_jobs)
{
	struct request *request = mem_alloc(sizeof(*request));
	struct store_request *to = &request->row;
	struct err ignored = {0};

	list_init(&request->link);
	list_init(&request->presses);
	request->engine = engine;
	request->plan = plan;
	request->jobs = mem_array(n_jobs + 1, sizeof(*request->jobs));
	request->n_jobs = n_jobs;
	store_request_keep(&request->arena, to, row);
	request->args_known = job_args_read(to->arguments, &request->args, &ignored) == 0;
	if (request->args.gently && plan->gently != NULL) {
		request->plan = plan->gently;
	}
	(void)snprintf(request->card_id, sizeof(request->card_id), "%s", row->card);
	to->card = request->card_id;
	timer_init(&request->tick, engine->options.loop, tick, request);
	timer_init(&request->save, engine->options.loop, request_save, request);
	timer_init(&request->wait, engine->options.loop, ask_wait, request);
	timer_init(&request->recheck, engine->options.loop, recheck, request);
	return request;
}

void request_add(struct request *request)
{
	list_append(&request->engine->requests, &request->link);
	request->engine->n_requests++;
	engine_count(request->engine);
}

void job_call_drop(struct job *job)
{
	if (job->call != NULL) {
		job->call->job = NULL;
		ocean_cancel(job->call->ocean, &job->call->call);
		job->call = NULL;
	}
}

static void job_done(struct job *job)
{
	timer_stop(&job->timer);
	if (job->wanting) {
		fresh_cancel(&job->fresh);
	}
	job_call_drop(job);
	for (size_t i = 0; i < job->n_unsaved; i++) {
		free(job->unsaved[i].outcome);
	}
	free(job->unsaved);
	free(job->user_data);
}

void request_free(struct request *request)
{
	if (!list_empty(&request->link)) {
		list_remove(&request->link);
		request->engine->n_requests--;
	}
	engine_count(request->engine);
	LIST_FOREACH(it, &request->engine->commits)
	{
		struct commit *commit = LIST_ENTRY(it, struct commit, link);

		assert(commit->request != request || commit->engine == NULL);
	}
	timer_stop(&request->tick);
	timer_stop(&request->save);
	timer_stop(&request->wait);
	timer_stop(&request->recheck);
	presses_drop(&request->presses);
	card_drop(request);
	for (size_t i = 0; i < request->n_jobs; i++) {
		job_done(&request->jobs[i]);
	}
	free(request->jobs);
	free(request->consents);
	arena_done(&request->ask_arena);
	arena_done(&request->arena);
	free(request);
}

void job_engine_free(struct job_engine *engine)
{
	if (engine == NULL) {
		return;
	}
	locks_gone_drop(engine);
	locks_done(engine);
	timer_stop(&engine->turn);
	/* commits first: what they were for is being freed */
	LIST_FOREACH_SAFE(it, next, &engine->commits)
	{
		struct commit *commit = LIST_ENTRY(it, struct commit, link);
		struct request *request = commit->request;

		list_remove(&commit->link);
		commit->engine = NULL;
		if (request->started != NULL) {
			struct err err = {0};

			err_set(&err, ERR_CANCELED, "the bot is stopping");
			request->started(request->started_data, &err);
			request->started = NULL;
			if (list_empty(&request->link)) {
				request_free(
					request); /* one that came second: nobody else has it */
			}
		}
	}
	while (!list_empty(&engine->requests)) {
		request_free(LIST_ENTRY(engine->requests.next, struct request, link));
	}
	LIST_FOREACH_SAFE(it, next, &engine->calls)
	{
		list_remove(it); /* canceled: each frees itself when it is called back */
	}
	presses_drop(&engine->presses);
	retellings_drop(engine);
	for (size_t i = 0; i < engine->n_codes; i++) {
		free(engine->codes[i].person);
	}
	free(engine->codes);
	free(engine);
}

/* ---- jobs ---------------------------------------------------------------------------------- */

static void job_fire(struct timer *timer)
{
	struct job *job = timer->data;

	job->next(job);
}

void job_init(struct job *job, struct request *request, const struct store_job *row)
{
	job->request = request;
	job->row = *row;
	job->row.account = keep(request, row->account);
	job->row.droplet_name = keep(request, row->droplet_name);
	(void)snprintf(job->outcome, sizeof(job->outcome), "%s", row->outcome);
	job->row.outcome = job->outcome;
	(void)snprintf(job->steps, sizeof(job->steps), "%s", row->steps != NULL ? row->steps : "");
	job->row.steps = job->steps;
	job->row.beside = keep(request, row->beside);
	timer_init(&job->timer, request->engine->options.loop, job_fire, job);
}

void job_say(struct job *job, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(job->outcome, sizeof(job->outcome), fmt, ap);
	va_end(ap);
}

const struct plan_step *job_step(const struct job *job)
{
	const struct plan *plan = job->request->plan;

	return job->row.step < plan->n_steps ? &plan->steps[job->row.step] : NULL;
}

bool job_wait(struct job *job, int64_t ms, void (*next)(struct job *))
{
	int64_t left = job->until_ms - clock_mono_ms();

	if (left <= 0) {
		return false;
	}
	job->next = next;
	timer_start(&job->timer, ms < left ? ms : left); /* the last look is at the very end */
	return true;
}

static void called(struct ocean_call *call, const struct err *err)
{
	struct call *holder = call->data;
	struct job *job = holder->job;

	list_remove(&holder->link);
	if (job != NULL) {
		job->call = NULL;
		holder->then(job, call, err);
	}
	free(holder);
}

void job_call(struct job *job, const struct ocean_call *what,
	      void (*then)(struct job *, const struct ocean_call *, const struct err *))
{
	struct job_engine *engine = job->request->engine;
	struct ocean *ocean = engine->options.ocean(job->row.account, engine->options.data);
	struct call *holder;
	struct err err = {0};

	if (ocean == NULL) { /* taken out of the policy since */
		err_set(&err, ERR_NETWORK, "the account \"%.40s\" is not set up any more",
			job->row.account);
		then(job, what, &err);
		return;
	}
	holder = mem_alloc(sizeof(*holder));
	holder->call = *what;
	if (what->key != NULL) { /* the job may be gone before the call is */
		(void)snprintf(holder->key, sizeof(holder->key), "%s", what->key);
		holder->call.key = holder->key;
	}
	/* nobody waits for it as people wait for an answer: their reserve is theirs */
	holder->call.interactive = false;
	holder->call.droplet_id = job->row.droplet_id;
	holder->call.done = called;
	holder->call.data = holder;
	holder->ocean = ocean;
	holder->job = job;
	holder->then = then;
	list_append(&engine->calls, &holder->link);
	job->call = holder;
	ocean_start(ocean, &holder->call);
}
