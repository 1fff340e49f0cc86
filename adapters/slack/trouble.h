/* trouble.h - what Slack's word for an error means: what the caller may do, and what a person has to do; pure */
#ifndef ADAPTERS_SLACK_TROUBLE_H
#define ADAPTERS_SLACK_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct trouble {
	struct err err;
	char code[64]; /* Slack's word: "channel_not_found"; "" when it is not about that */
	bool fatal;    /* nothing will work before a person has changed something */
	int64_t retry_after_ms; /* Slack asked for patience; 0: it did not */
};

/* method: what was asked; needed: the scope that Slack names with missing_scope, or NULL. */
void trouble_of_code(const char *method, const char *code, const char *needed,
		     struct trouble *ret_trouble);

#endif
