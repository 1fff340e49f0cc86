/* rolled.h - a log in a file with its folder, and rows in it that roll over */
#ifndef TESTS_UNIT_AUDIT_ROLLED_H
#define TESTS_UNIT_AUDIT_ROLLED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

static inline void open_store(struct fixture *f)
{
	struct err err = {0};

	f->store = store_sqlite_open(f->loop, f->path, &err);
	assert_string_equal(err.msg, "");
	assert_non_null(f->store);
	f->roll = audit_roll_new(f->store);
}

static inline void close_store(struct fixture *f)
{
	audit_roll_free(f->roll);
	f->roll = NULL;
	store_close(f->store);
	f->store = NULL;
}

static inline int set_up(void **state)
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
static inline void shell(const char *command, const char *path)
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

static inline int tear_down(void **state)
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

static inline void on_commit(void *data, const struct err *err)
{
	assert_null(err);
	(*(int *)data)++;
}

static inline bool positive(void *data)
{
	return *(int *)data > 0;
}

static inline void add_rows(struct fixture *f, int n)
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

static inline void on_roll(void *data, int64_t folder_bytes, const struct err *err)
{
	struct fixture *f = data;

	f->done++;
	f->folder_bytes = folder_bytes;
	err_copy(&f->err, err);
}

static inline enum err_kind roll_with(struct fixture *f, const struct audit_roll_options *options)
{
	f->done = 0;
	assert_true(audit_roll_run(f->roll, options, on_roll, f));
	assert_false(audit_roll_run(f->roll, options, on_roll, f)); /* one at a time */
	assert_true(loop_run_until(f->loop, positive, &f->done, 20000));
	assert_int_equal(f->done, 1);
	return f->err.kind;
}

static inline enum err_kind roll(struct fixture *f)
{
	return roll_with(f, &(struct audit_roll_options){.keep_rows = 10, .file_rows = 5});
}

static inline struct store_usage usage_of(struct fixture *f)
{
	struct store_usage usage;
	struct err err = {0};

	assert_int_equal(store_get_usage(f->store, NULL, &usage, &err), 0);
	return usage;
}

static inline int64_t verified(struct fixture *f)
{
	struct err err = {0};
	int64_t rows = -1;

	if (audit_verify(f->store, &rows, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return rows;
}

static inline void assert_broken(struct fixture *f, const char *why)
{
	struct err err = {0};
	int64_t rows;

	assert_int_equal(audit_verify(f->store, &rows, &err), -1);
	if (strstr(err.msg, why) == NULL) {
		fail_msg("\"%s\" says nothing of \"%s\"", err.msg, why);
	}
}

static inline char *exported(struct fixture *f)
{
	struct strbuf out;
	struct err err = {0};

	strbuf_init(&out, 1 << 24);
	assert_int_equal(audit_export(f->store, 0, &out, &err), 0);
	return out.buf;
}

static inline bool is_there(struct fixture *f, const char *name)
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

#define ROLLED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
