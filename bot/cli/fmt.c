/* fmt.c - `sluice fmt`: tidies a policy file and keeps its comments
 *
 * Happy path: read the file (at most 1 MiB), tidy, and when anything changed write a new file beside it with the same mode and
 * owner and rename it into place (of a link: what it leads to). With --check nothing is written; what came by the standard input
 * or a pipe leaves by the standard output. What cannot be read, parsed or written ends it with a sentence and exit code 2; the old
 * file stays whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "policy/format.h"

#define FILE_MAX_BYTES ((size_t)1 << 20)

static int help(FILE *to)
{
	fputs("usage: sluice fmt [--check] FILE\n\n"
	      "Tidies a policy file in place: no spaces at the ends of lines, one blank line where "
	      "there\nwere several, an end to the last line. Comments, alignment and meaning "
	      "stay. Of \"-\", the\nstandard input, the tidied text is printed.\n\n"
	      "  --check  write nothing; exit 1 when the file is not tidy\n\n"
	      "exit: 0 tidy, 1 not tidy with --check, 2 wrong use or a file that is no YAML\n",
	      to);
	return to == stdout ? 0 : 2;
}

static int complain_errno(const char *path, const char *what)
{
	fprintf(stderr, "sluice fmt: \"%s\" %s: %s\n", path, what, strerror(errno));
	return -1;
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

/* Is there still what was read? */
static bool unchanged(const char *path, const struct stat *was)
{
	struct stat now;

	return stat(path, &now) == 0 && now.st_ino == was->st_ino && now.st_size == was->st_size &&
	       now.st_mtim.tv_sec == was->st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == was->st_mtim.tv_nsec;
}

/* A new file beside it, with the owner and the mode of the old one, in its place. */
static int replace(const char *path, const struct strbuf *text, const struct stat *was)
{
	struct strbuf name;
	int rc = -1;
	int fd;

	strbuf_init(&name, PATH_MAX);
	(void)strbuf_addf(&name, "%s.XXXXXX", path);
	fd = name.full ? -1 : mkostemp(name.buf, O_CLOEXEC);
	if (fd < 0) {
		(void)complain_errno(path, "is as it was, no new file can be made beside it");
	} else {
		rc = fchown(fd, was->st_uid, was->st_gid) < 0 ||
				     fchmod(fd, was->st_mode & 07777) < 0 ||
				     write_whole(fd, text) < 0
			     ? -1
			     : 0;
		rc = close(fd) < 0 ? -1 : rc;
		if (rc == 0 && !unchanged(path, was)) {
			errno = EBUSY; /* somebody saved it meanwhile */
			rc = -1;
		}
		rc = rc == 0 ? rename(name.buf, path) : rc;
		if (rc < 0) {
			(void)complain_errno(path, "could not be written, and is as it was");
			(void)unlink(name.buf);
		}
	}
	strbuf_done(&name);
	return rc;
}

static int print(const struct strbuf *text)
{
	(void)fwrite(text->buf, 1, text->len, stdout);
	if (fflush(stdout) != 0) {
		fputs("sluice fmt: the text could not be written\n", stderr);
		return 2;
	}
	return 0;
}

/* The file itself, where the path is a link to it. */
static int replace_target(const char *path, const struct strbuf *text, const struct stat *was)
{
	char *real = realpath(path, NULL);
	int rc;

	if (real == NULL) {
		return complain_errno(path, "could not be written, and is as it was");
	}
	rc = replace(real, text, was);
	free(real);
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
	if (input_read(path, &text, &was, &err) < 0) {
		fprintf(stderr, "sluice fmt: %s\n", err.msg);
	} else if (policy_format(text.buf, text.len, &out, &err) < 0) {
		fprintf(stderr, "sluice fmt: \"%s\": %s\n", path, err.msg);
	} else if (!check_only && (strcmp(path, "-") == 0 || !S_ISREG(was.st_mode))) {
		rc = print(&out);
	} else if (text.len == out.len && memcmp(text.buf, out.buf, out.len) == 0) {
		rc = 0;
	} else if (check_only) {
		printf("%s is not tidy\n", path);
		rc = 1;
	} else {
		rc = replace_target(path, &out, &was) == 0 ? 0 : 2;
	}
	strbuf_done(&text);
	strbuf_done(&out);
	return rc;
}

int fmt_main(int argc, char **argv)
{
	const char *path = NULL;
	bool check_only = false;

	if (cli_wants_help(argc, argv)) {
		return help(stdout);
	}
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--check") == 0) {
			check_only = true;
		} else if ((argv[i][0] == '-' && argv[i][1] != '\0') || path != NULL) {
			fprintf(stderr, "sluice fmt: \"%s\" %s\n\n", argv[i], ask_stray(argv[i]));
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
