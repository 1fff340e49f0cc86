/* test_policy_edges.c - the ends of what a decision can hold, and what is perhaps so */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "policy/decide.h"

static const char top[] =
	"version: 1\nworkspaces:\n  t: {console: t}\n  acme: {slack: T01ACME00}\n"
	"people: {ana: {t: ana}, bob: {t: bob}, chen: {t: chen}}\n"
	"groups: {sre: [ana, bob], support: {slack-group: acme/S01SUPPRT}}\n"
	"channels: {ops: {at: t/ops, may: everything, droplets: any}}\n"
	"allow:\n  - {name: all, who: people, may: everything, droplets: any}\n"
	"  - {name: looks, who: anyone in ops, may: droplet.show, droplets: any}\n";

static struct policy *compile(const char *rules)
{
	struct policy_report report;
	struct policy *policy;
	struct strbuf text;

	strbuf_init(&text, 65536);
	assert_int_equal(strbuf_addf(&text, "%s%s", top, rules), 0);
	policy = policy_compile("p", text.buf, text.len, &report);
	if (policy == NULL) {
		fail_msg("%s", report.findings[0].text);
	}
	policy_report_done(&report);
	strbuf_done(&text);
	return policy;
}

static struct decision decide(const struct policy *p, const char *who, enum verb verb,
			      bool groups_known)
{
	struct policy_question q = {
		.asker = {p, policy_person_number(p, who), policy_channel_number(p, "ops")},
		.verb = verb,
		.groups_known = groups_known,
		.counts_known = true,
	};
	struct decision d;

	policy_decide(&q, &d);
	return d;
}

/* Who is spared only perhaps is not spared. */
static void perhaps_spared_is_forbidden(void **state)
{
	struct policy *p = compile("never:\n  - {name: stop, who: everyone, unless: support, may: "
				   "droplet.destroy, droplets: any}\n");
	struct decision d = decide(p, "ana", VERB_DROPLET_DESTROY, false);

	(void)state;
	assert_int_equal(d.verdict, DENY);
	assert_string_equal(d.rules[0]->name, "stop");
	policy_unref(p);
}

static void two_lines_are_two_approvals(void **state)
{
	struct policy *p = compile("require:\n"
				   "  - {name: one, may: droplet.destroy, droplets: any, "
				   "approvals: 1, from: sre, within: "
				   "10m}\n"
				   "  - {name: two, may: droplet.destroy, droplets: any, "
				   "approvals: 1, from: sre, within: "
				   "10m}\n");
	struct decision d = decide(p, "chen", VERB_DROPLET_DESTROY, true);

	(void)state;
	assert_int_equal(d.verdict, ALLOW);
	assert_int_equal(d.n_duties, 2);
	assert_string_equal(d.duties[0].rule, "one");
	assert_string_equal(d.duties[1].rule, "two");
	policy_unref(p);
}

/* `n` lines, each with a rule of its own, about one action. */
static struct policy *compile_many(const char *section, unsigned n, const char *what)
{
	struct policy *p;
	struct strbuf text;

	strbuf_init(&text, 32768);
	(void)strbuf_addf(&text, "%s:\n", section);
	for (unsigned i = 0; i < n; i++) {
		(void)strbuf_addf(&text,
				  "  - {name: l%u, may: droplet.destroy, droplets: any, %s}\n", i,
				  what);
	}
	p = compile(text.buf);
	strbuf_done(&text);
	return p;
}

/* A step that a decision has no room for must not be left out: nothing is done then. */
static void more_than_fits_is_refused(void **state)
{
	static const char approval[] = "approvals: 1, from: sre, within: 10m";
	static const char rate[] = "per: person, at_most: 5, within: 10m";
	struct policy *p = compile_many("require", DECISION_DUTIES_MAX, approval);
	struct decision d = decide(p, "chen", VERB_DROPLET_DESTROY, true);

	(void)state;
	assert_int_equal(d.verdict, ALLOW);
	assert_int_equal(d.n_duties, DECISION_DUTIES_MAX);
	policy_unref(p);
	p = compile_many("require", DECISION_DUTIES_MAX + 1, approval);
	d = decide(p, "chen", VERB_DROPLET_DESTROY, true);
	assert_int_equal(d.verdict, DENY);
	assert_int_equal(d.n_rules, 1);
	assert_string_equal(d.rules[0]->name, "l16");
	policy_unref(p);
	p = compile_many("limits", DECISION_LIMITS_MAX, rate);
	d = decide(p, "chen", VERB_DROPLET_DESTROY, true);
	assert_true(d.verdict == ALLOW && d.n_limits == DECISION_LIMITS_MAX);
	policy_unref(p);
	p = compile_many("limits", DECISION_LIMITS_MAX + 1, rate);
	d = decide(p, "chen", VERB_DROPLET_DESTROY, true);
	assert_int_equal(d.verdict, DENY);
	assert_string_equal(d.rules[0]->name, "l16");
	policy_unref(p);
}

static void a_step_without_who_is_for_strangers_too(void **state)
{
	struct policy *p = compile("require:\n  - {name: twice, may: droplet.show, droplets: any, "
				   "confirm: self}\n");
	struct decision d = decide(p, "nobody", VERB_DROPLET_SHOW, true);

	(void)state;
	assert_int_equal(d.verdict, ALLOW);
	assert_int_equal(d.n_duties, 1);
	assert_int_equal(d.duties[0].kind, DUTY_CONFIRM);
	policy_unref(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(perhaps_spared_is_forbidden),
		cmocka_unit_test(two_lines_are_two_approvals),
		cmocka_unit_test(more_than_fits_is_refused),
		cmocka_unit_test(a_step_without_who_is_for_strangers_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
