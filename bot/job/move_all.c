/* move_all.c - the jobs of a request that wait for people or in line move together, in one transaction
 *
 * Unlike job_move this is written first and true after: what people gave, and what ends without them, must be on disk before
 * anything follows from it.
 */
#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "job/places.h"

bool job_waits_for_people(const struct job *job)
{
	return job->row.state == JOB_CONFIRMING || job->row.state == JOB_APPROVING;
}

bool job_rests(const struct job *job)
{
	return job_waits_for_people(job) || job->row.state == JOB_QUEUED;
}

bool request_rests(const struct request *request)
{
	for (size_t i = 0; i < request->n_jobs; i++) {
		if (job_rests(&request->jobs[i])) {
			return true;
		}
	}
	return false;
}

bool request_waits(const struct request *request)
{
	for (size_t i = 0; i < request->n_jobs; i++) {
		if (job_waits_for_people(&request->jobs[i])) {
			return true;
		}
	}
	return false;
}

int64_t request_deadline_ms(const struct request *request)
{
	int64_t least_ms = INT64_MAX;

	for (size_t i = 0; i < request->n_jobs; i++) {
		const struct job *job = &request->jobs[i];

		if (job_rests(job) && job->row.deadline_ms < least_ms) {
			least_ms = job->row.deadline_ms;
		}
	}
	return least_ms;
}

enum job_state request_state(const struct request *request)
{
	for (size_t i = 0; i < request->n_jobs; i++) {
		if (job_waits_for_people(&request->jobs[i])) {
			return (enum job_state)request->jobs[i].row.state;
		}
	}
	return JOB_NONE;
}

/* The row as it will be. */
static struct store_job moved_row(const struct job *job, const struct commit *commit)
{
	struct store_job row = job_row(job);

	row.state = (int)commit->to;
	row.open = job_state_holds(commit->to);
	row.updated_ms = commit->at_ms;
	row.deadline_ms = commit->deadline_ms;
	row.outcome = commit->outcome != NULL ? commit->outcome : "";
	if (commit->to == JOB_READY) {
		row.ready_ms = commit->at_ms;
	} else if (place_unstarted(&row)) {
		row.ready_ms = 0;
	}
	return row;
}

/* As the look at the whole request found it; NULL: there was none. */
static const struct droplet *looked_at(const struct job *job, const struct commit *commit)
{
	const struct review *review = commit->press != NULL ? commit->press->review : NULL;

	for (size_t i = 0; review != NULL && i < review->n_droplets; i++) {
		const struct droplet *droplet = review->droplets[i];

		if (droplet->id == job->row.droplet_id &&
		    (droplet->id != 0 || strcmp(droplet->name, job->row.droplet_name) == 0) &&
		    strcmp(droplet->account, job->row.account) == 0) {
			return droplet;
		}
	}
	return NULL;
}

static void move_in(struct job *job, const struct commit *commit, struct store_txn *txn)
{
	struct unsaved move = {
		.state = commit->to, .at_ms = commit->at_ms, .outcome = commit->outcome};
	struct store_job row = moved_row(job, commit);

	assert(job->row.state == (int)commit->to ||
	       job_state_may((enum job_state)job->row.state, commit->to));
	store_txn_job(txn, &row);
	if (commit->to == JOB_READY) {
		place_take(job, looked_at(job, commit), commit->at_ms, txn);
	}
	place_follow(job, &row, txn);
	if (job->row.state != (int)commit->to) {
		job_audit(txn, job->request, job, &move);
	}
	job->moving = true;
	job->held = job->held || row.open; /* from now on nobody else may begin with it */
}

void jobs_move(struct request *request, enum job_state to, int64_t deadline_ms, const char *outcome,
	       struct store_txn *txn, struct commit *commit)
{
	struct store_request row;

	assert(!request->moving);
	commit->to = to;
	commit->at_ms = clock_wall_ms();
	commit->deadline_ms = deadline_ms;
	commit->outcome = mem_strdup(outcome);
	for (size_t i = 0; i < request->n_jobs; i++) {
		if (job_rests(&request->jobs[i]) || request->jobs[i].frozen) {
			move_in(&request->jobs[i], commit, txn);
		}
	}
	request->moving = true;
	request->row.updated_ms = commit->at_ms;
	row = request_row(request);
	store_txn_request_now(txn, &row);
	engine_commit(request->engine, txn, commit);
}

void jobs_moved(struct commit *commit)
{
	struct request *request = commit->request;

	request->moving = false;
	for (size_t i = 0; i < request->n_jobs; i++) {
		struct job *job = &request->jobs[i];

		if (job->moving) {
			job->moving = false;
			job->frozen = false;
			job_say(job, "%s", commit->outcome != NULL ? commit->outcome : "");
			job->row = moved_row(job, commit);
			job->row.outcome = job->outcome;
			job->row.steps = job->steps;
			if (place_unstarted(&job->row)) {
				place_back(job);
			}
			job->held = job->row.open;
		}
	}
	engine_count(request->engine);
	queue_kick(request->engine);
}

void jobs_not_moved(struct commit *commit)
{
	struct request *request = commit->request;

	request->moving = false;
	for (size_t i = 0; i < request->n_jobs; i++) {
		struct job *job = &request->jobs[i];

		if (job->moving) {
			job->moving = false;
			job->held = job->row.open;
			if (commit->to == JOB_READY) {
				place_back(job);
			}
		}
	}
	queue_kick(request->engine);
}
