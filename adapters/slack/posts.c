/* posts.c - chat posts to Slack: taking them, and what became of them
 *
 * Happy path: rendered at once; send.c makes the calls when it is the channel's turn; further pages follow below the first; done
 * with the ts as id. What goes on stands in the thread of what it answers.
 * Failure modes: 429 holds the channel for as long as Slack says; an edit of what is gone is NOTFOUND, and the queue above makes
 * a new one; a page after the first that cannot be posted is tried a few times, then logged.
 *
 * Ids: the ts; "D...:ts" in a direct place; "e:ts" for what only one person saw, which cannot be edited.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/posts.h"
#include "base/log.h"
#include "base/mem.h"

#define PAGE_TRIES 3
#define PAGE_AGAIN_MS 2000

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
void posted_landed(struct posted *posted, const struct json *answer)
{
	if (posted->page == 0 && posted->post != NULL) {
		set_id(posted, answer);
		if (posted->way == WAY_POST || posted->way == WAY_EDIT) {
			pages_landed(posted, json_string_or(answer, "ts", ""));
			pictures_keep(posted->s, posted->channel,
				      posted->way == WAY_EDIT ? posted->ts
							      : json_string_or(answer, "ts", ""),
				      posted->picture);
		}
	} else if (posted->base != NULL) {
		pages_landed(posted, json_string_or(answer, "ts", ""));
	}
	posted->page++;
	posted->tries = 0;
	posted->broadcast = false;
	if (posted->base != NULL ? !pages_next(posted) : posted->page >= posted->pages.n) {
		finish(posted, NULL);
		return;
	}
	tell(posted, NULL);
	posted_queue(posted);
}

void posted_failed(struct posted *posted, const struct trouble *trouble)
{
	int64_t wait_ms = trouble->retry_after_ms;

	if (wait_ms > 0 && posted->channel != NULL) {
		posted_hold(posted, wait_ms);
	}
	if (trouble->fatal) {
		slack_refuse(posted->s, trouble->err.msg);
	}
	if (posted->post != NULL) {
		posted->post->retry_after_ms = wait_ms;
		finish(posted, &trouble->err);
	} else if (posted->base != NULL && posted->way != WAY_POST &&
		   trouble->err.kind == ERR_NOTFOUND) {
		pages_gone(posted);
		if (pages_next(posted)) {
			posted_queue(posted);
		} else {
			finish(posted, NULL);
		}
	} else if (++posted->tries < PAGE_TRIES && !trouble->fatal) {
		timer_start(&posted->timer, wait_ms > 0 ? wait_ms : PAGE_AGAIN_MS);
	} else {
		log_line(LOG_ERROR, "slack.page-lost", "why", trouble->err.msg, NULL);
		posted_free(posted);
	}
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
	if (post->about != NULL && !post->place.direct) {
		posted->broadcast =
			true; /* who has the thread closed sees the outcome all the same */
		return arena_strdup(&posted->arena, post->about);
	}
	/* what somebody waits for goes on below their words; a short answer stands beside them */
	if (post->key == NULL || post->answers == NULL || post->place.direct) {
		return NULL;
	}
	return arena_strdup(&posted->arena, answers != NULL ? answers + 1 : post->answers);
}

/* What one person alone sees has bars: no picture can be shown there for sure. */
static bool may_show(const struct posted *posted)
{
	return (posted->way == WAY_POST || posted->way == WAY_EDIT) && !posted->s->no_files;
}

/* The message is rendered once it is known whether there is a picture: at once, or later from a copy. */
static void choose_picture(struct posted *posted, const struct chat_post *post)
{
	const struct slack_picture *kept = NULL;
	struct arena *arena = &posted->arena;

	posted->message = post->file != NULL && may_show(posted)
				  ? message_copy(arena, post->message)
				  : post->message;
	if (posted->way == WAY_EDIT && post->keeps_file) {
		kept = pictures_of(posted->s, posted->channel, posted->ts, arena);
	}
	if (kept != NULL) {
		posted->message = message_copy(arena, post->message); /* should Slack refuse it */
		posted->picture = arena_alloc(arena, sizeof(*posted->picture));
		*posted->picture = *kept;
		posted->pictured = true;
	}
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
	posted->passing = post->key != NULL && post->message->tone == TONE_WAIT;
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
	choose_picture(posted, post);
	return 0;
}

void posted_render(struct posted *posted)
{
	slack_render(posted->message, posted->picture, posted->s->draws, &posted->arena,
		     &posted->pages);
	if (posted->pages.native && posted->post != NULL &&
	    posted->message == posted->post->message) {
		/* should Slack refuse its tables; the caller's is gone then */
		posted->message = message_copy(&posted->arena, posted->message);
	}
}

void posted_begin(struct posted *posted)
{
	posted_render(posted);
	posted_queue(posted);
}

void slack_post(struct chat *chat, struct chat_post *post)
{
	struct slack_adapter *s = CONTAINER_OF(chat, struct slack_adapter, chat);
	struct posted *posted = mem_alloc(sizeof(*posted));

	posted->s = s;
	posted->post = post;
	timer_init(&posted->timer, s->loop, posted_turn, posted);
	if (try_post(posted, post) != 0) {
		list_append(&s->early, &posted->link);
		task_post(&s->early_task);
		return;
	}
	list_append(&s->posts, &posted->link);
	if (post->file != NULL && may_show(posted)) {
		picture_start(posted, post->file);
	} else {
		posted_begin(posted);
	}
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
