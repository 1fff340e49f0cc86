/* flow.c - DigitalOcean in memory, counted fsyncs, and the app on top */
#include "flow.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define CLOSE_MS 60000
#define ANSWERS_A_TURN 4 /* what comes by sockets comes a few a turn */

atomic_uint flow_syncs;
atomic_uint flow_sync_delay_ms;
atomic_ullong flow_sync_ns;
atomic_ullong flow_sync_since_ns;

/* ---- the disk ------------------------------------------------------------------------------ */

static int sync_by(long call, int fd)
{
	unsigned ms = atomic_load(&flow_sync_delay_ms);
	struct timespec delay = {ms / 1000, (long)(ms % 1000) * 1000000};
	struct timespec from = {0}, to = {0};
	int rc;

	/* the kernel's own clock: that of a bench may run quicker */
	(void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &from);
	atomic_store(&flow_sync_since_ns,
		     (unsigned long long)(from.tv_sec * 1000000000LL + from.tv_nsec));
	if (ms > 0) {
		(void)syscall(SYS_nanosleep, &delay, NULL);
	}
	rc = (int)syscall(call, fd);
	(void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &to);
	atomic_store(&flow_sync_since_ns, 0);
	(void)atomic_fetch_add(&flow_sync_ns,
			       (unsigned long long)((to.tv_sec - from.tv_sec) * 1000000000LL +
						    to.tv_nsec - from.tv_nsec));
	(void)atomic_fetch_add(&flow_syncs, 1);
	return rc;
}

int fsync(int fd)
{
	return sync_by(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return sync_by(SYS_fdatasync, fd);
}

/* ---- DigitalOcean -------------------------------------------------------------------------- */

struct memory_ocean {
	struct ocean ocean; /* first */
	struct flow *flow;
	struct list calls; /* struct pending */
	struct task task;
	struct droplet droplets[FLOW_DROPLETS];
	char names[FLOW_DROPLETS][16];
	uint64_t next_action;
};

struct pending {
	struct list link;
	struct ocean_call *call;
	bool canceled;
};

static void answer(struct memory_ocean *m, struct ocean_call *call)
{
	struct ocean_action action = {.id = call->action_id, .status = OCEAN_COMPLETED};
	struct err err = {0};

	call->tags_known = true;
	switch (call->verb) {
	case OCEAN_LIST:
		call->droplets = m->droplets;
		call->n_droplets = FLOW_DROPLETS;
		break;
	case OCEAN_GET:
		call->droplets = &m->droplets[call->droplet_id - 1];
		call->n_droplets = 1;
		break;
	case OCEAN_ACT:
		action.id = m->next_action++;
		action.status = OCEAN_IN_PROGRESS;
		if (m->flow->sent != NULL) {
			m->flow->sent(m->flow, (size_t)call->droplet_id - 1);
		}
		break;
	case OCEAN_ACTION:
		break;
	default: /* the rest of the API */
		(void)err_set(&err, ERR_REMOTE, "not in this simulator");
		break;
	}
	if (call->verb == OCEAN_ACT || call->verb == OCEAN_ACTION) {
		action.droplet_id = call->droplet_id;
		(void)snprintf(action.type, sizeof(action.type), "reboot");
		call->actions = &action;
		call->n_actions = 1;
	}
	call->internal = NULL;
	call->done(call, err.kind != ERR_NONE ? &err : NULL);
}

static void run(struct task *task)
{
	struct memory_ocean *m = task->data;
	struct list now;

	list_init(&now);
	for (unsigned n = 0; n < ANSWERS_A_TURN && !list_empty(&m->calls); n++) {
		struct list *one = m->calls.next;

		list_remove(one);
		list_append(&now, one);
	}
	while (!list_empty(&now)) {
		struct pending *p = LIST_ENTRY(now.next, struct pending, link);
		struct ocean_call *call = p->call;
		bool canceled = p->canceled;
		struct err err = {0};

		list_remove(&p->link);
		free(p);
		if (canceled) {
			err_set(&err, ERR_CANCELED, "canceled");
			call->done(call, &err);
		} else {
			answer(m, call);
		}
	}
	if (!list_empty(&m->calls)) {
		task_post(&m->task);
	}
}

static void ocean_begin(struct ocean *ocean, struct ocean_call *call)
{
	struct memory_ocean *m = (struct memory_ocean *)ocean;
	struct pending *p = mem_alloc(sizeof(*p));

	p->call = call;
	call->internal = p;
	list_append(&m->calls, &p->link);
	task_post(&m->task);
}

static void ocean_drop(struct ocean *ocean, struct ocean_call *call)
{
	struct pending *p = call->internal;

	(void)ocean;
	if (p != NULL) {
		p->canceled = true;
	}
}

static void ocean_end(struct ocean *ocean)
{
	struct memory_ocean *m = (struct memory_ocean *)ocean;

	LIST_FOREACH(it, &m->calls)
	{
		LIST_ENTRY(it, struct pending, link)->canceled = true;
	}
	while (!list_empty(&m->calls)) {
		run(&m->task);
	}
	task_cancel(&m->task);
	free(m);
}

static const struct ocean_ops ops = {
	.start = ocean_begin, .cancel = ocean_drop, .close = ocean_end};

static struct ocean *memory_ocean(struct flow *flow)
{
	struct memory_ocean *m = mem_alloc(sizeof(*m));

	m->ocean.ops = &ops;
	m->ocean.name = "main";
	m->flow = flow;
	m->next_action = 1;
	list_init(&m->calls);
	task_init(&m->task, flow->loop, run, m);
	for (size_t i = 0; i < FLOW_DROPLETS; i++) {
		(void)snprintf(m->names[i], sizeof(m->names[i]), "web-%zu", i);
		m->droplets[i] = (struct droplet){
			.id = i + 1,
			.account = "main",
			.name = m->names[i],
			.region = "ams3",
			.size = "s-1vcpu-1gb",
			.status = DROPLET_ACTIVE,
			.known = DROPLET_KNOWS_ALL,
		};
	}
	return &m->ocean;
}

/* ---- the app --------------------------------------------------------------------------------- */

static void on_shown(const struct chat_place *place, const char *private_to, const char *id,
		     const char *replaces, const struct message *message, const char *text,
		     void *data)
{
	struct flow *flow = data;

	(void)private_to;
	(void)id;
	(void)message;
	if (flow->shown != NULL) {
		flow->shown(flow, place->channel, replaces != NULL, text);
	}
}

bool flow_open(struct flow *flow, const char *policy_path, const char *state)
{
	struct console_options console = {.workspace = "terminal",
					  .user = "nobody",
					  .channel = "nowhere",
					  .in_fd = -1,
					  .out_fd = -1,
					  .columns = 40,
					  .shown = on_shown,
					  .data = flow};
	struct policy_report report = {0};
	struct policy *policy = policy_load(policy_path, false, &report);
	struct err err = {0};
	struct ocean *ocean;
	struct app_parts parts = {.policy = policy, .policy_path = policy_path};

	policy_report_done(&report);
	flow->loop = loop_new(&err);
	if (policy == NULL || flow->loop == NULL) {
		fprintf(stderr, "%s: no policy, or no loop\n", policy_path);
		return false;
	}
	flow->store = store_sqlite_open(flow->loop, state, &err);
	flow->chat = console_open(flow->loop, &console, &err);
	if (flow->store == NULL || flow->chat == NULL) {
		fprintf(stderr, "%s\n", err.msg);
		return false;
	}
	ocean = memory_ocean(flow);
	parts.loop = flow->loop;
	parts.store = flow->store;
	parts.chats = &flow->chat;
	parts.n_chats = 1;
	parts.accounts = &ocean;
	parts.n_accounts = 1;
	flow->app = app_new(&parts);
	policy_unref(policy);
	if (app_start(flow->app, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return false;
	}
	return true;
}

static void app_gone(void *data)
{
	((struct flow *)data)->app = NULL;
}

static bool is_gone(void *data)
{
	return ((struct flow *)data)->app == NULL;
}

void flow_close(struct flow *flow)
{
	app_close(flow->app, app_gone, flow);
	if (!loop_run_until(flow->loop, is_gone, flow, CLOSE_MS)) {
		fputs("the app does not close\n", stderr);
		abort();
	}
	store_close(flow->store);
	loop_free(flow->loop);
}

void flow_say(struct flow *flow, const char *user, const char *channel, const char *text)
{
	const struct chat_place place = {
		.network = "console", .workspace = "terminal", .channel = channel};

	(void)console_say(flow->chat, &place, user, text, NULL);
}

bool flow_idle(const struct flow *flow)
{
	return app_idle(flow->app) && store_idle(flow->store);
}
