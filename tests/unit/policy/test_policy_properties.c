/* test_policy_properties.c - laws that hold for every policy, tried on random ones
 *
 * A line added to `never`, `require` or `limits` never widens; the order of lines never matters; a ceiling never grants; what is not known never
 * widens; decide, explain and the batch say the same. The seed is printed; SLUICE_SEED=N runs one again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "cli/question.h"
#include "policy/decide.h"
#include "policy/diff.h"
#include "policy/explain.h"

#define POLICIES 60
#define QUESTIONS 400
#define PEOPLE 6
#define GROUPS 5
#define ROLES 4
#define CHANNELS 4
#define LINES_MAX 12

static uint64_t random_state;

static unsigned pick(unsigned below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)((random_state >> 11) % below);
}

static const char *one_of(const char *const *words, size_t n)
{
	return words[pick((unsigned)n)];
}
#define ONE_OF(...)                                \
	one_of((const char *const[]){__VA_ARGS__}, \
	       sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* Sections as lists of lines, so that they can be put in another order. */
struct section {
	const char *head;
	const char *lines[LINES_MAX];
	size_t n;
};

struct draft {
	struct arena arena;
	struct section people, groups, roles, channels, allow, never, require, limits;
};

static void add(struct section *section, const char *line)
{
	section->lines[section->n++] = line;
}

static const char *entries(struct draft *d)
{
	const char *key = ONE_OF("tag", "name", "region", "project");
	const char *a = strcmp(key, "tag") == 0      ? ONE_OF("prod", "web", "\"d*\"", "db", "X-*")
			: strcmp(key, "name") == 0   ? ONE_OF("web-1", "\"*-1\"", "\"db-*\"")
			: strcmp(key, "region") == 0 ? ONE_OF("ams3", "fra1")
						     : ONE_OF("shop", "blog");

	return arena_printf(&d->arena, "%s: [%s, %s]", key, a, pick(2) ? a : "zzz");
}

static const char *selector(struct draft *d)
{
	const char *one = entries(d);
	const char *two = entries(d);

	if (pick(3) == 0) {
		return "any";
	}
	if (strncmp(one, two, 3) == 0) {
		two = NULL;
	}
	return arena_printf(&d->arena, "{%s%s%s%s%s%s}", one, two != NULL ? ", " : "",
			    two != NULL ? two : "", pick(2) ? ", except: {" : ", except: {",
			    entries(d), "}");
}

static const char *verbs(struct draft *d)
{
	return arena_printf(&d->arena, "[%s, %s]",
			    ONE_OF("r0", "r1", "r2", "r3", "everything", "\"droplet.power.*\""),
			    ONE_OF("droplet.show", "droplet.destroy", "region.list", "tag.add",
				   "\"snapshot.*\""));
}

/* No hours, no turns, no groups of a network. */
static bool timeless;

static const char *who(struct draft *d)
{
	return arena_printf(&d->arena, "[%s, %s]",
			    timeless
				    ? ONE_OF("g0", "g1", "g2", "g3", "g4")
				    : ONE_OF("g0", "g1", "g2", "g3", "g4", "people", "turn", "net"),
			    ONE_OF("u0", "u1", "u2", "u3", "u4", "u5"));
}

static const char *during(void)
{
	return timeless ? ""
			: ONE_OF("", "", ", during: day", ", during: night",
				 ", during: [day, once]");
}

static const char *step(void)
{
	return ONE_OF("confirm: self", "confirm: code", "reason: yes", "confirm: code, lasts: 5m",
		      "approvals: 1, from: people, within: 5m");
}

static const char *limit(void)
{
	return ONE_OF("droplets_at_once: 2", "per: person, at_most: 3, within: 5m",
		      "per: channel, at_most: 1, within: 1h", "droplets_at_once: 9");
}

static const char *narrowing(struct draft *d, const char *name, const char *what)
{
	return arena_printf(&d->arena, "  - {name: %s, who: %s, may: %s, droplets: %s%s, %s}", name,
			    pick(2) ? "everyone" : who(d), verbs(d), selector(d), during(), what);
}

static void add_rules(struct draft *d)
{
	for (int i = 0; i < 3; i++) {
		add(&d->require, narrowing(d, arena_printf(&d->arena, "q%d", i), step()));
	}
	if (pick(2)) {
		add(&d->limits, narrowing(d, "l0", limit()));
	}
	for (int i = 0; i < 8; i++) {
		add(&d->allow,
		    arena_printf(&d->arena, "  - {name: a%d, who: %s, may: %s, droplets: %s%s}", i,
				 who(d), verbs(d), selector(d), during()));
	}
	for (int i = 0; i < 2; i++) {
		add(&d->allow,
		    arena_printf(&d->arena,
				 "  - {name: z%d, who: anyone in c%u, may: [droplet.show, "
				 "region.list], droplets: %s}",
				 i, pick(CHANNELS), selector(d)));
	}
	for (int i = 0; i < 5; i++) {
		const char *unless = pick(2) ? arena_printf(&d->arena, "unless: %s, ", who(d)) : "";

		add(&d->never,
		    arena_printf(&d->arena, "  - {name: n%d, who: %s, %smay: %s, droplets: %s%s}",
				 i, pick(2) ? "everyone" : who(d), unless, verbs(d), selector(d),
				 during()));
	}
}

static void make(struct draft *d)
{
	memset(d, 0, sizeof(*d));
	d->people.head = "people:";
	d->groups.head = "groups:";
	d->roles.head = "roles:";
	d->channels.head = "channels:";
	d->allow.head = "allow:";
	d->never.head = "never:";
	d->require.head = "require:";
	d->limits.head = "limits:";
	for (int i = 0; i < PEOPLE; i++) {
		add(&d->people, arena_printf(&d->arena, "  u%d: {t: u%d, code: \"env:C\"}", i, i));
	}
	for (int i = 0; i < GROUPS; i++) {
		add(&d->groups,
		    arena_printf(&d->arena, "  g%d: [u%u%s%s]", i, pick(PEOPLE), i > 0 ? ", g" : "",
				 i > 0 ? arena_printf(&d->arena, "%u", pick((unsigned)i)) : ""));
	}
	add(&d->groups, "  net: {slack-group: s/S01}");
	for (int i = 0; i < ROLES; i++) {
		const char *inner =
			arena_printf(&d->arena, "includes: r%u, ", pick((unsigned)i + 1));

		add(&d->roles,
		    arena_printf(&d->arena, "  r%d: {%smay: [%s, %s]}", i,
				 i > 0 && strstr(inner, arena_printf(&d->arena, "r%d,", i)) == NULL
					 ? inner
					 : "",
				 ONE_OF("droplet.show", "droplet.list", "\"droplet.*\""),
				 ONE_OF("volume.attach", "\"ip.*\"", "region.list")));
	}
	for (int i = 0; i < CHANNELS; i++) {
		add(&d->channels,
		    arena_printf(&d->arena,
				 "  c%d: {at: t/c%d, ceiling: [{may: %s, droplets: %s}, {may: %s, "
				 "droplets: %s}]}",
				 i, i, i == 0 ? "everything" : verbs(d),
				 i == 0 ? "any" : selector(d), verbs(d), selector(d)));
	}
	add_rules(d);
}

static void shuffle(struct section *s)
{
	for (size_t i = s->n; i > 1; i--) {
		size_t k = pick((unsigned)i);
		const char *line = s->lines[i - 1];

		s->lines[i - 1] = s->lines[k];
		s->lines[k] = line;
	}
}

static void write_section(struct strbuf *out, const struct section *s)
{
	if (s->n > 0) {
		(void)strbuf_addf(out, "%s\n", s->head);
	}
	for (size_t i = 0; i < s->n; i++) {
		(void)strbuf_addf(out, "%s\n", s->lines[i]);
	}
}

static void write_text(const struct draft *d, bool backwards, struct strbuf *text)
{
	const struct section *all[] = {&d->people, &d->groups, &d->roles,   &d->channels,
				       &d->allow,  &d->never,  &d->require, &d->limits};

	strbuf_init(text, 65536);
	(void)strbuf_adds(
		text, "version: 1\nworkspaces: {t: {console: t}, s: {slack: T01}}\nhours:\n"
		      "  day: {days: mon-fri, from: \"09:00\", to: \"18:00\", zone: UTC}\n"
		      "  night: {days: [fri, sun], from: \"20:00\", to: \"07:30\", zone: UTC}\n"
		      "  once: {from: \"2026-01-10 00:00\", to: \"2026-01-12 00:00\", zone: UTC}\n"
		      "oncall: {turn: {rota: [u0, u1, u2], each: day, from: \"2026-01-05 08:00\", "
		      "zone: UTC}}\n");
	for (size_t i = 0; i < 8; i++) {
		write_section(text, all[backwards ? 7 - i : i]);
	}
}

static struct policy *compile(const struct draft *d, bool backwards)
{
	struct policy_report report;
	struct policy *policy;
	struct strbuf text;

	write_text(d, backwards, &text);
	policy = policy_compile("random", text.buf, text.len, &report);
	if (policy == NULL) {
		fail_msg("%s\n%s", report.findings[0].text, text.buf);
	}
	policy_report_done(&report);
	strbuf_done(&text);
	return policy;
}

/* A question in words, so that it can be put to several policies. */
struct words {
	char user[8], channel[8];
	enum verb verb;
	struct droplet droplet;
	const char *tags[3];
	bool none;
	int64_t at_ms;
	unsigned n_targets, in_net; /* 0: known not to be, 1: known to be, 2: not known */
	struct policy_count counts[2];
	bool counts_known;
};

static void make_question(struct words *q)
{
	memset(q, 0, sizeof(*q));
	(void)snprintf(q->user, sizeof(q->user), "u%u", pick(PEOPLE + 1));
	(void)snprintf(q->channel, sizeof(q->channel), "c%u", pick(CHANNELS + 1));
	q->verb = (enum verb)pick(VERB_COUNT);
	for (size_t i = 0; i < 3; i++) {
		q->tags[i] = ONE_OF("prod", "WEB", "db", "dev", "x-1", "none");
	}
	q->droplet = (struct droplet){
		.tags = q->tags,
		.n_tags = pick(4),
		.name = ONE_OF("web-1", "db-1", "DB-2", "x"),
		.region = ONE_OF("ams3", "fra1", "nyc3"),
		.project = ONE_OF("shop", "blog", "rest"),
		.known = DROPLET_KNOWS_ALL,
	};
	q->none = pick(10) == 0;
	q->at_ms = 1767571200000 + (int64_t)pick(14 * 24 * 4) * 900 * 1000;
	q->n_targets = pick(5);
	q->in_net = pick(3);
	q->counts[0] = (struct policy_count){.limit = "l0", .n = pick(4)};
	q->counts[1] = (struct policy_count){.limit = "more", .n = pick(4)};
	q->counts_known = pick(8) != 0;
}

static struct decision decide(const struct policy *policy, const struct words *q, unsigned known)
{
	struct droplet droplet = q->droplet;
	static const char *const net = "net";
	struct decision decision;
	struct policy_question question = {
		.asker = policy_asker(policy, "console", "t", q->user, "t", q->channel, false),
		.verb = q->verb,
		.droplet = q->none ? NULL : &droplet,
		.at_ms = q->at_ms,
		.n_targets = q->n_targets,
		.groups_known = q->in_net != 2,
		.groups = &net,
		.n_groups = q->in_net == 1,
		.counts = q->counts,
		.n_counts = q->counts_known ? 2 : 0,
	};

	droplet.tags = q->tags;
	droplet.known = known;
	policy_decide(&question, &decision);
	assert_true(decision.n_rules > 0 && decision.n_rules <= DECISION_RULES_MAX);
	if (decision.verdict == ALLOW) {
		assert_true(policy_could(&question.asker, q->verb, q->at_ms));
	}
	return decision;
}

static bool allowed(const struct policy *policy, const struct words *q)
{
	return decide(policy, q, DROPLET_KNOWS_ALL).verdict == ALLOW;
}

static bool speaks(const struct decision *d, const char *name)
{
	for (size_t i = 0; i < d->n_rules; i++) {
		if (strcmp(d->rules[i]->name, name) == 0) {
			return true;
		}
	}
	return false;
}

/* A code stands for the confirmation too. */
static bool asks_for(const struct decision *d, enum duty_kind kind)
{
	for (size_t i = 0; i < d->n_duties; i++) {
		if (d->duties[i].kind == kind ||
		    (kind == DUTY_CONFIRM && d->duties[i].kind == DUTY_CODE)) {
			return true;
		}
	}
	return false;
}

static void assert_same(const struct decision *a, const struct decision *b)
{
	assert_int_equal(a->verdict, b->verdict);
	assert_int_equal(a->n_rules, b->n_rules);
	assert_int_equal(a->max_tier, b->max_tier);
	assert_int_equal(a->n_duties, b->n_duties);
	for (size_t i = 0; i < a->n_duties; i++) {
		assert_true(asks_for(b, a->duties[i].kind));
	}
	for (size_t i = 0; i < a->n_rules; i++) {
		assert_true(speaks(b, a->rules[i]->name));
	}
}

static void seed(const char *what)
{
	const char *given = getenv("SLUICE_SEED");

	random_state = given != NULL ? strtoull(given, NULL, 10) : 20260113;
	random_state |= 1;
	printf("%s: seed %llu\n", what, (unsigned long long)random_state);
}

static void more_never_is_never_wider(void **state)
{
	size_t allows = 0;
	size_t narrowed = 0;

	(void)state;
	seed("never");
	for (int i = 0; i < POLICIES; i++) {
		struct policy *before;
		struct policy *after;
		struct draft d;
		struct words q;

		make(&d);
		before = compile(&d, false);
		add(&d.never,
		    arena_printf(&d.arena, "  - {name: more, who: %s, may: %s, droplets: %s}",
				 pick(2) ? "everyone" : who(&d), verbs(&d), selector(&d)));
		after = compile(&d, false);
		for (int k = 0; k < QUESTIONS; k++) {
			make_question(&q);
			if (allowed(after, &q)) {
				assert_true(allowed(before, &q));
				allows++;
			} else {
				narrowed += allowed(before, &q);
			}
		}
		policy_unref(before);
		policy_unref(after);
		arena_done(&d.arena);
	}
	assert_true(allows > 100 && narrowed > 100); /* the law was really tried */
}

/* A line added to `limits` never widens; one added to `require` leaves the verdict and takes no step away. */
static void more_limits_and_steps_are_never_wider(void **state)
{
	size_t allows = 0;
	size_t narrowed = 0;

	(void)state;
	seed("limits and require");
	for (int i = 0; i < POLICIES; i++) {
		struct policy *before;
		struct policy *limited;
		struct policy *stepped;
		struct draft d;
		struct words q;

		make(&d);
		before = compile(&d, false);
		add(&d.limits, narrowing(&d, "more", limit()));
		limited = compile(&d, false);
		d.limits.n--;
		add(&d.require, narrowing(&d, "more", step()));
		stepped = compile(&d, false);
		for (int k = 0; k < QUESTIONS; k++) {
			struct decision a;
			struct decision b;

			make_question(&q);
			a = decide(before, &q, DROPLET_KNOWS_ALL);
			b = decide(limited, &q, DROPLET_KNOWS_ALL);
			assert_true(b.verdict == DENY || a.verdict == ALLOW);
			narrowed += a.verdict != b.verdict;
			b = decide(stepped, &q, DROPLET_KNOWS_ALL);
			assert_int_equal(a.verdict, b.verdict);
			for (size_t s = 0; s < a.n_duties; s++) {
				assert_true(asks_for(&b, a.duties[s].kind));
			}
			allows += b.n_duties > 0;
		}
		policy_unref(before);
		policy_unref(limited);
		policy_unref(stepped);
		arena_done(&d.arena);
	}
	printf("%zu with steps, %zu refused by the limit\n", allows, narrowed);
	assert_true(allows > 100 && narrowed > 20);
}

static void order_never_matters(void **state)
{
	(void)state;
	seed("order");
	for (int i = 0; i < POLICIES; i++) {
		struct policy *before;
		struct policy *after;
		struct draft d;
		struct words q;

		make(&d);
		before = compile(&d, false);
		shuffle(&d.people);
		shuffle(&d.groups);
		shuffle(&d.roles);
		shuffle(&d.channels);
		shuffle(&d.allow);
		shuffle(&d.never);
		shuffle(&d.require);
		shuffle(&d.limits);
		after = compile(&d, true);
		for (int k = 0; k < QUESTIONS; k++) {
			struct decision a;
			struct decision b;

			make_question(&q);
			a = decide(before, &q, DROPLET_KNOWS_ALL);
			b = decide(after, &q, DROPLET_KNOWS_ALL);
			assert_same(&a, &b);
		}
		policy_unref(before);
		policy_unref(after);
		arena_done(&d.arena);
	}
}

/* Without allow lines nothing is allowed, whatever ceilings say; and what a ceiling lets through, none at all would too. */
static void a_ceiling_never_grants(void **state)
{
	size_t allows = 0;

	(void)state;
	seed("ceiling");
	for (int i = 0; i < POLICIES; i++) {
		struct policy *with;
		struct policy *open;
		struct policy *empty;
		struct draft d;
		struct words q;

		make(&d);
		with = compile(&d, false);
		for (size_t c = 0; c < d.channels.n; c++) {
			d.channels.lines[c] = arena_printf(
				&d.arena, "  c%zu: {at: t/c%zu, may: everything, droplets: any}", c,
				c);
		}
		open = compile(&d, false);
		d.allow.n = 0;
		empty = compile(&d, false);
		for (int k = 0; k < QUESTIONS; k++) {
			make_question(&q);
			assert_false(allowed(empty, &q));
			if (allowed(with, &q)) {
				assert_true(allowed(open, &q));
				allows++;
			}
		}
		policy_unref(with);
		policy_unref(open);
		policy_unref(empty);
		arena_done(&d.arena);
	}
	assert_true(allows > 100);
}

static void unknown_never_widens(void **state)
{
	size_t allows = 0;
	size_t lost = 0;

	(void)state;
	seed("unknown");
	for (int i = 0; i < POLICIES; i++) {
		struct policy *policy;
		struct draft d;
		struct words q;

		make(&d);
		policy = compile(&d, false);
		for (int k = 0; k < QUESTIONS; k++) {
			unsigned known = pick(DROPLET_KNOWS_ALL + 1);
			unsigned more = known | pick(DROPLET_KNOWS_ALL + 1);

			make_question(&q);
			if (decide(policy, &q, known).verdict == ALLOW) {
				assert_int_equal(decide(policy, &q, more).verdict, ALLOW);
				allows++;
			} else {
				lost += allowed(policy, &q);
			}
		}
		policy_unref(policy);
		arena_done(&d.arena);
	}
	assert_true(allows > 100 && lost > 100);
}

/* The line that `sluice can --batch` reads. */
static void write_question(const struct words *q, struct strbuf *out)
{
	time_t at = (time_t)(q->at_ms / 1000);
	char when[32];
	struct tm tm;

	(void)gmtime_r(&at, &tm);
	(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	(void)strbuf_addf(
		out,
		"{\"id\":1,\"as\":\"console/t/%s\",\"in\":\"console/t/%s\",\"action\":\"%s\","
		"\"at\":\"%s\"",
		q->user, q->channel, verb_info(q->verb)->name, when);
	if (!q->none) {
		(void)strbuf_addf(out,
				  ",\"droplet\":{\"id\":7,\"name\":\"%s\",\"region\":\"%s\","
				  "\"project\":\"%s\",\"tags\":[",
				  q->droplet.name, q->droplet.region, q->droplet.project);
		for (size_t i = 0; i < q->droplet.n_tags; i++) {
			(void)strbuf_addf(out, "%s\"%s\"", i > 0 ? "," : "", q->tags[i]);
		}
		(void)strbuf_adds(out, "]}");
	}
	(void)strbuf_adds(out, "}");
}

/* One question as a program asks it, as a line of a batch, and explained: one answer. */
static enum verdict three_ways(const struct policy *policy, const struct words *q)
{
	const struct explain_as as = {.lines = pick(2) != 0, .you = pick(2) != 0};
	struct policy_question plain = {
		.asker = policy_asker(policy, "console", "t", q->user, "t", q->channel, false),
		.verb = q->verb,
		.droplet = q->none ? NULL : &q->droplet,
		.at_ms = q->at_ms,
	};
	struct arena scratch = {0};
	struct decision direct;
	struct decision batch;
	struct question parsed;
	struct strbuf text;
	struct err err = {0};
	struct json *json;

	strbuf_init(&text, 65536);
	write_question(q, &text);
	json = json_parse(text.buf, text.len, &err);
	if (json == NULL || question_json(policy, json, &scratch, &parsed, &err) < 0) {
		fail_msg("%s: %s", err.msg, text.buf);
	}
	/* what a batch takes for known of groups and counts is its own; it is not what is compared here */
	plain.groups_known = parsed.policy.groups_known;
	plain.counts_known = parsed.policy.counts_known;
	plain.cost_known = parsed.policy.cost_known;
	policy_decide(&plain, &direct);
	policy_decide(&parsed.policy, &batch);
	assert_same(&direct, &batch);
	text.len = 0;
	assert_int_equal(policy_explain(&plain, &as, &text), direct.verdict);
	assert_int_equal(policy_explain(&parsed.policy, &as, &text), direct.verdict);
	strbuf_done(&text);
	json_free(json);
	arena_done(&scratch);
	return direct.verdict;
}

static void decide_explain_and_batch_agree(void **state)
{
	size_t counts[2] = {0};

	(void)state;
	seed("three ways");
	for (int i = 0; i < POLICIES; i++) {
		struct policy *policy;
		struct draft d;
		struct words q;

		make(&d);
		policy = compile(&d, false);
		for (int k = 0; k < QUESTIONS / 4; k++) {
			make_question(&q);
			q.verb = q.verb == VERB_NONE ? VERB_DROPLET_SHOW : q.verb;
			q.droplet.tags = q.tags;
			q.droplet.known = DROPLET_KNOWS_NAME | DROPLET_KNOWS_TAGS |
					  DROPLET_KNOWS_REGION | DROPLET_KNOWS_PROJECT;
			counts[three_ways(policy, &q)]++;
		}
		policy_unref(policy);
		arena_done(&d.arena);
	}
	printf("%zu allowed, %zu denied\n", counts[ALLOW], counts[DENY]);
	assert_true(counts[ALLOW] > 100 && counts[DENY] > 100);
}

/* What check says of each allow line: W101, it never takes effect; W102, others cover it. False: it found too much to say. */
static bool said_of_lines(const struct draft *d, bool ret_dead[LINES_MAX],
			  bool ret_covered[LINES_MAX])
{
	const struct policy_lint_over over = {.now_ms = 1767225600000};
	struct policy_report report;
	struct strbuf text;
	unsigned line = 3; /* of the first under "allow:" */
	bool all;

	write_text(d, false, &text);
	for (const char *at = text.buf; at < strstr(text.buf, "\nallow:"); at++) {
		line += *at == '\n';
	}
	policy_unref(policy_check(text.buf, text.len, &over, &report));
	memset(ret_dead, 0, LINES_MAX * sizeof(*ret_dead));
	memset(ret_covered, 0, LINES_MAX * sizeof(*ret_covered));
	for (size_t i = 0; i < report.n_findings; i++) {
		const struct policy_finding *finding = &report.findings[i];

		if (finding->line >= line && finding->line < line + d->allow.n) {
			ret_dead[finding->line - line] |= strcmp(finding->code, "W101") == 0;
			ret_covered[finding->line - line] |= strcmp(finding->code, "W102") == 0;
		}
	}
	all = report.n_errors + report.n_warnings == report.n_findings && !report.unproven;
	policy_report_done(&report);
	strbuf_done(&text);
	return all;
}

/* The draft with those of its allow lines that are not in the set; open: no ceilings, and nothing is forbidden. */
static struct policy *but(struct draft *d, const bool set[LINES_MAX], bool open)
{
	struct draft less = *d;

	less.allow.n = 0;
	for (size_t i = 0; i < d->allow.n; i++) {
		if (!set[i]) {
			add(&less.allow, d->allow.lines[i]);
		}
	}
	for (size_t i = 0; open && i < less.channels.n; i++) {
		less.channels.lines[i] = arena_printf(
			&d->arena, "  c%zu: {at: t/c%zu, may: everything, droplets: any}", i, i);
	}
	less.never.n = open ? 0 : less.never.n;
	return compile(&less, false);
}

static bool differ(struct policy *a, struct policy *b)
{
	const struct policy_diff_over witnesses = {.inventory = NULL};
	struct policy_diff diff;
	struct strbuf out;

	strbuf_init(&out, (size_t)1 << 20);
	policy_diff(a, b, &witnesses, &out, &diff);
	strbuf_done(&out);
	policy_unref(a);
	policy_unref(b);
	return diff.gains + diff.losses > 0;
}

/*
 * W101 and W102 are no guesses. W101: exactly the lines that alone, under this policy's ceilings and `never`, give nobody anything.
 * W102: without these lines the others still allow the same, ceilings and `never` aside, and without any one more they do not.
 * Hours and turns are left out: with them a line is said to do nothing only when it never does.
 */
static void a_line_that_does_nothing_is_said(void **state)
{
	unsigned n_dead = 0, n_covered = 0, n_busy = 0;

	(void)state;
	seed("idle lines");
	timeless = true;
	for (int i = 0; i < 8 * POLICIES; i++) {
		bool dead[LINES_MAX], covered[LINES_MAX], none[LINES_MAX], idle[LINES_MAX] = {0};
		struct draft d;

		memset(none, 1, sizeof(none));
		make(&d);
		d.allow.n = 5;
		d.never.n = 2;
		d.require.n = d.limits.n = 0;
		if (!said_of_lines(&d, dead, covered)) {
			arena_done(&d.arena);
			continue;
		}
		for (size_t k = 0; k < d.allow.n; k++) {
			bool others[LINES_MAX];

			memcpy(others, none, sizeof(others));
			others[k] = false;
			assert_true(differ(but(&d, none, false), but(&d, others, false)) !=
				    dead[k]);
			idle[k] = dead[k] || covered[k];
			n_dead += dead[k];
			n_covered += covered[k];
			n_busy += !idle[k];
		}
		assert_false(differ(but(&d, dead, true), but(&d, idle, true)));
		for (size_t k = 0; k < d.allow.n; k++) {
			bool more[LINES_MAX];

			memcpy(more, idle, sizeof(more));
			more[k] = true;
			assert_true(idle[k] || differ(but(&d, idle, true), but(&d, more, true)));
		}
		arena_done(&d.arena);
	}
	timeless = false;
	printf("%u never take effect, %u are covered, %u do something\n", n_dead, n_covered,
	       n_busy);
	assert_true(n_dead > 30 && n_covered > 30 && n_busy > 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_that_does_nothing_is_said),
		cmocka_unit_test(more_never_is_never_wider),
		cmocka_unit_test(more_limits_and_steps_are_never_wider),
		cmocka_unit_test(order_never_matters),
		cmocka_unit_test(a_ceiling_never_grants),
		cmocka_unit_test(unknown_never_widens),
		cmocka_unit_test(decide_explain_and_batch_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
