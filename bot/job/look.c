/* look.c - UNSURE: the answer was lost; what DigitalOcean has says whether it was done
 *
 * Happy path (of an action; other kinds of steps look in their own files): the droplet's actions show ours (same type, begun when we sent it): it is adopted and watched.
 * Failure modes: it does not show in time: UNKNOWN, said so, and never sent again.
 */
#include <string.h>

#include "base/clock.h"
#include "job/internal.h"
#include "job/kinds.h"
#include "job/report.h"

void look_gave_up(struct job *job)
{
	struct arena arena;

	arena_init(&arena);
	job_say(job,
		"Unknown: was %s %s?\nDigitalOcean did not answer.\nI did NOT send it again.\n"
		"Look at its status before you ask again.",
		job->row.droplet_name, job_past(job, &arena));
	arena_done(&arena);
	job_end(job, JOB_UNKNOWN, NULL);
}

static void adopted(struct job *job, const struct err *err)
{
	(void)err;
	card_show(job->request);
	job_watch(job);
}

void look_found(struct job *job)
{
	job->row.deadline_ms = clock_wall_ms() + job_step(job)->deadline_ms;
	job_say(job, "Its answer was lost, but it is running.");
	job_move(job, JOB_WATCHING, NULL, adopted);
}

/* ---- an action ------------------------------------------------------------------------------- */

/* Ours is the one that began first since we sent it, by DigitalOcean's clock: later ones are other people's. */
static const struct ocean_action *find_ours(const struct job *job, const struct ocean_call *call)
{
	const struct ocean_action *ours = NULL;
	int64_t sent_ms = job->row.sent_ms + call->ahead_ms;

	for (size_t i = 0; i < call->n_actions; i++) {
		const struct ocean_action *action = &call->actions[i];

		if (strcmp(action->type, job_step(job)->act) == 0 && action->id != 0 &&
		    action->id != job->last_action_id &&
		    action->started_ms >= sent_ms - LOOK_SKEW_MS &&
		    (ours == NULL || action->started_ms < ours->started_ms)) {
			ours = action;
		}
	}
	return ours;
}

static void looked(struct job *job, const struct ocean_call *call, const struct err *err)
{
	const struct ocean_action *ours = err == NULL ? find_ours(job, call) : NULL;

	if (ours != NULL) {
		job->row.action_id = ours->id;
		look_found(job);
	} else if (!job_wait(job, ocean_pace_poll_ms(job->tries++), act_look)) {
		look_gave_up(job);
	}
}

void act_look(struct job *job)
{
	const struct ocean_call call = {.verb = OCEAN_DROPLET_ACTIONS, .max_tier = TIER_READ};

	job_call(job, &call, looked);
}

/* ---- any kind of step ------------------------------------------------------------------------ */

/* A restart does not begin the search anew, but leaves time for a few looks. */
void job_look(struct job *job)
{
	int64_t left_ms = job->row.deadline_ms - clock_wall_ms();

	left_ms = left_ms > LOOK_MS ? LOOK_MS : left_ms < LOOK_LEAST_MS ? LOOK_LEAST_MS : left_ms;
	job->tries = 0;
	job->until_ms = clock_mono_ms() + left_ms;
	if (job_step(job) == NULL || job->row.sent_ms == 0) {
		look_gave_up(job);
		return;
	}
	step_ops(job_step(job))->look(job);
}
