/* server.h - door 2: the simulated DigitalOcean as an HTTP/1.1 server on a socket
 *
 * Raw TCP and an HTTP parser, so that a fault can tear an answer at any byte. Keep-alive, no pipelining; with a
 * certificate it speaks TLS.
 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "sim/world.h"

struct sim_server;

struct sim_server_options {
	const char *host;     /* an IP address: "127.0.0.1" */
	unsigned port;        /* 0: any free one */
	const char *tls_cert; /* PEM files, both or none */
	const char *tls_key;
	bool exit_with_stdin; /* ends when standard input closes */
};

/* Listens. The world is borrowed. NULL and err when it cannot. */
struct sim_server *sim_server_open(struct sim_world *world,
				   const struct sim_server_options *options, struct err *err);
unsigned sim_server_port(const struct sim_server *server);

/* Serves until SIGTERM, SIGINT, or the end of standard input when that was asked for. */
void sim_server_run(struct sim_server *server);
void sim_server_free(struct sim_server *server); /* after run; NULL is fine */

#endif
