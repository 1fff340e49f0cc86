/* heard.c - an envelope's payload to an event: who said what, where, and is it a command at all?
 *
 * Only what Slack itself asserts counts: ids of teams, users and channels, and which app made a message. Names are never looked
 * at. Whoever's team is not ours keeps their own as home, so the policy knows nobody of that id: a stranger. A message has one
 * key (channel and time), whichever of Slack's events tells of it, so a mention that also comes as a message is one event.
 * Edits, deletions, shared messages, bots, workflows and our own words never command.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/internal.h"
#include "adapters/slack/words.h"
#include "base/log.h"
#include "base/mem.h"

/* An id, or "". */
const char *heard_id(const struct json *object, const char *key, const char *first)
{
	const char *id = json_is_object(object) ? json_string_or(object, key, "") : "";

	return slack_is_id(id, first) ? id : "";
}

static bool is_ts(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= 32 && strspn(text, "0123456789.") == len;
}

static const char *ts_of(const struct json *object, const char *key)
{
	const char *ts = json_is_object(object) ? json_string_or(object, key, "") : "";

	return is_ts(ts) ? ts : "";
}

static int64_t ts_ms(const char *ts)
{
	int64_t seconds = 0;

	for (size_t i = 0; ts[i] >= '0' && ts[i] <= '9' && i < 11; i++) {
		seconds = seconds * 10 + (ts[i] - '0');
	}
	return seconds * 1000;
}

/* ---- who and where ------------------------------------------------------------------------------ */

static bool is_ours(const struct slack_adapter *s, const char *team)
{
	return *team != '\0' && (strcmp(team, s->workspace) == 0 || strcmp(team, s->team) == 0 ||
				 strcmp(team, s->enterprise) == 0);
}

void heard_home(struct heard *heard, const char *team)
{
	(void)snprintf(heard->who, sizeof(heard->who), "%s",
		       is_ours(heard->s, team) ? heard->s->workspace : team);
	heard->event.who.workspace = heard->who;
}

/* A shared channel names the team of who spoke in one of three places; anything that is not ours wins. */
static const char *team_of_event(const struct heard *heard, const struct json *event)
{
	static const char *const keys[] = {"user_team", "source_team", "team"};
	const char *found = "";

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const char *team = heard_id(event, keys[i], "TE");

		if (*team != '\0' && (*found == '\0' || is_ours(heard->s, found))) {
			found = team;
		}
	}
	if (*found != '\0') {
		return found;
	}
	/* without a word about it, a shared channel's speaker may be anybody's */
	return json_bool_or(heard->payload, "is_ext_shared_channel", false)
		       ? "?"
		       : heard_id(heard->payload, "team_id", "TE");
}

/* message: the ts of what was said or pressed, "" for none. False: it is not of this workspace. */
static bool set_place(struct heard *heard, const char *channel, const char *user,
		      const char *message, const char *thread)
{
	struct slack_adapter *s = heard->s;
	struct event *event = &heard->event;
	bool direct = *channel == 'D';

	if (*channel == '\0' || *user == '\0') {
		return false;
	}
	event->place = (struct chat_place){
		.network = s->chat.ops->name,
		.workspace = s->workspace,
		.channel = direct ? user : channel,
		.thread = *thread != '\0' ? thread : NULL,
		.direct = direct,
	};
	event->who.user = user;
	event->who.display = user;
	if (*message !=
	    '\0') { /* a direct place is named by its person: the channel stands in the id */
		(void)snprintf(heard->message, sizeof(heard->message), "%s%s%s",
			       direct ? channel : "", direct ? ":" : "", message);
		event->message = heard->message;
	}
	event->id = heard->key;
	return true;
}

bool heard_place(struct heard *heard, const char *channel, const char *user)
{
	return set_place(heard, channel, user, "", "");
}

/* ---- messages ------------------------------------------------------------------------------------ */

static bool is_shared(const struct json *event)
{
	const struct json *list = json_member(event, "attachments");

	for (size_t i = 0; i < json_array_count(list); i++) {
		const struct json *one = json_array_at(list, i);

		if (json_is_object(one) && (json_bool_or(one, "is_share", false) ||
					    json_bool_or(one, "is_msg_unfurl", false))) {
			return true;
		}
	}
	return false;
}

static void too_long(struct heard *heard, const char *channel)
{
	struct rest_ask ask = {.method = "chat.postEphemeral", .repeatable = true};
	struct strbuf out;

	strbuf_init(&out, 1024);
	(void)strbuf_addf(&out,
			  "{\"channel\":\"%s\",\"user\":\"%s\",\"text\":\"Too long: I read at most "
			  "%d bytes in one message. Nothing ran.\"}",
			  channel, heard->event.who.user, CHAT_TEXT_MAX);
	ask.json = out.buf;
	(void)rest_start(heard->s, &ask);
	strbuf_done(&out);
}

/* False: too long, which was said. */
static bool set_text(struct heard *heard, const char *text, const char *channel)
{
	struct strbuf out;
	bool mentioned;

	strbuf_init(&out, FRAME_MAX);
	words_from_slack(text, heard->s->user, &out, &mentioned);
	heard->event.addressed = heard->event.addressed || mentioned;
	if (out.len > CHAT_TEXT_MAX) {
		if (heard->event.addressed || out.buf[0] == '!' || out.buf[0] == '/') {
			too_long(heard, channel);
		}
		strbuf_done(&out);
		return false;
	}
	heard->text = strbuf_detach(&out);
	strbuf_done(&out);
	heard->event.text = heard->text;
	return true;
}

static bool on_message(struct heard *heard, const struct json *event, bool mention)
{
	struct slack_adapter *s = heard->s;
	const char *channel = heard_id(event, "channel", "CGD");
	const char *user = heard_id(event, "user", "UW");
	const char *ts = ts_of(event, "ts");
	const char *thread = ts_of(event, "thread_ts");

	if (json_member(event, "subtype") != NULL || *ts == '\0' ||
	    !set_place(heard, channel, user, ts, strcmp(thread, ts) == 0 ? "" : thread)) {
		return false; /* edits, deletions, joins, files: nobody said anything new to us */
	}
	heard->event.kind = EVENT_TEXT;
	heard->event.sent_ms = ts_ms(ts);
	heard->event.by_bot = json_member(event, "bot_id") != NULL ||
			      json_member(event, "bot_profile") != NULL ||
			      strcmp(user, s->user) == 0;
	heard->event.edited = json_member(event, "edited") != NULL || is_shared(event);
	heard->event.addressed = mention || heard->event.place.direct;
	heard_home(heard, team_of_event(heard, event));
	(void)snprintf(heard->key, sizeof(heard->key), "m|%s|%s", channel, ts);
	if (heard->event.by_bot || heard->event.edited) {
		heard->event.text = "";
		return true;
	}
	if (heard->event.place.direct) {
		direct_keep(s, user, channel);
	}
	return set_text(heard, json_string_or(event, "text", ""), channel);
}

/* ---- what else happens ------------------------------------------------------------------------------ */

/* Tokens were taken back: is the bot's among them? */
static bool is_of_bot(const struct slack_adapter *s, const struct json *event)
{
	const struct json *tokens = json_member(event, "tokens");
	const struct json *bots = json_is_object(tokens) ? json_member(tokens, "bot") : NULL;

	for (size_t i = 0; i < json_array_count(bots); i++) {
		const char *user = json_text(json_array_at(bots, i));

		if (user != NULL && strcmp(user, s->user) == 0) {
			return true;
		}
	}
	return false;
}

static bool on_event(struct heard *heard)
{
	struct slack_adapter *s = heard->s;
	const struct json *event = json_member(heard->payload, "event");
	const char *type = json_is_object(event) ? json_string_or(event, "type", "") : "";

	if (strcmp(json_string_or(heard->payload, "type", ""), "app_rate_limited") == 0) {
		log_line(LOG_WARN, "slack.limited", "why", "more than 30000 events an hour", NULL);
		return false;
	}
	if (!is_ours(s, heard_id(heard->payload, "team_id", "TE")) &&
	    !is_ours(s, heard_id(heard->payload, "enterprise_id", "E"))) {
		return false;
	}
	if (strcmp(type, "message") == 0 || strcmp(type, "app_mention") == 0) {
		return on_message(heard, event, *type == 'a');
	}
	if (strcmp(type, "subteam_members_changed") == 0) {
		groups_changed(s, heard_id(event, "subteam_id", "S"));
	} else if (strcmp(type, "subteam_updated") == 0) {
		groups_changed(s, heard_id(json_member(event, "subteam"), "id", "S"));
	} else if (strcmp(type, "user_change") == 0) { /* a guest now, or gone */
		groups_changed(s, heard_id(json_member(event, "user"), "id", "UW"));
	} else if (strcmp(type, "channel_left") == 0 || strcmp(type, "group_left") == 0) {
		joins_left(s, heard_id(event, "channel", "CG"));
	} else if (strcmp(type, "tokens_revoked") == 0 && is_of_bot(s, event)) {
		slack_refuse(s, "the Slack bot token was revoked; install the app again and give "
				"the new one");
	} else if (strcmp(type, "app_uninstalled") == 0) {
		slack_refuse(s, "the app was removed from the Slack workspace; install it again");
	}
	return false;
}

/* Slack gives every use of a command a trigger_id of its own. */
static bool on_slash(struct heard *heard)
{
	const struct json *p = heard->payload;
	const char *channel = heard_id(p, "channel_id", "CGD");
	const char *user = heard_id(p, "user_id", "UW");
	const char *trigger = json_string_or(p, "trigger_id", "");
	const char *text = json_string_or(p, "text", "");
	const char *team = heard_id(p, "team_id", "TE");

	if (*trigger == '\0' || strlen(trigger) > 128 || !set_place(heard, channel, user, "", "")) {
		return false;
	}
	heard_home(heard, is_ours(heard->s, team) ? team : heard_id(p, "enterprise_id", "E"));
	hook_keep(heard->s, channel, user, json_string_or(p, "response_url", ""));
	heard->event.kind = EVENT_TEXT;
	heard->event.addressed = true;
	(void)snprintf(heard->key, sizeof(heard->key), "s|%s|%s", user, trigger);
	forms_ticket(heard);
	return set_text(heard, text[strspn(text, " ")] != '\0' ? text : "help", channel);
}

/* Did this app make the message? An ephemeral one comes without its message: its container names the app's own. */
static bool is_our_message(const struct slack_adapter *s, const struct json *payload)
{
	const char *app = json_string_or(payload, "api_app_id", "");
	const struct json *message = json_member(payload, "message");
	const char *bot = json_is_object(message) ? json_string_or(message, "bot_id", "") : "";
	const char *of = json_is_object(message) ? json_string_or(message, "app_id", "") : "";

	return (s->app[0] == '\0' || strcmp(app, s->app) == 0) &&
	       (*bot == '\0' || s->bot[0] == '\0' || strcmp(bot, s->bot) == 0) &&
	       (*of == '\0' || s->app[0] == '\0' || strcmp(of, s->app) == 0);
}

static bool on_press(struct heard *heard)
{
	const struct json *p = heard->payload;
	const struct json *who = json_member(p, "user");
	const struct json *container = json_member(p, "container");
	const struct json *action = json_array_at(json_member(p, "actions"), 0);
	const char *channel = heard_id(container, "channel_id", "CGD");
	const char *user = heard_id(who, "id", "UW");
	const char *team = heard_id(who, "team_id", "TE");
	const char *message = ts_of(container, "message_ts");
	const char *at = ts_of(action, "action_ts");

	if (!json_is_object(action) || strcmp(json_string_or(action, "type", ""), "button") != 0 ||
	    *message == '\0' || !is_our_message(heard->s, p) ||
	    strlen(json_string_or(action, "value", "")) > CHAT_ID_MAX ||
	    !set_place(heard, channel, user, message, ts_of(container, "thread_ts"))) {
		return false;
	}
	heard_home(heard, *team != '\0' ? team : "?");
	hook_keep(heard->s, channel, user, json_string_or(p, "response_url", ""));
	heard->event.kind = EVENT_PRESS;
	heard->event.addressed = true;
	heard->event.button = json_string_or(action, "value", "");
	heard->event.sent_ms = ts_ms(at);
	(void)snprintf(heard->key, sizeof(heard->key), "b|%s|%s|%s|%s|%.120s", channel, message,
		       *at != '\0' ? at : "-", user, heard->event.button);
	forms_ticket(heard);
	return true;
}

bool heard_event(struct heard *heard, const char *type, const struct json *payload)
{
	if (!json_is_object(payload)) {
		return false;
	}
	heard->payload = payload;
	if (strcmp(type, "events_api") == 0) {
		return on_event(heard);
	}
	if (strcmp(type, "slash_commands") == 0) {
		return on_slash(heard);
	}
	if (strcmp(type, "interactive") != 0) {
		return false;
	}
	type = json_string_or(payload, "type", "");
	return strcmp(type, "block_actions") == 0 && !json_is_object(json_member(payload, "view"))
		       ? on_press(heard)
		       : forms_heard(heard, type);
}

void heard_done(struct heard *heard)
{
	free(heard->text);
	free(heard->reply);
	arena_done(&heard->arena);
	heard->text = NULL;
	heard->reply = NULL;
}
