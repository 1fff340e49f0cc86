/* test_app_inbox.c - what Slack may forget only when it is on disk: acknowledged after the commit, and told after a crash */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/app.h"
#include "store/memory.h"
#include "tests/unit/adapters/slack_fake.h"

/* No account at all: a list of droplets never comes, as when DigitalOcean is silent. */
static const char policy_text[] =
	"version: 1\naccounts: {main: {token: \"env:SLUICE_TEST_TOKEN\"}}\n"
	"workspaces: {acme: {slack: T01ACME00}}\npeople: {bob: {acme: U01BOB000}}\n"
	"channels: {ops: {at: acme/C01OPS000, may: everything, droplets: any}}\n"
	"allow: [{name: all, who: bob, may: [\"droplet.list\", \"droplet.show\", "
	"\"droplet.power.*\"], droplets: any}]\n";

#define SAY(envelope, words)                                                                  \
	"{\"type\":\"slash_commands\",\"envelope_id\":\"" envelope                            \
	"\",\"payload\":{\"channel_id\":\"C01OPS000\",\"user_id\":\"U01BOB000\",\"team_id\":" \
	"\"T01ACME00\",\"trigger_id\":\"t-" envelope "\",\"text\":\"" words "\"}}"
#define ROW "inbox/slack/T01ACME00/s|U01BOB000|t-e1"

static struct store *store;
static struct app *app;
static struct fake_ws *ws;

static void start(void)
{
	struct policy_report report = {0};
	struct policy *policy =
		policy_compile("test.yaml", policy_text, strlen(policy_text), &report);
	struct app_parts parts = {.loop = fake.loop,
				  .store = store,
				  .policy = policy,
				  .chats = &fake.chat,
				  .n_chats = 1};
	struct err err = {0};

	assert_non_null(policy);
	app = app_new(&parts);
	policy_unref(policy);
	policy_report_done(&report);
	assert_int_equal(app_start(app, &err), 0);
	loop_advance(fake.loop, 1);
	assert_true(fake_answer("auth.test", FAKE_WHO));
	loop_advance(fake.loop, 1);
	ws = fake_ws_opens();
	fake_hello(ws, 1);
	loop_advance(fake.loop, 10);
}

static int up(void **state)
{
	(void)state;
	fake_new(1);
	store = store_memory_open(fake.loop);
	return 0;
}

static int down(void **state)
{
	(void)state;
	app_close(app, fake_on_closed, NULL);
	loop_advance(fake.loop, 100);
	fake_ends();
	loop_advance(fake.loop, 100);
	assert_true(fake.closed);
	store_close(store);
	fake_free();
	return 0;
}

static int keep_row(const char *rest, const char *value, void *data)
{
	(void)rest;
	(void)snprintf(data, 1024, "%s", value);
	return 0;
}

static const char *row(void)
{
	static char text[1024];
	struct err err = {0};

	text[0] = '\0';
	assert_int_equal(store_each_cursor(store, "inbox/", keep_row, text, &err), 0);
	return text;
}

static bool acked(const char *envelope)
{
	return strstr(ws->out.buf, envelope) != NULL;
}

static void committed(void *data, const struct err *err)
{
	(void)data;
	assert_null(err);
}

/* A read starts nothing, so it waits for nothing. */
static void a_read_is_acknowledged_at_once(void **state)
{
	(void)state;
	start();
	fake_hear(ws, SAY("e1", "whoami"));
	assert_true(acked("\"e1\""));
	assert_string_equal(row(), "");
}

static void a_change_waits_for_its_commit_and_nothing_else(void **state)
{
	(void)state;
	start();
	fake_hear(ws, SAY("e1", "reboot web-1"));
	assert_false(acked("\"e1\"")); /* not before it is on disk */
	loop_advance(fake.loop, 1);
	assert_true(acked("\"e1\"")); /* and DigitalOcean has said nothing yet */
	assert_non_null(strstr(row(), "web-1"));
}

static void what_cannot_be_kept_comes_again(void **state)
{
	(void)state;
	start();
	store_memory_fail(store, 1, ERR_STORE);
	fake_hear(ws, SAY("e1", "reboot web-1"));
	loop_advance(fake.loop, 10);
	assert_false(acked("\"e1\""));
}

static void a_crash_is_told_and_the_delivery_is_known(void **state)
{
	struct store_txn *txn = store_txn_new(store);

	(void)state;
	store_txn_cursor(txn, ROW,
			 "{\"network\":\"slack\",\"workspace\":\"T01ACME00\",\"channel\":"
			 "\"C01OPS000\",\"user\":\"U01BOB000\",\"said\":\"reboot web-1\"}");
	store_commit(txn, committed, NULL);
	loop_advance(fake.loop, 1);
	start();
	loop_advance(fake.loop, 2000); /* the post waited for the link */
	assert_non_null(fake_call("chat.postEphemeral"));
	assert_non_null(strstr(fake_call("chat.postEphemeral")->body, "I was restarted"));
	assert_non_null(strstr(fake_call("chat.postEphemeral")->body, "reboot web-1"));
	assert_non_null(strstr(row(), "web-1")); /* until somebody reads it */
	assert_true(fake_answer("chat.postEphemeral", "{\"ok\":true,\"message_ts\":\"1.7\"}"));
	loop_advance(fake.loop, 10);
	assert_string_equal(row(), "");
	fake_hear(ws,
		  SAY("e1", "reboot web-1")); /* the same once more: it was told that nothing ran */
	assert_true(acked("\"e1\""));
	loop_advance(fake.loop, 10);
	assert_string_equal(row(), "");
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(a_read_is_acknowledged_at_once),
		EACH(a_change_waits_for_its_commit_and_nothing_else),
		EACH(what_cannot_be_kept_comes_again),
		EACH(a_crash_is_told_and_the_delivery_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
