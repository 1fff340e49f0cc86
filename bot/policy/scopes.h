/* scopes.h - the smallest scopes that each token of a policy needs */
#ifndef POLICY_SCOPES_H
#define POLICY_SCOPES_H

#include "base/strbuf.h"
#include "policy/policy.h"

/* Appends, for each account and each token of it, where it is and its scopes, ready to paste. */
void policy_scopes(const struct policy *policy, struct strbuf *out);

/* The scopes of one tier's token, sorted. */
struct scope_needs {
	const char *list[64];
	size_t n;
};
void policy_scope_needs(const struct policy *policy,
			struct scope_needs ret_tiers[TIER_DESTROY + 1]);

#endif
