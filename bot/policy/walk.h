/* walk.h - what every section of the policy file needs: keys, words, lists, names, "did you mean" */
#ifndef POLICY_WALK_H
#define POLICY_WALK_H

#include "base/map.h"
#include "base/yaml.h"
#include "policy/report.h"
#include "policy/snapshot.h"

/* A name in the file: where it stands, whether anything uses it. Owned by the compiler's scratch arena. */
struct named {
	const char *name;
	unsigned number; /* its place in the list of its kind, from 0 */
	const struct yaml_node *at;
	bool used;
};

/* A set of names; the maps' values are struct named. */
struct names {
	struct map map;
	struct named *list;
	unsigned n;
};

struct compiler {
	struct policy *policy;
	struct arena *arena;   /* the policy's own: what stays */
	struct arena *scratch; /* the tree, and what goes when the compiler is done */
	struct policy_report *report;
	const struct yaml_node *root;
	const struct policy_lint_over *lint; /* NULL: the exhaustive lints are left out */

	struct names accounts, workspaces, people, groups, roles, channels, rotas, hours;
	struct map rule_names;        /* allow and never share one space: value is the yaml_node */
	unsigned people_words;        /* words in a set of people; bit 0 is the stranger */
	uint64_t *group_people;       /* n groups rows of people_words */
	struct term_set *group_terms; /* n groups */
	const struct zone **zones;    /* each read once */
	unsigned n_zones;
	struct verb_set *role_verbs;
	uint64_t *never_tested; /* bits by never line: a test would miss it; NULL: not asked */
	void (*look)(struct policy_report *,
		     const struct yaml_node *); /* at a secret's place; NULL: not */
};

/* The tables of keys, for the schema too. */
struct key_table {
	const char *const *keys;
	size_t n;
};
extern const struct key_table keys_of_top, keys_of_settings, keys_of_account, keys_of_role,
	keys_of_channel, keys_of_ceiling, keys_of_allow, keys_of_never, keys_of_require,
	keys_of_limits, keys_of_selector, keys_of_rota, keys_of_cover, keys_of_hours,
	keys_of_platform, keys_of_test, keys_of_test_droplet;

/* E004 when it is no map; E003 for a key that is not in the table, E059 for one that is reserved there. */
bool walk_keys(struct compiler *c, const struct yaml_node *map, const char *what,
	       const char *const *keys, size_t n);

/* The word, or NULL and E004. */
const char *walk_text(struct compiler *c, const struct yaml_node *node, const char *what);

/* A list, or one word that stands for a list of one. E004 for a map, E051 for an empty list unless that is fine. */
struct items {
	const struct yaml_node *const *at;
	size_t n;
	const struct yaml_node *one;
};
bool walk_items(struct compiler *c, const struct yaml_node *node, const char *what,
		bool may_be_empty, struct items *ret_items);
const struct yaml_node *item(const struct items *items, size_t i);

/* The keys of a section as names: E004, E039, E030, E010 past `most`. Names stand in ret, also the wrong ones' places. */
void walk_names(struct compiler *c, const struct yaml_node *section, const char *what,
		unsigned most, struct names *ret_names);
void names_done(struct names *names);
struct named *names_find(const struct names *names, const char *name); /* marks nothing */

/* Is the word fit to be a name? E004, E039. */
bool walk_name(struct compiler *c, const struct yaml_node *node, const char *what);

/* "Did you mean": the nearest of the words tried. */
struct guess {
	const char *word, *best;
	size_t distance;
	char text[128];
};
struct guess guess_for(const char *word);
void guess_try(struct guess *guess, const char *candidate);
void guess_names(const struct compiler *c, struct guess *guess, const struct names *names);
const char *guess_text(struct guess *guess); /* "; did you mean \"x\"?" or "" */

/*
 * Things that contain things of their kind. Gives an order in which each comes after all that it contains; E038 with the
 * path for each cycle.
 */
struct link {
	unsigned to;
	const struct yaml_node *at;
};
struct linked {
	struct link *links;
	unsigned n;
};
void walk_order(struct compiler *c, const struct names *names, const struct linked *linked,
		const char *what, unsigned *ret_order);

/* policy_check, with a look at the file that each secret's place names (`look` may be NULL: the policy room is pure, load.c
 * is not). */
struct policy *compile_text(const char *text, size_t len, const struct policy_lint_over *over,
			    void (*look)(struct policy_report *, const struct yaml_node *),
			    struct policy_report *ret_report);

/* The sections, in the order in which they need each other. */
void compile_accounts(struct compiler *c);
void compile_workspaces(struct compiler *c);
void compile_people(struct compiler *c);
void compile_hours(struct compiler *c);
void compile_oncall(struct compiler *c);
void compile_groups(struct compiler *c);
void compile_takers(struct compiler *c); /* of rotas: who may take a turn */
void compile_roles(struct compiler *c);
void compile_channels(struct compiler *c);
void compile_rules(struct compiler *c);

/* The exhaustive lints, over a policy without errors. */
void lint_policy(struct compiler *c);

/* `may`: verbs, patterns, roles. NULL node: E005 at `owner`. `nothing` is legal in channels only, roles everywhere but in roles. */
enum may_place { MAY_IN_ROLE, MAY_IN_CHANNEL, MAY_IN_RULE, MAY_IN_TEST };
void compile_may(struct compiler *c, const struct yaml_node *node, const struct yaml_node *owner,
		 enum may_place place, struct verb_set *ret_verbs);

/* `droplets`. NULL node: E050 at `owner`. */
void compile_selector(struct compiler *c, const struct yaml_node *node,
		      const struct yaml_node *owner, struct selector *ret_selector);

/* `during`: names of hours. */
void compile_during(struct compiler *c, const struct yaml_node *node,
		    const struct hours *const **ret_during, unsigned *ret_n);

/* One platform group: {slack-group: acme/S01SUPPRT, fresh: 5m}. */
void compile_platform_group(struct compiler *c, const struct named *named,
			    const struct yaml_node *node);

/* The zone of a window, a rota or a test; E055 and NULL when there is none. `node` NULL: E005 at owner. */
const struct zone *compile_zone(struct compiler *c, const struct yaml_node *node,
				const struct yaml_node *owner);

/* "2026-01-05 09:00": E055, E005 when it is missing. */
bool compile_wall(struct compiler *c, const struct yaml_node *map, const char *key,
		  const struct yaml_node *owner, int64_t *ret_wall);

/* "10m": E058, also outside least..most. */
bool compile_duration(struct compiler *c, const struct yaml_node *node, int64_t least_ms,
		      int64_t most_ms, int64_t *ret_ms);

/* A whole number: E058 outside 1..most. */
bool compile_count(struct compiler *c, const struct yaml_node *node, unsigned most,
		   unsigned *ret_n);

/* The keys of one line of `require` and of `limits` that the other lists have not. */
void compile_steps(struct compiler *c, const struct yaml_node *node, struct rule *rule,
		   const uint64_t *affected);
void compile_limit(struct compiler *c, const struct yaml_node *node, struct rule *rule);

/* The tests in the file: read, and when nothing is wrong, run. */
void compile_tests(struct compiler *c);

/* Reports an id that does not look like one of its network; false then. *ret_id is prepared for comparison. */
bool compile_id(struct compiler *c, const struct yaml_node *node, const char *text,
		const struct network *network, const struct network_id *looks, const char *what,
		const char **ret_id);

#endif
