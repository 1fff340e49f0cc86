/* listener.h - what both simulated servers do alike: the loop, a listening socket, perhaps TLS, and the end by a signal or by stdin */
#ifndef SIM_LISTENER_H
#define SIM_LISTENER_H

#include <stdbool.h>
#include <uv.h>

#include "sim/server.h"
#include "sim/tls.h"

/* Embedded first in a server. */
struct sim_listener {
	uv_loop_t uv;
	uv_tcp_t listener; /* its data is this */
	uv_signal_t signals[2];
	union {
		uv_stream_t stream;
		uv_pipe_t pipe;
		uv_tty_t tty;
	} input;
	bool has_input, stopping;
	char input_bytes[256];
	struct tls_context *tls; /* NULL: clear */
	unsigned port;
	void (*stop)(struct sim_listener
			     *); /* closes what the server has of its own on the loop; once */
};

/* Listens. -1 and err when it cannot: then sim_listener_done, as always. stop is set by the caller before. */
int sim_listener_open(struct sim_listener *l, const struct sim_server_options *options,
		      uv_connection_cb on_connection, struct err *err);
void sim_listener_run(
	struct sim_listener *l); /* until SIGTERM, SIGINT or the end of standard input */
void sim_listener_done(struct sim_listener *l);

#endif
