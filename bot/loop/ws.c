/* ws.c - a WebSocket client connection over libwebsockets
 *
 * Happy path: ws_open -> the host is resolved -> libwebsockets connects to the address, with the name for SNI,
 * certificate and Host -> the upgrade -> on_open -> on_message ... -> ws_close -> close frames -> on_closed.
 *
 * Failure modes: libwebsockets 4.1.6 tells of an end by CONNECTION_ERROR, CLOSED, or neither (a server that
 * never answers the upgrade), but always by WSI_DESTROY; all of them go to ws_finish(), the first reason
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
#define ATTEMPT_MIN_MS 1000

/* lws' own pings are off (a zero policy): ours know what counts as a sign of life. */
static const lws_retry_bo_t no_pings = {0};

/* The connection is over; the first reason stays. on_closed comes from the step task. */
void ws_finish(struct ws *ws)
{
	if (ws->state == WS_ENDED) {
		return;
	}
	ws->state = WS_ENDED;
	timer_stop(&ws->deadline);
	timer_stop(&ws->quiet);
	task_post(&ws->step);
}

void ws_set_reason(struct ws *ws, const struct err *err)
{
	if (ws->err.kind == ERR_NONE) {
		ws->err = *err;
	}
}

void ws_fail(struct ws *ws, enum err_kind kind, const char *why)
{
	struct err err = {0};

	err_set(&err, kind, "%s", why);
	ws_set_reason(ws, &err);
	ws_finish(ws);
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

void ws_drop_queue(struct ws *ws)
{
	LIST_FOREACH_SAFE(it, next, &ws->queue)
	{
		free(LIST_ENTRY(it, struct outgoing, link));
	}
	list_init(&ws->queue);
	ws->queued_bytes = 0;
}

static void ws_free(struct ws *ws)
{
	ws_drop_queue(ws);
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
	info.context = lws_context_of(ws->loop, ws->tls, NULL);
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

void ws_say_not_open(struct ws *ws, const char *why)
{
	struct err err = {0};

	err_set(&err, ERR_NETWORK, "no connection to '%.100s': %.100s", ws->host, why);
	ws_set_reason(ws, &err);
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
		ws_say_not_open(ws, "the connection failed");
		ws_finish(ws);
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
		ws_say_not_open(ws, ws->tls ? "TCP, TLS or the upgrade took too long"
					    : "TCP or the upgrade took too long");
		task_post(&ws->step); /* the next address, or the end */
	} else {
		ws_fail(ws, ERR_TIMEOUT, "closed by us: the other side did not answer the close");
	}
}

static void on_resolved(struct resolve *resolve, const struct err *err)
{
	struct ws *ws = resolve->data;

	ws->resolving = false;
	if (ws->state == WS_ENDED) {
		task_post(&ws->step);
	} else if (err != NULL) {
		ws_fail(ws, err->kind == ERR_USAGE ? ERR_CONFIG : ERR_NETWORK, err->msg);
	} else {
		ws->state = WS_CONNECTING;
		connect_next(ws);
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
	timer_init(&ws->quiet, loop, ws_on_quiet, ws);
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
	ws_flush(ws);
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
	ws_set_reason(ws, &err);
	if (ws->state != WS_OPEN || ws->wsi == NULL) {
		ws_finish(ws);
		return;
	}
	ws_close_soon(ws, code);
}

size_t ws_queued_bytes(const struct ws *ws)
{
	return ws->queued_bytes;
}
