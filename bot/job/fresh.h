/* fresh.h - what a decision is made of, looked at anew: the requester's groups, then the droplets of an account */
#ifndef JOB_FRESH_H
#define JOB_FRESH_H

#include "job/job.h"

/* Caller-owned; `want` is filled as for ocean_index_want. */
struct fresh {
	struct ocean_want want;
	struct group_want groups;
	const struct job_options *options;
	struct ocean_index *index;
	bool asking; /* the groups; else the list */
};

/* want.done comes as ocean_index_want says. */
void fresh_start(struct fresh *fresh, const struct job_options *options, struct ocean_index *index,
		 const struct gate_who *who);
void fresh_cancel(struct fresh *fresh); /* only while it is under way */

#endif
