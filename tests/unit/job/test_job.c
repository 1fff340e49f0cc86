/* test_job.c - stories of the job engine: what happened is done once, watched to its end, and told */
#include "world.h"

#define ACTIONS_POST "method=POST path=/v2/droplets/*/actions"

/* ---- the good end -------------------------------------------------------------------------- */

static void a_reboot_runs_to_its_end(void **state)
{
	struct world *w = *state;

	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 3000);
	assert_int_equal(w->n_started, 1);
	assert_int_equal(w->n_said, 1);
	assert_said(w, "Rebooting web-1 ...");
	assert_int_equal(metrics_get(METRIC_JOBS_OPEN), 1);
	assert_int_equal(states_of(w).n[JOB_WATCHING], 1);
	loop_advance(w->loop, 120000);
	assert_said(w, "Rebooted web-1 in ");
	assert_said(w, "It is on at DigitalOcean.");
	assert_said(w, "The site may still be starting.");
	assert_int_equal(states_of(w).n[JOB_DONE], 1);
	assert_int_equal(n_posts(w), 1);
	assert_over(w);
	assert_audited(w, "\"kind\":\"decision\"");
	assert_audited(w, "\"state\":\"ready\"");
	assert_audited(w, "\"state\":\"submitting\"");
	assert_audited(w, "\"state\":\"watching\"");
	assert_audited(w, "\"state\":\"done\",\"action\":");
	assert_audited(w, "\"person\":\"bob\"");
}

static void the_card_is_edited_with_a_bar(void **state)
{
	struct world *w = *state;

	fault(w, ACTIONS_POST " kind=action-takes ms=40000");
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 12000);
	assert_int_equal(w->n_said, 1);
	assert_true(w->said[0].edits >= 4);
	assert_said(w, "12 s");
	loop_advance(w->loop, 25000); /* past the usual time, and not at its end */
	assert_not_said(w, "100");
	assert_said(w, "Rebooting web-1 ...");
	loop_advance(w->loop, 120000);
	assert_int_equal(w->n_said, 2);
	assert_over(w);
}

static void a_late_end_rings(void **state)
{
	struct world *w = *state;

	fault(w, ACTIONS_POST " kind=action-takes ms=40000");
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 200000);
	assert_int_equal(w->n_said, 2);
	assert_false(w->said[0].mentions);
	assert_true(w->said[1].mentions);
	assert_non_null(strstr(w->said[1].text, "bob"));
	assert_non_null(strstr(w->said[1].text, "web-1 is back after 47 s."));
	assert_over(w);
}

static void a_quick_end_does_not(void **state)
{
	struct world *w = *state;

	fault(w, ACTIONS_POST " kind=action-takes ms=4000");
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 200000);
	assert_said(w, "Rebooted web-1 in 5 s");
	assert_int_equal(w->n_said, 1);
	assert_over(w);
}

static void the_steps_of_a_plan_follow_each_other(void **state)
{
	struct world *w = *state;

	ask(w, &off_on_plan, WEB_1);
	loop_advance(w->loop, 300000);
	assert_said(w, "Power-cycled web-1 in ");
	assert_int_equal(n_posts(w), 2);
	assert_int_equal(sim_droplet_by_id(w->sim->model, WEB_1)->status, DROPLET_ACTIVE);
	assert_over(w);
}

static void several_droplets_share_a_card(void **state)
{
	struct world *w = *state;
	const uint64_t both[] = {WEB_1, WEB_2};

	fault(w, "method=POST path=/v2/droplets/102/actions kind=action-errors");
	ask_as(w, "bob", "k", &reboot_plan, both, 2);
	loop_advance(w->loop, 2000);
	assert_said(w, "Rebooting 2 droplets: 0 of 2 ended");
	loop_advance(w->loop, 300000);
	assert_said(w, "1 of 2 rebooted, 1 not");
	assert_said(w, "web-1: rebooted in ");
	assert_said(w, "web-2 was NOT rebooted.");
	assert_int_equal(n_posts(w), 2);
	assert_over(w);
}

/* ---- somebody was first, or it was said twice ------------------------------------------------ */

static void a_busy_droplet_starts_nothing_anywhere(void **state)
{
	struct world *w = *state;
	const uint64_t both[] = {WEB_2, WEB_1};

	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 20000);
	ask_as(w, "ana", "k2", &shutdown_plan, both, 2);
	loop_advance(w->loop, 1000);
	assert_said(w, "Nothing ran. Already running:");
	assert_said(w, "reboot of web-1, started 20 s ago by bob");
	assert_int_equal(w->n_started, 2);
	loop_advance(w->loop, 300000);
	assert_int_equal(n_posts(w), 1);
	assert_audited(w, "\"state\":\"refused\"");
	assert_over(w);
	ask_as(w, "ana", "k3", &reboot_plan, both, 2); /* free again */
	loop_advance(w->loop, 300000);
	assert_int_equal(n_posts(w), 3);
	assert_over(w);
}

static int count_joined(const char *rest, const char *value, void *data)
{
	(void)rest;
	(void)value;
	++*(unsigned *)data;
	return 0;
}

static size_t n_said_with(const struct world *w, const char *text)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_said; i++) {
		n += strstr(w->said[i].text, text) != NULL;
	}
	return n;
}

/* Those who are written down as waiting for somebody else's end. */
static unsigned n_joined(struct world *w)
{
	unsigned n = 0;

	assert_int_equal(store_each_cursor(w->store, "joined/", count_joined, &n, NULL), 0);
	return n;
}

static void who_asks_for_the_same_reads_the_end_of_it(void **state)
{
	struct world *w = *state;
	const uint64_t web_1 = WEB_1;

	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 2000);
	ask_as(w, "ana", "k2", &reboot_plan, &web_1, 1);
	ask_as(w, "ana", "k3", &reboot_plan, &web_1, 1);   /* once is enough */
	ask_as(w, "bob", "k4", &reboot_plan, &web_1, 1);   /* is told anyway */
	ask_as(w, "ana", "k5", &shutdown_plan, &web_1, 1); /* another thing */
	loop_advance(w->loop, 4000);
	assert_int_equal(n_said_with(w, "Already running:"), 4);
	assert_int_equal(n_said_with(w, "I tell you here how it ends."),
			 3); /* not of another thing */
	assert_int_equal(n_joined(w), 1);
	world_restart(w);
	loop_advance(w->loop, 300000);
	assert_said(w, "@bob @ana");
	assert_int_equal(n_posts(w), 1);
	assert_int_equal(n_joined(w), 0);
	assert_over(w);
}

/* Nobody fills the store by asking for the same; who is not noted is told so, and the others still are. */
static void no_more_than_eight_join(void **state)
{
	struct world *w = *state;
	const uint64_t web_1 = WEB_1;

	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 1000);
	for (unsigned i = 0; i < 8; i++) {
		char user[8], key[8];

		(void)snprintf(user, sizeof(user), "p%u", i);
		(void)snprintf(key, sizeof(key), "k%u", i);
		ask_as(w, user, key, &reboot_plan, &web_1, 1);
	}
	loop_advance(w->loop, 1000);
	assert_int_equal(n_joined(w), 8);
	assert_said(w, "I tell you here how it ends.");
	assert_not_said(w, "tell you of it");
	ask_as(w, "p8", "k8", &reboot_plan, &web_1, 1);
	ask_as(w, "p3", "k9", &reboot_plan, &web_1, 1); /* noted long since: no word of too many */
	loop_advance(w->loop, 1000);
	assert_int_equal(n_joined(w), 8);
	assert_int_equal(n_said_with(w, "Too many wait for its end: I cannot\ntell you of it."), 1);
	assert_int_equal(n_said_with(w, "I tell you here how it ends."), 9);
	world_restart(w);
	loop_advance(w->loop, 300000);
	assert_said(w, "@bob @p0 @p1 @p2 @p3 @p4 @p5 @p6 @p7");
	assert_not_said(w, "@p8");
	assert_int_equal(n_joined(w), 0);
	assert_over(w);
}

static void who_is_not_written_down_has_not_joined(void **state)
{
	struct world *w = *state;
	const uint64_t web_1 = WEB_1;

	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 2000);
	store_memory_fail(w->store, 1, ERR_STORE);
	ask_as(w, "ana", "k2", &reboot_plan, &web_1, 1);
	loop_advance(w->loop, 300000);
	assert_int_equal(n_joined(w), 0);
	assert_not_said(w, "@ana");
	assert_over(w);
}

static void a_repeated_delivery_is_silent(void **state)
{
	struct world *w = *state;
	const uint64_t web_1 = WEB_1;

	ask_as(w, "bob", "same", &reboot_plan, &web_1, 1);
	ask_as(w, "bob", "same", &reboot_plan, &web_1, 1); /* in the same turn */
	loop_advance(w->loop, 10000);
	ask_as(w, "bob", "same", &reboot_plan, &web_1, 1); /* while it runs */
	loop_advance(w->loop, 300000);
	ask_as(w, "bob", "same", &reboot_plan, &web_1, 1); /* after it */
	loop_advance(w->loop, 300000);
	assert_int_equal(w->n_started, 1);
	assert_int_equal(w->n_conflicts, 3);
	assert_int_equal(n_posts(w), 1);
	assert_int_equal(w->n_said, 2); /* the card, and the end that rings */
	assert_over(w);
}

/* ---- before it leaves ------------------------------------------------------------------------ */

static void the_gate_is_asked_right_before(void **state)
{
	struct world *w = *state;
	struct policy *policy = policy_of(never_text);

	ask(w, &reboot_plan, WEB_1);
	gate_swap(w->gate, policy);
	policy_unref(policy);
	loop_advance(w->loop, 60000);
	assert_int_equal(w->n_acts, 0);
	assert_said(w, "Nothing ran: you may not reboot web-1");
	assert_said(w, "Decision ");
	assert_int_equal(states_of(w).n[JOB_DENIED], 1);
	assert_audited(w, "\"verdict\":\"deny\",\"rules\":[\"no-reboot:");
	assert_over(w);
}

static void between_steps_too(void **state)
{
	struct world *w = *state;
	struct policy *policy;

	policy = policy_of("never:\n  - {name: stop, who: bob, may: droplet.power.cycle, "
			   "droplets: any}\n");
	ask(w, &off_on_plan, WEB_1);
	loop_advance(w->loop, 3000);
	assert_int_equal(w->n_acts, 1);
	gate_swap(w->gate, policy);
	policy_unref(policy);
	loop_advance(w->loop, 300000);
	assert_int_equal(w->n_acts, 1);
	assert_int_equal(states_of(w).n[JOB_DENIED], 1);
	assert_over(w);
}

static void a_droplet_that_is_gone_is_not_acted_on(void **state)
{
	struct world *w = *state;

	ask(w, &reboot_plan, WEB_1);
	sim_remove_droplet(w->sim->model, WEB_1);
	loop_advance(w->loop, 60000);
	assert_int_equal(w->n_acts, 0);
	assert_said(w, "no droplet web-1 here");
	assert_over(w);
}

static void what_was_never_sent_is_tried_again(void **state)
{
	struct world *w = *state;

	fault(w, "method=GET path=/v2/droplets* nth=1 times=6 kind=503");
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 300000);
	assert_int_equal(n_posts(w), 1);
	assert_said(w, "Rebooted web-1 in");
	assert_over(w);
}

static void without_digitalocean_nothing_ran(void **state)
{
	struct world *w = *state;

	fault(w, "method=GET kind=503");
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 300000);
	assert_int_equal(w->n_acts, 0);
	assert_said(w, "Nothing ran: web-1 waited too long.");
	assert_int_equal(states_of(w).n[JOB_EXPIRED], 1);
	assert_over(w);
}

static void a_pending_event_is_waited_for(void **state)
{
	struct world *w = *state;
	const char *reason = NULL;

	assert_non_null(sim_start_action(w->sim->model, sim_droplet_by_id(w->sim->model, WEB_1),
					 "power_cycle", NULL, &reason));
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 2000);
	assert_said(w, "The droplet is busy with another event");
	loop_advance(w->loop, 300000);
	assert_int_equal(n_posts(w), 1);
	assert_true(w->n_acts > 1);
	assert_said(w, "Rebooted web-1 in");
	assert_over(w);
}

static void a_pending_event_that_does_not_end_is_told(void **state)
{
	struct world *w = *state;

	sim_droplet_by_id(w->sim->model, WEB_1)->held = true;
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 400000);
	assert_int_equal(n_posts(w), 0);
	assert_said(w, "Nothing ran: web-1 was busy");
	assert_int_equal(states_of(w).n[JOB_FAILED], 1);
	assert_over(w);
}

static void a_refusal_is_told(void **state)
{
	struct world *w = *state;

	fault(w, ACTIONS_POST " kind=404");
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 60000);
	assert_said(w, "Nothing ran: web-1 was not touched.");
	assert_int_equal(w->n_acts, 1);
	assert_over(w);
}

/* ---- an answer that is lost ------------------------------------------------------------------ */

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

/* ---- ends that are not good ------------------------------------------------------------------ */

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

/* ---- the store and the chat fail -------------------------------------------------------------- */

static void what_is_not_written_is_not_begun(void **state)
{
	struct world *w = *state;

	store_memory_fail(w->store, 1, ERR_STORE);
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 60000);
	assert_int_equal(w->n_refused, 1);
	assert_int_equal(w->n_acts, 0);
	assert_said(w, "Nothing ran: nothing was sent to");
	assert_said(w, "the disk is full");
	assert_int_equal(job_open_requests(w->engine), 0);
}

static void disk_is_full(struct timer *timer)
{
	struct world *w = timer->data;

	store_memory_fail(w->store, 1, ERR_STORE);
	timer_start(timer, 1);
}

/* Every commit fails once the request is taken in: nothing leaves, and the person hears so; with room again it is written. */
static void a_disk_that_fills_up_stops_the_act(void **state)
{
	struct world *w = *state;

	timer_init(&w->full, w->loop, disk_is_full, w);
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 1);
	assert_int_equal(w->n_started, 1);
	timer_start(&w->full, 0);
	loop_advance(w->loop, 200000);
	assert_int_equal(w->n_acts, 0);
	assert_said(w, "Nothing ran: web-1 waited too long.");
	assert_said(w, "the disk is full");
	assert_int_equal(job_open_requests(w->engine), 1); /* it has to be written still */
	timer_stop(&w->full);
	store_memory_fail(w->store, 0, ERR_STORE);
	loop_advance(w->loop, 200000);
	assert_int_equal(states_of(w).n[JOB_EXPIRED], 1);
	assert_over(w);
}

/* It fills up after the act: the end is told all the same, and every move is in the log once there is room. */
static void a_disk_that_fills_up_later_loses_nothing(void **state)
{
	struct world *w = *state;

	timer_init(&w->full, w->loop, disk_is_full, w);
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 60);
	assert_int_equal(w->n_acts, 1);
	timer_start(&w->full, 0);
	loop_advance(w->loop, 200000);
	assert_said(w, "Rebooted web-1 in");
	assert_int_equal(states_of(w).n[JOB_SUBMITTING], 1);
	ask(w, &reboot_plan, WEB_1); /* the store still holds the droplet: not taken for a repeat */
	loop_advance(w->loop, 1000);
	assert_int_equal(w->n_conflicts, 0);
	timer_stop(&w->full);
	store_memory_fail(w->store, 0, ERR_STORE);
	loop_advance(w->loop, 200000);
	assert_int_equal(states_of(w).n[JOB_DONE], 1);
	assert_audited(w, "\"state\":\"watching\"");
	assert_audited(w, "\"state\":\"done\"");
	assert_int_equal(n_posts(w), 1);
	assert_over(w);
}

static void a_card_that_cannot_be_shown_is_shown_by_the_next_process(void **state)
{
	struct world *w = *state;

	w->chat_refuses = true;
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 300000);
	assert_int_equal(job_open_requests(w->engine), 0);
	assert_int_equal(states_of(w).n_open_requests, 1);
	assert_int_equal(w->n_said, 0);
	w->chat_refuses = false;
	world_restart(w);
	loop_advance(w->loop, 300000);
	assert_said(w, "Rebooted web-1 in");
	assert_int_equal(n_posts(w), 1);
	assert_over(w);
}

static void a_repeated_delivery_tells_what_could_not_be_told(void **state)
{
	const struct chat_place place = {
		.network = "console", .workspace = "terminal", .channel = "ops"};
	struct world *w = *state;
	size_t n_said;

	w->chat_refuses = true;
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 5000);
	job_tell_again(w->engine, &place, "m1"); /* it goes on: left alone */
	loop_advance(w->loop, 300000);
	assert_int_equal(job_open_requests(w->engine), 0);
	w->chat_refuses = false;
	job_tell_again(w->engine, &place, "m2");
	loop_advance(w->loop, 10000);
	assert_int_equal(w->n_said, 0);
	job_tell_again(w->engine, &place, "m1");
	loop_advance(w->loop, 10000);
	assert_said(w, "Rebooted web-1 in");
	assert_over(w);
	n_said = w->n_said;
	job_tell_again(w->engine, &place, "m1"); /* told: once is enough */
	loop_advance(w->loop, 10000);
	assert_int_equal(n_posts(w), 1);
	assert_int_equal(w->n_said, n_said);
	job_tell_again(w->engine, &place, "m1"); /* and the program may end meanwhile */
}

static void nobody_waits_for_a_card_for_ever(void **state)
{
	struct world *w = *state;

	w->chat_refuses = true;
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 300000);
	loop_advance(w->loop, 25 * 3600 * 1000);
	world_restart(w);
	loop_advance(w->loop, 300000);
	assert_over(w);
}

/* ---- restarts -------------------------------------------------------------------------------- */

static void the_same_card_goes_on_after_a_restart(void **state)
{
	struct world *w = *state;

	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 5000);
	assert_int_equal(w->n_said, 1);
	world_restart(w);
	loop_advance(w->loop, 300000);
	assert_int_equal(w->n_said, 2); /* the card, and the end that rings */
	assert_non_null(strstr(w->said[0].text, "Rebooted web-1 in"));
	assert_int_equal(n_posts(w), 1);
	assert_over(w);
}

static void what_waited_through_a_long_stop_is_not_done(void **state)
{
	struct world *w = *state;

	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 1); /* on disk, and no further */
	assert_int_equal(states_of(w).n[JOB_READY], 1);
	world_end(w);
	w->store = store_memory_reopen(w->loop, w->store);
	loop_advance(w->loop, 61000);
	world_begin(w);
	assert_int_equal(job_resume(w->engine, NULL), 0);
	loop_advance(w->loop, 300000);
	assert_said(w, "Nothing ran: I was restarted");
	assert_int_equal(w->n_acts, 0);
	assert_int_equal(states_of(w).n[JOB_EXPIRED], 1);
	assert_over(w);
}

static void a_short_stop_goes_on(void **state)
{
	struct world *w = *state;

	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 1);
	world_restart(w);
	loop_advance(w->loop, 300000);
	assert_said(w, "Rebooted web-1 in");
	assert_int_equal(n_posts(w), 1);
	assert_over(w);
}

/* Nothing moved since the card was posted: its place is on disk all the same. */
static void the_card_of_a_waiting_job_goes_on_too(void **state)
{
	struct world *w = *state;

	fault(w, "method=GET nth=1 times=30 kind=503");
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 10000);
	assert_int_equal(states_of(w).n[JOB_READY], 1);
	faults_clear(&w->sim->faults);
	world_restart(w);
	loop_advance(w->loop, 300000);
	assert_non_null(strstr(w->said[0].text, "Rebooted web-1 in"));
	assert_int_equal(w->n_said, 2);
	assert_over(w);
}

static void write_row(struct world *w, enum job_state job_state, uint64_t action_id,
		      const char *verb)
{
	struct store_txn *txn = store_txn_new(w->store);
	struct store_request request = {.id = "r1",
					.network = "console",
					.workspace = "terminal",
					.channel = "ops",
					.user_workspace = "terminal",
					.user = "bob",
					.person = "bob",
					.verb = verb,
					.card_wanted = 1,
					.created_ms = clock_wall_ms(),
					.updated_ms = clock_wall_ms()};
	struct store_job job = {.id = "r1-0000",
				.request = "r1",
				.account = "main",
				.droplet_id = WEB_1,
				.droplet_name = "web-1",
				.state = (int)job_state,
				.action_id = action_id,
				.sent_ms = clock_wall_ms(),
				.deadline_ms = clock_wall_ms() + 60000,
				.updated_ms = clock_wall_ms(),
				.outcome = "it was so",
				.open = job_state_holds(job_state)};

	store_txn_request(txn, &request);
	store_txn_job(txn, &job);
	store_txn_log(txn, "{}");
	store_commit(txn, on_started, w);
	loop_advance(w->loop, 1);
}

/* Every state that a row may have, also those that no path of this version writes. */
static void a_restart_in_every_state_ends(void **state)
{
	(void)state;
	for (int s = JOB_NONE; s <= JOB_STATE_COUNT; s++) {
		for (int known = 0; known < 2; known++) {
			void *mine = NULL;
			struct world *w;
			enum job_state final;
			struct states states;

			(void)world_up(&mine);
			w = mine;
			write_row(w, (enum job_state)s, 0,
				  known ? "droplet.power.reboot" : "droplet.rebuild");
			world_restart(w);
			loop_advance(w->loop, 600000);
			assert_true(w->n_said > 0);
			assert_over(w);
			states = states_of(w);
			final = job_state_final((enum job_state)s) ? (enum job_state)s
				: s == JOB_READY  ? (known ? JOB_DONE : JOB_EXPIRED)
				: s == JOB_QUEUED ? (known ? JOB_DONE : JOB_DENIED)
				: s == JOB_ASKED  ? JOB_DENIED
				: s == JOB_CONFIRMING || s == JOB_APPROVING
					? (known ? JOB_EXPIRED : JOB_DENIED)
					: JOB_UNKNOWN;
			assert_int_equal(states.n[final], 1);
			assert_int_equal(n_posts(w),
					 (s == JOB_READY || s == JOB_QUEUED) && known ? 1 : 0);
			(void)world_down(&mine);
		}
	}
}

static void an_account_that_is_gone_ends_too(void **state)
{
	struct world *w = *state;

	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 5000);
	w->account_gone = true;
	world_restart(w);
	loop_advance(w->loop, 400000);
	assert_said(w, "Unknown: was web-1 rebooted?");
	assert_over(w);
	ask(w, &reboot_plan, WEB_2);
	loop_advance(w->loop, 400000);
	assert_said(w, "Nothing ran: web-2 waited too long.");
	assert_said(w, "Its account is not set up any more.");
	assert_int_equal(n_posts(w), 1);
	assert_over(w);
}

/* ---- the policy changes at a bad moment ------------------------------------------------------ */

static struct policy *next_policy;

static void swap_now(struct task *task)
{
	struct world *w = task->data;

	gate_swap(w->gate, next_policy);
}

static struct task swap_task;

/* Given the same list as the job, before it: the task comes after the gate said yes and before the disk did. */
static void swap_soon(struct ocean_want *want, struct ocean_snapshot *snapshot,
		      const struct err *err)
{
	struct world *w = want->data;

	assert_null(err);
	ocean_snapshot_unref(snapshot);
	task_init(&swap_task, w->loop, swap_now, w);
	task_post(&swap_task);
}

static void want_the_same_list(struct world *w)
{
	static struct ocean_want want;

	want = (struct ocean_want){.max_tier = TIER_READ, .done = swap_soon, .data = w};
	ocean_index_want(w->index, &want);
}

static void a_policy_that_comes_before_the_request_leaves_is_asked(void **state)
{
	struct world *w = *state;

	next_policy = policy_of(never_text);
	w->at_start = want_the_same_list;
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 20000);
	policy_unref(next_policy);
	assert_int_equal(w->n_started, 1);
	assert_int_equal(w->n_acts, 0);
	assert_said(w, "Nothing ran");
	assert_over(w);
}

static void what_may_not_be_seen_any_more_is_not_touched(void **state)
{
	struct world *w = *state;
	struct policy *policy = policy_of("never:\n  - {name: hidden, who: people, may: "
					  "droplet.show, droplets: {tag: web}}\n");

	ask(w, &reboot_plan, WEB_1);
	gate_swap(w->gate, policy);
	policy_unref(policy);
	loop_advance(w->loop, 20000);
	assert_int_equal(w->n_acts, 0);
	assert_said(w, "Nothing ran");
	assert_int_equal(states_of(w).n[JOB_DENIED], 1);
	assert_audited(w, "\"droplet.show\",\"droplets\":[101],\"verdict\":\"deny\"");
	assert_over(w);
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, world_up, world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(a_reboot_runs_to_its_end),
		STORY(the_card_is_edited_with_a_bar),
		STORY(a_late_end_rings),
		STORY(a_quick_end_does_not),
		STORY(the_steps_of_a_plan_follow_each_other),
		STORY(several_droplets_share_a_card),
		STORY(a_busy_droplet_starts_nothing_anywhere),
		STORY(who_asks_for_the_same_reads_the_end_of_it),
		STORY(no_more_than_eight_join),
		STORY(who_is_not_written_down_has_not_joined),
		STORY(a_repeated_delivery_is_silent),
		STORY(the_gate_is_asked_right_before),
		STORY(between_steps_too),
		STORY(a_policy_that_comes_before_the_request_leaves_is_asked),
		STORY(what_may_not_be_seen_any_more_is_not_touched),
		STORY(a_droplet_that_is_gone_is_not_acted_on),
		STORY(what_was_never_sent_is_tried_again),
		STORY(without_digitalocean_nothing_ran),
		STORY(a_pending_event_is_waited_for),
		STORY(a_pending_event_that_does_not_end_is_told),
		STORY(a_refusal_is_told),
		STORY(a_lost_answer_is_looked_for_and_adopted),
		STORY(an_answer_that_never_shows_is_unknown),
		STORY(an_older_action_is_not_taken_for_ours),
		STORY(a_gateway_error_is_not_believed),
		STORY(errored_is_loud),
		STORY(an_action_that_never_ends_is_unknown),
		STORY(completed_and_unchanged_is_told),
		STORY(a_status_that_lags_is_waited_for),
		STORY(what_is_not_written_is_not_begun),
		STORY(a_disk_that_fills_up_stops_the_act),
		STORY(a_disk_that_fills_up_later_loses_nothing),
		STORY(a_card_that_cannot_be_shown_is_shown_by_the_next_process),
		STORY(nobody_waits_for_a_card_for_ever),
		STORY(a_repeated_delivery_tells_what_could_not_be_told),
		STORY(the_same_card_goes_on_after_a_restart),
		STORY(what_waited_through_a_long_stop_is_not_done),
		STORY(a_short_stop_goes_on),
		STORY(the_card_of_a_waiting_job_goes_on_too),
		cmocka_unit_test(a_restart_in_every_state_ends),
		STORY(an_account_that_is_gone_ends_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
