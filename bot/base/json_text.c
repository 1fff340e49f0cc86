/* json_text.c - JSON as text: is it fit to be parsed, and strings as it writes them */
#include <string.h>

#include "base/json.h"
#include "base/json_internal.h"

/* The length of the UTF-8 sequence at s, 0 when it is none (overlong, surrogate, too big, cut off by `left` or a NUL). */
static size_t sequence(const unsigned char *s, size_t left)
{
	size_t n;

	if (s[0] < 0x80) {
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		n = 2;
	} else if (s[0] >= 0xe0 && s[0] <= 0xef) {
		n = 3;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		n = 4;
	} else {
		return 0;
	}
	for (size_t i = 1; i < n; i++) {
		if (i >= left || (s[i] & 0xc0) != 0x80) {
			return 0;
		}
	}
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f)) {
		return 0;
	}
	return n;
}

static unsigned hex4(const char *s)
{
	unsigned code = 0;

	for (int i = 0; i < 4; i++) {
		char c = s[i];

		code = code << 4 | (unsigned)(c >= '0' && c <= '9'   ? c - '0'
					      : c >= 'a' && c <= 'f' ? c - 'a' + 10
					      : c >= 'A' && c <= 'F' ? c - 'A' + 10
								     : 0);
	}
	return code;
}

/* How long the escape at s is, 0 when it is half a pair or a NUL. Whether there is such an escape is for yajl to say. */
static size_t escape(const char *s, size_t left)
{
	unsigned code;

	if (left < 6 || s[1] != 'u') {
		return 2;
	}
	code = hex4(s + 2);
	if (code == 0 || (code >= 0xdc00 && code <= 0xdfff)) {
		return 0;
	}
	if (code < 0xd800 || code > 0xdfff) {
		return 6;
	}
	if (left < 12 || s[6] != '\\' || s[7] != 'u') {
		return 0;
	}
	code = hex4(s + 8);
	return code >= 0xdc00 && code <= 0xdfff ? 12 : 0;
}

enum json_look json_look(const char *text, size_t len, size_t *ret_at)
{
	unsigned depth = 0;
	bool in_string = false;
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		unsigned char c = (unsigned char)text[i];

		*ret_at = i;
		n = 1;
		if (c >= 0x80 || c < 0x20) {
			n = c >= 0x80 ? sequence((const unsigned char *)text + i, len - i)
				      : (size_t)(c == '\t' || c == '\n' || c == '\r');
		} else if (c == '"') {
			in_string = !in_string;
		} else if (c == '\\' && in_string) {
			n = escape(text + i, len - i);
		} else if (!in_string && (c == '{' || c == '[') && ++depth > JSON_DEPTH_MAX) {
			return JSON_LOOK_DEEP;
		} else if (!in_string && (c == '}' || c == ']') && depth > 0) {
			depth--;
		}
		if (n == 0) {
			return JSON_LOOK_BAD;
		}
	}
	return in_string
		       ? JSON_LOOK_BAD
		       : JSON_LOOK_GOOD; /* behind a value yajl takes a string that does not end */
}

static void add_escaped(struct strbuf *out, unsigned char c)
{
	switch (c) {
	case '"':
		(void)strbuf_adds(out, "\\\"");
		break;
	case '\\':
		(void)strbuf_adds(out, "\\\\");
		break;
	case '\n':
		(void)strbuf_adds(out, "\\n");
		break;
	case '\r':
		(void)strbuf_adds(out, "\\r");
		break;
	case '\t':
		(void)strbuf_adds(out, "\\t");
		break;
	default:
		(void)strbuf_addf(out, "\\u%04x", c);
		break;
	}
}

void json_add_string(struct strbuf *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)(text != NULL ? text : "");
	const unsigned char *from = s; /* not written yet */

	(void)strbuf_addch(out, '"');
	for (;;) {
		size_t n;

		while (*s >= 0x20 && *s < 0x7f && *s != '"' && *s != '\\') {
			s++;
		}
		if (*s == '\0') {
			break;
		}
		n = sequence(s, SIZE_MAX); /* a NUL ends it */
		if (n > 0 && *s != '"' && *s != '\\' && *s >= 0x20 && *s != 0x7f) {
			s += n;
			continue;
		}
		(void)strbuf_add(out, from, (size_t)(s - from));
		if (n > 0) {
			add_escaped(out, *s);
		} else {
			(void)strbuf_adds(out, "\xef\xbf\xbd");
		}
		s++;
		from = s;
	}
	(void)strbuf_add(out, from, (size_t)(s - from));
	(void)strbuf_addch(out, '"');
}
