/* native.h - tables and fields as blocks of Slack's own, within what it takes; pure
 *
 * Their words are raw_text and plain_text: Slack reads nothing in them, no mention, no link, no mark-up.
 */
#ifndef ADAPTERS_SLACK_NATIVE_H
#define ADAPTERS_SLACK_NATIVE_H

#include "base/strbuf.h"
#include "chat/message.h"

/* Does Slack take it so? A table without heads it would show with its first row as one. */
bool native_takes_table(const struct block *block);
bool native_takes_fields(const struct block *block);

/* Append one block each, of what it takes. */
void native_table(const struct block *block, struct strbuf *out);
void native_fields(const struct block *block, struct strbuf *out);

#endif
