/* again.c - bytes are compared as they come; the first that differs sends all of them to the decoder */
#include "ocean/again.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ocean/index.h"

struct again {
	unsigned refs;
	struct strbuf bytes;
	struct ocean_page page;
	struct ocean_snapshot *droplets; /* with strings of their own */
};

struct again *again_ref(struct again *again)
{
	if (again != NULL) {
		again->refs++;
	}
	return again;
}

void again_unref(struct again *again)
{
	if (again != NULL && --again->refs == 0) {
		strbuf_done(&again->bytes);
		ocean_snapshot_unref(again->droplets);
		free(again);
	}
}

void again_begin(struct again_read *read, struct ocean_decode *decode, struct again *last)
{
	again_over(read);
	read->decode = decode;
	read->last = again_ref(last);
	strbuf_init(&read->bytes, AGAIN_BYTES_MAX);
}

void again_over(struct again_read *read)
{
	again_unref(read->last);
	strbuf_done(&read->bytes);
	memset(read, 0, sizeof(*read));
}

static int decode(struct again_read *read, const char *bytes, size_t len, struct err *err)
{
	(void)strbuf_add(&read->bytes, bytes,
			 len); /* beyond its maximum it is full, and not kept */
	return ocean_decode_feed(read->decode, bytes, len, err);
}

/* It is another answer: what was the same up to here is decoded after all. */
static int differs(struct again_read *read, struct err *err)
{
	struct again *last = read->last;
	int rc;

	read->last = NULL;
	rc = decode(read, last->bytes.buf, read->n_same, err);
	again_unref(last);
	return rc;
}

int again_feed(struct again_read *read, const char *bytes, size_t len, struct err *err)
{
	if (read->last != NULL) {
		const struct strbuf *last = &read->last->bytes;

		if (len <= last->len - read->n_same &&
		    memcmp(last->buf + read->n_same, bytes, len) == 0) {
			read->n_same += len;
			return 0;
		}
		if (differs(read, err) < 0) {
			return -1;
		}
	}
	return decode(read, bytes, len, err);
}

static struct again *keep(struct again_read *read, const struct ocean_builder *builder,
			  const struct ocean_page *page)
{
	struct again *again = mem_alloc(sizeof(*again));

	again->refs = 1;
	again->bytes = read->bytes;
	memset(&read->bytes, 0, sizeof(read->bytes));
	again->page = *page;
	again->droplets = ocean_snapshot_new(builder->droplets, builder->n);
	return again;
}

static void append_all(struct ocean_builder *builder, const struct ocean_snapshot *snapshot)
{
	size_t n;
	const struct droplet *droplets = ocean_snapshot_all(snapshot, &n);

	for (size_t i = 0; i < n; i++) {
		(void)ocean_builder_append(builder, &droplets[i]);
	}
}

static int end(struct again_read *read, struct ocean_builder *builder, struct ocean_page *ret_page,
	       struct again **ret_now, bool *ret_same, struct err *err)
{
	if (read->last != NULL && read->n_same == read->last->bytes.len) {
		append_all(builder, read->last->droplets);
		*ret_page = read->last->page;
		*ret_now = again_ref(read->last);
		*ret_same = true;
		return 0;
	}
	if ((read->last != NULL && differs(read, err) < 0) ||
	    ocean_decode_end(read->decode, ret_page, err) < 0) {
		return -1;
	}
	*ret_now = ret_page->next == 0 && !read->bytes.full && builder->n_twice == 0
			   ? keep(read, builder, ret_page)
			   : NULL;
	*ret_same = false;
	return 0;
}

int again_end(struct again_read *read, struct ocean_builder *builder, struct ocean_page *ret_page,
	      struct again **ret_now, bool *ret_same, struct err *err)
{
	int rc = end(read, builder, ret_page, ret_now, ret_same, err);

	again_over(read);
	return rc;
}
