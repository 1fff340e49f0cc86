/* token_look.c - what a token may do, and how long
 *
 * Happy path: one token after the other is asked about itself, then a day passes. Failure modes: no answer that makes sense: seen says
 * "not known", and the next token is asked.
 */
#include "ocean/token_look.h"

#include <stdlib.h>

#include "base/mem.h"
#include "ocean/oauth.h"

#define FIRST_MS \
	2000 /* the first people are answered first; what it took goes back with what the start took */
#define DAY_MS (24 * 3600 * 1000)

struct token_look {
	struct client *client;
	struct http_pool *pool;
	struct timer timer;
	struct oauth_ask ask;
	size_t next;
	bool freed;
	void (*seen)(void *, const struct ocean_token_seen *);
	void *data;
};

static void go_on(struct token_look *look);

static void on_answer(struct oauth_ask *ask, const struct err *err)
{
	struct token_look *look = ask->data;
	const struct token *token = &look->client->tokens[look->next];
	struct ocean_token_seen seen = {.account = look->client->name,
					.scope = err == NULL ? ask->grant.scope : "",
					.left_s = err == NULL ? ask->left_s : -1,
					.refreshes = bearer_refreshes(token->bearer),
					.err = err};

	if (look->freed) {
		return;
	}
	for (int tier = TIER_READ; tier <= TIER_DESTROY; tier++) {
		seen.serves[tier] = look->client->by_tier[tier] == token;
	}
	look->next++;
	look->seen(look->data, &seen);
	timer_start(&look->timer, 0); /* the ask is not ended inside its own answer */
}

static void go_on(struct token_look *look)
{
	const struct client *client = look->client;

	if (look->next == ARRAY_LEN(client->tokens) || client->tokens[look->next].bearer == NULL) {
		look->next = 0;
		timer_start(&look->timer, DAY_MS);
		return;
	}
	look->ask.verb = OAUTH_INFO;
	look->ask.url = client->oauth_url;
	look->ask.authorization = bearer_header(client->tokens[look->next].bearer);
	look->ask.done = on_answer;
	look->ask.data = look;
	oauth_start(look->pool, &look->ask);
}

static void on_timer(struct timer *timer)
{
	go_on(timer->data);
}

struct token_look *token_look_new(struct client *client, const struct ocean_options *options)
{
	const struct http_options http = {.ca_file = options->ca_file,
					  .proxy = options->proxy,
					  .max_connections = 1,
					  .rare = true};
	struct token_look *look = mem_alloc(sizeof(*look));

	look->pool = http_pool_new(client->loop, &http, NULL);
	if (look->pool == NULL) {
		free(look);
		return NULL;
	}
	look->client = client;
	look->seen = options->seen;
	look->data = options->news_data;
	timer_init(&look->timer, client->loop, on_timer, look);
	timer_start(&look->timer, options->look_ms > 0 ? options->look_ms : FIRST_MS);
	return look;
}

void token_look_free(struct token_look *look)
{
	if (look != NULL) {
		look->freed = true;
		timer_stop(&look->timer);
		http_pool_free(look->pool);
		oauth_ask_done(&look->ask);
		free(look);
	}
}
