/* value.c - single values of DigitalOcean's JSON: texts, numbers, page links */
#include "ocean/value.h"

#include <string.h>

#include "ocean/decode.h"

bool value_usable(const char *text, size_t len)
{
	if (len == 0 || len > OCEAN_TEXT_MAX) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
			return false;
		}
	}
	return true;
}

bool value_is(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(text, word, len) == 0;
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

bool value_is_slug(const char *text)
{
	size_t n = strspn(text, LETTERS "._-");

	return n > 0 && n <= OCEAN_TEXT_MAX && text[n] == '\0';
}

bool value_is_host_name(const char *text)
{
	size_t n = strspn(text, LETTERS ".-");

	return n > 0 && n <= OCEAN_TEXT_MAX && text[n] == '\0' && text[n - 1] != '.' &&
	       text[n - 1] != '-';
}

bool value_is_tag(const char *text)
{
	size_t n = strspn(text, LETTERS ":-_");

	return n > 0 && n <= OCEAN_TEXT_MAX && text[n] == '\0';
}

bool value_is_uuid(const char *text)
{
	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (text[i] == '\0' ||
		    (dash ? text[i] != '-' : strchr("0123456789abcdefABCDEF", text[i]) == NULL)) {
			return false;
		}
	}
	return text[36] == '\0';
}

bool value_is_ip4(const char *text)
{
	for (int part = 0; part < 4; part++) {
		size_t n = strspn(text, "0123456789");

		if (n == 0 || n > 3 || value_whole(text, n, 255) < 0 ||
		    text[n] != (part < 3 ? '.' : '\0')) {
			return false;
		}
		text += n + (part < 3);
	}
	return true;
}

enum droplet_status value_status(const char *text, size_t len)
{
	static const struct {
		const char *word;
		enum droplet_status status;
	} table[] = {
		{"new", DROPLET_NEW},
		{"active", DROPLET_ACTIVE},
		{"off", DROPLET_OFF},
		{"archive", DROPLET_ARCHIVE},
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (value_is(text, len, table[i].word)) {
			return table[i].status;
		}
	}
	return DROPLET_UNKNOWN;
}

int64_t value_whole(const char *text, size_t len, int64_t most)
{
	int64_t value = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' || value > (most - (text[i] - '0')) / 10) {
			return -1;
		}
		value = 10 * value + (text[i] - '0');
	}
	return len > 0 ? value : -1;
}

unsigned value_small(const char *text, size_t len)
{
	int64_t value = value_whole(text, len, INT32_MAX);

	return value > 0 ? (unsigned)value : 0;
}

unsigned value_cents(const char *text, size_t len)
{
	const char *dot = memchr(text, '.', len);
	size_t n = dot != NULL ? (size_t)(dot - text) : len;
	int64_t value = value_whole(text, n, INT32_MAX / 1000);
	int64_t digit = 0;

	for (size_t i = 1; i <= 3; i++) {
		digit = n + i < len ? text[n + i] - '0' : 0;
		if (value < 0 || digit < 0 || digit > 9) {
			return 0;
		}
		value = 10 * value + digit;
	}
	return (unsigned)((value + 5) / 10);
}

int value_money(const char *text, size_t len, int64_t *ret_cents)
{
	bool minus = len > 0 && text[0] == '-';
	const char *from = text + minus;
	size_t n = len - minus;
	const char *dot = memchr(from, '.', n);
	size_t whole_len = dot != NULL ? (size_t)(dot - from) : n;
	size_t rest = dot != NULL ? n - whole_len - 1 : 0;
	int64_t whole = value_whole(from, whole_len, 1000000000);
	int64_t cents = 0;

	if (whole < 0 ||
	    (dot != NULL && (rest == 0 || value_whole(dot + 1, rest, INT64_MAX) < 0))) {
		return -1;
	}
	for (size_t i = 0; i < 2; i++) {
		cents = 10 * cents + (i < rest ? dot[1 + i] - '0' : 0);
	}
	cents += 100 * whole + (rest > 2 && dot[3] >= '5');
	*ret_cents = minus ? -cents : cents;
	return 0;
}

int ocean_decode_link(const char *url, size_t len, unsigned *ret_page)
{
	const char *end = url + len;
	const char *at = memchr(url, '?', len);
	const char *fragment = memchr(url, '#', len);

	end = fragment != NULL ? fragment : end;
	while (at != NULL && at < end) {
		const char *from = at + 1;
		const char *to = memchr(from, '&', (size_t)(end - from));
		size_t n = (size_t)((to != NULL ? to : end) - from);

		if (n > 5 && memcmp(from, "page=", 5) == 0) {
			int64_t page = value_whole(from + 5, n - 5, OCEAN_PAGES_MAX);

			if (page < 1) {
				return -1;
			}
			*ret_page = (unsigned)page;
			return 0;
		}
		at = to;
	}
	return -1;
}
