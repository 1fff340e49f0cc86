/* members.c - who could give an approval now, for those who ask for it and for those who count it */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "gate/gate.h"

bool gate_member(const struct gate *gate, const char *person, const char *group)
{
	size_t n_taken;
	const struct policy_taken *taken = gate_taken(gate, &n_taken);

	return policy_member(gate_policy(gate), person, group, clock_wall_ms(), taken, n_taken);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct gate_approver *)a)->person,
		      ((const struct gate_approver *)b)->person);
}

size_t gate_members(const struct gate *gate, const char *group, const char *but,
		    const char *network, const char *workspace, struct arena *arena,
		    const struct gate_approver **ret)
{
	const struct policy *policy = gate_policy(gate);
	int64_t now_ms = clock_wall_ms();
	size_t n_taken;
	const struct policy_taken *taken = gate_taken(gate, &n_taken);
	struct gate_approver *list;
	const char *person;
	size_t most = 0;
	size_t n = 0;

	while (policy_person_at(policy, most) != NULL) {
		most++;
	}
	list = arena_array(arena, most + 1, sizeof(*list));
	for (size_t i = 0; (person = policy_person_at(policy, i)) != NULL; i++) {
		if ((but == NULL || strcmp(person, but) != 0) &&
		    policy_member(policy, person, group, now_ms, taken, n_taken)) {
			list[n].person = arena_strdup(arena, person);
			list[n].id = arena_strdup(
				arena, policy_person_id(policy, person, network, workspace));
			n++;
		}
	}
	qsort(list, n, sizeof(*list), by_name);
	*ret = list;
	return n;
}

const char *gate_person_code(const struct gate *gate, const char *person)
{
	return person != NULL ? policy_person_code(gate_policy(gate), person) : NULL;
}
