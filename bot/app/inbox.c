/* inbox.c - what a chat network may forget only when it is on disk: commands and presses that change something
 *
 * Happy path: the row is written, the network has its word (an acknowledgement that waits for one commit and for nothing else),
 * the command goes on; its row goes in the transaction that holds the request, or at the end of the turn.
 * Failure modes: the disk refuses the row: the network is told to bring the event again. The process dies in between: the next
 * one finds the row and tells who asked that nothing ran. Rows of words that nobody may keep (codes, reasons) say only who and
 * where. Networks that wait for no word have no rows.
 */
#include <stdlib.h>
#include <string.h>

#include "app/turn.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

#define PREFIX "inbox/"
#define ROW_MAX (16 * 1024)

/* ---- taking ------------------------------------------------------------------------------------ */

struct taken {
	struct app_chat *from;
	char *event_id;
};

static void on_written(void *data, const struct err *err)
{
	struct taken *taken = data;
	struct chat *chat = taken->from->chat;

	if (err != NULL) {
		log_line(LOG_ERROR, "inbox.not-kept", "why", err->msg, NULL);
	}
	chat->ops->settled(chat, taken->event_id, err == NULL);
	free(taken->event_id);
	free(taken);
}

static void add(struct strbuf *out, const char *key, const char *value)
{
	if (value != NULL) {
		(void)strbuf_addf(out, "%s\"%s\":", out->len > 1 ? "," : "", key);
		json_add_string(out, value);
	}
}

static const char *row_of(struct turn *turn, const char *said)
{
	struct strbuf out;
	const char *row;

	strbuf_init(&out, ROW_MAX);
	(void)strbuf_addch(&out, '{');
	add(&out, "network", turn->place.network);
	add(&out, "workspace", turn->place.workspace);
	add(&out, "channel", turn->place.channel);
	add(&out, "thread", turn->place.thread);
	add(&out, "direct", turn->place.direct ? "yes" : NULL);
	add(&out, "user", turn->who.user);
	add(&out, "home", turn->who.user_workspace);
	add(&out, "said", said);
	(void)strbuf_addch(&out, '}');
	row = arena_strdup(&turn->arena, out.full ? "{}" : out.buf);
	strbuf_done(&out);
	return row;
}

void inbox_take(struct turn *turn, const char *said)
{
	struct store_txn *txn;
	struct taken *taken;

	if (turn->from->chat->ops->settled == NULL || turn->inbox != NULL) {
		return;
	}
	turn->inbox = arena_printf(&turn->arena, PREFIX "%s", turn->key);
	turn->from->taken = true;
	taken = mem_alloc(sizeof(*taken));
	taken->from = turn->from;
	taken->event_id = mem_strdup(turn->event_id);
	txn = store_txn_new(turn->app->store);
	store_txn_cursor(txn, turn->inbox, row_of(turn, said));
	store_txn_ahead(txn); /* whoever sent it waits for the acknowledgement */
	store_commit(txn, on_written, taken);
}

void inbox_leave(struct turn *turn, struct store_txn *txn)
{
	if (turn->inbox != NULL) {
		store_txn_cursor(txn, turn->inbox, NULL);
		turn->inbox = NULL;
	}
}

/* It is told again after the next start; better that than silence. */
static void on_left(void *data, const struct err *err)
{
	(void)data;
	if (err != NULL) {
		log_line(LOG_WARN, "inbox.not-cleared", "why", err->msg, NULL);
	}
}

static void drop(struct app *app, const char *name)
{
	struct store_txn *txn = store_txn_new(app->store);

	store_txn_cursor(txn, name, NULL);
	store_commit(txn, on_left, NULL);
}

void inbox_end(struct turn *turn)
{
	if (turn->inbox != NULL) {
		drop(turn->app, turn->inbox);
		turn->inbox = NULL;
	}
}

/* ---- after a restart ----------------------------------------------------------------------------- */

struct left {
	struct list link;
	struct app *app;
	char *name;
	struct json *row;
};

static void left_free(struct left *left)
{
	json_free(left->row);
	free(left->name);
	free(left);
}

/* Told, or it cannot be: then the row has done its work. Canceled: the next start tries again. */
static void on_told(struct post_card *card, const char *id, const struct err *err, void *data)
{
	struct left *left = data;

	(void)card;
	(void)id;
	if (err == NULL || err->kind != ERR_CANCELED) {
		drop(left->app, left->name);
	}
	left_free(left);
}

static void tell(struct left *left)
{
	const struct json *row = left->row;
	struct app *app = left->app;
	struct post_queue *queue = app_queue(app, json_string_or(row, "network", ""),
					     json_string_or(row, "workspace", ""));
	struct post_request request = {
		.place = {.network = json_string_or(row, "network", ""),
			  .workspace = json_string_or(row, "workspace", ""),
			  .channel = json_string_or(row, "channel", ""),
			  .thread = json_string_or(row, "thread", NULL),
			  .direct = json_string_or(row, "direct", NULL) != NULL},
		.delivered = on_told,
		.data = left,
	};
	const struct gate_who who = {
		.network = request.place.network,
		.user_workspace = json_string_or(row, "home", request.place.workspace),
		.user = json_string_or(row, "user", ""),
	};
	struct arena arena = {0};
	struct post_card *card;

	if (queue == NULL || *request.place.channel == '\0') {
		drop(app, left->name);
		left_free(left);
		return;
	}
	request.private_to = request.place.direct ? NULL : json_string_or(row, "user", NULL);
	/* the same delivery is no new one, should it come again */
	(void)recent_repeated(app->recent, left->name + strlen(PREFIX));
	card = post_open(queue, &request);
	post_set(card,
		 words_restarted(&arena, app->buttons, &who, json_string_or(row, "said", NULL)));
	post_close(card);
	arena_done(&arena);
}

struct load {
	struct app *app;
	struct list all;
};

static int take_row(const char *rest, const char *value, void *data)
{
	struct load *load = data;
	struct json *row = json_parse(value, strlen(value), NULL);
	struct left *left = mem_alloc(sizeof(*left));
	struct strbuf name;

	strbuf_init(&name, ROW_MAX);
	(void)strbuf_addf(&name, PREFIX "%s", rest);
	left->app = load->app;
	left->name = strbuf_detach(&name);
	left->row = row;
	strbuf_done(&name);
	list_append(&load->all, &left->link);
	return 0;
}

int inbox_load(struct app *app, struct err *err)
{
	struct load load = {.app = app};

	list_init(&load.all);
	if (store_each_cursor(app->store, PREFIX, take_row, &load, err) < 0) {
		return -1;
	}
	while (!list_empty(&load.all)) { /* the store is not called from within its own call */
		struct left *left = LIST_ENTRY(load.all.next, struct left, link);

		list_remove(&left->link);
		tell(left);
	}
	return 0;
}
