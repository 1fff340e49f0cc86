/* test_slack_lines.c - Slack's connections in virtual time: phases, refresh without a gap, back-off, others on our token */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "tests/unit/adapters/slack_fake.h"

#define MENTION(envelope, event_id, ts)                                                         \
	"{\"type\":\"events_api\",\"envelope_id\":\"" envelope                                  \
	"\",\"payload\":{\"type\":\"event_callback\",\"team_id\":\"T01ACME00\",\"event_id\":"   \
	"\"" event_id "\",\"event\":{\"type\":\"app_mention\",\"user\":\"U01BOB000\",\"team\":" \
	"\"T01ACME00\",\"channel\":\"C01OPS000\",\"ts\":\"" ts                                  \
	"\",\"text\":\"<@U0BOT> reboot web-1\"}}}"

static bool waits_for_line(void)
{
	return fake_call("apps.connections.open") != NULL;
}

/* How many ms until the adapter asks for the next connection; -1: not within `most`. */
static int64_t until_asked(int64_t most_ms)
{
	for (int64_t ms = 0; ms <= most_ms; ms += 50) {
		if (waits_for_line()) {
			return ms;
		}
		loop_advance(fake.loop, 50);
	}
	return -1;
}

static void tokens_go_where_they_belong(void **state)
{
	(void)state;
	fake_start_lines(NULL, 1);
	assert_string_equal(fake_call("auth.test")->auth, "Bearer xoxb-sim-1");
	assert_true(fake_answer("auth.test", FAKE_WHO));
	loop_advance(fake.loop, 1);
	assert_string_equal(fake_call("apps.connections.open")->auth, "Bearer xapp-1-A0SIM-1-sim");
	assert_non_null(fake_ws_opens());
	assert_int_equal(fake.told.n_links, 0); /* not before its hello */
	fake_hello(fake_last(), 1);
	assert_int_equal(fake.told.link, CHAT_UP);
	fake_end();
}

static void no_hello_is_noticed(void **state)
{
	struct fake_ws *ws;

	(void)state;
	fake_start_lines(NULL, 1);
	assert_true(fake_answer("auth.test", FAKE_WHO));
	loop_advance(fake.loop, 1);
	ws = fake_ws_opens();
	loop_advance(fake.loop, 7900);
	assert_false(ws->closing);
	loop_advance(fake.loop, 200);
	assert_true(ws->closing);
	fake_ends();
	assert_int_equal(fake.told.link, CHAT_DOWN);
	assert_non_null(strstr(fake.told.why, "hello"));
	assert_in_range(until_asked(2000), 0, 1200);
	assert_non_null(fake_ws_opens());
	assert_string_not_equal(fake_last()->url, ws->url); /* an address is good for once */
	fake_end();
}

/* Each phase has its deadline: an address that does not come, and a WebSocket that does not open. */
static void what_does_not_come_is_left(void **state)
{
	struct fake_ws *ws;
	size_t n;

	(void)state;
	fake_start_lines(NULL, 1);
	assert_true(fake_answer("auth.test", FAKE_WHO));
	loop_advance(fake.loop, 1);
	assert_true(waits_for_line());
	n = fake.n_calls;
	loop_advance(fake.loop, 11900);
	assert_int_equal(fake.n_calls, n);
	loop_advance(fake.loop, 2000);
	assert_int_equal(fake.n_calls, n + 1); /* another one, and the first is forgotten */
	assert_true(fake_answer("apps.connections.open",
				"{\"ok\":true,\"url\":\"wss://x.example/link/?t=9\"}"));
	ws = fake_last();
	loop_advance(fake.loop, 11900);
	assert_false(ws->closing);
	loop_advance(fake.loop, 200);
	assert_true(ws->closing);
	assert_false(waits_for_line());
	fake_ends();
	assert_in_range(until_asked(3000), 0, 2200);
	fake_end();
}

/* Sooner than Slack's own client leaves a silent Slack (10.7 s), and more than its 5 s for a pong: who is stricter leaves healthy ones. */
static void a_silent_one_is_left_within_10_s(void **state)
{
	const struct ws_options *options;

	(void)state;
	options = &fake_up()->options;
	assert_in_range(options->ping_ms + options->pong_ms, 1, 9500);
	assert_true(options->pong_ms > 5000);
	fake_end();
}

static void refresh_leaves_no_gap(void **state)
{
	struct fake_ws *a, *b;

	(void)state;
	a = fake_up();
	loop_advance(fake.loop, 61000);
	fake_hear(a, "{\"type\":\"disconnect\",\"reason\":\"refresh_requested\"}");
	loop_advance(fake.loop, 1);
	assert_true(waits_for_line()); /* at once */
	assert_false(a->closing);
	fake_hear(a, MENTION("e-1", "Ev1", "1799999999.000100"));
	assert_string_equal(a->out.buf, "{\"envelope_id\":\"e-1\"}\n");
	b = fake_ws_opens();
	loop_advance(fake.loop, 5100);
	assert_false(a->closing); /* b has not said hello */
	fake_hello(b, 2);
	loop_advance(fake.loop, 4900);
	assert_false(a->closing);
	fake_hear(a, MENTION("e-2", "Ev2", "1799999999.000200"));
	assert_non_null(strstr(a->out.buf, "e-2"));
	loop_advance(fake.loop, 200);
	assert_true(a->closing);
	fake_ends();
	assert_int_equal(fake.n_events, 2);
	assert_int_equal(fake.told.n_links, 1); /* up, and never down */
	loop_advance(fake.loop, 5000);
	assert_false(waits_for_line());
	fake_end();
}

static void a_cut_after_the_warning_is_no_gap_either(void **state)
{
	struct fake_ws *a;

	(void)state;
	a = fake_up();
	loop_advance(fake.loop, 61000);
	fake_hear(a, "{\"type\":\"disconnect\",\"reason\":\"warning\"}");
	loop_advance(fake.loop, 1);
	fake_hello(fake_ws_opens(), 2);
	fake_drop(a, ERR_NETWORK, "cut");
	assert_int_equal(fake.told.n_links, 1);
	loop_advance(fake.loop, 3000);
	assert_false(waits_for_line());
	fake_end();
}

/* The new one dies before the old one has left: the old one stays, for as long as Slack lets it. */
static void the_old_one_stays_until_a_new_one_lives(void **state)
{
	struct fake_ws *a, *b;

	(void)state;
	a = fake_up();
	loop_advance(fake.loop, 61000);
	fake_hear(a, "{\"type\":\"disconnect\",\"reason\":\"refresh_requested\"}");
	loop_advance(fake.loop, 1);
	b = fake_ws_opens();
	fake_hello(b, 2);
	loop_advance(fake.loop, 2000);
	fake_drop(b, ERR_NETWORK, "reset");
	loop_advance(fake.loop, 9000); /* longer than the handover that had begun */
	assert_false(a->closing);
	fake_hear(a, MENTION("e-1", "Ev1", "1799999999.000100"));
	assert_string_equal(a->out.buf, "{\"envelope_id\":\"e-1\"}\n");
	fake_hello(fake_ws_opens(), 2);
	loop_advance(fake.loop, 5100);
	assert_true(a->closing);
	fake_ends();
	assert_int_equal(fake.told.n_links, 1);
	fake_end();
}

/* Slack warns, and then says once more that it means it: no reason to close before another one hears. */
static void told_twice_is_no_gap_either(void **state)
{
	struct fake_ws *a, *b;

	(void)state;
	a = fake_up();
	loop_advance(fake.loop, 61000);
	fake_hear(a, "{\"type\":\"disconnect\",\"reason\":\"warning\"}");
	loop_advance(fake.loop, 1);
	b = fake_ws_opens();
	fake_hear(a, "{\"type\":\"disconnect\",\"reason\":\"refresh_requested\"}");
	assert_false(a->closing);
	fake_hear(a, MENTION("e-1", "Ev1", "1799999999.000100"));
	assert_string_equal(a->out.buf, "{\"envelope_id\":\"e-1\"}\n");
	fake_hello(b, 2);
	fake_hear(a, "{\"type\":\"disconnect\",\"reason\":\"refresh_requested\"}");
	loop_advance(fake.loop, 4900);
	assert_false(a->closing);
	loop_advance(fake.loop, 200);
	assert_true(a->closing);
	fake_ends();
	assert_int_equal(fake.told.n_links, 1);
	loop_advance(fake.loop, 5000);
	assert_false(waits_for_line());
	fake_end();
}

/* Slack gives no address for half an hour, and does not end the old one either: it hears. */
static void the_old_one_hears_for_as_long_as_it_must(void **state)
{
	struct fake_ws *a;
	size_t n;

	(void)state;
	a = fake_up();
	loop_advance(fake.loop, 61000);
	fake_hear(a, "{\"type\":\"disconnect\",\"reason\":\"warning\"}");
	n = fake.n_calls;
	for (int i = 0; i < 1800; i++) {
		loop_advance(fake.loop,
			     1000); /* each is given up after 12 s, the next after up to 60 */
		assert_false(a->closing);
	}
	assert_in_range(fake.n_calls - n, 25, 150);
	fake_hear(a, MENTION("e-1", "Ev1", "1799999999.000100"));
	assert_string_equal(a->out.buf, "{\"envelope_id\":\"e-1\"}\n");
	assert_int_equal(fake.told.n_links, 1);
	assert_true(until_asked(62000) >= 0);
	fake_hello(fake_ws_opens(), 2);
	loop_advance(fake.loop, 5100);
	assert_true(a->closing);
	fake_end();
}

/* A server that sends away whoever comes is not run against. */
static void a_life_too_short_is_a_failure(void **state)
{
	int64_t waited = 0;

	(void)state;
	(void)fake_up();
	for (int i = 0; i < 12; i++) {
		int64_t ms;

		fake_drop(fake_last(), ERR_NETWORK, "reset");
		ms = until_asked(70000);
		assert_in_range(ms, 0, 61000);
		waited += ms;
		fake_hello(fake_ws_opens(), 1);
		loop_advance(fake.loop, 1000);
	}
	assert_true(waited > 20000); /* a hello alone does not forget the failures */
	loop_advance(fake.loop, 61000);
	fake_drop(fake_last(), ERR_NETWORK, "reset");
	assert_in_range(until_asked(2000), 0, 100); /* a minute of life does */
	fake_end();
}

static void too_many_is_patience(void **state)
{
	int64_t least = 5000; /* twice as long each time, to five minutes */

	(void)state;
	fake_start_lines(NULL, 1);
	assert_true(fake_answer("auth.test", FAKE_WHO));
	loop_advance(fake.loop, 1);
	for (int i = 0; i < 14; i++) {
		struct fake_ws *ws = fake_ws_opens();
		int64_t ms;

		fake_hear(ws, "{\"type\":\"disconnect\",\"reason\":\"too_many_websockets\"}");
		assert_true(ws->closing);
		fake_ends();
		ms = until_asked(310000);
		assert_in_range(ms, least - 1, 300200);
		least = 2 * least < 300000 ? 2 * least : 300000;
	}
	assert_int_equal(fake.n_notices, 1);
	assert_non_null(strstr(fake.notice, "ten are open"));
	fake_end();
}

static void patience_is_kept_as_slack_says(void **state)
{
	int64_t ms;

	(void)state;
	fake_start_lines(NULL, 1);
	assert_true(fake_answer("auth.test", FAKE_WHO));
	loop_advance(fake.loop, 1);
	assert_true(fake_status("apps.connections.open", 429, 7));
	ms = until_asked(20000);
	assert_in_range(ms, 7000, 7100);
	assert_true(fake_status("apps.connections.open", 503, -1));
	assert_in_range(until_asked(20000), 0, 2200);
	fake_end();
}

static void refused(const char *method, const char *code, const char *sentence)
{
	char body[200];

	fake_start_lines(NULL, 1);
	if (strcmp(method, "auth.test") != 0) {
		assert_true(fake_answer("auth.test", FAKE_WHO));
		loop_advance(fake.loop, 1);
	}
	(void)snprintf(body, sizeof(body), "{\"ok\":false,\"error\":\"%s\",\"needed\":\"x:y\"}",
		       code);
	assert_true(fake_answer(method, body));
	assert_int_equal(fake.told.link, CHAT_REFUSED);
	assert_non_null(strstr(fake.told.why, sentence));
	loop_advance(fake.loop, 600000);
	assert_false(waits_for_line());
	assert_null(fake_call("auth.test"));
	fake_end();
}

static void what_needs_a_person_stops(void **state)
{
	static const struct {
		const char *code, *sentence;
	} rows[] = {
		{"invalid_auth", "Slack does not know the token; make a new one"},
		{"not_authed", "give it again"},
		{"account_inactive", "install it again"},
		{"user_removed_from_team", "install the app again"},
		{"team_disabled", "the workspace is disabled"},
		{"token_revoked", "install the app again"},
		{"token_expired", "give a new one"},
		{"not_allowed_token_type", "the app token begins with xapp-"},
		{"missing_scope", "\"x:y\""},
		{"forbidden_team", "may not be used in this workspace"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		refused("auth.test", rows[i].code, "the Slack bot token: ");
		refused("auth.test", rows[i].code, rows[i].sentence);
		refused("apps.connections.open", rows[i].code, "the Slack app token: ");
		refused("apps.connections.open", rows[i].code, rows[i].sentence);
	}
}

static void another_workspace_is_refused(void **state)
{
	(void)state;
	fake_start_lines(NULL, 1);
	assert_true(fake_answer("auth.test", "{\"ok\":true,\"team_id\":\"T0OTHER\","
					     "\"user_id\":\"U0BOT\",\"bot_id\":\"B0BOT\"}"));
	assert_int_equal(fake.told.link, CHAT_REFUSED);
	assert_non_null(strstr(fake.told.why, "T0OTHER"));
	fake_end();
}

static void socket_mode_turned_off_is_refused(void **state)
{
	struct fake_ws *ws;

	(void)state;
	ws = fake_up();
	fake_hear(ws, "{\"type\":\"disconnect\",\"reason\":\"link_disabled\"}");
	assert_int_equal(fake.told.link, CHAT_REFUSED);
	assert_true(ws->closing);
	fake_end();
}

static void what_happened(const char *event)
{
	char json[600];

	(void)snprintf(json, sizeof(json),
		       "{\"type\":\"events_api\",\"envelope_id\":\"h\",\"payload\":{\"type\":"
		       "\"event_callback\",\"team_id\":\"T01ACME00\",\"event\":{%s}}}",
		       event);
	fake_hear(fake_last(), json);
}

/* Slack tells that the app is gone, or that the bot's token is: it stops; other people's tokens are not ours. */
static void what_was_taken_from_us_is_refused(void **state)
{
	static const struct {
		const char *event, *sentence;
	} rows[] = {
		{"\"type\":\"app_uninstalled\"", "the app was removed"},
		{"\"type\":\"tokens_revoked\",\"tokens\":{\"oauth\":[],\"bot\":[\"U0BOT\"]}",
		 "the Slack bot token was revoked"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fake_ws *ws = fake_up();

		what_happened("\"type\":\"tokens_revoked\",\"tokens\":{\"oauth\":[\"U0BOT\"],"
			      "\"bot\":[\"U0OTHER\"]}");
		what_happened("\"type\":\"tokens_revoked\"");
		assert_int_equal(fake.told.link, CHAT_UP);
		what_happened(rows[i].event);
		assert_int_equal(fake.told.link, CHAT_REFUSED);
		assert_non_null(strstr(fake.told.why, rows[i].sentence));
		assert_true(ws->closing);
		fake_end();
	}
}

/* What Slack may call a reason one day is no reason to be deaf; a hello without a count accuses nobody. */
static void what_is_new_to_us_does_no_harm(void **state)
{
	static const char *const words[] = {"\"reason\":\"surprise\"", "\"reason\":7", "\"x\":1"};

	(void)state;
	(void)fake_up();
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct fake_ws *a = fake_last();
		char json[100];

		loop_advance(fake.loop, 61000);
		(void)snprintf(json, sizeof(json), "{\"type\":\"disconnect\",%s}", words[i]);
		fake_hear(a, json);
		loop_advance(fake.loop, 1);
		assert_false(a->closing);
		fake_hear(fake_ws_opens(), "{\"type\":\"hello\"}");
		loop_advance(fake.loop, 5100);
		assert_true(a->closing);
		fake_ends();
		assert_int_equal(fake.told.n_links, 1);
		assert_int_equal(fake.n_notices, 0);
	}
	fake_end();
}

static void two_warm_connections(void **state)
{
	(void)state;
	(void)fake_up_lines(NULL, 2);
	assert_int_equal(fake.n_ws, 2);
	loop_advance(fake.loop, 61000);
	fake_drop(&fake.ws[0], ERR_NETWORK, "reset");
	assert_int_equal(fake.told.n_links, 1); /* the other one hears */
	loop_advance(fake.loop, 1);
	fake_hello(fake_ws_opens(), 2);
	loop_advance(fake.loop, 200000);
	assert_false(waits_for_line());
	fake_end();
}

static void others_on_our_token_are_told_once(void **state)
{
	(void)state;
	fake_start_lines(NULL, 1);
	assert_true(fake_answer("auth.test", FAKE_WHO));
	loop_advance(fake.loop, 1);
	fake_hello(fake_ws_opens(), 2); /* it may be the ghost of a process that died */
	assert_int_equal(fake.n_notices, 0);
	loop_advance(fake.loop, 119000);
	assert_false(waits_for_line());
	loop_advance(fake.loop, 1100);
	fake_hello(fake_ws_opens(), 3); /* two are ours */
	assert_int_equal(fake.n_notices, 1);
	assert_non_null(strstr(fake.notice, "Another process"));
	loop_advance(fake.loop, 5100);
	assert_true(fake.ws[0].closing); /* one was enough */
	fake_ends();
	assert_int_equal(fake.told.n_links, 1);
	fake_end();
}

static void a_ghost_that_went_is_not_told(void **state)
{
	(void)state;
	fake_start_lines(NULL, 1);
	assert_true(fake_answer("auth.test", FAKE_WHO));
	loop_advance(fake.loop, 1);
	fake_hello(fake_ws_opens(), 2);
	loop_advance(fake.loop, 121000);
	fake_hello(fake_ws_opens(), 2);
	assert_int_equal(fake.n_notices, 0);
	fake_end();
}

/* A line that drops is counted by Slack for some time: two drops in a row are no other process. */
static void ghosts_of_our_own_are_not_told(void **state)
{
	(void)state;
	(void)fake_up();
	for (int n = 2; n <= 4; n++) {
		fake_drop(fake_last(), ERR_NETWORK, "reset");
		assert_true(until_asked(20000) >= 0);
		fake_hello(fake_ws_opens(), n); /* one is ours */
		loop_advance(fake.loop, 2000);
		assert_int_equal(fake.n_notices, 0);
	}
	assert_true(until_asked(120000) >= 0);
	fake_hello(fake_ws_opens(), 2); /* the ghosts are gone */
	assert_int_equal(fake.n_notices, 0);
	fake_end();
}

/* Another process comes while ours is up, and stays: whatever drops meanwhile, it is told at the second look. */
static void others_are_told_beside_ghosts_too(void **state)
{
	(void)state;
	(void)fake_up();
	fake_drop(fake_last(), ERR_NETWORK, "reset");
	assert_true(until_asked(20000) >= 0);
	fake_hello(fake_ws_opens(), 3);
	loop_advance(fake.loop, 30000);
	fake_drop(fake_last(), ERR_NETWORK, "reset");
	assert_true(until_asked(20000) >= 0);
	fake_hello(fake_ws_opens(), 4);
	assert_int_equal(fake.n_notices, 0);
	assert_true(until_asked(120000) >= 0);
	fake_hello(fake_ws_opens(), 3); /* two are ours */
	assert_int_equal(fake.n_notices, 1);
	fake_end();
}

/* ---- acknowledgements -------------------------------------------------------------------------------- */

static void a_change_is_acknowledged_when_it_is_kept(void **state)
{
	struct fake_ws *ws;

	(void)state;
	ws = fake_up();
	fake.hold = true;
	fake_hear(ws, MENTION("e-1", "Ev1", "1799999999.000100"));
	assert_int_equal(fake.n_events, 1);
	assert_int_equal(ws->out.len, 0);
	fake_hear(ws, MENTION("e-9", "Ev1", "1799999999.000100")); /* again, before it is */
	assert_int_equal(fake.n_events, 1);
	assert_int_equal(ws->out.len, 0);
	fake.chat->ops->settled(fake.chat, fake.events[0].id, true);
	assert_string_equal(ws->out.buf, "{\"envelope_id\":\"e-1\"}\n{\"envelope_id\":\"e-9\"}\n");
	fake_hear(ws, MENTION("e-2", "Ev2", "1799999999.000200"));
	fake.chat->ops->settled(fake.chat, fake.events[1].id, false);
	assert_null(strstr(ws->out.buf, "e-2")); /* not kept: Slack brings it again */
	fake_hear(ws, MENTION("e-2", "Ev2", "1799999999.000200"));
	assert_int_equal(fake.n_events, 3);
	fake_end();
}

static void an_acknowledgement_finds_another_way(void **state)
{
	struct fake_ws *a, *b;

	(void)state;
	a = fake_up();
	fake.hold = true;
	fake_hear(a, MENTION("e-1", "Ev1", "1799999999.000100"));
	fake_drop(a, ERR_NETWORK, "reset");
	fake.chat->ops->settled(fake.chat, fake.events[0].id, true); /* no connection: nothing */
	assert_true(until_asked(3000) >= 0);
	b = fake_ws_opens();
	fake_hello(b, 1);
	fake_hear(b, MENTION("e-2", "Ev2", "1799999999.000200"));
	loop_advance(fake.loop, 61000);
	fake_hear(b, "{\"type\":\"disconnect\",\"reason\":\"warning\"}");
	loop_advance(fake.loop, 1);
	a = fake_ws_opens();
	fake_hello(a, 2);
	fake_drop(b, ERR_NETWORK, "cut");
	fake.chat->ops->settled(fake.chat, fake.events[1].id, true);
	assert_string_equal(a->out.buf, "{\"envelope_id\":\"e-2\"}\n");
	fake_end();
}

static void what_starts_nothing_is_acknowledged_at_once(void **state)
{
	struct fake_ws *ws;

	(void)state;
	ws = fake_up();
	fake.hold = true;
	fake_hear(ws, "{\"type\":\"events_api\",\"envelope_id\":\"r-1\",\"payload\":{\"type\":"
		      "\"app_rate_limited\",\"team_id\":\"T01ACME00\"}}");
	fake_hear(ws, "{\"type\":\"interactive\",\"envelope_id\":\"v-1\",\"payload\":{\"type\":"
		      "\"view_closed\"}}");
	fake_hear(ws, "{\"type\":\"surprise\",\"envelope_id\":\"s-1\"}");
	fake_hear(ws, "no json");
	fake_hear(ws, "[1]");
	fake_hear(ws, "{\"type\":\"events_api\"}");
	assert_int_equal(fake.n_events, 0);
	assert_string_equal(ws->out.buf, "{\"envelope_id\":\"r-1\"}\n{\"envelope_id\":\"v-1\"}\n"
					 "{\"envelope_id\":\"s-1\"}\n");
	fake_end();
}

/* ---- settings ------------------------------------------------------------------------------------------ */

static void open_fails(const char *app, const char *bot, const char *url, const char *team,
		       const char *sentence)
{
	struct slack_options options = {.api_url = url, .workspace = team};
	struct err err = {0};

	options.app_token = secret_from_text(app);
	options.bot_token = secret_from_text(bot);
	assert_null(slack_adapter_new(fake.loop, &options, &fake_wire, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_non_null(strstr(err.msg, sentence));
	assert_null(strstr(err.msg, "SECRET"));
}

static void wrong_settings_have_their_sentence(void **state)
{
	(void)state;
	fake_start_lines(NULL, 1);
	open_fails("xoxb-SECRET", "xapp-SECRET", NULL, "T01ACME00", "mixed up");
	open_fails("xapp-SECRET", "xoxp-SECRET", NULL, "T01ACME00", "--slack-bot-token wants");
	open_fails("xapp-SECRET", "xoxb-SECRET", "http://slack.com/api", "T01ACME00", "https://");
	open_fails("xapp-SECRET", "xoxb-SECRET", "http://127.0.0.1.evil/api", "T01ACME00",
		   "https://");
	open_fails("xapp-SECRET", "xoxb-SECRET", NULL, NULL, "workspaces");
	fake_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_go_where_they_belong),
		cmocka_unit_test(no_hello_is_noticed),
		cmocka_unit_test(what_does_not_come_is_left),
		cmocka_unit_test(a_silent_one_is_left_within_10_s),
		cmocka_unit_test(refresh_leaves_no_gap),
		cmocka_unit_test(a_cut_after_the_warning_is_no_gap_either),
		cmocka_unit_test(the_old_one_stays_until_a_new_one_lives),
		cmocka_unit_test(told_twice_is_no_gap_either),
		cmocka_unit_test(the_old_one_hears_for_as_long_as_it_must),
		cmocka_unit_test(a_life_too_short_is_a_failure),
		cmocka_unit_test(too_many_is_patience),
		cmocka_unit_test(patience_is_kept_as_slack_says),
		cmocka_unit_test(what_needs_a_person_stops),
		cmocka_unit_test(another_workspace_is_refused),
		cmocka_unit_test(socket_mode_turned_off_is_refused),
		cmocka_unit_test(what_was_taken_from_us_is_refused),
		cmocka_unit_test(what_is_new_to_us_does_no_harm),
		cmocka_unit_test(two_warm_connections),
		cmocka_unit_test(others_on_our_token_are_told_once),
		cmocka_unit_test(a_ghost_that_went_is_not_told),
		cmocka_unit_test(ghosts_of_our_own_are_not_told),
		cmocka_unit_test(others_are_told_beside_ghosts_too),
		cmocka_unit_test(a_change_is_acknowledged_when_it_is_kept),
		cmocka_unit_test(an_acknowledgement_finds_another_way),
		cmocka_unit_test(what_starts_nothing_is_acknowledged_at_once),
		cmocka_unit_test(wrong_settings_have_their_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
