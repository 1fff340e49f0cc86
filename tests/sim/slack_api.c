/* slack_api.c - the Web API: which method, whose token, how often; then the method itself
 *
 * Happy path: a fault is due? the token's kind, state and scopes; the rate; the arguments; the method; its answer as JSON
 * with HTTP 200. An error is 200 as well, with ok:false; only a rate limit is 429, with Retry-After.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim/slack.h"

static int open_connection(struct slack *s, json_t *args, json_t *reply)
{
	char ticket[24];

	(void)args;
	slack_id(s, 'T', ticket);
	json_object_set_new(s->tickets, ticket,
			    json_integer(s->now_ms + slack_setting(s, "ticket_ms")));
	json_object_set_new(reply, "url",
			    json_sprintf("%s/link/?ticket=%s&app_id=A0SIM", s->link_base, ticket));
	return 0;
}

static int test_auth(struct slack *s, json_t *args, json_t *reply)
{
	(void)s, (void)args;
	slack_set(reply, "url", "https://sim.slack.com/");
	slack_set(reply, "team", "Sim");
	slack_set(reply, "user", "sluice");
	slack_set(reply, "team_id", "T0SIM");
	slack_set(reply, "user_id", "U0SLUICE");
	slack_set(reply, "bot_id", "B0SLUICE");
	json_object_set_new(reply, "is_enterprise_install", json_false());
	return 0;
}

static const struct slack_method own_methods[] = {
	{"apps.connections.open", "connections:write", 'a', TIER_3, open_connection},
	{"auth.test", "", 'b', TIER_NONE, test_auth},
	{0},
};

static const struct slack_method *find(const char *name)
{
	const struct slack_method *const tables[] = {own_methods, slack_chat_methods,
						     slack_react_methods, slack_people_methods,
						     slack_view_methods};

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		for (const struct slack_method *m = tables[i]; m->name != NULL; m++) {
			if (strcmp(m->name, name) == 0) {
				return m;
			}
		}
	}
	return NULL;
}

/* One of the words of needed ("channels:read|groups:read") stands among these. */
static bool has_scope(const char *scopes, const char *needed)
{
	while (*needed != '\0') {
		size_t len = strcspn(needed, "|");
		const char *at = scopes;

		while (*at != '\0') {
			size_t n = strcspn(at, ",");

			if (n == len && strncmp(at, needed, n) == 0) {
				return true;
			}
			at += n + (at[n] == ',');
		}
		needed += len + (needed[len] == '|');
	}
	return false;
}

static int check_token(struct slack *s, const struct slack_method *method, const char *token,
		       json_t *reply, char scopes[512])
{
	json_t *held = token != NULL ? json_object_get(s->tokens, token) : NULL;

	if (token == NULL || *token == '\0') {
		return slack_fail(reply, "not_authed");
	}
	if (held == NULL) {
		return slack_fail(reply, "invalid_auth");
	}
	if (*slack_str(held, "state") != '\0') {
		return slack_fail(reply, slack_str(held, "state"));
	}
	if (*slack_str(held, "kind") != method->kind) {
		return slack_fail(reply, "not_allowed_token_type");
	}
	(void)snprintf(scopes, 512, "%s", slack_str(held, "scopes"));
	if (*method->scope != '\0' && !has_scope(slack_str(held, "scopes"), method->scope)) {
		char needed[64];

		(void)snprintf(needed, sizeof(needed), "%.*s", (int)strcspn(method->scope, "|"),
			       method->scope);
		slack_set(reply, "needed", needed);
		slack_set(reply, "provided", slack_str(held, "scopes"));
		return slack_fail(reply, "missing_scope");
	}
	return 0;
}

/* A leaky bucket: `room` at once, one more each `each_ms`. Milliseconds until the next is allowed, 0: now. */
static int64_t wait_of(struct slack *s, const char *key, int64_t room, int64_t each_ms)
{
	int64_t full_until = json_integer_value(json_object_get(s->windows, key));

	if (full_until < s->now_ms) {
		full_until = s->now_ms;
	}
	if (full_until - s->now_ms > (room - 1) * each_ms) {
		return full_until - s->now_ms - (room - 1) * each_ms;
	}
	json_object_set_new(s->windows, key, json_integer(full_until + each_ms));
	return 0;
}

static int64_t rate_wait(struct slack *s, const struct slack_method *method, const json_t *args)
{
	static const char *const tiers[] = {NULL, "tier_1", "tier_2", "tier_3", "tier_4", NULL};
	char key[160];
	int64_t a_minute;

	if (slack_setting(s, "limits") == 0 || method->tier == TIER_NONE) {
		return 0;
	}
	if (method->tier == TIER_CHANNEL) {
		(void)snprintf(key, sizeof(key), "%s %.100s", method->name,
			       slack_str(args, "channel"));
		return wait_of(s, key, slack_setting(s, "channel_burst"),
			       slack_setting(s, "channel_ms"));
	}
	a_minute = slack_setting(s, tiers[method->tier]);
	return wait_of(s, method->name, a_minute, 60000 / (a_minute > 0 ? a_minute : 1));
}

/* What Slack remarks on without refusing. */
static void add_warnings(const struct slack_method *method, const struct slack_request *request,
			 const json_t *args, json_t *reply)
{
	json_t *warnings = json_array();

	if (strncasecmp(request->type, "application/json", 16) == 0 &&
	    strstr(request->type, "charset") == NULL) {
		json_array_append_new(warnings, json_string("missing_charset"));
	}
	if (strncmp(method->name, "chat.post", 9) == 0 && *slack_str(args, "text") == '\0') {
		json_array_append_new(warnings, json_string("missing_text_in_message"));
	}
	if (json_array_size(warnings) > 0) {
		json_object_set(reply, "warning", json_array_get(warnings, 0));
		json_object_set_new(reply, "response_metadata",
				    json_pack("{s:O}", "warnings", warnings));
	}
	json_decref(warnings);
}

static void call(struct slack *s, const struct slack_method *method,
		 const struct slack_request *request, struct slack_reply *out, json_t *reply)
{
	const char *error = NULL;
	json_t *args = slack_args(request, &error);
	const char *token = request->token;
	int64_t wait;

	if (args == NULL) {
		slack_fail(reply, error);
		return;
	}
	if (token == NULL && method->kind == 'b' && json_object_get(args, "token") != NULL) {
		token = slack_str(args, "token");
	}
	if (check_token(s, method, token, reply, out->scopes) == 0) {
		wait = rate_wait(s, method, args);
		if (wait > 0) {
			out->status = 429;
			out->retry_after_s = (int)((wait + 999) / 1000);
			slack_fail(reply, "ratelimited");
		} else {
			json_object_set_new(reply, "ok", json_true());
			add_warnings(method, request, args, reply);
			(void)method->run(s, args, reply);
		}
	}
	if (!json_is_true(json_object_get(reply, "ok"))) {
		slack_note(s, "refused",
			   json_pack("{s:s,s:s,s:s}", "method", method->name, "error",
				     slack_str(reply, "error"), "channel",
				     slack_str(args, "channel")));
	}
	json_decref(args);
}

static void put(struct slack_reply *out, json_t *reply)
{
	char *text = json_dumps(reply, JSON_COMPACT);

	out->type = "application/json; charset=utf-8";
	strbuf_reset(&out->body);
	(void)strbuf_adds(&out->body, text);
	free(text);
}

static void serve_method(struct slack *s, const struct slack_request *request,
			 struct slack_reply *out)
{
	char name[80];
	const struct slack_method *method;
	json_t *reply = json_object();
	const json_t *fault;

	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(request->path + 5, "?"),
		       request->path + 5);
	method = find(name);
	fault = slack_fault(s, "api", name);
	if (!slack_fault_reaches(fault)) {
		slack_apply(fault, out);
		json_decref(reply);
		return;
	}
	if (method == NULL) {
		slack_fail(reply, "unknown_method");
		slack_set(reply, "req_method", name);
	} else {
		call(s, method, request, out, reply);
	}
	put(out, reply);
	json_decref(reply);
	if (fault != NULL) {
		slack_apply(fault, out);
	}
}

static void serve_hook(struct slack *s, const struct slack_request *request,
		       struct slack_reply *out)
{
	const char *error = NULL;
	json_t *reply = json_pack("{s:b}", "ok", 1);
	json_t *args = slack_args(request, &error);
	char id[40];

	(void)snprintf(id, sizeof(id), "%.*s", (int)strcspn(request->path + 6, "?"),
		       request->path + 6);
	const json_t *fault = slack_fault(s, "hook", "");

	if (!slack_fault_reaches(fault)) {
		slack_apply(fault, out);
	} else {
		if (args == NULL || slack_hook(s, id, args, reply) < 0) {
			out->status = args == NULL ? 400 : 404;
			slack_fail(reply,
				   args == NULL ? "invalid_payload" : slack_str(reply, "error"));
		}
		put(out, reply);
		if (fault != NULL) {
			slack_apply(fault, out);
		}
	}
	json_decref(args);
	json_decref(reply);
}

/* The bytes of a file, to the address that files.getUploadURLExternal gave. */
static void serve_upload(struct slack *s, const struct slack_request *request,
			 struct slack_reply *out)
{
	json_t *file = json_object_get(s->files, request->path + 8);

	out->type = "text/plain; charset=utf-8";
	if (file == NULL) {
		out->status = 404;
		return;
	}
	json_object_set_new(file, "_received", json_integer((json_int_t)request->body_len));
	json_object_set_new(file, "_bytes", json_stringn(request->body, request->body_len));
	(void)strbuf_addf(&out->body, "OK - %zu", request->body_len);
}

void slack_http(struct slack *s, const struct slack_request *request, struct slack_reply *out)
{
	out->ending = SLACK_ANSWERED;
	out->status = 200;
	out->retry_after_s = -1;
	out->delay_ms = 0;
	out->scopes[0] = '\0';
	out->type = "text/html; charset=utf-8";
	strbuf_reset(&out->body);
	if (strncmp(request->path, "/_sim/", 6) == 0 && request->near) {
		slack_control(s, request, out);
	} else if (strncmp(request->path, "/api/", 5) == 0) {
		serve_method(s, request, out);
	} else if (strncmp(request->path, "/hook/", 6) == 0) {
		serve_hook(s, request, out);
	} else if (strncmp(request->path, "/upload/", 8) == 0) {
		serve_upload(s, request, out);
	} else {
		out->status = 404;
	}
}
