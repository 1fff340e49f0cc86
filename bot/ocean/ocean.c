/* ocean.c - what all accounts have in common, real or simulated */
#include "ocean/ocean.h"

#include <stddef.h>

void ocean_close(struct ocean *ocean)
{
	if (ocean != NULL) {
		ocean->ops->close(ocean);
	}
}
