/* draw.c - panels below each other, dark on light, by cairo
 *
 * Every point is a corner of the line, however many there are: a peak is never averaged away. What was not measured is a
 * grey band without a line. Failure modes: no memory for the surface, or `put` refuses; cairo keeps its first error.
 */
#include "chart/draw.h"

#include <cairo.h>
#include <math.h>
#include <stdio.h>

#include "chart/layout.h"

#define EDGE 24
#define LABEL_SIZE 36
#define CAPTION_SIZE 30
#define TICK_SIZE 26
#define SMALLEST_SIZE 16

struct colour {
	double r, g, b;
};

static const struct colour paper = {1, 1, 1};
static const struct colour ink = {0.11, 0.13, 0.16};
static const struct colour faint_ink = {0.29, 0.32, 0.36};
static const struct colour grid = {0.82, 0.84, 0.86};
static const struct colour gap = {0.925, 0.93, 0.935};
static const struct colour line = {0.04, 0.31, 0.66};

struct sink {
	int (*put)(const void *bytes, size_t len, void *data);
	void *data;
};

static void use(cairo_t *cr, const struct colour *colour)
{
	cairo_set_source_rgb(cr, colour->r, colour->g, colour->b);
}

enum align { FROM_LEFT, CENTRED, FROM_RIGHT };

/* Text on its base line; what is wider than its room gets smaller, down to what can still be read, and is cut there. */
static void write_text(cairo_t *cr, const char *text, double x, double y, double size, double room,
		       enum align align)
{
	cairo_text_extents_t extents;
	double left;

	cairo_set_font_size(cr, size);
	cairo_text_extents(cr, text, &extents);
	if (extents.x_advance > room) {
		size = fmax(size * room / extents.x_advance, SMALLEST_SIZE);
		cairo_set_font_size(cr, size);
		cairo_text_extents(cr, text, &extents);
	}
	left = align == FROM_LEFT ? x
	       : align == CENTRED ? x - extents.x_advance / 2
				  : x - fmin(extents.x_advance, room);
	left = fmin(left, CHART_WIDTH - EDGE / 2.0 - fmin(extents.x_advance, room));
	cairo_save(cr);
	cairo_rectangle(cr, left - 2, y - 2 * size, fmin(extents.x_advance, room) + 4, 3 * size);
	cairo_clip(cr);
	cairo_move_to(cr, left, y);
	cairo_show_text(cr, text);
	cairo_restore(cr);
}

static void font(cairo_t *cr, bool bold)
{
	cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
			       bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
}

static void draw_rule(cairo_t *cr, double x1, double y1, double x2, double y2)
{
	use(cr, &grid);
	cairo_set_line_width(cr, 2);
	cairo_move_to(cr, x1, y1);
	cairo_line_to(cr, x2, y2);
	cairo_stroke(cr);
}

static void draw_axes(cairo_t *cr, const struct chart *panel, const struct chart_scale *scale,
		      int zone_min)
{
	struct chart_time times[CHART_TIMES_MAX];
	size_t n = chart_times(panel, zone_min, times);

	font(cr, false);
	for (int i = 0; i < CHART_TICKS; i++) {
		double y =
			CHART_BOTTOM - (CHART_BOTTOM - CHART_TOP) * (double)i / (CHART_TICKS - 1);

		draw_rule(cr, CHART_LEFT, y, CHART_RIGHT, y);
		use(cr, &faint_ink);
		write_text(cr, scale->ticks[i], CHART_LEFT - 12, y + 9, TICK_SIZE,
			   CHART_LEFT - 12 - EDGE / 2.0, FROM_RIGHT);
	}
	for (size_t i = 0; i < n; i++) {
		draw_rule(cr, times[i].x, CHART_BOTTOM, times[i].x, CHART_BOTTOM + 8);
		use(cr, &faint_ink);
		write_text(cr, times[i].word, times[i].x, CHART_BOTTOM + 38, TICK_SIZE, 110,
			   CENTRED);
	}
}

/* The end of the run from `from` of points that all are measured, or all are not. */
static size_t run_end(const struct chart *chart, size_t from)
{
	const bool measured = isfinite(chart->points[from]);
	size_t i = from;

	while (i < chart->n_points && (isfinite(chart->points[i]) != 0) == measured) {
		i++;
	}
	return i;
}

static void draw_gap(cairo_t *cr, const struct chart *chart, size_t from, size_t to)
{
	double left = from > 0 ? chart_x(chart, from - 1) : CHART_LEFT;
	double right = to < chart->n_points ? chart_x(chart, to) : CHART_RIGHT;

	use(cr, &gap);
	cairo_rectangle(cr, left, CHART_TOP, right - left, CHART_BOTTOM - CHART_TOP);
	cairo_fill(cr);
}

static void trace(cairo_t *cr, const struct chart *chart, const struct chart_scale *scale,
		  size_t from, size_t to)
{
	cairo_move_to(cr, chart_x(chart, from), chart_y(scale, chart->points[from]));
	for (size_t i = from + 1; i < to; i++) {
		cairo_line_to(cr, chart_x(chart, i), chart_y(scale, chart->points[i]));
	}
}

static void draw_run(cairo_t *cr, const struct chart *chart, const struct chart_scale *scale,
		     size_t from, size_t to)
{
	double foot = chart_y(scale, fmax(scale->low, fmin(0, scale->high)));

	if (to - from == 1) { /* a point alone has no line */
		use(cr, &line);
		cairo_arc(cr, chart_x(chart, from), chart_y(scale, chart->points[from]), 5, 0,
			  2 * acos(-1));
		cairo_fill(cr);
		return;
	}
	trace(cr, chart, scale, from, to);
	cairo_line_to(cr, chart_x(chart, to - 1), foot);
	cairo_line_to(cr, chart_x(chart, from), foot);
	cairo_close_path(cr);
	cairo_set_source_rgba(cr, line.r, line.g, line.b, 0.14);
	cairo_fill(cr);
	trace(cr, chart, scale, from, to);
	use(cr, &line);
	cairo_set_line_width(cr, 4);
	cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
	cairo_stroke(cr);
}

static void draw_figures(cairo_t *cr, const struct chart *chart, const struct chart_scale *scale,
			 bool measured)
{
	for (size_t from = 0, to; from < chart->n_points; from = to) {
		to = run_end(chart, from);
		if ((isfinite(chart->points[from]) != 0) != measured) {
			continue;
		}
		if (measured) {
			draw_run(cr, chart, scale, from, to);
		} else {
			draw_gap(cr, chart, from, to);
		}
	}
}

static void draw_panel(cairo_t *cr, const struct chart *panel, int zone_min)
{
	struct chart_scale scale;
	char label[2 * CHART_TEXT_MAX + 8];

	chart_scale(panel, &scale);
	if (chart_unit_at_ticks(panel)) {
		(void)snprintf(label, sizeof(label), "%s", panel->label);
	} else {
		(void)snprintf(label, sizeof(label), "%s (%s)", panel->label, panel->unit);
	}
	use(cr, &ink);
	font(cr, true);
	write_text(cr, label, EDGE, 44, LABEL_SIZE, CHART_WIDTH - 2 * EDGE, FROM_LEFT);
	font(cr, false);
	write_text(cr, panel->caption, EDGE, 82, CAPTION_SIZE, CHART_WIDTH - 2 * EDGE, FROM_LEFT);
	draw_figures(cr, panel, &scale, false);
	draw_axes(cr, panel, &scale, zone_min);
	draw_figures(cr, panel, &scale, true);
}

static cairo_status_t on_bytes(void *closure, const unsigned char *bytes, unsigned len)
{
	const struct sink *sink = closure;

	return sink->put(bytes, len, sink->data) == 0 ? CAIRO_STATUS_SUCCESS
						      : CAIRO_STATUS_WRITE_ERROR;
}

int chart_draw(const struct chart_request *request,
	       int (*put)(const void *bytes, size_t len, void *data), void *data, struct err *err)
{
	struct sink sink = {.put = put, .data = data};
	cairo_surface_t *surface = cairo_image_surface_create(
		CAIRO_FORMAT_RGB24, CHART_WIDTH, (int)request->n_panels * CHART_PANEL_HEIGHT);
	cairo_t *cr = cairo_create(surface);
	cairo_status_t status;

	use(cr, &paper);
	cairo_paint(cr);
	for (size_t i = 0; i < request->n_panels; i++) {
		cairo_save(cr);
		cairo_translate(cr, 0, (double)i * CHART_PANEL_HEIGHT);
		draw_panel(cr, &request->panels[i], request->zone_min);
		cairo_restore(cr);
	}
	status = cairo_status(cr);
	if (status == CAIRO_STATUS_SUCCESS) {
		status = cairo_surface_write_to_png_stream(surface, on_bytes, &sink);
	}
	cairo_destroy(cr);
	cairo_surface_destroy(surface);
	return status == CAIRO_STATUS_SUCCESS
		       ? 0
		       : err_set(err, ERR_LIMIT, "the chart cannot be drawn: %s",
				 cairo_status_to_string(status));
}
