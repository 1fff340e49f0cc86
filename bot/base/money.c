/* money.c - amounts of dollars in words for people */
#include "base/money.h"

const char *money_words(struct arena *arena, int64_t cents)
{
	const char *sign = cents < 0 ? "-" : "";
	uint64_t whole = cents < 0 ? (uint64_t)-cents : (uint64_t)cents;

	return whole % 100 == 0
		       ? arena_printf(arena, "%s$%llu", sign, (unsigned long long)(whole / 100))
		       : arena_printf(arena, "%s$%llu.%02llu", sign,
				      (unsigned long long)(whole / 100),
				      (unsigned long long)(whole % 100));
}
