/* sqlite.c - the store in one SQLite file (the only file with sqlite3.h)
 *
 * Happy path: the file is opened by us first (0600, a lock that a second process cannot get), then by SQLite in WAL mode
 * with synchronous=FULL: a commit is one fsync of the log. A group is one transaction, each of its members a savepoint.
 *
 * Failure modes: another process holds the file (CONFLICT at open); it is no database of ours, or from a newer version
 * (CONFIG at open); the disk is full or fails (STORE: SQLite has undone the group, or is made to; reads go on, and the
 * next group tries again from nothing).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/internal.h"
#include "store/migrations.h"

#define APPLICATION_ID 0x534c5549 /* "SLUI" */

enum query {
	Q_BEGIN = 0,
	Q_COMMIT,
	Q_SAVEPOINT,
	Q_RELEASE,
	Q_BACK_TO,
	Q_SEEN,
	Q_BUSY,
	Q_JOB,
	Q_REQUEST,
	Q_LOG_LAST,
	Q_LOG,
	Q_CURSOR,
	Q_FORGET,
	Q_COUNT,
};

static const char *const queries[Q_COUNT] = {
	[Q_BEGIN] = "BEGIN IMMEDIATE",
	[Q_COMMIT] = "COMMIT",
	[Q_SAVEPOINT] = "SAVEPOINT one",
	[Q_RELEASE] = "RELEASE one",
	[Q_BACK_TO] = "ROLLBACK TO one",
	[Q_SEEN] = "INSERT INTO seen (key, at_ms) VALUES (?1, ?2)",
	[Q_BUSY] = "SELECT 1 FROM job WHERE account = ?1 AND droplet_id = ?2 AND open = 1"
		   " AND id <> ?3",
	[Q_JOB] = "INSERT OR REPLACE INTO job (id, request, account, droplet_id, droplet_name,"
		  " state, step, action_id, sent_ms, deadline_ms, updated_ms, outcome, open)"
		  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
	[Q_REQUEST] = "INSERT OR REPLACE INTO request (id, network, workspace, channel, thread,"
		      " direct, user_workspace, user, person, answers, verb, words, policy_id,"
		      " card, card_wanted, card_shown, created_ms, updated_ms, final)"
		      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14,"
		      " ?15, ?16, ?17, ?18, ?19)",
	[Q_LOG_LAST] = "SELECT seq, hash FROM log ORDER BY seq DESC LIMIT 1",
	[Q_LOG] = "INSERT INTO log (seq, body, prev, hash) VALUES (?1, ?2, ?3, ?4)",
	[Q_CURSOR] = "INSERT OR REPLACE INTO cursor (name, value) VALUES (?1, ?2)",
	[Q_FORGET] = "DELETE FROM seen WHERE at_ms < ?1",
};

struct sqlite {
	struct store store;
	int fd; /* holds the lock; -1 for a reader. Closed last: closing it drops SQLite's own locks too */
	sqlite3 *db;
	sqlite3_stmt *stmts[Q_COUNT]; /* prepared at first use */
};

static struct sqlite *of(struct store *store)
{
	return (struct sqlite *)(void *)store;
}

static int failed(struct sqlite *s, struct err *err)
{
	int code = s->db != NULL ? sqlite3_errcode(s->db) : SQLITE_NOMEM;

	switch (code) {
	case SQLITE_FULL:
		return err_set(err, ERR_STORE, "the disk is full: it was not written down");
	case SQLITE_IOERR:
		return err_set(err, ERR_STORE, "the disk fails (%s): it was not written down",
			       strerror(sqlite3_system_errno(s->db)));
	default: /* SQLite's own codes are no enum */
		return err_set(err, ERR_STORE, "the database fails (%s): it was not written down",
			       sqlite3_errstr(code));
	}
}

static int exec(struct sqlite *s, const char *sql, struct err *err)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(s, err);
}

static int prepare(struct sqlite *s, const char *sql, sqlite3_stmt **ret_stmt, struct err *err)
{
	if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret_stmt, NULL) !=
	    SQLITE_OK) {
		return failed(s, err);
	}
	return 0;
}

static sqlite3_stmt *query(struct sqlite *s, enum query which, struct err *err)
{
	if (s->stmts[which] == NULL && prepare(s, queries[which], &s->stmts[which], err) < 0) {
		return NULL;
	}
	return s->stmts[which];
}

static void bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
	/* bound until the statement is reset, and the text lives longer than that */
	(void)sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
}

static void bind_int(sqlite3_stmt *stmt, int at, int64_t value)
{
	(void)sqlite3_bind_int64(stmt, at, value);
}

/* Runs a statement that gives no rows. */
static int run(struct sqlite *s, sqlite3_stmt *stmt, struct err *err)
{
	int rc = sqlite3_step(stmt);
	int result = rc == SQLITE_DONE ? 0 : failed(s, err);

	(void)sqlite3_reset(stmt);
	(void)sqlite3_clear_bindings(stmt);
	return result;
}

static int run_plain(struct sqlite *s, enum query which, struct err *err)
{
	sqlite3_stmt *stmt = query(s, which, err);

	return stmt != NULL ? run(s, stmt, err) : -1;
}

/* ---- one transaction's ops ----------------------------------------------------------------- */

static int put_seen(struct sqlite *s, const struct store_op *op, struct err *err)
{
	sqlite3_stmt *stmt = query(s, Q_SEEN, err);

	if (stmt == NULL) {
		return -1;
	}
	bind_text(stmt, 1, op->name);
	bind_int(stmt, 2, op->at_ms);
	if (run(s, stmt, err) < 0) {
		return sqlite3_errcode(s->db) == SQLITE_CONSTRAINT
			       ? err_set(err, ERR_CONFLICT, "this was asked already")
			       : -1;
	}
	return 0;
}

static int check_free(struct sqlite *s, const struct store_job *job, struct err *err)
{
	sqlite3_stmt *stmt = query(s, Q_BUSY, err);
	int rc;

	if (stmt == NULL) {
		return -1;
	}
	bind_text(stmt, 1, job->account);
	bind_int(stmt, 2, (int64_t)job->droplet_id);
	bind_text(stmt, 3, job->id);
	rc = sqlite3_step(stmt);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
		(void)failed(s, err);
	}
	(void)sqlite3_reset(stmt);
	(void)sqlite3_clear_bindings(stmt);
	if (rc == SQLITE_ROW) {
		return err_set(err, ERR_CONFLICT, "\"%.64s\" has an open job already",
			       job->droplet_name);
	}
	return rc == SQLITE_DONE ? 0 : -1;
}

static int put_job(struct sqlite *s, const struct store_job *job, struct err *err)
{
	sqlite3_stmt *stmt = query(s, Q_JOB, err);

	if (stmt == NULL || (job->open && check_free(s, job, err) < 0)) {
		return -1;
	}
	bind_text(stmt, 1, job->id);
	bind_text(stmt, 2, job->request);
	bind_text(stmt, 3, job->account);
	bind_int(stmt, 4, (int64_t)job->droplet_id);
	bind_text(stmt, 5, job->droplet_name);
	bind_int(stmt, 6, job->state);
	bind_int(stmt, 7, job->step);
	bind_int(stmt, 8, (int64_t)job->action_id);
	bind_int(stmt, 9, job->sent_ms);
	bind_int(stmt, 10, job->deadline_ms);
	bind_int(stmt, 11, job->updated_ms);
	bind_text(stmt, 12, job->outcome);
	bind_int(stmt, 13, job->open);
	return run(s, stmt, err);
}

static int put_request(struct sqlite *s, const struct store_request *r, struct err *err)
{
	sqlite3_stmt *stmt = query(s, Q_REQUEST, err);
	const char *const head[] = {r->id, r->network, r->workspace, r->channel, r->thread};
	const char *const tail[] = {r->user_workspace, r->user,  r->person,    r->answers,
				    r->verb,           r->words, r->policy_id, r->card};

	if (stmt == NULL) {
		return -1;
	}
	for (int i = 0; i < 5; i++) {
		bind_text(stmt, 1 + i, head[i]);
	}
	bind_int(stmt, 6, r->direct);
	for (int i = 0; i < 8; i++) {
		bind_text(stmt, 7 + i, tail[i]);
	}
	bind_int(stmt, 15, r->card_wanted);
	bind_int(stmt, 16, r->card_shown);
	bind_int(stmt, 17, r->created_ms);
	bind_int(stmt, 18, r->updated_ms);
	bind_int(stmt, 19, r->final);
	return run(s, stmt, err);
}

static int last_hash(struct sqlite *s, int64_t *ret_seq, char ret_hash[STORE_HASH_SIZE],
		     struct err *err)
{
	sqlite3_stmt *stmt = query(s, Q_LOG_LAST, err);
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
	} else if (rc == SQLITE_DONE) {
		*ret_seq = 0;
		memcpy(ret_hash, STORE_CHAIN_START, STORE_HASH_SIZE);
	} else {
		(void)failed(s, err);
	}
	(void)sqlite3_reset(stmt);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

static int put_log(struct sqlite *s, const char *body, struct err *err)
{
	sqlite3_stmt *stmt = query(s, Q_LOG, err);
	char prev[STORE_HASH_SIZE];
	char hash[STORE_HASH_SIZE];
	int64_t seq;

	if (stmt == NULL || last_hash(s, &seq, prev, err) < 0) {
		return -1;
	}
	store_chain_hash(prev, body, hash);
	bind_int(stmt, 1, seq + 1);
	bind_text(stmt, 2, body);
	bind_text(stmt, 3, prev);
	bind_text(stmt, 4, hash);
	return run(s, stmt, err);
}

static int put_cursor(struct sqlite *s, const struct store_op *op, struct err *err)
{
	sqlite3_stmt *stmt = query(s, Q_CURSOR, err);

	if (stmt == NULL) {
		return -1;
	}
	bind_text(stmt, 1, op->name);
	bind_text(stmt, 2, op->value);
	return run(s, stmt, err);
}

static int forget(struct sqlite *s, int64_t before_ms, struct err *err)
{
	sqlite3_stmt *stmt = query(s, Q_FORGET, err);

	if (stmt == NULL) {
		return -1;
	}
	bind_int(stmt, 1, before_ms);
	return run(s, stmt, err);
}

static int put(struct sqlite *s, const struct store_op *op, struct err *err)
{
	switch (op->kind) {
	case OP_SEEN:
		return put_seen(s, op, err);
	case OP_JOB:
		return put_job(s, &op->job, err);
	case OP_REQUEST:
		return put_request(s, &op->request, err);
	case OP_LOG:
		return put_log(s, op->name, err);
	case OP_CURSOR:
		return put_cursor(s, op, err);
	case OP_FORGET:
		return forget(s, op->at_ms, err);
	}
	return err_set(err, ERR_STORE, "the transaction is broken");
}

/* ---- a group ------------------------------------------------------------------------------- */

static int sqlite_begin(struct store *store, struct err *err)
{
	return run_plain(of(store), Q_BEGIN, err);
}

static int sqlite_apply(struct store *store, const struct store_txn *txn, bool *ret_lost,
			struct err *err)
{
	struct sqlite *s = of(store);
	int rc = run_plain(s, Q_SAVEPOINT, err);

	for (const struct store_op *op = txn->first; rc == 0 && op != NULL; op = op->next) {
		rc = put(s, op, err);
	}
	if (rc == 0) {
		rc = run_plain(s, Q_RELEASE, err);
	}
	if (rc == 0) {
		return 0;
	}
	/* A full disk makes SQLite undo all of it by itself; a savepoint that cannot be gone back to is as bad. */
	if (sqlite3_get_autocommit(s->db) != 0 || run_plain(s, Q_BACK_TO, NULL) < 0 ||
	    run_plain(s, Q_RELEASE, NULL) < 0) {
		*ret_lost = true;
	}
	return -1;
}

static int sqlite_finish(struct store *store, struct err *err)
{
	return run_plain(of(store), Q_COMMIT, err);
}

static void sqlite_undo(struct store *store)
{
	struct sqlite *s = of(store);

	if (sqlite3_get_autocommit(s->db) == 0) {
		(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	}
}

/* ---- reads --------------------------------------------------------------------------------- */

static const char *text_at(sqlite3_stmt *stmt, int column)
{
	const unsigned char *text = sqlite3_column_text(stmt, column);

	return text != NULL ? (const char *)text : "";
}

static void id_at(sqlite3_stmt *stmt, int column, char id[20])
{
	(void)snprintf(id, 20, "%s", text_at(stmt, column));
}

/* The end of a read: rc is that of the last step; a callback that ended it early is no failure. */
static int read_over(struct sqlite *s, sqlite3_stmt *stmt, int rc, struct err *err)
{
	int result = 0;

	if (rc != SQLITE_DONE && rc != SQLITE_ROW) {
		result = err_set(err, ERR_STORE, "cannot read the database: %s",
				 sqlite3_errmsg(s->db));
	}
	(void)sqlite3_finalize(stmt);
	return result;
}

static void request_at(sqlite3_stmt *stmt, struct store_request *r)
{
	const char **const head[] = {&r->network, &r->workspace, &r->channel, &r->thread};
	const char **const tail[] = {&r->user_workspace, &r->user,  &r->person,    &r->answers,
				     &r->verb,           &r->words, &r->policy_id, &r->card};

	memset(r, 0, sizeof(*r));
	id_at(stmt, 0, r->id);
	for (int i = 0; i < 4; i++) {
		*head[i] = text_at(stmt, 1 + i);
	}
	r->direct = sqlite3_column_int(stmt, 5) != 0;
	for (int i = 0; i < 8; i++) {
		*tail[i] = text_at(stmt, 6 + i);
	}
	r->card_wanted = (unsigned)sqlite3_column_int64(stmt, 14);
	r->card_shown = (unsigned)sqlite3_column_int64(stmt, 15);
	r->created_ms = sqlite3_column_int64(stmt, 16);
	r->updated_ms = sqlite3_column_int64(stmt, 17);
	r->final = sqlite3_column_int(stmt, 18) != 0;
}

static int sqlite_each_request(struct store *store, bool open_only,
			       int (*each)(const struct store_request *, void *), void *data,
			       struct err *err)
{
	struct sqlite *s = of(store);
	sqlite3_stmt *stmt;
	struct store_request request;
	int rc;

	if (prepare(s,
		    "SELECT id, network, workspace, channel, thread, direct, user_workspace, user,"
		    " person, answers, verb, words, policy_id, card, card_wanted, card_shown,"
		    " created_ms, updated_ms, final FROM request WHERE final = 0 OR ?1"
		    " ORDER BY created_ms, id",
		    &stmt, err) < 0) {
		return -1;
	}
	bind_int(stmt, 1, !open_only);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		request_at(stmt, &request);
		if (each(&request, data) != 0) {
			break;
		}
	}
	return read_over(s, stmt, rc, err);
}

static void job_at(sqlite3_stmt *stmt, struct store_job *job)
{
	memset(job, 0, sizeof(*job));
	id_at(stmt, 0, job->id);
	id_at(stmt, 1, job->request);
	job->account = text_at(stmt, 2);
	job->droplet_id = (uint64_t)sqlite3_column_int64(stmt, 3);
	job->droplet_name = text_at(stmt, 4);
	job->state = sqlite3_column_int(stmt, 5);
	job->step = (unsigned)sqlite3_column_int(stmt, 6);
	job->action_id = (uint64_t)sqlite3_column_int64(stmt, 7);
	job->sent_ms = sqlite3_column_int64(stmt, 8);
	job->deadline_ms = sqlite3_column_int64(stmt, 9);
	job->updated_ms = sqlite3_column_int64(stmt, 10);
	job->outcome = text_at(stmt, 11);
	job->open = sqlite3_column_int(stmt, 12) != 0;
}

static int sqlite_each_job(struct store *store, const char *request_id,
			   int (*each)(const struct store_job *, void *), void *data,
			   struct err *err)
{
	struct sqlite *s = of(store);
	sqlite3_stmt *stmt;
	struct store_job job;
	int rc;

	if (prepare(s,
		    "SELECT id, request, account, droplet_id, droplet_name, state, step, action_id,"
		    " sent_ms, deadline_ms, updated_ms, outcome, open FROM job WHERE request = ?1"
		    " ORDER BY id",
		    &stmt, err) < 0) {
		return -1;
	}
	bind_text(stmt, 1, request_id);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		job_at(stmt, &job);
		if (each(&job, data) != 0) {
			break;
		}
	}
	return read_over(s, stmt, rc, err);
}

static int sqlite_get_cursor(struct store *store, const char *name, char *buf, size_t size,
			     struct err *err)
{
	struct sqlite *s = of(store);
	sqlite3_stmt *stmt;
	int result = 0;
	int rc;

	if (prepare(s, "SELECT value FROM cursor WHERE name = ?1", &stmt, err) < 0) {
		return -1;
	}
	bind_text(stmt, 1, name);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_DONE) {
		result = err_set(err, ERR_NOTFOUND, "no cursor \"%.64s\"", name);
	} else if (rc == SQLITE_ROW && strlen(text_at(stmt, 0)) >= size) {
		result = err_set(err, ERR_LIMIT, "the cursor \"%.64s\" is too long", name);
	} else if (rc == SQLITE_ROW) {
		(void)snprintf(buf, size, "%s", text_at(stmt, 0));
	}
	return read_over(s, stmt, rc, err) < 0 ? -1 : result;
}

static int sqlite_each_cursor(struct store *store, const char *prefix,
			      int (*each)(const char *rest, const char *value, void *), void *data,
			      struct err *err)
{
	struct sqlite *s = of(store);
	sqlite3_stmt *stmt;
	size_t len = strlen(prefix);
	int rc;

	/* by its rows from the prefix on: LIKE and GLOB would read signs into it */
	if (prepare(s, "SELECT name, value FROM cursor WHERE name >= ?1 ORDER BY name", &stmt,
		    err) < 0) {
		return -1;
	}
	bind_text(stmt, 1, prefix);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const char *name = text_at(stmt, 0);

		if (strncmp(name, prefix, len) != 0 || each(name + len, text_at(stmt, 1), data)) {
			break;
		}
	}
	return read_over(s, stmt, rc, err);
}

static int sqlite_each_log(struct store *store, int64_t from,
			   int (*each)(const struct store_log *, void *), void *data,
			   struct err *err)
{
	struct sqlite *s = of(store);
	sqlite3_stmt *stmt;
	struct store_log row;
	int rc;

	if (prepare(s, "SELECT seq, body, prev, hash FROM log WHERE seq >= ?1 ORDER BY seq", &stmt,
		    err) < 0) {
		return -1;
	}
	bind_int(stmt, 1, from);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		row.seq = sqlite3_column_int64(stmt, 0);
		row.body = text_at(stmt, 1);
		row.prev = text_at(stmt, 2);
		row.hash = text_at(stmt, 3);
		if (each(&row, data) != 0) {
			break;
		}
	}
	return read_over(s, stmt, rc, err);
}

/* ---- opening and closing ------------------------------------------------------------------- */

static void sqlite_close(struct store *store)
{
	struct sqlite *s = of(store);

	for (size_t i = 0; i < Q_COUNT; i++) {
		(void)sqlite3_finalize(s->stmts[i]);
	}
	(void)sqlite3_close(s->db);
	if (s->fd >= 0) {
		(void)close(s->fd);
	}
	store_done(&s->store);
	free(s);
}

static const struct store_back back = {
	sqlite_begin,        sqlite_apply,    sqlite_finish,     sqlite_undo,
	sqlite_each_request, sqlite_each_job, sqlite_get_cursor, sqlite_each_cursor,
	sqlite_each_log,     sqlite_close,
};

static int open_failed(const char *path, struct err *err)
{
	return err_set(err, ERR_STORE, "cannot open the state file \"%.120s\": %s", path,
		       strerror(errno));
}

/* The file itself, and the lock that a second bot cannot get. */
static int take_file(struct sqlite *s, const char *path, struct err *err)
{
	struct stat st;

	s->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->fd < 0 || fstat(s->fd, &st) < 0) {
		return open_failed(path, err);
	}
	if (!S_ISREG(st.st_mode)) {
		return err_set(err, ERR_CONFIG, "the state file \"%.120s\" is no regular file",
			       path);
	}
	if (flock(s->fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK) {
			return err_set(err, ERR_CONFLICT,
				       "the state file \"%.120s\" is in use by another process",
				       path);
		}
		return open_failed(path, err);
	}
	if ((st.st_mode & 077) != 0 && fchmod(s->fd, 0600) < 0) {
		return open_failed(path, err);
	}
	return 0;
}

static int pragma_int(struct sqlite *s, const char *sql, int64_t *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc;

	if (prepare(s, sql, &stmt, err) < 0) {
		return -1;
	}
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		*ret = sqlite3_column_int64(stmt, 0);
	}
	return read_over(s, stmt, rc, err);
}

/* What is in the file: nothing, ours up to *ret_version, or something else. */
static int check_ours(struct sqlite *s, const char *path, int64_t *ret_version, struct err *err)
{
	int64_t id = 0;
	int64_t tables = 0;
	struct err why = {0};

	if (pragma_int(s, "SELECT count(*) FROM sqlite_schema", &tables, &why) < 0 ||
	    pragma_int(s, "PRAGMA application_id", &id, &why) < 0 ||
	    pragma_int(s, "PRAGMA user_version", ret_version, &why) < 0) {
		if (sqlite3_errcode(s->db) == SQLITE_NOTADB) {
			return err_set(err, ERR_CONFIG,
				       "the state file \"%.120s\" is no database of Sluice", path);
		}
		err_copy(err, &why);
		return -1;
	}
	if (tables > 0 && id != APPLICATION_ID) {
		return err_set(err, ERR_CONFIG,
			       "the state file \"%.120s\" is no database of Sluice", path);
	}
	if (*ret_version > (int64_t)ARRAY_LEN(store_migrations)) {
		return err_set(err, ERR_CONFIG,
			       "the state file \"%.120s\" is from a newer version (%lld, this one "
			       "knows %zu)",
			       path, (long long)*ret_version, ARRAY_LEN(store_migrations));
	}
	return 0;
}

/* All missing steps in one transaction: an older binary never sees half of a shape. */
static int migrate(struct sqlite *s, int64_t version, struct err *err)
{
	char pragma[96];

	if (version == (int64_t)ARRAY_LEN(store_migrations)) {
		return 0;
	}
	if (exec(s, "BEGIN IMMEDIATE", err) < 0) {
		return -1;
	}
	for (size_t i = (size_t)version; i < ARRAY_LEN(store_migrations); i++) {
		if (exec(s, store_migrations[i], err) < 0) {
			return err_prefix(err, "cannot set up the state file");
		}
	}
	(void)snprintf(pragma, sizeof(pragma), "PRAGMA application_id=%d; PRAGMA user_version=%zu",
		       APPLICATION_ID, ARRAY_LEN(store_migrations));
	return exec(s, pragma, err) < 0 || exec(s, "COMMIT", err) < 0 ? -1 : 0;
}

/* Little memory: 256 KiB of pages, no mapping, few small blocks; the log gives its space back. */
static int tune(struct sqlite *s, bool read_only, struct err *err)
{
	(void)sqlite3_extended_result_codes(s->db, 0);
	(void)sqlite3_busy_timeout(s->db, 2000); /* a reader that opens or recovers the log */
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (exec(s,
		 "PRAGMA cache_size=-256; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;"
		 "PRAGMA trusted_schema=OFF;",
		 err) < 0) {
		return -1;
	}
	return read_only ? 0
			 : exec(s,
				"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
				"PRAGMA wal_autocheckpoint=256; PRAGMA journal_size_limit=1048576;",
				err);
}

static int open_database(struct sqlite *s, const char *path, bool read_only, struct err *err)
{
	int flags =
		SQLITE_OPEN_NOMUTEX | (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
	int64_t version = 0;

	if (sqlite3_open_v2(path, &s->db, flags, NULL) != SQLITE_OK) {
		return err_set(err, ERR_STORE, "cannot open the state file \"%.120s\": %s", path,
			       s->db != NULL ? sqlite3_errmsg(s->db) : "no memory");
	}
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_LOOKASIDE, NULL, 512, 32);
	/* looked at before anything is set: what is not ours is not touched */
	if (check_ours(s, path, &version, err) < 0 || tune(s, read_only, err) < 0) {
		return -1;
	}
	if (read_only) {
		return version > 0 ? 0
				   : err_set(err, ERR_CONFIG,
					     "the state file \"%.120s\" is no database of Sluice",
					     path);
	}
	return migrate(s, version, err);
}

static struct sqlite *sqlite_new(struct loop *loop)
{
	struct sqlite *s = mem_alloc(sizeof(*s));

	store_init(&s->store, &back, loop);
	s->fd = -1;
	return s;
}

struct store *store_sqlite_open(struct loop *loop, const char *path, struct err *err)
{
	struct sqlite *s = sqlite_new(loop);

	s->store.path = mem_strdup(path);
	(void)signal(SIGXFSZ, SIG_IGN); /* a limit on file size is an error of write, not our end */
	if (take_file(s, path, err) < 0 || open_database(s, path, false, err) < 0) {
		sqlite_close(&s->store);
		return NULL;
	}
	return &s->store;
}

struct store *store_sqlite_open_reader(const char *path, struct err *err)
{
	struct sqlite *s;

	if (access(path, F_OK) < 0) {
		(void)err_set(err, ERR_NOTFOUND, "no state file \"%.120s\"", path);
		return NULL;
	}
	s = sqlite_new(NULL);
	s->store.path = mem_strdup(path);
	if (open_database(s, path, true, err) < 0) {
		sqlite_close(&s->store);
		return NULL;
	}
	return &s->store;
}
