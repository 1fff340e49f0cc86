/* json.c - JSON by jansson, behind typed getters
 *
 * What comes here is from outside: it is one value, at most DEPTH_MAX deep, without NUL bytes and without
 * duplicate keys. The error says where it broke and never quotes the text, which may hold a secret.
 *
 * A tree stands in an arena of its own and goes as a whole: jansson asks for memory some eighty times for the answer to a message,
 * and gives each piece back alone. Its functions for memory are ours: within json_parse they use that tree's arena, otherwise (a
 * program beside us that uses jansson itself) the heap. No tree of an arena is ever given to jansson to free.
 */
#include <jansson.h>

/* jansson's own macros of these names are in the way of the functions */
#undef json_is_object
#undef json_is_array

#include <pthread.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/mem.h"

#define DEPTH_MAX 64

/* Before each piece of a tree: where it stands. */
union piece {
	struct arena *arena;
	max_align_t aligned;
};

static _Thread_local struct arena *parsing; /* NULL: not in json_parse */

static void *piece_new(size_t size)
{
	union piece *piece;

	if (parsing == NULL) {
		return malloc(size);
	}
	piece = arena_take(parsing, sizeof(*piece) + size);
	piece->arena = parsing;
	return piece + 1;
}

static void piece_free(void *at)
{
	if (parsing == NULL) {
		free(at);
	}
}

static void use_pieces(void)
{
	json_set_alloc_funcs(piece_new, piece_free);
}

static const json_t *tree(const struct json *node)
{
	return (const json_t *)(const void *)node;
}

static const struct json *wrap(const json_t *node)
{
	return (const struct json *)(const void *)node;
}

/* jansson itself allows 2048 levels, each a frame of its recursion. */
static bool too_deep(const char *text, size_t len)
{
	unsigned depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (in_string) {
			if (c == '\\') {
				i++;
			} else if (c == '"') {
				in_string = false;
			}
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > DEPTH_MAX) {
				return true;
			}
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return false;
}

/* These three are jansson's own, one each, in no arena. */
static bool is_shared(const json_t *node)
{
	return json_is_boolean(node) || json_is_null(node);
}

/* NULL: none. */
static struct arena *arena_of(struct json *root)
{
	return root == NULL || is_shared(tree(root)) ? NULL
						     : ((union piece *)(void *)root - 1)->arena;
}

static void drop(struct arena *arena)
{
	if (arena != NULL) {
		arena_done(arena);
		free(arena);
	}
}

struct json *json_parse(const char *text, size_t len, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct arena *arena;
	json_error_t where;
	json_t *root;

	if (too_deep(text, len)) {
		err_set(err, ERR_USAGE, "JSON is nested more than %d deep", DEPTH_MAX);
		return NULL;
	}
	(void)pthread_once(&once, use_pieces);
	arena = mem_alloc(sizeof(*arena));
	parsing = arena;
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
	parsing = NULL;
	if (root == NULL || is_shared(root)) {
		drop(arena);
	}
	if (root == NULL) {
		err_set(err, ERR_USAGE, "%s, at line %d, column %d",
			json_error_code(&where) == json_error_duplicate_key ? "JSON has a key twice"
									    : "not valid JSON",
			where.line, where.column);
	}
	return (struct json *)(void *)root;
}

void json_free(struct json *root)
{
	drop(arena_of(root));
}

void json_forget(struct json *root)
{
	struct arena *arena = arena_of(root);

	if (arena != NULL) {
		arena_wipe(arena);
		free(arena);
	}
}

int json_get_string(const struct json *object, const char *key, const char **ret, struct err *err)
{
	const char *text = json_text(json_member(object, key));

	if (text == NULL) {
		return err_set(err, ERR_USAGE, "JSON has no text \"%s\"", key);
	}
	*ret = text;
	return 0;
}

int json_get_int(const struct json *object, const char *key, int64_t *ret, struct err *err)
{
	const json_t *value = tree(json_member(object, key));

	if (!json_is_integer(value)) {
		return err_set(err, ERR_USAGE, "JSON has no whole number \"%s\"", key);
	}
	*ret = (int64_t)json_integer_value(value);
	return 0;
}

const char *json_string_or(const struct json *object, const char *key, const char *fallback)
{
	const char *text = json_text(json_member(object, key));

	return text != NULL ? text : fallback;
}

int64_t json_int_or(const struct json *object, const char *key, int64_t fallback)
{
	return json_int_of(json_member(object, key), fallback);
}

int64_t json_int_of(const struct json *node, int64_t fallback)
{
	const json_t *value = tree(node);

	return json_is_integer(value) ? (int64_t)json_integer_value(value) : fallback;
}

double json_number_or(const struct json *object, const char *key, double fallback)
{
	const json_t *value = tree(json_member(object, key));

	return json_is_number(value) ? json_number_value(value) : fallback;
}

bool json_bool_or(const struct json *object, const char *key, bool fallback)
{
	const json_t *value = tree(json_member(object, key));

	return json_is_boolean(value) ? json_is_true(value) : fallback;
}

const struct json *json_member(const struct json *object, const char *key)
{
	return wrap(json_object_get(tree(object), key));
}

bool json_is_object(const struct json *node)
{
	return node != NULL && json_typeof(tree(node)) == JSON_OBJECT;
}

bool json_is_array(const struct json *node)
{
	return node != NULL && json_typeof(tree(node)) == JSON_ARRAY;
}

size_t json_array_count(const struct json *array)
{
	return json_is_array(array) ? json_array_size(tree(array)) : 0;
}

const struct json *json_array_at(const struct json *array, size_t i)
{
	return wrap(json_array_get(tree(array), i));
}

const char *json_text(const struct json *node)
{
	return json_string_value(tree(node));
}

/* The length of the UTF-8 sequence at s, 0 when it is none (overlong, surrogate, too big, cut off). */
static size_t sequence(const unsigned char *s)
{
	size_t n;

	if (s[0] < 0x80) {
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		n = 2;
	} else if (s[0] >= 0xe0 && s[0] <= 0xef) {
		n = 3;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		n = 4;
	} else {
		return 0;
	}
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80) {
			return 0; /* the NUL at the end stops here too */
		}
	}
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f)) {
		return 0;
	}
	return n;
}

static void add_escaped(struct strbuf *out, unsigned char c)
{
	switch (c) {
	case '"':
		(void)strbuf_adds(out, "\\\"");
		break;
	case '\\':
		(void)strbuf_adds(out, "\\\\");
		break;
	case '\n':
		(void)strbuf_adds(out, "\\n");
		break;
	case '\r':
		(void)strbuf_adds(out, "\\r");
		break;
	case '\t':
		(void)strbuf_adds(out, "\\t");
		break;
	default:
		(void)strbuf_addf(out, "\\u%04x", c);
		break;
	}
}

void json_add_string(struct strbuf *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)(text != NULL ? text : "");
	const unsigned char *from = s; /* not written yet */

	(void)strbuf_addch(out, '"');
	for (;;) {
		size_t n;

		while (*s >= 0x20 && *s < 0x7f && *s != '"' && *s != '\\') {
			s++;
		}
		if (*s == '\0') {
			break;
		}
		n = sequence(s);
		if (n > 0 && *s != '"' && *s != '\\' && *s >= 0x20 && *s != 0x7f) {
			s += n;
			continue;
		}
		(void)strbuf_add(out, from, (size_t)(s - from));
		if (n > 0) {
			add_escaped(out, *s);
		} else {
			(void)strbuf_adds(out, "\xef\xbf\xbd");
		}
		s++;
		from = s;
	}
	(void)strbuf_add(out, from, (size_t)(s - from));
	(void)strbuf_addch(out, '"');
}
