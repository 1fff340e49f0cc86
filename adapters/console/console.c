/* console.c - the chat that lives in this process: posts are taken at once, events are typed or injected
 *
 * Happy path: a post is shown and recorded when it comes, its done() follows at the next turn; a typed line becomes an
 * event at once.
 * Failure modes: the link was taken down by a test, or a fault was asked for - the post is not taken; the chat is closing -
 * CANCELED; the terminal went away - the input ends, writes are dropped.
 */
#include "adapters/console/console_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "chat/text.h"

/* Older posts lose their buttons, and their edits are printed whole. */
#define RECORDS_MAX 200U
#define POSTS_A_TURN 4U
#define SHOWN_BYTES_MAX (1U << 20)

struct pending {
	struct list link;
	struct chat_post *post;
	struct err err;
	char id[CHAT_ID_MAX + 1];
};

static const struct chat_ops ops;

static struct console *of(struct chat *chat)
{
	return CONTAINER_OF(chat, struct console, chat);
}

const char *console_new_id(struct console *console)
{
	static unsigned count; /* of the process: two consoles of one millisecond differ too */

	snprintf(console->event_id, sizeof(console->event_id), "%s-%u", console->start_id, ++count);
	return console->event_id;
}

/* --- records --- */

static void record_free(struct console *console, struct record *record)
{
	if (console->last == record) {
		console->last = NULL;
	}
	list_remove(&record->link);
	arena_done(&record->arena);
	free(record);
	console->n_records--;
}

struct record *console_record(struct console *console, const char *id)
{
	LIST_FOREACH(it, &console->records)
	{
		struct record *record = LIST_ENTRY(it, struct record, link);

		if (strcmp(record->id, id) == 0) {
			return record;
		}
	}
	return NULL;
}

static struct record *new_record(struct console *console, const char *id)
{
	struct record *record = mem_alloc(sizeof(*record));

	record->id = arena_strdup(&record->arena, id);
	list_append(&console->records, &record->link);
	if (++console->n_records > RECORDS_MAX) {
		record_free(console, LIST_ENTRY(console->records.next, struct record, link));
	}
	return record;
}

static bool progresses(const struct message *message)
{
	for (size_t i = 0; i < message->n_blocks; i++) {
		if (message->blocks[i].kind == BLOCK_PROGRESS &&
		    message->blocks[i].permille != 1000) {
			return true;
		}
	}
	return false;
}

/* Fills the record anew; its strings are copied. Returns whether a reader of a log should see the new form. */
static bool record_form(struct record *record, const struct chat_post *post, const char *text)
{
	const struct message *message = post->message;
	struct arena old = record->arena;
	const char *head = record->head;
	size_t line = strcspn(text, "\n");
	bool under_way =
		progresses(message) || (message->tone == TONE_WAIT && message->n_buttons == 0);
	bool says_more = head == NULL || strlen(head) != line || strncmp(head, text, line) != 0 ||
			 record->tone != message->tone || record->under_way != under_way ||
			 record->n_buttons != message->n_buttons;

	for (size_t i = 0; !says_more && i < message->n_buttons; i++) {
		says_more = strcmp(record->buttons[i], message->buttons[i].id) != 0;
	}
	arena_init(&record->arena);
	record->id = arena_strdup(&record->arena, record->id);
	record->channel = arena_strdup(&record->arena, post->place.channel);
	record->thread = arena_strdup(&record->arena, post->place.thread);
	record->private_to = arena_strdup(&record->arena, post->private_to);
	record->direct = post->place.direct;
	record->head = arena_strndup(&record->arena, text, line);
	record->tone = message->tone;
	record->under_way = under_way;
	record->n_buttons = message->n_buttons;
	record->buttons = arena_array(&record->arena, message->n_buttons, sizeof(char *));
	for (size_t i = 0; i < message->n_buttons; i++) {
		record->buttons[i] = arena_strdup(&record->arena, message->buttons[i].id);
	}
	arena_done(&old);
	return says_more;
}

/* --- posts --- */

static void show(struct console *console, const struct chat_post *post, char *ret_id)
{
	const struct text_style style = {.columns = console_columns(console),
					 .ascii = console->options.ascii,
					 .buttons = true};
	struct record *record = NULL;
	struct strbuf text;
	bool says_more;

	strbuf_init(&text, SHOWN_BYTES_MAX);
	text_render(post->message, &style, &text);
	snprintf(ret_id, CHAT_ID_MAX + 1, "%s",
		 post->replaces != NULL ? post->replaces : console_new_id(console));
	if (post->replaces != NULL) {
		record = console_record(console, post->replaces);
	}
	if (record == NULL) {
		record = new_record(console, ret_id);
	}
	says_more = record_form(record, post, text.buf);
	console_print_post(console, record, post->replaces != NULL, says_more, post);
	if (console->options.shown != NULL) {
		console->options.shown(&post->place, post->private_to, ret_id, post->replaces,
				       post->message, text.buf, console->options.data);
	}
	strbuf_done(&text);
	console_type_rest(console, record->n_buttons > 0 && !progresses(post->message));
}

static void console_post(struct chat *chat, struct chat_post *post)
{
	struct console *console = of(chat);
	struct pending *pending = mem_alloc(sizeof(*pending));
	bool failed = false;

	pending->post = post;
	post->retry_after_ms = 0;
	if (console->closing) {
		failed = true;
		(void)err_set(&pending->err, ERR_CANCELED, "the console is closing");
	} else if (!console->is_up) {
		failed = true;
		(void)err_set(&pending->err, ERR_NETWORK, "the console is not connected");
	} else if (console->options.fault != NULL) {
		failed = console->options.fault(post, &pending->err, console->options.data);
	}
	if (!failed || pending->err.kind == ERR_UNKNOWN) {
		show(console, post, pending->id);
	}
	list_append(&console->posts, &pending->link);
	task_post(&console->turn);
}

/* A few a turn: each of them may lead to the next command, and the loop has others who wait. */
static void finish_posts(struct console *console)
{
	struct list now; /* what done() posts waits for its own turn */

	list_init(&now);
	for (unsigned n = 0; n < POSTS_A_TURN && !list_empty(&console->posts); n++) {
		struct list *first = console->posts.next;

		list_remove(first);
		list_append(&now, first);
	}
	while (!list_empty(&now)) {
		struct pending *pending = LIST_ENTRY(now.next, struct pending, link);
		struct chat_post *post = pending->post;
		struct err err = pending->err;

		list_remove(&pending->link);
		post->ret_id[0] = '\0';
		if (err.kind == ERR_NONE) {
			memcpy(post->ret_id, pending->id, sizeof(post->ret_id));
		}
		free(pending);
		post->done(post, err.kind != ERR_NONE ? &err : NULL);
	}
}

/* --- the door --- */

static void free_all(struct console *console)
{
	while (!list_empty(&console->records)) {
		record_free(console, LIST_ENTRY(console->records.next, struct record, link));
	}
	free(console->user);
	free(console->channel);
	free(console->workspace);
	free(console->start_id);
	free(console->spoken_of);
	free(console);
}

static void on_turn(struct task *task)
{
	struct console *console = task->data;

	if (console->starting) {
		console->starting = false;
		console->is_up = true;
		if (console->chat.sink.link != NULL) {
			console->chat.sink.link(&console->chat, CHAT_UP, NULL,
						console->chat.sink.data);
		}
		console_type_start(console);
	}
	finish_posts(console);
	if (!list_empty(&console->posts)) {
		task_post(&console->turn);
	} else if (console->closing) {
		void (*closed)(void *) = console->closed;
		void *data = console->closed_data;

		task_cancel(&console->turn);
		free_all(console);
		closed(data);
	}
}

static void console_start(struct chat *chat, const struct chat_join *joins, size_t n_joins)
{
	struct console *console = of(chat);

	(void)joins; /* every channel is there */
	(void)n_joins;
	console->starting = true;
	task_post(&console->turn);
}

static void console_rejoin(struct chat *chat, const struct chat_join *joins, size_t n_joins)
{
	(void)chat;
	(void)joins; /* every channel is there */
	(void)n_joins;
}

static void console_close(struct chat *chat, void (*closed)(void *), void *data)
{
	struct console *console = of(chat);

	console->closing = true;
	console->starting = false;
	console->closed = closed;
	console->closed_data = data;
	LIST_FOREACH(it, &console->posts)
	{
		struct pending *pending = LIST_ENTRY(it, struct pending, link);

		(void)err_set(&pending->err, ERR_CANCELED, "the console is closing");
	}
	console_type_close(console);
	task_post(&console->turn);
}

static const struct chat_ops ops = {
	.name = "console",
	.caps = CHAT_EDIT | CHAT_TABLES | CHAT_PRIVATE | CHAT_TYPED,
	.start = console_start,
	.rejoin = console_rejoin,
	.post = console_post,
	.close = console_close,
};

struct chat *console_open(struct loop *loop, const struct console_options *options, struct err *err)
{
	struct console *console = mem_alloc(sizeof(*console));
	char start[32];

	snprintf(start, sizeof(start), "c%" PRIx64, (uint64_t)clock_wall_ms());
	console->chat.ops = &ops;
	console->loop = loop;
	console->options = *options;
	console->user = mem_strdup(options->user != NULL ? options->user : "me");
	console->channel = mem_strdup(options->channel != NULL ? options->channel : "console");
	console->workspace = mem_strdup(options->workspace != NULL ? options->workspace : "here");
	console->chat.workspace = console->workspace;
	console->direct = options->direct;
	console->start_id = mem_strdup(start);
	console->out_is_tty = options->out_fd >= 0 && isatty(options->out_fd) == 1;
	console->in_is_tty = options->in_fd >= 0 && isatty(options->in_fd) == 1;
	list_init(&console->posts);
	list_init(&console->records);
	task_init(&console->turn, loop, on_turn, console);
	if (console_type_open(console, err) < 0) {
		free_all(console);
		return NULL;
	}
	return &console->chat;
}

const char *console_event(struct chat *chat, const struct event *event)
{
	struct console *console = of(chat);
	struct event full = *event;
	char id[CHAT_ID_MAX +
		1]; /* the answer may be posted, and take an id, before the sink returns */

	snprintf(id, sizeof(id), "%s", full.id != NULL ? full.id : console_new_id(console));
	full.id = id;
	if (full.message == NULL && full.kind == EVENT_TEXT) {
		full.message = full.id;
	}
	if (full.sent_ms == 0) {
		full.sent_ms = clock_wall_ms();
	}
	full.place.network = full.place.network != NULL ? full.place.network : ops.name;
	if (full.place.workspace == NULL) {
		full.place.workspace = console->workspace;
	}
	full.who.workspace = full.who.workspace != NULL ? full.who.workspace : console->workspace;
	full.who.display = full.who.display != NULL ? full.who.display : full.who.user;
	if (chat->sink.event != NULL) {
		chat->sink.event(chat, &full, chat->sink.data);
	}
	memcpy(console->event_id, id, sizeof(id));
	return console->event_id;
}

const char *console_say(struct chat *chat, const struct chat_place *place, const char *user,
			const char *text, const char *id)
{
	return console_event(chat, &(struct event){.kind = EVENT_TEXT,
						   .place = *place,
						   .who = {.user = user},
						   .id = id,
						   .text = text,
						   .addressed = true});
}

const char *console_press(struct chat *chat, const struct chat_place *place, const char *user,
			  const char *message, const char *button, const char *id)
{
	return console_event(chat, &(struct event){.kind = EVENT_PRESS,
						   .place = *place,
						   .who = {.user = user},
						   .id = id,
						   .message = message,
						   .button = button,
						   .addressed = true});
}

void console_link(struct chat *chat, enum chat_link state, const char *why)
{
	struct console *console = of(chat);

	console->is_up = state == CHAT_UP;
	if (chat->sink.link != NULL) {
		chat->sink.link(chat, state, why, chat->sink.data);
	}
}
