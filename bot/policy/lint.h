/* lint.h - what the exhaustive lints share: the policy, its world, its people by class */
#ifndef POLICY_LINT_H
#define POLICY_LINT_H

#include "policy/walk.h"
#include "policy/world.h"

struct lint {
	struct compiler *c;
	const struct policy *policy;
	struct world world;
	struct cells cells; /* at best: allow at its strongest, never at its weakest */
	struct rule_table allow_least, never_most;
	struct arena arena;
	unsigned n_classes;
	unsigned *class_of; /* by person */
	unsigned *one_of;   /* a person of each class */
	uint64_t *set, *other;
	uint64_t *idle; /* bits by never line: it was said that it does nothing */
};

/* Where the i-th line of a list stands. */
const struct yaml_node *lint_line(const struct lint *l, bool never, unsigned i);
/* A warning at a line, for the text in a strbuf, which is emptied. */
void lint_say(struct lint *l, const char *code, const struct yaml_node *at, struct strbuf *text);
/* "ana, bob and 3 more" of the people whose class is in the set. */
void lint_people(const struct lint *l, const uint64_t *classes, struct strbuf *out);
/* What the person may in any channel at all, by lines that are about people. */
bool lint_anywhere(struct lint *l, const struct cells *cells, unsigned person, unsigned verb,
		   uint64_t *ret);

void lint_lines(struct lint *l);      /* W101, W102, W104, W105 */
void lint_rights(struct lint *l);     /* W103 for channels, W106, W108-W113, W116 */
void lint_escalation(struct lint *l); /* W107 */
void lint_care(struct lint *l);       /* W114, W115, W117, W119-W121 */

#endif
