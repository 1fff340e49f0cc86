/* ws_url.c - the pure parts of the WebSocket client: its url, and UTF-8 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "loop/ws_internal.h"

#define PATH_MAX_BYTES 2048

static int bad_url(struct err *err, const char *why)
{
	return err_set(err, ERR_CONFIG, "cannot use the WebSocket url: %s", why);
}

/* Where the port is written, or the end of the authority; NULL for a broken [address]. */
static const char *end_of_host(const char *at, const char *end)
{
	if (*at == '[') {
		const char *close = memchr(at, ']', (size_t)(end - at));

		return close != NULL ? close + 1 : NULL;
	}
	for (; at < end && *at != ':'; at++) {
	}
	return at;
}

static int parse_port(const char *at, const char *end, unsigned *ret_port)
{
	unsigned port = 0;

	if (at == end || end - at > 5) {
		return -1;
	}
	for (; at < end; at++) {
		if (*at < '0' || *at > '9') {
			return -1;
		}
		port = port * 10 + (unsigned)(*at - '0');
	}
	if (port == 0 || port > 65535) {
		return -1;
	}
	*ret_port = port;
	return 0;
}

int ws_parse_url(struct ws *ws, const char *url, struct err *err)
{
	const char *at;
	const char *end;
	const char *host_end;
	unsigned usual;

	if (strncasecmp(url, "wss://", 6) == 0) {
		ws->tls = true;
		usual = 443;
		at = url + 6;
	} else if (strncasecmp(url, "ws://", 5) == 0) {
		usual = 80;
		at = url + 5;
	} else {
		return bad_url(err, "it must begin with ws:// or wss://");
	}
	for (const char *c = url; *c != '\0'; c++) {
		if (*c <= ' ' || *c > '~' || *c == '#' || *c == '@') {
			return bad_url(err, "it has a character that it must not have");
		}
	}
	end = at + strcspn(at, "/?");
	host_end = end_of_host(at, end);
	if (host_end == NULL || host_end == at || *at == ':' ||
	    (size_t)(host_end - at) >= sizeof(ws->host)) {
		return bad_url(err, "it has no host");
	}
	memcpy(ws->host, at, (size_t)(host_end - at));
	ws->port = usual;
	if (host_end < end && (*host_end != ':' || parse_port(host_end + 1, end, &ws->port) < 0)) {
		return bad_url(err, "its port is no number from 1 to 65535");
	}
	if (strlen(end) > PATH_MAX_BYTES) {
		return bad_url(err, "it is too long");
	}
	if (ws->port == usual) {
		(void)snprintf(ws->header, sizeof(ws->header), "%s", ws->host);
	} else {
		(void)snprintf(ws->header, sizeof(ws->header), "%s:%u", ws->host, ws->port);
	}
	if (*end == '/') {
		ws->path = mem_strdup(end);
	} else {
		size_t len = strlen(end);

		ws->path = mem_alloc(len + 2);
		ws->path[0] = '/';
		memcpy(ws->path + 1, end, len);
	}
	return 0;
}

/* How many bytes the sequence at s has, 0 when it is none (RFC 3629: no overlong form, no surrogate). */
static size_t sequence(const unsigned char *s, size_t left)
{
	size_t n;
	unsigned char low = 0x80;
	unsigned char high = 0xbf;

	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		n = 2;
	} else if (s[0] >= 0xe0 && s[0] <= 0xef) {
		n = 3;
		low = s[0] == 0xe0 ? 0xa0 : low;
		high = s[0] == 0xed ? 0x9f : high;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		n = 4;
		low = s[0] == 0xf0 ? 0x90 : low;
		high = s[0] == 0xf4 ? 0x8f : high;
	} else {
		return 0;
	}
	if (left < n || s[1] < low || s[1] > high) {
		return 0;
	}
	for (size_t i = 2; i < n; i++) {
		if (s[i] < 0x80 || s[i] > 0xbf) {
			return 0;
		}
	}
	return n;
}

bool ws_is_utf8(const char *bytes, size_t len)
{
	const unsigned char *s = (const unsigned char *)bytes;
	size_t i = 0;

	while (i < len) {
		uint64_t word;
		size_t n;

		if (len - i >= sizeof(word)) { /* most of it is ASCII */
			memcpy(&word, s + i, sizeof(word));
			if ((word & UINT64_C(0x8080808080808080)) == 0) {
				i += sizeof(word);
				continue;
			}
		}
		if (s[i] < 0x80) {
			i++;
			continue;
		}
		n = sequence(s + i, len - i);
		if (n == 0) {
			return false;
		}
		i += n;
	}
	return true;
}
