/* calls.h - one account on a virtual loop, and calls asked of it one after the other; for the tests of this folder */
#ifndef SIM_CALLS_H
#define SIM_CALLS_H

#include <string.h>

#include "sim/ocean.h"

#define CALLS_START_MS INT64_C(1768273200000) /* 2026-01-13T03:00:00Z */

struct calls {
	struct loop *loop;
	struct sim_world *sim;
	struct ocean *ocean;
	struct err err; /* of the latest call */
	bool over;
	/* looks at the results while they live; NULL: nobody */
	void (*look)(const struct ocean_call *call, void *data);
	void *data;
};

static inline void calls_done(struct ocean_call *call, const struct err *err)
{
	struct calls *c = call->data;

	err_copy(&c->err, err);
	if (err == NULL && c->look != NULL) {
		c->look(call, c->data);
	}
	c->over = true;
}

static inline void calls_open(struct calls *c)
{
	memset(c, 0, sizeof(*c));
	c->loop = loop_new_virtual(CALLS_START_MS);
	c->sim = sim_world_new(sim_new(CALLS_START_MS));
	c->sim->virtual_clock = true;
	c->sim->virtual_ms = CALLS_START_MS;
	c->ocean = sim_ocean_open(c->loop, c->sim, "main", SIM_LATENCY_MS);
}

static inline void calls_close(struct calls *c)
{
	ocean_close(c->ocean);
	sim_world_free(c->sim);
	loop_free(c->loop);
}

static inline enum err_kind calls_ask(struct calls *c, struct ocean_call call)
{
	call.max_tier = call.max_tier != TIER_NONE ? call.max_tier : TIER_DESTROY;
	call.interactive = true;
	call.done = calls_done;
	call.data = c;
	c->over = false;
	ocean_start(c->ocean, &call);
	while (!c->over) {
		loop_advance(c->loop, 20);
	}
	return c->err.kind;
}

static inline void calls_pass(struct calls *c, int64_t ms)
{
	c->sim->virtual_ms += ms;
	sim_settle(c->sim->model, c->sim->virtual_ms);
}

#endif
