/* ws_wire.c - what libwebsockets tells of an open connection, and what is written to it
 *
 * Happy path: established -> frames are joined to messages and given to on_message; what is queued goes out, some
 * messages a WRITEABLE; pings when it is quiet; a close frame when we want to end.
 *
 * Failure modes: every fault of the other side (too big, not UTF-8, binary) is answered by a close frame
 * with its code; every way in which libwebsockets tells of an end comes to on_end.
 *
 * RECEIVE must return 0 whatever came: on anything else 4.1.6 begins to close but leaves its receive buffer's
 * fill level where it is (client-parser-ws.c, "if (m) return 1"), and what the server sends from then
 * on is written behind the end of that buffer. Debian's build also forgets the close frame when WRITEABLE says -1. So we
 * write close frames ourselves.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "loop/ws_internal.h"

#define CLOSE_MS 1500 /* the promise is 2 s */
#define WRITES_MOST 64

/* The header leaves it out (4.1.6 to 5.0: "handled by lws_close_reason()"), the library takes it; a test sees the code
 * arrive. */
#define WRITE_CLOSE ((enum lws_write_protocol)4)

/* What the other side wrote, for a sentence: printable ASCII, short. */
static void clean(char *to, size_t size, const char *from, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 1 < size; i++) {
		to[n++] = from[i] >= 0x20 && from[i] < 0x7f ? from[i] : '?';
	}
	to[n] = '\0';
}

static void wait_for_quiet(struct ws *ws)
{
	if (ws->options.ping_ms > 0) {
		int64_t due_ms = ws->heard_ms + ws->options.ping_ms;

		timer_start(&ws->quiet, due_ms - clock_mono_ms());
	}
}

void ws_on_quiet(struct timer *timer)
{
	struct ws *ws = timer->data;
	int64_t silent_ms = clock_mono_ms() - ws->heard_ms;

	if (ws->pinged) {
		struct err err = {0};

		err_set(&err, ERR_TIMEOUT,
			"'%.100s' is silent: no answer to a ping in %" PRId64 " ms", ws->host,
			ws->options.pong_ms);
		ws_set_reason(ws, &err);
		ws_finish(ws);
	} else if (silent_ms < ws->options.ping_ms) {
		wait_for_quiet(ws);
	} else {
		ws->pinged = true;
		ws->ping_due = true;
		if (ws->wsi != NULL) {
			lws_callback_on_writable(ws->wsi);
		}
		timer_start(&ws->quiet, ws->options.pong_ms);
	}
}

static void heard(struct ws *ws)
{
	ws->heard_ms = clock_mono_ms();
	if (ws->pinged) {
		ws->pinged = false;
		wait_for_quiet(ws);
	}
}

void ws_close_soon(struct ws *ws, unsigned code)
{
	ws->state = WS_CLOSING;
	ws->close_code = code;
	timer_stop(&ws->quiet);
	timer_start(&ws->deadline, CLOSE_MS);
	lws_callback_on_writable(ws->wsi);
}

/* A fault of the other side: a close frame with its code, ahead of all that waits, and the end. */
static void refuse(struct ws *ws, enum err_kind kind, unsigned code, const char *why)
{
	struct err err = {0};

	err_set(&err, kind, "closed by us: %s", why);
	ws_set_reason(ws, &err);
	ws_drop_queue(ws);
	strbuf_done(&ws->message);
	ws_close_soon(ws, code);
}

static void deliver(struct ws *ws, const char *bytes, size_t len)
{
	if (!ws_is_utf8(bytes, len)) {
		refuse(ws, ERR_REMOTE, 1007, "a message is not UTF-8");
	} else {
		ws->options.on_message(ws, bytes, len, ws->options.data);
	}
}

static void on_receive(struct ws *ws, const char *bytes, size_t len)
{
	size_t left = lws_remaining_packet_payload(ws->wsi);
	bool last = lws_is_final_fragment(ws->wsi) != 0 && left == 0;
	size_t max = ws->options.max_message_bytes;

	if (ws->state != WS_OPEN) {
		return; /* what was in the pipe when we closed */
	}
	heard(ws);
	if (lws_frame_is_binary(ws->wsi)) {
		refuse(ws, ERR_REMOTE, 1003, "a binary message");
		return;
	}
	/* the rest of this frame is announced: refuse before we have read ten megabytes */
	if (len > max - ws->message.len || left > max - ws->message.len - len) {
		refuse(ws, ERR_LIMIT, 1009, "a message is too big");
		return;
	}
	if (last && ws->message.len == 0) {
		deliver(ws, bytes, len);
		return;
	}
	(void)strbuf_add(&ws->message, bytes, len); /* it fits */
	if (last) {
		struct strbuf whole = ws->message;

		strbuf_init(&ws->message, max); /* big messages are rare: give the memory back */
		deliver(ws, whole.buf, whole.len);
		strbuf_done(&whole);
	}
}

static void broke(struct ws *ws)
{
	ws_fail(ws, ERR_NETWORK, "the connection broke while we wrote");
}

/* As many as go at once: one a turn of the loop would leave a burst of acknowledgements behind what it was a burst of. */
static int write_queue(struct ws *ws, bool writable)
{
	int n = 0;

	for (size_t i = 0; i < WRITES_MOST && n >= 0 && !list_empty(&ws->queue); i++) {
		struct outgoing *out = LIST_ENTRY(ws->queue.next, struct outgoing, link);

		if ((i > 0 || !writable) && lws_send_pipe_choked(ws->wsi) != 0) {
			break;
		}
		list_remove(&out->link);
		ws->queued_bytes -= out->len;
		n = lws_write(ws->wsi, out->bytes + LWS_PRE, out->len, LWS_WRITE_TEXT);
		free(out);
	}
	return n;
}

/*
 * At once, where the socket takes it: an acknowledgement that waited for WRITEABLE would leave after all else that this turn of the
 * loop does. Nothing follows the other side's close frame, or a fault of it: they are the first reason.
 */
void ws_flush(struct ws *ws)
{
	if (ws->err.kind == ERR_NONE && write_queue(ws, false) < 0) {
		broke(ws);
	} else if (!list_empty(&ws->queue)) {
		lws_callback_on_writable(ws->wsi);
	}
}

static int on_writable(struct ws *ws)
{
	int n;

	if ((ws->state != WS_OPEN && ws->state != WS_CLOSING) || ws->close_sent) {
		return 0;
	}
	if (ws->ping_due) {
		unsigned char ping[LWS_PRE + 1] = {0};

		ws->ping_due = false;
		n = lws_write(ws->wsi, ping + LWS_PRE, 0, LWS_WRITE_PING);
	} else if (!list_empty(&ws->queue)) {
		n = write_queue(ws, true);
	} else if (ws->close_code != 0) {
		unsigned char close[LWS_PRE + 2] = {0};

		close[LWS_PRE] = (unsigned char)(ws->close_code >> 8);
		close[LWS_PRE + 1] = (unsigned char)ws->close_code;
		ws->close_code = 0;
		ws->close_sent = true;
		n = lws_write(ws->wsi, close + LWS_PRE, 2, WRITE_CLOSE);
	} else {
		return 0;
	}
	if (n < 0) {
		broke(ws);
		return -1;
	}
	if (ws->close_sent) {
		return 0; /* now the other side answers it, or the deadline comes */
	}
	if (ws->ping_due || !list_empty(&ws->queue) || ws->close_code != 0) {
		lws_callback_on_writable(ws->wsi);
	}
	return 0;
}

/* The last moment at which lws still has the headers. */
static void read_headers(struct ws *ws)
{
	char word[64];

	ws->agreed = ws->subprotocol != NULL &&
		     lws_hdr_copy(ws->wsi, word, sizeof(word), WSI_TOKEN_PROTOCOL) > 0 &&
		     strcmp(word, ws->subprotocol) == 0;
}

static int on_established(struct ws *ws)
{
	ws->reached = true;
	if (ws->state != WS_CONNECTING) {
		return -1;
	}
	if (ws->options.require_subprotocol && !ws->agreed) {
		struct err err = {0};

		err_set(&err, ERR_REMOTE, "'%.100s' does not speak '%.40s' over WebSocket",
			ws->host, ws->subprotocol);
		ws_set_reason(ws, &err);
		ws_finish(ws);
		return -1;
	}
	timer_stop(&ws->deadline);
	err_clear(&ws->err);
	ws->state = WS_OPEN;
	ws->heard_ms = clock_mono_ms();
	wait_for_quiet(ws);
	ws->options.on_open(ws, ws->options.data);
	return 0;
}

/* lws gives a number of OpenSSL's where the certificate was refused; the reason is with the session. */
static bool bad_certificate(struct ws *ws)
{
	SSL *ssl = lws_get_ssl(ws->wsi);
	long verdict = ssl != NULL ? SSL_get_verify_result(ssl) : X509_V_OK;
	struct err err = {0};

	if (verdict == X509_V_OK) {
		return false;
	}
	err_set(&err, ERR_CONFIG, "the certificate of '%.100s' is refused: %.100s", ws->host,
		X509_verify_cert_error_string(verdict));
	ws_set_reason(ws, &err);
	return true;
}

/* Before it was open: an HTTP answer, or no answer. */
static void on_connection_error(struct ws *ws, const char *why, size_t len)
{
	char text[101];
	unsigned status = lws_http_client_http_response(ws->wsi);
	struct err err = {0};

	clean(text, sizeof(text), why != NULL ? why : "", why != NULL ? len : 0);
	if (status != 0 && status != 101) {
		err_set(&err, ERR_REMOTE, "'%.100s' refused the WebSocket: HTTP status %u",
			ws->host, status);
		err.remote_status = (int)status;
		ws->reached = true;
		ws_set_reason(ws, &err);
	} else if (ws->tls && bad_certificate(ws)) {
		ws->reached = true; /* the next address has no better one */
	} else {
		if (strncmp(text, "connect SSL err", 15) == 0) { /* and a number, for nobody */
			(void)snprintf(text, sizeof(text), "the TLS handshake failed");
		}
		ws_say_not_open(ws, text[0] != '\0' ? text : "the connection failed");
	}
}

static void on_peer_close(struct ws *ws, const unsigned char *in, size_t len)
{
	struct err err = {0};
	char text[81];

	if (len >= 2) {
		clean(text, sizeof(text), (const char *)in + 2, len - 2);
		err_set(&err, ERR_REMOTE, "closed by the server: %u%s%s",
			(unsigned)(in[0] << 8 | in[1]), text[0] != '\0' ? " " : "", text);
	} else {
		err_set(&err, ERR_REMOTE, "closed by the server");
	}
	ws_set_reason(ws, &err);
}

/* lws tells of an end, in one of its ways. */
static void on_end(struct ws *ws)
{
	if (ws->state == WS_CONNECTING) {
		ws_say_not_open(ws, "the server hung up before the upgrade");
		task_post(&ws->step); /* the next address, or the end */
	} else {
		ws_fail(ws, ERR_NETWORK, "the connection broke");
	}
}

int ws_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct ws *ws = lws_get_opaque_user_data(wsi);

	(void)user;
	if (ws == NULL || (ws->wsi != NULL && ws->wsi != wsi)) {
		return reason == LWS_CALLBACK_CLIENT_WRITEABLE ||
				       reason == LWS_CALLBACK_CLIENT_ESTABLISHED
			       ? -1
			       : 0;
	}
	ws->wsi = wsi;         /* some come before lws_client_connect_via_info returned */
	switch ((int)reason) { /* it has a hundred names; these are ours */
	case LWS_CALLBACK_CLIENT_FILTER_PRE_ESTABLISH:
		read_headers(ws);
		return 0;
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
		return on_established(ws);
	case LWS_CALLBACK_CLIENT_RECEIVE:
		on_receive(ws, in, len);
		return 0; /* never anything else, see above */
	case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
		heard(ws);
		return 0;
	case LWS_CALLBACK_CLIENT_WRITEABLE:
		return on_writable(ws);
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		on_peer_close(ws, in, len);
		return ws->close_sent ? -1 : 0; /* 0: lws answers it */
	case LWS_CALLBACK_CLIENT_HTTP_REDIRECT:
		return -1;
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		ws->wsi_ends = true;
		on_connection_error(ws, in, len);
		on_end(ws);
		return 0;
	case LWS_CALLBACK_CLIENT_CLOSED:
		ws->wsi_ends = true;
		on_end(ws);
		return 0;
	case LWS_CALLBACK_WSI_DESTROY:
		ws->wsi = NULL;
		on_end(ws);
		return 0;
	default:
		return 0;
	}
}
