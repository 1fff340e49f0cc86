/* store.h - rows that outlive the process, and transactions that are one commit or nothing
 *
 * Writes are gathered into a transaction on the loop, carried out in order of store_commit on the worker thread, as
 * many as are waiting in one commit of the database (group commit), and called back on the loop after that commit.
 * Nothing leaves the bot before the callback of the transaction that says so. Reads at start are synchronous.
 *
 * Behind it: sqlite (WAL, migrations inside the binary) and memory (for tests, with faults). One suite runs on both.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "loop/loop.h"

struct store;
struct store_txn;

/* path: the database file, made when absent with mode 0600; its folder must exist. One process at a time: a second
 * gets ERR_CONFLICT. */
struct store *store_sqlite_open(struct loop *loop, const char *path, struct err *err);
/* Only the store_each_ and store_get_ functions work on it, and see the file as it is at the first of them; fine while a
 * bot runs on it. ERR_NOTFOUND: no such file. */
struct store *store_sqlite_open_reader(const char *path, struct err *err);
struct store *store_memory_open(struct loop *loop);

/* Nothing is waiting to be written or read. A program that ends runs its loop until then: what is begun at the end is kept. */
bool store_idle(const struct store *store);

/* Waits for what is under way; transactions not yet begun are called back with CANCELED. */
void store_close(struct store *store); /* NULL is fine */

/* One thing that somebody asked for: its jobs share the message that tells how it goes. Strings "" where there is none. */
struct store_request {
	char id[20]; /* random, base32: also the decision id shown to people */
	const char *network, *workspace, *channel, *thread;
	bool direct;
	const char *user_workspace, *user, *person; /* who asked: ids, and the name in the policy */
	const char *answers;                        /* id of the message that asked */
	const char *verb;                           /* "droplet.power.reboot" */
	const char *words; /* the row's words: "droplet reboot"; never what was typed */
	const char *policy_id;
	const char *card;               /* id of the post that shows it; "" until delivered */
	int64_t created_ms, updated_ms; /* wall */
	bool final; /* all its jobs are, and the last card was shown; until then it is the outbox's */
	const char *arguments;      /* what the verb was given beside droplets, canonical */
	const char *reason;         /* why, in the requester's words */
	const char *nonce, *digest; /* hex: of what a consent is bound to (job/consent.h) */
	const char *terms; /* hex: what the policy asked for when consents were first asked */
	bool queues; /* waits for a droplet that another job holds, instead of being refused */
};

/* A copy whose strings are in the arena, "" for NULL. */
void store_request_keep(struct arena *arena, struct store_request *ret,
			const struct store_request *row);

/* One person's yes to one request. */
struct store_consent {
	const char *request;
	int kind; /* enum consent_kind */
	const char *person;
	const char *network, *user_workspace, *user; /* the identity that said it */
	const char *digest;                          /* of the request, as it was then */
	const char *policy_id;
	int64_t at_ms;
};

/* A copy whose strings are in the arena, "" for NULL. */
void store_consent_keep(struct arena *arena, struct store_consent *ret,
			const struct store_consent *row);

/* A droplet that nobody but its owner may change. */
struct store_lock {
	const char *account;
	uint64_t droplet_id;
	const char *droplet_name;
	const char *person;
	const char *reason;
	int64_t at_ms;
};

/* A turn that somebody asked for beside whoever's it is (the policy's `may_take`), and where it was asked. */
struct store_take {
	char id[20]; /* of the decision */
	const char *rota, *person, *reason;
	const char *network, *workspace, *channel, *thread;
	const char *user_workspace, *user;
	bool direct;
	int64_t asked_ms;
	int64_t from_ms, until_ms; /* 0: it waits for a code until until_ms */
};

/* A copy whose strings are in the arena, "" for NULL. */
void store_take_keep(struct arena *arena, struct store_take *ret, const struct store_take *row);

struct store_job {
	char id[20];
	char request[20];
	const char *account;
	uint64_t droplet_id;
	const char *droplet_name;
	int state;           /* enum job_state */
	unsigned step;       /* of the plan, from 0 */
	uint64_t action_id;  /* of the step under way; 0: none known */
	int64_t sent_ms;     /* wall, when the step's request was about to leave; 0: not yet */
	int64_t deadline_ms; /* wall, of the state */
	int64_t updated_ms;
	const char *outcome; /* a sentence, once final; else the newest remark */
	bool open; /* holds its droplet: a second open job on the same (account, droplet_id) is refused; 0: it is to be made */
	int64_t ready_ms; /* wall, when it took its place under the policy's limits; 0: it never did, or gave it back */
	const char *steps; /* a line for each step of a plan of several that has ended; "": none */
	const char *
		beside; /* what was found about its droplet before it was asked for (job/beside.h); "": nothing */
};

/*
 * The place that a job took under the policy's limits, with what was known of it then: a policy that is read again counts it
 * by these facts, not by the names of lines. Strings "" where there is none.
 */
struct store_place {
	char job[20], request[20];
	int64_t at_ms; /* wall */
	const char *verb;
	const char *network, *user_workspace, *user; /* who, */
	const char *workspace, *channel;             /* and where */
	bool direct;
	const char *account;
	uint64_t droplet_id;
	const char *name, *region, *size, *project, *project_id;
	const char *tags;      /* each ended by a line feed */
	unsigned known;        /* enum droplet_known */
	int64_t monthly_cents; /* what it adds a month; -1: not known */
};
#define STORE_PLACES_MS (32 * 24 * 60 * 60 * 1000LL) /* longer than any limit looks back */
/* A copy whose strings are in the arena, "" for NULL. */
void store_place_keep(struct arena *arena, struct store_place *ret, const struct store_place *row);

struct store_txn *store_txn_new(struct store *store);
void store_txn_drop(struct store_txn *txn); /* not committed after all */

/*
 * What the transaction will do; all arguments are copied. The first two are conditions: when they do not hold the whole
 * transaction is undone and done gets ERR_CONFLICT.
 */
void store_txn_seen(struct store_txn *txn, const char *key,
		    int64_t now_ms); /* the event's key must be new */
void store_txn_job(
	struct store_txn *txn,
	const struct store_job
		*job); /* insert or replace by id, after its request; `open` is a condition */
/* A condition, too, but it is LIMIT that done gets: no request has its id yet. */
void store_txn_request(struct store_txn *txn, const struct store_request *request);
/* What becomes of one that is there: card, reason, terms, updated_ms; and `final`, which stays once it is
 * set. What was asked for, by whom and where, is not written again. None is there: nothing. */
void store_txn_request_now(struct store_txn *txn, const struct store_request *request);
void store_txn_log(struct store_txn *txn,
		   const char *body); /* append to the audit chain: see audit/audit.h */
/* value NULL: it is taken away. */
void store_txn_cursor(struct store_txn *txn, const char *name, const char *value);
void store_txn_forget(struct store_txn *txn, int64_t seen_before_ms); /* all older event keys */
void store_txn_consent(struct store_txn *txn,
		       const struct store_consent *consent);     /* one a (request, kind, person) */
void store_txn_void(struct store_txn *txn, const char *request); /* drops its consents */
void store_txn_lock(struct store_txn *txn,
		    const struct store_lock *lock); /* insert or replace by droplet */
void store_txn_unlock(struct store_txn *txn, const char *account, uint64_t droplet_id);
void store_txn_take(struct store_txn *txn,
		    const struct store_take *take); /* insert or replace by id */
void store_txn_untake(struct store_txn *txn, const char *id);
void store_txn_place(
	struct store_txn *txn,
	const struct store_place *place); /* insert or replace by job, after its request */
/* Given back; fine when there is none. */
void store_txn_unplace(struct store_txn *txn, const char *request, const char *job);
/* The text of a policy by its id, once: old file:line reasons stay readable. */
void store_txn_policy(struct store_txn *txn, const char *id, const char *text, int64_t at_ms);

/* Upkeep, a bounded bite a transaction: what is older than it need be goes. 0: that part stays. */
struct store_prune {
	int64_t seen_before_ms; /* event keys */
	int64_t places_before_ms;
	int64_t final_before_ms; /* requests that ended, with their jobs and consents */
	int64_t finals_kept; /* of those, how many of the newest may stay; a sixteenth more for a while */
};
void store_txn_prune(struct store_txn *txn, const struct store_prune *prune);
/*
 * The rows up to `seq` leave the log; that row's number and hash stay behind as the place where the chain goes on. A condition:
 * the row is there, or CONFLICT.
 */
void store_txn_cut(struct store_txn *txn, int64_t seq);
/* Texts of policies go that only rows could mean which the log has no more. It may look at every request: not with each cut. */
void store_txn_drop_policies(struct store_txn *txn);

/*
 * Of all that waits this one is carried out first, in a short group, and called back at once: what it lets go is an
 * acknowledgement, for which somebody waits. It must not hang on what was committed before it; its callback must be short and start
 * nothing.
 */
void store_txn_ahead(struct store_txn *txn);

/* done: exactly once, from the loop, never before this returns. err NULL: on disk. Kinds: CONFLICT (see above),
 * STORE (disk full, I/O), CANCELED. The transaction is gone afterwards. */
void store_commit(struct store_txn *txn, void (*done)(void *data, const struct err *err),
		  void *data);
/*
 * The same for what nobody waits for: it goes with the next group, and begins none of its own for STORE_NOTE_MS. One read after the
 * other is then some rows a sync, and not a sync each.
 */
#define STORE_NOTE_MS 20
void store_note(struct store_txn *txn, void (*done)(void *data, const struct err *err), void *data);

/* At start, before the loop runs. Rows and strings live for the call only. Non-zero from the callback ends it (0 is
 * returned all the same); it must not call the store. Requests come oldest first, jobs by id. */
int store_each_request(struct store *store, bool open_only,
		       int (*each)(const struct store_request *, void *), void *data,
		       struct err *err);
int store_each_job(struct store *store, const char *request_id,
		   int (*each)(const struct store_job *, void *), void *data, struct err *err);
int store_each_consent(struct store *store, const char *request_id,
		       int (*each)(const struct store_consent *, void *), void *data,
		       struct err *err);
int store_each_lock(struct store *store, int (*each)(const struct store_lock *, void *), void *data,
		    struct err *err);
/* In the order in which they were asked for. */
int store_each_take(struct store *store, int (*each)(const struct store_take *, void *), void *data,
		    struct err *err);
/* Places taken at or after that time, oldest first. */
int store_each_place(struct store *store, int64_t from_ms,
		     int (*each)(const struct store_place *, void *), void *data, struct err *err);
int store_each_policy(struct store *store,
		      int (*each)(const char *id, const char *text, int64_t at_ms, void *),
		      void *data, struct err *err);
int store_get_policy(struct store *store, const char *id, struct strbuf *out, struct err *err);
/* One request by its id, final ones too: `each` is called once or never. */
int store_find_request(struct store *store, const char *id,
		       int (*each)(const struct store_request *, void *), void *data,
		       struct err *err);

/*
 * A read while the bot runs: `work` is called on the worker, between two groups, and may call the store_each_, store_get_ and
 * store_find_ functions; then `done` once, from the loop. It shares nothing else with the loop meanwhile. At store_close what
 * was not begun is done with CANCELED.
 */
void store_ask(struct store *store, void (*work)(struct store *store, void *data),
	       void (*done)(void *data, const struct err *err), void *data);

/* How full it is, and the ends of its log. */
struct store_usage {
	int64_t used_bytes;  /* of the database; 0: in memory */
	int64_t limit_bytes; /* what store_set_limit allows; 0: no limit */
	int64_t cut_seq;     /* up to here the log was cut; 0: never */
	int64_t last_seq;    /* of the newest row; 0: none yet */
	char cut_hash[65], last_hash[65];
	bool due; /* store_txn_prune with the given bounds would drop something */
};
int store_get_usage(struct store *store, const struct store_prune *prune,
		    struct store_usage *ret_usage, struct err *err);

/* From now on a transaction that would make the database larger than that fails as on a full disk. 0: no limit. */
void store_set_limit(struct store *store, int64_t bytes);

/* Did the newest group fail for the disk's or the database's sake? Then why. From the loop. */
bool store_failing(const struct store *store, struct err *ret_why);

/*
 * Looks once whether the whole database is sound, beside groups and reads. done: once, from the loop; err NULL: it is. STORE: it is
 * damaged, or cannot be read; CANCELED: the store was closed.
 */
void store_check(struct store *store, void (*done)(void *data, const struct err *err), void *data);

/* The value in buf; -1 with ERR_NOTFOUND when there is none. */
int store_get_cursor(struct store *store, const char *name, char *buf, size_t size,
		     struct err *err);
/* Every cursor whose name begins with the prefix, by name; the name comes without it. */
int store_each_cursor(struct store *store, const char *prefix,
		      int (*each)(const char *rest, const char *value, void *), void *data,
		      struct err *err);

/* The keys of events that came last, newest first, at most `most`. */
int store_each_seen(struct store *store, size_t most, int (*each)(const char *key, void *),
		    void *data, struct err *err);

/* Where the database is; NULL: in memory. */
const char *store_path(const struct store *store);

/* The log, oldest first, from sequence number `from`. prev and hash are 64 hex digits. */
struct store_log {
	int64_t seq;
	const char *body, *prev, *hash;
};
int store_each_log(struct store *store, int64_t from, int (*each)(const struct store_log *, void *),
		   void *data, struct err *err);

/* The same, newest first, from below `before` (0: the newest). */
int store_each_log_back(struct store *store, int64_t before,
			int (*each)(const struct store_log *, void *), void *data, struct err *err);

/* The chain's rule: hash = hex(SHA-256(prev hex || "\n" || body)); the first prev is 64 zeros. */
#define STORE_HASH_SIZE 65
void store_chain_hash(const char *prev, const char *body, char ret_hash[STORE_HASH_SIZE]);

/* Memory store only: the n-th store_commit from now fails alone with this kind (1: the next). 0 takes it back. */
void store_memory_fail(struct store *store, unsigned nth, enum err_kind kind);
/* Memory store only: what a crash keeps. Takes the rows of a closed store into a new one; one that is not closed is
 * (transactions not yet on disk are gone, nobody is called back). A fault that is still to come comes in the new one.
 * Each closed store once. */
struct store *store_memory_reopen(struct loop *loop, struct store *old);

#endif
