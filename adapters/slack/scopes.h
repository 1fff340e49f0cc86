/* scopes.h - what the app asks of a Slack workspace: one table for the manifest, the check at the start and the doctor */
#ifndef ADAPTERS_SLACK_SCOPES_H
#define ADAPTERS_SLACK_SCOPES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

struct slack_scope {
	const char *scope, *why;
	bool minimal; /* also an app that hears slash commands and buttons alone needs it */
	bool vital;   /* without it nothing can be said at all */
};

const struct slack_scope *slack_scopes(size_t *ret_n);

/*
 * held: the header x-oauth-scopes, "commands,chat:write"; "": Slack did not say, and nothing is missing. An app that was made
 * without any of those that read what people write is the minimal one, on purpose. Adds a sentence with the fix for all that are
 * missing, nothing when none is. True: a vital one is missing.
 */
bool slack_scopes_missing(const char *held, struct strbuf *out);

#endif
