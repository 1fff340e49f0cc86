/* adapter.c - the adapter's door: options in, who we are, the table of operations, the close in two steps
 *
 * Happy path: auth.test says whose the bot token is, then connections are opened (keep.c).
 * Failure modes: a token of the wrong kind or of another workspace, or one that Slack does not take, needs a person: refused.
 * No answer: asked again after a back-off, for as long as it takes.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "adapters/slack/internal.h"
#include "adapters/slack/scopes.h"
#include "adapters/slack/token.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define BACKOFF_FIRST_MS 1000
#define BACKOFF_MIN_MS 100
#define AUTH_MOST_MS 60000

static void ask_who(struct slack_adapter *s);

static struct slack_adapter *of(struct chat *chat)
{
	return CONTAINER_OF(chat, struct slack_adapter, chat);
}

uint32_t slack_random(uint32_t below)
{
	uint32_t n = 0;

	if (getrandom(&n, sizeof(n), 0) != (ssize_t)sizeof(n)) {
		n = (uint32_t)clock_mono_ms(); /* it only spreads waits */
	}
	return below == 0 ? 0 : n % below;
}

int64_t slack_backoff(unsigned attempts, int64_t most_ms)
{
	int64_t ms = (int64_t)BACKOFF_FIRST_MS << (attempts < 10 ? attempts : 10);

	ms = ms < most_ms ? ms : most_ms;
	return BACKOFF_MIN_MS + slack_random((uint32_t)ms);
}

bool slack_is_id(const char *text, const char *first)
{
	size_t len = text != NULL ? strlen(text) : 0;

	return len >= 2 && len < ID_MAX && strchr(first, text[0]) != NULL &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == len;
}

void slack_link(struct slack_adapter *s, enum chat_link link, const char *why)
{
	static const char *const words[] = {
		[CHAT_DOWN] = "down", [CHAT_UP] = "up", [CHAT_REFUSED] = "refused"};

	if (s->link_said && s->link == link && link == CHAT_UP) {
		return;
	}
	s->link_said = s->link_said || link == CHAT_UP;
	s->link = link;
	log_line(link == CHAT_UP ? LOG_INFO : LOG_WARN, "slack.link", "state", words[link],
		 "workspace", s->workspace, "why", why != NULL ? why : "", NULL);
	s->chat.sink.link(&s->chat, link, why, s->chat.sink.data);
}

void slack_notice(struct slack_adapter *s, const char *fmt, ...)
{
	struct strbuf text;
	va_list ap;

	strbuf_init(&text, 1024);
	va_start(ap, fmt);
	(void)strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	log_line(LOG_WARN, "slack.notice", "what", text.buf, NULL);
	if (s->chat.sink.notice != NULL) {
		s->chat.sink.notice(&s->chat, text.buf, s->chat.sink.data);
	}
	strbuf_done(&text);
}

void slack_refuse(struct slack_adapter *s, const char *why)
{
	char copy[300];

	if (s->refused || s->closing) {
		return;
	}
	(void)snprintf(copy, sizeof(copy), "%s", why); /* it may be of a line that ends now */
	s->refused = true;
	timer_stop(&s->auth_timer);
	keep_stop(s);
	slack_link(s, CHAT_REFUSED, copy);
}

/* ---- who we are ----------------------------------------------------------------------------------- */

static void keep_id(char to[ID_MAX], const char *from, const char *first)
{
	(void)snprintf(to, ID_MAX, "%s", slack_is_id(from, first) ? from : "");
}

static void who_refused(struct slack_adapter *s, const struct trouble *trouble)
{
	char why[300];

	(void)snprintf(why, sizeof(why), "the Slack bot token: %s", trouble->err.msg);
	slack_refuse(s, why);
}

/* False: nothing could be said at all, and the adapter has stopped. */
static bool check_scopes(struct slack_adapter *s, const char *held)
{
	struct strbuf out;
	bool vital;

	strbuf_init(&out, 2048);
	vital = slack_scopes_missing(held, &out);
	if (vital) {
		slack_refuse(s, out.buf);
	} else if (out.len > 0) {
		slack_notice(s, "%s", out.buf);
	}
	strbuf_done(&out);
	return !vital;
}

static void on_who(struct rest_call *call, const struct json *answer, const struct trouble *trouble)
{
	struct slack_adapter *s = call->ask.data;
	char why[300];

	if (s->closing) {
		return;
	}
	if (trouble != NULL && (trouble->fatal || trouble->err.kind == ERR_CONFIG)) {
		who_refused(s, trouble);
		return;
	}
	if (trouble != NULL) {
		int64_t wait_ms = slack_backoff(s->auth_tries++, AUTH_MOST_MS);

		wait_ms = wait_ms > trouble->retry_after_ms ? wait_ms : trouble->retry_after_ms;
		timer_start(&s->auth_timer, wait_ms);
		slack_link(s, CHAT_DOWN, trouble->err.msg);
		return;
	}
	keep_id(s->team, json_string_or(answer, "team_id", ""), "T");
	keep_id(s->enterprise, json_string_or(answer, "enterprise_id", ""), "E");
	keep_id(s->user, json_string_or(answer, "user_id", ""), "UW");
	keep_id(s->bot, json_string_or(answer, "bot_id", ""), "B");
	if (strcmp(s->workspace, s->team) != 0 && strcmp(s->workspace, s->enterprise) != 0) {
		(void)snprintf(
			why, sizeof(why),
			"the Slack bot token is of the workspace %s, the policy's is %s; give "
			"the right token, or write the right id under workspaces",
			s->team[0] != '\0' ? s->team : "?", s->workspace);
		slack_refuse(s, why);
		return;
	}
	if (!check_scopes(s, call->request.scopes)) {
		return;
	}
	s->known = true;
	keep_look(s);
}

static void ask_who(struct slack_adapter *s)
{
	struct rest_ask ask = {.method = "auth.test",
			       .repeatable = true,
			       .timeout_ms = PHASE_MS,
			       .done = on_who,
			       .data = s};

	(void)rest_start(s, &ask);
}

static void on_auth_timer(struct timer *timer)
{
	ask_who(timer->data);
}

/* ---- operations ------------------------------------------------------------------------------------- */

static void start(struct chat *chat, const struct chat_join *joins, size_t n_joins)
{
	struct slack_adapter *s = of(chat);

	joins_set(s, joins, n_joins);
	timer_start(&s->auth_timer, 0);
}

static void rejoin(struct chat *chat, const struct chat_join *joins, size_t n_joins)
{
	struct slack_adapter *s = of(chat);

	joins_set(s, joins, n_joins);
	if (!s->closing && keep_has_live(s, NULL) && !timer_running(&s->join_timer)) {
		timer_start(&s->join_timer, 0); /* the sink is not called before this returns */
	}
}

static void adapter_free(struct slack_adapter *s)
{
	timer_stop(&s->auth_timer);
	task_cancel(&s->early_task);
	task_cancel(&s->ask_task);
	task_cancel(&s->close_task);
	envelope_free(s);
	slack_posts_free(s);
	aside_free(s);
	forms_free(s);
	pictures_free(s);
	pages_free(s);
	secret_free(s->app_token);
	secret_free(s->bot_token);
	free(s->api_url);
	free(s->workspace);
	free(s->ca_file);
	free(s);
}

void slack_try_finish(struct slack_adapter *s)
{
	if (s->closing && list_empty(&s->lines)) {
		task_post(&s->close_task);
	}
}

static void on_close_task(struct task *task)
{
	struct slack_adapter *s = task->data;
	void (*closed)(void *) = s->closed;
	void *data = s->closed_data;

	slack_posts_cancel(s);
	groups_cancel(s);
	if (!list_empty(&s->lines)) {
		return; /* their end comes back here */
	}
	LIST_FOREACH(it, &s->calls)
	{
		LIST_ENTRY(it, struct rest_call, link)->ask.done = NULL; /* nobody waits any more */
	}
	groups_free(s);
	http_pool_free(s->pool);
	adapter_free(s);
	closed(data);
}

static void close_chat(struct chat *chat, void (*closed)(void *), void *data)
{
	struct slack_adapter *s = of(chat);

	assert(!s->closing);
	s->closing = true;
	s->closed = closed;
	s->closed_data = data;
	timer_stop(&s->auth_timer);
	timer_stop(&s->join_timer);
	keep_stop(s);
	task_post(&s->close_task);
}

static const struct chat_ops ops = {
	.name = "slack",
	.caps = CHAT_EDIT | CHAT_BUTTONS | CHAT_PRIVATE | CHAT_FORMS | CHAT_FILES,
	.start = start,
	.rejoin = rejoin,
	.post = slack_post,
	.settled = envelope_settled,
	.open_form = forms_open,
	.answer = envelope_answer,
	.look_up = groups_look_up,
	.close = close_chat,
};

/* ---- opening ------------------------------------------------------------------------------------------ */

static bool given(const char *text)
{
	return text != NULL && *text != '\0';
}

/* Tokens travel there: without TLS only inside this machine. */
static int check_url(const char *url, struct err *err)
{
	static const char *const local[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};

	if (strncmp(url, "https://", 8) == 0) {
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(local); i++) {
		if (strncmp(url, local[i], strlen(local[i])) == 0 &&
		    strchr(":/", url[strlen(local[i])]) != NULL) {
			return 0;
		}
	}
	return err_set(err, ERR_CONFIG,
		       "the Slack address \"%.100s\" is refused: it must begin with https:// "
		       "(http:// only to this machine)",
		       url);
}

static int check_token(const struct secret *token, const char *begin, const char *other,
		       const char *setting, struct err *err)
{
	if (token_begins(token, begin)) {
		return 0;
	}
	if (token_begins(token, other)) {
		return err_set(err, ERR_CONFIG,
			       "%s got the other kind of token: it wants one that begins with "
			       "%s, this begins with %s; have the two been mixed up?",
			       setting, begin, other);
	}
	return err_set(err, ERR_CONFIG, "%s wants a token that begins with %s", setting, begin);
}

static int check(const struct slack_options *options, struct err *err)
{
	if (given(options->api_url) && check_url(options->api_url, err) != 0) {
		return -1;
	}
	if (!slack_is_id(options->workspace, "TE")) {
		return err_set(err, ERR_CONFIG,
			       "which Slack workspace? its id (T01ACME00) must stand under "
			       "workspaces in the policy, with a channel in it");
	}
	if (check_token(options->app_token, "xapp-", "xoxb-", "--slack-app-token", err) != 0) {
		return -1;
	}
	return check_token(options->bot_token, "xoxb-", "xapp-", "--slack-bot-token", err);
}

static void init_parts(struct slack_adapter *s)
{
	struct loop *loop = s->loop;

	list_init(&s->lines);
	list_init(&s->calls);
	list_init(&s->posts);
	list_init(&s->early);
	list_init(&s->asks);
	map_init(&s->unsettled);
	map_init(&s->paces);
	map_init(&s->directs);
	map_init(&s->hooks);
	map_init(&s->pictures);
	map_init(&s->kept);
	map_init(&s->groups);
	map_init(&s->joins);
	map_init(&s->members);
	timer_init(&s->auth_timer, loop, on_auth_timer, s);
	task_init(&s->early_task, loop, slack_posts_early, s);
	task_init(&s->ask_task, loop, groups_early, s);
	task_init(&s->close_task, loop, on_close_task, s);
	aside_init(s);
	forms_init(s);
	keep_start(s);
}

struct chat *slack_adapter_new(struct loop *loop, const struct slack_options *options,
			       const struct slack_wire *wire, struct err *err)
{
	struct slack_adapter *s = mem_alloc(sizeof(*s));
	struct http_options http = {
		.ca_file = given(options->ca_file) ? options->ca_file : NULL,
		.proxy = given(options->proxy) ? options->proxy : NULL,
	};
	const char *url = given(options->api_url) ? options->api_url : SLACK_API_URL;
	size_t n_url = strlen(url);

	s->app_token = options->app_token;
	s->bot_token = options->bot_token;
	if (check(options, err) == 0) {
		s->pool = http_pool_new(loop, &http, err);
	}
	if (s->pool == NULL) {
		secret_free(s->app_token);
		secret_free(s->bot_token);
		free(s);
		return NULL;
	}
	s->chat.ops = &ops;
	s->loop = loop;
	s->wire = wire;
	s->workspace = mem_strdup(options->workspace);
	s->chat.workspace = s->workspace;
	s->api_url = mem_strndup(url, n_url > 0 && url[n_url - 1] == '/' ? n_url - 1 : n_url);
	s->ca_file = given(options->ca_file) ? mem_strdup(options->ca_file) : NULL;
	/* and a twentieth: a message may take less time on the way than the one before it */
	s->pace_ms = options->pace_ms + options->pace_ms / 20;
	s->n_wanted = options->n_lines > 0 ? options->n_lines : 1;
	s->n_wanted = s->n_wanted < SLACK_LINES_MAX ? s->n_wanted : SLACK_LINES_MAX;
	init_parts(s);
	return &s->chat;
}
