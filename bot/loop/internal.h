/* internal.h - what the files of this room share; nobody outside includes it */
#ifndef LOOP_INTERNAL_H
#define LOOP_INTERNAL_H

#include <uv.h>

#include "loop/loop.h"

struct lookups;     /* resolve.c */
struct lws_room;    /* lws.c */
struct lws_context; /* libwebsockets */
struct http_door;   /* http.h */

/* Works that are run one after another on a thread of libuv's pool. */
struct lane {
	struct loop *loop;
	struct list works;    /* struct work that waits for the thread */
	struct work *working; /* on the thread now */
	uv_work_t req;        /* carries `working` */
};

enum lane_name { LANE_MAIN, LANE_ASIDE, LANES };

struct loop {
	bool is_virtual;
	bool stopping;

	/* timers: a binary heap by (due_ms, order), timer.c */
	struct timer **heap;
	unsigned n_timers;
	unsigned cap_timers;
	uint64_t order;
	bool firing;
	bool timers_left; /* some are due, and wait for the next turn */

	struct list tasks; /* struct task, by link */
	struct lane lanes[LANES];

	/* virtual only */
	int64_t mono_ms;
	int64_t wall_minus_mono_ms;
	struct http_door *http_door; /* what new pools use; NULL: none */

	/* real only */
	uv_loop_t uv;
	uv_timer_t due;    /* the one timer of libuv: the top of the heap */
	uv_idle_t idle;    /* runs while tasks are posted */
	uv_prepare_t turn; /* measures stalls; wakes nobody */
	uv_async_t wake;   /* lookup threads ring it; keeps the loop alive */
	uv_signal_t signals[3];
	bool has_signals;
	void (*on_stop)(void *);
	void (*on_reload)(void *);
	void *signals_data;
	bool (*condition)(void *); /* of loop_run_until, while it runs */
	void *condition_data;
	int64_t over_us; /* clock_work_us: when the turn has had its time; 0: nothing of it has run yet */
	uint64_t turn_ns;             /* of the last prepare */
	uint64_t idle_ns;             /* libuv's sum of waiting, at that time */
	uint64_t part_ns[LOOP_PARTS]; /* of the turn under way */
	uint64_t longest_ns;
	uint64_t longest_part_ns[LOOP_PARTS]; /* of the turn that took that long */

	struct lookups *lookups;        /* made by the first resolve_start */
	void (*on_wake)(struct loop *); /* resolve.c: answers came */
	void (*lookups_free)(struct loop *);
	struct list children;                /* child.c: programs that run */
	void (*children_end)(struct loop *); /* set by the first child_start */
	struct lws_room *lws[2];             /* without TLS, with it: made by the first ws_open */
	void (*lws_free)(struct loop *);
};

/*
 * Of timers and tasks on the real loop, each: so many a turn, and none begins after so long, but one of each does in any case. The
 * others' turn is the next one, so that sockets come in between.
 */
#define TURN_MOST 8
#define TURN_US 150

/* Fires what is due at now_ms and was started before this call, at most so many. */
void timers_fire(struct loop *loop, int64_t now_ms, unsigned most);

/* The time of the first timer; false when none runs. */
bool timers_next(const struct loop *loop, int64_t *ret_due_ms);

/* lws.c: the libwebsockets context of the loop for TLS or for plain connections, made at first use; and a vhost of it for
 * each CA file (NULL: the system's) */
struct lws_vhost;
struct lws_context *lws_context_of(struct loop *loop, bool tls, struct err *err);
struct lws_vhost *lws_vhost_of(struct loop *loop, bool tls, const char *ca_file, struct err *err);

/* loop.c: sets libuv's timer to the first of ours. */
void loop_arm(struct loop *loop);

/* virtual.c */
bool virtual_run(struct loop *loop, bool (*condition)(void *), void *data, int64_t until_ms);
void virtual_start(struct loop *loop, int64_t wall_start_ms);
void virtual_stop(struct loop *loop);

/* Runs the tasks that are posted now, at most so many; those they post wait for the next turn. */
void tasks_run(struct loop *loop, unsigned most);

#endif
