/* templates.c - one file of the folder of user data, or the names that are in it
 *
 * Happy path: the folder is opened, the file in it without following a link, and what is read is what was checked. Failure
 * modes: no such folder or file, a link, a pipe, somebody else's, too long, no text: a sentence, and nothing is sent.
 */
#include "app/templates.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/mem.h"
#include "chat/text.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* The same words as an argument may have (job/args.h): no way out of the folder can be written with them. */
static bool is_name(const char *name)
{
	size_t n = strspn(name, LETTERS "-_.");

	return n > 0 && n <= 64 && name[n] == '\0' && strchr("-_.", name[0]) == NULL;
}

static int check(int fd, const char *name, size_t *ret_len, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		return err_set(err, ERR_CONFIG, "template \"%s\" is no regular file", name);
	}
	if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & 022) != 0) {
		return err_set(err, ERR_CONFIG,
			       "template \"%s\" may be written by others, so it is not sent", name);
	}
	if (st.st_size == 0 || st.st_size > TEMPLATES_MAX_BYTES) {
		return err_set(err, ERR_CONFIG, "template \"%s\" is empty or longer than 64 KiB",
			       name);
	}
	*ret_len = (size_t)st.st_size;
	return 0;
}

/* What came in between the look and the reading is not sent either. */
static char *read_all(int fd, size_t len)
{
	char *text = mem_alloc(len + 2);
	size_t n = 0;
	ssize_t got = 1;

	while (n <= len && got > 0) {
		got = read(fd, text + n, len + 1 - n);
		n += got > 0 ? (size_t)got : 0;
	}
	if (n != len || got < 0) {
		free(text);
		return NULL;
	}
	text[n] = '\0';
	return text;
}

static int open_file(const char *folder, const char *name)
{
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = dir >= 0 ? openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
	int why = errno;

	if (dir >= 0) {
		(void)close(dir);
	}
	errno = why;
	return fd;
}

int templates_read(const char *folder, const char *name, char **ret_text, char ret_sum[33],
		   struct err *err)
{
	char hex[DIGEST_HEX_SIZE];
	char *text = NULL;
	size_t len = 0;
	int fd = -1;
	int rc = -1;

	if (folder == NULL || !is_name(name)) {
		return err_set(err, ERR_NOTFOUND, "there is no template \"%.64s\"", name);
	}
	fd = open_file(folder, name);
	if (fd < 0) {
		return err_set(err, errno == ENOENT || errno == ENOTDIR ? ERR_NOTFOUND : ERR_CONFIG,
			       errno == ENOENT || errno == ENOTDIR
				       ? "there is no template \"%.64s\""
				       : "template \"%.64s\" cannot be opened",
			       name);
	}
	if (check(fd, name, &len, err) < 0) {
		goto out;
	}
	text = read_all(fd, len);
	if (text == NULL || strlen(text) != len || !text_is_utf8(text, len)) {
		(void)err_set(err, ERR_CONFIG, "template \"%s\" is no text", name);
		goto out;
	}
	digest_hex(text, len, hex);
	(void)snprintf(ret_sum, 33, "%.32s", hex);
	*ret_text = text;
	text = NULL;
	rc = 0;
out:
	free(text);
	(void)close(fd);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *const *templates_list(const char *folder, struct arena *arena, size_t *ret_n)
{
	const char **names = arena_array(arena, TEMPLATES_MOST + 1, sizeof(*names));
	DIR *dir = folder != NULL ? opendir(folder) : NULL;
	const struct dirent *entry;
	size_t n = 0;

	while (dir != NULL && n < TEMPLATES_MOST && (entry = readdir(dir)) != NULL) {
		if (is_name(entry->d_name) && entry->d_type == DT_REG) {
			names[n++] = arena_strdup(arena, entry->d_name);
		}
	}
	if (dir != NULL) {
		(void)closedir(dir);
	}
	qsort(names, n, sizeof(*names), by_name);
	*ret_n = n;
	return names;
}
