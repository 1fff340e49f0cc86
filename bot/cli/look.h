/* look.h - an account at DigitalOcean is asked once, and waited for: for the commands that are no bot */
#ifndef CLI_LOOK_H
#define CLI_LOOK_H

#include "loop/loop.h"
#include "ocean/ocean.h"

struct look {
	struct err account_err; /* NONE, or why the account was not told; 403 alone is no mishap */
	struct err list_err;    /* the same of the droplets */
	char team[128];         /* or the owner's address; "" when it was not told */
	size_t n_droplets;
	bool tags_known;
	int64_t ahead_ms; /* DigitalOcean's clock before ours; of the account's answer */
};

/*
 * Two reads with the account's token for reading: the account, and unless that failed, the droplets; `each` (may be NULL) sees
 * every one of them, borrowed for the call. -1: the account cannot be opened (its token), nothing was asked.
 */
int look_at_account(struct loop *loop, const struct ocean_options *options,
		    void (*each)(const struct droplet *, void *), void *data, struct look *ret_look,
		    struct err *err);

/* What a token says of itself; `see` is called once, unless nothing comes of it. Only the first of the options' tokens. */
void look_at_token_info(struct loop *loop, const struct ocean_options *options,
			void (*see)(void *, const struct ocean_token_seen *), void *data);

#endif
