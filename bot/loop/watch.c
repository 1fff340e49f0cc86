/* watch.c - a file that is watched, over inotify
 *
 * Happy path: a sign from one of the three watched places -> quiet for a while -> the file is looked at -> it is another one
 * (device, inode, size, times) -> changed().
 *
 * Bounds: three watches, however many files stand beside it; what is written to those is no event at all. Where files come and
 * go in a storm, one buffer of events is read every WATCH_REST_MS; the kernel keeps some thousands and drops the rest, and
 * tells that as an event, which is a sign like any other. libuv's own watcher is not used: it reads until there is nothing more, and
 * swallows the word of what was dropped.
 *
 * Failure modes: no watch to be had (the system's limit, no such folder): the file is looked at now and then, and the watches
 * are tried again at each look. A folder that was moved away takes its watch with it: all three are set anew after every sign.
 */
#include "loop/watch.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/mem.h"
#include "loop/internal.h"

#define IN_FOLDER                                                                              \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | \
	 IN_ONLYDIR)
#define IN_FILE (IN_MODIFY | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)

enum place { FOLDER, FOLDER_BEHIND, FILE_ITSELF, PLACES };

struct watch {
	struct loop *loop;
	char *path;
	char *behind; /* what the path leads to, links followed; NULL: nothing */
	void (*changed)(void *data);
	void *data;
	struct stat seen; /* zeroed: no file */
	int fd;           /* of inotify; -1: there was none to be had */
	uv_poll_t ear;
	int marks[PLACES]; /* -1: none; two places may be one */
	struct timer rest; /* between two buffers */
	struct timer quiet;
	struct timer poll;
	struct watch_times times;
	int64_t first_ms; /* of the signs that are not told yet; 0: none */
	bool poll_only;
};

/* The folder of a path: "." for a bare name. The caller frees. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL) {
		return mem_strdup(".");
	}
	return slash == path ? mem_strdup("/") : mem_strndup(path, (size_t)(slash - path));
}

/* ---- looking ------------------------------------------------------------------------------- */

static bool is_other(const struct stat *a, const struct stat *b)
{
	return a->st_dev != b->st_dev || a->st_ino != b->st_ino || a->st_size != b->st_size ||
	       a->st_mode != b->st_mode || a->st_uid != b->st_uid ||
	       a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec ||
	       a->st_ctim.tv_sec != b->st_ctim.tv_sec || a->st_ctim.tv_nsec != b->st_ctim.tv_nsec;
}

static bool look(struct watch *watch)
{
	struct stat now;
	bool other;

	if (stat(watch->path, &now) != 0) {
		memset(&now, 0, sizeof(now));
	}
	other = is_other(&watch->seen, &now);
	watch->seen = now;
	return other;
}

static void on_ear(uv_poll_t *ear, int status, int events);

static void listen_again(struct watch *watch)
{
	if (watch->fd >= 0) {
		(void)uv_poll_start(&watch->ear, UV_READABLE, on_ear);
	}
}

static void open_ear(struct watch *watch)
{
	int fd = watch->fd >= 0 || watch->poll_only ? -1 : inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd < 0) {
		return;
	}
	if (uv_poll_init(&watch->loop->uv, &watch->ear, fd) != 0) {
		(void)close(fd);
		return;
	}
	watch->ear.data = watch;
	watch->fd = fd;
	listen_again(watch);
}

/* -1: the system cannot tell about this place. */
static int mark(const struct watch *watch, const char *path, uint32_t events)
{
	return watch->fd < 0 || watch->poll_only || path == NULL
		       ? -1
		       : inotify_add_watch(watch->fd, path, events);
}

/* All three watches on what stands there now, before the old ones go; the poll runs while one that is needed is missing. */
static void aim(struct watch *watch)
{
	char *folder = folder_of(watch->path);
	char *folder_behind = NULL;
	int before[PLACES];
	bool told;

	open_ear(watch);
	free(watch->behind);
	watch->behind = realpath(watch->path, NULL);
	if (watch->behind != NULL) {
		folder_behind = folder_of(watch->behind);
	}
	memcpy(before, watch->marks, sizeof(before));
	watch->marks[FOLDER] = mark(watch, folder, IN_FOLDER);
	watch->marks[FOLDER_BEHIND] = mark(watch, folder_behind, IN_FOLDER);
	watch->marks[FILE_ITSELF] = mark(watch, watch->behind, IN_FILE);
	for (size_t i = 0; i < PLACES; i++) {
		bool stays = before[i] < 0;

		for (size_t k = 0; k < PLACES; k++) {
			stays = stays || before[i] == watch->marks[k];
		}
		if (!stays) { /* may be gone by itself */
			(void)inotify_rm_watch(watch->fd, before[i]);
		}
	}
	told = watch->marks[FOLDER] >= 0 &&
	       (watch->behind == NULL ||
		(watch->marks[FOLDER_BEHIND] >= 0 && watch->marks[FILE_ITSELF] >= 0));
	if (told) {
		timer_stop(&watch->poll);
	} else {
		timer_start(&watch->poll, watch->times.poll_ms);
	}
	free(folder);
	free(folder_behind);
}

/* ---- signs --------------------------------------------------------------------------------- */

static void on_quiet(struct timer *timer)
{
	struct watch *watch = timer->data;

	watch->first_ms = 0;
	aim(watch); /* first: what happens from here on is seen */
	if (look(watch)) {
		watch->changed(watch->data); /* may free it */
	}
}

static void on_poll(struct timer *timer)
{
	struct watch *watch = timer->data;

	aim(watch);
	if (look(watch)) {
		watch->changed(watch->data);
	}
}

static void sign(struct watch *watch)
{
	int64_t now_ms = clock_mono_ms();

	if (watch->first_ms == 0) {
		watch->first_ms = now_ms;
	}
	if (now_ms - watch->first_ms + watch->times.quiet_ms <= watch->times.most_ms) {
		timer_start(&watch->quiet, watch->times.quiet_ms);
	} else if (!timer_running(&watch->quiet)) {
		timer_start(&watch->quiet, 0);
	}
}

static void on_rest(struct timer *timer)
{
	listen_again(timer->data);
}

/* What is made, renamed or deleted in the folders may be a link of the path: whatever comes is a sign, but the echo of a mark that was taken off. */
static void on_ear(uv_poll_t *ear, int status, int events)
{
	struct watch *watch = ear->data;
	_Alignas(struct inotify_event) char buffer[WATCH_BUFFER_BYTES];
	const struct inotify_event *event;
	ssize_t n = read(watch->fd, buffer, sizeof(buffer));
	bool any = false;

	(void)status; /* what there is to know, read says */
	(void)events;
	for (ssize_t at = 0; at < n; at += (ssize_t)(sizeof(*event) + event->len)) {
		event = (const struct inotify_event *)(const void *)(buffer + at);
		any = any || (event->mask & IN_IGNORED) == 0;
	}
	(void)uv_poll_stop(ear);
	timer_start(&watch->rest, watch->times.rest_ms);
	if (any) {
		sign(watch);
	}
}

/* ---- life ---------------------------------------------------------------------------------- */

struct watch *watch_new(struct loop *loop, const char *path, void (*changed)(void *data),
			void *data)
{
	struct watch *watch = mem_alloc(sizeof(*watch));

	watch->loop = loop;
	watch->path = mem_strdup(path);
	watch->changed = changed;
	watch->data = data;
	watch->fd = -1;
	watch->times = (struct watch_times){.quiet_ms = WATCH_QUIET_MS,
					    .most_ms = WATCH_MOST_MS,
					    .poll_ms = WATCH_POLL_MS,
					    .rest_ms = WATCH_REST_MS};
	for (size_t i = 0; i < PLACES; i++) {
		watch->marks[i] = -1;
	}
	timer_init(&watch->rest, loop, on_rest, watch);
	timer_init(&watch->quiet, loop, on_quiet, watch);
	timer_init(&watch->poll, loop, on_poll, watch);
	if (loop->is_virtual) {
		return watch;
	}
	aim(watch);
	(void)look(watch);
	return watch;
}

static void release(struct watch *watch)
{
	free(watch->behind);
	free(watch->path);
	free(watch);
}

static void on_closed(uv_handle_t *handle)
{
	struct watch *watch = handle->data;

	(void)close(watch->fd);
	release(watch);
}

void watch_free(struct watch *watch)
{
	if (watch == NULL) {
		return;
	}
	timer_stop(&watch->rest);
	timer_stop(&watch->quiet);
	timer_stop(&watch->poll);
	if (watch->fd < 0) {
		release(watch);
		return;
	}
	uv_close((uv_handle_t *)&watch->ear, on_closed);
}

void watch_poll_only(struct watch *watch)
{
	watch->poll_only = true;
	if (!watch->loop->is_virtual) {
		aim(watch);
	}
}

void watch_set_times(struct watch *watch, const struct watch_times *times)
{
	watch->times = *times;
}
