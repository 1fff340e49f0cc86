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

/* A reboot that is restarted so long after it was said, once or twice. Returns the states in which it was. */
static unsigned restart_at(const char *fault, int64_t at_ms, bool twice)
{
	struct stage *stage = stage_new(POLICY);
	char what[120];
	struct held held = {.what = what};

	(void)snprintf(what, sizeof(what), "%s, restart at %lld ms%s",
		       fault != NULL ? fault : "no fault", (long long)at_ms,
		       twice ? " and after" : "");
	assert_non_null(stage);
	assert_int_equal(sim_droplet_line(stage->world->model, "web-1 id=11 tags=web,prod", NULL),
			 0);
	if (fault != NULL) {
		assert_int_equal(faults_add(&stage->world->faults, fault, NULL), 0);
	}
	held_begin(&held, stage);
	held_said(&held, stage_say(stage, &(struct stage_said){.user = "bob",
							       .channel = "ops",
							       .text = "reboot web-1"}));
	stage_pass(stage, at_ms);
	held_look(&held);
	stage_restart(stage);
	if (twice) {
		stage_pass(stage, 30);
		held_look(&held);
		stage_restart(stage);
	}
	held_end(&held);
	assert_int_equal(held.n_wrong, 0);
	assert_true(held.posts[11] <= 1);
	/* before it was on disk it may be lost, as a message that nobody heard; afterwards it is not */
	if (held.jobs[11] > 0) {
		assert_true(held.answered[0]);
	}
	held_free(&held);
	stage_free(stage);
	return held.states;
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

static void has(unsigned states, enum job_state state)
{
	if ((states & (1U << state)) == 0) {
		print_error("no restart came while it was %s\n", job_state_name(state));
		fail();
	}
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

/* The newest button with that label; false: nobody was asked yet. */
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

/* A reboot that is confirmed after 2 s and approved after 4 s, restarted so long after it was said. */
static unsigned restart_asked(int64_t at_ms)
{
	struct stage *stage = stage_new(SOURCE_DIR "/tests/scenario/policies/consent.yaml");
	char what[120];
	struct held held = {.what = what};

	(void)snprintf(what, sizeof(what), "asked, restart at %lld ms", (long long)at_ms);
	assert_non_null(stage);
	assert_int_equal(sim_droplet_line(stage->world->model, "web-1 id=11 tags=web,prod", NULL),
			 0);
	held_begin(&held, stage);
	held_said(&held, stage_say(stage, &(struct stage_said){.user = "bob",
							       .channel = "ops",
							       .text = "reboot web-1"}));
	for (int64_t now_ms = 0; now_ms < 12000; now_ms++) {
		if (now_ms == 2000) {
			(void)press(stage, "bob", "Confirm");
		}
		if (now_ms == 4000) {
			(void)press(stage, "ana", "Approve");
		}
		if (now_ms == at_ms) {
			held_look(&held);
			stage_restart(stage);
		}
		stage_pass(stage, 1);
	}
	/* whoever was not heard because of the restart says it again; a second yes is none */
	(void)press(stage, "bob", "Confirm");
	stage_pass(stage, 3000);
	(void)press(stage, "ana", "Approve");
	held_end(&held);
	assert_int_equal(held.n_wrong, 0);
	if (held.jobs[11] > 0) {
		assert_true(held.answered[0]);
		assert_true(held.posts[11] <= 1);
		/* only what may have been on its way is not sent again */
		assert_true(held.posts[11] == 1 || (held.states & (1U << JOB_SUBMITTING)) != 0);
	}
	held_free(&held);
	stage_free(stage);
	return held.states;
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

/* A destruction, with what belongs to it or without, that is confirmed after 2 s, restarted so long after it was said. */
static unsigned restart_destroyed(const char *verb, const char *fault, int64_t at_ms)
{
	struct stage *stage = stage_new(SOURCE_DIR "/tests/scenario/policies/life.yaml");
	char what[120], text[40];
	struct held held = {.what = what};

	(void)snprintf(text, sizeof(text), "%s old-1", verb);
	(void)snprintf(what, sizeof(what), "%s, %s, restart at %lld ms", verb,
		       fault != NULL ? fault : "no fault", (long long)at_ms);
	assert_non_null(stage);
	assert_int_equal(
		sim_droplet_line(stage->world->model, "old-1 id=11 tags=old volume=data", NULL), 0);
	if (fault != NULL) {
		assert_int_equal(faults_add(&stage->world->faults, fault, NULL), 0);
	}
	held_begin(&held, stage);
	held_said(&held, stage_say(stage, &(struct stage_said){
						  .user = "ana", .channel = "ops", .text = text}));
	for (int64_t now_ms = 0; now_ms < 12000; now_ms++) {
		if (now_ms == 2000) {
			(void)press(stage, "ana", "Confirm");
		}
		if (now_ms == at_ms) {
			held_look(&held);
			stage_restart(stage);
		}
		stage_pass(stage, 1);
	}
	(void)press(stage, "ana", "Confirm");
	held_end(&held);
	assert_int_equal(held.n_wrong, 0);
	assert_true(held.posts[11] <= 1);
	if (held.jobs[11] > 0) {
		assert_true(held.answered[0]);
	}
	/* it goes only when it was sent, and stays when it was not */
	if (held.reached[11] == 0) {
		assert_non_null(sim_droplet_by_id(stage->world->model, 11));
	}
	held_free(&held);
	stage_free(stage);
	return held.states;
}

static void test_restart_destroyed(void **state)
{
	unsigned states = 0;

	(void)state;
	for (int64_t at_ms = 3; at_ms < 12000; at_ms += at_ms % 2000 < 250 ? 13 : 293) {
		states |= restart_destroyed("destroy", NULL, at_ms);
		states |= restart_destroyed("purge", NULL, at_ms);
		states |= restart_destroyed("destroy",
					    "nth=1 method=DELETE kind=timeout-after-send", at_ms);
		states |= restart_destroyed("purge", "nth=1 method=DELETE kind=timeout-before",
					    at_ms);
	}
	has(states, JOB_CONFIRMING);
	has(states, JOB_SUBMITTING);
	has(states, JOB_WATCHING);
}

/* Two of whom the second waits in line, restarted so long after the first was said: both run, one after the other. */
static unsigned restart_queued(int64_t at_ms)
{
	struct stage *stage = stage_new(POLICY);
	char what[120];
	struct held held = {.what = what};

	(void)snprintf(what, sizeof(what), "in line, restart at %lld ms", (long long)at_ms);
	assert_non_null(stage);
	assert_int_equal(sim_droplet_line(stage->world->model, "web-1 id=11 tags=web,prod", NULL),
			 0);
	held_begin(&held, stage);
	held_said(&held, stage_say(stage, &(struct stage_said){.user = "bob",
							       .channel = "ops",
							       .text = "reboot web-1"}));
	for (int64_t now_ms = 0; now_ms < 60000; now_ms++) {
		if (now_ms == 1000) {
			held_said(&held,
				  stage_say(stage, &(struct stage_said){
							   .user = "ana",
							   .channel = "ops",
							   .text = "power-cycle web-1 queue"}));
		}
		if (now_ms == at_ms) {
			held_look(&held);
			stage_restart(stage);
		}
		stage_pass(stage, 1);
	}
	held_end(&held);
	assert_int_equal(held.n_wrong, 0);
	assert_int_equal(held.jobs[11], 2);
	assert_true(held.answered[0] && held.answered[1]);
	assert_true(held.posts[11] <= 2);
	/* only what may have been on its way is not sent again */
	assert_true(held.posts[11] == 2 || (held.states & (1U << JOB_SUBMITTING)) != 0);
	held_free(&held);
	stage_free(stage);
	return held.states;
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

/* A plan of three steps, restarted so long after it was said: it goes on at its step, and no step is done twice. */
static unsigned restart_resize(int64_t at_ms, const char *fault)
{
	struct stage *stage = stage_new(POLICY);
	char what[120];
	struct held held = {.what = what};
	const struct sim_droplet *droplet;
	bool whole = fault == NULL;

	(void)snprintf(what, sizeof(what), "resize, restart at %lld ms", (long long)at_ms);
	assert_non_null(stage);
	assert_int_equal(sim_droplet_line(stage->world->model,
					  "web-1 id=11 tags=web,prod status=active", NULL),
			 0);
	if (fault != NULL) {
		assert_int_equal(faults_add(&stage->world->faults, fault, NULL), 0);
	}
	held_begin(&held, stage);
	held_said(&held,
		  stage_say(stage, &(struct stage_said){.user = "ana",
							.channel = "ops",
							.text = "resize web-1 s-2vcpu-2gb"}));
	stage_pass(stage, at_ms);
	held_look(&held);
	stage_restart(stage);
	held_end(&held);
	assert_int_equal(held.n_wrong, 0);
	assert_true(held.posts[11] <= 3);
	if (held.jobs[11] > 0) {
		assert_true(held.answered[0]);
		droplet = sim_droplet_by_id(stage->world->model, 11);
		/* a step whose answer was lost with the process ends it; nothing else leaves it dark */
		assert_true(droplet->status == DROPLET_ACTIVE ||
			    (held.states & (1U << JOB_SUBMITTING)) != 0);
		assert_true(!whole || held.posts[11] == 3 || held.posts[11] == 0 ||
			    (held.states & (1U << JOB_SUBMITTING)) != 0);
	}
	held_free(&held);
	stage_free(stage);
	return held.states;
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
	struct stage *stage = stage_new(SOURCE_DIR "/tests/scenario/policies/guard.yaml");
	char what[120];
	struct held held = {.what = what};

	(void)snprintf(what, sizeof(what), "%s, restart at %lld ms", text, (long long)at_ms);
	assert_non_null(stage);
	assert_int_equal(sim_droplet_line(stage->world->model,
					  "web-1 id=11 tags=web,prod status=active backup=weekly",
					  NULL),
			 0);
	held_begin(&held, stage);
	held_said(&held, stage_say(stage, &(struct stage_said){
						  .user = "ana", .channel = "ops", .text = text}));
	stage_pass(stage, at_ms);
	held_look(&held);
	stage_restart(stage);
	held_end(&held);
	assert_int_equal(held.n_wrong, 0);
	assert_true(held.posts[11] <= 1);
	if (held.jobs[11] > 0) {
		assert_true(held.answered[0]);
		assert_true(held.posts[11] == 1 || (held.states & (1U << JOB_SUBMITTING)) != 0);
	}
	held_free(&held);
	stage_free(stage);
	return held.states;
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
	static const char text[] = "create new-1 region ams3 size s-1vcpu-1gb image debian-12-x64 "
				   "keys ana-laptop project shop";
	struct stage *stage = stage_new(SOURCE_DIR "/tests/scenario/policies/guard.yaml");
	char what[120];
	struct held held = {.what = what};
	unsigned n = 0;

	(void)snprintf(what, sizeof(what), "create, %s, restart at %lld ms",
		       fault != NULL ? fault : "no fault", (long long)at_ms);
	assert_non_null(stage);
	assert_int_equal(
		sim_droplet_line(stage->world->model, "web-1 id=11 tags=web project=shop", NULL),
		0);
	if (fault != NULL) {
		assert_int_equal(faults_add(&stage->world->faults, fault, NULL), 0);
	}
	held_begin(&held, stage);
	held_said(&held, stage_say(stage, &(struct stage_said){
						  .user = "ana", .channel = "ops", .text = text}));
	stage_pass(stage, at_ms);
	held_look(&held);
	stage_restart(stage);
	held_end(&held);
	for (size_t i = 0; i < stage->world->model->n_droplets; i++) {
		n += strcmp(stage->world->model->droplets[i]->name, "new-1") == 0;
	}
	assert_int_equal(held.n_wrong, 0);
	assert_true(held.posts[0] <= 1);
	assert_int_equal(n, held.reached[0]);
	if (held.jobs[0] > 0) {
		assert_true(held.answered[0]);
		assert_true(held.posts[0] == 1 || (held.states & (1U << JOB_SUBMITTING)) != 0);
	}
	held_free(&held);
	stage_free(stage);
	return held.states;
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
