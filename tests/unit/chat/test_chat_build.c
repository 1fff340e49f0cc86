/* test_chat_build.c - marks in our words only, arguments taken literally, copies that stand alone */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "chat/build.h"

static void spans_are(const struct block *block, const char *want)
{
	char got[512] = "";
	size_t len = 0;

	for (size_t i = 0; i < block->n_spans; i++) {
		len += (size_t)snprintf(got + len, sizeof(got) - len, "%d(%s)",
					block->spans[i].kind, block->spans[i].text);
	}
	assert_string_equal(got, want);
}

static void marks_are_ours_alone(void **state)
{
	struct arena arena = {0};
	struct build b;
	const struct message *m;

	(void)state;
	build_init(&b, &arena, TONE_GOOD);
	build_line(&b, "Rebooted *%s* in %u s", "*web* `x` _y_", 20U);
	build_line(&b, "type `tag:*` or _this_");
	build_line(&b, "snake_case, 2 * 3, a*b, 100 %%, %s_%s", "a", "b");
	build_line(&b, "one\ntwo %s", "x\ny");
	build_line(&b, "%d %lld %zu %llu %lu", -1, -2LL, (size_t)3, 4ULL, 5UL);
	build_line(&b, "*never closed");
	build_line(&b, "%s", "");
	m = build_end(&b);
	assert_int_equal(m->n_blocks, 8);
	spans_are(&m->blocks[0], "0(Rebooted )1(*web* `x` _y_)0( in 20 s)");
	spans_are(&m->blocks[1], "0(type )2(tag:*)0( or )3(this)");
	spans_are(&m->blocks[2], "0(snake_case, 2 * 3, a*b, 100 %, a_b)");
	spans_are(&m->blocks[3], "0(one)");
	spans_are(&m->blocks[4], "0(two x y)");
	spans_are(&m->blocks[5], "0(-1 -2 3 4 5)");
	spans_are(&m->blocks[6], "0(*never closed)");
	spans_are(&m->blocks[7], "");
	arena_done(&arena);
}

static void build_goes_on_after_end(void **state)
{
	struct arena arena = {0};
	struct build b;
	const struct message *first, *second;

	(void)state;
	build_init(&b, &arena, TONE_WAIT);
	build_line(&b, "x");
	build_field(&b, "size", "%s", "s-1vcpu-1gb");
	first = build_end(&b);
	build_mention(&b, "u1"); /* the last block is no line: a line of its own */
	build_field(&b, "id", "%u", 7U);
	second = build_end(&b);
	assert_int_equal(first->n_blocks, 2);
	assert_int_equal(second->n_blocks, 4);
	spans_are(&second->blocks[2], "4(u1)");
	assert_string_equal(second->blocks[3].cells[1], "7");
	arena_done(&arena);
}

static void many_rows(void **state)
{
	const struct column columns[] = {{"n", 0, true}, {"x", 1, false}};
	struct arena arena = {0};
	struct build b;
	const struct message *m;

	(void)state;
	build_init(&b, &arena, TONE_PLAIN);
	build_table(&b, columns, 2);
	for (unsigned i = 0; i < 5000; i++) {
		char n[16];

		snprintf(n, sizeof(n), "%u", i);
		build_row(&b, (const char *const[]){n, NULL});
	}
	m = build_end(&b);
	assert_int_equal(m->blocks[0].n_rows, 5000);
	for (unsigned i = 0; i < 5000; i++) {
		char n[16];

		snprintf(n, sizeof(n), "%u", i);
		assert_string_equal(m->blocks[0].cells[2 * i], n);
		assert_string_equal(m->blocks[0].cells[2 * i + 1], "");
	}
	assert_true(arena.used_bytes < 1 << 20); /* not the square of it */
	arena_done(&arena);
}

static void a_copy_stands_alone(void **state)
{
	const struct column columns[] = {{"n", 0, true}};
	struct arena arena = {0}, mine = {0};
	double points[] = {1, 7};
	const struct chart chart = {
		.label = "CPU", .caption = "7 %", .points = points, .n_points = 2, .high = 100};
	struct build b, other, same;
	const struct message *m, *copy;

	(void)state;
	build_init(&other, &arena, TONE_BAD);
	build_init(&same, &arena, TONE_BAD);
	build_init(&b, &arena, TONE_BAD);
	build_line(&b, "a *b*");
	build_field(&b, "k", "v");
	build_table(&b, columns, 1);
	build_row(&b, (const char *const[]){"1"});
	build_progress(&b, 5, "p");
	build_chart(&b, &chart);
	build_button(&b, "id", "Go", BUTTON_MAIN);
	m = build_end(&b);
	copy = message_copy(&mine, m);
	assert_true(message_equal(m, copy));
	points[1] = 8; /* the message has its own */
	assert_true(copy->blocks[4].chart->points[1] == 7);
	build_chart(&other, &chart);
	build_chart(&same, &chart);
	assert_true(message_equal(build_end(&other), build_end(&same)));
	points[1] = 9;
	build_chart(&other, &chart);
	points[1] = 10;
	build_chart(&same, &chart);
	assert_false(message_equal(build_end(&other), build_end(&same)));
	build_button(&b, "id2", "Go", BUTTON_MAIN);
	assert_false(message_equal(build_end(&b), copy));
	arena_done(&arena); /* the sanitizer sees it when the copy still points there */
	assert_string_equal(copy->blocks[0].spans[1].text, "b");
	assert_string_equal(copy->blocks[1].cells[1], "v");
	assert_string_equal(copy->blocks[2].columns[0].head, "n");
	assert_string_equal(copy->blocks[3].label, "p");
	assert_string_equal(copy->blocks[4].chart->caption, "7 %");
	assert_string_equal(copy->buttons[0].id, "id");
	arena_done(&mine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_are_ours_alone),
		cmocka_unit_test(build_goes_on_after_end),
		cmocka_unit_test(many_rows),
		cmocka_unit_test(a_copy_stands_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
