/* text_chart.c - a chart as a line of small bars */
#include "chat/text_chart.h"

#include <math.h>

#define LEVELS 8

static const char *const bars_unicode[LEVELS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const bars_ascii[LEVELS] = {"_", ".", ":", "-", "=", "+", "*", "#"};

/* The highest of some points; NAN when none of them was measured. */
static double highest(const double *points, size_t n)
{
	double most = (double)NAN;

	for (size_t i = 0; i < n; i++) {
		if (isfinite(points[i]) && (!isfinite(most) || points[i] > most)) {
			most = points[i];
		}
	}
	return most;
}

static unsigned level_of(double value, double low, double high)
{
	double part = high > low ? (value - low) / (high - low) : 0;

	if (part <= 0) {
		return 0;
	}
	return part >= 1 ? LEVELS - 1 : (unsigned)(part * LEVELS);
}

void text_chart(const struct chart *chart, unsigned bars, bool ascii, struct strbuf *out)
{
	const char *const *signs = ascii ? bars_ascii : bars_unicode;
	const size_t n = chart->n_points;
	const size_t shown = n < bars ? n : bars;
	double low = chart->low, high = chart->high;

	if (high <= low) {
		low = 0;
		high = highest(chart->points, n);
	}
	for (size_t i = 0; i < shown; i++) {
		size_t from = i * n / shown, to = (i + 1) * n / shown;
		double most = highest(chart->points + from, to - from);

		strbuf_adds(out, isfinite(most) ? signs[level_of(most, low, high)] : " ");
	}
}
