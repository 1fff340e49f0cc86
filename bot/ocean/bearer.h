/* bearer.h - what a token's requests carry: a personal token as it is, or an OAuth sign-in that is kept fresh
 *
 * A sign-in ("oauth:/FILE") is refreshed at half of its life or seven days before its end, whichever is later, under the
 * file's lock; the new pair is on the disk before a request uses it. Another process that refreshed or signed in again is noticed
 * by the file. A refresh token works once: what can be lost is said in full (news), never passed over.
 */
#ifndef OCEAN_BEARER_H
#define OCEAN_BEARER_H

#include "loop/http.h"
#include "ocean/ocean.h"

struct bearer;

struct bearer_options {
	const char *account;   /* for sentences */
	const char *place;     /* as in the policy */
	const char *oauth_url; /* ".../v1/oauth" */
	const char *ca_file, *proxy;
	void (*news)(void *data, const struct ocean_news *); /* NULL: nobody */
	void *data;
	bool passive; /* used as it is found, never refreshed */
};

/* Reads the token or the sign-in; a refresh that is due begins with the loop. */
struct bearer *bearer_open(struct loop *loop, const struct bearer_options *options,
			   struct err *err);

/* A refresh under way is given up; where its answer was awaited that is news (the sign-in may be lost): ocean_refreshes_pending first. */
void bearer_close(struct bearer *bearer); /* NULL is fine */

/* "Bearer ...": for http_start, which copies it. Good until the next turn of the loop. */
const char *bearer_header(const struct bearer *bearer);

/* Is it a sign-in? */
bool bearer_refreshes(const struct bearer *bearer);

/* Which pair that is: grows with each new one. */
unsigned bearer_turn(const struct bearer *bearer);

/* ms to wait before a request makes sense: a sign-in that is over is just being refreshed. 0: go on. */
int64_t bearer_wait_ms(const struct bearer *bearer);

/* No request can succeed: the sign-in is over and was not refreshed. ERR_DENIED with what to do. */
bool bearer_is_over(struct bearer *bearer, struct err *err);

/* A request with the pair `turn` got 401: true when it is worth sending again (after bearer_wait_ms), because there is, or may soon
 * be, another pair. */
bool bearer_refused(struct bearer *bearer, unsigned turn);

#endif
