/* letters.h - the values of each attribute that the policy's patterns can tell apart, for moves.c only
 *
 * A letter stands for all values of which the patterns say the same. They are made of what the patterns name, and of one value
 * that none of them fits.
 */
#ifndef POLICY_LETTERS_H
#define POLICY_LETTERS_H

#include "policy/moves.h"

#define LETTERS_TAGS_MAX 512U
#define LETTERS_REST_KNOWN \
	((unsigned)DROPLET_KNOWS_REGION | DROPLET_KNOWS_SIZE | DROPLET_KNOWS_ACCOUNT)
#define LETTERS_OTHER_UUID "00000000-0000-0000-0000-000000000000"

/* Of moves->policy: the patterns and the letters of all that they name. Where that is too much, `proven` becomes false. */
void letters_make(struct moves *moves);
void letters_done(struct moves *moves);

/* The number of a droplet's letter, new or not; what the letter needs of the droplet stays the caller's. */
unsigned letters_put(struct moves *moves, struct letters *letters, const struct droplet *droplet);
/* ~0U: no pattern is about it, or there are too many. */
unsigned letters_put_tag(struct moves *moves, const char *text);

#endif
