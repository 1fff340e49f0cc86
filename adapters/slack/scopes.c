/* scopes.c - the scopes of the bot's token, and which of them are missing; pure */
#include "adapters/slack/scopes.h"

#include <string.h>

#include "base/attr.h"

static const struct slack_scope scopes[] = {
	{"commands", "the slash command, and forms", true, false},
	{"chat:write", "answers, and edits of them", true, true},
	{"im:write", "codes and approvals are asked in a direct message", true, false},
	{"files:write", "charts, and answers that are too long", true, false},
	{"users:read", "who is a guest, from outside, or gone", true, false},
	{"usergroups:read", "groups that the policy takes from Slack", true, false},
	{"channels:read", "is the bot in the channels of the policy, and who shares them", false,
	 false},
	{"groups:read", "the same for private channels", false, false},
	{"app_mentions:read", "@sluice status", false, false},
	{"im:history", "what people write to the bot in a direct message", false, false},
};

const struct slack_scope *slack_scopes(size_t *ret_n)
{
	*ret_n = ARRAY_LEN(scopes);
	return scopes;
}

static bool holds(const char *held, const char *scope)
{
	size_t len = strlen(scope);

	while (*held != '\0') {
		size_t n;

		held += strspn(held, ", ");
		n = strcspn(held, ", ");
		if (n == len && strncmp(held, scope, n) == 0) {
			return true;
		}
		held += n;
	}
	return false;
}

static bool is_minimal(const char *held)
{
	for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
		if (!scopes[i].minimal && holds(held, scopes[i].scope)) {
			return false;
		}
	}
	return true;
}

bool slack_scopes_missing(const char *held, struct strbuf *out)
{
	bool minimal = is_minimal(held);
	bool vital = false;
	size_t n = 0;

	for (size_t i = 0; *held != '\0' && i < ARRAY_LEN(scopes); i++) {
		if ((minimal && !scopes[i].minimal) || holds(held, scopes[i].scope)) {
			continue;
		}
		(void)strbuf_addf(out, "%s%s", n++ == 0 ? "The Slack app lacks the scopes " : ", ",
				  scopes[i].scope);
		vital = vital || scopes[i].vital;
	}
	if (n > 0) {
		(void)strbuf_adds(out, ". Add them under OAuth & Permissions and install the app "
				       "again; sluice slack manifest says what each is for.");
	}
	return vital;
}
