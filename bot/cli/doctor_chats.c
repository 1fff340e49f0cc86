/* doctor_chats.c - each chat network that is set up: logged in to, joined nowhere, and left again
 *
 * Only while no bot runs on the same state file: what people say meanwhile would reach this login and nobody would answer.
 */
#include <stdio.h>
#include <string.h>

#include "adapters/xmpp/xmpp.h"
#include "cli/doctor.h"

#define WAIT_MS 30000
#define CLOSE_MS 5000

struct login {
	enum chat_link state;
	bool told, closed;
	char why[240];
};

static void on_event(struct chat *chat, const struct event *event, void *data)
{
	(void)chat;
	(void)event;
	(void)data; /* nobody is in a place where the policy would be asked */
}

static void on_link(struct chat *chat, enum chat_link state, const char *why, void *data)
{
	struct login *login = data;

	(void)chat;
	login->state = state;
	login->told = true;
	(void)snprintf(login->why, sizeof(login->why), "%s", why != NULL ? why : "");
}

static void on_place_lost(struct chat *chat, const struct chat_place *place, const char *why,
			  void *data)
{
	(void)chat;
	(void)place;
	(void)why;
	(void)data;
}

static void on_closed(void *data)
{
	((struct login *)data)->closed = true;
}

static bool is_told(void *data)
{
	return ((struct login *)data)->told;
}

static bool is_closed(void *data)
{
	return ((struct login *)data)->closed;
}

static void try_login(struct doctor *doctor, const char *what, struct chat *chat, const char *fix)
{
	struct login login = {0};

	chat->sink = (struct chat_sink){
		.event = on_event, .link = on_link, .place_lost = on_place_lost, .data = &login};
	chat->ops->start(chat, NULL, 0);
	(void)loop_run_until(doctor->loop, is_told, &login, WAIT_MS);
	if (login.told && login.state == CHAT_UP) {
		doctor_ok(what, "logged in, workspace %s", chat->workspace);
	} else {
		doctor_wrong(doctor, what, fix, "%s",
			     login.told ? login.why : "no answer within 30 s");
	}
	chat->ops->close(chat, on_closed, &login);
	(void)loop_run_until(doctor->loop, is_closed, &login, CLOSE_MS);
}

static void look_at_xmpp(struct doctor *doctor)
{
	const struct config *config = doctor->config;
	struct err err = {0};
	struct secret *password = secret_load(config_text(config, CONFIG_XMPP_PASSWORD), &err);
	struct xmpp_options options = {
		.url = config_text(config, CONFIG_XMPP_URL),
		.jid = config_text(config, CONFIG_XMPP_JID),
		.password = password,
		.nick = config_text(config, CONFIG_XMPP_NICK),
		.ca_file = config_text(config, CONFIG_CA_FILE),
	};
	struct chat *chat;

	if (password == NULL) {
		doctor_wrong(doctor, "xmpp", "put the password there, readable by the bot alone",
			     "the password: %s", err.msg);
		return;
	}
	if (doctor->runs) {
		doctor_note("xmpp", "not tried: the bot that runs is logged in, see its /healthz");
		secret_free(password);
		return;
	}
	chat = xmpp_open(doctor->loop, &options, &err);
	if (chat == NULL) {
		doctor_wrong(doctor, "xmpp", "mend that setting: sluice run --help", "%s", err.msg);
		return;
	}
	try_login(doctor, "xmpp", chat,
		  "look at --xmpp-url, --xmpp-jid, the password and --ca-file");
}

void doctor_chats(struct doctor *doctor)
{
	bool any = config_flag(doctor->config, CONFIG_CONSOLE);

	if (any) {
		doctor_ok("console", "this terminal, as %s in %s",
			  config_text(doctor->config, CONFIG_CONSOLE_AS),
			  config_text(doctor->config, CONFIG_CONSOLE_IN));
	}
	if (*config_text(doctor->config, CONFIG_XMPP_URL) != '\0') {
		any = true;
		look_at_xmpp(doctor);
	}
	if (!any) {
		doctor_wrong(doctor, "chat", "give --console or --xmpp-url",
			     "there is no chat to speak in");
	}
}
