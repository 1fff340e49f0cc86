/* test_ocean_fail.c - refusals in words, and DigitalOcean's small answers */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "ocean/answer.h"
#include "ocean/fail.h"

static const struct ocean_call list = {.verb = OCEAN_LIST};
static const struct ocean_call get = {.verb = OCEAN_GET, .droplet_id = 11};
static const struct ocean_call act = {.verb = OCEAN_ACT, .droplet_id = 11, .act = "reboot"};
static const struct ocean_call action = {.verb = OCEAN_ACTION, .action_id = 5};

static struct err answered(const struct ocean_call *call, int status, const char *type,
			   const char *body)
{
	const struct fail_answer answer = {.status = status,
					   .content_type = type,
					   .body = body,
					   .body_len = strlen(body),
					   .request_id = "",
					   .retry_after_s = -1};
	struct err err = {0};

	assert_int_equal(fail_answer(call, &answer, &err), -1);
	assert_int_equal(err.remote_status, status);
	assert_null(strchr(err.msg, '<'));
	return err;
}

static void check(const struct err *err, enum err_kind kind, const char *sentence)
{
	assert_string_equal(err->msg, sentence);
	assert_int_equal(err->kind, kind);
}

#define JSON "application/json; charset=utf-8"

static void sentences(void **state)
{
	static const struct {
		const struct ocean_call *call;
		int status;
		const char *type, *body;
		enum err_kind kind;
		const char *sentence;
	} rows[] = {
		{&list, 401, JSON,
		 "{\"id\":\"unauthorized\",\"message\":\"Unable to authenticate you\"}", ERR_DENIED,
		 "listing the droplets failed: DigitalOcean refused the token (expired?)"},
		{&act, 403, JSON, "{\"id\":\"forbidden\",\"message\":\"You are not authorized\"}",
		 ERR_DENIED,
		 "\"reboot\" of droplet \"11\" failed: the token lacks a scope, it needs "
		 "droplet:update"},
		{&act, 403, JSON,
		 "{\"message\":\"Token is missing the scope droplet:admin for this.\"}", ERR_DENIED,
		 "\"reboot\" of droplet \"11\" failed: the token lacks the scope droplet:admin"},
		{&act, 403, JSON, "{\"message\":\"Not allowed: see https://x, 12:30, a:b\"}",
		 ERR_DENIED,
		 "\"reboot\" of droplet \"11\" failed: the token lacks a scope, it needs "
		 "droplet:update"},
		{&action, 403, JSON, "{}", ERR_DENIED,
		 "looking at action \"5\" failed: the token lacks a scope, it needs actions:read"},
		{&list, 403, "text/html", "<html>blocked</html>", ERR_DENIED,
		 "listing the droplets failed: DigitalOcean answered 403, and not as JSON"},
		{&get, 404, JSON,
		 "{\"id\":\"not_found\",\"message\":\"x\",\"request_id\":\"ab-12\"}", ERR_NOTFOUND,
		 "reading droplet \"11\" failed: DigitalOcean knows no such droplet (request "
		 "ab-12)"},
		{&action, 404, JSON, "{}", ERR_NOTFOUND,
		 "looking at action \"5\" failed: DigitalOcean knows no such action"},
		{&get, 404, "text/html", "<h1>404</h1>", ERR_REMOTE,
		 "reading droplet \"11\" failed: DigitalOcean answered 404, and not as JSON"},
		{&list, 404, JSON, "{\"message\":\"nothing here.\"}", ERR_REMOTE,
		 "listing the droplets failed: DigitalOcean says \"nothing here\" (404)"},
		{&act, 422, JSON, "{\"message\":\"Droplet already has a pending event.\"}",
		 ERR_CONFLICT,
		 "\"reboot\" of droplet \"11\" failed: "
		 "DigitalOcean says \"Droplet already has a pending event\" (422)"},
		{&act, 422, JSON,
		 "{\"message\":\"there are currently blocking events processing for one\"}",
		 ERR_CONFLICT,
		 "\"reboot\" of droplet \"11\" failed: DigitalOcean says \"there are currently "
		 "blocking events processing for one\" (422)"},
		{&act, 422, JSON, "{\"message\":\"Droplet is locked\"}", ERR_CONFLICT,
		 "\"reboot\" of droplet \"11\" failed: DigitalOcean says \"Droplet is locked\" "
		 "(422)"},
		{&act, 422, JSON, "{\"message\":\"Size is too large\"}", ERR_REMOTE,
		 "\"reboot\" of droplet \"11\" failed: DigitalOcean says \"Size is too large\" "
		 "(422)"},
		{&act, 409, JSON, "{\"error\":\"busy\",\"messages\":[\"x\"]}", ERR_CONFLICT,
		 "\"reboot\" of droplet \"11\" failed: DigitalOcean says \"busy\" (409)"},
		{&list, 400, JSON, "{\"messages\":[\"first\"],\"root_causes\":[]}", ERR_REMOTE,
		 "listing the droplets failed: DigitalOcean says \"first\" (400)"},
		{&act, 429, JSON, "{}", ERR_LIMIT,
		 "\"reboot\" of droplet \"11\" failed: too many requests, DigitalOcean says later"},
		{&list, 502, "text/html", "<html>Bad gateway</html>", ERR_REMOTE,
		 "listing the droplets failed: DigitalOcean answered 502, and not as JSON"},
		{&act, 502, "text/html", "<html>Bad gateway</html>", ERR_UNKNOWN,
		 "\"reboot\" of droplet \"11\": outcome not known, not sent again: "
		 "DigitalOcean answered 502, and not as JSON"},
		{&act, 500, JSON, "{\"message\":\"Server Error\"}", ERR_UNKNOWN,
		 "\"reboot\" of droplet \"11\": outcome not known, not sent again: "
		 "DigitalOcean says \"Server Error\" (500)"},
		{&act, 408, JSON, "{}", ERR_UNKNOWN,
		 "\"reboot\" of droplet \"11\": outcome not known, not sent again: "
		 "DigitalOcean answered 408"},
		{&act, 302, "", "", ERR_REMOTE,
		 "\"reboot\" of droplet \"11\" failed: the answer leads elsewhere (302), not "
		 "followed"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = answered(rows[i].call, rows[i].status, rows[i].type, rows[i].body);

		check(&err, rows[i].kind, rows[i].sentence);
	}
}

/* Words that are no plain sentence are left out, whole or by character; the rest is cut. */
static void words(void **state)
{
	static const struct {
		const char *body, *in, *out;
	} rows[] = {
		{"{\"message\":\"<b>bold</b>\"}", "answered 400", "bold"},
		{"{\"message\":\"your token dop_v1_0123456789abcdef0123456789abcdef0123456789abcdef"
		 "0123456789abcdef is bad\"}",
		 "answered 400", "dop_v1"},
		{"{\"message\":\"a\\nb\\u202ec\"}", "\"a?b???c\"", "\n"},
		{"{\"message\":7}", "answered 400", "7"},
		{"{\"message\":\"\"}", "answered 400", "\"\""},
		{"{\"message\":\"...\"}", "answered 400", "..."},
		{"[\"message\"]", "not as JSON", "message"},
		{"{\"message\":\"x\",\"request_id\":\"a b\"}", "\"x\"", "a b"},
	};
	char body[4000];
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		err = answered(&list, 400, JSON, rows[i].body);
		if (strstr(err.msg, rows[i].in) == NULL || strstr(err.msg, rows[i].out) != NULL) {
			fail_msg("%s: %s", rows[i].body, err.msg);
		}
	}
	memset(body, 'a', sizeof(body));
	memcpy(body, "{\"message\":\"", 12);
	memcpy(body + sizeof(body) - 3, "\"}", 3);
	err = answered(&list, 400, JSON, body);
	assert_non_null(strstr(err.msg, "aaa...\" (400)"));
}

/* The request id stays whole however long the rest is. */
static void request_ids(void **state)
{
	static const char id[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde";
	struct fail_answer answer = {.status = 422, .content_type = JSON, .request_id = id};
	const struct ocean_call big = {
		.verb = OCEAN_ACT, .droplet_id = UINT64_MAX, .act = "a_very_long_kind_of_action"};
	char body[400];
	struct err err = {0};

	(void)state;
	memset(body, 'b', sizeof(body));
	memcpy(body, "{\"message\":\"", 12);
	memcpy(body + sizeof(body) - 3, "\"}", 3);
	answer.body = body;
	answer.body_len = strlen(body);
	(void)fail_answer(&big, &answer, &err);
	assert_non_null(strstr(err.msg, id));
	assert_int_equal(err.msg[strlen(err.msg) - 1], ')');
	answer.request_id = "evil\r\nheader";
	(void)fail_answer(&big, &answer, &err);
	assert_null(strstr(err.msg, "evil"));
}

static void lost(void **state)
{
	static const struct {
		const struct ocean_call *call;
		enum err_kind from, to;
	} rows[] = {
		{&act, ERR_NETWORK, ERR_NETWORK},    {&act, ERR_CANCELED, ERR_CANCELED},
		{&act, ERR_UNKNOWN, ERR_UNKNOWN},    {&act, ERR_TIMEOUT, ERR_UNKNOWN},
		{&act, ERR_LIMIT, ERR_UNKNOWN},      {&act, ERR_REMOTE, ERR_UNKNOWN},
		{&list, ERR_NETWORK, ERR_NETWORK},   {&list, ERR_TIMEOUT, ERR_TIMEOUT},
		{&list, ERR_LIMIT, ERR_REMOTE},      {&list, ERR_UNKNOWN, ERR_TIMEOUT},
		{&list, ERR_CANCELED, ERR_CANCELED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err from = {0};
		struct err err = {0};

		err_set(&from, rows[i].from, "no answer");
		assert_int_equal(fail_lost(rows[i].call, &from, &err), -1);
		assert_int_equal(err.kind, rows[i].to);
		assert_non_null(strstr(err.msg, "no answer"));
	}
}

static void small_answers(void **state)
{
	static const char one[] =
		"{\"action\":{\"id\":36805022,\"status\":\"in-progress\",\"type\":\"reboot\","
		"\"started_at\":\"2026-01-13T03:00:00Z\",\"completed_at\":null,"
		"\"resource_id\":11,\"resource_type\":\"droplet\"}}";
	static const char several[] =
		"{\"actions\":[{\"id\":1,\"status\":\"completed\",\"type\":\"create\","
		"\"completed_at\":\"2026-01-13T03:00:09Z\",\"resource_id\":11},"
		"{\"id\":3,\"status\":\"errored\",\"type\":\"reboot\",\"resource_id\":11},"
		"{\"id\":2,\"status\":\"in-progress\",\"resource_id\":null}]}";
	static const char account[] =
		"{\"account\":{\"droplet_limit\":25,\"email\":\"team@example.com\",\"status\":"
		"\"active\",\"team\":{\"uuid\":\"u\",\"name\":\"My Team\"}}}";
	struct ocean_action action_one = {0};
	struct ocean_action *many = NULL;
	struct ocean_account who = {0};
	size_t n = 0;

	(void)state;
	assert_int_equal(answer_action(one, strlen(one), &action_one, NULL), 0);
	assert_int_equal(action_one.id, 36805022);
	assert_int_equal(action_one.droplet_id, 11);
	assert_int_equal(action_one.status, OCEAN_IN_PROGRESS);
	assert_string_equal(action_one.type, "reboot");
	assert_int_equal(action_one.started_ms, INT64_C(1768273200000));
	assert_int_equal(action_one.completed_ms, 0);
	for (size_t len = 0; len < strlen(one); len++) {
		assert_int_equal(answer_action(one, len, &action_one, NULL), -1);
	}
	assert_int_equal(answer_actions(several, strlen(several), &many, &n, NULL), 0);
	assert_int_equal(n, 3);
	assert_int_equal(many[0].id, 3);
	assert_int_equal(many[0].status, OCEAN_ERRORED);
	assert_int_equal(many[1].droplet_id, 0);
	assert_int_equal(many[2].completed_ms, INT64_C(1768273209000));
	free(many);
	assert_int_equal(answer_account(account, strlen(account), &who, NULL), 0);
	assert_string_equal(who.team, "My Team");
	assert_string_equal(who.email, "team@example.com");
	assert_int_equal(who.droplet_limit, 25);
}

static void bad_small_answers(void **state)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		"{\"action\":null,\"actions\":null,\"account\":null}",
		"{\"action\":{},\"actions\":{},\"account\":[]}",
		"{\"action\":{\"id\":0,\"status\":\"completed\"},\"actions\":[{}]}",
		"{\"action\":{\"id\":-1,\"status\":\"completed\"},\"actions\":[7]}",
		"{\"action\":{\"id\":\"1\",\"status\":\"completed\"},\"actions\":[null]}",
		"{\"action\":{\"id\":1,\"status\":\"melting\"},\"actions\":[{\"id\":1}]}",
		"{\"action\":{\"id\":1}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ocean_action one = {0};
		struct ocean_action *many = NULL;
		struct ocean_account who = {0};
		struct err err = {0};
		size_t n = 0;

		assert_int_equal(answer_action(bad[i], strlen(bad[i]), &one, &err), -1);
		assert_int_equal(err.kind, ERR_REMOTE);
		assert_int_equal(answer_actions(bad[i], strlen(bad[i]), &many, &n, &err), -1);
		assert_null(many);
		assert_int_equal(answer_account(bad[i], strlen(bad[i]), &who, &err), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sentences),     cmocka_unit_test(words),
		cmocka_unit_test(request_ids),   cmocka_unit_test(lost),
		cmocka_unit_test(small_answers), cmocka_unit_test(bad_small_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
