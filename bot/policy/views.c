/* views.c - the lines of a policy at their strongest and at their weakest, where time, turns and networks' groups decide */
#include <string.h>

#include "policy/world.h"

/* Could the person be among these at some time? */
static bool may_be(const struct policy *p, const struct term_set *terms, unsigned person)
{
	for (unsigned i = 0; i < p->n_rotas + p->n_groups && i < TERMS_MAX; i++) {
		if (bit_get(terms->bits, i) &&
		    (i >= p->n_rotas || (person != 0 && rota_names(&p->rotas[i], person)))) {
			return true;
		}
	}
	return false;
}

static uint64_t *copy(struct arena *arena, const uint64_t *rows, size_t n)
{
	uint64_t *to = arena_array(arena, n + 1, sizeof(*to));

	if (n > 0) {
		memcpy(to, rows, n * sizeof(*to));
	}
	return to;
}

bool is_conditional(const struct rule_table *table)
{
	for (unsigned i = 0; i < table->n; i++) {
		if (!table->rules[i].plain) {
			return true;
		}
	}
	return false;
}

void view_table(const struct policy *p, const struct rule_table *table, bool strongest,
		struct arena *arena, struct rule_table *ret)
{
	size_t people = (size_t)(p->n_people + 1) * table->words;

	*ret = *table;
	if (!is_conditional(table)) {
		return;
	}
	ret->of_person = copy(arena, table->of_person, people);
	ret->spared = copy(arena, table->spared, people);
	ret->of_verb = copy(arena, table->of_verb, (size_t)VERB_COUNT * table->words);
	for (unsigned i = 0; i < table->n; i++) {
		const struct rule *rule = &table->rules[i];

		for (unsigned k = 0; !rule->plain && k <= p->n_people; k++) {
			if (strongest && may_be(p, &rule->who, k)) {
				bit_set(&ret->of_person[(size_t)k * table->words], i);
			} else if (!strongest && may_be(p, &rule->spared, k)) {
				bit_set(&ret->spared[(size_t)k * table->words], i);
			}
		}
		for (unsigned v = 0; !strongest && rule->during != NULL && v < VERB_COUNT; v++) {
			ret->of_verb[(size_t)v * table->words + i / 64] &=
				~((uint64_t)1 << (i % 64));
		}
	}
}
