/* watch.c - WATCHING: polls the action with growing waits, then the droplet itself (other kinds watch in their own files)
 *
 * Happy path: the action is completed, the droplet is what the step promised, DONE (or the next step).
 * Failure modes: errored (FAILED, loud, with the action's id); it never ends in its time, or cannot be seen (UNKNOWN); it is
 * completed and the droplet is as before (FAILED: a shutdown that the system did not follow).
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "job/internal.h"
#include "job/kinds.h"
#include "job/report.h"

/* of this minute's requests, of which work behind has 200: more than that are spared, or no look is extra */
#define LOOK_SPARE 150

static void poll_action(struct job *job);
static void look_at_droplet(struct job *job);

/* ---- the droplet itself ---------------------------------------------------------------------- */

static void unchanged(struct job *job, const char *lack)
{
	job_say(job, "%s\nAction %llu ended without effect.\nI did nothing else.", lack,
		(unsigned long long)job->row.action_id);
	job_end(job, JOB_FAILED, NULL);
}

static void not_seen(struct job *job)
{
	bool status = job_step(job)->proof == PROOF_STATUS;
	struct arena arena = {0};

	job_say(job,
		"Unknown: %s %s %s?\nAction %llu ended, but DigitalOcean\n"
		"does not tell %s.\nI did NOT send it again.",
		status ? "is" : "was", job->row.droplet_name,
		status ? report_status(job_step(job)->expect) : job_past(job, &arena),
		(unsigned long long)job->row.action_id,
		status ? "the droplet's status" : "what came of it");
	arena_done(&arena);
	job_end(job, JOB_UNKNOWN, NULL);
}

static void droplet_seen(struct job *job, const struct ocean_call *call, const struct err *err)
{
	struct arena arena = {0};
	const char *lack;

	if (err == NULL && proof_holds(job, call)) {
		steps_done(job);
		return;
	}
	if (job_wait(job, ocean_pace_poll_ms(job->tries++), look_at_droplet)) {
		return;
	}
	lack = err == NULL ? proof_lack(job, call, &arena) : NULL;
	if (lack != NULL) {
		unchanged(job, lack);
	} else {
		not_seen(job);
	}
	arena_done(&arena);
}

static void look_alone(struct job *job)
{
	const struct ocean_call call = proof_call(job);

	job_call(job, &call, droplet_seen);
}

/* What no list shows, or where there is none, its own answer tells. */
static void on_list(struct ocean_want *want, struct ocean_snapshot *snapshot, const struct err *err)
{
	struct job *job = want->data;
	const struct droplet *droplet =
		err == NULL ? ocean_snapshot_by_id(snapshot, job->row.droplet_id) : NULL;

	job->wanting = false;
	if (droplet == NULL) {
		look_alone(job);
	} else {
		const struct ocean_call seen = {
			.verb = OCEAN_GET, .droplets = droplet, .n_droplets = 1};

		droplet_seen(job, &seen, NULL);
	}
	ocean_snapshot_unref(snapshot);
}

/* Many changes end at about the same time: a list that is read for the next ones shows the droplets of these too. */
static void look_at_droplet(struct job *job)
{
	const struct job_options *options = &job->request->engine->options;
	struct ocean_index *index = options->index(job->row.account, options->data);

	if (proof_call(job).verb != OCEAN_GET || index == NULL || !ocean_index_is_due(index)) {
		look_alone(job);
		return;
	}
	job->fresh.want = (struct ocean_want){.max_tier = TIER_READ, .done = on_list, .data = job};
	job->wanting = true;
	ocean_index_want(index, &job->fresh.want);
}

static void action_completed(struct job *job)
{
	const struct plan_step *step = job_step(job);

	if (step->proof == PROOF_STATUS && step->expect == DROPLET_UNKNOWN) {
		steps_done(job);
		return;
	}
	job->tries = 0;
	job->until_ms = clock_mono_ms() + (step->follow_ms > 0 ? step->follow_ms : STATUS_MS);
	look_at_droplet(job);
}

/* ---- the action ------------------------------------------------------------------------------ */

/* Where DigitalOcean shows more of it than it tells here; a line, for who may see ids. */
static const char *panel(const struct job *job, struct arena *arena)
{
	struct gate_who who = request_who(job->request);

	return gate_shows(job->request->engine->options.gate, &who, "id")
		       ? arena_printf(arena, "\nhttps://cloud.digitalocean.com/droplets/%llu",
				      (unsigned long long)job->row.droplet_id)
		       : "";
}

static void action_errored(struct job *job)
{
	struct arena arena;

	arena_init(&arena);
	job_say(job,
		"%s was NOT %s.\nAction %llu errored.\nDigitalOcean gives no reason.\n"
		"I did nothing else.%s",
		job->row.droplet_name, job_past(job, &arena),
		(unsigned long long)job->row.action_id, panel(job, &arena));
	arena_done(&arena);
	job_end(job, JOB_FAILED, NULL);
}

static void action_lost(struct job *job, const struct err *err)
{
	struct arena arena;

	arena_init(&arena);
	job_say(job, "Unknown: was %s %s?\n%s %llu %s.\nI did NOT send it again.%s",
		job->row.droplet_name, job_past(job, &arena),
		err != NULL ? "DigitalOcean does not tell how\naction" : "Action",
		(unsigned long long)job->row.action_id,
		err != NULL ? "ended" : "did not end in time", panel(job, &arena));
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

static void answered(struct job *job)
{
	if (job->answered == OCEAN_COMPLETED) {
		action_completed(job);
	} else {
		action_errored(job);
	}
}

/*
 * A first look comes at once while few requests were made lately: what is over already, or went wrong, is told then. Else it is due
 * a while after the change was sent, wherever that while went: after a restart, or a long search, at once. Its time may be over by
 * then: one look is due all the same.
 */
void act_watch(struct job *job)
{
	const struct job_options *options = &job->request->engine->options;
	struct ocean *ocean = options->ocean(job->row.account, options->data);
	int64_t spent_ms, wait_ms;

	if (job->row.action_id == 0) {
		struct err err = {.kind = ERR_NOTFOUND};

		action_lost(job, &err);
		return;
	}
	if (job->answered != OCEAN_IN_PROGRESS) { /* the answer to the change said it already */
		(void)job_wait(job, 0, answered);
		return;
	}
	spent_ms = clock_wall_ms() - job->row.sent_ms;
	if (ocean != NULL && spent_ms < ocean_pace_poll_ms(0) && ocean_spare(ocean, LOOK_SPARE)) {
		poll_action(job);
		return;
	}
	wait_ms = next_poll_ms(job) - (spent_ms > 0 ? spent_ms : 0);
	if (!job_wait(job, wait_ms > 0 ? wait_ms : 0, poll_action)) {
		poll_action(job);
	}
}

/* ---- any kind of step ------------------------------------------------------------------------ */

void job_watch(struct job *job)
{
	int64_t left_ms = job->row.deadline_ms - clock_wall_ms();
	const struct plan_step *step = job_step(job);

	if (step == NULL) {
		struct err err = {.kind = ERR_NOTFOUND};

		action_lost(job, &err);
		return;
	}
	if (left_ms > step->deadline_ms) { /* the wall clock was set back meanwhile */
		left_ms = step->deadline_ms;
	}
	job->tries = 0;
	job->until_ms = clock_mono_ms() + left_ms;
	step_ops(step)->watch(job);
}
