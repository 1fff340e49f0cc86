/* locks.c - a droplet that one person keeps from being changed by others, for a reason
 *
 * Happy path: the lock is taken in memory at once (a second one in the same turn finds it taken), written with its audit row,
 * and told after the commit. An unlock counts only once it is on disk.
 *
 * Failure modes: it is somebody else's (who and why is said, and how to take it over); it could not be written (what was is
 * again, and the person is told); the delivery was seen before (silence).
 */
#include "job/locks.h"

#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/mem.h"
#include "chat/build.h"
#include "job/internal.h"

struct held {
	struct list link;
	struct store_lock row; /* owns its strings */
};

/* One ask on its way to the disk. */
struct turn {
	struct list link;
	struct job_engine *engine; /* NULL: freed meanwhile */
	struct arena arena;
	struct job_lock_ask ask; /* copied into the arena */
	struct store_lock
		*before; /* what to put back if it is not written; account NULL: nobody had it */
	bool refused;
	const struct message *message; /* when it is on disk */
	void (*answer)(void *data, const struct message *message);
	void *data;
};

static struct held *find(const struct job_engine *engine, const char *account, uint64_t droplet_id)
{
	LIST_FOREACH(it, &engine->locks)
	{
		struct held *held = LIST_ENTRY(it, struct held, link);

		if (held->row.droplet_id == droplet_id && strcmp(held->row.account, account) == 0) {
			return held;
		}
	}
	return NULL;
}

static void forget(struct held *held)
{
	list_remove(&held->link);
	free((char *)held->row.account);
	free((char *)held->row.droplet_name);
	free((char *)held->row.person);
	free((char *)held->row.reason);
	free(held);
}

static void remember(struct job_engine *engine, const struct store_lock *row)
{
	struct held *held = find(engine, row->account, row->droplet_id);
	struct held *fresh = mem_alloc(sizeof(*fresh));

	fresh->row = *row;
	fresh->row.account = mem_strdup(row->account);
	fresh->row.droplet_name = mem_strdup(row->droplet_name);
	fresh->row.person = mem_strdup(row->person);
	fresh->row.reason = mem_strdup(row->reason);
	list_append(&engine->locks, &fresh->link);
	if (held != NULL) {
		forget(held);
	}
}

const struct store_lock *lock_find(const struct job_engine *engine, const char *account,
				   uint64_t droplet_id)
{
	const struct held *held = find(engine, account, droplet_id);

	return held != NULL ? &held->row : NULL;
}

const struct store_lock *job_lock_of(const struct job_engine *engine, const struct droplet *droplet)
{
	return lock_find(engine, droplet->account, droplet->id);
}

void lock_forget(struct job_engine *engine, const char *account, uint64_t droplet_id)
{
	struct held *held = find(engine, account, droplet_id);

	if (held != NULL) {
		forget(held);
	}
}

void locks_check(struct job_engine *engine, const char *account,
		 const struct ocean_snapshot *snapshot)
{
	LIST_FOREACH(it, &engine->locks)
	{
		const struct store_lock *row = &LIST_ENTRY(it, struct held, link)->row;

		if (strcmp(row->account, account) == 0 &&
		    ocean_snapshot_by_id(snapshot, row->droplet_id) == NULL) {
			lock_look_at(engine, account, row->droplet_id);
			return;
		}
	}
}

bool lock_bars(const struct store_lock *lock, const char *person)
{
	return lock != NULL && (person == NULL || strcmp(lock->person, person) != 0);
}

static int take(const struct store_lock *row, void *data)
{
	remember(data, row);
	return 0;
}

int locks_load(struct job_engine *engine, struct err *err)
{
	return store_each_lock(engine->options.store, take, engine, err);
}

void locks_done(struct job_engine *engine)
{
	LIST_FOREACH_SAFE(it, next, &engine->lock_turns)
	{
		struct turn *turn = LIST_ENTRY(it, struct turn, link);

		list_remove(it);
		turn->engine = NULL; /* whoever waits is going down too */
	}
	while (!list_empty(&engine->locks)) {
		forget(LIST_ENTRY(engine->locks.next, struct held, link));
	}
}

/* ---- words --------------------------------------------------------------------------------- */

const char *lock_ago(const struct store_lock *lock, struct arena *arena)
{
	char ago[CLOCK_AGO_SIZE];

	return arena_strdup(arena, clock_ago(clock_wall_ms() - lock->at_ms, ago, sizeof(ago)));
}

const char *job_lock_words(const struct job_engine *engine, const struct droplet *droplet,
			   const struct gate_who *who, struct arena *arena)
{
	const struct store_lock *lock = job_lock_of(engine, droplet);

	if (lock == NULL) {
		return NULL;
	}
	if (!gate_shows(engine->options.gate, who, "who")) {
		return "locked";
	}
	return arena_printf(arena, "locked by %s, %s: %s", lock->person, lock_ago(lock, arena),
			    lock->reason);
}

bool job_has_locks(const struct job_engine *engine)
{
	return !list_empty(&engine->locks);
}

const char *lock_denial(const struct request *request, const struct store_lock *lock,
			struct arena *arena)
{
	struct gate_who who = request_who(request);

	return arena_printf(arena, "Nothing ran: %s is locked by %s.", lock->droplet_name,
			    gate_shows(request->engine->options.gate, &who, "who") ? lock->person
										   : "somebody");
}

void lock_words(struct build *build, const struct store_lock *lock, bool anonymous)
{
	build_line(build, "*Nothing ran:* %s is locked", lock->droplet_name);
	if (!anonymous) {
		build_line(build, "by %s, %s: %s", lock->person, lock_ago(lock, build->arena),
			   lock->reason);
		build_line(build, "Take it over: `lock steal %s because ...`", lock->droplet_name);
	}
}

static const struct message *refusal(struct turn *turn, const struct store_lock *lock)
{
	struct build build;

	build_init(&build, &turn->arena, TONE_BAD);
	if (turn->ask.act == JOB_UNLOCK && lock == NULL) {
		build_line(&build, "Nothing changed: it is not locked.");
	} else {
		build_line(&build, "*Nothing changed.* %s is locked", lock->droplet_name);
		build_line(&build, "by %s, %s: %s", lock->person, lock_ago(lock, &turn->arena),
			   lock->reason);
		build_line(&build, "Take it over: `lock steal %s because ...`", lock->droplet_name);
	}
	return build_end(&build);
}

static const struct message *no_reason(struct turn *turn)
{
	struct build build;

	build_init(&build, &turn->arena, TONE_WARN);
	build_line(&build, "Why? Nothing is locked yet. Say");
	build_line(&build, "`lock %s%s because ...`",
		   turn->ask.act == JOB_LOCK_STEAL ? "steal " : "", turn->ask.droplets[0]->name);
	return build_end(&build);
}

static const struct message *good(struct turn *turn)
{
	const struct job_lock_ask *ask = &turn->ask;
	struct build build;

	build_init(&build, &turn->arena, TONE_GOOD);
	for (size_t i = 0; i < ask->n_droplets; i++) {
		const char *name = ask->droplets[i]->name;
		const char *before = turn->before[i].person;

		if (ask->act == JOB_UNLOCK) {
			build_line(&build, "*%s* is unlocked.", name);
		} else if (before != NULL && strcmp(before, ask->person) != 0) {
			build_line(&build, "*%s* is yours now; it was %s's.", name, before);
		} else {
			build_line(&build, "*%s* is locked: only you may", name);
			build_line(&build, "change it until `unlock %s`.", name);
		}
	}
	return build_end(&build);
}

static const struct message *not_written(struct turn *turn, const struct err *err)
{
	struct build build;

	build_init(&build, &turn->arena, TONE_BAD);
	build_line(&build, "*Nothing changed:* it was not written.");
	build_line(&build, "%s", err->msg);
	return build_end(&build);
}

/* ---- one ask ------------------------------------------------------------------------------- */

static void audit(struct turn *turn, const struct store_lock *before, const struct droplet *droplet)
{
	static const char *const states[] = {"locked", "unlocked", "stolen"};
	const struct job_lock_ask *ask = &turn->ask;
	struct audit_row row = {
		.at_ms = clock_wall_ms(),
		.kind = "lock",
		.person = ask->person,
		.network = ask->who.network,
		.user_workspace = ask->who.user_workspace,
		.user = ask->who.user,
		.workspace = ask->who.workspace,
		.channel = ask->who.direct ? "direct" : ask->who.channel,
		.channel_name = gate_channel(turn->engine->options.gate, &ask->who),
		.verb = verb_info(ask->act == JOB_LOCK_STEAL ? VERB_LOCK_STEAL : VERB_LOCK_SET)
				->name,
		.droplets = &droplet->id,
		.n_droplets = 1,
		.policy_id = gate_policy_id(turn->engine->options.gate),
		.state = turn->refused ? "refused" : states[ask->act],
		.outcome = before != NULL && strcmp(before->person, ask->person) != 0
				   ? arena_printf(&turn->arena, "it was %s's", before->person)
				   : NULL,
	};

	audit_add(ask->txn, &row);
}

/* What stood before: for words, and to be put back. */
static void keep_before(struct turn *turn, size_t i, const struct store_lock *lock)
{
	struct store_lock *to = &turn->before[i];

	if (lock != NULL) {
		*to = *lock;
		to->account = arena_strdup(&turn->arena, lock->account);
		to->droplet_name = arena_strdup(&turn->arena, lock->droplet_name);
		to->person = arena_strdup(&turn->arena, lock->person);
		to->reason = arena_strdup(&turn->arena, lock->reason);
	}
}

static void put_back(struct turn *turn)
{
	for (size_t i = 0; i < turn->ask.n_droplets; i++) {
		const struct droplet *droplet = turn->ask.droplets[i];
		struct held *held = find(turn->engine, droplet->account, droplet->id);

		if (turn->before[i].account != NULL) {
			remember(turn->engine, &turn->before[i]);
		} else if (held != NULL) {
			forget(held);
		}
	}
}

static void written(void *data, const struct err *err)
{
	struct turn *turn = data;
	const struct job_lock_ask *ask = &turn->ask;

	if (turn->engine == NULL) {
		arena_done(&turn->arena);
		free(turn);
		return;
	}
	list_remove(&turn->link);
	if (err != NULL && !turn->refused && ask->act != JOB_UNLOCK) {
		put_back(turn);
	}
	for (size_t i = 0;
	     err == NULL && !turn->refused && ask->act == JOB_UNLOCK && i < ask->n_droplets; i++) {
		lock_forget(turn->engine, ask->droplets[i]->account, ask->droplets[i]->id);
	}
	turn->answer(turn->data, err == NULL ? turn->message
				 : err->kind == ERR_CONFLICT || err->kind == ERR_CANCELED
					 ? NULL
					 : not_written(turn, err));
	arena_done(&turn->arena);
	free(turn);
}

static bool may(const struct turn *turn, const struct store_lock *lock)
{
	switch (turn->ask.act) {
	case JOB_LOCK:
		return lock == NULL || strcmp(lock->person, turn->ask.person) == 0;
	case JOB_UNLOCK:
		return lock != NULL && strcmp(lock->person, turn->ask.person) == 0;
	case JOB_LOCK_STEAL:
		return true;
	}
	return false;
}

static void change(struct turn *turn, size_t i)
{
	const struct job_lock_ask *ask = &turn->ask;
	const struct droplet *droplet = ask->droplets[i];
	struct store_lock row = {
		.account = droplet->account,
		.droplet_id = droplet->id,
		.droplet_name = droplet->name,
		.person = ask->person,
		.reason = ask->reason,
		.at_ms = clock_wall_ms(),
	};

	if (ask->act == JOB_UNLOCK) {
		store_txn_unlock(ask->txn, droplet->account, droplet->id);
	} else {
		store_txn_lock(ask->txn, &row);
		remember(turn->engine, &row);
	}
}

/* The ask is borrowed; what is needed after the commit is copied. */
static struct turn *turn_new(struct job_engine *engine, const struct job_lock_ask *ask)
{
	struct turn *turn = mem_alloc(sizeof(*turn));
	struct droplet *copies;
	const struct droplet **droplets;

	arena_init(&turn->arena);
	turn->engine = engine;
	turn->ask = *ask;
	copies = arena_array(&turn->arena, ask->n_droplets + 1, sizeof(*copies));
	droplets = arena_array(&turn->arena, ask->n_droplets + 1, sizeof(*droplets));
	turn->before = arena_array(&turn->arena, ask->n_droplets + 1, sizeof(*turn->before));
	for (size_t i = 0; i < ask->n_droplets; i++) {
		copies[i].id = ask->droplets[i]->id;
		copies[i].account = arena_strdup(&turn->arena, ask->droplets[i]->account);
		copies[i].name = arena_strdup(&turn->arena, ask->droplets[i]->name);
		droplets[i] = &copies[i];
	}
	turn->ask.droplets = droplets;
	turn->ask.person = arena_strdup(&turn->arena, ask->person != NULL ? ask->person : "");
	turn->ask.reason = arena_strdup(&turn->arena, ask->reason != NULL ? ask->reason : "");
	list_append(&engine->lock_turns, &turn->link);
	return turn;
}

void job_lock(struct job_engine *engine, const struct job_lock_ask *ask,
	      void (*answer)(void *data, const struct message *message), void *data)
{
	struct turn *turn = turn_new(engine, ask);

	turn->answer = answer;
	turn->data = data;
	store_txn_seen(ask->txn, ask->event_key, clock_wall_ms());
	if (ask->act != JOB_UNLOCK && turn->ask.reason[0] == '\0') {
		turn->refused = true;
		turn->message = no_reason(turn);
	}
	for (size_t i = 0; i < ask->n_droplets && !turn->refused; i++) {
		const struct store_lock *lock = job_lock_of(engine, ask->droplets[i]);

		keep_before(turn, i, lock);
		if (!may(turn, lock)) {
			turn->refused = true;
			turn->message = refusal(turn, lock);
			audit(turn, lock, ask->droplets[i]);
		}
	}
	for (size_t i = 0; i < ask->n_droplets && !turn->refused; i++) {
		audit(turn, turn->before[i].account != NULL ? &turn->before[i] : NULL,
		      ask->droplets[i]);
		change(turn, i);
	}
	turn->message = turn->refused ? turn->message : good(turn);
	store_commit(ask->txn, written, turn);
}
