/* store.c - transactions gathered on the loop, carried out in order on the worker, many in one commit
 *
 * Happy path: store_commit appends to `waiting`; at the next turn all that wait become one group (those that hold an
 * acknowledgement and a few more, when there are such), which the worker applies (each transaction undone alone when its
 * condition does not hold) and commits once; back on the loop each is called back in order, and what came meanwhile is the next
 * group.
 *
 * Failure modes: a condition does not hold (that one gets CONFLICT); the disk or the database fails (begin, apply or the
 * commit itself: every transaction of the group gets STORE, nothing of it is on disk); the store is closed (a group at the
 * worker is waited for, the others get CANCELED).
 */
#include "store/store.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "metrics/metrics.h"
#include "store/internal.h"

#define TELL_MOST 8 /* callbacks a turn */

/*
 * A disk that syncs in no time would give every handful of transactions a sync of its own: groups begin so far apart, which costs
 * nobody anything while the loop is busy. Few go at once, each may be what one person waits for, and so does whatever holds an
 * acknowledgement.
 */
#define FEW 4
#define APART_US 800

/* Whoever waits for an acknowledgement waits for the whole of its group: so many others go with it, the rest in the next. */
#define OTHERS_MOST 24

enum errand_state {
	ERRAND_QUEUED = 0,
	ERRAND_RUNNING,
	ERRAND_OVER, /* carried out; or taken back by close before the worker had begun */
};

/* What a worker does: a group, a read, a check or a checkpoint. Outlives its store when that is closed before the loop heard of it. */
struct store_errand {
	struct work work;
	struct store *store; /* NULL: closed meanwhile */
	struct list txns;    /* of a group */
	struct list link;    /* of a read, among those that wait; of those beside the groups */
	void (*look)(struct store *store, void *data); /* NULL: a group */
	void *look_data;
	void (*seen)(void *data, const struct err *err);
	void *data;
	struct err result; /* of a check */
	pthread_mutex_t lock;
	pthread_cond_t over;
	enum errand_state state;
};

static void gather(struct task *task);
static void on_notes(struct timer *timer);
static void tell(struct task *task);
static void group_done(struct work *work);

void store_init(struct store *store, const struct store_back *back, struct loop *loop)
{
	pthread_mutexattr_t nested; /* a read's callback may read */

	store->back = back;
	store->loop = loop;
	list_init(&store->waiting);
	list_init(&store->ahead);
	list_init(&store->told);
	list_init(&store->asks);
	list_init(&store->aside);
	(void)pthread_mutexattr_init(&nested);
	(void)pthread_mutexattr_settype(&nested, PTHREAD_MUTEX_RECURSIVE);
	(void)pthread_mutex_init(&store->lock, &nested);
	(void)pthread_mutexattr_destroy(&nested);
	if (loop != NULL) {
		task_init(&store->gather, loop, gather, store);
		task_init(&store->tell, loop, tell, store);
		timer_init(&store->notes, loop, on_notes, store);
	}
}

void store_done(struct store *store)
{
	assert(list_empty(&store->waiting) && store->group == NULL);
	assert(list_empty(&store->ahead) && list_empty(&store->told));
	assert(list_empty(&store->asks) && store->ask == NULL);
	assert(list_empty(&store->aside));
	(void)pthread_mutex_destroy(&store->lock);
	free(store->path);
	store->path = NULL;
	if (store->gone != NULL) {
		*store->gone = true;
	}
}

/* ---- groups -------------------------------------------------------------------------------- */

static struct store_txn *first_txn(struct list *list)
{
	return list_empty(list) ? NULL : LIST_ENTRY(list->next, struct store_txn, link);
}

static void call_back(struct store_txn *txn)
{
	list_remove(&txn->link);
	metrics_add(txn->result.kind == ERR_NONE ? METRIC_STORE_COMMITS : METRIC_STORE_ERRORS,
		    txn->result.kind == ERR_NONE || txn->result.kind == ERR_STORE ? 1 : 0);
	txn->done(txn->data, txn->result.kind == ERR_NONE ? NULL : &txn->result);
	store_txn_drop(txn);
}

static void call_back_all(struct list *txns)
{
	struct store_txn *txn;

	while ((txn = first_txn(txns)) != NULL) {
		call_back(txn);
	}
}

static void fail_all(struct list *txns, const struct err *err)
{
	LIST_FOREACH(it, txns)
	{
		err_copy(&LIST_ENTRY(it, struct store_txn, link)->result, err);
	}
}

/* 0: they are on disk; -1: all are lost, *err says why; 1: one failed, nothing was written, and each must go in alone. */
static int carry_out_once(struct store *store, struct list *txns, bool alone, struct err *err)
{
	bool lost = false;

	if (store->back->begin(store, err) < 0) {
		return -1;
	}
	LIST_FOREACH(it, txns)
	{
		struct store_txn *txn = LIST_ENTRY(it, struct store_txn, link);

		err_clear(&txn->result);
		if (store->back->apply(store, txn, alone, &lost, &txn->result) < 0 &&
		    (lost || !alone)) {
			err_copy(err, &txn->result);
			store->back->undo(store);
			return lost ? -1 : 1;
		}
	}
	if (store->back->finish(store, err) < 0) {
		store->back->undo(store);
		return -1;
	}
	return 0;
}

/* On the worker. A conflict counts only when its group is on disk: it may be one with a neighbour that was undone too. */
static void carry_out(struct store *store, struct list *txns)
{
	struct err err = {0};
	int rc = carry_out_once(store, txns, false, &err);

	if (rc > 0) {
		rc = carry_out_once(store, txns, true, &err);
	}
	if (rc < 0) {
		fail_all(txns, &err);
	}
}

/* The end is told under the lock: who waits there may close the store at once. */
static void errand_run(struct work *work)
{
	struct store_errand *errand = work->data;
	struct store *store;
	bool begin;

	(void)pthread_mutex_lock(&errand->lock);
	store = errand->store;
	begin = errand->state == ERRAND_QUEUED;
	if (begin) {
		errand->state = ERRAND_RUNNING;
	}
	(void)pthread_mutex_unlock(&errand->lock);
	if (!begin) {
		return;
	}
	if (errand->look != NULL) {
		errand->look(store, errand->look_data);
	} else {
		(void)pthread_mutex_lock(&store->lock);
		carry_out(store, &errand->txns);
		(void)pthread_mutex_unlock(&store->lock);
	}
	(void)pthread_mutex_lock(&errand->lock);
	errand->state = ERRAND_OVER;
	(void)pthread_cond_signal(&errand->over);
	(void)pthread_mutex_unlock(&errand->lock);
}

static struct store_errand *errand_new(struct store *store, void (*done)(struct work *))
{
	struct store_errand *errand = mem_alloc(sizeof(*errand));

	errand->store = store;
	list_init(&errand->txns);
	list_init(&errand->link);
	(void)pthread_mutex_init(&errand->lock, NULL);
	(void)pthread_cond_init(&errand->over, NULL);
	errand->work.run = errand_run;
	errand->work.done = done;
	errand->work.data = errand;
	return errand;
}

static void errand_free(struct store_errand *errand)
{
	(void)pthread_mutex_destroy(&errand->lock);
	(void)pthread_cond_destroy(&errand->over);
	free(errand);
}

static void note_failure(struct store *store, const struct list *txns)
{
	const struct store_txn *first = LIST_ENTRY(txns->next, struct store_txn, link);

	if (!list_empty(txns)) {
		err_copy(&store->failing, first->result.kind == ERR_STORE ? &first->result : NULL);
	}
}

/* How many. */
static unsigned move_ahead(struct list *from, struct list *to)
{
	struct list rest;
	unsigned n = 0;

	list_init(&rest);
	while (!list_empty(from)) {
		struct store_txn *txn = first_txn(from);

		list_remove(&txn->link);
		list_append(txn->ahead ? to : &rest, &txn->link);
		n += txn->ahead;
	}
	list_move_all(&rest, from);
	return n;
}

/* Those that go ahead all at once, of the others so many at most. A callback may close the store. */
static void tell_some(struct store *store, unsigned most)
{
	bool gone = false;

	store->gone = &gone;
	while (!gone && !list_empty(&store->ahead)) {
		call_back(first_txn(&store->ahead));
	}
	for (unsigned n = 0; !gone && n < most && !list_empty(&store->told) &&
			     (n == 0 || !loop_turn_over(store->loop));
	     n++) {
		call_back(first_txn(&store->told));
	}
	if (gone) {
		return;
	}
	store->gone = NULL;
	if (!list_empty(&store->told)) {
		task_post(&store->tell);
	}
}

static void tell(struct task *task)
{
	tell_some(task->data, TELL_MOST);
}

/* The next group, out of those that wait. What stays behind is waited for as before. */
static void take_group(struct store *store, struct list *to)
{
	if (store->urgent) {
		store->n_waiting -= move_ahead(&store->waiting, to);
		for (unsigned n = 0; n < OTHERS_MOST && !list_empty(&store->waiting); n++) {
			struct store_txn *txn = first_txn(&store->waiting);

			list_remove(&txn->link);
			list_append(to, &txn->link);
			store->n_waiting--;
		}
	} else {
		list_move_all(&store->waiting, to);
		store->n_waiting = 0;
	}
	store->urgent = false;
	store->hurry = store->n_waiting > 0;
}

static void begin_group(struct store *store)
{
	struct store_errand *group;

	if (store->group != NULL || list_empty(&store->waiting) || !store->hurry) {
		return;
	}
	timer_stop(&store->notes);
	group = errand_new(store, group_done);
	take_group(store, &group->txns);
	store->began_us = clock_work_us();
	store->group = group;
	work_start(store->loop, &group->work);
}

static void gather(struct task *task)
{
	struct store *store = task->data;

	if (store->group == NULL && store->hurry && store->n_waiting >= FEW && !store->urgent &&
	    !loop_is_virtual(store->loop) && clock_work_us() - store->began_us < APART_US) {
		task_post(task); /* the next turn */
	} else {
		begin_group(store);
	}
}

/* ---- beside the groups ---------------------------------------------------------------------- */

static void aside_done(struct work *work)
{
	struct store_errand *errand = work->data;

	if (errand->store != NULL) {
		list_remove(&errand->link);
		errand->seen(errand->data,
			     errand->result.kind == ERR_NONE ? NULL : &errand->result);
	}
	errand_free(errand);
}

static void begin_aside(struct store *store, struct store_errand *errand)
{
	list_append(&store->aside, &errand->link);
	work_start_aside(store->loop, &errand->work);
}

static void checkpoint(struct store *store, void *data)
{
	(void)data;
	store->back->checkpoint(store);
}

static void checkpoint_over(void *data, const struct err *err)
{
	(void)err;
	((struct store *)data)->checkpointing = false;
}

/* It takes long, and no group waits for it. */
static void begin_checkpoint(struct store *store)
{
	struct store_errand *errand;

	if (store->checkpointing || store->back->wants_checkpoint == NULL ||
	    !store->back->wants_checkpoint(store)) {
		return;
	}
	store->checkpointing = true;
	errand = errand_new(store, aside_done);
	errand->look = checkpoint;
	errand->seen = checkpoint_over;
	errand->data = store;
	begin_aside(store, errand);
}

static void check(struct store *store, void *data)
{
	struct store_errand *errand = data;

	(void)store->back->check(store, &errand->result);
}

void store_check(struct store *store, void (*done)(void *data, const struct err *err), void *data)
{
	struct store_errand *errand = errand_new(store, aside_done);

	assert(store->loop != NULL); /* opened for reading only */
	errand->look = check;
	errand->look_data = errand;
	errand->seen = done;
	errand->data = data;
	begin_aside(store, errand);
}

/* ---- the next group -------------------------------------------------------------------------- */

static void on_notes(struct timer *timer)
{
	struct store *store = timer->data;

	store->hurry = true;
	begin_group(store);
}

/* The worker has the next group before anybody hears of this one: it writes while the loop tells. */
static void group_done(struct work *work)
{
	struct store_errand *group = work->data;
	struct store *store = group->store;

	if (store != NULL) {
		note_failure(store, &group->txns);
		store->group = NULL;
		gather(&store->gather);
		begin_checkpoint(store);
		(void)move_ahead(&group->txns, &store->ahead);
		list_move_all(&group->txns, &store->told);
		tell_some(store, 0); /* may close the store */
	}
	errand_free(group);
}

static void wait_in_line(struct store_txn *txn, void (*done)(void *data, const struct err *err),
			 void *data)
{
	struct store *store = txn->store;

	assert(store->loop != NULL); /* opened for reading only */
	txn->done = done;
	txn->data = data;
	if (store->fail_nth > 0 && --store->fail_nth == 0) {
		txn->fault = store->fail_kind;
	}
	list_append(&store->waiting, &txn->link);
	store->n_waiting++;
	store->urgent = store->urgent || txn->ahead;
}

void store_commit(struct store_txn *txn, void (*done)(void *data, const struct err *err),
		  void *data)
{
	struct store *store = txn->store;

	wait_in_line(txn, done, data);
	store->hurry = true;
	if (store->group == NULL && !store->closing) {
		task_post(&store->gather); /* with all else of this turn */
	}
}

void store_note(struct store_txn *txn, void (*done)(void *data, const struct err *err), void *data)
{
	struct store *store = txn->store;

	wait_in_line(txn, done, data);
	if (!store->hurry && !timer_running(&store->notes) && !store->closing) {
		timer_start(&store->notes, STORE_NOTE_MS);
	}
}

/* ---- reads while the bot runs --------------------------------------------------------------- */

static void next_ask(struct store *store);

static void ask_done(struct work *work)
{
	struct store_errand *ask = work->data;
	struct store *store = ask->store;

	if (store != NULL) {
		store->ask = NULL;
		next_ask(store);
		ask->seen(ask->data, NULL);
	}
	errand_free(ask);
}

/* One at the worker at a time: the groups that come meanwhile take turns with those that wait here. */
static void next_ask(struct store *store)
{
	if (store->ask == NULL && !list_empty(&store->asks)) {
		store->ask = LIST_ENTRY(store->asks.next, struct store_errand, link);
		list_remove(&store->ask->link);
		work_start(store->loop, &store->ask->work);
	}
}

void store_ask(struct store *store, void (*work)(struct store *store, void *data),
	       void (*done)(void *data, const struct err *err), void *data)
{
	struct store_errand *ask = errand_new(store, ask_done);

	assert(store->loop != NULL); /* opened for reading only */
	ask->look = work;
	ask->look_data = data;
	ask->seen = done;
	ask->data = data;
	list_append(&store->asks, &ask->link);
	if (!store->closing) {
		next_ask(store);
	}
}

/* ---- the end ------------------------------------------------------------------------------- */

/* Takes it from the worker: waits for it when it runs, stops it when it does not yet. True: it was carried out. */
static bool take_back(struct store_errand *errand)
{
	bool ran;

	(void)pthread_mutex_lock(&errand->lock);
	ran = errand->state != ERRAND_QUEUED;
	while (errand->state == ERRAND_RUNNING) {
		(void)pthread_cond_wait(&errand->over, &errand->lock);
	}
	errand->state = ERRAND_OVER;
	errand->store = NULL; /* its done frees it and touches nothing else */
	(void)pthread_mutex_unlock(&errand->lock);
	return ran;
}

static void drop_all(struct list *txns)
{
	struct store_txn *txn;

	while ((txn = first_txn(txns)) != NULL) {
		list_remove(&txn->link);
		store_txn_drop(txn);
	}
}

static void end_ask(struct store_errand *ask, const struct err *err, bool silent)
{
	if (!silent) {
		ask->seen(ask->data, err);
	}
}

/* They are freed by aside_done, which the loop still runs. */
static void drain_aside(struct store *store, const struct err *canceled, bool silent)
{
	while (!list_empty(&store->aside)) {
		struct store_errand *errand =
			LIST_ENTRY(store->aside.next, struct store_errand, link);
		bool ran = take_back(errand);

		list_remove(&errand->link);
		end_ask(errand,
			!ran                              ? canceled
			: errand->result.kind != ERR_NONE ? &errand->result
							  : NULL,
			silent);
	}
}

static void drain_asks(struct store *store, const struct err *canceled, bool silent)
{
	if (store->ask != NULL) {
		struct store_errand *ask = store->ask;
		bool ran = take_back(ask);

		store->ask = NULL; /* freed by ask_done, which the loop still runs */
		end_ask(ask, ran ? NULL : canceled, silent);
	}
	while (!list_empty(&store->asks)) {
		struct store_errand *ask = LIST_ENTRY(store->asks.next, struct store_errand, link);

		list_remove(&ask->link);
		end_ask(ask, canceled, silent);
		errand_free(ask);
	}
}

void store_drain(struct store *store, bool silent)
{
	struct list over;
	struct err canceled = {0};

	err_set(&canceled, ERR_CANCELED, "the store is closed: nothing was written");
	store->closing = true;
	list_init(&over);
	if (store->loop != NULL) {
		task_cancel(&store->gather);
		task_cancel(&store->tell);
		timer_stop(&store->notes);
	}
	list_move_all(&store->ahead, &over);
	list_move_all(&store->told, &over);
	if (store->group != NULL) {
		if (!take_back(store->group)) {
			fail_all(&store->group->txns, &canceled);
		}
		list_move_all(&store->group->txns, &over);
		store->group = NULL;
	}
	/* a callback may commit or ask once more: that one is canceled too */
	do {
		drain_asks(store, &canceled, silent);
		drain_aside(store, &canceled, silent);
		fail_all(&store->waiting, &canceled);
		list_move_all(&store->waiting, &over);
		if (silent) {
			drop_all(&over);
		} else {
			call_back_all(&over);
		}
	} while (!list_empty(&store->waiting) || !list_empty(&store->asks) ||
		 !list_empty(&store->aside));
}

void store_close(struct store *store)
{
	if (store != NULL) {
		store_drain(store, false);
		store->back->close(store);
	}
}

bool store_idle(const struct store *store)
{
	return store->group == NULL && store->ask == NULL && list_empty(&store->waiting) &&
	       list_empty(&store->ahead) && list_empty(&store->told) && list_empty(&store->asks);
}

bool store_failing(const struct store *store, struct err *ret_why)
{
	if (store->failing.kind == ERR_NONE) {
		return false;
	}
	err_copy(ret_why, &store->failing);
	return true;
}
