/* chats.c - opens the chat networks that the settings name */
#include "cli/chats.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "adapters/adapters.h"
#include "base/attr.h"
#include "base/secret.h"
#include "policy/decide.h"

static const char *text_or_null(const struct config *config, enum config_key key)
{
	const char *text = config_text(config, key);

	return *text != '\0' ? text : NULL;
}

static struct chat *open_console(const struct chats_wanted *wanted, const char **ret_fix,
				 struct err *err)
{
	const struct config *config = wanted->config;
	const char *in = config_text(config, CONFIG_CONSOLE_IN);
	struct console_options console = {
		.workspace = config_text(config, CONFIG_CONSOLE_WORKSPACE),
		.user = config_text(config, CONFIG_CONSOLE_AS),
		.channel = in,
		.direct = strcmp(in, "direct") == 0,
		.in_fd = wanted->options->in_fd,
		.out_fd = STDOUT_FILENO,
		.colour = isatty(STDOUT_FILENO) == 1,
		.free_speech = wanted->options->free_speech,
		.paced = wanted->options->paced,
		.on_end = wanted->terminal_ended,
		.is_known = wanted->is_known,
		.data = wanted->data,
	};

	(void)ret_fix;
	return console_open(wanted->loop, &console, err);
}

const char *chats_terminal_unknown(const struct policy *policy, const struct config *config,
				   struct arena *arena, const char **ret_fix)
{
	const char *workspace = config_text(config, CONFIG_CONSOLE_WORKSPACE);
	const char *user = config_text(config, CONFIG_CONSOLE_AS);
	const char *in = config_text(config, CONFIG_CONSOLE_IN);
	bool direct = strcmp(in, "direct") == 0;
	const struct policy_asker asker =
		policy_asker(policy, "console", workspace, user, workspace, in, direct);
	const char *term = policy_workspace_name(policy, "console", workspace);

	if (term == NULL) {
		*ret_fix = arena_printf(arena, "a line under workspaces:  term: {console: %s}",
					workspace);
		return arena_printf(arena, "the policy does not list this terminal (%s)",
				    workspace);
	}
	if (*user == '\0') {
		*ret_fix = "--console-as ID, as it stands under people:";
		return "--console-as is not given: who types here is a stranger";
	}
	if (policy_person_name(&asker) == NULL) {
		*ret_fix =
			arena_printf(arena, "a line under people:  NAME: {%s: \"%s\"}", term, user);
		return arena_printf(arena,
				    "--console-as %s: the policy knows nobody by that, so who "
				    "types here is a stranger",
				    user);
	}
	if (policy_channel_name(&asker) == NULL) {
		*ret_fix = arena_printf(arena, "%s/%s under at: of a channel", term, in);
		return arena_printf(
			arena, "--console-in %s: the policy has no such place, so nothing runs",
			in);
	}
	return NULL;
}

/* Which setting it is stands first: the place alone does not say what it was for. */
static struct secret *named(struct secret *secret, const char *flag, const char *place,
			    const char **ret_fix, struct err *err)
{
	if (secret == NULL && *place == '\0') {
		(void)err_set(err, ERR_CONFIG, "%s is missing", flag);
		*ret_fix = "say where it is: file:/PATH, env:NAME or credential:NAME";
	} else if (secret == NULL) {
		(void)err_prefix(err, "%s", flag);
		*ret_fix = "put it there, readable by the bot alone, or mend the setting";
	}
	return secret;
}

static struct chat *open_xmpp(const struct chats_wanted *wanted, const char **ret_fix,
			      struct err *err)
{
	const struct config *config = wanted->config;
	const char *place = config_text(config, CONFIG_XMPP_PASSWORD);
	struct secret *password =
		named(secret_load_phrase(place, err), "--xmpp-password", place, ret_fix, err);
	struct xmpp_options xmpp = {
		.url = config_text(config, CONFIG_XMPP_URL),
		.jid = config_text(config, CONFIG_XMPP_JID),
		.password = password,
		.nick = config_text(config, CONFIG_XMPP_NICK),
		.ca_file = text_or_null(config, CONFIG_CA_FILE),
	};

	return password != NULL ? xmpp_open(wanted->loop, &xmpp, err) : NULL;
}

/* The one that has channels in the policy; NULL: none, or several. */
static const char *slack_workspace(const struct policy *policy)
{
	const struct policy_channel *channels;
	size_t n = policy_channels(policy, &channels);
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(channels[i].network, "slack") != 0) {
			continue;
		}
		if (found != NULL && strcmp(found, channels[i].workspace) != 0) {
			return NULL;
		}
		found = channels[i].workspace;
	}
	return found;
}

static struct secret *slack_token(const struct config *config, enum config_key key,
				  const char *flag, const char **ret_fix, struct err *err)
{
	const char *place = config_text(config, key);
	struct secret *token = named(secret_load(place, err), flag, place, ret_fix, err);

	if (*place == '\0') {
		(void)err_prefix(err, "Slack needs two tokens");
	}
	return token;
}

static struct chat *open_slack(const struct chats_wanted *wanted, const char **ret_fix,
			       struct err *err)
{
	const struct config *config = wanted->config;
	struct slack_options slack = {
		.api_url = config_text(config, CONFIG_SLACK_API_URL),
		.workspace = text_or_null(config, CONFIG_SLACK_TEAM),
		.n_lines = (unsigned)config_number(config, CONFIG_SLACK_LINES),
		.pace_ms = config_number(config, CONFIG_SLACK_PACE),
		.ca_file = text_or_null(config, CONFIG_CA_FILE),
		.proxy = text_or_null(config, CONFIG_PROXY),
	};

	if (slack.workspace == NULL) {
		slack.workspace = slack_workspace(wanted->policy);
	}
	slack.app_token =
		slack_token(config, CONFIG_SLACK_APP_TOKEN, "--slack-app-token", ret_fix, err);
	if (slack.app_token != NULL) {
		slack.bot_token = slack_token(config, CONFIG_SLACK_BOT_TOKEN, "--slack-bot-token",
					      ret_fix, err);
	}
	if (slack.bot_token == NULL) {
		secret_free(slack.app_token);
		return NULL;
	}
	return slack_open(wanted->loop, &slack, err);
}

static bool wants_console(const struct config *config)
{
	return config_flag(config, CONFIG_CONSOLE);
}

static bool wants_xmpp(const struct config *config)
{
	return *config_text(config, CONFIG_XMPP_URL) != '\0';
}

static bool wants_slack(const struct config *config)
{
	return *config_text(config, CONFIG_SLACK_APP_TOKEN) != '\0' ||
	       *config_text(config, CONFIG_SLACK_BOT_TOKEN) != '\0';
}

static const struct {
	const char *name;
	bool (*wanted)(const struct config *config);
	struct chat *(*open)(const struct chats_wanted *wanted, const char **ret_fix,
			     struct err *err);
} networks[] = {
	{"console", wants_console, open_console},
	{"xmpp", wants_xmpp, open_xmpp},
	{"slack", wants_slack, open_slack},
};
_Static_assert(ARRAY_LEN(networks) == CHATS_NETWORKS, "the number stands in the header");

const char *chats_wanted_at(const struct config *config, size_t i)
{
	return i < ARRAY_LEN(networks) && networks[i].wanted(config) ? networks[i].name : NULL;
}

struct chat *chats_open_at(const struct chats_wanted *wanted, size_t i, const char **ret_fix,
			   struct err *err)
{
	*ret_fix = "mend the setting: sluice run --help";
	return networks[i].open(wanted, ret_fix, err);
}

int chats_open(const struct chats_wanted *wanted, struct chat **chats, size_t *ret_n,
	       struct chat **ret_console)
{
	for (size_t i = 0; i < CHATS_NETWORKS; i++) {
		struct err err = {0};
		const char *fix;
		struct chat *chat;

		if (!networks[i].wanted(wanted->config)) {
			continue;
		}
		chat = chats_open_at(wanted, i, &fix, &err);
		if (chat == NULL) {
			fprintf(stderr, "sluice: %s\ndo: %s\n", err.msg, fix);
			return -1;
		}
		if (i == 0) {
			*ret_console = chat;
		}
		chats[(*ret_n)++] = chat;
	}
	if (*ret_n == 0) {
		fputs("sluice: no chat to speak in; give --console, --xmpp-url or "
		      "--slack-app-token\n",
		      stderr);
		return -1;
	}
	return 0;
}
