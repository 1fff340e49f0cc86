/* said.h - what chat networks said of people and their groups just now; for this room only
 *
 * A network is asked beside the gate, which never waits. What it said counts for a minute, for that account alone; what it did
 * not say, or said longer ago, is not known, and what is not known is the worst case of a decision.
 */
#ifndef GATE_SAID_H
#define GATE_SAID_H

#include "base/map.h"
#include "gate/gate.h"

#define SAID_MS 60000
#define SAID_GROUPS_MAX 64

struct said {
	struct map answers; /* network, home, user and group -> struct said_answer */
};

/* The groups of the policy in which somebody is, as a question wants them. */
struct said_groups {
	const char *names[SAID_GROUPS_MAX]; /* borrowed from the policy */
	size_t n;
	bool known; /* every group of the policy was asked for */
};

void said_init(struct said *said);
void said_done(struct said *said);
void said_note(struct said *said, const struct gate_who *who, const char *group, bool member);
void said_of(const struct said *said, const struct policy *policy, const struct gate_who *who,
	     struct said_groups *ret_groups);

/* For what could be: groups that are not asked for from there are none of theirs. as_said false: what was said may be said
 * otherwise now, so that none of the others is known. */
void said_could(const struct said *said, const struct policy *policy, const struct gate_who *who,
		bool as_said, struct said_groups *ret_groups);

#endif
