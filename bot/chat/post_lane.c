/* post_lane.c - one lane a place: one post under way at a time, in order, at the pace that the network wants
 *
 * Happy path: the first card that is due is sent, with a picture of its charts where the network takes one; when the network
 * has taken it, the card learns the post's id, its owner is told, and the next card of the lane goes. An edit keeps its distance
 * to the edit before.
 * Failure modes: the link is down or the network asks for patience - the lane is held, the newest form goes later;
 * the post to edit is gone - a new one; refused, or too late - the owner is told and the form is dropped; there is no picture
 * in time - it goes without.
 */
#include "chat/post_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

static void lane_fire(struct timer *timer);

struct lane *post_lane(struct post_queue *queue, const struct chat_place *place)
{
	const char *thread = place->thread != NULL ? place->thread : "";
	size_t size = strlen(place->channel) + strlen(thread) + 4;
	char *key = mem_alloc(size);
	struct lane *lane;

	snprintf(key, size, "%c\n%s\n%s", place->direct ? 'd' : 'c', place->channel, thread);
	lane = map_get(&queue->lanes, key);
	if (lane != NULL) {
		free(key);
		return lane;
	}
	lane = mem_alloc(sizeof(*lane));
	lane->queue = queue;
	lane->key = key;
	list_init(&lane->waiting);
	timer_init(&lane->timer, queue->loop, lane_fire, lane);
	(void)map_put(&queue->lanes, key, lane);
	return lane;
}

void post_lane_free(struct lane *lane)
{
	timer_stop(&lane->timer);
	(void)map_remove(&lane->queue->lanes, lane->key);
	free(lane->key);
	free(lane);
}

/* A lane without cards is kept only as long as the network asked for patience there. */
void post_lane_drop_if_idle(struct lane *lane)
{
	int64_t left_ms = lane->hold_until_ms - clock_mono_ms();

	if (lane->n_cards > 0 || lane->flight != NULL) {
		return;
	}
	if (left_ms > 0) {
		timer_start(&lane->timer, left_ms);
	} else {
		post_lane_free(lane);
	}
}

static void lane_fire(struct timer *timer)
{
	struct lane *lane = timer->data;

	if (lane->n_cards == 0) {
		post_lane_drop_if_idle(lane);
	} else {
		post_lane_next(lane);
	}
}

void post_lane_enter(struct post_card *card)
{
	if (!card->is_waiting) {
		list_append(&card->lane->waiting, &card->waiting);
		card->lane->n_waiting++;
		card->is_waiting = true;
	}
}

void post_lane_leave(struct post_card *card)
{
	if (card->is_waiting) {
		list_remove(&card->waiting);
		card->lane->n_waiting--;
		card->is_waiting = false;
	}
}

static bool is_edit(const struct post_card *card)
{
	return card->id[0] != '\0' && post_queue_can(card->lane->queue, CHAT_EDIT);
}

/* When this card may go: a new post at once, and how it ended; what is edited on the way, at its distance. */
static int64_t due_ms(const struct post_card *card)
{
	int64_t last = card->sent_ms;

	if (!is_edit(card) || card->closed) {
		return 0;
	}
	if (card->lane->edited_ms > last) {
		last = card->lane->edited_ms;
	}
	return last > 0 ? last + POST_EDIT_INTERVAL_MS : 0;
}

static bool asks_something_new(const struct post_card *card)
{
	const struct message *now = card->newest->message;
	const struct message *before = card->shown != NULL ? card->shown->message : NULL;

	if (before == NULL || now->n_buttons != before->n_buttons) {
		return now->n_buttons > 0;
	}
	for (size_t i = 0; i < now->n_buttons; i++) {
		if (strcmp(now->buttons[i].id, before->buttons[i].id) != 0) {
			return true;
		}
	}
	return false;
}

/* Without edits only what matters becomes a message of its own. */
static bool is_worth_a_post(const struct post_card *card)
{
	return card->id[0] == '\0' || card->closed ||
	       post_queue_can(card->lane->queue, CHAT_EDIT) || asks_something_new(card);
}

static void flight_done(struct chat_post *post, const struct err *err);

static void flight_free(struct flight *flight)
{
	timer_stop(&flight->patience);
	post_form_free(flight->form);
	free(flight);
}

static void leave(struct flight *flight)
{
	struct chat *chat = flight->card->lane->queue->chat;

	flight->post.file = flight->form->file;
	chat->ops->post(chat, &flight->post);
}

static void on_picture(void *data, const struct chat_file *file)
{
	struct flight *flight = data;
	struct form *form = flight->form;

	flight->painting = NULL;
	timer_stop(&flight->patience);
	if (file != NULL) {
		struct chat_file *copy = arena_alloc(&form->arena, sizeof(*copy));
		void *bytes = arena_alloc(&form->arena, file->len + 1);

		memcpy(bytes, file->bytes, file->len);
		copy->bytes = bytes;
		copy->len = file->len;
		copy->name = arena_strdup(&form->arena, file->name);
		copy->alt = arena_strdup(&form->arena, file->alt);
		form->file = copy;
	}
	leave(flight);
}

static void on_late(struct timer *timer)
{
	struct flight *flight = timer->data;

	flight->card->lane->queue->painter->cancel(flight->painting);
	on_picture(flight, NULL);
}

static bool has_charts(const struct message *message)
{
	for (size_t i = 0; i < message->n_blocks; i++) {
		if (message->blocks[i].kind == BLOCK_CHART) {
			return true;
		}
	}
	return false;
}

/* With its picture, where the network takes one, there are charts, and it is not there already. */
static void leave_with_picture(struct flight *flight)
{
	struct post_card *card = flight->card;
	struct post_queue *queue = card->lane->queue;
	struct form *form = flight->form;

	if (!post_queue_can(queue, CHAT_FILES) || queue->painter == NULL ||
	    !has_charts(form->message)) {
		leave(flight);
		return;
	}
	flight->post.keeps_file = flight->is_edit && card->shown != NULL && card->shown->pictured &&
				  message_same_charts(card->shown->message, form->message);
	if (!flight->post.keeps_file && !form->painted) {
		form->painted = true;
		flight->painting =
			queue->painter->start(queue->painter, form->message, on_picture, flight);
	}
	if (flight->painting == NULL) {
		leave(flight);
	} else {
		timer_start(&flight->patience, POST_PICTURE_MS);
	}
}

void post_flight_leave(struct flight *flight)
{
	if (flight->painting != NULL) {
		flight->card->lane->queue->painter->cancel(flight->painting);
		flight_free(flight);
	} else {
		flight->card = NULL;
	}
}

static void send(struct post_card *card)
{
	struct lane *lane = card->lane;
	struct flight *flight = mem_alloc(sizeof(*flight));
	struct chat_post *post = &flight->post;

	post_lane_leave(card);
	flight->card = card;
	flight->form = card->newest;
	flight->is_edit = is_edit(card);
	card->newest = NULL;
	card->flight = flight;
	lane->flight = flight;
	card->tries++;
	post->place = card->request.place;
	post->message = flight->form->message;
	post->private_to = card->request.private_to;
	post->replaces = flight->is_edit ? card->id : NULL;
	post->answers = flight->is_edit ? NULL : card->request.answers;
	post->about = flight->is_edit ? NULL : card->request.about;
	post->key = flight->is_edit ? NULL : card->request.key;
	post->again = post->key != NULL && card->request.again;
	post->done = flight_done;
	post->data = flight;
	timer_init(&flight->patience, lane->queue->loop, on_late, flight);
	leave_with_picture(flight);
}

void post_lane_next(struct lane *lane)
{
	const int64_t now = clock_mono_ms();
	int64_t soonest = INT64_MAX;

	if (lane->flight != NULL || list_empty(&lane->waiting)) {
		return;
	}
	if (lane->hold_until_ms > now) {
		timer_start(&lane->timer, lane->hold_until_ms - now);
		return;
	}
	LIST_FOREACH_SAFE(it, tmp, &lane->waiting)
	{
		struct post_card *card = LIST_ENTRY(it, struct post_card, waiting);
		int64_t due = due_ms(card);

		if (!is_worth_a_post(card)) { /* it was when it came: nothing stood there yet */
			post_lane_leave(card);
			continue;
		}
		if (due <= now) {
			send(card);
			return;
		}
		soonest = due < soonest ? due : soonest;
	}
	if (soonest < INT64_MAX) {
		timer_start(&lane->timer, soonest - now);
	}
}

static void landed(struct post_card *card, struct flight *flight)
{
	struct lane *lane = card->lane;

	if (flight->post.ret_id[0] != '\0') {
		snprintf(card->id, sizeof(card->id), "%s", flight->post.ret_id);
	}
	post_form_free(card->shown);
	flight->form->pictured = flight->post.file != NULL || flight->post.keeps_file;
	card->shown = flight->form;
	flight->form = NULL;
	card->tries = 0;
	card->sent_ms = clock_mono_ms();
	if (flight->is_edit) {
		lane->edited_ms = card->sent_ms;
	}
}

/* May the form be tried again? Then the lane is held for as long as is fit. */
static bool try_again(struct post_card *card, struct flight *flight, const struct err *err)
{
	struct lane *lane = card->lane;
	const int64_t now = clock_mono_ms();
	int64_t wait_ms = POST_RETRY_FIRST_MS;

	for (unsigned i = 1; i < card->tries && wait_ms < POST_RETRY_MOST_MS; i++) {
		wait_ms *= 2;
	}
	wait_ms = wait_ms < POST_RETRY_MOST_MS ? wait_ms : POST_RETRY_MOST_MS;
	if (err->kind == ERR_NOTFOUND && flight->is_edit) {
		card->id[0] = '\0'; /* gone: a new one, now */
		card->moved = true;
		card->request.key = NULL;
		return true;
	}
	if (err->kind == ERR_LIMIT && flight->post.retry_after_ms > 0) {
		wait_ms = flight->post.retry_after_ms;
	} else if (err->kind == ERR_UNKNOWN) {
		if (!flight->is_edit && card->tries >= POST_UNKNOWN_TRIES) {
			return false;
		}
		card->request.again = card->request.again || !flight->is_edit;
	} else if (err->kind != ERR_NETWORK) {
		return false;
	}
	if (wait_ms > POST_GIVE_UP_MS || now + wait_ms - flight->form->born_ms > POST_GIVE_UP_MS) {
		return false;
	}
	lane->hold_until_ms = now + wait_ms;
	lane->held_by_link = err->kind == ERR_NETWORK;
	return true;
}

/* Back to the front of its lane, unless a newer form took its place: order of first posts is kept. */
static void put_back(struct post_card *card, struct flight *flight)
{
	if (card->newest == NULL) {
		card->newest = flight->form;
		flight->form = NULL;
	}
	if (card->moved) {
		post_form_moved(card->newest);
	}
	post_lane_leave(card);
	post_lane_enter(card);
	list_remove(&card->waiting);
	list_append(card->lane->waiting.next, &card->waiting); /* before the first */
}

static void flight_done(struct chat_post *post, const struct err *err)
{
	struct flight *flight = post->data;
	struct post_card *card = flight->card;
	struct lane *lane;

	if (card == NULL) {
		flight_free(flight);
		return;
	}
	lane = card->lane;
	lane->flight = NULL;
	card->flight = NULL;
	if (err == NULL) {
		landed(card, flight);
	} else if (try_again(card, flight, err)) {
		put_back(card, flight);
		flight_free(flight);
		post_lane_next(lane);
		return;
	} else {
		card->tries = 0;
	}
	flight_free(flight);
	lane->n_cards++; /* holds the lane while the owner is told */
	if (!card->closed || post_is_over(card)) {
		bool over = post_is_over(card);

		post_tell(card, err);
		if (over) {
			post_card_free(card);
		}
	}
	lane->n_cards--;
	post_lane_next(lane);
	post_lane_drop_if_idle(lane);
}
