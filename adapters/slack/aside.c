/* aside.c - small things about places: response_urls, direct channels, and whether we are in the policy's channels
 *
 * The channels of the policy are looked at one after another once Slack has said hello; where we are not, the keepers hear once
 * what to write there. Without the scope for it the look is left out: a post that fails says the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/internal.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/* Slack takes five posts in thirty minutes; one of each is left for the clock and for luck. */
#define HOOK_USES 5
#define HOOK_MS (29 * 60 * 1000)
#define HOOKS_MAX 512
#define DIRECTS_MAX 8192
#define JOIN_AGAIN_MS 60000

struct hook {
	char *url;
	int64_t until_ms;
	unsigned uses;
};

static void hook_free(void *value)
{
	struct hook *hook = value;

	free(hook->url);
	free(hook);
}

static void hook_key(char *buf, size_t size, const char *channel, const char *user)
{
	(void)snprintf(buf, size, "%.64s/%.64s", channel, user);
}

/* A full table forgets its oldest. */
static void make_room(struct map *map, size_t most, void (*free_value)(void *))
{
	const char *key;
	void *value;
	size_t i = 0;

	if (map_size(map) >= most && map_next(map, &i, &key, &value)) {
		char *copy = mem_strdup(key);

		free_value(map_remove(map, copy));
		free(copy);
	}
}

static bool is_good_hook(const struct slack_adapter *s, const char *url)
{
	return strlen(url) < 2048 &&
	       (strncmp(url, "https://", 8) == 0 ||
		(strncmp(s->api_url, "http://", 7) == 0 && strncmp(url, "http://", 7) == 0 &&
		 strncmp(url, s->api_url, strcspn(s->api_url + 7, "/") + 7) == 0));
}

void hook_keep(struct slack_adapter *s, const char *channel, const char *user, const char *url)
{
	char key[2 * ID_MAX + 2];
	struct hook *hook;

	if (!is_good_hook(s, url)) {
		return;
	}
	make_room(&s->hooks, HOOKS_MAX, hook_free);
	hook = mem_alloc(sizeof(*hook));
	hook->url = mem_strdup(url);
	hook->until_ms = clock_mono_ms() + HOOK_MS;
	hook->uses = HOOK_USES;
	hook_key(key, sizeof(key), channel, user);
	hook = map_put(&s->hooks, key, hook);
	if (hook != NULL) {
		hook_free(hook);
	}
}

const char *hook_use(struct slack_adapter *s, const char *channel, const char *user)
{
	char key[2 * ID_MAX + 2];
	struct hook *hook;

	hook_key(key, sizeof(key), channel, user);
	hook = map_get(&s->hooks, key);
	if (hook == NULL || hook->uses == 0 || clock_mono_ms() >= hook->until_ms) {
		return NULL;
	}
	hook->uses--;
	return hook->url;
}

const char *hook_newest(const struct slack_adapter *s, const char *channel, bool unused)
{
	size_t n = strlen(channel);
	const struct hook *newest = NULL;
	const char *key, *user = NULL;
	void *value;

	for (size_t i = 0; map_next(&s->hooks, &i, &key, &value);) {
		const struct hook *hook = value;

		if (strncmp(key, channel, n) == 0 && key[n] == '/' && hook->uses > 0 &&
		    (!unused || hook->uses == HOOK_USES) && clock_mono_ms() < hook->until_ms &&
		    (newest == NULL || hook->until_ms > newest->until_ms)) {
			newest = hook;
			user = key + n + 1;
		}
	}
	return user;
}

void direct_keep(struct slack_adapter *s, const char *user, const char *channel)
{
	make_room(&s->directs, DIRECTS_MAX, free);
	free(map_put(&s->directs, user, mem_strdup(channel)));
}

const char *direct_find(const struct slack_adapter *s, const char *user)
{
	return map_get(&s->directs, user);
}

/* ---- the policy's channels -------------------------------------------------------------------------- */

void joins_set(struct slack_adapter *s, const struct chat_join *joins, size_t n_joins)
{
	map_done(&s->joins, NULL);
	map_init(&s->joins);
	for (size_t i = 0; i < n_joins; i++) {
		if (strcmp(joins[i].workspace, s->workspace) == 0 &&
		    slack_is_id(joins[i].channel, "CG")) {
			(void)map_put(&s->joins, joins[i].channel, s);
		}
	}
}

static void lost(struct slack_adapter *s, const char *channel, const char *why)
{
	struct chat_place place = {
		.network = s->chat.ops->name, .workspace = s->workspace, .channel = channel};

	log_line(LOG_WARN, "slack.channel", "channel", channel, "why", why, NULL);
	s->chat.sink.place_lost(&s->chat, &place, why, s->chat.sink.data);
}

static const char *next_to_look_at(const struct slack_adapter *s)
{
	const char *channel;

	for (size_t i = 0; map_next(&s->joins, &i, &channel, NULL);) {
		if (!map_has(&s->members, channel)) {
			return channel;
		}
	}
	return NULL;
}

static void looked(struct slack_adapter *s)
{
	if (s->chat.sink.looked != NULL) {
		s->chat.sink.looked(&s->chat, s->chat.sink.data);
	}
}

static void on_info(struct rest_call *call, const struct json *answer,
		    const struct trouble *trouble)
{
	struct slack_adapter *s = call->ask.data;
	char *channel = mem_strdup(next_to_look_at(s));
	bool in;

	s->join_call = NULL;
	if (channel == NULL) {
		return;
	}
	if (trouble != NULL && (trouble->retry_after_ms > 0 || trouble->err.kind == ERR_NETWORK ||
				trouble->err.kind == ERR_TIMEOUT)) {
		timer_start(&s->join_timer,
			    trouble->retry_after_ms > 0 ? trouble->retry_after_ms : JOIN_AGAIN_MS);
		free(channel);
		return;
	}
	if (trouble != NULL && strcmp(trouble->code, "missing_scope") == 0) {
		log_line(LOG_WARN, "slack.channels", "why", trouble->err.msg, NULL);
		free(channel);
		looked(s);
		return; /* no other one can be looked at either */
	}
	in = trouble == NULL && json_bool_or(json_member(answer, "channel"), "is_member", true);
	(void)map_put(&s->members, channel, in ? s : NULL);
	if (trouble != NULL) {
		lost(s, channel, trouble->err.msg);
	} else if (!in) {
		lost(s, channel,
		     "I am not in that Slack channel. Write \"/invite @sluice\" there.");
	}
	free(channel);
	joins_look(s);
}

static void on_join_timer(struct timer *timer)
{
	joins_look(timer->data);
}

void aside_init(struct slack_adapter *s)
{
	timer_init(&s->join_timer, s->loop, on_join_timer, s);
}

void joins_look(struct slack_adapter *s)
{
	struct rest_ask ask = {.method = "conversations.info",
			       .repeatable = true,
			       .timeout_ms = PHASE_MS,
			       .done = on_info,
			       .data = s};
	const char *channel = next_to_look_at(s);
	char form[ID_MAX + 16];

	if (s->join_call != NULL || s->closing || s->refused || !s->known) {
		return;
	}
	if (channel == NULL) {
		looked(s);
		return;
	}
	(void)snprintf(form, sizeof(form), "channel=%s", channel);
	ask.form = form;
	s->join_call = rest_start(s, &ask);
}

void joins_left(struct slack_adapter *s, const char *channel)
{
	if (*channel != '\0' && map_has(&s->joins, channel)) {
		lost(s, channel,
		     "I was removed from that Slack channel. Write \"/invite @sluice\" "
		     "there to have me back.");
	}
}

void aside_free(struct slack_adapter *s)
{
	timer_stop(&s->join_timer);
	map_done(&s->joins, NULL);
	map_done(&s->members, NULL);
	map_done(&s->hooks, hook_free);
	map_done(&s->directs, free);
}
