/* init.c - `sluice init`: asks a few questions and writes a small policy that checks clean, with tests in it
 *
 * Happy path: the token's place (tried at DigitalOcean, whose tags say which clients there are), the chat network, who one is
 * there, where the team speaks, and each client's channel. The policy is checked before it is written, and a file that is there
 * is never written over. Secrets are named by place; none is asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/strbuf.h"
#include "cli/cli.h"
#include "cli/init.h"
#include "config/value.h"
#include "policy/networks.h"
#include "policy/policy.h"

static int ask_ids(struct init *init);

static const struct init_network networks[] = {
	{"console", "this terminal", "term", ask_ids, NULL, "terminal", "Your id in this terminal",
	 "The team's channel, a word", NULL, NULL},
	{"xmpp", "XMPP", "chat", ask_ids, "The domain of the bot's own address", "",
	 "Your address, such as ana@acme.example",
	 "The team's room, such as ops@rooms.acme.example",
	 "--xmpp-url wss://HOST/xmpp-websocket --xmpp-jid sluice@DOMAIN --xmpp-password "
	 "file:/etc/sluice/xmpp",
	 NULL},
	{"slack", "Slack", "team", init_slack_ids, NULL, NULL, NULL, NULL, NULL,
	 init_slack_channel},
};

static int help(FILE *to)
{
	fputs("usage: sluice init [--policy FILE] [--ocean-url URL] [--ca-file FILE] [--proxy "
	      "URL]\n                   [--slack-api-url URL]\n\n"
	      "Asks where the token is, where the team speaks and who you are, and writes a small "
	      "policy with\ntests in it. FILE (policy.yaml) must not be there yet. An empty "
	      "answer takes what stands in [ ].\n\n"
	      "exit: 0 written, 1 not written, 2 wrong use\n",
	      to);
	return to == stdout ? 0 : 2;
}

/* ---- questions ------------------------------------------------------------------------------ */

static bool is_network(const char *text)
{
	return text[0] >= '1' && text[0] < '1' + (char)ARRAY_LEN(networks) && text[1] == '\0';
}

static int ask_token(struct init *init, const struct init_ocean *ocean)
{
	for (int i = 0; i < INIT_TRIES; i++) {
		struct err err = {0};

		init->token = init_ask_fit(init, "Where is DigitalOcean's token? (a place)",
					   "file:/etc/sluice/token", secret_spec_valid,
					   "file:/PATH, env:NAME or credential:NAME");
		if (init->token == NULL) {
			return -1;
		}
		if (init_account_look(ocean, init->token, &init->arena, &init->account, &err) ==
		    0) {
			printf("  %s%s%zu droplet%s, %zu client%s by tag.\n", init->account.team,
			       init->account.team[0] != '\0' ? ": " : "", init->account.n_droplets,
			       init->account.n_droplets == 1 ? "" : "s", init->account.n_clients,
			       init->account.n_clients == 1 ? "" : "s");
			return 0;
		}
		printf("  %s\n", err.msg);
	}
	return -1;
}

static int ask_network(struct init *init)
{
	const char *answer;

	for (size_t i = 0; i < ARRAY_LEN(networks); i++) {
		printf("  %zu  %s\n", i + 1, networks[i].called);
	}
	answer = init_ask_fit(init, "Where does the team speak?", "1", is_network,
			      "one of the numbers above");
	if (answer == NULL) {
		return -1;
	}
	init->network = &networks[answer[0] - '1'];
	init->ids = network_by_name(init->network->name);
	return 0;
}

static int ask_ids(struct init *init)
{
	const struct init_network *n = init->network;
	const char *login = getenv("USER");

	init->workspace =
		n->workspace_question == NULL
			? n->workspace_default
			: init_ask_fit(init, n->workspace_question, NULL, init->ids->workspace.fits,
				       init->ids->workspace.looks);
	init->person = init_ask_fit(init, "Your name in the policy, a word",
				    login != NULL && init_is_name(login) ? login : NULL,
				    init_is_name, "ana: small letters, digits, - and _");
	if (init->workspace == NULL || init->person == NULL) {
		return -1;
	}
	init->user = init_ask_fit(init, n->user_question,
				  init->ids->user.fits(init->person) ? init->person : NULL,
				  init->ids->user.fits, init->ids->user.looks);
	init->channel = init_ask_fit(init, n->channel_question,
				     init->ids->channel.fits("ops") ? "ops" : NULL,
				     init->ids->channel.fits, init->ids->channel.looks);
	return init->user == NULL || init->channel == NULL ? -1 : 0;
}

static int ask_clients(struct init *init)
{
	for (size_t i = 0; i < init->account.n_clients; i++) {
		const char *client = init->account.clients[i];
		const char *answer =
			init_ask(init,
				 arena_printf(&init->arena,
					      "The channel of client %s (empty: none)", client),
				 "");

		if (answer == NULL) {
			return -1;
		}
		if (*answer != '\0' && init->network->channel_of != NULL) {
			answer = init->network->channel_of(init, answer);
			if (answer == NULL) {
				continue;
			}
		}
		if (*answer != '\0' && init->ids->channel.fits(answer)) {
			init->client_channels[i] = answer;
		} else if (*answer != '\0') {
			printf("  Left out: it must look like %s.\n", init->ids->channel.looks);
		}
	}
	return 0;
}

/* ---- the policy ----------------------------------------------------------------------------- */

static void write_channels(const struct init *init, struct strbuf *out)
{
	const char *key = init->network->workspace_key;

	(void)strbuf_addf(out,
			  "channels:                          # a channel only takes away; in one "
			  "that is not listed the bot is silent\n"
			  "  ops:   {at: \"%s/%s\", may: everything, droplets: any}\n"
			  "  phone: {at: %s/direct, may: everything, droplets: any}\n",
			  key, init->channel, key);
	for (size_t i = 0; i < init->account.n_clients; i++) {
		if (init->client_channels[i] != NULL) {
			(void)strbuf_addf(out,
					  "  %s-channel: {at: \"%s/%s\", may: [droplet.list, "
					  "droplet.show], droplets: {tag: \"client:%s\"}, show: "
					  "[name, status, region]}\n",
					  init->account.clients[i], key, init->client_channels[i],
					  init->account.clients[i]);
		}
	}
}

static void write_allow(const struct init *init, struct strbuf *out)
{
	(void)strbuf_addf(
		out,
		"allow:                             # nothing is allowed that no line here "
		"allows\n"
		"  - {name: %s-runs-it, who: %s, may: [viewer, keeper, \"droplet.power.*\"], "
		"droplets: any}\n",
		init->person, init->person);
	for (size_t i = 0; i < init->n_others; i++) {
		(void)strbuf_addf(out,
				  "  - {name: %s-looks, who: %s, may: viewer, droplets: any}\n",
				  init->others[i].name, init->others[i].name);
	}
	for (size_t i = 0; i < init->account.n_clients; i++) {
		if (init->client_channels[i] != NULL) {
			(void)strbuf_addf(out,
					  "  - {name: %s-looks, who: anyone in %s-channel, may: "
					  "[droplet.list, droplet.show], droplets: {tag: "
					  "\"client:%s\"}}\n",
					  init->account.clients[i], init->account.clients[i],
					  init->account.clients[i]);
		}
	}
}

static void write_tests(const struct init *init, struct strbuf *out)
{
	(void)strbuf_addf(
		out,
		"tests:                             # checked at every load; one failure, and "
		"the old policy stays\n"
		"  - {name: %s pulls a plug after a second look, as: %s, in: ops, droplet: "
		"{name: web-1}, can: droplet.power.off, needs: confirm}\n"
		"  - {name: a stranger does nothing, as: stranger, in: ops, droplet: {name: "
		"web-1}, cannot: everything}\n",
		init->person, init->person);
	for (size_t i = 0; i < init->n_others; i++) {
		(void)strbuf_addf(
			out,
			"  - {name: %s looks and changes nothing, as: %s, in: ops, droplet: "
			"{name: web-1}, can: [droplet.list, droplet.show], cannot: "
			"\"droplet.power.*\"}\n",
			init->others[i].name, init->others[i].name);
	}
	for (size_t i = 0; i < init->account.n_clients; i++) {
		const char *client = init->account.clients[i];

		if (init->client_channels[i] != NULL) {
			(void)strbuf_addf(
				out,
				"  - {name: %s sees its own and no more, as: stranger, in: "
				"%s-channel, droplet: {name: x, tags: \"client:%s\"}, can: "
				"[droplet.list, droplet.show], cannot: \"droplet.power.*\"}\n"
				"  - {name: and nothing of others in %s, as: everyone, in: "
				"%s-channel, droplet: {name: x, tags: web}, cannot: everything}\n",
				client, client, client, client, client);
		}
	}
}

static void write_policy(const struct init *init, const char *path, struct strbuf *out)
{
	const char *key = init->network->workspace_key;

	(void)strbuf_addf(
		out,
		"# Who may do what, to which droplets, from which channel.\n"
		"# After every change:   sluice check %s\n"
		"version: 1\n"
		"accounts:                          # where the token is, never the token\n"
		"  main: {token: \"%s\"}\n"
		"workspaces:\n"
		"  %s: {%s: \"%s\"}\n"
		"people:                            # one line a person, with all their "
		"accounts\n"
		"  %s: {%s: \"%s\"}\n",
		path, init->token, key, init->network->name, init->workspace, init->person, key,
		init->user);
	for (size_t i = 0; i < init->n_others; i++) {
		(void)strbuf_addf(out, "  %s: {%s: \"%s\"}\n", init->others[i].name, key,
				  init->others[i].id);
	}
	(void)strbuf_adds(out, "roles:\n"
			       "  viewer: {may: [droplet.list, droplet.show]}\n"
			       "  keeper: {may: [policy.reload, policy.why, audit.show]}\n");
	write_channels(init, out);
	write_allow(init, out);
	(void)strbuf_adds(out, "require:                           # extra steps\n"
			       "  - {name: plug, may: [droplet.power.off, droplet.power.cycle], "
			       "droplets: any, confirm: self}\n");
	write_tests(init, out);
	(void)strbuf_adds(out,
			  "settings:\n"
			  "  ops: ops                         # where the bot tells its keepers "
			  "what changed and what failed\n");
}

/* It is checked as any other; what does not check is our mistake, and is shown instead of written. */
static int check_policy(const char *path, const struct strbuf *text)
{
	struct policy_report report = {0};
	struct policy *policy = policy_compile(path, text->buf, text->len, &report);
	bool clean = policy != NULL && report.n_findings == 0;
	struct strbuf out;

	if (!clean) {
		strbuf_init(&out, (size_t)1 << 20);
		policy_report_print(&report, path, &out);
		(void)fputs(out.buf, stderr);
		strbuf_done(&out);
	}
	policy_unref(policy);
	policy_report_done(&report);
	return clean ? 0 : -1;
}

static int save(const char *path, const struct strbuf *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool whole =
		fd >= 0 && write(fd, text->buf, text->len) == (ssize_t)text->len && fsync(fd) == 0;
	int error = errno;

	if (fd >= 0) {
		whole = close(fd) == 0 && whole;
		if (!whole) {
			(void)unlink(path);
		}
	}
	if (!whole) {
		fprintf(stderr, "sluice init: cannot write \"%s\": %s\n", path, strerror(error));
	}
	return whole ? 0 : -1;
}

static void say_next(const struct init *init, const char *path)
{
	printf("\nWritten: %s. It checks clean. Next:\n  sluice doctor --policy %s ", path, path);
	if (init->settings != NULL) {
		fputs(init->settings, stdout);
	} else if (init->network->settings == NULL) {
		printf("--console --console-as %s --console-in %s", init->user, init->channel);
	} else {
		fputs(init->network->settings, stdout);
	}
	printf("\nand when that is content, the same with `sluice run`.\n"
	       "Other people: a line under people: and their name under who:. Whoever writes "
	       "`whoami`\nto the bot reads the line that is wanted.\n");
}

static int run(struct init *init, const struct init_ocean *ocean, const char *path)
{
	struct strbuf text;
	int rc = -1;

	strbuf_init(&text, (size_t)1 << 20);
	if (ask_token(init, ocean) == 0 && ask_network(init) == 0 &&
	    init->network->ids(init) == 0 && ask_clients(init) == 0) {
		write_policy(init, path, &text);
		rc = check_policy(path, &text) < 0 ? -1 : save(path, &text);
	}
	if (rc == 0) {
		say_next(init, path);
	} else {
		puts("Nothing was written.");
	}
	strbuf_done(&text);
	return rc == 0 ? 0 : 1;
}

int init_main(int argc, char **argv)
{
	struct init init = {.network = NULL};
	struct init_ocean ocean = {0};
	struct err err = {0};
	const char *path = "policy.yaml";
	int rc;

	if (cli_wants_help(argc, argv)) {
		return help(stdout);
	}
	for (int i = 1; i < argc; i++) {
		const char **to = strcmp(argv[i], "--policy") == 0          ? &path
				  : strcmp(argv[i], "--ocean-url") == 0     ? &ocean.url
				  : strcmp(argv[i], "--ca-file") == 0       ? &ocean.ca_file
				  : strcmp(argv[i], "--proxy") == 0         ? &ocean.proxy
				  : strcmp(argv[i], "--slack-api-url") == 0 ? &init.slack_url
									    : NULL;

		if (to == NULL || i + 1 == argc) {
			fprintf(stderr, "sluice init: \"%s\" is no option, or has no value\n\n",
				argv[i]);
			return help(stderr);
		}
		*to = argv[++i];
	}
	init.ocean = &ocean;
	if (init.slack_url != NULL &&
	    value_check(VALUE_HTTP_URL, "--slack-api-url", init.slack_url, ERR_USAGE, &err) < 0) {
		fprintf(stderr, "sluice init: %s\n", err.msg);
		return 2;
	}
	if (access(path, F_OK) == 0) {
		fprintf(stderr,
			"sluice init: \"%s\" is there already, and is not written over; --policy "
			"names another\n",
			path);
		return 1;
	}
	log_configure(LOG_ERROR, false);
	arena_init(&init.arena);
	rc = run(&init, &ocean, path);
	arena_done(&init.arena);
	return rc;
}
