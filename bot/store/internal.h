/* internal.h - what store.c and the two stores behind it share; nobody else includes it
 *
 * store.c owns order and calls back; a store behind it applies one transaction after another inside one commit.
 */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <pthread.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/list.h"
#include "store/store.h"

enum op_kind {
	OP_SEEN = 1,
	OP_JOB,
	OP_REQUEST,
	OP_REQUEST_NOW,
	OP_LOG,
	OP_CURSOR,
	OP_FORGET,
	OP_CONSENT,
	OP_VOID,
	OP_LOCK,
	OP_UNLOCK,
	OP_TAKE,
	OP_UNTAKE,
	OP_PLACE,
	OP_UNPLACE,
	OP_POLICY,
	OP_PRUNE,
	OP_CUT,
	OP_POLICIES,
};

/* One thing that a transaction does. Strings are in the transaction's arena, never NULL. */
struct store_op {
	struct store_op *next;
	enum op_kind kind;
	const char *
		name; /* SEEN: the key; LOG: the body; CURSOR: its name; VOID: a request; UNTAKE, POLICY: its id; UNPLACE: a job */
	const char *value; /* CURSOR, POLICY; UNPLACE: its request */
	int64_t at_ms;     /* SEEN, FORGET, POLICY */
	int64_t seq;       /* CUT */
	union {
		struct store_job job;
		struct store_request request;
		struct store_consent consent;
		struct store_lock lock; /* LOCK; UNLOCK: its account and droplet */
		struct store_take take;
		struct store_place place;
		struct store_prune prune;
	};
};

/* How much one store_txn_prune drops at most. */
#define STORE_PRUNE_KEYS 2000
#define STORE_PRUNE_REQUESTS 200

/* The strings of a request, one list for all that copy, write or read them. */
#define STORE_REQUEST_TEXTS 17
const char **store_text_at(struct store_request *request, size_t i);
const char *store_text_of(const struct store_request *request, size_t i);

#define STORE_TAKE_TEXTS 9
const char **store_take_text_at(struct store_take *take, size_t i);
const char *store_take_text_of(const struct store_take *take, size_t i);
#define STORE_PLACE_TEXTS 13
const char **store_place_text_at(struct store_place *place, size_t i);
const char *store_place_text_of(const struct store_place *place, size_t i);

struct store_txn {
	struct list link;
	struct store *store;
	struct arena arena;
	struct store_op *first;
	struct store_op **last; /* where the next one goes */
	bool ahead;             /* of its group it is called back before the others */
	enum err_kind fault;    /* memory store: this one fails; NONE: it does not */
	struct err result;
	void (*done)(void *data, const struct err *err);
	void *data;
};

struct store_back {
	/* On the worker. The first failure of begin or finish fails every transaction of the group. */
	int (*begin)(struct store *, struct err *);
	/* 0; or -1. `alone`: with this transaction undone, unless *ret_lost, then the whole group is lost with it. Else the group
	 * must be undone, and goes in once more, each alone. */
	int (*apply)(struct store *, const struct store_txn *, bool alone, bool *ret_lost,
		     struct err *);
	int (*finish)(struct store *, struct err *);
	void (*undo)(struct store *);
	/* On the loop, or on the worker between two groups; the store's lock is held. */
	int (*each_request)(struct store *, bool open_only,
			    int (*each)(const struct store_request *, void *), void *,
			    struct err *);
	int (*find_request)(struct store *, const char *id,
			    int (*each)(const struct store_request *, void *), void *,
			    struct err *);
	int (*each_job)(struct store *, const char *request_id,
			int (*each)(const struct store_job *, void *), void *, struct err *);
	int (*each_consent)(struct store *, const char *request_id,
			    int (*each)(const struct store_consent *, void *), void *,
			    struct err *);
	int (*each_lock)(struct store *, int (*each)(const struct store_lock *, void *), void *,
			 struct err *);
	int (*each_take)(struct store *, int (*each)(const struct store_take *, void *), void *,
			 struct err *);
	int (*each_place)(struct store *, int64_t from_ms,
			  int (*each)(const struct store_place *, void *), void *, struct err *);
	int (*get_policy)(struct store *, const char *id, struct strbuf *out, struct err *);
	int (*get_cursor)(struct store *, const char *name, char *buf, size_t size, struct err *);
	int (*each_seen)(struct store *, size_t most, int (*each)(const char *key, void *),
			 void *data, struct err *);
	int (*each_cursor)(struct store *, const char *prefix,
			   int (*each)(const char *rest, const char *value, void *), void *,
			   struct err *);
	int (*each_log)(struct store *, int64_t from, int (*each)(const struct store_log *, void *),
			void *, struct err *);
	int (*each_log_back)(struct store *, int64_t before,
			     int (*each)(const struct store_log *, void *), void *, struct err *);
	int (*each_policy)(struct store *,
			   int (*each)(const char *id, const char *text, int64_t at_ms, void *),
			   void *, struct err *);
	int (*get_usage)(struct store *, const struct store_prune *prune, struct store_usage *,
			 struct err *);
	void (*set_limit)(struct store *, int64_t bytes);
	int (*check)(struct store *, struct err *); /* aside */
	bool (*wants_checkpoint)(struct store *);   /* from the loop; NULL: never */
	void (*checkpoint)(struct store *);         /* aside */
	void (*close)(struct store *);
};

struct store_errand;

/* Embedded first in each store. */
struct store {
	const struct store_back *back;
	struct loop *loop;
	struct task gather; /* all that one turn of the loop commits goes in one group */
	struct list waiting;
	bool urgent; /* one of them goes ahead */
	unsigned n_waiting;
	int64_t began_us;   /* the last group; clock_work_us */
	bool hurry;         /* one of them is waited for */
	struct timer notes; /* the others' time is over */
	struct list ahead;  /* carried out, and to be called back first */
	struct list
		told; /* carried out; they are called back a few a turn, so that a large group is no stall */
	struct task tell;
	bool *gone; /* set when a callback closed the store; NULL: none is under way */
	struct store_errand *group; /* the one at the worker; NULL: none */
	struct list asks;           /* reads that wait for the one at the worker */
	struct store_errand *ask;   /* the one at the worker; NULL: none */
	struct list
		aside; /* errands beside the groups, under way: checks, and one checkpoint at most */
	bool checkpointing;
	pthread_mutex_t lock; /* the database: a group, or a read at start */
	struct err failing;   /* of the newest group; NONE: it is on disk */
	bool closing;
	char *path;        /* the file; NULL: none */
	unsigned fail_nth; /* memory store: counts down to the commit that fails */
	enum err_kind fail_kind;
};

void store_init(struct store *store, const struct store_back *back, struct loop *loop);
void store_done(struct store *store);

/* The end of transactions: what was begun is waited for, the rest is CANCELED. `silent`: nobody is called back (a
 * crash). */
void store_drain(struct store *store, bool silent);

/* Fills *err, returns -1: the condition of store_txn_request. */
int store_id_taken(struct err *err);

#define STORE_CHAIN_START "0000000000000000000000000000000000000000000000000000000000000000"

#endif
