/* sqlite_upkeep.c - what keeps the SQLite store small and sound: pruning, cutting the log, its limit, its check
 *
 * What is written is written in bounded bites, so that no commit waits long behind it; the check is made aside. Pages that are
 * freed are used again; the file does not shrink, and its size counts without them.
 */
#include <stdio.h>
#include <string.h>

#include "store/sqlite.h"

#define CACHE_BYTES (1 << 20) /* that an idle cache may keep */

/* ---- in a transaction ---------------------------------------------------------------------- */

static int run_with(struct sqlite *s, enum query which, int64_t a, int64_t b, struct err *err)
{
	sqlite3_stmt *stmt = sqlite_query(s, which, err);

	if (stmt == NULL) {
		return -1;
	}
	sqlite_bind_int(stmt, 1, a);
	if (sqlite3_bind_parameter_count(stmt) > 1) {
		sqlite_bind_int(stmt, 2, b);
	}
	return sqlite_run(s, stmt, err);
}

/* Requests that ended before *ret_ms go: by age, or because there are newer ones enough. */
static int final_bound(struct sqlite *s, const struct store_prune *prune, int64_t *ret_ms,
		       struct err *err)
{
	sqlite3_stmt *stmt = sqlite_query(s, Q_PRUNE_BOUND, err);
	int64_t numbers = 0;
	int rc;

	*ret_ms = prune->final_before_ms;
	if (prune->finals_kept <= 0) {
		return 0;
	}
	/* the walk over all that is kept is made only when their numbers say that there are a good many more */
	if (sqlite_number(s, "SELECT (SELECT max(n) FROM request) - (SELECT min(n) FROM request)",
			  &numbers, err) < 0) {
		return -1;
	}
	if (numbers < prune->finals_kept + prune->finals_kept / 16) {
		return 0;
	}
	if (stmt == NULL) {
		return -1;
	}
	sqlite_bind_int(stmt, 1, prune->finals_kept);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW && sqlite3_column_int64(stmt, 0) >= *ret_ms) {
		*ret_ms = sqlite3_column_int64(stmt, 0) + 1;
	} else if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
		(void)sqlite_failed(s, err);
	}
	(void)sqlite3_reset(stmt);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

int sqlite_prune(struct sqlite *s, const struct store_prune *prune, struct err *err)
{
	int64_t before_ms = 0;

	if (run_with(s, Q_PRUNE_SEEN, prune->seen_before_ms, STORE_PRUNE_KEYS, err) < 0 ||
	    run_with(s, Q_PRUNE_PLACES, prune->places_before_ms, STORE_PRUNE_KEYS, err) < 0 ||
	    final_bound(s, prune, &before_ms, err) < 0) {
		return -1;
	}
	/* the requests last: the others are found by them */
	if (run_with(s, Q_PRUNE_JOBS, before_ms, STORE_PRUNE_REQUESTS, err) < 0 ||
	    run_with(s, Q_PRUNE_CONSENTS, before_ms, STORE_PRUNE_REQUESTS, err) < 0) {
		return -1;
	}
	return run_with(s, Q_PRUNE_REQUESTS, before_ms, STORE_PRUNE_REQUESTS, err);
}

int sqlite_cut(struct sqlite *s, int64_t seq, struct err *err)
{
	if (run_with(s, Q_CUT_NOTE, seq, 0, err) < 0) {
		return -1;
	}
	if (sqlite3_changes(s->db) == 0) {
		return err_set(err, ERR_CONFLICT, "the log has no row %lld", (long long)seq);
	}
	return run_with(s, Q_CUT_LOG, seq, 0, err);
}

int sqlite_drop_policies(struct sqlite *s, struct err *err)
{
	sqlite3_stmt *stmt = sqlite_query(s, Q_DROP_POLICIES, err);

	return stmt != NULL ? sqlite_run(s, stmt, err) : -1;
}

/* ---- how full ------------------------------------------------------------------------------ */

static int is_due(struct sqlite *s, const struct store_prune *prune, bool *ret_due, struct err *err)
{
	char sql[160];
	int64_t before_ms = 0;
	int64_t found = 0;

	if (final_bound(s, prune, &before_ms, err) < 0) {
		return -1;
	}
	(void)snprintf(sql, sizeof(sql),
		       "SELECT EXISTS (SELECT 1 FROM seen WHERE at_ms < %lld)"
		       " OR EXISTS (SELECT 1 FROM request WHERE final = 1"
		       " AND updated_ms < %lld)",
		       (long long)prune->seen_before_ms, (long long)before_ms);
	if (sqlite_number(s, sql, &found, err) < 0) {
		return -1;
	}
	*ret_due = found != 0;
	return 0;
}

/* What a burst read and wrote fills the cache, and little of it is wanted again once nothing is written any more. */
static void cache_back(struct sqlite *s)
{
	int changes = sqlite3_total_changes(s->db);
	bool calm = changes == s->changes_seen;
	int bytes = 0;
	int most = 0;

	s->changes_seen = changes;
	if (calm &&
	    sqlite3_db_status(s->db, SQLITE_DBSTATUS_CACHE_USED, &bytes, &most, 0) == SQLITE_OK &&
	    bytes > CACHE_BYTES) {
		(void)sqlite3_db_release_memory(s->db);
	}
}

int sqlite_get_usage(struct store *store, const struct store_prune *prune,
		     struct store_usage *ret_usage, struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	struct store_usage usage = {.limit_bytes = s->limit_bytes};
	int64_t pages = 0;
	int64_t unused = 0;
	int64_t page_size = 0;

	if (sqlite_number(s, "PRAGMA page_count", &pages, err) < 0 ||
	    sqlite_number(s, "PRAGMA freelist_count", &unused, err) < 0 ||
	    sqlite_number(s, "PRAGMA page_size", &page_size, err) < 0 ||
	    sqlite_log_cut(s, &usage.cut_seq, usage.cut_hash, err) < 0 ||
	    sqlite_log_last(s, &usage.last_seq, usage.last_hash, err) < 0 ||
	    (s->version >= STORE_VERSION_CUT && is_due(s, prune, &usage.due, err) < 0)) {
		return -1;
	}
	usage.used_bytes = (pages - unused) * page_size;
	cache_back(s);
	*ret_usage = usage;
	return 0;
}

void sqlite_set_limit(struct store *store, int64_t bytes)
{
	struct sqlite *s = sqlite_of(store);
	char sql[64];
	int64_t page_size = 4096;

	(void)sqlite_number(s, "PRAGMA page_size", &page_size, NULL);
	/* SQLite's own largest stands for none */
	(void)snprintf(sql, sizeof(sql), "PRAGMA max_page_count=%lld",
		       bytes > 0 ? (long long)(bytes / page_size) : 4294967294LL);
	(void)sqlite3_exec(s->db, sql, NULL, NULL, NULL);
	s->limit_bytes = bytes;
}

bool sqlite_at_limit(const struct sqlite *s)
{
	sqlite3_stmt *stmt = NULL;
	int64_t values[2] = {0, 0};
	static const char *const pragmas[] = {"PRAGMA page_count", "PRAGMA max_page_count"};

	for (size_t i = 0; s->limit_bytes > 0 && i < 2; i++) {
		if (sqlite3_prepare_v2(s->db, pragmas[i], -1, &stmt, NULL) == SQLITE_OK &&
		    sqlite3_step(stmt) == SQLITE_ROW) {
			values[i] = sqlite3_column_int64(stmt, 0);
		}
		(void)sqlite3_finalize(stmt);
	}
	/* what was too large is undone by now: it may have been the last part of what there was */
	return values[1] > 0 && values[0] + values[1] / 8 + 64 >= values[1];
}

/* ---- is it sound --------------------------------------------------------------------------- */

static int unread(sqlite3 *db, struct err *err)
{
	return err_set(err, ERR_STORE, "cannot read the database: %.120s",
		       db != NULL ? sqlite3_errmsg(db) : "no memory");
}

static int quick_check(sqlite3 *db, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &stmt, NULL);

	if (rc != SQLITE_OK || sqlite3_step(stmt) != SQLITE_ROW) {
		rc = unread(db, err);
	} else if (strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") != 0) {
		rc = err_set(err, ERR_STORE, "the database is damaged (%.120s)",
			     (const char *)sqlite3_column_text(stmt, 0));
	}
	(void)sqlite3_finalize(stmt);
	return rc;
}

/* Through a connection for this once: every page goes through its cache, and few of them are wanted again. */
int sqlite_check(struct store *store, struct err *err)
{
	sqlite3 *db = NULL;
	int rc =
		sqlite3_open_v2(store->path, &db, SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READONLY, NULL);

	rc = rc == SQLITE_OK ? quick_check(db, err) : unread(db, err);
	(void)sqlite3_close(db);
	return rc;
}
