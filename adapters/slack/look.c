/* look.c - one question to Slack after the other, each waited for */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/look.h"
#include "adapters/slack/slack.h"
#include "adapters/slack/token.h"
#include "adapters/slack/trouble.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "loop/http.h"

#define ANSWER_MAX ((size_t)4 * 1024 * 1024)
#define WAIT_MS 30000

struct slack_look {
	struct loop *loop;
	struct http_pool *pool;
	char *url;
	char scopes[512];
};

struct asking {
	struct http_request request;
	bool over;
	struct json *answer;
	struct err *err;
};

static void on_done(struct http_request *request, const struct err *err)
{
	struct asking *asking = request->data;

	asking->over = true;
	if (err != NULL) {
		err_copy(asking->err, err);
	} else if (request->status == 429) {
		(void)err_set(asking->err, ERR_LIMIT,
			      "Slack wants fewer questions; try again in a minute");
	} else if (request->status != 200) {
		(void)err_set(asking->err, ERR_REMOTE, "Slack answered with the status %d",
			      request->status);
	} else {
		asking->answer = json_parse(request->answer.buf, request->answer.len, asking->err);
	}
}

static bool is_over(void *data)
{
	return ((struct asking *)data)->over;
}

struct json *slack_look_ask(struct slack_look *look, const char *method, const struct secret *token,
			    const char *form, struct err *err)
{
	char *bearer = token_bearer(token);
	const struct http_header headers[] = {{"Content-Type", "application/x-www-form-urlencoded"},
					      {"Authorization", bearer}};
	struct asking asking = {.err = err};
	struct strbuf url;

	strbuf_init(&url, 4096);
	(void)strbuf_addf(&url, "%s/%s", look->url, method);
	asking.request = (struct http_request){.method = "POST",
					       .url = url.buf,
					       .headers = headers,
					       .n_headers = 2,
					       .body = form,
					       .body_len = strlen(form),
					       .max_body_bytes = ANSWER_MAX,
					       .timeout_ms = WAIT_MS,
					       .idempotent = true,
					       .done = on_done,
					       .data = &asking};
	http_start(look->pool, &asking.request);
	(void)loop_run_until(look->loop, is_over, &asking, 2 * WAIT_MS);
	token_wipe(bearer);
	strbuf_done(&url);
	if (asking.answer != NULL && !json_bool_or(asking.answer, "ok", false)) {
		struct trouble trouble;

		trouble_of_code(method, json_string_or(asking.answer, "error", ""),
				json_string_or(asking.answer, "needed", NULL), &trouble);
		err_copy(err, &trouble.err);
		json_free(asking.answer);
		return NULL;
	}
	if (asking.answer != NULL) {
		(void)snprintf(look->scopes, sizeof(look->scopes), "%s", asking.request.scopes);
	}
	return asking.answer;
}

const char *slack_look_scopes(const struct slack_look *look)
{
	return look->scopes;
}

struct secret *slack_look_token(const char *place, const char *begin, struct err *err)
{
	struct secret *secret = secret_load(place, err);

	if (secret != NULL && !token_begins(secret, begin)) {
		(void)err_set(err, ERR_CONFIG, "what is at \"%.100s\" does not begin with %s",
			      place, begin);
		secret_free(secret);
		return NULL;
	}
	return secret;
}

struct slack_look *slack_look_new(const char *api_url, const char *ca_file, const char *proxy,
				  struct err *err)
{
	const struct http_options options = {.ca_file = ca_file, .proxy = proxy};
	struct slack_look *look = mem_alloc(sizeof(*look));

	look->url = mem_strdup(api_url != NULL ? api_url : SLACK_API_URL);
	look->loop = loop_new(err);
	look->pool = look->loop != NULL ? http_pool_new(look->loop, &options, err) : NULL;
	if (look->pool == NULL) {
		slack_look_free(look);
		return NULL;
	}
	return look;
}

void slack_look_free(struct slack_look *look)
{
	if (look == NULL) {
		return;
	}
	http_pool_free(look->pool);
	loop_free(look->loop);
	free(look->url);
	free(look);
}
