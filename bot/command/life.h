/* life.h - plans by which droplets come and go; only the table names them */
#ifndef COMMAND_LIFE_H
#define COMMAND_LIFE_H

#include "job/plan.h"

extern const struct plan life_create;
extern const struct plan life_destroy, life_purge;
extern const struct plan life_unsave;

#endif
