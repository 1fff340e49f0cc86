/* slack_fake.h - the Slack adapter on wires of the test's, in virtual time: frames in, frames and calls out
 *
 * The test is Slack: calls of the Web API wait in fake.calls until fake_answer, WebSockets are opened and ended by hand.
 */
#ifndef TESTS_SLACK_FAKE_H
#define TESTS_SLACK_FAKE_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/internal.h"
#include "base/attr.h"
#include "base/mem.h"
#include "tests/unit/adapters/event_fake.h"

#define FAKE_EVENTS 32
#define FAKE_LINES 64
#define FAKE_CALLS 64

struct fake_ws {
	bool open; /* not closed by either side */
	bool closing;
	char url[256];
	struct ws_options options;
	struct strbuf out; /* what was sent on it, a line each */
};

struct fake_call {
	struct http_request *request; /* NULL: answered */
	char method[200];             /* behind the API's address */
	char auth[128];
	char *body;
};

static struct {
	struct loop *loop;
	struct chat *chat;
	struct slack_adapter *s;
	struct http_door door;
	struct fake_ws ws[FAKE_LINES];
	size_t n_ws;
	struct fake_call calls[FAKE_CALLS]; /* a ring */
	size_t n_calls;
	struct fake_event events[FAKE_EVENTS];
	size_t n_events;
	bool hold; /* events are not settled by themselves */
	struct fake_told told;
	int n_notices;
	char notice[600];
	bool closed;
} fake;

/* ---- the wires ----------------------------------------------------------------------------------- */

static struct ws *fake_open(struct loop *loop, const struct ws_options *options, struct err *err)
{
	struct fake_ws *ws = &fake.ws[fake.n_ws++];

	(void)loop;
	(void)err;
	assert(fake.n_ws < FAKE_LINES);
	ws->open = true;
	ws->options = *options;
	(void)snprintf(ws->url, sizeof(ws->url), "%s", options->url);
	strbuf_init(&ws->out, 1 << 20);
	return (struct ws *)(void *)ws;
}

static int fake_send(struct ws *handle, const char *bytes, size_t len, struct err *err)
{
	struct fake_ws *ws = (struct fake_ws *)(void *)handle;

	(void)err;
	assert(ws->open && !ws->closing);
	(void)strbuf_add(&ws->out, bytes, len);
	(void)strbuf_addch(&ws->out, '\n');
	return 0;
}

static void fake_close(struct ws *handle, unsigned code)
{
	struct fake_ws *ws = (struct fake_ws *)(void *)handle;

	(void)code;
	ws->closing = true;
}

static const struct slack_wire fake_wire = {fake_open, fake_send, fake_close};

static void fake_http_start(struct http_door *door, struct http_pool *pool,
			    struct http_request *request)
{
	struct fake_call *call = &fake.calls[fake.n_calls++ % FAKE_CALLS];
	const char *at = strstr(request->url, "/api/");

	(void)door;
	(void)pool;
	assert(call->request == NULL);
	free(call->body);
	call->request = request;
	call->auth[0] = '\0';
	(void)snprintf(call->method, sizeof(call->method), "%s",
		       at != NULL ? at + 5 : request->url);
	for (size_t i = 0; i < request->n_headers; i++) {
		if (strcmp(request->headers[i].name, "Authorization") == 0) {
			(void)snprintf(call->auth, sizeof(call->auth), "%s",
				       request->headers[i].value);
		}
	}
	call->body = mem_alloc(request->body_len + 1); /* a picture has any bytes */
	memcpy(call->body, request->body, request->body_len);
}

static void fake_end_call(struct fake_call *call, int status, const char *body, enum err_kind kind,
			  int64_t retry_after_s)
{
	struct http_request *request = call->request;
	struct err err = {0};

	call->request = NULL;
	request->status = status;
	request->retry_after_s = retry_after_s;
	strbuf_init(&request->answer, 1 << 20);
	(void)strbuf_adds(&request->answer, body);
	if (kind != ERR_NONE) {
		(void)err_set(&err, kind, "the network failed");
	}
	{
		struct strbuf answer = request->answer;

		request->done(request, kind != ERR_NONE ? &err : NULL);
		strbuf_done(&answer);
	}
}

static void fake_http_cancel(struct http_door *door, struct http_request *request)
{
	(void)door;
	for (size_t i = 0; i < FAKE_CALLS; i++) {
		if (fake.calls[i].request == request) {
			fake_end_call(&fake.calls[i], 0, "", ERR_CANCELED, -1);
			return;
		}
	}
}

static void fake_http_drop(struct http_door *door, struct http_pool *pool)
{
	(void)door;
	(void)pool;
	for (size_t i = 0; i < FAKE_CALLS; i++) {
		if (fake.calls[i].request != NULL) {
			fake_end_call(&fake.calls[i], 0, "", ERR_CANCELED, -1);
		}
	}
}

/* ---- the sink -------------------------------------------------------------------------------------- */

static void fake_on_event(struct chat *chat, const struct event *event, void *data)
{
	struct fake_event *copy = &fake.events[fake.n_events % FAKE_EVENTS];

	(void)data;
	fake.n_events++;
	fake_event_copy(copy, event);
	if (!fake.hold) {
		chat->ops->settled(chat, event->id, true);
	}
}

static void fake_on_notice(struct chat *chat, const char *what, void *data)
{
	(void)chat;
	(void)data;
	fake.n_notices++;
	fake_copy(fake.notice, sizeof(fake.notice), what);
}

static void fake_on_closed(void *data)
{
	(void)data;
	fake.closed = true;
}

/* ---- what a test does ------------------------------------------------------------------------------ */

/* The oldest call of that method that waits; NULL: none. */
static ATTR_UNUSED struct fake_call *fake_call(const char *method)
{
	size_t from = fake.n_calls > FAKE_CALLS ? fake.n_calls - FAKE_CALLS : 0;

	for (size_t i = from; i < fake.n_calls; i++) {
		struct fake_call *call = &fake.calls[i % FAKE_CALLS];

		if (call->request != NULL && strcmp(call->method, method) == 0) {
			return call;
		}
	}
	return NULL;
}

static ATTR_UNUSED bool fake_answer(const char *method, const char *body)
{
	struct fake_call *call = fake_call(method);

	if (call == NULL) {
		return false;
	}
	fake_end_call(call, 200, body, ERR_NONE, -1);
	return true;
}

static ATTR_UNUSED bool fake_status(const char *method, int status, int64_t retry_after_s)
{
	struct fake_call *call = fake_call(method);

	if (call == NULL) {
		return false;
	}
	fake_end_call(call, status, "", ERR_NONE, retry_after_s);
	return true;
}

static ATTR_UNUSED struct fake_ws *fake_last(void)
{
	assert(fake.n_ws > 0);
	return &fake.ws[fake.n_ws - 1];
}

static ATTR_UNUSED void fake_hear_bytes(struct fake_ws *ws, const char *bytes, size_t len)
{
	if (ws->open && !ws->closing) {
		ws->options.on_message((struct ws *)(void *)ws, bytes, len, ws->options.data);
	}
}

static ATTR_UNUSED void fake_hear(struct fake_ws *ws, const char *json)
{
	fake_hear_bytes(ws, json, strlen(json));
}

static ATTR_UNUSED void fake_drop(struct fake_ws *ws, enum err_kind kind, const char *why)
{
	struct err err = {0};

	(void)err_set(&err, kind, "%s", why);
	ws->open = false;
	ws->options.on_closed((struct ws *)(void *)ws, &err, ws->options.data);
}

/* Slack ends those that we close. */
static ATTR_UNUSED void fake_ends(void)
{
	for (size_t i = 0; i < fake.n_ws; i++) {
		if (fake.ws[i].open && fake.ws[i].closing) {
			fake_drop(&fake.ws[i], ERR_CANCELED, "closed by us");
		}
	}
}

static ATTR_UNUSED struct fake_ws *fake_ws_opens(void)
{
	char body[256];

	(void)snprintf(body, sizeof(body), "{\"ok\":true,\"url\":\"wss://x.example/link/?t=%zu\"}",
		       fake.n_ws);
	if (!fake_answer("apps.connections.open", body)) {
		return NULL;
	}
	fake_last()->options.on_open((struct ws *)(void *)fake_last(), fake_last()->options.data);
	return fake_last();
}

static ATTR_UNUSED void fake_hello(struct fake_ws *ws, int n)
{
	char json[256];

	(void)snprintf(json, sizeof(json),
		       "{\"type\":\"hello\",\"num_connections\":%d,"
		       "\"connection_info\":{\"app_id\":\"A0SIM\"}}",
		       n);
	fake_hear(ws, json);
}

/* An adapter that is not started and tells nobody. */
static ATTR_UNUSED void fake_new(unsigned n_lines)
{
	struct slack_options options = {
		.workspace = "T01ACME00", .n_lines = n_lines, .pace_ms = 1000};
	struct err err = {0};

	memset(&fake, 0, sizeof(fake));
	fake.loop = loop_new_virtual(1800000000000);
	fake.door = (struct http_door){fake_http_start, fake_http_cancel, fake_http_drop};
	http_virtual(fake.loop, &fake.door);
	options.app_token = secret_from_text("xapp-1-A0SIM-1-sim");
	options.bot_token = secret_from_text("xoxb-sim-1");
	fake.chat = slack_adapter_new(fake.loop, &options, &fake_wire, &err);
	assert(fake.chat != NULL);
	fake.s = CONTAINER_OF(fake.chat, struct slack_adapter, chat);
}

static ATTR_UNUSED void fake_start_lines(const char *channel, unsigned n_lines)
{
	struct chat_join join = {.workspace = "T01ACME00", .channel = channel};

	fake_new(n_lines);
	fake.chat->sink = (struct chat_sink){.event = fake_on_event,
					     .link = fake_on_link,
					     .place_lost = fake_on_lost,
					     .data = &fake.told,
					     .notice = fake_on_notice};
	fake.chat->ops->start(fake.chat, &join, channel != NULL ? 1 : 0);
	loop_advance(fake.loop, 1);
}

#define FAKE_WHO                                                                             \
	"{\"ok\":true,\"team_id\":\"T01ACME00\",\"user_id\":\"U0BOT\",\"bot_id\":\"B0BOT\"," \
	"\"enterprise_id\":\"E0ACME\"}"

/* From nothing to live; returns its WebSocket. */
static ATTR_UNUSED struct fake_ws *fake_up_lines(const char *channel, unsigned n_lines)
{
	struct fake_ws *ws = NULL;

	fake_start_lines(channel, n_lines);
	assert(fake_answer("auth.test", FAKE_WHO));
	for (unsigned i = 0; i < n_lines; i++) {
		loop_advance(fake.loop, 1);
		ws = fake_ws_opens();
		assert(ws != NULL);
		fake_hello(ws, (int)i + 1);
	}
	return ws;
}

static ATTR_UNUSED struct fake_ws *fake_up(void)
{
	return fake_up_lines(NULL, 1);
}

/* What is left when the chat is closed. */
static ATTR_UNUSED void fake_free(void)
{
	loop_free(fake.loop);
	for (size_t i = 0; i < fake.n_ws; i++) {
		strbuf_done(&fake.ws[i].out);
	}
	for (size_t i = 0; i < FAKE_CALLS; i++) {
		free(fake.calls[i].body);
	}
}

static ATTR_UNUSED void fake_end(void)
{
	fake.chat->ops->close(fake.chat, fake_on_closed, NULL);
	loop_advance(fake.loop, 10);
	fake_ends();
	for (size_t i = 0; i < fake.n_ws; i++) {
		if (fake.ws[i].open) {
			fake_drop(&fake.ws[i], ERR_NETWORK, "gone");
		}
	}
	loop_advance(fake.loop, 10);
	assert(fake.closed);
	fake_free();
}

/* A test with one connection, that lives: fake_last(). */
static ATTR_UNUSED int fake_setup(void **state)
{
	(void)state;
	(void)fake_up();
	return 0;
}

static ATTR_UNUSED int fake_teardown(void **state)
{
	(void)state;
	fake_end();
	return 0;
}

#define WITH_FAKE(test) cmocka_unit_test_setup_teardown(test, fake_setup, fake_teardown)

#endif
