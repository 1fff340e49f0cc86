/* watch.h - says when a file has become another one, however that was done
 *
 * Written in place, replaced by a rename (editors, configuration management), or reached through links that are swapped
 * (Kubernetes' volumes): the folder of the path, the folder of what it leads to and the file itself are looked at.
 * A change is told WATCH_QUIET_MS after the last sign of it, so that a file that is being written is mostly whole by then.
 * Nothing wakes while nothing happens; where the system cannot tell (no inotify left, a folder that is gone), the file is
 * looked at every WATCH_POLL_MS instead.
 */
#ifndef LOOP_WATCH_H
#define LOOP_WATCH_H

#include "loop/loop.h"

#define WATCH_QUIET_MS 500
#define WATCH_MOST_MS 5000 /* told after this time even when it never gets quiet */
#define WATCH_POLL_MS 5000
/* Between two looks at what the system tells, one buffer each: a storm beside the file costs no more. */
#define WATCH_REST_MS 100
#define WATCH_BUFFER_BYTES 16384

struct watch;

/* changed: from the loop, when what the path leads to is not what it was; also when it is gone. Never before this returns.
 * A virtual loop has no files: there it is never called. */
struct watch *watch_new(struct loop *loop, const char *path, void (*changed)(void *data),
			void *data);
void watch_free(struct watch *watch); /* NULL is fine; changed is not called any more */

/* For tests: as if the system could not tell. */
void watch_poll_only(struct watch *watch);

/* For tests: other times than those above, from the next sign on. */
struct watch_times {
	int64_t quiet_ms, most_ms, poll_ms, rest_ms;
};
void watch_set_times(struct watch *watch, const struct watch_times *times);

#endif
