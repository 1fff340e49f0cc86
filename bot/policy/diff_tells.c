/* diff_tells.c - differences of what is told where, and of what the file stands on: tokens, codes, who hears of what */
#include <string.h>

#include "policy/diff_internal.h"

/* A sentence of its own. */
static struct strbuf *begin(struct difference *d, bool gain)
{
	*(gain ? &d->result->gains : &d->result->losses) += 1;
	(void)strbuf_adds(d->out, gain ? "+ " : "- ");
	return d->out;
}

static bool differ(const char *a, const char *b)
{
	return (a == NULL) != (b == NULL) || (a != NULL && strcmp(a, b) != 0);
}

/* ---- channels ------------------------------------------------------------------------------- */

/* A channel that is not in a file hears of nothing there. */
static const struct verb_set *hears(const struct difference *d, const struct pair *pair, int side)
{
	static const struct verb_set nothing;

	return pair->number[side] != 0 ? &d->policy[side]->channels[pair->number[side]].announce
				       : &nothing;
}

static void say_hears(struct difference *d, const struct pair *pair, int side)
{
	const struct verb_set *has = hears(d, pair, side), *had = hears(d, pair, !side);
	struct listing list = diff_listing(d);
	bool began = false;

	for (unsigned v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		if (!bit_get(has->bits, v) || bit_get(had->bits, v)) {
			continue;
		}
		if (!began) {
			(void)strbuf_addf(begin(d, side == NEW), "%s %s ", pair->name,
					  side == NEW ? "also hears of" : "no longer hears of");
			began = true;
		}
		diff_list_add(&list, verb_info((enum verb)v)->name);
	}
	if (began) {
		diff_list_end(&list);
		(void)strbuf_adds(d->out, " done to its droplets\n");
	}
}

/* Is the name among the words of a setting? */
static bool has_word(const char *words, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = words; at != NULL && (at = strstr(at, name)) != NULL; at++) {
		if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0')) {
			return true;
		}
	}
	return false;
}

static void say_private(struct difference *d, const struct pair *pair)
{
	bool was = has_word(policy_setting(d->policy[OLD], "private_reads"), pair->name);
	bool is = has_word(policy_setting(d->policy[NEW], "private_reads"), pair->name);

	if (pair->number[OLD] != 0 && pair->number[NEW] != 0 && was != is) {
		(void)strbuf_addf(begin(d, was), "in %s %s\n", pair->name,
				  was ? "everybody reads the answers to reads now, not the asker "
					"alone (private_reads)"
				      : "the asker alone reads the answers to reads now "
					"(private_reads)");
	}
}

/* ---- settings, codes, accounts --------------------------------------------------------------- */

static void say_setting(struct difference *d, const char *key, const char *what)
{
	const char *was = policy_setting(d->policy[OLD], key);
	const char *is = policy_setting(d->policy[NEW], key);

	if (!differ(was, is)) {
		return;
	}
	if (is != NULL) {
		(void)strbuf_addf(begin(d, true), "%s also reads %s (%s)\n", is, what, key);
	}
	if (was != NULL) {
		(void)strbuf_addf(begin(d, false), "%s no longer reads %s (%s)\n", was, what, key);
	}
}

/* Whoever holds the secret can give the code, so a new place of it is a gain. */
static void say_code(struct difference *d, const struct pair *pair)
{
	const char *was = d->policy[OLD]->people[pair->number[OLD]].code;
	const char *is = d->policy[NEW]->people[pair->number[NEW]].code;

	if (pair->number[OLD] == 0 || pair->number[NEW] == 0 || !differ(was, is)) {
		return;
	}
	if (is != NULL) {
		(void)strbuf_addf(begin(d, true), "%s gives codes of another secret now\n",
				  pair->name);
	} else {
		(void)strbuf_addf(begin(d, false), "%s has no codes any more\n", pair->name);
	}
}

static const struct policy_account *account_in(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->n_accounts; i++) {
		if (strcmp(policy->accounts[i].name, name) == 0) {
			return &policy->accounts[i];
		}
	}
	return NULL;
}

static void say_tokens(struct difference *d, const struct policy_account *was,
		       const struct policy_account *is)
{
	static const char *const tiers[TIER_DESTROY + 1] = {
		[TIER_READ] = "read", [TIER_CHANGE] = "change", [TIER_DESTROY] = "destroy"};

	for (int tier = TIER_READ; tier <= TIER_DESTROY; tier++) {
		if (!differ(was->token[tier], is->token[tier])) {
			continue;
		}
		if (is->token[tier] != NULL) {
			(void)strbuf_addf(begin(d, true),
					  "account %s has another token to %s now\n", is->name,
					  tiers[tier]);
		} else {
			(void)strbuf_addf(begin(d, false), "account %s has no token to %s now\n",
					  is->name, tiers[tier]);
		}
	}
}

static void say_accounts(struct difference *d)
{
	for (int side = NEW; side >= OLD; side--) {
		const struct policy *p = d->policy[side];

		for (size_t i = 0; i < p->n_accounts; i++) {
			const struct policy_account *other =
				account_in(d->policy[!side], p->accounts[i].name);

			if (other == NULL) {
				(void)strbuf_addf(begin(d, side == NEW), "account %s is %s\n",
						  p->accounts[i].name,
						  side == NEW ? "new, with all its droplets"
							      : "gone, with all its droplets");
			} else if (side == NEW) {
				say_tokens(d, other, &p->accounts[i]);
			}
		}
	}
}

void diff_say_tells(struct difference *d)
{
	for (unsigned i = 0; i < d->n_channels; i++) {
		for (int side = NEW; side >= OLD; side--) {
			say_hears(d, &d->channels[i], side);
		}
		say_private(d, &d->channels[i]);
	}
	say_setting(d, "ops", "who gains and loses what, and what failed");
	say_setting(d, "audit_mirror", "the heads of the audit log");
	for (unsigned i = 1; i < d->n_people; i++) {
		say_code(d, &d->people[i]);
	}
	say_accounts(d);
}
