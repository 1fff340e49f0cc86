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
