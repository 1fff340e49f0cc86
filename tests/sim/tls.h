/* tls.h - TLS for the simulator's sockets, over memory: bytes in, bytes out */
#ifndef SIM_TLS_H
#define SIM_TLS_H

#include "base/err.h"
#include "base/strbuf.h"

struct tls_context;
struct tls_session;

struct tls_context *tls_context_new(const char *cert_file, const char *key_file, struct err *err);
void tls_context_free(struct tls_context *context); /* NULL is fine */

struct tls_session *tls_session_new(struct tls_context *context);
void tls_session_free(struct tls_session *session); /* NULL is fine */

/* Bytes from the socket. What they say in clear is added to `clear`, what must go back to `wire`; -1: the session is
 * broken (what stands in wire is the alert). */
int tls_receive(struct tls_session *session, const char *bytes, size_t len, struct strbuf *clear,
		struct strbuf *wire);

/* Clear bytes to `wire`; -1 when the session is broken. */
int tls_send(struct tls_session *session, const char *bytes, size_t len, struct strbuf *wire);

#endif
