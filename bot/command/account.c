/* account.c - `account`: whose account it is at DigitalOcean, and how many droplets it may have */
#include "command/answers.h"

void answer_team(const struct command_call *call, struct build *build)
{
	const struct ocean_account *account = call->fetched->call->account;
	const char *team = account->team[0] != '\0' ? account->team : account->email;

	if (call->fetched->account != NULL) {
		build_line(build, "*%s*: %s", call->fetched->account, team);
	} else {
		build_line(build, "*%s*", team);
	}
	build_field(build, "droplets", "%zu of %u", call->fetched->n_droplets,
		    account->droplet_limit);
	build_field(build, "status", "%s", account->status);
}
