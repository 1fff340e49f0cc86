/* stanza.c - writing XML: the one place that escapes */
#include "adapters/xmpp/stanza.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

/* How many bytes the character at s has; 0 when they are no UTF-8, or one that XML forbids. */
static size_t character(const unsigned char *s)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c;
	size_t n;

	if (s[0] < 0x80) {
		return s[0] >= 0x20 || s[0] == '\n' || s[0] == '\t' ? 1 : 0;
	}
	n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4) {
		return 0;
	}
	c = s[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80) {
			return 0;
		}
		c = c << 6 | (s[i] & 0x3fU);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) || c == 0xfffe ||
	    c == 0xffff) {
		return 0;
	}
	return n;
}

static const char *escape(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&apos;";
	}
	return NULL;
}

void stanza_add_text(struct strbuf *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	while (*s != '\0') {
		const char *escaped = escape((char)*s);
		size_t n = character(s);

		if (escaped != NULL) {
			(void)strbuf_adds(out, escaped);
		} else if (n > 0) {
			(void)strbuf_add(out, s, n);
		} else if (*s >= 0x80) {
			(void)strbuf_adds(out, "\xef\xbf\xbd");
		}
		s += n > 0 ? n : 1;
	}
}

void stanza_addf(struct strbuf *out, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	while (*fmt != '\0') {
		size_t n = strcspn(fmt, "%");

		(void)strbuf_add(out, fmt, n);
		fmt += n;
		if (*fmt == '\0') {
			break;
		}
		if (fmt[1] == 's') {
			stanza_add_text(out, va_arg(ap, const char *));
		} else if (fmt[1] == 'u') {
			(void)strbuf_addf(out, "%u", va_arg(ap, unsigned));
		} else {
			assert(fmt[1] == '%');
			(void)strbuf_addch(out, '%');
		}
		fmt += 2;
	}
	va_end(ap);
}
