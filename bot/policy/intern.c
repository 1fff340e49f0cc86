/* intern.c - equal keys get equal numbers */
#include "policy/intern.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
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

/* The slot in which the key stands or would stand. */
static size_t slot_of(const struct intern *intern, const uint64_t *key)
{
	size_t bytes = intern->words * sizeof(*key);
	size_t at = (size_t)map_hash(key, bytes) & intern->mask;

	while (intern->slots[at] != 0 &&
	       memcmp(intern_key(intern, intern->slots[at] - 1), key, bytes) != 0) {
		at = (at + 1) & intern->mask;
	}
	return at;
}

bool intern_find(const struct intern *intern, const uint64_t *key, unsigned *ret_number)
{
	unsigned slot = intern->slots[slot_of(intern, key)];

	if (slot != 0) {
		*ret_number = slot - 1;
	}
	return slot != 0;
}

static void grow(struct intern *intern)
{
	free(intern->slots);
	intern->mask = intern->mask * 2 + 1;
	intern->slots = mem_array(intern->mask + 1, sizeof(*intern->slots));
	for (unsigned i = 0; i < intern->n; i++) {
		intern->slots[slot_of(intern, intern_key(intern, i))] = i + 1;
	}
}

unsigned intern_put(struct intern *intern, const uint64_t *key, bool *ret_new)
{
	size_t at = slot_of(intern, key);
	bool is_new = intern->slots[at] == 0;

	if (ret_new != NULL) {
		*ret_new = is_new;
	}
	if (!is_new) {
		return intern->slots[at] - 1;
	}
	if (intern->n == intern->cap) {
		intern->cap = intern->cap * 2 + 16;
		intern->keys =
			mem_grow(intern->keys, intern->cap,
				 (intern->words > 0 ? intern->words : 1) * sizeof(*intern->keys));
	}
	memcpy(&intern->keys[intern->n * intern->words], key, intern->words * sizeof(*key));
	intern->slots[at] = ++intern->n;
	if (intern->n > intern->mask / 2) {
		grow(intern);
	}
	return intern->n - 1;
}
