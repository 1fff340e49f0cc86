/* test_app_denials.c - a crowd of strangers has a share of the log, and no more */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/turn.h"
#include "audit/audit.h"
#include "metrics/metrics.h"
#include "tests/unit/app/started.h"

static const char policy_text[] =
	"version: 1\naccounts: {main: {token: \"env:SLUICE_TEST_TOKEN\"}}\n"
	"workspaces: {term: {console: terminal}}\npeople: {ana: {term: ana}}\n"
	"channels: {ops: {at: term/ops, may: everything, droplets: any}}\n"
	"allow: [{name: all, who: ana, may: [droplet.list], droplets: any}]\n";

static void deny(struct app *app, const char *user)
{
	struct app_chat from = {.app = app};
	struct event event = {
		.place = {.network = "console", .workspace = "terminal", .channel = "ops"},
		.who = {.workspace = "terminal", .user = user},
		.id = "e",
		.message = "m"};
	struct turn *turn = turn_new(&from, &event);
	struct store_txn *txn = store_txn_new(app->store);
	struct gate_decision decision;
	struct err err = {0};

	assert_int_equal(command_parse("list", NULL, &turn->arena, &turn->parse, &err),
			 FIT_COMMAND);
	gate_decide(app->gate, &turn->who, turn->parse.row->verb, NULL, 0, NULL, txn, &turn->arena,
		    &decision);
	assert_int_equal(decision.verdict, DENY);
	turn_denied(turn, &decision, txn);
	turn_end(turn);
}

static int64_t rows_of(struct store *store)
{
	struct store_usage usage;
	struct err err = {0};

	assert_int_equal(store_get_usage(store, NULL, &usage, &err), 0);
	return usage.last_seq;
}

static void a_crowd_of_strangers_has_a_share(void **state)
{
	struct loop *loop = loop_new_virtual(1768273200000);
	struct store *store = store_memory_open(loop);
	struct app *app = open_app(loop, store, "test.yaml", policy_text);
	int64_t counted = metrics_get(METRIC_DENIALS_COUNTED);
	char user[32];

	(void)state;
	for (int i = 0; i < 1500; i++) {
		(void)snprintf(user, sizeof(user), "stranger-%d", i);
		deny(app, user);
		loop_advance(loop, 500); /* 120 a minute */
	}
	/* a thousand, and one in ten of what there was */
	assert_in_range(rows_of(store), 1001, 1130);
	assert_in_range(metrics_get(METRIC_DENIALS_COUNTED) - counted, 370, 500);
	for (int i = 0; i < 5; i++) { /* somebody who is known is written all the same */
		deny(app, i % 2 == 0 ? "stranger-0" : "stranger-1");
	}
	close_app(loop, app);
	/* the share is not begun anew by a restart */
	counted = rows_of(store);
	app = open_app(loop, store, "test.yaml", policy_text);
	loop_advance(loop, 20000);
	for (int i = 0; i < 100; i++) {
		(void)snprintf(user, sizeof(user), "newcomer-%d", i);
		deny(app, user);
		loop_advance(loop, 500);
	}
	assert_in_range(rows_of(store), counted, counted + 20);
	close_app(loop, app);
	store_close(store);
	loop_free(loop);
}

static void too_many_at_once_are_counted_only(void **state)
{
	struct loop *loop = loop_new_virtual(1768273200000);
	struct store *store = store_memory_open(loop);
	struct app *app = open_app(loop, store, "test.yaml", policy_text);
	char user[32];

	(void)state;
	for (int i = 0; i < 400; i++) {
		(void)snprintf(user, sizeof(user), "stranger-%d", i);
		deny(app, user);
	}
	loop_advance(loop, 1000);
	assert_in_range(rows_of(store), 256, 258);
	close_app(loop, app);
	store_close(store);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_crowd_of_strangers_has_a_share),
		cmocka_unit_test(too_many_at_once_are_counted_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
