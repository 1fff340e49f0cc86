/* acts.h - actions on a droplet: what each takes, what it needs, and its body; the one table of them
 *
 * https://docs.digitalocean.com/reference/api/reference/droplet-actions/
 */
#ifndef OCEAN_ACTS_H
#define OCEAN_ACTS_H

#include "base/strbuf.h"
#include "ocean/ocean.h"

#define ACT_BODY_MAX 4096 /* bytes; a name of 255 is six times as long when all of it is escaped */

struct act_row {
	const char *act;     /* "resize": DigitalOcean's word */
	enum verb verb;      /* its row says the tier, that of scopes.h the scopes */
	unsigned may, needs; /* arguments, as bits of acts.c */
};

/* NULL for a word that is none of them (change_kernel is obsolete and left out). */
const struct act_row *act_row(const char *act);

/*
 * Appends the body of the act to an empty strbuf of at least ACT_BODY_MAX. -1 and ERR_USAGE when an argument is missing,
 * out of bounds, or not one that the act takes: then nothing may be sent.
 */
int act_body(const char *act, const struct ocean_act_args *args, struct strbuf *body,
	     struct err *err);

int ocean_backup_check(const struct ocean_backup_policy *backup, struct err *err);

/* {"plan":"weekly","weekday":"SUN","hour":4}; the policy was checked. */
void ocean_backup_json(const struct ocean_backup_policy *backup, struct strbuf *out);

#endif
