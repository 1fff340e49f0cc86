/* picture.h - which program draws the charts */
#ifndef CLI_PICTURE_H
#define CLI_PICTURE_H

#include "chart/paint.h"
#include "config/config.h"

/* As the setting says, else sluice-chart beside this program. NULL: it cannot be said where that is. */
struct painter *picture_open(struct loop *loop, const struct config *config);

#endif
