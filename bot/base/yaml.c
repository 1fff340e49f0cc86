/* yaml.c - YAML to a tree, by libyaml's events (the only file with <yaml.h>)
 *
 * The text is judged first as text (size, UTF-8, control and bidi characters, tabs), then event by event; the first thing
 * that is wrong ends it. Depth and number of nodes are bounded, so a hostile file costs little.
 */
#include "base/yaml.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/attr.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/script.h"

#define TEXT_MAX ((size_t)1 << 20)
#define DEPTH_MAX 32
#define NODES_MAX 100000
#define LINEAR_KEYS 16 /* up to here a map's keys are compared one by one */

struct reader {
	yaml_parser_t parser;
	struct arena *arena;
	struct yaml_problem *problem;
	const char *text;
	size_t len;
	const struct yaml_node **open; /* children of what is not closed yet */
	size_t n_open, cap_open;
	size_t n_nodes;
	unsigned depth;
};

static int fail(struct yaml_problem *problem, const char *code, size_t line, size_t column,
		const char *fmt, ...) ATTR_PRINTF(5, 6);

/* line and column from 0, as libyaml counts; returns -1. */
static int fail(struct yaml_problem *problem, const char *code, size_t line, size_t column,
		const char *fmt, ...)
{
	va_list ap;

	problem->code = code;
	problem->line = (unsigned)line + 1;
	problem->column = (unsigned)column + 1;
	va_start(ap, fmt);
	(void)vsnprintf(problem->text, sizeof(problem->text), fmt, ap);
	va_end(ap);
	return -1;
}

static int fail_at_offset(struct yaml_problem *problem, const char *code, const char *text,
			  size_t offset, const char *what)
{
	size_t line = 0;
	size_t column = 0;

	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			line++;
			column = 0;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	return fail(problem, code, line, column, "%s", what);
}

static int check_text(const char *text, size_t len, struct yaml_problem *problem)
{
	size_t mark = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	size_t clean = len;
	const char *tab;
	enum script_problem script;
	size_t at = 0;

	if (len > TEXT_MAX) {
		return fail(problem, "E010", 0, 0, "the file is bigger than 1 MiB");
	}
	script = SCRIPT_FINE;
	tab = memchr(text, '\t', len);
	if (tab != NULL) {
		clean = (size_t)(tab - text);
	}
	if (clean > mark) {
		script = script_check(text + mark, clean - mark, &at);
	}
	if (script != SCRIPT_FINE) {
		return fail_at_offset(problem, "E011", text, at + mark,
				      script_problem_text(script));
	}
	if (tab != NULL) {
		return fail_at_offset(problem, "E001", text, clean,
				      "a tab stands here; indent and separate with spaces");
	}
	return 0;
}

/* The line that libyaml speaks of, for hints. */
static bool line_has(const struct reader *r, size_t line, const char *what)
{
	const char *at = r->text;
	const char *end = r->text + r->len;
	const char *stop;

	for (; line > 0 && at != NULL && at < end; line--) {
		at = memchr(at, '\n', (size_t)(end - at));
		at = at != NULL ? at + 1 : NULL;
	}
	if (at == NULL || at >= end) {
		return false;
	}
	stop = memchr(at, '\n', (size_t)(end - at));
	stop = stop != NULL ? stop : end;
	return memmem(at, (size_t)(stop - at), what, strlen(what)) != NULL;
}

static int fail_syntax(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *problem = p->problem != NULL ? p->problem : "this is no YAML";
	const char *context = p->context != NULL ? p->context : "";
	const yaml_mark_t *mark = &p->problem_mark;
	const char *hint = "";

	if (p->error == YAML_MEMORY_ERROR) {
		return fail(r->problem, "E010", 0, 0, "the file is too big to read");
	}
	if (strstr(context, "alias") != NULL) {
		mark = &p->context_mark;
		hint = "; a pattern that starts with \"*\" needs quotes";
	} else if (strstr(problem, "cannot start any token") != NULL) {
		hint = "; a word that starts with such a sign needs quotes";
	} else if (context[0] != '\0' && line_has(r, p->context_mark.line, " #")) {
		mark = &p->context_mark;
		hint = "; \"#\" starts a comment, in a word it needs quotes";
	} else if (strstr(problem, "mapping values are not allowed") != NULL) {
		hint = "; look for a missing line break, or a word with \": \" that needs quotes";
	}
	return fail(r->problem, "E001", mark->line, mark->column, "%s%s%s%s", context,
		    context[0] != '\0' ? ": " : "", problem, hint);
}

static int next(struct reader *r, yaml_event_t *ret_event)
{
	if (!yaml_parser_parse(&r->parser, ret_event)) {
		memset(ret_event, 0, sizeof(*ret_event));
		return fail_syntax(r);
	}
	return 0;
}

static void push(struct reader *r, const struct yaml_node *node)
{
	if (r->n_open == r->cap_open) {
		r->cap_open = r->cap_open > 0 ? 2 * r->cap_open : 64;
		r->open = mem_grow((void *)r->open, r->cap_open, sizeof(*r->open));
	}
	r->open[r->n_open++] = node;
}

static const struct yaml_node *read_node(struct reader *r, const yaml_event_t *event);

/* Anchors and tags stand on any kind of node; we want neither. */
static int refuse_extras(struct reader *r, const yaml_event_t *event, const yaml_char_t *anchor,
			 const yaml_char_t *tag)
{
	if (anchor != NULL) {
		return fail(r->problem, "E006", event->start_mark.line, event->start_mark.column,
			    "anchors (\"&%.40s\") are not read; write it out",
			    (const char *)anchor);
	}
	if (tag != NULL) {
		return fail(r->problem, "E007", event->start_mark.line, event->start_mark.column,
			    "tags (\"%.40s\") are not read", (const char *)tag);
	}
	return 0;
}

static int read_scalar(struct reader *r, const yaml_event_t *event, struct yaml_node *node)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	const yaml_mark_t *mark = &event->start_mark;
	enum script_problem problem;
	size_t at;

	if (refuse_extras(r, event, event->data.scalar.anchor, event->data.scalar.tag) < 0) {
		return -1;
	}
	problem = script_check(text, len, &at);
	if (problem == SCRIPT_FINE && memchr(text, '\n', len) != NULL) {
		return fail(r->problem, "E011", mark->line, mark->column,
			    "a line break stands inside this value");
	}
	if (problem == SCRIPT_FINE) {
		problem = script_check_words(text, len, &at);
	}
	if (problem != SCRIPT_FINE) {
		return fail(r->problem, "E011", mark->line, mark->column, "%s",
			    script_problem_text(problem));
	}
	node->kind = YAML_SCALAR;
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	node->text = arena_strndup(r->arena, text, len);
	return 0;
}

static int read_list(struct reader *r, struct yaml_node *node)
{
	size_t first = r->n_open;

	for (;;) {
		const struct yaml_node *item;
		yaml_event_t event;
		bool end;

		if (next(r, &event) < 0) {
			return -1;
		}
		end = event.type == YAML_SEQUENCE_END_EVENT;
		item = end ? NULL : read_node(r, &event);
		yaml_event_delete(&event);
		if (end) {
			break;
		}
		if (item == NULL) {
			return -1;
		}
		push(r, item);
	}
	node->kind = YAML_LIST;
	node->n = r->n_open - first;
	node->items = arena_array(r->arena, node->n, sizeof(*node->items));
	if (node->n > 0) {
		memcpy((void *)node->items, (const void *)&r->open[first],
		       node->n * sizeof(*node->items));
	}
	r->n_open = first;
	return 0;
}

/* open[first..] holds key, value, key, value. Many keys are looked up in `seen`, which is filled when they become many. */
static const struct yaml_node *find_key(const struct reader *r, size_t first, struct map *seen,
					const struct yaml_node *key)
{
	size_t pairs = (r->n_open - first) / 2;

	if (pairs < LINEAR_KEYS) {
		for (size_t i = first; i < r->n_open; i += 2) {
			if (strcmp(r->open[i]->text, key->text) == 0) {
				return r->open[i];
			}
		}
		return NULL;
	}
	for (size_t i = first + 2 * map_size(seen); i < r->n_open; i += 2) {
		(void)map_put(seen, r->open[i]->text, (void *)(uintptr_t)r->open[i]);
	}
	return map_get(seen, key->text);
}

static int check_key(struct reader *r, size_t first, struct map *seen, const struct yaml_node *key)
{
	const struct yaml_node *before;

	if (key->kind != YAML_SCALAR) {
		return fail(r->problem, "E001", key->line - 1, key->column - 1,
			    "a key must be one word");
	}
	if (!key->quoted && strcmp(key->text, "<<") == 0) {
		return fail(r->problem, "E006", key->line - 1, key->column - 1,
			    "merge keys (\"<<\") are not read; write it out");
	}
	before = find_key(r, first, seen, key);
	if (before != NULL) {
		return fail(r->problem, "E002", key->line - 1, key->column - 1,
			    "the key \"%.60s\" stands twice, first in line %u", key->text,
			    before->line);
	}
	return 0;
}

static int read_pairs(struct reader *r, struct map *seen, size_t first)
{
	for (;;) {
		const struct yaml_node *node;
		yaml_event_t event;
		bool end;

		if (next(r, &event) < 0) {
			return -1;
		}
		end = event.type == YAML_MAPPING_END_EVENT;
		node = end ? NULL : read_node(r, &event);
		yaml_event_delete(&event);
		if (end) {
			return 0;
		}
		if (node == NULL) {
			return -1;
		}
		if ((r->n_open - first) % 2 == 0 && check_key(r, first, seen, node) < 0) {
			return -1;
		}
		push(r, node);
	}
}

static int read_map(struct reader *r, struct yaml_node *node)
{
	const struct yaml_node **keys;
	const struct yaml_node **items;
	size_t first = r->n_open;
	struct map seen;
	int rc;

	map_init(&seen);
	rc = read_pairs(r, &seen, first);
	map_done(&seen, NULL);
	if (rc < 0) {
		return -1;
	}
	node->kind = YAML_MAP;
	node->n = (r->n_open - first) / 2;
	keys = arena_array(r->arena, node->n, sizeof(*keys));
	items = arena_array(r->arena, node->n, sizeof(*items));
	for (size_t i = 0; i < node->n; i++) {
		keys[i] = r->open[first + 2 * i];
		items[i] = r->open[first + 2 * i + 1];
	}
	node->keys = keys;
	node->items = items;
	r->n_open = first;
	return 0;
}

static int read_kind(struct reader *r, const yaml_event_t *event, struct yaml_node *node)
{
	const yaml_mark_t *mark = &event->start_mark;
	int rc = -1;

	if (event->type == YAML_SCALAR_EVENT) {
		return read_scalar(r, event, node);
	}
	if (event->type == YAML_ALIAS_EVENT) {
		return fail(r->problem, "E006", mark->line, mark->column,
			    "aliases (\"*%.40s\") are not read; a pattern that starts with \"*\" "
			    "needs quotes",
			    (const char *)event->data.alias.anchor);
	}
	if (r->depth >= DEPTH_MAX) {
		return fail(r->problem, "E010", mark->line, mark->column,
			    "nested more than %d deep", DEPTH_MAX);
	}
	r->depth++;
	if (event->type == YAML_SEQUENCE_START_EVENT) {
		if (refuse_extras(r, event, event->data.sequence_start.anchor,
				  event->data.sequence_start.tag) == 0) {
			rc = read_list(r, node);
		}
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		if (refuse_extras(r, event, event->data.mapping_start.anchor,
				  event->data.mapping_start.tag) == 0) {
			rc = read_map(r, node);
		}
	} else {
		rc = fail(r->problem, "E001", mark->line, mark->column, "nothing stands here");
	}
	r->depth--;
	return rc;
}

static const struct yaml_node *read_node(struct reader *r, const yaml_event_t *event)
{
	struct yaml_node *node;

	if (++r->n_nodes > NODES_MAX) {
		(void)fail(r->problem, "E010", event->start_mark.line, event->start_mark.column,
			   "more than %d words and lists", NODES_MAX);
		return NULL;
	}
	node = arena_alloc(r->arena, sizeof(*node));
	node->line = (unsigned)event->start_mark.line + 1;
	node->column = (unsigned)event->start_mark.column + 1;
	return read_kind(r, event, node) == 0 ? node : NULL;
}

/* One event that must be of a type; what is wrong otherwise is said by the caller. */
static int expect(struct reader *r, yaml_event_type_t type, yaml_event_t *ret_event)
{
	if (next(r, ret_event) < 0) {
		return -1;
	}
	return ret_event->type == type ? 0 : 1;
}

static int expect_start(struct reader *r)
{
	yaml_event_t event;
	int rc = expect(r, YAML_STREAM_START_EVENT, &event);

	yaml_event_delete(&event);
	if (rc != 0) {
		return rc < 0 ? -1 : fail(r->problem, "E001", 0, 0, "this is no YAML");
	}
	rc = expect(r, YAML_DOCUMENT_START_EVENT, &event);
	if (rc == 0 && event.data.document_start.tag_directives.start !=
			       event.data.document_start.tag_directives.end) {
		rc = fail(r->problem, "E007", event.start_mark.line, event.start_mark.column,
			  "tag directives are not read");
	} else if (rc > 0) {
		rc = fail(r->problem, "E001", 0, 0, "the file is empty");
	}
	yaml_event_delete(&event);
	return rc;
}

static int expect_end(struct reader *r)
{
	yaml_event_t event;
	int rc = expect(r, YAML_DOCUMENT_END_EVENT, &event);

	yaml_event_delete(&event);
	if (rc != 0) {
		return -1;
	}
	rc = expect(r, YAML_STREAM_END_EVENT, &event);
	if (rc > 0) {
		rc = fail(r->problem, "E008", event.start_mark.line, event.start_mark.column,
			  "a second document starts here; one file holds one");
	}
	yaml_event_delete(&event);
	return rc;
}

static const struct yaml_node *read_document(struct reader *r)
{
	const struct yaml_node *root = NULL;
	yaml_event_t event;

	if (expect_start(r) < 0 || next(r, &event) < 0) {
		return NULL;
	}
	root = read_node(r, &event);
	yaml_event_delete(&event);
	if (root == NULL || expect_end(r) < 0) {
		return NULL;
	}
	if (root->kind == YAML_SCALAR && root->text[0] == '\0' && !root->quoted) {
		(void)fail(r->problem, "E001", 0, 0, "the file is empty");
		return NULL;
	}
	return root;
}

const struct yaml_node *yaml_parse(const char *text, size_t len, struct arena *arena,
				   struct yaml_problem *ret_problem)
{
	struct reader r = {.arena = arena, .problem = ret_problem, .text = text, .len = len};
	const struct yaml_node *root;

	memset(ret_problem, 0, sizeof(*ret_problem));
	if (check_text(text, len, ret_problem) < 0) {
		return NULL;
	}
	if (!yaml_parser_initialize(&r.parser)) {
		abort();
	}
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	root = read_document(&r);
	yaml_parser_delete(&r.parser);
	free((void *)r.open);
	return root;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	if (map == NULL || map->kind != YAML_MAP) {
		return NULL;
	}
	for (size_t i = 0; i < map->n; i++) {
		if (strcmp(map->keys[i]->text, key) == 0) {
			return map->items[i];
		}
	}
	return NULL;
}
