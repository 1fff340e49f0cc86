/* digest.h - SHA-256 (the only file with libcrypto's headers is digest.c) */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>

#define DIGEST_BYTES 32
#define DIGEST_HEX_SIZE (2 * DIGEST_BYTES + 1)

/* 64 lower-case hex digits and a NUL. */
void digest_hex(const void *data, size_t len, char ret_hex[DIGEST_HEX_SIZE]);

#endif
