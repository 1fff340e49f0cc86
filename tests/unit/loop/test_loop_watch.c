/* test_loop_watch.c - a file that becomes another one in each way that people and machines know, on the real file system
 *
 * What must not be told too early is tried with the program's own times; what must be told at last, with shorter ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "loop/watch.h"

static const struct watch_times brisk = {
	.quiet_ms = 100, .most_ms = 1000, .poll_ms = 1000, .rest_ms = 20};

static struct {
	struct loop *loop;
	struct watch *watch;
	struct timer storm;
	char folder[64];
	char path[128];
	int changes;
	int wanted;
} on;

static void write_to(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static const char *beside(const char *name)
{
	static char paths[4][160];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", on.folder, name);
	return path;
}

static void changed(void *data)
{
	(void)data;
	on.changes++;
}

static bool enough(void *data)
{
	(void)data;
	return on.changes >= on.wanted;
}

static bool wait_for(int changes, int64_t ms)
{
	on.wanted = changes;
	return loop_run_until(on.loop, enough, NULL, ms);
}

static void rename_many(int times)
{
	for (int i = 0; i < times; i++) {
		assert_int_equal(rename(beside("other.db"), beside("..data")), 0);
		assert_int_equal(rename(beside("..data"), beside("other.db")), 0);
	}
}

static void blow(struct timer *timer)
{
	rename_many(300);
	timer_start(timer, 10);
}

static int set_up(void **state)
{
	struct err err = {0};

	(void)state;
	memset(&on, 0, sizeof(on));
	(void)snprintf(on.folder, sizeof(on.folder), "/tmp/sluice-watch-XXXXXX");
	assert_non_null(mkdtemp(on.folder));
	(void)snprintf(on.path, sizeof(on.path), "%s/policy.yaml", on.folder);
	write_to(on.path, "one\n");
	on.loop = loop_new(&err);
	assert_non_null(on.loop);
	timer_init(&on.storm, on.loop, blow, NULL);
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = {"policy.yaml", "other.db", "new.yaml", "..data"};
	static const char *const folders[] = {"v1", "v2"};

	(void)state;
	timer_stop(&on.storm);
	watch_free(on.watch);
	loop_free(on.loop);
	for (size_t i = 0; i < 4; i++) {
		(void)unlink(beside(names[i]));
	}
	for (size_t i = 0; i < 2; i++) {
		char path[200];

		(void)snprintf(path, sizeof(path), "%s/%s/policy.yaml", on.folder, folders[i]);
		(void)unlink(path);
		(void)rmdir(beside(folders[i]));
	}
	return rmdir(on.folder);
}

static void begin(void)
{
	on.watch = watch_new(on.loop, on.path, changed, NULL);
	assert_false(wait_for(1, 50));
}

static void begin_briskly(void)
{
	begin();
	watch_set_times(on.watch, &brisk);
}

static void one_that_is_written_in_place_is_told_once_and_when_quiet(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 5; i++) {
		write_to(on.path, i % 2 == 0 ? "half\n" : "whole\n");
		assert_false(wait_for(1, 100)); /* never while it is being written */
	}
	assert_true(wait_for(1, 2000));
	assert_false(wait_for(2, 700));
}

static void one_that_is_replaced_by_a_rename_is_told_each_time(void **state)
{
	(void)state;
	begin_briskly();
	for (int i = 1; i <= 3; i++) {
		write_to(beside("new.yaml"), "new\n");
		assert_int_equal(rename(beside("new.yaml"), on.path), 0);
		assert_true(wait_for(i, 2000));
	}
	write_to(on.path, "in place after all\n");
	assert_true(wait_for(4, 2000));
}

static void one_behind_links_that_are_swapped_is_told(void **state)
{
	char real[200];

	(void)state;
	/* as Kubernetes mounts a ConfigMap: policy.yaml -> ..data/policy.yaml, ..data -> v1 */
	assert_int_equal(unlink(on.path), 0);
	for (int i = 1; i <= 2; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "v%d", i);
		assert_int_equal(mkdir(beside(name), 0700), 0);
		(void)snprintf(real, sizeof(real), "%s/%s/policy.yaml", on.folder, name);
		write_to(real, name);
	}
	assert_int_equal(symlink("v1", beside("..data")), 0);
	assert_int_equal(symlink("..data/policy.yaml", on.path), 0);
	begin_briskly();
	assert_int_equal(symlink("v2", beside("new.yaml")), 0);
	assert_int_equal(rename(beside("new.yaml"), beside("..data")), 0);
	assert_true(wait_for(1, 2000));
	/* and the file behind them, which now stands in another folder, is watched too */
	write_to(real, "written in place, two folders away\n");
	assert_true(wait_for(2, 2000));
}

static void one_that_goes_and_comes_back_is_told_twice(void **state)
{
	(void)state;
	begin_briskly();
	assert_int_equal(unlink(on.path), 0);
	assert_true(wait_for(1, 2000));
	write_to(on.path, "back\n");
	assert_true(wait_for(2, 2000));
}

static void its_owner_or_mode_is_a_change_too(void **state)
{
	(void)state;
	begin_briskly();
	assert_int_equal(chmod(on.path, 0600), 0);
	assert_int_equal(chmod(on.path, 0666), 0);
	assert_true(wait_for(1, 2000));
}

static void a_database_beside_it_is_not_told(void **state)
{
	(void)state;
	write_to(beside("other.db"), "x");
	begin_briskly();
	for (int i = 0; i < 20; i++) {
		write_to(beside("other.db"), "y");
		assert_false(wait_for(1, 20));
	}
	assert_false(wait_for(1, 300));
}

/* More than the kernel keeps, while nobody reads: what came last is dropped, and yet it is told. */
static void what_a_storm_beside_it_drowns_is_told(void **state)
{
	(void)state;
	write_to(beside("other.db"), "x");
	write_to(beside("new.yaml"), "x");
	begin_briskly();
	for (int i = 0; i < 20000; i++) {
		assert_int_equal(truncate(beside("other.db"), i % 7), 0);
		assert_int_equal(truncate(beside("new.yaml"), i % 5), 0);
	}
	write_to(on.path, "after many others\n");
	assert_true(wait_for(1, 3000));
	rename_many(20000);
	write_to(on.path, "after many others that were renamed\n");
	assert_true(wait_for(2, 7000));
}

/* What the kernel holds for the one inotify of this process. */
static int untold_bytes(void)
{
	int bytes = -1;

	for (int fd = 3; fd < 256; fd++) {
		char name[32];
		char what[64];
		ssize_t n;

		(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
		n = readlink(name, what, sizeof(what) - 1);
		what[n > 0 ? n : 0] = '\0';
		if (strstr(what, "inotify") != NULL) {
			assert_int_equal(bytes, -1);
			assert_int_equal(ioctl(fd, FIONREAD, &bytes), 0);
		}
	}
	return bytes;
}

/* However much there is to read, the loop has its turns: one buffer, then a rest. */
static void a_storm_does_not_hold_the_loop(void **state)
{
	int64_t begin_ms;
	int all, left;

	(void)state;
	write_to(beside("other.db"), "x");
	begin();
	rename_many(2500);
	all = untold_bytes();
	assert_true(all > 15 * WATCH_BUFFER_BYTES);
	begin_ms = clock_mono_ms();
	assert_false(wait_for(1, 250));
	left = untold_bytes();
	assert_in_range(all - left, 1,
			((clock_mono_ms() - begin_ms) / WATCH_REST_MS + 1) * WATCH_BUFFER_BYTES);
}

/* Others rename without end, more than is ever read: the file's own change is told all the same. */
static void a_change_in_a_storm_without_end_is_told(void **state)
{
	(void)state;
	write_to(beside("other.db"), "x");
	begin_briskly();
	timer_start(&on.storm, 0);
	assert_false(wait_for(1, 200));
	write_to(on.path, "in the storm\n");
	assert_true(wait_for(1, 5000));
	assert_false(wait_for(2, 200));
}

static void a_file_that_never_gets_quiet_is_told_all_the_same(void **state)
{
	const struct watch_times times = {.quiet_ms = WATCH_QUIET_MS,
					  .most_ms = 1500,
					  .poll_ms = WATCH_POLL_MS,
					  .rest_ms = 20};
	int64_t begin_ms = clock_mono_ms();
	int tries = 0;

	(void)state;
	begin();
	watch_set_times(on.watch, &times);
	while (on.changes == 0 && tries < 500) {
		write_to(on.path, tries++ % 2 == 0 ? "a\n" : "bb\n");
		(void)wait_for(1, 20);
	}
	assert_int_equal(on.changes, 1);
	assert_true(clock_mono_ms() - begin_ms > times.quiet_ms);
}

static void where_the_system_cannot_tell_the_file_is_looked_at(void **state)
{
	(void)state;
	begin_briskly();
	watch_poll_only(on.watch);
	write_to(on.path, "two\n");
	assert_false(wait_for(1, 500));
	assert_true(wait_for(1, 3000));
}

static void nothing_wakes_while_nothing_happens(void **state)
{
	struct rusage before;
	struct rusage after;

	(void)state;
	begin();
	assert_int_equal(getrusage(RUSAGE_THREAD, &before), 0);
	assert_false(wait_for(1, 1500));
	assert_int_equal(getrusage(RUSAGE_THREAD, &after), 0);
	assert_in_range(after.ru_nvcsw - before.ru_nvcsw, 0, 5);
}

static void a_virtual_loop_has_no_files(void **state)
{
	struct loop *loop = loop_new_virtual(INT64_C(1768273200000));
	struct watch *watch = watch_new(loop, "/nowhere/at/all", changed, NULL);

	(void)state;
	on.changes = 0;
	watch_poll_only(watch);
	loop_advance(loop, 60000);
	assert_int_equal(on.changes, 0);
	watch_free(watch);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			one_that_is_written_in_place_is_told_once_and_when_quiet, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(one_that_is_replaced_by_a_rename_is_told_each_time,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_behind_links_that_are_swapped_is_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(one_that_goes_and_comes_back_is_told_twice, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(its_owner_or_mode_is_a_change_too, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_database_beside_it_is_not_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_a_storm_beside_it_drowns_is_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_storm_does_not_hold_the_loop, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_change_in_a_storm_without_end_is_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_never_gets_quiet_is_told_all_the_same,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(where_the_system_cannot_tell_the_file_is_looked_at,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_wakes_while_nothing_happens, set_up,
						tear_down),
		cmocka_unit_test(a_virtual_loop_has_no_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
