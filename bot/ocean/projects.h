/* projects.h - in which project each droplet of an account is: a walk over all projects and what is in them
 *
 * DigitalOcean's droplets do not name their project, and its projects name their droplets. Only index.c calls this. A droplet
 * that the walk met in no project, or in two (it was moved meanwhile), is in none that is known.
 */
#ifndef OCEAN_PROJECTS_H
#define OCEAN_PROJECTS_H

#include "ocean/ocean.h"

#define OCEAN_PROJECTS_MAX 200 /* of an account; more are not walked over */
#define OCEAN_WALK_MS 30000    /* the whole walk */

struct projects; /* what a walk found: immutable, ref-counted */

struct project_name {
	const char *id;   /* UUID */
	const char *name; /* NULL: not known */
};

struct projects *projects_ref(struct projects *projects);
void projects_unref(struct projects *projects); /* NULL is fine */
/* Counts from the moment the walk began: nothing in it is older. */
int64_t projects_age_ms(const struct projects *projects);
/* NULL: not known. Lives as long as `projects`. */
const struct project_name *projects_of(const struct projects *projects, uint64_t droplet_id);

struct projects_walk;

/*
 * done: once, from the loop, never before this returns. err NULL: what was found, referenced for the callee. One project that
 * cannot be read fails the walk, for a droplet could be in it.
 */
struct projects_walk *projects_walk(struct loop *loop, struct ocean *ocean, bool interactive,
				    void (*done)(void *data, struct projects *, const struct err *),
				    void *data);
void projects_walk_cancel(struct projects_walk *walk); /* done does not come; NULL is fine */

#endif
