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

#define SIM_MADE_FROM 400000000   /* ids of droplets that were made */
#define MADE_LATER 1              /* where what is done to those is counted; 0: their making */
#define END_MS (40 * 60 * 1000)   /* longer than any approval is waited for */
#define LATER_MS (10 * 60 * 1000) /* and again while something is open */

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

/* The droplet that a body names; 0: none. */
static unsigned long long droplet_in(const char *body)
{
	static const char *const keys[] = {"\"droplet_id\":", "\"droplet_ids\":[",
					   "\"resource_id\":\"", "do:droplet:"};

	for (size_t i = 0; body != NULL && i < ARRAY_LEN(keys); i++) {
		const char *at = strstr(body, keys[i]);

		if (at != NULL) {
			return strtoull(at + strlen(keys[i]), NULL, 10);
		}
	}
	return 0;
}

/* Does it change anything: whatever is no GET. Which droplet is it about? 0: the request does not say. */
static bool is_change(const struct sim_call *call, unsigned long long *ret_droplet)
{
	static const char *const known[] = {"/v2/volumes/",  "/v2/reserved_ips/", "/v2/firewalls/",
					    "/v2/projects/", "/v2/snapshots/",    "/v2/tags/"};

	if (strcmp(call->method, "GET") == 0) {
		return false;
	}
	*ret_droplet = 0;
	if (strcmp(call->path, "/v2/droplets") == 0 ||
	    sscanf(call->path, "/v2/droplets/%llu", ret_droplet) == 1) {
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (strncmp(call->path, known[i], strlen(known[i])) == 0) {
			*ret_droplet = droplet_in(call->body);
			return true;
		}
	}
	return false;
}

/* The address alone, a snapshot: of the job that is being sent. */
static bool is_any_submitting(struct search *search, const struct store_job *job)
{
	if (job->state != JOB_SUBMITTING || job->sent_ms == 0 || !job->open) {
		return false;
	}
	search->droplet = job->droplet_id;
	return true;
}

static void served(const struct sim_call *call, void *data)
{
	struct held *held = data;
	struct search search = {.held = held, .fits = is_submitting};
	unsigned long long droplet;

	if (strcmp(call->method, "GET") != 0) {
		held->n_changes++;
	}
	if (!is_change(call, &droplet) || (droplet >= HELD_DROPLETS && droplet < SIM_MADE_FROM)) {
		return;
	}
	held->n_watched++;
	search.droplet = droplet;
	search.fits = droplet == 0 ? is_any_submitting : is_submitting;
	search_jobs(&search, true);
	if (!search.found) {
		fprintf(stderr, "%s: %s %s\n", held->what, call->method, call->path);
		wrong(held, "a request left before its job was on disk as submitting", droplet);
	}
	droplet = search.droplet < SIM_MADE_FROM ? search.droplet : MADE_LATER;
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
		search->held->steps[MADE_LATER] += steps_of(job) - 1;
	} else if (job->droplet_id < HELD_DROPLETS) {
		search->held->jobs[job->droplet_id]++;
		search->held->steps[job->droplet_id] += steps_of(job);
	}
	if (!job_state_final((enum job_state)job->state) || job->open) {
		wrong(search->held, job_state_name((enum job_state)job->state), job->droplet_id);
	}
	return false;
}

static int count_open(const struct store_request *request, void *data)
{
	(void)request;
	(*(unsigned *)data)++;
	return 0;
}

static unsigned open_requests(const struct held *held)
{
	unsigned n = 0;

	(void)store_each_request(held->stage->store, true, count_open, &n, NULL);
	return n;
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

	if (held->n_changes != held->n_watched) {
		wrong(held, "something was changed that nobody here watches", 0);
	}
	stage_pass(held->stage, END_MS);
	for (int i = 0; i < 24 && open_requests(held) > 0; i++) {
		stage_pass(held->stage, LATER_MS); /* a snapshot may take hours */
	}
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
