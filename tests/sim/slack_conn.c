/* slack_conn.c - bytes out of a connection, clear or by TLS, and its end */
#include "sim/slack_conn.h"

#include <stdlib.h>

#include "base/mem.h"

struct write {
	uv_write_t request;
	struct conn *connection;
	char *bytes;
	enum conn_then then;
};

static void on_closed(uv_handle_t *handle)
{
	struct conn *c = handle->data;

	if (--c->open_handles > 0) {
		return;
	}
	list_remove(&c->link);
	if (c->registered != NULL) {
		slack_link_gone(c->registered);
	}
	tls_session_free(c->tls);
	struct strbuf *all[] = {&c->url, &c->body,    &c->header, &c->value,
				&c->raw, &c->message, &c->ping,   &c->reply.body};
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		strbuf_done(all[i]);
	}
	free(c);
}

void conn_close(struct conn *c, bool reset)
{
	if (c->closing) {
		return;
	}
	c->closing = true;
	uv_close((uv_handle_t *)&c->delay, on_closed);
	uv_close((uv_handle_t *)&c->pong, on_closed);
	if (!reset || uv_tcp_close_reset(&c->tcp, on_closed) != 0) {
		uv_close((uv_handle_t *)&c->tcp, on_closed);
	}
}

static void on_written(uv_write_t *request, int status)
{
	struct write *w = CONTAINER_OF(request, struct write, request);

	if (status != 0 || w->then == CONN_CLOSE) {
		conn_close(w->connection, false);
	}
	free(w->bytes);
	free(w);
}

void conn_send_raw(struct conn *c, struct strbuf *wire, enum conn_then then)
{
	struct write *w;
	uv_buf_t buf;

	if (c->closing) {
		return;
	}
	w = mem_alloc(sizeof(*w));
	buf.len = wire->len;
	w->bytes = strbuf_detach(wire);
	buf.base = w->bytes;
	w->connection = c;
	w->then = then;
	if (uv_write(&w->request, (uv_stream_t *)&c->tcp, &buf, 1, on_written) != 0) {
		free(w->bytes);
		free(w);
		conn_close(c, false);
	}
}

void conn_send(struct conn *c, struct strbuf *clear, enum conn_then then)
{
	struct strbuf wire;

	if (c->tls == NULL) {
		conn_send_raw(c, clear, then);
		return;
	}
	strbuf_init(&wire, 2 * SLACK_MAX_BODY);
	if (tls_send(c->tls, clear->buf, clear->len, &wire) < 0) {
		conn_close(c, false);
	} else {
		conn_send_raw(c, &wire, then);
	}
	strbuf_done(&wire);
}
