/* turns.c - whose turn it is: by the rota, by who stands in, and by who took it
 *
 * A turn that was taken (break-glass) stands beside the scheduled one and never replaces it: nobody who is on call can be
 * locked out by it. It counts only while the policy's `may_take` names the person, so a new policy ends it at once.
 */
#include <string.h>

#include "policy/snapshot.h"

unsigned rota_person(const struct rota *rota, int64_t at, int64_t *ret_until)
{
	int64_t turn_s = rota->days * DAY_S;
	int64_t since = at + zone_offset(rota->zone, at) - rota->from_wall;
	int64_t turn = since >= 0 ? since / turn_s : -1;
	unsigned person = since >= 0 ? rota->people[turn % rota->n_people] : 0;
	int64_t until = 0;
	int64_t last;
	bool gap;

	if (ret_until != NULL) {
		zone_instants(rota->zone, rota->from_wall + (turn + 1) * turn_s, &until, &last,
			      &gap);
	}
	for (unsigned i = 0; i < rota->n_covers; i++) {
		const struct cover *cover = &rota->covers[i];

		if (at >= cover->from && at < cover->to) {
			person = cover->person;
			until = cover->to;
			break;
		}
		if (ret_until != NULL && cover->from > at && cover->from < until) {
			until = cover->from;
		}
	}
	if (ret_until != NULL) {
		*ret_until = until;
	}
	return person;
}

bool rota_may_take(const struct rota *rota, unsigned person)
{
	return person != 0 && rota->takers != NULL && bit_get(rota->takers, person);
}

bool rota_names(const struct rota *rota, unsigned person)
{
	for (unsigned i = 0; i < rota->n_people; i++) {
		if (rota->people[i] == person) {
			return true;
		}
	}
	for (unsigned i = 0; i < rota->n_covers; i++) {
		if (rota->covers[i].person == person) {
			return true;
		}
	}
	return rota_may_take(rota, person);
}

/* Was this rota's turn taken, then, by somebody who may? *ret_person is their number. */
static bool is_valid(const struct policy *p, const struct rota *rota,
		     const struct policy_taken *taken, int64_t at_ms, unsigned *ret_person)
{
	if (at_ms < taken->from_ms || at_ms >= taken->until_ms ||
	    strcmp(taken->rota, rota->name) != 0) {
		return false;
	}
	*ret_person = policy_person_number(p, taken->person);
	return rota_may_take(rota, *ret_person);
}

bool rota_is_taken(const struct policy *p, const struct rota *rota, unsigned person,
		   const struct policy_question *q)
{
	for (size_t i = 0; i < q->n_taken; i++) {
		unsigned by;

		if (is_valid(p, rota, &q->taken[i], q->at_ms, &by) && by == person) {
			return true;
		}
	}
	return false;
}

const char *policy_rota(const struct policy *policy, size_t i)
{
	return i < policy->n_rotas ? policy->rotas[i].name : NULL;
}

const char *policy_rota_zone(const struct policy *policy, size_t i, int64_t at_ms,
			     int64_t *ret_ahead_ms)
{
	if (i >= policy->n_rotas) {
		return NULL;
	}
	*ret_ahead_ms = zone_offset(policy->rotas[i].zone, at_ms / SECOND_MS) * SECOND_MS;
	return policy->rotas[i].zone->name;
}

const char *policy_rota_person(const struct policy *policy, size_t i, int64_t at_ms,
			       int64_t *ret_until_ms)
{
	unsigned person;
	int64_t until;

	if (i >= policy->n_rotas) {
		return NULL;
	}
	person = rota_person(&policy->rotas[i], at_ms / SECOND_MS, &until);
	*ret_until_ms = until * SECOND_MS;
	return person != 0 ? policy->people[person].name : NULL;
}

bool policy_may_take(const struct policy *policy, size_t i, const char *person)
{
	return i < policy->n_rotas && person != NULL &&
	       rota_may_take(&policy->rotas[i], policy_person_number(policy, person));
}

/* Of several turns that one person took the first stands for all, and ends with the last. False: it is not the first. */
static bool taken_turn(const struct policy *p, const struct rota *rota,
		       const struct policy_taken *taken, size_t n_taken, size_t number,
		       int64_t at_ms, struct policy_turn *ret_turn)
{
	int64_t until = 0;
	unsigned person;

	if (!is_valid(p, rota, &taken[number], at_ms, &person)) {
		return false;
	}
	for (size_t i = 0; i < n_taken; i++) {
		unsigned other;

		if (!is_valid(p, rota, &taken[i], at_ms, &other) || other != person) {
			continue;
		}
		if (i < number) {
			return false;
		}
		until = taken[i].until_ms > until ? taken[i].until_ms : until;
	}
	*ret_turn = (struct policy_turn){p->people[person].name, until, true};
	return true;
}

size_t policy_on_call(const struct policy *policy, size_t i, int64_t at_ms,
		      const struct policy_taken *taken, size_t n_taken,
		      struct policy_turn *ret_turns, size_t most)
{
	struct policy_turn turn = {.taken = false};
	size_t n = 0;

	turn.person = policy_rota_person(policy, i, at_ms, &turn.until_ms);
	if (turn.person != NULL && n++ < most) {
		ret_turns[0] = turn;
	}
	for (size_t k = 0; i < policy->n_rotas && k < n_taken; k++) {
		if (taken_turn(policy, &policy->rotas[i], taken, n_taken, k, at_ms, &turn) &&
		    n++ < most) {
			ret_turns[n - 1] = turn;
		}
	}
	return n;
}
