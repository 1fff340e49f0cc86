/* value.c - the kinds of value that a setting may have, and their limits */
#include "config/value.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/names.h"
#include "base/secret.h"

#define PATH_MAX_BYTES 1024
#define URL_MAX_BYTES 1024
#define WORD_MAX_BYTES 255
#define JID_MAX_BYTES 1023 /* RFC 7622 allows three times as much; nobody has one */
#define PORT_MAX 65535
#define ID_DIGITS_MAX 18
#define NUMBER_MAX 1000000000

struct bad {
	const char *name;
	const char *text; /* NULL: must not be shown */
	enum err_kind kind;
	struct err *err;
};

static int refuse(const struct bad *bad, const char *why)
{
	if (bad->text == NULL || strlen(bad->text) > 80) {
		return err_set(bad->err, bad->kind, "%s: %s", bad->name, why);
	}
	return err_set(bad->err, bad->kind, "%s \"%s\": %s", bad->name, bad->text, why);
}

static bool has_control(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
		if (*c < ' ' || *c == 0x7f) {
			return true;
		}
	}
	return false;
}

/* 0 to 65535; 0 lets the system choose, which tests use. */
static bool is_port(const char *text)
{
	unsigned port = 0;

	if (*text == '\0' || strlen(text) > 5) {
		return false;
	}
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9') {
			return false;
		}
		port = port * 10 + (unsigned)(*text - '0');
	}
	return port <= PORT_MAX;
}

static int check_listen(const char *text, const struct bad *bad)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon != NULL ? (size_t)(colon - text) : 0;
	bool v6 = len > 2 && text[0] == '[' && text[len - 1] == ']';

	if (*text == '\0') {
		return 0;
	}
	if (colon == NULL || !is_port(colon + 1) || strpbrk(text, " /@") != NULL ||
	    (!v6 && memchr(text, ':', len) != NULL)) {
		return refuse(bad, "must be HOST:PORT, like 127.0.0.1:9100");
	}
	return 0;
}

/* ---- addresses --------------------------------------------------------------------------- */

static bool is_this_machine(const char *host, size_t len)
{
	static const char *const names[] = {"localhost", "[::1]"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strlen(names[i]) == len && strncasecmp(names[i], host, len) == 0) {
			return true;
		}
	}
	/* 127.0.0.1, and not 127.0.0.1.example.org */
	return len >= 7 && strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") >= len;
}

/* What follows "://": a host, perhaps a port, perhaps a path. *ret_len: of the host alone. */
static int check_authority(const char *host, size_t *ret_len, const struct bad *bad)
{
	size_t len = strcspn(host, "/?#");
	size_t host_len = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
	char port[8] = "0";

	if (memchr(host, '@', len) != NULL) {
		return refuse(bad, "no user or password may stand in an address");
	}
	if (host[len] == '?' || strpbrk(host, "?#") != NULL) {
		return refuse(bad, "must end with a path, without \"?\" or \"#\"");
	}
	if (host_len > len || host_len == 0 || (*host == '[' && host_len < 4)) {
		return refuse(bad, "has no host");
	}
	if (host_len < len) {
		size_t port_len = len - host_len - 1;

		if (host[host_len] != ':' || port_len >= sizeof(port)) {
			return refuse(bad, "has a port that is no number");
		}
		memcpy(port, host + host_len + 1, port_len);
		port[port_len] = '\0';
	}
	if (!is_port(port) || (host_len < len && strspn(port, "0") == strlen(port))) {
		return refuse(bad, "has a port that is no number from 1 to 65535");
	}
	*ret_len = host_len;
	return 0;
}

static bool starts(const char *text, const char *with, size_t *ret_len)
{
	*ret_len = strlen(with);
	return strncasecmp(text, with, *ret_len) == 0;
}

static int check_url(const char *text, const char *safe, const char *plain, bool plain_is_fine,
		     const struct bad *bad)
{
	size_t scheme;
	size_t len;

	if (strlen(text) > URL_MAX_BYTES) {
		return refuse(bad, "is too long");
	}
	if (strchr(text, ' ') != NULL) {
		return refuse(bad, "has a space in it");
	}
	if (starts(text, safe, &scheme)) {
		return check_authority(text + scheme, &len, bad);
	}
	if (!starts(text, plain, &scheme)) {
		return err_set(bad->err, bad->kind, "%s must start with %s", bad->name, safe);
	}
	if (check_authority(text + scheme, &len, bad) < 0) {
		return -1;
	}
	if (!plain_is_fine && !is_this_machine(text + scheme, len)) {
		return err_set(bad->err, bad->kind,
			       "%s must start with %s: without TLS only to this machine itself",
			       bad->name, safe);
	}
	return 0;
}

/* RFC 3927: no router passes such an address on. */
static int check_local_url(const char *text, const struct bad *bad)
{
	static const char link_local[] = "http://169.254.";

	return check_url(text, "http://", "http://", true, bad) < 0 ? -1
	       : strncmp(text, link_local, sizeof(link_local) - 1) == 0 &&
			       strspn(text + sizeof(link_local) - 1, "0123456789.:") ==
				       strcspn(text + sizeof(link_local) - 1, "/")
		       ? 0
		       : check_url(text, "https://", "http://", false, bad);
}

static int check_jid(const char *text, const struct bad *bad)
{
	const char *at = strchr(text, '@');

	if (strlen(text) > JID_MAX_BYTES) {
		return refuse(bad, "is too long");
	}
	if (at == NULL || at == text || at[1] == '\0' || strpbrk(text, "/ ") != NULL ||
	    strchr(at + 1, '@') != NULL) {
		return refuse(bad, "must be NAME@HOST");
	}
	return 0;
}

/* ---- all of them ------------------------------------------------------------------------- */

static const struct name yes_no[] = {{1, "yes"}, {1, "true"},  {1, "on"},  {1, "1"},
				     {0, "no"},  {0, "false"}, {0, "off"}, {0, "0"}};

static const struct name levels[] = {
	{LOG_DEBUG, "debug"}, {LOG_INFO, "info"}, {LOG_WARN, "warn"}, {LOG_ERROR, "error"}};

bool value_is_yes(const char *text)
{
	int yes = 0;

	return names_value(yes_no, ARRAY_LEN(yes_no), text, &yes) == 0 && yes == 1;
}

static int check_place(const char *text, const struct bad *bad)
{
	struct bad silent = *bad;

	silent.text = NULL; /* somebody may have put the password itself here */
	if (*text != '\0' && !secret_spec_valid(text)) {
		return refuse(&silent, "must say where the secret is: file:/PATH, env:NAME or "
				       "credential:NAME");
	}
	return 0;
}

#define NO_ID "none"

int64_t value_number(const char *text)
{
	int64_t number = 0;

	if (strcmp(text, NO_ID) == 0) {
		return 0;
	}
	for (; *text != '\0'; text++) {
		number = number * 10 + (*text - '0');
	}
	return number;
}

/* As value_number reads it without running over. */
static int check_id(const char *text, const struct bad *bad)
{
	size_t digits = strspn(text, "0123456789");

	if (strcmp(text, NO_ID) == 0) {
		return 0;
	}
	if (text[digits] != '\0' || digits > ID_DIGITS_MAX || value_number(text) == 0) {
		return refuse(bad, "must be an id of at most 18 digits, or none");
	}
	return 0;
}

static int check_number(const char *text, int64_t least, const struct bad *bad)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || text[digits] != '\0' || digits > 10 || value_number(text) < least ||
	    value_number(text) > NUMBER_MAX) {
		return refuse(bad, least == 0 ? "must be a whole number from 0 to 1000000000"
					      : "must be a whole number from 1 to 1000000000");
	}
	return 0;
}

static int check_typed(enum value_type type, const char *text, const struct bad *bad)
{
	int value;

	switch (type) {
	case VALUE_PATH:
		if (*text == '\0') {
			return refuse(bad, "is empty");
		}
		return strlen(text) > PATH_MAX_BYTES ? refuse(bad, "is too long") : 0;
	case VALUE_PATH_OR_NONE:
		return strlen(text) > PATH_MAX_BYTES ? refuse(bad, "is too long") : 0;
	case VALUE_LISTEN:
		return check_listen(text, bad);
	case VALUE_LEVEL:
		return names_value(levels, ARRAY_LEN(levels), text, &value) < 0
			       ? refuse(bad, "must be debug, info, warn or error")
			       : 0;
	case VALUE_YES_NO:
		return names_value(yes_no, ARRAY_LEN(yes_no), text, &value) < 0
			       ? refuse(bad, "must be yes or no")
			       : 0;
	case VALUE_HTTP_URL:
		return check_url(text, "https://", "http://", false, bad);
	case VALUE_WS_URL:
		return *text != '\0' ? check_url(text, "wss://", "ws://", false, bad) : 0;
	case VALUE_PROXY_URL:
		return *text != '\0' ? check_url(text, "https://", "http://", true, bad) : 0;
	case VALUE_WORD:
		return strlen(text) > WORD_MAX_BYTES ? refuse(bad, "is too long") : 0;
	case VALUE_JID:
		return *text != '\0' ? check_jid(text, bad) : 0;
	case VALUE_NUMBER:
		return check_number(text, 1, bad);
	case VALUE_NUMBER_OR_0:
		return check_number(text, 0, bad);
	case VALUE_ID_OR_NONE:
		return *text != '\0' ? check_id(text, bad) : 0;
	case VALUE_LOCAL_URL:
		return check_local_url(text, bad);
	case VALUE_PLACE:
		return check_place(text, bad);
	}
	return refuse(bad, "has no type");
}

int value_check(enum value_type type, const char *name, const char *text, enum err_kind kind,
		struct err *err)
{
	/* a password typed at the wrong place must not come back in a log */
	bool showable = !log_looks_secret(text) && strstr(text, "@") == NULL && !has_control(text);
	struct bad bad = {.name = name, .text = showable ? text : NULL, .kind = kind, .err = err};

	if (has_control(text)) {
		return refuse(&bad, "has a line break or another control character in it");
	}
	if (log_looks_secret(text)) {
		return refuse(&bad, "looks like a token; secrets are given by place only: "
				    "file:/PATH, env:NAME or credential:NAME");
	}
	return check_typed(type, text, &bad);
}

const char *value_placeholder(enum value_type type)
{
	switch (type) {
	case VALUE_PATH:
	case VALUE_PATH_OR_NONE:
		return " FILE";
	case VALUE_LISTEN:
		return " HOST:PORT";
	case VALUE_LEVEL:
		return " LEVEL";
	case VALUE_YES_NO:
		return "";
	case VALUE_HTTP_URL:
	case VALUE_WS_URL:
	case VALUE_PROXY_URL:
	case VALUE_LOCAL_URL:
		return " URL";
	case VALUE_WORD:
		return " ID";
	case VALUE_JID:
		return " ADDRESS";
	case VALUE_NUMBER:
	case VALUE_NUMBER_OR_0:
		return " N";
	case VALUE_ID_OR_NONE:
		return " ID";
	case VALUE_PLACE:
		return " PLACE";
	}
	return "";
}
