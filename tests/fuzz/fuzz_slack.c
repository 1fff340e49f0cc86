/* fuzz_slack.c - bytes as WebSocket messages and answers of the Web API to the Slack adapter, connected, with a post under way
 *
 * Input: one a line. A line that begins with "@" is the answer to the oldest call that waits; "!" drops the connection, "!N"
 * lets N seconds pass; all else is a frame.
 */
#include <stdint.h>
#include <stdio.h>

#include "base/log.h"
#include "chat/build.h"
#include "tests/unit/adapters/slack_fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct posted {
	struct chat_post post;
	int n_done;
};

static void on_done(struct chat_post *post, const struct err *err)
{
	struct posted *posted = post->data;

	(void)err;
	posted->n_done++;
	assert(posted->n_done == 1);
}

static void on_said(struct chat_query *query, const struct err *err)
{
	assert(err == NULL || !query->ret_member);
	++*(int *)query->data;
}

static void say(struct posted *posted, const char *channel, bool direct, const char *private_to)
{
	struct arena arena = {0};
	struct build build;

	build_init(&build, &arena, TONE_PLAIN);
	build_line(&build, "Reboot?");
	build_button(&build, "yes-id", "Reboot", BUTTON_DANGER);
	posted->post.place = (struct chat_place){
		.network = "slack", .workspace = "T01ACME00", .channel = channel, .direct = direct};
	posted->post.private_to = private_to;
	posted->post.message = build_end(&build);
	posted->post.done = on_done;
	posted->post.data = posted;
	fake.chat->ops->post(fake.chat, &posted->post);
	arena_done(&arena);
}

static void answer_oldest(const char *text, size_t len)
{
	size_t from = fake.n_calls > FAKE_CALLS ? fake.n_calls - FAKE_CALLS : 0;
	char *body = mem_strndup(text, len);

	for (size_t i = from; i < fake.n_calls; i++) {
		struct fake_call *call = &fake.calls[i % FAKE_CALLS];

		if (call->request != NULL) {
			fake_end_call(call, 200, body, ERR_NONE, -1);
			break;
		}
	}
	free(body);
}

static void do_line(const char *line, size_t len)
{
	struct fake_ws *ws = fake_last();

	if (fake.n_ws + 2 >= FAKE_LINES) {
		return;
	}
	if (len > 0 && line[0] == '!') {
		if (len == 1 && ws->open) {
			fake_drop(ws, ERR_NETWORK, "dropped");
		} else if (len == 2 && line[1] >= '0' && line[1] <= '9') {
			loop_advance(fake.loop, (line[1] - '0') * 1000);
		}
	} else if (len > 0 && line[0] == '@') {
		answer_oldest(line + 1, len - 1);
	} else {
		fake_hear_bytes(ws, line, len);
	}
	fake_ends();
	loop_advance(fake.loop, 1);
	if (fake_call("apps.connections.open") != NULL && fake_ws_opens() != NULL) {
		fake_hello(fake_last(), 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct posted room = {0}, direct = {0}, private = {0};
	int n_said = 0;
	struct chat_query query = {.group = "S01SUPPRT",
				   .user_workspace = "T01ACME00",
				   .user = "U01BOB000",
				   .done = on_said,
				   .data = &n_said};
	const char *text = (const char *)data;
	size_t lines = 0;

	if (size > 64 * 1024) {
		return 0;
	}
	log_configure(LOG_ERROR, false);
	(void)fake_up();
	say(&room, "C01OPS000", false, NULL);
	say(&direct, "U01BOB000", true, NULL);
	say(&private, "C01OPS000", false, "U01BOB000");
	fake.chat->ops->look_up(fake.chat, &query);
	loop_advance(fake.loop, 1);
	while (size > 0 && lines++ < 40) {
		const char *end = memchr(text, '\n', size);
		size_t len = end != NULL ? (size_t)(end - text) : size;

		do_line(text, len);
		text += len;
		size -= len;
		if (size > 0) {
			text++;
			size--;
		}
	}
	fake_end();
	assert(room.n_done == 1 && direct.n_done == 1 && private.n_done == 1 && n_said == 1);
	return 0;
}
