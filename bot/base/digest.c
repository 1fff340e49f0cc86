/* digest.c - SHA-256 by libcrypto, PBKDF2 by nettle, which does it in half of libcrypto's time */
#include "base/digest.h"

#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/pbkdf2.h>
#include <openssl/evp.h>

#define SHA1_BYTES 20

/* Looked up once: EVP_sha256() would be looked up again, under locks, with each digest. Never freed: it lives as long as we. */
static const EVP_MD *sha256;
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;

static void sha256_find(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

void digest_hex(const void *data, size_t len, char ret_hex[DIGEST_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	(void)pthread_once(&sha256_once, sha256_find);
	/* It fails only when memory is out or the library was built without SHA-256. */
	if (EVP_Digest(data, len, raw, &n, sha256, NULL) != 1 || n != DIGEST_BYTES) {
		abort();
	}
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
