/* scopes.h - which scopes a DigitalOcean token needs for a verb: one table beside the verbs
 *
 * Source: DigitalOcean's API description (security sections and the notes at droplet actions, tags, projects).
 */
#ifndef BASE_SCOPES_H
#define BASE_SCOPES_H

#include "base/verbs.h"

#define SCOPES_MAX 8

/* For the verb's own call, with the token of its tier; ends with NULL. Empty for verbs that ask DigitalOcean nothing. */
const char *const *verb_scopes(enum verb verb);
/* For what a change looks at before and after, with the read token; as above. */
const char *const *verb_look_scopes(enum verb verb);

#endif
