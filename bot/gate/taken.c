/* taken.c - turns that people took beside whoever's it is: who may, who has one, and what was decided because of it */
#include <stdio.h>
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "gate/internal.h"
#include "metrics/metrics.h"

void gate_set_taken(struct gate *gate, const struct policy_taken *taken, size_t n)
{
	struct arena arena = {0};
	struct policy_taken *copies = arena_array(&arena, n + 1, sizeof(*copies));

	for (size_t i = 0; i < n; i++) {
		copies[i] = taken[i];
		copies[i].rota = arena_strdup(&arena, taken[i].rota);
		copies[i].person = arena_strdup(&arena, taken[i].person);
	}
	arena_done(&gate->taken_arena);
	gate->taken_arena = arena;
	gate->taken = copies;
	gate->n_taken = n;
}

const struct policy_taken *gate_taken(const struct gate *gate, size_t *ret_n)
{
	*ret_n = gate->n_taken;
	return gate->taken;
}

/* ---- because of it ------------------------------------------------------------------------- */

static bool is_theirs(const struct policy_taken *taken, const char *person, int64_t at_ms)
{
	return person != NULL && strcmp(taken->person, person) == 0 && at_ms >= taken->from_ms &&
	       at_ms < taken->until_ms;
}

static bool has_any(const struct policy_question *q)
{
	const char *person = policy_person_name(&q->asker);

	for (size_t i = 0; i < q->n_taken; i++) {
		if (is_theirs(&q->taken[i], person, q->at_ms)) {
			return true;
		}
	}
	return false;
}

static bool same_rules(const struct decision *a, const struct decision *b)
{
	size_t n = a->n_rules < DECISION_RULES_MAX ? a->n_rules : DECISION_RULES_MAX;

	return a->n_rules == b->n_rules && memcmp(a->rules, b->rules, n * sizeof(a->rules[0])) == 0;
}

static bool same_duties(const struct decision *a, const struct decision *b)
{
	bool same = a->n_duties == b->n_duties;

	for (size_t i = 0; same && i < a->n_duties; i++) {
		same = a->duties[i].kind == b->duties[i].kind &&
		       a->duties[i].rule == b->duties[i].rule;
	}
	return same;
}

bool taken_matters(const struct policy_question *question, const struct decision *decision)
{
	struct policy_question q = *question;
	struct decision without;

	if (!has_any(question)) {
		return false;
	}
	q.taken = NULL;
	q.n_taken = 0;
	policy_decide(&q, &without);
	return without.verdict != decision->verdict || !same_rules(&without, decision) ||
	       !same_duties(&without, decision);
}

void taken_mark(const struct gate *gate, const struct policy_asker *asker,
		struct gate_decision *decision, struct arena *arena)
{
	const char *person = policy_person_name(asker);
	int64_t now_ms = clock_wall_ms();
	size_t n = decision->n_rules;
	const char **names = arena_array(arena, n + gate->n_taken + 1, sizeof(*names));

	for (size_t i = 0; i < n; i++) {
		names[i] = decision->rules[i];
	}
	for (size_t i = 0; i < gate->n_taken; i++) {
		if (is_theirs(&gate->taken[i], person, now_ms)) {
			names[n++] = arena_printf(arena, "taken.%s", gate->taken[i].rota);
		}
	}
	decision->rules = names;
	decision->n_rules = n;
}

const char *const *gate_taken_names(const struct gate *gate, const char *person, const char *group,
				    struct arena *arena, size_t *ret_n)
{
	const struct policy *policy = gate->policy;
	int64_t now_ms = clock_wall_ms();
	const char **names = arena_array(arena, gate->n_taken + 1, sizeof(*names));

	*ret_n = 0;
	for (size_t i = 0; i < gate->n_taken; i++) {
		if (is_theirs(&gate->taken[i], person, now_ms) &&
		    !policy_member(policy, person, group, now_ms, NULL, 0) &&
		    policy_member(policy, person, group, now_ms, &gate->taken[i], 1)) {
			names[(*ret_n)++] = arena_printf(arena, "taken.%s", gate->taken[i].rota);
		}
	}
	return names;
}

/* ---- who may take one ---------------------------------------------------------------------- */

size_t gate_may_take(const struct gate *gate, const struct gate_who *who, struct arena *arena,
		     const char *const **ret_rotas)
{
	const char *person = gate_person(gate, who);
	const char **rotas;
	size_t most = 0;
	size_t n = 0;

	while (policy_rota(gate->policy, most) != NULL) {
		most++;
	}
	rotas = arena_array(arena, most + 1, sizeof(*rotas));
	for (size_t i = 0; i < most; i++) {
		if (policy_may_take(gate->policy, i, person)) {
			rotas[n++] = arena_strdup(arena, policy_rota(gate->policy, i));
		}
	}
	*ret_rotas = rotas;
	return n;
}

bool gate_takes(const struct gate *gate, const char *person, const char *rota)
{
	const char *name;

	for (size_t i = 0; (name = policy_rota(gate->policy, i)) != NULL; i++) {
		if (rota != NULL && strcmp(name, rota) == 0) {
			return policy_may_take(gate->policy, i, person);
		}
	}
	return false;
}

void gate_decide_take(struct gate *gate, const struct gate_who *who, const char *rota,
		      const char *id, struct store_txn *txn, struct arena *arena,
		      struct gate_decision *ret_decision)
{
	static const char *const duties[] = {"reason", "code"};
	const char *person = gate_person(gate, who);
	bool may = gate_channel(gate, who) != NULL && gate_takes(gate, person, rota);
	const char **rules = arena_array(arena, 1, sizeof(*rules));
	struct audit_row row = {
		.at_ms = clock_wall_ms(),
		.kind = "decision",
		.person = person,
		.network = who->network,
		.user_workspace = who->user_workspace,
		.user = who->user,
		.workspace = who->workspace,
		.channel = who->direct ? "direct" : who->channel,
		.channel_name = gate_channel(gate, who),
		.verb = GATE_TAKE,
		.verdict = may ? "allow" : "deny",
		.duties = duties,
		.n_duties = may ? 2 : 0,
		.policy_id = policy_id(gate->policy),
	};

	memset(ret_decision, 0, sizeof(*ret_decision));
	rules[0] = may ? arena_printf(arena, "may_take.%s", rota) : "no-rule";
	if (id != NULL) {
		(void)snprintf(ret_decision->id, sizeof(ret_decision->id), "%s", id);
	} else {
		gate_make_id(ret_decision->id, sizeof(ret_decision->id));
	}
	ret_decision->verdict = may ? ALLOW : DENY;
	ret_decision->rules = rules;
	ret_decision->n_rules = 1;
	ret_decision->policy_id = policy_id(gate->policy);
	row.id = ret_decision->id;
	row.rules = rules;
	row.n_rules = 1;
	metrics_add(may ? METRIC_DECISIONS_ALLOW : METRIC_DECISIONS_DENY, 1);
	audit_add(txn, &row);
}
