/* token_scopes.h - what scopes the tokens have, from a file as `sluice scopes` prints it */
#ifndef CLI_TOKEN_SCOPES_H
#define CLI_TOKEN_SCOPES_H

#include "base/arena.h"
#include "base/err.h"
#include "policy/policy.h"

struct token_scopes {
	struct policy_token_scope *list; /* in the arena, like the strings */
	size_t n;
	struct arena arena;
};

/*
 * Words by line: `change droplet:read droplet:update`, `main change: ...`, `token ...`; scopes may go on in the lines below,
 * "#" begins a comment, and what stands in round brackets is passed over. ERR_USAGE with the line of what is none of this.
 */
int token_scopes_load(const char *path, struct token_scopes *ret_scopes, struct err *err);
void token_scopes_done(struct token_scopes *scopes);

#endif
