/* connect.c - one connection to the XMPP server at a time, and the waiting between two
 *
 * Happy path (RFC 7395, RFC 6120): WebSocket with subprotocol xmpp -> <open/> -> features -> SCRAM -> <open/> ->
 * features -> resume the last session, or bind and <enable/> a new one -> join the rooms -> live.
 *
 * Failure modes: each phase has a deadline; at its end, and for whatever the server says that is wrong, the WebSocket is
 * closed, its end comes once through on_closed, and a new attempt follows after a back-off with full jitter, which is
 * forgotten only after a minute of life. A wrong password, and a certificate that was never right, need a person: no
 * attempt follows. There is never more than one WebSocket; a login that is still being hashed when its connection
 * ends is told apart by x->login.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/xmpp/internal.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define OPEN_MS 15000
#define BACKOFF_FIRST_MS 1000
#define BACKOFF_MAX_MS 60000
#define BACKOFF_MIN_MS 100
#define STEADY_MS 60000 /* a life this long forgets the failures before it */

static void on_timer(struct timer *timer);

/* ---- ending ------------------------------------------------------------------------------- */

void connect_enter(struct xmpp *x, enum phase phase, int64_t deadline_ms)
{
	x->phase = phase;
	if (deadline_ms > 0) {
		timer_start(&x->timer, deadline_ms);
	} else {
		timer_stop(&x->timer);
	}
}

static void end_connection(struct xmpp *x)
{
	login_drop(x);
	connect_enter(x, PHASE_CLOSING, 0);
	if (x->ws != NULL) {
		x->wire->close(x->ws, 1000);
	}
}

static void fail(struct xmpp *x, const struct err *err)
{
	if (x->phase == PHASE_CLOSING || x->phase == PHASE_IDLE || x->phase == PHASE_WAIT) {
		return;
	}
	x->why = *err;
	end_connection(x);
}

void connect_fail(struct xmpp *x, enum err_kind kind, const char *fmt, ...)
{
	struct err err = {0};
	char msg[sizeof(err.msg)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	(void)err_set(&err, kind, "%s", msg);
	fail(x, &err);
}

/* A person has to change something first. */
void connect_refuse(struct xmpp *x, const char *why)
{
	x->refused = true;
	connect_fail(x, ERR_CONFIG, "%s", why);
}

static void wait_and_retry(struct xmpp *x)
{
	unsigned doublings = x->attempts < 6 ? x->attempts : 6;
	int64_t most_ms = (int64_t)BACKOFF_FIRST_MS << doublings;

	if (x->live_since_ms != 0 && clock_mono_ms() - x->live_since_ms >= STEADY_MS) {
		x->attempts = 0;
		most_ms = BACKOFF_FIRST_MS;
	}
	x->live_since_ms = 0;
	x->attempts++;
	most_ms = most_ms > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : most_ms;
	connect_enter(x, PHASE_WAIT, BACKOFF_MIN_MS + xmpp_random((uint32_t)most_ms));
}

static void connection_gone(struct xmpp *x, const struct err *err)
{
	struct err why = *err;

	if (x->why.kind != ERR_NONE) {
		why = x->why;
	}
	err_clear(&x->why);
	login_drop(x);
	sm_down(x);
	if (!x->sm.resumable || x->closing || x->refused) {
		session_lost(x);
	}
	if (x->closing) {
		connect_enter(x, PHASE_IDLE, 0);
		xmpp_try_finish(x);
		return;
	}
	if (x->refused) {
		connect_enter(x, PHASE_IDLE, 0);
		xmpp_link(x, CHAT_REFUSED, why.msg);
		return;
	}
	wait_and_retry(x);
	xmpp_link(x, CHAT_DOWN, why.msg);
}

/* ---- sending ------------------------------------------------------------------------------ */

void connect_send(struct xmpp *x, struct strbuf *out)
{
	struct err err = {0};

	if (x->ws == NULL || x->phase == PHASE_CLOSING) {
		return;
	}
	if (x->wire->send(x->ws, out->buf, out->len, &err) != 0) {
		connect_fail(x, err.kind, "%s", err.msg);
	}
}

void connect_open_stream(struct xmpp *x)
{
	struct strbuf out;

	strbuf_init(&out, STANZA_MAX);
	stanza_addf(&out, "<open xmlns='" NS_FRAMING "' to='%s' version='1.0'/>",
		    x->account.domain);
	connect_send(x, &out);
	strbuf_done(&out);
}

/* ---- opening ------------------------------------------------------------------------------ */

static void on_message(struct ws *ws, const char *bytes, size_t len, void *data)
{
	struct xmpp *x = data;
	struct arena arena = {0};
	struct err err = {0};
	const struct xml *xml;

	if (ws != x->ws || x->phase == PHASE_CLOSING) {
		return;
	}
	xml = xml_parse(bytes, len, &arena, &err);
	if (xml == NULL) {
		/* the same bytes would come again */
		x->sm.resumable = false;
		fail(x, &err);
	} else {
		session_hear(x, xml);
	}
	arena_done(&arena);
}

static void on_open(struct ws *ws, void *data)
{
	struct xmpp *x = data;

	(void)ws;
	if (x->phase == PHASE_OPEN) {
		connect_enter(x, PHASE_FEATURES, PHASE_MS);
		connect_open_stream(x);
	}
}

static void on_closed(struct ws *ws, const struct err *err, void *data)
{
	struct xmpp *x = data;

	(void)ws;
	x->ws = NULL;
	/* a certificate that was right before may be right again soon; one that never was needs a person */
	if (x->phase == PHASE_OPEN && err->kind == ERR_CONFIG && !x->was_live) {
		x->refused = true;
	}
	connection_gone(x, err);
}

static void connect_now(struct xmpp *x)
{
	struct ws_options options = {
		.url = x->url,
		.subprotocol = "xmpp",
		.require_subprotocol = true,
		.ca_file = x->ca_file,
		.max_message_bytes = XML_BYTES_MAX,
		.open_ms = OPEN_MS,
		.ping_ms = x->ping_ms,
		.on_open = on_open,
		.on_message = on_message,
		.on_closed = on_closed,
		.data = x,
	};
	struct err err = {0};

	connect_enter(x, PHASE_OPEN, 0); /* loop/ws has its own deadline until it is open */
	x->ws = x->wire->open(x->loop, &options, &err);
	if (x->ws == NULL) {
		x->refused = err.kind == ERR_CONFIG || err.kind == ERR_USAGE;
		connection_gone(x, &err);
	}
}

static void on_timer(struct timer *timer)
{
	static const char *const phases[] = {
		[PHASE_FEATURES] = "a greeting",
		[PHASE_LOGIN] = "the login",
		[PHASE_REOPEN] = "a greeting after the login",
		[PHASE_RESUME] = "resuming the session",
		[PHASE_BIND] = "a session",
		[PHASE_ENABLE] = "stream management",
	};
	struct xmpp *x = timer->data;

	switch (x->phase) {
	case PHASE_WAIT:
		connect_now(x);
		break;
	case PHASE_FEATURES:
	case PHASE_LOGIN:
	case PHASE_REOPEN:
	case PHASE_RESUME:
	case PHASE_BIND:
	case PHASE_ENABLE:
		connect_fail(x, ERR_TIMEOUT, "the XMPP server did not answer in time: %s",
			     phases[x->phase]);
		break;
	case PHASE_JOIN: /* a slow room does not keep the others waiting */
		session_live(x);
		break;
	case PHASE_IDLE:
	case PHASE_OPEN:
	case PHASE_LIVE:
	case PHASE_CLOSING:
		break;
	}
}

void connect_start(struct xmpp *x)
{
	timer_init(&x->timer, x->loop, on_timer, x);
	connect_enter(x, PHASE_WAIT, 0);
	timer_start(&x->timer, 0);
}

void connect_stop(struct xmpp *x)
{
	struct strbuf out;

	x->sm.resumable = false;
	if (x->ws == NULL) {
		connect_enter(x, PHASE_IDLE, 0);
		return;
	}
	if (x->phase == PHASE_JOIN || x->phase == PHASE_LIVE) {
		strbuf_init(&out, STANZA_MAX);
		(void)strbuf_adds(&out, "<presence xmlns='" NS_CLIENT "' type='unavailable'/>");
		connect_send(x, &out);
		strbuf_reset(&out);
		(void)strbuf_adds(&out, "<close xmlns='" NS_FRAMING "'/>");
		connect_send(x, &out);
		strbuf_done(&out);
	}
	if (x->phase != PHASE_CLOSING) {
		end_connection(x);
	}
}
