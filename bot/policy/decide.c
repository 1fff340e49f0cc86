/* decide.c - the answer: never, ceiling, allow, in that order of strength; the order of lines in the file says nothing */
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

uint64_t match_lines(const struct rule_table *table, unsigned person, unsigned channel,
		     enum verb verb, unsigned w)
{
	uint64_t who = table->of_person[(size_t)person * table->words + w] |
		       table->of_channel[(size_t)channel * table->words + w];

	return who & ~table->spared[(size_t)person * table->words + w] &
	       table->of_verb[(size_t)verb * table->words + w];
}

/* The same of this place; selectors not looked at. */
static uint64_t candidates(const struct rule_table *table, const struct place *at, enum verb verb,
			   unsigned w)
{
	return match_lines(table, at->person, at->channel, verb, w);
}

/* Every line that fits, at least as surely as asked, speaks. */
static void ask_rules(const struct rule_table *table, const struct place *at,
		      const struct policy_question *q, enum fit least, struct decision *decision)
{
	for (unsigned w = 0; w < table->words; w++) {
		uint64_t bits = candidates(table, at, q->verb, w);

		for (; bits != 0; bits &= bits - 1) {
			const struct rule *rule =
				&table->rules[w * 64 + (unsigned)__builtin_ctzll(bits)];

			if (selector_fit(&rule->droplets, q->verb, q->droplet) >= least) {
				speak(decision, &rule->label);
			}
		}
	}
}

static bool ceiling_fits(const struct channel *channel, const struct policy_question *q)
{
	for (unsigned i = 0; i < channel->n_ceilings; i++) {
		const struct ceiling *c = &channel->ceilings[i];

		if (bit_get(c->verbs.bits, (unsigned)q->verb) &&
		    selector_fit(&c->droplets, q->verb, q->droplet) == FIT_YES) {
			return true;
		}
	}
	return false;
}

static bool is_verb(enum verb verb)
{
	return verb > VERB_NONE && verb < VERB_COUNT;
}

bool match_against(const struct policy_question *q, struct decision *decision)
{
	struct place at = place_of(&q->asker);
	const struct channel *channel = at.channel != 0 ? &at.policy->channels[at.channel] : NULL;
	size_t before = decision->n_rules;

	if (!is_verb(q->verb)) {
		speak(decision, &unknown_verb);
		return true;
	}
	if (channel != NULL && !ceiling_fits(channel, q)) {
		speak(decision, &channel->label);
	}
	ask_rules(&at.policy->never, &at, q, FIT_UNKNOWN, decision);
	if (channel == NULL) {
		speak(decision, &unknown_channel);
	}
	return decision->n_rules > before;
}

bool match_for(const struct policy_question *q, enum fit least, struct decision *decision)
{
	struct place at = place_of(&q->asker);
	size_t before = decision->n_rules;

	if (is_verb(q->verb)) {
		ask_rules(&at.policy->allow, &at, q, least, decision);
	}
	return decision->n_rules > before;
}

void policy_decide(const struct policy_question *q, struct decision *ret_decision)
{
	struct place at = place_of(&q->asker);

	memset(ret_decision, 0, sizeof(*ret_decision));
	if (at.policy == NULL) {
		ret_decision->policy_id = "";
		speak(ret_decision, &no_rule);
		return;
	}
	ret_decision->policy_id = at.policy->id;
	ret_decision->max_tier =
		at.channel != 0 ? at.policy->channels[at.channel].max_tier : TIER_NONE;
	if (match_against(q, ret_decision)) {
		return;
	}
	if (match_for(q, FIT_YES, ret_decision)) {
		ret_decision->verdict = ALLOW;
	} else {
		speak(ret_decision, &no_rule);
	}
}

bool policy_could(const struct policy_asker *asker, enum verb verb, int64_t at_ms)
{
	struct place at = place_of(asker);
	uint64_t any = 0;

	(void)at_ms; /* no line of this version knows the time */
	if (at.policy == NULL || at.channel == 0 || !is_verb(verb) ||
	    !bit_get(at.policy->channels[at.channel].verbs.bits, (unsigned)verb)) {
		return false;
	}
	for (unsigned w = 0; w < at.policy->allow.words; w++) {
		any |= candidates(&at.policy->allow, &at, verb, w);
	}
	if (any == 0) {
		return false;
	}
	for (unsigned w = 0; w < at.policy->never.words; w++) {
		uint64_t bits = candidates(&at.policy->never, &at, verb, w);

		for (; bits != 0; bits &= bits - 1) {
			unsigned i = w * 64 + (unsigned)__builtin_ctzll(bits);

			if (at.policy->never.rules[i].droplets.any) {
				return false;
			}
		}
	}
	return true;
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
