/* slack_people.c - who and where: users, conversations, user groups, bots, the team */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/slack.h"

#define PAGE_MAX 1000

/* An object without what only the model needs. */
static json_t *shown(const json_t *object)
{
	json_t *out = json_deep_copy(object);
	void *next;
	const char *key;
	json_t *value;

	json_object_foreach_safe(out, next, key, value)
	{
		if (*key == '_') {
			json_object_del(out, key);
		}
	}
	return out;
}

/* `limit` may come as a number or as text. */
static long number(const json_t *args, const char *key, long otherwise)
{
	const json_t *node = json_object_get(args, key);

	if (json_is_integer(node)) {
		return (long)json_integer_value(node);
	}
	return json_is_string(node) ? strtol(json_string_value(node), NULL, 10) : otherwise;
}

/* One page of items (taken), and the cursor of the next. The cursor is the number of the first item. */
static int page(json_t *items, const json_t *args, const char *key, json_t *reply)
{
	size_t all = json_array_size(items);
	long limit = number(args, "limit", 100);
	const char *cursor = slack_str(args, "cursor");
	size_t from = 0;
	json_t *out = json_array();
	char next[32] = "";

	if (*cursor != '\0' && (strncmp(cursor, "dXNlcjo", 7) != 0 ||
				(from = strtoul(cursor + 7, NULL, 10)) == 0 || from > all)) {
		json_decref(items);
		json_decref(out);
		return slack_fail(reply, "invalid_cursor");
	}
	if (limit <= 0 || limit > PAGE_MAX) {
		json_decref(items);
		json_decref(out);
		return slack_fail(reply, "invalid_limit");
	}
	for (size_t i = from; i < all && i < from + (size_t)limit; i++) {
		json_array_append(out, json_array_get(items, i));
	}
	if (from + (size_t)limit < all) {
		(void)snprintf(next, sizeof(next), "dXNlcjo%zu", from + (size_t)limit);
	}
	json_object_set_new(reply, key, out);
	if (json_object_get(reply, "response_metadata") == NULL) {
		json_object_set_new(reply, "response_metadata", json_object());
	}
	slack_set(json_object_get(reply, "response_metadata"), "next_cursor", next);
	json_decref(items);
	return 0;
}

static int user_info(struct slack *s, json_t *args, json_t *reply)
{
	json_t *user = json_object_get(s->users, slack_str(args, "user"));

	if (user == NULL) {
		return slack_fail(reply, "user_not_found");
	}
	json_object_set_new(reply, "user", shown(user));
	return 0;
}

static int user_list(struct slack *s, json_t *args, json_t *reply)
{
	json_t *items = json_array();
	const char *key;
	json_t *user;

	json_object_foreach(s->users, key, user)
	{
		json_array_append_new(items, shown(user));
	}
	json_object_set_new(reply, "cache_ts", json_integer(s->now_ms / 1000));
	return page(items, args, "members", reply);
}

static bool visible(const json_t *channel)
{
	return !json_is_true(json_object_get(channel, "is_private")) ||
	       slack_is_member(channel, "U0SLUICE");
}

static json_t *channel_shown(const json_t *channel)
{
	json_t *out = shown(channel);

	if (!json_is_true(json_object_get(channel, "is_im"))) {
		json_object_set_new(out, "num_members",
				    json_integer((json_int_t)json_array_size(
					    json_object_get(channel, "_members"))));
		json_object_set_new(out, "is_member",
				    json_boolean(slack_is_member(channel, "U0SLUICE")));
	}
	return out;
}

static const char *kind_of(const json_t *channel)
{
	return json_is_true(json_object_get(channel, "is_im"))        ? "im"
	       : json_is_true(json_object_get(channel, "is_private")) ? "private_channel"
								      : "public_channel";
}

static int conversation_list(struct slack *s, json_t *args, json_t *reply)
{
	const char *types =
		*slack_str(args, "types") != '\0' ? slack_str(args, "types") : "public_channel";
	json_t *items = json_array();
	const char *key;
	json_t *channel;

	json_object_foreach(s->channels, key, channel)
	{
		if (visible(channel) && strstr(types, kind_of(channel)) != NULL) {
			json_array_append_new(items, channel_shown(channel));
		}
	}
	return page(items, args, "channels", reply);
}

static json_t *seen_channel(struct slack *s, const json_t *args, json_t *reply)
{
	json_t *channel = json_object_get(s->channels, slack_str(args, "channel"));

	if (channel == NULL || !visible(channel)) {
		slack_fail(reply, "channel_not_found");
		return NULL;
	}
	return channel;
}

static int conversation_info(struct slack *s, json_t *args, json_t *reply)
{
	json_t *channel = seen_channel(s, args, reply);

	if (channel == NULL) {
		return -1;
	}
	json_object_set_new(reply, "channel", channel_shown(channel));
	return 0;
}

static int conversation_members(struct slack *s, json_t *args, json_t *reply)
{
	json_t *channel = seen_channel(s, args, reply);

	return channel == NULL ? -1
			       : page(json_copy(json_object_get(channel, "_members")), args,
				      "members", reply);
}

/* The conversation with one person: the one that is there, or a new one. */
static int conversation_open(struct slack *s, json_t *args, json_t *reply)
{
	const char *user = slack_str(args, "users");
	const char *key;
	json_t *channel;
	char id[24];

	if (json_object_get(s->users, user) == NULL) {
		return slack_fail(reply,
				  *user == '\0' ? "users_list_not_supplied" : "user_not_found");
	}
	json_object_foreach(s->channels, key, channel)
	{
		if (strcmp(slack_str(channel, "user"), user) == 0) {
			json_object_set_new(reply, "no_op", json_true());
			json_object_set_new(reply, "already_open", json_true());
			json_object_set_new(reply, "channel", json_pack("{s:s}", "id", key));
			return 0;
		}
	}
	slack_id(s, 'D', id);
	json_object_set_new(s->channels, id,
			    json_pack("{s:s,s:b,s:b,s:b,s:b,s:b,s:s,s:I,s:b,s:[s,s]}", "id", id,
				      "is_im", 1, "is_channel", 0, "is_group", 0, "is_private", 0,
				      "is_archived", 0, "user", user, "created",
				      (json_int_t)(s->now_ms / 1000), "is_org_shared", 0,
				      "_members", user, "U0SLUICE"));
	json_object_set_new(reply, "channel", json_pack("{s:s}", "id", id));
	return 0;
}

static int group_list(struct slack *s, json_t *args, json_t *reply)
{
	bool users = json_is_true(json_object_get(args, "include_users")) ||
		     strcmp(slack_str(args, "include_users"), "true") == 0;
	json_t *out = json_array();
	const char *key;
	json_t *group;

	json_object_foreach(s->groups, key, group)
	{
		json_t *one = shown(group);

		if (!users) {
			json_object_del(one, "users");
		}
		json_array_append_new(out, one);
	}
	json_object_set_new(reply, "usergroups", out);
	return 0;
}

static int group_users(struct slack *s, json_t *args, json_t *reply)
{
	json_t *group = json_object_get(s->groups, slack_str(args, "usergroup"));

	if (group == NULL) {
		return slack_fail(reply, "no_such_subteam");
	}
	json_object_set_new(reply, "users", json_copy(json_object_get(group, "users")));
	return 0;
}

static int bot_info(struct slack *s, json_t *args, json_t *reply)
{
	(void)s;
	if (strcmp(slack_str(args, "bot"), "B0SLUICE") != 0) {
		return slack_fail(reply, "bot_not_found");
	}
	json_object_set_new(reply, "bot",
			    json_pack("{s:s,s:b,s:s,s:I,s:s,s:s}", "id", "B0SLUICE", "deleted", 0,
				      "name", "sluice", "updated", (json_int_t)1700000000, "app_id",
				      "A0SIM", "user_id", "U0SLUICE"));
	return 0;
}

static int team_info(struct slack *s, json_t *args, json_t *reply)
{
	(void)s, (void)args;
	json_object_set_new(reply, "team",
			    json_pack("{s:s,s:s,s:s,s:s}", "id", "T0SIM", "name", "Sim", "domain",
				      "sim", "email_domain", ""));
	return 0;
}

const struct slack_method slack_people_methods[] = {
	{"users.info", "users:read", 'b', TIER_4, user_info},
	{"users.list", "users:read", 'b', TIER_2, user_list},
	{"conversations.list", "channels:read|groups:read|im:read", 'b', TIER_2, conversation_list},
	{"conversations.info", "channels:read|groups:read|im:read", 'b', TIER_3, conversation_info},
	{"conversations.members", "channels:read|groups:read|im:read", 'b', TIER_4,
	 conversation_members},
	{"conversations.open", "im:write", 'b', TIER_3, conversation_open},
	{"usergroups.list", "usergroups:read", 'b', TIER_2, group_list},
	{"usergroups.users.list", "usergroups:read", 'b', TIER_2, group_users},
	{"bots.info", "users:read", 'b', TIER_3, bot_info},
	{"team.info", "team:read", 'b', TIER_3, team_info},
	{0},
};
