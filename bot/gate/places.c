/* places.c - what was started, in memory: each job that took its place under the limits, with the facts of that time
 *
 * The store has the same rows; they are read once at start. A limit looks back over the newest of them, so they stand in the
 * order of time. Kept as long as the longest limit looks back; when there are too many, the oldest go and it is known that
 * they are missing.
 *
 * They stand together in blocks, each with all that it points to: they stay for weeks, and one here and there between what comes
 * and goes would keep all of that memory from the system. Who and what were the same of late is in a block once. A block is given
 * back when its last place goes, which are mostly its neighbours.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "gate/internal.h"

#define PLACES_MAX 32768

#define BLOCK_BYTES ((size_t)256 << 10)
#define ALIGN 16
#define CHAINS 8192

struct place_block {
	size_t size, used; /* bytes, this head among them */
	size_t n;          /* places in it */
	/* That were put in last; NULL: none. The next one has mostly the same strings. */
	const struct place *last;
	const struct place_who *last_who;
	const struct droplet *last_droplet;
};

/* ---- blocks -------------------------------------------------------------------------------- */

static size_t aligned(size_t size)
{
	return (size + ALIGN - 1) / ALIGN * ALIGN;
}

static void block_free(struct place_block *block)
{
	if (block != NULL) {
		mem_table_free(block, block->size);
	}
}

/* Nothing of it is known any more. */
static void block_begin(struct places *places)
{
	struct place_block *block = places->block;

	*block = (struct place_block){.size = block->size, .used = sizeof(*block)};
	memset(places->whos, 0, sizeof(places->whos));
	memset(places->droplets, 0, sizeof(places->droplets));
}

/* The one in use, with room for so much. */
static struct place_block *block_for(struct places *places, size_t size)
{
	struct place_block *block = places->block;

	if (block != NULL && size <= block->size - block->used) {
		return block;
	}
	if (block != NULL && block->n == 0) {
		block_free(block);
	}
	size += sizeof(*block);
	size = size > BLOCK_BYTES ? size : BLOCK_BYTES;
	block = mem_table(size);
	block->size = size;
	places->block = block;
	block_begin(places);
	return block;
}

static void *put(struct place_block *block, const void *from, size_t size)
{
	void *to;

	block->used = aligned(block->used);
	to = (char *)block + block->used;
	memcpy(to, from, size);
	block->used += size;
	return to;
}

static bool alike(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* What stands there already before it, if it is alike. */
static const char *put_text(struct place_block *block, const char *text, const char *before)
{
	size_t size;
	char *to;

	if (alike(text, before)) {
		return before;
	}
	if (text == NULL) {
		return NULL;
	}
	size = strlen(text) + 1;
	to = (char *)block + block->used;
	memcpy(to, text, size);
	block->used += size;
	return to;
}

/* ---- one place ----------------------------------------------------------------------------- */

#define WHO_TEXTS 5
#define DROPLET_TEXTS 6

static void who_texts(struct gate_who *who, const char **ret_texts[WHO_TEXTS])
{
	const char **texts[WHO_TEXTS] = {&who->network, &who->user_workspace, &who->user,
					 &who->workspace, &who->channel};

	memcpy(ret_texts, texts, sizeof(texts));
}

static void droplet_texts(struct droplet *d, const char **ret_texts[DROPLET_TEXTS])
{
	const char **texts[DROPLET_TEXTS] = {&d->account, &d->name,    &d->region,
					     &d->size,    &d->project, &d->project_id};

	memcpy(ret_texts, texts, sizeof(texts));
}

/* The droplet as far as a policy can ask for it; the strings are still the other one's. */
static struct droplet facts_of(const struct droplet *from)
{
	return (struct droplet){.id = from->id,
				.account = from->account,
				.name = from->name,
				.tags = from->tags,
				.n_tags = from->n_tags,
				.region = from->region,
				.size = from->size,
				.project = from->project,
				.project_id = from->project_id,
				.known = from->known};
}

static size_t size_of(const char *text)
{
	return text != NULL ? strlen(text) + 1 : 0;
}

/* Nothing shared. */
static size_t most_of(const struct gate_place *from)
{
	size_t size = sizeof(struct place) + sizeof(struct place_who) + sizeof(struct droplet) +
		      4 * ALIGN + size_of(from->job) + size_of(from->request);
	struct gate_who who = from->who;
	const char **texts[WHO_TEXTS > DROPLET_TEXTS ? WHO_TEXTS : DROPLET_TEXTS];
	struct droplet droplet;

	who_texts(&who, texts);
	for (size_t i = 0; i < WHO_TEXTS; i++) {
		size += size_of(*texts[i]);
	}
	if (from->droplet == NULL) {
		return size;
	}
	droplet = *from->droplet;
	droplet_texts(&droplet, texts);
	for (size_t i = 0; i < DROPLET_TEXTS; i++) {
		size += size_of(*texts[i]);
	}
	for (size_t i = 0; i < droplet.n_tags; i++) {
		size += sizeof(char *) + size_of(droplet.tags[i]);
	}
	return size;
}

static bool same_who(const struct gate_who *a, const struct gate_who *b)
{
	return a->direct == b->direct && alike(a->network, b->network) &&
	       alike(a->user_workspace, b->user_workspace) && alike(a->user, b->user) &&
	       alike(a->workspace, b->workspace) && alike(a->channel, b->channel);
}

static bool same_tags(const struct droplet *a, const struct droplet *b)
{
	for (size_t i = 0; i < a->n_tags && a->n_tags == b->n_tags; i++) {
		if (!alike(a->tags[i], b->tags[i])) {
			return false;
		}
	}
	return a->n_tags == b->n_tags;
}

static bool same_droplet(const struct droplet *a, const struct droplet *b)
{
	return a->id == b->id && a->known == b->known && alike(a->name, b->name) &&
	       alike(a->account, b->account) && alike(a->region, b->region) &&
	       alike(a->size, b->size) && alike(a->project, b->project) &&
	       alike(a->project_id, b->project_id) && same_tags(a, b);
}

static struct place_who *put_who(struct places *places, const struct gate_who *from)
{
	size_t hash = (size_t)map_hash(from->user, size_of(from->user)) +
		      (size_t)map_hash(from->channel, size_of(from->channel));
	struct place_who **lately = &places->whos[hash % PLACE_WHOS];
	struct place_block *block = places->block;
	struct place_who who = {.is = *from, .policy = places->policy - 1};
	struct gate_who before = {0};
	const char **texts[WHO_TEXTS], **before_texts[WHO_TEXTS];

	if (*lately != NULL && same_who(&(*lately)->is, from)) {
		return *lately;
	}
	if (block->last_who != NULL) {
		before = block->last_who->is;
	}
	who_texts(&who.is, texts);
	who_texts(&before, before_texts);
	for (size_t i = 0; i < WHO_TEXTS; i++) {
		*texts[i] = put_text(block, *texts[i], *before_texts[i]);
	}
	*lately = put(block, &who, sizeof(who));
	block->last_who = *lately;
	return *lately;
}

static const char *const *put_tags(struct place_block *block, const struct droplet *from)
{
	const struct droplet *before = block->last_droplet;
	const char **tags;

	if (from->n_tags == 0 || (before != NULL && same_tags(from, before))) {
		return before != NULL ? before->tags : NULL;
	}
	tags = put(block, from->tags, from->n_tags * sizeof(*tags));
	for (size_t i = 0; i < from->n_tags; i++) {
		tags[i] = put_text(block, tags[i], NULL);
	}
	return tags;
}

static const struct droplet *put_droplet(struct places *places, const struct droplet *from)
{
	const struct droplet **lately = &places->droplets[from->id % PLACE_DROPLETS];
	struct place_block *block = places->block;
	struct droplet facts = facts_of(from);
	struct droplet before = {0};
	const char **texts[DROPLET_TEXTS], **before_texts[DROPLET_TEXTS];

	if (*lately != NULL && same_droplet(*lately, &facts)) {
		return *lately;
	}
	if (block->last_droplet != NULL) {
		before = *block->last_droplet;
	}
	droplet_texts(&facts, texts);
	droplet_texts(&before, before_texts);
	for (size_t i = 0; i < DROPLET_TEXTS; i++) {
		*texts[i] = put_text(block, *texts[i], *before_texts[i]);
	}
	facts.tags = put_tags(block, &facts);
	*lately = put(block, &facts, sizeof(facts));
	block->last_droplet = *lately;
	return *lately;
}

static struct place *copy_of(struct places *places, const struct gate_place *from)
{
	struct place_block *block = block_for(places, most_of(from));
	struct place place = {.who = put_who(places, &from->who),
			      .droplet = from->droplet != NULL ? put_droplet(places, from->droplet)
							       : NULL,
			      .at_ms = from->at_ms,
			      .monthly_cents = from->monthly_cents,
			      .verb = from->verb,
			      .block = block};
	struct place *copy;

	place.job = put_text(block, from->job, NULL);
	place.request =
		put_text(block, from->request, block->last != NULL ? block->last->request : NULL);
	copy = put(block, &place, sizeof(place));
	block->last = copy;
	block->n++;
	return copy;
}

static void place_free(struct places *places, struct place *place)
{
	struct place_block *block = place->block;

	if (--block->n > 0) {
		return;
	}
	if (block == places->block) {
		block_begin(places); /* the next one goes there */
	} else {
		block_free(block);
	}
}

static void look_up(const struct gate *gate, struct place_who *who)
{
	const struct gate_who *is = &who->is;

	if (who->policy != gate->places.policy) {
		who->asker = policy_asker(gate->policy, is->network, is->user_workspace, is->user,
					  is->workspace, is->channel, is->direct);
		who->policy = gate->places.policy;
	}
}

/* Where the chain is that has this job, if any has. */
static struct place **chain_of(struct places *places, const char *job)
{
	if (places->by_job == NULL) {
		places->by_job = mem_table(CHAINS * sizeof(struct place *));
	}
	return &places->by_job[map_hash(job, strlen(job)) % CHAINS];
}

static struct place *of_job(struct places *places, const char *job)
{
	struct place *place = *chain_of(places, job);

	while (place != NULL && strcmp(place->job, job) != 0) {
		place = place->chain;
	}
	return place;
}

static void unchain(struct places *places, const struct place *place)
{
	struct place **at = chain_of(places, place->job);

	while (*at != place) {
		at = &(*at)->chain;
	}
	*at = place->chain;
}

/* ---- all of them --------------------------------------------------------------------------- */

void places_done(struct places *places)
{
	for (size_t i = 0; i < places->n; i++) {
		place_free(places, places->all[i]);
	}
	block_free(places->block);
	free(places->all);
	mem_table_free(places->by_job, CHAINS * sizeof(struct place *));
	*places = (struct places){0};
}

void places_look_up(struct gate *gate)
{
	gate->places.policy++;
	for (size_t i = 0; i < gate->places.n; i++) {
		look_up(gate, gate->places.all[i]->who);
	}
}

static void drop(struct places *places, size_t i, size_t n)
{
	for (size_t k = i; k < i + n; k++) {
		unchain(places, places->all[k]);
		place_free(places, places->all[k]);
	}
	places->n -= n;
	memmove(places->all + i, places->all + i + n, (places->n - i) * sizeof(places->all[0]));
}

/* What no limit looks back to any more; and when that is not enough, a few of the rest: each must be found and freed. */
static void make_room(struct places *places, int64_t now_ms)
{
	size_t n = 0;

	while (n < places->n && places->all[n]->at_ms < now_ms - GATE_PLACES_MS) {
		n++;
	}
	if (places->n - n >= PLACES_MAX) {
		n += PLACES_MAX / 512;
		places->lost_ms = places->all[n - 1]->at_ms;
	}
	if (n > 0) {
		drop(places, 0, n);
	}
}

void gate_place_take(struct gate *gate, const struct gate_place *taken)
{
	struct places *places = &gate->places;
	struct place *place = copy_of(places, taken);
	struct place **chain;
	size_t at;

	gate_place_back(gate, taken->job);
	look_up(gate, place->who);
	make_room(places, taken->at_ms);
	if (places->n == places->size) {
		places->size = places->size * 2 + 16;
		places->all = mem_grow(places->all, places->size, sizeof(places->all[0]));
	}
	at = places->n;
	while (at > 0 && places->all[at - 1]->at_ms > taken->at_ms) {
		at--;
	}
	memmove(places->all + at + 1, places->all + at, (places->n - at) * sizeof(places->all[0]));
	places->all[at] = place;
	chain = chain_of(places, place->job);
	place->chain = *chain;
	*chain = place;
	places->n++;
}

void gate_place_back(struct gate *gate, const char *job)
{
	struct places *places = &gate->places;
	const struct place *place = of_job(places, job);
	size_t low = 0;
	size_t high = places->n;

	if (place == NULL) {
		return;
	}
	while (low < high) { /* the first of its time, */
		size_t middle = low + (high - low) / 2;

		if (places->all[middle]->at_ms < place->at_ms) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	while (places->all[low] != place) { /* and among those of its time */
		low++;
	}
	drop(places, low, 1);
}

void gate_places_known(struct gate *gate)
{
	gate->places.known = true;
}

/* One that is to be made is known by its name. */
static bool same_name(const struct droplet *a, const struct droplet *b)
{
	return strcmp(a->name != NULL ? a->name : "", b->name != NULL ? b->name : "") == 0;
}

size_t places_find(const struct places *places, const char *request, const struct droplet *droplet)
{
	for (size_t i = places->n; request != NULL && droplet != NULL && i-- > 0;) {
		const struct place *place = places->all[i];

		if (place->droplet != NULL && place->droplet->id == droplet->id &&
		    (droplet->id != 0 || same_name(place->droplet, droplet)) &&
		    strcmp(place->request, request) == 0 &&
		    strcmp(place->droplet->account, droplet->account) == 0) {
			return i;
		}
	}
	return places->n;
}
