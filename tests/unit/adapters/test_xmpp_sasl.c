/* test_xmpp_sasl.c - SCRAM against a server written here from RFC 5802: what it must accept, what it must not */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/xmpp/sasl.h"

#define PASSWORD "pencil"
#define SALT "0123456789abcdef"

struct server {
	char first_bare[512]; /* the client's first words, without "n,," */
	char first[1024];     /* ours */
};

static void encode(const char *text, char *ret, size_t size)
{
	assert_true(strlen(text) * 4 / 3 + 8 < size);
	(void)EVP_EncodeBlock((unsigned char *)ret, (const unsigned char *)text, (int)strlen(text));
}

static void decode(const char *text, char *ret, size_t size)
{
	int n;

	assert_true(strlen(text) < size);
	n = EVP_DecodeBlock((unsigned char *)ret, (const unsigned char *)text, (int)strlen(text));
	assert_true(n >= 0);
	while (n > 0 && text[strlen(text) - 1] == '=' && ret[n - 1] == '\0') {
		n--;
	}
	ret[n] = '\0';
}

/* The client's first words in; ours out, with so many rounds. */
static void server_first(struct server *server, const char *client, unsigned long rounds, char *ret,
			 size_t size)
{
	char text[512];
	char salt[64];

	decode(client, text, sizeof(text));
	assert_memory_equal(text, "n,,n=sluice,r=", 14);
	(void)snprintf(server->first_bare, sizeof(server->first_bare), "%s", text + 3);
	encode(SALT, salt, sizeof(salt));
	(void)snprintf(server->first, sizeof(server->first), "%sabc,s=%s,i=%lu", strstr(text, "r="),
		       salt, rounds);
	encode(server->first, ret, size);
}

/* The proof that we know the password too (RFC 5802, section 3). */
static void server_final(const struct server *server, const char *client, const char *password,
			 unsigned long rounds, char *ret, size_t size)
{
	unsigned char salted[32], key[32], signature[32];
	char text[1024], words[2600], base64[64];
	unsigned n = 32;

	decode(client, text, sizeof(text));
	*strstr(text, ",p=") = '\0';
	(void)snprintf(words, sizeof(words), "%s,%s,%s", server->first_bare, server->first, text);
	assert_int_equal(PKCS5_PBKDF2_HMAC(password, (int)strlen(password),
					   (const unsigned char *)SALT, (int)strlen(SALT),
					   (int)rounds, EVP_sha256(), 32, salted),
			 1);
	assert_non_null(
		HMAC(EVP_sha256(), salted, 32, (const unsigned char *)"Server Key", 10, key, &n));
	assert_non_null(HMAC(EVP_sha256(), key, 32, (const unsigned char *)words, strlen(words),
			     signature, &n));
	(void)EVP_EncodeBlock((unsigned char *)base64, signature, 32);
	(void)snprintf(text, sizeof(text), "v=%s", base64);
	encode(text, ret, size);
}

static int log_in(const char *server_password, unsigned long rounds, struct err *err,
		  bool *complete)
{
	struct secret *password = secret_from_text(PASSWORD);
	struct sasl *sasl = sasl_new("SCRAM-SHA-256", "sluice", password, err);
	struct server server = {0};
	struct strbuf out;
	char words[2048];
	int rc = -1;

	assert_non_null(sasl);
	strbuf_init(&out, 1 << 12);
	assert_int_equal(sasl_step(sasl, NULL, &out, err), 0);
	assert_false(sasl_complete(sasl));
	server_first(&server, out.buf, rounds, words, sizeof(words));
	strbuf_reset(&out);
	if (sasl_step(sasl, words, &out, err) == 0) {
		assert_false(sasl_complete(sasl));
		server_final(&server, out.buf, server_password, rounds, words, sizeof(words));
		strbuf_reset(&out);
		rc = sasl_step(sasl, words, &out, err);
	}
	*complete = sasl_complete(sasl);
	strbuf_done(&out);
	sasl_free(sasl);
	secret_free(password);
	return rc;
}

static void test_login(void **state)
{
	struct err err = {0};
	bool complete = false;

	(void)state;
	assert_int_equal(log_in(PASSWORD, 4096, &err, &complete), 0);
	assert_true(complete);
}

static void test_server_without_the_password(void **state)
{
	struct err err = {0};
	bool complete = true;

	(void)state;
	assert_int_equal(log_in("guess", 4096, &err, &complete), -1);
	assert_false(complete);
	assert_int_equal(err.kind, ERR_REMOTE);
}

/* A server that wants to keep us hashing for hours, and one that wants no hashing. */
static void test_rounds(void **state)
{
	static const unsigned long rounds[] = {0, 1, 4095, 500001, 4000000000UL};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rounds); i++) {
		struct err err = {0};
		bool complete = true;

		assert_int_equal(log_in(PASSWORD, rounds[i], &err, &complete), -1);
		assert_false(complete);
		assert_non_null(strstr(err.msg, "rounds of hashing"));
	}
}

static void test_nonsense(void **state)
{
	static const char *const words[] = {"", "!!!", "cj0=", "AAAA", "cj14LHM9eSxpPTQwOTY="};
	struct secret *password = secret_from_text(PASSWORD);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct err err = {0};
		struct sasl *sasl = sasl_new("SCRAM-SHA-1", "sluice", password, &err);
		struct strbuf out;

		strbuf_init(&out, 1 << 12);
		assert_int_equal(sasl_step(sasl, NULL, &out, &err), 0);
		assert_int_equal(sasl_step(sasl, words[i], &out, &err), -1);
		assert_int_equal(err.kind, ERR_REMOTE);
		assert_null(strstr(err.msg, PASSWORD));
		strbuf_done(&out);
		sasl_free(sasl);
	}
	secret_free(password);
}

static void test_choose(void **state)
{
	static const char *const all[] = {"PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS",
					  "SCRAM-SHA-256"};
	static const char *const weak[] = {"PLAIN", "DIGEST-MD5", "ANONYMOUS", "scram-sha-1"};

	(void)state;
	assert_string_equal(sasl_choose(all, ARRAY_LEN(all)), "SCRAM-SHA-256");
	assert_string_equal(sasl_choose(all, 2), "SCRAM-SHA-1");
	assert_null(sasl_choose(weak, ARRAY_LEN(weak)));
	assert_null(sasl_choose(NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_login),  cmocka_unit_test(test_server_without_the_password),
		cmocka_unit_test(test_rounds), cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_choose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
