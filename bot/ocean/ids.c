/* ids.c - droplet id -> position: open addressing, at most half full */
#include "ocean/ids.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void ids_done(struct ids *ids)
{
	free(ids->slots);
	memset(ids, 0, sizeof(*ids));
}

/* The ids come from DigitalOcean, not from strangers: spreading consecutive numbers is enough. */
static struct ids_slot *find(const struct ids *ids, uint64_t id)
{
	size_t at = (size_t)((id * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (ids->n_slots - 1);

	while (ids->slots[at].id != 0 && ids->slots[at].id != id) {
		at = (at + 1) & (ids->n_slots - 1);
	}
	return &ids->slots[at];
}

static void grow(struct ids *ids)
{
	struct ids bigger = {.n_slots = ids->n_slots > 0 ? 2 * ids->n_slots : 64, .n = ids->n};

	bigger.slots = mem_array(bigger.n_slots, sizeof(*bigger.slots));
	for (size_t i = 0; i < ids->n_slots; i++) {
		if (ids->slots[i].id != 0) {
			*find(&bigger, ids->slots[i].id) = ids->slots[i];
		}
	}
	free(ids->slots);
	*ids = bigger;
}

bool ids_put(struct ids *ids, uint64_t id, size_t at)
{
	struct ids_slot *slot;

	if (2 * (ids->n + 1) > ids->n_slots) {
		grow(ids);
	}
	slot = find(ids, id);
	if (slot->id != 0) {
		return false;
	}
	slot->id = id;
	slot->at = at;
	ids->n++;
	return true;
}

bool ids_get(const struct ids *ids, uint64_t id, size_t *ret_at)
{
	const struct ids_slot *slot;

	if (id == 0 || ids->n_slots == 0) {
		return false;
	}
	slot = find(ids, id);
	if (slot->id == 0) {
		return false;
	}
	*ret_at = slot->at;
	return true;
}
