/* slack_socket.c - the WebSocket side of a connection: the upgrade, frames in and out, pings, the end
 *
 * What a link is told to do wrong (slack_control.c has the list) is done here as far as it concerns frames.
 */
#include <string.h>

#include "sim/slack_conn.h"
#include "sim/slack_ws.h"

#define CLOSE_WAIT_MS 2000

static void send_frame(struct conn *c, enum ws_opcode opcode, const void *data, size_t len)
{
	struct strbuf out;

	strbuf_init(&out, 2 * SLACK_MAX_BODY);
	ws_write(&out, opcode, true, data, len);
	conn_send(c, &out, CONN_GO_ON);
	strbuf_done(&out);
}

/* door: what the model asks of the socket */

/* Half a frame, and the end. */
static void tear(struct conn *c, const char *text, size_t len)
{
	struct strbuf out;

	strbuf_init(&out, 2 * SLACK_MAX_BODY);
	ws_write(&out, WS_TEXT, true, text, len);
	strbuf_truncate(&out, out.len / 2);
	conn_send(c, &out, CONN_CLOSE);
	strbuf_done(&out);
}

static void on_text(void *socket, const char *text, size_t len)
{
	struct conn *c = socket;
	size_t piece = (size_t)slack_link_number(c->registered, "fragment", 0);
	struct strbuf out;

	if (slack_link_is(c->registered, "tear") && !c->said_close) {
		tear(c, text, len);
		return;
	}
	if (c->said_close || piece == 0 || piece >= len) {
		if (!c->said_close) {
			send_frame(c, WS_TEXT, text, len);
		}
		return;
	}
	strbuf_init(&out, 8 * SLACK_MAX_BODY);
	for (size_t at = 0; at < len; at += piece) {
		size_t n = len - at < piece ? len - at : piece;

		ws_write(&out, at == 0 ? WS_TEXT : WS_MORE, at + n == len, text + at, n);
		if (at + n < len && slack_link_is(c->registered, "ping_between")) {
			ws_write(&out, WS_PING, true, "between", 7);
		}
	}
	conn_send(c, &out, CONN_GO_ON);
	strbuf_done(&out);
}

static void on_end(uv_timer_t *timer)
{
	struct conn *c = timer->data;

	conn_close(c, false);
}

static void on_hang_up(void *socket, int code)
{
	struct conn *c = socket;
	unsigned char bytes[2] = {(unsigned char)(code >> 8), (unsigned char)code};

	if (!c->said_close && !c->closing) {
		send_frame(c, WS_CLOSE, bytes, sizeof(bytes));
		c->said_close = true;
		(void)uv_timer_start(&c->delay, on_end, CLOSE_WAIT_MS, 0);
	}
}

static void on_cut(void *socket)
{
	conn_close(socket, true);
}

static const struct slack_door door = {.text = on_text, .hang_up = on_hang_up, .cut = on_cut};

/* liveness */

static void on_ping(uv_timer_t *timer)
{
	struct conn *c = timer->data;

	if (!slack_link_is(c->registered, "no_ping") &&
	    !slack_link_is(c->registered, "black_hole")) {
		send_frame(c, WS_PING, "Ping from applink-sim", 21);
	}
}

static void on_pong(uv_timer_t *timer)
{
	struct conn *c = timer->data;

	send_frame(c, WS_PONG, c->ping.buf, c->ping.len);
}

static void take_ping(struct conn *c, const struct ws_frame *frame)
{
	int64_t late_ms = slack_link_number(c->registered, "pong_delay_ms", 0);

	if (slack_link_is(c->registered, "no_pong") || slack_link_is(c->registered, "black_hole")) {
		return;
	}
	if (late_ms == 0) {
		send_frame(c, WS_PONG, frame->data, frame->len);
	} else if (!uv_is_active((uv_handle_t *)&c->pong)) {
		strbuf_reset(&c->ping);
		(void)strbuf_add(&c->ping, frame->data, frame->len);
		(void)uv_timer_start(&c->pong, on_pong, (uint64_t)late_ms, 0);
	}
}

static void take_close(struct conn *c, const struct ws_frame *frame)
{
	if (slack_link_is(c->registered, "no_close") ||
	    slack_link_is(c->registered, "black_hole")) {
		return;
	}
	if (!c->said_close) {
		send_frame(c, WS_CLOSE, frame->data, frame->len);
		c->said_close = true;
	}
	if (!slack_link_is(c->registered, "never_fin")) {
		(void)uv_timer_start(&c->delay, on_end, 0, 0);
	}
}

/* frames in */

static void take_data(struct conn *c, const struct ws_frame *frame)
{
	if (frame->opcode != WS_MORE) {
		strbuf_reset(&c->message);
	}
	if (strbuf_add(&c->message, frame->data, frame->len) < 0) {
		conn_close(c, false);
	} else if (frame->fin) {
		slack_link_text(c->registered, c->message.buf, c->message.len);
		strbuf_reset(&c->message);
	}
}

static void take_frame(struct conn *c, const struct ws_frame *frame)
{
	switch (frame->opcode) {
	case WS_MORE:
	case WS_TEXT:
		take_data(c, frame);
		break;
	case WS_PING:
		take_ping(c, frame);
		break;
	case WS_CLOSE:
		take_close(c, frame);
		break;
	case WS_PONG:
		break;
	case WS_BINARY: /* Slack takes text alone */
		on_hang_up(c, 1003);
		break;
	}
}

void conn_socket_bytes(struct conn *c, const char *bytes, size_t len)
{
	size_t at = 0;
	long used = 0;
	struct ws_frame frame;

	if (c->registered == NULL) { /* an upgrade that is never answered */
		return;
	}
	if (strbuf_add(&c->raw, bytes, len) < 0) {
		conn_close(c, false);
		return;
	}
	while (!c->closing && (used = ws_read(c->raw.buf + at, c->raw.len - at, &frame)) > 0) {
		take_frame(c, &frame);
		at += (size_t)used;
	}
	if (used < 0) {
		on_hang_up(c, 1002);
	}
	memmove(c->raw.buf, c->raw.buf + at, c->raw.len - at);
	strbuf_truncate(&c->raw, c->raw.len - at);
	slack_server_tick(c->server);
}

/* the upgrade */

static void send_head(struct conn *c, int status)
{
	struct strbuf out;
	char accept[32];

	strbuf_init(&out, 4096);
	if (status == 101) {
		ws_accept(c->key, accept);
		(void)strbuf_addf(
			&out,
			"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: "
			"Upgrade\r\nsec-websocket-accept: %s\r\n\r\n",
			accept);
	} else {
		(void)strbuf_addf(
			&out,
			"HTTP/1.1 %d Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
			status);
	}
	conn_send(c, &out, status == 101 ? CONN_GO_ON : CONN_CLOSE);
	strbuf_done(&out);
}

void conn_upgrade(struct conn *c)
{
	struct slack *s = c->server->slack;
	int status = slack_link_open(s, c->url.buf, &door, c, &c->registered);
	int64_t ping_ms = slack_setting(s, "ping_ms");

	c->is_socket = true;
	if (status == -2) {
		conn_close(c, true);
		return;
	}
	if (status == -1) {
		return; /* until the client hangs up */
	}
	send_head(c, status);
	if (status == 101) {
		slack_link_ready(c->registered);
		if (ping_ms > 0) {
			(void)uv_timer_start(&c->delay, on_ping, (uint64_t)ping_ms,
					     (uint64_t)ping_ms);
		}
	}
	slack_server_tick(c->server);
}
