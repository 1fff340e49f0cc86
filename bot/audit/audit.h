/* audit.h - who did what, when, by which rule, and how it ended: a hash-chained log inside the store
 *
 * A row is one JSON object (no message bodies, codes or tokens). It is appended in the caller's transaction, so a change
 * and its row are on disk together or not at all.
 */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "store/store.h"

struct audit_row {
	int64_t at_ms;
	const char
		*kind;  /* "decision", "job", "start", "reload", "unknown-command", "stale-press" */
	const char *id; /* decision id; the request's id for a change */
	const char *person; /* "ana"; NULL: stranger */
	const char *network, *user_workspace, *user;
	const char *workspace, *channel; /* ids as on the network */
	const char *channel_name;        /* as in the policy; NULL: not listed */
	const char *verb;
	const uint64_t *droplets;
	size_t n_droplets;
	const char *verdict;      /* "allow", "deny" */
	const char *const *rules; /* "sre-runs-everything:53" (name:line) */
	size_t n_rules;
	const char *policy_id;
	const char *state; /* job rows: the state moved to */
	uint64_t action_id;
	const char *outcome;
};

void audit_add(struct store_txn *txn, const struct audit_row *row);

/* Walks the chain. 0: whole, *ret_rows says how many; -1: err->msg names the first broken row. */
int audit_verify(struct store *store, int64_t *ret_rows, struct err *err);

/* JSON Lines: {"seq":..,"hash":..,<the body's fields>}, newest `most` rows (0: all). */
int audit_export(struct store *store, size_t most, struct strbuf *out, struct err *err);

#endif
