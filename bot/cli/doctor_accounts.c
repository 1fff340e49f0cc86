/* doctor_accounts.c - each token of each account is shown to DigitalOcean: does it take it, whose is it, what can it see?
 *
 * A token is tried alone, as if it were the account's only one, with two reads: the account, then the droplets. So a token
 * that may not read at all is told from one that is refused. Nothing is changed with any of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "cli/doctor.h"
#include "cli/look.h"
#include "cli/token_seen.h"
#include "ocean/oauth_file.h"

#define CLOCK_MS \
	5000 /* a code of the minute, and the search for lost answers, need a clock that is about right */

static const char *fix_of(const struct err *err)
{
	switch (err->remote_status) {
	case 401:
		return "make a new token (sluice scopes says with what), and put it there";
	case 403:
		return "give it the scopes that sluice scopes lists for it";
	default:
		return "look at the network, --ocean-url, --proxy and --ca-file";
	}
}

/* "main/change, main/destroy": a single token stands in all three tiers. */
static void name_of(const struct policy_account *account, int tier, char *buf, size_t size)
{
	static const char *const words[] = {
		[TIER_READ] = "read", [TIER_CHANGE] = "change", [TIER_DESTROY] = "destroy"};
	size_t len = (size_t)snprintf(buf, size, "%s", account->name);

	for (int t = tier; t <= TIER_DESTROY && len < size; t++) {
		if (account->token[t] != NULL &&
		    strcmp(account->token[t], account->token[tier]) == 0) {
			len += (size_t)snprintf(buf + len, size - len, "%s%s",
						t == tier ? "/" : "+", words[t]);
		}
	}
}

static void look_at_clock(struct doctor *doctor, int64_t ahead_ms)
{
	int64_t off_ms = ahead_ms < 0 ? -ahead_ms : ahead_ms;

	if (off_ms > CLOCK_MS) {
		doctor_wrong(doctor, "clock", "set the clock, or have it set (systemd-timesyncd)",
			     "this machine is %lld s %s DigitalOcean", (long long)(off_ms / 1000),
			     ahead_ms > 0 ? "behind" : "ahead of");
	} else {
		doctor_ok("clock", "as DigitalOcean's");
	}
}

static void tell(struct doctor *doctor, const char *name, const struct look *look)
{
	const char *team = look->team;

	if (look->list_err.kind != ERR_NONE) {
		doctor_wrong(doctor, "token", fix_of(&look->list_err), "%s: %s", name,
			     look->list_err.msg);
		return;
	}
	doctor_ok("token", "%s: %s%s%s%zu droplet%s%s", name, *team != '\0' ? "team \"" : "", team,
		  *team != '\0' ? "\", " : "", look->n_droplets, look->n_droplets == 1 ? "" : "s",
		  look->tags_known ? "" : ", but their tags cannot be trusted");
	if (!look->tags_known) {
		doctor_note("token",
			    "%s: without tag:read every tag counts as not known, and what "
			    "the policy says by tag is denied",
			    name);
	}
}

struct looked {
	struct doctor *doctor;
	const struct policy_account *account;
	int tier;
	const char *name;
};

/* What the token says of itself; where it says nothing, nothing is said of that. */
static void tell_info(void *data, const struct ocean_token_seen *answer)
{
	const struct looked *looked = data;
	struct ocean_token_seen seen = *answer;
	char missing[TOKEN_SEEN_SIZE];
	int64_t soon;

	for (int tier = TIER_READ; tier <= TIER_DESTROY; tier++) {
		const char *place = looked->account->token[tier];

		seen.serves[tier] =
			place != NULL && strcmp(place, looked->account->token[looked->tier]) == 0;
	}
	soon = token_seen_soon(&seen);
	if (soon >= 0) {
		doctor_wrong(looked->doctor, "token", "make a new one, and put it there",
			     "%s: it ends in %lld %s", looked->name, (long long)soon,
			     soon == 1 ? "day" : "days");
	} else if (!seen.refreshes && seen.left_s >= 0) {
		doctor_ok("token", "%s: it ends in %lld %s", looked->name,
			  (long long)(seen.left_s / 86400),
			  seen.left_s / 86400 == 1 ? "day" : "days");
	}
	if (*token_seen_missing(looked->doctor->policy, &seen, missing) != '\0') {
		doctor_wrong(looked->doctor, "token",
			     "give it the scopes that sluice scopes lists for it",
			     "%s: it lacks %s", looked->name, missing);
	}
}

/* A sign-in: until when, and could it be refreshed? Its refresh token works once and is not tried. */
static void look_at_sign_in(struct doctor *doctor, const char *path, const char *name)
{
	struct oauth_grant grant;
	struct oauth_save save;
	struct secret *secret;
	struct err err = {0};
	char until[CLOCK_TEXT_SIZE];
	int lock;

	if (oauth_file_load(path, &grant, &err) < 0) {
		doctor_wrong(doctor, "sign-in", "sign in again (sluice sign-in)", "%s: %s", name,
			     err.msg);
		return;
	}
	(void)clock_format(grant.expires_ms, until, sizeof(until));
	secret = secret_load(grant.client_secret, &err);
	if (secret == NULL) {
		doctor_wrong(doctor, "sign-in", "put the app's secret there", "%s: %s", name,
			     err.msg);
	} else if (oauth_lock(path, &lock, &err) < 0) {
		if (err.kind == ERR_CONFLICT) {
			doctor_note("sign-in", "%s: until %s, and being refreshed now", name,
				    until);
		} else {
			doctor_wrong(doctor, "sign-in", "let the bot write to its folder", "%s: %s",
				     name, err.msg);
		}
	} else {
		if (oauth_save_begin(&save, path, &err) < 0) {
			doctor_wrong(doctor, "sign-in", "let the bot write to its folder", "%s: %s",
				     name, err.msg);
		} else {
			oauth_save_abort(&save);
			doctor_ok("sign-in", "%s: until %s; it can be refreshed", name, until);
		}
		oauth_unlock(lock);
	}
	secret_free(secret);
	oauth_grant_done(&grant);
}

static const char *set_or_null(const struct doctor *doctor, enum config_key key)
{
	const char *text = config_text(doctor->config, key);

	return *text != '\0' ? text : NULL;
}

/* Did it come to an answer that says what time it is there? Then *ret_ahead_ms. */
static bool look_at_token(struct doctor *doctor, const struct policy_account *account, int tier,
			  int64_t *ret_ahead_ms)
{
	struct ocean_options options = {.name = account->name};
	const char *sign_in = secret_oauth_path(account->token[tier]);
	struct look look;
	struct err err = {0};
	char name[128];

	options.passive = true;

	options.url = set_or_null(doctor, CONFIG_OCEAN_URL);
	options.oauth_url = set_or_null(doctor, CONFIG_OAUTH_URL);
	options.ca_file = set_or_null(doctor, CONFIG_CA_FILE);
	options.proxy = set_or_null(doctor, CONFIG_PROXY);
	options.tokens[TIER_READ] = account->token[tier];
	name_of(account, tier, name, sizeof(name));
	if (look_at_account(doctor->loop, &options, NULL, NULL, &look, &err) < 0) {
		doctor_wrong(doctor, "token", "put the token there, readable by the bot alone",
			     "%s: %s", name, err.msg);
		return false;
	}
	tell(doctor, name, &look);
	if (sign_in != NULL) {
		look_at_sign_in(doctor, sign_in, name);
	}
	if (look.list_err.kind == ERR_NONE) {
		look_at_token_info(doctor->loop, &options, tell_info,
				   &(struct looked){doctor, account, tier, name});
	}
	*ret_ahead_ms = look.ahead_ms;
	return look.account_err.kind == ERR_NONE;
}

/* Is it the same secret as in a lower tier? Then it was looked at. */
static bool is_repeated(const struct policy_account *account, int tier)
{
	for (int t = TIER_READ; t < tier; t++) {
		if (account->token[t] != NULL &&
		    strcmp(account->token[t], account->token[tier]) == 0) {
			return true;
		}
	}
	return false;
}

void doctor_accounts(struct doctor *doctor)
{
	const struct policy_account *accounts;
	size_t n = policy_accounts(doctor->policy, &accounts);
	int64_t ahead_ms = 0;
	bool known = false;

	for (size_t i = 0; i < n; i++) {
		for (int tier = TIER_READ; tier <= TIER_DESTROY; tier++) {
			if (accounts[i].token[tier] != NULL && !is_repeated(&accounts[i], tier)) {
				known = look_at_token(doctor, &accounts[i], tier, &ahead_ms) ||
					known;
			}
		}
	}
	if (known) {
		look_at_clock(doctor, ahead_ms);
	}
	if (n == 0) {
		doctor_wrong(doctor, "token", "name one under accounts: in the policy file",
			     "the policy names no account at DigitalOcean");
	}
}
