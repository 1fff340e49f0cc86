/* accounts.c - one list of droplets for a command: of the one account, or of several put together
 *
 * Every account must answer: a list that silently misses one account's droplets would be a lie.
 */
#include <stdlib.h>
#include <string.h>

#include "app/internal.h"
#include "base/log.h"
#include "base/mem.h"

static void finish(struct account_want *want)
{
	struct app *app = want->app;
	struct ocean_snapshot *merged = NULL;
	struct droplet *all = NULL;
	size_t n_all = 0;

	if (want->failed) {
		for (size_t i = 0; i < app->n_accounts; i++) {
			ocean_snapshot_unref(want->snapshots[i]);
		}
		want->done(want, NULL, &want->err);
		return;
	}
	if (app->n_accounts == 1) {
		want->done(want, want->snapshots[0], NULL);
		return;
	}
	for (size_t i = 0; i < app->n_accounts; i++) {
		size_t n;
		const struct droplet *some = ocean_snapshot_all(want->snapshots[i], &n);

		all = mem_grow(all, n_all + n, sizeof(*all));
		if (n > 0) {
			memcpy(all + n_all, some, n * sizeof(*all));
		}
		n_all += n;
	}
	merged = ocean_snapshot_new(all, n_all);
	free(all);
	for (size_t i = 0; i < app->n_accounts; i++) {
		ocean_snapshot_unref(want->snapshots[i]);
	}
	want->done(want, merged, NULL);
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
	if (--want->n_open == 0) {
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
	for (size_t i = 0; want->n_open > 0 && i < want->app->n_accounts; i++) {
		if (want->snapshots[i] == NULL) {
			ocean_index_cancel(&want->wants[i]);
		} else {
			ocean_snapshot_unref(want->snapshots[i]);
		}
	}
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
