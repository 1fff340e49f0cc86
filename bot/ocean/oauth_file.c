/* oauth_file.c - the file of a sign-in
 *
 * Happy path: a small JSON object is read into memory that is wiped; a new pair goes to FILE.new, to the disk, and by rename over
 * FILE. Failure modes: see the header. A FILE.new that a crash left behind is removed by the next who holds the lock.
 */
#include "ocean/oauth_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/strbuf.h"

#define FILE_MAX 16384U

static const char token_letters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";

void oauth_grant_done(struct oauth_grant *grant)
{
	secret_free(grant->access);
	secret_free(grant->refresh);
	explicit_bzero(grant, sizeof(*grant));
}

bool oauth_token_valid(const char *text)
{
	size_t n = strspn(text, token_letters);

	return n > 0 && n <= OAUTH_TOKEN_MAX && text[n] == '\0';
}

bool oauth_id_valid(const char *text)
{
	size_t n = 0;

	while (text[n] > ' ' && text[n] < 0x7f) {
		n++;
	}
	return n > 0 && n < OAUTH_ID_SIZE && text[n] == '\0';
}

/* ---- reading ------------------------------------------------------------------------------ */

static int wrong(struct err *err, const char *path, const char *why)
{
	return err_set(err, ERR_CONFIG, "the sign-in in \"%.120s\" %s", path, why);
}

/* What the file is, before a byte of it is believed. */
static const char *unsafe(const struct stat *st)
{
	if (!S_ISREG(st->st_mode)) {
		return "is no plain file";
	}
	if ((st->st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		return "can be used by others on this machine: chmod 600 it";
	}
	if (st->st_uid != geteuid() && geteuid() != 0) {
		return "belongs to another user than the one that runs Sluice";
	}
	return st->st_size > (off_t)FILE_MAX ? "is longer than 16 KiB" : NULL;
}

static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n = 1;

	while (len < size && n != 0) {
		n = read(fd, buf + len, size - len);
		if (n < 0 && errno != EINTR) {
			return -1;
		}
		len += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)len;
}

static bool copy_text(const struct json *object, const char *key, char *buf, size_t size)
{
	const char *text = json_string_or(object, key, "");

	for (const char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f) {
			return false;
		}
	}
	return (size_t)snprintf(buf, size, "%s", text) < size;
}

static const char *take(const struct json *object, struct oauth_grant *grant)
{
	const char *access = json_string_or(object, "access_token", "");
	const char *refresh = json_string_or(object, "refresh_token", "");

	if (!json_is_object(object)) {
		return "is no JSON object";
	}
	if (!copy_text(object, "client_id", grant->client_id, sizeof(grant->client_id)) ||
	    !oauth_id_valid(grant->client_id)) {
		return "has no client_id that makes sense";
	}
	if (!copy_text(object, "client_secret", grant->client_secret,
		       sizeof(grant->client_secret)) ||
	    !secret_spec_valid(grant->client_secret)) {
		return "must say where the client_secret is: \"file:/path\", \"env:NAME\" or "
		       "\"credential:NAME\"";
	}
	if (!oauth_token_valid(access) || !oauth_token_valid(refresh)) {
		return "has no access_token and refresh_token that make sense";
	}
	if (clock_parse(json_string_or(object, "issued_at", ""), &grant->issued_ms) < 0 ||
	    clock_parse(json_string_or(object, "expires_at", ""), &grant->expires_ms) < 0 ||
	    grant->expires_ms <= grant->issued_ms) {
		return "has no issued_at and expires_at that make sense";
	}
	if (!copy_text(object, "scope", grant->scope, sizeof(grant->scope)) ||
	    !copy_text(object, "team", grant->team, sizeof(grant->team))) {
		return "has a scope or a team that makes no sense";
	}
	grant->access = secret_from_text(access);
	grant->refresh = secret_from_text(refresh);
	return NULL;
}

static int take_bytes(const char *path, const char *bytes, size_t len, struct oauth_grant *grant,
		      struct err *err)
{
	struct json *root = json_parse(bytes, len, NULL);
	const char *why = root != NULL ? take(root, grant) : "is no JSON, or torn";

	json_forget(root);
	return why == NULL ? 0 : wrong(err, path, why);
}

int oauth_file_load(const char *path, struct oauth_grant *ret, struct err *err)
{
	/* O_NONBLOCK: a pipe in its place must not hang; O_NOFOLLOW: a rename would replace the link, not what it names */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	struct oauth_grant grant = {0};
	char bytes[FILE_MAX + 1];
	const char *why;
	struct stat st;
	ssize_t len;
	int rc;

	if (fd < 0) {
		return errno == ELOOP ? wrong(err, path, "is no plain file")
				      : err_set(err, errno == ENOENT ? ERR_NOTFOUND : ERR_CONFIG,
						"cannot read the sign-in in \"%.120s\": %s", path,
						strerror(errno));
	}
	why = fstat(fd, &st) < 0 ? strerror(errno) : unsafe(&st);
	len = why == NULL ? read_all(fd, bytes, sizeof(bytes)) : 0;
	(void)close(fd);
	if (why == NULL && (len < 0 || (size_t)len > FILE_MAX)) {
		why = len < 0 ? "cannot be read" : "is longer than 16 KiB";
	}
	rc = why != NULL ? wrong(err, path, why)
			 : take_bytes(path, bytes, (size_t)len, &grant, err);
	explicit_bzero(bytes, sizeof(bytes));
	if (rc < 0) {
		oauth_grant_done(&grant);
		return -1;
	}
	*ret = grant;
	explicit_bzero(&grant, sizeof(grant));
	return 0;
}

/* ---- writing ------------------------------------------------------------------------------ */

static int cannot_write(struct err *err, const char *path)
{
	return err_set(err, ERR_STORE, "cannot write \"%.120s\": %s", path, strerror(errno));
}

int oauth_save_begin(struct oauth_save *save, const char *path, struct err *err)
{
	struct stat st;

	save->fd = -1;
	if (strlen(path) >= sizeof(save->path)) {
		return err_set(err, ERR_STORE, "the path of the sign-in is too long");
	}
	(void)snprintf(save->path, sizeof(save->path), "%s", path);
	(void)snprintf(save->temporary, sizeof(save->temporary), "%s.new", path);
	(void)unlink(save->temporary);
	save->fd =
		open(save->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (save->fd < 0) {
		return cannot_write(err, path);
	}
	/* root may refresh for the bot, whose file it stays */
	if (stat(path, &st) == 0 && st.st_uid != geteuid() &&
	    fchown(save->fd, st.st_uid, st.st_gid) < 0) {
		(void)cannot_write(err, path);
		oauth_save_abort(save);
		return -1;
	}
	errno = posix_fallocate(save->fd, 0, FILE_MAX);
	if (errno != 0) {
		(void)cannot_write(err, path);
		oauth_save_abort(save);
		return -1;
	}
	return 0;
}

void oauth_save_abort(struct oauth_save *save)
{
	if (save->fd >= 0) {
		(void)close(save->fd);
		(void)unlink(save->temporary);
		save->fd = -1;
	}
}

static void add(struct strbuf *out, const char *key, const char *value, const char *end)
{
	(void)strbuf_addf(out, "  \"%s\": ", key);
	json_add_string(out, value);
	(void)strbuf_adds(out, end);
}

static void print(struct strbuf *out, const struct oauth_grant *grant)
{
	char time[CLOCK_TEXT_SIZE];

	/* its room at once: growing would leave copies behind */
	(void)strbuf_repeat(out, ' ', FILE_MAX);
	strbuf_reset(out);
	(void)strbuf_adds(out, "{\n");
	add(out, "client_id", grant->client_id, ",\n");
	add(out, "client_secret", grant->client_secret, ",\n");
	add(out, "access_token", secret_reveal(grant->access), ",\n");
	add(out, "refresh_token", secret_reveal(grant->refresh), ",\n");
	add(out, "issued_at", clock_format(grant->issued_ms, time, sizeof(time)), ",\n");
	add(out, "expires_at", clock_format(grant->expires_ms, time, sizeof(time)), ",\n");
	add(out, "scope", grant->scope, ",\n");
	add(out, "team", grant->team, "\n}\n");
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno != EINTR) {
			return -1;
		}
		bytes += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* The rename itself must be on the disk. */
static int sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[OAUTH_PATH_SIZE];
	int fd;
	int rc;

	if (slash == NULL) {
		(void)snprintf(folder, sizeof(folder), ".");
	} else {
		(void)snprintf(folder, sizeof(folder), "%.*s",
			       (int)(slash > path ? slash - path : 1), path);
	}
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		return -1;
	}
	rc = fsync(fd);
	(void)close(fd);
	return rc;
}

int oauth_save_commit(struct oauth_save *save, const struct oauth_grant *grant, struct err *err)
{
	struct strbuf out;
	bool ok;

	strbuf_init(&out, FILE_MAX);
	print(&out, grant);
	errno = EFBIG;
	ok = !out.full && write_all(save->fd, out.buf, out.len) == 0 &&
	     ftruncate(save->fd, (off_t)out.len) == 0 && fsync(save->fd) == 0 &&
	     rename(save->temporary, save->path) == 0 && sync_folder(save->path) == 0;
	if (!ok) {
		(void)cannot_write(err, save->path);
	}
	explicit_bzero(out.buf, out.cap);
	strbuf_done(&out);
	if (!ok) {
		oauth_save_abort(save);
		return -1;
	}
	(void)close(save->fd);
	save->fd = -1;
	return 0;
}

/* ---- one at a time ------------------------------------------------------------------------ */

int oauth_lock(const char *path, int *ret_fd, struct err *err)
{
	char name[OAUTH_PATH_SIZE + 8];
	struct stat st;
	int fd;

	(void)snprintf(name, sizeof(name), "%s.lock", path);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0) {
		return cannot_write(err, name);
	}
	/* root may look or refresh for the bot, who must be able to take the lock afterwards */
	if (geteuid() == 0 && stat(path, &st) == 0 && st.st_uid != 0) {
		(void)!fchown(fd, st.st_uid, st.st_gid);
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int why = errno;

		(void)close(fd);
		errno = why;
		return why == EWOULDBLOCK
			       ? err_set(err, ERR_CONFLICT,
					 "another process works on the sign-in in \"%.120s\"", path)
			       : cannot_write(err, name);
	}
	*ret_fd = fd;
	return 0;
}

void oauth_unlock(int fd)
{
	(void)close(fd);
}
