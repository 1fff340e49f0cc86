/* test_command_form.c - what a new droplet is made of: said with names, or filled into a form, it is the same sentence */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "command/form.h"

#define REST " region fra1 size s-1vcpu-1gb image debian-12-x64"

static enum command_fit parse(const char *text, struct arena *arena, struct command_parse *result,
			      struct err *err)
{
	return command_parse(text, NULL, arena, result, err);
}

static const struct command *create_row(void)
{
	struct command_parse result;
	static struct arena arena;
	struct err err = {0};

	assert_int_equal(parse("create a" REST, &arena, &result, &err), FIT_COMMAND);
	arena_done(&arena);
	return result.row;
}

static void names_and_ranges(void **state)
{
	static const struct {
		const char *said;
		size_t n; /* 0: it is no command */
		const char *last;
	} cases[] = {
		{"create web-9" REST, 1, "web-9"},
		{"droplet create web-1 and web-2" REST, 2, "web-2"},
		{"/droplet create web-{1..3}" REST, 3, "web-3"},
		{"create web-{8..12}.example.org, db-1" REST, 6, "db-1"},
		{"create web-{1..10}" REST, 10, "web-10"},
		{"create web-{1..11}" REST, 0, NULL},
		{"create web-{3..1}" REST, 0, NULL},
		{"create web-{1..2" REST, 0, NULL},
		{"create web-{1..}" REST, 0, NULL},
		{"create web-{a..b}" REST, 0, NULL},
		{"create web-{1..99999}" REST, 0, NULL},
		{"create web-1 WEB-1" REST, 0, NULL},
		{"create web_1" REST, 0, NULL},
		{"create 17" REST, 0, NULL},
		{"create -web" REST, 0, NULL},
		{"create" REST, 0, NULL},
		{"create web-1 region fra1 size s-1vcpu-1gb", 0, NULL},
		{"create web-1 region fra1 ams3 size s-1vcpu-1gb image debian-12-x64", 0, NULL},
		{"create web-1 region size s-1vcpu-1gb image debian-12-x64", 0, NULL},
		{"create web-1" REST " region fra1", 0, NULL},
		{"create web-1" REST " queue", 0, NULL},
	};
	struct command_parse result;
	struct arena arena = {0};
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum command_fit fit = parse(cases[i].said, &arena, &result, &err);

		assert_int_equal(fit, cases[i].n > 0 ? FIT_COMMAND : FIT_USAGE);
		assert_int_equal(result.row->verb, VERB_DROPLET_CREATE);
		if (cases[i].n > 0) {
			assert_int_equal(result.n_words, cases[i].n);
			assert_string_equal(result.words[cases[i].n - 1], cases[i].last);
		} else {
			assert_true(command_new_is_meant(&result)); /* so it is answered */
		}
	}
	assert_int_equal(parse("create a ticket for that", &arena, &result, &err), FIT_USAGE);
	assert_false(command_new_is_meant(&result));
	arena_done(&arena);
}

static void arguments_by_their_keys(void **state)
{
	struct command_parse result;
	struct arena arena = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(parse("create web-9 Region FRA1 size s-1vcpu-1gb image debian-12-x64 keys "
			       "ana-laptop, bob tags web,staging backups ipv6 project shop because "
			       "the sale begins",
			       &arena, &result, &err),
			 FIT_COMMAND);
	assert_string_equal(result.args.region, "fra1");
	assert_string_equal(result.args.keys, "ana-laptop,bob");
	assert_string_equal(result.args.tags, "web,staging");
	assert_string_equal(result.args.project, "shop");
	assert_true(result.args.backups && result.args.ipv6 && !result.args.monitoring);
	assert_string_equal(result.reason, "the sale begins");
	arena_done(&arena);
}

/* Every field has what a form shows, and a filled form is parsed back to the same. */
static void a_form_is_a_sentence(void **state)
{
	const struct command *row = create_row();
	struct command_field fields[COMMAND_FIELDS_MAX];
	const char *values[COMMAND_FIELDS_MAX] = {NULL};
	const char *text;
	struct command_parse result;
	struct arena arena = {0};
	struct err err = {0};
	size_t n = command_form(row, fields), at = 0, n_must = 0;

	(void)state;
	assert_true(n > 10);
	for (size_t i = 0; i < n; i++) {
		assert_true(fields[i].label != NULL && strlen(fields[i].label) <= 24);
		assert_true(fields[i].help != NULL && strlen(fields[i].help) <= 40);
		assert_true(fields[i].max_bytes > 0);
		n_must += !fields[i].optional;
		if (strcmp(fields[i].key, "name") == 0) {
			values[i] = "web-{1..2}";
		} else if (strcmp(fields[i].key, "region") == 0) {
			values[i] = "fra1";
		} else if (strcmp(fields[i].key, "size") == 0) {
			values[i] = "s-1vcpu-1gb";
		} else if (strcmp(fields[i].key, "image") == 0) {
			values[i] = "debian-12-x64";
		} else if (strcmp(fields[i].key, "tags") == 0) {
			values[i] = "web,staging";
		} else if (fields[i].kind == FIELD_FLAG) {
			values[i] = "yes";
		}
	}
	assert_int_equal(n_must, 4);
	assert_int_equal(command_form_text(row, values, &arena, &text, &at, &err), 0);
	assert_string_equal(text,
			    "create web-{1..2} region fra1 size s-1vcpu-1gb image debian-12-x64 "
			    "tags web,staging backups monitoring ipv6");
	assert_int_equal(parse(text, &arena, &result, &err), FIT_COMMAND);
	assert_int_equal(result.n_words, 2);
	assert_string_equal(result.args.tags, "web,staging");
	assert_true(result.args.monitoring);
	/* no value can say more than its field */
	values[1] = "fra1 user-data x";
	assert_int_equal(command_form_text(row, values, &arena, &text, &at, &err), -1);
	assert_int_equal(at, 1);
	values[1] = "";
	assert_int_equal(command_form_text(row, values, &arena, &text, &at, &err), -1);
	assert_int_equal(at, 1);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_ranges),
		cmocka_unit_test(arguments_by_their_keys),
		cmocka_unit_test(a_form_is_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
