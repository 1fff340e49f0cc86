/* xmpp_fake.h - the XMPP adapter on a wire of the test's, in virtual time: stanzas in, stanzas out
 *
 * The login is left out (it has its own tests, and a real server's in tests/real): fake_login says that it went well.
 */
#ifndef TESTS_XMPP_FAKE_H
#define TESTS_XMPP_FAKE_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/xmpp/internal.h"
#include "base/attr.h"
#include "base/mem.h"
#include "tests/unit/adapters/event_fake.h"

#define FAKE_EVENTS 32
#define FAKE_ROOM "ops@rooms.example"

static struct {
	struct loop *loop;
	struct chat *chat;
	struct xmpp *x;
	struct ws_options options;
	int opens;
	int closes;
	bool open; /* a WebSocket is there */
	bool refuse_send;
	struct strbuf out; /* what was sent, a line each */
	struct fake_event events[FAKE_EVENTS];
	size_t n_events;
	struct fake_told told;
	bool closed;
} fake;

static struct ws *fake_open(struct loop *loop, const struct ws_options *options, struct err *err)
{
	(void)loop;
	(void)err;
	assert(!fake.open);
	fake.open = true;
	fake.opens++;
	fake.options = *options;
	return (struct ws *)(void *)&fake.open;
}

static int fake_send(struct ws *ws, const char *bytes, size_t len, struct err *err)
{
	(void)ws;
	if (fake.refuse_send) {
		return err_set(err, ERR_LIMIT, "the queue is full");
	}
	(void)strbuf_add(&fake.out, bytes, len);
	(void)strbuf_addch(&fake.out, '\n');
	return 0;
}

static void fake_close(struct ws *ws, unsigned code)
{
	(void)ws;
	(void)code;
	fake.closes++;
}

static const struct xmpp_wire fake_wire = {fake_open, fake_send, fake_close};

static void fake_on_event(struct chat *chat, const struct event *event, void *data)
{
	struct fake_event *copy = &fake.events[fake.n_events % FAKE_EVENTS];

	(void)chat;
	(void)data;
	fake.n_events++;
	fake_event_copy(copy, event);
}

static void fake_on_closed(void *data)
{
	(void)data;
	fake.closed = true;
}

static void fake_hear_bytes(const char *bytes, size_t len)
{
	if (fake.open) {
		fake.options.on_message(fake.x->ws, bytes, len, fake.options.data);
	}
}

static ATTR_UNUSED void fake_hear(const char *xml)
{
	fake_hear_bytes(xml, strlen(xml));
}

/* The WebSocket ends. */
static ATTR_UNUSED void fake_drop(enum err_kind kind, const char *why)
{
	struct err err = {0};

	(void)err_set(&err, kind, "%s", why);
	fake.open = false;
	fake.options.on_closed(fake.x->ws, &err, fake.options.data);
}

static ATTR_UNUSED void fake_start(const char *room)
{
	struct xmpp_options options = {.url = "wss://chat.example/ws",
				       .jid = "sluice@chat.example"};
	struct chat_join join = {.workspace = "chat.example", .channel = room};
	struct err err = {0};

	memset(&fake, 0, sizeof(fake));
	strbuf_init(&fake.out, 1 << 22);
	fake.loop = loop_new_virtual(1800000000000);
	options.password = secret_from_text("pencil");
	fake.chat = xmpp_new(fake.loop, &options, &fake_wire, &err);
	assert(fake.chat != NULL);
	fake.x = CONTAINER_OF(fake.chat, struct xmpp, chat);
	fake.chat->sink = (struct chat_sink){.event = fake_on_event,
					     .link = fake_on_link,
					     .place_lost = fake_on_lost,
					     .data = &fake.told};
	fake.chat->ops->start(fake.chat, &join, room != NULL ? 1 : 0);
}

/* As if the login had gone well: up to the features after it. */
static ATTR_UNUSED void fake_login(void)
{
	loop_advance(fake.loop, 61000);
	assert(fake.open);
	fake.options.on_open(fake.x->ws, fake.options.data);
	fake_hear("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='chat.example'/>");
	fake.x->phase = PHASE_REOPEN;
	fake_hear("<stream:features xmlns:stream='http://etherx.jabber.org/streams'>"
		  "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm "
		  "xmlns='urn:xmpp:sm:3'/></stream:features>");
}

/* After fake_login: bound and counting. */
static ATTR_UNUSED void fake_bind(void)
{
	char iq[512];

	(void)snprintf(iq, sizeof(iq),
		       "<iq xmlns='jabber:client' type='result' id='%s'><bind "
		       "xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>sluice@chat.example/r</jid></"
		       "bind></iq>",
		       fake.x->bind_id);
	fake_hear(iq);
	fake_hear("<enabled xmlns='urn:xmpp:sm:3' id='session-1' resume='true'/>");
}

/* The id attribute of the last stanza sent that holds `what`. */
static ATTR_UNUSED const char *fake_id_of(const char *what)
{
	static char id[64];
	const char *at = NULL;

	for (const char *s = fake.out.buf; (s = strstr(s, what)) != NULL; s++) {
		at = s;
	}
	id[0] = '\0';
	if (at != NULL) {
		while (at > fake.out.buf && at[-1] != '\n') {
			at--;
		}
		at = strstr(at, " id='");
		if (at != NULL) {
			(void)snprintf(id, sizeof(id), "%.*s", (int)strcspn(at + 5, "'"), at + 5);
		}
	}
	return id;
}

static ATTR_UNUSED void fake_room_answers(const char *feature)
{
	char iq[512];

	(void)snprintf(iq, sizeof(iq),
		       "<iq xmlns='jabber:client' type='result' from='" FAKE_ROOM
		       "' id='%s'><query xmlns='http://jabber.org/protocol/disco#info'>"
		       "<feature var='%s'/></query></iq>",
		       fake_id_of("disco#info"), feature);
	fake_hear(iq);
}

static ATTR_UNUSED void fake_occupant(const char *nick, const char *jid, const char *statuses)
{
	char presence[1024];

	(void)snprintf(presence, sizeof(presence),
		       "<presence xmlns='jabber:client' from='" FAKE_ROOM
		       "/%s'><x xmlns='http://jabber.org/protocol/muc#user'><item jid='%s' "
		       "role='participant' affiliation='none'/>%s</x></presence>",
		       nick, jid, statuses);
	fake_hear(presence);
}

/* From nothing to live in the room, with bob in it. */
static ATTR_UNUSED void fake_up(void)
{
	fake_start(FAKE_ROOM);
	fake_login();
	fake_bind();
	fake_room_answers("muc_nonanonymous");
	fake_occupant("bob", "bob@chat.example/phone", "");
	fake_occupant("sluice", "sluice@chat.example/r",
		      "<status code='100'/><status code='110'/>");
}

static ATTR_UNUSED void fake_end(void)
{
	fake.chat->ops->close(fake.chat, fake_on_closed, NULL);
	loop_advance(fake.loop, 10);
	if (fake.open) {
		fake_drop(ERR_REMOTE, "closed");
	}
	loop_advance(fake.loop, 10);
	assert(fake.closed);
	loop_free(fake.loop);
	strbuf_done(&fake.out);
}

#endif
