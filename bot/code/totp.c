/* totp.c - liboath's HOTP at a step of time, and base32 that leaves no copy behind (the only file with oath.h)
 *
 * Happy path: the secret's page -> the key on the caller's stack -> three codes, compared without a hurry.
 * Failure modes: the place of the secret is wrong or unreadable, or its text is no base32 of a fitting length; each a
 * sentence that names the place and never the value. liboath's own base32 is not used: it frees copies unwiped.
 */
#include "code/totp.h"

#include <liboath/oath.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z') {
		return c - 'A';
	}
	if (c >= 'a' && c <= 'z') {
		return c - 'a';
	}
	return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

/* "" is fine, else what is wrong with the text. */
static const char *decode(const char *text, struct totp_key *key)
{
	unsigned bits = 0;
	unsigned n_bits = 0;
	size_t n = strlen(text);
	size_t n_signs = 0;

	while (n > 0 && text[n - 1] == '=') {
		n--;
	}
	key->len = 0;
	for (size_t i = 0; i < n; i++) {
		int value = value_of(text[i]);

		if (text[i] == ' ' || text[i] == '-') {
			continue;
		}
		if (value < 0) {
			return "is not base32 (letters and 2 to 7)";
		}
		n_signs++;
		bits = (bits << 5 | (unsigned)value) & 0xfff;
		n_bits += 5;
		if (n_bits >= 8) {
			n_bits -= 8;
			if (key->len == TOTP_KEY_MAX) {
				return "is longer than a code's key may be (512 bits)";
			}
			key->bytes[key->len++] = (unsigned char)(bits >> n_bits);
		}
	}
	explicit_bzero(&bits, sizeof(bits));
	if (n_signs % 8 == 1 || n_signs % 8 == 3 || n_signs % 8 == 6) {
		return "is base32 that was cut off";
	}
	return key->len < TOTP_KEY_MIN ? "is shorter than a code's key must be (128 bits)" : NULL;
}

int totp_load(const char *spec, struct totp_key *ret_key, struct err *err)
{
	struct secret *secret = secret_load_phrase(spec, err);
	const char *wrong;

	(void)oath_init(); /* again and again is fine; where the library is built on libgcrypt it must be */
	if (secret == NULL) {
		return -1;
	}
	wrong = decode(secret_reveal(secret), ret_key);
	secret_free(secret);
	if (wrong != NULL) {
		totp_wipe(ret_key);
		return err_set(err, ERR_CONFIG, "the secret in \"%.120s\" %s", spec, wrong);
	}
	return 0;
}

void totp_wipe(struct totp_key *key)
{
	explicit_bzero(key, sizeof(*key));
}

void totp_code(const struct totp_key *key, int64_t step, char ret_code[TOTP_DIGITS + 1])
{
	/* the one way for this to fail is a broken libc: without a code nothing could be trusted any more */
	if (oath_hotp_generate((const char *)key->bytes, key->len, (uint64_t)step, TOTP_DIGITS,
			       false, OATH_HOTP_DYNAMIC_TRUNCATION, ret_code) != OATH_OK) {
		fputs("sluice: the code library failed\n", stderr);
		abort();
	}
}

int64_t totp_match(const struct totp_key *key, const char digits[TOTP_DIGITS + 1], int64_t now_ms)
{
	int64_t now = now_ms > 0 ? now_ms / TOTP_STEP_MS : 0;
	int64_t found = -1;
	char code[TOTP_DIGITS + 1];

	for (int64_t step = now > 0 ? now - 1 : 0; step <= now + 1; step++) {
		unsigned differs = 0;
		int64_t mask;

		totp_code(key, step, code);
		for (size_t i = 0; i < TOTP_DIGITS; i++) {
			differs |= (unsigned)(unsigned char)digits[i] ^ (unsigned char)code[i];
		}
		/* all ones when nothing differs; no branch on what fits */
		mask = ((int64_t)differs - 1) >> 63;
		found = (found & ~mask) | (step & mask);
	}
	explicit_bzero(code, sizeof(code));
	return found;
}

void totp_base32(const unsigned char *bytes, size_t n, char *ret_text)
{
	unsigned bits = 0;
	unsigned n_bits = 0;

	for (size_t i = 0; i < n; i++) {
		bits = (bits << 8 | bytes[i]) & 0xfff;
		n_bits += 8;
		while (n_bits >= 5) {
			n_bits -= 5;
			*ret_text++ = alphabet[bits >> n_bits & 31];
		}
	}
	if (n_bits > 0) {
		*ret_text++ = alphabet[bits << (5 - n_bits) & 31];
	}
	*ret_text = '\0';
}
