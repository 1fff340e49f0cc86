/* fuzz_policy.c - any bytes as a policy file: no crash, no leak, and what comes out holds together
 *
 * A policy that compiles is asked questions; a stranger in a channel not listed must be denied by every one of them, and the
 * explanation says what the decision is. Compared with itself nothing differs; with another policy the comparison ends.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "policy/decide.h"
#include "policy/diff.h"
#include "policy/explain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const tags[] = {"prod", "web", "client:zenith"};

static const char other_text[] =
	"version: 1\nworkspaces: {acme: {slack: T01ACME00}}\n"
	"people: {ana: {acme: U01ANA000, code: \"env:C\"}, bob: {acme: U01BOB000}}\n"
	"groups: {sre: [ana, bob], support: {slack-group: acme/S01SUPPRT}}\n"
	"hours: {office: {days: mon-fri, from: \"09:00\", to: \"18:00\", zone: UTC}}\n"
	"oncall: {primary: {rota: [bob, ana], each: week, from: \"2026-01-05 09:00\", zone: UTC}}\n"
	"channels: {ops: {at: acme/C01OPS000, may: everything, droplets: any}}\n"
	"allow:\n  - {name: sre-runs, who: [sre, support], may: everything, droplets: any, during: "
	"office}\n"
	"  - {name: turn, who: primary, may: \"droplet.power.*\", droplets: {tag: prod}}\n"
	"never:\n  - {name: stays, who: everyone, unless: ana, may: droplet.destroy, droplets: "
	"{tag: "
	"prod}}\n"
	"require:\n  - {name: two, may: droplet.destroy, droplets: any, approvals: 1, from: sre, "
	"within: 10m}\n"
	"limits:\n  - {name: calm, may: \"droplet.power.*\", per: person, at_most: 5, within: "
	"10m}\n";

/* A file of many lines would only make this slow: what a line says is what the differences are about. */
#define DIFF_BYTES_MOST 4096

static void compare(const struct policy *policy)
{
	static struct policy *other;
	const struct droplet droplets[] = {
		{.id = 1, .name = "web-1", .tags = tags, .n_tags = 3, .known = DROPLET_KNOWS_ALL},
		{.id = 2, .name = "db-1", .known = DROPLET_KNOWS_NAME},
	};
	const struct policy_diff_over over = {droplets, 2, false};
	struct policy_diff diff;
	struct strbuf out;

	if (other == NULL) {
		struct policy_report report;

		other = policy_compile("other", other_text, strlen(other_text), &report);
		policy_report_done(&report);
		if (other == NULL) {
			abort();
		}
	}
	strbuf_init(&out, (size_t)16 << 20);
	policy_diff(policy, policy, &over, &out, &diff);
	if (diff.gains + diff.losses > 0 || out.len > 0) {
		abort();
	}
	policy_diff(other, policy, &over, &out, &diff);
	policy_diff(policy, other, &over, &out, &diff);
	strbuf_done(&out);
}

static void ask(const struct policy *policy, unsigned person, unsigned channel, unsigned known)
{
	const struct droplet droplet = {
		.name = "web-1",
		.region = "ams3",
		.size = "s-1vcpu-1gb",
		.project = "shop",
		.account = "main",
		.tags = tags,
		.n_tags = 3,
		.known = known,
	};
	struct policy_question q = {
		.asker = {policy, person, channel},
		.droplet = &droplet,
		.at_ms = 1768273200000 + (int64_t)known * 86400000,
		.groups_known = known % 2 == 0,
		.counts_known = known % 2 == 0,
	};
	const struct explain_as as = {.you = known % 2 == 0, .lines = person % 2 == 0};
	struct decision decision;
	struct strbuf out;

	strbuf_init(&out, (size_t)1 << 20);
	for (int v = VERB_NONE; v <= VERB_COUNT; v++) {
		q.verb = (enum verb)v;
		policy_decide(&q, &decision);
		if (decision.n_rules == 0 || decision.verdict != (decision.verdict == ALLOW)) {
			abort();
		}
		if (v % 8 == 0 && policy_explain(&q, &as, &out) != decision.verdict) {
			abort();
		}
		if (decision.verdict == ALLOW &&
		    (channel == 0 || !policy_could(&q.asker, q.verb, q.at_ms))) {
			abort();
		}
	}
	strbuf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy_report report;
	struct policy *policy = policy_compile("fuzz", (const char *)data, size, &report);
	struct strbuf out;

	strbuf_init(&out, (size_t)1 << 20);
	policy_report_print(&report, "fuzz", &out);
	if ((policy == NULL) != (report.n_errors > 0) || out.len == 0) {
		abort();
	}
	for (unsigned i = 0; policy != NULL && i < 9; i++) {
		ask(policy, i / 3, i % 3, i % 2 ? DROPLET_KNOWS_ALL : DROPLET_KNOWS_NAME);
	}
	if (policy != NULL && size <= DIFF_BYTES_MOST) {
		compare(policy);
	}
	strbuf_done(&out);
	policy_report_done(&report);
	policy_unref(policy);
	return 0;
}
