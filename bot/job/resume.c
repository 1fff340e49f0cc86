/* resume.c - after a restart every open request goes on from its row
 *
 * Happy path: rows become requests again and each job does what its state says: look, watch, or ask the gate again.
 * Nothing is sent that the row says may have been sent.
 * Failure modes: what waited too long ends with a sentence; a row that this version cannot read ends as unknown.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "job/internal.h"
#include "job/joined.h"
#include "job/locks.h"
#include "job/places.h"

/* For a verb that this version does not have any more. It has no step, so nothing can be sent. */
static const struct plan gone = {
	.infinitive = "change",
	.doing = "Changing",
	.done = "Changed",
};

struct loading {
	struct store_job *jobs;
	size_t n_jobs;
	struct arena arena;
	struct store_request *rows;
	size_t n_rows;
};

static int take_row(const struct store_request *row, void *data)
{
	struct loading *loading = data;

	loading->rows = mem_grow(loading->rows, loading->n_rows + 1, sizeof(*loading->rows));
	store_request_keep(&loading->arena, &loading->rows[loading->n_rows++], row);
	return 0;
}

static int take_job(const struct store_job *row, void *data)
{
	struct loading *loading = data;
	struct store_job *to;

	loading->jobs = mem_grow(loading->jobs, loading->n_jobs + 1, sizeof(*loading->jobs));
	to = &loading->jobs[loading->n_jobs++];
	*to = *row;
	to->account = arena_strdup(&loading->arena, row->account);
	to->droplet_name = arena_strdup(&loading->arena, row->droplet_name);
	to->outcome = arena_strdup(&loading->arena, row->outcome);
	to->steps = arena_strdup(&loading->arena, row->steps);
	to->beside = arena_strdup(&loading->arena, row->beside);
	return 0;
}

static void restarted(struct job *job, enum job_state to)
{
	job_say(job, "Nothing ran: I was restarted before it was the turn of %s.\nStill wanted?",
		job->row.droplet_name);
	(void)ask_again_button(job->request, job->request->row.queues);
	job_end(job, to, NULL);
}

static void unsure(struct job *job, const struct err *err)
{
	(void)err;
	card_show(job->request);
	job_look(job);
}

static void go_on(struct job *job)
{
	int64_t age_ms = clock_wall_ms() - job->row.updated_ms;

	switch ((enum job_state)job->row.state) {
	case JOB_ASKED:
		restarted(job, JOB_DENIED);
		return;
	case JOB_CONFIRMING:
	case JOB_APPROVING:
	case JOB_QUEUED:
		return; /* all of them together: wait_on */
	case JOB_READY:
		if (job->row.step > 0) { /* half done is no place to stop */
			job->until_ms = clock_mono_ms() + READY_MS;
			job_run(job);
		} else if (age_ms > READY_MS || age_ms < 0) {
			restarted(job, JOB_EXPIRED);
		} else {
			job->until_ms = clock_mono_ms() + READY_MS - age_ms;
			job_run(job);
		}
		return;
	case JOB_SUBMITTING: /* it may have left */
		job->row.deadline_ms = clock_wall_ms() + LOOK_MS;
		job_move(job, JOB_UNSURE, NULL, unsure);
		return;
	case JOB_UNSURE:
		job_look(job);
		return;
	case JOB_WATCHING:
		job_watch(job);
		return;
	case JOB_NONE:
	case JOB_DENIED:
	case JOB_CANCELED:
	case JOB_EXPIRED:
	case JOB_DONE:
	case JOB_FAILED:
	case JOB_UNKNOWN:
	case JOB_STATE_COUNT:
		return;
	}
}

/* A state that is none: whatever it was, it is over, and nobody knows how. */
static void mend(struct job *job)
{
	if (strcmp(job_state_name((enum job_state)job->row.state), "none") == 0) {
		job->row.state = JOB_WATCHING;
		job->row.action_id = 0; /* nothing to watch: it ends as unknown */
	}
}

static int take_consent(const struct store_consent *row, void *data)
{
	struct request *request = data;

	ask_add(request, row);
	if (row->kind == CONSENT_CODE) {
		engine_code_given(request->engine, row->person, row->at_ms);
	}
	return 0;
}

/* What was given is read back, the same time goes on, and the card asks again once the gate has been asked. */
static int wait_on(struct request *request, struct err *err)
{
	if (store_each_consent(request->engine->options.store, request->row.id, take_consent,
			       request, err) < 0) {
		return -1;
	}
	if (request_rests(request)) {
		ask_show(request, false);
	}
	if (request_waits(request)) {
		press_recheck(request);
	}
	return 0;
}

static int take_up(struct job_engine *engine, const struct store_request *row,
		   const struct store_job *jobs, size_t n_jobs, struct err *err)
{
	enum verb verb = verb_by_name(row->verb);
	const struct plan *plan = engine->options.plan(verb, engine->options.data);
	struct request *request = request_new(engine, row, plan != NULL ? plan : &gone, n_jobs);
	size_t n_open = 0;

	for (size_t i = 0; i < n_jobs; i++) {
		struct job *job = &request->jobs[i];

		job_init(job, request, &jobs[i]);
		job->held = jobs[i].open;
		mend(job);
		n_open += !job_state_final((enum job_state)job->row.state);
	}
	request->resumed = true;
	request_add(request);
	if (joined_load(request, err) < 0) {
		return -1;
	}
	if (n_open == 0 && (n_jobs == 0 || clock_wall_ms() - row->updated_ms > STALE_CARD_MS)) {
		request->told = true; /* nobody waits for this message any more */
	} else {
		card_open(request);
	}
	if (n_open > 0 && wait_on(request, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < n_jobs; i++) {
		go_on(&request->jobs[i]);
	}
	request_settle(request);
	return 0;
}

int job_resume(struct job_engine *engine, struct err *err)
{
	struct loading loading = {0};
	int rc = locks_load(engine, err);

	if (rc == 0) {
		rc = places_load(engine, err);
	}
	if (rc == 0) {
		rc = store_each_request(engine->options.store, true, take_row, &loading, err);
	}
	for (size_t i = 0; rc == 0 && i < loading.n_rows; i++) {
		loading.n_jobs = 0;
		rc = store_each_job(engine->options.store, loading.rows[i].id, take_job, &loading,
				    err);
		if (rc == 0) {
			rc = take_up(engine, &loading.rows[i], loading.jobs, loading.n_jobs, err);
		}
	}
	queue_kick(engine);
	free(loading.jobs);
	free(loading.rows);
	arena_done(&loading.arena);
	return rc;
}

/* ---- told again ------------------------------------------------------------------------------ */

struct retelling {
	struct list link;
	struct job_engine *engine; /* NULL: freed meanwhile */
	struct arena arena;
	struct chat_place place;
	const char *message;
	struct loading loading;
};

/* Ended, not told, and asked by that message. On the worker. */
static int take_answer(const struct store_request *row, void *data)
{
	struct retelling *retelling = data;
	const struct chat_place *place = &retelling->place;

	if (strcmp(row->answers, retelling->message) == 0 &&
	    strcmp(row->network, place->network) == 0 &&
	    strcmp(row->workspace, place->workspace) == 0 &&
	    strcmp(row->channel, place->channel) == 0) {
		(void)take_row(row, &retelling->loading);
		return 1;
	}
	return 0;
}

static void read_back(struct store *store, void *data)
{
	struct retelling *retelling = data;
	struct loading *loading = &retelling->loading;
	struct err err = {0};

	if (store_each_request(store, true, take_answer, retelling, &err) == 0 &&
	    loading->n_rows > 0) {
		(void)store_each_job(store, loading->rows[0].id, take_job, loading, &err);
	}
}

static bool is_untold(const struct retelling *retelling)
{
	const struct loading *loading = &retelling->loading;

	LIST_FOREACH(it, &retelling->engine->requests)
	{
		if (loading->n_rows == 0 || strcmp(LIST_ENTRY(it, struct request, link)->row.id,
						   loading->rows[0].id) == 0) {
			return false; /* its card is still being shown */
		}
	}
	for (size_t i = 0; i < loading->n_jobs; i++) {
		if (!job_state_final((enum job_state)loading->jobs[i].state)) {
			return false;
		}
	}
	return loading->n_rows > 0 && loading->n_jobs > 0;
}

static void told_again(void *data, const struct err *err)
{
	struct retelling *retelling = data;
	struct loading *loading = &retelling->loading;
	struct err ignored = {0};

	if (retelling->engine != NULL) {
		list_remove(&retelling->link);
		if (err == NULL && is_untold(retelling)) {
			(void)take_up(retelling->engine, &loading->rows[0], loading->jobs,
				      loading->n_jobs, &ignored);
		}
	}
	free(loading->jobs);
	free(loading->rows);
	arena_done(&loading->arena);
	arena_done(&retelling->arena);
	free(retelling);
}

void job_tell_again(struct job_engine *engine, const struct chat_place *place, const char *message)
{
	struct retelling *retelling;

	if (message == NULL || *message == '\0') {
		return;
	}
	retelling = mem_alloc(sizeof(*retelling));
	retelling->engine = engine;
	retelling->place.network = arena_strdup(&retelling->arena, place->network);
	retelling->place.workspace = arena_strdup(&retelling->arena, place->workspace);
	retelling->place.channel = arena_strdup(&retelling->arena, place->channel);
	retelling->message = arena_strdup(&retelling->arena, message);
	list_append(&engine->retellings, &retelling->link);
	store_ask(engine->options.store, read_back, told_again, retelling);
}

void retellings_drop(struct job_engine *engine)
{
	LIST_FOREACH_SAFE(it, next, &engine->retellings)
	{
		LIST_ENTRY(it, struct retelling, link)->engine = NULL;
		list_remove(it);
	}
}
