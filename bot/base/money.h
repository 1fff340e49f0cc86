/* money.h - amounts of dollars in words for people */
#ifndef BASE_MONEY_H
#define BASE_MONEY_H

#include <stdint.h>

#include "base/arena.h"

/* "$24", "$4.50", "-$3" */
const char *money_words(struct arena *arena, int64_t cents);

#endif
