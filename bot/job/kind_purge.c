/* kind_purge.c - a step that destroys the droplet with what was found beside it and shown, each by its id
 *
 * Happy path: DigitalOcean takes it, its own status of the destruction says that it is over without failures, and the droplet
 * is not found any more: DONE.
 * Failure modes: the answer was lost: the droplet is not found, or a destruction runs or ended since: it is watched; else UNKNOWN,
 * and never sent again. Some of it failed, or is not said to be gone: FAILED, each named with DigitalOcean's words. It does not end in its time: UNKNOWN.
 */
#include <string.h>

#include "base/clock.h"
#include "job/beside.h"
#include "job/kinds.h"

#define NAMED_MAX 6 /* of those that failed */

static void fill(const struct job *job, struct ocean_call *call)
{
	struct beside beside = {.n = 0};

	call->verb = OCEAN_DESTROY_WITH;
	if (beside_read(job->row.beside, &job->request->arena, &beside)) {
		call->with.list = beside.list;
		call->with.n = beside.n;
	}
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
	job_say(job, "Nothing ran: %s is gone already.\nWhat belonged to it was not touched.",
		job->row.droplet_name);
	job_end(job, JOB_FAILED, NULL);
	return true;
}

static void unknown(struct job *job, const char *what)
{
	job_say(job,
		"Unknown: was %s purged?\n%s\nI did NOT send it again.\n"
		"Look at what is left before you ask\nagain.",
		job->row.droplet_name, what);
	job_end(job, JOB_UNKNOWN, NULL);
}

static void ask(struct job *job, enum ocean_verb verb,
		void (*then)(struct job *, const struct ocean_call *, const struct err *))
{
	/* the decision that it was sent by stands: this reads how far it is */
	const struct ocean_call call = {.verb = verb,
					.max_tier = verb_info(VERB_DROPLET_PURGE)->tier};

	job_call(job, &call, then);
}

/* Of this request, not of an earlier one that failed? */
static bool is_ours(const struct job *job, const struct ocean_call *call)
{
	const struct ocean_destruction *is = call->n_things > 0 ? call->destruction : NULL;
	int64_t ended_ms;

	return is != NULL && (is->completed == NULL ||
			      (clock_parse(is->completed, &ended_ms) == 0 &&
			       ended_ms >= job->row.sent_ms + call->ahead_ms - LOOK_SKEW_MS));
}

/* ---- after a lost answer --------------------------------------------------------------------- */

static void look_later(struct job *job)
{
	if (!job_wait(job, ocean_pace_poll_ms(job->tries++), kind_purge.look)) {
		unknown(job, "DigitalOcean did not answer.");
	}
}

static void destruction_looked(struct job *job, const struct ocean_call *call,
			       const struct err *err)
{
	if (err == NULL && is_ours(job, call)) {
		look_found(job);
	} else {
		look_later(job);
	}
}

static void droplet_looked(struct job *job, const struct ocean_call *call, const struct err *err)
{
	(void)call;
	if (err != NULL && err->kind == ERR_NOTFOUND) {
		look_found(job);
	} else {
		ask(job, OCEAN_DESTRUCTION, destruction_looked);
	}
}

static void look(struct job *job)
{
	ask(job, OCEAN_GET, droplet_looked);
}

/* ---- to its end ------------------------------------------------------------------------------ */

static void spoil(const struct job *job)
{
	struct job_engine *engine = job->request->engine;
	struct ocean_index *index = engine->options.index(job->row.account, engine->options.data);

	if (index != NULL) {
		ocean_index_spoil(index);
	}
}

static bool droplet_failed(const struct ocean_destruction *is)
{
	for (size_t i = 0; i < is->n_parts; i++) {
		if (is->parts[i].kind == OCEAN_KIND_DROPLET && is->parts[i].destroyed == NULL) {
			return true;
		}
	}
	return false;
}

static void part_failed(struct job *job, const struct ocean_destruction *is)
{
	struct arena arena = {0};
	const char *text = "";
	size_t n = 0;

	for (size_t i = 0; i < is->n_parts; i++) {
		const struct ocean_destroyed *part = &is->parts[i];

		if (part->destroyed == NULL && n++ < NAMED_MAX) {
			text = arena_printf(&arena, "%s\n%s: %.80s", text,
					    beside_thing(part->kind, part->id, part->name, &arena),
					    part->error != NULL ? part->error : "no reason given");
		}
	}
	job_say(job, "%s %s.\nNOT destroyed, %u in all:%s", job->row.droplet_name,
		droplet_failed(is) ? "was NOT destroyed" : "is gone, but not all of it",
		is->failures, text);
	arena_done(&arena);
	spoil(job);
	job_end(job, JOB_FAILED, NULL);
}

static bool is_destroyed(const struct ocean_destruction *is, const struct ocean_associated *thing)
{
	for (size_t i = 0; i < is->n_parts; i++) {
		if (is->parts[i].kind == thing->kind && is->parts[i].destroyed != NULL &&
		    strcmp(is->parts[i].id, thing->id) == 0) {
			return true;
		}
	}
	return false;
}

/* Only what DigitalOcean says of each is claimed. True: it does not say it of all, and the job was ended so. */
static bool some_left_out(struct job *job, const struct ocean_destruction *is)
{
	struct arena arena = {0};
	struct beside beside = {.n = 0};
	const char *text = "";
	size_t n = 0;

	(void)beside_read(job->row.beside, &arena, &beside);
	for (size_t i = 0; i < beside.n; i++) {
		if (!is_destroyed(is, &beside.list[i]) && n++ < NAMED_MAX) {
			text = arena_printf(&arena, "%s\n%s", text,
					    beside_thing(beside.list[i].kind, beside.list[i].id,
							 beside.list[i].name, &arena));
		}
	}
	if (n > 0) {
		job_say(job,
			"%s is purged in part.\nDigitalOcean does not say that these\n"
			"are gone, %u in all:%s",
			job->row.droplet_name, (unsigned)n, text);
		spoil(job);
		job_end(job, JOB_FAILED, NULL);
	}
	arena_done(&arena);
	return n > 0;
}

static void gone_looked(struct job *job, const struct ocean_call *call, const struct err *err)
{
	(void)call;
	if (err != NULL && err->kind == ERR_NOTFOUND) {
		spoil(job);
		steps_done(job);
	} else if (!job_wait(job, ocean_pace_poll_ms(job->tries++), kind_purge.watch)) {
		unknown(job, "It is over for DigitalOcean,\nbut the droplet is still there.");
	}
}

static void watched(struct job *job, const struct ocean_call *call, const struct err *err)
{
	bool over = err == NULL && is_ours(job, call) && call->destruction->completed != NULL;

	if (over && call->destruction->failures > 0) {
		part_failed(job, call->destruction);
	} else if (over && !some_left_out(job, call->destruction)) {
		ask(job, OCEAN_GET, gone_looked);
	} else if (!over && !job_wait(job, ocean_pace_poll_ms(job->tries++), kind_purge.watch)) {
		unknown(job, err != NULL ? "DigitalOcean does not tell how far it is."
					 : "It did not end in time.");
	}
}

static void watch(struct job *job)
{
	ask(job, OCEAN_DESTRUCTION, watched);
}

const struct step_ops kind_purge = {
	.fill = fill, .taken = taken, .refused = refused, .look = look, .watch = watch};
