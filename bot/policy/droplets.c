/* droplets.c - what stands under `droplets`: any, or a map of attributes with `except` */
#include <string.h>

#include "base/attr.h"
#include "policy/walk.h"

static const char *const selector_keys[] = {
	"tag", "name", "region", "project", "size", "account", "except",
};
const struct key_table keys_of_selector = {selector_keys, ARRAY_LEN(selector_keys)};

/* In the order of enum attribute. */
static const char *const attribute_names[BY_COUNT] = {
	[BY_TAG] = "tag",         [BY_NAME] = "name", [BY_REGION] = "region",
	[BY_PROJECT] = "project", [BY_SIZE] = "size", [BY_ACCOUNT] = "account",
};

static bool is_uuid(const char *text)
{
	size_t i = 0;

	for (; text[i] != '\0'; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : strchr("0123456789abcdef", text[i]) == NULL) {
			return false;
		}
	}
	return i == 36;
}

static bool has_non_ascii(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text >= 0x80) {
			return true;
		}
	}
	return false;
}

/* An account that is not listed would make a never line that forbids nothing. */
static void check_account(struct compiler *c, const struct yaml_node *node, const char *text)
{
	struct guess guess = guess_for(text);

	if (strchr(text, '*') == NULL && names_find(&c->accounts, text) == NULL) {
		guess_names(c, &guess, &c->accounts);
		report_error(c->report, "E031", node, "no account \"%.60s\"%s", text,
			     guess_text(&guess));
	}
}

static void compile_entry(struct compiler *c, const struct yaml_node *node,
			  enum attribute attribute, struct pattern *pattern)
{
	const char *text = walk_text(c, node, attribute_names[attribute]);
	char *copy;

	if (text == NULL) {
		return;
	}
	if (strstr(text, "**") != NULL || strpbrk(text, "?[]") != NULL) {
		report_error(c->report, "E054", node,
			     "bad pattern \"%.60s\": \"*\" stands for any text, nothing else is "
			     "special",
			     text);
	}
	if (attribute != BY_PROJECT && has_non_ascii(text)) {
		report_error(c->report, "E011", node,
			     "\"%.60s\" has letters that no %s at DigitalOcean can have", text,
			     attribute_names[attribute]);
	}
	if (attribute == BY_ACCOUNT) {
		check_account(c, node, text);
	}
	copy = arena_strdup(c->arena, text);
	for (char *at = copy; *at != '\0'; at++) {
		*at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
	}
	pattern->text = copy;
	pattern->glob = strchr(copy, '*') != NULL;
	pattern->uuid = is_uuid(copy);
	pattern->marks = marks_of_pattern(pattern);
}

/* The keys of one map; `except` is left to the caller. NULL when there is none of them. */
static const struct clauses *compile_clauses(struct compiler *c, const struct yaml_node *map)
{
	struct clause found[BY_COUNT] = {{0}};
	struct clauses *clauses;
	unsigned n = 0;

	for (enum attribute a = BY_TAG; a < BY_COUNT; a++) {
		const struct yaml_node *node = yaml_get(map, attribute_names[a]);
		struct clause *clause = &found[n];
		struct pattern *patterns;
		struct items items;

		if (node == NULL) {
			continue;
		}
		n++;
		clause->attribute = a;
		if (!walk_items(c, node, "values", false, &items)) {
			continue;
		}
		patterns = arena_array(c->arena, items.n, sizeof(*patterns));
		for (size_t i = 0; i < items.n; i++) {
			patterns[i].text = "";
			compile_entry(c, item(&items, i), a, &patterns[i]);
			clause->marks.whole |= patterns[i].marks.whole;
			clause->marks.first |= patterns[i].marks.first;
			clause->marks.last |= patterns[i].marks.last;
		}
		clause->patterns = patterns;
		clause->n = (unsigned)items.n;
	}
	if (n == 0) {
		return NULL;
	}
	clauses = arena_alloc(c->arena, sizeof(*clauses) + n * sizeof(found[0]));
	clauses->n = n;
	memcpy(clauses->clause, found, n * sizeof(found[0]));
	return clauses;
}

static void compile_except(struct compiler *c, const struct yaml_node *node,
			   struct selector *selector)
{
	if (!walk_keys(c, node, "\"except\"", selector_keys, ARRAY_LEN(selector_keys) - 1)) {
		return;
	}
	selector->except = compile_clauses(c, node);
	if (selector->except == NULL) {
		report_error(c->report, "E051", node, "this \"except\" takes nothing away");
	}
}

void compile_selector(struct compiler *c, const struct yaml_node *node,
		      const struct yaml_node *owner, struct selector *ret_selector)
{
	const struct yaml_node *except = node != NULL ? yaml_get(node, "except") : NULL;

	memset(ret_selector, 0, sizeof(*ret_selector));
	if (node == NULL) {
		report_error(
			c->report, "E050", owner,
			"\"droplets\" is missing (all droplets are written \"droplets: any\")");
		return;
	}
	if (node->kind == YAML_SCALAR && strcmp(node->text, "any") == 0) {
		ret_selector->any = true;
		return;
	}
	if (node->kind != YAML_MAP) {
		report_error(c->report, "E004", node,
			     "\"droplets\" is \"any\" or a map, as {tag: staging}");
		return;
	}
	(void)walk_keys(c, node, "\"droplets\"", selector_keys, ARRAY_LEN(selector_keys));
	ret_selector->fits = compile_clauses(c, node);
	if (ret_selector->fits == NULL) {
		report_error(c->report, "E051", node,
			     "this chooses no droplet; all of them are written \"any\", all except "
			     "some {name: \"*\", except: ...}");
	}
	if (except != NULL) {
		compile_except(c, except, ret_selector);
	}
}
