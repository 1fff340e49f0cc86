/* text_unicode.c - what a character is: its width, and whether it may be shown at all */
#include "chat/text.h"

#include <string.h>
#include <unictype.h>
#include <unistr.h>
#include <uniwidth.h>

/* More marks than this on one letter are no writing system: they only cover the lines above. */
#define MARKS_MAX 4

#define REPLACEMENT 0xfffdU
#define ELLIPSIS "…"

/* The next character; never reads past the NUL, broken bytes come as U+FFFD one by one. */
static size_t next_char(const char *text, size_t left, ucs4_t *ret_char)
{
	return (size_t)u8_mbtouc(ret_char, (const uint8_t *)text, left);
}

static unsigned char_columns(ucs4_t c)
{
	int width = c >= ' ' && c <= '~' ? 1 : uc_width(c, "UTF-8");

	return width > 0 ? (unsigned)width : 0;
}

static bool is_space(ucs4_t c)
{
	return c == '\t' || c == '\n' || c == '\v' || c == '\f' || c == '\r' || c == 0x85 ||
	       c == 0x2028 || c == 0x2029;
}

/*
 * Zero-width joiners are part of Persian, Indic and emoji writing; behind ASCII they only make two names look
 * alike. The no-break space is kept: it has a width.
 */
static bool may_show(ucs4_t c, ucs4_t before)
{
	if (c == 0x200c || c == 0x200d) {
		return before >= 0x80 && before != REPLACEMENT;
	}
	if (c == 0x034f || c == 0x115f || c == 0x1160 || c == 0x3164 || c == 0xffa0) {
		return false; /* letters and marks by name, blank by nature */
	}
	return !uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cf |
							    UC_CATEGORY_MASK_Cs) &&
	       !uc_is_property_not_a_character(c) && !uc_is_property_bidi_control(c);
}

/* How many bytes of printable ASCII stand here. */
static size_t plain_run(const char *text)
{
	size_t n = 0;

	while (text[n] >= ' ' && text[n] <= '~') {
		n++;
	}
	return n;
}

static void add_char(struct strbuf *out, ucs4_t c)
{
	uint8_t bytes[6];
	int len = u8_uctomb(bytes, c, sizeof(bytes));

	if (len > 0) {
		strbuf_add(out, bytes, (size_t)len);
	}
}

void text_clean(const char *text, struct strbuf *out)
{
	size_t left = strlen(text);
	unsigned marks = 0;
	ucs4_t before = ' ';

	while (left > 0) {
		ucs4_t c;
		size_t len = plain_run(text);

		if (len > 0) { /* nearly all there is */
			strbuf_add(out, text, len);
			text += len;
			left -= len;
			before = ' ';
			marks = 0;
			continue;
		}
		len = next_char(text, left, &c);
		text += len;
		left -= len;
		if (is_space(c)) {
			c = ' ';
		} else if (!may_show(c, before)) {
			c = REPLACEMENT;
		}
		marks = char_columns(c) > 0 ? 0 : marks + 1;
		if (marks <= MARKS_MAX) {
			add_char(out, c);
		}
		before = c;
	}
}

unsigned text_columns(const char *text)
{
	size_t left = strlen(text);
	unsigned columns = 0;

	while (left > 0) {
		size_t len = plain_run(text);
		ucs4_t c;

		if (len > 0) {
			columns += (unsigned)len;
		} else {
			len = next_char(text, left, &c);
			columns += char_columns(c);
		}
		text += len;
		left -= len;
	}
	return columns;
}

void text_cut(const char *text, unsigned columns, struct strbuf *out)
{
	struct strbuf clean;
	const char *at;
	size_t left, fits = 0;
	unsigned used = 0;

	strbuf_init(&clean, out->max);
	text_clean(text, &clean);
	at = clean.buf;
	left = clean.len;
	if (text_columns(at) <= columns) {
		strbuf_add(out, at, left);
		strbuf_done(&clean);
		return;
	}
	while (left > 0) {
		ucs4_t c;
		size_t len = next_char(at + fits, left, &c);

		used += char_columns(c);
		if (used > columns - 1) {
			break;
		}
		fits += len;
		left -= len;
	}
	strbuf_add(out, at, fits);
	strbuf_adds(out, ELLIPSIS);
	strbuf_done(&clean);
}

bool text_is_utf8(const char *bytes, size_t len)
{
	return u8_check((const uint8_t *)bytes, len) == NULL;
}
