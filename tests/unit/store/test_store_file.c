/* test_store_file.c - what only the file on disk can show: whose it is, its write-ahead log, a full disk, damage */
#include "fixture.h"

#include "store/internal.h"
#include "store/sqlite.h"

static void the_file_is_private_and_ours_alone(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	struct err err = {0};
	struct store_txn *txn;
	struct store *reader;
	char link_path[128];

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_null(store_sqlite_open(f->loop, f->path, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	txn = store_txn_new(f->store);
	store_txn_log(txn, "{}");
	assert_int_equal(commit(f, txn), ERR_NONE);
	/* somebody may read beside it */
	reader = store_sqlite_open_reader(f->path, &err);
	assert_non_null(reader);
	assert_int_equal(store_each_log(reader, 0, take_log, f, &err), 0);
	store_close(reader);
	/* and the lock and the data have survived that */
	assert_null(store_sqlite_open(f->loop, f->path, &err));
	txn = store_txn_new(f->store);
	store_txn_log(txn, "{}");
	assert_int_equal(commit(f, txn), ERR_NONE);
	assert_int_equal(read_log(f), 2);
	(void)snprintf(link_path, sizeof(link_path), "%s/link", f->dir);
	assert_int_equal(symlink(f->path, link_path), 0);
	assert_null(store_sqlite_open(f->loop, link_path, &err));
	(void)unlink(link_path);
}

static void another_process_gets_conflict(void **state)
{
	struct fixture *f = *state;
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		struct err err = {0};
		int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

		(void)fd;
		_exit(store_sqlite_open(f->loop, f->path, &err) == NULL && err.kind == ERR_CONFLICT
			      ? 0
			      : 1);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void what_is_not_ours_is_refused(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	char path[128];
	char text[64] = {0};
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/other", f->dir);
	write_file(path, "this is somebody's shopping list, and longer than a database's head is."
			 " eggs, milk, bread, butter, salt, pepper, onions\n");
	assert_null(store_sqlite_open(f->loop, path, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	(void)fclose(file);
	assert_memory_equal(text, "this is somebody's", 18);
	assert_null(store_sqlite_open_reader(path, &err));
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/no/such/folder", f->dir);
	assert_null(store_sqlite_open(f->loop, path, &err));
	assert_int_equal(err.kind, ERR_STORE);
	assert_null(store_sqlite_open_reader(path, &err));
	assert_int_equal(err.kind, ERR_NOTFOUND);
	assert_null(store_sqlite_open(f->loop, f->dir, &err));
	assert_null(store_sqlite_open_reader(path, &err));
}

/* user_version stands at byte 60 of the file, big endian. */
static void a_newer_file_is_refused(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	const unsigned char newer[4] = {0, 0, 1, 0};
	int fd;

	store_close(f->store);
	f->store = NULL;
	fd = open(f->path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, newer, 4, 60), 4);
	(void)close(fd);
	assert_null(store_sqlite_open(f->loop, f->path, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_non_null(strstr(err.msg, "newer"));
}

/* ---- the write-ahead log -------------------------------------------------------------------- */

#define BIG_PAGES 200 /* of a commit of put_big, and a few more */
#define BIG_BYTES (BIG_PAGES * 4096)

static int64_t size_of(const struct fixture *f, const char *end)
{
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s%s", f->path, end);
	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

/* How often the log began anew: a number in its head, which SQLite counts up (https://www.sqlite.org/fileformat.html#the_wal_file). */
static unsigned times_anew(const struct fixture *f)
{
	unsigned char n[4] = {0};
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s-wal", f->path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, n, sizeof(n), 12), sizeof(n));
	(void)close(fd);
	return (unsigned)n[0] << 24 | (unsigned)n[1] << 16 | (unsigned)n[2] << 8 | n[3];
}

/* n policies of that size, in one commit. */
static void put_big(struct fixture *f, int n)
{
	static char text[BIG_BYTES];
	static unsigned number;
	struct store_txn *txn = store_txn_new(f->store);

	memset(text, 'x', sizeof(text) - 1);
	for (int i = 0; i < n; i++) {
		char id[20];

		(void)snprintf(id, sizeof(id), "%016x", ++number);
		store_txn_policy(txn, id, text, 1);
	}
	assert_int_equal(commit(f, txn), ERR_NONE);
}

static int count_big(const char *id, const char *text, int64_t at_ms, void *data)
{
	(void)id;
	(void)at_ms;
	*(int *)data += strlen(text) == BIG_BYTES - 1;
	return 0;
}

static int read_big(struct store *store)
{
	struct err err = {0};
	int n = 0;

	assert_int_equal(store_each_policy(store, count_big, &n, &err), 0);
	return n;
}

static bool has_the_log(void *data)
{
	return size_of(data, "") > 2 * BIG_BYTES;
}

static bool no_checkpoint(void *data)
{
	return !((struct fixture *)data)->store->checkpointing;
}

static void the_log_comes_into_the_file_beside_the_commits(void **state)
{
	struct fixture *f = *state;
	unsigned before = times_anew(f);

	for (int i = 0; i < 3; i++) {
		put_big(f, 1);
	}
	assert_true(loop_run_until(f->loop, has_the_log, f, 10000));
	assert_int_equal(times_anew(f), before); /* the log itself goes on */
	assert_true(loop_run_until(f->loop, no_checkpoint, f, 10000));
	assert_in_range(sqlite_of(f->store)->pages_given, BIG_PAGES, 4 * BIG_PAGES); /* gently */
	assert_int_equal(read_big(f->store), 3);
}

/* With no descriptor left the log stays where it is, and commits go on; it comes into the file once there is one. */
static void what_could_not_be_opened_is_tried_again(void **state)
{
	struct fixture *f = *state;
	struct rlimit old;
	struct rlimit none;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (int i = 0; i < 4; i++) {
		put_big(f, 1);
		assert_true(loop_run_until(f->loop, no_checkpoint, f, 10000));
	}
	assert_false(has_the_log(f));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	for (int i = 0; i < 4; i++) {
		put_big(f, 1);
	}
	assert_true(loop_run_until(f->loop, has_the_log, f, 10000));
}

/* Commit after commit, so that no checkpoint has the log for itself: one of them takes the rest, long before each had to. */
static void a_long_log_begins_anew(void **state)
{
	struct fixture *f = *state;
	unsigned before = times_anew(f);
	const int n = 20000 / BIG_PAGES;

	for (int i = 0; i < n; i++) {
		put_big(f, 1);
	}
	assert_true(times_anew(f) > before);
	assert_true(size_of(f, "-wal") < INT64_C(15000) * 4096);
	assert_int_equal(read_big(f->store), n);
	reopen(f);
	assert_int_equal(read_big(f->store), n);
}

/* Somebody who reads beside us keeps what he sees, for as long as he looks; nobody waits for him. */
static void a_reader_holds_the_log_and_lets_it_go(void **state)
{
	struct fixture *f = *state;
	unsigned before = times_anew(f);
	struct err err = {0};
	struct store *reader;

	put_big(f, 1);
	reader = store_sqlite_open_reader(f->path, &err);
	assert_non_null(reader);
	assert_int_equal(read_big(reader), 1);
	for (int i = 0; i < 60; i++) {
		put_big(f, 1);
	}
	assert_int_equal(times_anew(f), before);
	assert_int_equal(read_big(reader), 1);
	assert_int_equal(read_big(f->store), 61);
	store_close(reader);
	/* soon after: a checkpoint is tried with each 300 pages more */
	for (int i = 0; i < 6; i++) {
		put_big(f, 1);
		assert_true(loop_run_until(f->loop, no_checkpoint, f, 10000));
	}
	assert_true(times_anew(f) > before);
	reopen(f);
	assert_int_equal(read_big(f->store), 67);
}

/* A commit is told after its checkpoint was begun: it waits for its thread, or works, where the file grows already. */
static void closed_while_the_log_comes_in_it_loses_nothing(void **state)
{
	struct fixture *f = *state;
	struct timespec ms = {0, 1000000};

	for (int round = 1; round <= 6; round++) {
		int64_t before = size_of(f, "");

		put_big(f, 8);
		for (int i = 0; round % 2 == 0 && size_of(f, "") == before; i++) {
			assert_true(i < 10000);
			(void)nanosleep(&ms, NULL);
		}
		reopen(f);
		assert_int_equal(read_big(f->store), 8 * round);
	}
}

/* ---- a full disk ------------------------------------------------------------------------------ */

static enum err_kind commit_big(struct fixture *f, struct outcome *outcome)
{
	static char body[20000];
	struct store_txn *txn = store_txn_new(f->store);

	memset(body, 'x', sizeof(body) - 1);
	memset(outcome, 0, sizeof(*outcome));
	store_txn_log(txn, body);
	store_commit(txn, on_done, outcome);
	assert_true(loop_run_until(f->loop, called, outcome, 10000));
	return outcome->err.kind;
}

/* Fills the disk, or what stands for it, and looks at what goes on and what does not. */
static int64_t fill(struct fixture *f)
{
	struct outcome outcome;
	int64_t rows = read_log(f);
	int n = 0;

	while (commit_big(f, &outcome) == ERR_NONE) {
		rows++;
		assert_true(++n < 1000);
	}
	assert_true(n > 0);
	assert_int_equal(outcome.err.kind, ERR_STORE);
	assert_non_null(strstr(outcome.err.msg, "was not written down"));
	assert_int_equal(commit_big(f, &outcome), ERR_STORE);
	assert_int_equal(read_log(f), rows); /* reads go on, and the chain is whole */
	return rows;
}

static void with_room_again(struct fixture *f, int64_t rows)
{
	struct outcome outcome;

	assert_int_equal(commit_big(f, &outcome), ERR_NONE);
	assert_int_equal(read_log(f), rows + 1);
	store_close(f->store);
	f->store = NULL;
}

static void a_full_disk_refuses_changes_only(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	char ballast[128];
	int fd;
	int64_t rows;
	static char block[600000];

	store_close(f->store);
	f->store = NULL;
	remove_files(f);
	assert_int_equal(mkdir(f->dir, 0700), 0);
	if (mount("tmpfs", f->dir, "tmpfs", 0, "size=2m") != 0) {
		print_message(
			"skipped: a small file system needs root; the size limit stands in\n");
		skip();
	}
	f->store = store_sqlite_open(f->loop, f->path, &err);
	assert_non_null(f->store);
	(void)snprintf(ballast, sizeof(ballast), "%s/ballast", f->dir);
	fd = open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, block, sizeof(block)), sizeof(block));
	(void)close(fd);
	rows = fill(f);
	assert_int_equal(unlink(ballast), 0);
	with_room_again(f, rows);
	f->store = store_sqlite_open(f->loop, f->path, &err);
	assert_int_equal(read_log(f), rows + 1);
	store_close(f->store);
	f->store = NULL;
	assert_int_equal(umount(f->dir), 0);
}

static void a_file_size_limit_refuses_changes_only(void **state)
{
	struct fixture *f = *state;
	struct rlimit old;
	struct rlimit small;
	int64_t rows;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 300000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	rows = fill(f);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	with_room_again(f, rows);
}

static void its_own_limit_refuses_changes_only(void **state)
{
	struct fixture *f = *state;
	struct outcome outcome;
	struct store_usage usage;
	struct err why = {0};
	int64_t rows;

	store_set_limit(f->store, 1 << 20);
	rows = fill(f);
	assert_int_equal(commit_big(f, &outcome), ERR_STORE);
	assert_non_null(strstr(outcome.err.msg, "1 MiB"));
	assert_true(store_failing(f->store, &why));
	assert_string_equal(why.msg, outcome.err.msg);
	usage = usage_of(f, NULL);
	assert_int_equal(usage.limit_bytes, 1 << 20);
	assert_true(usage.used_bytes > (1 << 20) * 9 / 10 && usage.used_bytes <= 1 << 20);
	/* what makes room is let through, and then there is room */
	assert_int_equal(cut_at(f, 20), ERR_NONE);
	assert_false(store_failing(f->store, &why));
	assert_true(usage_of(f, NULL).used_bytes < usage.used_bytes - 300000);
	assert_int_equal(commit_big(f, &outcome), ERR_NONE);
	assert_int_equal(usage_of(f, NULL).last_seq, rows + 1);
	store_set_limit(f->store, 0);
	for (int i = 0; i < 60; i++) {
		assert_int_equal(commit_big(f, &outcome), ERR_NONE);
	}
}

/* ---- damage --------------------------------------------------------------------------------- */

struct check {
	bool over;
	struct err err;
};

static void on_checked(void *data, const struct err *err)
{
	struct check *check = data;

	assert_false(check->over);
	check->over = true;
	if (err != NULL) {
		check->err = *err;
	}
}

static bool is_checked(void *data)
{
	return ((struct check *)data)->over;
}

static struct err checked(struct fixture *f)
{
	struct check check = {0};

	store_check(f->store, on_checked, &check);
	assert_false(check.over);
	assert_true(loop_run_until(f->loop, is_checked, &check, 10000));
	return check.err;
}

static void a_damaged_file_is_found(void **state)
{
	struct fixture *f = *state;
	struct outcome outcome;
	struct err err = {0};
	char garbage[4096];
	int fd;

	for (int i = 0; i < 10; i++) {
		assert_int_equal(commit_big(f, &outcome), ERR_NONE);
	}
	add_old(f, 300);
	assert_int_equal(checked(f).kind, ERR_NONE);
	store_close(f->store);
	memset(garbage, 0x5a, sizeof(garbage));
	fd = open(f->path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (off_t page = 30; page < 70; page++) {
		assert_int_equal(pwrite(fd, garbage, sizeof(garbage), page * 4096), 4096);
	}
	(void)close(fd);
	f->store = store_sqlite_open(f->loop, f->path, &err);
	assert_non_null(f->store);
	assert_int_equal(checked(f).kind, ERR_STORE);
}

static void a_check_ends_with_its_store(void **state)
{
	struct fixture *f = *state;
	struct check check = {0};
	struct err err = {0};

	store_check(f->store, on_checked, &check);
	store_close(f->store);
	assert_true(check.over);
	assert_true(check.err.kind == ERR_NONE || check.err.kind == ERR_CANCELED);
	f->store = store_sqlite_open(f->loop, f->path, &err);
	assert_non_null(f->store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON(the_file_is_private_and_ours_alone, sqlite),
		ON(another_process_gets_conflict, sqlite),
		ON(what_is_not_ours_is_refused, sqlite),
		ON(a_newer_file_is_refused, sqlite),
		ON(the_log_comes_into_the_file_beside_the_commits, sqlite),
		ON(what_could_not_be_opened_is_tried_again, sqlite),
		ON(a_long_log_begins_anew, sqlite),
		ON(a_reader_holds_the_log_and_lets_it_go, sqlite),
		ON(closed_while_the_log_comes_in_it_loses_nothing, sqlite),
		ON(a_full_disk_refuses_changes_only, sqlite),
		ON(a_file_size_limit_refuses_changes_only, sqlite),
		ON(its_own_limit_refuses_changes_only, sqlite),
		ON(a_damaged_file_is_found, sqlite),
		ON(a_check_ends_with_its_store, sqlite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
