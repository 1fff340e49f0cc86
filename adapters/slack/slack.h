/* slack.h - the chat network Slack over Socket Mode, as an adapter behind chat/chat.h
 *
 * No inbound port: Slack's events come over WebSockets that we open with the app-level token, posts leave by its Web API with
 * the bot token. A person is (team or enterprise, user id) as Slack asserts them; names that people choose are never looked
 * at. The workspace is the id that the policy has for it, a channel is its id, a direct place has the other person's id as
 * channel.
 *
 * Ways to speak: the slash command, a mention, a direct message, "!words" in a channel, buttons. Posts are rich text, whose
 * words cannot mention or link whatever they hold; edits are chat.update; what one person alone may see is ephemeral.
 */
#ifndef ADAPTERS_SLACK_SLACK_H
#define ADAPTERS_SLACK_SLACK_H

#include "base/secret.h"
#include "chat/chat.h"

#define SLACK_API_URL "https://slack.com/api"
#define SLACK_SHORTCUT_SAYS "say:" /* how a shortcut's callback_id begins; the rest is a command */
#define SLACK_LINES_MAX 2          /* connections that are kept open at once */

struct slack_options {
	const char *api_url;      /* NULL or "": SLACK_API_URL; http:// only to this machine */
	const char *workspace;    /* T... or E..., as in the policy */
	struct secret *app_token; /* xapp-: opens connections */
	struct secret *bot_token; /* xoxb-: all else */
	unsigned n_lines;         /* connections; 0: 1, at most SLACK_LINES_MAX */
	/* between two messages in a channel, of which Slack takes one a second; 0: only when Slack says to wait */
	int64_t pace_ms;
	const char *ca_file; /* NULL or "": the system's */
	const char *proxy;   /* for the Web API; NULL or "": none */
};

/* Strings are copied; the tokens are taken over, also on failure. NULL: ERR_CONFIG, the sentence names the setting. */
struct chat *slack_open(struct loop *loop, const struct slack_options *options, struct err *err);

#endif
