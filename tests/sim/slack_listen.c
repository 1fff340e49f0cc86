/* slack_listen.c - the simulated Slack's server begins to listen, runs and ends */
#include "sim/slack_server.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sim/slack_conn.h"

#define BACKLOG 512

static void stop(struct slack_server *server)
{
	if (server->stopping) {
		return;
	}
	server->stopping = true;
	uv_close((uv_handle_t *)&server->listener, NULL);
	uv_close((uv_handle_t *)&server->due, NULL);
	for (size_t i = 0; i < ARRAY_LEN(server->signals); i++) {
		uv_close((uv_handle_t *)&server->signals[i], NULL);
	}
	if (server->has_input) {
		uv_close((uv_handle_t *)&server->input, NULL);
	}
	LIST_FOREACH(it, &server->connections)
	{
		conn_close(LIST_ENTRY(it, struct conn, link), false);
	}
}

static void on_signal(uv_signal_t *handle, int number)
{
	(void)number;
	stop(handle->data);
}

static void on_input_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	struct slack_server *server = handle->data;

	(void)size;
	*buf = uv_buf_init(server->input_bytes, sizeof(server->input_bytes));
}

static void on_input(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	(void)buf;
	if (n < 0) {
		stop(stream->data);
	}
}

static int listen_on(struct slack_server *server, const struct sim_server_options *options)
{
	struct sockaddr_storage address = {0};
	int len = sizeof(address);
	int rc = uv_ip4_addr(options->host, (int)options->port, (struct sockaddr_in *)&address);

	if (rc == 0) {
		rc = uv_tcp_bind(&server->listener, (struct sockaddr *)&address, 0);
	}
	if (rc == 0) {
		rc = uv_listen((uv_stream_t *)&server->listener, BACKLOG, slack_server_accept);
	}
	if (rc == 0) {
		rc = uv_tcp_getsockname(&server->listener, (struct sockaddr *)&address, &len);
	}
	server->port = ntohs(((struct sockaddr_in *)&address)->sin_port);
	return rc;
}

static int start(struct slack_server *server, const struct sim_server_options *options,
		 struct err *err)
{
	static const int numbers[] = {SIGTERM, SIGINT};
	int rc;

	(void)uv_tcp_init(&server->uv, &server->listener);
	(void)uv_timer_init(&server->uv, &server->due);
	server->listener.data = server->due.data = server;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		(void)uv_signal_init(&server->uv, &server->signals[i]);
		server->signals[i].data = server;
		(void)uv_signal_start(&server->signals[i], on_signal, numbers[i]);
	}
	if (options->exit_with_stdin) {
		(void)uv_pipe_init(&server->uv, &server->input, 0);
		server->input.data = server;
		server->has_input = true;
		if (uv_pipe_open(&server->input, 0) != 0 ||
		    uv_read_start((uv_stream_t *)&server->input, on_input_alloc, on_input) != 0) {
			return err_set(err, ERR_USAGE,
				       "cannot watch standard input, it is no pipe");
		}
	}
	if (options->tls_cert != NULL) {
		server->tls = tls_context_new(options->tls_cert, options->tls_key, err);
		if (server->tls == NULL) {
			return -1;
		}
	}
	rc = listen_on(server, options);
	return rc == 0 ? 0
		       : err_set(err, ERR_NETWORK, "cannot listen on '%s' port %u: %s",
				 options->host, options->port, uv_strerror(rc));
}

struct slack_server *slack_server_open(struct slack *slack,
				       const struct sim_server_options *options, struct err *err)
{
	struct slack_server *server = mem_alloc(sizeof(*server));
	const char *host = options->tls_cert != NULL ? "localhost" : options->host;
	const char *tls = options->tls_cert != NULL ? "s" : "";

	server->slack = slack;
	list_init(&server->connections);
	(void)signal(SIGPIPE, SIG_IGN);
	if (uv_loop_init(&server->uv) != 0) {
		(void)err_set(err, ERR_LIMIT, "cannot make the event loop");
		free(server);
		return NULL;
	}
	if (start(server, options, err) < 0) {
		slack_server_free(server);
		return NULL;
	}
	(void)snprintf(slack->base, sizeof(slack->base), "http%s://%s:%u", tls, host, server->port);
	(void)snprintf(slack->link_base, sizeof(slack->link_base), "ws%s://%s:%u", tls, host,
		       server->port);
	return server;
}

unsigned slack_server_port(const struct slack_server *server)
{
	return server->port;
}

void slack_server_run(struct slack_server *server)
{
	(void)uv_run(&server->uv, UV_RUN_DEFAULT);
}

void slack_server_free(struct slack_server *server)
{
	int rc;

	if (server == NULL) {
		return;
	}
	stop(server);
	(void)uv_run(&server->uv, UV_RUN_DEFAULT);
	rc = uv_loop_close(&server->uv);
	assert(rc == 0);
	(void)rc;
	tls_context_free(server->tls);
	free(server);
}
