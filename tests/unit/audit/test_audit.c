/* test_audit.c - rows as JSON, the chain, and what breaks it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "audit/audit.h"
#include "base/json.h"

static const char *const texts[] = {"rule \"one\":3", "two:4"};
static const uint64_t droplets[] = {11, 3164494};

static const struct audit_row full = {
	.at_ms = 1768273200000,
	.kind = "decision",
	.id = "8c21",
	.person = "ana",
	.network = "xmpp",
	.user_workspace = "acme.example",
	.user = "ana@acme.example",
	.workspace = "rooms.acme.example",
	.channel = "ops@rooms.acme.example",
	.channel_name = "ops",
	.verb = "droplet.power.reboot",
	.droplets = droplets,
	.n_droplets = 2,
	.verdict = "allow",
	.rules = texts,
	.n_rules = 2,
	.policy_id = "0123456789abcdef",
	.state = "done",
	.action_id = 36804636,
	.outcome = "a \"quoted\"\nline",
};

static void on_done(void *data, const struct err *err)
{
	assert_null(err);
	(*(int *)data)++;
}

static bool positive(void *data)
{
	return *(int *)data > 0;
}

static void add_rows(struct loop *loop, struct store *store, int n)
{
	struct store_txn *txn = store_txn_new(store);
	int calls = 0;

	for (int i = 0; i < n; i++) {
		audit_add(txn, &full);
	}
	store_commit(txn, on_done, &calls);
	assert_true(loop_run_until(loop, positive, &calls, 5000));
}

static void a_row_is_json(void **state)
{
	struct loop *loop = loop_new_virtual(1000);
	struct store *store = store_memory_open(loop);
	struct strbuf out;
	struct json *json;
	struct err err = {0};
	struct audit_row bare = {.kind = "start"};
	struct store_txn *txn;
	int calls = 0;

	(void)state;
	add_rows(loop, store, 2);
	txn = store_txn_new(store);
	audit_add(txn, &bare);
	store_commit(txn, on_done, &calls);
	assert_true(loop_run_until(loop, positive, &calls, 5000));
	strbuf_init(&out, 100000);
	assert_int_equal(audit_export(store, 2, &out, &err), 0);
	json = json_parse(out.buf, (size_t)(strchr(out.buf, '\n') - out.buf), &err);
	assert_non_null(json);
	assert_int_equal(json_int_or(json, "seq", 0), 2);
	assert_int_equal(strlen(json_string_or(json, "hash", "")), 64);
	assert_string_equal(json_string_or(json, "at", ""), "2026-01-13T03:00:00Z");
	assert_string_equal(json_string_or(json, "kind", ""), "decision");
	assert_string_equal(json_string_or(json, "outcome", ""), "a \"quoted\"\nline");
	assert_int_equal(json_int_or(json, "action", 0), 36804636);
	assert_int_equal(json_array_count(json_member(json, "droplets")), 2);
	assert_non_null(strstr(out.buf, "\"droplets\":[11,3164494]"));
	assert_string_equal(json_text(json_array_at(json_member(json, "rules"), 0)),
			    "rule \"one\":3");
	json_free(json);
	assert_non_null(strstr(out.buf, "\n{\"seq\":3,\"hash\":\""));
	assert_non_null(strstr(out.buf, "\"at\":\"1970-01-01T00:00:00Z\",\"kind\":\"start\"}\n"));
	strbuf_done(&out);
	strbuf_init(&out, 50);
	assert_int_equal(audit_export(store, 0, &out, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	strbuf_done(&out);
	store_close(store);
	loop_free(loop);
}

static void a_huge_row_stays_json(void **state)
{
	static uint64_t many[9000];
	struct loop *loop = loop_new_virtual(1000);
	struct store *store = store_memory_open(loop);
	struct store_txn *txn = store_txn_new(store);
	struct audit_row row = full;
	struct strbuf out;
	struct json *json;
	struct err err = {0};
	int calls = 0;

	(void)state;
	for (size_t i = 0; i < 9000; i++) {
		many[i] = 1000000 + i;
	}
	row.droplets = many;
	row.n_droplets = 9000;
	audit_add(txn, &row);
	store_commit(txn, on_done, &calls);
	assert_true(loop_run_until(loop, positive, &calls, 5000));
	strbuf_init(&out, 200000);
	assert_int_equal(audit_export(store, 0, &out, &err), 0);
	json = json_parse(out.buf, out.len - 1, &err);
	assert_non_null(json);
	assert_string_equal(json_string_or(json, "person", ""), "ana");
	json_free(json);
	strbuf_done(&out);
	store_close(store);
	loop_free(loop);
}

/* What somebody with the file in hand may do to it. */
static void tamper(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void check_broken(struct loop *loop, const char *sql, const char *words)
{
	char dir[] = "/tmp/sluice-audit-XXXXXX";
	char path[64];
	struct err err = {0};
	struct store *store;
	int64_t rows = 0;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/s.db", dir);
	store = store_sqlite_open(loop, path, &err);
	assert_non_null(store);
	add_rows(loop, store, 5);
	assert_int_equal(audit_verify(store, &rows, &err), 0);
	assert_int_equal(rows, 5);
	store_close(store);
	tamper(path, sql);
	store = store_sqlite_open_reader(path, &err);
	assert_non_null(store);
	assert_int_equal(audit_verify(store, &rows, &err), -1);
	assert_int_equal(err.kind, ERR_STORE);
	assert_string_equal(err.msg, words);
	store_close(store);
	(void)unlink(path);
	(void)rmdir(dir);
}

static void verify_names_the_first_broken_row(void **state)
{
	struct loop *loop = loop_new(NULL);

	(void)state;
	check_broken(loop, "UPDATE log SET body = '{\"person\":\"bob\"}' WHERE seq >= 3",
		     "the audit log breaks at row 3: its text is not what was written");
	check_broken(loop, "DELETE FROM log WHERE seq = 2",
		     "the audit log breaks at row 2: it is missing");
	check_broken(loop, "DELETE FROM log WHERE seq = 1",
		     "the audit log breaks at row 1: it is missing");
	check_broken(loop, "UPDATE log SET hash = prev WHERE seq = 5",
		     "the audit log breaks at row 5: its text is not what was written");
	check_broken(loop, "UPDATE log SET prev = hash WHERE seq = 4",
		     "the audit log breaks at row 4: it does not follow the row before it");
	check_broken(loop, "INSERT INTO log VALUES (-5, '{}', '', '')",
		     "the audit log breaks at row 1: it is missing");
	loop_free(loop);
}

static void an_empty_log_is_whole(void **state)
{
	struct loop *loop = loop_new_virtual(1000);
	struct store *store = store_memory_open(loop);
	struct err err = {0};
	int64_t rows = -1;

	(void)state;
	assert_int_equal(audit_verify(store, &rows, &err), 0);
	assert_int_equal(rows, 0);
	store_close(store);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_is_json),
		cmocka_unit_test(a_huge_row_stays_json),
		cmocka_unit_test(verify_names_the_first_broken_row),
		cmocka_unit_test(an_empty_log_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
