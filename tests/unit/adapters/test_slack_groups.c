/* test_slack_groups.c - who is in a user group: asked, kept, forgotten, and no answer is "no" */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/clock.h"
#include "tests/unit/adapters/slack_fake.h"

struct asked {
	struct chat_query query;
	int n_done;
	enum err_kind kind;
};

static void on_said(struct chat_query *query, const struct err *err)
{
	struct asked *asked = query->data;

	asked->n_done++;
	asked->kind = err != NULL ? err->kind : ERR_NONE;
}

static void ask(struct asked *asked, const char *user, const char *home, int64_t max_age_ms)
{
	memset(asked, 0, sizeof(*asked));
	asked->query = (struct chat_query){.group = "S01SUPPRT",
					   .user_workspace = home,
					   .user = user,
					   .max_age_ms = max_age_ms,
					   .done = on_said,
					   .data = asked};
	fake.chat->ops->look_up(fake.chat, &asked->query);
	assert_int_equal(asked->n_done, 0);
	loop_advance(fake.loop, 1);
}

#define MEMBERS "{\"ok\":true,\"users\":[\"U01BOB000\",\"U01DORA00\"]}"
#define USER(more) "{\"ok\":true,\"user\":{\"id\":\"U01BOB000\",\"team_id\":\"T01ACME00\"" more "}}"

static void a_member_is_a_member(void **state)
{
	static struct asked a;

	(void)state;
	ask(&a, "U01BOB000", "T01ACME00", 60000);
	assert_non_null(strstr(fake_call("usergroups.users.list")->body, "usergroup=S01SUPPRT"));
	assert_true(fake_answer("usergroups.users.list", MEMBERS));
	assert_true(fake_answer("users.info", USER("")));
	assert_int_equal(a.n_done, 1);
	assert_true(a.query.ret_member);
	loop_advance(fake.loop, 50000);
	ask(&a, "U01BOB000", "T01ACME00", 60000);
	assert_true(a.query.ret_member); /* kept */
	ask(&a, "U01ANA000", "T01ACME00", 60000);
	assert_int_equal(a.n_done, 1);
	assert_false(a.query.ret_member);
	loop_advance(fake.loop, 11000);
	ask(&a, "U01BOB000", "T01ACME00", 600000);
	assert_int_equal(a.n_done, 0); /* a minute is the most */
	assert_true(fake_answer("usergroups.users.list", "{\"ok\":true,\"users\":[]}"));
	assert_int_equal(a.n_done, 1);
	assert_false(a.query.ret_member);
}

static void a_change_asks_now(void **state)
{
	static struct asked a, b;

	(void)state;
	ask(&a, "U01BOB000", "T01ACME00", 60000);
	loop_advance(fake.loop, 10);
	ask(&b, "U01BOB000", "T01ACME00", 0); /* that call left before */
	assert_true(fake_answer("usergroups.users.list", MEMBERS));
	assert_true(fake_answer("users.info", USER("")));
	assert_true(a.query.ret_member);
	assert_int_equal(b.n_done, 0);
	assert_true(fake_answer("usergroups.users.list", "{\"ok\":true,\"users\":[]}"));
	assert_int_equal(b.n_done, 1);
	assert_false(b.query.ret_member);
}

static void an_event_forgets(void **state)
{
	static struct asked a;

	(void)state;
	ask(&a, "U01BOB000", "T01ACME00", 60000);
	assert_true(fake_answer("usergroups.users.list", MEMBERS));
	assert_true(fake_answer("users.info", USER("")));
	fake_hear(fake_last(),
		  "{\"type\":\"events_api\",\"envelope_id\":\"g\",\"payload\":{\"type\":"
		  "\"event_callback\",\"team_id\":\"T01ACME00\",\"event\":{\"type\":"
		  "\"subteam_members_changed\",\"subteam_id\":\"S01SUPPRT\"}}}");
	ask(&a, "U01BOB000", "T01ACME00", 60000);
	assert_int_equal(a.n_done, 0);
	assert_true(fake_answer("usergroups.users.list", "{\"ok\":true,\"users\":[]}"));
	assert_false(a.query.ret_member);
}

static void a_change_of_a_person_forgets_too(void **state)
{
	static struct asked a;

	(void)state;
	ask(&a, "U01BOB000", "T01ACME00", 60000);
	assert_true(fake_answer("usergroups.users.list", MEMBERS));
	assert_true(fake_answer("users.info", USER("")));
	assert_true(a.query.ret_member);
	fake_hear(fake_last(),
		  "{\"type\":\"events_api\",\"envelope_id\":\"g\",\"payload\":{\"type\":"
		  "\"event_callback\",\"team_id\":\"T01ACME00\",\"event\":{\"type\":"
		  "\"user_change\",\"user\":{\"id\":\"U01BOB000\"}}}}");
	ask(&a, "U01BOB000", "T01ACME00", 60000);
	assert_int_equal(a.n_done, 0);
	assert_true(fake_answer("users.info", USER(",\"is_restricted\":true")));
	assert_int_equal(a.n_done, 1);
	assert_false(a.query.ret_member);
}

/* Slack says how long: that method waits so long, and the question until its own deadline. */
static void patience_holds_the_method(void **state)
{
	static struct asked a, b, c;

	(void)state;
	ask(&a, "U01BOB000", "T01ACME00", 0);
	assert_true(fake_status("usergroups.users.list", 429, 7));
	assert_int_equal(a.n_done, 0);
	loop_advance(fake.loop, 100);
	ask(&b, "U01ANA000", "T01ACME00", 0);
	loop_advance(fake.loop, 6800);
	assert_null(fake_call("usergroups.users.list"));
	loop_advance(fake.loop, 200);
	assert_true(fake_answer("usergroups.users.list", MEMBERS));
	assert_true(fake_answer("users.info", USER("")));
	assert_true(a.query.ret_member);
	assert_int_equal(b.n_done, 1);
	assert_false(b.query.ret_member);
	/* longer than a question waits: no, and nothing is asked before it is time */
	ask(&a, "U01BOB000", "T01ACME00", 0);
	assert_true(fake_status("usergroups.users.list", 429, 15));
	loop_advance(fake.loop, 10000);
	assert_int_equal(a.kind, ERR_TIMEOUT);
	assert_false(a.query.ret_member);
	ask(&c, "U01BOB000", "T01ACME00", 0);
	loop_advance(fake.loop, 4900);
	assert_null(fake_call("usergroups.users.list"));
	loop_advance(fake.loop, 200);
	assert_true(fake_answer("usergroups.users.list", "{\"ok\":true,\"users\":[]}"));
	assert_int_equal(c.n_done, 1);
	assert_false(c.query.ret_member);
	/* nobody asks any more: it stays quiet */
	ask(&a, "U01BOB000", "T01ACME00", 0);
	assert_true(fake_status("usergroups.users.list", 429, 20));
	loop_advance(fake.loop, 60000);
	assert_null(fake_call("usergroups.users.list"));
}

static void guests_and_outsiders_are_in_no_group(void **state)
{
	static const char *const users[] = {
		USER(",\"is_restricted\":true"),
		USER(",\"is_ultra_restricted\":true"),
		USER(",\"deleted\":true"),
		USER(",\"is_stranger\":true"),
		"{\"ok\":true,\"user\":{\"id\":\"U01BOB000\",\"team_id\":\"T0EVIL\"}}",
		"{\"ok\":true}"};
	static struct asked a;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(users); i++) {
		loop_advance(fake.loop, 10);
		ask(&a, "U01BOB000", "T01ACME00", 0);
		assert_true(fake_answer("usergroups.users.list", MEMBERS));
		assert_true(fake_answer("users.info", users[i]));
		assert_int_equal(a.n_done, 1);
		assert_false(a.query.ret_member);
	}
	ask(&a, "U01BOB000", "T0EVIL", 0);
	assert_int_equal(a.n_done, 1);
	assert_int_equal(a.kind, ERR_NOTFOUND);
}

static void no_answer_is_no(void **state)
{
	static struct asked a;

	(void)state;
	ask(&a, "U01BOB000", "T01ACME00", 0);
	assert_true(fake_answer("usergroups.users.list",
				"{\"ok\":false,\"error\":\"missing_scope\",\"needed\":\"x\"}"));
	assert_int_equal(a.n_done, 1);
	assert_int_equal(a.kind, ERR_CONFIG);
	ask(&a, "U01BOB000", "T01ACME00", 0);
	loop_advance(fake.loop, 10000);
	assert_int_equal(a.n_done, 1);
	assert_int_equal(a.kind, ERR_TIMEOUT);
	assert_false(a.query.ret_member);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FAKE(a_member_is_a_member),
		WITH_FAKE(a_change_asks_now),
		WITH_FAKE(an_event_forgets),
		WITH_FAKE(a_change_of_a_person_forgets_too),
		WITH_FAKE(patience_holds_the_method),
		WITH_FAKE(guests_and_outsiders_are_in_no_group),
		WITH_FAKE(no_answer_is_no),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
