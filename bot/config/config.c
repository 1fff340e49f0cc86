/* config.c - the table of settings, and the three places where a setting comes from */
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/names.h"
#include "config/value.h"

/* Who spoke last about a setting; a higher one is not overruled by a lower one, in whatever order they are read. */
enum source { FROM_DEFAULT = 0, FROM_FILE, FROM_ENVIRONMENT, FROM_FLAG };

struct row {
	const char *key; /* "ocean-url": the flag without its dashes */
	enum value_type type;
	const char *fallback;
	bool in_file; /* may stand under `settings:` in the policy file */
	const char *help;
};

static const struct row rows[CONFIG_COUNT] = {
	[CONFIG_POLICY] = {"policy", VALUE_PATH, "policy.yaml", false, "the policy file"},
	[CONFIG_STATE] = {"state", VALUE_PATH, "sluice.db", true,
			  "the database: jobs and the audit log"},
	[CONFIG_LISTEN] = {"listen", VALUE_LISTEN, "", true,
			   "where /healthz and /metrics answer; empty: nowhere"},
	[CONFIG_LOG] = {"log", VALUE_LEVEL, "info", true,
			"least that is logged: debug, info, warn or error"},
	[CONFIG_LOG_JSON] = {"log-json", VALUE_YES_NO, "no", false, "log lines as JSON"},
	[CONFIG_OCEAN_URL] = {"ocean-url", VALUE_HTTP_URL, "https://api.digitalocean.com", false,
			      "DigitalOcean's address"},
	[CONFIG_OAUTH_URL] = {"oauth-url", VALUE_HTTP_URL, "", false,
			      "its OAuth; empty: its own, or /v1/oauth there"},
	[CONFIG_OCEAN_PER_MINUTE] =
		{"ocean-per-minute", VALUE_NUMBER, "250", false,
		 "requests a minute by token; more only if DigitalOcean raised it"},
	[CONFIG_LIST_AGE] = {"list-age", VALUE_NUMBER_OR_0, "3000", false,
			     "ms: how old a list may be for a read; 0: begun since"},
	[CONFIG_CA_FILE] = {"ca-file", VALUE_PATH_OR_NONE, "", false,
			    "trust these certificates instead of the system's"},
	[CONFIG_PROXY] = {"proxy", VALUE_PROXY_URL, "", false, "go out through this HTTP proxy"},
	[CONFIG_CONSOLE] = {"console", VALUE_YES_NO, "no", false, "speak in this terminal"},
	[CONFIG_CONSOLE_AS] = {"console-as", VALUE_WORD, "", false,
			       "the user id that the terminal speaks as"},
	[CONFIG_CONSOLE_IN] = {"console-in", VALUE_WORD, "direct", false,
			       "the channel id in which the terminal stands"},
	[CONFIG_CONSOLE_WORKSPACE] = {"console-workspace", VALUE_WORD, "terminal", false,
				      "the workspace id of the terminal"},
	[CONFIG_XMPP_URL] = {"xmpp-url", VALUE_WS_URL, "", false,
			     "the XMPP server: wss://HOST/xmpp-websocket"},
	[CONFIG_XMPP_JID] = {"xmpp-jid", VALUE_JID, "", false,
			     "the bot's own address: sluice@HOST"},
	[CONFIG_XMPP_PASSWORD] = {"xmpp-password", VALUE_PLACE, "", false,
				  "where its password is: file:, env: or credential:"},
	[CONFIG_XMPP_NICK] = {"xmpp-nick", VALUE_WORD, "sluice", false, "its name in rooms"},
	[CONFIG_SLACK_APP_TOKEN] = {"slack-app-token", VALUE_PLACE, "", false,
				    "where Slack's app token (xapp-) is"},
	[CONFIG_SLACK_BOT_TOKEN] = {"slack-bot-token", VALUE_PLACE, "", false,
				    "where Slack's bot token (xoxb-) is"},
	[CONFIG_SLACK_TEAM] = {"slack-team", VALUE_WORD, "", false,
			       "the Slack workspace, where the policy has several"},
	[CONFIG_SLACK_LINES] = {"slack-connections", VALUE_NUMBER, "1", false,
				"connections to Slack kept open: 1 or 2"},
	[CONFIG_SLACK_PACE] = {"slack-pace", VALUE_NUMBER_OR_0, "1000", false,
			       "ms between two messages in a channel: Slack takes one a second"},
	[CONFIG_SLACK_API_URL] = {"slack-api-url", VALUE_HTTP_URL, "https://slack.com/api", false,
				  "the address of Slack's Web API"},
	[CONFIG_STAY_REFUSED] = {"stay-refused", VALUE_YES_NO, "no", false,
				 "every network refused: stay, with /healthz red, and do not end"},
	[CONFIG_KEEP_DAYS] = {"keep-days", VALUE_NUMBER, "90", false,
			      "requests that ended longer ago are dropped"},
	[CONFIG_KEEP_REQUESTS] = {"keep-requests", VALUE_NUMBER, "100000", false,
				  "of those that ended, at most so many are kept"},
	[CONFIG_AUDIT_ROWS] = {"audit-rows", VALUE_NUMBER, "100000", false,
			       "rows of the audit log in the database; older ones: files"},
	[CONFIG_AUDIT_MIB] = {"audit-mib", VALUE_NUMBER, "4096", false,
			      "space for those files, in MiB"},
	[CONFIG_STATE_MIB] = {"state-mib", VALUE_NUMBER, "1024", false,
			      "space for the database, in MiB"},
	[CONFIG_OWN_DROPLET] = {"own-droplet", VALUE_ID_OR_NONE, "", false,
				"id of the droplet that the bot runs on, or none"},
	[CONFIG_METADATA_URL] = {"metadata-url", VALUE_LOCAL_URL,
				 "http://169.254.169.254/metadata/v1/id", false,
				 "where that id is asked for"},
	[CONFIG_CHART_PROGRAM] = {"chart-program", VALUE_PATH_OR_NONE, "", false,
				  "draws charts; empty: sluice-chart beside sluice"},
};

struct setting {
	char *text;
	enum source source;
};

struct config {
	struct setting settings[CONFIG_COUNT];
};

struct config *config_new(void)
{
	struct config *config = mem_alloc(sizeof(*config));

	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		config->settings[i].text = mem_strdup(rows[i].fallback);
	}
	return config;
}

void config_free(struct config *config)
{
	if (config == NULL) {
		return;
	}
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		free(config->settings[i].text);
	}
	free(config);
}

/* `name` is the setting as the person wrote it: --log, SLUICE_LOG, settings.log. Also what is overruled is checked. */
static int set(struct config *config, size_t key, enum source source, const char *name,
	       const char *text, struct err *err)
{
	struct setting *setting = &config->settings[key];
	enum err_kind kind = source == FROM_FLAG ? ERR_USAGE : ERR_CONFIG;

	if (value_check(rows[key].type, name, text, kind, err) < 0) {
		return -1;
	}
	if (source < setting->source) {
		return 0;
	}
	free(setting->text);
	if (rows[key].type == VALUE_YES_NO) {
		text = value_is_yes(text) ? "yes" : "no";
	}
	setting->text = mem_strdup(text);
	setting->source = source;
	return 0;
}

/* ---- flags ------------------------------------------------------------------------------- */

static int unknown_flag(const char *name, size_t len, struct err *err)
{
	char word[40] = "";
	size_t best = 3; /* one more than what still counts as a slip */
	const char *near = NULL;

	/* the value behind "=" is never shown: it may be a token at the wrong place */
	if (len >= sizeof(word)) {
		return err_set(err, ERR_USAGE, "unknown flag");
	}
	memcpy(word, name, len);
	word[len] = '\0';
	if (log_looks_secret(word)) {
		return err_set(err, ERR_USAGE, "unknown flag");
	}
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		size_t distance = names_distance(word, rows[i].key, best - 1);

		if (distance < best) {
			best = distance;
			near = rows[i].key;
		}
	}
	if (near != NULL) {
		return err_set(err, ERR_USAGE, "unknown flag \"--%s\"; did you mean \"--%s\"?",
			       word, near);
	}
	return err_set(err, ERR_USAGE, "unknown flag \"--%s\"; see --help", word);
}

static size_t find_flag(const char *name, size_t len)
{
	size_t i = 0;

	while (i < CONFIG_COUNT &&
	       (strncmp(rows[i].key, name, len) != 0 || rows[i].key[len] != '\0')) {
		i++;
	}
	return i;
}

/* The flag at argv[*i], with its value in the same word or in the next, where *i then stands. */
static int take_flag(struct config *config, int argc, char **argv, int *i, struct err *err)
{
	const char *name = argv[*i] + 2;
	size_t len = strcspn(name, "=");
	size_t key = find_flag(name, len);
	const char *text = name[len] == '=' ? name + len + 1 : NULL;
	char flag[48];

	if (key == CONFIG_COUNT) {
		return unknown_flag(name, len, err);
	}
	(void)snprintf(flag, sizeof(flag), "--%s", rows[key].key);
	if (text == NULL && rows[key].type == VALUE_YES_NO) {
		text = "yes";
	} else if (text == NULL) {
		/* "--state --listen :80" is a forgotten value and no file named "--listen" */
		if (*i + 1 >= argc || strncmp(argv[*i + 1], "--", 2) == 0) {
			return err_set(err, ERR_USAGE, "flag \"%s\" needs a value: %s", flag,
				       rows[key].help);
		}
		text = argv[++*i];
	}
	return set(config, key, FROM_FLAG, flag, text, err);
}

int config_flags(struct config *config, int argc, char **argv, int *ret_rest, struct err *err)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
		if (argv[i][1] != '-') {
			return err_set(err, ERR_USAGE,
				       "unknown flag \"%.40s\"; flags start with two dashes",
				       log_looks_secret(argv[i]) ? "-" : argv[i]);
		}
		if (argv[i][2] == '\0') {
			i++; /* "--": what follows are words */
			break;
		}
		if (take_flag(config, argc, argv, &i, err) < 0) {
			return -1;
		}
	}
	*ret_rest = i < argc ? i : argc;
	return 0;
}

/* ---- environment and file ---------------------------------------------------------------- */

static void variable_name(const char *key, char *name, size_t size)
{
	(void)snprintf(name, size, "SLUICE_%s", key);
	for (char *c = name; *c != '\0'; c++) {
		if (*c >= 'a' && *c <= 'z') {
			*c = (char)(*c - 'a' + 'A');
		} else if (*c == '-') {
			*c = '_';
		}
	}
}

int config_environment(struct config *config, struct err *err)
{
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		char name[48];
		const char *text;

		variable_name(rows[i].key, name, sizeof(name));
		text = getenv(name);
		/* an empty variable is how compose files and shells write "not set" */
		if (text != NULL && *text != '\0' &&
		    set(config, i, FROM_ENVIRONMENT, name, text, err) < 0) {
			return -1;
		}
	}
	return 0;
}

int config_file(struct config *config, const char *key, const char *value, struct err *err)
{
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		if (rows[i].in_file && strcmp(rows[i].key, key) == 0) {
			char name[48];

			(void)snprintf(name, sizeof(name), "settings.%s", key);
			return set(config, i, FROM_FILE, name, value, err);
		}
	}
	return err_set(err, ERR_CONFIG, "unknown setting \"%.60s\"", key);
}

const char *config_file_key(size_t i)
{
	for (size_t key = 0; key < CONFIG_COUNT; key++) {
		if (rows[key].in_file && i-- == 0) {
			return rows[key].key;
		}
	}
	return NULL;
}

/* ---- answers ----------------------------------------------------------------------------- */

const char *config_text(const struct config *config, enum config_key key)
{
	return config->settings[key].text;
}

bool config_flag(const struct config *config, enum config_key key)
{
	return value_is_yes(config->settings[key].text);
}

int64_t config_number(const struct config *config, enum config_key key)
{
	return value_number(config->settings[key].text);
}

void config_help(struct strbuf *out)
{
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		char flag[64];

		(void)snprintf(flag, sizeof(flag), "--%s%s", rows[i].key,
			       value_placeholder(rows[i].type));
		(void)strbuf_addf(out, "  %-27s  %s", flag, rows[i].help);
		if (rows[i].fallback[0] != '\0' && rows[i].type != VALUE_YES_NO) {
			(void)strbuf_addf(out, " (%s)", rows[i].fallback);
		}
		(void)strbuf_addch(out, '\n');
	}
	(void)strbuf_adds(out, "\nEach is also a variable: --ocean-url is SLUICE_OCEAN_URL. "
			       "A flag wins over the variable.\n");
	(void)strbuf_adds(out, "Under settings: in the policy file, where neither spoke:");
	for (size_t i = 0; config_file_key(i) != NULL; i++) {
		(void)strbuf_addf(out, "%s %s", i > 0 ? "," : "", config_file_key(i));
	}
	(void)strbuf_adds(out, ".\n");
}
