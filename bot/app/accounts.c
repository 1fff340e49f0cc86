/* accounts.c - one list of droplets for a command: of the one account, or of several put together
 *
 * Every account must answer: a list that silently misses one account's droplets would be a lie, and a name or a tag may be there
 * too. An id is not: no two droplets of DigitalOcean have the same, so whoever names only ids need not wait for the accounts that
 * do not have them, and `enough` says so.
 */
#include <stdlib.h>
#include <string.h>

#include "app/internal.h"
#include "base/log.h"
#include "base/mem.h"

/* The lists that came, as one. */
static struct ocean_snapshot *put_together(const struct account_want *want)
{
	struct ocean_snapshot *merged;
	struct droplet *all = NULL;
	size_t n_all = 0;

	for (size_t i = 0; i < want->app->n_accounts; i++) {
		size_t n;
		const struct droplet *some;

		if (want->snapshots[i] == NULL) {
			continue;
		}
		some = ocean_snapshot_all(want->snapshots[i], &n);
		all = mem_grow(all, n_all + n, sizeof(*all));
		if (n > 0) {
			memcpy(all + n_all, some, n * sizeof(*all));
		}
		n_all += n;
	}
	merged = ocean_snapshot_new(all, n_all);
	free(all);
	return merged;
}

static void drop_lists(struct account_want *want)
{
	for (size_t i = 0; i < want->app->n_accounts; i++) {
		ocean_snapshot_unref(want->snapshots[i]);
		want->snapshots[i] = NULL;
	}
}

/* All have answered. */
static void finish(struct account_want *want)
{
	struct ocean_snapshot *merged;

	if (want->failed) {
		drop_lists(want);
		want->done(want, NULL, &want->err);
		return;
	}
	if (want->app->n_accounts == 1) {
		want->done(want, want->snapshots[0], NULL);
		return;
	}
	merged = put_together(want);
	drop_lists(want);
	want->done(want, merged, NULL);
}

/* Before all have answered, or without those that failed. */
static bool finish_early(struct account_want *want)
{
	struct ocean_snapshot *merged;

	if (want->enough == NULL || (want->n_open == 0 && !want->failed)) {
		return false;
	}
	merged = put_together(want);
	if (!want->enough(want, merged)) {
		ocean_snapshot_unref(merged);
		return false;
	}
	account_cancel(want);
	want->done(want, merged, NULL);
	return true;
}

static void one_done(struct ocean_want *one, struct ocean_snapshot *snapshot, const struct err *err)
{
	struct account_want *want = one->data;

	want->snapshots[one - want->wants] = snapshot;
	if (snapshot != NULL && ocean_snapshot_no_projects(snapshot) != NULL) {
		/* rules that name a project deny now, and this is why */
		log_line(LOG_WARN, "ocean.projects", "account",
			 want->app->accounts[one - want->wants].ocean->name, "why",
			 ocean_snapshot_no_projects(snapshot), NULL);
	}
	if (err != NULL && !want->failed) {
		want->failed = true;
		want->err = *err;
		if (want->app->n_accounts > 1) {
			err_prefix(&want->err, "account \"%s\"",
				   want->app->accounts[one - want->wants].ocean->name);
		}
	}
	want->is_open[one - want->wants] = false;
	want->n_open--;
	if ((snapshot == NULL || !finish_early(want)) && want->n_open == 0) {
		finish(want);
	}
}

void account_want(struct app *app, struct account_want *want, int64_t max_age_ms,
		  enum tier max_tier)
{
	want->app = app;
	want->n_open = app->n_accounts;
	for (size_t i = 0; i < app->n_accounts; i++) {
		struct ocean_want *one = &want->wants[i];

		want->is_open[i] = true;
		one->max_age_ms = max_age_ms;
		one->max_tier = max_tier;
		one->interactive = true;
		one->done = one_done;
		one->data = want;
		ocean_index_want(app->accounts[i].index, one);
	}
}

void account_cancel(struct account_want *want)
{
	if (want->app == NULL) { /* nothing was asked for yet */
		return;
	}
	for (size_t i = 0; i < want->app->n_accounts; i++) {
		if (want->is_open[i]) {
			ocean_index_cancel(&want->wants[i]);
			want->is_open[i] = false;
		}
	}
	drop_lists(want);
	want->n_open = 0;
}

struct app_account *account_find(struct app *app, const char *name)
{
	for (size_t i = 0; i < app->n_accounts; i++) {
		if (name == NULL || strcmp(app->accounts[i].ocean->name, name) == 0) {
			return &app->accounts[i];
		}
	}
	return NULL;
}
