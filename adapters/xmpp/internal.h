/* internal.h - what the files of this adapter share; nobody outside includes it
 *
 * connect.c  one connection at a time, its phases and deadlines; back-off between two
 * login.c    SCRAM
 * session.c  resume or bind; what the server says, to whom it concerns
 * sm.c       stream management (XEP-0198): what was sent and not yet acknowledged
 * muc.c      rooms: joining, who is in them, losing them
 * inbound.c  a <message/> to events
 * posts.c    chat posts to <message/>, and what became of them
 * marks.c    our posts that have buttons: reactions and numbers to button ids
 * iq.c       the few questions that we answer
 */
#ifndef ADAPTERS_XMPP_INTERNAL_H
#define ADAPTERS_XMPP_INTERNAL_H

#include "adapters/xmpp/jid.h"
#include "adapters/xmpp/stanza.h"
#include "adapters/xmpp/xml.h"
#include "adapters/xmpp/xmpp.h"
#include "base/map.h"
#include "loop/ws.h"

#define STANZA_MAX (128 * 1024) /* bytes of one stanza of ours */
#define PHASE_MS 10000          /* how long the server has for one phase */
#define XMPP_ID_SIZE 24         /* ids that we make */

/* The connection below: loop/ws, or whatever a test puts in its place. */
struct xmpp_wire {
	struct ws *(*open)(struct loop *, const struct ws_options *, struct err *);
	int (*send)(struct ws *, const char *bytes, size_t len, struct err *);
	void (*close)(struct ws *, unsigned code);
};

enum phase {
	PHASE_IDLE = 0, /* not started, refused, or closed */
	PHASE_WAIT,     /* until the next attempt */
	PHASE_OPEN,     /* the WebSocket is being opened */
	PHASE_FEATURES, /* <open/> is sent: what does the server offer? */
	PHASE_LOGIN,
	PHASE_REOPEN, /* logged in, <open/> is sent again */
	PHASE_RESUME,
	PHASE_BIND,
	PHASE_ENABLE,
	PHASE_JOIN, /* rooms are being joined; posts may go */
	PHASE_LIVE,
	PHASE_CLOSING, /* the WebSocket is being closed; what still comes is ignored */
};

struct sm {
	bool enabled;
	bool resumable; /* the queue below is whole and the server remembers us */
	char id[CHAT_ID_MAX + 1];
	uint32_t in;         /* stanzas that we handled */
	uint32_t out;        /* stanzas that we sent */
	uint32_t acked;      /* of them, those that the server has handled */
	struct list unacked; /* struct unacked, oldest first */
	size_t unacked_bytes;
	bool resumed;        /* this connection goes on with an older session */
	struct timer answer; /* the server's answer to <r/> */
};

struct login;
struct room;
struct marks;

struct xmpp {
	struct chat chat; /* first */
	struct loop *loop;
	const struct xmpp_wire *wire;
	char *url;
	char *ca_file;
	int64_t ping_ms;
	struct secret *password;
	struct jid account;
	char nick[JID_RESOURCE_MAX + 1]; /* the one that we want */
	char resource
		[XMPP_ID_SIZE]; /* one a process: a crashed one's session does not stand in our way */

	enum phase phase;
	struct ws *ws;
	struct timer timer; /* the phase's deadline, or the back-off */
	unsigned attempts;
	int64_t live_since_ms;
	bool was_live;
	bool offers_sm;
	struct err why; /* why the connection is being closed; kind 0: not by us */
	bool refused;
	enum chat_link link;
	bool link_said;
	struct login *login; /* the login of this connection */
	unsigned n_works;    /* logins on the worker thread, also of connections that are gone */
	char bind_id[XMPP_ID_SIZE];

	struct sm sm;
	struct list rooms; /* struct room */
	struct list sent;  /* struct sent: posts under way */
	struct list early; /* struct sent: over before they began; their done comes from the task */
	struct task early_task;
	struct marks *marks;
	int64_t notice_ms; /* when the last notice went out */

	bool closing;
	struct task close_task;
	void (*closed)(void *);
	void *closed_data;
};

/* adapter.c */
struct chat *xmpp_new(struct loop *loop, const struct xmpp_options *options,
		      const struct xmpp_wire *wire, struct err *err);
void xmpp_random_id(char ret[XMPP_ID_SIZE]);
uint32_t xmpp_random(uint32_t below);
void xmpp_link(struct xmpp *x, enum chat_link link, const char *why);
void xmpp_place(const struct xmpp *x, const char *channel, bool direct, struct chat_place *ret);
bool xmpp_ready(const struct xmpp *x); /* may posts go out? */
/* A sentence of the adapter itself, at most one in some seconds. */
void xmpp_notice(struct xmpp *x, const char *to, bool groupchat, const char *text);
/* The condition of an <error/> or <failure/> child: a word of a-z and '-', "" when there is none. */
const char *xmpp_condition(const struct xml *error, const char *ns, char *buf, size_t size);

/* connect.c */
void connect_start(struct xmpp *x);
void connect_stop(struct xmpp *x); /* for good; the end comes through xmpp_try_finish */
void connect_enter(struct xmpp *x, enum phase phase, int64_t deadline_ms); /* 0: no deadline */
/* Ends this connection; a new one follows. */
void connect_fail(struct xmpp *x, enum err_kind kind, const char *fmt, ...) ATTR_PRINTF(3, 4);
/* Ends it for good: a person has to change something first. */
void connect_refuse(struct xmpp *x, const char *why);
/* Sends something that is no stanza. */
void connect_send(struct xmpp *x, struct strbuf *out);
void connect_open_stream(struct xmpp *x);
void xmpp_try_finish(struct xmpp *x); /* adapter.c: the close is over when nothing is left */

/* login.c */
void login_start(struct xmpp *x, const struct xml *features);
void login_hear(struct xmpp *x, const struct xml *xml);
void login_drop(struct xmpp *x);

/* session.c */
void session_hear(struct xmpp *x, const struct xml *xml);
void session_live(struct xmpp *x);
void session_rooms_settled(struct xmpp *x);
void session_lost(struct xmpp *x); /* the server has forgotten it */

/* sm.c */
void sm_init(struct xmpp *x);
void sm_reset(struct xmpp *x);
/* Sends a stanza; *ret_seq (may be NULL) is its number, 0 when nobody counts. -1: it was not sent. */
int sm_send(struct xmpp *x, const struct strbuf *out, uint32_t *ret_seq, struct err *err);
void sm_request(struct xmpp *x); /* <r/>, with a deadline for the answer */
void sm_down(struct xmpp *x);    /* the connection is gone */
int sm_ack(struct xmpp *x, const char *h);
void sm_resend(struct xmpp *x);
bool sm_handle(struct xmpp *x, const struct xml *xml); /* <r/>, <a/>; false: neither */

/* muc.c */
void muc_add(struct xmpp *x, const char *channel);
/* The list from now on: what is new is joined, what is not in it is left. */
void muc_rejoin(struct xmpp *x, const struct chat_join *joins, size_t n_joins);
void muc_catch_up(struct xmpp *x); /* with what muc_rejoin could not do without a connection */
void muc_join_all(struct xmpp *x);
void muc_forget_all(struct xmpp *x); /* we are in no room any more */
void muc_free(struct xmpp *x);
void muc_presence(struct xmpp *x, const struct xml *stanza, const struct jid *from);
bool muc_iq(struct xmpp *x, const struct xml *stanza, const char *id, const struct jid *from);
/* <x/> in a message of the room itself: what changed there */
void muc_changed(struct xmpp *x, struct room *room, const struct xml *stanza);
struct room *muc_find(struct xmpp *x, const char *bare);
bool muc_is_in(const struct room *room);
const char *muc_nick(const struct room *room);
const char *muc_jid(const struct room *room);
void muc_heard(struct room *room);
const char *muc_real(const struct room *room, const char *nick); /* bare JID, NULL: not known */
/* The nick by which a person is in the room; NULL: is not there. */
const char *muc_nick_of(const struct room *room, const char *bare);

/* inbound.c */
void inbound_message(struct xmpp *x, const struct xml *stanza, const struct jid *from);

/* iq.c */
void iq_answer(struct xmpp *x, const struct xml *stanza, const char *type);

/* posts.c */
void posts_post(struct chat *chat, struct chat_post *post);
void posts_acked(struct xmpp *x);
void posts_reflected(struct xmpp *x, const char *room, const char *id, const char *origin,
		     const char *stanza_id);
void posts_refused(struct xmpp *x, const char *from, const char *id, const struct xml *stanza);
void posts_lost(struct xmpp *x);   /* the session is gone, and with it what was not acknowledged */
void posts_cancel(struct xmpp *x); /* all: CANCELED */
void posts_early(struct task *task);

/* marks.c */
struct marks *marks_new(void);
void marks_free(struct marks *marks);
/* The post `id` shows these buttons now (none: nothing to press). */
void marks_set(struct marks *marks, const char *id, const struct chat_place *place,
	       const struct message *message);
/* The id that the room gave to a post. */
void marks_name(struct marks *marks, const char *id, const char *stanza_id);
/* What to call the post in a reaction to it; *ret_n buttons. NULL: not known, or nothing changed since the last call. */
const char *marks_fresh(struct marks *marks, const char *id, unsigned *ret_n);
enum marks_answer { MARKS_NONE = 0, MARKS_PRESS, MARKS_AMBIGUOUS };
/*
 * A person's reactions to a post are now these; *ret_id our id of the post, *ret_button the one newly pressed.
 * Strings live until the next call of marks_set.
 */
bool marks_react(struct marks *marks, const char *post_id, const struct chat_place *place,
		 const char *who, const struct xml *reactions, const char **ret_id,
		 const char **ret_button);
/* A person said nothing but a number; quoted: the post that was replied to, or NULL. */
enum marks_answer marks_typed(struct marks *marks, const char *text, const char *quoted,
			      const struct chat_place *place, const char **ret_id,
			      const char **ret_button);

#endif
