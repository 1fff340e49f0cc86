/* index.h - what is known of an account's droplets: names and tags to ids, never a guess
 *
 * One list serves every command that asks within `fresh_ms`; commands that come while a list is under way wait for
 * it, and those that need it fresher start the next. The snapshot is immutable, ref-counted.
 */
#ifndef OCEAN_INDEX_H
#define OCEAN_INDEX_H

#include "ocean/ocean.h"

struct ocean_index;
struct ocean_snapshot; /* ref-counted */

struct ocean_index *ocean_index_new(struct loop *loop, struct ocean *ocean);
void ocean_index_free(struct ocean_index *index); /* waiters are called back with CANCELED */

#define OCEAN_FRESH_READ_MS 3000 /* how old a list may be for a read */

struct ocean_want {
	int64_t max_age_ms; /* 0: a list that starts after this call (for changes) */
	enum tier max_tier;
	bool interactive;
	/* Exactly once, from the loop, never before ocean_index_want returns. err NULL: the snapshot, referenced for the callee
	 * (ocean_snapshot_unref when done with it). */
	void (*done)(struct ocean_want *, struct ocean_snapshot *, const struct err *);
	void *data;
	struct list link;
};

void ocean_index_want(struct ocean_index *index, struct ocean_want *want);
void ocean_index_cancel(struct ocean_want *want); /* no callback comes any more */

/*
 * Does a list of one page, without projects, begin at once, or as soon as the one under way is there, for others? Then whoever wants to see one droplet
 * as it is now may as well want that list: it comes about as soon as an answer of its own, and costs no request.
 */
bool ocean_index_is_due(const struct ocean_index *index);

/* The next list is a new one (something was changed). */
void ocean_index_spoil(struct ocean_index *index);

/*
 * Does anybody ask in which project a droplet is (policy_names_projects)? Only then it is looked up, at most a minute old for reads
 * and anew for changes. What could not be read is not known (DROPLET_KNOWS_PROJECT).
 */
void ocean_index_projects(struct ocean_index *index, bool names_projects);

struct ocean_snapshot *ocean_snapshot_ref(struct ocean_snapshot *snapshot);
void ocean_snapshot_unref(struct ocean_snapshot *snapshot);
int64_t ocean_snapshot_age_ms(const struct ocean_snapshot *snapshot);

/* In DigitalOcean's order, each id once. */
const struct droplet *ocean_snapshot_all(const struct ocean_snapshot *snapshot, size_t *ret_n);
const struct droplet *ocean_snapshot_by_id(const struct ocean_snapshot *snapshot, uint64_t id);

/* Why no droplet's project is known though it was asked for; NULL: nothing of the kind. */
const char *ocean_snapshot_no_projects(const struct ocean_snapshot *snapshot);

/* For simulators and tests: a snapshot from a copy of these. */
struct ocean_snapshot *ocean_snapshot_new(const struct droplet *droplets, size_t n);

#endif
