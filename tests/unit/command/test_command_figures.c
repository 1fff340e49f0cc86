/* test_command_figures.c - counters to percents: differences, a restart, gaps, what is missing; and samples on even steps */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "command/figures.h"

static struct arena arena;

static bool near(double a, double b)
{
	return fabs(a - b) < 0.001;
}

static void cpu(void **state)
{
	/* one minute each: a quarter used, all used, the machine restarted, one mode missing at 360, then half */
	static const struct ocean_point idle[] = {{0, 1000},  {60, 1045}, {120, 1045}, {180, 5},
						  {240, 35},  {300, 65},  {360, 95},   {420, 125},
						  {480, 155}, {540, 155}};
	static const struct ocean_point user[] = {{0, 10},    {60, 25},   {120, 85},
						  {180, 1},   {240, 31},  {300, 61},
						  {420, 121}, {480, 151}, {540, 151}};
	const struct ocean_series modes[] = {{"user", user, ARRAY_LEN(user)},
					     {"idle", idle, ARRAY_LEN(idle)}};
	struct figure_samples samples = figure_cpu(modes, 2, &arena);
	static const struct ocean_point expected[] = {
		{60, 25}, {120, 100}, {240, 50}, {300, 50}, {480, 50}};

	(void)state;
	assert_int_equal(samples.n, ARRAY_LEN(expected));
	for (size_t i = 0; i < samples.n; i++) {
		assert_int_equal(samples.points[i].at_s, expected[i].at_s);
		assert_true(near(samples.points[i].value, expected[i].value));
	}
	/* no mode that says how much was left, nothing at all, and one sample: no difference */
	assert_int_equal(figure_cpu(modes, 1, &arena).n, 0);
	assert_int_equal(figure_cpu(NULL, 0, &arena).n, 0);
	assert_int_equal(figure_cpu(&(struct ocean_series){"idle", idle, 1}, 1, &arena).n, 0);
	/* only one mode goes back: no time went by there */
	{
		static const struct ocean_point a[] = {{0, 0}, {60, 50}, {120, 100}};
		static const struct ocean_point b[] = {{0, 20}, {60, 10}, {120, 60}};
		const struct ocean_series torn[] = {{"idle", a, 3}, {"user", b, 3}};

		samples = figure_cpu(torn, 2, &arena);
		assert_int_equal(samples.n, 1);
		assert_int_equal(samples.points[0].at_s, 120);
		assert_true(near(samples.points[0].value, 50));
	}
}

static void share(void **state)
{
	static const struct ocean_point left[] = {{0, 50}, {60, 20}, {90, 1}, {120, 10}};
	static const struct ocean_point all[] = {{0, 100}, {60, 100}, {120, 0}};
	static const struct ocean_point data_left[] = {{0, 5}};
	static const struct ocean_point data_all[] = {{0, 100}};
	const struct ocean_series parts[] = {
		{"/", left, 4}, {"/data", data_left, 1}, {"/lost", left, 4}};
	const struct ocean_series wholes[] = {{"/data", data_all, 1}, {"/", all, 3}};
	struct figure_samples samples = figure_share(parts, 1, wholes, 2, &arena);

	(void)state;
	assert_int_equal(samples.n, 2); /* of nothing there is no share, and 90 has no whole */
	assert_true(near(samples.points[0].value, 50) && near(samples.points[1].value, 80));
	samples = figure_share(parts, 3, wholes, 2, &arena);
	assert_string_equal(samples.name, "/data");
	assert_true(near(samples.points[0].value, 95));
	assert_int_equal(figure_share(parts, 3, NULL, 0, &arena).n, 0);
	assert_int_equal(figure_share(NULL, 0, wholes, 2, &arena).n, 0);
	/* memory has no names */
	assert_int_equal(figure_share(&(struct ocean_series){NULL, left, 1}, 1,
				      &(struct ocean_series){NULL, all, 1}, 1, &arena)
				 .n,
			 1);
}

static void steps(void **state)
{
	static const struct ocean_point points[] = {{1060, 10}, {1120, 95}, {1240, 91},
						    {1230, 99}, {1300, 92}, {2000, 5}};
	struct figure_samples samples = {.points = points, .n = 6};
	struct figure figure = figure_steps(&samples, 1000, 1300);

	(void)state;
	assert_int_equal(figure.n, 4); /* one is out of order, one beyond */
	assert_int_equal(figure.n_steps, 3);
	assert_true(near(figure.steps[0], 10) && near(figure.steps[1], 95) &&
		    near(figure.steps[2], 92));
	assert_true(near(figure.last, 92) && near(figure.most, 95));
	assert_int_equal(figure.last_s, 1300);
	assert_int_equal(figure.n_high, 3);
	assert_int_equal(figure.high_since_s, 1120);
	assert_true(near(figure.high_least, 91) && !figure.high_always);
	/* nothing within, nothing at all, no time */
	assert_int_equal(figure_steps(&samples, 3000, 4000).n, 0);
	assert_int_equal(figure_steps(&(struct figure_samples){0}, 1000, 1300).n, 0);
	assert_int_equal(figure_steps(&samples, 1060, 1060).n, 0);
}

static void gaps(void **state)
{
	/* every minute of two hours, none in the second half hour */
	struct ocean_point points[121];
	struct figure_samples samples = {.points = points, .n = 0};
	struct figure figure;

	(void)state;
	for (int i = 0; i <= 120; i++) {
		if (i <= 30 || i >= 60) {
			points[samples.n++] = (struct ocean_point){i * 60, 95};
		}
	}
	figure = figure_steps(&samples, 0, 7200);
	assert_int_equal(figure.n_steps, FIGURE_STEPS_MAX);
	for (size_t i = 0; i < figure.n_steps; i++) {
		assert_true(isnan(figure.steps[i]) ? i >= 15 && i < 30 : i < 15 || i >= 29);
	}
	assert_true(isnan(figure.steps[20]));
	assert_false(figure.high_always); /* of the half hour nobody knows */
	assert_int_equal(figure.high_since_s, 3600);
}

static int after(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(cpu), cmocka_unit_test(share),
					   cmocka_unit_test(steps), cmocka_unit_test(gaps)};

	return cmocka_run_group_tests(tests, NULL, after);
}
