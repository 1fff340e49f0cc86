/* groups.c - before a command is decided, the chat network is asked in which of the policy's groups who asks is
 *
 * Happy path: one question for each group of that network; the gate hears the answers; the command goes on with the last. For a
 * change the network is asked now, for a read its answer may be as old as `fresh` says.
 * Failure modes: no answer, or an error: the gate hears nothing, and what it does not know is the worst case. The turn ends
 * meanwhile: the answers are heard all the same and the command is gone.
 */
#include <stdlib.h>
#include <string.h>

#include "app/turn.h"
#include "base/log.h"
#include "base/mem.h"

struct look {
	struct list link; /* in turn->looks */
	struct chat_query query;
	struct app *app;
	struct turn *turn; /* NULL: it has ended */
	struct arena arena;
	struct gate_who who;
	const char *group; /* its name in the policy */
	char policy_id[32];
};

static void on_answer(struct chat_query *query, const struct err *err)
{
	struct look *look = query->data;
	struct turn *turn = look->turn;
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
	if (turn != NULL && list_empty(&turn->looks)) {
		turn->then(turn);
	}
}

static void ask(struct turn *turn, const struct policy_group *group, int64_t max_age_ms)
{
	struct chat *chat = turn->from->chat;
	struct look *look = mem_alloc(sizeof(*look));
	struct arena *arena = &look->arena;

	look->app = turn->app;
	look->turn = turn;
	look->who.network = arena_strdup(arena, turn->who.network);
	look->who.user_workspace = arena_strdup(arena, turn->who.user_workspace);
	look->who.user = arena_strdup(arena, turn->who.user);
	look->group = arena_strdup(arena, group->name);
	(void)strncat(look->policy_id, gate_policy_id(turn->app->gate),
		      sizeof(look->policy_id) - 1);
	look->query = (struct chat_query){
		.group = arena_strdup(arena, group->id),
		.user_workspace = look->who.user_workspace,
		.user = look->who.user,
		.max_age_ms = max_age_ms,
		.done = on_answer,
		.data = look,
	};
	list_append(&turn->looks, &look->link);
	chat->ops->look_up(chat, &look->query);
}

void groups_ask(struct turn *turn, bool change, void (*then)(struct turn *))
{
	struct chat *chat = turn->from->chat;
	const struct policy_group *groups;
	size_t n = policy_groups(gate_policy(turn->app->gate), &groups);

	turn->then = then;
	for (size_t i = 0; chat->ops->look_up != NULL && i < n; i++) {
		if (strcmp(groups[i].network, chat->ops->name) == 0 &&
		    strcmp(groups[i].workspace, chat->workspace) == 0) {
			ask(turn, &groups[i], change ? 0 : groups[i].fresh_ms);
		}
	}
	if (list_empty(&turn->looks)) {
		then(turn);
	}
}

void groups_forget(struct turn *turn)
{
	while (!list_empty(&turn->looks)) {
		struct look *look = LIST_ENTRY(turn->looks.next, struct look, link);

		look->turn = NULL;
		list_remove(&look->link);
	}
}
