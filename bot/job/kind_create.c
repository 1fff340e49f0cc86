/* kind_create.c - a step that makes a droplet: asked for once, with a tag of its own by which it is found again
 *
 * Happy path: the gate was asked about the droplet as it would be; DigitalOcean takes the request and names the droplet and its
 * action; the action ends, the droplet is active, and its address is told.
 * Failure modes: the answer was lost: the droplets with the request's tag are listed, some times, and the one that is there is
 * adopted; none there at the end of the search: UNKNOWN, and it is never sent again. It was taken, and is not found for a while, or
 * not active in its time: UNKNOWN. Its template is not what was agreed to, or somebody was first with that name: FAILED, nothing ran.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "job/kinds.h"

#define TAG_SIZE 64

/* Of this job of this request: a second one would be another. */
static const char *tag_of(const struct job *job, char tag[TAG_SIZE])
{
	(void)snprintf(tag, TAG_SIZE, "sluice-%.24s-%.12s", job->row.id, job->request->row.nonce);
	return tag;
}

/* ---- before it is sent ----------------------------------------------------------------------- */

/* What the requester may not see here is not spoken of. */
static const struct droplet *namesake(const struct job *job, const struct ocean_snapshot *snapshot)
{
	const struct job_engine *engine = job->request->engine;
	struct gate_who who = request_who(job->request);
	size_t n;
	const struct droplet *all = ocean_snapshot_all(snapshot, &n);

	for (size_t i = 0; i < n; i++) {
		if (all[i].name != NULL && strcasecmp(all[i].name, job->row.droplet_name) == 0 &&
		    gate_allows(engine->options.gate, &who, VERB_DROPLET_SHOW, &all[i])) {
			return &all[i];
		}
	}
	return NULL;
}

/* The bytes to send with it; what another file under that name holds was never agreed to. */
static int read_user_data(struct job *job, struct err *err)
{
	const struct job_options *options = &job->request->engine->options;
	const struct job_args *args = &job->request->args;
	char sum[33] = "";

	free(job->user_data);
	job->user_data = NULL;
	if (args->template[0] == '\0') {
		return 0;
	}
	if (options->user_data == NULL) {
		return err_set(err, ERR_CONFIG, "there are no templates of user data");
	}
	if (options->user_data(args->template, &job->user_data, sum, err, options->data) < 0) {
		return -1;
	}
	return strcmp(sum, args->template_sum) == 0
		       ? 0
		       : err_set(err, ERR_CONFIG, "template %.64s was changed since you asked",
				 args->template);
}

static bool bars(struct job *job, const struct ocean_snapshot *snapshot, struct store_txn *txn)
{
	const struct droplet *other = namesake(job, snapshot);
	struct err err = {0};

	if (other != NULL) {
		job_say(job, "Nothing ran: there is a droplet\n%s already.", job->row.droplet_name);
	} else if (read_user_data(job, &err) < 0) {
		job_say(job, "Nothing ran: %s was NOT created.\n%s", job->row.droplet_name,
			err.msg);
	} else {
		return false;
	}
	job_end(job, JOB_FAILED, txn);
	return true;
}

static void fill_keys(const struct job_args *args, struct ocean_create *what, struct arena *arena)
{
	const char *const *words = job_args_list(args->key_ids, arena, &what->n_key_ids);
	uint64_t *ids = arena_array(arena, what->n_key_ids + 1, sizeof(*ids));

	for (size_t i = 0; i < what->n_key_ids; i++) {
		ids[i] = strtoull(words[i], NULL, 10);
	}
	what->key_ids = ids;
}

/* Everything of it lives as long as the request. */
static void fill(const struct job *job, struct ocean_call *call)
{
	const struct job_args *args = &job->request->args;
	struct arena *arena = &job->request->arena;
	struct ocean_create *what = arena_alloc(arena, sizeof(*what));
	const char **names = arena_array(arena, 1, sizeof(*names));
	struct ocean_act_args image;
	char tag[TAG_SIZE];

	job_args_act(args, &image);
	names[0] = job->row.droplet_name;
	*what = (struct ocean_create){
		.names = names,
		.n_names = 1,
		.request_tag = arena_strdup(arena, tag_of(job, tag)),
		.region = args->region,
		.size = args->size,
		.image_id = image.image_id,
		.image_slug = image.image_slug,
		.user_data = job->user_data,
		.vpc = args->vpc_id[0] != '\0' ? args->vpc_id : NULL,
		.backups = args->backups,
		.ipv6 = args->ipv6,
		.monitoring = args->monitoring,
	};
	what->tags = job_args_list(args->tags, arena, &what->n_tags);
	fill_keys(args, what, arena);
	call->verb = OCEAN_CREATE;
	call->create = what;
}

static void adopt(struct job *job, const struct droplet *droplet)
{
	job->row.droplet_id = droplet->id;
	free(job->user_data); /* it was sent, and is not needed any more */
	job->user_data = NULL;
}

static bool taken(struct job *job, const struct ocean_call *call)
{
	if (call->n_droplets != 1 || call->droplets[0].id == 0) {
		return false;
	}
	adopt(job, &call->droplets[0]);
	job->row.action_id = call->n_actions == 1 ? call->actions[0].id : 0;
	return true;
}

/* DigitalOcean's "please try again" is offered as a button, once; never followed by itself. */
static bool refused(struct job *job, const struct err *err)
{
	if (err->remote_status == 422 && strcasestr(err->msg, "try again") != NULL) {
		(void)ask_again_button(job->request, job->request->row.queues);
	}
	job_say(job, "Nothing ran: %s was NOT created.\n%s", job->row.droplet_name, err->msg);
	job_end(job, JOB_FAILED, NULL);
	return true;
}

/* ---- was it made? ---------------------------------------------------------------------------- */

static void look(struct job *job);

static bool has_tag(const struct droplet *droplet, const char *tag)
{
	for (size_t i = 0; i < droplet->n_tags; i++) {
		if (strcasecmp(droplet->tags[i], tag) == 0) {
			return true;
		}
	}
	return false;
}

static void found_twice(struct job *job, const struct droplet *a, const struct droplet *b)
{
	job_say(job,
		"Unknown: was %s created once?\nTwo have its tag: ids %llu and %llu.\n"
		"I did NOT send it again.",
		job->row.droplet_name, (unsigned long long)a->id, (unsigned long long)b->id);
	job_end(job, JOB_UNKNOWN, NULL);
}

static void looked(struct job *job, const struct ocean_call *call, const struct err *err)
{
	const struct droplet *ours = NULL;
	char tag[TAG_SIZE];

	(void)tag_of(job, tag);
	for (size_t i = 0; err == NULL && i < call->n_droplets; i++) {
		const struct droplet *one = &call->droplets[i];

		if (call->verb == OCEAN_LIST && !has_tag(one, tag)) {
			continue;
		}
		if (ours != NULL && ours->id != one->id) {
			found_twice(job, ours, one);
			return;
		}
		ours = one;
	}
	if (ours != NULL) {
		adopt(job, ours);
		look_found(job);
	} else if (!job_wait(job, ocean_pace_poll_ms(job->tries++), look)) {
		look_gave_up(job);
	}
}

/* DigitalOcean keeps GPU droplets in a list of their own, which it does not give by a tag. */
static void look(struct job *job)
{
	char tag[TAG_SIZE];
	bool gpu = strncmp(job->request->args.size, "gpu-", 4) == 0;
	const struct ocean_call call = {.verb = gpu ? OCEAN_LIST : OCEAN_BY_TAG,
					.key = gpu ? NULL : tag_of(job, tag),
					.max_tier = TIER_READ};

	job_call(job, &call, looked);
}

/* ---- until it is active ---------------------------------------------------------------------- */

static void watch(struct job *job);

static void watched(struct job *job, const struct ocean_call *call, const struct err *err)
{
	if (err == NULL && proof_holds(job, call)) {
		steps_done(job);
	} else if (!job_wait(job, ocean_pace_poll_ms(job->tries++), watch)) {
		job_say(job,
			"Unknown: is %s ready?\nIt was taken (id %llu), but is not\n"
			"active yet. I did NOT send it again.",
			job->row.droplet_name, (unsigned long long)job->row.droplet_id);
		job_end(job, JOB_UNKNOWN, NULL);
	}
}

/* One that was adopted has no action that we know. */
static void watch(struct job *job)
{
	const struct ocean_call call = {.verb = OCEAN_GET, .max_tier = TIER_READ};

	if (job->row.action_id != 0) {
		act_watch(job);
	} else {
		job_call(job, &call, watched);
	}
}

const struct step_ops kind_create = {.bars = bars,
				     .fill = fill,
				     .taken = taken,
				     .refused = refused,
				     .look = look,
				     .watch = watch};
