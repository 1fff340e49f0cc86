/* slack_listen.c - the simulated Slack's server begins to listen, runs and ends */
#include "sim/slack_server.h"

#include <stdlib.h>

#include "base/mem.h"
#include "sim/slack_conn.h"

static void close_all(struct sim_listener *l)
{
	struct slack_server *server = CONTAINER_OF(l, struct slack_server, base);

	uv_close((uv_handle_t *)&server->due, NULL);
	LIST_FOREACH(it, &server->connections)
	{
		conn_close(LIST_ENTRY(it, struct conn, link), false);
	}
}

struct slack_server *slack_server_open(struct slack *slack,
				       const struct sim_server_options *options, struct err *err)
{
	struct slack_server *server = mem_alloc(sizeof(*server));
	const char *host = options->tls_cert != NULL ? "localhost" : options->host;
	const char *tls = options->tls_cert != NULL ? "s" : "";
	int rc;

	server->slack = slack;
	server->base.stop = close_all;
	list_init(&server->connections);
	rc = sim_listener_open(&server->base, options, slack_server_accept, err);
	(void)uv_timer_init(&server->base.uv, &server->due);
	server->due.data = server;
	if (rc < 0) {
		slack_server_free(server);
		return NULL;
	}
	(void)snprintf(slack->base, sizeof(slack->base), "http%s://%s:%u", tls, host,
		       server->base.port);
	(void)snprintf(slack->link_base, sizeof(slack->link_base), "ws%s://%s:%u", tls, host,
		       server->base.port);
	return server;
}

unsigned slack_server_port(const struct slack_server *server)
{
	return server->base.port;
}

void slack_server_run(struct slack_server *server)
{
	sim_listener_run(&server->base);
}

void slack_server_free(struct slack_server *server)
{
	if (server == NULL) {
		return;
	}
	sim_listener_done(&server->base);
	free(server);
}
