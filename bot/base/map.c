/* map.c - string-keyed hash map: slots in order of insertion, and an index of slot numbers */
#include "base/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"

static uint64_t seed[2];

static uint64_t rotl(uint64_t x, unsigned b)
{
	return (x << b) | (x >> (64 - b));
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

/* SipHash-1-3, Aumasson and Bernstein 2012: keyed, so that collisions cannot be prepared. */
unsigned long long map_hash(const void *data, size_t len)
{
	const unsigned char *in = data;
	uint64_t v[4];
	uint64_t word;
	size_t i;

	if (seed[0] == 0) {
		if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
			seed[1] = (uint64_t)(uintptr_t)&seed;
		}
		seed[0] |= 1;
	}
	v[0] = 0x736f6d6570736575ULL ^ seed[0];
	v[1] = 0x646f72616e646f6dULL ^ seed[1];
	v[2] = 0x6c7967656e657261ULL ^ seed[0];
	v[3] = 0x7465646279746573ULL ^ seed[1];
	for (i = 0; i + 8 <= len; i += 8) {
		memcpy(&word, in + i, 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	word = (uint64_t)len << 56;
	for (size_t k = 0; i + k < len; k++) {
		word |= (uint64_t)in[i + k] << (8 * k);
	}
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void map_init(struct map *map)
{
	memset(map, 0, sizeof(*map));
}

void map_done(struct map *map, void (*free_value)(void *))
{
	for (size_t i = 0; i < map->n_slots; i++) {
		if (map->slots[i].key != NULL && free_value != NULL) {
			free_value(map->slots[i].value);
		}
		free(map->slots[i].key);
	}
	free(map->slots);
	free(map->index);
	map_init(map);
}

static unsigned hash_of(const char *key)
{
	return (unsigned)map_hash(key, strlen(key));
}

/* Where the key stands in the index, or the empty place where it would. */
static size_t find(const struct map *map, const char *key, unsigned hash)
{
	size_t at = hash & (map->n_index - 1);

	while (map->index[at] != 0) {
		const struct map_slot *slot = &map->slots[map->index[at] - 1];

		if (slot->hash == hash && slot->key != NULL && strcmp(slot->key, key) == 0) {
			break;
		}
		at = (at + 1) & (map->n_index - 1);
	}
	return at;
}

static void clear_index(struct map *map, size_t n)
{
	if (n ==
	    map->n_index) { /* as it mostly is where entries come and go: its pages are there already */
		memset(map->index, 0, n * sizeof(*map->index));
		return;
	}
	free(map->index);
	map->index = mem_array(n, sizeof(*map->index));
	map->n_index = n;
}

/* Drops removed slots and makes the index twice as large as the live slots need. */
static void rebuild(struct map *map)
{
	size_t live = 0;
	size_t n = 16;

	for (size_t i = 0; i < map->n_slots; i++) {
		if (map->slots[i].key != NULL) {
			map->slots[live++] = map->slots[i];
		}
	}
	map->n_slots = live;
	while (n < 4 * (live + 1)) {
		n *= 2;
	}
	clear_index(map, n);
	for (size_t i = 0; i < live;
	     i++) { /* no two keys are the same: the next empty place is it */
		size_t at = map->slots[i].hash & (n - 1);

		while (map->index[at] != 0) {
			at = (at + 1) & (n - 1);
		}
		map->index[at] = (unsigned)(i + 1);
	}
}

static struct map_slot *lookup(const struct map *map, const char *key, unsigned hash)
{
	unsigned number;

	if (map->n_index == 0) {
		return NULL;
	}
	number = map->index[find(map, key, hash)];
	return number != 0 ? &map->slots[number - 1] : NULL;
}

void *map_get(const struct map *map, const char *key)
{
	const struct map_slot *slot = lookup(map, key, hash_of(key));

	return slot != NULL ? slot->value : NULL;
}

bool map_has(const struct map *map, const char *key)
{
	return lookup(map, key, hash_of(key)) != NULL;
}

void *map_put(struct map *map, const char *key, void *value)
{
	unsigned hash = hash_of(key);
	struct map_slot *slot = lookup(map, key, hash);

	if (slot != NULL) {
		void *old = slot->value;

		slot->value = value;
		return old;
	}
	if (map->n_index == 0 || 2 * (map->n_slots + 1) > map->n_index) {
		rebuild(map);
	}
	if (map->n_slots == map->cap_slots) {
		map->cap_slots = map->cap_slots > 0 ? 2 * map->cap_slots : 8;
		map->slots = mem_grow(map->slots, map->cap_slots, sizeof(*map->slots));
	}
	map->index[find(map, key, hash)] = (unsigned)(map->n_slots + 1);
	map->slots[map->n_slots] = (struct map_slot){mem_strdup(key), value, hash};
	map->n_slots++;
	map->n_live++;
	return NULL;
}

void *map_remove(struct map *map, const char *key)
{
	struct map_slot *slot = lookup(map, key, hash_of(key));
	void *old;

	if (slot == NULL) {
		return NULL;
	}
	old = slot->value;
	free(slot->key);
	slot->key = NULL; /* its place in the index stays taken until the next rebuild */
	slot->value = NULL;
	map->n_live--;
	return old;
}

size_t map_size(const struct map *map)
{
	return map->n_live;
}

bool map_next(const struct map *map, size_t *i, const char **key, void **value)
{
	while (*i < map->n_slots && map->slots[*i].key == NULL) {
		(*i)++;
	}
	if (*i >= map->n_slots) {
		return false;
	}
	if (key != NULL) {
		*key = map->slots[*i].key;
	}
	if (value != NULL) {
		*value = map->slots[*i].value;
	}
	(*i)++;
	return true;
}
