/* templates.h - user data for new droplets: named files of one folder, beside the policy
 *
 * Only what stands in that folder under a plain name is ever sent, and only as the user data of a droplet: its bytes are in no
 * log, no audit row and no message.
 */
#ifndef APP_TEMPLATES_H
#define APP_TEMPLATES_H

#include "base/arena.h"
#include "base/err.h"

#define TEMPLATES_FOLDER "user-data" /* in the policy's folder */
#define TEMPLATES_MAX_BYTES 65536    /* what DigitalOcean takes */
#define TEMPLATES_MOST 100           /* names that are looked at */

/*
 * A regular file, no link, of root or of our own user, writable by nobody else; text, not empty, within the bound. *ret_text is
 * memory of its own; ret_sum: the first half of its SHA-256, in hex.
 */
int templates_read(const char *folder, const char *name, char **ret_text, char ret_sum[33],
		   struct err *err);

/* The names that there are, in order; in the arena. */
const char *const *templates_list(const char *folder, struct arena *arena, size_t *ret_n);

#endif
