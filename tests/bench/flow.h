/* flow.h - the real app on a real loop and a real SQLite file, with DigitalOcean in memory
 *
 * For the benchmark of changes and for the test with a slow disk. DigitalOcean stands at the door of ocean/ocean.h: every
 * call is answered at the next turn, an action is in progress when it is sent and completed when it is looked at. So its
 * 250 requests a minute, which ocean/http.c keeps, are not in the figures; everything above that door is the program's own.
 *
 * Also counts, and can delay, each fsync and fdatasync of the process: the functions here stand before the C library's.
 */
#ifndef BENCH_FLOW_H
#define BENCH_FLOW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "adapters/console/console.h"
#include "app/app.h"

#define FLOW_DROPLETS 256 /* web-0 ... web-255, ids from 1 */

struct flow {
	struct loop *loop;
	struct store *store;
	struct chat *chat;
	struct app *app;
	/* What the chat shows, and what DigitalOcean is sent; NULL: nobody is told. */
	void (*shown)(struct flow *flow, const char *channel, bool edit, const char *text);
	void (*sent)(struct flow *flow, size_t droplet);
	void *data;
};

extern atomic_uint flow_syncs;         /* that are over */
extern atomic_uint flow_sync_delay_ms; /* of each of them */
extern atomic_ullong flow_sync_ns;     /* spent in them, by the real clock */
extern atomic_ullong
	flow_sync_since_ns; /* when the one under way began, by CLOCK_MONOTONIC; 0: there is none */

/* state: the database file. False: said on stderr. */
bool flow_open(struct flow *flow, const char *policy_path, const char *state);
void flow_close(struct flow *flow);

/* user says it in the channel. */
void flow_say(struct flow *flow, const char *user, const char *channel, const char *text);

/* Nothing under way, nothing left to write. */
bool flow_idle(const struct flow *flow);

#endif
