/* test_policy_witness.c - where there are too many combinations to try all, what each selector asks for is joined */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "policy/diff.h"
#include "policy/world.h"

#define TAGS 24 /* 2^24 sets of them: far more than are tried one by one */

static const char head[] = "version: 1\nworkspaces: {t: {console: x}}\npeople: {ana: {t: a}}\n"
			   "channels: {c: {at: t/c, may: everything, droplets: any}}\nallow:\n";

/* A line for each tag, and `more`. */
static struct policy *policy_of(const char *more)
{
	struct policy_report report;
	struct policy *policy;
	struct strbuf s;

	strbuf_init(&s, 10000);
	(void)strbuf_adds(&s, head);
	for (unsigned i = 0; i < TAGS; i++) {
		(void)strbuf_addf(
			&s, "  - {name: a%u, who: ana, may: droplet.show, droplets: {tag: t%u}}\n",
			i, i);
	}
	(void)strbuf_adds(&s, more);
	policy = policy_compile("x", s.buf, s.len, &report);
	if (policy == NULL) {
		fail_msg("%s", report.findings[0].text);
	}
	policy_report_done(&report);
	strbuf_done(&s);
	return policy;
}

/* Is there a droplet with these tags and no other, in that region? */
static bool has(const struct world *world, const char *region, const char *const *tags, size_t n)
{
	for (unsigned i = 0; i < world->n; i++) {
		const struct droplet *droplet = &world->droplets[i];
		size_t found = 0;

		for (size_t k = 0; k < n; k++) {
			for (size_t m = 0; m < droplet->n_tags; m++) {
				found += strcmp(tags[k], droplet->tags[m]) == 0;
			}
		}
		if (found == n && droplet->n_tags == n && strcmp(droplet->region, region) == 0) {
			return true;
		}
	}
	return false;
}

static void any_three_selectors_meet(void **state)
{
	struct policy *policy = policy_of("");
	const struct policy *const policies[] = {policy};
	char names[TAGS][8];
	const char *tags[4];
	struct arena arena = {0};
	struct world world;

	(void)state;
	for (unsigned i = 0; i < TAGS; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "t%u", i);
	}
	world_witness(&world, policies, 1, &arena);
	assert_false(world.complete);
	assert_true(has(&world, WORLD_OTHER, NULL, 0));
	for (unsigned a = 0; a < TAGS; a++) {
		tags[0] = names[a];
		assert_true(has(&world, WORLD_OTHER, tags, 1));
		for (unsigned b = a + 1; b < TAGS; b++) {
			tags[1] = names[b];
			assert_true(has(&world, WORLD_OTHER, tags, 2));
			for (unsigned c = b + 1; c < TAGS; c++) {
				tags[2] = names[c];
				assert_true(has(&world, WORLD_OTHER, tags, 3));
			}
		}
	}
	assert_int_equal(world.n,
			 1 + TAGS + TAGS * (TAGS - 1) / 2 + TAGS * (TAGS - 1) * (TAGS - 2) / 6);
	arena_done(&arena);
	policy_unref(policy);
}

/* Each value that a selector names for a key stands in for the first, and never two of what a droplet has one of. */
static void values_stand_in_for_each_other(void **state)
{
	struct policy *policy =
		policy_of("  - {name: r, who: ana, may: droplet.show, droplets: {tag: [x, y], "
			  "region: [ams3, fra1]}}\n"
			  "  - {name: f, who: ana, may: droplet.show, droplets: {region: fra1}}\n"
			  "  - {name: y, who: ana, may: droplet.show, droplets: {tag: y}}\n"
			  "  - {name: s, who: ana, may: droplet.show, droplets: {tag: t1, "
			  "except: {region: lon1}}}\n");
	const struct policy *const policies[] = {policy};
	static const char *const x[] = {"x"}, *const y[] = {"y"}, *const x_t1[] = {"x", "t1"},
				 *const t1[] = {"t1"};
	struct arena arena = {0};
	struct world world;

	(void)state;
	world_witness(&world, policies, 1, &arena);
	assert_false(world.complete);
	assert_true(has(&world, "ams3", x, 1));
	assert_true(has(&world, "fra1", x, 1));
	assert_true(has(&world, "ams3", y, 1));
	assert_true(has(&world, "ams3", x_t1, 2));
	assert_true(has(&world, "fra1", x_t1, 2));
	assert_true(has(&world, "lon1", t1, 1));
	assert_false(has(&world, "lon1", x, 1)); /* that selector is for two other regions */
	arena_done(&arena);
	policy_unref(policy);
}

/* What only a droplet with two tags can tell, the comparison of two files tells. */
static void a_diff_finds_what_two_selectors_make_together(void **state)
{
	static const char never[] = "never: [{name: n, who: everyone, may: droplet.show, droplets: "
				    "{tag: t5, except: {tag: t7}}}]\n";
	struct policy *old = policy_of("");
	struct policy *new = policy_of(never);
	const struct policy_diff_over witnesses = {.inventory = NULL};
	struct policy_diff diff;
	struct strbuf out;

	(void)state;
	strbuf_init(&out, 100000);
	policy_diff(old, new, &witnesses, &out, &diff);
	assert_non_null(strstr(out.buf, "t5"));
	assert_null(strstr(out.buf, "t7"));
	strbuf_done(&out);
	policy_unref(old);
	policy_unref(new);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_three_selectors_meet),
		cmocka_unit_test(values_stand_in_for_each_other),
		cmocka_unit_test(a_diff_finds_what_two_selectors_make_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
