/* diff_times.c - the classes of times that two policies tell apart: one moment for each
 *
 * All that depends on time changes at known instants: the ends of hours and of turns, covers, and the changes of clocks.
 * Between two of these nothing changes, so a look at each of them is a look at all times, as far as they are followed: from
 * the first instant that is named to the last, and from there for as long as it takes until all has come around again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/diff_internal.h"

#define SOMEDAY ((int64_t)1767225600) /* 2026-01-01: where no date is named */
#define FOREVER ((int64_t)4070908800) /* 2099-01-01: the tables of the zones end soon after */
#define YEARS_DAYS (28 * 366)         /* the calendar has come around */
#define LOOKS_MOST 20000000U          /* facts times instants */
#define DAYS_LEAST 15                 /* even when that is more */
#define FREE_FACTS_MOST 6             /* groups and turns taken: all combinations up to here */

struct instants {
	int64_t *list;
	size_t n, cap;
	int64_t from, to;
};

static void note(struct instants *t, int64_t at)
{
	if (at < t->from || at > t->to) {
		return;
	}
	if (t->n == t->cap) {
		t->cap = t->cap * 2 + 256;
		t->list = mem_grow(t->list, t->cap, sizeof(*t->list));
	}
	t->list[t->n++] = at;
}

static void note_wall(struct instants *t, const struct zone *zone, int64_t wall)
{
	int64_t first;
	int64_t last;
	bool gap;

	zone_instants(zone, wall, &first, &last, &gap);
	note(t, first);
	note(t, last);
}

static const struct hours *hours_of(const struct difference *d, const struct fact *f)
{
	return &d->policy[f->side]->hours[f->number];
}

static const struct rota *rota_of(const struct difference *d, const struct fact *f)
{
	return &d->policy[f->side]->rotas[f->number];
}

/* ---- which facts there are ---------------------------------------------------------------- */

static void add_fact(struct difference *d, enum fact_kind kind, int side, unsigned number,
		     const char *name)
{
	unsigned *place = &d->fact_of[side][kind][number];

	if (*place == 0) {
		d->facts[d->n_facts] = (struct fact){kind, side, number, name, d->n_facts};
		*place = ++d->n_facts;
	}
}

static void add_hours(struct difference *d, int side, const struct hours *const *during, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		add_fact(d, FACT_HOURS, side, (unsigned)(during[i] - d->policy[side]->hours),
			 during[i]->name);
	}
}

static void add_terms(struct difference *d, int side, const struct term_set *terms)
{
	const struct policy *p = d->policy[side];

	for (unsigned i = 0; i < p->n_rotas + p->n_groups && i < TERMS_MAX; i++) {
		if (!bit_get(terms->bits, i)) {
			continue;
		}
		if (i >= p->n_rotas) {
			add_fact(d, FACT_MEMBER, side, i - p->n_rotas,
				 p->groups[i - p->n_rotas].name);
			continue;
		}
		add_fact(d, FACT_TURN, side, i, p->rotas[i].name);
		if (p->rotas[i].takers != NULL) {
			add_fact(d, FACT_TAKEN, side, i, p->rotas[i].name);
		}
	}
}

static void add_facts(struct difference *d, int side)
{
	const struct policy *p = d->policy[side];
	const struct rule_table *const tables[] = {&p->allow, &p->never, &p->require, &p->limits};

	for (int t = 0; t < LISTS; t++) {
		for (unsigned i = 0; i < tables[t]->n; i++) {
			const struct rule *rule = &tables[t]->rules[i];

			add_hours(d, side, rule->during, rule->n_during);
			add_terms(d, side, &rule->who);
			add_terms(d, side, &rule->spared);
		}
	}
	for (unsigned c = 1; c <= p->n_channels; c++) {
		const struct channel *channel = &p->channels[c];

		add_hours(d, side, channel->during, channel->n_during);
		for (unsigned i = 0; i < channel->n_ceilings; i++) {
			add_hours(d, side, channel->ceilings[i].during,
				  channel->ceilings[i].n_during);
		}
	}
}

static bool is_free(const struct fact *f)
{
	return f->kind == FACT_MEMBER || f->kind == FACT_TAKEN;
}

/* A group under the same name and place in both files is one group; so is a turn that was taken. */
static bool is_same(const struct difference *d, const struct fact *a, const struct fact *b)
{
	if (a->kind != b->kind || !is_free(a) || strcmp(a->name, b->name) != 0) {
		return false;
	}
	if (a->kind == FACT_TAKEN) {
		return true;
	}
	const struct policy_group *x = &d->policy[a->side]->groups[a->number];
	const struct policy_group *y = &d->policy[b->side]->groups[b->number];

	return strcmp(x->network, y->network) == 0 && strcmp(x->workspace, y->workspace) == 0 &&
	       strcmp(x->id, y->id) == 0;
}

static void find_facts(struct difference *d)
{
	size_t most = 0;

	for (int side = OLD; side <= NEW; side++) {
		const struct policy *p = d->policy[side];
		const size_t n[] = {p->n_hours, p->n_rotas, p->n_groups, p->n_rotas};

		for (int kind = 0; kind < 4; kind++) {
			d->fact_of[side][kind] =
				arena_array(&d->arena, n[kind] + 1, sizeof(unsigned));
			most += n[kind];
		}
	}
	d->facts = arena_array(&d->arena, most + 1, sizeof(*d->facts));
	for (int side = NEW; side >= OLD; side--) {
		add_facts(d, side);
	}
	for (unsigned i = 0; i < d->n_facts; i++) {
		unsigned k = 0;

		while (k < i && !is_same(d, &d->facts[i], &d->facts[k])) {
			k++;
		}
		d->facts[i].same = k;
	}
}

/* ---- when they change --------------------------------------------------------------------- */

static int64_t gcd(int64_t a, int64_t b)
{
	return b == 0 ? a : gcd(b, a % b);
}

/* From the first date that is named to the last. *ret_days: until all turns have come around. */
static void span(const struct difference *d, struct instants *t, int64_t *ret_days)
{
	int64_t days = 7;

	t->from = SOMEDAY;
	t->to = SOMEDAY;
	for (unsigned i = 0; i < d->n_facts; i++) {
		const struct fact *f = &d->facts[i];
		int64_t first = SOMEDAY;
		int64_t last = SOMEDAY;

		if (f->kind == FACT_HOURS && !hours_of(d, f)->weekly) {
			first = hours_of(d, f)->maybe_from;
			last = hours_of(d, f)->maybe_to;
		} else if (f->kind == FACT_TURN) {
			const struct rota *rota = rota_of(d, f);
			int64_t turns = (int64_t)rota->n_people * rota->days;

			if (turns > 0 && days <= YEARS_DAYS) { /* a rota has people */
				days = days / gcd(days, turns) * turns;
			}
			first = last = rota->from_wall;
			for (unsigned k = 0; k < rota->n_covers; k++) {
				last = rota->covers[k].to > last ? rota->covers[k].to : last;
			}
		}
		t->from = first < t->from ? first : t->from;
		t->to = last > t->to ? last : t->to;
	}
	t->from -= 8 * DAY_S;
	*ret_days = days;
}

static void note_zone(struct instants *t, const struct zone *zone)
{
	for (unsigned i = 0; i < zone->n; i++) {
		int64_t at = zone->changes[i].at;

		note(t, at);
		note(t, at + zone_jumped(zone, at));
	}
}

static void note_weekly(struct instants *t, const struct hours *hours)
{
	for (int64_t day = t->from / DAY_S - 1; day <= t->to / DAY_S + 1; day++) {
		note_wall(t, hours->zone, day * DAY_S + (int64_t)hours->from * 60);
		note_wall(t, hours->zone, day * DAY_S + (int64_t)hours->to * 60);
	}
	note_zone(t, hours->zone);
}

static void note_rota(struct instants *t, const struct rota *rota)
{
	for (int64_t wall = rota->from_wall; wall <= t->to + DAY_S; wall += rota->days * DAY_S) {
		if (wall >= t->from - DAY_S) {
			note_wall(t, rota->zone, wall);
		}
	}
	for (unsigned i = 0; i < rota->n_covers; i++) {
		note(t, rota->covers[i].from);
		note(t, rota->covers[i].to);
	}
	note_zone(t, rota->zone);
}

static void note_fact(struct instants *t, const struct difference *d, const struct fact *f)
{
	if (f->kind == FACT_TURN) {
		note_rota(t, rota_of(d, f));
	} else if (f->kind == FACT_HOURS && hours_of(d, f)->weekly) {
		note_weekly(t, hours_of(d, f));
	} else if (f->kind == FACT_HOURS) {
		const struct hours *h = hours_of(d, f);

		note(t, h->maybe_from);
		note(t, h->surely_from);
		note(t, h->surely_to);
		note(t, h->maybe_to);
	}
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* False: not all of the time that would be needed could be looked at. */
static bool find_instants(const struct difference *d, struct instants *t)
{
	unsigned timed = 0;
	int64_t days;
	int64_t named;
	int64_t most;
	bool whole;

	span(d, t, &days);
	for (unsigned i = 0; i < d->n_facts; i++) {
		timed += !is_free(&d->facts[i]);
	}
	most = timed > 0 ? LOOKS_MOST / ((int64_t)timed * timed * 5) : YEARS_DAYS;
	most = most < DAYS_LEAST ? DAYS_LEAST : most;
	named = (t->to - t->from) / DAY_S;
	whole = most >= named + days && most >= named + (int64_t)2 * 366;
	most = whole && most > named + YEARS_DAYS ? named + YEARS_DAYS : most;
	t->to = t->from + most * DAY_S;
	if (t->to > FOREVER) {
		t->to = FOREVER;
	}
	note(t, t->from);
	for (unsigned i = 0; i < d->n_facts; i++) {
		note_fact(t, d, &d->facts[i]);
	}
	if (t->n > 1) {
		qsort(t->list, t->n, sizeof(t->list[0]), by_time);
	}
	return timed == 0 || (whole && days <= YEARS_DAYS);
}

/* ---- the moments -------------------------------------------------------------------------- */

static uint64_t value_at(const struct difference *d, const struct fact *f, int64_t at)
{
	return f->kind == FACT_HOURS ? (uint64_t)hours_fit(hours_of(d, f), at)
				     : d->pair_of[f->side][rota_person(rota_of(d, f), at, NULL)];
}

/* The i-th way to set what is free: false after the last. Past a few facts only none, each alone, and all. */
static bool set_free(const struct difference *d, unsigned way, uint64_t *values, bool *ret_all)
{
	unsigned n = 0;
	unsigned k = 0;
	unsigned ways;

	for (unsigned i = 0; i < d->n_facts; i++) {
		n += is_free(&d->facts[i]) && d->facts[i].same == i;
	}
	*ret_all = n <= FREE_FACTS_MOST;
	ways = *ret_all ? 1U << n : n + 2;
	for (unsigned i = 0; i < d->n_facts && way <= ways; i++) {
		const struct fact *f = &d->facts[i];
		bool yes = *ret_all ? way >> (k % 32) & 1 : way == k + 1 || way == n + 1;

		if (!is_free(f)) {
			continue;
		}
		if (f->same != i) {
			values[i] = values[f->same];
			continue;
		}
		k++;
		/* the last way: nothing is known of the groups */
		values[i] = way == ways ? (f->kind == FACT_MEMBER ? FIT_UNKNOWN : FIT_NO)
			    : yes       ? FIT_YES
					: FIT_NO;
	}
	return n > 0 ? way <= ways : way == 0;
}

static void put_moments(struct difference *d, uint64_t *values, int64_t at)
{
	bool all = true;

	for (unsigned way = 0; set_free(d, way, values, &all); way++) {
		bool is_new;
		unsigned number;

		if (d->moments.n == MOMENTS_MAX) {
			if (!intern_find(&d->moments, values, &number)) {
				d->result->proven = false;
				d->result->too_many_times = true;
			}
			continue;
		}
		number = intern_put(&d->moments, values, &is_new);
		if (is_new) {
			d->moment_at[number] = at;
		}
	}
	if (!all) {
		d->result->proven = false;
		d->result->too_many_times = true;
	}
}

void diff_moments(struct difference *d)
{
	struct instants t = {.n = 0};
	struct intern seen; /* of what time alone decides */
	uint64_t *values;

	find_facts(d);
	values = arena_array(&d->arena, d->n_facts + 1, sizeof(*values));
	intern_init(&d->moments, d->n_facts + 1);
	intern_init(&seen, d->n_facts + 1);
	if (!find_instants(d, &t)) {
		d->result->proven = false;
		d->result->too_many_times = true;
	}
	for (size_t i = 0; i < t.n; i++) {
		bool is_new = i == 0;

		if (i > 0 && t.list[i] == t.list[i - 1]) {
			continue;
		}
		for (unsigned k = 0; k < d->n_facts; k++) {
			values[k] =
				is_free(&d->facts[k]) ? 0 : value_at(d, &d->facts[k], t.list[i]);
		}
		(void)intern_put(&seen, values, &is_new);
		if (is_new) {
			put_moments(d, values, t.list[i]);
		}
	}
	intern_done(&seen);
	free(t.list);
}

uint64_t diff_value(const struct difference *d, unsigned moment, int side, enum fact_kind kind,
		    unsigned number)
{
	unsigned fact = d->fact_of[side][kind][number];

	return fact == 0 ? 0 : intern_key(&d->moments, moment)[fact - 1];
}
