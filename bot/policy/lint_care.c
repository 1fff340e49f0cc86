/* lint_care.c - lints about how well the file is kept: approvers, turns, tests, tokens, what channels hear */
#include <string.h>

#include "policy/lint.h"
#include "policy/scopes.h"

#define SCOPES_SHOWN 4

/* ---- W114, W115: who approves ------------------------------------------------------------- */

/* Who could give a line's approvals, by the name that stands under `from`. */
struct approvers {
	const uint64_t *people; /* NULL: everybody, or one person */
	unsigned one;           /* the person, 0: none */
	const struct rota *rota;
	bool open;  /* a network's group is among them */
	bool turns; /* a rota is among them */
	unsigned n;
};

static void count_approvers(const struct lint *l, struct approvers *a)
{
	for (unsigned w = 0; a->people != NULL && w < l->c->people_words; w++) {
		a->n += (unsigned)__builtin_popcountll(a->people[w]);
	}
}

static struct approvers approvers_of(const struct lint *l, const char *name)
{
	const struct compiler *c = l->c;
	const struct named *person = names_find(&c->people, name);
	const struct named *group = names_find(&c->groups, name);
	const struct named *rota = names_find(&c->rotas, name);
	struct approvers a = {.n = 0};

	if (person != NULL) {
		a.one = person->number + 1;
		a.n = 1;
	} else if (rota != NULL) {
		a.rota = &c->policy->rotas[rota->number];
		a.n = 1;
	} else if (group != NULL) {
		a.people = &c->group_people[(size_t)group->number * c->people_words];
		count_approvers(l, &a);
		for (unsigned i = 0; i < TERMS_MAX; i++) {
			bool in = bit_get(c->group_terms[group->number].bits, i);

			a.turns = a.turns || (in && i < c->policy->n_rotas);
			a.open = a.open || (in && i >= c->policy->n_rotas);
		}
	} else {
		a.n = c->policy->n_people;
	}
	return a;
}

static bool approves(const struct approvers *a, unsigned person)
{
	return a->rota != NULL     ? rota_names(a->rota, person)
	       : a->people != NULL ? bit_get(a->people, person)
				   : a->one == 0 || a->one == person;
}

/* Is the line about the person, and may they do any of it at all? */
static bool may_ask(struct lint *l, const struct rule_table *require, unsigned line,
		    unsigned person)
{
	const struct rule *rule = &require->rules[line];

	if (!bit_get(&require->of_person[(size_t)person * require->words], line) ||
	    bit_get(&require->spared[(size_t)person * require->words], line)) {
		return false;
	}
	for (unsigned v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		if (bit_get(rule->verbs.bits, v) &&
		    lint_anywhere(l, &l->cells, person, v, l->set)) {
			return true;
		}
	}
	return false;
}

static void lint_own_group(struct lint *l, const struct rule_table *require, unsigned line,
			   const struct duty *duty, const struct yaml_node *from)
{
	struct approvers a = approvers_of(l, duty->group);

	if (a.open || a.turns || duty->n < a.n) {
		return;
	}
	for (unsigned i = 1; i <= l->policy->n_people; i++) {
		if (approves(&a, i) && may_ask(l, require, line, i)) {
			report_add(
				l->c->report, true, "W114", from->line, from->column,
				"\"%s\" wants %u approval%s from \"%s\", %s; what %s asks for can "
				"never be approved, since nobody approves their own",
				duty->rule, duty->n, duty->n == 1 ? "" : "s", duty->group,
				a.rota != NULL ? "where one at a time has the turn"
				: a.n == 1     ? "where there is one person"
					       : "where there are no more people",
				l->policy->people[i].name);
			return;
		}
	}
}

static void lint_approvers(struct lint *l)
{
	const struct yaml_node *section = yaml_get(l->c->root, "require");
	struct rule_table require;

	view_table(l->policy, &l->policy->require, true, &l->arena, &require);
	for (unsigned i = 0; i < require.n; i++) {
		const struct yaml_node *from = yaml_get(section->items[i], "from");
		const struct rule *rule = &require.rules[i];

		for (unsigned k = 0; from != NULL && k < rule->n_duties; k++) {
			const struct duty *duty = &rule->duties[k];

			if (duty->kind != DUTY_APPROVALS) {
				continue;
			}
			if (approvers_of(l, duty->group).open) {
				report_add(l->c->report, true, "W115", from->line, from->column,
					   "a chat network says who is in \"%s\", so whoever keeps "
					   "that group there decides who approves \"%s\"",
					   duty->group, duty->rule);
			}
			lint_own_group(l, &require, i, duty, from);
		}
	}
}

/* ---- W119: turns --------------------------------------------------------------------------- */

static void lint_turns(struct lint *l)
{
	const struct yaml_node *section = yaml_get(l->c->root, "oncall");
	int64_t now = l->c->lint->now_ms / SECOND_MS;

	for (unsigned i = 0; i < l->policy->n_rotas; i++) {
		const struct rota *rota = &l->policy->rotas[i];
		const struct yaml_node *at = section->keys[i];
		const char *from = yaml_get(section->items[i], "from")->text;
		bool gap = now > 0 && rota_person(rota, now, NULL) == 0;

		if (gap) {
			report_add(l->c->report, true, "W119", at->line, at->column,
				   "nobody is on call in \"%s\" now: its first turn begins %s",
				   at->text, from);
		}
		for (unsigned k = 0; !gap && k < rota->n_covers; k++) {
			const struct cover *cover = &rota->covers[k];
			const struct yaml_node *node =
				yaml_get(section->items[i], "cover")->items[k];

			gap = cover->to >= now && rota_person(rota, cover->to, NULL) == 0;
			if (gap) {
				report_add(
					l->c->report, true, "W119", node->line, node->column,
					"nobody is on call in \"%s\" between the end of this cover "
					"and the first turn, which begins %s",
					at->text, from);
			}
		}
	}
}

/* ---- W120, W121: tests --------------------------------------------------------------------- */

static void lint_tests(struct lint *l)
{
	const struct yaml_node *tests = yaml_get(l->c->root, "tests");
	const struct yaml_node *allow = yaml_get(l->c->root, "allow");

	if (l->policy->allow.n > 0 && (tests == NULL || tests->n == 0)) {
		report_add(l->c->report, true, "W120", allow->line, allow->column,
			   "no \"tests\" say what is expected of these lines, so a slip in them "
			   "shows only when somebody uses it");
		return; /* W121 would say the same of every line */
	}
	for (unsigned i = 0; i < l->policy->never.n; i++) {
		const struct yaml_node *at = lint_line(l, true, i);

		if (!bit_get(l->c->never_tested, i) && !bit_get(l->idle, i)) {
			report_add(l->c->report, true, "W121", at->line, at->column,
				   "no test would notice if \"%s\" were gone: none has under "
				   "\"cannot\" what this line alone forbids",
				   l->policy->never.rules[i].label.name);
		}
	}
}

/* ---- W117: tokens -------------------------------------------------------------------------- */

/* The token's place in the file, and which tier's needs it is compared with; NULL: no such token. */
static const struct yaml_node *token_node(const struct yaml_node *account, enum tier tier)
{
	const struct yaml_node *token = yaml_get(account, "token");

	return token != NULL       ? token
	       : tier == TIER_NONE ? NULL
				   : yaml_get(account, tier_name(tier));
}

static bool is_needed(const struct scope_needs *tiers, bool alone, enum tier tier,
		      const char *scope)
{
	for (int t = TIER_READ; t <= TIER_DESTROY; t++) {
		for (size_t i = 0; (alone || (int)tier == t) && i < tiers[t].n; i++) {
			if (strcmp(tiers[t].list[i], scope) == 0) {
				return true;
			}
		}
	}
	return false;
}

/* The scopes that this token has beyond its needs. */
static unsigned add_exceeding(const struct lint *l, const char *account, enum tier tier, bool alone,
			      const struct scope_needs *tiers, struct strbuf *text)
{
	const struct policy_lint_over *over = l->c->lint;
	unsigned n = 0;

	for (size_t i = 0; i < over->n_scopes; i++) {
		const struct policy_token_scope *s = &over->scopes[i];

		if (s->tier != tier || (s->account != NULL && strcmp(s->account, account) != 0) ||
		    is_needed(tiers, alone, tier, s->scope)) {
			continue;
		}
		if (n++ < SCOPES_SHOWN) {
			(void)strbuf_addf(text, "%s%.60s", n > 1 ? ", " : "", s->scope);
		}
	}
	if (n > SCOPES_SHOWN) {
		(void)strbuf_addf(text, " and %u more", n - SCOPES_SHOWN);
	}
	return n;
}

static void lint_token(struct lint *l, unsigned number, enum tier tier,
		       const struct scope_needs *tiers)
{
	const struct yaml_node *accounts = yaml_get(l->c->root, "accounts");
	const struct yaml_node *account = accounts->items[number];
	const struct yaml_node *at = token_node(account, tier);
	const char *name = l->policy->accounts[number].name;
	struct strbuf text;

	strbuf_init(&text, 600);
	if (add_exceeding(l, name, tier, yaml_get(account, "token") != NULL, tiers, &text) > 0) {
		at = at != NULL ? at : accounts->keys[number];
		report_add(l->c->report, true, "W117", at->line, at->column,
			   at == accounts->keys[number]
				   ? "a token of \"%s\" that does not stand here may more than the "
				     "policy needs: %s"
				   : "this token of \"%s\" may more than the policy needs: %s",
			   name, text.buf);
	}
	strbuf_done(&text);
}

static void lint_tokens(struct lint *l)
{
	const struct policy_lint_over *over = l->c->lint;
	const struct yaml_node *accounts = yaml_get(l->c->root, "accounts");
	struct scope_needs tiers[TIER_DESTROY + 1];

	if (over->n_scopes == 0) {
		return;
	}
	policy_scope_needs(l->policy, tiers);
	for (unsigned i = 0; i < l->policy->n_accounts; i++) {
		for (int tier = TIER_NONE; tier <= TIER_DESTROY; tier++) {
			lint_token(l, i, (enum tier)tier, tiers);
		}
	}
	for (size_t i = 0; i < over->n_scopes; i++) {
		const char *account = over->scopes[i].account;

		if (account != NULL && names_find(&l->c->accounts, account) == NULL) {
			report_add(
				l->c->report, true, "W117", accounts != NULL ? accounts->line : 1,
				accounts != NULL ? accounts->column : 1,
				"scopes are given for the account \"%.60s\", and none such stands "
				"here",
				account);
			return;
		}
	}
}

/* ---- W101 of `announce` -------------------------------------------------------------------- */

static void lint_announce(struct lint *l)
{
	const struct yaml_node *section = yaml_get(l->c->root, "channels");

	for (unsigned c = 1; c <= l->policy->n_channels; c++) {
		const struct yaml_node *announce = yaml_get(section->items[c - 1], "announce");

		if (announce != NULL &&
		    !bit_get(l->policy->channels[c].verbs.bits, VERB_DROPLET_SHOW)) {
			report_add(
				l->c->report, true, "W101", announce->line, announce->column,
				"\"announce\" can never take effect in \"%s\": it tells of "
				"droplets "
				"that the channel lets droplet.show through for, and it lets none",
				l->policy->channels[c].name);
		}
	}
}

void lint_care(struct lint *l)
{
	lint_approvers(l);
	lint_turns(l);
	lint_tests(l);
	lint_tokens(l);
	lint_announce(l);
}
