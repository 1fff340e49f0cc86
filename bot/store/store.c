/* store.c - transactions gathered on the loop, carried out in order on the worker, many in one commit
 *
 * Happy path: store_commit appends to `waiting`; at the next turn all that wait become one group, which the worker applies
 * (each transaction undone alone when its condition does not hold) and commits once; back on the loop each is called back
 * in order, and what came meanwhile is the next group.
 *
 * Failure modes: a condition does not hold (that one gets CONFLICT); the disk or the database fails (begin, apply or the
 * commit itself: every transaction of the group gets STORE, nothing of it is on disk); the store is closed (a group at the
 * worker is waited for, the others get CANCELED).
 */
#include "store/store.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "metrics/metrics.h"
#include "store/internal.h"

enum group_state {
	GROUP_QUEUED = 0,
	GROUP_RUNNING,
	GROUP_OVER, /* carried out; or taken back by close before the worker had begun */
};

/* Outlives its store when the store is closed before the loop heard of the end. */
struct store_group {
	struct work work;
	struct store *store; /* NULL: closed meanwhile */
	struct list txns;
	pthread_mutex_t lock;
	pthread_cond_t over;
	enum group_state state;
};

static void gather(struct task *task);

void store_init(struct store *store, const struct store_back *back, struct loop *loop)
{
	pthread_mutexattr_t nested; /* a read's callback may read */

	store->back = back;
	store->loop = loop;
	list_init(&store->waiting);
	(void)pthread_mutexattr_init(&nested);
	(void)pthread_mutexattr_settype(&nested, PTHREAD_MUTEX_RECURSIVE);
	(void)pthread_mutex_init(&store->lock, &nested);
	(void)pthread_mutexattr_destroy(&nested);
	if (loop != NULL) {
		task_init(&store->gather, loop, gather, store);
	}
}

void store_done(struct store *store)
{
	assert(list_empty(&store->waiting) && store->group == NULL);
	(void)pthread_mutex_destroy(&store->lock);
	free(store->path);
	store->path = NULL;
}

/* ---- what a transaction will do ------------------------------------------------------------ */

struct store_txn *store_txn_new(struct store *store)
{
	struct store_txn *txn = mem_alloc(sizeof(*txn));

	list_init(&txn->link);
	txn->store = store;
	arena_init(&txn->arena);
	txn->last = &txn->first;
	return txn;
}

void store_txn_drop(struct store_txn *txn)
{
	if (txn != NULL) {
		arena_done(&txn->arena);
		free(txn);
	}
}

static struct store_op *add(struct store_txn *txn, enum op_kind kind)
{
	struct store_op *op = arena_alloc(&txn->arena, sizeof(*op));

	op->kind = kind;
	*txn->last = op;
	txn->last = &op->next;
	return op;
}

static const char *copy(struct store_txn *txn, const char *text)
{
	return text != NULL ? arena_strdup(&txn->arena, text) : "";
}

void store_txn_seen(struct store_txn *txn, const char *key, int64_t now_ms)
{
	struct store_op *op = add(txn, OP_SEEN);

	op->name = copy(txn, key);
	op->at_ms = now_ms;
}

void store_txn_job(struct store_txn *txn, const struct store_job *job)
{
	struct store_op *op = add(txn, OP_JOB);

	op->job = *job;
	op->job.account = copy(txn, job->account);
	op->job.droplet_name = copy(txn, job->droplet_name);
	op->job.outcome = copy(txn, job->outcome);
}

void store_txn_request(struct store_txn *txn, const struct store_request *request)
{
	struct store_op *op = add(txn, OP_REQUEST);
	struct store_request *to = &op->request;

	*to = *request;
	to->network = copy(txn, request->network);
	to->workspace = copy(txn, request->workspace);
	to->channel = copy(txn, request->channel);
	to->thread = copy(txn, request->thread);
	to->user_workspace = copy(txn, request->user_workspace);
	to->user = copy(txn, request->user);
	to->person = copy(txn, request->person);
	to->answers = copy(txn, request->answers);
	to->verb = copy(txn, request->verb);
	to->words = copy(txn, request->words);
	to->policy_id = copy(txn, request->policy_id);
	to->card = copy(txn, request->card);
}

void store_txn_log(struct store_txn *txn, const char *body)
{
	add(txn, OP_LOG)->name = copy(txn, body);
}

void store_txn_cursor(struct store_txn *txn, const char *name, const char *value)
{
	struct store_op *op = add(txn, OP_CURSOR);

	op->name = copy(txn, name);
	op->value = copy(txn, value);
}

void store_txn_forget(struct store_txn *txn, int64_t seen_before_ms)
{
	add(txn, OP_FORGET)->at_ms = seen_before_ms;
}

/* ---- groups -------------------------------------------------------------------------------- */

static struct store_txn *first_txn(struct list *list)
{
	return list_empty(list) ? NULL : LIST_ENTRY(list->next, struct store_txn, link);
}

static void call_back(struct store_txn *txn)
{
	list_remove(&txn->link);
	metrics_add(txn->result.kind == ERR_NONE ? METRIC_STORE_COMMITS : METRIC_STORE_ERRORS,
		    txn->result.kind == ERR_NONE || txn->result.kind == ERR_STORE ? 1 : 0);
	txn->done(txn->data, txn->result.kind == ERR_NONE ? NULL : &txn->result);
	store_txn_drop(txn);
}

static void call_back_all(struct list *txns)
{
	struct store_txn *txn;

	while ((txn = first_txn(txns)) != NULL) {
		call_back(txn);
	}
}

static void fail_all(struct list *txns, const struct err *err)
{
	LIST_FOREACH(it, txns)
	{
		err_copy(&LIST_ENTRY(it, struct store_txn, link)->result, err);
	}
}

/* On the worker. A conflict counts only when its group is on disk: it may be one with a neighbour that was undone too. */
static void carry_out(struct store *store, struct list *txns)
{
	struct err err = {0};
	bool lost = false;

	if (store->back->begin(store, &err) < 0) {
		fail_all(txns, &err);
		return;
	}
	LIST_FOREACH(it, txns)
	{
		struct store_txn *txn = LIST_ENTRY(it, struct store_txn, link);

		if (store->back->apply(store, txn, &lost, &txn->result) < 0 && lost) {
			err_copy(&err, &txn->result);
			break;
		}
	}
	if (lost || store->back->finish(store, &err) < 0) {
		store->back->undo(store);
		fail_all(txns, &err);
	}
}

static void group_run(struct work *work)
{
	struct store_group *group = work->data;
	bool begin;

	(void)pthread_mutex_lock(&group->lock);
	begin = group->state == GROUP_QUEUED;
	if (begin) {
		group->state = GROUP_RUNNING;
	}
	(void)pthread_mutex_unlock(&group->lock);
	if (!begin) {
		return;
	}
	(void)pthread_mutex_lock(&group->store->lock);
	carry_out(group->store, &group->txns);
	(void)pthread_mutex_unlock(&group->store->lock);
	(void)pthread_mutex_lock(&group->lock);
	group->state = GROUP_OVER;
	(void)pthread_cond_signal(&group->over);
	(void)pthread_mutex_unlock(&group->lock);
}

static void group_free(struct store_group *group)
{
	(void)pthread_mutex_destroy(&group->lock);
	(void)pthread_cond_destroy(&group->over);
	free(group);
}

static void group_done(struct work *work)
{
	struct store_group *group = work->data;
	struct store *store = group->store;

	if (store != NULL) {
		store->group = NULL;
		if (!list_empty(&store->waiting)) {
			task_post(&store->gather);
		}
		/* the last touch of the store is above: a callback may close it */
		call_back_all(&group->txns);
	}
	group_free(group);
}

static void move_all(struct list *from, struct list *to)
{
	while (!list_empty(from)) {
		struct list *one = from->next;

		list_remove(one);
		list_append(to, one);
	}
}

static void gather(struct task *task)
{
	struct store *store = task->data;
	struct store_group *group;

	if (store->group != NULL || list_empty(&store->waiting)) {
		return;
	}
	group = mem_alloc(sizeof(*group));
	group->store = store;
	list_init(&group->txns);
	(void)pthread_mutex_init(&group->lock, NULL);
	(void)pthread_cond_init(&group->over, NULL);
	move_all(&store->waiting, &group->txns);
	group->work.run = group_run;
	group->work.done = group_done;
	group->work.data = group;
	store->group = group;
	work_start(store->loop, &group->work);
}

void store_commit(struct store_txn *txn, void (*done)(void *data, const struct err *err),
		  void *data)
{
	struct store *store = txn->store;

	assert(store->loop != NULL); /* opened for reading only */
	txn->done = done;
	txn->data = data;
	if (store->fail_nth > 0 && --store->fail_nth == 0) {
		txn->fault = store->fail_kind;
	}
	list_append(&store->waiting, &txn->link);
	if (store->group == NULL && !store->closing) {
		task_post(&store->gather);
	}
}

/* ---- the end ------------------------------------------------------------------------------- */

/* Takes the group from the worker: waits for it when it runs, stops it when it does not yet. True: it was carried out. */
static bool take_back(struct store_group *group)
{
	bool ran;

	(void)pthread_mutex_lock(&group->lock);
	ran = group->state != GROUP_QUEUED;
	while (group->state == GROUP_RUNNING) {
		(void)pthread_cond_wait(&group->over, &group->lock);
	}
	group->state = GROUP_OVER;
	(void)pthread_mutex_unlock(&group->lock);
	group->store = NULL; /* group_done frees the group and touches nothing else */
	return ran;
}

static void drop_all(struct list *txns)
{
	struct store_txn *txn;

	while ((txn = first_txn(txns)) != NULL) {
		list_remove(&txn->link);
		store_txn_drop(txn);
	}
}

void store_drain(struct store *store, bool silent)
{
	struct list over;
	struct err canceled = {0};

	err_set(&canceled, ERR_CANCELED, "the store is closed: nothing was written");
	store->closing = true;
	list_init(&over);
	if (store->loop != NULL) {
		task_cancel(&store->gather);
	}
	if (store->group != NULL) {
		if (!take_back(store->group)) {
			fail_all(&store->group->txns, &canceled);
		}
		move_all(&store->group->txns, &over);
		store->group = NULL;
	}
	/* a callback may commit once more: that one is canceled too */
	while (!list_empty(&over) || !list_empty(&store->waiting)) {
		fail_all(&store->waiting, &canceled);
		move_all(&store->waiting, &over);
		if (silent) {
			drop_all(&over);
		} else {
			call_back_all(&over);
		}
	}
}

void store_close(struct store *store)
{
	if (store != NULL) {
		store_drain(store, false);
		store->back->close(store);
	}
}

/* ---- reads at start ------------------------------------------------------------------------ */

int store_each_request(struct store *store, bool open_only,
		       int (*each)(const struct store_request *, void *), void *data,
		       struct err *err)
{
	int rc;

	(void)pthread_mutex_lock(&store->lock);
	rc = store->back->each_request(store, open_only, each, data, err);
	(void)pthread_mutex_unlock(&store->lock);
	return rc;
}

int store_each_job(struct store *store, const char *request_id,
		   int (*each)(const struct store_job *, void *), void *data, struct err *err)
{
	int rc;

	(void)pthread_mutex_lock(&store->lock);
	rc = store->back->each_job(store, request_id, each, data, err);
	(void)pthread_mutex_unlock(&store->lock);
	return rc;
}

int store_get_cursor(struct store *store, const char *name, char *buf, size_t size, struct err *err)
{
	int rc;

	(void)pthread_mutex_lock(&store->lock);
	rc = store->back->get_cursor(store, name, buf, size, err);
	(void)pthread_mutex_unlock(&store->lock);
	return rc;
}

int store_each_cursor(struct store *store, const char *prefix,
		      int (*each)(const char *rest, const char *value, void *), void *data,
		      struct err *err)
{
	int rc;

	(void)pthread_mutex_lock(&store->lock);
	rc = store->back->each_cursor(store, prefix, each, data, err);
	(void)pthread_mutex_unlock(&store->lock);
	return rc;
}

const char *store_path(const struct store *store)
{
	return store->path;
}

int store_each_log(struct store *store, int64_t from, int (*each)(const struct store_log *, void *),
		   void *data, struct err *err)
{
	int rc;

	(void)pthread_mutex_lock(&store->lock);
	rc = store->back->each_log(store, from, each, data, err);
	(void)pthread_mutex_unlock(&store->lock);
	return rc;
}
