/* teams.h - whose each account is, asked once after the start: a token of another team is noticed */
#ifndef CLI_TEAMS_H
#define CLI_TEAMS_H

#include "app/app.h"
#include "loop/loop.h"
#include "ocean/ocean.h"
#include "store/store.h"

struct teams;

/*
 * A moment after the start each account is asked whose it is: that goes to the log, and to the keepers where it is not whose it was
 * at the last start. All of it is borrowed.
 */
struct teams *teams_ask(struct loop *loop, struct ocean *const *accounts, size_t n,
			struct store *store, struct app *app);
void teams_stop(struct teams *teams); /* asks no more, and says no more; NULL is fine */
void teams_free(
	struct teams *
		teams); /* once the accounts are closed: what was under way has come back by then */

#endif
