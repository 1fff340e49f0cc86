/* intern.h - equal keys get equal numbers: 0, 1, 2, ... in order of first sight */
#ifndef POLICY_INTERN_H
#define POLICY_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intern {
	size_t words; /* of a key */
	uint64_t *keys;
	unsigned n, cap;
	struct intern_slot {
		uint32_t hash;
		unsigned number; /* + 1; 0 empty */
	} * slots;
	size_t mask;
};

void intern_init(struct intern *intern, size_t words);
void intern_done(struct intern *intern);

/* The key's number; *ret_new (NULL is fine) says whether it was seen for the first time. */
unsigned intern_put(struct intern *intern, const uint64_t *key, bool *ret_new);
bool intern_find(const struct intern *intern, const uint64_t *key, unsigned *ret_number);
const uint64_t *intern_key(const struct intern *intern, unsigned number);

#endif
