/* test_base_text.c - err, strbuf, names, clock and log */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/names.h"
#include "base/strbuf.h"

static void err_carries_kind_and_sentence(void **state)
{
	struct err err = {.remote_status = 7};
	struct err copy;

	(void)state;
	assert_int_equal(err_set(NULL, ERR_LIMIT, "x"), -1);
	assert_int_equal(err_set(&err, ERR_LIMIT, "no '%s'", "a"), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(err.remote_status, 0);
	assert_string_equal(err.msg, "no 'a'");
	assert_int_equal(err_prefix(&err, "list %d", 3), -1);
	assert_string_equal(err.msg, "list 3: no 'a'");
	err_copy(&copy, &err);
	assert_string_equal(copy.msg, err.msg);
	err_copy(&copy, NULL);
	assert_int_equal(copy.kind, ERR_NONE);
	assert_string_equal(copy.msg, "");
	for (int kind = ERR_NONE; kind <= ERR_CANCELED; kind++) {
		assert_true(kind == ERR_NONE ||
			    strcmp(err_kind_name((enum err_kind)kind), "none") != 0);
	}
}

static void err_is_cut_between_characters(void **state)
{
	struct err err;
	char long_text[400];

	(void)state;
	memset(long_text, 'z', sizeof(long_text));
	memcpy(long_text + sizeof(err.msg) - 2, "\xe2\x82\xac", 3); /* across the end */
	long_text[sizeof(long_text) - 1] = '\0';
	(void)err_set(&err, ERR_USAGE, "%s", long_text);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 2);
	assert_int_equal(err.msg[sizeof(err.msg) - 3], 'z');
	(void)err_prefix(&err, "%s", "why");
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_memory_equal(err.msg, "why: zzz", 8);
}

static void strbuf_grows_to_its_maximum_and_not_beyond(void **state)
{
	struct strbuf sb;
	struct strbuf zeroed = {0};

	(void)state;
	strbuf_init(&sb, 10);
	assert_string_equal(sb.buf, "");
	assert_int_equal(strbuf_adds(&sb, "12345678"), 0);
	assert_int_equal(strbuf_addf(&sb, "%s", "901"), -1);
	assert_true(sb.full);
	assert_string_equal(sb.buf, "12345678"); /* nothing of it */
	assert_int_equal(strbuf_addch(&sb, '9'), -1);
	strbuf_reset(&sb);
	assert_false(sb.full);
	assert_int_equal(strbuf_repeat(&sb, '-', 10), 0);
	assert_string_equal(sb.buf, "----------");
	assert_int_equal(strbuf_repeat(&sb, '-', SIZE_MAX), -1);
	strbuf_truncate(&sb, 3);
	assert_string_equal(sb.buf, "---");
	strbuf_reset(&sb);
	assert_int_equal(strbuf_add_number(&sb, 0), 0);
	assert_int_equal(strbuf_add_number(&sb, 987654321), 0);
	assert_string_equal(sb.buf, "0987654321");
	assert_int_equal(strbuf_add_number(&sb, UINT64_MAX), -1);
	strbuf_truncate(&sb, 3);
	strbuf_truncate(&sb, 100);
	assert_int_equal(sb.len, 3);
	strbuf_done(&sb);
	strbuf_done(&sb);
	strbuf_done(&zeroed);
}

#define WIDE "0123456789abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789"

/* What fits but for its NUL makes room first; what fills the most that there may be is taken, and nothing more. */
static void strbuf_writes_into_exact_room(void **state)
{
	char want[200] = "";

	(void)state;
	for (size_t first = 0; first < 80; first++) {
		for (size_t second = 0; second < 80; second++) {
			struct strbuf sb;

			strbuf_init(&sb, first + second);
			assert_int_equal(strbuf_addf(&sb, "%.*s", (int)first, WIDE), 0);
			assert_int_equal(strbuf_addf(&sb, "%.*s", (int)second, WIDE), 0);
			(void)snprintf(want, sizeof(want), "%.*s%.*s", (int)first, WIDE,
				       (int)second, WIDE);
			assert_string_equal(sb.buf, want);
			assert_int_equal(sb.len, first + second);
			assert_int_equal(strbuf_addf(&sb, "x"), -1);
			strbuf_done(&sb);
		}
	}
}

static void strbuf_takes_any_bytes_and_can_be_detached(void **state)
{
	struct strbuf sb;
	char *bytes;

	(void)state;
	strbuf_init(&sb, 1000000);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(strbuf_add(&sb, "a\0b", 3), 0);
		assert_int_equal(sb.buf[sb.len], '\0');
	}
	assert_int_equal(sb.len, 3000);
	bytes = strbuf_detach(&sb);
	assert_memory_equal(bytes + 2997, "a\0b", 4);
	free(bytes);
	assert_string_equal(sb.buf, "");
	assert_int_equal(strbuf_adds(&sb, "again"), 0);
	strbuf_done(&sb);
	bytes = strbuf_detach(&sb);
	assert_string_equal(bytes, "");
	free(bytes);
}

static void names_are_whole_words(void **state)
{
	static const struct name table[] = {{1, "one"}, {2, "two"}};
	int value = 9;

	(void)state;
	assert_string_equal(names_word(table, 2, 2), "two");
	assert_null(names_word(table, 2, 3));
	assert_int_equal(names_value(table, 2, "TWO", &value), 0);
	assert_int_equal(value, 2);
	assert_int_equal(names_value(table, 2, "tw", &value), -1);
	assert_int_equal(value, 2);
}

static void distance_counts_edits_of_single_letters(void **state)
{
	char longer[80];

	(void)state;
	assert_int_equal(names_distance("reboot", "REBOOT", 3), 0);
	assert_int_equal(names_distance("reboot", "rebot", 3), 1);
	assert_int_equal(names_distance("reboot", "erboot", 3), 1); /* neighbours swapped */
	assert_int_equal(names_distance("web-1", "web-2", 3), 1);
	assert_int_equal(names_distance("kitten", "sitting", 3), 3);
	assert_int_equal(names_distance("kitten", "sitting", 2), 3);
	assert_int_equal(names_distance("", "abc", 3), 3);
	assert_int_equal(names_distance("", "", 0), 0);
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(names_distance(longer, longer, 2), 3); /* too long to look at */
}

static void globs_know_stars_only(void **state)
{
	char many[65];

	(void)state;
	assert_true(names_glob("web-*", "WEB-1"));
	assert_true(names_glob("*", ""));
	assert_true(names_glob("", ""));
	assert_true(names_glob("*-db-*", "z-db-1"));
	assert_true(names_glob("a**b", "ab"));
	assert_true(names_glob("*.example", "a.example.example"));
	assert_false(names_glob("web-?", "web-1"));
	assert_false(names_glob("web", "web-1"));
	assert_false(names_glob("web-1*x", "web-1"));
	assert_false(names_glob("", "a"));
	memset(many, 'a', 64); /* exponential in a naive matcher */
	many[64] = '\0';
	assert_false(names_glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", many));
}

static int64_t fixed_wall(void)
{
	return INT64_C(1768273200123);
}

static int64_t fixed_mono(void)
{
	return 5;
}

static void clock_writes_and_reads_rfc_3339(void **state)
{
	static const char *const bad[] = {
		"",
		"2026-01-13",
		"2026-01-13T03:00:00",
		"2026-13-13T03:00:00Z",
		"2026-02-29T03:00:00Z",
		"2026-04-31T03:00:00Z",
		"2026-01-13T24:00:00Z",
		"2026-01-13T03:60:00Z",
		"2026-01-13T03:00:00Zx",
		"2026-01-13T03:00:00.Z",
		"2026-01-13T03:00:00+24:00",
		"2026-01-13T03:00:00+1:00",
		"20260113T030000Z",
		"-026-01-13T03:00:00Z",
	};
	char text[CLOCK_TEXT_SIZE];
	int64_t ms = 7;

	(void)state;
	assert_string_equal(clock_format(INT64_C(1768273200123), text, sizeof(text)),
			    "2026-01-13T03:00:00Z");
	assert_int_equal(clock_parse("2026-01-13T03:00:00Z", &ms), 0);
	assert_true(ms == INT64_C(1768273200000));
	assert_int_equal(clock_parse("2026-01-13t04:30:00.1239+01:30", &ms), 0);
	assert_true(ms == INT64_C(1768273200123));
	assert_int_equal(clock_parse("2024-02-29T00:00:00-00:30", &ms), 0);
	assert_string_equal(clock_format(ms, text, sizeof(text)), "2024-02-29T00:30:00Z");
	ms = 7;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (clock_parse(bad[i], &ms) == 0) {
			fail_msg("took '%s'", bad[i]);
		}
	}
	assert_int_equal(ms, 7);
}

static void clock_can_be_replaced_and_put_back(void **state)
{
	int64_t before = clock_mono_ms();

	(void)state;
	clock_replace(fixed_wall, fixed_mono);
	assert_true(clock_wall_ms() == INT64_C(1768273200123));
	assert_int_equal(clock_mono_ms(), 5);
	clock_replace(NULL, NULL);
	assert_true(clock_mono_ms() >= before);
	assert_true(clock_wall_ms() != INT64_C(1768273200123));
}

static char line[16384];

static void keep_line(const char *text, size_t len, void *data)
{
	(void)data;
	assert_true(len < sizeof(line));
	memcpy(line, text, len);
	line[len] = '\0';
}

static int start_log(void **state)
{
	(void)state;
	line[0] = '\0';
	log_redirect(keep_line, NULL);
	clock_replace(fixed_wall, fixed_mono);
	return 0;
}

static int stop_log(void **state)
{
	(void)state;
	log_redirect(NULL, NULL);
	log_configure(LOG_INFO, false);
	clock_replace(NULL, NULL);
	return 0;
}

static void log_lines_are_pairs(void **state)
{
	char number[LOG_NUMBER_SIZE];

	(void)state;
	log_line(LOG_INFO, "ocean.request", "path", "/v2/droplets", "n", log_number(-5, number),
		 "said", "a \"b\"\n", "none", NULL, NULL);
	/* a NULL value would end the list; it is the key that ends it */
	assert_string_equal(line, "time=2026-01-13T03:00:00Z level=info event=ocean.request "
				  "path=/v2/droplets n=-5 said=\"a \\\"b\\\"\\u000a\" none=\"\"\n");
	line[0] = '\0';
	log_line(LOG_DEBUG, "quiet", NULL);
	assert_string_equal(line, "");
	log_configure(LOG_DEBUG, true);
	log_line(LOG_DEBUG, "x", "k", "v\\", NULL);
	assert_string_equal(line, "{\"time\":\"2026-01-13T03:00:00Z\",\"level\":\"debug\","
				  "\"event\":\"x\",\"k\":\"v\\\\\"}\n");
}

static void log_hides_what_looks_like_a_token(void **state)
{
	static const char *const secrets[] = {
		"dop_v1_0123456789abcdef",
		"got xoxb-1234-5678-abcd",
		"Authorization: Bearer abcdefgh",
		"xapp-1-A02-345-abc",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		log_line(LOG_ERROR, "x", "v", secrets[i], NULL);
		assert_non_null(strstr(line, "v=[secret]"));
		assert_true(log_looks_secret(secrets[i]));
	}
	assert_false(log_looks_secret("the word dop_v1_ alone"));
	assert_false(log_looks_secret("web-1"));
}

static void log_cuts_what_is_long_and_stays_well_formed(void **state)
{
	char *value = calloc(1, 20001);
	size_t len;

	(void)state;
	assert_non_null(value);
	memset(value, '"', 20000);
	log_configure(LOG_INFO, true);
	log_line(LOG_INFO, "x", "a", value, "b", value, "c", value, "d", value, "e", value, "f",
		 "short", NULL);
	len = strlen(line);
	assert_true(len < 8300);
	assert_string_equal(line + len - 13, "\"f\":\"short\"}\n");
	memset(value, 'z', 20000);
	memcpy(value + 1023, "\xc3\xa9", 2); /* across the cut */
	log_line(LOG_INFO, "x", "a", value, NULL);
	assert_null(strstr(line, "\xc3"));
	assert_non_null(strstr(line, "zzz\"}\n"));
	free(value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(err_carries_kind_and_sentence),
		cmocka_unit_test(err_is_cut_between_characters),
		cmocka_unit_test(strbuf_grows_to_its_maximum_and_not_beyond),
		cmocka_unit_test(strbuf_writes_into_exact_room),
		cmocka_unit_test(strbuf_takes_any_bytes_and_can_be_detached),
		cmocka_unit_test(names_are_whole_words),
		cmocka_unit_test(distance_counts_edits_of_single_letters),
		cmocka_unit_test(globs_know_stars_only),
		cmocka_unit_test(clock_writes_and_reads_rfc_3339),
		cmocka_unit_test(clock_can_be_replaced_and_put_back),
		cmocka_unit_test_setup_teardown(log_lines_are_pairs, start_log, stop_log),
		cmocka_unit_test_setup_teardown(log_hides_what_looks_like_a_token, start_log,
						stop_log),
		cmocka_unit_test_setup_teardown(log_cuts_what_is_long_and_stays_well_formed,
						start_log, stop_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
