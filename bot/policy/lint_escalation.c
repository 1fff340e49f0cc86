/* lint_escalation.c - W107: who may change tags, names or projects, and what else that would give them
 *
 * For each droplet that anybody may tag, rename or move: the droplet as it would be afterwards, with every value that some
 * selector names. Those go into a second world beside the first, and what each class of people may is compared there.
 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "policy/lint.h"

#define EDGES_MAX 200000U
#define MADE_MAX 30000U

static const struct {
	enum verb verb;
	int attribute;
} moves[] = {
	{VERB_TAG_ADD, BY_TAG},
	{VERB_TAG_REMOVE, -1},
	{VERB_DROPLET_RENAME, BY_NAME},
	{VERB_PROJECT_ASSIGN, BY_PROJECT},
};
#define N_MOVES (sizeof(moves) / sizeof(moves[0]))

struct edge {
	unsigned from, to;
	unsigned move;
	const char *value;
};

struct escalation {
	struct lint *l;
	struct map values[BY_COUNT];
	struct droplet *droplets;
	unsigned n, cap;
	struct intern known;
	uint64_t *signature;
	struct edge *edges;
	size_t n_edges, cap_edges;
	struct world world;
	struct cells cells;
	struct verb_set *may; /* of one person, by element */
	uint64_t *set;
};

static void collect_values(const struct selector *selector, void *data)
{
	struct escalation *e = data;
	const struct clauses *both[] = {selector->fits, selector->except};

	for (size_t b = 0; b < 2; b++) {
		for (unsigned i = 0; both[b] != NULL && i < both[b]->n; i++) {
			const struct clause *clause = &both[b]->clause[i];

			for (unsigned k = 0; k < clause->n; k++) {
				const char *text =
					pattern_instance(&clause->patterns[k], &e->l->arena);

				(void)map_put(&e->values[clause->attribute], text,
					      (void *)(uintptr_t)text);
			}
		}
	}
}

static unsigned add_droplet(struct escalation *e, const struct droplet *droplet)
{
	if (e->n == e->cap) {
		e->cap = e->cap * 2 + 256;
		e->droplets = mem_grow(e->droplets, e->cap, sizeof(*e->droplets));
	}
	e->droplets[e->n] = *droplet;
	return e->n++;
}

/* The droplet as it would be: an edge to its like, which is made when there is none. */
static void add_edge(struct escalation *e, unsigned from, unsigned move, const char *value,
		     const struct droplet *droplet)
{
	const struct policy *const policies[] = {e->l->policy};
	unsigned base = e->l->world.n;
	unsigned to;
	bool is_new;

	if (e->n_edges >= EDGES_MAX || e->known.n >= MADE_MAX) {
		return;
	}
	signature_of(policies, 1, droplet, e->signature);
	to = base + intern_put(&e->known, e->signature, &is_new);
	if (is_new) {
		(void)add_droplet(e, droplet);
	}
	if (e->n_edges == e->cap_edges) {
		e->cap_edges = e->cap_edges * 2 + 256;
		e->edges = mem_grow(e->edges, e->cap_edges, sizeof(*e->edges));
	}
	e->edges[e->n_edges++] = (struct edge){from, to, move, value};
}

static void add_tag(struct escalation *e, unsigned from, const char *tag)
{
	struct droplet d = e->l->world.droplets[from];
	const char **tags = arena_array(&e->l->arena, d.n_tags + 1, sizeof(*tags));

	if (d.n_tags > 0) {
		memcpy(tags, d.tags, d.n_tags * sizeof(*tags));
	}
	tags[d.n_tags++] = tag;
	d.tags = tags;
	add_edge(e, from, 0, tag, &d);
}

static void remove_tag(struct escalation *e, unsigned from, size_t which)
{
	struct droplet d = e->l->world.droplets[from];
	const char **tags = arena_array(&e->l->arena, d.n_tags, sizeof(*tags));
	const char *tag = d.tags[which];
	size_t n = 0;

	for (size_t i = 0; i < d.n_tags; i++) {
		if (i != which) {
			tags[n++] = d.tags[i];
		}
	}
	d.tags = tags;
	d.n_tags = n;
	add_edge(e, from, 1, tag, &d);
}

static void rename_or_move(struct escalation *e, unsigned from, unsigned move, const char *value)
{
	struct droplet d = e->l->world.droplets[from];

	if (moves[move].verb == VERB_DROPLET_RENAME) {
		d.name = value;
	} else {
		d.project = value;
		d.project_id = value;
	}
	add_edge(e, from, move, value, &d);
}

static void make_edges(struct escalation *e, unsigned move, unsigned from)
{
	const struct droplet *d = &e->l->world.droplets[from];
	int attribute = moves[move].attribute;
	void *value;

	if (attribute < 0) {
		for (size_t k = 0; k < d->n_tags; k++) {
			remove_tag(e, from, k);
		}
		return;
	}
	for (size_t i = 0; map_next(&e->values[attribute], &i, NULL, &value);) {
		if (attribute == BY_TAG) {
			add_tag(e, from, value);
		} else {
			rename_or_move(e, from, move, value);
		}
	}
	if (attribute != BY_TAG && map_size(&e->values[attribute]) > 0) {
		rename_or_move(e, from, move, WORLD_OTHER);
	}
}

/* True when there is anything to look at. */
static bool make_second_world(struct escalation *e)
{
	struct lint *l = e->l;
	uint64_t *anybody = l->other;

	for (unsigned i = 0; i < l->world.n; i++) {
		(void)add_droplet(e, &l->world.droplets[i]);
	}
	for (unsigned m = 0; m < N_MOVES; m++) {
		memset(anybody, 0, l->world.words * sizeof(*anybody));
		for (unsigned k = 0; k < l->n_classes; k++) {
			(void)lint_anywhere(l, &l->cells, l->one_of[k], moves[m].verb, l->set);
			for (size_t w = 0; w < l->world.words; w++) {
				anybody[w] |= l->set[w];
			}
		}
		for (unsigned i = 0; i < l->world.n; i++) {
			if (bit_get(anybody, i)) {
				make_edges(e, m, i);
			}
		}
	}
	return e->n_edges > 0;
}

/* By element what the person may anywhere. */
static void tabulate(struct escalation *e, unsigned person)
{
	memset(e->may, 0, (e->n + 1) * sizeof(*e->may));
	for (unsigned v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		if (!verb_info((enum verb)v)->about_droplet ||
		    !lint_anywhere(e->l, &e->cells, person, v, e->set)) {
			continue;
		}
		for (size_t w = 0; w < e->world.words; w++) {
			for (uint64_t bits = e->set[w]; bits != 0; bits &= bits - 1) {
				bit_set(e->may[w * 64 + (unsigned)__builtin_ctzll(bits)].bits, v);
			}
		}
	}
}

/* What one allow line leads to. */
struct outcome {
	uint64_t *classes;
	struct verb_set gained;
	unsigned most; /* droplets, of the class that gains on most */
	const struct edge *example;
};

static bool gains(const struct escalation *e, const struct edge *edge, struct verb_set *ret)
{
	uint64_t any = 0;

	for (size_t w = 0; w < VERB_WORDS; w++) {
		uint64_t bits = e->may[edge->to].bits[w] & ~e->may[edge->from].bits[w];

		ret->bits[w] |= bits;
		any |= bits;
	}
	return any != 0;
}

/* One class through all edges that this line lets it take. */
static void follow(struct escalation *e, unsigned line, unsigned class, struct outcome *outcome)
{
	const struct lint *l = e->l;
	const struct rule *rule = &l->policy->allow.rules[line];
	const uint64_t *row = &l->cells.allow[(size_t)line * l->world.words];
	unsigned last = ~0U;
	unsigned n = 0;

	for (size_t i = 0; i < e->n_edges; i++) {
		const struct edge *edge = &e->edges[i];
		enum verb verb = moves[edge->move].verb;

		if (!bit_get(rule->verbs.bits, (unsigned)verb) || !bit_get(row, edge->from) ||
		    !bit_get(e->may[edge->from].bits, (unsigned)verb) ||
		    !gains(e, edge, &outcome->gained)) {
			continue;
		}
		n += edge->from != last;
		last = edge->from;
		if (outcome->example == NULL) {
			outcome->example = edge;
		}
	}
	if (n > 0) {
		bit_set(outcome->classes, class);
		outcome->most = n > outcome->most ? n : outcome->most;
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

static void say_escalation(struct escalation *e, unsigned line, const struct outcome *outcome)
{
	static const char *const how[N_MOVES] = {"adding the tag", "removing the tag", "calling it",
						 "moving it to project"};
	struct lint *l = e->l;
	const struct edge *edge = outcome->example;
	struct strbuf text;

	strbuf_init(&text, 480);
	lint_people(l, outcome->classes, &text);
	(void)strbuf_addf(&text, " may %s and would gain ",
			  verb_info(moves[edge->move].verb)->name);
	say_verbs(&outcome->gained, &text);
	if (l->world.inventory) {
		const char *name = l->world.droplets[edge->from].name;

		(void)strbuf_addf(&text, " on %u droplet%s, as on %s", outcome->most,
				  outcome->most == 1 ? "" : "s", name != NULL ? name : "one");
	} else {
		(void)strbuf_adds(&text, " on droplets such as ");
		droplet_words(&l->world.droplets[edge->from], &text);
	}
	(void)strbuf_addf(&text, " by %s \"%s\"", how[edge->move],
			  strcmp(edge->value, WORLD_OTHER) == 0 ? "x" : edge->value);
	lint_say(l, "W107", lint_line(l, false, line), &text);
	strbuf_done(&text);
}

static void look(struct escalation *e)
{
	struct lint *l = e->l;
	const struct rule_table *table = &l->cells.allow_lines;
	struct outcome *outcomes = arena_array(&l->arena, table->n, sizeof(*outcomes));

	for (unsigned i = 0; i < table->n; i++) {
		outcomes[i].classes =
			arena_array(&l->arena, l->n_classes / 64 + 1, sizeof(uint64_t));
	}
	for (unsigned k = 0; k < l->n_classes; k++) {
		unsigned person = l->one_of[k];
		bool tabulated = false;

		for (unsigned i = 0; i < table->n; i++) {
			bool moving = false;

			for (unsigned m = 0; m < N_MOVES; m++) {
				moving = moving || bit_get(table->rules[i].verbs.bits,
							   (unsigned)moves[m].verb);
			}
			if (!moving ||
			    !bit_get(&table->of_person[(size_t)person * table->words], i)) {
				continue;
			}
			if (!tabulated) {
				tabulate(e, person);
				tabulated = true;
			}
			follow(e, i, k, &outcomes[i]);
		}
	}
	for (unsigned i = 0; i < table->n; i++) {
		if (outcomes[i].example != NULL) {
			say_escalation(e, i, &outcomes[i]);
		}
	}
}

void lint_escalation(struct lint *l)
{
	struct escalation e = {.l = l};
	const struct policy *const policies[] = {l->policy};
	size_t words = signature_words(policies, 1);

	for (int a = 0; a < BY_COUNT; a++) {
		map_init(&e.values[a]);
	}
	intern_init(&e.known, words);
	e.signature = arena_array(&l->arena, words, sizeof(uint64_t));
	each_selector(l->policy, collect_values, &e);
	if (make_second_world(&e)) {
		world_of(&e.world, e.droplets, e.n);
		cells_make(&e.cells, l->policy, &e.world, AT_BEST, &l->arena);
		e.may = arena_array(&l->arena, e.n + 1, sizeof(*e.may));
		e.set = arena_array(&l->arena, e.world.words, sizeof(uint64_t));
		look(&e);
	}
	for (int a = 0; a < BY_COUNT; a++) {
		map_done(&e.values[a], NULL);
	}
	intern_done(&e.known);
	free(e.droplets);
	free(e.edges);
}
