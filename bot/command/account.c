/* account.c - `account`: whose account it is at DigitalOcean, how many droplets it may have; `balance`: what it owes */
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

void answer_balance(const struct command_call *call, struct build *build)
{
	const struct ocean_balance *balance = call->fetched->call->balance;
	const char *whose = call->fetched->account;

	build_line(build, "%s%s*%s* so far this month.", whose != NULL ? whose : "",
		   whose != NULL ? ": " : "",
		   answer_dollars(call->arena, balance->month_usage_cents));
	build_field(build, "before", "%s", answer_dollars(call->arena, balance->account_cents));
	build_field(build, "together", "%s",
		    answer_dollars(call->arena, balance->month_balance_cents));
}
