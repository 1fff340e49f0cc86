/* internal.h - what the files of the room app share; nobody else includes it */
#ifndef APP_INTERNAL_H
#define APP_INTERNAL_H

#include "app/app.h"
#include "base/map.h"
#include "chat/post.h"
#include "command/command.h"
#include "job/job.h"

#define CHATS_MAX 16
#define ACCOUNTS_MAX 16

struct buttons; /* buttons.c: what a press of a button that we posted means */
struct mirror;  /* mirror.c: the audit log's newest row, posted now and then */
struct reload;  /* reload.c: the policy file read again */
struct upkeep;  /* upkeep.c: keeps the store small, and looks after it */
struct takes;   /* takes.c: turns on call that people took */
struct denials; /* denials.c: repeated denials, counted */
struct choices; /* choices.c: what forms offer while somebody types */
struct recent;  /* recent.c: deliveries seen of late, strangers answered of late */

struct app_chat {
	struct app *app;
	struct chat *chat;
	struct post_queue *queue;
	enum chat_link link;
	char *refused; /* why, in words, where link is CHAT_REFUSED; NULL: it is not */
	bool was_up;
	bool taken; /* the event at hand is settled by its row in the inbox, not at the end of dispatch_event */
};

/* prices.c: the sizes of an account, as they were within the hour */
struct prices {
	struct arena arena;
	struct ocean_size *sizes;
	size_t n;
	int64_t at_ms; /* clock_mono_ms; 0: never */
};
void prices_keep(struct prices *prices, const struct ocean_size *sizes, size_t n); /* copied */
void prices_done(struct prices *prices);
bool prices_fresh(const struct prices *prices);
const struct ocean_size *prices_find(const struct prices *prices, const char *slug); /* or NULL */
/* The nearest slug; NULL: none is near. */
const char *prices_near(const struct prices *prices, const char *slug);

struct app_account {
	struct ocean *ocean;
	struct ocean_index *index;
	struct prices prices;
};

struct app {
	struct loop *loop;
	struct store *store;
	int64_t list_age_ms; /* of the list of droplets, for a read: at most */
	struct gate *gate;
	struct job_engine *engine;
	struct codes *codes;
	struct app_chat chats[CHATS_MAX];
	size_t n_chats;
	size_t n_closing;
	struct app_account accounts[ACCOUNTS_MAX];
	size_t n_accounts;
	struct mirror *mirror;
	struct reload *reload;
	char *policy_text; /* until it is written at the start; NULL: it is, or is not known */
	struct buttons *buttons;
	struct recent *recent;
	struct choices *choices;
	struct list turns; /* commands under way */
	size_t n_turns;
	struct list announcements; /* announce.c */
	struct list audit_asks;    /* audit_ask.c */
	struct upkeep *upkeep;
	struct denials *denials;
	struct takes *takes;
	char own_name[64];
	uint64_t own_droplet;
	bool own_droplet_awaited;
	char *user_data;    /* the folder of templates; NULL: none */
	int64_t started_ms; /* wall */
	bool start_recorded;
	bool closing;
	void (*closed)(void *data);
	void *closed_data;
	void (*on_link)(void *data, const char *network, enum chat_link state, const char *why);
	void *on_link_data;
};

/* app.c: the queue of a chat that is connected here; NULL: none */
struct post_queue *app_queue(struct app *app, const char *network, const char *workspace);

/* app.c: a new policy decides from here on; rooms are joined and left as it says */
void app_use_policy(struct app *app, struct policy *policy);

/* keepers.c: to every place of a channel by its name in the policy, and of the one in `settings: {ops: ...}`. Where somebody
 * waits for it, `delivered` comes once for each place, as post.h says; the value is how many there are. */
unsigned channel_post(struct app *app, const struct policy *policy, const char *name,
		      const struct message *message,
		      void (*delivered)(struct post_card *, const char *id, const struct err *err,
					void *data),
		      void *data);
void keepers_post(struct app *app, const struct policy *policy, const struct message *message);

/* dispatch.c */
void dispatch_event(struct app_chat *from, const struct event *event);

/* turn.c */
void turn_drop_all(struct app *app); /* at the end: no answer comes any more */
void turn_audited(void *data,
		  const struct err *err); /* for store_commit: a row that nothing waits for */

/* accounts.c: one list for a command, over all accounts */
struct account_want {
	/* as ocean_want's */
	void (*done)(struct account_want *, struct ocean_snapshot *, const struct err *);
	/* Asked as each list comes, with those that are there: does that do, whatever the other accounts may say? NULL: never. */
	bool (*enough)(struct account_want *, const struct ocean_snapshot *);
	void *data;
	/* internal */
	struct app *app;
	struct ocean_want wants[ACCOUNTS_MAX];
	struct ocean_snapshot *snapshots[ACCOUNTS_MAX];
	bool is_open[ACCOUNTS_MAX]; /* not called back yet */
	size_t n_open;
	struct err err;
	bool failed;
};
void account_want(struct app *app, struct account_want *want, int64_t max_age_ms,
		  enum tier max_tier);
void account_cancel(struct account_want *want);
struct app_account *account_find(struct app *app, const char *name);

/* buttons.c */
struct buttons *buttons_new(void);
void buttons_free(struct buttons *buttons);
/* An id for a button that says `text` for whoever presses it. Borrowed until 512 later ones were made. */
const char *buttons_add(struct buttons *buttons, const char *text);
/* The same, for that person alone: it confirms what they said. */
const char *buttons_add_for(struct buttons *buttons, const struct gate_who *who, const char *text);
bool buttons_may(const struct buttons *buttons, const char *id, const struct gate_who *who);
const char *buttons_text(const struct buttons *buttons,
			 const char *id); /* NULL: not known (any more) */

/* recent.c */
struct recent *recent_new(void);
void recent_free(struct recent *recent);
bool recent_repeated(struct recent *recent,
		     const char *event_key); /* remembers it; true when it was known */
/* After a restart: the keys that the store has. -1: it cannot be read. */
int recent_load(struct recent *recent, struct store *store, struct err *err);
bool recent_may_answer(struct recent *recent, const char *who); /* a stranger: a few a minute */

/* groups.c: asks the network in which groups somebody is (as job.h says); now for a change, else as fresh as the policy wants it. */
void groups_ask(struct app *app, const struct gate_who *who, bool change, struct group_want *want);
void groups_forget(struct group_want *want); /* its done does not come any more */

/* inbox.c: what a network may forget only when it is on disk */
struct turn;
/* The turn changes something and will wait: its row is written, then the network has its word. said: how it would be typed again;
 * NULL: it was a press, or words that are kept nowhere. */
void inbox_take(struct turn *turn, const char *said);
/* The row goes in this transaction, which holds what became of the turn. */
void inbox_leave(struct turn *turn, struct store_txn *txn);
void inbox_end(struct turn *turn); /* ... or by itself, at the turn's end */
/* At start: who was still waiting is told; the rows go when that is delivered. */
int inbox_load(struct app *app, struct err *err);

/* upkeep.c */
struct upkeep *upkeep_new(struct app *app, const struct app_keep *keep);
void upkeep_start(struct upkeep *upkeep);
void upkeep_free(struct upkeep *upkeep); /* what is under way ends in peace; NULL is fine */
const char *upkeep_trouble(struct upkeep *upkeep);
int64_t upkeep_log_rows(const struct upkeep *upkeep); /* in the whole chain, as of late */

/* choices.c */
struct choices *choices_new(struct app *app);
void choices_free(
	struct choices *choices); /* NULL is fine; searches that wait are not answered any more */
void choices_prepare(struct choices *choices); /* a form was opened */
bool choices_offer(enum command_from from);    /* is anything offered of that? */
void choices_search(struct app_chat *from, const struct event *event); /* answers it, or soon */

/* denials.c */
struct denials *denials_new(void);
void denials_free(struct denials *denials);
void denials_load(struct app *app); /* at start, what the store holds of it */
void denials_flush(struct app *app,
		   bool all); /* rows for what was counted: of minutes that are over, or all */

/* takes.c */
struct takes *takes_new(struct app *app);
int takes_load(struct app *app, struct err *err); /* at start, once the chats have been started */
void takes_policy_changed(struct app *app);
void takes_stop(struct app *app);
void takes_free(struct takes *takes);

/* words.c: sentences of the room's own */
const char *words_sentence(struct arena *arena,
			   const char *text); /* with a capital and a full stop */
const struct message *words_denied(struct arena *arena, const struct command *row,
				   const struct gate_decision *decision,
				   const struct droplet *const *droplets, size_t n_droplets);
/* Allowed with steps, but nothing there waits for people: a read, or an affair of our own. */
const struct message *words_steps(struct arena *arena, const struct gate_decision *decision);
/* by_id: one of several accounts, so what was named may be in it, and what has an id in another one is not. */
const struct message *words_failed(struct arena *arena, bool change, bool listed,
				   const struct err *err, bool by_id);
const struct message *words_not_set_up(struct arena *arena, const struct chat_place *place);
const struct message *words_usage(struct arena *arena, const struct err *err);
/* With a button that opens a form instead; NULL: without. */
const struct message *words_usage_form(struct arena *arena, const struct err *err,
				       const char *button);
/* meant NULL: nothing is like it. */
const struct message *words_unknown(struct arena *arena, struct buttons *buttons, const char *said,
				    const char *meant);
const struct message *words_unresolved(struct arena *arena, struct buttons *buttons,
				       const struct command_parse *parse,
				       const struct gate_targets *targets,
				       const struct droplet *const *shown, const struct err *err);
/* Known before anything ran to be impossible. meant NULL: there is nothing near, and `said` lists what there is, or is NULL. */
const struct message *words_impossible(struct arena *arena, struct buttons *buttons,
				       const char *why, const char *meant, const char *said);
const struct message *words_only_one(struct arena *arena, const struct command *row, size_t n);
const struct message *words_stale(struct arena *arena, struct buttons *buttons,
				  const struct gate_who *who, const char *said, int64_t age_ms);
const struct message *words_others_button(struct arena *arena);
/* wait_ms: for how long DigitalOcean's rate limit keeps it back. */
const struct message *words_limited(struct arena *arena, bool change, int64_t wait_ms);
const struct message *words_crowded(struct arena *arena, size_t n_waiting);
const struct message *words_expired_button(struct arena *arena);
const struct message *words_stopping(struct arena *arena);
/* said NULL: a press, or something that is kept nowhere. */
const struct message *words_restarted(struct arena *arena, struct buttons *buttons,
				      const struct gate_who *who, const char *said);

#endif
