/* start.c - a decided request is written down; then its jobs run
 *
 * Happy path: request, jobs and their audit rows join the decision's transaction; after its commit the card is posted and
 * each job goes to its turn, or the card asks for what the policy wants first.
 *
 * Failure modes: a droplet is locked by somebody else, or is taken and this one does not wait in line (the transaction goes
 * without any job, so that a repeated delivery is still known as one; then the person is told who is first); the delivery was seen before (silence); it could not be
 * written (the person is told that nothing ran).
 *
 * Which conflict it was is known without asking the store: this engine is the only one who opens jobs, so a transaction
 * with jobs that conflicts does so by its delivery's key.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/mem.h"
#include "job/internal.h"
#include "job/joined.h"
#include "job/locks.h"
#include "job/places.h"
#include "job/report.h"

static const char *or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static struct request *request_of(struct job_engine *engine, const struct job_ask *ask,
				  size_t n_jobs)
{
	char arguments[JOB_ARGS_TEXT] = "";
	struct store_request row = {
		.network = ask->who.network,
		.workspace = ask->who.workspace,
		.channel = ask->who.channel,
		.thread = or_empty(ask->thread),
		.direct = ask->who.direct,
		.user_workspace = ask->who.user_workspace,
		.user = ask->who.user,
		.person = or_empty(ask->person),
		.answers = or_empty(ask->answers),
		.verb = verb_info(ask->plan->verb)->name,
		.words = or_empty(ask->words),
		.policy_id = or_empty(ask->decision->policy_id),
		.arguments = arguments,
		.reason = or_empty(ask->reason),
		.nonce = "",
		.digest = "",
		.terms = "",
		.queues = ask->queues,
		.card = "",
		.created_ms = clock_wall_ms(),
		.updated_ms = clock_wall_ms(),
	};

	if (ask->args != NULL) {
		job_args_write(ask->args, arguments);
	}
	(void)snprintf(row.id, sizeof(row.id), "%s", ask->decision->id);
	return request_new(engine, &row, ask->plan, n_jobs);
}

/* Not begun: what is in its way is looked at first. */
static void add_job(struct request *request, size_t i, const struct droplet *droplet,
		    const char *beside)
{
	struct job *job = &request->jobs[i];
	struct store_job row = {
		.account = droplet->account,
		.droplet_id = droplet->id,
		.droplet_name = or_empty(droplet->name),
		.state = JOB_ASKED,
		.updated_ms = request->row.created_ms,
		.outcome = "",
		.beside = or_empty(beside),
	};

	(void)snprintf(row.id, sizeof(row.id), "%.12s-%04u", request->row.id,
		       (unsigned)(i % 10000));
	(void)snprintf(row.request, sizeof(row.request), "%s", request->row.id);
	job_init(job, request, &row);
}

static void begin_job(struct job *job, enum job_state state, int64_t deadline_ms)
{
	job->row.state = (int)state;
	job->row.deadline_ms = deadline_ms;
	job->row.open = job_state_holds(state);
	job->row.ready_ms = state == JOB_READY ? job->request->row.created_ms : 0;
}

static void tell_started(struct request *request, const struct err *err)
{
	void (*started)(void *, const struct err *) = request->started;

	request->started = NULL;
	started(request->started_data, err);
}

static void say(struct request *request, const struct message *message)
{
	struct post_queue *queue = card_queue(request);
	struct chat_place place = card_place(request);

	if (queue != NULL) {
		post_once(queue, &place, NULL,
			  request->row.answers[0] != '\0' ? request->row.answers : NULL, message);
	}
}

/* It is not on disk: a repeated delivery is met with silence, anything else with a sentence. */
static void not_started(struct request *request, const struct err *err)
{
	struct arena arena;

	if (err->kind != ERR_CONFLICT && err->kind != ERR_CANCELED) {
		arena_init(&arena);
		say(request, report_refused(err->msg, &arena));
		arena_done(&arena);
	}
	for (size_t i = 0; i < request->n_jobs; i++) {
		place_back(&request->jobs[i]);
	}
	tell_started(request, err);
	request_free(request);
}

static void started(struct commit *commit, const struct err *err)
{
	struct request *request = commit->request;
	bool rests;

	if (err != NULL) {
		not_started(request, err);
		return;
	}
	rests = request_rests(request);
	for (size_t i = 0; i < request->n_jobs; i++) {
		request->jobs[i].held = request->jobs[i].row.open;
	}
	card_open(request);
	if (rests) {
		ask_begin(request);
	}
	tell_started(request, NULL);
	queue_kick(request->engine); /* what it waits for may have ended meanwhile */
	for (size_t i = 0; i < request->n_jobs && !rests; i++) {
		job_go(&request->jobs[i]);
	}
}

/* What a yes to it will be bound to. */
static void bind(struct request *request, const struct job_ask *ask)
{
	char nonce[CONSENT_NONCE_SIZE];
	char hex[CONSENT_DIGEST_SIZE];
	struct store_job *rows = mem_array(request->n_jobs + 1, sizeof(*rows));

	for (size_t i = 0; i < request->n_jobs; i++) {
		rows[i] = job_row(&request->jobs[i]);
	}
	consent_nonce(nonce);
	request->row.nonce = arena_strdup(&request->arena, nonce);
	consent_digest(&request->row, rows, request->n_jobs, hex);
	request->row.digest = arena_strdup(&request->arena, hex);
	consent_terms(request->engine->options.gate, &ask->who, ask->decision, hex);
	request->row.terms = arena_strdup(&request->arena, hex);
	(void)snprintf(request->policy_checked, sizeof(request->policy_checked), "%s",
		       request->row.policy_id);
	free(rows);
}

static void start(struct request *request, const struct job_ask *ask, bool taken)
{
	struct consent_missing missing = request_missing(request, ask->decision);
	enum job_state state = ask_state(missing.kind);
	int64_t deadline_ms = ask_deadline_ms(request, ask->decision, missing.kind);
	struct store_request row;

	if (taken && state == JOB_READY) {
		state = JOB_QUEUED;
		deadline_ms = clock_wall_ms() + QUEUE_MS;
	}
	for (size_t i = 0; i < request->n_jobs; i++) {
		begin_job(&request->jobs[i], state, deadline_ms);
	}
	bind(request, ask);
	ask_set(request, &missing, NULL);
	row = request_row(request);
	store_txn_request(ask->txn, &row);
	for (size_t i = 0; i < request->n_jobs; i++) {
		struct job *job = &request->jobs[i];
		struct store_job job_now = job_row(job);
		struct unsaved move = {.state = state, .at_ms = row.created_ms};

		store_txn_job(ask->txn, &job_now);
		if (state == JOB_READY) {
			place_take(job, ask->droplets[i], job->row.ready_ms, ask->txn);
		}
		job_audit(ask->txn, request, job, &move);
	}
	request_add(request);
	engine_commit(request->engine, ask->txn, commit_new(request, started));
}

/* ---- second to somebody -------------------------------------------------------------------- */

static struct request *find_request(const struct job_engine *engine, const char *id)
{
	LIST_FOREACH(it, &engine->requests)
	{
		struct request *request = LIST_ENTRY(it, struct request, link);

		if (strcmp(request->row.id, id) == 0) {
			return request;
		}
	}
	return NULL;
}

/* What to type to wait for it; NULL: the names are too many for a line. */
static const char *queue_words(const struct request *request, struct arena *arena)
{
	if (request->plan->saved) {
		return arena_printf(arena, "%s %s queue", request->row.words,
				    request->args.snapshot);
	}
	return request->n_jobs == 1 ? arena_printf(arena, "%s %s%s queue", request->row.words,
						   request->jobs[0].row.droplet_name,
						   job_args_words(&request->args, arena))
				    : NULL;
}

static void busy_known(struct commit *commit, const struct err *err)
{
	struct request *request = commit->request;
	const struct job_options *options = &request->engine->options;
	struct request *holder = find_request(request->engine, request->busy_request);
	struct gate_who who = request_who(request);
	struct report_busy busy = {.second = request->second,
				   .told = request->second_told,
				   .droplet_name = request->busy_name,
				   .now_ms = clock_wall_ms()};
	struct arena arena;

	if (err != NULL) {
		if (holder != NULL && request->joined_slot < JOINED_MOST) {
			holder->joined[request->joined_slot].used = false;
		}
		not_started(request, err);
		return;
	}
	arena_init(&arena);
	busy.anonymous = !gate_shows(options->gate, &who, "who");
	if (holder != NULL) {
		busy.holder = &holder->row;
		busy.plan = holder->plan;
		busy.queue_words = queue_words(request, &arena);
	}
	if (holder != NULL && request->second <= SECOND_TO_WAITING && options->say_button != NULL) {
		busy.queue_button = options->say_button(request_said_again(request, true, &arena),
							options->data);
	}
	say(request, report_busy(&busy, &arena));
	arena_done(&arena);
	tell_started(request, NULL);
	request_free(request);
}

static void audit_refused(const struct request *request, struct store_txn *txn, uint64_t droplet_id,
			  const char *why)
{
	struct audit_row row = {
		.at_ms = request->row.created_ms,
		.kind = "job",
		.id = request->row.id,
		.person = request->row.person,
		.network = request->row.network,
		.user_workspace = request->row.user_workspace,
		.user = request->row.user,
		.workspace = request->row.workspace,
		.channel = request->row.direct ? "direct" : request->row.channel,
		.verb = request->row.verb,
		.droplets = &droplet_id,
		.n_droplets = droplet_id != 0,
		.state = "refused",
		.outcome = why,
	};

	audit_add(txn, &row);
}

static void start_none(struct request *request, const struct job_ask *ask, const struct job *first,
		       enum report_second second)
{
	static const char *const whys[] = {
		[SECOND_NONE] = "",
		[SECOND_TO_RUNNING] = "has the open job",
		[SECOND_TO_WAITING] = "is waited for by the job",
		[SECOND_TO_TWIN] = "is waited for by the same job",
		[SECOND_TO_MANY] = "is waited for by too many, also the job",
	};

	audit_refused(request, ask->txn, first->row.droplet_id,
		      arena_printf(&request->arena, "nothing ran: %s %s %s",
				   first->row.droplet_name, whys[second], first->row.id));
	request->second = second;
	request->joined_slot = JOINED_MOST;
	if (second == SECOND_TO_RUNNING || second == SECOND_TO_TWIN) {
		request->second_told =
			joined_add(first->request, request, ask->txn, &request->joined_slot);
	}
	(void)snprintf(request->busy_request, sizeof(request->busy_request), "%s",
		       first->row.request);
	request->busy_name = arena_strdup(&request->arena, first->row.droplet_name);
	engine_commit(request->engine, ask->txn, commit_new(request, busy_known));
}

/* Something is in its way: it waits in line, or is told why not. */
static void start_second(struct request *request, const struct job_ask *ask,
			 const struct queue_place *place)
{
	const struct request *twin = ask->queues ? queue_twin(request) : NULL;

	if (!ask->queues) {
		start_none(request, ask, place->behind,
			   place->behind->row.state == JOB_QUEUED ? SECOND_TO_WAITING
								  : SECOND_TO_RUNNING);
	} else if (twin != NULL) {
		start_none(request, ask, &twin->jobs[0], SECOND_TO_TWIN);
	} else if (place->full != NULL) {
		start_none(request, ask, place->behind, SECOND_TO_MANY);
	} else {
		start(request, ask, true);
	}
}

/* ---- locked by somebody --------------------------------------------------------------------- */

static const struct store_lock *lock_in_the_way(const struct job_engine *engine,
						const struct job_ask *ask)
{
	for (size_t i = 0; i < ask->n_droplets; i++) {
		const struct store_lock *lock = job_lock_of(engine, ask->droplets[i]);

		if (lock_bars(lock, ask->person)) {
			return lock;
		}
	}
	return NULL;
}

static void lock_known(struct commit *commit, const struct err *err)
{
	struct request *request = commit->request;

	if (err != NULL) {
		not_started(request, err);
		return;
	}
	say(request, request->refusal);
	tell_started(request, NULL);
	request_free(request);
}

static void start_locked(struct request *request, const struct job_ask *ask,
			 const struct store_lock *lock)
{
	struct gate_who who = request_who(request);
	struct build build;

	build_init(&build, &request->arena, TONE_BAD);
	lock_words(&build, lock, !gate_shows(request->engine->options.gate, &who, "who"));
	request->refusal = build_end(&build);
	audit_refused(
		request, ask->txn, lock->droplet_id,
		arena_printf(&request->arena, "nothing ran: it is locked by %s", lock->person));
	engine_commit(request->engine, ask->txn, commit_new(request, lock_known));
}

/* What was not allowed is not started, whoever calls. */
static void refuse(struct commit *commit, const struct err *err)
{
	struct err denied = {0};

	err_set(&denied, ERR_DENIED, "the decision %s does not allow it", commit->request->row.id);
	not_started(commit->request, err != NULL ? err : &denied);
}

void job_start(struct job_engine *engine, const struct job_ask *ask,
	       void (*done)(void *data, const struct err *err), void *data)
{
	const struct store_lock *lock = lock_in_the_way(engine, ask);
	bool allowed =
		ask->decision->verdict == ALLOW && ask->n_droplets > 0 && ask->plan->n_steps > 0;
	struct request *request = request_of(engine, ask, allowed ? ask->n_droplets : 0);
	struct queue_place place;

	for (size_t i = 0; i < request->n_jobs; i++) {
		add_job(request, i, ask->droplets[i], ask->beside != NULL ? ask->beside[i] : NULL);
	}
	request->started = done;
	request->started_data = data;
	place = queue_place(request);
	if (!allowed) {
		engine_commit(engine, ask->txn, commit_new(request, refuse));
	} else if (lock != NULL) {
		start_locked(request, ask, lock);
	} else if (place.behind != NULL) {
		start_second(request, ask, &place);
	} else {
		start(request, ask, false);
	}
}
