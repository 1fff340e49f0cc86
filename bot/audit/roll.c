/* roll.c - rows from the database to a closed file: a bite of rows at a time, then the cut, a bite at a time
 *
 * Happy path, each step one store_ask or one transaction: no file holds the row after the cut and the log is too long -> rows
 * are appended to "rolling.tmp" -> it is full, is on disk, gets its name, the folder is fsynced, and the texts of all policies that
 * the database has are files beside it -> store_txn_cut, again and again up to the file's last row. Bites are small: whoever wants
 * to write meanwhile waits for one of them at most.
 *
 * Failure modes: the folder cannot be written, or is as large as it may be (the run ends with the reason, the rows stay); the
 * commit of a cut fails (the same); the process dies: before the file has its name it is begun anew, after that the file is
 * found, is held against the database once, and the cuts go on.
 */
#include "audit/roll.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/folder.h"
#include "base/mem.h"

#define FILE_ROWS 10000
#define FILE_BYTES (8 << 20)
#define BITE_ROWS 100
#define CUT_ROWS 200
#define SYNC_BYTES (256 << 10) /* a file that is synced at its end only is one long wait */
#define SQUEEZED_ROWS 1000
#define DRAFT "rolling.tmp"

enum next {
	NEXT_NOTHING = 0,
	NEXT_LOOK,
	NEXT_CUT,
};

struct audit_roll {
	struct store *store;
	struct audit_roll_options options;
	bool running, freed;
	int fd; /* the draft; -1: none */
	int64_t first, last;
	int64_t draft_bytes, unsynced;
	int64_t last_seq; /* of the log, when the draft was begun */
	int64_t trusted;  /* the last row of a file that is known to hold what the database has */
	int64_t folder_bytes;
	enum next next;
	int64_t cut_at, cut_last;
	struct err err;
	void (*done)(void *data, int64_t folder_bytes, const struct err *err);
	void *data;
};

struct audit_roll *audit_roll_new(struct store *store)
{
	struct audit_roll *roll = mem_alloc(sizeof(*roll));

	roll->store = store;
	roll->fd = -1;
	return roll;
}

static void release(struct audit_roll *roll)
{
	if (roll->fd >= 0) {
		(void)close(roll->fd);
	}
	free(roll);
}

void audit_roll_free(struct audit_roll *roll)
{
	if (roll != NULL && roll->running) {
		roll->freed = true;
	} else if (roll != NULL) {
		release(roll);
	}
}

/* ---- on the worker: writing ---------------------------------------------------------------- */

static int failed(struct audit_roll *roll, const char *what)
{
	return err_set(&roll->err, ERR_STORE, "cannot %s a closed file of the audit log: %s", what,
		       strerror(errno));
}

static int begin_file(struct audit_roll *roll, const struct audit_folder *folder, int64_t first)
{
	char *draft;

	if (audit_folder_make(folder, &roll->err) < 0) {
		return -1;
	}
	draft = audit_folder_name(folder, DRAFT);
	roll->fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	free(draft);
	roll->first = first;
	roll->last = first - 1;
	roll->draft_bytes = 0;
	roll->unsynced = 0;
	return roll->fd < 0 ? failed(roll, "make") : 0;
}

struct bite {
	struct strbuf text;
	int64_t last;
	int64_t most_last; /* of the file */
	size_t rows;
};

static int take_row(const struct store_log *log, void *data)
{
	struct bite *bite = data;

	if (log->seq > bite->most_last) {
		return 1;
	}
	audit_print_log(log, &bite->text);
	bite->last = log->seq;
	return ++bite->rows == BITE_ROWS || bite->text.len > (1 << 20);
}

static int sync_draft(struct audit_roll *roll)
{
	roll->unsynced = 0;
	return fsync(roll->fd) < 0 ? failed(roll, "write") : 0;
}

static int write_text(struct audit_roll *roll, const struct strbuf *text)
{
	for (size_t at = 0; at < text->len;) {
		ssize_t n = write(roll->fd, text->buf + at, text->len - at);

		if (n < 0 && errno != EINTR) {
			return failed(roll, "write");
		}
		at += n > 0 ? (size_t)n : 0;
	}
	roll->draft_bytes += (int64_t)text->len;
	roll->unsynced += (int64_t)text->len;
	return roll->unsynced >= SYNC_BYTES ? sync_draft(roll) : 0;
}

/* One bite more. *ret_full: the file has all that it shall have. */
static int append(struct audit_roll *roll, bool *ret_full)
{
	struct bite bite = {.last = roll->last,
			    .most_last = roll->first + roll->options.file_rows - 1};
	int rc;

	if (bite.most_last >= roll->last_seq) {
		bite.most_last =
			roll->last_seq - 1; /* the newest row stays where it can be asked for */
	}
	strbuf_init(&bite.text, (size_t)4 << 20);
	rc = store_each_log(roll->store, roll->last + 1, take_row, &bite, &roll->err);
	if (rc == 0 && bite.rows > 0) {
		rc = write_text(roll, &bite.text);
		roll->last = bite.last;
	}
	*ret_full =
		roll->last >= bite.most_last || bite.rows == 0 || roll->draft_bytes >= FILE_BYTES;
	strbuf_done(&bite.text);
	return rc;
}

struct keeping {
	const struct audit_folder *folder;
	struct err *err;
	bool failed;
};

static int keep_policy(const char *id, const char *text, int64_t at_ms, void *data)
{
	struct keeping *keeping = data;
	char name[64];
	char *path;
	bool there;

	(void)at_ms;
	if (*id == '\0' || strlen(id) > 32 || strspn(id, "0123456789abcdef") != strlen(id)) {
		return 0; /* an id of ours is a hash; anything else is no name for a file */
	}
	(void)snprintf(name, sizeof(name), "policy-%s.yaml", id);
	path = audit_folder_name(keeping->folder, name);
	there = access(path, F_OK) == 0;
	free(path);
	if (!there && audit_folder_write(keeping->folder, name, text, keeping->err) < 0) {
		keeping->failed = true;
	}
	return keeping->failed ? 1 : 0;
}

static int end_file(struct audit_roll *roll, const struct audit_folder *folder)
{
	struct keeping keeping = {folder, &roll->err, false};
	char *draft = audit_folder_name(folder, DRAFT);
	char *path;
	char name[64];
	int rc = roll->unsynced > 0 ? sync_draft(roll) : 0;

	(void)snprintf(name, sizeof(name), "%012lld-%012lld.jsonl", (long long)roll->first,
		       (long long)roll->last);
	path = audit_folder_name(folder, name);
	(void)close(roll->fd);
	roll->fd = -1;
	if (rc < 0 || store_each_policy(roll->store, keep_policy, &keeping, &roll->err) < 0 ||
	    keeping.failed) {
		rc = -1;
	} else if (rename(draft, path) < 0) {
		rc = failed(roll, "name");
	} else {
		rc = audit_folder_sync(folder, &roll->err);
		roll->trusted = rc == 0 ? roll->last : 0;
	}
	free(draft);
	free(path);
	return rc;
}

/* ---- on the worker: a file that is there already ------------------------------------------- */

struct proof {
	struct audit_head at;
	const struct store_usage *usage;
	bool fits;
};

static int prove_row(const struct store_log *log, const struct audit_place *place, void *data)
{
	struct proof *proof = data;
	char hash[STORE_HASH_SIZE];

	(void)place;
	if (proof->at.seq == 0 && log->seq <= proof->usage->cut_seq) {
		/* what was before it is gone: from the cut on it can be held against the database */
		proof->fits = true;
	} else {
		store_chain_hash(proof->at.seq == 0 ? proof->usage->cut_hash : proof->at.hash,
				 log->body, hash);
		proof->fits = strcmp(hash, log->hash) == 0 &&
			      (proof->at.seq == 0 || log->seq == proof->at.seq + 1);
	}
	if (log->seq == proof->usage->cut_seq) {
		proof->fits = proof->fits && strcmp(log->hash, proof->usage->cut_hash) == 0;
	}
	proof->at.seq = log->seq;
	(void)snprintf(proof->at.hash, sizeof(proof->at.hash), "%s", log->hash);
	return proof->fits ? 0 : 1;
}

static int same_hash(const struct store_log *log, void *data)
{
	struct proof *proof = data;

	proof->fits = log->seq == proof->at.seq && strcmp(log->hash, proof->at.hash) == 0;
	return 1;
}

/* Does it hold the rows of the database, up to its last? */
static bool holds(struct audit_roll *roll, const struct audit_folder *folder,
		  const struct audit_file *file, const struct store_usage *usage)
{
	struct proof proof = {.usage = usage};

	if (audit_file_each(folder, file, prove_row, &proof, NULL) < 0 || !proof.fits ||
	    proof.at.seq != file->last) {
		return false;
	}
	proof.fits = false;
	return store_each_log(roll->store, file->last, same_hash, &proof, NULL) == 0 && proof.fits;
}

static void look_at_file(struct audit_roll *roll, const struct audit_folder *folder,
			 const struct audit_file *file, const struct store_usage *usage)
{
	char *path;

	if (roll->trusted == file->last || holds(roll, folder, file, usage)) {
		roll->trusted = file->last;
		roll->cut_at = usage->cut_seq;
		roll->cut_last = file->last;
		roll->next = NEXT_CUT;
	} else if (file->first == usage->cut_seq + 1) {
		/* nothing of it was cut: the database has all of its rows, and it is written anew */
		path = audit_folder_name(folder, file->name);
		roll->next = unlink(path) == 0 ? NEXT_LOOK : NEXT_NOTHING;
		if (roll->next == NEXT_NOTHING) {
			(void)failed(roll, "replace");
		}
		free(path);
	} else {
		(void)err_set(&roll->err, ERR_STORE,
			      "the closed file %s does not hold what the audit log has",
			      file->name);
	}
}

/* ---- on the worker: a step ----------------------------------------------------------------- */

static const struct audit_file *file_after_cut(const struct audit_folder *folder, int64_t cut_seq)
{
	for (size_t i = 0; i < folder->n; i++) {
		if (folder->files[i].first <= cut_seq + 1 && folder->files[i].last > cut_seq) {
			return &folder->files[i];
		}
	}
	return NULL;
}

static bool too_long(const struct audit_roll *roll, const struct store_usage *usage)
{
	int64_t rows = usage->last_seq - usage->cut_seq;

	return rows > roll->options.keep_rows || (roll->options.squeeze && rows > SQUEEZED_ROWS);
}

static void decide(struct audit_roll *roll, const struct audit_folder *folder,
		   const struct store_usage *usage)
{
	const struct audit_file *file = file_after_cut(folder, usage->cut_seq);

	if (file != NULL && file->last >= usage->last_seq) {
		(void)err_set(&roll->err, ERR_STORE,
			      "the closed file %s holds rows that the audit log does not have",
			      file->name);
		return;
	}
	if (file != NULL) {
		look_at_file(roll, folder, file, usage);
		return;
	}
	if (!too_long(roll, usage)) {
		return;
	}
	if (roll->options.folder_bytes > 0 && folder->bytes >= roll->options.folder_bytes) {
		(void)err_set(&roll->err, ERR_LIMIT,
			      "the closed files of the audit log have the %lld MiB that they may "
			      "have: move the oldest out of \"%.80s\"",
			      (long long)(roll->options.folder_bytes >> 20), folder->path);
		return;
	}
	roll->last_seq = usage->last_seq;
	if (begin_file(roll, folder, usage->cut_seq + 1) == 0) {
		roll->next = NEXT_LOOK;
	}
}

static void look(struct store *store, void *data)
{
	struct audit_roll *roll = data;
	struct audit_folder folder;
	struct store_usage usage;
	bool full = false;

	roll->next = NEXT_NOTHING;
	if (roll->fd >= 0 && append(roll, &full) < 0) {
		return;
	}
	if (roll->fd >= 0 && !full) {
		roll->next = NEXT_LOOK;
		return;
	}
	if (store_get_usage(store, NULL, &usage, &roll->err) < 0 ||
	    audit_folder_read(store, &folder, &roll->err) < 0) {
		return;
	}
	roll->folder_bytes = folder.bytes;
	if (full) {
		roll->next = end_file(roll, &folder) == 0 ? NEXT_LOOK : NEXT_NOTHING;
	} else if (folder.path != NULL) {
		decide(roll, &folder, &usage);
	}
	audit_folder_done(&folder);
}

/* ---- on the loop --------------------------------------------------------------------------- */

static void looked(void *data, const struct err *err);

static void finish(struct audit_roll *roll)
{
	struct err err = roll->err;

	if (roll->fd >= 0) { /* a draft that cannot go on; the next run begins it anew */
		(void)close(roll->fd);
		roll->fd = -1;
	}
	roll->running = false;
	if (roll->freed) {
		release(roll);
	} else {
		roll->done(roll->data, roll->folder_bytes, err.kind != ERR_NONE ? &err : NULL);
	}
}

static void cut(struct audit_roll *roll);

static void was_cut(void *data, const struct err *err)
{
	struct audit_roll *roll = data;

	if (err != NULL || roll->freed) {
		err_copy(&roll->err, err);
		finish(roll);
	} else if (roll->cut_at < roll->cut_last) {
		cut(roll);
	} else {
		store_ask(roll->store, look, looked, roll);
	}
}

/* As much as goes in one bite. */
static void cut(struct audit_roll *roll)
{
	struct store_txn *txn = store_txn_new(roll->store);
	int64_t left = roll->cut_last - roll->cut_at;

	roll->cut_at += left < CUT_ROWS ? left : CUT_ROWS;
	store_txn_cut(txn, roll->cut_at);
	if (roll->cut_at == roll->cut_last) {
		store_txn_drop_policies(txn);
	}
	store_commit(txn, was_cut, roll);
}

static void looked(void *data, const struct err *err)
{
	struct audit_roll *roll = data;

	if (err != NULL) {
		err_copy(&roll->err, err);
	}
	if (roll->freed || roll->err.kind != ERR_NONE || roll->next == NEXT_NOTHING) {
		finish(roll);
	} else if (roll->next == NEXT_CUT) {
		cut(roll);
	} else {
		store_ask(roll->store, look, looked, roll);
	}
}

bool audit_roll_run(struct audit_roll *roll, const struct audit_roll_options *options,
		    void (*done)(void *data, int64_t folder_bytes, const struct err *err),
		    void *data)
{
	if (roll->running) {
		return false;
	}
	roll->running = true;
	roll->options = *options;
	if (roll->options.file_rows <= 0) {
		roll->options.file_rows = FILE_ROWS;
	}
	if (roll->options.file_rows > options->keep_rows / 2 + 1) {
		roll->options.file_rows = options->keep_rows / 2 + 1;
	}
	roll->done = done;
	roll->data = data;
	err_clear(&roll->err);
	store_ask(roll->store, look, looked, roll);
	return true;
}
