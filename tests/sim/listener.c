/* listener.c - a simulated server begins to listen, runs and ends */
#include "sim/listener.h"

#include <assert.h>
#include <signal.h>

#include "base/attr.h"

#define BACKLOG 512

static void stop(struct sim_listener *l)
{
	if (l->stopping) {
		return;
	}
	l->stopping = true;
	uv_close((uv_handle_t *)&l->listener, NULL);
	for (size_t i = 0; i < ARRAY_LEN(l->signals); i++) {
		uv_close((uv_handle_t *)&l->signals[i], NULL);
	}
	if (l->has_input) {
		uv_close((uv_handle_t *)&l->input.stream, NULL);
	}
	l->stop(l);
}

static void on_signal(uv_signal_t *signal, int number)
{
	(void)number;
	stop(signal->data);
}

static void on_input_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	struct sim_listener *l = handle->data;

	(void)size;
	*buf = uv_buf_init(l->input_bytes, sizeof(l->input_bytes));
}

static void on_input(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	(void)buf;
	if (n < 0) {
		stop(stream->data);
	}
}

static int watch_input(struct sim_listener *l, struct err *err)
{
	uv_handle_type type = uv_guess_handle(0);
	int rc = UV_ENOTSUP;

	if (type == UV_NAMED_PIPE) {
		(void)uv_pipe_init(&l->uv, &l->input.pipe, 0);
		l->has_input = true;
		rc = uv_pipe_open(&l->input.pipe, 0);
	} else if (type == UV_TTY) {
		rc = uv_tty_init(&l->uv, &l->input.tty, 0, 1);
		l->has_input = rc == 0;
	}
	if (rc == 0) {
		l->input.stream.data = l;
		rc = uv_read_start(&l->input.stream, on_input_alloc, on_input);
	}
	return rc == 0 ? 0
		       : err_set(err, ERR_USAGE,
				 "cannot watch standard input, it is no pipe and no terminal");
}

static int listen_on(struct sim_listener *l, const struct sim_server_options *options,
		     uv_connection_cb on_connection, struct err *err)
{
	struct sockaddr_storage address = {0};
	int len = sizeof(address);
	int rc = uv_ip4_addr(options->host, (int)options->port, (struct sockaddr_in *)&address);

	if (rc != 0) {
		rc = uv_ip6_addr(options->host, (int)options->port,
				 (struct sockaddr_in6 *)&address);
	}
	if (rc == 0) {
		rc = uv_tcp_bind(&l->listener, (struct sockaddr *)&address, 0);
	}
	if (rc == 0) {
		rc = uv_listen((uv_stream_t *)&l->listener, BACKLOG, on_connection);
	}
	if (rc == 0) {
		rc = uv_tcp_getsockname(&l->listener, (struct sockaddr *)&address, &len);
	}
	if (rc != 0) {
		return err_set(err, ERR_NETWORK, "cannot listen on '%s' port %u: %s", options->host,
			       options->port, uv_strerror(rc));
	}
	/* the port stands at the same place in both families */
	l->port = ntohs(((struct sockaddr_in *)&address)->sin_port);
	return 0;
}

int sim_listener_open(struct sim_listener *l, const struct sim_server_options *options,
		      uv_connection_cb on_connection, struct err *err)
{
	static const int numbers[] = {SIGTERM, SIGINT};
	int rc = uv_loop_init(&l->uv);

	assert(rc == 0); /* no memory, no file descriptors: nothing can be simulated */
	(void)rc;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)uv_tcp_init(&l->uv, &l->listener);
	l->listener.data = l;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		(void)uv_signal_init(&l->uv, &l->signals[i]);
		l->signals[i].data = l;
		(void)uv_signal_start(&l->signals[i], on_signal, numbers[i]);
	}
	if (options->tls_cert != NULL) {
		l->tls = tls_context_new(options->tls_cert, options->tls_key, err);
	}
	if ((options->tls_cert != NULL && l->tls == NULL) ||
	    listen_on(l, options, on_connection, err) < 0 ||
	    (options->exit_with_stdin && watch_input(l, err) < 0)) {
		return -1;
	}
	return 0;
}

void sim_listener_run(struct sim_listener *l)
{
	(void)uv_run(&l->uv, UV_RUN_DEFAULT);
}

void sim_listener_done(struct sim_listener *l)
{
	int rc;

	stop(l);
	(void)uv_run(&l->uv, UV_RUN_DEFAULT);
	rc = uv_loop_close(&l->uv);
	assert(rc == 0);
	(void)rc;
	tls_context_free(l->tls);
}
