/* folder.c - the closed files of the log: which there are, their rows, and how one gets on disk whole
 *
 * Happy path: a file is written under another name, fsynced, renamed, and the folder is fsynced: under its own name it is
 * whole or not there.
 *
 * Failure modes: the folder or a file cannot be read or written (STORE, named); a line is no row of the log (STORE, with file
 * and line), which is how a hand in a file shows.
 */
#include "audit/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define LINE_MAX_BYTES (128 * 1024) /* a body has 64 KiB at most */
#define SEQ_DIGITS 12

static int failed(struct err *err, const char *what, const char *path)
{
	return err_set(err, ERR_STORE, "cannot %s \"%.120s\": %s", what, path, strerror(errno));
}

char *audit_folder_name(const struct audit_folder *folder, const char *name)
{
	size_t size = strlen(folder->path) + strlen(name) + 2;
	char *path = mem_alloc(size);

	(void)snprintf(path, size, "%s/%s", folder->path, name);
	return path;
}

/* ---- which files --------------------------------------------------------------------------- */

/* "000000000001-000000010000.jsonl" */
static bool name_read(const char *name, struct audit_file *ret)
{
	char *end;

	if (strlen(name) != 2 * SEQ_DIGITS + 7 || name[SEQ_DIGITS] != '-' ||
	    strcmp(name + 2 * SEQ_DIGITS + 1, ".jsonl") != 0 ||
	    strspn(name, "0123456789") != SEQ_DIGITS ||
	    strspn(name + SEQ_DIGITS + 1, "0123456789") != SEQ_DIGITS) {
		return false;
	}
	ret->first = strtoll(name, &end, 10);
	ret->last = strtoll(end + 1, NULL, 10);
	memcpy(ret->name, name, 2 * SEQ_DIGITS + 8);
	return ret->first > 0 && ret->first <= ret->last;
}

static int by_first(const void *a, const void *b)
{
	const struct audit_file *x = a;
	const struct audit_file *y = b;

	return x->first != y->first ? (x->first < y->first ? -1 : 1)
				    : (x->last > y->last) - (x->last < y->last);
}

static void take_entry(struct audit_folder *folder, DIR *dir, const char *name)
{
	struct audit_file file = {0};
	struct stat st;

	if (fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode)) {
		return;
	}
	folder->bytes += st.st_size;
	if (name_read(name, &file)) {
		file.bytes = st.st_size;
		folder->files = mem_grow(folder->files, folder->n + 1, sizeof(*folder->files));
		folder->files[folder->n++] = file;
	}
}

int audit_folder_read(struct store *store, struct audit_folder *ret_folder, struct err *err)
{
	const char *state = store_path(store);
	struct audit_folder folder = {0};
	struct dirent *entry;
	size_t size;
	DIR *dir;

	if (state == NULL) {
		*ret_folder = folder;
		return 0;
	}
	size = strlen(state) + sizeof("-audit");
	folder.path = mem_alloc(size);
	(void)snprintf(folder.path, size, "%s-audit", state);
	dir = opendir(folder.path);
	if (dir == NULL && errno != ENOENT) {
		(void)failed(err, "read the folder", folder.path);
		free(folder.path);
		return -1;
	}
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		take_entry(&folder, dir, entry->d_name);
	}
	if (dir != NULL) {
		(void)closedir(dir);
	}
	if (folder.n > 1) {
		qsort(folder.files, folder.n, sizeof(*folder.files), by_first);
	}
	*ret_folder = folder;
	return 0;
}

void audit_folder_done(struct audit_folder *folder)
{
	free(folder->path);
	free(folder->files);
	memset(folder, 0, sizeof(*folder));
}

/* ---- rows ---------------------------------------------------------------------------------- */

void audit_print_log(const struct store_log *row, struct strbuf *out)
{
	strbuf_addf(out, "{\"seq\":%lld,\"hash\":\"%s\"", (long long)row->seq, row->hash);
	if (row->body[0] == '{' && row->body[1] != '}' && row->body[1] != '\0') {
		strbuf_addch(out, ',');
		strbuf_adds(out, row->body + 1);
	} else {
		strbuf_addch(out, '}');
	}
	strbuf_addch(out, '\n');
}

/* Takes a line apart in place; the body begins where the comma stood. */
static bool line_read(char *line, struct store_log *ret_row)
{
	static const char seq_key[] = "{\"seq\":";
	static const char hash_key[] = ",\"hash\":\"";
	char *at = line + sizeof(seq_key) - 1;
	char *hash;
	size_t len = strlen(line);

	if (len == 0 || line[len - 1] != '\n' || strncmp(line, seq_key, sizeof(seq_key) - 1) != 0) {
		return false;
	}
	line[len - 1] = '\0';
	if (strspn(at, "0123456789") == 0 || strspn(at, "0123456789") > 18) {
		return false;
	}
	ret_row->seq = strtoll(at, &at, 10);
	if (strncmp(at, hash_key, sizeof(hash_key) - 1) != 0) {
		return false;
	}
	hash = at + sizeof(hash_key) - 1;
	if (strspn(hash, "0123456789abcdef") != STORE_HASH_SIZE - 1) {
		return false;
	}
	at = hash + STORE_HASH_SIZE - 1;
	if (at[0] != '"' || (at[1] != ',' && strcmp(at + 1, "}") != 0)) {
		return false;
	}
	at[0] = '\0';
	if (at[1] == ',') {
		at[1] = '{';
		ret_row->body = at + 1;
	} else {
		ret_row->body = "{}";
	}
	ret_row->hash = hash;
	ret_row->prev = "";
	return true;
}

int audit_file_each(const struct audit_folder *folder, const struct audit_file *file,
		    int (*each)(const struct store_log *row, const struct audit_place *place,
				void *data),
		    void *data, struct err *err)
{
	char *path = audit_folder_name(folder, file->name);
	FILE *in = fopen(path, "re");
	char *line = mem_alloc(LINE_MAX_BYTES);
	struct audit_place place = {file->name, 0};
	struct store_log row;
	int rc = 0;

	if (in == NULL) {
		rc = failed(err, "read", path);
	}
	while (rc == 0 && fgets(line, LINE_MAX_BYTES, in) != NULL) {
		place.line++;
		if (!line_read(line, &row)) {
			rc = err_set(err, ERR_STORE,
				     "the audit log breaks in %s, line %zu: it is no row",
				     file->name, place.line);
		} else if (each(&row, &place, data) != 0) {
			break;
		}
	}
	if (rc == 0 && ferror(in)) {
		rc = failed(err, "read", path);
	}
	if (in != NULL) {
		(void)fclose(in);
	}
	free(line);
	free(path);
	return rc;
}

/* ---- both as one chain --------------------------------------------------------------------- */

struct walk {
	int64_t after,
		until; /* rows of files in between count: the others are in the database, or were asked not to be */
	bool over;
	int (*each)(const struct store_log *, const struct audit_place *, void *);
	void *data;
};

static int walk_file_row(const struct store_log *row, const struct audit_place *place, void *data)
{
	struct walk *walk = data;

	if (row->seq > walk->until) {
		return 1;
	}
	if (row->seq > walk->after) {
		walk->over = walk->each(row, place, walk->data) != 0;
	}
	return walk->over ? 1 : 0;
}

static int walk_row(const struct store_log *row, void *data)
{
	struct walk *walk = data;
	struct audit_place place = {0};

	walk->over = walk->each(row, &place, walk->data) != 0;
	return walk->over ? 1 : 0;
}

int audit_walk(struct store *store, int64_t after,
	       int (*each)(const struct store_log *row, const struct audit_place *place,
			   void *data),
	       void *data, struct err *err)
{
	struct walk walk = {.after = after, .each = each, .data = data};
	struct store_usage usage;
	struct audit_folder folder;
	int rc = 0;

	/* the database first: what it has cut by then is in the folder for good */
	if (store_get_usage(store, NULL, &usage, err) < 0 ||
	    audit_folder_read(store, &folder, err) < 0) {
		return -1;
	}
	walk.until = usage.cut_seq;
	for (size_t i = 0; rc == 0 && !walk.over && i < folder.n; i++) {
		if (folder.files[i].last > after && folder.files[i].first <= usage.cut_seq) {
			rc = audit_file_each(&folder, &folder.files[i], walk_file_row, &walk, err);
		}
	}
	audit_folder_done(&folder);
	if (rc == 0 && !walk.over && each(NULL, NULL, data) == 0) {
		/* from the smallest number: a row smuggled in before the first is a break too */
		rc = store_each_log(store, after > usage.cut_seq ? after + 1 : INT64_MIN, walk_row,
				    &walk, err);
	}
	return rc;
}

/* ---- writing ------------------------------------------------------------------------------- */

int audit_folder_make(const struct audit_folder *folder, struct err *err)
{
	if (mkdir(folder->path, 0700) < 0 && errno != EEXIST) {
		return failed(err, "make the folder", folder->path);
	}
	return 0;
}

int audit_folder_sync(const struct audit_folder *folder, struct err *err)
{
	int fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 || fsync(fd) < 0 ? failed(err, "write the folder", folder->path) : 0;

	if (fd >= 0) {
		(void)close(fd);
	}
	return rc;
}

static int write_whole(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR) {
			return -1;
		}
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return fsync(fd);
}

int audit_folder_write(const struct audit_folder *folder, const char *name, const char *text,
		       struct err *err)
{
	char *path = audit_folder_name(folder, name);
	char *draft = audit_folder_name(folder, "writing.tmp");
	int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc = 0;

	if (fd < 0 || write_whole(fd, text) < 0) {
		rc = failed(err, "write", draft);
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	if (rc == 0 && rename(draft, path) < 0) {
		rc = failed(err, "write", path);
	}
	if (rc < 0) {
		(void)unlink(draft);
	}
	free(path);
	free(draft);
	return rc < 0 ? -1 : audit_folder_sync(folder, err);
}
