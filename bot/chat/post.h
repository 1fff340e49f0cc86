/* post.h - one queue a destination, above the adapters: newest edit wins, Retry-After is kept, posts degrade by capability
 *
 * A card is one message in one place that changes over time (a job's progress). Setting it again
 * while the first post is under way, or faster than POST_EDIT_INTERVAL_MS in that place, coalesces:
 * only the newest form is sent; the last one keeps no distance. Order between cards of one place is kept for their first posts.
 *
 * Where the network lacks something:
 *   no CHAT_EDIT     new messages: the first form, the last, and those between that ask something new by buttons
 *   no CHAT_PRIVATE  what is private in a channel goes as a direct message
 *   no CHAT_BUTTONS  is the adapter's own affair (reactions, typed numbers)
 *   no CHAT_FILES    charts are bars in the text, never a picture
 *
 * What the network did not take is tried again (NETWORK, LIMIT with a time, an edit with an unknown outcome) with growing
 * waits for up to POST_GIVE_UP_MS; a new post with an unknown outcome POST_UNKNOWN_TRIES times: twice told is better
 * than not at all. An edit whose post is gone becomes a new post that says so, as do the edits of it. All else has failed for good.
 */
#ifndef CHAT_POST_H
#define CHAT_POST_H

#include "chat/chat.h"

#define POST_EDIT_INTERVAL_MS 1000
#define POST_RETRY_FIRST_MS 1000
#define POST_RETRY_MOST_MS 30000
#define POST_GIVE_UP_MS (60 * 60 * 1000)
#define POST_UNKNOWN_TRIES 3
#define POST_KEY_MAX 22
#define POST_PICTURE_MS 3000 /* how long a message waits for its picture; then it goes without */
#define POST_WAITING_MAX 500 /* cards in one place; those beyond are refused with LIMIT */

struct post_queue;

struct post_queue *post_queue_new(struct loop *loop, struct chat *chat);
/*
 * Makes a picture of a message's charts. The message waits for it in its lane, so that nothing overtakes it. An edit whose charts
 * are the same keeps the picture that stands there.
 */
struct post_painter {
	/* message is borrowed for the call. done: exactly once, from the loop, never before this returns; file NULL: there is no
	 * picture; it is borrowed for the call. Returns the painting, NULL: there is none, and no done. */
	void *(*start)(const struct post_painter *painter, const struct message *message,
		       void (*done)(void *done_data, const struct chat_file *file),
		       void *done_data);
	void (*cancel)(void *painting); /* no done comes any more; not after it */
};
/* Borrowed until the queue is freed. NULL: no pictures. */
void post_queue_paint(struct post_queue *queue, const struct post_painter *painter);

/*
 * Every card is called back a last time, with CANCELED. NULL is fine. Comes before the chat's close; posts that
 * are under way then end by themselves.
 */
void post_queue_free(struct post_queue *queue);

/* Can the network do that? */
bool post_queue_can(const struct post_queue *queue, enum chat_caps cap);

/* Nothing waits to be posted and nothing is under way. */
bool post_queue_idle(const struct post_queue *queue);

/* The network is back: what waited only for that goes at the next turn. */
void post_queue_up(struct post_queue *queue);

struct post_card; /* a handle; lives until post_close */

struct post_request {
	struct chat_place place;
	const char *private_to; /* NULL: everybody there */
	const char *answers;    /* NULL: none */
	const char *about;      /* as in chat.h; NULL: none */
	const char *replaces;   /* go on editing this post (after a restart); NULL: a new one */
	const char *key; /* as in chat.h; at most POST_KEY_MAX bytes, a longer one is left out */
	bool again;      /* an earlier process may have posted it: as in chat.h */
	/*
	 * Called after each form that reached the network (err NULL, id its post id) and when one could not be
	 * delivered for good.
	 * When the post to edit is gone, a new one is made and said so by an id that differs.
	 * id is NULL while nothing stands there. It may set or close the card, not free the queue.
	 */
	void (*delivered)(struct post_card *, const char *id, const struct err *err, void *data);
	void *data;
};

/* The request is copied. */
struct post_card *post_open(struct post_queue *queue, const struct post_request *request);

/* The card's newest form; the message is rendered or copied before this returns. */
void post_set(struct post_card *card, const struct message *message);

/*
 * No more forms. delivered() comes exactly once more, from the loop, never before this returns: for the newest
 * form (at once when it is there already, or there never was one). Then the handle is gone.
 */
void post_close(struct post_card *card);

/* A message and no more; nobody waits for it. */
void post_once(struct post_queue *queue, const struct chat_place *place, const char *private_to,
	       const char *answers, const struct message *message);

#endif
