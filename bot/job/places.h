/* places.h - a job's place under the policy's limits; for the files of this room */
#ifndef JOB_PLACES_H
#define JOB_PLACES_H

#include "job/internal.h"

/* It becomes READY in this transaction. droplet: as it was just looked at; NULL: it was not. */
void place_take(const struct job *job, const struct droplet *droplet, int64_t at_ms,
		struct store_txn *txn);
/* The transaction failed, or the job has ended unstarted: the gate counts it no more. */
void place_back(const struct job *job);
/* With every row of a job that is written: one that ends unstarted gives its place back. */
void place_follow(const struct job *job, const struct store_job *row, struct store_txn *txn);
bool place_unstarted(const struct store_job *row);

/* What was started before this process. Before any request is taken up. */
int places_load(struct job_engine *engine, struct err *err);

#endif
