/* chain.c - the rule of the audit chain: SHA-256 over the hash before and the body (the only file with openssl headers here) */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"

#define DIGEST_BYTES 32

void store_chain_hash(const char *prev, const char *body, char ret_hash[STORE_HASH_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	/* a log that cannot be chained must not be written: this fails for want of memory only */
	if (ctx == NULL || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1 ||
	    EVP_DigestUpdate(ctx, prev, strlen(prev)) != 1 || EVP_DigestUpdate(ctx, "\n", 1) != 1 ||
	    EVP_DigestUpdate(ctx, body, strlen(body)) != 1 ||
	    EVP_DigestFinal_ex(ctx, digest, &len) != 1 || len != DIGEST_BYTES) {
		abort();
	}
	EVP_MD_CTX_free(ctx);
	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		ret_hash[2 * i] = hex[digest[i] >> 4];
		ret_hash[2 * i + 1] = hex[digest[i] & 15];
	}
	ret_hash[STORE_HASH_SIZE - 1] = '\0';
}
