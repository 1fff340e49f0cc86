/* sqlite_checkpoint.c - the write-ahead log is brought into the file beside the groups, not in a commit's time
 *
 * Happy path: with LOG_PAGES pages in the log, store.c has a checkpoint made aside, through a connection of its own; groups go on
 * and write on meanwhile. Of a long log the first commit after it takes over the few pages that came since, in its own time: then all is
 * in the file, and with the second the log begins anew (https://www.sqlite.org/wal.html, "Checkpointing"). Both must find nobody
 * at a checkpoint.
 *
 * A checkpoint writes some hundred pages all over the file, and asks for all of them at once in the end: a commit's sync stood behind
 * them, a millisecond and more. They are given to the disk a few at a time, while they are written; the sync in the end, which is
 * what makes them safe, finds little left.
 *
 * Failure modes: it fails, or a reader keeps pages from it: the log grows, and after as many pages more it is tried again; at
 * LOG_PAGES_MOST each commit tries by itself, as SQLite would.
 */
#include <fcntl.h>
#include <stddef.h>

#include "store/sqlite.h"

#define LOG_PAGES 300
#define LOG_PAGES_ANEW 8000
#define LOG_PAGES_MOST 16000
#define FEW_PAGES 50 /* are left to the commit that begins it anew */
#define PASSES_MOST 4
#define PAGES_AT_ONCE 16     /* to the disk, but */
#define LOG_PAGES_BEHIND 900 /* not where the log grows faster than that */

static int on_commit(void *data, sqlite3 *db, const char *name, int pages)
{
	struct sqlite *s = data;
	int left = atomic_load(&s->commits_left);

	atomic_store(&s->log_pages, pages);
	if (pages < atomic_load(&s->tried)) { /* it has begun anew */
		atomic_store(&s->tried, 0);
	}
	if (left == 2 || pages >= LOG_PAGES_MOST) {
		(void)sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	}
	if (left > 0) {
		atomic_store(&s->commits_left, left - 1);
	}
	return SQLITE_OK; /* the commit is done, whatever becomes of this */
}

void sqlite_checkpoints(struct sqlite *s)
{
	(void)sqlite3_wal_hook(s->db, on_commit, s);
}

bool sqlite_wants_checkpoint(struct store *store)
{
	struct sqlite *s = sqlite_of(store);

	return atomic_load(&s->commits_left) == 0 &&
	       atomic_load(&s->log_pages) - atomic_load(&s->tried) >= LOG_PAGES;
}

static const sqlite3_io_methods *files;         /* as SQLite has them */
static _Thread_local struct sqlite *checkpoint; /* under way on this thread; NULL: none */

static int write_some(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at)
{
	int rc = files->xWrite(file, bytes, n, at);

	if (checkpoint != NULL && ++checkpoint->pages_given % PAGES_AT_ONCE == 0) {
		(void)sync_file_range(checkpoint->fd, 0, 0,
				      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
					      SYNC_FILE_RANGE_WAIT_AFTER);
	}
	return rc;
}

/* Of that connection's file, which nobody but its checkpoints writes through. */
static void write_gently(sqlite3 *db)
{
	static sqlite3_io_methods gentle;
	sqlite3_file *file = NULL;

	if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
	    file == NULL || file->pMethods == NULL) {
		return; /* all at once, then */
	}
	if (files == NULL) {
		files = file->pMethods;
		gentle = *files;
		gentle.xWrite = write_some;
	}
	file->pMethods = &gentle;
}

/* A connection reads once before it knows that there is a log. One that cannot is no good later either. */
static bool has_aside(struct sqlite *s)
{
	int rc;

	if (s->aside != NULL) {
		return true;
	}
	rc = sqlite3_open_v2(s->store.path, &s->aside, SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE,
			     NULL);
	if (rc == SQLITE_OK) {
		(void)sqlite3_db_config(s->aside, SQLITE_DBCONFIG_LOOKASIDE, NULL, 0, 0);
		rc = sqlite3_exec(s->aside, "PRAGMA synchronous=FULL; PRAGMA user_version;", NULL,
				  NULL, NULL);
	}
	if (rc == SQLITE_OK) {
		write_gently(s->aside);
	} else {
		(void)sqlite3_close(s->aside);
		s->aside = NULL;
	}
	return s->aside != NULL;
}

void sqlite_checkpoint(struct store *store)
{
	struct sqlite *s = sqlite_of(store);
	bool anew = atomic_load(&s->log_pages) >= LOG_PAGES_ANEW;
	unsigned passes = anew ? PASSES_MOST : 1;
	int done = 0;
	int rc = SQLITE_OK;
	int behind = atomic_load(&s->log_pages) - atomic_load(&s->tried);

	atomic_store(&s->tried, atomic_load(&s->log_pages));
	if (!has_aside(s)) {
		return;
	}
	checkpoint = anew || behind > LOG_PAGES_BEHIND ? NULL : s;
	for (unsigned n = 0;
	     n < passes && rc == SQLITE_OK && atomic_load(&s->log_pages) - done > FEW_PAGES; n++) {
		rc = sqlite3_wal_checkpoint_v2(s->aside, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
					       &done);
	}
	checkpoint = NULL;
	atomic_store(&s->commits_left, anew && rc == SQLITE_OK ? 2 : 0);
}
