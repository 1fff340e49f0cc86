/* test_base_data.c - mem, arena, list, map and the table of verbs */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/verbs.h"

static void mem_is_zeroed_and_copies_strings(void **state)
{
	unsigned char *bytes = mem_array(100, 3);
	char *copy = mem_strndup("abc\0def", 7);

	(void)state;
	for (int i = 0; i < 300; i++) {
		assert_int_equal(bytes[i], 0);
	}
	bytes = mem_grow(bytes, 200, 3);
	bytes[599] = 1;
	free(bytes);
	assert_string_equal(copy, "abc");
	free(copy);
	copy = mem_strndup("abc", 2);
	assert_string_equal(copy, "ab");
	free(copy);
	assert_null(mem_strdup(NULL));
	free(mem_alloc(0));
}

static void a_size_that_overflows_aborts(void **state)
{
	int status = 0;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		(void)signal(SIGABRT, SIG_DFL);
		(void)close(2);
		free(mem_grow(NULL, SIZE_MAX / 2, 4));
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void arena_gives_zeroed_aligned_memory_of_any_size(void **state)
{
	struct arena arena;
	unsigned char *before = NULL;
	char *text;

	(void)state;
	arena_init(&arena);
	for (size_t size = 0; size < 10000; size = size * 2 + 1) {
		unsigned char *p = arena_alloc(&arena, size);

		assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
		assert_true(p != before || size <= 1);
		for (size_t i = 0; i < size; i++) {
			assert_int_equal(p[i], 0);
		}
		memset(p, 0xaa, size);
		before = p;
	}
	text = arena_printf(&arena, "%s-%d", "web", 1);
	assert_string_equal(text, "web-1");
	assert_string_equal(arena_strndup(&arena, "abcdef", 3), "abc");
	assert_null(arena_strdup(&arena, NULL));
	assert_string_equal(text, "web-1"); /* it stays where it is */
	assert_true(arena.used_bytes > 0);
	arena_done(&arena);
	assert_int_equal(arena.used_bytes, 0);
	assert_string_equal(arena_strdup(&arena, "again"), "again");
	arena_done(&arena);
}

struct item {
	int n;
	struct list link;
};

static void list_keeps_order_and_lets_go(void **state)
{
	struct item items[4] = {{.n = 0}, {.n = 1}, {.n = 2}, {.n = 3}};
	struct list head;
	int sum = 0;

	(void)state;
	list_init(&head);
	assert_true(list_empty(&head));
	for (int i = 0; i < 4; i++) {
		list_append(&head, &items[i].link);
	}
	list_remove(&items[1].link);
	list_remove(&items[1].link); /* in no list: nothing happens */
	LIST_FOREACH(it, &head)
	{
		sum = sum * 10 + LIST_ENTRY(it, struct item, link)->n;
	}
	assert_int_equal(sum, 23);
	LIST_FOREACH_SAFE(it, next, &head)
	{
		list_remove(it);
	}
	assert_true(list_empty(&head));
}

static void map_finds_what_was_put(void **state)
{
	struct map map;
	char key[32];
	int values[2000];
	size_t seen = 0;
	const char *name;
	void *value;

	(void)state;
	map_init(&map);
	assert_null(map_get(&map, "nothing"));
	assert_null(map_remove(&map, "nothing"));
	for (int i = 0; i < 2000; i++) {
		(void)snprintf(key, sizeof(key), "droplet-%d", i);
		assert_null(map_put(&map, key, &values[i]));
	}
	assert_ptr_equal(map_put(&map, "droplet-7", &values[8]), &values[7]);
	assert_ptr_equal(map_put(&map, "droplet-7", &values[7]), &values[8]);
	for (int i = 0; i < 2000; i += 2) {
		(void)snprintf(key, sizeof(key), "droplet-%d", i);
		assert_ptr_equal(map_remove(&map, key), &values[i]);
		assert_false(map_has(&map, key));
	}
	assert_int_equal(map_size(&map), 1000);
	for (size_t i = 0; map_next(&map, &i, &name, &value);) {
		(void)snprintf(key, sizeof(key), "droplet-%zu", 2 * seen + 1);
		assert_string_equal(name, key); /* in order of insertion */
		assert_ptr_equal(value, &values[2 * seen + 1]);
		seen++;
	}
	assert_int_equal(seen, 1000);
	map_done(&map, NULL);
	assert_int_equal(map_size(&map), 0);
}

static void map_lives_with_endless_putting_and_removing(void **state)
{
	struct map map;
	char key[32];

	(void)state;
	map_init(&map);
	for (int i = 0; i < 20000; i++) {
		(void)snprintf(key, sizeof(key), "event-%d", i);
		assert_null(map_put(&map, key, mem_strdup(key)));
		if (i >= 10) {
			char *old;

			(void)snprintf(key, sizeof(key), "event-%d", i - 10);
			old = map_remove(&map, key);
			assert_string_equal(old, key);
			free(old);
		}
	}
	assert_int_equal(map_size(&map), 10);
	assert_true(map.n_index <= 256);
	assert_true(map.cap_slots <= 256);
	map_done(&map, free);
}

static void a_table_is_zeroed_to_its_end(void **state)
{
	enum { SIZE = 15000 };
	char *table = mem_table(SIZE);

	(void)state;
	for (size_t i = 0; i < SIZE; i++) {
		assert_int_equal(table[i], 0);
	}
	memset(table, 1, SIZE);
	mem_table_free(table, SIZE);
	mem_table_free(NULL, SIZE);
}

static void verbs_have_whole_rows(void **state)
{
	(void)state;
	for (int v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		const struct verb_info *info = verb_info((enum verb)v);

		assert_int_equal(info->verb, v);
		assert_true(strlen(info->name) > 3);
		assert_int_not_equal(info->effect, EFFECT_NONE);
		assert_true(info->since >= 1);
		assert_int_equal(info->tier == TIER_NONE, info->effect == EFFECT_BOT);
		assert_int_equal(info->tier == TIER_READ, info->effect == EFFECT_READ);
		assert_true(info->effect != EFFECT_DESTROY || info->tier == TIER_DESTROY);
		assert_int_equal(verb_by_name(info->name), v);
		for (int w = VERB_NONE + 1; w < VERB_COUNT; w++) {
			const char *other = verb_info((enum verb)w)->name;
			size_t len = strlen(info->name);

			assert_false(v != w && strncmp(info->name, other, len) == 0 &&
				     (other[len] == '\0' || other[len] == '.'));
		}
	}
}

static void no_verb_is_harmless(void **state)
{
	(void)state;
	assert_string_equal(verb_info(VERB_NONE)->name, "");
	assert_int_equal(verb_info(VERB_NONE)->effect, EFFECT_NONE);
	assert_int_equal(verb_info(VERB_COUNT)->verb, VERB_NONE);
	assert_int_equal(verb_info((enum verb)999)->verb, VERB_NONE);
	assert_int_equal(verb_by_name(""), VERB_NONE);
	assert_int_equal(verb_by_name("droplet"), VERB_NONE);
	assert_int_equal(verb_by_name("droplet.list "), VERB_NONE);
	assert_int_equal(verb_by_name("Droplet.List"), VERB_NONE);
	assert_string_equal(effect_name(EFFECT_INTERRUPT), "interrupt");
	assert_string_equal(tier_name(TIER_DESTROY), "destroy");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mem_is_zeroed_and_copies_strings),
		cmocka_unit_test(a_size_that_overflows_aborts),
		cmocka_unit_test(arena_gives_zeroed_aligned_memory_of_any_size),
		cmocka_unit_test(list_keeps_order_and_lets_go),
		cmocka_unit_test(map_finds_what_was_put),
		cmocka_unit_test(map_lives_with_endless_putting_and_removing),
		cmocka_unit_test(a_table_is_zeroed_to_its_end),
		cmocka_unit_test(verbs_have_whole_rows),
		cmocka_unit_test(no_verb_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
