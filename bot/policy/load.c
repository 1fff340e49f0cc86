/* load.c - a policy file from disk
 *
 * Happy path: open once, look at the descriptor (regular file, owner root or us, not writable by others, at most 1 MiB),
 * read it whole, compile. Whatever goes wrong is a finding: E021 when the file cannot be read or is not safe, E010
 * when it is too big, E011 when it holds a zero byte and so is no text. The path is never looked at a second time, so nobody can change what was checked.
 * Who only looks at a policy (`lax`) may also give a pipe, or "-" for the standard input.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/secret.h"
#include "policy/walk.h"

#define FILE_MAX ((size_t)1 << 20)

/* Nothing was read: a report with the one finding. */
static int refuse(struct policy_report *ret_report, const char *code, const char *path,
		  const char *why)
{
	bool standard = strcmp(path, "-") == 0;

	report_open(ret_report, "", 0);
	report_add(ret_report, false, code, 1, 1, "%s%.200s%s %s", standard ? "" : "\"",
		   standard ? "the standard input" : path, standard ? "" : "\"", why);
	report_close(ret_report);
	return -1;
}

/* errno as a sentence that goes on after the path. */
static int refuse_errno(struct policy_report *ret_report, const char *path)
{
	char why[160];

	(void)snprintf(why, sizeof(why), "cannot be read: %s", strerror(errno));
	return refuse(ret_report, "E021", path, errno == ENOENT ? "is not there" : why);
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

/* The file that a secret's place names, if it is there: whoever starts Sluice may not be able to see it, and says so then. */
static void look_at(struct policy_report *report, const struct yaml_node *node, bool lax)
{
	const char *sign_in = secret_oauth_path(node->text);
	const char *path = sign_in != NULL ? sign_in : node->text + 5;
	const char *why = NULL;
	struct stat st;

	if ((sign_in == NULL && strncmp(node->text, "file:", 5) != 0) || stat(path, &st) < 0) {
		return;
	}
	if (sign_in != NULL && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		why = "can be used by others on this machine (chmod 600)";
	} else if ((st.st_mode & (S_IROTH | S_IWOTH)) != 0) {
		why = "can be read by every user of this machine (chmod 600)";
	} else {
		why = unsafe(&st);
	}
	if (why != NULL) {
		report_add(report, lax, "E022", node->line, node->column,
			   "the secret in \"%.100s\" %s", path, why);
	}
}

static void look_lax(struct policy_report *report, const struct yaml_node *node)
{
	look_at(report, node, true);
}

static void look_strict(struct policy_report *report, const struct yaml_node *node)
{
	look_at(report, node, false);
}

static bool is_standard(const char *path, bool lax)
{
	return lax && strcmp(path, "-") == 0;
}

/* Into buf of FILE_MAX + 1; the length, or -1. *ret_why: what is unsafe and was let pass; NULL: nothing. */
static ssize_t take(int fd, const char *path, bool lax, char *buf, const char **ret_why,
		    struct policy_report *ret_report)
{
	bool standard = is_standard(path, lax);
	struct stat st;
	ssize_t len;

	if (fstat(fd, &st) < 0) {
		return refuse_errno(ret_report, path);
	}
	if (S_ISDIR(st.st_mode)) {
		return refuse(ret_report, "E021", path, "is a folder; name the policy file in it");
	}
	if (!S_ISREG(st.st_mode) && !standard && !(lax && S_ISFIFO(st.st_mode))) {
		return refuse(ret_report, "E021", path, "is no regular file");
	}
	if (!standard && S_ISFIFO(st.st_mode)) {
		(void)fcntl(fd, F_SETFL,
			    0); /* from here on what its other end writes is waited for */
	}
	*ret_why = standard ? NULL : unsafe(&st);
	if (*ret_why != NULL && !lax) {
		return refuse(ret_report, "E021", path, *ret_why);
	}
	len = read_all(fd, buf, FILE_MAX + 1);
	if (len < 0) {
		return refuse_errno(ret_report, path);
	}
	if (memchr(buf, '\0', (size_t)len) != NULL) {
		return refuse(ret_report, "E011", path, "is no text file, so no policy");
	}
	if ((size_t)len > FILE_MAX) {
		return refuse(ret_report, "E010", path,
			      "is bigger than 1 MiB, the most that a policy may have");
	}
	return len;
}

/* NULL: refused, and the report says why. The caller frees. */
static char *open_and_take(const char *path, bool lax, size_t *ret_len, const char **ret_why,
			   struct policy_report *ret_report)
{
	bool standard = is_standard(path, lax);
	/* O_NONBLOCK: a pipe in the file's place must not make us wait */
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t len;
	char *buf;

	if (fd < 0) {
		(void)refuse_errno(ret_report, path);
		return NULL;
	}
	buf = mem_alloc(FILE_MAX + 2); /* zeroed */
	len = take(fd, path, lax, buf, ret_why, ret_report);
	if (!standard) {
		(void)close(fd);
	}
	if (len < 0) {
		free(buf);
		return NULL;
	}
	*ret_len = (size_t)len;
	return buf;
}

static struct policy *open_and_load(const char *path, bool lax, const struct policy_lint_over *over,
				    struct policy_report *ret_report)
{
	const char *why = NULL;
	size_t len = 0;
	char *text = open_and_take(path, lax, &len, &why, ret_report);
	struct policy *policy;

	if (text == NULL) {
		return NULL;
	}
	policy = compile_text(text, len, over, lax ? look_lax : look_strict, ret_report);
	free(text);
	if (why != NULL) {
		report_add(ret_report, true, "E021", 1, 1, "\"%.200s\" %s", path, why);
	}
	return policy;
}

int policy_read(const char *path, char **ret_text, size_t *ret_len,
		struct policy_report *ret_report)
{
	const char *why = NULL;
	char *text = open_and_take(path, false, ret_len, &why, ret_report);

	if (text == NULL) {
		return -1;
	}
	report_open(ret_report, text, *ret_len);
	report_close(ret_report);
	*ret_text = text;
	return 0;
}

struct policy *policy_compile_here(const char *text, size_t len, struct policy_report *ret_report)
{
	return compile_text(text, len, NULL, look_strict, ret_report);
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
