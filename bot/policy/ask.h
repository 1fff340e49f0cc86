/* ask.h - one question while it is being answered: shared by decide.c, match.c and duties.c, and by nobody else */
#ifndef POLICY_ASK_H
#define POLICY_ASK_H

#include "policy/snapshot.h"

/* Who asks, with numbers that the snapshot really has: anything else is a stranger, or no channel. */
struct place {
	const struct policy *policy;
	unsigned person, channel;
};

/* One question, and how it is put. */
struct ask {
	struct place at;
	const struct policy_question *q;
	const struct policy_view *view;
	bool time_matters; /* some line was left unknown for want of the time */
	struct subject droplet;
};

static inline void speak(struct decision *decision, const struct policy_rule *rule)
{
	if (decision->n_rules < DECISION_RULES_MAX) {
		decision->rules[decision->n_rules] = rule;
	}
	decision->n_rules++;
}

static inline struct place place_of(const struct policy_asker *asker)
{
	const struct policy *p = asker->policy;

	return (struct place){
		.policy = p,
		.person = p != NULL && asker->person <= p->n_people ? asker->person : 0,
		.channel = p != NULL && asker->channel <= p->n_channels ? asker->channel : 0,
	};
}

static inline struct ask ask_of(const struct policy_question *q, const struct policy_view *view)
{
	return (struct ask){
		.at = place_of(&q->asker),
		.q = q,
		.view = view,
		.droplet.droplet = q->droplet,
	};
}

static inline bool is_verb(enum verb verb)
{
	return verb > VERB_NONE && verb < VERB_COUNT;
}

/* Word w of the lines that are about this verb and, perhaps, this person here; selectors not looked at. */
static inline uint64_t candidates(const struct rule_table *table, const struct place *at,
				  enum verb verb, unsigned w)
{
	uint64_t who = table->of_person[(size_t)at->person * table->words + w] |
		       table->of_channel[(size_t)at->channel * table->words + w] |
		       table->of_terms[w];

	return who & ~table->spared[(size_t)at->person * table->words + w] &
	       table->of_verb[(size_t)verb * table->words + w];
}

/* Is the line that gives perhaps about this person, or whoever speaks here? Nothing else of it is looked at. */
bool line_could(struct ask *ask, const struct rule_table *table, unsigned number);

/* As sure as a line must be that gives, and one that takes away. */
static inline enum fit least_to_give(const struct ask *ask)
{
	return ask->view->hopeful ? FIT_UNKNOWN : FIT_YES;
}

static inline enum fit least_to_take(const struct ask *ask)
{
	return ask->view->hopeful ? FIT_YES : FIT_UNKNOWN;
}

/* How surely the line fits; `gives` in the list that allows. */
enum fit ask_line(struct ask *ask, const struct rule_table *table, unsigned number, bool gives);

/* Is it any of these hours? NULL: always. */
enum fit ask_during(struct ask *ask, const struct hours *const *during, unsigned n);

/* True when a limit is reached: these lines alone speak then. */
bool ask_limits(struct ask *ask, struct decision *decision);

/* The union of all that fitting lines ask for. False: more than a decision holds, and that line speaks. */
bool ask_duties(struct ask *ask, struct decision *decision);

#endif
