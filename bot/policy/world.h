/* world.h - the droplets over which lints and diff are exhaustive, and what each line of a policy says of each of them
 *
 * A world is an inventory, or one witness for each combination of selectors that the policies name. One element more than
 * there are droplets stands for "no droplet": what actions that touch none are asked about.
 */
#ifndef POLICY_WORLD_H
#define POLICY_WORLD_H

#include "policy/intern.h"
#include "policy/snapshot.h"

struct world {
	const struct droplet *droplets;
	unsigned n;
	size_t words;  /* of a set of elements */
	bool complete; /* every combination stands in it; an inventory is complete by itself */
	bool inventory;
};

/* What is given; borrowed. */
void world_of(struct world *ret_world, const struct droplet *droplets, size_t n);

/* Witnesses for these policies; they and their strings lie in the arena. */
void world_witness(struct world *ret_world, const struct policy *const *policies, size_t n,
		   struct arena *arena);
/* ... also for what the lines of `require` and `limits` tell apart. */
void world_witness_steps(struct world *ret_world, const struct policy *const *policies, size_t n,
			 struct arena *arena);

/* Sets the bits of the elements that fit the selector at least so surely. */
void world_fill(const struct world *world, const struct selector *selector, enum fit least,
		uint64_t *row);

/* Every selector of allow, never and the ceilings. */
void each_selector(const struct policy *policy, void (*visit)(const struct selector *, void *),
		   void *data);
/* A text that fits the pattern, in the arena. */
const char *pattern_instance(const struct pattern *pattern, struct arena *arena);
/* A text that fits both of these globs; NULL: there is none, or (*known becomes false) none was found. */
const char *pattern_overlap(const char *a, const char *b, struct arena *arena, bool *known);
/* A text that no pattern names. */
#define WORLD_OTHER "0-none-of-them"

/* Sets of elements by rule and by ceiling. */
struct cells {
	const struct policy *policy;
	const struct world *world;
	struct rule_table allow_lines, never_lines; /* of one view */
	uint64_t *allow;                            /* rows by line: surely fits */
	uint64_t *never;                            /* rows by line: may fit */
	uint64_t *
		ceiling; /* rows by channel (0: none) times VERB_COUNT, cut to the verb's elements */
};

/*
 * Where time, turns or a network's groups decide, a line has a strongest and a weakest form. AT_BEST: what may be allowed at
 * some time; ALWAYS: what is allowed whatever the time.
 */
enum view { ALWAYS, AT_BEST };
void view_table(const struct policy *policy, const struct rule_table *table, bool strongest,
		struct arena *arena, struct rule_table *ret);
bool is_conditional(const struct rule_table *table);

void cells_make(struct cells *ret_cells, const struct policy *policy, const struct world *world,
		enum view view, struct arena *arena);
const uint64_t *cells_ceiling(const struct cells *cells, unsigned channel, unsigned verb);
bool cells_in_verb(const struct cells *cells, unsigned verb, unsigned element);

/* Allowed to the person by lines about people or `anyone in` the channel (0: none), less what is never; ceilings not
 * looked at, nor which elements the verb is about. */
void cells_grant(const struct cells *cells, unsigned person, unsigned channel, unsigned verb,
		 uint64_t *ret);
/* ... and under the channel's ceiling. False when that leaves nothing. */
bool cells_allowed(const struct cells *cells, unsigned person, unsigned channel, unsigned verb,
		   uint64_t *ret);

bool bits_empty(const uint64_t *bits, size_t words);
unsigned bits_count(const uint64_t *bits, size_t words);
unsigned bits_first(const uint64_t *bits, size_t words);

/* What every selector says of one droplet, as a key: droplets with equal keys are equal to the policies. */
size_t signature_words(const struct policy *const *policies, size_t n);
void signature_of(const struct policy *const *policies, size_t n, const struct droplet *droplet,
		  uint64_t *ret);

/* Adds to a signature what the lines of `require` and `limits` say. */
void signature_steps(const struct policy *const *policies, size_t n, const struct droplet *droplet,
		     uint64_t *ret);

/* People with the same rows are one class; by number of the first. ret_class has n_people + 1 places. */
unsigned people_classes(const struct rule_table *const *tables, size_t n_tables, unsigned n_people,
			unsigned *ret_class);

#endif
