/* slack_act.c - what people do: say, command, click, submit, suggest, pick, shortcut; and events of any kind
 *
 * Each makes the envelope that Slack would send, with a new trigger_id and response_url where Slack gives them.
 */
#include <stdio.h>
#include <string.h>

#include "sim/slack.h"

static json_t *person(struct slack *s, const json_t *args)
{
	const char *id = *slack_str(args, "user") != '\0' ? slack_str(args, "user") : "U0ANA";
	json_t *user = json_object_get(s->users, id);

	return json_pack("{s:s,s:s,s:s,s:s}", "id", id, "username", slack_str(user, "name"), "name",
			 slack_str(user, "name"), "team_id",
			 *slack_str(user, "team_id") != '\0' ? slack_str(user, "team_id")
							     : "T0SIM");
}

static const char *where(const json_t *args)
{
	return *slack_str(args, "channel") != '\0' ? slack_str(args, "channel") : "C0OPS";
}

static void new_trigger(struct slack *s, const char *user, json_t *payload, json_t *reply)
{
	char id[64];

	(void)snprintf(id, sizeof(id), "%llu.1.sim", (unsigned long long)s->next++);
	json_object_set_new(s->triggers, id,
			    json_pack("{s:I,s:s,s:b}", "until_ms",
				      (json_int_t)(s->now_ms + slack_setting(s, "trigger_ms")),
				      "user", user, "spent", 0));
	slack_set(payload, "trigger_id", id);
	slack_set(reply, "trigger_id", id);
}

static void new_hook(struct slack *s, const char *user, const char *channel, const char *ts,
		     json_t *payload, json_t *reply)
{
	char id[24];
	json_t *url;

	slack_id(s, 'H', id);
	json_object_set_new(s->hooks, id,
			    json_pack("{s:I,s:i,s:s,s:s,s:s}", "until_ms",
				      (json_int_t)(s->now_ms + slack_setting(s, "hook_ms")), "used",
				      0, "user", user, "channel", channel, "ts", ts));
	url = json_sprintf("%s/hook/%s", s->base, id);
	json_object_set(payload, "response_url", url);
	json_object_set_new(reply, "response_url", url);
}

/* What interactive payloads have in common. */
static json_t *interaction(struct slack *s, const char *type, const json_t *args, json_t *reply)
{
	json_t *user = person(s, args);
	json_t *payload = json_pack(
		"{s:s,s:o,s:s,s:s,s:{s:s,s:s},s:n,s:b}", "type", type, "user", user, "api_app_id",
		*slack_str(args, "api_app_id") != '\0' ? slack_str(args, "api_app_id") : "A0SIM",
		"token", "sim", "team", "id", "T0SIM", "domain", "sim", "enterprise",
		"is_enterprise_install", 0);

	new_trigger(s, slack_str(user, "id"), payload, reply);
	return payload;
}

static int finish(struct slack *s, const char *type, bool answerable, json_t *payload,
		  const json_t *args, json_t *reply)
{
	json_t *more = json_object_get(args, "payload");

	if (more != NULL) {
		json_object_update_recursive(payload, more);
	}
	slack_set(reply, "envelope_id", slack_deliver(s, type, answerable, payload, args));
	return 0;
}

static int say(struct slack *s, json_t *args, json_t *reply)
{
	json_t *channel = slack_channel(s, where(args));
	json_t *user = person(s, args);
	char ts[32];
	json_t *event;
	bool mention = strstr(slack_str(args, "text"), "<@U0SLUICE>") != NULL;
	const char *type = json_is_true(json_object_get(channel, "is_im"))        ? "im"
			   : json_is_true(json_object_get(channel, "is_private")) ? "group"
										  : "channel";

	slack_ts(s, ts);
	event = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "type", "message", "user",
			  slack_str(user, "id"), "ts", ts, "text", slack_str(args, "text"), "team",
			  slack_str(user, "team_id"), "channel", slack_str(channel, "id"),
			  "event_ts", ts, "channel_type", type);
	if (json_object_get(args, "event") != NULL) {
		json_object_update(event, json_object_get(args, "event"));
	}
	slack_set(reply, "ts", ts);
	if (json_object_get(s->messages, slack_str(channel, "id")) == NULL) {
		json_object_set_new(s->messages, slack_str(channel, "id"), json_object());
	}
	json_object_set_new(json_object_get(s->messages, slack_str(channel, "id")), ts,
			    json_deep_copy(event));
	if (mention && strcmp(type, "im") != 0) {
		json_t *also = json_deep_copy(event);

		slack_set(also, "type", "app_mention");
		json_object_del(also, "channel_type");
		slack_event(s, also, args);
	}
	slack_event(s, event, args);
	json_decref(user);
	return 0;
}

static int command(struct slack *s, json_t *args, json_t *reply)
{
	json_t *user = person(s, args);
	json_t *channel = slack_channel(s, where(args));
	json_t *payload = json_pack(
		"{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "token", "sim", "team_id",
		slack_str(user, "team_id"), "team_domain", "sim", "channel_id", where(args),
		"channel_name",
		json_is_true(json_object_get(channel, "is_im"))        ? "directmessage"
		: json_is_true(json_object_get(channel, "is_private")) ? "privategroup"
								       : slack_str(channel, "name"),
		"user_id", slack_str(user, "id"), "user_name", slack_str(user, "name"), "command",
		*slack_str(args, "command") != '\0' ? slack_str(args, "command") : "/droplet",
		"text", slack_str(args, "text"), "api_app_id", "A0SIM", "is_enterprise_install",
		"false");

	new_trigger(s, slack_str(user, "id"), payload, reply);
	new_hook(s, slack_str(user, "id"), where(args), "", payload, reply);
	json_decref(user);
	return finish(s, "slash_commands", true, payload, args, reply);
}

/* The element of a message with this action_id; NULL and *ret_block alone. */
static json_t *element_of(const json_t *message, const char *action_id, const char **ret_block)
{
	size_t i, k;
	json_t *block, *element;

	json_array_foreach(json_object_get(message, "blocks"), i, block)
	{
		*ret_block = slack_str(block, "block_id");
		element = json_object_get(block, "accessory");
		if (element != NULL && strcmp(slack_str(element, "action_id"), action_id) == 0) {
			return element;
		}
		json_array_foreach(json_object_get(block, "elements"), k, element)
		{
			if (strcmp(slack_str(element, "action_id"), action_id) == 0) {
				return element;
			}
		}
	}
	return NULL;
}

/* What one person alone sees is no message of the channel: it stands in the ledger only. */
static json_t *ephemeral_of(struct slack *s, json_t *args)
{
	json_t *entry;
	size_t i;

	json_array_foreach(s->ledger, i, entry)
	{
		if (strcmp(slack_str(entry, "kind"), "ephemeral") == 0 &&
		    strcmp(slack_str(entry, "ts"), slack_str(args, "ts")) == 0 &&
		    strcmp(slack_str(entry, "channel"), where(args)) == 0 &&
		    strcmp(slack_str(entry, "user"), slack_str(args, "user")) == 0) {
			return entry;
		}
	}
	return NULL;
}

static int click(struct slack *s, json_t *args, json_t *reply)
{
	json_t *seen = slack_message(s, where(args), slack_str(args, "ts"));
	json_t *message = seen != NULL ? seen : ephemeral_of(s, args);
	const char *block_id = "";
	json_t *element = element_of(message, slack_str(args, "action_id"), &block_id);
	json_t *payload, *action;
	char ts[32];

	if (element == NULL) {
		return slack_fail(reply, message == NULL ? "message_not_found" : "no_such_button");
	}
	slack_ts(s, ts);
	payload = interaction(s, "block_actions", args, reply);
	action = json_deep_copy(element);
	json_object_del(action, "options");
	json_object_del(action, "accessibility_label");
	slack_set(action, "block_id", block_id);
	slack_set(action, "action_ts", ts);
	if (json_object_get(args, "selected") != NULL) {
		json_object_set(action, "selected_option", json_object_get(args, "selected"));
	}
	json_object_set_new(payload, "container",
			    json_pack("{s:s,s:s,s:s,s:b}", "type", "message", "message_ts",
				      slack_str(args, "ts"), "channel_id", where(args),
				      "is_ephemeral", seen == NULL));
	json_object_set_new(payload, "channel",
			    json_pack("{s:s,s:s}", "id", where(args), "name",
				      slack_str(slack_channel(s, where(args)), "name")));
	if (seen != NULL) { /* Slack leaves an ephemeral one out */
		json_object_set_new(payload, "message", json_deep_copy(message));
	}
	json_object_set_new(payload, "state", json_pack("{s:{}}", "values"));
	json_object_set_new(payload, "actions", json_pack("[o]", action));
	new_hook(s, slack_str(json_object_get(payload, "user"), "id"), where(args),
		 slack_str(args, "ts"), payload, reply);
	return finish(s, "interactive", false, payload, args, reply);
}

static int submit(struct slack *s, json_t *args, json_t *reply)
{
	json_t *view = json_deep_copy(json_object_get(s->views, slack_str(args, "view_id")));
	json_t *payload;

	if (view == NULL) {
		return slack_fail(reply, "not_found");
	}
	if (json_object_get(args, "values") != NULL) {
		json_object_set_new(view, "state",
				    json_pack("{s:O}", "values", json_object_get(args, "values")));
	}
	payload = interaction(s,
			      json_is_true(json_object_get(args, "closed")) ? "view_closed"
									    : "view_submission",
			      args, reply);
	json_object_set_new(payload, "view", view);
	if (json_is_true(json_object_get(args, "closed"))) {
		json_object_set_new(payload, "is_cleared", json_false());
		json_object_del(payload, "trigger_id");
		return finish(s, "interactive", false, payload, args, reply);
	}
	json_object_set_new(payload, "response_urls", json_array());
	return finish(s, "interactive", true, payload, args, reply);
}

static int suggest(struct slack *s, json_t *args, json_t *reply)
{
	json_t *payload = interaction(s, "block_suggestion", args, reply);
	json_t *view = json_object_get(s->views, slack_str(args, "view_id"));

	json_object_del(payload, "trigger_id");
	slack_set(payload, "action_id", slack_str(args, "action_id"));
	slack_set(payload, "block_id", slack_str(args, "block_id"));
	slack_set(payload, "value", slack_str(args, "value"));
	if (view != NULL) {
		json_object_set_new(payload, "container",
				    json_pack("{s:s,s:s}", "type", "view", "view_id",
					      slack_str(args, "view_id")));
		/* Slack's search does not say what is filled in elsewhere */
		json_object_set_new(payload, "view", json_deep_copy(view));
	} else {
		json_object_set_new(payload, "container",
				    json_pack("{s:s,s:s,s:s,s:b}", "type", "message", "message_ts",
					      slack_str(args, "ts"), "channel_id", where(args),
					      "is_ephemeral", 0));
		json_object_set_new(payload, "channel",
				    json_pack("{s:s,s:s}", "id", where(args), "name",
					      slack_str(slack_channel(s, where(args)), "name")));
	}
	return finish(s, "interactive", true, payload, args, reply);
}

/* A choice in a modal; it is told at once only where its block asks for that. */
static int pick(struct slack *s, json_t *args, json_t *reply)
{
	json_t *view = json_object_get(s->views, slack_str(args, "view_id"));
	const char *block_id = slack_str(args, "block_id");
	json_t *block, *payload, *action = NULL;
	bool tells = false;
	char ts[32];
	size_t i;

	json_array_foreach(json_object_get(view, "blocks"), i, block)
	{
		if (strcmp(slack_str(block, "block_id"), block_id) == 0) {
			tells = json_is_true(json_object_get(block, "dispatch_action"));
			action = json_pack(
				"{s:s,s:s,s:s}", "type",
				slack_str(json_object_get(block, "element"), "type"), "action_id",
				slack_str(json_object_get(block, "element"), "action_id"),
				"block_id", block_id);
		}
	}
	if (action == NULL) {
		return slack_fail(reply, "not_found");
	}
	if (!tells) {
		json_decref(action);
		return 0;
	}
	slack_ts(s, ts);
	slack_set(action, "action_ts", ts);
	json_object_set_new(action, "selected_option",
			    json_pack("{s:{s:s,s:s,s:b},s:s}", "text", "type", "plain_text", "text",
				      slack_str(args, "value"), "emoji", 0, "value",
				      slack_str(args, "value")));
	payload = interaction(s, "block_actions", args, reply);
	json_object_set_new(
		payload, "container",
		json_pack("{s:s,s:s}", "type", "view", "view_id", slack_str(args, "view_id")));
	json_object_set_new(payload, "view", json_deep_copy(view));
	json_object_set_new(payload, "actions", json_pack("[o]", action));
	return finish(s, "interactive", false, payload, args, reply);
}

static int shortcut(struct slack *s, json_t *args, json_t *reply)
{
	json_t *payload = interaction(s, "shortcut", args, reply);
	char ts[32];

	slack_ts(s, ts);
	slack_set(payload, "action_ts", ts);
	slack_set(payload, "callback_id", slack_str(args, "callback_id"));
	json_object_del(payload, "api_app_id");
	json_object_del(json_object_get(payload, "user"), "name");
	return finish(s, "interactive", false, payload, args, reply);
}

/* Any event, as {"event":{...}}; or any envelope, as {"type":"events_api","payload":{...}}. */
static int event(struct slack *s, json_t *args, json_t *reply)
{
	if (json_object_get(args, "event") != NULL) {
		slack_event(s, json_deep_copy(json_object_get(args, "event")), args);
		return 0;
	}
	slack_set(reply, "envelope_id",
		  slack_deliver(s, slack_str(args, "type"),
				json_is_true(json_object_get(args, "answerable")),
				json_deep_copy(json_object_get(args, "payload")), args));
	return 0;
}

int slack_act(struct slack *s, const char *what, json_t *args, json_t *reply)
{
	static const struct {
		const char *name;
		int (*act)(struct slack *s, json_t *args, json_t *reply);
	} acts[] = {{"say", say},           {"command", command}, {"click", click},
		    {"submit", submit},     {"suggest", suggest}, {"pick", pick},
		    {"shortcut", shortcut}, {"event", event}};

	for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
		if (strcmp(acts[i].name, what) == 0) {
			return acts[i].act(s, args, reply);
		}
	}
	return slack_fail(reply, "unknown_word");
}
