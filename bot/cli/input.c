/* input.c - what the commands read whole: a file, a pipe, or the standard input */
#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int read_on(int fd, const char *path, struct strbuf *text, struct err *err)
{
	char buf[16384];

	for (;;) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n == 0) {
			return 0;
		}
		if (n < 0 && errno != EINTR) {
			return err_set(err, ERR_USAGE, "\"%.160s\" cannot be read: %s", path,
				       strerror(errno));
		}
		if (n > 0 && strbuf_add(text, buf, (size_t)n) < 0) {
			return err_set(err, ERR_LIMIT, "\"%.160s\" is bigger than %zu KiB", path,
				       text->max / 1024);
		}
	}
}

static int look(int fd, const char *path, bool standard, struct stat *st, struct err *err)
{
	if (fstat(fd, st) < 0) {
		return err_set(err, ERR_USAGE, "\"%.160s\" cannot be read: %s", path,
			       strerror(errno));
	}
	if (S_ISDIR(st->st_mode)) {
		return err_set(err, ERR_USAGE, "\"%.160s\" is a folder; name a file in it", path);
	}
	if (!standard && !S_ISREG(st->st_mode) && !S_ISFIFO(st->st_mode)) {
		return err_set(err, ERR_USAGE, "\"%.160s\" is neither a file nor a pipe", path);
	}
	return 0;
}

int input_read(const char *path, struct strbuf *text, struct stat *ret_stat, struct err *err)
{
	bool standard = strcmp(path, "-") == 0;
	/* a pipe that nobody writes to is empty, not waited for */
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	int rc;

	if (fd < 0 && errno == ENOENT) {
		return err_set(err, ERR_USAGE, "\"%.160s\" is not there", path);
	}
	if (fd < 0) {
		return err_set(err, ERR_USAGE, "\"%.160s\" cannot be read: %s", path,
			       strerror(errno));
	}
	rc = look(fd, path, standard, &st, err);
	if (rc == 0 && !standard) {
		(void)fcntl(fd, F_SETFL, 0); /* what is written to a pipe is waited for */
	}
	rc = rc == 0 ? read_on(fd, path, text, err) : rc;
	if (!standard) {
		(void)close(fd);
	}
	if (ret_stat != NULL && rc == 0) {
		*ret_stat = st;
	}
	return rc;
}

bool input_twice(const char *const *paths, size_t n)
{
	unsigned found = 0;

	for (size_t i = 0; i < n; i++) {
		found += paths[i] != NULL && strcmp(paths[i], "-") == 0;
	}
	return found > 1;
}
