/* sqlite_rows.c - what a transaction writes into the SQLite store, a function for each kind of row */
#include <stdio.h>
#include <string.h>

#include "store/sqlite.h"

static int put_seen(struct sqlite *s, const struct store_op *op, struct err *err)
{
	sqlite3_stmt *stmt = sqlite_query(s, Q_SEEN, err);

	if (stmt == NULL) {
		return -1;
	}
	sqlite_bind_text(stmt, 1, op->name);
	sqlite_bind_int(stmt, 2, op->at_ms);
	if (sqlite_run(s, stmt, err) < 0) {
		return sqlite3_errcode(s->db) == SQLITE_CONSTRAINT
			       ? err_set(err, ERR_CONFLICT, "this was asked already")
			       : -1;
	}
	return 0;
}

/* A row that is there already, and whose place in every index stays: *ret_done. */
static int change_row(struct sqlite *s, sqlite3_stmt *stmt, bool *ret_done, struct err *err)
{
	int rc = sqlite_run(s, stmt, err);

	*ret_done = rc == 0 && sqlite3_changes(s->db) == 1;
	return rc;
}

static void bind_job(sqlite3_stmt *stmt, const struct store_job *job)
{
	sqlite_bind_text(stmt, 1, job->id);
	sqlite_bind_text(stmt, 2, job->request);
	sqlite_bind_text(stmt, 3, job->account);
	sqlite_bind_int(stmt, 4, (int64_t)job->droplet_id);
	sqlite_bind_text(stmt, 5, job->droplet_name);
	sqlite_bind_int(stmt, 6, job->state);
	sqlite_bind_int(stmt, 7, job->step);
	sqlite_bind_int(stmt, 8, (int64_t)job->action_id);
	sqlite_bind_int(stmt, 9, job->sent_ms);
	sqlite_bind_int(stmt, 10, job->deadline_ms);
	sqlite_bind_int(stmt, 11, job->updated_ms);
	sqlite_bind_text(stmt, 12, job->outcome);
	sqlite_bind_int(stmt, 13, job->open);
	sqlite_bind_int(stmt, 14, job->ready_ms);
	sqlite_bind_text(stmt, 15, job->steps);
	sqlite_bind_text(stmt, 16, job->beside);
}

static int put_job(struct sqlite *s, const struct store_job *job, struct err *err)
{
	sqlite3_stmt *again = sqlite_query(s, Q_JOB_AGAIN, err);
	sqlite3_stmt *stmt = sqlite_query(s, Q_JOB, err);
	bool done;

	if (again == NULL || stmt == NULL) {
		return -1;
	}
	if (strcmp(s->fresh, job->request) != 0) {
		bind_job(again, job);
		if (change_row(s, again, &done, err) < 0 || done) {
			return done ? 0 : -1;
		}
	}
	bind_job(stmt, job);
	if (sqlite_run(s, stmt, err) == 0) {
		return 0;
	}
	return sqlite3_errcode(s->db) == SQLITE_CONSTRAINT
		       ? err_set(err, ERR_CONFLICT, "\"%.64s\" has an open job already",
				 job->droplet_name)
		       : -1;
}

static void bind_request(sqlite3_stmt *stmt, const struct store_request *r)
{
	int at = 1;

	sqlite_bind_text(stmt, at++, r->id);
	for (size_t i = 0; i < STORE_REQUEST_TEXTS; i++) {
		sqlite_bind_text(stmt, at++, store_text_of(r, i));
	}
	sqlite_bind_int(stmt, at++, r->direct);
	sqlite_bind_int(stmt, at++, r->created_ms);
	sqlite_bind_int(stmt, at++, r->updated_ms);
	sqlite_bind_int(stmt, at++, r->final);
	sqlite_bind_int(stmt, at, r->queues);
}

static int put_request(struct sqlite *s, const struct store_request *r, struct err *err)
{
	sqlite3_stmt *stmt = sqlite_query(s, Q_REQUEST, err);

	if (stmt == NULL) {
		return -1;
	}
	bind_request(stmt, r);
	if (sqlite_run(s, stmt, err) < 0) {
		return sqlite3_errcode(s->db) == SQLITE_CONSTRAINT ? store_id_taken(err) : -1;
	}
	(void)snprintf(s->fresh, sizeof(s->fresh), "%s", r->id);
	return 0;
}

static int put_request_now(struct sqlite *s, const struct store_request *r, struct err *err)
{
	sqlite3_stmt *stmt = sqlite_query(s, r->final ? Q_REQUEST_END : Q_REQUEST_NOW, err);

	if (stmt == NULL) {
		return -1;
	}
	sqlite_bind_text(stmt, 1, r->id);
	sqlite_bind_text(stmt, 2, r->card);
	sqlite_bind_text(stmt, 3, r->reason);
	sqlite_bind_text(stmt, 4, r->terms);
	sqlite_bind_int(stmt, 5, r->updated_ms);
	return sqlite_run(s, stmt, err);
}

static int put_consent(struct sqlite *s, const struct store_consent *c, struct err *err)
{
	sqlite3_stmt *stmt = sqlite_query(s, Q_CONSENT, err);

	if (stmt == NULL) {
		return -1;
	}
	sqlite_bind_text(stmt, 1, c->request);
	sqlite_bind_int(stmt, 2, c->kind);
	sqlite_bind_text(stmt, 3, c->person);
	sqlite_bind_text(stmt, 4, c->network);
	sqlite_bind_text(stmt, 5, c->user_workspace);
	sqlite_bind_text(stmt, 6, c->user);
	sqlite_bind_text(stmt, 7, c->digest);
	sqlite_bind_text(stmt, 8, c->policy_id);
	sqlite_bind_int(stmt, 9, c->at_ms);
	return sqlite_run(s, stmt, err);
}

/* A statement whose one parameter is a text. */
static int run_text(struct sqlite *s, enum query which, const char *text, struct err *err)
{
	sqlite3_stmt *stmt = sqlite_query(s, which, err);

	if (stmt == NULL) {
		return -1;
	}
	sqlite_bind_text(stmt, 1, text);
	return sqlite_run(s, stmt, err);
}

static int put_lock(struct sqlite *s, const struct store_lock *lock, struct err *err)
{
	sqlite3_stmt *stmt = sqlite_query(s, Q_LOCK, err);

	if (stmt == NULL) {
		return -1;
	}
	sqlite_bind_text(stmt, 1, lock->account);
	sqlite_bind_int(stmt, 2, (int64_t)lock->droplet_id);
	sqlite_bind_text(stmt, 3, lock->droplet_name);
	sqlite_bind_text(stmt, 4, lock->person);
	sqlite_bind_text(stmt, 5, lock->reason);
	sqlite_bind_int(stmt, 6, lock->at_ms);
	return sqlite_run(s, stmt, err);
}

static int unlock(struct sqlite *s, const struct store_lock *lock, struct err *err)
{
	sqlite3_stmt *stmt = sqlite_query(s, Q_UNLOCK, err);

	if (stmt == NULL) {
		return -1;
	}
	sqlite_bind_text(stmt, 1, lock->account);
	sqlite_bind_int(stmt, 2, (int64_t)lock->droplet_id);
	return sqlite_run(s, stmt, err);
}

static int put_take(struct sqlite *s, const struct store_take *take, struct err *err)
{
	sqlite3_stmt *stmt = sqlite_query(s, Q_TAKE, err);
	const int64_t numbers[] = {take->direct, take->asked_ms, take->from_ms, take->until_ms};
	int at = 1;

	if (stmt == NULL) {
		return -1;
	}
	sqlite_bind_text(stmt, at++, take->id);
	for (size_t i = 0; i < STORE_TAKE_TEXTS; i++) {
		sqlite_bind_text(stmt, at++, store_take_text_of(take, i));
	}
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		sqlite_bind_int(stmt, at++, numbers[i]);
	}
	return sqlite_run(s, stmt, err);
}

static int untake(struct sqlite *s, const char *id, struct err *err)
{
	sqlite3_stmt *stmt = sqlite_query(s, Q_UNTAKE, err);

	if (stmt == NULL) {
		return -1;
	}
	sqlite_bind_text(stmt, 1, id);
	return sqlite_run(s, stmt, err);
}

static int put_place(struct sqlite *s, const struct store_place *p, struct err *err)
{
	sqlite3_stmt *stmt = sqlite_query(s, Q_PLACE, err);
	int at = 1;

	if (stmt == NULL) {
		return -1;
	}
	sqlite_bind_text(stmt, at++, p->job);
	sqlite_bind_text(stmt, at++, p->request);
	for (size_t i = 0; i < STORE_PLACE_TEXTS; i++) {
		sqlite_bind_text(stmt, at++, store_place_text_of(p, i));
	}
	sqlite_bind_int(stmt, at++, p->at_ms);
	sqlite_bind_int(stmt, at++, p->direct);
	sqlite_bind_int(stmt, at++, (int64_t)p->droplet_id);
	sqlite_bind_int(stmt, at++, p->known);
	sqlite_bind_int(stmt, at, p->monthly_cents);
	return sqlite_run(s, stmt, err);
}

static int unplace(struct sqlite *s, const struct store_op *op, struct err *err)
{
	sqlite3_stmt *stmt = sqlite_query(s, Q_UNPLACE, err);

	if (stmt == NULL) {
		return -1;
	}
	sqlite_bind_text(stmt, 1, op->name);
	sqlite_bind_text(stmt, 2, op->value);
	return sqlite_run(s, stmt, err);
}

static int put_policy(struct sqlite *s, const struct store_op *op, struct err *err)
{
	sqlite3_stmt *stmt = sqlite_query(s, Q_POLICY, err);

	if (stmt == NULL) {
		return -1;
	}
	sqlite_bind_text(stmt, 1, op->name);
	sqlite_bind_text(stmt, 2, op->value);
	sqlite_bind_int(stmt, 3, op->at_ms);
	return sqlite_run(s, stmt, err);
}

/* *ret_found: there was such a row. */
static int read_end(struct sqlite *s, enum query which, bool *ret_found, int64_t *ret_seq,
		    char ret_hash[STORE_HASH_SIZE], struct err *err)
{
	sqlite3_stmt *stmt = sqlite_query(s, which, err);
	int rc;

	if (stmt == NULL) {
		return -1;
	}
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		const unsigned char *hash = sqlite3_column_text(stmt, 1);

		*ret_seq = sqlite3_column_int64(stmt, 0);
		(void)snprintf(ret_hash, STORE_HASH_SIZE, "%s",
			       hash != NULL ? (const char *)hash : "");
	} else if (rc != SQLITE_DONE) {
		(void)sqlite_failed(s, err);
	}
	*ret_found = rc == SQLITE_ROW;
	(void)sqlite3_reset(stmt);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

int sqlite_log_cut(struct sqlite *s, int64_t *ret_seq, char ret_hash[STORE_HASH_SIZE],
		   struct err *err)
{
	bool found = false;

	if (s->version >= STORE_VERSION_CUT &&
	    read_end(s, Q_LOG_CUT, &found, ret_seq, ret_hash, err) < 0) {
		return -1;
	}
	if (!found) {
		*ret_seq = 0;
		memcpy(ret_hash, STORE_CHAIN_START, STORE_HASH_SIZE);
	}
	return 0;
}

int sqlite_log_last(struct sqlite *s, int64_t *ret_seq, char ret_hash[STORE_HASH_SIZE],
		    struct err *err)
{
	bool found;

	if (read_end(s, Q_LOG_LAST, &found, ret_seq, ret_hash, err) < 0) {
		return -1;
	}
	return found ? 0 : sqlite_log_cut(s, ret_seq, ret_hash, err);
}

static int put_log(struct sqlite *s, const char *body, struct err *err)
{
	sqlite3_stmt *stmt = sqlite_query(s, Q_LOG, err);
	char hash[STORE_HASH_SIZE];
	bool known = s->end_known;
	int rc;

	s->end_known = false;
	if (stmt == NULL || (!known && sqlite_log_last(s, &s->end_seq, s->end_hash, err) < 0)) {
		return -1;
	}
	store_chain_hash(s->end_hash, body, hash);
	sqlite_bind_int(stmt, 1, s->end_seq + 1);
	sqlite_bind_text(stmt, 2, body);
	sqlite_bind_text(stmt, 3, s->end_hash);
	sqlite_bind_text(stmt, 4, hash);
	rc = sqlite_run(s, stmt, err);
	if (rc == 0) {
		s->end_seq++;
		memcpy(s->end_hash, hash, sizeof(hash));
		s->end_known = true;
	}
	return rc;
}

static int put_cursor(struct sqlite *s, const struct store_op *op, struct err *err)
{
	bool drop = op->value == NULL;
	sqlite3_stmt *stmt = sqlite_query(s, drop ? Q_CURSOR_DROP : Q_CURSOR, err);

	if (stmt == NULL) {
		return -1;
	}
	sqlite_bind_text(stmt, 1, op->name);
	if (!drop) {
		sqlite_bind_text(stmt, 2, op->value);
	}
	return sqlite_run(s, stmt, err);
}

static int forget(struct sqlite *s, int64_t before_ms, struct err *err)
{
	sqlite3_stmt *stmt = sqlite_query(s, Q_FORGET, err);

	if (stmt == NULL) {
		return -1;
	}
	sqlite_bind_int(stmt, 1, before_ms);
	return sqlite_run(s, stmt, err);
}

int sqlite_put(struct sqlite *s, const struct store_op *op, struct err *err)
{
	switch (op->kind) {
	case OP_SEEN:
		return put_seen(s, op, err);
	case OP_JOB:
		return put_job(s, &op->job, err);
	case OP_REQUEST:
		return put_request(s, &op->request, err);
	case OP_REQUEST_NOW:
		return put_request_now(s, &op->request, err);
	case OP_LOG:
		return put_log(s, op->name, err);
	case OP_CURSOR:
		return put_cursor(s, op, err);
	case OP_FORGET:
		return forget(s, op->at_ms, err);
	case OP_CONSENT:
		return put_consent(s, &op->consent, err);
	case OP_VOID:
		return run_text(s, Q_VOID, op->name, err);
	case OP_LOCK:
		return put_lock(s, &op->lock, err);
	case OP_UNLOCK:
		return unlock(s, &op->lock, err);
	case OP_TAKE:
		return put_take(s, &op->take, err);
	case OP_UNTAKE:
		return untake(s, op->name, err);
	case OP_PLACE:
		return put_place(s, &op->place, err);
	case OP_UNPLACE:
		return unplace(s, op, err);
	case OP_POLICY:
		return put_policy(s, op, err);
	case OP_PRUNE:
		return sqlite_prune(s, &op->prune, err);
	case OP_CUT:
		return sqlite_cut(s, op->seq, err);
	case OP_POLICIES:
		return sqlite_drop_policies(s, err);
	}
	return err_set(err, ERR_STORE, "the transaction is broken");
}
