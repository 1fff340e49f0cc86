/* paint.h - a message's charts as one picture, drawn by sluice-chart: the painter of chat/post.h
 *
 * The program is run anew for each picture. What goes wrong stands in the log; that it is not there at all stands there once, and it
 * is not looked for again.
 */
#ifndef CHART_PAINT_H
#define CHART_PAINT_H

#include "chat/post.h"

struct painter;

struct painter *painter_new(struct loop *loop, const char *program); /* its path; copied */
const struct post_painter *painter_hook(struct painter *painter);
void painter_free(struct painter *painter); /* after the queues that use it; NULL is fine */

#endif
