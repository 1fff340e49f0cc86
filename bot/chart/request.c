/* request.c - the lines that sluice-chart reads, both ways */
#include "chart/request.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chat/text.h"

#define NUMBER_MAX 30

enum word { PANEL, UNIT, CAPTION, SCALE, TIME, POINTS, WORDS };

static const char *const words[WORDS] = {"panel", "unit", "caption", "scale", "time", "points"};

struct reader {
	struct arena *arena;
	struct chart_request *request;
	struct err *err;
	unsigned line;
	unsigned seen; /* the words of the panel at hand, a bit each */
};

static int wrong(struct reader *r, const char *what)
{
	return err_set(r->err, ERR_USAGE, "line %u of the chart's request: %s", r->line, what);
}

/* A decimal number without exponent, and nothing behind it: strtod alone would take "inf" and "0x1". */
static bool number(const char *text, double *ret_value)
{
	size_t len = strlen(text);
	char *end = NULL;
	double value;

	if (len == 0 || len > NUMBER_MAX || strspn(text, "0123456789.-") != len) {
		return false;
	}
	value = strtod(text, &end);
	if (*end != '\0' || !isfinite(value) || fabs(value) > CHART_VALUE_MOST) {
		return false;
	}
	*ret_value = value;
	return true;
}

/* Ends the first word of the text and returns what follows it; NULL: nothing does. */
static char *split(char *text)
{
	char *space = strchr(text, ' ');

	if (space == NULL) {
		return NULL;
	}
	*space = '\0';
	return space + 1;
}

static bool two_numbers(char *text, double *ret_a, double *ret_b)
{
	char *second = split(text);

	return second != NULL && number(text, ret_a) && number(second, ret_b);
}

static int read_points(struct reader *r, struct chart *chart, char *text)
{
	size_t n = 1;
	double *points;

	for (const char *c = text; *c != '\0'; c++) {
		n += *c == ' ';
	}
	if (n > CHART_POINTS_MAX) {
		return wrong(r, "too many points");
	}
	points = arena_array(r->arena, n, sizeof(*points));
	for (size_t i = 0; i < n; i++) {
		char *next = split(text);

		if (strcmp(text, "-") == 0) {
			points[i] = (double)NAN;
		} else if (!number(text, &points[i])) {
			return wrong(r, "a point is no number");
		}
		text = next; /* NULL after the last only: the spaces were counted */
	}
	chart->points = points;
	chart->n_points = n;
	return 0;
}

static int read_time(struct reader *r, struct chart *chart, char *text)
{
	double from, to;

	if (!two_numbers(text, &from, &to) || from < 0 || to < from ||
	    to > (double)CHART_TIME_MOST_MS) {
		return wrong(r, "these are no two times");
	}
	chart->from_ms = (int64_t)from;
	chart->to_ms = (int64_t)to;
	return 0;
}

static bool is_text(const char *text)
{
	size_t len = strlen(text);

	for (const char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f) {
			return false;
		}
	}
	return len <= CHART_TEXT_MAX && text_is_utf8(text, len);
}

static bool panel_is_whole(const struct reader *r)
{
	const unsigned needed = 1U << CAPTION | 1U << SCALE | 1U << TIME | 1U << POINTS;

	return r->request->n_panels == 0 || (r->seen & needed) == needed;
}

static int begin_panel(struct reader *r, const char *label)
{
	struct chart_request *request = r->request;

	if (!panel_is_whole(r)) {
		return wrong(r, "the panel before it is not whole");
	}
	if (request->n_panels == CHART_PANELS_MAX) {
		return wrong(r, "too many panels");
	}
	request->panels[request->n_panels++] =
		(struct chart){.label = arena_strdup(r->arena, label), .unit = "", .caption = ""};
	r->seen = 1U << PANEL;
	return 0;
}

static int take(struct reader *r, enum word word, char *rest)
{
	struct chart *chart;

	if (word <= CAPTION && !is_text(rest)) {
		return wrong(r, "a text is too long, or holds what is no text");
	}
	if (word == PANEL) {
		return begin_panel(r, rest);
	}
	if (r->request->n_panels == 0 || (r->seen & 1U << word) != 0) {
		return wrong(r, "this word does not belong here");
	}
	r->seen |= 1U << word;
	chart = &r->request->panels[r->request->n_panels - 1];
	switch (word) {
	case UNIT:
		chart->unit = arena_strdup(r->arena, rest);
		return 0;
	case CAPTION:
		chart->caption = arena_strdup(r->arena, rest);
		return 0;
	case SCALE:
		return two_numbers(rest, &chart->low, &chart->high)
			       ? 0
			       : wrong(r, "these are no two numbers");
	case TIME:
		return read_time(r, chart, rest);
	case POINTS:
		return read_points(r, chart, rest);
	case PANEL:
	case WORDS:
		break;
	}
	return wrong(r, "an unknown word");
}

static int read_line(struct reader *r, char *line)
{
	char *rest;
	double zone;

	if (r->line == 1) {
		return strcmp(line, "sluice-chart 1") == 0 ? 0 : wrong(r, "not \"sluice-chart 1\"");
	}
	rest = split(line);
	if (rest == NULL) {
		return wrong(r, "a word alone");
	}
	if (r->line == 2) {
		if (strcmp(line, "zone") != 0 || !number(rest, &zone) ||
		    fabs(zone) > CHART_ZONE_MOST_MIN) {
			return wrong(r, "not \"zone\" and minutes");
		}
		r->request->zone_min = (int)zone;
		return 0;
	}
	for (unsigned i = 0; i < WORDS; i++) {
		if (strcmp(line, words[i]) == 0) {
			return take(r, (enum word)i, rest);
		}
	}
	return wrong(r, "an unknown word");
}

int chart_request_read(const char *bytes, size_t len, struct arena *arena,
		       struct chart_request *ret_request, struct err *err)
{
	struct chart_request request = {0};
	struct reader r = {.arena = arena, .request = &request, .err = err};
	char *line;

	if (len > CHART_REQUEST_MAX || memchr(bytes, '\0', len) != NULL) {
		return err_set(err, ERR_USAGE, "the chart's request is too long, or no text");
	}
	line = arena_strndup(arena, bytes, len);
	while (*line != '\0') {
		char *end = strchr(line, '\n');

		r.line++;
		if (end == NULL) {
			return wrong(&r, "it has no end");
		}
		*end = '\0';
		if (read_line(&r, line) < 0) {
			return -1;
		}
		line = end + 1;
	}
	if (request.n_panels == 0 || !panel_is_whole(&r)) {
		return wrong(&r, "the request ends too early");
	}
	*ret_request = request;
	return 0;
}

/* ---- writing ------------------------------------------------------------------------------- */

static int write_panel(const struct chart *chart, struct strbuf *out)
{
	const char *unit = chart->unit != NULL ? chart->unit : "";

	if (!is_text(chart->label) || !is_text(unit) || !is_text(chart->caption) ||
	    chart->n_points == 0 || chart->n_points > CHART_POINTS_MAX) {
		return -1;
	}
	strbuf_addf(out, "panel %s\nunit %s\ncaption %s\nscale %.3f %.3f\ntime %lld %lld\npoints",
		    chart->label, unit, chart->caption, chart->low, chart->high,
		    (long long)chart->from_ms, (long long)chart->to_ms);
	for (size_t i = 0; i < chart->n_points; i++) {
		double point = chart->points[i];

		if (isfinite(point) && fabs(point) <= CHART_VALUE_MOST) {
			strbuf_addf(out, " %.3f", point);
		} else {
			strbuf_adds(out, " -");
		}
	}
	strbuf_addch(out, '\n');
	return out->full ? -1 : 0;
}

int chart_request_write(const struct chart_request *request, struct strbuf *out, struct err *err)
{
	if (request->n_panels == 0 || request->n_panels > CHART_PANELS_MAX) {
		return err_set(err, ERR_LIMIT, "a picture has 1 to %d charts", CHART_PANELS_MAX);
	}
	strbuf_addf(out, "sluice-chart 1\nzone %d\n", request->zone_min);
	for (size_t i = 0; i < request->n_panels; i++) {
		if (write_panel(&request->panels[i], out) < 0) {
			return err_set(err, ERR_LIMIT,
				       "chart \"%.40s\" does not fit into a picture",
				       request->panels[i].label);
		}
	}
	return 0;
}
