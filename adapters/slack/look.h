/* look.h - one question to Slack after the other, each waited for: `sluice init` looks at a workspace before any bot runs
 *
 * It has a loop of its own. Happy path: an answer with "ok": true. Failure modes: no connection, 60 s without an answer, 429, any
 * other status, what is no JSON, "ok": false; each is a sentence for a person.
 */
#ifndef ADAPTERS_SLACK_LOOK_H
#define ADAPTERS_SLACK_LOOK_H

#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"

struct slack_look;

/* Strings are copied or borrowed until slack_look_free. api_url NULL: Slack's own; ca_file, proxy as in slack.h. NULL: err. */
struct slack_look *slack_look_new(const char *api_url, const char *ca_file, const char *proxy,
				  struct err *err);
void slack_look_free(struct slack_look *look); /* NULL: nothing */

/* The token at that place (base/secret.h), which begins so ("xoxb-"). NULL: ERR_CONFIG, no word of it is in the sentence. */
struct secret *slack_look_token(const char *place, const char *begin, struct err *err);

/* form: "limit=200&cursor=..."; "": nothing. The answer, to be freed with json_free; NULL: err. */
struct json *slack_look_ask(struct slack_look *look, const char *method, const struct secret *token,
			    const char *form, struct err *err);
/* What that answer said the token may: x-oauth-scopes, "" when it did not say. Borrowed until the next question. */
const char *slack_look_scopes(const struct slack_look *look);

#endif
