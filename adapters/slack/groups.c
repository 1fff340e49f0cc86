/* groups.c - who is in a user group, and is that account one of ours at all?
 *
 * Happy path: usergroups.users.list, then users.info of who is in it. Answers are kept for a minute and shared by all who ask; a
 * question that wants an answer younger than itself starts a new call. An event of Slack's about the group forgets its answer.
 * Failure modes: each question has a deadline; whatever goes wrong is an error, and whoever asked takes that as "no". Where Slack
 * wants us to wait, that method waits, and the questions until their deadline. Guests, deactivated accounts, bots, and people of
 * other organizations are in no group.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/internal.h"
#include "base/clock.h"
#include "base/mem.h"

#define KEPT_MOST_MS 60000
#define ASK_MS 10000
#define CALL_MS 8000
#define FACTS_MAX 2048

/* What Slack said of a group, or of a user. */
struct group {
	struct slack_adapter *s;
	char id[ID_MAX];
	bool is_user;
	bool known;
	int64_t asked_ms;   /* when the call left that brought this answer */
	int64_t calling_ms; /* when the one under way left */
	struct rest_call *call;
	struct timer again; /* a call that Slack wants later */
	struct map members; /* a group's */
	bool good;          /* a user may be in groups */
};

struct ask {
	struct list link;
	struct slack_adapter *s;
	struct chat_query *query;
	int64_t since_ms; /* answers must have been asked for at or after this time */
	struct timer timer;
};

static void go_on(struct slack_adapter *s);
static void call_slack(struct group *group);

static void finish(struct ask *ask, bool member, const struct err *err)
{
	struct chat_query *query = ask->query;
	struct err copy = {0};

	err_copy(&copy, err);
	list_remove(&ask->link);
	timer_stop(&ask->timer);
	free(ask);
	query->ret_member = member && err == NULL;
	query->done(query, err != NULL ? &copy : NULL);
}

/* ---- what Slack says ------------------------------------------------------------------------------ */

static void keep_members(struct group *group, const struct json *answer)
{
	const struct json *users = json_member(answer, "users");

	map_done(&group->members, NULL);
	map_init(&group->members);
	for (size_t i = 0; i < json_array_count(users); i++) {
		const char *id = json_text(json_array_at(users, i));

		if (id != NULL && slack_is_id(id, "UW")) {
			(void)map_put(&group->members, id, group);
		}
	}
}

static bool is_good(const struct slack_adapter *s, const struct json *user)
{
	static const char *const bad[] = {"deleted", "is_restricted", "is_ultra_restricted",
					  "is_stranger", "is_bot"};
	const char *team = json_string_or(user, "team_id", "");
	const char *enterprise =
		json_string_or(json_member(user, "enterprise_user"), "enterprise_id", "");

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (json_bool_or(user, bad[i], false)) {
			return false;
		}
	}
	return json_is_object(user) &&
	       (strcmp(team, s->team) == 0 ||
		(*enterprise != '\0' && strcmp(enterprise, s->enterprise) == 0));
}

static bool concerns(const struct ask *ask, const struct group *group)
{
	return strcmp(group->is_user ? ask->query->user : ask->query->group, group->id) == 0;
}

/* One by one: a done may ask again. */
static void fail_all(struct group *group, const struct err *err)
{
	struct slack_adapter *s = group->s;
	int64_t until_ms = group->calling_ms;

	for (bool again = true; again;) {
		again = false;
		LIST_FOREACH(it, &s->asks)
		{
			struct ask *ask = LIST_ENTRY(it, struct ask, link);

			if (concerns(ask, group) && ask->since_ms <= until_ms) {
				finish(ask, false, err);
				again = true;
				break;
			}
		}
	}
}

/* A call now, or when Slack takes one. */
static void call_in_time(struct group *group)
{
	int64_t wait_ms = group->s->group_hold_ms[group->is_user] - clock_mono_ms();

	if (wait_ms > 0) {
		timer_start(&group->again, wait_ms);
	} else {
		call_slack(group);
	}
}

/* Is it still asked about? */
static void on_again(struct timer *timer)
{
	struct group *group = timer->data;

	LIST_FOREACH(it, &group->s->asks)
	{
		if (!group->s->refused && concerns(LIST_ENTRY(it, struct ask, link), group)) {
			call_in_time(group);
			return;
		}
	}
}

static void on_answer(struct rest_call *call, const struct json *answer,
		      const struct trouble *trouble)
{
	struct group *group = call->ask.data;
	struct slack_adapter *s = group->s;

	group->call = NULL;
	if (trouble != NULL && trouble->retry_after_ms > 0) {
		s->group_hold_ms[group->is_user] = clock_mono_ms() + trouble->retry_after_ms;
		call_in_time(group);
	} else if (trouble != NULL) {
		fail_all(group, &trouble->err);
	} else {
		group->known = true;
		group->asked_ms = group->calling_ms;
		if (group->is_user) {
			group->good = is_good(s, json_member(answer, "user"));
		} else {
			keep_members(group, answer);
		}
	}
	go_on(s);
}

static void call_slack(struct group *group)
{
	struct rest_ask ask = {
		.method = group->is_user ? "users.info" : "usergroups.users.list",
		.repeatable = true,
		.timeout_ms = CALL_MS,
		.done = on_answer,
		.data = group,
	};
	char form[2 * ID_MAX];

	(void)snprintf(form, sizeof(form), "%s=%s", group->is_user ? "user" : "usergroup",
		       group->id);
	ask.form = form;
	group->calling_ms = clock_mono_ms();
	group->call = rest_start(group->s, &ask);
}

/* ---- the questions ---------------------------------------------------------------------------------- */

static void group_free(void *value)
{
	struct group *group = value;

	rest_forget(group->call);
	timer_stop(&group->again);
	map_done(&group->members, NULL);
	free(group);
}

static void drop_old(struct slack_adapter *s)
{
	const char *key;
	void *value;

	for (size_t i = 0;
	     map_size(&s->groups) >= FACTS_MAX && map_next(&s->groups, &i, &key, &value);) {
		struct group *group = value;

		if (group->call == NULL && !timer_running(&group->again)) {
			char *copy = mem_strdup(key);

			group_free(map_remove(&s->groups, copy));
			free(copy);
		}
	}
}

/* What is known of it, young enough for that question; NULL: it is being asked. */
static const struct group *fact(const struct ask *ask, const char *id, bool is_user)
{
	struct slack_adapter *s = ask->s;
	struct group *group = map_get(&s->groups, id);

	if (group == NULL) {
		drop_old(s);
		group = mem_alloc(sizeof(*group));
		group->s = s;
		group->is_user = is_user;
		(void)snprintf(group->id, sizeof(group->id), "%s", id);
		map_init(&group->members);
		timer_init(&group->again, s->loop, on_again, group);
		(void)map_put(&s->groups, id, group);
	}
	if (group->known && group->asked_ms >= ask->since_ms) {
		return group;
	}
	if (group->call == NULL && !timer_running(&group->again)) {
		call_in_time(group);
	}
	return NULL;
}

/* True: it is answered, and gone. */
static bool answer_one(struct ask *ask)
{
	const struct slack_adapter *s = ask->s;
	const struct group *group, *user;
	struct err err = {0};

	if (!s->known || s->closing || s->refused ||
	    strcmp(ask->query->user_workspace, s->workspace) != 0 ||
	    !slack_is_id(ask->query->group, "S") || !slack_is_id(ask->query->user, "UW")) {
		(void)err_set(&err, ERR_NOTFOUND, "Slack cannot say who is in that group now");
		finish(ask, false, &err);
		return true;
	}
	group = fact(ask, ask->query->group, false);
	if (group == NULL) {
		return false;
	}
	if (!map_has(&group->members, ask->query->user)) {
		finish(ask, false, NULL);
		return true;
	}
	user = fact(ask, ask->query->user, true);
	if (user == NULL) {
		return false;
	}
	finish(ask, user->good, NULL);
	return true;
}

static void go_on(struct slack_adapter *s)
{
	for (bool again = true; again;) {
		again = false;
		LIST_FOREACH(it, &s->asks)
		{
			if (answer_one(LIST_ENTRY(it, struct ask, link))) {
				again = true;
				break;
			}
		}
	}
}

static void on_late(struct timer *timer)
{
	struct err err = {0};

	(void)err_set(&err, ERR_TIMEOUT, "Slack did not say in time who is in the group");
	finish(timer->data, false, &err);
}

/* Those that wait for the next turn: none is answered before look_up has returned. */
void groups_early(struct task *task)
{
	go_on(task->data);
}

void groups_look_up(struct chat *chat, struct chat_query *query)
{
	struct slack_adapter *s = CONTAINER_OF(chat, struct slack_adapter, chat);
	struct ask *ask = mem_alloc(sizeof(*ask));
	int64_t age_ms = query->max_age_ms < KEPT_MOST_MS ? query->max_age_ms : KEPT_MOST_MS;

	ask->s = s;
	ask->query = query;
	ask->since_ms = clock_mono_ms() - age_ms;
	timer_init(&ask->timer, s->loop, on_late, ask);
	timer_start(&ask->timer, ASK_MS);
	list_append(&s->asks, &ask->link);
	task_post(&s->ask_task);
}

void groups_changed(struct slack_adapter *s, const char *id)
{
	struct group *group = map_get(&s->groups, id);

	if (group == NULL) {
		return;
	}
	group->known = false;
	if (group->call != NULL) { /* its answer may be of before */
		rest_forget(group->call);
		call_slack(group);
	}
}

void groups_cancel(struct slack_adapter *s)
{
	struct err err = {0};

	(void)err_set(&err, ERR_CANCELED, "canceled: the chat is being closed");
	while (!list_empty(&s->asks)) {
		finish(LIST_ENTRY(s->asks.next, struct ask, link), false, &err);
	}
}

void groups_free(struct slack_adapter *s)
{
	map_done(&s->groups, group_free);
}
