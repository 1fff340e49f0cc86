/* roll.h - the oldest rows of the log leave the database for closed files, by themselves
 *
 * One run looks whether the log is longer than it may be and, as long as it is, writes its oldest rows to a file, has it on disk,
 * and then has them cut from the database. Everything happens on the store's worker in bites between two groups. A crash
 * anywhere in between leaves the rows in the database, or in both; the next run goes on from there.
 */
#ifndef AUDIT_ROLL_H
#define AUDIT_ROLL_H

#include "audit/audit.h"

struct audit_roll;

struct audit_roll_options {
	int64_t keep_rows;    /* more than that in the database: the oldest go */
	int64_t file_rows;    /* in one file, at most; 0: 10,000 */
	int64_t folder_bytes; /* no new file once the folder has that; 0: no limit */
	bool squeeze;         /* the database has little room: all but the newest rows go */
};

struct audit_roll *audit_roll_new(struct store *store);
void audit_roll_free(
	struct audit_roll
		*roll); /* a run under way ends in peace, its done is not called; NULL is fine */

/*
 * done: once, from the loop, unless freed before. err: LIMIT when the folder is full, STORE when a file or the database fails.
 * A second run while one is under way does nothing, and false is returned.
 */
bool audit_roll_run(struct audit_roll *roll, const struct audit_roll_options *options,
		    void (*done)(void *data, int64_t folder_bytes, const struct err *err),
		    void *data);

#endif
