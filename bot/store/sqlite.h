/* sqlite.h - what the files of the SQLite store share (the only file with sqlite3.h); nobody else includes it
 *
 * sqlite.c opens, commits and closes; sqlite_rows.c writes a transaction's rows; sqlite_read.c reads; sqlite_checkpoint.c brings the
 * write-ahead log into the file.
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include <sqlite3.h>
#include <stdatomic.h>

#include "store/internal.h"

/* Statements that are prepared at first use and kept. */
enum query {
	Q_BEGIN = 0,
	Q_COMMIT,
	Q_SAVEPOINT,
	Q_RELEASE,
	Q_BACK_TO,
	Q_SEEN,
	Q_JOB,
	Q_JOB_AGAIN,
	Q_REQUEST,
	Q_REQUEST_NOW,
	Q_REQUEST_END,
	Q_LOG_LAST,
	Q_LOG_CUT,
	Q_LOG,
	Q_CURSOR,
	Q_CURSOR_DROP,
	Q_FORGET,
	Q_CONSENT,
	Q_VOID,
	Q_LOCK,
	Q_UNLOCK,
	Q_TAKE,
	Q_UNTAKE,
	Q_PLACE,
	Q_UNPLACE,
	Q_POLICY,
	Q_PRUNE_SEEN,
	Q_PRUNE_PLACES,
	Q_PRUNE_BOUND,
	Q_PRUNE_JOBS,
	Q_PRUNE_CONSENTS,
	Q_PRUNE_REQUESTS,
	Q_CUT_NOTE,
	Q_CUT_LOG,
	Q_DROP_POLICIES,
	Q_COUNT,
};

/* The columns of a request: its id, STORE_REQUEST_TEXTS in their order, its numbers. */
#define REQUEST_COLUMNS                                                                         \
	"id, network, workspace, channel, thread, user_workspace, user, person, answers, verb," \
	" words, policy_id, card, arguments, reason, nonce, digest, terms, direct,"             \
	" created_ms, updated_ms, final, queues"
#define JOB_COLUMNS                                                                        \
	"id, request, account, droplet_id, droplet_name, state, step, action_id, sent_ms," \
	" deadline_ms, updated_ms, outcome, open, ready_ms, steps, beside"
#define CONSENT_COLUMNS \
	"request, kind, person, network, user_workspace, user, digest, policy_id, at_ms"
#define LOCK_COLUMNS "account, droplet_id, droplet_name, person, reason, at_ms"
/* Its id, STORE_TAKE_TEXTS in their order, its numbers. */
#define TAKE_COLUMNS                                                                           \
	"id, rota, person, reason, network, workspace, channel, thread, user_workspace, user," \
	" direct, asked_ms, from_ms, until_ms"

/* The columns of a place: its ids, STORE_PLACE_TEXTS in their order, its numbers. */
#define PLACE_COLUMNS                                                                       \
	"job, request, verb, network, user_workspace, user, workspace, channel, account,"   \
	" name, region, size, project, project_id, tags, at_ms, direct, droplet_id, known," \
	" monthly_cents"

/* The number of the request that has this id: jobs and places are found by it. */
#define REQUEST_AT(id) "coalesce((SELECT n FROM request WHERE id = " id "), 0)"

#define STORE_VERSION_CUT 3 /* the first shape whose log can be cut */

struct sqlite {
	struct store store;
	int fd; /* holds the lock; -1 for a reader. Closed last: closing it drops SQLite's own locks too */
	sqlite3 *db;
	int64_t version; /* of the file's shape; a reader may meet an older one */
	int64_t limit_bytes;
	int changes_seen; /* sqlite3_total_changes at the last look at what is used */
	/* The end of the log within the group at hand: each row of it follows the one before. False: look. */
	bool end_known;
	int64_t end_seq;
	char end_hash[STORE_HASH_SIZE];
	char fresh[64]; /* id of the request that was put in last: its jobs are new too */
	sqlite3_stmt *stmts[Q_COUNT];
	/* sqlite_checkpoint.c */
	sqlite3 *aside;          /* its connection; NULL until the first checkpoint */
	unsigned pages_given;    /* by it, to the disk */
	atomic_int log_pages;    /* in the write-ahead log, after the last commit */
	atomic_int tried;        /* so many when the last one was begun */
	atomic_int commits_left; /* until a long log begins anew; 0: none is about to */
};

static inline struct sqlite *sqlite_of(struct store *store)
{
	return (struct sqlite *)(void *)store;
}

int sqlite_failed(struct sqlite *s, struct err *err); /* says why; -1 */
int sqlite_prepare(struct sqlite *s, const char *sql, sqlite3_stmt **ret_stmt, struct err *err);
sqlite3_stmt *sqlite_query(struct sqlite *s, enum query which, struct err *err);
/* Runs a statement that gives no rows. */
int sqlite_run(struct sqlite *s, sqlite3_stmt *stmt, struct err *err);
/* Bound until the statement is reset: the text lives longer than that. */
void sqlite_bind_text(sqlite3_stmt *stmt, int at, const char *text);
void sqlite_bind_int(sqlite3_stmt *stmt, int at, int64_t value);
/* The end of a read: rc is that of the last step; a callback that ended it early is no failure. Frees the statement. */
int sqlite_read_over(struct sqlite *s, sqlite3_stmt *stmt, int rc, struct err *err);

/* What one number a row gives: *ret is left alone when there is no row. */
int sqlite_number(struct sqlite *s, const char *sql, int64_t *ret, struct err *err);

/* sqlite_rows.c: the newest row of the log, or where it was cut. */
int sqlite_log_last(struct sqlite *s, int64_t *ret_seq, char ret_hash[STORE_HASH_SIZE],
		    struct err *err);
int sqlite_log_cut(struct sqlite *s, int64_t *ret_seq, char ret_hash[STORE_HASH_SIZE],
		   struct err *err);
/* One thing that a transaction does. */
int sqlite_put(struct sqlite *s, const struct store_op *op, struct err *err);

/* sqlite_read.c: the rows of struct store_back. */
int sqlite_each_request(struct store *store, bool open_only,
			int (*each)(const struct store_request *, void *), void *data,
			struct err *err);
int sqlite_find_request(struct store *store, const char *id,
			int (*each)(const struct store_request *, void *), void *data,
			struct err *err);
int sqlite_each_job(struct store *store, const char *request_id,
		    int (*each)(const struct store_job *, void *), void *data, struct err *err);
int sqlite_each_consent(struct store *store, const char *request_id,
			int (*each)(const struct store_consent *, void *), void *data,
			struct err *err);
int sqlite_each_lock(struct store *store, int (*each)(const struct store_lock *, void *),
		     void *data, struct err *err);
int sqlite_each_take(struct store *store, int (*each)(const struct store_take *, void *),
		     void *data, struct err *err);
int sqlite_each_place(struct store *store, int64_t from_ms,
		      int (*each)(const struct store_place *, void *), void *data, struct err *err);
int sqlite_get_policy(struct store *store, const char *id, struct strbuf *out, struct err *err);
int sqlite_get_cursor(struct store *store, const char *name, char *buf, size_t size,
		      struct err *err);
int sqlite_each_seen(struct store *store, size_t most, int (*each)(const char *key, void *),
		     void *data, struct err *err);
int sqlite_each_cursor(struct store *store, const char *prefix,
		       int (*each)(const char *rest, const char *value, void *), void *data,
		       struct err *err);
int sqlite_each_log(struct store *store, int64_t from,
		    int (*each)(const struct store_log *, void *), void *data, struct err *err);
int sqlite_each_log_back(struct store *store, int64_t before,
			 int (*each)(const struct store_log *, void *), void *data,
			 struct err *err);
int sqlite_each_policy(struct store *store,
		       int (*each)(const char *id, const char *text, int64_t at_ms, void *),
		       void *data, struct err *err);

/* sqlite_checkpoint.c: before the first commit; the other two are rows of struct store_back. */
void sqlite_checkpoints(struct sqlite *s);
bool sqlite_wants_checkpoint(struct store *store);
void sqlite_checkpoint(struct store *store);

/* sqlite_upkeep.c */
int sqlite_prune(struct sqlite *s, const struct store_prune *prune, struct err *err);
int sqlite_cut(struct sqlite *s, int64_t seq, struct err *err);
int sqlite_drop_policies(struct sqlite *s, struct err *err);
int sqlite_get_usage(struct store *store, const struct store_prune *prune,
		     struct store_usage *ret_usage, struct err *err);
bool sqlite_at_limit(
	const struct sqlite *s); /* after SQLITE_FULL: is it ours, and not the disk's? */
void sqlite_set_limit(struct store *store, int64_t bytes);
int sqlite_check(struct store *store, struct err *err);

#endif
