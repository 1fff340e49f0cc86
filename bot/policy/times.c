/* times.c - how the policy file writes times: a date and a time, a time of the day, a duration */
#include <string.h>

#include "policy/zones.h"

/* Days of the civil calendar, counted from March so that a leap day is the last of its year. */
int64_t times_days(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Exactly n digits. */
static bool digits(const char **at, unsigned n, unsigned *ret)
{
	unsigned value = 0;

	for (unsigned i = 0; i < n; i++, (*at)++) {
		if (**at < '0' || **at > '9') {
			return false;
		}
		value = value * 10 + (unsigned)(**at - '0');
	}
	*ret = value;
	return true;
}

static bool skip(const char **at, char c)
{
	if (**at != c) {
		return false;
	}
	(*at)++;
	return true;
}

static bool minute(const char **at, unsigned *ret)
{
	unsigned h;
	unsigned m;

	if (!digits(at, 2, &h) || !skip(at, ':') || !digits(at, 2, &m) || m > 59 || h > 24 ||
	    (h == 24 && m > 0)) {
		return false;
	}
	*ret = h * 60 + m;
	return true;
}

bool times_minute(const char *text, unsigned *ret_minute)
{
	unsigned value;

	if (!minute(&text, &value) || *text != '\0') {
		return false;
	}
	*ret_minute = value;
	return true;
}

static unsigned days_of(unsigned year, unsigned month)
{
	unsigned next = month == 12 ? 1 : month + 1;

	return (unsigned)(times_days(month == 12 ? (int64_t)year + 1 : year, next, 1) -
			  times_days(year, month, 1));
}

bool times_wall(const char *text, int64_t *ret_wall, const char **ret_rest)
{
	unsigned y;
	unsigned m;
	unsigned d;
	unsigned of_day;

	if (!digits(&text, 4, &y) || !skip(&text, '-') || !digits(&text, 2, &m) ||
	    !skip(&text, '-') || !digits(&text, 2, &d) || !skip(&text, ' ') ||
	    !minute(&text, &of_day)) {
		return false;
	}
	if (y < 1971 || y > 2098 || m < 1 || m > 12 || d < 1 || d > days_of(y, m)) {
		return false;
	}
	*ret_wall = times_days(y, m, d) * DAY_S + (int64_t)of_day * 60;
	*ret_rest = text;
	return true;
}

bool times_duration(const char *text, int64_t *ret_ms)
{
	static const struct {
		char letter;
		int64_t ms;
	} units[] = {{'s', SECOND_MS}, {'m', MINUTE_MS}, {'h', HOUR_MS}, {'d', DAY_MS}};
	int64_t value = 0;
	size_t n = 0;

	for (; text[n] >= '0' && text[n] <= '9' && n < 8; n++) {
		value = value * 10 + (text[n] - '0');
	}
	for (size_t i = 0; n > 0 && i < sizeof(units) / sizeof(units[0]); i++) {
		if (text[n] == units[i].letter && text[n + 1] == '\0' && value > 0 &&
		    value * units[i].ms <= 366 * DAY_MS) {
			*ret_ms = value * units[i].ms;
			return true;
		}
	}
	return false;
}

int64_t times_civil(int64_t days, unsigned *ret_month, unsigned *ret_day)
{
	int64_t year = 1970 + days / 366; /* never later than the day; at most a few years early */
	unsigned month = 1;

	while (times_days(year + 1, 1, 1) <= days) {
		year++;
	}
	while (month < 12 && times_days(year, month + 1, 1) <= days) {
		month++;
	}
	*ret_month = month;
	*ret_day = (unsigned)(days - times_days(year, month, 1)) + 1;
	return year;
}
