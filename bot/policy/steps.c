/* steps.c - what a line of `require` asks for, and what a line of `limits` bounds */
#include <string.h>

#include "policy/walk.h"

#define APPROVALS_MOST 20
#define AT_MOST 100000
#define DOLLARS_MOST 1000000
#define STEPS 3 /* a line's duties: confirm or code, reason, approvals */

static unsigned count_bits(const uint64_t *bits, unsigned words)
{
	unsigned n = 0;

	for (unsigned w = 0; w < words; w++) {
		n += (unsigned)__builtin_popcountll(bits[w]);
	}
	return n;
}

/* Who could give an approval. Of a rota one at a time can; of a network's group nobody knows how many. */
struct approvers {
	uint64_t *people;
	unsigned n;
	bool open; /* more than are listed */
};

static void add_terms(struct compiler *c, const struct term_set *terms, struct approvers *a)
{
	for (unsigned i = 0; i < TERMS_MAX; i++) {
		if (bit_get(terms->bits, i)) {
			a->n += i < c->policy->n_rotas;
			a->open = a->open || i >= c->policy->n_rotas;
		}
	}
}

static bool find_approvers(struct compiler *c, const struct yaml_node *node, struct approvers *a)
{
	const char *text = walk_text(c, node, "who approves");
	struct named *person = text != NULL ? names_find(&c->people, text) : NULL;
	struct named *group = text != NULL ? names_find(&c->groups, text) : NULL;
	struct named *rota = text != NULL ? names_find(&c->rotas, text) : NULL;
	struct guess guess = guess_for(text != NULL ? text : "");

	a->people = arena_array(c->scratch, c->people_words, sizeof(uint64_t));
	if (text == NULL) {
		return false;
	}
	if (strcmp(text, "people") == 0) {
		for (unsigned i = 1; i <= c->policy->n_people; i++) {
			bit_set(a->people, i);
		}
	} else if (person != NULL) {
		bit_set(a->people, person->number + 1);
	} else if (group != NULL) {
		group->used = true;
		memcpy(a->people, &c->group_people[(size_t)group->number * c->people_words],
		       c->people_words * sizeof(uint64_t));
		add_terms(c, &c->group_terms[group->number], a);
	} else if (rota != NULL) {
		rota->used = true;
		a->n = 1;
	} else {
		guess_names(c, &guess, &c->people);
		guess_names(c, &guess, &c->groups);
		guess_names(c, &guess, &c->rotas);
		report_error(c->report, "E031", node, "no person or group \"%.60s\"%s", text,
			     guess_text(&guess));
		return false;
	}
	a->n += count_bits(a->people, c->people_words);
	return true;
}

/* Nobody approves their own request: when all who could ask are approvers, one of these is lacking. */
static bool all_approve(const struct compiler *c, const struct approvers *a,
			const uint64_t *affected)
{
	bool some = false;

	for (unsigned i = 1; i <= c->policy->n_people; i++) {
		if (bit_get(affected, i) && !bit_get(a->people, i)) {
			return false;
		}
		some = some || bit_get(affected, i);
	}
	return some;
}

static void compile_approvals(struct compiler *c, const struct yaml_node *node, struct duty *duty,
			      const uint64_t *affected)
{
	const struct yaml_node *approvals = yaml_get(node, "approvals");
	const struct yaml_node *from = yaml_get(node, "from");
	const struct yaml_node *within = yaml_get(node, "within");
	struct approvers a = {.n = 0};
	unsigned n = 0;
	bool all;

	duty->kind = DUTY_APPROVALS;
	if (within == NULL) {
		report_error(c->report, "E005", approvals,
			     "\"within\" is missing: how long a request may wait, as within: 10m");
	} else {
		(void)compile_duration(c, within, MINUTE_MS / 2, 7 * DAY_MS, &duty->within_ms);
	}
	if (from == NULL) {
		report_error(c->report, "E005", approvals, "\"from\" is missing: who may approve");
		return;
	}
	if (!compile_count(c, approvals, APPROVALS_MOST, &n) || !find_approvers(c, from, &a)) {
		return;
	}
	duty->n = n;
	duty->group = arena_strdup(c->arena, from->text);
	all = !a.open && n == a.n && all_approve(c, &a, affected);
	if (!a.open && (n > a.n || all)) {
		report_error(c->report, "E056", approvals,
			     "%u approval%s from \"%s\", which has %u %s%s", n, n == 1 ? "" : "s",
			     from->text, a.n, a.n == 1 ? "person" : "people",
			     all ? "; nobody approves their own request" : "");
	}
}

static void check_code(struct compiler *c, const struct yaml_node *confirm,
		       const uint64_t *affected)
{
	for (unsigned i = 1; i <= c->policy->n_people; i++) {
		if (bit_get(affected, i) && c->policy->people[i].code != NULL) {
			return;
		}
	}
	report_error(c->report, "E057", confirm,
		     "nobody whom this line is about has a \"code\" under \"people\"");
}

static void compile_confirm(struct compiler *c, const struct yaml_node *node, struct duty *duty,
			    const uint64_t *affected)
{
	const struct yaml_node *confirm = yaml_get(node, "confirm");
	const struct yaml_node *lasts = yaml_get(node, "lasts");
	const char *text = walk_text(c, confirm, "self or code");

	if (text == NULL) {
		return;
	}
	if (strcmp(text, "self") == 0) {
		duty->kind = DUTY_CONFIRM;
	} else if (strcmp(text, "code") == 0) {
		duty->kind = DUTY_CODE;
		check_code(c, confirm, affected);
	} else {
		report_error(c->report, "E004", confirm,
			     "\"confirm\" is self or code, not \"%.60s\"", text);
	}
	if (lasts != NULL && duty->kind == DUTY_CODE) {
		(void)compile_duration(c, lasts, MINUTE_MS, HOUR_MS, &duty->lasts_ms);
	}
}

/* A key that means nothing without another would be a step that nobody asks for. */
static void check_alone(struct compiler *c, const struct yaml_node *node, const char *key,
			bool fits, const char *with)
{
	const struct yaml_node *at = yaml_get(node, key);

	if (at != NULL && !fits) {
		report_error(c->report, "E003", at, "\"%s\" stands with \"%s\" only", key, with);
	}
}

void compile_steps(struct compiler *c, const struct yaml_node *node, struct rule *rule,
		   const uint64_t *affected)
{
	struct duty *duties = arena_array(c->arena, STEPS, sizeof(*duties));
	const struct yaml_node *confirm = yaml_get(node, "confirm");
	const struct yaml_node *reason = yaml_get(node, "reason");
	bool approvals = yaml_get(node, "approvals") != NULL;

	if (confirm != NULL) {
		compile_confirm(c, node, &duties[rule->n_duties++], affected);
	}
	if (reason != NULL) {
		duties[rule->n_duties++].kind = DUTY_REASON;
		if (reason->kind != YAML_SCALAR || strcmp(reason->text, "yes") != 0) {
			report_error(c->report, "E004", reason,
				     "\"reason\" is \"yes\", or left out");
		}
	}
	if (approvals) {
		compile_approvals(c, node, &duties[rule->n_duties++], affected);
	}
	check_alone(c, node, "from", approvals, "approvals");
	check_alone(c, node, "within", approvals, "approvals");
	check_alone(c, node, "lasts",
		    confirm != NULL && confirm->kind == YAML_SCALAR &&
			    strcmp(confirm->text, "code") == 0,
		    "confirm: code");
	if (rule->n_duties == 0) {
		report_error(c->report, "E005", node,
			     "this line asks for nothing: confirm, approvals or reason");
	}
	for (unsigned i = 0; i < rule->n_duties; i++) {
		duties[i].rule = rule->label.name;
	}
	rule->duties = duties;
}

/* ---- limits ------------------------------------------------------------------------------ */

static void compile_rate(struct compiler *c, const struct yaml_node *node,
			 struct policy_limit *limit)
{
	static const struct {
		const char *word;
		enum limit_per per;
	} pers[] = {{"person", PER_PERSON}, {"role", PER_ROLE}, {"channel", PER_CHANNEL}};
	const struct yaml_node *per = yaml_get(node, "per");
	const struct yaml_node *within = yaml_get(node, "within");
	const char *text = per != NULL ? walk_text(c, per, "person, role or channel") : NULL;

	(void)compile_count(c, yaml_get(node, "at_most"), AT_MOST, &limit->at_most);
	if (within == NULL || per == NULL) {
		report_error(c->report, "E005", yaml_get(node, "at_most"),
			     "\"%s\" is missing, as in per: person, at_most: 5, within: 10m",
			     per == NULL ? "per" : "within");
	}
	if (within != NULL) {
		(void)compile_duration(c, within, SECOND_MS, 31 * DAY_MS, &limit->within_ms);
	}
	for (size_t i = 0; text != NULL && i < sizeof(pers) / sizeof(pers[0]); i++) {
		limit->per = strcmp(pers[i].word, text) == 0 ? pers[i].per : limit->per;
	}
	if (text != NULL && limit->per == PER_NONE) {
		report_error(c->report, "E058", per,
			     "\"per\" is person, role or channel, not \"%.60s\"", text);
	}
}

static void compile_cost(struct compiler *c, const struct yaml_node *node, const struct rule *rule,
			 struct policy_limit *limit)
{
	unsigned dollars = 0;

	if (!compile_count(c, node, DOLLARS_MOST, &dollars)) {
		return;
	}
	limit->monthly_cents = (int64_t)dollars * 100;
	if (!bit_get(rule->verbs.bits, VERB_DROPLET_CREATE) &&
	    !bit_get(rule->verbs.bits, VERB_DROPLET_RESIZE)) {
		report_error(c->report, "E058", node,
			     "\"monthly_cost\" bounds droplet.create and droplet.resize; this line "
			     "names neither");
	}
}

void compile_limit(struct compiler *c, const struct yaml_node *node, struct rule *rule)
{
	struct policy_limit *limit = arena_alloc(c->arena, sizeof(*limit));
	const struct yaml_node *at_once = yaml_get(node, "droplets_at_once");
	const struct yaml_node *cost = yaml_get(node, "monthly_cost");
	bool rate = yaml_get(node, "at_most") != NULL;

	limit->rule = &rule->label;
	rule->limit = limit;
	if (rate) {
		compile_rate(c, node, limit);
	}
	if (at_once != NULL) {
		(void)compile_count(c, at_once, AT_MOST, &limit->droplets_at_once);
	}
	if (cost != NULL) {
		compile_cost(c, cost, rule, limit);
	}
	check_alone(c, node, "per", rate, "at_most");
	check_alone(c, node, "within", rate, "at_most");
	if (!rate && at_once == NULL && cost == NULL) {
		report_error(c->report, "E005", node,
			     "this line bounds nothing: at_most, droplets_at_once or monthly_cost");
	}
}
