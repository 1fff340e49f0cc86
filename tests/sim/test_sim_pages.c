/* test_sim_pages.c - a long list: its pages side by side, whole whatever changes between them, or no list at all (virtual time) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "sim/ocean.h"

#define START_MS INT64_C(1768273200000)
#define LATENCY_MS 100
#define N 2000

struct run {
	struct loop *loop;
	struct sim_world *world;
	struct ocean *ocean;
	unsigned answers;
	struct err err;
	size_t n;
	bool in_order;
	/* what is done to the account as page `page` of the list is served, at most `times` */
	void (*meddle)(struct run *run);
	unsigned page, times, meddled;
};

static void on_done(struct ocean_call *call, const struct err *err)
{
	struct run *run = call->data;

	run->answers++;
	err_copy(&run->err, err);
	run->n = call->n_droplets;
	run->in_order = true;
	for (size_t i = 0; i < call->n_droplets && i < run->world->model->n_droplets; i++) {
		run->in_order =
			run->in_order && call->droplets[i].id == run->world->model->droplets[i]->id;
	}
}

static bool is_answered(void *data)
{
	return ((struct run *)data)->answers > 0;
}

static void served(const struct sim_call *call, void *data)
{
	struct run *run = data;
	char page[32];

	(void)snprintf(page, sizeof(page), "&page=%u", run->page);
	if (run->meddle != NULL && run->meddled < run->times &&
	    strncmp(call->path, "/v2/droplets?", 13) == 0 && strlen(call->path) > strlen(page) &&
	    strcmp(call->path + strlen(call->path) - strlen(page), page) == 0) {
		run->meddled++;
		run->meddle(run);
	}
}

static void open_run(struct run *run, size_t n)
{
	run->loop = loop_new_virtual(START_MS);
	run->world = sim_world_new(sim_new(START_MS));
	sim_generated_account(run->world->model, n);
	run->world->served = served;
	run->world->served_data = run;
	run->ocean = sim_ocean_open(run->loop, run->world, "main", LATENCY_MS);
	assert_non_null(run->ocean);
}

static void close_run(struct run *run)
{
	ocean_close(run->ocean);
	sim_world_free(run->world);
	loop_free(run->loop);
}

/* How long it took, in the loop's own time. */
static int64_t list(struct run *run)
{
	struct ocean_call call = {.verb = OCEAN_LIST,
				  .max_tier = TIER_READ,
				  .interactive = true,
				  .done = on_done,
				  .data = run};
	int64_t began_ms = clock_mono_ms();

	run->answers = 0;
	ocean_start(run->ocean, &call);
	assert_true(loop_run_until(run->loop, is_answered, run, 120000));
	assert_int_equal(run->answers, 1);
	return clock_mono_ms() - began_ms;
}

static size_t asked(const struct run *run)
{
	return sim_world_count(run->world, 0, "GET", "/v2/droplets?per_page=200&page=*");
}

/* Ten pages take the time of three: the first, and the rest side by side. */
static void side_by_side(void **state)
{
	struct run run = {0};
	int64_t ms;

	(void)state;
	open_run(&run, N);
	ms = list(&run);
	assert_int_equal(run.err.kind, ERR_NONE);
	assert_int_equal(run.n, N);
	assert_true(run.in_order);
	assert_int_equal(asked(&run), N / 200 + 1); /* and one for GPU droplets */
	if (ms > 4 * LATENCY_MS) {
		fail_msg("%lld ms for ten pages at %d ms each", (long long)ms, LATENCY_MS);
	}
	close_run(&run);
}

/* Each page count there can be at the edges. */
static void sizes(void **state)
{
	static const size_t counts[] = {0, 1, 199, 200, 201, 400, 401, 600, 1399, 1400, 1401, 3000};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		struct run run = {0};

		open_run(&run, counts[i]);
		(void)list(&run);
		assert_int_equal(run.err.kind, ERR_NONE);
		assert_int_equal(run.n, counts[i]);
		assert_true(run.in_order);
		close_run(&run);
	}
}

static void remove_first(struct run *run)
{
	sim_remove_droplet(run->world->model, run->world->model->droplets[0]->id);
}

static void add_last(struct run *run)
{
	char line[64];

	(void)snprintf(line, sizeof(line), "late-%u", run->meddled);
	assert_int_equal(sim_droplet_line(run->world->model, line, NULL), 0);
}

/* One is destroyed as the first page is out: what slips over the pages' edges is not lost. */
static void one_goes(void **state)
{
	struct run run = {.meddle = remove_first, .page = 1, .times = 1};

	(void)state;
	open_run(&run, N);
	(void)list(&run);
	assert_int_equal(run.meddled, 1);
	assert_int_equal(run.err.kind, ERR_NONE);
	assert_int_equal(run.n, N - 1);
	assert_true(run.in_order);
	close_run(&run);
}

static void one_comes(void **state)
{
	struct run run = {.meddle = add_last, .page = 1, .times = 1};

	(void)state;
	open_run(&run,
		 N); /* the last page is full: the new one is on a page that was not foreseen */
	(void)list(&run);
	assert_int_equal(run.meddled, 1);
	assert_int_equal(run.err.kind, ERR_NONE);
	assert_int_equal(run.n, N + 1);
	close_run(&run);
}

/* It shrinks however often it is read: no list is better than one that lacks a droplet. */
static void never_still(void **state)
{
	struct run run = {.meddle = remove_first, .page = 1, .times = 1000};

	(void)state;
	open_run(&run, N);
	(void)list(&run);
	assert_int_equal(run.err.kind, ERR_REMOTE);
	assert_non_null(strstr(run.err.msg, "went while the list was read"));
	assert_int_equal(run.n, 0);
	assert_int_equal(run.meddled, 3);
	close_run(&run);
}

/* It grows all the time: nobody who was there is missing, and that is a list. */
static void always_more(void **state)
{
	struct run run = {.meddle = add_last, .page = 1, .times = 1000};

	(void)state;
	open_run(
		&run,
		N - 2); /* as it is read the third time the newest is on a page that was not foreseen */
	(void)list(&run);
	assert_int_equal(run.err.kind, ERR_NONE);
	assert_int_equal(run.meddled, 3);
	assert_int_equal(run.n, N + 1);
	close_run(&run);
}

/* One came on top and one went, so the total is as it was: what comes twice tells it, and all is read again. */
static void same_total(void **state)
{
	struct run run = {0};

	(void)state;
	open_run(&run, N);
	assert_int_equal(faults_add(&run.world->faults,
				    "nth=1 path=/v2/droplets kind=list-shifts page=3", NULL),
			 0);
	(void)list(&run);
	assert_int_equal(run.err.kind, ERR_NONE);
	assert_int_equal(run.n, N);
	assert_true(run.in_order);
	assert_int_equal(asked(&run), 2 * (N / 200) + 1);
	close_run(&run);
}

static void a_page_fails(void **state)
{
	static const char *const faults[] = {"kind=failed-page page=7", "kind=failed-page page=2",
					     "path=/v2/droplets?*page=5 kind=torn-json",
					     "path=/v2/droplets?*page=5 kind=404"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		struct run run = {0};

		open_run(&run, N);
		assert_int_equal(faults_add(&run.world->faults, faults[i], NULL), 0);
		(void)list(&run);
		assert_int_equal(run.err.kind, ERR_REMOTE);
		assert_int_equal(run.n, 0);
		close_run(&run);
	}
}

/* Canceled and closed with pages under way: once called back, and nothing is left behind. */
static void given_up(void **state)
{
	(void)state;
	for (int ms = 0; ms < 4 * LATENCY_MS; ms += 30) {
		struct run run = {0};
		struct ocean_call call = {
			.verb = OCEAN_LIST, .max_tier = TIER_READ, .done = on_done, .data = &run};

		open_run(&run, N);
		ocean_start(run.ocean, &call);
		loop_advance(run.loop, ms);
		if (ms % 60 == 0 && run.answers == 0) {
			ocean_cancel(run.ocean, &call);
			loop_advance(run.loop, 1);
		}
		close_run(&run);
		assert_int_equal(run.answers, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(side_by_side), cmocka_unit_test(sizes),
		cmocka_unit_test(one_goes),     cmocka_unit_test(one_comes),
		cmocka_unit_test(never_still),  cmocka_unit_test(always_more),
		cmocka_unit_test(same_total),   cmocka_unit_test(a_page_fails),
		cmocka_unit_test(given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
