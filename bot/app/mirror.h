/* mirror.h - the audit log's newest row, posted where people see it, so that a log that was rewritten shows
 *
 * Into the channel of `settings: {audit_mirror: ...}`: at a start, at a stop, and while there are new rows at most once in
 * MIRROR_EVERY_MS. What is posted, ROW:HASH, is what `sluice audit verify --head` takes.
 */
#ifndef APP_MIRROR_H
#define APP_MIRROR_H

#include "app/internal.h"

#define MIRROR_EVERY_MS (10 * 60 * 1000)
#define MIRROR_FIRST_MS 3000 /* after the start: the chats are connected by then */
#define MIRROR_STOP_MS 1000  /* how long a stop waits for the last one to be delivered */

struct mirror;

struct mirror *mirror_new(struct app *app);
void mirror_start(struct mirror *mirror); /* once the store may still be read on the loop */
/* The last one. ended: exactly once, from the loop. */
void mirror_stop(struct mirror *mirror, void (*ended)(void *data), void *data);
void mirror_free(struct mirror *mirror); /* NULL is fine; after the post queues are gone */

#endif
