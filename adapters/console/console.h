/* console.h - the terminal as chat, and the headless network of scenario tests
 *
 * Typed lines are what one person says in one place. A number presses that button of the last message there that has
 * any. Channel ids are words; a direct place has the person's id as its channel.
 *
 * Only with free_speech (the demo) three things are not said but done:
 *   /as PERSON     the next lines come from PERSON
 *   /in CHANNEL    the next lines are said in CHANNEL ("#ops" and "ops" are one); /in direct: to the bot alone
 *   # words        a note for whoever reads along; printed, not said
 */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include "chat/chat.h"

struct console_options {
	const char *workspace, *user, *channel;
	bool direct;       /* starts in the direct place; channel is then not used */
	int in_fd, out_fd; /* -1: none. Both stay the caller's */
	bool colour;       /* if out_fd is a terminal; elsewhere there is never an escape */
	bool ascii;
	unsigned columns; /* 0: the terminal's, else 80 */
	bool free_speech; /* the demo's words above */
	/* With free_speech: does anybody know that person, that channel? NULL: nobody is asked. */
	bool (*is_known)(bool channel, const char *name, void *data);
	/*
	 * For scripts: the next line is read only when what the last one started has come to rest: an answer with nothing
	 * under way, a question, or silence.
	 */
	bool paced;
	/* The input has ended, and when paced all has come to rest. Once, from the loop. */
	void (*on_end)(void *data);

	/* For tests; each may be NULL. */
	/* A form of a post as it was taken: replaces NULL for a new one. text is at `columns`, without colour. */
	void (*shown)(const struct chat_place *place, const char *private_to, const char *id,
		      const char *replaces, const struct message *message, const char *text,
		      void *data);
	/*
	 * Asked before a post is taken: true fails it with *ret_err (and post->retry_after_ms, if it was set). Of the kinds
	 * only UNKNOWN is shown all the same: it was sent.
	 */
	bool (*fault)(struct chat_post *post, struct err *ret_err, void *data);
	void *data;
};

/* The strings are copied. */
struct chat *console_open(struct loop *loop, const struct console_options *options,
			  struct err *err);

/*
 * Reports an event as if it had come from a network. What is NULL or 0 in it is filled in: network, workspaces, id,
 * message, sent_ms. Returns the event's id, valid until the next call.
 */
const char *console_event(struct chat *chat, const struct event *event);

/* A line that `user` says in `place` to the bot. id NULL: a new one. */
const char *console_say(struct chat *chat, const struct chat_place *place, const char *user,
			const char *text, const char *id);

/* `user` presses the button with that id on that post. */
const char *console_press(struct chat *chat, const struct chat_place *place, const char *user,
			  const char *message, const char *button, const char *id);

/* The link goes down (posts fail with NETWORK) or comes up again. why: NULL when up. */
void console_link(struct chat *chat, enum chat_link state, const char *why);

#endif
