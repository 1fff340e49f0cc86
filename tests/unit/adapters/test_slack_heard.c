/* test_slack_heard.c - what is said in Slack to events: identity, words, and what never commands */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "adapters/slack/words.h"
#include "tests/unit/adapters/slack_fake.h"

/* ---- words ------------------------------------------------------------------------------------------ */

static void words(const char *slack, const char *plain, bool addressed)
{
	struct strbuf out;
	bool is;

	strbuf_init(&out, 4096);
	words_from_slack(slack, "U0BOT", &out, &is);
	assert_string_equal(out.buf, plain);
	assert_int_equal(is, addressed);
	strbuf_done(&out);
}

static void text_is_unescaped_once(void **state)
{
	(void)state;
	words("a &amp; b &lt;c&gt;", "a & b <c>", false);
	words("&amp;lt;!channel&amp;gt;", "&lt;!channel&gt;", false);
	words("&amp;amp;", "&amp;", false);
	words("&nbsp; & &am", "&nbsp; & &am", false);
	words("<@U0BOT> reboot web-1", "reboot web-1", true);
	words("  <@U0BOT|sluice>:  reboot web-1 \n", "reboot web-1", true);
	words("<@U0BOT>", "", true);
	words("please <@U0BOT> stop", "please @U0BOT stop", false);
	words("<@U0BOTX> reboot", "@U0BOTX reboot", false);
	words("ask <@U01ANA000|bob>", "ask @U01ANA000", false); /* a label is not believed */
	words("in <#C01OPS000|general>", "in #C01OPS000", false);
	words("<!channel> <!here|here> <!subteam^S01SUPPRT|@x>", "@channel @here @S01SUPPRT",
	      false);
	words("status <http://web-1.acme.example|web-1.acme.example>", "status web-1.acme.example",
	      false);
	words("see <https://a.example/?x=1&amp;y=2>", "see https://a.example/?x=1&y=2", false);
	words("<mailto:ana@acme.example|ana@acme.example>", "ana@acme.example", false);
	words("<!date^1392734382^{date}|Feb 18>", "Feb 18", false);
	words("a < b and <unclosed", "a < b and <unclosed", false);
	words("<>", "<>", false);
	words("", "", false);
}

static void text_out_is_escaped(void **state)
{
	struct strbuf out;

	(void)state;
	strbuf_init(&out, 4096);
	words_to_slack("<!channel> & <@U1> \xe2\x82\xac", &out);
	assert_string_equal(out.buf, "&lt;!channel&gt; &amp; &lt;@U1&gt; \xe2\x82\xac");
	strbuf_done(&out);
}

/* ---- events ------------------------------------------------------------------------------------------ */

static struct fake_event *last_event(void)
{
	assert_true(fake.n_events > 0);
	return &fake.events[(fake.n_events - 1) % FAKE_EVENTS];
}

/* The event's object without its braces; more: of the payload, begins with a comma. */
static void happens(const char *event, const char *more)
{
	static int n;
	char json[4096];

	(void)snprintf(json, sizeof(json),
		       "{\"type\":\"events_api\",\"envelope_id\":\"e-%d\",\"payload\":{\"type\":"
		       "\"event_callback\",\"team_id\":\"T01ACME00\",\"event_id\":\"Ev%d\"%s,"
		       "\"event\":{%s}}}",
		       n, n, more, event);
	n++;
	fake_hear(fake_last(), json);
}

#define SAID                                                                           \
	"\"type\":\"message\",\"channel_type\":\"channel\",\"channel\":\"C01OPS000\"," \
	"\"user\":\"U01BOB000\",\"team\":\"T01ACME00\",\"ts\":\"1800000000.000100\","  \
	"\"text\":\"!droplet reboot web-1\""

static void a_message_is_an_event(void **state)
{
	struct fake_event *e;

	(void)state;
	happens(SAID, "");
	e = last_event();
	assert_int_equal(e->kind, EVENT_TEXT);
	assert_string_equal(e->text, "!droplet reboot web-1");
	assert_string_equal(e->channel, "C01OPS000");
	assert_string_equal(e->user, "U01BOB000");
	assert_string_equal(e->home, "T01ACME00");
	assert_string_equal(e->message, "1800000000.000100");
	assert_string_equal(e->thread, "");
	assert_int_equal(e->sent_ms, 1800000000000);
	assert_false(e->addressed || e->edited || e->by_bot || e->direct);
}

/* Slack tells of a mention twice: as a mention and as a message. */
static void a_mention_is_one_event_however_told(void **state)
{
	char first[256];

	(void)state;
	happens("\"type\":\"app_mention\",\"channel\":\"C01OPS000\",\"user\":\"U01BOB000\","
		"\"team\":"
		"\"T01ACME00\",\"ts\":\"1800000000.000300\",\"text\":\"<@U0BOT> status\"",
		"");
	assert_true(last_event()->addressed);
	assert_string_equal(last_event()->text, "status");
	fake_copy(first, sizeof(first), last_event()->id);
	happens("\"type\":\"message\",\"channel\":\"C01OPS000\",\"user\":\"U01BOB000\",\"team\":"
		"\"T01ACME00\",\"ts\":\"1800000000.000300\",\"text\":\"<@U0BOT> status\"",
		"");
	assert_string_equal(last_event()->id, first);
	assert_true(last_event()->addressed);
}

static void a_direct_message_is_of_its_person(void **state)
{
	(void)state;
	happens("\"type\":\"message\",\"channel_type\":\"im\",\"channel\":\"D01BOB000\",\"user\":"
		"\"U01BOB000\",\"team\":\"T01ACME00\",\"ts\":\"1800000000.000400\",\"thread_ts\":"
		"\"1800000000.000001\",\"text\":\"status\"",
		"");
	assert_true(last_event()->direct);
	assert_string_equal(last_event()->channel, "U01BOB000");
	assert_string_equal(last_event()->message, "D01BOB000:1800000000.000400");
	assert_string_equal(last_event()->thread, "1800000000.000001");
}

static void never_commands(const char *event)
{
	size_t before = fake.n_events;

	happens(event, "");
	if (fake.n_events > before) {
		assert_true(last_event()->by_bot || last_event()->edited);
	}
	assert_non_null(strstr(fake_last()->out.buf, "envelope_id")); /* and is acknowledged */
	strbuf_reset(&fake_last()->out);
}

static void bots_edits_and_shares_never_command(void **state)
{
	(void)state;
	never_commands(SAID ",\"bot_id\":\"B0OTHER\"");
	never_commands(SAID ",\"bot_profile\":{\"id\":\"B1\"}");
	never_commands(SAID ",\"edited\":{\"user\":\"U01BOB000\",\"ts\":\"1800000001.000000\"}");
	never_commands(SAID ",\"subtype\":\"bot_message\"");
	never_commands(SAID ",\"subtype\":\"message_changed\"");
	never_commands(SAID ",\"subtype\":\"message_deleted\"");
	never_commands(SAID ",\"subtype\":\"thread_broadcast\"");
	never_commands(SAID ",\"attachments\":[{\"is_share\":true,\"text\":\"reboot web-1\"}]");
	never_commands(SAID ",\"attachments\":[{\"is_msg_unfurl\":true}]");
	never_commands("\"type\":\"app_mention\",\"channel\":\"C01OPS000\",\"user\":\"U0BOT\","
		       "\"team\":\"T01ACME00\",\"ts\":\"1.2\",\"text\":\"<@U0BOT> status\"");
	assert_true(fake.n_events > 3);
}

/* Whoever is at home elsewhere is nobody whom the policy knows. */
static void outsiders_keep_their_home(void **state)
{
	(void)state;
	happens(SAID ",\"user_team\":\"T0EVIL\"", ",\"is_ext_shared_channel\":true");
	assert_string_equal(last_event()->home, "T0EVIL");
	happens(SAID ",\"source_team\":\"T0EVIL\"", "");
	assert_string_equal(last_event()->home, "T0EVIL");
	happens("\"type\":\"message\",\"channel\":\"C01OPS000\",\"user\":\"U01BOB000\",\"ts\":"
		"\"1800000000.000500\",\"text\":\"!status\"",
		",\"is_ext_shared_channel\":true");
	assert_string_not_equal(last_event()->home, "T01ACME00");
	happens("\"type\":\"message\",\"channel\":\"C01OPS000\",\"user\":\"U01BOB000\",\"ts\":"
		"\"1800000000.000600\",\"text\":\"!status\"",
		"");
	assert_string_equal(last_event()->home, "T01ACME00");
	happens(SAID ",\"user_team\":\"E0ACME\"", ""); /* our own organization */
	assert_string_equal(last_event()->home, "T01ACME00");
}

static void what_is_broken_is_no_event(void **state)
{
	(void)state;
	happens("\"type\":\"message\",\"channel\":\"#ops\",\"user\":\"U01BOB000\",\"ts\":\"1.2\","
		"\"text\":\"x\"",
		"");
	happens("\"type\":\"message\",\"channel\":\"C01OPS000\",\"user\":\"bob\",\"ts\":\"1.2\","
		"\"text\":\"x\"",
		"");
	happens("\"type\":\"message\",\"channel\":\"C01OPS000\",\"user\":\"U01BOB000\",\"ts\":"
		"\"1.2'\",\"text\":\"x\"",
		"");
	happens("\"type\":\"message\",\"channel\":7,\"user\":null,\"ts\":[],\"text\":{}", "");
	fake_hear(fake_last(),
		  "{\"type\":\"events_api\",\"envelope_id\":\"t\",\"payload\":{\"type\":"
		  "\"event_callback\",\"team_id\":\"T0OTHER\",\"event\":{" SAID "}}}");
	assert_int_equal(fake.n_events, 0);
}

static void too_long_is_said(void **state)
{
	struct strbuf text;

	(void)state;
	strbuf_init(&text, 1 << 16);
	(void)strbuf_adds(&text,
			  "{\"type\":\"events_api\",\"envelope_id\":\"l\",\"payload\":{\"type\":"
			  "\"event_callback\",\"team_id\":\"T01ACME00\",\"event\":{\"type\":"
			  "\"app_mention\",\"channel\":\"C01OPS000\",\"user\":\"U01BOB000\","
			  "\"ts\":\"1800000000.000100\",\"text\":\"<@U0BOT> ");
	(void)strbuf_repeat(&text, 'x', CHAT_TEXT_MAX + 1);
	(void)strbuf_adds(&text, "\"}}}");
	fake_hear(fake_last(), text.buf);
	strbuf_done(&text);
	assert_int_equal(fake.n_events, 0);
	assert_non_null(fake_call("chat.postEphemeral"));
	assert_non_null(strstr(fake_call("chat.postEphemeral")->body, "Nothing ran"));
	assert_non_null(strstr(fake_last()->out.buf, "\"l\""));
}

/* ---- slash commands and buttons ---------------------------------------------------------------------- */

#define SLASH(channel, more)                                                                       \
	"{\"type\":\"slash_commands\",\"envelope_id\":\"s-1\",\"payload\":{\"command\":"           \
	"\"/droplet\",\"channel_id\":\"" channel                                                   \
	"\",\"user_id\":\"U01BOB000\",\"user_name\":\"ana\",\"team_id\":\"T01ACME00\","            \
	"\"trigger_id\":\"13.42.ab\",\"response_url\":\"https://hooks.slack.com/commands/x\"" more \
	"}}"

#define SLASH_FROM(team, enterprise)                                                        \
	"{\"type\":\"slash_commands\",\"envelope_id\":\"s-2\",\"payload\":{\"channel_id\":" \
	"\"C01OPS000\",\"user_id\":\"U01BOB000\",\"team_id\":\"" team                       \
	"\",\"enterprise_id\":\"" enterprise "\",\"trigger_id\":\"1.2.c\",\"text\":\"status\"}}"

static void a_slash_command_is_addressed(void **state)
{
	(void)state;
	fake_hear(fake_last(), SLASH("C01OPS000", ",\"text\":\"reboot web-1\""));
	assert_true(last_event()->addressed);
	assert_string_equal(last_event()->text, "reboot web-1");
	assert_string_equal(last_event()->user, "U01BOB000");
	assert_string_equal(last_event()->message, "");
	fake_hear(fake_last(), SLASH("C01OPS000", ",\"text\":\" \""));
	assert_string_equal(last_event()->text, "help");
	/* of another workspace of our organization, and of somebody else's */
	fake_hear(fake_last(), SLASH_FROM("T0OTHER", "E0ACME"));
	assert_string_equal(last_event()->home, "T01ACME00");
	fake_hear(fake_last(), SLASH_FROM("T0EVIL", "E0EVIL"));
	assert_string_equal(last_event()->home, "E0EVIL");
	/* in a conversation of two people we are not: answered where we are alone with who asked */
	fake_hear(fake_last(), SLASH("D0OTHERS0", ",\"text\":\"status\""));
	assert_true(last_event()->direct);
	assert_string_equal(last_event()->channel, "U01BOB000");
	assert_null(direct_find(fake.s, "U01BOB000"));
}

#define PRESS(user, app, message)                                                              \
	"{\"type\":\"interactive\",\"envelope_id\":\"p-1\",\"payload\":{\"type\":"             \
	"\"block_actions\",\"api_app_id\":\"" app "\",\"user\":" user                          \
	",\"team\":{\"id\":\"T01ACME00\"},\"container\":{\"type\":\"message\",\"message_ts\":" \
	"\"1800000000.000700\",\"thread_ts\":\"1800000000.000600\",\"channel_id\":"            \
	"\"C01OPS000\"},\"message\":" message                                                  \
	",\"actions\":[{\"type\":\"button\",\"action_id\":\"b0\",\"value\":\"yes-id\","        \
	"\"action_ts\":\"1800000005.000000\"}]}}"
#define BOB "{\"id\":\"U01BOB000\",\"team_id\":\"T01ACME00\"}"

static void a_press_is_an_event(void **state)
{
	(void)state;
	fake_hear(fake_last(), PRESS(BOB, "A0SIM", "{\"bot_id\":\"B0BOT\"}"));
	assert_int_equal(last_event()->kind, EVENT_PRESS);
	assert_string_equal(last_event()->button, "yes-id");
	assert_string_equal(last_event()->message, "1800000000.000700");
	assert_string_equal(last_event()->thread, "1800000000.000600");
	assert_string_equal(last_event()->home, "T01ACME00");
	fake_hear(fake_last(),
		  PRESS("{\"id\":\"U01BOB000\",\"team_id\":\"T0EVIL\"}", "A0SIM", "{}"));
	assert_string_equal(last_event()->home, "T0EVIL");
	fake_hear(fake_last(), PRESS("{\"id\":\"U01BOB000\"}", "A0SIM", "{}"));
	assert_string_not_equal(last_event()->home, "T01ACME00"); /* nobody vouches for it */
}

static void buttons_of_others_are_no_event(void **state)
{
	(void)state;
	fake_hear(fake_last(), PRESS(BOB, "A0EVIL", "{}"));
	fake_hear(fake_last(), PRESS(BOB, "A0SIM", "{\"bot_id\":\"B0EVIL\"}"));
	fake_hear(fake_last(), PRESS(BOB, "A0SIM", "{\"app_id\":\"A0EVIL\"}"));
	assert_int_equal(fake.n_events, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_unescaped_once),
		cmocka_unit_test(text_out_is_escaped),
		WITH_FAKE(a_message_is_an_event),
		WITH_FAKE(a_mention_is_one_event_however_told),
		WITH_FAKE(a_direct_message_is_of_its_person),
		WITH_FAKE(bots_edits_and_shares_never_command),
		WITH_FAKE(outsiders_keep_their_home),
		WITH_FAKE(what_is_broken_is_no_event),
		WITH_FAKE(too_long_is_said),
		WITH_FAKE(a_slash_command_is_addressed),
		WITH_FAKE(a_press_is_an_event),
		WITH_FAKE(buttons_of_others_are_no_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
