/* app.h - the rooms put together: events in, commands decided and answered, changes handed to the jobs
 *
 * app_new takes ready parts, so that the program (cli/run.c, over sockets) and the scenario tests (in memory, over virtual
 * time) run the same code. app owns the chats and accounts it is given, borrows loop and store.
 */
#ifndef APP_APP_H
#define APP_APP_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/chat.h"
#include "chat/post.h"
#include "ocean/ocean.h"
#include "policy/policy.h"
#include "store/store.h"

struct app;

/* How much the store may hold; 0: the default of the setting (config/config.c). */
struct app_keep {
	int64_t days, requests;
	int64_t audit_rows, audit_bytes;
	int64_t state_bytes;
};

struct app_parts {
	struct loop *loop;
	struct store *store;
	struct policy *policy; /* referenced */
	struct chat *const *chats;
	size_t n_chats;
	struct ocean *const *accounts; /* ocean->name as in the policy */
	size_t n_accounts;
	const char *policy_text; /* as it was compiled, kept in the store; NULL: not known */
	const char *policy_path; /* where it is read again; NULL: it is no file */
	const char *user_data; /* the folder of templates (app/templates.h); NULL: there are none */
	const struct post_painter *painter; /* of charts, borrowed; NULL: none */
	struct app_keep keep;
	int64_t list_age_ms; /* how old the list of droplets may be for a read; 0: OCEAN_FRESH_READ_MS; or: */
#define LIST_ANEW (-1)        /* begun after it was asked for */
	const char *own_name; /* by which the bot is addressed: "sluice" */
	uint64_t own_droplet; /* the droplet on which this program runs; 0: none, or not known */
	bool own_droplet_awaited; /* app_own_droplet will say it; what could strand the bot waits until then */
};

struct app *app_new(const struct app_parts *parts);

/* Connects the chats, goes on with what the store holds. */
int app_start(struct app *app, struct err *err);

/* Closes chats and accounts, then calls back once from the loop; the app is gone then, the store still open. */
void app_close(struct app *app, void (*closed)(void *data), void *data);

/* The droplet on which this program runs, once that is known; 0: none, or nobody could say. */
void app_own_droplet(struct app *app, uint64_t id);

/* The policy file is read again, beside the loop: swapped in when it is right, told to the keepers either way (app/reload.h).
 * Commands under way are decided by the new one from then on. */
void app_reload(struct app *app);
/* The same whenever it becomes another one. */
void app_watch_policy(struct app *app);
const char *app_policy_id(const struct app *app);

/* Says something to those who keep the bot, in the channel that `settings: {ops: ...}` names; nowhere without one.
 * more: a second line, NULL: none. */
void app_tell_keepers(struct app *app, const char *what, const char *more);

/* Nothing under way: no command being looked up, no open request, nothing left to post. */
bool app_idle(const struct app *app);

/* How many of the chats are connected; for health. */
size_t app_chats_up(const struct app *app);

/* Has every network said no for good, so that nobody can be heard or told any more? */
bool app_chats_refused(const struct app *app);

/* What needs a person, as a sentence: the store is damaged, or what was written last is not on disk; a network said no for good. NULL:
 * nothing. */
const char *app_trouble(struct app *app);

/* Called whenever a chat's link changes, from the adapter: nothing may be closed in it. NULL: nobody. */
void app_on_link(struct app *app,
		 void (*link)(void *data, const char *network, enum chat_link state,
			      const char *why),
		 void *data);

#endif
