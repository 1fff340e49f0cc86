/* strbuf.c - growing bytes with a hard maximum */
#include "base/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static char empty[1];

void strbuf_init(struct strbuf *sb, size_t max)
{
	memset(sb, 0, sizeof(*sb));
	sb->buf = empty;
	sb->max = max;
}

void strbuf_done(struct strbuf *sb)
{
	if (sb->cap > 0) {
		free(sb->buf);
	}
	strbuf_init(sb, sb->max);
}

void strbuf_reset(struct strbuf *sb)
{
	strbuf_truncate(sb, 0);
	sb->full = false;
}

void strbuf_truncate(struct strbuf *sb, size_t len)
{
	if (len < sb->len) {
		sb->len = len;
		sb->buf[len] = '\0';
	}
}

char *strbuf_detach(struct strbuf *sb)
{
	char *bytes = sb->cap > 0 ? sb->buf : mem_strdup("");

	strbuf_init(sb, sb->max);
	return bytes;
}

/* Room for `more` bytes and the NUL, or -1. */
static int reserve(struct strbuf *sb, size_t more)
{
	size_t cap;

	if (sb->full || more > sb->max || sb->len > sb->max - more) {
		sb->full = true;
		return -1;
	}
	if (sb->len + more + 1 <= sb->cap) {
		return 0;
	}
	cap = sb->cap == 0 ? 128 : sb->cap < 4096 ? sb->cap * 4 : sb->cap * 2;
	if (cap > sb->max + 1) {
		cap = sb->max + 1;
	}
	if (cap < sb->len + more + 1) {
		cap = sb->len + more + 1;
	}
	sb->buf = mem_grow(sb->cap > 0 ? sb->buf : NULL, cap, 1);
	sb->cap = cap;
	sb->buf[sb->len] = '\0';
	return 0;
}

int strbuf_add(struct strbuf *sb, const void *data, size_t len)
{
	if (reserve(sb, len) < 0) {
		return -1;
	}
	if (len > 0) {
		memcpy(sb->buf + sb->len, data, len);
	}
	sb->len += len;
	sb->buf[sb->len] = '\0';
	return 0;
}

int strbuf_adds(struct strbuf *sb, const char *s)
{
	return strbuf_add(sb, s, strlen(s));
}

int strbuf_addch(struct strbuf *sb, char c)
{
	return strbuf_add(sb, &c, 1);
}

int strbuf_repeat(struct strbuf *sb, char c, size_t n)
{
	if (reserve(sb, n) < 0) {
		return -1;
	}
	memset(sb->buf + sb->len, c, n);
	sb->len += n;
	sb->buf[sb->len] = '\0';
	return 0;
}

int strbuf_add_number(struct strbuf *sb, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return strbuf_add(sb, digits + at, sizeof(digits) - at);
}

int strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap)
{
	size_t room = sb->cap > 0 && !sb->full ? sb->cap - sb->len : 0; /* with the NUL's */
	va_list again;
	int len;
	int rc = -1;

	va_copy(again, ap);
	len = vsnprintf(room > 0 ? sb->buf + sb->len : NULL, room, fmt, ap);
	if (len >= 0 && (size_t)len < room) {
		sb->len += (size_t)len;
		rc = 0;
	} else {
		if (room > 0) {
			sb->buf[sb->len] = '\0';
		}
		if (len >= 0 && reserve(sb, (size_t)len) == 0) {
			(void)vsnprintf(sb->buf + sb->len, (size_t)len + 1, fmt, again);
			sb->len += (size_t)len;
			rc = 0;
		}
	}
	va_end(again);
	return rc;
}

int strbuf_addf(struct strbuf *sb, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = strbuf_vaddf(sb, fmt, ap);
	va_end(ap);
	return rc;
}
