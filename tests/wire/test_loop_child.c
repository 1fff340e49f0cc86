/* test_loop_child.c - real programs on the real loop: each way in which one ends, and what it may see of us */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "loop/child.h"

#define SOON_MS 20000

static struct {
	struct loop *loop;
	struct child child;
	unsigned dones;
	struct err err;
	char output[256];
	size_t output_len;
} on;

static void done(struct child *child, const struct err *err)
{
	on.dones++;
	err_copy(&on.err, err);
	on.output_len = child->output_len;
	(void)snprintf(on.output, sizeof(on.output), "%.*s", (int)child->output_len, child->output);
}

static bool is_done(void *data)
{
	(void)data;
	return on.dones > 0;
}

static const char *shell[] = {"/bin/sh", "-c", NULL, NULL};

static void start(const char *script, const char *input, size_t len)
{
	shell[2] = script;
	on.dones = 0;
	on.child = (struct child){.argv = shell,
				  .input = input,
				  .input_len = len,
				  .output_max = 1 << 20,
				  .timeout_ms = SOON_MS,
				  .done = done};
	child_start(on.loop, &on.child);
	assert_int_equal(on.dones, 0);
}

/* Every child is reaped by the time of done. */
static void wait_done(enum err_kind kind)
{
	assert_true(loop_run_until(on.loop, is_done, NULL, SOON_MS + 5000));
	assert_int_equal(on.dones, 1);
	assert_int_equal(on.err.kind, kind);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_true(kind == ERR_NONE || on.output_len == 0);
}

static int set_up(void **state)
{
	struct err err = {0};

	(void)state;
	on.loop = loop_new(&err);
	return on.loop != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	loop_free(on.loop);
	on.loop = NULL;
	return 0;
}

static void test_fine(void **state)
{
	static char big[700000];

	(void)state;
	start("tr a-z A-Z", "hello", 5);
	wait_done(ERR_NONE);
	assert_string_equal(on.output, "HELLO");
	memset(big, 'x', sizeof(big));
	start("cat", big, sizeof(big));
	wait_done(ERR_NONE);
	assert_int_equal(on.output_len, sizeof(big));
	start("cat", NULL, 0);
	wait_done(ERR_NONE);
	assert_int_equal(on.output_len, 0);
}

static void test_sees_nothing_of_us(void **state)
{
	int leak = open("/dev/null", O_RDONLY); /* as a library would that forgot O_CLOEXEC */

	(void)state;
	assert_true(leak >= 0);
	assert_int_equal(setenv("SLUICE_CHILD_SECRET", "hunter2", 1), 0);
	start("env | grep -c SECRET; ls /proc/$$/fd | tr '\\n' ' '; pwd", NULL, 0);
	wait_done(ERR_NONE);
	assert_int_equal(strncmp(on.output, "0\n0 1 2 ", 8), 0);
	assert_string_equal(on.output + strlen(on.output) - 2, "/\n");
	assert_int_equal(close(leak), 0);
}

static void test_bad_ends(void **state)
{
	static const char *const missing[] = {"/nowhere/sluice-chart", NULL};

	(void)state;
	start("echo half; exit 3", NULL, 0);
	wait_done(ERR_REMOTE);
	assert_non_null(strstr(on.err.msg, "status 3"));
	start("kill -SEGV $$", NULL, 0);
	wait_done(ERR_REMOTE);
	assert_non_null(strstr(on.err.msg, "signal 11"));
	start("", NULL, 0);
	wait_done(ERR_NONE);
	on.dones = 0;
	on.child.argv = missing;
	child_start(on.loop, &on.child);
	assert_int_equal(on.dones, 0);
	wait_done(ERR_NOTFOUND);
	assert_non_null(strstr(on.err.msg, "/nowhere/sluice-chart"));
}

static void test_writes_too_much(void **state)
{
	(void)state;
	start("cat /dev/zero", NULL, 0);
	wait_done(ERR_LIMIT);
}

static void test_never_ends(void **state)
{
	int64_t begun_ms = clock_mono_ms();

	(void)state;
	start("trap '' TERM INT; sleep 100 & sleep 100", NULL, 0);
	child_cancel(&on.child);
	wait_done(ERR_CANCELED);
	shell[2] = "sleep 100 & sleep 100";
	on.dones = 0;
	on.child.timeout_ms = 200;
	child_start(on.loop, &on.child);
	wait_done(ERR_TIMEOUT);
	/* it ends, but what it started holds the output open */
	shell[2] = "sleep 3 & exit 0";
	on.dones = 0;
	child_start(on.loop, &on.child);
	wait_done(ERR_TIMEOUT);
	assert_true(clock_mono_ms() - begun_ms < SOON_MS);
}

static bool never(void *data)
{
	(void)data;
	return false;
}

static void test_its_own_children_end_too(void **state)
{
	char path[] = "/tmp/sluice-child-XXXXXX";
	char script[128];
	int fd = mkstemp(path);
	char left;

	(void)state;
	assert_true(fd >= 0);
	(void)snprintf(script, sizeof(script), "(sleep 1; echo alive >%s) & sleep 100", path);
	start(script, NULL, 0);
	child_cancel(&on.child);
	wait_done(ERR_CANCELED);
	start(script, NULL, 0);
	(void)loop_run_until(on.loop, never, NULL, 200); /* by now it has a child */
	child_cancel(&on.child);
	wait_done(ERR_CANCELED);
	(void)loop_run_until(on.loop, never, NULL, 1500);
	assert_int_equal(read(fd, &left, 1), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(unlink(path), 0);
}

static void test_closes_its_input_early(void **state)
{
	static char big[700000];

	(void)state;
	start("exec 0<&-; echo enough", big, sizeof(big));
	wait_done(ERR_NONE);
	assert_string_equal(on.output, "enough\n");
}

static void test_loop_closes(void **state)
{
	start("sleep 100", NULL, 0);
	assert_int_equal(tear_down(state), 0);
	assert_int_equal(on.dones, 1);
	assert_int_equal(on.err.kind, ERR_CANCELED);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(set_up(state), 0);
}

static void test_no_descriptor_left(void **state)
{
	struct rlimit old, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	start("echo no", NULL, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	wait_done(ERR_LIMIT);
}

static void test_virtual(void **state)
{
	assert_int_equal(tear_down(state), 0);
	on.loop = loop_new_virtual(1);
	start("echo no", NULL, 0);
	loop_advance(on.loop, 1);
	assert_int_equal(on.dones, 1);
	assert_int_equal(on.err.kind, ERR_NOTFOUND);
	assert_int_equal(tear_down(state), 0);
	assert_int_equal(set_up(state), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fine),
		cmocka_unit_test(test_sees_nothing_of_us),
		cmocka_unit_test(test_bad_ends),
		cmocka_unit_test(test_writes_too_much),
		cmocka_unit_test(test_its_own_children_end_too),
		cmocka_unit_test(test_never_ends),
		cmocka_unit_test(test_closes_its_input_early),
		cmocka_unit_test(test_loop_closes),
		cmocka_unit_test(test_no_descriptor_left),
		cmocka_unit_test(test_virtual),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
