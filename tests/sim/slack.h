/* slack.h - the simulated Slack: one model, in memory; slack_server.h is its door on a socket
 *
 * People, channels, groups and messages are kept as the JSON that Slack's Web API shows, so what a test sets is what a
 * client reads. Everything that happened stands in the ledger, oldest first: one object each with `n`, `at_ms` and `kind`
 * (post, edit, delete, ephemeral, view, reaction, file, envelope, ack, ack_ignored, timeout, given_up, lost, open, link,
 * gone, refused). A post's `notifies` says whom its text calls, read as Slack reads it: an unescaped <!channel> stands there.
 *
 * The door says the time and carries bytes: slack_tick before anything else, then slack_http for a request, and
 * slack_link_* for a WebSocket. Nothing here knows a socket or a clock, so a test may be the door.
 */
#ifndef SIM_SLACK_H
#define SIM_SLACK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/strbuf.h"

#define SLACK_BOT_TOKEN "xoxb-sim-1"
#define SLACK_APP_TOKEN "xapp-1-A0SIM-1-sim"
#define SLACK_MAX_BODY (4u << 20)

struct slack {
	int64_t now_ms;
	uint64_t next;   /* the next number for an id */
	int64_t last_us; /* of the last ts that was given out */
	char base[160];  /* "http://127.0.0.1:4000" */
	char link_base[160];
	json_t *settings, *ledger, *faults;
	json_t *tokens;         /* token -> {kind, scopes, state} */
	json_t *users, *groups; /* id -> as in users.info, usergroups.list */
	json_t *channels;       /* id -> as in conversations.info, and _members */
	json_t *messages;       /* channel -> ts -> message */
	json_t *views, *files, *tickets, *triggers, *hooks, *windows;
	struct list links, envelopes; /* slack_link.c */
	size_t turn;                  /* whose turn it is among the links */
	json_t *next_link;            /* what the next links do wrong, oldest first */
};

struct slack_request {
	const char *method, *path; /* path with its query */
	const char *token;         /* of the Authorization header; NULL: none */
	const char *type;          /* content type; "" when there is none */
	const char *body;
	size_t body_len;
	bool near; /* from this machine: may use /_sim */
};

enum slack_ending { SLACK_ANSWERED, SLACK_SILENT, SLACK_RESET };

struct slack_reply {
	enum slack_ending ending;
	int status;
	int retry_after_s; /* -1: no such header */
	int64_t delay_ms;
	char scopes[512]; /* x-oauth-scopes; "" when the token has none */
	const char *type; /* content type */
	struct strbuf body;
};

struct slack *slack_new(void); /* a team with Ana, Bob, Chen and Dora, #ops, #dev and one group */
void slack_free(struct slack *s);

/* The time now; does what is due: redelivers, expires. Returns the time of the next thing that is due, -1: none. */
int64_t slack_tick(struct slack *s, int64_t now_ms);
void slack_http(struct slack *s, const struct slack_request *request, struct slack_reply *reply);

/* settings, all numbers; slack.c has them with their defaults */
int64_t slack_setting(const struct slack *s, const char *key);

/* what the parts share */
json_t *slack_note(struct slack *s, const char *kind, json_t *entry); /* takes entry; borrowed */
void slack_id(struct slack *s, char prefix, char id[24]);
void slack_ts(struct slack *s, char ts[32]);
const char *slack_str(const json_t *object, const char *key); /* "" when there is none */
void slack_set(json_t *object, const char *key, const char *text);
int slack_fail(json_t *reply, const char *error); /* ok:false; returns -1 */
int slack_complain(json_t *reply, const char *error, const char *fmt, ...) ATTR_PRINTF(3, 4);
json_t *slack_channel(struct slack *s, const char *id); /* NULL when there is none */
bool slack_is_member(const json_t *channel, const char *user);
json_t *slack_message(struct slack *s, const char *channel, const char *ts);

/* slack_args.c: form, query or JSON to one object; NULL and err when it is none of them */
json_t *slack_args(const struct slack_request *request, const char **ret_error);

/* slack_check.c: what Slack refuses; -1 with the reply filled */
int slack_check_message(const struct slack *s, const json_t *args, json_t *reply);
int slack_check_files(struct slack *s, const json_t *blocks,
		      json_t *reply); /* slack_views.c: that images show */
int slack_check_view(const json_t *view, json_t *reply);
json_t *slack_notifies(const json_t *message); /* new array: "<!channel>", "U0ANA" */

/* slack_api.c: one row a method */
enum slack_tier { TIER_NONE, TIER_1, TIER_2, TIER_3, TIER_4, TIER_CHANNEL };
struct slack_method {
	const char *name, *scope; /* scope "": any token of the kind */
	char kind;                /* 'b' xoxb, 'a' xapp */
	enum slack_tier tier;
	int (*run)(struct slack *s, json_t *args, json_t *reply);
};
extern const struct slack_method slack_chat_methods[], slack_react_methods[],
	slack_people_methods[], slack_view_methods[];

/* The channel of args if the bot may write there; NULL with the reply filled. */
json_t *slack_reach(struct slack *s, const json_t *args, json_t *reply);

/* slack_chat.c: also what arrives by response_url and in an ack. A message is args of chat.postMessage. */
int slack_hook(struct slack *s, const char *id, json_t *args, json_t *reply);
int slack_post_as(struct slack *s, const char *via, json_t *args, const char *only_user,
		  json_t *reply);

/* slack_faults.c: the rule that is due for this place ("api", "upgrade", "hook") and method; borrowed, NULL: none */
json_t *slack_fault(struct slack *s, const char *on, const char *method);
bool slack_fault_reaches(const json_t *fault); /* the model sees the request; NULL: it does */
void slack_apply(const json_t *fault, struct slack_reply *reply);

/* slack_control.c and slack_act.c: POST and GET below /_sim */
void slack_control(struct slack *s, const struct slack_request *request, struct slack_reply *reply);
int slack_act(struct slack *s, const char *what, json_t *args, json_t *reply);

/* slack_link.c: Socket Mode. The door owns the socket, the model the registration. */
struct slack_door {
	void (*text)(void *socket, const char *text, size_t len);
	void (*hang_up)(void *socket, int code); /* a close frame, then the end */
	void (*cut)(void *socket);               /* a reset */
};
struct slack_link;
/* 101 and the link, or the status that refuses it; -1: never answer; -2: reset. hello follows by slack_link_ready. */
int slack_link_open(struct slack *s, const char *path, const struct slack_door *door, void *socket,
		    struct slack_link **ret);
void slack_link_ready(struct slack_link *link);
void slack_link_text(struct slack_link *link, const char *text, size_t len);
void slack_link_gone(
	struct slack_link *link); /* the socket ended; the link is no longer the door's */
bool slack_link_is(const struct slack_link *link, const char *quirk);
int64_t slack_link_number(const struct slack_link *link, const char *quirk, int64_t otherwise);
size_t slack_links(const struct slack *s, bool ghosts_too);
json_t *slack_links_json(const struct slack *s);
int slack_links_act(struct slack *s, const char *what,
		    const json_t *args); /* disconnect, cut, frame */
void slack_links_free(struct slack *s);
/* Sends it, again when an event is not acked. Takes payload; returns the envelope's id, borrowed. `args` are of the
 * control words: delay_ms, copies, same_envelope. */
const char *slack_deliver(struct slack *s, const char *type, bool answerable, json_t *payload,
			  const json_t *args);
void slack_event(struct slack *s, json_t *event, const json_t *args); /* takes event */
int64_t slack_links_tick(struct slack *s);

#endif
