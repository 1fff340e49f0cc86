/* why.c - why a question is answered as it is, for the one who asks it */
#include "base/clock.h"
#include "base/strbuf.h"
#include "gate/internal.h"
#include "policy/explain.h"

#define TEXT_MAX 8192

const char *gate_why(const struct gate *gate, const struct gate_who *who, enum verb verb,
		     const struct droplet *droplet, struct arena *arena)
{
	struct policy_question q = {
		.asker = policy_asker(gate_policy(gate), who->network, who->user_workspace,
				      who->user, who->workspace, who->channel, who->direct),
		.verb = VERB_POLICY_WHY,
		.at_ms = clock_wall_ms(),
		.counts_known = true,
	};
	const struct policy_taken *taken = gate_taken(gate, &q.n_taken);
	struct counting counting;
	struct said_groups groups;
	struct explain_as as = {.you = true};
	struct decision decision;
	struct strbuf text;
	const char *copy;

	said_of(&gate->said, gate->policy, who, &groups);
	q.groups_known = groups.known;
	q.groups = groups.names;
	q.n_groups = groups.n;
	q.taken = taken;
	policy_decide(&q, &decision);
	as.lines = decision.verdict == ALLOW;
	q.verb = verb;
	q.droplet = droplet;
	counting_init(&counting, gate, who, NULL, arena);
	counting_ask(&counting, &q);
	strbuf_init(&text, TEXT_MAX);
	(void)policy_explain(&q, &as, &text);
	policy_decide(&q, &decision);
	if (taken_matters(&q, &decision)) {
		(void)strbuf_adds(&text, "It is so by the turn that you took: `oncall`\n");
	}
	copy = arena_strdup(arena, text.buf);
	strbuf_done(&text);
	return copy;
}
