/* places.c - a job's place under the policy's limits: taken with READY, given back when it ends unstarted
 *
 * The gate counts it from the moment of the move, so that of two commands the second sees the first's; the row is in the same
 * transaction as the move. When that fails the gate forgets it again. At start the rows are read back, bounded by how far a
 * limit can look.
 */
#include <string.h>

#include "base/clock.h"
#include "job/places.h"

/* DigitalOcean was never asked to do it. */
bool place_unstarted(const struct store_job *row)
{
	return !job_state_holds((enum job_state)row->state) && row->step == 0 && row->sent_ms == 0;
}

static const char *joined(const struct droplet *droplet, struct arena *arena)
{
	const char *text = "";

	for (size_t i = 0; droplet != NULL && i < droplet->n_tags; i++) {
		text = arena_printf(arena, "%s%s\n", text, droplet->tags[i]);
	}
	return text;
}

void place_take(const struct job *job, const struct droplet *droplet, int64_t at_ms,
		struct store_txn *txn)
{
	const struct request *request = job->request;
	const struct store_request *row = &request->row;
	/* looked at no more: what is not known of it counts */
	const struct droplet blank = {.id = job->row.droplet_id,
				      .account = job->row.account,
				      .known = DROPLET_KNOWS_ACCOUNT};
	const struct droplet *d = droplet != NULL ? droplet : &blank;
	enum verb verb = request->plan->verb;
	bool costs = verb == VERB_DROPLET_CREATE || verb == VERB_DROPLET_RESIZE;
	struct gate_place place = {
		.job = job->row.id,
		.request = row->id,
		.who = request_who(request),
		.verb = verb,
		.droplet = d,
		.at_ms = at_ms,
		.monthly_cents = costs ? job_args_cost(&request->args) : 0,
	};
	struct store_place kept = {
		.at_ms = at_ms,
		.verb = row->verb,
		.network = row->network,
		.user_workspace = row->user_workspace,
		.user = row->user,
		.workspace = row->workspace,
		.channel = row->channel,
		.direct = row->direct,
		.account = job->row.account,
		.droplet_id = job->row.droplet_id,
		.name = d->name,
		.region = d->region,
		.size = d->size,
		.project = d->project,
		.project_id = d->project_id,
		.known = d->known,
		.monthly_cents = place.monthly_cents,
	};
	struct arena arena = {0};

	memcpy(kept.job, job->row.id, sizeof(kept.job));
	memcpy(kept.request, row->id, sizeof(kept.request));
	kept.tags = joined(d, &arena);
	gate_place_take(request->engine->options.gate, &place);
	store_txn_place(txn, &kept);
	arena_done(&arena);
}

void place_back(const struct job *job)
{
	gate_place_back(job->request->engine->options.gate, job->row.id);
}

void place_follow(const struct job *job, const struct store_job *row, struct store_txn *txn)
{
	if (place_unstarted(row)) {
		store_txn_unplace(txn, job->row.request, job->row.id);
	}
}

/* ---- at start ------------------------------------------------------------------------------ */

static const char **split(const char *text, struct arena *arena, size_t *ret_n)
{
	size_t most = 0;
	const char **tags;

	for (const char *at = text; *at != '\0'; at++) {
		most += *at == '\n';
	}
	tags = arena_array(arena, most + 1, sizeof(*tags));
	for (*ret_n = 0; *ret_n < most; text += strcspn(text, "\n") + 1) {
		tags[(*ret_n)++] = arena_strndup(arena, text, strcspn(text, "\n"));
	}
	return tags;
}

static int load(const struct store_place *row, void *data)
{
	struct arena arena = {0};
	struct droplet droplet = {
		.id = row->droplet_id,
		.account = row->account,
		.name = row->name,
		.region = row->region,
		.size = row->size,
		.project = row->project,
		.project_id = row->project_id,
		.known = row->known,
	};
	struct gate_place place = {
		.job = row->job,
		.request = row->request,
		.who = {row->network, row->user_workspace, row->user, row->workspace, row->channel,
			row->direct},
		.verb = verb_by_name(row->verb),
		.droplet = &droplet,
		.at_ms = row->at_ms,
		.monthly_cents = row->monthly_cents,
	};

	droplet.tags = split(row->tags, &arena, &droplet.n_tags);
	gate_place_take(data, &place);
	arena_done(&arena);
	return 0;
}

int places_load(struct job_engine *engine, struct err *err)
{
	struct gate *gate = engine->options.gate;

	if (store_each_place(engine->options.store, clock_wall_ms() - GATE_PLACES_MS, load, gate,
			     err) < 0) {
		return -1;
	}
	gate_places_known(gate);
	return 0;
}
