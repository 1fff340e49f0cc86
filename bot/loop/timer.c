/* timer.c - timers in a binary heap, so that libuv sees one timer only */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "loop/internal.h"

/* Longer waits mean "never"; ten years do not overflow anything. */
#define AFTER_MAX_MS (INT64_C(10) * 365 * 24 * 3600 * 1000)

static bool before(const struct timer *a, const struct timer *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void place(struct loop *loop, struct timer *timer, unsigned at)
{
	loop->heap[at] = timer;
	timer->heap_at = at + 1;
}

static void sift_up(struct loop *loop, struct timer *timer, unsigned at)
{
	while (at > 0) {
		unsigned up = (at - 1) / 2;

		if (!before(timer, loop->heap[up])) {
			break;
		}
		place(loop, loop->heap[up], at);
		at = up;
	}
	place(loop, timer, at);
}

static void sift_down(struct loop *loop, struct timer *timer, unsigned at)
{
	for (;;) {
		unsigned down = 2 * at + 1;

		if (down >= loop->n_timers) {
			break;
		}
		if (down + 1 < loop->n_timers && before(loop->heap[down + 1], loop->heap[down])) {
			down++;
		}
		if (!before(loop->heap[down], timer)) {
			break;
		}
		place(loop, loop->heap[down], at);
		at = down;
	}
	place(loop, timer, at);
}

static void take_out(struct loop *loop, struct timer *timer)
{
	unsigned at = timer->heap_at - 1;
	struct timer *last = loop->heap[--loop->n_timers];

	timer->heap_at = 0;
	if (last == timer) {
		return;
	}
	if (at > 0 && before(last, loop->heap[(at - 1) / 2])) {
		sift_up(loop, last, at);
	} else {
		sift_down(loop, last, at);
	}
}

void timer_init(struct timer *timer, struct loop *loop, void (*fire)(struct timer *), void *data)
{
	memset(timer, 0, sizeof(*timer));
	timer->loop = loop;
	timer->fire = fire;
	timer->data = data;
}

void timer_start(struct timer *timer, int64_t after_ms)
{
	struct loop *loop = timer->loop;

	assert(loop != NULL && timer->fire != NULL);
	if (timer->heap_at != 0) {
		take_out(loop, timer);
	}
	if (after_ms < 0) {
		after_ms = 0;
	} else if (after_ms > AFTER_MAX_MS) {
		after_ms = AFTER_MAX_MS;
	}
	timer->due_ms = clock_mono_ms() + after_ms;
	timer->order = ++loop->order;
	if (loop->n_timers == loop->cap_timers) {
		loop->cap_timers = loop->cap_timers == 0 ? 16 : loop->cap_timers * 2;
		loop->heap = mem_grow(loop->heap, loop->cap_timers, sizeof(struct timer *));
	}
	loop->n_timers++;
	sift_up(loop, timer, loop->n_timers - 1);
	loop_arm(loop);
}

void timer_stop(struct timer *timer)
{
	if (timer->heap_at != 0) {
		take_out(timer->loop, timer);
		loop_arm(timer->loop);
	}
}

bool timer_running(const struct timer *timer)
{
	return timer->heap_at != 0;
}

bool timers_next(const struct loop *loop, int64_t *ret_due_ms)
{
	if (loop->n_timers == 0) {
		return false;
	}
	*ret_due_ms = loop->heap[0]->due_ms;
	return true;
}

void timers_fire(struct loop *loop, int64_t now_ms, unsigned most)
{
	const uint64_t started_before = loop->order;

	loop->firing = true;
	for (unsigned n = 0;
	     n < most && loop->n_timers > 0 && loop->heap[0]->due_ms <= now_ms &&
	     loop->heap[0]->order <= started_before && (n == 0 || !loop_turn_over(loop));
	     n++) {
		struct timer *timer = loop->heap[0];

		take_out(loop, timer);
		timer->fire(timer); /* may free it */
	}
	loop->firing = false;
	loop_arm(loop);
}
