/* child.h - a program run for its answer: bytes in, bytes out, a deadline
 *
 * No shell, no search for the program, and none of our environment (it holds secrets) or descriptors. What it writes to
 * standard error is dropped. It runs in a session of its own, so that what it started is killed with it, and it is killed
 * and reaped in every case before `done` comes.
 *
 * Kinds: NOTFOUND (no such program), LIMIT (cannot be started, or wrote more than output_max), TIMEOUT, REMOTE (it ended
 * with another status than 0, or by a signal), CANCELED. A virtual loop has no programs: there it is NOTFOUND.
 */
#ifndef LOOP_CHILD_H
#define LOOP_CHILD_H

#include <stddef.h>

#include "loop/loop.h"

struct child {
	/* set by the caller, borrowed until done */
	const char *const *argv; /* argv[0] is the program's path, with a slash; NULL at the end */
	const void *input;       /* NULL: none; a program that does not read all of it is fine */
	size_t input_len;
	size_t output_max;  /* bytes */
	int64_t timeout_ms; /* 0: 3 s */
	/* Exactly once, from the loop, also on cancel; within loop_free when it still runs then. */
	void (*done)(struct child *, const struct err *);
	void *data;
	/* results, valid within done, empty with an error */
	const char *output;
	size_t output_len;
	void *internal;
};

void child_start(struct loop *loop, struct child *child);
void child_cancel(struct child *child); /* done comes with ERR_CANCELED; not after done */

#endif
