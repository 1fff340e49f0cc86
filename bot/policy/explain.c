/* explain.c - why: the lines that decided, and the nearest miss */
#include "policy/explain.h"

#include <string.h>

#include "policy/snapshot.h"

#define NAMES_SHOWN 4

/* One explanation under way. */
struct telling {
	const struct policy_question *q;
	const struct policy *policy;
	const struct explain_as *as;
	struct strbuf *out;
	struct decision against, allowed;
};

static const struct channel *channel_of(const struct telling *t)
{
	unsigned i = t->q->asker.channel;

	return i != 0 && i <= t->policy->n_channels ? &t->policy->channels[i] : NULL;
}

static const char *subject(const struct telling *t)
{
	const char *name = policy_person_name(&t->q->asker);

	return t->as->you ? "you" : name != NULL ? name : "a stranger";
}

static const char *object(const struct telling *t)
{
	const struct droplet *d = t->q->droplet;

	if (d == NULL) {
		return "";
	}
	return d->name != NULL && d->name[0] != '\0' ? d->name : "this droplet";
}

static size_t kept(const struct decision *decision)
{
	return decision->n_rules < DECISION_RULES_MAX ? decision->n_rules : DECISION_RULES_MAX;
}

static bool is_ceiling(const struct policy_rule *rule)
{
	return strncmp(rule->name, "ceiling.", 8) == 0;
}

/* A line of the file without the spaces around it. */
static void add_source(const struct telling *t, unsigned line)
{
	const char *at = t->policy->source;
	const char *end = at + t->policy->source_len;

	for (unsigned i = 1; at != NULL && i < line; i++) {
		at = memchr(at, '\n', (size_t)(end - at));
		at = at != NULL ? at + 1 : NULL;
	}
	if (at == NULL || line == 0) {
		return;
	}
	at += strspn(at, " \t");
	(void)strbuf_addf(t->out, "      %.*s\n", (int)strcspn(at, "\r\n"), at);
}

static void add_rule(const struct telling *t, const char *kind, const struct policy_rule *rule)
{
	const char *name = is_ceiling(rule) ? rule->name + 8 : rule->name;

	if (!t->as->lines) {
		return;
	}
	(void)strbuf_addf(t->out, "  %s %s, line %u\n", kind, name, rule->line);
	add_source(t, rule->line);
}

static void add_headline(const struct telling *t, bool allowed)
{
	const struct channel *channel = channel_of(t);

	(void)strbuf_addf(t->out, "%s: %s may%s %s%s%s", allowed ? "yes" : "no", subject(t),
			  allowed ? "" : " not", verb_info(t->q->verb)->name,
			  t->q->droplet != NULL ? " " : "", object(t));
	(void)strbuf_addf(t->out, channel != NULL ? " in #%s\n" : " here\n",
			  channel != NULL ? channel->name : "");
}

/* "it fits only during office (...)", under a line that is bound to hours or to a turn. */
static void add_bounds(const struct telling *t, const struct policy_rule *label)
{
	const struct rule *rule = (const struct rule *)label; /* label is first */

	if (!t->as->lines || (rule->during == NULL && rule->plain)) {
		return;
	}
	if (rule->during != NULL) {
		(void)strbuf_adds(t->out, "      it fits only during ");
		during_words(rule->during, rule->n_during, t->out);
		(void)strbuf_adds(t->out, "\n");
	}
	for (unsigned i = 0; i < t->policy->n_rotas; i++) {
		if (bit_get(rule->who.bits, i)) {
			(void)strbuf_addf(t->out, "      it is about whoever has the turn in %s\n",
					  t->policy->rotas[i].name);
		}
	}
}

static void add_line(const struct telling *t, const char *kind, const struct policy_rule *rule)
{
	add_rule(t, kind, rule);
	add_bounds(t, rule);
}

static void add_ceiling(const struct telling *t, const struct policy_rule *rule)
{
	const struct hours *const *during;
	unsigned n;

	if (match_channel_hours(t->q, &during, &n)) {
		(void)strbuf_addf(t->out,
				  "The channel takes it away now: #%s lets it through only "
				  "during ",
				  rule->name + 8);
		during_words(during, n, t->out);
		(void)strbuf_adds(t->out, ".\n");
	} else {
		(void)strbuf_addf(t->out,
				  "The channel takes it away: in #%s nobody may do that%s.\n",
				  rule->name + 8, t->q->droplet != NULL ? " to it" : "");
	}
	add_rule(t, "channel", rule);
}

/* What stands against it, each with its line. */
static void add_against(const struct telling *t)
{
	for (size_t i = 0; i < kept(&t->against); i++) {
		const struct policy_rule *rule = t->against.rules[i];

		if (strcmp(rule->name, "unknown.channel") == 0) {
			(void)strbuf_adds(t->out, "This channel is not listed: Sluice is silent "
						  "here.\n");
		} else if (is_ceiling(rule)) {
			add_ceiling(t, rule);
		} else {
			(void)strbuf_adds(t->out, "A `never` line stands against it.\n");
			add_line(t, "never", rule);
		}
	}
}

/* Asks again with one thing changed. */
static bool would(const struct policy_question *q)
{
	struct decision ignored = {0};

	return !match_against(q, &ignored) && match_for(q, FIT_YES, &ignored) &&
	       !match_limits(q, &ignored);
}

/* "You may, but not from this channel: #ops would do." */
static bool add_elsewhere(const struct telling *t)
{
	struct policy_question q = *t->q;
	unsigned n = 0;

	for (unsigned i = 1; i <= t->policy->n_channels; i++) {
		q.asker.channel = i;
		if (i == t->q->asker.channel || !would(&q)) {
			continue;
		}
		if (n == 0) {
			(void)strbuf_addf(t->out,
					  "Near: %s may, but not from this channel: ", subject(t));
		}
		if (n < NAMES_SHOWN) {
			(void)strbuf_addf(t->out, "%s#%s", n > 0 ? ", " : "",
					  t->policy->channels[i].name);
		}
		n++;
	}
	if (n > 0) {
		(void)strbuf_adds(t->out, " would do.\n");
	}
	return n > 0;
}

/* "You may droplet.show it here, not droplet.power.reboot." The nearest by name come first. */
static void add_other_verbs(const struct telling *t)
{
	const char *asked = verb_info(t->q->verb)->name;
	const char *dot = strrchr(asked, '.');
	size_t family = dot != NULL ? (size_t)(dot - asked) + 1 : 0;
	struct policy_question q = *t->q;
	unsigned n = 0;

	for (unsigned round = 0; round < 2; round++) {
		for (int v = VERB_NONE + 1; v < VERB_COUNT; v++) {
			const struct verb_info *info = verb_info((enum verb)v);
			bool near = strncmp(info->name, asked, family) == 0;

			q.verb = info->verb;
			if (near != (round == 0) || !info->about_droplet || !would(&q)) {
				continue;
			}
			if (n == 0) {
				(void)strbuf_addf(t->out, "Near: here %s may ", subject(t));
			}
			if (n < NAMES_SHOWN) {
				(void)strbuf_addf(t->out, "%s%s", n > 0 ? ", " : "", info->name);
			}
			n++;
		}
	}
	if (n > NAMES_SHOWN) {
		(void)strbuf_addf(t->out, " and %u more", n - NAMES_SHOWN);
	}
	if (n > 0) {
		(void)strbuf_addf(t->out, " on %s, not %s.\n", object(t), asked);
	}
}

/* "but only while it is ana's turn in primary, during office (...)". */
static void add_when(const struct telling *t, const struct rule *rule, const struct line_fit *fit)
{
	if (fit->turn != NULL) {
		(void)strbuf_addf(t->out, " while it is %s%s turn in %s",
				  t->as->you ? "your" : subject(t), t->as->you ? "" : "'s",
				  fit->turn->name);
	}
	if (rule->during != NULL) {
		(void)strbuf_adds(t->out, fit->turn != NULL ? ", during " : " during ");
		during_words(rule->during, rule->n_during, t->out);
	}
}

/* One line that is about this person and this action, and what of it does not fit. */
static void add_near_line(const struct telling *t, const struct policy_rule *label)
{
	const struct rule *rule = (const struct rule *)label; /* label is first */
	struct line_fit fit;

	match_line(t->q, (unsigned)(rule - t->policy->allow.rules), &fit);
	if ((fit.who == FIT_NO && fit.turn == NULL) ||
	    (fit.droplets == FIT_NO && t->q->droplet == NULL)) {
		return;
	}
	if (fit.droplets != FIT_YES) {
		(void)strbuf_addf(t->out, "Near: %s may do it to droplets with ", subject(t));
		selector_words(&rule->droplets, t->out);
		add_when(t, rule, &fit);
		(void)strbuf_adds(t->out,
				  fit.droplets == FIT_NO
					  ? "; this is none of them.\n"
					  : "; whether this is one is not known, and so it is "
					    "not.\n");
	} else if (fit.during != FIT_YES || fit.turn != NULL) {
		(void)strbuf_addf(t->out, "Near: %s may, but only", subject(t));
		add_when(t, rule, &fit);
		(void)strbuf_adds(t->out, ".\n");
	} else {
		(void)strbuf_addf(t->out,
				  "Near: %s may when a chat network counts %s among a group; that "
				  "is not known here.\n",
				  subject(t), t->as->you ? "you" : "them");
	}
	add_rule(t, "allow", label);
}

/* Lines that are about this person and this action, but other droplets or other times, or that cannot be told. */
static void add_near_lines(const struct telling *t)
{
	struct decision any = {0};

	(void)match_for(t->q, FIT_NO, &any);
	for (size_t i = 0; i < kept(&any) && i < NAMES_SHOWN; i++) {
		add_near_line(t, any.rules[i]);
	}
}

static void add_people(const struct telling *t)
{
	const char *names[NAMES_SHOWN];
	bool strangers;
	size_t n = policy_who_may(t->q, names, NAMES_SHOWN, &strangers);

	if (!t->as->lines || (n == 0 && !strangers)) {
		return;
	}
	(void)strbuf_adds(t->out, "Who may do it here: ");
	for (size_t i = 0; i < n && i < NAMES_SHOWN; i++) {
		(void)strbuf_addf(t->out, "%s%s", i > 0 ? ", " : "", names[i]);
	}
	if (n > NAMES_SHOWN) {
		(void)strbuf_addf(t->out, " and %zu more", n - NAMES_SHOWN);
	}
	(void)strbuf_adds(t->out, strangers ? "; strangers too.\n" : ".\n");
}

static void add_nearest(const struct telling *t, bool allowed)
{
	if (allowed && !add_elsewhere(t)) {
		(void)strbuf_adds(t->out, "Near: without that it would be allowed.\n");
		for (size_t i = 0; i < kept(&t->allowed); i++) {
			add_line(t, "allow", t->allowed.rules[i]);
		}
	} else if (!allowed) {
		(void)strbuf_adds(t->out, "No line allows it.\n");
		(void)add_elsewhere(t);
		add_near_lines(t);
	}
	if (t->q->droplet != NULL && channel_of(t) != NULL) {
		add_other_verbs(t);
	}
	add_people(t);
}

/* "2 of 3 used within 1 h", for a line of limits that was counted. */
static void add_count(const struct telling *t, const struct policy_rule *label)
{
	const struct policy_limit *limit = ((const struct rule *)label)->limit; /* label is first */
	const struct policy_count *count = count_of(t->q, limit);
	bool says = count != NULL && (limit->at_most > 0 || limit->monthly_cents > 0);

	if (!says) {
		return;
	}
	(void)strbuf_adds(t->out, t->as->lines ? "      " : "A limit: ");
	limit_words(limit, count, t->out);
	(void)strbuf_adds(t->out, t->as->lines ? "\n" : ".\n");
}

static void add_limits(const struct telling *t)
{
	bool costs = t->q->verb == VERB_DROPLET_CREATE || t->q->verb == VERB_DROPLET_RESIZE;
	bool known = t->q->n_counts > 0 && (t->q->cost_known || !costs);

	(void)strbuf_adds(t->out, known ? "Lines allow it, and a limit is reached.\n"
					: "Lines allow it, and a limit is reached, or how much was "
					  "started is not known here.\n");
	for (size_t i = 0; i < kept(&t->against); i++) {
		add_rule(t, "limit", t->against.rules[i]);
		add_count(t, t->against.rules[i]);
	}
}

/* How much is left under the limits that it counts for. */
static void add_left(const struct telling *t)
{
	const struct policy_limit *limits[DECISION_LIMITS_MAX];
	size_t n = policy_limits(t->q, limits, DECISION_LIMITS_MAX);

	for (size_t i = 0; i < n; i++) {
		if (count_of(t->q, limits[i]) != NULL) {
			add_rule(t, "limit", limits[i]->rule);
			add_count(t, limits[i]->rule);
		}
	}
}

/* "It needs a code; 1 approval of sre within 30 min.", and the lines that ask for it. */
static void add_duties(const struct telling *t, const struct decision *needs)
{
	const struct rule_table *require = &t->policy->require;

	for (size_t i = 0; i < needs->n_duties; i++) {
		(void)strbuf_adds(t->out, i == 0 ? "It needs " : "; ");
		duty_words(&needs->duties[i], t->out);
	}
	(void)strbuf_adds(t->out, needs->n_duties > 0 ? ".\n" : "");
	for (unsigned k = 0; k < require->n; k++) {
		bool asks = false;

		for (size_t i = 0; i < needs->n_duties; i++) {
			asks = asks || needs->duties[i].rule == require->rules[k].label.name;
		}
		if (asks) {
			add_line(t, "require", &require->rules[k].label);
		}
	}
}

/* For who sees no lines: when all that allows it is bound to hours, which. */
static void add_only_during(const struct telling *t)
{
	const struct rule *rule = NULL;

	for (size_t i = 0; i < kept(&t->allowed); i++) {
		rule = (const struct rule *)t->allowed.rules[i]; /* label is first */
		if (rule->during == NULL) {
			return;
		}
	}
	if (rule != NULL && !t->as->lines) {
		(void)strbuf_adds(t->out, "Only during ");
		during_words(rule->during, rule->n_during, t->out);
		(void)strbuf_adds(t->out, ".\n");
	}
}

static enum verdict tell_allowed(const struct telling *t)
{
	struct decision needs = {0};
	bool fits = match_duties(t->q, &needs);

	add_headline(t, fits);
	for (size_t i = 0; i < kept(&t->allowed); i++) {
		add_line(t, "allow", t->allowed.rules[i]);
	}
	if (!fits) {
		(void)strbuf_adds(t->out, "Lines allow it, and ask for more steps than Sluice can "
					  "keep together.\n");
		add_line(t, "require", needs.rules[0]);
		return DENY;
	}
	add_only_during(t);
	add_duties(t, &needs);
	add_left(t);
	return ALLOW;
}

enum verdict policy_explain(const struct policy_question *q, const struct explain_as *as,
			    struct strbuf *out)
{
	struct telling t = {.q = q, .policy = q->asker.policy, .as = as, .out = out};
	bool stands;
	bool allowed;

	if (q->verb <= VERB_NONE || q->verb >= VERB_COUNT) {
		(void)strbuf_adds(out, "no: there is no such action\n");
		return DENY;
	}
	stands = match_against(q, &t.against);
	allowed = match_for(q, FIT_YES, &t.allowed);
	if (allowed && !stands && match_limits(q, &t.against)) {
		add_headline(&t, false);
		add_limits(&t);
		return DENY;
	}
	if (allowed && !stands) {
		return tell_allowed(&t);
	}
	add_headline(&t, false);
	add_against(&t);
	add_nearest(&t, allowed);
	return DENY;
}

size_t policy_people(const struct policy *policy)
{
	return policy->n_people;
}

size_t policy_who_may(const struct policy_question *question, const char **ret_people, size_t most,
		      bool *ret_strangers)
{
	const struct policy *policy = question->asker.policy;
	struct policy_question q = *question;
	size_t n = 0;

	q.asker.person = 0;
	*ret_strangers = would(&q);
	for (unsigned i = 1; i <= policy->n_people; i++) {
		q.asker.person = i;
		if (would(&q)) {
			if (n < most) {
				ret_people[n] = policy->people[i].name;
			}
			n++;
		}
	}
	return n;
}
