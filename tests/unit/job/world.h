/* world.h - the engine on a virtual loop with the real gate, policy, queue and ocean room, over the simulated account
 *
 * The account's door is spied upon: a request that changes something and was not written down before fails the test.
 */
#ifndef TESTS_JOB_WORLD_H
#define TESTS_JOB_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/mem.h"
#include "chat/text.h"
#include "job/job.h"
#include "job/states.h"
#include "metrics/metrics.h"
#include "sim/ocean.h"

#define START_MS INT64_C(1768273200000)
#define WEB_1 101
#define WEB_2 102
#define DB_1 103
#define POSTS_MAX 64

static const char policy_text[] =
	"version: 1\n"
	"accounts:\n  main: {token: \"env:T\"}\n"
	"workspaces:\n  term: {console: terminal}\n"
	"people:\n  ana: {term: ana}\n  bob: {term: bob}\n"
	"  p0: {term: p0}\n  p1: {term: p1}\n  p2: {term: p2}\n  p3: {term: p3}\n  p4: {term: p4}\n"
	"  p5: {term: p5}\n  p6: {term: p6}\n  p7: {term: p7}\n  p8: {term: p8}\n"
	"roles:\n  viewer: {may: [droplet.list, droplet.show]}\n"
	"channels:\n  ops: {at: term/ops, may: everything, droplets: any}\n"
	"allow:\n"
	"  - {name: all, who: [ana, bob], may: everything, droplets: any}\n"
	"  - name: reboots\n    who: [p0, p1, p2, p3, p4, p5, p6, p7, p8]\n"
	"    may: [droplet.list, droplet.show, droplet.power.reboot]\n    droplets: any\n";

static const char never_text[] = "never:\n"
				 "  - {name: no-reboot, who: bob, may: droplet.power.reboot, "
				 "droplets: any}\n";

static const struct plan reboot_plan = {
	.verb = VERB_DROPLET_POWER_REBOOT,
	.infinitive = "reboot",
	.doing = "Rebooting",
	.done = "Rebooted",
	.remark = "The site may still be starting.",
	.steps = {{.act = "reboot",
		   .expect = DROPLET_ACTIVE,
		   .usual_ms = 20000,
		   .deadline_ms = 300000}},
	.n_steps = 1,
};
static const struct plan shutdown_plan = {
	.verb = VERB_DROPLET_POWER_SHUTDOWN,
	.infinitive = "shutdown",
	.doing = "Shutting down",
	.done = "Shut down",
	.steps = {{.act = "shutdown",
		   .expect = DROPLET_OFF,
		   .usual_ms = 15000,
		   .deadline_ms = 300000}},
	.n_steps = 1,
};
/* Two steps: off and on again. */
static const struct plan off_on_plan = {
	.verb = VERB_DROPLET_POWER_CYCLE,
	.infinitive = "power-cycle",
	.doing = "Power-cycling",
	.done = "Power-cycled",
	.steps = {{.act = "power_off",
		   .expect = DROPLET_OFF,
		   .usual_ms = 10000,
		   .deadline_ms = 300000},
		  {.act = "power_on",
		   .expect = DROPLET_ACTIVE,
		   .usual_ms = 10000,
		   .deadline_ms = 300000}},
	.n_steps = 2,
};

struct said {
	char id[24];
	char text[1024];
	unsigned edits;
	bool mentions;
};

struct world {
	struct loop *loop;
	struct store *store;
	struct policy *policy;
	struct gate *gate;
	struct sim_world *sim;
	struct ocean *ocean; /* the real one */
	struct ocean spy;
	struct ocean_index *index;
	struct chat chat;
	struct post_queue *queue;
	struct job_engine *engine;
	struct said said[POSTS_MAX];
	size_t n_said;
	bool chat_refuses;
	bool account_gone;
	unsigned n_acts; /* requests that change something, as they left the engine */
	unsigned n_started, n_conflicts, n_refused;
	unsigned n_keys;
	void (*at_start)(
		struct world *); /* when a request is on disk and its jobs are about to run */
	struct timer full;       /* runs: no commit gets through */
};

static struct world *the_world; /* the spy's */

/* ---- chat ---------------------------------------------------------------------------------- */

struct delivery {
	struct timer timer;
	struct chat_post *post;
	char id[24];
	bool refused;
};

static void deliver(struct timer *timer)
{
	struct delivery *delivery = timer->data;
	struct chat_post *post = delivery->post;
	struct err err = {0};

	(void)snprintf(post->ret_id, sizeof(post->ret_id), "%s", delivery->id);
	err_set(&err, ERR_REMOTE, "you are not in that channel");
	post->done(post, delivery->refused ? &err : NULL);
	free(delivery);
}

static struct said *said_by_id(struct world *w, const char *id)
{
	for (size_t i = 0; id != NULL && i < w->n_said; i++) {
		if (strcmp(w->said[i].id, id) == 0) {
			return &w->said[i];
		}
	}
	return NULL;
}

static bool mentions(const struct message *message)
{
	return message->n_blocks > 0 && message->blocks[0].n_spans > 0 &&
	       message->blocks[0].spans[0].kind == SPAN_MENTION;
}

static void chat_post(struct chat *chat, struct chat_post *post)
{
	struct world *w = the_world;
	struct delivery *delivery = mem_alloc(sizeof(*delivery));
	struct text_style style = {.columns = 40, .ascii = true};
	struct said *said = said_by_id(w, post->replaces);
	struct strbuf text;

	(void)chat;
	delivery->post = post;
	delivery->refused = w->chat_refuses;
	timer_init(&delivery->timer, w->loop, deliver, delivery);
	timer_start(&delivery->timer, 50);
	if (w->chat_refuses) {
		return;
	}
	if (said == NULL) {
		assert_true(w->n_said < POSTS_MAX);
		said = &w->said[w->n_said++];
		memset(said, 0, sizeof(*said));
		(void)snprintf(said->id, sizeof(said->id), "p%zu", w->n_said);
	} else {
		said->edits++;
	}
	strbuf_init(&text, sizeof(said->text) - 1);
	text_render(post->message, &style, &text);
	(void)snprintf(said->text, sizeof(said->text), "%s", text.buf);
	strbuf_done(&text);
	said->mentions = mentions(post->message);
	(void)snprintf(delivery->id, sizeof(delivery->id), "%s", said->id);
}

static const struct chat_ops chat_ops = {
	.name = "console", .caps = CHAT_EDIT | CHAT_PRIVATE, .post = chat_post};

/* ---- the spied door ------------------------------------------------------------------------ */

struct find_job {
	uint64_t droplet_id;
	bool found;
};

static int is_submitting(const struct store_job *job, void *data)
{
	struct find_job *find = data;

	find->found = find->found || (job->droplet_id == find->droplet_id && job->open &&
				      job->state == JOB_SUBMITTING && job->sent_ms > 0);
	return 0;
}

static int look_in(const struct store_request *request, void *data)
{
	struct err err = {0};

	assert_int_equal(store_each_job(the_world->store, request->id, is_submitting, data, &err),
			 0);
	return 0;
}

/* Is the job of this droplet on disk as SUBMITTING? */
static bool is_written(uint64_t droplet_id)
{
	struct find_job find = {.droplet_id = droplet_id};
	struct err err = {0};

	assert_int_equal(store_each_request(the_world->store, true, look_in, &find, &err), 0);
	return find.found;
}

static void spy_start(struct ocean *ocean, struct ocean_call *call)
{
	(void)ocean;
	if (call->verb == OCEAN_ACT) {
		the_world->n_acts++;
		assert_true(is_written(call->droplet_id));
	}
	ocean_start(the_world->ocean, call);
}

static void spy_cancel(struct ocean *ocean, struct ocean_call *call)
{
	(void)ocean;
	ocean_cancel(the_world->ocean, call);
}

static const struct ocean_ops spy_ops = {.start = spy_start, .cancel = spy_cancel};

/* ---- the world ----------------------------------------------------------------------------- */

static struct ocean *find_ocean(const char *account, void *data)
{
	struct world *w = data;

	return strcmp(account, "main") == 0 && !w->account_gone ? &w->spy : NULL;
}

static struct ocean_index *find_index(const char *account, void *data)
{
	struct world *w = data;

	return strcmp(account, "main") == 0 && !w->account_gone ? w->index : NULL;
}

static struct post_queue *find_queue(const char *network, const char *workspace, void *data)
{
	(void)network;
	(void)workspace;
	return ((struct world *)data)->queue;
}

static const struct plan *find_plan(enum verb verb, void *data)
{
	(void)data;
	return verb == VERB_DROPLET_POWER_REBOOT     ? &reboot_plan
	       : verb == VERB_DROPLET_POWER_SHUTDOWN ? &shutdown_plan
	       : verb == VERB_DROPLET_POWER_CYCLE    ? &off_on_plan
						     : NULL;
}

static struct policy *policy_of(const char *more)
{
	struct policy_report report;
	struct strbuf text;
	struct policy *policy;

	strbuf_init(&text, 4096);
	(void)strbuf_adds(&text, policy_text);
	(void)strbuf_adds(&text, more);
	policy = policy_compile("policy.yaml", text.buf, text.len, &report);
	if (policy == NULL && report.n_findings > 0) {
		print_error("%u: %s\n", report.findings[0].line, report.findings[0].text);
	}
	assert_non_null(policy);
	policy_report_done(&report);
	strbuf_done(&text);
	return policy;
}

static void world_begin(struct world *w)
{
	struct job_options options = {
		.loop = w->loop,
		.store = w->store,
		.gate = w->gate,
		.ocean = find_ocean,
		.index = find_index,
		.queue = find_queue,
		.plan = find_plan,
		.data = w,
	};

	w->index = ocean_index_new(w->loop, w->ocean);
	w->queue = post_queue_new(w->loop, &w->chat);
	w->engine = job_engine_new(&options);
}

static int world_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct err err = {0};
	struct policy *policy;

	assert_non_null(w);
	the_world = w;
	w->loop = loop_new_virtual(START_MS);
	w->store = store_memory_open(w->loop);
	w->sim = sim_world_new(sim_new(START_MS));
	assert_int_equal(sim_droplet_line(w->sim->model, "web-1 id=101 tags=web", &err), 0);
	assert_int_equal(sim_droplet_line(w->sim->model, "web-2 id=102 tags=web", &err), 0);
	assert_int_equal(sim_droplet_line(w->sim->model, "db-1 id=103 tags=db", &err), 0);
	w->ocean = sim_ocean_open(w->loop, w->sim, "main", SIM_LATENCY_MS);
	assert_non_null(w->ocean);
	w->spy.ops = &spy_ops;
	w->spy.name = "main";
	w->chat.ops = &chat_ops;
	w->chat.workspace = "terminal";
	policy = policy_of("");
	w->gate = gate_new(policy);
	policy_unref(policy);
	world_begin(w);
	*state = w;
	return 0;
}

static void world_end(struct world *w)
{
	post_queue_free(w->queue);
	job_engine_free(w->engine);
	ocean_index_free(w->index);
	w->engine = NULL;
}

static int world_down(void **state)
{
	struct world *w = *state;

	timer_stop(&w->full);
	world_end(w);
	ocean_close(w->ocean);
	store_close(w->store);
	gate_free(w->gate);
	loop_advance(w->loop, 1000);
	loop_free(w->loop);
	sim_world_free(w->sim);
	free(w);
	return 0;
}

/* A new process on the same store. What was under way is lost, as in a crash. */
ATTR_UNUSED static void world_restart(struct world *w)
{
	struct err err = {0};

	world_end(w);
	w->store = store_memory_reopen(w->loop, w->store);
	world_begin(w);
	assert_int_equal(job_resume(w->engine, &err), 0);
}

ATTR_UNUSED static void fault(struct world *w, const char *line)
{
	struct err err = {0};

	if (faults_add(&w->sim->faults, line, &err) < 0) {
		print_error("%s\n", err.msg);
		fail();
	}
}

/* ---- asking -------------------------------------------------------------------------------- */

static void on_started(void *data, const struct err *err)
{
	struct world *w = data;

	if (err == NULL) {
		w->n_started++;
		if (w->at_start != NULL) {
			w->at_start(w);
		}
	} else if (err->kind == ERR_CONFLICT) {
		w->n_conflicts++;
	} else {
		w->n_refused++;
	}
}

static void ask_as(struct world *w, const char *user, const char *key, const struct plan *plan,
		   const uint64_t *ids, size_t n)
{
	struct store_txn *txn = store_txn_new(w->store);
	struct droplet droplets[8];
	const struct droplet *list[8];
	struct arena arena = {0};
	struct gate_decision decision;
	struct job_ask ask = {.event_key = key,
			      .who = {"console", "terminal", user, "terminal", "ops", false},
			      .person = user,
			      .answers = "m1",
			      .words = plan->infinitive,
			      .plan = plan,
			      .droplets = list,
			      .n_droplets = n,
			      .txn = txn};

	memset(droplets, 0, sizeof(droplets));
	for (size_t i = 0; i < n; i++) {
		droplets[i].id = ids[i];
		droplets[i].account = "main";
		droplets[i].name = ids[i] == WEB_1 ? "web-1" : ids[i] == WEB_2 ? "web-2" : "db-1";
		droplets[i].known = DROPLET_KNOWS_ALL;
		list[i] = &droplets[i];
	}
	gate_decide(w->gate, &ask.who, plan->verb, list, n, NULL, txn, &arena, &decision);
	store_txn_seen(txn, key, clock_wall_ms());
	ask.decision = &decision;
	job_start(w->engine, &ask, on_started, w);
	arena_done(&arena);
}

ATTR_UNUSED static void ask(struct world *w, const struct plan *plan, uint64_t droplet)
{
	char key[32];

	(void)snprintf(key, sizeof(key), "key-%u", w->n_keys++);
	ask_as(w, "bob", key, plan, &droplet, 1);
}

/* ---- what was said, sent and written -------------------------------------------------------- */

ATTR_UNUSED static bool was_said(const struct world *w, const char *text)
{
	for (size_t i = 0; i < w->n_said; i++) {
		if (strstr(w->said[i].text, text) != NULL) {
			return true;
		}
	}
	return false;
}

static void print_said(const struct world *w)
{
	for (size_t i = 0; i < w->n_said; i++) {
		print_message("[%s, %u edits]\n%s\n", w->said[i].id, w->said[i].edits,
			      w->said[i].text);
	}
}

#define assert_said(w, text)                                   \
	do {                                                   \
		if (!was_said(w, text)) {                      \
			print_message("not said: %s\n", text); \
			print_said(w);                         \
			fail();                                \
		}                                              \
	} while (0)

#define assert_not_said(w, text)                               \
	do {                                                   \
		if (was_said(w, text)) {                       \
			print_message("was said: %s\n", text); \
			print_said(w);                         \
			fail();                                \
		}                                              \
	} while (0)

/* POSTs that reached the model. */
ATTR_UNUSED static size_t n_posts(const struct world *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->sim->n_calls; i++) {
		n += strcmp(w->sim->calls[i].method, "POST") == 0 && w->sim->calls[i].reached &&
		     w->sim->calls[i].status != 422;
	}
	return n;
}

struct states {
	unsigned n[JOB_STATE_COUNT];
	unsigned n_open_requests;
};

static int count_job(const struct store_job *job, void *data)
{
	struct states *states = data;

	assert_true(job->state > JOB_NONE && job->state < JOB_STATE_COUNT);
	assert_int_equal(job->open, job_state_holds((enum job_state)job->state));
	states->n[job->state]++;
	return 0;
}

static int count_request(const struct store_request *request, void *data)
{
	struct states *states = data;
	struct err err = {0};

	states->n_open_requests += !request->final;
	return store_each_job(the_world->store, request->id, count_job, states, &err);
}

static struct states states_of(struct world *w)
{
	struct states states = {{0}, 0};
	struct err err = {0};

	assert_int_equal(store_each_request(w->store, false, count_request, &states, &err), 0);
	return states;
}

ATTR_UNUSED static void assert_over(struct world *w)
{
	struct states states = states_of(w);
	struct err err = {0};
	int64_t rows = 0;

	if (job_open_requests(w->engine) != 0 || states.n_open_requests != 0) {
		print_said(w);
	}
	assert_int_equal(job_open_requests(w->engine), 0);
	assert_int_equal(states.n_open_requests, 0);
	for (int s = 0; s < JOB_STATE_COUNT; s++) {
		assert_true(states.n[s] == 0 || job_state_final((enum job_state)s));
	}
	assert_int_equal(audit_verify(w->store, &rows, &err), 0);
	assert_true(rows > 0);
	assert_int_equal(metrics_get(METRIC_JOBS_OPEN), 0);
	assert_true(post_queue_idle(w->queue));
}

ATTR_UNUSED static void assert_audited(struct world *w, const char *text)
{
	struct strbuf out;
	struct err err = {0};

	strbuf_init(&out, 1 << 20);
	assert_int_equal(audit_export(w->store, 0, &out, &err), 0);
	if (strstr(out.buf, text) == NULL) {
		print_message("not audited: %s\n%s", text, out.buf);
		fail();
	}
	strbuf_done(&out);
}

#endif
