/* digest.h - SHA-256, and passwords hashed many times (the only file with nettle's headers is digest.c) */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_BYTES 32
#define DIGEST_HEX_SIZE (2 * DIGEST_BYTES + 1)

/* 64 lower-case hex digits and a NUL. */
void digest_hex(const void *data, size_t len, char ret_hex[DIGEST_HEX_SIZE]);

/*
 * PBKDF2 with HMAC: `rounds` of SHA-256 (32 bytes into ret) or, with sha1, of SHA-1 (20 bytes). Returns the number of bytes, 0
 * when it cannot be done. Takes milliseconds: not for the loop's thread.
 */
size_t digest_stretch(bool sha1, const char *password, const void *salt, size_t salt_len,
		      unsigned rounds, unsigned char ret[DIGEST_BYTES]);

#endif
