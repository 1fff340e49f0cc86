/* decide.c - the answer: never, ceiling, allow, in that order of strength; the order of lines in the file says nothing
 *
 * Only at the end, here, does unknown become no (allow, ceilings, `unless`) or yes (never, require, limits). Nothing here allocates.
 */
#include <string.h>

#include "policy/ask.h"

static const struct policy_rule unknown_verb = {"unknown.verb", 0};
static const struct policy_rule unknown_channel = {"unknown.channel", 0};
static const struct policy_rule no_rule = {"no-rule", 0};
static const struct policy_view plainly;

uint64_t match_lines(const struct rule_table *table, unsigned person, unsigned channel,
		     enum verb verb, unsigned w)
{
	uint64_t who = table->of_person[(size_t)person * table->words + w] |
		       table->of_channel[(size_t)channel * table->words + w];

	return who & ~table->spared[(size_t)person * table->words + w] &
	       table->of_verb[(size_t)verb * table->words + w];
}

/* Every line that fits, at least as surely as asked, speaks. */
static void ask_rules(struct ask *ask, const struct rule_table *table, bool gives, enum fit least,
		      struct decision *decision)
{
	for (unsigned w = 0; w < table->words; w++) {
		uint64_t bits = candidates(table, &ask->at, ask->q->verb, w);

		for (; bits != 0; bits &= bits - 1) {
			unsigned number = w * 64 + (unsigned)__builtin_ctzll(bits);

			if (ask_line(ask, table, number, gives) >= least) {
				speak(decision, &table->rules[number].label);
			}
		}
	}
}

static bool ceiling_fits(struct ask *ask, const struct channel *channel)
{
	enum fit least = least_to_give(ask);

	for (unsigned i = 0; i < channel->n_ceilings; i++) {
		const struct ceiling *c = &channel->ceilings[i];

		if (bit_get(c->verbs.bits, (unsigned)ask->q->verb) &&
		    selector_fit(&c->droplets, ask->q->verb, &ask->droplet) >= least &&
		    (c->during == NULL || ask_during(ask, c->during, c->n_during) >= least)) {
			return channel->during == NULL ||
			       ask_during(ask, channel->during, channel->n_during) >= least;
		}
	}
	return false;
}

bool match_channel_hours(const struct policy_question *q, const struct hours *const **ret_during,
			 unsigned *ret_n)
{
	static const struct policy_view now = {.hopeful = true};
	static const struct policy_view ever = {.hopeful = true, .timeless = true};
	struct ask ask = ask_of(q, &now);
	const struct channel *channel;

	if (ask.at.channel == 0 || !is_verb(q->verb)) {
		return false;
	}
	channel = &ask.at.policy->channels[ask.at.channel];
	if (ceiling_fits(&ask, channel)) {
		return false;
	}
	ask.view = &ever;
	if (!ceiling_fits(&ask, channel)) {
		return false;
	}
	*ret_during = channel->during;
	*ret_n = channel->n_during;
	for (unsigned i = 0; *ret_during == NULL && i < channel->n_ceilings; i++) {
		const struct ceiling *c = &channel->ceilings[i];

		if (bit_get(c->verbs.bits, (unsigned)q->verb) &&
		    selector_fit(&c->droplets, q->verb, &ask.droplet) != FIT_NO) {
			*ret_during = c->during;
			*ret_n = c->n_during;
		}
	}
	return *ret_during != NULL;
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
	struct ask ask = ask_of(q, &plainly);

	return ask_against(&ask, decision);
}

bool match_for(const struct policy_question *q, enum fit least, struct decision *decision)
{
	struct ask ask = ask_of(q, &plainly);

	return ask_for(&ask, least, decision);
}

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
	struct ask ask = ask_of(q, &plainly);

	decide(&ask, ret_decision);
}

void decide_view(const struct policy_question *q, const struct policy_view *view,
		 struct decision *ret_decision, bool *ret_time_matters)
{
	struct ask ask = ask_of(q, view);

	decide(&ask, ret_decision);
	*ret_time_matters = ask.time_matters;
}

bool view_allows(const struct policy_question *q, const struct policy_view *view)
{
	struct ask ask = ask_of(q, view);
	struct decision ignored;

	clear(&ignored);
	return ask_for(&ask, least_to_give(&ask), &ignored);
}

/* Does the line surely forbid it now, for every droplet? */
static bool forbids_all(struct ask *ask, unsigned number)
{
	const struct rule_table *never = &ask->at.policy->never;

	return never->rules[number].droplets.any && ask_line(ask, never, number, false) == FIT_YES;
}

static bool channel_could(struct ask *ask)
{
	const struct place *at = &ask->at;
	const struct channel *channel;

	if (at->policy == NULL || at->channel == 0 || !is_verb(ask->q->verb)) {
		return false;
	}
	channel = &at->policy->channels[at->channel];
	return bit_get(channel->verbs.bits, (unsigned)ask->q->verb) &&
	       ask_during(ask, channel->during, channel->n_during) != FIT_NO;
}

static bool any_could(struct ask *ask)
{
	const struct rule_table *allow = &ask->at.policy->allow;

	for (unsigned w = 0; w < allow->words; w++) {
		uint64_t bits = candidates(allow, &ask->at, ask->q->verb, w);

		for (; bits != 0; bits &= bits - 1) {
			if (line_could(ask, allow, w * 64 + (unsigned)__builtin_ctzll(bits))) {
				return true;
			}
		}
	}
	return false;
}

static bool could(struct ask *ask)
{
	const struct place *at = &ask->at;
	enum verb verb = ask->q->verb;

	if (!channel_could(ask) || !any_could(ask)) {
		return false;
	}
	for (unsigned w = 0; w < at->policy->never.words; w++) {
		uint64_t bits = candidates(&at->policy->never, at, verb, w);

		for (; bits != 0; bits &= bits - 1) {
			if (forbids_all(ask, w * 64 + (unsigned)__builtin_ctzll(bits))) {
				return false;
			}
		}
	}
	return true;
}

bool policy_could_be(const struct policy_question *q)
{
	static const struct policy_view perhaps = {.takeable = true};
	struct ask ask = ask_of(q, &perhaps);

	return could(&ask);
}

bool policy_could(const struct policy_asker *asker, enum verb verb, int64_t at_ms)
{
	const struct policy_question q = {.asker = *asker, .verb = verb, .at_ms = at_ms};

	return policy_could_be(&q);
}

bool could_ever(const struct policy_asker *asker, enum verb verb)
{
	static const struct policy_view ever = {.timeless = true};
	const struct policy_question q = {.asker = *asker, .verb = verb};
	struct ask ask = ask_of(&q, &ever);

	return could(&ask);
}

bool policy_announces(const struct policy *policy, const char *channel, enum verb verb,
		      const struct droplet *droplet, int64_t at_ms)
{
	const struct policy_question q = {
		.asker = {policy, 0, policy_channel_number(policy, channel)},
		.verb = VERB_DROPLET_SHOW,
		.droplet = droplet,
		.at_ms = at_ms,
	};
	struct decision ignored;

	if (q.asker.channel == 0 || droplet == NULL || !is_verb(verb) ||
	    !bit_get(policy->channels[q.asker.channel].announce.bits, (unsigned)verb)) {
		return false;
	}
	clear(&ignored);
	return !match_against(&q, &ignored);
}

bool policy_announces_any(const struct policy *policy, enum verb verb)
{
	for (unsigned i = 1; is_verb(verb) && i <= policy->n_channels; i++) {
		if (bit_get(policy->channels[i].announce.bits, (unsigned)verb)) {
			return true;
		}
	}
	return false;
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
