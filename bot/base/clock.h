/* clock.h - wall and monotonic time behind two pointers, so that tests own time */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

int64_t clock_wall_ms(void); /* since 1970-01-01 UTC; may jump */
int64_t clock_mono_ms(void); /* never goes back; for deadlines and durations */

/* Real microseconds that nobody adjusts, also while the clocks are replaced: for measuring our own work, nothing else. */
int64_t clock_work_us(void);

/* Both pointers or none; NULL puts the real clocks back. */
void clock_replace(int64_t (*wall_ms)(void), int64_t (*mono_ms)(void));

/* "2026-01-13T03:00:00Z" (RFC 3339, UTC, seconds). buf of CLOCK_TEXT_SIZE. Returns buf. */
#define CLOCK_TEXT_SIZE 32
const char *clock_format(int64_t wall_ms, char *buf, size_t size);

/* "just now", "5 min ago", "3 h ago", "12 days ago". buf of CLOCK_AGO_SIZE. Returns buf. */
#define CLOCK_AGO_SIZE 32
const char *clock_ago(int64_t ms, char *buf, size_t size);

/* RFC 3339 with Z or an offset -> ms; -1 when it is none. The value is written only on success. */
int clock_parse(const char *text, int64_t *ret_wall_ms);

#endif
