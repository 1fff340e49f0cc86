/* err.c - the error value */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A sentence that was cut must not end in half a character. */
static void mend(char *msg, size_t size, int wanted)
{
	size_t len = strlen(msg);

	if (wanted < 0 || (size_t)wanted < size) {
		return;
	}
	while (len > 0 && ((unsigned char)msg[len - 1] & 0xc0) == 0x80) {
		len--;
	}
	if (len > 0 && (unsigned char)msg[len - 1] >= 0xc0) {
		len--;
	}
	msg[len] = '\0';
}

int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL) {
		return -1;
	}
	err->kind = kind;
	err->remote_status = 0;
	va_start(ap, fmt);
	mend(err->msg, sizeof(err->msg), vsnprintf(err->msg, sizeof(err->msg), fmt, ap));
	va_end(ap);
	return -1;
}

int err_prefix(struct err *err, const char *fmt, ...)
{
	char old[sizeof(err->msg)];
	va_list ap;
	size_t len;

	if (err == NULL) {
		return -1;
	}
	memcpy(old, err->msg, sizeof(old));
	va_start(ap, fmt);
	mend(err->msg, sizeof(err->msg), vsnprintf(err->msg, sizeof(err->msg), fmt, ap));
	va_end(ap);
	len = strlen(err->msg);
	mend(err->msg, sizeof(err->msg) - len,
	     snprintf(err->msg + len, sizeof(err->msg) - len, ": %s", old));
	return -1;
}

void err_clear(struct err *err)
{
	if (err != NULL) {
		memset(err, 0, sizeof(*err));
	}
}

void err_copy(struct err *to, const struct err *from)
{
	if (from == NULL) {
		err_clear(to);
	} else {
		*to = *from;
	}
}

const char *err_kind_name(enum err_kind kind)
{
	switch (kind) {
	case ERR_NONE:
		return "none";
	case ERR_USAGE:
		return "usage";
	case ERR_CONFIG:
		return "config";
	case ERR_DENIED:
		return "denied";
	case ERR_NOTFOUND:
		return "notfound";
	case ERR_CONFLICT:
		return "conflict";
	case ERR_LIMIT:
		return "limit";
	case ERR_TIMEOUT:
		return "timeout";
	case ERR_NETWORK:
		return "network";
	case ERR_REMOTE:
		return "remote";
	case ERR_UNKNOWN:
		return "unknown";
	case ERR_STORE:
		return "store";
	case ERR_CANCELED:
		return "canceled";
	}
	return "none";
}
