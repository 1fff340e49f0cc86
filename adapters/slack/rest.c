/* rest.c - one call of Slack's Web API
 *
 * Happy path: POST with a bearer token, HTTP 200, {"ok":true,...}. Failure modes: no connection (nothing was sent), a lost
 * answer (not known, unless asking twice does no harm), HTTP 429 with Retry-After, 5xx, ok:false with Slack's word for it,
 * something that is no JSON. Redirects are errors: the token does not travel further.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/internal.h"
#include "adapters/slack/token.h"
#include "base/mem.h"

#define ANSWER_MAX (4 * 1024 * 1024)
#define SLOW_DOWN_MS 30000 /* asked for patience without saying how long */

static void call_free(struct rest_call *call)
{
	list_remove(&call->link);
	token_wipe(call->authorization);
	free(call->url);
	free(call);
}

static bool is_change(const struct rest_call *call)
{
	return !call->ask.repeatable;
}

/* A response_url says what it dislikes beside any status, as JSON or as one word. */
static void keep_code(const struct rest_call *call, struct trouble *trouble)
{
	const struct strbuf *answer = &call->request.answer;
	struct json *root = json_parse(answer->buf, answer->len, NULL);
	struct trouble said;

	trouble_of_code("", json_is_object(root) ? json_string_or(root, "error", "") : answer->buf,
			NULL, &said);
	memcpy(trouble->code, said.code, sizeof(trouble->code));
	json_free(root);
}

/* What the status alone says; 0: look into the body. */
static int judge_status(const struct rest_call *call, struct trouble *trouble)
{
	const struct http_request *request = &call->request;

	if (request->status == 429) {
		trouble_of_code(call->ask.method, "ratelimited", NULL, trouble);
		trouble->retry_after_ms =
			request->retry_after_s > 0 ? request->retry_after_s * 1000 : SLOW_DOWN_MS;
		trouble->err.remote_status = request->status;
		return -1;
	}
	if (request->status >= 500) {
		/* it may have been done before it failed */
		(void)err_set(&trouble->err, is_change(call) ? ERR_UNKNOWN : ERR_NETWORK,
			      "Slack answered with the error %d", request->status);
		trouble->err.remote_status = request->status;
		return -1;
	}
	if (request->status != 200) {
		(void)err_set(&trouble->err, ERR_REMOTE, "Slack answered with the status %d",
			      request->status);
		trouble->err.remote_status = request->status;
		if (call->ask.token == REST_NONE && call->ask.bytes == NULL) {
			keep_code(call, trouble);
		}
		return -1;
	}
	return 0;
}

static const char *shown_method(const struct rest_call *call)
{
	return call->ask.token == REST_NONE ? "an answer" : call->ask.method;
}

/* A response_url answers "ok", or JSON; all else is JSON. */
static struct json *judge_body(const struct rest_call *call, struct trouble *trouble)
{
	const struct strbuf *answer = &call->request.answer;
	struct json *root;

	if (call->ask.bytes != NULL) {
		return NULL;
	}
	if (call->ask.token == REST_NONE && (answer->len == 0 || strcmp(answer->buf, "ok") == 0)) {
		return NULL;
	}
	root = json_parse(answer->buf, answer->len, NULL);
	if (root == NULL || !json_is_object(root)) {
		(void)err_set(&trouble->err, is_change(call) ? ERR_UNKNOWN : ERR_NETWORK,
			      "Slack's answer to %s is no JSON", shown_method(call));
	} else if (!json_bool_or(root, "ok", false)) {
		trouble_of_code(shown_method(call), json_string_or(root, "error", ""),
				json_string_or(root, "needed", NULL), trouble);
		if (trouble->err.kind == ERR_LIMIT && strstr(trouble->code, "limited") != NULL) {
			trouble->retry_after_ms = call->request.retry_after_s > 0
							  ? call->request.retry_after_s * 1000
							  : SLOW_DOWN_MS;
		}
	}
	return root;
}

static void on_done(struct http_request *request, const struct err *err)
{
	struct rest_call *call = CONTAINER_OF(request, struct rest_call, request);
	struct trouble trouble = {0};
	struct json *root = NULL;

	if (err != NULL) {
		trouble.err = *err;
	} else if (judge_status(call, &trouble) == 0) {
		root = judge_body(call, &trouble);
	}
	if (call->ask.done != NULL) {
		call->ask.done(call, root, trouble.err.kind != ERR_NONE ? &trouble : NULL);
	}
	json_free(root);
	call_free(call);
}

static void set_headers(struct rest_call *call)
{
	const struct secret *token =
		call->ask.token == REST_APP ? call->s->app_token : call->s->bot_token;
	size_t n = 0;

	call->headers[n++] = (struct http_header){
		"Content-Type", call->ask.bytes != NULL  ? "application/octet-stream"
				: call->ask.json != NULL ? "application/json; charset=utf-8"
							 : "application/x-www-form-urlencoded"};
	if (call->ask.token != REST_NONE) {
		call->authorization = token_bearer(token);
		call->headers[n++] = (struct http_header){"Authorization", call->authorization};
	}
	call->request.headers = call->headers;
	call->request.n_headers = n;
}

struct rest_call *rest_start(struct slack_adapter *s, const struct rest_ask *ask)
{
	struct rest_call *call = mem_alloc(sizeof(*call));
	const char *body = ask->json != NULL ? ask->json : ask->form;
	struct strbuf url;

	call->s = s;
	call->ask = *ask;
	strbuf_init(&url, 4096);
	if (ask->token == REST_NONE) {
		(void)strbuf_adds(&url, ask->method);
	} else {
		(void)strbuf_addf(&url, "%s/%s", s->api_url, ask->method);
	}
	call->url = strbuf_detach(&url);
	strbuf_done(&url);
	set_headers(call);
	call->request.method = "POST";
	call->request.url = call->url;
	call->request.body = ask->bytes != NULL ? ask->bytes : body != NULL ? body : "";
	call->request.body_len =
		ask->bytes != NULL ? ask->n_bytes : strlen(body != NULL ? body : "");
	call->request.max_body_bytes = ANSWER_MAX;
	call->request.timeout_ms = ask->timeout_ms;
	call->request.connect_ms =
		ask->timeout_ms > 0 && ask->timeout_ms < 10000 ? ask->timeout_ms : 0;
	call->request.idempotent = ask->repeatable;
	call->request.done = on_done;
	list_append(&s->calls, &call->link);
	http_start(s->pool, &call->request);
	call->ask.json = ask->json != NULL ? "" : NULL; /* http has copies */
	call->ask.form = NULL;
	call->ask.bytes = ask->bytes != NULL ? "" : NULL;
	return call;
}

void rest_forget(struct rest_call *call)
{
	if (call != NULL) {
		call->ask.done = NULL;
		http_cancel(&call->request);
	}
}
