/* loop_http.h - a pool of requests against the server that misbehaves: a request, what came of it, and the setting up */
#ifndef TESTS_WIRE_LOOP_HTTP_H
#define TESTS_WIRE_LOOP_HTTP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "loop/http.h"

#include "server.h"
#include "still.h"

static struct loop *loop;
static struct http_pool *pool;

/* A request and what came of it. */
struct ask {
	struct http_request request;
	char url[256];
	int n_done;
	int wanted; /* for several */
	bool has_err;
	struct err err;
	int status;
	char answer[512];
	size_t answer_len;
	char streamed[256];
	size_t streamed_len;
	int64_t limit, remaining, reset, retry_after_s;
	char content_type[64];
	char request_id[64];
};

static inline void on_done(struct http_request *request, const struct err *err)
{
	struct ask *ask = request->data;

	ask->n_done++;
	ask->has_err = err != NULL;
	err_copy(&ask->err, err);
	ask->status = request->status;
	ask->answer_len = request->answer.len;
	(void)snprintf(ask->answer, sizeof(ask->answer), "%s", request->answer.buf);
	ask->limit = request->ratelimit_limit;
	ask->remaining = request->ratelimit_remaining;
	ask->reset = request->ratelimit_reset;
	ask->retry_after_s = request->retry_after_s;
	memcpy(ask->content_type, request->content_type, sizeof(ask->content_type));
	memcpy(ask->request_id, request->request_id, sizeof(ask->request_id));
	memset(request, 0x55, sizeof(*request)); /* it may be freed here: nobody may look again */
}

static inline bool is_done(void *data)
{
	return ((struct ask *)data)->n_done > 0;
}

static inline void turn(int64_t ms)
{
	(void)loop_run_until(loop, never, NULL, ms);
}

static inline struct ask prepare(const char *method, const char *scheme, const char *host,
				 unsigned port, const char *path)
{
	struct ask ask = {0};

	(void)snprintf(ask.url, sizeof(ask.url), "%s://%s:%u%s", scheme, host, port, path);
	ask.request.method = method;
	ask.request.timeout_ms = 5000;
	ask.request.done = on_done;
	return ask;
}

static inline struct ask plain(const char *method, const char *path)
{
	return prepare(method, "http", "127.0.0.1", server.plain, path);
}

static inline void start(struct ask *ask)
{
	ask->request.url = ask->url;
	ask->request.data = ask;
	http_start(pool, &ask->request);
	assert_int_equal(ask->n_done, 0);
}

/* Starts, waits for the end, and that nothing comes after it. */
static inline void run(struct ask *ask)
{
	start(ask);
	assert_true(loop_run_until(loop, is_done, ask, 10000));
	assert_int_equal(ask->n_done, 1);
}

static inline void expect_err(const struct ask *ask, enum err_kind kind)
{
	assert_true(ask->has_err);
	if (ask->err.kind != kind) {
		fail_msg("kind %s, not %s: %s", err_kind_name(ask->err.kind), err_kind_name(kind),
			 ask->err.msg);
	}
	assert_true(strlen(ask->err.msg) > 5);
}

static inline void expect_ok(const struct ask *ask, int status)
{
	if (ask->has_err) {
		fail_msg("%s: %s", err_kind_name(ask->err.kind), ask->err.msg);
	}
	assert_int_equal(ask->status, status);
}

static inline int count(const char *key)
{
	struct ask ask;
	char path[128];

	(void)snprintf(path, sizeof(path), "/count/%s", key);
	ask = plain("GET", path);
	run(&ask);
	expect_ok(&ask, 200);
	return (int)strtol(ask.answer, NULL, 10);
}

static inline void open_pool(const char *ca_file)
{
	struct http_options options = {.ca_file = ca_file};
	struct err err = {0};

	loop = loop_new(&err);
	assert_non_null(loop);
	pool = http_pool_new(loop, &options, &err);
	assert_non_null(pool);
}

static inline int set_up(void **state)
{
	static char ca[600];

	(void)state;
	(void)snprintf(ca, sizeof(ca), "%s/ca.crt", server.dir);
	open_pool(ca);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	http_pool_free(pool);
	loop_free(loop); /* asserts that nothing is left on it */
	return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
