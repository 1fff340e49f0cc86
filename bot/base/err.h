/* err.h - the error value: what went wrong, and what the caller may do about it */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/attr.h"

enum err_kind {
	ERR_NONE = 0,
	ERR_USAGE,    /* the person asked for something that makes no sense */
	ERR_CONFIG,   /* a file or a setting is wrong */
	ERR_DENIED,   /* not allowed */
	ERR_NOTFOUND, /* no such thing (or none that the asker may see) */
	ERR_CONFLICT, /* busy, or done already */
	ERR_LIMIT,    /* too big, too many, too often */
	ERR_TIMEOUT,  /* no answer in time; for a change the outcome is ERR_UNKNOWN instead */
	ERR_NETWORK,  /* provably never sent: a retry is safe */
	ERR_REMOTE,   /* the other side answered, and the answer is no */
	ERR_UNKNOWN,  /* sent, outcome not known: look, never retry blindly */
	ERR_STORE,    /* the disk or the database failed */
	ERR_CANCELED, /* we ended it ourselves */
};

/*
 * A call that can fail returns 0 or -1 and fills its last argument; constructors return NULL.
 * The sentence is lower case, says first what failed, has its subject in quotes, ends without
 * a full stop, holds no secret, and is fit to be shown to the person whom it concerns.
 */
struct err {
	enum err_kind kind;
	int remote_status; /* HTTP status of the other side, 0 when there was none */
	char msg[240];
};

/* Fills *err (NULL is fine) and returns -1, so that a caller can write `return err_set(...)`. */
int err_set(struct err *err, enum err_kind kind, const char *fmt, ...) ATTR_PRINTF(3, 4);

/* Puts "text: " before the sentence. Returns -1. */
int err_prefix(struct err *err, const char *fmt, ...) ATTR_PRINTF(2, 3);

void err_clear(struct err *err);

/* A copy; `from` may be NULL, which clears. */
void err_copy(struct err *to, const struct err *from);

/* "usage", "config", ...: for logs and metrics. */
const char *err_kind_name(enum err_kind kind);

#endif
