/* pace.h - when a request may leave, and whether it may be repeated: pure, time comes with the question
 *
 * DigitalOcean counts by token: 5,000 requests in any hour and 250 in any minute. Headers tell the
 * hour's rest only (ratelimit-remaining; ratelimit-reset is the second at which the oldest request is forgotten,
 * not the end of a window), so the minute is counted here; so is the hour, by minutes, for when no header says it (others
 * may use the token too: the smaller rest counts). A fifth of both is kept for people who wait.
 * https://docs.digitalocean.com/reference/api/reference/rate-limit/
 */
#ifndef OCEAN_PACE_H
#define OCEAN_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define OCEAN_PACE_MINUTE 250
#define OCEAN_PACE_HOUR 5000
#define OCEAN_PACE_MINUTES 61 /* a whole hour and the minute that runs */

/* One a token. A zeroed one is fresh. Times are clock_mono_ms unless they say wall. */
struct ocean_pace {
	/* what DigitalOcean raised the minute's limit to, when asked; 0, or less than the usual one: the usual one */
	unsigned per_minute;
	unsigned part; /* requests since the last that the ring has */
	/* ring of the latest requests; of a raised limit each stands for so many that all of it fits */
	int64_t sent_ms[OCEAN_PACE_MINUTE];
	size_t n, next;
	unsigned in_minute[OCEAN_PACE_MINUTES]; /* requests by minute, in a ring by its number */
	int64_t minute;                         /* the latest one */
	bool known;                             /* the headers were seen */
	int64_t limit, remaining;
	int64_t more_ms;    /* when the oldest request of the hour is forgotten */
	int64_t blocked_ms; /* DigitalOcean said: not before */
};

/* 0: it may leave now; else ask again after so many ms. */
int64_t ocean_pace_wait_ms(const struct ocean_pace *pace, bool interactive, int64_t now_ms);

/* Could so many more leave within this minute and this hour, all of them from what work behind may use? */
bool ocean_pace_spare(const struct ocean_pace *pace, unsigned n, int64_t now_ms);

void ocean_pace_sent(struct ocean_pace *pace, int64_t now_ms);

/* The rate headers of an answer (-1: absent) and its status. */
struct ocean_pace_answer {
	int status;
	int64_t limit, remaining, reset_wall_s, retry_after_s;
};

void ocean_pace_heard(struct ocean_pace *pace, const struct ocean_pace_answer *answer,
		      int64_t now_ms, int64_t now_wall_ms);

/* How a request ended. */
struct ocean_pace_end {
	bool changes;       /* not a GET */
	unsigned attempt;   /* 1: the first */
	enum err_kind kind; /* ERR_NONE: a whole answer came */
	int status;
	int64_t retry_after_s; /* -1: absent */
};

/*
 * -1: do not repeat; else repeat after so many ms. A change is repeated only when it was never sent. One that was turned away
 * with 429 did nothing either, but its wait is the caller's, who can write down that nothing has left.
 */
int64_t ocean_pace_retry_ms(const struct ocean_pace_end *end);

/* How long to wait before looking at an action for the nth time (0: the first): 2, 3, 5, 8, 10, 15, 30, 30 ... s. */
int64_t ocean_pace_poll_ms(unsigned n);

#endif
