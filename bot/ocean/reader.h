/* reader.h - lists of things out of DigitalOcean's JSON, a page at a time
 *
 * Droplets are streamed (decode.h); everything else comes in pages of at most OCEAN_LIST_BYTES_MAX and goes through a tree.
 */
#ifndef OCEAN_READER_H
#define OCEAN_READER_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/map.h"
#include "ocean/decode.h"
#include "ocean/things.h"

#define OCEAN_LIST_BYTES_MAX (4U << 20)
#define OCEAN_THINGS_MAX 10000
#define OCEAN_WORDS_MAX 500 /* of a thing; with more there are none: not known */

struct reader;

/* One kind of thing. */
struct thing {
	const char *member; /* the answer's member: "sizes" */
	const char *key; /* what names one: "slug"; a thing seen on an earlier page is left out */
	size_t size;     /* of the struct */
	/* Fills a zeroed struct; -1: it makes no sense. Texts go to the arena. */
	int (*read)(struct arena *arena, const struct json *object, void *to);
	/* Instead of member and key, where the answer has a shape of its own: adds items with reader_add. */
	int (*whole)(struct reader *reader, const struct json *root);
};

/* A row of it, for the files that define some. */
#define THING(name, member, key, type, read) \
	const struct thing name = {member, key, sizeof(struct type), read, NULL}

/* What the pages bring together. Zeroed is empty. */
struct reader {
	struct arena arena;
	char *items;
	size_t n, cap;
	struct map seen;
	bool begun;
};

void reader_done(struct reader *reader);

/* A page of a list; a page that makes no sense adds nothing that is looked at. -1 and ERR_REMOTE. */
int reader_page(struct reader *reader, const struct thing *thing, const char *body, size_t len,
		struct ocean_page *ret_page, struct err *err);

/* One thing: the member itself is the object; member "": the whole answer is. */
int reader_one(struct reader *reader, const struct thing *thing, const char *body, size_t len,
	       struct err *err);

/* "reserved_ips", ...; NULL: no kind that goes with a droplet. */
const char *ocean_kind_member(enum ocean_kind kind);

/* For `whole`: a zeroed item behind the others. NULL: there are too many. */
void *reader_add(struct reader *reader, size_t size);

/* For `read`. Usable texts only, else NULL. */
const char *read_text(struct arena *arena, const struct json *object, const char *key);
uint64_t read_id(const struct json *object, const char *key);    /* 0: none */
unsigned read_small(const struct json *object, const char *key); /* 0: not known */
unsigned read_scaled(const struct json *object, const char *key, double times);
void read_words(struct arena *arena, const struct json *object, const char *key,
		struct ocean_words *ret);

void read_ids(struct arena *arena, const struct json *object, const char *key,
	      struct ocean_ids *ret);

extern const struct thing thing_size, thing_region, thing_image, thing_image_one, thing_key,
	thing_saved, thing_backup, thing_balance, thing_backups, thing_associated,
	thing_destruction, thing_tag, thing_volume, thing_ip, thing_firewall, thing_load_balancer,
	thing_domain, thing_project, thing_resource, thing_vpc, thing_series;

#endif
