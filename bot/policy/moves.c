/* moves.c - droplets as they are, and as new tags, names and projects would make them */
#include "policy/moves.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/letters.h"

#define STATES_MAX 65536U
#define EDGES_MAX 1500000U

/* A state's key: the letters of name, project and rest and whether tags are known, then a bit for each tag. */
enum {
	AT_NAME,
	AT_PROJECT,
	AT_REST,
	AT_KNOWN,
	AT_TAGS,
	KEY_WORDS = AT_TAGS + LETTERS_TAGS_MAX / 64
};

enum verb move_verb(enum move move)
{
	static const enum verb verbs[MOVES] = {
		[MOVE_TAG_ADD] = VERB_TAG_ADD,
		[MOVE_TAG_REMOVE] = VERB_TAG_REMOVE,
		[MOVE_RENAME] = VERB_DROPLET_RENAME,
		[MOVE_ASSIGN] = VERB_PROJECT_ASSIGN,
	};

	return verbs[move];
}

/* ---- states --------------------------------------------------------------------------------- */

static void build(const struct moves *m, const uint64_t *key, const char **tags,
		  struct droplet *ret)
{
	const struct droplet *rest = &m->rests.list[key[AT_REST]];
	const struct droplet *name = &m->names.list[key[AT_NAME]];
	const struct droplet *project = &m->projects.list[key[AT_PROJECT]];

	*ret = (struct droplet){
		.region = rest->region,
		.size = rest->size,
		.account = rest->account,
		.name = name->name,
		.project = project->project,
		.project_id = project->project_id,
		.known = (rest->known & LETTERS_REST_KNOWN) | (name->known & DROPLET_KNOWS_NAME) |
			 (project->known & DROPLET_KNOWS_PROJECT) |
			 (key[AT_KNOWN] != 0 ? DROPLET_KNOWS_TAGS : 0),
	};
	ret->tags = tags;
	for (unsigned i = 0; i < m->tags.n; i++) {
		if (bit_get(key + AT_TAGS, i)) {
			tags[ret->n_tags++] = m->tags.list[i].tags[0];
		}
	}
}

static unsigned element_of(struct moves *m, const uint64_t *key)
{
	const char *tags[LETTERS_TAGS_MAX];
	struct droplet droplet;
	unsigned element;
	bool is_new;

	build(m, key, tags, &droplet);
	signature_of(&m->policy, 1, &droplet, m->signature);
	element = intern_put(&m->signatures, m->signature, &is_new);
	if (is_new) {
		const char **copy = arena_array(m->arena, droplet.n_tags + 1, sizeof(*copy));

		memcpy(copy, tags, droplet.n_tags * sizeof(*copy));
		droplet.tags = copy;
		if (element == m->cap_droplets) {
			m->cap_droplets = m->cap_droplets * 2 + 64;
			m->droplets = mem_grow(m->droplets, m->cap_droplets, sizeof(droplet));
		}
		m->droplets[element] = droplet;
	}
	return element;
}

static unsigned put_state(struct moves *m, const uint64_t *key)
{
	bool is_new;
	unsigned state = intern_put(&m->states, key, &is_new);

	if (is_new) {
		if (state == m->cap_states) {
			m->cap_states = m->cap_states * 2 + 256;
			m->element = mem_grow(m->element, m->cap_states, sizeof(*m->element));
		}
		m->element[state] = element_of(m, key);
	}
	return state;
}

static unsigned put_droplet(struct moves *m, const struct droplet *droplet)
{
	uint64_t key[KEY_WORDS] = {0};

	key[AT_NAME] = letters_put(m, &m->names, droplet);
	key[AT_PROJECT] = letters_put(m, &m->projects, droplet);
	key[AT_REST] = letters_put(m, &m->rests, droplet);
	key[AT_KNOWN] = (droplet->known & DROPLET_KNOWS_TAGS) != 0;
	for (size_t i = 0; key[AT_KNOWN] != 0 && i < droplet->n_tags; i++) {
		unsigned tag = letters_put_tag(m, droplet->tags[i]);

		if (tag != ~0U) {
			bit_set(key + AT_TAGS, tag);
		}
	}
	return put_state(m, key);
}

/* ---- the ways from a state ------------------------------------------------------------------ */

static void add_edge(struct moves *m, const uint64_t *key, enum move move, unsigned letter)
{
	unsigned to;

	if (m->n_edges >= EDGES_MAX ||
	    (m->states.n >= STATES_MAX && !intern_find(&m->states, key, &to))) {
		m->proven = false;
		return;
	}
	if (m->n_edges == m->cap_edges) {
		m->cap_edges = m->cap_edges * 2 + 1024;
		m->edges = mem_grow(m->edges, m->cap_edges, sizeof(*m->edges));
	}
	to = put_state(m, key);
	m->edges[m->n_edges++] =
		(struct move_edge){to, (unsigned short)move, (unsigned short)letter};
}

/* `known`: nothing is moved to where nobody knows. */
static void change_letter(struct moves *m, const uint64_t *from, enum move move, unsigned place,
			  const struct letters *letters, unsigned known)
{
	uint64_t key[KEY_WORDS];

	for (unsigned i = 0; i < letters->n; i++) {
		if (i != from[place] && (letters->list[i].known & known) != 0) {
			memcpy(key, from, sizeof(key));
			key[place] = i;
			add_edge(m, key, move, i);
		}
	}
}

static void leave(struct moves *m, unsigned state, const bool open[MOVES])
{
	uint64_t from[KEY_WORDS];
	uint64_t key[KEY_WORDS];

	memcpy(from, intern_key(&m->states, state), sizeof(from));
	for (unsigned i = 0; from[AT_KNOWN] != 0 && i < m->tags.n; i++) {
		enum move move = bit_get(from + AT_TAGS, i) ? MOVE_TAG_REMOVE : MOVE_TAG_ADD;

		if (open[move]) {
			memcpy(key, from, sizeof(key));
			key[AT_TAGS + i / 64] ^= (uint64_t)1 << (i % 64);
			add_edge(m, key, move, i);
		}
	}
	if (open[MOVE_RENAME]) {
		change_letter(m, from, MOVE_RENAME, AT_NAME, &m->names, DROPLET_KNOWS_NAME);
	}
	if (open[MOVE_ASSIGN]) {
		change_letter(m, from, MOVE_ASSIGN, AT_PROJECT, &m->projects,
			      DROPLET_KNOWS_PROJECT);
	}
}

/* Every choice of letters; the first of each are what no pattern names. */
static void start_everywhere(struct moves *m)
{
	uint64_t key[KEY_WORDS] = {[AT_KNOWN] = 1};

	for (uint64_t tags = 0; tags < (uint64_t)1 << m->tags.n; tags++) {
		key[AT_TAGS] = tags;
		for (key[AT_NAME] = 0; key[AT_NAME] < m->names.n; key[AT_NAME]++) {
			for (key[AT_PROJECT] = 0; key[AT_PROJECT] < m->projects.n;
			     key[AT_PROJECT]++) {
				for (key[AT_REST] = 0; key[AT_REST] < m->rests.n; key[AT_REST]++) {
					(void)put_state(m, key);
				}
			}
		}
	}
}

static void start(struct moves *m, const struct world *world)
{
	double all = (double)m->names.n * m->projects.n * m->rests.n;

	if (!world->inventory && m->tags.n < 20 && all * (double)(1U << m->tags.n) <= STATES_MAX) {
		start_everywhere(m);
	} else {
		m->proven = m->proven && world->inventory;
		m->start_of = mem_array(world->n + 1, sizeof(*m->start_of));
		for (unsigned i = 0; i < world->n; i++) {
			m->start_of[i] = put_droplet(m, &world->droplets[i]);
		}
	}
	m->n_starts = m->states.n;
}

void moves_make(struct moves *ret, const struct policy *policy, const struct world *world,
		const bool open[MOVES], struct arena *arena)
{
	struct moves *m = ret;
	size_t words = signature_words(&policy, 1);
	unsigned last;

	memset(m, 0, sizeof(*m));
	m->policy = policy;
	m->arena = arena;
	m->proven = true;
	letters_make(m);
	m->signature = arena_array(arena, words, sizeof(*m->signature));
	intern_init(&m->states, KEY_WORDS);
	intern_init(&m->signatures, words);
	start(m, world);
	m->first_edge = mem_array((size_t)STATES_MAX + m->n_starts + 2, sizeof(*m->first_edge));
	last = world->inventory ? ~0U : m->n_starts;
	for (unsigned i = 0; i < m->states.n; i++) {
		m->first_edge[i] = m->n_edges;
		if (i < last) {
			leave(m, i, open);
		}
		m->first_edge[i + 1] = m->n_edges;
	}
}

void moves_done(struct moves *m)
{
	letters_done(m);
	intern_done(&m->states);
	intern_done(&m->signatures);
	free(m->element);
	free(m->droplets);
	free(m->start_of);
	free(m->first_edge);
	free(m->edges);
}

/* ---- words ---------------------------------------------------------------------------------- */

void moves_droplet(const struct moves *m, unsigned state, struct droplet *ret)
{
	const char **tags = arena_array(m->arena, m->tags.n + 1, sizeof(*tags));

	build(m, intern_key(&m->states, state), tags, ret);
}

/* Of the droplet's own tags the one that is this letter. */
static const char *own_tag(const struct moves *m, unsigned letter, const struct droplet *droplet)
{
	const struct droplet *of = &m->tags.list[letter];

	for (size_t i = 0; i < droplet->n_tags; i++) {
		struct droplet one = {
			.tags = &droplet->tags[i], .n_tags = 1, .known = DROPLET_KNOWS_TAGS};
		bool same = true;

		for (unsigned k = 0; same && k < m->n_patterns; k++) {
			same = m->pattern_of[k] != BY_TAG ||
			       pattern_says(m->patterns[k], BY_TAG, &one) ==
				       pattern_says(m->patterns[k], BY_TAG, of);
		}
		if (same) {
			return droplet->tags[i];
		}
	}
	return of->tags[0];
}

void moves_words(const struct moves *m, const struct move_edge *edge, const struct droplet *droplet,
		 struct strbuf *out)
{
	static const char *const how[MOVES] = {"adding the tag", "removing the tag", "calling it",
					       "moving it to project"};
	const struct droplet *project = &m->projects.list[edge->letter];
	const char *value = NULL;

	switch ((enum move)edge->move) {
	case MOVE_TAG_ADD:
		value = m->tags.list[edge->letter].tags[0];
		break;
	case MOVE_TAG_REMOVE:
		value = own_tag(m, edge->letter, droplet);
		break;
	case MOVE_RENAME:
		value = m->names.list[edge->letter].name;
		break;
	case MOVE_ASSIGN:
		value = project->project != NULL && strcmp(project->project, WORLD_OTHER) != 0
				? project->project
				: project->project_id;
		value = value != NULL && strcmp(value, LETTERS_OTHER_UUID) == 0 ? WORLD_OTHER
										: value;
		break;
	case MOVES:
		break;
	}
	(void)strbuf_addf(out, "%s \"%s\"", how[edge->move],
			  value == NULL || strcmp(value, WORLD_OTHER) == 0 ? "x" : value);
}
