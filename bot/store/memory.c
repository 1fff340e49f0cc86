/* memory.c - the store in memory, for tests: the same conditions and the same undoing, and faults on demand
 *
 * Rows are immutable; a change puts a new one and keeps the old one in the undo list of its group until that is finished.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "store/internal.h"

struct row {
	struct arena arena; /* holds the row itself too */
	int64_t at_ms;      /* seen, policy */
	int64_t log_seq;    /* policy: the newest row of the log when it came into force */
	const char *text;   /* cursor, policy; log: the body */
	char prev[STORE_HASH_SIZE], hash[STORE_HASH_SIZE];
	union {
		struct store_job job;
		struct store_request request;
		struct store_consent consent;
		struct store_lock lock;
	};
};

/* The rows that a cut took from the log, and where it was cut before. */
struct cut {
	struct row **rows;
	size_t n;
	int64_t seq;
	char hash[STORE_HASH_SIZE];
};

/* What stood in `map` under `key` before: NULL was nothing. map NULL: the log was cut, or a row was added to it. */
struct undo {
	struct map *map;
	char *key;
	struct row *old;
	struct cut *cut;
};

struct rows {
	struct map seen, requests, jobs, cursors, consents, locks, policies;
	struct row **log;
	size_t n_log, cap_log;
	int64_t cut_seq; /* the number of the row before log[0] */
	char cut_hash[STORE_HASH_SIZE];
};

struct memory {
	struct store store;
	struct rows rows;
	struct undo *undos;
	size_t n_undos, cap_undos;
	struct memory *next_closed;
};

/* Closed ones keep their rows for store_memory_reopen, as a disk would. */
static struct memory *closed;

static struct memory *of(struct store *store)
{
	return (struct memory *)(void *)store;
}

static struct row *row_new(void)
{
	return mem_alloc(sizeof(struct row));
}

static void row_free(void *row)
{
	if (row != NULL) {
		arena_done(&((struct row *)row)->arena);
		free(row);
	}
}

static void remember(struct memory *m, struct map *map, const char *key, struct row *old)
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
	remember(m, map, key, map_put(map, key, row));
}

static void cut_free(struct cut *cut)
{
	for (size_t i = 0; cut != NULL && i < cut->n; i++) {
		row_free(cut->rows[i]);
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
			row_free(m->rows.log[--m->rows.n_log]);
		} else if (undo->old == NULL) {
			row_free(map_remove(undo->map, undo->key));
		} else {
			row_free(map_put(undo->map, undo->key, undo->old));
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
	put(m, &m->rows.seen, op->name, row);
	return 0;
}

static int check_free(struct memory *m, const struct store_job *job, struct err *err)
{
	void *value;

	for (size_t i = 0; map_next(&m->rows.jobs, &i, NULL, &value);) {
		const struct store_job *other = &((struct row *)value)->job;

		if (other->open && other->droplet_id == job->droplet_id &&
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
	put(m, &m->rows.jobs, job->id, row);
	return 0;
}

static void put_request(struct memory *m, const struct store_request *request)
{
	struct row *row = row_new();

	store_request_keep(&row->arena, &row->request, request);
	put(m, &m->rows.requests, request->id, row);
}

static void put_consent(struct memory *m, const struct store_consent *consent)
{
	struct row *row = row_new();
	struct store_consent *to = &row->consent;
	const char **const texts[] = {&to->request, &to->person, &to->network,  &to->user_workspace,
				      &to->user,    &to->digest, &to->policy_id};

	*to = *consent;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		*texts[i] = arena_strdup(&row->arena, *texts[i]);
	}
	put(m, &m->rows.consents,
	    arena_printf(&row->arena, "%s\n%d\n%s", to->request, to->kind, to->person), row);
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

static void put_policy(struct memory *m, const struct store_op *op)
{
	const struct row *old = map_get(&m->rows.policies, op->name);
	struct row *row = row_new();

	row->at_ms = op->at_ms;
	row->log_seq = m->rows.cut_seq + (int64_t)m->rows.n_log;
	row->text = arena_strdup(&row->arena, old != NULL ? old->text : op->value);
	put(m, &m->rows.policies, op->name, row);
}

static const char *cut_hash(const struct rows *rows)
{
	return rows->cut_seq > 0 ? rows->cut_hash : STORE_CHAIN_START;
}

static const char *last_hash(const struct rows *rows)
{
	return rows->n_log > 0 ? rows->log[rows->n_log - 1]->hash : cut_hash(rows);
}

static void put_log(struct memory *m, const char *body)
{
	struct row *row = row_new();
	struct rows *rows = &m->rows;

	memcpy(row->prev, last_hash(rows), STORE_HASH_SIZE);
	row->text = arena_strdup(&row->arena, body);
	store_chain_hash(row->prev, body, row->hash);
	if (rows->n_log == rows->cap_log) {
		rows->cap_log = rows->cap_log * 2 + 16;
		rows->log = mem_grow(rows->log, rows->cap_log, sizeof(struct row *));
	}
	rows->log[rows->n_log++] = row;
	remember(m, NULL, "", NULL);
}

static void put_cursor(struct memory *m, const struct store_op *op)
{
	struct row *row = row_new();

	row->text = arena_strdup(&row->arena, op->value);
	put(m, &m->rows.cursors, op->name, row);
}

static void take_out(struct memory *m, struct map *map, const char *key, struct row *row)
{
	remember(m, map, key, row);
	(void)map_remove(map, m->undos[m->n_undos - 1].key); /* frees `key` when it is the map's */
}

static void forget(struct memory *m, int64_t before_ms)
{
	const char *key;
	void *value;

	for (size_t i = 0; map_next(&m->rows.seen, &i, &key, &value);) {
		if (((struct row *)value)->at_ms < before_ms) {
			take_out(m, &m->rows.seen, key, value);
		}
	}
}

static void void_consents(struct memory *m, const char *request)
{
	const char *key;
	void *value;

	for (size_t i = 0; map_next(&m->rows.consents, &i, &key, &value);) {
		if (strcmp(((struct row *)value)->consent.request, request) == 0) {
			take_out(m, &m->rows.consents, key, value);
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
			take_out(m, &m->rows.locks, key, value);
		}
	}
}

/* ---- upkeep -------------------------------------------------------------------------------- */

static int newest_first(const void *a, const void *b)
{
	const struct store_request *x = &(*(struct row *const *)a)->request;
	const struct store_request *y = &(*(struct row *const *)b)->request;

	return x->updated_ms != y->updated_ms ? (x->updated_ms > y->updated_ms ? -1 : 1) : 0;
}

static struct row **sorted(const struct map *map, int (*order)(const void *, const void *));

/* Requests that ended before that go: by age, or because there are newer ones enough. */
static int64_t final_bound(const struct rows *rows, const struct store_prune *prune)
{
	struct row **all = sorted(&rows->requests, newest_first);
	int64_t bound = prune->final_before_ms;
	int64_t n = 0;

	for (size_t i = 0; all[i] != NULL && prune->finals_kept > 0; i++) {
		if (all[i]->request.final && n++ == prune->finals_kept &&
		    all[i]->request.updated_ms >= bound) {
			bound = all[i]->request.updated_ms + 1;
		}
	}
	free(all);
	return bound;
}

static void drop_jobs(struct memory *m, const char *request)
{
	const char *key;
	void *value;

	for (size_t i = 0; map_next(&m->rows.jobs, &i, &key, &value);) {
		if (strcmp(((struct row *)value)->job.request, request) == 0) {
			take_out(m, &m->rows.jobs, key, value);
		}
	}
}

static void prune(struct memory *m, const struct store_prune *bounds)
{
	struct row **all = sorted(&m->rows.requests, newest_first);
	int64_t before_ms = final_bound(&m->rows, bounds);
	size_t n = map_size(&m->rows.requests);

	forget(m, bounds->seen_before_ms);
	for (size_t dropped = 0; n > 0 && dropped < STORE_PRUNE_REQUESTS; n--) {
		struct row *row = all[n - 1];

		if (row->request.final && row->request.updated_ms < before_ms) {
			void_consents(m, row->request.id);
			drop_jobs(m, row->request.id);
			take_out(m, &m->rows.requests, row->request.id, row);
			dropped++;
		}
	}
	free(all);
}

static bool is_meant(const struct rows *rows, const char *id)
{
	void *value;

	for (size_t i = 0; map_next(&rows->requests, &i, NULL, &value);) {
		if (strcmp(((struct row *)value)->request.policy_id, id) == 0) {
			return true;
		}
	}
	for (size_t i = 0; map_next(&rows->consents, &i, NULL, &value);) {
		if (strcmp(((struct row *)value)->consent.policy_id, id) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_followed(const struct rows *rows, const struct row *policy)
{
	void *value;

	for (size_t i = 0; map_next(&rows->policies, &i, NULL, &value);) {
		const struct row *later = value;

		if (later->log_seq > policy->log_seq && later->log_seq <= rows->cut_seq) {
			return true;
		}
	}
	return false;
}

static int cut_log(struct memory *m, int64_t seq, struct err *err)
{
	struct rows *rows = &m->rows;
	struct cut *cut;
	const char *key;
	void *value;
	size_t n = seq > rows->cut_seq ? (size_t)(seq - rows->cut_seq) : 0;

	if (n == 0 || n > rows->n_log) {
		return err_set(err, ERR_CONFLICT, "the log has no row %lld", (long long)seq);
	}
	cut = mem_alloc(sizeof(*cut));
	cut->rows = mem_array(n, sizeof(struct row *));
	cut->n = n;
	cut->seq = rows->cut_seq;
	memcpy(cut->hash, rows->cut_hash, STORE_HASH_SIZE);
	memcpy(cut->rows, rows->log, n * sizeof(struct row *));
	rows->cut_seq = seq;
	memcpy(rows->cut_hash, rows->log[n - 1]->hash, STORE_HASH_SIZE);
	rows->n_log -= n;
	memmove(rows->log, rows->log + n, rows->n_log * sizeof(struct row *));
	remember(m, NULL, "", NULL);
	m->undos[m->n_undos - 1].cut = cut;
	for (size_t i = 0; map_next(&rows->policies, &i, &key, &value);) {
		if (is_followed(rows, value) && !is_meant(rows, key)) {
			take_out(m, &rows->policies, key, value);
		}
	}
	return 0;
}

static int apply_op(struct memory *m, const struct store_op *op, struct err *err)
{
	switch (op->kind) {
	case OP_SEEN:
		return put_seen(m, op, err);
	case OP_JOB:
		return put_job(m, &op->job, err);
	case OP_REQUEST:
		put_request(m, &op->request);
		return 0;
	case OP_LOG:
		put_log(m, op->name);
		return 0;
	case OP_CURSOR:
		put_cursor(m, op);
		return 0;
	case OP_FORGET:
		forget(m, op->at_ms);
		return 0;
	case OP_CONSENT:
		put_consent(m, &op->consent);
		return 0;
	case OP_VOID:
		void_consents(m, op->name);
		return 0;
	case OP_LOCK:
		put_lock(m, &op->lock);
		return 0;
	case OP_UNLOCK:
		unlock(m, &op->lock);
		return 0;
	case OP_POLICY:
		put_policy(m, op);
		return 0;
	case OP_PRUNE:
		prune(m, &op->prune);
		return 0;
	case OP_CUT:
		return cut_log(m, op->seq, err);
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

static int memory_apply(struct store *store, const struct store_txn *txn, bool *ret_lost,
			struct err *err)
{
	struct memory *m = of(store);
	size_t mark = m->n_undos;
	int rc = 0;

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
	struct memory *m = of(store);

	(void)err;
	for (size_t i = 0; i < m->n_undos; i++) {
		row_free(m->undos[i].old);
		cut_free(m->undos[i].cut);
		free(m->undos[i].key);
	}
	m->n_undos = 0;
	return 0;
}

static void memory_undo(struct store *store)
{
	undo_to(of(store), 0);
}

/* ---- reads --------------------------------------------------------------------------------- */

static int by_age(const void *a, const void *b)
{
	const struct store_request *x = &(*(struct row *const *)a)->request;
	const struct store_request *y = &(*(struct row *const *)b)->request;

	if (x->created_ms != y->created_ms) {
		return x->created_ms < y->created_ms ? -1 : 1;
	}
	return strcmp(x->id, y->id);
}

static int by_id(const void *a, const void *b)
{
	return strcmp((*(struct row *const *)a)->job.id, (*(struct row *const *)b)->job.id);
}

static struct row **sorted(const struct map *map, int (*order)(const void *, const void *))
{
	struct row **all = mem_array(map_size(map) + 1, sizeof(struct row *));
	size_t n = 0;
	void *value;

	for (size_t i = 0; map_next(map, &i, NULL, &value);) {
		all[n++] = value;
	}
	if (n > 1) {
		qsort(all, n, sizeof(struct row *), order);
	}
	return all;
}

static int memory_each_request(struct store *store, bool open_only,
			       int (*each)(const struct store_request *, void *), void *data,
			       struct err *err)
{
	struct row **all = sorted(&of(store)->rows.requests, by_age);

	(void)err;
	for (size_t i = 0; all[i] != NULL; i++) {
		if (!(open_only && all[i]->request.final) && each(&all[i]->request, data) != 0) {
			break;
		}
	}
	free(all);
	return 0;
}

static int memory_find_request(struct store *store, const char *id,
			       int (*each)(const struct store_request *, void *), void *data,
			       struct err *err)
{
	const struct row *row = map_get(&of(store)->rows.requests, id);

	(void)err;
	if (row != NULL) {
		(void)each(&row->request, data);
	}
	return 0;
}

static int memory_each_job(struct store *store, const char *request_id,
			   int (*each)(const struct store_job *, void *), void *data,
			   struct err *err)
{
	struct row **all = sorted(&of(store)->rows.jobs, by_id);

	(void)err;
	for (size_t i = 0; all[i] != NULL; i++) {
		if (strcmp(all[i]->job.request, request_id) == 0 && each(&all[i]->job, data) != 0) {
			break;
		}
	}
	free(all);
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct store_consent *x = &(*(struct row *const *)a)->consent;
	const struct store_consent *y = &(*(struct row *const *)b)->consent;

	if (x->at_ms != y->at_ms) {
		return x->at_ms < y->at_ms ? -1 : 1;
	}
	return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : strcmp(x->person, y->person);
}

static int memory_each_consent(struct store *store, const char *request_id,
			       int (*each)(const struct store_consent *, void *), void *data,
			       struct err *err)
{
	struct row **all = sorted(&of(store)->rows.consents, by_time);

	(void)err;
	for (size_t i = 0; all[i] != NULL; i++) {
		if (strcmp(all[i]->consent.request, request_id) == 0 &&
		    each(&all[i]->consent, data) != 0) {
			break;
		}
	}
	free(all);
	return 0;
}

static int by_lock(const void *a, const void *b)
{
	const struct store_lock *x = &(*(struct row *const *)a)->lock;
	const struct store_lock *y = &(*(struct row *const *)b)->lock;

	if (x->at_ms != y->at_ms) {
		return x->at_ms < y->at_ms ? -1 : 1;
	}
	return strcmp(x->droplet_name, y->droplet_name);
}

static int memory_each_lock(struct store *store, int (*each)(const struct store_lock *, void *),
			    void *data, struct err *err)
{
	struct row **all = sorted(&of(store)->rows.locks, by_lock);

	(void)err;
	for (size_t i = 0; all[i] != NULL && each(&all[i]->lock, data) == 0; i++) {
	}
	free(all);
	return 0;
}

static int memory_get_policy(struct store *store, const char *id, struct strbuf *out,
			     struct err *err)
{
	const struct row *row = map_get(&of(store)->rows.policies, id);

	if (row == NULL) {
		return err_set(err, ERR_NOTFOUND, "no text of policy \"%.32s\" is kept", id);
	}
	return strbuf_adds(out, row->text) == 0
		       ? 0
		       : err_set(err, ERR_LIMIT, "the text of policy \"%.32s\" is too long", id);
}

static int memory_get_cursor(struct store *store, const char *name, char *buf, size_t size,
			     struct err *err)
{
	const struct row *row = map_get(&of(store)->rows.cursors, name);

	if (row == NULL) {
		return err_set(err, ERR_NOTFOUND, "no cursor \"%.64s\"", name);
	}
	if (strlen(row->text) >= size) {
		return err_set(err, ERR_LIMIT, "the cursor \"%.64s\" is too long", name);
	}
	(void)snprintf(buf, size, "%s", row->text);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int memory_each_cursor(struct store *store, const char *prefix,
			      int (*each)(const char *rest, const char *value, void *), void *data,
			      struct err *err)
{
	const struct map *cursors = &of(store)->rows.cursors;
	const char **names = mem_array(map_size(cursors) + 1, sizeof(*names));
	size_t len = strlen(prefix);
	size_t n = 0;
	const char *name;

	(void)err;
	for (size_t i = 0; map_next(cursors, &i, &name, NULL);) {
		if (strncmp(name, prefix, len) == 0) {
			names[n++] = name;
		}
	}
	qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; i < n; i++) {
		const struct row *row = map_get(cursors, names[i]);

		if (each(names[i] + len, row->text, data) != 0) {
			break;
		}
	}
	free(names);
	return 0;
}

static int each_row(const struct rows *rows, size_t i,
		    int (*each)(const struct store_log *, void *), void *data)
{
	const struct row *row = rows->log[i];
	struct store_log log = {rows->cut_seq + 1 + (int64_t)i, row->text, row->prev, row->hash};

	return each(&log, data);
}

static int memory_each_log(struct store *store, int64_t from,
			   int (*each)(const struct store_log *, void *), void *data,
			   struct err *err)
{
	const struct rows *rows = &of(store)->rows;

	(void)err;
	for (size_t i = from > rows->cut_seq + 1 ? (size_t)(from - rows->cut_seq - 1) : 0;
	     i < rows->n_log && each_row(rows, i, each, data) == 0; i++) {
	}
	return 0;
}

static int memory_each_log_back(struct store *store, int64_t before,
				int (*each)(const struct store_log *, void *), void *data,
				struct err *err)
{
	const struct rows *rows = &of(store)->rows;
	size_t i = rows->n_log;

	(void)err;
	if (before > 0 && before <= rows->cut_seq + (int64_t)rows->n_log) {
		i = before > rows->cut_seq + 1 ? (size_t)(before - rows->cut_seq - 1) : 0;
	}
	while (i > 0 && each_row(rows, --i, each, data) == 0) {
	}
	return 0;
}

static int by_force(const void *a, const void *b)
{
	const struct row *x = *(struct row *const *)a;
	const struct row *y = *(struct row *const *)b;

	return x->at_ms != y->at_ms ? (x->at_ms < y->at_ms ? -1 : 1) : 0;
}

static int memory_each_policy(struct store *store,
			      int (*each)(const char *id, const char *text, int64_t at_ms, void *),
			      void *data, struct err *err)
{
	const struct map *policies = &of(store)->rows.policies;
	struct row **all = sorted(policies, by_force);
	const char *key;
	void *value;
	bool over = false;

	(void)err;
	for (size_t i = 0; all[i] != NULL && !over; i++) {
		for (size_t k = 0; map_next(policies, &k, &key, &value);) {
			over = over ||
			       (value == all[i] && each(key, all[i]->text, all[i]->at_ms, data));
		}
	}
	free(all);
	return 0;
}

static int memory_get_usage(struct store *store, const struct store_prune *bounds,
			    struct store_usage *ret_usage, struct err *err)
{
	const struct rows *rows = &of(store)->rows;
	int64_t before_ms = final_bound(rows, bounds);
	struct store_usage usage = {.cut_seq = rows->cut_seq,
				    .last_seq = rows->cut_seq + (int64_t)rows->n_log};
	void *value;

	(void)err;
	memcpy(usage.cut_hash, cut_hash(rows), STORE_HASH_SIZE);
	memcpy(usage.last_hash, last_hash(rows), STORE_HASH_SIZE);
	for (size_t i = 0; map_next(&rows->seen, &i, NULL, &value);) {
		usage.due = usage.due || ((struct row *)value)->at_ms < bounds->seen_before_ms;
	}
	for (size_t i = 0; map_next(&rows->requests, &i, NULL, &value);) {
		const struct store_request *request = &((struct row *)value)->request;

		usage.due = usage.due || (request->final && request->updated_ms < before_ms);
	}
	*ret_usage = usage;
	return 0;
}

static void memory_set_limit(struct store *store, int64_t bytes)
{
	(void)store; /* it takes no space; store_memory_fail stands for a full disk */
	(void)bytes;
}

static int memory_check(struct store *store, unsigned part, bool *ret_more, struct err *err)
{
	(void)store;
	(void)part;
	(void)err;
	*ret_more = false;
	return 0;
}

/* ---- opening, closing, crashing ------------------------------------------------------------ */

static void memory_close(struct store *store)
{
	struct memory *m = of(store);

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
	.get_policy = memory_get_policy,
	.get_cursor = memory_get_cursor,
	.each_cursor = memory_each_cursor,
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
	struct memory *from = of(old);
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
	of(store)->rows = from->rows;
	store->fail_nth = from->store.fail_nth; /* the disk is the same one */
	store->fail_kind = from->store.fail_kind;
	free(from);
	return store;
}
