/* steps.h - what became of the steps of a plan, as the job's row keeps it: for the way on, after a restart too, and for words
 *
 * A line for each step that has ended, in order: "d 6012" done after 6012 ms, "s" left out, "n" not done, "f 60000 WHY" failed,
 * "u 60000 WHY" sent, and nobody knows. Of a plan of one step: STEPS_WAS_ON, where that matters afterwards.
 */
#ifndef JOB_STEPS_H
#define JOB_STEPS_H

#include "base/arena.h"
#include "job/plan.h"
#include "store/store.h"

#define STEPS_TEXT 1000     /* bytes of all lines */
#define STEPS_WAS_ON "on\n" /* the droplet was on when its snapshot was begun */

enum step_end { STEP_OPEN = 0, STEP_DONE, STEP_LEFT_OUT, STEP_NOT_DONE, STEP_FAILED, STEP_UNKNOWN };

struct step_note {
	enum step_end end; /* OPEN: under way, or still to come */
	int64_t took_ms;
	const char *why; /* FAILED: sentences, a line each; in the arena */
};

/* Of the step with that number, from 0. */
struct step_note step_note(const char *steps, size_t step, struct arena *arena);

#endif
