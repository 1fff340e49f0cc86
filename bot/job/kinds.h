/* kinds.h - what differs from one kind of step to the next: how it is sent, looked for after a lost answer, and watched
 *
 * Everything else is the same for all of them: the gate is asked, SUBMITTING is on disk before it leaves, an outcome that is not
 * known is looked for and never sent again, and every wait has an end. Inside this room only.
 *
 * To add a kind: a word in enum step_kind (plan.h), a row in kinds.c, a file kind_NAME.c with its functions.
 */
#ifndef JOB_KINDS_H
#define JOB_KINDS_H

#include "job/internal.h"

struct step_ops {
	/*
	 * READY: what must be known before the gate is asked once more; ends in job_run_prepared or job_run_later. NULL: nothing.
	 */
	void (*prepare)(struct job *job);
	/* The gate allowed. True: by what is known now it must not be sent, and the job was ended with words. NULL: never. */
	bool (*bars)(struct job *job, const struct ocean_snapshot *snapshot, struct store_txn *txn);
	/* Fills what is asked of DigitalOcean: verb and arguments. droplet_id and max_tier are set already. */
	void (*fill)(const struct job *job, struct ocean_call *call);
	/*
	 * It answered that it took it. Keeps in the row what it takes to watch it (row.action_id). False: the answer says too
	 * little, and is as good as lost.
	 */
	bool (*taken)(struct job *job, const struct ocean_call *call);
	/*
	 * It refused, and nothing ran. True: the job was ended (or moved) with words of its own. NULL: the usual words.
	 */
	bool (*refused)(struct job *job, const struct err *err);
	/* UNSURE, until job->until_ms: one look, and again by job_wait. Ends in look_found or look_gave_up. */
	void (*look)(struct job *job);
	/* WATCHING, until job->until_ms. Ends in steps_done or job_end. */
	void (*watch)(struct job *job);
};

const struct step_ops *step_ops(const struct plan_step *step);

/* look.c: it was done after all, and is watched from here; or nobody knows, and it is not sent again. */
void look_found(struct job *job);
void look_gave_up(struct job *job);

/* kind_act.c, look.c, watch.c: droplet actions */
void act_look(struct job *job);
void act_watch(struct job *job);
extern const struct step_ops kind_act, kind_destroy, kind_purge;

/* kind_link.c: a droplet is tied to a thing of the account, or untied */
extern const struct step_ops kind_link;

/* kind_create.c: a droplet is made, once, and found again by its request tag */
extern const struct step_ops kind_create;

/* kind_unsave.c: a snapshot is deleted */
extern const struct step_ops kind_unsave;

#endif
