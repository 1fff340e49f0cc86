/* names.h - enum <-> word, by one table */
#ifndef BASE_NAMES_H
#define BASE_NAMES_H

#include <stddef.h>

struct name {
	int value;
	const char *word;
};

/* The word, or NULL. */
const char *names_word(const struct name *table, size_t n, int value);

/* 0 and the value when the whole word fits (ASCII case-insensitive), -1 otherwise. */
int names_value(const struct name *table, size_t n, const char *word, int *ret_value);

/*
 * How many single-letter edits (insert, delete, replace, swap of neighbours) lie between two
 * words, ASCII case-insensitive; anything above `most` is given as most + 1. For "did you mean".
 */
size_t names_distance(const char *a, const char *b, size_t most);

/* Does the whole text fit the pattern? '*' stands for any run of characters, nothing else is
 * special; ASCII case-insensitive. Linear in text times stars, never exponential. */
int names_glob(const char *pattern, const char *text);

#endif
