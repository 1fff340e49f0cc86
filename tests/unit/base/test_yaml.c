/* test_yaml.c - the tree with its places, and every YAML trick that is refused */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/script.h"
#include "base/yaml.h"

static void the_tree_knows_its_places(void **state)
{
	static const char text[] = "\xef\xbb\xbf# r\xc3\xa9sum\xc3\xa9\r\n"
				   "a: [x, \"1\", 'y z']\r\n"
				   "b:\r\n  c\xc3\xa9: {d: e}\r\n"
				   "empty:\r\n";
	struct arena arena = {0};
	struct yaml_problem problem;
	const struct yaml_node *root = yaml_parse(text, sizeof(text) - 1, &arena, &problem);
	const struct yaml_node *a;
	const struct yaml_node *d;

	(void)state;
	assert_non_null(root);
	assert_int_equal(root->kind, YAML_MAP);
	assert_int_equal(root->n, 3);
	a = yaml_get(root, "a");
	assert_int_equal(a->kind, YAML_LIST);
	assert_int_equal(a->n, 3);
	assert_string_equal(a->items[0]->text, "x");
	assert_false(a->items[0]->quoted);
	assert_true(a->items[1]->quoted);
	assert_string_equal(a->items[2]->text, "y z");
	assert_int_equal(a->items[1]->line, 2);
	assert_int_equal(a->items[1]->column, 8);
	d = yaml_get(yaml_get(yaml_get(root, "b"), "c\xc3\xa9"), "d");
	assert_string_equal(d->text, "e");
	assert_int_equal(d->line, 4);
	assert_int_equal(d->column, 11); /* characters, not bytes */
	assert_string_equal(yaml_get(root, "empty")->text, "");
	assert_null(yaml_get(root, "nothing"));
	assert_null(yaml_get(a, "x"));
	assert_null(yaml_get(NULL, "x"));
	arena_done(&arena);
}

static void assert_problem(const char *text, size_t len, const char *code, unsigned line,
			   unsigned column)
{
	struct arena arena = {0};
	struct yaml_problem problem;

	assert_null(yaml_parse(text, len, &arena, &problem));
	arena_done(&arena);
	if (strcmp(problem.code, code) != 0 || problem.line != line || problem.column != column) {
		fail_msg("%s %u:%u \"%s\", not %s %u:%u for\n%.80s", problem.code, problem.line,
			 problem.column, problem.text, code, line, column, text);
	}
}

static void tricks_are_refused(void **state)
{
	static const struct {
		const char *text, *code;
		unsigned line, column;
	} rows[] = {
		{"", "E001", 1, 1},
		{"# nothing\n", "E001", 1, 1},
		{"---\n", "E001", 1, 1},
		{"a: [b\n", "E001", 2, 1},
		{"a: b: c\n", "E001", 1, 5},
		{"a:\n\tb: c\n", "E001", 2, 1},
		{"a: b #\tc\n", "E001", 1, 7},
		{"{a: b, {c: d}: e}\n", "E001", 1, 8},
		{"a: *.list\n", "E001", 1, 4},
		{"a: 1\nb: 2\na: 3\n", "E002", 3, 1},
		{"a: {\"b\": 1, b: 2}\n", "E002", 1, 13},
		{"a: &x 1\n", "E006", 1, 4},
		{"a: &x [1]\n", "E006", 1, 4},
		{"a: *x\n", "E006", 1, 4},
		{"<<: {a: b}\n", "E006", 1, 1},
		{"a: !!int 1\n", "E007", 1, 4},
		{"a: !x {b: c}\n", "E007", 1, 4},
		{"a: ! b\n", "E007", 1, 4},
		{"%TAG ! tag:x,2000:\n---\na: b\n", "E007", 1, 1},
		{"a: b\n---\nc: d\n", "E008", 2, 1},
		{"a: b\n...\n---\nc: d\n", "E008", 3, 1},
		{"a: \xff\n", "E011", 1, 4},
		{"a: \xc0\xaf\n", "E011", 1, 4},
		{"a: \xed\xa0\x80\n", "E011", 1, 4},
		{"a: \x1b[2J\n", "E011", 1, 4},
		{"a: b\rc: d\n", "E011", 1, 5},
		{"a: b\xc2\x85", "E011", 1, 5},
		{"a: b\xe2\x80\xa8", "E011", 1, 5},
		{"a: \"\xe2\x80\xae\"\n", "E011", 1, 5},
		{"# \xe2\x81\xa6\na: b\n", "E011", 1, 3},
		{"a: b\xe2\x80\x8b\n", "E011", 1, 5},
		{"a: \xef\xbb\xbf"
		 "b\n",
		 "E011", 1, 4},
		{"a: \"\\u202e\"\n", "E011", 1, 4},
		{"a: \"\\0\"\n", "E011", 1, 4},
		{"a: \"b\\nc\"\n", "E011", 1, 4},
		{"a: |\n  b\n  c\n", "E011", 1, 4},
		{"a: pr\xd0\xbe"
		 "d\n",
		 "E011", 1, 4},
		{"\xce\x91-b: c\n", "E011", 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_problem(rows[i].text, strlen(rows[i].text), rows[i].code, rows[i].line,
			       rows[i].column);
	}
	assert_problem("a: b\0c", 6, "E011", 1, 5);
}

static void what_only_looks_like_a_trick_is_read(void **state)
{
	static const char *const texts[] = {
		"a: \"*-web\"\n",
		"a: '&x'\n",
		"a: client:zenith\n",
		"a: \xd0\xbf\xd1\x80\xd0\xbe\xd0\xb4\n", /* one alphabet */
		"a: web \xd0\xbf\xd1\x80\xd0\xbe\xd0\xb4\n",
		"a: r\xc3\xa9sum\xc3\xa9\n",
		("# pr\xd0\xbe"
		 "d: a comment may mix\na: b\n"),
		"%YAML 1.1\n---\na: b\n",
		"--- {a: b}\n...\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct arena arena = {0};
		struct yaml_problem problem;

		if (yaml_parse(texts[i], strlen(texts[i]), &arena, &problem) == NULL) {
			fail_msg("%s %s for\n%s", problem.code, problem.text, texts[i]);
		}
		arena_done(&arena);
	}
}

static char *repeat(const char *what, size_t n, size_t *ret_len)
{
	size_t each = strlen(what);
	char *text = mem_alloc(each * n + 1);

	for (size_t i = 0; i < n; i++) {
		memcpy(text + i * each, what, each);
	}
	*ret_len = each * n;
	return text;
}

static void size_depth_and_number_are_bounded(void **state)
{
	size_t len;
	char *text = repeat("[", 100000, &len);

	(void)state;
	assert_problem(text, len, "E010", 1, 33);
	free(text);
	text = repeat("- ", 100000, &len);
	assert_problem(text, len, "E010", 1, 65);
	free(text);
	text = repeat("- a\n", 120000, &len);
	assert_problem(text, len, "E010", 100000, 3);
	free(text);
	text = repeat("#", ((size_t)1 << 20) + 1, &len);
	assert_problem(text, len, "E010", 1, 1);
	free(text);
}

/* The look-up of keys changes its way when they become many. */
static void duplicates_are_found_among_many(void **state)
{
	(void)state;
	for (unsigned n = 1; n < 60; n++) {
		for (unsigned again = 0; again < n; again += 7) {
			char text[2048];
			size_t len = 0;

			for (unsigned i = 0; i < n; i++) {
				len += (size_t)snprintf(text + len, sizeof(text) - len, "k%u: v\n",
							i);
			}
			len += (size_t)snprintf(text + len, sizeof(text) - len, "k%u: v\n", again);
			assert_problem(text, len, "E002", n + 1, 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tree_knows_its_places),
		cmocka_unit_test(tricks_are_refused),
		cmocka_unit_test(what_only_looks_like_a_trick_is_read),
		cmocka_unit_test(size_depth_and_number_are_bounded),
		cmocka_unit_test(duplicates_are_found_among_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
