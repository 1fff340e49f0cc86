/* held.h - what must be true of the bot whatever goes wrong, watched while a stage plays
 *
 *   - a request that changes something leaves only after its job is on disk as SUBMITTING
 *   - one step of a job, one request: what may have reached DigitalOcean is never sent again
 *   - one request of a create, one droplet: they are counted as those of droplet 0, which has no id when it is asked for
 *   - at the end nothing is open, the last word of every card is an outcome, and the log's chain is whole
 */
#ifndef GUARD_HELD_H
#define GUARD_HELD_H

#include "stage.h"

#define HELD_DROPLETS 32
#define HELD_SAID 32

struct held {
	const char *what; /* for the message, when something is not true */
	struct stage *stage;
	unsigned posts[HELD_DROPLETS]; /* by droplet id: requests that may have been carried out */
	unsigned reached[HELD_DROPLETS];
	unsigned jobs[HELD_DROPLETS];  /* by droplet id, at the end */
	unsigned steps[HELD_DROPLETS]; /* of these jobs, that were begun */
	unsigned states;               /* bits of enum job_state that held_state saw */
	unsigned n_wrong;
	unsigned n_changes,
		n_watched;     /* requests that are no GET; of them those that are looked at */
	char *said[HELD_SAID]; /* ids of what was said */
	bool answered[HELD_SAID];
	unsigned n_said;
	char **answers; /* ids of what posts answered */
	size_t n_answers;
	/* a post that fails: the nth, with this kind; 0: none */
	unsigned fail_post;
	enum err_kind fail_kind;
	bool post_failed;
};

void held_begin(struct held *held, struct stage *stage); /* watches from now on */
void held_said(struct held *held, const char *message);
void held_look(struct held *held); /* adds the states of the jobs on disk to `states` */
/* Lets everything come to its end, and holds it to the above. */
void held_end(struct held *held);
void held_free(struct held *held);

#endif
