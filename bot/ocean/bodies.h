/* bodies.h - what calls send, built in one place and escaped; for endpoint.c's rows
 *
 * Each appends to an empty strbuf of at least OCEAN_BODY_MAX. -1 and ERR_USAGE when something is missing or out of bounds:
 * then nothing may be sent.
 */
#ifndef OCEAN_BODIES_H
#define OCEAN_BODIES_H

#include "base/strbuf.h"
#include "ocean/ocean.h"

#define OCEAN_BODY_MAX (512U << 10) /* user data, all of it escaped, and the rest */

int body_create(const struct ocean_call *call, struct strbuf *body, struct err *err);
int body_destroy_with(const struct ocean_call *call, struct strbuf *body, struct err *err);
int body_tag_name(const struct ocean_call *call, struct strbuf *body, struct err *err);
int body_tagged(const struct ocean_call *call, struct strbuf *body, struct err *err);
int body_members(const struct ocean_call *call, struct strbuf *body, struct err *err);
int body_urns(const struct ocean_call *call, struct strbuf *body, struct err *err);
int body_attach(const struct ocean_call *call, struct strbuf *body, struct err *err);
int body_detach(const struct ocean_call *call, struct strbuf *body, struct err *err);
int body_assign(const struct ocean_call *call, struct strbuf *body, struct err *err);
int body_unassign(const struct ocean_call *call, struct strbuf *body, struct err *err);

#endif
