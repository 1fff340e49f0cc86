/* test_ocean_pace.c - rate budget, retries and polling, as pure questions */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "ocean/pace.h"

#define WALL INT64_C(1800000000000)

static void heard(struct ocean_pace *pace, int status, int64_t remaining, int64_t reset_in_s,
		  int64_t retry_after_s, int64_t now_ms)
{
	struct ocean_pace_answer answer = {status, remaining < 0 ? -1 : 5000, remaining,
					   WALL / 1000 + now_ms / 1000 + reset_in_s, retry_after_s};

	ocean_pace_heard(pace, &answer, now_ms, WALL + now_ms);
}

static void minute(void **state)
{
	struct ocean_pace pace = {0};

	(void)state;
	for (int i = 0; i < 200; i++) {
		assert_int_equal(ocean_pace_wait_ms(&pace, false, 1000 + i), 0);
		ocean_pace_sent(&pace, 1000 + i);
	}
	/* a fifth is left to people, and the oldest of the 200 must be a minute old */
	assert_int_equal(ocean_pace_wait_ms(&pace, false, 1200), 60000 - 200);
	assert_int_equal(ocean_pace_wait_ms(&pace, false, 61000), 0);
	for (int i = 200; i < 250; i++) {
		assert_int_equal(ocean_pace_wait_ms(&pace, true, 1000 + i), 0);
		ocean_pace_sent(&pace, 1000 + i);
	}
	assert_int_equal(ocean_pace_wait_ms(&pace, true, 1250), 60000 - 250);
	assert_int_equal(ocean_pace_wait_ms(&pace, true, 61000), 0);
	ocean_pace_sent(&pace, 61000);
	assert_int_equal(ocean_pace_wait_ms(&pace, true, 61000), 1);
	/* the background waits for its own share: the 200th latest is the one of 1051 */
	assert_int_equal(ocean_pace_wait_ms(&pace, false, 61000), 51);
}

/* No stretch of a minute ever holds more than the limit, whatever the rhythm. */
static void never_more_than_the_limit(void **state)
{
	struct ocean_pace pace = {0};
	static int64_t sent[5000];
	size_t n = 0;
	unsigned seed = 7;

	(void)state;
	for (int64_t now = 0; now < 300000 && n < 5000; now += seed >> 16 & 63) {
		seed = seed * 1103515245U + 12345U;
		if (ocean_pace_wait_ms(&pace, (seed >> 24 & 1) != 0, now) == 0) {
			ocean_pace_sent(&pace, now);
			sent[n++] = now;
			assert_true(n <= 250 || sent[n - 1] - sent[n - 251] >= 60000);
		}
	}
	assert_true(n > 800);
}

/* A limit that DigitalOcean raised holds as strictly; one below the usual lowers nothing. */
static void raised(void **state)
{
	struct ocean_pace pace = {.per_minute = 1100};
	struct ocean_pace less = {.per_minute = 10};
	static int64_t sent[9000];
	size_t n = 0;
	unsigned seed = 7;

	(void)state;
	heard(&pace, 200, 1000000, 600, -1, 0);
	pace.limit = 1000000;
	for (int64_t now = 0; now < 300000 && n < 9000; now += seed >> 16 & 31) {
		seed = seed * 1103515245U + 12345U;
		for (unsigned i = 0; i < 2 && ocean_pace_wait_ms(&pace, true, now) == 0; i++) {
			ocean_pace_sent(&pace, now);
			sent[n++] = now;
			assert_true(n <= 1100 || sent[n - 1] - sent[n - 1101] >= 60000);
		}
	}
	assert_true(n > 4 * 1000);
	for (unsigned i = 0; i < 250; i++) {
		assert_int_equal(ocean_pace_wait_ms(&less, true, 5), 0);
		ocean_pace_sent(&less, 5);
	}
	assert_true(ocean_pace_wait_ms(&less, true, 5) > 0);
}

static void hour(void **state)
{
	struct ocean_pace pace = {0};

	(void)state;
	heard(&pace, 200, 4000, 600, -1, 1000);
	assert_int_equal(ocean_pace_wait_ms(&pace, false, 1000), 0);
	heard(&pace, 200, 1000, 600, -1, 2000);
	assert_int_equal(ocean_pace_wait_ms(&pace, true, 2000), 0);
	assert_int_equal(ocean_pace_wait_ms(&pace, false, 2000), 600000);
	assert_int_equal(ocean_pace_wait_ms(&pace, false, 602000), 0);
	heard(&pace, 200, 0, 30, -1, 3000);
	assert_int_equal(ocean_pace_wait_ms(&pace, true, 3000), 30000);
	assert_int_equal(ocean_pace_wait_ms(&pace, true, 33000), 0);
	/* an answer without the headers changes nothing; clocks that disagree stop for an hour at most */
	heard(&pace, 200, -1, 0, -1, 3000);
	assert_int_equal(ocean_pace_wait_ms(&pace, true, 3000), 30000);
	heard(&pace, 200, 0, 99999999, -1, 3000);
	assert_int_equal(ocean_pace_wait_ms(&pace, true, 3000), 3600000);
	heard(&pace, 200, 0, -99999999, -1, 3000);
	assert_int_equal(ocean_pace_wait_ms(&pace, true, 3000), 0);
}

/* Without any header: no stretch of an hour holds more than the limit, and the background leaves a fifth. */
static void own_hour(void **state)
{
	static int64_t sent[20000];
	struct ocean_pace pace = {0};
	size_t n = 0;

	(void)state;
	for (int64_t now = 5; now < 3 * INT64_C(3600000) && n < 20000; now += 300) {
		bool person = now > 2 * INT64_C(3600000);

		if (ocean_pace_wait_ms(&pace, person, now) == 0) {
			ocean_pace_sent(&pace, now);
			sent[n++] = now;
			assert_true(n <= 5000 || sent[n - 1] - sent[n - 5001] >= 3600000);
			assert_true(person || n <= 4000 || sent[n - 1] - sent[n - 4001] >= 3600000);
		}
	}
	assert_true(n > 8000);
	memset(&pace, 0, sizeof(pace));
	for (int64_t now = 0; now < 4000 * 400; now += 400) {
		ocean_pace_sent(&pace, now);
	}
	assert_int_equal(ocean_pace_wait_ms(&pace, true, 1600000), 0);
	/* 4000 in 27 minutes: the first of them are forgotten an hour and a minute after theirs began */
	assert_int_equal(ocean_pace_wait_ms(&pace, false, 1600000), 61 * 60000 - 1600000);
	assert_int_equal(ocean_pace_wait_ms(&pace, false, 61 * 60000), 0);
	assert_int_equal(ocean_pace_wait_ms(&pace, false, 999 * INT64_C(3600000)), 0);
}

/* Between two answers what was sent counts. */
static void sent_counts(void **state)
{
	struct ocean_pace pace = {0};

	(void)state;
	heard(&pace, 200, 2, 100, -1, 0);
	ocean_pace_sent(&pace, 0);
	assert_int_equal(ocean_pace_wait_ms(&pace, true, 0), 0);
	ocean_pace_sent(&pace, 0);
	assert_int_equal(ocean_pace_wait_ms(&pace, true, 0), 100000);
	ocean_pace_sent(&pace, 0);
	assert_int_equal(pace.remaining, 0);
}

static void turned_away(void **state)
{
	struct ocean_pace pace = {0};

	(void)state;
	heard(&pace, 429, 100, 0, 7, 1000);
	assert_int_equal(ocean_pace_wait_ms(&pace, true, 1000), 7000);
	heard(&pace, 429, 100, 0, 2, 1000); /* the later one stands */
	assert_int_equal(ocean_pace_wait_ms(&pace, true, 1000), 7000);
	assert_int_equal(ocean_pace_wait_ms(&pace, true, 8000), 0);
	heard(&pace, 429, 100, 0, -1, 9000);
	assert_int_equal(ocean_pace_wait_ms(&pace, true, 9000), 1000);
	heard(&pace, 429, 100, 0, INT64_MAX, 9000);
	assert_int_equal(ocean_pace_wait_ms(&pace, true, 9000), 3600000);
}

static void retries(void **state)
{
	static const struct {
		struct ocean_pace_end end;
		int64_t wait;
	} rows[] = {
		/* a GET */
		{{false, 1, ERR_NONE, 200, -1}, -1},
		{{false, 1, ERR_NONE, 404, -1}, -1},
		{{false, 1, ERR_NONE, 422, -1}, -1},
		{{false, 1, ERR_NONE, 500, -1}, 500},
		{{false, 2, ERR_NONE, 502, -1}, 1000},
		{{false, 3, ERR_NONE, 503, -1}, 2000},
		{{false, 4, ERR_NONE, 503, -1}, -1},
		{{false, 1, ERR_NONE, 501, -1}, -1},
		{{false, 1, ERR_TIMEOUT, 0, -1}, 500},
		{{false, 1, ERR_NETWORK, 0, -1}, 500},
		{{false, 1, ERR_LIMIT, 200, -1}, -1},
		{{false, 1, ERR_CANCELED, 0, -1}, -1},
		{{false, 1, ERR_NONE, 429, 9}, 9000},
		{{false, 1, ERR_NONE, 429, -1}, 1000},
		{{false, 4, ERR_NONE, 429, 1}, -1},
		/* a change: only what provably did nothing */
		{{true, 1, ERR_NETWORK, 0, -1}, 500},
		{{true, 1, ERR_NONE, 429, 3}, -1},
		{{true, 1, ERR_UNKNOWN, 0, -1}, -1},
		{{true, 1, ERR_TIMEOUT, 0, -1}, -1},
		{{true, 1, ERR_NONE, 500, -1}, -1},
		{{true, 1, ERR_NONE, 502, -1}, -1},
		{{true, 1, ERR_NONE, 503, 1}, -1},
		{{true, 1, ERR_NONE, 408, -1}, -1},
		{{true, 1, ERR_REMOTE, 201, -1}, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t wait = ocean_pace_retry_ms(&rows[i].end);

		if (wait != rows[i].wait) {
			fail_msg("row %zu: %lld", i, (long long)wait);
		}
	}
}

static void polls(void **state)
{
	static const int64_t s[] = {2, 3, 5, 8, 10, 15, 30, 30, 30};

	(void)state;
	for (unsigned i = 0; i < sizeof(s) / sizeof(s[0]); i++) {
		assert_int_equal(ocean_pace_poll_ms(i), 1000 * s[i]);
	}
	assert_int_equal(ocean_pace_poll_ms(4000000000U), 30000);
}

/* What is asked for beyond need comes out of what work behind may use: 200 a minute, 4,000 an hour. */
static void spare(void **state)
{
	struct ocean_pace pace = {0};
	struct ocean_pace raised = {.per_minute = 250 * 100};
	struct ocean_pace hour = {0};

	(void)state;
	assert_true(ocean_pace_spare(&pace, 200, 1000));
	assert_false(ocean_pace_spare(&pace, 201, 1000));
	for (int i = 0; i < 50; i++) {
		ocean_pace_sent(&pace, 1000 + i);
	}
	assert_true(ocean_pace_spare(&pace, 150, 2000));
	assert_false(ocean_pace_spare(&pace, 151, 2000));
	assert_true(ocean_pace_spare(&pace, 151, 61000)); /* the first is a minute old */
	assert_true(ocean_pace_spare(&raised, 1000, 1000));
	for (int i = 0; i < 3001; i++) {
		ocean_pace_sent(&raised, 1000);
	}
	assert_false(ocean_pace_spare(&raised, 1000, 1000)); /* the hour has its end too */
	heard(&hour, 200, 1150, 3600, -1, 1000);
	assert_true(ocean_pace_spare(&hour, 150, 1000));
	assert_false(ocean_pace_spare(&hour, 151, 1000));
	heard(&pace, 429, -1, 0, 5, 70000);
	assert_false(ocean_pace_spare(&pace, 1, 70000));
	assert_true(ocean_pace_spare(&pace, 1, 75000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(minute),      cmocka_unit_test(never_more_than_the_limit),
		cmocka_unit_test(hour),        cmocka_unit_test(sent_counts),
		cmocka_unit_test(turned_away), cmocka_unit_test(retries),
		cmocka_unit_test(polls),       cmocka_unit_test(own_hour),
		cmocka_unit_test(raised),      cmocka_unit_test(spare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
