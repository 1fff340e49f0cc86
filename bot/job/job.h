/* job.h - what was asked for is done once, watched to its real end, and told in one message
 *
 * A request is one sentence of one person; it has one job for each of its droplets and one card (a message that is edited).
 * Each move of a job is one store transaction: state, audit row, and the card that must be shown. What leaves the
 * bot leaves after that transaction's commit. After a restart every open request goes on from its row.
 *
 * States and who may follow whom: job/states.h.
 */
#ifndef JOB_JOB_H
#define JOB_JOB_H

#include "chat/build.h"
#include "chat/post.h"
#include "code/code.h"
#include "gate/gate.h"
#include "job/args.h"
#include "job/plan.h"
#include "ocean/index.h"
#include "store/store.h"

struct job_engine;

/* A question to a chat network, in which of the policy's groups somebody is; caller-owned, embed it. */
struct group_want {
	void (*done)(
		struct group_want
			*); /* once, unless it was canceled; the gate knows by then what there is to know */
	void *data;
	struct list looks; /* of whoever answers */
};

struct job_options {
	struct loop *loop;
	struct store *store;
	struct gate *gate;
	struct ocean *(*ocean)(const char *account,
			       void *data); /* NULL: no such account any more */
	struct ocean_index *(*index)(const char *account, void *data);
	struct post_queue *(*queue)(const char *network, const char *workspace,
				    void *data); /* NULL: that chat is not configured */
	const struct plan *(*plan)(enum verb verb,
				   void *data); /* the row's plan; NULL: no such verb any more */
	/* A job ended well, and that is on disk. All is borrowed for the call. NULL: nobody hears of it. */
	void (*ended)(const struct store_request *request, const struct store_job *job,
		      const struct plan *plan, void *data);
	/* An id for a button that says the text for whoever presses it; borrowed for the call. NULL: there are none. */
	const char *(*say_button)(const char *text, void *data);
	/* Asks the network now; done may come at once, when there is nothing to ask. NULL: there are no groups. */
	void (*groups)(const struct gate_who *who, struct group_want *want, void *data);
	void (*groups_cancel)(struct group_want *want);
	/*
	 * The bytes of a template of user data, in memory of its own; sum: the first half of their SHA-256, in hex. -1: there is no
	 * such file, or it is not one to be sent, as a sentence. NULL: there are none.
	 */
	int (*user_data)(const char *name, char **ret_text, char ret_sum[33], struct err *err,
			 void *data);
	struct codes *codes; /* NULL: nobody has any */
	/* The droplet on which this program runs; 0: none. awaited: that is not known yet. NULL: none. */
	uint64_t (*own_droplet)(bool *ret_awaited, void *data);
	void *data;
};

struct job_engine *job_engine_new(const struct job_options *options);

/* Takes up every open request of the store. Call once the chats have been started. */
int job_resume(struct job_engine *engine, struct err *err);

/* Cancels timers, calls and cards; the rows stay, and the next start goes on. NULL is fine. */
void job_engine_free(struct job_engine *engine);

/* A decided command: allowed, with the duties that are still to be met. Everything is borrowed for the call. */
struct job_ask {
	const char *event_key; /* of the delivery: "network/workspace/id" */
	struct gate_who who;
	const char *person;          /* NULL: stranger */
	const char *thread;          /* NULL: none */
	const char *answers;         /* id of the message that asked; NULL: none */
	const char *words;           /* the row's words */
	const struct job_args *args; /* NULL: none */
	const char *reason;          /* NULL: none */
	bool queues; /* wait for a droplet that is taken, instead of being refused */
	const struct plan *plan;
	const struct gate_decision *decision;
	const struct droplet *const *droplets;
	size_t n_droplets;
	const char *const *beside; /* of each droplet (job/beside.h); NULL: nothing was looked at */
	struct store_txn *
		txn; /* holds the event's key and the decision's audit row; the engine adds its own and commits */
};

/*
 * Takes a decided request on. From here the engine owns the txn and talks to the person: queued, running, outcome. A droplet
 * that has an open job already, or is waited for by others: nothing is started on any. With `queues` the whole request waits in
 * line; else the person is told who started what and when, and how to wait for it.
 * done: exactly once, from the loop, when the request is on disk (err NULL), was a repeated delivery (ERR_CONFLICT with nothing
 * to tell), or could not be written (ERR_STORE: the person is told that nothing was done).
 */
void job_start(struct job_engine *engine, const struct job_ask *ask,
	       void (*done)(void *data, const struct err *err), void *data);

/*
 * The message of that id was delivered once more. If what came of it could not be told then, it is told now; what goes on, or
 * was told, is left alone.
 */
void job_tell_again(struct job_engine *engine, const struct chat_place *place, const char *message);

/* What a person may do about a request that waits. A button's id carries it; typed, it is a command. */
enum job_act {
	JOB_ACT_NONE = 0,
	JOB_ACT_CONFIRM,
	JOB_ACT_APPROVE,
	JOB_ACT_REFUSE, /* an approver's no: the request is over */
	JOB_ACT_CANCEL, /* the requester's, or of whoever may job.cancel */
	JOB_ACT_CODE,
	JOB_ACT_REASON,
	JOB_ACT_COUNT,
};

struct job_press {
	const char *event_key;
	struct gate_who who;
	const char *person; /* NULL: stranger */
	const char *thread, *message;
	enum job_act act;
	const char *
		request; /* its id, or the start of it (at least 4 letters); NULL: the only one that waits for this person here */
	const char *
		seal; /* of a button: the first 8 digits of the digest that was shown; NULL: typed */
	const char *
		text; /* CODE, REASON; NULL: a button was pressed that opens their form, and it could not be opened */
	bool unseen; /* text: nobody could read along, wherever it was given */
};

/*
 * Is that button one of a card's? Then its request, act and seal (in buf, which must live as long as the press).
 */
#define JOB_BUTTON_SIZE 48
bool job_button_parse(const char *button, char buf[JOB_BUTTON_SIZE], struct job_press *press);

/*
 * The form that this press of a button opens, in the arena; NULL: none, and job_press has the words for it. What is filled in
 * there comes back as a press with the same request, act and seal.
 */
const struct chat_form *job_form(const struct job_engine *engine, const struct job_press *press,
				 struct arena *arena);

/*
 * Somebody pressed or typed an act. Every press is answered: the request goes on (its card tells), or `answer` has the words for
 * the presser alone. answer: exactly once, from the loop; NULL message: nothing to add. A repeated delivery is one press.
 * Asked again at the press, of the policy, groups and tags of that moment: may the requester still, and may the presser?
 */
void job_press(struct job_engine *engine, const struct job_press *press,
	       void (*answer)(void *data, const struct message *message), void *data);

/* Does a request wait for that act of this person? Chatter such as "cancel" is a command only then. */
bool job_waits(const struct job_engine *engine, const struct gate_who *who, const char *person,
	       enum job_act act);

/*
 * What waits, for whom: requests of this person, those that wait for them, and where they may job.list those whose droplets are
 * all among `visible` (by account and id): what they may droplet.show there. And who keeps which of these. A block of lines.
 */
struct job_pending_view {
	const struct droplet *const *visible;
	size_t n_visible;
	bool others; /* they may job.list here */
};
void job_pending(struct job_engine *engine, const struct gate_who *who, const char *person,
		 const struct job_pending_view *view, struct build *build);

/*
 * A code of that person, tried for an affair that is no request, as it would be for one (code/code.h): commit txn always, and
 * act on `right` only after that.
 */
struct job_code {
	bool right;
	const char *why;   /* of the refusal, for the log: "wrong-code" */
	const char *words; /* of it, for the person */
	const char *more;  /* a second line; NULL: none */
};
void job_try_code(struct job_engine *engine, const char *person, const char *digits,
		  struct store_txn *txn, struct arena *arena, struct job_code *ret_code);

/* Locks. The words come through `answer` as with a press; the row and its audit row are on disk before a good answer. */
struct job_lock_ask {
	const char *event_key;
	struct gate_who who;
	const char *person;
	const struct droplet *const *droplets;
	size_t n_droplets;
	const char *reason;
	enum job_lock_act { JOB_LOCK = 0, JOB_UNLOCK, JOB_LOCK_STEAL } act;
	struct store_txn *txn; /* holds the decision's audit row */
};
/* answer: as with a press, but never once the engine is freed. */
void job_lock(struct job_engine *engine, const struct job_lock_ask *ask,
	      void (*answer)(void *data, const struct message *message), void *data);
/* NULL: nobody has it. Borrowed until the next lock or unlock. */
const struct store_lock *job_lock_of(const struct job_engine *engine,
				     const struct droplet *droplet);

/* "locked by ana, 12 min ago: migration", or "locked" where the channel may not know who does what; NULL: it is not. */
const char *job_lock_words(const struct job_engine *engine, const struct droplet *droplet,
			   const struct gate_who *who, struct arena *arena);
bool job_has_locks(const struct job_engine *engine);

/* How many requests are open; 0 when idle. */
size_t job_open_requests(const struct job_engine *engine);

#endif
