/* test_policy_keys.c - turns that are taken, what channels hear and when they listen, and what the file says beside rules */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "policy/explain.h"
#include "policy/scopes.h"

static const char text[] =
	"version: 1\n"
	"accounts:\n  main: {token: \"env:T\"}\n"
	"workspaces:\n  acme: {slack: T01ACME00}\n"
	"people:\n"
	"  ana: {acme: U01ANA000, code: \"env:A\"}\n"
	"  bob: {acme: U01BOB000, code: \"env:B\"}\n"
	"  dora: {acme: U01DORA00, code: \"env:D\"}\n"
	"  chen: {acme: U01CHEN00, code: \"env:C\"}\n"
	"groups:\n  sre: [ana, dora]\n"
	"  support: {slack-group: acme/S01SUPPRT, fresh: 30s}\n"
	"  others: {slack-group: acme/S01OTHERS, fresh: 5m}\n"
	"hours:\n"
	"  office: {days: mon-fri, from: \"09:00\", to: \"18:00\", zone: Europe/Madrid}\n"
	"  skipped: {days: mon-sun, from: \"02:00\", to: \"03:00\", zone: Europe/Madrid}\n"
	"oncall:\n"
	"  primary: {rota: [bob], each: week, from: \"2026-01-05 09:00\", zone: UTC, may_take: "
	"sre}\n"
	"  second: {rota: [bob], each: week, from: \"2026-01-05 09:00\", zone: UTC, may_take: "
	"[sre, chen]}\n"
	"channels:\n"
	"  ops: {at: acme/C01OPS000, may: everything, droplets: any}\n"
	"  zenith: {at: acme/C01ZENITH, may: [droplet.show, droplet.list], droplets: {tag: "
	"\"client:zenith\"},\n"
	"    show: [name], announce: [\"droplet.power.*\", droplet.show], during: office}\n"
	"  orion:\n    at: acme/C01ORION0\n    announce: yes\n    show: [name]\n    ceiling:\n"
	"      - {may: droplet.show, droplets: {tag: \"client:orion\"}}\n"
	"      - {may: droplet.list, droplets: {tag: \"client:orion\"}, during: [office, "
	"skipped]}\n"
	"allow:\n"
	"  - {name: oncall-restarts, who: primary, may: droplet.power.reboot, droplets: any}\n"
	"  - {name: people-off, who: people, may: droplet.power.off, droplets: any}\n"
	"  - name: clients-look\n    who: anyone in [zenith, orion]\n"
	"    may: [droplet.show, droplet.list]\n    droplets: {tag: \"client:*\"}\n"
	"never:\n"
	"  - {name: only-oncall, who: everyone, unless: primary, may: droplet.power.off, droplets: "
	"any}\n"
	"  - {name: hidden, who: everyone, may: droplet.show, droplets: {tag: secret}}\n"
	"require:\n"
	"  - {name: sure, may: droplet.power.reboot, droplets: any, confirm: code, lasts: 15m}\n"
	"  - {name: two, may: droplet.power.reboot, droplets: any, approvals: 1, from: sre, "
	"within: 30m}\n"
	"settings: {ops: ops, audit_mirror: ops}\n";

static struct policy *policy;

static int load(void **state)
{
	struct policy_report report;

	(void)state;
	policy = policy_compile("p.yaml", text, strlen(text), &report);
	if (policy == NULL) {
		struct strbuf out;

		strbuf_init(&out, 65536);
		policy_report_print(&report, "p.yaml", &out);
		fail_msg("%s", out.buf);
	}
	policy_report_done(&report);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	policy_unref(policy);
	return 0;
}

static int64_t time_of(const char *at)
{
	int64_t ms;

	assert_int_equal(clock_parse(at, &ms), 0);
	return ms;
}

#define NOON "2026-01-07T12:00:00Z"
#define NIGHT "2026-01-07T22:00:00Z"

static struct droplet tagged(const char *const *tag)
{
	return (struct droplet){.id = 1,
				.name = "z-1",
				.tags = tag,
				.n_tags = *tag != NULL,
				.known = DROPLET_KNOWS_ALL};
}

static enum verdict ask(const char *who, const char *in, enum verb verb, const char *tag,
			const char *at, const struct policy_taken *taken, size_t n_taken)
{
	const struct droplet droplet = tagged(&tag);
	const struct policy_question q = {
		.asker = {policy, policy_person_number(policy, who),
			  policy_channel_number(policy, in)},
		.verb = verb,
		.droplet = &droplet,
		.at_ms = time_of(at),
		.counts_known = true,
		.cost_known = true,
		.groups_known = true,
		.taken = taken,
		.n_taken = n_taken,
	};
	const struct explain_as as = {.lines = true};
	struct decision decision;
	struct strbuf out;

	policy_decide(&q, &decision);
	strbuf_init(&out, 65536);
	assert_int_equal(policy_explain(&q, &as, &out), decision.verdict);
	strbuf_done(&out);
	return decision.verdict;
}

static void a_taken_turn_stands_beside_the_scheduled_one(void **state)
{
	const int64_t from = time_of(NOON);
	const struct policy_taken good = {"primary", "dora", from, from + 7200000};
	const struct policy_taken bad[] = {
		{"second", "dora", from, from + 7200000},            /* another rota */
		{"primary", "chen", from, from + 7200000},           /* may not take it */
		{"primary", "nobody", from, from + 7200000},         /* not in the file */
		{"primary", "dora", from + 1, from + 7200000},       /* not yet */
		{"primary", "dora", from - 7200000, from},           /* over */
		{"elsewhere", "dora", from - 7200000, from + 72000}, /* no such rota */
	};

	(void)state;
	assert_int_equal(ask("bob", "ops", VERB_DROPLET_POWER_REBOOT, NULL, NOON, NULL, 0), ALLOW);
	assert_int_equal(ask("dora", "ops", VERB_DROPLET_POWER_REBOOT, NULL, NOON, NULL, 0), DENY);
	assert_int_equal(ask("dora", "ops", VERB_DROPLET_POWER_REBOOT, NULL, NOON, &good, 1),
			 ALLOW);
	/* break-glass locks nobody out, and helps nobody else */
	assert_int_equal(ask("bob", "ops", VERB_DROPLET_POWER_REBOOT, NULL, NOON, &good, 1), ALLOW);
	assert_int_equal(ask("ana", "ops", VERB_DROPLET_POWER_REBOOT, NULL, NOON, &good, 1), DENY);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *who = strcmp(bad[i].person, "chen") == 0 ? "chen" : "dora";

		assert_int_equal(ask(who, "ops", VERB_DROPLET_POWER_REBOOT, NULL, NOON, &bad[i], 1),
				 DENY);
	}
	/* `unless: primary` spares who took it; the end is not in it */
	assert_int_equal(ask("dora", "ops", VERB_DROPLET_POWER_OFF, NULL, NOON, NULL, 0), DENY);
	assert_int_equal(ask("dora", "ops", VERB_DROPLET_POWER_OFF, NULL, NOON, &good, 1), ALLOW);
	assert_int_equal(
		ask("dora", "ops", VERB_DROPLET_POWER_OFF, NULL, "2026-01-07T13:59:59Z", &good, 1),
		ALLOW);
	assert_int_equal(
		ask("dora", "ops", VERB_DROPLET_POWER_OFF, NULL, "2026-01-07T14:00:00Z", &good, 1),
		DENY);
}

static void who_has_the_turn_is_told(void **state)
{
	const int64_t from = time_of(NOON);
	const struct policy_taken taken[] = {
		{"primary", "dora", from, from + 7200000},
		{"second", "ana", from, from + 7200000},
		{"primary", "chen", from, from + 7200000},
		{"primary", "dora", from, from + 9000000},
	};
	struct policy_turn turns[4];

	(void)state;
	assert_int_equal(policy_on_call(policy, 0, from, taken, 4, turns, 4), 2);
	assert_string_equal(turns[0].person, "bob");
	assert_false(turns[0].taken);
	assert_true(turns[0].until_ms == time_of("2026-01-12T09:00:00Z"));
	assert_string_equal(turns[1].person, "dora");
	assert_true(turns[1].taken);
	assert_true(turns[1].until_ms == from + 9000000);
	assert_int_equal(policy_on_call(policy, 0, from, taken, 4, turns, 1), 2);
	assert_int_equal(policy_on_call(policy, 1, from, taken, 4, turns, 4), 2);
	assert_int_equal(policy_on_call(policy, 1, from, NULL, 0, turns, 4), 1);
	assert_int_equal(policy_on_call(policy, 2, from, taken, 4, turns, 4), 0);
	assert_int_equal(
		policy_on_call(policy, 0, time_of("2026-01-01T00:00:00Z"), NULL, 0, turns, 4), 0);
	assert_true(policy_may_take(policy, 0, "dora") && policy_may_take(policy, 0, "ana"));
	assert_false(policy_may_take(policy, 0, "chen") || policy_may_take(policy, 0, "bob"));
	assert_true(policy_may_take(policy, 1, "chen"));
	assert_false(policy_may_take(policy, 2, "chen") || policy_may_take(policy, 0, NULL) ||
		     policy_may_take(policy, 0, "nobody"));
}

/* Help never hides what somebody who may take the turn could do then. */
static void who_may_take_a_turn_could(void **state)
{
	struct policy_asker asker = {policy, 0, policy_channel_number(policy, "ops")};
	static const struct {
		const char *who;
		bool could;
	} rows[] = {{"bob", true}, {"dora", true}, {"ana", true}, {"chen", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		asker.person = policy_person_number(policy, rows[i].who);
		assert_int_equal(policy_could(&asker, VERB_DROPLET_POWER_OFF, time_of(NOON)),
				 rows[i].could);
	}
}

static void a_channel_listens_in_its_hours(void **state)
{
	struct policy_asker asker = {policy, 0, policy_channel_number(policy, "zenith")};
	static const char *const z = "client:zenith";
	static const char *const o = "client:orion";
	/* 02:30 was skipped on that night: for a ceiling, outside */
	static const char gap[] = "2026-03-29T01:30:00Z";

	(void)state;
	assert_int_equal(ask("", "zenith", VERB_DROPLET_SHOW, z, NOON, NULL, 0), ALLOW);
	assert_int_equal(ask("", "zenith", VERB_DROPLET_SHOW, z, NIGHT, NULL, 0), DENY);
	assert_true(policy_could(&asker, VERB_DROPLET_SHOW, time_of(NOON)));
	assert_false(policy_could(&asker, VERB_DROPLET_SHOW, time_of(NIGHT)));
	assert_int_equal(ask("", "orion", VERB_DROPLET_SHOW, o, NIGHT, NULL, 0), ALLOW);
	assert_int_equal(ask("", "orion", VERB_DROPLET_LIST, o, NIGHT, NULL, 0), DENY);
	assert_int_equal(ask("", "orion", VERB_DROPLET_LIST, o, NOON, NULL, 0), ALLOW);
	assert_int_equal(ask("", "orion", VERB_DROPLET_LIST, o, "2026-01-07T01:30:00Z", NULL, 0),
			 ALLOW);
	assert_int_equal(ask("", "orion", VERB_DROPLET_LIST, o, gap, NULL, 0), DENY);
	/* anyone in several channels: in these, and in no other */
	assert_int_equal(ask("", "ops", VERB_DROPLET_SHOW, z, NOON, NULL, 0), DENY);
	assert_int_equal(ask("", "orion", VERB_DROPLET_SHOW, z, NOON, NULL, 0), DENY);
}

static bool announces(const char *channel, enum verb verb, const char *tag, const char *at)
{
	const struct droplet droplet = tagged(&tag);

	return policy_announces(policy, channel, verb, &droplet, time_of(at));
}

static void a_channel_hears_of_what_it_sees(void **state)
{
	static const char *const both[] = {"client:orion", "secret"};
	struct droplet droplet = {.name = "z", .known = DROPLET_KNOWS_NAME};

	(void)state;
	assert_true(announces("zenith", VERB_DROPLET_POWER_REBOOT, "client:zenith", NOON));
	assert_false(announces("zenith", VERB_DROPLET_POWER_REBOOT, "client:zenith", NIGHT));
	assert_false(announces("zenith", VERB_DROPLET_POWER_REBOOT, "client:orion", NOON));
	assert_false(announces("zenith", VERB_DROPLET_POWER_REBOOT, NULL, NOON));
	assert_false(announces("zenith", VERB_DROPLET_RESIZE, "client:zenith", NOON));
	assert_false(announces("zenith", VERB_DROPLET_SHOW, "client:zenith", NOON)); /* no change */
	assert_false(announces("ops", VERB_DROPLET_POWER_REBOOT, "client:zenith", NOON));
	assert_false(announces("nowhere", VERB_DROPLET_POWER_REBOOT, "client:zenith", NOON));
	assert_true(announces("orion", VERB_DROPLET_DESTROY, "client:orion", NIGHT));
	assert_false(announces("orion", VERB_POLICY_RELOAD, "client:orion", NIGHT));
	assert_false(announces("orion", VERB_NONE, "client:orion", NIGHT));
	assert_false(announces("orion", VERB_COUNT, "client:orion", NIGHT));
	/* what is not known is no, and what is hidden there stays so */
	assert_false(policy_announces(policy, "orion", VERB_DROPLET_DESTROY, &droplet, 0));
	assert_false(policy_announces(policy, "orion", VERB_DROPLET_DESTROY, NULL, 0));
	droplet = (struct droplet){.tags = both, .n_tags = 1, .known = DROPLET_KNOWS_ALL};
	assert_true(policy_announces(policy, "orion", VERB_DROPLET_DESTROY, &droplet, 0));
	droplet.n_tags = 2;
	assert_false(policy_announces(policy, "orion", VERB_DROPLET_DESTROY, &droplet, 0));
}

static void the_rest_is_served(void **state)
{
	const struct policy_group *groups;
	struct scope_needs tiers[TIER_DESTROY + 1];

	(void)state;
	assert_string_equal(policy_setting(policy, "audit_mirror"), "ops");
	assert_int_equal(policy_groups(policy, &groups), 2);
	assert_true(groups[0].fresh_ms == 30000);
	assert_true(groups[1].fresh_ms == 60000); /* more may be written, and is not served */
	/* scopes do not ask what time it is: 1970 began on a Thursday, out of office */
	policy_scope_needs(policy, tiers);
	assert_true(tiers[TIER_READ].n >= 2);
	assert_string_equal(tiers[TIER_CHANGE].list[0], "droplet:update");
}

static void says(const char *who, const char *in, enum verb verb, const char *tag, const char *at,
		 bool you, const char *part)
{
	const struct droplet droplet = tagged(&tag);
	const struct policy_question q = {
		.asker = {policy, policy_person_number(policy, who),
			  policy_channel_number(policy, in)},
		.verb = verb,
		.droplet = &droplet,
		.at_ms = time_of(at),
		.counts_known = true,
		.groups_known = true,
	};
	const struct explain_as as = {.you = you, .lines = !you};
	struct strbuf out;

	strbuf_init(&out, 65536);
	(void)policy_explain(&q, &as, &out);
	if (strstr(out.buf, part) == NULL) {
		fail_msg("\"%s\" is not in:\n%s", part, out.buf);
	}
	strbuf_done(&out);
}

static void steps_hours_and_turns_are_said_in_words(void **state)
{
	(void)state;
	says("bob", "ops", VERB_DROPLET_POWER_REBOOT, NULL, NOON, true,
	     "It needs a code (one lasts 15 min); 1 approval of sre within 30 min.\n");
	says("bob", "ops", VERB_DROPLET_POWER_REBOOT, NULL, NOON, false, "  require two, line ");
	says("bob", "ops", VERB_DROPLET_POWER_REBOOT, NULL, NOON, false,
	     "it is about whoever has the turn in primary");
	says("dora", "ops", VERB_DROPLET_POWER_REBOOT, NULL, NOON, true,
	     "Near: you may, but only while it is your turn in primary.\n");
	says("", "zenith", VERB_DROPLET_SHOW, "client:zenith", NIGHT, true,
	     "#zenith lets it through only during office (mon-fri 09:00-18:00, Europe/Madrid).\n");
	says("", "orion", VERB_DROPLET_LIST, "client:orion", NIGHT, true,
	     "only during office (mon-fri 09:00-18:00, Europe/Madrid) or skipped (mon-sun "
	     "02:00-03:00");
	says("", "orion", VERB_DROPLET_LIST, "client:zenith", NIGHT, true,
	     "in #orion nobody may do that to it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_taken_turn_stands_beside_the_scheduled_one),
		cmocka_unit_test(who_has_the_turn_is_told),
		cmocka_unit_test(who_may_take_a_turn_could),
		cmocka_unit_test(a_channel_listens_in_its_hours),
		cmocka_unit_test(a_channel_hears_of_what_it_sees),
		cmocka_unit_test(the_rest_is_served),
		cmocka_unit_test(steps_hours_and_turns_are_said_in_words),
	};

	if (access("/usr/share/zoneinfo/Europe/Madrid", R_OK) != 0) {
		printf("skipped: tzdata is not installed\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, load, unload);
}
