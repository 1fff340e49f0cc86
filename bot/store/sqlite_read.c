/* sqlite_read.c - rows of the SQLite store, read at start or by store_ask between two groups */
#include <stdio.h>
#include <string.h>

#include "store/sqlite.h"

static const char *text_at(sqlite3_stmt *stmt, int column)
{
	const unsigned char *text = sqlite3_column_text(stmt, column);

	return text != NULL ? (const char *)text : "";
}

static void id_at(sqlite3_stmt *stmt, int column, char id[20])
{
	(void)snprintf(id, 20, "%s", text_at(stmt, column));
}

static void request_at(sqlite3_stmt *stmt, struct store_request *r)
{
	int at = 0;

	memset(r, 0, sizeof(*r));
	id_at(stmt, at++, r->id);
	for (size_t i = 0; i < STORE_REQUEST_TEXTS; i++) {
		*store_text_at(r, i) = text_at(stmt, at++);
	}
	r->direct = sqlite3_column_int(stmt, at++) != 0;
	r->created_ms = sqlite3_column_int64(stmt, at++);
	r->updated_ms = sqlite3_column_int64(stmt, at++);
	r->final = sqlite3_column_int(stmt, at++) != 0;
	r->queues = sqlite3_column_int(stmt, at) != 0;
}

static int read_requests(struct sqlite *s, sqlite3_stmt *stmt,
			 int (*each)(const struct store_request *, void *), void *data,
			 struct err *err)
{
	struct store_request request;
	int rc;

	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		request_at(stmt, &request);
		if (each(&request, data) != 0) {
			break;
		}
	}
	return sqlite_read_over(s, stmt, rc, err);
}

int sqlite_each_request(struct store *store, bool open_only,
			int (*each)(const struct store_request *, void *), void *data,
			struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	sqlite3_stmt *stmt;

	/* two texts: with "final = 0 OR ?1" the index of the open ones would not be used */
	if (sqlite_prepare(s,
			   open_only ? "SELECT " REQUEST_COLUMNS " FROM request WHERE final = 0"
				       " ORDER BY created_ms, id"
				     : "SELECT " REQUEST_COLUMNS " FROM request"
				       " ORDER BY created_ms, id",
			   &stmt, err) < 0) {
		return -1;
	}
	return read_requests(s, stmt, each, data, err);
}

int sqlite_find_request(struct store *store, const char *id,
			int (*each)(const struct store_request *, void *), void *data,
			struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	sqlite3_stmt *stmt;

	if (sqlite_prepare(s, "SELECT " REQUEST_COLUMNS " FROM request WHERE id = ?1", &stmt, err) <
	    0) {
		return -1;
	}
	sqlite_bind_text(stmt, 1, id);
	return read_requests(s, stmt, each, data, err);
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
	job->ready_ms = sqlite3_column_int64(stmt, 13);
	job->steps = text_at(stmt, 14);
	job->beside = text_at(stmt, 15);
}

int sqlite_each_job(struct store *store, const char *request_id,
		    int (*each)(const struct store_job *, void *), void *data, struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	sqlite3_stmt *stmt;
	struct store_job job;
	int rc;

	if (sqlite_prepare(s,
			   "SELECT " JOB_COLUMNS
			   " FROM job WHERE at = " REQUEST_AT("?1") " AND request = ?1 ORDER BY id",
			   &stmt, err) < 0) {
		return -1;
	}
	sqlite_bind_text(stmt, 1, request_id);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		job_at(stmt, &job);
		if (each(&job, data) != 0) {
			break;
		}
	}
	return sqlite_read_over(s, stmt, rc, err);
}

int sqlite_each_consent(struct store *store, const char *request_id,
			int (*each)(const struct store_consent *, void *), void *data,
			struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	sqlite3_stmt *stmt;
	struct store_consent c;
	int rc;

	if (sqlite_prepare(s,
			   "SELECT " CONSENT_COLUMNS " FROM consent WHERE request = ?1"
			   " ORDER BY at_ms, kind, person",
			   &stmt, err) < 0) {
		return -1;
	}
	sqlite_bind_text(stmt, 1, request_id);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		c.request = text_at(stmt, 0);
		c.kind = sqlite3_column_int(stmt, 1);
		c.person = text_at(stmt, 2);
		c.network = text_at(stmt, 3);
		c.user_workspace = text_at(stmt, 4);
		c.user = text_at(stmt, 5);
		c.digest = text_at(stmt, 6);
		c.policy_id = text_at(stmt, 7);
		c.at_ms = sqlite3_column_int64(stmt, 8);
		if (each(&c, data) != 0) {
			break;
		}
	}
	return sqlite_read_over(s, stmt, rc, err);
}

int sqlite_each_lock(struct store *store, int (*each)(const struct store_lock *, void *),
		     void *data, struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	sqlite3_stmt *stmt;
	struct store_lock lock;
	int rc;

	if (sqlite_prepare(s, "SELECT " LOCK_COLUMNS " FROM lock ORDER BY at_ms, droplet_name",
			   &stmt, err) < 0) {
		return -1;
	}
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		lock.account = text_at(stmt, 0);
		lock.droplet_id = (uint64_t)sqlite3_column_int64(stmt, 1);
		lock.droplet_name = text_at(stmt, 2);
		lock.person = text_at(stmt, 3);
		lock.reason = text_at(stmt, 4);
		lock.at_ms = sqlite3_column_int64(stmt, 5);
		if (each(&lock, data) != 0) {
			break;
		}
	}
	return sqlite_read_over(s, stmt, rc, err);
}

int sqlite_each_take(struct store *store, int (*each)(const struct store_take *, void *),
		     void *data, struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	sqlite3_stmt *stmt;
	struct store_take take;
	int rc;

	if (sqlite_prepare(s, "SELECT " TAKE_COLUMNS " FROM take ORDER BY asked_ms, id", &stmt,
			   err) < 0) {
		return -1;
	}
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		int at = 1;

		memset(&take, 0, sizeof(take));
		(void)strncat(take.id, text_at(stmt, 0), sizeof(take.id) - 1);
		for (size_t i = 0; i < STORE_TAKE_TEXTS; i++) {
			*store_take_text_at(&take, i) = text_at(stmt, at++);
		}
		take.direct = sqlite3_column_int64(stmt, at++) != 0;
		take.asked_ms = sqlite3_column_int64(stmt, at++);
		take.from_ms = sqlite3_column_int64(stmt, at++);
		take.until_ms = sqlite3_column_int64(stmt, at++);
		if (each(&take, data) != 0) {
			break;
		}
	}
	return sqlite_read_over(s, stmt, rc, err);
}

static void place_at(sqlite3_stmt *stmt, struct store_place *p)
{
	int at = 0;

	memset(p, 0, sizeof(*p));
	id_at(stmt, at++, p->job);
	id_at(stmt, at++, p->request);
	for (size_t i = 0; i < STORE_PLACE_TEXTS; i++) {
		*store_place_text_at(p, i) = text_at(stmt, at++);
	}
	p->at_ms = sqlite3_column_int64(stmt, at++);
	p->direct = sqlite3_column_int(stmt, at++) != 0;
	p->droplet_id = (uint64_t)sqlite3_column_int64(stmt, at++);
	p->known = (unsigned)sqlite3_column_int64(stmt, at++);
	p->monthly_cents = sqlite3_column_int64(stmt, at);
}

int sqlite_each_place(struct store *store, int64_t from_ms,
		      int (*each)(const struct store_place *, void *), void *data, struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	sqlite3_stmt *stmt;
	struct store_place place;
	int rc;

	if (sqlite_prepare(s,
			   "SELECT " PLACE_COLUMNS " FROM place WHERE at_ms >= ?1"
			   " ORDER BY at_ms, job",
			   &stmt, err) < 0) {
		return -1;
	}
	sqlite_bind_int(stmt, 1, from_ms);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		place_at(stmt, &place);
		if (each(&place, data) != 0) {
			break;
		}
	}
	return sqlite_read_over(s, stmt, rc, err);
}

int sqlite_get_policy(struct store *store, const char *id, struct strbuf *out, struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	sqlite3_stmt *stmt;
	int result = 0;
	int rc;

	if (sqlite_prepare(s, "SELECT text FROM policy WHERE id = ?1", &stmt, err) < 0) {
		return -1;
	}
	sqlite_bind_text(stmt, 1, id);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_DONE) {
		result = err_set(err, ERR_NOTFOUND, "no text of policy \"%.32s\" is kept", id);
	} else if (rc == SQLITE_ROW && strbuf_adds(out, text_at(stmt, 0)) < 0) {
		result = err_set(err, ERR_LIMIT, "the text of policy \"%.32s\" is too long", id);
	}
	return sqlite_read_over(s, stmt, rc, err) < 0 ? -1 : result;
}

int sqlite_get_cursor(struct store *store, const char *name, char *buf, size_t size,
		      struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	sqlite3_stmt *stmt;
	int result = 0;
	int rc;

	if (sqlite_prepare(s, "SELECT value FROM cursor WHERE name = ?1", &stmt, err) < 0) {
		return -1;
	}
	sqlite_bind_text(stmt, 1, name);
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_DONE) {
		result = err_set(err, ERR_NOTFOUND, "no cursor \"%.64s\"", name);
	} else if (rc == SQLITE_ROW && strlen(text_at(stmt, 0)) >= size) {
		result = err_set(err, ERR_LIMIT, "the cursor \"%.64s\" is too long", name);
	} else if (rc == SQLITE_ROW) {
		(void)snprintf(buf, size, "%s", text_at(stmt, 0));
	}
	return sqlite_read_over(s, stmt, rc, err) < 0 ? -1 : result;
}

int sqlite_each_cursor(struct store *store, const char *prefix,
		       int (*each)(const char *rest, const char *value, void *), void *data,
		       struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	sqlite3_stmt *stmt;
	size_t len = strlen(prefix);
	int rc;

	/* by its rows from the prefix on: LIKE and GLOB would read signs into it */
	if (sqlite_prepare(s, "SELECT name, value FROM cursor WHERE name >= ?1 ORDER BY name",
			   &stmt, err) < 0) {
		return -1;
	}
	sqlite_bind_text(stmt, 1, prefix);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const char *name = text_at(stmt, 0);

		if (strncmp(name, prefix, len) != 0 || each(name + len, text_at(stmt, 1), data)) {
			break;
		}
	}
	return sqlite_read_over(s, stmt, rc, err);
}

int sqlite_each_seen(struct store *store, size_t most, int (*each)(const char *key, void *),
		     void *data, struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	sqlite3_stmt *stmt;
	int rc;

	if (sqlite_prepare(s, "SELECT key FROM seen ORDER BY at_ms DESC LIMIT ?1", &stmt, err) <
	    0) {
		return -1;
	}
	sqlite_bind_int(stmt, 1, (int64_t)most);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (each(text_at(stmt, 0), data) != 0) {
			break;
		}
	}
	return sqlite_read_over(s, stmt, rc, err);
}

static int read_log(struct sqlite *s, sqlite3_stmt *stmt,
		    int (*each)(const struct store_log *, void *), void *data, struct err *err)
{
	struct store_log row;
	int rc;

	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		row.seq = sqlite3_column_int64(stmt, 0);
		row.body = text_at(stmt, 1);
		row.prev = text_at(stmt, 2);
		row.hash = text_at(stmt, 3);
		if (each(&row, data) != 0) {
			break;
		}
	}
	return sqlite_read_over(s, stmt, rc, err);
}

int sqlite_each_log(struct store *store, int64_t from,
		    int (*each)(const struct store_log *, void *), void *data, struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	sqlite3_stmt *stmt;

	if (sqlite_prepare(s, "SELECT seq, body, prev, hash FROM log WHERE seq >= ?1 ORDER BY seq",
			   &stmt, err) < 0) {
		return -1;
	}
	sqlite_bind_int(stmt, 1, from);
	return read_log(s, stmt, each, data, err);
}

int sqlite_each_log_back(struct store *store, int64_t before,
			 int (*each)(const struct store_log *, void *), void *data, struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	sqlite3_stmt *stmt;

	if (sqlite_prepare(s,
			   "SELECT seq, body, prev, hash FROM log WHERE seq < ?1 ORDER BY seq DESC",
			   &stmt, err) < 0) {
		return -1;
	}
	sqlite_bind_int(stmt, 1, before > 0 ? before : INT64_MAX);
	return read_log(s, stmt, each, data, err);
}

int sqlite_each_policy(struct store *store,
		       int (*each)(const char *id, const char *text, int64_t at_ms, void *),
		       void *data, struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	sqlite3_stmt *stmt;
	int rc;

	if (sqlite_prepare(s, "SELECT id, text, at_ms FROM policy ORDER BY at_ms, id", &stmt, err) <
	    0) {
		return -1;
	}
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (each(text_at(stmt, 0), text_at(stmt, 1), sqlite3_column_int64(stmt, 2), data)) {
			break;
		}
	}
	return sqlite_read_over(s, stmt, rc, err);
}
