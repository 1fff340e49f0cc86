/* lint.c - lints over the policy's world: the frame, and lines that do nothing */
#include "policy/lint.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define NAMES_SHOWN 4

const struct yaml_node *lint_line(const struct lint *l, bool never, unsigned i)
{
	return yaml_get(l->c->root, never ? "never" : "allow")->items[i];
}

void lint_say(struct lint *l, const char *code, const struct yaml_node *at, struct strbuf *text)
{
	report_add(l->c->report, true, code, at->line, at->column, "%s", text->buf);
	strbuf_reset(text);
}

void lint_people(const struct lint *l, const uint64_t *classes, struct strbuf *out)
{
	unsigned n = 0;

	for (unsigned i = 1; i <= l->policy->n_people; i++) {
		if (bit_get(classes, l->class_of[i])) {
			if (n < NAMES_SHOWN) {
				(void)strbuf_addf(out, "%s%s", n > 0 ? ", " : "",
						  l->policy->people[i].name);
			}
			n++;
		}
	}
	if (n > NAMES_SHOWN) {
		(void)strbuf_addf(out, " and %u more", n - NAMES_SHOWN);
	}
}

bool lint_anywhere(struct lint *l, const struct cells *cells, unsigned person, unsigned verb,
		   uint64_t *ret)
{
	size_t words = cells->world->words;
	uint64_t any = 0;

	cells_grant(cells, person, 0, verb, ret);
	for (size_t w = 0; w < words; w++) {
		uint64_t ceilings = 0;

		for (unsigned c = 1; ret[w] != 0 && c <= l->policy->n_channels; c++) {
			ceilings |= cells_ceiling(cells, c, verb)[w];
		}
		ret[w] &= ceilings;
		any |= ret[w];
	}
	return any != 0;
}

/* The line is about this person here. */
static bool is_about(const struct rule_table *table, unsigned line, unsigned person,
		     unsigned channel)
{
	const size_t words = table->words;

	return (bit_get(&table->of_person[person * words], line) ||
		bit_get(&table->of_channel[channel * words], line)) &&
	       !bit_get(&table->spared[person * words], line);
}

static const uint64_t *row_of(const struct lint *l, bool never, unsigned line)
{
	return &(never ? l->cells.never : l->cells.allow)[(size_t)line * l->world.words];
}

/* What was in the way of a line. */
struct blocked {
	bool people, channels; /* somebody is in `who`; some channel lets it through */
	int never;             /* a never line, -1: none */
};

/* Takes from `set` what never lines forbid; the first that took something. */
static void forbid(struct lint *l, unsigned person, unsigned channel, unsigned verb,
		   struct blocked *blocked)
{
	const struct rule_table *table = &l->cells.never_lines;

	for (unsigned t = 0; t < table->words; t++) {
		uint64_t lines = match_lines(table, person, channel, (enum verb)verb, t);

		for (; lines != 0; lines &= lines - 1) {
			unsigned line = t * 64 + (unsigned)__builtin_ctzll(lines);
			const uint64_t *row = row_of(l, true, line);

			for (size_t w = 0; w < l->world.words; w++) {
				if ((l->set[w] & row[w]) != 0 && blocked->never < 0) {
					blocked->never = (int)line;
				}
				l->set[w] &= ~row[w];
			}
		}
	}
}

/* Does the allow line give anything to this class, in this channel? */
static bool gives(struct lint *l, unsigned line, unsigned person, unsigned channel, unsigned verb,
		  struct blocked *blocked)
{
	const uint64_t *ceiling = cells_ceiling(&l->cells, channel, verb);
	const uint64_t *row = row_of(l, false, line);
	uint64_t any = 0;

	for (size_t w = 0; w < l->world.words; w++) {
		l->set[w] = row[w] & ceiling[w];
		any |= l->set[w];
	}
	if (any == 0) {
		return false;
	}
	blocked->channels = true;
	forbid(l, person, channel, verb, blocked);
	return !bits_empty(l->set, l->world.words);
}

/* Does the never line take anything from this class, in this channel, that would be allowed? */
static bool takes(struct lint *l, unsigned line, unsigned person, unsigned channel, unsigned verb)
{
	const struct rule_table *table = &l->cells.allow_lines;
	const uint64_t *ceiling = cells_ceiling(&l->cells, channel, verb);
	const uint64_t *row = row_of(l, true, line);

	for (unsigned t = 0; t < table->words; t++) {
		uint64_t lines = match_lines(table, person, channel, (enum verb)verb, t);

		for (; lines != 0; lines &= lines - 1) {
			const uint64_t *allow =
				row_of(l, false, t * 64 + (unsigned)__builtin_ctzll(lines));

			for (size_t w = 0; w < l->world.words; w++) {
				if ((allow[w] & row[w] & ceiling[w]) != 0) {
					return true;
				}
			}
		}
	}
	return false;
}

/* Is there a case in which the line makes a difference, other lines of its own list left out of account? */
static bool works(struct lint *l, bool never, unsigned line, struct blocked *blocked)
{
	const struct policy *p = l->policy;
	const struct rule_table *table = never ? &l->never_most : &l->cells.allow_lines;
	const struct rule *rule = &table->rules[line];

	*blocked = (struct blocked){.never = -1};
	for (unsigned k = 0; k < l->n_classes; k++) {
		unsigned person = l->one_of[k];

		for (unsigned c = 1; c <= p->n_channels; c++) {
			if (!is_about(table, line, person, c)) {
				continue;
			}
			blocked->people = true;
			for (unsigned v = VERB_NONE + 1; v < VERB_COUNT; v++) {
				if (bit_get(rule->verbs.bits, v) &&
				    (never ? takes(l, line, person, c, v)
					   : gives(l, line, person, c, v, blocked))) {
					return true;
				}
			}
		}
	}
	return false;
}

static void say_dead(struct lint *l, unsigned line, const struct blocked *blocked)
{
	const struct policy *p = l->policy;
	const char *name = p->allow.rules[line].label.name;
	struct strbuf text;

	strbuf_init(&text, 400);
	(void)strbuf_addf(&text, "\"%s\" can never take effect: ", name);
	if (p->n_channels == 0) {
		(void)strbuf_adds(&text, "no channel is listed");
	} else if (!blocked->people) {
		(void)strbuf_adds(&text, "nobody is in its \"who\"");
	} else if (bits_empty(row_of(l, false, line), l->world.words)) {
		(void)strbuf_adds(&text, "\"except\" leaves none of its droplets");
	} else if (!blocked->channels) {
		(void)strbuf_adds(&text, "no channel lets any of it through");
	} else if (blocked->never >= 0) {
		const struct policy_rule *label = &p->never.rules[blocked->never].label;

		(void)strbuf_addf(&text, "\"%s\" in line %u forbids what channels let through",
				  label->name, label->line);
	}
	lint_say(l, "W101", lint_line(l, false, line), &text);
	strbuf_done(&text);
}

/* Is everything in the line also in others of its list? `dropped` ones do not count. *ret_by: one of them. */
static bool is_covered_for(struct lint *l, bool never, unsigned line, const bool *dropped,
			   unsigned person, unsigned channel, unsigned verb, int *ret_by)
{
	const struct rule_table *table = never ? &l->cells.never_lines : &l->allow_least;
	const uint64_t *row = row_of(l, never, line);

	memcpy(l->set, row, l->world.words * sizeof(*l->set));
	for (unsigned i = 0; i <= l->world.n; i++) {
		if (!cells_in_verb(&l->cells, verb, i)) {
			l->set[i / 64] &= ~((uint64_t)1 << (i % 64));
		}
	}
	for (unsigned t = 0; t < table->words; t++) {
		uint64_t lines = match_lines(table, person, channel, (enum verb)verb, t);

		for (; lines != 0; lines &= lines - 1) {
			unsigned other = t * 64 + (unsigned)__builtin_ctzll(lines);
			const uint64_t *by = row_of(l, never, other);
			uint64_t taken = 0;

			if (other == line || dropped[other]) {
				continue;
			}
			for (size_t w = 0; w < l->world.words; w++) {
				taken |= l->set[w] & by[w];
				l->set[w] &= ~by[w];
			}
			*ret_by = taken != 0 ? (int)other : *ret_by;
		}
	}
	return bits_empty(l->set, l->world.words);
}

/* In every class, for every verb; lines for `anyone in` by what strangers may there. */
static bool is_covered(struct lint *l, bool never, unsigned line, const bool *dropped, int *ret_by)
{
	const struct policy *p = l->policy;
	const struct rule_table *table = never ? &l->never_most : &l->cells.allow_lines;
	const struct rule *rule = &table->rules[line];
	bool any = false;

	*ret_by = -1;
	for (unsigned k = 0; k < l->n_classes; k++) {
		for (unsigned c = 0; c <= p->n_channels; c++) {
			unsigned person = l->one_of[k];
			bool own = bit_get(&table->of_person[(size_t)person * table->words], line);

			/* a line about people is judged by such lines alone: channel 0 */
			if (!is_about(table, line, person, c) || (own && c > 0)) {
				continue;
			}
			for (unsigned v = VERB_NONE + 1; v < VERB_COUNT; v++) {
				if (!bit_get(rule->verbs.bits, v)) {
					continue;
				}
				if (!is_covered_for(l, never, line, dropped, person, c, v,
						    ret_by)) {
					return false;
				}
				any = true;
			}
		}
	}
	return any && *ret_by >= 0;
}

static void lint_covered(struct lint *l, bool never, bool *dropped)
{
	const struct rule_table *table = never ? &l->policy->never : &l->policy->allow;
	struct strbuf text;

	strbuf_init(&text, 400);
	for (unsigned i = table->n; i-- > 0;) {
		int by;

		if (dropped[i] || !is_covered(l, never, i, dropped, &by)) {
			continue;
		}
		dropped[i] = true;
		(void)strbuf_addf(&text,
				  "\"%s\" adds nothing: all that it %s stands in other lines "
				  "(\"%s\", line %u)",
				  table->rules[i].label.name, never ? "forbids" : "allows",
				  table->rules[by].label.name, table->rules[by].label.line);
		lint_say(l, "W102", lint_line(l, never, i), &text);
	}
	strbuf_done(&text);
}

/* True when it was said that no droplet of the inventory fits. */
static bool lint_unfit(struct lint *l, bool never, unsigned line)
{
	const struct rule *rule = &(never ? &l->policy->never : &l->policy->allow)->rules[line];
	struct strbuf text;

	if (!l->world.inventory || rule->droplets.any ||
	    !bits_empty(row_of(l, never, line), l->world.words)) {
		return false;
	}
	strbuf_init(&text, 400);
	(void)strbuf_addf(&text, "\"%s\" fits none of the %u droplet%s (", rule->label.name,
			  l->world.n, l->world.n == 1 ? "" : "s");
	selector_words(&rule->droplets, &text);
	(void)strbuf_adds(&text, ")");
	lint_say(l, "W105", lint_line(l, never, line), &text);
	strbuf_done(&text);
	return true;
}

static void lint_list(struct lint *l, bool never)
{
	const struct rule_table *table = never ? &l->policy->never : &l->policy->allow;
	bool *dropped = arena_array(&l->arena, table->n + 1, sizeof(*dropped));
	struct strbuf text;

	strbuf_init(&text, 400);
	for (unsigned i = 0; i < table->n; i++) {
		struct blocked blocked;

		dropped[i] = lint_unfit(l, never, i);
		if (dropped[i] || !l->world.complete || works(l, never, i, &blocked)) {
			continue;
		}
		dropped[i] = true;
		if (!never) {
			say_dead(l, i, &blocked);
			continue;
		}
		(void)strbuf_addf(&text, "\"%s\" forbids nothing that anybody is allowed",
				  table->rules[i].label.name);
		lint_say(l, "W104", lint_line(l, true, i), &text);
	}
	if (l->world.complete) {
		lint_covered(l, never, dropped);
	}
	for (unsigned i = 0; never && i < table->n; i++) {
		if (dropped[i]) {
			bit_set(l->idle, i);
		}
	}
	strbuf_done(&text);
}

void lint_lines(struct lint *l)
{
	lint_list(l, false);
	lint_list(l, true);
}

void lint_policy(struct compiler *c)
{
	struct lint l = {.c = c, .policy = c->policy};
	const struct policy *const policies[] = {c->policy};
	const struct rule_table *const tables[] = {&l.cells.allow_lines, &l.cells.never_lines,
						   &l.allow_least, &l.never_most};

	if (c->lint->inventory != NULL) {
		world_of(&l.world, c->lint->inventory, c->lint->n_inventory);
	} else {
		world_witness(&l.world, policies, 1, &l.arena);
	}
	cells_make(&l.cells, c->policy, &l.world, AT_BEST, &l.arena);
	view_table(c->policy, &c->policy->allow, false, &l.arena, &l.allow_least);
	view_table(c->policy, &c->policy->never, true, &l.arena, &l.never_most);
	l.class_of = arena_array(&l.arena, c->policy->n_people + 1, sizeof(unsigned));
	l.n_classes = people_classes(tables, 4, c->policy->n_people, l.class_of);
	l.one_of = arena_array(&l.arena, l.n_classes + 1, sizeof(unsigned));
	for (unsigned i = c->policy->n_people + 1; i-- > 0;) {
		l.one_of[l.class_of[i]] = i;
	}
	l.idle = arena_array(&l.arena, c->policy->never.words + 1, sizeof(uint64_t));
	l.set = arena_array(&l.arena, l.world.words, sizeof(uint64_t));
	l.other = arena_array(&l.arena, l.world.words, sizeof(uint64_t));
	c->report->unproven = !l.world.complete;
	lint_lines(&l);
	lint_rights(&l);
	lint_escalation(&l);
	lint_care(&l);
	arena_done(&l.arena);
}
