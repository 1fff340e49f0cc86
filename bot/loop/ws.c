/* ws.c - a WebSocket client connection over libwebsockets
 *
 * Happy path: ws_open -> the host is resolved -> libwebsockets connects to the address, with the name for SNI,
 * certificate and Host -> the upgrade -> on_open -> on_message ... -> ws_close -> close frames -> on_closed.
 *
 * Failure modes: libwebsockets 4.1.6 tells of an end by CONNECTION_ERROR, CLOSED, or neither (a server that
 * never answers the upgrade), but always by WSI_DESTROY; all of them go to finish(), the first reason
 * stays, and the step task calls on_closed once. Each phase has a deadline of ours; at the deadline the connection is
 * cut off from us (opaque data NULL) and killed, so on_closed waits for nobody. Addresses are tried in
 * their order until the other side speaks. A dead peer is found by ping: quiet for ping_ms, then no byte for pong_ms.
 * We never stop reading: pongs would stop too.
 */
#include "loop/ws.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "loop/ws_internal.h"

#define MESSAGE_DEFAULT_BYTES (1024U * 1024U)
#define QUEUE_DEFAULT_BYTES (1024U * 1024U)
#define OPEN_DEFAULT_MS 15000
#define PING_DEFAULT_MS 30000
#define PONG_DEFAULT_MS 10000
#define CLOSE_MS 1500 /* the promise is 2 s */
#define ATTEMPT_MIN_MS 1000

struct outgoing {
	struct list link;
	size_t len;
	unsigned char bytes[]; /* LWS_PRE of room, then len */
};

/* lws' own pings are off (a zero policy): ours know what counts as a sign of life. */
static const lws_retry_bo_t no_pings = {0};

/* The connection is over; the first reason stays. on_closed comes from the step task. */
static void finish(struct ws *ws)
{
	if (ws->state == WS_ENDED) {
		return;
	}
	ws->state = WS_ENDED;
	timer_stop(&ws->deadline);
	timer_stop(&ws->quiet);
	task_post(&ws->step);
}

static void set_reason(struct ws *ws, const struct err *err)
{
	if (ws->err.kind == ERR_NONE) {
		ws->err = *err;
	}
}

static void fail(struct ws *ws, enum err_kind kind, const char *why)
{
	struct err err = {0};

	err_set(&err, kind, "%s", why);
	set_reason(ws, &err);
	finish(ws);
}

/* What the other side wrote, for a sentence: printable ASCII, short. */
static void clean(char *to, size_t size, const char *from, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 1 < size; i++) {
		to[n++] = from[i] >= 0x20 && from[i] < 0x7f ? from[i] : '?';
	}
	to[n] = '\0';
}

/* Cuts the connection off: nothing of it reaches us any more. Never from inside a callback of lws. */
static void cut(struct ws *ws)
{
	struct lws *wsi = ws->wsi;

	if (wsi != NULL) {
		ws->wsi = NULL;
		lws_set_opaque_user_data(wsi, NULL);
		if (!ws->wsi_ends) {
			lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
			lws_cancel_service(lws_get_context(wsi)); /* or its timer never fires */
		}
	}
}

static void ws_free(struct ws *ws)
{
	LIST_FOREACH_SAFE(it, next, &ws->queue)
	{
		free(LIST_ENTRY(it, struct outgoing, link));
	}
	timer_stop(&ws->deadline);
	timer_stop(&ws->quiet);
	task_cancel(&ws->step);
	strbuf_done(&ws->message);
	free(ws->subprotocol);
	free(ws->path);
	free(ws);
}

/* Starts the connection to the next address; its errors come as callbacks, or at once. */
static void connect_next(struct ws *ws)
{
	struct lws_client_connect_info info = {0};
	unsigned left = ws->resolve.n_addresses - ws->next_address;
	int64_t until_ms = ws->opened_ms + ws->options.open_ms;
	int64_t share_ms = (until_ms - clock_mono_ms()) / left;

	timer_start(&ws->deadline, share_ms > ATTEMPT_MIN_MS ? share_ms : ATTEMPT_MIN_MS);
	info.context = lws_context_of(ws->loop, NULL);
	info.vhost = ws->vhost;
	info.address = ws->resolve.addresses[ws->next_address++];
	info.port = (int)ws->port;
	info.path = ws->path;
	info.host = ws->header;
	info.protocol = ws->subprotocol;
	info.local_protocol_name = "sluice";
	info.alpn = "http/1.1"; /* no h2 path */
	info.ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT | (ws->tls ? LCCSCF_USE_SSL : 0);
	info.opaque_user_data = ws;
	info.retry_and_idle_policy = &no_pings;
	info.pwsi = &ws->wsi;
	if (lws_client_connect_via_info(&info) == NULL) {
		ws->wsi = NULL;
		if (ws->state == WS_CONNECTING) {
			task_post(
				&ws->step); /* it may have told us already; then this is the same task */
		}
	}
}

static void say_not_open(struct ws *ws, const char *why)
{
	struct err err = {0};

	err_set(&err, ERR_NETWORK, "no connection to '%.100s': %.100s", ws->host, why);
	set_reason(ws, &err);
}

static void on_step(struct task *task)
{
	struct ws *ws = task->data;

	if (ws->state == WS_CONNECTING) {
		cut(ws);
		if (!ws->reached && ws->next_address < ws->resolve.n_addresses &&
		    clock_mono_ms() < ws->opened_ms + ws->options.open_ms) {
			err_clear(&ws->err);
			connect_next(ws);
			return;
		}
		say_not_open(ws, "the connection failed");
		finish(ws);
		task_cancel(&ws->step);
	}
	assert(ws->state == WS_ENDED);
	if (ws->resolving) {
		resolve_cancel(&ws->resolve); /* its done comes back here */
		return;
	}
	cut(ws);
	ws->options.on_closed(ws, &ws->err, ws->options.data);
	ws_free(ws);
}

static void on_deadline(struct timer *timer)
{
	struct ws *ws = timer->data;

	if (ws->state == WS_CONNECTING) {
		say_not_open(ws, ws->tls ? "TCP, TLS or the upgrade took too long"
					 : "TCP or the upgrade took too long");
		task_post(&ws->step); /* the next address, or the end */
	} else {
		fail(ws, ERR_TIMEOUT, "closed by us: the other side did not answer the close");
	}
}

static void on_resolved(struct resolve *resolve, const struct err *err)
{
	struct ws *ws = resolve->data;

	ws->resolving = false;
	if (ws->state == WS_ENDED) {
		task_post(&ws->step);
	} else if (err != NULL) {
		fail(ws, err->kind == ERR_USAGE ? ERR_CONFIG : ERR_NETWORK, err->msg);
	} else {
		ws->state = WS_CONNECTING;
		connect_next(ws);
	}
}

static void wait_for_quiet(struct ws *ws)
{
	if (ws->options.ping_ms > 0) {
		int64_t due_ms = ws->heard_ms + ws->options.ping_ms;

		timer_start(&ws->quiet, due_ms - clock_mono_ms());
	}
}

static void on_quiet(struct timer *timer)
{
	struct ws *ws = timer->data;
	int64_t silent_ms = clock_mono_ms() - ws->heard_ms;

	if (ws->pinged) {
		struct err err = {0};

		err_set(&err, ERR_TIMEOUT,
			"'%.100s' is silent: no answer to a ping in %" PRId64 " ms", ws->host,
			ws->options.pong_ms);
		set_reason(ws, &err);
		finish(ws);
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

/* A fault of the other side: a close frame with its code, and the end. Returns what the callback returns. */
static int refuse(struct ws *ws, enum err_kind kind, unsigned code, const char *why)
{
	struct err err = {0};

	err_set(&err, kind, "closed by us: %s", why);
	set_reason(ws, &err);
	if (ws->state == WS_OPEN) {
		ws->state = WS_CLOSING;
		timer_stop(&ws->quiet);
		timer_start(&ws->deadline, CLOSE_MS);
		lws_close_reason(ws->wsi, (enum lws_close_status)code, NULL, 0);
	}
	return -1;
}

static int deliver(struct ws *ws, const char *bytes, size_t len)
{
	if (!ws_is_utf8(bytes, len)) {
		return refuse(ws, ERR_REMOTE, 1007, "a message is not UTF-8");
	}
	ws->options.on_message(ws, bytes, len, ws->options.data);
	return ws->state == WS_ENDED ? -1 : 0;
}

static int on_receive(struct ws *ws, const char *bytes, size_t len)
{
	bool last =
		lws_is_final_fragment(ws->wsi) != 0 && lws_remaining_packet_payload(ws->wsi) == 0;
	int rc;

	if (ws->state != WS_OPEN) {
		return 0; /* what was in the pipe when we closed */
	}
	heard(ws);
	if (lws_frame_is_binary(ws->wsi)) {
		return refuse(ws, ERR_REMOTE, 1003, "a binary message");
	}
	if (last && ws->message.len == 0 && len <= ws->options.max_message_bytes) {
		return deliver(ws, bytes, len);
	}
	/* the rest of this frame is known to come: refuse before we have read ten megabytes */
	if (len + lws_remaining_packet_payload(ws->wsi) >
		    ws->options.max_message_bytes - ws->message.len ||
	    strbuf_add(&ws->message, bytes, len) < 0) {
		return refuse(ws, ERR_LIMIT, 1009, "a message is too big");
	}
	if (!last) {
		return 0;
	}
	rc = deliver(ws, ws->message.buf, ws->message.len);
	strbuf_done(&ws->message); /* big messages are rare: give the memory back */
	return rc;
}

static int on_writable(struct ws *ws)
{
	struct outgoing *out;
	int n;

	if (ws->state != WS_OPEN && ws->state != WS_CLOSING) {
		return 0;
	}
	if (ws->ping_due) {
		unsigned char ping[LWS_PRE + 1] = {0};

		ws->ping_due = false;
		n = lws_write(ws->wsi, ping + LWS_PRE, 0, LWS_WRITE_PING);
	} else if (!list_empty(&ws->queue)) {
		out = LIST_ENTRY(ws->queue.next, struct outgoing, link);
		list_remove(&out->link);
		ws->queued_bytes -= out->len;
		n = lws_write(ws->wsi, out->bytes + LWS_PRE, out->len, LWS_WRITE_TEXT);
		free(out);
	} else if (ws->close_code != 0) {
		lws_close_reason(ws->wsi, (enum lws_close_status)ws->close_code, NULL, 0);
		return -1;
	} else {
		return 0;
	}
	if (n < 0) {
		fail(ws, ERR_NETWORK, "the connection broke while we wrote");
		return -1;
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
		set_reason(ws, &err);
		finish(ws);
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
	set_reason(ws, &err);
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
		set_reason(ws, &err);
	} else if (ws->tls && bad_certificate(ws)) {
		ws->reached = true; /* the next address has no better name */
	} else {
		say_not_open(ws, text[0] != '\0' ? text : "the connection failed");
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
	set_reason(ws, &err);
}

/* lws tells of an end, in one of its ways. */
static void on_end(struct ws *ws)
{
	if (ws->state == WS_CONNECTING) {
		say_not_open(ws, "the server hung up before the upgrade");
		task_post(&ws->step); /* the next address, or the end */
	} else {
		fail(ws, ERR_NETWORK, "the connection broke");
	}
}

int ws_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct ws *ws = lws_get_opaque_user_data(wsi);

	(void)user;
	if (ws == NULL || (ws->wsi != NULL && ws->wsi != wsi)) {
		return reason == LWS_CALLBACK_CLIENT_RECEIVE ||
				       reason == LWS_CALLBACK_CLIENT_WRITEABLE ||
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
		return on_receive(ws, in, len);
	case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
		heard(ws);
		return 0;
	case LWS_CALLBACK_CLIENT_WRITEABLE:
		return on_writable(ws);
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		on_peer_close(ws, in, len);
		return 0;
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

static void copy_options(struct ws *ws, const struct ws_options *options)
{
	ws->options = *options;
	ws->options.url = NULL;
	ws->options.ca_file = NULL;
	ws->subprotocol = mem_strdup(options->subprotocol);
	ws->options.subprotocol = ws->subprotocol;
	if (options->max_message_bytes == 0) {
		ws->options.max_message_bytes = MESSAGE_DEFAULT_BYTES;
	}
	if (options->max_queue_bytes == 0) {
		ws->options.max_queue_bytes = QUEUE_DEFAULT_BYTES;
	}
	if (options->open_ms <= 0) {
		ws->options.open_ms = OPEN_DEFAULT_MS;
	}
	if (options->ping_ms == 0) {
		ws->options.ping_ms = PING_DEFAULT_MS;
	}
	if (options->pong_ms <= 0) {
		ws->options.pong_ms = PONG_DEFAULT_MS;
	}
}

/* The host as the resolver wants it: an IPv6 address without its brackets. */
static const char *bare_host(struct ws *ws, char *buf, size_t size)
{
	size_t len = strlen(ws->host);

	if (ws->host[0] != '[' || len - 1 > size) {
		return ws->host;
	}
	memcpy(buf, ws->host + 1, len - 2);
	buf[len - 2] = '\0';
	return buf;
}

struct ws *ws_open(struct loop *loop, const struct ws_options *options, struct err *err)
{
	struct ws *ws = mem_alloc(sizeof(*ws));

	ws->loop = loop;
	list_init(&ws->queue);
	task_init(&ws->step, loop, on_step, ws);
	timer_init(&ws->deadline, loop, on_deadline, ws);
	timer_init(&ws->quiet, loop, on_quiet, ws);
	copy_options(ws, options);
	strbuf_init(&ws->message, ws->options.max_message_bytes);
	if (loop->is_virtual) {
		err_set(err, ERR_USAGE, "cannot open connections: the loop is virtual");
		goto fail;
	}
	if (ws_parse_url(ws, options->url, err) < 0) {
		goto fail;
	}
	ws->vhost = lws_vhost_of(loop, ws->tls, options->ca_file, err);
	if (ws->vhost == NULL) {
		goto fail;
	}
	ws->opened_ms = clock_mono_ms();
	ws->resolving = true;
	ws->resolve.host = bare_host(ws, ws->bare, sizeof(ws->bare));
	ws->resolve.timeout_ms = ws->options.open_ms;
	ws->resolve.done = on_resolved;
	ws->resolve.data = ws;
	resolve_start(loop, &ws->resolve);
	return ws;
fail:
	ws_free(ws);
	return NULL;
}

int ws_send(struct ws *ws, const char *bytes, size_t len, struct err *err)
{
	struct outgoing *out;

	if (ws->state != WS_OPEN || ws->wsi == NULL) {
		return err_set(err, ERR_CONFLICT, "cannot send: the connection is not open");
	}
	if (len > ws->options.max_queue_bytes - ws->queued_bytes) {
		return err_set(err, ERR_LIMIT, "cannot send: too much waits to be sent already");
	}
	out = mem_alloc(sizeof(*out) + LWS_PRE + len);
	out->len = len;
	memcpy(out->bytes + LWS_PRE, bytes, len);
	list_append(&ws->queue, &out->link);
	ws->queued_bytes += len;
	lws_callback_on_writable(ws->wsi);
	return 0;
}

void ws_close(struct ws *ws, unsigned code)
{
	struct err err = {0};

	if (ws->state == WS_ENDED || ws->state == WS_CLOSING) {
		return;
	}
	err_set(&err, ERR_CANCELED, "closed by us: %u", code);
	err_clear(&ws->err);
	set_reason(ws, &err);
	if (ws->state != WS_OPEN || ws->wsi == NULL) {
		finish(ws);
		return;
	}
	ws->state = WS_CLOSING;
	ws->close_code = code;
	timer_stop(&ws->quiet);
	timer_start(&ws->deadline, CLOSE_MS);
	lws_callback_on_writable(ws->wsi);
}

size_t ws_queued_bytes(const struct ws *ws)
{
	return ws->queued_bytes;
}
