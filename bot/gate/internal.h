/* internal.h - what the files of the room gate share; nobody else includes it */
#ifndef GATE_INTERNAL_H
#define GATE_INTERNAL_H

#include "gate/gate.h"

struct gate {
	struct policy *policy;
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

#endif
