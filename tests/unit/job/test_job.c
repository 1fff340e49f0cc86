/* test_job.c - stories of the job engine: what happened is done once, watched to its end, and told */
#include "world.h"

#define ACTIONS_POST "method=POST path=/v2/droplets/*/actions"

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

static const char sure_text[] =
	"require:\n  - {name: sure, may: \"droplet.power.*\", droplets: any, "
	"confirm: self}\n";

static void a_policy_that_asks_for_more_is_answered_first(void **state)
{
	struct world *w = *state;
	struct policy *policy = policy_of(sure_text);

	ask(w, &reboot_plan, WEB_1);
	gate_swap(w->gate, policy);
	policy_unref(policy);
	loop_advance(w->loop, 20000);
	assert_int_equal(w->n_acts, 0);
	assert_said(w, "Reboot web-1?");
	assert_said(w, "The policy or its tags changed");
	assert_int_equal(states_of(w).n[JOB_CONFIRMING], 1);
}

static void half_done_it_does_not_wait_for_more(void **state)
{
	struct world *w = *state;
	struct policy *policy = policy_of(sure_text);

	ask(w, &off_on_plan, WEB_1);
	loop_advance(w->loop, 2000);
	assert_int_equal(w->n_acts, 1);
	gate_swap(w->gate, policy);
	policy_unref(policy);
	loop_advance(w->loop, 60000);
	assert_int_equal(w->n_acts, 1);
	assert_said(w, "Nothing more ran: the policy asks for");
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
		STORY(a_policy_that_asks_for_more_is_answered_first),
		STORY(half_done_it_does_not_wait_for_more),
		STORY(a_droplet_that_is_gone_is_not_acted_on),
		STORY(what_was_never_sent_is_tried_again),
		STORY(without_digitalocean_nothing_ran),
		STORY(a_pending_event_is_waited_for),
		STORY(a_pending_event_that_does_not_end_is_told),
		STORY(a_refusal_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
