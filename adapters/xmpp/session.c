/* session.c - from the features after the login to live, and where each thing that the server says goes
 *
 * Happy path: resume the last session, or bind and <enable/> a new one -> our presence -> the rooms -> live.
 *
 * Failure modes: the server does not remember the last session: what was not acknowledged in it is unknown, and a new one
 * begins. A stream error or <close/>: that session is over, the next connection begins a new one.
 */
#include <stdio.h>
#include <string.h>

#include "adapters/xmpp/internal.h"
#include "base/clock.h"

#define RESUME_MAX_S 60

void session_lost(struct xmpp *x)
{
	posts_lost(x);
	sm_reset(x);
	muc_forget_all(x);
}

static void send_bind(struct xmpp *x)
{
	struct strbuf out;

	session_lost(x);
	connect_enter(x, PHASE_BIND, PHASE_MS);
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

	connect_enter(x, PHASE_RESUME, PHASE_MS);
	strbuf_init(&out, STANZA_MAX);
	stanza_addf(&out, "<resume xmlns='" NS_SM "' h='%u' previd='%s'/>", x->sm.in, x->sm.id);
	connect_send(x, &out);
	strbuf_done(&out);
}

/* Alive: a new session joins its rooms first, a resumed one is in them. */
void session_live(struct xmpp *x)
{
	x->live_since_ms = clock_mono_ms();
	x->was_live = true;
	connect_enter(x, PHASE_LIVE, 0);
	xmpp_link(x, CHAT_UP, NULL);
}

void session_rooms_settled(struct xmpp *x)
{
	if (x->phase == PHASE_JOIN) {
		session_live(x);
	}
}

static void session_begins(struct xmpp *x)
{
	struct strbuf out;
	struct err err = {0};

	connect_enter(x, PHASE_JOIN, PHASE_MS);
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
	connect_enter(x, PHASE_ENABLE, PHASE_MS);
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
	session_live(x);
	sm_resend(x);
	muc_catch_up(x);
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

void session_hear(struct xmpp *x, const struct xml *xml)
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
		login_hear(x, xml);
	} else if (x->phase == PHASE_RESUME) {
		on_resumed(x, xml);
	} else if (x->phase == PHASE_ENABLE) {
		on_enabled(x, xml);
	} else {
		(void)sm_handle(x, xml);
	}
}
