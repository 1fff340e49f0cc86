/* test_ocean_resend.c - the rate budget, and what may be sent again */
#include "ocean_world.h"

static void rate_limit(void **state)
{
	struct world world;
	struct asked asked;

	(void)state;
	OPEN(&world, "--empty", "--droplet", "web-1 id=11", "--fault",
	     "nth=1 method=GET path=/v2/droplets* kind=429 retry-after=1");
	asked = ask(&world, OCEAN_LIST, 0);
	check_kind(&asked, ERR_NONE, "");
	assert_int_equal(asked.n, 1);
	assert_true(asked.ms >= 1000);
	close_world(&world);

	/* turned away means that nothing was done, and a change waits where that is written down */
	OPEN(&world, "--empty", "--droplet", "web-1 id=11", "--fault",
	     "nth=1 method=POST kind=429");
	asked = ask(&world, OCEAN_ACT, 11);
	check_kind(&asked, ERR_LIMIT, "");
	assert_int_equal(reached(&world.sim, "POST", ""), 1);
	asked = ask(&world, OCEAN_ACT, 11);
	check_kind(&asked, ERR_NONE, "");
	assert_int_equal(reached(&world.sim, "POST", ""), 2);
	asked = ask(&world, OCEAN_DROPLET_ACTIONS, 11);
	assert_int_equal(asked.reboots, 1);
	close_world(&world);

	/* longer than anybody waits */
	OPEN(&world, "--empty", "--droplet", "web-1 id=11", "--fault",
	     "method=POST kind=429 retry-after=60");
	asked = ask(&world, OCEAN_ACT, 11);
	check_kind(&asked, ERR_LIMIT, "60 s");
	assert_int_equal(reached(&world.sim, "POST", ""), 1);
	asked = ask(&world, OCEAN_ACT, 11); /* and the next one is not even sent */
	check_kind(&asked, ERR_LIMIT, "rate limit");
	assert_true(asked.ms < 1000);
	assert_int_equal(reached(&world.sim, "POST", ""), 1);
	close_world(&world);
}

/* The simulator's own limits: 30 requests, nothing above is sent, the client waits instead. */
static void budget(void **state)
{
	struct world world;
	struct asked asked;

	(void)state;
	OPEN(&world, "--empty", "--droplet", "web-1 id=11", "--rate-hour", "10");
	for (int i = 0; i < 20; i++) {
		begin(&world, &asked, OCEAN_ACTION, 5);
		asked.call.interactive = false;
		wait_for(&world, &asked);
		if (asked.err.kind == ERR_LIMIT) {
			break;
		}
	}
	check_kind(&asked, ERR_LIMIT, "rate limit");
	assert_true(reached(&world.sim, "GET", "") <= 9);
	close_world(&world);
}

/* A change whose answer is lost was sent once, is not known, and is found by looking. */
static void lost_changes(void **state)
{
	static const struct {
		const char *fault;
		bool done; /* did it reach the model? */
	} rows[] = {
		{"method=POST kind=timeout-before", false},
		{"method=POST kind=timeout-after-send", true},
		{"method=POST kind=reset", true},
		{"method=POST kind=reset-mid-body", true},
		{"method=POST kind=torn-json", true},
		{"method=POST kind=html-502", false},
		{"method=POST kind=html-502 commit=yes", true},
		{"method=POST kind=503 commit=yes", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world world;
		struct asked asked;

		OPEN(&world, "--empty", "--droplet", "web-1 id=11", "--fault", rows[i].fault);
		asked = ask(&world, OCEAN_ACT, 11);
		if (asked.err.kind != ERR_UNKNOWN) {
			fail_msg("%s: %s: %s", rows[i].fault, err_kind_name(asked.err.kind),
				 asked.err.msg);
		}
		check_kind(&asked, ERR_UNKNOWN, "outcome not known");
		assert_int_equal(reached(&world.sim, "POST", ""), 1);
		asked = ask(&world, OCEAN_DROPLET_ACTIONS, 11);
		check_kind(&asked, ERR_NONE, "");
		assert_int_equal(asked.reboots, rows[i].done);
		close_world(&world);
	}
}

/* What only reads is repeated, and the list is whole all the same. */
static void repeated_reads(void **state)
{
	static const char *const faults[] = {
		"nth=1 path=/v2/droplets?* kind=reset",
		"nth=2 path=/v2/droplets?* kind=reset-mid-body",
		"nth=3 path=/v2/droplets?* kind=reset-mid-body",
		"nth=1 path=/v2/droplets?* kind=html-502",
		"nth=2 path=/v2/droplets?* kind=503",
		"nth=1 times=2 path=/v2/droplets?* kind=failed-page page=2",
		"nth=1 path=/v2/droplets?* kind=timeout-before",
		"path=/v2/droplets?* kind=slow ms=300",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct world world;
		struct asked asked;

		OPEN(&world, "--droplets", "450", "--fault", faults[i]);
		asked = ask(&world, OCEAN_LIST, 0);
		if (asked.err.kind != ERR_NONE || asked.n != 450 || asked.twice) {
			fail_msg("%s: %u droplets, %s", faults[i], asked.n, asked.err.msg);
		}
		close_world(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rate_limit),
		cmocka_unit_test(budget),
		cmocka_unit_test(lost_changes),
		cmocka_unit_test(repeated_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
