/* test_job_locks.c - a locked droplet: whose it is, how it is taken over, and that the disk decides */
#include "job/locks.h"
#include "world.h"

static char answered[1024];
static unsigned n_answers, n_silent;

static void on_answer(void *data, const struct message *message)
{
	struct text_style style = {.columns = 40, .ascii = true};
	struct strbuf text;

	(void)data;
	if (message == NULL) {
		n_silent++;
		return;
	}
	n_answers++;
	strbuf_init(&text, sizeof(answered) - 1);
	text_render(message, &style, &text);
	(void)snprintf(answered, sizeof(answered), "%s", text.buf);
	strbuf_done(&text);
}

static void start_lock(struct world *w, const char *person, enum job_lock_act act,
		       const char *reason, const char *key)
{
	struct droplet web_1 = {.id = WEB_1, .account = "main", .name = "web-1"};
	const struct droplet *list[] = {&web_1};
	struct job_lock_ask ask = {
		.event_key = key,
		.who = {"console", "terminal", person, "terminal", "ops", false},
		.person = person,
		.droplets = list,
		.n_droplets = 1,
		.reason = reason,
		.act = act,
		.txn = store_txn_new(w->store),
	};

	job_lock(w->engine, &ask, on_answer, w);
}

static const char *lock_as(struct world *w, const char *person, enum job_lock_act act,
			   const char *reason)
{
	char key[32];

	(void)snprintf(key, sizeof(key), "lock-%u", w->n_keys++);
	answered[0] = '\0';
	start_lock(w, person, act, reason, key);
	loop_advance(w->loop, 10);
	return answered;
}

static const struct store_lock *lock_of(struct world *w)
{
	struct droplet web_1 = {.id = WEB_1, .account = "main", .name = "web-1"};

	return job_lock_of(w->engine, &web_1);
}

#define assert_answer(text, part)                                         \
	do {                                                              \
		if (strstr(text, part) == NULL) {                         \
			print_message("not in:\n%s\n: %s\n", text, part); \
			fail();                                           \
		}                                                         \
	} while (0)

static void one_has_it(void **state)
{
	struct world *w = *state;

	assert_null(lock_of(w));
	assert_answer(lock_as(w, "ana", JOB_LOCK, "migrating"), "web-1 is locked: only you may");
	assert_string_equal(lock_of(w)->person, "ana");
	assert_answer(lock_as(w, "bob", JOB_LOCK, "mine"), "Nothing changed. web-1 is locked");
	assert_answer(answered, "by ana, just now: migrating");
	assert_answer(lock_as(w, "bob", JOB_UNLOCK, NULL), "Nothing changed.");
	assert_string_equal(lock_of(w)->person, "ana");
	assert_answer(lock_as(w, "ana", JOB_UNLOCK, NULL), "web-1 is unlocked.");
	assert_null(lock_of(w));
	assert_answer(lock_as(w, "ana", JOB_UNLOCK, NULL), "it is not locked");
	assert_audited(w, "\"state\":\"locked\"");
	assert_audited(w, "\"state\":\"refused\"");
	assert_audited(w, "\"state\":\"unlocked\"");
}

static void taking_over_is_said_and_written(void **state)
{
	struct world *w = *state;

	(void)lock_as(w, "ana", JOB_LOCK, "migrating");
	loop_advance(w->loop, 12 * 60000);
	assert_answer(lock_as(w, "bob", JOB_LOCK, "x"), "by ana, 12 min ago: migrating");
	assert_answer(lock_as(w, "bob", JOB_LOCK_STEAL, "it burns"), "yours now; it was ana's.");
	assert_string_equal(lock_of(w)->person, "bob");
	assert_string_equal(lock_of(w)->reason, "it burns");
	assert_audited(w, "\"verb\":\"lock.steal\"");
	assert_audited(w, "\"state\":\"stolen\",\"outcome\":\"it was ana's\"");
}

static void a_reason_is_a_must(void **state)
{
	struct world *w = *state;

	assert_answer(lock_as(w, "ana", JOB_LOCK, NULL), "Why? Nothing is locked yet.");
	assert_null(lock_of(w));
}

static void it_outlives_the_process(void **state)
{
	struct world *w = *state;

	(void)lock_as(w, "ana", JOB_LOCK, "migrating");
	world_restart(w);
	assert_non_null(lock_of(w));
	assert_string_equal(lock_of(w)->reason, "migrating");
}

static void what_is_not_written_does_not_hold(void **state)
{
	struct world *w = *state;

	store_memory_fail(w->store, 1, ERR_STORE);
	assert_answer(lock_as(w, "ana", JOB_LOCK, "migrating"),
		      "Nothing changed: it was not written.");
	assert_null(lock_of(w));
	(void)lock_as(w, "ana", JOB_LOCK, "migrating");
	store_memory_fail(w->store, 1, ERR_STORE);
	(void)lock_as(w, "bob", JOB_LOCK_STEAL, "x");
	assert_string_equal(lock_of(w)->person, "ana");
	store_memory_fail(w->store, 1, ERR_STORE);
	(void)lock_as(w, "ana", JOB_UNLOCK, NULL);
	assert_non_null(lock_of(w));
}

static void two_at_once_do_not_both_get_it(void **state)
{
	struct world *w = *state;
	unsigned before = n_answers;

	start_lock(w, "ana", JOB_LOCK, "a", "two-1");
	start_lock(w, "bob", JOB_LOCK, "b", "two-2");
	loop_advance(w->loop, 10);
	assert_int_equal(n_answers, before + 2);
	assert_answer(answered, "by ana, just now: a");
	assert_string_equal(lock_of(w)->person, "ana");
}

static void a_repeated_delivery_is_silent(void **state)
{
	struct world *w = *state;
	unsigned before = n_silent;

	start_lock(w, "ana", JOB_LOCK, "a", "again");
	loop_advance(w->loop, 10);
	(void)lock_as(w, "bob", JOB_LOCK_STEAL, "b");
	start_lock(w, "ana", JOB_LOCK_STEAL, "a", "again");
	loop_advance(w->loop, 10);
	assert_int_equal(n_silent, before + 1);
	assert_string_equal(lock_of(w)->person, "bob");
}

static void who_goes_down_meanwhile_is_not_called_back(void **state)
{
	struct world *w = *state;
	unsigned before = n_silent;

	start_lock(w, "ana", JOB_LOCK, "a", "down");
	world_end(w);
	world_begin(w);
	loop_advance(w->loop, 10);
	assert_int_equal(n_silent, before);
}

static void others_may_not_change_it(void **state)
{
	struct world *w = *state;
	const uint64_t web_1 = WEB_1;

	(void)lock_as(w, "ana", JOB_LOCK, "migrating");
	ask(w, &reboot_plan, WEB_1); /* bob's */
	loop_advance(w->loop, 1000);
	assert_said(w, "Nothing ran: web-1 is locked");
	assert_said(w, "by ana, just now: migrating");
	assert_int_equal(w->n_acts, 0);
	assert_audited(w, "\"state\":\"refused\",\"outcome\":\"nothing ran: it is locked by ana\"");
	assert_over(w);
	ask_as(w, "ana", "hers", &reboot_plan, &web_1, 1);
	loop_advance(w->loop, 300000);
	assert_int_equal(n_posts(w), 1);
	assert_over(w);
}

/* The lock came between the word and the act. */
static void a_lock_is_asked_right_before(void **state)
{
	struct world *w = *state;

	fault(w, "method=GET path=/v2/droplets kind=slow ms=3000");
	ask(w, &reboot_plan, WEB_1);
	loop_advance(w->loop, 500);
	(void)lock_as(w, "ana", JOB_LOCK, "migrating");
	loop_advance(w->loop, 60000);
	assert_int_equal(w->n_acts, 0);
	assert_said(w, "Nothing ran: web-1 is locked by ana.");
	assert_over(w);
}

/* web-1 is locked, and bob reboots web-2, which brings a fresh list. */
static void lock_and_look(struct world *w)
{
	(void)lock_as(w, "ana", JOB_LOCK, "migrating");
	ask(w, &reboot_plan, WEB_2);
	loop_advance(w->loop, 300000);
	assert_over(w);
}

static void one_whose_droplet_is_gone_is_let_go(void **state)
{
	struct world *w = *state;

	lock_and_look(w);
	assert_non_null(lock_of(w)); /* it is there */
	sim_remove_droplet(w->sim->model, WEB_1);
	lock_and_look(w);
	assert_null(lock_of(w));
	assert_audited(w, "\"state\":\"released\",\"outcome\":\"web-1 is gone; it was ana's\"");
	world_restart(w);
	assert_null(lock_of(w));
}

/* An empty list, or an answer that does not come, is no proof. */
static void only_its_own_404_is_proof_that_it_is_gone(void **state)
{
	struct world *w = *state;

	sim_remove_droplet(w->sim->model, WEB_1);
	fault(w, "method=GET path=/v2/droplets/101 kind=timeout-before");
	lock_and_look(w);
	assert_non_null(lock_of(w));
	faults_clear(&w->sim->faults);
	fault(w, "method=GET path=/v2/droplets/101 kind=html-502");
	lock_and_look(w);
	assert_non_null(lock_of(w));
	faults_clear(&w->sim->faults);
	lock_and_look(w);
	assert_null(lock_of(w));
}

static void lock_look_now(struct world *w)
{
	lock_look_at(w->engine, "main", WEB_1);
}

static void what_the_disk_does_not_take_is_still_locked(void **state)
{
	struct world *w = *state;

	lock_and_look(w);
	sim_remove_droplet(w->sim->model, WEB_1);
	lock_look_now(w);
	store_memory_fail(w->store, 1, ERR_STORE);
	loop_advance(w->loop, 5000);
	assert_non_null(lock_of(w));
	lock_look_now(w);
	world_end(w); /* with the question under way */
	world_begin(w);
	loop_advance(w->loop, 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define STORY(name) cmocka_unit_test_setup_teardown(name, world_up, world_down)
		STORY(one_has_it),
		STORY(taking_over_is_said_and_written),
		STORY(a_reason_is_a_must),
		STORY(others_may_not_change_it),
		STORY(a_lock_is_asked_right_before),
		STORY(it_outlives_the_process),
		STORY(what_is_not_written_does_not_hold),
		STORY(two_at_once_do_not_both_get_it),
		STORY(a_repeated_delivery_is_silent),
		STORY(one_whose_droplet_is_gone_is_let_go),
		STORY(only_its_own_404_is_proof_that_it_is_gone),
		STORY(what_the_disk_does_not_take_is_still_locked),
		STORY(who_goes_down_meanwhile_is_not_called_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
