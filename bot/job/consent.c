/* consent.c - the rule of consents: what a yes is bound to, and what is still missing */
#include "job/consent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/digest.h"
#include "base/strbuf.h"

#define BYTES_MAX (4U << 20)

void consent_nonce(char ret_nonce[CONSENT_NONCE_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[(CONSENT_NONCE_SIZE - 1) / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
		abort(); /* with a nonce that can be foreseen an old yes could be used again */
	}
	for (size_t i = 0; i < sizeof(bytes); i++) {
		ret_nonce[2 * i] = digits[bytes[i] >> 4];
		ret_nonce[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret_nonce[CONSENT_NONCE_SIZE - 1] = '\0';
}

/* Length first: no two lists of fields have the same bytes. */
static void add(struct strbuf *out, const char *field)
{
	size_t len;

	field = field != NULL ? field : "";
	len = strlen(field);
	(void)strbuf_add_number(out, len);
	(void)strbuf_addch(out, ':');
	(void)strbuf_add(out, field, len);
	(void)strbuf_addch(out, ',');
}

static void add_number(struct strbuf *out, uint64_t number)
{
	(void)strbuf_add_number(out, number);
	(void)strbuf_addch(out, ',');
}

static void finish(struct strbuf *out, char ret_hex[CONSENT_DIGEST_SIZE])
{
	if (out->full) {
		abort(); /* a digest of a part would bind a part */
	}
	digest_hex(out->buf, out->len, ret_hex);
	strbuf_done(out);
}

static int by_droplet(const void *a, const void *b)
{
	const struct store_job *x = *(const struct store_job *const *)a;
	const struct store_job *y = *(const struct store_job *const *)b;
	int order = strcmp(x->account, y->account);

	if (order != 0) {
		return order;
	}
	if (x->droplet_id != y->droplet_id) {
		return x->droplet_id < y->droplet_id ? -1 : 1;
	}
	return strcmp(x->droplet_name, y->droplet_name);
}

void consent_digest(const struct store_request *request, const struct store_job *jobs,
		    size_t n_jobs, char ret_digest[CONSENT_DIGEST_SIZE])
{
	const char *const fields[] = {
		"consent/1",      request->id,        request->network,
		request->person,  request->user,      request->user_workspace,
		request->verb,    request->arguments, request->workspace,
		request->channel, request->thread,    request->direct ? "direct" : "",
		request->nonce,
	};
	const struct store_job **sorted = calloc(n_jobs + 1, sizeof(*sorted));
	struct strbuf out;

	if (sorted == NULL) {
		abort();
	}
	strbuf_init(&out, BYTES_MAX);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		add(&out, fields[i]);
	}
	for (size_t i = 0; i < n_jobs; i++) {
		sorted[i] = &jobs[i];
	}
	qsort(sorted, n_jobs, sizeof(*sorted), by_droplet);
	add_number(&out, n_jobs);
	for (size_t i = 0; i < n_jobs; i++) {
		add(&out, sorted[i]->account);
		add_number(&out, sorted[i]->droplet_id);
		if (sorted[i]->droplet_id == 0) { /* one that is to be made is its name */
			add(&out, sorted[i]->droplet_name);
		}
		if (sorted[i]->beside != NULL && *sorted[i]->beside != '\0') {
			add(&out, sorted[i]->beside); /* what was shown goes, and nothing else */
		}
	}
	free(sorted);
	finish(&out, ret_digest);
}

/* Duties come in the order of the file; the digest does not depend on it. */
static int by_duty(const void *a, const void *b)
{
	const struct duty *x = *(const struct duty *const *)a;
	const struct duty *y = *(const struct duty *const *)b;

	int order;

	if (x->kind != y->kind) {
		return x->kind < y->kind ? -1 : 1;
	}
	order = strcmp(x->group != NULL ? x->group : "", y->group != NULL ? y->group : "");
	if (order != 0) {
		return order;
	}
	if (x->n != y->n) {
		return x->n < y->n ? -1 : 1;
	}
	return x->within_ms < y->within_ms ? -1 : x->within_ms > y->within_ms;
}

static void add_approvers(struct strbuf *out, const struct gate *gate,
			  const struct gate_who *requester, const char *person,
			  const struct duty *duty)
{
	const struct gate_approver *approvers;
	struct arena arena = {0};
	size_t n = gate_members(gate, duty->group, person, requester->network, requester->workspace,
				&arena, &approvers);

	add_number(out, n);
	for (size_t i = 0; i < n; i++) {
		add(out, approvers[i].person);
	}
	arena_done(&arena);
}

void consent_terms(const struct gate *gate, const struct gate_who *requester,
		   const struct gate_decision *decision, char ret_terms[CONSENT_DIGEST_SIZE])
{
	const char *person = gate_person(gate, requester);
	const struct duty *sorted[DECISION_DUTIES_MAX] = {NULL};
	size_t n =
		decision->n_duties < DECISION_DUTIES_MAX ? decision->n_duties : DECISION_DUTIES_MAX;
	struct strbuf out;

	strbuf_init(&out, BYTES_MAX);
	add(&out, "terms/1");
	add(&out, decision->verdict == ALLOW ? "allow" : "deny");
	add(&out, person);
	for (size_t i = 0; i < n; i++) {
		sorted[i] = &decision->duties[i];
	}
	qsort(sorted, n, sizeof(sorted[0]), by_duty);
	add_number(&out, n);
	for (size_t i = 0; i < n; i++) {
		add_number(&out, sorted[i]->kind);
		/* a line that says the same under another name is the same */
		if (sorted[i]->kind == DUTY_CODE) {
			add_number(&out, (uint64_t)sorted[i]->lasts_ms);
		}
		if (sorted[i]->kind == DUTY_APPROVALS) {
			add_number(&out, sorted[i]->n);
			add_number(&out, (uint64_t)sorted[i]->within_ms);
			add(&out, sorted[i]->group);
			add_approvers(&out, gate, requester, person, sorted[i]);
		}
	}
	finish(&out, ret_terms);
}

/* ---- what is missing ------------------------------------------------------------------------- */

static bool same(const char *a, const char *b)
{
	return a != NULL && b != NULL && *a != '\0' && strcmp(a, b) == 0;
}

/* A yes to this very request. */
static bool is_bound(const struct consent_question *q, const struct store_consent *consent)
{
	return same(consent->request, q->request->id) && same(consent->digest, q->request->digest);
}

static bool is_confirmed(const struct consent_question *q, bool by_code)
{
	for (size_t i = 0; i < q->n_consents; i++) {
		const struct store_consent *consent = &q->consents[i];

		if (is_bound(q, consent) && same(consent->person, q->request->person) &&
		    (consent->kind == CONSENT_CODE ||
		     (!by_code && consent->kind == CONSENT_CONFIRM))) {
			return true;
		}
	}
	return false;
}

static bool is_code_met(const struct consent_question *q, const struct duty *duty)
{
	int64_t age_ms = q->now_ms - q->code_ms;

	return is_confirmed(q, true) ||
	       (duty->lasts_ms > 0 && q->code_ms > 0 && age_ms >= 0 && age_ms <= duty->lasts_ms);
}

static bool is_approval(const struct consent_question *q, const struct duty *duty,
			const struct store_consent *consent)
{
	int64_t after_ms = consent->at_ms - q->request->created_ms;

	return consent->kind == CONSENT_APPROVE && is_bound(q, consent) &&
	       consent->person != NULL && *consent->person != '\0' &&
	       !same(consent->person, q->request->person) && after_ms >= 0 &&
	       after_ms <= duty->within_ms && q->member(consent->person, duty->group, q->data);
}

/* Persons, not accounts and not presses. */
static unsigned count_approvals(const struct consent_question *q, const struct duty *duty)
{
	unsigned n = 0;

	for (size_t i = 0; i < q->n_consents; i++) {
		bool counts = is_approval(q, duty, &q->consents[i]);

		for (size_t k = 0; counts && k < i; k++) {
			counts = !(same(q->consents[i].person, q->consents[k].person) &&
				   is_approval(q, duty, &q->consents[k]));
		}
		n += counts;
	}
	return n;
}

static bool is_met(const struct consent_question *q, const struct duty *duty, unsigned *ret_given)
{
	*ret_given = 0;
	switch (duty->kind) {
	case DUTY_NONE:
		return true;
	case DUTY_REASON:
		return q->request->reason != NULL && *q->request->reason != '\0';
	case DUTY_CONFIRM:
		return is_confirmed(q, false);
	case DUTY_CODE:
		return is_code_met(q, duty);
	case DUTY_APPROVALS:
		*ret_given = count_approvals(q, duty);
		return *ret_given >= duty->n;
	}
	return false; /* a step that is not known is never met */
}

struct consent_missing consent_missing(const struct consent_question *question)
{
	static const enum duty_kind order[] = {DUTY_REASON, DUTY_CODE, DUTY_CONFIRM,
					       DUTY_APPROVALS};
	const struct gate_decision *decision = question->decision;
	struct consent_missing missing = {.kind = DUTY_NONE};

	for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
		for (size_t i = 0; i < decision->n_duties; i++) {
			const struct duty *duty = &decision->duties[i];

			if (duty->kind == order[k] && !is_met(question, duty, &missing.n_given)) {
				missing.kind = duty->kind;
				missing.duty = duty;
				return missing;
			}
		}
		if (order[k] == DUTY_CONFIRM && question->confirms &&
		    !is_confirmed(question, false)) {
			missing.kind = DUTY_CONFIRM;
			missing.n_given = 0;
			return missing;
		}
	}
	missing.n_given = 0;
	return missing;
}
