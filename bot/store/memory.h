/* memory.h - what the files of the store in memory share; nobody else includes it
 *
 * memory.c writes, opens and closes; memory_read.c reads; memory_upkeep.c prunes and cuts.
 */
#ifndef STORE_MEMORY_H
#define STORE_MEMORY_H

#include "base/map.h"
#include "store/internal.h"

struct row {
	struct arena arena; /* holds the row itself too */
	int64_t at_ms;      /* seen, policy */
	int64_t log_seq;    /* policy: the newest row of the log when it came into force */
	const char *text;   /* cursor, policy; log: the body; seen: its key */
	char prev[STORE_HASH_SIZE], hash[STORE_HASH_SIZE];
	union {
		struct store_job job;
		struct store_request request;
		struct store_consent consent;
		struct store_lock lock;
		struct store_take take;
		struct store_place place;
	};
};

/* The rows that a cut took from the log, and where it was cut before. */
struct cut {
	struct row **rows;
	size_t n;
	int64_t seq;
	char hash[STORE_HASH_SIZE];
};

/* What stood in `map` under `key` before: NULL was nothing. map NULL: the log was cut, or a row was added to it. */
struct undo {
	struct map *map;
	char *key;
	struct row *old;
	struct cut *cut;
};

struct rows {
	struct map seen, requests, jobs, cursors, consents, locks, takes, places, policies;
	struct row **log;
	size_t n_log, cap_log;
	int64_t cut_seq; /* the number of the row before log[0] */
	char cut_hash[STORE_HASH_SIZE];
};

struct memory {
	struct store store;
	struct rows rows;
	struct undo *undos;
	size_t n_undos, cap_undos;
	struct memory *next_closed;
};

static inline struct memory *memory_of(struct store *store)
{
	return (struct memory *)(void *)store;
}

/* What stands there now is put back when the group is undone. */
void memory_remember(struct memory *m, struct map *map, const char *key, struct row *old);
void memory_take_out(struct memory *m, struct map *map, const char *key, struct row *row);
void memory_forget(struct memory *m, int64_t before_ms);
void memory_void_consents(struct memory *m, const char *request);
const char *memory_cut_hash(const struct rows *rows);
const char *memory_last_hash(const struct rows *rows);

/* memory_upkeep.c */
/* Requests that ended before that go: by age, or because there are newer ones enough. */
int64_t memory_final_bound(const struct rows *rows, const struct store_prune *prune);
void memory_prune(struct memory *m, const struct store_prune *bounds);
int memory_cut_log(struct memory *m, int64_t seq, struct err *err);
void memory_drop_policies(struct memory *m);

/* memory_read.c: the rows of struct store_back; and a map's rows in order, NULL behind the last: free them. */
struct row **memory_sorted(const struct map *map, int (*order)(const void *, const void *));
int memory_each_request(struct store *store, bool open_only,
			int (*each)(const struct store_request *, void *), void *data,
			struct err *err);
int memory_find_request(struct store *store, const char *id,
			int (*each)(const struct store_request *, void *), void *data,
			struct err *err);
int memory_each_job(struct store *store, const char *request_id,
		    int (*each)(const struct store_job *, void *), void *data, struct err *err);
int memory_each_consent(struct store *store, const char *request_id,
			int (*each)(const struct store_consent *, void *), void *data,
			struct err *err);
int memory_each_lock(struct store *store, int (*each)(const struct store_lock *, void *),
		     void *data, struct err *err);
int memory_each_take(struct store *store, int (*each)(const struct store_take *, void *),
		     void *data, struct err *err);
int memory_each_place(struct store *store, int64_t from_ms,
		      int (*each)(const struct store_place *, void *), void *data, struct err *err);
int memory_get_policy(struct store *store, const char *id, struct strbuf *out, struct err *err);
int memory_get_cursor(struct store *store, const char *name, char *buf, size_t size,
		      struct err *err);
int memory_each_seen(struct store *store, size_t most, int (*each)(const char *key, void *),
		     void *data, struct err *err);
int memory_each_cursor(struct store *store, const char *prefix,
		       int (*each)(const char *rest, const char *value, void *), void *data,
		       struct err *err);
int memory_each_log(struct store *store, int64_t from,
		    int (*each)(const struct store_log *, void *), void *data, struct err *err);
int memory_each_log_back(struct store *store, int64_t before,
			 int (*each)(const struct store_log *, void *), void *data,
			 struct err *err);
int memory_each_policy(struct store *store,
		       int (*each)(const char *id, const char *text, int64_t at_ms, void *),
		       void *data, struct err *err);
int memory_get_usage(struct store *store, const struct store_prune *bounds,
		     struct store_usage *ret_usage, struct err *err);
void memory_set_limit(struct store *store, int64_t bytes);
int memory_check(struct store *store, struct err *err);

#endif
