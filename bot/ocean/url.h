/* url.h - addresses at DigitalOcean: no token goes over a line that others can read */
#ifndef OCEAN_URL_H
#define OCEAN_URL_H

#include "base/err.h"
#include "base/strbuf.h"

#define OCEAN_URL_DEFAULT "https://api.digitalocean.com"

/* https://, or http:// to this machine itself; no user, no query; 200 bytes. The copy is without slashes at its end, the caller
 * frees it; NULL: ERR_CONFIG. */
char *ocean_url_plain(const char *url, struct err *err);

/* Where OAuth is for that API: DigitalOcean's own, or /v1/oauth at another address, so that no token goes to a host that is
 * not meant. oauth_url: what was given; NULL or "": nothing. The caller frees it; NULL: ERR_CONFIG. */
char *ocean_oauth_url(const char *oauth_url, const char *api_url, struct err *err);

/* Appends text as a value of a query or a form (RFC 3986: all but the unreserved bytes by their hex). */
void ocean_url_add(struct strbuf *out, const char *text);

#endif
