/* test_sim_door.c - door 1 as loop/http's callers see it: answers in virtual time, and each fault by its kind of error */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "sim/ocean.h"

#define START_MS INT64_C(1768273200000)
#define LATENCY_MS 40
#define ACTIONS "https://api.digitalocean.com/v2/droplets/440212003/actions"
#define ACCOUNT "https://api.digitalocean.com/v2/account"

struct stage {
	struct loop *loop;
	struct sim_world *world;
	struct sim_door *door;
	struct http_pool *pool;
};

struct ask {
	struct http_request request;
	int n_done;
	struct err err; /* kind ERR_NONE: an answer */
	size_t n_bytes; /* through on_body */
	int64_t done_ms;
	size_t answer_len;
};

static const struct http_header token = {"Authorization", "Bearer " SIM_TOKEN_ALL};

static void on_done(struct http_request *request, const struct err *err)
{
	struct ask *ask = request->data;

	ask->n_done++;
	ask->done_ms = clock_mono_ms();
	ask->answer_len = request->answer.len;
	if (err != NULL) {
		ask->err = *err;
	}
}

static void prepare(struct ask *ask, const char *method, const char *url, const char *body)
{
	memset(ask, 0, sizeof(*ask));
	ask->request.method = method;
	ask->request.url = url;
	ask->request.headers = &token;
	ask->request.n_headers = 1;
	ask->request.body = body;
	ask->request.body_len = body != NULL ? strlen(body) : 0;
	ask->request.done = on_done;
	ask->request.data = ask;
}

static int set_up(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	s->loop = loop_new_virtual(START_MS);
	s->world = sim_world_new(sim_new(START_MS));
	sim_demo_account(s->world->model);
	s->door = sim_door_open(s->loop, s->world, LATENCY_MS);
	s->pool = http_pool_new(s->loop, NULL, NULL);
	*state = s;
	return s->pool != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	struct stage *s = *state;

	http_pool_free(s->pool);
	sim_door_close(s->door);
	sim_world_free(s->world);
	loop_free(s->loop);
	free(s);
	return 0;
}

static void fault(struct stage *s, const char *line)
{
	faults_clear(&s->world->faults);
	assert_int_equal(faults_add(&s->world->faults, line, NULL), 0);
}

static void answers(void **state)
{
	struct stage *s = *state;
	struct ask ask;
	int64_t start_ms = clock_mono_ms();

	prepare(&ask, "GET", ACCOUNT, NULL);
	http_start(s->pool, &ask.request);
	assert_int_equal(ask.n_done, 0);
	loop_advance(s->loop, LATENCY_MS - 1);
	assert_int_equal(ask.n_done, 0);
	assert_int_equal(s->world->n_calls, 1); /* it arrived half way */
	assert_int_equal(s->world->calls[0].at_ms, START_MS + LATENCY_MS / 2);
	loop_advance(s->loop, 1);
	assert_int_equal(ask.n_done, 1);
	assert_int_equal(ask.err.kind, ERR_NONE);
	assert_int_equal(ask.done_ms, start_ms + LATENCY_MS);
	assert_int_equal(ask.request.status, 200);
	assert_int_equal(ask.request.ratelimit_remaining, 4999);
	assert_int_equal(ask.request.retry_after_s, -1);
	assert_string_equal(ask.request.content_type, "application/json; charset=utf-8");
	assert_true(ask.answer_len > 100);
	assert_true(ask.request.request_id[0] != '\0');
	loop_advance(s->loop, 60000);
	assert_int_equal(ask.n_done, 1);
}

static int count_bytes(struct http_request *request, const char *bytes, size_t len)
{
	struct ask *ask = request->data;

	(void)bytes;
	ask->n_bytes += len;
	return ask->n_bytes > 100000 ? -1 : 0;
}

static void streams(void **state)
{
	struct stage *s = *state;
	struct ask ask;

	prepare(&ask, "GET", "https://api.digitalocean.com/v2/droplets?per_page=200", NULL);
	ask.request.on_body = count_bytes;
	http_start(s->pool, &ask.request);
	loop_advance(s->loop, LATENCY_MS);
	assert_int_equal(ask.n_done, 1);
	assert_in_range(ask.n_bytes, 14 * 1500, 14 * 2500);
	assert_int_equal(ask.answer_len, 0);

	prepare(&ask, "GET", "https://api.digitalocean.com/v2/droplets/1", NULL);
	ask.request.on_body = count_bytes;
	http_start(s->pool, &ask.request);
	loop_advance(s->loop, LATENCY_MS);
	assert_int_equal(ask.request.status, 404);
	assert_int_equal(ask.n_bytes, 0); /* only a 2xx streams */
	assert_true(ask.answer_len > 0);

	prepare(&ask, "GET", "https://api.digitalocean.com/v2/droplets?per_page=200", NULL);
	ask.request.max_body_bytes = 1000;
	http_start(s->pool, &ask.request);
	loop_advance(s->loop, LATENCY_MS);
	assert_int_equal(ask.err.kind, ERR_LIMIT);
}

static void fault_kinds(void **state)
{
	static const struct {
		const char *line;
		enum err_kind get, post;
		int64_t ms; /* until done */
	} rows[] = {
		{"kind=timeout-before", ERR_TIMEOUT, ERR_UNKNOWN, 30000},
		{"kind=timeout-after-send", ERR_TIMEOUT, ERR_UNKNOWN, 30000},
		{"kind=refused", ERR_NETWORK, ERR_NETWORK, LATENCY_MS},
		{"kind=reset", ERR_NETWORK, ERR_UNKNOWN, LATENCY_MS},
		{"kind=reset-mid-body", ERR_NETWORK, ERR_UNKNOWN, LATENCY_MS},
		{"kind=slow ms=700", ERR_NONE, ERR_NONE, LATENCY_MS + 700},
		{"kind=slow ms=40000", ERR_TIMEOUT, ERR_UNKNOWN, 30000},
		{"kind=torn-json", ERR_NONE, ERR_NONE, LATENCY_MS},
	};
	struct stage *s = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t start_ms = clock_mono_ms();
		struct ask get, post;

		fault(s, rows[i].line);
		prepare(&get, "GET", ACCOUNT, NULL);
		prepare(&post, "POST", ACTIONS, "{\"type\":\"reboot\"}");
		http_start(s->pool, &get.request);
		http_start(s->pool, &post.request);
		loop_advance(s->loop, 60000);
		assert_int_equal(get.n_done, 1);
		assert_int_equal(post.n_done, 1);
		assert_int_equal(get.err.kind, rows[i].get);
		assert_int_equal(post.err.kind, rows[i].post);
		assert_int_equal(get.done_ms - start_ms, rows[i].ms);
	}
}

static void cancel_and_close(void **state)
{
	struct stage *s = *state;
	struct ask get, post, left;

	fault(s, "kind=timeout-after-send");
	prepare(&get, "GET", ACCOUNT, NULL);
	prepare(&post, "POST", ACTIONS, "{\"type\":\"reboot\"}");
	prepare(&left, "GET", ACCOUNT, NULL);
	http_start(s->pool, &get.request);
	http_start(s->pool, &post.request);
	http_start(s->pool, &left.request);
	loop_advance(s->loop, 100);
	http_cancel(&get.request);
	http_cancel(&post.request);
	assert_int_equal(get.n_done, 0);
	loop_advance(s->loop, 0);
	assert_int_equal(get.err.kind, ERR_CANCELED);
	assert_int_equal(post.err.kind, ERR_UNKNOWN); /* it may have arrived */
	http_pool_free(s->pool);
	assert_int_equal(left.n_done, 1);
	assert_int_equal(left.err.kind, ERR_CANCELED);
	s->pool = NULL;
}

static void no_door(void **state)
{
	struct stage *s = *state;
	struct err err = {0};

	http_virtual(s->loop, NULL);
	assert_null(http_pool_new(s->loop, NULL, &err));
	assert_int_equal(err.kind, ERR_USAGE);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH(answers),          WITH(streams), WITH(fault_kinds),
		WITH(cancel_and_close), WITH(no_door),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
