/* diff_internal.h - what diff.c finds and diff_text.c says */
#ifndef POLICY_DIFF_INTERNAL_H
#define POLICY_DIFF_INTERNAL_H

#include "policy/diff.h"
#include "policy/world.h"

enum { OLD, NEW };

/* The same name in both files; 0: not in that one. A person who is not listed is a stranger there. */
struct pair {
	const char *name;
	unsigned number[2];
	unsigned class;
};

/* Why: a line of one of the files. */
struct cause {
	enum cause_kind { BY_LINE = 0, BY_NEVER, BY_CEILING } kind;
	int side; /* the file in which the line stands */
	unsigned number;
};

struct difference {
	const struct policy *policy[2];
	const struct policy_diff_over *over;
	struct world world;
	struct cells cells[2]; /* of the view that is being compared */
	struct arena arena;
	struct pair *people, *channels; /* people[0]: the stranger */
	unsigned n_people, n_channels;
	unsigned n_classes;
	struct intern sets; /* of elements */
	enum view view;
	bool conditional;        /* the views differ */
	struct intern groups[2]; /* by view; keys: see group */
	uint64_t **group_classes[2];
	unsigned cap_groups[2];
	struct strbuf *out;
	struct policy_diff *result;
};

/* The key of a group, in words: these, then the verbs, then the channels as bits. */
struct group {
	uint64_t gain, set, kind, side, number;
	uint64_t verbs[VERB_WORDS];
	uint64_t channels[];
};

/* `when`: "" or the words that say in which of the two views this differs. */
void diff_say_group(struct difference *d, const struct group *group, const uint64_t *classes,
		    const char *when);
void diff_say_sections(struct difference *d);
void diff_say_ids(struct difference *d);
void diff_say_shows(struct difference *d);

#endif
