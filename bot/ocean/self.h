/* self.h - which droplet the bot itself runs on, by DigitalOcean's metadata service: so that it does not switch itself off
 *
 * https://docs.digitalocean.com/reference/api/metadata/: a link-local address that answers on droplets only, without a token.
 * Elsewhere nobody answers, or somebody else does; both mean "not known".
 */
#ifndef OCEAN_SELF_H
#define OCEAN_SELF_H

#include "base/err.h"
#include "loop/loop.h"

struct ocean_self;

struct ocean_self_options {
	const char *url;    /* NULL: http://169.254.169.254/metadata/v1/id */
	int64_t timeout_ms; /* 0: 1 s */
	/*
	 * Once, from the loop, never before ocean_self_new returns; not at all when it is freed before. id 0: not known, and err
	 * says why (NETWORK, TIMEOUT: nobody there; LIMIT, REMOTE: that is no droplet's id). It may be freed in it.
	 */
	void (*done)(void *data, uint64_t id, const struct err *err);
	void *data;
};

struct ocean_self *ocean_self_new(struct loop *loop, const struct ocean_self_options *options,
				  struct err *err);
void ocean_self_free(struct ocean_self *self); /* NULL is fine */

#endif
