/* test_store_upgrade.c - a file that an older version wrote is taken over whole */
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
	assert_int_equal(r->card_wanted, 2);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_version_is_read_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
