/* send.c - the calls of a post: which method, when, with what, and which other way when it cannot be that one
 *
 * Happy path: in turn, one message a second a channel, chat.postMessage, chat.update, chat.postEphemeral or a response_url;
 * posts.c hears how it went. Failure modes: where the bot is not, what one person alone may see goes by the response_url of what
 * they just did there, else as a direct message; what all there may see goes to who did something there last. Tables and fields
 * that Slack refuses are drawn, then and from then on.
 */
#include <stdio.h>
#include <string.h>

#include "adapters/slack/posts.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define BURST 3 /* of what is no message of its own */
#define BODY_MAX (1024 * 1024)
#define PAGES_AGAIN_MS 1000
#define PICTURE_TRIES 3
#define PICTURE_AGAIN_MS 1000

struct pace {
	int64_t next_ms;
};

static void send(struct posted *posted);

/* ---- pace -------------------------------------------------------------------------------------- */

/* By method and channel, as Slack counts. */
static struct pace *pace_of(const struct posted *posted)
{
	static const char letters[] = {[WAY_POST] = 'p',
				       [WAY_EDIT] = 'u',
				       [WAY_EPHEMERAL] = 'e',
				       [WAY_HOOK] = 'h',
				       [WAY_DELETE] = 'd'};
	struct map *paces = &posted->s->paces;
	struct pace *pace;
	char key[CHAT_ID_MAX + 3];

	(void)snprintf(key, sizeof(key), "%c/%s", letters[posted->way], posted->channel);
	pace = map_get(paces, key);
	if (pace == NULL) {
		pace = mem_alloc(sizeof(*pace));
		(void)map_put(paces, key, pace);
	}
	return pace;
}

/* Takes a turn in the channel: in how many ms it is. */
static int64_t take_turn(const struct posted *posted)
{
	struct pace *pace = pace_of(posted);
	int64_t pace_ms = posted->s->pace_ms;
	int64_t now_ms = clock_mono_ms();
	int64_t earliest_ms = now_ms - (posted->way == WAY_POST ? 0 : (BURST - 1) * pace_ms);
	int64_t turn_ms = pace->next_ms > earliest_ms ? pace->next_ms : earliest_ms;

	pace->next_ms = turn_ms + pace_ms;
	return turn_ms > now_ms ? turn_ms - now_ms : 0;
}

void posted_hold(const struct posted *posted, int64_t ms)
{
	struct pace *pace = pace_of(posted);
	int64_t until_ms = clock_mono_ms() + ms;

	pace->next_ms = pace->next_ms > until_ms ? pace->next_ms : until_ms;
}

void posted_turn(struct timer *timer)
{
	send(timer->data);
}

void posted_queue(struct posted *posted)
{
	int64_t held_ms =
		posted->s->direct_hold_ms - clock_mono_ms(); /* its channel is asked for */

	timer_start(&posted->timer, posted->channel != NULL ? take_turn(posted)
				    : held_ms > 0           ? held_ms
							    : 0);
}

/* ---- how it went ---------------------------------------------------------------------------------- */

/*
 * Not there: who used the slash command there waits for its answer, and is of those who may see it. Of a change they see the first form
 * and the outcome: Slack takes five posts.
 */
static bool to_newest(struct posted *posted)
{
	const char *user = posted->user == NULL && !posted->hooked
				   ? hook_newest(posted->s, posted->channel, posted->passing)
				   : NULL;

	if (user == NULL) {
		return false;
	}
	posted->user = arena_strdup(&posted->arena, user);
	posted->way = WAY_HOOK;
	if (posted->picture != NULL) { /* what one person alone sees has bars */
		posted->picture = NULL;
		posted_render(posted);
	}
	return true;
}

/* Not there, or cannot see it there: what one person alone may see finds another way. */
static bool other_way(struct posted *posted, const struct trouble *trouble)
{
	struct slack_adapter *s = posted->s;

	if (posted->way == WAY_POST && (strcmp(trouble->code, "not_in_channel") == 0 ||
					strcmp(trouble->code, "channel_not_found") == 0)) {
		return to_newest(posted);
	}
	if (posted->way == WAY_HOOK &&
	    (trouble->err.kind == ERR_REMOTE || trouble->err.kind == ERR_NOTFOUND)) {
		posted->way = WAY_EPHEMERAL; /* it has run out */
		return true;
	}
	if (posted->way != WAY_EPHEMERAL || trouble->err.kind != ERR_NOTFOUND) {
		return false;
	}
	if (!posted->hooked) {
		posted->way = WAY_HOOK;
		return true;
	}
	posted->thread = NULL;
	posted->way = WAY_POST;
	posted->channel = direct_find(s, posted->user);
	posted->channel = arena_strdup(&posted->arena, posted->channel);
	return true;
}

/* Slack has the picture, and not ready yet; or it takes the message with none. */
static bool without_picture(struct posted *posted, const struct trouble *trouble)
{
	if (posted->picture == NULL || posted->page > 0 ||
	    strcmp(trouble->code, "invalid_blocks") != 0) {
		return false;
	}
	if (posted->picture_tries++ < PICTURE_TRIES) {
		posted_hold(posted, PICTURE_AGAIN_MS); /* it counts as a message of its own */
		posted_queue(posted);
		return true;
	}
	log_line(LOG_WARN, "slack.no-picture", "why", trouble->err.msg, NULL);
	posted->picture = NULL;
	posted_begin(posted);
	return true;
}

/* What is native stands on the first page only, so nothing of the message was posted when it is refused. */
static bool is_native(const struct posted *posted)
{
	return posted->page == 0 && posted->way != WAY_DELETE && posted->pages.native;
}

/* Slack takes no tables or fields of its own here: they are drawn, and those of later messages at once. */
static bool drawn_instead(struct posted *posted, const struct trouble *trouble)
{
	static const char *const codes[] = {"invalid_blocks", "invalid_blocks_format",
					    "only_one_table_allowed"};
	bool refused = false;

	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		refused = refused || strcmp(trouble->code, codes[i]) == 0;
	}
	if (!refused || !is_native(posted)) {
		return false;
	}
	if (!posted->s->draws) {
		log_line(LOG_WARN, "slack.no-tables", "why", trouble->err.msg, NULL);
	}
	posted->s->draws = true;
	posted_begin(posted);
	return true;
}

static void on_answer(struct rest_call *call, const struct json *answer,
		      const struct trouble *trouble)
{
	struct posted *posted = call->ask.data;

	posted->call = NULL;
	if (trouble != NULL &&
	    (without_picture(posted, trouble) || drawn_instead(posted, trouble))) {
		return;
	}
	if (trouble == NULL) {
		posted_landed(posted, answer);
	} else if (other_way(posted, trouble)) {
		send(posted);
	} else {
		posted_failed(posted, trouble);
	}
}

static void on_opened(struct rest_call *call, const struct json *answer,
		      const struct trouble *trouble)
{
	struct posted *posted = call->ask.data;
	const char *id = json_string_or(json_member(answer, "channel"), "id", "");

	posted->call = NULL;
	posted->opening = false;
	if (trouble != NULL) {
		posted->s->direct_hold_ms = clock_mono_ms() + trouble->retry_after_ms;
		posted_failed(posted, trouble);
	} else if (!slack_is_id(id, "D")) {
		struct trouble none = {0};

		(void)err_set(&none.err, ERR_REMOTE, "Slack opened no direct channel");
		posted_failed(posted, &none);
	} else {
		direct_keep(posted->s, posted->user, id);
		posted->channel = arena_strdup(&posted->arena, id);
		posted_queue(posted);
	}
}

/* ---- sending ------------------------------------------------------------------------------------- */

static void add_field(struct strbuf *out, const char *key, const char *value)
{
	if (value != NULL) {
		(void)strbuf_addch(out, '"');
		(void)strbuf_adds(out, key);
		(void)strbuf_adds(out, "\":");
		json_add_string(out, value);
		(void)strbuf_addch(out, ',');
	}
}

static void write_body(const struct posted *posted, struct strbuf *out)
{
	const struct slack_page *page = &posted->pages.page[posted->page];

	if (posted->way == WAY_DELETE) {
		(void)strbuf_addf(out, "{\"channel\":\"%s\",\"ts\":\"%s\"}", posted->channel,
				  posted->ts);
		return;
	}
	(void)strbuf_addch(out, '{');
	if (posted->way == WAY_HOOK) {
		(void)strbuf_adds(out,
				  "\"response_type\":\"ephemeral\",\"replace_original\":false,");
	} else {
		add_field(out, "channel", posted->channel);
	}
	add_field(out, "ts", posted->way == WAY_EDIT ? posted->ts : NULL);
	add_field(out, "user", posted->way == WAY_EPHEMERAL ? posted->user : NULL);
	add_field(out, "thread_ts", posted->way == WAY_EDIT ? NULL : posted->thread);
	add_field(out, "text", page->text);
	(void)strbuf_adds(out, "\"blocks\":");
	(void)strbuf_adds(out, page->blocks);
	(void)strbuf_adds(out, ",\"parse\":\"none\",\"link_names\":false,\"mrkdwn\":false");
	if (posted->way == WAY_POST) {
		(void)strbuf_addf(out,
				  ",\"unfurl_links\":false,\"unfurl_media\":false,\"reply_"
				  "broadcast\":%s",
				  posted->broadcast && posted->thread != NULL ? "true" : "false");
	}
	(void)strbuf_addch(out, '}');
}

static void open_direct(struct posted *posted)
{
	struct rest_ask ask = {.method = "conversations.open",
			       .repeatable = true,
			       .done = on_opened,
			       .data = posted};
	struct strbuf out;

	strbuf_init(&out, 1024);
	(void)strbuf_adds(&out, "{\"users\":");
	json_add_string(&out, posted->user);
	(void)strbuf_adds(&out, "}");
	ask.json = out.buf;
	posted->opening = true;
	posted->call = rest_start(posted->s, &ask);
	strbuf_done(&out);
}

static void send(struct posted *posted)
{
	static const char *const methods[] = {[WAY_POST] = "chat.postMessage",
					      [WAY_EDIT] = "chat.update",
					      [WAY_EPHEMERAL] = "chat.postEphemeral",
					      [WAY_DELETE] = "chat.delete"};
	struct rest_ask ask = {.done = on_answer, .data = posted};
	const char *hook = NULL;
	struct strbuf out;

	if (posted->channel == NULL) {
		open_direct(posted);
		return;
	}
	if (posted->way == WAY_EDIT && posted->page == 0 && pages_busy(posted)) {
		/* its pages would be mixed with the old ones */
		timer_start(&posted->timer, PAGES_AGAIN_MS);
		return;
	}
	if (posted->s->draws && is_native(posted)) {
		posted_render(posted); /* it waited while another one was refused */
	}
	if (posted->way == WAY_HOOK || (posted->way == WAY_EPHEMERAL && !posted->hooked &&
					map_get(&posted->s->members, posted->channel) == NULL)) {
		/* in a channel where we may not be: the answer to what was just done there */
		posted->hooked = true;
		hook = hook_use(posted->s, posted->channel, posted->user);
		posted->way = hook != NULL ? WAY_HOOK : WAY_EPHEMERAL;
	}
	strbuf_init(&out, BODY_MAX);
	write_body(posted, &out);
	ask.json = out.buf;
	ask.method = hook != NULL ? hook : methods[posted->way];
	ask.token = hook != NULL ? REST_NONE : REST_BOT;
	ask.repeatable = posted->way == WAY_EDIT || posted->way == WAY_DELETE;
	posted->call = rest_start(posted->s, &ask);
	strbuf_done(&out);
}
