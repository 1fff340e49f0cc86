/* layout.c - scales that hold every point, ticks that say what they are */
#include "chart/layout.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/attr.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MIN 1440
#define SHORT_UNIT 2 /* bytes */

/* The next number that people read at a glance, and half of it too. */
static double round_up(double value)
{
	static const double steps[] = {1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10};
	double power = pow(10, floor(log10(value)));

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		if (value <= steps[i] * power) {
			return steps[i] * power;
		}
	}
	return 10 * power;
}

static void tick_word(double value, const char *unit, char *ret_word, size_t size)
{
	static const struct {
		double from;
		const char *sign;
	} big[] = {{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e4, "k"}};
	const char *sign = "";

	for (size_t i = 0; i < ARRAY_LEN(big); i++) {
		if (fabs(value) >= big[i].from) {
			value /= i + 1 < ARRAY_LEN(big) ? big[i].from : 1e3;
			sign = big[i].sign;
			break;
		}
	}
	(void)snprintf(ret_word, size, "%.4g%s%s%.32s", value,
		       *sign != '\0' || *unit != '\0' ? " " : "", sign, unit);
}

bool chart_unit_at_ticks(const struct chart *panel)
{
	return strlen(panel->unit) <= SHORT_UNIT;
}

void chart_scale(const struct chart *chart, struct chart_scale *ret_scale)
{
	double low = chart->low, high = chart->high;
	double least = 0, most = 0;
	bool free_end = high <= low;

	if (free_end) {
		low = 0;
		high = 0;
	}
	least = low;
	most = high;
	for (size_t i = 0; i < chart->n_points; i++) {
		if (isfinite(chart->points[i])) {
			least = fmin(least, chart->points[i]);
			most = fmax(most, chart->points[i]);
		}
	}
	/* what passes the given ends is shown, not cut */
	low = least < low ? -round_up(fmax(-least, 1e-9)) : low;
	high = most > high ? round_up(fmax(most, 1e-9)) : high;
	if (high <= low) {
		high = low + 1;
	}
	ret_scale->low = low;
	ret_scale->high = high;
	for (int i = 0; i < CHART_TICKS; i++) {
		tick_word(low + (high - low) * i / (CHART_TICKS - 1),
			  chart_unit_at_ticks(chart) ? chart->unit : "", ret_scale->ticks[i],
			  sizeof(ret_scale->ticks[i]));
	}
}

double chart_x(const struct chart *chart, size_t point)
{
	const double width = CHART_RIGHT - CHART_LEFT;

	return chart->n_points < 2
		       ? CHART_RIGHT
		       : CHART_LEFT + width * (double)point / (double)(chart->n_points - 1);
}

double chart_y(const struct chart_scale *scale, double value)
{
	return CHART_BOTTOM -
	       (CHART_BOTTOM - CHART_TOP) * (value - scale->low) / (scale->high - scale->low);
}

static void time_word(int64_t local_ms, bool days, struct chart_time *ret_time)
{
	time_t seconds = (time_t)(local_ms / 1000);
	struct tm tm = {0};

	(void)gmtime_r(&seconds, &tm);
	if (strftime(ret_time->word, sizeof(ret_time->word), days ? "%d %b" : "%H:%M", &tm) == 0) {
		ret_time->word[0] = '\0';
	}
}

size_t chart_times(const struct chart *chart, int zone_min,
		   struct chart_time ret_times[CHART_TIMES_MAX])
{
	static const int64_t steps_min[] = {1,   2,       5,           10,          15,
					    30,  60,      120,         180,         360,
					    720, DAY_MIN, 2 * DAY_MIN, 7 * DAY_MIN, 14 * DAY_MIN};
	const int64_t span_ms = chart->to_ms - chart->from_ms;
	const int64_t zone_ms = zone_min * MINUTE_MS;
	int64_t step_ms = span_ms; /* longer than the longest step fits: the two ends */
	int64_t at_ms;
	size_t n = 0;

	if (span_ms <= 0) {
		ret_times[0].x = CHART_RIGHT;
		time_word(chart->to_ms + zone_ms, false, &ret_times[0]);
		return 1;
	}
	for (size_t i = 0; i < ARRAY_LEN(steps_min); i++) {
		if (span_ms / (steps_min[i] * MINUTE_MS) < CHART_TIMES_MAX) {
			step_ms = steps_min[i] * MINUTE_MS;
			break;
		}
	}
	at_ms = chart->from_ms + zone_ms;
	at_ms = at_ms > 0 ? (at_ms + step_ms - 1) / step_ms * step_ms : 0;
	for (; at_ms <= chart->to_ms + zone_ms && n < CHART_TIMES_MAX; at_ms += step_ms) {
		int64_t after_ms = at_ms - zone_ms - chart->from_ms;

		if (after_ms >= 0) {
			ret_times[n].x = CHART_LEFT + (CHART_RIGHT - CHART_LEFT) *
							      ((double)after_ms / (double)span_ms);
			time_word(at_ms, step_ms >= DAY_MIN * MINUTE_MS, &ret_times[n++]);
		}
	}
	return n;
}
