/* test_loop_httpd.c - the small listener, asked by plain sockets, well and badly */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "loop/httpd.h"

static struct loop *loop;
static struct httpd *httpd;
static int n_handled;
static char asked[256];

static void handle(const char *method, const char *path, const char *query,
		   struct httpd_answer *answer, void *data)
{
	assert_ptr_equal(data, &n_handled);
	n_handled++;
	(void)snprintf(asked, sizeof(asked), "%s|%s|%s", method, path, query);
	if (strcmp(path, "/metrics") == 0) {
		(void)strbuf_adds(&answer->body, "up 1\n");
	} else if (strcmp(path, "/big") == 0) {
		(void)strbuf_repeat(&answer->body, 'b', 1000000);
	} else if (strcmp(path, "/json") == 0) {
		answer->content_type = "application/json";
		(void)strbuf_adds(&answer->body, "{}");
	} else {
		answer->status = 404;
	}
}

static bool never(void *data)
{
	(void)data;
	return false;
}

static int set_up(void **state)
{
	struct httpd_options options = {
		.listen = "127.0.0.1:0", .handle = handle, .data = &n_handled};
	struct err err = {0};

	(void)state;
	n_handled = 0;
	loop = loop_new(&err);
	httpd = httpd_open(loop, &options, &err);
	return httpd != NULL && httpd_port(httpd) > 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	httpd_close(httpd);
	loop_free(loop);
	return 0;
}

static int dial(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr.sin_port = htons((uint16_t)httpd_port(httpd));
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void say(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN) {
			return; /* it hung up already */
		}
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
		(void)loop_run_until(loop, never, NULL, 1);
	}
}

static char heard[1100000];
static size_t heard_len;

static bool at_end(void *data)
{
	int fd = *(int *)data;

	for (;;) {
		ssize_t n = recv(fd, heard + heard_len, sizeof(heard) - 1 - heard_len, 0);

		if (n > 0) {
			heard_len += (size_t)n;
			heard[heard_len] = '\0';
		} else {
			return n == 0 || errno != EAGAIN;
		}
	}
}

static bool poll_end(int *fd, int64_t ms)
{
	int64_t until = clock_mono_ms() + ms;

	while (!at_end(fd)) {
		if (clock_mono_ms() > until) {
			return false;
		}
		(void)loop_run_until(loop, never, NULL, 2);
	}
	return true;
}

static const char *ask(const char *bytes, size_t len)
{
	int fd = dial();

	heard_len = 0;
	heard[0] = '\0';
	say(fd, bytes, len);
	assert_true(poll_end(&fd, 8000));
	(void)close(fd);
	return heard;
}

static void expect(const char *request, const char *status)
{
	const char *got = ask(request, strlen(request));

	if (strncmp(got, "HTTP/1.1 ", 9) != 0 || strncmp(got + 9, status, strlen(status)) != 0) {
		fail_msg("'%.60s' was answered with '%.60s', not %s", request, got, status);
	}
}

static void requests_are_answered(void **state)
{
	(void)state;
	expect("GET /metrics?a=b HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK\r\n");
	assert_string_equal(asked, "GET|/metrics|a=b");
	assert_non_null(strstr(heard, "Content-Type: text/plain; charset=utf-8\r\n"));
	assert_non_null(strstr(heard, "Content-Length: 5\r\n"));
	assert_non_null(strstr(heard, "\r\n\r\nup 1\n"));
	expect("GET /json HTTP/1.0\r\n\r\n", "200");
	assert_non_null(strstr(heard, "application/json"));
	expect("GET /other HTTP/1.1\r\n\r\n", "404");
	expect("POST /metrics HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "200");
	assert_string_equal(asked, "POST|/metrics|");
	expect("GET /big HTTP/1.1\r\n\r\n", "200");
	assert_true(heard_len > 1000000);
	assert_int_equal(n_handled, 5);
}

static void bad_requests_are_refused_and_not_handled(void **state)
{
	static const char nul[] = "GET /\0metrics HTTP/1.1\r\n\r\n";
	static char big[70000];

	(void)state;
	expect("DELETE /metrics HTTP/1.1\r\n\r\n", "405");
	expect("GET /metrics HTTP/2\r\n\r\n", "400");
	expect("GET /metrics\r\n\r\n", "400");
	expect("\r\n\r\n", "400");
	expect("GET metrics HTTP/1.1\r\n\r\n", "400");
	expect("GET /a\x01 HTTP/1.1\r\n\r\n", "400");
	expect("GET / HTTP/1.1\r\nBad Header: x\r\n\r\n", "400");
	expect("GET / HTTP/1.1\r\n folded: x\r\n\r\n", "400");
	expect("GET / HTTP/1.1\r\nNoColon\r\n\r\n", "400");
	expect("GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n", "400");
	expect("POST /metrics HTTP/1.1\r\n\r\n", "411");
	expect("POST /metrics HTTP/1.1\r\nContent-Length: x\r\n\r\n", "400");
	expect("POST /metrics HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "400");
	expect("POST /metrics HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", "400");
	expect("POST /metrics HTTP/1.1\r\nContent-Length: 65537\r\n\r\n", "413");
	expect("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n", "413");
	expect("POST /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "501");
	(void)ask(nul, sizeof(nul) - 1);
	assert_memory_equal(heard, "HTTP/1.1 400", 12);
	memset(big, 'a', sizeof(big) - 1);
	memcpy(big, "GET /", 5);
	expect(big, "431");
	assert_int_equal(n_handled, 0);
}

static void requests_may_come_in_pieces_with_the_largest_body(void **state)
{
	static char body[65536];
	const char *head = "POST /metrics HTTP/1.1\r\nContent-Length: 65536\r\n\r\n";
	int fd = dial();

	(void)state;
	memset(body, 'x', sizeof(body));
	heard_len = 0;
	for (const char *c = head; *c != '\0'; c++) {
		say(fd, c, 1);
	}
	assert_int_equal(n_handled, 0);
	say(fd, body, sizeof(body) - 1);
	(void)loop_run_until(loop, never, NULL, 20);
	assert_int_equal(n_handled, 0);
	say(fd, body, 1);
	assert_true(poll_end(&fd, 3000));
	(void)close(fd);
	assert_int_equal(n_handled, 1);
	assert_memory_equal(heard, "HTTP/1.1 200", 12);
}

static void a_second_request_on_the_connection_is_not_read(void **state)
{
	(void)state;
	expect("GET /json HTTP/1.1\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n", "200");
	assert_int_equal(n_handled, 1);
	assert_null(strstr(heard, "up 1"));
}

static void a_silent_client_is_dropped(void **state)
{
	int fd = dial();
	int64_t begin = clock_mono_ms();

	(void)state;
	heard_len = 0;
	say(fd, "GET /met", 8);
	assert_true(poll_end(&fd, 8000));
	assert_in_range(clock_mono_ms() - begin, 4500, 7500);
	assert_int_equal(heard_len, 0);
	(void)close(fd);
}

static void too_many_connections_do_not_stop_the_others(void **state)
{
	int fds[80];
	int open = 0;

	(void)state;
	for (int i = 0; i < 80; i++) {
		fds[i] = dial();
		(void)loop_run_until(loop, never, NULL, 1);
	}
	heard_len = 0;
	for (int i = 0; i < 80; i++) {
		open += at_end(&fds[i]) ? 0 : 1;
	}
	assert_int_equal(open, 64);
	for (int i = 0; i < 80; i++) {
		(void)close(fds[i]);
	}
	(void)loop_run_until(loop, never, NULL, 50);
	expect("GET /metrics HTTP/1.1\r\n\r\n", "200");
}

static void closing_drops_everybody(void **state)
{
	int fd = dial();

	(void)state;
	(void)loop_run_until(loop, never, NULL, 10);
	httpd_close(httpd);
	httpd = NULL;
	heard_len = 0;
	assert_true(poll_end(&fd, 1000));
	(void)close(fd);
}

static void addresses_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {
		"",       "127.0.0.1", "localhost:1", "127.0.0.1:x", ":1", "127.0.0.1:99999",
		"[::1:1", "[]:1",      "1.2.3.4.5:1"};
	struct httpd_options options = {.handle = handle};
	struct err err = {0};
	char taken[64];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		options.listen = bad[i];
		if (httpd_open(loop, &options, &err) != NULL) {
			fail_msg("took '%s'", bad[i]);
		}
		assert_int_equal(err.kind, ERR_CONFIG);
	}
	(void)snprintf(taken, sizeof(taken), "127.0.0.1:%d", httpd_port(httpd));
	options.listen = taken;
	assert_null(httpd_open(loop, &options, &err));
	assert_non_null(strstr(err.msg, "in use"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(requests_are_answered),
		CASE(bad_requests_are_refused_and_not_handled),
		CASE(requests_may_come_in_pieces_with_the_largest_body),
		CASE(a_second_request_on_the_connection_is_not_read),
		CASE(a_silent_client_is_dropped),
		CASE(too_many_connections_do_not_stop_the_others),
		CASE(closing_drops_everybody),
		CASE(addresses_that_are_none_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
