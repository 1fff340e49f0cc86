/* door.c - the socket's place on a virtual loop: requests of loop/http go to the simulated world
 *
 * Happy path: start copies the request; half the latency later the world serves it; the other half (and what a slow fault
 * adds) later done gets the answer.
 *
 * Failure modes, as http.h names them: no answer ends at the request's own deadline, a reset or half a body as a lost
 * answer (TIMEOUT, NETWORK, or UNKNOWN when the method changes something); `refused` never left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "sim/ocean.h"

#define TIMEOUT_DEFAULT_MS 30000
#define BODY_DEFAULT_BYTES (1024u * 1024u)
#define CHUNK_BYTES 16384u

struct sim_door {
	struct http_door door; /* first: the loop knows this */
	struct loop *loop;
	struct sim_world *world;
	int64_t latency_ms;
	struct list pending; /* struct pending */
};

enum stage { STAGE_SENDING, STAGE_WAITING, STAGE_CANCELED };

struct pending {
	struct list link;
	struct sim_door *door;
	struct http_pool *pool;
	struct http_request *request;
	struct timer step, deadline;
	enum stage stage;
	char *method, *path, *token, *body;
	bool dangerous;
	size_t body_len;
	size_t max_bytes;
	bool safe;
	struct sim_answer answer;
};

static void forget(struct pending *p)
{
	list_remove(&p->link);
	timer_stop(&p->step);
	timer_stop(&p->deadline);
	sim_answer_done(&p->answer);
	free(p->method);
	free(p->path);
	free(p->token);
	free(p->body);
	free(p);
}

/* The request may be freed in done, and new ones started. */
static void finish(struct pending *p, const struct err *err)
{
	struct http_request *request = p->request;
	struct strbuf answer = request->answer;

	forget(p);
	request->internal = NULL;
	request->done(request, err);
	strbuf_done(&answer);
}

static void fail(struct pending *p, enum err_kind kind, const char *text)
{
	struct err err = {0};

	(void)err_set(&err, kind, "%s", text);
	finish(p, &err);
}

/* Sent, and no whole answer. */
static void lose(struct pending *p, enum err_kind kind)
{
	fail(p, p->safe ? kind : ERR_UNKNOWN,
	     kind == ERR_TIMEOUT ? "no whole answer from 'api.digitalocean.com' in time"
				 : "'api.digitalocean.com' hung up before the answer was whole");
}

static void on_deadline(struct timer *timer)
{
	lose(timer->data, ERR_TIMEOUT);
}

static void take_headers(struct http_request *request, const struct sim_reply *reply,
			 int64_t now_ms)
{
	request->status = reply->status;
	request->ratelimit_limit = reply->rate_limit;
	request->ratelimit_remaining = reply->rate_remaining;
	request->ratelimit_reset = reply->rate_reset;
	request->retry_after_s = reply->retry_after_s;
	request->date_ms = now_ms / 1000 * 1000;
	(void)snprintf(request->content_type, sizeof(request->content_type), "%s",
		       reply->content_type != NULL ? reply->content_type : "");
	(void)snprintf(request->request_id, sizeof(request->request_id), "%s", reply->request_id);
}

/* Hands the body over, as much as arrived; a kind when that ends the request. */
static enum err_kind take_body(struct pending *p, size_t len)
{
	struct http_request *request = p->request;
	const char *body = p->answer.reply.body.buf;
	bool stream = request->on_body != NULL && request->status / 100 == 2;

	if (len > p->max_bytes) {
		return ERR_LIMIT;
	}
	for (size_t at = 0; at < len; at += CHUNK_BYTES) {
		size_t part = len - at < CHUNK_BYTES ? len - at : CHUNK_BYTES;

		if (!stream) {
			(void)strbuf_add(&request->answer, body + at, part);
		} else if (request->on_body(request, body + at, part) != 0) {
			return ERR_REMOTE;
		}
	}
	return ERR_NONE;
}

static void deliver(struct pending *p)
{
	bool cut = p->answer.ending == SIM_CUT;
	size_t len = p->answer.reply.body.len;
	enum err_kind kind;

	if (p->answer.ending == SIM_RESET) {
		lose(p, ERR_NETWORK);
		return;
	}
	take_headers(p->request, &p->answer.reply, sim_world_now(p->door->world));
	kind = take_body(p, cut ? len / 2 : len);
	if (kind == ERR_LIMIT) {
		fail(p, kind, "the answer of 'api.digitalocean.com' is too big");
	} else if (kind == ERR_REMOTE) {
		fail(p, kind, "the answer of 'api.digitalocean.com' makes no sense");
	} else if (cut) {
		lose(p, ERR_NETWORK);
	} else {
		finish(p, NULL);
	}
}

/* Half the latency is over: it arrives. */
static void arrive(struct pending *p)
{
	struct sim_door *door = p->door;
	struct sim_request request = {
		.method = p->method,
		.path = p->path,
		.token = p->token,
		.dangerous = p->dangerous,
		.body = p->body,
		.body_len = p->body_len,
	};

	p->stage = STAGE_WAITING;
	sim_world_serve(door->world, &request, &p->answer);
	if (p->answer.ending != SIM_SILENT) {
		timer_start(&p->step, door->latency_ms - door->latency_ms / 2 + p->answer.delay_ms);
	}
}

static void on_step(struct timer *timer)
{
	struct pending *p = timer->data;

	switch (p->stage) {
	case STAGE_SENDING:
		arrive(p);
		break;
	case STAGE_WAITING:
		if (p->answer.ending == SIM_REFUSED) {
			fail(p, ERR_NETWORK, "no connection to 'api.digitalocean.com': refused");
		} else {
			deliver(p);
		}
		break;
	case STAGE_CANCELED:
		fail(p, p->safe ? ERR_CANCELED : ERR_UNKNOWN, "canceled");
		break;
	}
}

/* The path and query of a url. */
static const char *path_of(const char *url)
{
	const char *host = strstr(url, "://");
	const char *path = host != NULL ? strchr(host + 3, '/') : NULL;

	return path != NULL ? path : "/";
}

static char *token_of(const struct http_request *request)
{
	for (size_t i = 0; i < request->n_headers; i++) {
		const struct http_header *header = &request->headers[i];

		if (strcasecmp(header->name, "authorization") == 0 &&
		    strncasecmp(header->value, "bearer ", 7) == 0) {
			return mem_strdup(header->value + 7);
		}
	}
	return NULL;
}

static bool is_dangerous(const struct http_request *request)
{
	for (size_t i = 0; i < request->n_headers; i++) {
		if (strcasecmp(request->headers[i].name, "x-dangerous") == 0) {
			return strcmp(request->headers[i].value, "true") == 0;
		}
	}
	return false;
}

static void door_start(struct http_door *http_door, struct http_pool *pool,
		       struct http_request *request)
{
	struct sim_door *door = (struct sim_door *)http_door;
	struct pending *p = mem_alloc(sizeof(*p));
	int64_t timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : TIMEOUT_DEFAULT_MS;

	p->door = door;
	p->pool = pool;
	p->request = request;
	p->method = mem_strdup(request->method);
	p->path = mem_strdup(path_of(request->url));
	p->token = token_of(request);
	p->dangerous = is_dangerous(request);
	p->body = request->body != NULL ? mem_strndup(request->body, request->body_len) : NULL;
	p->body_len = request->body != NULL ? request->body_len : 0;
	p->max_bytes = request->max_body_bytes > 0 ? request->max_body_bytes : BODY_DEFAULT_BYTES;
	p->safe = request->idempotent || strcmp(p->method, "GET") == 0;
	sim_answer_init(&p->answer);
	list_append(&door->pending, &p->link);
	request->internal = p;
	request->status = 0;
	request->ratelimit_limit = request->ratelimit_remaining = request->ratelimit_reset = -1;
	request->retry_after_s = -1;
	request->date_ms = -1;
	request->content_type[0] = request->request_id[0] = '\0';
	strbuf_init(&request->answer, p->max_bytes);
	timer_init(&p->step, door->loop, on_step, p);
	timer_init(&p->deadline, door->loop, on_deadline, p);
	timer_start(&p->step, door->latency_ms / 2);
	timer_start(&p->deadline, timeout_ms);
}

static void door_cancel(struct http_door *http_door, struct http_request *request)
{
	struct pending *p = request->internal;

	(void)http_door;
	if (p != NULL) {
		p->stage = STAGE_CANCELED;
		timer_start(&p->step, 0);
	}
}

static void door_drop(struct http_door *http_door, struct http_pool *pool)
{
	struct sim_door *door = (struct sim_door *)http_door;
	struct list *it = door->pending.next;

	while (it != &door->pending) {
		struct pending *p = LIST_ENTRY(it, struct pending, link);

		it = it->next;
		if (p->pool == pool) {
			fail(p, p->safe ? ERR_CANCELED : ERR_UNKNOWN, "canceled");
			it = door->pending.next; /* done may have changed the list */
		}
	}
}

struct sim_door *sim_door_open(struct loop *loop, struct sim_world *world, int64_t latency_ms)
{
	struct sim_door *door = mem_alloc(sizeof(*door));

	door->door.start = door_start;
	door->door.cancel = door_cancel;
	door->door.drop = door_drop;
	door->loop = loop;
	door->world = world;
	door->latency_ms = latency_ms;
	list_init(&door->pending);
	http_virtual(loop, &door->door);
	return door;
}

void sim_door_close(struct sim_door *door)
{
	if (door != NULL) {
		http_virtual(door->loop, NULL);
		free(door);
	}
}
