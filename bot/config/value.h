/* value.h - the kinds of value that a setting may have, and their limits; only for config.c */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum value_type {
	VALUE_PATH = 1,     /* a file, never empty */
	VALUE_PATH_OR_NONE, /* a file, or empty */
	VALUE_LISTEN,       /* HOST:PORT, [V6]:PORT, :PORT, or empty */
	VALUE_LEVEL,        /* debug info warn error */
	VALUE_YES_NO,
	VALUE_HTTP_URL, /* https://, or http:// to this very machine, because a token travels there */
	VALUE_WS_URL,   /* wss://, or ws:// to this very machine, or empty */
	VALUE_PROXY_URL,   /* http:// or https://, or empty */
	VALUE_WORD,        /* an id or a name on one line */
	VALUE_JID,         /* NAME@HOST, or empty */
	VALUE_NUMBER,      /* 1 to 1000000000 */
	VALUE_NUMBER_OR_0, /* 0 to 1000000000 */
	VALUE_ID_OR_NONE,  /* an id of digits, "none", or empty */
	VALUE_LOCAL_URL, /* http:// to this machine or to an address of this link (169.254...), where no token travels */
	VALUE_PLACE, /* where a secret is, never the secret; or empty */
};

/*
 * 0, or -1 and a sentence of the given kind that starts with the setting's name. The value is shown only
 * where it cannot be a secret.
 */
int value_check(enum value_type type, const char *name, const char *text, enum err_kind kind,
		struct err *err);

/* For a text that value_check let through as VALUE_YES_NO. */
bool value_is_yes(const char *text);

/* For a text that value_check let through as VALUE_NUMBER, VALUE_NUMBER_OR_0 or VALUE_ID_OR_NONE; "none" and "" are 0. */
int64_t value_number(const char *text);

/* " FILE", " URL", ...: for the help; "" for yes and no. */
const char *value_placeholder(enum value_type type);

#endif
