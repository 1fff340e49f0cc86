/* builder.c - droplets of several pages in one array, each id once */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ocean/decode.h"

int ocean_builder_append(struct ocean_builder *builder, const struct droplet *droplet)
{
	if (!ids_put(&builder->ids, droplet->id, builder->n)) {
		builder->n_twice++;
		return 1; /* the list moved between two pages */
	}
	if (builder->n == OCEAN_DROPLETS_MAX) {
		return -1;
	}
	if (builder->n == builder->cap) {
		builder->cap = builder->cap > 0 ? 2 * builder->cap : 32;
		builder->droplets =
			mem_grow(builder->droplets, builder->cap, sizeof(*builder->droplets));
	}
	builder->droplets[builder->n++] = *droplet;
	return 0;
}

void ocean_builder_done(struct ocean_builder *builder)
{
	arena_done(&builder->arena);
	free(builder->droplets);
	ids_done(&builder->ids);
	memset(builder, 0, sizeof(*builder));
}

void ocean_builder_truncate(struct ocean_builder *builder, size_t n)
{
	if (n >= builder->n) {
		return;
	}
	builder->n = n;
	ids_done(&builder->ids);
	for (size_t i = 0; i < n; i++) {
		(void)ids_put(&builder->ids, builder->droplets[i].id, i);
	}
}

int ocean_builder_merge(struct ocean_builder *builder, const struct ocean_builder *more,
			struct err *err)
{
	for (size_t i = 0; i < more->n; i++) {
		if (ocean_builder_append(builder, &more->droplets[i]) < 0) {
			return err_set(err, ERR_LIMIT, "there are more than %d droplets",
				       OCEAN_DROPLETS_MAX);
		}
	}
	return 0;
}
