/* duties.c - what stands between allowed and done: limits that refuse, and the union of the steps that lines ask for */
#include <string.h>

#include "policy/ask.h"

static const struct policy_view plainly;

const struct policy_count *count_of(const struct policy_question *q,
				    const struct policy_limit *limit)
{
	for (size_t i = 0; i < q->n_counts; i++) {
		if (strcmp(q->counts[i].limit, limit->rule->name) == 0) {
			return &q->counts[i];
		}
	}
	return NULL;
}

static bool is_reached(const struct ask *ask, const struct policy_limit *limit)
{
	const struct policy_question *q = ask->q;
	const struct policy_count *count = count_of(q, limit);
	bool known = count != NULL ? !count->n_unknown : q->counts_known;
	bool cost_known = q->cost_known && (count == NULL || !count->cents_unknown);
	unsigned n = count != NULL ? count->n : 0;
	int64_t spent = count != NULL ? count->monthly_cents : 0;

	if (limit->droplets_at_once > 0 && q->n_targets > limit->droplets_at_once &&
	    verb_info(q->verb)->effect != EFFECT_READ) {
		return true;
	}
	if (limit->monthly_cents > 0 &&
	    (q->verb == VERB_DROPLET_CREATE || q->verb == VERB_DROPLET_RESIZE) &&
	    (cost_known ? q->monthly_cents > limit->monthly_cents - spent : !ask->view->hopeful)) {
		return true;
	}
	return limit->at_most > 0 && (known ? n >= limit->at_most : !ask->view->hopeful);
}

bool ask_limits(struct ask *ask, struct decision *decision)
{
	const struct rule_table *table = &ask->at.policy->limits;
	size_t n_allows = decision->n_rules;
	bool reached = false;

	for (unsigned w = 0; w < table->words; w++) {
		uint64_t bits = candidates(table, &ask->at, ask->q->verb, w);

		for (; bits != 0; bits &= bits - 1) {
			unsigned number = w * 64 + (unsigned)__builtin_ctzll(bits);
			const struct policy_limit *limit = table->rules[number].limit;

			if (ask_line(ask, table, number, false) < least_to_take(ask)) {
				continue;
			}
			if (is_reached(ask, limit) || decision->n_limits == DECISION_LIMITS_MAX) {
				decision->n_rules = reached ? decision->n_rules : 0;
				reached = true;
				speak(decision, limit->rule);
			} else {
				decision->limits[decision->n_limits++] = limit;
			}
		}
	}
	decision->n_rules = reached ? decision->n_rules : n_allows;
	return reached;
}

size_t policy_limits(const struct policy_question *q, const struct policy_limit **ret, size_t most)
{
	struct ask ask = ask_of(q, &plainly);
	const struct rule_table *table;
	size_t n = 0;

	if (ask.at.policy == NULL || !is_verb(q->verb)) {
		return 0;
	}
	table = &ask.at.policy->limits;
	for (unsigned w = 0; w < table->words; w++) {
		uint64_t bits = candidates(table, &ask.at, q->verb, w);

		for (; bits != 0 && n < most; bits &= bits - 1) {
			unsigned number = w * 64 + (unsigned)__builtin_ctzll(bits);

			if (ask_line(&ask, table, number, false) != FIT_NO) {
				ret[n++] = table->rules[number].limit;
			}
		}
	}
	return n;
}

bool policy_limit_fits(const struct policy_limit *limit, const struct policy_question *past)
{
	struct ask ask = ask_of(past, &plainly);
	const struct rule *rule = (const struct rule *)limit->rule; /* label is first */
	const struct rule_table *table;
	unsigned number;

	if (ask.at.policy == NULL || !is_verb(past->verb)) {
		return false;
	}
	table = &ask.at.policy->limits;
	number = (unsigned)(rule - table->rules);
	return (candidates(table, &ask.at, past->verb, number / 64) >> (number % 64) & 1) != 0 &&
	       ask_line(&ask, table, number, false) != FIT_NO;
}

bool match_limits(const struct policy_question *q, struct decision *decision)
{
	struct ask ask = ask_of(q, &plainly);

	return is_verb(q->verb) && ask_limits(&ask, decision);
}

bool policy_duty_add(struct duty *duties, size_t *n, size_t most, const struct duty *duty)
{
	for (size_t i = 0; i < *n && duty->kind != DUTY_APPROVALS; i++) {
		struct duty *old = &duties[i];
		bool confirms = old->kind == DUTY_CONFIRM || old->kind == DUTY_CODE;

		if (old->kind == DUTY_CODE && duty->kind == DUTY_CODE) {
			old->lasts_ms =
				duty->lasts_ms < old->lasts_ms ? duty->lasts_ms : old->lasts_ms;
			return true;
		}
		if (confirms && duty->kind == DUTY_CODE) {
			*old = *duty;
			return true;
		}
		if (old->kind == duty->kind || (confirms && duty->kind == DUTY_CONFIRM)) {
			return true;
		}
	}
	for (size_t i = 0; i < *n && duty->kind == DUTY_APPROVALS; i++) {
		if (duties[i].kind == DUTY_APPROVALS && strcmp(duties[i].rule, duty->rule) == 0) {
			return true;
		}
	}
	if (*n == most) {
		return false;
	}
	duties[(*n)++] = *duty;
	return true;
}

bool ask_duties(struct ask *ask, struct decision *decision)
{
	const struct rule_table *table = &ask->at.policy->require;

	for (unsigned w = 0; w < table->words; w++) {
		uint64_t bits = candidates(table, &ask->at, ask->q->verb, w);

		for (; bits != 0; bits &= bits - 1) {
			unsigned number = w * 64 + (unsigned)__builtin_ctzll(bits);
			const struct rule *rule = &table->rules[number];

			if (ask_line(ask, table, number, false) < least_to_take(ask)) {
				continue;
			}
			for (unsigned i = 0; i < rule->n_duties; i++) {
				if (!policy_duty_add(decision->duties, &decision->n_duties,
						     DECISION_DUTIES_MAX, &rule->duties[i])) {
					decision->n_rules = 0;
					speak(decision, &rule->label);
					return false;
				}
			}
		}
	}
	return true;
}

bool match_duties(const struct policy_question *q, struct decision *decision)
{
	struct ask ask = ask_of(q, &plainly);

	return !is_verb(q->verb) || ask_duties(&ask, decision);
}
