/* pages.c - the pages of a long list of droplets side by side, put together again in DigitalOcean's order
 *
 * Happy path: the first page says how many there are; the walk that read it and up to SIDES more share the rest, each taking
 * every n-th page. ocean_pages_join puts them in order, each droplet once.
 *
 * Failure modes: something came on top meanwhile: what was pushed to the next page comes twice, and is one. Something went: a
 * droplet may have slipped from a page that was still to be read to one that was read already, and be on none. The pages' totals
 * tell it, and all is read again, at most ROUNDS times; a list that still shrinks as it is read is no list.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "ocean/client.h"

#define SIDES_MAX 5
#define ROUNDS 3

void ocean_pages_spread(struct walk *walk, const struct ocean_page *page)
{
	struct flight *flight = walk->flight;
	struct pages *pages = &flight->pages;
	int64_t n = (page->total + PER_PAGE - 1) / PER_PAGE;

	pages->first_total = pages->least_total = pages->most_total = page->total;
	pages->stride = 1;
	if (page->total < 0 || n <= 2 || n > OCEAN_PAGES_MAX ||
	    endpoint_of(flight->call)->one_page) { /* one after the other */
		return;
	}
	pages->last = (unsigned)n;
	pages->n_sides = n - 2 < SIDES_MAX ? (size_t)(n - 2) : SIDES_MAX;
	pages->stride = 1 + (unsigned)pages->n_sides;
	pages->sides = mem_array(pages->n_sides, sizeof(*pages->sides));
	for (size_t i = 0; i < pages->n_sides; i++) {
		struct walk *side = &pages->sides[i];

		side->flight = flight;
		side->kind = WALK_SIDE;
		side->page = 3 + (unsigned)i;
		side->running = true;
		flight->n_running++;
		timer_init(&side->timer, flight->client->loop, walk_on_wait, side);
		timer_start(&side->timer, 0);
	}
}

void ocean_pages_note(struct walk *walk, const struct ocean_page *page)
{
	struct pages *pages = &walk->flight->pages;

	if (walk->page >= pages->n_parts) {
		pages->parts = mem_grow(pages->parts, walk->page + 1, sizeof(*pages->parts));
		while (pages->n_parts <= walk->page) {
			pages->parts[pages->n_parts++] = (struct part){NULL, 0, 0};
		}
	}
	pages->parts[walk->page] = (struct part){walk, walk->mark, walk->builder.n};
	if (page->total >= 0) {
		pages->least_total =
			page->total < pages->least_total ? page->total : pages->least_total;
		pages->most_total =
			page->total > pages->most_total ? page->total : pages->most_total;
	}
}

unsigned ocean_pages_next(const struct walk *walk, const struct ocean_page *page)
{
	struct pages *pages = &walk->flight->pages;

	if (pages->last == 0 || walk->page == 1 || walk->page >= pages->last) {
		return page->next; /* beyond the last: the list grew meanwhile */
	}
	return walk->page + pages->stride <= pages->last ? walk->page + pages->stride : 0;
}

static void forget(struct flight *flight)
{
	struct pages *pages = &flight->pages;

	for (size_t i = 0; i < pages->n_sides; i++) {
		walk_done(&pages->sides[i]);
	}
	free(pages->sides);
	free(pages->parts);
	ocean_builder_done(&pages->all);
	*pages = (struct pages){.round = pages->round};
}

void ocean_pages_done(struct flight *flight)
{
	forget(flight);
}

static bool moved(const struct flight *flight)
{
	const struct pages *pages = &flight->pages;
	size_t twice = flight->walks[WALK_MAIN].builder.n_twice + pages->all.n_twice;

	return pages->least_total != pages->most_total || twice > 0;
}

/* All pages are there: put together. -1: too many. */
static int join(struct flight *flight, struct err *err)
{
	struct pages *pages = &flight->pages;

	for (size_t p = 1; p < pages->n_parts; p++) {
		const struct part *part = &pages->parts[p];

		for (size_t i = part->from; i < part->to; i++) {
			if (ocean_builder_append(&pages->all, &part->walk->builder.droplets[i]) <
			    0) {
				return err_set(err, ERR_LIMIT, "there are more than %d droplets",
					       OCEAN_DROPLETS_MAX);
			}
		}
	}
	return 0;
}

enum ocean_pages_end ocean_pages_join(struct flight *flight, struct err *err)
{
	struct pages *pages = &flight->pages;
	struct walk *walk = &flight->walks[WALK_MAIN];

	if (join(flight, err) < 0) {
		return PAGES_FAILED;
	}
	if (moved(flight) && ++pages->round < ROUNDS) {
		forget(flight);
		walk_done(walk);
		walk->mark = 0;
		walk->page = 1;
		walk->attempt = 0;
		walk->running = true;
		flight->n_running++;
		timer_start(&walk->timer, 0);
		return PAGES_AGAIN;
	}
	if (pages->least_total < pages->first_total) {
		err_set(err, ERR_REMOTE, "droplets went while the list was read");
		return PAGES_FAILED;
	}
	return PAGES_WHOLE;
}
