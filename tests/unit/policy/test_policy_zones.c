/* test_policy_zones.c - our tables of time zones against the C library's, and the ways times are written */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "policy/zones.h"

#define TZDIR_USUAL "/usr/share/zoneinfo"

static const char *const names[] = {
	"Europe/Madrid",     "Europe/Dublin",       "Europe/London", "America/New_York",
	"America/Sao_Paulo", "America/Santiago",    "Asia/Kolkata",  "Asia/Tehran",
	"Asia/Gaza",         "Australia/Lord_Howe", "Africa/Cairo",  "Africa/Casablanca",
	"Pacific/Apia",      "Pacific/Chatham",     "Etc/GMT+5",     "America/Nuuk",
};

static void need_zones(void)
{
	if (access(TZDIR_USUAL "/Europe/Madrid", R_OK) != 0) {
		printf("skipped: tzdata is not installed\n");
		skip();
	}
}

static const struct zone *load(struct arena *arena, const char *name)
{
	const char *why = "";
	const struct zone *zone = zone_load(arena, name, &why);

	if (zone == NULL) {
		fail_msg("%s: %s", name, why);
	}
	return zone;
}

/* Every 5 hours and 17 minutes from 1972 to 2090: each change is met from both sides somewhere, and each year has many. */
static void offsets_are_the_c_librarys(void **state)
{
	(void)state;
	need_zones();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct arena arena = {0};
		const struct zone *zone = load(&arena, names[i]);

		assert_int_equal(setenv("TZ", names[i], 1), 0);
		tzset();
		for (time_t t = 63072000; t < 3786912000; t += 61 * 1009) {
			struct tm tm;

			assert_non_null(localtime_r(&t, &tm));
			if (zone_offset(zone, t) != tm.tm_gmtoff) {
				fail_msg("%s at %lld: %d, not %ld", names[i], (long long)t,
					 zone_offset(zone, t), tm.tm_gmtoff);
			}
		}
		for (unsigned k = 0; k < zone->n; k++) {
			for (int d = -1; d <= 0; d++) {
				time_t t = zone->changes[k].at + d;
				struct tm tm;

				assert_non_null(localtime_r(&t, &tm));
				assert_int_equal(zone_offset(zone, t), tm.tm_gmtoff);
			}
		}
		arena_done(&arena);
	}
	assert_int_equal(unsetenv("TZ"), 0);
	tzset();
}

static int64_t wall(const char *text)
{
	const char *rest;
	int64_t value;

	assert_true(times_wall(text, &value, &rest));
	return value;
}

static void a_wall_time_may_come_twice_or_never(void **state)
{
	struct arena arena = {0};
	const struct zone *zone;
	int64_t first;
	int64_t last;
	bool gap;

	(void)state;
	need_zones();
	zone = load(&arena, "Europe/Madrid");
	zone_instants(zone, wall("2026-07-01 12:00"), &first, &last, &gap);
	assert_true(first == wall("2026-07-01 10:00") && last == first && !gap);
	zone_instants(zone, wall("2026-03-29 02:30"), &first, &last, &gap);
	assert_true(gap && first == wall("2026-03-29 01:00") && last == wall("2026-03-29 01:30"));
	zone_instants(zone, wall("2026-03-29 01:59"), &first, &last, &gap);
	assert_true(!gap && first == wall("2026-03-29 00:59") && last == first);
	zone_instants(zone, wall("2026-03-29 03:00"), &first, &last, &gap);
	assert_true(!gap && first == wall("2026-03-29 01:00") && last == first);
	zone_instants(zone, wall("2026-10-25 02:30"), &first, &last, &gap);
	assert_true(!gap && first == wall("2026-10-25 00:30") && last == wall("2026-10-25 01:30"));
	assert_int_equal(zone_jumped(zone, wall("2026-03-29 00:59")), 0);
	assert_int_equal(zone_jumped(zone, wall("2026-03-29 01:00")), 3600);
	assert_int_equal(zone_jumped(zone, wall("2026-03-29 01:59")), 3600);
	assert_int_equal(zone_jumped(zone, wall("2026-03-29 02:00")), 0);
	assert_int_equal(zone_jumped(zone, wall("2026-10-25 01:00")), 0);
	arena_done(&arena);
}

static void a_name_is_no_path(void **state)
{
	static const char *const bad[] = {
		"../../../etc/passwd", "/etc/localtime", "localtime", "",          "Europe",
		"Europe/../UTC",       "Europe/Nowhere", "right/UTC", "tzdata.zi", "Etc"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct arena arena = {0};
		const char *why = NULL;

		assert_null(zone_load(&arena, bad[i], &why));
		assert_non_null(why);
		arena_done(&arena);
	}
}

static void without_a_database_there_is_utc(void **state)
{
	char folder[] = "/tmp/sluice-zones-XXXXXX";
	struct arena arena = {0};
	const char *why = NULL;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(setenv("TZDIR", folder, 1), 0);
	assert_null(zone_load(&arena, "Europe/Madrid", &why));
	assert_non_null(strstr(why, "tzdata"));
	assert_int_equal(zone_offset(load(&arena, "UTC"), 1767225600), 0);
	assert_int_equal(unsetenv("TZDIR"), 0);
	assert_int_equal(rmdir(folder), 0);
	arena_done(&arena);
}

/* A file that is cut off anywhere, or has any byte another: refused or read, never worse. */
static void a_broken_file_is_refused(void **state)
{
	char folder[] = "/tmp/sluice-zones-XXXXXX";
	unsigned char bytes[8192];
	char path[64];
	FILE *file = fopen(TZDIR_USUAL "/Europe/Madrid", "re");
	size_t len;

	(void)state;
	need_zones();
	assert_non_null(file);
	len = fread(bytes, 1, sizeof(bytes), file);
	(void)fclose(file);
	assert_non_null(mkdtemp(folder));
	assert_int_equal(setenv("TZDIR", folder, 1), 0);
	(void)snprintf(path, sizeof(path), "%s/X", folder);
	for (size_t i = 0; i < len; i += i < 60 || i + 30 > len ? 1 : 37) {
		struct arena arena = {0};
		const char *why;

		file = fopen(path, "we");
		assert_int_equal(fwrite(bytes, 1, i, file), i);
		(void)fclose(file);
		assert_null(zone_load(&arena, "X", &why));
		file = fopen(path, "we");
		bytes[i] ^= 0xff;
		assert_int_equal(fwrite(bytes, 1, len, file), len);
		bytes[i] ^= 0xff;
		(void)fclose(file);
		(void)zone_load(&arena, "X", &why);
		arena_done(&arena);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(unsetenv("TZDIR"), 0);
}

static void times_are_strict(void **state)
{
	static const char *const bad_walls[] = {
		"2026-1-05 09:00",  "2026-02-29 09:00", "2026-13-01 09:00",
		"2026-01-05T09:00", "2026-01-05 24:01", "2026-01-05 9:00",
		"2026-01-00 09:00", "1960-01-01 00:00", ""};
	static const char *const bad_durations[] = {"",    "5",  "m",        "0m",  "-5m",
						    "5 m", "1y", "9999999d", "5mm", "999999999m"};
	const char *rest;
	unsigned minute;
	int64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(bad_walls) / sizeof(bad_walls[0]); i++) {
		assert_false(times_wall(bad_walls[i], &value, &rest));
	}
	for (size_t i = 0; i < sizeof(bad_durations) / sizeof(bad_durations[0]); i++) {
		assert_false(times_duration(bad_durations[i], &value));
	}
	assert_true(times_wall("2024-02-29 24:00 UTC", &value, &rest));
	assert_int_equal(value, 1709251200);
	assert_string_equal(rest, " UTC");
	assert_true(times_duration("90s", &value) && value == 90000);
	assert_true(times_duration("10m", &value) && value == 600000);
	assert_true(times_duration("2h", &value) && value == 7200000);
	assert_true(times_duration("7d", &value) && value == 604800000);
	assert_true(times_minute("24:00", &minute) && minute == 1440);
	assert_true(times_minute("09:05", &minute) && minute == 545);
	assert_false(times_minute("9:00", &minute) || times_minute("09:60", &minute) ||
		     times_minute("25:00", &minute) || times_minute("09:00 ", &minute));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_are_the_c_librarys),
		cmocka_unit_test(a_wall_time_may_come_twice_or_never),
		cmocka_unit_test(a_name_is_no_path),
		cmocka_unit_test(without_a_database_there_is_utc),
		cmocka_unit_test(a_broken_file_is_refused),
		cmocka_unit_test(times_are_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
