/* held.c - watches a stage for what must be true whatever goes wrong */
#include "held.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/log.h"
#include "base/mem.h"
#include "job/states.h"
#include "job/steps.h"

#define SIM_MADE_FROM 400000000 /* ids of droplets that were made */
#define END_MS (40 * 60 * 1000) /* longer than any approval is waited for */

static void wrong(struct held *held, const char *what, uint64_t droplet)
{
	fprintf(stderr, "%s: droplet %llu: %s\n", held->what, (unsigned long long)droplet, what);
	held->n_wrong++;
}

struct search {
	struct held *held;
	uint64_t droplet;
	bool found;
	char ids[HELD_SAID][20];
	size_t n_ids;
	bool (*fits)(struct search *, const struct store_job *);
};

static int each_job(const struct store_job *job, void *data)
{
	struct search *search = data;

	search->found = search->found || search->fits(search, job);
	return 0;
}

static int keep_id(const struct store_request *request, void *data)
{
	struct search *search = data;

	if (search->n_ids < ARRAY_LEN(search->ids)) {
		memcpy(search->ids[search->n_ids++], request->id, sizeof(request->id));
	}
	return 0;
}

/* Every job on disk, of the open requests or of all; the store is not asked from within its own callback. */
static void search_jobs(struct search *search, bool open_only)
{
	struct store *store = search->held->stage->store;

	(void)store_each_request(store, open_only, keep_id, search, NULL);
	for (size_t i = 0; i < search->n_ids; i++) {
		(void)store_each_job(store, search->ids[i], each_job, search, NULL);
	}
}

static bool is_submitting(struct search *search, const struct store_job *job)
{
	return job->droplet_id == search->droplet && job->state == JOB_SUBMITTING &&
	       job->sent_ms > 0 && job->open;
}

/* Provably not carried out; a second try is right. */
static bool is_refusal(const struct sim_call *call)
{
	return call->fault == FAULT_REFUSED || call->status == 429 || call->status == 422;
}

/* Does it change a droplet: an action, or its end? Or make one: 0. */
static bool is_change(const struct sim_call *call, unsigned long long *ret_droplet)
{
	int n = 0;

	if (strcmp(call->method, "DELETE") == 0) {
		return sscanf(call->path, "/v2/droplets/%llu", ret_droplet) == 1;
	}
	if (strcmp(call->path, "/v2/droplets") == 0) {
		*ret_droplet = 0;
		return strcmp(call->method, "POST") == 0;
	}
	return strcmp(call->method, "POST") == 0 &&
	       sscanf(call->path, "/v2/droplets/%llu/actions%n", ret_droplet, &n) == 1 && n > 0;
}

static void served(const struct sim_call *call, void *data)
{
	struct held *held = data;
	struct search search = {.held = held, .fits = is_submitting};
	unsigned long long droplet;

	if (!is_change(call, &droplet) || droplet >= HELD_DROPLETS) {
		return;
	}
	search.droplet = droplet;
	search_jobs(&search, true);
	if (!search.found) {
		wrong(held, "a request left before its job was on disk as submitting", droplet);
	}
	held->posts[droplet] += is_refusal(call) ? 0 : 1;
	held->reached[droplet] += call->reached && call->status != 422 ? 1 : 0;
}

static bool take_post(struct chat_post *post, struct err *ret_err, void *data)
{
	struct held *held = data;

	if (held->fail_post > 0 && --held->fail_post == 0) {
		held->post_failed = true;
		(void)err_set(ret_err, held->fail_kind, "the network broke");
		post->retry_after_ms = held->fail_kind == ERR_LIMIT ? 1000 : 0;
		return true;
	}
	if (post->answers != NULL) { /* it may come before held_said knows the id */
		held->answers = mem_grow(held->answers, held->n_answers + 1, sizeof(char *));
		held->answers[held->n_answers++] = mem_strdup(post->answers);
	}
	return false;
}

void held_begin(struct held *held, struct stage *stage)
{
	log_configure(LOG_ERROR, false);
	held->stage = stage;
	stage->fault = take_post;
	stage->fault_data = held;
	stage->world->served = served;
	stage->world->served_data = held;
}

void held_said(struct held *held, const char *message)
{
	if (held->n_said < HELD_SAID) {
		held->said[held->n_said++] = mem_strdup(message);
	}
}

static bool note_state(struct search *search, const struct store_job *job)
{
	search->held->states |= 1U << job->state;
	return false;
}

void held_look(struct held *held)
{
	struct search search = {.held = held, .fits = note_state};

	search_jobs(&search, true);
}

/* How often a request may have left for it: once for each step that was begun. */
static unsigned steps_of(const struct store_job *job)
{
	struct arena arena = {0};
	unsigned n = 0;

	for (size_t i = 0; i < PLAN_STEPS_MAX; i++) {
		enum step_end end = step_note(job->steps, i, &arena).end;

		n += end == STEP_DONE || end == STEP_FAILED || end == STEP_UNKNOWN;
	}
	arena_done(&arena);
	return n > 0 ? n : 1;
}

static bool note_job(struct search *search, const struct store_job *job)
{
	if (job->droplet_id == 0 || job->droplet_id >= SIM_MADE_FROM) { /* it was to be made */
		search->held->jobs[0]++;
		search->held->steps[0]++;
	} else if (job->droplet_id < HELD_DROPLETS) {
		search->held->jobs[job->droplet_id]++;
		search->held->steps[job->droplet_id] += steps_of(job);
	}
	if (!job_state_final((enum job_state)job->state) || job->open) {
		wrong(search->held, job_state_name((enum job_state)job->state), job->droplet_id);
	}
	return false;
}

static int note_open(const struct store_request *request, void *data)
{
	struct held *held = data;

	fprintf(stderr, "%s: request %s is still open\n", held->what, request->id);
	held->n_wrong++;
	return 0;
}

/* The last form of every post: none tells of something that goes on. */
static void look_at_cards(struct held *held)
{
	const struct stage *stage = held->stage;

	for (size_t i = 0; i < stage->n_shown; i++) {
		bool is_last = true;

		for (size_t k = i + 1; is_last && k < stage->n_shown; k++) {
			is_last = strcmp(stage->shown[i].id, stage->shown[k].id) != 0;
		}
		if (is_last && strstr(stage->shown[i].text, "\xe2\x96\x91\xe2\x96\x91") != NULL) {
			fprintf(stderr, "%s: the last word is\n%s\n", held->what,
				stage->shown[i].text);
			held->n_wrong++;
		}
	}
}

static void look_at_answers(struct held *held)
{
	for (unsigned i = 0; i < held->n_said; i++) {
		for (size_t k = 0; k < held->n_answers; k++) {
			held->answered[i] =
				held->answered[i] || strcmp(held->said[i], held->answers[k]) == 0;
		}
	}
}

void held_end(struct held *held)
{
	struct search search = {.held = held, .fits = note_job};
	struct err err = {0};
	int64_t rows;

	stage_pass(held->stage, END_MS);
	search_jobs(&search, false);
	(void)store_each_request(held->stage->store, true, note_open, held, NULL);
	for (uint64_t id = 0; id < HELD_DROPLETS; id++) {
		if (held->posts[id] > held->steps[id] || held->reached[id] > held->steps[id]) {
			wrong(held, "more requests than steps of jobs", id);
		}
	}
	if (held->fail_kind !=
	    ERR_UNKNOWN) { /* one that was lost on its way back cannot be edited */
		look_at_cards(held);
	}
	look_at_answers(held);
	if (audit_verify(held->stage->store, &rows, &err) < 0) {
		fprintf(stderr, "%s: the log: %s\n", held->what, err.msg);
		held->n_wrong++;
	}
}

void held_free(struct held *held)
{
	for (unsigned i = 0; i < held->n_said; i++) {
		free(held->said[i]);
	}
	for (size_t i = 0; i < held->n_answers; i++) {
		free(held->answers[i]);
	}
	free(held->answers);
}
