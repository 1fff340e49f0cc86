/* places.c - what was started, in memory: each job that took its place under the limits, with the facts of that time
 *
 * The store has the same rows; they are read once at start. A limit looks back over the newest of them, so they stand in the
 * order of time. Kept as long as the longest limit looks back; when there are too many, the oldest go and it is known that
 * they are missing.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "gate/internal.h"

#define PLACES_MAX 32768

/* ---- one place ----------------------------------------------------------------------------- */

static size_t size_of(const char *text)
{
	return text != NULL ? strlen(text) + 1 : 0;
}

static void move_in(const char **text, char **at)
{
	size_t size = size_of(*text);

	if (size > 0) {
		memcpy(*at, *text, size);
		*text = *at;
		*at += size;
	}
}

/* All strings of a place in one block: tags first, which are pointers. */
static struct place *copy_of(const struct gate_place *from)
{
	struct place *place = mem_alloc(sizeof(*place));
	struct gate_who *who = &place->is.who;
	struct droplet *d = &place->droplet;
	const char **texts[] = {
		&place->is.job, &place->is.request, &who->network, &who->user_workspace,
		&who->user,     &who->workspace,    &who->channel, &d->account,
		&d->name,       &d->region,         &d->size,      &d->project,
		&d->project_id,
	};
	size_t n_texts = sizeof(texts) / sizeof(texts[0]);
	const char **tags;
	size_t size;
	char *at;

	place->is = *from;
	if (from->droplet != NULL) {
		*d = (struct droplet){.id = from->droplet->id,
				      .account = from->droplet->account,
				      .name = from->droplet->name,
				      .tags = from->droplet->tags,
				      .n_tags = from->droplet->n_tags,
				      .region = from->droplet->region,
				      .size = from->droplet->size,
				      .project = from->droplet->project,
				      .project_id = from->droplet->project_id,
				      .known = from->droplet->known};
		place->is.droplet = d;
	}
	size = d->n_tags * sizeof(*tags) + 1;
	for (size_t i = 0; i < n_texts; i++) {
		size += size_of(*texts[i]);
	}
	for (size_t i = 0; i < d->n_tags; i++) {
		size += size_of(d->tags[i]);
	}
	place->texts = mem_alloc(size);
	tags = place->texts;
	at = (char *)(tags + d->n_tags);
	for (size_t i = 0; i < n_texts; i++) {
		move_in(texts[i], &at);
	}
	for (size_t i = 0; i < d->n_tags; i++) {
		tags[i] = d->tags[i];
		move_in(&tags[i], &at);
	}
	d->tags = tags;
	return place;
}

static void place_free(struct place *place)
{
	free(place->texts);
	free(place);
}

static void look_up(const struct gate *gate, struct place *place)
{
	const struct gate_who *who = &place->is.who;

	place->asker = policy_asker(gate->policy, who->network, who->user_workspace, who->user,
				    who->workspace, who->channel, who->direct);
}

static struct map *map_of(struct places *places, const char *job)
{
	return &places->by_job[map_hash(job, strlen(job)) >> 58];
}

/* ---- all of them --------------------------------------------------------------------------- */

void places_done(struct places *places)
{
	for (size_t i = 0; i < places->n; i++) {
		place_free(places->all[i]);
	}
	free(places->all);
	for (size_t i = 0; i < PLACE_MAPS; i++) {
		map_done(&places->by_job[i], NULL);
	}
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
		(void)map_remove(map_of(places, places->all[k]->is.job), places->all[k]->is.job);
		place_free(places->all[k]);
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
	struct place *place = copy_of(taken);
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
	(void)map_put(map_of(places, place->is.job), place->is.job, place);
	places->n++;
}

void gate_place_back(struct gate *gate, const char *job)
{
	struct places *places = &gate->places;
	const struct place *place = map_get(map_of(places, job), job);
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
