/* qr.h - a text as a QR code for a terminal */
#ifndef CLI_QR_H
#define CLI_QR_H

#include "base/err.h"
#include "base/strbuf.h"

/* Dark on light, whatever the terminal's colours are; two rows of the picture a line, a margin of four. ERR_LIMIT. */
int qr_print(const char *text, struct strbuf *out, struct err *err);

#endif
