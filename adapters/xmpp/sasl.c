/* sasl.c - SCRAM by libgsasl (the only file with its header) */
#include "adapters/xmpp/sasl.h"

#include <gsasl.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"

/* A server may ask for as many rounds of hashing as it likes: fewer protect nobody, more are an attack on us. */
#define ROUNDS_MIN 4096
#define ROUNDS_MAX 500000
#define CHALLENGE_MAX 4096

struct sasl {
	Gsasl *gsasl;
	Gsasl_session *session;
	bool complete;
};

const char *sasl_choose(const char *const *offered, size_t n)
{
	static const char *const ours[] = {"SCRAM-SHA-256", "SCRAM-SHA-1"};

	for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
		for (size_t j = 0; j < n; j++) {
			if (strcmp(ours[i], offered[j]) == 0) {
				return ours[i];
			}
		}
	}
	return NULL;
}

/* The password as SCRAM hashes it (RFC 4013), many times over. */
static int salt_password(Gsasl_session *session, const char *password, char *ret_hex, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const char *rounds = gsasl_property_fast(session, GSASL_SCRAM_ITER);
	const char *salt = gsasl_property_fast(session, GSASL_SCRAM_SALT);
	const char *name = gsasl_mechanism_name(session);
	unsigned char salted[DIGEST_BYTES];
	char *prepared = NULL, *raw = NULL;
	size_t raw_len = 0, n = 0;

	if (rounds != NULL && salt != NULL && name != NULL &&
	    gsasl_saslprep(password, 0, &prepared, NULL) == GSASL_OK &&
	    gsasl_base64_from(salt, strlen(salt), &raw, &raw_len) == GSASL_OK) {
		n = digest_stretch(strcmp(name, "SCRAM-SHA-1") == 0, prepared, raw, raw_len,
				   (unsigned)strtoul(rounds, NULL, 10), salted);
	}
	if (prepared != NULL) {
		explicit_bzero(prepared, strlen(prepared));
	}
	gsasl_free(prepared);
	gsasl_free(raw);
	if (n == 0 || 2 * n >= size) {
		return -1;
	}
	for (size_t i = 0; i < n; i++) {
		ret_hex[2 * i] = digits[salted[i] >> 4];
		ret_hex[2 * i + 1] = digits[salted[i] & 15];
	}
	ret_hex[2 * n] = '\0';
	explicit_bzero(salted, sizeof(salted));
	return 0;
}

/*
 * Hashing is nearly all the work of a login, and libcrypto does it in a third of libgsasl's own time. Where we do not
 * answer libgsasl goes on by itself, from the password.
 */
static int on_property(Gsasl *gsasl, Gsasl_session *session, Gsasl_property property)
{
	const struct secret *password = gsasl_session_hook_get(session);
	char hex[2 * DIGEST_BYTES + 1];
	int rc = GSASL_NO_CALLBACK;

	(void)gsasl;
	if (property == GSASL_SCRAM_SALTED_PASSWORD && password != NULL &&
	    salt_password(session, secret_reveal(password), hex, sizeof(hex)) == 0) {
		rc = gsasl_property_set(session, property, hex);
		explicit_bzero(hex, sizeof(hex));
	}
	return rc;
}

struct sasl *sasl_new(const char *mechanism, const char *user, const struct secret *password,
		      struct err *err)
{
	struct sasl *sasl = mem_alloc(sizeof(*sasl));
	int rc = gsasl_init(&sasl->gsasl);

	if (rc == GSASL_OK) {
		gsasl_callback_set(sasl->gsasl, on_property);
		rc = gsasl_client_start(sasl->gsasl, mechanism, &sasl->session);
	}
	if (rc == GSASL_OK) {
		gsasl_session_hook_set(sasl->session, (void *)password);
		rc = gsasl_property_set(sasl->session, GSASL_AUTHID, user);
	}
	if (rc == GSASL_OK) {
		rc = gsasl_property_set(sasl->session, GSASL_PASSWORD, secret_reveal(password));
	}
	if (rc != GSASL_OK) {
		(void)err_set(err, ERR_CONFIG, "cannot log in with %s: %s", mechanism,
			      gsasl_strerror(rc));
		sasl_free(sasl);
		return NULL;
	}
	return sasl;
}

/* The server's first words hold "i=" rounds; all others pass. */
static int check_rounds(const char *words, size_t len, struct err *err)
{
	const char *at = strncmp(words, "r=", 2) == 0 ? strstr(words, ",i=") : NULL;
	unsigned long rounds;

	if (strlen(words) != len) {
		return err_set(err, ERR_REMOTE, "the server's login words hold a NUL byte");
	}
	if (at == NULL) {
		return 0;
	}
	rounds = strtoul(at + 3, NULL, 10);
	if (rounds < ROUNDS_MIN || rounds > ROUNDS_MAX) {
		return err_set(err, ERR_REMOTE,
			       "the server wants %lu rounds of hashing, from %d to %d are accepted",
			       rounds, ROUNDS_MIN, ROUNDS_MAX);
	}
	return 0;
}

int sasl_step(struct sasl *sasl, const char *challenge, struct strbuf *response, struct err *err)
{
	char *words = NULL, *answer = NULL, *encoded = NULL;
	size_t words_len = 0, answer_len = 0;
	int ret = -1;
	int rc;

	if (challenge != NULL &&
	    (strlen(challenge) > CHALLENGE_MAX ||
	     gsasl_base64_from(challenge, strlen(challenge), &words, &words_len) != GSASL_OK)) {
		(void)err_set(err, ERR_REMOTE, "the server's login words are no base64");
		goto out;
	}
	if (words != NULL) {
		char *ended = mem_strndup(words, words_len);
		int bad = check_rounds(ended, words_len, err);

		free(ended);
		if (bad != 0) {
			goto out;
		}
	}
	rc = gsasl_step(sasl->session, words, words_len, &answer, &answer_len);
	if (rc != GSASL_OK && rc != GSASL_NEEDS_MORE) {
		(void)err_set(err, ERR_REMOTE, "the server's login words are no good: %s",
			      gsasl_strerror(rc));
		goto out;
	}
	sasl->complete = rc == GSASL_OK;
	if (answer_len > 0) {
		if (gsasl_base64_to(answer, answer_len, &encoded, NULL) != GSASL_OK) {
			(void)err_set(err, ERR_LIMIT, "no memory for the login");
			goto out;
		}
		(void)strbuf_adds(response, encoded);
	}
	ret = 0;
out:
	gsasl_free(words);
	gsasl_free(answer);
	gsasl_free(encoded);
	return ret;
}

bool sasl_complete(const struct sasl *sasl)
{
	return sasl->complete;
}

void sasl_free(struct sasl *sasl)
{
	if (sasl == NULL) {
		return;
	}
	if (sasl->session != NULL) {
		gsasl_finish(sasl->session);
	}
	if (sasl->gsasl != NULL) {
		gsasl_done(sasl->gsasl);
	}
	free(sasl);
}
