/* groups.c - who is in a group, a rota or among the people now: for those who are asked to approve */
#include <string.h>

#include "policy/snapshot.h"

static bool has_turn(const struct policy *policy, unsigned i, unsigned person, int64_t at_ms)
{
	return rota_person(&policy->rotas[i], at_ms / 1000, NULL) == person;
}

static bool in_group(const struct policy *policy, const struct group_set *group, unsigned person,
		     int64_t at_ms)
{
	if (bit_get(group->people, person)) {
		return true;
	}
	for (unsigned i = 0; i < policy->n_rotas; i++) {
		if (bit_get(group->terms.bits, i) && has_turn(policy, i, person, at_ms)) {
			return true;
		}
	}
	return false;
}

bool policy_member(const struct policy *policy, const char *person, const char *group,
		   int64_t at_ms)
{
	unsigned number = person != NULL ? policy_person_number(policy, person) : 0;

	if (number == 0 || group == NULL) {
		return false;
	}
	if (strcmp(group, "people") == 0 || strcmp(group, person) == 0) {
		return true;
	}
	for (unsigned i = 0; i < policy->n_group_sets; i++) {
		if (strcmp(policy->group_sets[i].name, group) == 0) {
			return in_group(policy, &policy->group_sets[i], number, at_ms);
		}
	}
	for (unsigned i = 0; i < policy->n_rotas; i++) {
		if (strcmp(policy->rotas[i].name, group) == 0) {
			return has_turn(policy, i, number, at_ms);
		}
	}
	return false;
}

const char *policy_person_at(const struct policy *policy, size_t i)
{
	return i < policy->n_people ? policy->people[i + 1].name : NULL;
}
