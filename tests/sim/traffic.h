/* traffic.h - what a simulator was asked and what it said, as lines of JSON that are held against the API description
 *
 * {"t","method","path","status","req","resp"} and where they apply "fault", "injected" (the reply is not the model's) and
 * "refusal_expected" (a 400 or 422 of the model). Bodies that are no JSON are null.
 */
#ifndef SIM_TRAFFIC_H
#define SIM_TRAFFIC_H

#include <stdio.h>

#include "sim/world.h"

/* One line, flushed. A line that cannot be written is lost and nothing else. NULL: nowhere. */
void sim_traffic_write(FILE *file, int64_t now_ms, const struct sim_request *request,
		       const struct sim_answer *answer);

/*
 * The same into a file of this process below the folder that the environment names in SIM_TRAFFIC_DIR: ctest gives each test
 * its own, and sim/traffic reads them all. What differs only in times and in long numbers from a message that stands there
 * already is counted ({"same":N}), not written. Without the variable nothing happens.
 */
void sim_traffic_note(int64_t now_ms, const struct sim_request *request,
		      const struct sim_answer *answer);
void sim_traffic_count(void); /* writes how many were the same, so far */

#endif
