/* slack_views.c - modals, the home tab, and files in two steps */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/slack.h"

static json_t *new_view(struct slack *s, const json_t *args)
{
	char id[24], hash[32];
	json_t *view = json_pack("{s:s,s:s,s:s,s:s,s:{s:{}},s:b,s:b,s:n,s:s,s:s,s:s,s:s,s:n,s:n}",
				 "team_id", "T0SIM", "private_metadata", "", "callback_id", "",
				 "external_id", "", "state", "values", "clear_on_close", 0,
				 "notify_on_close", 0, "previous_view_id", "app_id", "A0SIM",
				 "app_installed_team_id", "T0SIM", "bot_id", "B0SLUICE", "type",
				 "modal", "submit", "close");

	slack_id(s, 'V', id);
	slack_ts(s, hash);
	json_object_update(view, json_object_get(args, "view"));
	slack_set(view, "id", id);
	slack_set(view, "root_view_id", id);
	slack_set(view, "hash", hash);
	json_object_set_new(s->views, id, view);
	return view;
}

static void note_view(struct slack *s, const char *via, const json_t *view, const char *user)
{
	slack_note(s, "view",
		   json_pack("{s:s,s:s,s:s,s:O}", "via", via, "user", user, "view_id",
			     slack_str(view, "id"), "view", view));
}

/* A trigger is good once and for three seconds. */
static int spend_trigger(struct slack *s, const json_t *args, json_t *reply)
{
	json_t *trigger = json_object_get(s->triggers, slack_str(args, "trigger_id"));

	if (trigger == NULL) {
		return slack_fail(reply, "invalid_trigger_id");
	}
	if (json_is_true(json_object_get(trigger, "spent"))) {
		return slack_fail(reply, "exchanged_trigger_id");
	}
	if (s->now_ms > json_integer_value(json_object_get(trigger, "until_ms"))) {
		return slack_fail(reply, "expired_trigger_id");
	}
	json_object_set_new(trigger, "spent", json_true());
	return 0;
}

static int open_with(struct slack *s, json_t *args, json_t *reply, const char *via)
{
	json_t *view;

	if (slack_check_view(json_object_get(args, "view"), reply) < 0 ||
	    spend_trigger(s, args, reply) < 0) {
		return -1;
	}
	view = new_view(s, args);
	json_object_set(reply, "view", view);
	note_view(s, via, view,
		  slack_str(json_object_get(s->triggers, slack_str(args, "trigger_id")), "user"));
	return 0;
}

static int open_view(struct slack *s, json_t *args, json_t *reply)
{
	return open_with(s, args, reply, "views.open");
}

static int push_view(struct slack *s, json_t *args, json_t *reply)
{
	return open_with(s, args, reply, "views.push");
}

static int update_view(struct slack *s, json_t *args, json_t *reply)
{
	json_t *view = json_object_get(s->views, slack_str(args, "view_id"));
	char hash[32];
	const char *key;
	json_t *other;

	json_object_foreach(s->views, key, other)
	{
		if (view == NULL && *slack_str(args, "external_id") != '\0' &&
		    strcmp(slack_str(other, "external_id"), slack_str(args, "external_id")) == 0) {
			view = other;
		}
	}
	if (view == NULL) {
		return slack_fail(reply, "not_found");
	}
	if (*slack_str(args, "hash") != '\0' &&
	    strcmp(slack_str(args, "hash"), slack_str(view, "hash")) != 0) {
		return slack_fail(reply, "hash_conflict");
	}
	if (slack_check_view(json_object_get(args, "view"), reply) < 0) {
		return -1;
	}
	json_object_update(view, json_object_get(args, "view"));
	slack_ts(s, hash);
	slack_set(view, "hash", hash);
	json_object_set(reply, "view", view);
	note_view(s, "views.update", view, "");
	return 0;
}

static int publish_view(struct slack *s, json_t *args, json_t *reply)
{
	json_t *view;

	if (json_object_get(s->users, slack_str(args, "user_id")) == NULL) {
		return slack_fail(reply, "user_not_found");
	}
	if (slack_check_view(json_object_get(args, "view"), reply) < 0) {
		return -1;
	}
	view = new_view(s, args);
	json_object_set(reply, "view", view);
	note_view(s, "views.publish", view, slack_str(args, "user_id"));
	return 0;
}

/* files */

static int get_upload_url(struct slack *s, json_t *args, json_t *reply)
{
	const json_t *length = json_object_get(args, "length");
	long size = json_is_integer(length) ? (long)json_integer_value(length)
					    : strtol(slack_str(args, "length"), NULL, 10);
	char id[24];

	if (*slack_str(args, "filename") == '\0' || size <= 0) {
		return slack_complain(reply, "invalid_arguments", "missing required field: %s",
				      size <= 0 ? "length" : "filename");
	}
	slack_id(s, 'F', id);
	json_object_set_new(s->files, id,
			    json_pack("{s:s,s:s,s:I,s:I}", "id", id, "name",
				      slack_str(args, "filename"), "_length", (json_int_t)size,
				      "_received", (json_int_t)-1));
	json_object_set_new(reply, "upload_url", json_sprintf("%s/upload/%s", s->base, id));
	slack_set(reply, "file_id", id);
	return 0;
}

static int complete_upload(struct slack *s, json_t *args, json_t *reply)
{
	json_t *files = json_array();
	json_t *channel = slack_channel(s, slack_str(args, "channel_id"));
	size_t i;
	json_t *given;

	if (*slack_str(args, "channel_id") != '\0' && channel == NULL) {
		json_decref(files);
		return slack_fail(reply, "channel_not_found");
	}
	json_array_foreach(json_object_get(args, "files"), i, given)
	{
		json_t *file = json_object_get(s->files, slack_str(given, "id"));
		const char *title = slack_str(given, "title");

		if (file == NULL || json_integer_value(json_object_get(file, "_received")) < 0) {
			json_decref(files);
			return slack_fail(reply, "file_not_found");
		}
		/* what is made of it takes its time */
		json_object_set_new(
			file, "_ready_ms",
			json_integer((json_int_t)(s->now_ms + slack_setting(s, "file_ready_ms"))));
		json_array_append_new(files,
				      json_pack("{s:s,s:s}", "id", slack_str(given, "id"), "title",
						*title != '\0' ? title : slack_str(file, "name")));
		slack_note(s, "file",
			   json_pack("{s:s,s:s,s:s,s:s,s:O*}", "channel",
				     slack_str(args, "channel_id"), "name", slack_str(file, "name"),
				     "text", slack_str(args, "initial_comment"), "thread_ts",
				     slack_str(args, "thread_ts"), "bytes",
				     json_object_get(file, "_bytes")));
	}
	json_object_set_new(reply, "files", files);
	return json_array_size(files) > 0 ? 0
					  : slack_complain(reply, "invalid_arguments",
							   "missing required field: files");
}

int slack_check_files(struct slack *s, const json_t *blocks, json_t *reply)
{
	size_t i;
	json_t *block;

	json_array_foreach(blocks, i, block)
	{
		json_t *shown = json_object_get(block, "slack_file");
		json_t *file = json_object_get(s->files, slack_str(shown, "id"));
		json_t *ready = json_object_get(file, "_ready_ms");

		if (strcmp(slack_str(block, "type"), "image") != 0 || shown == NULL) {
			continue;
		}
		if (ready == NULL || json_integer_value(ready) > s->now_ms) {
			return slack_complain(
				reply, "invalid_blocks",
				"invalid slack file [json-pointer:/blocks/%zu/slack_file]", i);
		}
	}
	return 0;
}

const struct slack_method slack_view_methods[] = {
	{"views.open", "", 'b', TIER_4, open_view},
	{"views.push", "", 'b', TIER_4, push_view},
	{"views.update", "", 'b', TIER_4, update_view},
	{"views.publish", "", 'b', TIER_4, publish_view},
	{"files.getUploadURLExternal", "files:write", 'b', TIER_4, get_upload_url},
	{"files.completeUploadExternal", "files:write", 'b', TIER_4, complete_upload},
	{0},
};
