/* rules.c - sections allow and never, and the rows of bits that make a decision quick */
#include <string.h>

#include "base/attr.h"
#include "policy/walk.h"

#define RULES_MAX 2000

static const struct key allow_keys[] = {
	{"name", KEY_NOW},     {"who", KEY_NOW},      {"may", KEY_NOW},
	{"droplets", KEY_NOW}, {"during", KEY_LATER}, {"fresh", KEY_LATER},
};
static const struct key never_keys[] = {
	{"name", KEY_NOW},     {"who", KEY_NOW},    {"may", KEY_NOW},
	{"droplets", KEY_NOW}, {"unless", KEY_NOW}, {"during", KEY_LATER},
};

/* What is being read: one line of one of the two lists. */
struct line {
	struct compiler *c;
	struct rule_table *table;
	bool never;
	unsigned number; /* in its list */
	const struct rule *rule;
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

/* "anyone in zenith": whoever speaks there, strangers too, so for actions that only read. */
static void compile_anyone(const struct line *line, const struct yaml_node *node, const char *name)
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

	if (text == NULL) {
		return;
	}
	if (strcmp(text, "people") == 0) {
		cover_all(line, rows, 1);
	} else if (strcmp(text, "everyone") == 0) {
		if (!line->never || unless) {
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

static void compile_rule(struct compiler *c, struct rule_table *table, bool never, unsigned number,
			 const struct yaml_node *node)
{
	struct rule *rule = &table->rules[number];
	const struct line line = {c, table, never, number, rule};
	const struct yaml_node *who = yaml_get(node, "who");
	const struct yaml_node *unless = never ? yaml_get(node, "unless") : NULL;

	if (!walk_keys(c, node, never ? "a \"never\" line" : "an \"allow\" line",
		       never ? never_keys : allow_keys,
		       never ? ARRAY_LEN(never_keys) : ARRAY_LEN(allow_keys))) {
		return;
	}
	compile_rule_name(c, node, rule);
	compile_may(c, yaml_get(node, "may"), node, MAY_IN_RULE, &rule->verbs);
	compile_selector(c, yaml_get(node, "droplets"), node, &rule->droplets);
	if (who == NULL) {
		report_error(c->report, "E005", node, "\"who\" is missing");
	} else {
		compile_whos(&line, who, false);
	}
	if (unless != NULL) {
		compile_whos(&line, unless, true);
	}
	for (unsigned v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		if (bit_get(rule->verbs.bits, v)) {
			bit_set(row(table->of_verb, table, v), number);
		}
	}
}

static void compile_table(struct compiler *c, const char *key, bool never, struct rule_table *table)
{
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
	for (unsigned i = 0; i < table->n; i++) {
		compile_rule(c, table, never, i, section->items[i]);
	}
}

void compile_rules(struct compiler *c)
{
	map_init(&c->rule_names);
	compile_table(c, "allow", false, &c->policy->allow);
	compile_table(c, "never", true, &c->policy->never);
	map_done(&c->rule_names, NULL);
}
