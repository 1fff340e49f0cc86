/* gate.c - the only caller of policy_decide: asks for each droplet and puts the answers together
 *
 * Happy path: who and where become numbers of the snapshot (policy_asker), each droplet is one question, and one denial
 * denies all. The audit row goes into the caller's transaction. Nothing here waits or fails: what is not known denies.
 */
#include "gate/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/mem.h"
#include "gate/said.h"
#include "metrics/metrics.h"

#define ID_LETTERS 8
#define ID_STEP_MAX 20000 /* about three letters; 30,000,000 steps are once round */

struct gate *gate_new(struct policy *policy)
{
	struct gate *gate = mem_alloc(sizeof(*gate));

	gate->policy = policy_ref(policy);
	said_init(&gate->said);
	return gate;
}

void gate_free(struct gate *gate)
{
	if (gate != NULL) {
		policy_unref(gate->policy);
		arena_done(&gate->taken_arena);
		places_done(&gate->places);
		said_done(&gate->said);
		free(gate);
	}
}

void gate_swap(struct gate *gate, struct policy *policy)
{
	struct policy *old = gate->policy;

	gate->policy = policy_ref(policy);
	policy_unref(old);
	places_look_up(gate);
	said_done(&gate->said); /* a name may mean another group now */
	said_init(&gate->said);
}

void gate_said(struct gate *gate, const struct gate_who *who, const char *group, bool member)
{
	said_note(&gate->said, who, group, member);
}

const struct policy *gate_policy(const struct gate *gate)
{
	return gate->policy;
}

const char *gate_policy_id(const struct gate *gate)
{
	return policy_id(gate->policy);
}

static struct policy_asker asker_of(const struct gate *gate, const struct gate_who *who)
{
	return policy_asker(gate->policy, who->network, who->user_workspace, who->user,
			    who->workspace, who->channel, who->direct);
}

const char *gate_person(const struct gate *gate, const struct gate_who *who)
{
	struct policy_asker asker = asker_of(gate, who);

	return policy_person_name(&asker);
}

const char *gate_channel(const struct gate *gate, const struct gate_who *who)
{
	struct policy_asker asker = asker_of(gate, who);

	return policy_channel_name(&asker);
}

static uint64_t drawn(void)
{
	uint64_t n;

	if (getrandom(&n, sizeof(n), 0) != (ssize_t)sizeof(n)) {
		abort(); /* an id that could repeat would mix up two people's requests */
	}
	return n;
}

/*
 * Eight letters that nobody mistakes on a phone: no 0, 1, o, l, i, u. The first of a process is drawn; each next one comes a drawn
 * step after it, so that none repeats, those of two commands differ to the eye, and what is filed by them lies together.
 */
void gate_make_id(char *id, size_t size)
{
	static const char letters[] =
		"23456789abcdefghjkmnpqrstvwxyz"; /* in the order of their bytes */
	static uint64_t last;
	char digits[ID_LETTERS + 1] = "";
	uint64_t n;

	last = last == 0 ? drawn() >> 1 : last + 1 + drawn() % ID_STEP_MAX;
	n = last;
	for (size_t i = ID_LETTERS; i-- > 0; n /= sizeof(letters) - 1) {
		digits[i] = letters[n % (sizeof(letters) - 1)];
	}
	(void)snprintf(id, size, "%s", digits);
}

/* The rules that were met, each once. */
struct rule_set {
	const struct policy_rule *rules[DECISION_RULES_MAX];
	size_t n;
	bool ceiling_only;
};

static void add_rules(struct rule_set *set, const struct decision *decision)
{
	size_t n = decision->n_rules < DECISION_RULES_MAX ? decision->n_rules : DECISION_RULES_MAX;

	for (size_t i = 0; i < n; i++) {
		const struct policy_rule *rule = decision->rules[i];
		size_t k = 0;

		if (strncmp(rule->name, "ceiling.", 8) != 0) {
			set->ceiling_only = false;
		}
		while (k < set->n && set->rules[k] != rule) {
			k++;
		}
		if (k == set->n && set->n < DECISION_RULES_MAX) {
			set->rules[set->n++] = rule;
		}
	}
}

static const char *const *rule_names(const struct rule_set *set, struct arena *arena)
{
	const char **names = arena_array(arena, set->n + 1, sizeof(*names));

	for (size_t i = 0; i < set->n; i++) {
		names[i] = set->rules[i]->line > 0
				   ? arena_printf(arena, "%s:%u", set->rules[i]->name,
						  set->rules[i]->line)
				   : arena_strdup(arena, set->rules[i]->name);
	}
	return names;
}

/* n_targets: of the whole command. */
static struct policy_question question_of(const struct gate *gate, const struct policy_asker *asker,
					  const struct said_groups *groups, enum verb verb,
					  size_t n_targets)
{
	return (struct policy_question){
		.asker = *asker,
		.verb = verb,
		.at_ms = clock_wall_ms(),
		.groups_known = groups->known,
		.groups = groups->names,
		.n_groups = groups->n,
		.n_targets = n_targets < UINT32_MAX ? (unsigned)n_targets : UINT32_MAX,
		.taken = gate->taken,
		.n_taken = gate->n_taken,
	};
}

/* Is the verb allowed to this asker on all of them? By rights alone: lists and hints take no place under a limit. */
static bool all_allowed(const struct gate *gate, const struct policy_asker *asker,
			const struct said_groups *groups, enum verb verb,
			const struct droplet *const *droplets, size_t n_droplets)
{
	struct policy_question question = question_of(gate, asker, groups, verb, n_droplets);
	struct decision decision;

	question.counts_known = true;
	question.cost_known = true;
	for (size_t i = 0; i < n_droplets; i++) {
		question.droplet = droplets[i];
		policy_decide(&question, &decision);
		if (decision.verdict != ALLOW) {
			return false;
		}
	}
	return n_droplets > 0;
}

/* A channel of the policy in which this listed person may do it; where they already are does not count. */
static const char *find_elsewhere(const struct gate *gate, const struct policy_asker *asker,
				  const struct said_groups *groups, const struct gate_who *who,
				  enum verb verb, const struct droplet *const *droplets,
				  size_t n_droplets)
{
	const struct policy_channel *channels;
	size_t n = policy_channels(gate->policy, &channels);

	for (size_t i = 0; i < n; i++) {
		const struct policy_channel *c = &channels[i];
		struct policy_asker there =
			policy_asker(gate->policy, c->network, who->user_workspace, who->user,
				     c->workspace, c->channel, c->channel == NULL);

		there.person = asker->person;
		if (there.channel != asker->channel &&
		    policy_person_id(gate->policy, policy_person_name(asker), c->network,
				     c->workspace) != NULL &&
		    all_allowed(gate, &there, groups, verb, droplets, n_droplets)) {
			return c->name;
		}
	}
	return NULL;
}

/* "confirm", "approve 1 of sre": what it was allowed under. */
static const char *const *duty_names(const struct gate_decision *decision, struct arena *arena)
{
	static const char *const names[] = {[DUTY_NONE] = "none",
					    [DUTY_CONFIRM] = "confirm",
					    [DUTY_CODE] = "code",
					    [DUTY_REASON] = "reason",
					    [DUTY_APPROVALS] = "approve"};
	const char **texts = arena_array(arena, decision->n_duties + 1, sizeof(*texts));

	for (size_t i = 0; i < decision->n_duties; i++) {
		const struct duty *duty = &decision->duties[i];

		texts[i] = duty->kind == DUTY_APPROVALS
				   ? arena_printf(arena, "approve %u of %s", duty->n, duty->group)
				   : names[duty->kind];
	}
	return texts;
}

static void write_audit(const struct gate *gate, const struct gate_who *who,
			const struct policy_asker *asker, enum verb verb,
			const struct droplet *const *droplets, size_t n_droplets,
			const struct gate_decision *decision, struct store_txn *txn,
			struct arena *arena)
{
	uint64_t *ids = arena_array(arena, n_droplets + 1, sizeof(*ids));
	const char **names = arena_array(arena, n_droplets + 1, sizeof(*names));
	struct audit_row row = {
		.at_ms = clock_wall_ms(),
		.kind = "decision",
		.id = decision->id,
		.person = policy_person_name(asker),
		.network = who->network,
		.user_workspace = who->user_workspace,
		.user = who->user,
		.workspace = who->workspace,
		.channel = who->direct ? "direct" : who->channel,
		.channel_name = policy_channel_name(asker),
		.verb = verb_info(verb)->name,
		.droplets = ids,
		.names = names,
		.verdict = decision->verdict == ALLOW ? "allow" : "deny",
		.rules = decision->rules,
		.n_rules = decision->n_rules,
		.duties = duty_names(decision, arena),
		.n_duties = decision->verdict == ALLOW ? decision->n_duties : 0,
		.policy_id = policy_id(gate->policy),
	};

	for (size_t i = 0; i < n_droplets; i++) {
		if (droplets[i]->id != 0) {
			ids[row.n_droplets++] = droplets[i]->id;
		} else if (droplets[i]->name != NULL) { /* it is to be made */
			names[row.n_names++] = droplets[i]->name;
		}
	}
	audit_add(txn, &row);
}

/* What any of the targets asks for is asked for all. False: more than can be kept. */
static bool add_duties(struct duty *duties, size_t *n, const struct decision *decision)
{
	for (size_t i = 0; i < decision->n_duties; i++) {
		if (!policy_duty_add(duties, n, DECISION_DUTIES_MAX, &decision->duties[i])) {
			return false;
		}
	}
	return true;
}

bool gate_places_by_decision(enum verb verb)
{
	const struct verb_info *info = verb_info(verb);

	return info->effect == EFFECT_READ || info->effect == EFFECT_BOT;
}

/* May the asker read the names of the policy's lines here? */
static bool reads_lines(const struct gate *gate, const struct policy_asker *asker,
			const struct said_groups *groups)
{
	struct policy_question question = question_of(gate, asker, groups, VERB_POLICY_WHY, 1);
	struct decision decision;

	question.counts_known = true;
	policy_decide(&question, &decision);
	return decision.verdict == ALLOW;
}

static bool is_counted(const struct decision *decision)
{
	for (size_t i = 0; i < decision->n_limits; i++) {
		if (decision->limits[i]->at_most > 0) {
			return true;
		}
	}
	return false;
}

/* What no job will take a place for takes it now. Of several droplets one place, which counts for any. */
static void take_by_decision(struct gate *gate, const struct gate_who *who,
			     const struct policy_question *question, const char *id)
{
	const struct droplet any = {.id = 0};
	const struct gate_place place = {
		.job = id,
		.request = id,
		.who = *who,
		.verb = question->verb,
		.droplet = question->n_targets > 1 ? &any : question->droplet,
		.at_ms = question->at_ms,
	};

	if (gate_places_by_decision(question->verb)) {
		gate_place_take(gate, &place);
	}
}

void gate_decide(struct gate *gate, const struct gate_who *who, enum verb verb,
		 const struct droplet *const *droplets, size_t n_droplets, const char *id,
		 struct store_txn *txn, struct arena *arena, struct gate_decision *ret_decision)
{
	gate_decide_cost(gate, who, verb, droplets, n_droplets, -1, id, txn, arena, ret_decision);
}

void gate_decide_cost(struct gate *gate, const struct gate_who *who, enum verb verb,
		      const struct droplet *const *droplets, size_t n_droplets,
		      int64_t monthly_cents, const char *id, struct store_txn *txn,
		      struct arena *arena, struct gate_decision *ret_decision)
{
	struct policy_asker asker = asker_of(gate, who);
	struct said_groups groups;
	struct rule_set allowed = {.n = 0};
	struct rule_set denied = {.n = 0, .ceiling_only = true};
	struct decision decision;
	bool deny = false;
	bool took = false;
	size_t n = n_droplets > 0 ? n_droplets : 1;
	struct duty *duties = arena_array(arena, DECISION_DUTIES_MAX, sizeof(*duties));
	struct policy_question question;
	unsigned needs = gate_places_by_decision(verb) ? 1 : (unsigned)n;
	struct counting counting;
	bool limited = true; /* by limits alone */
	bool counted = false;

	said_of(&gate->said, gate->policy, who, &groups);
	question = question_of(gate, &asker, &groups, verb, n_droplets);
	counting_init(&counting, gate, who, id, arena);
	question.cost_known = monthly_cents >= 0;
	question.monthly_cents = monthly_cents;
	memset(ret_decision, 0, sizeof(*ret_decision));
	for (size_t i = 0; i < n; i++) {
		question.droplet = n_droplets > 0 ? droplets[i] : NULL;
		counting_ask(&counting, &question);
		policy_decide(&question, &decision);
		took = taken_matters(&question, &decision) || took;
		if (decision.verdict == ALLOW) {
			counting_add(&counting, &question, &decision);
			counted = counted || is_counted(&decision);
		} else {
			const char *words =
				counting_words(&counting, &question, &decision, needs,
					       reads_lines(gate, &asker, &groups), arena);

			ret_decision->limit = words != NULL && limited ? words : NULL;
			limited = ret_decision->limit != NULL;
		}
		add_rules(decision.verdict == ALLOW ? &allowed : &denied, &decision);
		deny = deny || decision.verdict != ALLOW;
		if (i == 0 || decision.max_tier < ret_decision->max_tier) {
			ret_decision->max_tier = decision.max_tier;
		}
		deny = !add_duties(duties, &ret_decision->n_duties, &decision) || deny;
	}
	if (id != NULL) {
		(void)strncat(ret_decision->id, id, sizeof(ret_decision->id) - 1);
	} else {
		gate_make_id(ret_decision->id, sizeof(ret_decision->id));
	}
	ret_decision->duties = duties;
	ret_decision->verdict = deny ? DENY : ALLOW;
	ret_decision->rules = rule_names(deny ? &denied : &allowed, arena);
	ret_decision->n_rules = deny ? denied.n : allowed.n;
	if (took) {
		taken_mark(gate, &asker, ret_decision, arena);
	}
	ret_decision->policy_id = policy_id(gate->policy);
	if (deny && asker.person != 0 && denied.ceiling_only) {
		ret_decision->elsewhere =
			find_elsewhere(gate, &asker, &groups, who, verb, droplets, n_droplets);
		ret_decision->here_only = ret_decision->elsewhere != NULL;
	}
	if (txn != NULL && !deny && id == NULL && counted) {
		take_by_decision(gate, who, &question, ret_decision->id);
	}
	if (txn != NULL) {
		metrics_add(deny ? METRIC_DECISIONS_DENY : METRIC_DECISIONS_ALLOW, 1);
		write_audit(gate, who, &asker, verb, droplets, n_droplets, ret_decision, txn,
			    arena);
	}
}

static bool could_by(struct gate *gate, const struct gate_who *who, enum verb verb, bool as_said)
{
	struct policy_asker asker = asker_of(gate, who);
	struct policy_question question;
	struct said_groups groups;

	said_could(&gate->said, gate->policy, who, as_said, &groups);
	question = question_of(gate, &asker, &groups, verb, 0);
	return policy_could_be(&question);
}

bool gate_could(struct gate *gate, const struct gate_who *who, enum verb verb)
{
	return could_by(gate, who, verb, false);
}

bool gate_could_as_said(struct gate *gate, const struct gate_who *who, enum verb verb)
{
	return could_by(gate, who, verb, true);
}

bool gate_allows(struct gate *gate, const struct gate_who *who, enum verb verb,
		 const struct droplet *droplet)
{
	struct policy_asker asker = asker_of(gate, who);

	struct said_groups groups;

	said_of(&gate->said, gate->policy, who, &groups);
	return all_allowed(gate, &asker, &groups, verb, &droplet, 1);
}

const struct droplet **gate_filter(struct gate *gate, const struct gate_who *who, enum verb verb,
				   const struct ocean_snapshot *snapshot, struct arena *arena,
				   size_t *ret_n)
{
	struct policy_asker asker = asker_of(gate, who);
	struct said_groups groups;
	size_t n_all;
	const struct droplet *all = ocean_snapshot_all(snapshot, &n_all);
	const struct droplet **some = arena_array(arena, n_all + 1, sizeof(*some));
	size_t n = 0;

	said_of(&gate->said, gate->policy, who, &groups);
	for (size_t i = 0; i < n_all; i++) {
		const struct droplet *one = &all[i];

		if (all_allowed(gate, &asker, &groups, verb, &one, 1)) {
			some[n++] = one;
		}
	}
	*ret_n = n;
	return some;
}

bool gate_shows(const struct gate *gate, const struct gate_who *who, const char *fact)
{
	struct policy_asker asker = asker_of(gate, who);

	return policy_shows(&asker, fact);
}

bool gate_announces(const struct gate *gate, const char *channel, enum verb verb,
		    const struct droplet *droplet)
{
	return policy_announces(gate->policy, channel, verb, droplet, clock_wall_ms());
}

bool gate_announces_any(const struct gate *gate, enum verb verb)
{
	return policy_announces_any(gate->policy, verb);
}

const struct droplet *gate_redact(struct gate *gate, const struct gate_who *who,
				  const struct droplet *droplet, struct arena *arena)
{
	struct policy_asker asker = asker_of(gate, who);
	struct droplet *shown = arena_alloc(arena, sizeof(*shown));

	/* An allow-list: a field that nobody thought of here stays hidden. */
	shown->id = policy_shows(&asker, "id") ? droplet->id : 0;
	shown->name = policy_shows(&asker, "name") ? droplet->name : NULL;
	shown->account = policy_shows(&asker, "account") ? droplet->account : NULL;
	shown->region = policy_shows(&asker, "region") ? droplet->region : NULL;
	shown->project = policy_shows(&asker, "project") ? droplet->project : NULL;
	shown->image = policy_shows(&asker, "image") ? droplet->image : NULL;
	shown->created = policy_shows(&asker, "created") ? droplet->created : NULL;
	shown->known = droplet->known;
	if (policy_shows(&asker, "status")) {
		shown->status = droplet->status;
		shown->locked = droplet->locked;
	}
	if (policy_shows(&asker, "size")) {
		shown->size = droplet->size;
		shown->memory_mb = droplet->memory_mb;
		shown->vcpus = droplet->vcpus;
		shown->disk_gb = droplet->disk_gb;
	}
	if (policy_shows(&asker, "ip")) {
		shown->ip = droplet->ip;
		shown->ip6 = droplet->ip6;
		shown->ip_private = droplet->ip_private;
	}
	if (policy_shows(&asker, "tags")) {
		shown->tags = droplet->tags;
		shown->n_tags = droplet->n_tags;
	}
	if (policy_shows(&asker, "cost")) {
		shown->price_monthly_cents = droplet->price_monthly_cents;
	}
	return shown;
}

bool gate_reads_privately(const struct gate *gate, const struct gate_who *who)
{
	const char *names = policy_setting(gate->policy, "private_reads");
	const char *here = gate_channel(gate, who);
	size_t len = here != NULL ? strlen(here) : 0;

	while (names != NULL && len > 0 && *names != '\0') {
		size_t n = strcspn(names, " ");

		if (n == len && strncmp(names, here, n) == 0) {
			return true;
		}
		names += n + strspn(names + n, " ");
	}
	return false;
}
