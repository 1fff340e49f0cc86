/* test_policy_diff.c - diff counts exactly what asking every question one by one counts, and says it in words */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "policy/diff.h"
#include "policy/snapshot.h"

static uint64_t seed = 11;

static unsigned random_below(unsigned n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(seed >> 33) % n;
}

static const char *one_of(const char *const *words)
{
	unsigned n = 0;

	while (words[n] != NULL) {
		n++;
	}
	return words[random_below(n)];
}

static const char *const whos[] = {"ana", "[ana, bob]", "people", "crew", "dora", NULL};
static const char *const mays[] = {"droplet.show",  "\"droplet.power.*\"",
				   "everything",    "[tag.add, droplet.destroy]",
				   "policy.reload", NULL};
static const char *const droplets[] = {"any",
				       "{tag: prod}",
				       "{tag: [staging, \"dev-*\"], except: {tag: protected}}",
				       "{region: ams3}",
				       "{project: shop, tag: \"*\"}",
				       "{name: \"web-*\"}",
				       "{size: s-1}",
				       NULL};

static struct policy *compile(const char *text)
{
	struct policy_report report;
	struct policy *policy = policy_compile("x", text, strlen(text), &report);

	if (policy == NULL) {
		fail_msg("%s: %s", report.findings[0].text, text);
	}
	policy_report_done(&report);
	return policy;
}

static struct policy *random_policy(void)
{
	struct strbuf s;
	struct policy *policy;

	strbuf_init(&s, 10000);
	(void)strbuf_adds(&s, "version: 1\nworkspaces: {t: {console: x}}\npeople:\n  ana: {t: a}\n"
			      "  bob: {t: b}\n");
	(void)strbuf_adds(&s, random_below(3) > 0 ? "  dora: {t: d}\n" : "  dora: {t: d2}\n");
	(void)strbuf_adds(&s, random_below(2) > 0 ? "  eve: {t: e}\n" : "");
	(void)strbuf_addf(&s, "groups: {crew: [%s]}\nchannels:\n",
			  random_below(2) > 0 ? "bob" : "dora");
	for (unsigned i = 0; i < 3; i++) {
		if (i == 0 || random_below(4) > 0) {
			(void)strbuf_addf(&s, "  c%u: {at: t/c%u, may: %s, droplets: %s}\n", i, i,
					  one_of(mays), one_of(droplets));
		}
	}
	(void)strbuf_adds(&s, "allow:\n");
	for (unsigned i = 0, n = 1 + random_below(5); i < n; i++) {
		(void)strbuf_addf(&s, "  - {name: a%u, who: %s, may: %s, droplets: %s}\n", i,
				  one_of(whos), one_of(mays), one_of(droplets));
	}
	(void)strbuf_adds(&s, random_below(2) > 0 ? "  - {name: whoever, who: anyone in c0, may: "
						    "droplet.show, droplets: {tag: prod}}\n"
						  : "");
	(void)strbuf_adds(&s, "never:\n");
	for (unsigned i = 0, n = 1 + random_below(3); i < n; i++) {
		(void)strbuf_addf(&s,
				  "  - {name: n%u, who: %s, unless: %s, may: %s, droplets: %s}\n",
				  i, random_below(2) > 0 ? "everyone" : one_of(whos), one_of(whos),
				  one_of(mays), one_of(droplets));
	}
	policy = compile(s.buf);
	strbuf_done(&s);
	return policy;
}

static const char *const tags_a[] = {"prod"};
static const char *const tags_b[] = {"staging", "protected"};
static const char *const tags_c[] = {"dev-1", "Prod"};
static const struct droplet inventory[] = {
	{.id = 1,
	 .name = "web-1",
	 .tags = tags_a,
	 .n_tags = 1,
	 .region = "ams3",
	 .size = "s-1",
	 .project = "shop",
	 .known = DROPLET_KNOWS_ALL},
	{.id = 2,
	 .name = "db-1",
	 .tags = tags_b,
	 .n_tags = 2,
	 .region = "fra1",
	 .size = "s-2",
	 .project = "blog",
	 .known = DROPLET_KNOWS_ALL},
	{.id = 3,
	 .name = "x",
	 .tags = tags_c,
	 .n_tags = 2,
	 .region = "ams3",
	 .known = DROPLET_KNOWS_NAME | DROPLET_KNOWS_TAGS | DROPLET_KNOWS_REGION},
	{.id = 4,
	 .name = "web-2",
	 .region = "ams3",
	 .known = DROPLET_KNOWS_NAME | DROPLET_KNOWS_TAGS},
	{.id = 5, .name = "?", .known = DROPLET_KNOWS_NAME},
};
#define N_INVENTORY (sizeof(inventory) / sizeof(inventory[0]))

static bool allowed(const struct policy *p, const char *person, const char *channel, enum verb verb,
		    const struct droplet *droplet)
{
	struct policy_question q = {.asker = {p,
					      person != NULL ? policy_person_number(p, person) : 0,
					      policy_channel_number(p, channel)},
				    .verb = verb,
				    .droplet = droplet};
	struct decision decision;

	policy_decide(&q, &decision);
	return decision.verdict == ALLOW;
}

/* Every question, one by one. */
static void walk(const struct policy *old, const struct policy *new, uint64_t *ret_gained,
		 uint64_t *ret_lost)
{
	static const char *const people[] = {NULL, "ana", "bob", "dora", "eve"};
	static const char *const channels[] = {"c0", "c1", "c2"};

	for (size_t i = 0; i < 5; i++) {
		for (size_t c = 0; c < 3; c++) {
			for (int v = VERB_NONE + 1; v < VERB_COUNT; v++) {
				bool about = verb_info((enum verb)v)->about_droplet;

				if (people[i] != NULL &&
				    policy_person_number(old, people[i]) == 0 &&
				    policy_person_number(new, people[i]) == 0) {
					continue;
				}
				for (size_t d = 0; d < (about ? N_INVENTORY : 1); d++) {
					const struct droplet *droplet =
						about ? &inventory[d] : NULL;
					bool was = allowed(old, people[i], channels[c],
							   (enum verb)v, droplet);
					bool is = allowed(new, people[i], channels[c], (enum verb)v,
							  droplet);

					*ret_gained += !was && is;
					*ret_lost += was && !is;
				}
			}
		}
	}
}

static void diff_is_the_walk_over_everything(void **state)
{
	uint64_t gains = 0;
	uint64_t losses = 0;

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		const struct policy_diff_over over = {inventory, N_INVENTORY, false};
		const struct policy_diff_over witnesses = {.inventory = NULL};
		struct policy *old = random_policy();
		struct policy *new = random_policy();
		uint64_t gained = 0;
		uint64_t lost = 0;
		struct policy_diff diff;
		struct strbuf out;

		strbuf_init(&out, (size_t)1 << 20);
		walk(old, new, &gained, &lost);
		policy_diff(old, new, &over, &out, &diff);
		assert_int_equal(diff.cases_gained, gained);
		assert_int_equal(diff.cases_lost, lost);
		/* what is found on real droplets with known attributes is found on witnesses */
		if (round < 40) {
			policy_diff(old, old, &witnesses, &out, &diff);
			assert_int_equal(diff.gains + diff.losses, 0);
			policy_diff(old, new, &witnesses, &out, &diff);
			assert_true(diff.proven);
			assert_false(out.full);
			assert_true(diff.cases_gained > 0 || gained == 0);
			assert_true(diff.cases_lost > 0 || lost == 0);
		}
		gains += gained;
		losses += lost;
		strbuf_done(&out);
		policy_unref(old);
		policy_unref(new);
	}
	assert_true(gains > 1000);
	assert_true(losses > 1000);
}

#define TOP                                                                               \
	"version: 1\nworkspaces: {t: {console: x}}\npeople: {ana: {t: a}, bob: {t: b}}\n" \
	"channels: {c0: {at: t/c0, may: everything, droplets: any, show: [name]}}\n"
#define LINE "  - {name: ana-looks, who: ana, may: droplet.show, droplets: {tag: prod}}\n"

static void says(const char *old_text, const char *new_text, bool with_inventory, const char *text)
{
	const struct policy_diff_over over = {with_inventory ? inventory : NULL, N_INVENTORY,
					      false};
	struct policy *old = compile(old_text);
	struct policy *new = compile(new_text);
	struct policy_diff diff;
	struct strbuf out;

	strbuf_init(&out, 10000);
	policy_diff(old, new, &over, &out, &diff);
	assert_string_equal(out.buf, text);
	strbuf_done(&out);
	policy_unref(old);
	policy_unref(new);
}

static void differences_are_sentences(void **state)
{
	(void)state;
	says(TOP "allow: []\n", TOP "allow:\n" LINE, true,
	     "+ ana may droplet.show on 2 droplets (web-1, x) in c0   allow ana-looks, line 6\n");
	says(TOP "allow:\n" LINE, TOP "allow: []\n", true,
	     "- ana may no longer droplet.show on 2 droplets (web-1, x) in c0   allow ana-looks, "
	     "line "
	     "6 of the old file\n");
	says(TOP "allow: []\n", TOP "allow:\n" LINE, false,
	     "+ ana may droplet.show on droplets such as one with tag prod in c0   allow "
	     "ana-looks, "
	     "line 6\n");
	says(TOP "allow:\n" LINE
		 "never:\n  - {name: stays, who: everyone, may: droplet.show, droplets: any}\n",
	     TOP "allow:\n" LINE, false,
	     "+ ana may droplet.show on droplets such as one with tag prod in c0   never stays, "
	     "line "
	     "8 "
	     "of the old file\n");
	says("version: 1\nworkspaces: {t: {console: x}}\npeople: {ana: {t: a}}\nchannels: {c0: "
	     "{at: "
	     "t/c0, may: everything, droplets: any, show: [name]}}\n",
	     "version: 1\nworkspaces: {t: {console: x}}\npeople: {ana: {t: b}}\nchannels: {c0: "
	     "{at: "
	     "[t/c0, t/d0], may: everything, droplets: any, show: [name, ip]}}\n",
	     false,
	     "+ ana is also console/x/b, with all that these lines give\n+ c0 is also "
	     "console/x/d0\n"
	     "- ana is no longer console/x/a\n+ c0 also shows ip\n");
}

/* What is heard where, and whose secrets the file stands on, are rights as well. */
static void what_is_told_is_compared(void **state)
{
	static const char people[] = "version: 1\nworkspaces: {t: {console: x}}\n";
	static const char old[] =
		"accounts: {main: {token: env:A}, gone: {token: env:G}}\n"
		"people: {ana: {t: a, code: env:C}, bob: {t: b, code: env:B}, dora: {t: d}}\n"
		"channels: {c0: {at: t/c0, may: everything, droplets: any, announce: "
		"droplet.power.on}, c1: {at: t/c1, may: everything, droplets: any}}\n"
		"settings: {ops: c0, private_reads: [c1]}\n";
	static const char new[] =
		"accounts: {main: {read: env:A, change: env:A2}, more: {token: env:M}}\n"
		"people: {ana: {t: a, code: env:C2}, bob: {t: b}, dora: {t: d, code: env:D}}\n"
		"channels: {c0: {at: t/c0, may: everything, droplets: any}, c1: {at: t/c1, may: "
		"everything, droplets: any, announce: [\"droplet.power.*\"]}}\n"
		"settings: {ops: c1, audit_mirror: c0, private_reads: [c0]}\n";
	char was[1000], is[1000];

	(void)state;
	snprintf(was, sizeof(was), "%s%s", people, old);
	snprintf(is, sizeof(is), "%s%s", people, new);
	says(was, is, true,
	     "- c0 no longer hears of droplet.power.on done to its droplets\n"
	     "- in c0 the asker alone reads the answers to reads now (private_reads)\n"
	     "+ c1 also hears of droplet.power.on, droplet.power.off, droplet.power.cycle, "
	     "droplet.power.reboot, droplet.power.shutdown done to its droplets\n"
	     "+ in c1 everybody reads the answers to reads now, not the asker alone "
	     "(private_reads)\n"
	     "+ c1 also reads who gains and loses what, and what failed (ops)\n"
	     "- c0 no longer reads who gains and loses what, and what failed (ops)\n"
	     "+ c0 also reads the heads of the audit log (audit_mirror)\n"
	     "+ ana gives codes of another secret now\n"
	     "- bob has no codes any more\n"
	     "+ dora gives codes of another secret now\n"
	     "+ account main has another token to change now\n"
	     "- account main has no token to destroy now\n"
	     "+ account more is new, with all its droplets\n"
	     "- account gone is gone, with all its droplets\n");
	says(is, is, true, "");
}

#define HOURS \
	"hours: {office: {days: mon-fri, from: \"09:00\", to: \"18:00\", zone: Europe/Madrid}}\n"

/* A line that holds at some times only is compared at its strongest and at its weakest. */
static void time_is_said(void **state)
{
	static const char windowed[] = TOP HOURS
		"allow:\n  - {name: ana-looks, who: ana, may: droplet.show, droplets: {tag: prod}, "
		"during: office}\n";

	(void)state;
	says(TOP HOURS "allow:\n" LINE, windowed, true,
	     "- ana may no longer droplet.show on 2 droplets (web-1, x) in c0 outside office   "
	     "allow "
	     "ana-looks, line 7 of the old file\n");
	says(TOP HOURS "allow: []\n", windowed, true,
	     "+ ana may droplet.show on 2 droplets (web-1, x) in c0 during office   allow "
	     "ana-looks, "
	     "line 7\n");
	says(windowed, windowed, true, "");
	says(TOP HOURS "allow:\n" LINE,
	     TOP HOURS
	     "allow:\n" LINE
	     "require:\n  - {name: twice, may: droplet.show, droplets: any, confirm: self}\n",
	     true,
	     "- ana may droplet.show on 2 droplets (web-1, x) in c0   only with a confirmation "
	     "now; require twice, line 9\n");
}

/* Steps and limits by what they come to, and who may approve. */
static void steps_are_compared(void **state)
{
#define GROUP(members) TOP "groups: {sre: [" members "]}\nallow:\n" LINE
#define ASKS(what) \
	"require:\n  - {name: asks, may: droplet.show, droplets: {tag: prod}, " what "}\n"
#define LIMITS(what) "limits:\n  - {name: calm, may: droplet.show, " what "}\n"
#define HERE "ana may droplet.show on 2 droplets (web-1, x) in c0   "

	(void)state;
	says(GROUP("bob") ASKS("approvals: 1, from: sre, within: 10m"), GROUP("bob"), true,
	     "+ " HERE "without approval by sre within 10m now; require asks, line 9 of the old "
	     "file\n");
	says(GROUP("bob"), GROUP("bob") ASKS("reason: yes"), true,
	     "- " HERE "only with a reason now; require asks, line 9\n");
	/* another name for the same is no difference */
	says(GROUP("bob") ASKS("confirm: self"),
	     GROUP("bob") "require:\n  - {name: other, may: everything, droplets: any, confirm: "
			  "self}\n",
	     true, "");
	says(GROUP("bob, ana") ASKS("approvals: 1, from: people, within: 10m"),
	     GROUP("bob, ana") ASKS("approvals: 1, from: people, within: 1h"), true,
	     "+ " HERE "with approval by people within 1h instead of approval by people within "
	     "10m now; require asks, line 9\n");
	says(GROUP("bob") ASKS("approvals: 1, from: sre, within: 10m"),
	     GROUP("bob, ana") ASKS("approvals: 1, from: sre, within: 10m"), true,
	     "+ ana may approve where sre is asked   require asks, line 9\n");
	says(GROUP("bob, ana") ASKS("approvals: 1, from: sre, within: 10m"),
	     GROUP("bob") ASKS("approvals: 1, from: sre, within: 10m"), true,
	     "- ana may no longer approve where sre is asked   require asks, line 9 of the old "
	     "file\n");
	says(GROUP("bob") LIMITS("per: person, at_most: 5, within: 10m"),
	     GROUP("bob") LIMITS("per: person, at_most: 9, within: 10m"), true,
	     "+ " HERE "with the limit of 9 in 10m a person instead of the limit of 5 in 10m a "
	     "person now; limits calm, line 9\n");
	/* neither is the tighter one: both are said */
	says(GROUP("bob") LIMITS("per: person, at_most: 5, within: 10m"),
	     GROUP("bob") LIMITS("per: person, at_most: 20, within: 1h"), true,
	     "+ " HERE "with the limit of 20 in 1h a person instead of the limit of 5 in 10m a "
	     "person now; limits calm, line 9\n"
	     "- " HERE "only with the limit of 20 in 1h a person instead of the limit of 5 in 10m "
	     "a person now; limits calm, line 9\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(differences_are_sentences),
		cmocka_unit_test(what_is_told_is_compared),
		cmocka_unit_test(time_is_said),
		cmocka_unit_test(steps_are_compared),
		cmocka_unit_test(diff_is_the_walk_over_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
