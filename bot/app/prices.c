/* prices.c - the sizes of an account with what they cost, kept for an hour */
#include <string.h>

#include "app/internal.h"
#include "base/clock.h"
#include "base/names.h"

#define FRESH_MS (60 * 60 * 1000LL)
#define NEAR_MOST 3 /* letters */

static const char **copy_words(struct arena *arena, const struct ocean_words *words)
{
	const char **copy = arena_array(arena, words->n + 1, sizeof(*copy));

	for (size_t i = 0; i < words->n; i++) {
		copy[i] = arena_strdup(arena, words->words[i]);
	}
	return copy;
}

void prices_keep(struct prices *prices, const struct ocean_size *sizes, size_t n)
{
	prices_done(prices);
	prices->sizes = arena_array(&prices->arena, n + 1, sizeof(*prices->sizes));
	for (size_t i = 0; i < n; i++) {
		struct ocean_size *to = &prices->sizes[i];

		*to = sizes[i];
		to->slug = arena_strdup(&prices->arena, sizes[i].slug);
		to->description = NULL;
		to->regions.words = copy_words(&prices->arena, &sizes[i].regions);
	}
	prices->n = n;
	prices->at_ms = clock_mono_ms();
}

void prices_done(struct prices *prices)
{
	arena_done(&prices->arena);
	memset(prices, 0, sizeof(*prices));
}

bool prices_fresh(const struct prices *prices)
{
	return prices->n > 0 && clock_mono_ms() - prices->at_ms < FRESH_MS;
}

const struct ocean_size *prices_find(const struct prices *prices, const char *slug)
{
	for (size_t i = 0; slug != NULL && i < prices->n; i++) {
		if (strcmp(prices->sizes[i].slug, slug) == 0) {
			return &prices->sizes[i];
		}
	}
	return NULL;
}

const char *prices_near(const struct prices *prices, const char *slug)
{
	const char *best = NULL;
	size_t least = NEAR_MOST + 1;

	for (size_t i = 0; i < prices->n; i++) {
		size_t distance = names_distance(prices->sizes[i].slug, slug, NEAR_MOST);
		if (distance < least) {
			least = distance;
			best = prices->sizes[i].slug;
		}
	}
	return best;
}
