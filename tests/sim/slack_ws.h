/* slack_ws.h - WebSocket frames (RFC 6455), the server's side */
#ifndef SIM_SLACK_WS_H
#define SIM_SLACK_WS_H

#include "base/strbuf.h"

enum ws_opcode { WS_MORE = 0, WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

struct ws_frame {
	enum ws_opcode opcode;
	bool fin;
	char *data; /* in the bytes that were given, unmasked */
	size_t len;
};

#define WS_MAX_FRAME (1u << 20)

/* The first whole frame of these bytes: how many bytes it takes, 0 when more must come, -1 when it is no client's. */
long ws_read(char *bytes, size_t len, struct ws_frame *ret);
void ws_write(struct strbuf *out, enum ws_opcode opcode, bool fin, const void *data, size_t len);
void ws_accept(const char *key, char ret[32]); /* Sec-WebSocket-Accept */

#endif
