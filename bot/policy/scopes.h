/* scopes.h - the smallest scopes that each token of a policy needs */
#ifndef POLICY_SCOPES_H
#define POLICY_SCOPES_H

#include "base/strbuf.h"
#include "policy/policy.h"

/* Appends, for each account and each token of it, where it is and its scopes, ready to paste. */
void policy_scopes(const struct policy *policy, struct strbuf *out);

#endif
