/* kind_act.c - a step that is a droplet action: sent as one, known by its id (looked for in look.c, watched in watch.c) */
#include "job/kinds.h"

static void fill(const struct job *job, struct ocean_call *call)
{
	call->verb = OCEAN_ACT;
	call->act = job_step(job)->act;
	if (job_step(job)->takes_args) {
		job_args_act(&job->request->args, &call->args);
	}
}

static bool taken(struct job *job, const struct ocean_call *call)
{
	if (call->n_actions == 0 || call->actions[0].id == 0) {
		return false;
	}
	job->row.action_id = call->actions[0].id;
	job->answered = call->actions[0].status;
	return true;
}

const struct step_ops kind_act = {
	.fill = fill, .taken = taken, .look = act_look, .watch = act_watch};
