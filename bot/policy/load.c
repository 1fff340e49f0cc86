/* load.c - a policy file from disk
 *
 * Happy path: open once, look at the descriptor (regular file, owner root or us, not writable by others, at most 1 MiB),
 * read it whole, compile. Whatever goes wrong is a finding: E021 when the file cannot be read or is not safe, E010
 * when it is too big. The path is never looked at a second time, so nobody can change what was checked.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "policy/report.h"

#define FILE_MAX ((size_t)1 << 20)

/* Nothing was read: a report with the one finding. */
static struct policy *refuse(struct policy_report *ret_report, const char *code, const char *path,
			     const char *why)
{
	report_open(ret_report, "", 0);
	report_add(ret_report, false, code, 1, 1, "\"%.200s\" %s", path, why);
	report_close(ret_report);
	return NULL;
}

/* The whole file, at most a byte more than is allowed; -1 with errno. */
static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, buf + len, size - len);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -1;
		}
		if (n == 0) {
			break;
		}
		len += (size_t)n;
	}
	return (ssize_t)len;
}

/* What is unsafe about owner or mode; NULL when all is well. */
static const char *unsafe(const struct stat *st)
{
	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		return "belongs neither to root nor to the user that runs Sluice";
	}
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		return "can be written by its group or by everybody (chmod go-w)";
	}
	return NULL;
}

static struct policy *load(int fd, const char *path, bool lax, const struct policy_lint_over *over,
			   char *buf, struct policy_report *ret_report)
{
	struct policy *policy;
	const char *why;
	struct stat st;
	ssize_t len;

	if (fstat(fd, &st) < 0) {
		return refuse(ret_report, "E021", path, strerror(errno));
	}
	if (!S_ISREG(st.st_mode)) {
		return refuse(ret_report, "E021", path, "is no regular file");
	}
	why = unsafe(&st);
	if (why != NULL && !lax) {
		return refuse(ret_report, "E021", path, why);
	}
	len = read_all(fd, buf, FILE_MAX + 1);
	if (len < 0) {
		return refuse(ret_report, "E021", path, strerror(errno));
	}
	if ((size_t)len > FILE_MAX) {
		return refuse(ret_report, "E010", path, "is bigger than 1 MiB");
	}
	policy = policy_check(buf, (size_t)len, over, ret_report);
	if (why != NULL) {
		report_add(ret_report, true, "E021", 1, 1, "\"%.200s\" %s", path, why);
	}
	return policy;
}

static struct policy *open_and_load(const char *path, bool lax, const struct policy_lint_over *over,
				    struct policy_report *ret_report)
{
	/* O_NONBLOCK: a pipe in the file's place must not make us wait */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct policy *policy;
	char *buf;

	if (fd < 0) {
		return refuse(ret_report, "E021", path, strerror(errno));
	}
	buf = mem_alloc(FILE_MAX + 1);
	policy = load(fd, path, lax, over, buf, ret_report);
	free(buf);
	(void)close(fd);
	return policy;
}

struct policy *policy_load(const char *path, bool lax, struct policy_report *ret_report)
{
	return open_and_load(path, lax, NULL, ret_report);
}

struct policy *policy_check_file(const char *path, const struct policy_lint_over *over,
				 struct policy_report *ret_report)
{
	return open_and_load(path, true, over, ret_report);
}
