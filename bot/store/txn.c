/* txn.c - what a transaction will do, gathered on the loop: operations in their order, all strings copied into its arena */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/internal.h"

struct store_txn *store_txn_new(struct store *store)
{
	struct store_txn *txn = mem_alloc(sizeof(*txn));

	list_init(&txn->link);
	txn->store = store;
	arena_init(&txn->arena);
	txn->last = &txn->first;
	return txn;
}

void store_txn_drop(struct store_txn *txn)
{
	if (txn != NULL) {
		arena_done(&txn->arena);
		free(txn);
	}
}

static struct store_op *add(struct store_txn *txn, enum op_kind kind)
{
	struct store_op *op = arena_alloc(&txn->arena, sizeof(*op));

	op->kind = kind;
	*txn->last = op;
	txn->last = &op->next;
	return op;
}

static const char *copy(struct store_txn *txn, const char *text)
{
	return text != NULL ? arena_strdup(&txn->arena, text) : "";
}

void store_txn_seen(struct store_txn *txn, const char *key, int64_t now_ms)
{
	struct store_op *op = add(txn, OP_SEEN);

	op->name = copy(txn, key);
	op->at_ms = now_ms;
}

void store_txn_job(struct store_txn *txn, const struct store_job *job)
{
	struct store_op *op = add(txn, OP_JOB);

	op->job = *job;
	op->job.account = copy(txn, job->account);
	op->job.droplet_name = copy(txn, job->droplet_name);
	op->job.outcome = copy(txn, job->outcome);
	op->job.steps = copy(txn, job->steps);
	op->job.beside = copy(txn, job->beside);
}

/* The strings of a row, by where they stand in it. */
static void keep_texts(struct arena *arena, void *row, const size_t *texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char **text = (const char **)(void *)((char *)row + texts[i]);

		*text = *text != NULL ? arena_strdup(arena, *text) : "";
	}
}

static const size_t request_texts[] = {
	offsetof(struct store_request, network),        offsetof(struct store_request, workspace),
	offsetof(struct store_request, channel),        offsetof(struct store_request, thread),
	offsetof(struct store_request, user_workspace), offsetof(struct store_request, user),
	offsetof(struct store_request, person),         offsetof(struct store_request, answers),
	offsetof(struct store_request, verb),           offsetof(struct store_request, words),
	offsetof(struct store_request, policy_id),      offsetof(struct store_request, card),
	offsetof(struct store_request, arguments),      offsetof(struct store_request, reason),
	offsetof(struct store_request, nonce),          offsetof(struct store_request, digest),
	offsetof(struct store_request, terms),
};
_Static_assert(ARRAY_LEN(request_texts) == STORE_REQUEST_TEXTS, "each string of a request");

const char **store_text_at(struct store_request *request, size_t i)
{
	return (const char **)(void *)((char *)request + request_texts[i]);
}

const char *store_text_of(const struct store_request *request, size_t i)
{
	return *(const char *const *)(const void *)((const char *)request + request_texts[i]);
}

void store_request_keep(struct arena *arena, struct store_request *ret,
			const struct store_request *row)
{
	*ret = *row;
	keep_texts(arena, ret, request_texts, STORE_REQUEST_TEXTS);
}

void store_txn_request(struct store_txn *txn, const struct store_request *request)
{
	store_request_keep(&txn->arena, &add(txn, OP_REQUEST)->request, request);
}

int store_id_taken(struct err *err)
{
	return err_set(err, ERR_LIMIT, "its number is taken already; please ask once more");
}

void store_txn_request_now(struct store_txn *txn, const struct store_request *request)
{
	struct store_request *to = &add(txn, OP_REQUEST_NOW)->request;

	memcpy(to->id, request->id, sizeof(to->id));
	to->card = copy(txn, request->card);
	to->reason = copy(txn, request->reason);
	to->terms = copy(txn, request->terms);
	to->updated_ms = request->updated_ms;
	to->final = request->final;
}

static const size_t consent_texts[] = {
	offsetof(struct store_consent, request),   offsetof(struct store_consent, person),
	offsetof(struct store_consent, network),   offsetof(struct store_consent, user_workspace),
	offsetof(struct store_consent, user),      offsetof(struct store_consent, digest),
	offsetof(struct store_consent, policy_id),
};

void store_consent_keep(struct arena *arena, struct store_consent *ret,
			const struct store_consent *row)
{
	*ret = *row;
	keep_texts(arena, ret, consent_texts, ARRAY_LEN(consent_texts));
}

void store_txn_consent(struct store_txn *txn, const struct store_consent *consent)
{
	store_consent_keep(&txn->arena, &add(txn, OP_CONSENT)->consent, consent);
}

void store_txn_void(struct store_txn *txn, const char *request)
{
	add(txn, OP_VOID)->name = copy(txn, request);
}

void store_txn_lock(struct store_txn *txn, const struct store_lock *lock)
{
	struct store_lock *to = &add(txn, OP_LOCK)->lock;

	*to = *lock;
	to->account = copy(txn, lock->account);
	to->droplet_name = copy(txn, lock->droplet_name);
	to->person = copy(txn, lock->person);
	to->reason = copy(txn, lock->reason);
}

void store_txn_unlock(struct store_txn *txn, const char *account, uint64_t droplet_id)
{
	struct store_lock *to = &add(txn, OP_UNLOCK)->lock;

	to->account = copy(txn, account);
	to->droplet_id = droplet_id;
}

static const size_t take_texts[] = {
	offsetof(struct store_take, rota),      offsetof(struct store_take, person),
	offsetof(struct store_take, reason),    offsetof(struct store_take, network),
	offsetof(struct store_take, workspace), offsetof(struct store_take, channel),
	offsetof(struct store_take, thread),    offsetof(struct store_take, user_workspace),
	offsetof(struct store_take, user),
};
_Static_assert(ARRAY_LEN(take_texts) == STORE_TAKE_TEXTS, "each string of a turn that was taken");

const char **store_take_text_at(struct store_take *take, size_t i)
{
	return (const char **)(void *)((char *)take + take_texts[i]);
}

const char *store_take_text_of(const struct store_take *take, size_t i)
{
	return *(const char *const *)(const void *)((const char *)take + take_texts[i]);
}

void store_take_keep(struct arena *arena, struct store_take *ret, const struct store_take *row)
{
	*ret = *row;
	keep_texts(arena, ret, take_texts, STORE_TAKE_TEXTS);
}

void store_txn_take(struct store_txn *txn, const struct store_take *take)
{
	store_take_keep(&txn->arena, &add(txn, OP_TAKE)->take, take);
}

void store_txn_untake(struct store_txn *txn, const char *id)
{
	add(txn, OP_UNTAKE)->name = copy(txn, id);
}

static const size_t place_texts[] = {
	offsetof(struct store_place, verb),           offsetof(struct store_place, network),
	offsetof(struct store_place, user_workspace), offsetof(struct store_place, user),
	offsetof(struct store_place, workspace),      offsetof(struct store_place, channel),
	offsetof(struct store_place, account),        offsetof(struct store_place, name),
	offsetof(struct store_place, region),         offsetof(struct store_place, size),
	offsetof(struct store_place, project),        offsetof(struct store_place, project_id),
	offsetof(struct store_place, tags),
};
_Static_assert(ARRAY_LEN(place_texts) == STORE_PLACE_TEXTS, "each string of a place");

const char **store_place_text_at(struct store_place *place, size_t i)
{
	return (const char **)(void *)((char *)place + place_texts[i]);
}

const char *store_place_text_of(const struct store_place *place, size_t i)
{
	return *(const char *const *)(const void *)((const char *)place + place_texts[i]);
}

void store_place_keep(struct arena *arena, struct store_place *ret, const struct store_place *row)
{
	*ret = *row;
	keep_texts(arena, ret, place_texts, STORE_PLACE_TEXTS);
}

void store_txn_place(struct store_txn *txn, const struct store_place *place)
{
	store_place_keep(&txn->arena, &add(txn, OP_PLACE)->place, place);
}

void store_txn_unplace(struct store_txn *txn, const char *request, const char *job)
{
	struct store_op *op = add(txn, OP_UNPLACE);

	op->name = copy(txn, job);
	op->value = copy(txn, request);
}

void store_txn_policy(struct store_txn *txn, const char *id, const char *text, int64_t at_ms)
{
	struct store_op *op = add(txn, OP_POLICY);

	op->name = copy(txn, id);
	op->value = copy(txn, text);
	op->at_ms = at_ms;
}

void store_txn_log(struct store_txn *txn, const char *body)
{
	add(txn, OP_LOG)->name = copy(txn, body);
}

void store_txn_cursor(struct store_txn *txn, const char *name, const char *value)
{
	struct store_op *op = add(txn, OP_CURSOR);

	op->name = copy(txn, name);
	op->value = value != NULL ? copy(txn, value) : NULL;
}

void store_txn_forget(struct store_txn *txn, int64_t seen_before_ms)
{
	add(txn, OP_FORGET)->at_ms = seen_before_ms;
}

void store_txn_prune(struct store_txn *txn, const struct store_prune *prune)
{
	add(txn, OP_PRUNE)->prune = *prune;
}

void store_txn_cut(struct store_txn *txn, int64_t seq)
{
	add(txn, OP_CUT)->seq = seq;
}

void store_txn_drop_policies(struct store_txn *txn)
{
	(void)add(txn, OP_POLICIES);
}

void store_txn_ahead(struct store_txn *txn)
{
	txn->ahead = true;
}
