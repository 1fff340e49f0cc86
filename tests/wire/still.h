/* still.h - a loop that has nothing to do takes no time of the processor */
#ifndef WIRE_STILL_H
#define WIRE_STILL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <time.h>

#include "loop/loop.h"

#define STILL_MS 600
#define STILL_MOST_US 20000 /* of those */

static inline bool never(void *data)
{
	(void)data;
	return false;
}

static inline void assert_still(struct loop *idle)
{
	struct timespec before;
	struct timespec after;

	(void)loop_run_until(idle, never, NULL, 100); /* what is under way */
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	(void)loop_run_until(idle, never, NULL, STILL_MS);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	assert_in_range((after.tv_sec - before.tv_sec) * 1000000 +
				(after.tv_nsec - before.tv_nsec) / 1000,
			0, STILL_MOST_US);
}

#endif
