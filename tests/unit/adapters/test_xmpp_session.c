/* test_xmpp_session.c - the adapter in virtual time: connecting, rooms, events, posts, drops */
#include "xmpp_said.h"

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
	assert_int_equal(fake.told.link, CHAT_DOWN);
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
	assert_int_equal(fake.told.link, CHAT_UP);
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
	assert_int_equal(fake.told.link, CHAT_UP);
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
	assert_int_equal(fake.told.link, CHAT_DOWN);
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
	assert_non_null(strstr(fake.told.why, "XML is broken"));
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
	assert_string_equal(fake.told.why, "the XMPP server did not answer in time: a greeting");
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
	assert_non_null(strstr(fake.told.why, "PLAIN is never used"));
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
	assert_int_equal(fake.told.link, CHAT_REFUSED);
	assert_string_equal(
		fake.told.why,
		"the XMPP server does not let 'sluice@chat.example' in: not-authorized");
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
	assert_non_null(strstr(fake.told.why, "did not prove"));
	assert_int_equal(fake.told.link, CHAT_DOWN);
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
		cmocka_unit_test(test_resume),         cmocka_unit_test(test_resume_fails),
		cmocka_unit_test(test_wrong_count),    cmocka_unit_test(test_no_answer_to_r),
		cmocka_unit_test(test_broken_xml),     cmocka_unit_test(test_phases_have_deadlines),
		cmocka_unit_test(test_backoff_grows),  cmocka_unit_test(test_no_plain),
		cmocka_unit_test(test_wrong_password), cmocka_unit_test(test_unproven_server),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
