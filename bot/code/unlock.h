/* unlock.h - the marker by which the terminal lets a locked person out while the bot runs */
#ifndef CODE_UNLOCK_H
#define CODE_UNLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Is there one that counts for a lock of this time? It is taken away; *ret_by: whose it was. state_path NULL: none. */
bool unlock_take(const char *state_path, const char *person, int64_t locked_at_ms, uid_t *ret_by);

#endif
