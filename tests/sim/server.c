/* server.c - door 2: the simulated DigitalOcean as an HTTP/1.1 server
 *
 * Happy path: accept, read, parse one request (http_parser), serve it from the world, perhaps wait (a slow answer),
 * write, and read the next one on the same connection.
 *
 * Failure modes: what is no HTTP, is too big (413) or comes while an answer is under way ends the connection. Faults:
 * no answer keeps the connection until the client hangs up; reset sends RST; cut writes half of the body, then RST.
 */
#include "sim/server.h"

#include <http_parser.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/list.h"
#include "base/mem.h"
#include "sim/listener.h"

#define MAX_URL 8192
#define MAX_REQUEST (1u << 20)

struct sim_server {
	struct sim_listener base; /* first */
	struct sim_world *world;
	struct list connections;
};

struct connection {
	struct list link;
	struct sim_server *server;
	uv_tcp_t tcp;
	uv_timer_t delay;
	unsigned open_handles;
	struct tls_session *tls;
	http_parser parser;
	struct strbuf url, body, header, value;
	char token[512];
	bool has_token;
	bool dangerous;
	bool in_value; /* the last header bytes were of a value */
	bool busy;     /* an answer is under way */
	bool closing;
	bool too_big;
	struct sim_answer answer;
	char bytes[16384]; /* read buffer */
};

struct write {
	uv_write_t request;
	struct connection *connection;
	char *bytes;
	enum sim_ending then; /* SIM_ANSWERED: go on; SIM_CUT: reset */
	bool last;            /* close afterwards */
};

/* closing */

static void on_closed(uv_handle_t *handle)
{
	struct connection *c = handle->data;

	if (--c->open_handles > 0) {
		return;
	}
	list_remove(&c->link);
	tls_session_free(c->tls);
	strbuf_done(&c->url);
	strbuf_done(&c->body);
	strbuf_done(&c->header);
	strbuf_done(&c->value);
	sim_answer_done(&c->answer);
	free(c);
}

static void close_connection(struct connection *c, bool reset)
{
	if (c->closing) {
		return;
	}
	c->closing = true;
	uv_close((uv_handle_t *)&c->delay, on_closed);
	if (!reset || uv_tcp_close_reset(&c->tcp, on_closed) != 0) {
		uv_close((uv_handle_t *)&c->tcp, on_closed);
	}
}

/* writing */

static void on_written(uv_write_t *request, int status)
{
	struct write *w = CONTAINER_OF(request, struct write, request);
	struct connection *c = w->connection;

	if (!c->closing) {
		if (status != 0 || w->last) {
			close_connection(c, false);
		} else if (w->then == SIM_CUT) {
			close_connection(c, true);
		}
	}
	free(w->bytes);
	free(w);
}

/* Takes the bytes of wire. */
static void send_bytes(struct connection *c, struct strbuf *wire, enum sim_ending then, bool last)
{
	struct write *w = mem_alloc(sizeof(*w));
	uv_buf_t buf;

	buf.len = wire->len;
	w->bytes = strbuf_detach(wire);
	buf.base = w->bytes;
	w->connection = c;
	w->then = then;
	w->last = last;
	if (uv_write(&w->request, (uv_stream_t *)&c->tcp, &buf, 1, on_written) != 0) {
		free(w->bytes);
		free(w);
		close_connection(c, false);
	}
}

static void send_clear(struct connection *c, struct strbuf *clear, enum sim_ending then, bool last)
{
	struct strbuf wire;

	if (c->tls == NULL) {
		send_bytes(c, clear, then, last);
		return;
	}
	strbuf_init(&wire, 2 * SIM_MAX_BODY);
	if (tls_send(c->tls, clear->buf, clear->len, &wire) < 0) {
		close_connection(c, false);
	} else {
		send_bytes(c, &wire, then, last);
	}
	strbuf_done(&wire);
}

static const char *reason(int status)
{
	switch (status) {
#define CASE(num, name, string) \
	case num:               \
		return #string;
		HTTP_STATUS_MAP(CASE)
#undef CASE
	}
	return "Unknown";
}

static void add_number_header(struct strbuf *out, const char *name, int64_t value)
{
	if (value >= 0) {
		(void)strbuf_addf(out, "%s: %lld\r\n", name, (long long)value);
	}
}

static void add_date_header(struct strbuf *out, int64_t now_ms)
{
	time_t seconds = (time_t)(now_ms / 1000);
	struct tm tm;
	char text[64];

	if (gmtime_r(&seconds, &tm) != NULL &&
	    strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0) {
		(void)strbuf_addf(out, "date: %s\r\n", text);
	}
}

static void send_answer(struct connection *c)
{
	const struct sim_reply *reply = &c->answer.reply;
	bool last = http_should_keep_alive(&c->parser) == 0 || c->too_big;
	size_t len = reply->body.len;
	struct strbuf out;

	strbuf_init(&out, 2 * SIM_MAX_BODY);
	(void)strbuf_addf(&out, "HTTP/1.1 %d %s\r\n", reply->status, reason(reply->status));
	if (reply->content_type != NULL) {
		(void)strbuf_addf(&out, "content-type: %s\r\n", reply->content_type);
	}
	(void)strbuf_addf(&out, "content-length: %zu\r\n", len);
	add_date_header(&out, sim_world_now(c->server->world));
	add_number_header(&out, "ratelimit-limit", reply->rate_limit);
	add_number_header(&out, "ratelimit-remaining", reply->rate_remaining);
	add_number_header(&out, "ratelimit-reset", reply->rate_reset);
	add_number_header(&out, "retry-after", reply->retry_after_s);
	if (reply->request_id[0] != '\0') {
		(void)strbuf_addf(&out, "x-request-id: %s\r\n", reply->request_id);
	}
	(void)strbuf_addf(&out, "connection: %s\r\n\r\n", last ? "close" : "keep-alive");
	if (c->answer.ending == SIM_CUT) {
		len /= 2;
	}
	(void)strbuf_add(&out, reply->body.buf, len);
	c->busy = false;
	send_clear(c, &out, c->answer.ending, last);
	strbuf_done(&out);
	strbuf_done(&c->answer.reply.body); /* a page is big, a connection may stay idle for long */
}

static void on_delay(uv_timer_t *timer)
{
	struct connection *c = timer->data;

	if (!c->closing) {
		send_answer(c);
	}
}

/* serving */

static void serve(struct connection *c)
{
	struct sim_request request = {
		.method = http_method_str((enum http_method)c->parser.method),
		.path = c->url.buf,
		.token = c->has_token ? c->token : NULL,
		.dangerous = c->dangerous,
		.body = c->body.buf,
		.body_len = c->body.len,
	};

	c->busy = true;
	c->answer.ending = SIM_ANSWERED;
	c->answer.delay_ms = 0;
	if (sim_world_is_control(request.path)) {
		sim_world_control(c->server->world, &request, &c->answer.reply);
	} else {
		sim_world_serve(c->server->world, &request, &c->answer);
	}
	if (c->answer.ending == SIM_RESET || c->answer.ending == SIM_REFUSED) {
		close_connection(c, true);
	} else if (c->answer.ending == SIM_SILENT) {
		return; /* until the client hangs up */
	} else if (c->answer.delay_ms > 0) {
		(void)uv_timer_start(&c->delay, on_delay, (uint64_t)c->answer.delay_ms, 0);
	} else {
		send_answer(c);
	}
}

static void refuse_size(struct connection *c)
{
	c->too_big = true;
	memset(&c->answer.reply, 0, offsetof(struct sim_reply, body));
	c->answer.reply.rate_limit = c->answer.reply.rate_remaining = -1;
	c->answer.reply.rate_reset = c->answer.reply.retry_after_s = -1;
	c->answer.reply.status = 413;
	c->answer.ending = SIM_ANSWERED;
	send_answer(c);
}

/* parsing: a callback that gives non-zero ends the connection */

static int on_begin(http_parser *parser)
{
	struct connection *c = parser->data;

	strbuf_reset(&c->url);
	strbuf_reset(&c->body);
	strbuf_reset(&c->header);
	strbuf_reset(&c->value);
	c->in_value = false;
	c->has_token = false;
	c->dangerous = false;
	return c->busy ? -1 : 0; /* no pipelining */
}

static int on_url(http_parser *parser, const char *at, size_t len)
{
	struct connection *c = parser->data;

	return strbuf_add(&c->url, at, len);
}

/* A whole header has come. */
static void take_header(struct connection *c)
{
	if (strcasecmp(c->header.buf, "authorization") == 0) {
		const char *value = c->value.buf;

		c->has_token = true;
		c->token[0] = '\0';
		if (strncasecmp(value, "bearer ", 7) == 0) {
			(void)snprintf(c->token, sizeof(c->token), "%s", value + 7);
		}
	}
	if (strcasecmp(c->header.buf, "x-dangerous") == 0) {
		c->dangerous = strcmp(c->value.buf, "true") == 0;
	}
	strbuf_reset(&c->header);
	strbuf_reset(&c->value);
}

static int on_header(http_parser *parser, const char *at, size_t len)
{
	struct connection *c = parser->data;

	if (c->in_value) {
		take_header(c);
	}
	c->in_value = false;
	return strbuf_add(&c->header, at, len);
}

static int on_value(http_parser *parser, const char *at, size_t len)
{
	struct connection *c = parser->data;

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
	struct connection *c = parser->data;

	if (strbuf_add(&c->body, at, len) < 0) {
		c->too_big = true;
		return -1;
	}
	return 0;
}

static int on_complete(http_parser *parser)
{
	serve(parser->data);
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

static void feed(struct connection *c, const char *bytes, size_t len)
{
	size_t n = http_parser_execute(&c->parser, &settings, bytes, len);

	if (c->closing || n == len) {
		return;
	}
	if (c->too_big && !c->busy) {
		refuse_size(c);
	} else {
		close_connection(c, false);
	}
}

/* reading */

static void feed_tls(struct connection *c, const char *bytes, size_t len)
{
	struct strbuf clear, wire;
	int rc;

	strbuf_init(&clear, MAX_REQUEST * 2);
	strbuf_init(&wire, MAX_REQUEST * 2);
	rc = tls_receive(c->tls, bytes, len, &clear, &wire);
	if (wire.len > 0) {
		send_bytes(c, &wire, SIM_ANSWERED, rc < 0);
	} else if (rc < 0) {
		close_connection(c, false);
	}
	if (clear.len > 0 && !c->closing) {
		feed(c, clear.buf, clear.len);
	}
	strbuf_done(&clear);
	strbuf_done(&wire);
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	struct connection *c = handle->data;

	(void)size;
	*buf = uv_buf_init(c->bytes, sizeof(c->bytes));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct connection *c = stream->data;

	if (n < 0) {
		close_connection(c, false);
	} else if (n > 0 && c->tls != NULL) {
		feed_tls(c, buf->base, (size_t)n);
	} else if (n > 0) {
		feed(c, buf->base, (size_t)n);
	}
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct sim_server *server = CONTAINER_OF(listener->data, struct sim_server, base);
	struct connection *c;

	if (status != 0) {
		return;
	}
	c = mem_alloc(sizeof(*c));
	c->server = server;
	list_append(&server->connections, &c->link);
	strbuf_init(&c->url, MAX_URL);
	strbuf_init(&c->body, MAX_REQUEST);
	strbuf_init(&c->header, MAX_URL);
	strbuf_init(&c->value, MAX_URL);
	sim_answer_init(&c->answer);
	http_parser_init(&c->parser, HTTP_REQUEST);
	c->parser.data = c;
	c->tls = server->base.tls != NULL ? tls_session_new(server->base.tls) : NULL;
	(void)uv_tcp_init(&server->base.uv, &c->tcp);
	(void)uv_timer_init(&server->base.uv, &c->delay);
	c->tcp.data = c;
	c->delay.data = c;
	c->open_handles = 2;
	if (uv_accept(listener, (uv_stream_t *)&c->tcp) != 0 ||
	    uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) != 0) {
		close_connection(c, false);
		return;
	}
	(void)uv_tcp_nodelay(&c->tcp, 1);
}

/* start and end */

static void close_all(struct sim_listener *l)
{
	struct sim_server *server = CONTAINER_OF(l, struct sim_server, base);

	LIST_FOREACH(it, &server->connections)
	{
		close_connection(LIST_ENTRY(it, struct connection, link), false);
	}
}

struct sim_server *sim_server_open(struct sim_world *world,
				   const struct sim_server_options *options, struct err *err)
{
	struct sim_server *server = mem_alloc(sizeof(*server));

	server->world = world;
	server->base.stop = close_all;
	list_init(&server->connections);
	if (sim_listener_open(&server->base, options, on_connection, err) < 0) {
		sim_server_free(server);
		return NULL;
	}
	return server;
}

unsigned sim_server_port(const struct sim_server *server)
{
	return server->base.port;
}

void sim_server_run(struct sim_server *server)
{
	sim_listener_run(&server->base);
}

void sim_server_free(struct sim_server *server)
{
	if (server == NULL) {
		return;
	}
	sim_listener_done(&server->base);
	free(server);
}
