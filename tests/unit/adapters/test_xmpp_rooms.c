/* test_xmpp_rooms.c - rooms: who is in them, what is said there and what is not; rooms that hide, are gone or silent */
#include "xmpp_said.h"

static void test_up(void **state)
{
	(void)state;
	fake_up();
	assert_int_equal(fake.told.link, CHAT_UP);
	assert_int_equal(fake.told.n_links, 1);
	assert_true(sent("<history maxstanzas='0'/>"));
	assert_int_equal(fake.told.n_lost, 0);
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
	assert_int_equal(fake.told.link, CHAT_UP);
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
	assert_int_equal(fake.told.n_lost, 1);
	assert_non_null(strstr(fake.told.lost, "hides who speaks"));
	assert_true(sent("type='unavailable' to='" FAKE_ROOM "/sluice'"));
	assert_int_equal(fake.told.link, CHAT_UP); /* direct messages work */
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
	assert_int_equal(fake.told.n_lost, 1);
	fake_occupant("bob", "bob@chat.example/phone", "");
	fake_hear(SAID_BY("bob", "2", "<body>hello</body>"));
	assert_int_equal(fake.n_events, 1);
	/* and it begins to hide while we are in */
	fake_hear("<message xmlns='jabber:client' type='groupchat' from='" FAKE_ROOM
		  "'><x xmlns='http://jabber.org/protocol/muc#user'><status "
		  "code='173'/></x></message>");
	assert_int_equal(fake.told.n_lost, 2);
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
	assert_int_equal(fake.told.n_lost, 0);
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
	assert_int_equal(fake.told.link, CHAT_UP);
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
	assert_string_equal(fake.told.lost, "there is no such room");
	assert_false(sent("<history"));
	assert_int_equal(fake.told.link, CHAT_UP);
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
	assert_int_equal(fake.told.link, CHAT_UP);
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
	assert_int_equal(fake.told.link, CHAT_UP); /* it keeps nobody waiting */
	loop_advance(fake.loop, 5500);
	assert_string_equal(fake.told.lost, "this room does not answer");
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
		cmocka_unit_test(test_questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
