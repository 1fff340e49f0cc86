/* kind_link.c - a step that ties a droplet to something of the account, or unties it: tag, project, volume, address, firewall
 *
 * Happy path: DigitalOcean's list is read first: it has the thing's id, and whether it is so already. Then the request; an action
 * is watched as any, the rest by the list. Failure modes: it is so already, there is no such thing, or it is another droplet's
 * (nothing is sent); the answer is lost (the list says whether it was done).
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "job/kinds.h"
#include "job/locks.h"

struct link_row {
	enum verb verb;
	enum ocean_verb send;
	enum ocean_verb list; /* where it stands; GET: the droplet itself */
	bool ties;            /* else it unties */
	enum job_arg arg;     /* which one */
	const char *noun;
};

static const struct link_row rows[] = {
	{VERB_TAG_ADD, OCEAN_TAG_ADD, OCEAN_GET, true, ARG_TAG, "tag"},
	{VERB_TAG_REMOVE, OCEAN_TAG_REMOVE, OCEAN_GET, false, ARG_TAG, "tag"},
	{VERB_PROJECT_ASSIGN, OCEAN_PROJECT_ASSIGN, OCEAN_PROJECTS, true, ARG_PROJECT, "project"},
	{VERB_VOLUME_ATTACH, OCEAN_VOLUME_ATTACH, OCEAN_VOLUMES, true, ARG_VOLUME, "volume"},
	{VERB_VOLUME_DETACH, OCEAN_VOLUME_DETACH, OCEAN_VOLUMES, false, ARG_VOLUME, "volume"},
	{VERB_IP_ASSIGN, OCEAN_IP_ASSIGN, OCEAN_IPS, true, ARG_ADDRESS, "address"},
	{VERB_IP_UNASSIGN, OCEAN_IP_UNASSIGN, OCEAN_IPS, false, ARG_ADDRESS, "address"},
	{VERB_FIREWALL_ATTACH, OCEAN_FIREWALL_ATTACH, OCEAN_FIREWALLS, true, ARG_FIREWALL,
	 "firewall"},
	{VERB_FIREWALL_DETACH, OCEAN_FIREWALL_DETACH, OCEAN_FIREWALLS, false, ARG_FIREWALL,
	 "firewall"},
};

static const struct link_row *row_of(const struct job *job)
{
	const struct plan_step *step = job_step(job);
	enum verb verb =
		step != NULL && step->links != VERB_NONE ? step->links : job->request->plan->verb;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].verb == verb) {
			return &rows[i];
		}
	}
	assert(false);
	return NULL;
}

static const char *word_of(const struct job *job)
{
	const struct job_args *args = &job->request->args;

	return args->project_id[0] != '\0' ? args->project_id : job_args_thing(args);
}

/* ---- where it stands ------------------------------------------------------------------------- */

/* One of the list: is it the thing, by its id or its name? */
static void meet(struct job *job, const char *id, const char *name)
{
	struct link_seen *seen = &job->link;
	const char *word = word_of(job);

	if (strcasecmp(id, word) == 0 || (name != NULL && strcasecmp(name, word) == 0)) {
		seen->n_found++;
		(void)snprintf(seen->key, sizeof(seen->key), "%s", id);
	}
}

static void hold(struct job *job, uint64_t droplet_id)
{
	if (droplet_id == job->row.droplet_id) {
		job->link.tied = true;
	} else if (droplet_id != 0) {
		job->link.elsewhere = droplet_id;
	}
}

static void read_droplet(struct job *job, const struct ocean_call *call)
{
	const char *tag = word_of(job);

	meet(job, tag, NULL);
	for (size_t i = 0; call->n_droplets > 0 && i < call->droplets[0].n_tags; i++) {
		job->link.tied |= strcasecmp(call->droplets[0].tags[i], tag) == 0;
	}
}

static void read_ids(struct job *job, const char *id, const char *name,
		     const struct ocean_ids *droplets)
{
	unsigned before = job->link.n_found;

	meet(job, id, name);
	for (size_t i = 0; job->link.n_found > before && i < droplets->n; i++) {
		hold(job, droplets->ids[i]);
	}
}

static void read_one(struct job *job, const struct ocean_call *call, size_t i)
{
	if (call->verb == OCEAN_VOLUMES) {
		read_ids(job, call->volumes[i].id, call->volumes[i].name,
			 &call->volumes[i].droplets);
	} else if (call->verb == OCEAN_FIREWALLS) {
		read_ids(job, call->firewalls[i].id, call->firewalls[i].name,
			 &call->firewalls[i].droplets);
	} else if (call->verb == OCEAN_IPS) {
		const struct ocean_ids one = {&call->ips[i].droplet_id, 1};

		read_ids(job, call->ips[i].ip, NULL, &one);
	} else if (call->verb == OCEAN_PROJECTS) {
		meet(job, call->projects[i].id, call->projects[i].name);
	} else if (call->verb == OCEAN_PROJECT_RESOURCES) {
		job->link.tied |= call->resources[i].droplet_id == job->row.droplet_id;
	}
}

static void came(struct job *job, const struct ocean_call *call, const struct err *err)
{
	struct err unknown = {0};

	if (job->frozen) {
		return;
	}
	if (err == NULL && call->verb == OCEAN_GET && !call->tags_known) {
		err_set(&unknown, ERR_DENIED, "the token does not show tags");
		err = &unknown;
	} else if (err == NULL && call->verb == OCEAN_GET) {
		read_droplet(job, call);
	}
	for (size_t i = 0; err == NULL && call->verb != OCEAN_GET && i < call->n_things; i++) {
		read_one(job, call, i);
	}
	if (err == NULL && call->verb == OCEAN_PROJECTS && job->link.n_found == 1) {
		const struct ocean_call next = {.verb = OCEAN_PROJECT_RESOURCES,
						.key = job->link.key,
						.max_tier = TIER_READ};

		job_call(job, &next, came);
		return;
	}
	job->link.then(job, err);
}

static void see(struct job *job, void (*then)(struct job *, const struct err *))
{
	const struct ocean_call call = {.verb = row_of(job)->list, .max_tier = TIER_READ};

	memset(&job->link, 0, sizeof(job->link));
	job->link.then = then;
	job_call(job, &call, came);
}

/* ---- before it is sent ----------------------------------------------------------------------- */

static void prepared(struct job *job, const struct err *err)
{
	if (job->row.state != JOB_READY) {
		return; /* it was ended meanwhile */
	}
	if (err != NULL) {
		job_run_later(job, err->msg);
	} else {
		job_run_prepared(job);
	}
}

static void prepare(struct job *job)
{
	see(job, prepared);
}

/* Traffic or a disk is taken from another droplet: only for whoever may do the same there, with nothing more asked for and
 * nobody's lock on it. */
static bool may_take_from(struct job *job, const struct ocean_snapshot *snapshot,
			  struct store_txn *txn)
{
	const struct droplet *from = ocean_snapshot_by_id(snapshot, job->link.elsewhere);
	struct gate *gate = job->request->engine->options.gate;
	struct gate_who who = request_who(job->request);
	struct gate_decision decision;
	struct arena arena;
	bool may = false;

	if (from == NULL || !gate_allows(gate, &who, VERB_DROPLET_SHOW, from)) {
		return false;
	}
	arena_init(&arena);
	gate_decide(gate, &who, job->request->plan->verb, &from, 1, job->request->row.id, txn,
		    &arena, &decision);
	may = decision.verdict == ALLOW &&
	      request_missing(job->request, &decision).kind == DUTY_NONE &&
	      !lock_bars(job_lock_of(job->request->engine, from), job->request->row.person);
	(void)snprintf(job->link.from, sizeof(job->link.from), "%.80s",
		       from->name != NULL ? from->name : "");
	arena_done(&arena);
	return may;
}

static bool bars(struct job *job, const struct ocean_snapshot *snapshot, struct store_txn *txn)
{
	const struct link_row *row = row_of(job);
	const char *name = job->row.droplet_name;

	if (job->request->plan->makes && job->link.n_found == 1 && job->link.tied) {
		steps_not_needed(job, txn); /* it is where it should be */
		return true;
	}
	if (job->link.n_found == 0) {
		job_say(job, "Nothing ran: no %s %s here.", row->noun, word_of(job));
	} else if (job->link.n_found > 1) {
		job_say(job, "Nothing ran: %u are called %s.\nPlease say its id.",
			job->link.n_found, word_of(job));
	} else if (job->link.tied == row->ties) {
		job_say(job, "Nothing ran: it is so already.\n%s %s %s %s.", name,
			row->ties ? "has" : "does not have", row->noun, word_of(job));
	} else if (row->ties && job->link.elsewhere != 0 && row->list == OCEAN_VOLUMES) {
		job_say(job, "Nothing ran: %s is attached\nto another droplet. Detach it first.",
			word_of(job));
	} else if (row->ties && job->link.elsewhere != 0 && row->list == OCEAN_IPS &&
		   !may_take_from(job, snapshot, txn)) {
		job_say(job,
			"Nothing ran: %s points to\nanother droplet, and you may not\n"
			"move it from there.",
			word_of(job));
		job_end(job, JOB_DENIED, txn);
		return true;
	} else {
		return false;
	}
	job_end(job, JOB_FAILED, txn);
	return true;
}

/* ---- and after it ---------------------------------------------------------------------------- */

static void fill(const struct job *job, struct ocean_call *call)
{
	call->verb = row_of(job)->send;
	call->key = job->link.key;
	call->members.ids = &job->row.droplet_id; /* read at its start; unused where one is named */
	call->members.n = 1;
}

static bool is_action(const struct job *job)
{
	enum ocean_verb list = row_of(job)->list;

	return list == OCEAN_VOLUMES || list == OCEAN_IPS;
}

static bool taken(struct job *job, const struct ocean_call *call)
{
	if (!is_action(job)) {
		return true;
	}
	if (call->n_actions == 0 || call->actions[0].id == 0) {
		return false;
	}
	job->row.action_id = call->actions[0].id;
	return true;
}

static bool is_so(const struct job *job)
{
	return job->link.n_found == 1 && job->link.tied == row_of(job)->ties;
}

static void look(struct job *job);

static void looked(struct job *job, const struct err *err)
{
	if (err == NULL && is_so(job)) {
		look_found(job);
	} else if (!job_wait(job, ocean_pace_poll_ms(job->tries++), look)) {
		look_gave_up(job);
	}
}

static void look(struct job *job)
{
	see(job, looked);
}

static void watch(struct job *job);

static void watched(struct job *job, const struct err *err)
{
	if (err == NULL && is_so(job)) {
		steps_done(job);
	} else if (!job_wait(job, ocean_pace_poll_ms(job->tries++), watch)) {
		look_gave_up(job);
	}
}

static void watch(struct job *job)
{
	if (job->row.action_id != 0) {
		act_watch(job);
	} else {
		see(job, watched);
	}
}

const struct step_ops kind_link = {.prepare = prepare,
				   .bars = bars,
				   .fill = fill,
				   .taken = taken,
				   .look = look,
				   .watch = watch};
