/* ids.h - droplet id -> position in an array */
#ifndef OCEAN_IDS_H
#define OCEAN_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ids_slot {
	uint64_t id; /* 0: empty; no droplet has it */
	size_t at;
};

struct ids {
	struct ids_slot *slots; /* a zeroed struct is empty and usable */
	size_t n_slots;         /* power of two */
	size_t n;
};

void ids_done(struct ids *ids); /* empty and usable again */

/* False and nothing changed when the id is there already. id is not 0. */
bool ids_put(struct ids *ids, uint64_t id, size_t at);

bool ids_get(const struct ids *ids, uint64_t id, size_t *ret_at);

#endif
