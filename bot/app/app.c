/* app.c - builds the upper rooms on ready parts, and takes them down in reverse
 *
 * Order down: no new events, jobs, post queues, chats (their posts are called back), lists, accounts, gate. Rows stay in
 * the store, so a job that was under way goes on at the next start.
 */
#include "app/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/announce.h"
#include "app/audit_ask.h"
#include "app/internal.h"
#include "app/mirror.h"
#include "app/reload.h"
#include "app/templates.h"
#include "audit/audit.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "metrics/metrics.h"

static struct ocean *job_ocean(const char *account, void *data)
{
	struct app_account *found = account_find(data, account);

	return found != NULL ? found->ocean : NULL;
}

static struct ocean_index *job_index(const char *account, void *data)
{
	struct app_account *found = account_find(data, account);

	return found != NULL ? found->index : NULL;
}

struct post_queue *app_queue(struct app *app, const char *network, const char *workspace)
{
	for (size_t i = 0; i < app->n_chats; i++) {
		struct chat *chat = app->chats[i].chat;

		if (strcmp(chat->ops->name, network) == 0 &&
		    strcmp(chat->workspace, workspace) == 0) {
			return app->chats[i].queue;
		}
	}
	return NULL;
}

static struct post_queue *job_queue(const char *network, const char *workspace, void *data)
{
	return app_queue(data, network, workspace);
}

static const struct plan *job_plan(enum verb verb, void *data)
{
	(void)data;
	return command_plan(verb);
}

/*
 * From here on this policy decides; its text is kept, so that the log's lines can be read in it later. Written at the first
 * sign of life of a chat: nothing can be asked before it, and a login need not wait for the disk. Without one it is written with
 * the stop.
 */
static void add_start(struct app *app, struct store_txn *txn)
{
	struct audit_row row = {
		.at_ms = app->started_ms,
		.kind = "start",
		.policy_id = app_policy_id(app),
	};
	char file[300]; /* rows say rule and line; which file that is stands here */

	if (reload_path(app->reload) != NULL) {
		(void)snprintf(file, sizeof(file), "policy file %s", reload_path(app->reload));
		row.outcome = file;
	}
	app->start_recorded = true;
	if (app->policy_text != NULL) {
		store_txn_policy(txn, app_policy_id(app), app->policy_text, row.at_ms);
		free(app->policy_text);
		app->policy_text = NULL;
	}
	audit_add(txn, &row);
}

static void record_start(struct app *app)
{
	struct store_txn *txn;

	if (app->start_recorded || app->closing) {
		return;
	}
	txn = store_txn_new(app->store);
	add_start(app, txn);
	store_commit(txn, turn_audited, NULL);
}

static void job_groups(const struct gate_who *who, struct group_want *want, void *data)
{
	groups_ask(data, who, true, want);
}

static void job_ended(const struct store_request *request, const struct store_job *job,
		      const struct plan *plan, void *data)
{
	announce_job(data, request, job, plan);
}

static int job_user_data(const char *name, char **ret_text, char ret_sum[33], struct err *err,
			 void *data)
{
	return templates_read(((struct app *)data)->user_data, name, ret_text, ret_sum, err);
}

static uint64_t job_own_droplet(bool *ret_awaited, void *data)
{
	const struct app *app = data;

	*ret_awaited = app->own_droplet_awaited;
	return app->own_droplet;
}

static const char *job_say_button(const char *text, void *data)
{
	return buttons_add(((struct app *)data)->buttons, text);
}

static void sink_event(struct chat *chat, const struct event *event, void *data)
{
	struct app_chat *at = data;

	(void)chat;
	record_start(at->app);
	dispatch_event(data, event);
}

/* The adapter has stopped, and a person is needed: whoever keeps the bot hears of it in a network that is left. */
static void refused(struct app_chat *at, const char *why)
{
	char what[80];

	if (at->refused != NULL) {
		return;
	}
	at->refused = mem_strdup(why != NULL ? why : "no reason given");
	(void)snprintf(what, sizeof(what), "I am out of %s until somebody mends it.",
		       at->chat->ops->name);
	app_tell_keepers(at->app, what, at->refused);
}

static void sink_link(struct chat *chat, enum chat_link state, const char *why, void *data)
{
	struct app_chat *at = data;
	struct app *app = at->app;

	if (state == CHAT_UP && at->link != CHAT_UP) {
		metrics_add(METRIC_CHAT_RECONNECTS, at->was_up ? 1 : 0);
		at->was_up = true;
		if (at->queue != NULL) {
			post_queue_up(at->queue);
		}
	}
	at->link = state;
	record_start(app);
	metrics_set(METRIC_CHAT_UP, (int64_t)app_chats_up(app));
	log_line(state == CHAT_UP ? LOG_INFO : LOG_WARN, "chat.link", "network", chat->ops->name,
		 "state",
		 state == CHAT_UP     ? "up"
		 : state == CHAT_DOWN ? "down"
				      : "refused",
		 "why", why != NULL ? why : "", NULL);
	if (state == CHAT_REFUSED) {
		refused(at, why);
	}
	if (app->on_link != NULL) {
		app->on_link(app->on_link_data, chat->ops->name, state, why);
	}
}

static void sink_place_lost(struct chat *chat, const struct chat_place *place, const char *why,
			    void *data)
{
	struct app_chat *at = data;
	char what[CHAT_ID_MAX + 64];

	(void)snprintf(what, sizeof(what), "I cannot work in %s.", place->channel);
	app_tell_keepers(at->app, what, why);
	log_line(LOG_WARN, "chat.place-lost", "network", chat->ops->name, "channel", place->channel,
		 "why", why, NULL);
}

static void sink_notice(struct chat *chat, const char *what, void *data)
{
	(void)chat;
	app_tell_keepers(((struct app_chat *)data)->app, what, NULL);
}

struct app *app_new(const struct app_parts *parts)
{
	struct app *app = mem_alloc(sizeof(*app));
	struct job_options options = {
		.loop = parts->loop,
		.store = parts->store,
		.ocean = job_ocean,
		.index = job_index,
		.queue = job_queue,
		.plan = job_plan,
		.groups = job_groups,
		.groups_cancel = groups_forget,
		.ended = job_ended,
		.say_button = job_say_button,
		.user_data = job_user_data,
		.own_droplet = job_own_droplet,
		.data = app,
	};

	list_init(&app->turns);
	list_init(&app->announcements);
	list_init(&app->audit_asks);
	app->loop = parts->loop;
	app->store = parts->store;
	app->list_age_ms = parts->list_age_ms > 0   ? parts->list_age_ms
			   : parts->list_age_ms < 0 ? 0
						    : OCEAN_FRESH_READ_MS;
	app->gate = gate_new(parts->policy);
	app->buttons = buttons_new();
	app->recent = recent_new();
	app->denials = denials_new();
	app->takes = takes_new(app);
	app->upkeep = upkeep_new(app, &parts->keep);
	app->policy_text = mem_strdup(parts->policy_text);
	app->mirror = mirror_new(app);
	app->reload = reload_new(app, parts->policy, parts->policy_path);
	app->own_droplet = parts->own_droplet;
	app->own_droplet_awaited = parts->own_droplet_awaited;
	app->user_data = mem_strdup(parts->user_data);
	(void)snprintf(app->own_name, sizeof(app->own_name), "%s",
		       parts->own_name != NULL ? parts->own_name : "sluice");
	for (size_t i = 0; i < parts->n_accounts && i < ACCOUNTS_MAX; i++) {
		struct app_account *account = &app->accounts[app->n_accounts++];

		account->ocean = parts->accounts[i];
		account->index = ocean_index_new(app->loop, account->ocean);
		ocean_index_projects(account->index, policy_names_projects(parts->policy));
	}
	app->choices = choices_new(app);
	for (size_t i = 0; i < parts->n_chats && i < CHATS_MAX; i++) {
		struct app_chat *at = &app->chats[app->n_chats++];

		at->app = app;
		at->chat = parts->chats[i];
		at->queue = post_queue_new(app->loop, at->chat);
		post_queue_paint(at->queue, parts->painter);
		at->chat->sink.event = sink_event;
		at->chat->sink.link = sink_link;
		at->chat->sink.place_lost = sink_place_lost;
		at->chat->sink.notice = sink_notice;
		at->chat->sink.data = at;
	}
	options.gate = app->gate;
	app->codes = codes_new(app->store);
	options.codes = app->codes;
	app->engine = job_engine_new(&options);
	return app;
}

/* With the channels that the policy lists for this chat, to start or to rejoin. */
static void join_chat(struct app *app, struct app_chat *at,
		      void (*join)(struct chat *, const struct chat_join *, size_t))
{
	const struct policy_channel *channels;
	size_t n = policy_channels(gate_policy(app->gate), &channels);
	struct chat_join *joins = mem_array(n + 1, sizeof(*joins));
	size_t n_joins = 0;

	for (size_t i = 0; i < n; i++) {
		if (channels[i].channel != NULL &&
		    strcmp(channels[i].network, at->chat->ops->name) == 0 &&
		    strcmp(channels[i].workspace, at->chat->workspace) == 0) {
			joins[n_joins].workspace = channels[i].workspace;
			joins[n_joins].channel = channels[i].channel;
			n_joins++;
		}
	}
	join(at->chat, joins, n_joins);
	free(joins);
}

int app_start(struct app *app, struct err *err)
{
	app->started_ms = clock_wall_ms();
	if (recent_load(app->recent, app->store, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < app->n_chats; i++) {
		join_chat(app, &app->chats[i], app->chats[i].chat->ops->start);
	}
	upkeep_start(app->upkeep);
	denials_load(app);
	if (inbox_load(app, err) < 0) {
		return -1;
	}
	mirror_start(app->mirror);
	if (takes_load(app, err) < 0) {
		return -1;
	}
	return job_resume(app->engine, err);
}

static void take_down(struct app *app)
{
	void (*closed)(void *) = app->closed;
	void *data = app->closed_data;

	for (size_t i = 0; i < app->n_accounts; i++) {
		ocean_index_free(app->accounts[i].index);
		ocean_close(app->accounts[i].ocean);
		prices_done(&app->accounts[i].prices);
	}
	for (size_t i = 0; i < app->n_chats; i++) {
		free(app->chats[i].refused);
	}
	gate_free(app->gate);
	buttons_free(app->buttons);
	free(app->user_data);
	free(app->policy_text);
	recent_free(app->recent);
	denials_free(app->denials);
	takes_free(app->takes);
	reload_free(app->reload);
	mirror_free(app->mirror);
	free(app);
	closed(data);
}

/* A chat, or the policy's thread. */
static void part_closed(void *data)
{
	struct app *app = data;

	if (--app->n_closing == 0) {
		take_down(app);
	}
}

/* The log and its mirror are told; from here on nothing is said any more. */
static void close_chats(void *data)
{
	struct app *app = data;

	for (size_t i = 0; i < app->n_chats; i++) {
		post_queue_free(app->chats[i].queue);
		app->chats[i].queue = NULL;
	}
	for (size_t i = 0; i < app->n_chats; i++) {
		app->chats[i].chat->ops->close(app->chats[i].chat, part_closed, app);
	}
}

static void stop_written(void *data, const struct err *err)
{
	struct app *app = data;

	turn_audited(NULL, err);
	mirror_stop(app->mirror, close_chats, app);
}

static void record_stop(struct app *app)
{
	struct store_txn *txn = store_txn_new(app->store);
	struct audit_row row = {
		.at_ms = clock_wall_ms(), .kind = "stop", .policy_id = app_policy_id(app)};

	if (app->started_ms > 0) { /* what never started has not stopped either */
		if (!app->start_recorded) {
			add_start(app, txn);
		}
		audit_add(txn, &row);
	}
	store_commit(txn, stop_written, app);
}

void app_close(struct app *app, void (*closed)(void *data), void *data)
{
	if (app->closing) {
		return;
	}
	app->closing = true;
	app->closed = closed;
	app->closed_data = data;
	denials_flush(app, true);
	takes_stop(app);
	upkeep_free(app->upkeep);
	choices_free(app->choices);
	app->choices = NULL;
	app->upkeep = NULL;
	app->n_closing = app->n_chats + (reload_busy(app->reload) ? 1 : 0);
	reload_stop(app->reload, part_closed, app);
	audit_asks_drop(app);
	turn_drop_all(app);
	job_engine_free(app->engine);
	codes_free(app->codes);
	app->engine = NULL;
	announce_drop_all(app);
	record_stop(app);
}

void app_use_policy(struct app *app, struct policy *policy)
{
	record_start(app);
	gate_swap(app->gate, policy);
	for (size_t i = 0; i < app->n_accounts; i++) {
		ocean_index_projects(app->accounts[i].index, policy_names_projects(policy));
	}
	metrics_set(METRIC_POLICY_LOADED_S, clock_wall_ms() / 1000);
	for (size_t i = 0; i < app->n_chats; i++) {
		join_chat(app, &app->chats[i], app->chats[i].chat->ops->rejoin);
	}
	takes_policy_changed(app);
}

void app_reload(struct app *app)
{
	if (!app->closing) {
		reload_now(app->reload);
	}
}

void app_watch_policy(struct app *app)
{
	reload_watch(app->reload);
}

const char *app_policy_id(const struct app *app)
{
	return policy_id(gate_policy(app->gate));
}

bool app_idle(const struct app *app)
{
	if (app->n_turns > 0 || job_open_requests(app->engine) > 0) {
		return false;
	}
	for (size_t i = 0; i < app->n_chats; i++) {
		if (!post_queue_idle(app->chats[i].queue)) {
			return false;
		}
	}
	return true;
}

size_t app_chats_up(const struct app *app)
{
	size_t n = 0;

	for (size_t i = 0; i < app->n_chats; i++) {
		n += app->chats[i].link == CHAT_UP ? 1 : 0;
	}
	return n;
}

void app_on_link(struct app *app,
		 void (*link)(void *data, const char *network, enum chat_link state,
			      const char *why),
		 void *data)
{
	app->on_link = link;
	app->on_link_data = data;
}

bool app_chats_refused(const struct app *app)
{
	for (size_t i = 0; i < app->n_chats; i++) {
		if (app->chats[i].refused == NULL) {
			return false;
		}
	}
	return app->n_chats > 0;
}

const char *app_trouble(struct app *app)
{
	const char *why = app->upkeep != NULL ? upkeep_trouble(app->upkeep) : NULL;

	for (size_t i = 0; i < app->n_chats && why == NULL; i++) {
		why = app->chats[i].refused;
	}
	return why;
}
