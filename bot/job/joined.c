/* joined.c - who asked for the same while it was under way: they read the end of it as the requester does
 *
 * Happy path: one is noted in memory at once and on disk with the decision's transaction (a cursor of the store for each), read
 * back after a restart, mentioned at the end, and forgotten in the commit that closes the request.
 * Failure modes: the transaction fails (forgotten again: the person is told so); more than JOINED_MOST (they read the card).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "job/joined.h"

#define VALUE_MAX 900 /* six ids of a chat network */

static void cursor_name(const struct request *request, unsigned slot, char ret[64])
{
	(void)snprintf(ret, 64, "joined/%.19s/%u", request->row.id, slot);
}

static bool same(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool same_user(const struct store_request *a, const struct store_request *b)
{
	return same(a->network, b->network) && same(a->user_workspace, b->user_workspace) &&
	       same(a->user, b->user);
}

bool joined_is_there(const struct store_request *a, const struct store_request *b)
{
	return same(a->network, b->network) && same(a->workspace, b->workspace) &&
	       same(a->channel, b->channel) && same(a->thread, b->thread) && a->direct == b->direct;
}

/* The texts of one that are kept, in the order in which they are written. */
static const char **text_at(struct joined *one, size_t i)
{
	const char **texts[] = {&one->row.network, &one->row.workspace,      &one->row.channel,
				&one->row.thread,  &one->row.user_workspace, &one->row.user};

	return texts[i];
}
#define TEXTS 6

static void keep(struct request *request, unsigned slot, const struct joined *one)
{
	struct joined *to = &request->joined[slot];

	*to = *one;
	for (size_t i = 0; i < TEXTS; i++) {
		const char *text = *text_at(to, i);

		*text_at(to, i) = arena_strdup(&request->arena, text != NULL ? text : "");
	}
	to->used = true;
}

/* False: an id that no chat network has, or all of them are too long. */
static bool write_down(struct joined *one, char ret[VALUE_MAX])
{
	size_t used = (size_t)snprintf(ret, VALUE_MAX, "%lld\n%d\n", (long long)one->at_ms,
				       one->row.direct ? 1 : 0);

	for (size_t i = 0; i < TEXTS; i++) {
		const char *text = *text_at(one, i) != NULL ? *text_at(one, i) : "";
		size_t len = strlen(text);

		if (strchr(text, '\n') != NULL || used + len + 2 > VALUE_MAX) {
			return false;
		}
		memcpy(ret + used, text, len);
		used += len;
		ret[used++] = '\n';
		ret[used] = '\0';
	}
	return true;
}

enum report_told joined_add(struct request *first, const struct request *second,
			    struct store_txn *txn, unsigned *ret_slot)
{
	struct joined one = {.row = second->row, .at_ms = second->row.created_ms};
	unsigned slot = JOINED_MOST;
	char name[64];
	char value[VALUE_MAX];

	*ret_slot = JOINED_MOST;
	if (strcmp(first->row.verb, second->row.verb) != 0 ||
	    strcmp(first->row.arguments, second->row.arguments) != 0 || first->row.final ||
	    first->told || (first->card != NULL && first->card->closed)) {
		return TOLD_NOT;
	}
	if (same_user(&first->row, &second->row) && joined_is_there(&first->row, &second->row)) {
		return TOLD_HERE;
	}
	for (unsigned i = JOINED_MOST; i-- > 0;) {
		const struct joined *other = &first->joined[i];

		if (!other->used) {
			slot = i;
		} else if (same_user(&other->row, &one.row) &&
			   joined_is_there(&other->row, &one.row)) {
			return TOLD_HERE;
		}
	}
	if (slot == JOINED_MOST || !write_down(&one, value)) {
		return TOLD_TOO_MANY;
	}
	keep(first, slot, &one);
	cursor_name(first, slot, name);
	store_txn_cursor(txn, name, value);
	*ret_slot = slot;
	return TOLD_HERE;
}

static int take(const char *rest, const char *value, void *data)
{
	struct request *request = data;
	struct joined one = {0};
	unsigned long slot = strtoul(rest, NULL, 10);
	struct arena arena;
	char *text, *end;

	if (slot >= JOINED_MOST) {
		return 0;
	}
	arena_init(&arena);
	text = arena_strdup(&arena, value);
	one.at_ms = strtoll(text, &end, 10);
	one.row.direct = end[0] == '\n' && end[1] == '1';
	text = *end != '\0' ? strchr(end + 1, '\n') : NULL;
	for (size_t i = 0; i < TEXTS && text != NULL; i++) {
		*text_at(&one, i) = ++text;
		text = strchr(text, '\n');
		if (text != NULL) {
			*text = '\0';
		}
	}
	if (text != NULL) { /* all of it is there */
		keep(request, (unsigned)slot, &one);
	}
	arena_done(&arena);
	return 0;
}

int joined_load(struct request *request, struct err *err)
{
	char prefix[64];

	(void)snprintf(prefix, sizeof(prefix), "joined/%.19s/", request->row.id);
	return store_each_cursor(request->engine->options.store, prefix, take, request, err);
}

void joined_drop(const struct request *request, struct store_txn *txn)
{
	for (unsigned i = 0; i < JOINED_MOST; i++) {
		char name[64];

		if (request->joined[i].used) {
			cursor_name(request, i, name);
			store_txn_cursor(txn, name, NULL);
		}
	}
}

const struct joined *joined_elsewhere(const struct request *request, unsigned slot)
{
	const struct joined *one = &request->joined[slot];

	return one->used && !joined_is_there(&one->row, &request->row) ? one : NULL;
}

size_t joined_here(const struct request *request, const char *ret_users[JOINED_MOST])
{
	int64_t before_ms = clock_wall_ms() - PING_AFTER_MS;
	size_t n = 0;

	for (unsigned i = 0; i < JOINED_MOST; i++) {
		const struct joined *one = &request->joined[i];

		if (one->used && one->at_ms < before_ms &&
		    joined_is_there(&one->row, &request->row)) {
			ret_users[n++] = one->row.user;
		}
	}
	return n;
}
