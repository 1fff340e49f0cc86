/* move.c - the one function that moves a job, and its commits
 *
 * Happy path: job_move writes state and audit row in one transaction; what follows from the move is done in its callback,
 * after the commit. The request's row is the outbox: it is open from the first commit until the last form of its card was
 * delivered, and until then the next start shows the card as the jobs are.
 *
 * Failure modes: a move cannot be written. One that would let a request leave is taken back. All others are facts
 * already: the job goes on, the person is told, and the rows are written as soon as the disk takes them.
 */
#include <assert.h>
#include <stdlib.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/mem.h"
#include "job/joined.h"
#include "job/locks.h"
#include "job/places.h"

#define SAVE_FIRST_MS 2000
#define SAVE_MOST_MS 60000

static void committed(void *data, const struct err *err)
{
	struct commit *commit = data;

	if (commit->engine != NULL) {
		list_remove(&commit->link);
		commit->request->n_commits--;
		commit->done(commit, err);
	}
	free(commit->outcome);
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
	row.steps = job->steps;
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
	const char **approvers = mem_array(request->n_consents + 1, sizeof(*approvers));
	size_t n_approvers = 0;
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
		.n_droplets = job->row.droplet_id != 0,
		.names = &job->row.droplet_name,
		.n_names = job->row.droplet_id == 0,
		.policy_id = row->policy_id,
		.state = job_state_name(move->state),
		.action_id = move->action_id,
		.outcome = move->outcome,
	};

	for (size_t i = 0; i < request->n_consents; i++) {
		if (request->consents[i].kind == CONSENT_APPROVE) {
			approvers[n_approvers++] = request->consents[i].person;
		}
	}
	audit.approvers = approvers;
	audit.n_approvers = n_approvers;
	audit_add(txn, &audit);
	free(approvers);
}

static void tell_ended(const struct job *job)
{
	const struct job_options *options = &job->request->engine->options;

	if (verb_info(job->request->plan->verb)->effect == EFFECT_DESTROY) {
		lock_look_at(job->request->engine, job->row.account, job->row.droplet_id);
	}
	if (options->ended != NULL) {
		options->ended(&job->request->row, &job->row, job->request->plan, options->data);
	}
}

/* The moves that went with this commit: on disk, and so forgotten; or still to be written. */
static void landed(struct job *job, const struct commit *commit, bool ok)
{
	size_t kept = 0;
	bool ended = false;

	for (size_t i = 0; i < job->n_unsaved; i++) {
		struct unsaved *move = &job->unsaved[i];

		if (move->flight != commit) {
			job->unsaved[kept++] = *move;
		} else if (ok && move->state == JOB_DONE) {
			ended = true;
			free(move->outcome);
		} else if (ok || move->state == JOB_SUBMITTING) {
			free(move->outcome);
		} else {
			move->flight = NULL;
			job->unsaved[kept++] = *move;
		}
	}
	job->n_unsaved = kept;
	if (ended) {
		tell_ended(job);
	}
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
	request->row_due = request->row_due || (err != NULL && commit->row);
	if (err == NULL) {
		job->held = commit->open;
		request->save_tries = 0;
		if (!commit->open) {
			queue_kick(request->engine);
		}
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
	place_follow(job, &row, txn);
	if (request->row_due) {
		store_txn_request_now(txn, &request_now);
	}
	commit->row = request->row_due;
	request->row_due = false;
	commit->job = job;
	commit->then = then;
	commit->open = row.open;
	job->n_saves++;
	engine_commit(request->engine, txn, commit);
}

void request_save(struct timer *timer)
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
	job->unsaved = mem_grow(job->unsaved, job->n_unsaved + 1, sizeof(*job->unsaved));
	move = &job->unsaved[job->n_unsaved++];
	move->state = to;
	move->at_ms = job->row.updated_ms;
	move->action_id = job->row.action_id;
	move->outcome = mem_strdup(job->outcome);
	move->flight = NULL;
	if (place_unstarted(&job->row)) {
		job->row.ready_ms = 0;
		place_back(job);
	}
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

void job_over(struct job *job, enum job_state to, struct store_txn *txn)
{
	timer_stop(&job->timer);
	job_move(job, to, txn, ended);
}

void job_end(struct job *job, enum job_state to, struct store_txn *txn)
{
	timer_stop(&job->timer);
	if (!steps_end(job, to, txn)) {
		job_over(job, to, txn);
	}
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

bool request_landing(const struct request *request)
{
	for (size_t i = 0; i < request->n_jobs; i++) {
		if (request->jobs[i].n_saves > 0) {
			return true;
		}
	}
	return false;
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
	if (request_landing(request)) {
		return; /* its commit comes back here */
	}
	card_end(request);
	for (size_t i = 0; i < request->n_jobs; i++) {
		if (request->jobs[i].n_unsaved > 0) {
			return; /* the timer writes it once the disk takes it */
		}
	}
	if (!request->told || request->n_commits > 0 || !list_empty(&request->presses)) {
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
	store_txn_request_now(txn, &row);
	joined_drop(request, txn);
	engine_commit(request->engine, txn, commit_new(request, request_over));
}
