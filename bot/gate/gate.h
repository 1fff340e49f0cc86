/* gate.h - the only caller of policy: may this person, here, do this to these droplets?
 *
 * Everything that depends on rights comes through here: commands, help, completion, "did you mean", list filters, and
 * the last look before an act. A gate holds one policy snapshot and can be given a new one.
 */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include "base/arena.h"
#include "base/err.h"
#include "ocean/index.h"
#include "policy/decide.h"

struct gate;
struct store_txn;

struct gate *gate_new(struct policy *policy); /* takes a reference */
void gate_free(struct gate *gate);            /* NULL is fine */
void gate_swap(struct gate *gate, struct policy *policy);
const struct policy *gate_policy(const struct gate *gate);
const char *gate_policy_id(const struct gate *gate); /* as in a decision of now */

/* Who speaks where: the ids, kept so that the question can be asked again under another policy. */
struct gate_who {
	const char *network;
	const char *user_workspace, *user;
	const char *workspace, *channel;
	bool direct;
};

/* A chat network said, when asked just now, whether they are in that group of its (by its name in the policy). Known to decisions
 * for a minute. Nobody else is told, and what is not said is the worst case. */
void gate_said(struct gate *gate, const struct gate_who *who, const char *group, bool member);

/* Names as the policy in force has them; NULL: stranger, or channel not listed. */
const char *gate_person(const struct gate *gate, const struct gate_who *who);
const char *gate_channel(const struct gate *gate, const struct gate_who *who);

/* Is that person in the group (a rota, a person, "people") now? */
bool gate_member(const struct gate *gate, const char *person, const char *group);

/* Who is in it now, by name, without `but` (NULL: nobody is left out); with the id to mention them by in that place. */
struct gate_approver {
	const char *person;
	const char *id; /* NULL: they have none there */
};
size_t gate_members(const struct gate *gate, const char *group, const char *but,
		    const char *network, const char *workspace, struct arena *arena,
		    const struct gate_approver **ret);

/* Where the secret of the person's codes is; NULL: none. */
const char *gate_person_code(const struct gate *gate, const char *person);

/*
 * Turns that people took (`may_take`): they count in every question from here on, each while its time lasts and the policy
 * names the person. Copied.
 */
void gate_set_taken(struct gate *gate, const struct policy_taken *taken, size_t n);
const struct policy_taken *gate_taken(const struct gate *gate, size_t *ret_n);
/* The rotas whose turn that person may take, in the file's order; and may a person take that one? */
size_t gate_may_take(const struct gate *gate, const struct gate_who *who, struct arena *arena,
		     const char *const **ret_rotas);
bool gate_takes(const struct gate *gate, const char *person, const char *rota);
/* "taken.primary" for each turn but for which that person would not be in the group now. */
const char *const *gate_taken_names(const struct gate *gate, const char *person, const char *group,
				    struct arena *arena, size_t *ret_n);

/*
 * What was started, for the policy's limits. Each droplet of a change takes a place when its job is ready and gives it back when
 * it ends unstarted; whoever makes jobs says so here, in the same breath as the row in the store. What reads, or changes the
 * bot alone, takes one place a command at its decision, in memory.
 */
struct gate_place {
	const char *job, *request;
	struct gate_who who;
	enum verb verb;
	const struct droplet *droplet; /* as it was then; NULL: about none */
	int64_t at_ms;                 /* wall */
	int64_t monthly_cents;         /* what it adds a month; -1: not known */
};
#define GATE_PLACES_MS (32 * 24 * 60 * 60 * 1000LL) /* longer than any limit looks back */
void gate_place_take(struct gate *gate, const struct gate_place *place); /* copied; one a job */
void gate_place_back(struct gate *gate, const char *job);                /* fine when it has none */
/* What was taken before this process is all here. Until then a line with `at_most` denies. */
void gate_places_known(struct gate *gate);
/* Is the place of that verb taken by the decision itself? */
bool gate_places_by_decision(enum verb verb);

/* The answer for all targets together: one denial denies all. Lives in the arena given. */
struct gate_decision {
	enum verdict verdict; /* zeroed: DENY */
	char id[20];          /* "8c21..." shown to people, and in the audit */
	enum tier max_tier;
	const char *const *rules; /* "name:line" */
	size_t n_rules;
	const struct duty *duties;
	size_t n_duties;
	const char *policy_id;
	bool here_only; /* denied by the channel's ceiling alone: the person may do it elsewhere */
	const char *
		elsewhere; /* then: name of a channel where it is allowed, NULL when none is known */
	const char *
		limit; /* denied by a limit: which, how many of how many, when; lines. NULL: by none */
};

/*
 * Decides and writes the audit row into txn (NULL only for questions that nobody acts on: help, completion, filters).
 * id: NULL makes a new decision id; a recheck gives its request's. n_droplets 0: the verb is about none.
 */
void gate_decide(struct gate *gate, const struct gate_who *who, enum verb verb,
		 const struct droplet *const *droplets, size_t n_droplets, const char *id,
		 struct store_txn *txn, struct arena *arena, struct gate_decision *ret_decision);

/* May the rota's turn be taken by them, from there? With its audit row; a code and a reason are asked for always. rota NULL: no.
 * id: as above. */
#define GATE_TAKE "oncall.take" /* in the log, where a verb would stand */
void gate_decide_take(struct gate *gate, const struct gate_who *who, const char *rota,
		      const char *id, struct store_txn *txn, struct arena *arena,
		      struct gate_decision *ret_decision);

/* The same for what costs: monthly_cents is what each of the droplets would add a month; -1: not known, as with gate_decide. */
void gate_decide_cost(struct gate *gate, const struct gate_who *who, enum verb verb,
		      const struct droplet *const *droplets, size_t n_droplets,
		      int64_t monthly_cents, const char *id, struct store_txn *txn,
		      struct arena *arena, struct gate_decision *ret_decision);

/* Is the network asked for that group when they speak there? One of another network or workspace is never theirs. */
bool gate_asks(const struct gate_who *who, const struct policy_group *group);

/* Could the verb be allowed here at all, whatever the network says of its groups? How much was started is not looked at. */
bool gate_could(struct gate *gate, const struct gate_who *who, enum verb verb);
/* The same by what it said within the last minute: for help, which asks first. */
bool gate_could_as_said(struct gate *gate, const struct gate_who *who, enum verb verb);

/* May this person use the verb here on that droplet? For looking up; a command is decided by gate_decide. */
bool gate_allows(struct gate *gate, const struct gate_who *who, enum verb verb,
		 const struct droplet *droplet);

/* The droplets on which this person may use the verb here, in the snapshot's order; the array is in the arena. */
const struct droplet **gate_filter(struct gate *gate, const struct gate_who *who, enum verb verb,
				   const struct ocean_snapshot *snapshot, struct arena *arena,
				   size_t *ret_n);

/* Why the verb is allowed or denied to this person here: lines of text, the policy's own where they may policy.why. */
const char *gate_why(const struct gate *gate, const struct gate_who *who, enum verb verb,
		     const struct droplet *droplet, struct arena *arena);

/* Does that channel (by its name) hear that the verb was done to the droplet; does any channel hear of the verb at all? */
bool gate_announces(const struct gate *gate, const char *channel, enum verb verb,
		    const struct droplet *droplet);
bool gate_announces_any(const struct gate *gate, enum verb verb);

/* Does the policy want reads in this channel answered to the asker alone? (`private_reads`) */
bool gate_reads_privately(const struct gate *gate, const struct gate_who *who);

/* One droplet of them as the channel may see it: fields that `show` leaves out are NULL or 0. A copy in the arena. */
const struct droplet *gate_redact(struct gate *gate, const struct gate_who *who,
				  const struct droplet *droplet, struct arena *arena);

/* May that fact of a droplet ("tags") be shown in this channel? A word that is no field of `show` ("who") may where no `show`
 * chooses. */
bool gate_shows(const struct gate *gate, const struct gate_who *who, const char *fact);

/*
 * Names, ids and selectors to droplets, among those that the person may `droplet.show` here and nothing else. A target is
 * "web-1", "101", "#101" or "tag:prod". Same words for what does not exist and what may not be seen. What the channel does
 * not show cannot be asked for either, but for ids: a button says which of two namesakes is meant.
 */
struct gate_targets {
	const struct droplet **droplets; /* each once, in the order asked */
	size_t n;
	/* on failure (NOTFOUND, CONFLICT) what might have been meant: droplets, for "did you mean" */
	const struct droplet **hints;
	size_t n_hints;
	size_t n_good; /* on failure: so many words before the one that failed are here */
};
int gate_resolve(struct gate *gate, const struct gate_who *who, const char *const *targets,
		 size_t n_targets, const struct ocean_snapshot *snapshot, struct arena *arena,
		 struct gate_targets *ret_targets, struct err *err);

#endif
