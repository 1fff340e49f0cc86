/* chat.h - the adapter's door: what a chat network must be able to do
 *
 * An adapter knows nothing above it: no policy, no store, no DigitalOcean. It holds its own chat
 * secret only. Events and link states come in through the sink that app sets before start().
 */
#ifndef CHAT_CHAT_H
#define CHAT_CHAT_H

#include "base/err.h"
#include "chat/event.h"
#include "chat/form.h"
#include "chat/message.h"
#include "loop/loop.h"

enum chat_caps {
	CHAT_EDIT = 1 << 0,      /* posts can be edited afterwards */
	CHAT_BUTTONS = 1 << 1,   /* real buttons */
	CHAT_REACTIONS = 1 << 2, /* reactions stand for buttons */
	CHAT_TABLES = 1 << 3,    /* renders tables itself */
	CHAT_PRIVATE = 1 << 4,   /* in a channel, a post that only one person sees */
	CHAT_TYPED = 1 << 5,     /* buttons are answered by typing their number */
	CHAT_FILES = 1 << 6,     /* a post may carry a picture */
	CHAT_FORMS = 1 << 7,     /* forms can be opened */
};

/* A picture. */
struct chat_file {
	const void *bytes;
	size_t len;
	const char *name; /* "charts.png" */
	const char *alt;  /* what it says, in words, for who cannot see it */
};

struct chat;

/*
 * A post: caller-owned until done. The adapter copies what it needs before post() returns, except
 * the struct itself.
 */
struct chat_post {
	struct chat_place place;
	const struct message *message;
	const char *replaces; /* id of the post to edit; NULL: a new one */
	const char *
		private_to; /* user id: only this person may see it. Without CHAT_PRIVATE it goes as a direct message */
	const char *answers; /* id of the message it answers, for threads and quotes; NULL: none */
	const char *
		about; /* id of a post that it goes on from: on a network with threads it stands in that thread and is seen
			    * outside of it too; NULL: none */
	/*
	 * Names a new post, unpredictable and the same after a restart; NULL: nobody will repeat it. A network on which we
	 * choose the ids takes it as the id; one that knows repeated posts by a word takes it as that word.
	 */
	const char *key;
	bool again; /* it may stand there already under its key, and must not stand there twice */
	/*
	 * With CHAT_FILES only: a picture of the message's charts, to be shown with it and instead of their bars. Else NULL, and
	 * the bars say it. keeps_file: an edit, and the picture that stands there is still right; NULL and false: none belongs there.
	 */
	const struct chat_file *file;
	bool keeps_file;
	/*
	 * Exactly once, from the loop, never before post returns. err NULL: the network took it, ret_id names it.
	 * Kinds: NETWORK (not sent; may be repeated), UNKNOWN (sent, not known), NOTFOUND (the post to edit is gone, or
	 * we are not in that channel), LIMIT (too long, or too fast: retry_after_ms), REMOTE, CANCELED.
	 */
	void (*done)(struct chat_post *, const struct err *err);
	void *data;
	char ret_id[CHAT_ID_MAX + 1];
	int64_t retry_after_ms; /* with LIMIT: when to come again; 0: never */
};

enum chat_link {
	CHAT_DOWN = 0, /* not connected; the adapter tries again by itself */
	CHAT_UP,       /* connected and ready */
	CHAT_REFUSED, /* the network says no for good (password, certificate): needs a person; the adapter has stopped */
};

struct chat_sink {
	void (*event)(struct chat *, const struct event *, void *data);
	/* why: a sentence, NULL when up */
	void (*link)(struct chat *, enum chat_link state, const char *why, void *data);
	/* a room that was asked for and cannot be used (hides who speaks, banned, gone): the place and why */
	void (*place_lost)(struct chat *, const struct chat_place *place, const char *why,
			   void *data);
	/* the channels of start's list have been looked at; those that cannot be used were told. May be NULL. Not every
	 * adapter looks: then it never comes. */
	void (*looked)(struct chat *, void *data);
	/* What else those who keep the bot should know: a sentence. May be NULL: nobody hears it. */
	void (*notice)(struct chat *, const char *what, void *data);
	void *data;
};

/*
 * Is this person in a group that the network keeps? Caller-owned until done. Strings are borrowed until then.
 */
struct chat_query {
	const char *group;                 /* the network's id of it */
	const char *user_workspace, *user; /* as in an event's who */
	int64_t max_age_ms; /* an answer may be so old, a minute at most; 0: asked for now */
	/* Exactly once, from the loop, never before look_up returns, within 10 s. With an error nothing is known: take it as
	 * no. Guests, deactivated accounts and people of other organizations are in no group. */
	void (*done)(struct chat_query *, const struct err *err);
	void *data;
	bool ret_member; /* false with an error */
};

/* A channel in which the adapter should be, from the policy. */
struct chat_join {
	const char *workspace, *channel;
};

struct chat_ops {
	const char *name; /* the key in the policy file: "xmpp" */
	unsigned caps;    /* enum chat_caps */
	/* ops->start: connect and keep connected. joins are copied. Never calls the sink before it returns. */
	void (*start)(struct chat *, const struct chat_join *joins, size_t n_joins);
	/* ops->rejoin, any time after start: the list from now on. What is new in it is joined, what is not in it any more is
	 * left. Copied; never calls the sink before it returns. */
	void (*rejoin)(struct chat *, const struct chat_join *joins, size_t n_joins);
	void (*post)(struct chat *, struct chat_post *post);
	/* kept: the event of this id, as reported, need not come again, for what must outlive this process is on disk, or there
	 * is nothing that must. Else it could not be kept and had better come again. Once for each event, from within
	 * sink.event or later, not after close. NULL: the network waits for no word. */
	void (*settled)(struct chat *, const char *event_id, bool kept);
	/*
	 * With CHAT_FORMS. open_form: from within sink.event, on its ticket; the form is copied. What cannot be opened is told to
	 * the person by the adapter. answer: to an EVENT_FORM or EVENT_SEARCH, once, from within sink.event or later; copied.
	 * False: too late, the network has its word already, and what there is to say must be said in a message.
	 */
	void (*open_form)(struct chat *, const char *opens, const struct chat_form *form);
	bool (*answer)(struct chat *, const char *event_id, const struct form_answer *answer);
	/* NULL: the network keeps no groups. */
	void (*look_up)(struct chat *, struct chat_query *query);
	/* Posts under way are called back with CANCELED; closed comes once, from the loop; the chat is freed then. */
	void (*close)(struct chat *, void (*closed)(void *), void *data);
};

/* Embedded first in each adapter's own struct; made by that adapter's open function (adapters/adapters.h). */
struct chat {
	const struct chat_ops *ops;
	struct chat_sink sink; /* set by app before start */
	const char
		*workspace; /* the one workspace this connection speaks in, owned by the adapter */
};

#endif
