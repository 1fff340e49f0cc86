/* decide.h - the question and the answer; a zeroed decision is a denial
 *
 * Only the room `gate` (and the checker's own commands: check, can) may call policy_decide; a lint counts the callers.
 */
#ifndef POLICY_DECIDE_H
#define POLICY_DECIDE_H

#include "base/droplet.h"
#include "policy/policy.h"

/* Who asks and where, looked up once a command. Numbers index the snapshot; it must be the same policy. */
struct policy_asker {
	const struct policy *policy;
	unsigned person;  /* 0: stranger; else its number */
	unsigned channel; /* 0: not listed; else its number */
};

/* network/workspace/user and network/workspace/channel (or direct), compared byte for byte. */
struct policy_asker policy_asker(const struct policy *policy, const char *network,
				 const char *user_workspace, const char *user,
				 const char *channel_workspace, const char *channel, bool direct);

/* "ana", or NULL for a stranger; "ops", or NULL when not listed. Borrowed from the snapshot. */
const char *policy_person_name(const struct policy_asker *asker);
const char *policy_channel_name(const struct policy_asker *asker);

/* The person's id in a workspace of that network, for mentions; NULL when none is listed. */
const char *policy_person_id(const struct policy *policy, const char *person, const char *network,
			     const char *workspace);

/* The key of `workspaces` for a network's workspace; NULL when it is not listed. */
const char *policy_workspace_name(const struct policy *policy, const char *network,
				  const char *workspace);

/* By the names in the file; 0 when there is none. For the checker's own commands. */
unsigned policy_person_number(const struct policy *policy, const char *name);
unsigned policy_channel_number(const struct policy *policy, const char *name);

/* How many were started under a limit line within its time, for whom it counts them. */
struct policy_count {
	const char *limit; /* the line's name */
	unsigned n;
	bool n_unknown;        /* the worst case, whatever n is */
	int64_t monthly_cents; /* what this month's have added under the line */
	bool cents_unknown;
};

/* A turn that somebody took beside whoever's turn it is (break-glass, `may_take`). Policy keeps none: it comes in with the
 * question. It counts from <= at < until, and only while the policy's own `may_take` names the person. */
struct policy_taken {
	const char *rota, *person; /* names in the file */
	int64_t from_ms, until_ms;
};

/* Zeroed, what lies after at_ms is not known, and what is not known is the worst case. */
struct policy_question {
	struct policy_asker asker;
	enum verb verb;
	const struct droplet *droplet; /* NULL: the verb is about none */
	int64_t at_ms;                 /* wall time */
	unsigned n_targets;            /* of the whole command; 0 counts as 1 */
	bool groups_known;             /* `groups` is all; otherwise it is what is known to hold */
	const char *const *groups;     /* names of platform groups in which the asker is */
	size_t n_groups;
	bool counts_known; /* a limit that is not in `counts` has counted none */
	const struct policy_count *counts;
	size_t n_counts;
	const struct policy_taken *taken; /* of all rotas; what is not here is not taken */
	size_t n_taken;
	bool cost_known;
	int64_t monthly_cents; /* what create or resize would add; the counts say what was added before */
};

enum verdict { DENY = 0, ALLOW };

enum duty_kind { DUTY_NONE = 0, DUTY_CONFIRM, DUTY_CODE, DUTY_REASON, DUTY_APPROVALS };

struct duty {
	enum duty_kind kind;
	const char *rule;  /* name of the line that asks for it */
	unsigned n;        /* APPROVALS */
	const char *group; /* APPROVALS: a group, a rota, a person, or "people" */
	int64_t within_ms; /* APPROVALS */
	int64_t lasts_ms;  /* CODE: an earlier one counts so long; 0: asked each time */
};

#define DECISION_DUTIES_MAX 16

/* Adds one to a union: a code includes the confirmation, reasons are asked once, approvals add up. False: no room. */
bool policy_duty_add(struct duty *duties, size_t *n, size_t most, const struct duty *duty);

struct policy_rule {
	const char *
		name; /* "sre-runs-everything", "ceiling.ops", "no-rule", "unknown.channel", "unknown.verb" */
	unsigned line; /* in the file; 0 for those that stand in no line */
};

enum limit_per { PER_NONE = 0, PER_PERSON, PER_ROLE, PER_CHANNEL };

/* One line of `limits`. A figure that is 0 is not limited. */
struct policy_limit {
	const struct policy_rule *rule;
	enum limit_per per; /* of at_most; role: all who are under the line count together */
	unsigned at_most;
	int64_t within_ms;
	unsigned droplets_at_once; /* changes only: a list is no act */
	int64_t monthly_cents;     /* create and resize */
};

#define DECISION_LIMITS_MAX 16
#define DECISION_RULES_MAX 32

struct decision {
	enum verdict verdict;
	size_t n_duties;
	struct duty duties[DECISION_DUTIES_MAX]; /* all must be met */
	/* ALLOW: every fitting allow line. DENY: every fitting never line, ceiling.CHANNEL, unknown.channel; the limit lines
	 * that are reached, when nothing else denied; "no-rule" when nothing spoke; "unknown.verb" alone. In the file's
	 * order; borrowed from the snapshot. */
	const struct policy_rule *rules[DECISION_RULES_MAX];
	size_t n_rules;     /* may be more than DECISION_RULES_MAX were kept */
	enum tier max_tier; /* the strongest token this channel's ceiling could ever need */
	const char *policy_id;
	/* ALLOW: the limit lines under which this counts; borrowed from the snapshot */
	const struct policy_limit *limits[DECISION_LIMITS_MAX];
	size_t n_limits;
};

void policy_decide(const struct policy_question *question, struct decision *ret_decision);

/* The limit lines that are, or may be, about it, whatever was started; in the file's order. The value is how many were given;
 * a decision with more than DECISION_LIMITS_MAX denies by itself. */
size_t policy_limits(const struct policy_question *question, const struct policy_limit **ret,
		     size_t most);
/* Is, or may, the line be about that one too? For what was started before: who, where, what, and when, as it was then. */
bool policy_limit_fits(const struct policy_limit *limit, const struct policy_question *past);

/* Could this asker be allowed the verb here for any droplet at all? For help and completion: never says no wrongly. Whoever
 * may take a turn counts as perhaps having it. */
bool policy_could(const struct policy_asker *asker, enum verb verb, int64_t at_ms);
/* The same with what the question knows of groups and turns; its droplet, counts and costs are not looked at. */
bool policy_could_be(const struct policy_question *question);

/*
 * Does the channel (its name in the file) hear that the verb was done to the droplet? Where its `announce` names the verb, its
 * ceiling lets droplet.show of that droplet through at that time, and no `never` line hides it from everyone there. What is
 * not known is no. What is said of the droplet is cut by policy_shows.
 */
bool policy_announces(const struct policy *policy, const char *channel, enum verb verb,
		      const struct droplet *droplet, int64_t at_ms);
/* Does any channel hear of that verb at all? */
bool policy_announces_any(const struct policy *policy, enum verb verb);

/* Whose turn it is in the i-th rota (policy_rota): the one by the rota or its covers first, then who took it. */
struct policy_turn {
	const char *person; /* borrowed from the snapshot */
	int64_t until_ms;
	bool taken;
};
/* ret_turns has room for `most`; the value is how many there are. */
size_t policy_on_call(const struct policy *policy, size_t i, int64_t at_ms,
		      const struct policy_taken *taken, size_t n_taken,
		      struct policy_turn *ret_turns, size_t most);

/* May this person take the i-th rota's turn? */
bool policy_may_take(const struct policy *policy, size_t i, const char *person);

/* May the field ("ip", "tags", ...) of a droplet be shown in the asker's channel? (`show`; without it all may.) */
bool policy_shows(const struct policy_asker *asker, const char *field);

#endif
