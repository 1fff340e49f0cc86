/* json_internal.h - what json.c and json_text.c share; nobody else includes it */
#ifndef BASE_JSON_INTERNAL_H
#define BASE_JSON_INTERNAL_H

#include <stddef.h>

#define JSON_DEPTH_MAX 64

enum json_look { JSON_LOOK_GOOD = 0, JSON_LOOK_BAD, JSON_LOOK_DEEP };

/* Before yajl sees it: how deep it is, and what yajl would take though it is no JSON (or no text). *ret_at: where it broke. */
enum json_look json_look(const char *text, size_t len, size_t *ret_at);

#endif
