/* fixture.h - a store of each kind for one test, and its rows */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

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

#include "base/attr.h"
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

ATTR_UNUSED static unsigned order;

ATTR_UNUSED static void on_done(void *data, const struct err *err)
{
	struct outcome *outcome = data;

	outcome->calls++;
	outcome->order = ++order;
	err_copy(&outcome->err, err);
}

ATTR_UNUSED static bool called(void *data)
{
	return ((struct outcome *)data)->calls > 0;
}

ATTR_UNUSED static enum err_kind commit(struct fixture *f, struct store_txn *txn)
{
	struct outcome outcome = {0};

	store_commit(txn, on_done, &outcome);
	assert_int_equal(outcome.calls, 0); /* never before it returns */
	assert_true(loop_run_until(f->loop, called, &outcome, 10000));
	assert_int_equal(outcome.calls, 1);
	return outcome.err.kind;
}

ATTR_UNUSED static int set_up(void **state, bool sqlite)
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

ATTR_UNUSED static int set_up_sqlite(void **state)
{
	return set_up(state, true);
}

ATTR_UNUSED static int set_up_memory(void **state)
{
	return set_up(state, false);
}

ATTR_UNUSED static void remove_files(const struct fixture *f)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	char path[128];

	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s%s", f->path, ends[i]);
		(void)unlink(path);
	}
	(void)rmdir(f->dir);
}

ATTR_UNUSED static int tear_down(void **state)
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

ATTR_UNUSED static void reopen(struct fixture *f)
{
	struct err err = {0};
	struct store *old = f->store;

	store_close(old);
	f->store = f->sqlite ? store_sqlite_open(f->loop, f->path, &err)
			     : store_memory_reopen(f->loop, old);
	assert_string_equal(err.msg, "");
	assert_non_null(f->store);
}

ATTR_UNUSED static struct store_job job_of(const char *id, uint64_t droplet, bool open)
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

ATTR_UNUSED static struct store_request request_of(const char *id, int64_t created_ms, bool final)
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

ATTR_UNUSED static int take_request(const struct store_request *request, void *data)
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

ATTR_UNUSED static int take_job(const struct store_job *job, void *data)
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

ATTR_UNUSED static size_t read_requests(struct fixture *f, bool open_only)
{
	struct err err = {0};

	f->n_requests = 0;
	assert_int_equal(store_each_request(f->store, open_only, take_request, f, &err), 0);
	return f->n_requests;
}

ATTR_UNUSED static size_t read_jobs(struct fixture *f, const char *request)
{
	struct err err = {0};

	f->n_jobs = 0;
	assert_int_equal(store_each_job(f->store, request, take_job, f, &err), 0);
	return f->n_jobs;
}

ATTR_UNUSED static int take_log(const struct store_log *log, void *data)
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

ATTR_UNUSED static int64_t read_log(struct fixture *f)
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

ATTR_UNUSED static int take_consent(const struct store_consent *c, void *data)
{
	strbuf_addf(data, "%s %d %s %s/%s/%s %s %s %lld;", c->request, c->kind, c->person,
		    c->network, c->user_workspace, c->user, c->digest, c->policy_id,
		    (long long)c->at_ms);
	return 0;
}

ATTR_UNUSED static void assert_consents(struct fixture *f, const char *request,
					const char *expected)
{
	struct strbuf out;
	struct err err = {0};

	strbuf_init(&out, 1000);
	assert_int_equal(store_each_consent(f->store, request, take_consent, &out, &err), 0);
	assert_string_equal(out.buf, expected);
	strbuf_done(&out);
}

ATTR_UNUSED static struct store_usage usage_of(struct fixture *f, const struct store_prune *prune)
{
	struct store_usage usage;
	struct err err = {0};

	assert_int_equal(store_get_usage(f->store, prune, &usage, &err), 0);
	return usage;
}

/* n requests that ended at 1001, 1002, ..., each with a job and a consent; and one that is still open. */
ATTR_UNUSED static void add_old(struct fixture *f, int n)
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

ATTR_UNUSED static enum err_kind cut_at(struct fixture *f, int64_t seq)
{
	struct store_txn *txn = store_txn_new(f->store);

	store_txn_cut(txn, seq);
	store_txn_drop_policies(txn);
	return commit(f, txn);
}

#define ON(test, kind) cmocka_unit_test_setup_teardown(test, set_up_##kind, tear_down)
#define ON_BOTH(test) ON(test, memory), ON(test, sqlite)

#endif
