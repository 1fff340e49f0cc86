/* again.h - a page of droplets that is byte for byte what it was the last time is not decoded again
 *
 * A change reads the list before it is decided and once more before it is sent, and rarely has anything happened in between. To
 * decode a page costs many times what it costs to compare it. Only the list's one page of an account with few droplets is kept: up
 * to AGAIN_BYTES_MAX.
 */
#ifndef OCEAN_AGAIN_H
#define OCEAN_AGAIN_H

#include "base/strbuf.h"
#include "ocean/decode.h"

#define AGAIN_BYTES_MAX (256U << 10)

struct again; /* a page as it was: its bytes and what they say; ref-counted, immutable */

struct again *again_ref(struct again *again); /* NULL stays NULL */
void again_unref(struct again *again);

/* An answer that is being read. A zeroed one is over, and may be ended again. */
struct again_read {
	struct ocean_decode *decode; /* borrowed */
	struct again *last;          /* what it is the same as so far; NULL: as nothing */
	size_t n_same;               /* bytes */
	struct strbuf bytes;         /* when it is not the same: for the next time */
};

/* last: NULL is fine; a reference is taken. decode must live until the read is over. */
void again_begin(struct again_read *read, struct ocean_decode *decode, struct again *last);
void again_over(struct again_read *read);

/* Like ocean_decode_feed. */
int again_feed(struct again_read *read, const char *bytes, size_t len, struct err *err);

/*
 * Like ocean_decode_end, and the read is over. The droplets are in `builder`, which is the decoder's and had none of this page.
 * *ret_same: they and *ret_page are what they were. *ret_now: what to compare the next answer with, for the caller to unref;
 * NULL: nothing (it is not the only page, or too long).
 */
int again_end(struct again_read *read, struct ocean_builder *builder, struct ocean_page *ret_page,
	      struct again **ret_now, bool *ret_same, struct err *err);

#endif
