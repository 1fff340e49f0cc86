/* inventory.h - droplets from a file: a list of them, DigitalOcean's own answer, or a line of JSON each */
#ifndef CLI_INVENTORY_H
#define CLI_INVENTORY_H

#include "base/arena.h"
#include "base/droplet.h"
#include "base/err.h"
#include "base/json.h"

struct inventory {
	struct droplet *droplets; /* in the arena, each id once */
	size_t n;
	struct arena arena;
	struct json **roots; /* what the strings lie in */
	size_t n_roots;
};

/* At least one. `path`: as input_read's. -1 with a sentence. */
int inventory_load(const char *path, struct inventory *ret_inventory, struct err *err);
void inventory_done(struct inventory *inventory);

#endif
