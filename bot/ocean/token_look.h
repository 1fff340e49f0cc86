/* token_look.h - each of a client's tokens is asked what it may do and how long: some minutes after the start, then once a day
 *
 * GET /token/info is not documented: where it fails nothing is said, and nothing depends on it.
 */
#ifndef OCEAN_TOKEN_LOOK_H
#define OCEAN_TOKEN_LOOK_H

#include "ocean/client.h"

struct token_look;

/* The client is borrowed; its options' `seen` is called. NULL where there is no pool to be had. */
struct token_look *token_look_new(struct client *client, const struct ocean_options *options);
void token_look_free(struct token_look *look); /* before the client's tokens; NULL is fine */

#endif
