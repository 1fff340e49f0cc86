/* test_job_ask.c - the cards while people are asked, as a phone of 40 columns shows them; and the ids of their buttons */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "chat/text.h"
#include "job/press.h"
#include "job/report.h"

#define T0 INT64_C(1768273200000)
#define MINUTE 60000

static const struct plan reboot = {.verb = VERB_DROPLET_POWER_REBOOT,
				   .infinitive = "reboot",
				   .doing = "Rebooting",
				   .done = "Rebooted"};
static const struct plan destroy = {.verb = VERB_DROPLET_DESTROY,
				    .infinitive = "destroy",
				    .doing = "Destroying",
				    .done = "Destroyed"};

static const struct store_request asked = {
	.id = "8c21abcd",
	.network = "console",
	.workspace = "terminal",
	.channel = "ops",
	.user = "bob",
	.person = "bob",
	.verb = "droplet.power.reboot",
	.words = "reboot",
	.reason = "",
	.digest = "0f3e12aa77",
	.card = "",
	.created_ms = T0,
};

static struct store_job job_in(enum job_state state, const char *name, const char *outcome)
{
	return (struct store_job){.id = "j",
				  .account = "main",
				  .droplet_id = 101,
				  .droplet_name = name,
				  .state = (int)state,
				  .outcome = outcome,
				  .updated_ms = T0};
}

static void shows(const struct message *message, const char *expected)
{
	struct text_style style = {.columns = 40, .ascii = true};
	struct strbuf text;

	strbuf_init(&text, 4096);
	text_render(message, &style, &text);
	(void)strbuf_addch(&text, '\n');
	for (size_t i = 0; i < message->n_buttons; i++) {
		(void)strbuf_addf(&text, "[%s]", message->buttons[i].label);
	}
	assert_string_equal(text.buf, expected);
	strbuf_done(&text);
}

static void card(const struct store_request *request, const struct plan *plan,
		 const struct store_job *jobs, size_t n_jobs, const struct report_ask *ask,
		 const char *again, const char *expected)
{
	struct report report = {.request = request,
				.plan = plan,
				.jobs = jobs,
				.n_jobs = n_jobs,
				.now_ms = T0 + 10 * 1000,
				.ask = ask,
				.again = again};
	struct arena arena = {0};

	shows(report_card(&report, &arena), expected);
	arena_done(&arena);
}

static void a_confirmation(void **state)
{
	struct store_job one = job_in(JOB_CONFIRMING, "web-1", "");
	struct store_job three[] = {job_in(JOB_CONFIRMING, "web-1", ""),
				    job_in(JOB_CONFIRMING, "web-2", ""),
				    job_in(JOB_CONFIRMING, "db-1", "")};
	struct report_ask ask = {
		.kind = DUTY_CONFIRM, .until_ms = T0 + 10 * MINUTE, .shows_who = true};

	(void)state;
	card(&asked, &reboot, &one, 1, &ask, NULL,
	     "Reboot web-1?\nConfirm within 10 min.\nDecision 8c21abcd\n[Confirm][Cancel]");
	card(&asked, &reboot, three, 3, &ask, NULL,
	     "Reboot 3 droplets?\nweb-1, web-2, db-1\nConfirm within 10 min.\n"
	     "Decision 8c21abcd\n[Confirm][Cancel]");
	ask.note = "The policy changed: please confirm again";
	card(&asked, &destroy, &one, 1, &ask, NULL,
	     "The policy changed: please confirm again\nDestroy web-1?\nNo way back.\n"
	     "Confirm within 10 min.\nDecision 8c21abcd\n[Confirm][Cancel]");
}

static void a_code_and_a_reason(void **state)
{
	struct store_job one = job_in(JOB_CONFIRMING, "web-1", "");
	struct report_ask ask = {.kind = DUTY_CODE, .until_ms = T0 + 10 * MINUTE};
	struct store_request direct = asked;

	(void)state;
	card(&asked, &reboot, &one, 1, &ask, NULL,
	     "Reboot web-1?\nSend me your six-digit code\nin a direct message, within 10 min.\n"
	     "Decision 8c21abcd\n[Cancel]");
	direct.direct = true;
	card(&direct, &reboot, &one, 1, &ask, NULL,
	     "Reboot web-1?\nAnswer with your six-digit code\nwithin 10 min.\n"
	     "Decision 8c21abcd\n[Cancel]");
	ask.kind = DUTY_REASON;
	card(&asked, &reboot, &one, 1, &ask, NULL,
	     "Reboot web-1?\nWhy? Answer within 10 min:\nbecause ...\n"
	     "Decision 8c21abcd\n[Cancel]");
}

static void approvals(void **state)
{
	static const char *const names[] = {"ana", "chen"};
	static const char *const ids[] = {"U01ANA000"};
	struct store_job one = job_in(JOB_APPROVING, "web-1", "");
	struct report_ask ask = {.kind = DUTY_APPROVALS,
				 .n = 2,
				 .until_ms = T0 + 29 * MINUTE,
				 .names = names,
				 .n_names = 2,
				 .ids = ids,
				 .n_ids = 1,
				 .shows_who = true};
	struct store_request request = asked;
	struct report report = {.request = &request,
				.plan = &reboot,
				.jobs = &one,
				.n_jobs = 1,
				.now_ms = T0,
				.ask = &ask};
	struct arena arena = {0};

	(void)state;
	request.reason = "migrated";
	card(&request, &reboot, &one, 1, &ask, NULL,
	     "Reboot web-1?\nbob asks.\nBecause: migrated\nIt needs 2 approvals within 29 min.\n"
	     "From: ana or chen\nDecision 8c21abcd\n[Approve][Deny][Cancel]");
	shows(report_ask_approvers(&report, &arena),
	      "Reboot web-1?\nbob asks.\nBecause: migrated\n"
	      "@U01ANA000 Please approve within 29 min.\n[Approve][Deny]");
	ask.n_ids = 0;
	shows(report_ask_approvers(&report, &arena),
	      "Reboot web-1?\nbob asks.\nBecause: migrated\nana or chen: please approve\n"
	      "within 29 min.\n[Approve][Deny]");
	ask.n_given = 1;
	ask.given = "chen";
	ask.n_names = 1;
	card(&request, &reboot, &one, 1, &ask, NULL,
	     "Reboot web-1?\nbob asks.\nBecause: migrated\n1 of 2 approved by chen.\n"
	     "It needs an approval within 29 min.\nFrom: ana\nDecision 8c21abcd\n"
	     "[Approve][Deny][Cancel]");
	ask.shows_who = false; /* a client reads along */
	card(&request, &reboot, &one, 1, &ask, NULL,
	     "Reboot web-1?\nBecause: migrated\n1 of 2 approved.\n"
	     "It needs an approval within 29 min.\nDecision 8c21abcd\n[Approve][Deny][Cancel]");
	ask.shows_who = true;
	ask.n_names = 0;
	ask.n_given = 0;
	ask.n = 1;
	card(&asked, &reboot, &one, 1, &ask, NULL,
	     "Reboot web-1?\nbob asks.\nIt needs an approval within 29 min.\n"
	     "But nobody could give it now.\nDecision 8c21abcd\n[Approve][Deny][Cancel]");
	arena_done(&arena);
}

static void ends(void **state)
{
	struct store_job expired[] = {
		job_in(JOB_EXPIRED, "web-1",
		       "Expired. Nothing ran.\nNobody approved within 30 min."),
		job_in(JOB_EXPIRED, "web-2",
		       "Expired. Nothing ran.\nNobody approved within 30 min.")};
	struct store_job denied = job_in(JOB_CANCELED, "web-1", "Ana said no. Nothing ran.");

	(void)state;
	card(&asked, &reboot, expired, 1, NULL, "b1",
	     "Expired. Nothing ran.\nNobody approved within 30 min.\nDecision 8c21abcd\n"
	     "[Ask again]");
	card(&asked, &reboot, expired, 2, NULL, NULL,
	     "Expired. Nothing ran.\nNobody approved within 30 min.\nDecision 8c21abcd\n");
	card(&asked, &reboot, &denied, 1, NULL, "b1",
	     "Ana said no. Nothing ran.\nDecision 8c21abcd\n");
}

/* One that went on while the other is asked for again. */
static void a_part_that_is_asked_again(void **state)
{
	struct store_job two[] = {job_in(JOB_DONE, "web-1", "Rebooted web-1 in 20 s"),
				  job_in(JOB_CONFIRMING, "web-2", "")};
	struct report_ask ask = {.kind = DUTY_CONFIRM, .until_ms = T0 + 30000};

	(void)state;
	card(&asked, &reboot, two, 2, &ask, NULL,
	     "Reboot 2 droplets?\nweb-1, web-2\nConfirm within 1 min.\nDecision 8c21abcd\n"
	     "web-1: rebooted in 0 s\n[Confirm][Cancel]");
}

/* What a button carries is read back; anything else is none of ours. */
static void buttons_are_read_back(void **state)
{
	static const enum job_act acts[] = {JOB_ACT_CONFIRM, JOB_ACT_APPROVE, JOB_ACT_REFUSE,
					    JOB_ACT_CANCEL};
	static const char *const none[] = {"",
					   "q",
					   "q.c",
					   "q.c.8c21abcd",
					   "q.z.8c21abcd.0f3e12aa",
					   "x.c.8c21abcd.0f3e12aa",
					   "q.cc8c21abcd.0f3e12aa",
					   "0123456789abcdef"};
	char longest[JOB_BUTTON_SIZE + 8];
	char buf[JOB_BUTTON_SIZE];
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
		struct job_press press = {.act = JOB_ACT_NONE};
		const char *id = press_button(&asked, acts[i], &arena);

		assert_true(strlen(id) < JOB_BUTTON_SIZE);
		assert_true(job_button_parse(id, buf, &press));
		assert_int_equal(press.act, acts[i]);
		assert_string_equal(press.request, "8c21abcd");
		assert_string_equal(press.seal, "0f3e12aa");
	}
	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		struct job_press press = {.act = JOB_ACT_NONE};

		assert_false(job_button_parse(none[i], buf, &press));
		assert_int_equal(press.act, JOB_ACT_NONE);
	}
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "q.c.", 4);
	longest[10] = '.';
	longest[sizeof(longest) - 1] = '\0';
	{
		struct job_press press = {.act = JOB_ACT_NONE};

		assert_false(job_button_parse(longest, buf, &press));
		assert_false(job_button_parse(NULL, buf, &press));
	}
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_confirmation),
		cmocka_unit_test(a_code_and_a_reason),
		cmocka_unit_test(approvals),
		cmocka_unit_test(ends),
		cmocka_unit_test(a_part_that_is_asked_again),
		cmocka_unit_test(buttons_are_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
