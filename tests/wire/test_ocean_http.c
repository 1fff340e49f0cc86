/* test_ocean_http.c - the real client against sluice-sim over loopback: pages, refusals and everything that goes wrong
 *
 * Each test starts a simulator of its own with its faults. What the client really sent is counted in the simulator's
 * log, not in the client.
 */
#include "ocean_world.h"

static void pages(void **state)
{
	struct world world;
	struct asked asked;

	(void)state;
	OPEN(&world, "--droplets", "450", "--droplet", "gpu-1 id=7 size=gpu-h100x1-80gb");
	asked = ask(&world, OCEAN_LIST, 0);
	check_kind(&asked, ERR_NONE, "");
	assert_int_equal(asked.n, 451);
	assert_false(asked.twice);
	assert_false(asked.bare);
	assert_true(asked.has_gpu);
	assert_true(asked.tags_known);
	assert_int_equal(asked.without_tags, 0);
	assert_int_equal(reached(&world.sim, "GET", "/v2/droplets?per_page=200&page="), 4);
	assert_int_equal(reached(&world.sim, "GET", "type=gpus"), 1);
	assert_int_equal(reached(&world.sim, "GET", "/v2/tags"), 1);
	asked = ask(&world, OCEAN_LIST, 0); /* the proof holds for an hour */
	assert_true(asked.tags_known);
	assert_int_equal(reached(&world.sim, "GET", "/v2/tags"), 1);
	close_world(&world);
}

static bool never(void *data)
{
	(void)data;
	return false;
}

/* What is the same page for page has one number, so that nobody decodes it again; a while later there are no pages to compare with. */
static void lists_that_say_the_same(void **state)
{
	struct world world;
	uint64_t turn;

	(void)state;
	OPEN(&world, "--empty", "--droplet", "web-1 id=11");
	(void)ask(&world, OCEAN_LIST, 0); /* what is known of tags comes with the first */
	turn = ask(&world, OCEAN_LIST, 0).call.list_turn;
	assert_int_not_equal(turn, 0);
	assert_int_equal(ask(&world, OCEAN_LIST, 0).call.list_turn, turn);
	(void)loop_run_until(world.loop, never, NULL, 3500);
	assert_int_not_equal(ask(&world, OCEAN_LIST, 0).call.list_turn, turn);
	close_world(&world);
}

static void one_droplet(void **state)
{
	struct world world;
	struct asked asked;

	(void)state;
	OPEN(&world, "--empty", "--droplet", "web-1 id=11 tags=web status=off");
	asked = ask(&world, OCEAN_LIST, 0);
	assert_int_equal(asked.n, 1);
	asked = ask(&world, OCEAN_GET, 11);
	assert_int_equal(asked.n, 1);
	assert_int_equal(asked.first.id, 11);
	assert_int_equal(asked.first.status, DROPLET_OFF);
	assert_int_equal(asked.first.n_tags, 1);
	assert_true(asked.tags_known);
	asked = ask(&world, OCEAN_GET, 12);
	check_kind(&asked, ERR_NOTFOUND, "(request ");
	assert_int_equal(asked.err.remote_status, 404);
	asked = ask(&world, OCEAN_ACCOUNT, 0);
	check_kind(&asked, ERR_NONE, "");
	assert_true(asked.account.droplet_limit > 0);
	assert_true(asked.account.email[0] != '\0');
	close_world(&world);
}

static void actions(void **state)
{
	struct world world;
	struct asked asked;
	uint64_t id;

	(void)state;
	OPEN(&world, "--empty", "--droplet", "web-1 id=11");
	asked = ask(&world, OCEAN_ACT, 11);
	check_kind(&asked, ERR_NONE, "");
	assert_int_equal(asked.n, 1);
	assert_int_equal(asked.action.status, OCEAN_IN_PROGRESS);
	assert_string_equal(asked.action.type, "reboot");
	assert_int_equal(asked.action.droplet_id, 11);
	assert_true(asked.action.started_ms > INT64_C(1500000000000));
	assert_int_equal(asked.action.completed_ms, 0);
	id = asked.action.id;
	asked = ask(&world, OCEAN_ACTION, id);
	check_kind(&asked, ERR_NONE, "");
	assert_int_equal(asked.action.id, id);
	asked = ask(&world, OCEAN_DROPLET_ACTIONS, 11);
	check_kind(&asked, ERR_NONE, "");
	assert_int_equal(asked.action.id, id);
	asked = ask(&world, OCEAN_ACT, 11);
	check_kind(&asked, ERR_CONFLICT, "pending event");
	assert_int_equal(asked.err.remote_status, 422);
	asked = ask(&world, OCEAN_ACT, 99);
	check_kind(&asked, ERR_NOTFOUND, "no such droplet");
	asked = ask(&world, OCEAN_ACTION, 99);
	check_kind(&asked, ERR_NOTFOUND, "no such action");
	close_world(&world);
}

/* One page that cannot be had is no list at all. */
static void failed_lists(void **state)
{
	static const struct {
		const char *fault;
		enum err_kind kind;
		const char *word;
		unsigned most; /* requests for that page */
	} rows[] = {
		{"path=/v2/droplets?* kind=failed-page page=3", ERR_REMOTE, "500", 4},
		{"path=/v2/droplets?*page=2* kind=html-502", ERR_REMOTE, "502, and not as JSON", 4},
		{"path=/v2/droplets?*page=2 kind=torn-json", ERR_REMOTE, "cut off", 1},
		{"path=/v2/droplets?*page=2 kind=404", ERR_REMOTE, "404", 1},
		{"path=/v2/droplets?*page=2 kind=reset", ERR_NETWORK, "hung up", 4},
		{"path=/v2/droplets?*gpus kind=503", ERR_REMOTE, "503", 4},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world world;
		struct asked asked;

		OPEN(&world, "--droplets", "450", "--fault", rows[i].fault);
		asked = ask(&world, OCEAN_LIST, 0);
		check_kind(&asked, rows[i].kind, rows[i].word);
		assert_int_equal(asked.n, 0);
		assert_true(reached(&world.sim, "GET", "/v2/droplets?") <= 4 + rows[i].most);
		close_world(&world);
	}
}

/* An API that does not know the type has no GPU droplets. */
static void no_gpus(void **state)
{
	struct world world;
	struct asked asked;

	(void)state;
	OPEN(&world, "--droplets", "5", "--fault", "path=/v2/droplets?*gpus kind=404");
	asked = ask(&world, OCEAN_LIST, 0);
	check_kind(&asked, ERR_NONE, "");
	assert_int_equal(asked.n, 5);
	close_world(&world);
}

/* The links of the pages name another server; it never hears of us, nor of the token. */
static void links_elsewhere(void **state)
{
	struct world world;
	struct sim other;
	struct asked asked;
	char fault[160];

	(void)state;
	start_sim(&other, (const char *const[]){"--empty", NULL});
	(void)snprintf(fault, sizeof(fault), "kind=other-host-link host=%s", other.url + 7);
	OPEN(&world, "--droplets", "450", "--fault", fault);
	asked = ask(&world, OCEAN_LIST, 0);
	check_kind(&asked, ERR_NONE, "");
	assert_int_equal(asked.n, 450);
	assert_int_equal(reached(&world.sim, "GET", "/v2/droplets?"), 4);
	assert_int_equal(reached(&other, "GET", ""), 0);
	close_world(&world);
	stop_sim(&other);
}

static void nobody_there(void **state)
{
	static const char *const tokens[4] = {NULL, "env:SIM_ALL", "env:SIM_ALL", "env:SIM_ALL"};
	struct world world;
	struct asked asked;
	struct err err = {0};

	(void)state;
	OPEN(&world, "--empty");
	ocean_close(world.ocean);
	world.ocean = open_with(&world, "http://127.0.0.1:1/", tokens, &err);
	asked = ask(&world, OCEAN_ACT, 11);
	check_kind(&asked, ERR_NETWORK, "\"reboot\" of droplet \"11\" failed");
	close_world(&world);
}

static void canceled(void **state)
{
	struct world world;
	struct asked asked, act;

	(void)state;
	OPEN(&world, "--droplets", "450", "--droplet", "web-1 id=11", "--fault",
	     "path=/v2/droplets* kind=slow ms=1000");
	begin(&world, &asked, OCEAN_LIST, 0);
	ocean_cancel(world.ocean, &asked.call); /* before anything was sent */
	assert_int_equal(asked.answers, 0);
	wait_for(&world, &asked);
	check_kind(&asked, ERR_CANCELED, "");
	(void)ask(&world, OCEAN_ACTION, 99); /* curl knows the server now and sends side by side */
	begin(&world, &asked, OCEAN_LIST, 0);
	begin(&world, &act, OCEAN_ACT, 11);
	(void)loop_run_until(world.loop, is_answered, &asked, 300);
	assert_int_equal(reached(&world.sim, "POST", ""), 1);
	ocean_cancel(world.ocean, &asked.call);
	ocean_cancel(world.ocean, &asked.call);
	ocean_cancel(world.ocean, &act.call);
	assert_int_equal(asked.answers + act.answers, 0);
	wait_for(&world, &asked);
	check_kind(&asked, ERR_CANCELED, "");
	wait_for(&world, &act);
	check_kind(&act, ERR_UNKNOWN, "outcome not known");
	close_world(&world);
}

static void closed_while_under_way(void **state)
{
	struct world world;
	struct asked list, act, waits, fresh;

	(void)state;
	OPEN(&world, "--droplets", "10", "--droplet", "web-1 id=11", "--fault",
	     "path=/v2/droplets* kind=slow ms=1000", "--fault",
	     "path=/v2/account kind=429 retry-after=5");
	(void)ask(&world, OCEAN_ACTION, 99);
	begin(&world, &list, OCEAN_LIST, 0);
	begin(&world, &act, OCEAN_ACT, 11);
	begin(&world, &waits, OCEAN_ACCOUNT, 0);
	(void)loop_run_until(world.loop, is_answered, &list, 300);
	begin(&world, &fresh, OCEAN_LIST, 0);
	ocean_close(world.ocean);
	world.ocean = NULL;
	check_kind(&list, ERR_CANCELED, "");
	check_kind(&act, ERR_UNKNOWN, "outcome not known");
	check_kind(&waits, ERR_CANCELED, "");
	check_kind(&fresh, ERR_CANCELED, "");
	assert_int_equal(list.answers + act.answers + waits.answers + fresh.answers, 4);
	close_world(&world);
}

static void many_at_once(void **state)
{
	enum { N = 60 };
	static struct asked asked[N];
	struct world world;

	(void)state;
	OPEN(&world, "--droplets", "30", "--droplet", "web-1 id=11");
	for (int i = 0; i < N; i++) {
		begin(&world, &asked[i], i % 3 == 0 ? OCEAN_LIST : OCEAN_GET, 11);
	}
	for (int i = 0; i < N; i++) {
		wait_for(&world, &asked[i]);
		check_kind(&asked[i], ERR_NONE, "");
		assert_int_equal(asked[i].n, i % 3 == 0 ? 31 : 1);
		assert_true(asked[i].tags_known);
	}
	close_world(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages),           cmocka_unit_test(lists_that_say_the_same),
		cmocka_unit_test(one_droplet),     cmocka_unit_test(actions),
		cmocka_unit_test(failed_lists),    cmocka_unit_test(no_gpus),
		cmocka_unit_test(links_elsewhere), cmocka_unit_test(nobody_there),
		cmocka_unit_test(canceled),        cmocka_unit_test(closed_while_under_way),
		cmocka_unit_test(many_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
