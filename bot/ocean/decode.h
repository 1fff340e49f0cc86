/* decode.h - droplets out of DigitalOcean's JSON as it arrives, without a tree (yajl stays in decode.c)
 *
 * For the answers of GET /v2/droplets and GET /v2/droplets/{id}. An attribute that is missing, of another type, too
 * long or has control characters is not known (droplet.known), never cut and never guessed; a
 * droplet without an id, a key that stands twice or a list without its member fails the page.
 */
#ifndef OCEAN_DECODE_H
#define OCEAN_DECODE_H

#include "base/arena.h"
#include "base/droplet.h"
#include "base/err.h"
#include "ocean/ids.h"

#define OCEAN_DROPLETS_MAX 20000
#define OCEAN_PAGES_MAX 1000
#define OCEAN_PAGE_BYTES_MAX (8U << 20)
#define OCEAN_DEPTH_MAX 32
#define OCEAN_TAGS_MAX 500 /* of a droplet; with more its tags are not known */
#define OCEAN_TEXT_MAX 255 /* bytes of a name, a tag, ... */

/* What several pages bring together: each id once, the first wins. Zeroed is empty. */
struct ocean_builder {
	struct arena arena; /* holds the strings */
	struct droplet *droplets;
	size_t n, cap;
	size_t n_twice; /* that came again */
	struct ids ids;
};

void ocean_builder_done(struct ocean_builder *builder);

/* 0 added, 1 it was there already (the list moved between two pages), -1 there are too many. */
int ocean_builder_append(struct ocean_builder *builder, const struct droplet *droplet);

/* Back to the first n: a page that failed half way leaves nothing. */
void ocean_builder_truncate(struct ocean_builder *builder, size_t n);

/* Adds those of `more` that are not there yet; their strings stay in more's arena. -1 beyond the maximum. */
int ocean_builder_merge(struct ocean_builder *builder, const struct ocean_builder *more,
			struct err *err);

struct ocean_page {
	unsigned next; /* number of the next page, 0: this was the last */
	int64_t total; /* meta.total; -1: not given */
};

struct ocean_decode;

/* single: {"droplet":{}} instead of {"droplets":[]}. account must live as long as the droplets. */
struct ocean_decode *ocean_decode_new(struct ocean_builder *builder, const char *account,
				      bool single);
void ocean_decode_free(struct ocean_decode *decode); /* NULL is fine */

int ocean_decode_feed(struct ocean_decode *decode, const char *bytes, size_t len, struct err *err);

/* After the last byte. */
int ocean_decode_end(struct ocean_decode *decode, struct ocean_page *ret_page, struct err *err);

/*
 * The page number in the query of a link; scheme, host and path are not looked at, and the link is
 * never followed (the token would leave with it). -1 when there is none between 1 and OCEAN_PAGES_MAX.
 */
int ocean_decode_link(const char *url, size_t len, unsigned *ret_page);

#endif
