/* letters.c - the values of each attribute that the policy's patterns can tell apart */
#include "policy/letters.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

#define LETTERS_MAX 60000U

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

unsigned letters_put(struct moves *m, struct letters *letters, const struct droplet *droplet)
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

unsigned letters_put_tag(struct moves *m, const char *text)
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
	if (m->tags.n == LETTERS_TAGS_MAX) {
		m->proven = false;
		return ~0U;
	}
	tags = arena_array(m->arena, 1, sizeof(*tags));
	tags[0] = text;
	one.tags = tags;
	return letters_put(m, &m->tags, &one);
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
		(void)letters_put_tag(m, texts.list[i]);
	}
	texts_done(&texts);
}

static void make_names(struct moves *m)
{
	struct texts texts;

	texts_of(m, BY_NAME, false, WORLD_OTHER, &texts);
	for (unsigned i = 0; i < texts.n; i++) {
		(void)letters_put(
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
	texts_of(m, BY_PROJECT, true, LETTERS_OTHER_UUID, &uuids);
	for (unsigned i = 0; i < names.n; i++) {
		for (unsigned k = 0; k < uuids.n && m->projects.n < LETTERS_MAX; k++) {
			(void)letters_put(m, &m->projects,
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
	(void)letters_put(m, &m->rests,
			  &(struct droplet){.region = region,
					    .size = size,
					    .account = account,
					    .known = LETTERS_REST_KNOWN});
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

static void letters_init(struct moves *m, struct letters *letters, unsigned attributes)
{
	letters->attributes = attributes;
	intern_init(&letters->keys, m->n_patterns / 32 + 1);
}

void letters_make(struct moves *m)
{
	each_selector(m->policy, collect, m);
	m->key = arena_array(m->arena, m->n_patterns / 32 + 1, sizeof(*m->key));
	letters_init(m, &m->tags, 1U << BY_TAG);
	letters_init(m, &m->names, 1U << BY_NAME);
	letters_init(m, &m->projects, 1U << BY_PROJECT);
	letters_init(m, &m->rests, 1U << BY_REGION | 1U << BY_SIZE | 1U << BY_ACCOUNT);
	make_tags(m);
	make_names(m);
	make_projects(m);
	make_rests(m);
}

static void letters_free(struct letters *letters)
{
	free(letters->list);
	intern_done(&letters->keys);
}

void letters_done(struct moves *m)
{
	letters_free(&m->tags);
	letters_free(&m->names);
	letters_free(&m->projects);
	letters_free(&m->rests);
	free(m->patterns);
	free(m->pattern_of);
}
