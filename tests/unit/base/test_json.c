/* test_json.c - JSON in by typed getters, strings out with escapes */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/json.h"

static struct json *parse(const char *text)
{
	struct err err = {0};
	struct json *root = json_parse(text, strlen(text), &err);

	if (root == NULL) {
		fail_msg("%s: %s", text, err.msg);
	}
	return root;
}

static void getters(void **state)
{
	struct json *root = parse("{\"s\":\"x\",\"n\":-7,\"t\":true,\"z\":null,\"a\":[1,\"two\"],"
				  "\"o\":{\"k\":\"v\"},\"r\":1.5}");
	struct err err = {0};
	const char *s = "before";
	int64_t n = 99;

	(void)state;
	assert_int_equal(json_get_string(root, "s", &s, &err), 0);
	assert_string_equal(s, "x");
	assert_int_equal(json_get_int(root, "n", &n, &err), 0);
	assert_int_equal(n, -7);

	assert_int_equal(json_get_string(root, "n", &s, &err), -1);
	assert_string_equal(s, "x");
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.msg, "\"n\""));
	assert_int_equal(json_get_int(root, "r", &n, &err), -1);
	assert_int_equal(json_get_int(root, "gone", &n, &err), -1);
	assert_non_null(strstr(err.msg, "\"gone\""));
	assert_int_equal(n, -7);

	assert_string_equal(json_string_or(root, "z", "fallback"), "fallback");
	assert_string_equal(json_string_or(root, "n", "fallback"), "fallback");
	assert_int_equal(json_int_or(root, "s", 5), 5);
	assert_true(json_bool_or(root, "t", false));
	assert_true(json_bool_or(root, "s", true));
	assert_true(json_number_or(root, "s", 2.5) == 2.5 && json_number_or(root, "t", 2.5) == 2.5);
	assert_true(json_number_or(root, "n", 0) == -7);
	assert_true(json_is_array(json_member(root, "a")));
	assert_true(json_is_object(json_member(root, "o")));
	assert_false(json_is_object(json_member(root, "a")));
	assert_int_equal(json_array_count(json_member(root, "a")), 2);
	assert_string_equal(json_text(json_array_at(json_member(root, "a"), 1)), "two");
	assert_null(json_text(json_array_at(json_member(root, "a"), 0)));
	assert_null(json_array_at(json_member(root, "a"), 2));
	assert_int_equal(json_array_count(json_member(root, "o")), 0);
	json_free(root);
}

/* A getter may be asked of anything, also of nothing. */
static void nothing(void **state)
{
	const char *s = NULL;

	(void)state;
	assert_null(json_member(NULL, "x"));
	assert_int_equal(json_array_count(NULL), 0);
	assert_null(json_array_at(NULL, 0));
	assert_null(json_text(NULL));
	assert_false(json_is_object(NULL));
	assert_int_equal(json_get_string(NULL, "x", &s, NULL), -1);
	assert_int_equal(json_int_or(NULL, "x", 3), 3);
	assert_true(json_number_or(NULL, "x", 1.5) == 1.5);
	json_free(NULL);
}

static void refused(void **state)
{
	static const char *const bad[] = {
		"",           "{",
		"[1,]",       "{\"a\":1,\"a\":2}",
		"{} {}",      "\"a\\u0000b\"",
		"'a'",        "{\"a\":\"\xff\"}",
		"{\"a\":01}", "[1] x",
		"\"\\x\"",    "{\"secret-token\":}",
	};
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct json *root = json_parse(bad[i], strlen(bad[i]), &err);

		if (root != NULL) {
			fail_msg("taken: %s", bad[i]);
		}
		assert_int_equal(err.kind, ERR_USAGE);
		assert_null(strstr(err.msg, "secret-token"));
	}
	assert_null(json_parse("[1]\0", 4, &err)); /* a NUL byte is no white space */
	assert_null(json_parse("\"a\0b\"", 5, &err));
}

/* Only `len` bytes are looked at. */
static void bounded(void **state)
{
	struct err err = {0};
	char *text = malloc(3); /* so that the sanitizer sees the fourth byte */
	struct json *root;

	(void)state;
	memcpy(text, "[1]", 3);
	root = json_parse(text, 3, &err);
	assert_non_null(root);
	json_free(root);
	assert_null(json_parse(text, 2, &err));
	free(text);
}

static void deep(void **state)
{
	char text[200];
	struct err err = {0};
	struct json *root;

	(void)state;
	memset(text, '[', 100);
	memset(text + 100, ']', 100);
	assert_null(json_parse(text, 200, &err));
	assert_non_null(strstr(err.msg, "64"));
	root = json_parse(text + 100 - 64, 128, &err);
	assert_non_null(root);
	json_free(root);
	assert_null(json_parse(text + 100 - 65, 130, &err));
	/* brackets in strings are no nesting, also after an escaped quote */
	memset(text, '[', sizeof(text));
	memcpy(text, "\"\\\"", 3);
	text[199] = '"';
	root = json_parse(text, 200, &err);
	assert_non_null(root);
	json_free(root);
}

static void check_string(const char *in, const char *out)
{
	struct strbuf sb;

	strbuf_init(&sb, 1000);
	json_add_string(&sb, in);
	assert_string_equal(sb.buf, out);
	strbuf_done(&sb);
}

static void strings(void **state)
{
	(void)state;
	check_string("", "\"\"");
	check_string(NULL, "\"\"");
	check_string("a\"b\\c\n\r\t\x01\x7f", "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u007f\"");
	check_string("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
		     "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
	check_string("a\xff"
		     "b",
		     "\"a\xef\xbf\xbd"
		     "b\"");
	check_string("\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"");                 /* overlong */
	check_string("\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""); /* surrogate */
	check_string("\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	check_string("x\xe2\x82", "\"x\xef\xbf\xbd\xef\xbf\xbd\""); /* cut off */
}

/* Whatever bytes go in, what comes out parses, and parses back to the same when it was UTF-8. */
static void round_trip(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		char in[40];
		struct strbuf sb;
		struct json *root;
		size_t n = 0;

		for (; n < sizeof(in) - 1; n++) {
			seed = seed * 1103515245U + 12345U;
			in[n] = (char)(seed >> 16 & (round % 2 == 0 ? 0x7f : 0xff));
		}
		in[n] = '\0';
		strbuf_init(&sb, 1000);
		json_add_string(&sb, in);
		root = json_parse(sb.buf, sb.len, NULL);
		assert_non_null(root);
		if (round % 2 == 0) {
			assert_string_equal(json_text(root), in);
		}
		json_free(root);
		strbuf_done(&sb);
	}
}

/* Each has its own memory: freed in any order, beside refused ones, and where there is nothing to free. */
static void many_at_once(void **state)
{
	static const char *const alone[] = {"true", "false", "null", "7", "\"x\"", "[]", "{}"};
	struct json *roots[40];
	char text[4096], word[3000];
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(alone); i++) {
		json_free(parse(alone[i]));
		json_forget(parse(alone[i]));
	}
	json_free(NULL);
	json_forget(NULL);
	for (size_t i = 0; i < ARRAY_LEN(roots);
	     i++) { /* some larger than any first piece of memory */
		memset(word, (int)('a' + i % 26), i * 70);
		word[i * 70] = '\0';
		(void)snprintf(text, sizeof(text), "{\"word\":\"%s\",\"n\":[%zu,{\"deep\":%zu}]}",
			       word, i, i);
		roots[i] = parse(text);
		text[strlen(text) - 1] = '\0';
		assert_null(json_parse(text, strlen(text), &err));
	}
	for (size_t k = 0; k < ARRAY_LEN(roots); k++) {
		size_t i = k * 7 % ARRAY_LEN(roots);
		const char *kept = NULL;

		memset(word, (int)('a' + i % 26), i * 70);
		word[i * 70] = '\0';
		assert_int_equal(json_get_string(roots[i], "word", &kept, &err), 0);
		assert_string_equal(kept, word);
		assert_int_equal(
			json_int_or(json_array_at(json_member(roots[i], "n"), 1), "deep", -1), i);
		(k % 2 == 0 ? json_free : json_forget)(roots[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(getters),    cmocka_unit_test(nothing),
		cmocka_unit_test(refused),    cmocka_unit_test(bounded),
		cmocka_unit_test(deep),       cmocka_unit_test(strings),
		cmocka_unit_test(round_trip), cmocka_unit_test(many_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
