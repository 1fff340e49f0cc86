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

/* ---- what came of it, from a list that is read anyway ---------------------------------------- */

/* Somebody's list is under way and another's is about to begin, whenever the answer to a look at an action comes. */
struct readers {
	struct world *world;
	struct ocean_want now, next;
	struct timer then;
	uint64_t goes; /* DigitalOcean destroys this one meanwhile; 0: none */
};

static struct readers readers;

static void on_read(struct ocean_want *want, struct ocean_snapshot *snapshot, const struct err *err)
{
	(void)want;
	(void)err;
	ocean_snapshot_unref(snapshot);
}

static void want_next(struct timer *timer)
{
	(void)timer;
	ocean_index_want(readers.world->index, &readers.next);
}

static void on_served(const struct sim_call *call, void *data)
{
	struct world *w = data;

	if (strncmp(call->path, "/v2/actions/", 12) != 0 ||
	    sim_droplet_by_id(w->sim->model, WEB_1)->event != NULL) {
		return;
	}
	if (readers.goes != 0) {
		sim_remove_droplet(w->sim->model, readers.goes);
	}
	ocean_index_want(w->index, &readers.now);
	timer_start(&readers.then, 10); /* an answer takes 20 ms, a list 40 */
	w->sim->served = NULL;
}

static void read_when_it_ends(struct world *w)
{
	readers = (struct readers){.world = w};
	readers.now =
		(struct ocean_want){.interactive = true, .max_tier = TIER_READ, .done = on_read};
	readers.next = readers.now;
	timer_init(&readers.then, w->loop, want_next, NULL);
	w->sim->served = on_served;
	w->sim->served_data = w;
}

static size_t looks_at(struct world *w, uint64_t droplet)
{
	char path[40];

	(void)snprintf(path, sizeof(path), "/v2/droplets/%llu", (unsigned long long)droplet);
	return sim_world_count(w->sim, 0, "GET", path);
}

static void a_list_for_others_shows_what_came_of_it(void **state)
{
	struct world *w = *state;

	read_when_it_ends(w);
	ask(w, &shutdown_plan, WEB_1);
	loop_advance(w->loop, 120000);
	assert_said(w, "Shut down web-1 in ");
	assert_said(w, "It is off at DigitalOcean.");
	assert_int_equal(looks_at(w, WEB_1), 0);
	assert_over(w);
}

static void without_others_the_droplet_is_asked_for(void **state)
{
	struct world *w = *state;

	ask(w, &shutdown_plan, WEB_1);
	loop_advance(w->loop, 120000);
	assert_said(w, "It is off at DigitalOcean.");
	assert_int_equal(looks_at(w, WEB_1), 1);
	assert_over(w);
}

/* The list is a look like any other: what it does not show yet is looked at again. */
static void a_list_that_shows_it_as_before_is_no_end(void **state)
{
	struct world *w = *state;

	fault(w, ACTIONS_POST " kind=action-lags ms=5000");
	read_when_it_ends(w);
	ask(w, &shutdown_plan, WEB_1);
	loop_advance(w->loop, 120000);
	assert_said(w, "Shut down web-1 in ");
	assert_said(w, "It is off at DigitalOcean.");
	assert_int_equal(looks_at(w, WEB_1), 1);
	assert_over(w);
}

static void where_the_list_fails_the_droplet_is_asked_for(void **state)
{
	struct world *w = *state;

	read_when_it_ends(w);
	ask(w, &shutdown_plan, WEB_1);
	loop_advance(w->loop, 3000);
	fault(w, "method=GET path=/v2/droplets kind=404");
	loop_advance(w->loop, 120000);
	assert_said(w, "Shut down web-1 in 10 s"); /* at once, not with a later look */
	assert_said(w, "It is off at DigitalOcean.");
	assert_int_equal(looks_at(w, WEB_1), 1);
	assert_over(w);
}

/* A droplet that no list shows is there or is not: its own answer tells. */
static void what_is_not_on_the_list_is_asked_for(void **state)
{
	struct world *w = *state;

	read_when_it_ends(w);
	readers.goes = WEB_1;
	ask(w, &shutdown_plan, WEB_1);
	loop_advance(w->loop, 300000);
	assert_said(w, "Unknown: is web-1 off?");
	assert_said(w, "does not tell the droplet's status.");
	assert_true(looks_at(w, WEB_1) > 1);
	assert_int_equal(states_of(w).n[JOB_UNKNOWN], 1);
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
		STORY(a_list_for_others_shows_what_came_of_it),
		STORY(without_others_the_droplet_is_asked_for),
		STORY(a_list_that_shows_it_as_before_is_no_end),
		STORY(where_the_list_fails_the_droplet_is_asked_for),
		STORY(what_is_not_on_the_list_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
