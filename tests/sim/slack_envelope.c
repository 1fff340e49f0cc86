/* slack_envelope.c - payloads on their way to the app: sent to one link each, acked within three seconds, or else
 *
 * An event that is not acked comes again at once, after a minute and after five more; a slash command or a click does not:
 * the person is told that the app did not respond, which the ledger calls "lost" or "timeout".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/slack_link.h"

#define RETRIES 3

struct envelope {
	struct list link;
	char id[48];
	char type[24];
	json_t *payload;
	bool answerable;
	bool sent; /* and now waiting for its ack; else waiting to be sent */
	int attempt;
	char reason[24];
	int64_t due_ms, sent_ms;
};

static struct envelope *envelope_at(struct list *at)
{
	return LIST_ENTRY(at, struct envelope, link);
}

static void drop(struct envelope *e)
{
	list_remove(&e->link);
	json_decref(e->payload);
	free(e);
}

void slack_envelopes_free(struct slack *s)
{
	LIST_FOREACH_SAFE(it, next, &s->envelopes)
	{
		drop(envelope_at(it));
	}
}

static void new_id(struct slack *s, struct envelope *e)
{
	(void)snprintf(e->id, sizeof(e->id), "0a51ac00-0000-4000-8000-%012llx",
		       (unsigned long long)s->next++);
}

static void note(struct slack *s, const char *kind, const struct envelope *e, int link)
{
	slack_note(s, kind,
		   json_pack("{s:s,s:s,s:i,s:i,s:O}", "envelope_id", e->id, "type", e->type,
			     "attempt", e->attempt, "link", link, "payload", e->payload));
}

static void send(struct slack *s, struct envelope *e, struct slack_link *link)
{
	json_t *frame = json_pack("{s:s,s:s,s:b,s:O}", "envelope_id", e->id, "type", e->type,
				  "accepts_response_payload", e->answerable, "payload", e->payload);

	if (strcmp(e->type, "events_api") == 0) {
		json_object_set_new(frame, "retry_attempt", json_integer(e->attempt));
		slack_set(frame, "retry_reason", e->reason);
	}
	e->sent = true;
	e->sent_ms = s->now_ms;
	e->due_ms = s->now_ms + slack_setting(s, "ack_ms");
	note(s, "envelope", e, link->number);
	slack_link_send(link, frame);
}

/* Once more, or never. */
static void try_again(struct slack *s, struct envelope *e, const char *kind)
{
	static const char *const waits[] = {"retry_1_ms", "retry_2_ms", "retry_3_ms"};

	note(s, kind, e, 0);
	if (strcmp(e->type, "events_api") != 0) {
		drop(e);
		return;
	}
	if (e->attempt == RETRIES) {
		note(s, "given_up", e, 0);
		drop(e);
		return;
	}
	e->due_ms = s->now_ms + slack_setting(s, waits[e->attempt]);
	e->attempt++;
	e->sent = false;
	(void)snprintf(e->reason, sizeof(e->reason), "timeout");
	if (slack_setting(s, "retry_same_id") == 0) {
		new_id(s, e);
	}
}

int64_t slack_envelopes_tick(struct slack *s)
{
	int64_t next_due = -1;

	LIST_FOREACH_SAFE(it, next, &s->envelopes)
	{
		struct envelope *e = envelope_at(it);
		struct slack_link *link;

		if (e->due_ms > s->now_ms) {
			continue;
		}
		if (e->sent) {
			try_again(s, e, "timeout");
		} else if ((link = slack_link_next(s)) != NULL) {
			send(s, e, link);
		} else {
			try_again(s, e, "lost");
		}
	}
	LIST_FOREACH(it, &s->envelopes)
	{
		if (next_due < 0 || envelope_at(it)->due_ms < next_due) {
			next_due = envelope_at(it)->due_ms;
		}
	}
	return next_due;
}

const char *slack_deliver(struct slack *s, const char *type, bool answerable, json_t *payload,
			  const json_t *args)
{
	json_int_t copies = json_integer_value(json_object_get(args, "copies"));
	bool same = json_is_true(json_object_get(args, "same_envelope"));
	struct envelope *e = NULL;
	char id[48] = "";

	for (json_int_t i = 0; i < (copies > 0 ? copies : 1); i++) {
		e = mem_alloc(sizeof(*e));
		(void)snprintf(e->type, sizeof(e->type), "%s", type);
		e->payload = json_incref(payload);
		e->answerable = answerable;
		e->attempt = (int)json_integer_value(json_object_get(args, "retry_attempt"));
		if (e->attempt > 0) {
			(void)snprintf(e->reason, sizeof(e->reason), "timeout");
		}
		e->due_ms = s->now_ms + json_integer_value(json_object_get(args, "delay_ms"));
		if (same && id[0] != '\0') {
			(void)snprintf(e->id, sizeof(e->id), "%s", id);
		} else {
			new_id(s, e);
		}
		(void)snprintf(id, sizeof(id), "%s", e->id);
		list_append(&s->envelopes, &e->link);
	}
	json_decref(payload);
	return e->id;
}

void slack_event(struct slack *s, json_t *event, const json_t *args)
{
	char id[24];
	json_t *payload, *channel = slack_channel(s, slack_str(event, "channel"));
	const char *given = slack_str(args, "event_id");

	slack_id(s, 'E', id);
	id[1] = 'v';
	payload = json_pack(
		"{s:s,s:s,s:s,s:n,s:s,s:o,s:s,s:s,s:I,s:[{s:n,s:s,s:s,s:b,s:b}],s:b,s:s}", "token",
		"sim", "team_id", "T0SIM", "context_team_id", "T0SIM", "context_enterprise_id",
		"api_app_id", "A0SIM", "event", event, "type", "event_callback", "event_id",
		*given != '\0' ? given : id, "event_time", (json_int_t)(s->now_ms / 1000),
		"authorizations", "enterprise_id", "team_id", "T0SIM", "user_id", "U0SLUICE",
		"is_bot", 1, "is_enterprise_install", 0, "is_ext_shared_channel",
		json_is_true(json_object_get(channel, "is_ext_shared")), "event_context", "4-sim");
	(void)slack_deliver(s, "events_api", false, payload, args);
}

/* acks */

/* A slash command's ack may carry the answer: to the person alone unless it says otherwise. */
static void post_answer(struct slack *s, const struct envelope *e, json_t *payload)
{
	json_t *reply = json_object();
	bool all = strcmp(slack_str(payload, "response_type"), "in_channel") == 0;

	slack_set(payload, "channel", slack_str(e->payload, "channel_id"));
	if (slack_post_as(s, "ack", payload, all ? NULL : slack_str(e->payload, "user_id"), reply) <
	    0) {
		slack_note(s, "refused",
			   json_pack("{s:s,s:s}", "method", "ack", "error",
				     slack_str(reply, "error")));
	}
	json_decref(reply);
}

static void take_ack(struct slack_link *link, const json_t *ack)
{
	struct slack *s = link->slack;
	json_t *payload = json_object_get(ack, "payload");
	struct envelope *e = NULL;

	LIST_FOREACH(it, &s->envelopes)
	{
		if (strcmp(envelope_at(it)->id, slack_str(ack, "envelope_id")) == 0) {
			e = envelope_at(it);
			break;
		}
	}
	slack_note(s, "ack",
		   json_pack("{s:s,s:s,s:i,s:i,s:I,s:b,s:O*}", "envelope_id",
			     slack_str(ack, "envelope_id"), "type", e != NULL ? e->type : "",
			     "link", link->number, "attempt", e != NULL ? e->attempt : 0,
			     "after_ms", (json_int_t)(e != NULL ? s->now_ms - e->sent_ms : -1),
			     "late", e == NULL || !e->sent, "payload", payload));
	if (e == NULL) {
		return;
	}
	if (strcmp(e->type, "slash_commands") == 0 &&
	    (*slack_str(payload, "text") != '\0' || json_object_get(payload, "blocks") != NULL)) {
		post_answer(s, e, payload);
	}
	drop(e);
}

void slack_link_text(struct slack_link *link, const char *text, size_t len)
{
	json_t *ack;

	if (slack_link_is(link, "black_hole")) {
		return;
	}
	ack = json_loadb(text, len, 0, NULL);
	if (*slack_str(ack, "envelope_id") == '\0' ||
	    (int64_t)len > slack_setting(link->slack, "ack_max_bytes")) {
		slack_note(link->slack, "ack_ignored",
			   json_pack("{s:i,s:I,s:s}", "link", link->number, "bytes",
				     (json_int_t)len, "envelope_id",
				     slack_str(ack, "envelope_id")));
	} else {
		take_ack(link, ack);
	}
	json_decref(ack);
}
