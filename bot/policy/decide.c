/* decide.c - the answer: never, ceiling, allow, in that order of strength; the order of lines in the file says nothing
 *
 * Who, droplets and time each have three values; a line fits as surely as the least sure of them. Only at the end does unknown
 * become no (allow, ceilings, `unless`) or yes (never, require, limits). Nothing here allocates.
 */
#include <string.h>

#include "policy/snapshot.h"

static const struct policy_rule unknown_verb = {"unknown.verb", 0};
static const struct policy_rule unknown_channel = {"unknown.channel", 0};
static const struct policy_rule no_rule = {"no-rule", 0};

static void speak(struct decision *decision, const struct policy_rule *rule)
{
	if (decision->n_rules < DECISION_RULES_MAX) {
		decision->rules[decision->n_rules] = rule;
	}
	decision->n_rules++;
}

/* Who asks, with numbers that the snapshot really has: anything else is a stranger, or no channel. */
struct place {
	const struct policy *policy;
	unsigned person, channel;
};

static struct place place_of(const struct policy_asker *asker)
{
	const struct policy *p = asker->policy;

	return (struct place){
		.policy = p,
		.person = p != NULL && asker->person <= p->n_people ? asker->person : 0,
		.channel = p != NULL && asker->channel <= p->n_channels ? asker->channel : 0,
	};
}

/* One question, and how it is put. */
struct ask {
	struct place at;
	const struct policy_question *q;
	const struct policy_view *view;
	bool time_matters; /* some line was left unknown for want of the time */
};

static const struct policy_view plainly;

static bool is_verb(enum verb verb)
{
	return verb > VERB_NONE && verb < VERB_COUNT;
}

/* ---- who, and when ----------------------------------------------------------------------- */

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
	return rota_person(rota, ask->q->at_ms / SECOND_MS, NULL) == person ? FIT_YES : FIT_NO;
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

static enum fit during_fit(struct ask *ask, const struct rule *rule)
{
	enum fit best = FIT_NO;

	if (rule->during == NULL) {
		return FIT_YES;
	}
	if (ask->view->timeless) {
		ask->time_matters = true;
		return FIT_UNKNOWN;
	}
	for (unsigned i = 0; i < rule->n_during && best != FIT_YES; i++) {
		enum fit fit = hours_fit(rule->during[i], ask->q->at_ms / SECOND_MS);

		best = fit > best ? fit : best;
	}
	return best;
}

static enum fit least_of(enum fit a, enum fit b)
{
	return a < b ? a : b;
}

/* ---- lines ------------------------------------------------------------------------------- */

uint64_t match_lines(const struct rule_table *table, unsigned person, unsigned channel,
		     enum verb verb, unsigned w)
{
	uint64_t who = table->of_person[(size_t)person * table->words + w] |
		       table->of_channel[(size_t)channel * table->words + w];

	return who & ~table->spared[(size_t)person * table->words + w] &
	       table->of_verb[(size_t)verb * table->words + w];
}

/* Word w of the lines that are about this verb and, perhaps, this person here; selectors not looked at. */
static uint64_t candidates(const struct rule_table *table, const struct place *at, enum verb verb,
			   unsigned w)
{
	uint64_t who = table->of_person[(size_t)at->person * table->words + w] |
		       table->of_channel[(size_t)at->channel * table->words + w] |
		       table->of_terms[w];

	return who & ~table->spared[(size_t)at->person * table->words + w] &
	       table->of_verb[(size_t)verb * table->words + w];
}

/* How surely the line fits; `gives` in the list that allows. */
static enum fit rule_fit(struct ask *ask, const struct rule_table *table, unsigned number,
			 bool gives)
{
	const struct rule *rule = &table->rules[number];
	const struct place *at = &ask->at;
	enum fit fit = selector_fit(&rule->droplets, ask->q->verb, ask->q->droplet);
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
	return fit != FIT_NO ? least_of(fit, during_fit(ask, rule)) : fit;
}

/* Every line that fits, at least as surely as asked, speaks. */
static void ask_rules(struct ask *ask, const struct rule_table *table, bool gives, enum fit least,
		      struct decision *decision)
{
	for (unsigned w = 0; w < table->words; w++) {
		uint64_t bits = candidates(table, &ask->at, ask->q->verb, w);

		for (; bits != 0; bits &= bits - 1) {
			unsigned number = w * 64 + (unsigned)__builtin_ctzll(bits);

			if (rule_fit(ask, table, number, gives) >= least) {
				speak(decision, &table->rules[number].label);
			}
		}
	}
}

/* As sure as a line must be that gives, and one that takes away. */
static enum fit least_to_give(const struct ask *ask)
{
	return ask->view->hopeful ? FIT_UNKNOWN : FIT_YES;
}

static enum fit least_to_take(const struct ask *ask)
{
	return ask->view->hopeful ? FIT_YES : FIT_UNKNOWN;
}

static bool ceiling_fits(const struct ask *ask, const struct channel *channel)
{
	for (unsigned i = 0; i < channel->n_ceilings; i++) {
		const struct ceiling *c = &channel->ceilings[i];

		if (bit_get(c->verbs.bits, (unsigned)ask->q->verb) &&
		    selector_fit(&c->droplets, ask->q->verb, ask->q->droplet) >=
			    least_to_give(ask)) {
			return true;
		}
	}
	return false;
}

static bool ask_against(struct ask *ask, struct decision *decision)
{
	const struct policy *p = ask->at.policy;
	const struct channel *channel = ask->at.channel != 0 ? &p->channels[ask->at.channel] : NULL;
	size_t before = decision->n_rules;

	if (!is_verb(ask->q->verb)) {
		speak(decision, &unknown_verb);
		return true;
	}
	if (channel != NULL && !ceiling_fits(ask, channel)) {
		speak(decision, &channel->label);
	}
	ask_rules(ask, &p->never, false, least_to_take(ask), decision);
	if (channel == NULL) {
		speak(decision, &unknown_channel);
	}
	return decision->n_rules > before;
}

static bool ask_for(struct ask *ask, enum fit least, struct decision *decision)
{
	size_t before = decision->n_rules;

	if (is_verb(ask->q->verb)) {
		ask_rules(ask, &ask->at.policy->allow, true, least, decision);
	}
	return decision->n_rules > before;
}

bool match_against(const struct policy_question *q, struct decision *decision)
{
	struct ask ask = {place_of(&q->asker), q, &plainly, false};

	return ask_against(&ask, decision);
}

bool match_for(const struct policy_question *q, enum fit least, struct decision *decision)
{
	struct ask ask = {place_of(&q->asker), q, &plainly, false};

	return ask_for(&ask, least, decision);
}

/* ---- limits and duties ------------------------------------------------------------------- */

static bool is_reached(const struct ask *ask, const struct policy_limit *limit)
{
	const struct policy_question *q = ask->q;
	bool known = q->counts_known;
	unsigned n = 0;

	if (limit->droplets_at_once > 0 && q->n_targets > limit->droplets_at_once &&
	    verb_info(q->verb)->effect != EFFECT_READ) {
		return true;
	}
	if (limit->monthly_cents > 0 &&
	    (q->verb == VERB_DROPLET_CREATE || q->verb == VERB_DROPLET_RESIZE) &&
	    (q->cost_known ? q->monthly_cents > limit->monthly_cents : !ask->view->hopeful)) {
		return true;
	}
	for (size_t i = 0; i < q->n_counts; i++) {
		if (strcmp(q->counts[i].limit, limit->rule->name) == 0) {
			known = true;
			n = q->counts[i].n;
		}
	}
	return limit->at_most > 0 && (known ? n >= limit->at_most : !ask->view->hopeful);
}

/* True when one is reached: these lines alone speak then. */
static bool ask_limits(struct ask *ask, struct decision *decision)
{
	const struct rule_table *table = &ask->at.policy->limits;
	size_t n_allows = decision->n_rules;
	bool reached = false;

	for (unsigned w = 0; w < table->words; w++) {
		uint64_t bits = candidates(table, &ask->at, ask->q->verb, w);

		for (; bits != 0; bits &= bits - 1) {
			unsigned number = w * 64 + (unsigned)__builtin_ctzll(bits);
			const struct policy_limit *limit = table->rules[number].limit;

			if (rule_fit(ask, table, number, false) < least_to_take(ask)) {
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

bool match_limits(const struct policy_question *q, struct decision *decision)
{
	struct ask ask = {place_of(&q->asker), q, &plainly, false};

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

/* The union of all that fitting lines ask for. False: more than a decision holds, and that line speaks. */
static bool ask_duties(struct ask *ask, struct decision *decision)
{
	const struct rule_table *table = &ask->at.policy->require;

	for (unsigned w = 0; w < table->words; w++) {
		uint64_t bits = candidates(table, &ask->at, ask->q->verb, w);

		for (; bits != 0; bits &= bits - 1) {
			unsigned number = w * 64 + (unsigned)__builtin_ctzll(bits);
			const struct rule *rule = &table->rules[number];

			if (rule_fit(ask, table, number, false) < least_to_take(ask)) {
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

/* ---- the answer -------------------------------------------------------------------------- */

/* What has a count is cleared by its count. */
static void clear(struct decision *d)
{
	d->verdict = DENY;
	d->n_duties = 0;
	d->n_rules = 0;
	d->max_tier = TIER_NONE;
	d->policy_id = "";
	d->n_limits = 0;
}

static void decide(struct ask *ask, struct decision *d)
{
	const struct place *at = &ask->at;

	clear(d);
	if (at->policy == NULL) {
		speak(d, &no_rule);
		return;
	}
	d->policy_id = at->policy->id;
	d->max_tier = at->channel != 0 ? at->policy->channels[at->channel].max_tier : TIER_NONE;
	if (ask_against(ask, d)) {
		return;
	}
	if (!ask_for(ask, least_to_give(ask), d)) {
		speak(d, &no_rule);
		return;
	}
	if (!ask_limits(ask, d) && ask_duties(ask, d)) {
		d->verdict = ALLOW;
		return;
	}
	d->n_duties = 0;
	d->n_limits = 0;
}

void policy_decide(const struct policy_question *q, struct decision *ret_decision)
{
	struct ask ask = {place_of(&q->asker), q, &plainly, false};

	decide(&ask, ret_decision);
}

void decide_view(const struct policy_question *q, const struct policy_view *view,
		 struct decision *ret_decision, bool *ret_time_matters)
{
	struct ask ask = {place_of(&q->asker), q, view, false};

	decide(&ask, ret_decision);
	*ret_time_matters = ask.time_matters;
}

/* Does the line surely forbid it now, for every droplet? */
static bool forbids_all(struct ask *ask, unsigned number)
{
	const struct rule_table *never = &ask->at.policy->never;

	return never->rules[number].droplets.any && rule_fit(ask, never, number, false) == FIT_YES;
}

bool policy_could(const struct policy_asker *asker, enum verb verb, int64_t at_ms)
{
	const struct policy_question q = {.asker = *asker, .verb = verb, .at_ms = at_ms};
	struct ask ask = {place_of(asker), &q, &plainly, false};
	const struct place *at = &ask.at;
	uint64_t any = 0;

	if (at->policy == NULL || at->channel == 0 || !is_verb(verb) ||
	    !bit_get(at->policy->channels[at->channel].verbs.bits, (unsigned)verb)) {
		return false;
	}
	for (unsigned w = 0; w < at->policy->allow.words; w++) {
		any |= candidates(&at->policy->allow, at, verb, w);
	}
	if (any == 0) {
		return false;
	}
	for (unsigned w = 0; w < at->policy->never.words; w++) {
		uint64_t bits = candidates(&at->policy->never, at, verb, w);

		for (; bits != 0; bits &= bits - 1) {
			if (forbids_all(&ask, w * 64 + (unsigned)__builtin_ctzll(bits))) {
				return false;
			}
		}
	}
	return true;
}

bool policy_announces(const struct policy_asker *asker, enum verb verb)
{
	struct place at = place_of(asker);

	return at.policy != NULL && at.channel != 0 && is_verb(verb) &&
	       bit_get(at.policy->channels[at.channel].announces.bits, (unsigned)verb);
}

bool policy_shows(const struct policy_asker *asker, const char *field)
{
	struct place at = place_of(asker);
	const struct channel *channel;

	if (at.policy == NULL || at.channel == 0) {
		return false;
	}
	channel = &at.policy->channels[at.channel];
	return !channel->has_show || (channel->show & show_bit(field)) != 0;
}
