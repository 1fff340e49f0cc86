/* reader.c - lists of things out of DigitalOcean's JSON */
#include "ocean/reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ocean/things.h"
#include "ocean/value.h"

#define KEY_SIZE (OCEAN_TEXT_MAX + 1)

void reader_done(struct reader *reader)
{
	arena_done(&reader->arena);
	free(reader->items);
	if (reader->begun) {
		map_done(&reader->seen, NULL);
	}
	memset(reader, 0, sizeof(*reader));
}

const char *read_text(struct arena *arena, const struct json *object, const char *key)
{
	const char *text = json_string_or(object, key, NULL);

	return text != NULL && value_usable(text, strlen(text)) ? arena_strdup(arena, text) : NULL;
}

uint64_t read_id(const struct json *object, const char *key)
{
	int64_t id = json_int_or(object, key, 0);

	return id > 0 ? (uint64_t)id : 0;
}

unsigned read_small(const struct json *object, const char *key)
{
	int64_t n = json_int_or(object, key, 0);

	return n > 0 && n <= INT32_MAX ? (unsigned)n : 0;
}

unsigned read_scaled(const struct json *object, const char *key, double times)
{
	double n = json_number_or(object, key, 0) * times + 0.5;

	return n >= 1 && n < INT32_MAX ? (unsigned)n : 0;
}

void read_words(struct arena *arena, const struct json *object, const char *key,
		struct ocean_words *ret)
{
	const struct json *array = json_member(object, key);
	size_t n = json_array_count(array);
	const char **words;

	ret->words = NULL;
	ret->n = 0;
	if (n == 0 || n > OCEAN_WORDS_MAX) {
		return;
	}
	words = arena_array(arena, n, sizeof(*words));
	for (size_t i = 0; i < n; i++) {
		const char *text = json_text(json_array_at(array, i));

		if (text == NULL || !value_usable(text, strlen(text))) {
			return;
		}
		words[i] = arena_strdup(arena, text);
	}
	ret->words = words;
	ret->n = n;
}

void read_ids(struct arena *arena, const struct json *object, const char *key,
	      struct ocean_ids *ret)
{
	const struct json *array = json_member(object, key);
	size_t n = json_array_count(array);
	uint64_t *ids;

	ret->ids = NULL;
	ret->n = 0;
	if (n == 0 || n > OCEAN_WORDS_MAX) {
		return;
	}
	ids = arena_array(arena, n, sizeof(*ids));
	for (size_t i = 0; i < n; i++) {
		int64_t id = json_int_of(json_array_at(array, i), 0);

		if (id <= 0) {
			return;
		}
		ids[i] = (uint64_t)id;
	}
	ret->ids = ids;
	ret->n = n;
}

/* What names it, as text. */
static int key_of(const struct thing *thing, const struct json *object, char key[KEY_SIZE])
{
	const char *text = json_string_or(object, thing->key, NULL);
	uint64_t id = read_id(object, thing->key);

	if (text != NULL && value_usable(text, strlen(text))) {
		(void)snprintf(key, KEY_SIZE, "%s", text);
	} else if (id != 0) {
		(void)snprintf(key, KEY_SIZE, "%" PRIu64, id);
	} else {
		return -1;
	}
	return 0;
}

static void *room(struct reader *reader, size_t size)
{
	void *item;

	if (reader->n == reader->cap) {
		reader->cap = reader->cap > 0 ? 2 * reader->cap : 16;
		reader->items = mem_grow(reader->items, reader->cap, size);
	}
	item = reader->items + reader->n * size;
	memset(item, 0, size);
	return item;
}

void *reader_add(struct reader *reader, size_t size)
{
	void *item = reader->n < OCEAN_THINGS_MAX ? room(reader, size) : NULL;

	reader->n += item != NULL;
	return item;
}

/* -1: it makes no sense, or there are too many. */
static int add(struct reader *reader, const struct thing *thing, const struct json *object)
{
	char key[KEY_SIZE];

	if (!json_is_object(object) || key_of(thing, object, key) < 0 ||
	    reader->n >= OCEAN_THINGS_MAX) {
		return -1;
	}
	if (map_has(&reader->seen, key)) {
		return 0; /* the list moved between two pages */
	}
	if (thing->read(&reader->arena, object, room(reader, thing->size)) < 0) {
		return -1;
	}
	(void)map_put(&reader->seen, key, reader);
	reader->n++;
	return 0;
}

static int page_of(const struct json *root, struct ocean_page *ret, struct err *err)
{
	const struct json *pages = json_member(json_member(root, "links"), "pages");
	const char *next = json_string_or(pages, "next", NULL);

	ret->next = 0;
	ret->total = json_int_or(json_member(root, "meta"), "total", -1);
	if (next != NULL && next[0] != '\0' &&
	    ocean_decode_link(next, strlen(next), &ret->next) < 0) {
		return err_set(err, ERR_REMOTE,
			       "DigitalOcean's answer names a next page without a number");
	}
	return 0;
}

static void begin(struct reader *reader)
{
	if (!reader->begun) {
		map_init(&reader->seen);
		reader->begun = true;
	}
}

int reader_page(struct reader *reader, const struct thing *thing, const char *body, size_t len,
		struct ocean_page *ret_page, struct err *err)
{
	struct json *root = json_parse(body, len, NULL);
	const struct json *array = json_member(root, thing->member);
	struct ocean_page page = {0};
	int rc = -1;

	begin(reader);
	if (root == NULL) {
		return err_set(err, ERR_REMOTE, "DigitalOcean's answer is not valid JSON");
	}
	if (thing->whole != NULL) {
		rc = thing->whole(reader, root);
		if (rc < 0) {
			err_set(err, ERR_REMOTE, "DigitalOcean's answer makes no sense");
		}
		goto out;
	}
	if (!json_is_array(array)) {
		err_set(err, ERR_REMOTE, "DigitalOcean's answer has no list \"%s\"", thing->member);
		goto out;
	}
	for (size_t i = 0; i < json_array_count(array); i++) {
		if (add(reader, thing, json_array_at(array, i)) < 0) {
			err_set(err, ERR_REMOTE,
				"DigitalOcean's list \"%s\" has an entry that makes no sense",
				thing->member);
			goto out;
		}
	}
	rc = page_of(root, &page, err);
	if (rc == 0) {
		*ret_page = page;
	}
out:
	json_free(root);
	return rc;
}

int reader_one(struct reader *reader, const struct thing *thing, const char *body, size_t len,
	       struct err *err)
{
	struct json *root = json_parse(body, len, NULL);
	const struct json *object =
		thing->member[0] != '\0' ? json_member(root, thing->member) : root;
	int rc = -1;

	begin(reader);
	if (root == NULL) {
		return err_set(err, ERR_REMOTE, "DigitalOcean's answer is not valid JSON");
	}
	if (json_is_object(object)) {
		rc = thing->read(&reader->arena, object, room(reader, thing->size));
	}
	json_free(root);
	if (rc < 0) {
		return err_set(err, ERR_REMOTE,
			       "DigitalOcean's answer has nothing that makes sense");
	}
	reader->n = 1;
	return 0;
}
