/* chats.c - opens the chat networks that the settings name */
#include "cli/chats.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "adapters/adapters.h"
#include "base/attr.h"
#include "base/secret.h"

static const char *text_or_null(const struct config *config, enum config_key key)
{
	const char *text = config_text(config, key);

	return *text != '\0' ? text : NULL;
}

static struct chat *open_console(const struct chats_wanted *wanted, struct err *err)
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

	return console_open(wanted->loop, &console, err);
}

static struct chat *open_xmpp(const struct chats_wanted *wanted, struct err *err)
{
	const struct config *config = wanted->config;
	struct secret *password = secret_load(config_text(config, CONFIG_XMPP_PASSWORD), err);
	struct xmpp_options xmpp = {
		.url = config_text(config, CONFIG_XMPP_URL),
		.jid = config_text(config, CONFIG_XMPP_JID),
		.password = password,
		.nick = config_text(config, CONFIG_XMPP_NICK),
		.ca_file = text_or_null(config, CONFIG_CA_FILE),
	};

	if (password == NULL) {
		(void)err_prefix(err, "xmpp password");
		return NULL;
	}
	return xmpp_open(wanted->loop, &xmpp, err);
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
				  const char *name, struct err *err)
{
	struct secret *token;

	if (*config_text(config, key) == '\0') {
		(void)err_set(err, ERR_CONFIG,
			      "Slack needs two tokens: --slack-%s-token is missing", name);
		return NULL;
	}
	token = secret_load(config_text(config, key), err);
	if (token == NULL) {
		err_prefix(err, "slack %s token", name);
	}
	return token;
}

static struct chat *open_slack(const struct chats_wanted *wanted, struct err *err)
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
	slack.app_token = slack_token(config, CONFIG_SLACK_APP_TOKEN, "app", err);
	if (slack.app_token != NULL) {
		slack.bot_token = slack_token(config, CONFIG_SLACK_BOT_TOKEN, "bot", err);
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
	struct chat *(*open)(const struct chats_wanted *wanted, struct err *err);
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

struct chat *chats_open_at(const struct chats_wanted *wanted, size_t i, struct err *err)
{
	return networks[i].open(wanted, err);
}

int chats_open(const struct chats_wanted *wanted, struct chat **chats, size_t *ret_n,
	       struct chat **ret_console)
{
	for (size_t i = 0; i < CHATS_NETWORKS; i++) {
		struct err err = {0};
		struct chat *chat;

		if (!networks[i].wanted(wanted->config)) {
			continue;
		}
		chat = chats_open_at(wanted, i, &err);
		if (chat == NULL) {
			fprintf(stderr, "sluice: %s\n", err.msg);
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
