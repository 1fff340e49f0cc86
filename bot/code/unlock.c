/* unlock.c - the marker file beside the state file: left by the terminal, taken by the bot
 *
 * Happy path: `sluice code unlock` makes STATE.unlock-PERSON; the next try of the locked person finds it, removes it, and
 * goes on. It is no folder: where the bot runs as a user of its own and the terminal as root, both can reach it.
 * Failure modes: it belongs to somebody else, others may write it, or it is no plain file: it does not count and stays; it
 * is older than the lock (left for another one): removed, does not count; it cannot be removed: does not count, else it
 * would count twice.
 */
#include "code/unlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "code/code.h"

#define PATH_SIZE 4352
/* a file's time may lag behind the clock by a tick */
#define TICK_MS 1000

static int marker_path(const char *state_path, const char *person, char *buf, size_t size)
{
	int n;

	if (*person == '\0' || strchr(person, '/') != NULL) {
		return -1; /* no name of a policy */
	}
	n = snprintf(buf, size, "%s.unlock-%s", state_path, person);
	return n < 0 || (size_t)n >= size ? -1 : 0;
}

bool unlock_take(const char *state_path, const char *person, int64_t locked_at_ms, uid_t *ret_by)
{
	char path[PATH_SIZE];
	struct stat st;
	int64_t left_ms;

	if (state_path == NULL || marker_path(state_path, person, path, sizeof(path)) < 0 ||
	    lstat(path, &st) < 0) {
		return false;
	}
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1 || (st.st_mode & 077) != 0 ||
	    (st.st_uid != 0 && st.st_uid != geteuid())) {
		return false;
	}
	left_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	if (unlink(path) < 0 || left_ms + TICK_MS < locked_at_ms) {
		return false;
	}
	*ret_by = st.st_uid;
	return true;
}

static int make(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -1 : close(fd);
}

int codes_leave_unlock(const char *state_path, const char *person, struct err *err)
{
	char path[PATH_SIZE];
	struct stat st;

	if (marker_path(state_path, person, path, sizeof(path)) < 0) {
		return err_set(err, ERR_USAGE, "\"%.64s\" is no person's name", person);
	}
	if (stat(state_path, &st) < 0) {
		return err_set(err, ERR_NOTFOUND, "no state file \"%.120s\": %s", state_path,
			       strerror(errno));
	}
	if (geteuid() != 0 && geteuid() != st.st_uid) {
		return err_set(err, ERR_DENIED,
			       "the state file \"%.120s\" belongs to another user: run this as "
			       "that user, or as root",
			       state_path);
	}
	/* one that nobody came for is older than the lock that is meant now */
	if (unlink(path) < 0 && errno != ENOENT) {
		return err_set(err, ERR_STORE, "cannot remove the old \"%.120s\": %s", path,
			       strerror(errno));
	}
	if (make(path) < 0) {
		return err_set(err, ERR_STORE, "cannot leave \"%.120s\": %s", path,
			       strerror(errno));
	}
	return 0;
}
