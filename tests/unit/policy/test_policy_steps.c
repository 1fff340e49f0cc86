/* test_policy_steps.c - hours, rotas, platform groups, require and limits: what they do to one decision */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "policy/decide.h"

static const char base_text[] =
	"version: 1\n"
	"workspaces:\n  term: {console: terminal}\n  acme: {slack: T01ACME00}\n"
	"people:\n  ana: {term: ana, code: \"env:A\"}\n  bob: {term: bob}\n  chen: {term: chen}\n"
	"groups:\n  leads: ana\n  sre: [leads, bob]\n"
	"  support: {slack-group: acme/S01SUPPRT}\n  helpers: [support, primary]\n"
	"oncall:\n"
	"  primary:\n    rota: [bob, chen]\n    each: week\n    from: \"2026-01-05 09:00\"\n"
	"    zone: Europe/Madrid\n"
	"    cover: [{who: ana, from: \"2026-01-14 00:00\", to: \"2026-01-15 00:00\"}]\n"
	"  daily: {rota: [ana, bob, chen], each: 2 days, from: \"2026-01-01 00:00\", zone: UTC}\n"
	"hours:\n"
	"  office: {days: mon-fri, from: \"09:00\", to: \"18:00\", zone: Europe/Madrid}\n"
	"  night: {days: [fri, sat], from: \"22:00\", to: \"06:00\", zone: UTC}\n"
	"  skipped: {days: mon-sun, from: \"02:00\", to: \"03:00\", zone: Europe/Madrid}\n"
	"  freeze: {from: \"2026-12-20 00:00\", to: \"2027-01-02 08:00\", zone: Europe/Madrid}\n"
	"  edge: {from: \"2026-03-29 02:30\", to: \"2026-10-25 02:30\", zone: Europe/Madrid}\n"
	"channels:\n"
	"  ops: {at: term/ops, may: everything, droplets: any}\n"
	"  dev: {at: term/dev, may: everything, droplets: any}\n"
	"settings: {ops: ops, private_reads: [ops, dev]}\n";

static struct policy *compile(const char *rules)
{
	struct policy_report report;
	struct policy *policy;
	struct strbuf text;
	struct strbuf out;

	if (access("/usr/share/zoneinfo/Europe/Madrid", R_OK) != 0) {
		printf("skipped: tzdata is not installed\n");
		skip();
	}
	strbuf_init(&text, 65536);
	strbuf_init(&out, 65536);
	assert_int_equal(strbuf_addf(&text, "%s%s", base_text, rules), 0);
	policy = policy_compile("p.yaml", text.buf, text.len, &report);
	if (policy == NULL) {
		policy_report_print(&report, "p.yaml", &out);
		fail_msg("%s", out.buf);
	}
	policy_report_done(&report);
	strbuf_done(&text);
	strbuf_done(&out);
	return policy;
}

static struct policy_question question(const struct policy *policy, const char *who, enum verb verb,
				       const char *at)
{
	struct policy_question q = {
		.asker = policy_asker(policy, "console", "terminal", who, "terminal", "ops", false),
		.verb = verb,
		.groups_known = true,
		.counts_known = true,
		.cost_known = true,
	};

	assert_int_equal(clock_parse(at, &q.at_ms), 0);
	return q;
}

/* The verdict, and who it was that spoke first. */
static const char *ask(const struct policy_question *q)
{
	static char text[128];
	struct decision d;

	memset(&d, 0xee, sizeof(d));
	policy_decide(q, &d);
	(void)snprintf(text, sizeof(text), "%s %s", d.verdict == ALLOW ? "allow" : "deny",
		       d.rules[0]->name);
	if (d.verdict == ALLOW) {
		assert_true(policy_could(&q->asker, q->verb, q->at_ms));
	}
	return text;
}

static const char *at(const struct policy *p, const char *who, const char *when)
{
	struct policy_question q = question(p, who, VERB_DROPLET_SHOW, when);

	return ask(&q);
}

static void hours_open_and_close(void **state)
{
	struct policy *p = compile(
		"allow:\n"
		"  - {name: o, who: ana, may: droplet.show, droplets: any, during: office}\n"
		"  - {name: n, who: bob, may: droplet.show, droplets: any, during: night}\n"
		"  - {name: two, who: chen, may: droplet.show, droplets: any, during: [office, "
		"night]}\n");

	(void)state;
	assert_string_equal(at(p, "ana", "2026-01-07T08:00:00Z"), "allow o"); /* 09:00 there */
	assert_string_equal(at(p, "ana", "2026-01-07T07:59:59Z"), "deny no-rule");
	assert_string_equal(at(p, "ana", "2026-01-07T16:59:59Z"), "allow o");
	assert_string_equal(at(p, "ana", "2026-01-07T17:00:00Z"), "deny no-rule"); /* half-open */
	assert_string_equal(at(p, "ana", "2026-07-08T07:00:00Z"), "allow o");      /* summer */
	assert_string_equal(at(p, "ana", "2026-07-08T16:00:00Z"), "deny no-rule");
	assert_string_equal(at(p, "ana", "2026-01-10T12:00:00Z"), "deny no-rule"); /* Saturday */
	assert_string_equal(at(p, "bob", "2026-01-09T21:59:59Z"), "deny no-rule");
	assert_string_equal(at(p, "bob", "2026-01-09T22:00:00Z"), "allow n");
	assert_string_equal(at(p, "bob", "2026-01-11T05:59:59Z"), "allow n"); /* of Saturday */
	assert_string_equal(at(p, "bob", "2026-01-11T06:00:00Z"), "deny no-rule");
	assert_string_equal(at(p, "bob", "2026-01-09T05:00:00Z"), "deny no-rule"); /* of Thursday */
	assert_string_equal(at(p, "bob", "2026-01-11T22:30:00Z"), "deny no-rule");
	assert_string_equal(at(p, "chen", "2026-01-09T23:00:00Z"), "allow two");
	assert_string_equal(at(p, "chen", "2026-01-09T12:00:00Z"), "allow two");
	assert_string_equal(at(p, "chen", "2026-01-09T20:00:00Z"), "deny no-rule");
	policy_unref(p);
}

/* On 2026-03-29 the clock of Madrid goes from 02:00 to 03:00, at 01:00 UTC. */
static void a_skipped_hour_opens_nothing_and_still_forbids(void **state)
{
	struct policy *p = compile(
		"allow:\n"
		"  - {name: s, who: ana, may: droplet.show, droplets: any, during: skipped}\n"
		"  - {name: all, who: bob, may: droplet.show, droplets: any}\n"
		"  - {name: e, who: chen, may: droplet.show, droplets: any, during: edge}\n"
		"never:\n  - {name: stop, who: bob, may: everything, droplets: any, during: "
		"skipped}\n");

	(void)state;
	assert_string_equal(at(p, "ana", "2026-03-28T01:30:00Z"), "allow s");
	assert_string_equal(at(p, "bob", "2026-03-28T01:30:00Z"), "deny stop");
	assert_string_equal(at(p, "ana", "2026-03-29T00:59:59Z"), "deny no-rule");
	assert_string_equal(at(p, "ana", "2026-03-29T01:00:00Z"), "deny no-rule");
	assert_string_equal(at(p, "ana", "2026-03-29T01:59:59Z"), "deny no-rule");
	assert_string_equal(at(p, "bob", "2026-03-29T00:59:59Z"), "allow all");
	assert_string_equal(at(p, "bob", "2026-03-29T01:00:00Z"), "deny stop");
	assert_string_equal(at(p, "bob", "2026-03-29T01:59:59Z"), "deny stop");
	assert_string_equal(at(p, "bob", "2026-03-29T02:00:00Z"), "allow all");
	/* shown twice in October: both times */
	assert_string_equal(at(p, "ana", "2026-10-25T00:30:00Z"), "allow s");
	assert_string_equal(at(p, "ana", "2026-10-25T01:30:00Z"), "allow s");
	assert_string_equal(at(p, "ana", "2026-10-25T02:00:00Z"), "deny no-rule");
	/* a window whose ends the clock skips or shows twice: surely from the jump, surely to the first */
	assert_string_equal(at(p, "chen", "2026-03-29T00:59:59Z"), "deny no-rule");
	assert_string_equal(at(p, "chen", "2026-03-29T01:00:00Z"), "allow e");
	assert_string_equal(at(p, "chen", "2026-10-25T00:29:59Z"), "allow e");
	assert_string_equal(at(p, "chen", "2026-10-25T00:30:00Z"), "deny no-rule");
	policy_unref(p);
}

static void a_freeze_spares_the_leads(void **state)
{
	struct policy *p = compile(
		"allow:\n  - {name: all, who: people, may: droplet.show, droplets: any}\n"
		"never:\n  - {name: winter, who: everyone, unless: leads, may: droplet.show, "
		"droplets: any, during: freeze}\n");

	(void)state;
	assert_string_equal(at(p, "bob", "2026-12-19T22:59:59Z"), "allow all");
	assert_string_equal(at(p, "bob", "2026-12-19T23:00:00Z"), "deny winter");
	assert_string_equal(at(p, "bob", "2027-01-02T06:59:59Z"), "deny winter");
	assert_string_equal(at(p, "bob", "2027-01-02T07:00:00Z"), "allow all");
	assert_string_equal(at(p, "ana", "2026-12-24T12:00:00Z"), "allow all");
	policy_unref(p);
}

static void turns_come_and_go(void **state)
{
	struct policy *p = compile(
		"allow:\n  - {name: turn, who: primary, may: droplet.show, droplets: any}\n");
	int64_t until;
	int64_t now;
	int64_t then;

	(void)state;
	assert_string_equal(at(p, "bob", "2026-01-05T07:59:59Z"), "deny no-rule"); /* nobody yet */
	assert_string_equal(at(p, "bob", "2026-01-05T08:00:00Z"), "allow turn");
	assert_string_equal(at(p, "bob", "2026-01-12T07:59:59Z"), "allow turn");
	assert_string_equal(at(p, "bob", "2026-01-12T08:00:00Z"), "deny no-rule");
	assert_string_equal(at(p, "chen", "2026-01-12T08:00:00Z"), "allow turn");
	assert_string_equal(at(p, "bob", "2026-01-20T03:00:00Z"), "allow turn");
	/* at nine by the wall, in summer too */
	assert_string_equal(at(p, "chen", "2026-07-06T06:59:59Z"), "allow turn");
	assert_string_equal(at(p, "chen", "2026-07-06T07:00:00Z"), "deny no-rule");
	/* who covers is on call, and who is covered is not */
	assert_string_equal(at(p, "ana", "2026-01-14T12:00:00Z"), "allow turn");
	assert_string_equal(at(p, "chen", "2026-01-14T12:00:00Z"), "deny no-rule");
	assert_string_equal(at(p, "chen", "2026-01-14T23:00:00Z"), "allow turn");
	assert_string_equal(policy_rota(p, 0), "primary");
	assert_null(policy_rota(p, 2));
	assert_int_equal(clock_parse("2026-01-13T12:00:00Z", &now), 0);
	assert_int_equal(clock_parse("2026-01-13T23:00:00Z", &then), 0);
	assert_string_equal(policy_rota_person(p, 0, now, &until), "chen");
	assert_true(until == then);
	assert_int_equal(clock_parse("2026-01-14T23:00:00Z", &now), 0);
	assert_int_equal(clock_parse("2026-01-19T08:00:00Z", &then), 0);
	assert_string_equal(policy_rota_person(p, 0, now, &until), "chen");
	assert_true(until == then);
	assert_int_equal(clock_parse("2026-01-04T00:00:00Z", &now), 0);
	assert_null(policy_rota_person(p, 0, now, &until));
	assert_string_equal(policy_rota_person(p, 1, now, &until), "bob");
	policy_unref(p);
}

static void unless_may_be_a_turn(void **state)
{
	struct policy *p =
		compile("allow:\n  - {name: all, who: people, may: droplet.show, droplets: any}\n"
			"never:\n  - {name: stop, who: people, unless: primary, may: droplet.show, "
			"droplets: any}\n");

	(void)state;
	assert_string_equal(at(p, "bob", "2026-01-06T12:00:00Z"), "allow all");
	assert_string_equal(at(p, "chen", "2026-01-06T12:00:00Z"), "deny stop");
	assert_string_equal(at(p, "ana", "2026-01-06T12:00:00Z"), "deny stop");
	policy_unref(p);
}

static void a_networks_group_is_what_the_question_says(void **state)
{
	struct policy *p = compile(
		"allow:\n  - {name: help, who: helpers, may: [droplet.show, droplet.power.off], "
		"droplets: any}\n  - {name: all, who: ana, may: droplet.list, droplets: any}\n"
		"never:\n  - {name: stop, who: support, may: droplet.list, droplets: any}\n");
	static const char *const groups[] = {"other", "support"};
	struct policy_question q = question(p, "ana", VERB_DROPLET_SHOW, "2026-01-06T12:00:00Z");
	const struct policy_group *all;

	(void)state;
	assert_string_equal(ask(&q), "deny no-rule");
	q.groups = groups;
	q.n_groups = 1;
	assert_string_equal(ask(&q), "deny no-rule");
	q.n_groups = 2;
	assert_string_equal(ask(&q), "allow help");
	q.verb = VERB_DROPLET_POWER_OFF;
	assert_string_equal(ask(&q), "allow help");
	q.asker.person = 0; /* a stranger in the group may look, and that is all */
	assert_string_equal(ask(&q), "deny no-rule");
	q.verb = VERB_DROPLET_SHOW;
	assert_string_equal(ask(&q), "allow help");
	/* a group in a group, and a rota in a group */
	assert_string_equal(at(p, "bob", "2026-01-06T12:00:00Z"), "allow help");
	/* not asked: nobody where it gives, everybody where it takes */
	q = question(p, "ana", VERB_DROPLET_SHOW, "2026-01-06T12:00:00Z");
	q.groups_known = false;
	assert_string_equal(ask(&q), "deny no-rule");
	q.verb = VERB_DROPLET_LIST;
	assert_string_equal(ask(&q), "deny stop");
	q.groups_known = true;
	assert_string_equal(ask(&q), "allow all");
	assert_int_equal(policy_groups(p, &all), 1);
	assert_string_equal(all[0].id, "S01SUPPRT");
	assert_string_equal(all[0].network, "slack");
	assert_int_equal(all[0].fresh_ms, 60000);
	policy_unref(p);
}

static const struct droplet prod = {.name = "w",
				    .tags = (const char *const[]){"prod"},
				    .n_tags = 1,
				    .known = DROPLET_KNOWS_ALL};
static const struct droplet rest = {.name = "w", .known = DROPLET_KNOWS_ALL};

static struct decision decide(const struct policy_question *q)
{
	struct decision d;

	memset(&d, 0xee, sizeof(d));
	policy_decide(q, &d);
	return d;
}

static void steps_add_up(void **state)
{
	struct policy *p = compile(
		"allow:\n  - {name: all, who: people, may: everything, droplets: any}\n"
		"require:\n"
		"  - {name: twice, may: \"droplet.power.*\", droplets: any, confirm: self}\n"
		"  - {name: sure, may: \"droplet.power.*\", droplets: {tag: prod}, confirm: code, "
		"lasts: 15m}\n"
		"  - {name: now, who: ana, may: droplet.power.off, droplets: any, confirm: code}\n"
		"  - {name: two, may: droplet.power.off, droplets: {tag: prod}, approvals: 1, "
		"from: sre, "
		"within: 10m, reason: yes}\n"
		"  - {name: three, unless: ana, may: droplet.power.off, droplets: any, approvals: "
		"1, "
		"from: leads, within: 1h, during: office}\n");
	struct policy_question q =
		question(p, "chen", VERB_DROPLET_POWER_REBOOT, "2026-01-06T12:00:00Z");
	struct droplet unknown = {.name = "w", .known = DROPLET_KNOWS_NAME};
	struct decision d;

	(void)state;
	q.droplet = &rest;
	d = decide(&q);
	assert_true(d.verdict == ALLOW && d.n_duties == 1);
	assert_int_equal(d.duties[0].kind, DUTY_CONFIRM);
	assert_string_equal(d.duties[0].rule, "twice");
	q.droplet = &prod; /* the code includes the confirmation */
	d = decide(&q);
	assert_int_equal(d.n_duties, 1);
	assert_int_equal(d.duties[0].kind, DUTY_CODE);
	assert_int_equal(d.duties[0].lasts_ms, 900000);
	q.droplet = &unknown;
	d = decide(&q);
	assert_true(d.n_duties == 1 && d.duties[0].kind == DUTY_CODE);
	q.verb = VERB_DROPLET_POWER_OFF;
	q.droplet = &prod;
	d = decide(&q);
	assert_int_equal(d.n_duties, 4);
	assert_int_equal(d.duties[1].kind, DUTY_REASON);
	assert_true(d.duties[2].kind == DUTY_APPROVALS && d.duties[2].n == 1);
	assert_string_equal(d.duties[2].group, "sre");
	assert_int_equal(d.duties[2].within_ms, 600000);
	assert_string_equal(d.duties[3].group, "leads"); /* two lines are an AND */
	q.at_ms += 12 * 3600 * 1000;
	assert_int_equal(decide(&q).n_duties, 3);
	q = question(p, "ana", VERB_DROPLET_POWER_OFF, "2026-01-06T12:00:00Z");
	q.droplet = &prod;
	d = decide(&q);
	assert_int_equal(d.n_duties, 3);
	assert_int_equal(d.duties[0].lasts_ms, 0); /* one line wants it each time */
	q.verb = VERB_DROPLET_SHOW;
	assert_int_equal(decide(&q).n_duties, 0);
	q.asker.person = 0; /* nothing is asked of whoever may not */
	d = decide(&q);
	assert_true(d.verdict == DENY && d.n_duties == 0);
	assert_string_equal(policy_person_code(p, "ana"), "env:A");
	assert_null(policy_person_code(p, "bob"));
	assert_null(policy_person_code(p, "nobody"));
	policy_unref(p);
}

static void limits_refuse(void **state)
{
	struct policy *p = compile(
		"allow:\n  - {name: all, who: people, may: everything, droplets: any}\n"
		"limits:\n"
		"  - {name: calm, may: \"droplet.power.*\", per: person, at_most: 5, within: 10m}\n"
		"  - {name: blast, may: everything, droplets_at_once: 3}\n"
		"  - {name: purse, who: bob, may: [droplet.create, droplet.resize], monthly_cost: "
		"200}\n");
	struct policy_count counts[] = {{.limit = "other", .n = 9}, {.limit = "calm", .n = 4}};
	struct policy_question q =
		question(p, "bob", VERB_DROPLET_POWER_REBOOT, "2026-01-06T12:00:00Z");
	struct decision d;

	(void)state;
	d = decide(&q);
	assert_true(d.verdict == ALLOW && d.n_limits == 2);
	assert_int_equal(d.limits[0]->per, PER_PERSON);
	assert_int_equal(d.limits[0]->within_ms, 600000);
	q.counts_known = false; /* not counted: the worst case */
	assert_string_equal(ask(&q), "deny calm");
	q.counts = counts;
	q.n_counts = 2;
	assert_string_equal(ask(&q), "allow all");
	counts[1].n = 5;
	assert_string_equal(ask(&q), "deny calm");
	q.n_targets = 4;
	d = decide(&q);
	assert_true(d.verdict == DENY && d.n_rules == 2 && d.n_limits == 0);
	assert_string_equal(d.rules[1]->name, "blast");
	counts[1].n = 0;
	assert_string_equal(ask(&q), "deny blast");
	q.n_targets = 3;
	assert_string_equal(ask(&q), "allow all");
	q.verb = VERB_DROPLET_LIST; /* a list of many is no act */
	q.n_targets = 400;
	assert_string_equal(ask(&q), "allow all");
	q.n_targets = 1;
	q.verb = VERB_DROPLET_CREATE;
	q.monthly_cents = 20000;
	assert_string_equal(ask(&q), "allow all");
	q.monthly_cents = 20001;
	assert_string_equal(ask(&q), "deny purse");
	q.monthly_cents = 0;
	q.cost_known = false;
	assert_string_equal(ask(&q), "deny purse");
	q.asker.person = policy_person_number(p, "chen");
	assert_string_equal(ask(&q), "allow all");
	policy_unref(p);
}

static void settings_are_kept(void **state)
{
	struct policy *p = compile("");

	(void)state;
	assert_string_equal(policy_setting(p, "ops"), "ops");
	assert_string_equal(policy_setting(p, "private_reads"), "ops dev");
	assert_null(policy_setting(p, "audit_mirror"));
	policy_unref(p);
}

static const char *first_code(const char *tail)
{
	struct policy_report report;
	struct strbuf text;
	struct policy *policy;
	static char code[8];

	strbuf_init(&text, 65536);
	(void)strbuf_addf(&text,
			  "version: 1\nworkspaces: {t: {console: t}}\npeople: {ana: {t: ana}}\n%s",
			  tail);
	policy = policy_compile("p", text.buf, text.len, &report);
	(void)snprintf(code, sizeof(code), "%s",
		       report.n_errors > 0 ? report.findings[0].code : "ok");
	policy_unref(policy);
	policy_report_done(&report);
	strbuf_done(&text);
	return code;
}

/* Where no database of zones is installed everything but named zones works. */
static void without_zones_there_is_utc(void **state)
{
	char folder[] = "/tmp/sluice-zones-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(setenv("TZDIR", folder, 1), 0);
	assert_string_equal(
		first_code("hours: {h: {days: mon, from: \"09:00\", to: \"10:00\", zone: UTC}}\n"),
		"ok");
	assert_string_equal(
		first_code("hours: {h: {days: mon, from: \"09:00\", to: \"10:00\", zone: "
			   "Europe/Madrid}}\n"),
		"E055");
	assert_int_equal(unsetenv("TZDIR"), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void tests_are_bounded(void **state)
{
	struct strbuf text;

	(void)state;
	strbuf_init(&text, 65536);
	(void)strbuf_adds(&text,
			  "channels: {c: {at: t/c, may: everything, droplets: any}}\ntests: [");
	for (int i = 0; i < 2001; i++) {
		(void)strbuf_adds(&text, "{},");
	}
	(void)strbuf_adds(&text, "]\n");
	assert_string_equal(first_code(text.buf), "E010");
	strbuf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hours_open_and_close),
		cmocka_unit_test(a_skipped_hour_opens_nothing_and_still_forbids),
		cmocka_unit_test(a_freeze_spares_the_leads),
		cmocka_unit_test(turns_come_and_go),
		cmocka_unit_test(unless_may_be_a_turn),
		cmocka_unit_test(a_networks_group_is_what_the_question_says),
		cmocka_unit_test(steps_add_up),
		cmocka_unit_test(limits_refuse),
		cmocka_unit_test(settings_are_kept),
		cmocka_unit_test(without_zones_there_is_utc),
		cmocka_unit_test(tests_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
