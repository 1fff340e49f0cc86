/* turn.h - one event under way: from the moment it is taken in until it is answered or handed to the jobs
 *
 * A turn owns its arena and its transaction until these are handed on. dispatch.c brings it to the list of droplets,
 * answer.c from there to its end.
 */
#ifndef APP_TURN_H
#define APP_TURN_H

#include "app/internal.h"

#define TURN_STALE_MS 60000 /* a change that was said longer ago is asked again */

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
	int64_t max_age_ms;       /* of the list of droplets */
	struct group_want groups; /* what the network is asked before it goes on */
	void (*then)(struct turn *);
	struct job_press *press; /* own.c: waits for those answers */
	const char *inbox;       /* its row there, which goes with the turn; NULL: none */
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

/* The command as it would be typed again, cleaned; and how long ago it was said. */
const char *turn_said_again(struct turn *turn);
int64_t turn_said_ago_ms(const struct turn *turn);

/* Runs the row's answer on these droplets, redacted for the channel, and says it. */
void turn_answer(struct turn *turn, const struct droplet *const *droplets, size_t n);

/* groups.c: asks the network in which groups who asks is, then calls back; at once when there is nothing to ask. */
void turn_ask_groups(struct turn *turn, bool change, void (*then)(struct turn *));

/* own.c: is it about requests that wait? Such a row needs no verb: whose it is decides. */
bool own_is_act(const struct command *row);
bool own_is_lock(const struct command *row);
/* Decided: the lock is set or taken away; it answers and ends the turn. Takes the txn. */
void own_lock(struct turn *turn, const struct gate_targets *targets, struct store_txn *txn);
/* Carries it out. True when the turn goes on and is ended there. */
bool own_run(struct turn *turn);
/* Is it an act that somebody waits for, or chatter? */
bool own_is_meant(const struct turn *turn);
/* A button of a card: its act in press. */
void own_press(struct turn *turn, const struct job_press *press);

/* account_want's done: resolves, asks the gate, answers or starts the jobs; ends the turn. */
void turn_droplets(struct account_want *want, struct ocean_snapshot *snapshot,
		   const struct err *err);

#endif
