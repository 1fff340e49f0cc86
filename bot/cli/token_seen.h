/* token_seen.h - what a token says of itself, held against what the policy needs */
#ifndef CLI_TOKEN_SEEN_H
#define CLI_TOKEN_SEEN_H

#include "ocean/ocean.h"
#include "policy/policy.h"

#define TOKEN_SEEN_SIZE 400
#define TOKEN_SOON_DAYS 14

/* The scopes that the policy needs of it and that it lacks, as words; "" when none lacks, or it is not known. Returns buf. */
const char *token_seen_missing(const struct policy *policy, const struct ocean_token_seen *seen,
			       char buf[TOKEN_SEEN_SIZE]);

/* Days until it ends, when that is soon and it does not refresh itself; -1: nothing to say. */
int64_t token_seen_soon(const struct ocean_token_seen *seen);

/* "read+change" */
const char *token_seen_tiers(const struct ocean_token_seen *seen, char buf[TOKEN_SEEN_SIZE]);

#endif
