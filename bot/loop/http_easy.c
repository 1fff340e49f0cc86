/* http_easy.c - one request as curl's options, and what comes back
 *
 * At most once: curl sends a request a second time by itself when a kept connection turns out to be
 * dead before any byte of an answer came (Curl_retry_request). The server may have acted on the first one. For a
 * request that changes something the second attempt is refused in before_request, which curl calls each
 * time right before it sends, and the outcome is ERR_UNKNOWN. A new connection for each such request would
 * avoid the case at the price of a TLS handshake; instead such a request only takes a connection that was
 * used within the last CHANGE_AGE_S seconds, which servers rarely close.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "loop/http_internal.h"

#define BUFFER_BYTES 16384L
#define HEADERS_MAX_BYTES 65536U
#define READ_AGE_S 60L
#define CHANGE_AGE_S 10L

static bool has_prefix(const char *line, size_t len, const char *name, const char **ret_value,
		       size_t *ret_len)
{
	size_t n = strlen(name);

	if (len <= n || strncasecmp(line, name, n) != 0 || line[n] != ':') {
		return false;
	}
	line += n + 1;
	len -= n + 1;
	while (len > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		len--;
	}
	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n' || line[len - 1] == ' ' ||
			   line[len - 1] == '\t')) {
		len--;
	}
	*ret_value = line;
	*ret_len = len;
	return true;
}

/* Digits only, as these headers have; anything else is as good as absent. */
static int64_t number(const char *text, size_t len)
{
	int64_t n = 0;

	if (len == 0 || len > 18) {
		return -1;
	}
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9') {
			return -1;
		}
		n = n * 10 + (text[i] - '0');
	}
	return n;
}

/* Printable ASCII only: these words go into logs and to people. */
static void copy_word(char *to, size_t size, const char *from, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 1 < size; i++) {
		if (from[i] >= 0x20 && from[i] < 0x7f) {
			to[n++] = from[i];
		}
	}
	to[n] = '\0';
}

static void forget_headers(struct http_request *request)
{
	request->content_type[0] = '\0';
	request->request_id[0] = '\0';
	request->scopes[0] = '\0';
	request->ratelimit_limit = -1;
	request->ratelimit_remaining = -1;
	request->ratelimit_reset = -1;
	request->retry_after_s = -1;
	request->date_ms = -1;
}

static size_t on_header(char *line, size_t size, size_t n, void *data)
{
	struct call *call = data;
	struct http_request *request = call->request;
	const char *value;
	size_t len = size * n;
	size_t value_len;

	call->header_bytes += len;
	if (call->header_bytes > HEADERS_MAX_BYTES) {
		call->too_big = true;
		return 0;
	}
	if (len > 5 && strncmp(line, "HTTP/", 5) == 0) {
		forget_headers(request); /* those before were of a 1xx or of the proxy */
	} else if (has_prefix(line, len, "content-type", &value, &value_len)) {
		copy_word(request->content_type, sizeof(request->content_type), value, value_len);
	} else if (has_prefix(line, len, "x-request-id", &value, &value_len)) {
		copy_word(request->request_id, sizeof(request->request_id), value, value_len);
	} else if (has_prefix(line, len, "x-oauth-scopes", &value, &value_len)) {
		copy_word(request->scopes, sizeof(request->scopes), value, value_len);
	} else if (has_prefix(line, len, "ratelimit-limit", &value, &value_len)) {
		request->ratelimit_limit = number(value, value_len);
	} else if (has_prefix(line, len, "ratelimit-remaining", &value, &value_len)) {
		request->ratelimit_remaining = number(value, value_len);
	} else if (has_prefix(line, len, "ratelimit-reset", &value, &value_len)) {
		request->ratelimit_reset = number(value, value_len);
	} else if (has_prefix(line, len, "retry-after", &value, &value_len)) {
		request->retry_after_s = number(value, value_len);
	} else if (has_prefix(line, len, "date", &value, &value_len)) {
		char date[64];
		time_t seconds;

		copy_word(date, sizeof(date), value, value_len);
		seconds = curl_getdate(date, NULL);
		request->date_ms = seconds >= 0 ? (int64_t)seconds * 1000 : -1;
	}
	return len;
}

static size_t on_bytes(char *bytes, size_t size, size_t n, void *data)
{
	struct call *call = data;
	struct http_request *request = call->request;
	size_t len = size * n;
	long status = 0;

	call->body_bytes += len;
	if (call->body_bytes > call->max_body_bytes) {
		call->too_big = true;
		return 0;
	}
	if (call->canceled) {
		return 0;
	}
	(void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	if (request->on_body != NULL && status >= 200 && status <= 299) {
		if (request->on_body(request, bytes, len) != 0) {
			call->refused = true;
			return 0;
		}
	} else {
		(void)strbuf_add(&call->answer, bytes, len);
	}
	return len;
}

static int before_request(void *data, char *ip, char *local_ip, int port, int local_port)
{
	struct call *call = data;

	(void)ip;
	(void)local_ip;
	(void)port;
	(void)local_port;
	if (call->sent && !call->safe) {
		call->again = true;
		return CURL_PREREQFUNC_ABORT;
	}
	call->sent = true;
	return CURL_PREREQFUNC_OK;
}

static bool line_is_clean(const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\r' || *s == '\n') {
			return false;
		}
	}
	return true;
}

static void add_header(struct call *call, const char *name, const char *value)
{
	char some[512];
	size_t size = strlen(name) + 2 + strlen(value) + 1;
	char *line = size <= sizeof(some) ? some : mem_alloc(size);
	struct curl_slist *headers;

	(void)snprintf(line, size, "%s: %s", name, value);
	headers = curl_slist_append(call->headers, line);
	assert(headers != NULL);
	call->headers = headers;
	explicit_bzero(line, size); /* it may be a token */
	if (line != some) {
		free(line);
	}
}

static int set_headers(struct call *call, struct err *err)
{
	const struct http_request *request = call->request;
	bool has_type = false;

	for (size_t i = 0; i < request->n_headers; i++) {
		const struct http_header *header = &request->headers[i];

		if (header->name[0] == '\0' || strchr(header->name, ':') != NULL ||
		    !line_is_clean(header->name) || !line_is_clean(header->value) ||
		    strlen(header->name) + strlen(header->value) > 16000) {
			return err_set(err, ERR_USAGE, "cannot send a header '%.40s': bad form",
				       line_is_clean(header->name) ? header->name : "?");
		}
		has_type = has_type || strcasecmp(header->name, "content-type") == 0;
		add_header(call, header->name, header->value);
	}
	if (request->body != NULL && !has_type) {
		add_header(call, "Content-Type", "application/json");
	}
	/* "Expect: 100-continue" for big bodies would cost a turn or a second */
	call->headers = curl_slist_append(call->headers, "Expect:");
	(void)curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
	return 0;
}

static int set_method(struct call *call, struct err *err)
{
	const struct http_request *request = call->request;
	const char *method = request->method;
	bool sends = request->body != NULL || strcmp(method, "POST") == 0 ||
		     strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0;

	if (method[0] == '\0' || strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(method)) {
		return err_set(err, ERR_USAGE, "cannot send a request: bad method");
	}
	if (strcmp(method, "HEAD") == 0) {
		(void)curl_easy_setopt(call->easy, CURLOPT_NOBODY, 1L);
	} else if (sends) {
		call->body_len = request->body != NULL ? request->body_len : 0;
		call->body = mem_alloc(call->body_len + 1);
		if (call->body_len > 0) {
			memcpy(call->body, request->body, call->body_len);
		}
		(void)curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE,
				       (curl_off_t)call->body_len);
		(void)curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, call->body);
		(void)curl_easy_setopt(call->easy, CURLOPT_CUSTOMREQUEST, method);
	} else {
		(void)curl_easy_setopt(call->easy, CURLOPT_HTTPGET, 1L);
		(void)curl_easy_setopt(call->easy, CURLOPT_CUSTOMREQUEST, method);
	}
	return 0;
}

/* Up to the path; nothing but plain characters behind it, and nobody is named before an @. */
static size_t origin_len(const char *url)
{
	const char *slashes = strstr(url, "://");
	size_t len;

	if (slashes == NULL) {
		return 0;
	}
	len = (size_t)(slashes - url) + 3;
	len += strcspn(url + len, "/?#@\\");
	for (const char *s = url + len; *s != '\0'; s++) {
		if (*s <= ' ' || *s >= 0x7f) {
			return 0;
		}
	}
	return url[len] == '/' && len < sizeof(((struct origin *)NULL)->text) ? len : 0;
}

static void keep_origin(struct call *call)
{
	struct origin *origin = &call->pool->origin;
	const char *url = call->request->url;

	origin->len = origin_len(url);
	memcpy(origin->text, url, origin->len);
	memcpy(origin->host, call->host, sizeof(origin->host));
	memcpy(origin->name, call->name, sizeof(origin->name));
	origin->port = call->port;
	origin->tls = call->tls;
}

/* The last URL led there too: a pool talks to one or two. */
static bool read_known(struct call *call)
{
	const struct origin *origin = &call->pool->origin;
	const char *url = call->request->url;

	if (origin->len == 0 || origin_len(url) != origin->len ||
	    memcmp(url, origin->text, origin->len) != 0) {
		return false;
	}
	memcpy(call->host, origin->host, sizeof(call->host));
	memcpy(call->name, origin->name, sizeof(call->name));
	call->port = origin->port;
	call->tls = origin->tls;
	return true;
}

/* Who is to be looked up: the URL's host, or the proxy's; nobody when it is an address. */
static int read_url(struct call *call, const char *url, bool is_proxy, struct err *err)
{
	CURLU *parts = curl_url();
	char *scheme = NULL;
	char *host = NULL;
	char *port = NULL;
	int rc = -1;

	assert(parts != NULL);
	if (curl_url_set(parts, CURLUPART_URL, url, is_proxy ? CURLU_DEFAULT_SCHEME : 0) !=
		    CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
	    strlen(host) >= sizeof(call->host)) {
		err_set(err, ERR_USAGE, "cannot use the url: bad form");
		goto out;
	}
	if (!is_proxy && strcasecmp(scheme, "http") != 0 && strcasecmp(scheme, "https") != 0) {
		err_set(err, ERR_USAGE, "cannot use the url: only http and https");
		goto out;
	}
	call->host[0] = '\0';
	if (host[0] != '[' && host[strspn(host, "0123456789.")] != '\0') {
		memcpy(call->host, host, strlen(host) + 1);
	}
	if (!is_proxy) {
		memcpy(call->name, host, strlen(host) + 1);
		call->tls = strcasecmp(scheme, "https") == 0;
	}
	call->port = (unsigned)number(port, strlen(port));
	if (!is_proxy) {
		keep_origin(call);
	}
	rc = 0;
out:
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(parts);
	return rc;
}

static void set_connection(struct call *call)
{
	struct http_pool *pool = call->pool;
	CURL *easy = call->easy;

	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
	(void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	(void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	(void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	/* Over TLS the handshake says whether requests may share a connection, and it is worth the wait. Over
	 * plain HTTP curl would wait for the first answer of all, behind a server that gives none. */
	(void)curl_easy_setopt(easy, CURLOPT_PIPEWAIT, call->tls ? 1L : 0L);
	(void)curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
	(void)curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, call->safe ? READ_AGE_S : CHANGE_AGE_S);
	/* One of the two and never both: with a CApath beside the bundle curl parses the bundle again for
	 * each connection. */
	if (pool->ca_file != NULL) {
		(void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
		(void)curl_easy_setopt(easy, CURLOPT_CAINFO, pool->ca_file);
	} else if (call->tls && pool_ca_by_hash(pool)) {
		(void)curl_easy_setopt(easy, CURLOPT_CAPATH, HTTP_CA_DIR);
		(void)curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	} else {
		(void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	/* "" and not NULL: NULL would ask the environment */
	(void)curl_easy_setopt(easy, CURLOPT_PROXY, pool->proxy != NULL ? pool->proxy : "");
	(void)curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	(void)curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

int easy_set_up(struct call *call, struct err *err)
{
	struct http_pool *pool = call->pool;
	CURL *easy;

	if ((!read_known(call) && read_url(call, call->request->url, false, err) < 0) ||
	    (pool->proxy != NULL && read_url(call, pool->proxy, true, err) < 0)) {
		return -1;
	}
	easy = pool->n_spare > 0 ? pool->spare[--pool->n_spare] : curl_easy_init();
	if (easy == NULL) {
		return err_set(err, ERR_LIMIT, "cannot start a request: no memory");
	}
	call->easy = easy;
	set_connection(call);
	(void)curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
	(void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->curl_says);
	(void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "sluice");
	(void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
	(void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
	(void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, call);
	(void)curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, multi_close_socket);
	(void)curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, pool);
	if (curl_easy_setopt(easy, CURLOPT_URL, call->request->url) != CURLE_OK) {
		return err_set(err, ERR_USAGE, "cannot use the url: bad form");
	}
	forget_headers(call->request);
	if (set_method(call, err) < 0 || set_headers(call, err) < 0) {
		return -1;
	}
	return 0;
}

void easy_set_deadlines(struct call *call)
{
	int64_t gone_ms = clock_mono_ms() - call->started_ms;
	int64_t connect_ms = call->connect_ms - gone_ms;
	int64_t timeout_ms = call->timeout_ms - gone_ms;

	/* 0 would be curl's "for ever" */
	(void)curl_easy_setopt(call->easy, CURLOPT_CONNECTTIMEOUT_MS,
			       (long)(connect_ms > 0 ? connect_ms : 1));
	(void)curl_easy_setopt(call->easy, CURLOPT_TIMEOUT_MS,
			       (long)(timeout_ms > 0 ? timeout_ms : 1));
}

void easy_forget(struct call *call)
{
	struct http_pool *pool = call->pool;

	if (call->easy != NULL) {
		if (pool->n_spare < SPARE_MAX && !pool->freed) {
			curl_easy_reset(call->easy);
			pool->spare[pool->n_spare++] = call->easy;
		} else {
			curl_easy_cleanup(call->easy);
		}
		call->easy = NULL;
	}
	for (struct curl_slist *it = call->headers; it != NULL; it = it->next) {
		explicit_bzero(it->data, strlen(it->data));
	}
	curl_slist_free_all(call->headers);
	curl_slist_free_all(call->resolve);
	call->headers = NULL;
	call->resolve = NULL;
	if (call->body != NULL) {
		explicit_bzero(call->body, call->body_len);
		free(call->body);
		call->body = NULL;
	}
}
