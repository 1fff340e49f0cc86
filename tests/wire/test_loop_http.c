/* test_loop_http.c - http requests against a server that misbehaves: one callback each, the right kind, no leak */
#include "loop_http.h"

#include "base/clock.h"

/* --- whole answers --- */

static void a_get_brings_body_headers_and_rate(void **state)
{
	struct ask ask = plain("GET", "/ok");

	(void)state;
	run(&ask);
	expect_ok(&ask, 200);
	assert_string_equal(ask.answer, "{\"ok\":true}");
	assert_string_equal(ask.content_type, "application/json; charset=utf-8");
	assert_int_equal(ask.limit, 5000);
	assert_int_equal(ask.remaining, 4816);
	assert_int_equal(ask.reset, 1768273200);
	assert_int_equal(ask.retry_after_s, -1);
	assert_string_equal(ask.request_id, "0d42ffde");
}

static void any_status_is_an_answer(void **state)
{
	struct ask busy = plain("GET", "/busy");
	struct ask html = plain("POST", "/html");
	struct ask early = plain("POST", "/early");
	struct ask empty = plain("DELETE", "/empty");
	struct ask redirect = plain("GET", "/redirect");

	(void)state;
	run(&busy);
	expect_ok(&busy, 429);
	assert_int_equal(busy.retry_after_s, 17);
	assert_int_equal(busy.limit, -1); /* "many" is no number */
	run(&html);
	expect_ok(&html, 502);
	assert_string_equal(html.content_type, "text/html");
	run(&early);
	expect_ok(&early, 201);
	assert_int_equal(early.retry_after_s, -1); /* that was of the 103 */
	assert_string_equal(early.answer, "made");
	run(&empty);
	expect_ok(&empty, 204);
	run(&redirect);
	expect_ok(&redirect, 302); /* never followed */
}

static void methods_bodies_and_headers_arrive_as_given(void **state)
{
	const struct http_header headers[] = {{"Authorization", "Bearer x"},
					      {"Content-Type", "text/plain"}};
	char body[] = "{\"type\":\"reboot\"}";
	struct ask post = plain("POST", "/echo");
	struct ask typed = plain("PUT", "/echo");
	struct ask bare = plain("POST", "/echo");
	struct ask del = plain("DELETE", "/echo");

	(void)state;
	post.request.body = body;
	post.request.body_len = strlen(body);
	start(&post);
	memset(body, 'x', strlen(body)); /* it was copied */
	assert_true(loop_run_until(loop, is_done, &post, 5000));
	expect_ok(&post, 200);
	assert_string_equal(post.answer,
			    "POST|application/json|None|17|None|{\"type\":\"reboot\"}");
	typed.request.body = "hello";
	typed.request.body_len = 5;
	typed.request.headers = headers;
	typed.request.n_headers = 2;
	run(&typed);
	assert_string_equal(typed.answer, "PUT|text/plain|Bearer x|5|None|hello");
	run(&bare);
	assert_non_null(strstr(bare.answer, "POST|"));
	assert_non_null(strstr(bare.answer, "|0|None|"));
	run(&del);
	assert_string_equal(del.answer, "DELETE|None|None|None|None|");
}

static int refuse_at_second(struct http_request *request, const char *bytes, size_t len)
{
	struct ask *ask = request->data;

	assert_true(ask->streamed_len + len < sizeof(ask->streamed));
	memcpy(ask->streamed + ask->streamed_len, bytes, len);
	ask->streamed_len += len;
	return ask->wanted > 0 && ask->streamed_len > (size_t)ask->wanted;
}

static void a_body_streams_as_it_comes(void **state)
{
	struct ask ask = plain("GET", "/chunks");
	struct ask bad = plain("GET", "/chunks");
	struct ask html = plain("GET", "/html");

	(void)state;
	ask.request.on_body = refuse_at_second;
	run(&ask);
	expect_ok(&ask, 200);
	assert_int_equal(ask.streamed_len, 50);
	assert_memory_equal(ask.streamed, "abcd0abcd1", 10);
	assert_int_equal(ask.answer_len, 0);
	bad.request.on_body = refuse_at_second;
	bad.wanted = 12;
	run(&bad);
	expect_err(&bad, ERR_REMOTE);
	html.request.on_body = refuse_at_second;
	run(&html);
	expect_ok(&html, 502);
	assert_int_equal(html.streamed_len, 0); /* only a 2xx streams */
	assert_true(html.answer_len > 0);
}

static int cancel_in_body(struct http_request *request, const char *bytes, size_t len)
{
	(void)bytes;
	(void)len;
	http_cancel(request);
	return 0;
}

static struct ask inner;

static int start_in_body(struct http_request *request, const char *bytes, size_t len)
{
	(void)request;
	(void)bytes;
	(void)len;
	if (inner.request.internal == NULL && inner.n_done == 0) {
		start(&inner);
	}
	return 0;
}

static void requests_may_start_and_end_from_inside_a_body(void **state)
{
	struct ask ask = plain("GET", "/chunks");
	struct ask other = plain("GET", "/chunks");

	(void)state;
	ask.request.on_body = cancel_in_body;
	run(&ask);
	expect_err(&ask, ERR_CANCELED);
	inner = plain("GET", "/ok");
	other.request.on_body = start_in_body;
	run(&other);
	expect_ok(&other, 200);
	assert_true(loop_run_until(loop, is_done, &inner, 5000));
	expect_ok(&inner, 200);
}

static void a_body_has_a_maximum(void **state)
{
	struct ask fits = plain("GET", "/big?5000");
	struct ask big = plain("GET", "/big?5001");
	struct ask bad = plain("GET", "/badbig?2000000");
	struct ask endless = plain("GET", "/endless");

	(void)state;
	fits.request.max_body_bytes = 5000;
	run(&fits);
	expect_ok(&fits, 200);
	assert_int_equal(fits.answer_len, 5000);
	big.request.max_body_bytes = 5000;
	run(&big);
	expect_err(&big, ERR_LIMIT);
	assert_int_equal(big.err.remote_status, 200);
	run(&bad);
	expect_err(&bad, ERR_LIMIT);
	run(&endless);
	expect_err(&endless, ERR_LIMIT);
}

static void fifty_at_once_each_come_once(void **state)
{
	enum { N = 50 };
	static struct ask asks[N];
	int64_t begin = clock_mono_ms();

	(void)state;
	for (int i = 0; i < N; i++) {
		asks[i] = plain(i % 2 == 0 ? "GET" : "POST", i % 5 == 0 ? "/slow" : "/ok");
		start(&asks[i]);
	}
	for (int i = 0; i < N; i++) {
		assert_true(loop_run_until(loop, is_done, &asks[i], 10000));
	}
	turn(50);
	for (int i = 0; i < N; i++) {
		assert_int_equal(asks[i].n_done, 1);
		expect_ok(&asks[i], 200);
	}
	assert_in_range(clock_mono_ms() - begin, 0, 8000);
}

/* --- never sent --- */

static void nobody_listens(void **state)
{
	struct ask ask = prepare("POST", "http", "127.0.0.1", server.refused, "/ok");

	(void)state;
	run(&ask);
	expect_err(&ask, ERR_NETWORK);
	assert_null(strstr(ask.err.msg, "/ok"));
}

static void the_name_does_not_resolve(void **state)
{
	struct ask ask = prepare("POST", "http", "nobody.invalid", 80, "/ok");

	(void)state;
	run(&ask);
	expect_err(&ask, ERR_NETWORK);
	assert_non_null(strstr(ask.err.msg, "nobody.invalid"));
}

static void a_name_resolves_by_the_system(void **state)
{
	struct ask ask = prepare("GET", "http", "localhost", server.plain, "/ok");
	struct ask again = prepare("GET", "http", "localhost", server.plain, "/ok");

	(void)state;
	run(&ask);
	expect_ok(&ask, 200);
	run(&again);
	expect_ok(&again, 200);
}

static void a_trusted_certificate_for_the_name_is_taken(void **state)
{
	struct ask name = prepare("GET", "https", "localhost", server.tls, "/ok");
	struct ask address = prepare("GET", "https", "127.0.0.1", server.tls, "/ok");

	(void)state;
	run(&name);
	expect_ok(&name, 200);
	run(&address);
	expect_ok(&address, 200);
}

static void a_certificate_for_another_name_is_refused(void **state)
{
	struct ask ask = prepare("POST", "https", "localhost", server.wrong, "/never-wrong");

	(void)state;
	run(&ask);
	expect_err(&ask, ERR_NETWORK);
	assert_int_equal(count("never-wrong"), 0);
}

static void a_certificate_of_an_unknown_authority_is_refused(void **state)
{
	char ca[600];
	struct ask ask = prepare("POST", "https", "localhost", server.tls, "/never-unknown");
	struct ask by_system = prepare("POST", "https", "localhost", server.tls, "/never-unknown");

	(void)state;
	(void)tear_down(state);
	(void)snprintf(ca, sizeof(ca), "%s/other-ca.crt", server.dir);
	open_pool(ca);
	run(&ask);
	expect_err(&ask, ERR_NETWORK);
	assert_int_equal(count("never-unknown"), 0);
	(void)tear_down(state);
	open_pool(NULL);
	run(&by_system);
	expect_err(&by_system, ERR_NETWORK);
	assert_int_equal(count("never-unknown"), 0);
}

static void a_tls_handshake_that_never_ends_is_cut_off(void **state)
{
	struct ask ask = prepare("POST", "https", "127.0.0.1", server.silent, "/ok");
	int64_t begin = clock_mono_ms();

	(void)state;
	ask.request.connect_ms = 300;
	run(&ask);
	expect_err(&ask, ERR_NETWORK);
	assert_in_range(clock_mono_ms() - begin, 250, 3000);
}

static void what_cannot_be_sent_is_refused_in_words(void **state)
{
	const struct http_header bad = {"X-Evil", "a\r\nX-More: b"};
	struct ask url = plain("GET", "/ok");
	struct ask ftp = plain("GET", "/ok");
	struct ask method = plain("GET /x", "/ok");
	struct ask header = plain("GET", "/ok");

	(void)state;
	(void)snprintf(url.url, sizeof(url.url), "http://");
	run(&url);
	expect_err(&url, ERR_USAGE);
	(void)snprintf(ftp.url, sizeof(ftp.url), "ftp://127.0.0.1/");
	run(&ftp);
	expect_err(&ftp, ERR_USAGE);
	run(&method);
	expect_err(&method, ERR_USAGE);
	header.request.headers = &bad;
	header.request.n_headers = 1;
	run(&header);
	expect_err(&header, ERR_USAGE);
}

static void a_proxy_of_the_environment_is_not_asked(void **state)
{
	struct ask ask = plain("GET", "/ok");

	(void)state;
	(void)setenv("http_proxy", "http://127.0.0.1:1", 1);
	(void)setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	run(&ask);
	(void)unsetenv("http_proxy");
	(void)unsetenv("ALL_PROXY");
	expect_ok(&ask, 200);
}

/* --- sent, and no whole answer --- */

static void expect_lost(const char *path, enum err_kind get_kind)
{
	struct ask get = plain("GET", path);
	struct ask post = plain("POST", path);
	struct ask harmless = plain("POST", path);

	get.request.timeout_ms = 300;
	post.request.timeout_ms = 300;
	harmless.request.timeout_ms = 300;
	harmless.request.idempotent = true;
	run(&get);
	expect_err(&get, get_kind);
	run(&post);
	expect_err(&post, ERR_UNKNOWN);
	run(&harmless);
	expect_err(&harmless, get_kind);
}

static void no_answer_in_time(void **state)
{
	(void)state;
	expect_lost("/silent", ERR_TIMEOUT);
}

static void half_an_answer_in_time(void **state)
{
	(void)state;
	expect_lost("/half", ERR_TIMEOUT);
}

static void headers_that_drip(void **state)
{
	(void)state;
	expect_lost("/slowheaders", ERR_TIMEOUT);
}

static void a_hang_up_without_an_answer(void **state)
{
	(void)state;
	expect_lost("/hangup", ERR_NETWORK);
}

static void a_reset_in_the_middle_of_the_body(void **state)
{
	(void)state;
	expect_lost("/reset", ERR_NETWORK);
}

static void an_answer_that_is_not_http(void **state)
{
	(void)state;
	expect_lost("/garbage", ERR_NETWORK);
}

static void headers_without_end(void **state)
{
	struct ask ask = plain("GET", "/endlessheaders");

	(void)state;
	run(&ask);
	expect_err(&ask, ERR_LIMIT);
}

static void a_change_on_a_dead_kept_connection_is_not_sent_twice(void **state)
{
	struct ask first = plain("POST", "/die-on-second-post");
	struct ask second = plain("POST", "/die-on-second-post");
	struct ask get_first = plain("GET", "/die-on-second-get");
	struct ask get_second = plain("GET", "/die-on-second-get");
	struct ask del = plain("DELETE", "/die-on-second-delete");

	(void)state;
	run(&first);
	expect_ok(&first, 200);
	run(&second);
	expect_err(&second, ERR_UNKNOWN);
	assert_int_equal(count("die-on-second-post"), 2); /* each once */
	/* a request without a body is not different (the connection is the one that counted) */
	run(&del);
	expect_err(&del, ERR_UNKNOWN);
	assert_int_equal(count("die-on-second-delete"), 1);
	/* a read is repeated by curl, on a new connection */
	(void)tear_down(state);
	(void)set_up(state);
	run(&get_first);
	expect_ok(&get_first, 200);
	run(&get_second);
	expect_ok(&get_second, 200);
	assert_int_equal(count("die-on-second-get"), 3);
}

static void a_missing_ca_file_is_said_at_once(void **state)
{
	struct http_options options = {.ca_file = "/nonexistent/ca.crt"};
	struct err err = {0};

	(void)state;
	assert_null(http_pool_new(loop, &options, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_get_brings_body_headers_and_rate),
		CASE(any_status_is_an_answer),
		CASE(methods_bodies_and_headers_arrive_as_given),
		CASE(a_body_streams_as_it_comes),
		CASE(requests_may_start_and_end_from_inside_a_body),
		CASE(a_body_has_a_maximum),
		CASE(fifty_at_once_each_come_once),
		CASE(nobody_listens),
		CASE(the_name_does_not_resolve),
		CASE(a_name_resolves_by_the_system),
		CASE(a_trusted_certificate_for_the_name_is_taken),
		CASE(a_certificate_for_another_name_is_refused),
		CASE(a_certificate_of_an_unknown_authority_is_refused),
		CASE(a_tls_handshake_that_never_ends_is_cut_off),
		CASE(what_cannot_be_sent_is_refused_in_words),
		CASE(a_proxy_of_the_environment_is_not_asked),
		CASE(no_answer_in_time),
		CASE(half_an_answer_in_time),
		CASE(headers_that_drip),
		CASE(a_hang_up_without_an_answer),
		CASE(a_reset_in_the_middle_of_the_body),
		CASE(an_answer_that_is_not_http),
		CASE(headers_without_end),
		CASE(a_change_on_a_dead_kept_connection_is_not_sent_twice),
		CASE(a_missing_ca_file_is_said_at_once),
	};

	return cmocka_run_group_tests(tests, server_start, server_stop);
}
