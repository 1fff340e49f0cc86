/* map.h - string-keyed hash map
 *
 * Keys are copied, values are the caller's. The hash is seeded at random once a process, so a
 * stranger's choice of names cannot make it slow. Order of iteration is order of insertion
 * (removed entries leave it).
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct map_slot {
	char *key; /* NULL: removed */
	void *value;
	unsigned hash; /* of the key: a large map is built anew without a look at its keys */
};

struct map {
	struct map_slot *slots; /* in order of insertion */
	size_t n_slots, cap_slots;
	size_t n_live;
	unsigned *index; /* slot number + 1, 0 empty; linear probing */
	size_t n_index;  /* power of two */
};

void map_init(struct map *map);
void map_done(struct map *map, void (*free_value)(void *)); /* free_value may be NULL */

void *map_get(const struct map *map, const char *key); /* NULL when absent */
bool map_has(const struct map *map, const char *key);
void *map_put(struct map *map, const char *key,
	      void *value);                         /* the value that stood there, or NULL */
void *map_remove(struct map *map, const char *key); /* the value, or NULL */
size_t map_size(const struct map *map);

/* for (size_t i = 0; map_next(&map, &i, &key, &value);) - i is the iterator; key, value may be NULL */
bool map_next(const struct map *map, size_t *i, const char **key, void **value);

/* The seeded hash (SipHash-1-3 would be the same to callers); for tables of other rooms. */
unsigned long long map_hash(const void *data, size_t len);

#endif
