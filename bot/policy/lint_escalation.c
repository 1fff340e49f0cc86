/* lint_escalation.c - W107: who may change tags, names or projects, and what else that would give them
 *
 * In the policy's own world every state of a droplet is looked at, and each step from it that a class of people may make: what may
 * they afterwards that they might not before? Over an inventory the steps are followed on, from each droplet as it is to all
 * that this class can make of it: a step counts that brings what they might neither before it nor at the start. The line that is
 * named allows that step. `may`: in any channel, at some time.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/lint.h"
#include "policy/moves.h"

#define WALKED_MAX 60000000U /* edges that are looked at for all classes together */
#define STEPS_SHOWN 4

/* What one allow line leads to. */
struct outcome {
	uint64_t *classes;
	struct verb_set gained;
	unsigned here, most; /* droplets: of this class, of the class that gains on most */
	unsigned counted;    /* the start for which `here` went up, and one; 0: none */
	enum move move;
	unsigned example; /* its start */
	struct move_edge steps[STEPS_SHOWN];
	unsigned n_steps; /* 0: nobody gains; also those past the ones that are kept */
};

struct escalation {
	struct lint *l;
	struct moves moves;
	struct world world; /* elements */
	struct cells cells;
	struct verb_set *may; /* of one person, by element */
	uint64_t *set, *grant, *own;
	unsigned *droplets,
		*example; /* by start: how many of the inventory are like it, and the first */
	struct outcome *outcomes; /* by allow line */

	unsigned *queue, *seen, *came; /* by state: for the walk from one start */
	size_t *by;                    /* the edge that led there */
	size_t walked;
};

/* Some line is about whoever speaks in the channel. */
static bool has_own_lines(const struct rule_table *table, unsigned channel)
{
	return !bits_empty(&table->of_channel[(size_t)channel * table->words], table->words);
}

/* What the person may in any channel at all, also by lines for `anyone in` it. */
static bool may_anywhere(struct escalation *e, unsigned person, unsigned verb)
{
	const struct policy *p = e->l->policy;
	uint64_t any = 0;

	memset(e->set, 0, e->world.words * sizeof(*e->set));
	cells_grant(&e->cells, person, 0, verb, e->grant);
	for (unsigned c = 1; c <= p->n_channels; c++) {
		const uint64_t *ceiling = cells_ceiling(&e->cells, c, verb);
		const uint64_t *grant = e->grant;

		if (!bit_get(p->channels[c].verbs.bits, verb)) {
			continue;
		}
		if (has_own_lines(&e->cells.allow_lines, c) ||
		    has_own_lines(&e->cells.never_lines, c)) {
			cells_grant(&e->cells, person, c, verb, e->own);
			grant = e->own;
		}
		for (size_t w = 0; w < e->world.words; w++) {
			e->set[w] |= grant[w] & ceiling[w];
			any |= e->set[w];
		}
	}
	return any != 0;
}

/* By element what the person may anywhere. */
static void tabulate(struct escalation *e, unsigned person)
{
	memset(e->may, 0, (e->world.n + 1) * sizeof(*e->may));
	for (unsigned v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		if (!verb_info((enum verb)v)->about_droplet || !may_anywhere(e, person, v)) {
			continue;
		}
		for (size_t w = 0; w < e->world.words; w++) {
			for (uint64_t bits = e->set[w]; bits != 0; bits &= bits - 1) {
				bit_set(e->may[w * 64 + (unsigned)__builtin_ctzll(bits)].bits, v);
			}
		}
	}
}

/* What this step adds that was not there at the start either. */
static bool gains(const struct escalation *e, unsigned start, unsigned from, unsigned to,
		  struct verb_set *ret)
{
	uint64_t any = 0;

	for (size_t w = 0; w < VERB_WORDS; w++) {
		ret->bits[w] = e->may[to].bits[w] & ~e->may[from].bits[w] & ~e->may[start].bits[w];
		any |= ret->bits[w];
	}
	return any != 0;
}

static bool is_moving(const struct rule *rule)
{
	for (unsigned m = 0; m < MOVES; m++) {
		if (bit_get(rule->verbs.bits, (unsigned)move_verb((enum move)m))) {
			return true;
		}
	}
	return false;
}

/* The steps from the start to the state, and this one. */
static void keep_example(const struct escalation *e, struct outcome *o, unsigned start,
			 unsigned state, const struct move_edge *last)
{
	unsigned n = 1;

	for (unsigned s = state; s != start; s = e->came[s]) {
		n++;
	}
	o->n_steps = n;
	o->example = start;
	o->move = (enum move)last->move;
	/* backwards: the last of them first */
	for (unsigned s = state; n > 0; n--) {
		if (n <= STEPS_SHOWN) {
			o->steps[n - 1] = n == o->n_steps ? *last : e->moves.edges[e->by[s]];
		}
		s = n < o->n_steps ? e->came[s] : s;
	}
}

/* A step of this class from a state that it reaches: every line that allows the step has led to what is gained. */
static void blame(struct escalation *e, unsigned class, unsigned start, unsigned state,
		  const struct move_edge *edge, const struct verb_set *gained)
{
	const struct rule_table *table = &e->cells.allow_lines;
	const uint64_t *mine = &table->of_person[(size_t)e->l->one_of[class] * table->words];
	unsigned verb = (unsigned)move_verb((enum move)edge->move);

	for (unsigned i = 0; i < table->n; i++) {
		struct outcome *o = &e->outcomes[i];

		if (!bit_get(mine, i) || !bit_get(table->rules[i].verbs.bits, verb) ||
		    !bit_get(&e->cells.allow[(size_t)i * e->world.words],
			     e->moves.element[state])) {
			continue;
		}
		for (size_t w = 0; w < VERB_WORDS; w++) {
			o->gained.bits[w] |= gained->bits[w];
		}
		bit_set(o->classes, class);
		if (o->counted != start + 1) {
			o->counted = start + 1;
			o->here += e->droplets != NULL ? e->droplets[start] : 1;
		}
		if (o->n_steps == 0) {
			keep_example(e, o, start, state, edge);
		}
	}
}

/* From one start along the steps that the class may make; of a world of witnesses one step. */
static void walk(struct escalation *e, unsigned class, unsigned start)
{
	const struct moves *m = &e->moves;
	unsigned head = 0, tail = 0;

	e->queue[tail++] = start;
	e->seen[start] = start + 1;
	while (head < tail) {
		unsigned state = e->queue[head++];
		const struct verb_set *may = &e->may[m->element[state]];

		for (size_t i = m->first_edge[state]; i < m->first_edge[state + 1]; i++) {
			const struct move_edge *edge = &m->edges[i];
			struct verb_set gained;

			if (!bit_get(may->bits, (unsigned)move_verb((enum move)edge->move))) {
				continue;
			}
			if (gains(e, m->element[start], m->element[state], m->element[edge->to],
				  &gained)) {
				blame(e, class, start, state, edge, &gained);
			}
			if (e->l->world.inventory && e->seen[edge->to] != start + 1) {
				e->seen[edge->to] = start + 1;
				e->came[edge->to] = state;
				e->by[edge->to] = i;
				e->queue[tail++] = edge->to;
			}
		}
		e->walked += m->first_edge[state + 1] - m->first_edge[state];
	}
}

static void look_at_class(struct escalation *e, unsigned class)
{
	const struct rule_table *table = &e->cells.allow_lines;
	unsigned person = e->l->one_of[class];
	bool moving = false;

	for (unsigned i = 0; i < table->n; i++) {
		e->outcomes[i].here = 0;
		e->outcomes[i].counted = 0;
		moving = moving || (is_moving(&table->rules[i]) &&
				    bit_get(&table->of_person[(size_t)person * table->words], i));
	}
	if (!moving) {
		return;
	}
	tabulate(e, person);
	memset(e->seen, 0, e->moves.states.n * sizeof(*e->seen));
	for (unsigned s = 0; s < e->moves.n_starts; s++) {
		if (e->walked > WALKED_MAX) {
			e->moves.proven = false;
			return;
		}
		walk(e, class, s);
	}
	for (unsigned i = 0; i < table->n; i++) {
		struct outcome *o = &e->outcomes[i];

		o->most = o->here > o->most ? o->here : o->most;
	}
}

static void say_verbs(const struct verb_set *verbs, struct strbuf *out)
{
	unsigned n = 0;

	/* the strongest first: they stand last in the table */
	for (unsigned v = VERB_COUNT; v-- > VERB_NONE + 1;) {
		if (bit_get(verbs->bits, v)) {
			if (n < 3) {
				(void)strbuf_addf(out, "%s%s", n > 0 ? ", " : "",
						  verb_info((enum verb)v)->name);
			}
			n++;
		}
	}
	if (n > 3) {
		(void)strbuf_addf(out, " and %u more", n - 3);
	}
}

static void say_escalation(struct escalation *e, unsigned line)
{
	struct lint *l = e->l;
	const struct outcome *o = &e->outcomes[line];
	struct droplet droplet;
	struct strbuf text;

	strbuf_init(&text, 480);
	lint_people(l, o->classes, &text);
	(void)strbuf_addf(&text, " may %s and would gain ", verb_info(move_verb(o->move))->name);
	say_verbs(&o->gained, &text);
	if (l->world.inventory) {
		droplet = l->world.droplets[e->example[o->example]];
		(void)strbuf_addf(&text, " on %u droplet%s, as on %s", o->most,
				  o->most == 1 ? "" : "s",
				  droplet.name != NULL ? droplet.name : "one");
	} else {
		(void)strbuf_adds(&text, " on droplets such as ");
		moves_droplet(&e->moves, o->example, &droplet);
		droplet_words(&droplet, &text);
	}
	for (unsigned i = 0; i < o->n_steps && i < STEPS_SHOWN; i++) {
		(void)strbuf_adds(&text, i == 0 ? " by " : ", then ");
		moves_words(&e->moves, &o->steps[i], &droplet, &text);
	}
	if (o->n_steps > STEPS_SHOWN) {
		(void)strbuf_addf(&text, " and %u more steps", o->n_steps - STEPS_SHOWN);
	}
	lint_say(l, "W107", lint_line(l, false, line), &text);
	strbuf_done(&text);
}

/* How many droplets of the inventory each start stands for. */
static void count_starts(struct escalation *e)
{
	const struct world *world = &e->l->world;

	if (e->moves.start_of == NULL) {
		return;
	}
	e->droplets = arena_array(&e->l->arena, e->moves.n_starts + 1, sizeof(*e->droplets));
	e->example = arena_array(&e->l->arena, e->moves.n_starts + 1, sizeof(*e->example));
	for (unsigned i = 0; i < world->n; i++) {
		unsigned start = e->moves.start_of[i];

		if (e->droplets[start]++ == 0) {
			e->example[start] = i;
		}
	}
}

static void look(struct escalation *e)
{
	struct lint *l = e->l;
	unsigned n = e->moves.states.n;

	world_of(&e->world, e->moves.droplets, e->moves.signatures.n);
	cells_make(&e->cells, l->policy, &e->world, AT_BEST, &l->arena);
	e->may = mem_array(e->world.n + 1, sizeof(*e->may));
	e->set = arena_array(&l->arena, e->world.words, sizeof(uint64_t));
	e->grant = arena_array(&l->arena, e->world.words, sizeof(uint64_t));
	e->own = arena_array(&l->arena, e->world.words, sizeof(uint64_t));
	e->outcomes = arena_array(&l->arena, l->policy->allow.n + 1, sizeof(*e->outcomes));
	e->queue = mem_array(n + 1, sizeof(*e->queue));
	e->seen = mem_array(n + 1, sizeof(*e->seen));
	e->came = mem_array(n + 1, sizeof(*e->came));
	e->by = mem_array(n + 1, sizeof(*e->by));
	for (unsigned i = 0; i < l->policy->allow.n; i++) {
		e->outcomes[i].classes =
			arena_array(&l->arena, l->n_classes / 64 + 1, sizeof(uint64_t));
	}
	count_starts(e);
	for (unsigned k = 0; k < l->n_classes; k++) {
		look_at_class(e, k);
	}
	for (unsigned i = 0; i < l->policy->allow.n; i++) {
		if (e->outcomes[i].n_steps > 0) {
			say_escalation(e, i);
		}
	}
	free(e->may);
	free(e->queue);
	free(e->seen);
	free(e->came);
	free(e->by);
}

void lint_escalation(struct lint *l)
{
	struct escalation e = {.l = l};
	bool open[MOVES];
	bool any = false;

	for (unsigned m = 0; m < MOVES; m++) {
		open[m] = false;
		for (unsigned i = 0; i < l->policy->allow.n && !open[m]; i++) {
			open[m] = bit_get(l->policy->allow.rules[i].verbs.bits,
					  (unsigned)move_verb((enum move)m));
		}
		any = any || open[m];
	}
	if (!any) {
		return;
	}
	moves_make(&e.moves, l->policy, &l->world, open, &l->arena);
	look(&e);
	l->c->report->unproven = l->c->report->unproven || !e.moves.proven;
	moves_done(&e.moves);
}
