/* test_states.c - the table of states is whole, and a restart at every moment of a job's life ends in a final state */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "held.h"
#include "job/states.h"

#define POLICY SOURCE_DIR "/tests/scenario/policies/team.yaml"
#define GUARD_POLICY SOURCE_DIR "/tests/scenario/policies/guard.yaml"

static void test_reachable(void **state)
{
	bool reached[JOB_STATE_COUNT] = {[JOB_ASKED] = true};

	(void)state;
	for (int round = 0; round < JOB_STATE_COUNT; round++) {
		for (int from = 0; from < JOB_STATE_COUNT; from++) {
			for (int to = 0; reached[from] && to < JOB_STATE_COUNT; to++) {
				reached[to] = reached[to] || job_state_may((enum job_state)from,
									   (enum job_state)to);
			}
		}
	}
	assert_false(reached[JOB_NONE]);
	for (int s = JOB_ASKED; s < JOB_STATE_COUNT; s++) {
		if (!reached[s]) {
			print_error("%s cannot be reached\n", job_state_name((enum job_state)s));
			fail();
		}
	}
}

/* From every state a final one can be reached; only final ones have no way out, and only they let the droplet go. */
static void test_ways_out(void **state)
{
	bool ends[JOB_STATE_COUNT] = {false};

	(void)state;
	assert_false(job_state_final(JOB_NONE));
	for (int s = JOB_ASKED; s < JOB_STATE_COUNT; s++) {
		ends[s] = job_state_final((enum job_state)s);
		assert_false(ends[s] && job_state_holds((enum job_state)s));
	}
	for (int round = 0; round < JOB_STATE_COUNT; round++) {
		for (int from = 0; from < JOB_STATE_COUNT; from++) {
			for (int to = 0; to < JOB_STATE_COUNT; to++) {
				ends[from] = ends[from] ||
					     (ends[to] && job_state_may((enum job_state)from,
									(enum job_state)to));
			}
		}
	}
	for (int s = JOB_ASKED; s < JOB_STATE_COUNT; s++) {
		assert_true(ends[s]);
	}
	/* what may have been sent is never simply sent again: only READY leads to SUBMITTING */
	for (int s = 0; s < JOB_STATE_COUNT; s++) {
		assert_int_equal(job_state_may((enum job_state)s, JOB_SUBMITTING), s == JOB_READY);
	}
}

/* ---- one walk through a job's life, with a restart somewhere on it ------------------------------- */

#define ACTS_MAX 3

/* What people do so long after the walk began: say something, or press the newest button with that label. */
struct act {
	int64_t at_ms;
	const char *user, *says, *presses;
};

struct walk {
	const char *policy, *droplet, *fault;
	struct act acts[ACTS_MAX]; /* the first one says it */
	int64_t lasts_ms;          /* so long they do it; 0: until the restart */
	int64_t again_ms;          /* a second restart so long after the first; 0: none */
};

struct walked {
	struct stage *stage;
	struct held held;
	char what[160];
};

/* False: nobody was asked yet. */
static bool press(struct stage *stage, const char *user, const char *label)
{
	for (size_t i = stage->n_shown; i > 0; i--) {
		const struct shown *shown = &stage->shown[i - 1];

		for (size_t k = 0; k < shown->n_buttons; k++) {
			if (strcmp(shown->labels[k], label) == 0) {
				stage_press(stage, user, shown, k);
				return true;
			}
		}
	}
	return false;
}

static void do_acts(struct walked *on, const struct walk *walk, int64_t now_ms)
{
	for (size_t i = 0; i < ACTS_MAX; i++) {
		const struct act *act = &walk->acts[i];

		if (act->at_ms != now_ms) {
			continue;
		}
		if (act->says != NULL) {
			held_said(&on->held,
				  stage_say(on->stage, &(struct stage_said){.user = act->user,
									    .channel = "ops",
									    .text = act->says}));
		} else if (act->presses != NULL) {
			(void)press(on->stage, act->user, act->presses);
		}
	}
}

/* The next moment at which something is done. */
static int64_t next_ms(const struct walk *walk, int64_t now_ms, int64_t restart_ms)
{
	int64_t next = walk->lasts_ms > restart_ms ? walk->lasts_ms : restart_ms;

	for (size_t i = 0; i < ACTS_MAX; i++) {
		if (walk->acts[i].at_ms > now_ms && walk->acts[i].at_ms < next) {
			next = walk->acts[i].at_ms;
		}
	}
	return restart_ms > now_ms && restart_ms < next ? restart_ms : next;
}

static void restart(struct walked *on)
{
	held_look(&on->held);
	stage_restart(on->stage);
}

static void walk_begin(struct walked *on, const struct walk *walk, int64_t restart_ms)
{
	int64_t now_ms = 0;

	memset(on, 0, sizeof(*on));
	(void)snprintf(on->what, sizeof(on->what), "%s, %s, restart at %lld ms%s",
		       walk->acts[0].says, walk->fault != NULL ? walk->fault : "no fault",
		       (long long)restart_ms, walk->again_ms > 0 ? " and after" : "");
	on->held.what = on->what;
	on->stage = stage_new(walk->policy);
	assert_non_null(on->stage);
	assert_int_equal(sim_droplet_line(on->stage->world->model, walk->droplet, NULL), 0);
	if (walk->fault != NULL) {
		assert_int_equal(faults_add(&on->stage->world->faults, walk->fault, NULL), 0);
	}
	held_begin(&on->held, on->stage);
	for (;;) {
		int64_t next = next_ms(walk, now_ms, restart_ms);

		do_acts(on, walk, now_ms);
		if (now_ms == restart_ms) {
			restart(on);
		}
		if (next <= now_ms) {
			break;
		}
		stage_pass(on->stage, next - now_ms);
		now_ms = next;
	}
	if (walk->again_ms > 0) {
		stage_pass(on->stage, walk->again_ms);
		restart(on);
	}
}

/*
 * To the end, with what is true of all: nothing is wrong, no more requests than `most` for droplet `id`, and whoever's job is on disk was
 * answered (before it was on disk it may be lost, as a message that nobody heard).
 */
static void walk_end(struct walked *on, uint64_t id, unsigned most)
{
	const struct held *held = &on->held;

	held_end(&on->held);
	assert_int_equal(held->n_wrong, 0);
	assert_true(held->posts[id] <= most);
	for (unsigned i = 0; held->jobs[id] > 0 && i < held->n_said; i++) {
		assert_true(held->answered[i]);
	}
}

/* Only what may have been on its way is not sent again. */
static bool may_be_short(const struct walked *on)
{
	return (on->held.states & (1U << JOB_SUBMITTING)) != 0;
}

/* The states in which a restart came. */
static unsigned walk_free(struct walked *on)
{
	unsigned states = on->held.states;

	held_free(&on->held);
	stage_free(on->stage);
	return states;
}

static void has(unsigned states, enum job_state state)
{
	if ((states & (1U << state)) == 0) {
		print_error("no restart came while it was %s\n", job_state_name(state));
		fail();
	}
}

/* ---- a reboot ---------------------------------------------------------------------------------- */

/* Restarted so long after it was said, once or twice. */
static unsigned restart_at(const char *fault, int64_t at_ms, bool twice)
{
	const struct walk walk = {.policy = POLICY,
				  .droplet = "web-1 id=11 tags=web,prod",
				  .fault = fault,
				  .acts = {{.user = "bob", .says = "reboot web-1"}},
				  .again_ms = twice ? 30 : 0};
	struct walked on;

	walk_begin(&on, &walk, at_ms);
	walk_end(&on, 11, 1);
	return walk_free(&on);
}

static unsigned restart_everywhere(const char *fault, int64_t until_ms)
{
	unsigned states = 0;

	/* finely while it starts, then in steps; prime, so that ticks are not met always at the same place */
	for (int64_t at_ms = 0; at_ms < 300; at_ms += 7) {
		states |= restart_at(fault, at_ms, false);
		states |= restart_at(fault, at_ms, true);
	}
	for (int64_t at_ms = 307; at_ms < until_ms; at_ms += 491) {
		states |= restart_at(fault, at_ms, false);
	}
	return states;
}

static void test_restart(void **state)
{
	unsigned states = restart_everywhere(NULL, 30000);

	(void)state;
	has(states, JOB_READY);
	has(states, JOB_SUBMITTING);
	has(states, JOB_WATCHING);
}

static void test_restart_lost_reply(void **state)
{
	unsigned states = restart_everywhere("nth=1 method=POST kind=timeout-after-send", 60000);

	(void)state;
	has(states, JOB_SUBMITTING);
	has(states, JOB_UNSURE);
}

static void test_restart_lost_request(void **state)
{
	unsigned states = restart_everywhere("nth=1 method=POST kind=timeout-before", 60000);

	(void)state;
	has(states, JOB_UNSURE);
}

static void test_restart_busy(void **state)
{
	unsigned states = restart_everywhere("nth=1 method=POST kind=429 retry-after=5", 20000);

	(void)state;
	has(states, JOB_READY);
}

/* Confirmed after 2 s and approved after 4 s. */
static unsigned restart_asked(int64_t at_ms)
{
	const struct walk walk = {.policy = SOURCE_DIR "/tests/scenario/policies/consent.yaml",
				  .droplet = "web-1 id=11 tags=web,prod",
				  .acts = {{.user = "bob", .says = "reboot web-1"},
					   {2000, "bob", NULL, "Confirm"},
					   {4000, "ana", NULL, "Approve"}},
				  .lasts_ms = 12000};
	struct walked on;

	walk_begin(&on, &walk, at_ms);
	/* whoever was not heard because of the restart says it again; a second yes is none */
	(void)press(on.stage, "bob", "Confirm");
	stage_pass(on.stage, 3000);
	(void)press(on.stage, "ana", "Approve");
	walk_end(&on, 11, 1);
	assert_true(on.held.jobs[11] == 0 || on.held.posts[11] == 1 || may_be_short(&on));
	return walk_free(&on);
}

static void test_restart_asked(void **state)
{
	unsigned states = 0;

	(void)state;
	for (int64_t at_ms = 3; at_ms < 12000; at_ms += at_ms % 2000 < 250 ? 13 : 293) {
		states |= restart_asked(at_ms);
	}
	has(states, JOB_CONFIRMING);
	has(states, JOB_APPROVING);
	has(states, JOB_READY);
	has(states, JOB_WATCHING);
}

/* A destruction, with what belongs to it or without, that is confirmed after 2 s. */
static unsigned restart_destroyed(const char *says, const char *fault, int64_t at_ms)
{
	const struct walk walk = {
		.policy = SOURCE_DIR "/tests/scenario/policies/life.yaml",
		.droplet = "old-1 id=11 tags=old volume=data",
		.fault = fault,
		.acts = {{.user = "ana", .says = says}, {2000, "ana", NULL, "Confirm"}},
		.lasts_ms = 12000};
	struct walked on;

	walk_begin(&on, &walk, at_ms);
	(void)press(on.stage, "ana", "Confirm");
	walk_end(&on, 11, 1);
	/* it goes only when it was sent, and stays when it was not */
	if (on.held.reached[11] == 0) {
		assert_non_null(sim_droplet_by_id(on.stage->world->model, 11));
	}
	return walk_free(&on);
}

static void test_restart_destroyed(void **state)
{
	unsigned states = 0;

	(void)state;
	for (int64_t at_ms = 3; at_ms < 12000; at_ms += at_ms % 2000 < 250 ? 13 : 293) {
		states |= restart_destroyed("destroy old-1", NULL, at_ms);
		states |= restart_destroyed("purge old-1", NULL, at_ms);
		states |= restart_destroyed("destroy old-1",
					    "nth=1 method=DELETE kind=timeout-after-send", at_ms);
		states |= restart_destroyed("purge old-1",
					    "nth=1 method=DELETE kind=timeout-before", at_ms);
	}
	has(states, JOB_CONFIRMING);
	has(states, JOB_SUBMITTING);
	has(states, JOB_WATCHING);
}

/* Two of whom the second waits in line: both run, one after the other. */
static unsigned restart_queued(int64_t at_ms)
{
	const struct walk walk = {.policy = POLICY,
				  .droplet = "web-1 id=11 tags=web,prod",
				  .acts = {{.user = "bob", .says = "reboot web-1"},
					   {1000, "ana", "power-cycle web-1 queue", NULL}},
				  .lasts_ms = 60000};
	struct walked on;

	walk_begin(&on, &walk, at_ms);
	walk_end(&on, 11, 2);
	assert_int_equal(on.held.jobs[11], 2);
	assert_true(on.held.posts[11] == 2 || may_be_short(&on));
	return walk_free(&on);
}

static void test_restart_queued(void **state)
{
	unsigned states = 0;

	(void)state;
	/* finely where it gets in line, and where its turn comes */
	for (int64_t at_ms = 1203; at_ms < 50000;
	     at_ms += at_ms < 1500 || (at_ms > 20000 && at_ms < 23000) ? 13 : 997) {
		states |= restart_queued(at_ms);
	}
	has(states, JOB_QUEUED);
	has(states, JOB_READY);
	has(states, JOB_SUBMITTING);
	has(states, JOB_WATCHING);
}

/* A plan of three steps goes on at its step, and no step is done twice. */
static unsigned restart_resize(int64_t at_ms, const char *fault)
{
	const struct walk walk = {.policy = POLICY,
				  .droplet = "web-1 id=11 tags=web,prod status=active",
				  .fault = fault,
				  .acts = {{.user = "ana", .says = "resize web-1 s-2vcpu-2gb"}}};
	struct walked on;

	walk_begin(&on, &walk, at_ms);
	walk_end(&on, 11, 3);
	if (on.held.jobs[11] > 0) {
		/* a step whose answer was lost with the process ends it; nothing else leaves it dark */
		assert_true(may_be_short(&on) ||
			    sim_droplet_by_id(on.stage->world->model, 11)->status ==
				    DROPLET_ACTIVE);
		assert_true(fault != NULL || on.held.posts[11] == 3 || on.held.posts[11] == 0 ||
			    may_be_short(&on));
	}
	return walk_free(&on);
}

static void test_restart_resize(void **state)
{
	static const char *const faults[] = {NULL, "nth=2 method=POST kind=action-errors"};
	unsigned states = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		for (int64_t at_ms = 7; at_ms < 110000; at_ms += at_ms < 300 ? 23 : 613) {
			states |= restart_resize(at_ms, faults[i]);
		}
	}
	has(states, JOB_WATCHING);
}

/* One action, and what is looked at before and after it: sent once or not at all, and told. */
static unsigned restart_act(const char *text, int64_t at_ms)
{
	const struct walk walk = {.policy = GUARD_POLICY,
				  .droplet =
					  "web-1 id=11 tags=web,prod status=active backup=weekly",
				  .acts = {{.user = "ana", .says = text}}};
	struct walked on;

	walk_begin(&on, &walk, at_ms);
	walk_end(&on, 11, 1);
	assert_true(on.held.jobs[11] == 0 || on.held.posts[11] == 1 || may_be_short(&on));
	return walk_free(&on);
}

static void test_restart_acts(void **state)
{
	static const char *const texts[] = {"snapshot web-1", "restore web-1 190000001",
					    "rename web-1 web-9"};
	unsigned states = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		for (int64_t at_ms = 7; at_ms < 70000; at_ms += at_ms < 300 ? 23 : 997) {
			states |= restart_act(texts[i], at_ms);
		}
	}
	has(states, JOB_READY);
	has(states, JOB_WATCHING);
}

/* One that is made, and put into a project: there is at most one of its name, and as many as were asked for. */
static unsigned restart_create(const char *fault, int64_t at_ms)
{
	const struct walk walk = {
		.policy = GUARD_POLICY,
		.droplet = "web-1 id=11 tags=web project=shop",
		.fault = fault,
		.acts = {{.user = "ana",
			  .says = "create new-1 region ams3 size s-1vcpu-1gb image debian-12-x64 "
				  "keys ana-laptop project shop"}}};
	struct walked on;
	unsigned n = 0;

	walk_begin(&on, &walk, at_ms);
	walk_end(&on, 0, 1);
	for (size_t i = 0; i < on.stage->world->model->n_droplets; i++) {
		n += strcmp(on.stage->world->model->droplets[i]->name, "new-1") == 0;
	}
	assert_int_equal(n, on.held.reached[0]);
	assert_true(on.held.jobs[0] == 0 || on.held.posts[0] == 1 || may_be_short(&on));
	return walk_free(&on);
}

static void test_restart_create(void **state)
{
	static const char *const faults[] = {
		NULL, "nth=1 method=POST path=/v2/droplets kind=timeout-after-send",
		"nth=1 method=POST path=/v2/droplets kind=timeout-before",
		"nth=1 method=POST path=/v2/droplets kind=503 commit=yes"};
	unsigned states = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		for (int64_t at_ms = 7; at_ms < 80000; at_ms += at_ms < 600 ? 17 : 997) {
			states |= restart_create(faults[i], at_ms);
		}
	}
	has(states, JOB_READY);
	has(states, JOB_SUBMITTING);
	has(states, JOB_UNSURE);
	has(states, JOB_WATCHING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reachable),
		cmocka_unit_test(test_ways_out),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_restart_lost_reply),
		cmocka_unit_test(test_restart_lost_request),
		cmocka_unit_test(test_restart_busy),
		cmocka_unit_test(test_restart_asked),
		cmocka_unit_test(test_restart_destroyed),
		cmocka_unit_test(test_restart_queued),
		cmocka_unit_test(test_restart_resize),
		cmocka_unit_test(test_restart_acts),
		cmocka_unit_test(test_restart_create),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
