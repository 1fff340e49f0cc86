/* diff.h - who gains and who loses what between two policies, over everybody, every action, droplet, channel and class of times */
#ifndef POLICY_DIFF_H
#define POLICY_DIFF_H

#include <stdint.h>

#include "base/droplet.h"
#include "base/strbuf.h"
#include "policy/policy.h"

struct policy_diff {
	unsigned gains, losses; /* sentences of each kind */
	/* people times verbs times channels times droplets, once for each sentence; steps and limits not counted */
	uint64_t cases_gained, cases_lost;
	bool proven; /* false: more combinations of selectors, or of times, than could be tried */
	bool too_many_times; /* of times, turns and groups */
};

struct policy_diff_over {
	const struct droplet *inventory; /* NULL: witnesses for what the two files name */
	size_t n_inventory;
	bool all_names; /* not "and 12 more" */
};

/* Appends sentences, "+ dora may ..." and "- ...", an ended line each. */
void policy_diff(const struct policy *old, const struct policy *new,
		 const struct policy_diff_over *over, struct strbuf *out,
		 struct policy_diff *ret_diff);

#endif
