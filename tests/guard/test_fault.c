/* test_fault.c - each story again and again, and each time the n-th commit, post or call fails: nothing runs twice, nothing is lost */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "held.h"
#include "job/states.h"
#include "metrics/metrics.h"
#include "story.h"

#define STORIES SOURCE_DIR "/tests/scenario/stories/"
#define N_MAX 400

/* One play of a story with at most one thing that fails. */
struct play {
	struct held held;
	const char *story;
	/* which fails; 0: none */
	unsigned nth_commit, nth_call;
	const char *call_fault;
	bool happened;
	int64_t store_errors;
};

static void begun(struct stage *stage, void *data)
{
	struct play *play = data;
	char line[80];

	held_begin(&play->held, stage);
	play->store_errors = metrics_get(METRIC_STORE_ERRORS);
	if (play->nth_commit > 0) {
		store_memory_fail(stage->store, play->nth_commit, ERR_STORE);
	}
	if (play->nth_call > 0) {
		(void)snprintf(line, sizeof(line), "nth=%u kind=%s", play->nth_call,
			       play->call_fault);
		assert_int_equal(faults_add(&stage->world->faults, line, NULL), 0);
	}
}

static void said(struct stage *stage, const char *message, void *data)
{
	struct play *play = data;

	(void)stage;
	held_said(&play->held, message);
}

static void ended(struct stage *stage, void *data)
{
	struct play *play = data;

	held_end(&play->held);
	play->happened = metrics_get(METRIC_STORE_ERRORS) > play->store_errors ||
			 play->held.post_failed ||
			 (play->nth_call > 0 && stage->world->faults.rules[0].hits > 0);
}

static void play_story(struct play *play, const char *what)
{
	const struct story_options options = {
		.only_acts = true, .begun = begun, .said = said, .ended = ended, .data = play};
	unsigned n_lines;
	char path[512];

	(void)snprintf(path, sizeof(path), "%s%s.scn", STORIES, play->story);
	play->held.what = what;
	assert_int_equal(story_play(path, &options, &n_lines), 0);
	assert_true(n_lines > 3);
}

/* With nothing that fails: what is answered, and how often each droplet is acted on. */
static void play_plain(struct play *plain, const char *story)
{
	*plain = (struct play){.story = story};
	play_story(plain, story);
	assert_int_equal(plain->held.n_wrong, 0);
	assert_false(plain->happened);
}

static void compare(const struct play *play, const struct play *plain)
{
	assert_int_equal(play->held.n_wrong, 0);
	for (size_t id = 0; id < HELD_DROPLETS; id++) {
		if (play->held.posts[id] > plain->held.posts[id] ||
		    play->held.reached[id] > plain->held.reached[id]) {
			print_error("%s: droplet %zu was acted on too often\n", play->held.what,
				    id);
			fail();
		}
	}
	for (unsigned i = 0; i < plain->held.n_said; i++) {
		if (plain->held.answered[i] && !play->held.answered[i]) {
			print_error("%s: sentence %u got no answer\n", play->held.what, i + 1);
			fail();
		}
	}
}

/* n = 1, 2, 3 ... until there is no n-th any more. */
static void fail_each(const char *story, const char *call_fault, enum err_kind post_fault,
		      bool commits)
{
	struct play plain;
	bool more = true;
	unsigned n;

	play_plain(&plain, story);
	for (n = 1; more && n < N_MAX; n++) {
		struct play play = {.story = story};
		char what[160];

		(void)snprintf(what, sizeof(what), "%s, %s %u fails", story,
			       call_fault != NULL ? call_fault
			       : commits          ? "commit"
						  : "post",
			       n);
		if (commits) {
			play.nth_commit = n;
		} else if (call_fault != NULL) {
			play.nth_call = n;
			play.call_fault = call_fault;
		} else {
			play.held.fail_post = n;
			play.held.fail_kind = post_fault;
		}
		play_story(&play, what);
		compare(&play, &plain);
		more = play.happened;
		held_free(&play.held);
	}
	held_free(&plain.held);
	assert_true(n > 3); /* it did fail some */
	assert_true(n < N_MAX);
}

static const char *const stories[] = {
	"reboot",          "several",     "lost_reply",     "restart",
	"repeated",        "ambiguous",   "confirm",        "approve_two",
	"approve_restart", "queue_short", "snapshot_short", "restore_short",
	"destroy_restart", "purge_lost",  "create_short",   "links_short"};

static void test_commits(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stories); i++) {
		fail_each(stories[i], NULL, ERR_NONE, true);
	}
}

static void test_posts(void **state)
{
	static const enum err_kind kinds[] = {ERR_NETWORK, ERR_LIMIT, ERR_UNKNOWN};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stories); i++) {
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
			fail_each(stories[i], NULL, kinds[k], false);
		}
	}
}

static void test_calls(void **state)
{
	static const char *const kinds[] = {
		"reset",
		"reset commit=no",
		"timeout-after-send",
		"timeout-before",
		"503",
		"503 commit=yes",
		"html-502",
		"torn-json",
		"refused",
		"429",
		/* each answer that is honest and useless, and each end of an action */
		"reset-mid-body",
		"429 retry-after=9",
		"404",
		"action-errors",
		"action-never-ends",
		"completed-unchanged",
		"action-lags",
		"action-no-end-time",
		"list-shifts page=1",
		"other-host-link",
		"failed-page page=1",
		"html-502 commit=yes",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stories); i++) {
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
			fail_each(stories[i], kinds[k], ERR_NONE, false);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commits),
		cmocka_unit_test(test_posts),
		cmocka_unit_test(test_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
