/* doctor_chats.c - each chat network that is set up: logged in to, joined nowhere, and left again
 *
 * Only while no bot runs on the same state file: what people say meanwhile would reach this login and nobody would answer.
 */
#include <stdio.h>
#include <string.h>

#include "adapters/adapters.h"
#include "base/attr.h"
#include "cli/chats.h"
#include "cli/doctor.h"

#define WAIT_MS 30000
#define CLOSE_MS 5000
#define JOINS_MAX 256

struct login {
	struct doctor *doctor;
	const char *what;
	enum chat_link state;
	bool told, closed, looked;
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
	struct login *login = data;

	(void)chat;
	doctor_wrong(login->doctor, login->what, why, "cannot work in the channel %s",
		     place->channel);
}

static void on_looked(struct chat *chat, void *data)
{
	(void)chat;
	((struct login *)data)->looked = true;
}

static void on_closed(void *data)
{
	((struct login *)data)->closed = true;
}

static bool is_told(void *data)
{
	return ((struct login *)data)->told;
}

static bool is_looked(void *data)
{
	return ((struct login *)data)->looked;
}

static bool is_closed(void *data)
{
	return ((struct login *)data)->closed;
}

/* What has to be right for the login. */
static const struct {
	const char *network, *fix;
} fixes[] = {
	{"xmpp", "look at --xmpp-url, --xmpp-jid, the password and --ca-file"},
	{"slack", "look at both tokens; sluice slack manifest says which app they are of"},
};

static const char *fix_of(const char *network)
{
	for (size_t i = 0; i < ARRAY_LEN(fixes); i++) {
		if (strcmp(fixes[i].network, network) == 0) {
			return fixes[i].fix;
		}
	}
	return "mend that setting: sluice run --help";
}

/* "another process speaks with this app's token", "the token lacks a scope": worth a line here too */
static void on_notice(struct chat *chat, const char *what, void *data)
{
	struct login *login = data;
	const char *stop = strstr(what, ". ");
	int problem = stop != NULL ? (int)(stop - what) : (int)strlen(what);

	doctor_wrong(login->doctor, chat->ops->name, stop != NULL ? stop + 2 : "what that says",
		     "%.*s", problem, what);
}

static size_t joins_of(const struct doctor *doctor, const char *network, struct chat_join *joins)
{
	const struct policy_channel *channels;
	size_t n = policy_channels(doctor->policy, &channels), n_joins = 0;

	for (size_t i = 0; i < n && n_joins < JOINS_MAX; i++) {
		if (strcmp(channels[i].network, network) == 0 && channels[i].channel != NULL) {
			joins[n_joins++] =
				(struct chat_join){channels[i].workspace, channels[i].channel};
		}
	}
	return n_joins;
}

static void try_login(struct doctor *doctor, const char *what, struct chat *chat)
{
	struct login login = {.doctor = doctor, .what = what};
	struct chat_join joins[JOINS_MAX];
	/* looking whether we are in a channel of Slack's joins nothing; elsewhere it would */
	size_t n_joins = strcmp(what, "slack") == 0 ? joins_of(doctor, what, joins) : 0;

	chat->sink = (struct chat_sink){.event = on_event,
					.link = on_link,
					.place_lost = on_place_lost,
					.looked = on_looked,
					.notice = on_notice,
					.data = &login};
	chat->ops->start(chat, joins, n_joins);
	(void)loop_run_until(doctor->loop, is_told, &login, WAIT_MS);
	if (login.told && login.state == CHAT_UP) {
		doctor_ok(what, "logged in, workspace %s", chat->workspace);
		if (n_joins > 0) {
			(void)loop_run_until(doctor->loop, is_looked, &login, WAIT_MS);
			if (!login.looked) {
				doctor_note(what,
					    "the policy's channels could not be looked at in time");
			}
		}
	} else {
		doctor_wrong(doctor, what, fix_of(what), "%s",
			     login.told ? login.why : "no answer within 30 s");
	}
	chat->ops->close(chat, on_closed, &login);
	(void)loop_run_until(doctor->loop, is_closed, &login, CLOSE_MS);
}

static void look_at_terminal(struct doctor *doctor)
{
	struct arena arena = {0};
	const char *fix = NULL;
	const char *what = chats_terminal_unknown(doctor->policy, doctor->config, &arena, &fix);

	if (what != NULL) { /* a stranger may be meant */
		doctor_note("console", "%s; else %s", what, fix);
	} else {
		doctor_ok("console", "this terminal, as %s in %s",
			  config_text(doctor->config, CONFIG_CONSOLE_AS),
			  config_text(doctor->config, CONFIG_CONSOLE_IN));
	}
	arena_done(&arena);
}

static void look_at(struct doctor *doctor, size_t i, const char *network)
{
	const struct program_options options = {.in_fd = -1};
	const struct chats_wanted wanted = {.loop = doctor->loop,
					    .config = doctor->config,
					    .policy = doctor->policy,
					    .options = &options};
	struct err err = {0};
	const char *fix;
	struct chat *chat;

	if (strcmp(network, "console") == 0) {
		look_at_terminal(doctor);
		return;
	}
	chat = chats_open_at(&wanted, i, &fix, &err);
	if (chat == NULL) {
		doctor_wrong(doctor, network, fix, "%s", err.msg);
	} else if (doctor->runs) {
		struct login login = {.state = CHAT_DOWN};

		doctor_note(network, "not tried: the bot that runs is logged in, see its /healthz");
		chat->ops->close(chat, on_closed, &login);
		(void)loop_run_until(doctor->loop, is_closed, &login, CLOSE_MS);
	} else {
		try_login(doctor, network, chat);
	}
}

void doctor_chats(struct doctor *doctor)
{
	bool any = false;

	for (size_t i = 0; i < CHATS_NETWORKS; i++) {
		const char *network = chats_wanted_at(doctor->config, i);

		if (network != NULL) {
			any = true;
			look_at(doctor, i, network);
		}
	}
	if (!any) {
		doctor_wrong(doctor, "chat", "give --console, --xmpp-url or the tokens of Slack",
			     "there is no chat to speak in");
	}
}
