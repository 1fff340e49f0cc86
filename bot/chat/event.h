/* event.h - what an adapter reports: somebody said or pressed something
 *
 * All strings are borrowed for the call, are valid UTF-8 and were decoded once from the network's form.
 */
#ifndef CHAT_EVENT_H
#define CHAT_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Limits that adapters hold before they report (longer: refused there, with a sentence). */
#define CHAT_TEXT_MAX 4096
#define CHAT_ID_MAX 255

enum event_kind {
	EVENT_NONE = 0,
	EVENT_TEXT,   /* a message */
	EVENT_PRESS,  /* a button, or the reaction that stands for it */
	EVENT_FORM,   /* a form was filled in and sent */
	EVENT_SEARCH, /* somebody types in a field of a form, and is offered what fits */
};

struct field_value; /* chat/form.h */

/* A place to which one can speak. Ids are the network's own, prepared for byte comparison. */
struct chat_place {
	const char *network; /* "xmpp", "console": the adapter's name */
	const char *
		workspace; /* Slack team, XMPP domain, console word: as in the policy's `workspaces` */
	const char *channel; /* channel id; for a direct place the other person's id */
	const char *thread;  /* NULL, or the thread's id: a thread has its channel's rights */
	bool direct;         /* one-to-one only */
};

/* Who spoke. */
struct chat_who {
	const char *workspace; /* home workspace */
	const char *user;      /* immutable id, prepared for byte comparison */
	const char *display;   /* for nothing but showing; may be anything */
};

struct event {
	enum event_kind kind;
	struct chat_place place;
	struct chat_who who;
	const char *
		id; /* the delivery's key: a repeated delivery has the same one, no other event has it */
	int64_t sent_ms; /* wall time by the network; 0: not known */
	const char *
		text; /* EVENT_TEXT: what was said, without the address when `addressed`; EVENT_SEARCH: what was typed so far */
	const char *message; /* the id of the message that was said or pressed on; NULL: none */
	const char *
		button; /* EVENT_PRESS: the button's opaque id, as given in the post; EVENT_FORM and EVENT_SEARCH: the form's */
	const char *
		opens; /* a ticket on which a form can be opened for who did this, at once or never; NULL: none */
	const char *field; /* EVENT_SEARCH: the field's id */
	/* EVENT_FORM, and EVENT_SEARCH where the network says it: what was filled in; empty fields are left out */
	const struct field_value *values;
	size_t n_values;
	bool addressed; /* said to the bot: a mention, a slash command, a direct message */
	bool by_bot;    /* bots, workflows, webhooks: never a command */
	bool edited;    /* an edit, a forward, or history: never a command */
};

#endif
