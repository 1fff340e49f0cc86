/* world.h - what both doors do with a request: is a fault due? then the model, then the traffic log
 *
 * Also the control words under /_sim, that steer a running simulator:
 *
 *   POST   /_sim/fault     lines of faults.h
 *   DELETE /_sim/fault     no faults any more
 *   POST   /_sim/droplet   lines of sim_droplet_line: makes or changes droplets
 *   POST   /_sim/token     "TOKEN SCOPES": makes or changes a token; "TOKEN" alone revokes it
 *   POST   /_sim/advance   "20s" (ms, s, m, h): moves the clock, with a virtual clock only (else 409)
 *   GET    /_sim/state     time, droplets, faults and their counts, requests served
 *   GET    /_sim/log       the latest requests, oldest first, one JSON object a line
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdio.h>

#include "sim/faults.h"
#include "sim/model.h"

/* A request that was served, for tests that ask what the bot did. */
struct sim_call {
	int64_t at_ms;
	char method[12];
	char path[240];
	int status;            /* 0: no answer left */
	enum fault_kind fault; /* FAULT_NONE: none */
	bool reached;          /* the model saw it */
	const char *body;      /* only while it is told of; NULL: none */
};

struct sim_world {
	struct sim *model; /* owned */
	struct faults faults;
	FILE *log;              /* JSONL for check_response.py; NULL: none. Not owned. */
	struct sim_call *calls; /* oldest first; the first half is dropped at SIM_MAX_CALLS */
	size_t n_calls;
	uint64_t n_dropped;
	bool virtual_clock; /* time stands at virtual_ms; else it is clock_wall_ms() */
	int64_t virtual_ms;
	int64_t ahead_ms; /* DigitalOcean's clock before ours */
	/* Told of each call as it is served, before its answer leaves; NULL: nobody. For tests. */
	void (*served)(const struct sim_call *call, void *data);
	void *served_data;
};

#define SIM_MAX_CALLS 20000

enum sim_ending {
	SIM_ANSWERED,
	SIM_SILENT,  /* nothing is ever sent */
	SIM_REFUSED, /* no connection */
	SIM_RESET,   /* the connection is reset */
	SIM_CUT,     /* ... after half of the body */
};

struct sim_answer {
	enum sim_ending ending;
	int64_t delay_ms;
	struct sim_reply reply;
	enum fault_kind fault;
};

struct sim_world *sim_world_new(struct sim *model); /* takes the model */
void sim_world_free(struct sim_world *world);
int64_t sim_world_now(const struct sim_world *world);

void sim_answer_init(struct sim_answer *answer);
void sim_answer_done(struct sim_answer *answer);

void sim_world_serve(struct sim_world *world, const struct sim_request *request,
		     struct sim_answer *answer);

bool sim_world_is_control(const char *path);
void sim_world_control(struct sim_world *world, const struct sim_request *request,
		       struct sim_reply *reply);

/* How many calls fit (method NULL: every; path: glob as in faults.h), from the call number `from` on. */
size_t sim_world_count(const struct sim_world *world, size_t from, const char *method,
		       const char *path);

/* "1500ms", "20s", "2m", "1h" -> ms; -1 when it is none. */
int64_t sim_duration(const char *text);

#endif
