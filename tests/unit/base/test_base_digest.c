/* test_base_digest.c - hashing a password many times: the vectors of RFC 6070 and RFC 7914, and libcrypto's own PBKDF2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/digest.h"

static void test_vectors(void **state)
{
	static const struct {
		bool sha1;
		unsigned rounds;
		const char *hex;
	} rows[] = {
		{true, 1, "0c60c80f961f0e71f3a9b524af6012062fe037a6"},
		{true, 2, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"},
		{true, 4096, "4b007901b765489abead49d926f721d065a429c1"},
		{false, 1, "120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b"},
		{false, 2, "ae4d0c95af6b46d32d0adff928f06dd02a303f8ef3c251dfd6e2d85a95474c43"},
		{false, 4096, "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		unsigned char raw[DIGEST_BYTES];
		char hex[DIGEST_HEX_SIZE] = "";
		size_t n = digest_stretch(rows[i].sha1, "password", "salt", 4, rows[i].rounds, raw);

		assert_int_equal(n, strlen(rows[i].hex) / 2);
		for (size_t j = 0; j < n; j++) {
			(void)snprintf(hex + 2 * j, 3, "%02x", raw[j]);
		}
		assert_string_equal(hex, rows[i].hex);
	}
}

/* Passwords around the hash's block of 64 bytes, salts of every length. */
static void test_as_libcrypto(void **state)
{
	(void)state;
	for (size_t len = 0; len < 140; len++) {
		unsigned char ours[DIGEST_BYTES], theirs[DIGEST_BYTES];
		char password[140] = "", salt[140];
		bool sha1 = len % 2 == 0;
		size_t n;

		memset(password, 'p', len);
		memset(salt, (int)len, sizeof(salt));
		n = digest_stretch(sha1, password, salt, 139 - len, 3, ours);
		assert_int_equal(n, sha1 ? 20 : 32);
		assert_int_equal(
			PKCS5_PBKDF2_HMAC(password, (int)len, (unsigned char *)salt, 139 - (int)len,
					  3, sha1 ? EVP_sha1() : EVP_sha256(), (int)n, theirs),
			1);
		assert_memory_equal(ours, theirs, n);
	}
}

/* Around the hash's block of 64 bytes, and what is longer than one. */
static void test_digest_as_libcrypto(void **state)
{
	unsigned char data[300];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++) {
		data[i] = (unsigned char)(i * 7);
	}
	for (size_t len = 0; len <= sizeof(data); len++) {
		unsigned char theirs[DIGEST_BYTES];
		char ours[DIGEST_HEX_SIZE], hex[DIGEST_HEX_SIZE] = "";

		digest_hex(data, len, ours);
		assert_int_equal(EVP_Digest(data, len, theirs, NULL, EVP_sha256(), NULL), 1);
		for (size_t j = 0; j < DIGEST_BYTES; j++) {
			(void)snprintf(hex + 2 * j, 3, "%02x", theirs[j]);
		}
		assert_string_equal(ours, hex);
	}
}

static void test_no_rounds(void **state)
{
	unsigned char raw[DIGEST_BYTES];

	(void)state;
	assert_int_equal(digest_stretch(false, "password", "salt", 4, 0, raw), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_as_libcrypto),
		cmocka_unit_test(test_digest_as_libcrypto),
		cmocka_unit_test(test_no_rounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
