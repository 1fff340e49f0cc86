/* test_job_states.c - the table of states: every state reachable, every one that is not final has a way out */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "job/states.h"

static void every_state_is_reachable(void **state)
{
	bool reached[JOB_STATE_COUNT] = {[JOB_ASKED] = true};
	bool more = true;

	(void)state;
	while (more) {
		more = false;
		for (int from = 0; from < JOB_STATE_COUNT; from++) {
			for (int to = 0; reached[from] && to < JOB_STATE_COUNT; to++) {
				if (job_state_may((enum job_state)from, (enum job_state)to) &&
				    !reached[to]) {
					reached[to] = true;
					more = true;
				}
			}
		}
	}
	for (int s = JOB_ASKED; s < JOB_STATE_COUNT; s++) {
		assert_true(reached[s]);
	}
	assert_false(reached[JOB_NONE]);
}

/* A final state can be reached from every state. */
static void every_state_has_a_way_out(void **state)
{
	bool out[JOB_STATE_COUNT] = {false};
	size_t n_final = 0;

	(void)state;
	for (int s = 0; s < JOB_STATE_COUNT; s++) {
		out[s] = job_state_final((enum job_state)s);
		n_final += out[s];
	}
	assert_int_equal(n_final, 6);
	for (int round = 0; round < JOB_STATE_COUNT; round++) {
		for (int from = 0; from < JOB_STATE_COUNT; from++) {
			for (int to = 0; to < JOB_STATE_COUNT; to++) {
				out[from] = out[from] || (job_state_may((enum job_state)from,
									(enum job_state)to) &&
							  out[to]);
			}
		}
	}
	for (int s = JOB_ASKED; s < JOB_STATE_COUNT; s++) {
		assert_true(out[s]);
	}
}

static void what_is_final_holds_nothing_and_goes_nowhere(void **state)
{
	(void)state;
	for (int s = JOB_ASKED; s < JOB_STATE_COUNT; s++) {
		bool final = job_state_final((enum job_state)s);

		assert_false(final && job_state_holds((enum job_state)s));
		for (int to = 0; final && to < JOB_STATE_COUNT; to++) {
			assert_false(job_state_may((enum job_state)s, (enum job_state)to));
		}
	}
}

/* Who only waits for a yes keeps nobody else from the droplet; who may have sent something does. */
static void a_droplet_is_held_from_ready_to_the_end(void **state)
{
	(void)state;
	for (int s = JOB_ASKED; s < JOB_STATE_COUNT; s++) {
		bool holds = s == JOB_READY || s == JOB_SUBMITTING || s == JOB_UNSURE ||
			     s == JOB_WATCHING;

		assert_int_equal(job_state_holds((enum job_state)s), holds);
	}
}

static void sent_states_never_lead_back_but_by_ready(void **state)
{
	(void)state;
	/* after UNSURE the request leaves again only through READY, where the gate is asked */
	assert_false(job_state_may(JOB_UNSURE, JOB_SUBMITTING));
	assert_false(job_state_may(JOB_WATCHING, JOB_SUBMITTING));
	for (int s = 0; s < JOB_STATE_COUNT; s++) {
		assert_int_equal(job_state_may((enum job_state)s, JOB_SUBMITTING), s == JOB_READY);
	}
}

static void no_state_is_safe(void **state)
{
	(void)state;
	assert_false(job_state_final(JOB_NONE));
	assert_false(job_state_holds(JOB_NONE));
	for (int s = 0; s < JOB_STATE_COUNT; s++) {
		assert_false(job_state_may(JOB_NONE, (enum job_state)s));
		assert_false(job_state_may((enum job_state)s, JOB_NONE));
		for (int other = 0; other < s; other++) {
			assert_string_not_equal(job_state_name((enum job_state)s),
						job_state_name((enum job_state)other));
		}
	}
	assert_string_equal(job_state_name((enum job_state)99), "none");
	assert_string_equal(job_state_name((enum job_state) - 1), "none");
	assert_false(job_state_may((enum job_state) - 1, JOB_READY));
	assert_false(job_state_may(JOB_READY, (enum job_state) - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_is_reachable),
		cmocka_unit_test(every_state_has_a_way_out),
		cmocka_unit_test(what_is_final_holds_nothing_and_goes_nowhere),
		cmocka_unit_test(a_droplet_is_held_from_ready_to_the_end),
		cmocka_unit_test(sent_states_never_lead_back_but_by_ready),
		cmocka_unit_test(no_state_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
