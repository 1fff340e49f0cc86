/* sqlite.c - the store in one SQLite file: opening it, groups of transactions, closing it
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
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/migrations.h"
#include "store/sqlite.h"

/* The oldest that ended, in an order that holds for all three tables of one prune. */
#define OLD_REQUESTS(column)                                                                     \
	"SELECT " column " FROM request WHERE final = 1 AND updated_ms < ?1 ORDER BY updated_ms" \
	", id LIMIT ?2"

#define REQUEST_VALUES                                                                           \
	" (" REQUEST_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13," \
	" ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)"

#define APPLICATION_ID 0x534c5549 /* "SLUI" */

static const char *const queries[Q_COUNT] = {
	[Q_BEGIN] = "BEGIN IMMEDIATE",
	[Q_COMMIT] = "COMMIT",
	[Q_SAVEPOINT] = "SAVEPOINT one",
	[Q_RELEASE] = "RELEASE one",
	[Q_BACK_TO] = "ROLLBACK TO one",
	[Q_SEEN] = "INSERT INTO seen (key, at_ms) VALUES (?1, ?2)",
	/* A row that is there is changed in its place: a replaced one would be taken out of each index and put back. Most moves
	 * of a row change nothing that an index has (AGAIN); job_open is what holds two open jobs of one droplet apart. */
	[Q_JOB] = "INSERT INTO job (at, " JOB_COLUMNS ") VALUES ((SELECT n FROM request"
		  " WHERE id = ?2), ?1, ?2, ?3, ?4,"
		  " ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
		  " ON CONFLICT (at, id) DO UPDATE SET"
		  " (account, droplet_id, droplet_name, state, step, action_id, sent_ms, "
		  "deadline_ms,"
		  " updated_ms, outcome, open, ready_ms, steps, beside) ="
		  " (?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
	[Q_JOB_AGAIN] =
		"UPDATE job SET droplet_name = ?5, state = ?6, step = ?7, action_id = ?8,"
		" sent_ms = ?9, deadline_ms = ?10, updated_ms = ?11, outcome = ?12, ready_ms = ?14,"
		" steps = ?15, beside = ?16 WHERE at = " REQUEST_AT(
			"?2") " AND id = ?1"
			      " AND account = ?3 AND droplet_id = ?4 AND open = ?13",
	[Q_REQUEST] = "INSERT INTO request" REQUEST_VALUES,
	/* Which index it is in changes with `final` alone: that is set at its end only. */
	[Q_REQUEST_NOW] = "UPDATE request SET card = ?2, reason = ?3, terms = ?4, updated_ms = ?5"
			  " WHERE id = ?1",
	[Q_REQUEST_END] = "UPDATE request SET card = ?2, reason = ?3, terms = ?4, updated_ms = ?5,"
			  " final = 1 WHERE id = ?1",
	[Q_LOG_LAST] = "SELECT seq, hash FROM log ORDER BY seq DESC LIMIT 1",
	[Q_LOG_CUT] = "SELECT seq, hash FROM log_cut",
	[Q_LOG] = "INSERT INTO log (seq, body, prev, hash) VALUES (?1, ?2, ?3, ?4)",
	[Q_CURSOR] = "INSERT OR REPLACE INTO cursor (name, value) VALUES (?1, ?2)",
	[Q_CURSOR_DROP] = "DELETE FROM cursor WHERE name = ?1",
	[Q_FORGET] = "DELETE FROM seen WHERE at_ms < ?1",
	[Q_CONSENT] = "INSERT OR REPLACE INTO consent (" CONSENT_COLUMNS ") VALUES (?1, ?2, ?3, ?4,"
		      " ?5, ?6, ?7, ?8, ?9)",
	[Q_VOID] = "DELETE FROM consent WHERE request = ?1",
	[Q_LOCK] = "INSERT OR REPLACE INTO lock (" LOCK_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[Q_UNLOCK] = "DELETE FROM lock WHERE account = ?1 AND droplet_id = ?2",
	[Q_TAKE] = "INSERT OR REPLACE INTO take (" TAKE_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6,"
		   " ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
	[Q_UNTAKE] = "DELETE FROM take WHERE id = ?1",
	[Q_PLACE] = "INSERT OR REPLACE INTO place (at, " PLACE_COLUMNS
		    ") VALUES (" REQUEST_AT("?2") ", ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
						  "?12, ?13, ?14, ?15, ?16, ?17,"
						  " ?18, ?19, ?20)",
	[Q_UNPLACE] = "DELETE FROM place WHERE at = " REQUEST_AT("?2") " AND job = ?1",
	[Q_POLICY] = "INSERT INTO policy (id, text, at_ms, log_seq) VALUES (?1, ?2, ?3,"
		     " coalesce((SELECT max(seq) FROM log), (SELECT seq FROM log_cut), 0))"
		     " ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms,"
		     " log_seq = excluded.log_seq",
	[Q_PRUNE_SEEN] = "DELETE FROM seen WHERE key IN (SELECT key FROM seen WHERE at_ms < ?1"
			 " ORDER BY at_ms LIMIT ?2)",
	[Q_PRUNE_PLACES] =
		"DELETE FROM place WHERE (at, job) IN (SELECT at, job FROM place WHERE at_ms < ?1"
		" ORDER BY at_ms LIMIT ?2)",
	[Q_PRUNE_BOUND] = "SELECT updated_ms FROM request WHERE final = 1"
			  " ORDER BY updated_ms DESC LIMIT 1 OFFSET ?1",
	[Q_PRUNE_JOBS] = "DELETE FROM job WHERE at IN (" OLD_REQUESTS("n") ")",
	[Q_PRUNE_CONSENTS] = "DELETE FROM consent WHERE request IN (" OLD_REQUESTS("id") ")",
	[Q_PRUNE_REQUESTS] = "DELETE FROM request WHERE n IN (" OLD_REQUESTS("n") ")",
	[Q_CUT_NOTE] = "INSERT OR REPLACE INTO log_cut (one, seq, hash)"
		       " SELECT 1, seq, hash FROM log WHERE seq = ?1",
	[Q_CUT_LOG] = "DELETE FROM log WHERE seq <= ?1",
	/* CASE: SQLite would look at every request first, where there is no policy to ask for */
	[Q_DROP_POLICIES] =
		"DELETE FROM policy WHERE CASE WHEN EXISTS (SELECT 1 FROM policy later WHERE"
		" later.log_seq > policy.log_seq AND later.log_seq <= (SELECT seq FROM log_cut))"
		" THEN id NOT IN (SELECT policy_id FROM request)"
		" AND id NOT IN (SELECT policy_id FROM consent) END",
};

int sqlite_failed(struct sqlite *s, struct err *err)
{
	int code = s->db != NULL ? sqlite3_errcode(s->db) : SQLITE_NOMEM;

	switch (code) {
	case SQLITE_FULL:
		if (sqlite_at_limit(s)) {
			return err_set(
				err, ERR_STORE,
				"the store has reached the %lld MiB that it may have: it was not "
				"written down",
				(long long)(s->limit_bytes >> 20));
		}
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
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : sqlite_failed(s, err);
}

int sqlite_prepare(struct sqlite *s, const char *sql, sqlite3_stmt **ret_stmt, struct err *err)
{
	if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret_stmt, NULL) !=
	    SQLITE_OK) {
		return sqlite_failed(s, err);
	}
	return 0;
}

sqlite3_stmt *sqlite_query(struct sqlite *s, enum query which, struct err *err)
{
	if (s->stmts[which] == NULL &&
	    sqlite_prepare(s, queries[which], &s->stmts[which], err) < 0) {
		return NULL;
	}
	return s->stmts[which];
}

void sqlite_bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
	/* bound until the statement is reset, and the text lives longer than that */
	(void)sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
}

void sqlite_bind_int(sqlite3_stmt *stmt, int at, int64_t value)
{
	(void)sqlite3_bind_int64(stmt, at, value);
}

/* Runs a statement that gives no rows. */
int sqlite_run(struct sqlite *s, sqlite3_stmt *stmt, struct err *err)
{
	int rc = sqlite3_step(stmt);
	int result = rc == SQLITE_DONE ? 0 : sqlite_failed(s, err);

	(void)sqlite3_reset(stmt); /* each use binds all of its parameters anew */
	return result;
}

static int run_plain(struct sqlite *s, enum query which, struct err *err)
{
	sqlite3_stmt *stmt = sqlite_query(s, which, err);

	return stmt != NULL ? sqlite_run(s, stmt, err) : -1;
}

/* The end of a read: rc is that of the last step; a callback that ended it early is no failure. */
int sqlite_read_over(struct sqlite *s, sqlite3_stmt *stmt, int rc, struct err *err)
{
	int result = 0;

	if (rc != SQLITE_DONE && rc != SQLITE_ROW) {
		result = err_set(err, ERR_STORE, "cannot read the database: %s",
				 sqlite3_errmsg(s->db));
	}
	(void)sqlite3_finalize(stmt);
	return result;
}

/* ---- a group ------------------------------------------------------------------------------- */

static int sqlite_begin(struct store *store, struct err *err)
{
	struct sqlite *s = sqlite_of(store);

	s->end_known = false;
	s->fresh[0] = '\0';
	return run_plain(s, Q_BEGIN, err);
}

/* A savepoint keeps a copy of each page that is changed after it: only where one failed before. */
static int sqlite_apply(struct store *store, const struct store_txn *txn, bool alone,
			bool *ret_lost, struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	int rc = alone ? run_plain(s, Q_SAVEPOINT, err) : 0;

	for (const struct store_op *op = txn->first; rc == 0 && op != NULL; op = op->next) {
		rc = sqlite_put(s, op, err);
	}
	if (rc == 0 && alone) {
		rc = run_plain(s, Q_RELEASE, err);
	}
	if (rc == 0 || !alone) {
		return rc;
	}
	s->end_known = false; /* its rows of the log are gone again */
	/* A full disk makes SQLite undo all of it by itself; a savepoint that cannot be gone back to is as bad. */
	if (sqlite3_get_autocommit(s->db) != 0 || run_plain(s, Q_BACK_TO, NULL) < 0 ||
	    run_plain(s, Q_RELEASE, NULL) < 0) {
		*ret_lost = true;
	}
	return -1;
}

static int sqlite_finish(struct store *store, struct err *err)
{
	return run_plain(sqlite_of(store), Q_COMMIT, err);
}

static void sqlite_undo(struct store *store)
{
	struct sqlite *s = sqlite_of(store);

	s->end_known = false;
	if (sqlite3_get_autocommit(s->db) == 0) {
		(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	}
}

/* ---- opening and closing ------------------------------------------------------------------- */

static void sqlite_close(struct store *store)
{
	struct sqlite *s = sqlite_of(store);

	for (size_t i = 0; i < Q_COUNT; i++) {
		(void)sqlite3_finalize(s->stmts[i]);
	}
	(void)sqlite3_close(s->aside);
	(void)sqlite3_close(s->db);
	if (s->fd >= 0) {
		(void)close(s->fd);
	}
	store_done(&s->store);
	free(s);
}

static const struct store_back back = {
	.begin = sqlite_begin,
	.apply = sqlite_apply,
	.finish = sqlite_finish,
	.undo = sqlite_undo,
	.each_request = sqlite_each_request,
	.find_request = sqlite_find_request,
	.each_job = sqlite_each_job,
	.each_consent = sqlite_each_consent,
	.each_lock = sqlite_each_lock,
	.each_take = sqlite_each_take,
	.each_place = sqlite_each_place,
	.get_policy = sqlite_get_policy,
	.get_cursor = sqlite_get_cursor,
	.each_cursor = sqlite_each_cursor,
	.each_seen = sqlite_each_seen,
	.each_log = sqlite_each_log,
	.each_log_back = sqlite_each_log_back,
	.each_policy = sqlite_each_policy,
	.get_usage = sqlite_get_usage,
	.set_limit = sqlite_set_limit,
	.check = sqlite_check,
	.wants_checkpoint = sqlite_wants_checkpoint,
	.checkpoint = sqlite_checkpoint,
	.close = sqlite_close,
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

int sqlite_number(struct sqlite *s, const char *sql, int64_t *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc;

	if (sqlite_prepare(s, sql, &stmt, err) < 0) {
		return -1;
	}
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		*ret = sqlite3_column_int64(stmt, 0);
	}
	return sqlite_read_over(s, stmt, rc, err);
}

/* What is in the file: nothing, ours up to *ret_version, or something else. */
static int check_ours(struct sqlite *s, const char *path, int64_t *ret_version, struct err *err)
{
	int64_t id = 0;
	int64_t tables = 0;
	struct err why = {0};

	if (sqlite_number(s, "SELECT count(*) FROM sqlite_schema", &tables, &why) < 0 ||
	    sqlite_number(s, "PRAGMA application_id", &id, &why) < 0 ||
	    sqlite_number(s, "PRAGMA user_version", ret_version, &why) < 0) {
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

/*
 * Pages are kept as they are used, up to 8 MiB: a request's id is random, so that each new one touches a page of that index, and
 * with less those of 100,000 rows were read again and again. No mapping, few small blocks. The write-ahead log keeps its
 * length, 32 MiB after a burst: a commit then writes over blocks that the file has, which is half the sync of one that makes it
 * longer. The limit is for one that grew behind a long reader.
 */
static int tune(struct sqlite *s, bool read_only, struct err *err)
{
	(void)sqlite3_extended_result_codes(s->db, 0);
	(void)sqlite3_busy_timeout(s->db, 2000); /* a reader that opens or recovers the log */
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (exec(s,
		 "PRAGMA cache_size=-8192; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;"
		 "PRAGMA trusted_schema=OFF;",
		 err) < 0) {
		return -1;
	}
	if (read_only) {
		return 0;
	}
	sqlite_checkpoints(s);
	return exec(s,
		    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
		    "PRAGMA journal_size_limit=67108864;",
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
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_LOOKASIDE, NULL, 1024, 48);
	/* looked at before anything is set: what is not ours is not touched */
	if (check_ours(s, path, &version, err) < 0 || tune(s, read_only, err) < 0) {
		return -1;
	}
	s->version = read_only ? version : (int64_t)ARRAY_LEN(store_migrations);
	if (read_only && version == 0) {
		return err_set(err, ERR_CONFIG,
			       "the state file \"%.120s\" is no database of Sluice", path);
	}
	if (read_only) { /* all its reads see one state of the file */
		return exec(s, "BEGIN", err);
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
	/* pages of the cache one by one as they are needed; before SQLite's first use, later it is refused */
	(void)sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
	/* what SQLite has in memory nobody asks for, and to count it is a lock at each piece */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
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
