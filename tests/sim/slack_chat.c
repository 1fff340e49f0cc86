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
	message = json_pack(
		"{s:s,s:s,s:s,s:s,s:s,s:s,s:{s:s,s:b,s:s,s:s,s:I,s:s,s:{s:s,s:s,s:s}}}", "type",
		"message", "user", "U0SLUICE", "ts", ts, "bot_id", "B0SLUICE", "app_id", "A0SIM",
		"team", "T0SIM", "bot_profile", "id", "B0SLUICE", "deleted", 0, "name", "sluice",
		"app_id", "A0SIM", "updated", (json_int_t)1700000000, "team_id", "T0SIM", "icons",
		"image_36", "https://sim.slack.com/36.png", "image_48",
		"https://sim.slack.com/48.png", "image_72", "https://sim.slack.com/72.png");
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
static void echo(struct slack *s, json_t *channel, const json_t *message, const char *subtype,
		 const json_t *previous)
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
		if (message != NULL) {
			json_object_set_new(event, "message", json_deep_copy(message));
		} else {
			copy(event, "deleted_ts", previous, "ts");
		}
		json_object_set_new(event, "previous_message", json_deep_copy(previous));
	}
	slack_set(event, "channel", slack_str(channel, "id"));
	slack_set(event, "channel_type", type_of(channel));
	slack_event(s, event, NULL);
}

json_t *slack_reach(struct slack *s, const json_t *args, json_t *reply)
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
	/* a response_url is good wherever the command was used, also where the app is no member */
	json_t *channel = strcmp(via, "response_url") == 0
				  ? slack_channel(s, slack_str(args, "channel"))
				  : slack_reach(s, args, reply);
	json_t *message;
	const char *id;

	if (channel == NULL || slack_check_message(s, args, reply) < 0 ||
	    slack_check_files(s, json_object_get(args, "blocks"), reply) < 0) {
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
	echo(s, channel, message, NULL, NULL);
	json_decref(message);
	return 0;
}

static int post_message(struct slack *s, json_t *args, json_t *reply)
{
	return slack_post_as(s, "chat.postMessage", args, NULL, reply);
}

static int post_ephemeral(struct slack *s, json_t *args, json_t *reply)
{
	json_t *channel = slack_reach(s, args, reply);

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
	json_t *previous = json_deep_copy(message);
	char ts[32];

	slack_ts(s, ts);
	json_object_del(message, "blocks");
	take_content(s, message, args);
	json_object_set_new(message, "edited",
			    json_pack("{s:s,s:s}", "user", "B0SLUICE", "ts", ts));
	note(s, "edit", via, slack_str(channel, "id"), message, NULL);
	echo(s, channel, message, "message_changed", previous);
	json_decref(previous);
	return 0;
}

static int update_message(struct slack *s, json_t *args, json_t *reply)
{
	json_t *channel = slack_reach(s, args, reply);
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
	if (slack_check_message(s, args, reply) < 0 ||
	    slack_check_files(s, json_object_get(args, "blocks"), reply) < 0) {
		return -1;
	}
	(void)edit(s, "chat.update", channel, message, args);
	slack_set(reply, "channel", slack_str(channel, "id"));
	slack_set(reply, "ts", slack_str(message, "ts"));
	slack_set(reply, "text", slack_str(message, "text"));
	json_object_set_new(reply, "message", json_copy(message));
	json_object_del(json_object_get(reply, "message"),
			"ts"); /* it stands beside the message, not in it */
	return 0;
}

static void remove_message(struct slack *s, const char *via, json_t *channel, json_t *message)
{
	const char *id = slack_str(channel, "id");

	json_incref(message);
	note(s, "delete", via, id, message, NULL);
	echo(s, channel, NULL, "message_deleted", message);
	json_object_del(json_object_get(s->messages, id), slack_str(message, "ts"));
	json_decref(message);
}

static int delete_message(struct slack *s, json_t *args, json_t *reply)
{
	json_t *channel = slack_reach(s, args, reply);
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
		if (slack_check_message(s, args, reply) < 0 ||
		    slack_check_files(s, json_object_get(args, "blocks"), reply) < 0) {
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

const struct slack_method slack_chat_methods[] = {
	{"chat.postMessage", "chat:write", 'b', TIER_CHANNEL, post_message},
	{"chat.postEphemeral", "chat:write", 'b', TIER_4, post_ephemeral},
	{"chat.update", "chat:write", 'b', TIER_3, update_message},
	{"chat.delete", "chat:write", 'b', TIER_3, delete_message},
	{0},
};
