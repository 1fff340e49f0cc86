/* secret.h - a token that cannot be printed by accident
 *
 * A secret has no accessor that gives a plain string for printing. It is loaded from where the
 * configuration says, used in place, and wiped when freed. Memory is locked where the system
 * allows it and left out of cores.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct secret;

/*
 * spec: "file:/absolute/path", "env:NAME", or "credential:NAME" (systemd, $CREDENTIALS_DIRECTORY).
 * White space at both ends is cut; empty, over 4 KiB, or with control characters is an error, and so is what
 * no token has: a space inside, or a byte beyond ASCII. A file that others may read is an error (ERR_CONFIG). The
 * sentence names the place, never the value.
 */
struct secret *secret_load(const char *spec, struct err *err);

/* The same for what people choose or write in groups, a password or the secret of a code: there a space may stand inside. */
struct secret *secret_load_phrase(const char *spec, struct err *err);

/* For tests and the simulator's own token. */
struct secret *secret_from_text(const char *text);

/* Wipes and frees. NULL is fine. */
void secret_free(struct secret *secret);

/* Only for the one who puts it on the wire (a header, a SASL answer): the bytes, NUL-terminated, valid
 * until secret_free. Never log, never copy into an error. A lint lists who calls it. */
const char *secret_reveal(const struct secret *secret);

/* Is the spec of one of the three forms? For checking a policy without touching the file. */
bool secret_spec_valid(const char *spec);

/* "oauth:/absolute/path": the file of a sign-in (ocean/oauth_file.h), for an account at DigitalOcean only; secret_load takes none.
 * The path, in spec; NULL when it is none. */
const char *secret_oauth_path(const char *spec);

#endif
