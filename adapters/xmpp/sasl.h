/* sasl.h - proving who we are without giving the password away: SCRAM (RFC 5802, RFC 7677)
 *
 * SCRAM-SHA-256, else SCRAM-SHA-1. PLAIN is never used. The server has to prove that it knows the password too.
 */
#ifndef ADAPTERS_XMPP_SASL_H
#define ADAPTERS_XMPP_SASL_H

#include "base/err.h"
#include "base/secret.h"
#include "base/strbuf.h"

struct sasl;

/* The best mechanism of those offered; NULL when none of them will do. */
const char *sasl_choose(const char *const *offered, size_t n);

/* password is borrowed until sasl_free. */
struct sasl *sasl_new(const char *mechanism, const char *user, const struct secret *password,
		      struct err *err);

/*
 * One step: the server's words in base64 (NULL for the first step), ours appended in base64.
 * The step that answers the server's first words hashes the password thousands of times: milliseconds, so not for the loop's
 * thread. The others are quick.
 * -1: ERR_REMOTE, the server's words are no good.
 */
int sasl_step(struct sasl *sasl, const char *challenge, struct strbuf *response, struct err *err);

/* Did the server prove itself? Only then is a <success/> one. */
bool sasl_complete(const struct sasl *sasl);

void sasl_free(struct sasl *sasl); /* NULL is fine */

#endif
