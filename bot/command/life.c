/* life.c - the plans by which droplets come and go */
#include "command/life.h"

#define MINUTE_MS 60000

/* Its project is no part of the request: DigitalOcean takes it afterwards, as a step of its own. */
const struct plan life_create = {
	.verb = VERB_DROPLET_CREATE,
	.infinitive = "create",
	.doing = "Creating",
	.done = "Created",
	.remark = "Active (boot may still be running).",
	.makes = true,
	.steps = {{.kind = STEP_CREATE,
		   .proof = PROOF_CREATED,
		   .expect = DROPLET_ACTIVE,
		   .usual_ms = 45000,
		   .deadline_ms = 120 * MINUTE_MS, /* of a large snapshot more than an hour */
		   .label = "Create",
		   .past = "created"},
		  {.kind = STEP_LINK,
		   .links = VERB_PROJECT_ASSIGN,
		   .if_project = true,
		   .usual_ms = 3000,
		   .deadline_ms = 5 * MINUTE_MS,
		   .label = "Into its project",
		   .past = "put into its project"}},
	.n_steps = 2,
};

/* Both ways to destroy differ in their steps only. */
#define DESTROYS                                                                      \
	.verb = VERB_DROPLET_DESTROY, .infinitive = "destroy", .doing = "Destroying", \
	.done = "Destroyed", .strands = true, .confirms = true, .looks_beside = true
#define DESTROY_STEP .kind = STEP_DESTROY, .usual_ms = 10000, .deadline_ms = 5 * MINUTE_MS

/* A system that does not follow its shutdown is not destroyed: somebody wanted it to end its work first. */
static const struct plan destroy_gently = {
	DESTROYS,
	.steps = {{.act = "shutdown",
		   .expect = DROPLET_OFF,
		   .usual_ms = 15000,
		   .deadline_ms = 5 * MINUTE_MS,
		   .follow_ms = 3 * MINUTE_MS,
		   .label = "Shut down",
		   .past = "shut down",
		   .unless = DROPLET_OFF},
		  {DESTROY_STEP, .label = "Destroy", .past = "destroyed"}},
	.n_steps = 2,
};

const struct plan life_destroy = {
	DESTROYS,
	.gently = &destroy_gently,
	.steps = {{DESTROY_STEP}},
	.n_steps = 1,
};

const struct plan life_purge = {
	.verb = VERB_DROPLET_PURGE,
	.infinitive = "purge",
	.doing = "Purging",
	.done = "Purged",
	.strands = true,
	.confirms = true,
	.looks_beside = true,
	.beside_goes = true,
	.steps = {{.kind = STEP_PURGE, .usual_ms = 20000, .deadline_ms = 15 * MINUTE_MS}},
	.n_steps = 1,
};

const struct plan life_unsave = {
	.verb = VERB_SNAPSHOT_DELETE,
	.infinitive = "delete a snapshot of",
	.doing = "Deleting a snapshot of",
	.done = "Deleted a snapshot of",
	.noun = "deletion of a snapshot",
	.past = "rid of its snapshot",
	.confirms = true,
	.saved = true,
	.steps = {{.kind = STEP_UNSAVE, .usual_ms = 5000, .deadline_ms = 5 * MINUTE_MS}},
	.n_steps = 1,
};
