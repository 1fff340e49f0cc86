/* review.c - all of a request that has not been sent, looked at again: fresh droplets of each account, and the gate
 *
 * Happy path: one list an account, then one decision for all droplets together, as the requester, where they asked.
 * Failure modes: a list does not come: nothing is decided. A droplet is not there any more, or not for this person:
 * denied, in the words for what does not exist.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/internal.h"

struct review_want {
	struct review *review;
	const char *account;
	struct fresh fresh;
	struct ocean_snapshot *snapshot;
	bool open;
};

static bool is_unsent(const struct job *job)
{
	return job_rests(job) || job->row.state == JOB_READY;
}

void review_free(struct review *review)
{
	if (review == NULL) {
		return;
	}
	for (size_t i = 0; i < review->n_wants; i++) {
		if (review->wants[i].open) {
			fresh_cancel(&review->wants[i].fresh);
		}
		ocean_snapshot_unref(review->wants[i].snapshot);
	}
	free(review->wants);
	arena_done(&review->arena);
	free(review);
}

static const struct droplet *droplet_of(struct review *review, const struct job *job)
{
	for (size_t i = 0; i < review->n_wants; i++) {
		if (strcmp(review->wants[i].account, job->row.account) == 0 &&
		    review->wants[i].snapshot != NULL) {
			return job_subject(job, review->wants[i].snapshot, &review->arena);
		}
	}
	return NULL;
}

static void look_up(struct review *review)
{
	struct request *request = review->request;

	review->droplets =
		arena_array(&review->arena, request->n_jobs + 1, sizeof(*review->droplets));
	for (size_t i = 0; i < request->n_jobs; i++) {
		const struct job *job = &request->jobs[i];
		const struct droplet *droplet = is_unsent(job) ? droplet_of(review, job) : NULL;

		if (droplet != NULL) {
			review->droplets[review->n_droplets++] = droplet;
		} else {
			review->gone = review->gone || is_unsent(job);
		}
	}
}

static void on_list(struct ocean_want *want, struct ocean_snapshot *snapshot, const struct err *err)
{
	struct review_want *at = want->data;
	struct review *review = at->review;

	at->open = false;
	at->snapshot = snapshot;
	if (err != NULL) {
		review->failed = true;
		err_copy(&review->err, err);
	}
	if (--review->n_open > 0) {
		return;
	}
	if (!review->failed) {
		look_up(review);
	}
	review->then(review, review->failed ? &review->err : NULL);
}

static bool has_want(const struct review *review, const char *account)
{
	for (size_t i = 0; i < review->n_wants; i++) {
		if (strcmp(review->wants[i].account, account) == 0) {
			return true;
		}
	}
	return false;
}

static void want(struct review *review, struct review_want *at)
{
	const struct job_options *options = &review->request->engine->options;
	struct gate_who who = request_who(review->request);
	struct ocean_index *index = options->index(at->account, options->data);

	if (index == NULL) {
		review->failed = true;
		(void)err_set(&review->err, ERR_NETWORK,
			      "the account \"%.40s\" is not set up any more", at->account);
		return;
	}
	at->fresh.want.max_age_ms = 0;
	at->fresh.want.max_tier = TIER_READ;
	at->fresh.want.interactive = true;
	at->fresh.want.done = on_list;
	at->fresh.want.data = at;
	at->open = true;
	review->n_open++;
	fresh_start(&at->fresh, options, index, &who);
}

struct review *review_start(struct request *request,
			    void (*then)(struct review *, const struct err *), void *data)
{
	struct review *review = mem_alloc(sizeof(*review));

	review->request = request;
	review->then = then;
	review->data = data;
	review->wants = mem_array(request->n_jobs + 1, sizeof(*review->wants));
	for (size_t i = 0; i < request->n_jobs; i++) {
		const struct job *job = &request->jobs[i];

		if (is_unsent(job) && !has_want(review, job->row.account)) {
			review->wants[review->n_wants].review = review;
			review->wants[review->n_wants++].account = job->row.account;
		}
	}
	for (size_t i = 0; i < review->n_wants; i++) {
		want(review, &review->wants[i]);
	}
	if (review->n_open == 0) { /* nobody will call back */
		review_free(review);
		return NULL;
	}
	return review;
}

static const char *name_of_all(const struct review *review, struct arena *arena)
{
	const struct request *request = review->request;

	return request->n_jobs == 1 ? request->jobs[0].row.droplet_name
				    : arena_printf(arena, "these %zu droplets", request->n_jobs);
}

bool review_decide(struct review *review, struct store_txn *txn, const char **ret_why)
{
	struct request *request = review->request;
	struct gate *gate = request->engine->options.gate;
	struct gate_who who = request_who(request);
	struct arena *arena = &review->arena;
	struct gate_decision *decision = &review->decision;
	enum verb verb = request->plan->verb;

	decision->verdict = ALLOW;
	if (!request->plan->makes) {
		gate_decide(gate, &who, VERB_DROPLET_SHOW, review->droplets, review->n_droplets,
			    request->row.id, NULL, arena, decision);
	}
	if (review->gone || review->n_droplets == 0 || decision->verdict != ALLOW) {
		gate_decide(gate, &who, VERB_DROPLET_SHOW, review->droplets, review->n_droplets,
			    request->row.id, txn, arena, decision);
		decision->verdict = DENY;
		*ret_why = arena_printf(arena, "Nothing ran: no droplet %s here.",
					name_of_all(review, arena));
		return false;
	}
	gate_decide_cost(
		gate, &who, verb,
		job_args_droplets(&request->args, review->droplets, review->n_droplets, arena),
		review->n_droplets, job_args_cost(&request->args), request->row.id, txn, arena,
		decision);
	if (decision->verdict == ALLOW && verb != VERB_NONE) {
		return true;
	}
	if (verb == VERB_NONE) {
		*ret_why = "Nothing ran: this version cannot do it.";
		return false;
	}
	if (decision->limit != NULL) {
		*ret_why = arena_printf(arena, "Nothing ran: %s", decision->limit);
		return false;
	}
	*ret_why = arena_printf(arena,
				"Nothing ran: %s may not any more.\n"
				"The policy or its tags changed since.",
				request->row.person[0] != '\0' ? request->row.person : "you");
	return false;
}
