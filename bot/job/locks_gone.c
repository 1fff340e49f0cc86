/* locks_gone.c - a lock whose droplet is gone: nobody could name it any more, so it is let go by itself
 *
 * Happy path: a fresh list has no such droplet, or a job has just destroyed it; DigitalOcean is asked for that one droplet and says
 * that there is none; the lock goes with an audit row. One is looked at at a time, so a list costs one request at the most.
 *
 * Failure modes: DigitalOcean does not answer, or the disk does not take it: the lock stays, and the next list asks again. An
 * account that is not set up any more cannot be asked: its locks stay.
 */
#include <stdlib.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/mem.h"
#include "job/locks.h"

struct lock_look {
	struct job_engine *engine; /* NULL: freed meanwhile */
	struct ocean *ocean;       /* NULL: the call is over */
	struct ocean_call call;
	struct store_lock row; /* account and droplet_id alone; owns the text */
};

static void look_end(struct lock_look *look)
{
	if (look->engine != NULL) {
		look->engine->lock_look = NULL;
	}
	free((char *)look->row.account);
	free(look);
}

static void written(void *data, const struct err *err)
{
	struct lock_look *look = data;

	if (look->engine != NULL && err == NULL) {
		lock_forget(look->engine, look->row.account, look->row.droplet_id);
	}
	look_end(look);
}

static void let_go(struct lock_look *look, const struct store_lock *lock)
{
	struct job_engine *engine = look->engine;
	struct store_txn *txn = store_txn_new(engine->options.store);
	struct arena arena = {0};
	struct audit_row row = {
		.at_ms = clock_wall_ms(),
		.kind = "lock",
		.verb = verb_info(VERB_LOCK_SET)->name,
		.droplets = &lock->droplet_id,
		.n_droplets = 1,
		.policy_id = gate_policy_id(engine->options.gate),
		.state = "released",
		.outcome = arena_printf(&arena, "%s is gone; it was %s's", lock->droplet_name,
					lock->person),
	};

	audit_add(txn, &row);
	arena_done(&arena);
	store_txn_unlock(txn, lock->account, lock->droplet_id);
	store_commit(txn, written, look);
}

static void looked(struct ocean_call *call, const struct err *err)
{
	struct lock_look *look = call->data;
	const struct store_lock *lock =
		look->engine != NULL
			? lock_find(look->engine, look->row.account, look->row.droplet_id)
			: NULL;

	look->ocean = NULL;
	if (lock != NULL && err != NULL && err->kind == ERR_NOTFOUND) {
		let_go(look, lock);
	} else {
		look_end(look);
	}
}

void lock_look_at(struct job_engine *engine, const char *account, uint64_t droplet_id)
{
	struct ocean *ocean = engine->options.ocean(account, engine->options.data);
	struct lock_look *look;

	if (ocean == NULL || engine->lock_look != NULL ||
	    lock_find(engine, account, droplet_id) == NULL) {
		return;
	}
	look = mem_alloc(sizeof(*look));
	look->engine = engine;
	look->ocean = ocean;
	look->row.account = mem_strdup(account);
	look->row.droplet_id = droplet_id;
	look->call = (struct ocean_call){.verb = OCEAN_GET,
					 .max_tier = TIER_READ,
					 .droplet_id = droplet_id,
					 .done = looked,
					 .data = look};
	engine->lock_look = look;
	ocean_start(ocean, &look->call);
}

void locks_gone_drop(struct job_engine *engine)
{
	struct lock_look *look = engine->lock_look;

	engine->lock_look = NULL;
	if (look != NULL) {
		look->engine = NULL;
		if (look->ocean != NULL) {
			ocean_cancel(look->ocean, &look->call);
		}
	}
}
