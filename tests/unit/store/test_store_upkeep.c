/* test_store_upkeep.c - what is old goes, and only that */
#include "fixture.h"

static int count_request(const struct store_request *request, void *data)
{
	(void)request;
	++*(int *)data;
	return 0;
}

static int count_requests(struct fixture *f)
{
	struct err err = {0};
	int n = 0;

	assert_int_equal(store_each_request(f->store, false, count_request, &n, &err), 0);
	return n;
}

static int prune_all(struct fixture *f, const struct store_prune *bounds)
{
	int bites = 0;

	while (usage_of(f, bounds).due) {
		struct store_txn *txn = store_txn_new(f->store);

		store_txn_prune(txn, bounds);
		assert_int_equal(commit(f, txn), ERR_NONE);
		assert_true(++bites < 20);
	}
	return bites;
}

static void what_ended_long_ago_goes_in_bites(void **state)
{
	struct fixture *f = *state;
	struct store_prune by_age = {.final_before_ms = 1451};
	struct store_prune by_number = {.finals_kept = 20};

	add_old(f, 500);
	assert_false(usage_of(f, NULL).due);
	assert_false(usage_of(f, &(struct store_prune){.finals_kept = 500}).due);
	assert_int_equal(prune_all(f, &by_age), 3); /* 450 of them, 200 at a time */
	reopen(f);
	assert_int_equal(count_requests(f), 51); /* the open one stays */
	assert_int_equal(read_jobs(f, "q0449"), 0);
	assert_int_equal(read_jobs(f, "q0450"), 1);
	assert_consents(f, "q0449", "");
	assert_consents(f, "q0450", "q0450 1 ana slack/T1/U1 d1 p1 5;");
	assert_int_equal(prune_all(f, &by_number), 1);
	assert_int_equal(count_requests(f), 21);
	assert_int_equal(read_jobs(f, "q0479"), 0);
	assert_int_equal(read_jobs(f, "q0480"), 1);
}

static void old_keys_go_with_it(void **state)
{
	struct fixture *f = *state;
	struct store_prune bounds = {.seen_before_ms = 100};
	struct store_txn *txn = store_txn_new(f->store);

	store_txn_seen(txn, "old", 99);
	store_txn_seen(txn, "new", 100);
	assert_int_equal(commit(f, txn), ERR_NONE);
	assert_int_equal(prune_all(f, &bounds), 1);
	txn = store_txn_new(f->store);
	store_txn_seen(txn, "old", 200);
	assert_int_equal(commit(f, txn), ERR_NONE);
	txn = store_txn_new(f->store);
	store_txn_seen(txn, "new", 200);
	assert_int_equal(commit(f, txn), ERR_CONFLICT);
}

static void add_log(struct fixture *f, int n)
{
	struct store_txn *txn = store_txn_new(f->store);

	for (int i = 0; i < n; i++) {
		store_txn_log(txn, "{\"a\":1}");
	}
	assert_int_equal(commit(f, txn), ERR_NONE);
}

static int64_t read_rest(struct fixture *f, const struct store_usage *usage)
{
	struct err err = {0};

	f->n_log = usage->cut_seq;
	f->chain_whole = true;
	(void)snprintf(f->prev, sizeof(f->prev), "%s", usage->cut_hash);
	assert_int_equal(store_each_log(f->store, INT64_MIN, take_log, f, &err), 0);
	assert_true(f->chain_whole);
	assert_string_equal(f->prev, usage->last_hash);
	return f->n_log;
}

static int note_seq(const struct store_log *log, void *data)
{
	strbuf_addf(data, "%lld ", (long long)log->seq);
	return ((struct strbuf *)data)->len > 7 ? 1 : 0;
}

static void a_cut_log_goes_on_where_it_was(void **state)
{
	struct fixture *f = *state;
	struct store_usage usage;
	struct store_txn *txn;
	struct strbuf out;
	struct err err = {0};

	usage = usage_of(f, NULL);
	assert_int_equal(usage.last_seq, 0);
	assert_int_equal(strspn(usage.last_hash, "0"), 64);
	assert_int_equal(cut_at(f, 1), ERR_CONFLICT);
	add_log(f, 10);
	txn = store_txn_new(f->store);
	store_txn_cut(txn, 4);
	store_txn_cut(txn, 99); /* no such row: neither happens */
	assert_int_equal(commit(f, txn), ERR_CONFLICT);
	assert_int_equal(read_log(f), 10);
	assert_int_equal(cut_at(f, 4), ERR_NONE);
	assert_int_equal(cut_at(f, 4), ERR_CONFLICT);
	add_log(f, 2);
	reopen(f);
	usage = usage_of(f, NULL);
	assert_int_equal(usage.cut_seq, 4);
	assert_int_equal(usage.last_seq, 12);
	assert_int_equal(read_rest(f, &usage), 12);
	strbuf_init(&out, 100);
	assert_int_equal(store_each_log_back(f->store, 0, note_seq, &out, &err), 0);
	assert_string_equal(out.buf, "12 11 10 ");
	strbuf_reset(&out);
	assert_int_equal(store_each_log_back(f->store, 7, note_seq, &out, &err), 0);
	assert_string_equal(out.buf, "6 5 ");
	strbuf_done(&out);
	assert_int_equal(cut_at(f, 12), ERR_NONE); /* nothing is left, and still it goes on */
	reopen(f);
	add_log(f, 1);
	usage = usage_of(f, NULL);
	assert_int_equal(usage.cut_seq, 12);
	assert_int_equal(read_rest(f, &usage), 13);
}

static void put_policy(struct fixture *f, const char *id, int64_t at_ms)
{
	struct store_txn *txn = store_txn_new(f->store);

	store_txn_policy(txn, id, "text", at_ms);
	assert_int_equal(commit(f, txn), ERR_NONE);
}

static int note_policy(const char *id, const char *text, int64_t at_ms, void *data)
{
	assert_string_equal(text, "text");
	strbuf_addf(data, "%s@%lld ", id, (long long)at_ms);
	return 0;
}

static void assert_policies(struct fixture *f, const char *expected)
{
	struct strbuf out;
	struct err err = {0};

	strbuf_init(&out, 1000);
	assert_int_equal(store_each_policy(f->store, note_policy, &out, &err), 0);
	assert_string_equal(out.buf, expected);
	strbuf_done(&out);
}

static void a_policy_goes_with_the_last_row_that_means_it(void **state)
{
	struct fixture *f = *state;
	struct store_txn *txn = store_txn_new(f->store);
	struct store_request request = request_of("r1", 1, true);

	store_txn_request(txn, &request); /* under policy 0123456789abcdef */
	assert_int_equal(commit(f, txn), ERR_NONE);
	put_policy(f, "0123456789abcdef", 1); /* rows 1 to 5 are of it */
	add_log(f, 5);
	put_policy(f, "aa", 2); /* 6 to 10 */
	add_log(f, 5);
	put_policy(f, "bb", 3); /* 11 to 15, and again from 21 on */
	add_log(f, 5);
	put_policy(f, "cc", 4); /* 16 to 20 */
	add_log(f, 5);
	put_policy(f, "bb", 5);
	add_log(f, 5);
	assert_int_equal(cut_at(f, 9), ERR_NONE);
	assert_policies(f, "0123456789abcdef@1 aa@2 cc@4 bb@5 ");
	assert_int_equal(cut_at(f, 22), ERR_NONE);
	reopen(f);
	assert_policies(f, "0123456789abcdef@1 bb@5 "); /* the request still means the first */
	assert_int_equal(prune_all(f, &(struct store_prune){.final_before_ms = 99}), 1);
	assert_int_equal(cut_at(f, 23), ERR_NONE);
	assert_policies(f, "bb@5 ");
}

/* Each cut is short; whose texts are not needed any more is looked for apart from it. */
static void a_cut_alone_leaves_the_policies(void **state)
{
	struct fixture *f = *state;
	struct store_txn *txn;

	put_policy(f, "aa", 1);
	add_log(f, 5);
	put_policy(f, "bb", 2);
	add_log(f, 5);
	txn = store_txn_new(f->store);
	store_txn_cut(txn, 7);
	assert_int_equal(commit(f, txn), ERR_NONE);
	assert_policies(f, "aa@1 bb@2 ");
	txn = store_txn_new(f->store);
	store_txn_drop_policies(txn);
	store_txn_cut(txn, 99); /* no such row: neither happens */
	assert_int_equal(commit(f, txn), ERR_CONFLICT);
	assert_policies(f, "aa@1 bb@2 ");
	txn = store_txn_new(f->store);
	store_txn_drop_policies(txn);
	assert_int_equal(commit(f, txn), ERR_NONE);
	reopen(f);
	assert_policies(f, "bb@2 ");
}

static void drop_policies(struct fixture *f)
{
	struct store_txn *txn = store_txn_new(f->store);

	store_txn_drop_policies(txn);
	assert_int_equal(commit(f, txn), ERR_NONE);
}

static void a_policy_stays_while_a_consent_means_it(void **state)
{
	struct fixture *f = *state;
	struct store_txn *txn = store_txn_new(f->store);
	struct store_request request = request_of("r1", 1, false);
	struct store_consent consent = {"r1", 1, "ana", "slack", "T1", "U1", "d1", "bb", 5};

	store_txn_request(txn, &request); /* under policy 0123456789abcdef */
	store_txn_consent(txn, &consent);
	assert_int_equal(commit(f, txn), ERR_NONE);
	put_policy(f, "0123456789abcdef", 1);
	add_log(f, 2);
	put_policy(f, "aa", 2);
	add_log(f, 2);
	put_policy(f, "bb", 3);
	add_log(f, 2);
	put_policy(f, "cc", 4);
	add_log(f, 2);
	drop_policies(f); /* nothing is cut: rows mean all of them */
	assert_policies(f, "0123456789abcdef@1 aa@2 bb@3 cc@4 ");
	assert_int_equal(cut_at(f, 8), ERR_NONE);
	assert_policies(f, "0123456789abcdef@1 bb@3 cc@4 ");
	txn = store_txn_new(f->store);
	store_txn_void(txn, "r1");
	assert_int_equal(commit(f, txn), ERR_NONE);
	drop_policies(f);
	reopen(f);
	assert_policies(f, "0123456789abcdef@1 cc@4 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(what_ended_long_ago_goes_in_bites),
		ON_BOTH(old_keys_go_with_it),
		ON_BOTH(a_cut_log_goes_on_where_it_was),
		ON_BOTH(a_policy_goes_with_the_last_row_that_means_it),
		ON_BOTH(a_cut_alone_leaves_the_policies),
		ON_BOTH(a_policy_stays_while_a_consent_means_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
