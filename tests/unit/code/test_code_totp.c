/* test_code_totp.c - the vectors of RFC 6238 and RFC 4648, the window's edges, and secrets that are none */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "code/totp.h"

#define RFC_BASE32 "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" /* "12345678901234567890" */

static struct totp_key key_of(const char *text)
{
	struct totp_key key;
	struct err err = {0};

	assert_int_equal(setenv("CODE_TEST", text, 1), 0);
	assert_int_equal(totp_load("env:CODE_TEST", &key, &err), 0);
	return key;
}

static void rfc_6238_vectors(void **state)
{
	/* appendix B, SHA-1; its eight digits without the first two */
	static const struct {
		int64_t at_s;
		const char *code;
	} rows[] = {
		{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
		{1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"},
	};
	struct totp_key key = key_of(RFC_BASE32);
	char code[TOTP_DIGITS + 1];

	(void)state;
	assert_int_equal(key.len, 20);
	assert_memory_equal(key.bytes, "12345678901234567890", 20);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t step = rows[i].at_s / 30;

		totp_code(&key, step, code);
		assert_string_equal(code, rows[i].code);
		assert_int_equal(totp_match(&key, rows[i].code, rows[i].at_s * 1000), step);
	}
}

static void the_window_is_one_step_to_either_side(void **state)
{
	struct totp_key key = key_of(RFC_BASE32);
	const int64_t step = 1111111111 / 30; /* 050471; its neighbours' codes are others */
	const int64_t from_ms = step * TOTP_STEP_MS;

	(void)state;
	assert_int_equal(totp_match(&key, "050471", from_ms - TOTP_STEP_MS - 1), -1);
	assert_int_equal(totp_match(&key, "050471", from_ms - TOTP_STEP_MS), step);
	assert_int_equal(totp_match(&key, "050471", from_ms), step);
	assert_int_equal(totp_match(&key, "050471", from_ms + 2 * TOTP_STEP_MS - 1), step);
	assert_int_equal(totp_match(&key, "050471", from_ms + 2 * TOTP_STEP_MS), -1);
	assert_int_equal(totp_match(&key, "150471", from_ms), -1);
	assert_int_equal(totp_match(&key, "050470", from_ms), -1);
	/* the first steps there are, and a clock before them */
	assert_int_equal(totp_match(&key, "287082", 0), 1);
	assert_int_equal(totp_match(&key, "755224", 0), 0);
	assert_int_equal(totp_match(&key, "755224", -5), 0);
}

static void keys_are_read_as_people_write_them(void **state)
{
	static const char *const same[] = {"gezdgnbvgy3tqojqgezdgnbvgy3tqojq",
					   "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ",
					   "  GEZDGNBV-GY3TQOJQ-gezdgnbv-gy3tqojq\t\n"};
	struct totp_key whole = key_of(RFC_BASE32);

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		struct totp_key key = key_of(same[i]);

		assert_int_equal(key.len, whole.len);
		assert_memory_equal(key.bytes, whole.bytes, whole.len);
	}
	/* 16 bytes end in two signs that carry one byte, and padding */
	assert_int_equal(key_of("GEZDGNBVGY3TQOJQGEZDGNBVGY======").len, 16);
}

static void other_keys_are_refused_without_saying_them(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"GEZDGNBVGY3TQOJQ1EZDGNBVGY3TQOJQ", "not base32"},
		{"GEZDGNBVGY3TQOJQ=EZDGNBVGY3TQOJQ", "not base32"},
		{"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ\xc3\xa9", "not base32"},
		{"GEZDGNBVGY3TQOJQGEZDGNBVG", "cut off"},
		{"GEZDGNBVGY3TQOJQGEZDGNBV", "shorter"},
		{"====", "shorter"},
		{"- -", "shorter"},
	};
	struct totp_key key;
	struct totp_key zero = {0};
	char longest[129];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = {0};

		assert_int_equal(setenv("CODE_TEST", rows[i].text, 1), 0);
		memset(&key, 0x5a, sizeof(key));
		assert_int_equal(totp_load("env:CODE_TEST", &key, &err), -1);
		assert_int_equal(err.kind, ERR_CONFIG);
		assert_non_null(strstr(err.msg, rows[i].says));
		assert_non_null(strstr(err.msg, "env:CODE_TEST"));
		assert_null(strstr(err.msg, "GEZD"));
		assert_memory_equal(&key, &zero, sizeof(key)); /* wiped */
	}
	memset(longest, 'A', 128);
	longest[128] = '\0';
	longest[103] = '\0'; /* 64 bytes and 3 bits over */
	assert_int_equal(key_of(longest).len, 64);
	longest[103] = 'A';
	longest[104] = '\0';
	assert_int_equal(setenv("CODE_TEST", longest, 1), 0);
	assert_int_equal(totp_load("env:CODE_TEST", &key, NULL), -1);
}

static void base32_of_rfc_4648(void **state)
{
	static const char *const rows[][2] = {
		{"", ""},
		{"f", "MY"},
		{"fo", "MZXQ"},
		{"foo", "MZXW6"},
		{"foob", "MZXW6YQ"},
		{"fooba", "MZXW6YTB"},
		{"foobar", "MZXW6YTBOI"},
		{"12345678901234567890", RFC_BASE32},
	};
	char text[TOTP_BASE32_SIZE(20)];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strlen(rows[i][0]);

		totp_base32((const unsigned char *)rows[i][0], n, text);
		assert_string_equal(text, rows[i][1]);
		assert_int_equal(strlen(text) + 1, TOTP_BASE32_SIZE(n));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc_6238_vectors),
		cmocka_unit_test(the_window_is_one_step_to_either_side),
		cmocka_unit_test(keys_are_read_as_people_write_them),
		cmocka_unit_test(other_keys_are_refused_without_saying_them),
		cmocka_unit_test(base32_of_rfc_4648),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
