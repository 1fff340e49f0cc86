/* text_chart.h - a chart as a line of small bars; for text.c only */
#ifndef CHAT_TEXT_CHART_H
#define CHAT_TEXT_CHART_H

#include "base/strbuf.h"
#include "chat/message.h"

/*
 * Appends `bars` columns, one bar each, oldest first; less when there are fewer points. A bar is the highest point of its part of the
 * time, because a peak is what people look for; a part in which nothing was measured is a blank.
 */
void text_chart(const struct chart *chart, unsigned bars, bool ascii, struct strbuf *out);

#endif
