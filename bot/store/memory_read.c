/* memory_read.c - the rows of the store in memory, in the order of the store on disk */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/memory.h"

static int by_age(const void *a, const void *b)
{
	const struct store_request *x = &(*(struct row *const *)a)->request;
	const struct store_request *y = &(*(struct row *const *)b)->request;

	if (x->created_ms != y->created_ms) {
		return x->created_ms < y->created_ms ? -1 : 1;
	}
	return strcmp(x->id, y->id);
}

static int by_id(const void *a, const void *b)
{
	return strcmp((*(struct row *const *)a)->job.id, (*(struct row *const *)b)->job.id);
}

struct row **memory_sorted(const struct map *map, int (*order)(const void *, const void *))
{
	struct row **all = mem_array(map_size(map) + 1, sizeof(struct row *));
	size_t n = 0;
	void *value;

	for (size_t i = 0; map_next(map, &i, NULL, &value);) {
		all[n++] = value;
	}
	if (n > 1) {
		qsort(all, n, sizeof(struct row *), order);
	}
	return all;
}

int memory_each_request(struct store *store, bool open_only,
			int (*each)(const struct store_request *, void *), void *data,
			struct err *err)
{
	struct row **all = memory_sorted(&memory_of(store)->rows.requests, by_age);

	(void)err;
	for (size_t i = 0; all[i] != NULL; i++) {
		if (!(open_only && all[i]->request.final) && each(&all[i]->request, data) != 0) {
			break;
		}
	}
	free(all);
	return 0;
}

int memory_find_request(struct store *store, const char *id,
			int (*each)(const struct store_request *, void *), void *data,
			struct err *err)
{
	const struct row *row = map_get(&memory_of(store)->rows.requests, id);

	(void)err;
	if (row != NULL) {
		(void)each(&row->request, data);
	}
	return 0;
}

int memory_each_job(struct store *store, const char *request_id,
		    int (*each)(const struct store_job *, void *), void *data, struct err *err)
{
	struct row **all = memory_sorted(&memory_of(store)->rows.jobs, by_id);

	(void)err;
	for (size_t i = 0; all[i] != NULL; i++) {
		if (strcmp(all[i]->job.request, request_id) == 0 && each(&all[i]->job, data) != 0) {
			break;
		}
	}
	free(all);
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct store_consent *x = &(*(struct row *const *)a)->consent;
	const struct store_consent *y = &(*(struct row *const *)b)->consent;

	if (x->at_ms != y->at_ms) {
		return x->at_ms < y->at_ms ? -1 : 1;
	}
	return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : strcmp(x->person, y->person);
}

int memory_each_consent(struct store *store, const char *request_id,
			int (*each)(const struct store_consent *, void *), void *data,
			struct err *err)
{
	struct row **all = memory_sorted(&memory_of(store)->rows.consents, by_time);

	(void)err;
	for (size_t i = 0; all[i] != NULL; i++) {
		if (strcmp(all[i]->consent.request, request_id) == 0 &&
		    each(&all[i]->consent, data) != 0) {
			break;
		}
	}
	free(all);
	return 0;
}

static int by_lock(const void *a, const void *b)
{
	const struct store_lock *x = &(*(struct row *const *)a)->lock;
	const struct store_lock *y = &(*(struct row *const *)b)->lock;

	if (x->at_ms != y->at_ms) {
		return x->at_ms < y->at_ms ? -1 : 1;
	}
	return strcmp(x->droplet_name, y->droplet_name);
}

int memory_each_lock(struct store *store, int (*each)(const struct store_lock *, void *),
		     void *data, struct err *err)
{
	struct row **all = memory_sorted(&memory_of(store)->rows.locks, by_lock);

	(void)err;
	for (size_t i = 0; all[i] != NULL && each(&all[i]->lock, data) == 0; i++) {
	}
	free(all);
	return 0;
}

static int by_asking(const void *a, const void *b)
{
	const struct store_take *x = &(*(struct row *const *)a)->take;
	const struct store_take *y = &(*(struct row *const *)b)->take;

	if (x->asked_ms != y->asked_ms) {
		return x->asked_ms < y->asked_ms ? -1 : 1;
	}
	return strcmp(x->id, y->id);
}

int memory_each_take(struct store *store, int (*each)(const struct store_take *, void *),
		     void *data, struct err *err)
{
	struct row **all = memory_sorted(&memory_of(store)->rows.takes, by_asking);

	(void)err;
	for (size_t i = 0; all[i] != NULL && each(&all[i]->take, data) == 0; i++) {
	}
	free(all);
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct store_place *x = &(*(struct row *const *)a)->place;
	const struct store_place *y = &(*(struct row *const *)b)->place;

	return x->at_ms != y->at_ms ? (x->at_ms < y->at_ms ? -1 : 1) : strcmp(x->job, y->job);
}

int memory_each_place(struct store *store, int64_t from_ms,
		      int (*each)(const struct store_place *, void *), void *data, struct err *err)
{
	struct row **all = memory_sorted(&memory_of(store)->rows.places, by_place);

	(void)err;
	for (size_t i = 0; all[i] != NULL; i++) {
		if (all[i]->place.at_ms >= from_ms && each(&all[i]->place, data) != 0) {
			break;
		}
	}
	free(all);
	return 0;
}

int memory_get_policy(struct store *store, const char *id, struct strbuf *out, struct err *err)
{
	const struct row *row = map_get(&memory_of(store)->rows.policies, id);

	if (row == NULL) {
		return err_set(err, ERR_NOTFOUND, "no text of policy \"%.32s\" is kept", id);
	}
	return strbuf_adds(out, row->text) == 0
		       ? 0
		       : err_set(err, ERR_LIMIT, "the text of policy \"%.32s\" is too long", id);
}

int memory_get_cursor(struct store *store, const char *name, char *buf, size_t size,
		      struct err *err)
{
	const struct row *row = map_get(&memory_of(store)->rows.cursors, name);

	if (row == NULL) {
		return err_set(err, ERR_NOTFOUND, "no cursor \"%.64s\"", name);
	}
	if (strlen(row->text) >= size) {
		return err_set(err, ERR_LIMIT, "the cursor \"%.64s\" is too long", name);
	}
	(void)snprintf(buf, size, "%s", row->text);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int memory_each_cursor(struct store *store, const char *prefix,
		       int (*each)(const char *rest, const char *value, void *), void *data,
		       struct err *err)
{
	const struct map *cursors = &memory_of(store)->rows.cursors;
	const char **names = mem_array(map_size(cursors) + 1, sizeof(*names));
	size_t len = strlen(prefix);
	size_t n = 0;
	const char *name;

	(void)err;
	for (size_t i = 0; map_next(cursors, &i, &name, NULL);) {
		if (strncmp(name, prefix, len) == 0) {
			names[n++] = name;
		}
	}
	qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; i < n; i++) {
		const struct row *row = map_get(cursors, names[i]);

		if (each(names[i] + len, row->text, data) != 0) {
			break;
		}
	}
	free(names);
	return 0;
}

static int newest_first(const void *a, const void *b)
{
	int64_t x = (*(struct row *const *)a)->at_ms;
	int64_t y = (*(struct row *const *)b)->at_ms;

	return (x < y) - (x > y);
}

int memory_each_seen(struct store *store, size_t most, int (*each)(const char *key, void *),
		     void *data, struct err *err)
{
	struct row **all = memory_sorted(&memory_of(store)->rows.seen, newest_first);

	(void)err;
	for (size_t i = 0; i < most && all[i] != NULL; i++) {
		if (each(all[i]->text, data) != 0) {
			break;
		}
	}
	free(all);
	return 0;
}

static int each_row(const struct rows *rows, size_t i,
		    int (*each)(const struct store_log *, void *), void *data)
{
	const struct row *row = rows->log[i];
	struct store_log log = {rows->cut_seq + 1 + (int64_t)i, row->text, row->prev, row->hash};

	return each(&log, data);
}

int memory_each_log(struct store *store, int64_t from,
		    int (*each)(const struct store_log *, void *), void *data, struct err *err)
{
	const struct rows *rows = &memory_of(store)->rows;

	(void)err;
	for (size_t i = from > rows->cut_seq + 1 ? (size_t)(from - rows->cut_seq - 1) : 0;
	     i < rows->n_log && each_row(rows, i, each, data) == 0; i++) {
	}
	return 0;
}

int memory_each_log_back(struct store *store, int64_t before,
			 int (*each)(const struct store_log *, void *), void *data, struct err *err)
{
	const struct rows *rows = &memory_of(store)->rows;
	size_t i = rows->n_log;

	(void)err;
	if (before > 0 && before <= rows->cut_seq + (int64_t)rows->n_log) {
		i = before > rows->cut_seq + 1 ? (size_t)(before - rows->cut_seq - 1) : 0;
	}
	while (i > 0 && each_row(rows, --i, each, data) == 0) {
	}
	return 0;
}

static int by_force(const void *a, const void *b)
{
	const struct row *x = *(struct row *const *)a;
	const struct row *y = *(struct row *const *)b;

	return x->at_ms != y->at_ms ? (x->at_ms < y->at_ms ? -1 : 1) : 0;
}

int memory_each_policy(struct store *store,
		       int (*each)(const char *id, const char *text, int64_t at_ms, void *),
		       void *data, struct err *err)
{
	const struct map *policies = &memory_of(store)->rows.policies;
	struct row **all = memory_sorted(policies, by_force);
	const char *key;
	void *value;
	bool over = false;

	(void)err;
	for (size_t i = 0; all[i] != NULL && !over; i++) {
		for (size_t k = 0; map_next(policies, &k, &key, &value);) {
			over = over ||
			       (value == all[i] && each(key, all[i]->text, all[i]->at_ms, data));
		}
	}
	free(all);
	return 0;
}

int memory_get_usage(struct store *store, const struct store_prune *bounds,
		     struct store_usage *ret_usage, struct err *err)
{
	const struct rows *rows = &memory_of(store)->rows;
	int64_t before_ms = memory_final_bound(rows, bounds);
	struct store_usage usage = {.cut_seq = rows->cut_seq,
				    .last_seq = rows->cut_seq + (int64_t)rows->n_log};
	void *value;

	(void)err;
	memcpy(usage.cut_hash, memory_cut_hash(rows), STORE_HASH_SIZE);
	memcpy(usage.last_hash, memory_last_hash(rows), STORE_HASH_SIZE);
	for (size_t i = 0; map_next(&rows->seen, &i, NULL, &value);) {
		usage.due = usage.due || ((struct row *)value)->at_ms < bounds->seen_before_ms;
	}
	for (size_t i = 0; map_next(&rows->requests, &i, NULL, &value);) {
		const struct store_request *request = &((struct row *)value)->request;

		usage.due = usage.due || (request->final && request->updated_ms < before_ms);
	}
	*ret_usage = usage;
	return 0;
}

void memory_set_limit(struct store *store, int64_t bytes)
{
	(void)store; /* it takes no space; store_memory_fail stands for a full disk */
	(void)bytes;
}

int memory_check(struct store *store, struct err *err)
{
	(void)store;
	(void)err;
	return 0;
}
