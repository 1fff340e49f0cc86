/* kinds.c - the one table of kinds of steps */
#include "job/kinds.h"

#include <assert.h>

static const struct step_ops *const rows[STEP_KIND_COUNT] = {
	[STEP_ACT] = &kind_act,   [STEP_DESTROY] = &kind_destroy, [STEP_PURGE] = &kind_purge,
	[STEP_LINK] = &kind_link, [STEP_CREATE] = &kind_create,   [STEP_UNSAVE] = &kind_unsave,
};

const struct step_ops *step_ops(const struct plan_step *step)
{
	assert((unsigned)step->kind < STEP_KIND_COUNT && rows[step->kind] != NULL);
	return rows[step->kind];
}
