/* test_gate.c - the gate with a real policy: resolving, filtering, deciding, redacting */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "gate/gate.h"
#include "store/store.h"

static const char policy_text[] =
	"version: 1\n"
	"accounts:\n  main: {token: \"env:T\"}\n"
	"workspaces:\n  term: {console: terminal}\n"
	"people:\n  ana: {term: ana}\n  bob: {term: bob, code: \"env:C\"}\n"
	"groups:\n  leads: [ana]\n"
	"roles:\n  viewer: {may: [droplet.list, droplet.show]}\n"
	"channels:\n"
	"  ops: {at: term/ops, may: everything, droplets: any}\n"
	"  zenith: {at: term/zenith, may: viewer, droplets: {tag: \"client:zenith\"}, show: [name, "
	"status, region]}\n"
	"allow:\n"
	"  - {name: leads-all, who: leads, may: everything, droplets: any}\n"
	"  - {name: bob-web, who: bob, may: [viewer, droplet.power.reboot], droplets: {tag: web}}\n"
	"  - {name: zenith-own, who: anyone in zenith, may: viewer, droplets: {tag: "
	"\"client:zenith\"}}\n"
	"  - {name: primary-off, who: primary, may: droplet.power.off, droplets: any}\n"
	"require:\n"
	"  - {name: think, may: droplet.power.cycle, droplets: any, confirm: self}\n"
	"  - {name: explain, may: droplet.power.cycle, droplets: {tag: db}, reason: yes}\n"
	"limits:\n"
	"  - {name: one-at-once, may: droplet.power.off, droplets_at_once: 1}\n"
	"oncall:\n  primary: {rota: [ana], each: week, from: \"2020-01-06 09:00\", zone: UTC, "
	"may_take: [bob]}\n";

static const char *const web[] = {"web", "prod"};
static const char *const zenith_web[] = {"web", "client:zenith"};
static const char *const db[] = {"db"};

static const struct droplet droplets[] = {
	{.id = 101,
	 .account = "main",
	 .name = "web-1",
	 .tags = web,
	 .n_tags = 2,
	 .region = "ams3",
	 .size = "s-1",
	 .ip = "192.0.2.1",
	 .status = DROPLET_ACTIVE,
	 .known = DROPLET_KNOWS_ALL},
	{.id = 102,
	 .account = "main",
	 .name = "web-2",
	 .tags = web,
	 .n_tags = 2,
	 .region = "ams3",
	 .size = "s-1",
	 .status = DROPLET_ACTIVE,
	 .known = DROPLET_KNOWS_ALL},
	{.id = 103,
	 .account = "main",
	 .name = "web-2",
	 .tags = web,
	 .n_tags = 2,
	 .region = "fra1",
	 .size = "s-1",
	 .status = DROPLET_OFF,
	 .known = DROPLET_KNOWS_ALL},
	{.id = 104,
	 .account = "main",
	 .name = "db-1",
	 .tags = db,
	 .n_tags = 1,
	 .region = "ams3",
	 .size = "s-1",
	 .status = DROPLET_ACTIVE,
	 .known = DROPLET_KNOWS_ALL},
	{.id = 105,
	 .account = "main",
	 .name = "z-web-1",
	 .tags = zenith_web,
	 .n_tags = 2,
	 .region = "ams3",
	 .size = "s-1",
	 .ip = "192.0.2.5",
	 .status = DROPLET_ACTIVE,
	 .known = DROPLET_KNOWS_ALL},
	{.id = 106,
	 .account = "main",
	 .name = "101",
	 .tags = web,
	 .n_tags = 2,
	 .region = "ams3",
	 .size = "s-1",
	 .status = DROPLET_ACTIVE,
	 .known = DROPLET_KNOWS_ALL},
};

struct world {
	struct gate *gate;
	struct ocean_snapshot *snapshot;
	struct arena arena;
};

static struct gate_who who(const char *user, const char *channel)
{
	return (struct gate_who){"console", "terminal", user, "terminal", channel, false};
}

static int set_up(void **state)
{
	static struct world world;
	struct policy_report report = {0};
	struct policy *policy =
		policy_compile("test.yaml", policy_text, sizeof(policy_text) - 1, &report);

	for (size_t i = 0; i < report.n_findings; i++) {
		print_message("%s %u: %s\n", report.findings[i].code, report.findings[i].line,
			      report.findings[i].text);
	}
	policy_report_done(&report);
	assert_non_null(policy);
	memset(&world, 0, sizeof(world));
	world.gate = gate_new(policy);
	policy_unref(policy);
	world.snapshot = ocean_snapshot_new(droplets, ARRAY_LEN(droplets));
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	gate_free(world->gate);
	ocean_snapshot_unref(world->snapshot);
	arena_done(&world->arena);
	return 0;
}

static int resolve(struct world *world, const char *user, const char *channel, const char *target,
		   struct gate_targets *ret, struct err *err)
{
	struct gate_who asker = who(user, channel);

	return gate_resolve(world->gate, &asker, &target, 1, world->snapshot, &world->arena, ret,
			    err);
}

static void names_ids_and_tags_become_droplets(void **state)
{
	struct gate_targets found;
	struct err err = {0};

	assert_int_equal(resolve(*state, "ana", "ops", "web-1", &found, &err), 0);
	assert_int_equal(found.droplets[0]->id, 101);
	assert_int_equal(resolve(*state, "ana", "ops", "WEB-1", &found, &err), 0);
	assert_int_equal(resolve(*state, "ana", "ops", "#104", &found, &err), 0);
	assert_int_equal(found.droplets[0]->id, 104);
	assert_int_equal(resolve(*state, "ana", "ops", "tag:WEB", &found, &err), 0);
	assert_int_equal(found.n, 5);
}

static void what_fits_two_is_refused_with_both_ids(void **state)
{
	struct gate_targets found;
	struct err err = {0};

	assert_int_equal(resolve(*state, "ana", "ops", "web-2", &found, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_int_equal(found.n, 0);
	assert_int_equal(found.n_hints, 2);
	/* a number that is one droplet's id and another's name */
	assert_int_equal(resolve(*state, "ana", "ops", "101", &found, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_int_equal(resolve(*state, "ana", "ops", "#101", &found, &err), 0);
	assert_int_equal(found.droplets[0]->id, 101);
}

static void the_hidden_and_the_absent_get_the_same_words(void **state)
{
	struct gate_targets found;
	struct err hidden = {0};
	struct err absent = {0};

	assert_int_equal(resolve(*state, "bob", "ops", "db-1", &found, &hidden), -1);
	assert_int_equal(found.n_hints, 0);
	assert_int_equal(resolve(*state, "bob", "ops", "xx-1", &found, &absent), -1);
	assert_string_equal(hidden.msg, "no droplet \"db-1\" here");
	assert_string_equal(absent.msg, "no droplet \"xx-1\" here");
	/* its id does not help, nor a likeness to it */
	assert_int_equal(resolve(*state, "bob", "ops", "#104", &found, &hidden), -1);
	assert_int_equal(resolve(*state, "bob", "ops", "db-2", &found, &hidden), -1);
	assert_int_equal(found.n_hints, 0);
}

static void no_prefix_and_no_likeness_counts_as_a_name(void **state)
{
	struct gate_targets found;
	struct err err = {0};

	assert_int_equal(resolve(*state, "ana", "ops", "web", &found, &err), -1);
	assert_int_equal(resolve(*state, "ana", "ops", "z-web", &found, &err), -1);
	assert_int_equal(resolve(*state, "ana", "ops", "z-wbe-1", &found, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	assert_int_equal(found.n_hints, 1);
	assert_int_equal(found.hints[0]->id, 105);
}

static struct gate_decision decide(struct world *world, const char *user, const char *channel,
				   enum verb verb, const struct droplet *a, const struct droplet *b)
{
	const struct droplet *both[] = {a, b};
	struct gate_who asker = who(user, channel);
	struct gate_decision decision;

	gate_decide(world->gate, &asker, verb, both,
		    b != NULL   ? 2
		    : a != NULL ? 1
				: 0,
		    NULL, NULL, &world->arena, &decision);
	return decision;
}

static void one_denial_denies_all(void **state)
{
	struct gate_decision d;

	d = decide(*state, "bob", "ops", VERB_DROPLET_POWER_REBOOT, &droplets[0], NULL);
	assert_int_equal(d.verdict, ALLOW);
	assert_int_equal(d.n_rules, 1);
	assert_string_equal(d.rules[0], "bob-web:18");
	d = decide(*state, "bob", "ops", VERB_DROPLET_POWER_REBOOT, &droplets[0], &droplets[3]);
	assert_int_equal(d.verdict, DENY);
	d = decide(*state, "bob", "ops", VERB_DROPLET_POWER_OFF, &droplets[0], NULL);
	assert_int_equal(d.verdict, DENY);
	assert_false(d.here_only);
	d = decide(*state, "bob", "ops", VERB_DROPLET_POWER_REBOOT, NULL, NULL);
	assert_int_equal(d.verdict, DENY);
	assert_int_equal(strlen(d.id), 8);
}

/* One after the other in the order of their letters, but for the one place where it begins anew; and not so near that they look alike. */
static void ids_of_decisions_lie_together_and_none_repeats(void **state)
{
	struct gate_decision d;
	char last[sizeof(d.id)] = "";
	unsigned n_back = 0;
	unsigned n_near = 0;

	for (int i = 0; i < 1000; i++) {
		d = decide(*state, "bob", "ops", VERB_DROPLET_POWER_REBOOT, &droplets[0], NULL);
		assert_int_equal(strspn(d.id, "23456789abcdefghjkmnpqrstvwxyz"), 8);
		assert_string_not_equal(d.id, last);
		n_back += strcmp(d.id, last) < 0;
		n_near += strncmp(d.id, last, 7) == 0;
		memcpy(last, d.id, sizeof(last));
	}
	assert_true(n_back <= 1);
	assert_true(n_near < 20); /* about 1.5 in a thousand are */
}

/* What any target asks for is asked for all; how many there are is told to the policy. */
static void steps_are_summed_and_targets_counted(void **state)
{
	struct gate_decision d;

	d = decide(*state, "ana", "ops", VERB_DROPLET_POWER_CYCLE, &droplets[0], NULL);
	assert_true(d.verdict == ALLOW && d.n_duties == 1);
	d = decide(*state, "ana", "ops", VERB_DROPLET_POWER_CYCLE, &droplets[0], &droplets[3]);
	assert_true(d.verdict == ALLOW && d.n_duties == 2);
	assert_int_equal(d.duties[0].kind, DUTY_CONFIRM);
	assert_int_equal(d.duties[1].kind, DUTY_REASON);
	d = decide(*state, "ana", "ops", VERB_DROPLET_POWER_OFF, &droplets[0], NULL);
	assert_true(d.verdict == ALLOW && d.n_duties == 0);
	d = decide(*state, "ana", "ops", VERB_DROPLET_POWER_OFF, &droplets[0], &droplets[3]);
	assert_int_equal(d.verdict, DENY);
	assert_int_equal(d.n_rules, 1);
	assert_non_null(strstr(d.rules[0], "one-at-once:"));
	assert_null(d.elsewhere);
}

static void a_ceiling_says_where_it_would_be_allowed(void **state)
{
	struct gate_decision d =
		decide(*state, "ana", "zenith", VERB_DROPLET_POWER_REBOOT, &droplets[4], NULL);

	assert_int_equal(d.verdict, DENY);
	assert_true(d.here_only);
	assert_string_equal(d.elsewhere, "ops");
	assert_int_equal(d.max_tier, TIER_READ);
	/* a stranger is told nothing of other channels */
	d = decide(*state, "nobody", "zenith", VERB_DROPLET_POWER_REBOOT, &droplets[4], NULL);
	assert_int_equal(d.verdict, DENY);
	assert_null(d.elsewhere);
}

static void a_stranger_or_an_unlisted_channel_may_nothing(void **state)
{
	struct world *world = *state;
	struct gate_who stranger = who("nobody", "ops");
	struct gate_who elsewhere = who("ana", "kitchen");
	size_t n;

	for (int v = VERB_NONE; v < VERB_COUNT; v++) {
		assert_false(gate_could(world->gate, &stranger, (enum verb)v));
		assert_false(gate_could(world->gate, &elsewhere, (enum verb)v));
		assert_int_equal(
			decide(world, "nobody", "ops", (enum verb)v, &droplets[0], NULL).verdict,
			DENY);
		assert_int_equal(
			decide(world, "ana", "kitchen", (enum verb)v, &droplets[0], NULL).verdict,
			DENY);
	}
	(void)gate_filter(world->gate, &stranger, VERB_DROPLET_LIST, world->snapshot, &world->arena,
			  &n);
	assert_int_equal(n, 0);
	assert_null(gate_person(world->gate, &stranger));
	assert_null(gate_channel(world->gate, &elsewhere));
}

static void a_client_channel_sees_its_own_and_only_what_it_may(void **state)
{
	struct world *world = *state;
	struct gate_who client = who("nobody", "zenith");
	size_t n;
	const struct droplet **seen = gate_filter(world->gate, &client, VERB_DROPLET_LIST,
						  world->snapshot, &world->arena, &n);
	const struct droplet *shown;

	assert_int_equal(n, 1);
	assert_int_equal(seen[0]->id, 105);
	shown = gate_redact(world->gate, &client, seen[0], &world->arena);
	assert_string_equal(shown->name, "z-web-1");
	assert_int_equal(shown->status, DROPLET_ACTIVE);
	assert_null(shown->ip);
	assert_int_equal(shown->id, 0);
	assert_int_equal(shown->n_tags, 0);
	assert_null(shown->size);
}

static void ignore(void *data, const struct err *err)
{
	*(int *)data = err == NULL ? 1 : -1;
}

static bool is_set(void *data)
{
	return *(int *)data != 0;
}

static void every_decision_is_a_row_of_the_log(void **state)
{
	struct world *world = *state;
	struct loop *loop = loop_new_virtual(1767225600000);
	struct store *store = store_memory_open(loop);
	struct store_txn *txn = store_txn_new(store);
	struct gate_who asker = who("bob", "ops");
	const struct droplet *one = &droplets[3];
	struct gate_decision decision;
	struct strbuf out;
	struct err err = {0};
	int done = 0;

	gate_decide(world->gate, &asker, VERB_DROPLET_POWER_OFF, &one, 1, NULL, txn, &world->arena,
		    &decision);
	store_commit(txn, ignore, &done);
	assert_true(loop_run_until(loop, is_set, &done, 1000));
	assert_int_equal(done, 1);
	strbuf_init(&out, 1 << 16);
	assert_int_equal(audit_export(store, 0, &out, &err), 0);
	assert_non_null(strstr(out.buf, "\"droplet.power.off\""));
	assert_non_null(strstr(out.buf, "\"deny\""));
	assert_non_null(strstr(out.buf, "\"bob\""));
	assert_non_null(strstr(out.buf, "104"));
	assert_non_null(strstr(out.buf, decision.id));
	strbuf_done(&out);
	store_close(store);
	loop_free(loop);
}

/* A turn that was taken counts in every question, while it lasts, and what it changes says so. */
static void what_a_taken_turn_allows_is_marked(void **state)
{
	struct world *world = *state;
	int64_t now_ms = clock_wall_ms();
	struct policy_taken taken[] = {
		{"primary", "bob", now_ms - 1000, now_ms + 60000},
		{"primary", "nobody", now_ms - 1000, now_ms + 60000},
	};
	struct gate_who bob = who("bob", "ops");
	const struct gate_approver *approvers;
	const char *const *names;
	struct gate_decision d;
	size_t n;

	assert_int_equal(gate_may_take(world->gate, &bob, &world->arena, &names), 1);
	assert_string_equal(names[0], "primary");
	assert_true(gate_takes(world->gate, "bob", "primary"));
	assert_false(gate_takes(world->gate, "ana", "primary"));
	assert_false(gate_takes(world->gate, "bob", "secondary"));
	assert_false(gate_takes(world->gate, "bob", NULL));
	assert_false(gate_member(world->gate, "bob", "primary"));

	gate_set_taken(world->gate, taken, 2);
	d = decide(world, "bob", "ops", VERB_DROPLET_POWER_OFF, &droplets[0], NULL);
	assert_int_equal(d.verdict, ALLOW);
	assert_int_equal(d.n_rules, 2);
	assert_non_null(strstr(d.rules[0], "primary-off:"));
	assert_string_equal(d.rules[1], "taken.primary");
	/* what is theirs anyhow is not marked, nor what others do */
	d = decide(world, "bob", "ops", VERB_DROPLET_POWER_REBOOT, &droplets[0], NULL);
	assert_true(d.verdict == ALLOW && d.n_rules == 1);
	d = decide(world, "ana", "ops", VERB_DROPLET_POWER_OFF, &droplets[0], NULL);
	assert_true(d.verdict == ALLOW && strstr(d.rules[d.n_rules - 1], "taken") == NULL);
	assert_true(gate_member(world->gate, "bob", "primary"));
	(void)gate_members(world->gate, "primary", "ana", "console", "terminal", &world->arena,
			   &approvers);
	assert_string_equal(approvers[0].person, "bob");
	names = gate_taken_names(world->gate, "bob", "primary", &world->arena, &n);
	assert_true(n == 1 && strcmp(names[0], "taken.primary") == 0);
	(void)gate_taken_names(world->gate, "bob", "people", &world->arena, &n);
	assert_int_equal(n, 0);
	assert_non_null(strstr(
		gate_why(world->gate, &bob, VERB_DROPLET_POWER_OFF, &droplets[0], &world->arena),
		"the turn that you took"));

	taken[0].until_ms = now_ms;
	gate_set_taken(world->gate, taken, 2);
	d = decide(world, "bob", "ops", VERB_DROPLET_POWER_OFF, &droplets[0], NULL);
	assert_int_equal(d.verdict, DENY);
	assert_false(gate_member(world->gate, "bob", "primary"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_ids_and_tags_become_droplets, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_fits_two_is_refused_with_both_ids, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_hidden_and_the_absent_get_the_same_words,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_prefix_and_no_likeness_counts_as_a_name, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(one_denial_denies_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ids_of_decisions_lie_together_and_none_repeats,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(steps_are_summed_and_targets_counted, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_ceiling_says_where_it_would_be_allowed, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_stranger_or_an_unlisted_channel_may_nothing,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_client_channel_sees_its_own_and_only_what_it_may,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_a_taken_turn_allows_is_marked, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(every_decision_is_a_row_of_the_log, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
