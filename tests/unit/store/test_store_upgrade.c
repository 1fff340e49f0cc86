/* test_store_upgrade.c - a file that an older version wrote is taken over whole */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/migrations.h"
#include "store/store.h"

static void execute(sqlite3 *db, const char *sql)
{
	char *why = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK) {
		fail_msg("%s", why);
	}
}

/* As the first version made it: its shape is the first step, which never changes. */
static void write_first_version(const char *path)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	execute(db, store_migrations[0]);
	execute(db, "PRAGMA application_id=1397511497; PRAGMA user_version=1");
	execute(db, "INSERT INTO request VALUES ('r1', 'xmpp', 'acme.example', 'ops', '', 1, '',"
		    " 'bob', 'bob', 'm1', 'droplet.power.reboot', 'droplet reboot', 'p1', 'c1', 2,"
		    " 1, 10, 11, 0)");
	execute(db, "INSERT INTO job VALUES ('j1', 'r1', 'main', 11, 'web-1', 4, 0, 7, 5, 6, 7,"
		    " 'so far', 1)");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int take_request(const struct store_request *r, void *data)
{
	++*(int *)data;
	assert_string_equal(r->user, "bob");
	assert_string_equal(r->card, "c1");
	assert_true(r->direct);
	assert_int_equal(r->updated_ms, 11);
	assert_string_equal(r->arguments, "");
	assert_string_equal(r->reason, "");
	assert_string_equal(r->nonce, "");
	assert_string_equal(r->digest, "");
	assert_string_equal(r->terms, "");
	assert_false(r->queues);
	return 0;
}

static int take_job(const struct store_job *job, void *data)
{
	++*(int *)data;
	assert_string_equal(job->outcome, "so far");
	assert_true(job->open);
	assert_int_equal(job->ready_ms, 0);
	assert_string_equal(job->steps, "");
	assert_string_equal(job->beside, "");
	return 0;
}

static void the_first_version_is_read_on(void **state)
{
	char dir[] = "/tmp/sluice-upgrade-XXXXXX";
	char path[64];
	struct err err = {0};
	struct loop *loop = loop_new(&err);
	struct store *store;
	int n = 0;

	(void)state;
	assert_non_null(loop);
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/sluice.db", dir);
	write_first_version(path);
	for (int i = 0; i < 2; i++) { /* the second time it is one of ours */
		store = store_sqlite_open(loop, path, &err);
		assert_string_equal(err.msg, "");
		assert_non_null(store);
		n = 0;
		assert_int_equal(store_each_request(store, true, take_request, &n, &err), 0);
		assert_int_equal(store_each_job(store, "r1", take_job, &n, &err), 0);
		assert_int_equal(n, 2);
		store_close(store);
	}
	(void)unlink(path);
	assert_int_equal(rmdir(dir), 0);
	loop_free(loop);
}

/* Before requests had numbers: jobs and places were found by their ids alone. */
static void write_before_numbers(const char *path)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	for (size_t i = 0; i < 9; i++) {
		execute(db, store_migrations[i]);
	}
	execute(db, "PRAGMA application_id=1397511497; PRAGMA user_version=9");
	for (int i = 3; i > 0; i--) {
		char sql[1024];

		(void)snprintf(
			sql, sizeof(sql),
			"INSERT INTO request VALUES ('r%d', '', '', '', '', 0, '', '', '', '', '',"
			" '', '', '', 0, 0, %d, 9, 0, '', '', '', '', '', 0);"
			"INSERT INTO job VALUES ('j%d', 'r%d', 'main', %d, 'web', 4, 0, 7, 5, 6, 7,"
			" 'so far', 1, 0, '', '');"
			"INSERT INTO place VALUES ('j%d', 'r%d', '', '', '', '', '', '', '', '', "
			"'',"
			" '', '', '', '', %d, 0, %d, 0, 0)",
			i, i * 10, i, i, i, i, i, i, i);
		execute(db, sql);
	}
	execute(db,
		"INSERT INTO place VALUES ('old', 'gone', '', '', '', '', '', '', '', '', '', '',"
		" '', '', '', 4, 0, 4, 0, 0)"); /* a place outlives its request */
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int name_place(const struct store_place *place, void *data)
{
	(void)strcat(data, place->job);
	(void)strcat(data, " ");
	return 0;
}

static void on_disk(void *data, const struct err *err)
{
	*(int *)data = err == NULL ? 1 : -1;
}

static bool is_set(void *data)
{
	return *(int *)data != 0;
}

static void jobs_and_places_get_their_request_s_number(void **state)
{
	char dir[] = "/tmp/sluice-upgrade-XXXXXX";
	char path[64], names[64] = "";
	struct err err = {0};
	struct loop *loop = loop_new(&err);
	struct store *store;
	struct store_txn *txn;
	struct store_job second = {.id = "j2",
				   .request = "r2",
				   .account = "main",
				   .droplet_id = 2,
				   .outcome = "so far",
				   .open = true};
	int n = 0, said = 0;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/sluice.db", dir);
	write_before_numbers(path);
	store = store_sqlite_open(loop, path, &err);
	assert_string_equal(err.msg, "");
	txn = store_txn_new(store);
	store_txn_job(txn, &second); /* changed in its place: else its droplet had two open jobs */
	store_txn_unplace(txn, "r3", "j3");
	store_txn_unplace(txn, "r2", "j1"); /* not that one's */
	store_commit(txn, on_disk, &said);
	assert_true(loop_run_until(loop, is_set, &said, 10000));
	assert_int_equal(said, 1);
	for (int i = 1; i <= 3; i++) {
		char id[16];

		(void)snprintf(id, sizeof(id), "r%d", i);
		assert_int_equal(store_each_job(store, id, take_job, &n, &err), 0);
		assert_int_equal(n, i);
	}
	assert_int_equal(store_each_place(store, 0, name_place, names, &err), 0);
	assert_string_equal(names, "j1 j2 old ");
	store_close(store);
	(void)unlink(path);
	assert_int_equal(rmdir(dir), 0);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_version_is_read_on),
		cmocka_unit_test(jobs_and_places_get_their_request_s_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
