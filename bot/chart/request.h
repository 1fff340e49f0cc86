/* request.h - what sluice-chart is asked to draw, and how that is written
 *
 * Lines of UTF-8, each ended by a line feed; a word, a space, the rest. The first two, then for each panel the others:
 *
 *   sluice-chart 1
 *   zone 120                        minutes east of UTC, for the clock times
 *   panel CPU                       begins a panel; its label
 *   unit %                          may be left out
 *   caption 12 % now, 96 % at most
 *   scale 0 100                     the ends of the scale; equal: 0 and the highest point
 *   time 1764300000000 1764303600000   wall time of the first and the last point, in milliseconds
 *   points 12 14.5 - 96             oldest first; "-": nothing was measured then
 *
 * Everything else is an error, and so is more than the limits below.
 */
#ifndef CHART_REQUEST_H
#define CHART_REQUEST_H

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "chat/message.h"

#define CHART_REQUEST_MAX (512U * 1024U) /* bytes */
#define CHART_PANELS_MAX 8
#define CHART_POINTS_MAX 4096 /* of a panel */
#define CHART_TEXT_MAX 120    /* bytes of a label, a unit, a caption */
#define CHART_VALUE_MOST 1e15
#define CHART_TIME_MOST_MS 253402300799000 /* the last second of the year 9999 */
#define CHART_ZONE_MOST_MIN (14 * 60)

struct chart_request {
	int zone_min;
	struct chart panels[CHART_PANELS_MAX];
	size_t n_panels; /* at least 1 */
};

/* Everything in *ret_request lives in the arena. -1: ERR_USAGE, with the line. */
int chart_request_read(const char *bytes, size_t len, struct arena *arena,
		       struct chart_request *ret_request, struct err *err);

/* Writes what chart_request_read reads. -1: it does not fit, or is none. */
int chart_request_write(const struct chart_request *request, struct strbuf *out, struct err *err);

#endif
