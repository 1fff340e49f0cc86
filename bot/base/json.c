/* json.c - JSON trees in one arena each, built from yajl's tokens, behind typed getters
 *
 * What comes here is from outside: it is one value, at most JSON_DEPTH_MAX deep, UTF-8 without NUL bytes and without duplicate keys.
 * yajl is laxer than JSON in a few things (white space, halves of surrogate pairs, overlong UTF-8): a look over the bytes
 * before it refuses those. The error says where it broke and never quotes the text, which may hold a secret.
 */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/arena.h"
#include "base/json_internal.h"
#include "base/mem.h"

#define FEW_KEYS 16 /* of an object: each is held against each */

enum kind { KIND_NULL = 0, KIND_BOOL, KIND_INT, KIND_REAL, KIND_TEXT, KIND_ARRAY, KIND_OBJECT };

struct json {
	enum kind kind;
	const char *key; /* of a member of an object */
	size_t key_len;
	struct json *next; /* the next member, or item */
	size_t n;          /* ARRAY, OBJECT */
	union {
		bool yes;
		int64_t whole;
		double real;
		char *text;
		struct json *first;  /* OBJECT; ARRAY while it is read */
		struct json **items; /* ARRAY */
	};
};

struct tree {
	struct json root; /* first */
	struct arena arena;
};

struct build {
	struct arena arena;
	struct tree *tree;
	struct json *open[JSON_DEPTH_MAX]; /* arrays and objects that have not ended */
	struct json *last[JSON_DEPTH_MAX]; /* their last member or item; NULL: none */
	size_t depth;
	const char *key; /* of the value that comes next */
	size_t key_len;
	bool twice;
};

/* ---- the tree, token by token ------------------------------------------------------------------ */

static struct json *add(struct build *b, enum kind kind)
{
	struct json *node;

	if (b->depth == 0) {
		b->tree = arena_alloc(&b->arena, sizeof(*b->tree));
		node = &b->tree->root;
	} else {
		struct json *in = b->open[b->depth - 1];
		struct json **last = &b->last[b->depth - 1];

		node = arena_alloc(&b->arena, sizeof(*node));
		node->key = b->key;
		node->key_len = b->key_len;
		*(*last != NULL ? &(*last)->next : &in->first) = node;
		*last = node;
		in->n++;
	}
	node->kind = kind;
	return node;
}

static int on_null(void *data)
{
	(void)add(data, KIND_NULL);
	return 1;
}

static int on_bool(void *data, int yes)
{
	add(data, KIND_BOOL)->yes = yes != 0;
	return 1;
}

static int on_int(void *data, long long whole)
{
	add(data, KIND_INT)->whole = whole;
	return 1;
}

static int on_real(void *data, double real)
{
	add(data, KIND_REAL)->real = real;
	return 1;
}

static int on_text(void *data, const unsigned char *text, size_t len)
{
	struct build *b = data;

	add(b, KIND_TEXT)->text = arena_strndup(&b->arena, (const char *)text, len);
	return 1;
}

static int on_key(void *data, const unsigned char *key, size_t len)
{
	struct build *b = data;

	b->key = arena_strndup(&b->arena, (const char *)key, len);
	b->key_len = len;
	return 1;
}

static int begin(struct build *b, enum kind kind)
{
	struct json *node = add(b, kind);

	b->open[b->depth] = node; /* json_look has counted */
	b->last[b->depth++] = NULL;
	return 1;
}

static int on_object(void *data)
{
	return begin(data, KIND_OBJECT);
}

static int on_array(void *data)
{
	return begin(data, KIND_ARRAY);
}

static int on_array_end(void *data)
{
	struct build *b = data;
	struct json *array = b->open[--b->depth];
	struct json *item = array->first;

	array->items = arena_array(&b->arena, array->n, sizeof(struct json *));
	for (size_t i = 0; i < array->n; i++) {
		array->items[i] = item;
		item = item->next;
	}
	return 1;
}

static int by_key(const struct json *a, const struct json *b)
{
	return a->key_len != b->key_len ? (a->key_len < b->key_len ? -1 : 1)
					: memcmp(a->key, b->key, a->key_len);
}

static int order(const void *a, const void *b)
{
	return by_key(*(const struct json *const *)a, *(const struct json *const *)b);
}

static bool has_twice(const struct json *object)
{
	const struct json **all;
	size_t n = 0;
	bool twice = false;

	if (object->n <= FEW_KEYS) {
		for (const struct json *a = object->first; a != NULL; a = a->next) {
			for (const struct json *b = a->next; b != NULL; b = b->next) {
				twice = twice || by_key(a, b) == 0;
			}
		}
		return twice;
	}
	all = mem_array(object->n, sizeof(const struct json *));
	for (const struct json *a = object->first; a != NULL; a = a->next) {
		all[n++] = a;
	}
	qsort(all, n, sizeof(const struct json *), order);
	for (size_t i = 1; i < n; i++) {
		twice = twice || by_key(all[i - 1], all[i]) == 0;
	}
	free(all);
	return twice;
}

static int on_object_end(void *data)
{
	struct build *b = data;

	b->twice = has_twice(b->open[--b->depth]);
	return !b->twice;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_bool,
	.yajl_integer = on_int,
	.yajl_double = on_real,
	.yajl_string = on_text,
	.yajl_start_map = on_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_object_end,
	.yajl_start_array = on_array,
	.yajl_end_array = on_array_end,
};

static void say_where(const char *text, size_t at, bool twice, struct err *err)
{
	int line = 1, column = 1;

	for (size_t i = 0; i < at; i++) {
		line += text[i] == '\n';
		column = text[i] == '\n' ? 1 : column + 1;
	}
	err_set(err, ERR_USAGE, "%s, at line %d, column %d",
		twice ? "JSON has a key twice" : "not valid JSON", line, column);
}

struct json *json_parse(const char *text, size_t len, struct err *err)
{
	struct build b = {.depth = 0};
	enum json_look look;
	yajl_handle yajl;
	bool good;
	size_t at = 0;

	look = json_look(text, len, &at);
	if (look != JSON_LOOK_GOOD) {
		say_where(text, at, false, err);
		if (look == JSON_LOOK_DEEP) {
			err_set(err, ERR_USAGE, "JSON is nested more than %d deep", JSON_DEPTH_MAX);
		}
		return NULL;
	}
	yajl = yajl_alloc(&callbacks, NULL, &b);
	if (yajl == NULL) {
		abort();
	}
	good = yajl_parse(yajl, (const unsigned char *)text, len) == yajl_status_ok;
	at = yajl_get_bytes_consumed(yajl);
	good = good && yajl_complete_parse(yajl) == yajl_status_ok && b.tree != NULL;
	yajl_free(yajl);
	if (!good) {
		say_where(text, at < len ? at : len, b.twice, err);
		arena_done(&b.arena);
		return NULL;
	}
	b.tree->arena = b.arena;
	return &b.tree->root;
}

void json_free(struct json *root)
{
	if (root != NULL) {
		struct arena arena =
			((struct tree *)(void *)root)->arena; /* it lies in there itself */

		arena_done(&arena);
	}
}

static void wipe(struct json *node)
{
	if (node->kind == KIND_TEXT) {
		explicit_bzero(node->text, strlen(node->text));
	} else if (node->kind == KIND_OBJECT) {
		for (struct json *member = node->first; member != NULL; member = member->next) {
			wipe(member);
		}
	} else if (node->kind == KIND_ARRAY) {
		for (size_t i = 0; i < node->n; i++) {
			wipe(node->items[i]);
		}
	}
}

void json_forget(struct json *root)
{
	if (root != NULL) {
		wipe(root);
		json_free(root);
	}
}

/* ---- getters ------------------------------------------------------------------------------------- */

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
	const struct json *value = json_member(object, key);

	if (value == NULL || value->kind != KIND_INT) {
		return err_set(err, ERR_USAGE, "JSON has no whole number \"%s\"", key);
	}
	*ret = value->whole;
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
	return node != NULL && node->kind == KIND_INT ? node->whole : fallback;
}

double json_number_or(const struct json *object, const char *key, double fallback)
{
	const struct json *value = json_member(object, key);

	if (value != NULL && value->kind == KIND_INT) {
		return (double)value->whole;
	}
	return value != NULL && value->kind == KIND_REAL ? value->real : fallback;
}

bool json_bool_or(const struct json *object, const char *key, bool fallback)
{
	const struct json *value = json_member(object, key);

	return value != NULL && value->kind == KIND_BOOL ? value->yes : fallback;
}

const struct json *json_member(const struct json *object, const char *key)
{
	size_t len = strlen(key);

	if (!json_is_object(object)) {
		return NULL;
	}
	for (const struct json *it = object->first; it != NULL; it = it->next) {
		if (it->key_len == len && memcmp(it->key, key, len) == 0) {
			return it;
		}
	}
	return NULL;
}

bool json_is_object(const struct json *node)
{
	return node != NULL && node->kind == KIND_OBJECT;
}

bool json_is_array(const struct json *node)
{
	return node != NULL && node->kind == KIND_ARRAY;
}

size_t json_array_count(const struct json *array)
{
	return json_is_array(array) ? array->n : 0;
}

const struct json *json_array_at(const struct json *array, size_t i)
{
	return i < json_array_count(array) ? array->items[i] : NULL;
}

const char *json_text(const struct json *node)
{
	return node != NULL && node->kind == KIND_TEXT ? node->text : NULL;
}
