/* test_store.c - one suite, run on every store; then what only the file on disk can show */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "metrics/metrics.h"
#include "store/store.h"

struct fixture {
	bool sqlite;
	struct loop *loop;
	struct store *store;
	char dir[64];
	char path[96];
	struct store_request requests[8];
	struct store_job jobs[8];
	size_t n_requests, n_jobs;
	struct store_log last;
	int64_t n_log;
	bool chain_whole;
	char prev[STORE_HASH_SIZE];
};

struct outcome {
	unsigned calls;
	struct err err;
	unsigned order;
};

static unsigned order;

static void on_done(void *data, const struct err *err)
{
	struct outcome *outcome = data;

	outcome->calls++;
	outcome->order = ++order;
	err_copy(&outcome->err, err);
}

static bool called(void *data)
{
	return ((struct outcome *)data)->calls > 0;
}

static enum err_kind commit(struct fixture *f, struct store_txn *txn)
{
	struct outcome outcome = {0};

	store_commit(txn, on_done, &outcome);
	assert_int_equal(outcome.calls, 0); /* never before it returns */
	assert_true(loop_run_until(f->loop, called, &outcome, 10000));
	assert_int_equal(outcome.calls, 1);
	return outcome.err.kind;
}

static int set_up(void **state, bool sqlite)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err err = {0};

	assert_non_null(f);
	f->sqlite = sqlite;
	if (sqlite) {
		(void)snprintf(f->dir, sizeof(f->dir), "/tmp/sluice-store-XXXXXX");
		assert_non_null(mkdtemp(f->dir));
		(void)snprintf(f->path, sizeof(f->path), "%s/sluice.db", f->dir);
		f->loop = loop_new(&err);
		f->store = store_sqlite_open(f->loop, f->path, &err);
	} else {
		f->loop = loop_new_virtual(1768273200000);
		f->store = store_memory_open(f->loop);
	}
	assert_non_null(f->store);
	*state = f;
	return 0;
}

static int set_up_sqlite(void **state)
{
	return set_up(state, true);
}

static int set_up_memory(void **state)
{
	return set_up(state, false);
}

static void remove_files(const struct fixture *f)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	char path[128];

	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s%s", f->path, ends[i]);
		(void)unlink(path);
	}
	(void)rmdir(f->dir);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	loop_free(f->loop);
	if (f->sqlite) {
		remove_files(f);
	}
	free(f);
	return 0;
}

static void reopen(struct fixture *f)
{
	struct err err = {0};
	struct store *old = f->store;

	store_close(old);
	f->store = f->sqlite ? store_sqlite_open(f->loop, f->path, &err)
			     : store_memory_reopen(f->loop, old);
	assert_string_equal(err.msg, "");
	assert_non_null(f->store);
}

static struct store_job job_of(const char *id, uint64_t droplet, bool open)
{
	struct store_job job = {.account = "main",
				.droplet_id = droplet,
				.droplet_name = "web-1",
				.state = 4,
				.step = 1,
				.action_id = 36804636,
				.sent_ms = 5,
				.deadline_ms = 6,
				.updated_ms = 7,
				.outcome = "so far",
				.open = open,
				.ready_ms = 8,
				.steps = "d 6012",
				.beside = "is ams3 2400 web\n"};

	(void)snprintf(job.id, sizeof(job.id), "%s", id);
	(void)snprintf(job.request, sizeof(job.request), "r1");
	return job;
}

static struct store_request request_of(const char *id, int64_t created_ms, bool final)
{
	struct store_request request = {.network = "xmpp",
					.workspace = "acme.example",
					.channel = "ops@rooms.acme.example",
					.thread = "",
					.direct = true,
					.user_workspace = "acme.example",
					.user = "bob@acme.example",
					.person = "bob",
					.answers = "m1",
					.verb = "droplet.power.reboot",
					.words = "droplet reboot",
					.policy_id = "0123456789abcdef",
					.card = "p1",
					.card_wanted = 3,
					.card_shown = 2,
					.created_ms = created_ms,
					.updated_ms = created_ms + 1,
					.final = final,
					.arguments = "size=s-2vcpu-2gb",
					.reason = "the disk \xe2\x80\x9e is full",
					.nonce = "0a",
					.digest = "0b",
					.terms = "0c",
					.queues = true};

	(void)snprintf(request.id, sizeof(request.id), "%s", id);
	return request;
}

static int take_request(const struct store_request *request, void *data)
{
	struct fixture *f = data;

	assert_true(f->n_requests < 8);
	f->requests[f->n_requests] = *request;
	f->requests[f->n_requests].user = NULL; /* lives for the call only */
	if (strcmp(request->id, "r1") == 0) {
		assert_string_equal(request->network, "xmpp");
		assert_string_equal(request->workspace, "acme.example");
		assert_string_equal(request->channel, "ops@rooms.acme.example");
		assert_string_equal(request->thread, "");
		assert_true(request->direct);
		assert_string_equal(request->user_workspace, "acme.example");
		assert_string_equal(request->user, "bob@acme.example");
		assert_string_equal(request->person, "bob");
		assert_string_equal(request->answers, "m1");
		assert_string_equal(request->verb, "droplet.power.reboot");
		assert_string_equal(request->words, "droplet reboot");
		assert_string_equal(request->policy_id, "0123456789abcdef");
		assert_string_equal(request->card, "p1");
		assert_int_equal(request->card_wanted, 3);
		assert_int_equal(request->card_shown, 2);
		assert_int_equal(request->updated_ms, request->created_ms + 1);
		assert_string_equal(request->arguments, "size=s-2vcpu-2gb");
		assert_string_equal(request->reason, "the disk \xe2\x80\x9e is full");
		assert_string_equal(request->nonce, "0a");
		assert_string_equal(request->digest, "0b");
		assert_string_equal(request->terms, "0c");
		assert_true(request->queues);
	}
	f->n_requests++;
	return 0;
}

static int take_job(const struct store_job *job, void *data)
{
	struct fixture *f = data;

	assert_true(f->n_jobs < 8);
	assert_string_equal(job->account, "main");
	assert_string_equal(job->droplet_name, "web-1");
	assert_string_equal(job->steps, "d 6012");
	assert_string_equal(job->beside, "is ams3 2400 web\n");
	f->jobs[f->n_jobs++] = *job;
	return 0;
}

static size_t read_requests(struct fixture *f, bool open_only)
{
	struct err err = {0};

	f->n_requests = 0;
	assert_int_equal(store_each_request(f->store, open_only, take_request, f, &err), 0);
	return f->n_requests;
}

static size_t read_jobs(struct fixture *f, const char *request)
{
	struct err err = {0};

	f->n_jobs = 0;
	assert_int_equal(store_each_job(f->store, request, take_job, f, &err), 0);
	return f->n_jobs;
}

static int take_log(const struct store_log *log, void *data)
{
	struct fixture *f = data;
	char hash[STORE_HASH_SIZE];

	store_chain_hash(f->prev, log->body, hash);
	f->chain_whole = f->chain_whole && strcmp(log->prev, f->prev) == 0 &&
			 strcmp(log->hash, hash) == 0 && log->seq == f->n_log + 1;
	(void)snprintf(f->prev, sizeof(f->prev), "%s", log->hash);
	f->n_log = log->seq;
	return 0;
}

static int64_t read_log(struct fixture *f)
{
	struct err err = {0};

	f->n_log = 0;
	f->chain_whole = true;
	memset(f->prev, '0', STORE_HASH_SIZE - 1);
	f->prev[STORE_HASH_SIZE - 1] = '\0';
	assert_int_equal(store_each_log(f->store, 0, take_log, f, &err), 0);
	assert_true(f->chain_whole);
	return f->n_log;
}

/* ---- the suite ----------------------------------------------------------------------------- */

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

static int take_consent(const struct store_consent *c, void *data)
{
	strbuf_addf(data, "%s %d %s %s/%s/%s %s %s %lld;", c->request, c->kind, c->person,
		    c->network, c->user_workspace, c->user, c->digest, c->policy_id,
		    (long long)c->at_ms);
	return 0;
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

static void assert_consents(struct fixture *f, const char *request, const char *expected)
{
	struct strbuf out;
	struct err err = {0};

	strbuf_init(&out, 1000);
	assert_int_equal(store_each_consent(f->store, request, take_consent, &out, &err), 0);
	assert_string_equal(out.buf, expected);
	strbuf_done(&out);
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
	assert_int_equal(r->card_wanted, 9);
	assert_int_equal(r->card_shown, 8);
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
	static const bool finals[] = {false, true, true, false, false};
	struct fixture *f = *state;
	struct err err = {0};

	for (size_t i = 0; i < sizeof(finals) / sizeof(*finals); i++) {
		struct store_txn *txn = store_txn_new(f->store);
		struct store_request request = request_of("r2", 1, finals[i]);

		if (i > 0) {
			request.card = "p2";
			request.reason = "why";
			request.terms = "t2";
			request.card_wanted = 9;
			request.card_shown = 8;
			request.updated_ms = 777;
			request.person = "eve";
			request.channel = "elsewhere";
			request.digest = "0d";
			request.created_ms = 5;
		}
		store_txn_request(txn, &request);
		assert_int_equal(commit(f, txn), ERR_NONE);
		assert_int_equal(read_requests(f, true), finals[i] ? 0 : 1);
		assert_int_equal(read_requests(f, false), 1);
		if (i > 0) {
			assert_int_equal(
				store_find_request(f->store, "r2", take_r2, &request, &err), 0);
		}
	}
}

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

/* ---- upkeep -------------------------------------------------------------------------------- */

static struct store_usage usage_of(struct fixture *f, const struct store_prune *prune)
{
	struct store_usage usage;
	struct err err = {0};

	assert_int_equal(store_get_usage(f->store, prune, &usage, &err), 0);
	return usage;
}

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

/* n requests that ended at 1001, 1002, ..., each with a job and a consent; and one that is still open. */
static void add_old(struct fixture *f, int n)
{
	struct store_txn *txn = store_txn_new(f->store);
	struct store_request open = request_of("open", 1, false);

	store_txn_request(txn, &open);
	for (int i = 0; i < n; i++) {
		char id[20];
		struct store_request request;
		struct store_job job;
		struct store_consent consent = {id, 1, "ana", "slack", "T1", "U1", "d1", "p1", 5};

		(void)snprintf(id, sizeof(id), "q%04d", i);
		request = request_of(id, 1000 + i, true);
		job = job_of(id, (uint64_t)i + 1, false);
		(void)snprintf(job.request, sizeof(job.request), "%s", id);
		store_txn_request(txn, &request);
		store_txn_job(txn, &job);
		store_txn_consent(txn, &consent);
	}
	assert_int_equal(commit(f, txn), ERR_NONE);
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

static enum err_kind cut_at(struct fixture *f, int64_t seq)
{
	struct store_txn *txn = store_txn_new(f->store);

	store_txn_cut(txn, seq);
	return commit(f, txn);
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

/* ---- reads while it runs ------------------------------------------------------------------- */

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

/* ---- the file ------------------------------------------------------------------------------ */

static void the_chain_rule_is_sha256(void **state)
{
	char hash[STORE_HASH_SIZE];

	(void)state;
	/* printf 'abc\n{}' | sha256sum */
	store_chain_hash("abc", "{}", hash);
	assert_string_equal(hash,
			    "b4157e40dd21db67528800eb46fe6641eaa5e321734b6890e43e9ce6ed37d91b");
}

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

static int check_all(struct store *store, struct err *err)
{
	bool more = true;
	unsigned part = 0;

	while (more && store_check(store, part, &more, err) == 0) {
		part++;
	}
	return more ? -1 : (int)part;
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
	assert_true(check_all(f->store, &err) > 5);
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
	assert_int_equal(check_all(f->store, &err), -1);
	assert_int_equal(err.kind, ERR_STORE);
}

/* ---- faults -------------------------------------------------------------------------------- */

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

#define ON(test, kind) cmocka_unit_test_setup_teardown(test, set_up_##kind, tear_down)
#define ON_BOTH(test) ON(test, memory), ON(test, sqlite)

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
		ON_BOTH(a_known_key_undoes_the_whole_transaction),
		ON_BOTH(one_open_job_a_droplet),
		ON_BOTH(a_conflict_undoes_only_its_own_transaction),
		ON_BOTH(the_log_is_a_chain),
		ON_BOTH(closing_answers_everybody),
		ON_BOTH(a_callback_may_commit),
		ON_BOTH(what_ended_long_ago_goes_in_bites),
		ON_BOTH(old_keys_go_with_it),
		ON_BOTH(a_cut_log_goes_on_where_it_was),
		ON_BOTH(a_policy_goes_with_the_last_row_that_means_it),
		ON_BOTH(asks_and_commits_take_turns),
		ON_BOTH(closing_ends_what_was_asked),
		cmocka_unit_test(the_chain_rule_is_sha256),
		ON(the_worker_writes_while_the_loop_tells, sqlite),
		ON(who_takes_long_is_told_a_turn_before_the_next, sqlite),
		ON(the_file_is_private_and_ours_alone, sqlite),
		ON(another_process_gets_conflict, sqlite),
		ON(what_is_not_ours_is_refused, sqlite),
		ON(a_newer_file_is_refused, sqlite),
		ON(a_full_disk_refuses_changes_only, sqlite),
		ON(a_file_size_limit_refuses_changes_only, sqlite),
		ON(its_own_limit_refuses_changes_only, sqlite),
		ON(a_damaged_file_is_found, sqlite),
		ON(the_nth_commit_fails_alone, memory),
		ON(a_crash_keeps_what_was_committed, memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
