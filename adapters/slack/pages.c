/* pages.c - a message of several: what stands below the first is edited, added and deleted with it
 *
 * Happy path: each page that landed is remembered with the words that it shows; an edit of the first goes on with those that
 * differ, posts what is new below, and deletes what is no longer there.
 * Failure modes: somebody deleted a page: it is posted anew. We were restarted, or many messages came since: the pages that stand
 * there are not known any more, and the edit's own follow below them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/posts.h"
#include "base/mem.h"

#define KEPT_MAX 256

struct kept_page {
	char ts[33];    /* "": none */
	uint64_t words; /* a hash of what it shows */
};

struct kept {
	char thread[ID_MAX]; /* of the first page; "": it begins one */
	size_t n;            /* below the first */
	struct kept_page *page;
};

static void kept_free(void *value)
{
	struct kept *kept = value;

	if (kept != NULL) {
		free(kept->page);
		free(kept);
	}
}

static const char *key_of(const struct posted *posted, char buf[2 * ID_MAX + 2])
{
	(void)snprintf(buf, 2 * ID_MAX + 2, "%.64s/%.64s", posted->channel, posted->base);
	return buf;
}

static struct kept *kept_of(const struct posted *posted)
{
	char key[2 * ID_MAX + 2];

	return posted->base != NULL && posted->channel != NULL
		       ? map_get(&posted->s->kept, key_of(posted, key))
		       : NULL;
}

/* FNV-1a; it only saves calls. */
static uint64_t words_of(const struct slack_page *page)
{
	uint64_t hash = 14695981039346656037ULL;

	for (const char *c = page->blocks; *c != '\0'; c++) {
		hash = (hash ^ (unsigned char)*c) * 1099511628211ULL;
	}
	return hash;
}

static void keep_first(struct posted *posted, const char *ts)
{
	char key[2 * ID_MAX + 2];
	struct kept *kept;
	size_t i = 0;
	const char *old;

	posted->base = arena_strdup(&posted->arena, ts);
	if (kept_of(posted) != NULL) {
		return;
	}
	if (map_size(&posted->s->kept) >= KEPT_MAX && map_next(&posted->s->kept, &i, &old, NULL)) {
		char *copy = mem_strdup(old);

		kept_free(map_remove(&posted->s->kept, copy));
		free(copy);
	}
	kept = mem_alloc(sizeof(*kept));
	(void)snprintf(kept->thread, sizeof(kept->thread), "%s",
		       posted->thread != NULL ? posted->thread : "");
	kept_free(map_put(&posted->s->kept, key_of(posted, key), kept));
}

void pages_landed(struct posted *posted, const char *ts)
{
	struct kept *kept;
	struct kept_page *page;

	if (posted->page == 0) {
		keep_first(posted, posted->way == WAY_EDIT ? posted->ts : ts);
		return;
	}
	kept = kept_of(posted);
	if (posted->way == WAY_DELETE) {
		pages_gone(posted);
		return;
	}
	if (kept == NULL) {
		return;
	}
	if (posted->page > kept->n) {
		kept->page = mem_grow(kept->page, posted->page, sizeof(*kept->page));
		memset(kept->page + kept->n, 0, (posted->page - kept->n) * sizeof(*kept->page));
		kept->n = posted->page;
	}
	page = &kept->page[posted->page - 1];
	if (posted->way == WAY_POST) {
		(void)snprintf(page->ts, sizeof(page->ts), "%s", ts);
	}
	page->words = words_of(&posted->pages.page[posted->page]);
}

void pages_gone(struct posted *posted)
{
	struct kept *kept = kept_of(posted);

	if (kept != NULL && posted->page > 0 && posted->page <= kept->n) {
		kept->page[posted->page - 1].ts[0] = '\0';
	}
}

bool pages_next(struct posted *posted)
{
	struct kept *kept = kept_of(posted);

	posted->thread = kept != NULL && kept->thread[0] != '\0'
				 ? arena_strdup(&posted->arena, kept->thread)
			 : posted->thread != NULL ? posted->thread
						  : posted->base;
	for (;; posted->page++) {
		const struct kept_page *page = kept != NULL && posted->page <= kept->n
						       ? &kept->page[posted->page - 1]
						       : NULL;
		bool stands = page != NULL && page->ts[0] != '\0';

		if (posted->page < posted->pages.n && !stands) {
			posted->way = WAY_POST;
			return true;
		}
		if (posted->page < posted->pages.n &&
		    page->words != words_of(&posted->pages.page[posted->page])) {
			posted->way = WAY_EDIT;
			posted->ts = arena_strdup(&posted->arena, page->ts);
			return true;
		}
		if (posted->page >= posted->pages.n && stands) {
			posted->way = WAY_DELETE;
			posted->ts = arena_strdup(&posted->arena, page->ts);
			return true;
		}
		if (posted->page >= posted->pages.n && page == NULL) {
			return false;
		}
	}
}

bool pages_busy(const struct posted *posted)
{
	LIST_FOREACH(it, &posted->s->posts)
	{
		const struct posted *other = LIST_ENTRY(it, struct posted, link);

		if (other == posted) {
			return false; /* those before it only */
		}
		if (other->base != NULL && other->channel != NULL && posted->channel != NULL &&
		    strcmp(other->base, posted->ts) == 0 &&
		    strcmp(other->channel, posted->channel) == 0) {
			return true;
		}
	}
	return false;
}

void pages_free(struct slack_adapter *s)
{
	map_done(&s->kept, kept_free);
}
