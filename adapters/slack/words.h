/* words.h - text between Slack's form and plain words; pure */
#ifndef ADAPTERS_SLACK_WORDS_H
#define ADAPTERS_SLACK_WORDS_H

#include <stdbool.h>

#include "base/strbuf.h"

/*
 * Slack's text as the words that people see: &amp; &lt; &gt; once, <@U1|x> to @U1, <#C1|x> to #C1, <!here> to @here, a link to
 * what is shown for it. A mention of `own` (our user id; "" is nobody) at its beginning is left out: *ret_addressed.
 */
void words_from_slack(const char *text, const char *own, struct strbuf *out, bool *ret_addressed);

/* Text that Slack shows as it is: & < > escaped. */
void words_to_slack(const char *text, struct strbuf *out);

#endif
