/* snapshot.h - a compiled policy: flat arrays and bitsets in one arena, never changed after policy_compile
 *
 * People, channels and rules are numbered. For each person there is one row of bits: the allow lines (and the never lines)
 * whose `who` covers that person. For each verb there is a row: the lines that name it. A decision is the AND of the two
 * rows, and a look at the droplet for the few lines that are left.
 */
#ifndef POLICY_SNAPSHOT_H
#define POLICY_SNAPSHOT_H

#include <stdatomic.h>

#include "base/arena.h"
#include "policy/decide.h"
#include "policy/networks.h"
#include "policy/policy.h"
#include "policy/zones.h"

#define VERB_WORDS ((VERB_COUNT + 63) / 64)

struct verb_set {
	uint64_t bits[VERB_WORDS];
};

/* No is the zero value. Unknown goes through `except`; only at the end it becomes no (allow, ceilings) or yes (never). */
enum fit { FIT_NO = 0, FIT_UNKNOWN, FIT_YES };

enum attribute {
	BY_TAG,
	BY_NAME,
	BY_REGION,
	BY_PROJECT,
	BY_SIZE,
	BY_ACCOUNT,
	BY_COUNT,
};

/*
 * What texts and patterns look like from afar: a text can fit a pattern only where their marks meet. A word has a bit for
 * all of it; a text that meets a pattern with '*' has one for its first letter and one for its last. Those of several texts
 * or patterns are the union.
 */
struct marks {
	uint64_t whole, first, last;
};

struct pattern {
	const char *text; /* lower case */
	bool glob;        /* has a '*' */
	bool uuid;        /* looks like a project's UUID */
	struct marks marks;
};

/* One key of a selector: any entry is enough. */
struct clause {
	enum attribute attribute;
	unsigned n;
	const struct pattern *patterns;
	struct marks marks; /* of all patterns */
};

/* All must fit. */
struct clauses {
	unsigned n;
	struct clause clause[];
};

struct selector {
	bool any;
	const struct clauses *fits; /* NULL with any */
	const struct clauses *except;
};

/* A window of time, either each week by the wall clock or once. What the clock skips or shows twice is unknown. */
struct hours {
	const char *name;
	const struct zone *zone;
	bool weekly;
	unsigned days;     /* bit 0: Monday */
	unsigned from, to; /* minutes of the day; to may lie on the next day: to <= from */
	int64_t surely_from, surely_to, maybe_from, maybe_to; /* once: seconds since 1970 */
};

/* Who stands in for whoever's turn it is, from..to in seconds since 1970. */
struct cover {
	unsigned person;
	int64_t from, to;
	unsigned line;
};

struct rota {
	const char *name;
	const struct zone *zone;
	const unsigned *people; /* in turn, from `from` on */
	unsigned n_people;
	unsigned days;     /* of a turn */
	int64_t from_wall; /* seconds of wall time */
	const struct cover *covers;
	unsigned n_covers;
	const uint64_t *takers; /* bits by person: who may take the turn; NULL: nobody */
};

/*
 * Whoever is meant only by the time or by a chat network: rotas first, then the networks' groups. A line's `who` and
 * `unless` have a set of them beside the fixed people.
 */
#define TERMS_MAX 128
#define TERM_WORDS (TERMS_MAX / 64)

struct term_set {
	uint64_t bits[TERM_WORDS];
};

struct rule {
	struct policy_rule label;
	struct verb_set verbs;
	struct selector droplets;
	bool plain; /* who and droplets are all there is to look at: no terms, no during */
	struct term_set who, spared;
	const struct hours *const *during; /* any of them; NULL: always */
	unsigned n_during;
	const struct duty *duties; /* require */
	unsigned n_duties;
	const struct policy_limit *limit; /* limits */
};

/* A list of rules and who they are about: rows of `words` words. Row 0 is the stranger, or the channel not listed. */
struct rule_table {
	struct rule *rules;
	unsigned n, words;
	uint64_t *of_person;  /* (n_people + 1) rows: `who` covers the person */
	uint64_t *spared;     /* (n_people + 1) rows: `unless` covers the person */
	uint64_t *of_channel; /* (n_channels + 1) rows: `anyone in` the channel */
	uint64_t *of_verb;    /* VERB_COUNT rows */
	uint64_t *of_terms;   /* one row: `who` has terms */
};

struct ceiling {
	struct verb_set verbs;
	struct selector droplets;
	const struct hours *const *during; /* any of them; NULL: always */
	unsigned n_during;
};

struct channel {
	const char *name;
	struct policy_rule label; /* "ceiling.ops" */
	struct ceiling *ceilings;
	unsigned n_ceilings;
	struct verb_set verbs; /* of all ceilings */
	const struct hours *const
		*during; /* any of them; NULL: always. Outside, the channel lets nothing through */
	unsigned n_during;
	struct verb_set announce; /* changes of droplets, of which the channel hears */
	enum tier max_tier;
	bool has_show;
	unsigned show; /* bits of the show table */
};

struct workspace {
	const char *name;
	const struct network *network;
	const char *id;
};

struct person_id {
	unsigned workspace;
	const char *id;
};

struct person {
	const char *name;
	struct person_id *ids;
	unsigned n_ids;
	const char
		*code; /* where the secret of their codes is; NULL: none. Policy never opens it */
};

/* (workspace, id) -> number, open addressing; number 0: empty. Names stand in it under workspace NAMES. */
#define NAMES (~0U)

struct id_slot {
	unsigned workspace, number;
	const char *id;
};

struct id_table {
	struct id_slot *slots;
	size_t mask;
};

struct setting {
	const char *key, *value;
};

/* A group as it is written: the people in it whatever the time, and the terms. */
struct group_set {
	const char *name;
	const uint64_t *people; /* bit 0 is the stranger, never set */
	struct term_set terms;
};

struct policy {
	struct arena arena;
	atomic_uint refs;
	char id[17];
	const char *source; /* the file's text, for the lines that explanations show */
	size_t source_len;

	struct workspace *workspaces;
	unsigned n_workspaces;
	struct person *people; /* people[1..n_people] */
	unsigned n_people;
	struct channel *channels; /* channels[1..n_channels] */
	unsigned n_channels;
	struct id_table person_ids, channel_ids;

	struct rule_table allow, never, require, limits;
	bool names_projects; /* any selector of them, or of a channel */

	struct hours *hours;
	unsigned n_hours;
	struct rota *rotas;
	unsigned n_rotas;
	struct policy_group *groups; /* the networks' */
	size_t n_groups;
	struct group_set *group_sets; /* all of `groups` */
	unsigned n_group_sets;

	struct policy_account *accounts;
	size_t n_accounts;
	struct policy_channel *places;
	size_t n_places;
	struct setting *settings;
	size_t n_settings;
};

static inline void bit_set(uint64_t *bits, unsigned i)
{
	bits[i / 64] |= (uint64_t)1 << (i % 64);
}

static inline bool bit_get(const uint64_t *bits, unsigned i)
{
	return (bits[i / 64] >> (i % 64) & 1) != 0;
}

/* idtable: made for `most` entries; find gives 0 when there is none. The id is borrowed. */
void id_table_init(struct id_table *table, struct arena *arena, size_t most);
void id_table_put(struct id_table *table, unsigned workspace, const char *id, unsigned number);
unsigned id_table_find(const struct id_table *table, unsigned workspace, const char *id);

bool selector_names(const struct selector *selector, enum attribute attribute);

/* A droplet while selectors are held against it: the marks of an attribute are made when the first asks for them. */
struct subject {
	const struct droplet *droplet; /* NULL: the verb is about none, or nothing is known of it */
	unsigned made;                 /* bits by enum attribute */
	struct marks marks[BY_COUNT];
};

/* The matcher: what a selector says of a droplet. */
enum fit selector_fit(const struct selector *selector, enum verb verb, struct subject *subject);

/* The marks of a pattern by its text and `glob`. */
struct marks marks_of_pattern(const struct pattern *pattern);

/* ... and one pattern alone. */
enum fit pattern_says(const struct pattern *pattern, enum attribute attribute,
		      const struct droplet *droplet);

/* Is it inside at that time (seconds since 1970)? Unknown where the clock skipped the hour that would tell. */
enum fit hours_fit(const struct hours *hours, int64_t at);

/* The number of whoever's turn it is, 0 when nobody's; *ret_until (may be NULL) is when that ends. */
unsigned rota_person(const struct rota *rota, int64_t at, int64_t *ret_until);
/* Could it be this person's turn at all, also by taking it? */
bool rota_names(const struct rota *rota, unsigned person);
bool rota_may_take(const struct rota *rota, unsigned person);
/* Is it, by one of the turns that were taken? */
bool rota_is_taken(const struct policy *policy, const struct rota *rota, unsigned person,
		   const struct policy_question *question);

/* The question put more than one way, for the embedded tests: what is not known taken for the best, and no time given. */
struct policy_view {
	bool hopeful;  /* what is not known allows, and forbids nothing */
	bool timeless; /* every hour and every turn is possible */
	bool takeable; /* a turn that may be taken perhaps is */
};
void decide_view(const struct policy_question *question, const struct policy_view *view,
		 struct decision *ret_decision, bool *ret_time_matters);

/* Do allow lines fit, put this way? Whatever stands against it. */
bool view_allows(const struct policy_question *question, const struct policy_view *view);

/*
 * The two halves of every answer, shared by decide and explain: what stands against it (ceilings, never lines, a channel
 * not listed, no such verb), and the allow lines that fit at least so surely. Rules are added; true when any were. The
 * asker's policy is not NULL.
 */
bool match_against(const struct policy_question *question, struct decision *decision);
bool match_for(const struct policy_question *question, enum fit least, struct decision *decision);

/* What the require lines ask for, added to the decision's duties. False: more than it holds, and that line speaks. */
bool match_duties(const struct policy_question *question, struct decision *decision);

/* How surely each part of an allow line fits, for explanations. */
struct line_fit {
	enum fit who, droplets, during;
	const struct rota
		*turn; /* who: not now, but when it is their turn in this one; else NULL */
};
void match_line(const struct policy_question *question, unsigned number, struct line_fit *ret_fit);

/* The hours to which a channel's ceiling is bound, when nothing but the time keeps it from letting this through. */
bool match_channel_hours(const struct policy_question *question,
			 const struct hours *const **ret_during, unsigned *ret_n);

/* policy_could at any time at all. */
bool could_ever(const struct policy_asker *asker, enum verb verb);

/* The limit lines that are reached: these alone speak then. Asked last, when nothing else denies. */
bool match_limits(const struct policy_question *question, struct decision *decision);

/* Word w of the lines that are about this person, in this channel, and this verb; selectors not looked at. */
uint64_t match_lines(const struct rule_table *table, unsigned person, unsigned channel,
		     enum verb verb, unsigned w);

/* A selector in words: "tag staging or dev-*, except tag protected". */
void selector_words(const struct selector *selector, struct strbuf *out);

/* "mon" for 0. */
const char *hours_day(unsigned day);

/* "office (mon-fri 09:00-18:00, Europe/Madrid)"; several with "or". */
void hours_words(const struct hours *hours, struct strbuf *out);
void during_words(const struct hours *const *during, unsigned n, struct strbuf *out);

/* What was counted under the line; NULL: none. */
const struct policy_count *count_of(const struct policy_question *question,
				    const struct policy_limit *limit);
/* "2 of 3 used within 1 h"; nothing where nothing was counted. */
void limit_words(const struct policy_limit *limit, const struct policy_count *count,
		 struct strbuf *out);
/* "a code (one lasts 15 min)", "1 approval of sre within 30 min". */
void duty_words(const struct duty *duty, struct strbuf *out);

/* A made-up droplet in words: "one with tag staging, project shop". */
void droplet_words(const struct droplet *droplet, struct strbuf *out);

/* The bit of a field of `show`, 0 when there is no such field; the i-th field's name, NULL after the last. */
unsigned show_bit(const char *field);
const char *show_field(size_t i);

#endif
