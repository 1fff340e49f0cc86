/* diff_lines.c - which lines are about a person at a moment, and on which elements they come to what */
#include <string.h>

#include "policy/diff_internal.h"

static const struct rule_table *table_of(const struct policy *p, int list)
{
	const struct rule_table *const tables[] = {&p->allow, &p->never, &p->require, &p->limits};

	return tables[list];
}

void diff_sights_make(struct difference *d, struct sight sights[2][LISTS])
{
	for (int side = OLD; side <= NEW; side++) {
		for (int list = 0; list < LISTS; list++) {
			struct sight *sight = &sights[side][list];
			size_t words = table_of(d->policy[side], list)->words + 1;

			sight->table = table_of(d->policy[side], list);
			sight->who = arena_array(&d->arena, words, sizeof(uint64_t));
			sight->spared = arena_array(&d->arena, words, sizeof(uint64_t));
			sight->open = arena_array(&d->arena, words, sizeof(uint64_t));
		}
	}
}

static enum fit rota_says(const struct difference *d, int side, unsigned rota,
			  const struct pair *person, unsigned moment)
{
	unsigned number = person->number[side];

	if (number == 0) {
		return FIT_NO;
	}
	if (diff_value(d, moment, side, FACT_TURN, rota) == d->pair_of[side][number]) {
		return FIT_YES;
	}
	return rota_may_take(&d->policy[side]->rotas[rota], number) &&
			       diff_value(d, moment, side, FACT_TAKEN, rota) == FIT_YES
		       ? FIT_YES
		       : FIT_NO;
}

static enum fit terms_say(const struct difference *d, int side, const struct term_set *terms,
			  const struct pair *person, unsigned moment)
{
	unsigned n_rotas = d->policy[side]->n_rotas;
	enum fit best = FIT_NO;

	for (unsigned w = 0; w < TERM_WORDS; w++) {
		for (uint64_t bits = terms->bits[w]; bits != 0; bits &= bits - 1) {
			unsigned i = w * 64 + (unsigned)__builtin_ctzll(bits);
			enum fit fit = i < n_rotas ? rota_says(d, side, i, person, moment)
						   : (enum fit)diff_value(d, moment, side,
									  FACT_MEMBER, i - n_rotas);

			best = fit > best ? fit : best;
		}
	}
	return best;
}

bool diff_hours_open(const struct difference *d, int side, unsigned moment,
		     const struct hours *const *during, unsigned n, enum fit least)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned number = (unsigned)(during[i] - d->policy[side]->hours);

		if ((enum fit)diff_value(d, moment, side, FACT_HOURS, number) >= least) {
			return true;
		}
	}
	return during == NULL;
}

/* One line that time, turns or groups have a say in. */
static void look_at(const struct difference *d, int side, int list, unsigned line,
		    const struct pair *person, unsigned moment, struct sight *sight)
{
	const struct rule *rule = &sight->table->rules[line];
	enum fit least = list == ALLOWS ? FIT_YES : FIT_UNKNOWN;
	enum fit spared = terms_say(d, side, &rule->spared, person, moment);

	if (terms_say(d, side, &rule->who, person, moment) >= least) {
		bit_set(sight->who, line);
	}
	if (spared == FIT_YES || (spared == FIT_UNKNOWN && list == ALLOWS)) {
		bit_set(sight->spared, line);
	}
	if (!diff_hours_open(d, side, moment, rule->during, rule->n_during, least)) {
		sight->open[line / 64] &= ~((uint64_t)1 << (line % 64));
	}
}

void diff_look(const struct difference *d, const struct pair *person, unsigned moment,
	       struct sight sights[2][LISTS])
{
	for (int side = OLD; side <= NEW; side++) {
		for (int list = 0; list < LISTS; list++) {
			struct sight *sight = &sights[side][list];
			const struct rule_table *table = sight->table;
			size_t at = (size_t)person->number[side] * table->words;
			size_t bytes = table->words * sizeof(uint64_t);

			if (bytes == 0) {
				continue;
			}
			memcpy(sight->who, &table->of_person[at], bytes);
			memcpy(sight->spared, &table->spared[at], bytes);
			memset(sight->open, 0xff, bytes);
			for (unsigned i = 0; i < table->n; i++) {
				if (!table->rules[i].plain) {
					look_at(d, side, list, i, person, moment, sight);
				}
			}
		}
	}
}

uint64_t diff_lines(const struct sight *sight, unsigned channel, unsigned verb, unsigned w)
{
	const struct rule_table *table = sight->table;

	return (sight->who[w] | table->of_channel[(size_t)channel * table->words + w]) &
	       ~sight->spared[w] & sight->open[w] & table->of_verb[(size_t)verb * table->words + w];
}

static void gather(const struct sight *sight, const uint64_t *rows, size_t words, unsigned channel,
		   unsigned verb, bool take, uint64_t *ret)
{
	for (unsigned t = 0; t < sight->table->words; t++) {
		uint64_t lines = diff_lines(sight, channel, verb, t);

		for (; lines != 0; lines &= lines - 1) {
			const uint64_t *row =
				&rows[(t * 64 + (unsigned)__builtin_ctzll(lines)) * words];

			for (size_t w = 0; w < words; w++) {
				ret[w] = take ? ret[w] & ~row[w] : ret[w] | row[w];
			}
		}
	}
}

/* Keeps the elements that the verb is about. */
static void cut(const struct difference *d, unsigned verb, uint64_t *set)
{
	unsigned none = d->world.n;
	uint64_t bit = (uint64_t)1 << (none % 64);
	uint64_t last = set[none / 64];

	if (verb_info((enum verb)verb)->about_droplet) {
		set[none / 64] = last & ~bit;
		return;
	}
	memset(set, 0, d->world.words * sizeof(*set));
	set[none / 64] = last & bit;
}

static bool is_timed(const struct channel *channel)
{
	bool timed = channel->during != NULL;

	for (unsigned i = 0; i < channel->n_ceilings && !timed; i++) {
		timed = channel->ceilings[i].during != NULL;
	}
	return timed;
}

bool diff_is_timed(const struct difference *d, const struct pair *channel)
{
	return is_timed(&d->policy[OLD]->channels[channel->number[OLD]]) ||
	       is_timed(&d->policy[NEW]->channels[channel->number[NEW]]);
}

const uint64_t *diff_ceiling(const struct difference *d, int side, unsigned channel, unsigned verb,
			     unsigned moment, uint64_t *room)
{
	const struct channel *c = &d->policy[side]->channels[channel];
	size_t words = d->world.words;

	if (!is_timed(c)) {
		return cells_ceiling(&d->cells[side], channel, verb);
	}
	memset(room, 0, words * sizeof(*room));
	if (channel == 0 || !bit_get(c->verbs.bits, verb) ||
	    !diff_hours_open(d, side, moment, c->during, c->n_during, FIT_YES)) {
		return room;
	}
	for (unsigned i = 0; i < c->n_ceilings; i++) {
		const struct ceiling *ceiling = &c->ceilings[i];

		if (bit_get(ceiling->verbs.bits, verb) &&
		    diff_hours_open(d, side, moment, ceiling->during, ceiling->n_during, FIT_YES)) {
			world_fill(&d->world, &ceiling->droplets, FIT_YES, room);
		}
	}
	cut(d, verb, room);
	return room;
}

void diff_allowed(const struct difference *d, struct sight sights[2][LISTS], int side,
		  unsigned person, unsigned channel, unsigned verb, uint64_t *ret)
{
	const struct cells *cells = &d->cells[side];
	size_t words = d->world.words;

	memset(ret, 0, words * sizeof(*ret));
	if (person == 0 && verb_info((enum verb)verb)->effect != EFFECT_READ) {
		return; /* whatever group a network counts them among */
	}
	gather(&sights[side][ALLOWS], cells->allow, words, channel, verb, false, ret);
	gather(&sights[side][NEVERS], cells->never, words, channel, verb, true, ret);
}
