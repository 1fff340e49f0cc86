/* internal.h - what the files of the room gate share; nobody else includes it
 *
 *   gate.c    the questions        places.c  what was started, in memory
 *   counts.c  how many of it a limit counts, and the words for a limit that is reached
 *   taken.c   turns on call that people took
 */
#ifndef GATE_INTERNAL_H
#define GATE_INTERNAL_H

#include "base/map.h"
#include "gate/gate.h"
#include "gate/said.h"

/* Who took places, and where: one for many of them. */
struct place_who {
	struct gate_who is;
	struct policy_asker asker; /* by the policy in force, */
	unsigned policy;           /* which is so many-th; see struct places */
};

/* One place that was taken: gate_place, with who and what it is about shared with others in its block. */
struct place {
	const char *job, *request;
	struct place_who *who;
	const struct droplet *droplet; /* as it was then; NULL: about none */
	int64_t at_ms, monthly_cents;
	enum verb verb;
	struct place_block *block; /* in which all of it stands, strings too */
	struct place *chain;       /* the next of those whose job's hash is in the same place */
};

#define PLACE_WHOS 64
#define PLACE_DROPLETS 256

struct places {
	struct place_block *block; /* where the next one goes; NULL: none yet */
	/* Of those in that block, each where its hash says: the next one may be about the same. NULL: none. */
	struct place_who *whos[PLACE_WHOS];
	const struct droplet *droplets[PLACE_DROPLETS];
	unsigned policy;    /* counts them: askers are looked up once for each */
	struct place **all; /* by time, the oldest first; of one time in the order of taking */
	size_t n, size;
	struct place **by_job; /* chains, by the hash of the job; NULL: none yet */
	bool known;            /* all that was taken before this process is here */
	int64_t lost_ms;       /* there were too many: up to that time some are missing; 0: none */
};

struct gate {
	struct policy *policy;
	struct places places;
	struct said said; /* who is in which group of a chat network, as it said of late */
	struct policy_taken *taken; /* its strings are in taken_arena */
	size_t n_taken;
	struct arena taken_arena;
};

/* gate.c: a new decision id */
void gate_make_id(char *id, size_t size);

/* taken.c: would the answer be another one, had the asker taken no turn? */
bool taken_matters(const struct policy_question *question, const struct decision *decision);
/* The decision was made because of a turn that the asker took: its rules say so, "taken.primary". */
void taken_mark(const struct gate *gate, const struct policy_asker *asker,
		struct gate_decision *decision, struct arena *arena);

/* places.c */
void places_done(struct places *places);
void places_look_up(struct gate *gate); /* the policy is another one */
/* Where the place of that request for that droplet is; places->n: it has none. */
size_t places_find(const struct places *places, const char *request, const struct droplet *droplet);

/* counts.c: what a command's questions need to know of what was started. Lives in the arena given. */
struct counting {
	const struct gate *gate;
	const struct gate_who *who;
	const char *request; /* whose own places do not stand in its way; NULL: none yet */
	const struct policy_limit **of; /* of these lines, */
	struct policy_count *counts;    /* so many; n with those of this command */
	unsigned *wanted;               /* by this command, for the droplets before this one */
	size_t n;
};
void counting_init(struct counting *counting, const struct gate *gate, const struct gate_who *who,
		   const char *request, struct arena *arena);
/* The question's counts; valid until the next call. */
void counting_ask(struct counting *counting, struct policy_question *question);
/* It was allowed: the next droplet of the command comes after it. */
void counting_add(struct counting *counting, const struct policy_question *question,
		  const struct decision *decision);
/* A limit denied it: which, how many of how many, when the next place is free. NULL: it was no limit. */
const char *counting_words(struct counting *counting, const struct policy_question *question,
			   const struct decision *decision, unsigned needs, bool names,
			   struct arena *arena);

#endif
