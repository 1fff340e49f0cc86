/* token.c - what is done with a token of Slack's */
#include <stdlib.h>
#include <string.h>

#include "adapters/slack/token.h"
#include "base/strbuf.h"

#define BEARER_MAX 8192

char *token_bearer(const struct secret *token)
{
	struct strbuf text;
	char *bearer;

	strbuf_init(&text, BEARER_MAX);
	(void)strbuf_addf(&text, "Bearer %s", secret_reveal(token));
	bearer = strbuf_detach(&text);
	strbuf_done(&text);
	return bearer;
}

void token_wipe(char *bearer)
{
	if (bearer != NULL) {
		explicit_bzero(bearer, strlen(bearer));
	}
	free(bearer);
}

bool token_begins(const struct secret *token, const char *begin)
{
	return token != NULL && strncmp(secret_reveal(token), begin, strlen(begin)) == 0;
}
