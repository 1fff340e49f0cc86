/* test_xmpp_session.c - the adapter in virtual time: connecting, rooms, events, posts, drops */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/clock.h"
#include "chat/build.h"
#include "tests/unit/adapters/xmpp_fake.h"

#define SAID_BY(nick, id, inner)                                                                \
	"<message xmlns='jabber:client' type='groupchat' from='" FAKE_ROOM "/" nick "' id='" id \
	"'>" inner "</message>"
#define TOLD_BY(who, id, inner)                                                              \
	"<message xmlns='jabber:client' type='chat' from='" who "/phone' id='" id "'>" inner \
	"</message>"

static struct fake_event *last_event(void)
{
	assert_true(fake.n_events > 0);
	return &fake.events[(fake.n_events - 1) % FAKE_EVENTS];
}

static bool sent(const char *what)
{
	return strstr(fake.out.buf, what) != NULL;
}

/* ---- posts ------------------------------------------------------------------------------------ */

static void post(struct fake_post *posted, const char *channel, bool direct, const char *text,
		 const char *replaces, bool buttons)
{
	struct arena arena = {0};
	struct build build;
	const char *key = posted->post.key;
	bool again = posted->post.again;

	memset(posted, 0, sizeof(*posted));
	posted->post.key = key;
	posted->post.again = again;
	build_init(&build, &arena, TONE_PLAIN);
	build_line(&build, "%s", text);
	if (buttons) {
		build_button(&build, "yes-id", "Reboot", BUTTON_DANGER);
		build_button(&build, "no-id", "Cancel", BUTTON_PLAIN);
	}
	posted->post.place = (struct chat_place){.network = "xmpp",
						 .workspace = "chat.example",
						 .channel = channel,
						 .direct = direct};
	posted->post.message = build_end(&build);
	posted->post.replaces = replaces;
	posted->post.done = fake_post_done;
	posted->post.data = posted;
	fake.chat->ops->post(fake.chat, &posted->post);
	assert_int_equal(posted->n_done, 0); /* never before post returns */
	arena_done(&arena);
}

static void reflect(const char *id, const char *stanza_id)
{
	char xml[512];

	(void)snprintf(xml, sizeof(xml),
		       SAID_BY("sluice", "%s",
			       "<body>x</body><stanza-id xmlns='urn:xmpp:sid:0' by='" FAKE_ROOM
			       "' id='%s'/>"),
		       id, stanza_id);
	fake_hear(xml);
}

static void test_up(void **state)
{
	(void)state;
	fake_up();
	assert_int_equal(fake.link, CHAT_UP);
	assert_int_equal(fake.n_links, 1);
	assert_true(sent("<history maxstanzas='0'/>"));
	assert_int_equal(fake.n_lost, 0);
	fake_end();
}

static void test_room_event(void **state)
{
	(void)state;
	fake_up();
	fake_hear(SAID_BY("bob", "m1", "<body>sluice, reboot web-1</body>"));
	assert_string_equal(last_event()->text, "reboot web-1");
	assert_true(last_event()->addressed);
	assert_string_equal(last_event()->user, "bob@chat.example");
	assert_string_equal(last_event()->channel, FAKE_ROOM);
	assert_false(last_event()->direct);
	fake_hear(SAID_BY("bob", "m2", "<body>@Sluice status</body>"));
	assert_string_equal(last_event()->text, "status");
	assert_true(last_event()->addressed);
	fake_hear(SAID_BY("bob", "m3", "<body>sluices are wet</body>"));
	assert_string_equal(last_event()->text, "sluices are wet");
	assert_false(last_event()->addressed);
	fake_end();
}

static void test_same_delivery_same_id(void **state)
{
	char first[256];

	(void)state;
	fake_up();
	fake_hear(SAID_BY("bob", "m1", "<body>a</body>"));
	(void)snprintf(first, sizeof(first), "%s", last_event()->id);
	fake_hear(SAID_BY("bob", "m1", "<body>a</body>"));
	assert_string_equal(first, last_event()->id);
	fake_occupant("eve", "eve@chat.example/x", "");
	fake_hear(SAID_BY("eve", "m1", "<body>a</body>"));
	assert_string_not_equal(first, last_event()->id);
	/* a stanza-id counts only when the room gave it */
	fake_hear(SAID_BY(
		"bob", "m2",
		"<body>a</body><stanza-id xmlns='urn:xmpp:sid:0' by='bob@chat.example' id='m1'/>"));
	assert_string_not_equal(first, last_event()->id);
	fake_end();
}

static void test_not_said(void **state)
{
	static const char *const quiet[] = {
		SAID_BY("nobody", "1", "<body>reboot web-1</body>"), /* no real address */
		SAID_BY("sluice", "1", "<body>reboot web-1</body>"),
		SAID_BY("twin", "1",
			"<body>reboot web-1</body>"), /* our own account's other session */
		SAID_BY("bob", "1", "<subject>reboot web-1</subject>"),
		SAID_BY("bob", "1",
			"<body>reboot web-1</body><delay xmlns='urn:xmpp:delay' "
			"stamp='2026-01-01T00:00:00Z'/>"),
		SAID_BY("bob", "1",
			"<body>reboot web-1</body><x xmlns='jabber:x:delay' "
			"stamp='20260101T00:00:00'/>"),
		"<message xmlns='jabber:client' type='groupchat' from='" FAKE_ROOM
		"'><body>reboot web-1</body></message>",
		"<message xmlns='jabber:client' type='groupchat' "
		"from='other@rooms.example/bob'><body>reboot "
		"web-1</body></message>",
		"<message xmlns='jabber:client' type='chat' from='" FAKE_ROOM
		"/bob'><body>reboot web-1</body></message>",
		"<message xmlns='jabber:client' type='headline' "
		"from='bob@chat.example/x'><body>reboot web-1</body>"
		"</message>",
		"<message xmlns='jabber:client' type='chat' "
		"from='sluice@chat.example/x'><body>reboot web-1</body>"
		"</message>",
		"<message xmlns='jabber:client' type='chat'><body>reboot web-1</body></message>",
		"<message xmlns='jabber:client' type='chat' from='chat.example'><body>reboot "
		"web-1</body></message>",
		"<message xmlns='jabber:client' from='sluice@chat.example'><received "
		"xmlns='urn:xmpp:carbons:2'>"
		"<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' "
		"from='bob@chat.example/x' "
		"type='chat'><body>reboot web-1</body></message></forwarded></received></message>",
		"<message xmlns='jabber:client' from='bob@chat.example/x'><result "
		"xmlns='urn:xmpp:mam:2'/>"
		"<body>reboot web-1</body></message>",
		TOLD_BY("bob@chat.example", "1",
			"<body>reboot</body><encryption xmlns='urn:xmpp:eme:0' namespace='x'/>"),
		"<presence xmlns='jabber:client' type='subscribe' from='eve@chat.example'/>",
		"<message xmlns='urn:other' type='chat' from='bob@chat.example/x'><body>reboot "
		"web-1</body></message>",
	};

	(void)state;
	fake_up();
	fake_occupant("twin", "sluice@chat.example/other", "");
	for (size_t i = 0; i < ARRAY_LEN(quiet); i++) {
		fake_hear(quiet[i]);
		if (fake.n_events != 0) {
			fail_msg("became an event: %s", quiet[i]);
		}
	}
	assert_int_equal(fake.link, CHAT_UP);
	assert_true(fake.open);
	/* the room is all right: what bob says now is heard */
	fake_hear(SAID_BY("bob", "2", "<body>hello</body>"));
	assert_int_equal(fake.n_events, 1);
	fake_end();
}

static void test_edit_is_marked(void **state)
{
	(void)state;
	fake_up();
	fake_hear(SAID_BY(
		"bob", "2",
		"<body>reboot web-1</body><replace xmlns='urn:xmpp:message-correct:0' id='1'/>"));
	assert_int_equal(fake.n_events, 1);
	assert_true(last_event()->edited);
	fake_end();
}

static void test_too_long(void **state)
{
	struct strbuf xml;

	(void)state;
	fake_up();
	strbuf_init(&xml, 1 << 16);
	(void)strbuf_adds(
		&xml,
		"<message xmlns='jabber:client' type='chat' from='bob@chat.example/x'><body>");
	(void)strbuf_repeat(&xml, 'x', CHAT_TEXT_MAX + 1);
	(void)strbuf_adds(&xml, "</body></message>");
	fake_hear(xml.buf);
	strbuf_done(&xml);
	assert_int_equal(fake.n_events, 0);
	assert_true(sent("Too long: I read at most 4096 bytes"));
	fake_end();
}

/* A nick says nothing: who it is may change hands. */
static void test_nick_changes_hands(void **state)
{
	(void)state;
	fake_up();
	fake_hear("<presence xmlns='jabber:client' type='unavailable' from='" FAKE_ROOM
		  "/bob'><x xmlns='http://jabber.org/protocol/muc#user'><item nick='robert' "
		  "jid='bob@chat.example/phone'/><status code='303'/></x></presence>");
	fake_hear(SAID_BY("bob", "1", "<body>reboot</body>"));
	assert_int_equal(fake.n_events, 0);
	fake_occupant("bob", "eve@chat.example/x", "");
	fake_occupant("robert", "Bob@Chat.Example/phone", "");
	fake_hear(SAID_BY("bob", "2", "<body>reboot</body>"));
	assert_string_equal(last_event()->user, "eve@chat.example");
	fake_hear(SAID_BY("robert", "3", "<body>reboot</body>"));
	assert_string_equal(last_event()->user, "bob@chat.example");
	/* a presence without the real address takes it away */
	fake_hear("<presence xmlns='jabber:client' from='" FAKE_ROOM
		  "/robert'><x xmlns='http://jabber.org/protocol/muc#user'><item "
		  "role='participant'/></x></presence>");
	fake_hear(SAID_BY("robert", "4", "<body>reboot</body>"));
	assert_int_equal(fake.n_events, 2);
	fake_end();
}

static void test_hiding_room(void **state)
{
	(void)state;
	fake_start(FAKE_ROOM);
	fake_login();
	fake_bind();
	fake_room_answers("muc_semianonymous");
	fake_occupant("sluice", "sluice@chat.example/r", "<status code='110'/>");
	assert_int_equal(fake.n_lost, 1);
	assert_non_null(strstr(fake.lost, "hides who speaks"));
	assert_true(sent("type='unavailable' to='" FAKE_ROOM "/sluice'"));
	assert_int_equal(fake.link, CHAT_UP); /* direct messages work */
	fake_hear(SAID_BY("bob", "1", "<body>reboot</body>"));
	assert_int_equal(fake.n_events, 0);
	/* it is asked again, but not walked into */
	strbuf_reset(&fake.out);
	loop_advance(fake.loop, 61000);
	assert_true(sent("disco#info"));
	fake_room_answers("muc_semianonymous");
	assert_false(sent("<history"));
	loop_advance(fake.loop, 61000);
	fake_room_answers("muc_nonanonymous");
	assert_true(sent("<history"));
	fake_occupant("sluice", "sluice@chat.example/r",
		      "<status code='100'/><status code='110'/>");
	assert_int_equal(fake.n_lost, 1);
	fake_occupant("bob", "bob@chat.example/phone", "");
	fake_hear(SAID_BY("bob", "2", "<body>hello</body>"));
	assert_int_equal(fake.n_events, 1);
	/* and it begins to hide while we are in */
	fake_hear("<message xmlns='jabber:client' type='groupchat' from='" FAKE_ROOM
		  "'><x xmlns='http://jabber.org/protocol/muc#user'><status "
		  "code='173'/></x></message>");
	assert_int_equal(fake.n_lost, 2);
	fake_hear(SAID_BY("bob", "3", "<body>hello</body>"));
	assert_int_equal(fake.n_events, 1);
	fake_end();
}

static size_t sent_to(const char *what, const char *room)
{
	char text[200];
	size_t n = 0;

	(void)snprintf(text, sizeof(text), "to='%s%s", room, what);
	for (const char *at = fake.out.buf; (at = strstr(at, text)) != NULL; at++) {
		n++;
	}
	return n;
}

#define ASKED "'><query xmlns='http://jabber.org/protocol/disco#info'"
#define LEFT "/sluice'/>" /* no other stanza to a nick ends so */

static void test_rejoin(void **state)
{
	static const char dev[] = "dev@rooms.example";
	const struct chat_join both[] = {{"chat.example", FAKE_ROOM},
					 {"chat.example", dev},
					 {"elsewhere", "x@rooms.example"}};
	size_t before;

	(void)state;
	fake_up();
	before = sent_to(ASKED, FAKE_ROOM);
	/* one more: it is asked for, the old one is not touched */
	fake.chat->ops->rejoin(fake.chat, both, 3);
	assert_int_equal(sent_to(ASKED, dev), 1);
	assert_int_equal(sent_to(ASKED, "x@rooms.example"), 0);
	assert_int_equal(sent_to(ASKED, FAKE_ROOM), before);
	assert_int_equal(sent_to(LEFT, FAKE_ROOM), 0);
	/* the same again: nothing */
	fake.chat->ops->rejoin(fake.chat, both, 2);
	assert_int_equal(sent_to(ASKED, dev), 1);
	/* one less: it is left, what is said there is none of ours any more, and nobody is told that it is lost */
	fake.chat->ops->rejoin(fake.chat, both + 1, 1);
	assert_int_equal(sent_to(LEFT, FAKE_ROOM), 1);
	assert_int_equal(sent_to(LEFT, dev), 0);
	fake_hear("<message xmlns='jabber:client' type='groupchat' id='m1' from='" FAKE_ROOM
		  "/bob'><body>sluice: list</body></message>");
	assert_int_equal(fake.n_events, 0);
	assert_int_equal(fake.n_lost, 0);
	/* all of them, and back */
	fake.chat->ops->rejoin(fake.chat, NULL, 0);
	fake.chat->ops->rejoin(fake.chat, both, 1);
	assert_int_equal(sent_to(ASKED, FAKE_ROOM), before + 1);
	fake_end();
}

static void test_rejoin_while_down(void **state)
{
	static const char dev[] = "dev@rooms.example";
	const struct chat_join join = {"chat.example", dev};

	(void)state;
	fake_up();
	fake_drop(ERR_NETWORK, "gone");
	fake.chat->ops->rejoin(fake.chat, &join, 1);
	assert_int_equal(sent_to(LEFT, FAKE_ROOM), 0);
	fake_login();
	fake_hear("<resumed xmlns='urn:xmpp:sm:3' previd='session-1' h='3'/>");
	assert_int_equal(fake.link, CHAT_UP);
	assert_int_equal(sent_to(LEFT, FAKE_ROOM), 1);
	assert_int_equal(sent_to(ASKED, dev), 1);
	fake_end();
}

static void test_no_such_room(void **state)
{
	char iq[512];

	(void)state;
	fake_start(FAKE_ROOM);
	fake_login();
	fake_bind();
	(void)snprintf(iq, sizeof(iq),
		       "<iq xmlns='jabber:client' type='error' from='" FAKE_ROOM
		       "' id='%s'><error type='cancel'><item-not-found "
		       "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
		       fake_id_of("disco#info"));
	fake_hear(iq);
	assert_string_equal(fake.lost, "there is no such room");
	assert_false(sent("<history"));
	assert_int_equal(fake.link, CHAT_UP);
	fake_end();
}

static void test_nick_conflict(void **state)
{
	(void)state;
	fake_start(FAKE_ROOM);
	fake_login();
	fake_bind();
	fake_room_answers("muc_nonanonymous");
	fake_hear("<presence xmlns='jabber:client' type='error' from='" FAKE_ROOM
		  "/sluice'><error type='cancel'><conflict "
		  "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>");
	assert_true(sent("to='" FAKE_ROOM "/sluice_'><x"));
	fake_occupant("sluice_", "sluice@chat.example/r",
		      "<status code='100'/><status code='110'/>");
	assert_int_equal(fake.link, CHAT_UP);
	fake_occupant("bob", "bob@chat.example/phone", "");
	fake_hear(SAID_BY("bob", "1", "<body>sluice_: help</body>"));
	assert_string_equal(last_event()->text, "help");
	assert_true(last_event()->addressed);
	fake_end();
}

static void test_silent_room(void **state)
{
	(void)state;
	fake_start(FAKE_ROOM);
	fake_login();
	fake_bind();
	loop_advance(fake.loop, 10500);
	assert_int_equal(fake.link, CHAT_UP); /* it keeps nobody waiting */
	loop_advance(fake.loop, 5500);
	assert_string_equal(fake.lost, "this room does not answer");
	fake_end();
}

static void test_post_in_room(void **state)
{
	struct fake_post posted = {0};
	char id[64];

	(void)state;
	fake_up();
	post(&posted, FAKE_ROOM, false, "Rebooting <web-1> & more", NULL, false);
	assert_true(sent("Rebooting &lt;web-1&gt; &amp; more</body>"));
	(void)snprintf(id, sizeof(id), "%s", fake_id_of("Rebooting"));
	fake_hear("<a xmlns='urn:xmpp:sm:3' h='3'/>");
	fake_hear("<a xmlns='urn:xmpp:sm:3' h='4'/>");
	assert_int_equal(posted.n_done, 0); /* the server has it, the room may still refuse it */
	reflect(id, "room-1");
	assert_int_equal(posted.n_done, 1);
	assert_int_equal(posted.kind, ERR_NONE);
	assert_string_equal(posted.post.ret_id, id);
	assert_int_equal(fake.n_events, 0);

	post(&posted, FAKE_ROOM, false, "Rebooted", id, false);
	assert_string_not_equal(fake_id_of("Rebooted"), id);
	assert_true(sent("<replace xmlns='urn:xmpp:message-correct:0' id='sl-"));
	reflect(fake_id_of("Rebooted"), "room-2");
	assert_int_equal(posted.n_done, 1);
	assert_string_equal(posted.post.ret_id, id); /* edits keep the first id */
	fake_end();
}

/* The key is the id; what an earlier process may have posted under it is corrected, not posted twice. */
static void test_post_key(void **state)
{
	struct fake_post posted = {0};

	(void)state;
	fake_up();
	posted.post.key = "c-gf6jmvag";
	post(&posted, FAKE_ROOM, false, "Rebooting", NULL, false);
	assert_string_equal(fake_id_of("Rebooting"), "c-gf6jmvag");
	assert_false(sent("urn:xmpp:message-correct:0"));
	reflect("c-gf6jmvag", "room-1");
	assert_string_equal(posted.post.ret_id, "c-gf6jmvag");

	posted.post.again = true;
	post(&posted, FAKE_ROOM, false, "Rebooted", NULL, false);
	assert_string_not_equal(fake_id_of("Rebooted"), "c-gf6jmvag");
	assert_true(sent("<replace xmlns='urn:xmpp:message-correct:0' id='c-gf6jmvag'/>"));
	reflect(fake_id_of("Rebooted"), "room-2");
	assert_int_equal(posted.n_done, 1);
	assert_string_equal(posted.post.ret_id, "c-gf6jmvag");
	fake_end();
}

static void test_post_refused(void **state)
{
	struct fake_post posted = {0};
	char xml[512];

	(void)state;
	fake_up();
	post(&posted, "other@rooms.example", false, "x", NULL, false);
	loop_advance(fake.loop, 1);
	assert_int_equal(posted.kind, ERR_NOTFOUND);
	post(&posted, FAKE_ROOM, false, "hear me", NULL, false);
	(void)snprintf(xml, sizeof(xml),
		       "<message xmlns='jabber:client' type='error' from='" FAKE_ROOM
		       "' id='%s'><error type='auth'><forbidden "
		       "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
		       fake_id_of("hear me"));
	fake_hear(xml);
	assert_int_equal(posted.n_done, 1);
	assert_int_equal(posted.kind, ERR_REMOTE);
	assert_string_equal(posted.msg, "this room does not let me speak");
	post(&posted, FAKE_ROOM, false, "anybody?", NULL, false);
	loop_advance(fake.loop, 20001);
	assert_int_equal(posted.n_done, 1);
	assert_int_equal(posted.kind, ERR_UNKNOWN);
	fake_end();
}

static void test_post_direct(void **state)
{
	struct fake_post posted = {0};
	uint32_t seq;
	char xml[64];

	(void)state;
	fake_up();
	seq = fake.x->sm.out;
	post(&posted, "bob@chat.example", true, "hi", NULL, false);
	assert_true(sent("to='bob@chat.example' type='chat'"));
	(void)snprintf(xml, sizeof(xml), "<a xmlns='urn:xmpp:sm:3' h='%u'/>", seq);
	fake_hear(xml);
	assert_int_equal(posted.n_done, 0);
	(void)snprintf(xml, sizeof(xml), "<a xmlns='urn:xmpp:sm:3' h='%u'/>", seq + 1);
	fake_hear(xml);
	assert_int_equal(posted.n_done, 1);
	assert_int_equal(posted.kind, ERR_NONE);
	fake_end();
}

static void test_buttons(void **state)
{
	struct fake_post posted = {0};
	char id[64];
	const char *const one = "<reaction>1\xef\xb8\x8f\xe2\x83\xa3</reaction>";
	char xml[600];

	(void)state;
	fake_up();
	post(&posted, FAKE_ROOM, false, "Reboot?", NULL, true);
	(void)snprintf(id, sizeof(id), "%s", fake_id_of("Reboot?"));
	reflect(id, "room-1");
	assert_true(sent("<reactions xmlns='urn:xmpp:reactions:0' id='room-1'>"));
	(void)snprintf(
		xml, sizeof(xml),
		SAID_BY("bob", "r1",
			"<reactions xmlns='urn:xmpp:reactions:0' id='room-1'>%s</reactions>"),
		one);
	fake_hear(xml);
	assert_int_equal(last_event()->kind, EVENT_PRESS);
	assert_string_equal(last_event()->button, "yes-id");
	assert_string_equal(last_event()->message, id);
	assert_string_equal(last_event()->user, "bob@chat.example");
	fake_hear(xml); /* the same set again presses nothing */
	assert_int_equal(fake.n_events, 1);
	/* in another place the same id names nothing */
	(void)snprintf(xml, sizeof(xml),
		       TOLD_BY("eve@chat.example", "r1",
			       "<reactions xmlns='urn:xmpp:reactions:0' id='%s'>%s</reactions>"),
		       id, one);
	fake_hear(xml);
	assert_int_equal(fake.n_events, 1);
	fake_hear(SAID_BY("bob", "m2", "<body>2</body>"));
	assert_int_equal(fake.n_events, 2);
	assert_string_equal(last_event()->button, "no-id");
	fake_hear(SAID_BY("bob", "m3", "<body>3</body>")); /* no third button: only a word */
	assert_int_equal(last_event()->kind, EVENT_TEXT);
	/* without buttons nothing is left to press */
	post(&posted, FAKE_ROOM, false, "Done.", id, false);
	reflect(fake_id_of("Done."), "room-2");
	assert_true(sent("id='room-1'></reactions>"));
	fake_hear(SAID_BY("bob", "m4", "<body>1</body>"));
	assert_int_equal(last_event()->kind, EVENT_TEXT);
	fake_end();
}

static void test_two_questions(void **state)
{
	struct fake_post a = {0}, b = {0};

	(void)state;
	fake_up();
	post(&a, FAKE_ROOM, false, "First?", NULL, true);
	post(&b, FAKE_ROOM, false, "Second?", NULL, true);
	fake_hear(SAID_BY("bob", "m1", "<body>1</body>"));
	assert_int_equal(fake.n_events, 0);
	assert_true(sent("More than one question"));
	fake_end();
	assert_int_equal(a.kind, ERR_CANCELED);
	assert_int_equal(b.n_done, 1);
}

static void test_resume(void **state)
{
	struct fake_post posted = {0};
	char id[64];

	(void)state;
	fake_up();
	fake_hear("<a xmlns='urn:xmpp:sm:3' h='3'/>");
	post(&posted, FAKE_ROOM, false, "halfway", NULL, false);
	(void)snprintf(id, sizeof(id), "%s", fake_id_of("halfway"));
	fake_drop(ERR_NETWORK, "the cable is out");
	assert_int_equal(fake.link, CHAT_DOWN);
	assert_int_equal(posted.n_done, 0); /* it may still arrive */
	strbuf_reset(&fake.out);
	loop_advance(fake.loop, 2000);
	assert_int_equal(fake.opens, 2);
	fake.options.on_open(fake.x->ws, fake.options.data);
	fake.x->phase = PHASE_REOPEN;
	fake_hear(
		"<features xmlns='http://etherx.jabber.org/streams'><bind "
		"xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/></features>");
	/* disco answer, two presences: three stanzas were handled */
	assert_true(sent("<resume xmlns='urn:xmpp:sm:3' h='3' previd='session-1'/>"));
	fake_hear("<resumed xmlns='urn:xmpp:sm:3' h='3' previd='session-1'/>");
	assert_int_equal(fake.link, CHAT_UP);
	assert_true(sent("halfway</body>"));
	reflect(id, "room-1");
	assert_int_equal(posted.kind, ERR_NONE);
	assert_int_equal(posted.n_done, 1);
	/* we are still in the room, and what our server kept meanwhile counts */
	fake_hear(SAID_BY("bob", "m9",
			  "<body>hello</body><delay xmlns='urn:xmpp:delay' from='chat.example' "
			  "stamp='2020-01-01T00:00:00Z'/>"));
	assert_int_equal(fake.n_events, 0);
	{
		char stamp[CLOCK_TEXT_SIZE];
		char xml[512];

		(void)snprintf(xml, sizeof(xml),
			       SAID_BY("bob", "m10",
				       "<body>hello</body><delay xmlns='urn:xmpp:delay' "
				       "from='chat.example' "
				       "stamp='%s'/>"),
			       clock_format(clock_wall_ms() - 3000, stamp, sizeof(stamp)));
		fake_hear(xml);
		assert_int_equal(fake.n_events, 1);
		assert_true(clock_wall_ms() - last_event()->sent_ms >= 3000);
	}
	fake_end();
}

static void test_resume_fails(void **state)
{
	struct fake_post posted = {0};

	(void)state;
	fake_up();
	post(&posted, FAKE_ROOM, false, "halfway", NULL, false);
	fake_drop(ERR_NETWORK, "the cable is out");
	loop_advance(fake.loop, 2000);
	fake.options.on_open(fake.x->ws, fake.options.data);
	fake.x->phase = PHASE_REOPEN;
	fake_hear(
		"<features xmlns='http://etherx.jabber.org/streams'><bind "
		"xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/></features>");
	strbuf_reset(&fake.out);
	fake_hear("<failed xmlns='urn:xmpp:sm:3'><item-not-found "
		  "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>");
	assert_int_equal(posted.n_done, 1);
	assert_int_equal(posted.kind, ERR_UNKNOWN);
	assert_true(sent("<bind"));
	fake_bind();
	fake_room_answers("muc_nonanonymous");
	assert_true(sent("<history maxstanzas='0'/>"));
	fake_occupant("sluice", "sluice@chat.example/r",
		      "<status code='100'/><status code='110'/>");
	assert_int_equal(fake.link, CHAT_UP);
	/* who was there before is not known any more */
	fake_hear(SAID_BY("bob", "m1", "<body>hello</body>"));
	assert_int_equal(fake.n_events, 0);
	fake_end();
}

static void test_wrong_count(void **state)
{
	struct fake_post posted = {0};

	(void)state;
	fake_up();
	post(&posted, FAKE_ROOM, false, "x", NULL, false);
	fake_hear("<a xmlns='urn:xmpp:sm:3' h='4000000000'/>");
	assert_int_equal(fake.closes, 1);
	fake_drop(ERR_REMOTE, "closed");
	assert_int_equal(posted.kind, ERR_UNKNOWN);
	assert_int_equal(fake.link, CHAT_DOWN);
	fake_end();
}

static void test_no_answer_to_r(void **state)
{
	struct fake_post posted = {0};

	(void)state;
	fake_up();
	post(&posted, "bob@chat.example", true, "x", NULL, false);
	loop_advance(fake.loop, 20001);
	assert_int_equal(fake.closes, 1);
	assert_int_equal(posted.kind, ERR_UNKNOWN);
	fake_end();
}

static void test_broken_xml(void **state)
{
	(void)state;
	fake_up();
	fake_hear("<message xmlns='jabber:client'><body>");
	assert_int_equal(fake.closes, 1);
	fake_hear(SAID_BY("bob", "1", "<body>hello</body>")); /* too late */
	assert_int_equal(fake.n_events, 0);
	fake_drop(ERR_REMOTE, "closed");
	assert_non_null(strstr(fake.why, "XML is broken"));
	fake_end();
}

static void test_phases_have_deadlines(void **state)
{
	(void)state;
	fake_start(NULL);
	loop_advance(fake.loop, 1);
	assert_int_equal(fake.opens, 1);
	fake.options.on_open(fake.x->ws, fake.options.data);
	loop_advance(fake.loop, 10001);
	assert_int_equal(fake.closes, 1);
	fake_drop(ERR_REMOTE, "closed");
	assert_string_equal(fake.why, "the XMPP server did not answer in time: a greeting");
	loop_advance(fake.loop, 5000);
	assert_int_equal(fake.opens, 2);
	fake_end();
}

static void test_backoff_grows(void **state)
{
	int64_t last = 0;
	int64_t longest = 0;

	(void)state;
	fake_start(NULL);
	for (int i = 0; i < 12; i++) {
		while (!fake.open) {
			loop_advance(fake.loop, 50);
		}
		longest = clock_mono_ms() - last > longest && last > 0 ? clock_mono_ms() - last
								       : longest;
		last = clock_mono_ms();
		fake_drop(ERR_NETWORK, "refused");
	}
	assert_true(longest > 2000);
	assert_true(longest <= 60200);
	fake_end();
}

static void test_no_plain(void **state)
{
	(void)state;
	fake_start(NULL);
	loop_advance(fake.loop, 1);
	fake.options.on_open(fake.x->ws, fake.options.data);
	fake_hear("<features xmlns='http://etherx.jabber.org/streams'><mechanisms "
		  "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</"
		  "mechanism><mechanism>ANONYMOUS</"
		  "mechanism></mechanisms></features>");
	assert_false(sent("<auth"));
	assert_int_equal(fake.closes, 1);
	fake_drop(ERR_REMOTE, "closed");
	assert_non_null(strstr(fake.why, "PLAIN is never used"));
	fake_end();
}

static void test_wrong_password(void **state)
{
	(void)state;
	fake_start(NULL);
	loop_advance(fake.loop, 1);
	fake.options.on_open(fake.x->ws, fake.options.data);
	fake_hear("<features xmlns='http://etherx.jabber.org/streams'><mechanisms "
		  "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-256</mechanism></"
		  "mechanisms></"
		  "features>");
	loop_advance(fake.loop, 1);
	assert_true(sent("mechanism='SCRAM-SHA-256'>"));
	/* success without proof is no success */
	fake_hear("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>");
	fake_drop(ERR_REMOTE, "closed");
	assert_int_equal(fake.link, CHAT_REFUSED);
	assert_string_equal(
		fake.why, "the XMPP server does not let 'sluice@chat.example' in: not-authorized");
	loop_advance(fake.loop, 3600000);
	assert_int_equal(fake.opens, 1);
	fake_end();
}

static void test_unproven_server(void **state)
{
	(void)state;
	fake_start(NULL);
	loop_advance(fake.loop, 1);
	fake.options.on_open(fake.x->ws, fake.options.data);
	fake_hear("<features xmlns='http://etherx.jabber.org/streams'><mechanisms "
		  "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism></"
		  "mechanisms></"
		  "features>");
	loop_advance(fake.loop, 1);
	fake_hear("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
	assert_int_equal(fake.closes, 1);
	fake_drop(ERR_REMOTE, "closed");
	assert_non_null(strstr(fake.why, "did not prove"));
	assert_int_equal(fake.link, CHAT_DOWN);
	fake_end();
}

static void test_post_while_down(void **state)
{
	struct fake_post posted = {0};

	(void)state;
	fake_start(FAKE_ROOM);
	post(&posted, FAKE_ROOM, false, "x", NULL, false);
	loop_advance(fake.loop, 1);
	assert_int_equal(posted.n_done, 1);
	assert_int_equal(posted.kind, ERR_NETWORK);
	fake_end();
}

static void test_questions(void **state)
{
	(void)state;
	fake_up();
	fake_hear("<iq xmlns='jabber:client' type='get' id='p1' from='chat.example'><ping "
		  "xmlns='urn:xmpp:ping'/></iq>");
	assert_true(
		sent("<iq xmlns='jabber:client' type='result' id='p1' to='chat.example'></iq>"));
	fake_hear("<iq xmlns='jabber:client' type='set' id='p2' from='eve@x.example/&apos;'><query "
		  "xmlns='jabber:iq:roster'/></iq>");
	assert_true(sent("type='error' id='p2' to='eve@x.example/&apos;'><error "
			 "type='cancel'><service-unavailable"));
	fake_end();
}

/* Whatever the options, the reason is said and nothing is opened. */
static void test_options(void **state)
{
	static const struct {
		const char *url, *jid, *why;
	} rows[] = {
		{"ws://chat.example/ws", "a@b", "must begin with wss://"},
		{"ws://127.0.0.1.evil.example/", "a@b", "must begin with wss://"},
		{"wss://chat.example/ws", "chat.example", "no address like"},
		{"wss://chat.example/ws", "a@b/c", "no address like"},
		{"wss://chat.example/ws", "", "no address like"},
		{NULL, "a@b", "must begin with wss://"},
	};
	struct loop *loop = loop_new_virtual(0);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = {0};
		struct xmpp_options options = {
			.url = rows[i].url, .jid = rows[i].jid, .password = secret_from_text("x")};

		assert_null(xmpp_new(loop, &options, &fake_wire, &err));
		assert_int_equal(err.kind, ERR_CONFIG);
		assert_non_null(strstr(err.msg, rows[i].why));
	}
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_up),
		cmocka_unit_test(test_room_event),
		cmocka_unit_test(test_same_delivery_same_id),
		cmocka_unit_test(test_not_said),
		cmocka_unit_test(test_edit_is_marked),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_nick_changes_hands),
		cmocka_unit_test(test_hiding_room),
		cmocka_unit_test(test_rejoin),
		cmocka_unit_test(test_rejoin_while_down),
		cmocka_unit_test(test_no_such_room),
		cmocka_unit_test(test_nick_conflict),
		cmocka_unit_test(test_silent_room),
		cmocka_unit_test(test_post_in_room),
		cmocka_unit_test(test_post_key),
		cmocka_unit_test(test_post_refused),
		cmocka_unit_test(test_post_direct),
		cmocka_unit_test(test_buttons),
		cmocka_unit_test(test_two_questions),
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_resume_fails),
		cmocka_unit_test(test_wrong_count),
		cmocka_unit_test(test_no_answer_to_r),
		cmocka_unit_test(test_broken_xml),
		cmocka_unit_test(test_phases_have_deadlines),
		cmocka_unit_test(test_backoff_grows),
		cmocka_unit_test(test_no_plain),
		cmocka_unit_test(test_wrong_password),
		cmocka_unit_test(test_unproven_server),
		cmocka_unit_test(test_post_while_down),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
