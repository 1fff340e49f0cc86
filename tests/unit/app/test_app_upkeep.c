/* test_app_upkeep.c - the look at the database after the start: a small one in one round, and what is broken stays said; how often there is one */
#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "audit/audit.h"
#include "base/mem.h"
#include "metrics/metrics.h"
#include "tests/unit/app/started.h"

#define FIRST_MS 5000 /* the first round */
#define CALM_MS 15000
#define WRITTEN_MS 2000
#define PAGE 4096
#define STEP_MS 100
#define MARK 7

static const char text[] = "version: 1\naccounts: {main: {token: \"env:SLUICE_TEST_TOKEN\"}}\n"
			   "workspaces: {term: {console: terminal}}\n"
			   "people: {ana: {term: ana}}\n"
			   "channels: {ops: {at: term/ops, may: everything, droplets: any}}\n"
			   "allow: [{name: all, who: ana, may: [droplet.list], droplets: any}]\n";

struct fixture {
	char folder[40], path[64];
	struct loop *loop;
	struct store *store;
	struct app *app;
};

static int set_up(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));
	struct err err = {0};

	(void)setenv("SLUICE_TEST_TOKEN", "x", 1);
	(void)snprintf(f->folder, sizeof(f->folder), "/tmp/sluice-upkeep-XXXXXX");
	*state = f;
	if (mkdtemp(f->folder) == NULL) {
		return -1;
	}
	(void)snprintf(f->path, sizeof(f->path), "%s/sluice.db", f->folder);
	f->loop = loop_new_virtual(1768273200000);
	f->store = store_sqlite_open(f->loop, f->path, &err);
	return f->store != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-lock"};
	struct fixture *f = *state;
	char path[80];

	store_close(f->store);
	loop_free(f->loop);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", f->path, ends[i]);
		(void)unlink(path);
	}
	(void)rmdir(f->folder);
	free(f);
	return 0;
}

/* A table that the bot never reads, the last by its name, loses its page. */
static void damage(struct fixture *f)
{
	unsigned char garbage[PAGE];
	struct err err = {0};
	sqlite3_stmt *stmt;
	sqlite3 *db;
	sqlite3_int64 root;
	int fd;

	store_close(f->store);
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE zzz (a); INSERT INTO zzz VALUES (1)", NULL,
				      NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
					    "SELECT rootpage FROM sqlite_schema WHERE name = 'zzz'",
					    -1, &stmt, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	root = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	memset(garbage, 0x5a, sizeof(garbage));
	fd = open(f->path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, garbage, sizeof(garbage), (root - 1) * PAGE), PAGE);
	(void)close(fd);
	f->store = store_sqlite_open(f->loop, f->path, &err);
	assert_non_null(f->store);
}

static void a_sound_database_is_no_trouble(void **state)
{
	struct fixture *f = *state;

	f->app = open_app(f->loop, f->store, "policy.yaml", text);
	loop_advance(f->loop, 60000);
	assert_null(app_trouble(f->app));
	close_app(f->loop, f->app);
}

/* The table is the last of many: were it one a round, this would take many rounds. */
static void damage_is_found_in_the_first_round_and_stays_said(void **state)
{
	struct fixture *f = *state;

	damage(f);
	f->app = open_app(f->loop, f->store, "policy.yaml", text);
	loop_advance(f->loop, FIRST_MS - 100);
	assert_null(app_trouble(f->app));
	loop_advance(f->loop, 200);
	assert_non_null(app_trouble(f->app));
	assert_non_null(strstr(app_trouble(f->app), "the database is damaged"));
	assert_int_equal(metrics_get(METRIC_STORE_BROKEN), 1);
	loop_advance(f->loop, 600000);
	assert_non_null(app_trouble(f->app));
	close_app(f->loop, f->app);
	metrics_set(METRIC_STORE_BROKEN, 0);
}

/* How long until the next round is over: each sets the gauge anew, so a mark on it goes. */
static unsigned next_round_ms(struct fixture *f)
{
	unsigned ms = 0;

	metrics_set(METRIC_STORE_LIMIT_BYTES, MARK);
	while (metrics_get(METRIC_STORE_LIMIT_BYTES) == MARK && ms < 60000) {
		loop_advance(f->loop, STEP_MS);
		ms += STEP_MS;
	}
	return ms;
}

static void written(void *data, const struct err *err)
{
	(void)data;
	assert_null(err);
}

/* Memory goes back within seconds of a burst, and nobody is woken every two seconds where nothing is written. */
static void rounds_are_quick_while_something_is_written(void **state)
{
	struct fixture *f = *state;
	struct audit_row row = {.at_ms = 1, .kind = "start", .verdict = "allow"};
	struct store_txn *txn;

	f->app = open_app(f->loop, f->store, "policy.yaml", text);
	loop_advance(f->loop, 60000);
	(void)next_round_ms(f);
	assert_in_range(next_round_ms(f), CALM_MS - STEP_MS, CALM_MS + STEP_MS);
	txn = store_txn_new(f->store);
	audit_add(txn, &row);
	store_commit(txn, written, NULL);
	assert_in_range(next_round_ms(f), CALM_MS - STEP_MS, CALM_MS + STEP_MS); /* sees it */
	assert_in_range(next_round_ms(f), WRITTEN_MS - STEP_MS, WRITTEN_MS + STEP_MS);
	assert_in_range(next_round_ms(f), CALM_MS - STEP_MS, CALM_MS + STEP_MS);
	close_app(f->loop, f->app);
}

/* What the round began on the store's worker ends later than the program's rooms: nobody hears of it, nothing leaks. */
static void it_may_end_in_the_middle_of_a_round(void **state)
{
	struct fixture *f = *state;

	f->app = open_app(f->loop, f->store, "policy.yaml", text);
	loop_advance(f->loop, FIRST_MS);
	close_app(f->loop, f->app);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_sound_database_is_no_trouble, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damage_is_found_in_the_first_round_and_stays_said,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(rounds_are_quick_while_something_is_written, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(it_may_end_in_the_middle_of_a_round, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
