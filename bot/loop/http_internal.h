/* http_internal.h - what the http files share; nobody else includes it */
#ifndef LOOP_HTTP_INTERNAL_H
#define LOOP_HTTP_INTERNAL_H

#include <curl/curl.h>

#include "loop/http.h"
#include "loop/internal.h"
#include "loop/resolve.h"

#define SPARE_MAX 32 /* until the next trim */

/* Requests that may share a connection, once the other side was heard to do so (HTTP/2). */
#define SHARED_MOST 64

/* Where Debian, Ubuntu, Arch and Alpine keep one file a certificate. */
#define HTTP_CA_DIR "/etc/ssl/certs"

/* Where a URL leads, up to its path. */
struct origin {
	char text[300]; /* "https://name:port"; empty: not known */
	size_t len;
	char host[256]; /* to be looked up; empty: it is an address */
	char name[256]; /* for sentences */
	unsigned port;
	bool tls;
};

struct http_pool {
	struct loop *loop;
	struct http_door *door; /* not NULL: a virtual loop, nothing else is used */
	char *ca_file;
	bool ca_known;   /* HTTP_CA_DIR was looked at */
	bool ca_by_hash; /* it has hashed names: ask pool_ca_by_hash */
	char *proxy;
	CURLM *multi; /* NULL: no request yet */
	unsigned max_connections;
	bool rare;
	bool shares;      /* the last answer came by HTTP/2 */
	unsigned n_added; /* calls that curl has */
	struct list line; /* struct call, by waiting: they wait for their turn at curl */
	struct origin origin;
	struct list watches; /* struct socket_watch, of http_multi.c */
	struct timer timer;  /* curl's one timer */
	struct timer trim;   /* gives memory back when it is quiet */
	struct list calls;   /* struct call, all that are under way */
	struct list hosts;   /* struct host */
	unsigned n_calls;
	unsigned n_most; /* calls at once since the last trim */
	unsigned n_hosts;
	CURL *spare[SPARE_MAX]; /* easy handles kept warm */
	unsigned n_spare;
	bool in_curl; /* curl is on the stack: it must not be entered again */
	unsigned draining;
	bool freed; /* while draining: the last one out frees */
};

bool pool_ca_by_hash(struct http_pool *pool);

/* One request under way. */
struct call {
	struct list link;    /* in pool->calls */
	struct list waiting; /* in host->calls, while its name is looked up; then in pool->line */
	struct timer turn;   /* it waited too long in the line */
	struct http_pool *pool;
	struct http_request *request;
	CURL *easy;
	bool added; /* to the multi handle */
	struct curl_slist *headers;
	struct curl_slist *resolve;
	char *body;
	size_t body_len;
	char host[256]; /* that we connect to: the proxy's, when there is one */
	char name[256]; /* of the other side, for sentences */
	unsigned port;
	bool tls;
	int64_t started_ms;
	int64_t connect_ms;
	int64_t timeout_ms;
	size_t max_body_bytes;
	bool safe;    /* may be repeated */
	bool sent;    /* the request was about to leave: whatever follows, it may have arrived */
	bool again;   /* curl wanted to send it a second time, and was not let */
	bool too_big; /* the answer passed its maximum */
	bool refused; /* on_body said no */
	bool canceled;
	size_t header_bytes;
	size_t body_bytes;
	struct strbuf answer;
	struct task act; /* start, or the end by cancel or by an error of ours */
	bool failed;
	struct err err;
	char curl_says[CURL_ERROR_SIZE];
};

/* A name and where it leads. */
struct host {
	struct list link;
	struct http_pool *pool;
	char name[256];
	char addresses[RESOLVE_MAX * 48];
	bool known;
	bool asking;
	int64_t fresh_until_ms;
	struct resolve resolve;
	struct list calls; /* struct call, by waiting */
};

/* http_easy.c: fills call->easy from the request; refuses what cannot be sent */
int easy_set_up(struct call *call, struct err *err);
void easy_set_deadlines(struct call *call);
void easy_forget(struct call *call); /* gives the handle back, wipes headers */

/* http_multi.c: curl's sockets and timer on the loop */
void multi_init(struct http_pool *pool);
int multi_open(struct http_pool *pool,
	       struct err *err); /* for the first request; a start needs no libcurl */
void multi_close(struct http_pool *pool);
void multi_drain(struct http_pool *pool);
int multi_close_socket(void *pool, curl_socket_t fd); /* for CURLOPT_CLOSESOCKETFUNCTION */

/* http_hosts.c: calls host_ready when the call may go on, or host_failed, at once or later */
void hosts_ask(struct call *call);
void hosts_free(struct http_pool *pool);

/* http.c */
void call_connect(struct call *call, const char *addresses); /* NULL: nothing to look up */
void call_fail(struct call *call, enum err_kind kind, const char *msg);
void call_finish(struct call *call, CURLcode code); /* calls done; the call is gone */

#endif
