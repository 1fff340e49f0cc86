/* test_ocean_tokens.c - which token goes with which call, what it may see, and tokens that are no use */
#include "ocean_world.h"

/* The client refuses by itself what is above the tier, and what it has no token for. */
static void tiers(void **state)
{
	static const char *const only_read[4] = {NULL, "env:SIM_READ", NULL, NULL};
	static const char *const wrong[4] = {NULL, "env:SIM_READ", "env:SIM_READ", "env:SIM_BAD"};
	struct world world;
	struct asked asked;
	struct err err = {0};

	(void)state;
	OPEN(&world, "--empty", "--droplet", "web-1 id=11");
	begin(&world, &asked, OCEAN_ACT, 11);
	asked.call.max_tier = TIER_READ;
	wait_for(&world, &asked); /* the tier was read at start: this one went out */
	check_kind(&asked, ERR_NONE, "");
	assert_int_equal(reached(&world.sim, "POST", ""), 1);
	memset(&asked, 0, sizeof(asked));
	asked.call = (struct ocean_call){.verb = OCEAN_ACT,
					 .max_tier = TIER_READ,
					 .droplet_id = 11,
					 .act = "reboot",
					 .done = on_done,
					 .data = &asked};
	ocean_start(world.ocean, &asked.call);
	wait_for(&world, &asked);
	check_kind(&asked, ERR_DENIED, "\"change\" token");
	asked.answers = 0;
	asked.call.max_tier = TIER_DESTROY;
	asked.call.act = "power_of";
	ocean_start(world.ocean, &asked.call);
	wait_for(&world, &asked);
	check_kind(&asked, ERR_USAGE, "power_of");
	assert_int_equal(reached(&world.sim, "POST", ""), 1);

	ocean_close(world.ocean);
	world.ocean = open_with(&world, world.sim.url, only_read, &err);
	assert_non_null(world.ocean);
	asked = ask(&world, OCEAN_ACT, 11);
	check_kind(&asked, ERR_DENIED, "has none");
	assert_int_equal(reached(&world.sim, "POST", ""), 1);
	ocean_close(world.ocean);
	assert_int_equal(setenv("SIM_BAD", "nobody", 1), 0);
	world.ocean = open_with(&world, world.sim.url, wrong, &err);
	assert_non_null(world.ocean);
	asked = ask(&world, OCEAN_ACT, 11); /* the change token may only read */
	check_kind(&asked, ERR_DENIED, "droplet:update");
	assert_int_equal(asked.err.remote_status, 403);
	close_world(&world);
}

/* All tiers allowed: which token carried it is seen by what it was let do, for each may do its own tier's work only. */
static void check_carried(struct world *world, enum ocean_verb verb, enum err_kind kind,
			  const char *says)
{
	struct asked asked = {.call = {.verb = verb,
				       .max_tier = TIER_DESTROY,
				       .droplet_id = verb == OCEAN_DESTROY ? 12 : 11,
				       .act = "reboot",
				       .done = on_done,
				       .data = &asked}};

	ocean_start(world->ocean, &asked.call);
	wait_for(world, &asked);
	check_kind(&asked, kind, says);
}

static void weakest_token(void **state)
{
	static const char *const no_change[4] = {NULL, "env:SIM_READ", NULL, "env:SIM_ALL"};
	struct world world;
	struct err err = {0};

	(void)state;
	OPEN(&world, "--empty", "--droplet", "web-1 id=11", "--droplet", "web-2 id=12", "--token",
	     "sim-token-read", "--scopes", "droplet:read,tag:read", "--token", "sim-token-change",
	     "--scopes", "droplet:update", "--token", "sim-token-all", "--scopes",
	     "droplet:delete");
	check_carried(&world, OCEAN_LIST, ERR_NONE, "");
	check_carried(&world, OCEAN_GET, ERR_NONE, "");
	check_carried(&world, OCEAN_ACT, ERR_NONE, "");
	ocean_close(world.ocean);

	/* without a token of its tier the next stronger one carries it; here that one lacks the scope, which is named */
	world.ocean = open_with(&world, world.sim.url, no_change, &err);
	assert_non_null(world.ocean);
	check_carried(&world, OCEAN_ACT, ERR_DENIED, "droplet:update");
	check_carried(&world, OCEAN_GET, ERR_NONE, "");
	check_carried(&world, OCEAN_DESTROY, ERR_NONE, "");
	assert_int_equal(reached(&world.sim, "POST", ""), 2);
	assert_int_equal(reached(&world.sim, "DELETE", ""), 1);
	close_world(&world);
}

static void expired_token(void **state)
{
	static const char *const bad[4] = {NULL, "env:SIM_BAD", NULL, NULL};
	struct world world;
	struct asked asked;
	struct err err = {0};

	(void)state;
	OPEN(&world, "--empty");
	ocean_close(world.ocean);
	assert_int_equal(setenv("SIM_BAD", "nobody", 1), 0);
	world.ocean = open_with(&world, world.sim.url, bad, &err);
	asked = ask(&world, OCEAN_LIST, 0);
	check_kind(&asked, ERR_DENIED, "expired?");
	assert_int_equal(asked.err.remote_status, 401);
	close_world(&world);
}

static void tags_unknown(void **state)
{
	static const char *const tokens[4] = {NULL, "env:SIM_BAD", NULL, NULL};
	struct world world;
	struct asked asked;
	struct err err = {0};

	(void)state;
	assert_int_equal(setenv("SIM_BAD", "no-tags", 1), 0);
	OPEN(&world, "--empty", "--droplet", "web-1 id=11 tags=prod", "--token", "no-tags",
	     "--scopes", "read,-tag:read");
	ocean_close(world.ocean);
	world.ocean = open_with(&world, world.sim.url, tokens, &err);
	for (int i = 0; i < 2; i++) {
		asked = ask(&world, i == 0 ? OCEAN_LIST : OCEAN_GET, 11);
		check_kind(&asked, ERR_NONE, "");
		assert_int_equal(asked.n, 1);
		assert_false(asked.tags_known);
		assert_int_equal(asked.without_tags, 1);
		assert_int_equal(asked.first.n_tags, 0);
	}
	assert_int_equal(reached(&world.sim, "GET", "/v2/tags"), 1);
	close_world(&world);
}

/* The probe fails, the list does not. */
static void tags_not_proven(void **state)
{
	struct world world;
	struct asked asked;

	(void)state;
	OPEN(&world, "--empty", "--droplet", "web-1 id=11 tags=prod", "--fault",
	     "path=/v2/tags* kind=torn-json", "--fault", "path=/v2/tags* kind=404");
	asked = ask(&world, OCEAN_LIST, 0);
	check_kind(&asked, ERR_NONE, "");
	assert_int_equal(asked.n, 1);
	close_world(&world);

	OPEN(&world, "--empty", "--droplet", "web-1 id=11 tags=prod", "--fault",
	     "path=/v2/tags* kind=html-502");
	asked = ask(&world, OCEAN_LIST, 0);
	check_kind(&asked, ERR_NONE, "");
	assert_int_equal(asked.n, 1);
	assert_false(asked.tags_known);
	assert_int_equal(asked.without_tags, 1);
	close_world(&world);
}

static void check_refused(struct world *world, const char *url, const char *spec, const char *word)
{
	const char *const tokens[4] = {NULL, "env:SIM_READ", spec, NULL};
	struct err err = {0};

	assert_null(open_with(world, url, tokens, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	if (strstr(err.msg, word) == NULL) {
		fail_msg("no \"%s\" in: %s", word, err.msg);
	}
}

static void opening(void **state)
{
	struct world world;

	(void)state;
	OPEN(&world, "--empty");
	check_refused(&world, NULL, "env:SIM_NOT_THERE", "the \"change\" token");
	check_refused(&world, "http://api.digitalocean.com", NULL, "not https");
	check_refused(&world, "http://127.0.0.1.example.com", NULL, "not https");
	check_refused(&world, "http://localhost:1@example.com", NULL, "not a plain URL");
	check_refused(&world, "ftp://example.com", NULL, "not https");
	check_refused(&world, "https://example.com/?a=b", NULL, "not a plain URL");
	check_refused(&world, "", NULL, "not https");
	close_world(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tiers),           cmocka_unit_test(weakest_token),
		cmocka_unit_test(expired_token),   cmocka_unit_test(tags_unknown),
		cmocka_unit_test(tags_not_proven), cmocka_unit_test(opening),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
