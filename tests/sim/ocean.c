/* ocean.c - door 1: the real room `ocean` over the simulated world */
#include "sim/ocean.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

#define TOKEN_VARIABLE "SLUICE_SIM_TOKEN"

struct sim_ocean {
	struct ocean ocean; /* first */
	struct ocean *real;
	struct sim_door *door;
};

static void sim_ocean_start(struct ocean *ocean, struct ocean_call *call)
{
	ocean_start(((struct sim_ocean *)ocean)->real, call);
}

static void sim_ocean_cancel(struct ocean *ocean, struct ocean_call *call)
{
	ocean_cancel(((struct sim_ocean *)ocean)->real, call);
}

static void sim_ocean_close(struct ocean *ocean)
{
	struct sim_ocean *sim = (struct sim_ocean *)ocean;

	ocean_close(sim->real);
	sim_door_close(sim->door);
	free(sim);
}

static int64_t sim_ocean_wait_ms(const struct ocean *ocean, enum tier tier, bool interactive)
{
	return ocean_wait_ms(((const struct sim_ocean *)(const void *)ocean)->real, tier,
			     interactive);
}

static bool sim_ocean_spare(const struct ocean *ocean, unsigned n)
{
	return ocean_spare(((const struct sim_ocean *)(const void *)ocean)->real, n);
}

static const struct ocean_ops ops = {
	.start = sim_ocean_start,
	.cancel = sim_ocean_cancel,
	.close = sim_ocean_close,
	.wait_ms = sim_ocean_wait_ms,
	.spare = sim_ocean_spare,
};

struct ocean *sim_ocean_open(struct loop *loop, struct sim_world *world, const char *name,
			     int64_t latency_ms)
{
	struct err err;
	struct ocean_options options = {.name = name};
	struct sim_ocean *sim = mem_alloc(sizeof(*sim));

	if (world->model->n_tokens == 0) {
		(void)sim_add_token(world->model, SIM_TOKEN_ALL, "destroy", NULL);
	}
	(void)setenv(TOKEN_VARIABLE, SIM_TOKEN_ALL, 1);
	for (int tier = TIER_READ; tier <= TIER_DESTROY; tier++) {
		options.tokens[tier] = "env:" TOKEN_VARIABLE;
	}
	sim->door = sim_door_open(loop, world, latency_ms);
	sim->real = ocean_http_open(loop, &options, &err);
	if (sim->real == NULL) {
		fprintf(stderr, "simulated account '%s': %s\n", name, err.msg);
		sim_door_close(sim->door);
		free(sim);
		return NULL;
	}
	sim->ocean.ops = &ops;
	sim->ocean.name = sim->real->name;
	return &sim->ocean;
}
