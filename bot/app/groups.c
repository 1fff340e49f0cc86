/* groups.c - before a command is decided, the chat network is asked in which of the policy's groups who asks is
 *
 * Happy path: one question for each group of that network; the gate hears the answers; the command goes on with the last. For a
 * change the network is asked now, for a read its answer may be as old as `fresh` says. The jobs ask in the same way before they
 * decide again.
 * Failure modes: no answer, or an error: the gate hears nothing, and what it does not know is the worst case. Whoever waits
 * is gone meanwhile: the answers are heard all the same.
 */
#include <stdlib.h>
#include <string.h>

#include "app/turn.h"
#include "base/log.h"
#include "base/mem.h"

struct look {
	struct list link; /* in want->looks */
	struct chat_query query;
	struct app *app;
	struct group_want *want; /* NULL: nobody waits any more */
	struct arena arena;
	struct gate_who who;
	const char *group; /* its name in the policy */
	char policy_id[32];
};

static void on_answer(struct chat_query *query, const struct err *err)
{
	struct look *look = query->data;
	struct group_want *want = look->want;
	struct gate *gate = look->app->gate;

	if (err != NULL) {
		log_line(LOG_WARN, "group.not-known", "group", look->group, "why", err->msg, NULL);
	} else if (strcmp(look->policy_id, gate_policy_id(gate)) == 0) {
		/* under another policy the name may mean another group */
		gate_said(gate, &look->who, look->group, query->ret_member);
	}
	list_remove(&look->link);
	arena_done(&look->arena);
	free(look);
	if (want != NULL && list_empty(&want->looks)) {
		want->done(want);
	}
}

static void ask(struct app_chat *at, const struct gate_who *who, const struct policy_group *group,
		int64_t max_age_ms, struct group_want *want)
{
	struct look *look = mem_alloc(sizeof(*look));
	struct arena *arena = &look->arena;

	look->app = at->app;
	look->want = want;
	look->who.network = arena_strdup(arena, who->network);
	look->who.user_workspace = arena_strdup(arena, who->user_workspace);
	look->who.user = arena_strdup(arena, who->user);
	look->group = arena_strdup(arena, group->name);
	(void)strncat(look->policy_id, gate_policy_id(at->app->gate), sizeof(look->policy_id) - 1);
	look->query = (struct chat_query){
		.group = arena_strdup(arena, group->id),
		.user_workspace = look->who.user_workspace,
		.user = look->who.user,
		.max_age_ms = max_age_ms,
		.done = on_answer,
		.data = look,
	};
	list_append(&want->looks, &look->link);
	at->chat->ops->look_up(at->chat, &look->query);
}

static void ask_chat(struct app_chat *at, const struct gate_who *who, bool change,
		     struct group_want *want)
{
	const struct policy_group *groups;
	size_t n = policy_groups(gate_policy(at->app->gate), &groups);

	for (size_t i = 0; i < n; i++) {
		if (gate_asks(who, &groups[i])) {
			ask(at, who, &groups[i], change ? 0 : groups[i].fresh_ms, want);
		}
	}
}

void groups_ask(struct app *app, const struct gate_who *who, bool change, struct group_want *want)
{
	list_init(&want->looks);
	for (size_t i = 0; i < app->n_chats && !app->closing; i++) {
		struct chat *chat = app->chats[i].chat;

		if (chat->ops->look_up != NULL && strcmp(chat->ops->name, who->network) == 0 &&
		    strcmp(chat->workspace, who->workspace) == 0) {
			ask_chat(&app->chats[i], who, change, want);
		}
	}
	if (list_empty(&want->looks)) {
		want->done(want);
	}
}

void groups_forget(struct group_want *want)
{
	while (!list_empty(&want->looks)) {
		struct look *look = LIST_ENTRY(want->looks.next, struct look, link);

		look->want = NULL;
		list_remove(&look->link);
	}
}

static void turn_asked(struct group_want *want)
{
	struct turn *turn = want->data;

	turn->then(turn);
}

void turn_ask_groups(struct turn *turn, bool change, void (*then)(struct turn *))
{
	turn->then = then;
	turn->groups.done = turn_asked;
	turn->groups.data = turn;
	groups_ask(turn->app, &turn->who, change, &turn->groups);
}
