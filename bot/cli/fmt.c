/* fmt.c - `sluice fmt`: tidies a policy file and keeps its comments
 *
 * Happy path: read the file (at most 1 MiB), tidy, and when anything changed write a new file beside it with the same mode and
 * rename it into place. With --check nothing is written. What cannot be read, parsed or written ends it with a sentence and
 * exit code 2; the old file stays whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "cli/cli.h"
#include "policy/format.h"

#define FILE_MAX_BYTES ((size_t)1 << 20)

static int help(FILE *to)
{
	fputs("usage: sluice fmt [--check] FILE\n\n"
	      "Tidies a policy file in place: no spaces at the ends of lines, one blank line where "
	      "there\nwere several, an end to the last line. Comments, alignment and meaning "
	      "stay.\n\n"
	      "  --check  write nothing; exit 1 when the file is not tidy\n\n"
	      "exit: 0 tidy, 1 not tidy with --check, 2 wrong use or a file that is no YAML\n",
	      to);
	return to == stdout ? 0 : 2;
}

static int complain(const char *path, const char *why)
{
	fprintf(stderr, "sluice fmt: \"%s\" %s\n", path, why);
	return -1;
}

static int complain_errno(const char *path, const char *what)
{
	fprintf(stderr, "sluice fmt: \"%s\" %s: %s\n", path, what, strerror(errno));
	return -1;
}

static int read_all(const char *path, struct strbuf *text, struct stat *ret_stat)
{
	FILE *file = fopen(path, "re");
	char buf[8192];
	int rc = 0;

	if (file == NULL) {
		return complain_errno(path, "cannot be read");
	}
	if (fstat(fileno(file), ret_stat) < 0) {
		rc = complain_errno(path, "cannot be read");
	} else if (!S_ISREG(ret_stat->st_mode)) {
		rc = complain(path, "is no regular file");
	}
	for (size_t n; rc == 0 && (n = fread(buf, 1, sizeof(buf), file)) > 0;) {
		if (strbuf_add(text, buf, n) < 0) {
			rc = complain(path, "is bigger than 1 MiB");
		}
	}
	if (rc == 0 && ferror(file)) {
		rc = complain(path, "could not be read to its end");
	}
	(void)fclose(file);
	return rc;
}

static int write_whole(int fd, const struct strbuf *text)
{
	for (size_t at = 0; at < text->len;) {
		ssize_t n = write(fd, text->buf + at, text->len - at);

		if (n < 0 && errno != EINTR) {
			return -1;
		}
		at += n > 0 ? (size_t)n : 0;
	}
	return fsync(fd);
}

static int replace(const char *path, const struct strbuf *text, const struct stat *was)
{
	struct strbuf name;
	int rc = -1;
	int fd;

	strbuf_init(&name, 4096);
	(void)strbuf_addf(&name, "%s.XXXXXX", path);
	fd = name.full ? -1 : mkostemp(name.buf, O_CLOEXEC);
	if (fd >= 0) {
		rc = fchmod(fd, was->st_mode & 07777) < 0 || write_whole(fd, text) < 0 ? -1 : 0;
		rc = close(fd) < 0 ? -1 : rc;
		rc = rc == 0 ? rename(name.buf, path) : rc;
		if (rc < 0) {
			(void)complain_errno(path, "could not be written, and is as it was");
			(void)unlink(name.buf);
		}
	} else {
		(void)complain(path, "is as it was: no new file can be made beside it");
	}
	strbuf_done(&name);
	return rc;
}

static int tidy(const char *path, bool check_only)
{
	struct strbuf text;
	struct strbuf out;
	struct stat was;
	struct err err = {0};
	int rc = 2;

	strbuf_init(&text, FILE_MAX_BYTES);
	strbuf_init(&out, FILE_MAX_BYTES + 1);
	if (read_all(path, &text, &was) == 0) {
		if (policy_format(text.buf, text.len, &out, &err) < 0) {
			(void)complain(path, err.msg);
		} else if (text.len == out.len && memcmp(text.buf, out.buf, out.len) == 0) {
			rc = 0;
		} else if (check_only) {
			printf("%s is not tidy\n", path);
			rc = 1;
		} else {
			rc = replace(path, &out, &was) == 0 ? 0 : 2;
		}
	}
	strbuf_done(&text);
	strbuf_done(&out);
	return rc;
}

int fmt_main(int argc, char **argv)
{
	const char *path = NULL;
	bool check_only = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			return help(stdout);
		}
		if (strcmp(argv[i], "--check") == 0) {
			check_only = true;
		} else if (argv[i][0] == '-' || path != NULL) {
			fprintf(stderr, "sluice fmt: \"%s\" is one word too many\n\n", argv[i]);
			return help(stderr);
		} else {
			path = argv[i];
		}
	}
	if (path == NULL) {
		fputs("sluice fmt: which file?\n\n", stderr);
		return help(stderr);
	}
	return tidy(path, check_only);
}
