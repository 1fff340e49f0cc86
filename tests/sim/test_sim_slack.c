/* test_sim_slack.c - the simulated Slack in memory, with a clock that the test owns: what depends on time */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/slack.h"

/* A door that keeps what was sent. */
struct wire {
	char last[8192];
	int texts, ends;
};

static void on_text(void *socket, const char *text, size_t len)
{
	struct wire *w = socket;

	assert_true(len < sizeof(w->last));
	memcpy(w->last, text, len);
	w->last[len] = '\0';
	w->texts++;
}

static void on_hang_up(void *socket, int code)
{
	(void)code;
	((struct wire *)socket)->ends++;
}

static void on_cut(void *socket)
{
	((struct wire *)socket)->ends++;
}

static const struct slack_door door = {.text = on_text, .hang_up = on_hang_up, .cut = on_cut};

static int setup(void **state)
{
	struct slack *s = slack_new();

	json_object_set_new(s->settings, "echo", json_integer(0));
	(void)slack_tick(s, 1768273200000);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	slack_free(*state);
	return 0;
}

/* Asks; the answer is the caller's. */
static json_t *ask(struct slack *s, const char *path, const char *token, const char *body,
		   int *ret_status, int *ret_retry_s)
{
	struct slack_request request = {
		.method = "POST",
		.path = path,
		.token = token,
		.type = *body == '{' ? "application/json; charset=utf-8"
				     : "application/x-www-form-urlencoded",
		.body = body,
		.body_len = strlen(body),
		.near = true,
	};
	struct slack_reply reply = {0};
	json_t *json;

	strbuf_init(&reply.body, SLACK_MAX_BODY);
	slack_http(s, &request, &reply);
	json = json_loads(reply.body.buf, 0, NULL);
	strbuf_done(&reply.body);
	if (ret_status != NULL) {
		*ret_status = reply.status;
	}
	if (ret_retry_s != NULL) {
		*ret_retry_s = reply.retry_after_s;
	}
	return json;
}

static void expect_error(struct slack *s, const char *path, const char *body, const char *error)
{
	json_t *reply = ask(s, path, SLACK_BOT_TOKEN, body, NULL, NULL);

	assert_string_equal(slack_str(reply, "error"), error);
	json_decref(reply);
}

static struct slack_link *dial(struct slack *s, struct wire *wire, int expected)
{
	json_t *reply = ask(s, "/api/apps.connections.open", SLACK_APP_TOKEN, "", NULL, NULL);
	struct slack_link *link = NULL;
	const char *path = strstr(slack_str(reply, "url"), "/link/");

	assert_non_null(path);
	assert_int_equal(slack_link_open(s, path, &door, wire, &link), expected);
	/* the ticket is spent */
	assert_int_equal(slack_link_open(s, path, &door, wire, &link), 408);
	json_decref(reply);
	return link;
}

static int64_t later(struct slack *s, int64_t ms)
{
	return slack_tick(s, s->now_ms + ms);
}

static void ack(struct slack_link *link, const char *frame)
{
	json_t *json = json_loads(frame, 0, NULL);
	char text[128];

	(void)snprintf(text, sizeof(text), "{\"envelope_id\":\"%s\"}",
		       slack_str(json, "envelope_id"));
	slack_link_text(link, text, strlen(text));
	json_decref(json);
}

static int attempt_of(const char *frame)
{
	json_t *json = json_loads(frame, 0, NULL);
	int n = (int)json_integer_value(json_object_get(json, "retry_attempt"));

	json_decref(json);
	return n;
}

static void act(struct slack *s, const char *word, const char *body)
{
	char path[64];
	int status;

	(void)snprintf(path, sizeof(path), "/_sim/%s", word);
	json_decref(ask(s, path, NULL, body, &status, NULL));
	assert_int_equal(status, 200);
	(void)slack_tick(s, s->now_ms);
}

/* Three seconds for an ack; then at once, after a minute and after five more. */
static void test_events_come_again(void **state)
{
	struct slack *s = *state;
	struct wire wire = {0};
	struct slack_link *link = dial(s, &wire, 101);

	slack_link_ready(link);
	assert_non_null(strstr(wire.last, "\"num_connections\":1"));
	act(s, "say", "{\"text\":\"hi\"}");
	assert_int_equal(wire.texts, 2);
	(void)later(s, 2999);
	assert_int_equal(wire.texts, 2);
	(void)later(s, 1);
	(void)later(s, 0);
	assert_int_equal(attempt_of(wire.last), 1);
	(void)later(s, 3000 + 59999);
	(void)later(s, 59999);
	assert_int_equal(wire.texts, 3);
	(void)later(s, 1);
	assert_int_equal(attempt_of(wire.last), 2);
	(void)later(s, 3000);
	(void)later(s, 299999);
	assert_int_equal(wire.texts, 4);
	(void)later(s, 1);
	assert_int_equal(attempt_of(wire.last), 3);
	ack(link, wire.last);
	assert_int_equal(later(s, 0), -1); /* nothing is due any more */
	slack_link_gone(link);
}

/* A command that nobody acks, or that finds no connection, is lost and never comes again. */
static void test_commands_come_once(void **state)
{
	struct slack *s = *state;
	struct wire wire = {0};
	struct slack_link *link;

	act(s, "command", "{\"text\":\"list\"}");
	link = dial(s, &wire, 101);
	slack_link_ready(link);
	act(s, "command", "{\"text\":\"list\"}");
	assert_int_equal(wire.texts, 2);
	(void)later(s, 3000);
	(void)later(s, 600000);
	assert_int_equal(wire.texts, 2);
	slack_link_gone(link);
}

/* A ticket lives thirty seconds; a trigger three, and once. */
static void test_tickets_and_triggers(void **state)
{
	static const char view[] = "{\"trigger_id\":\"%s\",\"view\":{\"type\":\"modal\",\"title\":{"
				   "\"type\":\"plain_text\","
				   "\"text\":\"New\"},\"blocks\":[{\"type\":\"divider\"}]}}";
	struct slack *s = *state;
	struct wire wire = {0};
	struct slack_link *link = NULL;
	json_t *open = ask(s, "/api/apps.connections.open", SLACK_APP_TOKEN, "", NULL, NULL);
	json_t *first = ask(s, "/_sim/command", NULL, "{}", NULL, NULL);
	json_t *second = ask(s, "/_sim/command", NULL, "{}", NULL, NULL);
	json_t *reply;
	char body[512];

	(void)snprintf(body, sizeof(body), view, slack_str(first, "trigger_id"));
	reply = ask(s, "/api/views.open", SLACK_BOT_TOKEN, body, NULL, NULL);
	assert_true(json_is_true(json_object_get(reply, "ok")));
	json_decref(reply);
	expect_error(s, "/api/views.open", body, "exchanged_trigger_id");
	(void)later(s, 3001);
	(void)snprintf(body, sizeof(body), view, slack_str(second, "trigger_id"));
	expect_error(s, "/api/views.open", body, "expired_trigger_id");
	(void)later(s, 27000);
	assert_int_equal(
		slack_link_open(s, strstr(slack_str(open, "url"), "/link/"), &door, &wire, &link),
		408);
	json_decref(open);
	json_decref(first);
	json_decref(second);
}

/* A response_url takes five posts within half an hour. */
static void test_response_url(void **state)
{
	struct slack *s = *state;
	json_t *command = ask(s, "/_sim/command", NULL, "{}", NULL, NULL);
	json_t *other = ask(s, "/_sim/command", NULL, "{}", NULL, NULL);
	const char *path = strstr(slack_str(command, "response_url"), "/hook/");

	for (int i = 0; i < 5; i++) {
		expect_error(s, path, "{\"text\":\"x\"}", "");
	}
	expect_error(s, path, "{\"text\":\"x\"}", "used_url");
	(void)later(s, 1800001);
	expect_error(s, strstr(slack_str(other, "response_url"), "/hook/"), "{\"text\":\"x\"}",
		     "expired_url");
	json_decref(command);
	json_decref(other);
}

/* One message a second and channel; the others have their own second. */
static void test_rates(void **state)
{
	struct slack *s = *state;
	int status, retry_s;

	expect_error(s, "/api/chat.postMessage", "channel=C0OPS&text=x", "");
	json_decref(ask(s, "/api/chat.postMessage", SLACK_BOT_TOKEN, "channel=C0OPS&text=x",
			&status, &retry_s));
	assert_int_equal(status, 429);
	assert_int_equal(retry_s, 1);
	expect_error(s, "/api/chat.postMessage", "channel=C0DEV&text=x", "");
	(void)later(s, 1000);
	expect_error(s, "/api/chat.postMessage", "channel=C0OPS&text=x", "");
	for (int i = 0; i < 20; i++) {
		expect_error(s, "/api/users.list", "", "");
	}
	json_decref(ask(s, "/api/users.list", SLACK_BOT_TOKEN, "", &status, &retry_s));
	assert_int_equal(status, 429);
	assert_int_equal(retry_s, 3);
}

/* Nobody else's machine steers it. */
static void test_control_is_near(void **state)
{
	struct slack *s = *state;
	struct slack_request request = {
		.method = "GET", .path = "/_sim/ledger", .type = "", .body = ""};
	struct slack_reply reply = {0};

	strbuf_init(&reply.body, SLACK_MAX_BODY);
	slack_http(s, &request, &reply);
	assert_int_equal(reply.status, 404);
	strbuf_done(&reply.body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_events_come_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_commands_come_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tickets_and_triggers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_response_url, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rates, setup, teardown),
		cmocka_unit_test_setup_teardown(test_control_is_near, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
