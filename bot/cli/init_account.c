/* init_account.c - for `sluice init`: whose token it is, and which clients the droplets' tags name */
#include <string.h>

#include "cli/init.h"
#include "cli/look.h"

#define CLIENT_TAG "client:"

struct found {
	struct arena *arena;
	struct init_account *account;
};

/* A client's word goes into names of the policy: what would not be one there is left to its owner. */
static bool is_word(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_");

	return n > 0 && n <= 32 && text[n] == '\0' && text[0] >= 'a' && text[0] <= 'z';
}

static void add_client(struct found *found, const char *client)
{
	struct init_account *account = found->account;

	for (size_t i = 0; i < account->n_clients; i++) {
		if (strcmp(account->clients[i], client) == 0) {
			return;
		}
	}
	if (account->n_clients < INIT_CLIENTS_MAX) {
		account->clients[account->n_clients++] = arena_strdup(found->arena, client);
	}
}

static void each_droplet(const struct droplet *droplet, void *data)
{
	for (size_t i = 0; i < droplet->n_tags; i++) {
		const char *tag = droplet->tags[i];

		if (strncmp(tag, CLIENT_TAG, strlen(CLIENT_TAG)) == 0 &&
		    is_word(tag + strlen(CLIENT_TAG))) {
			add_client(data, tag + strlen(CLIENT_TAG));
		}
	}
}

int init_account_look(const struct init_ocean *ocean, const char *token, struct arena *arena,
		      struct init_account *ret_account, struct err *err)
{
	struct found found = {.arena = arena, .account = ret_account};
	struct ocean_options options = {.name = "main",
					.url = ocean->url,
					.ca_file = ocean->ca_file,
					.proxy = ocean->proxy};
	struct loop *loop = loop_new(err);
	struct look look;
	int rc;

	*ret_account = (struct init_account){.team = ""};
	if (loop == NULL) {
		return -1;
	}
	options.tokens[TIER_READ] = token;
	rc = look_at_account(loop, &options, each_droplet, &found, &look, err);
	loop_free(loop);
	if (rc == 0 && look.list_err.kind != ERR_NONE) {
		err_copy(err, &look.list_err);
		rc = -1;
	}
	if (rc == 0) {
		ret_account->team = arena_strdup(arena, look.team);
		ret_account->n_droplets = look.n_droplets;
	}
	return rc;
}
