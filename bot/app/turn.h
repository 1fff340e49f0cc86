/* turn.h - one event under way: from the moment it is taken in until it is answered or handed to the jobs
 *
 * A turn owns its arena and its transaction until these are handed on. dispatch.c brings it to the list of droplets,
 * answer.c from there to its end.
 */
#ifndef APP_TURN_H
#define APP_TURN_H

#include "app/internal.h"

#define TURN_STALE_MS 60000 /* a change that was said longer ago is asked again */

#define FETCH_MOST 5 /* droplets that one read may ask DigitalOcean about, one by one */

/* fetch.c: what a read asks for besides the list. */
struct fetch {
	struct ocean_call call;
	struct ocean *calling;                                /* NULL: no call is under way */
	const struct droplet *const *droplets, *const *shown; /* in the arena, of turn->snapshot */
	size_t n_droplets;           /* 0: about none, one call an account */
	const struct droplet **seen; /* that may be shown to the asker here */
	size_t n_seen;
	size_t n, at;
	struct build build;
	bool failed, dropped;
};

struct turn {
	struct list link;
	struct app *app;
	struct app_chat *from;
	struct arena arena;
	struct chat_place place;
	struct gate_who who;
	const char *person;
	const char *message; /* id of what was said */
	const char *key;
	bool addressed;
	int64_t age_ms;
	int64_t began_us;
	int64_t began_ms; /* clock_mono_ms */
	struct command_parse parse;
	struct account_want want;
	bool waiting;
	struct ocean_snapshot *snapshot; /* referenced, once the list has come */
	struct fetch fetch;
};

struct turn *turn_new(struct app_chat *from, const struct event *event);
void turn_end(struct turn *turn);

/* Privately: only the one who said it sees it. */
void turn_say(struct turn *turn, bool privately, const struct message *message);

/* A row of the log for what no rule decided. why: a rule's name, NULL: none. */
void turn_note(struct turn *turn, const char *kind, const char *verb, const char *why);

/*
 * A denial was decided, its row is in txn: committed; or, when the same person tried the same within the minute, counted with
 * that one, whose id the decision gets then.
 */
void turn_denied(struct turn *turn, struct gate_decision *decision, struct store_txn *txn);

/*
 * self.c, once the gate allowed: a target is the droplet that this program runs on, and it could not come back from that? Then it
 * is said, and stands in txn. The other announces that it goes silent for a while.
 */
bool self_refuses(struct turn *turn, const struct gate_targets *targets,
		  const struct gate_decision *decision, struct store_txn *txn);
void self_announce(struct turn *turn, const struct gate_targets *targets);

/*
 * fetch.c, once the gate allowed: the row's call for each of these droplets (`shown`: as this channel may see them), or for each account
 * with n 0, then the answer, and the turn ends by itself. False: nothing is asked, and that was said.
 */
bool fetch_start(struct turn *turn, const struct droplet *const *droplets,
		 const struct droplet *const *shown, size_t n);
/* At the end of the program. True: a call was under way, whose end ends the turn. */
bool fetch_drop(struct turn *turn);

/* The command as it would be typed again, cleaned; and how long ago it was said. */
const char *turn_said_again(struct turn *turn);
int64_t turn_said_ago_ms(const struct turn *turn);

/* Runs the row's answer on these droplets, redacted for the channel, and says it. */
void turn_answer(struct turn *turn, const struct droplet *const *droplets, size_t n);

/* own.c: is it about requests that wait? Such a row needs no verb: whose it is decides. */
bool own_is_act(const struct command *row);
/* The droplets are known, for what others wait for; NULL: they are not. */
void own_pending(struct turn *turn, const struct ocean_snapshot *snapshot);
bool own_is_lock(const struct command *row);
/* Decided: the lock is set or taken away; it answers and ends the turn. Takes the txn. */
void own_lock(struct turn *turn, const struct gate_targets *targets, struct store_txn *txn);
/* Carries it out. True when the turn goes on and is ended there. */
bool own_run(struct turn *turn);
/* Is it an act that somebody waits for, or chatter? */
bool own_is_meant(const struct turn *turn);
/* A button of a card: its act in press. */
void own_press(struct turn *turn, struct job_press *press);

/* account_want's done: resolves, asks the gate, answers or starts the jobs; ends the turn. */
void turn_droplets(struct account_want *want, struct ocean_snapshot *snapshot,
		   const struct err *err);

#endif
