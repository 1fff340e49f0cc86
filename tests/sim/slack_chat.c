/* slack_chat.c - messages: posted, edited, deleted, shown to one person; also by response_url and by an ack */
#include <stdio.h>
#include <string.h>

#include "sim/slack.h"

static void copy(json_t *to, const char *to_key, const json_t *from, const char *key)
{
	json_t *value = json_object_get(from, key);

	if (value != NULL) {
		json_object_set(to, to_key, value);
	}
}

/* Blocks as Slack keeps them: each has a block_id. */
static void take_content(struct slack *s, json_t *message, const json_t *args)
{
	json_t *blocks = json_deep_copy(json_object_get(args, "blocks"));
	size_t i;
	json_t *block;
	char id[24];

	slack_set(message, "text", slack_str(args, "text"));
	json_array_foreach(blocks, i, block)
	{
		if (json_object_get(block, "block_id") == NULL) {
			slack_id(s, 'k', id);
			slack_set(block, "block_id", id);
		}
	}
	if (blocks != NULL) {
		json_object_set_new(message, "blocks", blocks);
	}
	copy(message, "attachments", args, "attachments");
	copy(message, "metadata", args, "metadata");
}

static json_t *new_message(struct slack *s, const json_t *args)
{
	char ts[32];
	json_t *message;

	slack_ts(s, ts);
	message = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:{s:s,s:b,s:s,s:s,s:I,s:s}}", "type",
			    "message", "user", "U0SLUICE", "ts", ts, "bot_id", "B0SLUICE", "app_id",
			    "A0SIM", "team", "T0SIM", "bot_profile", "id", "B0SLUICE", "deleted", 0,
			    "name", "sluice", "app_id", "A0SIM", "updated", (json_int_t)1700000000,
			    "team_id", "T0SIM");
	take_content(s, message, args);
	copy(message, "thread_ts", args, "thread_ts");
	return message;
}

static void note(struct slack *s, const char *kind, const char *via, const char *channel,
		 const json_t *message, const char *user)
{
	json_t *entry = json_pack("{s:s,s:s,s:s,s:s,s:s,s:o}", "via", via, "channel", channel, "ts",
				  slack_str(message, "ts"), "by", "U0SLUICE", "text",
				  slack_str(message, "text"), "notifies", slack_notifies(message));

	copy(entry, "blocks", message, "blocks");
	copy(entry, "thread_ts", message, "thread_ts");
	copy(entry, "attachments", message, "attachments");
	copy(entry, "metadata", message, "metadata");
	if (user != NULL) {
		slack_set(entry, "user", user);
	}
	slack_note(s, kind, entry);
}

static const char *type_of(const json_t *channel)
{
	return json_is_true(json_object_get(channel, "is_im"))        ? "im"
	       : json_is_true(json_object_get(channel, "is_private")) ? "group"
								      : "channel";
}

/* The bot is subscribed to messages, so it hears of its own. */
static void echo(struct slack *s, json_t *channel, const json_t *message, const char *subtype)
{
	json_t *event;
	char ts[32];

	if (slack_setting(s, "echo") == 0) {
		return;
	}
	if (subtype == NULL) {
		event = json_deep_copy(message);
		slack_set(event, "event_ts", slack_str(message, "ts"));
	} else {
		slack_ts(s, ts);
		event = json_pack("{s:s,s:s,s:b,s:s,s:s}", "type", "message", "subtype", subtype,
				  "hidden", 1, "ts", ts, "event_ts", ts);
		copy(event, "deleted_ts", message, "ts");
		json_object_set_new(event,
				    strcmp(subtype, "message_changed") == 0 ? "message"
									    : "previous_message",
				    json_deep_copy(message));
		if (strcmp(subtype, "message_changed") == 0) {
			json_object_del(event, "deleted_ts");
		}
	}
	slack_set(event, "channel", slack_str(channel, "id"));
	slack_set(event, "channel_type", type_of(channel));
	slack_event(s, event, NULL);
}

static json_t *find_channel(struct slack *s, const json_t *args, json_t *reply)
{
	const char *id = slack_str(args, "channel");
	json_t *channel = slack_channel(s, id);
	const char *key;
	json_t *im;

	if (channel == NULL &&
	    *id == 'U') { /* a person's id stands for the conversation with them */
		json_object_foreach(s->channels, key, im)
		{
			if (strcmp(slack_str(im, "user"), id) == 0) {
				channel = im;
			}
		}
	}
	if (channel == NULL) {
		slack_fail(reply, "channel_not_found");
	} else if (json_is_true(json_object_get(channel, "is_archived"))) {
		slack_fail(reply, "is_archived");
	} else if (!slack_is_member(channel, "U0SLUICE")) {
		slack_fail(reply, json_is_true(json_object_get(channel, "is_private"))
					  ? "channel_not_found"
					  : "not_in_channel");
	} else {
		return channel;
	}
	return NULL;
}

int slack_post_as(struct slack *s, const char *via, json_t *args, const char *only_user,
		  json_t *reply)
{
	json_t *channel = find_channel(s, args, reply);
	json_t *message;
	const char *id;

	if (channel == NULL || slack_check_message(args, reply) < 0) {
		return -1;
	}
	id = slack_str(channel, "id");
	message = new_message(s, args);
	if (only_user != NULL) {
		note(s, "ephemeral", via, id, message, only_user);
		slack_set(reply, "message_ts", slack_str(message, "ts"));
		json_decref(message);
		return 0;
	}
	if (json_object_get(s->messages, id) == NULL) {
		json_object_set_new(s->messages, id, json_object());
	}
	json_object_set(json_object_get(s->messages, id), slack_str(message, "ts"), message);
	note(s, "post", via, id, message, NULL);
	slack_set(reply, "channel", id);
	slack_set(reply, "ts", slack_str(message, "ts"));
	json_object_set(reply, "message", message);
	echo(s, channel, message, NULL);
	json_decref(message);
	return 0;
}

static int post_message(struct slack *s, json_t *args, json_t *reply)
{
	return slack_post_as(s, "chat.postMessage", args, NULL, reply);
}

static int post_ephemeral(struct slack *s, json_t *args, json_t *reply)
{
	json_t *channel = find_channel(s, args, reply);

	if (channel == NULL) {
		return -1;
	}
	if (!slack_is_member(channel, slack_str(args, "user"))) {
		return slack_fail(reply, "user_not_in_channel");
	}
	return slack_post_as(s, "chat.postEphemeral", args, slack_str(args, "user"), reply);
}

static int edit(struct slack *s, const char *via, json_t *channel, json_t *message,
		const json_t *args)
{
	char ts[32];

	slack_ts(s, ts);
	json_object_del(message, "blocks");
	take_content(s, message, args);
	json_object_set_new(message, "edited",
			    json_pack("{s:s,s:s}", "user", "B0SLUICE", "ts", ts));
	note(s, "edit", via, slack_str(channel, "id"), message, NULL);
	echo(s, channel, message, "message_changed");
	return 0;
}

static int update_message(struct slack *s, json_t *args, json_t *reply)
{
	json_t *channel = find_channel(s, args, reply);
	json_t *message;

	if (channel == NULL) {
		return -1;
	}
	message = slack_message(s, slack_str(channel, "id"), slack_str(args, "ts"));
	if (message == NULL) {
		return slack_fail(reply, "message_not_found");
	}
	if (strcmp(slack_str(message, "bot_id"), "B0SLUICE") != 0) {
		return slack_fail(reply, "cant_update_message");
	}
	if (slack_check_message(args, reply) < 0) {
		return -1;
	}
	(void)edit(s, "chat.update", channel, message, args);
	slack_set(reply, "channel", slack_str(channel, "id"));
	slack_set(reply, "ts", slack_str(message, "ts"));
	slack_set(reply, "text", slack_str(message, "text"));
	json_object_set(reply, "message", message);
	return 0;
}

static void remove_message(struct slack *s, const char *via, json_t *channel, json_t *message)
{
	const char *id = slack_str(channel, "id");

	json_incref(message);
	note(s, "delete", via, id, message, NULL);
	echo(s, channel, message, "message_deleted");
	json_object_del(json_object_get(s->messages, id), slack_str(message, "ts"));
	json_decref(message);
}

static int delete_message(struct slack *s, json_t *args, json_t *reply)
{
	json_t *channel = find_channel(s, args, reply);
	json_t *message;

	if (channel == NULL) {
		return -1;
	}
	message = slack_message(s, slack_str(channel, "id"), slack_str(args, "ts"));
	if (message == NULL) {
		return slack_fail(reply, "message_not_found");
	}
	if (strcmp(slack_str(message, "bot_id"), "B0SLUICE") != 0) {
		return slack_fail(reply, "cant_delete_message");
	}
	slack_set(reply, "channel", slack_str(channel, "id"));
	slack_set(reply, "ts", slack_str(message, "ts"));
	remove_message(s, "chat.delete", channel, message);
	return 0;
}

static int get_permalink(struct slack *s, json_t *args, json_t *reply)
{
	const char *channel = slack_str(args, "channel");
	const char *ts = slack_str(args, "message_ts");

	if (slack_channel(s, channel) == NULL) {
		return slack_fail(reply, "channel_not_found");
	}
	if (slack_message(s, channel, ts) == NULL) {
		return slack_fail(reply, "message_not_found");
	}
	slack_set(reply, "channel", channel);
	json_object_set_new(reply, "permalink",
			    json_sprintf("https://sim.slack.com/archives/%s/p%.*s%s", channel,
					 (int)strcspn(ts, "."), ts,
					 strchr(ts, '.') != NULL ? strchr(ts, '.') + 1 : ""));
	return 0;
}

/* response_url: no token, so the address is a secret; good for so many posts within its time. */
int slack_hook(struct slack *s, const char *id, json_t *args, json_t *reply)
{
	json_t *hook = json_object_get(s->hooks, id);
	int64_t used = json_integer_value(json_object_get(hook, "used"));
	json_t *channel, *message;

	if (hook == NULL) {
		return slack_fail(reply, "no_hook");
	}
	if (s->now_ms > json_integer_value(json_object_get(hook, "until_ms"))) {
		return slack_fail(reply, "expired_url");
	}
	if (used >= slack_setting(s, "hook_uses")) {
		return slack_fail(reply, "used_url");
	}
	json_object_set_new(hook, "used", json_integer(used + 1));
	slack_set(args, "channel", slack_str(hook, "channel"));
	channel = slack_channel(s, slack_str(hook, "channel"));
	message = slack_message(s, slack_str(hook, "channel"), slack_str(hook, "ts"));
	if (json_is_true(json_object_get(args, "delete_original"))) {
		if (message != NULL) {
			remove_message(s, "response_url", channel, message);
		}
		return 0;
	}
	if (json_is_true(json_object_get(args, "replace_original")) &&
	    *slack_str(hook, "ts") != '\0') {
		if (slack_check_message(args, reply) < 0) {
			return -1;
		}
		if (message != NULL) {
			return edit(s, "response_url", channel, message, args);
		}
		slack_note(s, "edit",
			   json_pack("{s:s,s:s,s:s,s:s,s:s}", "via", "response_url", "channel",
				     slack_str(hook, "channel"), "ts", slack_str(hook, "ts"),
				     "user", slack_str(hook, "user"), "text",
				     slack_str(args, "text")));
		return 0;
	}
	return slack_post_as(s, "response_url", args,
			     strcmp(slack_str(args, "response_type"), "in_channel") == 0
				     ? NULL
				     : slack_str(hook, "user"),
			     reply);
}

/* reactions */

static json_t *reaction_of(json_t *message, const char *name)
{
	size_t i;
	json_t *reaction;

	json_array_foreach(json_object_get(message, "reactions"), i, reaction)
	{
		if (strcmp(slack_str(reaction, "name"), name) == 0) {
			return reaction;
		}
	}
	return NULL;
}

static int react(struct slack *s, json_t *args, json_t *reply, bool add)
{
	const char *name = slack_str(args, "name");
	json_t *channel = find_channel(s, args, reply);
	json_t *message, *reaction;

	if (channel == NULL) {
		return -1;
	}
	message = slack_message(s, slack_str(channel, "id"), slack_str(args, "timestamp"));
	if (message == NULL) {
		return slack_fail(reply, "message_not_found");
	}
	if (*name == '\0' ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_+-") != strlen(name)) {
		return slack_fail(reply, "invalid_name");
	}
	reaction = reaction_of(message, name);
	if ((reaction != NULL) == add) {
		return slack_fail(reply, add ? "already_reacted" : "no_reaction");
	}
	if (json_object_get(message, "reactions") == NULL) {
		json_object_set_new(message, "reactions", json_array());
	}
	if (add) {
		json_array_append_new(json_object_get(message, "reactions"),
				      json_pack("{s:s,s:i,s:[s]}", "name", name, "count", 1,
						"users", "U0SLUICE"));
	} else {
		json_t *all = json_object_get(message, "reactions");

		for (size_t i = json_array_size(all); i-- > 0;) {
			if (json_array_get(all, i) == reaction) {
				json_array_remove(all, i);
			}
		}
	}
	slack_note(s, "reaction",
		   json_pack("{s:s,s:s,s:s,s:b}", "channel", slack_str(channel, "id"), "ts",
			     slack_str(args, "timestamp"), "name", name, "added", add));
	return 0;
}

static int add_reaction(struct slack *s, json_t *args, json_t *reply)
{
	return react(s, args, reply, true);
}

static int remove_reaction(struct slack *s, json_t *args, json_t *reply)
{
	return react(s, args, reply, false);
}

const struct slack_method slack_chat_methods[] = {
	{"chat.postMessage", "chat:write", 'b', TIER_CHANNEL, post_message},
	{"chat.postEphemeral", "chat:write", 'b', TIER_4, post_ephemeral},
	{"chat.update", "chat:write", 'b', TIER_3, update_message},
	{"chat.delete", "chat:write", 'b', TIER_3, delete_message},
	{"chat.getPermalink", "", 'b', TIER_NONE, get_permalink},
	{"reactions.add", "reactions:write", 'b', TIER_3, add_reaction},
	{"reactions.remove", "reactions:write", 'b', TIER_2, remove_reaction},
	{0},
};
