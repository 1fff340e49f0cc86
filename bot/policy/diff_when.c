/* diff_when.c - a set of moments in words: "during office", "while bob is on call (primary)", or one of them as an example */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "policy/diff_internal.h"

#define LITERALS_MOST 512

struct literal {
	struct moment_set set;
	const char *text;
};

static bool equal(const struct moment_set *a, const struct moment_set *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static uint64_t value_of(const struct difference *d, unsigned moment, unsigned fact)
{
	return intern_key(&d->moments, moment)[fact];
}

/* The same name in the other file, with other values: then it must be said which of the two is meant. */
static const char *which(const struct difference *d, unsigned fact)
{
	const struct fact *f = &d->facts[fact];

	for (unsigned k = 0; k < d->n_facts; k++) {
		const struct fact *other = &d->facts[k];

		if (other->side == f->side || other->kind != f->kind ||
		    strcmp(other->name, f->name) != 0) {
			continue;
		}
		for (unsigned m = 0; m < d->moments.n; m++) {
			if (value_of(d, m, fact) != value_of(d, m, k)) {
				return f->side == OLD ? "the old " : "the new ";
			}
		}
	}
	return "";
}

/* What is said of the fact's value (of hours and groups: of being at least that), and of its contrary. */
static const char *word(struct difference *d, unsigned fact, uint64_t value, bool yes)
{
	const struct fact *f = &d->facts[fact];
	const char *name = arena_printf(&d->arena, "%s%s", which(d, fact), f->name);
	bool sure = value == FIT_YES;

	switch (f->kind) {
	case FACT_HOURS:
		return arena_printf(&d->arena, "%s %s%s", yes ? "during" : "outside", name,
				    sure  ? ""
				    : yes ? ", also where the clock skips"
					  : " and where the clock skips nothing");
	case FACT_TURN:
		return arena_printf(&d->arena, "while %s is%s on call (%s)",
				    value != 0 ? d->people[value].name
				    : yes      ? "nobody"
					       : "somebody",
				    yes || value == 0 ? "" : " not", name);
	case FACT_MEMBER:
		return arena_printf(&d->arena, "%s %s",
				    yes    ? sure ? "as a member of" : "unless known to be outside"
				    : sure ? "unless known to be in"
					   : "when known to be outside",
				    name);
	case FACT_TAKEN:
		return arena_printf(&d->arena, "%s the turn of %s",
				    yes ? "after taking" : "without taking", name);
	}
	return "";
}

static unsigned add_literal(struct difference *d, struct literal *list, unsigned n, unsigned fact,
			    uint64_t value, bool yes)
{
	const struct fact *f = &d->facts[fact];
	struct moment_set set = {{0}};
	struct moment_set none = {{0}};
	unsigned members = 0;

	for (unsigned m = 0; m < d->moments.n; m++) {
		uint64_t is = value_of(d, m, fact);

		if ((f->kind == FACT_TURN ? is == value : is >= value) == yes) {
			bit_set(set.bits, m);
			members++;
		}
	}
	for (unsigned i = 0; i < n; i++) {
		if (equal(&list[i].set, &set)) {
			return n;
		}
	}
	if (equal(&set, &none) || members == d->moments.n || n == LITERALS_MOST) {
		return n;
	}
	list[n] = (struct literal){set, word(d, fact, value, yes)};
	return n + 1;
}

static void make_literals(struct difference *d)
{
	struct literal *list = arena_array(&d->arena, LITERALS_MOST, sizeof(*list));
	unsigned n = 0;

	for (unsigned fact = 0; fact < d->n_facts; fact++) {
		bool turn = d->facts[fact].kind == FACT_TURN;

		for (unsigned i = 0; !turn && i < 4; i++) {
			n = add_literal(d, list, n, fact, i < 2 ? FIT_YES : FIT_UNKNOWN,
					i % 2 == 0);
		}
		for (unsigned m = 0; turn && m < d->moments.n; m++) {
			n = add_literal(d, list, n, fact, value_of(d, m, fact), true);
			n = add_literal(d, list, n, fact, value_of(d, m, fact), false);
		}
	}
	d->literals = list;
	d->n_literals = n;
}

static struct moment_set both(const struct moment_set *a, const struct moment_set *b, bool and)
{
	struct moment_set set;

	for (size_t w = 0; w < MOMENT_WORDS; w++) {
		set.bits[w] = and? a->bits[w] & b->bits[w] : a->bits[w] | b->bits[w];
	}
	return set;
}

static bool say_three(struct difference *d, const struct moment_set *moments, unsigned i,
		      unsigned k)
{
	const struct literal *l = d->literals;
	struct moment_set and = both(&l[i].set, &l[k].set, true);

	for (unsigned j = k + 1; j < d->n_literals; j++) {
		struct moment_set three = both(&and, &l[j].set, true);

		if (equal(&three, moments)) {
			(void)strbuf_addf(d->out, " %s and %s and %s", l[i].text, l[k].text,
					  l[j].text);
			return true;
		}
	}
	return false;
}

static bool say_two(struct difference *d, const struct moment_set *moments, unsigned i, unsigned k)
{
	const struct literal *l = d->literals;
	struct moment_set and = both(&l[i].set, &l[k].set, true);
	struct moment_set or = both(&l[i].set, &l[k].set, false);

	if (!equal(&and, moments) && !equal(& or, moments)) {
		return false;
	}
	(void)strbuf_addf(d->out, " %s %s %s", l[i].text, equal(&and, moments) ? "and" : "or",
			  l[k].text);
	return true;
}

/* In one, two or three words about facts, the fewest that will do; false: it takes more. */
static bool say_words(struct difference *d, const struct moment_set *moments)
{
	const struct literal *l = d->literals;
	unsigned n = d->n_literals;

	for (unsigned i = 0; i < n; i++) {
		if (equal(&l[i].set, moments)) {
			(void)strbuf_addf(d->out, " %s", l[i].text);
			return true;
		}
	}
	for (unsigned words = 2; words <= 3 && (words == 2 || n <= 40); words++) {
		for (unsigned i = 0; i < n; i++) {
			for (unsigned k = i + 1; k < n; k++) {
				if (words == 2 ? say_two(d, moments, i, k)
					       : say_three(d, moments, i, k)) {
					return true;
				}
			}
		}
	}
	return false;
}

static void say_example(struct difference *d, const struct moment_set *moments)
{
	unsigned first = bits_first(moments->bits, MOMENT_WORDS);
	time_t at = (time_t)d->moment_at[first];
	struct tm tm;
	char text[32];

	(void)gmtime_r(&at, &tm);
	(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
	(void)strbuf_addf(d->out, " at some times, such as %s UTC", text);
	for (unsigned i = 0; i < d->n_facts; i++) {
		const struct fact *f = &d->facts[i];

		if ((f->kind == FACT_MEMBER || f->kind == FACT_TAKEN) && f->same == i &&
		    value_of(d, first, i) == FIT_YES) {
			(void)strbuf_addf(d->out, ", %s", word(d, i, FIT_YES, true));
		}
	}
}

void diff_say_when(struct difference *d, const struct moment_set *moments)
{
	if (bits_count(moments->bits, MOMENT_WORDS) == d->moments.n) {
		return;
	}
	if (d->literals == NULL) {
		make_literals(d);
	}
	if (!say_words(d, moments)) {
		say_example(d, moments);
	}
}
