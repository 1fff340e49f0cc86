/* test_slack_render.c - messages as Slack gets them, byte for byte as in tests/golden/slack
 *
 * GOLDEN_UPDATE=1 writes the files anew; read the difference before you commit it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/render.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "chat/build.h"

static void list(struct build *b)
{
	static const struct column columns[] = {{"NAME", 0, false},
						{"STATUS", 0, false},
						{"REGION", 1, false},
						{"$/MONTH", 2, true}};
	static const char *const rows[][4] = {{"shop-web-1", "on", "ams3", "24"},
					      {"z-db-1", "off", "ams3", "6"},
					      {"`<!channel>` & co", "on", "nyc3", "6"}};

	build_line(b, "%u droplets", 3U);
	build_table(b, columns, 4);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		build_row(b, rows[i]);
	}
	build_line(b, "More: `show shop-web-1`");
}

/* All columns, and cells that call, link, mark up, hide, or say nothing. */
static void table(struct build *b)
{
	static const struct column columns[] = {
		{"droplet", 0, false}, {"", 3, false}, {"GB", 2, true}};
	static const char *const rows[][3] = {
		{"<@U01ANA000> *x* `y`", "<!channel> & <http://a.example|b>", "12"},
		{"two\nlines \xe2\x80\xae bidi \x1b[31m", "", "0"},
		{"a-name-that-is-longer-than-a-phone-is-wide", " ", ":tada: _i_ ~s~"}};

	build_table(b, columns, 3);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		build_row(b, rows[i]);
	}
	build_button(b, "more-id", "More", BUTTON_PLAIN);
}

/* Slack takes one. */
static void two_tables(struct build *b)
{
	static const struct column columns[] = {{"name", 0, false}, {"GB", 0, true}};
	static const char *const row[] = {"web-1", "25"};

	build_table(b, columns, 2);
	build_row(b, row);
	build_line(b, "and");
	build_table(b, columns, 2);
	build_row(b, row);
}

/* The first row would be shown as its heads. */
static void no_heads(struct build *b)
{
	static const struct column columns[] = {{"", 0, false}, {"", 0, true}};
	static const char *const row[] = {"web-1", "25"};

	build_table(b, columns, 2);
	build_row(b, row);
}

static void fields(struct build *b)
{
	build_line(b, "*%s*", "web-1");
	build_field(b, "tags", "%s", "<@U01ANA000> *x* <!channel> & `y`");
	build_field(b, "name", "%s", "two\nlines \xe2\x80\xae bidi");
	build_field(b, "", "%s", "");
	build_line(b, "More: `show web-1`");
	build_field(b, "region", "%s", "ams3");
}

static void many_fields(struct build *b)
{
	for (unsigned i = 0; i < 11; i++) {
		build_field(b, "key", "%u", i);
	}
}

static void long_field(struct build *b)
{
	build_field(b, "fingerprint", "%s",
		    "0123456789012345678901234567890123456789012345678901234567890");
}

static void show(struct build *b)
{
	build_line(b, "*%s* is on at DigitalOcean.", "shop-web-1");
	build_field(b, "region", "%s", "ams3");
	build_field(b, "address", "%s", "203.0.113.11");
}

static void progress(struct build *b)
{
	build_line(b, "Rebooting *%s*", "web-1");
	build_progress(b, 480, "%s", "12 s, usually 25 s");
	build_button(b, "cancel-id", "Cancel", BUTTON_PLAIN);
}

static void consent(struct build *b)
{
	build_line(b, "Destroy old-web-3? No way back.");
	build_mention(b, "U01ANA000");
	build_line(b, "_Stays, billed: 1 volume_");
	build_button(b, "approve-id", "Approve", BUTTON_MAIN);
	build_button(b, "deny-id", "Deny", BUTTON_DANGER);
}

/* What comes from droplets and people cannot mention, link, mark up, or hide. */
static void hostile(struct build *b)
{
	build_line(b, "No droplet %s here.",
		   "<!channel> <@U01ANA000> *x* `y` <http://a.example|b>");
	build_line(b, "%s", "line\nbreak \xe2\x80\xae bidi \x1b[31m");
	build_mention(b, "U1|<!here>");
}

static void empty(struct build *b)
{
	build_line(b, "%s", "");
}

/* What `down? web-1` shows in the night. */
static void down(struct build *b)
{
	static const double points[] = {3, 5, 92, 97};
	const struct chart chart = {.label = "CPU",
				    .unit = "%",
				    .caption = "97 % now",
				    .points = points,
				    .n_points = 4,
				    .high = 100};

	build_line(b, "*%s* is on at DigitalOcean.", "web-1");
	build_line(b, "I have not tested the website.");
	build_chart(b, &chart);
	build_button(b, "reboot-id", "Reboot", BUTTON_MAIN);
	build_button(b, "cycle-id", "Power-cycle", BUTTON_PLAIN);
}

static const struct slack_picture uploaded = {"F01CHART0", "CPU, 1 h: 3 to 97 % \" & <x>"};

static const struct picture {
	const char *name;
	enum tone tone;
	void (*build)(struct build *);
	const struct slack_picture *file; /* in the place of the charts */
	bool draws;                       /* Slack takes no tables and fields of its own */
} pictures[] = {
	{"down", TONE_PLAIN, down, NULL, false},
	{"picture", TONE_PLAIN, down, &uploaded, false},
	{"list", TONE_PLAIN, list, NULL, false},
	{"show", TONE_GOOD, show, NULL, false},
	{"progress", TONE_WAIT, progress, NULL, false},
	{"consent", TONE_WARN, consent, NULL, false},
	{"hostile", TONE_BAD, hostile, NULL, false},
	{"empty", TONE_PLAIN, empty, NULL, false},
	{"table", TONE_PLAIN, table, NULL, false},
	{"two-tables", TONE_PLAIN, two_tables, NULL, false},
	{"no-heads", TONE_PLAIN, no_heads, NULL, false},
	{"fields", TONE_PLAIN, fields, NULL, false},
	{"many-fields", TONE_PLAIN, many_fields, NULL, false},
	{"long-field", TONE_PLAIN, long_field, NULL, false},
	{"list-drawn", TONE_PLAIN, list, NULL, true},
	{"fields-drawn", TONE_PLAIN, fields, NULL, true},
};

static void draw(const struct picture *picture, struct strbuf *out)
{
	struct arena arena = {0};
	struct slack_pages pages;
	struct build build;

	build_init(&build, &arena, picture->tone);
	picture->build(&build);
	slack_render(build_end(&build), picture->file, picture->draws, &arena, &pages);
	for (size_t i = 0; i < pages.n; i++) {
		struct json *blocks =
			json_parse(pages.page[i].blocks, strlen(pages.page[i].blocks), NULL);

		assert_non_null(blocks);
		json_free(blocks);
		(void)strbuf_addf(out, "%s\n%s\n", pages.page[i].blocks, pages.page[i].text);
	}
	arena_done(&arena);
}

static void compare(const struct picture *picture, const char *text)
{
	const char *update = getenv("GOLDEN_UPDATE");
	char path[512];
	static char kept[1 << 16];
	size_t n;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/tests/golden/slack/%s.txt", SOURCE_DIR,
		       picture->name);
	if (update != NULL && strcmp(update, "1") == 0) {
		file = fopen(path, "w");
		assert_non_null(file);
		(void)fputs(text, file);
		(void)fclose(file);
		return;
	}
	file = fopen(path, "r");
	if (file == NULL) {
		fail_msg("%s is missing; GOLDEN_UPDATE=1 writes it", path);
		return;
	}
	n = fread(kept, 1, sizeof(kept) - 1, file);
	kept[n] = '\0';
	(void)fclose(file);
	if (strcmp(kept, text) != 0) {
		fail_msg("%s differs; now it is:\n%s", path, text);
	}
}

static void pictures_are_as_they_were(void **state)
{
	struct strbuf out;

	(void)state;
	strbuf_init(&out, 1 << 16);
	for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
		strbuf_reset(&out);
		draw(&pictures[i], &out);
		compare(&pictures[i], out.buf);
	}
	strbuf_done(&out);
}

/* Every word of a long answer stands on some page, and no page is too big for Slack. */
static void nothing_is_lost_between_pages(void **state)
{
	static const struct column columns[] = {{"NAME", 0, false}, {"STATUS", 0, false}};
	struct arena arena = {0};
	struct slack_pages pages;
	struct build build;
	char name[32];
	size_t found = 0;

	(void)state;
	build_init(&build, &arena, TONE_PLAIN);
	build_line(&build, "400 droplets");
	build_table(&build, columns, 2);
	for (int i = 0; i < 400; i++) {
		const char *row[2] = {name, "on"};

		(void)snprintf(name, sizeof(name), "droplet-with-a-name-%03d", i);
		build_row(&build, row);
	}
	build_button(&build, "id", "More", BUTTON_PLAIN);
	slack_render(build_end(&build), NULL, false, &arena, &pages);
	assert_true(pages.n > 3 && pages.n < SLACK_PAGES_MAX);
	for (int i = 0; i < 400; i++) {
		(void)snprintf(name, sizeof(name), "droplet-with-a-name-%03d", i);
		for (size_t p = 0; p < pages.n; p++) {
			found += strstr(pages.page[p].blocks, name) != NULL;
		}
	}
	assert_int_equal(found, 400);
	for (size_t p = 0; p < pages.n; p++) {
		assert_true(strlen(pages.page[p].text) <= 4000);
		assert_true((strstr(pages.page[p].blocks, "\"actions\"") != NULL) == (p == 0));
	}
	arena_done(&arena);
}

/* Is a table of so many rows and columns Slack's own? */
static bool is_native(size_t n_rows, size_t n_columns, const char *cell, size_t n_lines)
{
	struct column columns[21];
	const char *row[21];
	struct arena arena = {0};
	struct slack_pages pages;
	struct build build;
	bool has, drawn = false;

	build_init(&build, &arena, TONE_PLAIN);
	for (size_t i = 0; i < n_lines; i++) {
		build_line(&build, "a line of some forty columns, as they are");
	}
	for (size_t i = 0; i < n_columns; i++) {
		columns[i] = (struct column){"h", i > 0, false};
		row[i] = cell;
	}
	build_table(&build, columns, n_columns);
	for (size_t i = 0; i < n_rows; i++) {
		build_row(&build, row);
	}
	slack_render(build_end(&build), NULL, false, &arena, &pages);
	has = strstr(pages.page[0].blocks, "\"type\":\"table\"") != NULL;
	assert_true(has == pages.native);
	for (size_t p = 0; p < pages.n; p++) {
		drawn = drawn || strstr(pages.page[p].blocks, "preformatted") != NULL;
		assert_true(p == 0 || strstr(pages.page[p].blocks, "\"type\":\"table\"") == NULL);
	}
	assert_true(has != (drawn || n_rows == 0));
	arena_done(&arena);
	return has;
}

static void what_slack_does_not_take_is_drawn(void **state)
{
	(void)state;
	assert_true(is_native(99, 2, "x", 1));
	assert_false(is_native(100, 2, "x", 1)); /* the heads are a row too */
	assert_true(is_native(2, 20, "x", 1));
	assert_false(is_native(2, 21, "x", 1));
	assert_true(is_native(20, 20, "a cell of twenty cols", 1));  /* 8,420 */
	assert_false(is_native(22, 20, "a cell of twenty cols", 1)); /* 9,260 */
	assert_false(is_native(0, 2, "x", 1));
	assert_false(is_native(20, 2, "x", 72)); /* not whole on the first page */
	assert_false(is_native(2, 2, "x", 100)); /* on the second, where a refusal came too late */
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (const char *at = text; (at = strstr(at, what)) != NULL; at++) {
		n++;
	}
	return n;
}

/* Slack takes 50 blocks a message; what are too many fields of its own is drawn, and all of it is there. */
static void blocks_stay_below_fifty(void **state)
{
	struct arena arena = {0};
	struct slack_pages pages;
	struct build build;

	(void)state;
	build_init(&build, &arena, TONE_PLAIN);
	for (unsigned i = 0; i < 40; i++) {
		build_line(&build, "line %u", i);
		build_field(&build, "key", "v%u.", i);
	}
	slack_render(build_end(&build), NULL, false, &arena, &pages);
	assert_int_equal(pages.n, 1);
	assert_in_range(count(pages.page[0].blocks, "\"type\":\"section\""), 2, 20);
	assert_in_range(count(pages.page[0].blocks, "\"type\":\"rich_text\"") +
				count(pages.page[0].blocks, "\"type\":\"section\""),
			4, 40); /* buttons, a picture and the count of pages stand beside them */
	assert_non_null(strstr(pages.page[0].blocks, "v39."));
	arena_done(&arena);
}

/* Whoever made the message. */
static void cells_are_cleaned(void **state)
{
	static const struct column columns[] = {{"h\x1b[1m", 0, false}};
	static const char *const cell[] = {"a\nb\xe2\x80\xae\x1b[31m"};
	static const char *const pair[] = {"k\n\x1b", "v\xe2\x80\xae\n"};
	const struct block blocks[] = {{.kind = BLOCK_TABLE,
					.columns = columns,
					.n_columns = 1,
					.cells = cell,
					.n_rows = 1},
				       {.kind = BLOCK_FIELDS, .cells = pair, .n_rows = 1}};
	const struct message message = {.blocks = blocks, .n_blocks = 2};
	struct arena arena = {0};
	struct slack_pages pages;

	(void)state;
	slack_render(&message, NULL, false, &arena, &pages);
	assert_true(pages.native);
	assert_non_null(strstr(pages.page[0].blocks, "\"h\xef\xbf\xbd[1m\""));
	assert_non_null(strstr(pages.page[0].blocks, "\"a b\xef\xbf\xbd\xef\xbf\xbd[31m\""));
	assert_non_null(strstr(pages.page[0].blocks, "\"k \xef\xbf\xbd\\nv\xef\xbf\xbd \""));
	arena_done(&arena);
}

static void what_is_left_out_is_said(void **state)
{
	struct arena arena = {0};
	struct slack_pages pages;
	struct build build;

	(void)state;
	build_init(&build, &arena, TONE_PLAIN);
	for (int i = 0; i < 3000; i++) {
		build_line(&build, "a line of some length, number %d", i);
	}
	slack_render(build_end(&build), NULL, false, &arena, &pages);
	assert_int_equal(pages.n, SLACK_PAGES_MAX);
	assert_non_null(strstr(pages.page[SLACK_PAGES_MAX - 1].blocks, "left out"));
	for (size_t p = 0; p < pages.n; p++) {
		struct json *blocks =
			json_parse(pages.page[p].blocks, strlen(pages.page[p].blocks), NULL);

		assert_non_null(blocks);
		json_free(blocks);
	}
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pictures_are_as_they_were),
		cmocka_unit_test(nothing_is_lost_between_pages),
		cmocka_unit_test(what_slack_does_not_take_is_drawn),
		cmocka_unit_test(blocks_stay_below_fifty),
		cmocka_unit_test(cells_are_cleaned),
		cmocka_unit_test(what_is_left_out_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
