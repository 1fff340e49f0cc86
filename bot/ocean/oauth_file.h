/* oauth_file.h - the file of a sign-in at DigitalOcean: one pair of tokens, kept so that no crash tears it
 *
 * JSON, mode 0600, owned by who runs Sluice: client_id, client_secret (a place, never the secret), access_token, refresh_token,
 * issued_at, expires_at (UTC), scope, team. A refresh token works once: who uses it holds the lock (FILE.lock), has read
 * the file after that, and writes the new pair before it uses it. Everything here blocks on the disk, for moments.
 */
#ifndef OCEAN_OAUTH_FILE_H
#define OCEAN_OAUTH_FILE_H

#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"

#define OAUTH_ID_SIZE 256
#define OAUTH_PLACE_SIZE 4200
#define OAUTH_SCOPE_SIZE 4096
#define OAUTH_TEAM_SIZE 128
#define OAUTH_PATH_SIZE 4200
#define OAUTH_TOKEN_MAX 2048 /* bytes of a token */

struct oauth_grant {
	char client_id[OAUTH_ID_SIZE];
	char client_secret[OAUTH_PLACE_SIZE]; /* a place */
	struct secret *access, *refresh;      /* owned */
	int64_t issued_ms, expires_ms;        /* wall, whole seconds in the file */
	char scope[OAUTH_SCOPE_SIZE];         /* words; "" when not known */
	char team[OAUTH_TEAM_SIZE];
};

void oauth_grant_done(struct oauth_grant *grant); /* wipes; fine on a zeroed one */

/* Letters, digits and -._~+/= (RFC 6750), at most OAUTH_TOKEN_MAX. */
bool oauth_token_valid(const char *text);

/* One of the client's ids: printable, no space, shorter than OAUTH_ID_SIZE. */
bool oauth_id_valid(const char *text);

/*
 * ERR_NOTFOUND: there is no such file. ERR_CONFIG: no plain file, others may read it, it is another user's, too big, torn, or a
 * value makes no sense. The sentence names the file, never what is in it. *ret is to be freed by oauth_grant_done.
 */
int oauth_file_load(const char *path, struct oauth_grant *ret, struct err *err);

/*
 * Writing, in two steps, so that a folder that cannot be written or is full is noticed before a refresh token is used up: begin
 * makes FILE.new and takes its room, commit writes it, and it becomes FILE by rename, durably. Only under the lock.
 */
struct oauth_save {
	char path[OAUTH_PATH_SIZE], temporary[OAUTH_PATH_SIZE + 8];
	int fd; /* -1: not begun */
};

int oauth_save_begin(struct oauth_save *save, const char *path, struct err *err); /* ERR_STORE */
int oauth_save_commit(struct oauth_save *save, const struct oauth_grant *grant, struct err *err);
void oauth_save_abort(struct oauth_save *save); /* fine on one that is over, not on a zeroed one */

/* The lock of FILE, across processes. ERR_CONFLICT: another has it, try again; ERR_STORE: it cannot be made. Never waits. */
int oauth_lock(const char *path, int *ret_fd, struct err *err);
void oauth_unlock(int fd);

#endif
