/* http.c - DigitalOcean's API over HTTP: accounts, tokens and the life of a call
 *
 * Happy path: ocean_http_open opens a bearer a tier (bearer.c); start chooses the weakest one that covers the call and makes a
 * flight; at the next turn its walks send their requests (walk.c); when the last walk has ended
 * flight_finish hands over the droplets, actions or account.
 *
 * Failure modes: the call needs more than its max_tier, or there is no token (DENIED, nothing is sent); a walk
 * fails (the others are stopped, the first error stands; the tags probe only leaves tags unknown); canceled
 * or closed while under way (CANCELED, or UNKNOWN when a change may have left).
 */
#include "ocean/ocean.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ocean/bodies.h"
#include "ocean/client.h"
#include "ocean/fail.h"
#include "ocean/token_look.h"
#include "ocean/url.h"

/* How long a call may take until its last request begins. A change is not done long after it was asked for. */
#define BEGIN_ACT_MS 20000
#define BEGIN_PERSON_MS 30000
#define BEGIN_LONG_MS 90000

static int choose_token(struct flight *flight, struct err *err)
{
	const struct ocean_call *call = flight->call;
	enum tier need = endpoint_tier(call);
	char what[FAIL_WHAT_SIZE];

	(void)fail_what(call, what);
	if (need == TIER_NONE) {
		return err_set(err, ERR_USAGE, "%s is nothing that can be asked of DigitalOcean",
			       what);
	}
	if (need > call->max_tier || call->max_tier > TIER_DESTROY) {
		return err_set(err, ERR_DENIED,
			       "%s needs the \"%s\" token, which may not be used from here", what,
			       tier_name(need));
	}
	for (enum tier tier = need; tier <= call->max_tier; tier++) {
		if (flight->client->by_tier[tier] != NULL) {
			flight->token = flight->client->by_tier[tier];
			return 0;
		}
	}
	return err_set(err, ERR_DENIED, "%s needs a \"%s\" token, and account \"%.60s\" has none",
		       what, tier_name(need), flight->client->name);
}

static int write_body(struct flight *flight)
{
	const struct endpoint *row = endpoint_of(flight->call);

	if (row->reply == REPLY_CREATED && flight->call->create != NULL) {
		flight->n_made = flight->call->create->n_names;
	}
	return row->write != NULL ? row->write(flight->call, &flight->body, &flight->err) : 0;
}

static void flight_free(struct flight *flight)
{
	for (size_t i = 0; i < WALK_COUNT; i++) {
		walk_done(&flight->walks[i]);
	}
	ocean_pages_done(flight);
	if (!list_empty(&flight->poll_link)) {
		list_remove(&flight->poll_link);
	}
	task_cancel(&flight->turn);
	strbuf_done(&flight->body);
	reader_done(&flight->reader);
	free(flight->actions);
	free(flight);
}

static void hide_tags(struct ocean_builder *builder)
{
	for (size_t i = 0; i < builder->n; i++) {
		builder->droplets[i].known &= ~(unsigned)DROPLET_KNOWS_TAGS;
		builder->droplets[i].tags = NULL;
		builder->droplets[i].n_tags = 0;
	}
}

/* The same pages, and the same is known of their tags: nobody needs to look at the droplets again. */
static void number_list(struct flight *flight)
{
	struct client *client = flight->client;
	bool same = flight->walks[WALK_MAIN].page_same && flight->walks[WALK_GPUS].page_same;

	if (!same || flight->call->tags_known != client->list_tags_known) {
		client->list_turn++;
	}
	client->list_tags_known = flight->call->tags_known;
	flight->call->list_turn = client->list_turn;
}

static int hand_droplets(struct flight *flight, struct err *err)
{
	struct ocean_call *call = flight->call;
	bool pages = endpoint_of(call)->reply == REPLY_DROPLETS;
	struct ocean_builder *all = pages ? &flight->pages.all : &flight->walks[WALK_MAIN].builder;

	if (ocean_builder_merge(all, &flight->walks[WALK_GPUS].builder, err) < 0) {
		return -1;
	}
	call->tags_known = clock_mono_ms() < flight->token->tags_until_ms;
	if (!call->tags_known) {
		hide_tags(all);
	}
	call->droplets = all->droplets;
	call->n_droplets = all->n;
	if (call->verb == OCEAN_LIST) {
		number_list(flight);
	}
	return 0;
}

static int hand_over(struct flight *flight, struct err *err)
{
	struct ocean_call *call = flight->call;

	switch (endpoint_of(call)->reply) {
	case REPLY_DROPLETS:
	case REPLY_DROPLET:
		return hand_droplets(flight, err);
	case REPLY_ACTION:
		call->actions = &flight->action;
		call->n_actions = 1;
		break;
	case REPLY_ACTIONS:
		call->actions = flight->actions;
		call->n_actions = flight->n_actions;
		break;
	case REPLY_ACCOUNT:
		call->account = &flight->account;
		break;
	case REPLY_LIST:
	case REPLY_ONE:
		call->things = flight->reader.n > 0 ? flight->reader.items : NULL;
		call->n_things = flight->reader.n;
		break;
	case REPLY_CREATED:
		call->actions = flight->actions;
		call->n_actions = flight->n_actions;
		return hand_droplets(flight, err);
	case REPLY_NOTHING:
		break;
	}
	return 0;
}

/* False: it was read in vain, and is being read again. */
static bool pages_are_whole(struct flight *flight)
{
	struct err why = {0};

	if (flight->failed || flight->canceled ||
	    endpoint_of(flight->call)->reply != REPLY_DROPLETS) {
		return true;
	}
	switch (ocean_pages_join(flight, &why)) {
	case PAGES_AGAIN:
		return false;
	case PAGES_FAILED:
		flight->failed = true;
		fail_nonsense(flight->call, &why, NULL, &flight->err);
		return true;
	case PAGES_WHOLE:
		return true;
	}
	return true;
}

void flight_finish(struct flight *flight)
{
	struct ocean_call *call = flight->call;

	if (!flight->failed && flight->canceled) {
		flight->failed = true;
		err_set(&flight->err, ERR_CANCELED, "canceled");
	}
	if (!pages_are_whole(flight)) {
		return;
	}
	if (!flight->failed && hand_over(flight, &flight->err) < 0) {
		flight->failed = true;
	}
	list_remove(&flight->link);
	call->internal = NULL;
	call->done(call,
		   flight->failed ? &flight->err : NULL); /* may free the call and the client */
	flight_free(flight);
}

static void walks_begin(struct flight *flight)
{
	enum ocean_verb verb = flight->call->verb;
	enum reply reply = endpoint_of(flight->call)->reply;
	bool droplets = reply == REPLY_DROPLETS || reply == REPLY_DROPLET;
	bool wanted[WALK_COUNT] = {
		[WALK_MAIN] = true,
		[WALK_GPUS] = verb == OCEAN_LIST,
		[WALK_TAGS] = droplets && clock_mono_ms() >= flight->token->tags_ask_ms,
	};

	flight->n_running =
		1; /* ours: a walk that fails at once must not end the flight in the loop */
	for (size_t i = 0; i < WALK_COUNT; i++) {
		flight->walks[i].running = wanted[i];
		flight->n_running += wanted[i];
	}
	for (size_t i = 0; i < WALK_COUNT; i++) {
		if (flight->walks[i].running) {
			walk_go(&flight->walks[i]);
		}
	}
	if (--flight->n_running == 0) {
		flight_finish(flight);
	}
}

static void on_turn(struct task *task)
{
	struct flight *flight = task->data;

	if (flight->failed || flight->canceled || flight->polled) {
		flight_finish(flight);
	} else {
		walks_begin(flight);
	}
}

static int64_t begin_ms(const struct ocean_call *call)
{
	bool pages = endpoint_of(call)->reply == REPLY_DROPLETS;

	if (endpoint_changes(call)) {
		return BEGIN_ACT_MS;
	}
	return !pages && call->interactive ? BEGIN_PERSON_MS : BEGIN_LONG_MS;
}

static void client_start(struct ocean *ocean, struct ocean_call *call)
{
	struct client *client = (struct client *)(void *)ocean;
	struct flight *flight = mem_alloc(sizeof(*flight));

	flight->client = client;
	flight->call = call;
	flight->begin_by_ms = clock_mono_ms() + begin_ms(call);
	list_append(&client->flights, &flight->link);
	list_init(&flight->poll_link);
	task_init(&flight->turn, client->loop, on_turn, flight);
	for (size_t i = 0; i < WALK_COUNT; i++) {
		flight->walks[i].flight = flight;
		flight->walks[i].kind = (enum walk_kind)i;
		flight->walks[i].page = 1;
		timer_init(&flight->walks[i].timer, client->loop, walk_on_wait, &flight->walks[i]);
	}
	call->internal = flight;
	call->droplets = NULL;
	call->n_droplets = 0;
	call->actions = NULL;
	call->n_actions = 0;
	call->list_turn = 0;
	call->ahead_ms = 0;
	call->account = NULL;
	call->things = NULL;
	call->n_things = 0;
	call->tags_known = false;
	strbuf_init(&flight->body, OCEAN_BODY_MAX);
	flight->failed = choose_token(flight, &flight->err) < 0 || write_body(flight) < 0;
	if (call->verb == OCEAN_ACTION && !call->interactive && !flight->failed) {
		polls_add(flight);
	} else {
		task_post(&flight->turn);
	}
}

static void client_cancel(struct ocean *ocean, struct ocean_call *call)
{
	struct flight *flight = call->internal;

	(void)ocean;
	if (flight == NULL || flight->canceled) {
		return;
	}
	flight->canceled = true;
	walks_stop(flight);
	if (flight->n_running == 0) {
		task_post(&flight->turn);
	}
}

static void lists_forget(struct client *client)
{
	timer_stop(&client->lists_timer);
	for (size_t i = 0; i < LISTS; i++) {
		again_unref(client->lists[i]);
		client->lists[i] = NULL;
	}
}

static void on_lists_timer(struct timer *timer)
{
	lists_forget(timer->data);
}

static void client_free(struct client *client)
{
	http_pool_free(client->pool);
	token_look_free(client->look);
	lists_forget(client);
	for (size_t i = 0; i < ARRAY_LEN(client->tokens); i++) {
		bearer_close(client->tokens[i].bearer);
	}
	free(client->name);
	free(client->url);
	free(client->oauth_url);
	free(client);
}

static void client_close(struct ocean *ocean)
{
	struct client *client = (struct client *)(void *)ocean;
	struct http_pool *pool = client->pool;

	client->pool = NULL;
	polls_stop(client);
	LIST_FOREACH(it, &client->flights)
	{
		LIST_ENTRY(it, struct flight, link)->canceled = true;
	}
	http_pool_free(
		pool); /* ends every walk that is in http, and with the last one its flight */
	while (!list_empty(&client->flights)) {
		struct flight *flight = LIST_ENTRY(client->flights.next, struct flight, link);

		flight->canceled = true;
		walks_stop(flight);
		flight_finish(flight);
	}
	client_free(client);
}

/* Of the token that serves this tier, or the next that is there; NULL: none is. */
static const struct ocean_pace *pace_of(const struct ocean *ocean, enum tier tier)
{
	const struct client *client = (const struct client *)(const void *)ocean;

	while (tier < TIER_DESTROY && client->by_tier[tier] == NULL) {
		tier++;
	}
	return client->by_tier[tier] != NULL ? &client->by_tier[tier]->pace : NULL;
}

static int64_t client_wait_ms(const struct ocean *ocean, enum tier tier, bool interactive)
{
	const struct ocean_pace *pace = pace_of(ocean, tier);

	return pace != NULL ? ocean_pace_wait_ms(pace, interactive, clock_mono_ms()) : 0;
}

static bool client_spare(const struct ocean *ocean, unsigned n)
{
	const struct ocean_pace *pace = pace_of(ocean, TIER_READ);

	return pace != NULL && ocean_pace_spare(pace, n, clock_mono_ms());
}

static const struct ocean_ops ops = {client_start, client_cancel, client_close, client_wait_ms,
				     client_spare};

static int load_tokens(struct client *client, const struct ocean_options *options, struct err *err)
{
	size_t n = 0;

	for (enum tier tier = TIER_READ; tier <= TIER_DESTROY; tier++) {
		const char *spec = options->tokens[tier];
		const struct bearer_options bearer = {
			.account = client->name,
			.place = spec,
			.oauth_url = client->oauth_url,
			.ca_file = options->ca_file,
			.proxy = options->proxy,
			.news = options->news,
			.data = options->news_data,
			.passive = options->passive,
		};
		size_t same = 0;

		if (spec == NULL) {
			continue;
		}
		while (same < n && strcmp(client->tokens[same].spec, spec) != 0) {
			same++;
		}
		if (same == n) {
			client->tokens[n].bearer = bearer_open(client->loop, &bearer, err);
			if (client->tokens[n].bearer == NULL) {
				return err_prefix(err, "the \"%s\" token of account \"%.60s\"",
						  tier_name(tier), client->name);
			}
			client->tokens[n].pace.per_minute = (unsigned)options->per_minute;
			client->tokens[n++].spec = spec;
		}
		client->by_tier[tier] = &client->tokens[same];
	}
	for (size_t i = 0; i < n; i++) {
		client->tokens[i].spec = NULL; /* the options may go now */
	}
	return 0;
}

struct ocean *ocean_http_open(struct loop *loop, const struct ocean_options *options,
			      struct err *err)
{
	const struct http_options http = {.ca_file = options->ca_file, .proxy = options->proxy};
	struct client *client = mem_alloc(sizeof(*client));

	list_init(&client->flights);
	client->loop = loop;
	timer_init(&client->lists_timer, loop, on_lists_timer, client);
	polls_init(client);
	client->ocean.ops = &ops;
	client->name = mem_strdup(options->name != NULL ? options->name : "main");
	client->ocean.name = client->name;
	client->connect_ms = options->connect_ms > 0 ? options->connect_ms : 10000;
	client->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : 30000;
	client->url = ocean_url_plain(options->url != NULL ? options->url : OCEAN_URL_DEFAULT, err);
	client->oauth_url =
		client->url != NULL ? ocean_oauth_url(options->oauth_url, options->url, err) : NULL;
	if (client->url == NULL || client->oauth_url == NULL ||
	    load_tokens(client, options, err) < 0) {
		client_free(client);
		return NULL;
	}
	client->pool = http_pool_new(loop, &http, err);
	if (client->pool == NULL) {
		client_free(client);
		return NULL;
	}
	client->look = options->seen != NULL ? token_look_new(client, options) : NULL;
	return &client->ocean;
}
