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
#include "adapters/xmpp/sasl.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define OPEN_MS 15000
#define PHASE_MS 10000
#define BACKOFF_FIRST_MS 1000
#define BACKOFF_MAX_MS 60000
#define BACKOFF_MIN_MS 100
#define STEADY_MS 60000 /* a life this long forgets the failures before it */
#define MECHANISMS_MAX 32
#define RESUME_MAX_S 60

struct login {
	struct work work;
	struct xmpp *x; /* lives until the work is done */
	struct sasl *sasl;
	char *challenge;
	struct strbuf response;
	struct err err;
	int rc;
	bool working;
	bool success; /* the words came with <success/> */
	char mechanism[24];
};

static void on_timer(struct timer *timer);

/* ---- ending ------------------------------------------------------------------------------- */

static void login_drop(struct xmpp *x)
{
	struct login *login = x->login;

	x->login = NULL;
	if (login != NULL && !login->working) {
		sasl_free(login->sasl);
		free(login->challenge);
		strbuf_done(&login->response);
		free(login);
	}
}

static void enter(struct xmpp *x, enum phase phase, int64_t deadline_ms)
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
	enter(x, PHASE_CLOSING, 0);
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
static void refuse(struct xmpp *x, const char *why)
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
	enter(x, PHASE_WAIT, BACKOFF_MIN_MS + xmpp_random((uint32_t)most_ms));
}

static void session_lost(struct xmpp *x)
{
	posts_lost(x);
	sm_reset(x);
	muc_forget_all(x);
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
		enter(x, PHASE_IDLE, 0);
		xmpp_try_finish(x);
		return;
	}
	if (x->refused) {
		enter(x, PHASE_IDLE, 0);
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

static void send_open(struct xmpp *x)
{
	struct strbuf out;

	strbuf_init(&out, STANZA_MAX);
	stanza_addf(&out, "<open xmlns='" NS_FRAMING "' to='%s' version='1.0'/>",
		    x->account.domain);
	connect_send(x, &out);
	strbuf_done(&out);
}

/* ---- login -------------------------------------------------------------------------------- */

static void login_send(struct xmpp *x, struct login *login, bool first)
{
	struct strbuf out;

	strbuf_init(&out, STANZA_MAX);
	if (first) {
		stanza_addf(&out, "<auth xmlns='" NS_SASL "' mechanism='%s'>%s</auth>",
			    login->mechanism, login->response.buf);
	} else {
		stanza_addf(&out, "<response xmlns='" NS_SASL "'>%s</response>",
			    login->response.buf);
	}
	connect_send(x, &out);
	strbuf_done(&out);
}

static void login_succeeded(struct xmpp *x)
{
	bool complete = sasl_complete(x->login->sasl);

	login_drop(x);
	if (!complete) {
		connect_fail(x, ERR_REMOTE,
			     "the XMPP server did not prove that it knows the password");
		return;
	}
	enter(x, PHASE_REOPEN, PHASE_MS);
	send_open(x);
}

static void login_run(struct work *work)
{
	struct login *login = work->data;

	login->rc = sasl_step(login->sasl, login->challenge, &login->response, &login->err);
}

static void login_done(struct work *work)
{
	struct login *login = work->data;
	struct xmpp *x = login->x;
	bool first = login->challenge == NULL;

	login->working = false;
	x->n_works--;
	if (x->login != login) { /* its connection is gone */
		struct login *current = x->login;

		x->login = login;
		login_drop(x);
		x->login = current;
		xmpp_try_finish(x);
		return;
	}
	if (login->rc != 0) {
		connect_fail(x, ERR_REMOTE, "cannot log in: %s", login->err.msg);
	} else if (login->success) {
		login_succeeded(x);
	} else {
		login_send(x, login, first);
	}
}

/* Hashing takes some 10 ms: on the worker thread. */
static void login_work(struct xmpp *x, const char *challenge)
{
	struct login *login = x->login;

	free(login->challenge);
	login->challenge = mem_strdup(challenge);
	strbuf_reset(&login->response);
	login->working = true;
	x->n_works++;
	work_start(x->loop, &login->work);
}

static void login_start(struct xmpp *x, const struct xml *features)
{
	const struct xml *mechanisms = xml_child(features, "mechanisms", NS_SASL);
	const struct xml *one = xml_child(mechanisms, "mechanism", NS_SASL);
	const char *offered[MECHANISMS_MAX];
	const char *mechanism;
	struct err err = {0};
	struct login *login;
	size_t n = 0;

	for (; one != NULL && n < MECHANISMS_MAX; one = xml_again(one)) {
		offered[n++] = one->text;
	}
	mechanism = sasl_choose(offered, n);
	if (mechanism == NULL) {
		connect_fail(x, ERR_REMOTE,
			     "the XMPP server offers no SCRAM login; PLAIN is never used");
		return;
	}
	login = mem_alloc(sizeof(*login));
	strbuf_init(&login->response, STANZA_MAX);
	login->x = x;
	login->work.run = login_run;
	login->work.done = login_done;
	login->work.data = login;
	(void)snprintf(login->mechanism, sizeof(login->mechanism), "%s", mechanism);
	login->sasl = sasl_new(mechanism, x->account.node, x->password, &err);
	x->login = login;
	if (login->sasl == NULL) {
		connect_fail(x, err.kind, "%s", err.msg);
		return;
	}
	enter(x, PHASE_LOGIN, PHASE_MS);
	login_work(x, NULL);
}

static void login_failed(struct xmpp *x, const struct xml *failure)
{
	static const char *const passing[] = {"temporary-auth-failure", "aborted"};
	char word[64];
	char why[200];
	const char *condition = xmpp_condition(failure, NS_SASL, word, sizeof(word));

	(void)snprintf(why, sizeof(why), "the XMPP server does not let '%.100s' in: %s",
		       x->account.bare, *condition != '\0' ? condition : "no reason given");
	for (size_t i = 0; i < ARRAY_LEN(passing); i++) {
		if (strcmp(condition, passing[i]) == 0) {
			connect_fail(x, ERR_REMOTE, "%s", why);
			return;
		}
	}
	refuse(x, why);
}

static void on_login(struct xmpp *x, const struct xml *xml)
{
	if (xml_is(xml, "failure", NS_SASL)) {
		login_failed(x, xml);
	} else if (x->login->working) {
		connect_fail(x, ERR_REMOTE, "the XMPP server speaks out of turn during the login");
	} else if (xml_is(xml, "challenge", NS_SASL)) {
		login_work(x, xml->text);
	} else if (xml_is(xml, "success", NS_SASL) && xml->text[0] == '\0') {
		login_succeeded(x);
	} else if (xml_is(xml, "success", NS_SASL)) {
		x->login->success = true;
		login_work(x, xml->text);
	}
}

/* ---- session ------------------------------------------------------------------------------ */

static void send_bind(struct xmpp *x)
{
	struct strbuf out;

	session_lost(x);
	enter(x, PHASE_BIND, PHASE_MS);
	xmpp_random_id(x->bind_id);
	strbuf_init(&out, STANZA_MAX);
	stanza_addf(&out,
		    "<iq xmlns='" NS_CLIENT "' type='set' id='%s'><bind xmlns='" NS_BIND
		    "'><resource>%s</resource></bind></iq>",
		    x->bind_id, x->resource);
	connect_send(x, &out);
	strbuf_done(&out);
}

static void send_resume(struct xmpp *x)
{
	struct strbuf out;

	enter(x, PHASE_RESUME, PHASE_MS);
	strbuf_init(&out, STANZA_MAX);
	stanza_addf(&out, "<resume xmlns='" NS_SM "' h='%u' previd='%s'/>", x->sm.in, x->sm.id);
	connect_send(x, &out);
	strbuf_done(&out);
}

/* Alive: a new session joins its rooms first, a resumed one is in them. */
static void go_live(struct xmpp *x)
{
	x->live_since_ms = clock_mono_ms();
	x->was_live = true;
	enter(x, PHASE_LIVE, 0);
	xmpp_link(x, CHAT_UP, NULL);
}

void connect_rooms_settled(struct xmpp *x)
{
	if (x->phase == PHASE_JOIN) {
		go_live(x);
	}
}

static void session_begins(struct xmpp *x)
{
	struct strbuf out;
	struct err err = {0};

	enter(x, PHASE_JOIN, PHASE_MS);
	strbuf_init(&out, STANZA_MAX);
	stanza_addf(&out, "<presence xmlns='" NS_CLIENT "'><priority>1</priority></presence>");
	if (sm_send(x, &out, NULL, &err) != 0) {
		connect_fail(x, err.kind, "%s", err.msg);
	}
	strbuf_done(&out);
	muc_join_all(x);
}

static void on_features(struct xmpp *x, const struct xml *features)
{
	if (x->phase == PHASE_FEATURES) {
		login_start(x, features);
		return;
	}
	x->offers_sm = xml_child(features, "sm", NS_SM) != NULL;
	if (x->sm.resumable && x->offers_sm) {
		send_resume(x);
	} else if (xml_child(features, "bind", NS_BIND) != NULL) {
		send_bind(x);
	} else {
		connect_fail(x, ERR_REMOTE, "the XMPP server offers no session after the login");
	}
}

static void on_bound(struct xmpp *x, const struct xml *iq)
{
	const struct xml *bind = xml_child(iq, "bind", NS_BIND);
	const struct xml *jid = xml_child(bind, "jid", NS_BIND);
	struct jid bound;
	struct strbuf out;

	if (strcmp(xml_attr_or_empty(iq, "id"), x->bind_id) != 0) {
		return;
	}
	if (strcmp(xml_attr_or_empty(iq, "type"), "result") != 0 || jid == NULL ||
	    jid_parse(jid->text, &bound, NULL) != 0 || strcmp(bound.bare, x->account.bare) != 0) {
		connect_fail(x, ERR_REMOTE, "the XMPP server gives '%.100s' no session",
			     x->account.bare);
		return;
	}
	if (!x->offers_sm) {
		session_begins(x);
		return;
	}
	enter(x, PHASE_ENABLE, PHASE_MS);
	strbuf_init(&out, STANZA_MAX);
	stanza_addf(&out, "<enable xmlns='" NS_SM "' resume='true' max='%u'/>",
		    (unsigned)RESUME_MAX_S);
	connect_send(x, &out);
	strbuf_done(&out);
}

static void on_enabled(struct xmpp *x, const struct xml *xml)
{
	if (xml_is(xml, "enabled", NS_SM)) {
		const char *resume = xml_attr_or_empty(xml, "resume");
		const char *id = xml_attr_or_empty(xml, "id");

		x->sm.enabled = true;
		x->sm.resumable = (strcmp(resume, "true") == 0 || strcmp(resume, "1") == 0) &&
				  *id != '\0' && strlen(id) < sizeof(x->sm.id);
		if (x->sm.resumable) {
			(void)snprintf(x->sm.id, sizeof(x->sm.id), "%s", id);
		}
	} else if (!xml_is(xml, "failed", NS_SM)) {
		return;
	}
	session_begins(x);
}

static void on_resumed(struct xmpp *x, const struct xml *xml)
{
	if (xml_is(xml, "failed", NS_SM)) {
		(void)sm_ack(x, xml_attr(xml, "h")); /* optional: what it had handled at the end */
		send_bind(x);
		return;
	}
	if (!xml_is(xml, "resumed", NS_SM)) {
		return;
	}
	x->sm.enabled = true;
	x->sm.resumed = true;
	if (sm_ack(x, xml_attr(xml, "h")) != 0) {
		x->sm.resumable = false;
		connect_fail(x, ERR_REMOTE, "the XMPP server acknowledged what was never sent");
		return;
	}
	go_live(x);
	sm_resend(x);
}

/* ---- receiving ---------------------------------------------------------------------------- */

static void on_stanza(struct xmpp *x, const struct xml *xml)
{
	const char *text = xml_attr(xml, "from");
	const char *type = xml_attr_or_empty(xml, "type");
	struct jid from =
		x->account; /* RFC 6120, 8.1.2.1: without a from it is our own account's */

	if (x->phase == PHASE_BIND && xml_is(xml, "iq", NS_CLIENT)) {
		on_bound(x, xml);
		return;
	}
	if (x->phase != PHASE_JOIN && x->phase != PHASE_LIVE) {
		return;
	}
	x->sm.in++;
	if (text != NULL && jid_parse(text, &from, NULL) != 0) {
		return; /* nobody that we could name */
	}
	if (xml_is(xml, "message", NS_CLIENT)) {
		inbound_message(x, xml, &from);
	} else if (xml_is(xml, "presence", NS_CLIENT)) {
		muc_presence(x, xml, &from);
	} else if (strcmp(type, "get") == 0 || strcmp(type, "set") == 0) {
		iq_answer(x, xml, type);
	} else {
		(void)muc_iq(x, xml, xml_attr_or_empty(xml, "id"), &from);
	}
}

static void on_stream_error(struct xmpp *x, const struct xml *xml)
{
	char word[64];
	const char *condition = xmpp_condition(xml, NS_STREAM_ERRORS, word, sizeof(word));

	x->sm.resumable = false;
	connect_fail(x, ERR_REMOTE, "the XMPP server ended the session: %s",
		     *condition != '\0' ? condition : "no reason given");
}

static void on_xml(struct xmpp *x, const struct xml *xml)
{
	if (xml_is(xml, "message", NS_CLIENT) || xml_is(xml, "presence", NS_CLIENT) ||
	    xml_is(xml, "iq", NS_CLIENT)) {
		on_stanza(x, xml);
	} else if (xml_is(xml, "error", NS_STREAMS)) {
		on_stream_error(x, xml);
	} else if (xml_is(xml, "close", NS_FRAMING)) {
		x->sm.resumable = false;
		connect_fail(x, ERR_REMOTE, "the XMPP server closed the session");
	} else if (xml_is(xml, "features", NS_STREAMS) &&
		   (x->phase == PHASE_FEATURES || x->phase == PHASE_REOPEN)) {
		on_features(x, xml);
	} else if (x->phase == PHASE_LOGIN) {
		on_login(x, xml);
	} else if (x->phase == PHASE_RESUME) {
		on_resumed(x, xml);
	} else if (x->phase == PHASE_ENABLE) {
		on_enabled(x, xml);
	} else {
		(void)sm_handle(x, xml);
	}
}

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
		on_xml(x, xml);
	}
	arena_done(&arena);
}

/* ---- opening ------------------------------------------------------------------------------ */

static void on_open(struct ws *ws, void *data)
{
	struct xmpp *x = data;

	(void)ws;
	if (x->phase == PHASE_OPEN) {
		enter(x, PHASE_FEATURES, PHASE_MS);
		send_open(x);
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

	enter(x, PHASE_OPEN, 0); /* loop/ws has its own deadline until it is open */
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
		go_live(x);
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
	enter(x, PHASE_WAIT, 0);
	timer_start(&x->timer, 0);
}

void connect_stop(struct xmpp *x)
{
	struct strbuf out;

	x->sm.resumable = false;
	if (x->ws == NULL) {
		enter(x, PHASE_IDLE, 0);
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
