/* moves.h - droplets as they are, and as new tags, names and projects would make them
 *
 * A state is what the policy's patterns can tell apart: which tags that some pattern names, which name, which project, which of
 * all that nobody can move (region, size, account). From a state lead edges: a tag added or taken away, another name, another
 * project.
 */
#ifndef POLICY_MOVES_H
#define POLICY_MOVES_H

#include "policy/world.h"

enum move { MOVE_TAG_ADD, MOVE_TAG_REMOVE, MOVE_RENAME, MOVE_ASSIGN, MOVES };
enum verb move_verb(enum move move);

/* One value of an attribute, as a droplet of which nothing else is looked at; equal to the patterns, equal letter. */
struct letters {
	unsigned attributes; /* bits by enum attribute */
	struct droplet *list;
	unsigned n, cap;
	struct intern keys;
};

struct move_edge {
	unsigned to; /* a state */
	unsigned short move, letter;
};

struct moves {
	const struct policy *policy;
	struct arena *arena;
	const struct pattern **patterns;
	enum attribute *pattern_of;
	unsigned n_patterns, cap_patterns;
	struct letters tags, names, projects, rests;
	uint64_t *key;

	struct intern states;
	unsigned *element; /* by state: states alike to every selector are one element */
	unsigned cap_states;
	struct intern signatures;
	struct droplet *droplets; /* by element */
	unsigned cap_droplets;
	uint64_t *signature;

	unsigned n_starts;  /* states 0 and up */
	unsigned *start_of; /* by droplet of the world that was given: its state */
	size_t *first_edge; /* by state, and one more */
	struct move_edge *edges;
	size_t n_edges, cap_edges;
	bool proven; /* every state and every way was tried */
};

/*
 * Of a world of witnesses: every state there can be is a start, and each goes one step, which is enough. Of an inventory: its
 * droplets are the starts, and all is found that steps lead to. `open`: the moves that anybody may make at all. Where that is
 * too much, what was tried is there, and `proven` is false.
 */
void moves_make(struct moves *ret, const struct policy *policy, const struct world *world,
		const bool open[MOVES], struct arena *arena);
void moves_done(struct moves *moves);

/* The state as a droplet; its tags lie in the arena. */
void moves_droplet(const struct moves *moves, unsigned state, struct droplet *ret);
/* 'adding the tag "staging"'; in words about this droplet's own tag where one is taken away. */
void moves_words(const struct moves *moves, const struct move_edge *edge,
		 const struct droplet *droplet, struct strbuf *out);

#endif
