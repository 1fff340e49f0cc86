/* token.h - what is done with a token of Slack's; nothing else beside this file opens one */
#ifndef ADAPTERS_SLACK_TOKEN_H
#define ADAPTERS_SLACK_TOKEN_H

#include <stdbool.h>

#include "base/secret.h"

char *token_bearer(const struct secret *token); /* the header's value; for token_wipe */
void token_wipe(char *bearer);                  /* wiped, and freed; NULL: nothing */
bool token_begins(const struct secret *token, const char *begin);

#endif
