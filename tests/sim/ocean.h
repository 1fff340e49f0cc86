/* ocean.h - door 1: the simulated DigitalOcean in memory, on a virtual loop
 *
 * What is behind the returned ocean is the real room `ocean`: its paging, pacing, retries and decoder. Only the socket is
 * replaced (http_virtual): requests go to sim_world_serve with the loop's time. So the two doors
 * cannot disagree about anything but bytes.
 */
#ifndef SIM_OCEAN_H
#define SIM_OCEAN_H

#include "loop/http.h"
#include "ocean/ocean.h"
#include "sim/world.h"

#define SIM_LATENCY_MS 40 /* of a call, half of it before the model sees it */

/*
 * The socket's place on a virtual loop: every pool made from now on speaks with the world, until sim_door_close, which
 * comes after the pools are gone. The program itself can be opened after it. The world is borrowed.
 */
struct sim_door;
struct sim_door *sim_door_open(struct loop *loop, struct sim_world *world, int64_t latency_ms);
void sim_door_close(struct sim_door *door); /* NULL is fine */

/*
 * A whole account: a door of its own and the real ocean with the token SIM_TOKEN_ALL for every tier (it is added to a
 * world that has no tokens). name: the account's in the policy. ocean_close frees both.
 */
struct ocean *sim_ocean_open(struct loop *loop, struct sim_world *world, const char *name,
			     int64_t latency_ms, struct err *err);

#endif
