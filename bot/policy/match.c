/* match.c - how surely a line fits: who, droplets and time, each with three values, and the least sure of them counts */
#include <string.h>

#include "policy/ask.h"

static enum fit rota_fit(struct ask *ask, const struct rota *rota)
{
	unsigned person = ask->at.person;

	if (person == 0 || !rota_names(rota, person)) {
		return FIT_NO;
	}
	if (ask->view->timeless) {
		ask->time_matters = true;
		return FIT_UNKNOWN;
	}
	if (rota_person(rota, ask->q->at_ms / SECOND_MS, NULL) == person ||
	    rota_is_taken(ask->at.policy, rota, person, ask->q)) {
		return FIT_YES;
	}
	return ask->view->takeable && rota_may_take(rota, person) ? FIT_UNKNOWN : FIT_NO;
}

/* A stranger whom a network counts among a group may be given looks and no more. */
static enum fit group_fit(const struct ask *ask, const struct policy_group *group, bool gives)
{
	const struct policy_question *q = ask->q;

	if (gives && ask->at.person == 0 && verb_info(q->verb)->effect != EFFECT_READ) {
		return FIT_NO;
	}
	for (size_t i = 0; i < q->n_groups; i++) {
		if (strcmp(q->groups[i], group->name) == 0) {
			return FIT_YES;
		}
	}
	return q->groups_known ? FIT_NO : FIT_UNKNOWN;
}

static enum fit terms_fit(struct ask *ask, const struct term_set *terms, bool gives)
{
	const struct policy *p = ask->at.policy;
	enum fit best = FIT_NO;

	for (unsigned w = 0; w < TERM_WORDS; w++) {
		for (uint64_t bits = terms->bits[w]; bits != 0; bits &= bits - 1) {
			unsigned i = w * 64 + (unsigned)__builtin_ctzll(bits);
			enum fit fit = i < p->n_rotas
					       ? rota_fit(ask, &p->rotas[i])
					       : group_fit(ask, &p->groups[i - p->n_rotas], gives);

			best = fit > best ? fit : best;
		}
	}
	return best;
}

enum fit ask_during(struct ask *ask, const struct hours *const *during, unsigned n)
{
	enum fit best = FIT_NO;

	if (during == NULL) {
		return FIT_YES;
	}
	if (ask->view->timeless) {
		ask->time_matters = true;
		return FIT_UNKNOWN;
	}
	for (unsigned i = 0; i < n && best != FIT_YES; i++) {
		enum fit fit = hours_fit(during[i], ask->q->at_ms / SECOND_MS);

		best = fit > best ? fit : best;
	}
	return best;
}

static enum fit least_of(enum fit a, enum fit b)
{
	return a < b ? a : b;
}

enum fit ask_line(struct ask *ask, const struct rule_table *table, unsigned number, bool gives)
{
	const struct rule *rule = &table->rules[number];
	const struct place *at = &ask->at;
	enum fit fit = selector_fit(&rule->droplets, ask->q->verb, &ask->droplet);
	enum fit spared;

	if (fit == FIT_NO || rule->plain) {
		return fit;
	}
	if (!bit_get(&table->of_person[(size_t)at->person * table->words], number) &&
	    !bit_get(&table->of_channel[(size_t)at->channel * table->words], number)) {
		fit = least_of(fit, terms_fit(ask, &rule->who, gives));
	}
	if (fit == FIT_NO) {
		return fit;
	}
	spared = terms_fit(ask, &rule->spared, true);
	fit = least_of(fit, spared == FIT_YES ? FIT_NO : spared == FIT_NO ? FIT_YES : FIT_UNKNOWN);
	return fit != FIT_NO ? least_of(fit, ask_during(ask, rule->during, rule->n_during)) : fit;
}

bool line_could(struct ask *ask, const struct rule_table *table, unsigned number)
{
	const struct place *at = &ask->at;

	return bit_get(&table->of_person[(size_t)at->person * table->words], number) ||
	       bit_get(&table->of_channel[(size_t)at->channel * table->words], number) ||
	       terms_fit(ask, &table->rules[number].who, true) != FIT_NO;
}

void match_line(const struct policy_question *q, unsigned number, struct line_fit *ret)
{
	static const struct policy_view plainly;
	struct ask ask = ask_of(q, &plainly);
	const struct rule_table *table = &ask.at.policy->allow;
	const struct rule *rule = &table->rules[number];
	const struct policy *p = ask.at.policy;

	*ret = (struct line_fit){
		.who = FIT_YES,
		.droplets = selector_fit(&rule->droplets, q->verb, &ask.droplet),
		.during = ask_during(&ask, rule->during, rule->n_during),
	};
	if (bit_get(&table->of_person[(size_t)ask.at.person * table->words], number) ||
	    bit_get(&table->of_channel[(size_t)ask.at.channel * table->words], number)) {
		return;
	}
	ret->who = terms_fit(&ask, &rule->who, true);
	for (unsigned i = 0; ret->who == FIT_NO && ask.at.person != 0 && i < p->n_rotas; i++) {
		if (bit_get(rule->who.bits, i) && rota_names(&p->rotas[i], ask.at.person)) {
			ret->turn = &p->rotas[i];
			return;
		}
	}
}
