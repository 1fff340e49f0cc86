/* states.c - the one table of a job's states */
#include "job/states.h"

#include <stddef.h>

#define BIT(state) (1U << (state))
#define ENDS_UNSTARTED (BIT(JOB_DENIED) | BIT(JOB_CANCELED) | BIT(JOB_EXPIRED))

struct state_row {
	const char *name;
	unsigned may; /* who may follow */
	bool holds;
};

/* A state that may be followed by none is final; the zeroed row is no state at all. */
static const struct state_row states[JOB_STATE_COUNT] = {
	[JOB_NONE] = {"none", 0, false},
	[JOB_ASKED] = {"asked",
		       BIT(JOB_CONFIRMING) | BIT(JOB_APPROVING) | BIT(JOB_QUEUED) | BIT(JOB_READY) |
			       BIT(JOB_DENIED),
		       false},
	[JOB_CONFIRMING] = {"confirming",
			    BIT(JOB_APPROVING) | BIT(JOB_QUEUED) | BIT(JOB_READY) | ENDS_UNSTARTED,
			    false},
	[JOB_APPROVING] = {"approving",
			   BIT(JOB_CONFIRMING) | BIT(JOB_QUEUED) | BIT(JOB_READY) | ENDS_UNSTARTED,
			   false},
	[JOB_QUEUED] = {"queued",
			BIT(JOB_CONFIRMING) | BIT(JOB_APPROVING) | BIT(JOB_READY) | ENDS_UNSTARTED,
			false},
	[JOB_READY] = {"ready",
		       BIT(JOB_SUBMITTING) | BIT(JOB_CONFIRMING) | BIT(JOB_APPROVING) |
			       BIT(JOB_READY) | BIT(JOB_FAILED) | BIT(JOB_DONE) | ENDS_UNSTARTED,
		       true},
	[JOB_SUBMITTING] = {"submitting",
			    BIT(JOB_WATCHING) | BIT(JOB_FAILED) | BIT(JOB_UNSURE) | BIT(JOB_READY),
			    true},
	[JOB_UNSURE] = {"unsure",
			BIT(JOB_WATCHING) | BIT(JOB_FAILED) | BIT(JOB_UNKNOWN) | BIT(JOB_READY),
			true},
	[JOB_WATCHING] = {"watching",
			  BIT(JOB_READY) | BIT(JOB_DONE) | BIT(JOB_FAILED) | BIT(JOB_UNKNOWN),
			  true},
	[JOB_DENIED] = {"denied", 0, false},
	[JOB_CANCELED] = {"canceled", 0, false},
	[JOB_EXPIRED] = {"expired", 0, false},
	[JOB_DONE] = {"done", 0, false},
	[JOB_FAILED] = {"failed", 0, false},
	[JOB_UNKNOWN] = {"unknown", 0, false},
};

/* States come from the database too: a number out of range is no state. */
static const struct state_row *row_of(enum job_state state)
{
	return (unsigned)state < JOB_STATE_COUNT ? &states[state] : &states[JOB_NONE];
}

const char *job_state_name(enum job_state state)
{
	return row_of(state)->name;
}

bool job_state_may(enum job_state from, enum job_state to)
{
	return (unsigned)to < JOB_STATE_COUNT && (row_of(from)->may & BIT(to)) != 0;
}

bool job_state_final(enum job_state state)
{
	return row_of(state) != &states[JOB_NONE] && row_of(state)->may == 0;
}

bool job_state_holds(enum job_state state)
{
	return row_of(state)->holds;
}
