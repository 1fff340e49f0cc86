/* envelope.c - one frame of Slack's: hello, disconnect, or an envelope and its acknowledgement
 *
 * Happy path: an envelope becomes an event, the app says when it is settled (what must outlive us is on disk), and the
 * acknowledgement leaves on the connection that brought it. Whatever starts nothing is acknowledged at once.
 * Of a form it also carries what became of it; what is not known in time is said in a message instead.
 * Failure modes: that connection is gone by then: the newest one takes the acknowledgement, and Slack's repetition, if it comes
 * all the same, has the same key. The same event comes again before it is settled: it waits for the same word. What is
 * no JSON, or has no envelope_id, cannot be acknowledged and is left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/internal.h"
#include "adapters/slack/view.h"
#include "base/log.h"
#include "base/mem.h"

#define UNSETTLED_MAX 2048
#define REPEATS_MAX 4
#define ENVELOPE_ID_MAX 128
#define ACK_MAX (64 * 1024)

#define FIRST_MAX 64
#define PATIENCE_MS 2500 /* Slack waits 3 s for its word about a form */

struct unsettled {
	unsigned line[REPEATS_MAX]; /* by its number */
	char *envelope[REPEATS_MAX];
	size_t n;
	/* of a form: the acknowledgement says what became of it */
	struct slack_adapter *s;
	enum event_kind kind; /* EVENT_NONE: no form */
	char key[CHAT_ID_MAX + 1];
	char first[FIRST_MAX];
	char *word; /* the payload; NULL: not known yet */
	bool settled, kept, late;
	struct timer patience;
};

static struct line *line_to_ack(struct slack_adapter *s, unsigned number)
{
	struct line *newest = NULL;

	LIST_FOREACH(it, &s->lines)
	{
		struct line *line = LIST_ENTRY(it, struct line, link);

		if (!line_can_ack(line)) {
			continue;
		}
		if (line->number == number) {
			return line;
		}
		newest = line;
	}
	return newest;
}

/* payload: JSON; NULL: none. */
static void ack(struct slack_adapter *s, unsigned number, const char *envelope_id,
		const char *payload)
{
	struct line *line = line_to_ack(s, number);
	struct err err = {0};
	struct strbuf out;

	if (line == NULL) {
		log_line(LOG_INFO, "slack.not-acknowledged", "why", "no connection", NULL);
		return;
	}
	strbuf_init(&out, ACK_MAX);
	(void)strbuf_adds(&out, "{\"envelope_id\":");
	json_add_string(&out, envelope_id);
	if (payload != NULL) {
		(void)strbuf_addf(&out, ",\"payload\":%s", payload);
	}
	(void)strbuf_adds(&out, "}");
	if (s->wire->send(line->ws, out.buf, out.len, &err) != 0) {
		log_line(LOG_WARN, "slack.not-acknowledged", "why", err.msg, NULL);
	}
	strbuf_done(&out);
}

static void unsettled_free(void *value)
{
	struct unsettled *u = value;

	for (size_t i = 0; i < u->n; i++) {
		free(u->envelope[i]);
	}
	timer_stop(&u->patience);
	free(u->word);
	free(u);
}

static void remember(struct unsettled *u, unsigned line, const char *envelope_id)
{
	for (size_t i = 0; i < u->n; i++) {
		if (strcmp(u->envelope[i], envelope_id) == 0) {
			u->line[i] = line; /* the newest connection that brought it */
			return;
		}
	}
	if (u->n < REPEATS_MAX) {
		u->line[u->n] = line;
		u->envelope[u->n++] = mem_strdup(envelope_id);
	}
}

static void settle(struct slack_adapter *s, const char *key, bool acked, const char *payload)
{
	struct unsettled *u = map_remove(&s->unsettled, key);

	for (size_t i = 0; acked && i < u->n; i++) {
		ack(s, u->line[i], u->envelope[i], payload);
	}
	unsettled_free(u);
}

/* ---- forms: the acknowledgement is the answer ------------------------------------------------------ */

/* Once it is on disk, with what there is to say; without a word when its time is over. */
static void answer_if_due(struct unsettled *u)
{
	static const struct form_answer nothing = {.wrong = NULL};
	struct strbuf out;

	if (!u->settled || (u->word == NULL && !u->late)) {
		return;
	}
	strbuf_init(&out, ACK_MAX);
	if (u->word != NULL) {
		(void)strbuf_adds(&out, u->word);
	} else if (u->kind == EVENT_SEARCH) {
		view_offers(&nothing, &out);
	} else {
		view_taken(&nothing, u->first, &out);
	}
	/* what could not be kept and brought no word either is not taken: Slack says that to the person */
	settle(u->s, u->key, u->word != NULL || u->kept, out.buf);
	strbuf_done(&out);
}

static void on_late(struct timer *timer)
{
	struct unsettled *u = timer->data;

	u->late = true;
	answer_if_due(u);
}

bool envelope_answer(struct chat *chat, const char *event_id, const struct form_answer *answer)
{
	struct slack_adapter *s = CONTAINER_OF(chat, struct slack_adapter, chat);
	struct unsettled *u = map_get(&s->unsettled, event_id);
	struct strbuf out;

	if (u == NULL || u->kind == EVENT_NONE || u->late || u->word != NULL) {
		return false;
	}
	strbuf_init(&out, ACK_MAX);
	if (u->kind == EVENT_SEARCH) {
		view_offers(answer, &out);
	} else {
		view_taken(answer, u->first, &out);
	}
	u->word = strbuf_detach(&out);
	strbuf_done(&out);
	answer_if_due(u);
	return true;
}

static void await(struct slack_adapter *s, struct unsettled *u, const struct heard *heard)
{
	if (heard->event.kind != EVENT_FORM && heard->event.kind != EVENT_SEARCH) {
		return;
	}
	u->s = s;
	u->kind = heard->event.kind;
	(void)snprintf(u->key, sizeof(u->key), "%s", heard->key);
	(void)snprintf(u->first, sizeof(u->first), "%s", heard->first != NULL ? heard->first : "");
	timer_init(&u->patience, s->loop, on_late, u);
	timer_start(&u->patience, PATIENCE_MS);
}

void envelope_settled(struct chat *chat, const char *event_id, bool kept)
{
	struct slack_adapter *s = CONTAINER_OF(chat, struct slack_adapter, chat);
	struct unsettled *u = map_get(&s->unsettled, event_id);

	if (u == NULL) {
		return;
	}
	if (u->kind == EVENT_NONE) {
		settle(s, event_id, kept, NULL);
		return;
	}
	u->settled = true;
	u->kept = kept;
	answer_if_due(u);
}

void envelope_free(struct slack_adapter *s)
{
	map_done(&s->unsettled, unsettled_free);
}

static void report(struct line *line, const char *envelope_id, struct heard *heard)
{
	struct slack_adapter *s = line->s;
	struct unsettled *u = map_get(&s->unsettled, heard->event.id);

	if (u != NULL) {
		remember(u, line->number, envelope_id);
		return;
	}
	if (map_size(&s->unsettled) >= UNSETTLED_MAX) {
		log_line(LOG_WARN, "slack.not-taken", "why", "too many events wait", NULL);
		return; /* not acknowledged: it comes again */
	}
	u = mem_alloc(sizeof(*u));
	remember(u, line->number, envelope_id);
	await(s, u, heard);
	(void)map_put(&s->unsettled, heard->event.id, u);
	s->chat.sink.event(&s->chat, &heard->event, s->chat.sink.data);
}

static void on_envelope(struct line *line, const char *type, const struct json *root)
{
	const char *envelope_id = json_string_or(root, "envelope_id", "");
	struct heard heard = {.s = line->s};

	if (*envelope_id == '\0' || strlen(envelope_id) > ENVELOPE_ID_MAX) {
		return;
	}
	if (heard_event(&heard, type, json_member(root, "payload"))) {
		report(line, envelope_id, &heard);
	} else {
		ack(line->s, line->number, envelope_id, heard.reply);
	}
	heard_done(&heard);
}

static void on_hello(struct line *line, const struct json *root)
{
	const struct json *info = json_member(root, "connection_info");
	const char *app = json_is_object(info) ? json_string_or(info, "app_id", "") : "";
	struct slack_adapter *s = line->s;

	if (line->phase != LINE_HELLO) {
		return;
	}
	if (slack_is_id(app, "A")) {
		memcpy(s->app, app, strlen(app) + 1);
	}
	keep_live(line, json_int_or(root, "num_connections", 0));
}

void envelope_hear(struct line *line, const char *bytes, size_t len)
{
	struct err err = {0};
	struct json *root = json_parse(bytes, len, &err);
	const char *type;

	if (root == NULL || !json_is_object(root)) {
		log_line(LOG_WARN, "slack.unread", "why", root == NULL ? err.msg : "no object",
			 NULL);
		json_free(root);
		return;
	}
	type = json_string_or(root, "type", "");
	if (strcmp(type, "hello") == 0) {
		on_hello(line, root);
	} else if (strcmp(type, "disconnect") == 0) {
		keep_drain(line, json_string_or(root, "reason", "none"));
	} else {
		on_envelope(line, type, root);
	}
	json_free(root);
}
