/* fuzz_chart.c - what is read as a chart's request can be written and read again, and every point has its place in the plot */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "chart/layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void in_plot(const struct chart *panel, int zone_min)
{
	struct chart_scale scale;
	struct chart_time times[CHART_TIMES_MAX];
	size_t n = chart_times(panel, zone_min, times);

	chart_scale(panel, &scale);
	for (size_t i = 0; i < panel->n_points; i++) {
		double x = chart_x(panel, i);
		double y = chart_y(&scale, panel->points[i]);

		if (!(x >= CHART_LEFT && x <= CHART_RIGHT) ||
		    (isfinite(panel->points[i]) &&
		     !(y >= CHART_TOP - 0.01 && y <= CHART_BOTTOM + 0.01))) {
			abort();
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (!(times[i].x >= CHART_LEFT && times[i].x <= CHART_RIGHT)) {
			abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	struct chart_request request, again;
	struct strbuf out;

	strbuf_init(&out, 4 * CHART_REQUEST_MAX);
	if (chart_request_read((const char *)data, size, &arena, &request, NULL) == 0) {
		for (size_t i = 0; i < request.n_panels; i++) {
			in_plot(&request.panels[i], request.zone_min);
		}
		if (chart_request_write(&request, &out, NULL) < 0 ||
		    (out.len <= CHART_REQUEST_MAX &&
		     chart_request_read(out.buf, out.len, &arena, &again, NULL) < 0)) {
			abort();
		}
	}
	strbuf_done(&out);
	arena_done(&arena);
	return 0;
}
