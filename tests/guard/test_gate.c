/* test_gate.c - every row and every phrase, from whoever may not: no call reaches DigitalOcean, and nobody is answered */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "stage.h"

#define POLICY SOURCE_DIR "/tests/scenario/policies/guard.yaml"
#define WAIT_MS 200

static int open_stage(void **state)
{
	static const char *const droplets[] = {
		"web-1 id=11 tags=web,prod region=ams3",
		"db-1 id=13 tags=db,prod,protected region=fra1",
		"s-web-1 id=14 tags=web,staging region=ams3",
		"z-web-1 id=15 tags=web,prod,client:zenith region=ams3",
	};
	struct stage *stage = stage_new(POLICY);

	assert_non_null(stage);
	for (size_t i = 0; i < ARRAY_LEN(droplets); i++) {
		assert_int_equal(sim_droplet_line(stage->world->model, droplets[i], NULL), 0);
	}
	*state = stage;
	return 0;
}

static int close_stage(void **state)
{
	stage_free(*state);
	return 0;
}

static size_t calls(const struct stage *stage, const char *method)
{
	return sim_world_count(stage->world, 0, method, "*");
}

static size_t changes(const struct stage *stage)
{
	return calls(stage, "POST") + calls(stage, "DELETE");
}

/* What may be said to them: nothing, or only the one sentence that holds `only`. */
static void no_answer_but(const struct stage *stage, size_t from, const char *only,
			  const char *text)
{
	for (size_t i = from; i < stage->n_shown; i++) {
		const struct shown *s = &stage->shown[i];

		if (only == NULL || strstr(s->text, only) == NULL || s->n_buttons > 0 ||
		    (!s->direct && s->private_to == NULL)) {
			print_error("\"%s\" was answered in %s:\n%s\n", text, s->channel, s->text);
			fail();
		}
	}
}

static void say(struct stage *stage, const char *user, const char *channel, const char *text)
{
	stage_say(stage, &(struct stage_said){.user = user, .channel = channel, .text = text});
	stage_pass(stage, WAIT_MS);
}

/* What a row wants behind its targets. */
static const char *arg_words(const struct command *row)
{
	switch (row->args[0].arg) {
	case ARG_SIZE:
		return " s-2vcpu-2gb";
	case ARG_ADDRESS:
		return " 203.0.113.7";
	case ARG_TAG:
	case ARG_PROJECT:
	case ARG_VOLUME:
	case ARG_FIREWALL:
		return " web";
	case ARG_NAME:
		return " web-9";
	case ARG_IMAGE:
		return " debian-12-x64";
	case ARG_BACKUP:
		return " 17";
	case ARG_GENTLY:
		return " gently";
	case ARG_PLAN:
		return " weekly sun 4";
	case ARG_REGION:
		return " region ams3 size s-1vcpu-1gb image debian-12-x64 project web";
	case ARG_NONE:
	case ARG_DISK:
	case ARG_LABEL: /* may be left out */
	case ARG_DAY:
	case ARG_HOUR:
	case ARG_PRICE:
	case ARG_FIGURE: /* may be left out */
	case ARG_SPAN:
	case ARG_KEYS: /* behind the region */
	case ARG_TAGS:
	case ARG_VPC:
	case ARG_TEMPLATE:
	case ARG_BACKUPS:
	case ARG_MONITORING:
	case ARG_IPV6:
	case ARG_ACCOUNT:
	case ARG_KEY_IDS:
	case ARG_VPC_ID:
	case ARG_PROJECT_ID:
	case ARG_PROJECT_NAME:
	case ARG_SNAPSHOT:
	case ARG_SAVED:
	case ARG_TEMPLATE_SUM:
	case ARG_COUNT:
		break;
	}
	return "";
}

/* Calls `each` with every phrase of every row in the forms in which it may be said. */
static unsigned each_sentence(struct stage *stage,
			      void (*each)(struct stage *, const struct command *, const char *))
{
	static const char *const before[] = {"", "/", "@sluice "};
	static const char *const after[] = {"", " web-1", " z-web-1", " tag:staging", " 11"};
	unsigned n = 0;
	size_t n_rows;
	const struct command *rows = command_rows(&n_rows);

	for (size_t r = 0; r < n_rows; r++) {
		for (size_t p = 0; p < COMMAND_PHRASES_MAX && rows[r].phrases[p] != NULL; p++) {
			for (size_t i = 0; i < ARRAY_LEN(before) * ARRAY_LEN(after); i++) {
				char text[160];

				(void)snprintf(text, sizeof(text), "%s%s%s%s",
					       before[i % ARRAY_LEN(before)], rows[r].phrases[p],
					       after[i / ARRAY_LEN(before)], arg_words(&rows[r]));
				each(stage, &rows[r], text);
				n++;
			}
		}
	}
	assert_true(n_rows > VERB_COUNT / 2);
	return n;
}

static void stranger_in_channel(struct stage *stage, const struct command *row, const char *text)
{
	size_t from = stage->n_shown;

	(void)row;
	say(stage, "mallory", "ops", text);
	say(stage, "mallory", "dev", text);
	stage_press_id(stage, "mallory", "ops", false, "c1", text); /* an id that says it itself */
	stage_pass(stage, WAIT_MS);
	no_answer_but(stage, from, "That button has expired", text);
	assert_int_equal(calls(stage, NULL), 0);
}

static void channel_not_listed(struct stage *stage, const struct command *row, const char *text)
{
	size_t from = stage->n_shown;

	(void)row;
	say(stage, "bob", "kitchen", text);
	say(stage, "mallory", "kitchen", text);
	stage_press_id(stage, "bob", "kitchen", false, "c1", text);
	stage_pass(stage, WAIT_MS);
	no_answer_but(stage, from, "not set up here", text);
	assert_int_equal(calls(stage, NULL), 0);
}

static void stranger_direct(struct stage *stage, const struct command *row, const char *text)
{
	size_t from = stage->n_shown;

	stage_pass(stage, 61000); /* strangers get few answers a minute */
	say(stage, "mallory", "direct", text);
	if (row->verb != VERB_NONE) {
		no_answer_but(stage, from, NULL, text);
	}
	stage_press_id(stage, "mallory", "mallory", true, "c1", text);
	stage_pass(stage, WAIT_MS);
	assert_int_equal(calls(stage, NULL), 0);
}

static void test_stranger_in_channel(void **state)
{
	assert_true(each_sentence(*state, stranger_in_channel) > 500);
}

static void test_channel_not_listed(void **state)
{
	assert_true(each_sentence(*state, channel_not_listed) > 500);
}

static void test_stranger_direct(void **state)
{
	struct stage *stage = *state;
	size_t n_answers = 0;

	assert_true(each_sentence(stage, stranger_direct) > 500);
	for (size_t i = 0; i < stage->n_shown; i++) {
		n_answers += strstr(stage->shown[i].text, "do not know you") != NULL;
		assert_null(strstr(stage->shown[i].text, "web-1"));
	}
	assert_true(n_answers > 0); /* whoami is answered, so silence above was no accident */
}

/* A real button of ana's, for every change: pressed by a stranger, from elsewhere, and by dora, who may not. */
static void test_presses(void **state)
{
	struct stage *stage = *state;
	size_t n_rows, n_pressed = 0;
	const struct command *rows = command_rows(&n_rows);

	for (size_t r = 0; r < n_rows; r++) {
		const struct shown *question;
		char text[160];
		size_t from, before;

		if (rows[r].plan == NULL) {
			continue;
		}
		(void)snprintf(text, sizeof(text), "%s web-1%s", rows[r].phrases[0],
			       arg_words(&rows[r]));
		stage_say(stage,
			  &(struct stage_said){
				  .user = "ana", .channel = "ops", .text = text, .age_ms = 240000});
		stage_pass(stage, WAIT_MS);
		question = &stage->shown[stage->n_shown - 1];
		assert_int_equal(question->n_buttons, 1);
		assert_non_null(strstr(question->text, "Still wanted?"));
		before = calls(stage, NULL);
		from = stage->n_shown;
		stage_press_id(stage, "mallory", "ops", false, question->id, question->buttons[0]);
		stage_press_id(stage, "mallory", "mallory", true, question->id,
			       stage->shown[from - 1].buttons[0]);
		stage_press_id(stage, "bob", "kitchen", false, stage->shown[from - 1].id,
			       stage->shown[from - 1].buttons[0]);
		stage_pass(stage, WAIT_MS);
		no_answer_but(stage, from, "not set up here", text);
		assert_int_equal(calls(stage, NULL), before);
		stage_press_id(stage, "dora", "ops", false, stage->shown[from - 1].id,
			       stage->shown[from - 1].buttons[0]);
		stage_pass(stage, 5000);
		n_pressed++;
	}
	assert_true(n_pressed >= 5);
	assert_int_equal(changes(stage), 0);
}

/* Listed people, listed channels, and a policy that says no: it may look, it never acts. */
static void denied(struct stage *stage, const struct command *row, const char *text)
{
	size_t from = stage->n_shown;

	if (row->plan == NULL || strstr(text, "tag:staging") != NULL) {
		return;
	}
	say(stage, "dora", "ops", text);
	say(stage, "dora", "direct", text);
	say(stage, "dora", "zenith", text);
	say(stage, "bob", "zenith", text);
	say(stage, "zoe", "zenith", text);
	say(stage, "bob", "dev", text);
	stage_pass(stage, 3000);
	assert_true(stage->n_shown > from);
	for (size_t i = from; i < stage->n_shown;
	     i++) { /* nor does it begin, to be stopped later */
		assert_null(strstr(stage->shown[i].text, row->plan->doing));
	}
	assert_int_equal(changes(stage), 0);
}

static void test_denied(void **state)
{
	struct stage *stage = *state;

	assert_true(each_sentence(stage, denied) > 500);
	assert_true(calls(stage, "GET") > 0);
	say(stage, "bob", "ops", "power off db-1"); /* never */
	say(stage, "ana", "ops", "stop db-1 web-1");
	assert_int_equal(changes(stage), 0);
	say(stage, "bob", "ops", "reboot web-1"); /* and whoever may, does */
	assert_int_equal(calls(stage, "POST"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stranger_in_channel, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(test_channel_not_listed, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(test_stranger_direct, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(test_presses, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(test_denied, open_stage, close_stage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
