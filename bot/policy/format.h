/* format.h - the text of a policy file, tidied: comments stay, the meaning stays */
#ifndef POLICY_FORMAT_H
#define POLICY_FORMAT_H

#include "base/err.h"
#include "base/strbuf.h"

/*
 * Line by line: no spaces at the end of a line, no CR, one blank line where there were several, none at either end of the
 * file, an end to the last line. Alignment is left alone. -1 (CONFIG) when the text is no YAML that a policy may be, or when
 * tidying would change what it says (text over several lines).
 */
int policy_format(const char *text, size_t len, struct strbuf *out, struct err *err);

#endif
