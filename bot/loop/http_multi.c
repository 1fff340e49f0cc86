/* http_multi.c - curl's sockets and its timer on the loop
 *
 * Happy path: curl names the sockets it waits for (on_socket), those it closes (multi_close_socket) and one time (on_curl_timer);
 * the loop tells curl what happened (act); then every finished transfer is taken out.
 *
 * Failure modes: curl's own example loses the last transfer when it ends on the timer path, so the
 * queue is drained after every act; curl called from inside its own callbacks gives
 * CURLM_RECURSIVE_API_CALL, so in_curl is set around it and starts wait for the next turn.
 */
#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "loop/http_internal.h"

/*
 * A connection of curl's. Between two requests it stays watched for what can be read (its end): each would cost five system calls
 * otherwise. curl says when it closes one; other sockets it has none, for names are looked up by us.
 */
struct socket_watch {
	uv_poll_t poll;
	struct list link; /* in pool->watches */
	struct http_pool *pool;
	curl_socket_t fd;
	int events; /* the loop looks for; 0: nothing */
	bool idle;  /* curl does not wait for it */
};

static void act(struct http_pool *pool, curl_socket_t fd, int events)
{
	int running;

	pool->in_curl = true;
	(void)curl_multi_socket_action(pool->multi, fd, events, &running);
	pool->in_curl = false;
	multi_drain(pool);
}

void multi_drain(struct http_pool *pool)
{
	CURLMsg *msg;
	int left;

	pool->draining++;
	while (!pool->freed && (msg = curl_multi_info_read(pool->multi, &left)) != NULL) {
		CURLcode code = msg->data.result;
		char *private = NULL;

		if (msg->msg != CURLMSG_DONE) {
			continue;
		}
		(void)curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &private);
		call_finish((struct call *)(void *)private, code);
	}
	if (--pool->draining == 0 && pool->freed) {
		free(pool);
	}
}

static void look_for(struct socket_watch *watch, int events);

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct socket_watch *watch = poll->data;
	int flags = 0;

	if (watch->idle) { /* the other side hung up: curl sees it when it wants the connection again */
		look_for(watch, 0);
		return;
	}
	if (status < 0) {
		flags = CURL_CSELECT_ERR;
	}
	if ((events & UV_READABLE) != 0) {
		flags |= CURL_CSELECT_IN;
	}
	if ((events & UV_WRITABLE) != 0) {
		flags |= CURL_CSELECT_OUT;
	}
	act(watch->pool, watch->fd, flags);
}

static void on_timer(struct timer *timer)
{
	act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

void multi_init(struct http_pool *pool)
{
	list_init(&pool->watches);
	timer_init(&pool->timer, pool->loop, on_timer, pool);
}

static int on_curl_timer(CURLM *multi, long after_ms, void *data)
{
	struct http_pool *pool = data;

	(void)multi;
	if (after_ms < 0) {
		timer_stop(&pool->timer);
	} else {
		timer_start(&pool->timer, after_ms);
	}
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void look_for(struct socket_watch *watch, int events)
{
	if (events == watch->events) {
		return;
	}
	watch->events = events;
	if (events != 0) {
		(void)uv_poll_start(&watch->poll, events, on_poll);
	} else {
		(void)uv_poll_stop(&watch->poll);
	}
}

static struct socket_watch *watch_of(const struct http_pool *pool, curl_socket_t fd)
{
	LIST_FOREACH(it, &pool->watches)
	{
		struct socket_watch *watch = LIST_ENTRY(it, struct socket_watch, link);

		if (watch->fd == fd) {
			return watch;
		}
	}
	return NULL;
}

static void unwatch(struct socket_watch *watch)
{
	list_remove(&watch->link);
	look_for(watch, 0);
	uv_close((uv_handle_t *)&watch->poll, on_closed);
}

static struct socket_watch *watch_new(struct http_pool *pool, curl_socket_t fd)
{
	struct socket_watch *watch = mem_alloc(sizeof(*watch));

	watch->pool = pool;
	watch->fd = fd;
	watch->poll.data = watch;
	if (uv_poll_init_socket(&pool->loop->uv, &watch->poll, fd) != 0) {
		free(watch);
		return NULL;
	}
	list_append(&pool->watches, &watch->link);
	return watch;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *socket_data)
{
	struct http_pool *pool = data;
	struct socket_watch *watch = watch_of(pool, fd);
	int events = 0;

	(void)easy;
	(void)socket_data; /* curl forgets it between two requests */
	if (what == CURL_POLL_REMOVE) {
		if (watch != NULL) {
			watch->idle = true;
			look_for(watch, watch->events & UV_READABLE);
		}
		return 0;
	}
	if (watch == NULL) {
		watch = watch_new(pool, fd);
	}
	if (watch == NULL) {
		return -1;
	}
	events |= (what & CURL_POLL_IN) != 0 ? UV_READABLE : 0;
	events |= (what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0;
	watch->idle = false;
	look_for(watch, events);
	return 0;
}

int multi_close_socket(void *data, curl_socket_t fd)
{
	struct socket_watch *watch = watch_of(data, fd);

	if (watch != NULL) {
		unwatch(watch);
	}
	return close(fd);
}

int multi_open(struct http_pool *pool, struct err *err)
{
	static bool once;
	long most = (long)pool->max_connections;

	if (pool->multi != NULL) {
		return 0;
	}
	if (!once) {
		if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
			return err_set(err, ERR_LIMIT, "cannot start libcurl");
		}
		once = true;
	}
	pool->multi = curl_multi_init();
	if (pool->multi == NULL) {
		return err_set(err, ERR_LIMIT, "cannot start libcurl");
	}
	(void)curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	(void)curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool);
	(void)curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
	(void)curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool);
	/* Kept when idle, and at most at once: further requests wait in line. More would let a burst do all its TLS
	 * handshakes in one turn of the loop (64 at once took 200 ms). */
	(void)curl_multi_setopt(pool->multi, CURLMOPT_MAXCONNECTS, most);
	(void)curl_multi_setopt(pool->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, most);
	return 0;
}

void multi_close(struct http_pool *pool)
{
	assert(!pool->in_curl);
	if (pool->multi != NULL) {
		pool->in_curl = true;
		(void)curl_multi_cleanup(pool->multi);
		pool->in_curl = false;
		pool->multi = NULL;
	}
	while (!list_empty(&pool->watches)) {
		unwatch(LIST_ENTRY(pool->watches.next, struct socket_watch, link));
	}
	timer_stop(&pool->timer);
}
