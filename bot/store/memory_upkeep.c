/* memory_upkeep.c - what ended long ago goes, and the log is cut, as in the store on disk */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/memory.h"

static int newest_first(const void *a, const void *b)
{
	const struct store_request *x = &(*(struct row *const *)a)->request;
	const struct store_request *y = &(*(struct row *const *)b)->request;

	return x->updated_ms != y->updated_ms ? (x->updated_ms > y->updated_ms ? -1 : 1) : 0;
}

int64_t memory_final_bound(const struct rows *rows, const struct store_prune *prune)
{
	struct row **all = memory_sorted(&rows->requests, newest_first);
	int64_t bound = prune->final_before_ms;
	int64_t n = 0;

	for (size_t i = 0; all[i] != NULL && prune->finals_kept > 0; i++) {
		if (all[i]->request.final && n++ == prune->finals_kept &&
		    all[i]->request.updated_ms >= bound) {
			bound = all[i]->request.updated_ms + 1;
		}
	}
	free(all);
	return bound;
}

static void drop_jobs(struct memory *m, const char *request)
{
	const char *key;
	void *value;

	for (size_t i = 0; map_next(&m->rows.jobs, &i, &key, &value);) {
		if (strcmp(((struct row *)value)->job.request, request) == 0) {
			memory_take_out(m, &m->rows.jobs, key, value);
		}
	}
}

static void drop_places(struct memory *m, int64_t before_ms)
{
	const char *key;
	void *value;

	for (size_t i = 0; map_next(&m->rows.places, &i, &key, &value);) {
		if (((struct row *)value)->place.at_ms < before_ms) {
			memory_take_out(m, &m->rows.places, key, value);
		}
	}
}

void memory_prune(struct memory *m, const struct store_prune *bounds)
{
	struct row **all = memory_sorted(&m->rows.requests, newest_first);
	int64_t before_ms = memory_final_bound(&m->rows, bounds);
	size_t n = map_size(&m->rows.requests);

	memory_forget(m, bounds->seen_before_ms);
	drop_places(m, bounds->places_before_ms);
	for (size_t dropped = 0; n > 0 && dropped < STORE_PRUNE_REQUESTS; n--) {
		struct row *row = all[n - 1];

		if (row->request.final && row->request.updated_ms < before_ms) {
			memory_void_consents(m, row->request.id);
			drop_jobs(m, row->request.id);
			memory_take_out(m, &m->rows.requests, row->request.id, row);
			dropped++;
		}
	}
	free(all);
}

static bool is_meant(const struct rows *rows, const char *id)
{
	void *value;

	for (size_t i = 0; map_next(&rows->requests, &i, NULL, &value);) {
		if (strcmp(((struct row *)value)->request.policy_id, id) == 0) {
			return true;
		}
	}
	for (size_t i = 0; map_next(&rows->consents, &i, NULL, &value);) {
		if (strcmp(((struct row *)value)->consent.policy_id, id) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_followed(const struct rows *rows, const struct row *policy)
{
	void *value;

	for (size_t i = 0; map_next(&rows->policies, &i, NULL, &value);) {
		const struct row *later = value;

		if (later->log_seq > policy->log_seq && later->log_seq <= rows->cut_seq) {
			return true;
		}
	}
	return false;
}

int memory_cut_log(struct memory *m, int64_t seq, struct err *err)
{
	struct rows *rows = &m->rows;
	struct cut *cut;
	size_t n = seq > rows->cut_seq ? (size_t)(seq - rows->cut_seq) : 0;

	if (n == 0 || n > rows->n_log) {
		return err_set(err, ERR_CONFLICT, "the log has no row %lld", (long long)seq);
	}
	cut = mem_alloc(sizeof(*cut));
	cut->rows = mem_array(n, sizeof(struct row *));
	cut->n = n;
	cut->seq = rows->cut_seq;
	memcpy(cut->hash, rows->cut_hash, STORE_HASH_SIZE);
	memcpy(cut->rows, rows->log, n * sizeof(struct row *));
	rows->cut_seq = seq;
	memcpy(rows->cut_hash, rows->log[n - 1]->hash, STORE_HASH_SIZE);
	rows->n_log -= n;
	memmove(rows->log, rows->log + n, rows->n_log * sizeof(struct row *));
	memory_remember(m, NULL, "", NULL);
	m->undos[m->n_undos - 1].cut = cut;
	return 0;
}

void memory_drop_policies(struct memory *m)
{
	struct rows *rows = &m->rows;
	const char *key;
	void *value;

	for (size_t i = 0; map_next(&rows->policies, &i, &key, &value);) {
		if (is_followed(rows, value) && !is_meant(rows, key)) {
			memory_take_out(m, &rows->policies, key, value);
		}
	}
}
