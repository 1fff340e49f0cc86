/* url.c - addresses at DigitalOcean */
#include "ocean/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"

#define OAUTH_DEFAULT "https://cloud.digitalocean.com/v1/oauth"
#define URL_MAX 200

static bool is_loopback(const char *rest)
{
	static const char *const own[] = {"127.0.0.1", "localhost", "[::1]"};

	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		size_t n = strlen(own[i]);

		if (strncmp(rest, own[i], n) == 0 &&
		    (rest[n] == '\0' || rest[n] == ':' || rest[n] == '/')) {
			return strchr(rest, '@') == NULL;
		}
	}
	return false;
}

char *ocean_url_plain(const char *url, struct err *err)
{
	size_t n = strlen(url);

	if (n > URL_MAX || strpbrk(url, " \t\r\n?#\\\"") != NULL || strchr(url, '@') != NULL) {
		err_set(err, ERR_CONFIG, "the address of DigitalOcean's API is not a plain URL");
		return NULL;
	}
	if (strncmp(url, "https://", 8) != 0 &&
	    (strncmp(url, "http://", 7) != 0 || !is_loopback(url + 7))) {
		err_set(err, ERR_CONFIG,
			"the address \"%s\" is not https: the token would be readable on the way",
			url);
		return NULL;
	}
	while (n > 0 && url[n - 1] == '/') {
		n--;
	}
	return mem_strndup(url, n);
}

char *ocean_oauth_url(const char *oauth_url, const char *api_url, struct err *err)
{
	char *base = NULL;
	char made[URL_MAX + 16];

	if (oauth_url != NULL && *oauth_url != '\0') {
		return ocean_url_plain(oauth_url, err);
	}
	if (api_url == NULL || *api_url == '\0') {
		return mem_strdup(OAUTH_DEFAULT);
	}
	base = ocean_url_plain(api_url, err);
	if (base == NULL || strcmp(base, OCEAN_URL_DEFAULT) == 0) {
		free(base);
		return base != NULL ? mem_strdup(OAUTH_DEFAULT) : NULL;
	}
	(void)snprintf(made, sizeof(made), "%s/v1/oauth", base);
	free(base);
	return mem_strdup(made);
}

void ocean_url_add(struct strbuf *out, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "-._~";

	for (; *text != '\0'; text++) {
		if (strchr(plain, *text) != NULL) {
			(void)strbuf_addch(out, *text);
		} else {
			(void)strbuf_addf(out, "%%%02X", (unsigned)(unsigned char)*text);
		}
	}
}
