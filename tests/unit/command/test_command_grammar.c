/* test_command_grammar.c - what people type, and what the grammar makes of it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "command/command.h"

static const char *const own_names[] = {"sluice", NULL};

struct expected {
	const char *text;
	const char *phrase; /* row's first phrase; NULL: no command */
	const char *words;  /* joined by '|' */
};

static enum command_fit parse(const char *text, struct arena *arena, struct command_parse *ret,
			      struct err *err)
{
	return command_parse(text, own_names, arena, ret, err);
}

static void check(const struct expected *e)
{
	struct arena arena = {0};
	struct command_parse parse_result;
	struct err err = {0};
	const char *words = "";
	enum command_fit fit = parse(e->text, &arena, &parse_result, &err);

	if (e->phrase == NULL) {
		assert_int_equal(fit, FIT_NONE);
		arena_done(&arena);
		return;
	}
	if (fit != FIT_COMMAND) {
		fail_msg("\"%s\": fit %d (%s)", e->text, (int)fit, err.msg);
	}
	assert_string_equal(parse_result.row->phrases[0], e->phrase);
	for (size_t i = 0; i < parse_result.n_words; i++) {
		words = arena_printf(&arena, "%s%s%s", words, i > 0 ? "|" : "",
				     parse_result.words[i]);
	}
	if (strcmp(words, e->words) != 0) {
		fail_msg("\"%s\": words %s, expected %s", e->text, words, e->words);
	}
	arena_done(&arena);
}

static void check_all(const struct expected *table, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		check(&table[i]);
	}
}

static void every_form_of_a_reboot(void **state)
{
	static const struct expected table[] = {
		{"reboot web-1", "reboot", "web-1"},
		{"/droplet reboot web-1", "reboot", "web-1"},
		{"!droplet reboot web-1", "reboot", "web-1"},
		{"@sluice reboot web-1", "reboot", "web-1"},
		{"sluice: reboot web-1", "reboot", "web-1"},
		{"Sluice reboot web-1", "reboot", "web-1"},
		{"/sluice restart web-1", "reboot", "web-1"},
		{"droplet power reboot web-1", "reboot", "web-1"},
		{"REBOOT Web-1", "reboot", "Web-1"},
		{"restart web-1, web-2 and web-3", "reboot", "web-1|web-2|web-3"},
		{"/reboot #101", "reboot", "#101"},
		{"reboot tag:prod", "reboot", "tag:prod"},
	};

	(void)state;
	check_all(table, ARRAY_LEN(table));
}

static void words_that_people_type(void **state)
{
	static const struct expected table[] = {
		{"ls", "list", ""},
		{"list", "list", ""},
		{"status", "list", ""},
		{"status web-1", "show", "web-1"},
		{"status tag:prod", "list", "tag:prod"},
		{"list web-*", "list", "web-*"},
		{"droplet list tag:prod region:ams3", "list", "tag:prod|region:ams3"},
		{"list region fra1", "list", "region|fra1"},
		{"/droplet", "help", ""},
		{"@sluice", "help", ""},
		{"stop web-1", "shutdown", "web-1"}, /* never the plug */
		{"start web-1", "start", "web-1"},
		{"power off web-1", "power off", "web-1"},
		{"droplet power on web-1", "start", "web-1"},
		{"?", "help", ""},
		{"help reboot", "help", "reboot"},
		{"who am I", "whoami", ""},
		{"down? web-1", "down?", "web-1"},
		{"Down web-1?", "down?", "web-1"},
		{"is it down? web-1", "down?", "web-1"},
		{"metrics web-1 CPU 24h", "metrics", "web-1"},
		{"graph web-1 web-2 7d", "metrics", "web-1|web-2"},
		{"whoami", "whoami", ""},
	};

	(void)state;
	check_all(table, ARRAY_LEN(table));
}

static void what_phones_do_to_text(void **state)
{
	static const struct expected table[] = {
		{"Reboot \xE2\x80\x9Cweb-1\xE2\x80\x9D.", "reboot",
		 "web-1"}, /* curly quotes, full stop */
		{"reboot web\xE2\x80\x93"
		 "1",
		 "reboot", "web-1"}, /* en dash */
		{"reboot web\xE2\x80\x94"
		 "1",
		 "reboot", "web-1"},                             /* em dash */
		{"reboot\xC2\xA0web-1", "reboot", "web-1"},      /* no-break space */
		{"reboot \xE2\x80\x8Bweb-1", "reboot", "web-1"}, /* zero-width space */
		{"  reboot   web-1  ", "reboot", "web-1"},
		{"reboot `web-1`", "reboot", "web-1"},
		{"reboot \xE2\x81\xA8web-1\xE2\x81\xA9", "reboot",
		 "web-1"}, /* isolates around a name */
		{"\xE2\x80\xAAreboot web-1\xE2\x80\xAC", "reboot", "web-1"},
		/* an override turns round what others read: it is not passed over */
		{"reboot \xE2\x80\xAEweb-1", "reboot", "\xE2\x80\xAEweb-1"},
		{"reboot\tweb-1\n", "reboot", "web-1"},
		{"reboot web-1!", "reboot", "web-1"},
	};

	(void)state;
	check_all(table, ARRAY_LEN(table));
}

static void whole_words_never_prefixes(void **state)
{
	static const struct expected table[] = {
		{"rebo web-1", NULL, ""},
		{"rebooting web-1", NULL, ""},
		{"reboots web-1", NULL, ""},
		{"", NULL, ""},
		{"hello there", NULL, ""},
		{"droplet", NULL, ""},
		{"/", NULL, ""},
	};

	(void)state;
	check_all(table, ARRAY_LEN(table));
}

static void missing_or_too_much_is_said(void **state)
{
	struct arena arena = {0};
	struct command_parse result;
	struct err err = {0};
	char *huge = mem_alloc(100001);

	(void)state;
	assert_int_equal(parse("reboot", &arena, &result, &err), FIT_USAGE);
	assert_string_equal(err.msg, "which droplet? Say: reboot NAME ...");
	assert_int_equal(parse("whoami now", &arena, &result, &err), FIT_USAGE);
	assert_int_equal(parse("list colour:red", &arena, &result, &err), FIT_USAGE);
	assert_int_equal(parse("list status:purple", &arena, &result, &err), FIT_USAGE);
	assert_int_equal(parse("list tag:a tag:b", &arena, &result, &err), FIT_COMMAND);
	assert_int_equal(parse("list tag:a tag:b tag:c tag:d tag:e", &arena, &result, &err),
			 FIT_USAGE);
	assert_int_equal(parse("list region:a region:b", &arena, &result, &err), FIT_USAGE);
	memset(huge, 'a', 100000);
	assert_int_equal(parse(huge, &arena, &result, &err), FIT_USAGE);
	for (size_t i = 0; i < 4000; i += 2) {
		huge[i] = ' ';
	}
	huge[4000] = '\0';
	assert_int_equal(parse(huge, &arena, &result, &err), FIT_USAGE);
	free(huge);
	arena_done(&arena);
}

static bool any_row(const struct command *row, void *data)
{
	(void)data;
	return row->plan != NULL || row->answer != NULL;
}

static bool only_reads(const struct command *row, void *data)
{
	(void)data;
	return row->answer != NULL;
}

static void did_you_mean(void **state)
{
	(void)state;
	assert_string_equal(command_nearest("rebot web-1", any_row, NULL), "reboot");
	assert_string_equal(command_nearest("/droplet rebbot web-1", any_row, NULL),
			    "droplet reboot");
	assert_null(command_nearest("make me a sandwich", any_row, NULL));
	/* what the asker may not do is never proposed */
	assert_null(command_nearest("rebot web-1", only_reads, NULL));
}

static void what_is_proposed_can_be_said(void **state)
{
	static const struct {
		const char *said, *meant; /* NULL: nothing */
	} table[] = {
		{"rebot web-1", "reboot web-1"},
		{"droplet power - reboot", "droplet power reboot"},
		{"droplet power - reboot web-1", "droplet power reboot web-1"},
		{"power - cycle web-1", "power cycle web-1"}, /* not "power on cycle web-1" */
		{"droplet.power.reboot web-1", "droplet power reboot web-1"},
		{"droplet power", "help power"}, /* not "droplets power" */
		{"droplet foo", "droplets foo"},
		{"droplet foo web-1", NULL}, /* not "droplet on web-1" */
		{"server reboot web-1", "reboot web-1"},
		{"please reboot web-1", "reboot web-1"},
		{"could you please reboot web-1", "reboot web-1"},
		{"do not reboot web-1", "help reboot"},
		{"power of web-1", "power off web-1"},
		{"sizess of all kinds", "sizes"},
		{"--help", "help"},
		{"- : -", NULL},
		{"make me a sandwich", NULL},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const char *meant = command_meant(table[i].said, any_row, NULL, &arena);
		struct command_parse parsed;
		struct err err = {0};

		if ((meant == NULL) != (table[i].meant == NULL) ||
		    (meant != NULL && strcmp(meant, table[i].meant) != 0)) {
			fail_msg("\"%s\": \"%s\", not \"%s\"", table[i].said,
				 meant != NULL ? meant : "",
				 table[i].meant != NULL ? table[i].meant : "");
		}
		assert_true(meant == NULL || parse(meant, &arena, &parsed, &err) != FIT_NONE);
	}
	/* what the asker may not do is never proposed, however it was said */
	assert_null(command_meant("droplet.power.reboot web-1", only_reads, NULL, &arena));
	assert_null(command_meant("please reboot web-1", only_reads, NULL, &arena));
	assert_null(command_meant("droplet power - reboot web-1", only_reads, NULL, &arena));
	arena_done(&arena);
}

/* "job.cancel" as "job cancel": of one's own it needs no right, so its row has no verb. */
static bool says_name(const struct command *row, const char *name)
{
	for (size_t i = 0; i < COMMAND_PHRASES_MAX && row->phrases[i] != NULL; i++) {
		size_t k = 0;

		while (name[k] != '\0' && (name[k] == row->phrases[i][k] ||
					   (name[k] == '.' && row->phrases[i][k] == ' '))) {
			k++;
		}
		if (name[k] == '\0' && row->phrases[i][k] == '\0') {
			return true;
		}
	}
	return false;
}

static void no_phrase_stands_for_two_meanings(void **state)
{
	size_t n;
	const struct command *rows = command_rows(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_non_null(rows[i].phrases[0]);
		assert_false(rows[i].plan != NULL && rows[i].answer != NULL);
		if (rows[i].plan != NULL) {
			assert_int_equal(rows[i].plan->verb, rows[i].verb);
			assert_ptr_equal(command_plan(rows[i].verb), rows[i].plan);
		}
		if (rows[i].help != NULL) {
			assert_true(strlen(rows[i].help) <= 40);
		}
	}
	/* every verb can be said */
	for (int v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		size_t k = 0;

		while (k < n && rows[k].verb != (enum verb)v &&
		       !says_name(&rows[k], verb_info((enum verb)v)->name)) {
			k++;
		}
		assert_true(k < n);
	}
}

static void a_reason_goes_behind_a_change(void **state)
{
	struct arena arena = {0};
	struct command_parse result;
	struct err err = {0};
	char long_one[600];

	(void)state;
	assert_int_equal(
		parse("reboot web-1, because the Disk is full.  Really!", &arena, &result, &err),
		FIT_COMMAND);
	assert_string_equal(result.reason, "the Disk is full.  Really!");
	assert_int_equal(result.n_words, 1);
	assert_string_equal(result.words[0], "web-1");
	assert_false(result.queues);
	assert_int_equal(parse("reboot web-1 queue because: x", &arena, &result, &err),
			 FIT_COMMAND);
	assert_true(result.queues);
	assert_int_equal(result.n_words, 1);
	assert_string_equal(result.reason, "x");
	assert_int_equal(parse("resize web-1 web-2 S-2vcpu-2gb disk queue because: x", &arena,
			       &result, &err),
			 FIT_COMMAND);
	assert_true(result.queues && result.args.disk);
	assert_int_equal(result.n_words, 2);
	assert_string_equal(result.args.size, "s-2vcpu-2gb");
	assert_string_equal(command_usage(result.row, &arena), "NAME SIZE [disk]");
	assert_int_equal(parse("resize web-1 s-2vcpu-2gb", &arena, &result, &err), FIT_COMMAND);
	assert_false(result.args.disk);
	assert_int_equal(parse("resize web-1", &arena, &result, &err), FIT_USAGE);
	assert_non_null(strstr(err.msg, "resize NAME SIZE [disk]"));
	assert_int_equal(parse("resize web-1 s=2", &arena, &result, &err), FIT_USAGE);
	assert_int_equal(
		parse("backup policy web-1 Weekly Sunday 04:00 queue", &arena, &result, &err),
		FIT_COMMAND);
	assert_true(result.queues);
	assert_int_equal(result.n_words, 1);
	assert_string_equal(result.args.day, "sun");
	assert_int_equal(parse("backup policy web-1 daily 4", &arena, &result, &err), FIT_COMMAND);
	assert_string_equal(result.args.day, "");
	assert_int_equal(parse("backup policy web-1 weekly 4", &arena, &result, &err), FIT_USAGE);
	assert_int_equal(parse("snapshot web-1", &arena, &result, &err), FIT_COMMAND);
	assert_string_equal(result.words[0], "web-1");
	assert_string_equal(result.args.label, "");
	assert_int_equal(parse("snapshot web-1 First", &arena, &result, &err), FIT_COMMAND);
	assert_int_equal(result.n_words, 1);
	assert_string_equal(result.args.label, "First");
	assert_int_equal(parse("snapshot", &arena, &result, &err), FIT_USAGE);
	assert_int_equal(parse("rename web-1", &arena, &result, &err), FIT_USAGE);
	assert_false(command_overfull(&result));
	assert_int_equal(parse("snapshot of the db please", &arena, &result, &err), FIT_USAGE);
	assert_true(command_overfull(&result));
	assert_int_equal(parse("reboot queue", &arena, &result, &err), FIT_COMMAND);
	assert_false(result.queues);
	assert_int_equal(parse("reboot because I say so", &arena, &result, &err), FIT_USAGE);
	assert_int_equal(parse("reboot web-1 because", &arena, &result, &err), FIT_USAGE);
	assert_string_equal(err.msg, "because what? Say: reboot ... because TEXT");
	assert_null(result.reason);
	assert_int_equal(parse("because of the disk", &arena, &result, &err), FIT_COMMAND);
	assert_int_equal(result.row->own, OWN_REASON);
	assert_string_equal(result.reason, "of the disk");
	/* cut at a whole character, and none of its words counts as a word of the command */
	memset(long_one, 0, sizeof(long_one));
	(void)strcat(long_one, "reboot web-1 because x");
	for (size_t i = strlen(long_one); i + 3 < sizeof(long_one); i += 3) {
		memcpy(long_one + i, i % 2 == 0 ? " \xC3\xA9" : "\xC3\xA9 ", 3);
	}
	assert_int_equal(parse(long_one, &arena, &result, &err), FIT_COMMAND);
	assert_true(strlen(result.reason) <= COMMAND_REASON_MAX);
	assert_true(strlen(result.reason) >= COMMAND_REASON_MAX - 3);
	assert_true((unsigned char)result.reason[strlen(result.reason) - 1] != 0xC3);
	arena_done(&arena);
}

static void acts_take_an_id_or_nothing(void **state)
{
	static const struct {
		const char *text;
		enum command_own own;
		size_t n_words;
	} cases[] = {
		{"confirm", OWN_CONFIRM, 0},       {"approve 8c21", OWN_APPROVE, 1},
		{"Approve 8c21.", OWN_APPROVE, 1}, {"deny", OWN_REFUSE, 0},
		{"reject 8c21", OWN_REFUSE, 1},    {"cancel 8c21abcd", OWN_CANCEL, 1},
		{"code 123456", OWN_CODE, 1},      {"code 123 456", OWN_CODE, 2},
		{"pending", OWN_PENDING, 0},
	};
	struct arena arena = {0};
	struct command_parse result;
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(parse(cases[i].text, &arena, &result, &err), FIT_COMMAND);
		assert_int_equal(result.row->own, cases[i].own);
		assert_int_equal(result.n_words, cases[i].n_words);
	}
	assert_int_equal(parse("approve this and that", &arena, &result, &err), FIT_USAGE);
	arena_done(&arena);
}

/* The buttons of an end say words that are commands: what looks, and the fallback by its infinitive. */
static void what_an_end_offers_can_be_said(void **state)
{
	struct command_parse result;
	struct arena arena = {0};
	struct err err = {0};
	size_t n, n_looks = 0, n_fallbacks = 0;
	const struct command *rows = command_rows(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const struct plan *plan = rows[i].plan;
		const struct plan *fallback = plan != NULL && plan->fallback != VERB_NONE
						      ? command_plan(plan->fallback)
						      : NULL;

		if (plan != NULL && plan->look != NULL) {
			n_looks++;
			assert_int_equal(parse(arena_printf(&arena, "%s #11", plan->look), &arena,
					       &result, &err),
					 FIT_COMMAND);
			assert_non_null(result.row->answer);
			assert_int_equal(result.row->takes, TAKES_TARGETS);
		}
		if (plan != NULL && plan->fallback != VERB_NONE) {
			n_fallbacks++;
			assert_non_null(fallback);
			assert_int_equal(parse(arena_printf(&arena, "%s #11", fallback->infinitive),
					       &arena, &result, &err),
					 FIT_COMMAND);
			assert_ptr_equal(result.row->plan, fallback);
		}
	}
	assert_true(n_looks > 0 && n_fallbacks > 0);
	arena_done(&arena);
}

/* Every right that a policy may give is something that can be said; and every row does exactly one thing. */
/* The list of help indents each line by two, and a terminal the whole answer by two more. */
static void every_help_fits_a_phone(void **state)
{
	size_t n;
	const struct command *rows = command_rows(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		if (strlen(rows[i].help) > 36) {
			fail_msg("%s: \"%s\"", rows[i].phrases[0], rows[i].help);
		}
	}
}

static void every_verb_has_a_row(void **state)
{
	size_t n;
	const struct command *rows = command_rows(&n);

	(void)state;
	for (int v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		/* "pending" and "cancel": of one's own they need no right */
		bool has = v == VERB_JOB_LIST || v == VERB_JOB_CANCEL;

		for (size_t i = 0; i < n; i++) {
			has = has || rows[i].verb == (enum verb)v;
		}
		if (!has) {
			print_error("%s has no command\n", verb_info((enum verb)v)->name);
			fail();
		}
	}
	for (size_t i = 0; i < n; i++) {
		assert_int_equal((rows[i].plan != NULL) + (rows[i].answer != NULL) +
					 (rows[i].own != OWN_NONE),
				 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_end_offers_can_be_said),
		cmocka_unit_test(every_help_fits_a_phone),
		cmocka_unit_test(every_verb_has_a_row),
		cmocka_unit_test(every_form_of_a_reboot),
		cmocka_unit_test(words_that_people_type),
		cmocka_unit_test(what_phones_do_to_text),
		cmocka_unit_test(whole_words_never_prefixes),
		cmocka_unit_test(missing_or_too_much_is_said),
		cmocka_unit_test(did_you_mean),
		cmocka_unit_test(what_is_proposed_can_be_said),
		cmocka_unit_test(a_reason_goes_behind_a_change),
		cmocka_unit_test(acts_take_an_id_or_nothing),
		cmocka_unit_test(no_phrase_stands_for_two_meanings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
