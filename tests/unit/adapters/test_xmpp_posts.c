/* test_xmpp_posts.c - posts, edits and buttons, and what becomes of them */
#include "xmpp_said.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_post_in_room),    cmocka_unit_test(test_post_key),
		cmocka_unit_test(test_post_refused),    cmocka_unit_test(test_post_direct),
		cmocka_unit_test(test_buttons),         cmocka_unit_test(test_two_questions),
		cmocka_unit_test(test_post_while_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
