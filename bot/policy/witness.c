/* witness.c - one droplet for each combination of selectors that policies name
 *
 * Each attribute has the values that patterns name (a glob: one text that fits it), and one that none of them names. When all
 * sets of tags times all other values are few, all of them are made and the world is complete. Otherwise the droplets that
 * each selector asks for are joined, two and three at a time, and the world says that it is not complete.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "policy/world.h"

#define TRIED_MAX 65536U /* droplets that are looked at */
#define JOINED_MAX 16384U
#define OTHER_UUID "00000000-0000-0000-0000-000000000000"

/* A project has a name and a UUID, so there is one kind of value more than there are attributes. */
enum { BY_PROJECT_ID = BY_COUNT, KINDS };

struct values {
	const char **texts;
	unsigned n;
	bool muddled; /* globs whose overlap is not known */
};

struct witnesses {
	const struct policy *const *policies;
	size_t n_policies;
	struct arena *arena;
	struct values values[KINDS];
	struct map seen[KINDS];
	struct intern known; /* signatures */
	struct droplet *droplets;
	unsigned n, cap, tried;
	uint64_t *signature;
	bool steps; /* also what `require` and `limits` tell apart */
};

/* Tags as a set, the other kinds by number from 1; 0: none that is named. */
struct choice {
	uint64_t tags[8];
	unsigned of[KINDS];
};
#define TAGS_MAX (8U * 64U)

static int kind_of(const struct clause *clause, const struct pattern *pattern)
{
	return clause->attribute == BY_PROJECT && pattern->uuid ? (int)BY_PROJECT_ID
								: (int)clause->attribute;
}

static void add_value(struct witnesses *w, int kind, const char *text)
{
	struct values *values = &w->values[kind];

	if (map_has(&w->seen[kind], text)) {
		return;
	}
	values->texts = mem_grow(values->texts, values->n + 1, sizeof(*values->texts));
	values->texts[values->n++] = text;
	(void)map_put(&w->seen[kind], text, (void *)(uintptr_t)values->n);
}

void each_selector(const struct policy *p, void (*visit)(const struct selector *, void *),
		   void *data)
{
	const struct rule_table *tables[] = {&p->allow, &p->never};

	for (size_t t = 0; t < 2; t++) {
		for (unsigned r = 0; r < tables[t]->n; r++) {
			visit(&tables[t]->rules[r].droplets, data);
		}
	}
	for (unsigned c = 1; c <= p->n_channels; c++) {
		for (unsigned k = 0; k < p->channels[c].n_ceilings; k++) {
			visit(&p->channels[c].ceilings[k].droplets, data);
		}
	}
}

struct visit {
	struct witnesses *w;
	void (*clauses)(struct witnesses *, const struct clauses *, void *);
	void *data;
};

static void visit_selector(const struct selector *selector, void *data)
{
	const struct visit *visit = data;

	visit->clauses(visit->w, selector->fits, visit->data);
	visit->clauses(visit->w, selector->except, visit->data);
}

static void each_clauses(struct witnesses *w,
			 void (*clauses)(struct witnesses *, const struct clauses *, void *),
			 void *data)
{
	struct visit visit = {w, clauses, data};

	for (size_t i = 0; i < w->n_policies; i++) {
		const struct policy *p = w->policies[i];

		each_selector(p, visit_selector, &visit);
		for (unsigned r = 0; w->steps && r < p->require.n; r++) {
			visit_selector(&p->require.rules[r].droplets, &visit);
		}
		for (unsigned r = 0; w->steps && r < p->limits.n; r++) {
			visit_selector(&p->limits.rules[r].droplets, &visit);
		}
	}
}

static void collect(struct witnesses *w, const struct clauses *clauses, void *data)
{
	(void)data;
	for (unsigned i = 0; clauses != NULL && i < clauses->n; i++) {
		const struct clause *clause = &clauses->clause[i];

		for (unsigned k = 0; k < clause->n; k++) {
			add_value(w, kind_of(clause, &clause->patterns[k]),
				  pattern_instance(&clause->patterns[k], w->arena));
		}
	}
}

/* Texts that two globs of one attribute both fit; of tags a droplet has many, so there it is not needed. */
static void overlap(struct witnesses *w, const struct clauses *clauses, void *data)
{
	struct values *globs = data;

	for (unsigned i = 0; clauses != NULL && i < clauses->n; i++) {
		const struct clause *clause = &clauses->clause[i];

		for (unsigned k = 0; clause->attribute != BY_TAG && k < clause->n; k++) {
			struct values *of = &globs[kind_of(clause, &clause->patterns[k])];

			if (clause->patterns[k].glob) {
				of->texts = mem_grow(of->texts, of->n + 1, sizeof(*of->texts));
				of->texts[of->n++] = clause->patterns[k].text;
			}
		}
	}
	(void)w;
}

static void join_globs(struct witnesses *w, int kind, const char *a, const char *b)
{
	bool known = true;
	const char *text = pattern_overlap(a, b, w->arena, &known);

	if (text != NULL) {
		add_value(w, kind, text);
	}
	w->values[kind].muddled = w->values[kind].muddled || !known;
}

static void collect_overlaps(struct witnesses *w)
{
	struct values globs[KINDS] = {{0}};

	each_clauses(w, overlap, globs);
	for (int kind = 0; kind < (int)KINDS; kind++) {
		unsigned pairs = w->values[kind].n;

		for (unsigned i = 0; i < globs[kind].n && globs[kind].n <= 200; i++) {
			for (unsigned k = 0; k < i; k++) {
				join_globs(w, kind, globs[kind].texts[i], globs[kind].texts[k]);
			}
		}
		/* with several overlaps there may be texts that three globs fit */
		if (globs[kind].n > 200 || w->values[kind].n > pairs + 1) {
			w->values[kind].muddled = true;
		}
		free(globs[kind].texts);
	}
}

/* An account that no policy lists cannot be. */
static void collect_accounts(struct witnesses *w)
{
	for (size_t i = 0; i < w->n_policies; i++) {
		for (size_t k = 0; k < w->policies[i]->n_accounts; k++) {
			add_value(w, BY_ACCOUNT, w->policies[i]->accounts[k].name);
		}
	}
}

static const char *value(const struct witnesses *w, const struct choice *choice, int kind)
{
	unsigned i = choice->of[kind];

	return i > 0                        ? w->values[kind].texts[i - 1]
	       : kind == (int)BY_PROJECT_ID ? OTHER_UUID
					    : WORLD_OTHER;
}

static void make(const struct witnesses *w, const struct choice *choice, const char **tags,
		 struct droplet *ret)
{
	*ret = (struct droplet){
		.name = value(w, choice, BY_NAME),
		.region = value(w, choice, BY_REGION),
		.size = value(w, choice, BY_SIZE),
		.account = value(w, choice, BY_ACCOUNT),
		.project = value(w, choice, BY_PROJECT),
		.project_id = value(w, choice, BY_PROJECT_ID),
		.tags = tags,
		.known = DROPLET_KNOWS_ALL,
	};
	for (unsigned i = 0; i < w->values[BY_TAG].n && i < TAGS_MAX; i++) {
		if (bit_get(choice->tags, i)) {
			tags[ret->n_tags++] = w->values[BY_TAG].texts[i];
		}
	}
}

/* Keeps the droplet when the policies can tell it from those that there are. */
static void try_choice(struct witnesses *w, const struct choice *choice)
{
	const char *tags[TAGS_MAX];
	struct droplet droplet;
	bool is_new;

	w->tried++;
	make(w, choice, tags, &droplet);
	signature_of(w->policies, w->n_policies, &droplet, w->signature);
	if (w->steps) {
		signature_steps(w->policies, w->n_policies, &droplet, w->signature);
	}
	(void)intern_put(&w->known, w->signature, &is_new);
	if (!is_new) {
		return;
	}
	if (w->n == w->cap) {
		w->cap = w->cap * 2 + 64;
		w->droplets = mem_grow(w->droplets, w->cap, sizeof(*w->droplets));
	}
	droplet.tags = NULL;
	if (droplet.n_tags > 0) {
		const char **copy = arena_array(w->arena, droplet.n_tags, sizeof(*copy));

		memcpy(copy, tags, droplet.n_tags * sizeof(*copy));
		droplet.tags = copy;
	}
	droplet.id = w->n + 1;
	w->droplets[w->n++] = droplet;
}

/* All values of the kinds from `kind` on. */
static void vary(struct witnesses *w, struct choice *choice, int kind)
{
	if (kind == (int)KINDS) {
		try_choice(w, choice);
		return;
	}
	for (unsigned i = 0; i <= w->values[kind].n; i++) {
		if (i == 0 && kind == (int)BY_ACCOUNT && w->values[kind].n > 0) {
			continue;
		}
		choice->of[kind] = i;
		vary(w, choice, kind + 1);
	}
	choice->of[kind] = 0;
}

static double all_choices(const struct witnesses *w)
{
	double n = 1;

	for (int kind = BY_TAG + 1; kind < (int)KINDS; kind++) {
		n *= w->values[kind].n + 1;
	}
	return w->values[BY_TAG].n < 40 ? n * (double)((uint64_t)1 << w->values[BY_TAG].n) : 1e18;
}

static void try_all(struct witnesses *w)
{
	uint64_t sets = (uint64_t)1 << w->values[BY_TAG].n;

	for (uint64_t tags = 0; tags < sets; tags++) {
		struct choice choice = {.tags = {tags}};

		vary(w, &choice, BY_TAG + 1);
	}
}

struct bases {
	struct choice *list;
	unsigned n;
};

/* What this selector asks for: the first of each key's values, and each other value in its turn. */
static void base(struct witnesses *w, const struct clauses *clauses, void *data)
{
	struct bases *bases = data;

	for (unsigned turn = 0; clauses != NULL && turn < clauses->n; turn++) {
		for (unsigned k = 0; k < clauses->clause[turn].n; k++) {
			struct choice choice = {.of = {0}};

			for (unsigned i = 0; i < clauses->n; i++) {
				const struct clause *clause = &clauses->clause[i];
				const struct pattern *pattern =
					&clause->patterns[i == turn ? k : 0];
				int kind = kind_of(clause, pattern);
				unsigned number = (unsigned)(uintptr_t)map_get(
					&w->seen[kind], pattern_instance(pattern, w->arena));

				if (kind == (int)BY_TAG && number > 0 && number <= TAGS_MAX) {
					bit_set(choice.tags, number - 1);
				} else if (kind != (int)BY_TAG) {
					choice.of[kind] = number;
				}
			}
			bases->list = mem_grow(bases->list, bases->n + 1, sizeof(*bases->list));
			bases->list[bases->n++] = choice;
		}
	}
}

static bool join(struct choice *to, const struct choice *from)
{
	for (int kind = BY_TAG + 1; kind < (int)KINDS; kind++) {
		if (to->of[kind] != 0 && from->of[kind] != 0 && to->of[kind] != from->of[kind]) {
			return false;
		}
		to->of[kind] |= from->of[kind];
	}
	for (size_t i = 0; i < sizeof(to->tags) / sizeof(to->tags[0]); i++) {
		to->tags[i] |= from->tags[i];
	}
	return true;
}

static void try_joined(struct witnesses *w)
{
	struct bases bases = {.n = 0};
	struct choice none = {.of = {0}};

	each_clauses(w, base, &bases);
	try_choice(w, &none);
	for (unsigned size = 1; size <= 3; size++) {
		for (unsigned i = 0; i < bases.n && w->tried < JOINED_MAX; i++) {
			for (unsigned k = size > 1 ? i + 1 : i;
			     k < (size > 1 ? bases.n : i + 1) && w->tried < JOINED_MAX; k++) {
				unsigned from = size > 2 ? k + 1 : k;
				unsigned to = size > 2 ? bases.n : k + 1;

				for (unsigned m = from; m < to && w->tried < JOINED_MAX; m++) {
					struct choice choice = bases.list[i];

					if (join(&choice, &bases.list[k]) &&
					    join(&choice, &bases.list[m])) {
						try_choice(w, &choice);
					}
				}
			}
		}
	}
	free(bases.list);
}

static void witness(struct world *ret_world, const struct policy *const *policies, size_t n,
		    bool steps, struct arena *arena)
{
	struct witnesses w = {
		.policies = policies, .n_policies = n, .arena = arena, .steps = steps};
	size_t words = signature_words(policies, n);
	struct droplet *droplets;
	bool complete;

	w.signature = mem_array(words, sizeof(*w.signature));
	intern_init(&w.known, words);
	for (int kind = 0; kind < (int)KINDS; kind++) {
		map_init(&w.seen[kind]);
	}
	each_clauses(&w, collect, NULL);
	collect_overlaps(&w);
	collect_accounts(&w);
	complete = all_choices(&w) <= TRIED_MAX;
	if (complete) {
		try_all(&w);
	} else {
		try_joined(&w);
	}
	for (int kind = 0; kind < (int)KINDS; kind++) {
		complete = complete && !w.values[kind].muddled;
		free(w.values[kind].texts);
		map_done(&w.seen[kind], NULL);
	}
	droplets = arena_array(arena, w.n + 1, sizeof(*droplets));
	memcpy(droplets, w.droplets, w.n * sizeof(*droplets));
	world_of(ret_world, droplets, w.n);
	ret_world->complete = complete;
	ret_world->inventory = false;
	free(w.droplets);
	free(w.signature);
	intern_done(&w.known);
}

void world_witness(struct world *ret_world, const struct policy *const *policies, size_t n,
		   struct arena *arena)
{
	witness(ret_world, policies, n, false, arena);
}

void world_witness_steps(struct world *ret_world, const struct policy *const *policies, size_t n,
			 struct arena *arena)
{
	witness(ret_world, policies, n, true, arena);
}
