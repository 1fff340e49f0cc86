/* test_gate_limits.c - what was started is counted for whom the limit counts, within its time, and given back */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "gate/internal.h"
#include "store/store.h"

#define NOW_MS 1768273200000 /* 2026-01-13T03:00:00Z */
#define MINUTE_MS 60000
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24LL * HOUR_MS)

#define FRONT                                                                                      \
	"version: 1\n"                                                                             \
	"workspaces:\n  term: {console: terminal}\n"                                               \
	"people:\n  ana: {term: ana}\n  bob: {term: bob}\n"                                        \
	"channels:\n"                                                                              \
	"  ops: {at: term/ops, may: everything, droplets: any}\n"                                  \
	"  dev: {at: term/dev, may: everything, droplets: any}\n"                                  \
	"allow:\n"                                                                                 \
	"  - {name: all, who: people, may: [\"droplet.*\", \"droplet.power.*\"], droplets: any}\n" \
	"  - {name: reads, who: ana, may: policy.why, droplets: any}\n"                            \
	"limits:\n"

static const char policy_text[] =
	FRONT "  - {name: each, may: droplet.power.reboot, per: person, at_most: 2, within: 1h}\n"
	      "  - {name: team, may: droplet.power.off, droplets: {tag: prod}, per: role, "
	      "at_most: 2, within: 31d}\n"
	      "  - {name: here, may: droplet.power.cycle, per: channel, at_most: 1, within: 10m}\n"
	      "  - {name: purse, may: [droplet.create, droplet.resize], monthly_cost: 100}\n"
	      "  - {name: asks, may: droplet.show, per: person, at_most: 2, within: 1m}\n";

static const char other_text[] =
	FRONT "  - {name: other, may: \"droplet.power.*\", per: person, at_most: 2, within: 2h}\n";

static const char *const prod[] = {"prod"};
static const struct droplet one = {.id = 11,
				   .account = "main",
				   .name = "web-1",
				   .tags = prod,
				   .n_tags = 1,
				   .known = DROPLET_KNOWS_ALL};
static const struct droplet two = {.id = 12,
				   .account = "main",
				   .name = "web-2",
				   .tags = prod,
				   .n_tags = 1,
				   .known = DROPLET_KNOWS_ALL};
static const struct droplet stage = {
	.id = 14, .account = "main", .name = "s-web-1", .known = DROPLET_KNOWS_ALL};

static int64_t now_ms = NOW_MS;

static int64_t wall_ms(void)
{
	return now_ms;
}

static struct policy *compile(const char *text)
{
	struct policy_report report = {0};
	struct policy *policy = policy_compile("test.yaml", text, strlen(text), &report);

	for (size_t i = 0; i < report.n_findings; i++) {
		print_message("%s %u: %s\n", report.findings[i].code, report.findings[i].line,
			      report.findings[i].text);
	}
	policy_report_done(&report);
	assert_non_null(policy);
	return policy;
}

struct world {
	struct gate *gate;
	struct arena arena;
	unsigned n;
};

static int set_up(void **state)
{
	static struct world world;
	struct policy *policy = compile(policy_text);

	now_ms = NOW_MS;
	clock_replace(wall_ms, wall_ms);
	world = (struct world){.gate = gate_new(policy)};
	gate_places_known(world.gate);
	policy_unref(policy);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	clock_replace(NULL, NULL);
	gate_free(world->gate);
	arena_done(&world->arena);
	return 0;
}

static struct gate_who who(const char *user, const char *channel)
{
	return (struct gate_who){"console", "terminal", user, "terminal", channel, false};
}

static void take(struct world *w, const char *job, const char *user, const char *channel,
		 enum verb verb, const struct droplet *droplet, int64_t ago_ms)
{
	const struct gate_place place = {.job = job,
					 .request = job,
					 .who = who(user, channel),
					 .verb = verb,
					 .droplet = droplet,
					 .at_ms = now_ms - ago_ms};

	gate_place_take(w->gate, &place);
}

static struct gate_decision decide(struct world *w, const char *user, const char *channel,
				   enum verb verb, const struct droplet *a, const struct droplet *b,
				   const char *id)
{
	const struct droplet *both[] = {a, b};
	struct gate_who asker = who(user, channel);
	struct gate_decision decision;

	gate_decide(w->gate, &asker, verb, both, b != NULL ? 2 : 1, id, NULL, &w->arena, &decision);
	return decision;
}

#define MAY(user, channel, verb, droplet) \
	(decide(w, user, channel, VERB_DROPLET_POWER_##verb, droplet, NULL, NULL).verdict == ALLOW)

static void for_each_person(void **state)
{
	struct world *w = *state;
	struct gate_decision d;

	take(w, "j1", "ana", "ops", VERB_DROPLET_POWER_REBOOT, &one, 50 * MINUTE_MS);
	assert_true(MAY("ana", "ops", REBOOT, &two));
	/* two at once need two places, and there is no partial run */
	d = decide(w, "ana", "ops", VERB_DROPLET_POWER_REBOOT, &one, &two, NULL);
	assert_int_equal(d.verdict, DENY);
	assert_string_equal(d.limit, "Limit each:\n1 of 2 within 1 h for you.\nThis needs 2.\n"
				     "The next place is free in 10 min.");
	take(w, "j2", "ana", "dev", VERB_DROPLET_POWER_REBOOT, &one, 20 * MINUTE_MS);
	d = decide(w, "ana", "ops", VERB_DROPLET_POWER_REBOOT, &two, NULL, NULL);
	assert_int_equal(d.verdict, DENY);
	assert_string_equal(d.limit, "Limit each:\n2 of 2 within 1 h for you.\n"
				     "The next place is free in 10 min.");
	assert_true(MAY("bob", "ops", REBOOT, &two));
	assert_true(MAY("ana", "ops", SHUTDOWN, &two));
}

static void names_are_for_who_reads_the_policy(void **state)
{
	struct world *w = *state;

	take(w, "j1", "bob", "ops", VERB_DROPLET_POWER_REBOOT, &one, 0);
	take(w, "j2", "bob", "ops", VERB_DROPLET_POWER_REBOOT, &one, 0);
	assert_string_equal(
		decide(w, "bob", "ops", VERB_DROPLET_POWER_REBOOT, &two, NULL, NULL).limit,
		"A limit:\n2 of 2 within 1 h for you.\nThe next place is free in 1 h.");
}

static void all_under_a_role_together(void **state)
{
	struct world *w = *state;
	const struct droplet dark = {.id = 15, .account = "main"};

	take(w, "j1", "ana", "ops", VERB_DROPLET_POWER_OFF, &one, 30 * DAY_MS);
	take(w, "j2", "bob", "ops", VERB_DROPLET_POWER_OFF, &stage, 1); /* not what it is about */
	assert_true(MAY("bob", "ops", OFF, &two));
	take(w, "j3", "bob", "dev", VERB_DROPLET_POWER_OFF, &dark, 1); /* not known: counted */
	assert_false(MAY("ana", "ops", OFF, &two));
	assert_false(MAY("bob", "dev", OFF, &one));
	assert_true(MAY("bob", "ops", OFF, &stage));
}

static void all_in_a_channel_together(void **state)
{
	struct world *w = *state;

	take(w, "j1", "ana", "ops", VERB_DROPLET_POWER_CYCLE, &one, 1);
	assert_false(MAY("bob", "ops", CYCLE, &two));
	assert_true(MAY("ana", "dev", CYCLE, &two));
}

static void a_window_has_edges(void **state)
{
	struct world *w = *state;

	take(w, "j1", "ana", "ops", VERB_DROPLET_POWER_CYCLE, &one, 0);
	now_ms += 10 * MINUTE_MS - 1;
	assert_false(MAY("ana", "ops", CYCLE, &one));
	now_ms += 1;
	assert_true(MAY("ana", "ops", CYCLE, &one));
	now_ms = NOW_MS - HOUR_MS; /* the clock was set back: it counts all the same */
	assert_false(MAY("ana", "ops", CYCLE, &one));
}

static void a_place_is_given_back(void **state)
{
	struct world *w = *state;

	take(w, "j1", "ana", "ops", VERB_DROPLET_POWER_CYCLE, &one, 1);
	gate_place_back(w->gate, "j2");
	assert_false(MAY("bob", "ops", CYCLE, &two));
	gate_place_back(w->gate, "j1");
	gate_place_back(w->gate, "j1");
	assert_true(MAY("bob", "ops", CYCLE, &two));
}

/* Asked again right before it acts: it came first, whoever came after. */
static void its_own_place_does_not_stand_in_its_way(void **state)
{
	struct world *w = *state;
	enum verb verb = VERB_DROPLET_POWER_CYCLE;

	take(w, "r1", "ana", "ops", verb, &one, 2);
	take(w, "r2", "bob", "ops", verb, &two, 1);
	assert_int_equal(decide(w, "ana", "ops", verb, &one, NULL, "r1").verdict, ALLOW);
	assert_int_equal(decide(w, "bob", "ops", verb, &two, NULL, "r2").verdict, DENY);
	assert_int_equal(decide(w, "ana", "ops", verb, &one, NULL, "r3").verdict, DENY);
	/* one that waits has no place yet, and two droplets need two */
	verb = VERB_DROPLET_POWER_REBOOT;
	take(w, "r4", "ana", "ops", verb, &stage, 1);
	assert_int_equal(decide(w, "ana", "ops", verb, &one, NULL, "r5").verdict, ALLOW);
	assert_int_equal(decide(w, "ana", "ops", verb, &one, &two, "r5").verdict, DENY);
}

static void another_policy_counts_by_facts(void **state)
{
	struct world *w = *state;
	struct policy *policy = compile(other_text);

	take(w, "j1", "ana", "ops", VERB_DROPLET_POWER_REBOOT, &one, 90 * MINUTE_MS);
	take(w, "j2", "ana", "ops", VERB_DROPLET_POWER_OFF, &stage, 1);
	assert_true(MAY("ana", "ops", REBOOT, &one));
	gate_swap(w->gate, policy);
	policy_unref(policy);
	assert_false(MAY("ana", "ops", REBOOT, &one));
	assert_true(MAY("bob", "ops", REBOOT, &one));
}

static void what_is_not_known_denies(void **state)
{
	struct world *w = *state;
	struct policy *policy = compile(policy_text);
	struct gate *fresh = gate_new(policy);
	struct gate *known = w->gate;
	struct gate_decision d;

	policy_unref(policy);
	w->gate = fresh;
	d = decide(w, "ana", "ops", VERB_DROPLET_POWER_REBOOT, &one, NULL, NULL);
	assert_int_equal(d.verdict, DENY);
	assert_string_equal(d.limit, "Limit each:\nhow many were started is not known.");
	assert_true(MAY("ana", "ops", SHUTDOWN, &one));
	gate_places_known(fresh);
	assert_true(MAY("ana", "ops", REBOOT, &one));
	gate_free(fresh);
	w->gate = known;
}

/* More than are kept: a line that looks back to the missing ones denies, a shorter one goes on. */
static void too_many_are_not_forgotten(void **state)
{
	struct world *w = *state;
	char job[20];

	for (unsigned i = 0; i < 40000; i++) {
		(void)snprintf(job, sizeof(job), "%u", i);
		now_ms = NOW_MS + i;
		const struct gate_place place = {.job = job,
						 .request = job,
						 .who = who("bob", "ops"),
						 .verb = VERB_DROPLET_POWER_SHUTDOWN,
						 .droplet = &one,
						 .at_ms = now_ms};
		gate_place_take(w->gate, &place);
	}
	assert_false(MAY("ana", "ops", OFF, &one));
	now_ms += 2 * HOUR_MS;
	assert_true(MAY("ana", "ops", REBOOT, &one));
	assert_false(MAY("ana", "ops", OFF, &one));
}

static struct gate_decision spend(struct world *w, int64_t cents)
{
	const struct droplet *droplets[] = {&one};
	struct gate_who asker = who("ana", "ops");
	struct gate_decision decision;

	gate_decide_cost(w->gate, &asker, VERB_DROPLET_RESIZE, droplets, 1, cents, NULL, NULL,
			 &w->arena, &decision);
	return decision;
}

static void a_month_has_a_purse(void **state)
{
	struct world *w = *state;
	struct gate_place place = {.job = "j1",
				   .request = "j1",
				   .who = who("bob", "dev"),
				   .verb = VERB_DROPLET_RESIZE,
				   .droplet = &two,
				   .at_ms = NOW_MS - DAY_MS,
				   .monthly_cents = 6000};

	assert_string_equal(spend(w, -1).limit, "Limit purse:\nwhat this would cost is not known.");
	assert_int_equal(spend(w, 10000).verdict, ALLOW);
	assert_int_equal(spend(w, 10001).verdict, DENY);
	gate_place_take(w->gate, &place);
	assert_int_equal(spend(w, 4000).verdict, ALLOW);
	assert_string_equal(spend(w, 4001).limit,
			    "Limit purse:\n$60 of $100 a month,\nand this adds $41.");
	now_ms = NOW_MS + 19 * DAY_MS; /* February */
	assert_int_equal(spend(w, 10000).verdict, ALLOW);
	place.at_ms = now_ms;
	place.monthly_cents = -1;
	gate_place_take(w->gate, &place);
	assert_string_equal(spend(w, 1).limit, "Limit purse:\nwhat was spent is not known.");
}

/* No job is made of a read: the decision itself takes its place, one a command. */
static void reads_count_too(void **state)
{
	struct world *w = *state;
	struct loop *loop = loop_new_virtual(NOW_MS);
	struct store *store = store_memory_open(loop);
	const struct droplet *both[] = {&stage, &one};
	struct gate_who asker = who("ana", "ops");
	struct gate_decision d;

	clock_replace(wall_ms, wall_ms);
	for (unsigned i = 0; i < 3; i++) {
		struct store_txn *txn = store_txn_new(store);

		gate_decide(w->gate, &asker, VERB_DROPLET_SHOW, both, 2, NULL, txn, &w->arena, &d);
		store_txn_drop(txn);
		assert_int_equal(d.verdict, i < 2 ? ALLOW : DENY);
	}
	assert_string_equal(d.limit, "Limit asks:\n2 of 2 within 1 min for you.\n"
				     "The next place is free in 1 min.");
	now_ms += MINUTE_MS;
	assert_int_equal(decide(w, "ana", "ops", VERB_DROPLET_SHOW, &one, NULL, NULL).verdict,
			 ALLOW);
	store_close(store);
	loop_free(loop);
	clock_replace(wall_ms, wall_ms);
}

/* Each says what it said when it was taken, whoever came before and has gone: they share what is the same. */
static void places_keep_their_own_facts(void **state)
{
	static const char *const tags[] = {"prod", "web"};
	static const char *const users[] = {"ana", "bob", "bob", "chen"};
	struct world *w = *state;
	const struct places *places = &w->gate->places;
	struct droplet droplets[3] = {one, two, one};
	char job[16], name[16];

	droplets[0].tags = droplets[1].tags = tags;
	droplets[0].n_tags = 2;
	droplets[1].n_tags = 1;
	droplets[2].n_tags = 0;
	for (unsigned i = 0; i < 5000; i++) {
		struct droplet d = droplets[i / 7 % 3];

		(void)snprintf(job, sizeof(job), "j%u", i);
		(void)snprintf(name, sizeof(name), "web-%u", i / 3);
		d.name = name;
		take(w, job, users[i / 5 % 4], "ops", VERB_DROPLET_POWER_REBOOT, &d, 5000 - i);
		if (i % 11 > 4) { /* the one before, or one of long ago */
			(void)snprintf(job, sizeof(job), "j%u", i % 2 == 0 ? i - 1 : i / 2);
			gate_place_back(w->gate, job);
		}
	}
	assert_in_range(places->n, 1000, 4000);
	for (size_t k = 0; k < places->n; k++) {
		const struct place *place = places->all[k];
		unsigned i = (unsigned)strtoul(place->job + 1, NULL, 10);
		const struct droplet *d = &droplets[i / 7 % 3];

		(void)snprintf(name, sizeof(name), "web-%u", i / 3);
		assert_int_equal(place->at_ms, now_ms - 5000 + i);
		assert_string_equal(place->request, place->job);
		assert_string_equal(place->who->is.user, users[i / 5 % 4]);
		assert_string_equal(place->who->is.channel, "ops");
		assert_string_equal(place->droplet->name, name);
		assert_int_equal(place->droplet->id, d->id);
		assert_int_equal(place->droplet->n_tags, d->n_tags);
		for (size_t t = 0; t < d->n_tags; t++) {
			assert_string_equal(place->droplet->tags[t], tags[t]);
		}
	}
	for (unsigned i = 0; i < 5000; i++) {
		(void)snprintf(job, sizeof(job), "j%u", i);
		gate_place_back(w->gate, job);
	}
	assert_int_equal(places->n, 0);
	for (unsigned i = 0; i < 2000;
	     i++) { /* where the others were: nothing of theirs is shared */
		(void)snprintf(job, sizeof(job), "k%u", i);
		take(w, job, i % 2 == 0 ? "ana" : "bob", "ops", VERB_DROPLET_POWER_REBOOT, &one,
		     2000 - i);
	}
	assert_string_equal(places->all[0]->who->is.channel, "ops");
	assert_string_equal(places->all[0]->who->is.network, "console");
	assert_string_equal(places->all[0]->droplet->name, one.name);
}

/* A team's changes are about the same droplets again and again: of each change little more than its ids is kept. */
static void what_is_the_same_stands_once(void **state)
{
	struct world *w = *state;
	const struct places *places = &w->gate->places;
	char job[24], name[16];
	unsigned blocks = 0;

	for (unsigned i = 0; i < 20000; i++) {
		struct droplet d = i % 2 == 0 ? one : two;

		(void)snprintf(job, sizeof(job), "4f2a9c7d1e3b%04x", i);
		(void)snprintf(name, sizeof(name), "web-%u", i % 64);
		d.id = 1000 + i % 64;
		d.name = name;
		take(w, job, "bob", "ops", VERB_DROPLET_POWER_REBOOT, &d, 20000 - i);
	}
	for (size_t k = 0; k < places->n; k++) {
		const struct place *place = places->all[k];
		const struct place *far = places->all[k >= 64 ? k - 64 : 0];

		blocks += k == 0 || place->block != places->all[k - 1]->block;
		if (k >= 64 && far->block == place->block) {
			assert_ptr_equal(far->droplet, place->droplet);
			assert_ptr_equal(far->who, place->who);
		}
		(void)snprintf(name, sizeof(name), "web-%u", (unsigned)k % 64);
		assert_string_equal(place->droplet->name, name);
		assert_string_equal(place->who->is.user, "bob");
	}
	assert_in_range(blocks, 2, 12); /* of 256 KiB: at most 157 bytes a place */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(for_each_person, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_are_for_who_reads_the_policy, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(all_under_a_role_together, set_up, tear_down),
		cmocka_unit_test_setup_teardown(all_in_a_channel_together, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_window_has_edges, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_place_is_given_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(its_own_place_does_not_stand_in_its_way, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(another_policy_counts_by_facts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_known_denies, set_up, tear_down),
		cmocka_unit_test_setup_teardown(too_many_are_not_forgotten, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reads_count_too, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_the_same_stands_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(places_keep_their_own_facts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_month_has_a_purse, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
