/* loop.c - the one event loop over libuv
 *
 * Happy path: rooms start timers, post tasks and start works; loop_run turns until loop_stop; every
 * room closes what is its own; loop_free closes the loop's own handles and asserts that nothing is
 * left. One turn is: timers, tasks, waiting, sockets and finished works; of timers and tasks a bounded number for a bounded time,
 * the rest is the next turn's, which then does not wait.
 *
 * An idle loop does not wake: libuv gets one timer (the first of our heap, none when it is empty), the
 * idle handle runs only while tasks are posted, and the prepare handle that measures runs only
 * when something else woke the loop.
 *
 * Failure modes: libuv cannot make its descriptors (loop_new says so); a room leaves a handle, a
 * timer or a work behind (an assert in loop_free).
 */
#include "loop/loop.h"

#include <assert.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "loop/internal.h"

#define DRAIN_MAX_MS 10000

static const int signal_numbers[] = {SIGINT, SIGTERM, SIGHUP};

static struct loop *make(void)
{
	struct loop *loop = mem_alloc(sizeof(*loop));

	list_init(&loop->tasks);
	list_init(&loop->children);
	for (size_t i = 0; i < LANES; i++) {
		loop->lanes[i].loop = loop;
		list_init(&loop->lanes[i].works);
	}
	return loop;
}

/* With the first thing of ours in a turn its time begins: nothing tells when the waiting was over. */
static void turn_begins(struct loop *loop)
{
	if (loop->over_us == 0) {
		loop->over_us = clock_work_us() + TURN_US;
	}
}

bool loop_turn_over(const struct loop *loop)
{
	return loop->over_us != 0 && clock_work_us() >= loop->over_us;
}

static void spent(struct loop *loop, enum loop_part part, uint64_t since_ns)
{
	loop->part_ns[part] += uv_hrtime() - since_ns;
}

static void on_idle(uv_idle_t *idle);

static void on_due(uv_timer_t *due)
{
	struct loop *loop = due->data;
	uint64_t from_ns = uv_hrtime();
	int64_t now_ms = clock_mono_ms();
	int64_t next_ms;

	turn_begins(loop);
	timers_fire(loop, now_ms, TURN_MOST);
	/* libuv would fire one that is due at once in this same turn: it is set again behind the tasks */
	if (timers_next(loop, &next_ms) && next_ms <= now_ms) {
		(void)uv_timer_stop(due);
		loop->timers_left = true;
		(void)uv_idle_start(&loop->idle, on_idle);
	}
	spent(loop, LOOP_TIMERS, from_ns);
}

void loop_arm(struct loop *loop)
{
	int64_t due_ms;
	int64_t now_ms;

	if (loop->is_virtual || loop->firing) {
		return;
	}
	if (!timers_next(loop, &due_ms)) {
		(void)uv_timer_stop(&loop->due);
		return;
	}
	/* uv_now and clock_mono_ms read one clock, so this is an absolute time and needs no
	 * uv_update_time, however old uv_now is. */
	now_ms = (int64_t)uv_now(&loop->uv);
	(void)uv_timer_start(&loop->due, on_due, due_ms > now_ms ? (uint64_t)(due_ms - now_ms) : 0,
			     0);
}

void tasks_run(struct loop *loop, unsigned most)
{
	struct list now;
	struct list posted;

	if (list_empty(&loop->tasks)) {
		return;
	}
	/* move all to a head of our own: what they post waits, and task_cancel still finds its place */
	list_init(&now);
	list_move_all(&loop->tasks, &now);
	for (unsigned n = 0; n < most && !list_empty(&now) && (n == 0 || !loop_turn_over(loop));
	     n++) {
		struct task *task = LIST_ENTRY(now.next, struct task, link);

		list_remove(&task->link);
		task->posted = false;
		task->run(task); /* may free it */
	}
	list_init(&posted);
	list_move_all(&loop->tasks, &posted);
	list_move_all(&now, &loop->tasks); /* before those that were posted meanwhile */
	list_move_all(&posted, &loop->tasks);
}

static void on_idle(uv_idle_t *idle)
{
	struct loop *loop = idle->data;
	uint64_t from_ns = uv_hrtime();

	turn_begins(loop);
	tasks_run(loop, TURN_MOST);
	spent(loop, LOOP_TASKS, from_ns);
	if (loop->timers_left) {
		loop->timers_left = false;
		loop_arm(loop);
	}
	if (list_empty(&loop->tasks)) {
		(void)uv_idle_stop(idle);
	}
}

/* Right before the loop waits: all time since the last such moment that libuv did not wait was ours. */
static void on_turn(uv_prepare_t *turn)
{
	struct loop *loop = turn->data;
	uint64_t now_ns = uv_hrtime();
	uint64_t idle_ns = uv_metrics_idle_time(&loop->uv);
	uint64_t all = now_ns - loop->turn_ns;
	uint64_t waited = idle_ns - loop->idle_ns;

	if (loop->turn_ns != 0 && all > waited && all - waited > loop->longest_ns) {
		loop->longest_ns = all - waited;
		memcpy(loop->longest_part_ns, loop->part_ns, sizeof(loop->part_ns));
	}
	memset(loop->part_ns, 0, sizeof(loop->part_ns));
	loop->over_us = 0;
	loop->turn_ns = now_ns;
	loop->idle_ns = idle_ns;
	/* timers and tasks come before the wait: what they brought about must not wait with it */
	if (loop->condition != NULL && loop->condition(loop->condition_data)) {
		uv_stop(&loop->uv);
	}
}

static void on_wake(uv_async_t *wake)
{
	struct loop *loop = wake->data;

	if (loop->on_wake != NULL) {
		loop->on_wake(loop);
	}
}

struct loop *loop_new(struct err *err)
{
	struct loop *loop = make();
	int rc;

	/* A thread for each lane; it is read when the first work starts. */
	_Static_assert(LANES == 2, "the number of threads stands here as text");
	(void)uv_os_setenv("UV_THREADPOOL_SIZE", "2");
	(void)signal(SIGPIPE,
		     SIG_IGN); /* a peer that goes away is an error of write, not our end */
	rc = uv_loop_init(&loop->uv);
	if (rc != 0) {
		err_set(err, ERR_LIMIT, "cannot make the event loop: %s", uv_strerror(rc));
		free(loop);
		return NULL;
	}
	rc = uv_async_init(&loop->uv, &loop->wake, on_wake);
	if (rc != 0) {
		err_set(err, ERR_LIMIT, "cannot make the event loop: %s", uv_strerror(rc));
		(void)uv_loop_close(&loop->uv);
		free(loop);
		return NULL;
	}
	(void)uv_loop_configure(&loop->uv, UV_METRICS_IDLE_TIME);
	(void)uv_timer_init(&loop->uv, &loop->due);
	(void)uv_idle_init(&loop->uv, &loop->idle);
	(void)uv_prepare_init(&loop->uv, &loop->turn);
	loop->due.data = loop;
	loop->idle.data = loop;
	loop->turn.data = loop;
	loop->wake.data = loop;
	(void)uv_prepare_start(&loop->turn, on_turn);
	uv_unref((uv_handle_t *)&loop->turn);
	return loop;
}

struct loop *loop_new_virtual(int64_t wall_start_ms)
{
	struct loop *loop = make();

	virtual_start(loop, wall_start_ms);
	return loop;
}

bool loop_is_virtual(const struct loop *loop)
{
	return loop->is_virtual;
}

/* Time between two runs is nobody's stall. */
static void forget_turn(struct loop *loop)
{
	loop->turn_ns = 0;
}

void loop_run(struct loop *loop)
{
	if (loop->is_virtual) {
		(void)virtual_run(loop, NULL, NULL, INT64_MAX);
	} else {
		forget_turn(loop);
		while (!loop->stopping) {
			(void)uv_run(&loop->uv, UV_RUN_ONCE);
		}
	}
	loop->stopping = false;
}

static void nothing(struct timer *timer)
{
	(void)timer;
}

bool loop_run_until(struct loop *loop, bool (*condition)(void *), void *data, int64_t timeout_ms)
{
	struct timer guard;
	int64_t until_ms = clock_mono_ms() + timeout_ms;
	bool held;

	if (loop->is_virtual) {
		held = virtual_run(loop, condition, data, until_ms);
		if (!held) {
			loop->mono_ms = until_ms;
		}
		return held;
	}
	forget_turn(loop);
	loop->condition = condition;
	loop->condition_data = data;
	timer_init(&guard, loop, nothing, NULL);
	timer_start(&guard, timeout_ms);
	while (!(held = condition(data)) && clock_mono_ms() < until_ms) {
		(void)uv_run(&loop->uv, UV_RUN_ONCE);
	}
	timer_stop(&guard);
	loop->condition = NULL;
	return held;
}

void loop_stop(struct loop *loop)
{
	loop->stopping = true;
	if (!loop->is_virtual) {
		uv_stop(&loop->uv); /* do not wait for sockets any more in this turn */
	}
}

static void close_own(struct loop *loop)
{
	uv_close((uv_handle_t *)&loop->due, NULL);
	uv_close((uv_handle_t *)&loop->idle, NULL);
	uv_close((uv_handle_t *)&loop->turn, NULL);
	uv_close((uv_handle_t *)&loop->wake, NULL);
	for (size_t i = 0; loop->has_signals && i < ARRAY_LEN(signal_numbers); i++) {
		uv_close((uv_handle_t *)&loop->signals[i], NULL);
	}
}

/* Turns until no handle and no work is left, for a bounded time: a forgotten handle must end in
 * the assert and not in a hang. */
static void drain(struct loop *loop)
{
	const struct timespec ms = {0, 1000000};

	for (int i = 0; i < DRAIN_MAX_MS; i++) {
		if (uv_run(&loop->uv, UV_RUN_NOWAIT) == 0) {
			return;
		}
		if (i > 2) {
			(void)nanosleep(&ms, NULL);
		}
	}
}

/* Ends that were announced for the next turn are still delivered. */
static bool at_rest(void *data)
{
	struct loop *loop = data;

	for (size_t i = 0; i < LANES; i++) {
		if (loop->lanes[i].working != NULL || !list_empty(&loop->lanes[i].works)) {
			return false;
		}
	}
	return list_empty(&loop->tasks) && list_empty(&loop->children);
}

void loop_free(struct loop *loop)
{
	int left;

	if (loop == NULL) {
		return;
	}
	if (loop->children_end != NULL) {
		loop->children_end(loop);
	}
	(void)loop_run_until(loop, at_rest, loop, DRAIN_MAX_MS);
	assert(at_rest(loop));
	if (loop->lookups_free != NULL) {
		loop->lookups_free(loop);
	}
	if (loop->lws_free != NULL) {
		loop->lws_free(loop);
	}
	assert(list_empty(&loop->tasks));
	assert(loop->n_timers == 0);
	if (loop->is_virtual) {
		virtual_stop(loop);
	} else {
		close_own(loop);
		drain(loop);
		left = uv_loop_close(&loop->uv);
		assert(left == 0);
		(void)left;
	}
	free(loop->heap);
	free(loop);
}

int64_t loop_take_longest_stall_us(struct loop *loop)
{
	int64_t us = (int64_t)(loop->longest_ns / 1000);

	loop->longest_ns = 0;
	memset(loop->longest_part_ns, 0, sizeof(loop->longest_part_ns));
	return us;
}

int64_t loop_longest_stall_part_us(const struct loop *loop, enum loop_part part)
{
	return (int64_t)(loop->longest_part_ns[part] / 1000);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct loop *loop = handle->data;
	void (*act)(void *) = number == SIGHUP ? loop->on_reload : loop->on_stop;

	if (act != NULL) {
		act(loop->signals_data);
	}
}

void loop_on_signals(struct loop *loop, void (*stop)(void *), void (*reload)(void *), void *data)
{
	assert(!loop->has_signals);
	loop->on_stop = stop;
	loop->on_reload = reload;
	loop->signals_data = data;
	if (loop->is_virtual) {
		return;
	}
	loop->has_signals = true;
	for (size_t i = 0; i < ARRAY_LEN(signal_numbers); i++) {
		uv_signal_t *handle = &loop->signals[i];

		(void)uv_signal_init(&loop->uv, handle);
		handle->data = loop;
		if ((signal_numbers[i] == SIGHUP ? reload : stop) != NULL) {
			(void)uv_signal_start(handle, on_signal, signal_numbers[i]);
		}
	}
}

void task_init(struct task *task, struct loop *loop, void (*run)(struct task *), void *data)
{
	list_init(&task->link);
	task->loop = loop;
	task->run = run;
	task->data = data;
	task->posted = false;
}

void task_post(struct task *task)
{
	struct loop *loop = task->loop;

	if (task->posted) {
		return;
	}
	task->posted = true;
	list_append(&loop->tasks, &task->link);
	if (!loop->is_virtual) {
		(void)uv_idle_start(&loop->idle, on_idle);
	}
}

void task_cancel(struct task *task)
{
	if (task->posted) {
		task->posted = false;
		list_remove(&task->link);
	}
}

static void work_next(struct lane *lane);

static void on_worker(uv_work_t *req)
{
	struct lane *lane = req->data;

	lane->working->run(lane->working);
}

static void on_work_done(uv_work_t *req, int status)
{
	struct lane *lane = req->data;
	struct loop *loop = lane->loop;
	struct work *work = lane->working;
	uint64_t from_ns = uv_hrtime();

	(void)status; /* never canceled */
	turn_begins(loop);
	lane->working = NULL;
	work_next(lane);  /* the worker goes on while we look at the result */
	work->done(work); /* may free it */
	spent(loop, LOOP_WORKS, from_ns);
}

static void work_next(struct lane *lane)
{
	int rc;

	if (lane->working != NULL || list_empty(&lane->works)) {
		return;
	}
	lane->working = LIST_ENTRY(lane->works.next, struct work, link);
	list_remove(&lane->working->link);
	lane->req.data = lane;
	rc = uv_queue_work(&lane->loop->uv, &lane->req, on_worker, on_work_done);
	assert(rc == 0); /* it fails for a NULL function only */
	(void)rc;
}

static void start_on(struct lane *lane, struct work *work)
{
	work->loop = lane->loop;
	list_append(&lane->works, &work->link);
	if (!lane->loop->is_virtual) {
		work_next(lane);
	}
}

void work_start(struct loop *loop, struct work *work)
{
	start_on(&loop->lanes[LANE_MAIN], work);
}

void work_start_aside(struct loop *loop, struct work *work)
{
	start_on(&loop->lanes[LANE_ASIDE], work);
}
