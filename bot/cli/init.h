/* init.h - what the files of `sluice init` share: an account at DigitalOcean, looked at once */
#ifndef CLI_INIT_H
#define CLI_INIT_H

#include "base/arena.h"
#include "base/err.h"

#define INIT_CLIENTS_MAX 20

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

#endif
