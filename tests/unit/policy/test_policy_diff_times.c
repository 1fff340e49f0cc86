/* test_policy_diff_times.c - diff finds a gain exactly where asking every question at every hour finds one
 *
 * Random pairs of policies that differ in one line or one definition: hours, turns, covers, turns taken, a network's group,
 * steps and limits. All that changes does so at multiples of six hours and comes around in three weeks, so that asking each
 * six hours is asking always. The seed is printed; SLUICE_SEED=N runs one again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/diff.h"
#include "policy/snapshot.h"
#include "random_words.h"

#define ROUNDS 80
#define LINES 12
#define SIX_HOURS_MS (6 * HOUR_MS)
#define START_MS 1766880000000 /* 2025-12-28, 00:00 UTC: a week before the turns begin */
#define TIMES 126 /* a month: turns and weeks come around, and what is named once is over */

struct draft {
	char day[120], turn[300], ops[160];
	char lines[LINES][320]; /* 0-3 allow, 4-6 never, 7-9 require, 10-11 limits; "": none */
};

static const char *hour(void)
{
	return ONE_OF("00:00", "06:00", "12:00", "18:00");
}

static void make_day(struct draft *d)
{
	do {
		(void)snprintf(d->day, sizeof(d->day),
			       "{days: [%s], from: \"%s\", to: \"%s\", zone: UTC}",
			       ONE_OF("mon-fri", "sat", "sun, wed"), hour(),
			       ONE_OF("06:00", "12:00", "18:00", "24:00"));
	} while (strstr(d->day, "from: \"06:00\", to: \"06:00\"") != NULL ||
		 strstr(d->day, "from: \"12:00\", to: \"12:00\"") != NULL ||
		 strstr(d->day, "from: \"18:00\", to: \"18:00\"") != NULL);
}

static void make_turn(struct draft *d)
{
	(void)snprintf(d->turn, sizeof(d->turn),
		       "{rota: [%s], each: day, from: \"2026-01-05 %s\", zone: UTC%s%s}",
		       ONE_OF("ana, bob, chen", "chen, ana, bob", "bob"), hour(),
		       ONE_OF("", ", cover: [{who: chen, from: \"2026-01-07 00:00\", to: "
				  "\"2026-01-09 06:00\"}]"),
		       ONE_OF("", ", may_take: [ana, bob]", ", may_take: people"));
}

static void make_ops(struct draft *d)
{
	(void)snprintf(d->ops, sizeof(d->ops), "{at: t/ops, may: everything, droplets: any%s}",
		       ONE_OF("", "", ", during: day", ", during: [once, day]"));
}

static void make_line(struct draft *d, unsigned i)
{
	static const char *const steps[] = {"confirm: self",
					    "confirm: code",
					    "confirm: code, lasts: 15m",
					    "reason: yes",
					    "approvals: 1, from: people, within: 10m",
					    "approvals: 2, from: people, within: 10m"};
	const char *who = ONE_OF("people", "[ana, net]", "turn", "net", "[bob, turn]", "chen");
	const char *may =
		ONE_OF("[droplet.show, droplet.power.off]", "droplet.power.off", "droplet.show");
	const char *droplets = ONE_OF("any", "{tag: prod}", "{name: \"*\", except: {tag: prod}}");
	const char *unless = ONE_OF("", "", "unless: turn, ", "unless: net, ", "unless: ana, ");
	const char *during =
		ONE_OF("", "", ", during: day", ", during: once", ", during: [day, once]");
	char what[100];

	(void)snprintf(what, sizeof(what), "%s%s", i < 7 ? "" : ", ",
		       i < 7    ? ""
		       : i < 10 ? one_of(steps, 6)
				: ONE_OF("droplets_at_once: 2", "droplets_at_once: 3"));
	(void)snprintf(d->lines[i], sizeof(d->lines[i]),
		       "  - {name: l%u, who: %s, %smay: %s, droplets: %s%s%s}\n", i, who,
		       i < 4 ? "" : unless, may, droplets, during, what);
	if (i > 0 && pick(3) == 0) {
		d->lines[i][0] = '\0';
	}
}

static struct policy *compile(const struct draft *d)
{
	static const char *const heads[LINES] = {
		[0] = "allow:\n", [4] = "never:\n", [7] = "require:\n", [10] = "limits:\n"};
	static const unsigned ends[LINES] = {[0] = 4, [4] = 7, [7] = 10, [10] = 12};
	struct policy_report report;
	struct policy *policy;
	struct strbuf s;

	strbuf_init(&s, 20000);
	(void)strbuf_addf(
		&s,
		"version: 1\nworkspaces: {t: {console: x}, s: {slack: T01}}\n"
		"people:\n  ana: {t: a, code: \"env:A\"}\n  bob: {t: b, code: \"env:B\"}\n"
		"  chen: {t: c, code: \"env:C\"}\ngroups: {net: {slack-group: s/S01}}\n"
		"hours:\n  day: %s\n"
		"  once: {from: \"2026-01-14 12:00\", to: \"2026-01-27 06:00\", zone: UTC}\n"
		"oncall: {turn: %s}\nchannels: {ops: %s}\n",
		d->day, d->turn, d->ops);
	for (unsigned i = 0; i < LINES; i++) {
		bool any = false;

		for (unsigned k = i; heads[i] != NULL && k < ends[i]; k++) {
			any = any || d->lines[k][0] != '\0';
		}
		(void)strbuf_addf(&s, "%s%s", any ? heads[i] : "", d->lines[i]);
	}
	policy = policy_compile("x", s.buf, s.len, &report);
	/* a code that nobody could give is refused: another draft then */
	if (policy == NULL && strcmp(report.findings[0].code, "E057") != 0) {
		fail_msg("%s: %s", report.findings[0].text, s.buf);
	}
	policy_report_done(&report);
	strbuf_done(&s);
	return policy;
}

static const struct droplet droplets[] = {
	{.id = 1,
	 .name = "a",
	 .tags = (const char *const[]){"prod"},
	 .n_tags = 1,
	 .known = DROPLET_KNOWS_ALL},
	{.id = 2, .name = "b", .known = DROPLET_KNOWS_ALL},
};

/* One case: who, what, on which, and in which state of the world. */
struct state {
	unsigned person, droplet, in_net; /* in_net: 0 no, 1 yes, 2 not known */
	enum verb verb;
	bool taken;
	int64_t at_ms;
};

static struct decision decide(const struct policy *p, const struct state *s)
{
	static const char *const names[] = {"stranger", "ana", "bob", "chen"};
	static const char *const net = "net";
	struct policy_taken taken = {"turn", names[s->person], 0, INT64_MAX};
	struct policy_question q = {
		.asker = {p, policy_person_number(p, names[s->person]),
			  policy_channel_number(p, "ops")},
		.verb = s->verb,
		.droplet = &droplets[s->droplet],
		.at_ms = s->at_ms,
		.n_targets = 1,
		.groups_known = s->in_net != 2,
		.groups = &net,
		.n_groups = s->in_net == 1,
		.counts_known = true,
		.cost_known = true,
		.taken = &taken,
		.n_taken = s->taken,
	};
	struct decision d;

	policy_decide(&q, &d);
	return d;
}

struct asked {
	unsigned confirm, reason, at_once;
	int64_t lasts_ms;
	unsigned approvals[3]; /* lines that want one, two */
};

static struct asked asked(const struct decision *d)
{
	struct asked a = {.at_once = ~0U};

	for (size_t i = 0; i < d->n_duties; i++) {
		const struct duty *duty = &d->duties[i];

		a.reason += duty->kind == DUTY_REASON;
		if (duty->kind == DUTY_APPROVALS) {
			a.approvals[duty->n]++;
		} else if (duty->kind != DUTY_REASON) {
			a.confirm = duty->kind == DUTY_CODE ? 2 : 1;
			a.lasts_ms = duty->lasts_ms;
		}
	}
	for (size_t i = 0; i < d->n_limits; i++) {
		a.at_once = d->limits[i]->droplets_at_once < a.at_once
				    ? d->limits[i]->droplets_at_once
				    : a.at_once;
	}
	return a;
}

/* Is less asked by `b` than by `a`? */
static bool looser(const struct asked *a, const struct asked *b, bool changes)
{
	return b->confirm < a->confirm || (b->confirm == a->confirm && b->lasts_ms > a->lasts_ms) ||
	       b->reason < a->reason || (changes && b->at_once > a->at_once) ||
	       b->approvals[2] < a->approvals[2] ||
	       b->approvals[1] + b->approvals[2] < a->approvals[1] + a->approvals[2];
}

struct found {
	unsigned gains, losses, looser, tighter;
};

static void try_state(const struct policy *old, const struct policy *new, const struct state *s,
		      struct found *found)
{
	struct decision was = decide(old, s);
	struct decision is = decide(new, s);
	bool changes = verb_info(s->verb)->effect != EFFECT_READ;

	found->gains += is.verdict > was.verdict;
	found->losses += is.verdict < was.verdict;
	if (was.verdict == ALLOW && is.verdict == ALLOW) {
		struct asked before = asked(&was);
		struct asked after = asked(&is);

		found->looser += looser(&before, &after, changes);
		found->tighter += looser(&after, &before, changes);
	}
}

static struct found walk(const struct policy *old, const struct policy *new)
{
	static const enum verb verbs[] = {VERB_DROPLET_SHOW, VERB_DROPLET_POWER_OFF};
	struct found found = {0};
	struct state s;

	for (unsigned t = 0; t < TIMES; t++) {
		for (unsigned i = 0; i < 4U * 2 * 3 * 2 * 2; i++) {
			s = (struct state){
				.person = i % 4,
				.droplet = i / 4 % 2,
				.in_net = i / 8 % 3,
				.taken = i / 24 % 2 != 0,
				.verb = verbs[i / 48 % 2],
				.at_ms = START_MS - SIX_HOURS_MS + t * SIX_HOURS_MS,
			};
			/* of a group of which nothing is known nobody has taken a turn: diff looks at these apart */
			if (s.in_net != 2 || !s.taken) {
				try_state(old, new, &s, &found);
			}
		}
	}
	return found;
}

static void hold(const struct policy *old, const struct policy *new, unsigned *counts)
{
	const struct policy_diff_over over = {droplets, 2, false};
	struct found found = walk(old, new);
	struct policy_diff diff;
	struct strbuf out;

	strbuf_init(&out, (size_t)1 << 20);
	policy_diff(old, new, &over, &out, &diff);
	if ((diff.cases_gained > 0) != (found.gains > 0) ||
	    (diff.cases_lost > 0) != (found.losses > 0) ||
	    (diff.gains > 0) != (found.gains + found.looser > 0) ||
	    (diff.losses > 0) != (found.losses + found.tighter > 0)) {
		fail_msg("asked one by one: %u gained, %u lost, %u looser, %u tighter; diff "
			 "says\n%s%s\n%s",
			 found.gains, found.losses, found.looser, found.tighter, out.buf,
			 old->source, new->source);
	}
	assert_true(diff.proven);
	counts[0] += found.gains > 0;
	counts[1] += found.losses > 0;
	counts[2] += found.looser > 0;
	counts[3] += diff.gains + diff.losses == 0;
	strbuf_done(&out);
}

static void diff_is_the_walk_over_all_times(void **state)
{
	const char *given = getenv("SLUICE_SEED");
	unsigned counts[4] = {0};

	(void)state;
	random_state = (given != NULL ? strtoull(given, NULL, 10) : 20260113) | 1;
	printf("seed %llu\n", (unsigned long long)random_state);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct draft d;
		struct policy *old;
		struct policy *new;
		unsigned what = pick(LINES + 3);

		make_day(&d);
		make_turn(&d);
		make_ops(&d);
		for (unsigned i = 0; i < LINES; i++) {
			make_line(&d, i);
		}
		old = compile(&d);
		if (what < LINES) {
			make_line(&d, what);
		} else if (what == LINES) {
			make_day(&d);
		} else if (what == LINES + 1) {
			make_turn(&d);
		} else {
			make_ops(&d);
		}
		new = compile(&d);
		if (old != NULL && new != NULL) {
			hold(old, new, counts);
		}
		policy_unref(old);
		policy_unref(new);
	}
	printf("with gains %u, losses %u, looser %u; no difference %u\n", counts[0], counts[1],
	       counts[2], counts[3]);
	assert_true(counts[0] > 5 && counts[1] > 5 && counts[2] > 2 && counts[3] > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(diff_is_the_walk_over_all_times)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
