/* virtual.c - the loop without sockets, threads and waiting: time moves when the test says so */
#include <assert.h>
#include <limits.h>
#include <stddef.h>

#include "base/clock.h"
#include "loop/internal.h"

/* Turns at one point in time: more is a task that posts itself for ever. */
#define TURNS_MAX 1000000

/* Monotonic time starts here, so that 0 can mean "never" to the rooms above. */
#define MONO_START_MS 1000000

static struct loop *owner; /* of the clocks; there is one loop a process */

static int64_t virtual_mono(void)
{
	return owner->mono_ms;
}

static int64_t virtual_wall(void)
{
	return owner->mono_ms + owner->wall_minus_mono_ms;
}

void virtual_start(struct loop *loop, int64_t wall_start_ms)
{
	assert(owner == NULL);
	owner = loop;
	loop->is_virtual = true;
	loop->mono_ms = MONO_START_MS;
	loop->wall_minus_mono_ms = wall_start_ms - MONO_START_MS;
	clock_replace(virtual_wall, virtual_mono);
}

void virtual_stop(struct loop *loop)
{
	assert(owner == loop);
	owner = NULL;
	clock_replace(NULL, NULL);
}

static bool due_now(const struct loop *loop)
{
	int64_t due_ms;

	return !list_empty(&loop->tasks) || !list_empty(&loop->lanes[LANE_MAIN].works) ||
	       !list_empty(&loop->lanes[LANE_ASIDE].works) ||
	       (timers_next(loop, &due_ms) && due_ms <= loop->mono_ms);
}

static void turn(struct loop *loop)
{
	timers_fire(loop, loop->mono_ms, UINT_MAX);
	tasks_run(loop, UINT_MAX);
	for (size_t i = 0; i < LANES; i++) {
		struct list *works = &loop->lanes[i].works;

		if (!list_empty(works)) {
			struct work *work = LIST_ENTRY(works->next, struct work, link);

			list_remove(&work->link);
			work->run(work);
			work->done(work); /* may free it */
		}
	}
}

/* Moves to the next timer, at most to until_ms; false when there is nothing up to there. */
static bool step(struct loop *loop, int64_t until_ms)
{
	int64_t due_ms;

	if (!timers_next(loop, &due_ms) || due_ms > until_ms) {
		return false;
	}
	loop->mono_ms = due_ms > loop->mono_ms ? due_ms : loop->mono_ms;
	return true;
}

bool virtual_run(struct loop *loop, bool (*condition)(void *), void *data, int64_t until_ms)
{
	int64_t at_ms = loop->mono_ms;
	int turns = 0;

	for (;;) {
		if (condition != NULL && condition(data)) {
			return true;
		}
		if (condition == NULL && until_ms == INT64_MAX && loop->stopping) {
			return true;
		}
		if (!due_now(loop) && !step(loop, until_ms)) {
			return false;
		}
		turns = loop->mono_ms == at_ms ? turns + 1 : 0;
		at_ms = loop->mono_ms;
		assert(turns < TURNS_MAX);
		turn(loop);
	}
}

void loop_advance(struct loop *loop, int64_t ms)
{
	int64_t until_ms = loop->mono_ms + (ms > 0 ? ms : 0);

	assert(loop->is_virtual);
	(void)virtual_run(loop, NULL, NULL, until_ms);
	loop->mono_ms = until_ms;
}
