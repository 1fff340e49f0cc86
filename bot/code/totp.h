/* totp.h - a key, its codes, and base32 (RFC 4226, RFC 6238, RFC 4648): no state, no clock */
#ifndef CODE_TOTP_H
#define CODE_TOTP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define TOTP_STEP_MS 30000
#define TOTP_DIGITS 6
#define TOTP_KEY_MIN 16 /* RFC 4226, R6 */
#define TOTP_KEY_MAX 64
#define TOTP_NEW_KEY 20
#define TOTP_BASE32_SIZE(n) (((n)*8 + 4) / 5 + 1)

/* On the caller's stack; wiped with totp_wipe, also after a failure. */
struct totp_key {
	unsigned char bytes[TOTP_KEY_MAX];
	size_t len;
};

/* spec as base/secret.h has it; the secret is base32 text, upper or lower case, in groups or not. ERR_CONFIG. */
int totp_load(const char *spec, struct totp_key *ret_key, struct err *err);
void totp_wipe(struct totp_key *key);

/* The code of a step: TOTP_DIGITS digits and a NUL. */
void totp_code(const struct totp_key *key, int64_t step, char ret_code[TOTP_DIGITS + 1]);

/* The latest step of now and its two neighbours whose code this is; -1: none. Takes as long for each. */
int64_t totp_match(const struct totp_key *key, const char digits[TOTP_DIGITS + 1], int64_t now_ms);

/* Upper case, no padding; ret_text of TOTP_BASE32_SIZE(n). */
void totp_base32(const unsigned char *bytes, size_t n, char *ret_text);

#endif
