/* wire.c - the adapter on real WebSockets */
#include "adapters/slack/internal.h"

struct chat *slack_open(struct loop *loop, const struct slack_options *options, struct err *err)
{
	static const struct slack_wire websocket = {
		.open = ws_open,
		.send = ws_send,
		.close = ws_close,
	};

	return slack_adapter_new(loop, options, &websocket, err);
}
