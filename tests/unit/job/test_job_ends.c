/* test_job_ends.c - an answer that is lost, and ends that are not good */
#include "world.h"

#define ACTIONS_POST "method=POST path=/v2/droplets/*/actions"

static void a_lost_answer_is_looked_for_and_adopted(void **state)
{
	struct world *w = *state;

	fault(w, ACTIONS_POST " nth=1 kind=timeout-after-send");
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 300000);
	assert_int_equal(w->n_acts, 1);
	assert_int_equal(n_posts(w), 1);
	assert_said(w, "Rebooted web-1 in");
	assert_audited(w, "\"state\":\"unsure\"");
	assert_over(w);
}

static void an_answer_that_never_shows_is_unknown(void **state)
{
	struct world *w = *state;

	fault(w, ACTIONS_POST " nth=1 kind=timeout-before");
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 300000);
	assert_int_equal(w->n_acts, 1);
	assert_int_equal(n_posts(w), 0);
	assert_said(w, "Unknown: was web-1 rebooted?");
	assert_said(w, "I did NOT send it again.");
	assert_int_equal(states_of(w).n[JOB_UNKNOWN], 1);
	assert_over(w);
}

static void an_older_action_is_not_taken_for_ours(void **state)
{
	struct world *w = *state;
	const char *reason = NULL;

	assert_non_null(sim_start_action(w->sim->model, sim_droplet_by_id(w->sim->model, WEB_1),
					 "reboot", NULL, &reason));
	loop_advance(w->loop, 60000);
	fault(w, ACTIONS_POST " nth=1 kind=timeout-before");
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 300000);
	assert_said(w, "Unknown: was web-1 rebooted?");
	assert_int_equal(w->n_acts, 1);
	assert_over(w);
}

static void a_gateway_error_is_not_believed(void **state)
{
	struct world *w = *state;

	fault(w, ACTIONS_POST " nth=1 kind=html-502 commit=yes");
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 300000);
	assert_int_equal(w->n_acts, 1);
	assert_int_equal(n_posts(w), 1);
	assert_said(w, "Rebooted web-1 in");
	assert_over(w);
}

static void errored_is_loud(void **state)
{
	struct world *w = *state;

	fault(w, ACTIONS_POST " kind=action-errors");
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 300000);
	assert_said(w, "web-1 was NOT rebooted.");
	assert_said(w, "errored.");
	assert_int_equal(states_of(w).n[JOB_FAILED], 1);
	assert_over(w);
}

static void an_action_that_never_ends_is_unknown(void **state)
{
	struct world *w = *state;

	fault(w, ACTIONS_POST " kind=action-never-ends");
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 290000);
	assert_int_equal(job_open_requests(w->engine), 1);
	loop_advance(w->loop, 60000);
	assert_said(w, "did not end in time.");
	assert_int_equal(states_of(w).n[JOB_UNKNOWN], 1);
	assert_over(w);
}

static void completed_and_unchanged_is_told(void **state)
{
	struct world *w = *state;

	fault(w, ACTIONS_POST " kind=completed-unchanged");
	ask(w, &shutdown_plan, WEB_1);
	loop_advance(w->loop, 300000);
	assert_said(w, "web-1 is on, not off.");
	assert_int_equal(states_of(w).n[JOB_FAILED], 1);
	assert_over(w);
}

static void a_status_that_lags_is_waited_for(void **state)
{
	struct world *w = *state;

	fault(w, ACTIONS_POST " kind=action-lags ms=20000");
	ask(w, &shutdown_plan, WEB_1);
	loop_advance(w->loop, 300000);
	assert_said(w, "Shut down web-1 in ");
	assert_said(w, "It is off at DigitalOcean.");
	assert_over(w);
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, world_up, world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(a_lost_answer_is_looked_for_and_adopted),
		STORY(an_answer_that_never_shows_is_unknown),
		STORY(an_older_action_is_not_taken_for_ours),
		STORY(a_gateway_error_is_not_believed),
		STORY(errored_is_loud),
		STORY(an_action_that_never_ends_is_unknown),
		STORY(completed_and_unchanged_is_told),
		STORY(a_status_that_lags_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
