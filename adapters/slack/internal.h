/* internal.h - what the files of this adapter share; nobody outside includes it
 *
 * adapter.c   options in, the table of operations, auth.test at the start, the close in two steps
 * keep.c      how many connections there should be; back-off, refresh, strangers on our token
 * line.c      one connection: its phases and deadlines
 * envelope.c  a frame: hello, disconnect, or an envelope and its acknowledgement
 * heard.c     an envelope's payload to an event: who said what, where, and is it a command at all?
 * forms.c     modals: opened, sent, searched in, closed; the shortcut
 * filled.c    what was filled into a modal
 * view.c      a form to a modal; pure
 * words.c     text between Slack's form and plain words; pure
 * render.c    a message to rich text, in pages; pure
 * native.c    tables and fields as blocks of Slack's own; pure
 * scopes.c    the scopes that the bot's token should have; pure
 * trouble.c   Slack's words for what is wrong, as sentences; pure
 * rest.c      one call of the Web API
 * token.c     what is done with a token: its header, how it begins
 * look.c      beside the bot: `sluice init` asks the Web API and waits
 * posts.c     chat posts: taking them, and what became of them
 * pages.c     what stands below a message of several
 * pictures.c  a picture of a post's charts, to Slack and back in edits
 * send.c      their calls, at Slack's pace
 * aside.c     small things about places: response_urls, direct channels, are we in the policy's channels?
 * groups.c    who is in a user group
 */
#ifndef ADAPTERS_SLACK_INTERNAL_H
#define ADAPTERS_SLACK_INTERNAL_H

#include "adapters/slack/slack.h"
#include "adapters/slack/trouble.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/list.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "loop/http.h"
#include "loop/ws.h"

#define FRAME_MAX (1024 * 1024) /* bytes of one message of Slack's */
#define PHASE_MS 10000          /* how long Slack has for one phase */
#define ID_MAX 64               /* an id of Slack's, and a ts */

/* The connections below: loop/ws, or whatever a test puts in its place. */
struct slack_wire {
	struct ws *(*open)(struct loop *, const struct ws_options *, struct err *);
	int (*send)(struct ws *, const char *bytes, size_t len, struct err *);
	void (*close)(struct ws *, unsigned code);
};

enum line_phase {
	LINE_ASK = 0, /* apps.connections.open was asked for an address */
	LINE_DIAL,    /* the WebSocket is being opened */
	LINE_HELLO,   /* it is open; Slack has not said hello */
	LINE_LIVE,
	LINE_DRAIN,   /* Slack asked us to leave; what comes is still acknowledged */
	LINE_CLOSING, /* the WebSocket is being closed; what still comes is ignored */
};

struct rest_call;

/* One connection; never used again. */
struct line {
	struct list link; /* in slack.lines */
	struct slack_adapter *s;
	unsigned number; /* its generation */
	enum line_phase phase;
	struct rest_call *call; /* LINE_ASK */
	struct ws *ws;
	struct timer timer; /* the phase's deadline */
	int64_t live_ms;    /* since when; 0: never was */
	struct err why;     /* why we close it; kind 0: not by us */
	int64_t wait_ms;    /* Slack wants us to wait so long before the next */
	bool crowded;       /* too_many_websockets */
	bool draining;      /* Slack asked it to leave, or we did: its end is no failure */
};

struct slack_adapter {
	struct chat chat; /* first */
	struct loop *loop;
	const struct slack_wire *wire;
	struct http_pool *pool;
	char *api_url;
	char *workspace;
	char *ca_file;
	struct secret *app_token, *bot_token;
	unsigned n_wanted; /* connections */
	int64_t pace_ms;

	/* by auth.test and the first hello; "" until then */
	char team[ID_MAX], enterprise[ID_MAX], user[ID_MAX], bot[ID_MAX], app[ID_MAX];
	bool known; /* auth.test has answered */
	unsigned auth_tries;
	struct timer auth_timer;

	struct list lines; /* struct line, oldest first */
	unsigned last_number;
	struct timer timer; /* the one that opens connections */
	unsigned attempts;
	struct timer look_timer; /* a second look whether others hold connections */
	bool strangers_seen, strangers_said;
	int64_t strangers_ms; /* since when they are seen */
	bool crowded_said;
	bool refused;
	enum chat_link link;
	bool link_said;

	struct forms *forms; /* forms.c */
	unsigned n_searches;
	struct map unsettled; /* event key -> struct unsettled */
	struct list calls;    /* struct rest_call */
	struct list posts;    /* struct posted: under way, or waiting for their time */
	struct map paces;     /* channel -> struct pace */
	struct map directs;   /* user -> char *: the id of the direct channel with them */
	struct map kept;      /* channel/ts of a first page -> struct kept (pages.c) */
	struct map
		pictures; /* channel/ts -> char *: the file that is shown there, and what it says */
	bool no_files;    /* Slack takes none of us */
	bool draws;       /* Slack refused its own tables or fields: they are drawn */
	struct map hooks; /* channel/user -> struct hook */
	struct map groups;        /* id -> struct group */
	struct list asks;         /* struct ask: look-ups under way */
	int64_t group_hold_ms[2]; /* not before, of groups and of people: Slack said so */
	int64_t direct_hold_ms;   /* the same of conversations.open */
	struct task ask_task;
	struct map joins; /* channel -> this: those of the policy */
	struct map
		members; /* channel -> this, or NULL: we are not in it; those that were looked at */
	struct task early_task;
	struct list early; /* struct posted: over before they began */
	struct timer join_timer;
	struct rest_call *join_call;

	bool closing;
	struct task close_task;
	void (*closed)(void *);
	void *closed_data;
};

/* adapter.c */
struct chat *slack_adapter_new(struct loop *loop, const struct slack_options *options,
			       const struct slack_wire *wire, struct err *err);
void slack_link(struct slack_adapter *s, enum chat_link link, const char *why);
/* A sentence for those who keep the bot. */
void slack_notice(struct slack_adapter *s, const char *fmt, ...) ATTR_PRINTF(2, 3);
/* For good: a person has to change something first. */
void slack_refuse(struct slack_adapter *s, const char *why);
uint32_t slack_random(uint32_t below);
bool slack_is_id(const char *text, const char *first); /* one letter of `first`, then A-Z and 0-9 */
void slack_try_finish(struct slack_adapter *s);
int64_t slack_backoff(unsigned attempts, int64_t most_ms); /* with full jitter */

/* keep.c */
void keep_start(struct slack_adapter *s);
void keep_stop(struct slack_adapter *s);
void keep_look(struct slack_adapter *s); /* is a connection missing, or one too many? */
void keep_live(struct line *line, int64_t num_connections); /* it said hello */
void keep_drain(struct line *line, const char *reason);     /* Slack asked us to leave */
void keep_gone(struct line *line, const struct err *err);   /* and frees it */
bool keep_has_live(const struct slack_adapter *s, const struct line *but);

/* line.c */
void line_open(struct slack_adapter *s);
void line_fail(struct line *line, enum err_kind kind, const char *fmt, ...) ATTR_PRINTF(3, 4);
void line_drain(struct line *line, int64_t most_ms);
void line_end(struct line *line); /* closes it in peace */
void line_live(struct line *line);
bool line_can_ack(const struct line *line);

/* envelope.c */
void envelope_hear(struct line *line, const char *bytes, size_t len);
void envelope_settled(struct chat *chat, const char *event_id, bool kept);
bool envelope_answer(struct chat *chat, const char *event_id, const struct form_answer *answer);
void envelope_free(struct slack_adapter *s);

/* heard.c */
struct heard {
	struct slack_adapter *s;
	const struct json *payload;
	struct event event;
	char key[CHAT_ID_MAX + 1];
	char message[CHAT_ID_MAX + 1];
	char who[ID_MAX]; /* home workspace */
	char *text;       /* owned */
	struct field_value values[FORM_FIELDS_MAX];
	const char *first;  /* EVENT_FORM: its first field */
	char *reply;        /* no event, and this is the acknowledgement's payload; owned */
	struct arena arena; /* of values that are put together */
};
/* True: an event is in ret, to be reported; false: nothing to report. heard_done in both cases. */
bool heard_event(struct heard *heard, const char *type, const struct json *payload);
void heard_done(struct heard *heard);
const char *heard_id(const struct json *object, const char *key, const char *first); /* or "" */
void heard_home(struct heard *heard, const char *team);
/* Where nothing was said or pressed. False: it is no place of ours. */
bool heard_place(struct heard *heard, const char *channel, const char *user);

/* filled.c: empty fields are left out, and what is longer than a field may bring is none. In the arena, or the payload's. */
const char *filled_value(struct heard *heard, const struct json *element); /* or an action */
void filled_add(struct heard *heard, const char *field, const char *value);
void filled_read(struct heard *heard, const struct json *view);

/* forms.c */
void forms_init(struct slack_adapter *s);
void forms_free(struct slack_adapter *s);
void forms_ticket(struct heard *heard); /* its event may open a form, if Slack gave it a trigger */
void forms_open(struct chat *chat, const char *opens, const struct chat_form *form);
/* As heard_event, of an interaction of that type. */
bool forms_heard(struct heard *heard, const char *type);

/* rest.c */
enum rest_token { REST_BOT = 0, REST_APP, REST_NONE };
struct rest_ask {
	const char
		*method; /* "chat.postMessage"; or a whole address (response_url), with REST_NONE */
	enum rest_token token;
	const char *json; /* body; NULL: form */
	const char *form; /* body; NULL and json NULL: empty */
	const void *
		bytes; /* body of a file, with REST_NONE: HTTP 200 is all that there is to know then */
	size_t n_bytes;
	bool repeatable;    /* asking twice does no harm */
	int64_t timeout_ms; /* 0: 30 s */
	/* Once, from the loop, never before rest_start returns. answer: NULL when there is none. The call is gone after it. */
	void (*done)(struct rest_call *, const struct json *answer, const struct trouble *trouble);
	void *data;
};
struct rest_call {
	struct http_request request; /* first */
	struct list link;
	struct slack_adapter *s;
	struct rest_ask ask;
	char *url;
	char *authorization; /* wiped when freed */
	struct http_header headers[2];
};
struct rest_call *rest_start(struct slack_adapter *s, const struct rest_ask *ask);
void rest_forget(struct rest_call *call); /* its done does not come any more */

/* posts.c */
void slack_post(struct chat *chat, struct chat_post *post);
void slack_posts_early(struct task *task);
void slack_posts_cancel(struct slack_adapter *s);
void slack_posts_free(struct slack_adapter *s);

/* pages.c */
void pages_free(struct slack_adapter *s);

/* pictures.c */
void pictures_free(struct slack_adapter *s);

/* aside.c */
void aside_init(struct slack_adapter *s);
void hook_keep(struct slack_adapter *s, const char *channel, const char *user, const char *url);
/* One use of it; NULL: none is left. Borrowed until the next hook_keep. */
const char *hook_use(struct slack_adapter *s, const char *channel, const char *user);
/* Whose is the newest there that may be used, or that was not used yet; NULL: none is. Borrowed until the next hook_keep. */
const char *hook_newest(const struct slack_adapter *s, const char *channel, bool unused);
void direct_keep(struct slack_adapter *s, const char *user, const char *channel);
const char *direct_find(const struct slack_adapter *s, const char *user); /* NULL: not known */
void joins_set(struct slack_adapter *s, const struct chat_join *joins, size_t n_joins);
void joins_look(struct slack_adapter *s); /* at the next of them that was not looked at */
void joins_left(struct slack_adapter *s, const char *channel);
void aside_free(struct slack_adapter *s);

/* groups.c */
void groups_look_up(struct chat *chat, struct chat_query *query);
void groups_changed(struct slack_adapter *s, const char *id); /* of a group, or of a person */
void groups_early(struct task *task);
void groups_cancel(struct slack_adapter *s);
void groups_free(struct slack_adapter *s);

#endif
