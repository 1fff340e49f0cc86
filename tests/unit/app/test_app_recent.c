/* test_app_recent.c - the newest 8,192 deliveries are known again, the ones before them are not */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "app/internal.h"

#define KEPT 8192

static bool repeated(struct recent *recent, unsigned i)
{
	char key[48];

	(void)snprintf(key, sizeof(key), "slack/T0BENCH01/Ev%08u", i);
	return recent_repeated(recent, key);
}

static void the_newest_are_known(void **state)
{
	struct recent *recent = recent_new();

	(void)state;
	for (unsigned i = 0; i < 3 * KEPT + 100; i++) {
		assert_false(repeated(recent, i));
		assert_true(repeated(recent, i));
		if (i >= KEPT - 1 && i % 61 == 0) { /* the oldest of those that are kept */
			assert_true(repeated(recent, i - (KEPT - 1)));
		}
	}
	for (unsigned i = 2 * KEPT + 100; i < 3 * KEPT + 100; i++) {
		assert_true(repeated(recent, i));
	}
	recent_free(recent);
}

static void what_is_older_is_new_again(void **state)
{
	struct recent *recent = recent_new();

	(void)state;
	for (unsigned i = 0; i < KEPT + 1; i++) {
		assert_false(repeated(recent, i));
	}
	assert_false(repeated(recent, 0)); /* and now 1 has gone */
	assert_false(repeated(recent, 1));
	assert_true(repeated(recent, 3));
	recent_free(recent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_are_known),
		cmocka_unit_test(what_is_older_is_new_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
