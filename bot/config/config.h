/* config.h - settings of the program: a table of key, type, default, limits, help
 *
 * Each setting is a flag (--ocean-url), an environment variable (SLUICE_OCEAN_URL) and, where its row says so, a key of
 * `settings:` in the policy file; a flag wins over the environment, the environment over the file. An unknown flag is an
 * error with a "did you mean". Secrets are given by place only: file:, env:, credential:.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

enum config_key {
	CONFIG_POLICY,    /* --policy: path, default policy.yaml */
	CONFIG_STATE,     /* --state: path of the database, default sluice.db */
	CONFIG_LISTEN,    /* --listen: address for health and metrics; empty: none */
	CONFIG_LOG,       /* --log: debug info warn error */
	CONFIG_LOG_JSON,  /* --log-json */
	CONFIG_OCEAN_URL, /* --ocean-url */
	CONFIG_OCEAN_PER_MINUTE, /* --ocean-per-minute: requests of a token; raised by DigitalOcean on request */
	CONFIG_OAUTH_URL,  /* --oauth-url */
	CONFIG_LIST_AGE,   /* --list-age: ms, how old the list of droplets may be for a read */
	CONFIG_CA_FILE,    /* --ca-file: for every TLS connection */
	CONFIG_PROXY,      /* --proxy */
	CONFIG_CONSOLE,    /* --console: speak in this terminal */
	CONFIG_CONSOLE_AS, /* --console-as: the user id that the terminal speaks as */
	CONFIG_CONSOLE_IN, /* --console-in: the channel id in which it stands; "direct" */
	CONFIG_CONSOLE_WORKSPACE, /* --console-workspace */
	CONFIG_XMPP_URL,          /* --xmpp-url: wss://chat.example/xmpp-websocket */
	CONFIG_XMPP_JID,          /* --xmpp-jid: sluice@chat.example */
	CONFIG_XMPP_PASSWORD,     /* --xmpp-password: a place */
	CONFIG_XMPP_NICK,         /* --xmpp-nick: name in rooms, default sluice */
	CONFIG_SLACK_APP_TOKEN,   /* --slack-app-token: a place */
	CONFIG_SLACK_BOT_TOKEN,   /* --slack-bot-token: a place */
	CONFIG_SLACK_TEAM,        /* --slack-team: which of the policy's workspaces */
	CONFIG_SLACK_LINES,       /* --slack-connections: kept open at once */
	CONFIG_SLACK_PACE,        /* --slack-pace: ms between two messages in a channel */
	CONFIG_SLACK_API_URL,     /* --slack-api-url */
	CONFIG_STAY_REFUSED,      /* --stay-refused */
	CONFIG_KEEP_DAYS,         /* --keep-days: ended requests older than that go */
	CONFIG_KEEP_REQUESTS,     /* --keep-requests: more than that many of them do not stay */
	CONFIG_AUDIT_ROWS, /* --audit-rows: in the database; older ones go into closed files */
	CONFIG_AUDIT_MIB,  /* --audit-mib: what the closed files may have */
	CONFIG_STATE_MIB,  /* --state-mib: what the database may have */
	CONFIG_OWN_DROPLET, /* --own-droplet: id of the droplet that this runs on; none; empty: asked for */
	CONFIG_METADATA_URL,  /* --metadata-url: where that is asked */
	CONFIG_CHART_PROGRAM, /* --chart-program */
	CONFIG_COUNT,
};

struct config;

struct config *config_new(void); /* the defaults */
void config_free(struct config *config);

/*
 * argv[0] is the (sub)command's name and is passed over. Reads `--x value` and `--x=value` until the first word that is no flag;
 * *ret_rest is its index (argc: there is none). `--` ends the flags. -1: ERR_USAGE.
 */
int config_flags(struct config *config, int argc, char **argv, int *ret_rest, struct err *err);
/* SLUICE_X of each row; an empty variable counts as not set. -1: ERR_CONFIG. */
int config_environment(struct config *config, struct err *err);
/* A key of the policy's `settings:`; used only where neither flag nor environment spoke. -1: ERR_CONFIG. */
int config_file(struct config *config, const char *key, const char *value, struct err *err);
/* Every key that `settings:` may have, in order; NULL after the last. */
const char *config_file_key(size_t i);

const char *config_text(const struct config *config,
			enum config_key key); /* never NULL; "" when not set */
bool config_flag(const struct config *config, enum config_key key);
int64_t config_number(const struct config *config, enum config_key key);

void config_help(struct strbuf *out); /* the table, for --help */

#endif
