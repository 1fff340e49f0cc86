/* enroll.c - `sluice code enroll`: a new secret into its file, shown once as a QR code, and tried
 *
 * Happy path: 20 bytes of the system's randomness -> the file (0600, never over another one) -> the terminal -> one code
 * of the app that took it.
 * Failure modes: no terminal to show it in, a place that is no file, a file that is there already: nothing is written. The
 * disk fails: what was begun is removed. The code does not fit, or none is typed: the file stays, and the sentence says so.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/code.h"
#include "cli/qr.h"
#include "code/code.h"
#include "code/totp.h"

#define SECRET_SIZE TOTP_BASE32_SIZE(TOTP_NEW_KEY)
#define PATH_SIZE 4352
#define SHOWN_MAX 65536
#define PERSON_MAX 64
#define ASKS 3

static int make_secret(char ret_text[SECRET_SIZE], struct err *err)
{
	unsigned char bytes[TOTP_NEW_KEY];
	ssize_t n = getrandom(bytes, sizeof(bytes), 0);

	if (n != (ssize_t)sizeof(bytes)) {
		return err_set(err, ERR_STORE, "the system gave no random bytes");
	}
	totp_base32(bytes, sizeof(bytes), ret_text);
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

/* ---- the file ------------------------------------------------------------------------------- */

/* Root makes it for the bot's user: the owner of the file that it replaces, else of the folder. Where that is not
 * possible the bot cannot read it, and says so. */
static void give_away(int fd, const char *path, bool replace)
{
	char folder[PATH_SIZE];
	struct stat st;

	(void)snprintf(folder, sizeof(folder), "%s", path);
	*(strrchr(folder, '/') + 1) = '\0';
	if (geteuid() == 0 &&
	    ((replace && lstat(path, &st) == 0 && S_ISREG(st.st_mode)) || stat(folder, &st) == 0)) {
		(void)!fchown(fd, st.st_uid, st.st_gid);
	}
}

static int write_all(int fd, const char *secret)
{
	char line[SECRET_SIZE + 1];
	int n = snprintf(line, sizeof(line), "%s\n", secret);
	ssize_t written = write(fd, line, (size_t)n);

	explicit_bzero(line, sizeof(line));
	return written == n && fsync(fd) == 0 ? 0 : -1;
}

static int cannot_write(const char *path, struct err *err)
{
	if (errno == EEXIST) {
		return err_set(err, ERR_CONFLICT,
			       "\"%.120s\" is there already; --replace makes a new secret, and "
			       "the codes of the old one end",
			       path);
	}
	return err_set(err, ERR_STORE, "cannot write \"%.120s\": %s", path, strerror(errno));
}

static int write_secret(const char *path, const char *secret, bool replace, struct err *err)
{
	char beside[PATH_SIZE];
	const char *first = replace ? beside : path;
	int fd;
	int rc;

	(void)snprintf(beside, sizeof(beside), "%s.new", path);
	if (replace) {
		(void)unlink(beside); /* of one that was broken off */
	}
	fd = open(first, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		return cannot_write(first, err);
	}
	give_away(fd, path, replace);
	rc = write_all(fd, secret);
	if (close(fd) < 0 || rc < 0 || (replace && rename(beside, path) < 0)) {
		rc = cannot_write(path, err);
		(void)unlink(first);
	}
	return rc;
}

/* ---- what is shown -------------------------------------------------------------------------- */

/* RFC 3986: whatever is not plain is written as %XX. */
static void add_escaped(struct strbuf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    c == '-' || c == '_' || c == '.') {
			(void)strbuf_addch(out, (char)c);
		} else {
			(void)strbuf_addf(out, "%%%02X", c);
		}
	}
}

/* Takes all its memory at once, so that growing leaves no copy behind. */
static void ready(struct strbuf *sb, size_t max)
{
	strbuf_init(sb, max);
	(void)strbuf_repeat(sb, ' ', max);
	strbuf_reset(sb);
}

static void wipe(struct strbuf *sb)
{
	explicit_bzero(sb->buf, sb->cap);
	strbuf_done(sb);
}

/* Past stdio, whose buffer would keep it. */
static int put_out(const struct strbuf *out, struct err *err)
{
	size_t done = 0;

	(void)fflush(stdout);
	while (done < out->len) {
		ssize_t n = write(STDOUT_FILENO, out->buf + done, out->len - done);

		if (n < 0 && errno != EINTR) {
			return err_set(err, ERR_STORE, "cannot show the secret: %s",
				       strerror(errno));
		}
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int show(const struct code_words *words, const char *path, const char *secret,
		struct err *err)
{
	struct strbuf uri;
	struct strbuf out;
	int rc;

	ready(&uri, 1024);
	ready(&out, SHOWN_MAX);
	(void)strbuf_adds(&uri, "otpauth://totp/Sluice:");
	add_escaped(&uri, words->person);
	(void)strbuf_addf(&uri, "?secret=%s&issuer=Sluice", secret);
	rc = qr_print(uri.buf, &out, err);
	if (rc == 0) {
		(void)strbuf_addf(&out, "\n%s\n\n", uri.buf);
		(void)strbuf_addf(&out,
				  "Take the picture with an authenticator app, or open the line "
				  "there.\nThe secret is in %s now; this is shown once. Clear the "
				  "terminal afterwards.\n\n",
				  path);
		rc = put_out(&out, err);
	}
	wipe(&uri);
	wipe(&out);
	return rc;
}

/* ---- the proof ------------------------------------------------------------------------------ */

static int prove(const struct code_words *words)
{
	char typed[64];
	char now[CLOCK_TEXT_SIZE];
	struct err err = {0};
	bool fits = false;

	for (int i = 0; i < ASKS; i++) {
		if (!code_ask("The code that the app shows now:", typed, sizeof(typed))) {
			break;
		}
		if (codes_fit(words->spec, typed, clock_wall_ms(), &fits, &err) < 0) {
			fprintf(stderr, "sluice code: %s\n", err.msg);
			return 2;
		}
		if (fits) {
			printf("It fits. %s can confirm with codes now.\n", words->person);
			return 0;
		}
		printf("It does not fit. Is the clock right? Here it is %s.\n",
		       clock_format(clock_wall_ms(), now, sizeof(now)));
	}
	printf("Not proved: no code fitted. The secret stays; try again: sluice code check %s\n",
	       words->person);
	return 1;
}

static int check_place(const struct code_words *words, struct err *err)
{
	if (strncmp(words->spec, "file:", 5) != 0) {
		return err_set(err, ERR_CONFIG,
			       "the policy takes the secret of \"%.40s\" from \"%.80s\", which is "
			       "not written from here: give --file, and put it there yourself",
			       words->person, words->spec);
	}
	if (strlen(words->person) > PERSON_MAX) {
		return err_set(err, ERR_USAGE, "the person's name is longer than %d bytes",
			       PERSON_MAX);
	}
	if (strlen(words->spec) > PATH_SIZE - 64 || words->spec[5] != '/') {
		return err_set(err, ERR_CONFIG, "the place of the secret is no whole path");
	}
	if (!words->force && isatty(STDOUT_FILENO) != 1) {
		return err_set(err, ERR_USAGE,
			       "the secret would be shown here, and this is no terminal: it "
			       "would stay in a file or a log (--force shows it all the same). "
			       "Nothing was written");
	}
	return 0;
}

int code_enroll(const struct code_words *words)
{
	char secret[SECRET_SIZE];
	struct err err = {0};
	const char *path = words->spec + 5;
	int rc = check_place(words, &err);

	if (rc == 0) {
		rc = make_secret(secret, &err);
	}
	if (rc == 0) {
		rc = write_secret(path, secret, words->replace, &err);
	}
	if (rc == 0) {
		rc = show(words, path, secret, &err);
	}
	explicit_bzero(secret, sizeof(secret));
	if (rc < 0) {
		fprintf(stderr, "sluice code: %s\n", err.msg);
		return 2;
	}
	return prove(words);
}
