/* moves.c - droplets as they are, and as new tags, names and projects would make them */
#include "policy/moves.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

#define STATES_MAX 65536U
#define EDGES_MAX 1500000U
#define TAGS_MAX 512U
#define LETTERS_MAX 60000U
#define REST_KNOWN ((unsigned)DROPLET_KNOWS_REGION | DROPLET_KNOWS_SIZE | DROPLET_KNOWS_ACCOUNT)
#define OTHER_UUID "00000000-0000-0000-0000-000000000000"

/* A state's key: the letters of name, project and rest and whether tags are known, then a bit for each tag. */
enum { AT_NAME, AT_PROJECT, AT_REST, AT_KNOWN, AT_TAGS, KEY_WORDS = AT_TAGS + TAGS_MAX / 64 };

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

/* ---- letters -------------------------------------------------------------------------------- */

static void add_pattern(struct moves *m, const struct clause *clause, unsigned k)
{
	if (m->n_patterns == m->cap_patterns) {
		m->cap_patterns = m->cap_patterns * 2 + 64;
		m->patterns =
			mem_grow(m->patterns, m->cap_patterns, sizeof(const struct pattern *));
		m->pattern_of = mem_grow(m->pattern_of, m->cap_patterns, sizeof(*m->pattern_of));
	}
	m->patterns[m->n_patterns] = &clause->patterns[k];
	m->pattern_of[m->n_patterns++] = clause->attribute;
}

static void collect(const struct selector *selector, void *data)
{
	const struct clauses *both[] = {selector->fits, selector->except};

	for (size_t b = 0; b < 2; b++) {
		for (unsigned i = 0; both[b] != NULL && i < both[b]->n; i++) {
			for (unsigned k = 0; k < both[b]->clause[i].n; k++) {
				add_pattern(data, &both[b]->clause[i], k);
			}
		}
	}
}

/* What the patterns say of the letter; false when none of them fits or may fit. */
static bool key_of(struct moves *m, unsigned attributes, const struct droplet *droplet)
{
	bool any = false;

	memset(m->key, 0, (m->n_patterns / 32 + 1) * sizeof(*m->key));
	for (unsigned i = 0; i < m->n_patterns; i++) {
		enum fit fit = FIT_NO;

		if ((attributes >> m->pattern_of[i] & 1) != 0) {
			fit = pattern_says(m->patterns[i], m->pattern_of[i], droplet);
		}
		m->key[i / 32] |= (uint64_t)fit << (2 * (i % 32));
		any = any || fit != FIT_NO;
	}
	return any;
}

static unsigned put_letter(struct moves *m, struct letters *letters, const struct droplet *droplet)
{
	bool is_new;
	unsigned number;

	(void)key_of(m, letters->attributes, droplet);
	number = intern_put(&letters->keys, m->key, &is_new);
	if (is_new) {
		if (letters->n == letters->cap) {
			letters->cap = letters->cap * 2 + 16;
			letters->list =
				mem_grow(letters->list, letters->cap, sizeof(*letters->list));
		}
		letters->list[letters->n++] = *droplet;
	}
	return number;
}

/* ~0U: no pattern is about it, or there are too many. */
static unsigned put_tag(struct moves *m, const char *text)
{
	struct droplet one = {.n_tags = 1, .known = DROPLET_KNOWS_TAGS};
	const char **tags;
	unsigned number;

	one.tags = &text;
	if (!key_of(m, m->tags.attributes, &one)) {
		return ~0U;
	}
	if (intern_find(&m->tags.keys, m->key, &number)) {
		return number;
	}
	if (m->tags.n == TAGS_MAX) {
		m->proven = false;
		return ~0U;
	}
	tags = arena_array(m->arena, 1, sizeof(*tags));
	tags[0] = text;
	one.tags = tags;
	return put_letter(m, &m->tags, &one);
}

/* The texts that the patterns of an attribute name, each once, one that two of them fit, and first one that none does. */
struct texts {
	struct map seen;
	const char **list;
	unsigned n;
};

static bool add_text(struct texts *texts, const char *text)
{
	if (map_has(&texts->seen, text)) {
		return false;
	}
	(void)map_put(&texts->seen, text, (void *)(uintptr_t)text);
	texts->list = mem_grow(texts->list, texts->n + 1, sizeof(*texts->list));
	texts->list[texts->n++] = text;
	return true;
}

static void texts_done(struct texts *texts)
{
	map_done(&texts->seen, NULL);
	free(texts->list);
}

/* Texts that two globs of the attribute fit. */
static void add_overlaps(struct moves *m, const struct texts *globs, struct texts *texts)
{
	unsigned overlaps = 0;

	for (unsigned i = 0; i < globs->n && texts->n < LETTERS_MAX; i++) {
		for (unsigned k = 0; k < i; k++) {
			const char *both = pattern_overlap(globs->list[i], globs->list[k], m->arena,
							   &m->proven);

			overlaps += both != NULL && add_text(texts, both);
		}
	}
	/* with several there may be a text that three globs fit */
	m->proven = m->proven && overlaps <= 1 && texts->n < LETTERS_MAX;
}

static void texts_of(struct moves *m, enum attribute attribute, bool uuid, const char *other,
		     struct texts *ret)
{
	struct texts globs = {.n = 0};

	memset(ret, 0, sizeof(*ret));
	map_init(&ret->seen);
	map_init(&globs.seen);
	if (other != NULL) {
		(void)add_text(ret, other);
	}
	for (unsigned i = 0; i < m->n_patterns; i++) {
		const struct pattern *pattern = m->patterns[i];

		if (m->pattern_of[i] == attribute &&
		    (attribute != BY_PROJECT || pattern->uuid == uuid)) {
			(void)add_text(ret, pattern_instance(pattern, m->arena));
			(void)(pattern->glob && add_text(&globs, pattern->text));
		}
	}
	add_overlaps(m, &globs, ret);
	texts_done(&globs);
}

static void make_tags(struct moves *m)
{
	struct texts texts;

	texts_of(m, BY_TAG, false, NULL, &texts);
	for (unsigned i = 0; i < texts.n; i++) {
		(void)put_tag(m, texts.list[i]);
	}
	texts_done(&texts);
}

static void make_names(struct moves *m)
{
	struct texts texts;

	texts_of(m, BY_NAME, false, WORLD_OTHER, &texts);
	for (unsigned i = 0; i < texts.n; i++) {
		(void)put_letter(
			m, &m->names,
			&(struct droplet){.name = texts.list[i], .known = DROPLET_KNOWS_NAME});
	}
	texts_done(&texts);
}

/* A project has a name and a UUID; which belong together a policy does not say. */
static void make_projects(struct moves *m)
{
	struct texts names;
	struct texts uuids;

	texts_of(m, BY_PROJECT, false, WORLD_OTHER, &names);
	texts_of(m, BY_PROJECT, true, OTHER_UUID, &uuids);
	for (unsigned i = 0; i < names.n; i++) {
		for (unsigned k = 0; k < uuids.n && m->projects.n < LETTERS_MAX; k++) {
			(void)put_letter(m, &m->projects,
					 &(struct droplet){.project = names.list[i],
							   .project_id = uuids.list[k],
							   .known = DROPLET_KNOWS_PROJECT});
		}
	}
	texts_done(&names);
	texts_done(&uuids);
}

static void put_rest(struct moves *m, const char *region, const char *size, const char *account)
{
	(void)put_letter(
		m, &m->rests,
		&(struct droplet){
			.region = region, .size = size, .account = account, .known = REST_KNOWN});
}

static void make_rests(struct moves *m)
{
	const struct policy *p = m->policy;
	struct texts regions;
	struct texts sizes;

	texts_of(m, BY_REGION, false, WORLD_OTHER, &regions);
	texts_of(m, BY_SIZE, false, WORLD_OTHER, &sizes);
	for (unsigned i = 0; i < regions.n; i++) {
		for (unsigned k = 0; k < sizes.n; k++) {
			for (size_t a = 0; a == 0 || a < p->n_accounts; a++) {
				put_rest(m, regions.list[i], sizes.list[k],
					 p->n_accounts > 0 ? p->accounts[a].name : WORLD_OTHER);
			}
		}
	}
	texts_done(&regions);
	texts_done(&sizes);
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
		.known = (rest->known & REST_KNOWN) | (name->known & DROPLET_KNOWS_NAME) |
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
	const char *tags[TAGS_MAX];
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

	key[AT_NAME] = put_letter(m, &m->names, droplet);
	key[AT_PROJECT] = put_letter(m, &m->projects, droplet);
	key[AT_REST] = put_letter(m, &m->rests, droplet);
	key[AT_KNOWN] = (droplet->known & DROPLET_KNOWS_TAGS) != 0;
	for (size_t i = 0; key[AT_KNOWN] != 0 && i < droplet->n_tags; i++) {
		unsigned tag = put_tag(m, droplet->tags[i]);

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

static void letters_init(struct moves *m, struct letters *letters, unsigned attributes)
{
	letters->attributes = attributes;
	intern_init(&letters->keys, m->n_patterns / 32 + 1);
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
	each_selector(policy, collect, m);
	m->key = arena_array(arena, m->n_patterns / 32 + 1, sizeof(*m->key));
	m->signature = arena_array(arena, words, sizeof(*m->signature));
	letters_init(m, &m->tags, 1U << BY_TAG);
	letters_init(m, &m->names, 1U << BY_NAME);
	letters_init(m, &m->projects, 1U << BY_PROJECT);
	letters_init(m, &m->rests, 1U << BY_REGION | 1U << BY_SIZE | 1U << BY_ACCOUNT);
	intern_init(&m->states, KEY_WORDS);
	intern_init(&m->signatures, words);
	make_tags(m);
	make_names(m);
	make_projects(m);
	make_rests(m);
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

static void letters_done(struct letters *letters)
{
	free(letters->list);
	intern_done(&letters->keys);
}

void moves_done(struct moves *m)
{
	letters_done(&m->tags);
	letters_done(&m->names);
	letters_done(&m->projects);
	letters_done(&m->rests);
	intern_done(&m->states);
	intern_done(&m->signatures);
	free(m->patterns);
	free(m->pattern_of);
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
		value = value != NULL && strcmp(value, OTHER_UUID) == 0 ? WORLD_OTHER : value;
		break;
	case MOVES:
		break;
	}
	(void)strbuf_addf(out, "%s \"%s\"", how[edge->move],
			  value == NULL || strcmp(value, WORLD_OTHER) == 0 ? "x" : value);
}
