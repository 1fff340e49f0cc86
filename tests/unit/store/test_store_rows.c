/* test_store_rows.c - what is written comes back whole; one suite, run on every store */
#include "fixture.h"

static void rows_come_back_whole(void **state)
{
	struct fixture *f = *state;
	struct store_txn *txn = store_txn_new(f->store);
	struct store_request r1 = request_of("r1", 20, false);
	struct store_request r0 = request_of("r0", 10, true);
	struct store_job job = job_of("j1", UINT64_MAX, true);
	char value[16];
	struct err err = {0};

	store_txn_request(txn, &r1);
	store_txn_request(txn, &r0);
	store_txn_job(txn, &job);
	store_txn_cursor(txn, "xmpp/main", "abc");
	store_txn_log(txn, "{}");
	assert_int_equal(commit(f, txn), ERR_NONE);
	reopen(f);
	assert_int_equal(read_requests(f, true), 1);
	assert_string_equal(f->requests[0].id, "r1");
	assert_int_equal(read_requests(f, false), 2);
	assert_string_equal(f->requests[0].id, "r0"); /* the older one first */
	assert_true(f->requests[0].final);
	assert_int_equal(read_jobs(f, "r1"), 1);
	assert_int_equal(read_jobs(f, "r0"), 0);
	assert_int_equal(store_each_job(f->store, "r1", take_job, f, &err), 0);
	assert_true(f->jobs[0].droplet_id == UINT64_MAX);
	assert_int_equal(f->jobs[0].state, 4);
	assert_int_equal(f->jobs[0].step, 1);
	assert_int_equal(f->jobs[0].action_id, 36804636);
	assert_int_equal(f->jobs[0].sent_ms, 5);
	assert_int_equal(f->jobs[0].deadline_ms, 6);
	assert_int_equal(f->jobs[0].updated_ms, 7);
	assert_true(f->jobs[0].open);
	assert_int_equal(f->jobs[0].ready_ms, 8);
	assert_int_equal(store_get_cursor(f->store, "xmpp/main", value, sizeof(value), &err), 0);
	assert_string_equal(value, "abc");
	assert_int_equal(store_get_cursor(f->store, "xmpp/main", value, 3, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(store_get_cursor(f->store, "other", value, sizeof(value), &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	assert_int_equal(read_log(f), 1);
}

static int take_bare(const struct store_request *r, void *data)
{
	struct fixture *f = data;
	const char *const texts[] = {
		r->network, r->workspace, r->channel,   r->thread, r->user_workspace, r->user,
		r->person,  r->answers,   r->verb,      r->words,  r->policy_id,      r->card,
		r->reason,  r->nonce,     r->arguments, r->digest, r->terms};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_string_equal(texts[i], "");
	}
	assert_false(r->queues);
	f->n_requests++;
	return 0;
}

static void what_is_not_given_is_empty(void **state)
{
	struct fixture *f = *state;
	struct store_txn *txn = store_txn_new(f->store);
	struct store_request bare = {.id = "bare"};
	struct store_lock lock = {.account = "main", .droplet_id = 1};
	struct store_consent consent = {.request = "bare", .kind = 1};
	struct err err = {0};

	store_txn_request(txn, &bare);
	store_txn_lock(txn, &lock);
	store_txn_consent(txn, &consent);
	assert_int_equal(commit(f, txn), ERR_NONE);
	reopen(f);
	assert_int_equal(store_find_request(f->store, "bare", take_bare, f, &err), 0);
	assert_int_equal(f->n_requests, 1);
	assert_int_equal(store_find_request(f->store, "bar", take_bare, f, &err), 0);
	assert_int_equal(f->n_requests, 1);
}

static void put_consent(struct fixture *f, const char *request, int kind, const char *person,
			int64_t at_ms)
{
	struct store_txn *txn = store_txn_new(f->store);
	struct store_consent consent = {request, kind, person, "slack", "T1",
					"U1",    "d1", "p1",   at_ms};

	store_txn_consent(txn, &consent);
	assert_int_equal(commit(f, txn), ERR_NONE);
}

static void one_consent_a_person_and_kind(void **state)
{
	struct fixture *f = *state;
	struct store_txn *txn;

	put_consent(f, "r1", 2, "chen", 30);
	put_consent(f, "r1", 2, "ana", 20);
	put_consent(f, "r1", 1, "chen", 20);
	put_consent(f, "r10", 1, "dora", 1);
	reopen(f);
	assert_consents(f, "r1",
			"r1 1 chen slack/T1/U1 d1 p1 20;r1 2 ana slack/T1/U1 d1 p1 20;"
			"r1 2 chen slack/T1/U1 d1 p1 30;");
	put_consent(f, "r1", 2, "ana", 40); /* said again: the newer counts, and once */
	assert_consents(f, "r1",
			"r1 1 chen slack/T1/U1 d1 p1 20;r1 2 chen slack/T1/U1 d1 p1 30;"
			"r1 2 ana slack/T1/U1 d1 p1 40;");
	txn = store_txn_new(f->store);
	store_txn_void(txn, "r1");
	store_txn_seen(txn, "key", 1);
	store_txn_seen(txn, "key", 1);
	assert_int_equal(commit(f, txn), ERR_CONFLICT); /* undone: they stand */
	assert_consents(f, "r1",
			"r1 1 chen slack/T1/U1 d1 p1 20;r1 2 chen slack/T1/U1 d1 p1 30;"
			"r1 2 ana slack/T1/U1 d1 p1 40;");
	txn = store_txn_new(f->store);
	store_txn_void(txn, "r1");
	assert_int_equal(commit(f, txn), ERR_NONE);
	reopen(f);
	assert_consents(f, "r1", "");
	assert_consents(f, "r10", "r10 1 dora slack/T1/U1 d1 p1 1;");
}

static int take_lock(const struct store_lock *lock, void *data)
{
	strbuf_addf(data, "%s/%llu %s %s %s %lld;", lock->account,
		    (unsigned long long)lock->droplet_id, lock->droplet_name, lock->person,
		    lock->reason, (long long)lock->at_ms);
	return 0;
}

static void put_lock(struct fixture *f, const char *account, uint64_t droplet, const char *person,
		     int64_t at_ms)
{
	struct store_txn *txn = store_txn_new(f->store);
	struct store_lock lock = {account, droplet, "db-1", person, "migrating", at_ms};

	store_txn_lock(txn, &lock);
	assert_int_equal(commit(f, txn), ERR_NONE);
}

static void a_droplet_has_one_lock(void **state)
{
	struct fixture *f = *state;
	struct store_txn *txn;
	struct strbuf out;
	struct err err = {0};

	put_lock(f, "main", UINT64_MAX, "ana", 20);
	put_lock(f, "other", UINT64_MAX, "bob", 10);
	put_lock(f, "main", UINT64_MAX, "chen", 30); /* stolen */
	put_lock(f, "main", 7, "bob", 5);
	reopen(f);
	txn = store_txn_new(f->store);
	store_txn_unlock(txn, "main", 7);
	store_txn_unlock(txn, "nobody", 7);
	assert_int_equal(commit(f, txn), ERR_NONE);
	strbuf_init(&out, 1000);
	assert_int_equal(store_each_lock(f->store, take_lock, &out, &err), 0);
	assert_string_equal(out.buf, "other/18446744073709551615 db-1 bob migrating 10;"
				     "main/18446744073709551615 db-1 chen migrating 30;");
	strbuf_done(&out);
}

static int take_taken(const struct store_take *take, void *data)
{
	strbuf_addf(data, "%s %s/%s %s %s/%s/%s/%s%s %s/%s %lld %lld %lld;", take->id, take->rota,
		    take->person, take->reason, take->network, take->workspace, take->channel,
		    take->thread, take->direct ? " direct" : "", take->user_workspace, take->user,
		    (long long)take->asked_ms, (long long)take->from_ms, (long long)take->until_ms);
	return 0;
}

static void put_take(struct fixture *f, const char *id, int64_t asked_ms, int64_t from_ms,
		     const char *instead_of)
{
	struct store_txn *txn = store_txn_new(f->store);
	struct store_take take = {
		.rota = "primary",
		.person = "bob",
		.reason = "it's down",
		.network = "xmpp",
		.workspace = "acme.example",
		.channel = "ops",
		.user_workspace = "acme.example",
		.user = "bob@acme.example",
		.direct = from_ms == 0,
		.asked_ms = asked_ms,
		.from_ms = from_ms,
		.until_ms = asked_ms + 100,
	};

	(void)snprintf(take.id, sizeof(take.id), "%s", id);
	store_txn_take(txn, &take);
	if (instead_of != NULL) {
		store_txn_untake(txn, instead_of);
	}
	assert_int_equal(commit(f, txn), ERR_NONE);
}

static void turns_that_were_taken_are_kept(void **state)
{
	struct fixture *f = *state;
	struct strbuf out;
	struct err err = {0};

	put_take(f, "t1", 20, 0, NULL);
	put_take(f, "t2", 10, 15, "nobody");
	put_take(f, "t1", 20, 25, NULL); /* the code has come */
	put_take(f, "t3", 30, 0, "t2");
	reopen(f);
	strbuf_init(&out, 1000);
	assert_int_equal(store_each_take(f->store, take_taken, &out, &err), 0);
	assert_string_equal(out.buf, "t1 primary/bob it's down xmpp/acme.example/ops/ "
				     "acme.example/bob@acme.example 20 25 120;"
				     "t3 primary/bob it's down xmpp/acme.example/ops/ direct "
				     "acme.example/bob@acme.example 30 0 130;");
	strbuf_done(&out);
}

static int take_place(const struct store_place *p, void *data)
{
	strbuf_addf(data, "%s %s %lld %s %s %s %d %llu %s %u %lld;", p->job, p->request,
		    (long long)p->at_ms, p->verb, p->user, p->channel, p->direct,
		    (unsigned long long)p->droplet_id, p->tags, p->known,
		    (long long)p->monthly_cents);
	return 0;
}

static void put_place(struct fixture *f, const char *job, int64_t at_ms, enum err_kind expected)
{
	struct store_txn *txn = store_txn_new(f->store);
	struct store_place place = {.at_ms = at_ms,
				    .verb = "droplet.resize",
				    .user = "ana",
				    .channel = "ops",
				    .direct = true,
				    .droplet_id = UINT64_MAX,
				    .tags = "prod,",
				    .known = 3,
				    .monthly_cents = -1};

	(void)snprintf(place.job, sizeof(place.job), "%s", job);
	(void)snprintf(place.request, sizeof(place.request), "r1");
	store_txn_place(txn, &place);
	if (expected == ERR_CONFLICT) {
		store_txn_seen(txn, "again", 1);
		store_txn_seen(txn, "again", 1);
	}
	assert_int_equal(commit(f, txn), expected);
}

static void expect_places(struct fixture *f, int64_t from_ms, const char *expected)
{
	struct strbuf out;
	struct err err = {0};

	strbuf_init(&out, 1000);
	assert_int_equal(store_each_place(f->store, from_ms, take_place, &out, &err), 0);
	assert_string_equal(out.buf, expected);
	strbuf_done(&out);
}

#define REST "droplet.resize ana ops 1 18446744073709551615 prod, 3 -1;"

static void a_place_is_taken_and_given_back(void **state)
{
	struct fixture *f = *state;
	struct store_prune prune = {.places_before_ms = 15};
	struct store_txn *txn;

	put_place(f, "a", 20, ERR_NONE);
	put_place(f, "b", 10, ERR_NONE);
	put_place(f, "c", 30, ERR_NONE);
	put_place(f, "c", 30, ERR_NONE); /* one a job */
	put_place(f, "d", 40, ERR_CONFLICT);
	reopen(f);
	expect_places(f, 0, "b r1 10 " REST "a r1 20 " REST "c r1 30 " REST);
	expect_places(f, 20, "a r1 20 " REST "c r1 30 " REST);
	txn = store_txn_new(f->store);
	store_txn_unplace(txn, "r1", "c");
	store_txn_unplace(txn, "r1", "never");
	store_txn_prune(txn, &prune);
	assert_int_equal(commit(f, txn), ERR_NONE);
	reopen(f);
	expect_places(f, 0, "a r1 20 " REST);
}

static void a_policy_is_kept_by_its_id(void **state)
{
	struct fixture *f = *state;
	struct store_txn *txn = store_txn_new(f->store);
	struct strbuf out;
	struct err err = {0};

	store_txn_policy(txn, "aa", "rules: []\n", 1);
	store_txn_policy(txn, "aa", "another text", 2); /* the first stands */
	assert_int_equal(commit(f, txn), ERR_NONE);
	reopen(f);
	strbuf_init(&out, 20);
	assert_int_equal(store_get_policy(f->store, "aa", &out, &err), 0);
	assert_string_equal(out.buf, "rules: []\n");
	assert_int_equal(store_get_policy(f->store, "ab", &out, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	assert_int_equal(store_get_policy(f->store, "aa", &out, &err), 0);
	assert_int_equal(store_get_policy(f->store, "aa", &out, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	strbuf_done(&out);
}

static int take_cursor(const char *rest, const char *value, void *data)
{
	struct strbuf *out = data;

	strbuf_addf(out, "%s=%s;", rest, value);
	return out->len > 12 ? 1 : 0;
}

static void cursors_come_by_their_prefix(void **state)
{
	struct fixture *f = *state;
	struct store_txn *txn = store_txn_new(f->store);
	struct strbuf out;
	struct err err = {0};

	store_txn_cursor(txn, "code/b", "2");
	store_txn_cursor(txn, "code/a", "1");
	store_txn_cursor(txn, "code/a_%", "3");
	store_txn_cursor(txn, "code", "no");
	store_txn_cursor(txn, "coda/a", "no");
	store_txn_cursor(txn, "code0", "no");
	assert_int_equal(commit(f, txn), ERR_NONE);
	reopen(f);
	strbuf_init(&out, 100);
	assert_int_equal(store_each_cursor(f->store, "code/", take_cursor, &out, &err), 0);
	assert_string_equal(out.buf, "a=1;a_%=3;b=2;");
	strbuf_reset(&out);
	assert_int_equal(store_each_cursor(f->store, "", take_cursor, &out, &err), 0);
	assert_string_equal(out.buf, "coda/a=no;code=no;"); /* ended early */
	strbuf_done(&out);
	txn = store_txn_new(f->store);
	store_txn_cursor(txn, "code/a", NULL);
	store_txn_cursor(txn, "code/never", NULL);
	assert_int_equal(commit(f, txn), ERR_NONE);
	reopen(f);
	strbuf_init(&out, 100);
	assert_int_equal(store_each_cursor(f->store, "code/", take_cursor, &out, &err), 0);
	assert_string_equal(out.buf, "a_%=3;b=2;");
	strbuf_done(&out);
	if (f->sqlite) {
		assert_string_equal(store_path(f->store), f->path);
	} else {
		assert_null(store_path(f->store));
	}
}

static int take_r2(const struct store_request *r, void *data)
{
	const struct store_request *now = data;

	assert_string_equal(r->card, "p2");
	assert_string_equal(r->reason, "why");
	assert_string_equal(r->terms, "t2");
	assert_int_equal(r->updated_ms, 777);
	assert_int_equal(r->final, now->final);
	assert_string_equal(r->person, "bob"); /* whatever is said of it later */
	assert_string_equal(r->channel, "ops@rooms.acme.example");
	assert_string_equal(r->digest, "0b");
	assert_int_equal(r->created_ms, 1);
	return 0;
}

static void of_a_request_what_becomes_of_it_is_written_again(void **state)
{
	static const bool finals[] = {false, false, true, false};
	struct fixture *f = *state;
	struct err err = {0};
	bool final = false;
	struct store_request request = request_of("r2", 1, false);
	struct store_txn *txn = store_txn_new(f->store);

	store_txn_request(txn, &request);
	assert_int_equal(commit(f, txn), ERR_NONE);
	request.card = "p2";
	request.reason = "why";
	request.terms = "t2";
	request.updated_ms = 777;
	request.person = "eve";
	request.channel = "elsewhere";
	request.digest = "0d";
	request.created_ms = 5;
	for (size_t i = 0; i < ARRAY_LEN(finals); i++) {
		txn = store_txn_new(f->store);
		request.final = finals[i];
		final = final || finals[i]; /* for good */
		store_txn_request_now(txn, &request);
		request.final = final;
		assert_int_equal(commit(f, txn), ERR_NONE);
		assert_int_equal(read_requests(f, true), final ? 0 : 1);
		assert_int_equal(read_requests(f, false), 1);
		assert_int_equal(store_find_request(f->store, "r2", take_r2, &request, &err), 0);
	}
}

static void a_request_s_id_is_its_own(void **state)
{
	struct fixture *f = *state;
	struct store_request request = request_of("r1", 1, false);
	struct store_txn *txn = store_txn_new(f->store);

	store_txn_request_now(txn, &request); /* none is there */
	store_txn_log(txn, "{}");
	assert_int_equal(commit(f, txn), ERR_NONE);
	assert_int_equal(read_requests(f, false), 0);
	txn = store_txn_new(f->store);
	store_txn_request(txn, &request);
	assert_int_equal(commit(f, txn), ERR_NONE);
	txn = store_txn_new(f->store);
	store_txn_log(txn, "{}");
	store_txn_request(txn, &request);
	assert_int_equal(commit(f, txn), ERR_LIMIT);
	assert_int_equal(read_requests(f, false), 1);
	assert_int_equal(read_log(f), 1); /* with all else of it */
}

static int take_key(const char *key, void *data)
{
	(void)strcat(strcat(data, key), " ");
	return 0;
}

static void known_keys_come_newest_first(void **state)
{
	struct fixture *f = *state;
	struct store_txn *txn = store_txn_new(f->store);
	struct err err = {0};
	char text[64] = "";

	store_txn_seen(txn, "second", 200);
	store_txn_seen(txn, "third", 300);
	store_txn_seen(txn, "first", 100);
	assert_int_equal(commit(f, txn), ERR_NONE);
	assert_int_equal(store_each_seen(f->store, 2, take_key, text, &err), 0);
	assert_string_equal(text, "third second ");
	*text = '\0';
	assert_int_equal(store_each_seen(f->store, 9, take_key, text, &err), 0);
	assert_string_equal(text, "third second first ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(rows_come_back_whole),
		ON_BOTH(what_is_not_given_is_empty),
		ON_BOTH(known_keys_come_newest_first),
		ON_BOTH(one_consent_a_person_and_kind),
		ON_BOTH(a_droplet_has_one_lock),
		ON_BOTH(turns_that_were_taken_are_kept),
		ON_BOTH(a_place_is_taken_and_given_back),
		ON_BOTH(a_policy_is_kept_by_its_id),
		ON_BOTH(cursors_come_by_their_prefix),
		ON_BOTH(of_a_request_what_becomes_of_it_is_written_again),
		ON_BOTH(a_request_s_id_is_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
