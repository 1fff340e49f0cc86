/* slack_control.c - the words under /_sim that steer a running simulator and read what happened
 *
 *   GET  /_sim/ledger         everything that happened, oldest first; ?from=N from there on
 *   GET  /_sim/messages       channel -> ts -> message, as they stand now
 *   GET  /_sim/state          links, and how many envelopes wait
 *   POST /_sim/settings       {"ack_ms":500,...}: see slack.c for all
 *   POST /_sim/user, channel, group   {"id":...,...}: makes or changes one; a channel's people are "members"
 *   POST /_sim/token          {"token":...,"kind":"bot","scopes":"...","state":"token_revoked"}
 *   POST /_sim/fault          a rule of slack_faults.c; DELETE: none any more
 *   POST /_sim/link           what the next link does wrong: {"times":N, QUIRKS}; DELETE: nothing any more
 *   POST /_sim/quirk          {"link":N, QUIRKS}: what a link that is up does wrong from now on; without link: all
 *   POST /_sim/disconnect     {"reason":"warning","link":N,"close_ms":10000}
 *   POST /_sim/cut            {"link":N,"ghost":true}: a reset; as a ghost it stays registered
 *   POST /_sim/forget         Slack notices its ghosts
 *   POST /_sim/frame          {"text":"..."}: any text as a frame
 *   POST /_sim/say, command, click, submit, suggest, shortcut, event   what people do: slack_act.c; also
 *                             "delay_ms", "copies", "same_envelope", "retry_attempt", "event_id", "payload"
 *
 * QUIRKS  status (refuses the upgrade), silent, reset; no_hello, too_many, no_ping, no_pong, pong_delay_ms, no_close,
 *         never_fin, black_hole; fragment (bytes a frame), ping_between; tear (half of the next frame, then the end)
 */
#include <stdlib.h>
#include <string.h>

#include "sim/slack.h"

static void put(struct slack_reply *out, int status, const json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);

	out->status = status;
	out->type = "application/json; charset=utf-8";
	(void)strbuf_adds(&out->body, text);
	free(text);
}

static void change(json_t *all, json_t *args)
{
	const char *id = slack_str(args, "id");
	json_t *members = json_object_get(args, "members");
	json_t *old = json_object_get(all, id);

	if (members != NULL) {
		json_object_set(args, "_members", members);
		json_object_del(args, "members");
	}
	if (old != NULL) {
		json_object_update(old, args);
	} else {
		json_object_set(all, id, args);
	}
}

static int set_thing(struct slack *s, const char *word, json_t *args)
{
	json_t *tables[] = {s->users, s->channels, s->groups};
	static const char *const words[] = {"user", "channel", "group"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(word, words[i]) == 0) {
			change(tables[i], args);
			return 0;
		}
	}
	if (strcmp(word, "settings") == 0) {
		json_object_update(s->settings, args);
	} else if (strcmp(word, "token") == 0) {
		json_object_set(s->tokens, slack_str(args, "token"), args);
	} else if (strcmp(word, "fault") == 0) {
		json_array_append(s->faults, args);
	} else if (strcmp(word, "link") == 0) {
		json_array_append(s->next_link, args);
	} else {
		return -1;
	}
	return 0;
}

static bool is_of_links(const char *word)
{
	static const char *const words[] = {"disconnect", "cut", "forget", "frame", "quirk"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(word, words[i]) == 0) {
			return true;
		}
	}
	return false;
}

static json_t *look(struct slack *s, const char *word)
{
	const char *from = strstr(word, "from=");
	size_t first = from != NULL ? strtoul(from + 5, NULL, 10) : 0;
	json_t *out;
	json_int_t waiting = 0;

	if (strncmp(word, "ledger", 6) == 0) {
		out = json_array();
		for (size_t i = first; i < json_array_size(s->ledger); i++) {
			json_array_append(out, json_array_get(s->ledger, i));
		}
		return out;
	}
	if (strcmp(word, "messages") == 0) {
		return json_incref(s->messages);
	}
	if (strcmp(word, "state") == 0) {
		LIST_FOREACH(it, &s->envelopes)
		{
			waiting++;
		}
		return json_pack("{s:I,s:o,s:I,s:O,s:O}", "now_ms", (json_int_t)s->now_ms, "links",
				 slack_links_json(s), "envelopes", waiting, "faults", s->faults,
				 "settings", s->settings);
	}
	return NULL;
}

static void change_by(struct slack *s, const char *word, json_t *args, struct slack_reply *out)
{
	json_t *reply = json_pack("{s:b}", "ok", 1);
	int status = 200;

	if (is_of_links(word)) {
		json_object_set_new(reply, "links", json_integer(slack_links_act(s, word, args)));
	} else if (set_thing(s, word, args) < 0 && slack_act(s, word, args, reply) < 0) {
		status = 400;
	}
	put(out, status, reply);
	json_decref(reply);
}

void slack_control(struct slack *s, const struct slack_request *request, struct slack_reply *out)
{
	const char *word = request->path + strlen("/_sim/");
	json_t *json = NULL;

	if (strcmp(request->method, "GET") == 0) {
		json = look(s, word);
	} else if (strcmp(request->method, "DELETE") == 0) {
		json_array_clear(strcmp(word, "link") == 0 ? s->next_link : s->faults);
		json = json_pack("{s:b}", "ok", 1);
	} else {
		json_t *args = request->body_len > 0
				       ? json_loadb(request->body, request->body_len, 0, NULL)
				       : json_object();

		if (json_is_object(args)) {
			change_by(s, word, args, out);
			json_decref(args);
			return;
		}
		json_decref(args);
	}
	if (json == NULL) {
		json = json_pack("{s:s}", "error", "no such word, or no JSON object");
		put(out, 400, json);
	} else {
		put(out, 200, json);
	}
	json_decref(json);
}
