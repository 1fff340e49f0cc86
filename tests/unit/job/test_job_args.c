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
	assert_int_equal(job_arg_set(&(struct job_args){0}, ARG_SPAN, "6H", &err), 0);
	job_args_write(&args, text);
	assert_string_equal(text, "size=s-2vcpu-2gb disk=yes");
	assert_int_equal(job_args_read(text, &back, &err), 0);
	assert_string_equal(back.size, "s-2vcpu-2gb");
	assert_true(back.disk);
	assert_string_equal(job_args_words(&back, &arena), " s-2vcpu-2gb disk");
	arena_done(&arena);
}

/* A droplet that is to be made: one text, the words to type again, and the droplet that the policy is asked about. */
static void made(void **state)
{
	static const struct {
		enum job_arg arg;
		const char *word;
	} said[] = {
		{ARG_REGION, "FRA1"},           {ARG_SIZE, "s-1vcpu-1gb"},
		{ARG_IMAGE, "debian-12-x64"},   {ARG_KEYS, "ana-laptop,512190"},
		{ARG_TAGS, "web,client:z"},     {ARG_TEMPLATE, "web.yaml"},
		{ARG_MONITORING, "monitoring"}, {ARG_PROJECT, "my-shop"},
	};
	static const char words[] =
		" size s-1vcpu-1gb image debian-12-x64 project my-shop region fra1 "
		"keys ana-laptop,512190 tags web,client:z user-data web.yaml "
		"monitoring";
	struct job_args args = {.size = ""}, back;
	char text[JOB_ARGS_TEXT], again[JOB_ARGS_TEXT];
	const struct droplet *droplet;
	struct arena arena = {0};
	struct err err = {0};

	(void)state;
	assert_null(job_args_future(&args, "main", "web-9", &arena));
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		assert_int_equal(job_arg_set(&args, said[i].arg, said[i].word, &err), 0);
	}
	droplet = job_args_future(&args, "main", "web-9", &arena);
	assert_false(droplet->known &
		     DROPLET_KNOWS_PROJECT); /* the worst case, until it is known */
	assert_int_equal(job_args_set_project(&args, "4E1BFBC3-dc3e-41f2-a18f-1b4d7ba71679",
					      "My shop, 100% \xC3\xA4"),
			 0);
	job_args_set_price(&args, 0, 600);
	job_args_write(&args, text);
	assert_int_equal(job_args_read(text, &back, &err), 0);
	job_args_write(&back, again);
	assert_string_equal(again, text);
	assert_null(strstr(job_args_words(&back, &arena), "My"));
	assert_string_equal(job_args_words(&back, &arena), words);
	droplet = job_args_future(&back, "main", "web-9", &arena);
	assert_int_equal(droplet->known, DROPLET_KNOWS_ALL);
	assert_int_equal(droplet->id, 0);
	assert_string_equal(droplet->region, "fra1");
	assert_string_equal(droplet->project, "My shop, 100% \xC3\xA4");
	assert_string_equal(droplet->project_id, "4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679");
	assert_int_equal(droplet->n_tags, 2);
	assert_string_equal(droplet->tags[1], "client:z");
	assert_int_equal(job_args_cost(&back), 600);
	arena_done(&arena);
}

/* Lists have no empty word, none twice, not too many; a template is a name and nothing else. */
static void lists(void **state)
{
	static const struct {
		enum job_arg arg;
		const char *word;
		bool fits;
	} cases[] = {
		{ARG_TAGS, "a,b", true},
		{ARG_TAGS, "a,,b", false},
		{ARG_TAGS, ",a", false},
		{ARG_TAGS, "a,", false},
		{ARG_TAGS, "a,A", false},
		{ARG_TAGS, "a b", false},
		{ARG_TAGS, "1,2,3,4,5,6,7,8,9,10", true},
		{ARG_TAGS, "1,2,3,4,5,6,7,8,9,10,11", false},
		{ARG_KEYS, "3b:16:bf,ana@home", true},
		{ARG_KEYS, "ana=1", false},
		{ARG_KEY_IDS, "12,13", true},
		{ARG_KEY_IDS, "12,x", false},
		{ARG_TEMPLATE, "web.yaml", true},
		{ARG_TEMPLATE, "../web", false},
		{ARG_TEMPLATE, ".web", false},
		{ARG_TEMPLATE, "a/b", false},
		{ARG_VPC_ID, "4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679", true},
		{ARG_VPC_ID, "vpc", false},
	};
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct job_args args = {.size = ""};

		assert_int_equal(job_arg_set(&args, cases[i].arg, cases[i].word, &err),
				 cases[i].fits ? 0 : -1);
	}
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
		"image=A",
		"name=a_b",
		"name=a size=b",
		"backup=0",
		"backup=x",
		"plan=day",
		"day=sunday",
		"hour=04",
		"hour=5",
		"price=600",
		"price=600-",
		"price=-600",
		"price=6-1-2",
		"price=6.5-7",
		"label=-a",
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
	assert_int_equal(job_arg_set(&args, ARG_FIGURE, "cp", &err), -1);
	assert_int_equal(job_arg_set(&args, ARG_FIGURE, "cpu.", &err), -1);
	assert_int_equal(job_arg_set(&args, ARG_SPAN, "1", &err), -1);
	assert_string_equal(args.figure, "");
	assert_string_equal(args.size, "");
	assert_false(args.disk);
}

/* What was typed, and its one form; NULL: it cannot be. */
static void forms_of_words(void **state)
{
	static const struct {
		enum job_arg arg;
		const char *word, *text;
	} cases[] = {
		{ARG_NAME, "Web-9.example", "name=Web-9.example"},
		{ARG_NAME, "web_9", NULL},
		{ARG_NAME, "-web", NULL},
		{ARG_NAME, "web-", NULL},
		{ARG_LABEL, "Before_the-move.1", "label=Before_the-move.1"},
		{ARG_LABEL, "a:b", NULL},
		{ARG_LABEL, "caf\xc3\xa9", NULL},
		{ARG_IMAGE, "Debian-12-x64", "image=debian-12-x64"},
		{ARG_IMAGE, "123", "image=123"},
		{ARG_BACKUP, "123", "backup=123"},
		{ARG_BACKUP, "0123", NULL},
		{ARG_BACKUP, "1234567890123456789", NULL},
		{ARG_PLAN, "Weekly", "plan=weekly"},
		{ARG_PLAN, "day", "plan=daily"},
		{ARG_PLAN, "monthly", NULL},
		{ARG_DAY, "Tuesday", "day=tue"},
		{ARG_DAY, "tues", NULL},
		{ARG_HOUR, "04:00", "hour=4"},
		{ARG_HOUR, "20", "hour=20"},
		{ARG_HOUR, "24", NULL},
		{ARG_HOUR, "4:30", NULL},
		{ARG_HOUR, "", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct job_args args = {.size = ""};
		struct job_args back;
		char text[JOB_ARGS_TEXT];
		struct err err = {0};

		if (job_arg_set(&args, cases[i].arg, cases[i].word, &err) < 0) {
			assert_null(cases[i].text);
			continue;
		}
		job_args_write(&args, text);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(job_args_read(text, &back, &err), 0);
		assert_memory_equal(&back, &args, sizeof(args));
	}
}

static void go_together(void **state)
{
	struct job_args args = {.plan = "weekly", .hour = "4"};
	struct ocean_act_args act;
	struct arena arena = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(job_args_check(&args, &err), -1);
	(void)job_arg_set(&args, ARG_DAY, "sat", &err);
	assert_int_equal(job_args_check(&args, &err), 0);
	assert_string_equal(job_args_detail(&args, 1, &arena), "weekly, Sat at 4:00 UTC");
	job_args_act(&args, &act);
	assert_int_equal(act.backup.plan, OCEAN_BACKUP_WEEKLY);
	assert_int_equal(act.backup.weekday, 6);
	assert_int_equal(act.backup.hour, 4);
	assert_null(act.size);
	(void)job_arg_set(&args, ARG_PLAN, "daily", &err);
	assert_int_equal(job_args_check(&args, &err), -1);
	args = (struct job_args){.image = "123"};
	job_args_act(&args, &act);
	assert_int_equal(act.image_id, 123);
	assert_null(act.image_slug);
	args = (struct job_args){.image = "debian-12-x64"};
	job_args_act(&args, &act);
	assert_int_equal(act.image_id, 0);
	assert_string_equal(act.image_slug, "debian-12-x64");
	assert_string_equal(job_args_change(&args, &arena), " from debian-12-x64");
	arena_done(&arena);
}

static void a_snapshot_has_a_name(void **state)
{
	struct droplet web = {.id = 11, .name = "web-1"};
	struct job_args args = {.size = ""};

	(void)state;
	job_args_fill(&args, VERB_DROPLET_POWER_REBOOT, &web, 1773393120000);
	assert_string_equal(args.label, "");
	job_args_fill(&args, VERB_SNAPSHOT_CREATE, &web, 1773393120000);
	assert_string_equal(args.label, "web-1-20260313-0912");
	job_args_fill(&args, VERB_SNAPSHOT_CREATE, &web, 0);
	assert_string_equal(args.label, "web-1-20260313-0912");
	args.label[0] = '\0';
	web.name = "w\xc3\xa9"
		   "b 1";
	job_args_fill(&args, VERB_SNAPSHOT_CREATE, &web, 1773393120000);
	assert_string_equal(args.label, "droplet-20260313-0912");
}

static void a_price_is_kept(void **state)
{
	struct job_args args = {.size = "s-2vcpu-2gb"};
	struct job_args back;
	char text[JOB_ARGS_TEXT];
	struct arena arena = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(job_args_cost(&args), -1);
	assert_string_equal(job_args_detail(&args, 1, &arena), "");
	job_args_set_price(&args, 600, 1850);
	job_args_write(&args, text);
	assert_string_equal(text, "size=s-2vcpu-2gb price=600-1850");
	assert_int_equal(job_args_read(text, &back, &err), 0);
	assert_int_equal(job_args_cost(&back), 1250);
	assert_string_equal(job_args_detail(&back, 1, &arena), "$6 -> $18.50 a month");
	assert_string_equal(job_args_detail(&back, 2, &arena),
			    "$6 -> $18.50 a month each, at most");
	assert_string_equal(job_args_words(&back, &arena), " s-2vcpu-2gb");
	job_args_set_price(&args, 1800, 600); /* cheaper: no credit */
	assert_int_equal(job_args_cost(&args), 0);
	job_args_set_price(&args, UINT32_MAX, UINT32_MAX);
	job_args_write(&args, text);
	assert_int_equal(job_args_read(text, &back, &err), 0);
	arena_done(&arena);
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
		cmocka_unit_test(made),
		cmocka_unit_test(lists),
		cmocka_unit_test(things),
		cmocka_unit_test(nothing_else_is_read),
		cmocka_unit_test(words_that_cannot_be),
		cmocka_unit_test(forms_of_words),
		cmocka_unit_test(go_together),
		cmocka_unit_test(a_snapshot_has_a_name),
		cmocka_unit_test(a_price_is_kept),
		cmocka_unit_test(the_policy_sees_the_new_size),
		cmocka_unit_test(steps_are_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
