/* oauth.c - OAuth 2.0 with DigitalOcean
 *
 * Happy path: a form is posted, a JSON object with two tokens comes. Failure modes: nothing was sent; no answer (a refresh token or a
 * code may be used up); OAuth's own refusal, {"error": ..., "error_description": ...}, of which only the known words are
 * said; any other answer. The bytes of an answer with tokens are wiped here.
 */
#include "ocean/oauth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/json.h"
#include "ocean/url.h"

#define TIMEOUT_MS 20000
#define ANSWER_MAX 65536U
#define FORM_MAX 16384U
#define LIFE_MAX_S (INT64_C(10) * 366 * 86400)

static const struct {
	const char *error, *words;
} refusals[] = {
	{"invalid_grant", "the code or refresh token is used up, too old, or for another app"},
	{"access_denied", "access was refused"},
	{"invalid_client", "DigitalOcean does not know that client id with that client secret"},
	{"unauthorized_client", "the app may not sign in this way"},
	{"invalid_scope", "DigitalOcean does not know one of the scopes"},
	{"consent_required", "somebody of the team must agree first"},
	{"login_required", "somebody must log in at DigitalOcean first"},
	{"invalid_request", "DigitalOcean finds the request wrong: is the callback address the one "
			    "that the app was registered with?"},
};

static const char *const subjects[] = {
	[OAUTH_EXCHANGE] = "signing in",
	[OAUTH_REFRESH] = "refreshing the sign-in",
	[OAUTH_REVOKE] = "signing out",
	[OAUTH_INFO] = "asking what the token may do",
};

struct secret *oauth_bearer(const struct secret *token)
{
	char text[4096 + 16];
	struct secret *bearer;

	(void)snprintf(text, sizeof(text), "Bearer %s", secret_reveal(token));
	bearer = secret_from_text(text);
	explicit_bzero(text, sizeof(text));
	return bearer;
}

static void add(struct oauth_ask *ask, const char *key, const char *value)
{
	(void)strbuf_addf(&ask->body, "%s%s=", ask->body.len > 0 ? "&" : "", key);
	ocean_url_add(&ask->body, value);
}

static void write_form(struct oauth_ask *ask)
{
	/* its room at once: growing would leave copies behind */
	(void)strbuf_repeat(&ask->body, ' ', FORM_MAX);
	strbuf_reset(&ask->body);
	add(ask, "client_id", ask->client_id);
	add(ask, "client_secret", secret_reveal(ask->client_secret));
	switch (ask->verb) {
	case OAUTH_EXCHANGE:
		add(ask, "grant_type", "authorization_code");
		add(ask, "code", ask->code);
		add(ask, "redirect_uri", ask->redirect);
		break;
	case OAUTH_REFRESH:
		add(ask, "grant_type", "refresh_token");
		add(ask, "refresh_token", secret_reveal(ask->token));
		break;
	case OAUTH_REVOKE:
		add(ask, "token", secret_reveal(ask->token));
		break;
	case OAUTH_NONE:
	case OAUTH_INFO:
		break;
	}
}

/* ---- the answer --------------------------------------------------------------------------- */

static int take_pair(struct oauth_ask *ask, const struct json *root)
{
	const char *access = json_string_or(root, "access_token", "");
	const char *refresh = json_string_or(root, "refresh_token", "");
	int64_t life_s = json_int_or(root, "expires_in", 0);
	const struct json *info = json_member(root, "info");
	const char *team = info != NULL ? json_string_or(info, "team_name", "") : "";
	const char *scope = json_string_or(root, "scope", "");

	if (!oauth_token_valid(access) || !oauth_token_valid(refresh) || life_s < 1 ||
	    life_s > LIFE_MAX_S) {
		return -1;
	}
	ask->grant.access = secret_from_text(access);
	ask->grant.refresh = secret_from_text(refresh);
	ask->grant.issued_ms = clock_wall_ms() / 1000 * 1000;
	ask->grant.expires_ms = ask->grant.issued_ms + life_s * 1000;
	if (strlen(scope) < sizeof(ask->grant.scope)) {
		(void)snprintf(ask->grant.scope, sizeof(ask->grant.scope), "%s", scope);
	}
	for (size_t i = 0; team[i] != '\0' && i + 1 < sizeof(ask->grant.team); i++) {
		ask->grant.team[i] =
			(char)((unsigned char)team[i] < 0x20 || team[i] == 0x7f ? '?' : team[i]);
	}
	return 0;
}

static int take_info(struct oauth_ask *ask, const struct json *root)
{
	const struct json *scopes = json_member(root, "scopes");
	struct strbuf words;

	if (scopes == NULL && json_member(root, "expires_in_seconds") == NULL) {
		return -1;
	}
	ask->left_s = json_int_or(root, "expires_in_seconds", -1);
	strbuf_init(&words, sizeof(ask->grant.scope) - 1);
	for (size_t i = 0; i < json_array_count(scopes); i++) {
		const char *word = json_text(json_array_at(scopes, i));
		size_t n =
			word != NULL ? strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_:") : 0;

		if (n > 0 && word[n] == '\0') {
			(void)strbuf_addf(&words, "%s%s", words.len > 0 ? " " : "", word);
		}
	}
	(void)snprintf(ask->grant.scope, sizeof(ask->grant.scope), "%s", words.buf);
	strbuf_done(&words);
	return 0;
}

/* An answer that is no success. */
static int refused(struct oauth_ask *ask, const struct json *root, struct err *err)
{
	const char *subject = subjects[ask->verb];
	const char *error = root != NULL ? json_string_or(root, "error", "") : "";
	int status = ask->request.status;
	enum err_kind kind = status == 429 ? ERR_LIMIT : ERR_REMOTE;

	err->remote_status = 0;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		if (strcmp(error, refusals[i].error) == 0) {
			(void)snprintf(ask->error, sizeof(ask->error), "%s", error);
			(void)err_set(err, ERR_DENIED, "%s failed: %s (%s)", subject,
				      refusals[i].words, error);
			err->remote_status = status;
			return -1;
		}
	}
	(void)err_set(err, status == 401 ? ERR_DENIED : kind, "%s failed: DigitalOcean answered %d",
		      subject, status);
	err->remote_status = status;
	return -1;
}

static int nonsense(struct oauth_ask *ask, struct err *err)
{
	return err_set(err, ERR_UNKNOWN, "%s failed: DigitalOcean's answer makes no sense",
		       subjects[ask->verb]);
}

static int take(struct oauth_ask *ask, struct err *err)
{
	struct http_request *request = &ask->request;
	bool good = request->status >= 200 && request->status < 300;
	struct json *root = json_parse(request->answer.buf, request->answer.len, NULL);
	int rc = 0;

	if (!good) {
		rc = refused(ask, json_is_object(root) ? root : NULL, err);
	} else if (ask->verb != OAUTH_REVOKE &&
		   (!json_is_object(root) ||
		    (ask->verb == OAUTH_INFO ? take_info(ask, root) : take_pair(ask, root)) < 0)) {
		rc = nonsense(ask, err);
	}
	json_forget(root);
	return rc;
}

static void on_done(struct http_request *request, const struct err *lost)
{
	struct oauth_ask *ask = request->data;
	struct err err = {0};
	int rc = 0;

	if (lost == NULL) {
		rc = take(ask, &err);
	} else {
		err = *lost;
		rc = err_prefix(&err, "%s failed", subjects[ask->verb]);
	}
	explicit_bzero(request->answer.buf, request->answer.len);
	ask->done(ask, rc < 0 ? &err : NULL);
}

/* ---- the request -------------------------------------------------------------------------- */

void oauth_start(struct http_pool *pool, struct oauth_ask *ask)
{
	static const char *const paths[] = {[OAUTH_EXCHANGE] = "/token",
					    [OAUTH_REFRESH] = "/token",
					    [OAUTH_REVOKE] = "/revoke",
					    [OAUTH_INFO] = "/token/info"};
	struct http_request *request = &ask->request;

	oauth_ask_done(ask);
	strbuf_init(&ask->body, FORM_MAX);
	memset(request, 0, sizeof(*request));
	(void)snprintf(ask->address, sizeof(ask->address), "%s%s", ask->url, paths[ask->verb]);
	request->url = ask->address;
	request->headers = ask->headers;
	ask->headers[request->n_headers++] = (struct http_header){"Accept", "application/json"};
	ask->headers[request->n_headers++] = (struct http_header){"User-Agent", "sluice"};
	if (ask->verb == OAUTH_REVOKE) {
		ask->header = oauth_bearer(ask->token);
	}
	if (ask->verb == OAUTH_INFO || ask->verb == OAUTH_REVOKE) {
		ask->headers[request->n_headers++] = (struct http_header){
			"Authorization",
			ask->header != NULL ? secret_reveal(ask->header) : ask->authorization};
	}
	if (ask->verb == OAUTH_INFO) {
		request->method = "GET";
	} else {
		write_form(ask);
		request->method = "POST";
		request->body = ask->body.buf;
		request->body_len = ask->body.len;
		ask->headers[request->n_headers++] =
			(struct http_header){"Content-Type", "application/x-www-form-urlencoded"};
	}
	request->timeout_ms = ask->timeout_ms > 0 ? ask->timeout_ms : TIMEOUT_MS;
	request->connect_ms = request->timeout_ms / 2;
	request->max_body_bytes = ANSWER_MAX;
	request->done = on_done;
	request->data = ask;
	http_start(pool, request);
	explicit_bzero(ask->body.buf, ask->body.cap);
}

void oauth_ask_done(struct oauth_ask *ask)
{
	if (ask->body.cap > 0) {
		explicit_bzero(ask->body.buf, ask->body.cap);
	}
	strbuf_done(&ask->body);
	secret_free(ask->header);
	ask->header = NULL;
	oauth_grant_done(&ask->grant);
	ask->error[0] = '\0';
	ask->left_s = -1;
}

void oauth_take(struct oauth_ask *ask, struct oauth_grant *to)
{
	struct oauth_grant *from = &ask->grant;

	secret_free(to->access);
	secret_free(to->refresh);
	to->access = from->access;
	to->refresh = from->refresh;
	from->access = NULL;
	from->refresh = NULL;
	to->issued_ms = from->issued_ms;
	to->expires_ms = from->expires_ms;
	if (from->scope[0] != '\0') {
		memcpy(to->scope, from->scope, sizeof(to->scope));
	}
	if (from->team[0] != '\0') {
		memcpy(to->team, from->team, sizeof(to->team));
	}
}
