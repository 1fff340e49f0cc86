/* store_read.c - the doors for reading: each takes the lock that keeps it apart from a group */
#include "store/internal.h"

int store_each_request(struct store *store, bool open_only,
		       int (*each)(const struct store_request *, void *), void *data,
		       struct err *err)
{
	int rc;

	(void)pthread_mutex_lock(&store->lock);
	rc = store->back->each_request(store, open_only, each, data, err);
	(void)pthread_mutex_unlock(&store->lock);
	return rc;
}

int store_each_job(struct store *store, const char *request_id,
		   int (*each)(const struct store_job *, void *), void *data, struct err *err)
{
	int rc;

	(void)pthread_mutex_lock(&store->lock);
	rc = store->back->each_job(store, request_id, each, data, err);
	(void)pthread_mutex_unlock(&store->lock);
	return rc;
}

int store_find_request(struct store *store, const char *id,
		       int (*each)(const struct store_request *, void *), void *data,
		       struct err *err)
{
	int rc;

	(void)pthread_mutex_lock(&store->lock);
	rc = store->back->find_request(store, id, each, data, err);
	(void)pthread_mutex_unlock(&store->lock);
	return rc;
}

int store_each_consent(struct store *store, const char *request_id,
		       int (*each)(const struct store_consent *, void *), void *data,
		       struct err *err)
{
	int rc;

	(void)pthread_mutex_lock(&store->lock);
	rc = store->back->each_consent(store, request_id, each, data, err);
	(void)pthread_mutex_unlock(&store->lock);
	return rc;
}

int store_each_lock(struct store *store, int (*each)(const struct store_lock *, void *), void *data,
		    struct err *err)
{
	int rc;

	(void)pthread_mutex_lock(&store->lock);
	rc = store->back->each_lock(store, each, data, err);
	(void)pthread_mutex_unlock(&store->lock);
	return rc;
}

int store_each_take(struct store *store, int (*each)(const struct store_take *, void *), void *data,
		    struct err *err)
{
	int rc;

	(void)pthread_mutex_lock(&store->lock);
	rc = store->back->each_take(store, each, data, err);
	(void)pthread_mutex_unlock(&store->lock);
	return rc;
}

int store_each_place(struct store *store, int64_t from_ms,
		     int (*each)(const struct store_place *, void *), void *data, struct err *err)
{
	int rc;

	(void)pthread_mutex_lock(&store->lock);
	rc = store->back->each_place(store, from_ms, each, data, err);
	(void)pthread_mutex_unlock(&store->lock);
	return rc;
}

int store_get_policy(struct store *store, const char *id, struct strbuf *out, struct err *err)
{
	int rc;

	(void)pthread_mutex_lock(&store->lock);
	rc = store->back->get_policy(store, id, out, err);
	(void)pthread_mutex_unlock(&store->lock);
	return rc;
}

int store_each_policy(struct store *store,
		      int (*each)(const char *id, const char *text, int64_t at_ms, void *),
		      void *data, struct err *err)
{
	int rc;

	(void)pthread_mutex_lock(&store->lock);
	rc = store->back->each_policy(store, each, data, err);
	(void)pthread_mutex_unlock(&store->lock);
	return rc;
}

int store_get_usage(struct store *store, const struct store_prune *prune,
		    struct store_usage *ret_usage, struct err *err)
{
	static const struct store_prune nothing = {0};
	int rc;

	(void)pthread_mutex_lock(&store->lock);
	rc = store->back->get_usage(store, prune != NULL ? prune : &nothing, ret_usage, err);
	(void)pthread_mutex_unlock(&store->lock);
	return rc;
}

void store_set_limit(struct store *store, int64_t bytes)
{
	(void)pthread_mutex_lock(&store->lock);
	store->back->set_limit(store, bytes);
	(void)pthread_mutex_unlock(&store->lock);
}

int store_get_cursor(struct store *store, const char *name, char *buf, size_t size, struct err *err)
{
	int rc;

	(void)pthread_mutex_lock(&store->lock);
	rc = store->back->get_cursor(store, name, buf, size, err);
	(void)pthread_mutex_unlock(&store->lock);
	return rc;
}

int store_each_cursor(struct store *store, const char *prefix,
		      int (*each)(const char *rest, const char *value, void *), void *data,
		      struct err *err)
{
	int rc;

	(void)pthread_mutex_lock(&store->lock);
	rc = store->back->each_cursor(store, prefix, each, data, err);
	(void)pthread_mutex_unlock(&store->lock);
	return rc;
}

int store_each_seen(struct store *store, size_t most, int (*each)(const char *key, void *),
		    void *data, struct err *err)
{
	int rc;

	(void)pthread_mutex_lock(&store->lock);
	rc = store->back->each_seen(store, most, each, data, err);
	(void)pthread_mutex_unlock(&store->lock);
	return rc;
}

const char *store_path(const struct store *store)
{
	return store->path;
}

int store_each_log(struct store *store, int64_t from, int (*each)(const struct store_log *, void *),
		   void *data, struct err *err)
{
	int rc;

	(void)pthread_mutex_lock(&store->lock);
	rc = store->back->each_log(store, from, each, data, err);
	(void)pthread_mutex_unlock(&store->lock);
	return rc;
}

int store_each_log_back(struct store *store, int64_t before,
			int (*each)(const struct store_log *, void *), void *data, struct err *err)
{
	int rc;

	(void)pthread_mutex_lock(&store->lock);
	rc = store->back->each_log_back(store, before, each, data, err);
	(void)pthread_mutex_unlock(&store->lock);
	return rc;
}
