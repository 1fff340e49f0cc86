/* test_job_consent.c - what a yes is bound to, whose it may be, how long it counts, and what is still missing */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "job/consent.h"

#define T0 INT64_C(1768273200000)
#define MINUTE 60000

static const struct store_request asked = {
	.id = "8c21abcd",
	.network = "console",
	.workspace = "terminal",
	.channel = "ops",
	.thread = "",
	.user_workspace = "terminal",
	.user = "bob",
	.person = "bob",
	.answers = "m1",
	.verb = "droplet.power.reboot",
	.words = "reboot",
	.policy_id = "p",
	.card = "",
	.arguments = "",
	.reason = "",
	.nonce = "0123456789abcdef0123456789abcdef",
	.digest = "d1",
	.terms = "",
	.created_ms = T0,
};

static const struct store_job jobs[] = {
	{.id = "j1", .account = "main", .droplet_id = 101, .droplet_name = "web-1", .outcome = ""},
	{.id = "j2", .account = "main", .droplet_id = 102, .droplet_name = "web-2", .outcome = ""},
	{.id = "j3", .account = "other", .droplet_id = 7, .droplet_name = "db-1", .outcome = ""},
};

/* ---- digest ---------------------------------------------------------------------------------- */

static void a_digest_does_not_know_the_order(void **state)
{
	const struct store_job turned[] = {jobs[2], jobs[1], jobs[0]};
	char a[CONSENT_DIGEST_SIZE];
	char b[CONSENT_DIGEST_SIZE];

	(void)state;
	consent_digest(&asked, jobs, 3, a);
	consent_digest(&asked, turned, 3, b);
	assert_string_equal(a, b);
	assert_int_equal(strlen(a), 64);
}

/* Each field that a yes is bound to, changed alone. */
static void any_difference_is_another_digest(void **state)
{
	struct store_request request[12];
	struct store_job other[3];
	char all[24][CONSENT_DIGEST_SIZE];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(request); i++) {
		request[i] = asked;
	}
	request[1].person = "ana";
	request[2].user = "ana";
	request[3].user_workspace = "elsewhere";
	request[4].verb = "droplet.destroy";
	request[5].arguments = "s-2vcpu";
	request[6].channel = "dev";
	request[7].workspace = "w";
	request[8].nonce = "1123456789abcdef0123456789abcdef";
	request[9].direct = true;
	request[10].network = "xmpp";
	request[11].thread = "t";
	for (size_t i = 0; i < ARRAY_LEN(request); i++) {
		consent_digest(&request[i], jobs, 3, all[n++]);
	}
	consent_digest(&asked, jobs, 2, all[n++]);
	memcpy(other, jobs, sizeof(other));
	other[0].droplet_id = 103;
	consent_digest(&asked, other, 3, all[n++]);
	memcpy(other, jobs, sizeof(other));
	other[0].account = "other"; /* the same number in another account is another droplet */
	consent_digest(&asked, other, 3, all[n++]);
	memcpy(other, jobs, sizeof(other));
	other[0].beside = "is ams3 600 -\nhas volume v1 0 data\n"; /* what was shown goes */
	consent_digest(&asked, other, 3, all[n++]);
	other[0].beside = "is ams3 600 -\nhas volume v2 0 data\n";
	consent_digest(&asked, other, 3, all[n++]);
	memcpy(other, jobs, sizeof(other));
	other[0].droplet_id = 0; /* one that is to be made is its name */
	consent_digest(&asked, other, 3, all[n++]);
	other[0].droplet_name = "web-9";
	consent_digest(&asked, other, 3, all[n++]);
	/* bytes that move from one field to the next */
	request[0].verb = "droplet.power.reboot1";
	request[0].arguments = "2";
	consent_digest(&request[0], jobs, 3, all[n++]);
	request[0].verb = "droplet.power.reboot";
	request[0].arguments = "12";
	consent_digest(&request[0], jobs, 3, all[n++]);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(all[i], all[k]);
		}
	}
	/* what changes while it waits is no part of it */
	request[1] = asked;
	request[1].reason = "said later";
	request[1].card = "c9";
	request[1].updated_ms = T0 + 1;
	consent_digest(&request[1], jobs, 3, all[1]);
	assert_string_equal(all[0], all[1]);
}

static void a_nonce_is_new_each_time(void **state)
{
	char a[CONSENT_NONCE_SIZE];
	char b[CONSENT_NONCE_SIZE];

	(void)state;
	consent_nonce(a);
	consent_nonce(b);
	assert_int_equal(strlen(a), 32);
	assert_int_equal(strspn(a, "0123456789abcdef"), 32);
	assert_string_not_equal(a, b);
}

/* ---- terms ----------------------------------------------------------------------------------- */

static struct gate *gate_of(const char *sre, const char *more)
{
	struct policy_report report;
	struct policy *policy;
	struct strbuf text;
	struct gate *gate;

	strbuf_init(&text, 8192);
	(void)strbuf_addf(
		&text,
		"version: 1\n"
		"accounts:\n  main: {token: \"env:T\"}\n"
		"workspaces:\n  term: {console: terminal}\n  chat: {xmpp: acme.example}\n"
		"people:\n  ana: {term: ana, chat: ana@acme.example}\n  bob: {term: bob}\n"
		"  chen: {chat: chen@acme.example}\n  dora: {term: dora}\n"
		"oncall:\n  primary: {rota: [ana, dora], each: week, from: \"2020-01-06 "
		"00:00\", zone: UTC}\n"
		"groups:\n  leads: [ana]\n  sre: %s\n  duty: [primary, chen]\n"
		"channels:\n  ops: {at: term/ops, may: everything, droplets: any}\n"
		"allow:\n  - {name: all, who: people, may: everything, droplets: any}\n%s",
		sre, more);
	policy = policy_compile("policy.yaml", text.buf, text.len, &report);
	if (policy == NULL && report.n_findings > 0) {
		print_error("%u: %s\n", report.findings[0].line, report.findings[0].text);
	}
	assert_non_null(policy);
	policy_report_done(&report);
	strbuf_done(&text);
	gate = gate_new(policy);
	policy_unref(policy);
	return gate;
}

static const struct gate_who bob = {"console", "terminal", "bob", "terminal", "ops", false};

static void terms_of(const char *sre, const struct duty *duties, size_t n,
		     char ret[CONSENT_DIGEST_SIZE])
{
	struct gate *gate = gate_of(sre, "");
	struct gate_decision decision = {.verdict = ALLOW, .duties = duties, .n_duties = n};

	consent_terms(gate, &bob, &decision, ret);
	gate_free(gate);
}

static void terms_are_duties_and_who_could_meet_them(void **state)
{
	const struct duty one[] = {
		{.kind = DUTY_CONFIRM, .rule = "a"},
		{.kind = DUTY_APPROVALS, .rule = "b", .n = 1, .group = "sre", .within_ms = 60000},
	};
	const struct duty turned[] = {one[1], one[0]};
	struct duty other[2];
	char base[CONSENT_DIGEST_SIZE];
	char now[CONSENT_DIGEST_SIZE];

	(void)state;
	terms_of("[leads, chen]", one, 2, base);
	terms_of("[chen, ana]", one, 2, now); /* the same people, written otherwise */
	assert_string_equal(base, now);
	terms_of("[leads, chen, bob]", one, 2, now); /* the requester is none of them anyway */
	assert_string_equal(base, now);
	terms_of("[leads, chen]", turned, 2, now);
	assert_string_equal(base, now);
	terms_of("[leads]", one, 2, now);
	assert_string_not_equal(base, now);
	terms_of("[leads, chen, dora]", one, 2, now);
	assert_string_not_equal(base, now);
	terms_of("[leads, chen]", one, 1, now);
	assert_string_not_equal(base, now);
	memcpy(other, one, sizeof(other));
	other[1].n = 2;
	terms_of("[leads, chen]", other, 2, now);
	assert_string_not_equal(base, now);
	memcpy(other, one, sizeof(other));
	other[1].within_ms = 120000;
	terms_of("[leads, chen]", other, 2, now);
	assert_string_not_equal(base, now);
	memcpy(other, one, sizeof(other));
	other[0].kind = DUTY_CODE;
	terms_of("[leads, chen]", other, 2, now);
	assert_string_not_equal(base, now);
}

/* ---- what is missing ------------------------------------------------------------------------- */

/* ana and chen are sre, dora and ana are leads; everybody named is one of the people. */
static bool is_member(const char *person, const char *group, void *data)
{
	(void)data;
	if (strcmp(group, "sre") == 0) {
		return strcmp(person, "ana") == 0 || strcmp(person, "chen") == 0 ||
		       strcmp(person, "bob") == 0;
	}
	if (strcmp(group, "leads") == 0) {
		return strcmp(person, "ana") == 0 || strcmp(person, "dora") == 0;
	}
	return strcmp(group, "people") == 0;
}

static struct store_consent yes(enum consent_kind kind, const char *person, int64_t at_ms)
{
	return (struct store_consent){.request = "8c21abcd",
				      .kind = (int)kind,
				      .person = person,
				      .network = "console",
				      .user_workspace = "terminal",
				      .user = person,
				      .digest = "d1",
				      .policy_id = "p",
				      .at_ms = at_ms};
}

static struct consent_missing missing(const struct store_request *request,
				      const struct duty *duties, size_t n_duties,
				      const struct store_consent *consents, size_t n_consents,
				      int64_t code_ms)
{
	static struct gate_decision decision;
	struct consent_question question = {.request = request,
					    .decision = &decision,
					    .consents = consents,
					    .n_consents = n_consents,
					    .code_ms = code_ms,
					    .now_ms = T0 + 5 * MINUTE,
					    .member = is_member};

	decision = (struct gate_decision){.verdict = ALLOW, .duties = duties, .n_duties = n_duties};
	return consent_missing(&question);
}

static void it_is_asked_in_order(void **state)
{
	const struct duty duties[] = {
		{.kind = DUTY_APPROVALS, .rule = "a", .n = 1, .group = "sre", .within_ms = 600000},
		{.kind = DUTY_CONFIRM, .rule = "b"},
		{.kind = DUTY_REASON, .rule = "c"},
	};
	struct store_request request = asked;
	struct store_consent given[] = {yes(CONSENT_CONFIRM, "bob", T0 + 1),
					yes(CONSENT_APPROVE, "ana", T0 + 2)};

	(void)state;
	assert_int_equal(missing(&request, duties, 3, NULL, 0, 0).kind, DUTY_REASON);
	request.reason = "old disk";
	assert_int_equal(missing(&request, duties, 3, NULL, 0, 0).kind, DUTY_CONFIRM);
	assert_int_equal(missing(&request, duties, 3, given, 1, 0).kind, DUTY_APPROVALS);
	assert_ptr_equal(missing(&request, duties, 3, given, 1, 0).duty, &duties[0]);
	assert_int_equal(missing(&request, duties, 3, given, 2, 0).kind, DUTY_NONE);
	assert_int_equal(missing(&request, duties, 0, NULL, 0, 0).kind, DUTY_NONE);
}

static void a_confirmation_is_the_requesters(void **state)
{
	const struct duty confirm = {.kind = DUTY_CONFIRM, .rule = "b"};
	const struct duty code = {.kind = DUTY_CODE, .rule = "b"};
	struct store_consent by_ana = yes(CONSENT_CONFIRM, "ana", T0);
	struct store_consent by_bob = yes(CONSENT_CONFIRM, "bob", T0);
	struct store_consent by_code = yes(CONSENT_CODE, "bob", T0);
	struct store_consent nobody = yes(CONSENT_CONFIRM, "", T0);
	struct store_request stranger = asked;

	(void)state;
	assert_int_equal(missing(&asked, &confirm, 1, &by_ana, 1, 0).kind, DUTY_CONFIRM);
	assert_int_equal(missing(&asked, &confirm, 1, &by_bob, 1, 0).kind, DUTY_NONE);
	assert_int_equal(missing(&asked, &confirm, 1, &by_code, 1, 0).kind, DUTY_NONE);
	assert_int_equal(missing(&asked, &code, 1, &by_bob, 1, 0).kind, DUTY_CODE);
	assert_int_equal(missing(&asked, &code, 1, &by_code, 1, 0).kind, DUTY_NONE);
	stranger.person = "";
	assert_int_equal(missing(&stranger, &confirm, 1, &nobody, 1, 0).kind, DUTY_CONFIRM);
	by_bob.digest = "d2";
	assert_int_equal(missing(&asked, &confirm, 1, &by_bob, 1, 0).kind, DUTY_CONFIRM);
	by_bob.digest = "d1";
	by_bob.request = "another1";
	assert_int_equal(missing(&asked, &confirm, 1, &by_bob, 1, 0).kind, DUTY_CONFIRM);
	stranger = asked;
	stranger.digest = ""; /* never bound: nothing counts */
	by_bob = yes(CONSENT_CONFIRM, "bob", T0);
	by_bob.digest = "";
	assert_int_equal(missing(&stranger, &confirm, 1, &by_bob, 1, 0).kind, DUTY_CONFIRM);
}

static void an_earlier_code_lasts(void **state)
{
	const struct duty lasts = {.kind = DUTY_CODE, .rule = "b", .lasts_ms = 10 * MINUTE};
	const struct duty each = {.kind = DUTY_CODE, .rule = "b"};

	(void)state;
	/* now is T0 + 5 min */
	assert_int_equal(missing(&asked, &lasts, 1, NULL, 0, T0 - 5 * MINUTE).kind, DUTY_NONE);
	assert_int_equal(missing(&asked, &lasts, 1, NULL, 0, T0 - 5 * MINUTE - 1).kind, DUTY_CODE);
	assert_int_equal(missing(&asked, &lasts, 1, NULL, 0, 0).kind, DUTY_CODE);
	assert_int_equal(missing(&asked, &lasts, 1, NULL, 0, T0 + 6 * MINUTE).kind, DUTY_CODE);
	assert_int_equal(missing(&asked, &each, 1, NULL, 0, T0).kind, DUTY_CODE);
}

/* What has no way back is confirmed for itself, whatever the policy asks for; a code for this very request is a confirmation. */
static void a_verb_may_ask_by_itself(void **state)
{
	const struct duty lasts = {.kind = DUTY_CODE, .rule = "b", .lasts_ms = 10 * MINUTE};
	const struct duty approve = {
		.kind = DUTY_APPROVALS, .rule = "a", .n = 1, .group = "sre", .within_ms = 600000};
	struct store_consent by_bob = yes(CONSENT_CONFIRM, "bob", T0);
	struct store_consent by_ana = yes(CONSENT_CONFIRM, "ana", T0);
	struct store_consent by_code = yes(CONSENT_CODE, "bob", T0);
	struct gate_decision decision = {.verdict = ALLOW};
	struct consent_question question = {.request = &asked,
					    .decision = &decision,
					    .confirms = true,
					    .now_ms = T0 + MINUTE,
					    .member = is_member};

	(void)state;
	assert_int_equal(consent_missing(&question).kind, DUTY_CONFIRM);
	question.n_consents = 1;
	question.consents = &by_ana;
	assert_int_equal(consent_missing(&question).kind, DUTY_CONFIRM);
	question.consents = &by_code;
	assert_int_equal(consent_missing(&question).kind, DUTY_NONE);
	question.consents = &by_bob;
	assert_int_equal(consent_missing(&question).kind, DUTY_NONE);
	/* a code of before is none for this */
	question.n_consents = 0;
	question.code_ms = T0;
	decision.duties = &lasts;
	decision.n_duties = 1;
	assert_int_equal(consent_missing(&question).kind, DUTY_CONFIRM);
	/* approvals come after it */
	decision.duties = &approve;
	assert_int_equal(consent_missing(&question).kind, DUTY_CONFIRM);
	question.n_consents = 1;
	assert_int_equal(consent_missing(&question).kind, DUTY_APPROVALS);
}

static void approvals_are_persons(void **state)
{
	const struct duty two = {
		.kind = DUTY_APPROVALS, .rule = "a", .n = 2, .group = "sre", .within_ms = 600000};
	struct store_consent given[] = {
		yes(CONSENT_APPROVE, "ana", T0 + 1),  yes(CONSENT_APPROVE, "ana", T0 + 2),
		yes(CONSENT_APPROVE, "bob", T0 + 3),  /* the requester */
		yes(CONSENT_APPROVE, "dora", T0 + 4), /* none of sre */
		yes(CONSENT_APPROVE, "", T0 + 5),     yes(CONSENT_CONFIRM, "chen", T0 + 6),
		yes(CONSENT_APPROVE, "chen", T0 + 7),
	};
	struct consent_missing now;

	(void)state;
	given[1].user = "ana@acme.example"; /* another account of hers */
	now = missing(&asked, &two, 1, given, 6, 0);
	assert_int_equal(now.kind, DUTY_APPROVALS);
	assert_int_equal(now.n_given, 1);
	assert_int_equal(missing(&asked, &two, 1, given, 7, 0).kind, DUTY_NONE);
	given[6].digest = "d2";
	assert_int_equal(missing(&asked, &two, 1, given, 7, 0).kind, DUTY_APPROVALS);
}

static void approvals_are_within_their_time(void **state)
{
	const struct duty one = {
		.kind = DUTY_APPROVALS, .rule = "a", .n = 1, .group = "sre", .within_ms = 600000};
	struct store_consent given = yes(CONSENT_APPROVE, "ana", T0 + 600000);

	(void)state;
	assert_int_equal(missing(&asked, &one, 1, &given, 1, 0).kind, DUTY_NONE);
	given.at_ms = T0 + 600001;
	assert_int_equal(missing(&asked, &one, 1, &given, 1, 0).kind, DUTY_APPROVALS);
	given.at_ms = T0 - 1; /* before it was asked */
	assert_int_equal(missing(&asked, &one, 1, &given, 1, 0).kind, DUTY_APPROVALS);
}

/* Two lines are both to be met; one person counts for each whose group they are in. */
static void two_lines_are_an_and(void **state)
{
	const struct duty both[] = {
		{.kind = DUTY_APPROVALS, .rule = "a", .n = 1, .group = "sre", .within_ms = 600000},
		{.kind = DUTY_APPROVALS,
		 .rule = "b",
		 .n = 1,
		 .group = "leads",
		 .within_ms = 600000},
	};
	struct store_consent chen = yes(CONSENT_APPROVE, "chen", T0);
	struct store_consent dora = yes(CONSENT_APPROVE, "dora", T0);
	struct store_consent ana = yes(CONSENT_APPROVE, "ana", T0);
	struct store_consent two[] = {chen, dora};

	(void)state;
	assert_ptr_equal(missing(&asked, both, 2, &dora, 1, 0).duty, &both[0]);
	assert_ptr_equal(missing(&asked, both, 2, &chen, 1, 0).duty, &both[1]);
	assert_int_equal(missing(&asked, both, 2, two, 2, 0).kind, DUTY_NONE);
	assert_int_equal(missing(&asked, both, 2, &ana, 1, 0).kind, DUTY_NONE);
}

/* ---- who is in a group ----------------------------------------------------------------------- */

static void members_come_from_the_policy(void **state)
{
	struct gate *gate = gate_of("[leads, chen]", "");
	const struct gate_approver *list;
	struct arena arena = {0};
	bool ana, dora;

	(void)state;
	assert_true(gate_member(gate, "ana", "sre")); /* through leads */
	assert_true(gate_member(gate, "chen", "sre"));
	assert_false(gate_member(gate, "bob", "sre"));
	assert_true(gate_member(gate, "bob", "people"));
	assert_true(gate_member(gate, "bob", "bob"));
	assert_false(gate_member(gate, "bob", "ana"));
	assert_false(gate_member(gate, "mallory", "people"));
	assert_false(gate_member(gate, "mallory", "mallory"));
	assert_false(gate_member(gate, NULL, "people"));
	assert_false(gate_member(gate, "ana", "nobody-has-this-name"));
	/* whose turn it is, directly and in a group: one of the two, the same in both */
	ana = gate_member(gate, "ana", "primary");
	dora = gate_member(gate, "dora", "primary");
	assert_true(ana != dora);
	assert_int_equal(gate_member(gate, "ana", "duty"), ana);
	assert_int_equal(gate_member(gate, "dora", "duty"), dora);
	assert_true(gate_member(gate, "chen", "duty"));
	assert_int_equal(gate_members(gate, "sre", NULL, "console", "terminal", &arena, &list), 2);
	assert_string_equal(list[0].person, "ana");
	assert_string_equal(list[0].id, "ana");
	assert_string_equal(list[1].person, "chen");
	assert_null(list[1].id); /* not on that network */
	assert_int_equal(gate_members(gate, "people", "bob", "console", "terminal", &arena, &list),
			 3);
	arena_done(&arena);
	gate_free(gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_digest_does_not_know_the_order),
		cmocka_unit_test(any_difference_is_another_digest),
		cmocka_unit_test(a_nonce_is_new_each_time),
		cmocka_unit_test(terms_are_duties_and_who_could_meet_them),
		cmocka_unit_test(it_is_asked_in_order),
		cmocka_unit_test(a_confirmation_is_the_requesters),
		cmocka_unit_test(an_earlier_code_lasts),
		cmocka_unit_test(a_verb_may_ask_by_itself),
		cmocka_unit_test(approvals_are_persons),
		cmocka_unit_test(approvals_are_within_their_time),
		cmocka_unit_test(two_lines_are_an_and),
		cmocka_unit_test(members_come_from_the_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
