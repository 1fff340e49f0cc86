/* zones.c - a named zone from the system's time zone database (TZif, RFC 8536)
 *
 * Happy path: the file under $TZDIR or /usr/share/zoneinfo is read whole, its 64-bit table of changes is taken from 1970 on,
 * and the rule in its last line is written out to 2100. A missing file, a name that is none, leap seconds or a table that
 * does not add up: NULL and a word why. "UTC" needs no file.
 */
#include "policy/zones.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"

#define FILE_MAX ((size_t)1 << 16)
#define CHANGES_MAX 4000
#define LAST_YEAR 2100

/* The bytes that are left. */
struct input {
	const unsigned char *at;
	size_t left;
};

static uint64_t big(const unsigned char *at, size_t n)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n; i++) {
		value = value << 8 | at[i];
	}
	return value;
}

static bool take(struct input *in, size_t n, const unsigned char **ret)
{
	if (n > in->left) {
		return false;
	}
	*ret = in->at;
	in->at += n;
	in->left -= n;
	return true;
}

struct header {
	size_t utc, std, leaps, times, types, chars;
	char version;
};

static bool take_header(struct input *in, struct header *h)
{
	const unsigned char *at;

	if (!take(in, 44, &at) || memcmp(at, "TZif", 4) != 0) {
		return false;
	}
	h->version = (char)at[4];
	h->utc = big(at + 20, 4);
	h->std = big(at + 24, 4);
	h->leaps = big(at + 28, 4);
	h->times = big(at + 32, 4);
	h->types = big(at + 36, 4);
	h->chars = big(at + 40, 4);
	return h->times <= CHANGES_MAX && h->types > 0 && h->types <= 256 && h->chars <= 4096 &&
	       h->utc <= 256 && h->std <= 256 && h->leaps == 0;
}

/* The table while it is made. */
struct table {
	struct zone_change *changes;
	unsigned n;
	int32_t first;
};

static bool add_change(struct table *t, int64_t at, int32_t offset)
{
	int32_t now = t->n > 0 ? t->changes[t->n - 1].offset : t->first;

	if (offset < -DAY_S || offset > DAY_S || (t->n > 0 && at <= t->changes[t->n - 1].at)) {
		return false;
	}
	if (at < 0) {
		t->first = offset;
	} else if (offset != now && t->n < CHANGES_MAX) {
		t->changes[t->n++] = (struct zone_change){at, offset};
	}
	return true;
}

static bool take_table(struct input *in, const struct header *h, struct table *t)
{
	const unsigned char *times;
	const unsigned char *kinds;
	const unsigned char *types;
	const unsigned char *rest;

	if (!take(in, h->times * 8, &times) || !take(in, h->times, &kinds) ||
	    !take(in, h->types * 6, &types) || !take(in, h->chars + h->std + h->utc, &rest)) {
		return false;
	}
	t->first = (int32_t)big(types, 4);
	for (size_t i = 0; i < h->times; i++) {
		if (kinds[i] >= h->types ||
		    !add_change(t, (int64_t)big(times + i * 8, 8),
				(int32_t)big(types + (size_t)kinds[i] * 6, 4))) {
			return false;
		}
	}
	return true;
}

/* ---- the last line: "CET-1CEST,M3.5.0,M10.5.0/3" ----------------------------------------- */

/* The m-th month's w-th weekday d (5: the last), or the n-th day of the year. */
struct when {
	char kind; /* 'M'; 'J': 1 to 365, without leap days; '0': 0 to 365 */
	unsigned month, week, day;
	int32_t time;
};

struct posix {
	int32_t standard, summer;
	bool changes;
	struct when start, end;
};

static bool number(const char **at, unsigned most, unsigned *ret)
{
	unsigned value = 0;
	const char *from = *at;

	while (**at >= '0' && **at <= '9' && value <= most) {
		value = value * 10 + (unsigned)(*(*at)++ - '0');
	}
	*ret = value;
	return *at > from && value <= most;
}

static bool letters(const char **at)
{
	bool quoted = **at == '<';
	const char *from = *at;

	while (**at != '\0' && (quoted ? **at != '>' : strchr("+-0123456789,", **at) == NULL)) {
		(*at)++;
	}
	if (quoted && **at == '>') {
		(*at)++;
	}
	return *at - from >= 3;
}

/* [+-]h[:m[:s]] in seconds. */
static bool clock_time(const char **at, int32_t *ret)
{
	int32_t sign = **at == '-' ? -1 : 1;
	int32_t unit = 3600;
	int32_t value = 0;
	unsigned part;

	*at += **at == '-' || **at == '+';
	for (; unit > 0; unit /= 60) {
		if (!number(at, 167, &part)) {
			return false;
		}
		value += (int32_t)part * unit;
		if (**at != ':') {
			break;
		}
		(*at)++;
	}
	*ret = sign * value;
	return true;
}

static bool date(const char **at, struct when *w)
{
	*w = (struct when){.kind = '0', .time = 7200};
	if (*(*at)++ != ',') {
		return false;
	}
	if (**at == 'M') {
		(*at)++;
		w->kind = 'M';
		if (!number(at, 12, &w->month) || w->month < 1 || *(*at)++ != '.' ||
		    !number(at, 5, &w->week) || w->week < 1 || *(*at)++ != '.' ||
		    !number(at, 6, &w->day)) {
			return false;
		}
	} else {
		if (**at == 'J') {
			(*at)++;
			w->kind = 'J';
		}
		if (!number(at, 365, &w->day)) {
			return false;
		}
	}
	if (**at == '/') {
		(*at)++;
		return clock_time(at, &w->time);
	}
	return true;
}

static bool parse_posix(const char *at, struct posix *p)
{
	memset(p, 0, sizeof(*p));
	if (!letters(&at) || !clock_time(&at, &p->standard)) {
		return false;
	}
	p->standard = -p->standard; /* west is positive there */
	p->summer = p->standard + 3600;
	if (*at == '\0') {
		return true;
	}
	p->changes = true;
	if (!letters(&at)) {
		return false;
	}
	if (*at != ',') {
		if (!clock_time(&at, &p->summer)) {
			return false;
		}
		p->summer = -p->summer;
	}
	return date(&at, &p->start) && date(&at, &p->end) && *at == '\0';
}

/* Seconds of wall time at which it comes about in a year. */
static int64_t wall_of(const struct when *w, int64_t year)
{
	int64_t leap = times_days(year, 3, 1) - times_days(year, 2, 28) - 1;
	int64_t first;
	int64_t day;
	int64_t next;

	if (w->kind != 'M') {
		day = times_days(year, 1, 1) + w->day;
		day -= w->kind == 'J' ? (w->day >= 60 ? 1 - leap : 1) : 0;
		return day * DAY_S + w->time;
	}
	first = times_days(year, w->month, 1);
	next = w->month == 12 ? times_days(year + 1, 1, 1) : times_days(year, w->month + 1, 1);
	day = first + (w->day + 7 - (first + 4) % 7) % 7 +
	      ((int64_t)w->week - 1) * 7; /* 1970: Thursday */
	return (day >= next ? day - 7 : day) * DAY_S + w->time;
}

static void write_out(struct table *t, const struct posix *p)
{
	int64_t last = t->n > 0 ? t->changes[t->n - 1].at : -1;

	if (!p->changes) {
		return;
	}
	for (int64_t year = 1970; year < LAST_YEAR; year++) {
		struct zone_change start = {wall_of(&p->start, year) - p->standard, p->summer};
		struct zone_change end = {wall_of(&p->end, year) - p->summer, p->standard};
		const struct zone_change *two[2] = {start.at < end.at ? &start : &end,
						    start.at < end.at ? &end : &start};

		for (int i = 0; i < 2; i++) {
			if (two[i]->at > last) {
				(void)add_change(t, two[i]->at, two[i]->offset);
			}
		}
	}
}

static bool read_table(const unsigned char *bytes, size_t len, struct table *t)
{
	struct input in = {bytes, len};
	const unsigned char *old;
	struct header h;
	struct posix posix;
	char last[128];
	size_t n;

	if (!take_header(&in, &h) || h.version < '2' ||
	    !take(&in, h.times * 5 + h.types * 6 + h.chars + h.std + h.utc, &old) ||
	    !take_header(&in, &h) || !take_table(&in, &h, t)) {
		return false;
	}
	if (in.left < 2 || in.at[0] != '\n' || in.left > sizeof(last)) {
		return false;
	}
	n = in.left - 2;
	memcpy(last, in.at + 1, n);
	last[n] = '\0';
	if (in.at[in.left - 1] != '\n' || strlen(last) != n) {
		return false;
	}
	if (n > 0) {
		if (!parse_posix(last, &posix)) {
			return false;
		}
		write_out(t, &posix);
	}
	return true;
}

/* "Europe/Madrid". What else lies in that folder (posix/, right/, localtime, tzdata.zi) begins with a small letter. */
static bool is_name(const char *name)
{
	size_t len =
		strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+-");

	return name[0] >= 'A' && name[0] <= 'Z' && name[len] == '\0' && len < 64;
}

static ssize_t read_file(const char *path, unsigned char *buf)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0) {
		return -1;
	}
	while (len < FILE_MAX && (n = read(fd, buf + len, FILE_MAX - len)) > 0) {
		len += (size_t)n;
	}
	(void)close(fd);
	return n < 0 ? -1 : (ssize_t)len;
}

static const struct zone *zone_new(struct arena *arena, const char *name, const struct table *t)
{
	struct zone *zone = arena_alloc(arena, sizeof(*zone));
	struct zone_change *changes = arena_array(arena, t->n, sizeof(*changes));

	if (t->n > 0) {
		memcpy(changes, t->changes, t->n * sizeof(*changes));
	}
	*zone = (struct zone){arena_strdup(arena, name), t->first, t->n, changes};
	return zone;
}

const struct zone *zone_load(struct arena *arena, const char *name, const char **ret_why)
{
	const char *folder = getenv("TZDIR");
	const struct zone *zone = NULL;
	struct arena scratch = {0};
	struct table t = {.n = 0};
	unsigned char *buf;
	ssize_t len;

	if (strcmp(name, "UTC") == 0) {
		return zone_new(arena, name, &t);
	}
	if (!is_name(name)) {
		*ret_why = "a zone is written like \"Europe/Madrid\"";
		return NULL;
	}
	folder = folder != NULL && folder[0] == '/' ? folder : "/usr/share/zoneinfo";
	buf = arena_alloc(&scratch, FILE_MAX);
	t.changes = arena_array(&scratch, CHANGES_MAX, sizeof(*t.changes));
	len = read_file(arena_printf(&scratch, "%s/%s", folder, name), buf);
	if (len < 0) {
		*ret_why = access(arena_printf(&scratch, "%s/Europe", folder), F_OK) == 0
				   ? "this system knows no such zone"
				   : "this system has no time zones (install tzdata), only UTC";
	} else if (!read_table(buf, (size_t)len, &t)) {
		*ret_why = "this system's table for it makes no sense";
	} else {
		zone = zone_new(arena, name, &t);
	}
	arena_done(&scratch);
	return zone;
}
