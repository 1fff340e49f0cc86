/* layout.h - where things stand in the picture: scales, ticks and their words; pure */
#ifndef CHART_LAYOUT_H
#define CHART_LAYOUT_H

#include "chart/request.h"

/* Pixels. A phone held upright shows the picture at its whole width. */
#define CHART_WIDTH 720
#define CHART_PANEL_HEIGHT 372
#define CHART_LEFT 124  /* of the plot */
#define CHART_RIGHT 690 /* of the plot */
#define CHART_TOP 104   /* of the plot, in its panel */
#define CHART_BOTTOM 314
#define CHART_TICKS 3
#define CHART_TIMES_MAX 5

struct chart_scale {
	double low, high;            /* holds every point */
	char ticks[CHART_TICKS][48]; /* words of low, middle, high */
};

struct chart_time {
	double x;
	char word[16]; /* "14:30"; "28 Nov" where a step is a day or more */
};

/* A short unit stands at every tick, a long one once, behind the label. */
bool chart_unit_at_ticks(const struct chart *panel);
void chart_scale(const struct chart *chart, struct chart_scale *ret_scale);
double chart_x(const struct chart *chart, size_t point);
double chart_y(const struct chart_scale *scale, double value); /* in its panel */
/* Even clock times of the zone within the chart's time; returns how many. */
size_t chart_times(const struct chart *chart, int zone_min,
		   struct chart_time ret_times[CHART_TIMES_MAX]);

#endif
