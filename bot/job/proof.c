/* proof.c - what is true once a step's action has ended: only what was looked at is claimed
 *
 * Happy path: the droplet, its snapshots or its backups show what the action promised, and the outcome says so with what
 * was found (an id, an address). Failure modes: it does not show (the action ended without effect); it cannot be looked at.
 */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "job/internal.h"

struct ocean_call proof_call(const struct job *job)
{
	struct ocean_call call = {.verb = OCEAN_GET, .max_tier = TIER_READ};

	switch (job_step(job)->proof) {
	case PROOF_STATUS:
	case PROOF_NAME:
	case PROOF_IPV6:
	case PROOF_CREATED:
		break;
	case PROOF_SNAPSHOT:
		call.verb = OCEAN_DROPLET_SNAPSHOTS;
		break;
	case PROOF_BACKUPS_ON:
	case PROOF_BACKUPS_OFF:
		call.verb = OCEAN_BACKUP_POLICY;
		break;
	}
	return call;
}

static bool is_size(const struct job *job, const struct droplet *droplet)
{
	const char *size = job_step(job)->takes_args ? job->request->args.size : "";

	return *size == '\0' || (droplet->size != NULL && strcmp(droplet->size, size) == 0);
}

/* Of several of that name the newest: ids grow. */
static bool finds_snapshot(struct job *job, const struct ocean_call *call)
{
	const char *name = job->request->args.label;
	uint64_t id = 0;

	for (size_t i = 0; i < call->n_things; i++) {
		const struct ocean_saved *saved = &call->saved[i];

		if (saved->name != NULL && strcmp(saved->name, name) == 0 && saved->id > id) {
			id = saved->id;
		}
	}
	(void)snprintf(job->found, sizeof(job->found), "%.80s\nid %llu", name,
		       (unsigned long long)id);
	return id != 0;
}

static bool has_ipv6(struct job *job, const struct droplet *droplet)
{
	const struct gate *gate = job->request->engine->options.gate;
	struct gate_who who = request_who(job->request);

	if (droplet->ip6 == NULL) {
		return false;
	}
	if (!gate_shows(gate, &who, "ip")) {
		return true;
	}
	(void)snprintf(job->found, sizeof(job->found), "%s%s%s", droplet->ip6,
		       droplet->ip != NULL ? "\n" : "", droplet->ip != NULL ? droplet->ip : "");
	return true;
}

/* On, and when: as it was asked for, where a time was. */
static bool has_backups(struct job *job, const struct ocean_call *call)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	const struct ocean_backups *is = call->n_things > 0 ? call->backups : NULL;
	struct ocean_act_args want;

	job_args_act(&job->request->args, &want);
	if (is == NULL || !is->enabled ||
	    (want.backup.plan != OCEAN_BACKUP_NONE &&
	     (is->policy.plan != want.backup.plan || is->policy.hour != want.backup.hour ||
	      is->policy.weekday != want.backup.weekday))) {
		return false;
	}
	if (is->policy.plan == OCEAN_BACKUP_DAILY) {
		(void)snprintf(job->found, sizeof(job->found), "Daily, from %u:00 UTC on.",
			       is->policy.hour);
	} else if (is->policy.plan == OCEAN_BACKUP_WEEKLY) {
		(void)snprintf(job->found, sizeof(job->found), "Weekly, %s from %u:00 UTC on.",
			       days[is->policy.weekday % ARRAY_LEN(days)], is->policy.hour);
	}
	return true;
}

/* Where it can be reached, and by which id it is known from now on. */
static bool is_created(struct job *job, const struct droplet *droplet)
{
	const struct gate *gate = job->request->engine->options.gate;
	struct gate_who who = request_who(job->request);
	bool ip = gate_shows(gate, &who, "ip");
	bool id = gate_shows(gate, &who, "id");

	if (droplet->status != DROPLET_ACTIVE) {
		return false;
	}
	(void)snprintf(job->found, sizeof(job->found), "%s%s%s",
		       !ip                   ? ""
		       : droplet->ip != NULL ? droplet->ip
					     : "no public address",
		       ip && id ? ", " : "", "");
	if (id) {
		size_t used = strlen(job->found);

		(void)snprintf(job->found + used, sizeof(job->found) - used, "id %llu",
			       (unsigned long long)job->row.droplet_id);
	}
	return true;
}

bool proof_holds(struct job *job, const struct ocean_call *call)
{
	const struct droplet *droplet = call->n_droplets > 0 ? &call->droplets[0] : NULL;

	switch (job_step(job)->proof) {
	case PROOF_STATUS:
		return droplet != NULL && droplet->status == job_step(job)->expect &&
		       is_size(job, droplet);
	case PROOF_NAME:
		return droplet != NULL && droplet->name != NULL &&
		       strcmp(droplet->name, job->request->args.name) == 0;
	case PROOF_IPV6:
		return droplet != NULL && has_ipv6(job, droplet);
	case PROOF_CREATED:
		return droplet != NULL && is_created(job, droplet);
	case PROOF_SNAPSHOT:
		return finds_snapshot(job, call);
	case PROOF_BACKUPS_ON:
		return has_backups(job, call);
	case PROOF_BACKUPS_OFF:
		return call->n_things > 0 && !call->backups->enabled;
	}
	return false;
}

const char *proof_lack(const struct job *job, const struct ocean_call *call, struct arena *arena)
{
	const struct droplet *droplet = call->n_droplets > 0 ? &call->droplets[0] : NULL;
	const char *name = job->row.droplet_name;

	switch (job_step(job)->proof) {
	case PROOF_STATUS:
		if (droplet == NULL) {
			return NULL;
		}
		return droplet->status == job_step(job)->expect
			       ? arena_printf(arena, "%s is not a %s.", name,
					      job->request->args.size)
			       : arena_printf(arena, "%s is %s, not %s.", name,
					      report_status(droplet->status),
					      report_status(job_step(job)->expect));
	case PROOF_NAME:
		return droplet == NULL ? NULL
				       : arena_printf(arena, "%s is not called %s.", name,
						      job->request->args.name);
	case PROOF_IPV6:
		return droplet == NULL ? NULL
				       : arena_printf(arena, "%s has no IPv6 address.", name);
	case PROOF_CREATED:
		return NULL; /* it is there, but is not ready: nobody knows when */
	case PROOF_SNAPSHOT:
		return arena_printf(arena, "%s has no snapshot of that name.", name);
	case PROOF_BACKUPS_ON:
		return call->n_things == 0 ? NULL
		       : call->backups->enabled
			       ? arena_printf(arena, "%s has backups at other times.", name)
			       : arena_printf(arena, "%s has no backups.", name);
	case PROOF_BACKUPS_OFF:
		return call->n_things == 0 ? NULL
					   : arena_printf(arena, "%s still has backups.", name);
	}
	return NULL;
}
