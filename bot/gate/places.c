/* places.c - what was started, in memory: each job that took its place under the limits, with the facts of that time
 *
 * The store has the same rows; they are read once at start. A limit looks back over the newest of them, so they stand in the
 * order of time. Kept as long as the longest limit looks back; when there are too many, the oldest go and it is known that
 * they are missing.
 *
 * They stand together in blocks, each with its strings: they stay for weeks, and one here and there between what comes and goes
 * would keep all of that memory from the system. A block is given back when its last place goes, which are mostly its neighbours.
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
	size_t size, used;  /* bytes, this head among them */
	size_t n;           /* places in it */
	struct place *last; /* that was put in; NULL: none */
};

/* ---- one place ----------------------------------------------------------------------------- */

static size_t size_of(const char *text)
{
	return text != NULL ? strlen(text) + 1 : 0;
}

static bool is_same(const char *text, const char *before)
{
	return text != NULL && before != NULL && strcmp(text, before) == 0;
}

/* What the place before says too stands there already. */
static void move_in(const char **text, const char *before, char **at)
{
	size_t size = size_of(*text);

	if (is_same(*text, before)) {
		*text = before;
	} else if (size > 0) {
		memcpy(*at, *text, size);
		*text = *at;
		*at += size;
	}
}

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

/* One that has room for so much. */
static struct place_block *block_for(struct places *places, size_t size)
{
	struct place_block *block = places->block;
	const size_t head = aligned(sizeof(*block));

	if (block != NULL && size <= block->size - block->used) {
		return block;
	}
	if (block != NULL && block->n == 0) {
		block_free(block);
	}
	size = size + head > BLOCK_BYTES ? size + head : BLOCK_BYTES;
	block = mem_table(size);
	block->size = size;
	block->used = head;
	places->block = block;
	return block;
}

/* The droplet as far as a policy can ask for it. */
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

#define TEXTS 13

static void texts_of(struct place *place, const char **ret_texts[TEXTS])
{
	struct gate_who *who = &place->is.who;
	struct droplet *d = &place->droplet;
	const char **texts[TEXTS] = {
		&place->is.job, &place->is.request, &who->network, &who->user_workspace,
		&who->user,     &who->workspace,    &who->channel, &d->account,
		&d->name,       &d->region,         &d->size,      &d->project,
		&d->project_id,
	};

	memcpy(ret_texts, texts, sizeof(texts));
}

static size_t most_of(const struct place *place, const char **const texts[TEXTS])
{
	size_t size = aligned(sizeof(*place)) + place->droplet.n_tags * sizeof(char *);

	for (size_t i = 0; i < TEXTS; i++) {
		size += size_of(*texts[i]);
	}
	for (size_t i = 0; i < place->droplet.n_tags; i++) {
		size += size_of(place->droplet.tags[i]);
	}
	return aligned(size);
}

static bool same_tags(const struct droplet *a, const struct droplet *b)
{
	for (size_t i = 0; i < a->n_tags && a->n_tags == b->n_tags; i++) {
		if (!is_same(a->tags[i], b->tags[i])) {
			return false;
		}
	}
	return a->n_tags == b->n_tags;
}

/* All strings of a place behind it, tags first, which are pointers; what the one before it has too is its. */
static struct place *copy_of(struct places *places, const struct gate_place *from)
{
	static const struct place none;
	struct place *place;
	struct place made = {.is = *from};
	const char **texts[TEXTS], **before_texts[TEXTS];
	struct place before;
	const char **tags;
	char *at;

	if (from->droplet != NULL) {
		made.droplet = facts_of(from->droplet);
	}
	texts_of(&made, texts);
	made.block = block_for(places, most_of(&made, texts));
	before = made.block->last != NULL ? *made.block->last : none;
	texts_of(&before, before_texts);
	place = (struct place *)(void *)((char *)made.block + made.block->used);
	tags = (const char **)(void *)((char *)place + aligned(sizeof(*place)));
	if (same_tags(&made.droplet, &before.droplet)) {
		at = (char *)tags;
		made.droplet.tags = before.droplet.tags;
	} else {
		at = (char *)(tags + made.droplet.n_tags);
		for (size_t i = 0; i < made.droplet.n_tags; i++) {
			tags[i] = made.droplet.tags[i];
			move_in(&tags[i], NULL, &at);
		}
		made.droplet.tags = tags;
	}
	for (size_t i = 0; i < TEXTS; i++) {
		move_in(texts[i], *before_texts[i], &at);
	}
	*place = made;
	place->is.droplet = from->droplet != NULL ? &place->droplet : NULL;
	made.block->used += aligned((size_t)(at - (char *)place));
	made.block->n++;
	made.block->last = place;
	return place;
}

static void place_free(struct places *places, struct place *place)
{
	struct place_block *block = place->block;

	if (--block->n > 0) {
		return;
	}
	if (block == places->block) {
		block->used = aligned(sizeof(*block)); /* the next one goes there */
		block->last = NULL;
	} else {
		block_free(block);
	}
}

static void look_up(const struct gate *gate, struct place *place)
{
	const struct gate_who *who = &place->is.who;

	place->asker = policy_asker(gate->policy, who->network, who->user_workspace, who->user,
				    who->workspace, who->channel, who->direct);
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

	while (place != NULL && strcmp(place->is.job, job) != 0) {
		place = place->chain;
	}
	return place;
}

static void unchain(struct places *places, const struct place *place)
{
	struct place **at = chain_of(places, place->is.job);

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
	for (size_t i = 0; i < gate->places.n; i++) {
		look_up(gate, gate->places.all[i]);
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

	while (n < places->n && places->all[n]->is.at_ms < now_ms - GATE_PLACES_MS) {
		n++;
	}
	if (places->n - n >= PLACES_MAX) {
		n += PLACES_MAX / 512;
		places->lost_ms = places->all[n - 1]->is.at_ms;
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
	look_up(gate, place);
	make_room(places, taken->at_ms);
	if (places->n == places->size) {
		places->size = places->size * 2 + 16;
		places->all = mem_grow(places->all, places->size, sizeof(places->all[0]));
	}
	at = places->n;
	while (at > 0 && places->all[at - 1]->is.at_ms > taken->at_ms) {
		at--;
	}
	memmove(places->all + at + 1, places->all + at, (places->n - at) * sizeof(places->all[0]));
	places->all[at] = place;
	chain = chain_of(places, place->is.job);
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

		if (places->all[middle]->is.at_ms < place->is.at_ms) {
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

		if (place->is.droplet != NULL && place->droplet.id == droplet->id &&
		    (droplet->id != 0 || same_name(&place->droplet, droplet)) &&
		    strcmp(place->is.request, request) == 0 &&
		    strcmp(place->droplet.account, droplet->account) == 0) {
			return i;
		}
	}
	return places->n;
}
