/* script.c - text that is not what it looks like */
#include "base/script.h"

#include <stdbool.h>

#include "base/attr.h"

struct range {
	uint32_t from, to;
};

static const struct range bidi[] = {
	{0x061c, 0x061c}, {0x200e, 0x200f}, {0x202a, 0x202e}, {0x2066, 0x2069}};

static const struct range invisible[] = {
	{0x00ad, 0x00ad}, {0x034f, 0x034f}, {0x115f, 0x1160}, {0x17b4, 0x17b5},  {0x180b, 0x180f},
	{0x200b, 0x200d}, {0x2060, 0x2065}, {0x206a, 0x206f}, {0x3164, 0x3164},  {0xfe00, 0xfe0f},
	{0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0xe0000, 0xe0fff}};

/* Alphabets whose letters can be taken for each other. */
enum alphabet { NO_LETTER, LATIN, GREEK, CYRILLIC, OTHER_ALPHABET, WIDE_LATIN };

static const struct {
	struct range range;
	enum alphabet alphabet;
} alphabets[] = {
	{{0x0041, 0x005a}, LATIN},          {{0x0061, 0x007a}, LATIN},
	{{0x00c0, 0x00d6}, LATIN},          {{0x00d8, 0x00f6}, LATIN},
	{{0x00f8, 0x02af}, LATIN},          {{0x0370, 0x03ff}, GREEK},
	{{0x0400, 0x052f}, CYRILLIC},       {{0x0530, 0x058f}, OTHER_ALPHABET},
	{{0x10a0, 0x10ff}, OTHER_ALPHABET}, {{0x13a0, 0x13ff}, OTHER_ALPHABET},
	{{0x1c80, 0x1c8f}, CYRILLIC},       {{0x1d00, 0x1d25}, LATIN},
	{{0x1e00, 0x1eff}, LATIN},          {{0x1f00, 0x1fff}, GREEK},
	{{0x2c60, 0x2c7f}, LATIN},          {{0x2c80, 0x2cff}, OTHER_ALPHABET},
	{{0x2de0, 0x2dff}, CYRILLIC},       {{0xa640, 0xa69f}, CYRILLIC},
	{{0xa720, 0xa7ff}, LATIN},          {{0xab70, 0xabbf}, OTHER_ALPHABET},
	{{0xff21, 0xff3a}, WIDE_LATIN},     {{0xff41, 0xff5a}, WIDE_LATIN},
	{{0x1d400, 0x1d7ff}, WIDE_LATIN},
};

size_t script_next(const char *text, size_t len, uint32_t *ret_char)
{
	const unsigned char *in = (const unsigned char *)text;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c;
	size_t n;

	if (len == 0) {
		return 0;
	}
	if (in[0] < 0x80) {
		*ret_char = in[0];
		return 1;
	}
	n = in[0] >= 0xf0 ? 4 : in[0] >= 0xe0 ? 3 : 2;
	if (in[0] < 0xc2 || in[0] > 0xf4 || n > len) {
		return 0;
	}
	c = in[0] & (0xffU >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((in[i] & 0xc0) != 0x80) {
			return 0;
		}
		c = c << 6 | (in[i] & 0x3fU);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
		return 0;
	}
	*ret_char = c;
	return n;
}

static bool within(const struct range *ranges, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n; i++) {
		if (c >= ranges[i].from && c <= ranges[i].to) {
			return true;
		}
	}
	return false;
}

static enum script_problem judge(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029 ||
	    (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef)) {
		return SCRIPT_CONTROL;
	}
	if (within(bidi, ARRAY_LEN(bidi), c)) {
		return SCRIPT_BIDI;
	}
	return within(invisible, ARRAY_LEN(invisible), c) ? SCRIPT_INVISIBLE : SCRIPT_FINE;
}

enum script_problem script_check(const char *text, size_t len, size_t *ret_offset)
{
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		enum script_problem problem = SCRIPT_INVALID;
		uint32_t c = 0;

		if ((unsigned char)text[i] - 0x20U < 0x5fU || text[i] == '\n' ||
		    (text[i] == '\r' && i + 1 < len && text[i + 1] == '\n')) {
			n = 1;
			continue;
		}
		n = script_next(text + i, len - i, &c);
		if (n > 0) {
			problem = judge(c);
		}
		if (problem != SCRIPT_FINE) {
			*ret_offset = i;
			return problem;
		}
	}
	return SCRIPT_FINE;
}

static enum alphabet alphabet_of(uint32_t c)
{
	for (size_t i = 0; i < ARRAY_LEN(alphabets); i++) {
		if (within(&alphabets[i].range, 1, c)) {
			return alphabets[i].alphabet;
		}
	}
	return NO_LETTER;
}

/* Signs that hold a word together: tags and names are written with them. */
static bool joins(uint32_t c)
{
	return c == '-' || c == '_' || c == ':' || c == '.' || c == '*' || (c >= '0' && c <= '9');
}

enum script_problem script_check_words(const char *text, size_t len, size_t *ret_offset)
{
	enum alphabet first = NO_LETTER;
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		enum alphabet alphabet;
		uint32_t c = 0;

		n = script_next(text + i, len - i, &c);
		if (n == 0) {
			*ret_offset = i;
			return SCRIPT_INVALID;
		}
		alphabet = alphabet_of(c);
		if (alphabet == NO_LETTER) {
			first = joins(c) || c > 0x7f ? first : NO_LETTER;
		} else if (first == NO_LETTER) {
			first = alphabet;
		} else if (first != alphabet) {
			*ret_offset = i;
			return SCRIPT_MIXED;
		}
	}
	return SCRIPT_FINE;
}

const char *script_problem_text(enum script_problem problem)
{
	switch (problem) {
	case SCRIPT_FINE:
		return "fine";
	case SCRIPT_INVALID:
		return "this is no UTF-8 text";
	case SCRIPT_CONTROL:
		return "a control character stands here";
	case SCRIPT_BIDI:
		return "an invisible character turns the direction of the text here";
	case SCRIPT_INVISIBLE:
		return "an invisible character stands here";
	case SCRIPT_MIXED:
		return "this word mixes letters of two alphabets that look alike";
	}
	return "fine";
}
