/* diff_internal.h - what diff.c and its helpers share: what is compared, the classes of times, and what was found */
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
	enum cause_kind { BY_LINE = 0, BY_NEVER, BY_CEILING, BY_STEP } kind;
	int side; /* the file in which the line stands */
	unsigned number;
};

/* A step or a limit that is another: for BY_STEP. */
struct change {
	const char *text; /* "without a code now" */
	const char *list; /* "require" */
	const struct rule *rule;
	int side;
};

/*
 * What a file makes depend on more than person, place, action and droplet: whether it is these hours, whose turn it is,
 * whether the asker is in a network's group or has taken a turn. A moment has one value of each.
 */
struct fact {
	enum fact_kind { FACT_HOURS, FACT_TURN, FACT_MEMBER, FACT_TAKEN } kind;
	int side;
	unsigned number; /* of the hours, rota or group in that file */
	const char *name;
	unsigned
		same; /* the first fact that is the same of the asker, itself when there is none before */
};

#define MOMENTS_MAX 256
#define MOMENT_WORDS (MOMENTS_MAX / 64)

/* A set of moments. */
struct moment_set {
	uint64_t bits[MOMENT_WORDS];
};

enum list { ALLOWS, NEVERS, REQUIRES, LIMITS, LISTS };

/* What of one list is about one person at one moment: rows of bits over the lines. */
struct sight {
	const struct rule_table *table;
	uint64_t *who, *spared, *open;
};

struct difference {
	const struct policy *policy[2];
	const struct policy_diff_over *over;
	struct world world;
	struct cells cells[2]; /* rows and ceilings; what time makes of them is in the sights */
	struct arena arena;
	struct pair *people, *channels; /* people[0]: the stranger */
	unsigned n_people, n_channels;
	unsigned n_classes;
	unsigned *class_size, *class_first,
		*class_next;  /* next: by person; n_people after the last */
	unsigned *pair_of[2]; /* by a person's number: the place in `people` */

	struct fact *facts;
	unsigned n_facts;
	unsigned *fact_of[2][4]; /* by side, kind and number */
	struct intern moments;   /* values of the facts */
	int64_t moment_at[MOMENTS_MAX];
	struct literal *literals; /* diff_when.c */
	unsigned n_literals;
	bool timed_channels; /* some channel has hours of its own */

	struct intern sets;   /* of elements */
	struct intern groups; /* keys: see group */
	uint64_t **group_classes;
	unsigned cap_groups;
	struct steps *steps;
	struct strbuf *out;
	struct policy_diff *result;
};

/* The key of a group, in words: these, then the channels as bits. */
struct group {
	uint64_t gain, set, kind, side, number;
	struct moment_set moments;
	struct verb_set verbs;
	uint64_t channels[];
};

/* diff_people.c: pairs of people and of channels, and classes of people. */
void diff_pair(struct difference *d);

/* diff_times.c: the moments. */
void diff_moments(struct difference *d);
uint64_t diff_value(const struct difference *d, unsigned moment, int side, enum fact_kind kind,
		    unsigned number);

/* diff_when.c: "" or " during office". */
void diff_say_when(struct difference *d, const struct moment_set *moments);

/* diff_lines.c: what lines are about somebody, and what they come to. */
void diff_sights_make(struct difference *d, struct sight sights[2][LISTS]);
void diff_look(const struct difference *d, const struct pair *person, unsigned moment,
	       struct sight sights[2][LISTS]);
uint64_t diff_lines(const struct sight *sight, unsigned channel, unsigned verb, unsigned w);
/* Elements allowed by lines about the person and, unless 0, the channel; ceilings not looked at. */
void diff_allowed(const struct difference *d, struct sight sights[2][LISTS], int side,
		  unsigned person, unsigned channel, unsigned verb, uint64_t *ret);
bool diff_is_timed(const struct difference *d, const struct pair *channel);
/* The elements that a channel lets through at that moment; `room` may be used for them. */
const uint64_t *diff_ceiling(const struct difference *d, int side, unsigned channel, unsigned verb,
			     unsigned moment, uint64_t *room);
bool diff_hours_open(const struct difference *d, int side, unsigned moment,
		     const struct hours *const *during, unsigned n, enum fit least);

/* diff_steps.c: what is asked for, and what is limited. */
struct step_part {
	const uint64_t *set;
	bool gain;
	unsigned change;
};
struct steps *diff_steps_new(struct difference *d);
void diff_steps_free(struct steps *steps);
/* The parts of the world for which the steps of this person here are looser or tighter than they were. */
size_t diff_steps(struct difference *d, struct sight sights[2][LISTS], const unsigned channel[2],
		  unsigned verb, const struct step_part **ret_parts);
const struct change *diff_change(const struct steps *steps, unsigned number);

/* diff_text.c */
void diff_say_group(struct difference *d, const struct group *group, const uint64_t *classes);
struct listing {
	struct strbuf *out;
	unsigned n, most;
};
struct listing diff_listing(const struct difference *d);
void diff_list_add(struct listing *list, const char *name);
void diff_list_end(const struct listing *list);

/* diff_approvers.c: where both files ask the same group, who may answer. */
void diff_say_approvers(struct difference *d);
/* diff_names.c: accounts of people, places of channels, fields that are shown. */
void diff_say_ids(struct difference *d);
void diff_say_shows(struct difference *d);
/* diff_tells.c: what is told where, and the secrets that the file stands on. */
void diff_say_tells(struct difference *d);

#endif
