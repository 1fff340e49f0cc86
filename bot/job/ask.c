/* ask.c - what a request waits for from people: what it is, who could give it, and until when
 *
 * Happy path: the card asks; a press (press.c) gives it, and the next thing is asked for, or the jobs go to their turn.
 * Failure modes: nobody gives it in time: EXPIRED, nothing ran. The end cannot be written: tried again, and no press gets
 * through meanwhile, because the time is over.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "job/internal.h"
#include "job/report.h"

#define APPROVE_MS (30 * 60 * 1000)
#define TRY_AGAIN_MS 2000

/* ---- codes given of late --------------------------------------------------------------------- */

static struct code_time *code_time(const struct job_engine *engine, const char *person)
{
	for (size_t i = 0; i < engine->n_codes; i++) {
		if (strcmp(engine->codes[i].person, person) == 0) {
			return &engine->codes[i];
		}
	}
	return NULL;
}

int64_t engine_code_ms(const struct job_engine *engine, const char *person)
{
	const struct code_time *found = code_time(engine, person);

	return found != NULL ? found->at_ms : 0;
}

void engine_code_given(struct job_engine *engine, const char *person, int64_t at_ms)
{
	struct code_time *found = code_time(engine, person);

	if (found == NULL) {
		engine->codes =
			mem_grow(engine->codes, engine->n_codes + 1, sizeof(*engine->codes));
		found = &engine->codes[engine->n_codes++];
		found->person = mem_strdup(person);
		found->at_ms = 0;
	}
	found->at_ms = at_ms > found->at_ms ? at_ms : found->at_ms;
}

/* ---- what is missing ------------------------------------------------------------------------- */

static bool is_member(const char *person, const char *group, void *data)
{
	return gate_member(data, person, group);
}

struct consent_missing request_missing(const struct request *request,
				       const struct gate_decision *decision)
{
	const struct job_engine *engine = request->engine;
	struct consent_question question = {
		.request = &request->row,
		.decision = decision,
		.consents = request->consents,
		.n_consents = request->n_consents,
		.confirms = request->plan->confirms,
		.code_ms = engine_code_ms(engine, request->row.person),
		.now_ms = clock_wall_ms(),
		.member = is_member,
		.data = engine->options.gate,
	};

	return consent_missing(&question);
}

void ask_add(struct request *request, const struct store_consent *consent)
{
	request->consents =
		mem_grow(request->consents, request->n_consents + 1, sizeof(*request->consents));
	store_consent_keep(&request->arena, &request->consents[request->n_consents++], consent);
}

enum job_state ask_state(enum duty_kind missing)
{
	return missing == DUTY_NONE        ? JOB_READY
	       : missing == DUTY_APPROVALS ? JOB_APPROVING
					   : JOB_CONFIRMING;
}

/* How long approvals are waited for: as long as the shortest of them counts. */
static int64_t within_ms(const struct gate_decision *decision)
{
	int64_t least_ms = APPROVE_MS;

	for (size_t i = 0; i < decision->n_duties; i++) {
		const struct duty *duty = &decision->duties[i];

		if (duty->kind == DUTY_APPROVALS && duty->within_ms > 0 &&
		    duty->within_ms < least_ms) {
			least_ms = duty->within_ms;
		}
	}
	return least_ms;
}

int64_t ask_deadline_ms(const struct request *request, const struct gate_decision *decision,
			enum duty_kind missing)
{
	switch (missing) {
	case DUTY_NONE:
		return clock_wall_ms() + READY_MS;
	case DUTY_APPROVALS:
		return request->row.created_ms + within_ms(decision);
	case DUTY_CONFIRM:
	case DUTY_CODE:
	case DUTY_REASON:
		break;
	}
	return clock_wall_ms() + CONSENT_CONFIRM_MS;
}

/* ---- the question ---------------------------------------------------------------------------- */

static bool has_approved(const struct request *request, const char *person)
{
	for (size_t i = 0; i < request->n_consents; i++) {
		if (request->consents[i].kind == CONSENT_APPROVE &&
		    strcmp(request->consents[i].person, person) == 0) {
			return true;
		}
	}
	return false;
}

static void set_approvers(struct request *request, const struct duty *duty)
{
	struct asking *asking = &request->asking;
	struct arena *arena = &request->ask_arena;
	const struct gate_approver *all;
	size_t n = gate_members(request->engine->options.gate, duty->group, request->row.person,
				request->row.network, request->row.workspace, arena, &all);
	struct gate_approver *left = arena_array(arena, n + 1, sizeof(*left));

	for (size_t i = 0; i < n; i++) {
		if (!has_approved(request, all[i].person)) {
			left[asking->n_approvers++] = all[i];
		} else {
			asking->given = asking->given != NULL
						? arena_printf(arena, "%s, %s", asking->given,
							       all[i].person)
						: all[i].person;
		}
	}
	asking->approvers = left;
}

void ask_set(struct request *request, const struct consent_missing *missing, const char *note)
{
	struct asking *asking = &request->asking;

	arena_done(&request->ask_arena);
	*asking = (struct asking){.kind = missing->kind, .n_given = missing->n_given};
	asking->note = arena_strdup(&request->ask_arena, note);
	if (missing->kind == DUTY_APPROVALS) {
		asking->n = missing->duty->n;
		asking->within_ms = missing->duty->within_ms;
		set_approvers(request, missing->duty);
	}
}

const char *request_said_again(const struct request *request, bool queues, struct arena *arena)
{
	const char *text = request->row.words;

	for (size_t i = 0; i < request->n_jobs; i++) {
		const struct store_job *row = &request->jobs[i].row;

		text = request->plan->makes ? arena_printf(arena, "%s %s", text, row->droplet_name)
					    : arena_printf(arena, "%s #%llu", text,
							   (unsigned long long)row->droplet_id);
	}
	if (request->plan->saved) { /* it is known by its own id */
		text = arena_printf(arena, "%s %s", request->row.words, request->args.snapshot);
	}
	text = arena_printf(arena, "%s%s", text, job_args_words(&request->args, arena));
	if (queues) {
		text = arena_printf(arena, "%s queue", text);
	}
	return request->row.reason[0] != '\0'
		       ? arena_printf(arena, "%s because %s", text, request->row.reason)
		       : text;
}

/* Ids of buttons are made once a process: each form of the card has the same. */
const char *ask_again_button(struct request *request, bool queues)
{
	const struct job_options *options = &request->engine->options;
	const char *id;
	struct arena arena = {0};

	if (request->again[0] != '\0' || options->say_button == NULL) {
		return request->again;
	}
	id = options->say_button(request_said_again(request, queues, &arena), options->data);
	(void)snprintf(request->again, sizeof(request->again), "%s", id != NULL ? id : "");
	arena_done(&arena);
	return request->again;
}

/* ---- who is asked ---------------------------------------------------------------------------- */

/* A card in a channel is no place for a code: the person is asked where nobody reads along, or by the card's form. */
static void ask_code(struct request *request, struct arena *arena)
{
	struct post_queue *queue = card_queue(request);
	struct chat_place place = card_place(request);

	if (queue != NULL && !place.direct && !card_forms(request)) {
		place.channel = request->row.user;
		place.thread = NULL;
		place.direct = true;
		post_once(queue, &place, NULL, NULL, card_ask_code(request, arena));
	}
}

static void ask_approvers(struct request *request, struct arena *arena)
{
	struct post_queue *queue = card_queue(request);
	struct chat_place place = card_place(request);

	if (queue != NULL) {
		post_once(queue, &place, NULL, NULL, card_ask_approvers(request, arena));
	}
}

static void announce(struct request *request)
{
	struct arena arena = {0};

	if (request->asking.kind == DUTY_CODE) {
		ask_code(request, &arena);
	} else if (request->asking.kind == DUTY_APPROVALS) {
		ask_approvers(request, &arena);
	}
	arena_done(&arena);
}

/* ---- until when ------------------------------------------------------------------------------ */

static int64_t left_ms(const struct request *request)
{
	int64_t most_ms =
		request->asking.within_ms > APPROVE_MS ? request->asking.within_ms : APPROVE_MS;
	int64_t ms = request_deadline_ms(request) - clock_wall_ms();

	return ms < 0 ? 0 : ms > most_ms ? most_ms : ms; /* the clock was set back */
}

void ask_show(struct request *request, bool announced)
{
	timer_start(&request->wait, left_ms(request));
	card_show(request);
	if (announced) {
		announce(request);
	}
}

void ask_begin(struct request *request)
{
	timer_start(&request->wait, left_ms(request));
	announce(request);
}

static void expired(struct commit *commit, const struct err *err)
{
	struct request *request = commit->request;

	if (err != NULL) {
		jobs_not_moved(commit);
		if (err->kind != ERR_CANCELED) {
			timer_start(&request->wait, TRY_AGAIN_MS);
		}
		return;
	}
	jobs_moved(commit);
	(void)ask_again_button(request, request->row.queues);
	card_show(request);
	request_settle(request);
}

static const char *why_expired(const struct request *request, struct arena *arena)
{
	bool approving = false;
	long long minutes = CONSENT_CONFIRM_MS / 60000;

	if (request_queued(request)) {
		return arena_printf(arena,
				    "Expired. Nothing ran.\n%s was taken for %d min.\n"
				    "Still wanted?",
				    request->n_jobs == 1 ? request->jobs[0].row.droplet_name
							 : "One of them",
				    QUEUE_MS / 60000);
	}
	for (size_t i = 0; i < request->n_jobs; i++) {
		const struct store_job *row = &request->jobs[i].row;

		if (row->state == JOB_APPROVING) {
			approving = true;
			minutes = (row->deadline_ms - request->row.created_ms + 30000) / 60000;
		}
	}
	return arena_printf(arena, "Expired. Nothing ran.\n%s within %lld min.",
			    approving ? "Nobody approved" : "Nobody confirmed", minutes);
}

void ask_wait(struct timer *timer)
{
	struct request *request = timer->data;
	struct arena arena = {0};

	if (!request_rests(request)) {
		return;
	}
	if (request->moving) { /* somebody was just in time */
		timer_start(timer, TRY_AGAIN_MS);
		return;
	}
	jobs_move(request, JOB_EXPIRED, 0, why_expired(request, &arena),
		  store_txn_new(request->engine->options.store), commit_new(request, expired));
	arena_done(&arena);
}
