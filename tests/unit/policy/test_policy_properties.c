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

#include "random_policy.h"

#define QUESTIONS 400

static void shuffle(struct section *s)
{
	for (size_t i = s->n; i > 1; i--) {
		size_t k = pick((unsigned)i);
		const char *line = s->lines[i - 1];

		s->lines[i - 1] = s->lines[k];
		s->lines[k] = line;
	}
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(more_never_is_never_wider),
		cmocka_unit_test(more_limits_and_steps_are_never_wider),
		cmocka_unit_test(order_never_matters),
		cmocka_unit_test(a_ceiling_never_grants),
		cmocka_unit_test(unknown_never_widens),
		cmocka_unit_test(decide_explain_and_batch_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
