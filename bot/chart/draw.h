/* draw.h - the picture of a request, as PNG; in sluice-chart only, the bot never links it */
#ifndef CHART_DRAW_H
#define CHART_DRAW_H

#include "chart/request.h"

/* put: takes the next bytes, 0 or -1. -1: ERR_LIMIT, there is no picture. */
int chart_draw(const struct chart_request *request,
	       int (*put)(const void *bytes, size_t len, void *data), void *data, struct err *err);

#endif
