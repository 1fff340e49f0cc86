/* ws_internal.h - what the WebSocket files share; nobody else includes it */
#ifndef LOOP_WS_INTERNAL_H
#define LOOP_WS_INTERNAL_H

#include <libwebsockets.h>

#include "base/strbuf.h"
#include "loop/internal.h"
#include "loop/resolve.h"
#include "loop/ws.h"

enum ws_state {
	WS_RESOLVING,
	WS_CONNECTING, /* TCP, TLS and the upgrade */
	WS_OPEN,
	WS_CLOSING, /* ws_close was called, or we found a fault: what is queued, then a close frame */
	WS_ENDED,   /* the reason stands, on_closed is on its way */
};

struct ws {
	struct loop *loop;
	struct ws_options options; /* its strings are ours, below */
	char *subprotocol;
	char host[256];   /* [::1] with its brackets */
	char bare[256];   /* without them */
	char header[264]; /* host, and the port when it is not the usual one */
	char *path;
	unsigned port;
	bool tls;
	struct lws_vhost *vhost;
	struct lws *wsi; /* NULL: none, or it is destroyed */
	bool wsi_ends;   /* lws said so: its WSI_DESTROY is on its way */
	bool agreed;     /* to the subprotocol */
	enum ws_state state;
	struct resolve resolve;
	bool resolving;
	unsigned next_address;
	bool reached; /* the other side spoke: the next address would not help */

	int64_t opened_ms;
	struct timer deadline; /* of the current phase: opening, closing */
	struct timer quiet;    /* ping and pong */
	int64_t heard_ms;      /* the last byte */
	bool pinged;           /* and nothing heard since */
	bool ping_due;

	struct strbuf message; /* joined so far */
	struct list queue;     /* struct outgoing */
	size_t queued_bytes;
	bool close_sent;     /* nothing may follow it */
	unsigned close_code; /* to be sent when the queue is empty; 0: none */

	struct task step; /* next address, or the end */
	struct err err;   /* why it ends */
};

struct outgoing {
	struct list link;
	size_t len;
	unsigned char bytes[]; /* LWS_PRE of room, then len */
};

/* ws.c: the connection is over; the first reason stays, on_closed comes from the step task */
void ws_finish(struct ws *ws);
void ws_set_reason(struct ws *ws, const struct err *err);
void ws_fail(struct ws *ws, enum err_kind kind, const char *why);
void ws_say_not_open(struct ws *ws, const char *why);
void ws_drop_queue(struct ws *ws);

/* ws_wire.c: what is queued leaves now, or when the socket takes it */
void ws_flush(struct ws *ws);
/* A close frame when what is queued has left, and the deadline for its answer */
void ws_close_soon(struct ws *ws, unsigned code);
void ws_on_quiet(struct timer *timer);

/* lws.c names it in its table of protocols */
int ws_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
		size_t len);

/* ws_url.c */
int ws_parse_url(struct ws *ws, const char *url, struct err *err);
bool ws_is_utf8(const char *bytes, size_t len);

#endif
