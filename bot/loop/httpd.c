/* httpd.c - a small HTTP listener on plain libuv
 *
 * Happy path: accept -> read a head of at most 8 KiB and a body of at most 64 KiB -> handle() -> write the answer ->
 * shut down -> read to the end -> close. One request a connection ("Connection: close"), so nothing can be
 * smuggled behind it. The body is read and dropped: no handler takes one yet.
 *
 * Failure modes: a slow or silent client (5 s for the whole request, 5 s for the answer, 1 s for the end), too many
 * connections (the newest is closed at once), bytes that are no request (400), a body whose length
 * is not plainly given (411, 501) or that is too long (413).
 */
#include "loop/httpd.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "loop/internal.h"

#define HEAD_MAX 8192U
#define BODY_MAX 65536U
#define CONNECTIONS_MAX 64U
#define READ_MS 5000
#define WRITE_MS 5000
#define LINGER_MS 1000
#define ANSWER_MAX (4U * 1024U * 1024U)

struct httpd {
	struct loop *loop;
	uv_tcp_t listener;
	struct httpd_options options;
	struct list clients;
	unsigned n_clients; /* handles that are not closed yet */
	int port;
	bool closing;
	bool listener_closed;
};

struct client {
	struct list link;
	struct httpd *httpd;
	uv_tcp_t tcp;
	uv_write_t write;
	uv_shutdown_t shutdown;
	struct timer deadline;
	bool closing;
	bool answered;
	char head[HEAD_MAX + 1];
	size_t head_len;
	bool has_head;
	size_t body_left;
	const char *method; /* into head, as are the others */
	char *path;
	char *query;
	struct strbuf answer;
};

static void maybe_free(struct httpd *httpd)
{
	if (httpd->closing && httpd->listener_closed && httpd->n_clients == 0) {
		free(httpd);
	}
}

static void on_client_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;
	struct httpd *httpd = client->httpd;

	list_remove(&client->link);
	httpd->n_clients--;
	strbuf_done(&client->answer);
	free(client);
	maybe_free(httpd);
}

static void drop(struct client *client)
{
	if (!client->closing) {
		client->closing = true;
		timer_stop(&client->deadline);
		uv_close((uv_handle_t *)&client->tcp, on_client_closed);
	}
}

static void on_deadline(struct timer *timer)
{
	drop(timer->data);
}

static void on_shutdown(uv_shutdown_t *req, int status)
{
	struct client *client = req->data;

	if (status < 0) {
		drop(client);
		return;
	}
	/* reading goes on, to its end: closing with unread bytes would reset the answer away */
	if (!client->closing) {
		timer_start(&client->deadline, LINGER_MS);
	}
}

static void on_written(uv_write_t *req, int status)
{
	struct client *client = req->data;

	client->shutdown.data = client;
	if (status < 0 || client->closing ||
	    uv_shutdown(&client->shutdown, (uv_stream_t *)&client->tcp, on_shutdown) != 0) {
		drop(client);
	}
}

static const char *reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 411:
		return "Length Required";
	case 413:
		return "Content Too Large";
	case 431:
		return "Request Header Fields Too Large";
	case 501:
		return "Not Implemented";
	case 503:
		return "Service Unavailable";
	default:
		return "Answer";
	}
}

static void answer(struct client *client, int status, const char *type, const char *body,
		   size_t len)
{
	uv_buf_t buf;

	client->answered = true;
	strbuf_init(&client->answer, ANSWER_MAX + 512);
	(void)strbuf_addf(&client->answer,
			  "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
			  "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
			  status, reason(status), type, len);
	(void)strbuf_add(&client->answer, body, len);
	timer_start(&client->deadline, WRITE_MS);
	buf = uv_buf_init(client->answer.buf, (unsigned)client->answer.len);
	client->write.data = client;
	if (uv_write(&client->write, (uv_stream_t *)&client->tcp, &buf, 1, on_written) != 0) {
		drop(client);
	}
}

static void answer_error(struct client *client, int status)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "%s\n", reason(status));

	answer(client, status, "text/plain; charset=utf-8", text, (size_t)len);
}

static void serve(struct client *client)
{
	struct httpd *httpd = client->httpd;
	struct httpd_answer out = {.status = 200, .content_type = "text/plain; charset=utf-8"};

	strbuf_init(&out.body, ANSWER_MAX);
	httpd->options.handle(client->method, client->path, client->query, &out,
			      httpd->options.data);
	if (out.body.full) {
		answer_error(client, 503);
	} else {
		answer(client, out.status, out.content_type, out.body.buf, out.body.len);
	}
	strbuf_done(&out.body);
}

/* "GET /path?query HTTP/1.1": 0, or the status of the refusal. Writes NULs into the line. */
static int parse_request_line(struct client *client, char *line)
{
	char *target = strchr(line, ' ');
	char *version;

	if (target == NULL) {
		return 400;
	}
	*target++ = '\0';
	version = strchr(target, ' ');
	if (version == NULL) {
		return 400;
	}
	*version++ = '\0';
	if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0) {
		return 400;
	}
	if (strcmp(line, "GET") != 0 && strcmp(line, "POST") != 0) {
		return 405;
	}
	client->method = line;
	for (const char *c = target; *c != '\0'; c++) {
		if (*c <= ' ' || *c > '~') {
			return 400;
		}
	}
	if (*target != '/') {
		return 400;
	}
	client->path = target;
	client->query = strchr(target, '?');
	if (client->query != NULL) {
		*client->query++ = '\0';
	} else {
		client->query = target + strlen(target);
	}
	return 0;
}

static int parse_length(const char *text, size_t *ret_len)
{
	size_t len = 0;

	if (*text == '\0') {
		return 400;
	}
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9') {
			return 400;
		}
		len = len * 10 + (size_t)(*text - '0');
		if (len > BODY_MAX) {
			return 413;
		}
	}
	*ret_len = len;
	return 0;
}

/* One header line: 0, or the status of the refusal. */
static int parse_header(char *line, bool *has_length, size_t *length)
{
	char *colon = strchr(line, ':');
	char *value;
	char *end;

	/* a space before the colon, or a folded line, is how requests are smuggled */
	if (colon == NULL || colon == line || (size_t)(colon - line) > strcspn(line, " \t")) {
		return 400;
	}
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t')) {
		*--end = '\0';
	}
	if (strcasecmp(line, "transfer-encoding") == 0) {
		return 501;
	}
	if (strcasecmp(line, "content-length") == 0) {
		if (*has_length) {
			return 400;
		}
		*has_length = true;
		return parse_length(value, length);
	}
	return 0;
}

/* The head, without the empty line that ends it: 0, or the status of the refusal. */
static int parse_head(struct client *client, size_t len)
{
	bool has_length = false;
	char *line = client->head;
	bool first = true;

	client->head[len] = '\0';
	if (strlen(client->head) != len) {
		return 400; /* a NUL inside */
	}
	while (line != NULL) {
		char *next = strstr(line, "\r\n");
		int status;

		if (next != NULL) {
			*next = '\0';
			next += 2;
		}
		if (strpbrk(line, "\r\n") != NULL) {
			return 400;
		}
		status = first ? parse_request_line(client, line)
			       : parse_header(line, &has_length, &client->body_left);
		if (status != 0) {
			return status;
		}
		first = false;
		line = next;
	}
	if (!has_length && strcmp(client->method, "POST") == 0) {
		return 411;
	}
	return 0;
}

/* More bytes of the head; those after it are body. */
static void take_head(struct client *client, const char *bytes, size_t len)
{
	size_t room = HEAD_MAX - client->head_len;
	size_t n = len < room ? len : room;
	char *end;
	size_t head_len;
	size_t body;
	int status;

	memcpy(client->head + client->head_len, bytes, n);
	client->head_len += n;
	end = memmem(client->head, client->head_len, "\r\n\r\n", 4);
	if (end == NULL) {
		if (client->head_len == HEAD_MAX) {
			answer_error(client, 431);
		}
		return;
	}
	head_len = (size_t)(end - client->head);
	body = client->head_len - head_len - 4 + (len - n);
	client->has_head = true;
	status = parse_head(client, head_len);
	if (status != 0) {
		answer_error(client, status);
		return;
	}
	client->body_left -= body < client->body_left ? body : client->body_left;
	if (client->body_left == 0) {
		serve(client);
	}
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct client *client = stream->data;

	if (n < 0) {
		drop(client);
	} else if (n == 0 || client->answered) {
		return;
	} else if (!client->has_head) {
		take_head(client, buf->base, (size_t)n);
	} else {
		client->body_left -= (size_t)n < client->body_left ? (size_t)n : client->body_left;
		if (client->body_left == 0) {
			serve(client);
		}
	}
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	static char shared[4096]; /* one loop, one thread; used up before the next read */

	(void)handle;
	(void)size;
	*buf = uv_buf_init(shared, sizeof(shared));
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct httpd *httpd = listener->data;
	struct client *client;

	if (status < 0) {
		return;
	}
	client = mem_alloc(sizeof(*client));
	client->httpd = httpd;
	timer_init(&client->deadline, httpd->loop, on_deadline, client);
	list_init(&client->link);
	list_append(&httpd->clients, &client->link);
	httpd->n_clients++;
	(void)uv_tcp_init(&httpd->loop->uv, &client->tcp);
	client->tcp.data = client;
	if (uv_accept(listener, (uv_stream_t *)&client->tcp) != 0 ||
	    httpd->n_clients > CONNECTIONS_MAX ||
	    uv_read_start((uv_stream_t *)&client->tcp, on_alloc, on_read) != 0) {
		drop(client);
		return;
	}
	timer_start(&client->deadline, READ_MS);
}

static void on_listener_closed(uv_handle_t *handle)
{
	struct httpd *httpd = handle->data;

	httpd->listener_closed = true;
	maybe_free(httpd);
}

/* "127.0.0.1:9464", "[::1]:9464" */
static int parse_listen(const char *listen, struct sockaddr_storage *ret_addr)
{
	const char *colon = strrchr(listen, ':');
	char host[64];
	size_t len;
	int port = 0;
	bool v6 = listen[0] == '[';

	if (colon == NULL || colon[1] == '\0' || strlen(colon + 1) > 5) {
		return -1;
	}
	for (const char *c = colon + 1; *c != '\0'; c++) {
		if (*c < '0' || *c > '9') {
			return -1;
		}
		port = port * 10 + (*c - '0');
	}
	len = (size_t)(colon - listen);
	if (port > 65535 || len >= sizeof(host) || (v6 && (len < 3 || listen[len - 1] != ']'))) {
		return -1;
	}
	memcpy(host, listen + (v6 ? 1 : 0), len - (v6 ? 2 : 0));
	host[len - (v6 ? 2 : 0)] = '\0';
	return v6 ? uv_ip6_addr(host, port, (struct sockaddr_in6 *)(void *)ret_addr)
		  : uv_ip4_addr(host, port, (struct sockaddr_in *)(void *)ret_addr);
}

static int port_of(uv_tcp_t *tcp)
{
	struct sockaddr_storage addr = {0};
	int len = sizeof(addr);

	(void)uv_tcp_getsockname(tcp, (struct sockaddr *)&addr, &len);
	return addr.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)(void *)&addr)->sin6_port)
					  : ntohs(((struct sockaddr_in *)(void *)&addr)->sin_port);
}

struct httpd *httpd_open(struct loop *loop, const struct httpd_options *options, struct err *err)
{
	struct sockaddr_storage addr = {0};
	struct httpd *httpd;
	int rc;

	if (loop->is_virtual) {
		err_set(err, ERR_USAGE, "cannot listen: the loop is virtual");
		return NULL;
	}
	if (parse_listen(options->listen, &addr) != 0) {
		err_set(err, ERR_CONFIG, "cannot listen on '%.100s': not an address and a port",
			options->listen);
		return NULL;
	}
	httpd = mem_alloc(sizeof(*httpd));
	httpd->loop = loop;
	httpd->options = *options;
	list_init(&httpd->clients);
	(void)uv_tcp_init(&loop->uv, &httpd->listener);
	httpd->listener.data = httpd;
	rc = uv_tcp_bind(&httpd->listener, (struct sockaddr *)&addr, 0);
	if (rc == 0) {
		rc = uv_listen((uv_stream_t *)&httpd->listener, 64, on_connection);
	}
	if (rc != 0) {
		err_set(err, ERR_CONFIG, "cannot listen on '%.100s': %s", options->listen,
			uv_strerror(rc));
		httpd_close(httpd);
		return NULL;
	}
	httpd->port = port_of(&httpd->listener);
	return httpd;
}

int httpd_port(const struct httpd *httpd)
{
	return httpd->port;
}

void httpd_close(struct httpd *httpd)
{
	if (httpd == NULL || httpd->closing) {
		return;
	}
	httpd->closing = true;
	LIST_FOREACH(it, &httpd->clients)
	{
		drop(LIST_ENTRY(it, struct client, link));
	}
	uv_close((uv_handle_t *)&httpd->listener, on_listener_closed);
}
