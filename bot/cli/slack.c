/* slack.c - `sluice slack manifest`: the app that a workspace makes for its bot, ready to paste or at one click
 *
 * Keys: the `Manifest` type of Slack's own @slack/web-api. Two tokens still have to be made by hand: a manifest can make
 * neither the one for the socket (xapp-) nor install the app (xoxb-).
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "adapters/slack/scopes.h"
#include "adapters/slack/slack.h"
#include "base/attr.h"
#include "cli/cli.h"
#include "command/form.h"

#define OUTPUT_MAX ((size_t)1 << 16)
/* Slack's limits: app name 35, display name 80, command 32, usage hint 1000 (it shows about 100) */
#define NAME_MAX_BYTES 35U
#define COMMAND_MAX_BYTES 32U
#define HINT_BYTES 100U

static const char create_url[] = "https://api.slack.com/apps?new_app=1&manifest_yaml=";

struct options {
	const char *name, *command;
	bool minimal, url;
};

/* A minimal one hears slash commands and buttons, and nothing that people write. adapters/slack/heard.c hears each of them. */
static const struct {
	const char *event;
	bool minimal;
} events[] = {
	{"app_mention", false},    {"message.im", false},    {"subteam_members_changed", true},
	{"subteam_updated", true}, {"user_change", true},    {"channel_left", false},
	{"group_left", false},     {"tokens_revoked", true}, {"app_uninstalled", true},
};

static int help(FILE *to)
{
	fputs("usage: sluice slack manifest [--minimal] [--name NAME] [--command /WORD] [--url]\n\n"
	      "Prints the manifest of the app that Slack needs for the bot, and the address that "
	      "makes it\nat one click. No inbound port: the bot goes out to Slack.\n\n"
	      "  --minimal       slash commands and buttons only: the bot reads nothing that "
	      "people write\n"
	      "  --name NAME     of the app and the bot (sluice)\n"
	      "  --command /WORD the slash command (/droplet)\n"
	      "  --url           the address alone\n\n"
	      "exit: 0 printed, 2 wrong use\n",
	      to);
	return to == stdout ? 0 : 2;
}

/* "list | show NAME | reboot NAME ...", as far as Slack shows it: from the rows of the command table. */
static void add_hint(struct strbuf *out)
{
	size_t n, used = 0;
	const struct command *rows = command_rows(&n);

	for (size_t i = 0; i < n; i++) {
		const struct command *row = &rows[i];
		const char *usage = row->takes == TAKES_TARGETS ? " NAME" : "";
		size_t len = strlen(row->phrases[0]) + strlen(usage) + 3;

		if ((row->plan == NULL && row->answer == NULL) || used + len > HINT_BYTES) {
			continue;
		}
		(void)strbuf_addf(out, "%s%s%s", used > 0 ? " | " : "", row->phrases[0], usage);
		used += len;
	}
}

static void add_list(struct strbuf *out, bool *began, const char *word)
{
	(void)strbuf_addf(out, "%s%s", *began ? ", " : "[", word);
	*began = true;
}

/* Each row that has a form: its shortcut says the row's phrase, which opens it. */
static void add_shortcuts(struct strbuf *out)
{
	struct command_field fields[COMMAND_FIELDS_MAX];
	size_t n;
	const struct command *rows = command_rows(&n);
	bool began = false;

	for (size_t i = 0; i < n; i++) {
		if (command_form(&rows[i], fields) == 0) {
			continue;
		}
		(void)strbuf_addf(out,
				  "%s    - type: global\n"
				  "      name: Droplet %s\n"
				  "      callback_id: \"" SLACK_SHORTCUT_SAYS "%s\"\n"
				  "      description: Open the form\n",
				  began ? "" : "  shortcuts:\n", rows[i].phrases[0],
				  rows[i].phrases[0]);
		began = true;
	}
}

static void add_manifest(struct strbuf *out, const struct options *options)
{
	bool began = false;
	size_t n_scopes;
	const struct slack_scope *scopes = slack_scopes(&n_scopes);

	(void)strbuf_addf(out,
			  "_metadata: {major_version: 1, minor_version: 1}\n"
			  "display_information:\n"
			  "  name: %s\n"
			  "  description: Droplets from chat, as the team's policy allows\n"
			  "  background_color: \"#0b3d91\"\n"
			  "features:\n"
			  "  bot_user: {display_name: %s, always_online: true}\n"
			  "  app_home: {home_tab_enabled: false, messages_tab_enabled: true, "
			  "messages_tab_read_only_enabled: %s}\n"
			  "  slash_commands:\n"
			  "    - command: %s\n"
			  "      description: Look at droplets, and act on them\n"
			  "      usage_hint: \"",
			  options->name, options->name, options->minimal ? "true" : "false",
			  options->command);
	add_hint(out);
	(void)strbuf_adds(out, "\"\n"
			       "      should_escape: true\n");
	add_shortcuts(out);
	(void)strbuf_adds(out, "oauth_config:\n"
			       "  scopes:\n"
			       "    bot: ");
	for (size_t i = 0; i < n_scopes; i++) {
		if (scopes[i].minimal || !options->minimal) {
			add_list(out, &began, scopes[i].scope);
		}
	}
	(void)strbuf_adds(out, "]\n"
			       "settings:\n"
			       "  socket_mode_enabled: true\n"
			       "  org_deploy_enabled: false\n"
			       "  token_rotation_enabled: false\n"
			       "  interactivity: {is_enabled: true}\n"
			       "  event_subscriptions:\n"
			       "    bot_events: ");
	began = false;
	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		if (events[i].minimal || !options->minimal) {
			add_list(out, &began, events[i].event);
		}
	}
	(void)strbuf_adds(out, "]\n");
}

/* RFC 3986: all but the unreserved characters by their bytes. */
static void add_url(struct strbuf *out, const char *text)
{
	(void)strbuf_adds(out, create_url);
	for (; *text != '\0'; text++) {
		if (isalnum((unsigned char)*text) || strchr("-._~", *text) != NULL) {
			(void)strbuf_addch(out, *text);
		} else {
			(void)strbuf_addf(out, "%%%02X", (unsigned)(unsigned char)*text);
		}
	}
}

static void print_why(const struct options *options)
{
	size_t n_scopes;
	const struct slack_scope *scopes = slack_scopes(&n_scopes);

	puts("#\n# What each scope is for:");
	for (size_t i = 0; i < n_scopes; i++) {
		if (scopes[i].minimal || !options->minimal) {
			printf("#   %-18s %s\n", scopes[i].scope, scopes[i].why);
		}
	}
	printf("#\n# Then make two tokens by hand:\n"
	       "#   xapp-  Basic Information, App-Level Tokens, scope connections:write\n"
	       "#   xoxb-  Install App\n"
	       "# and invite the bot to each channel of the policy: /invite @%s\n",
	       options->name);
}

static int print_manifest(const struct options *options)
{
	struct strbuf manifest, url;

	strbuf_init(&manifest, OUTPUT_MAX);
	strbuf_init(&url, OUTPUT_MAX);
	add_manifest(&manifest, options);
	add_url(&url, manifest.buf);
	if (options->url) {
		puts(url.buf);
	} else {
		fputs(manifest.buf, stdout);
		printf("#\n# At one click:\n# %s\n", url.buf);
		print_why(options);
	}
	strbuf_done(&manifest);
	strbuf_done(&url);
	if (options->minimal) {
		fputs("sluice: in a channel that is shared with another company, its people have "
		      "no slash command of\n        this app; they can only mention it, and "
		      "this variant hears no mention. It answers nobody's\n        direct "
		      "message either, and cannot see whether it was invited.\n",
		      stderr);
	}
	return fflush(stdout) == 0 ? 0 : 2;
}

/* What stands in the manifest as it is: a word of YAML that needs no quotes, and a name that Slack takes. */
static bool is_word(const char *text, size_t most)
{
	size_t len = strlen(text);

	return len > 0 && len <= most &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
		       len &&
	       isalpha((unsigned char)text[0]);
}

static int wrong(const char *what, const char *word)
{
	fprintf(stderr, "sluice slack: %s \"%s\"\n\n", what, word);
	return help(stderr);
}

int slack_main(int argc, char **argv)
{
	struct options options = {.name = "sluice", .command = "/droplet"};

	if (argc < 2) {
		return help(stderr);
	}
	if (cli_wants_help(argc, argv)) {
		return help(stdout);
	}
	if (strcmp(argv[1], "manifest") != 0) {
		return wrong("there is only manifest, not", argv[1]);
	}
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--minimal") == 0) {
			options.minimal = true;
		} else if (strcmp(argv[i], "--url") == 0) {
			options.url = true;
		} else if (strcmp(argv[i], "--name") == 0 && i + 1 < argc) {
			options.name = argv[++i];
		} else if (strcmp(argv[i], "--command") == 0 && i + 1 < argc) {
			options.command = argv[++i];
		} else {
			return wrong("no option, or nothing behind it:", argv[i]);
		}
	}
	if (!is_word(options.name, NAME_MAX_BYTES)) {
		return wrong("a name is a word of at most 35 letters, not", options.name);
	}
	if (options.command[0] != '/' || !is_word(options.command + 1, COMMAND_MAX_BYTES - 1)) {
		return wrong("a command is a word behind a slash, not", options.command);
	}
	return print_manifest(&options);
}
