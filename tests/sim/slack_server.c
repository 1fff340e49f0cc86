/* slack_server.c - the simulated Slack's door on a socket
 *
 * Happy path: accept, read, parse one request (http_parser), ask the model, perhaps wait (a slow answer), write, and read
 * the next one on the same connection; a request that asks for an upgrade makes a WebSocket of it (slack_socket.c).
 *
 * Failure modes: what is no HTTP, is too big or comes while an answer is under way ends the connection. Faults: no answer
 * keeps the connection until the client hangs up; reset sends RST.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sim/slack_conn.h"

/* the model's clock */

static void on_due(uv_timer_t *timer)
{
	slack_server_tick(timer->data);
}

void slack_server_tick(struct slack_server *server)
{
	int64_t now_ms = clock_wall_ms();
	int64_t next_ms = slack_tick(server->slack, now_ms);

	if (server->base.stopping) {
		return;
	}
	if (next_ms < 0) {
		(void)uv_timer_stop(&server->due);
	} else {
		(void)uv_timer_start(&server->due, on_due,
				     next_ms > now_ms ? (uint64_t)(next_ms - now_ms) : 0, 0);
	}
}

/* answers */

static void send_answer(struct conn *c)
{
	const struct slack_reply *reply = &c->reply;
	bool last = http_should_keep_alive(&c->parser) == 0;
	struct strbuf out;

	strbuf_init(&out, 2 * SLACK_MAX_BODY);
	(void)strbuf_addf(&out, "HTTP/1.1 %d %s\r\ncontent-type: %s\r\ncontent-length: %zu\r\n",
			  reply->status, http_status_str((enum http_status)reply->status),
			  reply->type, reply->body.len);
	(void)strbuf_addf(&out, "x-slack-req-id: sim%llu\r\n",
			  (unsigned long long)c->server->slack->next++);
	if (reply->scopes[0] != '\0') {
		(void)strbuf_addf(&out, "x-oauth-scopes: %s\r\n", reply->scopes);
	}
	if (reply->retry_after_s >= 0) {
		(void)strbuf_addf(&out, "retry-after: %d\r\n", reply->retry_after_s);
	}
	(void)strbuf_addf(&out, "connection: %s\r\n\r\n", last ? "close" : "keep-alive");
	(void)strbuf_add(&out, reply->body.buf, reply->body.len);
	c->busy = false;
	conn_send(c, &out, last ? CONN_CLOSE : CONN_GO_ON);
	strbuf_done(&out);
}

static void on_delay(uv_timer_t *timer)
{
	struct conn *c = timer->data;

	if (!c->closing) {
		send_answer(c);
	}
}

static void serve(struct conn *c)
{
	struct slack_request request = {
		.method = http_method_str((enum http_method)c->parser.method),
		.path = c->url.buf,
		.token = c->has_token ? c->token : NULL,
		.type = c->type,
		.body = c->body.buf,
		.body_len = c->body.len,
		.near = c->near,
	};

	c->busy = true;
	c->server->slack->now_ms = clock_wall_ms();
	slack_http(c->server->slack, &request, &c->reply);
	if (c->reply.ending == SLACK_RESET) {
		conn_close(c, true);
	} else if (c->reply.ending == SLACK_SILENT) {
		return; /* until the client hangs up */
	} else if (c->reply.delay_ms > 0) {
		(void)uv_timer_start(&c->delay, on_delay, (uint64_t)c->reply.delay_ms, 0);
	} else {
		send_answer(c);
	}
	slack_server_tick(c->server);
}

/* parsing: a callback that gives non-zero ends the connection */

static int on_begin(http_parser *parser)
{
	struct conn *c = parser->data;

	strbuf_reset(&c->url);
	strbuf_reset(&c->body);
	strbuf_reset(&c->header);
	strbuf_reset(&c->value);
	c->in_value = c->has_token = false;
	c->type[0] = c->key[0] = '\0';
	return c->busy ? -1 : 0; /* no pipelining */
}

static int on_url(http_parser *parser, const char *at, size_t len)
{
	return strbuf_add(&((struct conn *)parser->data)->url, at, len);
}

static void take_header(struct conn *c)
{
	const char *value = c->value.buf;

	if (strcasecmp(c->header.buf, "authorization") == 0 &&
	    strncasecmp(value, "bearer ", 7) == 0) {
		c->has_token = true;
		(void)snprintf(c->token, sizeof(c->token), "%s", value + 7);
	} else if (strcasecmp(c->header.buf, "content-type") == 0) {
		(void)snprintf(c->type, sizeof(c->type), "%s", value);
	} else if (strcasecmp(c->header.buf, "sec-websocket-key") == 0) {
		(void)snprintf(c->key, sizeof(c->key), "%s", value);
	}
	strbuf_reset(&c->header);
	strbuf_reset(&c->value);
}

static int on_header(http_parser *parser, const char *at, size_t len)
{
	struct conn *c = parser->data;

	if (c->in_value) {
		take_header(c);
	}
	c->in_value = false;
	return strbuf_add(&c->header, at, len);
}

static int on_value(http_parser *parser, const char *at, size_t len)
{
	struct conn *c = parser->data;

	c->in_value = true;
	return strbuf_add(&c->value, at, len);
}

static int on_headers(http_parser *parser)
{
	take_header(parser->data);
	return 0;
}

static int on_body(http_parser *parser, const char *at, size_t len)
{
	return strbuf_add(&((struct conn *)parser->data)->body, at, len);
}

static int on_complete(http_parser *parser)
{
	if (!parser->upgrade) {
		serve(parser->data);
	}
	return 0;
}

static const http_parser_settings settings = {
	.on_message_begin = on_begin,
	.on_url = on_url,
	.on_header_field = on_header,
	.on_header_value = on_value,
	.on_headers_complete = on_headers,
	.on_body = on_body,
	.on_message_complete = on_complete,
};

static void feed(struct conn *c, const char *bytes, size_t len)
{
	size_t n;

	if (c->is_socket) {
		conn_socket_bytes(c, bytes, len);
		return;
	}
	n = http_parser_execute(&c->parser, &settings, bytes, len);
	if (c->closing) {
		return;
	}
	if (HTTP_PARSER_ERRNO(&c->parser) != HPE_OK) {
		conn_close(c, false);
	} else if (c->parser.upgrade) {
		c->server->slack->now_ms = clock_wall_ms();
		conn_upgrade(c);
		if (n < len && !c->closing) {
			conn_socket_bytes(c, bytes + n, len - n);
		}
	}
}

static void feed_tls(struct conn *c, const char *bytes, size_t len)
{
	struct strbuf clear, wire;
	int rc;

	strbuf_init(&clear, SLACK_MAX_BODY);
	strbuf_init(&wire, SLACK_MAX_BODY);
	rc = tls_receive(c->tls, bytes, len, &clear, &wire);
	if (wire.len > 0) {
		conn_send_raw(c, &wire, rc < 0 ? CONN_CLOSE : CONN_GO_ON);
	} else if (rc < 0) {
		conn_close(c, false);
	}
	if (clear.len > 0 && !c->closing) {
		feed(c, clear.buf, clear.len);
	}
	strbuf_done(&clear);
	strbuf_done(&wire);
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	struct conn *c = handle->data;

	(void)size;
	*buf = uv_buf_init(c->bytes, sizeof(c->bytes));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct conn *c = stream->data;

	if (n < 0) {
		conn_close(c, false);
	} else if (n > 0 && c->tls != NULL) {
		feed_tls(c, buf->base, (size_t)n);
	} else if (n > 0) {
		feed(c, buf->base, (size_t)n);
	}
}

/* Whether the other end is this machine: 127.0.0.0/8 or ::1. */
static bool is_near(const uv_tcp_t *tcp)
{
	struct sockaddr_storage address = {0};
	char text[64] = "";
	int len = sizeof(address);

	if (uv_tcp_getpeername(tcp, (struct sockaddr *)&address, &len) != 0) {
		return false;
	}
	if (address.ss_family == AF_INET) {
		(void)uv_ip4_name((struct sockaddr_in *)&address, text, sizeof(text));
	} else {
		(void)uv_ip6_name((struct sockaddr_in6 *)&address, text, sizeof(text));
	}
	return strncmp(text, "127.", 4) == 0 || strcmp(text, "::1") == 0;
}

static struct conn *conn_new(struct slack_server *server)
{
	struct conn *c = mem_alloc(sizeof(*c));

	c->server = server;
	list_append(&server->connections, &c->link);
	strbuf_init(&c->url, 8192);
	strbuf_init(&c->header, 8192);
	strbuf_init(&c->value, 8192);
	strbuf_init(&c->ping, 256);
	struct strbuf *large[] = {&c->body, &c->raw, &c->message, &c->reply.body};
	for (size_t i = 0; i < ARRAY_LEN(large); i++) {
		strbuf_init(large[i], SLACK_MAX_BODY);
	}
	if (server->base.tls != NULL) {
		c->tls = tls_session_new(server->base.tls);
	}
	http_parser_init(&c->parser, HTTP_REQUEST);
	(void)uv_tcp_init(&server->base.uv, &c->tcp);
	(void)uv_timer_init(&server->base.uv, &c->delay);
	(void)uv_timer_init(&server->base.uv, &c->pong);
	c->parser.data = c->tcp.data = c->delay.data = c->pong.data = c;
	c->open_handles = 3;
	return c;
}

void slack_server_accept(uv_stream_t *listener, int status)
{
	struct conn *c;

	if (status != 0) {
		return;
	}
	c = conn_new(CONTAINER_OF(listener->data, struct slack_server, base));
	if (uv_accept(listener, (uv_stream_t *)&c->tcp) != 0 ||
	    uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) != 0) {
		conn_close(c, false);
		return;
	}
	c->near = is_near(&c->tcp);
	(void)uv_tcp_nodelay(&c->tcp, 1);
}
