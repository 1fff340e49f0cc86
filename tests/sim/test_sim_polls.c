/* test_sim_polls.c - many who wait for actions: pages of the account's list answer them, each once, whatever fails (virtual time) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "sim/ocean.h"

#define START_MS INT64_C(1768273200000)
#define N 450

struct poll {
	struct ocean_call call;
	unsigned answers;
	enum err_kind kind;
	uint64_t id;
};

struct run {
	struct loop *loop;
	struct sim_world *world;
	struct ocean *ocean;
	struct poll polls[N];
};

static void on_done(struct ocean_call *call, const struct err *err)
{
	struct poll *poll = call->data;

	poll->answers++;
	poll->kind = err != NULL ? err->kind : ERR_NONE;
	poll->id = call->n_actions == 1 ? call->actions[0].id : 0;
}

static void open_run(struct run *run)
{
	memset(run, 0, sizeof(*run));
	run->loop = loop_new_virtual(START_MS);
	run->world = sim_world_new(sim_new(START_MS));
	sim_generated_account(run->world->model, N);
	run->world->model->rate_minute = 0;
	for (size_t i = 0; i < N; i++) {
		const char *reason = NULL;
		struct sim_droplet *droplet = run->world->model->droplets[i];
		struct sim_action *action = sim_start_action(
			run->world->model, droplet,
			droplet->status == DROPLET_OFF ? "power_on" : "reboot", NULL, &reason);

		assert_non_null(action);
		run->polls[i].call = (struct ocean_call){.verb = OCEAN_ACTION,
							 .max_tier = TIER_READ,
							 .action_id = action->id,
							 .done = on_done,
							 .data = &run->polls[i]};
	}
	run->ocean = sim_ocean_open(run->loop, run->world, "main", 40);
	assert_non_null(run->ocean);
}

static void close_run(struct run *run)
{
	ocean_close(run->ocean);
	sim_world_free(run->world);
	loop_free(run->loop);
}

static void start(struct run *run, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		ocean_start(run->ocean, &run->polls[i].call);
	}
}

static size_t served(const struct run *run, const char *path)
{
	return sim_world_count(run->world, 0, "GET", path);
}

static void few_are_asked_alone(void **state)
{
	static struct run run;

	(void)state;
	open_run(&run);
	start(&run, 5);
	loop_advance(run.loop, 1000);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(run.polls[i].answers, 1);
		assert_int_equal(run.polls[i].id, run.polls[i].call.action_id);
	}
	assert_int_equal(served(&run, "/v2/actions"), 0);
	assert_int_equal(served(&run, "/v2/actions/*"), 5);
	close_run(&run);
}

/* The most requests of polls in any minute that begins with one. */
static size_t most_a_minute(const struct run *run)
{
	size_t most = 0;

	for (size_t i = 0; i < run->world->n_calls; i++) {
		size_t n = 0;

		for (size_t k = i; k < run->world->n_calls &&
				   run->world->calls[k].at_ms < run->world->calls[i].at_ms + 60000;
		     k++) {
			n += strncmp(run->world->calls[k].path, "/v2/actions", 11) == 0;
		}
		most = n > most ? n : most;
	}
	return most;
}

static void expect_answers(const struct run *run, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(run->polls[i].answers, 1);
		assert_int_equal(run->polls[i].kind, ERR_NONE);
		assert_int_equal(run->polls[i].id, run->polls[i].call.action_id);
	}
}

static void many_share_pages(void **state)
{
	static struct run run;

	(void)state;
	open_run(&run);
	start(&run, N);
	loop_advance(run.loop, 5000);
	expect_answers(&run, N);
	assert_int_equal(served(&run, "/v2/actions"),
			 3); /* the actions that made the droplets are older */
	assert_int_equal(served(&run, "/v2/actions/*"), 8); /* those that came before it was many */
	close_run(&run);
}

/* One that is on no page that is read is asked about by its number; one that does not exist is not found. */
static void older_ones(void **state)
{
	static struct run run;

	(void)state;
	open_run(&run);
	run.polls[20].call.action_id = 1;
	start(&run, 40);
	loop_advance(run.loop, 60000);
	for (size_t i = 0; i < 40; i++) {
		assert_int_equal(run.polls[i].answers, 1);
		assert_int_equal(run.polls[i].kind, i == 20 ? ERR_NOTFOUND : ERR_NONE);
	}
	close_run(&run);
}

/* All are on pages that are too far down: asked about one by one, and not more often than pages would be. */
static void all_are_older(void **state)
{
	static struct run run;

	(void)state;
	open_run(&run);
	for (size_t i = 0; i < 60; i++) { /* the first of all: they made the droplets */
		run.polls[i].call.action_id = run.world->model->actions[i]->id;
	}
	start(&run, 60);
	loop_advance(run.loop, 100000);
	expect_answers(&run, 60);
	assert_in_range(most_a_minute(&run), 20,
			40 + 8 + 2); /* + those before it was many, + the pages */
	close_run(&run);
}

/* Another order than it was ever seen in: no page is trusted, nor asked for again soon. */
static void another_order(void **state)
{
	static struct run run;

	(void)state;
	open_run(&run);
	run.world->model->oldest_first = true;
	start(&run, 60);
	loop_advance(run.loop, 100000);
	expect_answers(&run, 60);
	assert_int_equal(served(&run, "/v2/actions"), 1);
	assert_in_range(most_a_minute(&run), 20, 40 + 8 + 2);
	loop_advance(run.loop, 5 * 60 * 1000);
	start(&run, 60);
	loop_advance(run.loop, 100000);
	assert_int_equal(served(&run, "/v2/actions"), 1);
	loop_advance(run.loop, 5 * 60 * 1000);
	run.world->model->oldest_first = false; /* and then it is looked at again */
	start(&run, 60);
	loop_advance(run.loop, 10000);
	assert_true(served(&run, "/v2/actions") > 1);
	close_run(&run);
}

static void a_page_fails(void **state)
{
	static struct run run;

	(void)state;
	open_run(&run);
	assert_int_equal(faults_add(&run.world->faults, "path=/v2/actions kind=torn-json", NULL),
			 0);
	start(&run, 40);
	loop_advance(run.loop, 8000);
	for (size_t i = 0; i < 40; i++) {
		assert_int_equal(run.polls[i].answers, 1);
		assert_int_equal(run.polls[i].kind, i < 8 ? ERR_NONE : ERR_REMOTE);
	}
	start(&run, 3); /* and it goes on */
	loop_advance(run.loop, 20000);
	assert_int_equal(run.polls[0].answers, 2);
	close_run(&run);
}

/* Canceled or closed at any moment: each is called back once. */
static void given_up(void **state)
{
	static struct run run;

	(void)state;
	for (int ms = 0; ms < 4000; ms += 90) {
		open_run(&run);
		start(&run, 60);
		loop_advance(run.loop, ms);
		for (size_t i = 0; i < 60; i += 2) {
			if (run.polls[i].answers == 0) {
				ocean_cancel(run.ocean, &run.polls[i].call);
			}
		}
		loop_advance(run.loop, ms % 180);
		close_run(&run);
		for (size_t i = 0; i < 60; i++) {
			assert_int_equal(run.polls[i].answers, 1);
		}
	}
}

/* Closed while a page is under way and others wait for the next one: nothing is left behind. */
static void closed_in_a_round(void **state)
{
	static struct run run;

	(void)state;
	open_run(&run);
	start(&run, 60);
	loop_advance(run.loop, 2010); /* the page is asked for */
	assert_int_equal(served(&run, "/v2/actions"), 0);
	for (size_t i = 60; i < 80; i++) {
		ocean_start(run.ocean, &run.polls[i].call);
	}
	loop_advance(run.loop, 2);
	close_run(&run); /* the loop would have a timer left */
	for (size_t i = 0; i < 80; i++) {
		assert_int_equal(run.polls[i].answers, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_are_asked_alone),
		cmocka_unit_test(many_share_pages),
		cmocka_unit_test(older_ones),
		cmocka_unit_test(all_are_older),
		cmocka_unit_test(another_order),
		cmocka_unit_test(a_page_fails),
		cmocka_unit_test(given_up),
		cmocka_unit_test(closed_in_a_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
