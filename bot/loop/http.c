/* http.c - asynchronous HTTP requests, from http_start to done
 *
 * Happy path: http_start copies the request; its host is looked up (http_hosts.c); curl sends it and
 * collects the answer (http_easy.c, http_multi.c); call_finish hands it over by done.
 *
 * Failure modes, by what is known about the request:
 *   never sent (bad url, name, connect, TLS, the time for these is over)      NETWORK, or USAGE
 *   sent, no whole answer, changes nothing                                    TIMEOUT or NETWORK
 *   sent, no whole answer, changes something                                  UNKNOWN
 *   the answer is too big or the receiver refused it                          LIMIT, REMOTE
 *   canceled before it was sent, or harmless                                  CANCELED
 * "Sent" is decided by before_request in http_easy.c: curl calls it right before it writes the first
 * byte. A request of which not one byte left after that counts as sent: that errs on the safe side.
 */
#include "loop/http.h"

#include <assert.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __GLIBC__
#endif

#include "base/clock.h"
#include "base/mem.h"
#include "loop/http_internal.h"

#define CONNECT_DEFAULT_MS 10000
#define TIMEOUT_DEFAULT_MS 30000
#define BODY_DEFAULT_BYTES (1024U * 1024U)
#define CONNECTIONS_DEFAULT 8

/* Quiet for this long, a pool keeps no handle; what a burst needed, or a rare request, goes back to the system then. */
#define TRIM_AFTER_MS 2000
#define TRIM_CALLS_MIN 8

static void on_trim(struct timer *timer)
{
	struct http_pool *pool = timer->data;
	bool grown = pool->n_most >= TRIM_CALLS_MIN || pool->rare;

	if (pool->n_calls > 0) {
		return;
	}
	pool->n_most = 0;
	while (pool->n_spare > 0) {
		curl_easy_cleanup(pool->spare[--pool->n_spare]);
	}
	if (pool->rare) {
		multi_close(pool);
	}
	if (grown) {
		mem_trim();
	}
}

static struct http_pool *virtual_pool(struct loop *loop, struct err *err)
{
	struct http_pool *pool;

	if (loop->http_door == NULL) {
		err_set(err, ERR_USAGE, "cannot open connections: the loop is virtual");
		return NULL;
	}
	pool = mem_alloc(sizeof(*pool));
	pool->loop = loop;
	pool->door = loop->http_door;
	return pool;
}

void http_virtual(struct loop *loop, struct http_door *door)
{
	assert(loop->is_virtual);
	loop->http_door = door;
}

/*
 * Does the system's directory have certificates under the hash of their subject, as OpenSSL looks them up? Then one
 * certificate is read for each connection. The whole bundle instead takes 20 ms of the loop at the
 * first connection and some megabytes for good.
 */
static bool has_hashed_certificates(void)
{
	DIR *dir = opendir(HTTP_CA_DIR);
	struct dirent *entry;
	bool found = false;

	if (dir == NULL) {
		return false;
	}
	while (!found && (entry = readdir(dir)) != NULL) {
		found = strspn(entry->d_name, "0123456789abcdef") == 8 &&
			strcmp(entry->d_name + 8, ".0") == 0;
	}
	(void)closedir(dir);
	return found;
}

/* Looked at for the first connection that needs it. */
bool pool_ca_by_hash(struct http_pool *pool)
{
	if (!pool->ca_known) {
		pool->ca_known = true;
		pool->ca_by_hash = has_hashed_certificates();
	}
	return pool->ca_by_hash;
}

struct http_pool *http_pool_new(struct loop *loop, const struct http_options *options,
				struct err *err)
{
	const struct http_options none = {0};
	struct http_pool *pool;

	options = options != NULL ? options : &none;
	if (loop->is_virtual) {
		return virtual_pool(loop, err);
	}
	if (options->ca_file != NULL && access(options->ca_file, R_OK) != 0) {
		err_set(err, ERR_CONFIG, "cannot read the CA file '%.150s'", options->ca_file);
		return NULL;
	}
	pool = mem_alloc(sizeof(*pool));
	pool->loop = loop;
	list_init(&pool->calls);
	list_init(&pool->hosts);
	list_init(&pool->line);
	timer_init(&pool->trim, loop, on_trim, pool);
	multi_init(pool);
	pool->max_connections =
		options->max_connections > 0 ? options->max_connections : CONNECTIONS_DEFAULT;
	pool->rare = options->rare;
	pool->ca_file = mem_strdup(options->ca_file);
	pool->proxy = mem_strdup(options->proxy);
	return pool;
}

void http_pool_free(struct http_pool *pool)
{
	if (pool == NULL) {
		return;
	}
	if (pool->door != NULL) {
		pool->door->drop(pool->door, pool);
		free(pool);
		return;
	}
	assert(!pool->in_curl);
	pool->freed = true;
	while (!list_empty(&pool->calls)) {
		struct call *call = LIST_ENTRY(pool->calls.next, struct call, link);

		if (!call->failed) {
			call->canceled = true;
		}
		call_finish(call, CURLE_ABORTED_BY_CALLBACK);
	}
	hosts_free(pool);
	while (pool->n_spare > 0) {
		curl_easy_cleanup(pool->spare[--pool->n_spare]);
	}
	multi_close(pool);
	timer_stop(&pool->trim);
	free(pool->ca_file);
	free(pool->proxy);
	if (pool->draining == 0) {
		free(pool);
	}
}

static void on_turn(struct timer *timer)
{
	call_finish(timer->data, CURLE_OPERATION_TIMEDOUT);
}

/* The end by an error of ours or by cancel, or a start that had to wait for curl to return. */
static void on_act(struct task *task)
{
	struct call *call = task->data;

	if (call->failed || call->canceled) {
		call_finish(call, CURLE_ABORTED_BY_CALLBACK);
	} else {
		hosts_ask(call);
	}
}

void call_fail(struct call *call, enum err_kind kind, const char *msg)
{
	call->failed = true;
	err_set(&call->err, kind, "%s", msg);
	task_post(&call->act);
}

/*
 * curl could keep those in line that wait for a connection, but it sets each of them up twice then. Those that fail or are canceled
 * leave the line by call_finish.
 */
static void add(struct call *call)
{
	struct http_pool *pool = call->pool;
	CURLMcode rc;

	timer_stop(&call->turn);
	easy_set_deadlines(call);
	assert(!pool->in_curl);
	call->added = true;
	pool->n_added++;
	rc = curl_multi_add_handle(pool->multi, call->easy);
	if (rc != CURLM_OK) {
		call->added = false;
		pool->n_added--;
		call_fail(call, ERR_NETWORK, curl_multi_strerror(rc));
	}
}

static void line_go(struct http_pool *pool)
{
	unsigned most = pool->shares ? SHARED_MOST : pool->max_connections;

	while (pool->n_added < most && !list_empty(&pool->line)) {
		struct call *call = LIST_ENTRY(pool->line.next, struct call, waiting);

		list_remove(&call->waiting);
		add(call);
	}
}

void call_connect(struct call *call, const char *addresses)
{
	struct http_pool *pool = call->pool;
	char entry[sizeof(((struct host *)NULL)->addresses) + 300];

	if (call->failed || call->canceled) {
		return; /* its task is posted */
	}
	if (addresses != NULL) {
		(void)snprintf(entry, sizeof(entry), "%s:%u:%s", call->host, call->port, addresses);
		call->resolve = curl_slist_append(NULL, entry);
		(void)curl_easy_setopt(call->easy, CURLOPT_RESOLVE, call->resolve);
	}
	list_append(&pool->line, &call->waiting);
	line_go(pool);
	if (!call->added && !call->failed) {
		int64_t gone_ms = clock_mono_ms() - call->started_ms;

		timer_start(&call->turn,
			    call->connect_ms > gone_ms ? call->connect_ms - gone_ms : 0);
	}
}

static bool is_safe(const struct http_request *request)
{
	return request->idempotent || strcmp(request->method, "GET") == 0 ||
	       strcmp(request->method, "HEAD") == 0 || strcmp(request->method, "OPTIONS") == 0;
}

void http_start(struct http_pool *pool, struct http_request *request)
{
	struct call *call;
	struct err err = {0};

	request->door = pool->door;
	if (pool->door != NULL) {
		pool->door->start(pool->door, pool, request);
		return;
	}
	call = mem_alloc(sizeof(*call));
	assert(!pool->freed);
	call->pool = pool;
	call->request = request;
	call->started_ms = clock_mono_ms();
	call->connect_ms = request->connect_ms > 0 ? request->connect_ms : CONNECT_DEFAULT_MS;
	call->timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : TIMEOUT_DEFAULT_MS;
	call->max_body_bytes =
		request->max_body_bytes > 0 ? request->max_body_bytes : BODY_DEFAULT_BYTES;
	if (call->connect_ms > call->timeout_ms) {
		call->connect_ms = call->timeout_ms;
	}
	call->safe = is_safe(request);
	strbuf_init(&call->answer, call->max_body_bytes);
	task_init(&call->act, pool->loop, on_act, call);
	timer_init(&call->turn, pool->loop, on_turn, call);
	list_init(&call->waiting);
	list_append(&pool->calls, &call->link);
	pool->n_calls++;
	pool->n_most = pool->n_calls > pool->n_most ? pool->n_calls : pool->n_most;
	timer_stop(&pool->trim);
	request->internal = call;
	request->status = 0;
	if (multi_open(pool, &err) < 0 || easy_set_up(call, &err) < 0) {
		call_fail(call, err.kind, err.msg);
	} else if (pool->in_curl) {
		task_post(&call->act);
	} else {
		hosts_ask(call);
	}
}

void http_cancel(struct http_request *request)
{
	struct call *call = request->internal;

	if (request->door != NULL) {
		request->door->cancel(request->door, request);
	} else if (call != NULL && !call->failed) {
		call->canceled = true;
		task_post(&call->act);
	}
}

static bool is_tls(CURLcode code)
{
	return code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION ||
	       code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CACERT_BADFILE ||
	       code == CURLE_SSL_ISSUER_ERROR || code == CURLE_SSL_CIPHER;
}

/* No byte of it left. */
static void say_not_sent(const struct call *call, CURLcode code, struct err *err)
{
	const char *why = call->curl_says[0] != '\0' ? call->curl_says : curl_easy_strerror(code);

	if (code == CURLE_OPERATION_TIMEDOUT) {
		int64_t ms = clock_mono_ms() - call->started_ms;

		err_set(err, ERR_NETWORK,
			"no connection to '%.100s' within %" PRId64 ".%" PRId64 " s", call->name,
			ms / 1000, ms % 1000 / 100);
	} else if (is_tls(code)) {
		err_set(err, ERR_NETWORK, "no secure connection to '%.100s': %.100s", call->name,
			why);
	} else {
		err_set(err, ERR_NETWORK, "no connection to '%.100s': %.100s", call->name, why);
	}
}

/* It may have arrived, and there is no whole answer. */
static void say_lost(const struct call *call, CURLcode code, struct err *err)
{
	enum err_kind kind = code == CURLE_OPERATION_TIMEDOUT ? ERR_TIMEOUT : ERR_NETWORK;
	int64_t ms = clock_mono_ms() - call->started_ms;

	kind = call->safe ? kind : ERR_UNKNOWN;
	if (code == CURLE_OPERATION_TIMEDOUT) {
		err_set(err, kind, "no whole answer from '%.100s' within %" PRId64 ".%" PRId64 " s",
			call->name, ms / 1000, ms % 1000 / 100);
	} else {
		err_set(err, kind, "'%.100s' hung up before the answer was whole", call->name);
	}
}

/* Why there is no whole answer; false when there is one. */
static bool why_not(const struct call *call, CURLcode code, struct err *err)
{
	if (call->failed) {
		*err = call->err;
	} else if (call->canceled) {
		if (call->sent && !call->safe) {
			err_set(err, ERR_UNKNOWN,
				"canceled after it was sent to '%.100s', outcome not known",
				call->name);
		} else {
			err_set(err, ERR_CANCELED, "canceled");
		}
	} else if (code == CURLE_OK) {
		return false;
	} else if (call->too_big) {
		err_set(err, ERR_LIMIT, "the answer of '%.100s' is too big", call->name);
	} else if (call->refused) {
		err_set(err, ERR_REMOTE, "the answer of '%.100s' makes no sense", call->name);
	} else if (!call->sent) {
		say_not_sent(call, code, err);
	} else {
		say_lost(call, code, err);
	}
	return true;
}

void call_finish(struct call *call, CURLcode code)
{
	struct http_pool *pool = call->pool;
	struct http_request *request = call->request;
	struct err err = {0};
	long status = 0;
	long version = 0;
	bool bad;

	if (call->added) {
		(void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
		/* it closes a connection in use, whose callbacks come before it returns */
		pool->in_curl = true;
		(void)curl_easy_getinfo(call->easy, CURLINFO_HTTP_VERSION, &version);
		(void)curl_multi_remove_handle(pool->multi, call->easy);
		pool->in_curl = false;
		pool->n_added--;
		if (status != 0) {
			pool->shares = version == CURL_HTTP_VERSION_2_0;
		}
	}
	timer_stop(&call->turn);
	list_remove(&call->link);
	list_remove(&call->waiting);
	task_cancel(&call->act);
	pool->n_calls--;
	if (pool->n_calls == 0 && !pool->freed) {
		timer_start(&pool->trim, TRIM_AFTER_MS);
	}
	bad = why_not(call, code, &err);
	err.remote_status = bad ? (int)status : 0;
	easy_forget(call);
	if (!pool->freed && !pool->in_curl) {
		line_go(pool);
	}
	request->status = (int)status;
	request->answer = call->answer;
	request->internal = NULL;
	request->done(request, bad ? &err : NULL); /* may free the request and the pool */
	strbuf_done(&call->answer);
	free(call);
}
