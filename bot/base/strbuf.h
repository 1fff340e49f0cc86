/* strbuf.h - growing bytes with a hard maximum
 *
 * buf is always NUL-terminated (the NUL is not counted by len), also when empty. A write that
 * would pass the maximum changes nothing, sets `full` and returns -1; later writes fail too, so
 * a caller may check once at the end.
 */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct strbuf {
	char *buf; /* owned; never NULL after strbuf_init */
	size_t len;
	size_t cap;
	size_t max; /* bytes, without the NUL */
	bool full;  /* a write was refused */
};

void strbuf_init(struct strbuf *sb, size_t max);
void strbuf_done(struct strbuf *sb);  /* frees; also fine on a zeroed struct */
void strbuf_reset(struct strbuf *sb); /* empty again, keeps the memory */
void strbuf_truncate(struct strbuf *sb, size_t len);
char *
strbuf_detach(struct strbuf *sb); /* the caller owns the bytes; the strbuf is empty and usable */

int strbuf_add_number(struct strbuf *sb, uint64_t number); /* in decimal, without printf */
int strbuf_add(struct strbuf *sb, const void *data, size_t len);
int strbuf_adds(struct strbuf *sb, const char *s);
int strbuf_addch(struct strbuf *sb, char c);
int strbuf_repeat(struct strbuf *sb, char c, size_t n);
int strbuf_addf(struct strbuf *sb, const char *fmt, ...) ATTR_PRINTF(2, 3);
int strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap) ATTR_PRINTF(2, 0);

#endif
