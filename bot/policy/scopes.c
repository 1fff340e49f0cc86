/* scopes.c - the smallest scopes that each token of a policy needs: those of the verbs that anybody may use anywhere */
#include "policy/scopes.h"

#include <string.h>

#include "base/attr.h"
#include "base/scopes.h"
#include "policy/world.h"

static void need(struct scope_needs *needs, const char *scope)
{
	size_t at = 0;

	while (at < needs->n && strcmp(needs->list[at], scope) < 0) {
		at++;
	}
	if ((at < needs->n && strcmp(needs->list[at], scope) == 0) ||
	    needs->n == ARRAY_LEN(needs->list)) {
		return;
	}
	memmove(&needs->list[at + 1], &needs->list[at], (needs->n - at) * sizeof(scope));
	needs->list[at] = scope;
	needs->n++;
}

static void need_all(struct scope_needs *needs, const char *const *scopes)
{
	for (size_t i = 0; i < SCOPES_MAX && scopes[i] != NULL; i++) {
		need(needs, scopes[i]);
	}
}

static bool anybody_could(const struct policy *policy, enum verb verb)
{
	struct policy_asker asker = {.policy = policy};

	for (asker.channel = 1; asker.channel <= policy->n_channels; asker.channel++) {
		if (!bit_get(policy->channels[asker.channel].verbs.bits, (unsigned)verb)) {
			continue;
		}
		for (asker.person = 0; asker.person <= policy->n_people; asker.person++) {
			if (could_ever(&asker, verb)) {
				return true;
			}
		}
	}
	return false;
}

/* What is looked at for every answer about droplets: their tags for the rules, their projects if a rule names one, the
 * actions that changes start. */
static void need_looks(const struct policy *policy, bool droplets, bool changes,
		       struct scope_needs *needs)
{
	if (droplets || changes) {
		need(needs, "droplet:read");
		need(needs, "tag:read");
	}
	if ((droplets || changes) && policy_names_projects(policy)) {
		need(needs, "project:read");
	}
	if (changes) {
		need(needs, "actions:read");
	}
}

void policy_scope_needs(const struct policy *policy, struct scope_needs tiers[TIER_DESTROY + 1])
{
	memset(tiers, 0, (TIER_DESTROY + 1) * sizeof(*tiers));
	bool droplets = false;
	bool changes = false;

	for (int v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		const struct verb_info *info = verb_info((enum verb)v);

		if (info->tier == TIER_NONE || !anybody_could(policy, info->verb)) {
			continue;
		}
		droplets = droplets || info->about_droplet;
		changes = changes || info->tier > TIER_READ;
		need_all(&tiers[info->tier], verb_scopes(info->verb));
		need_all(&tiers[TIER_READ], verb_look_scopes(info->verb));
	}
	need_looks(policy, droplets, changes, &tiers[TIER_READ]);
}

static void say(const char *account, const char *tier, const char *place,
		const struct scope_needs *needs, struct strbuf *out)
{
	(void)strbuf_addf(out, "%s %s%s%s%s\n ", account, tier, place != NULL ? " (" : "",
			  place != NULL ? place : "", place != NULL ? ")" : "");
	for (size_t i = 0; i < needs->n; i++) {
		(void)strbuf_addf(out, " %s", needs->list[i]);
	}
	if (needs->n == 0) {
		(void)strbuf_adds(out, " (nothing: this token is not needed)");
	}
	(void)strbuf_adds(out, "\n");
}

void policy_scopes(const struct policy *policy, struct strbuf *out)
{
	struct scope_needs tiers[TIER_DESTROY + 1];
	struct scope_needs all = {.n = 0};

	policy_scope_needs(policy, tiers);
	for (int t = TIER_READ; t <= TIER_DESTROY; t++) {
		for (size_t i = 0; i < tiers[t].n; i++) {
			need(&all, tiers[t].list[i]);
		}
	}
	for (size_t a = 0; a < policy->n_accounts; a++) {
		const struct policy_account *account = &policy->accounts[a];

		/* `token:` alone is one text in all three places */
		if (account->token[TIER_READ] != NULL &&
		    account->token[TIER_READ] == account->token[TIER_CHANGE]) {
			say(account->name, "token", account->token[TIER_READ], &all, out);
			continue;
		}
		for (int t = TIER_READ; t <= TIER_DESTROY; t++) {
			const char *place = account->token[t];

			if (place != NULL || tiers[t].n > 0) {
				say(account->name, tier_name((enum tier)t),
				    place != NULL ? place : "no such token is listed", &tiers[t],
				    out);
			}
		}
	}
	if (policy->n_accounts == 0) {
		(void)strbuf_adds(out, "no account is listed\n");
	}
}
