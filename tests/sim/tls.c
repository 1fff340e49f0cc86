/* tls.c - TLS for the simulator's sockets, over memory BIOs of OpenSSL */
#include "sim/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include "base/mem.h"

struct tls_context {
	SSL_CTX *ctx;
};

struct tls_session {
	SSL *ssl;
	BIO *in, *out; /* owned by ssl */
};

struct tls_context *tls_context_new(const char *cert_file, const char *key_file, struct err *err)
{
	struct tls_context *context = mem_alloc(sizeof(*context));

	context->ctx = SSL_CTX_new(TLS_server_method());
	if (context->ctx == NULL ||
	    SSL_CTX_use_certificate_chain_file(context->ctx, cert_file) != 1 ||
	    SSL_CTX_use_PrivateKey_file(context->ctx, key_file, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(context->ctx) != 1) {
		const char *reason = ERR_reason_error_string(ERR_peek_last_error());

		(void)err_set(err, ERR_CONFIG,
			      "cannot use the certificate '%.80s' with '%.60s': %s", cert_file,
			      key_file, reason != NULL ? reason : "unknown");
		ERR_clear_error();
		tls_context_free(context);
		return NULL;
	}
	return context;
}

void tls_context_free(struct tls_context *context)
{
	if (context != NULL) {
		SSL_CTX_free(context->ctx);
		free(context);
	}
}

struct tls_session *tls_session_new(struct tls_context *context)
{
	struct tls_session *session = mem_alloc(sizeof(*session));

	session->ssl = SSL_new(context->ctx);
	session->in = BIO_new(BIO_s_mem());
	session->out = BIO_new(BIO_s_mem());
	if (session->ssl == NULL || session->in == NULL || session->out == NULL) {
		abort(); /* no memory */
	}
	SSL_set_bio(session->ssl, session->in, session->out);
	SSL_set_accept_state(session->ssl);
	return session;
}

void tls_session_free(struct tls_session *session)
{
	if (session != NULL) {
		SSL_free(session->ssl);
		free(session);
	}
}

static int collect(struct tls_session *session, struct strbuf *wire)
{
	char bytes[4096];
	int n;

	while ((n = BIO_read(session->out, bytes, sizeof(bytes))) > 0) {
		if (strbuf_add(wire, bytes, (size_t)n) < 0) {
			return -1;
		}
	}
	return 0;
}

int tls_receive(struct tls_session *session, const char *bytes, size_t len, struct strbuf *clear,
		struct strbuf *wire)
{
	char text[4096];
	int n;
	int rc = 0;

	if (BIO_write(session->in, bytes, (int)len) != (int)len) {
		return -1;
	}
	while ((n = SSL_read(session->ssl, text, sizeof(text))) > 0) {
		if (strbuf_add(clear, text, (size_t)n) < 0) {
			return -1;
		}
	}
	if (SSL_get_error(session->ssl, n) != SSL_ERROR_WANT_READ) {
		rc = -1;
	}
	ERR_clear_error();
	return collect(session, wire) < 0 ? -1 : rc;
}

int tls_send(struct tls_session *session, const char *bytes, size_t len, struct strbuf *wire)
{
	size_t done = 0;

	while (done < len) {
		size_t part = len - done < 16384 ? len - done : 16384;
		int n = SSL_write(session->ssl, bytes + done, (int)part);

		if (n <= 0) {
			ERR_clear_error();
			return -1;
		}
		done += (size_t)n;
	}
	return collect(session, wire);
}
