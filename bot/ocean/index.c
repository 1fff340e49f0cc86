/* index.c - one list of droplets for everybody who asks
 *
 * Happy path: a want that the last snapshot is fresh enough for is answered at the next turn. Else it
 * joins the list that is under way, when that began late enough for it, or waits for the next one. Lists
 * begin at a turn of their own, so that all wants of one turn share one.
 *
 * How old a snapshot is counts from the moment its list began: nothing in it is older.
 *
 * Failure modes: the list fails (its wants get the error, the last snapshot stays for those whom it is
 * still fresh enough for); the index is freed while a list is under way (the list is canceled and ends alone).
 */
#include "ocean/index.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ocean/index_internal.h"

/* A list under way; it outlives the index when that is freed meanwhile. */
struct listing {
	struct ocean_call call;
	struct ocean_index *index; /* NULL: nobody waits any more */
	int64_t began_ms;
	bool spoiled; /* something was changed after it began */
};

struct ocean_index {
	struct loop *loop;
	struct ocean *ocean;
	struct ocean_snapshot *last; /* NULL: none that may be given out */
	struct listing *listing;
	struct list ready;   /* wants that `last` is for */
	struct list denied;  /* wants that may not read */
	struct list current; /* wants that the list under way is for */
	struct list next;    /* wants that need a list that has not begun */
	struct task turn;
	unsigned busy; /* depth of callbacks: freeing waits */
	bool freed;
};

static void on_turn(struct task *task);

struct ocean_index *ocean_index_new(struct loop *loop, struct ocean *ocean)
{
	struct ocean_index *index = mem_alloc(sizeof(*index));

	index->loop = loop;
	index->ocean = ocean;
	list_init(&index->ready);
	list_init(&index->denied);
	list_init(&index->current);
	list_init(&index->next);
	task_init(&index->turn, loop, on_turn, index);
	return index;
}

static void move_all(struct list *to, struct list *from)
{
	while (!list_empty(from)) {
		struct list *elem = from->next;

		list_remove(elem);
		list_append(to, elem);
	}
}

static void leave(struct ocean_index *index)
{
	if (--index->busy == 0 && index->freed) {
		ocean_snapshot_unref(index->last);
		free(index);
	}
}

/* Calls back all wants of a list; they may want again, cancel others of it, or free the index. */
static void give(struct ocean_index *index, struct list *wants, struct ocean_snapshot *snapshot,
		 const struct err *err)
{
	struct list now;

	list_init(&now);
	move_all(&now, wants);
	index->busy++;
	while (!list_empty(&now)) {
		struct ocean_want *want = LIST_ENTRY(now.next, struct ocean_want, link);

		list_remove(&want->link);
		want->done(want, snapshot != NULL ? ocean_snapshot_ref(snapshot) : NULL, err);
	}
	leave(index);
}

static void on_listed(struct ocean_call *call, const struct err *err)
{
	struct listing *listing = call->data;
	struct ocean_index *index = listing->index;
	struct ocean_snapshot *snapshot = NULL;

	if (index == NULL) {
		free(listing);
		return;
	}
	index->listing = NULL;
	if (err == NULL) {
		snapshot = snapshot_began(call->droplets, call->n_droplets, listing->began_ms);
		if (!listing->spoiled) {
			ocean_snapshot_unref(index->last);
			index->last = ocean_snapshot_ref(snapshot);
		}
	}
	free(listing);
	if (!list_empty(&index->next)) {
		task_post(&index->turn);
	}
	give(index, &index->current, snapshot, err); /* may free the index */
	ocean_snapshot_unref(snapshot);
}

static void begin_list(struct ocean_index *index)
{
	struct listing *listing = mem_alloc(sizeof(*listing));

	move_all(&index->current, &index->next);
	LIST_FOREACH(it, &index->current)
	{
		listing->call.interactive |= LIST_ENTRY(it, struct ocean_want, link)->interactive;
	}
	listing->index = index;
	listing->began_ms = clock_mono_ms();
	listing->call.verb = OCEAN_LIST;
	listing->call.max_tier = TIER_READ; /* a list never needs more, whoever asks */
	listing->call.done = on_listed;
	listing->call.data = listing;
	index->listing = listing;
	ocean_start(index->ocean, &listing->call);
}

static void on_turn(struct task *task)
{
	struct ocean_index *index = task->data;
	struct ocean_snapshot *last;
	struct err err = {0};

	index->busy++;
	if (index->listing == NULL && !list_empty(&index->next)) {
		begin_list(index);
	}
	if (!list_empty(&index->ready)) {
		last = ocean_snapshot_ref(index->last);
		give(index, &index->ready, last, NULL);
		ocean_snapshot_unref(last);
	}
	err_set(&err, ERR_DENIED, "cannot list the droplets: nothing may be read from here");
	give(index, &index->denied, NULL, &err);
	leave(index);
}

static bool fresh(int64_t began_ms, const struct ocean_want *want)
{
	return want->max_age_ms > 0 && clock_mono_ms() - began_ms <= want->max_age_ms;
}

void ocean_index_want(struct ocean_index *index, struct ocean_want *want)
{
	const struct listing *listing = index->listing;
	struct list *where = &index->next;

	assert(!index->freed);
	if (want->max_tier < TIER_READ) {
		where = &index->denied;
	} else if (index->last != NULL && want->max_age_ms > 0 &&
		   ocean_snapshot_age_ms(index->last) <= want->max_age_ms) {
		where = &index->ready;
	} else if (listing != NULL && !listing->spoiled && fresh(listing->began_ms, want)) {
		where = &index->current;
	}
	list_init(&want->link);
	list_append(where, &want->link);
	if (where != &index->current) {
		task_post(&index->turn);
	}
}

void ocean_index_cancel(struct ocean_want *want)
{
	list_remove(&want->link);
}

void ocean_index_spoil(struct ocean_index *index)
{
	if (!list_empty(&index->ready)) {
		/* what was promised them is old now: they wait for a list */
		move_all(&index->next, &index->ready);
		task_post(&index->turn);
	}
	ocean_snapshot_unref(index->last);
	index->last = NULL;
	if (index->listing != NULL) {
		index->listing->spoiled = true;
	}
}

void ocean_index_free(struct ocean_index *index)
{
	struct err err = {0};

	if (index == NULL || index->freed) {
		return;
	}
	index->freed = true;
	task_cancel(&index->turn);
	if (index->listing != NULL) {
		index->listing->index = NULL;
		ocean_cancel(index->ocean, &index->listing->call);
		index->listing = NULL;
	}
	err_set(&err, ERR_CANCELED, "canceled");
	move_all(&index->current, &index->ready);
	move_all(&index->current, &index->denied);
	move_all(&index->current, &index->next);
	give(index, &index->current, NULL, &err);
}
