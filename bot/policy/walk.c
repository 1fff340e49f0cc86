/* walk.c - what every section of the policy file needs */
#include "policy/walk.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/names.h"
#include "base/strbuf.h"

#define NAME_MAX_BYTES 64
#define GUESSES_MAX \
	200 /* errors after which nobody reads on: a hostile file must not make us compare all with all */

/* Words with a meaning of their own, and what YAML 1.1 reads as true, false or nothing. */
static const char *const reserved[] = {
	"any",     "anyone", "anybody", "everyone", "everybody", "everything", "every", "nobody",
	"nothing", "none",   "people",  "stranger", "strangers", "direct",     "code",  "self",
	"no-rule", "on",     "off",     "yes",      "no",        "true",       "false", "null",
};

struct guess guess_for(const char *word)
{
	struct guess guess = {.word = word};

	guess.distance = strlen(word) < 4 ? 2 : 3; /* one more than what still counts as near */
	return guess;
}

void guess_try(struct guess *guess, const char *candidate)
{
	size_t distance = names_distance(guess->word, candidate, guess->distance);

	if (distance < guess->distance) {
		guess->distance = distance;
		guess->best = candidate;
	}
}

void guess_names(const struct compiler *c, struct guess *guess, const struct names *names)
{
	if (c->report->n_errors >= GUESSES_MAX) {
		return;
	}
	for (unsigned i = 0; i < names->n; i++) {
		guess_try(guess, names->list[i].name);
	}
}

const char *guess_text(struct guess *guess)
{
	guess->text[0] = '\0';
	if (guess->best != NULL) {
		(void)snprintf(guess->text, sizeof(guess->text), "; did you mean \"%.80s\"?",
			       guess->best);
	}
	return guess->text;
}

static const char *kind_word(const struct yaml_node *node)
{
	switch (node->kind) {
	case YAML_SCALAR:
		return node->text[0] == '\0' && !node->quoted ? "nothing" : "one word";
	case YAML_LIST:
		return "a list";
	case YAML_MAP:
		return "a map";
	}
	return "something else";
}

/* E004. An empty plain value is most often a '#' that swallowed the rest of the line. */
static void wrong_type(struct compiler *c, const struct yaml_node *node, const char *what,
		       const char *wanted)
{
	bool empty = node->kind == YAML_SCALAR && node->text[0] == '\0' && !node->quoted;

	report_error(c->report, "E004", node, "expected %s here (%s), found %s%s", wanted, what,
		     kind_word(node),
		     empty ? " (\"#\" starts a comment; in a word it needs quotes)" : "");
}

/* Keys that a later version may take (E059): it shall not find them in files that never meant them. */
static const struct {
	const struct key_table *of;
	const char *key;
	const char *today; /* where the same is written now */
} reserved_keys[] = {
	{&keys_of_channel, "fresh", "today it is written at a chat network's group (\"groups:\")"},
	{&keys_of_allow, "fresh", "today it is written at a chat network's group (\"groups:\")"},
};

/* NULL: not reserved in this table. */
static const char *reserved_today(const char *const *keys, const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(reserved_keys); i++) {
		if (reserved_keys[i].of->keys == keys && strcmp(reserved_keys[i].key, key) == 0) {
			return reserved_keys[i].today;
		}
	}
	return NULL;
}

bool walk_keys(struct compiler *c, const struct yaml_node *map, const char *what,
	       const char *const *keys, size_t n)
{
	if (map->kind != YAML_MAP) {
		wrong_type(c, map, what, "a map (key: value)");
		return false;
	}
	for (size_t i = 0; i < map->n; i++) {
		const struct yaml_node *key = map->keys[i];
		const char *today = reserved_today(keys, key->text);
		struct guess guess = guess_for(key->text);
		size_t k = 0;

		while (k < n && strcmp(keys[k], key->text) != 0) {
			guess_try(&guess, keys[k]);
			k++;
		}
		if (today != NULL) {
			report_error(c->report, "E059", key,
				     "\"%.60s\" of %s is reserved for a later version; %s",
				     key->text, what, today);
		} else if (k == n) {
			report_error(c->report, "E003", key, "%s has no key \"%.60s\"%s", what,
				     key->text, guess_text(&guess));
		}
	}
	return true;
}

const char *walk_text(struct compiler *c, const struct yaml_node *node, const char *what)
{
	if (node->kind != YAML_SCALAR || node->text[0] == '\0') {
		wrong_type(c, node, what, "one word");
		return NULL;
	}
	return node->text;
}

bool walk_items(struct compiler *c, const struct yaml_node *node, const char *what,
		bool may_be_empty, struct items *ret_items)
{
	if (node->kind == YAML_MAP ||
	    (node->kind == YAML_SCALAR && node->text[0] == '\0' && !node->quoted)) {
		wrong_type(c, node, what, "a word or a list");
		return false;
	}
	if (node->kind == YAML_SCALAR) {
		*ret_items = (struct items){.at = NULL, .n = 1, .one = node};
		return true;
	}
	if (node->n == 0 && !may_be_empty) {
		report_error(c->report, "E051", node, "this list of %s is empty", what);
		return false;
	}
	*ret_items = (struct items){.at = node->items, .n = node->n, .one = NULL};
	return true;
}

const struct yaml_node *item(const struct items *items, size_t i)
{
	return items->one != NULL ? items->one : items->at[i];
}

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || (unsigned char)c >= 0x80;
}

bool walk_name(struct compiler *c, const struct yaml_node *node, const char *what)
{
	const char *text = walk_text(c, node, what);
	size_t n = 0;

	if (text == NULL) {
		return false;
	}
	while (name_char(text[n])) {
		n++;
	}
	if (text[n] != '\0' || n > NAME_MAX_BYTES || text[0] == '-') {
		report_error(c->report, "E004", node,
			     "%s is called by letters, digits, \"-\" and \"_\" (at most %d), not "
			     "\"%.60s\"",
			     what, NAME_MAX_BYTES, text);
		return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(reserved); i++) {
		if (strcasecmp(reserved[i], text) == 0) {
			report_error(c->report, "E039", node,
				     "\"%s\" is a word of the policy itself; choose another name",
				     text);
			return false;
		}
	}
	return true;
}

void walk_names(struct compiler *c, const struct yaml_node *section, const char *what,
		unsigned most, struct names *ret_names)
{
	if (section == NULL) {
		return;
	}
	if (section->kind != YAML_MAP) {
		wrong_type(c, section, what, "a map of names");
		return;
	}
	if (section->n > most) {
		report_error(c->report, "E010", section, "more than %u entries stand here", most);
		return;
	}
	ret_names->list = arena_array(c->scratch, section->n, sizeof(*ret_names->list));
	for (size_t i = 0; i < section->n; i++) {
		const struct yaml_node *key = section->keys[i];
		struct named *named = &ret_names->list[ret_names->n];

		(void)walk_name(c, key, what);
		named->name = key->text;
		named->number = ret_names->n++;
		named->at = key;
		(void)map_put(&ret_names->map, key->text, named);
	}
}

void names_done(struct names *names)
{
	map_done(&names->map, NULL);
}

struct named *names_find(const struct names *names, const char *name)
{
	return map_get(&names->map, name);
}

/* A walk in depth. path[] are the things that are being walked, from the outermost. */
struct order {
	struct compiler *c;
	const struct names *names;
	const struct linked *linked;
	const char *what;
	unsigned char *state; /* 0 not seen, 1 on the path, 2 done */
	unsigned *path, n_path;
	unsigned *ret_order, n_order;
};

static void report_cycle(struct order *o, const struct link *link)
{
	struct strbuf text;
	unsigned first = 0;

	while (o->path[first] != link->to) {
		first++;
	}
	strbuf_init(&text, 320);
	for (unsigned i = first; i < o->n_path; i++) {
		const struct named *named = &o->names->list[o->path[i]];

		if (strbuf_addf(&text, "%s (line %u) > ", named->name, named->at->line) < 0) {
			break;
		}
	}
	report_error(o->c->report, "E038", link->at, "%s \"%s\" contains itself: %s%s", o->what,
		     o->names->list[link->to].name, text.buf,
		     text.full ? "..." : o->names->list[link->to].name);
	strbuf_done(&text);
}

static void visit(struct order *o, unsigned at)
{
	o->state[at] = 1;
	o->path[o->n_path++] = at;
	for (unsigned i = 0; i < o->linked[at].n; i++) {
		const struct link *link = &o->linked[at].links[i];

		if (o->state[link->to] == 1) {
			report_cycle(o, link);
		} else if (o->state[link->to] == 0) {
			visit(o, link->to);
		}
	}
	o->n_path--;
	o->state[at] = 2;
	o->ret_order[o->n_order++] = at;
}

void walk_order(struct compiler *c, const struct names *names, const struct linked *linked,
		const char *what, unsigned *ret_order)
{
	struct order o = {
		.c = c,
		.names = names,
		.linked = linked,
		.what = what,
		.state = arena_array(c->scratch, names->n, 1),
		.path = arena_array(c->scratch, names->n, sizeof(unsigned)),
		.ret_order = ret_order,
	};

	for (unsigned i = 0; i < names->n; i++) {
		if (o.state[i] == 0) {
			visit(&o, i);
		}
	}
}
