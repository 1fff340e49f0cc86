/* index_internal.h - what index.c and snapshot.c share; nobody outside this room includes it */
#ifndef OCEAN_INDEX_INTERNAL_H
#define OCEAN_INDEX_INTERNAL_H

#include "ocean/index.h"

/* A copy of the droplets as they were at began_ms (monotonic). */
struct ocean_snapshot *snapshot_began(const struct droplet *droplets, size_t n, int64_t began_ms);

/*
 * The same droplets at another time, without a copy: `base` stays as long as this does. No snapshot_projects on either of them.
 */
struct ocean_snapshot *snapshot_again(struct ocean_snapshot *base, int64_t began_ms);

struct projects;
/* Fills in the projects, before the snapshot is given to anybody. NULL: they could not be read, and why. */
void snapshot_projects(struct ocean_snapshot *snapshot, const struct projects *projects,
		       const struct err *why);

#endif
