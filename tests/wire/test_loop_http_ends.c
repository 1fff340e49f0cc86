/* test_loop_http_ends.c - how requests, pools and kept connections end: cancelled, freed, left by the other side */
#include "loop_http.h"

#include <errno.h>

#include "base/clock.h"

/* --- cancel --- */

static void cancel_before_it_is_sent(void **state)
{
	struct ask ask = plain("POST", "/never-canceled");
	struct ask slow = prepare("POST", "http", "127.0.0.1", server.silent, "/x");
	struct ask tls = prepare("POST", "https", "127.0.0.1", server.silent, "/x");

	(void)state;
	start(&ask);
	http_cancel(&ask.request);
	assert_int_equal(ask.n_done, 0);
	assert_true(loop_run_until(loop, is_done, &ask, 1000));
	expect_err(&ask, ERR_CANCELED);
	assert_int_equal(count("never-canceled"), 0);
	start(&tls); /* in the handshake */
	turn(50);
	http_cancel(&tls.request);
	http_cancel(&tls.request);
	assert_true(loop_run_until(loop, is_done, &tls, 1000));
	expect_err(&tls, ERR_CANCELED);
	start(&slow); /* sent, to one who never reads */
	turn(50);
	http_cancel(&slow.request);
	assert_true(loop_run_until(loop, is_done, &slow, 1000));
	expect_err(&slow, ERR_UNKNOWN);
	turn(20);
	assert_int_equal(ask.n_done + tls.n_done + slow.n_done, 3);
}

/* Every connection is taken by somebody who waits for an answer. */
static void who_stands_in_line_leaves_it_unsent_or_is_next(void **state)
{
	struct ask taken[8];
	struct ask late = plain("POST", "/never-in-line");
	struct ask canceled = plain("POST", "/never-in-line");
	struct ask next = plain("GET", "/ok");
	int64_t begin = clock_mono_ms();

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		taken[i] = plain("GET", "/silent");
		start(&taken[i]);
	}
	late.request.connect_ms = 300;
	start(&late);
	start(&canceled);
	start(&next);
	turn(50);
	http_cancel(&canceled.request);
	assert_true(loop_run_until(loop, is_done, &canceled, 200));
	expect_err(&canceled, ERR_CANCELED);
	assert_true(loop_run_until(loop, is_done, &late, 3000));
	expect_err(&late, ERR_NETWORK);
	assert_true(strstr(late.err.msg, "no connection to '127.0.0.1' within 0.3 s") != NULL);
	assert_in_range(clock_mono_ms() - begin, 250, 3000);
	assert_int_equal(next.n_done, 0);
	http_cancel(&taken[3].request);
	assert_true(loop_run_until(loop, is_done, &next, 3000));
	expect_ok(&next, 200);
	assert_int_equal(count("never-in-line"), 0);
	http_pool_free(pool);
	pool = NULL;
}

static void cancel_of_a_read_that_was_sent(void **state)
{
	struct ask ask = plain("GET", "/silent");

	(void)state;
	start(&ask);
	turn(50);
	http_cancel(&ask.request);
	assert_true(loop_run_until(loop, is_done, &ask, 1000));
	expect_err(&ask, ERR_CANCELED);
}

static void freeing_the_pool_ends_everything_at_once(void **state)
{
	struct ask get = plain("GET", "/silent");
	struct ask post = plain("POST", "/silent");
	struct ask unresolved = prepare("POST", "http", "nobody.invalid", 80, "/");

	(void)state;
	start(&get);
	start(&post);
	turn(50);
	start(&unresolved);
	http_pool_free(pool);
	pool = NULL;
	assert_int_equal(get.n_done, 1);
	expect_err(&get, ERR_CANCELED);
	assert_int_equal(post.n_done, 1);
	expect_err(&post, ERR_UNKNOWN);
	assert_int_equal(unresolved.n_done, 1);
	expect_err(&unresolved, ERR_CANCELED);
}

static void free_pool_in_done(struct http_request *request, const struct err *err)
{
	on_done(request, err);
	http_pool_free(pool);
	pool = NULL;
}

static void the_pool_may_be_freed_in_done(void **state)
{
	struct ask ask = plain("GET", "/ok");
	struct ask other = plain("GET", "/silent");

	(void)state;
	ask.request.done = free_pool_in_done;
	start(&other);
	run(&ask);
	expect_ok(&ask, 200);
	assert_int_equal(other.n_done, 1);
	expect_err(&other, ERR_CANCELED);
}

/* A server of one answer a connection, which it leaves open. */
struct once {
	int listener, connection;
};

static bool answers(void *data)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	struct once *once = data;
	char request[2048];

	if (once->connection < 0) {
		once->connection =
			accept4(once->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	}
	return once->connection >= 0 && recv(once->connection, request, sizeof(request), 0) > 0 &&
	       send(once->connection, answer, sizeof(answer) - 1, MSG_NOSIGNAL) > 0;
}

static bool was_left(void *data)
{
	char byte;

	return recv(((struct once *)data)->connection, &byte, 1, 0) == 0;
}

static struct once listen_once(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct once once = {.connection = -1};

	once.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_return_code(bind(once.listener, (struct sockaddr *)&at, sizeof(at)), errno);
	assert_return_code(listen(once.listener, 4), errno);
	return once;
}

/* By a new connection. */
static void ask_once(struct once *once)
{
	struct sockaddr_in at;
	socklen_t len = sizeof(at);
	struct ask ask;

	assert_return_code(getsockname(once->listener, (struct sockaddr *)&at, &len), errno);
	ask = prepare("GET", "http", "127.0.0.1", ntohs(at.sin_port), "/");
	once->connection = -1;
	start(&ask);
	assert_true(loop_run_until(loop, answers, once, 10000));
	assert_true(loop_run_until(loop, is_done, &ask, 10000));
	expect_ok(&ask, 200);
}

static void a_rare_pool_keeps_no_connection(void **state)
{
	const struct http_options rare = {.rare = true};
	struct once once = listen_once();

	(void)state;
	http_pool_free(pool);
	pool = http_pool_new(loop, &rare, NULL);
	for (int i = 0; i < 2; i++) {
		ask_once(&once);
		assert_true(loop_run_until(loop, was_left, &once, 10000));
		(void)close(once.connection);
	}
	(void)close(once.listener);
}

/* Its end can be read for ever: it is seen once, and the next request finds another connection. */
static void a_kept_connection_that_ends_does_not_wake(void **state)
{
	struct once once = listen_once();

	(void)state;
	ask_once(&once);
	(void)close(once.connection);
	assert_still(loop);
	ask_once(&once);
	(void)close(once.connection);
	(void)close(once.listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(cancel_before_it_is_sent),
		CASE(who_stands_in_line_leaves_it_unsent_or_is_next),
		CASE(cancel_of_a_read_that_was_sent),
		CASE(freeing_the_pool_ends_everything_at_once),
		CASE(the_pool_may_be_freed_in_done),
		CASE(a_rare_pool_keeps_no_connection),
		CASE(a_kept_connection_that_ends_does_not_wake),
	};

	return cmocka_run_group_tests(tests, server_start, server_stop);
}
