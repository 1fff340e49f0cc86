/* fuzz_xmpp.c - bytes as WebSocket messages to the XMPP adapter, connected and in a room with an open question
 *
 * Input: messages, one a line. "{ID}" stands for the id of the last thing that we sent, so that answers can be reached;
 * a line "!" drops the connection, "!N" lets N seconds pass.
 */
#include <stdint.h>
#include <stdio.h>

#include "base/log.h"
#include "chat/build.h"
#include "tests/unit/adapters/xmpp_fake.h"

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

static void say(struct posted *posted, const char *channel, bool direct)
{
	struct arena arena = {0};
	struct build build;

	build_init(&build, &arena, TONE_PLAIN);
	build_line(&build, "Reboot?");
	build_button(&build, "yes-id", "Reboot", BUTTON_DANGER);
	posted->post.place = (struct chat_place){.network = "xmpp",
						 .workspace = "chat.example",
						 .channel = channel,
						 .direct = direct};
	posted->post.message = build_end(&build);
	posted->post.done = on_done;
	posted->post.data = posted;
	fake.chat->ops->post(fake.chat, &posted->post);
	arena_done(&arena);
}

static const char *last_id(void)
{
	static char id[64];
	const char *at = NULL;

	for (const char *s = fake.out.buf; (s = strstr(s, " id='")) != NULL; s++) {
		at = s;
	}
	(void)snprintf(id, sizeof(id), "%.*s", at != NULL ? (int)strcspn(at + 5, "'") : 0,
		       at != NULL ? at + 5 : "");
	return id;
}

static void hear_line(const char *line, size_t len)
{
	struct strbuf text;
	const char *hole = memmem(line, len, "{ID}", 4);

	strbuf_init(&text, 1 << 20);
	if (hole != NULL) {
		(void)strbuf_add(&text, line, (size_t)(hole - line));
		(void)strbuf_adds(&text, last_id());
		(void)strbuf_add(&text, hole + 4, len - (size_t)(hole + 4 - line));
	} else {
		(void)strbuf_add(&text, line, len);
	}
	fake_hear_bytes(text.buf, text.len);
	strbuf_done(&text);
}

static void reconnect(void)
{
	for (int i = 0; i < 70 && !fake.open; i++) {
		loop_advance(fake.loop, 1000);
	}
	if (fake.open && fake.x->phase == PHASE_OPEN) {
		fake.options.on_open(fake.x->ws, fake.options.data);
		fake.x->phase = PHASE_REOPEN;
	}
}

static void do_line(const char *line, size_t len)
{
	if (len > 0 && line[0] == '!') {
		if (len == 1 && fake.open) {
			fake_drop(ERR_NETWORK, "dropped");
		} else if (len == 2 && line[1] >= '0' && line[1] <= '9') {
			loop_advance(fake.loop, (line[1] - '0') * 1000);
		}
	} else {
		hear_line(line, len);
	}
	if (fake.open && fake.x->phase == PHASE_CLOSING) {
		fake_drop(ERR_REMOTE, "closed");
	}
	if (!fake.open) {
		reconnect();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct posted room = {0}, direct = {0};
	const char *text = (const char *)data;
	size_t lines = 0;

	if (size > 64 * 1024) {
		return 0;
	}
	log_configure(LOG_ERROR, false);
	fake_up();
	say(&room, FAKE_ROOM, false);
	say(&direct, "bob@chat.example", true);
	while (size > 0 && lines++ < 64) {
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
	assert(room.n_done == 1 && direct.n_done == 1);
	return 0;
}
