/* test_job_crash.c - each story again, with a crash at every moment, and with every commit failing once
 *
 * Whatever happens: no more requests reach DigitalOcean than were asked for, every job ends, the person is told, the
 * log is whole. And (world.h) nothing leaves that was not written down before.
 */
#include "world.h"

#define ACTIONS_POST "method=POST path=/v2/droplets/*/actions"

struct story {
	const char *name;
	const struct plan *plan;
	const char *fault;  /* NULL: none */
	size_t most_posts;  /* that reach the model and are carried out */
	unsigned most_acts; /* that leave the engine; 0: as many as it wants (refused ones) */
};

static const struct story stories[] = {
	{"reboot", &reboot_plan, NULL, 1, 1},
	{"two steps", &off_on_plan, NULL, 2, 2},
	{"lost answer", &reboot_plan, ACTIONS_POST " nth=1 kind=timeout-after-send", 1, 1},
	{"lost request", &reboot_plan, ACTIONS_POST " nth=1 kind=timeout-before", 0, 1},
	{"gateway error", &reboot_plan, ACTIONS_POST " nth=1 kind=html-502 commit=yes", 1, 1},
	{"errored", &reboot_plan, ACTIONS_POST " kind=action-errors", 1, 1},
	{"unchanged", &shutdown_plan, ACTIONS_POST " kind=completed-unchanged", 1, 1},
	{"lags", &shutdown_plan, ACTIONS_POST " kind=action-lags ms=9000", 1, 1},
};

static void check(struct world *w, const struct story *story)
{
	bool good;

	loop_advance(w->loop, 900000);
	good = n_posts(w) <= story->most_posts && w->n_acts <= story->most_acts &&
	       job_open_requests(w->engine) == 0;
	if (!good) {
		print_message("%zu posts, %u acts, %zu open\n", n_posts(w), w->n_acts,
			      job_open_requests(w->engine));
		print_said(w);
	}
	assert_true(good);
	assert_over(w);
}

/*
 * A card says an end, or nothing was taken on at all. A crash between a post and the note of its id leaves that post
 * behind, because no chat network can be asked whether it took it: the next process posts another one.
 */
static void check_told(struct world *w, unsigned n_crashes)
{
	struct states states = states_of(w);
	unsigned n_jobs = 0;
	unsigned n_left = 0;

	for (int s = 0; s < JOB_STATE_COUNT; s++) {
		n_jobs += states.n[s];
	}
	for (size_t i = 0; i < w->n_said; i++) {
		n_left += strstr(w->said[i].text, " ...") != NULL ||
			  strstr(w->said[i].text, "Not sure:") != NULL;
	}
	assert_true(n_left <= n_crashes);
	assert_true(n_jobs == 0 || w->n_said > n_left);
}

static void crash_at(const struct story *story, int64_t at_ms)
{
	void *mine = NULL;
	struct world *w;

	(void)world_up(&mine);
	w = mine;
	if (story->fault != NULL) {
		fault(w, story->fault);
	}
	ask(w, story->plan, WEB_1);
	loop_advance(w->loop, at_ms);
	world_restart(w);
	loop_advance(w->loop, at_ms / 2);
	world_restart(w); /* and once more on the way */
	loop_advance(w->loop, 900000);
	if (states_of(w).n_open_requests > 0) {
		print_message("story %s, crash at %lld ms\n", story->name, (long long)at_ms);
	}
	if (w->n_started > 0) {
		check(w, story);
		check_told(w, 2);
	}
	(void)world_down(&mine);
}

static void a_crash_at_any_moment(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stories); i++) {
		for (int64_t at_ms = 0; at_ms < 200; at_ms += 10) {
			crash_at(&stories[i], at_ms);
		}
		for (int64_t at_ms = 200; at_ms < 100000; at_ms += at_ms / 8) {
			crash_at(&stories[i], at_ms);
		}
	}
}

static void fail_nth(const struct story *story, unsigned nth, bool crash)
{
	void *mine = NULL;
	struct world *w;

	(void)world_up(&mine);
	w = mine;
	if (story->fault != NULL) {
		fault(w, story->fault);
	}
	store_memory_fail(w->store, nth, ERR_STORE);
	ask(w, story->plan, WEB_1);
	loop_advance(w->loop, crash ? (int64_t)nth * 700 : 0);
	if (crash) {
		world_restart(w);
	}
	loop_advance(w->loop, 900000);
	assert_int_equal(w->n_started + w->n_refused, 1);
	assert_true(w->n_said > 0);
	if (w->n_started > 0) {
		check(w, story);
		check_told(w, crash);
	} else {
		assert_int_equal(w->n_acts, 0);
		assert_int_equal(job_open_requests(w->engine), 0);
	}
	(void)world_down(&mine);
}

static void every_commit_fails_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stories); i++) {
		for (unsigned nth = 1; nth <= 14; nth++) {
			fail_nth(&stories[i], nth, false);
			fail_nth(&stories[i], nth, true);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_crash_at_any_moment),
		cmocka_unit_test(every_commit_fails_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
