/* test_loop_resolve.c - names to addresses, also with a resolver that hangs
 *
 * The C library's getaddrinfo is replaced in this program only: names under .hang wait until they are let go,
 * .many has more addresses than anybody wants, all others go to the real one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "loop/resolve.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool let_go;
static int hanging;

static struct addrinfo *fake_list(unsigned n)
{
	struct addrinfo *list = NULL;

	for (unsigned i = n; i > 0; i--) {
		struct addrinfo *info = calloc(1, sizeof(*info) + sizeof(struct sockaddr_in));
		struct sockaddr_in *in = (struct sockaddr_in *)(void *)(info + 1);

		in->sin_family = AF_INET;
		in->sin_addr.s_addr = htonl(0x0a000000U + i);
		info->ai_family = AF_INET;
		info->ai_addr = (struct sockaddr *)in;
		info->ai_addrlen = sizeof(*in);
		info->ai_next = list;
		list = info;
	}
	return list;
}

static bool ends_with(const char *host, const char *end)
{
	size_t a = strlen(host);
	size_t b = strlen(end);

	return a > b && strcmp(host + a - b, end) == 0;
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		struct addrinfo **ret)
{
	static int (*theirs)(const char *, const char *, const struct addrinfo *,
			     struct addrinfo **);

	if (ends_with(host, ".hang")) {
		pthread_mutex_lock(&lock);
		hanging++;
		pthread_cond_broadcast(&changed);
		while (!let_go) {
			pthread_cond_wait(&changed, &lock);
		}
		hanging--;
		pthread_mutex_unlock(&lock);
		return EAI_AGAIN;
	}
	if (ends_with(host, ".many")) {
		*ret = fake_list(20);
		return 0;
	}
	pthread_mutex_lock(&lock);
	if (theirs == NULL) {
		*(void **)&theirs = dlsym(RTLD_NEXT, "getaddrinfo");
	}
	pthread_mutex_unlock(&lock);
	return theirs(host, service, hints, ret);
}

void freeaddrinfo(struct addrinfo *info)
{
	static void (*theirs)(struct addrinfo *);

	if (info != NULL && info->ai_addr == (struct sockaddr *)(info + 1) &&
	    info->ai_family == AF_INET && info->ai_canonname == NULL && info->ai_protocol == 0) {
		while (info != NULL) {
			struct addrinfo *next = info->ai_next;

			free(info);
			info = next;
		}
		return;
	}
	*(void **)&theirs = dlsym(RTLD_NEXT, "freeaddrinfo");
	theirs(info);
}

static void let_them_go(void)
{
	pthread_mutex_lock(&lock);
	let_go = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static int hanging_now(void)
{
	int n;

	pthread_mutex_lock(&lock);
	n = hanging;
	pthread_mutex_unlock(&lock);
	return n;
}

struct ask {
	struct resolve resolve;
	int n_done;
	struct err err;
};

static void on_done(struct resolve *resolve, const struct err *err)
{
	struct ask *ask = resolve->data;

	ask->n_done++;
	err_copy(&ask->err, err);
}

static bool is_done(void *data)
{
	return ((struct ask *)data)->n_done > 0;
}

static bool is_idle(void *data)
{
	(void)data;
	return hanging_now() == 0;
}

static bool never(void *data)
{
	(void)data;
	return false;
}

static void start(struct loop *loop, struct ask *ask, const char *host, int64_t timeout_ms)
{
	*ask = (struct ask){.resolve = {.host = host, .timeout_ms = timeout_ms, .done = on_done}};
	ask->resolve.data = ask;
	resolve_start(loop, &ask->resolve);
	assert_int_equal(ask->n_done, 0);
}

static struct loop *real(void)
{
	struct err err = {0};
	struct loop *loop = loop_new(&err);

	assert_non_null(loop);
	let_go = false;
	return loop;
}

static void addresses_are_their_own_answer(void **state)
{
	struct loop *loop = loop_new_virtual(0);
	struct ask v4;
	struct ask v6;
	struct ask name;

	(void)state;
	start(loop, &v4, "192.0.2.7", 0);
	start(loop, &v6, "::1", 0);
	start(loop, &name, "localhost", 0); /* a virtual loop has no network */
	loop_advance(loop, 0);
	assert_int_equal(v4.n_done, 1);
	assert_int_equal(v4.resolve.n_addresses, 1);
	assert_string_equal(v4.resolve.addresses[0], "192.0.2.7");
	assert_string_equal(v6.resolve.addresses[0], "::1");
	assert_int_equal(name.err.kind, ERR_NETWORK);
	loop_free(loop);
}

static void the_system_is_asked_for_names(void **state)
{
	struct loop *loop = real();
	struct ask ask;
	struct ask many;

	(void)state;
	start(loop, &ask, "localhost", 0);
	start(loop, &many, "x.many", 0);
	assert_true(loop_run_until(loop, is_done, &ask, 5000));
	assert_int_equal(ask.err.kind, ERR_NONE);
	assert_true(ask.resolve.n_addresses >= 1);
	assert_true(strcmp(ask.resolve.addresses[0], "127.0.0.1") == 0 ||
		    strcmp(ask.resolve.addresses[0], "::1") == 0);
	assert_true(loop_run_until(loop, is_done, &many, 5000));
	assert_int_equal(many.resolve.n_addresses, RESOLVE_MAX);
	assert_string_equal(many.resolve.addresses[RESOLVE_MAX - 1], "10.0.0.8");
	loop_free(loop);
}

static void what_is_no_name_is_refused(void **state)
{
	static const char *const bad[] = {"", "a b", "a/b", "gr\xc3\xbc\xc3\x9f", "a\nb"};
	struct loop *loop = real();
	struct ask ask;
	char longer[300];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		start(loop, &ask, bad[i], 0);
		assert_true(loop_run_until(loop, is_done, &ask, 1000));
		assert_int_equal(ask.err.kind, ERR_USAGE);
	}
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	start(loop, &ask, longer, 0);
	assert_true(loop_run_until(loop, is_done, &ask, 1000));
	assert_int_equal(ask.err.kind, ERR_USAGE);
	start(loop, &ask, "nobody.invalid", 0);
	assert_true(loop_run_until(loop, is_done, &ask, 5000));
	assert_int_equal(ask.err.kind, ERR_NETWORK);
	assert_non_null(strstr(ask.err.msg, "'nobody.invalid'"));
	loop_free(loop);
}

static void a_resolver_that_hangs_is_left_behind(void **state)
{
	struct loop *loop = real();
	struct ask ask;
	int64_t start_ms = clock_mono_ms();

	(void)state;
	start(loop, &ask, "dead.hang", 100);
	assert_true(loop_run_until(loop, is_done, &ask, 5000));
	assert_int_equal(ask.err.kind, ERR_TIMEOUT);
	assert_in_range(clock_mono_ms() - start_ms, 100, 2000);
	assert_int_equal(hanging_now(), 1);
	assert_in_range(loop_take_longest_stall_us(loop), 0, 50000);
	loop_free(loop); /* while its thread still hangs */
	assert_in_range(clock_mono_ms() - start_ms, 100, 2000);
	let_them_go();
	while (hanging_now() > 0) {
		(void)nanosleep(&(struct timespec){0, 1000000}, NULL);
	}
	(void)nanosleep(&(struct timespec){0, 50000000}, NULL); /* the thread's last steps */
	assert_int_equal(ask.n_done, 1);
}

static void an_answer_that_comes_too_late_is_dropped(void **state)
{
	struct loop *loop = real();
	struct ask ask;

	(void)state;
	start(loop, &ask, "late.hang", 50);
	assert_true(loop_run_until(loop, is_done, &ask, 5000));
	let_them_go();
	assert_true(loop_run_until(loop, is_idle, NULL, 5000));
	assert_false(loop_run_until(loop, never, NULL, 50));
	assert_int_equal(ask.n_done, 1);
	loop_free(loop);
}

static void hanging_lookups_take_all_threads_and_the_rest_waits(void **state)
{
	struct loop *loop = real();
	struct ask hang[4];
	struct ask waiting;
	struct ask late;
	struct ask address;

	(void)state;
	for (int i = 0; i < 4; i++) {
		start(loop, &hang[i], "dead.hang", 60);
	}
	start(loop, &waiting, "localhost", 60); /* in line, it never gets a thread */
	start(loop, &address, "127.0.0.1", 60); /* needs none */
	for (int i = 0; i < 4; i++) {
		assert_true(loop_run_until(loop, is_done, &hang[i], 5000));
	}
	assert_true(loop_run_until(loop, is_done, &waiting, 5000));
	assert_int_equal(waiting.err.kind, ERR_TIMEOUT);
	assert_int_equal(address.err.kind, ERR_NONE);
	start(loop, &late, "localhost", 5000);
	let_them_go();
	assert_true(loop_run_until(loop, is_done, &late, 5000));
	assert_int_equal(late.err.kind, ERR_NONE);
	loop_free(loop);
}

static void cancel_comes_once_at_the_next_turn(void **state)
{
	struct loop *loop = real();
	struct ask hang;
	struct ask name;
	struct ask address;

	(void)state;
	start(loop, &hang, "dead.hang", 5000);
	start(loop, &name, "localhost", 5000);
	start(loop, &address, "127.0.0.1", 5000);
	resolve_cancel(&hang.resolve);
	resolve_cancel(&hang.resolve);
	resolve_cancel(&name.resolve);
	resolve_cancel(&address.resolve);
	assert_int_equal(hang.n_done + name.n_done + address.n_done, 0);
	assert_true(loop_run_until(loop, is_done, &hang, 1000));
	let_them_go();
	assert_false(loop_run_until(loop, never, NULL, 50));
	assert_int_equal(hang.n_done + name.n_done + address.n_done, 3);
	assert_int_equal(hang.err.kind, ERR_CANCELED);
	assert_int_equal(name.err.kind, ERR_CANCELED);
	assert_int_equal(address.err.kind, ERR_CANCELED);
	resolve_cancel(&hang.resolve); /* it is over: nothing happens */
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_their_own_answer),
		cmocka_unit_test(the_system_is_asked_for_names),
		cmocka_unit_test(what_is_no_name_is_refused),
		cmocka_unit_test(a_resolver_that_hangs_is_left_behind),
		cmocka_unit_test(an_answer_that_comes_too_late_is_dropped),
		cmocka_unit_test(hanging_lookups_take_all_threads_and_the_rest_waits),
		cmocka_unit_test(cancel_comes_once_at_the_next_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
