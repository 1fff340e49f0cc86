/* tests.h - one test of the policy file, read by tests.c and tried by trial.c */
#ifndef POLICY_TESTS_H
#define POLICY_TESTS_H

#include "policy/walk.h"

#define QUESTIONS_MAX \
	1000000 /* of all tests together: a file that asks more would make each load slow */

/* One test as it is tried. */
struct test {
	struct compiler *c;
	const struct yaml_node *node;
	const char *name;
	uint64_t *people, *channels;
	struct droplet droplet;
	struct policy_question question;
	bool timeless;
	bool has_needs;
	unsigned needs; /* bits by enum duty_kind */
	size_t *asked;
};

/* "confirm", "code", ... by enum duty_kind. */
const char *trial_step(unsigned kind);

/* Bits by enum duty_kind: a code includes the confirmation, so either may be written, or both. */
unsigned trial_with_confirm(unsigned needs);

/* Every person, channel and verb of one entry; a finding for the first that is not as it should be. */
void trial_entry(struct test *t, const struct yaml_node *at, const struct verb_set *verbs,
		 bool can);

#endif
