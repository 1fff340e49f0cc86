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
	struct ocean_call calls[COMMAND_CALLS_MAX]; /* of the droplet or account at hand */
	bool running[COMMAND_CALLS_MAX], gone_wrong[COMMAND_CALLS_MAX];
	size_t n_calls, n_running;
	struct err err;      /* of the first that went wrong */
	struct ocean *asked; /* whom */
	struct timer patience;
	const struct droplet *const *droplets, *const *shown; /* in the arena, of turn->snapshot */
	size_t n_droplets;           /* 0: about none, one call an account */
	const struct droplet **seen; /* that may be shown to the asker here */
	size_t n_seen;
	size_t n, at;
	struct build build;
	bool failed, dropped;
};

struct turn;

/* create.c */
struct create_facts {
	bool no_right;    /* by rights alone it is not allowed: nothing more was asked for */
	const char *near; /* what is there, and like the word that is not; NULL: nothing */
	size_t near_distance;
	enum job_arg meant_arg; /* in the place of which argument */
	const char *meant_for;  /* of a list: of which word */
	const char *
		image_word; /* as it was said, where it stands for a number now; NULL: it does not */
	uint64_t
		source_of; /* the image is the disk of a droplet, which is to be looked up; 0: it is not */
};

/* unsave.c: the snapshots that were found by that word, in the arena */
struct unsave_facts {
	struct found_snapshot *found;
	size_t n_found, n_seen;
	const char *near; /* a name that is like it; NULL: none */
	size_t near_distance;
};

/* facts.c: what a change must know before it is decided. */
struct facts {
	struct ocean_call call;
	struct ocean *calling;      /* NULL: no call is under way */
	struct unsave_facts unsave; /* KNOWS_SNAPSHOT */
	struct create_facts create; /* KNOWS_NEW */
	struct {
		bool is_disk, is_backup; /* of a droplet */
		const char
			*near; /* a slug that is there, and like the one that is not; NULL: none */
		size_t near_distance;
	} image;   /* KNOWS_IMAGE */
	size_t at; /* the droplet, or the list, that is asked about */
	bool dropped;
	bool found; /* KNOWS_SAVED: it is one of this droplet's; NEW, IMAGE: there is such an image */
	struct err err;                /* ERR_NONE: DigitalOcean told */
	const struct droplet *lacking; /* KNOWS_SIZES: it cannot have that size, */
	const char *lack;              /* and why; NULL: nothing is known against it */
	void (*then)(struct turn *);
};

/* beside.c: what belongs to the droplets of a change. */
struct beside_look {
	struct ocean_call call;
	struct ocean *calling;                                /* NULL: no call is under way */
	const struct droplet *const *droplets, *const *shown; /* in the arena, of turn->snapshot */
	size_t n, at;
	const char **texts; /* of each; NULL: not looked at */
	bool dropped;
};

struct turn {
	struct list link;
	struct app *app;
	struct app_chat *from;
	struct arena arena;
	struct chat_place place;
	struct gate_who who;
	const char *person;  /* as the policy calls them when it was said; NULL: stranger */
	const char *message; /* id of what was said */
	const char *key;
	const char *event_id;    /* the network's part of it */
	const char *opens;       /* a form can be opened now, on this ticket; NULL: none */
	const char *wrong_field; /* of a form that was sent; NULL: its first */
	bool fills;              /* the network waits for a word about a form that was sent */
	bool addressed;
	int64_t age_ms;
	int64_t began_us;
	int64_t began_ms; /* clock_mono_ms */
	struct command_parse parse;
	enum command_fit fit;
	struct err misused;                          /* of FIT_USAGE: how it is said */
	bool (*let_in)(struct turn *turn, bool may); /* dispatch.c */
	struct account_want want;
	bool waiting;
	struct ocean_snapshot *snapshot; /* referenced, once the list has come */
	struct fetch fetch;
	int64_t max_age_ms;       /* of the list of droplets */
	struct group_want groups; /* what the network is asked before it goes on */
	void (*then)(struct turn *);
	struct job_press *press;     /* own.c: waits for those answers */
	const char *inbox;           /* its row there, which goes with the turn; NULL: none */
	struct gate_targets targets; /* of a change, in the arena */
	struct facts facts;
	struct beside_look beside;
	bool waits_for_self; /* self.c: until it is known on which droplet the bot runs */
	struct timer limit;  /* limit.c */
};

/*
 * limit.c: from turn_new to turn_end. Who waits for DigitalOcean's rate limit for more than a few seconds is told so, once; the
 * answer is a message of its own, for an edit rings no phone.
 */
void limit_watch(struct turn *turn);

struct turn *turn_new(struct app_chat *from, const struct event *event);
void turn_end(struct turn *turn);

/* Privately: only the one who said it sees it. */
void turn_say(struct turn *turn, bool privately, const struct message *message);

/* form.c: what was filled in, as a press; false: it is none, and that was said */
bool form_sent(struct turn *turn, const struct event *event, struct job_press *press);
/* A button that opens a form, if it can be opened. False: it is pressed as any other. */
bool form_open(struct turn *turn, const struct event *event, const struct job_press *press);
void form_wrong(struct turn *turn, const char *field, const char *why);
const char *form_value(const struct event *event, const char *id); /* "" when it is empty */
/* form_row.c: the row's form is opened, where nothing but its phrase was said. False: it cannot be. */
bool form_open_row(struct turn *turn);
/* A button that opens it, for what was said where no form can be opened at once (a mention); NULL: there is none. */
const char *form_row_button(struct turn *turn);
/* The sentence that was filled in; NULL: there is none, and that was said. */
const char *form_row_text(struct turn *turn, const struct event *event);
const struct command *form_row(const char *id); /* of a form's id; NULL: it is no row's */
/* For turn_say: it stands beside the field. False: it does not, say it. */
bool form_says(struct turn *turn, const struct message *message);
void form_end(struct turn *turn); /* the form closes, if nothing was wrong */

/* A row of the log for what no rule decided. why: a rule's name, NULL: none. */
void turn_note(struct turn *turn, const char *kind, const char *verb, const char *why);

/*
 * A denial was decided, its row is in txn: committed; or, when the same person tried the same within the minute, counted with
 * that one, whose id the decision gets then.
 */
void turn_denied(struct turn *turn, struct gate_decision *decision, struct store_txn *txn);

/* self.c: could it strand the bot, and is it not known yet on which droplet that runs? Then `then` follows when it is. */
bool self_is_awaited(struct turn *turn, void (*then)(struct turn *));

/*
 * self.c, once the gate allowed: a target is the droplet that this program runs on, and it could not come back from that? Then it
 * is said, and stands in txn. The other announces that it goes silent for a while.
 */
bool self_refuses(struct turn *turn, const struct gate_targets *targets,
		  const struct gate_decision *decision, struct store_txn *txn);
void self_announce(struct turn *turn, const struct gate_targets *targets);

/* fetch.c: does the row ask for more than the list, of these? */
bool fetch_wants(struct turn *turn, const struct droplet *const *droplets, size_t n);
/*
 * Once the gate allowed: the row's call or calls for each of these droplets (`shown`: as this channel may see them), or for each account
 * with n 0, then the answer, and the turn ends by itself. False: nothing is asked, and that was said.
 */
bool fetch_start(struct turn *turn, const struct droplet *const *droplets,
		 const struct droplet *const *shown, size_t n);
/*
 * beside.c, of a change whose plan looks at what belongs to its droplets: must that be done still? Then all else was decided, and
 * once it is known turn_targets_again decides it afresh. False of beside_start: nothing is asked, and that was said. beside_of: in
 * the order of the targets; NULL where nothing is looked at.
 */
bool beside_is_due(const struct turn *turn, const struct gate_targets *targets);
bool beside_start(struct turn *turn, const struct droplet *const *droplets,
		  const struct droplet *const *shown, size_t n);
/* At the end of the program. True: a call was under way, whose end ends the turn. */
bool beside_drop(struct turn *turn);
const char *const *beside_of(struct turn *turn, const struct gate_targets *targets);
void turn_targets_again(struct turn *turn);
/* At the end of the program. True: a call was under way, whose end ends the turn. */
bool fetch_drop(struct turn *turn);

/*
 * A row's `knows`, where the rights allow the change (limits aside): asked for, and then `then`, which ends the turn. False: nothing is
 * asked, go on. Afterwards the parse's arguments have the price.
 */
bool facts_start(struct turn *turn, void (*then)(struct turn *));
bool facts_drop(struct turn *turn); /* as fetch_drop */
/* For the gate: what is added a month. What will be refused all the same adds nothing, so that the person reads why. */
int64_t facts_cost(const struct turn *turn);
/* facts.c: the command that lists what an argument may be, where they may say it; NULL: none */
const char *facts_list(struct turn *turn, enum job_arg arg);
/* facts.c: asks that of an account (verb, and what it names), and goes on when it has come. False: there is no such account. */
bool facts_ask(struct turn *turn, const char *account, const struct ocean_call *what);
/* Once the gate allowed: what is known says that it cannot be done? Then it is said, and stands in txn. */
bool facts_refuse(struct turn *turn, const struct gate_decision *decision, struct store_txn *txn);

/* Beside the row of the decision, which allows: so the log says why nothing followed. */
void turn_refused(struct turn *turn, uint64_t droplet_id, const struct gate_decision *decision,
		  const char *why, struct store_txn *txn);

/* The command as it would be typed again, cleaned; and how long ago it was said. */
const char *turn_said_again(struct turn *turn);
/* The same with that word for one of its arguments; NULL: it is none for that. */
const char *turn_said_with(struct turn *turn, enum job_arg arg, const char *word);
int64_t turn_said_ago_ms(const struct turn *turn);

/* What every handler is told. */
struct command_call turn_call(struct turn *turn);
/* answer.c: of each droplet, who keeps it, in words for this channel; NULL: nobody */
const char *const *turn_locks(struct turn *turn, const struct droplet *const *droplets, size_t n);

/* Runs the row's answer on these droplets, redacted for the channel, and says it. */
void turn_answer(struct turn *turn, const struct droplet *const *droplets, size_t n);

/* groups.c: asks the network in which groups who asks is, then calls back; at once when there is nothing to ask. */
void turn_ask_groups(struct turn *turn, bool change, void (*then)(struct turn *));

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
void own_press(struct turn *turn, const struct job_press *press);

/* account_want's enough: every word is "#ID" of a droplet that they may see, and all of these are there. */
bool turn_has_its_ids(struct account_want *want, const struct ocean_snapshot *snapshot);

/* account_want's done: resolves, asks the gate, answers or starts the jobs; ends the turn. */
void turn_droplets(struct account_want *want, struct ocean_snapshot *snapshot,
		   const struct err *err);

#endif
