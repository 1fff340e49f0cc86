/* audit.h - who did what, when, by which rule, and how it ended: a hash-chained log inside the store
 *
 * A row is one JSON object (no message bodies, codes or tokens). It is appended in the caller's transaction, so a change
 * and its row are on disk together or not at all.
 */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "store/store.h"

struct audit_row {
	int64_t at_ms;
	const char *
		kind; /* "decision", "job", "oncall", "start", "reload", "unknown-command", "stale-press" */
	const char *id;     /* decision id; the request's id for a change */
	const char *person; /* "ana"; NULL: stranger */
	const char *network, *user_workspace, *user;
	const char *workspace, *channel; /* ids as on the network */
	const char *channel_name;        /* as in the policy; NULL: not listed */
	const char *verb;
	const uint64_t *droplets;
	size_t n_droplets;
	const char *const *names; /* of droplets that are to be made: they have no id yet */
	size_t n_names;
	const char *verdict;      /* "allow", "deny" */
	const char *const *rules; /* "sre-runs-everything:53" (name:line) */
	size_t n_rules;
	const char *const *duties; /* "confirm", "approve 1 of sre" */
	size_t n_duties;
	const char *const *approvers; /* names in the policy */
	size_t n_approvers;
	int64_t count; /* a row that stands for several: how many; 0: for itself */
	const char *policy_id;
	const char *state; /* job rows: the state moved to */
	uint64_t action_id;
	const char *outcome;
};

void audit_add(struct store_txn *txn, const struct audit_row *row);

/*
 * The oldest rows leave the database for closed files in a folder beside it, STATE-audit/000000000001-000000010000.jsonl:
 * a line of audit_export a row (audit/roll.h). Both are one chain. The functions below read both; a reader of the database
 * sees one moment of it. Room: a store in memory has no files.
 */

/* Walks the chain. 0: whole, *ret_rows is the newest row's number; -1: err->msg names the first broken row. */
int audit_verify(struct store *store, int64_t *ret_rows, struct err *err);

/* A row's place in the chain, as somebody wrote it down elsewhere: "10000:3fc1...". */
struct audit_head {
	int64_t seq; /* 0: none */
	char hash[STORE_HASH_SIZE];
};
int audit_head_parse(const char *text, struct audit_head *ret_head, struct err *err);
int audit_head_now(struct store *store, struct audit_head *ret_head, struct err *err);
/* The walk from the row after `after` (of files that were taken away), and `head` must be passed on it. NULL: neither. */
int audit_verify_from(struct store *store, const struct audit_head *after,
		      const struct audit_head *head, int64_t *ret_rows, struct err *err);

/* The newest rows alone, for a look at the start: do they follow one another? */
int audit_verify_tail(struct store *store, size_t rows, struct err *err);

/* JSON Lines: {"seq":..,"hash":..,<the body's fields>}, newest `most` rows (0: all). */
int audit_export(struct store *store, size_t most, struct strbuf *out, struct err *err);

/* What a row must have to be found; NULL and 0: anything. */
struct audit_filter {
	const char *person;
	const char *channel; /* as in the policy, or its id */
	const char *verb;    /* "droplet.power" also finds droplet.power.reboot */
	const char *kind;
	const char *id;
	const char *rule; /* a line's name; "taken" also finds taken.primary */
	uint64_t droplet;
	int64_t since_ms, until_ms; /* wall; until itself is out */
	size_t most;                /* the newest so many */
};

struct json;

/* One that was found. All of it lives for the call only. */
struct audit_found {
	int64_t seq;
	const char *hash;
	const char *body;
	const struct json *row;
};

/*
 * Newest first, from below the row `before` (0: the newest), in the database and then in the files: an answer in chat, from
 * store_ask. It looks at no more than AUDIT_LOOKS rows; non-zero from `each` ends it after that row. *ret_next: the `before`
 * to go on with; 0: that was all.
 */
#define AUDIT_LOOKS 20000
int audit_query(struct store *store, const struct audit_filter *filter, int64_t before,
		int (*each)(const struct audit_found *found, void *data), void *data,
		int64_t *ret_next, struct err *err);
/* Oldest first, files too; `most` is not looked at. */
int audit_search(struct store *store, const struct audit_filter *filter,
		 int (*each)(const struct audit_found *found, void *data), void *data,
		 struct err *err);

void audit_print(const struct audit_found *found, struct strbuf *out); /* a line of audit_export */
/* For people: two or three lines of at most 40 columns. how NULL: all that there is. */
struct audit_short {
	bool hides_rules, hides_who;
	const char *(*droplet)(uint64_t id, void *data); /* its name there; NULL: its id */
	void *data;
};
void audit_print_short(const struct audit_found *found, const struct audit_short *how,
		       struct strbuf *out);

/* A moment as people say it: a day, a time (UTC), "today", or how long ago, "90m", "12h", "7d". */
int audit_time(const char *text, int64_t now_ms, int64_t *ret_ms, struct err *err);

/* The text of a policy that rows mean, from the database or the folder. */
int audit_policy(struct store *store, const char *id, struct strbuf *out, struct err *err);

#endif
