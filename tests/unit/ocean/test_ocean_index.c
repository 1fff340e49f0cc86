/* test_ocean_index.c - who shares which list, on the virtual loop */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ocean/index.h"

#define LIST_MS 200 /* an answer takes so long */

/* An account whose one droplet is named by the number of the list, counted at its start. */
struct account {
	struct ocean ocean;
	struct timer timer;
	struct ocean_call *call;
	unsigned lists;
	uint64_t turn; /* what it says of its lists; 0: nothing */
	size_t n_more; /* droplets without a name beside that one */
	bool plenty;   /* of requests is left */
	bool interactive;
	bool fails;
	bool canceled;
};

static void answer(struct timer *timer)
{
	struct account *account = timer->data;
	struct ocean_call *call = account->call;
	const char *tags[] = {"web"};
	char name[8] = {'l', (char)('0' + account->lists % 10), '\0'};
	static struct droplet droplets[1000];
	struct err err = {0};

	account->call = NULL;
	if (account->canceled || account->fails) {
		err_set(&err, account->canceled ? ERR_CANCELED : ERR_REMOTE, "no list");
		call->done(call, &err);
		return;
	}
	droplets[0] = (struct droplet){.id = 1, .name = name, .tags = tags, .n_tags = 1};
	for (size_t i = 1; i <= account->n_more; i++) {
		droplets[i] = (struct droplet){.id = 1 + i};
	}
	call->droplets = droplets;
	call->n_droplets = 1 + account->n_more;
	call->list_turn = account->turn;
	call->done(call, NULL);
	memset(name, 'x', sizeof(name) - 1); /* results live until done returns, no longer */
}

static void account_start(struct ocean *ocean, struct ocean_call *call)
{
	struct account *account = (struct account *)(void *)ocean;

	assert_null(account->call); /* single flight */
	assert_int_equal(call->verb, OCEAN_LIST);
	assert_int_equal(call->max_tier, TIER_READ);
	account->call = call;
	account->lists++;
	account->interactive = call->interactive;
	timer_start(&account->timer, LIST_MS);
}

static void account_cancel(struct ocean *ocean, struct ocean_call *call)
{
	struct account *account = (struct account *)(void *)ocean;

	assert_ptr_equal(account->call, call);
	account->canceled = true;
	timer_start(&account->timer, 0);
}

static void account_close(struct ocean *ocean)
{
	(void)ocean;
}

static bool account_spare(const struct ocean *ocean, unsigned n)
{
	(void)n;
	return ((const struct account *)(const void *)ocean)->plenty;
}

static const struct ocean_ops ops = {.start = account_start,
				     .cancel = account_cancel,
				     .close = account_close,
				     .spare = account_spare};

struct world {
	struct loop *loop;
	struct account account;
	struct ocean_index *index;
};

struct asker {
	struct ocean_want want;
	struct world *world;
	unsigned answers;
	enum err_kind kind;
	char name[8];
	int64_t age_ms;
	bool again; /* want once more from the answer */
	bool frees; /* free the index from the answer */
	struct asker *cancels;
};

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world->loop = loop_new_virtual(INT64_C(1800000000000));
	world->account.ocean.ops = &ops;
	world->account.ocean.name = "main";
	timer_init(&world->account.timer, world->loop, answer, &world->account);
	world->index = ocean_index_new(world->loop, &world->account.ocean);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	ocean_index_free(world->index);
	loop_advance(world->loop, 1000);
	loop_free(world->loop);
	free(world);
	return 0;
}

static void on_want(struct ocean_want *want, struct ocean_snapshot *snapshot, const struct err *err)
{
	struct asker *asker = want->data;
	const struct droplet *droplet;

	asker->answers++;
	asker->kind = err != NULL ? err->kind : ERR_NONE;
	assert_int_equal(snapshot != NULL, err == NULL);
	if (snapshot != NULL) {
		droplet = ocean_snapshot_by_id(snapshot, 1);
		assert_non_null(droplet);
		assert_int_equal(droplet->n_tags, 1);
		assert_string_equal(droplet->tags[0], "web");
		strncpy(asker->name, droplet->name, sizeof(asker->name) - 1);
		asker->age_ms = ocean_snapshot_age_ms(snapshot);
		ocean_snapshot_unref(snapshot);
	}
	if (asker->cancels != NULL) {
		ocean_index_cancel(&asker->cancels->want);
	}
	if (asker->again) {
		asker->again = false;
		ocean_index_want(asker->world->index, want);
	}
	if (asker->frees) {
		ocean_index_free(asker->world->index);
		asker->world->index = NULL;
	}
}

static void ask(struct world *world, struct asker *asker, int64_t max_age_ms)
{
	asker->world = world;
	asker->want.max_age_ms = max_age_ms;
	asker->want.max_tier = TIER_READ;
	asker->want.done = on_want;
	asker->want.data = asker;
	ocean_index_want(world->index, &asker->want);
	assert_int_equal(asker->answers, 0); /* never before want returns */
}

static void check(const struct asker *asker, const char *name)
{
	assert_int_equal(asker->answers, 1);
	assert_int_equal(asker->kind, ERR_NONE);
	assert_string_equal(asker->name, name);
}

static void one_list_for_all(void **state)
{
	struct world *world = *state;
	struct asker a = {0}, b = {0}, c = {0}, d = {0}, e = {0};

	ask(world, &a, 3000);
	ask(world, &b, 0); /* the list has not begun: it is for this one too */
	loop_advance(world->loop, 100);
	ask(world, &c, 3000); /* joins the one under way */
	loop_advance(world->loop, 100);
	check(&a, "l1");
	check(&b, "l1");
	check(&c, "l1");
	assert_int_equal(a.age_ms, LIST_MS);
	ask(world, &d, 3000);
	loop_advance(world->loop, 0);
	check(&d, "l1");
	assert_int_equal(world->account.lists, 1);
	loop_advance(world->loop, 3000);
	ask(world, &e, 3000); /* too old now */
	loop_advance(world->loop, LIST_MS);
	check(&e, "l2");
}

static void read_again(struct world *world, const char *name, int64_t age_ms)
{
	struct asker a = {.want.interactive = true}; /* no distance between lists */

	ask(world, &a, 0);
	loop_advance(world->loop, LIST_MS);
	check(&a, name);
	assert_int_equal(a.age_ms, age_ms);
}

/* A list that says what the last one said is not copied: its droplets are those, its age is its own. */
static void what_is_the_same_is_shared(void **state)
{
	struct world *world = *state;

	world->account.turn = 7;
	read_again(world, "l1", LIST_MS);
	read_again(world, "l1", LIST_MS);
	ocean_index_spoil(
		world->index); /* nothing may be given out; what was read stays the same */
	read_again(world, "l1", LIST_MS);
	assert_int_equal(world->account.lists, 3);
	world->account.turn = 8;
	read_again(world, "l4", LIST_MS);
	read_again(world, "l4", LIST_MS);
	world->account.turn = 0; /* says nothing */
	read_again(world, "l6", LIST_MS);
	read_again(world, "l7", LIST_MS);
}

static void a_change_needs_a_list_of_its_own(void **state)
{
	struct world *world = *state;
	struct asker a = {0}, b = {0}, c = {0};

	ask(world, &a, 3000);
	loop_advance(world->loop, 100);
	ask(world, &b, 0);  /* one is under way, but it began before */
	ask(world, &c, 50); /* as old as that is too old here */
	loop_advance(world->loop, 100);
	check(&a, "l1");
	assert_int_equal(b.answers, 0);
	assert_int_equal(c.answers, 0);
	loop_advance(world->loop, LIST_MS);
	check(&b, "l2");
	check(&c, "l2");
	assert_int_equal(world->account.lists, 2);
	memset(&b, 0, sizeof(b));
	ask(world, &b, 0); /* a fresh snapshot is not fresh enough either */
	loop_advance(world->loop, LIST_MS);
	check(&b, "l3");
}

static void spoil(void **state)
{
	struct world *world = *state;
	struct asker a = {0}, b = {0}, c = {0}, d = {0}, e = {0};

	ask(world, &a, 3000);
	loop_advance(world->loop, LIST_MS);
	check(&a, "l1");
	ask(world, &e, 3000); /* was promised the last one, but it is spoiled in the same turn */
	ocean_index_spoil(world->index);
	ask(world, &b, 3000);
	loop_advance(world->loop, 100);
	ocean_index_spoil(
		world->index); /* while it is under way: whoever asks now needs the next */
	ask(world, &c, 3000);
	loop_advance(world->loop, 100);
	check(&b, "l2");
	check(&e, "l2");
	assert_int_equal(c.answers, 0);
	loop_advance(world->loop, LIST_MS);
	check(&c, "l3");
	ask(world, &d, 3000);
	loop_advance(world->loop, 0);
	check(&d, "l3");
	assert_int_equal(world->account.lists, 3);
}

/* What a spoiled list brings is for those who waited for it, and kept for nobody. */
static void spoiled_list_is_not_kept(void **state)
{
	struct world *world = *state;
	struct asker a = {0}, b = {0};

	ask(world, &a, 3000);
	loop_advance(world->loop, 100);
	ocean_index_spoil(world->index);
	loop_advance(world->loop, 100);
	check(&a, "l1");
	ask(world, &b, 3000);
	loop_advance(world->loop, LIST_MS);
	check(&b, "l2");
}

static void failure(void **state)
{
	struct world *world = *state;
	struct asker a = {0}, b = {0}, c = {0}, d = {0};

	ask(world, &a, 3000);
	loop_advance(world->loop, LIST_MS);
	world->account.fails = true;
	ask(world, &b, 0);
	loop_advance(world->loop, 10);
	ask(world, &c, 0);
	loop_advance(world->loop, LIST_MS - 10);
	assert_int_equal(b.answers, 1);
	assert_int_equal(b.kind, ERR_REMOTE);
	assert_int_equal(c.answers, 0); /* a failure is for those who waited for it */
	world->account.fails = false;
	loop_advance(world->loop, LIST_MS);
	check(&c, "l3");
	ask(world, &d, 3000);
	loop_advance(world->loop, 0);
	check(&d, "l3");
}

static void cancel(void **state)
{
	struct world *world = *state;
	struct asker a = {0}, b = {0}, c = {0}, d = {0};

	ask(world, &a, 3000);
	ask(world, &b, 3000);
	ask(world, &c, 3000);
	ask(world, &d, 3000);
	ocean_index_cancel(&b.want);
	a.cancels = &c; /* from a callback, one that was to come next */
	loop_advance(world->loop, 2 * LIST_MS);
	check(&a, "l1");
	assert_int_equal(b.answers, 0);
	assert_int_equal(c.answers, 0);
	check(&d, "l1");
	ocean_index_cancel(&d.want); /* after its answer: nothing happens */
}

static void denied(void **state)
{
	struct world *world = *state;
	struct asker a = {.world = world};

	a.want = (struct ocean_want){.max_age_ms = 3000, .done = on_want, .data = &a};
	ocean_index_want(world->index, &a.want);
	assert_int_equal(a.answers, 0);
	loop_advance(world->loop, 0);
	assert_int_equal(a.answers, 1);
	assert_int_equal(a.kind, ERR_DENIED);
	assert_int_equal(world->account.lists, 0);
}

/* Lists for changes alone come apart after a burst, and share; whoever waits at a screen has one at once, and all with them. */
static void apart(void **state)
{
	struct world *world = *state;
	struct asker a[8] = {0}, person = {0};

	for (size_t i = 0; i < 6; i++) {
		ask(world, &a[i], 0);
		loop_advance(world->loop, LIST_MS);
	}
	assert_true(world->account.interactive); /* people may join any of them */
	assert_int_equal(world->account.lists, 4);
	assert_int_equal(a[3].answers, 1);
	assert_int_equal(a[4].answers, 0);
	person.want.interactive = true;
	ask(world, &person, 0);
	loop_advance(world->loop, LIST_MS);
	check(&person, "l5");
	assert_int_equal(a[4].answers, 1);
	assert_int_equal(a[5].answers, 1);
	ask(world, &a[6], 0);
	ask(world, &a[7], 0);
	loop_advance(world->loop, LIST_MS);
	assert_int_equal(a[6].answers, 0);
	loop_advance(world->loop, 4 * 2000); /* two requests each, a request a second */
	assert_int_equal(a[6].answers, 1);
	assert_int_equal(a[7].answers, 1);
	assert_int_equal(world->account.lists, 6);
}

/* What people had read is no part of the burst: they look as often as they like, and changes are not behind them. */
static void lists_of_people_are_no_burst(void **state)
{
	struct world *world = *state;
	struct asker person[4] = {0}, change = {0};

	for (size_t i = 0; i < 4; i++) {
		person[i].want.interactive = true;
		ask(world, &person[i], 0);
		loop_advance(world->loop, LIST_MS);
	}
	ask(world, &change, 0);
	loop_advance(world->loop, LIST_MS);
	check(&change, "l5");
}

/* It is due while somebody waits for one that has not begun; not before one has shown how much it costs. */
static void a_list_is_due_while_somebody_waits_for_it(void **state)
{
	struct world *world = *state;
	struct asker a = {0}, b = {0}, c = {0}, d = {0};

	assert_false(ocean_index_is_due(world->index));
	ask(world, &a, 0);
	assert_false(ocean_index_is_due(world->index));
	loop_advance(world->loop, LIST_MS);
	check(&a, "l1");
	assert_false(ocean_index_is_due(world->index)); /* nobody wants one */
	ask(world, &b, 3000);
	assert_false(ocean_index_is_due(world->index)); /* nor here: the last one will do */
	loop_advance(world->loop, 0);
	check(&b, "l1");
	ask(world, &c, 0);
	assert_true(ocean_index_is_due(world->index));
	loop_advance(world->loop, 100);
	assert_false(ocean_index_is_due(world->index)); /* it began before */
	ask(world, &d, 0);
	assert_true(ocean_index_is_due(world->index)); /* the next */
	loop_advance(world->loop, 2 * LIST_MS);
	check(&d, "l3");
	assert_false(ocean_index_is_due(world->index));
}

/* Its walk over the projects takes longer than a look at one droplet, which asks nothing of them. */
static void a_list_with_projects_is_not_due(void **state)
{
	struct world *world = *state;
	struct asker a = {0}, b = {0};

	ask(world, &a, 0);
	loop_advance(world->loop, LIST_MS);
	ask(world, &b, 0);
	assert_true(ocean_index_is_due(world->index));
	ocean_index_projects(world->index, true);
	assert_false(ocean_index_is_due(world->index));
	ocean_index_projects(world->index, false);
	assert_true(ocean_index_is_due(world->index));
	loop_advance(world->loop, LIST_MS);
	check(&b, "l2");
}

/* Where there is plenty, one list after the other costs nobody anything. */
static void with_plenty_the_next_list_is_due_while_one_is_read(void **state)
{
	struct world *world = *state;
	struct asker a = {0}, b = {0};

	world->account.plenty = true;
	ask(world, &a, 0);
	loop_advance(world->loop, LIST_MS);
	assert_false(ocean_index_is_due(world->index));
	ask(world, &b, 0);
	loop_advance(world->loop, 100);
	assert_true(ocean_index_is_due(world->index));
	world->account.plenty = false;
	assert_false(ocean_index_is_due(world->index));
	loop_advance(world->loop, LIST_MS);
	check(&b, "l2");
}

/* A list of two pages costs more than to ask for one droplet does, and takes longer. */
static void a_long_list_is_never_due(void **state)
{
	struct world *world = *state;
	struct asker a = {0}, b = {0}, c = {0}, d = {0};

	world->account.n_more = 199;
	ask(world, &a, 0);
	loop_advance(world->loop, LIST_MS);
	ask(world, &b, 0);
	assert_false(ocean_index_is_due(world->index));
	world->account.n_more = 198; /* one less is one page */
	loop_advance(world->loop, LIST_MS);
	ask(world, &c, 0);
	assert_true(ocean_index_is_due(world->index));
	world->account.n_more = 999;
	loop_advance(world->loop, LIST_MS);
	ask(world, &d, 0);
	assert_false(ocean_index_is_due(world->index));
	loop_advance(world->loop, LIST_MS);
	check(&d, "l4");
}

/* After a burst of lists for changes the next comes when the rate lets it: one droplet's own answer is there before. */
static void a_list_that_waits_for_the_rate_is_not_due(void **state)
{
	struct world *world = *state;
	struct asker a[5] = {0}, person = {.want.interactive = true};

	for (size_t i = 0; i < 4; i++) {
		ask(world, &a[i], 0);
		assert_int_equal(ocean_index_is_due(world->index), i > 0);
		loop_advance(world->loop, LIST_MS);
	}
	ask(world, &a[4], 0);
	assert_false(ocean_index_is_due(world->index)); /* nor before that was found out */
	loop_advance(world->loop, 0);
	assert_int_equal(world->account.lists, 4);
	assert_false(ocean_index_is_due(world->index));
	ask(world, &person, 0); /* nobody lets people wait: theirs is for all */
	assert_true(ocean_index_is_due(world->index));
	loop_advance(world->loop, LIST_MS);
	check(&a[4], "l5");
	check(&person, "l5");
}

static void wants_again_from_its_answer(void **state)
{
	struct world *world = *state;
	struct asker a = {.again = true};

	ask(world, &a, 0);
	loop_advance(world->loop, LIST_MS);
	assert_int_equal(a.answers, 1);
	loop_advance(world->loop, LIST_MS);
	assert_int_equal(a.answers, 2);
	assert_string_equal(a.name, "l2");
}

static void freed_while_it_lists(void **state)
{
	struct world *world = *state;
	struct asker a = {0}, b = {0};

	ask(world, &a, 3000);
	loop_advance(world->loop, 100);
	ask(world, &b, 0);
	ocean_index_free(world->index);
	world->index = NULL;
	assert_int_equal(a.kind, ERR_CANCELED);
	assert_int_equal(b.kind, ERR_CANCELED);
	loop_advance(world->loop, 2 * LIST_MS);
	assert_int_equal(a.answers + b.answers, 2);
	assert_null(world->account.call);
}

static void freed_from_an_answer(void **state)
{
	struct world *world = *state;
	struct asker a = {.frees = true}, b = {0}, c = {0};

	ask(world, &a, 3000);
	ask(world, &b, 3000);
	loop_advance(world->loop, 100);
	ask(world, &c, 0);
	loop_advance(world->loop, LIST_MS);
	check(&a, "l1");
	check(&b, "l1");
	assert_int_equal(c.kind, ERR_CANCELED);
	assert_int_equal(c.answers, 1);
}

/* A snapshot is a copy: the droplets that it was made of may go. */
static void snapshots(void **state)
{
	enum { N = 3000 };
	struct droplet *droplets = calloc(N + 2, sizeof(*droplets));
	char *name = strdup("web-1");
	char *tag = strdup("env:prod");
	const char **tags = malloc(sizeof(*tags));
	struct ocean_snapshot *snapshot;
	const struct droplet *all;
	size_t n = 0;

	(void)state;
	assert_non_null(droplets);
	assert_non_null(tags);
	tags[0] = tag;
	for (size_t i = 0; i < N; i++) {
		droplets[i] = (struct droplet){.id = 400000000 + 7 * i,
					       .name = name,
					       .region = "ams3",
					       .tags = i % 2 == 0 ? tags : NULL,
					       .n_tags = i % 2 == 0 ? 1 : 0,
					       .known = DROPLET_KNOWS_NAME};
	}
	droplets[N] = droplets[5];   /* twice */
	droplets[N + 1].name = name; /* no id */
	snapshot = ocean_snapshot_new(droplets, N + 2);
	free(droplets);
	free(name);
	free(tag);
	free(tags);
	all = ocean_snapshot_all(snapshot, &n);
	assert_int_equal(n, N);
	for (size_t i = 0; i < N; i++) {
		const struct droplet *d = ocean_snapshot_by_id(snapshot, 400000000 + 7 * i);

		assert_ptr_equal(d, &all[i]);
		assert_string_equal(d->name, "web-1");
		assert_string_equal(d->region, "ams3");
		assert_int_equal(d->known, DROPLET_KNOWS_NAME);
		assert_int_equal(d->n_tags, i % 2 == 0 ? 1 : 0);
		assert_true(d->n_tags == 0 || strcmp(d->tags[0], "env:prod") == 0);
	}
	assert_null(ocean_snapshot_by_id(snapshot, 400000001));
	assert_null(ocean_snapshot_by_id(snapshot, 0));
	assert_ptr_equal(ocean_snapshot_ref(snapshot), snapshot);
	ocean_snapshot_unref(snapshot);
	assert_string_equal(all[0].name, "web-1");
	ocean_snapshot_unref(snapshot);
	snapshot = ocean_snapshot_new(NULL, 0);
	assert_null(ocean_snapshot_by_id(snapshot, 1));
	ocean_snapshot_unref(snapshot);
	ocean_snapshot_unref(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_list_for_all),
		TEST(a_change_needs_a_list_of_its_own),
		TEST(spoil),
		TEST(spoiled_list_is_not_kept),
		TEST(failure),
		TEST(cancel),
		TEST(denied),
		TEST(apart),
		TEST(lists_of_people_are_no_burst),
		TEST(a_list_is_due_while_somebody_waits_for_it),
		TEST(a_list_with_projects_is_not_due),
		TEST(with_plenty_the_next_list_is_due_while_one_is_read),
		TEST(a_long_list_is_never_due),
		TEST(a_list_that_waits_for_the_rate_is_not_due),
		TEST(wants_again_from_its_answer),
		TEST(freed_while_it_lists),
		TEST(freed_from_an_answer),
		TEST(what_is_the_same_is_shared),
		cmocka_unit_test(snapshots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
