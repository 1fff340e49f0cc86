/* http.h - asynchronous HTTP requests on curl's multi interface, one pool on the loop
 *
 * HTTP/1.1 and 2 with TLS verified always; redirects are never followed; no cookies; at most
 * `max_connections` a pool, further requests wait for one (within their connect_ms); proxies only by
 * http_options.proxy. A request has a deadline for connecting and one for all of it.
 *
 * At most once: a request that changes something is never sent a second time by itself, also not when a kept
 * connection turns out to be dead (http_easy.c says how). That outcome is ERR_UNKNOWN.
 */
#ifndef LOOP_HTTP_H
#define LOOP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "loop/loop.h"

struct http_options {
	const char *ca_file;      /* NULL: the system's */
	const char *proxy;        /* NULL: none, whatever the environment says */
	unsigned max_connections; /* 0: 8 */
	bool rare; /* asked once in a long while: nothing is kept for the next request, no connection either */
};

struct http_pool;

struct http_pool *http_pool_new(struct loop *loop, const struct http_options *options,
				struct err *err);

/* Every request still under way is called back with ERR_CANCELED (or ERR_UNKNOWN when its bytes had left and it
 * changes something) before this returns. NULL is fine. */
void http_pool_free(struct http_pool *pool);

struct http_header {
	const char *name, *value;
};

struct http_request {
	/* set by the caller; borrowed until done, the bodies and headers are copied by http_start */
	const char *method; /* "GET", "POST", "DELETE", ... */
	const char *url;    /* http:// or https:// */
	const struct http_header *headers;
	size_t n_headers;
	const char *body; /* NULL: none; sent as application/json unless a header says otherwise */
	size_t body_len;
	size_t max_body_bytes; /* of the answer; 0: 1 MiB; more ends it with ERR_LIMIT */
	int64_t connect_ms;    /* 0: 10 s */
	int64_t timeout_ms;    /* all of it; 0: 30 s */
	bool idempotent; /* GET and HEAD are so anyhow: a lost answer is ERR_TIMEOUT/ERR_NETWORK, not ERR_UNKNOWN */

	/* optional: bytes of a 2xx answer as they come; non-zero ends the request with ERR_REMOTE. Then `answer` stays
	 * empty for a 2xx. */
	int (*on_body)(struct http_request *, const char *bytes, size_t len);

	/*
	 * Exactly once, from the loop, never before http_start returns, also on cancel. err is NULL whenever a whole
	 * answer came, whatever its status. Kinds: NETWORK (nothing was sent: name, connect, TLS), TIMEOUT,
	 * UNKNOWN (sent, no whole answer, and the method changes something), LIMIT, REMOTE (on_body refused), CANCELED.
	 * The request may be freed in done.
	 */
	void (*done)(struct http_request *, const struct err *);
	void *data;

	/* results, valid in done */
	int status;
	struct strbuf answer; /* freed by http after done returns: copy from it, do not detach it */
	char content_type[64];
	int64_t ratelimit_limit, ratelimit_remaining, ratelimit_reset; /* headers; -1: absent */
	int64_t retry_after_s;  /* header in seconds; -1: absent */
	char request_id[64];    /* x-request-id */
	char scopes[512];       /* x-oauth-scopes: what the token may do, by commas; "": not said */
	int64_t date_ms;        /* Date: the other side's wall clock, whole seconds; -1: absent */
	struct http_door *door; /* NULL on a real loop */
	void *internal;
};

void http_start(struct http_pool *pool, struct http_request *request);
void http_cancel(
	struct http_request *request); /* done comes at the next turn with CANCELED or UNKNOWN */

/*
 * A virtual loop has no sockets. A simulator that stands for the other side is put there before the pools are made and
 * outlives them: their requests go to it, and it honours what this header says of http_request. Without one
 * http_pool_new refuses a virtual loop.
 */
struct http_door {
	void (*start)(struct http_door *, struct http_pool *, struct http_request *);
	void (*cancel)(struct http_door *, struct http_request *);
	void (*drop)(struct http_door *, struct http_pool *); /* calls back what is under way */
};

void http_virtual(struct loop *loop, struct http_door *door);

#endif
