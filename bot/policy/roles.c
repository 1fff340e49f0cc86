/* roles.c - section roles, and what stands under `may`: verbs, patterns of verbs, roles, everything, nothing */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "policy/walk.h"

#define ROLES_MAX 1000
#define VERSION 1 /* what patterns and "everything" stand for is frozen by the file's version */

static void add_set(struct verb_set *to, const struct verb_set *from)
{
	for (unsigned w = 0; w < VERB_WORDS; w++) {
		to->bits[w] |= from->bits[w];
	}
}

/* Every verb that begins with prefix (of len bytes); how many there were. */
static unsigned add_prefix(struct verb_set *to, const char *prefix, size_t len)
{
	unsigned n = 0;

	for (int v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		const struct verb_info *info = verb_info((enum verb)v);

		if (info->since <= VERSION && strncmp(info->name, prefix, len) == 0) {
			bit_set(to->bits, (unsigned)v);
			n++;
		}
	}
	return n;
}

/* "droplet.power.*" and nothing else with a star: easy to read, and no line is wider than it looks. */
static void compile_pattern(struct compiler *c, const struct yaml_node *node, const char *text,
			    enum may_place place, struct verb_set *to)
{
	size_t len = strlen(text);
	struct guess guess = guess_for(text);
	char shown[64];

	if (strcmp(text, "*") == 0) {
		report_error(c->report, "E034", node, "all actions are written \"everything\"");
		return;
	}
	if (strstr(text, "**") != NULL || strcspn(text, "?[") < len) {
		report_error(c->report, "E054", node,
			     "bad pattern \"%.60s\": only \"*\" at the end, as in "
			     "\"droplet.power.*\"",
			     text);
		return;
	}
	if (len > 2 && strchr(text, '*') == text + len - 1 && text[len - 2] == '.' &&
	    add_prefix(to, text, len - 1) > 0) {
		return;
	}
	for (int v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		const char *name = verb_info((enum verb)v)->name;

		(void)snprintf(shown, sizeof(shown), "%.*s.*", (int)(strrchr(name, '.') - name),
			       name);
		if (guess.best == NULL || strcmp(shown, guess.best) != 0) {
			size_t before = guess.distance;

			guess_try(&guess, shown);
			guess.best = guess.distance < before ? arena_strdup(c->scratch, shown)
							     : guess.best;
		}
	}
	report_error(c->report, place == MAY_IN_TEST ? "E091" : "E034", node,
		     "no action fits the pattern \"%.60s\" (it ends in \".*\")%s", text,
		     guess_text(&guess));
}

static void report_unknown(struct compiler *c, const struct yaml_node *node, const char *text,
			   enum may_place place)
{
	bool dotted = strchr(text, '.') != NULL;
	struct guess guess = guess_for(text);
	struct verb_set ignored = {{0}};
	char prefix[80];

	if (place == MAY_IN_ROLE && names_find(&c->roles, text) != NULL) {
		report_error(c->report, "E033", node,
			     "\"%.60s\" is a role; inside a role it stands under \"includes\"",
			     text);
		return;
	}
	(void)snprintf(prefix, sizeof(prefix), "%.60s.", text);
	if (add_prefix(&ignored, prefix, strlen(prefix)) > 0) {
		report_error(c->report, place == MAY_IN_TEST ? "E091" : "E033", node,
			     "no action \"%.60s\"; did you mean \"%.60s.*\"?", text, text);
		return;
	}
	for (int v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		guess_try(&guess, verb_info((enum verb)v)->name);
	}
	if (!dotted && place != MAY_IN_ROLE) {
		guess_try(&guess, "everything");
		guess_names(c, &guess, &c->roles);
	}
	report_error(c->report,
		     place == MAY_IN_TEST             ? "E091"
		     : dotted || place == MAY_IN_ROLE ? "E033"
						      : "E032",
		     node, "no %s \"%.60s\"%s", dotted || place == MAY_IN_ROLE ? "action" : "role",
		     text, guess_text(&guess));
}

static void compile_may_word(struct compiler *c, const struct yaml_node *node, enum may_place place,
			     struct verb_set *to)
{
	const char *text = walk_text(c, node, "an action or a role");
	struct named *role;
	enum verb verb;

	if (text == NULL) {
		return;
	}
	verb = verb_by_name(text);
	role = place != MAY_IN_ROLE ? names_find(&c->roles, text) : NULL;
	if (verb != VERB_NONE) {
		bit_set(to->bits, (unsigned)verb);
	} else if (strcmp(text, "everything") == 0) {
		(void)add_prefix(to, "", 0);
	} else if (strpbrk(text, "*?[") != NULL) {
		compile_pattern(c, node, text, place, to);
	} else if (strcmp(text, "nothing") == 0) {
		report_error(c->report, "E033", node,
			     "\"nothing\" stands alone, and in channels only");
	} else if (role != NULL) {
		role->used = true;
		add_set(to, &c->role_verbs[role->number]);
	} else {
		report_unknown(c, node, text, place);
	}
}

void compile_may(struct compiler *c, const struct yaml_node *node, const struct yaml_node *owner,
		 enum may_place place, struct verb_set *ret_verbs)
{
	struct items items;

	memset(ret_verbs, 0, sizeof(*ret_verbs));
	if (node == NULL) {
		report_error(c->report, "E005", owner,
			     "\"may\" is missing (all actions are written \"everything\")");
		return;
	}
	if (!walk_items(c, node, "actions", false, &items)) {
		return;
	}
	if (place == MAY_IN_CHANNEL && items.n == 1 && item(&items, 0)->kind == YAML_SCALAR &&
	    strcmp(item(&items, 0)->text, "nothing") == 0) {
		return;
	}
	for (size_t i = 0; i < items.n; i++) {
		compile_may_word(c, item(&items, i), place, ret_verbs);
	}
}

static const char *const role_keys[] = {"includes", "may"};
const struct key_table keys_of_role = {role_keys, ARRAY_LEN(role_keys)};

static void compile_includes(struct compiler *c, const struct yaml_node *node,
			     struct linked *linked)
{
	struct items items;

	if (!walk_items(c, node, "roles", false, &items)) {
		return;
	}
	linked->links = arena_array(c->scratch, items.n, sizeof(*linked->links));
	for (size_t i = 0; i < items.n; i++) {
		const char *text = walk_text(c, item(&items, i), "a role");
		struct named *role = text != NULL ? names_find(&c->roles, text) : NULL;
		struct guess guess = guess_for(text != NULL ? text : "");

		if (role != NULL) {
			role->used = true;
			linked->links[linked->n++] = (struct link){role->number, item(&items, i)};
		} else if (text != NULL) {
			guess_names(c, &guess, &c->roles);
			report_error(c->report, "E032", item(&items, i), "no role \"%.60s\"%s",
				     text, guess_text(&guess));
		}
	}
}

static void compile_role(struct compiler *c, const struct named *named,
			 const struct yaml_node *node, struct linked *linked)
{
	const struct yaml_node *includes = yaml_get(node, "includes");
	const struct yaml_node *may = yaml_get(node, "may");

	if (!walk_keys(c, node, "a role", role_keys, ARRAY_LEN(role_keys))) {
		return;
	}
	if (includes != NULL) {
		compile_includes(c, includes, linked);
	}
	if (may != NULL || includes == NULL) {
		compile_may(c, may, named->at, MAY_IN_ROLE, &c->role_verbs[named->number]);
	}
}

void compile_roles(struct compiler *c)
{
	const struct yaml_node *section = yaml_get(c->root, "roles");
	struct linked *linked;
	unsigned *order;

	walk_names(c, section, "a role", ROLES_MAX, &c->roles);
	c->role_verbs = arena_array(c->scratch, c->roles.n, sizeof(*c->role_verbs));
	linked = arena_array(c->scratch, c->roles.n, sizeof(*linked));
	order = arena_array(c->scratch, c->roles.n, sizeof(*order));
	for (unsigned i = 0; i < c->roles.n; i++) {
		compile_role(c, &c->roles.list[i], section->items[i], &linked[i]);
	}
	walk_order(c, &c->roles, linked, "role", order);
	for (unsigned i = 0; i < c->roles.n; i++) {
		const struct linked *inner = &linked[order[i]];

		for (unsigned k = 0; k < inner->n; k++) {
			add_set(&c->role_verbs[order[i]], &c->role_verbs[inner->links[k].to]);
		}
	}
}
