/* secret.c - tokens and passwords from a file, the environment or a systemd credential, kept in pages of their own
 *
 * Happy path: the bytes are read straight into a locked page that is left out of core dumps and of
 * forked children, used in place, and wiped when freed. No copy stands on the heap or the stack.
 * Failure modes: the place is missing, is no plain file, can be read by others, or holds nothing, too
 * much, control characters, or in a token what no token has: each is a sentence that names the place and never the value.
 */
#include "base/secret.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_MAX 4096
#define MAP_BYTES 16384U /* room for white space around it too */
#define NAME_MAX_LEN 255
#define PATH_MAX_LEN 4096

struct secret {
	size_t len;
	char text[];
};

#define TEXT_ROOM (MAP_BYTES - sizeof(struct secret) - 1)

static struct secret *make(void)
{
	void *page =
		mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED) {
		fputs("sluice: out of memory\n", stderr);
		abort();
	}
	/* where the system's limits refuse these, the secret is used all the same */
	(void)mlock(page, MAP_BYTES);
	(void)madvise(page, MAP_BYTES, MADV_DONTDUMP);
	(void)madvise(page, MAP_BYTES, MADV_WIPEONFORK);
	return page;
}

void secret_free(struct secret *secret)
{
	if (secret != NULL) {
		explicit_bzero(secret, MAP_BYTES);
		(void)munmap(secret, MAP_BYTES);
	}
}

const char *secret_reveal(const struct secret *secret)
{
	return secret->text;
}

static void put(struct secret *secret, const char *text)
{
	secret->len = strnlen(text, TEXT_ROOM);
	memcpy(secret->text, text, secret->len);
}

struct secret *secret_from_text(const char *text)
{
	struct secret *secret = make();

	put(secret, text);
	return secret;
}

/* Cuts white space and checks what is left; "" is fine, else what is wrong with it. */
static const char *tidy(struct secret *secret, bool is_token)
{
	size_t from = 0;
	size_t to = secret->len;

	while (from < to && isspace((unsigned char)secret->text[from])) {
		from++;
	}
	while (to > from && isspace((unsigned char)secret->text[to - 1])) {
		to--;
	}
	if (from == to) {
		return "is empty";
	}
	if (to - from > SECRET_MAX || secret->len == TEXT_ROOM) {
		return "is longer than 4096 bytes";
	}
	for (size_t i = from; i < to; i++) {
		unsigned char c = (unsigned char)secret->text[i];

		if (c < 0x20 || c == 0x7f) {
			return "has control characters or several lines";
		}
		/* with two words behind it, or half a sentence, it is sent all the same and refused for no reason given */
		if (is_token && c == ' ') {
			return "has a space in it, and a token has none";
		}
		if (is_token && c > 0x7f) {
			return "has signs that no token has, such as a space from a web page";
		}
	}
	memmove(secret->text, secret->text + from, to - from);
	secret->len = to - from;
	explicit_bzero(secret->text + secret->len, TEXT_ROOM - secret->len);
	return NULL;
}

static int read_all(int fd, struct secret *secret)
{
	ssize_t n;

	while (secret->len < TEXT_ROOM) {
		n = read(fd, secret->text + secret->len, TEXT_ROOM - secret->len);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return n < 0 ? -1 : 0;
		}
		secret->len += (size_t)n;
	}
	return 0;
}

static int read_file(struct secret *secret, const char *path, bool is_private, struct err *err)
{
	/* O_NONBLOCK: a pipe in its place must not hang the start */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	int rc = -1;

	if (fd < 0) {
		return err_set(err, ERR_CONFIG, "cannot read the secret in \"%s\": %s", path,
			       strerror(errno));
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		err_set(err, ERR_CONFIG, "the secret in \"%s\" is not a plain file", path);
	} else if (!is_private && (st.st_mode & (S_IROTH | S_IWOTH)) != 0) {
		err_set(err, ERR_CONFIG,
			"the secret in \"%s\" can be read by every user of this machine: chmod 600 "
			"it",
			path);
	} else if (read_all(fd, secret) < 0) {
		err_set(err, ERR_CONFIG, "cannot read the secret in \"%s\": %s", path,
			strerror(errno));
	} else {
		rc = 0;
	}
	(void)close(fd);
	return rc;
}

static int read_env(struct secret *secret, const char *name, struct err *err)
{
	const char *value = getenv(name);

	if (value == NULL) {
		return err_set(err, ERR_CONFIG, "the environment has no \"%s\"", name);
	}
	put(secret, value);
	return 0;
}

/* systemd's directory of credentials is readable by the service alone, whatever the modes inside. */
static int read_credential(struct secret *secret, const char *name, struct err *err)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_MAX_LEN + NAME_MAX_LEN + 2];

	if (dir == NULL || dir[0] != '/' || strlen(dir) > PATH_MAX_LEN) {
		return err_set(err, ERR_CONFIG,
			       "no credential \"%s\": systemd gave no CREDENTIALS_DIRECTORY", name);
	}
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return read_file(secret, path, true, err);
}

static const char *after(const char *spec, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(spec, prefix, n) == 0 ? spec + n : NULL;
}

static bool variable_name(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

	return n > 0 && n <= NAME_MAX_LEN && name[n] == '\0' && (name[0] < '0' || name[0] > '9');
}

static bool printable(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f) {
			return false;
		}
	}
	return true;
}

bool secret_spec_valid(const char *spec)
{
	const char *rest;

	if (spec == NULL || !printable(spec)) {
		return false;
	}
	if ((rest = after(spec, "file:")) != NULL) {
		return rest[0] == '/' && rest[1] != '\0' && strlen(rest) <= PATH_MAX_LEN;
	}
	if ((rest = after(spec, "env:")) != NULL) {
		return variable_name(rest);
	}
	if ((rest = after(spec, "credential:")) != NULL) {
		return rest[0] != '\0' && rest[0] != '.' && strchr(rest, '/') == NULL &&
		       strlen(rest) <= NAME_MAX_LEN;
	}
	return false;
}

const char *secret_oauth_path(const char *spec)
{
	const char *path = spec != NULL ? after(spec, "oauth:") : NULL;

	return path != NULL && path[0] == '/' && path[1] != '\0' && printable(path) &&
			       strlen(path) <= PATH_MAX_LEN
		       ? path
		       : NULL;
}

static int load(struct secret *secret, const char *spec, bool is_token, struct err *err)
{
	const char *rest;
	const char *wrong;
	int rc;

	if ((rest = after(spec, "file:")) != NULL) {
		rc = read_file(secret, rest, false, err);
	} else if ((rest = after(spec, "env:")) != NULL) {
		rc = read_env(secret, rest, err);
	} else {
		rc = read_credential(secret, after(spec, "credential:"), err);
	}
	if (rc < 0) {
		return -1;
	}
	wrong = tidy(secret, is_token);
	return wrong != NULL ? err_set(err, ERR_CONFIG, "the secret in \"%s\" %s", spec, wrong) : 0;
}

static struct secret *load_new(const char *spec, bool is_token, struct err *err)
{
	struct secret *secret;

	if (!secret_spec_valid(spec)) {
		/* not quoted: people paste the token itself here */
		err_set(err, ERR_CONFIG,
			"a secret is named by \"file:/path\", \"env:NAME\" or \"credential:NAME\"");
		return NULL;
	}
	secret = make();
	if (load(secret, spec, is_token, err) < 0) {
		secret_free(secret);
		return NULL;
	}
	return secret;
}

struct secret *secret_load(const char *spec, struct err *err)
{
	return load_new(spec, true, err);
}

struct secret *secret_load_phrase(const char *spec, struct err *err)
{
	return load_new(spec, false, err);
}
