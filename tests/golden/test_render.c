/* test_render.c - what people see: messages at the width of a phone and of a desk, byte for byte as in tests/golden/render
 *
 * GOLDEN_UPDATE=1 writes the files anew; read the difference before you commit it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/build.h"
#include "chat/text.h"
#include "command/answers.h"

#define PHONE 40U

static void list(struct build *b)
{
	static const struct column columns[] = {{"NAME", 0, false},    {"STATUS", 0, false},
						{"REGION", 1, false},  {"SIZE", 2, false},
						{"ADDRESS", 3, false}, {"TAGS", 5, false},
						{"$/MONTH", 4, true}};
	static const char *const rows[][7] = {
		{"shop-web-1", "on", "ams3", "s-2vcpu-4gb", "203.0.113.11", "prod, web", "24"},
		{"shop-web-2", "on", "ams3", "s-2vcpu-4gb", "203.0.113.12", "prod, web", "24"},
		{"orion-db-1", "on", "fra1", "s-4vcpu-8gb", "203.0.113.40", "prod, client:orion",
		 "48"},
		{"z-web-1", "on", "ams3", "s-1vcpu-1gb", "203.0.113.71", "client:zenith", "6"},
		{"build-runner-with-a-long-name-7", "off", "nyc3", "s-1vcpu-1gb", "203.0.113.90",
		 "-", "6"},
	};

	build_line(b, "%u droplets", 5U);
	build_table(b, columns, 7);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		build_row(b, rows[i]);
	}
}

static void show(struct build *b)
{
	build_line(b, "*%s* is on at DigitalOcean.", "shop-web-1");
	build_field(b, "id", "%llu", 30211ULL);
	build_field(b, "region", "%s", "ams3");
	build_field(b, "size", "%s", "s-2vcpu-4gb, 2 CPU, 4 GB, 80 GB disk");
	build_field(b, "image", "%s", "Debian 12 x64");
	build_field(b, "address", "%s", "203.0.113.11");
	build_field(b, "tags", "%s", "prod, web");
	build_field(b, "cost", "$%u a month", 24U);
	build_button(b, "a", "Reboot", BUTTON_DANGER);
	build_button(b, "b", "Power-cycle", BUTTON_DANGER);
}

static void progress_sent(struct build *b)
{
	build_line(b, "Rebooting *%s*", "web-1");
	build_progress(b, 1001, "%s", "waiting for DigitalOcean");
}

static void progress_half(struct build *b)
{
	build_line(b, "Rebooting *%s*", "web-1");
	build_progress(b, 480, "%s", "12 s, usually 25 s");
}

static void progress_done(struct build *b)
{
	build_line(b, "*%s* is back after %u s.", "web-1", 24U);
	build_line(b, "The site may still be starting.");
}

static void metrics(struct build *b)
{
	static const double cpu[] = {3,  4,  2,  5,  8,  12, 40, 88,  96, 91, 60, 22,
				     12, 11, 12, 14, 13, 11, 12, 100, 12, 12, 11, 12};
	const double holes[] = {0.2, 0.4, (double)NAN, (double)NAN, 1.9, 0.7};
	const struct chart charts[] = {
		{"CPU", "%", "12 % now, 100 % at most", cpu, 24, 0, 100, 0, 6},
		{"load", NULL, "0.7", holes, 6, 0, 0, 0, 6},
		{"memory", "%", "", cpu, 3, 0, 100, 0, 6},
	};

	build_line(b, "*%s*, the last 6 hours", "shop-web-1");
	for (size_t i = 0; i < sizeof(charts) / sizeof(charts[0]); i++) {
		build_chart(b, &charts[i]);
	}
}

/* What the handler makes of an hour, a sample each five minutes. */
static void measured(struct build *b, void (*answer)(const struct command_call *, struct build *),
		     bool agent)
{
	static const struct command row = {.verb = VERB_DROPLET_METRICS};
	const struct job_args args = {.span = "1h"};
	const struct droplet droplet = {
		.id = 30211, .name = "shop-web-1", .status = DROPLET_ACTIVE};
	const struct droplet *droplets[] = {&droplet};
	struct ocean_point points[4][13];
	struct ocean_series modes[2] = {{"idle", points[0], 13}, {"user", points[1], 13}};
	struct ocean_series falling = {NULL, points[2], 13}, even = {NULL, points[3], 13};
	struct ocean_call calls[COMMAND_CALLS_MAX] = {{.verb = OCEAN_NONE}};
	bool failed[COMMAND_CALLS_MAX] = {false};
	struct command_fetched fetched = {.calls = calls, .failed = failed, .now_ms = 3600000};
	struct command_call call = {.row = &row,
				    .args = &args,
				    .arena = b->arena,
				    .droplets = droplets,
				    .whole = droplets,
				    .n_droplets = 1,
				    .fetched = &fetched};

	for (int i = 0; i < 13; i++) {
		int64_t at_s = INT64_C(300) * i;

		points[0][i] = (struct ocean_point){at_s, 10.0 * i * (13 - i / 2.0)};
		points[1][i] = (struct ocean_point){at_s, 300.0 * i - points[0][i].value};
		points[2][i] = (struct ocean_point){at_s, 100 - 7.0 * i};
		points[3][i] = (struct ocean_point){at_s, 100};
	}
	fetched.n_calls = gather_metrics.calls(&call, fetched.now_ms, calls);
	for (size_t i = 0; i < fetched.n_calls; i++) {
		enum ocean_metric metric = calls[i].metric.metric;
		bool traffic = metric == OCEAN_PUBLIC_IN || metric == OCEAN_PUBLIC_OUT;
		bool whole = metric == OCEAN_MEMORY_TOTAL || metric == OCEAN_DISK_SIZE;

		calls[i].series = metric == OCEAN_CPU ? modes : whole ? &even : &falling;
		calls[i].n_things = metric == OCEAN_CPU ? 2 : traffic || agent ? 1 : 0;
	}
	answer(&call, b);
}

static void metrics_all(struct build *b)
{
	measured(b, answer_metrics, true);
}

static void metrics_no_agent(struct build *b)
{
	measured(b, answer_metrics, false);
}

static void denied(struct build *b)
{
	build_line(b, "Nothing ran. This channel only looks.\nYou may do it in %s.", "#ops");
	build_line(b, "_Decision %s_", "8c21");
}

static void ambiguous(struct build *b)
{
	static const struct column columns[] = {{"", 0, false}, {"", 0, false}, {"", 1, false}};

	build_line(b, "Two droplets are named *%s*.\nNothing ran. Say which by its id:", "old-web");
	build_table(b, columns, 3);
	build_row(b, (const char *const[]){"30481", "on, ams3", "staging"});
	build_row(b, (const char *const[]){"30519", "off, fra1", "prod"});
	build_line(b, "For example: `reboot %u`", 30481U);
}

static void help(struct build *b)
{
	build_line(b, "You may do this here:");
	build_field(b, "list", "%s", "all droplets; also: list tag:web");
	build_field(b, "status NAME", "%s", "one droplet");
	build_field(b, "reboot NAME", "%s", "restart it");
	build_field(b, "whoami", "%s", "who Sluice thinks you are");
}

static void client(struct build *b)
{
	static const struct column columns[] = {{"", 0, false}, {"", 0, false}};

	build_line(b, "Your %u servers", 2U);
	build_table(b, columns, 2);
	build_row(b, (const char *const[]){"● z-web-1", "on, Amsterdam"});
	build_row(b, (const char *const[]){"○ z-db-1", "off, Amsterdam"});
	build_line(b, "More: `status z-web-1`");
}

static void down(struct build *b)
{
	build_line(b,
		   "%s is on at DigitalOcean.\nCPU %u %% for %u min. Memory %u %%.\nI have not "
		   "tested the website.",
		   "shop-web-1", 100U, 12U, 91U);
	build_button(b, "a", "Reboot", BUTTON_DANGER);
	build_button(b, "b", "Power-cycle", BUTTON_DANGER);
}

static void back(struct build *b)
{
	build_line(b, "%s is back after %u s.", "shop-web-1", 41U);
	build_mention(b, "bob");
	build_line(b, "The site may still be starting.");
	build_button(b, "a", "Check again", BUTTON_PLAIN);
	build_button(b, "b", "Power-cycle", BUTTON_DANGER);
}

static void unknown(struct build *b)
{
	build_line(b, "Unknown: was %s rebooted?", "web-1");
	build_mention(b, "bob");
	build_line(b,
		   "DigitalOcean did not answer.\nI did NOT send it again.\nChecking until %s, "
		   "then I report.",
		   "03:09");
}

static void destroy(struct build *b)
{
	build_line(b,
		   "Destroy %s? No way back.\nid %u, %s, saves $%u a month\nStays, billed: %u "
		   "volume, %u snapshots",
		   "old-web-3", 30481U, "ams3", 24U, 1U, 2U);
	build_line(b, ": approve until %s", "14:12");
	build_mention(b, "ana");
	build_button(b, "a", "Approve", BUTTON_DANGER);
	build_button(b, "d", "Deny", BUTTON_PLAIN);
	build_button(b, "c", "Cancel", BUTTON_PLAIN);
}

static void refused_self(struct build *b)
{
	build_line(b,
		   "Refused: I run on %s.\nResizing turns it off; I could not\nturn it on again. "
		   "Nothing ran.\n"
		   "Use DigitalOcean's control panel.",
		   "sluice-1");
}

static const struct picture {
	const char *name;
	enum tone tone;
	void (*draw)(struct build *);
} pictures[] = {
	{"list", TONE_PLAIN, list},
	{"show", TONE_GOOD, show},
	{"progress-1-sent", TONE_WAIT, progress_sent},
	{"progress-2-half", TONE_WAIT, progress_half},
	{"progress-3-done", TONE_GOOD, progress_done},
	{"metrics", TONE_PLAIN, metrics},
	{"metrics-all", TONE_PLAIN, metrics_all},
	{"metrics-no-agent", TONE_PLAIN, metrics_no_agent},
	{"denied", TONE_BAD, denied},
	{"ambiguous", TONE_WARN, ambiguous},
	{"help", TONE_PLAIN, help},
	{"client", TONE_PLAIN, client},
	{"down", TONE_WARN, down},
	{"back", TONE_GOOD, back},
	{"unknown", TONE_WARN, unknown},
	{"destroy", TONE_WARN, destroy},
	{"refused-self", TONE_BAD, refused_self},
};

static void draw(const struct picture *picture, unsigned columns, struct strbuf *out)
{
	const struct text_style style = {.columns = columns, .buttons = true};
	struct arena arena = {0};
	struct build b;

	build_init(&b, &arena, picture->tone);
	picture->draw(&b);
	strbuf_reset(out);
	text_render(build_end(&b), &style, out);
	strbuf_addch(out, '\n');
	arena_done(&arena);
}

static void fits(const char *text, unsigned columns)
{
	struct strbuf line;

	strbuf_init(&line, 1 << 16);
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		strbuf_reset(&line);
		strbuf_add(&line, text, len);
		if (text_columns(line.buf) > columns) {
			fail_msg("wider than %u columns: %s", columns, line.buf);
		}
		text += len + (text[len] != '\0');
	}
	strbuf_done(&line);
}

static void compare(const struct picture *picture, unsigned columns, const char *text)
{
	char path[512], kept[16384];
	const char *update = getenv("GOLDEN_UPDATE");
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "%s/tests/golden/render/%s-%u.txt", SOURCE_DIR, picture->name,
		 columns);
	if (update != NULL && strcmp(update, "1") == 0) {
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(text, file);
		fclose(file);
		return;
	}
	file = fopen(path, "r");
	if (file == NULL) {
		fail_msg("%s is missing; GOLDEN_UPDATE=1 writes it", path);
		return;
	}
	n = fread(kept, 1, sizeof(kept) - 1, file);
	kept[n] = '\0';
	fclose(file);
	if (strcmp(kept, text) != 0) {
		fail_msg("%s differs; now it is:\n%s", path, text);
	}
}

static void pictures_are_as_they_were(void **state)
{
	static const unsigned widths[] = {PHONE, 100};
	struct strbuf out;

	(void)state;
	strbuf_init(&out, 1 << 16);
	for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
		for (size_t w = 0; w < 2; w++) {
			draw(&pictures[i], widths[w], &out);
			fits(out.buf, widths[w]);
			compare(&pictures[i], widths[w], out.buf);
		}
	}
	strbuf_done(&out);
}

/* On a phone a list says of each droplet what it is called and whether it runs. */
static void a_phone_shows_name_and_status_whole(void **state)
{
	struct strbuf out;

	(void)state;
	strbuf_init(&out, 1 << 16);
	draw(&pictures[0], PHONE, &out);
	assert_non_null(strstr(out.buf, "build-runner-with-a-long-name-7  off\n"));
	draw(&pictures[0], 100, &out);
	assert_non_null(strstr(out.buf, "REGION"));
	strbuf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pictures_are_as_they_were),
		cmocka_unit_test(a_phone_shows_name_and_status_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
