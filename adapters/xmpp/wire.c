/* wire.c - the adapter on a real WebSocket */
#include "adapters/xmpp/internal.h"

struct chat *xmpp_open(struct loop *loop, const struct xmpp_options *options, struct err *err)
{
	static const struct xmpp_wire websocket = {
		.open = ws_open,
		.send = ws_send,
		.close = ws_close,
	};

	return xmpp_new(loop, options, &websocket, err);
}
