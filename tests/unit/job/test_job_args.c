/* test_job_args.c - typed arguments have one text, and what is written is read back; steps keep how they ended */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "job/args.h"
#include "job/steps.h"

static void one_form(void **state)
{
	struct job_args args = {.size = ""};
	struct job_args back;
	char text[JOB_ARGS_TEXT];
	struct arena arena = {0};
	struct err err = {0};

	(void)state;
	job_args_write(&args, text);
	assert_string_equal(text, "");
	assert_int_equal(job_args_read("", &back, &err), 0);
	assert_int_equal(job_arg_set(&args, ARG_DISK, "Disk", &err), 0);
	assert_int_equal(job_arg_set(&args, ARG_SIZE, "S-2vcpu-2gb", &err), 0);
	job_args_write(&args, text);
	assert_string_equal(text, "size=s-2vcpu-2gb disk=yes");
	assert_int_equal(job_args_read(text, &back, &err), 0);
	assert_string_equal(back.size, "s-2vcpu-2gb");
	assert_true(back.disk);
	assert_string_equal(job_args_words(&back, &arena), " s-2vcpu-2gb disk");
	arena_done(&arena);
}

/* What a droplet is tied to: as typed, one of them, and nothing that could be taken for another argument. */
static void things(void **state)
{
	static const struct {
		enum job_arg arg;
		const char *word, *text; /* NULL: it cannot be that */
	} cases[] = {
		{ARG_TAG, "client:Zenith", "tag=client:Zenith"},
		{ARG_TAG, ":prod", NULL},
		{ARG_TAG, "a=b", NULL},
		{ARG_TAG, "", NULL},
		{ARG_PROJECT, "Shop_2", "project=Shop_2"},
		{ARG_PROJECT, "shop/../x", NULL},
		{ARG_VOLUME, "data-1", "volume=data-1"},
		{ARG_VOLUME, "-rf", NULL},
		{ARG_FIREWALL, "web.wall", "firewall=web.wall"},
		{ARG_ADDRESS, "203.0.113.7", "address=203.0.113.7"},
		{ARG_ADDRESS, "web-1", NULL},
	};
	char text[JOB_ARGS_TEXT];
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct job_args args = {.size = ""};
		struct job_args back;

		if (cases[i].text == NULL) {
			assert_int_equal(job_arg_set(&args, cases[i].arg, cases[i].word, &err), -1);
			assert_string_equal(job_args_thing(&args), "");
			continue;
		}
		assert_int_equal(job_arg_set(&args, cases[i].arg, cases[i].word, &err), 0);
		assert_string_equal(job_args_thing(&args), cases[i].word);
		job_args_write(&args, text);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(job_args_read(text, &back, &err), 0);
		assert_string_equal(job_args_thing(&back), cases[i].word);
	}
}

static void nothing_else_is_read(void **state)
{
	static const char *const wrong[] = {
		"size=",
		"size",
		"disk=no",
		"disk=yes size=a",
		"size=a  disk=yes",
		"size=a size=b",
		"size=a ",
		" size=a",
		"size=A",
		"image=a",
		"size=a;disk=yes",
		"size=a\ndisk=yes",
		"size=-rf",
		"disk",
		"size=a=b",
	};
	struct job_args args = {.size = "kept"};
	char text[400];
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (job_args_read(wrong[i], &args, &err) == 0) {
			print_error("\"%s\" was read\n", wrong[i]);
			fail();
		}
		assert_string_equal(args.size, "kept");
	}
	memset(text, 'a', sizeof(text));
	memcpy(text, "size=", 5);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(job_args_read(text, &args, &err), -1);
	text[5 + 64] = '\0'; /* the longest that there is room for */
	assert_int_equal(job_args_read(text, &args, &err), 0);
}

static void words_that_cannot_be(void **state)
{
	static const char *const wrong[] = {"", "a b", "a=b", "-a", "web*", "s-2\xc3\xa9"};
	struct job_args args = {.size = ""};
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(job_arg_set(&args, ARG_SIZE, wrong[i], &err), -1);
	}
	assert_int_equal(job_arg_set(&args, ARG_DISK, "disks", &err), -1);
	assert_string_equal(args.size, "");
	assert_false(args.disk);
}

static void the_policy_sees_the_new_size(void **state)
{
	struct droplet web = {.id = 11, .name = "web-1", .size = "s-1vcpu-1gb"};
	const struct droplet *all[] = {&web};
	struct job_args args = {.size = "s-4vcpu-8gb"};
	struct job_args none = {.size = ""};
	struct arena arena = {0};

	(void)state;
	assert_ptr_equal(job_args_droplets(&none, all, 1, &arena), all);
	assert_string_equal(job_args_droplets(&args, all, 1, &arena)[0]->size, "s-4vcpu-8gb");
	assert_true((job_args_droplets(&args, all, 1, &arena)[0]->known & DROPLET_KNOWS_SIZE) != 0);
	assert_string_equal(web.size, "s-1vcpu-1gb");
	arena_done(&arena);
}

static void steps_are_read_back(void **state)
{
	static const char steps[] = "d 6012 \nf 60000 Action 5 errored.|I did nothing else.\ns\n";
	struct arena arena = {0};

	(void)state;
	assert_int_equal(step_note(steps, 0, &arena).end, STEP_DONE);
	assert_int_equal(step_note(steps, 0, &arena).took_ms, 6012);
	assert_int_equal(step_note(steps, 1, &arena).end, STEP_FAILED);
	assert_string_equal(step_note(steps, 1, &arena).why,
			    "Action 5 errored.\nI did nothing else.");
	assert_int_equal(step_note(steps, 2, &arena).end, STEP_LEFT_OUT);
	assert_int_equal(step_note(steps, 3, &arena).end, STEP_OPEN);
	assert_int_equal(step_note("", 0, &arena).end, STEP_OPEN);
	assert_int_equal(step_note("?\nd", 0, &arena).end, STEP_OPEN);
	assert_int_equal(step_note("?\nd", 1, &arena).end, STEP_DONE);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_form),
		cmocka_unit_test(things),
		cmocka_unit_test(nothing_else_is_read),
		cmocka_unit_test(words_that_cannot_be),
		cmocka_unit_test(the_policy_sees_the_new_size),
		cmocka_unit_test(steps_are_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
