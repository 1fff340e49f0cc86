/* test_audit_roll.c - the log rolls over into closed files: one chain over both, whatever dies in between */
#include "rolled.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/resource.h>

/* ---- rolling ------------------------------------------------------------------------------- */

static void the_oldest_rows_go_into_files(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	char *before;
	char *after;

	add_rows(f, 10);
	assert_int_equal(roll(f), ERR_NONE);
	assert_int_equal(usage_of(f).cut_seq, 0); /* not yet too long */
	assert_int_equal(access(f->folder, F_OK), -1);
	add_rows(f, 12);
	before = exported(f);
	assert_int_equal(roll(f), ERR_NONE);
	assert_int_equal(usage_of(f).cut_seq, 15);
	assert_int_equal(usage_of(f).last_seq, 22);
	assert_true(is_there(f, "000000000001-000000000005.jsonl"));
	assert_true(is_there(f, "000000000006-000000000010.jsonl"));
	assert_true(is_there(f, "000000000011-000000000015.jsonl"));
	assert_false(is_there(f, "rolling.tmp"));
	assert_int_equal(stat(f->folder, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_true(f->folder_bytes > 1000);
	after = exported(f);
	assert_string_equal(after, before);
	free(before);
	free(after);
	assert_int_equal(verified(f), 22);
	add_rows(f, 5);
	close_store(f);
	open_store(f);
	assert_int_equal(verified(f), 27);
	assert_int_equal(roll(f), ERR_NONE);
	assert_int_equal(usage_of(f).cut_seq, 20);
	assert_int_equal(verified(f), 27);
}

static void a_long_log_goes_in_bites(void **state)
{
	struct fixture *f = *state;
	struct audit_roll_options options = {.keep_rows = 3000, .file_rows = 1200};

	add_rows(f, 4500);
	assert_int_equal(roll_with(f, &options), ERR_NONE);
	assert_int_equal(usage_of(f).cut_seq, 2400);
	assert_true(is_there(f, "000000001201-000000002400.jsonl"));
	assert_int_equal(verified(f), 4500);
	options.squeeze = true; /* little room: all but the newest thousand and a file's rest */
	assert_int_equal(roll_with(f, &options), ERR_NONE);
	assert_true(usage_of(f).last_seq - usage_of(f).cut_seq <= 1000);
	assert_int_equal(verified(f), 4500);
}

static void the_folder_has_a_limit(void **state)
{
	struct fixture *f = *state;
	struct audit_roll_options options = {.keep_rows = 10, .file_rows = 5, .folder_bytes = 100};

	add_rows(f, 22);
	assert_int_equal(roll_with(f, &options), ERR_LIMIT);
	assert_non_null(strstr(f->err.msg, "move the oldest"));
	assert_int_equal(usage_of(f).cut_seq, 5); /* one file was still possible */
	assert_int_equal(verified(f), 22);
}

static void a_folder_that_cannot_be_written_loses_nothing(void **state)
{
	struct fixture *f = *state;

	add_rows(f, 22);
	shell("touch $1-audit", f->path); /* no folder */
	assert_int_equal(roll(f), ERR_STORE);
	assert_int_equal(usage_of(f).cut_seq, 0);
	(void)unlink(f->folder);
	/* a leftover of a write that was broken off, which is no reason to stop */
	shell("mkdir -m 700 $1-audit && echo half > $1-audit/rolling.tmp", f->path);
	assert_int_equal(roll(f), ERR_NONE);
	assert_int_equal(usage_of(f).cut_seq, 15);
	assert_int_equal(verified(f), 22);
}

/* A full disk: the file cannot be written, the rows stay where they are, and later it goes on. */
static void a_full_disk_loses_nothing(void **state)
{
	struct fixture *f = *state;
	struct audit_roll_options options = {.keep_rows = 3000, .file_rows = 1500};
	struct rlimit old;
	struct rlimit small;

	add_rows(f, 4000);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 100000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(roll_with(f, &options), ERR_STORE);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(usage_of(f).cut_seq, 0);
	assert_int_equal(verified(f), 4000);
	assert_int_equal(roll_with(f, &options), ERR_NONE);
	assert_int_equal(usage_of(f).cut_seq, 1500);
	assert_int_equal(verified(f), 4000);
}

/* ---- dying in between ---------------------------------------------------------------------- */

/* The file is closed, and the process dies before the cut: both have the rows. */
static void die_before_the_cut(struct fixture *f)
{
	close_store(f);
	shell("cp $1 $1.before", f->path);
	open_store(f);
	assert_int_equal(roll(f), ERR_NONE);
	assert_int_equal(usage_of(f).cut_seq, 15);
	close_store(f);
	shell("mv $1.before $1 && rm -f $1-wal", f->path);
}

static void a_death_between_file_and_cut_is_mended(void **state)
{
	struct fixture *f = *state;

	add_rows(f, 22);
	die_before_the_cut(f);
	open_store(f);
	assert_int_equal(usage_of(f).cut_seq, 0);
	assert_int_equal(verified(f), 22); /* each row once */
	add_rows(f, 1);
	assert_int_equal(roll(f), ERR_NONE);
	assert_int_equal(usage_of(f).cut_seq, 15);
	assert_int_equal(verified(f), 23);
}

static void a_wrong_file_that_was_left_is_written_anew(void **state)
{
	struct fixture *f = *state;

	add_rows(f, 22);
	die_before_the_cut(f);
	shell("sed -i 2s/bob/eve/ $1-audit/000000000001-000000000005.jsonl", f->path);
	open_store(f);
	assert_int_equal(roll(f), ERR_NONE);
	assert_int_equal(usage_of(f).cut_seq, 15);
	assert_int_equal(verified(f), 22);
}

static void freed_under_way_it_ends_in_peace(void **state)
{
	struct fixture *f = *state;

	add_rows(f, 22);
	assert_true(
		audit_roll_run(f->roll, &(struct audit_roll_options){.keep_rows = 10}, on_roll, f));
	close_store(f); /* the roll before the store */
	assert_int_equal(f->done, 0);
	open_store(f);
	assert_true(
		audit_roll_run(f->roll, &(struct audit_roll_options){.keep_rows = 10}, on_roll, f));
	store_close(f->store);
	f->store = NULL;
	assert_int_equal(f->done, 1);
	assert_int_equal(f->err.kind == ERR_CANCELED || f->err.kind == ERR_NONE, 1);
	audit_roll_free(f->roll);
	f->roll = NULL;
}

/* ---- what breaks the chain ----------------------------------------------------------------- */

static void a_hand_in_a_file_shows(void **state)
{
	struct fixture *f = *state;

	add_rows(f, 22);
	assert_int_equal(roll(f), ERR_NONE);
	shell("cp -r $1-audit $1-kept", f->path);
	shell("sed -i 3s/bob/eve/ $1-audit/000000000006-000000000010.jsonl", f->path);
	assert_broken(f, "row 8 (000000000006-000000000010.jsonl, line 3): its text is not");
	shell("rm -r $1-audit && cp -r $1-kept $1-audit", f->path);
	assert_int_equal(verified(f), 22);
	shell("sed -i 2d $1-audit/000000000006-000000000010.jsonl", f->path);
	assert_broken(f, "row 7 (000000000006-000000000010.jsonl, line 2): it is missing");
	shell("rm -r $1-audit && cp -r $1-kept $1-audit", f->path);
	shell("echo garbage >> $1-audit/000000000001-000000000005.jsonl", f->path);
	assert_broken(f, "000000000001-000000000005.jsonl, line 6: it is no row");
	shell("rm -r $1-audit && cp -r $1-kept $1-audit", f->path);
	shell("rm $1-audit/000000000011-000000000015.jsonl", f->path);
	assert_broken(f, "row 11: it is missing, and so is the file");
	shell("rm -r $1-audit && cp -r $1-kept $1-audit", f->path);
	shell("rm $1-audit/000000000001-000000000005.jsonl", f->path);
	assert_broken(f, "row 1 (000000000006-000000000010.jsonl, line 1): it is missing");
}

static int find_hash(const struct audit_found *found, void *data)
{
	struct audit_head *head = data;

	if (found->seq == head->seq) {
		(void)snprintf(head->hash, sizeof(head->hash), "%s", found->hash);
	}
	return 0;
}

static struct audit_head head_of(struct fixture *f, int64_t seq)
{
	struct audit_head head = {.seq = seq};
	struct audit_filter all = {0};
	struct err err = {0};

	assert_int_equal(audit_search(f->store, &all, find_hash, &head, &err), 0);
	assert_int_equal(strlen(head.hash), 64);
	return head;
}

static void a_kept_head_shows_what_was_rewritten_or_cut(void **state)
{
	struct fixture *f = *state;
	struct audit_head heads[3];
	struct audit_head now;
	struct err err = {0};
	sqlite3 *db;
	int64_t rows;

	add_rows(f, 22);
	assert_int_equal(roll(f), ERR_NONE);
	heads[0] = head_of(f, 3);
	heads[1] = head_of(f, 17);
	heads[2] = head_of(f, 22);
	assert_int_equal(audit_head_now(f->store, &now, &err), 0);
	assert_memory_equal(now.hash, heads[2].hash, 65);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(audit_verify_from(f->store, NULL, &heads[i], &rows, &err), 0);
		assert_int_equal(rows, 22);
	}
	/* files that were taken away: the walk begins where they end */
	shell("rm $1-audit/000000000001-000000000005.jsonl", f->path);
	now = head_of(f, 5 + 1);
	assert_int_equal(audit_verify_from(f->store, &now, &heads[2], &rows, &err), 0);
	assert_int_equal(audit_verify_from(f->store, &now, &heads[0], &rows, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	now.hash[0] = now.hash[0] == 'a' ? 'b' : 'a';
	assert_int_equal(audit_verify_from(f->store, &now, NULL, &rows, &err), -1);
	now = head_of(f, 6);
	close_store(f);
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "DELETE FROM log WHERE seq > 20", NULL, NULL, NULL), 0);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	open_store(f);
	assert_int_equal(audit_verify_from(f->store, &now, NULL, &rows, &err),
			 0); /* the chain alone does not show it */
	assert_int_equal(audit_verify_from(f->store, &now, &heads[1], &rows, &err), 0);
	assert_int_equal(audit_verify_from(f->store, &now, &heads[2], &rows, &err), -1);
	assert_non_null(strstr(err.msg, "its end was cut off"));
	add_rows(f, 2); /* the hole is filled with other rows */
	assert_int_equal(audit_verify_from(f->store, &now, &heads[2], &rows, &err), -1);
	assert_non_null(strstr(err.msg, "rewritten"));
}

static void a_head_is_read_strictly(void **state)
{
	struct audit_head head;
	struct err err = {0};
	char text[100];

	(void)state;
	(void)snprintf(text, sizeof(text), "17:%064d", 5);
	assert_int_equal(audit_head_parse(text, &head, &err), 0);
	assert_int_equal(head.seq, 17);
	assert_string_equal(head.hash, text + 3);
	text[10] = 'x';
	assert_int_equal(audit_head_parse(text, &head, &err), -1);
	assert_int_equal(audit_head_parse("17", &head, &err), -1);
	assert_int_equal(audit_head_parse("", &head, &err), -1);
	assert_int_equal(audit_head_parse("-1:00", &head, &err), -1);
}

/* ---- policies ------------------------------------------------------------------------------ */

static void put_policy(struct fixture *f, const char *id, const char *text, int64_t at_ms)
{
	struct store_txn *txn = store_txn_new(f->store);
	int calls = 0;

	store_txn_policy(txn, id, text, at_ms);
	store_commit(txn, on_commit, &calls);
	assert_true(loop_run_until(f->loop, positive, &calls, 5000));
}

static void a_policy_is_found_after_its_rows_went(void **state)
{
	struct fixture *f = *state;
	struct strbuf out;
	struct err err = {0};

	put_policy(f, "00aa", "first: text\n", 1);
	add_rows(f, 3);
	put_policy(f, "00bb", "second: text\n", 2);
	add_rows(f, 19);
	assert_int_equal(roll(f), ERR_NONE);
	strbuf_init(&out, 1000);
	assert_int_equal(store_get_policy(f->store, "00aa", &out, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	assert_true(is_there(f, "policy-00aa.yaml"));
	assert_int_equal(audit_policy(f->store, "00aa", &out, &err), 0);
	assert_int_equal(audit_policy(f->store, "00bb", &out, &err), 0);
	assert_string_equal(out.buf, "first: text\nsecond: text\n");
	assert_int_equal(audit_policy(f->store, "00cc", &out, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	assert_int_equal(audit_policy(f->store, "../../x", &out, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	strbuf_done(&out);
}

struct between {
	struct fixture *f;
	unsigned bites; /* looks that fell between two cuts of the file */
	unsigned least_policies;
	bool over;
	struct err err;
};

static int count_policy(const char *id, const char *text, int64_t at_ms, void *data)
{
	(void)id;
	(void)text;
	(void)at_ms;
	++*(unsigned *)data;
	return 0;
}

/* On the worker, where nothing may be asserted. */
static void look_between(struct store *store, void *data)
{
	struct between *between = data;
	struct store_usage usage = {0};
	unsigned n = 0;

	if (store_get_usage(store, NULL, &usage, &between->err) < 0 ||
	    store_each_policy(store, count_policy, &n, &between->err) < 0 || usage.cut_seq == 0 ||
	    usage.cut_seq == 500) {
		return;
	}
	between->bites++;
	between->least_policies = n < between->least_policies ? n : between->least_policies;
}

static void look_again(void *data, const struct err *err)
{
	struct between *between = data;

	between->over = err != NULL || between->f->done > 0;
	if (!between->over) {
		store_ask(between->f->store, look_between, look_again, between);
	}
}

static bool looked_enough(void *data)
{
	return ((struct between *)data)->over;
}

/* A file of five bites, and three cuts: whoever looks in between finds all policies until the last of them. No row is lost. */
static void policies_go_with_the_last_cut_of_a_file(void **state)
{
	struct fixture *f = *state;
	struct audit_roll_options options = {.keep_rows = 1000, .file_rows = 500};
	struct between between = {.f = f, .least_policies = 99};
	unsigned left = 0;
	char *before;
	char *after;

	put_policy(f, "00aa", "first: text\n", 1);
	add_rows(f, 100);
	put_policy(f, "00bb", "second: text\n", 2);
	add_rows(f, 1100);
	before = exported(f);
	f->done = 0;
	store_ask(f->store, look_between, look_again, &between);
	assert_int_equal(roll_with(f, &options), ERR_NONE);
	assert_true(loop_run_until(f->loop, looked_enough, &between, 5000));
	assert_int_equal(usage_of(f).cut_seq, 500);
	assert_true(between.bites > 0);
	assert_int_equal(between.least_policies, 2);
	assert_string_equal(between.err.msg, "");
	assert_int_equal(store_each_policy(f->store, count_policy, &left, &between.err), 0);
	assert_int_equal(left, 1);
	after = exported(f);
	assert_string_equal(after, before);
	free(before);
	free(after);
	assert_int_equal(verified(f), 1200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLLED(the_oldest_rows_go_into_files),
		ROLLED(a_long_log_goes_in_bites),
		ROLLED(the_folder_has_a_limit),
		ROLLED(a_folder_that_cannot_be_written_loses_nothing),
		ROLLED(a_full_disk_loses_nothing),
		ROLLED(a_death_between_file_and_cut_is_mended),
		ROLLED(a_wrong_file_that_was_left_is_written_anew),
		ROLLED(freed_under_way_it_ends_in_peace),
		ROLLED(a_hand_in_a_file_shows),
		ROLLED(a_kept_head_shows_what_was_rewritten_or_cut),
		cmocka_unit_test(a_head_is_read_strictly),
		ROLLED(a_policy_is_found_after_its_rows_went),
		ROLLED(policies_go_with_the_last_cut_of_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
