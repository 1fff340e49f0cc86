/* networks.c - one row a network */
#include "policy/networks.h"

#include <string.h>

#include "base/attr.h"

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* One of `first`, then one or more of `rest`. */
static bool lettered(const char *text, const char *first, const char *rest)
{
	size_t len = strlen(text);

	return len >= 2 && strchr(first, text[0]) != NULL && strspn(text + 1, rest) == len - 1;
}

static bool whole(const char *text, const char *of)
{
	size_t len = strlen(text);

	return len > 0 && len <= 255 && strspn(text, of) == len;
}

static bool slack_team(const char *text)
{
	return lettered(text, "TE", UPPER DIGITS);
}

static bool slack_user(const char *text)
{
	return lettered(text, "UW", UPPER DIGITS);
}

static bool slack_channel(const char *text)
{
	return lettered(text, "CGD", UPPER DIGITS);
}

static bool slack_group(const char *text)
{
	return lettered(text, "S", UPPER DIGITS);
}

static bool snowflake(const char *text)
{
	return strlen(text) <= 20 && whole(text, DIGITS);
}

static bool mattermost_id(const char *text)
{
	return strlen(text) == 26 && whole(text, LOWER DIGITS);
}

static bool host(const char *text)
{
	return whole(text, UPPER LOWER DIGITS ".-:") && text[0] != '.' && text[0] != '-';
}

/* node@domain: no resource, nothing that RFC 7622 forbids in a node */
static bool bare_jid(const char *text)
{
	const char *at = strchr(text, '@');
	size_t node = at != NULL ? (size_t)(at - text) : 0;

	return node > 0 && strcspn(text, " \"&'/:<>") >= node && host(at + 1) &&
	       strchr(at, ':') == NULL;
}

static bool word(const char *text)
{
	return whole(text, UPPER LOWER DIGITS "._-");
}

static const struct network rows[] = {
	{"slack",
	 {slack_team, "T01ACME00"},
	 {slack_user, "U01ANA000"},
	 {slack_channel, "C01OPS000"},
	 "slack-group",
	 {slack_group, "S01SUPPRT"},
	 false},
	{"discord",
	 {snowflake, "900000000000000001"},
	 {snowflake, "700000000000000001"},
	 {snowflake, "800000000000000001"},
	 "discord-role",
	 {snowflake, "600000000000000001"},
	 false},
	{"mattermost",
	 {host, "chat.acme.example"},
	 {mattermost_id, "4xp9fdt77pncbef59f4k1qe83o"},
	 {mattermost_id, "jfqs6qk8ztn8jxnxkqd3h5cqsy"},
	 "mattermost-group",
	 {mattermost_id, "s9n1xk3pifyjfq8dkq7r5h5cbe"},
	 false},
	{"xmpp",
	 {host, "acme.example"},
	 {bare_jid, "ana@acme.example"},
	 {bare_jid, "ops@rooms.acme.example"},
	 NULL,
	 {NULL, NULL},
	 true},
	{"console", {word, "terminal"}, {word, "ana"}, {word, "ops"}, NULL, {NULL, NULL}, false},
};

const struct network *network_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].name, name) == 0) {
			return &rows[i];
		}
	}
	return NULL;
}

const struct network *network_at(size_t i)
{
	return i < ARRAY_LEN(rows) ? &rows[i] : NULL;
}
