/* folder.h - the closed files of the log, in a folder beside the database; for the files of this room only
 *
 * A closed file never changes. Its name says which rows it holds; a line is a row as audit_print writes it, which has all that
 * the chain needs: the body is the line without "seq" and "hash".
 */
#ifndef AUDIT_FOLDER_H
#define AUDIT_FOLDER_H

#include <stddef.h>
#include <stdint.h>

#include "audit/audit.h"

struct audit_file {
	int64_t first, last;
	int64_t bytes;
	char name[40];
};

struct audit_folder {
	char *path;               /* NULL: the store has no files */
	struct audit_file *files; /* by their first row */
	size_t n;
	int64_t bytes; /* all that is in it */
};

/* 0 also when there is no such folder yet. */
int audit_folder_read(struct store *store, struct audit_folder *ret_folder, struct err *err);
void audit_folder_done(struct audit_folder *folder);

/* Where a row stands; file NULL: in the database. */
struct audit_place {
	const char *file;
	size_t line;
};

/* The rows of one file in order; `prev` is "" in them. -1 also when a line is no row, or the file ends early. */
int audit_file_each(const struct audit_folder *folder, const struct audit_file *file,
		    int (*each)(const struct store_log *row, const struct audit_place *place,
				void *data),
		    void *data, struct err *err);

/*
 * Files and database as one chain, each row once, oldest first, from the row after `after`. Non-zero from `each` ends it.
 * Between them, once: `each` with row NULL; the place says nothing then.
 */
int audit_walk(struct store *store, int64_t after,
	       int (*each)(const struct store_log *row, const struct audit_place *place,
			   void *data),
	       void *data, struct err *err);

/* A file of the folder, whole or not at all: 0600, on disk with its name when this returns 0. */
int audit_folder_make(const struct audit_folder *folder, struct err *err);
int audit_folder_sync(const struct audit_folder *folder, struct err *err);
int audit_folder_write(const struct audit_folder *folder, const char *name, const char *text,
		       struct err *err);
char *audit_folder_name(const struct audit_folder *folder, const char *name); /* free it */

void audit_print_log(const struct store_log *row, struct strbuf *out);

#endif
