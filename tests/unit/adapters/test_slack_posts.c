/* test_slack_posts.c - what is posted to Slack: ways, ids, pace, pages, errors */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/clock.h"
#include "chat/build.h"
#include "tests/unit/adapters/slack_fake.h"

/* The rest of posted->post is set by the caller. */
static void post(struct fake_post *posted, const char *channel, const char *text)
{
	struct arena arena = {0};
	struct build build;

	build_init(&build, &arena, posted->tone);
	build_line(&build, "%s", text);
	build_button(&build, "yes-id", "Reboot", BUTTON_DANGER);
	posted->post.place.network = "slack";
	posted->post.place.workspace = "T01ACME00";
	posted->post.place.channel = channel;
	posted->post.message = build_end(&build);
	posted->post.done = fake_post_done;
	posted->post.data = posted;
	posted->n_done = 0;
	fake.chat->ops->post(fake.chat, &posted->post);
	assert_int_equal(posted->n_done, 0); /* never before post returns */
	arena_done(&arena);
	loop_advance(fake.loop, 1);
}

static bool body_has(const char *method, const char *what)
{
	struct fake_call *call = fake_call(method);

	assert_non_null(call);
	return strstr(call->body, what) != NULL;
}

#define POSTED "{\"ok\":true,\"channel\":\"C01OPS000\",\"ts\":\"1800000000.000100\"}"

static void a_post_and_its_edit(void **state)
{
	static struct fake_post p = {0};

	(void)state;
	post(&p, "C01OPS000", "<!channel> is *no* <@U1>");
	assert_true(body_has("chat.postMessage", "\"channel\":\"C01OPS000\""));
	assert_true(body_has("chat.postMessage", "\"parse\":\"none\""));
	assert_true(body_has("chat.postMessage", "\"unfurl_links\":false"));
	assert_true(body_has("chat.postMessage", "\"text\":\"&lt;!channel&gt;"));
	assert_true(body_has("chat.postMessage", "\"value\":\"yes-id\""));
	assert_false(body_has("chat.postMessage", "thread_ts"));
	assert_true(fake_answer("chat.postMessage", POSTED));
	assert_int_equal(p.n_done, 1);
	assert_int_equal(p.kind, ERR_NONE);
	assert_string_equal(p.post.ret_id, "1800000000.000100");
	p.post.replaces = "1800000000.000100";
	post(&p, "C01OPS000", "done");
	assert_true(body_has("chat.update", "\"ts\":\"1800000000.000100\""));
	assert_true(fake_answer("chat.update", "{\"ok\":false,\"error\":\"message_not_found\"}"));
	assert_int_equal(p.kind, ERR_NOTFOUND); /* the queue makes a new one */
}

static void changes_go_below_what_asked(void **state)
{
	static struct fake_post p = {.post = {.answers = "1800000000.000001", .key = "k1"}};

	(void)state;
	post(&p, "C01OPS000", "Rebooting");
	assert_true(body_has("chat.postMessage", "\"thread_ts\":\"1800000000.000001\""));
	assert_true(fake_answer("chat.postMessage", POSTED));
	loop_advance(fake.loop, 1050);
	p.post.key = NULL; /* an answer that stays as it is */
	post(&p, "C01OPS000", "2 droplets");
	assert_false(body_has("chat.postMessage", "thread_ts"));
	assert_true(fake_answer("chat.postMessage", POSTED));
}

static void a_direct_place_is_opened_once(void **state)
{
	static struct fake_post p = {.post = {.place = {.direct = true}}};

	(void)state;
	post(&p, "U01BOB000", "hello");
	assert_true(body_has("conversations.open", "\"users\":\"U01BOB000\""));
	assert_true(fake_answer("conversations.open",
				"{\"ok\":true,\"channel\":{\"id\":\"D01BOB000\"}}"));
	loop_advance(fake.loop, 1);
	assert_true(body_has("chat.postMessage", "\"channel\":\"D01BOB000\""));
	assert_true(fake_answer("chat.postMessage", "{\"ok\":true,\"ts\":\"1.5\"}"));
	assert_string_equal(p.post.ret_id, "D01BOB000:1.5");
	p.post.replaces = "D01BOB000:1.5";
	post(&p, "U01BOB000", "again");
	assert_true(body_has("chat.update", "\"channel\":\"D01BOB000\""));
	assert_true(body_has("chat.update", "\"ts\":\"1.5\""));
	assert_true(fake_answer("chat.update", "{\"ok\":true,\"ts\":\"1.5\"}"));
	assert_string_equal(p.post.ret_id, "D01BOB000:1.5");
}

/* Slack counts conversations.open as one, whoever it is for. */
static void patience_holds_the_opening(void **state)
{
	static struct fake_post p = {.post = {.place = {.direct = true}}};
	static struct fake_post q = {.post = {.place = {.direct = true}}};

	(void)state;
	post(&p, "U01BOB000", "hello");
	assert_true(fake_status("conversations.open", 429, 9));
	assert_int_equal(p.kind, ERR_LIMIT);
	assert_int_equal(p.post.retry_after_ms, 9000);
	post(&q, "U01ANA000", "hello");
	loop_advance(fake.loop, 8900);
	assert_null(fake_call("conversations.open"));
	loop_advance(fake.loop, 100);
	assert_true(body_has("conversations.open", "U01ANA000"));
	assert_true(fake_answer("conversations.open",
				"{\"ok\":true,\"channel\":{\"id\":\"D01ANA000\"}}"));
	loop_advance(fake.loop, 1);
	assert_true(fake_answer("chat.postMessage", "{\"ok\":true,\"ts\":\"1.5\"}"));
	assert_int_equal(q.kind, ERR_NONE);
}

static void what_one_may_see_is_ephemeral(void **state)
{
	static struct fake_post p = {.post = {.private_to = "U01BOB000"}};

	(void)state;
	post(&p, "C01OPS000", "Nothing ran.");
	assert_true(body_has("chat.postEphemeral", "\"user\":\"U01BOB000\""));
	assert_true(fake_answer("chat.postEphemeral", "{\"ok\":true,\"message_ts\":\"1.7\"}"));
	assert_string_equal(p.post.ret_id, "e:1.7");
	p.post.replaces = "e:1.7";
	post(&p, "C01OPS000", "more");
	assert_int_equal(p.n_done, 1);
	assert_int_equal(p.kind, ERR_NOTFOUND);
}

#define HOOK "https://hooks.slack.com/commands/x"

static void slash_in(const char *channel)
{
	char json[600];

	(void)snprintf(json, sizeof(json),
		       "{\"type\":\"slash_commands\",\"envelope_id\":\"s\",\"payload\":{\"channel_"
		       "id\":\"%s\",\"user_id\":\"U01BOB000\",\"team_id\":\"T01ACME00\",\"trigger_"
		       "id\":\"1.2\",\"text\":\"status\",\"response_url\":\"" HOOK "\"}}",
		       channel);
	fake_hear(fake_last(), json);
}

/* Where the bot is not, Slack still lets it answer who just used its command: five times, half an hour. */
static void a_response_url_is_used_within_its_bounds(void **state)
{
	static struct fake_post p = {.post = {.private_to = "U01BOB000"}};

	(void)state;
	slash_in("C0ELSE000");
	for (int i = 0; i < 5; i++) {
		post(&p, "C0ELSE000", "Not set up here.");
		loop_advance(fake.loop, 5000);
		assert_true(body_has(HOOK, "\"response_type\":\"ephemeral\""));
		assert_string_equal(fake_call(HOOK)->auth, ""); /* the token stays at home */
		assert_true(fake_answer(HOOK, "ok"));
		assert_int_equal(p.kind, ERR_NONE);
	}
	post(&p, "C0ELSE000", "Not set up here.");
	assert_null(fake_call(HOOK));
	assert_true(
		fake_answer("chat.postEphemeral", "{\"ok\":false,\"error\":\"not_in_channel\"}"));
	/* and then in a direct message, not at all is no answer */
	assert_true(fake_answer("conversations.open",
				"{\"ok\":true,\"channel\":{\"id\":\"D01BOB000\"}}"));
	loop_advance(fake.loop, 1);
	assert_true(fake_answer("chat.postMessage", "{\"ok\":true,\"ts\":\"1.5\"}"));
	assert_int_equal(p.kind, ERR_NONE);
	slash_in("C0ELSE000");
	loop_advance(fake.loop, 30 * 60 * 1000);
	post(&p, "C0ELSE000", "late");
	assert_null(fake_call(HOOK));
	assert_true(fake_answer("chat.postEphemeral", "{\"ok\":true,\"message_ts\":\"1.7\"}"));
}

static void a_hook_that_ran_out_is_no_end(void **state)
{
	static struct fake_post p = {.post = {.private_to = "U01BOB000"}};

	(void)state;
	slash_in("C0ELSE000");
	post(&p, "C0ELSE000", "x");
	assert_true(fake_status(HOOK, 404, -1));
	assert_true(fake_answer("chat.postEphemeral", "{\"ok\":true,\"message_ts\":\"1.7\"}"));
	assert_int_equal(p.kind, ERR_NONE);
}

/* Where the bot is not, the slash command works all the same: who used it has its answer, and the outcome of a change. */
static void where_we_are_not_the_asker_is_answered(void **state)
{
	static struct fake_post p = {0}, change = {.post = {.key = "c-1"}};
	static const char *const no = "{\"ok\":false,\"error\":\"not_in_channel\"}";

	(void)state;
	post(&p, "C0ELSE000", "nobody asked");
	assert_true(fake_answer("chat.postMessage", no));
	assert_int_equal(p.kind, ERR_NOTFOUND);
	slash_in("C0ELSE000");
	loop_advance(fake.loop, 1100);
	post(&p, "C0OTHER00", "elsewhere");
	assert_true(fake_answer("chat.postMessage", no));
	assert_int_equal(p.kind, ERR_NOTFOUND);
	change.tone = TONE_WAIT;
	post(&change, "C0ELSE000", "Rebooting");
	assert_true(fake_answer("chat.postMessage", no));
	assert_true(body_has(HOOK, "\"response_type\":\"ephemeral\""));
	assert_true(body_has(HOOK, "Rebooting"));
	assert_true(fake_answer(HOOK, "ok"));
	assert_int_equal(change.kind, ERR_NONE);
	assert_string_equal(change.post.ret_id, "e:");
	/* under way: what is left is for the outcome */
	loop_advance(fake.loop, 1100);
	post(&change, "C0ELSE000", "still rebooting");
	assert_true(fake_answer("chat.postMessage", no));
	assert_null(fake_call(HOOK));
	assert_int_equal(change.kind, ERR_NOTFOUND);
	loop_advance(fake.loop, 1100);
	change.tone = TONE_GOOD;
	post(&change, "C0ELSE000", "Rebooted");
	assert_true(fake_answer("chat.postMessage", no));
	assert_true(body_has(HOOK, "Rebooted"));
	assert_true(fake_answer(HOOK, "ok"));
	assert_int_equal(change.kind, ERR_NONE);
}

static void one_a_second_a_channel(void **state)
{
	static struct fake_post p[5] = {0};

	(void)state;
	for (int i = 0; i < 5; i++) {
		post(&p[i], "C01OPS000", "x");
	}
	for (int i = 0; i < 4; i++) {
		assert_true(fake_answer("chat.postMessage", POSTED));
		assert_null(fake_call("chat.postMessage"));
		loop_advance(fake.loop, 900);
		assert_null(fake_call("chat.postMessage"));
		loop_advance(fake.loop, 150);
	}
	assert_true(fake_answer("chat.postMessage", POSTED));
	assert_int_equal(p[4].n_done, 1);
}

/* 0: only when Slack says to wait. */
static void no_pace_is_none(void **state)
{
	static struct fake_post a, b, c;

	(void)state;
	fake.s->pace_ms = 0;
	post(&a, "C01OPS000", "one");
	post(&b, "C01OPS000", "two");
	assert_true(fake_answer("chat.postMessage", "{\"ok\":true,\"ts\":\"1.1\"}"));
	assert_true(fake_status("chat.postMessage", 429, 7));
	post(&c, "C01OPS000", "three");
	loop_advance(fake.loop, 6900);
	assert_null(fake_call("chat.postMessage"));
	loop_advance(fake.loop, 200);
	assert_true(fake_answer("chat.postMessage", "{\"ok\":true,\"ts\":\"1.3\"}"));
}

static void patience_holds_the_channel(void **state)
{
	static struct fake_post p = {0}, q = {0}, other = {0};
	static struct fake_post edit = {.post = {.replaces = "1800000000.000100"}};

	(void)state;
	post(&p, "C01OPS000", "x");
	assert_true(fake_status("chat.postMessage", 429, 9));
	assert_int_equal(p.kind, ERR_LIMIT);
	assert_int_equal(p.post.retry_after_ms, 9000);
	post(&q, "C01OPS000", "y");
	assert_null(fake_call("chat.postMessage"));
	post(&other, "C01DEV000", "z");
	assert_true(fake_answer("chat.postMessage", POSTED));
	post(&edit, "C01OPS000", "w"); /* another method is not held */
	assert_true(fake_answer("chat.update", POSTED));
	assert_int_equal(edit.kind, ERR_NONE);
	loop_advance(fake.loop, 9000);
	assert_true(fake_answer("chat.postMessage", POSTED));
	assert_int_equal(q.kind, ERR_NONE);
}

static void what_went_wrong_has_its_sentence(void **state)
{
	static const struct {
		const char *answer;
		enum err_kind kind;
		const char *sentence;
	} rows[] = {
		{"{\"ok\":false,\"error\":\"not_in_channel\"}", ERR_NOTFOUND, "/invite @sluice"},
		{"{\"ok\":false,\"error\":\"channel_not_found\"}", ERR_NOTFOUND, "/invite @sluice"},
		{"{\"ok\":false,\"error\":\"is_archived\"}", ERR_REMOTE, "archived"},
		{"{\"ok\":false,\"error\":\"missing_scope\",\"needed\":\"chat:write\"}", ERR_CONFIG,
		 "\"chat:write\""},
		{"{\"ok\":false,\"error\":\"some<@new>_thing\"}", ERR_REMOTE, "\"somenew_thing\""},
		{"{\"ok\":false}", ERR_REMOTE, "chat.postMessage"},
		{"<html>", ERR_UNKNOWN, "no JSON"},
	};
	static struct fake_post p = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		post(&p, "C01OPS000", "x");
		loop_advance(fake.loop, 5000);
		assert_true(fake_answer("chat.postMessage", rows[i].answer));
		assert_int_equal(p.n_done, 1);
		assert_int_equal(p.kind, rows[i].kind);
		assert_non_null(strstr(p.msg, rows[i].sentence));
	}
	post(&p, "C01OPS000", "x");
	assert_true(fake_status("chat.postMessage", 500, -1));
	assert_int_equal(p.kind, ERR_UNKNOWN); /* it may be there */
	post(&p, "ops", "x");
	assert_int_equal(p.kind, ERR_NOTFOUND);
}

/* The token is gone while the bot works: a post is where it shows, and a person hears of it. */
static void a_post_without_a_token_stops_it(void **state)
{
	static struct fake_post p = {0};

	(void)state;
	post(&p, "C01OPS000", "x");
	assert_true(fake_answer("chat.postMessage", "{\"ok\":false,\"error\":\"token_revoked\"}"));
	assert_int_equal(p.kind, ERR_CONFIG);
	assert_int_equal(fake.told.link, CHAT_REFUSED);
	assert_non_null(strstr(fake.told.why, "the token was revoked"));
	assert_true(fake_last()->closing);
}

static void long_answers_are_pages(void **state)
{
	static struct fake_post p = {0};
	struct strbuf text;

	(void)state;
	strbuf_init(&text, 1 << 16);
	for (int i = 0; i < 1000; i++) {
		(void)strbuf_addf(&text, "word%04d ", i);
	}
	post(&p, "C01OPS000", text.buf);
	assert_true(body_has("chat.postMessage", "word0000"));
	assert_true(body_has("chat.postMessage", "the rest is below"));
	assert_true(strlen(fake_call("chat.postMessage")->body) < 12000);
	assert_true(fake_answer("chat.postMessage", POSTED));
	assert_int_equal(p.n_done, 1);
	loop_advance(fake.loop, 1050);
	assert_true(body_has("chat.postMessage", "\"thread_ts\":\"1800000000.000100\""));
	assert_false(body_has("chat.postMessage", "yes-id"));
	assert_true(fake_status("chat.postMessage", 429, 2));
	loop_advance(fake.loop, 2000);
	assert_true(fake_answer("chat.postMessage", POSTED));
	loop_advance(fake.loop, 3000);
	assert_true(body_has("chat.postMessage", "word0999"));
	assert_true(fake_answer("chat.postMessage", POSTED));
	assert_int_equal(p.n_done, 1);
	strbuf_done(&text);
}

/* A table, fields, and a button. */
static void post_table(struct fake_post *p, const char *channel)
{
	static const struct column columns[] = {{"tag", 0, false}, {"droplets", 0, true}};
	static const char *const row[] = {"web", "12"};
	struct arena arena = {0};
	struct build build;

	build_init(&build, &arena, TONE_PLAIN);
	build_line(&build, "one tag");
	build_table(&build, columns, 2);
	build_row(&build, row);
	build_field(&build, "region", "%s", "ams3");
	build_button(&build, "yes-id", "Reboot", BUTTON_DANGER);
	p->post.place.network = "slack";
	p->post.place.workspace = "T01ACME00";
	p->post.place.channel = channel;
	p->post.message = build_end(&build);
	p->post.done = fake_post_done;
	p->post.data = p;
	p->n_done = 0;
	fake.chat->ops->post(fake.chat, &p->post);
	p->post.message = NULL;
	arena_done(&arena); /* what is posted is the adapter's from here on */
	loop_advance(fake.loop, 1);
}

static bool is_native(const char *method)
{
	bool native = body_has(method, "\"type\":\"table\"");

	assert_true(body_has(method, "\"type\":\"section\"") == native);
	assert_true(body_has(method, "preformatted") != native);
	assert_true(body_has(method, "\"text\":\"one tag\\ntag  droplets\\nweb        12\\n"
				     "region  ams3\""));
	assert_true(body_has(method, "yes-id"));
	return native;
}

#define NO_BLOCKS "{\"ok\":false,\"error\":\"invalid_blocks\"}"

static void a_table_that_is_refused_is_drawn(void **state)
{
	static struct fake_post p = {0}, q = {0};

	(void)state;
	post_table(&p, "C01OPS000");
	post_table(&q, "C01OPS000"); /* waits for its turn meanwhile */
	assert_true(is_native("chat.postMessage"));
	assert_true(fake_answer("chat.postMessage", NO_BLOCKS));
	assert_int_equal(p.n_done, 0);
	loop_advance(fake.loop, 1050);
	assert_false(is_native("chat.postMessage")); /* q, which was not sent to be refused too */
	assert_true(fake_answer("chat.postMessage", POSTED));
	assert_int_equal(q.n_done, 1);
	loop_advance(fake.loop, 1050);
	assert_false(is_native("chat.postMessage"));
	assert_true(fake_answer("chat.postMessage", POSTED));
	assert_int_equal(p.n_done, 1);
	assert_int_equal(p.kind, ERR_NONE);
	assert_string_equal(p.post.ret_id, "1800000000.000100");
	loop_advance(fake.loop, 1050);
	assert_null(fake_call("chat.postMessage")); /* once */
	p.post.replaces = "1800000000.000100";
	post_table(&p, "C01OPS000");
	assert_false(is_native("chat.update"));
	assert_true(fake_answer("chat.update", POSTED));
	loop_advance(fake.loop, 5000);
	q.post.private_to = "U01BOB000";
	post_table(&q, "C01OPS000");
	assert_false(is_native("chat.postEphemeral"));
	assert_true(fake_answer("chat.postEphemeral", "{\"ok\":true,\"message_ts\":\"1.7\"}"));
}

/* What is refused as drawn too is refused. */
static void a_drawn_one_is_not_tried_for_ever(void **state)
{
	static struct fake_post p = {.post = {.replaces = "1800000000.000100"}};

	(void)state;
	post_table(&p, "C01OPS000");
	assert_true(is_native("chat.update"));
	assert_true(
		fake_answer("chat.update", "{\"ok\":false,\"error\":\"only_one_table_allowed\"}"));
	loop_advance(fake.loop, 1050);
	assert_false(is_native("chat.update"));
	assert_true(fake_answer("chat.update", NO_BLOCKS));
	assert_int_equal(p.n_done, 1);
	assert_int_equal(p.kind, ERR_REMOTE);
	loop_advance(fake.loop, 5000);
	assert_null(fake_call("chat.update"));
}

/* Other refusals say nothing about tables. */
static void a_table_stays_one(void **state)
{
	static struct fake_post p = {0};

	(void)state;
	post_table(&p, "C01OPS000");
	assert_true(fake_answer("chat.postMessage", "{\"ok\":false,\"error\":\"is_archived\"}"));
	assert_int_equal(p.n_done, 1);
	loop_advance(fake.loop, 1050);
	post_table(&p, "C01OPS000");
	assert_true(is_native("chat.postMessage"));
	assert_true(fake_answer("chat.postMessage", POSTED));
	loop_advance(fake.loop, 1050);
	post(&p, "C01OPS000", "no table");
	assert_true(fake_answer("chat.postMessage", NO_BLOCKS));
	assert_int_equal(p.n_done, 1); /* it has nothing that could be drawn instead */
	assert_int_equal(p.kind, ERR_REMOTE);
	loop_advance(fake.loop, 1050);
	post_table(&p, "C01OPS000");
	assert_true(is_native("chat.postMessage"));
	assert_true(fake_answer("chat.postMessage", POSTED));
}

/* Where a refusal may stand beside another status, and be one word. */
static void a_table_by_a_response_url(void **state)
{
	static const struct {
		int status;
		const char *body;
	} refusals[] = {{200, "{\"ok\":false,\"error\":\"invalid_blocks_format\"}"},
			{404, NO_BLOCKS},
			{400, "invalid_blocks"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct fake_post p = {.post = {.private_to = "U01BOB000"}};

		fake.s->draws = false; /* as after a start */
		slash_in("C0ELSE000");
		loop_advance(fake.loop, 5000);
		post_table(&p, "C0ELSE000");
		assert_true(is_native(HOOK));
		fake_end_call(fake_call(HOOK), refusals[i].status, refusals[i].body, ERR_NONE, -1);
		loop_advance(fake.loop, 1050);
		assert_false(is_native(HOOK));
		assert_true(fake_answer(HOOK, "ok"));
		assert_int_equal(p.n_done, 1);
		assert_int_equal(p.kind, ERR_NONE);
	}
}

/* n words in p's message, the first of each page different with `mark`. */
static void post_long(struct fake_post *p, int n, const char *mark)
{
	struct strbuf text;

	strbuf_init(&text, 1 << 16);
	for (int i = 0; i < n; i++) {
		(void)strbuf_addf(&text, "%s%04d ", i >= 500 ? mark : "word", i);
	}
	post(p, "C01OPS000", text.buf);
	strbuf_done(&text);
	loop_advance(fake.loop, 1100);
}

/* It looks for them now and then, not in every turn. */
static void an_edit_waits_for_pages_without_a_pace_too(void **state)
{
	static struct fake_post p = {.post = {.key = "c-1", .answers = "1700000000.000001"}};
	static struct fake_post e = {.post = {.replaces = "1800000000.000100"}};

	(void)state;
	fake.s->pace_ms = 0;
	post_long(&p, 1000, "old");
	assert_true(fake_answer("chat.postMessage", POSTED));
	loop_advance(fake.loop, 10);
	assert_true(fake_answer("chat.postMessage", "{\"ok\":true,\"ts\":\"1800000000.000200\"}"));
	loop_advance(fake.loop, 10);
	post_long(&e, 1000, "new");
	assert_null(fake_call("chat.update"));
	assert_true(fake_answer("chat.postMessage", "{\"ok\":true,\"ts\":\"1800000000.000300\"}"));
	loop_advance(fake.loop, 1100);
	assert_true(body_has("chat.update", "\"ts\":\"1800000000.000100\""));
}

static void an_edit_has_all_its_pages(void **state)
{
	static struct fake_post p = {.post = {.key = "c-1", .answers = "1700000000.000001"}};
	static struct fake_post e = {.post = {.replaces = "1800000000.000100"}};

	(void)state;
	post_long(&p, 1000, "old"); /* of 9 bytes: three pages */
	assert_true(fake_answer("chat.postMessage", POSTED));
	loop_advance(fake.loop, 1100);
	assert_true(fake_answer("chat.postMessage", "{\"ok\":true,\"ts\":\"1800000000.000200\"}"));
	/* an edit waits until the pages before it stand there */
	post_long(&e, 1000, "new");
	assert_null(fake_call("chat.update"));
	assert_true(fake_answer("chat.postMessage", "{\"ok\":true,\"ts\":\"1800000000.000300\"}"));
	loop_advance(fake.loop, 1100);
	assert_true(body_has("chat.update", "\"ts\":\"1800000000.000100\""));
	assert_true(fake_answer("chat.update", POSTED));
	loop_advance(fake.loop, 1100);
	/* the second and the third have other words */
	assert_true(body_has("chat.update", "\"ts\":\"1800000000.000200\""));
	assert_true(body_has("chat.update", "new05"));
	assert_true(fake_answer("chat.update", POSTED));
	loop_advance(fake.loop, 1100);
	assert_true(body_has("chat.update", "\"ts\":\"1800000000.000300\""));
	assert_true(fake_answer("chat.update", POSTED));
	loop_advance(fake.loop, 1100);
	assert_null(fake_call("chat.update"));
	/* the same once more: the first alone is said again */
	post_long(&e, 1000, "new");
	assert_true(fake_answer("chat.update", POSTED));
	loop_advance(fake.loop, 3000);
	assert_null(fake_call("chat.update"));
	/* one more page, in the thread of what it answers */
	post_long(&e, 1300, "new");
	assert_true(fake_answer("chat.update", POSTED));
	loop_advance(fake.loop, 1100);
	while (fake_answer("chat.update", POSTED)) {
		loop_advance(fake.loop, 1100);
	}
	assert_true(body_has("chat.postMessage", "\"thread_ts\":\"1700000000.000001\""));
	assert_true(fake_answer("chat.postMessage", "{\"ok\":true,\"ts\":\"1800000000.000400\"}"));
	/* a short one: the others go, also one that somebody has deleted */
	post_long(&e, 3, "x");
	assert_true(fake_answer("chat.update", POSTED));
	loop_advance(fake.loop, 1100);
	assert_true(body_has("chat.delete", "\"ts\":\"1800000000.000200\""));
	assert_true(fake_answer("chat.delete", "{\"ok\":true}"));
	loop_advance(fake.loop, 1100);
	assert_true(fake_answer("chat.delete", "{\"ok\":false,\"error\":\"message_not_found\"}"));
	loop_advance(fake.loop, 1100);
	assert_true(body_has("chat.delete", "\"ts\":\"1800000000.000400\""));
	assert_true(fake_answer("chat.delete", "{\"ok\":true}"));
	loop_advance(fake.loop, 3000);
	post_long(&e, 3, "x");
	assert_true(fake_answer("chat.update", POSTED));
	loop_advance(fake.loop, 3000);
	assert_null(fake_call("chat.delete"));
	assert_null(fake_call("chat.postMessage"));
}

static void an_outcome_stands_in_the_thread_and_outside(void **state)
{
	static struct fake_post p = {.post = {.key = "p-1", .about = "1800000000.000100"}};
	static struct fake_post t = {.post = {.key = "p-2", .about = "1800000000.000100"}};
	static struct fake_post d = {
		.post = {.key = "p-3", .about = "D01BOB000:1800000000.000100"}};

	(void)state;
	post(&p, "C01OPS000", "web-1 is back");
	assert_true(body_has("chat.postMessage", "\"thread_ts\":\"1800000000.000100\""));
	assert_true(body_has("chat.postMessage", "\"reply_broadcast\":true"));
	assert_true(fake_answer("chat.postMessage", POSTED));
	/* asked in a thread: who talks there reads there */
	t.post.place.thread = "1700000000.000001";
	post(&t, "C01OPS000", "web-1 is back");
	loop_advance(fake.loop, 1100);
	assert_true(body_has("chat.postMessage", "\"thread_ts\":\"1700000000.000001\""));
	assert_true(body_has("chat.postMessage", "\"reply_broadcast\":false"));
	assert_true(fake_answer("chat.postMessage", POSTED));
	direct_keep(fake.s, "U01BOB000", "D01BOB000");
	d.post.place.direct = true;
	post(&d, "U01BOB000", "web-1 is back");
	assert_false(body_has("chat.postMessage", "thread_ts"));
	assert_true(fake_answer("chat.postMessage", POSTED));
}

static void before_the_start_nothing_goes(void **state)
{
	static struct fake_post p = {0};

	(void)state;
	fake_start_lines(NULL, 1);
	post(&p, "C01OPS000", "x");
	assert_int_equal(p.kind, ERR_NETWORK);
	fake_end();
}

static void a_close_calls_all_back(void **state)
{
	static struct fake_post p[4] = {0};

	(void)state;
	(void)fake_up();
	for (int i = 0; i < 4; i++) {
		post(&p[i], "C01OPS000", "x");
	}
	fake_end();
	for (int i = 0; i < 4; i++) {
		assert_int_equal(p[i].n_done, 1);
		assert_int_equal(p[i].kind, ERR_CANCELED);
	}
}

/* ---- channels ------------------------------------------------------------------------------------------ */

static void where_we_are_not_is_told(void **state)
{
	(void)state;
	(void)fake_up_lines("C01OPS000", 1);
	assert_true(fake_answer(
		"conversations.info",
		"{\"ok\":true,\"channel\":{\"id\":\"C01OPS000\",\"is_member\":false}}"));
	assert_int_equal(fake.told.n_lost, 1);
	assert_non_null(strstr(fake.told.lost, "/invite @sluice"));
	fake_drop(fake_last(), ERR_NETWORK, "reset");
	loop_advance(fake.loop, 2000);
	fake_hello(fake_ws_opens(), 1);
	assert_null(fake_call("conversations.info")); /* said once */
	fake_end();
}

static void where_we_were_removed_is_told(void **state)
{
	static const char *const events[] = {"\"type\":\"channel_left\",\"channel\":\"C01OPS000\"",
					     "\"type\":\"group_left\",\"channel\":\"C01OPS000\"",
					     "\"type\":\"channel_left\",\"channel\":\"C01ELSE00\""};

	(void)state;
	(void)fake_up_lines("C01OPS000", 1);
	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		char json[400];

		(void)snprintf(
			json, sizeof(json),
			"{\"type\":\"events_api\",\"envelope_id\":\"h\",\"payload\":{\"type\":"
			"\"event_callback\",\"team_id\":\"T01ACME00\",\"event\":{%s}}}",
			events[i]);
		fake_hear(fake_last(), json);
	}
	assert_int_equal(fake.told.n_lost, 2);
	assert_non_null(strstr(fake.told.lost, "/invite @sluice"));
	fake_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FAKE(a_post_and_its_edit),
		WITH_FAKE(changes_go_below_what_asked),
		WITH_FAKE(a_direct_place_is_opened_once),
		WITH_FAKE(patience_holds_the_opening),
		WITH_FAKE(what_one_may_see_is_ephemeral),
		WITH_FAKE(a_response_url_is_used_within_its_bounds),
		WITH_FAKE(a_hook_that_ran_out_is_no_end),
		WITH_FAKE(where_we_are_not_the_asker_is_answered),
		WITH_FAKE(one_a_second_a_channel),
		WITH_FAKE(no_pace_is_none),
		WITH_FAKE(patience_holds_the_channel),
		WITH_FAKE(what_went_wrong_has_its_sentence),
		WITH_FAKE(a_post_without_a_token_stops_it),
		WITH_FAKE(long_answers_are_pages),
		WITH_FAKE(a_table_that_is_refused_is_drawn),
		WITH_FAKE(a_drawn_one_is_not_tried_for_ever),
		WITH_FAKE(a_table_stays_one),
		WITH_FAKE(a_table_by_a_response_url),
		WITH_FAKE(an_edit_has_all_its_pages),
		WITH_FAKE(an_edit_waits_for_pages_without_a_pace_too),
		WITH_FAKE(an_outcome_stands_in_the_thread_and_outside),
		cmocka_unit_test(before_the_start_nothing_goes),
		cmocka_unit_test(a_close_calls_all_back),
		cmocka_unit_test(where_we_are_not_is_told),
		cmocka_unit_test(where_we_were_removed_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
