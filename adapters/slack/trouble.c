/* trouble.c - Slack's words for what is wrong, one row each; a word that is not here is an answer that says no */
#include "adapters/slack/trouble.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"

static const struct row {
	const char *code;
	enum err_kind kind;
	bool fatal;
	const char *why; /* fit to stand behind "Slack refused: "; %s is not read */
} rows[] = {
	{"invalid_auth", ERR_CONFIG, true,
	 "Slack does not know the token; make a new one and give it"},
	{"not_authed", ERR_CONFIG, true, "Slack got no token; give it again"},
	{"token_revoked", ERR_CONFIG, true,
	 "the token was revoked; install the app again and give the new one"},
	{"token_expired", ERR_CONFIG, true,
	 "the token has expired; turn token rotation off in the app and give a new one"},
	{"account_inactive", ERR_CONFIG, true,
	 "the app was removed from the workspace; install it again and give the new token"},
	{"user_removed_from_team", ERR_CONFIG, true,
	 "the bot was removed from the workspace; install the app again"},
	{"team_disabled", ERR_CONFIG, true, "the workspace is disabled"},
	{"forbidden_team", ERR_CONFIG, true, "the app may not be used in this workspace"},
	{"link_disabled", ERR_CONFIG, true,
	 "Socket Mode is turned off; turn it on in the app's settings"},
	{"org_login_required", ERR_CONFIG, true,
	 "the workspace moved into an organization; install the app again"},
	{"not_allowed_token_type", ERR_CONFIG, true,
	 "this is the other kind of token; the app token begins with xapp-, the bot token with "
	 "xoxb-"},
	{"not_in_channel", ERR_NOTFOUND, false,
	 "not in that channel, nothing was said; write \"/invite @sluice\" there"},
	{"user_not_in_channel", ERR_NOTFOUND, false,
	 "that person is not in the channel, nothing was said"},
	{"channel_not_found", ERR_NOTFOUND, false,
	 "no such channel, or a private one without the bot, nothing was said; write \"/invite "
	 "@sluice\" there"},
	{"is_archived", ERR_REMOTE, false, "that channel is archived, nothing was said"},
	{"user_not_found", ERR_NOTFOUND, false, "nobody has this id, nothing was said"},
	{"users_not_found", ERR_NOTFOUND, false, "nobody has this id, nothing was said"},
	{"user_disabled", ERR_NOTFOUND, false, "that account is deactivated, nothing was said"},
	{"cannot_dm_bot", ERR_REMOTE, false, "bots read no direct messages, nothing was said"},
	{"message_not_found", ERR_NOTFOUND, false, "the message to edit is gone"},
	{"cant_update_message", ERR_NOTFOUND, false, "the message to edit is not ours"},
	{"edit_window_closed", ERR_NOTFOUND, false, "the message is too old to be edited"},
	{"thread_not_found", ERR_NOTFOUND, false, "the thread is gone, nothing was said"},
	{"restricted_action", ERR_REMOTE, false,
	 "the workspace does not let the app post there, nothing was said"},
	{"restricted_action_read_only_channel", ERR_REMOTE, false,
	 "that channel is read-only, nothing was said"},
	{"msg_too_long", ERR_LIMIT, false, "too long for Slack, nothing was said"},
	{"msg_blocks_too_long", ERR_LIMIT, false, "too long for Slack, nothing was said"},
	{"invalid_blocks", ERR_REMOTE, false, "Slack did not like its form, nothing was said"},
	{"invalid_blocks_format", ERR_REMOTE, false,
	 "Slack did not like its form, nothing was said"},
	{"only_one_table_allowed", ERR_REMOTE, false,
	 "Slack takes one table in a message, nothing was said"},
	{"no_text", ERR_REMOTE, false, "it had no words, nothing was said"},
	{"ratelimited", ERR_LIMIT, false, "too fast for Slack, nothing was said"},
	{"rate_limited", ERR_LIMIT, false, "too fast for Slack, nothing was said"},
	{"message_limit_exceeded", ERR_LIMIT, false,
	 "the workspace's limit of messages is reached"},
	{"no_such_subteam", ERR_NOTFOUND, false, "no such user group"},
	{"internal_error", ERR_NETWORK, false, "Slack had an error of its own"},
	{"fatal_error", ERR_NETWORK, false, "Slack had an error of its own"},
	{"service_unavailable", ERR_NETWORK, false, "Slack is not available"},
	{"request_timeout", ERR_NETWORK, false, "Slack did not read the request in time"},
	{"team_added_to_org", ERR_NETWORK, false, "the workspace is being moved, try later"},
};

/* Slack's word and no more: it goes into a sentence. */
static void keep_word(const char *from, char *to, size_t size)
{
	size_t n = 0;

	for (; *from != '\0' && n + 1 < size; from++) {
		if ((*from >= 'a' && *from <= 'z') || (*from >= '0' && *from <= '9') ||
		    *from == '_' || *from == ':' || *from == '.' || *from == ',') {
			to[n++] = *from;
		}
	}
	to[n] = '\0';
}

void trouble_of_code(const char *method, const char *code, const char *needed,
		     struct trouble *ret_trouble)
{
	char scope[80];

	memset(ret_trouble, 0, sizeof(*ret_trouble));
	keep_word(code, ret_trouble->code, sizeof(ret_trouble->code));
	code = ret_trouble->code;
	if (strcmp(code, "missing_scope") == 0) {
		keep_word(needed != NULL ? needed : "", scope, sizeof(scope));
		(void)err_set(&ret_trouble->err, ERR_CONFIG,
			      "the Slack app lacks the scope \"%s\" for %s; add it and install the "
			      "app again",
			      scope[0] != '\0' ? scope : "?", method);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].code, code) == 0) {
			(void)err_set(&ret_trouble->err, rows[i].kind, "%s", rows[i].why);
			ret_trouble->fatal = rows[i].fatal;
			return;
		}
	}
	(void)err_set(&ret_trouble->err, ERR_REMOTE, "Slack refused %s: \"%s\"", method,
		      code[0] != '\0' ? code : "no reason given");
}
