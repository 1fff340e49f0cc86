/* digest.c - SHA-256 and PBKDF2 by nettle
 *
 * Not by libcrypto: that reads its configuration and names all its algorithms before the first digest, which is a tenth of
 * our start, and its PBKDF2 takes twice as long.
 */
#include "base/digest.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include <nettle/pbkdf2.h>
#include <nettle/sha2.h>

#define SHA1_BYTES 20

void digest_hex(const void *data, size_t len, char ret_hex[DIGEST_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	struct sha256_ctx sha;
	uint8_t raw[DIGEST_BYTES];

	sha256_init(&sha);
	sha256_update(&sha, len, data);
	sha256_digest(&sha, sizeof(raw), raw);
	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		ret_hex[2 * i] = digits[raw[i] >> 4];
		ret_hex[2 * i + 1] = digits[raw[i] & 15];
	}
	ret_hex[2 * DIGEST_BYTES] = '\0';
}

size_t digest_stretch(bool sha1, const char *password, const void *salt, size_t salt_len,
		      unsigned rounds, unsigned char ret[DIGEST_BYTES])
{
	const uint8_t *words = (const uint8_t *)password;
	size_t n = sha1 ? SHA1_BYTES : DIGEST_BYTES;

	if (rounds == 0 || rounds > INT_MAX) {
		return 0;
	}
	if (sha1) {
		pbkdf2_hmac_sha1(strlen(password), words, rounds, salt_len, salt, n, ret);
	} else {
		pbkdf2_hmac_sha256(strlen(password), words, rounds, salt_len, salt, n, ret);
	}
	return n;
}
