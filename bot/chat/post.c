/* post.c - cards: the newest form of a message, kept until the network has it and its owner knows
 *
 * Happy path: post_set copies the form into its card and the card waits in the lane of its place (post_lane.c).
 * Failure modes: the place has too many cards waiting - the form is dropped and the owner told; the queue is freed with a
 * post under way - the flight outlives card and queue and frees itself in done().
 */
#include "chat/post_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

static void settle(struct task *task);

void post_form_free(struct form *form)
{
	if (form != NULL) {
		arena_done(&form->arena);
		free(form);
	}
}

void post_form_moved(struct form *form)
{
	if (!form->says_moved) {
		form->message = message_with_line(&form->arena, form->message,
						  "The message before this one is gone.");
		form->says_moved = true;
	}
}

bool post_queue_can(const struct post_queue *queue, enum chat_caps cap)
{
	return (queue->chat->ops->caps & cap) != 0;
}

struct post_queue *post_queue_new(struct loop *loop, struct chat *chat)
{
	struct post_queue *queue = mem_alloc(sizeof(*queue));

	queue->loop = loop;
	queue->chat = chat;
	map_init(&queue->lanes);
	list_init(&queue->cards);
	return queue;
}

void post_queue_paint(struct post_queue *queue, const struct post_painter *painter)
{
	queue->painter = painter;
}

bool post_queue_idle(const struct post_queue *queue)
{
	void *lane;

	LIST_FOREACH(it, &queue->cards)
	{
		const struct post_card *card = LIST_ENTRY(it, struct post_card, link);

		if (card->newest != NULL || card->flight != NULL) {
			return false;
		}
	}
	for (size_t i = 0; map_next(&queue->lanes, &i, NULL, &lane);) {
		if (((struct lane *)lane)->flight != NULL) {
			return false;
		}
	}
	return true;
}

void post_card_free(struct post_card *card)
{
	struct lane *lane = card->lane;

	task_cancel(&card->settle);
	list_remove(&card->link);
	list_remove(&card->waiting);
	lane->n_waiting -= card->is_waiting;
	lane->n_cards--;
	post_form_free(card->newest);
	post_form_free(card->shown);
	arena_done(&card->arena);
	free(card);
	post_lane_drop_if_idle(lane);
}

void post_tell(struct post_card *card, const struct err *err)
{
	if (card->request.delivered != NULL) {
		card->request.delivered(card, card->id[0] != '\0' ? card->id : NULL, err,
					card->request.data);
	}
}

bool post_is_over(const struct post_card *card)
{
	return card->closed && card->newest == NULL && card->flight == NULL;
}

void post_queue_up(struct post_queue *queue)
{
	void *value;

	for (size_t i = 0; map_next(&queue->lanes, &i, NULL, &value);) {
		struct lane *lane = value;

		if (lane->held_by_link && lane->flight == NULL) {
			lane->held_by_link = false;
			lane->hold_until_ms = 0;
			timer_start(&lane->timer, 0);
		}
	}
}

/* What needs no network: the last word after a close, a form that stands there already, one that found no room. */
static void settle(struct task *task)
{
	struct post_card *card = task->data;
	struct err trouble = card->trouble;
	bool over = post_is_over(card);

	if (card->closed && !over) {
		return; /* the newest form is on its way and brings the last word */
	}
	err_clear(&card->trouble);
	post_tell(card, trouble.kind != ERR_NONE ? &trouble : NULL);
	if (over) {
		post_card_free(card);
	}
}

/* Without private posts, what one person alone may see goes to that person. */
static void make_direct(struct post_card *card)
{
	struct post_request *request = &card->request;

	request->place.channel = request->private_to;
	request->place.thread = NULL;
	request->place.direct = true;
	request->private_to = NULL;
	request->answers = NULL;
	request->about = NULL;
}

struct post_card *post_open(struct post_queue *queue, const struct post_request *request)
{
	struct post_card *card = mem_alloc(sizeof(*card));
	struct post_request *copy = &card->request;

	*copy = *request;
	copy->place.network = arena_strdup(&card->arena, request->place.network);
	copy->place.workspace = arena_strdup(&card->arena, request->place.workspace);
	copy->place.channel = arena_strdup(&card->arena, request->place.channel);
	copy->place.thread = arena_strdup(&card->arena, request->place.thread);
	copy->private_to = arena_strdup(&card->arena, request->private_to);
	copy->answers = arena_strdup(&card->arena, request->answers);
	copy->about = arena_strdup(&card->arena, request->about);
	copy->key = request->key != NULL && strlen(request->key) <= POST_KEY_MAX
			    ? arena_strdup(&card->arena, request->key)
			    : NULL;
	copy->replaces = NULL;
	if (request->replaces != NULL) {
		snprintf(card->id, sizeof(card->id), "%s", request->replaces);
	}
	if (copy->private_to != NULL && !copy->place.direct &&
	    !post_queue_can(queue, CHAT_PRIVATE)) {
		make_direct(card);
	}
	card->lane = post_lane(queue, &copy->place);
	card->lane->n_cards++;
	list_init(&card->waiting);
	list_append(&queue->cards, &card->link);
	task_init(&card->settle, queue->loop, settle, card);
	return card;
}

void post_set(struct post_card *card, const struct message *message)
{
	struct form *form;

	if (card->lane->queue->stopping) {
		return;
	}
	form = mem_alloc(sizeof(*form));
	form->message = message_copy(&form->arena, message);
	form->born_ms = clock_mono_ms();
	if (card->moved) {
		post_form_moved(form);
	}
	post_form_free(card->newest);
	card->newest = form;
	if (card->flight == NULL && card->shown != NULL &&
	    message_equal(card->shown->message, form->message)) {
		post_lane_leave(card);
		card->newest = NULL;
		post_form_free(form);
		task_post(&card->settle);
	} else if (!card->is_waiting && card->lane->n_waiting >= POST_WAITING_MAX) {
		card->newest = NULL;
		post_form_free(form);
		(void)err_set(&card->trouble, ERR_LIMIT,
			      "too many messages wait to be sent to that place");
		task_post(&card->settle);
	} else {
		post_lane_enter(card);
		post_lane_next(card->lane);
	}
}

void post_close(struct post_card *card)
{
	card->closed = true;
	if (card->lane->queue->stopping) {
		return;
	}
	if (card->newest != NULL) {
		post_lane_enter(card);
		post_lane_next(card->lane);
	} else if (card->flight == NULL) {
		task_post(&card->settle);
	}
}

void post_once(struct post_queue *queue, const struct chat_place *place, const char *private_to,
	       const char *answers, const struct message *message)
{
	const struct post_request request = {
		.place = *place, .private_to = private_to, .answers = answers};
	struct post_card *card = post_open(queue, &request);

	post_set(card, message);
	post_close(card);
}

void post_queue_free(struct post_queue *queue)
{
	struct err canceled = {0};

	if (queue == NULL) {
		return;
	}
	queue->stopping = true;
	(void)err_set(&canceled, ERR_CANCELED, "the message was not sent: the bot is stopping");
	while (!list_empty(&queue->cards)) {
		struct post_card *card = LIST_ENTRY(queue->cards.next, struct post_card, link);

		if (card->flight != NULL) {
			post_flight_leave(card->flight);
			card->lane->flight = NULL;
			card->flight = NULL;
		}
		post_tell(card, &canceled);
		post_card_free(card);
	}
	for (;;) {
		size_t i = 0;
		void *lane;

		if (!map_next(&queue->lanes, &i, NULL, &lane)) {
			break;
		}
		post_lane_free(lane);
	}
	map_done(&queue->lanes, NULL);
	free(queue);
}
