/* test_job_beside.c - what belongs to a droplet as text and back, whole or counted; and in words */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "job/beside.h"

#define UUID "506f78a4-e098-11e5-ad9f-000f53306ae1"

static const char *const tags[] = {"web", "old"};
static const struct droplet droplet = {
	.id = 11, .region = "ams3", .tags = tags, .n_tags = 2, .price_monthly_cents = 2400};

static void there_and_back(void **state)
{
	const struct ocean_associated list[] = {
		{OCEAN_KIND_VOLUME, UUID, "old data", 1000},
		{OCEAN_KIND_SNAPSHOT, "5001", "before", 0},
		{OCEAN_KIND_RESERVED_IP, "203.0.113.7", NULL, 0},
	};
	struct arena arena = {0};
	struct beside beside;
	const char *text = beside_write(&droplet, list, 3, &arena);

	(void)state;
	assert_string_equal(text, "is ams3 2400 web,old\nhas volume " UUID
				  " 1000 old data\nhas snapshot 5001 0 before\n"
				  "has ip 203.0.113.7 0 \n");
	assert_true(beside_read(text, &arena, &beside));
	assert_string_equal(beside.region, "ams3");
	assert_string_equal(beside.tags, "web,old");
	assert_int_equal(beside.monthly_cents, 2400);
	assert_int_equal(beside.n, 3);
	assert_int_equal(beside.list[0].kind, OCEAN_KIND_VOLUME);
	assert_string_equal(beside.list[0].id, UUID);
	assert_string_equal(beside.list[0].name, "old data");
	assert_null(beside.list[2].name);
	assert_string_equal(beside_left(&beside, false, &arena),
			    "Stays, billed: 1 reserved IP, 1 snapshot, 1 volume\n"
			    "volume old data, $10 a month\nsnapshot 5001, before\n"
			    "reserved IP 203.0.113.7\nList volumes: volume list\n"
			    "List addresses: ip list\nList snapshots: images own");
	arena_done(&arena);
}

static void nothing_known(void **state)
{
	const struct droplet bare = {.id = 11};
	struct arena arena = {0};
	struct beside beside;

	(void)state;
	assert_true(beside_read(beside_write(&bare, NULL, 0, &arena), &arena, &beside));
	assert_string_equal(beside.region, "");
	assert_string_equal(beside.tags, "");
	assert_string_equal(beside_left(&beside, false, &arena), "");
	arena_done(&arena);
}

/* What finds no room is counted, never dropped without a word. */
static void too_many(void **state)
{
	struct ocean_associated list[400];
	struct arena arena = {0};
	struct beside beside;
	const char *text;

	(void)state;
	for (size_t i = 0; i < 400; i++) {
		list[i] = (struct ocean_associated){OCEAN_KIND_VOLUME, UUID, "data", 1};
	}
	text = beside_write(&droplet, list, 400, &arena);
	assert_true(strlen(text) <= BESIDE_TEXT);
	assert_true(beside_read(text, &arena, &beside));
	assert_true(beside.n_more > 0);
	assert_int_equal(beside.n + beside.n_more, 400);
	arena_done(&arena);
}

static void not_ours(void **state)
{
	static const char *const texts[] = {
		"",
		"is",
		"is ams3",
		"has house 1 2 x\n",
		"has volume\n",
		"had 1\n",
		"is ams3 1 web extra\n",
		"more 3",
		"has snapshot 5001 0 before",
	};
	struct arena arena = {0};
	struct beside beside;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_false(beside_read(texts[i], &arena, &beside));
	}
	assert_false(beside_read(NULL, &arena, &beside));
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(nothing_known),
		cmocka_unit_test(too_many),
		cmocka_unit_test(not_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
