/* test_loop_input.c - lines from pipes and files: whole, bounded, and calm when the owner acts inside a callback */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "loop/input.h"

static struct input *input;
static char got[1024];
static unsigned ends;
static unsigned close_after, pause_after, lines; /* 0: never */

static void on_line(const char *line, size_t len, void *data)
{
	size_t at = strlen(got);

	(void)data;
	snprintf(got + at, sizeof(got) - at, "%zu(%s)", len, line);
	if (++lines == close_after) {
		input_close(input);
	}
	if (lines == pause_after) {
		input_pause(input);
	}
}

static void on_long(size_t len, void *data)
{
	size_t at = strlen(got);

	(void)data;
	snprintf(got + at, sizeof(got) - at, "long %zu ", len);
}

static void on_end(void *data)
{
	(void)data;
	ends++;
}

static bool ended(void *data)
{
	(void)data;
	return ends > 0;
}

static void open_on(struct loop *loop, int fd, unsigned closes, unsigned pauses)
{
	const struct input_options options = {
		.fd = fd, .line_max = 8, .on_line = on_line, .on_long = on_long, .on_end = on_end};
	struct err err = {0};

	got[0] = '\0';
	ends = 0;
	lines = 0;
	close_after = closes;
	pause_after = pauses;
	input = input_open(loop, &options, &err);
	assert_non_null(input);
}

static int file_with(FILE **ret_file, const char *text)
{
	*ret_file = tmpfile();
	assert_non_null(*ret_file);
	fputs(text, *ret_file);
	rewind(*ret_file);
	return fileno(*ret_file);
}

static void files_are_read_to_the_end(void **state)
{
	static const char *const loops[] = {"real", "virtual"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct loop *loop = i == 0 ? loop_new(NULL) : loop_new_virtual(0);
		FILE *file;

		print_message("%s\n", loops[i]);
		open_on(loop,
			file_with(&file, "a\r\n\n12345678\n123456789\n"
					 "12345678901234567"),
			0, 0);
		assert_false(loop_run_until(loop, ended, NULL, 50)); /* it begins paused */
		assert_string_equal(got, "");
		input_resume(input);
		assert_true(loop_run_until(loop, ended, NULL, 5000));
		assert_string_equal(got, "1(a)0()8(12345678)long 9 long 17 ");
		assert_int_equal(ends, 1);
		input_close(input);
		loop_free(loop);
		fclose(file);
	}
}

static void pipes_wait_and_pause(void **state)
{
	struct loop *loop = loop_new(NULL);
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	open_on(loop, fds[0], 0, 1);
	input_resume(input);
	assert_int_equal(write(fds[1], "a\nb\nc", 5), 5);
	assert_false(loop_run_until(loop, ended, NULL, 50));
	assert_string_equal(got, "1(a)"); /* paused inside its callback */
	close(fds[1]);
	assert_false(loop_run_until(loop, ended, NULL, 50));
	assert_string_equal(got, "1(a)");
	input_resume(input);
	assert_true(loop_run_until(loop, ended, NULL, 5000));
	assert_string_equal(got, "1(a)1(b)1(c)");
	assert_int_equal(ends, 1);
	input_close(input);
	loop_free(loop);
	close(fds[0]);
}

static void a_close_inside_a_callback_is_the_end(void **state)
{
	struct loop *loop = loop_new(NULL);
	FILE *file;
	int fds[2];

	(void)state;
	open_on(loop, file_with(&file, "a\nb\nc\n"), 2, 0);
	input_resume(input);
	assert_false(loop_run_until(loop, ended, NULL, 50));
	assert_string_equal(got, "1(a)1(b)");
	fclose(file);
	assert_int_equal(pipe(fds), 0);
	open_on(loop, fds[0], 1, 0);
	input_resume(input);
	assert_int_equal(write(fds[1], "a\nb\n", 4), 4);
	assert_false(loop_run_until(loop, ended, NULL, 50));
	assert_string_equal(got, "1(a)");
	loop_free(loop);
	close(fds[0]);
	close(fds[1]);
}

static void what_cannot_be_read_is_said(void **state)
{
	const struct input_options options = {.fd = 9999, .line_max = 8};
	struct loop *loop = loop_new(NULL);
	struct err err = {0};

	(void)state;
	assert_null(input_open(loop, &options, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_non_null(strstr(err.msg, "cannot read from descriptor 9999"));
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_read_to_the_end),
		cmocka_unit_test(pipes_wait_and_pause),
		cmocka_unit_test(a_close_inside_a_callback_is_the_end),
		cmocka_unit_test(what_cannot_be_read_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
