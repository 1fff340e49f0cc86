/* init.h - what the files of `sluice init` share: the questions, an account at DigitalOcean and a workspace of Slack looked at once */
#ifndef CLI_INIT_H
#define CLI_INIT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

#define INIT_CLIENTS_MAX 20
#define INIT_OTHERS_MAX 20
#define INIT_TRIES 3

struct init_ocean {
	const char *url, *ca_file, *proxy; /* NULL: the default */
};

struct init_account {
	const char *team; /* "" when it is not told */
	size_t n_droplets;
	const char *clients[INIT_CLIENTS_MAX]; /* "zenith" for the tag client:zenith, each once */
	size_t n_clients;
};

/* init_account.c: reads the account with the token at that place. -1: the sentence says what to mend. Strings are in the arena. */
int init_account_look(const struct init_ocean *ocean, const char *token, struct arena *arena,
		      struct init_account *ret_account, struct err *err);

struct init;

/* How a network is asked about. `settings` is what `sluice run` needs beside the policy; NULL: what was answered. */
struct init_network {
	const char *name, *called, *workspace_key;
	int (*ids)(
		struct
		init *); /* asks for workspace, person and channel; -1: an answer was not given */
	const char *workspace_question, *workspace_default;
	const char *user_question, *channel_question;
	const char *settings;
	/* the id of a channel that is called so; NULL: there is none, and that was said. NULL: an answer is the id */
	const char *(*channel_of)(struct init *, const char *answer);
};

struct init_person {
	const char *name, *id; /* a word for the policy, and the network's id */
};

struct init {
	struct arena arena;
	struct init_account account;
	const struct init_ocean *ocean;
	const char *slack_url; /* NULL: Slack's */
	const char *token;
	const struct init_network *network;
	const struct network *ids;
	const char *workspace, *person, *user, *channel;
	struct init_person others[INIT_OTHERS_MAX]; /* who may look, and no more */
	size_t n_others;
	const char *settings; /* for `sluice run`; NULL: the network's */
	const struct init_workspace *slack;
	const char *client_channels[INIT_CLIENTS_MAX]; /* beside account.clients; NULL: none */
};

/* init_ask.c. NULL at the end of the input. `fallback` NULL: an answer is needed. */
const char *init_ask(struct init *init, const char *question, const char *fallback);
/* Asks until the answer fits; NULL: it never did, and that was said. */
const char *init_ask_fit(struct init *init, const char *question, const char *fallback,
			 bool (*fits)(const char *), const char *looks);
bool init_is_name(const char *text); /* a word of the policy */

/* init_slack.c */
int init_slack_ids(struct init *init);
const char *init_slack_channel(struct init *init, const char *answer);

/* What both tokens of Slack see. */
struct init_named {
	const char *id, *name, *also, *real; /* of a channel: also and real are "" */
	bool member;                         /* of a channel: the bot is in it */
};
struct init_workspace {
	const char *id, *name;
	const char *lacks; /* a sentence: which scopes, and what to do; "": none */
	const struct init_named *people, *channels;
	size_t n_people, n_channels;
};

/* init_slack_look.c: asks Slack with the tokens at those places. -1: the sentence says what to mend. All is in the arena. */
int init_slack_look(const struct init *init, const char *app, const char *bot, struct arena *arena,
		    struct init_workspace *ret_workspace, struct err *err);

#endif
