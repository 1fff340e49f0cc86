/* fail.h - what an answer that is no success means, in words for a person
 *
 * Pure. DigitalOcean's own words are taken only from a JSON body, bounded, and without anything that is no
 * plain text; a page of HTML is never shown.
 */
#ifndef OCEAN_FAIL_H
#define OCEAN_FAIL_H

#include "ocean/ocean.h"

#define FAIL_WHAT_SIZE 80

/* `"reboot" of droplet "11"`, "listing the droplets": the subject of every sentence. Returns buf. */
const char *fail_what(const struct ocean_call *call, char buf[FAIL_WHAT_SIZE]);

struct fail_answer {
	int status;
	const char *content_type;
	const char *body;
	size_t body_len;
	const char *request_id; /* of the header; "" or NULL: none */
	int64_t retry_after_s;  /* -1: none */
};

/* An answer came, and it is none of 2xx. Returns -1. */
int fail_answer(const struct ocean_call *call, const struct fail_answer *answer, struct err *err);

/* No whole answer came; `lost` is what http said. A change that may have left becomes ERR_UNKNOWN. Returns -1. */
int fail_lost(const struct ocean_call *call, const struct err *lost, struct err *err);

/* 2xx, but the answer makes no sense: a change was taken and cannot be followed. Returns -1. */
int fail_nonsense(const struct ocean_call *call, const struct err *why, const char *request_id,
		  struct err *err);

#endif
