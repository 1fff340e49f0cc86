/* slack_conn.h - one connection of the simulated Slack's server: HTTP first (slack_server.c), then perhaps a WebSocket
 * (slack_socket.c); the bytes of both leave by slack_conn.c */
#ifndef SIM_SLACK_CONN_H
#define SIM_SLACK_CONN_H

#include <http_parser.h>
#include <uv.h>

#include "sim/listener.h"
#include "sim/slack.h"

struct slack_server {
	struct sim_listener base; /* first */
	uv_timer_t due;           /* the model's next deadline */
	struct slack *slack;
	struct list connections;
};

struct conn {
	struct list link;
	struct slack_server *server;
	uv_tcp_t tcp;
	uv_timer_t delay; /* a slow answer; of a WebSocket: the pings, then the end */
	uv_timer_t pong;  /* a late pong */
	unsigned open_handles;
	bool near, busy, closing;
	struct tls_session *tls;
	http_parser parser;
	struct strbuf url, body, header, value;
	bool in_value, has_token;
	char token[512], type[128], key[128];
	struct slack_reply reply;
	/* of a WebSocket */
	bool is_socket, said_close;
	struct slack_link *registered;
	struct strbuf raw, message, ping;
	char bytes[16384]; /* read buffer */
};

enum conn_then { CONN_GO_ON, CONN_CLOSE };

void conn_close(struct conn *c, bool reset);
void conn_send(struct conn *c, struct strbuf *clear,
	       enum conn_then then); /* takes the bytes of clear */
void conn_send_raw(struct conn *c, struct strbuf *wire, enum conn_then then);
void conn_upgrade(struct conn *c); /* the request is whole and asks for it */
void conn_socket_bytes(struct conn *c, const char *bytes, size_t len); /* after that */
void slack_server_accept(uv_stream_t *listener, int status);           /* of the listener */
void slack_server_tick(struct slack_server *server); /* after anything has happened */

#endif
