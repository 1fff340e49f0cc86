/* test_gate_said.c - what a chat network said of a group counts for that account, for a minute, under that policy */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/clock.h"
#include "gate/gate.h"
#include "loop/loop.h"

static const char policy_text[] =
	"version: 1\naccounts: {main: {token: \"env:SLUICE_TEST_TOKEN\"}}\n"
	"workspaces: {acme: {slack: T01ACME00}, term: {console: terminal}}\n"
	"people: {ana: {acme: U01ANA000, term: ana}, bob: {acme: U01BOB000}}\n"
	"groups: {support: {slack-group: acme/S01SUPPRT}}\n"
	"channels: {ops: {at: [acme/C01OPS000, term/ops], may: everything, droplets: any}}\n"
	"allow: [{name: support-runs, who: support, may: [droplet.power.reboot], droplets: any}]\n";

static struct policy *policy(void)
{
	struct policy_report report = {0};
	struct policy *made =
		policy_compile("test.yaml", policy_text, strlen(policy_text), &report);

	policy_report_done(&report);
	assert_non_null(made);
	return made;
}

static bool may(struct gate *gate, const char *user)
{
	const struct gate_who who = {.network = "slack",
				     .user_workspace = "T01ACME00",
				     .user = user,
				     .workspace = "T01ACME00",
				     .channel = "C01OPS000"};
	const struct droplet droplet = {.id = 11, .name = "web-1", .account = "main"};
	const struct droplet *one = &droplet;
	struct arena arena = {0};
	struct gate_decision decision;

	gate_decide(gate, &who, VERB_DROPLET_POWER_REBOOT, &one, 1, NULL, NULL, &arena, &decision);
	arena_done(&arena);
	return decision.verdict == ALLOW;
}

static void what_was_said_counts_for_a_minute(void **state)
{
	static const struct gate_who ana = {
		.network = "slack", .user_workspace = "T01ACME00", .user = "U01ANA000"};
	static const struct gate_who elsewhere = {
		.network = "slack", .user_workspace = "T0EVIL", .user = "U01ANA000"};
	struct loop *loop = loop_new_virtual(1768273200000);
	struct policy *first = policy(), *second = policy();
	struct gate *gate = gate_new(first);

	(void)state;
	assert_false(may(gate, "U01ANA000")); /* nobody was asked */
	gate_said(gate, &elsewhere, "support", true);
	assert_false(may(gate, "U01ANA000"));
	gate_said(gate, &ana, "support", true);
	assert_true(may(gate, "U01ANA000"));
	assert_false(may(gate, "U01BOB000"));
	loop_advance(loop, 60000);
	assert_true(may(gate, "U01ANA000"));
	loop_advance(loop, 1);
	assert_false(may(gate, "U01ANA000")); /* too old is not known */
	gate_said(gate, &ana, "support", true);
	assert_true(may(gate, "U01ANA000"));
	gate_said(gate, &ana, "support", false);
	assert_false(may(gate, "U01ANA000"));
	gate_said(gate, &ana, "support", true);
	gate_swap(gate, second); /* its name may mean another group now */
	assert_false(may(gate, "U01ANA000"));
	gate_free(gate);
	policy_unref(first);
	policy_unref(second);
	loop_free(loop);
}

/* What could be: by what was said it is what is, and nothing that was said shuts out what may be said next. */
static void what_could_be_waits_for_the_networks_word(void **state)
{
	static const struct gate_who ana = {.network = "slack",
					    .user_workspace = "T01ACME00",
					    .user = "U01ANA000",
					    .workspace = "T01ACME00",
					    .channel = "C01OPS000"};
	static const struct gate_who ana_in_term = {.network = "console",
						    .user_workspace = "terminal",
						    .user = "ana",
						    .workspace = "terminal",
						    .channel = "ops"};
	const enum verb verb = VERB_DROPLET_POWER_REBOOT;
	struct loop *loop = loop_new_virtual(1768273200000);
	struct policy *made = policy();
	struct gate *gate = gate_new(made);

	(void)state;
	assert_true(gate_could(gate, &ana, verb)); /* nobody was asked: perhaps */
	assert_true(gate_could_as_said(gate, &ana, verb));
	gate_said(gate, &ana, "support", false);
	assert_true(gate_could(gate, &ana, verb)); /* a change asks anew */
	assert_false(gate_could_as_said(gate, &ana, verb));
	gate_said(gate, &ana, "support", true);
	assert_true(gate_could(gate, &ana, verb));
	assert_true(gate_could_as_said(gate, &ana, verb));
	gate_said(gate, &ana, "support", false);
	loop_advance(loop, 60001);
	assert_true(gate_could_as_said(gate, &ana, verb));
	/* there Slack is not asked, so the group never counts */
	assert_false(gate_could(gate, &ana_in_term, verb));
	assert_false(gate_could_as_said(gate, &ana_in_term, verb));
	gate_free(gate);
	policy_unref(made);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_said_counts_for_a_minute),
		cmocka_unit_test(what_could_be_waits_for_the_networks_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
