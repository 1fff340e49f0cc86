/* clock.c - wall and monotonic time behind two pointers */
#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) != 0) {
		return 0;
	}
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t real_wall(void)
{
	return read_clock(CLOCK_REALTIME);
}

static int64_t real_mono(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

static int64_t (*wall)(void) = real_wall;
static int64_t (*mono)(void) = real_mono;

int64_t clock_wall_ms(void)
{
	return wall();
}

int64_t clock_mono_ms(void)
{
	return mono();
}

int64_t clock_work_us(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC_RAW, &ts) != 0) {
		return 0;
	}
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void clock_replace(int64_t (*wall_ms)(void), int64_t (*mono_ms)(void))
{
	wall = wall_ms != NULL ? wall_ms : real_wall;
	mono = mono_ms != NULL ? mono_ms : real_mono;
}

const char *clock_format(int64_t wall_ms, char *buf, size_t size)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;

	if (size == 0) {
		return buf;
	}
	buf[0] = '\0';
	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(buf, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
		buf[0] = '\0';
	}
	return buf;
}

/* Reads exactly n digits. */
static int digits(const char **at, int n, int *ret)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		char c = (*at)[i];

		if (c < '0' || c > '9') {
			return -1;
		}
		value = value * 10 + (c - '0');
	}
	*at += n;
	*ret = value;
	return 0;
}

static int expect(const char **at, const char *one_of)
{
	if (**at == '\0' || strchr(one_of, **at) == NULL) {
		return -1;
	}
	(*at)++;
	return 0;
}

static int parse_zone(const char **at, int *ret_minutes)
{
	int hours;
	int minutes;
	int sign = **at == '-' ? -1 : 1;

	*ret_minutes = 0;
	if (**at == 'Z' || **at == 'z') {
		(*at)++;
		return 0;
	}
	if (expect(at, "+-") < 0 || digits(at, 2, &hours) < 0 || expect(at, ":") < 0 ||
	    digits(at, 2, &minutes) < 0 || hours > 23 || minutes > 59) {
		return -1;
	}
	*ret_minutes = sign * (hours * 60 + minutes);
	return 0;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

int clock_parse(const char *text, int64_t *ret_wall_ms)
{
	struct tm tm = {0};
	int zone;
	int ms = 0;
	int year;
	int month;
	int64_t seconds;

	if (digits(&text, 4, &year) < 0 || expect(&text, "-") < 0 || digits(&text, 2, &month) < 0 ||
	    expect(&text, "-") < 0 || digits(&text, 2, &tm.tm_mday) < 0 ||
	    expect(&text, "Tt ") < 0 || digits(&text, 2, &tm.tm_hour) < 0 ||
	    expect(&text, ":") < 0 || digits(&text, 2, &tm.tm_min) < 0 || expect(&text, ":") < 0 ||
	    digits(&text, 2, &tm.tm_sec) < 0) {
		return -1;
	}
	if (*text == '.') {
		int scale = 100;

		if (text[1] < '0' || text[1] > '9') {
			return -1;
		}
		for (text++; *text >= '0' && *text <= '9'; text++, scale /= 10) {
			ms += (*text - '0') * scale;
		}
	}
	if (parse_zone(&text, &zone) < 0 || *text != '\0') {
		return -1;
	}
	if (month < 1 || month > 12 || tm.tm_mday < 1 || tm.tm_mday > days_in_month(year, month) ||
	    tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60) {
		return -1;
	}
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	seconds = (int64_t)timegm(&tm) - (int64_t)zone * 60;
	*ret_wall_ms = seconds * 1000 + ms;
	return 0;
}

const char *clock_ago(int64_t ms, char *buf, size_t size)
{
	long long minutes = (long long)(ms / 60000);

	if (minutes < 1) {
		(void)snprintf(buf, size, "just now");
	} else if (minutes < 120) {
		(void)snprintf(buf, size, "%lld min ago", minutes);
	} else if (minutes < 48LL * 60) {
		(void)snprintf(buf, size, "%lld h ago", minutes / 60);
	} else {
		(void)snprintf(buf, size, "%lld days ago", minutes / (24LL * 60));
	}
	return buf;
}
