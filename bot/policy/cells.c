/* cells.c - what each line of a policy says of each element of a world, as sets of bits */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/world.h"

bool bits_empty(const uint64_t *bits, size_t words)
{
	for (size_t w = 0; w < words; w++) {
		if (bits[w] != 0) {
			return false;
		}
	}
	return true;
}

unsigned bits_count(const uint64_t *bits, size_t words)
{
	unsigned n = 0;

	for (size_t w = 0; w < words; w++) {
		n += bits[w] != 0 ? (unsigned)__builtin_popcountll(bits[w]) : 0;
	}
	return n;
}

unsigned bits_first(const uint64_t *bits, size_t words)
{
	size_t w = 0;

	while (w + 1 < words && bits[w] == 0) {
		w++;
	}
	return (unsigned)(w * 64) + (bits[w] != 0 ? (unsigned)__builtin_ctzll(bits[w]) : 0);
}

void world_of(struct world *ret_world, const struct droplet *droplets, size_t n)
{
	*ret_world = (struct world){
		.droplets = droplets,
		.n = (unsigned)n,
		.words = (n + 1 + 63) / 64,
		.complete = true,
		.inventory = true,
	};
}

/* The verb makes no difference to a selector where there is a droplet; where there is none, only `any` fits. */
void world_fill(const struct world *world, const struct selector *selector, enum fit least,
		uint64_t *row)
{
	for (unsigned i = 0; i < world->n; i++) {
		struct subject subject = {.droplet = &world->droplets[i]};

		if (selector_fit(selector, VERB_DROPLET_SHOW, &subject) >= least) {
			bit_set(row, i);
		}
	}
	if (selector->any) {
		bit_set(row, world->n);
	}
}

static uint64_t *fill_table(const struct world *world, const struct rule_table *table,
			    enum fit least, struct arena *arena)
{
	uint64_t *rows = arena_array(arena, (size_t)table->n * world->words + 1, sizeof(*rows));

	for (unsigned i = 0; i < table->n; i++) {
		world_fill(world, &table->rules[i].droplets, least, &rows[i * world->words]);
	}
	return rows;
}

bool cells_in_verb(const struct cells *cells, unsigned verb, unsigned element)
{
	return verb_info((enum verb)verb)->about_droplet == (element != cells->world->n);
}

/* Keeps the elements that the verb is about. */
static void cut(const struct cells *cells, unsigned verb, uint64_t *row)
{
	unsigned last = cells->world->n;
	bool none = (row[last / 64] >> (last % 64) & 1) != 0;

	if (verb_info((enum verb)verb)->about_droplet) {
		row[last / 64] &= ~((uint64_t)1 << (last % 64));
		return;
	}
	memset(row, 0, cells->world->words * sizeof(*row));
	if (none) {
		bit_set(row, last);
	}
}

static void fill_ceilings(struct cells *cells, struct arena *arena)
{
	const struct policy *p = cells->policy;
	size_t words = cells->world->words;
	uint64_t *one = mem_array(words, sizeof(*one));

	cells->ceiling = arena_array(arena, (size_t)(p->n_channels + 1) * VERB_COUNT * words,
				     sizeof(*cells->ceiling));
	for (unsigned c = 1; c <= p->n_channels; c++) {
		for (unsigned i = 0; i < p->channels[c].n_ceilings; i++) {
			const struct ceiling *ceiling = &p->channels[c].ceilings[i];

			memset(one, 0, words * sizeof(*one));
			world_fill(cells->world, &ceiling->droplets, FIT_YES, one);
			for (unsigned v = VERB_NONE + 1; v < VERB_COUNT; v++) {
				uint64_t *row = &cells->ceiling[(c * VERB_COUNT + v) * words];

				for (size_t w = 0; bit_get(ceiling->verbs.bits, v) && w < words;
				     w++) {
					row[w] |= one[w];
				}
			}
		}
		for (unsigned v = VERB_NONE + 1; v < VERB_COUNT; v++) {
			cut(cells, v, &cells->ceiling[(c * VERB_COUNT + v) * words]);
		}
	}
	free(one);
}

void cells_make(struct cells *ret_cells, const struct policy *policy, const struct world *world,
		enum view view, struct arena *arena)
{
	ret_cells->policy = policy;
	ret_cells->world = world;
	view_table(policy, &policy->allow, view == AT_BEST, arena, &ret_cells->allow_lines);
	view_table(policy, &policy->never, view == ALWAYS, arena, &ret_cells->never_lines);
	ret_cells->allow = fill_table(world, &policy->allow, FIT_YES, arena);
	ret_cells->never = fill_table(world, &policy->never, FIT_UNKNOWN, arena);
	fill_ceilings(ret_cells, arena);
}

const uint64_t *cells_ceiling(const struct cells *cells, unsigned channel, unsigned verb)
{
	return &cells->ceiling[((size_t)channel * VERB_COUNT + verb) * cells->world->words];
}

/* ORs (or with `take`, takes away) the elements of every line about this person, channel and verb. */
static void gather(const struct cells *cells, const struct rule_table *table, const uint64_t *rows,
		   unsigned person, unsigned channel, unsigned verb, bool take, uint64_t *ret)
{
	size_t words = cells->world->words;

	for (unsigned t = 0; t < table->words; t++) {
		uint64_t lines = match_lines(table, person, channel, (enum verb)verb, t);

		for (; lines != 0; lines &= lines - 1) {
			const uint64_t *row =
				&rows[(t * 64 + (unsigned)__builtin_ctzll(lines)) * words];

			for (size_t w = 0; w < words; w++) {
				ret[w] = take ? ret[w] & ~row[w] : ret[w] | row[w];
			}
		}
	}
}

void cells_grant(const struct cells *cells, unsigned person, unsigned channel, unsigned verb,
		 uint64_t *ret)
{
	memset(ret, 0, cells->world->words * sizeof(*ret));
	if (person == 0 && verb_info((enum verb)verb)->effect != EFFECT_READ) {
		return; /* whatever group a network counts them among */
	}
	gather(cells, &cells->allow_lines, cells->allow, person, channel, verb, false, ret);
	gather(cells, &cells->never_lines, cells->never, person, channel, verb, true, ret);
}

bool cells_allowed(const struct cells *cells, unsigned person, unsigned channel, unsigned verb,
		   uint64_t *ret)
{
	const uint64_t *ceiling = cells_ceiling(cells, channel, verb);
	uint64_t any = 0;

	if (channel == 0 || !bit_get(cells->policy->channels[channel].verbs.bits, verb)) {
		return false;
	}
	cells_grant(cells, person, channel, verb, ret);
	for (size_t w = 0; w < cells->world->words; w++) {
		ret[w] &= ceiling[w];
		any |= ret[w];
	}
	return any != 0;
}

static size_t table_key(const struct rule_table *table, unsigned person, uint64_t *ret)
{
	memcpy(ret, &table->of_person[(size_t)person * table->words], table->words * sizeof(*ret));
	memcpy(ret + table->words, &table->spared[(size_t)person * table->words],
	       table->words * sizeof(*ret));
	return 2 * (size_t)table->words;
}

unsigned people_classes(const struct rule_table *const *tables, size_t n_tables, unsigned n_people,
			unsigned *ret_class)
{
	size_t words = 1;
	uint64_t *key;
	struct intern classes;
	unsigned n;

	for (size_t t = 0; t < n_tables; t++) {
		words += 2 * (size_t)tables[t]->words;
	}
	key = mem_array(words, sizeof(*key));
	intern_init(&classes, words);
	for (unsigned i = 0; i <= n_people; i++) {
		size_t used = 1;

		key[0] = i == 0; /* strangers are a class of their own: texts name them apart */
		for (size_t t = 0; t < n_tables; t++) {
			used += table_key(tables[t], i, key + used);
		}
		ret_class[i] = intern_put(&classes, key, NULL);
	}
	n = classes.n;
	intern_done(&classes);
	free(key);
	return n;
}

static void sign(const struct selector *selector, const struct droplet *droplet, uint64_t *ret,
		 unsigned *at)
{
	struct subject subject = {.droplet = droplet};
	enum fit fit = selector_fit(selector, VERB_DROPLET_SHOW, &subject);

	if (fit == FIT_YES) {
		bit_set(ret, *at);
	}
	if (fit >= FIT_UNKNOWN) {
		bit_set(ret, *at + 1);
	}
	*at += 2;
}

static unsigned count_selectors(const struct policy *p)
{
	unsigned n = p->allow.n + p->never.n + p->require.n + p->limits.n;

	for (unsigned c = 1; c <= p->n_channels; c++) {
		n += p->channels[c].n_ceilings;
	}
	return n;
}

size_t signature_words(const struct policy *const *policies, size_t n)
{
	size_t selectors = 0;

	for (size_t i = 0; i < n; i++) {
		selectors += count_selectors(policies[i]);
	}
	return (2 * selectors + 63) / 64 + 1;
}

void signature_of(const struct policy *const *policies, size_t n, const struct droplet *droplet,
		  uint64_t *ret)
{
	unsigned at = 0;

	memset(ret, 0, signature_words(policies, n) * sizeof(*ret));
	for (size_t i = 0; i < n; i++) {
		const struct policy *p = policies[i];

		for (unsigned r = 0; r < p->allow.n; r++) {
			sign(&p->allow.rules[r].droplets, droplet, ret, &at);
		}
		for (unsigned r = 0; r < p->never.n; r++) {
			sign(&p->never.rules[r].droplets, droplet, ret, &at);
		}
		for (unsigned c = 1; c <= p->n_channels; c++) {
			for (unsigned k = 0; k < p->channels[c].n_ceilings; k++) {
				sign(&p->channels[c].ceilings[k].droplets, droplet, ret, &at);
			}
		}
	}
}

void signature_steps(const struct policy *const *policies, size_t n, const struct droplet *droplet,
		     uint64_t *ret)
{
	unsigned at = 0;

	for (size_t i = 0; i < n; i++) {
		const struct policy *p = policies[i];

		at += 2 * (count_selectors(p) - p->require.n - p->limits.n);
	}
	for (size_t i = 0; i < n; i++) {
		const struct policy *p = policies[i];

		for (unsigned r = 0; r < p->require.n; r++) {
			sign(&p->require.rules[r].droplets, droplet, ret, &at);
		}
		for (unsigned r = 0; r < p->limits.n; r++) {
			sign(&p->limits.rules[r].droplets, droplet, ret, &at);
		}
	}
}
