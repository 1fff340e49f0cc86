/* slack_faults.c - rules for what goes wrong with a request
 *
 * {"on":"api","method":"chat.postMessage","kind":"http","status":503,"times":2}
 *   on      api, hook (a response_url)
 *   method  of the Web API; missing: any
 *   kind    error (with "error": ok:false), http (with "status", perhaps "retry_after_s", "html"), silent (no answer),
 *           reset, slow (with "ms"), torn (half of the answer)
 *   after   so many fitting requests pass first
 *   times   so many are hit; 1 when missing, -1 for ever
 *   commit  true: the model has done it before the answer goes wrong; with slow and torn it always has
 */
#include <stdlib.h>
#include <string.h>

#include "sim/slack.h"

static bool fits(const json_t *fault, const char *on, const char *method)
{
	const char *wanted = slack_str(fault, "method");

	return strcmp(slack_str(fault, "on"), on) == 0 &&
	       (*wanted == '\0' || strcmp(wanted, method) == 0);
}

static json_int_t number(const json_t *fault, const char *key, json_int_t otherwise)
{
	const json_t *node = json_object_get(fault, key);

	return json_is_integer(node) ? json_integer_value(node) : otherwise;
}

json_t *slack_fault(struct slack *s, const char *on, const char *method)
{
	size_t i;
	json_t *fault;

	json_array_foreach(s->faults, i, fault)
	{
		json_int_t after = number(fault, "after", 0);
		json_int_t times = number(fault, "times", 1);

		if (!fits(fault, on, method) || times == 0) {
			continue;
		}
		if (after > 0) {
			json_object_set_new(fault, "after", json_integer(after - 1));
			continue;
		}
		if (times > 0) {
			json_object_set_new(fault, "times", json_integer(times - 1));
		}
		json_object_set_new(fault, "hits", json_integer(number(fault, "hits", 0) + 1));
		return fault;
	}
	return NULL;
}

static void answer_error(const json_t *fault, struct slack_reply *out)
{
	char *text;
	json_t *reply = json_pack("{s:b,s:s}", "ok", 0, "error", slack_str(fault, "error"));

	if (json_object_get(fault, "reply") != NULL) {
		json_object_update(reply, json_object_get(fault, "reply"));
	}
	text = json_dumps(reply, JSON_COMPACT);
	out->type = "application/json; charset=utf-8";
	strbuf_reset(&out->body);
	(void)strbuf_adds(&out->body, text);
	json_decref(reply);
	free(text);
}

bool slack_fault_reaches(const json_t *fault)
{
	const char *kind = slack_str(fault, "kind");

	return fault == NULL || json_is_true(json_object_get(fault, "commit")) ||
	       strcmp(kind, "slow") == 0 || strcmp(kind, "torn") == 0;
}

void slack_apply(const json_t *fault, struct slack_reply *out)
{
	const char *kind = slack_str(fault, "kind");

	if (strcmp(kind, "error") == 0) {
		answer_error(fault, out);
	} else if (strcmp(kind, "http") == 0) {
		out->status = (int)number(fault, "status", 503);
		out->retry_after_s = (int)number(fault, "retry_after_s", -1);
		out->type = "text/html; charset=utf-8";
		strbuf_reset(&out->body);
		(void)strbuf_adds(&out->body, slack_str(fault, "html"));
	} else if (strcmp(kind, "silent") == 0) {
		out->ending = SLACK_SILENT;
	} else if (strcmp(kind, "reset") == 0) {
		out->ending = SLACK_RESET;
	} else if (strcmp(kind, "slow") == 0) {
		out->delay_ms = number(fault, "ms", 2000);
	} else if (strcmp(kind, "torn") == 0) {
		strbuf_truncate(&out->body, out->body.len / 2);
	}
}
