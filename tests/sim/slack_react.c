/* slack_react.c - what is done with a message that stands: reactions, its address */
#include <string.h>

#include "sim/slack.h"

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
	json_t *channel = slack_reach(s, args, reply);
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

const struct slack_method slack_react_methods[] = {
	{"chat.getPermalink", "", 'b', TIER_NONE, get_permalink},
	{"reactions.add", "reactions:write", 'b', TIER_3, add_reaction},
	{"reactions.remove", "reactions:write", 'b', TIER_2, remove_reaction},
	{0},
};
