/* names.c - enum <-> word, edit distance, globs */
#include "base/names.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

const char *names_word(const struct name *table, size_t n, int value)
{
	for (size_t i = 0; i < n; i++) {
		if (table[i].value == value) {
			return table[i].word;
		}
	}
	return NULL;
}

int names_value(const struct name *table, size_t n, const char *word, int *ret_value)
{
	for (size_t i = 0; i < n; i++) {
		if (strcasecmp(table[i].word, word) == 0) {
			*ret_value = table[i].value;
			return 0;
		}
	}
	return -1;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

#define DISTANCE_MAX_LEN 64

size_t names_distance(const char *a, const char *b, size_t most)
{
	size_t rows[3][DISTANCE_MAX_LEN + 1];
	size_t la = strlen(a);
	size_t lb = strlen(b);

	if (la > DISTANCE_MAX_LEN || lb > DISTANCE_MAX_LEN ||
	    (la > lb ? la - lb : lb - la) > most) {
		return most + 1;
	}
	for (size_t j = 0; j <= lb; j++) {
		rows[0][j] = j;
	}
	for (size_t i = 1; i <= la; i++) {
		size_t *now = rows[i % 3];
		const size_t *before = rows[(i - 1) % 3];
		const size_t *two_before = rows[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			bool same = lower(a[i - 1]) == lower(b[j - 1]);
			size_t best = before[j - 1] + (same ? 0 : 1);

			if (before[j] + 1 < best) {
				best = before[j] + 1;
			}
			if (now[j - 1] + 1 < best) {
				best = now[j - 1] + 1;
			}
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]) && two_before[j - 2] + 1 < best) {
				best = two_before[j - 2] + 1;
			}
			now[j] = best;
		}
	}
	return rows[la % 3][lb] > most ? most + 1 : rows[la % 3][lb];
}

int names_glob(const char *pattern, const char *text)
{
	const char *star = NULL;
	const char *retry = NULL;

	while (*text != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			retry = text;
		} else if (lower(*pattern) == lower(*text)) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star + 1;
			text = ++retry;
		} else {
			return 0;
		}
	}
	while (*pattern == '*') {
		pattern++;
	}
	return *pattern == '\0';
}
