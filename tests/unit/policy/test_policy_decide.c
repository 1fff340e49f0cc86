/* test_policy_decide.c - what a policy means: small policies, one question at a time */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "policy/decide.h"

static const char base_text[] =
	"version: 1\n"
	"accounts: {main: {token: \"env:T\"}, eu: {read: \"file:/r\", change: \"credential:c\"}}\n"
	"workspaces:\n  term: {console: terminal}\n  jab: {xmpp: Acme.Example}\n"
	"people:\n  ana: {term: ana, jab: Ana@Acme.Example}\n  bob: {term: bob}\n"
	"  chen: {term: chen}\n"
	"groups:\n  leads: ana\n  sre: [leads, bob]\n  all-of-us: [sre, chen]\n"
	"roles:\n  viewer: {may: [droplet.list, droplet.show]}\n"
	"  operator: {includes: viewer, may: \"droplet.power.*\"}\n"
	"  boss: {includes: [operator]}\n"
	"channels:\n"
	"  ops: {at: [term/ops, jab/ops@rooms.acme.example], may: everything, droplets: any}\n"
	"  dm: {at: term/direct, may: everything, droplets: any}\n"
	"  mute: {at: term/mute, may: nothing, droplets: any}\n"
	"  zenith: {at: term/zenith, may: viewer, droplets: {tag: \"client:zenith\"}, show: [name, "
	"status]}\n"
	"  two:\n    at: term/two\n    ceiling:\n      - {may: viewer, droplets: any}\n"
	"      - {may: boss, droplets: {tag: staging, except: {tag: protected}}}\n";

static struct policy *compile(const char *rules)
{
	struct policy_report report;
	struct policy *policy;
	struct strbuf text;
	struct strbuf out;

	strbuf_init(&text, 65536);
	strbuf_init(&out, 65536);
	assert_int_equal(strbuf_addf(&text, "%s%s", base_text, rules), 0);
	policy = policy_compile("p.yaml", text.buf, text.len, &report);
	if (policy == NULL) {
		policy_report_print(&report, "p.yaml", &out);
		fail_msg("%s", out.buf);
	}
	policy_report_done(&report);
	strbuf_done(&text);
	strbuf_done(&out);
	return policy;
}

static struct droplet droplet(const char *const *tags, size_t n)
{
	return (struct droplet){.id = 1,
				.name = "web-1",
				.region = "ams3",
				.size = "s-1vcpu-1gb",
				.project = "shop",
				.project_id = "4de7ac8b-495b-4884-9a69-1050c6793cd6",
				.account = "main",
				.tags = tags,
				.n_tags = n,
				.known = DROPLET_KNOWS_ALL};
}

#define DROPLET(...)                                \
	droplet((const char *const[]){__VA_ARGS__}, \
		sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* "allow a,b" or "deny c" - the verdict and every reason, in the order in which they are given. */
static const char *ask(const struct policy *policy, const char *who, const char *where,
		       const char *verb, const struct droplet *d)
{
	static char text[512];
	struct decision decision;
	struct policy_question q = {
		.asker = policy_asker(policy, "console", "terminal", who, "terminal", where,
				      strcmp(where, "direct") == 0),
		.verb = verb_by_name(verb),
		.droplet = d,
	};
	size_t len;

	memset(&decision, 0xee, sizeof(decision));
	policy_decide(&q, &decision);
	assert_string_equal(decision.policy_id, policy_id(policy));
	len = (size_t)snprintf(text, sizeof(text), decision.verdict == ALLOW ? "allow" : "deny");
	for (size_t i = 0; i < decision.n_rules; i++) {
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i > 0 ? "," : " ",
					decision.rules[i]->name);
	}
	return text;
}

static void four_lists_make_a_decision(void **state)
{
	struct policy *p = compile(
		"allow:\n  - {name: a1, who: sre, may: operator, droplets: any}\n"
		"  - {name: a2, who: leads, may: viewer, droplets: {tag: prod}}\n"
		"never:\n  - {name: n1, who: everyone, unless: leads, may: everything, droplets: "
		"{tag: protected}}\n"
		"  - {name: n2, who: bob, may: \"droplet.power.*\", droplets: {tag: db}}\n");
	struct droplet prod = DROPLET("prod");
	struct droplet hard = DROPLET("prod", "protected", "db");

	(void)state;
	assert_string_equal(ask(p, "ana", "ops", "droplet.show", &prod), "allow a1,a2");
	assert_string_equal(ask(p, "bob", "ops", "droplet.show", &prod), "allow a1");
	assert_string_equal(ask(p, "chen", "ops", "droplet.show", &prod), "deny no-rule");
	assert_string_equal(ask(p, "bob", "ops", "droplet.destroy", &prod), "deny no-rule");
	assert_string_equal(ask(p, "ana", "ops", "droplet.show", &hard), "allow a1,a2");
	assert_string_equal(ask(p, "bob", "ops", "droplet.power.off", &hard), "deny n1,n2");
	assert_string_equal(ask(p, "eve", "ops", "droplet.show", &hard), "deny n1");
	assert_string_equal(ask(p, "bob", "mute", "droplet.power.off", &hard),
			    "deny ceiling.mute,n1,n2");
	assert_string_equal(ask(p, "bob", "elsewhere", "droplet.power.off", &hard),
			    "deny n1,n2,unknown.channel");
	assert_string_equal(ask(p, "bob", "ops", "droplet.power", &hard), "deny unknown.verb");
	assert_string_equal(ask(p, "bob", "elsewhere", "", &hard), "deny unknown.verb");
	policy_unref(p);
}

static void channels_only_take_away(void **state)
{
	struct policy *p =
		compile("allow:\n  - {name: a1, who: people, may: everything, droplets: any}\n"
			"  - {name: z, who: anyone in zenith, may: viewer, droplets: {tag: "
			"\"client:*\"}}\n");
	struct droplet zenith = DROPLET("client:zenith");
	struct droplet orion = DROPLET("client:orion");
	struct droplet staging = DROPLET("Staging");
	struct droplet kept = DROPLET("staging", "PROTECTED");

	(void)state;
	assert_string_equal(ask(p, "eve", "zenith", "droplet.show", &zenith), "allow z");
	assert_string_equal(ask(p, "ana", "zenith", "droplet.show", &zenith), "allow a1,z");
	assert_string_equal(ask(p, "ana", "zenith", "droplet.destroy", &zenith),
			    "deny ceiling.zenith");
	assert_string_equal(ask(p, "ana", "zenith", "droplet.show", &orion), "deny ceiling.zenith");
	assert_string_equal(ask(p, "eve", "ops", "droplet.show", &zenith), "deny no-rule");
	assert_string_equal(ask(p, "ana", "two", "droplet.show", &kept), "allow a1");
	assert_string_equal(ask(p, "ana", "two", "droplet.power.off", &staging), "allow a1");
	assert_string_equal(ask(p, "ana", "two", "droplet.power.off", &kept), "deny ceiling.two");
	assert_string_equal(ask(p, "ana", "direct", "droplet.purge", &kept), "allow a1");
	policy_unref(p);
}

/* A room that calls itself "direct" is not a one-to-one conversation. */
static void direct_is_said_by_the_adapter(void **state)
{
	struct policy *p = compile("");

	(void)state;
	assert_int_equal(
		policy_asker(p, "console", "terminal", "ana", "terminal", "direct", false).channel,
		0);
	assert_string_equal(
		policy_channel_name(&(struct policy_asker){
			p, 0,
			policy_asker(p, "console", "terminal", "ana", "terminal", "ops", true)
				.channel}),
		"dm");
	policy_unref(p);
}

static void identities_are_workspace_and_id(void **state)
{
	struct policy *p = compile("");
	struct policy_asker a = policy_asker(p, "xmpp", "acme.example", "ana@acme.example",
					     "acme.example", "ops@rooms.acme.example", false);

	(void)state;
	assert_string_equal(policy_person_name(&a), "ana");
	assert_string_equal(policy_channel_name(&a), "ops");
	a = policy_asker(p, "xmpp", "other.example", "ana@acme.example", "acme.example", "ops",
			 false);
	assert_null(policy_person_name(&a));
	assert_null(policy_channel_name(&a));
	a = policy_asker(p, "console", "acme.example", "ana", "terminal", "ANA", false);
	assert_null(policy_person_name(&a));
	a = policy_asker(p, "console", "terminal", "Ana", NULL, NULL, false);
	assert_null(policy_person_name(&a));
	assert_string_equal(policy_person_id(p, "ana", "xmpp", "acme.example"), "ana@acme.example");
	assert_null(policy_person_id(p, "bob", "xmpp", "acme.example"));
	assert_null(policy_person_id(p, "nobody", "console", "terminal"));
	assert_null(policy_person_id(p, NULL, "console", "terminal"));
	assert_int_equal(policy_person_number(p, "leads"), 0);
	assert_int_equal(policy_channel_number(p, "ops"), 1);
	policy_unref(p);
}

/* Unknown goes through except; it ends as no for allow and ceilings and as yes for never. */
static void unknown_is_the_worst_case(void **state)
{
	struct policy *p = compile(
		"allow:\n  - {name: a1, who: people, may: viewer, droplets: {tag: \"client:*\", "
		"except: {tag: sandbox}}}\n"
		"  - {name: a2, who: people, may: viewer, droplets: {region: ams3, except: {name: "
		"\"x-*\"}}}\n"
		"never:\n  - {name: n1, who: bob, may: viewer, droplets: {tag: pci, region: "
		"fra1}}\n"
		"  - {name: n2, who: chen, may: viewer, droplets: {name: \"web-*\", except: {tag: "
		"open}}}\n");
	struct droplet d = DROPLET("client:a");
	const char *show = "droplet.show";

	(void)state;
	assert_string_equal(ask(p, "ana", "ops", show, &d), "allow a1,a2");
	d.known = DROPLET_KNOWS_ALL & ~(unsigned)DROPLET_KNOWS_TAGS;
	assert_string_equal(ask(p, "ana", "ops", show, &d), "allow a2");
	assert_string_equal(ask(p, "ana", "zenith", show, &d), "deny ceiling.zenith");
	assert_string_equal(ask(p, "bob", "ops", show, &d), "allow a2"); /* region says no */
	assert_string_equal(ask(p, "chen", "ops", show, &d), "deny n2");
	d.known = DROPLET_KNOWS_NAME;
	assert_string_equal(ask(p, "ana", "ops", show, &d), "deny no-rule");
	assert_string_equal(ask(p, "bob", "ops", show, &d), "deny n1");
	d.known = DROPLET_KNOWS_REGION; /* a2's except is unknown */
	assert_string_equal(ask(p, "ana", "ops", show, &d), "deny no-rule");
	d.known = 0;
	assert_string_equal(ask(p, "bob", "two", show, &d), "deny n1");
	assert_string_equal(ask(p, "ana", "ops", show, NULL), "deny no-rule");
	assert_string_equal(ask(p, "bob", "ops", show, NULL), "deny n1");
	policy_unref(p);
}

static void verbs_about_no_droplet_fit_any_only(void **state)
{
	struct policy *p = compile(
		"allow:\n  - {name: a1, who: ana, may: region.list, droplets: any}\n"
		"  - {name: a2, who: people, may: region.list, droplets: {tag: prod}}\n"
		"never:\n  - {name: n1, who: everyone, may: everything, droplets: {tag: prod}}\n");

	(void)state;
	assert_string_equal(ask(p, "ana", "ops", "region.list", NULL), "allow a1");
	assert_string_equal(ask(p, "bob", "ops", "region.list", NULL), "deny no-rule");
	assert_string_equal(ask(p, "ana", "zenith", "region.list", NULL), "deny ceiling.zenith");
	policy_unref(p);
}

static void selectors_look_at_every_attribute(void **state)
{
	struct policy *p = compile(
		"allow:\n"
		"  - {name: a, who: ana, may: viewer, droplets: {name: \"*-1\", region: [nyc3, "
		"AMS3], "
		"size: \"s-*\", account: main}}\n"
		"  - {name: b, who: ana, may: viewer, droplets: {project: "
		"4DE7AC8B-495B-4884-9A69-1050C6793CD6}}\n"
		"  - {name: c, who: ana, may: viewer, droplets: {project: [blog, \"SH*P\"]}}\n"
		"  - {name: d, who: ana, may: viewer, droplets: {size: s-2vcpu-2gb}}\n"
		"  - {name: e, who: ana, may: viewer, droplets: {account: \"e*\"}}\n"
		"  - {name: f, who: ana, may: viewer, droplets: {name: web}}\n"
		"  - {name: g, who: ana, may: viewer, droplets: {tag: \"*\"}}\n"
		"never:\n  - {name: n, who: bob, may: viewer, droplets: {project: "
		"00000000-0000-4000-8000-000000000000}}\n");
	struct droplet d = droplet(NULL, 0);

	(void)state;
	assert_string_equal(ask(p, "ana", "ops", "droplet.show", &d), "allow a,b,c");
	d.project = NULL; /* the UUID alone: a name is not known, so it is not denied either */
	assert_string_equal(ask(p, "ana", "ops", "droplet.show", &d), "allow a,b");
	d.project = "shop";
	d.project_id = NULL; /* the name alone: whether the UUID fits is unknown */
	assert_string_equal(ask(p, "ana", "ops", "droplet.show", &d), "allow a,c");
	assert_string_equal(ask(p, "bob", "ops", "droplet.show", &d), "deny n");
	d.project = NULL; /* known to be in no project */
	assert_string_equal(ask(p, "bob", "ops", "droplet.show", &d), "deny no-rule");
	policy_unref(p);
}

/* "plod" looks like "prod" from afar, so here every letter must count. */
static void what_looks_alike_is_not_the_same(void **state)
{
	static const char *const tags[] = {"production", "plod"};
	struct policy *p = compile("allow:\n"
				   "  - {name: a, who: ana, may: viewer, droplets: {tag: prod}}\n"
				   "  - {name: b, who: ana, may: viewer, droplets: {tag: PLOD}}\n");
	struct droplet d = droplet(tags, 2);

	(void)state;
	assert_string_equal(ask(p, "ana", "ops", "droplet.show", &d), "allow b");
	policy_unref(p);
}

static void could_never_says_no_wrongly(void **state)
{
	struct policy *p = compile(
		"allow:\n  - {name: a1, who: sre, may: operator, droplets: {tag: web}}\n"
		"  - {name: z, who: anyone in zenith, may: viewer, droplets: any}\n"
		"never:\n  - {name: n1, who: bob, may: droplet.power.off, droplets: any}\n"
		"  - {name: n2, who: everyone, may: droplet.power.on, droplets: {tag: web}}\n");
	struct policy_asker bob =
		policy_asker(p, "console", "terminal", "bob", "terminal", "ops", false);
	struct policy_asker eve =
		policy_asker(p, "console", "terminal", "eve", "terminal", "zenith", false);

	(void)state;
	assert_true(policy_could(&bob, VERB_DROPLET_POWER_REBOOT, 0));
	assert_true(policy_could(&bob, VERB_DROPLET_POWER_ON, 0));
	assert_false(policy_could(&bob, VERB_DROPLET_POWER_OFF, 0));
	assert_false(policy_could(&bob, VERB_DROPLET_DESTROY, 0));
	assert_false(policy_could(&bob, VERB_NONE, 0));
	assert_true(policy_could(&eve, VERB_DROPLET_SHOW, 0));
	assert_false(policy_could(&eve, VERB_DROPLET_POWER_REBOOT, 0));
	bob.channel = policy_channel_number(p, "mute");
	assert_false(policy_could(&bob, VERB_DROPLET_SHOW, 0));
	eve.channel = 0;
	assert_false(policy_could(&eve, VERB_DROPLET_SHOW, 0));
	policy_unref(p);
}

static void tiers_and_show_come_from_the_channel(void **state)
{
	struct policy *p =
		compile("allow:\n  - {name: a, who: people, may: boss, droplets: any}\n");
	static const struct {
		const char *where;
		enum tier tier;
	} rows[] = {{"ops", TIER_DESTROY},
		    {"zenith", TIER_READ},
		    {"two", TIER_CHANGE},
		    {"mute", TIER_NONE},
		    {"unlisted", TIER_NONE}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_question q = {
			.asker = policy_asker(p, "console", "terminal", "ana", "terminal",
					      rows[i].where, false),
			.verb = VERB_DROPLET_SHOW,
		};
		struct decision decision;

		policy_decide(&q, &decision);
		assert_int_equal(decision.max_tier, rows[i].tier);
		assert_int_equal(policy_shows(&q.asker, "name"), q.asker.channel != 0);
		assert_int_equal(policy_shows(&q.asker, "ip"),
				 q.asker.channel != 0 && strcmp(rows[i].where, "zenith") != 0);
	}
	policy_unref(p);
}

static void a_zeroed_question_is_denied(void **state)
{
	struct policy_question q = {0};
	struct policy_asker wild = {NULL, 7, 7};
	struct policy *p =
		compile("allow:\n  - {name: a, who: people, may: boss, droplets: any}\n");
	struct decision decision;

	(void)state;
	policy_decide(&q, &decision);
	assert_int_equal(decision.verdict, DENY);
	assert_int_equal(decision.n_rules, 1);
	q.asker.policy = p;
	q.verb = (enum verb)4096;
	policy_decide(&q, &decision);
	assert_int_equal(decision.verdict, DENY);
	q.verb = VERB_DROPLET_SHOW;
	q.asker.person = 999; /* a number of another snapshot is nobody */
	q.asker.channel = 999;
	policy_decide(&q, &decision);
	assert_int_equal(decision.verdict, DENY);
	assert_false(policy_could(&wild, VERB_DROPLET_SHOW, 0));
	assert_false(policy_shows(&wild, "name"));
	policy_unref(p);
}

/* More lines than a decision keeps: all are counted. */
static void many_reasons_are_counted(void **state)
{
	struct decision decision;
	struct policy_question q = {.verb = VERB_DROPLET_SHOW};
	struct strbuf rules;
	struct policy *p;

	(void)state;
	strbuf_init(&rules, 65536);
	(void)strbuf_adds(&rules, "allow:\n");
	for (int i = 0; i < 150; i++) {
		(void)strbuf_addf(&rules, "  - {name: a%d, who: ana, may: viewer, droplets: any}\n",
				  i);
	}
	p = compile(rules.buf);
	q.asker = policy_asker(p, "console", "terminal", "ana", "terminal", "ops", false);
	policy_decide(&q, &decision);
	assert_int_equal(decision.verdict, ALLOW);
	assert_int_equal(decision.n_rules, 150);
	assert_string_equal(decision.rules[DECISION_RULES_MAX - 1]->name, "a31");
	assert_int_equal(decision.rules[1]->line, decision.rules[0]->line + 1);
	policy_unref(p);
	strbuf_done(&rules);
}

static void what_the_file_says_beside_rules(void **state)
{
	struct policy *p = compile("settings: {state: /var/lib/s.db, log: debug}\n");
	const struct policy_account *accounts;
	const struct policy_channel *channels;

	(void)state;
	assert_int_equal(policy_accounts(p, &accounts), 2);
	assert_string_equal(accounts[0].name, "main");
	for (int tier = TIER_READ; tier <= TIER_DESTROY; tier++) {
		assert_string_equal(accounts[0].token[tier], "env:T");
	}
	assert_string_equal(accounts[1].token[TIER_CHANGE], "credential:c");
	assert_null(accounts[1].token[TIER_DESTROY]);
	assert_int_equal(policy_channels(p, &channels), 6);
	assert_string_equal(channels[0].name, "ops");
	assert_string_equal(channels[1].name, "ops");
	assert_string_equal(channels[1].network, "xmpp");
	assert_string_equal(channels[1].workspace, "acme.example");
	assert_string_equal(channels[1].channel, "ops@rooms.acme.example");
	assert_null(channels[2].channel);
	assert_string_equal(policy_setting(p, "state"), "/var/lib/s.db");
	assert_string_equal(policy_setting(p, "log"), "debug");
	assert_null(policy_setting(p, "listen"));
	assert_int_equal(strspn(policy_id(p), "0123456789abcdef"), 16);
	assert_ptr_equal(policy_ref(p), p);
	policy_unref(p);
	assert_string_equal(policy_setting(p, "log"), "debug"); /* one reference is left */
	policy_unref(p);
	policy_unref(NULL);
}

/* The id is the first 16 digits of the text's SHA-256 (FIPS 180-4), so that others can compute it. */
static void the_id_is_the_hash_of_the_text(void **state)
{
	struct policy_report report;
	struct policy *p = policy_compile("p", "version: 1\n", 11, &report);

	(void)state;
	assert_non_null(p);
	assert_string_equal(policy_id(p), "09bfcc6a14b83e21");
	policy_unref(p);
	policy_report_done(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_lists_make_a_decision),
		cmocka_unit_test(channels_only_take_away),
		cmocka_unit_test(direct_is_said_by_the_adapter),
		cmocka_unit_test(identities_are_workspace_and_id),
		cmocka_unit_test(unknown_is_the_worst_case),
		cmocka_unit_test(verbs_about_no_droplet_fit_any_only),
		cmocka_unit_test(selectors_look_at_every_attribute),
		cmocka_unit_test(what_looks_alike_is_not_the_same),
		cmocka_unit_test(could_never_says_no_wrongly),
		cmocka_unit_test(tiers_and_show_come_from_the_channel),
		cmocka_unit_test(a_zeroed_question_is_denied),
		cmocka_unit_test(many_reasons_are_counted),
		cmocka_unit_test(what_the_file_says_beside_rules),
		cmocka_unit_test(the_id_is_the_hash_of_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
