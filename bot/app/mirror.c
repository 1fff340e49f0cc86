/* mirror.c - the audit log's newest row, posted where people see it
 *
 * Happy path: a timer -> the worker looks at the newest row and at the one that was posted last -> the post, and where we are as a
 * cursor in the store, so that a restart says how many came since.
 *
 * Failure modes: the log cannot be read: tried again next time. The row that was posted last is another one now, or gone: that
 * is said, loudly. Nobody can be reached at a stop: it waits a second, no longer.
 */
#include "app/mirror.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

#define CURSOR "audit-mirror"

struct head {
	int64_t seq; /* 0: none */
	char hash[STORE_HASH_SIZE];
};

struct mirror {
	struct app *app;
	struct timer timer;
	struct head told; /* what was posted last */
	/* the worker's, while it looks */
	struct head newest;
	bool rewritten; /* `told` is not what stands there */
	struct err err;
	bool looking;

	void (*ended)(void *data); /* NULL: not stopping */
	void *ended_data;
	struct timer stop_timer;
	unsigned n_posts;   /* of the last one, not delivered yet */
	unsigned n_commits; /* of the cursor, under way */
	bool over;          /* posts are not waited for any more */
};

/* ---- looking ------------------------------------------------------------------------------- */

static int look_at_row(const struct store_log *log, void *data)
{
	struct mirror *mirror = data;

	/* one that is not there at all was cut off with those before it */
	mirror->rewritten =
		log->seq == mirror->told.seq && strcmp(log->hash, mirror->told.hash) != 0;
	return 1;
}

/* On the worker: two rows are looked at, however long the log is. */
static void look_at_log(struct store *store, void *data)
{
	struct mirror *mirror = data;
	struct store_usage usage;

	memset(&mirror->err, 0, sizeof(mirror->err));
	mirror->rewritten = false;
	if (store_get_usage(store, NULL, &usage, &mirror->err) < 0) {
		return;
	}
	mirror->newest.seq = usage.last_seq;
	memcpy(mirror->newest.hash, usage.last_hash, sizeof(mirror->newest.hash));
	if (mirror->newest.seq < mirror->told.seq) {
		mirror->rewritten = true;
	} else if (mirror->told.seq > 0) {
		(void)store_each_log(store, mirror->told.seq, look_at_row, mirror, &mirror->err);
	}
}

/* ---- posting ------------------------------------------------------------------------------- */

static const struct message *words(const struct mirror *mirror, struct arena *arena)
{
	long long seq = (long long)mirror->newest.seq;
	long long since = seq - (long long)mirror->told.seq;
	struct build build;

	build_init(&build, arena, mirror->rewritten ? TONE_BAD : TONE_PLAIN);
	if (mirror->rewritten) {
		build_line(&build, "*The audit log was rewritten.*");
		build_line(&build,
			   "Row %lld is not the one that I told:", (long long)mirror->told.seq);
		build_line(&build, "`%lld:%s`", (long long)mirror->told.seq, mirror->told.hash);
	} else {
		build_line(&build, "Audit log: %lld row%s more.", since, since == 1 ? "" : "s");
	}
	build_line(&build, "`%lld:%s`", seq, mirror->newest.hash);
	return build_end(&build);
}

static void finish_stop(struct mirror *mirror)
{
	void (*ended)(void *) = mirror->ended;

	timer_stop(&mirror->stop_timer);
	mirror->ended = NULL;
	if (ended != NULL) {
		ended(mirror->ended_data);
	}
}

/* The store calls back in any case, and must find us. Posts are waited for as long as the timer runs. */
static bool may_end(const struct mirror *mirror)
{
	return !mirror->looking && mirror->n_commits == 0 && (mirror->n_posts == 0 || mirror->over);
}

/* The queue and the store may not be taken down from in here: the timer does it. */
static void settle(struct mirror *mirror)
{
	if (mirror->ended != NULL && may_end(mirror)) {
		timer_start(&mirror->stop_timer, 0);
	}
}

static void delivered(struct post_card *card, const char *id, const struct err *err, void *data)
{
	struct mirror *mirror = data;

	(void)card;
	(void)id;
	(void)err; /* the next one tells more */
	mirror->n_posts--;
	settle(mirror);
}

static void remembered(void *data, const struct err *err)
{
	struct mirror *mirror = data;

	mirror->n_commits--;
	if (err != NULL) { /* after a restart it is told once more */
		log_line(LOG_WARN, "audit.mirror", "why", err->msg, NULL);
	}
	settle(mirror);
}

static void remember(struct mirror *mirror)
{
	struct store_txn *txn = store_txn_new(mirror->app->store);
	char value[STORE_HASH_SIZE + 24];

	mirror->told = mirror->newest;
	(void)snprintf(value, sizeof(value), "%lld:%s", (long long)mirror->told.seq,
		       mirror->told.hash);
	store_txn_cursor(txn, CURSOR, value);
	mirror->n_commits++;
	store_commit(txn, remembered, mirror);
}

static void post(struct mirror *mirror, const char *channel)
{
	struct app *app = mirror->app;
	const struct policy *policy = gate_policy(app->gate);
	struct arena arena = {0};
	const struct message *message = words(mirror, &arena);

	if (mirror->rewritten) {
		log_line(LOG_ERROR, "audit.rewritten", "told", mirror->told.hash, NULL);
		keepers_post(app, policy, message);
	}
	if (mirror->ended == NULL) { /* nobody waits for it */
		(void)channel_post(app, policy, channel, message, NULL, NULL);
	} else {
		mirror->n_posts = channel_post(app, policy, channel, message, delivered, mirror);
	}
	remember(mirror);
	arena_done(&arena);
}

static void looked(void *data, const struct err *err)
{
	struct mirror *mirror = data;
	const char *channel = policy_setting(gate_policy(mirror->app->gate), "audit_mirror");
	bool good = err == NULL && mirror->err.kind == ERR_NONE;

	mirror->looking = false;
	if (good && channel != NULL &&
	    (mirror->newest.seq > mirror->told.seq || mirror->rewritten)) {
		post(mirror, channel);
	} else if (!good) {
		log_line(LOG_WARN, "audit.mirror", "why", err != NULL ? err->msg : mirror->err.msg,
			 NULL);
	}
	settle(mirror);
}

/* False: there is nobody to tell. */
static bool look(struct mirror *mirror)
{
	struct app *app = mirror->app;

	if (policy_setting(gate_policy(app->gate), "audit_mirror") == NULL) {
		return false;
	}
	if (!mirror->looking) {
		mirror->looking = true;
		store_ask(app->store, look_at_log, looked, mirror);
	}
	return true;
}

static void on_timer(struct timer *timer)
{
	struct mirror *mirror = timer->data;

	(void)look(mirror);
	timer_start(timer, MIRROR_EVERY_MS);
}

/* ---- life ---------------------------------------------------------------------------------- */

/* All were delivered, or it took too long. */
static void on_stop_over(struct timer *timer)
{
	struct mirror *mirror = timer->data;

	mirror->over = true;
	if (may_end(mirror)) {
		finish_stop(mirror);
	} /* else the store's answer comes here again */
}

struct mirror *mirror_new(struct app *app)
{
	struct mirror *mirror = mem_alloc(sizeof(*mirror));

	mirror->app = app;
	timer_init(&mirror->timer, app->loop, on_timer, mirror);
	timer_init(&mirror->stop_timer, app->loop, on_stop_over, mirror);
	return mirror;
}

void mirror_start(struct mirror *mirror)
{
	char value[STORE_HASH_SIZE + 24];
	char *hash;

	if (store_get_cursor(mirror->app->store, CURSOR, value, sizeof(value), NULL) == 0 &&
	    (hash = strchr(value, ':')) != NULL) {
		mirror->told.seq = strtoll(value, NULL, 10);
		(void)snprintf(mirror->told.hash, sizeof(mirror->told.hash), "%s", hash + 1);
	}
	timer_start(&mirror->timer, MIRROR_FIRST_MS);
}

void mirror_stop(struct mirror *mirror, void (*ended)(void *data), void *data)
{
	timer_stop(&mirror->timer);
	mirror->ended = ended;
	mirror->ended_data = data;
	timer_start(&mirror->stop_timer,
		    app_chats_up(mirror->app) > 0 && look(mirror) ? MIRROR_STOP_MS : 0);
}

void mirror_free(struct mirror *mirror)
{
	free(mirror);
}
