/* test_app_life.c - a new policy decides before it is known who gains by it; a start and a stop are rows of the log, always */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/reload.h"
#include "audit/audit.h"
#include "tests/unit/app/started.h"

#define POLICY(who)                                                          \
	"version: 1\naccounts: {main: {token: \"env:SLUICE_TEST_TOKEN\"}}\n" \
	"workspaces: {term: {console: terminal}}\n"                          \
	"people: {ana: {term: ana}, bob: {term: bob}}\n"                     \
	"channels: {ops: {at: term/ops, may: everything, droplets: any}}\n"  \
	"allow: [{name: all, who: " who ", may: [droplet.list], droplets: any}]\n"

static char path[] = "/tmp/sluice-life-XXXXXX";

static void write_policy(const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fputs(text, file) < 0, 0);
	assert_int_equal(fclose(file), 0);
}

static unsigned count(struct store *store, const char *word)
{
	struct strbuf out;
	struct err err = {0};
	unsigned n = 0;

	strbuf_init(&out, 1 << 20);
	assert_int_equal(audit_export(store, 0, &out, &err), 0);
	for (const char *at = out.buf; (at = strstr(at, word)) != NULL; at++) {
		n++;
	}
	strbuf_done(&out);
	return n;
}

struct wait {
	struct app *app;
	char was[20];
};

static bool is_other(void *data)
{
	struct wait *wait = data;

	return strcmp(app_policy_id(wait->app), wait->was) != 0;
}

static bool is_done(void *data)
{
	return !reload_busy(((struct wait *)data)->app->reload);
}

/* Were it compared first, the reading would be over by the time the new one decides. */
static void a_new_policy_decides_before_it_is_compared(void **state)
{
	struct loop *loop = loop_new_virtual(1768273200000);
	struct store *store = store_memory_open(loop);
	struct wait wait = {.app = open_app(loop, store, path, POLICY("[ana, bob]"))};
	struct gate_who bob = {"console", "terminal", "bob", "terminal", "ops", false};

	(void)state;
	loop_advance(loop, 100);
	(void)snprintf(wait.was, sizeof(wait.was), "%s", app_policy_id(wait.app));
	assert_true(gate_could(wait.app->gate, &bob, VERB_DROPLET_LIST));
	write_policy(POLICY("ana"));
	app_reload(wait.app);
	assert_true(loop_run_until(loop, is_other, &wait, 60000));
	assert_true(reload_busy(wait.app->reload));
	assert_false(gate_could(wait.app->gate, &bob, VERB_DROPLET_LIST));
	assert_true(loop_run_until(loop, is_done, &wait, 60000));
	loop_advance(loop, 100);
	assert_int_equal(count(store, "\"state\":\"loaded\""), 1);
	assert_int_equal(count(store, "\"state\":\"compared\""), 1);
	close_app(loop, wait.app);
	store_close(store);
	loop_free(loop);
}

static void a_start_before_any_sign_of_a_chat_is_a_row_too(void **state)
{
	struct loop *loop = loop_new_virtual(1768273200000);
	struct store *store = store_memory_open(loop);
	struct app *app = open_app(loop, store, path, POLICY("[ana, bob]"));

	(void)state;
	assert_int_equal(count(store, "\"kind\":\"start\""), 0);
	close_app(loop, app);
	assert_int_equal(count(store, "\"kind\":\"start\""), 1);
	assert_int_equal(count(store, "\"kind\":\"stop\""), 1);
	assert_int_equal(count(store, "\"at\":\"2026-01-13T03:00:00"), 2);
	store_close(store);
	loop_free(loop);
}

static int set_up(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	(void)setenv("SLUICE_TEST_TOKEN", "x", 1);
	return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

/* The listener's port is taken, say: what never ran stands in no log, and least of all at the start of 1970. */
static void what_never_started_leaves_no_row(void **state)
{
	struct loop *loop = loop_new_virtual(1768273200000);
	struct store *store = store_memory_open(loop);
	struct app *app = new_app(loop, store, path, POLICY("[ana, bob]"));

	(void)state;
	close_app(loop, app);
	assert_int_equal(count(store, "\"kind\""), 0);
	store_close(store);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_policy_decides_before_it_is_compared),
		cmocka_unit_test(what_never_started_leaves_no_row),
		cmocka_unit_test(a_start_before_any_sign_of_a_chat_is_a_row_too),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
