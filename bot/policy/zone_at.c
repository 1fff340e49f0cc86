/* zone_at.c - from an instant to the wall clock of a zone and back */
#include "policy/zones.h"

/* How many changes have been by then. */
static unsigned changes_by(const struct zone *zone, int64_t at)
{
	unsigned low = 0;
	unsigned high = zone->n;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (zone->changes[middle].at <= at) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static int32_t offset_after(const struct zone *zone, unsigned changes)
{
	return changes > 0 ? zone->changes[changes - 1].offset : zone->first;
}

int32_t zone_offset(const struct zone *zone, int64_t at)
{
	return offset_after(zone, changes_by(zone, at));
}

int32_t zone_jumped(const struct zone *zone, int64_t at)
{
	unsigned n = changes_by(zone, at);
	int32_t jump = n > 0 ? offset_after(zone, n) - offset_after(zone, n - 1) : 0;

	return n > 0 && at - zone->changes[n - 1].at < jump ? jump : 0;
}

void zone_instants(const struct zone *zone, int64_t wall, int64_t *ret_first, int64_t *ret_last,
		   bool *ret_gap)
{
	int64_t one = wall - zone_offset(zone, wall - DAY_S); /* by the clock of the day before */
	int64_t two = wall - zone_offset(zone, wall + DAY_S);
	bool one_shows = one + zone_offset(zone, one) == wall;
	bool two_shows = two + zone_offset(zone, two) == wall;

	*ret_gap = !one_shows && !two_shows;
	if (*ret_gap) {
		unsigned n = changes_by(zone, one);

		*ret_first = n > 0 ? zone->changes[n - 1].at : one;
		*ret_last = one;
		return;
	}
	*ret_first = one_shows ? one : two;
	*ret_last = two_shows ? two : one;
}
