/* json.h - JSON with typed getters that fill struct err (the only file with jansson.h is json.c)
 *
 * For envelopes, small answers and questions. Lists of droplets are streamed by ocean/decode.
 * Values are borrowed from the tree and live until json_free of its root.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

struct json; /* a node; never dereferenced outside json.c */

/* Parses at most `len` bytes: one value, at most 64 deep, duplicate keys and NUL bytes refused. */
struct json *json_parse(const char *text, size_t len, struct err *err);
void json_free(struct json *root); /* only for a root from json_parse; NULL is fine */
void json_forget(
	struct json *root); /* the same, and its strings are wiped first: it held secrets */

/* Required fields: -1 and ERR_USAGE-kind text naming the key when missing or of another type. */
int json_get_string(const struct json *object, const char *key, const char **ret, struct err *err);
int json_get_int(const struct json *object, const char *key, int64_t *ret, struct err *err);

/* Optional ones: absent, null or another type gives the fallback. */
const char *json_string_or(const struct json *object, const char *key, const char *fallback);
int64_t json_int_or(const struct json *object, const char *key, int64_t fallback);
double json_number_or(const struct json *object, const char *key, double fallback);
bool json_bool_or(const struct json *object, const char *key, bool fallback);
const struct json *json_member(const struct json *object, const char *key); /* NULL when absent */

bool json_is_object(const struct json *node);
bool json_is_array(const struct json *node);
size_t json_array_count(const struct json *array); /* 0 for anything that is no array */
const struct json *json_array_at(const struct json *array, size_t i);
const char *json_text(const struct json *node); /* the string, or NULL when it is none */
int64_t json_int_of(const struct json *node, int64_t fallback);

/* Writing: straight into a strbuf, no tree. Appends "..." with JSON escapes; invalid UTF-8 becomes U+FFFD. */
void json_add_string(struct strbuf *out, const char *text);

#endif
