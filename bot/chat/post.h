/* post.h - one queue a destination, above the adapters: newest edit wins, Retry-After is kept, posts degrade by capability
 *
 * A card is one message in one place that changes over time (a job's progress). Setting it again
 * while the first post is under way, or faster than the network's rate, coalesces: only the newest
 * form is sent. Order between cards of one place is kept for their first posts.
 */
#ifndef CHAT_POST_H
#define CHAT_POST_H

#include "chat/chat.h"

struct post_queue;

struct post_queue *post_queue_new(struct loop *loop, struct chat *chat);
void post_queue_free(
	struct post_queue
		*queue); /* cards still open are called back with CANCELED; NULL is fine */

/* Nothing waits to be posted and nothing is under way. */
bool post_queue_idle(const struct post_queue *queue);

struct post_card; /* a handle; lives until post_close */

struct post_request {
	struct chat_place place;
	const char *private_to; /* NULL: everybody there */
	const char *answers;    /* NULL: none */
	const char *replaces;   /* go on editing this post (after a restart); NULL: a new one */
	/*
	 * Called after each form that reached the network (err NULL, id its post id) and when one could not be
	 * delivered for good. `version` is the number that post_set gave for the newest form delivered.
	 * When the post to edit is gone, a new one is made and said so by an id that differs.
	 */
	void (*delivered)(struct post_card *, const char *id, unsigned version,
			  const struct err *err, void *data);
	void *data;
};

/* The request is copied. */
struct post_card *post_open(struct post_queue *queue, const struct post_request *request);

/* The card's newest form; the message is rendered or copied before this returns. Returns its version, from 1. */
unsigned post_set(struct post_card *card, const struct message *message);

/* No more forms: the newest is still delivered, then delivered() comes a last time and the handle is gone. */
void post_close(struct post_card *card);

/* A message and no more; nobody waits for it. */
void post_once(struct post_queue *queue, const struct chat_place *place, const char *private_to,
	       const char *answers, const struct message *message);

#endif
