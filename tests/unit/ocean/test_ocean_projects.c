/* test_ocean_projects.c - which project a droplet is in, as the index says it, on the virtual loop */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ocean/index.h"

#define ANSWER_MS 200
#define SHOP "4e1bfbc3-dc3e-41f2-a18f-000000000001"
#define LAB "4e1bfbc3-dc3e-41f2-a18f-000000000002"

/* An account with droplets 1 to 4: 1 and 3 are in the shop, 2 and 3 in the lab (3 moved meanwhile), 4 was met in neither. */
struct account {
	struct ocean ocean;
	struct timer timers[2]; /* the list, and the walk beside it */
	struct ocean_call *calls[2];
	bool canceled[2];
	unsigned lists, walks, resources;
	bool fails; /* the lab cannot be read */
};

static void give_resources(struct account *account, struct ocean_call *call)
{
	static const struct ocean_resource shop[] = {{.urn = "do:droplet:1", .droplet_id = 1},
						     {.urn = "do:volume:x"},
						     {.urn = "do:droplet:3", .droplet_id = 3}};
	static const struct ocean_resource lab[] = {{.urn = "do:droplet:2", .droplet_id = 2},
						    {.urn = "do:droplet:2", .droplet_id = 2},
						    {.urn = "do:droplet:3", .droplet_id = 3}};
	bool is_lab = strcmp(call->key, LAB) == 0;
	struct err err = {0};

	account->resources++;
	if (is_lab && account->fails) {
		err_set(&err, ERR_DENIED, "no lab for you");
		call->done(call, &err);
		return;
	}
	call->resources = is_lab ? lab : shop;
	call->n_things = 3;
	call->done(call, NULL);
}

static void answer(struct timer *timer)
{
	struct account *account = timer->data;
	size_t which = (size_t)(timer - account->timers);
	struct ocean_call *call = account->calls[which];
	struct droplet droplets[4] = {{.id = 1}, {.id = 2}, {.id = 3}, {.id = 4}};
	const struct ocean_project projects[] = {{.id = SHOP, .name = "shop"}, {.id = LAB}};
	struct err err = {0};

	account->calls[which] = NULL;
	if (account->canceled[which]) {
		account->canceled[which] = false;
		err_set(&err, ERR_CANCELED, "canceled");
		call->done(call, &err);
	} else if (call->verb == OCEAN_LIST) {
		call->droplets = droplets;
		call->n_droplets = 4;
		call->done(call, NULL);
	} else if (call->verb == OCEAN_PROJECTS) {
		call->projects = projects;
		call->n_things = 2;
		call->done(call, NULL);
	} else {
		give_resources(account, call);
	}
}

static void account_start(struct ocean *ocean, struct ocean_call *call)
{
	struct account *account = (struct account *)(void *)ocean;
	size_t which = call->verb == OCEAN_LIST ? 0 : 1;

	assert_null(account->calls[which]);
	assert_int_equal(call->max_tier, TIER_READ);
	account->lists += call->verb == OCEAN_LIST;
	account->walks += call->verb == OCEAN_PROJECTS;
	account->calls[which] = call;
	timer_start(&account->timers[which], ANSWER_MS);
}

static void account_cancel(struct ocean *ocean, struct ocean_call *call)
{
	struct account *account = (struct account *)(void *)ocean;
	size_t which = account->calls[0] == call ? 0 : 1;

	assert_ptr_equal(account->calls[which], call);
	account->canceled[which] = true;
	timer_start(&account->timers[which], 0);
}

static void account_close(struct ocean *ocean)
{
	(void)ocean;
}

static const struct ocean_ops ops = {
	.start = account_start, .cancel = account_cancel, .close = account_close};

struct world {
	struct loop *loop;
	struct account account;
	struct ocean_index *index;
	struct ocean_want want;
	struct ocean_snapshot *snapshot;
	unsigned answers;
};

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world->loop = loop_new_virtual(INT64_C(1800000000000));
	world->account.ocean.ops = &ops;
	world->account.ocean.name = "main";
	for (size_t i = 0; i < 2; i++) {
		timer_init(&world->account.timers[i], world->loop, answer, &world->account);
	}
	world->index = ocean_index_new(world->loop, &world->account.ocean);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	ocean_index_free(world->index);
	loop_advance(world->loop, 1000);
	ocean_snapshot_unref(world->snapshot);
	loop_free(world->loop);
	free(world);
	return 0;
}

static void on_want(struct ocean_want *want, struct ocean_snapshot *snapshot, const struct err *err)
{
	struct world *world = want->data;

	(void)err;
	world->answers++;
	ocean_snapshot_unref(world->snapshot);
	world->snapshot = snapshot;
}

static void want(struct world *world, int64_t max_age_ms)
{
	world->want = (struct ocean_want){
		.max_age_ms = max_age_ms, .max_tier = TIER_READ, .done = on_want, .data = world};
	ocean_index_want(world->index, &world->want);
}

static const struct droplet *by_id(const struct world *world, uint64_t id)
{
	const struct droplet *droplet = ocean_snapshot_by_id(world->snapshot, id);

	assert_non_null(droplet);
	return droplet;
}

static void told(void **state)
{
	struct world *world = *state;

	ocean_index_projects(world->index, true);
	want(world, 0);
	loop_advance(world->loop, 5000);
	assert_int_equal(world->answers, 1);
	assert_string_equal(by_id(world, 1)->project, "shop");
	assert_string_equal(by_id(world, 1)->project_id, SHOP);
	assert_null(by_id(world, 2)->project); /* DigitalOcean gave no name for it */
	assert_string_equal(by_id(world, 2)->project_id, LAB);
	assert_true((by_id(world, 2)->known & DROPLET_KNOWS_PROJECT) != 0);
	for (uint64_t id = 3; id <= 4; id++) { /* in two, in none */
		assert_null(by_id(world, id)->project_id);
		assert_true((by_id(world, id)->known & DROPLET_KNOWS_PROJECT) == 0);
	}
	assert_null(ocean_snapshot_no_projects(world->snapshot));
}

static void nobody_asks(void **state)
{
	struct world *world = *state;

	want(world, 0);
	loop_advance(world->loop, 5000);
	assert_int_equal(world->answers, 1);
	assert_int_equal(world->account.walks, 0);
	assert_true((by_id(world, 1)->known & DROPLET_KNOWS_PROJECT) == 0);
	assert_null(ocean_snapshot_no_projects(world->snapshot));
}

static void one_fails(void **state)
{
	struct world *world = *state;

	ocean_index_projects(world->index, true);
	world->account.fails = true;
	want(world, 3000);
	loop_advance(world->loop, 5000);
	assert_int_equal(world->answers, 1);
	assert_true((by_id(world, 1)->known & DROPLET_KNOWS_PROJECT) == 0);
	assert_string_equal(ocean_snapshot_no_projects(world->snapshot), "no lab for you");
}

static void how_old(void **state)
{
	struct world *world = *state;

	ocean_index_projects(world->index, true);
	want(world, 3000);
	loop_advance(world->loop, 10000);
	want(world, 3000); /* a new list, the same walk */
	loop_advance(world->loop, 10000);
	assert_int_equal(world->account.lists, 2);
	assert_int_equal(world->account.walks, 1);
	assert_string_equal(by_id(world, 1)->project, "shop");
	want(world, 0); /* a change */
	loop_advance(world->loop, 10000);
	assert_int_equal(world->account.walks, 2);
	loop_advance(world->loop, 50000);
	want(world, 3000); /* by the end of its three seconds it would be older than a minute */
	loop_advance(world->loop, 10000);
	assert_int_equal(world->account.walks, 3);
	ocean_index_spoil(world->index);
	want(world, 3000);
	loop_advance(world->loop, 10000);
	assert_int_equal(world->account.walks, 4);
}

static void begun_without(void **state)
{
	struct world *world = *state;

	want(world, 0);
	loop_advance(world->loop, ANSWER_MS / 2);
	ocean_index_projects(world->index, true); /* another policy came */
	loop_advance(world->loop, 5000);
	assert_int_equal(world->answers, 1);
	assert_string_equal(by_id(world, 1)->project, "shop");
}

/* Freed while the walk, or both, are under way: the teardown says whether anything is left. */
static void freed_meanwhile(void **state)
{
	struct world *world = *state;

	ocean_index_projects(world->index, true);
	want(world, 0);
	loop_advance(world->loop, ANSWER_MS / 2);
	ocean_index_free(world->index);
	loop_advance(world->loop, 1000);
	assert_int_equal(world->answers, 1);
	world->index = ocean_index_new(world->loop, &world->account.ocean);
	ocean_index_projects(world->index, true);
	want(world, 0);
	loop_advance(world->loop, ANSWER_MS + ANSWER_MS / 2);
	ocean_index_free(world->index);
	world->index = NULL;
	loop_advance(world->loop, 1000);
	assert_int_equal(world->answers, 2);
	assert_null(world->snapshot);
	assert_int_equal(world->account.resources, 0);
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		IN_WORLD(told),    IN_WORLD(nobody_asks),   IN_WORLD(one_fails),
		IN_WORLD(how_old), IN_WORLD(begun_without), IN_WORLD(freed_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
