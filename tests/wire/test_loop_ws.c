/* test_loop_ws.c - WebSocket connections to a server that misbehaves: one end each, the right kind, no leak */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "loop/http.h"
#include "loop/ws.h"

#include "server.h"
#include "still.h"

static struct loop *loop;

/* A connection and what came of it. */
struct talk {
	struct ws_options options;
	struct ws *ws;
	char url[256];
	int n_open;
	int n_messages;
	int n_closed;
	char last[256];
	size_t last_len;
	size_t bytes;
	struct err err;
	void (*when_open)(struct talk *);
	void (*when_message)(struct talk *);
};

static char ca_file[600];

static void on_open(struct ws *ws, void *data)
{
	struct talk *talk = data;

	assert_int_equal(talk->n_closed, 0);
	assert_ptr_equal(ws, talk->ws);
	talk->n_open++;
	if (talk->when_open != NULL) {
		talk->when_open(talk);
	}
}

static void on_message(struct ws *ws, const char *bytes, size_t len, void *data)
{
	struct talk *talk = data;
	size_t n = len < sizeof(talk->last) - 1 ? len : sizeof(talk->last) - 1;

	assert_ptr_equal(ws, talk->ws);
	assert_int_equal(talk->n_open, 1);
	assert_int_equal(talk->n_closed, 0);
	talk->n_messages++;
	memcpy(talk->last, bytes, n);
	talk->last[n] = '\0';
	talk->last_len = len;
	talk->bytes += len;
	if (talk->when_message != NULL) {
		talk->when_message(talk);
	}
}

static void on_closed(struct ws *ws, const struct err *err, void *data)
{
	struct talk *talk = data;

	assert_ptr_equal(ws, talk->ws);
	talk->n_closed++;
	talk->ws = NULL;
	talk->err = *err;
	assert_int_equal(talk->n_closed, 1);
	assert_true(err->kind != ERR_NONE);
	assert_true(strlen(err->msg) > 5);
}

static bool is_closed(void *data)
{
	return ((struct talk *)data)->n_closed > 0;
}

static bool is_open(void *data)
{
	struct talk *talk = data;

	return talk->n_open > 0 || talk->n_closed > 0;
}

static bool has_message(void *data)
{
	struct talk *talk = data;

	return talk->n_messages > 0 || talk->n_closed > 0;
}

static struct talk prepare(const char *scheme, const char *host, unsigned port, const char *path)
{
	struct talk talk = {0};

	(void)snprintf(talk.url, sizeof(talk.url), "%s://%s:%u%s", scheme, host, port, path);
	talk.options.open_ms = 4000;
	talk.options.ping_ms = -1;
	talk.options.ca_file = ca_file;
	talk.options.on_open = on_open;
	talk.options.on_message = on_message;
	talk.options.on_closed = on_closed;
	return talk;
}

static struct talk plain(const char *path)
{
	return prepare("ws", "127.0.0.1", server.plain, path);
}

static void start(struct talk *talk)
{
	struct err err = {0};

	talk->options.url = talk->url;
	talk->options.data = talk;
	talk->ws = ws_open(loop, &talk->options, &err);
	if (talk->ws == NULL) {
		fail_msg("%s", err.msg);
	}
	assert_int_equal(talk->n_open + talk->n_closed, 0);
}

/* Opens, and waits for the end that comes by itself. */
static void run(struct talk *talk)
{
	start(talk);
	assert_true(loop_run_until(loop, is_closed, talk, 10000));
	assert_int_equal(talk->n_closed, 1);
}

static void open_up(struct talk *talk)
{
	start(talk);
	assert_true(loop_run_until(loop, is_open, talk, 5000));
	if (talk->n_closed > 0) {
		fail_msg("%s", talk->err.msg);
	}
}

static void shut(struct talk *talk)
{
	int64_t begin = clock_mono_ms();

	ws_close(talk->ws, 1000);
	ws_close(talk->ws, 1000);
	assert_int_equal(talk->n_closed, 0);
	assert_true(loop_run_until(loop, is_closed, talk, 5000));
	assert_in_range(clock_mono_ms() - begin, 0, 2200);
	assert_int_equal(talk->err.kind, ERR_CANCELED);
}

static void expect(const struct talk *talk, enum err_kind kind, const char *word)
{
	if (talk->err.kind != kind || strstr(talk->err.msg, word) == NULL) {
		fail_msg("%s: %s; not %s: %s", err_kind_name(talk->err.kind), talk->err.msg,
			 err_kind_name(kind), word);
	}
}

static void send_text(struct talk *talk, const char *text)
{
	struct err err = {0};

	if (ws_send(talk->ws, text, strlen(text), &err) < 0) {
		fail_msg("%s", err.msg);
	}
}

static int set_up(void **state)
{
	struct err err = {0};

	(void)state;
	(void)snprintf(ca_file, sizeof(ca_file), "%s/ca.crt", server.dir);
	loop = loop_new(&err);
	return loop != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	loop_free(loop); /* asserts that nothing is left on it */
	return 0;
}

/* How often the server says that something happened. */
static int answer_count;

static void on_count(struct http_request *request, const struct err *err)
{
	answer_count = err == NULL ? (int)strtol(request->answer.buf, NULL, 10) : -1;
}

static bool has_count(void *data)
{
	(void)data;
	return answer_count != -2;
}

static int count(const char *key)
{
	struct http_request request = {.method = "GET", .done = on_count};
	struct http_pool *pool = http_pool_new(loop, NULL, NULL);
	char url[256];

	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/count/%s", server.plain, key);
	request.url = url;
	answer_count = -2;
	http_start(pool, &request);
	assert_true(loop_run_until(loop, has_count, NULL, 5000));
	http_pool_free(pool);
	return answer_count;
}

/* --- it works --- */

static void a_text_goes_and_comes(void **state)
{
	struct talk talk = plain("/echo");
	struct talk secure = prepare("wss", "localhost", server.tls, "/echo");
	struct talk address = prepare("wss", "127.0.0.1", server.tls, "/echo");
	struct talk *talks[] = {&talk, &secure, &address};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		open_up(talks[i]);
		send_text(talks[i], "hello");
		assert_true(loop_run_until(loop, has_message, talks[i], 5000));
		assert_string_equal(talks[i]->last, "hello");
	}
	for (size_t i = 0; i < 3; i++) {
		shut(talks[i]);
	}
	assert_int_equal(count("closed-1000"), 3);
}

static void the_head_is_what_the_url_says(void **state)
{
	struct talk talk = prepare("ws", "localhost", server.plain, "/head?a=b&c=%20d");
	char wanted[128];

	(void)state;
	open_up(&talk);
	assert_true(loop_run_until(loop, has_message, &talk, 5000));
	(void)snprintf(wanted, sizeof(wanted), "localhost:%u|/head?a=b&c=%%20d|None", server.plain);
	assert_string_equal(talk.last, wanted); /* None: no permessage-deflate */
	shut(&talk);
}

static void three(struct talk *talk)
{
	send_text(talk, "one");
	send_text(talk, "two");
	send_text(talk, "three");
}

static void close_at_once(struct talk *talk)
{
	three(talk);
	ws_close(talk->ws, 1000);
}

static bool has_three(void *data)
{
	return ((struct talk *)data)->n_messages == 3;
}

static void texts_keep_their_order_and_leave_before_the_close(void **state)
{
	struct talk talk = plain("/echo");
	struct talk closing = plain("/echo");

	(void)state;
	talk.when_open = three;
	open_up(&talk);
	assert_true(loop_run_until(loop, has_three, &talk, 5000));
	assert_string_equal(talk.last, "three");
	assert_int_equal(talk.bytes, 11);
	shut(&talk);
	closing.when_open = close_at_once;
	run(&closing);
	expect(&closing, ERR_CANCELED, "closed by us");
	assert_int_equal(closing.n_messages, 0); /* echoes that come after ws_close are not given */
}

static void fragments_are_joined_around_a_ping(void **state)
{
	struct talk talk = plain("/fragments");

	(void)state;
	open_up(&talk);
	assert_true(loop_run_until(loop, has_message, &talk, 5000));
	assert_string_equal(talk.last,
			    "one two three"); /* "no pong" when we had not answered the ping */
	shut(&talk);
}

static void large_and_empty_and_utf8_texts_arrive_whole(void **state)
{
	struct talk talk = plain("/large");

	(void)state;
	open_up(&talk);
	assert_true(loop_run_until(loop, has_three, &talk, 5000));
	assert_int_equal(talk.bytes, 300000 + strlen("grüße"));
	assert_string_equal(talk.last, "grüße");
	shut(&talk);
}

static void a_big_text_is_sent_whole(void **state)
{
	struct talk talk = plain("/echo");
	size_t len = 90000;
	char *text = mem_alloc(len + 1);

	(void)state;
	memset(text, 'w', len);
	open_up(&talk);
	send_text(&talk, text);
	assert_int_equal(ws_queued_bytes(talk.ws), 0);
	assert_true(loop_run_until(loop, has_message, &talk, 5000));
	assert_int_equal(talk.last_len, len);
	shut(&talk);
	free(text);
}

static void the_subprotocol_is_agreed_or_the_connection_ends(void **state)
{
	struct talk talk = plain("/echo");
	struct talk without = plain("/nosub");
	struct talk lax = plain("/nosub");

	(void)state;
	talk.options.subprotocol = "xmpp";
	talk.options.require_subprotocol = true;
	open_up(&talk);
	send_text(&talk, "x");
	assert_true(loop_run_until(loop, has_message, &talk, 5000));
	shut(&talk);
	without.options.subprotocol = "xmpp";
	without.options.require_subprotocol = true;
	run(&without);
	assert_int_equal(without.n_open, 0);
	expect(&without, ERR_REMOTE, "xmpp");
	lax.options.subprotocol = "xmpp";
	open_up(&lax);
	shut(&lax);
}

static void a_proxy_of_the_environment_is_not_asked(void **state)
{
	struct talk talk = plain("/echo");

	(void)state;
	(void)setenv("http_proxy", "127.0.0.1:1", 1);
	open_up(&talk);
	assert_string_equal(getenv("http_proxy"), "127.0.0.1:1");
	(void)unsetenv("http_proxy");
	shut(&talk);
}

/* --- it never opens --- */

static void run_unopened(struct talk *talk, enum err_kind kind, const char *word)
{
	run(talk);
	assert_int_equal(talk->n_open, 0);
	expect(talk, kind, word);
}

static void nobody_listens(void **state)
{
	struct talk talk = prepare("ws", "127.0.0.1", server.refused, "/");

	(void)state;
	run_unopened(&talk, ERR_NETWORK, "127.0.0.1");
}

static void the_name_does_not_resolve(void **state)
{
	struct talk talk = prepare("wss", "nobody.invalid", 443, "/");

	(void)state;
	run_unopened(&talk, ERR_NETWORK, "nobody.invalid");
}

static void a_server_that_never_answers_the_upgrade(void **state)
{
	struct talk talk = plain("/noanswer");
	struct talk silent = prepare("ws", "127.0.0.1", server.silent, "/");
	int64_t begin = clock_mono_ms();

	(void)state;
	talk.options.open_ms = 1200;
	silent.options.open_ms = 1200;
	start(&silent);
	run_unopened(&talk, ERR_NETWORK, "too long");
	assert_true(loop_run_until(loop, is_closed, &silent, 5000));
	expect(&silent, ERR_NETWORK, "too long");
	assert_in_range(clock_mono_ms() - begin, 1150, 3500);
}

static void a_tls_handshake_that_never_ends(void **state)
{
	struct talk talk = prepare("wss", "localhost", server.silent, "/");
	int64_t begin = clock_mono_ms();

	(void)state;
	talk.options.open_ms = 1200;
	run_unopened(&talk, ERR_NETWORK, "too long");
	assert_in_range(clock_mono_ms() - begin, 1150, 3500);
}

static void an_http_answer_instead_of_the_upgrade(void **state)
{
	struct talk unauthorized = plain("/unauthorized");
	struct talk redirect = plain("/redirect");
	struct talk notws = plain("/notws");
	struct talk hangup = plain("/hangup");
	struct talk badaccept = plain("/badaccept");
	int64_t begin = clock_mono_ms();

	(void)state;
	run_unopened(&unauthorized, ERR_REMOTE, "401");
	assert_int_equal(unauthorized.err.remote_status, 401);
	run_unopened(&redirect, ERR_REMOTE, "302");
	run_unopened(&notws, ERR_REMOTE, "200");
	run_unopened(&hangup, ERR_NETWORK, "127.0.0.1");
	run_unopened(&badaccept, ERR_NETWORK, "127.0.0.1");
	assert_in_range(clock_mono_ms() - begin, 0, 3000);
}

static void wrong_certificates(void **state)
{
	struct talk wrong = prepare("wss", "localhost", server.wrong, "/never-wrong-ws");
	struct talk unknown = prepare("wss", "localhost", server.tls, "/never-wrong-ws");
	struct talk by_system = prepare("wss", "localhost", server.tls, "/never-wrong-ws");
	char other[600];

	(void)state;
	run_unopened(&wrong, ERR_CONFIG, "hostname mismatch");
	(void)snprintf(other, sizeof(other), "%s/other-ca.crt", server.dir);
	unknown.options.ca_file = other;
	run_unopened(&unknown, ERR_CONFIG, "the certificate of 'localhost' is refused");
	by_system.options.ca_file = NULL;
	run_unopened(&by_system, ERR_CONFIG, "the certificate of 'localhost' is refused");
	assert_int_equal(count("never-wrong-ws"), 0);
}

static void what_cannot_be_opened_is_said_at_once(void **state)
{
	static const char *const urls[] = {
		"http://127.0.0.1/", "ws://",        "ws:///path",      "ws://host:0/",
		"ws://host:99999/",  "ws://host:x/", "ws://user@host/", "ws://[::1/",
		"ws://ho st/",       "wss://h/\r\n", "ws://:80/",       "",
	};
	struct talk talk = plain("/echo");
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		err_clear(&err);
		talk.options.url = urls[i];
		if (ws_open(loop, &talk.options, &err) != NULL) {
			fail_msg("took '%s'", urls[i]);
		}
		assert_int_equal(err.kind, ERR_CONFIG);
	}
	talk.options.url = "wss://localhost/";
	talk.options.ca_file = "/nonexistent/ca.crt";
	assert_null(ws_open(loop, &talk.options, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
}

static void close_before_it_is_open(void **state)
{
	struct talk early = plain("/echo");
	struct talk resolving = prepare("ws", "nobody.invalid", 80, "/");
	struct talk late = plain("/noanswer");
	struct err err = {0};

	(void)state;
	start(&early);
	assert_int_equal(ws_send(early.ws, "x", 1, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	shut(&early);
	start(&resolving);
	shut(&resolving);
	start(&late);
	(void)loop_run_until(loop, never, NULL, 50);
	shut(&late);
	assert_int_equal(early.n_open + resolving.n_open + late.n_open, 0);
}

/* --- it opens and then breaks --- */

static void run_opened(struct talk *talk, enum err_kind kind, const char *word)
{
	run(talk);
	assert_int_equal(talk->n_open, 1);
	expect(talk, kind, word);
}

static void broken_frames(void **state)
{
	struct talk opcode = plain("/badopcode");
	struct talk rsv = plain("/rsv");

	(void)state;
	run_opened(&opcode, ERR_NETWORK, "broke");
	run_opened(&rsv, ERR_NETWORK, "broke");
	assert_int_equal(opcode.n_messages + rsv.n_messages, 0);
}

static void ten_megabytes_in_one_message(void **state)
{
	struct talk frame = plain("/huge");
	struct talk fragments = plain("/hugefragments");
	struct talk flood = plain("/flood");

	(void)state;
	run_opened(&frame, ERR_LIMIT, "too big");
	run_opened(&fragments, ERR_LIMIT, "too big");
	run_opened(&flood, ERR_LIMIT, "too big"); /* and it goes on after our close frame */
	assert_int_equal(frame.n_messages + fragments.n_messages, 0);
	(void)loop_run_until(loop, never, NULL, 50);
	assert_int_equal(count("flood-closed-1009"), 1);
}

static void texts_that_are_none(void **state)
{
	struct talk utf8 = plain("/badutf8");
	struct talk binary = plain("/binary");

	(void)state;
	run_opened(&utf8, ERR_REMOTE, "UTF-8");
	run_opened(&binary, ERR_REMOTE, "binary");
	assert_int_equal(utf8.n_messages + binary.n_messages, 0);
	(void)loop_run_until(loop, never, NULL, 50);
	assert_int_equal(count("badutf8-closed-1007"), 1);
	assert_int_equal(count("binary-closed-1003"), 1);
}

static void the_server_closes(void **state)
{
	struct talk away = plain("/close1001");
	struct talk bare = plain("/closebare");
	struct talk fin = plain("/fin");
	struct talk rst = plain("/rst");

	(void)state;
	run_opened(&away, ERR_REMOTE, "closed by the server: 1001 going? away");
	run_opened(&bare, ERR_REMOTE, "closed by the server");
	run_opened(&fin, ERR_NETWORK, "broke");
	run_opened(&rst, ERR_NETWORK, "broke");
}

static void a_frozen_peer_is_found_by_ping(void **state)
{
	struct talk talk = plain("/freeze");
	int64_t begin = clock_mono_ms();

	(void)state;
	talk.options.ping_ms = 200;
	talk.options.pong_ms = 150;
	run_opened(&talk, ERR_TIMEOUT, "silent");
	assert_in_range(clock_mono_ms() - begin, 340, 2500);
}

static void a_peer_that_pongs_or_talks_is_alive(void **state)
{
	struct talk pongs = plain("/echo");
	struct talk talks = plain("/chatty");

	(void)state;
	pongs.options.ping_ms = 50;
	pongs.options.pong_ms = 100;
	open_up(&pongs);
	(void)loop_run_until(loop, never, NULL, 500);
	assert_int_equal(pongs.n_closed, 0);
	shut(&pongs);
	talks.options.ping_ms =
		40; /* its pings are never answered, but something comes every 60 ms */
	talks.options.pong_ms = 100;
	run_opened(&talks, ERR_REMOTE, "1000");
	assert_int_equal(talks.n_messages, 8);
}

static void a_close_that_nobody_answers_ends_in_time(void **state)
{
	struct talk noclose = plain("/noclose");
	struct talk noread = plain("/noread");
	char *text = mem_alloc(1000000);

	(void)state;
	open_up(&noclose);
	shut(&noclose);
	open_up(&noread); /* more in the queue than the socket takes */
	noread.options.max_queue_bytes = 0;
	for (int i = 0; i < 6; i++) {
		(void)ws_send(noread.ws, text, 1000000, NULL);
		(void)loop_run_until(loop, never, NULL, 20);
	}
	shut(&noread);
	free(text);
}

/* What is said in a callback has left when it returns: an acknowledgement waits for nothing else that the loop does. */
static void answer_at_once(struct talk *talk)
{
	if (talk->n_messages < 3) {
		send_text(talk, "again");
		assert_int_equal(ws_queued_bytes(talk->ws), 0);
	}
}

static void a_text_leaves_at_once(void **state)
{
	struct talk talk = plain("/echo");
	struct talk secure = prepare("wss", "localhost", server.tls, "/echo");
	struct talk *talks[] = {&talk, &secure};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		talks[i]->when_open = answer_at_once;
		talks[i]->when_message = answer_at_once;
		open_up(talks[i]);
		assert_true(loop_run_until(loop, has_three, talks[i], 5000));
		shut(talks[i]);
	}
}

/* Of a server that does not read the socket takes no more at some time; what is sent then waits. */
static void the_queue_has_a_maximum(void **state)
{
	static char text[9000];
	struct talk talk = plain("/noread");
	struct err err = {0};

	(void)state;
	memset(text, 'w', sizeof(text));
	talk.options.max_queue_bytes = sizeof(text) + 10;
	open_up(&talk);
	for (int i = 0; i < 10000 && ws_queued_bytes(talk.ws) == 0; i++) {
		assert_int_equal(ws_send(talk.ws, text, sizeof(text), &err), 0);
	}
	assert_int_equal(ws_queued_bytes(talk.ws), sizeof(text));
	assert_int_equal(ws_send(talk.ws, text, 11, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(ws_send(talk.ws, text, 10, &err), 0);
	assert_int_equal(ws_queued_bytes(talk.ws), sizeof(text) + 10);
	shut(&talk);
}

static void close_in_message(struct talk *talk)
{
	struct err err = {0};

	ws_close(talk->ws, 1000);
	assert_int_equal(ws_send(talk->ws, "x", 1, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
}

static void it_may_be_closed_from_its_own_callbacks(void **state)
{
	struct talk open = plain("/echo");
	struct talk message = plain("/large");

	(void)state;
	open.when_open = close_in_message;
	run(&open);
	expect(&open, ERR_CANCELED, "closed by us");
	message.when_message = close_in_message;
	run(&message);
	expect(&message, ERR_CANCELED, "closed by us");
	assert_int_equal(message.n_messages, 1);
}

static void an_open_idle_connection_does_not_wake(void **state)
{
	struct talk talk = plain("/echo");

	(void)state;
	talk.options.ping_ms = 0;
	open_up(&talk);
	assert_still(loop);
	shut(&talk);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_text_goes_and_comes),
		CASE(the_head_is_what_the_url_says),
		CASE(texts_keep_their_order_and_leave_before_the_close),
		CASE(fragments_are_joined_around_a_ping),
		CASE(large_and_empty_and_utf8_texts_arrive_whole),
		CASE(a_big_text_is_sent_whole),
		CASE(the_subprotocol_is_agreed_or_the_connection_ends),
		CASE(a_proxy_of_the_environment_is_not_asked),
		CASE(nobody_listens),
		CASE(the_name_does_not_resolve),
		CASE(a_server_that_never_answers_the_upgrade),
		CASE(a_tls_handshake_that_never_ends),
		CASE(an_http_answer_instead_of_the_upgrade),
		CASE(wrong_certificates),
		CASE(what_cannot_be_opened_is_said_at_once),
		CASE(close_before_it_is_open),
		CASE(broken_frames),
		CASE(ten_megabytes_in_one_message),
		CASE(texts_that_are_none),
		CASE(the_server_closes),
		CASE(a_frozen_peer_is_found_by_ping),
		CASE(a_peer_that_pongs_or_talks_is_alive),
		CASE(a_close_that_nobody_answers_ends_in_time),
		CASE(a_text_leaves_at_once),
		CASE(the_queue_has_a_maximum),
		CASE(it_may_be_closed_from_its_own_callbacks),
		CASE(an_open_idle_connection_does_not_wake),
	};

	return cmocka_run_group_tests(tests, server_start, server_stop);
}
