/* kind_destroy.c - a step that destroys the droplet: sent once by its id, and done when nobody finds that id any more
 *
 * Happy path: DigitalOcean takes it, the droplet answers "not found" some seconds later, DONE.
 * Failure modes: the answer was lost: not found is done, still there after the search is UNKNOWN, and it is never sent again.
 * It was taken, and the droplet is still there at the end of its time: UNKNOWN, said so. It was gone before: FAILED, nothing ran.
 */
#include "job/kinds.h"

static void fill(const struct job *job, struct ocean_call *call)
{
	(void)job;
	call->verb = OCEAN_DESTROY;
}

static bool taken(struct job *job, const struct ocean_call *call)
{
	(void)job;
	(void)call;
	return true;
}

static bool refused(struct job *job, const struct err *err)
{
	if (err->kind != ERR_NOTFOUND) {
		return false;
	}
	job_say(job, "Nothing ran: %s is gone already.\nSomebody else destroyed it.",
		job->row.droplet_name);
	job_end(job, JOB_FAILED, NULL);
	return true;
}

/* ---- until it is not found ------------------------------------------------------------------- */

static void ask(struct job *job,
		void (*then)(struct job *, const struct ocean_call *, const struct err *))
{
	const struct ocean_call call = {.verb = OCEAN_GET, .max_tier = TIER_READ};

	job_call(job, &call, then);
}

static void unknown(struct job *job, bool seen, const char *what)
{
	job_say(job, "Unknown: was %s destroyed?\n%s\n%s\nI did NOT send it again.",
		job->row.droplet_name, what,
		seen ? "It is still there." : "DigitalOcean does not tell if it is there.");
	job_end(job, JOB_UNKNOWN, NULL);
}

static void looked(struct job *job, const struct ocean_call *call, const struct err *err)
{
	(void)call;
	if (err != NULL && err->kind == ERR_NOTFOUND) {
		look_found(job);
	} else if (!job_wait(job, ocean_pace_poll_ms(job->tries++), kind_destroy.look)) {
		unknown(job, err == NULL, "DigitalOcean did not answer.");
	}
}

static void look(struct job *job)
{
	ask(job, looked);
}

static void watched(struct job *job, const struct ocean_call *call, const struct err *err)
{
	struct job_engine *engine = job->request->engine;
	struct ocean_index *index = engine->options.index(job->row.account, engine->options.data);

	(void)call;
	if (err != NULL && err->kind == ERR_NOTFOUND) {
		if (index != NULL) {
			ocean_index_spoil(index); /* it may be in a list of a moment ago */
		}
		steps_done(job);
	} else if (!job_wait(job, ocean_pace_poll_ms(job->tries++), kind_destroy.watch)) {
		unknown(job, err == NULL, "DigitalOcean said that it would.");
	}
}

static void watch(struct job *job)
{
	ask(job, watched);
}

const struct step_ops kind_destroy = {
	.fill = fill, .taken = taken, .refused = refused, .look = look, .watch = watch};
