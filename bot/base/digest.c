/* digest.c - SHA-256 by libcrypto */
#include "base/digest.h"

#include <stdlib.h>

#include <openssl/evp.h>

void digest_hex(const void *data, size_t len, char ret_hex[DIGEST_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	/* It fails only when memory is out or the library was built without SHA-256. */
	if (EVP_Digest(data, len, raw, &n, EVP_sha256(), NULL) != 1 || n != DIGEST_BYTES) {
		abort();
	}
	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		ret_hex[2 * i] = digits[raw[i] >> 4];
		ret_hex[2 * i + 1] = digits[raw[i] & 15];
	}
	ret_hex[2 * DIGEST_BYTES] = '\0';
}
