/* posts.h - a post under way; shared by posts.c (taking it, and what became of it) and send.c (its calls, at Slack's pace) */
#ifndef ADAPTERS_SLACK_POSTS_H
#define ADAPTERS_SLACK_POSTS_H

#include "adapters/slack/internal.h"
#include "adapters/slack/render.h"

enum way { WAY_POST = 0, WAY_EDIT, WAY_EPHEMERAL, WAY_HOOK, WAY_DELETE };

struct posted {
	struct list link; /* in posts, or early */
	struct slack_adapter *s;
	struct chat_post *post; /* NULL: told already, further pages are left */
	struct arena arena;
	struct slack_pages pages;
	size_t page; /* the one to send */
	unsigned tries;
	enum way way;
	bool hooked;         /* a response_url was looked for */
	bool passing;        /* a change under way: another form follows */
	bool opening;        /* conversations.open, or a picture, is under way */
	const char *channel; /* NULL: the direct channel is not known yet */
	const char *user;    /* of a direct place, or the one who alone may see it; NULL: neither */
	const char *thread, *ts;
	const char *base; /* ts of the first page, once it stands there; NULL: not yet */
	bool broadcast;   /* in a thread, and in the channel too */
	/* pictures.c; picture NULL: its charts are bars */
	struct slack_picture *picture;
	bool pictured; /* it is at Slack's */
	unsigned picture_tries;
	const void *file_bytes;
	size_t file_len;
	const char *file_name;
	/* a copy, when a picture or Slack's mind about tables decides how it is shown; else the post's, while that is there */
	const struct message *message;
	struct rest_call *call;
	struct timer timer;
	struct err err; /* early: why it never began */
};

/* send.c */
void posted_queue(struct posted *posted); /* the page at hand goes when it is its turn */
void posted_turn(struct timer *timer);
void posted_hold(const struct posted *posted, int64_t ms); /* nothing goes there for so long */

/* pictures.c: its name and its bytes go to Slack; then posted_begin */
void picture_start(struct posted *posted, const struct chat_file *file);
bool picture_is_good_url(const struct slack_adapter *s, const char *url);
/* NULL: none is shown there any more */
void pictures_keep(struct slack_adapter *s, const char *channel, const char *ts,
		   const struct slack_picture *picture);
const struct slack_picture *pictures_of(const struct slack_adapter *s, const char *channel,
					const char *ts, struct arena *arena);

/* pages.c, of what everybody there sees */
void pages_landed(struct posted *posted,
		  const char *ts);      /* the page at hand stands there, or is gone */
void pages_gone(struct posted *posted); /* somebody deleted it */
/* After the first: which page is next, and by which way. False: all is as it should be. */
bool pages_next(struct posted *posted);
/* Pages of the message that this one edits are under way still. */
bool pages_busy(const struct posted *posted);

/* posts.c */
void posted_begin(struct posted *posted); /* rendered, and queued */
void posted_render(struct posted *posted);
void posted_landed(struct posted *posted, const struct json *answer);
void posted_failed(struct posted *posted, const struct trouble *trouble);

#endif
