/* beside.h - what was found about a droplet before it goes: shown before, bound by the digest, told afterwards (pure)
 *
 * The text is the job's row (store_job.beside), written by beside_write and read by beside_read, nowhere else. A line each:
 *   is REGION CENTS TAGS          of the droplet, as its channel may see it; "-" where not known; tags joined by ","
 *   has KIND ID CENTS NAME        what belongs to it and is billed on its own
 *   more N                        of these, that found no room
 */
#ifndef JOB_BESIDE_H
#define JOB_BESIDE_H

#include "base/arena.h"
#include "base/droplet.h"
#include "chat/build.h"
#include "ocean/things.h"

#define BESIDE_TEXT 6000 /* bytes, at most */

struct beside {
	const char *region, *tags; /* "": not known, none */
	unsigned monthly_cents;    /* 0: not known */
	const struct ocean_associated *list;
	size_t n;
	unsigned n_more;
};

/* droplet: as the channel may see it. In the arena. */
const char *beside_write(const struct droplet *droplet, const struct ocean_associated *list,
			 size_t n, struct arena *arena);

/* False: there is none, or it is not ours. In the arena. */
bool beside_read(const char *text, struct arena *arena, struct beside *ret_beside);

/* "id 30481, ams3, saves $24 a month", and what stays and is billed on, or goes too. */
void beside_ask(struct build *build, const struct beside *beside, uint64_t droplet_id, bool goes,
		struct arena *arena);

/* Lines for the outcome: what stays, and how it is listed or removed, or what went too; "": nothing. */
const char *beside_left(const struct beside *beside, bool goes, struct arena *arena);

/* "volume old-data" */
const char *beside_thing(enum ocean_kind kind, const char *id, const char *name,
			 struct arena *arena);

#endif
