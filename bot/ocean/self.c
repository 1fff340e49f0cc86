/* self.c - the bot's own droplet, by the metadata service
 *
 * Happy path: one GET, an answer of digits. Failure modes: nobody there, an answer that is no id: id 0 and why. Never asked
 * again by itself.
 */
#include "ocean/self.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "loop/http.h"
#include "ocean/value.h"

#define URL_DEFAULT "http://169.254.169.254/metadata/v1/id"
#define TIMEOUT_DEFAULT_MS 1000
#define ANSWER_MAX 64

struct ocean_self {
	struct http_pool *pool;
	struct http_request request;
	struct ocean_self_options options;
	char *url;
	bool freed; /* done is not called any more */
};

static uint64_t id_of(const struct http_request *request)
{
	size_t len = request->answer.len;
	int64_t id;

	while (len > 0 && request->answer.buf[len - 1] == '\n') {
		len--;
	}
	id = request->status == 200 ? value_whole(request->answer.buf, len, INT64_MAX) : -1;
	return id > 0 ? (uint64_t)id : 0;
}

static void on_done(struct http_request *request, const struct err *lost)
{
	struct ocean_self *self = request->data;
	uint64_t id = lost == NULL ? id_of(request) : 0;
	struct err err = {0};

	if (self->freed) {
		return;
	}
	if (lost != NULL) {
		err_copy(&err, lost);
	} else if (id == 0) {
		err_set(&err, ERR_REMOTE, "the metadata service gave no droplet id (%d)",
			request->status);
	}
	self->options.done(self->options.data, id, id != 0 ? NULL : &err);
}

struct ocean_self *ocean_self_new(struct loop *loop, const struct ocean_self_options *options,
				  struct err *err)
{
	const struct http_options http = {.max_connections = 1, .rare = true};
	struct ocean_self *self = mem_alloc(sizeof(*self));
	struct http_request *request = &self->request;

	self->options = *options;
	self->url = mem_strdup(options->url != NULL ? options->url : URL_DEFAULT);
	self->pool = http_pool_new(loop, &http, err);
	if (self->pool == NULL) {
		free(self->url);
		free(self);
		return NULL;
	}
	request->method = "GET";
	request->url = self->url;
	request->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : TIMEOUT_DEFAULT_MS;
	request->connect_ms = request->timeout_ms;
	request->max_body_bytes = ANSWER_MAX;
	request->done = on_done;
	request->data = self;
	http_start(self->pool, request);
	return self;
}

void ocean_self_free(struct ocean_self *self)
{
	if (self == NULL) {
		return;
	}
	self->freed = true;
	http_pool_free(self->pool);
	free(self->url);
	free(self);
}
