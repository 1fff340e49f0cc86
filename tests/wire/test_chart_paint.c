/* test_chart_paint.c - charts painted by the real sluice-chart on the real loop, and each way in which there is no picture */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "chart/paint.h"
#include "chat/build.h"
#include "cli/picture.h"

#define SOON_MS 20000

static struct loop *loop;
static struct arena arena;
static unsigned n_done;
static size_t len;
static char start[9], alt[200];

static void done(void *data, const struct chat_file *file)
{
	assert_ptr_equal(data, &arena);
	n_done++;
	len = file != NULL ? file->len : 0;
	if (file != NULL) {
		memcpy(start, file->bytes, 8);
		(void)strncpy(alt, file->alt, sizeof(alt) - 1);
		assert_string_equal(file->name, "charts.png");
	}
}

static bool is_done(void *data)
{
	(void)data;
	return n_done > 0;
}

static const struct message *charts(unsigned n)
{
	const double points[] = {1, (double)NAN, 40, 100};
	struct build build;

	build_init(&build, &arena, TONE_PLAIN);
	build_line(&build, "web-1");
	for (unsigned i = 0; i < n; i++) {
		build_chart(&build, &(struct chart){.label = i == 0 ? "CPU" : "In",
						    .unit = i == 0 ? "%" : "Mbit/s",
						    .caption = "12 % now",
						    .points = points,
						    .n_points = 4,
						    .high = 100,
						    .from_ms = 1768269600000,
						    .to_ms = 1768273200000});
	}
	return build_end(&build);
}

static void *begin(struct painter *painter, unsigned n)
{
	const struct post_painter *hook = painter_hook(painter);

	n_done = 0;
	len = 0;
	return hook->start(hook, charts(n), done, &arena);
}

static void a_picture(void **state)
{
	struct painter *painter = painter_new(loop, BINARY_DIR "/sluice-chart");

	(void)state;
	assert_non_null(begin(painter, 2));
	assert_int_equal(n_done, 0);
	assert_true(loop_run_until(loop, is_done, NULL, SOON_MS));
	assert_true(len > 1000);
	assert_memory_equal(start, "\x89PNG\r\n\x1a\n", 8);
	assert_string_equal(alt, "CPU: 12 % now. In: 12 % now.");
	assert_null(begin(painter, 9)); /* more than a picture holds */
	painter_free(painter);
}

static void no_picture(void **state)
{
	struct painter *painter = painter_new(loop, "/bin/cat"); /* answers what is no picture */

	(void)state;
	assert_non_null(begin(painter, 1));
	assert_true(loop_run_until(loop, is_done, NULL, SOON_MS));
	assert_int_equal(len, 0);
	painter_free(painter);
	painter = painter_new(loop, BINARY_DIR "/no-such-program");
	assert_non_null(begin(painter, 1));
	assert_true(loop_run_until(loop, is_done, NULL, SOON_MS));
	assert_int_equal(len, 0);
	assert_null(begin(painter, 1)); /* not looked for again */
	painter_free(painter);
}

static void the_setting_or_the_neighbour(void **state)
{
	char *flags[] = {(char *)"test", (char *)"--chart-program",
			 (char *)BINARY_DIR "/sluice-chart", NULL};
	struct config *config = config_new();
	struct painter *painter = picture_open(loop, config);
	int rest;

	(void)state;
	assert_non_null(begin(painter, 1)); /* beside this test there is none */
	assert_true(loop_run_until(loop, is_done, NULL, SOON_MS));
	assert_int_equal(len, 0);
	painter_free(painter);
	assert_int_equal(config_flags(config, 3, flags, &rest, NULL), 0);
	painter = picture_open(loop, config);
	assert_non_null(begin(painter, 1));
	assert_true(loop_run_until(loop, is_done, NULL, SOON_MS));
	assert_true(len > 1000);
	painter_free(painter);
	config_free(config);
}

static bool never(void *data)
{
	(void)data;
	return false;
}

static void not_wanted_any_more(void **state)
{
	struct painter *painter = painter_new(loop, BINARY_DIR "/sluice-chart");
	void *painting = begin(painter, 1);

	(void)state;
	painter_hook(painter)->cancel(painting);
	painter_free(painter); /* before its program has ended */
	(void)loop_run_until(loop, never, NULL, 200);
	assert_int_equal(n_done, 0);
}

static int before(void **state)
{
	(void)state;
	loop = loop_new(NULL);
	return loop != NULL ? 0 : -1;
}

static int after(void **state)
{
	(void)state;
	loop_free(loop);
	arena_done(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_picture),
					   cmocka_unit_test(no_picture),
					   cmocka_unit_test(the_setting_or_the_neighbour),
					   cmocka_unit_test(not_wanted_any_more)};

	return cmocka_run_group_tests(tests, before, after);
}
