/* zones.h - named time zones as tables of changes, and the ways the policy file writes times
 *
 * A zone is read once, when the policy is compiled; after that an offset is a search in a table. No clock, no TZ variable:
 * the C library's own zone is one for the whole process, and changing it under threads is not safe.
 */
#ifndef POLICY_ZONES_H
#define POLICY_ZONES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

#define SECOND_MS ((int64_t)1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_S ((int64_t)86400)
#define DAY_MS (DAY_S * SECOND_MS)

struct zone_change {
	int64_t at;     /* seconds since 1970 */
	int32_t offset; /* local is UTC plus this, from then on */
};

struct zone {
	const char *name;
	int32_t first; /* before the first change */
	unsigned n;
	const struct zone_change *changes; /* from 1970 to 2100, by time */
};

/* NULL: the system does not know it, or its table makes no sense; *ret_why says which. Everything lives in the arena. */
const struct zone *zone_load(struct arena *arena, const char *name, const char **ret_why);

int32_t zone_offset(const struct zone *zone, int64_t at);

/* The clock jumped forward less than its jump ago: seconds jumped, 0 otherwise. */
int32_t zone_jumped(const struct zone *zone, int64_t at);

/* The instants at which the wall shows this time: first and last differ where it shows it twice, and where it never does:
 * there first is the jump and last is when the old clock would have shown it. *ret_gap tells the two apart. */
void zone_instants(const struct zone *zone, int64_t wall, int64_t *ret_first, int64_t *ret_last,
		   bool *ret_gap);

/* Days since 1970-01-01. */
int64_t times_days(int64_t year, unsigned month, unsigned day);

/* ... and back: the year, month and day of a day since 1970-01-01. */
int64_t times_civil(int64_t days, unsigned *ret_month, unsigned *ret_day);

/* "2026-01-05 09:00" -> seconds of wall time; *ret_rest is what follows, "" when nothing does. */
bool times_wall(const char *text, int64_t *ret_wall, const char **ret_rest);

/* "09:00" to "24:00" -> minutes. */
bool times_minute(const char *text, unsigned *ret_minute);

/* "90s", "10m", "2h", "7d"; at most a year. */
bool times_duration(const char *text, int64_t *ret_ms);

#endif
