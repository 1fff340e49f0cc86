/* test_slack_pictures.c - charts as files in Slack: the three steps, what an edit keeps, and bars whenever it cannot be */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "adapters/slack/posts.h"
#include "chat/build.h"
#include "tests/unit/adapters/slack_fake.h"

#define PNG "\x89PNG\0\1\2"
#define ADDRESS "https://files.slack.com/upload/v1/abc"
#define NAMED "{\"ok\":true,\"upload_url\":\"" ADDRESS "\",\"file_id\":\"F0123456789\"}"
#define IMAGE                                                                                   \
	"{\"type\":\"image\",\"slack_file\":{\"id\":\"F0123456789\"},\"alt_text\":\"CPU: 12 % " \
	"now\"}"
#define BARS "\xe2\x96\x88" /* a full bar */

static const struct chat_file file = {PNG, sizeof(PNG) - 1, "charts.png", "CPU: 12 % now"};

struct sent {
	struct chat_post post;
	int n_done;
	enum err_kind kind;
};

static void on_done(struct chat_post *post, const struct err *err)
{
	struct sent *sent = post->data;

	sent->n_done++;
	sent->kind = err != NULL ? err->kind : ERR_NONE;
}

/* A message with a chart, and whatever else of sent->post is set. */
static void post(struct sent *sent)
{
	static const double points[] = {1, 50, 100};
	const struct chart chart = {.label = "CPU",
				    .caption = "12 % now",
				    .points = points,
				    .n_points = 3,
				    .high = 100};
	struct arena arena = {0};
	struct build build;

	build_init(&build, &arena, TONE_PLAIN);
	build_line(&build, "web-1 is on.");
	build_chart(&build, &chart);
	sent->post.place = (struct chat_place){
		.network = "slack", .workspace = "T01ACME00", .channel = "C01OPS000"};
	sent->post.message = build_end(&build);
	sent->post.done = on_done;
	sent->post.data = sent;
	fake.chat->ops->post(fake.chat, &sent->post);
	arena_done(&arena);
	loop_advance(fake.loop, 1100);
}

static void body_has(const char *method, const char *what, bool has)
{
	struct fake_call *call = fake_call(method);

	assert_non_null(call);
	if ((strstr(call->body, what) != NULL) != has) {
		fail_msg("%s %s \"%s\"", call->body, has ? "has no" : "has", what);
	}
}

static void uploaded(void)
{
	assert_true(fake_answer("files.getUploadURLExternal", NAMED));
	assert_true(fake_answer(ADDRESS, "OK - 7"));
	assert_true(fake_answer("files.completeUploadExternal", "{\"ok\":true}"));
	loop_advance(fake.loop, 1100);
}

static void a_picture_goes_in_three_steps(void **state)
{
	struct sent sent = {.post = {.file = &file}};
	struct fake_call *call;

	(void)state;
	post(&sent);
	body_has("files.getUploadURLExternal", "filename=charts.png&length=7", true);
	assert_null(fake_call("chat.postMessage"));
	assert_true(fake_answer("files.getUploadURLExternal", NAMED));
	call = fake_call(ADDRESS);
	assert_non_null(call);
	assert_string_equal(call->auth, ""); /* the token stays here */
	assert_int_equal(call->request->body_len, 7);
	assert_memory_equal(call->body, PNG, 7);
	assert_true(fake_answer(ADDRESS, "OK - 7"));
	body_has("files.completeUploadExternal",
		 "{\"files\":[{\"id\":\"F0123456789\",\"title\":\"charts.png\"}]}", true);
	assert_true(fake_answer("files.completeUploadExternal", "{\"ok\":true}"));
	loop_advance(fake.loop, 1100);
	body_has("chat.postMessage", IMAGE, true);
	body_has("chat.postMessage", BARS, false);
	assert_true(fake_answer("chat.postMessage", "{\"ok\":true,\"ts\":\"1.1\"}"));
	assert_int_equal(sent.n_done, 1);
	assert_int_equal(sent.kind, ERR_NONE);
}

static void an_edit_keeps_it_or_not(void **state)
{
	struct sent sent = {.post = {.file = &file}};
	struct sent edit = {.post = {.replaces = "1.1", .keeps_file = true}};

	(void)state;
	post(&sent);
	uploaded();
	assert_true(fake_answer("chat.postMessage", "{\"ok\":true,\"ts\":\"1.1\"}"));
	post(&edit);
	body_has("chat.update", IMAGE, true);
	assert_true(fake_answer("chat.update", "{\"ok\":true,\"ts\":\"1.1\"}"));
	edit.post.keeps_file = false;
	post(&edit);
	body_has("chat.update", "\"image\"", false);
	body_has("chat.update", BARS, true);
	assert_true(fake_answer("chat.update", "{\"ok\":true,\"ts\":\"1.1\"}"));
	/* it is gone from there; and nobody knows of one elsewhere */
	edit.post.keeps_file = true;
	post(&edit);
	body_has("chat.update", BARS, true);
	assert_true(fake_answer("chat.update", "{\"ok\":true,\"ts\":\"1.1\"}"));
}

static void whatever_fails_there_are_bars(void **state)
{
	static const char *const steps[] = {"files.getUploadURLExternal", ADDRESS,
					    "files.completeUploadExternal"};
	static const char *const good[] = {NAMED, "OK - 7", "{\"ok\":true}"};

	(void)state;
	for (size_t bad = 0; bad < 3; bad++) {
		struct sent sent = {.post = {.file = &file}};

		post(&sent);
		for (size_t i = 0; i < bad; i++) {
			assert_true(fake_answer(steps[i], good[i]));
		}
		assert_true(fake_status(steps[bad], 500, -1));
		loop_advance(fake.loop, 1100);
		body_has("chat.postMessage", BARS, true);
		body_has("chat.postMessage", "\"image\"", false);
		assert_true(fake_answer("chat.postMessage", "{\"ok\":true,\"ts\":\"1.2\"}"));
		assert_int_equal(sent.n_done, 1);
		assert_int_equal(sent.kind, ERR_NONE);
	}
}

static void a_picture_that_is_not_ready_is_waited_for(void **state)
{
	struct sent sent = {.post = {.file = &file}};

	(void)state;
	post(&sent);
	uploaded();
	assert_true(fake_answer("chat.postMessage", "{\"ok\":false,\"error\":\"invalid_blocks\"}"));
	assert_null(fake_call("chat.postMessage"));
	loop_advance(fake.loop, 1100);
	body_has("chat.postMessage", IMAGE, true);
	for (int i = 0; i < 3; i++) {
		assert_true(fake_answer("chat.postMessage",
					"{\"ok\":false,\"error\":\"invalid_blocks\"}"));
		loop_advance(fake.loop, 1100);
	}
	body_has("chat.postMessage", BARS, true);
	assert_true(fake_answer("chat.postMessage", "{\"ok\":true,\"ts\":\"1.3\"}"));
	assert_int_equal(sent.n_done, 1);
	assert_int_equal(sent.kind, ERR_NONE);
}

static void without_the_scope_it_is_tried_once(void **state)
{
	struct sent sent = {.post = {.file = &file}};

	(void)state;
	post(&sent);
	assert_true(fake_answer(
		"files.getUploadURLExternal",
		"{\"ok\":false,\"error\":\"missing_scope\",\"needed\":\"files:write\"}"));
	loop_advance(fake.loop, 1100);
	body_has("chat.postMessage", BARS, true);
	assert_true(fake_answer("chat.postMessage", "{\"ok\":true,\"ts\":\"1.4\"}"));
	post(&sent);
	assert_null(fake_call("files.getUploadURLExternal"));
	body_has("chat.postMessage", BARS, true);
	assert_true(fake_answer("chat.postMessage", "{\"ok\":true,\"ts\":\"1.5\"}"));
}

static void one_person_alone_sees_bars(void **state)
{
	struct sent sent = {.post = {.file = &file, .private_to = "U01BOB000"}};

	(void)state;
	post(&sent);
	assert_null(fake_call("files.getUploadURLExternal"));
	body_has("chat.postEphemeral", BARS, true);
	assert_true(fake_answer("chat.postEphemeral", "{\"ok\":true,\"message_ts\":\"1.6\"}"));
}

static void bytes_go_to_slack_alone(void **state)
{
	static const char *const bad[] = {"http://files.slack.com/upload/v1/abc",
					  "https://files.slack.com.evil.example/x",
					  "https://evilslack.com/x",
					  "https://slack.com@evil.example/x",
					  "https://evil.example@files.slack.com/x",
					  "https://evil.example/?.slack.com",
					  "https://evil.example#.slack.com",
					  "https://evil.example\\\\.slack.com/x",
					  "ftp://files.slack.com/x",
					  "files.slack.com/x",
					  ""};
	char answer[300];

	(void)state;
	assert_true(picture_is_good_url(fake.s, ADDRESS));
	assert_true(picture_is_good_url(fake.s, "https://slack.com/x"));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct sent sent = {.post = {.file = &file}};
		size_t n = fake.n_calls;

		post(&sent);
		(void)snprintf(answer, sizeof(answer),
			       "{\"ok\":true,\"upload_url\":\"%s\",\"file_id\":\"F0123456789\"}",
			       bad[i]);
		assert_true(fake_answer("files.getUploadURLExternal", answer));
		loop_advance(fake.loop, 1100);
		body_has("chat.postMessage", BARS, true);
		assert_true(fake_answer("chat.postMessage", "{\"ok\":true,\"ts\":\"1.7\"}"));
		assert_int_equal(fake.n_calls, n + 2); /* and nothing went anywhere else */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FAKE(a_picture_goes_in_three_steps),
		WITH_FAKE(an_edit_keeps_it_or_not),
		WITH_FAKE(whatever_fails_there_are_bars),
		WITH_FAKE(a_picture_that_is_not_ready_is_waited_for),
		WITH_FAKE(without_the_scope_it_is_tried_once),
		WITH_FAKE(one_person_alone_sees_bars),
		WITH_FAKE(bytes_go_to_slack_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
