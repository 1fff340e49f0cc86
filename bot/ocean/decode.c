/* decode.c - droplets out of DigitalOcean's JSON as it arrives (the only file with yajl's headers)
 *
 * yajl calls for each token. A stack of places says where in the document it stands, the table
 * `members` which keys of a place matter and where they lead; everything else is PLACE_SKIP and costs
 * its scan only. Path and key decide together, so that an image's `tags` are never a droplet's.
 *
 * Shapes: https://docs.digitalocean.com/reference/api (droplets_list, droplets_get).
 */
#include "ocean/decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/mem.h"
#include "ocean/value.h"

enum place {
	PLACE_SKIP = 0,
	PLACE_START, /* before the document */
	PLACE_ROOT,
	PLACE_DROPLETS,
	PLACE_DROPLET,
	PLACE_TAGS,
	PLACE_REGION,
	PLACE_SIZE,
	PLACE_IMAGE,
	PLACE_NETWORKS,
	PLACE_V4,
	PLACE_V6,
	PLACE_V4_NET,
	PLACE_V6_NET,
	PLACE_LINKS,
	PLACE_PAGES,
	PLACE_META,
	PLACE_COUNT,
};

enum field {
	FIELD_OTHER = 0,
	FIELD_DROPLETS,
	FIELD_DROPLET,
	FIELD_LINKS,
	FIELD_META,
	FIELD_PAGES,
	FIELD_NEXT,
	FIELD_TOTAL,
	FIELD_ID,
	FIELD_NAME,
	FIELD_STATUS,
	FIELD_LOCKED,
	FIELD_CREATED,
	FIELD_MEMORY,
	FIELD_VCPUS,
	FIELD_DISK,
	FIELD_TAGS,
	FIELD_SIZE_SLUG,
	FIELD_REGION,
	FIELD_REGION_SLUG,
	FIELD_SIZE,
	FIELD_PRICE,
	FIELD_IMAGE,
	FIELD_IMAGE_NAME,
	FIELD_IMAGE_DISTRIBUTION,
	FIELD_NETWORKS,
	FIELD_V4,
	FIELD_V6,
	FIELD_NET_ADDRESS,
	FIELD_NET_TYPE,
};

struct member {
	enum place in;
	enum field field;
	const char *key;
	size_t key_len;
	enum place map;   /* where { after it leads */
	enum place array; /* where [ after it leads */
};

#define KEY(word) word, sizeof(word) - 1

/* The rows of a place stand together: on_key looks at no others. */
static const struct member members[] = {
	{PLACE_ROOT, FIELD_DROPLETS, KEY("droplets"), 0, PLACE_DROPLETS},
	{PLACE_ROOT, FIELD_DROPLET, KEY("droplet"), PLACE_DROPLET, 0},
	{PLACE_ROOT, FIELD_LINKS, KEY("links"), PLACE_LINKS, 0},
	{PLACE_ROOT, FIELD_META, KEY("meta"), PLACE_META, 0},
	{PLACE_LINKS, FIELD_PAGES, KEY("pages"), PLACE_PAGES, 0},
	{PLACE_PAGES, FIELD_NEXT, KEY("next"), 0, 0},
	{PLACE_META, FIELD_TOTAL, KEY("total"), 0, 0},
	{PLACE_DROPLET, FIELD_ID, KEY("id"), 0, 0},
	{PLACE_DROPLET, FIELD_NAME, KEY("name"), 0, 0},
	{PLACE_DROPLET, FIELD_STATUS, KEY("status"), 0, 0},
	{PLACE_DROPLET, FIELD_LOCKED, KEY("locked"), 0, 0},
	{PLACE_DROPLET, FIELD_CREATED, KEY("created_at"), 0, 0},
	{PLACE_DROPLET, FIELD_MEMORY, KEY("memory"), 0, 0},
	{PLACE_DROPLET, FIELD_VCPUS, KEY("vcpus"), 0, 0},
	{PLACE_DROPLET, FIELD_DISK, KEY("disk"), 0, 0},
	{PLACE_DROPLET, FIELD_TAGS, KEY("tags"), 0, PLACE_TAGS},
	{PLACE_DROPLET, FIELD_SIZE_SLUG, KEY("size_slug"), 0, 0},
	{PLACE_DROPLET, FIELD_REGION, KEY("region"), PLACE_REGION, 0},
	{PLACE_DROPLET, FIELD_SIZE, KEY("size"), PLACE_SIZE, 0},
	{PLACE_DROPLET, FIELD_IMAGE, KEY("image"), PLACE_IMAGE, 0},
	{PLACE_DROPLET, FIELD_NETWORKS, KEY("networks"), PLACE_NETWORKS, 0},
	{PLACE_REGION, FIELD_REGION_SLUG, KEY("slug"), 0, 0},
	{PLACE_SIZE, FIELD_PRICE, KEY("price_monthly"), 0, 0},
	{PLACE_IMAGE, FIELD_IMAGE_NAME, KEY("name"), 0, 0},
	{PLACE_IMAGE, FIELD_IMAGE_DISTRIBUTION, KEY("distribution"), 0, 0},
	{PLACE_NETWORKS, FIELD_V4, KEY("v4"), 0, PLACE_V4},
	{PLACE_NETWORKS, FIELD_V6, KEY("v6"), 0, PLACE_V6},
	{PLACE_V4_NET, FIELD_NET_ADDRESS, KEY("ip_address"), 0, 0},
	{PLACE_V4_NET, FIELD_NET_TYPE, KEY("type"), 0, 0},
	{PLACE_V6_NET, FIELD_NET_ADDRESS, KEY("ip_address"), 0, 0},
	{PLACE_V6_NET, FIELD_NET_TYPE, KEY("type"), 0, 0},
};

static const struct member other = {PLACE_SKIP, FIELD_OTHER, KEY(""), PLACE_SKIP, PLACE_SKIP};

struct level {
	enum place place;
	const struct member *member; /* the key that was read last, of a map */
	uint64_t seen;               /* bit of each field: no key may stand twice */
};

struct ocean_decode {
	yajl_handle yajl;
	struct ocean_builder *builder;
	const char *account;
	const char *wrong; /* why a callback gave up */
	bool single, began, broken;
	enum field ignored; /* of the two kinds of answer, the member of the other one */
	size_t n_bytes;
	unsigned depth; /* levels[depth] is where it stands */
	struct {
		const struct member *from, *to;
	} rows[PLACE_COUNT];
	struct level levels[OCEAN_DEPTH_MAX + 1];
	struct ocean_page page;

	/* the droplet that is being read */
	struct droplet droplet;
	const char *tags[OCEAN_TAGS_MAX];
	bool tags_bad;
	char image_name[OCEAN_TEXT_MAX + 1], image_distribution[OCEAN_TEXT_MAX + 1];
	const char *net_address;
	bool net_public, net_private;
};

static int give_up(struct ocean_decode *decode, const char *wrong)
{
	decode->wrong = wrong;
	return 0;
}

static struct level *here(struct ocean_decode *decode)
{
	return &decode->levels[decode->depth];
}

/* A copy in the arena, or `same` when that has this text: neighbours share region, size and image. */
static const char *keep(struct ocean_decode *decode, const char *text, size_t len, const char *same)
{
	if (!value_usable(text, len)) {
		return NULL;
	}
	if (same != NULL && value_is(text, len, same)) {
		return same;
	}
	return arena_strndup(&decode->builder->arena, text, len);
}

static void copy(char to[OCEAN_TEXT_MAX + 1], const char *text, size_t len)
{
	if (value_usable(text, len)) {
		memcpy(to, text, len);
		to[len] = '\0';
	}
}

static const struct droplet *neighbour(const struct ocean_decode *decode)
{
	static const struct droplet none;
	const struct ocean_builder *builder = decode->builder;

	return builder->n > 0 ? &builder->droplets[builder->n - 1] : &none;
}

static void droplet_begin(struct ocean_decode *decode)
{
	memset(&decode->droplet, 0, sizeof(decode->droplet));
	decode->tags_bad = false;
	decode->image_name[0] = '\0';
	decode->image_distribution[0] = '\0';
}

static void finish_tags(struct ocean_decode *decode)
{
	struct droplet *droplet = &decode->droplet;
	const struct droplet *last = neighbour(decode);
	size_t n = droplet->n_tags;

	if (decode->tags_bad || (droplet->known & DROPLET_KNOWS_TAGS) == 0) {
		droplet->known &= ~(unsigned)DROPLET_KNOWS_TAGS;
		droplet->n_tags = 0;
		return;
	}
	if (n == 0) {
		return;
	}
	if (n == last->n_tags && memcmp(last->tags, decode->tags, n * sizeof(char *)) == 0) {
		droplet->tags = last->tags;
		return;
	}
	droplet->tags = memcpy(arena_array(&decode->builder->arena, n, sizeof(char *)),
			       decode->tags, n * sizeof(char *));
}

static void finish_image(struct ocean_decode *decode)
{
	const char *distribution = decode->image_distribution;
	const char *name = decode->image_name;
	const char *last = neighbour(decode)->image;
	char text[2 * OCEAN_TEXT_MAX + 2];

	(void)snprintf(text, sizeof(text), "%s%s%s", distribution,
		       distribution[0] != '\0' && name[0] != '\0' ? " " : "", name);
	if (last != NULL && strcmp(last, text) == 0) {
		decode->droplet.image = last;
	} else if (text[0] != '\0') {
		decode->droplet.image = arena_strdup(&decode->builder->arena, text);
	}
}

static int droplet_end(struct ocean_decode *decode)
{
	struct droplet *droplet = &decode->droplet;

	if (droplet->id == 0) {
		return give_up(decode, "has a droplet without an id");
	}
	finish_tags(decode);
	finish_image(decode);
	droplet->account = decode->account;
	droplet->known |= DROPLET_KNOWS_ACCOUNT;
	droplet->known |= droplet->name != NULL ? DROPLET_KNOWS_NAME : 0U;
	droplet->known |= droplet->region != NULL ? DROPLET_KNOWS_REGION : 0U;
	droplet->known |= droplet->size != NULL ? DROPLET_KNOWS_SIZE : 0U;
	if (ocean_builder_append(decode->builder, droplet) < 0) {
		return give_up(decode, "has more droplets than Sluice can hold");
	}
	return 1;
}

static void net_end(struct ocean_decode *decode, enum place place)
{
	struct droplet *droplet = &decode->droplet;
	const char **slot = NULL;

	if (place == PLACE_V6_NET) {
		slot = decode->net_public ? &droplet->ip6 : NULL;
	} else if (decode->net_public) {
		slot = &droplet->ip;
	} else if (decode->net_private) {
		slot = &droplet->ip_private;
	}
	if (slot != NULL && *slot == NULL) {
		*slot = decode->net_address;
	}
}

static int enter(struct ocean_decode *decode, enum place place)
{
	if (decode->depth == OCEAN_DEPTH_MAX) {
		return give_up(decode, "is nested too deep");
	}
	decode->depth++;
	*here(decode) = (struct level){place, &other, 0};
	if (place == PLACE_DROPLET) {
		droplet_begin(decode);
	} else if (place == PLACE_TAGS) {
		decode->droplet.known |= DROPLET_KNOWS_TAGS;
	} else if (place == PLACE_V4_NET || place == PLACE_V6_NET) {
		decode->net_address = NULL;
		decode->net_public = false;
		decode->net_private = false;
	}
	if (place == (decode->single ? PLACE_DROPLET : PLACE_DROPLETS)) {
		decode->began = true;
	}
	return 1;
}

/* What may not stand at this place: the document itself and each of `droplets` is a map, each of `tags` a string. */
static int misplaced(struct ocean_decode *decode)
{
	struct level *level = here(decode);

	if (level->place == PLACE_START || level->place == PLACE_DROPLETS) {
		return give_up(decode, "is not a list of droplets");
	}
	if (level->place == PLACE_TAGS) {
		decode->tags_bad = true;
	}
	return 1;
}

static int on_start_map(void *ctx)
{
	struct ocean_decode *decode = ctx;
	const struct level *level = here(decode);
	enum place place = level->member->map;

	if (level->place == PLACE_START) {
		place = PLACE_ROOT;
	} else if (level->place == PLACE_DROPLETS) {
		place = PLACE_DROPLET;
	} else if (level->place == PLACE_V4) {
		place = PLACE_V4_NET;
	} else if (level->place == PLACE_V6) {
		place = PLACE_V6_NET;
	} else if (level->place == PLACE_TAGS) {
		decode->tags_bad = true;
	}
	return enter(decode, place);
}

static int on_start_array(void *ctx)
{
	struct ocean_decode *decode = ctx;

	if (misplaced(decode) == 0) {
		return 0;
	}
	return enter(decode, here(decode)->member->array);
}

static int on_end(void *ctx)
{
	struct ocean_decode *decode = ctx;
	enum place place = here(decode)->place;

	decode->depth--;
	if (place == PLACE_V4_NET || place == PLACE_V6_NET) {
		net_end(decode, place);
	}
	return place == PLACE_DROPLET ? droplet_end(decode) : 1;
}

static int on_key(void *ctx, const unsigned char *key, size_t len)
{
	struct ocean_decode *decode = ctx;
	struct level *level = here(decode);
	const char *text = (const char *)key;

	level->member = &other;
	if (level->place == PLACE_SKIP) {
		return 1;
	}
	for (const struct member *member = decode->rows[level->place].from;
	     member < decode->rows[level->place].to; member++) {
		if (member->key_len == len && memcmp(text, member->key, len) == 0) {
			uint64_t bit = UINT64_C(1) << member->field;

			if ((level->seen & bit) != 0) {
				return give_up(decode, "has a key twice");
			}
			level->seen |= bit;
			level->member = member->field == decode->ignored ? &other : member;
			break;
		}
	}
	return 1;
}

static int on_null(void *ctx)
{
	return misplaced(ctx);
}

static int on_boolean(void *ctx, int value)
{
	struct ocean_decode *decode = ctx;

	if (here(decode)->member->field == FIELD_LOCKED) {
		decode->droplet.locked = value != 0;
	}
	return misplaced(decode);
}

static void tag(struct ocean_decode *decode, const char *text, size_t len)
{
	struct droplet *droplet = &decode->droplet;
	const struct droplet *last = neighbour(decode);
	size_t at = droplet->n_tags;

	if (at == OCEAN_TAGS_MAX || !value_usable(text, len)) {
		decode->tags_bad = true;
		return;
	}
	decode->tags[at] = keep(decode, text, len, at < last->n_tags ? last->tags[at] : NULL);
	droplet->n_tags++;
}

static int next_link(struct ocean_decode *decode, const char *text, size_t len)
{
	if (len > 0 && ocean_decode_link(text, len, &decode->page.next) < 0) {
		return give_up(decode, "names a next page without a number");
	}
	return 1;
}

static int on_string(void *ctx, const unsigned char *bytes, size_t len)
{
	struct ocean_decode *decode = ctx;
	struct droplet *droplet = &decode->droplet;
	const struct droplet *last = neighbour(decode);
	const char *text = (const char *)bytes;
	enum field field = here(decode)->member->field;

	if (here(decode)->place == PLACE_TAGS) {
		tag(decode, text, len);
		return 1;
	}
	if (field == FIELD_OTHER) {
		return misplaced(decode); /* most of them */
	}
	if (field == FIELD_NEXT) {
		return next_link(decode, text, len);
	}
	if (field == FIELD_NAME) {
		droplet->name = keep(decode, text, len, NULL);
	} else if (field == FIELD_STATUS) {
		droplet->status = value_status(text, len);
	} else if (field == FIELD_CREATED) {
		droplet->created = keep(decode, text, len, NULL);
	} else if (field == FIELD_SIZE_SLUG) {
		droplet->size = keep(decode, text, len, last->size);
	} else if (field == FIELD_REGION_SLUG) {
		droplet->region = keep(decode, text, len, last->region);
	} else if (field == FIELD_IMAGE_NAME) {
		copy(decode->image_name, text, len);
	} else if (field == FIELD_IMAGE_DISTRIBUTION) {
		copy(decode->image_distribution, text, len);
	} else if (field == FIELD_NET_ADDRESS) {
		decode->net_address = keep(decode, text, len, NULL);
	} else if (field == FIELD_NET_TYPE) {
		decode->net_public = value_is(text, len, "public");
		decode->net_private = value_is(text, len, "private");
	}
	return misplaced(decode);
}

static int on_number(void *ctx, const char *text, size_t len)
{
	struct ocean_decode *decode = ctx;
	struct droplet *droplet = &decode->droplet;
	enum field field = here(decode)->member->field;

	if (field == FIELD_ID) {
		int64_t id = value_whole(text, len, INT64_MAX);

		droplet->id = id > 0 ? (uint64_t)id : 0;
	} else if (field == FIELD_MEMORY) {
		droplet->memory_mb = value_small(text, len);
	} else if (field == FIELD_VCPUS) {
		droplet->vcpus = value_small(text, len);
	} else if (field == FIELD_DISK) {
		droplet->disk_gb = value_small(text, len);
	} else if (field == FIELD_PRICE) {
		droplet->price_monthly_cents = value_cents(text, len);
	} else if (field == FIELD_TOTAL) {
		decode->page.total = value_whole(text, len, INT64_MAX);
	}
	return misplaced(decode);
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_start_map,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end,
};

static void find_rows(struct ocean_decode *decode)
{
	for (const struct member *member = members; member < members + ARRAY_LEN(members);
	     member++) {
		if (decode->rows[member->in].from == NULL) {
			decode->rows[member->in].from = member;
		}
		decode->rows[member->in].to = member + 1;
	}
}

struct ocean_decode *ocean_decode_new(struct ocean_builder *builder, const char *account,
				      bool single)
{
	struct ocean_decode *decode = mem_alloc(sizeof(*decode));

	decode->builder = builder;
	decode->account = account;
	decode->single = single;
	decode->ignored = single ? FIELD_DROPLETS : FIELD_DROPLET;
	decode->page.total = -1;
	decode->levels[0] = (struct level){PLACE_START, &other, 0};
	find_rows(decode);
	decode->yajl = yajl_alloc(&callbacks, NULL, decode);
	if (decode->yajl == NULL) {
		abort();
	}
	return decode;
}

void ocean_decode_free(struct ocean_decode *decode)
{
	if (decode != NULL) {
		yajl_free(decode->yajl);
		free(decode);
	}
}

static int fail(struct ocean_decode *decode, struct err *err)
{
	decode->broken = true;
	return err_set(err, ERR_REMOTE, "DigitalOcean's answer %s",
		       decode->wrong != NULL ? decode->wrong : "is not valid JSON");
}

int ocean_decode_feed(struct ocean_decode *decode, const char *bytes, size_t len, struct err *err)
{
	if (decode->broken) {
		return fail(decode, err);
	}
	if (len > OCEAN_PAGE_BYTES_MAX - decode->n_bytes) {
		decode->wrong = "is too long";
		return fail(decode, err);
	}
	decode->n_bytes += len;
	if (yajl_parse(decode->yajl, (const unsigned char *)bytes, len) != yajl_status_ok) {
		return fail(decode, err);
	}
	return 0;
}

int ocean_decode_end(struct ocean_decode *decode, struct ocean_page *ret_page, struct err *err)
{
	if (decode->broken) {
		return fail(decode, err);
	}
	if (yajl_complete_parse(decode->yajl) != yajl_status_ok) {
		decode->wrong = decode->wrong != NULL ? decode->wrong : "is cut off";
		return fail(decode, err);
	}
	if (!decode->began) {
		decode->wrong = decode->single ? "has no droplet" : "has no list of droplets";
		return fail(decode, err);
	}
	*ret_page = decode->page;
	return 0;
}
