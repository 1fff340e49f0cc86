/* loop.h - the one event loop: timers, tasks, work beside it, signals, and a stop in two phases
 *
 * The room `loop` alone knows libuv, libcurl and libwebsockets. There is one loop a process and
 * one thread that runs callbacks.
 *
 * A virtual loop has no sockets and no threads: time stands still until loop_advance, work runs
 * inline at the next turn, and clock_mono_ms / clock_wall_ms answer with its time. Scenario tests
 * run the real program on it.
 */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/list.h"

struct loop;

struct loop *loop_new(struct err *err);
struct loop *loop_new_virtual(int64_t wall_start_ms); /* replaces the clocks until loop_free */

/* Runs until loop_stop. */
void loop_run(struct loop *loop);

/* Runs until the condition holds or the time is over; true when it held. For tests. */
bool loop_run_until(struct loop *loop, bool (*condition)(void *), void *data, int64_t timeout_ms);

/* Virtual loop only: everything that is due within the next ms runs, in order of its time. */
void loop_advance(struct loop *loop, int64_t ms);

bool loop_is_virtual(const struct loop *loop);

/* Ends loop_run after the current turn. May be called from any callback. */
void loop_stop(struct loop *loop);

/*
 * Everything on the loop must have been closed by its room: asserts that no timer runs and uv_loop_close() == 0.
 * Works that were started and tasks that were posted are still run to their end.
 */
void loop_free(struct loop *loop);

/* The longest time one turn of the loop kept callbacks waiting, since the last call. For the metric. */
int64_t loop_take_longest_stall_us(struct loop *loop);

/* What that turn spent its time on, until the next call of the above; what is left of it were sockets and files. */
enum loop_part { LOOP_TIMERS, LOOP_TASKS, LOOP_WORKS, LOOP_PARTS };
int64_t loop_longest_stall_part_us(const struct loop *loop, enum loop_part part);

/* SIGINT and SIGTERM -> stop, SIGHUP -> reload. Either may be NULL. Once a loop. */
void loop_on_signals(struct loop *loop, void (*stop)(void *), void (*reload)(void *), void *data);

/*
 * timer: caller-owned, embed it. A zeroed timer must be initialised once; it is never leaked: a
 * timer that does not run holds nothing. fire is called from the loop, once a start.
 */
struct timer {
	struct loop *loop;
	void (*fire)(struct timer *);
	void *data;
	int64_t due_ms;   /* clock_mono_ms */
	uint64_t order;   /* ties fire in order of their start */
	unsigned heap_at; /* place in the loop's heap + 1; 0: not running */
};

void timer_init(struct timer *timer, struct loop *loop, void (*fire)(struct timer *), void *data);
void timer_start(struct timer *timer,
		 int64_t after_ms);   /* restarts one that runs; 0 fires next turn */
void timer_stop(struct timer *timer); /* fine on one that does not run, or is zeroed */
bool timer_running(const struct timer *timer);

/*
 * task: run a function at the next turn, never before the caller returned. Caller-owned; posting
 * a posted task again does nothing. They run in order; when many are posted, or some take long, the others do so a turn or more
 * later, so that no socket waits for all of them. Timers the same.
 */
struct task {
	struct list link;
	void (*run)(struct task *);
	void *data;
	struct loop *loop;
	bool posted;
};

void task_init(struct task *task, struct loop *loop, void (*run)(struct task *), void *data);
void task_post(struct task *task);
void task_cancel(struct task *task);

/*
 * Has this turn had its time? Timers and tasks stop there by themselves and go on in the next turn. Who goes through a list of its
 * own in one callback asks after each that it called back, posts itself again, and goes on then. Never on a virtual loop.
 */
bool loop_turn_over(const struct loop *loop);

/*
 * work: `run` on one worker thread of the loop (works run one after another, in order), then
 * `done` on the loop. Caller-owned until done. Cannot be canceled: keep it short or bounded.
 */
struct work {
	struct list link;
	void (*run)(struct work *);
	void (*done)(struct work *);
	void *data;
	struct loop *loop;
};

void work_start(struct loop *loop, struct work *work);

/* The same on a second thread, for what may take seconds: nothing that was given to work_start waits for it. */
void work_start_aside(struct loop *loop, struct work *work);

#endif
