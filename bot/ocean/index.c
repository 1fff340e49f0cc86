/* index.c - one list of droplets for everybody who asks
 *
 * Happy path: a want that the last snapshot is fresh enough for is answered at the next turn. Else it
 * joins the list that is under way, when that began late enough for it, or waits for the next one. Lists
 * begin at a turn of their own, so that all wants of one turn share one; those who share one hear of it a few a turn.
 *
 * How old a snapshot is counts from the moment its list began: nothing in it is older. Where the policy speaks of projects, a
 * walk over them goes beside the list (ocean/projects.h): a new one for changes; for reads one that is young enough will do.
 *
 * Failure modes: the walk fails (no droplet's project is known, which is the policy's worst case, and the snapshot says why);
 * the list fails (its wants get the error, the last snapshot stays for those whom it is
 * still fresh enough for); the index is freed while a list is under way (the list is canceled and ends alone).
 */
#include "ocean/index.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ocean/index_internal.h"
#include "ocean/projects.h"

/* What is known of projects is at most a minute old when a read has it from a snapshot that is itself as old as it may be. */
#define PROJECTS_FRESH_MS (60000 - OCEAN_FRESH_READ_MS)

/*
 * Changes look at the list anew before each is sent. Two hundred of them must not spend the hour's requests on it: after a burst
 * their lists come so far apart that they cost a request a second; those that wait share the next. People never wait for that, and
 * nobody does where a raised limit leaves PLENTY.
 */
#define BURST 4
#define REQUEST_EVERY_MS 1000
#define PAGE 200
#define LEAST 2 /* requests of a list: droplets, and GPU droplets */
#define PLENTY 1000
#define TOLD_A_TURN 4

/* A list under way; it outlives the index when that is freed meanwhile. */
struct listing {
	struct ocean_call call;
	struct ocean_index *index; /* NULL: nobody waits any more */
	int64_t began_ms;
	bool spoiled;                    /* something was changed after it began */
	bool under_way;                  /* the list itself */
	bool names_projects;             /* they are filled in */
	struct ocean_snapshot *snapshot; /* it has come */
	struct projects_walk *walk;      /* under way; NULL: none */
	struct projects *projects;       /* NULL: not known (yet) */
	struct err why;                  /* the walk failed */
};

/* Wants that are answered, and with what: a few a turn, each of them may be a whole command or the next step of a job. */
struct batch {
	struct list link;
	struct list wants;
	struct ocean_snapshot *snapshot; /* NULL: err */
	struct err err;
};

struct ocean_index {
	struct loop *loop;
	struct ocean *ocean;
	struct ocean_snapshot *last; /* NULL: none that may be given out */
	struct ocean_snapshot *read; /* the last that was read, without projects; NULL: none */
	uint64_t read_turn;          /* its list_turn */
	struct listing *listing;
	bool names_projects;       /* what is asked of projects is answered */
	struct projects *projects; /* of the last walk; NULL: none that may be used */
	struct list ready;         /* wants that `last` is for */
	struct list denied;        /* wants that may not read */
	struct list current;       /* wants that the list under way is for */
	struct list next;          /* wants that need a list that has not begun */
	struct task turn;
	struct list batches;
	struct task tell;
	int64_t began_ms[BURST]; /* ring: lists for which nobody waited at a screen */
	size_t n_began, next_began;
	unsigned requests; /* that the last one cost: these may be so far apart; 0: none came yet */
	struct timer later; /* for those of `next` when that is too near */
	unsigned busy;      /* depth of callbacks: freeing waits */
	bool freed;
};

static void on_turn(struct task *task);
static void on_later(struct timer *timer);
static void on_tell(struct task *task);

struct ocean_index *ocean_index_new(struct loop *loop, struct ocean *ocean)
{
	struct ocean_index *index = mem_alloc(sizeof(*index));

	index->loop = loop;
	index->ocean = ocean;
	list_init(&index->ready);
	list_init(&index->denied);
	list_init(&index->current);
	list_init(&index->next);
	list_init(&index->batches);
	task_init(&index->turn, loop, on_turn, index);
	task_init(&index->tell, loop, on_tell, index);
	timer_init(&index->later, loop, on_later, index);
	return index;
}

static void leave(struct ocean_index *index)
{
	if (--index->busy == 0 && index->freed) {
		ocean_snapshot_unref(index->last);
		ocean_snapshot_unref(index->read);
		projects_unref(index->projects);
		free(index);
	}
}

static void listing_free(struct listing *listing)
{
	ocean_snapshot_unref(listing->snapshot);
	projects_unref(listing->projects);
	free(listing);
}

/* All of these wants have this answer; they are called back at turns of their own. */
static void give(struct ocean_index *index, struct list *wants, struct ocean_snapshot *snapshot,
		 const struct err *err)
{
	struct batch *batch;

	if (list_empty(wants)) {
		return;
	}
	batch = mem_alloc(sizeof(*batch));
	list_init(&batch->wants);
	list_move_all(wants, &batch->wants);
	batch->snapshot = snapshot != NULL ? ocean_snapshot_ref(snapshot) : NULL;
	if (err != NULL) {
		batch->err = *err;
	}
	list_append(&index->batches, &batch->link);
	task_post(&index->tell);
}

/* The next want, or the end of a batch that has none. They may want again, cancel others, or free the index. */
static void tell_next(struct ocean_index *index)
{
	struct batch *batch = LIST_ENTRY(index->batches.next, struct batch, link);
	struct ocean_want *want;
	struct err err = batch->err;

	if (list_empty(&batch->wants)) {
		list_remove(&batch->link);
		ocean_snapshot_unref(batch->snapshot);
		free(batch);
		return;
	}
	want = LIST_ENTRY(batch->wants.next, struct ocean_want, link);
	list_remove(&want->link);
	if (batch->snapshot != NULL) {
		want->done(want, ocean_snapshot_ref(batch->snapshot), NULL);
	} else {
		want->done(want, NULL, &err);
	}
}

static void on_tell(struct task *task)
{
	struct ocean_index *index = task->data;

	index->busy++;
	for (unsigned n = 0; n < TOLD_A_TURN && !list_empty(&index->batches) &&
			     (n == 0 || !loop_turn_over(index->loop));
	     n++) {
		tell_next(index);
	}
	if (!index->freed && !list_empty(&index->batches)) {
		task_post(&index->tell);
	}
	leave(index);
}

/* The list is there, or failed, and no walk is under way: everybody who waits for it is answered. */
static void end_list(struct listing *listing, const struct err *err)
{
	struct ocean_index *index = listing->index;
	struct ocean_snapshot *snapshot = listing->snapshot;

	index->listing = NULL;
	listing->snapshot = NULL;
	if (snapshot != NULL && listing->names_projects) {
		snapshot_projects(snapshot, listing->projects, &listing->why);
	}
	if (snapshot != NULL && !listing->spoiled) {
		ocean_snapshot_unref(index->last);
		index->last = ocean_snapshot_ref(snapshot);
		projects_unref(index->projects);
		index->projects =
			listing->projects != NULL ? projects_ref(listing->projects) : NULL;
	}
	listing_free(listing);
	if (!list_empty(&index->next)) {
		task_post(&index->turn);
	}
	give(index, &index->current, snapshot, err);
	ocean_snapshot_unref(snapshot);
}

/* What was the same the last time is not copied again. */
static struct ocean_snapshot *take_snapshot(const struct listing *listing,
					    const struct ocean_call *call)
{
	struct ocean_index *index = listing->index;
	struct ocean_snapshot *snapshot;

	if (!listing->names_projects && index->read != NULL && call->list_turn != 0 &&
	    call->list_turn == index->read_turn) {
		return snapshot_again(index->read, listing->began_ms);
	}
	snapshot = snapshot_began(call->droplets, call->n_droplets, listing->began_ms);
	if (listing->names_projects) { /* it will be written to */
		return snapshot;
	}
	ocean_snapshot_unref(index->read);
	index->read = ocean_snapshot_ref(snapshot);
	index->read_turn = call->list_turn;
	return snapshot;
}

static void on_listed(struct ocean_call *call, const struct err *err)
{
	struct listing *listing = call->data;

	if (listing->index == NULL) {
		listing_free(listing);
		return;
	}
	listing->under_way = false;
	if (err != NULL) {
		projects_walk_cancel(listing->walk);
		end_list(listing, err);
		return;
	}
	listing->snapshot = take_snapshot(listing, call);
	listing->index->requests = LEAST + (unsigned)(call->n_droplets / PAGE);
	if (listing->walk == NULL) {
		end_list(listing, NULL);
	}
}

static void on_walked(void *data, struct projects *projects, const struct err *err)
{
	struct listing *listing = data;

	listing->walk = NULL;
	listing->projects = projects;
	if (err != NULL) {
		listing->why = *err;
	}
	if (!listing->under_way) {
		end_list(listing, NULL);
	}
}

/* Projects for this list: those of the last walk where everybody who waits may have them so old, else of a new one. */
static void begin_walk(struct ocean_index *index, struct listing *listing)
{
	bool reads = true;

	LIST_FOREACH(it, &index->current)
	{
		reads = reads && LIST_ENTRY(it, struct ocean_want, link)->max_age_ms > 0;
	}
	if (reads && index->projects != NULL &&
	    projects_age_ms(index->projects) <= PROJECTS_FRESH_MS) {
		listing->projects = projects_ref(index->projects);
	} else {
		listing->walk = projects_walk(index->loop, index->ocean, listing->call.interactive,
					      on_walked, listing);
	}
}

static void begin_list(struct ocean_index *index)
{
	struct listing *listing = mem_alloc(sizeof(*listing));

	list_move_all(&index->next, &index->current);
	timer_stop(&index->later);
	listing->call.interactive = true; /* people may join it while it waits for the rate */
	listing->index = index;
	listing->began_ms = clock_mono_ms();
	listing->call.verb = OCEAN_LIST;
	listing->call.max_tier = TIER_READ; /* a list never needs more, whoever asks */
	listing->call.done = on_listed;
	listing->call.data = listing;
	listing->under_way = true;
	listing->names_projects = index->names_projects;
	index->listing = listing;
	ocean_start(index->ocean, &listing->call);
	if (index->names_projects) {
		begin_walk(index, listing);
	}
}

static bool people_wait(const struct ocean_index *index)
{
	LIST_FOREACH(it, &index->next)
	{
		if (LIST_ENTRY(it, struct ocean_want, link)->interactive) {
			return true;
		}
	}
	return false;
}

/* The next list comes at once, and counts for no burst. */
static bool is_free(const struct ocean_index *index)
{
	return people_wait(index) || ocean_spare(index->ocean, PLENTY);
}

/* When may the next list begin? 0: now. */
static int64_t wait_ms(const struct ocean_index *index)
{
	int64_t first_ms = index->began_ms[index->next_began]; /* of the burst */
	int64_t left_ms =
		first_ms + BURST * REQUEST_EVERY_MS * (int64_t)index->requests - clock_mono_ms();

	if (is_free(index) || index->n_began < BURST) {
		return 0;
	}
	return left_ms > 0 ? left_ms : 0;
}

static void begin_or_wait(struct ocean_index *index)
{
	int64_t left_ms = wait_ms(index);

	if (left_ms > 0) {
		timer_start(&index->later, left_ms);
		return;
	}
	if (!is_free(index)) {
		index->began_ms[index->next_began] = clock_mono_ms();
		index->next_began = (index->next_began + 1) % BURST;
		index->n_began += index->n_began < BURST;
	}
	begin_list(index);
}

static void on_later(struct timer *timer)
{
	struct ocean_index *index = timer->data;

	task_post(&index->turn);
}

static void on_turn(struct task *task)
{
	struct ocean_index *index = task->data;
	struct err err = {0};

	if (index->listing == NULL && !list_empty(&index->next)) {
		begin_or_wait(index);
	}
	give(index, &index->ready, index->last, NULL);
	err_set(&err, ERR_DENIED, "cannot list the droplets: nothing may be read from here");
	give(index, &index->denied, NULL, &err);
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

bool ocean_index_is_due(const struct ocean_index *index)
{
	return index->requests == LEAST && !index->names_projects &&
	       ((!list_empty(&index->next) && wait_ms(index) == 0) ||
		(index->listing != NULL && ocean_spare(index->ocean, PLENTY)));
}

void ocean_index_cancel(struct ocean_want *want)
{
	list_remove(&want->link);
}

void ocean_index_spoil(struct ocean_index *index)
{
	if (!list_empty(&index->ready)) {
		/* what was promised them is old now: they wait for a list */
		list_move_all(&index->ready, &index->next);
		task_post(&index->turn);
	}
	ocean_snapshot_unref(index->last);
	index->last = NULL;
	projects_unref(index->projects);
	index->projects = NULL;
	if (index->listing != NULL) {
		index->listing->spoiled = true;
	}
}

void ocean_index_projects(struct ocean_index *index, bool names_projects)
{
	if (index->names_projects == names_projects) {
		return;
	}
	index->names_projects = names_projects;
	ocean_index_spoil(index);
	if (!list_empty(&index->current)) { /* the list under way began without them */
		list_move_all(&index->current, &index->next);
		task_post(&index->turn);
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
	timer_stop(&index->later);
	if (index->listing != NULL) {
		struct listing *listing = index->listing;

		index->listing = NULL;
		listing->index = NULL;
		projects_walk_cancel(listing->walk);
		if (listing->under_way) {
			ocean_cancel(index->ocean, &listing->call); /* its end frees it */
		} else {
			listing_free(listing);
		}
	}
	err_set(&err, ERR_CANCELED, "canceled");
	list_move_all(&index->ready, &index->current);
	list_move_all(&index->denied, &index->current);
	list_move_all(&index->next, &index->current);
	give(index, &index->current, NULL, &err);
	task_cancel(&index->tell);
	index->busy++;
	while (!list_empty(&index->batches)) { /* who has an answer gets that one */
		tell_next(index);
	}
	leave(index);
}
