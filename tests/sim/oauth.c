/* oauth.c - sign-ins at the simulated DigitalOcean: /v1/oauth/authorize, /token, /revoke, /token/info
 *
 * One app is registered (SIM_CLIENT_ID, SIM_CLIENT_SECRET). Whoever opens /authorize agrees at once, or refuses where its query has
 * refuse=1. A code works once and for ten minutes, a refresh token once; the new pair ends the access token before it. Refusals have
 * OAuth's shape, {"error": ..., "error_description": ...}, not the API's.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/json.h"
#include "base/mem.h"
#include "sim/turn.h"

#define BASE "/v1/oauth/"
#define CODE_MS (10 * 60 * 1000)
#define VALUE_SIZE 2048

struct sim_code {
	char text[80];
	char redirect[VALUE_SIZE], scope[VALUE_SIZE];
	int64_t at_ms;
	bool used;
};

struct sim_pair {
	char access[80], refresh[80];
	char scope[VALUE_SIZE];
	bool used;
};

struct sim_oauth {
	struct sim_code *codes;
	size_t n_codes;
	struct sim_pair *pairs;
	size_t n_pairs;
	unsigned n; /* of all tokens made */
};

void sim_oauth_free(struct sim_oauth *oauth)
{
	if (oauth != NULL) {
		free(oauth->codes);
		free(oauth->pairs);
		free(oauth);
	}
}

static void refuse(struct sim_turn *t, int status, const char *error)
{
	turn_json(t, status);
	(void)strbuf_addf(&t->reply->body,
			  "{\"error\":\"%s\",\"error_description\":\"The request was refused.\"}",
			  error);
}

/* The value of a key of a query or form into value; "" when it is absent. */
static void value_of(const char *form, size_t len, const char *key, char value[VALUE_SIZE])
{
	const char *end = form + len;

	value[0] = '\0';
	while (form < end) {
		const char *stop = memchr(form, '&', (size_t)(end - form));
		size_t part = (size_t)((stop != NULL ? stop : end) - form);
		size_t key_len = strlen(key);

		if (part > key_len && strncmp(form, key, key_len) == 0 && form[key_len] == '=' &&
		    sim_url_decode(form + key_len + 1, part - key_len - 1, value, VALUE_SIZE) < 0) {
			value[0] = '\0';
		}
		form += part + 1;
	}
}

static bool is_app(struct sim_turn *t, const char *form, size_t len, bool with_secret)
{
	char id[VALUE_SIZE];
	char secret[VALUE_SIZE];

	value_of(form, len, "client_id", id);
	value_of(form, len, "client_secret", secret);
	if (strcmp(id, SIM_CLIENT_ID) != 0 ||
	    (with_secret && strcmp(secret, SIM_CLIENT_SECRET) != 0)) {
		refuse(t, 401, "invalid_client");
		return false;
	}
	return true;
}

static void add_encoded(char *to, size_t size, const char *text)
{
	size_t at = 0;

	for (; *text != '\0' && at + 4 < size; text++) {
		at += (size_t)snprintf(to + at, size - at,
				       isalnum((unsigned char)*text) ? "%c" : "%%%02X",
				       (unsigned)(unsigned char)*text);
	}
	to[at] = '\0';
}

/* "droplet:read tag:read" -> with commas; -1: no such scope. */
static int check_scope(char scope[VALUE_SIZE])
{
	uint64_t bits;

	for (char *c = scope; *c != '\0'; c++) {
		*c = *c == ' ' ? ',' : *c;
	}
	if (scope[0] == '\0') {
		(void)snprintf(scope, VALUE_SIZE, "read");
	}
	return sim_parse_scopes(scope, &bits, NULL);
}

static void authorize(struct sim_turn *t, const char *query)
{
	struct sim_oauth *oauth = t->sim->oauth;
	size_t len = strlen(query);
	struct sim_code code = {.at_ms = t->sim->now_ms};
	char state[VALUE_SIZE], word[VALUE_SIZE], encoded[3 * 256];
	const char *error = NULL;

	if (!is_app(t, query, len, false)) {
		return;
	}
	value_of(query, len, "redirect_uri", code.redirect);
	value_of(query, len, "response_type", word);
	if (code.redirect[0] == '\0' || strcmp(word, "code") != 0) {
		refuse(t, 400, "invalid_request");
		return;
	}
	value_of(query, len, "scope", code.scope);
	value_of(query, len, "state", state);
	value_of(query, len, "refuse", word);
	if (check_scope(code.scope) < 0) {
		error = "invalid_scope";
	} else if (word[0] != '\0') {
		error = "access_denied";
	}
	state[255] = '\0';
	add_encoded(encoded, sizeof(encoded), state);
	turn_nothing(t, 302);
	if (error != NULL) {
		(void)snprintf(t->reply->location, sizeof(t->reply->location),
			       "%.500s?error=%s&state=%s", code.redirect, error, encoded);
		return;
	}
	(void)snprintf(code.text, sizeof(code.text), "simcode%057u", ++oauth->n);
	oauth->codes = mem_grow(oauth->codes, oauth->n_codes + 1, sizeof(code));
	oauth->codes[oauth->n_codes++] = code;
	(void)snprintf(t->reply->location, sizeof(t->reply->location), "%.500s?code=%s&state=%s",
		       code.redirect, code.text, encoded);
}

static void give_pair(struct sim_turn *t, const char *scope)
{
	struct sim_oauth *oauth = t->sim->oauth;
	struct sim_pair pair = {0};
	struct strbuf *out = &t->reply->body;

	oauth->n++;
	(void)snprintf(pair.access, sizeof(pair.access), "doo_v1_%064u", oauth->n);
	(void)snprintf(pair.refresh, sizeof(pair.refresh), "dor_v1_%064u", oauth->n);
	(void)snprintf(pair.scope, sizeof(pair.scope), "%s", scope);
	oauth->pairs = mem_grow(oauth->pairs, oauth->n_pairs + 1, sizeof(pair));
	oauth->pairs[oauth->n_pairs++] = pair;
	(void)sim_add_token(t->sim, pair.access, scope, NULL);
	t->sim->tokens[t->sim->n_tokens - 1].expires_ms = t->sim->now_ms + t->sim->oauth_life_ms;
	turn_json(t, 200);
	(void)strbuf_addf(out,
			  "{\"access_token\":\"%s\",\"token_type\":\"bearer\",\"expires_in\":%lld,"
			  "\"refresh_token\":\"%s\",\"scope\":",
			  pair.access, (long long)(t->sim->oauth_life_ms / 1000), pair.refresh);
	json_add_string(out, scope);
	(void)strbuf_adds(out, ",\"info\":{\"name\":\"Ana\",\"email\":");
	json_add_string(out, t->sim->email);
	(void)strbuf_adds(out, ",\"uuid\":\"5da4be19-ea27-4a70-9d3a-9b1a00000001\",\"team_uuid\":"
			       "\"5da4be19-ea27-4a70-9d3a-9b1a00000002\",\"team_name\":");
	json_add_string(out, t->sim->team);
	(void)strbuf_adds(out, "}}");
}

static void exchange(struct sim_turn *t, const char *form, size_t len)
{
	struct sim_oauth *oauth = t->sim->oauth;
	char text[VALUE_SIZE], redirect[VALUE_SIZE];

	value_of(form, len, "code", text);
	value_of(form, len, "redirect_uri", redirect);
	for (size_t i = 0; i < oauth->n_codes; i++) {
		struct sim_code *code = &oauth->codes[i];

		if (strcmp(code->text, text) == 0 && strcmp(code->redirect, redirect) == 0 &&
		    !code->used && t->sim->now_ms - code->at_ms < CODE_MS) {
			code->used = true;
			give_pair(t, code->scope);
			return;
		}
	}
	refuse(t, 400, "invalid_grant");
}

static void refresh(struct sim_turn *t, const char *form, size_t len)
{
	struct sim_oauth *oauth = t->sim->oauth;
	char text[VALUE_SIZE];
	char scope[VALUE_SIZE];

	value_of(form, len, "refresh_token", text);
	for (size_t i = 0; i < oauth->n_pairs; i++) {
		struct sim_pair *pair = &oauth->pairs[i];

		if (strcmp(pair->refresh, text) == 0 && !pair->used) {
			pair->used = true;
			sim_remove_token(t->sim, pair->access);
			(void)snprintf(scope, sizeof(scope), "%s", pair->scope);
			give_pair(t, scope);
			return;
		}
	}
	refuse(t, 400, "invalid_grant");
}

static void token(struct sim_turn *t, const char *form, size_t len)
{
	char type[VALUE_SIZE];

	if (!is_app(t, form, len, true)) {
		return;
	}
	value_of(form, len, "grant_type", type);
	if (strcmp(type, "authorization_code") == 0) {
		exchange(t, form, len);
	} else if (strcmp(type, "refresh_token") == 0) {
		refresh(t, form, len);
	} else {
		refuse(t, 400, "unsupported_grant_type");
	}
}

static void revoke(struct sim_turn *t, const char *form, size_t len)
{
	struct sim_oauth *oauth = t->sim->oauth;
	char text[VALUE_SIZE];

	if (!is_app(t, form, len, true)) {
		return;
	}
	value_of(form, len, "token", text);
	sim_remove_token(t->sim, text);
	for (size_t i = 0; i < oauth->n_pairs; i++) {
		oauth->pairs[i].used |= strcmp(oauth->pairs[i].access, text) == 0;
	}
	turn_json(t, 200);
	(void)strbuf_adds(&t->reply->body, "{}");
}

static void info(struct sim_turn *t)
{
	const struct sim_token *held = sim_find_token(t->sim, t->request->token);
	struct strbuf *out = &t->reply->body;

	if (held == NULL) {
		turn_refuse(t, 401, "unauthorized", "Unable to authenticate you");
		return;
	}
	turn_json(t, 200);
	(void)strbuf_adds(out, "{\"resource_owner_id\":17,\"scopes\":[");
	sim_print_scopes(held->scopes, out);
	(void)strbuf_adds(out, "],\"expires_in_seconds\":");
	if (held->expires_ms != 0) {
		(void)strbuf_addf(out, "%lld",
				  (long long)((held->expires_ms - t->sim->now_ms) / 1000));
	} else {
		(void)strbuf_adds(out, "null");
	}
	(void)strbuf_adds(out, ",\"application\":{\"uid\":\"" SIM_CLIENT_ID
			       "\"},\"created_at\":1700000000}");
}

bool sim_oauth_answer(struct sim_turn *t)
{
	const char *path = t->request->path;
	const char *word = path + strlen(BASE);
	size_t len = strcspn(path, "?");
	const char *form = t->request->body != NULL ? t->request->body : "";
	bool post = strcmp(t->request->method, "POST") == 0;

	if (strncmp(path, BASE, strlen(BASE)) != 0) {
		return false;
	}
	if (t->sim->oauth == NULL) {
		t->sim->oauth = mem_alloc(sizeof(*t->sim->oauth));
	}
	if (strncmp(word, "authorize?", 10) == 0) {
		authorize(t, path + len + 1);
	} else if (strcmp(word, "token") == 0 && post) {
		token(t, form, t->request->body_len);
	} else if (strcmp(word, "revoke") == 0 && post) {
		revoke(t, form, t->request->body_len);
	} else if (strcmp(word, "token/info") == 0 && !post) {
		info(t);
	} else {
		turn_not_found(t);
	}
	return true;
}
