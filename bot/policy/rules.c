/* rules.c - sections allow, never, require and limits, and the rows of bits that make a decision quick */
#include <string.h>

#include "base/attr.h"
#include "policy/walk.h"

#define RULES_MAX 2000
#define DURING_MAX 32

static const char *const allow_keys[] = {
	"name", "who", "may", "droplets", "during",
};
const struct key_table keys_of_allow = {allow_keys, ARRAY_LEN(allow_keys)};
static const char *const never_keys[] = {
	"name", "who", "may", "droplets", "unless", "during",
};
static const char *const require_keys[] = {
	"name",    "who",       "may",  "droplets", "unless", "during",
	"confirm", "approvals", "from", "within",   "reason", "lasts",
};
static const char *const limit_keys[] = {
	"name", "who",     "may",    "droplets",         "unless",       "during",
	"per",  "at_most", "within", "droplets_at_once", "monthly_cost",
};
const struct key_table keys_of_never = {never_keys, ARRAY_LEN(never_keys)};
const struct key_table keys_of_require = {require_keys, ARRAY_LEN(require_keys)};
const struct key_table keys_of_limits = {limit_keys, ARRAY_LEN(limit_keys)};

enum list { ALLOWS, NEVERS, REQUIRES, LIMITS };

/* In the order of enum list. */
static const struct list_info {
	const char *section, *line;
	const char *const *keys;
	size_t n_keys;
	bool narrows;  /* can only take away: strangers may stand in it, `unless` spares from it */
	bool who_open; /* without `who` everyone is meant */
} lists[] = {
	{"allow", "an \"allow\" line", allow_keys, ARRAY_LEN(allow_keys), false, false},
	{"never", "a \"never\" line", never_keys, ARRAY_LEN(never_keys), true, false},
	{"require", "a \"require\" line", require_keys, ARRAY_LEN(require_keys), true, true},
	{"limits", "a \"limits\" line", limit_keys, ARRAY_LEN(limit_keys), true, true},
};

/* What is being read: one line of one of the lists. */
struct line {
	struct compiler *c;
	struct rule_table *table;
	const struct list_info *list;
	unsigned number; /* in its list */
	struct rule *rule;
};

static uint64_t *row(uint64_t *rows, const struct rule_table *table, size_t i)
{
	return &rows[i * table->words];
}

/* Puts the line into the rows of all these people. */
static void cover(const struct line *line, uint64_t *rows, const uint64_t *people)
{
	for (unsigned w = 0; w < line->c->people_words; w++) {
		for (uint64_t bits = people[w]; bits != 0; bits &= bits - 1) {
			unsigned i = w * 64 + (unsigned)__builtin_ctzll(bits);

			bit_set(row(rows, line->table, i), line->number);
		}
	}
}

static void cover_all(const struct line *line, uint64_t *rows, unsigned from)
{
	for (unsigned i = from; i <= line->c->policy->n_people; i++) {
		bit_set(row(rows, line->table, i), line->number);
	}
}

/* One channel of "anyone in zenith": whoever speaks there, strangers too, so for actions that only read. */
static void compile_anyone_in(const struct line *line, const struct yaml_node *node,
			      const char *name)
{
	struct compiler *c = line->c;
	struct named *channel = names_find(&c->channels, name);
	struct guess guess = guess_for(name);

	if (channel == NULL) {
		guess_names(c, &guess, &c->channels);
		report_error(c->report, "E037", node, "no channel \"%.60s\"%s", name,
			     guess_text(&guess));
		return;
	}
	for (unsigned v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		const struct verb_info *info = verb_info((enum verb)v);

		if (bit_get(line->rule->verbs.bits, v) && info->effect != EFFECT_READ) {
			report_error(c->report, "E053", node,
				     "\"anyone in %s\" may only look, and \"%s\" does more", name,
				     info->name);
			return;
		}
	}
	bit_set(row(line->table->of_channel, line->table, channel->number + 1), line->number);
}

/* "anyone in zenith", "anyone in [zenith, orion]": between braces the latter needs quotes, or YAML takes it apart. */
static void compile_anyone(const struct line *line, const struct yaml_node *node, const char *text)
{
	size_t len = strlen(text);
	char *rest;

	if (text[0] != '[') {
		compile_anyone_in(line, node, text);
		return;
	}
	if (text[len - 1] != ']') {
		report_error(line->c->report, "E037", node,
			     "several channels are written \"anyone in [zenith, orion]\"");
		return;
	}
	rest = arena_strndup(line->c->scratch, text + 1, len - 2);
	while (rest != NULL) {
		char *name = strsep(&rest, ",");
		size_t end;

		name += strspn(name, " ");
		for (end = strlen(name); end > 0 && name[end - 1] == ' '; end--) {
		}
		name[end] = '\0';
		compile_anyone_in(line, node, name);
	}
}

static void add_terms(struct term_set *to, const struct term_set *from)
{
	for (unsigned w = 0; w < TERM_WORDS; w++) {
		to->bits[w] |= from->bits[w];
	}
}

static void report_nobody(struct compiler *c, const struct yaml_node *node, const char *text)
{
	struct guess guess = guess_for(text);

	if (strcmp(text, "anyone") == 0) {
		report_error(c->report, "E031", node, "write \"anyone in CHANNEL\"");
		return;
	}
	guess_try(&guess, "people");
	guess_try(&guess, "everyone");
	guess_names(c, &guess, &c->people);
	guess_names(c, &guess, &c->groups);
	guess_names(c, &guess, &c->rotas);
	report_error(c->report, "E031", node, "no person or group \"%.60s\"%s", text,
		     guess_text(&guess));
}

/* One word of `who` or, with unless, of `unless`. */
static void compile_who(const struct line *line, const struct yaml_node *node, bool unless)
{
	struct compiler *c = line->c;
	uint64_t *rows = unless ? line->table->spared : line->table->of_person;
	const char *text = walk_text(c, node, "a person or a group");
	const struct named *person = text != NULL ? names_find(&c->people, text) : NULL;
	struct named *group = text != NULL ? names_find(&c->groups, text) : NULL;
	struct named *rota = text != NULL ? names_find(&c->rotas, text) : NULL;
	struct term_set *terms = unless ? &line->rule->spared : &line->rule->who;

	if (text == NULL) {
		return;
	}
	if (strcmp(text, "people") == 0) {
		cover_all(line, rows, 1);
	} else if (strcmp(text, "everyone") == 0) {
		if (!line->list->narrows || unless) {
			report_error(c->report, "E052", node,
				     "\"everyone\" means strangers too, so it stands under \"who\" "
				     "in \"never\" only%s",
				     unless ? "" : "; everybody listed is \"people\"");
			return;
		}
		cover_all(line, rows, 0);
	} else if (strncmp(text, "anyone in ", 10) == 0) {
		if (unless) {
			report_error(c->report, "E031", node, "\"unless\" names people and groups");
			return;
		}
		compile_anyone(line, node, text + 10);
	} else if (person != NULL) {
		bit_set(row(rows, line->table, person->number + 1), line->number);
	} else if (group != NULL) {
		group->used = true;
		cover(line, rows, &c->group_people[(size_t)group->number * c->people_words]);
		add_terms(terms, &c->group_terms[group->number]);
	} else if (rota != NULL) {
		rota->used = true;
		bit_set(terms->bits, rota->number);
	} else {
		report_nobody(c, node, text);
	}
}

static void compile_whos(const struct line *line, const struct yaml_node *node, bool unless)
{
	struct items items;

	if (!walk_items(line->c, node, "people", false, &items)) {
		return;
	}
	for (size_t i = 0; i < items.n; i++) {
		compile_who(line, item(&items, i), unless);
	}
}

static void compile_rule_name(struct compiler *c, const struct yaml_node *node, struct rule *rule)
{
	const struct yaml_node *name = yaml_get(node, "name");
	const struct yaml_node *before;

	rule->label = (struct policy_rule){"", node->line};
	if (name == NULL) {
		report_error(c->report, "E005", node,
			     "this line has no \"name\"; answers and the log call it by its name");
		return;
	}
	if (!walk_name(c, name, "a line")) {
		return;
	}
	before = map_put(&c->rule_names, name->text, (void *)(uintptr_t)name);
	if (before != NULL) {
		report_error(c->report, "E030", name, "the name \"%s\" is already used in line %u",
			     name->text, before->line);
	}
	rule->label.name = arena_strdup(c->arena, name->text);
}

static bool has_terms(const struct term_set *set)
{
	for (unsigned w = 0; w < TERM_WORDS; w++) {
		if (set->bits[w] != 0) {
			return true;
		}
	}
	return false;
}

void compile_during(struct compiler *c, const struct yaml_node *node,
		    const struct hours *const **ret_during, unsigned *ret_n)
{
	const struct hours **during;
	struct items items;
	unsigned n = 0;

	if (!walk_items(c, node, "hours", false, &items)) {
		return;
	}
	if (items.n > DURING_MAX) {
		report_error(c->report, "E010", node, "more than %d hours in one line", DURING_MAX);
		return;
	}
	during = arena_array(c->arena, items.n, sizeof(const struct hours *));
	for (size_t i = 0; i < items.n; i++) {
		const char *text = walk_text(c, item(&items, i), "hours");
		struct named *named = text != NULL ? names_find(&c->hours, text) : NULL;
		struct guess guess = guess_for(text != NULL ? text : "");

		if (named != NULL) {
			named->used = true;
			during[n++] = &c->policy->hours[named->number];
		} else if (text != NULL) {
			guess_names(c, &guess, &c->hours);
			report_error(c->report, "E036", item(&items, i), "no hours \"%.60s\"%s",
				     text, guess_text(&guess));
		}
	}
	*ret_during = during;
	*ret_n = n;
}

/* The people whom the line is about, and does not spare: for the checks of what it asks of them. */
static const uint64_t *affected(const struct line *line)
{
	uint64_t *people = arena_array(line->c->scratch, line->c->people_words, sizeof(*people));

	for (unsigned i = 0; i <= line->c->policy->n_people; i++) {
		if (bit_get(row(line->table->of_person, line->table, i), line->number) &&
		    !bit_get(row(line->table->spared, line->table, i), line->number)) {
			bit_set(people, i);
		}
	}
	for (unsigned i = 0; i < line->c->policy->n_rotas; i++) {
		const struct rota *rota = &line->c->policy->rotas[i];

		for (unsigned k = 1;
		     bit_get(line->rule->who.bits, i) && k <= line->c->policy->n_people; k++) {
			if (rota_names(rota, k)) {
				bit_set(people, k);
			}
		}
	}
	return people;
}

static void compile_people_of(const struct line *line, const struct yaml_node *node)
{
	const struct yaml_node *who = yaml_get(node, "who");
	const struct yaml_node *unless = line->list->narrows ? yaml_get(node, "unless") : NULL;

	if (who != NULL) {
		compile_whos(line, who, false);
	} else if (line->list->who_open) {
		cover_all(line, line->table->of_person, 0);
	} else {
		report_error(line->c->report, "E005", node, "\"who\" is missing");
	}
	if (unless != NULL) {
		compile_whos(line, unless, true);
	}
}

static void compile_rule(struct compiler *c, struct rule_table *table, enum list list,
			 unsigned number, const struct yaml_node *node)
{
	struct rule *rule = &table->rules[number];
	const struct line line = {c, table, &lists[list], number, rule};
	const struct yaml_node *during = yaml_get(node, "during");
	const struct yaml_node *droplets = yaml_get(node, "droplets");

	if (!walk_keys(c, node, line.list->line, line.list->keys, line.list->n_keys)) {
		return;
	}
	compile_rule_name(c, node, rule);
	compile_may(c, yaml_get(node, "may"), node, MAY_IN_RULE, &rule->verbs);
	if (list == LIMITS && droplets == NULL) {
		rule->droplets.any = true;
	} else {
		compile_selector(c, droplets, node, &rule->droplets);
	}
	compile_people_of(&line, node);
	if (during != NULL) {
		compile_during(c, during, &rule->during, &rule->n_during);
	}
	if (list == REQUIRES) {
		compile_steps(c, node, rule, affected(&line));
	} else if (list == LIMITS) {
		compile_limit(c, node, rule);
	}
	rule->plain = during == NULL && !has_terms(&rule->who) && !has_terms(&rule->spared);
	if (has_terms(&rule->who)) {
		bit_set(table->of_terms, number);
	}
	for (unsigned v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		if (bit_get(rule->verbs.bits, v)) {
			bit_set(row(table->of_verb, table, v), number);
		}
	}
}

static void compile_table(struct compiler *c, enum list list, struct rule_table *table)
{
	const char *key = lists[list].section;
	const struct yaml_node *section = yaml_get(c->root, key);
	size_t people = c->policy->n_people + 1;

	if (section != NULL && section->kind != YAML_LIST) {
		report_error(c->report, "E004", section, "\"%s\" is a list of lines: - {name: ...}",
			     key);
		section = NULL;
	}
	if (section != NULL && section->n > RULES_MAX) {
		report_error(c->report, "E010", section, "more than %d lines under \"%s\"",
			     RULES_MAX, key);
		section = NULL;
	}
	table->n = section != NULL ? (unsigned)section->n : 0;
	table->words = (table->n + 63) / 64;
	table->rules = arena_array(c->arena, table->n, sizeof(*table->rules));
	table->of_person = arena_array(c->arena, people * table->words, sizeof(uint64_t));
	table->spared = arena_array(c->arena, people * table->words, sizeof(uint64_t));
	table->of_channel = arena_array(
		c->arena, (size_t)(c->policy->n_channels + 1) * table->words, sizeof(uint64_t));
	table->of_verb = arena_array(c->arena, (size_t)VERB_COUNT * table->words, sizeof(uint64_t));
	table->of_terms = arena_array(c->arena, table->words, sizeof(uint64_t));
	for (unsigned i = 0; i < table->n; i++) {
		compile_rule(c, table, list, i, section->items[i]);
	}
}

void compile_rules(struct compiler *c)
{
	map_init(&c->rule_names);
	compile_table(c, ALLOWS, &c->policy->allow);
	compile_table(c, NEVERS, &c->policy->never);
	compile_table(c, REQUIRES, &c->policy->require);
	compile_table(c, LIMITS, &c->policy->limits);
	map_done(&c->rule_names, NULL);
}
