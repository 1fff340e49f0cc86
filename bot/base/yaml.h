/* yaml.h - YAML to a tree whose nodes know line and column (the only file with yaml.h is yaml.c)
 *
 * Strict on purpose (policy.md, section 4): anchors, aliases, merge keys, tags, second documents,
 * duplicate keys, tabs, invalid UTF-8, control, bidi and mixed-script text are errors, each with its
 * place; at most 1 MiB, 32 deep.
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_kind kind;
	unsigned line, column;                /* from 1 */
	bool quoted;                          /* scalar in quotes: never a number */
	const char *text;                     /* scalar */
	size_t n;                             /* list: items; map: pairs */
	const struct yaml_node *const *items; /* list: values; map: values */
	const struct yaml_node *const *keys;  /* map: scalars */
};

struct yaml_problem {
	const char *
		code; /* "E001" syntax, "E002" duplicate key, "E006", "E007", "E008", "E010", "E011" */
	unsigned line, column;
	char text[200];
};

/* The root, in the arena; NULL and *ret_problem filled when the text is refused. An empty document is refused. */
const struct yaml_node *yaml_parse(const char *text, size_t len, struct arena *arena,
				   struct yaml_problem *ret_problem);

/* The value of a key of a map, NULL when absent (or when the node is no map). */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

#endif
