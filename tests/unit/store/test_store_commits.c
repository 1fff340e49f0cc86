/* test_store_commits.c - all of a transaction or nothing, each answered once; the log; reads between the writes */
#include "fixture.h"

#include "store/internal.h"

static void a_known_key_undoes_the_whole_transaction(void **state)
{
	struct fixture *f = *state;
	struct store_txn *txn = store_txn_new(f->store);
	struct store_request request = request_of("r1", 1, false);

	store_txn_seen(txn, "xmpp/acme/1", 100);
	assert_int_equal(commit(f, txn), ERR_NONE);
	txn = store_txn_new(f->store);
	store_txn_log(txn, "{}");
	store_txn_request(txn, &request);
	store_txn_seen(txn, "xmpp/acme/1", 200);
	store_txn_cursor(txn, "c", "v");
	assert_int_equal(commit(f, txn), ERR_CONFLICT);
	assert_int_equal(read_requests(f, false), 0);
	assert_int_equal(read_log(f), 0);
	txn = store_txn_new(f->store);
	store_txn_forget(txn, 100); /* the key is as old as that, not older */
	assert_int_equal(commit(f, txn), ERR_NONE);
	txn = store_txn_new(f->store);
	store_txn_seen(txn, "xmpp/acme/1", 200);
	assert_int_equal(commit(f, txn), ERR_CONFLICT);
	txn = store_txn_new(f->store);
	store_txn_forget(txn, 101);
	store_txn_seen(txn, "xmpp/acme/1", 200);
	assert_int_equal(commit(f, txn), ERR_NONE);
}

static enum err_kind commit_job(struct fixture *f, const char *id, const char *account,
				uint64_t droplet, bool open)
{
	struct store_txn *txn = store_txn_new(f->store);
	struct store_job job = job_of(id, droplet, open);

	job.account = account;
	store_txn_job(txn, &job);
	return commit(f, txn);
}

static void one_open_job_a_droplet(void **state)
{
	struct fixture *f = *state;
	struct store_txn *txn;
	struct store_job a = job_of("a", 11, false);
	struct store_job b = job_of("b", 11, true);
	struct store_job c = job_of("c", 12, true);
	struct store_request request = request_of(a.request, 1, false);

	txn = store_txn_new(f->store);
	store_txn_request(txn, &request);
	assert_int_equal(commit(f, txn), ERR_NONE);
	assert_int_equal(commit_job(f, "a", "main", 11, true), ERR_NONE);
	assert_int_equal(commit_job(f, "a", "main", 11, true), ERR_NONE); /* itself, replaced */
	assert_int_equal(commit_job(f, "b", "main", 11, true), ERR_CONFLICT);
	assert_int_equal(commit_job(f, "b", "main", 11, false), ERR_NONE); /* holds nothing */
	assert_int_equal(commit_job(f, "d", "other", 11, true), ERR_NONE); /* another account */
	txn = store_txn_new(f->store);
	store_txn_job(txn, &c);
	store_txn_job(txn, &b); /* the second droplet is busy: the first is not taken either */
	assert_int_equal(commit(f, txn), ERR_CONFLICT);
	assert_int_equal(commit_job(f, "e", "main", 12, true), ERR_NONE);
	txn = store_txn_new(f->store);
	store_txn_job(txn, &a);
	store_txn_job(txn, &b); /* in one transaction: one ends, the next begins */
	assert_int_equal(commit(f, txn), ERR_NONE);
}

static void a_conflict_undoes_only_its_own_transaction(void **state)
{
	struct fixture *f = *state;
	struct outcome outcomes[5] = {{0}};
	int64_t commits = metrics_get(METRIC_STORE_COMMITS);
	int64_t errors = metrics_get(METRIC_STORE_ERRORS);

	for (size_t i = 0; i < 5; i++) {
		struct store_txn *txn = store_txn_new(f->store);
		char body[32];

		(void)snprintf(body, sizeof(body), "{\"n\":%zu}", i);
		store_txn_log(txn, body);
		store_txn_seen(txn, i == 3 ? "key-1" : i == 1 ? "key-1" : "key", (int64_t)i);
		store_txn_cursor(txn, "n", body);
		store_commit(txn, on_done, &outcomes[i]);
	}
	assert_true(loop_run_until(f->loop, called, &outcomes[4], 10000));
	assert_int_equal(outcomes[0].err.kind, ERR_NONE);
	assert_int_equal(outcomes[1].err.kind, ERR_NONE);
	assert_int_equal(outcomes[2].err.kind, ERR_CONFLICT);
	assert_int_equal(outcomes[3].err.kind, ERR_CONFLICT);
	assert_int_equal(outcomes[4].err.kind, ERR_CONFLICT);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(outcomes[i].calls, 1);
		assert_int_equal(outcomes[i].order, outcomes[0].order + i);
	}
	assert_int_equal(read_log(f), 2);
	assert_int_equal(metrics_get(METRIC_STORE_COMMITS), commits + 2);
	assert_int_equal(metrics_get(METRIC_STORE_ERRORS), errors);
}

static void the_log_is_a_chain(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 3; i++) {
		struct store_txn *txn = store_txn_new(f->store);

		store_txn_log(txn, "{\"a\":1}");
		store_txn_log(txn, "{\"a\":2}");
		assert_int_equal(commit(f, txn), ERR_NONE);
	}
	reopen(f);
	assert_int_equal(read_log(f), 6);
}

static void closing_answers_everybody(void **state)
{
	struct fixture *f = *state;
	struct outcome outcomes[3] = {{0}};

	for (size_t i = 0; i < 3; i++) {
		struct store_txn *txn = store_txn_new(f->store);

		store_txn_log(txn, "{}");
		store_commit(txn, on_done, &outcomes[i]);
	}
	assert_false(store_idle(f->store));
	reopen(f);
	assert_true(store_idle(f->store));
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(outcomes[i].calls, 1);
		assert_int_equal(outcomes[i].err.kind, ERR_CANCELED);
	}
	assert_int_equal(read_log(f), 0);
	store_txn_drop(store_txn_new(f->store));
}

struct again {
	struct fixture *fixture;
	struct outcome outcome;
};

static void commit_once_more(void *data, const struct err *err)
{
	struct again *again = data;
	struct store_txn *txn = store_txn_new(again->fixture->store);

	assert_null(err);
	store_txn_log(txn, "{}");
	store_commit(txn, on_done, &again->outcome);
}

static void a_callback_may_commit(void **state)
{
	struct fixture *f = *state;
	struct again again = {.fixture = f};
	struct store_txn *txn = store_txn_new(f->store);

	store_txn_log(txn, "{}");
	store_commit(txn, commit_once_more, &again);
	assert_true(loop_run_until(f->loop, called, &again.outcome, 10000));
	assert_int_equal(again.outcome.err.kind, ERR_NONE);
	assert_int_equal(read_log(f), 2);
}

struct ahead {
	struct fixture *fixture;
	struct task second; /* commits while the first group is at the worker */
	struct outcome outcome;
	bool seen; /* the second was on disk while the loop still heard of the first */
	bool first_over;
};

static void commit_second(struct task *task)
{
	struct ahead *ahead = task->data;
	struct store_txn *txn = store_txn_new(ahead->fixture->store);

	assert_false(ahead->first_over);
	store_txn_cursor(txn, "second", "there");
	store_commit(txn, on_done, &ahead->outcome);
}

static void first_done(void *data, const struct err *err)
{
	const struct timespec ms = {0, 1000000};
	struct ahead *ahead = data;

	assert_null(err);
	ahead->first_over = true;
	for (int i = 0; i < 1000 && !ahead->seen; i++) { /* the loop stands still meanwhile */
		struct err why = {0};
		char value[16];
		struct store *reader = store_sqlite_open_reader(ahead->fixture->path, &why);

		assert_non_null(reader);
		ahead->seen = store_get_cursor(reader, "second", value, sizeof(value), &why) == 0;
		store_close(reader);
		(void)nanosleep(&ms, NULL);
	}
}

static void the_worker_writes_while_the_loop_tells(void **state)
{
	struct fixture *f = *state;
	struct ahead ahead = {.fixture = f};
	struct store_txn *txn = store_txn_new(f->store);

	store_txn_cursor(txn, "first", "there");
	store_commit(txn, first_done, &ahead);
	task_init(&ahead.second, f->loop, commit_second, &ahead);
	task_post(&ahead.second); /* behind the store's own, which begins the first group */
	assert_true(loop_run_until(f->loop, called, &ahead.outcome, 10000));
	assert_int_equal(ahead.outcome.err.kind, ERR_NONE);
	assert_true(ahead.seen);
}

struct order {
	char told[8]; /* by their letters */
	size_t n;
};

struct lettered {
	struct order *order;
	char letter;
};

static void told(void *data, const struct err *err)
{
	struct lettered *one = data;

	assert_null(err);
	one->order->told[one->order->n++] = one->letter;
}

static bool all_told(void *data)
{
	return ((struct order *)data)->n == 4;
}

static void an_acknowledgement_is_called_back_before_the_others(void **state)
{
	struct fixture *f = *state;
	struct order heard = {0};
	struct lettered all[] = {{&heard, 'a'}, {&heard, 'b'}, {&heard, 'C'}, {&heard, 'D'}};

	for (size_t i = 0; i < 4; i++) { /* one group; capitals go ahead */
		struct store_txn *txn = store_txn_new(f->store);

		store_txn_cursor(txn, "order", "there");
		if (all[i].letter < 'a') {
			store_txn_ahead(txn);
		}
		store_commit(txn, told, &all[i]);
	}
	assert_true(loop_run_until(f->loop, all_told, &heard, 10000));
	assert_memory_equal(heard.told, "CDab", 4);
}

struct slow {
	unsigned n, before, most; /* called back, before this turn, at most in one */
};

/* Longer than a turn of the loop may last, on any machine. */
static void slow_done(void *data, const struct err *err)
{
	struct slow *slow = data;
	int64_t from_us = clock_work_us();

	assert_null(err);
	slow->n++;
	while (clock_work_us() - from_us < 1000) {
	}
}

static bool all_slow(void *data)
{
	struct slow *slow = data;

	if (slow->n - slow->before > slow->most) {
		slow->most = slow->n - slow->before;
	}
	slow->before = slow->n;
	return slow->n == 5;
}

static void who_takes_long_is_told_a_turn_before_the_next(void **state)
{
	struct fixture *f = *state;
	struct slow slow = {0};

	for (int i = 0; i < 5; i++) { /* one group */
		struct store_txn *txn = store_txn_new(f->store);

		store_txn_cursor(txn, "slow", "there");
		store_commit(txn, slow_done, &slow);
	}
	assert_true(loop_run_until(f->loop, all_slow, &slow, 10000));
	assert_int_equal(slow.most, 1);
}

struct look {
	struct fixture *fixture;
	size_t looked;
	int64_t rows;
	struct outcome outcome;
	struct look *again; /* asked once more when it is done */
};

static int count_row(const struct store_log *log, void *data)
{
	(void)log;
	++*(int64_t *)data;
	return 0;
}

static void look_at_log(struct store *store, void *data)
{
	struct look *look = data;
	struct err err = {0};

	look->looked++;
	assert_int_equal(store_each_log(store, 0, count_row, &look->rows, &err), 0);
}

static void looked(void *data, const struct err *err)
{
	struct look *look = data;

	on_done(&look->outcome, err);
	if (look->again != NULL) {
		store_ask(look->fixture->store, look_at_log, looked, look->again);
	}
}

static void asks_and_commits_take_turns(void **state)
{
	struct fixture *f = *state;
	struct look looks[6] = {{0}};
	struct outcome outcomes[6] = {{0}};

	for (size_t i = 0; i < 6; i++) {
		struct store_txn *txn = store_txn_new(f->store);

		looks[i].fixture = f;
		store_txn_log(txn, "{}");
		store_commit(txn, on_done, &outcomes[i]);
		store_ask(f->store, look_at_log, looked, &looks[i]);
		assert_int_equal(looks[i].outcome.calls, 0); /* never before it returns */
	}
	assert_true(loop_run_until(f->loop, called, &looks[5].outcome, 10000));
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(looks[i].looked, 1);
		assert_int_equal(looks[i].outcome.calls, 1);
		assert_int_equal(looks[i].outcome.err.kind, ERR_NONE);
		assert_true(i == 0 || looks[i].outcome.order > looks[i - 1].outcome.order);
		assert_int_equal(outcomes[i].calls, 1);
		assert_true(i == 0 || looks[i].rows >= looks[i - 1].rows);
	}
	/* five asks still waited when the commits came to the worker: those did not wait for them all */
	assert_true(outcomes[5].order < looks[5].outcome.order);
	assert_int_equal(looks[5].rows, 6);
}

static void closing_ends_what_was_asked(void **state)
{
	struct fixture *f = *state;
	struct look last = {.fixture = f};
	struct look looks[3] = {{0}};

	for (size_t i = 0; i < 3; i++) {
		looks[i].fixture = f;
		looks[i].again = i == 2 ? &last : NULL;
		store_ask(f->store, look_at_log, looked, &looks[i]);
	}
	reopen(f);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(looks[i].outcome.calls, 1);
		assert_int_equal(looks[i].outcome.err.kind,
				 looks[i].looked > 0 ? ERR_NONE : ERR_CANCELED);
	}
	assert_int_equal(looks[2].looked, 0);
	assert_int_equal(last.looked, 0);
	assert_int_equal(last.outcome.err.kind, ERR_CANCELED);
}

static void the_chain_rule_is_sha256(void **state)
{
	char hash[STORE_HASH_SIZE];

	(void)state;
	/* printf 'abc\n{}' | sha256sum */
	store_chain_hash("abc", "{}", hash);
	assert_string_equal(hash,
			    "b4157e40dd21db67528800eb46fe6641eaa5e321734b6890e43e9ce6ed37d91b");
}

static void the_nth_commit_fails_alone(void **state)
{
	struct fixture *f = *state;

	store_memory_fail(f->store, 2, ERR_STORE);
	assert_int_equal(commit_job(f, "a", "main", 1, true), ERR_NONE);
	assert_int_equal(commit_job(f, "b", "main", 2, true), ERR_STORE);
	assert_int_equal(read_jobs(f, "r1"), 1);
	assert_int_equal(commit_job(f, "b", "main", 2, true), ERR_NONE);
	store_memory_fail(f->store, 1, ERR_STORE);
	store_memory_fail(f->store, 0, ERR_STORE);
	assert_int_equal(commit_job(f, "c", "main", 3, true), ERR_NONE);
}

static void a_crash_keeps_what_was_committed(void **state)
{
	struct fixture *f = *state;
	struct outcome outcome = {0};
	struct store_txn *txn;

	assert_int_equal(commit_job(f, "a", "main", 1, true), ERR_NONE);
	txn = store_txn_new(f->store);
	store_txn_log(txn, "{}");
	store_commit(txn, on_done, &outcome);
	f->store = store_memory_reopen(f->loop, f->store); /* not closed before */
	loop_advance(f->loop, 1000);
	assert_int_equal(outcome.calls, 0);
	assert_int_equal(read_jobs(f, "r1"), 1);
	assert_int_equal(read_log(f), 0);
	assert_int_equal(commit_job(f, "b", "main", 1, true), ERR_CONFLICT);
}

static void log_one(struct fixture *f, struct outcome *outcome, bool note)
{
	struct store_txn *txn = store_txn_new(f->store);

	store_txn_log(txn, "{}");
	(note ? store_note : store_commit)(txn, on_done, outcome);
}

static void a_note_goes_with_the_next_group(void **state)
{
	struct fixture *f = *state;
	struct outcome note = {0}, other = {0}, alone = {0};

	log_one(f, &note, true);
	log_one(f, &other, false);
	assert_true(loop_run_until(f->loop, called, &other, 10000));
	assert_int_equal(note.calls, 1);
	assert_true(note.order < other.order); /* it was there first */
	assert_int_equal(read_log(f), 2);
	log_one(f, &alone, true); /* nobody comes: it goes all the same */
	assert_true(loop_run_until(f->loop, called, &alone, 10000));
	assert_int_equal(read_log(f), 3);
}

static void a_note_waits_for_company(void **state)
{
	struct fixture *f = *state;
	struct outcome notes[2] = {{0}};

	log_one(f, &notes[0], true);
	loop_advance(f->loop, STORE_NOTE_MS / 2);
	log_one(f, &notes[1], true);
	loop_advance(f->loop, STORE_NOTE_MS / 2 - 1);
	assert_int_equal(notes[0].calls, 0);
	loop_advance(f->loop, 1); /* the time of the first, also for the second */
	assert_int_equal(notes[0].calls, 1);
	assert_int_equal(notes[1].calls, 1);
}

static bool some_turns(void *data)
{
	return ++*(unsigned *)data > 4;
}

/* So soon after the last group, by the store's own clock, that several wait for more; few do not. */
static void several_wait_for_more(void **state)
{
	struct fixture *f = *state;
	struct outcome several[4] = {{0}}, few[3] = {{0}}, urgent[4] = {{0}};
	unsigned turns = 0;

	assert_int_equal(commit(f, store_txn_new(f->store)), ERR_NONE);
	f->store->began_us = clock_work_us() + 100000;
	for (size_t i = 0; i < 4; i++) {
		log_one(f, &several[i], false);
	}
	assert_true(loop_run_until(f->loop, some_turns, &turns, 10000));
	assert_int_equal(f->store->n_waiting, 4); /* still */
	assert_int_equal(several[0].calls, 0);
	assert_true(loop_run_until(f->loop, called, &several[3], 10000));
	f->store->began_us = clock_work_us() + 60000000; /* a minute */
	for (size_t i = 0; i < 3; i++) {
		log_one(f, &few[i], false);
	}
	assert_true(loop_run_until(f->loop, called, &few[2], 10000));
	f->store->began_us = clock_work_us() + 60000000;
	for (size_t i = 0; i < 4; i++) {
		struct store_txn *txn = store_txn_new(f->store);

		store_txn_log(txn, "{}");
		if (i == 2) { /* an acknowledgement waits for it */
			store_txn_ahead(txn);
		}
		store_commit(txn, on_done, &urgent[i]);
	}
	assert_true(loop_run_until(f->loop, called, &urgent[3], 10000));
	assert_int_equal(read_log(f), 11);
}

static bool at_the_worker(void *data)
{
	return ((struct fixture *)data)->store->group != NULL;
}

/* However many there are: they lengthen no acknowledgement's way, and nothing is left behind by acknowledgements. */
static void few_go_with_an_acknowledgement(void **state)
{
	struct fixture *f = *state;
	struct outcome others[40] = {{0}}, urgent[20] = {{0}};

	for (size_t i = 0; i < 40; i++) {
		log_one(f, &others[i], false);
	}
	for (size_t i = 0; i < 20; i++) {
		struct store_txn *txn = store_txn_new(f->store);

		store_txn_log(txn, "{\"urgent\":1}");
		store_txn_ahead(txn);
		store_commit(txn, on_done, &urgent[i]);
	}
	assert_true(loop_run_until(f->loop, at_the_worker, f, 10000));
	assert_int_equal(f->store->n_waiting, 16);
	assert_true(loop_run_until(f->loop, called, &others[39], 10000));
	assert_int_equal(urgent[19].calls, 1);
	assert_int_equal(read_log(f), 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(a_known_key_undoes_the_whole_transaction),
		ON_BOTH(one_open_job_a_droplet),
		ON_BOTH(a_conflict_undoes_only_its_own_transaction),
		ON_BOTH(the_log_is_a_chain),
		ON_BOTH(closing_answers_everybody),
		ON_BOTH(a_note_goes_with_the_next_group),
		ON(a_note_waits_for_company, memory),
		ON(several_wait_for_more, sqlite),
		ON(few_go_with_an_acknowledgement, sqlite),
		ON_BOTH(a_callback_may_commit),
		ON_BOTH(asks_and_commits_take_turns),
		ON_BOTH(closing_ends_what_was_asked),
		cmocka_unit_test(the_chain_rule_is_sha256),
		ON(the_worker_writes_while_the_loop_tells, sqlite),
		ON_BOTH(an_acknowledgement_is_called_back_before_the_others),
		ON(who_takes_long_is_told_a_turn_before_the_next, sqlite),
		ON(the_nth_commit_fails_alone, memory),
		ON(a_crash_keeps_what_was_committed, memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
