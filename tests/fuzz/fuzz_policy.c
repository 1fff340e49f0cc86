/* fuzz_policy.c - any bytes as a policy file: no crash, no leak, and what comes out holds together
 *
 * A policy that compiles is asked questions; a stranger in a channel not listed must be denied by every one of them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "policy/decide.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const tags[] = {"prod", "web", "client:zenith"};

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
	struct decision decision;

	for (int v = VERB_NONE; v <= VERB_COUNT; v++) {
		q.verb = (enum verb)v;
		policy_decide(&q, &decision);
		if (decision.n_rules == 0 || decision.verdict != (decision.verdict == ALLOW)) {
			abort();
		}
		if (decision.verdict == ALLOW &&
		    (channel == 0 || !policy_could(&q.asker, q.verb, q.at_ms))) {
			abort();
		}
	}
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
	strbuf_done(&out);
	policy_report_done(&report);
	policy_unref(policy);
	return 0;
}
