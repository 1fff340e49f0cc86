/* test_chat_text.c - plain rendering: widths, cutting, tables that fit, and nothing hostile reaches the output */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "chat/build.h"
#include "chat/text.h"

static struct strbuf out;
static struct arena arena;

static int setup(void **state)
{
	(void)state;
	strbuf_init(&out, 1 << 20);
	arena_init(&arena);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	strbuf_done(&out);
	arena_done(&arena);
	return 0;
}

static const char *clean(const char *text)
{
	strbuf_reset(&out);
	text_clean(text, &out);
	return out.buf;
}

static const char *cut(const char *text, unsigned columns)
{
	strbuf_reset(&out);
	text_cut(text, columns, &out);
	return out.buf;
}

static const char *render(const struct message *message, struct text_style style)
{
	strbuf_reset(&out);
	text_render(message, &style, &out);
	return out.buf;
}

static void clean_replaces_what_steers(void **state)
{
	(void)state;
	assert_string_equal(clean("web-1"), "web-1");
	assert_string_equal(clean("caf\xc3\xa9 日本"), "café 日本");
	assert_string_equal(clean("a\nb\tc\rd"), "a b c d");
	assert_string_equal(clean("a\x1b[31mb"), "a\xef\xbf\xbd[31mb");
	assert_string_equal(clean("a\x7f\xc2\x9bz"),
			    "a\xef\xbf\xbd\xef\xbf\xbdz");              /* DEL, C1 CSI */
	assert_string_equal(clean("a\xe2\x80\xaez"), "a\xef\xbf\xbdz"); /* right-to-left override */
	assert_string_equal(clean("a\xe2\x81\xa6z"), "a\xef\xbf\xbdz"); /* isolate */
	assert_string_equal(clean("a\xe2\x80\x8bz"), "a\xef\xbf\xbdz"); /* zero-width space */
	assert_string_equal(clean("a\xe2\x80\x8dz"), "a\xef\xbf\xbdz"); /* joiner behind ASCII */
	assert_string_equal(clean("a\xe2\x80\xa8z"), "a z");            /* line separator */
	assert_string_equal(clean("a\xef\xbf\xbfz"),
			    "a\xef\xbf\xbdz"); /* no character, not legal in XML */
	assert_string_equal(clean("a\xffz"), "a\xef\xbf\xbdz");
	assert_string_equal(clean("a\xf3\xa0\x81\xa1z"), "a\xef\xbf\xbdz"); /* tag letter */
	assert_string_equal(clean("a\xc3"), "a\xef\xbf\xbd");               /* ends in the middle */
	/* a joiner inside an emoji stays */
	assert_string_equal(clean("👩\xe2\x80\x8d💻"), "👩\xe2\x80\x8d💻");
}

static void clean_bounds_marks_and_is_stable(void **state)
{
	char zalgo[256] = "a";

	(void)state;
	for (int i = 0; i < 50; i++) {
		strncat(zalgo, "\xcc\x81", sizeof(zalgo) - strlen(zalgo) - 1);
	}
	assert_string_equal(clean(zalgo), "a\xcc\x81\xcc\x81\xcc\x81\xcc\x81");
	/* every byte once, in strange company: cleaning twice changes nothing, and no control is left */
	for (int seed = 0; seed < 64; seed++) {
		char bytes[301];
		char once[2048];
		unsigned x = (unsigned)seed * 2654435761U + 1;

		for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
			x = x * 1664525U + 1013904223U;
			bytes[i] = (char)(x >> 24 != 0 ? x >> 24 : 1);
		}
		bytes[sizeof(bytes) - 1] = '\0';
		snprintf(once, sizeof(once), "%s", clean(bytes));
		assert_string_equal(clean(once), once);
		for (const char *c = once; *c != '\0'; c++) {
			assert_true((unsigned char)*c >= ' ' && *c != 0x7f);
		}
	}
}

static void columns_and_cut(void **state)
{
	(void)state;
	assert_int_equal(text_columns(""), 0);
	assert_int_equal(text_columns("web-1"), 5);
	assert_int_equal(text_columns("日本"), 4);
	assert_int_equal(text_columns("e\xcc\x81"), 1);
	assert_int_equal(text_columns("● ○ █"), 5);
	assert_string_equal(cut("web-1", 5), "web-1");
	assert_string_equal(cut("web-10", 5), "web-…");
	assert_string_equal(cut("日本語", 5), "日本…");
	assert_string_equal(cut("日本語", 4), "日…");
	assert_string_equal(cut("web", 1), "…");
	assert_string_equal(cut("a\nb", 3), "a b");
}

static void lines_break_at_spaces(void **state)
{
	struct build b;
	const struct message *message;

	(void)state;
	build_init(&b, &arena, TONE_PLAIN);
	build_line(&b, "one two three");
	build_line(&b, "averyveryverylongword x");
	message = build_end(&b);
	assert_string_equal(render(message, (struct text_style){.columns = 9}),
			    "one two\nthree\naveryveryverylongword\nx");
	assert_string_equal(render(message, (struct text_style){0}),
			    "one two three\naveryveryverylongword x");
}

static const struct column droplet_columns[] = {{"name", 0, false},
						{"status", 0, false},
						{"region", 1, false},
						{"ip", 3, false},
						{"$", 2, true}};

static const struct message *droplets(const char *name)
{
	struct build b;

	build_init(&b, &arena, TONE_PLAIN);
	build_table(&b, droplet_columns, 5);
	build_row(&b, (const char *const[]){"web-1", "on", "ams3", "203.0.113.7", "6"});
	build_row(&b, (const char *const[]){name, "off", "fra1", "203.0.113.18", "24"});
	return build_end(&b);
}

static void tables_drop_then_cut(void **state)
{
	(void)state;
	assert_string_equal(render(droplets("db-1"), (struct text_style){.columns = 40}),
			    "name   status  region  ip             $\n"
			    "web-1  on      ams3    203.0.113.7    6\n"
			    "db-1   off     fra1    203.0.113.18  24");
	/* the address matters least, then the price */
	assert_string_equal(render(droplets("warehouse-1"), (struct text_style){.columns = 40}),
			    "name         status  region   $\n"
			    "web-1        on      ams3     6\n"
			    "warehouse-1  off     fra1    24");
	assert_string_equal(render(droplets("db-1"), (struct text_style){.columns = 21}),
			    "name   status  region\nweb-1  on      ams3\ndb-1   off     fra1");
	assert_string_equal(render(droplets("warehouse-1"), (struct text_style){.columns = 16}),
			    "name      status\nweb-1     on\nwarehou…  off");
	/* nothing fits: wide, but never endless and never a crash */
	render(droplets("warehouse-1"), (struct text_style){.columns = 3});
}

static void nothing_hostile_comes_out(void **state)
{
	const char *evil = "x\x1b]0;t\x07\n\xe2\x80\xae[1 Yes]";
	const struct span span = {SPAN_TEXT, evil}, mention = {SPAN_MENTION, evil};
	const char *const cells[] = {evil, evil};
	const struct column columns[] = {{evil, 0, false}, {evil, 1, true}};
	const double points[] = {1e308, -1e308, (double)INFINITY, (double)NAN};
	const struct chart chart = {
		.label = evil, .caption = evil, .points = points, .n_points = 4, .high = 100};
	const struct block blocks[] = {
		{.kind = BLOCK_LINE, .spans = &span, .n_spans = 1},
		{.kind = BLOCK_LINE, .spans = &mention, .n_spans = 1},
		{.kind = BLOCK_FIELDS, .cells = cells, .n_rows = 1},
		{.kind = BLOCK_TABLE,
		 .columns = columns,
		 .n_columns = 2,
		 .cells = cells,
		 .n_rows = 1},
		{.kind = BLOCK_PROGRESS, .permille = 500, .label = evil},
		{.kind = BLOCK_PROGRESS, .permille = 5000, .label = evil},
		{.kind = BLOCK_CHART, .chart = &chart},
	};
	const struct button button = {"b", evil, BUTTON_PLAIN};
	const struct message message = {TONE_BAD, blocks, 7, &button, 1};
	size_t lines = 1;

	(void)state;
	render(&message, (struct text_style){.buttons = true});
	assert_null(strpbrk(out.buf, "\x1b\x07\r"));
	assert_null(strstr(out.buf, "\xe2\x80\xae"));
	for (const char *c = out.buf; *c != '\0'; c++) {
		lines += *c == '\n';
	}
	assert_int_equal(lines, 9); /* a line each, two for the table, one for the buttons */
}

static const char *bars(const double *points, size_t n, double low, double high)
{
	const struct chart chart = {.label = "CPU",
				    .caption = "",
				    .points = points,
				    .n_points = n,
				    .low = low,
				    .high = high};
	const struct block block = {.kind = BLOCK_CHART, .chart = &chart};
	const struct message message = {.blocks = &block, .n_blocks = 1};

	return render(&message, (struct text_style){.columns = 40, .ascii = true});
}

static void a_chart_shows_peaks_and_gaps(void **state)
{
	double many[1200] = {0};
	const double few[] = {0, 50, (double)NAN, 100};
	const double load[] = {0.5, 4, 2};
	const double flat[] = {0, 0, 0};
	const double none[] = {(double)NAN, (double)NAN};

	(void)state;
	assert_string_equal(bars(few, 4, 0, 100), "CPU    _= #");
	assert_string_equal(bars(load, 3, 0, 0), "CPU    .#=");
	assert_string_equal(bars(flat, 3, 0, 0), "CPU    ___");
	assert_string_equal(bars(none, 2, 0, 100), "CPU      ");
	assert_string_equal(bars(none, 0, 0, 100), "CPU    ");
	/* one high minute in 1,200 is seen on twelve bars */
	many[101] = 100;
	assert_string_equal(bars(many, 1200, 0, 100), "CPU    _#__________");
}

static void colours_only_when_asked(void **state)
{
	struct build b;
	const struct message *message;

	(void)state;
	build_init(&b, &arena, TONE_GOOD);
	build_line(&b, "Rebooted *web-1*");
	build_line(&b, "then `help`");
	message = build_end(&b);
	assert_string_equal(render(message, (struct text_style){0}), "Rebooted web-1\nthen help");
	assert_string_equal(
		render(message, (struct text_style){.colour = true}),
		"\033[0;32mRebooted \033[0;32;1mweb-1\033[0m\nthen \033[0;1;34mhelp\033[0m");
}

static const char *name_of(const char *user, void *data)
{
	(void)data;
	return strcmp(user, "u1") == 0 ? "bob" : NULL;
}

static void mentions_bars_and_buttons(void **state)
{
	struct build b;
	const struct message *message;

	(void)state;
	build_init(&b, &arena, TONE_PLAIN);
	build_line(&b, "look");
	build_mention(&b, "u1");
	build_line(&b, "look");
	build_mention(&b, "u2");
	build_progress(&b, 420, "rebooting");
	build_progress(&b, 1001, "waiting");
	build_button(&b, "x", "Reboot", BUTTON_DANGER);
	build_button(&b, "y", "a label that is far too long for it", BUTTON_PLAIN);
	message = build_end(&b);
	assert_string_equal(
		render(message,
		       (struct text_style){.columns = 40, .buttons = true, .mention = name_of}),
		"bob look\n@u2 look\n████░░░░░░  42 %  rebooting\n… waiting\n"
		"[1 Reboot] [2 a label that is far too…]");
	assert_string_equal(render(message, (struct text_style){.columns = 40, .ascii = true}),
			    "@u1 look\n@u2 look\n####------  42 %  rebooting\n... waiting");
	assert_string_equal(
		render(message, (struct text_style){.columns = 20, .ascii = true, .buttons = true}),
		"@u1 look\n@u2 look\n####------  42 %\nrebooting\n... waiting\n[1 Reboot]\n[2 a "
		"label that is far too~]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(clean_replaces_what_steers, setup, teardown),
		cmocka_unit_test_setup_teardown(clean_bounds_marks_and_is_stable, setup, teardown),
		cmocka_unit_test_setup_teardown(columns_and_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(lines_break_at_spaces, setup, teardown),
		cmocka_unit_test_setup_teardown(tables_drop_then_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_hostile_comes_out, setup, teardown),
		cmocka_unit_test_setup_teardown(a_chart_shows_peaks_and_gaps, setup, teardown),
		cmocka_unit_test_setup_teardown(colours_only_when_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(mentions_bars_and_buttons, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
