/* oauth.h - OAuth 2.0 with DigitalOcean: a code becomes a pair of tokens, a pair the next one; revoke; what a token may do
 *
 * https://docs.digitalocean.com/reference/api/oauth/, RFC 6749; GET /token/info is what doctl asks (not documented, so whoever
 * asks it must do without). All secrets go in bodies and headers, never in an address. Answers are bounded.
 */
#ifndef OCEAN_OAUTH_H
#define OCEAN_OAUTH_H

#include "loop/http.h"
#include "ocean/oauth_file.h"

enum oauth_verb {
	OAUTH_NONE = 0,
	OAUTH_EXCHANGE, /* code, redirect: gives a grant */
	OAUTH_REFRESH, /* gives a grant. Works once: after a lost answer the refresh token may be used up */
	OAUTH_REVOKE, /* token: no longer good */
	OAUTH_INFO,   /* token: gives scope and left_s */
};

struct oauth_ask {
	/* set by the caller; borrowed by oauth_start only */
	enum oauth_verb verb;
	const char *url;       /* ".../v1/oauth" */
	const char *client_id; /* all but INFO, which takes no more than the url */
	const struct secret *client_secret;
	const struct secret *token; /* REFRESH: the refresh token; REVOKE: the access token */
	const char *authorization;  /* INFO: "Bearer ..." */
	const char *code, *redirect;
	int64_t timeout_ms; /* 0: 20 s */
	/*
	 * Exactly once, from the loop, never before oauth_start returns. Kinds: NETWORK (never sent), UNKNOWN (sent, no answer that
	 * can be used; of INFO: TIMEOUT, NETWORK), DENIED (OAuth's own refusal: `error`), LIMIT (429), REMOTE (other), CANCELED.
	 */
	void (*done)(struct oauth_ask *, const struct err *err);
	void *data;

	/* results, until oauth_ask_done */
	char error[40]; /* "invalid_grant", ...; "" */
	struct oauth_grant
		grant;  /* tokens, times, scope, team; take it by oauth_take. INFO: scope alone */
	int64_t left_s; /* INFO: until the token ends; -1: it does not say, or never */

	struct http_request request; /* internal from here */
	struct strbuf body;
	struct http_header headers[4];
	char address[256];
	struct secret *header;
};

void oauth_start(struct http_pool *pool, struct oauth_ask *ask);
void oauth_ask_done(struct oauth_ask *ask); /* after done, or never started; fine on a zeroed one */

/* The pair of the answer into `to`, whose tokens before are wiped; client_id and client_secret stay, and so do scope and
 * team that the answer does not name. */
void oauth_take(struct oauth_ask *ask, struct oauth_grant *to);

/* "Bearer ..." in memory that is wiped. */
struct secret *oauth_bearer(const struct secret *token);

#endif
