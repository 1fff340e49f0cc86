/* slack.c - the simulated Slack: the team as it stands at first, ids and times, the ledger */
#include "sim/slack.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const struct {
	const char *key;
	int64_t value;
} defaults[] = {
	{"ack_ms", 3000},       /* how long an envelope waits for its ack */
	{"retry_1_ms", 0},      /* an event is sent again so long after it was not acked ... */
	{"retry_2_ms", 60000},  /* ... and once more ... */
	{"retry_3_ms", 300000}, /* ... and for the last time */
	{"retry_same_id", 0},   /* 1: it keeps its envelope_id; Slack does both */
	{"ticket_ms",
	 30000}, /* a URL of apps.connections.open is good for one dial within this time */
	{"trigger_ms", 3000},     /* a trigger_id is good for one view within this time */
	{"file_ready_ms", 0},     /* a file can be shown so long after it is complete */
	{"hook_ms", 1800000},     /* a response_url is good for hook_uses posts within this time */
	{"hook_uses", 5},         /* */
	{"channel_ms", 1000},     /* one chat.postMessage a channel in this time */
	{"channel_burst", 1},     /* so many at once when it was quiet */
	{"limits", 1},            /* 0: nobody is ever told to wait */
	{"tier_1", 1},            /* calls of a method in a minute, by tier */
	{"tier_2", 20},           /* */
	{"tier_3", 50},           /* */
	{"tier_4", 100},          /* */
	{"max_links", 10},        /* WebSockets of one app */
	{"ping_ms", 10000},       /* the server's own pings */
	{"tables", 1},            /* 0: this Slack knows no table blocks */
	{"ack_max_bytes", 20000}, /* a longer ack is ignored without a word */
	{"echo", 1}, /* the bot hears of its own messages, as it does when it is subscribed */
	{"lifetime_s", 18060}, /* what hello says about how long a connection lasts */
};

static const char scopes[] = "commands,chat:write,app_mentions:read,channels:read,channels:history,"
			     "groups:read,groups:history,"
			     "im:history,im:read,im:write,mpim:read,users:read,usergroups:read,"
			     "reactions:write,files:write,team:read";

static void add_user(struct slack *s, const char *id, const char *name, const char *real_name,
		     bool bot)
{
	json_t *user = json_pack(
		"{s:s,s:s,s:s,s:b,s:s,s:s,s:b,s:b,s:b,s:b,s:b,s:b,s:b,s:I,s:{s:s,s:s,s:s}}", "id",
		id, "team_id", "T0SIM", "name", name, "deleted", 0, "real_name", real_name, "tz",
		"Europe/Berlin", "is_admin", 0, "is_owner", 0, "is_primary_owner", 0,
		"is_restricted", 0, "is_ultra_restricted", 0, "is_bot", bot, "is_app_user", 0,
		"updated", (json_int_t)1700000000, "profile", "real_name", real_name,
		"display_name", name, "team", "T0SIM");

	json_object_set_new(s->users, id, user);
}

static void add_channel(struct slack *s, const char *id, const char *name, bool private)
{
	json_t *channel = json_pack(
		"{s:s,s:s,s:b,s:b,s:b,s:b,s:b,s:I,s:b,s:b,s:s,s:b,s:b,s:b,s:b,s:s,s:[s,s,s,s,s]}",
		"id", id, "name", name, "is_channel", !private, "is_group", private, "is_im", 0,
		"is_mpim", 0, "is_private", private, "created", (json_int_t)1700000000,
		"is_archived", 0, "is_general", 0, "name_normalized", name, "is_shared", 0,
		"is_org_shared", 0, "is_ext_shared", 0, "is_member", 1, "context_team_id", "T0SIM",
		"_members", "U0ANA", "U0BOB", "U0CHEN", "U0DORA", "U0SLUICE");

	json_object_set_new(s->channels, id, channel);
}

static void add_group(struct slack *s)
{
	json_object_set_new(s->groups, "S0ONCALL",
			    json_pack("{s:s,s:s,s:b,s:b,s:s,s:s,s:s,s:b,s:I,s:I,s:I,s:i,s:[s,s]}",
				      "id", "S0ONCALL", "team_id", "T0SIM", "is_usergroup", 1,
				      "is_subteam", 1, "name", "On call", "handle", "oncall",
				      "description", "", "is_external", 0, "date_create",
				      (json_int_t)1700000000, "date_update", (json_int_t)1700000000,
				      "date_delete", (json_int_t)0, "user_count", 2, "users",
				      "U0ANA", "U0BOB"));
}

struct slack *slack_new(void)
{
	struct slack *s = mem_alloc(sizeof(*s));
	json_t **objects[] = {&s->settings, &s->tokens,   &s->users, &s->groups,
			      &s->channels, &s->messages, &s->views, &s->files,
			      &s->tickets,  &s->triggers, &s->hooks, &s->windows};

	s->next = 1;
	for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
		*objects[i] = json_object();
	}
	s->ledger = json_array();
	s->faults = json_array();
	s->next_link = json_array();
	list_init(&s->links);
	list_init(&s->envelopes);
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
		json_object_set_new(s->settings, defaults[i].key, json_integer(defaults[i].value));
	}
	json_object_set_new(
		s->tokens, SLACK_BOT_TOKEN,
		json_pack("{s:s,s:s,s:s}", "kind", "bot", "scopes", scopes, "state", ""));
	json_object_set_new(s->tokens, SLACK_APP_TOKEN,
			    json_pack("{s:s,s:s,s:s}", "kind", "app", "scopes", "connections:write",
				      "state", ""));
	add_user(s, "U0ANA", "ana", "Ana", false);
	add_user(s, "U0BOB", "bob", "Bob", false);
	add_user(s, "U0CHEN", "chen", "Chen", false);
	add_user(s, "U0DORA", "dora", "Dora", false);
	add_user(s, "U0SLUICE", "sluice", "Sluice", true);
	add_channel(s, "C0OPS", "ops", false);
	add_channel(s, "C0DEV", "dev", false);
	add_channel(s, "G0SECRET", "secret", true);
	add_group(s);
	return s;
}

void slack_free(struct slack *s)
{
	if (s == NULL) {
		return;
	}
	slack_links_free(s);
	json_t *all[] = {s->settings, s->ledger,   s->faults,   s->tokens,  s->users,
			 s->groups,   s->channels, s->messages, s->views,   s->files,
			 s->tickets,  s->triggers, s->hooks,    s->windows, s->next_link};
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		json_decref(all[i]);
	}
	free(s);
}

int64_t slack_tick(struct slack *s, int64_t now_ms)
{
	s->now_ms = now_ms;
	return slack_links_tick(s);
}

int64_t slack_setting(const struct slack *s, const char *key)
{
	return json_integer_value(json_object_get(s->settings, key));
}

json_t *slack_note(struct slack *s, const char *kind, json_t *entry)
{
	json_object_set_new(entry, "n", json_integer((json_int_t)json_array_size(s->ledger)));
	json_object_set_new(entry, "at_ms", json_integer(s->now_ms));
	slack_set(entry, "kind", kind);
	json_array_append_new(s->ledger, entry);
	return entry;
}

void slack_id(struct slack *s, char prefix, char id[24])
{
	(void)snprintf(id, 24, "%c0SIM%06llu", prefix, (unsigned long long)s->next++);
}

/* Each is later than the one before, as Slack's are within a channel. */
void slack_ts(struct slack *s, char ts[32])
{
	int64_t us = s->now_ms * 1000;

	if (us <= s->last_us) {
		us = s->last_us + 100;
	}
	s->last_us = us;
	(void)snprintf(ts, 32, "%lld.%06lld", (long long)(us / 1000000), (long long)(us % 1000000));
}

const char *slack_str(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

void slack_set(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, json_string(text));
}

int slack_fail(json_t *reply, const char *error)
{
	json_object_set_new(reply, "ok", json_false());
	slack_set(reply, "error", error);
	return -1;
}

/* An error with the sentence that Slack adds for whoever writes the app. */
int slack_complain(json_t *reply, const char *error, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_object_set_new(reply, "errors", json_pack("[s]", text));
	json_object_set_new(reply, "response_metadata",
			    json_pack("{s:[o]}", "messages", json_sprintf("[ERROR] %s", text)));
	return slack_fail(reply, error);
}

/* By id; also by name, as chat.postMessage takes it. */
json_t *slack_channel(struct slack *s, const char *id)
{
	json_t *channel = json_object_get(s->channels, id);
	const char *key;

	if (channel != NULL || *id == '\0') {
		return channel;
	}
	id += *id == '#';
	json_object_foreach(s->channels, key, channel)
	{
		if (strcmp(slack_str(channel, "name"), id) == 0) {
			return channel;
		}
	}
	return NULL;
}

bool slack_is_member(const json_t *channel, const char *user)
{
	size_t i;
	json_t *member;

	json_array_foreach(json_object_get(channel, "_members"), i, member)
	{
		if (json_is_string(member) && strcmp(json_string_value(member), user) == 0) {
			return true;
		}
	}
	return false;
}

json_t *slack_message(struct slack *s, const char *channel, const char *ts)
{
	return json_object_get(json_object_get(s->messages, channel), ts);
}
