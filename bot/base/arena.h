/* arena.h - memory that is freed all at once: one arena an inbound event, one a policy snapshot
 *
 * Nothing in an arena is freed alone. Pointers stay where they are until arena_done().
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/attr.h"

struct arena_block;

struct arena {
	struct arena_block *head; /* a zeroed arena is empty and usable */
	size_t used_bytes;        /* handed out in all */
};

void arena_init(struct arena *arena);
void arena_done(struct arena *arena); /* frees everything; the arena is empty and usable again */

void arena_wipe(
	struct arena *arena); /* the same, and what was in it is overwritten: it held secrets */

void *arena_alloc(struct arena *arena, size_t size); /* zeroed, aligned for any type */
void *arena_take(struct arena *arena, size_t size);  /* the same, not zeroed */
void *arena_array(struct arena *arena, size_t n, size_t size);
char *arena_strdup(struct arena *arena, const char *s); /* NULL stays NULL */
char *arena_strndup(struct arena *arena, const char *s, size_t n);
char *arena_printf(struct arena *arena, const char *fmt, ...) ATTR_PRINTF(2, 3);
char *arena_vprintf(struct arena *arena, const char *fmt, va_list ap) ATTR_PRINTF(2, 0);

#endif
