/* resolve.h - names to addresses, on the loop, with a deadline (uv_getaddrinfo; never inside libwebsockets) */
#ifndef LOOP_RESOLVE_H
#define LOOP_RESOLVE_H

#include "loop/loop.h"

#define RESOLVE_MAX 8

struct resolve {
	const char
		*host; /* set by the caller, borrowed until done; an address resolves to itself */
	int64_t timeout_ms; /* 0: 5 s */
	void (*done)(struct resolve *,
		     const struct err *); /* exactly once, from the loop, also on cancel */
	void *data;
	/* results, valid in done and after it */
	char addresses[RESOLVE_MAX][46]; /* numeric, in the system's order */
	unsigned n_addresses;
	void *internal;
};

void resolve_start(struct loop *loop, struct resolve *resolve);
void resolve_cancel(struct resolve *resolve); /* done comes with ERR_CANCELED, at the next turn */

#endif
