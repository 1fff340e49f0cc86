/* test_code_tries.c - one use a step, five tries, locks that grow, on both stores and over restarts; the terminal's unlock */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "code/code.h"
#include "code/totp.h"

#define SPEC "env:CODE_TEST"
#define KEY "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
#define MINUTE_MS 60000LL
#define NOW_MS 1768273200000LL

struct fixture {
	bool sqlite;
	struct loop *loop;
	struct store *store;
	struct codes *codes;
	char dir[64], path[96];
	struct totp_key key;
	int64_t locked_until_ms;
	unsigned tries_left;
	struct err err;
};

/* ---- the world ------------------------------------------------------------------------------ */

static void on_done(void *data, const struct err *err)
{
	*(int *)data = err == NULL ? 1 : -1;
}

static bool is_set(void *data)
{
	return *(int *)data != 0;
}

static int commit(struct fixture *f, struct store_txn *txn)
{
	int result = 0;

	store_commit(txn, on_done, &result);
	assert_true(loop_run_until(f->loop, is_set, &result, 10000));
	return result;
}

static int set_up(void **state, bool sqlite)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->sqlite = sqlite;
	assert_int_equal(setenv("CODE_TEST", KEY, 1), 0);
	assert_int_equal(totp_load(SPEC, &f->key, &f->err), 0);
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/sluice-code-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->path, sizeof(f->path), "%s/sluice.db", f->dir);
	f->loop = sqlite ? loop_new(&f->err) : loop_new_virtual(NOW_MS);
	f->store =
		sqlite ? store_sqlite_open(f->loop, f->path, &f->err) : store_memory_open(f->loop);
	assert_non_null(f->store);
	f->codes = codes_new(f->store);
	*state = f;
	return 0;
}

static int set_up_memory(void **state)
{
	return set_up(state, false);
}

static int set_up_sqlite(void **state)
{
	return set_up(state, true);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	static const char *const ends[] = {"", "-wal", "-shm", ".unlock-ana"};
	char path[128];

	codes_free(f->codes);
	store_close(f->store);
	loop_free(f->loop);
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof(path), "%s%s", f->path, ends[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(f->dir), 0); /* nothing else was left behind */
	free(f);
	return 0;
}

static void restart(struct fixture *f)
{
	codes_free(f->codes);
	if (f->sqlite) {
		store_close(f->store);
		f->store = store_sqlite_open(f->loop, f->path, &f->err);
	} else {
		f->store = store_memory_reopen(f->loop, f->store);
	}
	assert_non_null(f->store);
	f->codes = codes_new(f->store);
}

static const char *code_at(struct fixture *f, int64_t at_ms)
{
	static char code[TOTP_DIGITS + 1];

	totp_code(&f->key, at_ms / TOTP_STEP_MS, code);
	return code;
}

static enum code_result try_as(struct fixture *f, const char *person, const char *digits,
			       int64_t now_ms)
{
	struct store_txn *txn = store_txn_new(f->store);
	enum code_result result = codes_try(f->codes, person, SPEC, digits, now_ms, txn,
					    &f->locked_until_ms, &f->tries_left, &f->err);

	assert_int_equal(commit(f, txn), 1);
	return result;
}

static enum code_result try(struct fixture *f, const char *digits, int64_t now_ms)
{
	return try_as(f, "ana", digits, now_ms);
}

/* Six digits that are the code of no step near. */
static const char *wrong_at(struct fixture *f, int64_t now_ms)
{
	static char wrong[TOTP_DIGITS + 1];

	for (unsigned i = 0;; i++) {
		(void)snprintf(wrong, sizeof(wrong), "%06u", i % 1000000);
		if (totp_match(&f->key, wrong, now_ms) < 0) {
			return wrong;
		}
	}
}

static void lock_at(struct fixture *f, int64_t now_ms)
{
	for (int i = 0; i < CODE_TRIES - 1; i++) {
		assert_int_equal(try(f, wrong_at(f, now_ms), now_ms), CODE_WRONG);
		assert_int_equal(f->tries_left, CODE_TRIES - 1 - i);
		assert_int_equal(f->locked_until_ms, 0);
	}
	assert_int_equal(try(f, wrong_at(f, now_ms), now_ms), CODE_LOCKED);
	assert_int_equal(f->tries_left, 0);
}

/* ---- what people type ----------------------------------------------------------------------- */

static void phone_input_is_a_code(void **state)
{
	static const char *const codes[] = {"123456",
					    "123 456",
					    " 123456 ",
					    "123\xc2\xa0"
					    "456",
					    "\xe2\x80\x8b"
					    "123\xe2\x80\xaf"
					    "456\xe2\x80\x8b",
					    "12\xe2\x80\x8d"
					    "3456"};
	static const char *const others[] = {
		"",         " ",       "12345",
		"1234567",  "12 3456", "123  456",
		"123 4 56", "123-456", "code 123456",
		"123456!",  "12345a",  "\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4\xd9\xa5\xd9\xa6",
		"+12345",   "123456 7"};

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		assert_true(codes_like(codes[i]));
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_false(codes_like(others[i]));
	}
}

/* ---- steps ---------------------------------------------------------------------------------- */

static void a_step_is_used_once(void **state)
{
	struct fixture *f = *state;
	char code[TOTP_DIGITS + 2];

	memcpy(code, code_at(f, NOW_MS), 7);
	assert_int_equal(try(f, code, NOW_MS), CODE_RIGHT);
	assert_int_equal(f->tries_left, CODE_TRIES);
	assert_int_equal(try(f, code, NOW_MS), CODE_USED);
	assert_int_equal(try(f, code, NOW_MS + TOTP_STEP_MS), CODE_USED);
	assert_int_equal(f->tries_left, CODE_TRIES); /* costs no try */
	restart(f);
	assert_int_equal(try(f, code, NOW_MS), CODE_USED);
	/* the step before it is used with it */
	assert_int_equal(try(f, code_at(f, NOW_MS - TOTP_STEP_MS), NOW_MS), CODE_USED);
	assert_int_equal(try(f, code_at(f, NOW_MS + TOTP_STEP_MS), NOW_MS), CODE_RIGHT);
	/* another person's steps are another matter */
	assert_int_equal(try_as(f, "bob", code, NOW_MS), CODE_RIGHT);
}

static void the_clock_goes_back(void **state)
{
	struct fixture *f = *state;
	const int64_t before_ms = NOW_MS - 60 * MINUTE_MS;

	assert_int_equal(try(f, code_at(f, NOW_MS), NOW_MS), CODE_RIGHT);
	assert_int_equal(try(f, code_at(f, before_ms), before_ms), CODE_USED);
	lock_at(f, NOW_MS);
	assert_true(f->locked_until_ms == NOW_MS + 5 * MINUTE_MS);
	/* no longer than it was meant to be, nor shorter */
	assert_int_equal(try(f, wrong_at(f, before_ms), before_ms), CODE_LOCKED);
	assert_true(f->locked_until_ms == before_ms + 5 * MINUTE_MS);
	restart(f);
	assert_int_equal(try(f, wrong_at(f, before_ms), before_ms + 1), CODE_LOCKED);
	assert_true(f->locked_until_ms == before_ms + 5 * MINUTE_MS);
	assert_int_equal(try(f, wrong_at(f, before_ms + 5 * MINUTE_MS), before_ms + 5 * MINUTE_MS),
			 CODE_WRONG);
}

static void two_tries_in_one_turn(void **state)
{
	struct fixture *f = *state;
	struct store_txn *first = store_txn_new(f->store);
	struct store_txn *second = store_txn_new(f->store);
	const char *code = code_at(f, NOW_MS);

	/* neither is on disk yet */
	assert_int_equal(codes_try(f->codes, "ana", SPEC, code, NOW_MS, first, NULL, NULL, &f->err),
			 CODE_RIGHT);
	assert_int_equal(
		codes_try(f->codes, "ana", SPEC, code, NOW_MS, second, NULL, NULL, &f->err),
		CODE_USED);
	assert_int_equal(commit(f, first), 1);
	assert_int_equal(commit(f, second), 1);
	restart(f);
	assert_int_equal(try(f, code, NOW_MS), CODE_USED);
}

static void a_failed_commit_gives_no_step_back(void **state)
{
	struct fixture *f = *state;
	struct store_txn *txn = store_txn_new(f->store);
	const char *code = code_at(f, NOW_MS);

	store_memory_fail(f->store, 1, ERR_STORE);
	assert_int_equal(codes_try(f->codes, "ana", SPEC, code, NOW_MS, txn, NULL, NULL, &f->err),
			 CODE_RIGHT);
	assert_int_equal(commit(f, txn), -1);
	assert_int_equal(try(f, code, NOW_MS), CODE_USED);
}

static void a_burnt_code_is_used(void **state)
{
	struct fixture *f = *state;
	struct store_txn *txn = store_txn_new(f->store);
	char code[TOTP_DIGITS + 1];

	memcpy(code, code_at(f, NOW_MS), sizeof(code));
	codes_burn(f->codes, "ana", SPEC, code, NOW_MS, txn);
	codes_burn(f->codes, "ana", SPEC, wrong_at(f, NOW_MS), NOW_MS, txn);
	codes_burn(f->codes, "ana", SPEC, "hello", NOW_MS, txn);
	codes_burn(f->codes, "bob", NULL, code, NOW_MS, txn);
	assert_int_equal(commit(f, txn), 1);
	restart(f);
	assert_int_equal(try(f, code, NOW_MS), CODE_USED);
	assert_int_equal(f->tries_left, CODE_TRIES);
	assert_int_equal(try(f, code_at(f, NOW_MS + TOTP_STEP_MS), NOW_MS), CODE_RIGHT);
	/* an older one changes nothing */
	txn = store_txn_new(f->store);
	codes_burn(f->codes, "ana", SPEC, code, NOW_MS, txn);
	assert_int_equal(commit(f, txn), 1);
	restart(f);
	assert_int_equal(try(f, code_at(f, NOW_MS + TOTP_STEP_MS), NOW_MS), CODE_USED);
}

/* ---- locks ---------------------------------------------------------------------------------- */

static void five_wrong_tries_lock(void **state)
{
	struct fixture *f = *state;

	lock_at(f, NOW_MS);
	assert_true(f->locked_until_ms == NOW_MS + 5 * MINUTE_MS);
	assert_int_equal(try(f, code_at(f, NOW_MS), NOW_MS), CODE_LOCKED);
	restart(f);
	assert_int_equal(try(f, code_at(f, NOW_MS), NOW_MS + 1), CODE_LOCKED);
	assert_true(f->locked_until_ms == NOW_MS + 5 * MINUTE_MS);
	assert_int_equal(try_as(f, "bob", code_at(f, NOW_MS), NOW_MS), CODE_RIGHT);
	/* the last moment of it, and the first after it; the right code is not spoilt by having been tried */
	assert_int_equal(try(f, code_at(f, f->locked_until_ms), NOW_MS + 5 * MINUTE_MS - 1),
			 CODE_LOCKED);
	assert_int_equal(try(f, code_at(f, NOW_MS + 5 * MINUTE_MS), NOW_MS + 5 * MINUTE_MS),
			 CODE_RIGHT);
}

static void tries_are_kept_over_a_restart(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < CODE_TRIES - 1; i++) {
		assert_int_equal(try(f, wrong_at(f, NOW_MS), NOW_MS), CODE_WRONG);
		restart(f);
	}
	assert_int_equal(try(f, wrong_at(f, NOW_MS), NOW_MS), CODE_LOCKED);
}

static void a_right_code_forgives(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < CODE_TRIES - 1; i++) {
		(void)try(f, wrong_at(f, NOW_MS), NOW_MS);
	}
	assert_int_equal(f->tries_left, 1);
	assert_int_equal(try(f, code_at(f, NOW_MS), NOW_MS), CODE_RIGHT);
	assert_int_equal(f->tries_left, CODE_TRIES);
	lock_at(f, NOW_MS); /* five more */
	assert_true(f->locked_until_ms == NOW_MS + 5 * MINUTE_MS);
}

static void locks_grow_to_a_day(void **state)
{
	static const int minutes[] = {5, 10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440, 1440};
	struct fixture *f = *state;
	int64_t now_ms = NOW_MS;

	for (size_t i = 0; i < sizeof(minutes) / sizeof(minutes[0]); i++) {
		lock_at(f, now_ms);
		assert_true(f->locked_until_ms == now_ms + minutes[i] * MINUTE_MS);
		now_ms = f->locked_until_ms;
		restart(f);
	}
	assert_int_equal(try(f, code_at(f, now_ms), now_ms), CODE_RIGHT);
	lock_at(f, now_ms);
	assert_true(f->locked_until_ms == now_ms + 5 * MINUTE_MS);
}

static void what_is_no_code_costs_nothing(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 20; i++) {
		assert_int_equal(try(f, "yes", NOW_MS), CODE_WRONG);
		assert_int_equal(f->tries_left, CODE_TRIES);
	}
	assert_int_equal(try(f, code_at(f, NOW_MS), NOW_MS), CODE_RIGHT);
}

static void no_secret_no_code(void **state)
{
	struct fixture *f = *state;
	struct store_txn *txn = store_txn_new(f->store);
	bool fits = true;

	assert_int_equal(codes_try(f->codes, "ana", NULL, "123456", NOW_MS, txn,
				   &f->locked_until_ms, &f->tries_left, &f->err),
			 CODE_NONE);
	assert_int_equal(f->err.kind, ERR_NOTFOUND);
	assert_string_equal(f->err.msg, "no code is set up for \"ana\"");
	assert_int_equal(f->tries_left, CODE_TRIES);
	assert_int_equal(codes_try(f->codes, "ana", "file:/nowhere/ana", "123456", NOW_MS, txn,
				   NULL, NULL, &f->err),
			 CODE_NONE);
	assert_int_equal(f->err.kind, ERR_CONFIG);
	assert_non_null(strstr(f->err.msg, "/nowhere/ana"));
	assert_int_equal(codes_fit("file:/nowhere/ana", "123456", NOW_MS, &fits, &f->err), -1);
	assert_int_equal(commit(f, txn), 1);
	assert_int_equal(codes_fit(SPEC, code_at(f, NOW_MS), NOW_MS, &fits, &f->err), 0);
	assert_true(fits);
	assert_int_equal(codes_fit(SPEC, "12345", NOW_MS, &fits, &f->err), 0);
	assert_false(fits);
	/* asking so changed nothing */
	assert_int_equal(try(f, code_at(f, NOW_MS), NOW_MS), CODE_RIGHT);
}

static void a_broken_state_locks(void **state)
{
	static const char *const texts[] = {"",           "1",
					    "1 2 3 4",    "2 0 0 0 0",
					    "1 0 9 0 0",  "1 0 0 0 5",
					    "1 0 0 0 0 ", "1  0 0 0 0",
					    "1 -1 0 0 0", "1 99999999999999999999 0 0 0",
					    "hello"};
	struct fixture *f = *state;
	int64_t until_ms = 0;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct store_txn *txn = store_txn_new(f->store);

		store_txn_cursor(txn, "code/ana", texts[i]);
		assert_int_equal(commit(f, txn), 1);
		restart(f);
		assert_int_equal(codes_locked(f->store, "ana", NOW_MS, &until_ms, &f->err), 0);
		assert_true(until_ms == NOW_MS + 1440 * MINUTE_MS);
		assert_int_equal(try(f, code_at(f, NOW_MS), NOW_MS), CODE_LOCKED);
		assert_true(f->locked_until_ms == NOW_MS + 1440 * MINUTE_MS);
	}
	assert_int_equal(codes_locked(f->store, "bob", NOW_MS, &until_ms, &f->err), 0);
	assert_int_equal(until_ms, 0);
}

/* ---- the terminal lets somebody out --------------------------------------------------------- */

static void marker(struct fixture *f, char *ret_path, size_t size)
{
	(void)snprintf(ret_path, size, "%s.unlock-ana", f->path);
}

static int count_unlocks(const struct store_log *log, void *data)
{
	if (strstr(log->body, "\"kind\":\"code-unlock\",\"person\":\"ana\"") != NULL &&
	    strstr(log->body, "unlocked from the terminal by user id ") != NULL) {
		(*(int *)data)++;
	}
	return 0;
}

static int unlocks(struct fixture *f)
{
	int n = 0;

	assert_int_equal(store_each_log(f->store, 0, count_unlocks, &n, &f->err), 0);
	return n;
}

static void the_terminal_unlocks(void **state)
{
	struct fixture *f = *state;
	int64_t now_ms = clock_wall_ms();
	int64_t until_ms = 0;
	char path[128];

	marker(f, path, sizeof(path));
	lock_at(f, now_ms);
	assert_int_equal(codes_locked(f->store, "ana", now_ms, &until_ms, &f->err), 0);
	assert_true(until_ms == f->locked_until_ms);
	assert_int_equal(codes_leave_unlock(f->path, "ana", &f->err), 0);
	assert_int_equal(codes_leave_unlock(f->path, "ana", &f->err), 0); /* twice is fine */
	assert_int_equal(try_as(f, "bob", code_at(f, now_ms), now_ms), CODE_RIGHT);
	assert_int_equal(access(path, F_OK), 0); /* not bob's */
	assert_int_equal(try(f, wrong_at(f, now_ms), now_ms), CODE_WRONG);
	assert_int_equal(f->tries_left, CODE_TRIES - 1);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(unlocks(f), 1);
	restart(f);
	assert_int_equal(try(f, code_at(f, now_ms), now_ms), CODE_RIGHT);
	lock_at(f, now_ms); /* the first of a new row, and no second way out */
	assert_true(f->locked_until_ms == now_ms + 5 * MINUTE_MS);
	assert_int_equal(try(f, code_at(f, now_ms), now_ms), CODE_LOCKED);
	assert_int_equal(unlocks(f), 1);
}

static void stays_locked(struct fixture *f, int64_t now_ms, bool marker_stays)
{
	char path[128];

	marker(f, path, sizeof(path));
	assert_int_equal(try(f, code_at(f, now_ms), now_ms), CODE_LOCKED);
	assert_int_equal(unlocks(f), 0);
	assert_int_equal(access(path, F_OK), marker_stays ? 0 : -1);
	(void)unlink(path);
}

static void other_markers_do_not_count(void **state)
{
	struct fixture *f = *state;
	int64_t now_ms = clock_wall_ms();
	struct timespec old[2] = {{.tv_sec = (time_t)(now_ms / 1000 - 60)},
				  {.tv_sec = (time_t)(now_ms / 1000 - 60)}};
	char path[128];
	char other[128];

	marker(f, path, sizeof(path));
	lock_at(f, now_ms);
	/* older than the lock: left for another one */
	assert_int_equal(codes_leave_unlock(f->path, "ana", &f->err), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	stays_locked(f, now_ms, false);
	/* others may read or write it */
	assert_int_equal(codes_leave_unlock(f->path, "ana", &f->err), 0);
	assert_int_equal(chmod(path, 0620), 0);
	stays_locked(f, now_ms, true);
	/* a folder, a link to a file that would count, a second name of one */
	assert_int_equal(mkdir(path, 0700), 0);
	stays_locked(f, now_ms, true);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(symlink(f->path, path), 0);
	stays_locked(f, now_ms, true);
	assert_int_equal(codes_leave_unlock(f->path, "ana", &f->err), 0);
	(void)snprintf(other, sizeof(other), "%s/other", f->dir);
	assert_int_equal(link(path, other), 0);
	stays_locked(f, now_ms, true);
	assert_int_equal(unlink(other), 0);
	/* the one that counts still does */
	assert_int_equal(codes_leave_unlock(f->path, "ana", &f->err), 0);
	assert_int_equal(try(f, code_at(f, now_ms), now_ms), CODE_RIGHT);
	assert_int_equal(unlocks(f), 1);
}

static void another_owners_marker_is_refused(void **state)
{
	struct fixture *f = *state;
	int64_t now_ms = clock_wall_ms();
	char path[128];

	if (geteuid() != 0) {
		print_message("skipped: only root can give a file to another user\n");
		skip();
	}
	marker(f, path, sizeof(path));
	lock_at(f, now_ms);
	assert_int_equal(codes_leave_unlock(f->path, "ana", &f->err), 0);
	assert_int_equal(chown(path, 65534, 65534), 0);
	stays_locked(f, now_ms, true);
	/* and one who is neither root nor the bot's user is told so */
	assert_int_equal(chmod(f->dir, 0755), 0);
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(codes_leave_unlock(f->path, "ana", &f->err), -1);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(f->err.kind, ERR_DENIED);
	assert_int_equal(access(path, F_OK), -1);
}

static void names_that_are_paths_reach_nothing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(codes_leave_unlock(f->path, "x/../../ana", &f->err), -1);
	assert_int_equal(f->err.kind, ERR_USAGE);
	assert_int_equal(codes_leave_unlock(f->path, "", &f->err), -1);
	assert_int_equal(codes_leave_unlock("/nowhere/at/all.db", "ana", &f->err), -1);
	assert_int_equal(f->err.kind, ERR_NOTFOUND);
}

#define ON(test, where) cmocka_unit_test_setup_teardown(test, set_up_##where, tear_down)
#define ON_BOTH(test) ON(test, memory), ON(test, sqlite)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phone_input_is_a_code),
		ON_BOTH(a_step_is_used_once),
		ON_BOTH(the_clock_goes_back),
		ON_BOTH(two_tries_in_one_turn),
		ON(a_failed_commit_gives_no_step_back, memory),
		ON_BOTH(a_burnt_code_is_used),
		ON_BOTH(five_wrong_tries_lock),
		ON_BOTH(tries_are_kept_over_a_restart),
		ON_BOTH(a_right_code_forgives),
		ON_BOTH(locks_grow_to_a_day),
		ON(what_is_no_code_costs_nothing, memory),
		ON(no_secret_no_code, memory),
		ON_BOTH(a_broken_state_locks),
		ON(the_terminal_unlocks, sqlite),
		ON(other_markers_do_not_count, sqlite),
		ON(another_owners_marker_is_refused, sqlite),
		ON(names_that_are_paths_reach_nothing, sqlite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
