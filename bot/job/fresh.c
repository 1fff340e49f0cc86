/* fresh.c - what a decision is made of, looked at anew: the requester's groups, then the droplets of an account
 *
 * Failure modes: the network does not say who is in a group: the list is asked for all the same, and the gate, which knows
 * nothing of that group then, takes the worst case.
 */
#include "job/fresh.h"

static void on_groups(struct group_want *groups)
{
	struct fresh *fresh = groups->data;

	fresh->asking = false;
	ocean_index_want(fresh->index, &fresh->want);
}

void fresh_start(struct fresh *fresh, const struct job_options *options, struct ocean_index *index,
		 const struct gate_who *who)
{
	fresh->options = options;
	fresh->index = index;
	fresh->groups.done = on_groups;
	fresh->groups.data = fresh;
	if (options->groups == NULL) {
		on_groups(&fresh->groups);
		return;
	}
	fresh->asking = true;
	options->groups(who, &fresh->groups, options->data);
}

void fresh_cancel(struct fresh *fresh)
{
	if (fresh->asking) {
		fresh->asking = false;
		fresh->options->groups_cancel(&fresh->groups);
	} else {
		ocean_index_cancel(&fresh->want);
	}
}
