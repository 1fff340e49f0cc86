/* test_loop.c - the loop, real and virtual: order, time, tasks, work, signals, idleness */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "loop/loop.h"

#define WALL_START_MS INT64_C(1768273200000)

static char trace[256];

/* words are passed as data */
static void *word(const char *text)
{
	return (void *)(uintptr_t)text;
}

static void note(const char *text)
{
	size_t len = strlen(trace);

	assert_true(len + strlen(text) + 2 < sizeof(trace));
	memcpy(trace + len, text, strlen(text) + 1);
}

static void fire_note(struct timer *timer)
{
	note(timer->data);
}

static void run_note(struct task *task)
{
	note(task->data);
}

static int clear(void **state)
{
	(void)state;
	trace[0] = '\0';
	return 0;
}

static void sleep_ms(int64_t ms)
{
	struct timespec ts = {ms / 1000, (ms % 1000) * 1000000};

	(void)nanosleep(&ts, NULL);
}

static struct loop *real(void)
{
	struct err err = {0};
	struct loop *loop = loop_new(&err);

	assert_non_null(loop);
	return loop;
}

static bool never(void *data)
{
	(void)data;
	return false;
}

/* --- virtual --- */

static void virtual_fires_in_order_of_time_then_of_start(void **state)
{
	struct loop *loop = loop_new_virtual(WALL_START_MS);
	struct timer a;
	struct timer b;
	struct timer c;
	struct timer d;
	int64_t mono = clock_mono_ms();

	(void)state;
	timer_init(&a, loop, fire_note, word("a"));
	timer_init(&b, loop, fire_note, word("b"));
	timer_init(&c, loop, fire_note, word("c"));
	timer_init(&d, loop, fire_note, word("d"));
	assert_int_equal(clock_wall_ms(), WALL_START_MS);
	timer_start(&c, 30);
	timer_start(&b, 20);
	timer_start(&d, 30);
	timer_start(&a, 10);
	loop_advance(loop, 9);
	assert_string_equal(trace, "");
	loop_advance(loop, 11);
	assert_string_equal(trace, "ab");
	assert_int_equal(clock_mono_ms(), mono + 20);
	timer_start(&c, 10); /* again: now it comes after d, whose start was before */
	loop_advance(loop, 100);
	assert_string_equal(trace, "abdc");
	assert_false(timer_running(&c));
	assert_int_equal(clock_wall_ms(), WALL_START_MS + 120);
	loop_free(loop);
	assert_true(clock_wall_ms() != WALL_START_MS + 120);
}

struct seen {
	struct timer timer;
	int64_t at_ms;
	int n;
};

static void fire_again(struct timer *timer)
{
	struct seen *seen = timer->data;

	seen->at_ms = clock_mono_ms();
	if (++seen->n < 3) {
		timer_start(timer, 50);
	}
}

static void virtual_time_stands_at_the_due_time_while_a_timer_fires(void **state)
{
	struct loop *loop = loop_new_virtual(0);
	struct seen seen = {0};
	int64_t start = clock_mono_ms();

	(void)state;
	timer_init(&seen.timer, loop, fire_again, &seen);
	timer_start(&seen.timer, 50);
	loop_advance(loop, 1000);
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.at_ms, start + 150);
	loop_free(loop);
}

static void restart_at_zero(struct timer *timer)
{
	struct seen *seen = timer->data;

	if (++seen->n < 5) {
		timer_start(timer, 0);
	}
}

static void a_timer_of_zero_fires_at_the_next_turn_of_the_same_time(void **state)
{
	struct loop *loop = loop_new_virtual(0);
	struct seen seen = {0};

	(void)state;
	timer_init(&seen.timer, loop, restart_at_zero, &seen);
	timer_start(&seen.timer, -7);
	assert_int_equal(seen.n, 0);
	loop_advance(loop, 0);
	assert_int_equal(seen.n, 5);
	loop_free(loop);
}

static void zeroed_timers_may_be_stopped(void **state)
{
	struct timer timer = {0};

	(void)state;
	timer_stop(&timer);
	assert_false(timer_running(&timer));
}

struct storm {
	struct timer timer;
	int64_t due_ms;
};

static int64_t last_due_ms;
static unsigned n_fired;

static void fire_storm(struct timer *timer)
{
	struct storm *storm = timer->data;

	assert_true(storm->due_ms >= last_due_ms);
	assert_int_equal(storm->due_ms, clock_mono_ms());
	last_due_ms = storm->due_ms;
	n_fired++;
}

static void heap_holds_under_a_storm_of_starts_and_stops(void **state)
{
	enum { N = 500 };
	static struct storm storms[N];
	struct loop *loop = loop_new_virtual(0);
	unsigned seed = 1;
	unsigned running = 0;

	(void)state;
	last_due_ms = 0;
	n_fired = 0;
	for (int i = 0; i < N; i++) {
		timer_init(&storms[i].timer, loop, fire_storm, &storms[i]);
	}
	for (int i = 0; i < 5000; i++) {
		struct storm *storm = &storms[(seed = seed * 1103515245U + 12345U) / 65536U % N];
		int64_t after = (seed = seed * 1103515245U + 12345U) / 65536U % 1000;

		if (after % 3 == 0) {
			timer_stop(&storm->timer);
		} else {
			timer_start(&storm->timer, after);
			storm->due_ms = clock_mono_ms() + after;
		}
	}
	for (int i = 0; i < N; i++) {
		running += timer_running(&storms[i].timer);
	}
	assert_true(running > 100);
	loop_advance(loop, 1000);
	assert_int_equal(n_fired, running);
	loop_free(loop);
}

static struct task *to_cancel;

static void run_cancel(struct task *task)
{
	note(task->data);
	task_cancel(to_cancel);
}

static void tasks_run_once_in_order_and_can_be_canceled_by_each_other(void **state)
{
	struct loop *loop = loop_new_virtual(0);
	struct task a;
	struct task b;
	struct task c;

	(void)state;
	task_init(&a, loop, run_cancel, word("a"));
	task_init(&b, loop, run_note, word("b"));
	task_init(&c, loop, run_note, word("c"));
	to_cancel = &b;
	task_post(&a);
	task_post(&b);
	task_post(&a);
	task_post(&c);
	assert_string_equal(trace, "");
	loop_advance(loop, 0);
	assert_string_equal(trace, "ac");
	task_post(&b);
	loop_advance(loop, 0);
	assert_string_equal(trace, "acb");
	loop_free(loop);
}

static void work_note(struct work *work)
{
	note(work->data);
}

static void done_note(struct work *work)
{
	note(".");
	free(work);
}

static void virtual_work_runs_inline_at_the_next_turn(void **state)
{
	struct loop *loop = loop_new_virtual(0);
	static const char *const names[] = {"1", "2", "3"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct work *work = mem_alloc(sizeof(*work));

		work->run = work_note;
		work->done = done_note;
		work->data = word(names[i]);
		work_start(loop, work);
	}
	assert_string_equal(trace, "");
	loop_advance(loop, 0);
	assert_string_equal(trace, "1.2.3.");
	loop_free(loop);
}

static void fire_stop(struct timer *timer)
{
	loop_stop(timer->loop);
}

static void virtual_run_goes_to_the_stop_without_waiting(void **state)
{
	struct loop *loop = loop_new_virtual(0);
	struct timer stop;
	int64_t start = clock_mono_ms();

	(void)state;
	timer_init(&stop, loop, fire_stop, NULL);
	timer_start(&stop, INT64_C(7) * 24 * 3600 * 1000);
	loop_run(loop);
	assert_int_equal(clock_mono_ms() - start, INT64_C(7) * 24 * 3600 * 1000);
	assert_false(loop_run_until(loop, never, NULL, 5000));
	loop_free(loop);
}

/* --- real --- */

static void real_timers_fire_in_order_and_never_early(void **state)
{
	struct loop *loop = real();
	struct timer a;
	struct timer b;
	struct timer stop;
	int64_t start = clock_mono_ms();

	(void)state;
	timer_init(&a, loop, fire_note, word("a"));
	timer_init(&b, loop, fire_note, word("b"));
	timer_init(&stop, loop, fire_stop, NULL);
	timer_start(&stop, 40);
	timer_start(&b, 20);
	timer_start(&a, 10);
	loop_run(loop);
	assert_string_equal(trace, "ab");
	assert_true(clock_mono_ms() - start >= 40);
	loop_free(loop);
}

static void real_tasks_run_before_the_loop_waits(void **state)
{
	struct loop *loop = real();
	struct task task;
	struct timer stop;

	(void)state;
	task_init(&task, loop, run_note, word("t"));
	timer_init(&stop, loop, fire_stop, NULL);
	task_post(&task);
	timer_start(&stop, 5);
	loop_run(loop);
	assert_string_equal(trace, "t");
	loop_free(loop);
}

struct job {
	struct work work;
	int *ret_order;
	int n;
	pthread_t thread;
};

static int next_run;
static int in_flight;

static void job_run(struct work *work)
{
	struct job *job = work->data;

	assert_int_equal(__atomic_add_fetch(&in_flight, 1, __ATOMIC_SEQ_CST), 1);
	assert_int_equal(next_run, job->n);
	next_run++;
	job->thread = pthread_self();
	sleep_ms(2);
	(void)__atomic_sub_fetch(&in_flight, 1, __ATOMIC_SEQ_CST);
}

static void job_done(struct work *work)
{
	struct job *job = work->data;

	assert_false(pthread_equal(job->thread, pthread_self()));
	assert_int_equal(*job->ret_order, job->n);
	(*job->ret_order)++;
}

static bool all_done(void *data)
{
	return *(int *)data == 20;
}

static void real_work_runs_one_after_another_on_another_thread(void **state)
{
	struct loop *loop = real();
	static struct job jobs[20];
	int n_done = 0;

	(void)state;
	next_run = 0;
	for (int i = 0; i < 20; i++) {
		jobs[i] = (struct job){.ret_order = &n_done, .n = i};
		jobs[i].work.run = job_run;
		jobs[i].work.done = job_done;
		jobs[i].work.data = &jobs[i];
		work_start(loop, &jobs[i].work);
	}
	assert_int_equal(n_done, 0);
	assert_true(loop_run_until(loop, all_done, &n_done, 5000));
	loop_free(loop);
}

static void run_until_ends_by_time(void **state)
{
	struct loop *loop = real();
	int64_t start = clock_mono_ms();

	(void)state;
	assert_false(loop_run_until(loop, never, NULL, 30));
	assert_in_range(clock_mono_ms() - start, 30, 2000);
	loop_free(loop);
}

static void a_stop_before_the_run_counts(void **state)
{
	struct loop *loop = real();

	(void)state;
	loop_stop(loop);
	loop_run(loop);
	loop_free(loop);
}

static void raise_signal(struct timer *timer)
{
	(void)timer;
	(void)kill(getpid(), SIGHUP);
	(void)kill(getpid(), SIGTERM);
}

static void stop_noted(void *data)
{
	note("stop ");
	loop_stop(data);
}

static void reload_noted(void *data)
{
	(void)data;
	note("reload ");
}

static bool has_trace(void *data)
{
	(void)data;
	return trace[0] != '\0';
}

static void run_stop(struct task *task)
{
	loop_stop(task->loop);
}

static void what_timers_and_tasks_bring_about_ends_the_run_at_once(void **state)
{
	struct loop *loop = real();
	struct timer timer;
	struct timer far;
	struct task task;
	int64_t start = clock_mono_ms();

	(void)state;
	timer_init(&timer, loop, fire_note, word("t"));
	timer_init(&far, loop, fire_note, word("far"));
	task_init(&task, loop, run_stop, NULL);
	timer_start(&far, 20000);
	timer_start(&timer, 5);
	assert_true(loop_run_until(loop, has_trace, NULL, 10000));
	task_post(&task);
	loop_run(loop);
	assert_in_range(clock_mono_ms() - start, 5, 5000);
	timer_stop(&far);
	loop_free(loop);
}

static void signals_come_as_callbacks(void **state)
{
	struct loop *loop = real();
	struct timer timer;

	(void)state;
	loop_on_signals(loop, stop_noted, reload_noted, loop);
	timer_init(&timer, loop, raise_signal, NULL);
	timer_start(&timer, 1);
	loop_run(loop);
	assert_non_null(strstr(trace, "stop "));
	assert_non_null(strstr(trace, "reload "));
	loop_free(loop);
}

static void fire_block(struct timer *timer)
{
	(void)timer;
	sleep_ms(30);
}

static void the_longest_stall_is_measured_and_waiting_is_none(void **state)
{
	struct loop *loop = real();
	struct timer timer;
	int64_t us;

	(void)state;
	assert_false(loop_run_until(loop, never, NULL, 60));
	us = loop_take_longest_stall_us(loop);
	assert_in_range(us, 0, 25000);
	timer_init(&timer, loop, fire_block, NULL);
	timer_start(&timer, 1);
	assert_false(loop_run_until(loop, never, NULL, 100));
	assert_in_range(loop_longest_stall_part_us(loop, LOOP_TIMERS), 30000, 90000);
	assert_in_range(loop_longest_stall_part_us(loop, LOOP_TASKS), 0, 25000);
	us = loop_take_longest_stall_us(loop);
	assert_in_range(us, 30000, 90000);
	assert_int_equal(loop_take_longest_stall_us(loop), 0);
	loop_free(loop);
}

#define CROWD 40

static struct crowd {
	struct task tasks[CROWD], late;
	struct timer timers[CROWD];
	unsigned order[CROWD + 1], n_ran, n_fired;
} crowd;

static void note_turn(struct task *task)
{
	crowd.order[crowd.n_ran++] = (unsigned)(task - crowd.tasks);
	if (task == &crowd.tasks[0]) {
		task_post(&crowd.late);
	}
}

static void note_late(struct task *task)
{
	(void)task;
	crowd.order[crowd.n_ran++] = CROWD;
}

static void note_fired(struct timer *timer)
{
	(void)timer;
	crowd.n_fired++;
}

static bool any_ran(void *data)
{
	(void)data;
	return crowd.n_ran > 0;
}

static bool any_fired(void *data)
{
	(void)data;
	return crowd.n_fired > 0;
}

static bool crowd_done(void *data)
{
	(void)data;
	return crowd.n_ran == CROWD && crowd.n_fired == CROWD;
}

static void many_take_several_turns_in_their_order(void **state)
{
	struct loop *loop = real();

	(void)state;
	task_init(&crowd.late, loop, note_late, NULL);
	for (unsigned i = 0; i < CROWD; i++) {
		task_init(&crowd.tasks[i], loop, note_turn, NULL);
		task_post(&crowd.tasks[i]);
		timer_init(&crowd.timers[i], loop, note_fired, NULL);
	}
	assert_true(loop_run_until(loop, any_ran, NULL, 1000));
	assert_in_range(crowd.n_ran, 1, 8); /* fewer where the machine is slow */
	task_cancel(&crowd.tasks[20]);      /* one that was left */
	for (unsigned i = 0; i < CROWD; i++) {
		timer_start(&crowd.timers[i], 0);
	}
	assert_true(loop_run_until(loop, any_fired, NULL, 1000));
	assert_in_range(crowd.n_fired, 1, 16); /* libuv looks once more after the sockets */
	assert_true(loop_run_until(loop, crowd_done, NULL, 1000));
	for (unsigned i = 0; i < CROWD; i++) { /* who was posted meanwhile comes last */
		assert_int_equal(crowd.order[i], i < 20 ? i : i + 1);
	}
	loop_free(loop);
}

/* Longer than a turn may last, on any machine. */
static void take_long(void)
{
	int64_t from_us = clock_work_us();

	while (clock_work_us() - from_us < 1000) {
	}
}

#define SLOW 5

static struct slow {
	struct loop *loop;
	unsigned n, before, most; /* that ran, before this turn, at most in one */
	char order[SLOW + 1];
	bool over;
} row;

static void slow_one(unsigned number)
{
	row.order[row.n++] = (char)('0' + number);
	take_long();
	row.over = loop_turn_over(row.loop);
}

static void slow_task(struct task *task)
{
	slow_one(*(unsigned *)task->data);
}

static void slow_timer(struct timer *timer)
{
	slow_one(*(unsigned *)timer->data);
}

/* Asked once a turn, after timers and tasks. */
static bool slow_done(void *data)
{
	(void)data;
	if (row.n - row.before > row.most) {
		row.most = row.n - row.before;
	}
	row.before = row.n;
	return row.n == SLOW;
}

static void what_takes_long_has_a_turn_for_itself(void **state)
{
	struct loop *loop = real();
	struct task tasks[SLOW];
	struct timer timers[SLOW];
	unsigned numbers[SLOW];

	(void)state;
	row = (struct slow){.loop = loop};
	assert_false(loop_turn_over(loop)); /* nothing of it has run */
	for (unsigned i = 0; i < SLOW; i++) {
		numbers[i] = i;
		task_init(&tasks[i], loop, slow_task, &numbers[i]);
		task_post(&tasks[i]);
	}
	assert_true(loop_run_until(loop, slow_done, NULL, 10000));
	assert_int_equal(row.most, 1);
	assert_string_equal(row.order, "01234");
	assert_true(row.over);
	row = (struct slow){.loop = loop};
	for (unsigned i = 0; i < SLOW; i++) {
		timer_init(&timers[i], loop, slow_timer, &numbers[i]);
		timer_start(&timers[i], 0);
	}
	assert_true(loop_run_until(loop, slow_done, NULL, 10000));
	assert_in_range(row.most, 1, 2); /* libuv looks once more after the sockets */
	assert_string_equal(row.order, "01234");
	loop_free(loop);
}

static void an_idle_loop_does_not_wake(void **state)
{
	struct loop *loop = real();
	struct timer far;
	struct rusage before;
	struct rusage after;

	(void)state;
	timer_init(&far, loop, fire_note, word("far"));
	timer_start(&far, 3600 * 1000);
	(void)getrusage(RUSAGE_SELF, &before);
	assert_false(loop_run_until(loop, never, NULL, 300));
	(void)getrusage(RUSAGE_SELF, &after);
	assert_in_range(after.ru_nvcsw - before.ru_nvcsw, 0, 4);
	timer_stop(&far);
	loop_free(loop);
}

static void run_long(struct work *work)
{
	(void)work;
	sleep_ms(300);
}

static void aside_done(struct work *work)
{
	note(work->data);
}

static void run_nothing(struct work *work)
{
	(void)work;
}

static bool three_notes(void *data)
{
	(void)data;
	return strlen(trace) >= 3;
}

static void work_aside_keeps_nothing_waiting_and_has_its_own_order(void **state)
{
	struct loop *loop = real();
	struct work slow = {.run = run_long, .done = aside_done, .data = word("s")};
	struct work after = {.run = run_nothing, .done = aside_done, .data = word("a")};
	struct work quick = {.run = run_nothing, .done = aside_done, .data = word("q")};

	(void)state;
	work_start_aside(loop, &slow);
	work_start_aside(loop, &after);
	work_start(loop, &quick);
	assert_true(loop_run_until(loop, three_notes, NULL, 5000));
	assert_string_equal(trace, "qsa");
	loop_free(loop);
	/* inline and in time in virtual */
	trace[0] = '\0';
	loop = loop_new_virtual(WALL_START_MS);
	work_start_aside(loop, &quick);
	assert_string_equal(trace, "");
	loop_advance(loop, 0);
	assert_string_equal(trace, "q");
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(virtual_fires_in_order_of_time_then_of_start, clear),
		cmocka_unit_test_setup(virtual_time_stands_at_the_due_time_while_a_timer_fires,
				       clear),
		cmocka_unit_test_setup(a_timer_of_zero_fires_at_the_next_turn_of_the_same_time,
				       clear),
		cmocka_unit_test_setup(zeroed_timers_may_be_stopped, clear),
		cmocka_unit_test_setup(heap_holds_under_a_storm_of_starts_and_stops, clear),
		cmocka_unit_test_setup(tasks_run_once_in_order_and_can_be_canceled_by_each_other,
				       clear),
		cmocka_unit_test_setup(virtual_work_runs_inline_at_the_next_turn, clear),
		cmocka_unit_test_setup(virtual_run_goes_to_the_stop_without_waiting, clear),
		cmocka_unit_test_setup(real_timers_fire_in_order_and_never_early, clear),
		cmocka_unit_test_setup(real_tasks_run_before_the_loop_waits, clear),
		cmocka_unit_test_setup(real_work_runs_one_after_another_on_another_thread, clear),
		cmocka_unit_test_setup(work_aside_keeps_nothing_waiting_and_has_its_own_order,
				       clear),
		cmocka_unit_test_setup(run_until_ends_by_time, clear),
		cmocka_unit_test_setup(a_stop_before_the_run_counts, clear),
		cmocka_unit_test_setup(what_timers_and_tasks_bring_about_ends_the_run_at_once,
				       clear),
		cmocka_unit_test_setup(signals_come_as_callbacks, clear),
		cmocka_unit_test_setup(many_take_several_turns_in_their_order, clear),
		cmocka_unit_test_setup(what_takes_long_has_a_turn_for_itself, clear),
		cmocka_unit_test_setup(the_longest_stall_is_measured_and_waiting_is_none, clear),
		cmocka_unit_test_setup(an_idle_loop_does_not_wake, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
