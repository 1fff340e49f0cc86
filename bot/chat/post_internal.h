/* post_internal.h - what post.c (cards) and post_lane.c (their order, and the network) share */
#ifndef CHAT_POST_INTERNAL_H
#define CHAT_POST_INTERNAL_H

#include "base/arena.h"
#include "base/list.h"
#include "base/map.h"
#include "chat/post.h"

struct form {
	struct arena arena;
	const struct message *message;
	int64_t born_ms;              /* it is given up so much later */
	bool painted;                 /* a picture was asked for; file NULL: there is none */
	const struct chat_file *file; /* in the arena */
	bool pictured;                /* its picture stands there */
	bool says_moved;
};

/* A post that the adapter holds. Outlives card and queue. */
struct flight {
	struct chat_post post;
	struct post_card *card; /* NULL: the queue is gone */
	struct form *form;
	bool is_edit;
	void *painting; /* it waits for its picture; NULL: it does not */
	struct timer patience;
};

struct lane {
	struct post_queue *queue;
	char *key;
	struct list waiting; /* struct post_card, by waiting: those with a form to send, in order */
	size_t n_waiting;
	size_t n_cards;
	struct flight *flight; /* one at a time */
	int64_t hold_until_ms; /* Retry-After, or the wait after a failure */
	bool held_by_link;     /* the wait is for the network to come back */
	int64_t edited_ms;     /* the last edit left then; 0: none yet */
	struct timer timer;
};

struct post_queue {
	struct loop *loop;
	struct chat *chat;
	const struct post_painter *painter; /* NULL: none */
	struct map lanes;                   /* key -> struct lane */
	struct list cards;                  /* all of them */
	bool stopping;
};

struct post_card {
	struct list link, waiting;
	struct lane *lane;
	struct arena arena; /* the request's strings */
	struct post_request request;
	char id[CHAT_ID_MAX + 1]; /* of the post that stands there; "" none */
	struct form *newest;      /* to be sent; NULL: nothing new */
	struct form *shown;       /* what stands there */
	struct flight *flight;
	bool is_waiting;
	bool closed;
	bool moved;         /* the post that it was is gone: each form says so */
	unsigned tries;     /* of the form at hand */
	int64_t sent_ms;    /* last delivery; 0: none */
	struct task settle; /* tells the owner from the loop what needs no network */
	struct err trouble; /* and what went wrong with it */
};

void post_form_free(struct form *form);  /* NULL is fine */
void post_form_moved(struct form *form); /* says that the post before it is gone; once */

/* Calls the owner. */
void post_tell(struct post_card *card, const struct err *err);
/* Closed, and nothing is left to send: the next word is the last. */
bool post_is_over(const struct post_card *card);
void post_card_free(struct post_card *card);

struct lane *post_lane(struct post_queue *queue, const struct chat_place *place);
void post_lane_free(struct lane *lane);
void post_lane_drop_if_idle(struct lane *lane);
void post_lane_enter(struct post_card *card);
void post_lane_leave(struct post_card *card);
void post_lane_next(struct lane *lane); /* sends what is due */
/* Its queue is going away: it ends by itself, or now, when the network has not got it yet. */
void post_flight_leave(struct flight *flight);

#endif
