/* slack_server.h - the simulated Slack on a socket: Web API, Socket Mode and the control words on one port */
#ifndef SIM_SLACK_SERVER_H
#define SIM_SLACK_SERVER_H

#include "base/err.h"
#include "sim/server.h"
#include "sim/slack.h"

struct slack_server;

/* Listens; the model is borrowed and told its address. NULL and err when it cannot. */
struct slack_server *slack_server_open(struct slack *slack,
				       const struct sim_server_options *options, struct err *err);
unsigned slack_server_port(const struct slack_server *server);
void slack_server_run(
	struct slack_server *server); /* until SIGTERM, SIGINT or the end of standard input */
void slack_server_free(struct slack_server *server); /* NULL is fine */

/* sluice-sim slack ... */
int slack_main(int argc, char **argv);

#endif
