/* memory.c - the store in memory, for tests: the same conditions and the same undoing, and faults on demand
 *
 * Rows are immutable; a change puts a new one and keeps the old one in the undo list of its group until that is finished.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/memory.h"

/* Closed ones keep their rows for store_memory_reopen, as a disk would. */
static struct memory *closed;

static struct row *row_new(void)
{
	return mem_alloc(sizeof(struct row));
}

static void memory_row_free(void *row)
{
	if (row != NULL) {
		arena_done(&((struct row *)row)->arena);
		free(row);
	}
}

void memory_remember(struct memory *m, struct map *map, const char *key, struct row *old)
{
	if (m->n_undos == m->cap_undos) {
		m->cap_undos = m->cap_undos * 2 + 16;
		m->undos = mem_grow(m->undos, m->cap_undos, sizeof(*m->undos));
	}
	m->undos[m->n_undos].map = map;
	m->undos[m->n_undos].key = mem_strdup(key);
	m->undos[m->n_undos].old = old;
	m->undos[m->n_undos].cut = NULL;
	m->n_undos++;
}

static void put(struct memory *m, struct map *map, const char *key, struct row *row)
{
	memory_remember(m, map, key, map_put(map, key, row));
}

static void cut_free(struct cut *cut)
{
	for (size_t i = 0; cut != NULL && i < cut->n; i++) {
		memory_row_free(cut->rows[i]);
	}
	if (cut != NULL) {
		free(cut->rows);
	}
	free(cut);
}

static void put_back(struct rows *rows, struct cut *cut)
{
	rows->log = mem_grow(rows->log, rows->n_log + cut->n + 1, sizeof(struct row *));
	rows->cap_log = rows->n_log + cut->n + 1;
	memmove(rows->log + cut->n, rows->log, rows->n_log * sizeof(struct row *));
	memcpy(rows->log, cut->rows, cut->n * sizeof(struct row *));
	rows->n_log += cut->n;
	rows->cut_seq = cut->seq;
	memcpy(rows->cut_hash, cut->hash, STORE_HASH_SIZE);
	cut->n = 0;
}

static void undo_to(struct memory *m, size_t mark)
{
	while (m->n_undos > mark) {
		struct undo *undo = &m->undos[--m->n_undos];

		if (undo->cut != NULL) {
			put_back(&m->rows, undo->cut);
			cut_free(undo->cut);
		} else if (undo->map == NULL) {
			memory_row_free(m->rows.log[--m->rows.n_log]);
		} else if (undo->old == NULL) {
			memory_row_free(map_remove(undo->map, undo->key));
		} else {
			memory_row_free(map_put(undo->map, undo->key, undo->old));
		}
		free(undo->key);
	}
}

/* ---- one transaction's ops ----------------------------------------------------------------- */

static int put_seen(struct memory *m, const struct store_op *op, struct err *err)
{
	struct row *row;

	if (map_has(&m->rows.seen, op->name)) {
		return err_set(err, ERR_CONFLICT, "this was asked already");
	}
	row = row_new();
	row->at_ms = op->at_ms;
	row->text = arena_strdup(&row->arena, op->name);
	put(m, &m->rows.seen, op->name, row);
	return 0;
}

static int check_free(struct memory *m, const struct store_job *job, struct err *err)
{
	void *value;

	for (size_t i = 0; map_next(&m->rows.jobs, &i, NULL, &value);) {
		const struct store_job *other = &((struct row *)value)->job;

		if (other->open && job->droplet_id != 0 && other->droplet_id == job->droplet_id &&
		    strcmp(other->account, job->account) == 0 && strcmp(other->id, job->id) != 0) {
			return err_set(err, ERR_CONFLICT, "\"%.64s\" has an open job already",
				       job->droplet_name);
		}
	}
	return 0;
}

static int put_job(struct memory *m, const struct store_job *job, struct err *err)
{
	struct row *row;

	if (job->open && check_free(m, job, err) < 0) {
		return -1;
	}
	row = row_new();
	row->job = *job;
	row->job.account = arena_strdup(&row->arena, job->account);
	row->job.droplet_name = arena_strdup(&row->arena, job->droplet_name);
	row->job.outcome = arena_strdup(&row->arena, job->outcome);
	row->job.steps = arena_strdup(&row->arena, job->steps);
	row->job.beside = arena_strdup(&row->arena, job->beside);
	put(m, &m->rows.jobs, job->id, row);
	return 0;
}

static int put_request(struct memory *m, const struct store_request *request, struct err *err)
{
	struct row *row;

	if (map_get(&m->rows.requests, request->id) != NULL) {
		return store_id_taken(err);
	}
	row = row_new();
	store_request_keep(&row->arena, &row->request, request);
	put(m, &m->rows.requests, request->id, row);
	return 0;
}

static void put_request_now(struct memory *m, const struct store_request *request)
{
	const struct row *old = map_get(&m->rows.requests, request->id);
	struct store_request now;
	struct row *row;

	if (old == NULL) {
		return;
	}
	row = row_new();
	now = old->request;
	now.card = request->card;
	now.reason = request->reason;
	now.terms = request->terms;
	now.updated_ms = request->updated_ms;
	now.final = now.final || request->final;
	store_request_keep(&row->arena, &row->request, &now);
	put(m, &m->rows.requests, request->id, row);
}

static void put_consent(struct memory *m, const struct store_consent *consent)
{
	struct row *row = row_new();

	store_consent_keep(&row->arena, &row->consent, consent);
	put(m, &m->rows.consents,
	    arena_printf(&row->arena, "%s\n%d\n%s", consent->request, consent->kind,
			 consent->person),
	    row);
}

static void put_lock(struct memory *m, const struct store_lock *lock)
{
	struct row *row = row_new();
	struct store_lock *to = &row->lock;

	*to = *lock;
	to->account = arena_strdup(&row->arena, lock->account);
	to->droplet_name = arena_strdup(&row->arena, lock->droplet_name);
	to->person = arena_strdup(&row->arena, lock->person);
	to->reason = arena_strdup(&row->arena, lock->reason);
	put(m, &m->rows.locks,
	    arena_printf(&row->arena, "%s\n%llu", to->account, (unsigned long long)to->droplet_id),
	    row);
}

static void put_take(struct memory *m, const struct store_take *take)
{
	struct row *row = row_new();

	store_take_keep(&row->arena, &row->take, take);
	put(m, &m->rows.takes, take->id, row);
}

static void untake(struct memory *m, const char *id)
{
	struct row *row = map_get(&m->rows.takes, id);

	if (row != NULL) {
		memory_take_out(m, &m->rows.takes, id, row);
	}
}

static void put_place(struct memory *m, const struct store_place *place)
{
	struct row *row = row_new();

	store_place_keep(&row->arena, &row->place, place);
	put(m, &m->rows.places, place->job, row);
}

static void unplace(struct memory *m, const char *job)
{
	struct row *row = map_get(&m->rows.places, job);

	if (row != NULL) {
		memory_take_out(m, &m->rows.places, job, row);
	}
}

static void put_policy(struct memory *m, const struct store_op *op)
{
	const struct row *old = map_get(&m->rows.policies, op->name);
	struct row *row = row_new();

	row->at_ms = op->at_ms;
	row->log_seq = m->rows.cut_seq + (int64_t)m->rows.n_log;
	row->text = arena_strdup(&row->arena, old != NULL ? old->text : op->value);
	put(m, &m->rows.policies, op->name, row);
}

const char *memory_cut_hash(const struct rows *rows)
{
	return rows->cut_seq > 0 ? rows->cut_hash : STORE_CHAIN_START;
}

const char *memory_last_hash(const struct rows *rows)
{
	return rows->n_log > 0 ? rows->log[rows->n_log - 1]->hash : memory_cut_hash(rows);
}

static void put_log(struct memory *m, const char *body)
{
	struct row *row = row_new();
	struct rows *rows = &m->rows;

	memcpy(row->prev, memory_last_hash(rows), STORE_HASH_SIZE);
	row->text = arena_strdup(&row->arena, body);
	store_chain_hash(row->prev, body, row->hash);
	if (rows->n_log == rows->cap_log) {
		rows->cap_log = rows->cap_log * 2 + 16;
		rows->log = mem_grow(rows->log, rows->cap_log, sizeof(struct row *));
	}
	rows->log[rows->n_log++] = row;
	memory_remember(m, NULL, "", NULL);
}

void memory_take_out(struct memory *m, struct map *map, const char *key, struct row *row)
{
	memory_remember(m, map, key, row);
	(void)map_remove(map, m->undos[m->n_undos - 1].key); /* frees `key` when it is the map's */
}

static void put_cursor(struct memory *m, const struct store_op *op)
{
	struct row *row = map_get(&m->rows.cursors, op->name);

	if (op->value == NULL) {
		if (row != NULL) {
			memory_take_out(m, &m->rows.cursors, op->name, row);
		}
		return;
	}
	row = row_new();
	row->text = arena_strdup(&row->arena, op->value);
	put(m, &m->rows.cursors, op->name, row);
}

void memory_forget(struct memory *m, int64_t before_ms)
{
	const char *key;
	void *value;

	for (size_t i = 0; map_next(&m->rows.seen, &i, &key, &value);) {
		if (((struct row *)value)->at_ms < before_ms) {
			memory_take_out(m, &m->rows.seen, key, value);
		}
	}
}

void memory_void_consents(struct memory *m, const char *request)
{
	const char *key;
	void *value;

	for (size_t i = 0; map_next(&m->rows.consents, &i, &key, &value);) {
		if (strcmp(((struct row *)value)->consent.request, request) == 0) {
			memory_take_out(m, &m->rows.consents, key, value);
		}
	}
}

static void unlock(struct memory *m, const struct store_lock *lock)
{
	const char *key;
	void *value;

	for (size_t i = 0; map_next(&m->rows.locks, &i, &key, &value);) {
		const struct store_lock *is = &((struct row *)value)->lock;

		if (is->droplet_id == lock->droplet_id && strcmp(is->account, lock->account) == 0) {
			memory_take_out(m, &m->rows.locks, key, value);
		}
	}
}

static int apply_op(struct memory *m, const struct store_op *op, struct err *err)
{
	switch (op->kind) {
	case OP_SEEN:
		return put_seen(m, op, err);
	case OP_JOB:
		return put_job(m, &op->job, err);
	case OP_REQUEST:
		return put_request(m, &op->request, err);
	case OP_REQUEST_NOW:
		put_request_now(m, &op->request);
		return 0;
	case OP_LOG:
		put_log(m, op->name);
		return 0;
	case OP_CURSOR:
		put_cursor(m, op);
		return 0;
	case OP_FORGET:
		memory_forget(m, op->at_ms);
		return 0;
	case OP_CONSENT:
		put_consent(m, &op->consent);
		return 0;
	case OP_VOID:
		memory_void_consents(m, op->name);
		return 0;
	case OP_LOCK:
		put_lock(m, &op->lock);
		return 0;
	case OP_UNLOCK:
		unlock(m, &op->lock);
		return 0;
	case OP_TAKE:
		put_take(m, &op->take);
		return 0;
	case OP_UNTAKE:
		untake(m, op->name);
		return 0;
	case OP_PLACE:
		put_place(m, &op->place);
		return 0;
	case OP_UNPLACE:
		unplace(m, op->name);
		return 0;
	case OP_POLICY:
		put_policy(m, op);
		return 0;
	case OP_PRUNE:
		memory_prune(m, &op->prune);
		return 0;
	case OP_CUT:
		return memory_cut_log(m, op->seq, err);
	case OP_POLICIES:
		memory_drop_policies(m);
		return 0;
	}
	return err_set(err, ERR_STORE, "the transaction is broken");
}

/* ---- a group ------------------------------------------------------------------------------- */

static int memory_begin(struct store *store, struct err *err)
{
	(void)store;
	(void)err;
	return 0;
}

static int memory_apply(struct store *store, const struct store_txn *txn, bool alone,
			bool *ret_lost, struct err *err)
{
	struct memory *m = memory_of(store);
	size_t mark = m->n_undos;
	int rc = 0;

	(void)alone;
	(void)ret_lost; /* a fault is one transaction's alone, so that tests can count commits */
	for (const struct store_op *op = txn->first; rc == 0 && op != NULL; op = op->next) {
		rc = apply_op(m, op, err);
	}
	if (rc == 0 && txn->fault != ERR_NONE) {
		rc = err_set(err, txn->fault, "the disk is full: it was not written down");
	}
	if (rc < 0) {
		undo_to(m, mark);
	}
	return rc;
}

static int memory_finish(struct store *store, struct err *err)
{
	struct memory *m = memory_of(store);

	(void)err;
	for (size_t i = 0; i < m->n_undos; i++) {
		memory_row_free(m->undos[i].old);
		cut_free(m->undos[i].cut);
		free(m->undos[i].key);
	}
	m->n_undos = 0;
	return 0;
}

static void memory_undo(struct store *store)
{
	undo_to(memory_of(store), 0);
}

/* ---- opening, closing, crashing ------------------------------------------------------------ */

static void memory_close(struct store *store)
{
	struct memory *m = memory_of(store);

	free(m->undos);
	m->undos = NULL;
	m->n_undos = 0;
	m->cap_undos = 0;
	store_done(store);
	m->next_closed = closed;
	closed = m;
}

static const struct store_back back = {
	.begin = memory_begin,
	.apply = memory_apply,
	.finish = memory_finish,
	.undo = memory_undo,
	.each_request = memory_each_request,
	.find_request = memory_find_request,
	.each_job = memory_each_job,
	.each_consent = memory_each_consent,
	.each_lock = memory_each_lock,
	.each_take = memory_each_take,
	.each_place = memory_each_place,
	.get_policy = memory_get_policy,
	.get_cursor = memory_get_cursor,
	.each_cursor = memory_each_cursor,
	.each_seen = memory_each_seen,
	.each_log = memory_each_log,
	.each_log_back = memory_each_log_back,
	.each_policy = memory_each_policy,
	.get_usage = memory_get_usage,
	.set_limit = memory_set_limit,
	.check = memory_check,
	.close = memory_close,
};

struct store *store_memory_open(struct loop *loop)
{
	struct memory *m = mem_alloc(sizeof(*m));

	store_init(&m->store, &back, loop);
	map_init(&m->rows.seen);
	map_init(&m->rows.requests);
	map_init(&m->rows.jobs);
	map_init(&m->rows.cursors);
	map_init(&m->rows.consents);
	map_init(&m->rows.locks);
	map_init(&m->rows.takes);
	map_init(&m->rows.places);
	map_init(&m->rows.policies);
	return &m->store;
}

void store_memory_fail(struct store *store, unsigned nth, enum err_kind kind)
{
	store->fail_nth = nth;
	store->fail_kind = kind;
}

struct store *store_memory_reopen(struct loop *loop, struct store *old)
{
	struct memory *from = memory_of(old);
	struct memory **at = &closed;
	struct store *store = store_memory_open(loop);

	while (*at != NULL && *at != from) {
		at = &(*at)->next_closed;
	}
	if (*at == NULL) { /* it still stands: this is the crash */
		store_drain(old, true);
		memory_close(old);
		at = &closed;
	}
	*at = from->next_closed;
	memory_of(store)->rows = from->rows;
	store->fail_nth = from->store.fail_nth; /* the disk is the same one */
	store->fail_kind = from->store.fail_kind;
	free(from);
	return store;
}
