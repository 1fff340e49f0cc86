/* ws.h - a WebSocket client connection (RFC 6455) over libwebsockets
 *
 * One struct ws is one connection, never reused: a reconnect is a new one. It resolves by
 * loop/resolve, has a deadline for each phase (resolve, connect + TLS, upgrade) and pings. Exactly one
 * on_closed comes for every ws_open that returned a handle, from the loop, whatever happened.
 *
 * Its kinds: NETWORK (no connection, or it broke), CONFIG (the certificate is refused), REMOTE (an HTTP answer,
 * with its status; a close frame of the server; not UTF-8, binary, no subprotocol), LIMIT (a message too big), TIMEOUT
 * (silent after a ping), CANCELED (ws_close, answered or not).
 */
#ifndef LOOP_WS_H
#define LOOP_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"

struct ws;

struct ws_options {
	const char *url;          /* ws:// or wss:// */
	const char *subprotocol;  /* e.g. "xmpp"; NULL: none */
	const char *ca_file;      /* NULL: the system's */
	bool require_subprotocol; /* close when the server did not agree to it */
	size_t max_message_bytes; /* joined from fragments; 0: 1 MiB; more closes with 1009 and ERR_LIMIT */
	size_t max_queue_bytes; /* unsent; 0: 1 MiB; ws_send refuses above it */
	int64_t open_ms;        /* from ws_open to open; 0: 15 s */
	int64_t ping_ms; /* quiet time before we ping; 0: 30 s; -1: never (the protocol above has its own) */
	int64_t pong_ms; /* from ping to any byte; 0: 10 s */
	void (*on_open)(struct ws *, void *data);
	/* one whole text message; bytes live until it returns; not NUL-terminated */
	void (*on_message)(struct ws *, const char *bytes, size_t len, void *data);
	/* the end; err->msg says why ("closed by the server: 1001"; ERR_CONFIG: its certificate is refused); the handle
	 * dies when it returns */
	void (*on_closed)(struct ws *, const struct err *err, void *data);
	void *data;
};

/* Copies the options' strings. NULL and *err when the url or the CA file is no good; no callback then. */
struct ws *ws_open(struct loop *loop, const struct ws_options *options, struct err *err);

/* Sends one text message, copied: at once, or when the socket takes it. -1 (ERR_LIMIT, ERR_CONFLICT before open and after close):
 * nothing was taken. No callback comes before it returns. */
int ws_send(struct ws *ws, const char *bytes, size_t len, struct err *err);

/* Sends what is queued, then a close frame; on_closed comes within 2 s, no message before it. Twice is fine. */
void ws_close(struct ws *ws, unsigned code);

size_t ws_queued_bytes(const struct ws *ws);

#endif
