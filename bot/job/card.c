/* card.c - the one message of a request, and the short one that rings at the end
 *
 * Happy path: opened after the request's first commit, edited with every move and every few seconds, closed with the last
 * form; its post id is stored, so that another process goes on editing it.
 * Failure modes: the chat is not configured any more, or refuses: the request stays open in the store, and the next start
 * tries again, for a day.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "job/internal.h"
#include "job/joined.h"
#include "job/report.h"
#include "job/states.h"

struct post_queue *card_queue(const struct request *request)
{
	const struct job_options *options = &request->engine->options;

	return options->queue(request->row.network, request->row.workspace, options->data);
}

struct chat_place card_place(const struct request *request)
{
	const struct store_request *row = &request->row;
	struct chat_place place = {
		.network = row->network,
		.workspace = row->workspace,
		.channel = row->channel,
		.thread = row->thread[0] != '\0' ? row->thread : NULL,
		.direct = row->direct,
	};

	return place;
}

bool card_forms(const struct request *request)
{
	const struct post_queue *queue = card_queue(request);

	return queue != NULL && post_queue_can(queue, CHAT_FORMS);
}

static const struct report_ask *ask_of(const struct request *request, struct arena *arena)
{
	const struct asking *asking = &request->asking;
	const char **names = arena_array(arena, asking->n_approvers + 1, sizeof(*names));
	const char **ids = arena_array(arena, asking->n_approvers + 1, sizeof(*ids));
	struct gate_who who = request_who(request);
	struct report_ask *ask = arena_alloc(arena, sizeof(*ask));

	ask->kind = asking->kind;
	ask->n = asking->n;
	ask->n_given = asking->n_given;
	ask->until_ms = request_deadline_ms(request);
	ask->names = names;
	ask->ids = ids;
	ask->given = asking->given;
	ask->note = asking->note;
	ask->shows_who = gate_shows(request->engine->options.gate, &who, "who");
	for (size_t i = 0; i < asking->n_approvers; i++) {
		names[ask->n_names++] = asking->approvers[i].person;
		if (asking->approvers[i].id != NULL) {
			ids[ask->n_ids++] = asking->approvers[i].id;
		}
	}
	return ask;
}

static const struct report_queue *queue_of(const struct request *request, struct arena *arena)
{
	struct queue_place place = queue_place(request);
	struct gate_who who = request_who(request);
	struct report_queue *queue = arena_alloc(arena, sizeof(*queue));

	queue->n_before = place.n_before;
	queue->until_ms = request_deadline_ms(request);
	if (place.behind != NULL) {
		const struct store_request *row = &place.behind->request->row;

		queue->behind = report_noun(place.behind->request->plan);
		queue->droplet_name = place.behind->row.droplet_name;
		if (gate_shows(request->engine->options.gate, &who, "who")) {
			queue->by = row->person[0] != '\0' ? row->person : row->user;
		}
	}
	return queue;
}

static struct report report_of(const struct request *request, struct arena *arena)
{
	struct store_job *jobs = arena_array(arena, request->n_jobs, sizeof(*jobs));
	struct report report = {
		.request = &request->row,
		.plan = request->plan,
		.jobs = jobs,
		.n_jobs = request->n_jobs,
		.now_ms = clock_wall_ms(),
		.again = request->again,
		.again_queues = request->again_queues,
		.look = request->look,
		.fallback = request->fallback,
	};
	struct gate_who who = request_who(request);

	report.forms = card_forms(request);
	report.hides_cost = !gate_shows(request->engine->options.gate, &who, "cost");
	for (size_t i = 0; i < request->n_jobs; i++) {
		jobs[i] = job_row(&request->jobs[i]);
	}
	if (request_waits(request)) {
		report.ask = ask_of(request, arena);
	} else if (request_rests(request)) {
		report.queue = queue_of(request, arena);
	}
	return report;
}

/* A button that says these words of its only droplet; made once a process, so that each form of the card has the same. */
static void say_of_it(const struct request *request, const char *words,
		      char ret_id[CHAT_ID_MAX + 1], struct arena *arena)
{
	const struct job_options *options = &request->engine->options;
	unsigned long long droplet = request->jobs[0].row.droplet_id;
	const char *id;

	if (ret_id[0] == '\0') {
		id = options->say_button(arena_printf(arena, "%s #%llu", words, droplet),
					 options->data);
		(void)snprintf(ret_id, CHAT_ID_MAX + 1, "%s", id != NULL ? id : "");
	}
}

/* What the requester may say after the end of the only job. */
static void offer_next(struct request *request, struct report *report, struct arena *arena)
{
	const struct job_options *options = &request->engine->options;
	const struct plan *plan = request->plan, *fallback;
	struct gate_who who = request_who(request);

	if (options->say_button == NULL || request->n_jobs != 1 ||
	    !job_state_final((enum job_state)report->jobs[0].state)) {
		return;
	}
	if (plan->look != NULL) {
		say_of_it(request, plan->look, request->look, arena);
	}
	fallback =
		plan->fallback != VERB_NONE ? options->plan(plan->fallback, options->data) : NULL;
	if (fallback != NULL && gate_could(options->gate, &who, plan->fallback)) {
		char *label = arena_strdup(arena, fallback->infinitive);

		label[0] = (char)(label[0] >= 'a' && label[0] <= 'z' ? label[0] - 'a' + 'A'
								     : label[0]);
		report->fallback_label = label;
		say_of_it(request, fallback->infinitive, request->fallback, arena);
	}
}

const char *card_title(const struct request *request, struct arena *arena)
{
	struct report report = report_of(request, arena);

	return report_title(&report, arena);
}

const struct message *card_ask_code(const struct request *request, struct arena *arena)
{
	struct report report = report_of(request, arena);

	return report_ask_code(&report, arena);
}

const struct message *card_ask_approvers(const struct request *request, struct arena *arena)
{
	struct report report = report_of(request, arena);

	return report_ask_approvers(&report, arena);
}

static void card_saved(struct commit *commit, const struct err *err)
{
	if (err != NULL) {
		commit->request->row_due = true;
	}
	if (err == NULL || err->kind != ERR_CANCELED) {
		request_settle(commit->request);
	}
}

/* Where the card stands is worth a commit of its own: without it a restart would post a second one. */
static void save_id(struct request *request)
{
	struct job_engine *engine = request->engine;
	struct store_txn *txn = store_txn_new(engine->options.store);
	struct store_request row = request_row(request);

	store_txn_request_now(txn, &row);
	engine_commit(engine, txn, commit_new(request, card_saved));
}

static void last_word(struct card_link *link, const struct err *err)
{
	struct request *request = link->request;

	free(link);
	if (request == NULL) {
		return;
	}
	request->card = NULL;
	if (err != NULL && err->kind == ERR_CANCELED) {
		return; /* we are stopping: the next start shows it */
	}
	request->told = true;
	request->undelivered = err != NULL;
	request_settle(request);
}

static void delivered(struct post_card *card, const char *id, const struct err *err, void *data)
{
	struct card_link *link = data;
	struct request *request = link->request;

	(void)card;
	if (request != NULL && err == NULL && id != NULL && strcmp(id, request->card_id) != 0) {
		(void)snprintf(request->card_id, sizeof(request->card_id), "%s", id);
		save_id(request);
	}
	if (link->closed) {
		last_word(link, err);
	} else if (err != NULL && err->kind == ERR_CANCELED) {
		link->card = NULL; /* the queue is going away, and the handle with it */
	}
}

void card_open(struct request *request)
{
	struct post_queue *queue = card_queue(request);
	char key[POST_KEY_MAX + 1];
	struct post_request post = {
		.place = card_place(request),
		.answers = request->row.answers[0] != '\0' ? request->row.answers : NULL,
		.replaces = request->card_id[0] != '\0' ? request->card_id : NULL,
		.key = key,
		.again = request->resumed,
		.delivered = delivered,
	};

	if (queue == NULL || request->card != NULL) {
		return;
	}
	(void)snprintf(key, sizeof(key), "c-%s", request->row.id);
	request->card = mem_alloc(sizeof(*request->card));
	request->card->request = request;
	post.data = request->card;
	request->card->card = post_open(queue, &post);
	card_show(request);
	timer_start(&request->tick, request_rests(request) ? TICK_WAITING_MS : TICK_MS);
}

void card_show(struct request *request)
{
	struct card_link *link = request->card;
	struct arena arena;
	struct report report;

	/* what is on its way to the disk is not told before it is there: its commit comes back here */
	if (link == NULL || link->card == NULL || link->closed || request_landing(request) ||
	    (request_waits(request) && request->asking.kind == DUTY_NONE)) {
		return; /* after a restart it is not known yet what is asked for */
	}
	arena_init(&arena);
	report = report_of(request, &arena);
	offer_next(request, &report, &arena);
	post_set(link->card, report_card(&report, &arena));
	arena_done(&arena);
}

/* For somebody who asked elsewhere: how it ended, and no more, for another place may know less. */
static void tell_elsewhere(const struct request *request, unsigned slot)
{
	const struct joined *one = joined_elsewhere(request, slot);
	struct store_request row = request->row;
	char key[POST_KEY_MAX + 1];
	struct post_request post = {.key = key, .again = request->resumed};
	const struct job_options *options = &request->engine->options;
	struct post_queue *queue;
	struct post_card *card;
	struct arena arena;
	struct report report;

	if (one == NULL) {
		return;
	}
	queue = options->queue(one->row.network, one->row.workspace, options->data);
	if (queue == NULL) {
		return; /* that chat is not configured any more */
	}
	arena_init(&arena);
	report = report_of(request, &arena);
	row.user = one->row.user;
	report.request = &row;
	report.look = report.fallback = report.again = NULL;
	report.hides_cost = true;
	for (size_t i = 0; i < request->n_jobs; i++) {
		struct store_job *jobs = (struct store_job *)report.jobs;
		const char *outcome = report.jobs[i].outcome;

		jobs[i].outcome = arena_strndup(&arena, outcome, strcspn(outcome, "\n"));
	}
	post.place = (struct chat_place){
		.network = one->row.network,
		.workspace = one->row.workspace,
		.channel = one->row.channel,
		.thread = one->row.thread[0] != '\0' ? one->row.thread : NULL,
		.direct = one->row.direct,
	};
	(void)snprintf(key, sizeof(key), "p-%.16s-%hhu", request->row.id, (unsigned char)slot);
	card = post_open(queue, &post);
	post_set(card, report_ping(&report, &arena));
	post_close(card);
	arena_done(&arena);
}

static void ping(struct request *request)
{
	const char *also[JOINED_MOST];
	struct post_queue *queue = card_queue(request);
	char key[POST_KEY_MAX + 1];
	struct post_request post = {
		.place = card_place(request), .key = key, .again = request->resumed};
	struct post_card *card;
	struct arena arena;
	struct report report;

	for (unsigned i = 0; i < JOINED_MOST; i++) {
		tell_elsewhere(request, i);
	}
	if (queue == NULL || clock_wall_ms() - request->row.created_ms <= PING_AFTER_MS) {
		return;
	}
	arena_init(&arena);
	report = report_of(request, &arena);
	offer_next(request, &report, &arena);
	report.also = also;
	report.n_also = joined_here(request, also);
	(void)snprintf(key, sizeof(key), "p-%s", request->row.id);
	post.about = request->row.answers[0] != '\0' ? request->row.answers
		     : request->card_id[0] != '\0'   ? request->card_id
						     : NULL;
	card = post_open(queue, &post);
	post_set(card, report_ping(&report, &arena));
	post_close(card);
	arena_done(&arena);
}

void card_end(struct request *request)
{
	struct card_link *link = request->card;

	timer_stop(&request->tick);
	if (request->told || (link != NULL && (link->closed || link->card == NULL))) {
		return;
	}
	if (link == NULL) {
		request->told = true;
		request->undelivered = true;
		return;
	}
	card_show(request);
	link->closed = true;
	post_close(link->card);
	ping(request);
}

void card_drop(struct request *request)
{
	struct card_link *link = request->card;

	request->card = NULL;
	if (link == NULL) {
		return;
	}
	link->request = NULL;
	if (link->closed) {
		return; /* the last word is still to come, and frees it */
	}
	if (link->card == NULL) {
		free(link);
		return;
	}
	link->closed = true;
	post_close(link->card);
}
