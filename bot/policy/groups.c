/* groups.c - who is in a group, a rota or among the people now: for those who are asked to approve */
#include <string.h>

#include "policy/snapshot.h"

/* q: of which time it is, and who took a turn. */
static bool has_turn(const struct policy *policy, unsigned i, unsigned person,
		     const struct policy_question *q)
{
	const struct rota *rota = &policy->rotas[i];

	return rota_person(rota, q->at_ms / SECOND_MS, NULL) == person ||
	       rota_is_taken(policy, rota, person, q);
}

static bool in_group(const struct policy *policy, const struct group_set *group, unsigned person,
		     const struct policy_question *q)
{
	if (bit_get(group->people, person)) {
		return true;
	}
	for (unsigned i = 0; i < policy->n_rotas; i++) {
		if (bit_get(group->terms.bits, i) && has_turn(policy, i, person, q)) {
			return true;
		}
	}
	return false;
}

bool policy_member(const struct policy *policy, const char *person, const char *group,
		   int64_t at_ms, const struct policy_taken *taken, size_t n_taken)
{
	const struct policy_question q = {.at_ms = at_ms, .taken = taken, .n_taken = n_taken};
	unsigned number = person != NULL ? policy_person_number(policy, person) : 0;

	if (number == 0 || group == NULL) {
		return false;
	}
	if (strcmp(group, "people") == 0 || strcmp(group, person) == 0) {
		return true;
	}
	for (unsigned i = 0; i < policy->n_group_sets; i++) {
		if (strcmp(policy->group_sets[i].name, group) == 0) {
			return in_group(policy, &policy->group_sets[i], number, &q);
		}
	}
	for (unsigned i = 0; i < policy->n_rotas; i++) {
		if (strcmp(policy->rotas[i].name, group) == 0) {
			return has_turn(policy, i, number, &q);
		}
	}
	return false;
}

const char *policy_person_at(const struct policy *policy, size_t i)
{
	return i < policy->n_people ? policy->people[i + 1].name : NULL;
}
