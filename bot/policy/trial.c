/* trial.c - trying one entry of a test, and saying what was expected, what came and which lines decided
 *
 * Nothing here answers by itself: the same evaluator decides as for a command.
 */
#include <string.h>

#include "base/strbuf.h"
#include "policy/tests.h"

#define TEXT_MAX 400

static const char *const step_words[] = {
	[DUTY_CONFIRM] = "confirm",
	[DUTY_CODE] = "code",
	[DUTY_REASON] = "reason",
	[DUTY_APPROVALS] = "approvals",
};

const char *trial_step(unsigned kind)
{
	return step_words[kind];
}

unsigned trial_with_confirm(unsigned needs)
{
	return (needs & 1U << DUTY_CODE) != 0 ? needs | 1U << DUTY_CONFIRM : needs;
}

static void add_lines(const struct decision *d, struct strbuf *text)
{
	size_t n = d->n_rules < 4 ? d->n_rules : 4;

	for (size_t i = 0; i < n; i++) {
		const struct policy_rule *rule = d->rules[i];

		(void)strbuf_adds(text, i > 0 ? ", " : "");
		if (rule->line > 0) {
			(void)strbuf_addf(text, "\"%s\" in line %u", rule->name, rule->line);
		} else {
			(void)strbuf_adds(text, strcmp(rule->name, "no-rule") == 0
							? "no line allows it"
							: rule->name);
		}
	}
	(void)strbuf_adds(text, d->n_rules > n ? ", ..." : "");
}

static void add_needs(unsigned needs, struct strbuf *text)
{
	const char *between = "";

	for (unsigned kind = DUTY_CONFIRM; kind <= DUTY_APPROVALS; kind++) {
		if ((needs & 1U << kind) != 0) {
			(void)strbuf_addf(text, "%s%s", between, trial_step(kind));
			between = " and ";
		}
	}
	if (needs == 0) {
		(void)strbuf_adds(text, "nothing");
	}
}

static const char *person_name(const struct policy_question *q)
{
	const char *name = policy_person_name(&q->asker);

	return name != NULL ? name : "a stranger";
}

static bool report_time(struct test *t, const struct yaml_node *at)
{
	report_error(t->c->report, "E005", at,
		     "\"%.60s\": \"at\" is missing, and here the answer depends on the time",
		     t->name);
	return false;
}

/* Would it be the other way if nothing that is not known counted as the worst, or as the best? */
static bool left_out(const struct policy_question *q, const struct decision *d)
{
	const struct policy_view other = {.hopeful = d->verdict != ALLOW};
	struct decision plain;
	bool ignored;

	decide_view(q, &other, &plain, &ignored);
	return plain.verdict != d->verdict;
}

static bool report_failed(struct test *t, const struct yaml_node *at,
			  const struct policy_question *q, const struct decision *d, bool can)
{
	struct strbuf lines;

	strbuf_init(&lines, TEXT_MAX);
	add_lines(d, &lines);
	report_error(t->c->report, "E090", at,
		     "\"%.60s\": expected that %s %s %s in %s, got %s (%s)%s", t->name,
		     person_name(q), can ? "can" : "cannot", verb_info(q->verb)->name,
		     policy_channel_name(&q->asker), d->verdict == ALLOW ? "allow" : "deny",
		     lines.buf, left_out(q, d) ? "; by what the test leaves out" : "");
	strbuf_done(&lines);
	return false;
}

static bool check_needs(struct test *t, const struct yaml_node *at, const struct policy_question *q,
			const struct decision *d, bool time_matters)
{
	unsigned got = 0;
	struct strbuf text;

	for (size_t i = 0; i < d->n_duties; i++) {
		got |= 1U << d->duties[i].kind;
	}
	got = trial_with_confirm(got);
	if (got == t->needs) {
		return true;
	}
	if (time_matters) {
		return report_time(t, at);
	}
	strbuf_init(&text, TEXT_MAX);
	(void)strbuf_adds(&text, "expected ");
	add_needs(t->needs, &text);
	(void)strbuf_adds(&text, ", got ");
	add_needs(got, &text);
	for (size_t i = 0; i < d->n_duties; i++) {
		(void)strbuf_addf(&text, "%s\"%s\"", i > 0 ? ", " : " (", d->duties[i].rule);
	}
	(void)strbuf_adds(&text, d->n_duties > 0 ? ")" : "");
	report_error(t->c->report, "E090", at, "\"%.60s\": %s needs: %s", t->name,
		     verb_info(q->verb)->name, text.buf);
	strbuf_done(&text);
	return false;
}

/* For W121: which never lines would be missed, if this is denied by such lines alone and lines allow it? */
static void note_never(const struct test *t, const struct policy_question *q,
		       const struct policy_view *view, const struct decision *d)
{
	const struct rule_table *never = &t->c->policy->never;

	if (d->n_rules > DECISION_RULES_MAX || !view_allows(q, view)) {
		return;
	}
	for (size_t i = 0; i < d->n_rules; i++) {
		if (d->rules[i]->line == 0 || strncmp(d->rules[i]->name, "ceiling.", 8) == 0) {
			return;
		}
	}
	for (unsigned i = 0; i < never->n; i++) {
		for (size_t k = 0; k < d->n_rules; k++) {
			if (d->rules[k] == &never->rules[i].label) {
				bit_set(t->c->never_tested, i);
			}
		}
	}
}

static bool try_one(struct test *t, const struct yaml_node *at, const struct policy_question *q,
		    bool can)
{
	const struct policy_view view = {.hopeful = !can, .timeless = t->timeless};
	struct decision d;
	bool time_matters;

	decide_view(q, &view, &d, &time_matters);
	if ((d.verdict == ALLOW) != can) {
		return time_matters ? report_time(t, at) : report_failed(t, at, q, &d, can);
	}
	if (!can && t->c->never_tested != NULL) {
		note_never(t, q, &view, &d);
	}
	return !can || !t->has_needs || verb_info(q->verb)->effect == EFFECT_READ ||
	       check_needs(t, at, q, &d, time_matters);
}

/* One person, one channel, each verb of the entry; false after the first that is not as it should be. */
static bool try_verbs(struct test *t, const struct yaml_node *at, const struct verb_set *verbs,
		      const struct policy_asker *asker, bool can)
{
	struct policy_question q = t->question;

	q.asker = *asker;
	for (unsigned v = VERB_NONE + 1; v < VERB_COUNT; v++) {
		if (!bit_get(verbs->bits, v)) {
			continue;
		}
		q.verb = (enum verb)v;
		if (++*t->asked > QUESTIONS_MAX) {
			return false;
		}
		if (!try_one(t, at, &q, can)) {
			return false;
		}
	}
	return true;
}

void trial_entry(struct test *t, const struct yaml_node *at, const struct verb_set *verbs, bool can)
{
	const struct policy *p = t->c->policy;

	for (unsigned person = 0; person <= p->n_people; person++) {
		for (unsigned channel = 1; bit_get(t->people, person) && channel <= p->n_channels;
		     channel++) {
			const struct policy_asker asker = {p, person, channel};

			if (bit_get(t->channels, channel) &&
			    !try_verbs(t, at, verbs, &asker, can)) {
				return;
			}
		}
	}
}
