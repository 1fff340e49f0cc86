/* resolve.h - names to addresses, on the loop, with a deadline
 *
 * Every lookup has a thread of its own, at most four at once, the others wait in line. A resolver that hangs is
 * left behind at the deadline: it delays neither the loop nor the end of the program, as libuv's pool and curl's
 * resolver would (both wait for their threads). Never inside libwebsockets or curl.
 *
 * Kinds: NETWORK (no such name, or the resolver failed), TIMEOUT, CANCELED, USAGE (not a host name). A virtual
 * loop has no network: addresses resolve to themselves, names fail with NETWORK.
 */
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
