/* locks.h - the locked droplets, for the other files of this room */
#ifndef JOB_LOCKS_H
#define JOB_LOCKS_H

#include "job/internal.h"

int locks_load(struct job_engine *engine, struct err *err); /* at start */
void locks_done(struct job_engine *engine);

/* NULL: nobody has it. Borrowed until the next lock or unlock. */
const struct store_lock *lock_find(const struct job_engine *engine, const char *account,
				   uint64_t droplet_id);

/* It is not on disk any more. */
void lock_forget(struct job_engine *engine, const char *account, uint64_t droplet_id);

/* Those of the account whose droplets a complete list does not have are looked at, one a call: locks_gone.c. */
void locks_check(struct job_engine *engine, const char *account,
		 const struct ocean_snapshot *snapshot);
/* Is it locked and gone? Then it is let go, a while later. */
void lock_look_at(struct job_engine *engine, const char *account, uint64_t droplet_id);
void locks_gone_drop(struct job_engine *engine); /* the engine goes away */

/* Does it keep this person from a change? NULL lock: no. */
bool lock_bars(const struct store_lock *lock, const char *person);

/* "12 min ago" */
const char *lock_ago(const struct store_lock *lock, struct arena *arena);

/* The outcome of a request that it keeps from running. */
const char *lock_denial(const struct request *request, const struct store_lock *lock,
			struct arena *arena);

/* Why somebody else's change did not run. anonymous: the channel shows chosen facts only. */
void lock_words(struct build *build, const struct store_lock *lock, bool anonymous);

#endif
