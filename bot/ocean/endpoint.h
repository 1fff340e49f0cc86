/* endpoint.h - one row a verb: method, path, token, what must be given, how its answer is read
 *
 * A new endpoint is a row (and a thing, where its answer is of a new kind). What changes something is whatever is no GET:
 * it is sent at most once, and a lost answer is ERR_UNKNOWN.
 */
#ifndef OCEAN_ENDPOINT_H
#define OCEAN_ENDPOINT_H

#include "base/strbuf.h"
#include "ocean/ocean.h"
#include "ocean/reader.h"

#define ENDPOINT_PATH_MAX 600

enum reply {
	REPLY_NOTHING = 0,
	REPLY_DROPLETS, /* streamed, in pages */
	REPLY_DROPLET,
	REPLY_ACTION,
	REPLY_ACTIONS,
	REPLY_ACCOUNT,
	REPLY_LIST,    /* of things, in pages */
	REPLY_ONE,     /* thing */
	REPLY_CREATED, /* droplets and their actions */
};

enum {
	NEEDS_DROPLET = 1 << 0,
	NEEDS_ACTION = 1 << 1,
	NEEDS_IMAGE = 1 << 2,
	NEEDS_UUID = 1 << 3, /* key */
	NEEDS_TAG = 1 << 4,  /* key */
	NEEDS_IP = 1 << 5,   /* key */
	NEEDS_METRIC = 1 << 6,
	NEEDS_PAGE = 1 << 7,
};

struct endpoint {
	const char *method; /* NULL: no such verb */
	const char *
		path; /* {droplet}, {action}, {image}, {key}, {page}: of the call; {filter}, {metric}: by what is asked */
	const char *what;  /* for sentences: "reading droplet {droplet}"; {act} too */
	const char *noun;  /* what a 404 says there is none of; NULL: 404 is no answer to expect */
	const char *scope; /* NULL: those of the verb */
	enum verb verb;    /* its row says the tier; VERB_NONE: the read token */
	unsigned needs;
	enum reply reply;
	bool one_page;  /* a list that DigitalOcean gives at once */
	bool dangerous; /* DigitalOcean wants that said in a header */
	const struct thing *thing;
	/* The body; NULL: none. -1 and ERR_USAGE: nothing may be sent. */
	int (*write)(const struct ocean_call *call, struct strbuf *body, struct err *err);
};

extern const struct endpoint endpoint_rows[OCEAN_VERB_COUNT]; /* endpoint_rows.c */

/* The row; one without a method for what is no verb. */
const struct endpoint *endpoint_of(const struct ocean_call *call);

bool endpoint_changes(const struct ocean_call *call);

/* TIER_NONE: no such call, or what it needs was not given. */
enum tier endpoint_tier(const struct ocean_call *call);

/* The template with what the call is about. */
void endpoint_fill(const struct ocean_call *call, const char *template, char *to, size_t size);

/* "droplet:update and droplet:create" */
void endpoint_scopes(const struct ocean_call *call, char *to, size_t size);

#endif
