/* posts.c - chat posts to messages, and what became of them
 *
 * Happy path: a post becomes one <message/> with an id of ours. In a room it has arrived when the room reflects it; to
 * a person when the server acknowledges it (XEP-0198), or at once where the server does not count.
 *
 * Failure modes: not connected, or not in the room: never sent. An <error/> with its id: refused. No reflection and no
 * acknowledgement in time, or the session is lost in between: unknown. Each post's done comes exactly once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/xmpp/internal.h"
#include "adapters/xmpp/render.h"
#include "base/mem.h"

#define POST_MS 20000
#define BODY_MAX 16384
#define SLOW_DOWN_MS 3000

struct sent {
	struct list link;
	struct xmpp *x;
	struct chat_post *post;
	char id[XMPP_ID_SIZE];         /* of this stanza */
	char post_id[CHAT_ID_MAX + 1]; /* of the post: the first stanza's */
	char to[CHAT_ID_MAX + 1];
	bool groupchat;
	uint32_t seq; /* 0: not counted */
	struct timer timer;
	struct err err; /* early: why */
};

static void free_sent(struct sent *sent)
{
	timer_stop(&sent->timer);
	list_remove(&sent->link);
	free(sent);
}

static void send_reactions(struct xmpp *x, const struct sent *sent)
{
	struct render_envelope envelope = {.to = sent->to, .groupchat = sent->groupchat};
	char id[XMPP_ID_SIZE];
	struct strbuf out;
	unsigned n = 0;
	const char *name = marks_fresh(x->marks, sent->post_id, &n);

	if (name == NULL || !xmpp_ready(x)) {
		return;
	}
	xmpp_random_id(id);
	envelope.id = id;
	strbuf_init(&out, STANZA_MAX);
	render_reactions(&envelope, name, n, &out);
	(void)sm_send(x, &out, NULL, NULL); /* without them the person types the number */
	strbuf_done(&out);
}

static void finish(struct sent *sent, const struct err *err)
{
	struct chat_post *post = sent->post;

	if (err == NULL) {
		(void)snprintf(post->ret_id, sizeof(post->ret_id), "%s", sent->post_id);
		send_reactions(sent->x, sent);
	}
	free_sent(sent);
	post->done(post, err);
}

static void finish_with(struct sent *sent, enum err_kind kind, const char *why)
{
	struct err err = {0};

	(void)err_set(&err, kind, "%s", why);
	finish(sent, &err);
}

static void on_late(struct timer *timer)
{
	finish_with(timer->data, ERR_UNKNOWN,
		    "nobody confirmed that the message arrived; it may be there");
}

/* ---- sending -------------------------------------------------------------------------------- */

struct names {
	const struct room *room; /* NULL: a direct message */
	char node[CHAT_ID_MAX + 1];
};

/* The nick, which rings in most clients; else the part before the @. Valid until the next call. */
static const char *mention(const char *user, void *data)
{
	struct names *names = data;
	const char *nick = names->room != NULL ? muc_nick_of(names->room, user) : NULL;
	struct jid jid;

	if (nick != NULL) {
		return nick;
	}
	if (jid_parse(user, &jid, NULL) != 0 || jid.node[0] == '\0') {
		return NULL;
	}
	memcpy(names->node, jid.node, sizeof(names->node));
	return names->node;
}

/* What may stand there already is corrected: whoever never saw it shows the correction as a message of its own (XEP-0308). */
static const char *replaces_of(const struct chat_post *post)
{
	return post->replaces == NULL && post->again ? post->key : post->replaces;
}

static int send_message(struct sent *sent, const struct chat_post *post, const struct room *room,
			struct err *err)
{
	struct names who = {.room = room};
	struct render_names names = {.mention = mention, .data = &who};
	struct render_envelope envelope = {
		.to = sent->to,
		.id = sent->id,
		.replaces = replaces_of(post),
		.answers = post->answers,
		.groupchat = sent->groupchat,
	};
	struct strbuf body, out;
	int rc = -1;

	strbuf_init(&body, BODY_MAX);
	strbuf_init(&out, STANZA_MAX);
	render_body(post->message, &names, &body);
	if (body.full) {
		(void)err_set(err, ERR_LIMIT, "too long for one message, nothing was sent");
	} else {
		render_stanza(&envelope, body.buf, &out);
		rc = sm_send(sent->x, &out, &sent->seq, err);
	}
	strbuf_done(&body);
	strbuf_done(&out);
	return rc;
}

static int try_post(struct sent *sent, const struct chat_post *post, struct err *err)
{
	struct xmpp *x = sent->x;
	bool direct = post->place.direct || post->private_to != NULL;
	const char *to = post->private_to != NULL ? post->private_to : post->place.channel;
	struct room *room = NULL;
	struct chat_place place;
	struct jid jid;

	if (!xmpp_ready(x)) {
		return err_set(err, x->closing ? ERR_CANCELED : ERR_NETWORK,
			       "not connected to the XMPP server, nothing was sent");
	}
	if (to == NULL || jid_parse(to, &jid, NULL) != 0) {
		return err_set(err, ERR_NOTFOUND, "no such XMPP address, nothing was sent");
	}
	memcpy(sent->to, jid.bare, sizeof(sent->to));
	sent->groupchat = !direct;
	if (!direct) {
		room = muc_find(x, jid.bare);
		if (room == NULL || !muc_is_in(room)) {
			/* while rooms are being joined this passes */
			return err_set(err,
				       room != NULL && x->phase == PHASE_JOIN ? ERR_NETWORK
									      : ERR_NOTFOUND,
				       "not in the room '%.100s', nothing was sent", jid.bare);
		}
	} else if (post->place.channel != NULL && !post->place.direct) {
		room = muc_find(x, post->place.channel); /* for nicks only */
	}
	xmpp_random_id(sent->id);
	if (post->key != NULL && post->replaces == NULL && !post->again) {
		(void)snprintf(sent->id, sizeof(sent->id), "%s", post->key);
	}
	(void)snprintf(sent->post_id, sizeof(sent->post_id), "%s",
		       replaces_of(post) != NULL ? replaces_of(post) : sent->id);
	if (send_message(sent, post, room, err) != 0) {
		return -1;
	}
	xmpp_place(x, sent->to, direct, &place);
	marks_set(x->marks, sent->post_id, &place, post->message);
	return 0;
}

void posts_post(struct chat *chat, struct chat_post *post)
{
	struct xmpp *x = CONTAINER_OF(chat, struct xmpp, chat);
	struct sent *sent = mem_alloc(sizeof(*sent));

	sent->x = x;
	sent->post = post;
	timer_init(&sent->timer, x->loop, on_late, sent);
	if (try_post(sent, post, &sent->err) != 0) {
		list_append(&x->early, &sent->link);
		task_post(&x->early_task);
		return;
	}
	if (!sent->groupchat && sent->seq == 0) { /* nobody will confirm it */
		list_append(&x->early, &sent->link);
		task_post(&x->early_task);
		return;
	}
	list_append(&x->sent, &sent->link);
	timer_start(&sent->timer, POST_MS);
	sm_request(x);
}

void posts_early(struct task *task)
{
	struct xmpp *x = task->data;

	/* one by one: a done may post again, which waits for the next turn */
	for (size_t n = 64; n > 0 && !list_empty(&x->early); n--) {
		struct sent *sent = LIST_ENTRY(x->early.next, struct sent, link);

		if (sent->err.kind != ERR_NONE) {
			struct err err = sent->err;

			finish(sent, &err);
		} else {
			finish(sent, NULL);
		}
	}
	if (!list_empty(&x->early)) {
		task_post(&x->early_task);
	}
}

/* ---- outcomes ------------------------------------------------------------------------------- */

/* done() may post, which changes the lists: look from the start after each. */
static struct sent *next_acked(struct xmpp *x)
{
	LIST_FOREACH(it, &x->sent)
	{
		struct sent *sent = LIST_ENTRY(it, struct sent, link);

		if (!sent->groupchat && (int32_t)(x->sm.acked - sent->seq) >= 0) {
			return sent;
		}
	}
	return NULL;
}

void posts_acked(struct xmpp *x)
{
	for (struct sent *sent; (sent = next_acked(x)) != NULL;) {
		finish(sent, NULL);
	}
}

static struct sent *find(struct xmpp *x, const char *to, const char *id)
{
	LIST_FOREACH(it, &x->sent)
	{
		struct sent *sent = LIST_ENTRY(it, struct sent, link);

		if (id != NULL && strcmp(sent->id, id) == 0 && strcmp(sent->to, to) == 0) {
			return sent;
		}
	}
	return NULL;
}

void posts_reflected(struct xmpp *x, const char *room, const char *id, const char *origin,
		     const char *stanza_id)
{
	struct sent *sent = find(x, room, id);

	if (sent == NULL) {
		sent = find(x, room, origin); /* some rooms give ids of their own */
	}
	if (sent == NULL) {
		return;
	}
	if (stanza_id != NULL && strcmp(sent->id, sent->post_id) == 0) {
		marks_name(x->marks, sent->post_id, stanza_id);
	}
	finish(sent, NULL);
}

void posts_refused(struct xmpp *x, const char *from, const char *id, const struct xml *stanza)
{
	static const struct {
		const char *condition;
		enum err_kind kind;
		const char *why;
	} rows[] = {
		{"not-acceptable", ERR_NOTFOUND, "not in this room any more, nothing was said"},
		{"item-not-found", ERR_NOTFOUND, "nobody has this address, nothing was said"},
		{"recipient-unavailable", ERR_NOTFOUND, "nobody is there, nothing was said"},
		{"forbidden", ERR_REMOTE, "this room does not let me speak"},
		{"not-allowed", ERR_REMOTE, "this room does not let me speak"},
		{"policy-violation", ERR_LIMIT, "too fast for this server, nothing was said"},
		{"resource-constraint", ERR_LIMIT, "too fast for this server, nothing was said"},
	};
	const struct xml *error = xml_child(stanza, "error", NS_CLIENT);
	struct sent *sent = find(x, from, id);
	char word[64] = "";

	if (sent == NULL) {
		return;
	}
	if (error != NULL) {
		(void)xmpp_condition(error, NS_STANZAS, word, sizeof(word));
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(word, rows[i].condition) == 0) {
			sent->post->retry_after_ms = rows[i].kind == ERR_LIMIT ? SLOW_DOWN_MS : 0;
			finish_with(sent, rows[i].kind, rows[i].why);
			return;
		}
	}
	finish_with(sent, ERR_REMOTE, "the XMPP server refused the message");
}

static void finish_all(struct list *list, enum err_kind kind, const char *why)
{
	struct list taken;

	/* what a done() posts anew is not among them */
	list_init(&taken);
	while (!list_empty(list)) {
		struct list *first = list->next;

		list_remove(first);
		list_append(&taken, first);
	}
	while (!list_empty(&taken)) {
		finish_with(LIST_ENTRY(taken.next, struct sent, link), kind, why);
	}
}

void posts_lost(struct xmpp *x)
{
	if (x->closing) {
		return; /* they are canceled */
	}
	finish_all(&x->sent, ERR_UNKNOWN,
		   "the connection broke before the message was confirmed; it may be there");
}

void posts_cancel(struct xmpp *x)
{
	while (!list_empty(&x->sent)) {
		finish_all(&x->sent, ERR_CANCELED, "canceled: the chat is being closed");
	}
	while (!list_empty(&x->early)) {
		finish_all(&x->early, ERR_CANCELED, "canceled: the chat is being closed");
	}
}
