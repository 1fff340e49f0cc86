/* engine.c - open requests, their commits, and the one function that moves a job
 *
 * Happy path: job_move writes state, audit row and request row in one transaction; what follows from the move is done
 * in its callback, after the commit.
 *
 * Failure modes: a move cannot be written. One that would let a request leave is taken back. All others are facts
 * already: the job goes on, the person is told, and the rows are written as soon as the disk takes them.
 * The engine is freed with commits and calls under way: these outlive it and free themselves.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/mem.h"
#include "job/internal.h"
#include "metrics/metrics.h"

#define SAVE_FIRST_MS 2000
#define SAVE_MOST_MS 60000

static void save_again(struct timer *timer);

struct job_engine *job_engine_new(const struct job_options *options)
{
	struct job_engine *engine = mem_alloc(sizeof(*engine));

	engine->options = *options;
	list_init(&engine->requests);
	list_init(&engine->commits);
	list_init(&engine->calls);
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
	timer_start(timer, TICK_MS);
}

struct request *request_new(struct job_engine *engine, const struct store_request *row,
			    const struct plan *plan, size_t n_jobs)
{
	struct request *request = mem_alloc(sizeof(*request));
	struct store_request *to = &request->row;

	list_init(&request->link);
	request->engine = engine;
	request->plan = plan;
	request->jobs = mem_array(n_jobs + 1, sizeof(*request->jobs));
	request->n_jobs = n_jobs;
	*to = *row;
	to->network = keep(request, row->network);
	to->workspace = keep(request, row->workspace);
	to->channel = keep(request, row->channel);
	to->thread = keep(request, row->thread);
	to->user_workspace = keep(request, row->user_workspace);
	to->user = keep(request, row->user);
	to->person = keep(request, row->person);
	to->answers = keep(request, row->answers);
	to->verb = keep(request, row->verb);
	to->words = keep(request, row->words);
	to->policy_id = keep(request, row->policy_id);
	(void)snprintf(request->card_id, sizeof(request->card_id), "%s", row->card);
	to->card = request->card_id;
	timer_init(&request->tick, engine->options.loop, tick, request);
	timer_init(&request->save, engine->options.loop, save_again, request);
	return request;
}

void request_add(struct request *request)
{
	list_append(&request->engine->requests, &request->link);
	request->engine->n_requests++;
	engine_count(request->engine);
}

static void job_done(struct job *job)
{
	timer_stop(&job->timer);
	if (job->wanting) {
		ocean_index_cancel(&job->want);
	}
	if (job->call != NULL) {
		job->call->job = NULL;
		ocean_cancel(job->call->ocean, &job->call->call);
	}
	for (size_t i = 0; i < job->n_unsaved; i++) {
		free(job->unsaved[i].outcome);
	}
	free(job->unsaved);
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
	card_drop(request);
	for (size_t i = 0; i < request->n_jobs; i++) {
		job_done(&request->jobs[i]);
	}
	free(request->jobs);
	arena_done(&request->arena);
	free(request);
}

void job_engine_free(struct job_engine *engine)
{
	if (engine == NULL) {
		return;
	}
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
	holder->call.interactive = true;
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

/* ---- commits ------------------------------------------------------------------------------- */

static void committed(void *data, const struct err *err)
{
	struct commit *commit = data;

	if (commit->engine != NULL) {
		list_remove(&commit->link);
		commit->request->n_commits--;
		commit->done(commit, err);
	}
	free(commit);
}

struct commit *commit_new(struct request *request,
			  void (*done)(struct commit *, const struct err *))
{
	struct commit *commit = mem_alloc(sizeof(*commit));

	commit->engine = request->engine;
	commit->request = request;
	commit->done = done;
	return commit;
}

void engine_commit(struct job_engine *engine, struct store_txn *txn, struct commit *commit)
{
	commit->request->n_commits++;
	list_append(&engine->commits, &commit->link);
	store_commit(txn, committed, commit);
}

struct store_job job_row(const struct job *job)
{
	struct store_job row = job->row;

	row.outcome = job->outcome;
	return row;
}

struct store_request request_row(const struct request *request)
{
	struct store_request row = request->row;

	row.card = request->card_id;
	return row;
}

void job_audit(struct store_txn *txn, const struct request *request, const struct job *job,
	       const struct unsaved *move)
{
	const struct store_request *row = &request->row;
	struct audit_row audit = {
		.at_ms = move->at_ms,
		.kind = "job",
		.id = row->id,
		.person = row->person,
		.network = row->network,
		.user_workspace = row->user_workspace,
		.user = row->user,
		.workspace = row->workspace,
		.channel = row->direct ? "direct" : row->channel,
		.verb = row->verb,
		.droplets = &job->row.droplet_id,
		.n_droplets = 1,
		.policy_id = row->policy_id,
		.state = job_state_name(move->state),
		.action_id = move->action_id,
		.outcome = move->outcome,
	};

	audit_add(txn, &audit);
}

/* The moves that went with this commit: on disk, and so forgotten; or still to be written. */
static void landed(struct job *job, const struct commit *commit, bool ok)
{
	size_t kept = 0;

	for (size_t i = 0; i < job->n_unsaved; i++) {
		struct unsaved *move = &job->unsaved[i];

		if (move->flight != commit) {
			job->unsaved[kept++] = *move;
		} else if (ok || move->state == JOB_SUBMITTING) {
			free(move->outcome);
		} else {
			move->flight = NULL;
			job->unsaved[kept++] = *move;
		}
	}
	job->n_unsaved = kept;
}

static void arm_save(struct request *request)
{
	int64_t ms = SAVE_FIRST_MS;

	for (unsigned i = 0; i < request->save_tries && ms < SAVE_MOST_MS; i++) {
		ms *= 2;
	}
	request->save_tries++;
	if (!timer_running(&request->save)) {
		timer_start(&request->save, ms < SAVE_MOST_MS ? ms : SAVE_MOST_MS);
	}
}

static void saved(struct commit *commit, const struct err *err)
{
	struct job *job = commit->job;
	struct request *request = commit->request;

	job->n_saves--;
	if (err != NULL && err->kind == ERR_CANCELED) {
		return; /* the store is closed: the next start goes on from the row before */
	}
	landed(job, commit, err == NULL);
	if (err == NULL) {
		job->held = commit->open;
		request->save_tries = 0;
	} else if (commit->then != NULL && job->row.state == JOB_SUBMITTING) {
		job->row.state = JOB_READY;
		job->row.sent_ms = 0;
	}
	if (job->n_unsaved > 0 && job->n_saves == 0) {
		arm_save(request);
	}
	if (commit->then != NULL) {
		commit->then(job, err);
	} else {
		request_settle(request);
	}
}

/* The job's row as it is, with every move that the log does not have yet. */
static void save(struct job *job, struct store_txn *txn,
		 void (*then)(struct job *, const struct err *))
{
	struct request *request = job->request;
	struct commit *commit = commit_new(request, saved);
	struct store_job row = job_row(job);
	struct store_request request_now = request_row(request);

	if (txn == NULL) {
		txn = store_txn_new(request->engine->options.store);
	}
	for (size_t i = 0; i < job->n_unsaved; i++) {
		if (job->unsaved[i].flight == NULL) {
			job_audit(txn, request, job, &job->unsaved[i]);
			job->unsaved[i].flight = commit;
		}
	}
	store_txn_job(txn, &row);
	store_txn_request(txn, &request_now);
	commit->job = job;
	commit->then = then;
	commit->open = row.open;
	job->n_saves++;
	engine_commit(request->engine, txn, commit);
}

static void save_again(struct timer *timer)
{
	struct request *request = timer->data;

	for (size_t i = 0; i < request->n_jobs; i++) {
		struct job *job = &request->jobs[i];

		if (job->n_unsaved > 0 && job->n_saves == 0) {
			save(job, NULL, NULL);
		}
	}
	request_settle(request);
}

void job_move(struct job *job, enum job_state to, struct store_txn *txn,
	      void (*then)(struct job *, const struct err *))
{
	struct request *request = job->request;
	struct unsaved *move;

	assert(job_state_may((enum job_state)job->row.state, to));
	job->row.state = (int)to;
	job->row.open = job_state_holds(to);
	job->row.updated_ms = clock_wall_ms();
	request->row.updated_ms = job->row.updated_ms;
	request->row.card_wanted++;
	job->unsaved = mem_grow(job->unsaved, job->n_unsaved + 1, sizeof(*job->unsaved));
	move = &job->unsaved[job->n_unsaved++];
	move->state = to;
	move->at_ms = job->row.updated_ms;
	move->action_id = job->row.action_id;
	move->outcome = mem_strdup(job->outcome);
	move->flight = NULL;
	save(job, txn, then);
}

/* ---- the end ------------------------------------------------------------------------------- */

static void ended(struct job *job, const struct err *err)
{
	(void)err;
	engine_count(job->request->engine);
	card_show(job->request);
	request_settle(job->request);
}

void job_end(struct job *job, enum job_state to, struct store_txn *txn)
{
	timer_stop(&job->timer);
	job_move(job, to, txn, ended);
}

static void request_over(struct commit *commit, const struct err *err)
{
	struct request *request = commit->request;

	if (err == NULL) {
		request_free(request);
	} else if (err->kind != ERR_CANCELED) {
		request->row.final = false;
		arm_save(request);
	}
}

void request_settle(struct request *request)
{
	struct store_request row;
	struct store_txn *txn;

	for (size_t i = 0; i < request->n_jobs; i++) {
		const struct job *job = &request->jobs[i];

		if (!job_state_final((enum job_state)job->row.state)) {
			return;
		}
	}
	card_end(request);
	for (size_t i = 0; i < request->n_jobs; i++) {
		if (request->jobs[i].n_unsaved > 0) {
			return; /* the timer writes it once the disk takes it */
		}
	}
	if (!request->told || request->n_commits > 0) {
		return; /* each of them comes back here */
	}
	if (request->undelivered) {
		request_free(
			request); /* its row stays open: the next start tries to tell it again */
		return;
	}
	request->row.final = true;
	row = request_row(request);
	txn = store_txn_new(request->engine->options.store);
	store_txn_request(txn, &row);
	engine_commit(request->engine, txn, commit_new(request, request_over));
}
