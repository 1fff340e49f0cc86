/* upkeep.c - keeps the store small and looks after it: every few seconds a look, and work only where there is some
 *
 * One round: how full is it -> what ended long ago is pruned, bite after bite -> the audit log rolls over -> repeated denials of
 * past minutes are written. The first round also begins to look whether the database is sound; that goes on beside all else. Reads
 * and writes run on the store's worker between two groups; the loop only hears of the results.
 *
 * Failure modes: damage (health turns red and stays so, the keepers are told); the space is nearly used up (told at 80 %, and
 * when it is); a prune or a roll fails (logged, tried again next round).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/internal.h"
#include "audit/audit.h"
#include "audit/roll.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "metrics/metrics.h"

#define SEEN_KEPT_MS \
	(48 * 3600 * (int64_t)1000) /* a platform may repeat for a day: room to spare */
#define DAY_MS (24 * 3600 * (int64_t)1000)
#define KEEP_DAYS 90
#define KEEP_REQUESTS 100000
#define AUDIT_ROWS 100000
#define FIRST_MS 5000
#define ROUND_MS 15000
#define WRITTEN_MS \
	2000 /* where something was written since the last one: memory goes back soon after a burst */
#define BUSY_MS 1000 /* where this one had work */
#define CHECK_TAIL_ROWS 500
#define BITES_MAX 50
#define WARN_PERCENT 80
#define CALM_PERCENT 75

struct upkeep {
	struct app *app; /* NULL: gone; what is under way frees this */
	struct store *store;
	struct timer timer;
	struct app_keep keep;
	struct audit_roll *roll;
	bool under_way, worked;
	bool calm; /* nothing was written since the last round */
	unsigned bites;
	/* what the worker is asked for, and what it found */
	struct store_prune bounds;
	struct store_usage usage;
	struct err err;
	bool check;    /* is due: with the first round */
	bool checking; /* is under way */
	struct err damage;
	/* on the loop */
	int64_t log_rows;
	struct err broken, failing;
	bool warned_state, warned_files;
	int64_t cut_seq;
};

static void tick(struct timer *timer);

static int64_t or_default(int64_t value, int64_t fallback)
{
	return value > 0 ? value : fallback;
}

struct upkeep *upkeep_new(struct app *app, const struct app_keep *keep)
{
	struct upkeep *upkeep = mem_alloc(sizeof(*upkeep));

	upkeep->app = app;
	upkeep->store = app->store;
	upkeep->keep = *keep;
	upkeep->keep.days = or_default(keep->days, KEEP_DAYS);
	upkeep->keep.requests = or_default(keep->requests, KEEP_REQUESTS);
	upkeep->keep.audit_rows = or_default(keep->audit_rows, AUDIT_ROWS);
	upkeep->roll = audit_roll_new(app->store);
	upkeep->check = true;
	timer_init(&upkeep->timer, app->loop, tick, upkeep);
	return upkeep;
}

void upkeep_start(struct upkeep *upkeep)
{
	store_set_limit(upkeep->store, upkeep->keep.state_bytes);
	timer_start(&upkeep->timer, FIRST_MS);
}

static void release(struct upkeep *upkeep)
{
	audit_roll_free(upkeep->roll);
	free(upkeep);
}

void upkeep_free(struct upkeep *upkeep)
{
	if (upkeep == NULL) {
		return;
	}
	timer_stop(&upkeep->timer);
	upkeep->app = NULL;
	if (!upkeep->under_way && !upkeep->checking) {
		release(upkeep);
	}
}

int64_t upkeep_log_rows(const struct upkeep *upkeep)
{
	return upkeep != NULL ? upkeep->log_rows : 0;
}

const char *upkeep_trouble(struct upkeep *upkeep)
{
	if (upkeep->broken.kind != ERR_NONE) {
		return upkeep->broken.msg;
	}
	return store_failing(upkeep->store, &upkeep->failing) ? upkeep->failing.msg : NULL;
}

/* ---- warnings ------------------------------------------------------------------------------ */

static void warn_of(struct upkeep *upkeep, const char *what, int64_t used, int64_t limit,
		    const char *more, bool *warned)
{
	int64_t percent = limit > 0 ? used * 100 / limit : 0;
	char text[128];

	if (percent >= WARN_PERCENT && !*warned) {
		*warned = true;
		(void)snprintf(text, sizeof(text), "%s has %lld %% of its %lld MiB.", what,
			       (long long)percent, (long long)(limit >> 20));
		log_line(LOG_WARN, "store.space", "why", text, NULL);
		app_tell_keepers(upkeep->app, text, more);
	} else if (percent < CALM_PERCENT) {
		*warned = false;
	}
}

static void tell_broken(struct upkeep *upkeep)
{
	metrics_set(METRIC_STORE_BROKEN, 1);
	log_line(LOG_ERROR, "store.broken", "why", upkeep->broken.msg, NULL);
	app_tell_keepers(upkeep->app, "My database is damaged.", upkeep->broken.msg);
}

/* ---- a round ------------------------------------------------------------------------------- */

static void look(struct store *store, void *data);
static void looked(void *data, const struct err *err);

/* Gone meanwhile? Then nothing of the round is left to do. */
static bool is_over(struct upkeep *upkeep)
{
	if (upkeep->app != NULL) {
		return false;
	}
	upkeep->under_way = false;
	if (!upkeep->checking) {
		release(upkeep);
	}
	return true;
}

static void end_round(struct upkeep *upkeep)
{
	upkeep->under_way = false;
	if (upkeep->calm) { /* what a burst needed goes back when it is over: that takes milliseconds */
		mem_trim_grown();
	}
	denials_flush(upkeep->app, false);
	timer_start(&upkeep->timer, upkeep->worked ? BUSY_MS
				    : upkeep->calm ? ROUND_MS
						   : WRITTEN_MS);
}

static void rolled(void *data, int64_t folder_bytes, const struct err *err)
{
	struct upkeep *upkeep = data;

	if (is_over(upkeep)) {
		return;
	}
	metrics_set(METRIC_AUDIT_FILE_BYTES, folder_bytes);
	warn_of(upkeep, "The folder of closed audit files", folder_bytes, upkeep->keep.audit_bytes,
		"Move the oldest files away. When it is full the log stays in the database.",
		&upkeep->warned_files);
	if (err != NULL) {
		log_line(LOG_WARN, "audit.roll", "why", err->msg, NULL);
	}
	end_round(upkeep);
}

static void roll(struct upkeep *upkeep)
{
	struct audit_roll_options options = {
		.keep_rows = upkeep->keep.audit_rows,
		.folder_bytes = upkeep->keep.audit_bytes,
		.squeeze = upkeep->usage.limit_bytes > 0 &&
			   upkeep->usage.used_bytes > upkeep->usage.limit_bytes / 2,
	};

	if (!audit_roll_run(upkeep->roll, &options, rolled, upkeep)) {
		end_round(upkeep);
	}
}

static void pruned(void *data, const struct err *err)
{
	struct upkeep *upkeep = data;

	if (is_over(upkeep)) {
		return;
	}
	if (err != NULL) {
		log_line(LOG_WARN, "store.upkeep", "why", err->msg, NULL);
		end_round(upkeep);
		return;
	}
	store_ask(upkeep->store, look, looked, upkeep);
}

static void prune(struct upkeep *upkeep)
{
	struct store_txn *txn = store_txn_new(upkeep->store);

	upkeep->worked = true;
	store_txn_prune(txn, &upkeep->bounds);
	store_commit(txn, pruned, upkeep);
}

/* On the worker. */
static void look(struct store *store, void *data)
{
	struct upkeep *upkeep = data;

	err_clear(&upkeep->err);
	(void)store_get_usage(store, &upkeep->bounds, &upkeep->usage, &upkeep->err);
	if (upkeep->check) {
		(void)audit_verify_tail(store, CHECK_TAIL_ROWS, &upkeep->damage);
	}
}

static void take_damage(struct upkeep *upkeep, const struct err *damage)
{
	if (damage->kind != ERR_NONE && upkeep->broken.kind == ERR_NONE) {
		upkeep->broken = *damage;
		tell_broken(upkeep);
	}
}

/* The start is over with it: what that needed once goes back. */
static void checked(void *data, const struct err *err)
{
	struct upkeep *upkeep = data;

	upkeep->checking = false;
	if (upkeep->app == NULL) {
		if (!upkeep->under_way) {
			release(upkeep);
		}
		return;
	}
	if (err != NULL && err->kind != ERR_CANCELED) {
		take_damage(upkeep, err);
	}
	mem_trim();
}

static void looked(void *data, const struct err *err)
{
	struct upkeep *upkeep = data;

	if (is_over(upkeep)) {
		return;
	}
	if (err != NULL || upkeep->err.kind != ERR_NONE) {
		log_line(LOG_WARN, "store.upkeep", "why", err != NULL ? err->msg : upkeep->err.msg,
			 NULL);
		end_round(upkeep);
		return;
	}
	upkeep->calm = upkeep->log_rows == upkeep->usage.last_seq;
	upkeep->log_rows = upkeep->usage.last_seq;
	take_damage(upkeep, &upkeep->damage);
	if (upkeep->check) {
		upkeep->check = false;
		upkeep->checking = true;
		store_check(upkeep->store, checked, upkeep);
	}
	metrics_set(METRIC_STORE_BYTES, upkeep->usage.used_bytes);
	metrics_set(METRIC_STORE_LIMIT_BYTES, upkeep->usage.limit_bytes);
	warn_of(upkeep, "My database", upkeep->usage.used_bytes, upkeep->usage.limit_bytes,
		"When it is full I refuse changes.", &upkeep->warned_state);
	upkeep->worked = upkeep->worked || upkeep->usage.cut_seq != upkeep->cut_seq;
	upkeep->cut_seq = upkeep->usage.cut_seq;
	if (upkeep->usage.due && upkeep->bites++ < BITES_MAX) {
		prune(upkeep);
	} else {
		roll(upkeep);
	}
}

static void tick(struct timer *timer)
{
	struct upkeep *upkeep = timer->data;
	int64_t now_ms = clock_wall_ms();

	upkeep->under_way = true;
	upkeep->worked = false;
	upkeep->bites = 0;
	upkeep->bounds.seen_before_ms = now_ms - SEEN_KEPT_MS;
	upkeep->bounds.places_before_ms = now_ms - STORE_PLACES_MS;
	upkeep->bounds.final_before_ms = now_ms - upkeep->keep.days * DAY_MS;
	upkeep->bounds.finals_kept = upkeep->keep.requests;
	store_ask(upkeep->store, look, looked, upkeep);
}
