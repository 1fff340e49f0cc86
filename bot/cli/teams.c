/* teams.c - whose each account is, and whether that is whose it was
 *
 * Happy path: one read an account, a line of the log, the name kept in the store for the next start. Failure modes: no answer -
 * a line of the log says why, what was kept stays; another team - the keepers are told, once, because the new one is kept.
 */
#include "cli/teams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

#define FIRST_MS 1000 /* no start waits for it */
#define TEAM_SIZE 200

struct one {
	struct teams *teams;
	struct ocean *ocean;
	struct ocean_call call;
};

struct teams {
	struct store *store;
	struct app *app;
	struct timer timer;
	struct one *ones;
	size_t n;
	bool stopped;
};

static void kept(void *data, const struct err *err)
{
	(void)data;
	if (err != NULL) {
		log_line(LOG_WARN, "ocean.team", "why", err->msg, NULL);
	}
}

/* Whose it was at the last start; "" where it was never asked. */
static void compare(struct teams *teams, const char *account, const char *team)
{
	char name[80], before[TEAM_SIZE] = "", what[400];
	struct err err = {0};
	struct store_txn *txn;

	(void)snprintf(name, sizeof(name), "team/%.64s", account);
	if (store_get_cursor(teams->store, name, before, sizeof(before), &err) < 0) {
		before[0] = '\0';
	}
	if (strcmp(before, team) == 0) {
		return;
	}
	if (before[0] != '\0') {
		(void)snprintf(
			what, sizeof(what),
			"Account %.64s is of the team %.100s now, at the last start it was %.100s.",
			account, team, before);
		app_tell_keepers(teams->app, what,
				 "Was its token changed on purpose? Changes go there now.");
	}
	txn = store_txn_new(teams->store);
	store_txn_cursor(txn, name, team);
	store_commit(txn, kept, NULL);
}

static void came(struct ocean_call *call, const struct err *err)
{
	struct one *one = call->data;
	const char *account = one->ocean->name;
	const char *team;
	char droplets[24];

	if (one->teams->stopped) {
		return;
	}
	if (err != NULL) {
		log_line(LOG_WARN, "ocean.team", "account", account, "why", err->msg, NULL);
		return;
	}
	team = call->account->team[0] != '\0' ? call->account->team : call->account->email;
	(void)snprintf(droplets, sizeof(droplets), "%u", call->account->droplet_limit);
	log_line(LOG_INFO, "ocean.team", "account", account, "team", team, "status",
		 call->account->status, "droplets-at-most", droplets, NULL);
	if (team[0] != '\0' && strlen(team) < TEAM_SIZE) {
		compare(one->teams, account, team);
	}
}

static void ask(struct timer *timer)
{
	struct teams *teams = timer->data;

	for (size_t i = 0; i < teams->n; i++) {
		struct one *one = &teams->ones[i];

		one->call = (struct ocean_call){
			.verb = OCEAN_ACCOUNT, .max_tier = TIER_READ, .done = came, .data = one};
		ocean_start(one->ocean, &one->call);
	}
}

struct teams *teams_ask(struct loop *loop, struct ocean *const *accounts, size_t n,
			struct store *store, struct app *app)
{
	struct teams *teams = mem_alloc(sizeof(*teams));

	teams->store = store;
	teams->app = app;
	teams->n = n;
	teams->ones = mem_array(n + 1, sizeof(*teams->ones));
	for (size_t i = 0; i < n; i++) {
		teams->ones[i] = (struct one){.teams = teams, .ocean = accounts[i]};
	}
	timer_init(&teams->timer, loop, ask, teams);
	timer_start(&teams->timer, FIRST_MS);
	return teams;
}

void teams_stop(struct teams *teams)
{
	if (teams != NULL) {
		teams->stopped = true;
		timer_stop(&teams->timer);
	}
}

void teams_free(struct teams *teams)
{
	if (teams != NULL) {
		free(teams->ones);
		free(teams);
	}
}
