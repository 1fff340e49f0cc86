/* intern.c - equal keys get equal numbers */
#include "policy/intern.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void intern_init(struct intern *intern, size_t words)
{
	memset(intern, 0, sizeof(*intern));
	intern->words = words;
	intern->mask = 63;
	intern->slots = mem_array(intern->mask + 1, sizeof(*intern->slots));
}

void intern_done(struct intern *intern)
{
	free(intern->keys);
	free(intern->slots);
	memset(intern, 0, sizeof(*intern));
}

const uint64_t *intern_key(const struct intern *intern, unsigned number)
{
	return &intern->keys[number * intern->words];
}

/* Word by word: the keys are our own sets of bits, long, and many. */
static uint32_t hash_of(const struct intern *intern, const uint64_t *key)
{
	uint64_t hash = intern->words;

	for (size_t w = 0; w < intern->words; w++) {
		hash = (hash ^ key[w]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return (uint32_t)(hash >> 16);
}

/* The slot in which the key stands or would stand. */
static size_t slot_of(const struct intern *intern, const uint64_t *key, uint32_t hash)
{
	size_t at = hash & intern->mask;

	while (intern->slots[at].number != 0 &&
	       (intern->slots[at].hash != hash ||
		memcmp(intern_key(intern, intern->slots[at].number - 1), key,
		       intern->words * sizeof(*key)) != 0)) {
		at = (at + 1) & intern->mask;
	}
	return at;
}

bool intern_find(const struct intern *intern, const uint64_t *key, unsigned *ret_number)
{
	unsigned number = intern->slots[slot_of(intern, key, hash_of(intern, key))].number;

	if (number != 0) {
		*ret_number = number - 1;
	}
	return number != 0;
}

static void grow(struct intern *intern)
{
	struct intern_slot *old = intern->slots;
	size_t n = intern->mask + 1;

	intern->mask = intern->mask * 2 + 1;
	intern->slots = mem_array(intern->mask + 1, sizeof(*intern->slots));
	for (size_t i = 0; i < n; i++) {
		size_t at = old[i].hash & intern->mask;

		while (old[i].number != 0 && intern->slots[at].number != 0) {
			at = (at + 1) & intern->mask;
		}
		if (old[i].number != 0) {
			intern->slots[at] = old[i];
		}
	}
	free(old);
}

unsigned intern_put(struct intern *intern, const uint64_t *key, bool *ret_new)
{
	uint32_t hash = hash_of(intern, key);
	size_t at = slot_of(intern, key, hash);
	bool is_new = intern->slots[at].number == 0;

	if (ret_new != NULL) {
		*ret_new = is_new;
	}
	if (!is_new) {
		return intern->slots[at].number - 1;
	}
	if (intern->n == intern->cap) {
		intern->cap = intern->cap * 2 + 16;
		intern->keys =
			mem_grow(intern->keys, intern->cap,
				 (intern->words > 0 ? intern->words : 1) * sizeof(*intern->keys));
	}
	memcpy(&intern->keys[intern->n * intern->words], key, intern->words * sizeof(*key));
	intern->slots[at] = (struct intern_slot){hash, ++intern->n};
	if (intern->n > intern->mask / 2) {
		grow(intern);
	}
	return intern->n - 1;
}
