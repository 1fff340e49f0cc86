/* test_audit_roll.c - the log rolls over into closed files: one chain over both, whatever dies in between, and who looks at it */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "audit/roll.h"
#include "base/json.h"

struct fixture {
	struct loop *loop;
	struct store *store;
	struct audit_roll *roll;
	char dir[48];
	char path[64];
	char folder[80];
	int done;
	struct err err;
	int64_t folder_bytes;
};

static void open_store(struct fixture *f)
{
	struct err err = {0};

	f->store = store_sqlite_open(f->loop, f->path, &err);
	assert_string_equal(err.msg, "");
	assert_non_null(f->store);
	f->roll = audit_roll_new(f->store);
}

static void close_store(struct fixture *f)
{
	audit_roll_free(f->roll);
	f->roll = NULL;
	store_close(f->store);
	f->store = NULL;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err err = {0};

	assert_non_null(f);
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/sluice-roll-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->path, sizeof(f->path), "%s/s.db", f->dir);
	(void)snprintf(f->folder, sizeof(f->folder), "%s-audit", f->path);
	f->loop = loop_new(&err);
	open_store(f);
	*state = f;
	return 0;
}

/* $1 is the path. */
static void shell(const char *command, const char *path)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		(void)execl("/bin/sh", "sh", "-c", command, "sh", path, (char *)NULL);
		_exit(127);
	}
	assert_true(child > 0 && waitpid(child, &status, 0) == child);
	assert_int_equal(status, 0);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	if (f->store != NULL) {
		close_store(f);
	}
	loop_free(f->loop);
	shell("rm -rf $1", f->dir);
	free(f);
	return 0;
}

static void on_commit(void *data, const struct err *err)
{
	assert_null(err);
	(*(int *)data)++;
}

static bool positive(void *data)
{
	return *(int *)data > 0;
}

static void add_rows(struct fixture *f, int n)
{
	struct store_txn *txn = store_txn_new(f->store);
	int calls = 0;

	for (int i = 0; i < n; i++) {
		uint64_t droplet = (uint64_t)(100 + i % 3);
		struct audit_row row = {.at_ms = 1768273200000 + i * 60000,
					.kind = i % 5 == 0 ? "job" : "decision",
					.id = "8c21",
					.person = i % 2 == 0 ? "ana" : "bob",
					.channel = "C1",
					.channel_name = "ops",
					.verb = i % 2 == 0 ? "droplet.power.reboot"
							   : "droplet.list",
					.droplets = &droplet,
					.n_droplets = 1,
					.verdict = "allow"};

		audit_add(txn, &row);
	}
	store_commit(txn, on_commit, &calls);
	assert_true(loop_run_until(f->loop, positive, &calls, 5000));
}

static void on_roll(void *data, int64_t folder_bytes, const struct err *err)
{
	struct fixture *f = data;

	f->done++;
	f->folder_bytes = folder_bytes;
	err_copy(&f->err, err);
}

static enum err_kind roll_with(struct fixture *f, const struct audit_roll_options *options)
{
	f->done = 0;
	assert_true(audit_roll_run(f->roll, options, on_roll, f));
	assert_false(audit_roll_run(f->roll, options, on_roll, f)); /* one at a time */
	assert_true(loop_run_until(f->loop, positive, &f->done, 20000));
	assert_int_equal(f->done, 1);
	return f->err.kind;
}

static enum err_kind roll(struct fixture *f)
{
	return roll_with(f, &(struct audit_roll_options){.keep_rows = 10, .file_rows = 5});
}

static struct store_usage usage_of(struct fixture *f)
{
	struct store_usage usage;
	struct err err = {0};

	assert_int_equal(store_get_usage(f->store, NULL, &usage, &err), 0);
	return usage;
}

static int64_t verified(struct fixture *f)
{
	struct err err = {0};
	int64_t rows = -1;

	if (audit_verify(f->store, &rows, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return rows;
}

static void assert_broken(struct fixture *f, const char *why)
{
	struct err err = {0};
	int64_t rows;

	assert_int_equal(audit_verify(f->store, &rows, &err), -1);
	if (strstr(err.msg, why) == NULL) {
		fail_msg("\"%s\" says nothing of \"%s\"", err.msg, why);
	}
}

static char *exported(struct fixture *f)
{
	struct strbuf out;
	struct err err = {0};

	strbuf_init(&out, 1 << 24);
	assert_int_equal(audit_export(f->store, 0, &out, &err), 0);
	return out.buf;
}

static bool is_there(struct fixture *f, const char *name)
{
	char path[160];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", f->folder, name);
	if (stat(path, &st) < 0) {
		return false;
	}
	assert_int_equal(st.st_mode & 0777, 0600);
	return true;
}

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

/* ---- looking for rows ---------------------------------------------------------------------- */

static int note(const struct audit_found *found, void *data)
{
	(void)strbuf_addf(data, "%lld ", (long long)found->seq);
	assert_string_equal(json_string_or(found->row, "id", ""), "8c21");
	return 0;
}

static void assert_found(struct fixture *f, const struct audit_filter *filter, const char *newest,
			 const char *all)
{
	struct strbuf out;
	struct err err = {0};
	int64_t next = -1;

	strbuf_init(&out, 1000);
	assert_int_equal(audit_query(f->store, filter, 0, note, &out, &next, &err), 0);
	assert_string_equal(out.buf, newest);
	strbuf_reset(&out);
	assert_int_equal(audit_search(f->store, filter, note, &out, &err), 0);
	assert_string_equal(out.buf, all);
	strbuf_done(&out);
}

static void rows_are_found_by_what_they_have(void **state)
{
	struct fixture *f = *state;

	add_rows(f, 14); /* row n is of minute n - 1 */
	assert_int_equal(roll(f), ERR_NONE);
	assert_int_equal(usage_of(f).cut_seq, 5);
	assert_found(f, &(struct audit_filter){.person = "bob"}, "14 12 10 8 6 4 2 ",
		     "2 4 6 8 10 12 14 ");
	assert_found(f, &(struct audit_filter){.person = "bob", .most = 2}, "14 12 ",
		     "2 4 6 8 10 12 14 ");
	assert_found(f, &(struct audit_filter){.person = "bo"}, "", "");
	assert_found(f, &(struct audit_filter){.kind = "job"}, "11 6 1 ", "1 6 11 ");
	assert_found(f, &(struct audit_filter){.verb = "droplet.power", .kind = "job"}, "11 1 ",
		     "1 11 ");
	assert_found(f, &(struct audit_filter){.verb = "droplet.power.reboot", .kind = "job"},
		     "11 1 ", "1 11 ");
	assert_found(f, &(struct audit_filter){.verb = "droplet.pow"}, "", "");
	assert_found(f, &(struct audit_filter){.droplet = 102}, "12 9 6 3 ", "3 6 9 12 ");
	assert_found(f, &(struct audit_filter){.channel = "ops", .droplet = 102}, "12 9 6 3 ",
		     "3 6 9 12 ");
	assert_found(f, &(struct audit_filter){.channel = "C1", .droplet = 102}, "12 9 6 3 ",
		     "3 6 9 12 ");
	assert_found(f, &(struct audit_filter){.channel = "C2"}, "", "");
	assert_found(f, &(struct audit_filter){.id = "8c21", .person = "bob", .droplet = 102},
		     "12 6 ", "6 12 ");
	assert_found(f,
		     &(struct audit_filter){.since_ms = 1768273200000 + 60000 * 3,
					    .until_ms = 1768273200000 + 60000 * 7},
		     "7 6 5 4 ", "4 5 6 7 ");
}

static int note_seq(const struct audit_found *found, void *data)
{
	(void)strbuf_addf(data, "%lld ", (long long)found->seq);
	return 0;
}

/* "taken" is what a turn that was taken allowed; "taken-over" is another line. */
static void rows_are_found_by_their_rules(void **state)
{
	struct fixture *f = *state;
	static const char *const rules[][2] = {{"sre-runs:53", "taken.primary"},
					       {"taken-over:12", "sre:1"},
					       {"sre-runs:60", "taken.night"}};
	static const struct {
		const char *rule, *found;
	} cases[] = {{"taken", "1 3 "},     {"taken.night", "3 "}, {"sre-runs", "1 3 "},
		     {"sre-runs:60", "3 "}, {"taken-over", "2 "},  {"sre", "2 "}};
	struct store_txn *txn = store_txn_new(f->store);
	struct strbuf out;
	struct err err = {0};
	int calls = 0;

	for (size_t i = 0; i < 3; i++) {
		struct audit_row row = {.kind = "decision", .rules = rules[i], .n_rules = 2};

		audit_add(txn, &row);
	}
	store_commit(txn, on_commit, &calls);
	assert_true(loop_run_until(f->loop, positive, &calls, 5000));
	strbuf_init(&out, 100);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct audit_filter filter = {.rule = cases[i].rule};

		strbuf_reset(&out);
		assert_int_equal(audit_search(f->store, &filter, note_seq, &out, &err), 0);
		assert_string_equal(out.buf, cases[i].found);
	}
	strbuf_done(&out);
}

/* Page after page, from the database into the files; the last says that it is the last. */
static void pages_go_back_into_the_files(void **state)
{
	struct fixture *f = *state;
	struct audit_filter filter = {.person = "bob", .most = 3};
	struct strbuf out;
	struct err err = {0};
	int64_t next = 0;

	add_rows(f, 14);
	assert_int_equal(roll(f), ERR_NONE);
	assert_int_equal(usage_of(f).cut_seq, 5);
	strbuf_init(&out, 1000);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(audit_query(f->store, &filter, next, note, &out, &next, &err), 0);
		(void)strbuf_addf(&out, "| ");
	}
	assert_string_equal(out.buf, "14 12 10 | 8 6 4 | 2 | ");
	assert_int_equal(next, 0);
	strbuf_done(&out);
}

static int print_short(const struct audit_found *found, void *data)
{
	audit_print_short(found, NULL, data);
	return 1;
}

static void short_lines_fit_a_phone(void **state)
{
	struct fixture *f = *state;
	static const uint64_t droplets[] = {3164494, 3164495, 3164496, 3164497};
	static const char *const rules[] = {"sre-runs-everything-in-production:53"};
	struct store_txn *txn = store_txn_new(f->store);
	struct audit_row row = {.at_ms = 1768273200000,
				.kind = "decision",
				.user = "stranger\n\x1b[31m",
				.verb = "droplet.power.reboot",
				.droplets = droplets,
				.n_droplets = 4,
				.verdict = "deny",
				.rules = rules,
				.n_rules = 1,
				.count = 17};
	struct audit_filter all = {0};
	struct strbuf out;
	struct err err = {0};
	int64_t next;
	int calls = 0;

	audit_add(txn, &row);
	store_commit(txn, on_commit, &calls);
	assert_true(loop_run_until(f->loop, positive, &calls, 5000));
	strbuf_init(&out, 1000);
	assert_int_equal(audit_query(f->store, &all, 0, print_short, &out, &next, &err), 0);
	assert_string_equal(out.buf, "2026-01-13 03:00 stranger  [31m deny x17\n"
				     "  droplet.power.reboot #3164494,#316449\xe2\x80\xa6\n"
				     "  sre-runs-everything-in-production:53\n");
	strbuf_done(&out);
}

static void duties_and_approvers_stand_in_the_row(void **state)
{
	struct fixture *f = *state;
	static const char *const duties[] = {"confirm", "approve 2 of sre"};
	static const char *const approvers[] = {"chen", "dora"};
	struct store_txn *txn = store_txn_new(f->store);
	struct audit_row row = {.kind = "job",
				.duties = duties,
				.n_duties = 2,
				.approvers = approvers,
				.n_approvers = 2};
	char *text;
	int calls = 0;

	audit_add(txn, &row);
	store_commit(txn, on_commit, &calls);
	assert_true(loop_run_until(f->loop, positive, &calls, 5000));
	text = exported(f);
	assert_non_null(strstr(text, ",\"duties\":[\"confirm\",\"approve 2 of sre\"],"
				     "\"approvers\":[\"chen\",\"dora\"]}"));
	free(text);
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

#define ROLLED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

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
		ROLLED(rows_are_found_by_what_they_have),
		ROLLED(pages_go_back_into_the_files),
		ROLLED(rows_are_found_by_their_rules),
		ROLLED(short_lines_fit_a_phone),
		ROLLED(duties_and_approvers_stand_in_the_row),
		ROLLED(a_policy_is_found_after_its_rows_went),
		ROLLED(policies_go_with_the_last_cut_of_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
