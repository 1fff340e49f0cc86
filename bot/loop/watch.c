/* watch.c - a file that is watched, over libuv's inotify
 *
 * Happy path: a sign from one of the three watched places -> quiet for a while -> the file is looked at -> it is another one
 * (device, inode, size, times) -> changed().
 *
 * Failure modes: no watch to be had (the system's limit, no such folder): the file is looked at now and then, and the watches
 * are tried again at each look. A folder that was moved away takes its watch with it: all three are set anew after every
 * sign. Signs of other files in the folder (a database beside the policy) end in a comparison of names.
 */
#include "loop/watch.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "loop/internal.h"

enum place { FOLDER, FOLDER_BEHIND, FILE_ITSELF, PLACES };

struct eye {
	struct watch *watch;
	uv_fs_event_t handle;
};

struct watch {
	struct loop *loop;
	char *path;
	char *behind; /* what the path leads to, links followed; NULL: nothing */
	void (*changed)(void *data);
	void *data;
	struct stat seen; /* zeroed: no file */
	struct eye eyes[PLACES];
	unsigned n_open; /* handles of libuv that are not closed yet */
	struct timer quiet;
	struct timer poll;
	int64_t first_ms; /* of the signs that are not told yet; 0: none */
	bool poll_only;
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

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

static void on_sign(uv_fs_event_t *handle, const char *name, int events, int status);

/* False: the system cannot tell about this place. */
static bool open_eye(struct watch *watch, enum place place, const char *path)
{
	uv_fs_event_t *handle = &watch->eyes[place].handle;

	(void)uv_fs_event_stop(handle);
	return !watch->poll_only && path != NULL &&
	       uv_fs_event_start(handle, on_sign, path, 0) == 0;
}

/* All three watches on what stands there now; the poll runs while one that is needed is missing. */
static void aim(struct watch *watch)
{
	char *folder = folder_of(watch->path);
	char *folder_behind = NULL;
	bool told;

	free(watch->behind);
	watch->behind = realpath(watch->path, NULL);
	if (watch->behind != NULL) {
		folder_behind = folder_of(watch->behind);
	}
	told = open_eye(watch, FOLDER, folder);
	told = (watch->behind == NULL || open_eye(watch, FOLDER_BEHIND, folder_behind)) && told;
	told = (watch->behind == NULL || open_eye(watch, FILE_ITSELF, watch->behind)) && told;
	if (told) {
		timer_stop(&watch->poll);
	} else {
		timer_start(&watch->poll, WATCH_POLL_MS);
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
	if (now_ms - watch->first_ms + WATCH_QUIET_MS <= WATCH_MOST_MS) {
		timer_start(&watch->quiet, WATCH_QUIET_MS);
	} else if (!timer_running(&watch->quiet)) {
		timer_start(&watch->quiet, 0);
	}
}

/* What is written beside the file is none of ours; what is made, renamed or deleted there may be a link of the path. */
static void on_sign(uv_fs_event_t *handle, const char *name, int events, int status)
{
	struct eye *eye = handle->data;
	struct watch *watch = eye->watch;

	if (status == 0 && (events & UV_RENAME) == 0 && name != NULL &&
	    strcmp(name, base_name(watch->path)) != 0 &&
	    (watch->behind == NULL || strcmp(name, base_name(watch->behind)) != 0)) {
		return;
	}
	sign(watch);
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
	timer_init(&watch->quiet, loop, on_quiet, watch);
	timer_init(&watch->poll, loop, on_poll, watch);
	if (loop->is_virtual) {
		return watch;
	}
	for (size_t i = 0; i < PLACES; i++) {
		struct eye *eye = &watch->eyes[i];

		eye->watch = watch;
		(void)uv_fs_event_init(&loop->uv, &eye->handle); /* cannot fail here */
		eye->handle.data = eye;
		watch->n_open++;
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
	struct eye *eye = handle->data;

	if (--eye->watch->n_open == 0) {
		release(eye->watch);
	}
}

void watch_free(struct watch *watch)
{
	if (watch == NULL) {
		return;
	}
	timer_stop(&watch->quiet);
	timer_stop(&watch->poll);
	if (watch->loop->is_virtual) {
		release(watch);
		return;
	}
	for (size_t i = 0; i < PLACES; i++) {
		uv_close((uv_handle_t *)&watch->eyes[i].handle, on_closed);
	}
}

void watch_poll_only(struct watch *watch)
{
	watch->poll_only = true;
	if (!watch->loop->is_virtual) {
		aim(watch);
	}
}
