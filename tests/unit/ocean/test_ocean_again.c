/* test_ocean_again.c - the same page again, one that differs at any byte, a shorter, a longer and a broken one */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ocean/again.h"

#define ONE(id, name)                                                                    \
	"{\"id\":" id ",\"name\":\"" name "\",\"status\":\"active\",\"tags\":[\"web\"]," \
	"\"region\":{\"slug\":\"ams3\"},\"size_slug\":\"s-1vcpu-1gb\"}"
#define PAGE(list) "{\"droplets\":[" list "],\"links\":{},\"meta\":{\"total\":2}}"
#define FIRST PAGE(ONE("11", "web-1") "," ONE("12", "web-2"))

struct result {
	struct ocean_builder builder;
	struct ocean_page page;
	struct again *now;
	bool same;
	int rc;
	struct err err;
};

static void result_done(struct result *r)
{
	ocean_builder_done(&r->builder);
	again_unref(r->now);
}

/* In pieces of `piece` bytes. */
static struct result read_page(const char *text, struct again *last, size_t piece)
{
	struct result r = {0};
	struct again_read read = {0};
	struct ocean_decode *decode = ocean_decode_new(&r.builder, "main", false);
	size_t len = strlen(text);

	again_begin(&read, decode, last);
	for (size_t at = 0; at < len && r.rc == 0; at += piece) {
		size_t n = len - at < piece ? len - at : piece;

		r.rc = again_feed(&read, text + at, n, &r.err);
	}
	if (r.rc == 0) {
		r.rc = again_end(&read, &r.builder, &r.page, &r.now, &r.same, &r.err);
	}
	again_over(&read);
	ocean_decode_free(decode);
	return r;
}

static void check_first(const struct result *r)
{
	assert_int_equal(r->rc, 0);
	assert_int_equal(r->builder.n, 2);
	assert_int_equal(r->builder.droplets[0].id, 11);
	assert_string_equal(r->builder.droplets[0].name, "web-1");
	assert_string_equal(r->builder.droplets[1].name, "web-2");
	assert_string_equal(r->builder.droplets[1].tags[0], "web");
	assert_true((r->builder.droplets[1].known & DROPLET_KNOWS_TAGS) != 0);
	assert_string_equal(r->builder.droplets[1].account, "main");
	assert_int_equal(r->page.total, 2);
	assert_int_equal(r->page.next, 0);
}

static void test_same(void **state)
{
	const size_t pieces[] = {1, 7, 100, 100000};
	struct result first = read_page(FIRST, NULL, 16);

	(void)state;
	check_first(&first);
	assert_false(first.same);
	assert_non_null(first.now);
	ocean_builder_done(&first.builder); /* what is kept has strings of its own */
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct result again = read_page(FIRST, first.now, pieces[i]);

		check_first(&again);
		assert_true(again.same);
		assert_ptr_equal(again.now, first.now);
		result_done(&again);
	}
	result_done(&first);
}

/* A name that differs in its last letter, wherever the pieces end. */
static void test_differs(void **state)
{
	struct result first = read_page(FIRST, NULL, 16);

	(void)state;
	for (size_t piece = 1; piece < 400; piece++) {
		struct result other = read_page(PAGE(ONE("11", "web-1") "," ONE("12", "web-3")),
						first.now, piece);

		assert_int_equal(other.rc, 0);
		assert_false(other.same);
		assert_int_equal(other.builder.n, 2);
		assert_string_equal(other.builder.droplets[0].name, "web-1");
		assert_string_equal(other.builder.droplets[1].name, "web-3");
		assert_non_null(other.now);
		assert_ptr_not_equal(other.now, first.now);
		result_done(&other);
	}
	result_done(&first);
}

/* Cut off where it was the same so far, and longer than it was: no droplet may come out of what was kept. */
static void test_other_length(void **state)
{
	struct result first = read_page(FIRST, NULL, 16);
	char cut[sizeof(FIRST)] = FIRST;
	struct result r;

	(void)state;
	for (size_t len = 0; len < sizeof(FIRST) - 1; len += 9) {
		cut[len] = '\0';
		r = read_page(cut, first.now, 50);
		assert_int_equal(r.rc, -1);
		assert_false(r.same);
		assert_null(r.now);
		result_done(&r);
		memcpy(cut, FIRST, sizeof(cut));
	}
	r = read_page(FIRST "x", first.now, 50);
	assert_int_equal(r.rc, -1);
	result_done(&r);
	r = read_page(FIRST "  ", first.now, 50);
	check_first(&r);
	assert_false(r.same);
	result_done(&r);
	result_done(&first);
}

/* Not the only page, one droplet twice, too long: not kept. */
static void test_not_kept(void **state)
{
	const size_t size = AGAIN_BYTES_MAX + 4096;
	char *text = malloc(size);
	struct result r;

	(void)state;
	r = read_page("{\"droplets\":[" ONE("11", "web-1") "],\"links\":{\"pages\":{\"next\":"
							   "\"https://x/?page=2\"}}}",
		      NULL, 50);
	assert_int_equal(r.rc, 0);
	assert_int_equal(r.page.next, 2);
	assert_null(r.now);
	result_done(&r);
	r = read_page(PAGE(ONE("11", "web-1") "," ONE("11", "web-1")), NULL, 50);
	assert_int_equal(r.rc, 0);
	assert_null(r.now);
	result_done(&r);
	assert_non_null(text);
	(void)snprintf(text, size, "%*s%s", (int)AGAIN_BYTES_MAX, "", FIRST);
	r = read_page(text, NULL, 5000);
	check_first(&r);
	assert_null(r.now);
	result_done(&r);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_differs),
		cmocka_unit_test(test_other_length),
		cmocka_unit_test(test_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
