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

/* What stands against it, each with its line. */
static void add_against(const struct telling *t)
{
	for (size_t i = 0; i < kept(&t->against); i++) {
		const struct policy_rule *rule = t->against.rules[i];

		if (strcmp(rule->name, "unknown.channel") == 0) {
			(void)strbuf_adds(t->out, "This channel is not listed: Sluice is silent "
						  "here.\n");
		} else if (is_ceiling(rule)) {
			(void)strbuf_addf(
				t->out, "The channel takes it away: in #%s nobody may do that%s.\n",
				rule->name + 8, t->q->droplet != NULL ? " to it" : "");
			add_rule(t, "channel", rule);
		} else {
			(void)strbuf_adds(t->out, "A `never` line stands against it.\n");
			add_rule(t, "never", rule);
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

/* Lines that are about this person and this action, but other droplets; or ones that cannot be told for want of knowledge. */
static void add_other_droplets(const struct telling *t)
{
	struct decision any = {0};
	struct decision unknown = {0};

	(void)match_for(t->q, FIT_NO, &any);
	(void)match_for(t->q, FIT_UNKNOWN, &unknown);
	for (size_t i = 0; i < kept(&any) && i < NAMES_SHOWN; i++) {
		const struct rule *rule = (const struct rule *)any.rules[i]; /* label is first */
		bool might = false;

		for (size_t k = 0; k < kept(&unknown); k++) {
			might = might || unknown.rules[k] == any.rules[i];
		}
		(void)strbuf_addf(t->out, "Near: %s may do it to droplets with ", subject(t));
		selector_words(&rule->droplets, t->out);
		(void)strbuf_adds(t->out,
				  might ? "; whether this is one is not known, and so it is "
					  "not.\n"
					: "; this is none of them.\n");
		add_rule(t, "allow", any.rules[i]);
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
			add_rule(t, "allow", t->allowed.rules[i]);
		}
	} else if (!allowed) {
		(void)strbuf_adds(t->out, "No line allows it.\n");
		(void)add_elsewhere(t);
		if (t->q->droplet != NULL) {
			add_other_droplets(t);
		}
	}
	if (t->q->droplet != NULL && channel_of(t) != NULL) {
		add_other_verbs(t);
	}
	add_people(t);
}

static void add_limits(const struct telling *t)
{
	(void)strbuf_adds(t->out, "Lines allow it, and a limit is reached, or how much was started "
				  "is not known here.\n");
	for (size_t i = 0; i < kept(&t->against); i++) {
		add_rule(t, "limit", t->against.rules[i]);
	}
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
	add_headline(&t, allowed && !stands);
	if (allowed && !stands) {
		for (size_t i = 0; i < kept(&t.allowed); i++) {
			add_rule(&t, "allow", t.allowed.rules[i]);
		}
		return ALLOW;
	}
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

static const char *const attribute_words[BY_COUNT] = {
	[BY_TAG] = "tag",         [BY_NAME] = "name", [BY_REGION] = "region",
	[BY_PROJECT] = "project", [BY_SIZE] = "size", [BY_ACCOUNT] = "account",
};

static void clauses_words(const struct clauses *clauses, struct strbuf *out)
{
	for (unsigned i = 0; i < clauses->n; i++) {
		const struct clause *clause = &clauses->clause[i];

		(void)strbuf_addf(out, "%s%s ", i > 0 ? " and " : "",
				  attribute_words[clause->attribute]);
		for (unsigned k = 0; k < clause->n && k < NAMES_SHOWN; k++) {
			(void)strbuf_addf(out, "%s%s", k > 0 ? " or " : "",
					  clause->patterns[k].text);
		}
		if (clause->n > NAMES_SHOWN) {
			(void)strbuf_addf(out, " or %u more", clause->n - NAMES_SHOWN);
		}
	}
}

void selector_words(const struct selector *selector, struct strbuf *out)
{
	if (selector->any || selector->fits == NULL) {
		(void)strbuf_adds(out, "any");
		return;
	}
	clauses_words(selector->fits, out);
	if (selector->except != NULL) {
		(void)strbuf_adds(out, " except ");
		clauses_words(selector->except, out);
	}
}

/* A witness by what policies ask of it: "one with tag staging, project shop". */
void droplet_words(const struct droplet *d, struct strbuf *out)
{
	const struct {
		const char *word, *value;
	} words[] = {{"name", d->name},     {"project", d->project}, {"project", d->project_id},
		     {"region", d->region}, {"size", d->size},       {"account", d->account}};
	const char *comma = "one with ";

	for (size_t i = 0; i < d->n_tags; i++) {
		(void)strbuf_addf(out, "%stag %s", comma, d->tags[i]);
		comma = ", ";
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i].value != NULL && strncmp(words[i].value, "0-none-", 7) != 0 &&
		    strncmp(words[i].value, "00000000-0000", 13) != 0 &&
		    strcmp(words[i].word, "account") != 0) {
			(void)strbuf_addf(out, "%s%s %s", comma, words[i].word, words[i].value);
			comma = ", ";
		}
	}
	if (comma[0] != ',') {
		(void)strbuf_adds(out, "one that no line names");
	}
}
