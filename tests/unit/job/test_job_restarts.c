/* test_job_restarts.c - the store and the chat fail, the process starts again: nothing is lost, nothing runs twice */
#include "world.h"

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

static void fill_once_started(struct world *w)
{
	timer_init(&w->full, w->loop, disk_is_full, w);
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 1);
	assert_int_equal(w->n_started, 1);
	timer_start(&w->full, 0);
}

static void room_again(struct world *w)
{
	timer_stop(&w->full);
	store_memory_fail(w->store, 0, ERR_STORE);
}

/* Every commit fails once the request is taken in: nothing leaves, and the person hears so; with room again it is written. */
static void a_disk_that_fills_up_stops_the_act(void **state)
{
	struct world *w = *state;

	fill_once_started(w);
	loop_advance(w->loop, 200000);
	assert_int_equal(w->n_acts, 0);
	assert_said(w, "Nothing ran: web-1 waited too long.");
	assert_said(w, "the disk is full");
	assert_int_equal(job_open_requests(w->engine), 1); /* it has to be written still */
	room_again(w);
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
	room_again(w);
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

/* The disk was full when the card had just been posted: where it stands is written with the next move that can be. */
static void the_same_card_goes_on_though_its_id_could_not_be_written(void **state)
{
	struct world *w = *state;

	fill_once_started(w);
	loop_advance(w->loop, 500);
	assert_int_equal(w->n_said, 1);
	room_again(w);
	loop_advance(w->loop, 15000);
	assert_int_equal(w->n_acts, 1);
	world_restart(w);
	loop_advance(w->loop, 300000);
	assert_int_equal(w->n_said, 2); /* the card, and the end that rings */
	assert_non_null(strstr(w->said[0].text, "Rebooted web-1 in"));
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

#define STORY(test) cmocka_unit_test_setup_teardown(test, world_up, world_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(what_is_not_written_is_not_begun),
		STORY(a_disk_that_fills_up_stops_the_act),
		STORY(a_disk_that_fills_up_later_loses_nothing),
		STORY(a_card_that_cannot_be_shown_is_shown_by_the_next_process),
		STORY(nobody_waits_for_a_card_for_ever),
		STORY(a_repeated_delivery_tells_what_could_not_be_told),
		STORY(the_same_card_goes_on_after_a_restart),
		STORY(the_same_card_goes_on_though_its_id_could_not_be_written),
		STORY(what_waited_through_a_long_stop_is_not_done),
		STORY(a_short_stop_goes_on),
		STORY(the_card_of_a_waiting_job_goes_on_too),
		cmocka_unit_test(a_restart_in_every_state_ends),
		STORY(an_account_that_is_gone_ends_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
