/* jid.c - XMPP addresses, prepared by libidn (the only file with its header) */
#include "adapters/xmpp/jid.h"

#include <stdbool.h>
#include <string.h>
#include <stringprep.h>

/* Prepared text may grow; libidn wants the room to do so in place. */
#define PREP_SIZE 1024

static bool is_plain(const char *part, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = part[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '-' || c == '.' || c == '_')) {
			return false;
		}
	}
	return true;
}

/*
 * Of letters, digits, '-', '.' and '_' all three profiles say the same: capitals are folded (resourceprep keeps them, RFC
 * 3920 appendix B), nothing else changes. Nearly every address is of these, and the tables stay out of memory.
 */
static void copy_plain(const char *part, size_t len, bool fold, char *ret)
{
	for (size_t i = 0; i < len; i++) {
		char c = part[i];

		ret[i] = fold && c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	ret[len] = '\0';
}

static int prepare(const char *part, size_t len, Stringprep_profile_flags flags,
		   const Stringprep_profile *profile, char *ret, size_t max)
{
	char once[PREP_SIZE];
	char twice[PREP_SIZE];

	if (len == 0 || len > max) {
		return -1;
	}
	if (is_plain(part, len)) {
		copy_plain(part, len, profile != stringprep_xmpp_resourceprep, ret);
		return 0;
	}
	memcpy(once, part, len);
	once[len] = '\0';
	if (stringprep(once, sizeof(once), flags, profile) != STRINGPREP_OK || once[0] == '\0' ||
	    strlen(once) > max) {
		return -1;
	}
	/* Preparing a prepared name must change nothing, or one account could pass for another. */
	memcpy(twice, once, sizeof(once));
	if (stringprep(twice, sizeof(twice), flags, profile) != STRINGPREP_OK ||
	    strcmp(once, twice) != 0) {
		return -1;
	}
	memcpy(ret, once, strlen(once) + 1);
	return 0;
}

static int prepare_domain(const char *part, size_t len, char *ret)
{
	if (len > 0 && part[len - 1] == '.') {
		len--;
	}
	if (prepare(part, len, STRINGPREP_NO_UNASSIGNED, stringprep_nameprep, ret, CHAT_ID_MAX) !=
	    0) {
		return -1;
	}
	/* nameprep lets ASCII through that no host has; these would end a JID or an attribute early */
	return strpbrk(ret, " @/<>&\"'\t\r\n") == NULL ? 0 : -1;
}

int jid_parse(const char *text, struct jid *ret, struct err *err)
{
	struct jid jid = {0};
	const char *slash = strchr(text, '/');
	size_t bare_len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	const char *at = memchr(text, '@', bare_len);
	const char *domain = at != NULL ? at + 1 : text;
	size_t node_len, domain_len;

	if (at != NULL && prepare(text, (size_t)(at - text), STRINGPREP_NO_UNASSIGNED,
				  stringprep_xmpp_nodeprep, jid.node, CHAT_ID_MAX) != 0) {
		goto bad;
	}
	if (prepare_domain(domain, bare_len - (size_t)(domain - text), jid.domain) != 0) {
		goto bad;
	}
	if (slash != NULL && jid_prepare_nick(slash + 1, jid.resource, NULL) != 0) {
		goto bad;
	}
	node_len = strlen(jid.node);
	domain_len = strlen(jid.domain);
	if (node_len + 1 + domain_len > CHAT_ID_MAX) {
		goto bad;
	}
	if (node_len > 0) {
		memcpy(jid.bare, jid.node, node_len);
		jid.bare[node_len] = '@';
		node_len++;
	}
	memcpy(jid.bare + node_len, jid.domain, domain_len + 1);
	*ret = jid;
	return 0;
bad:
	return err_set(err, ERR_USAGE, "\"%.80s\" is no XMPP address that can be used", text);
}

int jid_prepare_nick(const char *text, char ret[JID_RESOURCE_MAX + 1], struct err *err)
{
	/* Letters newer than the tables (emoji) are fine here: a nick is never an identity. */
	if (prepare(text, strlen(text), 0, stringprep_xmpp_resourceprep, ret, JID_RESOURCE_MAX) !=
	    0) {
		return err_set(err, ERR_USAGE, "\"%.80s\" cannot be a name in a room", text);
	}
	return 0;
}
