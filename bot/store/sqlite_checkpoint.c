/* sqlite_checkpoint.c - the write-ahead log is brought into the file beside the groups, not in a commit's time
 *
 * Happy path: with LOG_PAGES pages in the log, store.c has a checkpoint made aside, through a connection of its own; groups go on
 * and write on meanwhile. The first commit after it takes over the few pages that came since, in its own time: then all is in the
 * file, and the log begins anew (https://www.sqlite.org/wal.html, "Checkpointing").
 *
 * Failure modes: it fails, or a reader keeps pages from it: the log grows, and after as many pages more it is tried again; at
 * LOG_PAGES_MOST each commit tries by itself, as SQLite would.
 */
#include "store/sqlite.h"

#define LOG_PAGES 300
#define LOG_PAGES_ANEW 8000
#define LOG_PAGES_MOST 16000
#define FEW_PAGES 50 /* are left to the commit that begins it anew */
#define PASSES_MOST 4

static int on_commit(void *data, sqlite3 *db, const char *name, int pages)
{
	struct sqlite *s = data;

	atomic_store(&s->log_pages, pages);
	if (pages < atomic_load(&s->tried)) { /* it has begun anew */
		atomic_store(&s->tried, 0);
	}
	if (atomic_exchange(&s->over, false) || pages >= LOG_PAGES_MOST) {
		(void)sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
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

	return atomic_load(&s->log_pages) - atomic_load(&s->tried) >= LOG_PAGES;
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
	if (rc != SQLITE_OK) {
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

	atomic_store(&s->tried, atomic_load(&s->log_pages));
	if (!has_aside(s)) {
		return;
	}
	for (unsigned n = 0;
	     n < passes && rc == SQLITE_OK && atomic_load(&s->log_pages) - done > FEW_PAGES; n++) {
		rc = sqlite3_wal_checkpoint_v2(s->aside, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
					       &done);
	}
	atomic_store(&s->over, anew && rc == SQLITE_OK);
}
