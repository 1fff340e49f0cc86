/* states.h - the states of a job, and which may follow which (one table, one mover)
 *
 * ASKED      -> CONFIRMING APPROVING QUEUED READY DENIED
 * CONFIRMING -> APPROVING QUEUED READY DENIED CANCELED EXPIRED
 * APPROVING  -> CONFIRMING QUEUED READY DENIED CANCELED EXPIRED
 * QUEUED     -> READY CONFIRMING APPROVING DENIED CANCELED EXPIRED   waits for a droplet that another job holds
 * READY      -> SUBMITTING CONFIRMING APPROVING DENIED CANCELED EXPIRED   holds its droplet and its place
 *               READY FAILED DONE: of plans with several steps, whose next is left out or leads back
 * SUBMITTING -> WATCHING FAILED UNSURE READY  written before the request leaves; READY only if it provably did not run
 *               (never sent, or refused because the droplet is busy)
 * UNSURE     -> WATCHING FAILED UNKNOWN READY (READY only if the request provably never left, or a person presses "again")
 * WATCHING   -> READY DONE FAILED UNKNOWN
 */
#ifndef JOB_STATES_H
#define JOB_STATES_H

#include <stdbool.h>

enum job_state {
	JOB_NONE = 0, /* not runnable */
	JOB_ASKED,
	JOB_CONFIRMING,
	JOB_APPROVING,
	JOB_READY,
	JOB_SUBMITTING,
	JOB_UNSURE,
	JOB_WATCHING,
	JOB_DENIED,
	JOB_CANCELED,
	JOB_EXPIRED,
	JOB_DONE,
	JOB_FAILED,
	JOB_UNKNOWN,
	JOB_QUEUED, /* last: the numbers stand in databases */
	JOB_STATE_COUNT,
};

const char *job_state_name(enum job_state state);
bool job_state_may(enum job_state from, enum job_state to);
bool job_state_final(enum job_state state);
bool job_state_holds(enum job_state state); /* holds its droplet: no second job may be open on it */

#endif
