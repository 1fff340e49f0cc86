/* kind_unsave.c - a step that deletes a snapshot: sent once by its id, and done when the account's list does not have it any more
 *
 * Happy path: DigitalOcean takes it, the list of snapshots is without it, DONE, with how many of that droplet are left.
 * Failure modes: the answer was lost: not in the list is done, still in it at the end of the search is UNKNOWN, and it is never
 * sent again. It was gone before, or is none (a backup): FAILED, nothing ran.
 */
#include <stdio.h>
#include <stdlib.h>

#include "job/kinds.h"

static uint64_t id_of(const struct job *job)
{
	return strtoull(job->request->args.snapshot, NULL, 10);
}

static void fill(const struct job *job, struct ocean_call *call)
{
	call->verb = OCEAN_SNAPSHOT_DELETE;
	call->image_id = id_of(job);
}

static bool taken(struct job *job, const struct ocean_call *call)
{
	(void)job;
	(void)call;
	return true;
}

static bool refused(struct job *job, const struct err *err)
{
	if (err->kind == ERR_NOTFOUND) {
		job_say(job, "Nothing ran: snapshot %s is gone\nalready.",
			job->request->args.snapshot);
	} else {
		job_say(job, "Nothing ran: snapshot %s is still\nthere.\n%s",
			job->request->args.snapshot, err->msg);
	}
	job_end(job, JOB_FAILED, NULL);
	return true;
}

/* ---- until it is not in the list ------------------------------------------------------------- */

static void ask(struct job *job,
		void (*then)(struct job *, const struct ocean_call *, const struct err *))
{
	const struct ocean_call call = {.verb = OCEAN_SNAPSHOTS, .max_tier = TIER_READ};

	job_call(job, &call, then);
}

/* Is it out of the list? Then what of that droplet is left is told. */
static bool is_gone(struct job *job, const struct ocean_call *call)
{
	size_t left = 0;

	for (size_t i = 0; i < call->n_things; i++) {
		if (call->saved[i].id == id_of(job)) {
			return false;
		}
		left += call->saved[i].droplet_id == job->row.droplet_id;
	}
	if (left == 0) {
		(void)snprintf(job->found, sizeof(job->found), "No snapshot of it is left.");
	} else {
		(void)snprintf(job->found, sizeof(job->found), "%zu snapshot%s of it %s left.",
			       left, left == 1 ? "" : "s", left == 1 ? "is" : "are");
	}
	return true;
}

static void unknown(struct job *job, bool seen, const char *what)
{
	job_say(job, "Unknown: was snapshot %s deleted?\n%s\n%s\nI did NOT send it again.",
		job->request->args.snapshot, what,
		seen ? "It is still there." : "DigitalOcean does not tell if it is there.");
	job_end(job, JOB_UNKNOWN, NULL);
}

static void looked(struct job *job, const struct ocean_call *call, const struct err *err)
{
	if (err == NULL && is_gone(job, call)) {
		look_found(job);
	} else if (!job_wait(job, ocean_pace_poll_ms(job->tries++), kind_unsave.look)) {
		unknown(job, err == NULL, "DigitalOcean did not answer.");
	}
}

static void look(struct job *job)
{
	ask(job, looked);
}

static void watched(struct job *job, const struct ocean_call *call, const struct err *err)
{
	if (err == NULL && is_gone(job, call)) {
		steps_done(job);
	} else if (!job_wait(job, ocean_pace_poll_ms(job->tries++), kind_unsave.watch)) {
		unknown(job, err == NULL, "DigitalOcean said that it would.");
	}
}

static void watch(struct job *job)
{
	ask(job, watched);
}

const struct step_ops kind_unsave = {
	.fill = fill, .taken = taken, .refused = refused, .look = look, .watch = watch};
