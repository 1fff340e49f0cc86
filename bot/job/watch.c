/* watch.c - WATCHING: polls the action with growing waits, then the droplet itself
 *
 * Happy path: the action is completed, the droplet is what the step promised, DONE (or the next step).
 * Failure modes: errored (FAILED, loud, with the action's id); it never ends in its time, or cannot be seen (UNKNOWN); it is
 * completed and the droplet is as before (FAILED: a shutdown that the system did not follow).
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "job/internal.h"
#include "job/report.h"

static void poll_action(struct job *job);
static void look_at_droplet(struct job *job);

static const char *status_word(enum droplet_status status)
{
	switch (status) {
	case DROPLET_ACTIVE:
		return "on";
	case DROPLET_OFF:
		return "off";
	case DROPLET_NEW:
		return "still being made";
	case DROPLET_ARCHIVE:
		return "archived";
	case DROPLET_UNKNOWN:
		break;
	}
	return "in a state that I do not know";
}

static void next_step(struct job *job, const struct err *err)
{
	(void)err;
	card_show(job->request);
	job_run(job);
}

static void step_done(struct job *job)
{
	const struct plan *plan = job->request->plan;
	enum droplet_status expect = job_step(job)->expect;
	const char *took;
	struct arena arena;

	if (job->row.step + 1 < plan->n_steps) {
		job->row.step++;
		job->last_action_id = job->row.action_id;
		job->row.action_id = 0;
		job->row.sent_ms = 0;
		job->row.deadline_ms = clock_wall_ms() + READY_MS;
		job->until_ms = clock_mono_ms() + READY_MS;
		job->busy_since_ms = 0;
		job->tries = 0;
		job_say(job, "Step %u of %zu", job->row.step + 1, plan->n_steps);
		job_move(job, JOB_READY, NULL, next_step);
		return;
	}
	arena_init(&arena);
	took = report_time(clock_wall_ms() - report_began_ms(&job->request->row, &job->row),
			   &arena);
	job_say(job, "%s %s in %s", plan->done, job->row.droplet_name, took);
	if (expect != DROPLET_UNKNOWN) {
		size_t used = strlen(job->outcome);

		(void)snprintf(job->outcome + used, sizeof(job->outcome) - used,
			       "\nIt is %s at DigitalOcean.", status_word(expect));
	}
	if (plan->remark != NULL) {
		size_t used = strlen(job->outcome);

		(void)snprintf(job->outcome + used, sizeof(job->outcome) - used, "\n%s",
			       plan->remark);
	}
	arena_done(&arena);
	job_end(job, JOB_DONE, NULL);
}

/* ---- the droplet itself ---------------------------------------------------------------------- */

static void unchanged(struct job *job, enum droplet_status status)
{
	job_say(job, "%s is %s, not %s.\nAction %llu ended without effect.\nI did nothing else.",
		job->row.droplet_name, status_word(status), status_word(job_step(job)->expect),
		(unsigned long long)job->row.action_id);
	job_end(job, JOB_FAILED, NULL);
}

static void not_seen(struct job *job)
{
	job_say(job,
		"Unknown: is %s %s?\nAction %llu ended, but DigitalOcean\n"
		"does not tell the droplet's status.\nI did NOT send it again.",
		job->row.droplet_name, status_word(job_step(job)->expect),
		(unsigned long long)job->row.action_id);
	job_end(job, JOB_UNKNOWN, NULL);
}

static void droplet_seen(struct job *job, const struct ocean_call *call, const struct err *err)
{
	bool seen = err == NULL && call->n_droplets > 0;
	enum droplet_status status = seen ? call->droplets[0].status : DROPLET_UNKNOWN;

	if (seen && status == job_step(job)->expect) {
		step_done(job);
	} else if (!job_wait(job, ocean_pace_poll_ms(job->tries++), look_at_droplet)) {
		if (seen) {
			unchanged(job, status);
		} else {
			not_seen(job);
		}
	}
}

static void look_at_droplet(struct job *job)
{
	const struct ocean_call call = {.verb = OCEAN_GET, .max_tier = TIER_READ};

	job_call(job, &call, droplet_seen);
}

static void action_completed(struct job *job)
{
	if (job_step(job)->expect == DROPLET_UNKNOWN) {
		step_done(job);
		return;
	}
	job->tries = 0;
	job->until_ms = clock_mono_ms() + STATUS_MS;
	look_at_droplet(job);
}

/* ---- the action ------------------------------------------------------------------------------ */

static void action_errored(struct job *job)
{
	struct arena arena;

	arena_init(&arena);
	job_say(job,
		"%s was NOT %s.\nAction %llu errored.\nDigitalOcean gives no reason.\n"
		"I did nothing else.",
		job->row.droplet_name, report_past(job->request->plan, &arena),
		(unsigned long long)job->row.action_id);
	arena_done(&arena);
	job_end(job, JOB_FAILED, NULL);
}

static void action_lost(struct job *job, const struct err *err)
{
	struct arena arena;

	arena_init(&arena);
	job_say(job, "Unknown: was %s %s?\n%s %llu %s.\nI did NOT send it again.",
		job->row.droplet_name, report_past(job->request->plan, &arena),
		err != NULL ? "DigitalOcean does not tell how\naction" : "Action",
		(unsigned long long)job->row.action_id,
		err != NULL ? "ended" : "did not end in time");
	arena_done(&arena);
	job_end(job, JOB_UNKNOWN, NULL);
}

/* Ever more seldom, but one look falls on the usual end, so that nobody waits for news that is there. */
static int64_t next_poll_ms(struct job *job)
{
	int64_t wait_ms = ocean_pace_poll_ms(job->tries++);
	int64_t usual_left_ms = job->row.sent_ms + job_step(job)->usual_ms - clock_wall_ms();

	if (usual_left_ms > 0 && usual_left_ms + 500 < wait_ms) {
		wait_ms = usual_left_ms + 500;
		job->tries = 1; /* from there on often again at first */
	}
	return wait_ms;
}

static void polled(struct job *job, const struct ocean_call *call, const struct err *err)
{
	bool known = err == NULL && call->n_actions > 0;
	enum ocean_action_status status = known ? call->actions[0].status : OCEAN_IN_PROGRESS;

	if (known && status == OCEAN_COMPLETED) {
		action_completed(job);
	} else if (known && status == OCEAN_ERRORED) {
		action_errored(job);
	} else if (!job_wait(job, next_poll_ms(job), poll_action)) {
		action_lost(job, err);
	}
}

static void poll_action(struct job *job)
{
	const struct ocean_call call = {
		.verb = OCEAN_ACTION, .max_tier = TIER_READ, .action_id = job->row.action_id};

	job_call(job, &call, polled);
}

/*
 * The first look is due a while after it was sent, wherever that while went: after a restart, or a long search, at once. Its
 * time may be over by then: one look is due all the same.
 */
void job_watch(struct job *job)
{
	int64_t left_ms = job->row.deadline_ms - clock_wall_ms();
	int64_t spent_ms, wait_ms;
	const struct plan_step *step = job_step(job);

	job->tries = 0;
	job->until_ms = clock_mono_ms() + left_ms;
	if (step == NULL || job->row.action_id == 0) {
		struct err err = {.kind = ERR_NOTFOUND};

		action_lost(job, &err);
		return;
	}
	if (left_ms > step->deadline_ms) { /* the wall clock was set back meanwhile */
		job->until_ms = clock_mono_ms() + step->deadline_ms;
	}
	spent_ms = clock_wall_ms() - job->row.sent_ms;
	wait_ms = next_poll_ms(job) - (spent_ms > 0 ? spent_ms : 0);
	if (!job_wait(job, wait_ms > 0 ? wait_ms : 0, poll_action)) {
		poll_action(job);
	}
}
