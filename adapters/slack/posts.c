/* posts.c - chat posts to calls of the Web API, at Slack's pace, and what became of them
 *
 * Happy path: rendered at once; when the channel's turn comes (one message a second) chat.postMessage, chat.update
 * or chat.postEphemeral; further pages follow below the first; done with the ts as id. An answer stands in the thread of
 * what it answers. A direct place is found by conversations.open, once.
 * Failure modes: 429 holds the channel for as long as Slack says; not in the channel: what one person alone may see goes by the
 * response_url of what they just did there, else as a direct message; an edit of what is gone is NOTFOUND, and the queue above
 * makes a new one.
 *
 * Ids: the ts; "D...:ts" in a direct place; "e:ts" for what only one person saw, which cannot be edited.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/internal.h"
#include "adapters/slack/render.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define PACE_MS 1050 /* a second, and a little for the way */
#define BURST 3      /* of what is no message of its own */
#define PAGE_TRIES 3
#define BODY_MAX (1024 * 1024)

struct pace {
	int64_t next_ms;
};

enum way { WAY_POST = 0, WAY_EDIT, WAY_EPHEMERAL, WAY_HOOK };

struct posted {
	struct list link; /* in posts, or early */
	struct slack_adapter *s;
	struct chat_post *post; /* NULL: told already, further pages are left */
	struct arena arena;
	struct slack_pages pages;
	size_t page; /* the one to send */
	unsigned tries;
	enum way way;
	bool hooked;         /* a response_url was looked for */
	bool opening;        /* conversations.open is under way */
	const char *channel; /* NULL: the direct channel is not known yet */
	const char *user;    /* of a direct place, or the one who alone may see it; NULL: neither */
	const char *thread, *ts;
	struct rest_call *call;
	struct timer timer;
	struct err err; /* early: why it never began */
};

static void send(struct posted *posted);

static void posted_free(struct posted *posted)
{
	list_remove(&posted->link);
	timer_stop(&posted->timer);
	rest_forget(posted->call);
	arena_done(&posted->arena);
	free(posted);
}

/* Tells once; err NULL: it stands there. */
static void tell(struct posted *posted, const struct err *err)
{
	struct chat_post *post = posted->post;

	posted->post = NULL;
	if (post != NULL) {
		post->done(post, err);
	}
}

static void finish(struct posted *posted, const struct err *err)
{
	struct chat_post *post = posted->post;
	struct err copy = {0};

	err_copy(&copy, err);
	posted_free(posted);
	if (post != NULL) {
		post->done(post, err != NULL ? &copy : NULL);
	}
}

/* ---- pace -------------------------------------------------------------------------------------- */

/* By method and channel, as Slack counts. */
static struct pace *pace_of(const struct posted *posted)
{
	static const char letters[] = {
		[WAY_POST] = 'p', [WAY_EDIT] = 'u', [WAY_EPHEMERAL] = 'e', [WAY_HOOK] = 'h'};
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
	int64_t now_ms = clock_mono_ms();
	int64_t earliest_ms = now_ms - (posted->way == WAY_POST ? 0 : (BURST - 1) * PACE_MS);
	int64_t turn_ms = pace->next_ms > earliest_ms ? pace->next_ms : earliest_ms;

	pace->next_ms = turn_ms + PACE_MS;
	return turn_ms > now_ms ? turn_ms - now_ms : 0;
}

static void hold(const struct posted *posted, int64_t ms)
{
	struct pace *pace = pace_of(posted);
	int64_t until_ms = clock_mono_ms() + ms;

	pace->next_ms = pace->next_ms > until_ms ? pace->next_ms : until_ms;
}

static void on_turn(struct timer *timer)
{
	send(timer->data);
}

static void queue_page(struct posted *posted)
{
	timer_start(&posted->timer, posted->channel != NULL ? take_turn(posted) : 0);
}

/* ---- outcomes ------------------------------------------------------------------------------------ */

static void set_id(struct posted *posted, const struct json *answer)
{
	const char *ts =
		json_string_or(answer, posted->way == WAY_EPHEMERAL ? "message_ts" : "ts", "");
	const char *mark = posted->way == WAY_EPHEMERAL || posted->way == WAY_HOOK ? "e:" : "";
	char *id = posted->post->ret_id;
	size_t size = sizeof(posted->post->ret_id);

	if (posted->channel != NULL && posted->channel[0] == 'D' && *mark == '\0') {
		(void)snprintf(id, size, "%.64s:%.64s", posted->channel, ts);
	} else {
		(void)snprintf(id, size, "%s%.64s", mark, ts);
	}
}

/* The page stands there; the next, or the end. */
static void landed(struct posted *posted, const struct json *answer)
{
	if (posted->page == 0 && posted->post != NULL) {
		set_id(posted, answer);
		if (posted->way == WAY_POST && posted->thread == NULL && posted->pages.n > 1) {
			posted->thread =
				arena_strdup(&posted->arena, json_string_or(answer, "ts", NULL));
		}
	}
	posted->page++;
	posted->tries = 0;
	/* of an edit the further pages stand there already; a card that long says so by its first */
	if (posted->page >= posted->pages.n || posted->way == WAY_EDIT) {
		finish(posted, NULL);
		return;
	}
	tell(posted, NULL);
	queue_page(posted);
}

/* Not there, or cannot see it there: what one person alone may see finds another way. */
static bool other_way(struct posted *posted, const struct trouble *trouble)
{
	struct slack_adapter *s = posted->s;

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

static void failed(struct posted *posted, const struct trouble *trouble)
{
	int64_t wait_ms = trouble->retry_after_ms;

	if (wait_ms > 0 && posted->channel != NULL) {
		hold(posted, wait_ms);
	}
	if (trouble->fatal) {
		slack_refuse(posted->s, trouble->err.msg);
	}
	if (posted->post != NULL) {
		posted->post->retry_after_ms = wait_ms;
		finish(posted, &trouble->err);
	} else if (++posted->tries < PAGE_TRIES && !trouble->fatal) {
		timer_start(&posted->timer, wait_ms > 0 ? wait_ms : PACE_MS);
	} else {
		log_line(LOG_ERROR, "slack.page-lost", "why", trouble->err.msg, NULL);
		posted_free(posted);
	}
}

static void on_answer(struct rest_call *call, const struct json *answer,
		      const struct trouble *trouble)
{
	struct posted *posted = call->ask.data;

	posted->call = NULL;
	if (trouble == NULL) {
		landed(posted, answer);
	} else if (other_way(posted, trouble)) {
		send(posted);
	} else {
		failed(posted, trouble);
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
		failed(posted, trouble);
	} else if (!slack_is_id(id, "D")) {
		struct trouble none = {0};

		(void)err_set(&none.err, ERR_REMOTE, "Slack opened no direct channel");
		failed(posted, &none);
	} else {
		direct_keep(posted->s, posted->user, id);
		posted->channel = arena_strdup(&posted->arena, id);
		queue_page(posted);
	}
}

/* ---- sending ------------------------------------------------------------------------------------- */

static void add_field(struct strbuf *out, const char *key, const char *value)
{
	if (value != NULL) {
		(void)strbuf_addf(out, "\"%s\":", key);
		json_add_string(out, value);
		(void)strbuf_addch(out, ',');
	}
}

static void write_body(const struct posted *posted, struct strbuf *out)
{
	const struct slack_page *page = &posted->pages.page[posted->page];

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
	(void)strbuf_addf(out,
			  "\"blocks\":%s,\"parse\":\"none\",\"link_names\":false,\"mrkdwn\":false",
			  page->blocks);
	if (posted->way == WAY_POST) {
		(void)strbuf_adds(out, ",\"unfurl_links\":false,\"unfurl_media\":false,\"reply_"
				       "broadcast\":false");
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
					      [WAY_EPHEMERAL] = "chat.postEphemeral"};
	struct rest_ask ask = {.done = on_answer, .data = posted};
	const char *hook = NULL;
	struct strbuf out;

	if (posted->channel == NULL) {
		open_direct(posted);
		return;
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
	ask.repeatable = posted->way == WAY_EDIT;
	posted->call = rest_start(posted->s, &ask);
	strbuf_done(&out);
}

/* ---- taking it ------------------------------------------------------------------------------------ */

static bool split_id(struct posted *posted, const char *id)
{
	const char *colon = strchr(id, ':');

	if (strncmp(id, "e:", 2) == 0) {
		return false; /* nobody can edit what one person saw */
	}
	posted->ts = arena_strdup(&posted->arena, colon != NULL ? colon + 1 : id);
	if (colon != NULL) {
		posted->channel = arena_strndup(&posted->arena, id, (size_t)(colon - id));
	}
	return posted->ts[0] != '\0';
}

static const char *thread_of(struct posted *posted, const struct chat_post *post)
{
	const char *answers = post->answers != NULL ? strchr(post->answers, ':') : NULL;

	if (post->place.thread != NULL) {
		return arena_strdup(&posted->arena, post->place.thread);
	}
	/* what somebody waits for goes on below their words; a short answer stands beside them */
	if (post->key == NULL || post->answers == NULL || post->place.direct) {
		return NULL;
	}
	return arena_strdup(&posted->arena, answers != NULL ? answers + 1 : post->answers);
}

static int try_post(struct posted *posted, const struct chat_post *post)
{
	struct slack_adapter *s = posted->s;
	struct err *err = &posted->err;

	if (s->closing) {
		return err_set(err, ERR_CANCELED, "canceled: the chat is being closed");
	}
	if (s->refused) {
		return err_set(err, ERR_REMOTE, "Slack refused the bot, nothing was said");
	}
	if (!s->known) {
		return err_set(err, ERR_NETWORK, "not connected to Slack yet, nothing was said");
	}
	if (post->place.direct || post->private_to != NULL) {
		posted->user = arena_strdup(&posted->arena, post->place.direct ? post->place.channel
									       : post->private_to);
	}
	if (posted->user != NULL && !slack_is_id(posted->user, "UW")) {
		return err_set(err, ERR_NOTFOUND, "no such person in Slack, nothing was said");
	}
	posted->channel =
		arena_strdup(&posted->arena, post->place.direct ? direct_find(s, posted->user)
								: post->place.channel);
	posted->thread = thread_of(posted, post);
	if (post->replaces != NULL) {
		posted->way = WAY_EDIT;
		if (!split_id(posted, post->replaces)) {
			return err_set(err, ERR_NOTFOUND,
				       "what one person alone saw cannot be edited in Slack");
		}
	} else if (!post->place.direct && post->private_to != NULL) {
		posted->way = WAY_EPHEMERAL;
	}
	if (!post->place.direct && !slack_is_id(posted->channel, "CG")) {
		return err_set(err, ERR_NOTFOUND, "no such channel in Slack, nothing was said");
	}
	slack_render(post->message, &posted->arena, &posted->pages);
	return 0;
}

void slack_post(struct chat *chat, struct chat_post *post)
{
	struct slack_adapter *s = CONTAINER_OF(chat, struct slack_adapter, chat);
	struct posted *posted = mem_alloc(sizeof(*posted));

	posted->s = s;
	posted->post = post;
	timer_init(&posted->timer, s->loop, on_turn, posted);
	if (try_post(posted, post) != 0) {
		list_append(&s->early, &posted->link);
		task_post(&s->early_task);
		return;
	}
	list_append(&s->posts, &posted->link);
	queue_page(posted);
}

void slack_posts_early(struct task *task)
{
	struct slack_adapter *s = task->data;

	/* one by one: a done may post again, which waits for the next turn */
	for (size_t n = 64; n > 0 && !list_empty(&s->early); n--) {
		struct posted *posted = LIST_ENTRY(s->early.next, struct posted, link);
		struct err err = posted->err;

		finish(posted, &err);
	}
	if (!list_empty(&s->early)) {
		task_post(&s->early_task);
	}
}

static void cancel_all(struct list *list)
{
	struct err err = {0};

	while (!list_empty(list)) {
		struct posted *posted = LIST_ENTRY(list->next, struct posted, link);

		/* sent, and its answer not awaited: it may stand there */
		if (posted->call != NULL && !posted->opening) {
			(void)err_set(&err, ERR_UNKNOWN,
				      "the bot stopped before Slack confirmed the message");
		} else {
			(void)err_set(&err, ERR_CANCELED, "canceled: the chat is being closed");
		}
		err.kind = ERR_CANCELED;
		finish(posted, &err);
	}
}

void slack_posts_cancel(struct slack_adapter *s)
{
	cancel_all(&s->posts);
	cancel_all(&s->early);
}

void slack_posts_free(struct slack_adapter *s)
{
	map_done(&s->paces, free);
}
