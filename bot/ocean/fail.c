/* fail.c - what an answer that is no success means
 *
 * Texts of refusals and their meaning: https://docs.digitalocean.com/reference/api/reference/ and the issue trackers
 * of clients that met them ("pending event", "blocking events").
 */
#include "ocean/fail.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "ocean/endpoint.h"

#define WORDS_SIZE 100
#define ID_SIZE 65
#define SCOPES_SIZE 100

const char *fail_what(const struct ocean_call *call, char buf[FAIL_WHAT_SIZE])
{
	endpoint_fill(call, endpoint_of(call)->what, buf, FAIL_WHAT_SIZE);
	return buf;
}

/* A word of DigitalOcean's that is a scope: "block_storage_action:create". */
static bool names_scope(const char *words, char *to, size_t size)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";

	for (const char *colon = strchr(words, ':'); colon != NULL;
	     colon = strchr(colon + 1, ':')) {
		const char *from = colon;
		size_t n = strspn(colon + 1, letters);

		while (from > words && strchr(letters, from[-1]) != NULL) {
			from--;
		}
		if (from < colon && n > 3) {
			(void)snprintf(to, size, "%.*s", (int)(colon + 1 + n - from), from);
			return true;
		}
	}
	return false;
}

/* Plain one-line text that fits into a sentence, or nothing. */
static void take_words(char to[WORDS_SIZE], const char *text)
{
	size_t n = 0;

	to[0] = '\0';
	if (text == NULL || strchr(text, '<') != NULL || log_looks_secret(text)) {
		return;
	}
	for (; text[n] != '\0' && n < WORDS_SIZE - 1; n++) {
		unsigned char c = (unsigned char)text[n];

		/* other scripts and directions have no place in DigitalOcean's English */
		to[n] = c < 0x20 || c >= 0x7f ? '?' : text[n];
	}
	to[n] = '\0';
	if (text[n] != '\0') {
		memcpy(to + n - 3, "...", 4);
		return;
	}
	while (n > 0 && (to[n - 1] == '.' || to[n - 1] == ' ')) {
		to[--n] = '\0'; /* it stands inside a sentence */
	}
}

static bool is_id(const char *text)
{
	size_t n = text != NULL ? strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz"
					       "ABCDEFGHIJKLMNOPQRSTUVWXYZ._:-")
				: 0;

	return n > 0 && n < ID_SIZE && text[n] == '\0';
}

struct said {
	bool json;
	char words[WORDS_SIZE];
	char id[ID_SIZE];
};

/* {"id","message","request_id"} or {"error","messages","root_causes"} */
static struct said listen(const struct fail_answer *answer)
{
	struct said said = {0};
	struct json *root = NULL;
	const char *id = answer->request_id;

	if (answer->content_type != NULL && strcasestr(answer->content_type, "json") != NULL) {
		root = json_parse(answer->body, answer->body_len, NULL);
	}
	if (json_is_object(root)) {
		const char *text = json_string_or(root, "message", NULL);

		text = text != NULL ? text : json_string_or(root, "error", NULL);
		text = text != NULL ? text
				    : json_text(json_array_at(json_member(root, "messages"), 0));
		said.json = true;
		take_words(said.words, text);
		id = is_id(id) ? id : json_string_or(root, "request_id", NULL);
	}
	if (is_id(id)) {
		memcpy(said.id, id, strlen(id) + 1);
	}
	json_free(root);
	return said;
}

static int say(const struct ocean_call *call, enum err_kind kind, int status, const char *why,
	       const char *id, struct err *err)
{
	char what[FAIL_WHAT_SIZE];
	const char *middle =
		kind == ERR_UNKNOWN ? ": outcome not known, not sent again: " : " failed: ";
	char tail[ID_SIZE + 12] = "";
	struct err said;
	int room;

	if (id != NULL && id[0] != '\0') {
		(void)snprintf(tail, sizeof(tail), " (request %s)", id);
	}
	(void)fail_what(call, what);
	room = (int)sizeof(said.msg) - 1 - (int)(strlen(what) + strlen(middle) + strlen(tail));
	err_set(&said, kind, "%s%s%.*s%s", what, middle, room, why, tail);
	said.remote_status = status;
	err_copy(err, &said);
	return -1;
}

static bool is_busy(const struct said *said)
{
	return strcasestr(said->words, "pending event") != NULL ||
	       strcasestr(said->words, "blocking event") != NULL ||
	       strcasestr(said->words, "locked") != NULL;
}

static enum err_kind kind_of(const struct ocean_call *call, int status, const struct said *said)
{
	bool about_one = endpoint_of(call)->noun != NULL;

	if (endpoint_changes(call) && (status >= 500 || status == 408 || status < 200)) {
		return ERR_UNKNOWN;
	}
	if (status == 401 || status == 403) {
		return ERR_DENIED;
	}
	if (status == 404 && said->json && about_one) {
		return ERR_NOTFOUND;
	}
	if (status == 409 || (status == 422 && is_busy(said))) {
		return ERR_CONFLICT;
	}
	return status == 429 ? ERR_LIMIT : ERR_REMOTE;
}

static void explain(const struct ocean_call *call, const struct fail_answer *answer,
		    const struct said *said, char *why, size_t size)
{
	int status = answer->status;
	char scopes[SCOPES_SIZE];

	if (status == 401) {
		(void)snprintf(why, size, "DigitalOcean refused the token (expired?)");
	} else if (status == 403 && names_scope(said->words, scopes, sizeof(scopes))) {
		(void)snprintf(why, size, "the token lacks the scope %s", scopes);
	} else if (status == 403 && said->json) {
		endpoint_scopes(call, scopes, sizeof(scopes));
		(void)snprintf(why, size, "the token lacks a scope, it needs %s", scopes);
	} else if (status == 429 && answer->retry_after_s > 0) {
		(void)snprintf(why, size,
			       "too many requests, DigitalOcean says again in %" PRId64 " s",
			       answer->retry_after_s);
	} else if (status == 429) {
		(void)snprintf(why, size, "too many requests, DigitalOcean says later");
	} else if (status >= 300 && status < 400) {
		(void)snprintf(why, size, "the answer leads elsewhere (%d), not followed", status);
	} else if (said->json && status == 404 && kind_of(call, 404, said) == ERR_NOTFOUND) {
		(void)snprintf(why, size, "DigitalOcean knows no such %s", endpoint_of(call)->noun);
	} else if (said->words[0] != '\0') {
		(void)snprintf(why, size, "DigitalOcean says \"%s\" (%d)", said->words, status);
	} else {
		(void)snprintf(why, size, "DigitalOcean answered %d%s", status,
			       said->json ? "" : ", and not as JSON");
	}
}

int fail_answer(const struct ocean_call *call, const struct fail_answer *answer, struct err *err)
{
	struct said said = listen(answer);
	char why[WORDS_SIZE + SCOPES_SIZE];

	explain(call, answer, &said, why, sizeof(why));
	return say(call, kind_of(call, answer->status, &said), answer->status, why, said.id, err);
}

int fail_lost(const struct ocean_call *call, const struct err *lost, struct err *err)
{
	enum err_kind kind = lost->kind;

	if (endpoint_changes(call) && kind != ERR_NETWORK && kind != ERR_CANCELED &&
	    kind != ERR_USAGE) {
		kind = ERR_UNKNOWN;
	} else if (kind == ERR_UNKNOWN) {
		kind = ERR_TIMEOUT; /* nothing was changed */
	} else if (kind == ERR_LIMIT) {
		kind = ERR_REMOTE; /* the answer was too big; no rate limit */
	}
	return say(call, kind, lost->remote_status, lost->msg, NULL, err);
}

int fail_nonsense(const struct ocean_call *call, const struct err *why, const char *request_id,
		  struct err *err)
{
	return say(call, endpoint_changes(call) ? ERR_UNKNOWN : why->kind, why->remote_status,
		   why->msg, is_id(request_id) ? request_id : NULL, err);
}
