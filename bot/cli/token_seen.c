/* token_seen.c - what a token says of itself, held against what the policy needs */
#include "cli/token_seen.h"

#include <stdio.h>
#include <string.h>

#include "policy/scopes.h"

#define DAY_S (24 * 3600)

static bool has_word(const char *words, const char *word, size_t len)
{
	for (const char *at = words; (at = strstr(at, word)) != NULL; at += len) {
		if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0')) {
			return true;
		}
	}
	return false;
}

static bool covers(const char *words, const char *scope)
{
	const char *colon = strchr(scope, ':');

	return has_word(words, scope, strlen(scope)) || has_word(words, "write", 5) ||
	       (colon != NULL && strcmp(colon, ":read") == 0 && has_word(words, "read", 4));
}

static void add(char *buf, const char *word, const char *between)
{
	size_t len = strlen(buf);

	if (!has_word(buf, word, strlen(word))) {
		(void)snprintf(buf + len, TOKEN_SEEN_SIZE - len, "%s%s", len > 0 ? between : "",
			       word);
	}
}

const char *token_seen_missing(const struct policy *policy, const struct ocean_token_seen *seen,
			       char buf[TOKEN_SEEN_SIZE])
{
	struct scope_needs tiers[TIER_DESTROY + 1];

	buf[0] = '\0';
	if (seen->scope[0] == '\0') {
		return buf;
	}
	policy_scope_needs(policy, tiers);
	for (int tier = TIER_READ; tier <= TIER_DESTROY; tier++) {
		for (size_t i = 0; seen->serves[tier] && i < tiers[tier].n; i++) {
			if (!covers(seen->scope, tiers[tier].list[i])) {
				add(buf, tiers[tier].list[i], " ");
			}
		}
	}
	return buf;
}

int64_t token_seen_soon(const struct ocean_token_seen *seen)
{
	return !seen->refreshes && seen->left_s >= 0 &&
			       seen->left_s < (int64_t)TOKEN_SOON_DAYS * DAY_S
		       ? seen->left_s / DAY_S
		       : -1;
}

const char *token_seen_tiers(const struct ocean_token_seen *seen, char buf[TOKEN_SEEN_SIZE])
{
	static const char *const words[] = {
		[TIER_READ] = "read", [TIER_CHANGE] = "change", [TIER_DESTROY] = "destroy"};

	buf[0] = '\0';
	for (int tier = TIER_READ; tier <= TIER_DESTROY; tier++) {
		if (seen->serves[tier]) {
			add(buf, words[tier], "+");
		}
	}
	return buf;
}
